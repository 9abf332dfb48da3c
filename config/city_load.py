"""From the files of a folder to a `City`; whatever is wrong goes to the `Faults`, one line each, with what to do."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from config.city_bulletins import BulletinPlan, plan_faults
from config.city_calendar import read_own_days
from config.city_evaluation import read_evaluation
from config.city_files import Faults, Record, read_outlines, read_records, read_yaml, valid_day
from config.city_hours import WorkHours, hours_faults
from config.city_model import (
    CHINA_BOX,
    ROLES,
    Camera,
    City,
    Department,
    Level,
    Limits,
    Matter,
    Region,
    RosterEntry,
)
from config.city_notices import read_notices
from config.city_routing import check_template, read_routes
from config.city_time import read_limits
from config.scenes import read_scenes
from domain.workflow import Template
from domain.worktime import longest

KINDS = ("general", "dedicated")
MATTER_KINDS = ("event", "component")
_YAML_KEYS = (
    *("code", "name", "name_en", "title", "title_en", "timezone", "root", "levels", "limits", "country_box"),
    *("generated", "generated_en", "seed", "kind", "workflow", "order_prefix", "worktime", "bulletins"),
)


def read_city(folder: Path, faults: Faults) -> City | None:
    """The city, or None if the folder does not say enough to make one. Faults are collected in `faults`."""
    told = read_yaml(folder / "city.yaml", faults)
    if not told:
        return None
    lines: dict[str, int] = told.pop("__lines__")
    levels = _levels(told, lines, faults)
    regions, at = _regions(folder, levels, faults)
    root = _root(told, regions, at, lines, faults)
    departments = _departments(folder, faults)
    matters = _matters(folder, departments, faults)
    names = _names(told, lines, faults)
    for fault in hours_faults(names["worktime"], departments):
        faults.error("city.yaml", lines.get("worktime", 1), f"worktime: {fault}")
    for fault in plan_faults(names["bulletins"], regions):
        faults.error("city.yaml", lines.get("bulletins", 1), f"bulletins: {fault}")
    basemap = folder / "basemap.geojson"
    parts: dict[str, Any] = {
        **names,
        "levels": levels,
        "regions": regions,
        "root": root,
        "geometries": _geometries(folder, regions, faults),
        "roster": _roster(folder, regions, faults),
        "departments": departments,
        "matters": matters,
        "time_limits": read_limits(folder, matters, departments, levels, faults),
        "evaluation": read_evaluation(folder, levels, faults),
        "notices": read_notices(folder, faults),
        "scenes": read_scenes(folder, matters, faults),
        "routes": read_routes(folder, matters, departments, regions, levels, names["workflow"], faults),
        "cameras": _cameras(folder, regions, faults),
        "days": read_own_days(folder, faults),
        "basemap": basemap.read_bytes() if basemap.exists() else b"",
    }
    return None if faults.errors else City(**parts)


def _names(told: dict[str, Any], lines: dict[str, int], faults: Faults) -> dict[str, Any]:
    for key in told:
        if key not in _YAML_KEYS:
            faults.error("city.yaml", lines[key], f"{key!r} is no setting of a city: {', '.join(_YAML_KEYS)} are")
    for key in ("code", "name"):
        if not told.get(key):
            faults.error("city.yaml", lines.get(key, 1), f"{key} is missing: write {key}: …")
    texts = ("code", "name", "name_en", "title", "title_en", "generated", "generated_en", "order_prefix")
    named: dict[str, Any] = {key: str(told.get(key) or "").strip() for key in texts}
    named["title"] = named["title"] or named["name"]
    if named["order_prefix"] and not re.fullmatch(r"[A-Za-z0-9]{1,16}", named["order_prefix"]):
        right = "order_prefix: 1 to 16 letters and digits, for numbers like GC-20261223-0031"
        faults.error("city.yaml", lines["order_prefix"], right)
    named["timezone"] = _timezone(told, lines, faults)
    named["limits"] = _converted(told.get("limits") or {}, Limits, "limits", lines, faults) or Limits()
    named["workflow"] = _converted(told.get("workflow") or {}, Template, "workflow", lines, faults) or Template()
    check_template(named["workflow"], lines.get("workflow", 1), faults)
    named["worktime"] = _converted(told.get("worktime") or {}, WorkHours, "worktime", lines, faults) or WorkHours()
    named["bulletins"] = _converted(told.get("bulletins") or {}, BulletinPlan, "bulletins", lines, faults) or BulletinPlan()
    box = _converted(
        told.get("country_box") or CHINA_BOX, tuple[float, float, float, float], "country_box", lines, faults
    )
    named["country_box"] = box or CHINA_BOX
    return named


def _timezone(told: dict[str, Any], lines: dict[str, int], faults: Faults) -> str:
    name = str(told.get("timezone") or "Asia/Shanghai")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.error("city.yaml", lines["timezone"], f"no time zone is called {name!r}: write e.g. Asia/Shanghai")
        return "Asia/Shanghai"
    return name


def _converted(value: Any, kind: Any, key: str, lines: dict[str, int], faults: Faults) -> Any:
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        faults.error("city.yaml", lines[key], f"{key}: {error}")
        return None


def _levels(told: dict[str, Any], lines: dict[str, int], faults: Faults) -> tuple[Level, ...]:
    if not told.get("levels"):
        faults.error("city.yaml", lines.get("levels", 1), "levels are missing: list them from the top, {key, zh, en}")
        return ()
    levels = _converted(told["levels"], tuple[Level, ...], "levels", lines, faults) or ()
    keys = [level.key for level in levels]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        faults.error("city.yaml", lines["levels"], f"level {key!r} is listed twice: keep one")
    return levels


def _regions(folder: Path, levels: tuple[Level, ...], faults: Faults) -> tuple[dict[str, Region], dict[str, int]]:
    rank = {level.key: n for n, level in enumerate(levels)}
    may = ("parent", "name_en", "kind", "valid_from", "valid_to")
    rows = read_records(folder / "regions.csv", faults, ("code", "name", "level"), may)
    if not rows and not any(fault.startswith("regions.csv") for fault in faults.errors):
        faults.error("regions.csv", 1, "has no region: a city needs at least its root")
    regions: dict[str, Region] = {}
    at: dict[str, int] = {}
    for row in rows:
        code = row["code"]
        if not code or not row["name"]:
            faults.error(row.file, row.line, "code or name is empty: every region has both")
        elif code in regions:
            faults.error(row.file, row.line, f"code {code} is already that of line {at[code]}: give it one of its own")
        else:
            regions[code], at[code] = _region(row, rank, faults), row.line
    _check_tree(regions, rank, at, faults)
    return regions, at


def _region(row: Record, rank: dict[str, int], faults: Faults) -> Region:
    if rank and row["level"] not in rank:
        faults.error(row.file, row.line, f"level {row['level']!r} is not one of city.yaml: {', '.join(rank)}")
    kind = row.get("kind") or "general"
    if kind not in KINDS:
        faults.error(row.file, row.line, f"kind {kind!r} is not one of {', '.join(KINDS)}")
    days = {key: row.get(key, "") for key in ("valid_from", "valid_to")}
    _check_days(row, ("valid_from", "valid_to"), faults)
    if all(days.values()) and days["valid_from"] > days["valid_to"]:
        faults.error(row.file, row.line, f"is valid until {days['valid_to']}, before {days['valid_from']}: swap them")
    return Region(
        code=row["code"],
        name=row["name"],
        level=row["level"],
        parent=row.get("parent") or None,
        kind=kind,
        name_en=row.get("name_en", ""),
        **days,
    )


def _check_days(row: Record, keys: tuple[str, ...], faults: Faults) -> None:
    for key in keys:
        if row.get(key) and not valid_day(row[key]):
            faults.error(row.file, row.line, f"{key} {row[key]!r} is no date: write YYYY-MM-DD")


def _check_tree(regions: dict[str, Region], rank: dict[str, int], at: dict[str, int], faults: Faults) -> None:
    for code, region in regions.items():
        if region.parent is None:
            continue
        parent = regions.get(region.parent)
        if parent is None:
            faults.error("regions.csv", at[code], f"{code}: parent {region.parent} is no region: add it or correct it")
        elif rank.get(parent.level, -1) >= rank.get(region.level, len(rank)):
            what = f"{code} ({region.level}) lies below {parent.code} ({parent.level})"
            faults.error("regions.csv", at[code], f"{what}: a parent must be of a higher level")
    safe: set[str] = set()
    for code in regions:
        _check_cycle(code, regions, at, safe, faults)


def _check_cycle(
    code: str, regions: dict[str, Region], at: dict[str, int], safe: set[str], faults: Faults
) -> None:
    way: list[str] = []
    here: str | None = code
    while here in regions and here not in safe and here not in way:
        way.append(here)
        here = regions[here].parent
    if here in way:
        loop = [*way[way.index(here) :], here]
        faults.error("regions.csv", at[here], f"{' → '.join(loop)} is a circle: one of them needs another parent")
    safe.update(way)


def _root(
    told: dict[str, Any], regions: dict[str, Region], at: dict[str, int], lines: dict[str, int], faults: Faults
) -> str:
    tops = [code for code, region in regions.items() if region.parent is None]
    root = str(told.get("root") or (tops[0] if tops else ""))
    if told.get("root") and root not in tops:
        faults.error("city.yaml", lines["root"], f"root {root} is no region without a parent in regions.csv")
    for code in tops:
        if code != root and root in tops:
            faults.error("regions.csv", at[code], f"{code} has no parent, like {root}: only the root has none")
    return root


def _geometries(folder: Path, regions: dict[str, Region], faults: Faults) -> dict[str, BaseGeometry]:
    file = "regions.geojson"
    codes, shapes = read_outlines(folder / file, faults)
    good = shapely.is_valid(shapes)
    found: dict[str, BaseGeometry] = {}
    for (code, line), shape, valid in zip(codes, shapes, good, strict=True):
        if code not in regions:
            faults.error(file, line, f"code {code!r} is no region of regions.csv: add it there or leave it out here")
        elif code in found:
            faults.error(file, line, f"{code} has a second outline: make it one MultiPolygon")
        elif shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            faults.error(file, line, f"{code} is no Polygon or MultiPolygon that can be read")
        elif not valid:
            faults.error(file, line, f"{code} is no valid polygon: {shapely.is_valid_reason(shape)}")
        else:
            found[code] = shape
    return found


def _roster(folder: Path, regions: dict[str, Region], faults: Faults) -> dict[str, RosterEntry]:
    roster: dict[str, RosterEntry] = {}
    owner: dict[str, str] = {}
    need, may = ("worker", "name", "role", "region"), ("tier", "phone", "devices")
    for row in read_records(folder / "roster.csv", faults, need, may):
        worker, tier = row["worker"], row.get("tier") or "1"
        if not worker or worker in roster:
            faults.error(row.file, row.line, f"worker {worker!r} is empty or already listed: each has an id of its own")
        if row["role"] not in ROLES:
            faults.error(row.file, row.line, f"role {row['role']!r} is not one of {', '.join(ROLES)}")
        if row["region"] not in regions:
            faults.error(row.file, row.line, f"{worker}: region {row['region']!r} is no region of regions.csv")
        if not tier.isdigit():
            faults.error(row.file, row.line, f"tier {tier!r} is no number: write 1 to 4")
        devices = tuple(filter(None, (d.strip() for d in row.get("devices", "").split(";"))))
        for device in devices:
            if device in owner:
                what = f"device {device} of {worker} is already that of {owner[device]}"
                faults.error(row.file, row.line, f"{what}: a device has one owner")
            owner.setdefault(device, worker)
        roster.setdefault(
            worker,
            RosterEntry(
                worker=worker,
                name=row["name"],
                role=row["role"],
                tier=int(tier) if tier.isdigit() else 1,
                region=row["region"],
                phone=row.get("phone", ""),
                devices=devices,
            ),
        )
    return roster


def _departments(folder: Path, faults: Faults) -> dict[str, Department]:
    departments: dict[str, Department] = {}
    for row in read_records(folder / "departments.csv", faults, ("key", "name"), ("name_en",)):
        if not row["key"] or row["key"] in departments:
            faults.error(row.file, row.line, f"key {row['key']!r} is empty or already listed: give it one of its own")
        departments.setdefault(row["key"], Department(row["key"], row["name"], row.get("name_en", "")))
    return departments


def _matters(folder: Path, departments: dict[str, Department], faults: Faults) -> dict[str, Matter]:
    rows = read_records(
        folder / "matters.csv", faults, ("key", "name"), ("name_en", "parent", "department", "limit_hours", "kind")
    )
    keys = {row["key"] for row in rows}
    matters: dict[str, Matter] = {}
    for row in rows:
        key, parent, department = row["key"], row.get("parent", ""), row.get("department", "")
        if not key or key in matters:
            faults.error(row.file, row.line, f"key {key!r} is empty or already listed: give it one of its own")
        if parent and parent not in keys:
            faults.error(row.file, row.line, f"{key}: parent {parent!r} is no matter: add it or correct it")
        if department and department not in departments:
            faults.error(row.file, row.line, f"{key}: department {department!r} is not in departments.csv")
        kind = row.get("kind", "")
        if kind not in ("", *MATTER_KINDS):
            faults.error(row.file, row.line, f"{key}: kind {kind!r} is not one of {', '.join(MATTER_KINDS)}")
        limit = _number(row, "limit_hours", faults, high=longest("urgent_hours"))
        matters.setdefault(key, Matter(key, row["name"], row.get("name_en", ""), parent, department, limit, kind))
    return matters


def _cameras(folder: Path, regions: dict[str, Region], faults: Faults) -> dict[str, Camera]:
    cameras: dict[str, Camera] = {}
    need, may = ("feed", "name", "lon", "lat"), ("region", "owner", "direction_deg", "fov_deg")
    for row in read_records(folder / "feeds.csv", faults, need, may):
        if not row["feed"] or row["feed"] in cameras:
            faults.error(row.file, row.line, f"feed {row['feed']!r} is empty or already listed: each has its own id")
        if row.get("region") and row["region"] not in regions:
            faults.error(row.file, row.line, f"{row['feed']}: region {row['region']!r} is no region of regions.csv")
        lon, lat = _number(row, "lon", faults, -180, 180), _number(row, "lat", faults, -90, 90)
        if lon is None or lat is None:
            faults.error(row.file, row.line, f"{row['feed']}: a feed needs lon and lat in degrees")
            continue
        looks = (_number(row, "direction_deg", faults, 0, 360), _number(row, "fov_deg", faults, 0, 360))
        camera = Camera(row["feed"], row["name"], lon, lat, row.get("region", ""), row.get("owner", ""), *looks)
        cameras.setdefault(row["feed"], camera)
    return cameras


def _number(row: Record, key: str, faults: Faults, low: float = 0, high: float = float("inf")) -> float | None:
    text = row.get(key, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        faults.error(row.file, row.line, f"{key} {text!r} is no number from {low:,} to {high:,}")
        return None
    return value
