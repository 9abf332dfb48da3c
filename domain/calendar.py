"""Days and periods by the calendar of a zone: where they begin and end, what they are compared with, what they are called.

Whoever shows, counts or lists by date asks here, and nobody else adds days or months. A local day is as long as its zone makes
it (23 or 25 hours, or none at all where a zone skips one), so days are counted as days and never as so many hours. Nothing here
raises for an instant or a day that is too far away: the calendar has a first and a last day, and what lies beyond is these.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

import msgspec

PERIODS: Final = ("today", "yesterday", "week", "month", "quarter", "year", "all")
"""Periods that are named by where now lies. Weeks begin on Monday (ISO 8601)."""

UNITS: Final = ("day", "week", "month", "quarter", "year")
BASES: Final = ("previous", "year")
"""环比: the period before; 同比: the same period a year before."""

FIRST_DAY: Final = dt.date(1, 1, 2)
LAST_DAY: Final = dt.date(9999, 12, 30)
"""Every instant of them can be told in every zone."""

MOST_DAYS: Final = 45
MOST_DAYS_OF_WEEKS: Final = 190
"""Up to so many days a trend goes by day, and up to so many by week."""

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS: Final = dt.timedelta(milliseconds=1)


class Period(msgspec.Struct, frozen=True):
    """`from_ms` ≤ instant < `to_ms`; None: without end. `key` is one of PERIODS, or another word for what is none of them."""

    key: str
    from_ms: int | None
    to_ms: int | None


class Span(msgspec.Struct, frozen=True):
    """A window as local days, both included. `unit` is one of UNITS but "day", or "days"."""

    unit: str
    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class Base(msgspec.Struct, frozen=True):
    """A window to compare with, and the moment as of which its orders are looked at."""

    from_ms: int
    to_ms: int
    as_of_ms: int


# days


def days_later(day: dt.date, days: int) -> dt.date:
    """The day so many days later; earlier, if negative."""
    if not -4_000_000 < days < 4_000_000:
        return LAST_DAY if days > 0 else FIRST_DAY
    return _kept(day.toordinal() + days)


def _kept(ordinal: int) -> dt.date:
    return dt.date.fromordinal(min(max(ordinal, FIRST_DAY.toordinal()), LAST_DAY.toordinal()))


def months_later(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months after the one that a day lies in; before it, if negative."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        return LAST_DAY if months > 0 else FIRST_DAY
    return max(dt.date(year, month + 1, 1), FIRST_DAY)


def first_of(day: dt.date, unit: str) -> dt.date:
    """The first day of the unit (one of UNITS) that a day lies in."""
    if unit == "day":
        return day
    if unit == "week":
        return days_later(day, -day.weekday())
    return months_later(day, -((day.month - 1) % _MONTHS[unit]))


def first_after(day: dt.date, unit: str, steps: int = 1) -> dt.date:
    """The first day of the unit so many units after the one that a day lies in; before it, if negative."""
    first = first_of(day, unit)
    if unit in _MONTHS:
        return months_later(first, steps * _MONTHS[unit])
    return days_later(first, steps * (7 if unit == "week" else 1))


def days_up_to(last: dt.date, days: int) -> list[dt.date]:
    """So many days in order, of which `last` is the last."""
    return [days_later(last, -back) for back in range(days - 1, -1, -1)]


def span_between(first: dt.date, after: dt.date) -> Span:
    """The days from `first` to the one before `after`, as the unit that they are."""
    last = max(days_later(after, -1), first)
    units = (unit for unit in ("week", *_MONTHS) if first_of(first, unit) == first and first_after(first, unit) == after)
    return Span(next(units, "days"), first, last)


def moved(span: Span, steps: int) -> Span:
    """The span so many of its own lengths later; earlier, if negative."""
    if span.unit in _MONTHS:
        first = first_after(span.first, span.unit, steps)
        return Span(span.unit, first, days_later(first_after(first, span.unit), -1))
    by = steps * span.days
    return Span(span.unit, days_later(span.first, by), days_later(span.last, by))


def trend_unit(first: dt.date, last: dt.date) -> str:
    """By what a trend over these days goes: day, week or month."""
    days = (last - first).days + 1
    return "day" if days <= MOST_DAYS else "week" if days <= MOST_DAYS_OF_WEEKS else "month"


def bins(first: dt.date, last: dt.date, unit: str) -> list[dt.date]:
    """The first days of all units that these days lie in, in order."""
    found, at = [], first_of(first, unit)
    while at <= last:
        found.append(at)
        if (after := first_after(at, unit)) <= at:
            break  # the calendar's last one
        at = after
    return found


# days and instants


def day_at(at_ms: int, zone: dt.tzinfo) -> dt.date:
    """The local day of an instant."""
    return local_at(at_ms, zone).date()


def start_ms(day: dt.date, zone: dt.tzinfo) -> int:
    """The first instant of a local day; where the zone skips midnight or the whole day, the first one after it."""
    return _instant(dt.datetime.combine(_kept(day.toordinal()), dt.time(), zone))


def day_bounds(day: dt.date, zone: dt.tzinfo) -> tuple[int, int]:
    """The first instant of a local day and of the next one."""
    return start_ms(day, zone), start_ms(days_later(day, 1), zone)


def clock_ms(day: dt.date, minutes: int, zone: dt.tzinfo) -> int:
    """The instant at which a clock shows so many minutes after midnight (1440: the next one) of a local day.

    Of an hour that comes twice the first one; of one that is left out the moment at which it is.
    """
    day, minutes = days_later(day, minutes // 1440), minutes % 1440
    return _instant(dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60), zone))


def earlier(at_ms: int, zone: dt.tzinfo, *, months: int = 0, days: int = 0) -> int:
    """The same time by the clock so many months, or so many days, before.

    Where there is no such day (the 31st, 29 February) it is the end of that month.
    """
    local = local_at(at_ms, zone)
    day = local.date()
    if months:
        month = months_later(day, -months)
        after = months_later(month, 1)
        if day.day > (after - month).days:
            return start_ms(after, zone)
        target = days_later(month, day.day - 1)
    else:
        target = days_later(day, -days)
    begin_ms, end_ms = day_bounds(target, zone)
    same_ms = _instant(dt.datetime.combine(target, local.timetz()))
    return min(max(same_ms, begin_ms), end_ms)


def within(at_ms: int) -> int:
    """The instant, or the first or last one of the calendar."""
    return min(max(at_ms, EARLIEST_MS), LATEST_MS)


def local_at(at_ms: int, zone: dt.tzinfo) -> dt.datetime:
    """An instant as the zone's clocks and calendars show it."""
    return (_EPOCH + within(at_ms) * _MS).astimezone(zone)


