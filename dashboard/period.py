"""Instants and periods as people and programs write them, in the city's zone."""

import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from config.city_model import City

PERIODS: Final = ("today", "yesterday", "week", "month", "quarter", "year", "all")

_EPOCH_MS: Final = re.compile(r"-?\d{9,}")
_MONTH: Final = re.compile(r"\d{4}-\d{2}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class Period(msgspec.Struct, frozen=True):
    """`from_ms` ≤ instant < `to_ms`; None: without end. `key` is one of PERIODS, or "custom"."""

    key: str
    from_ms: int | None
    to_ms: int | None


def parse_instant(text: str, city: "City", *, end: bool = False) -> int:
    """Milliseconds of an ISO-8601 time with its zone, of epoch milliseconds, or of a local day or month.

    A day or a month is its first instant, and with `end` the first instant after it. Raises ValueError.
    """
    text = text.strip()
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    if _DAY.fullmatch(text):
        return city.day_bounds(text)[1 if end else 0]
    if _MONTH.fullmatch(text):
        first = dt.date.fromisoformat(text + "-01")
        return city.day_bounds((month_after(first) if end else first).isoformat())[0]
    at = dt.datetime.fromisoformat(text.replace(" ", "+"))  # a "+" that nobody escaped arrives as a blank
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: write 2026-03-01T08:00:00+08:00, a day, or epoch milliseconds")
    return round(at.timestamp() * 1000)


def resolve(period: Any, city: "City", now_ms: int) -> Period:
    """A key of PERIODS, a pair (from_ms, to_ms), a mapping with key, from or to, a Period; None is today.

    A pair that is exactly a known period gets its key. Raises ValueError.
    """
    if isinstance(period, Period):
        return period
    if period is None or period == "":
        return _named("today", city, now_ms)
    if isinstance(period, str):
        return _named(period, city, now_ms)
    if isinstance(period, Mapping):
        if period.get("key") in PERIODS:
            return _named(period["key"], city, now_ms)
        ends = [period.get(name, period.get(f"{name}_ms")) for name in ("from", "to")]
    else:
        ends = list(period)
    from_ms, to_ms = (None if end is None else int(end) for end in ends)
    known = (_named(key, city, now_ms) for key in PERIODS)
    return next((p for p in known if (p.from_ms, p.to_ms) == (from_ms, to_ms)), Period("custom", from_ms, to_ms))


def iso(at_ms: int | None, city: "City") -> str | None:
    """ISO-8601 with milliseconds and the city's offset; None for None."""
    return None if at_ms is None else _iso(at_ms, city.zone)


@functools.lru_cache(maxsize=4096)
def _iso(at_ms: int, zone: ZoneInfo) -> str:
    """An answer says the same instant hundreds of times."""
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="milliseconds")


def _named(key: str, city: "City", now_ms: int) -> Period:
    if key == "all":
        return Period(key, None, None)
    if key not in PERIODS:
        raise ValueError(f"{key!r} is no period: one of {', '.join(PERIODS)}")
    today = dt.date.fromisoformat(city.day_of(now_ms))
    first = {
        "today": today,
        "yesterday": today - dt.timedelta(days=1),
        "week": today - dt.timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "quarter": today.replace(month=today.month - (today.month - 1) % 3, day=1),
        "year": today.replace(month=1, day=1),
    }[key]
    after = {
        "today": today + dt.timedelta(days=1),
        "yesterday": today,
        "week": first + dt.timedelta(days=7),
        "month": month_after(first),
        "quarter": month_after(first, 3),
        "year": month_after(first, 12),
    }[key]
    return Period(key, city.day_bounds(first.isoformat())[0], city.day_bounds(after.isoformat())[0])


def month_after(first: dt.date, months: int = 1) -> dt.date:
    """The first day of the month so many months after the one that a day lies in; before it, if negative."""
    years, month = divmod(first.month - 1 + months, 12)
    return dt.date(first.year + years, month + 1, 1)
