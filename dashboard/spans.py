"""Windows as calendar units: which week, month, quarter or year one is, the one before and after, and the parts of a trend."""

import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from dashboard.period import Period, month_after

if TYPE_CHECKING:
    from config.city_model import City

UNITS: Final = ("week", "month", "quarter", "year")
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
MOST_DAYS: Final = 45  # up to so many days a trend goes by day, and up to so many by week
MOST_DAYS_OF_WEEKS: Final = 190


class Span(msgspec.Struct, frozen=True):
    """A window as local days, both included. `unit` is one of UNITS, or "days"."""

    unit: str
    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def span_of(period: Period, city: "City") -> Span | None:
    """The days of a period; None where it has an open end."""
    if period.from_ms is None or period.to_ms is None or period.to_ms <= period.from_ms:
        return None
    first = dt.date.fromisoformat(city.day_of(period.from_ms))
    last = dt.date.fromisoformat(city.day_of(period.to_ms - 1))
    return Span(_unit(first, last + dt.timedelta(days=1)), first, last)


def _unit(first: dt.date, after: dt.date) -> str:
    if first.weekday() == 0 and (after - first).days == 7:
        return "week"
    for unit, months in _MONTHS.items():
        if first.day == 1 and (first.month - 1) % months == 0 and month_after(first, months) == after:
            return unit
    return "days"


def moved(span: Span, steps: int) -> Span:
    """The span so many of its own lengths later; earlier, if negative."""
    if span.unit in _MONTHS:
        months = _MONTHS[span.unit]
        first = month_after(span.first, steps * months)
        return Span(span.unit, first, month_after(first, months) - dt.timedelta(days=1))
    by = dt.timedelta(days=steps * span.days)
    return Span(span.unit, span.first + by, span.last + by)


def trend_unit(first: dt.date, last: dt.date) -> str:
    """By what a trend over these days goes: day, week or month."""
    days = (last - first).days + 1
    return "day" if days <= MOST_DAYS else "week" if days <= MOST_DAYS_OF_WEEKS else "month"


def bin_of(day: dt.date, unit: str) -> dt.date:
    """The first day of the day, week or month that a day lies in."""
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def bin_after(first: dt.date, unit: str) -> dt.date:
    """The first day of the day, week or month after that."""
    return month_after(first) if unit == "month" else first + dt.timedelta(days=7 if unit == "week" else 1)


def bins(first: dt.date, last: dt.date, unit: str) -> list[dt.date]:
    """The first days of all bins that these days lie in, in order."""
    found, at = [], bin_of(first, unit)
    while at <= last:
        found.append(at)
        at = bin_after(at, unit)
    return found
