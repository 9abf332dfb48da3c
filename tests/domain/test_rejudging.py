"""Limits judged anew when a calendar has come are those that this calendar would have given from the start."""

import datetime as dt
from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actions import FOUND_OUT, RECOMPUTE
from domain.clocks import RED, YELLOW, ClockRules, LimitRow, Rung, Running
from domain.facts import OrderAction
from domain.judging import Folded, Rules, fold_action
from domain.ownorders import replay
from domain.rejudging import fields_anew, is_unsure
from domain.states import Order, OrderFlag, Step
from domain.worktime import Limit, WorkTime
from tests.domain.people import HOUR, Story, rules
from tests.domain.test_workcalendar import NEW_YEAR_2027, at, work

MINUTE: Final = 60_000
LIMITS: Final = tuple(
    LimitRow(rule=f"{clock} {kind}", clock=clock, limit=Limit(kind, amount), department=department)  # type: ignore[arg-type]
    for clock, kind, amount, department in (
        ("accept", "working_hours", 2, ""), ("verify", "working_hours", 4, ""), ("register", "working_days", 1, ""),
        ("dispatch", "working_hours", 6, ""), ("sign", "natural_days", 1, ""), ("handle", "urgent_hours", 40, "D2"),
        ("handle", "working_days", 3, ""), ("check", "working_days", 2, ""), ("total", "working_days", 8, ""),
    )
)  # fmt: skip
LADDER: Final = (Rung("handle", Limit("working_hours", 4), "urge"),)
ASSUMED: Final = work({}, "2026-12-31")


def law(calendar: WorkTime) -> Rules:
    clocks = ClockRules(limits=LIMITS, calendar=lambda department: calendar, ladder=LADDER)
    return msgspec.structs.replace(rules(), clocks=clocks)


def recomputed(order: Order, trail: tuple[Step, ...], new: Rules, now_ms: int) -> tuple[Order, tuple[Step, ...]]:
    """The order and its trail after the one step that a new calendar brings, if it brings any."""
    assert new.clocks is not None
    if not fields_anew(order, trail, new.clocks, now_ms):
        return order, trail
    asked = OrderAction(
        source="clock", received_at_ms=now_ms, id=f"calendar/{len(trail)}", order=order.order, action=RECOMPUTE,
        actor="calendar", role="rule", at_ms=now_ms, fields={"calendar": "2027-12-31"},
    )  # fmt: skip
    done = fold_action(order, asked, new, now_ms, trail)
    assert isinstance(done, Folded), done
    trail = (*trail, done.step)
    assert replay(order.order, trail) == done.order
    return done.order, trail


def bare(clock: Running) -> Running:
    return msgspec.structs.replace(clock, told=0)


def judged(order: Order) -> dict[str, object]:
    """All that a calendar has to do with of an order."""
    assert order.life is not None
    life = order.life
    return {
        "running": sorted(map(bare, life.running), key=lambda clock: clock.clock),
        "deadline": order.deadline_at_ms, "on_time": order.on_time, "marks": (order.yellow_at_ms, order.red_at_ms),
        "flags": OrderFlag(order.flags), "stints": life.stints, "sent": (life.verify_sent, life.check_sent),
        "cards": life.cards, "status": order.status, "closed": order.closed_at_ms,
    }  # fmt: skip


WAYS: Final[dict[str, tuple[tuple[str, str, dict[str, object]], ...]]] = {
    "": (("report", "worker", {"text": "lamp out", "region": "G1"}),),
    "reported": (("accept", "intake", {}), ("ask_verify", "intake", {})),
    "verifying": (("verify", "checker", {"result": "true"}),),
    "accepted": (("register", "duty_chief", {"category": "lamp"}),),
    "registered": (("dispatch", "dispatcher", {"department": "D1"}), ("dispatch", "dispatcher", {"department": "D2"})),
    "returned": (("dispatch", "dispatcher", {"department": "D2"}), ("refuse_return", "dispatcher", {"reason": "yours"})),
    "dispatched": (("take_up", "department", {}), ("take_up", "department", {}), ("return", "department", {"reason": "no"})),
    "handling": (
        ("ask_hang", "department", {"reason": "rain"}), ("grant_hang", "duty_chief", {}),
        ("ask_defer", "department", {"reason": "long"}), ("grant_defer", "duty_chief", {}),
        ("progress", "department", {"note": "soon"}), ("feedback", "department", {"note": "done"}),
        ("remind", "rule", {"clock": "handle"}), ("urge", "leader", {}),
    ),
    "hanging": (("resume", "duty_chief", {}), ("note", "intake", {"note": "n"})),
    "feedback": (("request_close", "department", {}),),
    "checking": (
        ("check", "checker", {"result": "passed"}), ("evaluate", "duty_chief", {"quality": "good"}),
        ("check", "checker", {"result": "failed", "reason": "no"}),
    ),
    "rework": (("rework", "dispatcher", {}),),
    "evaluated": (("close", "duty_chief", {}),),
    "closed": (("callback", "intake", {"satisfaction": "fair"}),),
    "callback": (("reopen", "intake", {"reason": "again"}),),
    "reopened": (("dispatch", "dispatcher", {"department": "D1"}),),
}  # fmt: skip
BEGINS: Final = at("2026-12-14 09:00")


