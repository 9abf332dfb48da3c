"""One worker's local day in memory: which fixes are there already, and what lies before and after a late one."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from domain.facts import SET_ASIDE, Position
from domain.geodesy import distance_m
from store.track import DEGREE


class DayIndex:
    """`places` knows every record by time; `good` holds (t, lon, lat) of those not set aside, in the order of time."""

    def __init__(self, records: NDArray[np.void]) -> None:
        self.places: dict[int, set[tuple[int, int]]] = {}
        for t, lon, lat in zip(records["t"].tolist(), records["lon"].tolist(), records["lat"].tolist(), strict=True):
            self.places.setdefault(t, set()).add((lon, lat))
        good = records[(records["flags"] & int(SET_ASIDE)) == 0]
        self.good: list[tuple[int, float, float]] = sorted(
            zip(good["t"].tolist(), (good["lon"] / DEGREE).tolist(), (good["lat"] / DEGREE).tolist(), strict=True)
        )

    def knows(self, fix: Position) -> bool:
        return _rounded(fix) in self.places.get(fix.fixed_at_ms, ())

    def has_time(self, fix: Position) -> bool:
        return fix.fixed_at_ms in self.places

    def add(self, fix: Position, flags: int) -> None:
        self.places.setdefault(fix.fixed_at_ms, set()).add(_rounded(fix))
        if not flags & SET_ASIDE:
            insort(self.good, (fix.fixed_at_ms, fix.lon, fix.lat))

    def before(self, at_ms: int) -> tuple[int, float, float] | None:
        """The last good fix earlier than `at_ms`."""
        i = bisect_left(self.good, (at_ms,))
        return self.good[i - 1] if i else None

    def detour_m(self, fix: Position) -> float:
        """By how much the day's track grows when a late fix is put into its place."""
        i = bisect_left(self.good, (fix.fixed_at_ms,))
        left, right = self.good[i - 1 : i], self.good[i : i + 1]
        way = sum(distance_m(lon, lat, fix.lon, fix.lat) for _, lon, lat in left + right)
        if left and right:
            way -= distance_m(*left[0][1:], *right[0][1:])
        return way


def _rounded(fix: Position) -> tuple[int, int]:
    return round(fix.lon * DEGREE), round(fix.lat * DEGREE)


class DayIndexes:
    """The days in use, read from the store at first need; the least recently used make room."""

    def __init__(self, read: Callable[[str, str], NDArray[np.void]], most: int = 4000) -> None:
        self._read = read
        self._most = most
        self._days: OrderedDict[tuple[str, str], DayIndex] = OrderedDict()

    def get(self, worker: str, day: str, pending: bytes) -> DayIndex:
        """The day with what is stored, and with `pending` records that the running commit will append."""
        index = self._days.get((worker, day))
        if index is None:
            stored = self._read(worker, day)
            index = DayIndex(np.concatenate([stored, np.frombuffer(pending, dtype=stored.dtype)]))
            self._days[worker, day] = index
            if len(self._days) > self._most:
                self._days.popitem(last=False)
        self._days.move_to_end((worker, day))
        return index

    def note(self, worker: str, day: str, fix: Position, flags: int) -> None:
        """Keep a day that is in memory true to a record just added."""
        index = self._days.get((worker, day))
        if index is not None:
            index.add(fix, flags)
