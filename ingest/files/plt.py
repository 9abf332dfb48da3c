"""Geolife's .plt (OziExplorer): six header lines, then `lat,lon,0,altitude ft,days,date,time` in GMT."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ingest.files.fix import Fix, Item, Reading, Reject, Understood, Unreadable, coordinate, day_ms, number
from ingest.tabular.base import shown
from ingest.tabular.content import lines_of
from ingest.tabular.encoding import Encoding

HEADER_LINES: Final = 6
NO_ALTITUDE_FT: Final = -777.0
FOOT_M: Final = 0.3048


def read(path: Path, reading: Reading) -> Iterator[Item]:
    """Fixes in file order. The worker is the folder: `000/x.plt`, or `000/Trajectory/x.plt` as in the full set."""
    folder = path.parent.parent if path.parent.name.lower() == "trajectory" else path.parent
    worker = reading.worker or folder.resolve().name
    yield Understood(how="PLT, times in GMT, the worker is the folder")
    for line in lines_of(path, Encoding("latin-1")):
        if line.number <= HEADER_LINES or not line.text.strip():
            continue
        try:
            yield _fix(worker, line.text, line.number)
        except Unreadable as wrong:
            yield Reject(path, line.number, str(wrong), wrong.value or shown(line.text.strip()))


def _fix(worker: str, text: str, line: int) -> Fix:
    cells = text.strip().split(",")
    if len(cells) < 7:
        raise Unreadable("fewer than seven columns")
    lat, lon, _, altitude, _, day, clock = cells[:7]
    altitude_ft = number(altitude)
    return Fix(
        worker=worker,
        fixed_at_ms=_instant_ms(day, clock),
        lon=coordinate(lon, 180, "longitude"),
        lat=coordinate(lat, 90, "latitude"),
        altitude_m=None if altitude_ft is None or altitude_ft == NO_ALTITUDE_FT else round(altitude_ft * FOOT_M, 2),
        line=line,
    )


def _instant_ms(day: str, clock: str) -> int:
    try:
        year, month, dom = map(int, day.split("-"))
        hour, minute, second = clock.split(":")
        seconds = int(hour) * 3600 + int(minute) * 60 + float(second)
    except ValueError as wrong:
        raise Unreadable("time is not readable", f"{day} {clock}") from wrong
    if not (0 <= seconds < 86_400 and 0 <= int(minute) < 60):
        raise Unreadable("no such time of day", clock)
    try:
        return day_ms(year, month, dom) + round(seconds * 1000)
    except Unreadable as wrong:
        raise Unreadable(str(wrong), day) from wrong
