"""A flat sheet in metres for making maps, and the bent one that they are seen on.

Borders are cut straight on the flat sheet; `Plane.to_earth` bends them gently, so that streets curve like streets do.
"""

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

M_PER_DEGREE = 111_320.0
Points = NDArray[np.float64]


class Plane:
    """`bend_m`: how far the bending moves a point at most; `wave_m`: over what length it changes; `turn_deg`: tilt.

    Shapes are given and taken one by one or as arrays of them, which is much faster.
    """

    def __init__(
        self, lon: float, lat: float, rng: np.random.Generator, bend_m: float, wave_m: float, turn_deg: float = 0.0
    ) -> None:
        self._lon, self._lat = lon, lat
        self._scale = np.array([M_PER_DEGREE * math.cos(math.radians(lat)), M_PER_DEGREE])
        turn = math.radians(turn_deg)
        self._turn = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        ways = np.array([0.2, 1.1, 1.9, 2.7]) + rng.uniform(-0.2, 0.2, 4)
        self._waves = np.stack([np.cos(ways), np.sin(ways)], axis=1) * (
            2 * math.pi / (wave_m * np.array([1.6, 1.2, 1.0, 0.7]))
        )[:, None]
        self._phase = rng.uniform(0, 2 * math.pi, (4, 2))
        self._bend = bend_m * np.array([0.4, 0.3, 0.2, 0.1])[:, None]

    def _shift(self, points: Points) -> Points:
        angle = points @ self._waves.T
        return (np.sin(angle[:, :, None] + self._phase) * self._bend).sum(axis=1)

    def metres(self, shape: Any) -> Any:
        """Degrees → metres east and north of the middle, not bent."""
        return shapely.transform(shape, lambda p: (p - [self._lon, self._lat]) * self._scale)

    def degrees(self, shape: Any) -> Any:
        """The way back of `metres`."""
        return shapely.transform(shape, lambda p: p / self._scale + [self._lon, self._lat])

    def to_flat(self, shape: Any, step_m: float = 80.0) -> Any:
        """Degrees → the flat sheet; edges are cut to `step_m` first, as they do not stay straight."""
        return shapely.transform(shapely.segmentize(self.metres(shape), step_m), self._flatten)

    def to_earth(self, shape: Any, step_m: float = 60.0) -> Any:
        """The flat sheet → degrees. Equal edges of neighbours stay equal."""
        return self.degrees(shapely.transform(shapely.segmentize(shape, step_m), self.unbend))

    def point_to_flat(self, lon: float, lat: float) -> tuple[float, float]:
        """One point, degrees → flat metres."""
        flat = self._flatten((np.array([[lon, lat]]) - [self._lon, self._lat]) * self._scale)[0]
        return float(flat[0]), float(flat[1])

    def _flatten(self, points: Points) -> Points:
        return (points + self._shift(points)) @ self._turn

    def unbend(self, points: Points) -> Points:
        """Flat metres → bent metres (fixed point; the bending is weak enough that it closes in fast)."""
        target = points @ self._turn.T
        found = target
        for _ in range(60):
            better = target - self._shift(found)
            if np.abs(better - found).max(initial=0.0) < 1e-8:
                return better
            found = better
        return found
