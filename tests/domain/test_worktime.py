"""Working time: noon, night, weekends, holidays, make-up days, and both questions answering each other."""

import datetime as dt
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bounds import EXACT
from domain.worktime import HOUR_MS, Limit, WorkTime, calendar_of

ZONE = ZoneInfo("Asia/Shanghai")
PERIODS = (("08:30", "12:00"), ("14:00", "17:30"))
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2026, 12, 31)
WORK = calendar_of(ZONE, chinese_calendar.is_workday, PERIODS, FIRST, LAST)


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def hours(number: float) -> Limit:
    return Limit("working_hours", number)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-03-10 09:00", hours(2), "2026-03-10 11:00"),
        ("2026-03-10 11:00", hours(2), "2026-03-10 15:00"),  # over noon
        ("2026-03-10 17:00", hours(1), "2026-03-11 09:00"),  # over night
        ("2026-03-13 17:00", hours(1), "2026-03-16 09:00"),  # Friday to Monday
        ("2026-03-10 08:30", hours(3.5), "2026-03-10 12:00"),  # ends with the period, not at the next one's start
        ("2026-03-10 12:30", hours(1), "2026-03-10 15:00"),  # begun at noon
        ("2026-03-08 10:00", hours(1), "2026-03-09 09:30"),  # begun on a Sunday
        ("2026-09-30 17:00", hours(1), "2026-10-08 09:00"),  # over the National Day week
        ("2026-02-13 17:00", hours(1), "2026-02-14 09:00"),  # 2026-02-14 is a Saturday that is worked
        ("2026-03-10 15:00", Limit("working_days", 1), "2026-03-11 15:00"),
        ("2026-03-12 15:00", Limit("working_days", 2), "2026-03-16 15:00"),
        ("2026-03-13 23:59", Limit("natural_days", 1), "2026-03-14 23:59"),
        ("2026-03-14 23:00", Limit("urgent_hours", 2), "2026-03-15 01:00"),  # round the clock, over midnight
        ("2026-03-14 23:00", hours(0), "2026-03-14 23:00"),  # nothing is over at once, also at night
        ("2026-03-10 10:00", hours(0), "2026-03-10 10:00"),
    ],
)
def test_a_limit_is_over_when_the_calendar_says(start: str, limit: Limit, due: str) -> None:
    assert WORK.due_ms(at(start), limit) == at(due)


def test_time_at_night_and_on_holidays_is_none() -> None:
    assert WORK.spent_ms(at("2026-03-10 18:00"), at("2026-03-11 08:30")) == 0
    assert WORK.spent_ms(at("2026-10-01 00:00"), at("2026-10-07 23:59")) == 0
    assert WORK.spent_ms(at("2026-03-10 08:00"), at("2026-03-10 18:00")) == 7 * HOUR_MS
    assert WORK.spent_ms(at("2026-03-11 08:00"), at("2026-03-10 08:00")) == -7 * HOUR_MS


SOME_TIME = st.integers(at("2025-02-01 00:00"), at("2026-10-01 00:00"))


@given(SOME_TIME, st.integers(0, 60 * 7 * HOUR_MS))
def test_what_has_passed_when_a_limit_is_over_is_the_limit(start_ms: int, working_ms: int) -> None:
    due_ms = WORK.after(start_ms, working_ms)
    assert WORK.spent_ms(start_ms, due_ms) == working_ms
    assert working_ms == 0 or due_ms > start_ms
    assert working_ms == 0 or WORK.spent_ms(start_ms, due_ms - 1) < working_ms  # and not a moment earlier


@given(SOME_TIME, SOME_TIME, SOME_TIME)
def test_parts_of_working_time_add_up(a: int, b: int, c: int) -> None:
    assert WORK.spent_ms(a, b) + WORK.spent_ms(b, c) == WORK.spent_ms(a, c)


@given(st.lists(SOME_TIME, min_size=1, max_size=50))
def test_many_instants_at_once_are_as_one_by_one(times: list[int]) -> None:
    many = WORK.passed(np.array(times, np.int64))
    assert many.tolist() == [int(WORK.passed(np.array([one], np.int64))[0]) for one in times]


def test_a_calendar_that_cannot_be_is_refused() -> None:
    for periods in ((("12:00", "08:00"),), (("08:00", "25:00"),), (("08:00", "12:00"), ("11:00", "13:00"))):
        with pytest.raises(ValueError, match=r"period|time of a day"):
            calendar_of(ZONE, lambda day: True, periods, FIRST, FIRST)
    with pytest.raises(ValueError, match="needs working periods"):
        calendar_of(ZONE, lambda day: False, PERIODS, FIRST, LAST)


def test_what_would_lie_beyond_the_calendar_lies_at_its_end() -> None:
    first, last = int(WORK.starts[0]), int(WORK.ends[-1])
    assert WORK.after(at("2026-12-31 17:00"), 40 * HOUR_MS) == last
    assert WORK.after(at("2026-07-13 17:00"), -(10**15)) == first
    assert WORK.after(last + 5, HOUR_MS) == last + 5, "never before the instant that it is after"
    assert WORK.after(first - 5, -HOUR_MS) == first - 5
    assert WORK.due_ms(at("2026-07-13 17:00"), Limit("natural_days", 1e300)) == EXACT


@given(at_ms=st.integers(), other_ms=st.integers(), working_ms=st.integers(), more_ms=st.integers(min_value=0))
def test_working_time_is_defined_and_never_turns_back_whatever_the_numbers(
    at_ms: int, other_ms: int, working_ms: int, more_ms: int
) -> None:
    found = WORK.after(at_ms, working_ms)
    assert -EXACT <= found <= EXACT
    assert found <= WORK.after(at_ms, working_ms + more_ms) and found <= WORK.after(at_ms + more_ms, working_ms)
    assert WORK.spent_ms(at_ms, other_ms) == -WORK.spent_ms(other_ms, at_ms)
    assert abs(WORK.spent_ms(at_ms, other_ms)) <= int(WORK.ends[-1] - WORK.starts[0])


def test_round_the_clock_is_a_calendar_too() -> None:
    always = calendar_of(ZONE, lambda day: True, (("00:00", "24:00"),), FIRST, LAST)
    assert isinstance(always, WorkTime)
    assert always.spent_ms(at("2026-03-10 18:00"), at("2026-03-12 08:30")) == round(38.5 * HOUR_MS)
