"""The periods that are published: weeks, months and years by name (2026-W43, 2026-10, 2026), in the city's zone."""

import datetime as dt
from typing import TYPE_CHECKING, Final

from config.words import words
from domain.calendar import Period, days_later, days_named, name_of, start_ms, unit_of
from store.bulletins import KINDS, Kind

if TYPE_CHECKING:
    from config.city_model import City

EARLIEST_YEAR: Final = 1990


def kind_of(period: str) -> Kind:
    """What a name is the name of. Raises ValueError for one that is none, or that of a day or quarter."""
    unit = unit_of(period)
    kind = next((kind for kind in KINDS if kind == unit), None)
    if kind is None:
        raise ValueError(f"{period!r} is no period: write 2026-W43, 2026-10 or 2026")
    return kind


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """(its first day, the first day after it). Raises ValueError."""
    kind_of(period)
    if int(period[:4]) < EARLIEST_YEAR:
        raise ValueError(f"{period!r} lies outside the calendar")
    return days_named(period)


def bounds(period: str, city: "City") -> Period:
    """The instants between which it lies. Raises ValueError."""
    first, after = days_of(period)
    return Period(kind_of(period), start_ms(first, city.zone), start_ms(after, city.zone))


def before(period: str) -> str:
    """The one before it."""
    return name_of(kind_of(period), days_later(days_of(period)[0], -1))


def after(period: str) -> str:
    """The one after it."""
    return name_of(kind_of(period), days_of(period)[1])


def spoken(period: str, lang: str) -> str:
    """2026年10月, 2026年第43周（2026-10-19至2026-10-25）, 2026年; or in English."""
    kind = kind_of(period)
    first, next_day = days_of(period)
    last = days_later(next_day, -1)
    return words(lang)[f"bulletins.period.{kind}"].format(
        year=period[:4], month=f"{first.month:02d}" if lang == "en" else first.month, first=first, last=last,
        week=int(period[-2:]) if kind == "week" else "", week_year=period[:4],
    )  # fmt: skip
