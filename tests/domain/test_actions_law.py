"""Random people do random things to one order: it is never in a state that the table does not have, and its trail is it."""

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
    actor=st.sampled_from(["anna", "ben", "W1", "W2"]), role=st.sampled_from(ROLES), at_ms=st.integers(-HOUR, HOUR),
    also=st.sampled_from([(), (), ("checker",), ("dispatcher",)]), scope=st.sampled_from([*PARENT, "S", "S", "R", ""]),
    department=st.sampled_from(["", "D1", "D1", "D2"]),
)  # fmt: skip
words = st.fixed_dictionaries(
    {"text": st.just("t"), "reason": st.just("r"), "note": st.just("n"), "quality": st.just("good")},
    optional={
        "result": st.sampled_from([result for results in RESULTS.values() for result in results]),
        "category": st.sampled_from(["lamp", "dog"]), "department": st.sampled_from(["D1", "D1", "D2", "D9"]),
        "co_handlers": st.sampled_from(["", "D2", "D2;D3"]), "co_handler": st.sampled_from(["D2", "D3"]),
        "handler": st.just("W1"), "satisfaction": st.sampled_from(SATISFACTION), "merged_into": st.just("O2"),
        "deadline_at_ms": st.just(NOW + 99 * HOUR), "region": st.sampled_from(["G1", "C1"]),
    },
)  # fmt: skip


class Hall(RuleBasedStateMachine):
    @initialize(template=st.sampled_from(TEMPLATES))
    def begin(self, template: Template) -> None:
        self.rules = rules(template)
        self.order: Order | None = None
        self.trail: tuple[Step, ...] = ()
        self.now_ms = NOW

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
            assert not (self.rules.flow.two_axes and who.role == "auditor")
            self.order, self.trail = done.order, (*self.trail, done.step)

    @rule(who=people, action=st.sampled_from(ACTIONS), fields=words)
    def anything(self, who: OrderAction, action: str, fields: dict[str, object]) -> None:
        self.ask(who, action, fields)

    @rule(who=people, fields=words)
    @precondition(lambda self: self.order is None)
    def a_report(self, who: OrderAction, fields: dict[str, object]) -> None:
        self.ask(msgspec.structs.replace(who, role="worker", scope="G1"), "report", {"text": "t", "region": "G1"})

    @rule(who=people, fields=words, data=st.data())
    @precondition(lambda self: self.order is not None)
    def what_is_allowed(self, who: OrderAction, fields: dict[str, object], data: st.DataObject) -> None:
        assert self.order is not None
        who = msgspec.structs.replace(who, scope="R", also=())
        may = [name for name, refused in permitted(self.order, who, self.rules).items() if refused is None]
        if may:
            self.ask(who, data.draw(st.sampled_from(may)), fields)

    @invariant()
    def the_order_is_one_of_the_table_and_its_trail_makes_it(self) -> None:
        if getattr(self, "order", None) is None:
            return
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
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHall = Hall.TestCase
