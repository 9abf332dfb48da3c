"""Random people do random things to one order: it is never in a state that the table does not have, and its trail is it."""

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.actions import ACTIONS, RESULTS, ROLES, SAME, SATISFACTION
from domain.facts import OrderAction
from domain.judging import Folded, fold_action, permitted
from domain.lifecycle import STATUSES
from domain.ownorders import replay
from domain.states import Order, Step
from domain.workflow import Template
from tests.domain.people import HOUR, NOW, PARENT, rules

TEMPLATES = (
    Template(),
    Template(two_axes=True, evaluate="after"),
    Template(leave_out=("verifying", "registered", "feedback"), by_itself=("rework",)),
    Template(leave_out=tuple(set(STATUSES) - {"reported", "closed", "void"})),
)
people = st.builds(
    OrderAction,
    source=st.just("desk"), received_at_ms=st.just(0), id=st.just(""), order=st.just("O1"), action=st.just("note"),
    actor=st.sampled_from(["anna", "ben", "carl", "W1"]), role=st.sampled_from(ROLES), at_ms=st.integers(-HOUR, HOUR),
    also=st.sampled_from([(), (), ("checker",), ("dispatcher",)]), scope=st.sampled_from([*PARENT, "S", "S", "R", ""]),
    department=st.sampled_from(["", "D1", "D1", "D2"]),
)  # fmt: skip
words = st.fixed_dictionaries(
    {
        "text": st.just("t"), "reason": st.just("r"), "note": st.just("n"), "quality": st.just("good"),
        "category": st.sampled_from(["lamp", "dog"]), "department": st.sampled_from(["D1", "D1", "D3"]),
        "co_handler": st.just("D2"), "satisfaction": st.sampled_from(SATISFACTION), "merged_into": st.just("O2"),
    },
    optional={"co_handlers": st.just("D2"), "handler": st.just("W1"), "region": st.sampled_from(["G1", "C1"])},
)  # fmt: skip
ENDS = ("refuse", "refuse_register", "merge", "self_handle", "void", "force_close", "archive", "escalate", "note", "urge")
"""Left out of most draws, or no life would be long."""


class Hall(RuleBasedStateMachine):
    @initialize(template=st.sampled_from(TEMPLATES))
    def begin(self, template: Template) -> None:
        self.rules = rules(template)
        self.order: Order | None = None
        self.trail: tuple[Step, ...] = ()
        self.now_ms = NOW
        reporter = OrderAction(
            source="desk", received_at_ms=0, id="", order="O1", action="", actor="W1", role="worker", at_ms=0, scope="G1"
        )
        self.ask(reporter, "report", {"text": "t", "region": "G1"})

    def ask(self, who: OrderAction, action: str, fields: dict[str, object]) -> None:
        self.now_ms += HOUR // 2
        asked = msgspec.structs.replace(
            who, id=f"a{self.now_ms}", action=action, at_ms=self.now_ms + who.at_ms, received_at_ms=self.now_ms, fields=fields
        )
        done = fold_action(self.order, asked, self.rules, self.now_ms, self.trail)
        if isinstance(done, Folded):
            before = self.order.status if self.order else "-"
            ends = {row.to for row in self.rules.flow.rows(before, action) if who.role in row.who}
            assert done.order.status in ends or (SAME in ends and done.order.status == before)
            assert who.role != "auditor"
            self.order, self.trail = done.order, (*self.trail, done.step)

    @rule(who=people, action=st.sampled_from(ACTIONS), fields=words)
    def anything(self, who: OrderAction, action: str, fields: dict[str, object]) -> None:
        self.ask(who, action, fields)

    @rule(who=people, fields=words, data=st.data())
    def what_somebody_may_do(self, who: OrderAction, fields: dict[str, object], data: st.DataObject) -> None:
        """Any role that may do it; the department is one of the order's own."""
        assert self.order is not None and self.order.life is not None
        life = self.order.life
        named = [life.lead, *(co.department for co in life.co_handlers)]
        who = msgspec.structs.replace(who, scope="R", also=(), department=data.draw(st.sampled_from(named)))
        people = [msgspec.structs.replace(who, role=role) for role in ROLES if role != "rule"]
        may = [
            (one, name)
            for one in people
            for name, refused in permitted(self.order, one, self.rules, self.trail).items()
            if refused is None
        ]
        onward = [pair for pair in may if pair[1] not in ENDS]
        if onward and data.draw(st.integers(0, 14)):
            may = onward
        if may:
            person, name = data.draw(st.sampled_from(may))
            told = dict(fields)
            if name in RESULTS:
                told["result"] = data.draw(st.sampled_from(RESULTS[name]))
            if name == "ask_defer":
                told["deadline_at_ms"] = (self.order.deadline_at_ms or self.now_ms) + HOUR
            self.ask(person, name, told)

    @invariant()
    def the_order_is_one_of_the_table_and_its_trail_makes_it(self) -> None:
        order = self.order
        assert order is not None and order.life is not None
        assert order.status in self.rules.flow.states()
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(self.trail), type=tuple[Step, ...])
        assert replay("O1", stored) == order
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order) == order
        assert (order.closed_at_ms is not None) == STATUSES[order.status].closed
        assert [step.at_ms for step in self.trail] == sorted(step.at_ms for step in self.trail)
        assert order.steps == len(self.trail)
        running = {clock.key for clock in order.life.clocks if clock.since_ms is not None}
        assert not running if STATUSES[order.status].final or order.status == "hanging" else "total" in running
        assert all(clock.spent(order.status_at_ms) >= 0 for clock in order.life.clocks)


Hall.TestCase.settings = settings(
    max_examples=50, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHall = Hall.TestCase
