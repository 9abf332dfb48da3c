"""Writing a city's folder. The same content gives the same bytes: rows in order, no times, no sets."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely
import yaml
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from config.city_model import Camera, Department, Matter, Region, RosterEntry
from config.city_notices import DEFAULT
from config.make.plan import Route, TimeLimit
from domain.notices import EVENTS, Rule


def write_yaml(folder: Path, content: dict[str, Any]) -> None:
    """city.yaml, keys in the order given, with a head line that says what made it."""
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    (folder / "city.yaml").write_text(f"# Written by `app.py city make`; change it freely.\n{text}", encoding="utf-8")


def write_regions(folder: Path, regions: Sequence[Region]) -> None:
    """regions.csv, in the order given."""
    columns = ("code", "name", "name_en", "level", "parent", "kind", "valid_from", "valid_to")
    _write_csv(folder / "regions.csv", columns, ([getattr(r, c) or "" for c in columns] for r in regions))


def write_outlines(folder: Path, outlines: dict[str, Any]) -> None:
    """regions.geojson, one region per line, coordinates to 1e-7 degree (a centimetre)."""
    codes = sorted(outlines)
    shapes = [outlines[code] for code in codes]
    rows = (
        f'{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{outline}}}'
        for code, outline in zip(codes, shapely.to_geojson(shapes), strict=True)
    )
    _write_features(folder / "regions.geojson", rows)


def rounded(shapes: Any) -> NDArray[np.object_]:
    """Shapes in degrees to seven decimals, as they are written; repaired where that made one touch itself."""
    shapes = shapely.set_precision(shapes, 1e-7, mode="pointwise")
    return np.array([shape if shape.is_valid else shape.buffer(0) for shape in shapes], dtype=object)


def union(parts: Sequence[BaseGeometry]) -> BaseGeometry:
    """One shape from neighbours with common edges."""
    whole = shapely.coverage_union_all(list(parts))
    return whole if whole.is_valid else shapely.union_all(list(parts)).buffer(0)


def write_basemap(folder: Path, features: Iterable[dict[str, Any]]) -> None:
    """basemap.geojson, one feature per line."""
    _write_features(folder / "basemap.geojson", (msgspec.json.encode(f).decode() for f in features))


def write_people(folder: Path, roster: Iterable[RosterEntry]) -> None:
    """roster.csv."""
    columns = ("worker", "name", "role", "tier", "region", "phone", "devices")
    rows = ((*(getattr(e, c) for c in columns[:-1]), ";".join(e.devices)) for e in roster)
    _write_csv(folder / "roster.csv", columns, rows)


def write_catalogue(folder: Path, departments: Iterable[Department], matters: Iterable[Matter]) -> None:
    """departments.csv and matters.csv."""
    columns = ["key", "name", "name_en"]
    _write_csv(folder / "departments.csv", columns, ([getattr(d, c) for c in columns] for d in departments))
    columns += ["parent", "department", "limit_hours", "kind"]
    cells = ([getattr(m, c) for c in columns] for m in matters)
    _write_csv(folder / "matters.csv", columns, (["" if cell is None else cell for cell in row] for row in cells))


def write_routes(folder: Path, routes: Iterable[Route]) -> None:
    """routing.csv."""
    columns = Route.__struct_fields__
    _write_csv(folder / "routing.csv", columns, ([getattr(r, c) for c in columns] for r in routes))


def write_limits(folder: Path, limits: Iterable[TimeLimit]) -> None:
    """limits.csv."""
    columns = TimeLimit.__struct_fields__
    rows = ([f"{getattr(r, c):g}" if c == "amount" else getattr(r, c) for c in columns] for r in limits)
    _write_csv(folder / "limits.csv", columns, rows)


_NOTICES_HEAD: Final = """# Who is told of what. For a webhook add `webhook: NAME` to a rule, `webhooks: {NAME: {url: ...}}`
# at the end, and its secret to the setting GRIDHALL_WEBHOOK_SECRETS; docs/webhooks.md says what it is sent.
"""


def write_notices(folder: Path) -> None:
    """notices.yaml, as a city without one has it: a beginning for one's own."""
    rules = [_told(rule) for rule in DEFAULT.rules]
    lines = yaml.safe_dump({"rules": rules}, sort_keys=False, default_flow_style=None, width=140)
    (folder / "notices.yaml").write_text(f"{_NOTICES_HEAD}{lines}", encoding="utf-8")


_SCENES: Final = """# What walls show, over the program's own config/scenes.yaml, which says what can stand here.
# Every wall jumps to the emergency scene for 应急 (flooding, fire) and for what is reported as urgent.
emergency: {matters: ["0203"], urgent: true, longest_min: 30}
"""


def write_scenes(folder: Path) -> None:
    """scenes.yaml: for which orders walls jump; the scenes themselves are the program's."""
    (folder / "scenes.yaml").write_text(_SCENES, encoding="utf-8")


def _told(rule: Rule) -> dict[str, Any]:
    tell: dict[str, Any] = {key: True for key in ("department", "handler", "reporter") if getattr(rule, key)}
    tell |= {"roles": list(rule.roles)} if rule.roles else {}
    return {"events": [event for event in EVENTS if event in rule.events], "tell": tell}


def write_cameras(folder: Path, cameras: Iterable[Camera]) -> None:
    """feeds.csv."""
    columns = ("feed", "name", "lon", "lat", "region", "owner", "direction_deg", "fov_deg")
    _write_csv(folder / "feeds.csv", columns, ([getattr(c, k) for k in columns] for c in cameras))


def write_calendar(folder: Path) -> None:
    """calendar.csv with its header only: the state's holidays are known without it."""
    _write_csv(folder / "calendar.csv", ("date", "working", "name"), ())


def _write_features(path: Path, rows: Iterable[str]) -> None:
    body = ",\n".join(rows)
    path.write_text('{"type":"FeatureCollection","features":[\n' + body + "\n]}\n", encoding="utf-8")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