class Told:
    """One order that lives by one calendar, told what to do and when."""

    def __init__(self, calendar: WorkTime) -> None:
        self.story = Story(law(calendar))

    def act(self, number: int, at_ms: int, action: str, role: str, told: dict[str, object]) -> bool:
        order = self.story.order
        unit = order.life.lead if role == "department" and order is not None and order.life is not None else ""
        asked = OrderAction(
            source="desk", received_at_ms=at_ms, id=f"a{number}", order="O1", action=action, actor=role, role=role, at_ms=at_ms,
            scope="S", department=unit, fields=told,
        )  # type: ignore[arg-type]  # fmt: skip
        return isinstance(self.story.put(asked), Folded)

    @property
    def order(self) -> Order:
        assert self.story.order is not None
        return self.story.order


DAYS_OF_2027: Final = st.dictionaries(
    st.integers(0, 40).map(lambda n: (dt.date(2027, 1, 1) + dt.timedelta(days=n)).isoformat()), st.booleans(), max_size=25
)
SCRIPT: Final = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 90 * 60)), min_size=3, max_size=30)


@settings(max_examples=250, deadline=None)
@given(SCRIPT, DAYS_OF_2027)
def test_recomputing_by_a_new_calendar_is_computing_by_it_from_the_start(
    script: list[tuple[int, int]], told: dict[str, bool]
) -> None:
    new = work(told, "2027-12-31")
    by_old, by_new = Told(ASSUMED), Told(new)
    at_ms = BEGINS
    for number, (choice, minutes) in enumerate(script):
        at_ms += minutes * MINUTE
        ways = WAYS[by_old.story.order.status if by_old.story.order else ""] if number else WAYS[""]
        action, role, fields = ways[choice % len(ways)]
        if action == "ask_defer":
            fields = {**fields, "deadline_at_ms": at("2027-03-01 12:00") + number * 24 * HOUR}
        both = [world.act(number, at_ms, action, role, dict(fields)) for world in (by_old, by_new)]
        assert both[0] == both[1], action
    if judged(by_old.order) != judged(by_new.order):
        assert is_unsure(by_old.order, by_old.story.trail, law(ASSUMED).clocks), "nobody would look at it again"  # type: ignore[arg-type]
    order, trail = recomputed(by_old.order, by_old.story.trail, law(new), at_ms)
    assert judged(order) == judged(by_new.order)
    assert not is_unsure(order, trail, law(new).clocks)  # type: ignore[arg-type]
    again, longer = recomputed(order, trail, law(new), at_ms + HOUR)
    assert (again, longer) == (order, trail), "recomputed twice"


def lived(calendar: WorkTime, *steps: tuple[str, str, str, dict[str, object]]) -> Told:
    world = Told(calendar)
    for number, (when, action, role, told) in enumerate(steps):
        assert world.act(number, at(when), action, role, told), action
    return world


START: Final[tuple[tuple[str, str, str, dict[str, object]], ...]] = (
    ("2026-12-21 09:00", "report", "worker", {"text": "t", "region": "G1"}),
    ("2026-12-21 09:10", "accept", "intake", {}),
    ("2026-12-21 10:00", "register", "duty_chief", {"category": "lamp"}),
    ("2026-12-31 16:00", "dispatch", "dispatcher", {"department": "D1"}),
)


