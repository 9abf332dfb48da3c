"""WGS-84, GCJ-02 and BD-09: there and back, one position or arrays of them (domain reference D9).

All functions take and give (lon, lat) in degrees, as floats or as numpy arrays of one shape. Outside the rough box of
China GCJ-02 is WGS-84. The inverses are iterated until they stand still: exact to far below a millimetre, except in the
one kilometre along the edge of the box where the definition itself jumps.
"""

import math
from types import ModuleType
from typing import Any, Final, Literal, TypeVar, get_args

import numpy as np

Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: Final[tuple[str, ...]] = get_args(Datum)

Degrees = TypeVar("Degrees", float, "np.ndarray[Any, np.dtype[np.float64]]")

_AXIS_M: Final = 6378245.0  # Krasovsky 1940, as the offset was made for
_ECCENTRICITY2: Final = 0.00669342162296594323
_BD_FACTOR: Final = math.pi * 3000.0 / 180.0  # the usual one of the two in circulation
_BD_LON, _BD_LAT = 0.0065, 0.006
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_STEPS: Final = 30  # far more than the ten or so that are needed
_STILL: Final = 1e-12  # degrees; a tenth of a micrometre


def to_wgs84(lon: Degrees, lat: Degrees, datum: str) -> tuple[Degrees, Degrees]:
    """A position of any datum of `DATUMS` in WGS-84. Raises ValueError for another datum."""
    if datum == "wgs84":
        return lon, lat
    if datum == "gcj02":
        return gcj02_to_wgs84(lon, lat)
    if datum == "bd09":
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    raise ValueError(f"unknown datum: {datum}")


def from_wgs84(lon: Degrees, lat: Degrees, datum: str) -> tuple[Degrees, Degrees]:
    """A WGS-84 position in another datum of `DATUMS`. Raises ValueError for another datum."""
    if datum == "wgs84":
        return lon, lat
    if datum == "gcj02":
        return wgs84_to_gcj02(lon, lat)
    if datum == "bd09":
        return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
    raise ValueError(f"unknown datum: {datum}")


def in_china(lon: Any, lat: Any) -> Any:
    """Whether the offset applies: the rough box, as every map of China uses it. A bool, or an array of them."""
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    if isinstance(lon, np.ndarray):
        d_lon, d_lat = _offset(lon, lat, np)
        inside = in_china(lon, lat)
        return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)
    if not in_china(lon, lat):
        return lon, lat
    d_lon, d_lat = _offset(lon, lat, math)
    return lon + d_lon, lat + d_lat


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    if isinstance(lon, np.ndarray):
        inside = in_china(lon, lat)
        near_lon, near_lat = np.where(inside, lon, 105.0), np.where(inside, lat, 35.0)
        found_lon, found_lat = _undo(_shifted, near_lon, near_lat, np)
        return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)
    if not in_china(lon, lat):
        return lon, lat
    return _undo(_shifted, lon, lat, math)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return _turned(lon, lat, np if isinstance(lon, np.ndarray) else math)


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return _undo(_turned, lon, lat, np if isinstance(lon, np.ndarray) else math)


def _shifted(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    d_lon, d_lat = _offset(lon, lat, xp)
    return lon + d_lon, lat + d_lat


def _offset(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    """What GCJ-02 adds, in degrees. `xp` is math or numpy: both have the functions used here."""
    x, y, pi = lon - 105.0, lat - 35.0, math.pi
    root = 0.1 * xp.sqrt(xp.fabs(x))
    wave = (20.0 * xp.sin(6.0 * x * pi) + 20.0 * xp.sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 2.0 * root + wave
    north += (20.0 * xp.sin(y * pi) + 40.0 * xp.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * xp.sin(y / 12.0 * pi) + 320.0 * xp.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + root + wave
    east += (20.0 * xp.sin(x * pi) + 40.0 * xp.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * xp.sin(x / 12.0 * pi) + 300.0 * xp.sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = lat / 180.0 * pi
    magic = 1.0 - _ECCENTRICITY2 * xp.sin(radians) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY2) / (magic * xp.sqrt(magic))
    parallel_m = _AXIS_M / xp.sqrt(magic) * xp.cos(radians)
    return east * 180.0 / (parallel_m * pi), north * 180.0 / (meridian_m * pi)


def _turned(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    """BD-09 of a GCJ-02 position."""
    radius = xp.sqrt(lon * lon + lat * lat) + 0.00002 * xp.sin(lat * _BD_FACTOR)
    arctan2 = np.arctan2 if xp is np else math.atan2
    angle = arctan2(lat, lon) + 0.000003 * xp.cos(lon * _BD_FACTOR)
    return radius * xp.cos(angle) + _BD_LON, radius * xp.sin(angle) + _BD_LAT


def _undo(forward: Any, lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    """The position that `forward` brings to (lon, lat): each step takes off what is left of the error."""
    found_lon, found_lat = lon, lat
    for _ in range(_STEPS):
        there_lon, there_lat = forward(found_lon, found_lat, xp)
        error_lon, error_lat = there_lon - lon, there_lat - lat
        found_lon, found_lat = found_lon - error_lon, found_lat - error_lat
        if xp is np:
            still = bool(np.all(np.abs(error_lon) < _STILL) and np.all(np.abs(error_lat) < _STILL))
        else:
            still = abs(error_lon) < _STILL and abs(error_lat) < _STILL
        if still:
            break
    return found_lon, found_lat
