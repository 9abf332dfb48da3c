"""Instants as civil time, whatever number an instant is: what lies beyond every calendar stands at the end of it."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

FIRST_MS: Final = -62_135_424_000_000
"""0001-01-03T00:00Z: a day of year 1 in every zone."""

LAST_MS: Final = 253_402_127_999_999
"""9999-12-29T23:59:59.999Z: a day of year 9999 in every zone."""


def clamped_ms(at_ms: int) -> int:
    """The instant, or the first or last one that has a date in every zone."""
    return min(max(at_ms, FIRST_MS), LAST_MS)


def civil(at_ms: int, zone: ZoneInfo) -> dt.datetime:
    """The civil time of an instant, that of `clamped_ms` where it has none. Never raises."""
    return dt.datetime.fromtimestamp(clamped_ms(at_ms) / 1000, zone)
