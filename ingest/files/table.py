"""Tables of fixes: CSV of any kind, XLSX, JSON and NDJSON (`ingest.tabular`).

Columns are those that `Reading.columns` names, else found by their usual names in Chinese and English (any case, blanks and
dashes as underscores). A unit stands in the name (`speed_kmh`, `速度(km/h)`, `altitude_ft`); a column called just "speed" is
left out unless `Reading.speed_unit` tells its unit, or the head is that of a phone's logger, which writes m/s. Without a column
for the worker, the file's name is the worker.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ingest.files.fix import Fix, Item, Note, Reading, Reject, Understood, Unreadable, coordinate, moment, number, refusal
from ingest.tabular import Fault, Row, Table, TableError, open_table
from ingest.tabular.cells import is_shortened
from ingest.units import KMH_MPS, KNOT_MPS

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "worker": ("worker", "worker_id", "user", "user_id", "userid", "uid", "track_id", "trackid", "vehicle_id", "device_id",
               "deviceid", "device", "icao24", "mmsi", "imei", "object_id", "entity_id", "employee_id", "staff_id", "person_id",
               "phone", "plate", "tid", "id", "name", "username",
               "网格员编号", "网格员id", "人员编号", "人员id", "工号", "设备号", "设备编号", "设备id", "终端号", "终端编号",
               "终端id", "终端手机号", "sim卡号", "手机号", "手机号码", "车牌号", "车牌", "车牌号码", "用户id", "用户编号",
               "网格员", "巡查员", "人员", "姓名", "人员姓名", "用户", "编号"),
    "time": ("fixed_at", "fixed_at_ms", "fixed_at_s", "timestamp", "time", "datetime", "date_time", "gps_time",
             "gpstime", "fix_time", "fixtime", "device_time", "loc_time", "locate_time", "location_time", "record_time",
             "report_time", "utc", "utc_time", "created_at", "create_time", "tst", "ts", "t",
             "定位时间", "gps时间", "卫星时间", "采集时间", "轨迹时间", "上报时间", "记录时间", "打点时间", "时间", "时间戳",
             "创建时间", "日期时间"),
    "date": ("date", "day", "日期", "定位日期"),
    "lon": ("lon", "lng", "long", "longitude", "x", "lon_deg", "gps_lon", "gps_lng", "经度", "gps经度", "坐标x"),
    "lat": ("lat", "latitude", "y", "lat_deg", "gps_lat", "纬度", "gps纬度", "坐标y"),
    "altitude": ("altitude_m", "alt_m", "altitude", "alt", "ele", "elevation", "height", "altitude_ft", "alt_ft",
                 "海拔", "高程", "高度", "海拔高度"),
    "speed": ("speed_mps", "speed_ms", "speed_m_s", "speed_kmh", "speed_kmph", "speed_kph", "speed_km_h", "speed_kn",
              "speed_kt", "speed_knots", "groundspeed", "sog", "velocity", "vel", "speed",
              "速度", "车速", "移动速度", "行驶速度"),
    "heading": ("heading_deg", "heading", "bearing", "course", "cog", "track", "direction", "方向", "方向角", "航向", "航向角",
                "方位角"),
    "accuracy": ("accuracy_m", "accuracy", "acc", "horizontal_accuracy", "hacc", "精度", "定位精度", "水平精度", "误差半径"),
    "battery": ("battery_pct", "battery", "batt", "battery_level", "电量", "剩余电量", "电池电量"),
}  # fmt: skip
WHATS: Final = tuple(NAMES)
NEEDED: Final = ("time", "lon", "lat")
OPTIONS: Final = {what: f"--{what}" for what in WHATS}
FACTOR: Final = {"mps": 1.0, "kmh": KMH_MPS, "kn": KNOT_MPS}
SPEED_UNIT: Final = {
    "speed_mps": "mps", "speed_ms": "mps", "speed_m_s": "mps", "speed_kmh": "kmh", "speed_kmph": "kmh", "speed_kph": "kmh",
    "speed_km_h": "kmh", "speed_kn": "kn", "speed_kt": "kn", "speed_knots": "kn", "groundspeed": "kn", "sog": "kn",
}  # fmt: skip
UNITS: Final = {
    "m/s": "mps", "mps": "mps", "m_s": "mps", "米/秒": "mps", "km/h": "kmh", "kmh": "kmh", "kph": "kmh", "km_h": "kmh",
    "公里/小时": "kmh", "千米/小时": "kmh", "公里/时": "kmh", "千米/时": "kmh",
    "kn": "kn", "kt": "kn", "knots": "kn", "节": "kn",
    "ft": "ft", "feet": "ft", "英尺": "ft",
}  # fmt: skip
OF_ANDROID: Final = frozenset(("provider", "bearing", "accuracy", "speed"))
"""The words of Android's own interface, whose speeds are in m/s, and of the loggers that write them as they come."""
FOOT_M: Final = 0.3048
MOST_OWN: Final = 50  # workers looked at to see that each row has one of its own


