"""Clocks of an order: begin, stop, pause, go on, are deferred; by a calendar with noon, night, weekends and holidays."""

import datetime as dt

import chinese_calendar
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import ClockRules, LimitRow, Move, Rung, Running, alarms, marks, moved
from domain.worktime import HOUR_MS, Limit, WorkTime, calendar_of
from tests.domain.test_worktime import FIRST, LAST, WORK, ZONE, at

ALWAYS = calendar_of(ZONE, lambda day: True, (("00:00", "24:00"),), FIRST, LAST)
EARLY = calendar_of(ZONE, chinese_calendar.is_workday, (("06:00", "14:00"),), FIRST, LAST)


def calendar(department: str) -> WorkTime:
    return EARLY if department == "early" else WORK


def row(clock: str, kind: str, amount: float, **more: object) -> LimitRow:
    return LimitRow(rule=f"{clock} {amount}", clock=clock, limit=Limit(kind, amount), **more)  # type: ignore[arg-type]


RULES = ClockRules(
    limits=(
        row("handle", "urgent_hours", 2, matters=frozenset({"fire"})),
        row("handle", "working_hours", 4),
        row("dispatch", "working_hours", 1),
        row("check", "working_hours", 2),
        row("total", "working_hours", 12),
    ),
    calendar=calendar,
)


class Case:
    """An order that goes from state to state."""

    def __init__(self, rules: ClockRules = RULES, **told: str) -> None:
        self.rules, self.told, self.state, self.clocks = rules, told, None, ()  # type: ignore[var-annotated]

    def to(self, state: str, when: str, **more: object) -> "Case":
        move = Move(before=self.state, after=state, at_ms=at(when), **{**self.told, **more})  # type: ignore[arg-type]
        self.clocks, self.state = moved(self.clocks, move, self.rules), state
        return self

    def clock(self, key: str) -> Running:
        return next(clock for clock in self.clocks if clock.clock == key)

    def due(self, key: str) -> str | None:
        due_ms = self.clock(key).due_at_ms
        return None if due_ms is None else dt.datetime.fromtimestamp(due_ms / 1000, ZONE).strftime("%m-%d %H:%M")


def test_whole_case_and_stage_run_side_by_side() -> None:
    case = Case().to("registered", "2026-03-10 10:00")
    assert (case.due("dispatch"), case.due("total")) == ("03-10 11:00", "03-11 17:00")
    case.to("dispatched", "2026-03-10 10:30").to("handling", "2026-03-10 15:00")
    assert case.due("dispatch") is None and case.clock("dispatch").left_ms == HOUR_MS // 2
    assert case.due("handle") == "03-10 16:30"  # four working hours since it was dispatched: 10:30, noon, 14:00
    case.to("feedback", "2026-03-10 16:00")
    assert case.due("handle") is None and case.due("check") == "03-11 09:00"
    assert case.due("total") == "03-11 17:00"


def test_hanging_stops_every_clock_and_each_goes_on_with_what_it_had_left() -> None:
    case = Case().to("dispatched", "2026-09-29 15:00").to("handling", "2026-09-29 15:30")
    assert case.due("handle") == "09-30 10:00"
    case.to("hanging", "2026-09-30 09:00")
    assert case.due("handle") is None and case.due("total") is None and case.clock("handle").left_ms == HOUR_MS
    case.to("handling", "2026-10-09 17:00")  # hung over the National Day week
    assert case.due("handle") == "10-10 09:00"  # a Saturday that is worked
    assert marks(case.clocks)[1] == at("2026-10-10 09:00")


def test_a_deferral_moves_the_end_and_the_yellow_mark_with_it() -> None:
    case = Case().to("dispatched", "2026-03-10 08:30").to("handling", "2026-03-10 09:00")
    yellow = case.clock("handle").yellow_at_ms
    assert yellow == at("2026-03-10 11:42")  # four fifths of four working hours
    case.to("handling", "2026-03-10 11:00", deferred_to_ms=at("2026-03-12 12:00"))
    assert (case.due("handle"), case.due("total")) == ("03-12 12:00", "03-12 12:00")
    assert case.clock("handle").yellow_at_ms == at("2026-03-12 11:12")  # still 48 working minutes before the end
    case.to("handling", "2026-03-10 11:05", deferred_to_ms=at("2026-03-10 12:00"))
    assert case.due("handle") == "03-12 12:00"  # nothing is made earlier


