"""Tables of fixes with a header: CSV, TSV, semicolons, and JSON lists or lines of objects; each also as .gz.

Columns are found by name (`NAMES`, any case, blanks and dashes as underscores). A unit stands in the name
(`speed_kmh`, `altitude_ft`); a column called just "speed" is left out unless `Reading.speed_unit` tells its unit.
"""

import csv
import gzip
import io
import itertools
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ingest.files.fix import Fix, Reading, Reject, Unreadable, coordinate, instant_ms, number

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "worker": ("worker", "worker_id", "user", "user_id", "userid", "track_id", "trackid", "vehicle_id", "device_id",
               "device", "icao24", "mmsi", "imei", "object_id", "entity_id", "id", "name"),
    "time": ("fixed_at", "fixed_at_ms", "fixed_at_s", "timestamp", "time", "datetime", "date_time", "gps_time",
             "gpstime", "utc", "created_at", "tst", "ts", "t"),
    "date": ("date", "day"),
    "lon": ("lon", "lng", "long", "longitude", "x", "lon_deg"),
    "lat": ("lat", "latitude", "y", "lat_deg"),
    "altitude": ("altitude_m", "alt_m", "altitude", "alt", "ele", "elevation", "height", "altitude_ft", "alt_ft"),
    "speed": ("speed_mps", "speed_ms", "speed_m_s", "speed_kmh", "speed_kmph", "speed_km_h", "speed_kn", "speed_kt",
              "speed_knots", "groundspeed", "sog", "velocity", "vel", "speed"),
    "heading": ("heading_deg", "heading", "bearing", "course", "cog", "track", "direction"),
    "accuracy": ("accuracy_m", "accuracy", "acc", "horizontal_accuracy", "hacc"),
    "battery": ("battery_pct", "battery", "batt"),
}  # fmt: skip
FACTOR: Final = {"mps": 1.0, "kmh": 1 / 3.6, "kn": 1852 / 3600}
SPEED_UNIT: Final = {
    "speed_mps": "mps", "speed_ms": "mps", "speed_m_s": "mps", "speed_kmh": "kmh", "speed_kmph": "kmh",
    "speed_km_h": "kmh", "speed_kn": "kn", "speed_kt": "kn", "speed_knots": "kn", "groundspeed": "kn", "sog": "kn",
}  # fmt: skip
FOOT_M: Final = 0.3048
Row = dict[str, str]


def read(path: Path, reading: Reading) -> Iterator[Fix | Reject]:
    """Fixes in file order; without a column for the worker, the file's name is the worker."""
    rows = _rows(path)
    first = next(rows, None)
    if first is None or isinstance(first[1], str):
        yield Reject(path, 0, "empty file" if first is None else str(first[1]))
        return
    columns = find_columns(first[1])
    missing = [name for name in ("time", "lon", "lat") if name not in columns]
    if missing:
        yield Reject(path, 1, f"no column for {', '.join(missing)}")
        return
    make = _Maker(path.name.split(".")[0], columns, reading)
    for line, row in itertools.chain([first], rows):
        try:
            if isinstance(row, str):
                raise Unreadable(row)
            yield make(row)
        except Unreadable as wrong:
            yield Reject(path, line, str(wrong))


def find_columns(row: Row) -> dict[str, str]:
    """{what: the file's own name of the column}, the first synonym of `NAMES` that the file has."""
    have = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in row}
    found = {what: next((have[name] for name in names if name in have), "") for what, names in NAMES.items()}
    return {what: name for what, name in found.items() if name}


class _Maker:
    """Row → Fix, with everything that the header decides decided once."""

    def __init__(self, worker: str, columns: dict[str, str], reading: Reading) -> None:
        self._column, self._reading = columns, reading
        self._worker = reading.worker or ("" if "worker" in columns else worker)
        self._speed = FACTOR.get(SPEED_UNIT.get(columns.get("speed", "").lower(), reading.speed_unit))
        altitude = columns.get("altitude", "").lower()
        aviation = columns.get("worker", "").lower() == "icao24"  # ADS-B: pressure altitude in feet
        self._altitude = FOOT_M if altitude.endswith("_ft") or aviation else 1.0

    def __call__(self, row: Row) -> Fix:
        cell = {what: row.get(name) or "" for what, name in self._column.items()}
        worker = self._worker or cell["worker"].strip()
        if not worker:
            raise Unreadable("worker is missing")
        time = f"{cell['date']} {cell['time']}" if "date" in cell and ":" in cell["time"][:3] else cell["time"]
        speed, altitude = number(cell.get("speed")), number(cell.get("altitude"))
        return Fix(
            worker=worker,
            fixed_at_ms=instant_ms(time, self._reading.zone),
            lon=coordinate(cell["lon"], 180, "longitude"),
            lat=coordinate(cell["lat"], 90, "latitude"),
            altitude_m=None if altitude is None else round(altitude * self._altitude, 2),
            speed_mps=None if speed is None or self._speed is None or speed < 0 else round(speed * self._speed, 3),
            heading_deg=number(cell.get("heading")),
            accuracy_m=number(cell.get("accuracy")),
            battery_pct=number(cell.get("battery")),
        )


def _rows(path: Path) -> Iterator[tuple[int, Row | str]]:
    """(line, row), or (line, reason) where the file itself is broken."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as wrong:
        yield 0, f"not readable: {wrong}"[:120]
        return
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    yield from _objects(text) if kind in ("json", "ndjson", "jsonl") else _table(text)


def _table(text: str) -> Iterator[tuple[int, Row | str]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(table, None)
        except csv.Error as wrong:
            yield table.line_num, f"CSV: {wrong}"
            continue
        if row is None:
            return
        yield table.line_num, {name: value for name, value in row.items() if isinstance(value, str) and name}


def _objects(text: str) -> Iterator[tuple[int, Row | str]]:
    try:
        told = json.loads(text) if text.lstrip()[:1] == "[" else [_one(line) for line in text.splitlines() if line]
    except (json.JSONDecodeError, RecursionError) as wrong:
        yield getattr(wrong, "lineno", 0), "JSON: not readable"
        return
    for index, one in enumerate(told, 1):
        if isinstance(one, dict):
            yield index, {str(name): "" if value is None else str(value) for name, value in one.items()}
        else:
            yield index, "not an object"


def _one(line: str) -> object:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return None
