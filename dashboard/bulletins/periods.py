"""Weeks, months and years by name (2026-W43, 2026-10, 2026), in the city's zone."""

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from config.words import words
from dashboard.period import Period
from store.bulletins import KINDS, Kind

if TYPE_CHECKING:
    from config.city_model import City

_FORMS: Final = {"week": "[0-9]{4}-W[0-9]{2}", "month": "[0-9]{4}-[0-9]{2}", "year": "[0-9]{4}"}
EARLIEST_YEAR: Final = 1990


def kind_of(period: str) -> Kind:
    """What a name is the name of. Raises ValueError for one that is none."""
    for kind in KINDS:
        if re.fullmatch(_FORMS[kind], period):
            return kind
    raise ValueError(f"{period!r} is no period: write 2026-W43, 2026-10 or 2026")


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """(its first day, the first day after it). Raises ValueError."""
    kind = kind_of(period)
    year = int(period[:4])
    if not EARLIEST_YEAR <= year < 9998:
        raise ValueError(f"{period!r} lies outside the calendar")
    if kind == "week":
        first = dt.date.fromisocalendar(year, int(period[6:]), 1)
    else:
        first = dt.date(year, int(period[5:]) if kind == "month" else 1, 1)
    return first, _after(kind, first)


def _after(kind: Kind, first: dt.date) -> dt.date:
    if kind == "week":
        return first + dt.timedelta(days=7)
    return first.replace(year=first.year + 1) if kind == "year" else (first + dt.timedelta(days=31)).replace(day=1)


def bounds(period: str, city: "City") -> Period:
    """The instants between which it lies. Raises ValueError."""
    first, after = days_of(period)
    key = kind_of(period)
    return Period(key, city.day_bounds(first.isoformat())[0], city.day_bounds(after.isoformat())[0])


def name_of(kind: Kind, day: dt.date) -> str:
    """The name of the period of that kind in which a local day lies."""
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m}" if kind == "month" else f"{day:%Y}"


def before(period: str) -> str:
    """The one before it."""
    return name_of(kind_of(period), days_of(period)[0] - dt.timedelta(days=1))


def after(period: str) -> str:
    """The one after it."""
    return name_of(kind_of(period), days_of(period)[1])


def spoken(period: str, lang: str) -> str:
    """2026年10月, 2026年第43周（2026-10-19至2026-10-25）, 2026年; or in English."""
    kind = kind_of(period)
    first, next_day = days_of(period)
    last = next_day - dt.timedelta(days=1)
    return words(lang)[f"bulletins.period.{kind}"].format(
        year=period[:4], month=f"{first.month:02d}" if lang == "en" else first.month, first=first, last=last,
        week=int(period[-2:]) if kind == "week" else "", week_year=period[:4],
    )  # fmt: skip
