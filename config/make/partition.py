"""Cutting a ground into parts as towns grow: long straight cuts first, each part cut again, cuts meeting cuts.

Everything happens on the flat sheet of `plane.Plane`. Where people are many (the `points`), parts are small. A cut that
nearly meets the end of an older cut takes it up, so that a street goes on behind the crossing.
"""

import math
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]
_FAR_M: Final = 200_000.0


class Part(msgspec.Struct):
    """A piece of ground with the sample points of its people."""

    ground: Polygon
    points: Points


class Cut(msgspec.Struct):
    """A street to be: the line between two parts, and the rank that it was cut at ('a', 'b', 'c', 'lane')."""

    line: LineString
    rank: str


class Cutter:
    """Cuts parts and remembers the cuts. `skew_deg`: how far a cut may be off the right angle; `snap`: share of a
    part's width within which a cut takes up an older one."""

    def __init__(self, rng: np.random.Generator, skew_deg: float = 4.0, snap: float = 0.12) -> None:
        self._rng, self._skew, self._snap = rng, skew_deg, snap
        self.cuts: list[Cut] = []
        self._ends = np.empty((1024, 2))
        self._n_ends = 0

    def add(self, line: LineString, rank: str) -> None:
        """Remembers a cut that somebody else has made."""
        self.cuts.append(Cut(line, rank))
        if self._n_ends + 2 > len(self._ends):
            self._ends = np.concatenate([self._ends, np.empty_like(self._ends)])
        self._ends[self._n_ends : self._n_ends + 2] = line.coords[0][:2], line.coords[-1][:2]
        self._n_ends += 2

    def parts(self, part: Part, n: int, rank: str) -> list[Part]:
        """`part` in `n` pieces of about equal numbers of points."""
        if n <= 1:
            return [part]
        first = n // 2 if n % 2 == 0 or self._rng.random() < 0.5 else n // 2 + 1
        one, other = self._cut(part, first / n, rank)
        return [*self.parts(one, first, rank), *self.parts(other, n - first, rank)]

    def _cut(self, part: Part, share: float, rank: str) -> tuple[Part, Part]:
        tries = []
        for quarter in (0.0, math.pi / 2):
            skew = math.radians(self._rng.normal(0, self._skew / 2))
            tries.append(self._try(part, share, quarter, skew))
        _, one, other, line = max(tries, key=lambda t: t[0])
        for piece in shapely.get_parts(line.intersection(part.ground)):
            if piece.geom_type == "LineString" and piece.length > 1:
                self.add(piece, rank)
        return one, other

    def _try(self, part: Part, share: float, angle: float, skew: float) -> tuple[float, Part, Part, LineString]:
        """A cut at right angles to the direction `angle`: how good it is, both pieces, and the line.

        It takes up an older cut where one ends nearby; else it is free to be `skew` off the right angle.
        """
        along = np.array([math.cos(angle), math.sin(angle)])
        at, width = self._place(part, along, share)
        taken = self._older(part.ground, along, at, width * self._snap)
        if taken is None:
            along = np.array([math.cos(angle + skew), math.sin(angle + skew)])
            at, _ = self._place(part, along, share)
        else:
            at = taken
        one, other, line = split(part.ground, along, at)
        mine = part.points @ along < at
        score = min(compactness(one), compactness(other)) * (1.12 if taken is not None else 1.0)
        return score, Part(one, part.points[mine]), Part(other, part.points[~mine]), line

    @staticmethod
    def _place(part: Part, along: Points, share: float) -> tuple[float, float]:
        """Where to cut so that `share` of the people are on the low side, and how wide the part is."""
        ground = shapely.get_coordinates(part.ground) @ along
        low, high = float(ground.min()), float(ground.max())
        reach, width = part.points @ along, high - low
        at = low + width * share
        if len(reach) >= 8:
            nth = int(share * len(reach))
            at = float(np.partition(reach, nth)[nth])
        return min(max(at, low + 0.22 * width), high - 0.22 * width), width

    def _older(self, ground: Polygon, along: Points, at: float, reach_m: float) -> float | None:
        west, south, east, north = ground.bounds
        ends = self._ends[: self._n_ends]
        near = ends[abs(ends @ along - at) < reach_m]
        near = near[(near >= (west - 1, south - 1)).all(axis=1) & (near <= (east + 1, north + 1)).all(axis=1)]
        offsets = near @ along
        if not len(near):
            return None
        on_edge = shapely.distance(ground.exterior, shapely.points(near)) < 0.5
        offsets = offsets[on_edge]
        return float(offsets[np.argmin(abs(offsets - at))]) if len(offsets) else None


