"""Distances on the sphere of mean radius 6,371,008.8 m (haversine): exact enough within a city."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M: Final = 6_371_008.8


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two places in degrees."""
    p1, p2 = radians(lat1), radians(lat2)
    a = sin((p2 - p1) / 2) ** 2 + cos(p1) * cos(p2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(a)))


def bearing_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The direction in which the second place lies from the first, clockwise from north, 0 ≤ … < 360."""
    p1, p2, turn = radians(lat1), radians(lat2), radians(lon2 - lon1)
    east, north = sin(turn) * cos(p2), cos(p1) * sin(p2) - sin(p1) * cos(p2) * cos(turn)
    return degrees(atan2(east, north)) % 360.0


def steps_m(lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres from each place to the next: n places in degrees → n - 1 lengths."""
    p = np.radians(lats)
    a = np.sin(np.diff(p) / 2) ** 2 + np.cos(p[:-1]) * np.cos(p[1:]) * np.sin(np.radians(np.diff(lons)) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a))))


def distances_m(
    lon: float, lat: float, lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Metres from one place to each of n others; NaN where a place is not known."""
    p1, p2 = np.radians(lat), np.radians(lats)
    a = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lons - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a))))
