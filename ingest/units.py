"""What one of a unit of speed is, in m/s."""

from typing import Final

KMH_MPS: Final = 1 / 3.6
KNOT_MPS: Final = 1852 / 3600
SPEED_MPS: Final = {"mps": 1.0, "kmh": KMH_MPS, "knots": KNOT_MPS}
"""By the names that a city's settings and the commands give to units."""