def read(path: Path, reading: Reading) -> Iterator[Item]:
    """How the table was understood, then fixes and rejects in file order. Never raises for what stands in the file."""
    try:
        yield from _read(path, reading)
    except TableError as wrong:
        yield Reject(path, 0, str(wrong).removeprefix(f"{path}: "))


def _read(path: Path, reading: Reading) -> Iterator[Item]:
    told = reading.columns
    table = open_table(path, reading.form, lambda cells: len(find_columns(cells, told)))
    columns = find_columns(table.head, told)
    if absent := [f"{what} {name}" for what, name in told.items() if what not in columns]:
        yield Reject(path, table.head_line, f"no column for {', '.join(absent)}; {_choices(table.head)}")
        return
    if missing := [what for what in NEEDED if what not in columns]:
        yield Reject(path, table.head_line, f"no column for {', '.join(missing)}; {_choices(table.head)}")
        return
    make = _Maker(path.name.split(".")[0], columns, reading, table.delimiter not in ("", ","), _usual_unit(table.head))
    yield _understood(table, columns, make, reading)
    for row in table.rows:
        if isinstance(row, Fault):
            yield Reject(path, row.line, row.reason, row.value)
            continue
        try:
            yield make(row)
        except Unreadable as wrong:
            yield refusal(path, row.line, wrong)
    yield from map(Note, (*table.notes, *make.notes()))


def _choices(head: Sequence[str]) -> str:
    options = " ".join(f"{OPTIONS[what]} COLUMN" for what in ("worker", *NEEDED))
    return f"the columns are {', '.join(name for name in head if name)}: name them with {options}"


def find_columns(head: Iterable[str], told: dict[str, str] | None = None) -> dict[str, str]:
    """{what: the file's own name of the column}: the told one, else the first name of `NAMES` that the file has."""
    have: dict[str, str] = {}
    for name in head:
        have.setdefault(plain_name(name), name)
        have.setdefault(plain_name(name).rpartition(".")[2], name)  # an inner object's: position.lat
    exact = {name.strip(): name for name in head}
    found: dict[str, str] = {}
    for what, names in NAMES.items():
        wanted = (told or {}).get(what)
        column = next((have[name] for name in names if name in have), "") if wanted is None else exact.get(
            wanted.strip(), have.get(plain_name(wanted), ""))  # fmt: skip
        if column and (wanted is not None or column not in (told or {}).values()):
            found[what] = column
    return found


def plain_name(name: str) -> str:
    """A column's name without case, width, blanks and the unit in brackets."""
    return split_name(name)[0]


def split_name(name: str) -> tuple[str, str]:
    """(plain name, unit): `速度（km/h）` is (速度, kmh)."""
    text = unicodedata.normalize("NFKC", name).strip().lower()
    for opening, closing in ("()", "[]", "【】"):
        before, mark, rest = text.partition(opening)
        if mark and before and rest.endswith(closing):
            text, unit = before.strip(), rest[:-1].strip()
            break
    else:
        unit = ""
    return text.replace(" ", "_").replace("-", "_"), UNITS.get(unit, "")


