"""What the simulator remembers over a restart: up to when everything has been told, and since when orders live in gridhall."""

import os
import time
from pathlib import Path
from typing import Final

import msgspec

LAP_S: Final = 60.0
PAUSE_MS: Final = 1_800_000
"""After a longer pause the orders that would have come meanwhile are outside ones, told as history."""

KEPT_MS: Final = 40 * 86_400_000
_OPEN: Final = 1 << 60


class _Told(msgspec.Struct):
    seed: int
    city: str
    tracks_s: float
    events_ms: int
    here: list[tuple[int, int]] = []
    here_ms: int = 0
    opened: bool = False


class Memory:
    """Kept in `path`, or only in this run if that is None. What another seed or city has told does not count.

    tracks_s, events_ms: up to when tracks and outside orders have been told. here_ms: up to when all orders that live here have
    been reported. opened: the orders of the first start have been made.
    """

    def __init__(self, path: Path | None, seed: int, city: str) -> None:
        self._path, self._seed, self._city = path, seed, city
        self.tracks_s, self.events_ms, self.here_ms, self.opened = 0.0, 0, 0, False
        self._here: list[tuple[int, int]] = []
        self._lap_s = time.monotonic()
        try:
            told = msgspec.json.decode(path.read_bytes() if path is not None else b"", type=_Told)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        if (told.seed, told.city) == (seed, city):
            self.tracks_s, self.events_ms, self._here = told.tracks_s, told.events_ms, told.here
            self.here_ms, self.opened = told.here_ms, told.opened
            if self._here:
                self._here[-1] = (self._here[-1][0], self.here_ms + 1)

    def report_here(self, now_ms: int) -> None:
        """From now on those orders that may live in gridhall do; after a short pause also those that came meanwhile."""
        kept = [span for span in self._here if span[1] > now_ms - KEPT_MS]
        if kept and now_ms - self.here_ms <= PAUSE_MS:
            self._here = [*kept[:-1], (kept[-1][0], _OPEN)]
        else:
            self._here, self.here_ms = [*kept, (now_ms, _OPEN)], now_ms

    def is_here(self, begin_ms: int) -> bool:
        """Whether an order that begins at an instant and may live in gridhall does."""
        return any(from_ms <= begin_ms < to_ms for from_ms, to_ms in self._here)

    def save(self) -> None:
        if self._path is not None:
            told = _Told(
                self._seed, self._city, self.tracks_s, self.events_ms, self._here, self.here_ms, self.opened
            )  # fmt: skip
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(told))
            os.replace(fresh, self._path)

    def lap(self) -> bool:
        """True about once a minute."""
        now_s = time.monotonic()
        if now_s - self._lap_s < LAP_S:
            return False
        self._lap_s = now_s
        return True
