"""What a reader of track files gives: fixes, the lines that are none with the reason, and how it understood the file."""

import functools
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.bounds import DAY_MS
from ingest.tabular import Form, Reject
from ingest.tabular.cells import Unreadable, coordinate, moment, number

SIDE_VALUES: Final = {
    "altitude_m": (-1e4, 1e6),
    "speed_mps": (0.0, 1e4),
    "heading_deg": (0.0, 360.0),
    "accuracy_m": (0.0, 1e7),
    "battery_pct": (0.0, 100.0),
}
"""What a fix may say beside its place, and within which bounds: beyond them (-1 for unknown …) it says nothing."""


class Fix(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One fix as the file tells it: WGS-84 degrees, UTC milliseconds, SI units; None where the file is silent.

    `line` is where it begins in the file. `segment` rises where the recorder says that it was interrupted (a new `trkseg`):
    nothing is known in between.
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
    line: int = 0


class Understood(msgspec.Struct, frozen=True):
    """How a file was read: `how` in words (kind, encoding, head), `columns` as (what, the file's column), `unused` columns.

    `zone`: of the times that name none; "" where the kind of file settles it. `by_file`: the worker is the file's name.
    """

    how: str
    columns: tuple[tuple[str, str], ...] = ()
    unused: tuple[str, ...] = ()
    zone: str = ""
    by_file: bool = False


class Note(msgspec.Struct, frozen=True):
    """Something that people should know of a file, though nothing of it was refused."""

    text: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How to read what a file does not say of itself.

    `worker` overrides the worker that the file or its folder names. `zone` holds for times without one in tables; without it
    such times are refused. `speed_unit` (mps, kmh, kn) is that of a column called just "speed"; "" leaves such a column out.
    `columns`: {what: the table's column}, before any guess. `time_forms`: of strptime, tried first.
    """

    worker: str = ""
    zone: ZoneInfo | None = None
    speed_unit: str = ""
    columns: dict[str, str] = {}
    time_forms: tuple[str, ...] = ()
    form: Form = Form()


Item = Fix | Reject | Understood | Note


@functools.lru_cache(maxsize=4096)
def day_ms(year: int, month: int, day: int) -> int:
    """Midnight UTC of a day in milliseconds. Raises Unreadable for a day that does not exist."""
    try:
        return (date(year, month, day).toordinal() - 719_163) * DAY_MS
    except (ValueError, OverflowError) as wrong:
        raise Unreadable("no such day") from wrong


def refusal(path: Path, line: int, wrong: Unreadable) -> Reject:
    return Reject(path, line, str(wrong), wrong.value)


__all__ = [
    "SIDE_VALUES",
    "Fix",
    "Item",
    "Note",
    "Reading",
    "Reject",
    "Understood",
    "Unreadable",
    "coordinate",
    "day_ms",
    "moment",
    "number",
    "refusal",
]