def _instant(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MS


EARLIEST_MS: Final = start_ms(days_later(FIRST_DAY, 1), dt.UTC)
LATEST_MS: Final = start_ms(days_later(LAST_DAY, -1), dt.UTC)
"""The first and the last instant of the calendar: inside its days in every zone."""


# periods


def named(key: str, zone: dt.tzinfo, now_ms: int) -> Period:
    """The period of that name (one of PERIODS) in which `now_ms` lies, or before which (yesterday). Raises ValueError."""
    if key not in PERIODS:
        raise ValueError(f"{key!r} is no period: one of {', '.join(PERIODS)}")
    if key == "all":
        return Period(key, None, None)
    unit = {"today": "day", "yesterday": "day"}.get(key, key)
    first = first_after(day_at(now_ms, zone), unit, -1 if key == "yesterday" else 0)
    return Period(key, start_ms(first, zone), start_ms(first_after(first, unit), zone))


def between(from_ms: int | None, to_ms: int | None, zone: dt.tzinfo, now_ms: int) -> Period:
    """The period between two instants, under the name that it has now, else as "custom"."""
    known = (named(key, zone, now_ms) for key in PERIODS)
    return next((one for one in known if (one.from_ms, one.to_ms) == (from_ms, to_ms)), Period("custom", from_ms, to_ms))


def span_of(period: Period, zone: dt.tzinfo) -> Span | None:
    """The local days that a period touches; None where it has an open end, or none."""
    if period.from_ms is None or period.to_ms is None or period.to_ms <= period.from_ms:
        return None
    return span_between(day_at(period.from_ms, zone), days_later(day_at(period.to_ms - 1, zone), 1))


def base_of(kind: str, period: Period, zone: dt.tzinfo, now_ms: int) -> Base | None:
    """What a period is compared with at the same age; `kind` is one of BASES. None where there is none: an open end, another
    kind, only days that did not exist a year before, or the calendar's first days.

    A month of which nine and a half days are over is compared with nine and a half days of the month before, as they stood
    then, and one that has had its 31st with the whole of it: a base never runs past its own end into the period itself.
    """
    if period.from_ms is None or period.to_ms is None or period.to_ms <= period.from_ms or kind not in BASES:
        return None
    back = _a_year_back(zone) if kind == "year" else _a_period_back(period.from_ms, period.to_ms, zone)
    from_ms, end_ms, as_of_ms = back(period.from_ms), back(period.to_ms), back(now_ms)
    if end_ms <= from_ms or from_ms >= period.from_ms:
        return None
    to_ms = end_ms if now_ms >= period.to_ms else min(max(as_of_ms, from_ms), end_ms)
    return Base(from_ms, to_ms, max(as_of_ms, from_ms))


def _a_year_back(zone: dt.tzinfo) -> Callable[[int], int]:
    return lambda at_ms: earlier(at_ms, zone, months=12)


def _a_period_back(from_ms: int, to_ms: int, zone: dt.tzinfo) -> Callable[[int], int]:
    """As many whole months earlier, if the period is made of such, else as few days as it takes to lie before it."""
    first, after = day_at(from_ms, zone), day_at(to_ms, zone)
    if (start_ms(first_of(first, "month"), zone), start_ms(first_of(after, "month"), zone)) == (from_ms, to_ms):
        months = (after.year - first.year) * 12 + after.month - first.month
        return lambda at_ms: earlier(at_ms, zone, months=months)
    days = max((after - first).days, 1)
    if earlier(to_ms, zone, days=days) > from_ms:
        days += 1
    return lambda at_ms: earlier(at_ms, zone, days=days)


# names: 2026-03-09, 2026-W43, 2026-10, 2026-Q4, 2026


_NAMES: Final = {
    "day": re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"),
    "week": re.compile(r"([0-9]{4})-W([0-9]{2})"),
    "month": re.compile(r"([0-9]{4})-([0-9]{2})"),
    "quarter": re.compile(r"([0-9]{4})-Q([1-4])"),
    "year": re.compile(r"([0-9]{4})"),
}


def name_of(unit: str, day: dt.date) -> str:
    """The name of the unit that a day lies in. A week belongs to the year of its Thursday (ISO 8601)."""
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    names = {
        "day": day.isoformat(),
        "month": f"{day.year:04d}-{day.month:02d}",
        "quarter": f"{day.year:04d}-Q{(day.month + 2) // 3}",
        "year": f"{day.year:04d}",
    }
    return names[unit]


def unit_of(name: str) -> str:
    """What a name is the name of. Raises ValueError for one that is none."""
    for unit, form in _NAMES.items():
        if form.fullmatch(name):
            return unit
    raise ValueError(f"{name!r} is no period: write 2026-10-19, 2026-W43, 2026-10, 2026-Q4 or 2026")


def days_named(name: str) -> tuple[dt.date, dt.date]:
    """(the first day of what has this name, the first day after it). Raises ValueError for what the calendar does not have."""
    unit = unit_of(name)
    form = _NAMES[unit].fullmatch(name)
    assert form is not None
    year, *rest = map(int, form.groups())
    if not FIRST_DAY.year < year < LAST_DAY.year:
        raise ValueError(f"{name!r} lies outside the calendar")
    if unit == "week":
        first = dt.date.fromisocalendar(year, rest[0], 1)
    elif unit == "quarter":
        first = dt.date(year, rest[0] * 3 - 2, 1)
    else:
        month, day = (*rest, 1, 1)[:2]
        first = dt.date(year, month, day)
    return first, first_after(first, unit)
