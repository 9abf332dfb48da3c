"""Indicators of the stages over lives that were really lived, against a recount from the trails alone."""

import random
from itertools import pairwise

import msgspec
import pytest

from domain.actions import CLOCKS
from domain.clocks import ClockRules, LimitRow
from domain.counts import Filters, Slice
from domain.indicators import figures_of
from domain.orderframe import orders_frame
from domain.states import Life, Order, Step
from domain.worktime import Limit
from tests.domain.people import HOUR, NOW, Story, rules
from tests.domain.test_clocks import ALWAYS

LIMITS_H = {"dispatch": 3, "handle": 5, "check": 4}
LAW = msgspec.structs.replace(
    rules(),
    clocks=ClockRules(
        limits=tuple(LimitRow(rule=key, clock=key, limit=Limit("urgent_hours", hours)) for key, hours in LIMITS_H.items()),
        calendar=lambda department: ALWAYS,
    ),
)
AFTER = {
    "accepted": (("register", "duty_chief", {"category": "lamp"}),),
    "registered": (("dispatch", "dispatcher", {"department": "D1"}), ("dispatch", "dispatcher", {"department": "D2"})),
    "dispatched": (("take_up", "department", {}), ("return", "department", {"reason": "no"})),
    "returned": (("dispatch", "dispatcher", {"department": "D2"}), ("refuse_return", "dispatcher", {"reason": "yours"})),
    "handling": (("feedback", "department", {"note": "done"}), ("progress", "department", {"note": "soon"})),
    "feedback": (("request_close", "department", {}),),
    "checking": (("check", "checker", {"result": "passed"}), ("check", "checker", {"result": "failed", "reason": "no"}),
                 ("evaluate", "duty_chief", {"quality": "good"})),
    "rework": (("rework", "dispatcher", {}), ("dispatch", "dispatcher", {"department": "D3"})),
    "evaluated": (("close", "duty_chief", {}),),
    "closed": (("callback", "intake", {"satisfaction": "fair"}), ("callback", "intake", {"satisfaction": "unsatisfied"})),
}  # fmt: skip


def lived(seed: int) -> tuple[Order, tuple[Step, ...], int]:
    """(order, its trail, the instant after its last step) of a random life; between two steps one to seven hours pass."""
    draw = random.Random(seed)
    story = Story(LAW)
    story.do("report", "worker", text="t", region="G1")
    story.do("accept", "intake")
    for _ in range(draw.randrange(14)):
        assert story.order is not None and story.order.life is not None
        ways = AFTER.get(story.order.status, ())
        if not ways:
            break
        action, role, told = draw.choice(ways)
        story.count += draw.randrange(6)
        story.act(action, role, unit=story.order.life.lead if role == "department" else "", **told)
    assert story.order is not None
    return msgspec.structs.replace(story.order, order=f"O{seed}"), story.trail, NOW + (story.count + draw.randrange(9)) * HOUR


def stays(trail: tuple[Step, ...], stage: str) -> list[tuple[int, int | None]]:
    """(entered, left or None) of each stay in a stage, from the trail alone."""
    found: list[tuple[int, int | None]] = []
    for step in trail:
        inside = bool(found) and found[-1][1] is None
        if step.status in CLOCKS[stage] and not inside:
            found.append((step.at_ms, None))
        elif step.status not in CLOCKS[stage] and inside:
            found[-1] = (found[-1][0], step.at_ms)
    return found


def recount(trail: tuple[Step, ...], as_of_ms: int) -> set[str]:
    """Which counts an order is in."""
    last = {stage: (stays(trail, stage) or [None])[-1] for stage in LIMITS_H}
    actions = [step.action for step in trail]
    leads = [step.fields["department"] for step in trail if step.action == "dispatch"]
    failed = [step for step in trail if step.action == "check" and step.fields["result"] == "failed"]
    said = [step.fields["satisfaction"] for step in trail if step.action == "callback"]
    found: set[str] = set()

    def put(name: str, holds: bool) -> None:
        if holds:
            found.add(name)

    def in_time(stage: str) -> bool | None:
        stay = last[stage]
        return None if stay is None or stay[1] is None else stay[1] - stay[0] <= LIMITS_H[stage] * HOUR

    def over(stage: str) -> bool:
        stay = last[stage]
        return stay is not None and stay[1] is None and stay[0] + LIMITS_H[stage] * HOUR < as_of_ms

    dispatched, handled, checked = last["handle"] is not None, last["check"] is not None, in_time("check") is not None
    put("dispatched", dispatched)
    put("dispatch_due", dispatched or over("dispatch"))
    put("dispatched_on_time", dispatched and in_time("dispatch") is True)
    elsewhere = any(before != after for before, after in pairwise(leads))
    put("dispatched_right", dispatched and not elsewhere and not failed)
    put("handled", handled)
    put("handle_due", handled or over("handle"))
    put("handled_on_time", handled and in_time("handle") is True)
    put("handled_late", handled and in_time("handle") is False)
    put("handle_pending", dispatched and last["handle"][1] is None)  # type: ignore[index]
    put("handle_overdue", over("handle"))
    put("check_ended", checked)
    put("check_due", checked or over("check"))
    put("checked_on_time", in_time("check") is True)
    put("reworked", bool(failed))
    put("returned_ever", "return" in actions)
    put("passed_on", actions.count("return") > 1)
    put("called_back", bool(said))
    put("satisfied", said[-1:] == ["fair"])
    put("unsatisfied", said[-1:] == ["unsatisfied"])
    return found


