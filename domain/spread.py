"""Quantiles of durations, by linear interpolation between the two nearest: as numpy's default, at a fraction of its cost."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantiles(values: NDArray[Any], *shares: float) -> list[float]:
    """The value below which each share (0 to 1) of the values lies. At least one value is needed."""
    rising = np.sort(values)
    found = []
    for share in shares:
        place = share * (len(rising) - 1)
        below = int(place)
        above = min(below + 1, len(rising) - 1)
        low, high = float(rising[below]), float(rising[above])
        found.append(low + (high - low) * (place - below))
    return found