def test_a_return_hands_the_running_stage_on_and_a_second_dispatch_begins_the_stage_anew() -> None:
    case = Case().to("registered", "2026-03-10 08:30").to("dispatched", "2026-03-10 09:00")
    case.to("returned", "2026-03-10 11:00")
    assert case.due("handle") is None and case.due("dispatch") == "03-10 12:00"
    case.to("dispatched", "2026-03-10 11:30")
    assert case.due("handle") == "03-10 17:30"  # four hours from 11:30, over noon
    assert case.due("total") == "03-11 15:30"


def test_a_limit_of_all_hours_runs_through_night_and_weekend() -> None:
    case = Case(category="fire").to("dispatched", "2026-03-13 23:30")
    assert case.due("handle") == "03-14 01:30"


def test_a_department_with_hours_of_its_own_is_measured_by_them() -> None:
    assert Case(department="early").to("dispatched", "2026-03-10 12:00").due("handle") == "03-11 08:00"
    assert Case().to("dispatched", "2026-03-10 12:00").due("handle") == "03-11 09:00"


def test_what_the_table_says_later_changes_no_running_clock() -> None:
    case = Case().to("dispatched", "2026-03-10 08:30")
    case.rules = ClockRules(limits=(row("handle", "working_hours", 1),), calendar=calendar)
    case.to("handling", "2026-03-10 09:00")
    assert case.due("handle") == "03-10 14:30"
    case.to("hanging", "2026-03-10 09:30").to("handling", "2026-03-10 10:30")
    assert case.due("handle") == "03-10 15:30"


def test_without_a_row_in_the_table_there_is_no_clock_and_no_light() -> None:
    nothing = Case(ClockRules(calendar=calendar)).to("dispatched", "2026-03-10 08:30")
    assert nothing.clocks == () and marks(nothing.clocks) == (None, None)


@pytest.mark.parametrize("level", ["street", "district"])
def test_limits_differ_by_matter_and_level(level: str) -> None:
    table = (
        row("total", "working_days", 5, matters=frozenset({"green"}), level="district"),
        row("total", "working_days", 2, matters=frozenset({"green"})),
        row("total", "natural_days", 1),
    )
    case = Case(ClockRules(limits=table, calendar=calendar), category="green", level=level)
    assert case.to("registered", "2026-03-10 10:00").due("total") == {"street": "03-12 10:00", "district": "03-17 10:00"}[level]
    other = Case(ClockRules(limits=table, calendar=calendar), category="lamp", level=level).to("registered", "2026-03-10 10:00")
    assert other.due("total") == "03-11 10:00"


@given(st.lists(st.integers(1, 40 * HOUR_MS), min_size=1, max_size=12))
def test_however_often_it_hangs_a_clock_runs_for_its_limit_in_all(pauses: list[int]) -> None:
    """Hung and resumed again and again, the working time in `handling` until the end is the limit."""
    now_ms = at("2025-06-03 09:00")
    clocks = moved((), Move(before=None, after="handling", at_ms=now_ms), RULES)
    ran_ms, state = 0, "handling"
    for pause_ms in pauses:
        then_ms = now_ms + pause_ms
        if state == "handling":
            ran_ms += WORK.spent_ms(now_ms, then_ms)
        after = "hanging" if state == "handling" else "handling"
        clocks = moved(clocks, Move(before=state, after=after, at_ms=then_ms), RULES)
        now_ms, state = then_ms, after
    handle = next(clock for clock in clocks if clock.clock == "handle")
    left_ms = handle.left_ms if handle.due_at_ms is None else WORK.spent_ms(now_ms, handle.due_at_ms)
    assert ran_ms + left_ms == 4 * HOUR_MS


