"""Where a patrol can walk: the paths of one grid as a graph, in metres.

The paths are the streets that cross the grid and the pavement just inside its border; without streets, a lattice of
lanes as a quarter has them. A patrol's hour begins and ends at one of the grid's posts (`homes`).
"""

import heapq
import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

M_PER_DEGREE: Final = 111_195.08
KERB_M: Final = 14.0  # how far inside the border the pavement runs, so that GNSS noise seldom leaves the grid
NEAR_M: Final = 900.0  # a patrol goes no farther than this from the middle: large grids are not walked in an hour
EDGE_M: Final = 70.0
HOMES: Final = 3
Floats = npt.NDArray[np.float64]


class Plane(msgspec.Struct, frozen=True):
    """Degrees ↔ metres about a point; exact enough for a city."""

    lon: float
    lat: float

    @property
    def scale_x(self) -> float:
        return M_PER_DEGREE * math.cos(math.radians(self.lat))

    def metres(self, shape: BaseGeometry) -> BaseGeometry:
        flat: BaseGeometry = shapely.transform(
            shape, lambda at: np.column_stack(((at[:, 0] - self.lon) * self.scale_x, (at[:, 1] - self.lat) * M_PER_DEGREE))
        )
        return flat

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """(lon, lat), rounded to 1e-7°, which is what the store keeps."""
        return np.round(x / self.scale_x + self.lon, 7), np.round(y / M_PER_DEGREE + self.lat, 7)


class Paths(msgspec.Struct, frozen=True):
    """A connected graph. `next_hop[h][n]` is the node after `n` on the way to `homes[h]`, `home_m[h][n]` the way's length."""

    x: list[float]
    y: list[float]
    near: list[list[tuple[int, float]]]
    homes: tuple[int, ...]
    next_hop: list[list[int]]
    home_m: list[list[float]]
    middle: tuple[float, float]
    reach_m: float


def make_paths(ground: BaseGeometry, streets: Sequence[BaseGeometry], plain: bool = False) -> Paths:
    """The paths of a grid; `ground` and `streets` in metres. A grid too small for any has one node in its middle.

    `plain` leaves the pavement only: a hundred times cheaper, for crowds of which nobody looks at the single one.
    """
    ground = max(shapely.get_parts(ground), key=lambda part: part.area, default=ground)
    inside = _inside(ground)
    net = shapely.simplify(shapely.boundary(inside), 4.0)
    if not plain:
        lines = [line for street in streets if (line := shapely.intersection(street, inside)).length > EDGE_M / 2]
        if sum(line.length for line in lines) < net.length / 3:
            lines = [shapely.intersection(_lattice(inside), inside)]
        net = shapely.union_all([net, *(shapely.simplify(line, 3.0) for line in lines)], grid_size=0.5)
    nodes, near = _graph(shapely.segmentize(net, EDGE_M))
    if len(nodes) < 2:
        spot = inside.representative_point()
        nodes, near = [(spot.x, spot.y)], [[]]
    homes = tuple(dict.fromkeys(round(h * (len(nodes) - 1) / HOMES) for h in range(HOMES)))
    ways = [_ways_to(home, near) for home in homes]
    centre = ground.centroid
    return Paths(
        x=[x for x, _ in nodes],
        y=[y for _, y in nodes],
        near=near,
        homes=homes,
        next_hop=[way[0] for way in ways],
        home_m=[way[1] for way in ways],
        middle=(centre.x, centre.y),
        reach_m=math.sqrt(ground.area / math.pi),
    )


def _inside(ground: BaseGeometry) -> BaseGeometry:
    if ground.length > 5 * NEAR_M:
        ground = ground.intersection(ground.representative_point().buffer(NEAR_M))
    for kerb_m in (KERB_M, KERB_M / 3, 0.0):
        inner = max(shapely.get_parts(ground.buffer(-kerb_m)), key=lambda part: part.area, default=None)
        if inner is not None and inner.area > 400:
            return inner
    return ground


def _lattice(ground: BaseGeometry) -> BaseGeometry:
    """Lanes along and across the longer side of the ground."""
    west, south, east, north = ground.bounds
    step = min(max(math.sqrt(ground.area / 30), 45.0), 140.0)
    middle = ground.centroid
    reach = math.hypot(east - west, north - south) / 2
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))
    tilt = math.atan2(corners[1][1] - corners[0][1], corners[1][0] - corners[0][0]) if len(corners) > 1 else 0.0
    along, across = np.array([math.cos(tilt), math.sin(tilt)]), np.array([-math.sin(tilt), math.cos(tilt)])
    origin, offsets = np.array([middle.x, middle.y]), np.arange(-reach, reach, step)[:, None]
    ends = [
        np.stack([origin + one * offsets - other * reach, origin + one * offsets + other * reach], axis=1)
        for one, other in ((along, across), (across, along))
    ]
    lines: BaseGeometry = shapely.multilinestrings(shapely.linestrings(np.concatenate(ends)))
    return lines


def _graph(net: BaseGeometry) -> tuple[list[tuple[float, float]], list[list[tuple[int, float]]]]:
    """Nodes and neighbours of the largest connected part of the noded lines."""
    lines = [part for part in shapely.get_parts(net) if part.geom_type in ("LineString", "LinearRing")]
    at, line = shapely.get_coordinates(lines, return_index=True)
    spots = list(map(tuple, np.round(at, 1).tolist()))
    index = {spot: n for n, spot in enumerate(dict.fromkeys(spots))}
    near: list[list[tuple[int, float]]] = [[] for _ in index]
    for n in np.flatnonzero(line[1:] == line[:-1]).tolist():
        one, other = spots[n], spots[n + 1]
        if one != other:
            a, b, length = index[one], index[other], math.dist(one, other)
            near[a].append((b, length))
            near[b].append((a, length))
    part = _largest_part(near)
    renumber = {old: new for new, old in enumerate(part)}
    places = list(index)
    return [places[old] for old in part], [[(renumber[b], m) for b, m in near[old]] for old in part]


def _largest_part(near: list[list[tuple[int, float]]]) -> list[int]:
    seen: set[int] = set()
    best: list[int] = []
    for start in range(len(near)):
        if start in seen:
            continue
        part, todo = {start}, [start]
        while todo:
            fresh = {b for b, _ in near[todo.pop()]} - part
            part |= fresh
            todo += fresh
        seen |= part
        best = sorted(part) if len(part) > len(best) else best
    return best


def _ways_to(home: int, near: list[list[tuple[int, float]]]) -> tuple[list[int], list[float]]:
    """Shortest ways of all nodes to `home`: the next node, and metres."""
    hop, metres = [home] * len(near), [math.inf] * len(near)
    heap = [(0.0, home, home)]
    while heap:
        m, node, after = heapq.heappop(heap)
        if m >= metres[node]:
            continue
        hop[node], metres[node] = after, m
        for other, length in near[node]:
            heapq.heappush(heap, (m + length, other, node))
    return hop, metres