COUNTED = (
    "dispatched", "dispatch_due", "dispatched_on_time", "dispatched_right", "handled", "handle_due", "handled_on_time",
    "handled_late", "handle_pending", "handle_overdue", "check_ended", "check_due", "checked_on_time", "reworked",
    "returned_ever", "passed_on", "called_back", "satisfied", "unsatisfied",
)  # fmt: skip


def test_every_count_of_the_stages_is_the_recount_of_the_trails() -> None:
    met: set[str] = set()
    for seed in range(300):
        order, trail, as_of_ms = lived(seed)
        s = Slice(orders_frame([order]), Filters(), as_of_ms)
        counted = {name for name in COUNTED if s.count(name)}
        assert counted == recount(trail, as_of_ms), (seed, [(step.action, step.status) for step in trail])
        met |= counted
    assert met == set(COUNTED), "some count was never met"


def test_the_rates_are_their_counts_and_an_empty_base_is_a_dash() -> None:
    lives = [lived(seed) for seed in range(120)]
    as_of_ms = NOW + 400 * HOUR
    told = [recount(trail, as_of_ms) for _, trail, _ in lives]
    s = Slice(orders_frame(order for order, _, _ in lives), Filters(), as_of_ms)
    for key, num, den in (
        ("on_time_dispatch_rate", "dispatched_on_time", "dispatch_due"),
        ("on_time_handling_rate", "handled_on_time", "handle_due"),
        ("handling_rate", "handled", "handle_due"), ("rework_rate", "reworked", "handled"),
        ("on_time_check_rate", "checked_on_time", "check_due"), ("satisfaction_rate", "satisfied", "called_back"),
    ):  # fmt: skip
        figure = figures_of(s, (key,))[key]
        assert (figure.num, figure.den) == (sum(num in one for one in told), sum(den in one for one in told)), key
    nothing = Slice(orders_frame([]), Filters(), as_of_ms)
    assert figures_of(nothing, ("on_time_handling_rate",))["on_time_handling_rate"].shown == "—"


@pytest.mark.parametrize("key", ["dispatched", "handle_due", "called_back"])
def test_an_order_of_an_outside_system_tells_nothing_of_its_stages(key: str) -> None:
    outside = Order(order="H1", status="closed", reported_at_ms=NOW, closed_at_ms=NOW + HOUR, handler="W1")
    assert Slice(orders_frame([outside]), Filters(), NOW + 9 * HOUR).count(key) == 0


def test_where_a_stage_has_no_limit_nobody_can_tell_how_much_of_it_was_in_time() -> None:
    """Handled without a limit is handled, and neither in time nor late: the rate has no base, it is not 0 %."""
    story = Story().until("closed")
    assert story.order is not None
    told = figures_of(
        Slice(orders_frame([story.order]), Filters(), NOW + 99 * HOUR),
        ("handled", "handling_rate", "on_time_dispatch_rate", "on_time_handling_rate", "on_time_check_rate"),
    )
    assert [figure.shown for figure in told.values()] == ["1", "100.00 %", "—", "—", "—"]


def test_a_row_that_was_stored_before_there_were_these_columns_is_still_read() -> None:
    order, _, as_of_ms = lived(5)
    told = msgspec.msgpack.decode(msgspec.msgpack.encode(order))
    at = Order.__struct_fields__.index("life")
    fields = Life.__struct_fields__
    told[at] = told[at][: fields.index("cards") + 1]  # so it ended before
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Order)
    assert old.life is not None and old.life.stints == b"" and old.life.accepted_by == ""
    s = Slice(orders_frame([old]), Filters(), as_of_ms)
    today = Slice(orders_frame([order]), Filters(), as_of_ms)
    assert s.count("reported") == 1 and s.count("dispatched") == today.count("dispatched")
    assert {name: s[f"{name}_s"][0] for name in ("accept", "handle", "total")} == {"accept": -1, "handle": -1, "total": -1}
