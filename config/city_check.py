"""What is doubtful in a city's map: nothing that stops a program, everything that makes a point land in a wrong grid."""

import math

import shapely
from shapely.geometry.base import BaseGeometry

from config.city_model import City

OVERLAP_M2 = 100.0
HOLE_SHARE = 0.001  # of the parent's area; the hair-lines between polygons drawn one by one stay below it


def map_warnings(city: City) -> list[str]:
    """Leaves without an outline, siblings that overlap, holes in a parent, parts outside it. One line each."""
    warnings = []
    for code in sorted(city.regions):
        below = [child for child in city.children(code) if city.regions[child].valid_on("")]
        if below:
            warnings += _family_warnings(city, code, below)
        elif city.geometry(code) is None and city.regions[code].valid_on(""):
            name = city.regions[code].name
            warnings.append(f"regions.geojson:1: {code} {name} has no outline: no point will ever lie in it")
    return warnings


def _family_warnings(city: City, code: str, below: list[str]) -> list[str]:
    shapes = {child: shape for child in below if (shape := city.geometry(child)) is not None}
    if not shapes:
        return []
    warnings = _overlaps(shapes)
    own = city.geometry(code)
    if own is None or len(shapes) < len(below):
        return warnings
    whole = shapely.union_all(list(shapes.values()))
    for left, text in (
        (own.difference(whole), "of it lie in none of its parts"),
        (whole.difference(own), "of its parts lie outside it"),
    ):
        size = area_m2(left)
        if size > HOLE_SHARE * area_m2(own) and size > OVERLAP_M2:
            at = left.representative_point()
            where = f"e.g. at {at.x:.5f}, {at.y:.5f}"
            warnings.append(f"regions.geojson:1: {code}: {size:,.0f} m² {text} ({where})")
    return warnings


def _overlaps(shapes: dict[str, BaseGeometry]) -> list[str]:
    codes, polygons = list(shapes), list(shapes.values())
    if shapely.coverage_is_valid(polygons):
        return []
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    warnings = []
    for a, b in zip(first, second, strict=True):
        if a < b and (size := area_m2(polygons[a].intersection(polygons[b]))) > OVERLAP_M2:
            warnings.append(f"regions.geojson:1: {codes[a]} and {codes[b]} overlap by {size:,.0f} m²: cut one of them")
    return warnings


def area_m2(shape: BaseGeometry) -> float:
    """Area of a geometry in degrees, in m², by the length of a degree at its middle (good to 0.5 % in a city)."""
    if shape.is_empty:
        return 0.0
    _, south, _, north = shape.bounds
    return float(shape.area * 111_320.0**2 * math.cos(math.radians((south + north) / 2)))
