"""The hotline's figures over lives that were really lived, against a recount from the trails alone."""

import random

import msgspec
import pytest

from domain.clocks import ClockRules, LimitRow
from domain.counts import Filters, Slice
from domain.judging import Folded, Refused
from domain.orderframe import orders_frame
from domain.ownorders import replay
from domain.states import Order, Step
from domain.worktime import Limit
from tests.domain.people import HOUR, NOW, Story, rules
from tests.domain.test_clocks import ALWAYS

SIGN_H, DISPATCH_H = 3, 2
LAW = msgspec.structs.replace(
    rules(),
    clocks=ClockRules(
        limits=tuple(
            LimitRow(rule=key, clock=key, limit=Limit("urgent_hours", hours))
            for key, hours in (("sign", SIGN_H), ("dispatch", DISPATCH_H))
        ),
        calendar=lambda department: ALWAYS,
    ),
)
AFTER = {
    "registered": (("dispatch", "dispatcher", {"department": "D1"}),),
    "dispatched": (("take_up", "department", {}), ("return", "department", {"reason": "no"})),
    "returned": (("dispatch", "dispatcher", {"department": "D2"}),),
    "handling": (("feedback", "department", {"note": "done"}), ("progress", "department", {"note": "soon"})),
    "feedback": (("request_close", "department", {}),),
    "checking": (("check", "checker", {"result": "passed"}), ("evaluate", "duty_chief", {"quality": "good"})),
    "evaluated": (("close", "duty_chief", {}),),
    "callback": (("reopen", "intake", {"reason": "not done"}),),
    "reopened": (("dispatch", "dispatcher", {"department": "D1"}),),
}  # fmt: skip
ANSWERS = (
    {}, {"contacted": "yes", "solved": "yes"}, {"contacted": "no", "solved": "no"}, {"contacted": "yes"}, {"solved": "no"},
)  # fmt: skip


def lived(seed: int) -> tuple[Order, tuple[Step, ...], int]:
    """(order, its trail, the instant after its last step) of a random life; between two steps one to seven hours pass."""
    draw = random.Random(seed)
    story = Story(LAW)
    story.do("report", "intake", text="t", region="G1", channel=draw.choice(("12345", "12345", "网站")))
    story.do("accept", "intake")
    story.do("register", "duty_chief", category="lamp")
    for _ in range(draw.randrange(22)):
        assert story.order is not None and story.order.life is not None
        status = story.order.status
        said = {"satisfaction": draw.choice(("fair", "satisfied", "unsatisfied")), **draw.choice(ANSWERS)}
        action, role, told = ("callback", "intake", said) if status == "closed" else draw.choice(AFTER[status])
        story.count += draw.randrange(6)
        story.act(action, role, unit=story.order.life.lead if role == "department" else "", **told)
    assert story.order is not None
    return msgspec.structs.replace(story.order, order=f"O{seed}"), story.trail, NOW + (story.count + draw.randrange(9)) * HOUR


def recount(trail: tuple[Step, ...], as_of_ms: int) -> set[str]:
    """Which counts of the hotline an order is in."""
    if trail[0].fields["channel"] != "12345":
        return set()
    found = {"hotline_orders", "hotline_valid"}
    called = [step.fields for step in trail if step.action == "callback"][-1:]
    for told in called:
        found |= {"hotline_called_back"} | ({"hotline_satisfied"} if told["satisfaction"] != "unsatisfied" else set())
        found |= {f"hotline_asked_{name}" for name, key in (("contact", "contacted"), ("solved", "solved")) if key in told}
        found |= {f"hotline_{key}" for key in ("contacted", "solved") if told.get(key) == "yes"}
    for key, done, states, hours in (
        ("sign", "signed", {"dispatched"}, SIGN_H),
        ("dispatch", "dispatched", {"registered", "returned", "reopened"}, DISPATCH_H),
    ):
        entered = [n for n, step in enumerate(trail) if step.status in states and trail[n - 1].status not in states]
        if not entered:
            continue
        since_ms = trail[entered[-1]].at_ms
        left = next((step.at_ms for step in trail[entered[-1] :] if step.status not in states), None)
        over = (as_of_ms if left is None else left) - since_ms > hours * HOUR
        found |= {f"hotline_{key}_due"} if left is not None or over else set()
        found |= {f"hotline_{done}_on_time"} if left is not None and not over else set()
    return found


COUNTED = (
    "hotline_orders", "hotline_valid", "hotline_called_back", "hotline_satisfied", "hotline_asked_contact", "hotline_contacted",
    "hotline_asked_solved", "hotline_solved", "hotline_sign_due", "hotline_signed_on_time", "hotline_dispatch_due",
    "hotline_dispatched_on_time",
)  # fmt: skip


def test_every_count_of_the_hotline_is_the_recount_of_the_trails() -> None:
    met: set[str] = set()
    for seed in range(300):
        order, trail, as_of_ms = lived(seed)
        s = Slice(orders_frame([order]), Filters(), as_of_ms)
        counted = {name for name in COUNTED if s.count(name)}
        assert counted == recount(trail, as_of_ms), (seed, [(step.action, step.status) for step in trail])
        assert replay(order.order, trail).life == order.life
        met |= counted
    assert met == set(COUNTED)


@pytest.mark.parametrize(("field", "value"), [("contacted", "maybe"), ("solved", "1"), ("contacted", True)])
def test_an_answer_is_yes_or_no_or_not_there(field: str, value: object) -> None:
    order, trail, _ = next(found for seed in range(300) if (found := lived(seed))[0].status == "closed")
    story = Story(LAW)
    story.order, story.trail = msgspec.structs.replace(order, order="O1"), trail
    story.count = 200
    refused = story.act("callback", "intake", satisfaction="fair", **{field: value})
    assert isinstance(refused, Refused) and (refused.reason, refused.detail["field"]) == ("bad_field", field)
    done = story.act("callback", "intake", satisfaction="fair", solved="no")
    assert isinstance(done, Folded) and done.order.life is not None
    assert (done.order.life.contacted, done.order.life.solved) == ("", "no")
