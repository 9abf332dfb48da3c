"""Which region holds a point, for millions of points: a raster of cells that lie in one region only, STRtree for the rest.

Nine points in ten fall into a cell that no border crosses and are answered by two array look-ups; only those near a
border are asked of the polygons themselves.
"""

import math
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_MIXED, _OUTSIDE = -2, -1


class RegionIndex:
    """`regions`: code → (polygon, depth). The deepest region wins, then the lower code. Built once, asked often."""

    def __init__(self, regions: dict[str, tuple[BaseGeometry, int]]) -> None:
        order = sorted(regions, key=lambda code: (-regions[code][1], code))
        self._codes = np.array([*order, ""], dtype=object)  # index -1 is "outside"
        self._shapes = np.array([regions[code][0] for code in order], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        if order:
            self._rasterise()

    def _rasterise(self) -> None:
        west, south, east, north = shapely.total_bounds(self._shapes)
        side = int(np.clip(24 * math.sqrt(len(self._shapes)), 256, 1500))
        self._side, self._west, self._south = side, west, south
        self._step_x, self._step_y = (east - west) / side or 1.0, (north - south) / side or 1.0
        crossed = np.zeros((side, side), dtype=bool)
        for x, y in self._crossings():
            crossed[y.clip(0, side - 1), x.clip(0, side - 1)] = True
        # cells side by side without a border between them lie in one region: ask for the first of each run only
        first = ~crossed
        first[:, 1:] &= crossed[:, :-1]
        row, column = np.nonzero(first)
        middle_x, middle_y = self._west + (column + 0.5) * self._step_x, self._south + (row + 0.5) * self._step_y
        run = np.cumsum(first.ravel()) - 1
        self._raster = self._exact(middle_x, middle_y)[run] if len(row) else np.full(side * side, _MIXED)
        self._raster[crossed.ravel()] = _MIXED

    def _crossings(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Columns and rows of all cells that a border may cross, and of some beside them."""
        edges = shapely.get_parts(shapely.boundary(self._shapes))
        lines = np.unique(np.sort(_segments(edges).reshape(-1, 2, 2), axis=1), axis=0)
        lines = (lines - (self._west, self._south)) / (self._step_x, self._step_y)
        pieces = np.ceil(np.abs(lines[:, 1] - lines[:, 0]).max(axis=1, initial=0)).astype(int).clip(1)
        which = np.repeat(np.arange(len(lines)), pieces)
        nth = (np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces))[:, None]
        way = (lines[which, 1] - lines[which, 0]) / pieces[which, None]
        start = lines[which, 0] + way * nth
        # a piece no longer than a cell lies in the cells of its box's corners; a hair wider against rounding
        low, high = np.minimum(start, start + way) - 1e-6, np.maximum(start, start + way) + 1e-6
        for x in (low[:, 0], high[:, 0]):
            for y in (low[:, 1], high[:, 1]):
                yield np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)

    def locate(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> list[str]:
        """The code for each point, '' outside. A NaN is outside."""
        if not len(self._shapes) or not len(lons):
            return [""] * len(lons)
        with np.errstate(invalid="ignore"):
            column = np.floor((lons - self._west) / self._step_x)
            row = np.floor((lats - self._south) / self._step_y)
            inside = (column >= -1) & (column <= self._side) & (row >= -1) & (row <= self._side)
        column = np.where(inside, column, 0).astype(np.int64).clip(0, self._side - 1)
        row = np.where(inside, row, 0).astype(np.int64).clip(0, self._side - 1)
        found = np.where(inside, self._raster[row * self._side + column], _OUTSIDE)
        # where the raster clipped a point that lies on the very edge, the polygons decide
        ask = np.flatnonzero(found == _MIXED)
        found[ask] = self._exact(lons[ask], lats[ask])
        return list(self._codes[found])

    def _exact(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.int64]:
        best = np.full(len(lons), len(self._shapes), dtype=np.int64)
        points, shapes = self._tree.query(shapely.points(lons, lats))
        holds = shapely.intersects_xy(self._shapes[shapes], lons[points], lats[points])
        np.minimum.at(best, points[holds], shapes[holds])
        best[best == len(self._shapes)] = _OUTSIDE
        return best


def _segments(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """All single segments of the lines, as rows x1 y1 x2 y2."""
    points, owner = shapely.get_coordinates(lines, return_index=True)
    same = owner[1:] == owner[:-1]
    return np.hstack([points[:-1][same], points[1:][same]])
