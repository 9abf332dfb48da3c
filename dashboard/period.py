"""Instants and periods as people and programs write them, in the city's zone; what they mean says `domain.calendar`."""

import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from domain.calendar import EARLIEST_MS, LATEST_MS, PERIODS, Period, between, days_named, local_at, named, start_ms

if TYPE_CHECKING:
    from config.city_model import City

_EPOCH_MS: Final = re.compile(r"-?[0-9]{9,}")
_NAMED: Final = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


def parse_instant(text: str, city: "City", *, end: bool = False) -> int:
    """Milliseconds of an ISO-8601 time with its zone, of epoch milliseconds, or of a local day or month.

    A day or a month is its first instant, and with `end` the first instant after it. Raises ValueError, also for what lies
    outside the calendar.
    """
    text = text.strip()
    if _NAMED.fullmatch(text):
        return start_ms(days_named(text)[1 if end else 0], city.zone)
    if _EPOCH_MS.fullmatch(text):
        at_ms = int(text)
    else:
        at = dt.datetime.fromisoformat(text.replace(" ", "+"))  # a "+" that nobody escaped arrives as a blank
        if at.tzinfo is None:
            raise ValueError(f"{text!r} has no zone: write 2026-03-01T08:00:00+08:00, a day, or epoch milliseconds")
        at_ms = round(at.timestamp() * 1000)
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        raise ValueError(f"{text!r} lies outside the calendar")
    return at_ms


def resolve(period: Any, city: "City", now_ms: int) -> Period:
    """A key of PERIODS, a pair (from_ms, to_ms), a mapping with key, from or to, a Period; None is today.

    A pair that is exactly a known period gets its key. Raises ValueError.
    """
    if isinstance(period, Period):
        return period
    if period is None or period == "":
        return named("today", city.zone, now_ms)
    if isinstance(period, str):
        return named(period, city.zone, now_ms)
    if isinstance(period, Mapping):
        if period.get("key") in PERIODS:
            return named(period["key"], city.zone, now_ms)
        ends = [period.get(name, period.get(f"{name}_ms")) for name in ("from", "to")]
    else:
        ends = list(period)
    from_ms, to_ms = (None if end is None else int(end) for end in ends)
    return between(from_ms, to_ms, city.zone, now_ms)


def iso(at_ms: int | None, city: "City") -> str | None:
    """ISO-8601 with milliseconds and the city's offset; None for None."""
    return None if at_ms is None else _iso(at_ms, city.zone)


@functools.lru_cache(maxsize=4096)
def _iso(at_ms: int, zone: ZoneInfo) -> str:
    """An answer says the same instant hundreds of times."""
    return local_at(at_ms, zone).isoformat(timespec="milliseconds")
