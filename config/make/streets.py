"""The base map of a generated town: land, rivers, parks, roads with names, buildings. All invented, from a seed."""

import itertools
import math
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from config.make.partition import Cut, Points
from config.make.plane import Plane
from config.make.town import Block

Feature = dict[str, Any]
CLASS_OF: Final = {"a": "road_a", "b": "road_b", "c": "road_c", "lane": "lane"}


class Shape(msgspec.Struct):
    """One feature of the base map, on the flat sheet."""

    shape: BaseGeometry
    cls: str
    name: str = ""
    name_en: str = ""
    outside: bool = False  # beyond the city's own border


def features(shapes: Iterable[Shape], plane: Plane, step_m: float = 60.0) -> list[Feature]:
    """GeoJSON features in WGS-84 with `class`, `name`, `name_en`, and `outside` where it is true; six decimals."""
    kept = [s for s in shapes if not s.shape.is_empty]
    earth = plane.to_earth(np.array([s.shape for s in kept], dtype=object), step_m)
    earth = shapely.set_precision(earth, 1e-6, mode="pointwise")
    outlines = shapely.to_geojson(earth)
    return [
        {"type": "Feature", "properties": _told(s), "geometry": outline}
        for s, outline in zip(kept, map(msgspec.json.decode, outlines), strict=True)
    ]


def _told(shape: Shape) -> dict[str, Any]:
    told: dict[str, Any] = {"class": shape.cls, "name": shape.name, "name_en": shape.name_en}
    return told | ({"outside": True} if shape.outside else {})


def smooth(line: LineString, rounds: int = 3) -> LineString:
    """Chaikin: corners cut until the line is a curve; both ends stay."""
    points = shapely.get_coordinates(line)
    for _ in range(rounds):
        quarter, three = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        inner = np.stack([quarter, three], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner, points[-1:]])
    return LineString(points)


def river(line: LineString, width_m: float, rng: np.random.Generator) -> Polygon:
    """A river along a line; its width swells and shrinks by a fifth."""
    line = smooth(line.simplify(120), 4)
    n = max(int(line.length / 150), 4)
    phase = rng.uniform(0, 6.28, 2)
    rings = []
    for at in np.linspace(0, line.length, n):
        swell = 1 + 0.12 * math.sin(at / 700 + phase[0]) + 0.08 * math.sin(at / 290 + phase[1])
        rings.append(line.interpolate(at).buffer(width_m / 2 * swell, quad_segs=8))
    hulls = [shapely.union(a, b).convex_hull for a, b in itertools.pairwise(rings)]
    return shapely.union_all(hulls).simplify(4)


def creek(start: tuple[float, float], end: tuple[float, float], width_m: float, rng: np.random.Generator) -> Polygon:
    """A creek that wanders between two points."""
    a, b = np.array(start), np.array(end)
    n = max(int(np.hypot(*(b - a)) / 350), 4)
    way = np.linspace(0, 1, n)[:, None]
    across = np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))
    swing = rng.normal(0, 70, n) * np.sin(np.pi * way[:, 0])
    line = smooth(LineString(a + way * (b - a) + swing[:, None] * across), 3)
    return line.buffer(width_m / 2, cap_style="flat", quad_segs=6).simplify(1.5)


def blob(x: float, y: float, radius_m: float, rng: np.random.Generator, stretch: float = 1.6) -> Polygon:
    """A lake: a stretched circle with bays."""
    angle = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    reach = np.ones(72)
    for k in (2, 3, 4, 5):
        reach += rng.uniform(0.05, 0.28) / k * np.cos(k * angle + rng.uniform(0, 6.28))
    turn = rng.uniform(0, math.pi)
    px, py = radius_m * reach * np.cos(angle) / stretch, radius_m * reach * np.sin(angle)
    points = np.stack([x + px * math.cos(turn) - py * math.sin(turn), y + px * math.sin(turn) + py * math.cos(turn)], axis=1)
    return Polygon(points).buffer(0)


def parks(
    blocks: list[Block], sites: Iterable[tuple[str, str, float, float, float, float]], rng: np.random.Generator
) -> tuple[list[Shape], list[Shape], set[int]]:
    """Parks made of whole blocks around their sites (name, name_en, x, y, radius_m, share that is lake); their lakes;
    and the indexes of the blocks that they take."""
    found: list[Shape] = []
    lakes: list[Shape] = []
    taken: set[int] = set()
    for name, name_en, x, y, radius_m, lake in sites:
        mine = [n for n, block in enumerate(blocks) if block.ground.centroid.distance(Point(x, y)) < radius_m]
        if mine:
            taken.update(mine)
            ground = shapely.union_all([blocks[n].ground for n in mine]).buffer(-14).buffer(8)
            found.append(Shape(ground, "green", name, name_en))
            water = blob(ground.centroid.x, ground.centroid.y, radius_m * lake, rng).intersection(ground.buffer(-30))
            lakes += [Shape(water, "water")] if lake else []
    return found, lakes, taken


def pocket_parks(blocks: list[Block], taken: set[int], share: float, rng: np.random.Generator) -> list[Shape]:
    """Single blocks without houses; they are added to `taken`."""
    free = [n for n in range(len(blocks)) if n not in taken]
    chosen = rng.choice(free, int(share * len(blocks)), replace=False).tolist()
    taken.update(chosen)
    return [Shape(blocks[n].ground.buffer(-10), "green") for n in sorted(chosen)]


