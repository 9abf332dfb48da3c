"""The calendar: every day of nine years in zones that are hard, and laws for any instant and any period."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import calendar
from domain.calendar import BASES, PERIODS, UNITS, Period, base_of, between, day_at, earlier, named, span_of, start_ms

ZONES = tuple(map(ZoneInfo, ("Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia")))
"""The last one skipped 30 December 2011 altogether; others change their clocks."""

SKIPPING = tuple(map(ZoneInfo, ("Africa/Cairo", "America/Asuncion", "Asia/Beirut", "America/Havana", "Pacific/Apia")))
"""Those in which midnight itself is left out or comes twice, or did."""

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2032, 12, 31)
DAYS = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
HOUR, DAY = 3_600_000, 86_400_000

ALIKE: dict[str, Any] = {
    "today": lambda d: d,
    "week": lambda d: d.isocalendar()[:2],
    "month": lambda d: (d.year, d.month),
    "quarter": lambda d: (d.year, (d.month - 1) // 3),
    "year": lambda d: d.year,
}
"""What days of one period have in common."""

instants = st.integers(-(2**63), 2**63 - 1) | st.integers(-2_000_000_000_000, 4_000_000_000_000)
zones = st.sampled_from((*ZONES, *SKIPPING, ZoneInfo("UTC")))


def at(zone: ZoneInfo, text: str) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def whole(key: str, zone: ZoneInfo, day: dt.date) -> Period:
    return named(key, zone, start_ms(day, zone))


# every day of 2024 to 2032


def naive(key: str, day: dt.date) -> tuple[dt.date, dt.date]:
    """The same by another way: days are looked through one by one."""
    alike = ALIKE[key]
    one, first, after = dt.timedelta(days=1), day, day
    while alike(first - one) == alike(day):
        first -= one
    while alike(after) == alike(day):
        after += one
    return first, after


@pytest.mark.parametrize("key", ["today", "week", "month", "quarter", "year"])
def test_every_period_of_every_day_is_made_of_the_days_that_are_alike(key: str) -> None:
    known: dict[dt.date, tuple[dt.date, dt.date]] = {}
    unit = "day" if key == "today" else key
    for day in DAYS:
        first, after = calendar.first_of(day, unit), calendar.first_after(day, unit)
        if first not in known:
            known[first] = naive(key, day)
        assert (first, after) == known[first], day


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_day_has_its_periods_and_none_of_their_bases_reaches_into_them(zone: ZoneInfo) -> None:
    for day in DAYS:
        begin_ms, end_ms = calendar.day_bounds(day, zone)
        assert 22 * HOUR < end_ms - begin_ms < 26 * HOUR and day_at(begin_ms, zone) == day_at(end_ms - 1, zone) == day
        now_ms = begin_ms + (day.toordinal() * 7919) % (end_ms - begin_ms)
        for key in PERIODS[:-1]:
            period = named(key, zone, now_ms)
            assert period.from_ms is not None and period.to_ms is not None
            if key == "month":
                assert between(period.from_ms, period.to_ms, zone, now_ms) == period
            assert period.from_ms <= now_ms < period.to_ms or key == "yesterday"
            for kind in BASES:
                base = base_of(kind, period, zone, now_ms)
                if base is None:
                    assert kind == "year" and (day.month, day.day) in ((2, 29), (3, 1))
                    continue
                assert base.from_ms <= base.to_ms <= period.from_ms and base.as_of_ms <= now_ms


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("key", ["today", "month", "quarter", "year", "week"])
def test_the_base_of_a_period_that_is_over_is_the_whole_period_before(zone: ZoneInfo, key: str) -> None:
    for day in DAYS:
        period = whole(key, zone, day)
        assert period.from_ms is not None and period.to_ms is not None
        base = base_of("previous", period, zone, period.to_ms)
        before = named(key, zone, period.from_ms - 1)
        assert base is not None and (base.from_ms, base.to_ms) == (before.from_ms, before.to_ms), day


# what went wrong, by name


@pytest.mark.parametrize(
    ("key", "now", "kind", "base"),
    [
        ("month", "2026-12-31 12:00", "previous", ("2026-11-01", "2026-12-01")),
        ("month", "2026-03-30 12:00", "previous", ("2026-02-01", "2026-03-01")),
        ("month", "2028-03-29 12:00", "previous", ("2028-02-01", "2028-02-29 12:00")),
        ("quarter", "2026-06-30 12:00", "previous", ("2026-01-01", "2026-03-30 12:00")),
        ("quarter", "2026-05-31 12:00", "previous", ("2026-01-01", "2026-03-01")),
        ("year", "2028-03-10 12:00", "year", ("2027-01-01", "2027-03-10 12:00")),
        ("year", "2029-03-10 12:00", "year", ("2028-01-01", "2028-03-10 12:00")),
        ("year", "2028-02-29 12:00", "year", ("2027-01-01", "2027-03-01")),
        ("month", "2028-02-29 12:00", "year", ("2027-02-01", "2027-03-01")),
        ("month", "2029-02-28 12:00", "year", ("2028-02-01", "2028-02-28 12:00")),
        ("today", "2026-01-01 08:00", "previous", ("2025-12-31", "2025-12-31 08:00")),
        ("today", "2028-03-01 08:00", "year", ("2027-03-01", "2027-03-01 08:00")),
        ("week", "2027-01-02 08:00", "previous", ("2026-12-21", "2026-12-26 08:00")),
        ("yesterday", "2026-12-01 08:00", "previous", ("2026-11-29", "2026-11-30")),
    ],
)
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_period_is_compared_with_the_same_dates(zone: ZoneInfo, key: str, now: str, kind: str, base: tuple[str, str]) -> None:
    now_ms = at(zone, now)
    found = base_of(kind, named(key, zone, now_ms), zone, now_ms)
    assert found is not None and (found.from_ms, found.to_ms) == (at(zone, base[0]), at(zone, base[1]))


def test_a_window_of_hours_is_compared_with_the_same_hours_of_a_day_before() -> None:
    zone = ZONES[0]
    now_ms = at(zone, "2026-12-01 23:00")
    hours = Period("custom", at(zone, "2026-12-01 08:00"), at(zone, "2026-12-01 20:00"))
    found = base_of("previous", hours, zone, now_ms)
    assert found is not None and (found.from_ms, found.to_ms) == (at(zone, "2026-11-30 08:00"), at(zone, "2026-11-30 20:00"))
    day = Period("custom", at(zone, "2026-12-01 08:00"), at(zone, "2026-12-02 08:00"))
    found = base_of("previous", day, zone, at(zone, "2026-12-03"))
    assert found is not None and (found.from_ms, found.to_ms) == (at(zone, "2026-11-30 08:00"), at(zone, "2026-12-01 08:00"))


def test_only_a_day_that_did_not_exist_a_year_before_has_no_base() -> None:
    zone = ZONES[0]
    leap = whole("today", zone, dt.date(2028, 2, 29))
    assert base_of("year", leap, zone, at(zone, "2028-02-29 12:00")) is None
    assert base_of("previous", leap, zone, at(zone, "2028-02-29 12:00")) is not None
    assert base_of("year", Period("all", None, None), zone, 0) is None and base_of("decade", leap, zone, 0) is None


def test_a_day_on_which_the_clock_is_put_forward_has_23_hours_and_noon_is_noon_the_day_before() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin_ms, end_ms = calendar.day_bounds(dt.date(2027, 3, 28), zone)
    assert end_ms - begin_ms == 23 * HOUR
    assert earlier(at(zone, "2027-03-28 12:00"), zone, days=1) == at(zone, "2027-03-27 12:00")
    assert calendar.clock_ms(dt.date(2027, 3, 28), 150, zone) == begin_ms + 2 * HOUR + HOUR // 2
    assert calendar.clock_ms(dt.date(2027, 3, 28), 1440, zone) == end_ms


def test_a_day_that_a_zone_skipped_has_no_length_and_its_neighbours_meet() -> None:
    zone = ZoneInfo("Pacific/Apia")
    begin_ms, end_ms = calendar.day_bounds(dt.date(2011, 12, 30), zone)
    assert begin_ms == end_ms == start_ms(dt.date(2011, 12, 31), zone) == calendar.day_bounds(dt.date(2011, 12, 29), zone)[1]
    assert day_at(begin_ms, zone) == dt.date(2011, 12, 31) and day_at(begin_ms - 1, zone) == dt.date(2011, 12, 29)


def test_week_53_and_the_turn_of_the_year_have_their_names() -> None:
    assert calendar.name_of("week", dt.date(2027, 1, 3)) == "2026-W53"
    assert calendar.name_of("week", dt.date(2024, 12, 30)) == "2025-W01"
    assert calendar.days_named("2026-W53") == (dt.date(2026, 12, 28), dt.date(2027, 1, 4))
    assert calendar.days_named("2026-Q4") == (dt.date(2026, 10, 1), dt.date(2027, 1, 1))
    for wrong in ("2027-W53", "2026-02-29", "2026-Q5", "2026-13", "9999-12-31", "0000", "week", "", "2026-1"):
        with pytest.raises(ValueError):
            calendar.days_named(wrong)


# laws


@given(instants, zones)
def test_every_instant_lies_in_its_day(at_ms: int, zone: ZoneInfo) -> None:
    day = day_at(at_ms, zone)
    begin_ms, end_ms = calendar.day_bounds(day, zone)
    inside = min(max(at_ms, calendar.EARLIEST_MS), calendar.LATEST_MS)
    assert begin_ms <= inside < end_ms


@given(instants, zones, st.sampled_from(PERIODS), st.sampled_from(BASES), instants)
def test_no_period_and_no_base_raises_or_runs_past_its_end(
    now_ms: int, zone: ZoneInfo, key: str, kind: str, then_ms: int
) -> None:
    period = named(key, zone, now_ms)
    base = base_of(kind, period, zone, then_ms)
    assert base is None or base.from_ms <= base.to_ms <= (period.from_ms or 0)
    span = span_of(period, zone)
    assert span is None or calendar.moved(calendar.moved(span, 1), -1).unit == span.unit


@given(instants, instants, zones, st.sampled_from(BASES), instants)
def test_a_window_of_ones_own_is_compared_with_one_before_it(
    one_ms: int, other_ms: int, zone: ZoneInfo, kind: str, now_ms: int
) -> None:
    from_ms, to_ms = sorted((one_ms, other_ms))
    base = base_of(kind, Period("custom", from_ms, to_ms), zone, now_ms)
    if base is not None and calendar.EARLIEST_MS + 1000 * 366 * DAY < from_ms < to_ms < calendar.LATEST_MS:
        assert base.from_ms < from_ms and base.from_ms <= base.to_ms
        assert kind == "year" or base.to_ms <= from_ms


@given(st.dates(), st.sampled_from(UNITS))
def test_units_follow_each_other_without_a_gap(day: dt.date, unit: str) -> None:
    first, after = calendar.first_of(day, unit), calendar.first_after(day, unit)
    if calendar.FIRST_DAY.year < day.year < calendar.LAST_DAY.year:
        assert first <= day < after and calendar.first_of(after, unit) == after
        assert calendar.first_after(after, unit, -1) == first == calendar.first_of(calendar.days_later(after, -1), unit)
        assert calendar.days_named(calendar.name_of(unit, day)) == (first, after)
        assert calendar.unit_of(calendar.name_of(unit, day)) == unit


@settings(max_examples=50)
@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 800))
def test_the_bins_of_a_trend_hold_each_of_its_days_once(first: dt.date, days: int) -> None:
    last = first + dt.timedelta(days=days)
    unit = calendar.trend_unit(first, last)
    found = calendar.bins(first, last, unit)
    assert found == sorted(set(found)) and len(found) <= 60
    held = [calendar.first_of(first + dt.timedelta(days=n), unit) for n in range(days + 1)]
    assert sorted(set(held)) == found