def _understood(table: Table, columns: dict[str, str], make: "_Maker", reading: Reading) -> Understood:
    used = {what: name for what, name in columns.items() if what != "speed" or make.speed_unit}
    named = tuple((what if what != "speed" else f"speed in {make.speed_unit}", name) for what, name in used.items())
    unused = tuple(name for name in table.head if name and name not in used.values())
    by_file = "worker" not in columns and not reading.worker
    return Understood(how=table.how, columns=named, unused=unused, zone=str(reading.zone or ""), by_file=by_file)


def _usual_unit(head: Sequence[str]) -> str:
    return "mps" if set(map(plain_name, head)) >= OF_ANDROID else ""


class _Maker:
    """Row → Fix, with everything that the head decides decided once."""

    def __init__(self, worker: str, columns: dict[str, str], reading: Reading, comma: bool, usual_unit: str) -> None:
        self._column, self._reading, self._comma = columns, reading, comma
        self._worker = reading.worker or ("" if "worker" in columns else worker)
        plain, unit = split_name(columns.get("speed", ""))
        self.speed_unit = (unit if unit in FACTOR else "") or SPEED_UNIT.get(plain, reading.speed_unit or usual_unit)
        self._speed = FACTOR.get(self.speed_unit)
        plain, unit = split_name(columns.get("altitude", ""))
        aviation = plain_name(columns.get("worker", "")) == "icao24"  # ADS-B: pressure altitude in feet
        self._altitude = FOOT_M if plain.endswith("_ft") or unit == "ft" or aviation else 1.0
        self._oddities: Counter[str] = Counter()
        self._seen: set[str] | None = set() if "worker" in columns and not reading.worker else None
        self._fixes = 0

    def __call__(self, row: Row) -> Fix:
        cell = {what: row.cells.get(name) or "" for what, name in self._column.items()}
        worker = self._worker or self._named(cell["worker"].strip())
        time = f"{cell['date']} {cell['time']}" if "date" in cell and ":" in cell["time"][:3] else cell["time"]
        at = moment(time, self._reading.zone, self._reading.time_forms)
        if at.oddity:
            self._oddities[at.oddity] += 1
        speed, altitude = self._number(cell, "speed"), self._number(cell, "altitude")
        fix = Fix(
            worker=worker,
            fixed_at_ms=at.at_ms,
            lon=coordinate(cell["lon"], 180, "longitude"),
            lat=coordinate(cell["lat"], 90, "latitude"),
            altitude_m=None if altitude is None else round(altitude * self._altitude, 2),
            speed_mps=None if speed is None or self._speed is None or speed < 0 else round(speed * self._speed, 3),
            heading_deg=self._number(cell, "heading"),
            accuracy_m=self._number(cell, "accuracy"),
            battery_pct=self._number({"battery": cell.get("battery", "").rstrip("%")}, "battery"),
            line=row.line,
        )
        self._count(worker)
        return fix

    def _named(self, worker: str) -> str:
        if not worker:
            raise Unreadable("worker is missing")
        if is_shortened(worker):
            raise Unreadable("worker is a number that a spreadsheet has shortened: format the column as text", worker)
        return worker

    def _number(self, cell: dict[str, str], what: str) -> float | None:
        return number(cell.get(what), self._comma)

    def _count(self, worker: str) -> None:
        self._fixes += 1
        if self._seen is not None and len(self._seen) <= MOST_OWN:
            self._seen.add(worker)

    def notes(self) -> Iterator[str]:
        """What should be known of the rows read so far."""
        for oddity, times in self._oddities.items():
            yield f"{times:,} {ODDITIES[oddity]}"
        if self._seen and self._fixes > 3 and len(self._seen) == min(self._fixes, MOST_OWN + 1):
            yield f"each row is of a worker of its own (column {self._column['worker']}): --worker names another column"


ODDITIES: Final = {
    "twice": "times are of the hour that comes twice when clocks go back: taken as the first",
    "skipped": "times are of the hour that clocks skip: taken as an hour later",
    "serial": "times were a spreadsheet's day numbers",
}
"""What is told of instants that could be read in two ways, or were no dates."""