def roads(
    cuts: list[Cut], ground: Polygon, closed: dict[str, BaseGeometry], names: dict[str, list[tuple[str, str]]]
) -> list[Shape]:
    """A road for each cut. A road that goes on behind a crossing keeps its name; those of a rank stop at what is
    `closed` to the rank (lanes at parks, all but arterials at lakes)."""
    called = _named(cuts, names)
    shapes = []
    for cut, (name, name_en) in zip(cuts, called, strict=True):
        line = cut.line.intersection(ground)
        if cut.rank in closed:
            line = line.difference(closed[cut.rank])
        pieces = [p for p in shapely.get_parts(line) if p.geom_type == "LineString" and p.length > 20]
        if pieces:
            whole = pieces[0] if len(pieces) == 1 else MultiLineString(pieces)
            shapes.append(Shape(whole, CLASS_OF[cut.rank], name, name_en))
    return sorted(shapes, key=lambda s: ("lane", "road_c", "road_b", "road_a").index(s.cls))


def _named(cuts: list[Cut], names: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    supply = {rank: iter(rows) for rank, rows in names.items()}
    called: list[tuple[str, str]] = [("", "")] * len(cuts)
    # arterials take their names in the order given, the others by length
    order = sorted(range(len(cuts)), key=lambda n: (cuts[n].rank, cuts[n].rank != "a" and -cuts[n].line.length))
    for n in order:
        if called[n] == ("", "") and cuts[n].rank in supply:
            called[n] = next(supply[cuts[n].rank], ("", ""))
            if cuts[n].rank != "a" and called[n][0]:
                _spread(n, cuts, called)
    return called


def _spread(n: int, cuts: list[Cut], called: list[tuple[str, str]]) -> None:
    """Gives the name of cut `n` to the cuts that continue it."""
    todo = [n]
    while todo:
        here = cuts[todo.pop()]
        for m, other in enumerate(cuts):
            if called[m] == ("", "") and other.rank == here.rank and _continues(here.line, other.line):
                called[m] = called[n]
                todo.append(m)


def _continues(one: LineString, other: LineString) -> bool:
    a, b = np.array(one.coords)[[0, -1], :2], np.array(other.coords)[[0, -1], :2]
    gaps = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    u, v = (a[1] - a[0]) / one.length, (b[1] - b[0]) / other.length
    return bool(gaps.min() < 3 and abs(u @ v) > 0.96)


def outside_roads(arterials: list[LineString], ground: Polygon, reach_m: float, rng: np.random.Generator) -> list[Shape]:
    """Roads of the neighbours: the arterials run on, and a coarse net lies around."""
    west, south, east, north = ground.buffer(reach_m).bounds
    frame = ground.buffer(reach_m, quad_segs=4)
    lines = [("road_a", line) for line in arterials]
    for at in np.arange(west, east, 900):
        x = at + rng.uniform(-250, 250)
        lines.append(("road_b", LineString([(x, south), (x + rng.normal(0, 300), north)])))
    for at in np.arange(south, north, 900):
        y = at + rng.uniform(-250, 250)
        lines.append(("road_b", LineString([(west, y), (east, y + rng.normal(0, 300))])))
    around = frame.difference(ground.buffer(25))
    shapes = []
    for cls, line in lines:
        pieces = [p for p in shapely.get_parts(line.intersection(around)) if p.length > 60]
        if pieces:
            shapes.append(Shape(MultiLineString(pieces), cls, outside=True))
    return shapes


def buildings(
    blocks: list[Block], taken: set[int], people: Points, water: BaseGeometry, rng: np.random.Generator
) -> list[Shape]:
    """Houses in the blocks that are neither green nor water, one feature per grid; dense where people are many."""
    shore = water.buffer(12)
    shapely.prepare(shore)
    tree = shapely.STRtree([b.ground for b in blocks])
    block_of = tree.query(shapely.points(people), predicate="within")[1]
    density = np.bincount(block_of, minlength=len(blocks)) / np.array([b.ground.area for b in blocks])
    ranks = density.argsort().argsort() / len(blocks)
    by_grid: dict[tuple[int, int], list[Polygon]] = {}
    for n, block in enumerate(blocks):
        if n not in taken:
            houses = _houses(block.ground, 0.35 + 0.5 * ranks[n], rng)
            dry = [house for house in houses if not shore.intersects(house)]
            by_grid.setdefault((block.community, block.grid), []).extend(dry)
    return [Shape(MultiPolygon(houses), "building") for _, houses in sorted(by_grid.items()) if houses]


def _houses(ground: Polygon, chance: float, rng: np.random.Generator) -> list[Polygon]:
    yard = ground.buffer(-14)
    if yard.is_empty:
        return []
    west, south, east, north = yard.bounds
    nx, ny = max(int((east - west) / rng.uniform(48, 80)), 1), max(int((north - south) / rng.uniform(40, 64)), 1)
    wide, deep = (east - west) / nx, (north - south) / ny
    corner = np.stack(np.meshgrid(west + np.arange(nx) * wide, south + np.arange(ny) * deep), axis=-1).reshape(-1, 2)
    corner = corner[rng.random(len(corner)) < chance]
    size = rng.uniform(0.45, 0.8, (len(corner), 2)) * (wide, deep)
    low = corner + ((wide, deep) - size) * rng.uniform(0.2, 0.8, (len(corner), 2))
    houses = shapely.box(low[:, 0], low[:, 1], low[:, 0] + size[:, 0], low[:, 1] + size[:, 1])
    shapely.prepare(yard)
    return list(houses[shapely.contains(yard, houses)])
