"""One worker's local day in memory: which fixes are there already, and what lies before and after a late one."""

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.facts import SET_ASIDE, Position
from domain.geodesy import distance_m
from store import track
from store.track import DEGREE, RECORD

MOST_RECORDS: Final = 1_000_000  # held by one DayIndexes: at most 32 bytes each
_DAY_COSTS: Final = 64  # what an empty day costs, in records

Place = tuple[int, float, float]
"""(ms since the epoch, longitude, latitude in degrees)."""


class _Line:
    """Places in the order of time, in flat arrays: sixteen bytes each."""

    def __init__(self, records: NDArray[np.void]) -> None:
        self.t = array("q", records["t"].tolist())
        self.lon = array("i", records["lon"].tolist())
        self.lat = array("i", records["lat"].tolist())

    def put(self, at_ms: int, lon: int, lat: int) -> None:
        i = bisect_right(self.t, at_ms)
        self.t.insert(i, at_ms)
        self.lon.insert(i, lon)
        self.lat.insert(i, lat)

    def has(self, at_ms: int, lon: int, lat: int) -> bool:
        found = range(bisect_left(self.t, at_ms), bisect_right(self.t, at_ms))
        return any(self.lon[i] == lon and self.lat[i] == lat for i in found)

    def place(self, i: int) -> Place | None:
        """The i-th; None before the first and after the last."""
        return (self.t[i], self.lon[i] / DEGREE, self.lat[i] / DEGREE) if 0 <= i < len(self.t) else None


class DayIndex:
    """Every record of one worker's local day, and of these the good ones (not set aside), each by time."""

    def __init__(self, records: NDArray[np.void]) -> None:
        records = track.by_time(records)
        self._all = _Line(records)
        self._good = _Line(records[(records["flags"] & int(SET_ASIDE)) == 0])

    def __len__(self) -> int:
        return len(self._all.t)

    @property
    def set_aside(self) -> int:
        """How many records are set aside."""
        return len(self._all.t) - len(self._good.t)

    def knows(self, fix: Position) -> bool:
        return self._all.has(fix.fixed_at_ms, *_rounded(fix))

    def has_time(self, fix: Position) -> bool:
        """Is there a good fix of that very instant?"""
        i = bisect_left(self._good.t, fix.fixed_at_ms)
        return i < len(self._good.t) and self._good.t[i] == fix.fixed_at_ms

    def add(self, fix: Position, flags: int) -> None:
        place = _rounded(fix)
        self._all.put(fix.fixed_at_ms, *place)
        if not flags & SET_ASIDE:
            self._good.put(fix.fixed_at_ms, *place)

    def around(self, at_ms: int) -> tuple[Place | None, Place | None]:
        """The good fixes before and after an instant of which there is none."""
        i = bisect_left(self._good.t, at_ms)
        return self._good.place(i - 1), self._good.place(i)


def detour_m(before: Place | None, fix: Position, after: Place | None) -> float:
    """By how much a track grows when a late fix is put between its neighbours."""
    way = sum(distance_m(place[1], place[2], fix.lon, fix.lat) for place in (before, after) if place)
    return way - distance_m(*before[1:], *after[1:]) if before and after else way


def _rounded(fix: Position) -> tuple[int, int]:
    return round(fix.lon * DEGREE), round(fix.lat * DEGREE)


class DayIndexes:
    """The days in use, read from the store at first need; the least recently used make room."""

    def __init__(self, read: Callable[[str, str], NDArray[np.void]], most: int = MOST_RECORDS) -> None:
        self._read = read
        self._most = most
        self._held = 0
        self._days: OrderedDict[tuple[str, str], DayIndex] = OrderedDict()

    def get(self, worker: str, day: str, pending: bytearray | None) -> DayIndex:
        """The day with what is stored, and with `pending` records that the running commit will append."""
        index = self._days.get((worker, day))
        if index is None:
            added = np.frombuffer(bytes(pending or b""), dtype=RECORD)
            index = self._days[worker, day] = DayIndex(np.concatenate([self._read(worker, day), added]))
            self._held += len(index) + _DAY_COSTS
        self._days.move_to_end((worker, day))
        while self._held > self._most and len(self._days) > 1:
            self._held -= len(self._days.popitem(last=False)[1]) + _DAY_COSTS
        return index

    def note(self, worker: str, day: str, fix: Position, flags: int) -> None:
        """Keep a day that is in memory true to a record just added."""
        index = self._days.get((worker, day))
        if index is not None:
            index.add(fix, flags)
            self._held += 1

    def forget(self, worker: str) -> None:
        """Read the worker's days anew when they are needed next."""
        for key in [key for key in self._days if key[0] == worker]:
            self._held -= len(self._days.pop(key)) + _DAY_COSTS
