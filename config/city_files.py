"""Reading the files of a city's folder so that a fault can name its file and line."""

import csv
import datetime as dt
import io
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
import yaml
from numpy.typing import NDArray


class Faults:
    """Collects what is wrong, so that everything can be told at once."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def error(self, file: str, line: int, what: str) -> None:
        self.errors.append(f"{file}:{line}: {what}")

    def warn(self, file: str, line: int, what: str) -> None:
        self.warnings.append(f"{file}:{line}: {what}")


class Record(dict[str, str]):
    """One row of a CSV file by column name, stripped, and the line that it ends on."""

    def __init__(self, file: str, line: int, values: dict[str, str]) -> None:
        super().__init__(values)
        self.file, self.line = file, line


def read_text(path: Path, faults: Faults) -> str | None:
    """The file's text, None if it is absent. UTF-8 with or without BOM; anything else is a fault."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        faults.error(path.name, 1, f"is not UTF-8 ({error.reason} at byte {error.start}): save it as UTF-8")
        return None


def read_records(path: Path, faults: Faults, need: tuple[str, ...], may: tuple[str, ...]) -> list[Record]:
    """The rows of a CSV file with a header; an absent file has none. Every column of `need` must be there."""
    text = read_text(path, faults)
    if not text:
        return []
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in need if name not in header]
    if missing:
        faults.error(path.name, 1, f"has no column {', '.join(missing)}: its header must name {', '.join(need)}")
        return []
    for name in header:
        if name not in need + may:
            faults.warn(path.name, 1, f"column {name!r} is not known and is not read")
    return list(_rows(reader, path.name, header, faults))


def _rows(reader: Any, file: str, header: list[str], faults: Faults) -> Iterator[Record]:
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.error(file, reader.line_num, f"has {len(cells)} cells, the header {len(header)}: check the commas")
            continue
        yield Record(file, reader.line_num, {k: v.strip() for k, v in zip(header, cells, strict=True)})


def read_yaml(path: Path, faults: Faults, holds: str = "code, name, levels") -> dict[str, Any]:
    """The mapping of a YAML file, which is to have `holds`, and under `__lines__` the line of each of its first-level keys."""
    text = read_text(path, faults)
    if text is None:
        if not faults.errors:
            advice = f"app.py city make guicheng --out {shlex.quote(str(path.parent))} writes one"
            faults.error(path.name, 1, f"is not there: {path.parent} is no city ({advice})")
        return {}
    try:
        tree = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        faults.error(path.name, mark.line + 1 if mark else 1, f"is no YAML: {getattr(error, 'problem', error)}")
        return {}
    if not isinstance(tree, yaml.MappingNode) or not isinstance(content, dict):
        faults.error(path.name, 1, f"must be a mapping with {holds}")
        return {}
    content["__lines__"] = {key.value: key.start_mark.line + 1 for key, _ in tree.value}
    return content


class _Names(msgspec.Struct):
    code: str | int | None = None


class _Feature(msgspec.Struct):
    properties: _Names | None = None
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class _Collection(msgspec.Struct):
    features: list[_Feature] = []


def read_outlines(path: Path, faults: Faults) -> tuple[list[tuple[str, int]], NDArray[np.object_]]:
    """The codes (with the line that each feature begins on) and polygons of a GeoJSON file; wrong ones are faults."""
    text = read_text(path, faults)
    if not text:
        return [], np.array([], dtype=object)
    data = text.encode()
    try:
        features = msgspec.json.decode(data, type=_Collection).features
    except msgspec.DecodeError as error:
        faults.error(path.name, 1, f"is no GeoJSON FeatureCollection: {error}")
        return [], np.array([], dtype=object)
    raw = np.array([bytes(f.geometry) for f in features], dtype=object)
    shapes = shapely.from_geojson(raw, on_invalid="ignore")
    codes, line, at = [], 1, 0
    for feature, outline in zip(features, raw, strict=True):
        found = data.find(outline, at)
        line, at = line + data.count(b"\n", at, max(found, at)), max(found, at)
        codes.append((str(feature.properties.code or "") if feature.properties else "", line))
    return codes, shapes


def valid_day(text: str) -> bool:
    """Whether the text is a date 'YYYY-MM-DD'."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