def split(ground: Polygon, along: Points, at: float) -> tuple[Polygon, Polygon, LineString]:
    """Both sides of the line `p · along = at`, each in one piece: crumbs go to the other side."""
    across = np.array([-along[1], along[0]])
    a, b = along * at - across * _FAR_M, along * at + across * _FAR_M
    side = Polygon([a, b, b - along * _FAR_M, a - along * _FAR_M])
    one, other = ground.intersection(side), ground.difference(side)
    one, crumbs = _largest(one)
    other, more = _largest(other)
    if crumbs or more:
        one, other = _largest(shapely.union_all([one, *more]))[0], _largest(shapely.union_all([other, *crumbs]))[0]
    return one, other, LineString([a, b])


def _largest(shape: BaseGeometry) -> tuple[Polygon, list[Polygon]]:
    pieces = sorted((p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"), key=lambda p: -p.area)
    return (pieces[0], pieces[1:]) if pieces else (Polygon(), [])


def compactness(shape: BaseGeometry) -> float:
    """4 π area / perimeter²: 1 for a circle, 0.79 for a square, near 0 for a sliver."""
    return 4 * math.pi * shape.area / shape.length**2 if shape.length else 0.0


def scatter(ground: Polygon, n: int, rng: np.random.Generator, towns: Iterable[tuple[float, float, float, float]]) -> Points:
    """`n` sample points of people inside the ground; `towns` are (x, y, reach_m, weight), on top of an even 1."""
    west, south, east, north = ground.bounds
    shapely.prepare(ground)
    found: list[Points] = []
    hills = list(towns)
    top = 1 + sum(hill[3] for hill in hills)
    while sum(map(len, found)) < n:
        points = rng.uniform((west, south), (east, north), (4 * n, 2))
        people = np.ones(len(points))
        for x, y, reach_m, weight in hills:
            people += weight * np.exp(-(((points - [x, y]) / reach_m) ** 2).sum(axis=1) / 2)
        points = points[rng.uniform(0, top, len(points)) < people]
        found.append(points[shapely.contains_xy(ground, points)])
    return np.concatenate(found)[:n]


def shares(weights: Iterable[float], total: int, least: int = 1, most: int | None = None) -> list[int]:
    """`total` dealt out in proportion to the weights, whole numbers, none below `least` or above `most`."""
    values = np.array(list(weights), float)
    top = most or total
    if least * len(values) > total or top * len(values) < total:
        raise ValueError(f"{total} cannot be dealt to {len(values)} with {least} to {top} each")
    counts = np.full(len(values), least)
    for _ in range(total - counts.sum()):
        want = np.where(counts < top, values / (counts + 0.5), -1)
        counts[int(np.argmax(want))] += 1
    return [int(count) for count in counts]


def coverage(grounds: list[Polygon]) -> list[Polygon]:
    """The same grounds with common corners put into every neighbour's edge, so that they can be bent without gaps."""
    edges = shapely.union_all([g.exterior for g in grounds], grid_size=0.01)
    cells = np.array(shapely.get_parts(shapely.polygonize([edges])), dtype=object)
    inner = shapely.point_on_surface(cells)
    tree = shapely.STRtree(grounds)
    point, owner = tree.query(inner, predicate="within")
    cells_of: dict[int, list[BaseGeometry]] = {}
    for p, o in sorted(zip(point.tolist(), owner.tolist(), strict=True)):
        cells_of.setdefault(o, []).append(cells[p])
    lost = set(range(len(cells))) - set(point.tolist())
    for p in sorted(lost):  # a crumb between two cuts goes to the part that it lies nearest to
        cells_of.setdefault(int(tree.nearest(inner[p])), []).append(cells[p])
    return [join(cells_of[n]) for n in range(len(grounds))]


def join(cells: list[BaseGeometry]) -> Polygon:
    """One polygon from polygons with exactly common edges."""
    if len(cells) == 1:
        return cells[0]
    whole = shapely.coverage_union_all(cells)
    whole = whole if whole.geom_type == "Polygon" else shapely.union_all(cells)
    return _only(whole)


def _only(shape: BaseGeometry) -> Polygon:
    if isinstance(shape, MultiPolygon) or shape.geom_type == "GeometryCollection":
        return _largest(shape)[0]
    return shape
