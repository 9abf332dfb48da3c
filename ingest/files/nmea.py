"""NMEA 0183 logs: RMC (date, validity, speed, course), GGA (quality, altitude), ZDA (date).

Sentences of the same time of day are one fix. Only RMC and ZDA know the date: a GGA without them takes the day that
puts it nearest to the last known instant, so a log that passes midnight between RMC and GGA stays in order. GGAs at
the head of a log wait for the first date.
"""

import functools
import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from domain.bounds import DAY_MS
from ingest.files.fix import Fix, Item, Reading, Reject, Understood, Unreadable, coordinate, day_ms, number
from ingest.tabular.base import shown
from ingest.tabular.content import lines_of
from ingest.tabular.encoding import Encoding
from ingest.units import KNOT_MPS

NEW_CENTURY: Final = 80  # two-digit years from here on are of the 1900s: GPS time begins in 1980
MAX_WAITING: Final = 10_000
COMMENTS: Final = ("#", ";", "//", "!")


class Epoch(msgspec.Struct):
    """What the sentences of one instant have said so far."""

    line: int
    clock_ms: int
    day: int | None = None  # midnight UTC in ms
    lon: float | None = None
    lat: float | None = None
    void: bool = False
    fault: str = ""
    speed_mps: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None


def read(path: Path, reading: Reading) -> Iterator[Item]:
    """Fixes in file order; the worker is the file's name without suffix."""
    yield Understood(how="NMEA 0183, times in UTC, the worker is the file's name")
    worker = reading.worker or path.stem
    waiting: list[Epoch] = []
    last_ms: int | None = None
    for item in _epochs(path):
        if isinstance(item, Reject):
            yield item
            continue
        waiting.append(item)
        if item.day is None and last_ms is None and len(waiting) < MAX_WAITING:
            continue
        if last_ms is None and item.day is not None:
            last_ms = item.day + item.clock_ms - 1
        for epoch in waiting:
            at_ms = _instant(epoch, last_ms)
            yield _fix(path, worker, epoch, at_ms)
            last_ms = at_ms if at_ms is not None else last_ms
        waiting.clear()
    for epoch in waiting:
        yield _fix(path, worker, epoch, None)


def _epochs(path: Path) -> Iterator[Epoch | Reject]:
    epoch: Epoch | None = None
    for line in lines_of(path, Encoding("latin-1")):
        try:
            kind, cells = sentence(line.text)
            if kind not in ("RMC", "GGA", "ZDA"):
                continue
            clock_ms = _clock_ms(cells[1])
        except Unreadable as wrong:
            yield Reject(path, line.number, str(wrong), shown(line.text.strip()))
            continue
        if epoch is None or epoch.clock_ms != clock_ms:
            if epoch is not None:
                yield epoch
            epoch = Epoch(line.number, clock_ms)
        _take(epoch, kind, cells)
    if epoch is not None:
        yield epoch


def sentence(line: str) -> tuple[str, list[str]]:
    """(kind, cells) of a sentence whose checksum is right; kind "" for a line that is blank, a comment (#, ;, //), a sentence
    with ! (of ships) or not for us.

    Anything before `$` (a logger's own time) is passed over. Raises Unreadable.
    """
    text = line.strip()
    if not text or text.startswith(COMMENTS):
        return "", []
    head = text.find("$")
    if head < 0:
        raise Unreadable("not an NMEA sentence")
    body, star, told = text[head + 1 :].partition("*")
    cells = body.split(",")
    kind = cells[0][-3:]
    if kind not in ("RMC", "GGA", "ZDA"):
        return "", []
    if not star:
        raise Unreadable("checksum is missing")
    if told[:2].upper() != f"{functools.reduce(operator.xor, body.encode('latin-1'), 0):02X}":
        raise Unreadable("checksum is wrong")
    if len(cells) < {"RMC": 10, "GGA": 10, "ZDA": 5}[kind]:
        raise Unreadable("sentence is too short")
    return kind, cells


def _clock_ms(text: str) -> int:
    """hhmmss(.sss) as milliseconds of the day."""
    try:
        hour, minute, second = int(text[:2]), int(text[2:4]), float(text[4:])
    except ValueError as wrong:
        raise Unreadable("time is missing" if not text else "time is not readable") from wrong
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
        raise Unreadable("no such time of day")
    return (hour * 3600 + minute * 60) * 1000 + round(second * 1000)


def _take(epoch: Epoch, kind: str, cells: list[str]) -> None:
    try:
        if kind == "RMC":
            epoch.void |= cells[2] != "A"
            epoch.day = _day(cells[9][:2], cells[9][2:4], cells[9][4:6])
            _place(epoch, cells[3:7])
            knots = number(cells[7])
            epoch.speed_mps = None if knots is None else round(knots * KNOT_MPS, 3)
            epoch.heading_deg = number(cells[8])
        elif kind == "GGA":
            epoch.void |= cells[6] in ("", "0")
            _place(epoch, cells[2:6])
            epoch.altitude_m = number(cells[9])
        else:
            epoch.day = _day(cells[2], cells[3], cells[4])
    except Unreadable as wrong:
        epoch.fault = str(wrong)


def _day(day: str, month: str, year: str) -> int:
    try:
        numbers = int(year), int(month), int(day)
    except ValueError as wrong:
        raise Unreadable("date is not readable") from wrong
    century = 0 if len(year) != 2 else 1900 if numbers[0] >= NEW_CENTURY else 2000
    return day_ms(century + numbers[0], *numbers[1:])


def _place(epoch: Epoch, cells: list[str]) -> None:
    if epoch.void or epoch.lat is not None:
        return
    epoch.lat = _degrees(cells[0], cells[1], "NS", 90, "latitude")
    epoch.lon = _degrees(cells[2], cells[3], "EW", 180, "longitude")


def _degrees(text: str, side: str, sides: str, bound: float, name: str) -> float:
    """(d)ddmm.mmmm and a letter as signed degrees."""
    raw = coordinate(text, bound * 100, name)
    if side not in tuple(sides) or raw < 0 or raw % 100 >= 60:
        raise Unreadable(f"{name} is not readable")
    whole, minutes = divmod(raw, 100)
    return coordinate(str(round((whole + minutes / 60) * (1 if side == sides[0] else -1), 8)), bound, name)


def _instant(epoch: Epoch, last_ms: int | None) -> int | None:
    if epoch.day is not None:
        return epoch.day + epoch.clock_ms
    if last_ms is None:
        return None
    around = last_ms - last_ms % DAY_MS + epoch.clock_ms
    return min((around - DAY_MS, around, around + DAY_MS), key=lambda at_ms: abs(at_ms - last_ms))


def _fix(path: Path, worker: str, epoch: Epoch, at_ms: int | None) -> Fix | Reject:
    if epoch.void:
        return Reject(path, epoch.line, "no valid position (V)")
    if epoch.fault:
        return Reject(path, epoch.line, epoch.fault)
    if at_ms is None:
        return Reject(path, epoch.line, "no date: no RMC or ZDA tells it")
    if epoch.lon is None or epoch.lat is None:
        return Reject(path, epoch.line, "no position at this instant")
    return Fix(
        worker=worker,
        fixed_at_ms=at_ms,
        lon=epoch.lon,
        lat=epoch.lat,
        altitude_m=epoch.altitude_m,
        speed_mps=epoch.speed_mps,
        heading_deg=epoch.heading_deg,
        line=epoch.line,
    )
