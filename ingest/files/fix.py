"""What a reader of track files gives: fixes, and the lines that are none with the reason."""

import functools
import math
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

DAY_MS = 86_400_000


class Fix(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One fix as the file tells it: WGS-84 degrees, UTC milliseconds, SI units; None where the file is silent.

    `segment` rises where the recorder says that it was interrupted (a new `trkseg`): nothing is known in between.
    """

    worker: str
    fixed_at_ms: int
    lon: float
    lat: float
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None
    battery_pct: float | None = None
    segment: int = 0


class Reject(msgspec.Struct, frozen=True):
    """A line that gave no fix. `line` counts from 1; 0 is the file as a whole."""

    path: Path
    line: int
    reason: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How to read what a file does not say of itself.

    `worker` overrides the worker that the file or its folder names. `zone` holds for times without one (CSV only).
    `speed_unit` (mps, kmh, kn) is that of a column called just "speed"; "" leaves such a column out.
    """

    worker: str = ""
    zone: ZoneInfo = ZoneInfo("UTC")
    speed_unit: str = ""


class Unreadable(ValueError):
    """A value of a line cannot be what it should be; the message is the reason."""


def coordinate(text: str, bound: float, name: str) -> float:
    """`text` as degrees within ±`bound`. Raises Unreadable."""
    try:
        value = float(text)
    except ValueError as wrong:
        raise Unreadable(f"{name} is not a number" if text else f"{name} is missing") from wrong
    if not abs(value) <= bound:  # also refuses NaN
        raise Unreadable(f"{name} is out of range")
    return value


def number(text: str | None) -> float | None:
    """`text` as a finite number, or None: a side value that is rubbish does not spoil the fix."""
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) else None


@functools.lru_cache(maxsize=4096)
def day_ms(year: int, month: int, day: int) -> int:
    """Midnight UTC of a day in milliseconds. Raises Unreadable for a day that does not exist."""
    try:
        return (date(year, month, day).toordinal() - 719_163) * DAY_MS
    except (ValueError, OverflowError) as wrong:
        raise Unreadable("no such day") from wrong


def instant_ms(text: str, zone: ZoneInfo) -> int:
    """Milliseconds UTC of an ISO 8601 time, or of an epoch in s, ms, µs or ns (told apart by size).

    A time without zone is in `zone`. Raises Unreadable.
    """
    text = text.strip()
    if not text:
        raise Unreadable("time is missing")
    value = number(text)
    if value is not None:
        return epoch_ms(value)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Unreadable("time is not readable") from wrong
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=zone)
    delta = parsed - datetime(1970, 1, 1, tzinfo=UTC)
    return delta.days * DAY_MS + delta.seconds * 1000 + delta.microseconds // 1000


def epoch_ms(value: float) -> int:
    """An epoch number as milliseconds: below 1e11 seconds, below 1e14 ms, below 1e17 µs, else ns."""
    size = abs(value)
    if size < 1e11:
        return round(value * 1000)
    return round(value if size < 1e14 else value / 1e3 if size < 1e17 else value / 1e6)