def test_hanging_over_a_holiday_and_a_make_up_day_costs_nothing_and_the_rest_counts_as_working_time() -> None:
    case = Case().to("dispatched", "2026-09-30 16:30")  # four working hours
    case.to("handling", "2026-09-30 16:45").to("hanging", "2026-09-30 17:00")
    assert case.clock("handle").due_at_ms is None and case.clock("handle").left_ms == 3.5 * HOUR_MS
    case.to("handling", "2026-10-09 16:30")  # a Friday; the Saturday after it is worked for the holiday
    assert chinese_calendar.is_workday(dt.date(2026, 10, 10)) and dt.date(2026, 10, 10).weekday() == 5
    assert case.due("handle") == "10-10 11:00"


def test_a_deferral_over_a_holiday_keeps_the_yellow_mark_as_far_before_the_end_in_working_time() -> None:
    case = Case().to("dispatched", "2026-09-29 09:00").to("handling", "2026-09-29 09:30")
    before = case.clock("handle")
    assert WORK.spent_ms(before.yellow_at_ms or 0, before.due_at_ms or 0) == 0.8 * HOUR_MS
    case.to("handling", "2026-09-29 10:00", deferred_to_ms=at("2026-10-08 09:00"))
    after = case.clock("handle")
    assert case.due("handle") == "10-08 09:00"
    assert after.yellow_at_ms == at("2026-09-30 17:12"), "18 minutes before the holiday and 30 after it"


NIGHT = calendar_of(ZONE, lambda day: day.weekday() < 5, (("00:00", "04:00"), ("20:00", "24:00")), FIRST, LAST)


@pytest.mark.parametrize(
    ("begun", "due"),
    [
        ("2026-03-10 22:00", "2026-03-11 02:00"),  # through midnight of one working night
        ("2026-03-10 23:59", "2026-03-11 03:59"),
        ("2026-03-11 00:00", "2026-03-11 04:00"),  # begins at midnight, ends with the period
        ("2026-03-13 22:00", "2026-03-16 02:00"),  # Friday night: Saturday's first hours are no working time
    ],
)
def test_a_night_shift_is_worked_through_midnight(begun: str, due: str) -> None:
    rules = ClockRules(limits=(row("handle", "working_hours", 4),), calendar=lambda department: NIGHT)
    assert Case(rules).to("dispatched", begun).clock("handle").due_at_ms == at(due)


def test_a_step_of_the_ladder_that_comes_with_the_end_comes_at_the_end_also_outside_working_hours() -> None:
    rules = msgspec.structs.replace(
        RULES, limits=(row("handle", "urgent_hours", 2),), ladder=(Rung("handle", Limit("working_hours", 0), "urge"),)
    )
    case = Case(rules).to("dispatched", "2026-03-13 21:00")
    urge = next(alarm for alarm in alarms(case.clocks, rules, lambda do: True) if alarm.do == "urge")
    assert urge.at_ms == at("2026-03-13 23:00")


@pytest.mark.parametrize("stage", ["accept", "verify", "register"])
def test_the_intake_has_clocks_where_a_city_sets_limits_for_it(stage: str) -> None:
    rules = ClockRules(limits=(row(stage, "working_hours", 1),), calendar=calendar)
    case = Case(rules).to("reported", "2026-03-10 11:30")
    assert [clock.clock for clock in case.clocks] == (["accept"] if stage == "accept" else [])
    case.to("verifying", "2026-03-10 11:45")
    assert {"accept": "03-10 14:30", "verify": "03-10 14:45"}.get(stage) == (case.due(stage) if case.clocks else None)
    case.to("reported", "2026-03-10 14:15").to("accepted", "2026-03-10 15:00")
    left = {"accept": -HOUR_MS // 2, "verify": HOUR_MS // 2}
    if stage == "register":
        assert case.due("register") == "03-10 16:00"
    else:
        assert case.clock(stage).left_ms == left[stage] and case.clock(stage).due_at_ms is None
