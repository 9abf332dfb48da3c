"""A hall fed by hand, and a store that knows tracks and trails, for the tests of figures, queries and the read API."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.city import City
from dashboard.hall import Hall
from domain.states import Feed, Order, Presence, Step, Worker
from store.track import RECORD

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 1_760_065_200_000  # 2025-10-10T11:00 in Shanghai
MIDNIGHT = NOW - 11 * HOUR
EAST, WEST = "440605001", "440605002"


class NoNotices:
    """The client of a store in which nobody was told of anything and nothing was published."""

    def hvals(self, key: str) -> list[bytes]:
        return []

    def hgetall(self, key: str) -> dict[bytes, bytes]:
        return {}

    def pipeline(self, transaction: bool = True) -> "NoNotices":
        return self

    def execute(self) -> list[Any]:
        return []


class FakeStore:
    """Answers track, trail, seen, counts and backlog from dictionaries; nothing was told to any webhook."""

    partitions = 0
    client = NoNotices()

    def __init__(self) -> None:
        self.tracks: dict[str, NDArray[np.void]] = {}
        self.trails: dict[str, tuple[Step, ...]] = {}

    def track(self, worker: str, from_ms: int, to_ms: int) -> NDArray[np.void]:
        records = self.tracks.get(worker, np.empty(0, RECORD))
        return records[(records["t"] >= from_ms) & (records["t"] < to_ms)]

    def trail(self, order: str) -> tuple[Step, ...]:
        return self.trails.get(order, ())

    def seen(self) -> dict[tuple[str, str], int]:
        return {}

    def wrong_clocks(self) -> dict[str, tuple[int, int]]:
        return {"phones": (3_600_000, NOW)}

    def counts(self) -> dict[tuple[str, str, str], int]:
        return {("phones", "position", "folded"): 12}

    def backlog(self) -> int:
        return 3

    def partition_of(self, row_id: str) -> int:
        return 0


def records(fixes: Iterable[tuple[int, float, float, int]]) -> NDArray[np.void]:
    """(ms, lon, lat, flags) → records."""
    rows = [(t, round(lon * 1e7), round(lat * 1e7), 65535, 65535, 65535, 255, 0, flags) for t, lon, lat, flags in fixes]
    return np.array(rows, RECORD)


def worker(name: str, presence: Presence = Presence.MOVING, **more: Any) -> Worker:
    given = {"fixed_at_ms": NOW - 5000, "heard_at_ms": NOW - 5000, "received_at_ms": NOW - 4000, "day": "2025-10-10",
             "fixes": 10, "lon": 113.105, "lat": 23.005, "region": EAST + "01"}  # fmt: skip
    return Worker(worker=name, presence=presence, **{**given, **more})


def order(name: str, status: str = "handling", **more: Any) -> Order:
    given: dict[str, Any] = {"reported_at_ms": NOW - 2 * HOUR, "status_at_ms": NOW - HOUR, "region": EAST + "01",
                             "channel": "12345", "source": "hotline", "title": f"事项{name}"}  # fmt: skip
    return Order(order=name, status=status, **{**given, **more})


def feed(name: str, status: str = "online", **more: Any) -> Feed:
    return Feed(feed=name, status=status, **{"region": EAST, "lon": 113.1052, "lat": 23.0051, "at_ms": NOW, **more})


def hall_of(city: City, *rows: Worker | Order | Feed, store: Any = None) -> Hall:
    hall = Hall(city, store, now_ms=lambda: NOW)
    apply(hall, *rows)
    return hall


def apply(hall: Hall, *rows: Worker | Order | Feed) -> None:
    hall.apply([(type(row).__name__.lower(), row) for row in rows], NOW)
