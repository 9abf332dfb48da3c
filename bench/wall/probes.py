"""The probes: workers of their own, each going to and fro between two places where nobody else is, far enough apart that the
sign is put and not seen to glide. Their fixes go to the gateway one by one, as those of a phone do."""

import http.client
import threading
import time
from typing import Any, Final

import numpy as np
import shapely

from config import clock
from config.city import City
from domain.geodesy import distances_m

PREFIX: Final = "probe"
STEP_M: Final = 1100.0  # farther than any sign glides, slower than a jump in LAP_S
LAP_S: Final = 25.0
DEGREE_M: Final = 111_195.0
ALONE_M: Final = 900.0  # so far from everybody else's home and from other probes, ten signs of a wall that shows the city

Spot = tuple[float, float]


class Sent:
    """One fix of a probe: where it said that it was, and when (ms since 1970) it was sent and acknowledged."""

    def __init__(self, probe: str, spot: Spot, fixed_at_ms: int) -> None:
        self.probe, self.spot, self.fixed_at_ms = probe, spot, fixed_at_ms
        self.sent_ms = self.acked_ms = 0.0


def spots(city: City, homes: list[Spot], most: int) -> list[tuple[Spot, Spot]]:
    """Up to `most` pairs of places, STEP_M apart, in the city and away from the homes and from each other."""
    shape = city.geometry(city.root)
    assert shape is not None, "a city without an outline has no map"
    west, south, east, north = shape.bounds
    step = 700 / DEGREE_M
    lons, lats = (grid.ravel() for grid in np.meshgrid(np.arange(west, east, step), np.arange(south, north, step)))
    inside = shapely.contains_xy(shape.buffer(-0.01), lons, lats)
    taken, found = np.array(sorted(set(homes))), []
    for lon, lat in zip(lons[inside].tolist(), lats[inside].tolist(), strict=True):
        pair = ((lon, lat), (lon, lat + STEP_M / DEGREE_M))
        if all(distances_m(*spot, taken[:, 0], taken[:, 1]).min() > ALONE_M for spot in pair):
            found.append(pair)
            taken = np.vstack([taken, pair])
        if len(found) == most:
            break
    return found


class Probes:
    """All probes; each is sent on its way once a lap, one after the other, from `start` to `end`."""

    def __init__(self, pairs: list[tuple[Spot, Spot]], port: int, key: str) -> None:
        self.pairs = {f"{PREFIX}{n:03d}": pair for n, pair in enumerate(pairs)}
        self.sent: list[Sent] = []
        self.failed = 0
        self._door = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._path = f"/osmand/{key}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(30)

    def told(self) -> dict[str, Any]:
        """What the page has to know: id → its two places."""
        return {name: [list(spot) for spot in pair] for name, pair in self.pairs.items()}

    def _run(self) -> None:
        names, n, begun_s = list(self.pairs), 0, time.monotonic()
        while not self._stop.wait(max(begun_s + n * LAP_S / len(names) - time.monotonic(), 0)):
            name = names[n % len(names)]
            self._send(name, self.pairs[name][n // len(names) % 2])
            n += 1

    def _send(self, name: str, spot: Spot) -> None:
        one = Sent(name, spot, clock.now_ms())
        query = f"id={name}&lat={spot[1]:.7f}&lon={spot[0]:.7f}&timestamp={one.fixed_at_ms}&accuracy=8&batt=80"
        one.sent_ms = clock.now_s() * 1000
        try:
            self._door.request("GET", f"{self._path}?{query}")
            answer = self._door.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._door.close()
            self.failed += 1
            return
        one.acked_ms = clock.now_s() * 1000
        if answer.status == 200:
            self.sent.append(one)
        else:
            self.failed += 1
