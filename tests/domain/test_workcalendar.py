"""Which days are worked, until when that is known, and that a limit beyond it is only provisional."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from domain.clocks import SURE, UNSURE_END, UNSURE_MARK, ClockRules, LimitRow, Move, Rung, Running, alarms, moved
from domain.workcalendar import WorkCalendar
from domain.worktime import KNOWN_FOR_EVER_MS, Limit, WorkTime, calendar_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
PERIODS = (("08:30", "12:00"), ("14:00", "17:30"))
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2028, 12, 31)
NEW_YEAR_2027 = {"2027-01-01": False, "2027-01-02": False, "2027-01-03": False, "2027-01-09": True}


def days(told: dict[str, bool], known_until: str | None) -> WorkCalendar:
    return WorkCalendar(told, lambda day: None, None if known_until is None else dt.date.fromisoformat(known_until))


def work(told: dict[str, bool], known_until: str | None, zone: ZoneInfo = SHANGHAI) -> WorkTime:
    calendar = days(told, known_until)
    return calendar_of(zone, calendar.is_working_day, PERIODS, FIRST, LAST, calendar.known_until)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def running(begun: str, limit: Limit, calendar: WorkTime, zone: ZoneInfo = SHANGHAI) -> Running:
    return moved((), Move(before=None, after="registered", at_ms=at(begun, zone)), law(calendar, limit))[0]


def law(calendar: WorkTime, limit: Limit) -> ClockRules:
    return ClockRules(limits=(LimitRow(rule="r", clock="total", limit=limit),), calendar=lambda department: calendar)


def test_the_citys_own_days_overrule_the_states_and_weekdays_fill_what_neither_says() -> None:
    friday, sunday = dt.date(2027, 1, 1), dt.date(2027, 1, 3)
    calendar = WorkCalendar({"2027-01-02": True}, lambda day: False if day == friday else None, None)
    assert [calendar.is_working_day(day) for day in (friday, dt.date(2027, 1, 2), sunday)] == [False, True, False]
    assert calendar.is_working_day(dt.date(2027, 1, 4))


@pytest.mark.parametrize(
    ("today", "standing"),
    [
        ("2026-10-31", "known"),
        ("2026-11-01", "ends_soon"),  # sixty days before its last one
        ("2026-12-31", "ends_soon"),
        ("2027-01-01", "ended"),
        ("2099-01-01", "ended"),
    ],
)
def test_what_a_calendar_says_of_its_end(today: str, standing: str) -> None:
    assert days({}, "2026-12-31").standing(dt.date.fromisoformat(today)) == standing
    assert days({}, None).standing(dt.date.fromisoformat(today)) == "unknown"


def test_another_day_or_another_end_is_another_version_and_nothing_else_is() -> None:
    known = days(NEW_YEAR_2027, "2027-12-31")
    assert known.version(FIRST, LAST) == days({**NEW_YEAR_2027, "2027-01-04": True}, "2027-12-31").version(FIRST, LAST)
    others = [days(NEW_YEAR_2027, "2028-12-31"), days({**NEW_YEAR_2027, "2027-10-01": False}, "2027-12-31"), days({}, None)]
    assert len({known.version(FIRST, LAST), *(other.version(FIRST, LAST) for other in others)}) == 4


def test_ten_working_days_from_the_end_of_december_are_provisional_until_the_new_year_is_known() -> None:
    limit = Limit("working_days", 10)
    assumed = running("2026-12-20 10:00", limit, work({}, "2026-12-31"))  # a Sunday: counted from Monday morning
    known = running("2026-12-20 10:00", limit, work(NEW_YEAR_2027, "2027-12-31"))
    assert (assumed.due_at_ms, assumed.provisional) == (at("2027-01-01 17:30"), True)
    assert (known.due_at_ms, known.provisional) == (at("2027-01-04 17:30"), False)
    assert not running("2026-12-20 10:00", Limit("working_days", 9), work({}, "2026-12-31")).provisional
    assert not running("2026-12-20 10:00", Limit("natural_days", 30), work({}, "2026-12-31")).provisional
    assert not running("2026-12-20 10:00", Limit("urgent_hours", 900), work({}, "2026-12-31")).provisional


def test_the_leap_day_is_a_day_like_others() -> None:
    calendar = work({}, "2028-02-29")
    due = running("2028-02-25 15:00", Limit("working_days", 2), calendar)
    assert (due.due_at_ms, due.unsure) == (at("2028-02-29 15:00"), SURE)
    assert running("2028-02-28 15:00", Limit("working_days", 2), calendar).due_at_ms == at("2028-03-01 15:00")
    assert running("2028-02-28 15:00", Limit("working_days", 2), calendar).provisional
    off = running("2028-02-28 15:00", Limit("working_days", 1), work({"2028-02-29": False}, "2028-12-31"))
    assert (off.due_at_ms, off.unsure) == (at("2028-03-01 15:00"), SURE)


def test_a_city_elsewhere_knows_its_own_days_in_its_own_zone() -> None:
    told = {"2026-12-24": False, "2026-12-25": False, "2026-12-31": False, "2027-01-01": False}
    calendar = work(told, "2027-03-31", BERLIN)
    assert calendar.known_until_ms == at("2027-04-01 00:00", BERLIN)
    due = running("2026-12-23 15:00", Limit("working_days", 3), calendar, BERLIN)
    assert (due.due_at_ms, due.unsure) == (at("2026-12-30 15:00", BERLIN), SURE)
    over_clocks = running("2027-03-26 15:00", Limit("working_days", 2), calendar, BERLIN)  # the clocks go forward on the 28th
    assert (over_clocks.due_at_ms, over_clocks.unsure) == (at("2027-03-30 15:00", BERLIN), SURE)


def test_a_calendar_of_which_nobody_knows_anything_makes_every_working_limit_provisional() -> None:
    assert work({}, None).known_until_ms == 0
    assert running("2026-03-10 10:00", Limit("working_hours", 1), work({}, None)).provisional
    always = calendar_of(SHANGHAI, lambda day: True, PERIODS, FIRST, LAST)
    assert always.known_until_ms == KNOWN_FOR_EVER_MS
    assert not running("2026-12-31 17:00", Limit("working_hours", 99), always).provisional


@pytest.mark.parametrize(
    ("moves", "unsure"),
    [
        ([("hanging", "2026-12-28 10:00")], SURE),  # what is left is what was used up in days that are known
        ([("hanging", "2027-01-05 10:00")], UNSURE_END),
        ([("closed", "2026-12-28 10:00")], UNSURE_END),  # the order keeps the end that it had
        ([("hanging", "2026-12-28 10:00"), ("handling", "2026-12-28 11:00")], UNSURE_END),
        ([("hanging", "2027-01-05 10:00"), ("handling", "2027-01-06 10:00")], UNSURE_END),
        ([("handling", "2026-12-28 10:00", "2027-02-01 12:00")], UNSURE_MARK),  # a person told the end
        ([("handling", "2026-12-28 10:00", "2027-02-01 12:00"), ("hanging", "2026-12-29 10:00")], UNSURE_END),
        ([("handling", "2026-12-28 10:00", "2027-02-01 12:00"), ("closed", "2026-12-29 10:00")], UNSURE_MARK),
    ],
)
def test_what_is_unsure_of_a_clock_that_stands_goes_on_or_was_deferred(moves: list[tuple[str, ...]], unsure: int) -> None:
    rules = law(work({}, "2026-12-31"), Limit("working_days", 10))
    clocks, state = moved((), Move(before=None, after="handling", at_ms=at("2026-12-21 10:00")), rules), "handling"
    for after, when, *deferred in moves:
        to_ms = at(deferred[0]) if deferred else None
        clocks = moved(clocks, Move(before=state, after=after, at_ms=at(when), deferred_to_ms=to_ms), rules)
        state = after
    assert clocks[0].unsure == unsure


def test_a_step_of_the_ladder_beyond_what_is_known_is_unsure_though_the_limit_is_not() -> None:
    rules = law(work({}, "2026-12-31"), Limit("working_days", 1))
    ladder = (Rung("total", Limit("working_days", 5), "urge"), Rung("total", Limit("natural_days", 9), "yellow_card"))
    rules = ClockRules(limits=rules.limits, calendar=rules.calendar, ladder=ladder)
    clocks = moved((), Move(before=None, after="registered", at_ms=at("2026-12-28 10:00")), rules)
    marks = {alarm.do: alarm.unsure for alarm in alarms(clocks, rules, lambda do: True)}
    assert marks == {"remind": False, "overdue": False, "urge": True, "yellow_card": False}
