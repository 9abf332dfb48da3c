"""What a track tells: segments, gaps, stops, stretches out of the grid, length. Pure functions over arrays.

All arrays of a call have one length n; times are ms and rising, places degrees. A run is (first, last + 1).
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.facts import SET_ASIDE, FixFlag
from domain.geodesy import EARTH_RADIUS_M, steps_m

GAP_S: Final = 300.0
"""Two fixes further apart in time are not joined by a line: nobody knows where the worker went."""

STOP_S: Final = 180.0
"""A worker who stays in one place for so long has stopped there."""

Run = tuple[int, int]


class Stop(msgspec.Struct, frozen=True):
    """`lon`, `lat`: the mean of its fixes."""

    from_ms: int
    to_ms: int
    lon: float
    lat: float
    fixes: int


def usable(flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which fixes count: those that were not set aside."""
    return np.asarray((flags & int(SET_ASIDE)) == 0)


def reasons(flags: int) -> list[str]:
    """The flags of a fix as words: ["jump", "out_of_grid"]."""
    return [flag.name.lower() for flag in FixFlag if flags & flag and flag.name]


def segments(times_ms: NDArray[np.int64], gap_s: float = GAP_S) -> list[Run]:
    """Runs of fixes without a gap longer than `gap_s` between neighbours."""
    n = len(times_ms)
    if n == 0:
        return []
    cuts = (np.flatnonzero(np.diff(times_ms) > gap_s * 1000) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, n], strict=True))


def runs(mask: NDArray[np.bool_]) -> list[Run]:
    """Runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def length_m(lons: NDArray[np.float64], lats: NDArray[np.float64]) -> float:
    """Sum of the ways from each fix to the next."""
    return float(steps_m(lons, lats).sum()) if len(lons) > 1 else 0.0


def lengths_m(lons: NDArray[np.float64], lats: NDArray[np.float64], parts: list[Run]) -> list[float]:
    """`length_m` of each run; what lies between runs is not counted."""
    if len(lons) < 2:
        return [0.0 for _ in parts]
    total = np.concatenate(([0.0], np.cumsum(steps_m(lons, lats))))
    return [float(total[high - 1] - total[low]) for low, high in parts]


def seconds(times_ms: NDArray[np.int64], mask: NDArray[np.bool_], parts: list[Run]) -> float:
    """Time inside the runs that begins at a fix with a True mask."""
    if len(times_ms) < 2:
        return 0.0
    took_ms = np.diff(times_ms)
    inside = np.zeros(len(took_ms), bool)
    for low, high in parts:
        inside[low : high - 1] = True
    return float(took_ms[inside & mask[:-1]].sum()) / 1000


def stops(
    times_ms: NDArray[np.int64],
    lons: NDArray[np.float64],
    lats: NDArray[np.float64],
    radius_m: float,
    least_s: float = STOP_S,
    gap_s: float = GAP_S,
) -> list[Stop]:
    """Where the worker stayed within `radius_m` of the place of his arrival for at least `least_s`.

    A fix outside the radius ends a stop; a stop does not reach over a gap.
    """
    found: list[Stop] = []
    if len(times_ms) == 0:
        return found
    north_m = EARTH_RADIUS_M * np.radians(lats)
    east_m = EARTH_RADIUS_M * np.radians(lons) * np.cos(np.radians(np.median(lats)))
    for low, high in segments(times_ms, gap_s):
        first = low
        while first < high:
            last = _stays_until(first, high, east_m, north_m, radius_m)
            if times_ms[last - 1] - times_ms[first] >= least_s * 1000:
                here = slice(first, last)
                place = round(float(lons[here].mean()), 7), round(float(lats[here].mean()), 7)
                found.append(Stop(int(times_ms[first]), int(times_ms[last - 1]), *place, last - first))
                first = last
            else:
                first += 1
    return found


def _stays_until(
    first: int, high: int, east_m: NDArray[np.float64], north_m: NDArray[np.float64], radius_m: float
) -> int:
    """End of the run that begins at `first` and stays near it; looks ahead in growing windows."""
    start, width = first + 1, 16
    while start < high:
        end = min(start + width, high)
        away = np.hypot(east_m[start:end] - east_m[first], north_m[start:end] - north_m[first]) > radius_m
        if away.any():
            return start + int(away.argmax())
        start, width = end, width * 4
    return high
