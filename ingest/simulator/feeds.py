"""The city's cameras as a video gateway tells of them: nearly all are online, a few fail and come back."""

from typing import Any, Final

import numpy as np

from config.city import City
from ingest.simulator.cases import iso
from ingest.simulator.chance import uniform

SLOT_S: Final = 600
SHARES: Final = (("fault", 0.012), ("frozen", 0.012), ("offline", 0.045))
CHANGES_EVERY_H: Final = 6  # how long a camera keeps its state, about


def states(city: City, seed: int, at_s: float) -> list[str]:
    """The state of each camera of the city, in the order of `city.cameras`, in the ten minutes of `at_s`."""
    which = np.arange(len(city.cameras))
    slot = int(at_s // SLOT_S)
    length = CHANGES_EVERY_H * 3600 // SLOT_S
    chance = uniform(seed, 60, which, (slot + (uniform(seed, 61, which) * length).astype(np.int64)) // length)
    told = np.full(len(which), "online", dtype=object)
    bound = 0.0
    for status, share in SHARES:
        told[(chance >= bound) & (chance < bound + share)] = status
        bound += share
    return [str(one) for one in told]


def told(city: City, now: list[str], before: list[str], at_s: float) -> list[dict[str, Any]]:
    """Objects of `/api/v1/feeds` for the cameras whose state is not what it was (`before` empty: for all)."""
    found = []
    at = iso(int(at_s // SLOT_S) * SLOT_S * 1000)
    for n, camera in enumerate(city.cameras.values()):
        if before and before[n] == now[n]:
            continue
        one = {"feed": camera.feed, "name": camera.name, "lon": camera.lon, "lat": camera.lat, "region": camera.region,
               "owner": camera.owner, "direction_deg": camera.direction_deg, "fov_deg": camera.fov_deg}  # fmt: skip
        found.append({name: value for name, value in one.items() if value not in (None, "")} | {"status": now[n], "at": at})
    return found