def test_an_order_that_ended_late_by_an_assumption_was_in_time_by_the_calendar() -> None:
    ended = (("2027-01-04 10:00", "void", "duty_chief", {"reason": "x"}),)
    closed = (*START[:3], ("2027-01-04 10:00", "force_close", "duty_chief", {"reason": "x"}))
    late = lived(ASSUMED, *closed)
    assert late.order.deadline_at_ms == at("2026-12-31 10:00") and late.order.on_time is False  # known days: stays so
    assert not late.order.flags & OrderFlag.PROVISIONAL
    eight = (*START[:2], ("2026-12-23 10:00", "register", "duty_chief", {"category": "lamp"}), closed[-1])
    provisional = lived(ASSUMED, *eight)
    assert provisional.order.deadline_at_ms == at("2027-01-04 10:00") and provisional.order.flags & OrderFlag.PROVISIONAL
    new = law(work(NEW_YEAR_2027, "2027-12-31"))
    order, trail = recomputed(provisional.order, provisional.story.trail, new, at("2027-01-05 09:00"))
    assert order.deadline_at_ms == at("2027-01-05 10:00") and order.on_time is True
    assert not order.flags & OrderFlag.PROVISIONAL and order.status == "closed"
    assert {key: value for key, value in trail[-1].fields.items() if key not in FOUND_OUT} == {
        "calendar": "2027-12-31", "deadline_was_ms": at("2027-01-04 10:00"), "deadline_at_ms": at("2027-01-05 10:00"),
    }  # fmt: skip
    assert lived(ASSUMED, *START[:3], *ended).order.status == "void"


def test_a_calendar_that_confirms_the_assumption_lifts_the_mark_and_says_so() -> None:
    world = lived(ASSUMED, *START)
    assert world.order.flags & OrderFlag.PROVISIONAL
    order, trail = recomputed(world.order, world.story.trail, law(work({}, "2027-12-31")), at("2026-12-31 17:00"))
    assert len(trail) == len(world.story.trail) + 1 and not order.flags & OrderFlag.PROVISIONAL
    assert (order.red_at_ms, order.deadline_at_ms) == (world.order.red_at_ms, world.order.deadline_at_ms)


def test_cards_stay_and_marks_that_lie_ahead_again_are_told_of_again() -> None:
    world = lived(ASSUMED, *START)
    assert world.order.life is not None
    handle = next(clock for clock in world.order.life.running if clock.clock == "handle")
    assert handle.due_at_ms == at("2027-01-05 16:00")
    for number, (action, fields) in enumerate(
        (("remind", {"clock": "handle"}), ("overdue", {"clock": "handle"}), ("urge", {}), ("yellow_card", {"reason": "超期"}))
    ):
        assert world.act(90 + number, at("2027-01-05 16:30"), action, "rule", fields)  # type: ignore[arg-type]
    new_year = law(work(NEW_YEAR_2027, "2027-12-31"))
    order, _ = recomputed(world.order, world.story.trail, new_year, at("2027-01-05 17:00"))
    assert order.life is not None and [card.colour for card in order.life.cards] == ["yellow"]
    handle = next(clock for clock in order.life.running if clock.clock == "handle")
    assert handle.due_at_ms == at("2027-01-06 16:00") and not handle.told & RED
    assert not handle.told & YELLOW or handle.yellow_at_ms <= at("2027-01-05 17:00")
    assert handle.told & 4, "a step of the ladder that was taken is not taken again"


def test_only_days_are_looked_up_anew_and_not_the_table_of_limits() -> None:
    world = lived(ASSUMED, *START)
    new = work(NEW_YEAR_2027, "2027-12-31")
    other = ClockRules(limits=(LimitRow(rule="x", clock="total", limit=Limit("working_hours", 1)),), calendar=lambda _: new,
                       yellow_from=0.1)  # fmt: skip
    both = (msgspec.structs.replace(rules(), clocks=other), law(new))
    by_other, by_own = (recomputed(world.order, world.story.trail, of, at("2027-01-04 09:00"))[0] for of in both)
    assert judged(by_other) == judged(by_own) != judged(world.order)


def test_the_working_time_of_a_stage_that_was_left_in_unknown_days_is_looked_up_anew() -> None:
    plain = ClockRules(limits=(), calendar=lambda _: ASSUMED)
    world = Told(ASSUMED)
    world.story.rules = msgspec.structs.replace(rules(), clocks=plain)
    for number, (when, action, role, told) in enumerate((*START[:3], ("2027-01-04 09:30", *START[3][1:]))):
        assert world.act(number, at(when), action, role, told)  # type: ignore[arg-type]
    assert is_unsure(world.order, world.story.trail, plain)
    knows = ClockRules(limits=(), calendar=lambda _: work(NEW_YEAR_2027, "2027-12-31"))
    by_now = msgspec.structs.replace(rules(), clocks=knows)
    order, _ = recomputed(world.order, world.story.trail, by_now, at("2027-01-04 12:00"))
    assert order.life is not None and world.order.life is not None and order.life.stints != world.order.life.stints
