"""What the simulator remembers over a restart: up to when everything has been told."""

import os
import time
from pathlib import Path
from typing import Final

import msgspec

LAP_S: Final = 60.0


class _Told(msgspec.Struct):
    seed: int
    city: str
    tracks_s: float
    events_ms: int


class Memory:
    """Kept in `path`, or only in this run if that is None. What another seed or city has told does not count."""

    def __init__(self, path: Path | None, seed: int, city: str) -> None:
        self._path, self._seed, self._city = path, seed, city
        self.tracks_s, self.events_ms = 0.0, 0
        self._lap_s = time.monotonic()
        try:
            told = msgspec.json.decode(path.read_bytes() if path is not None else b"", type=_Told)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        if (told.seed, told.city) == (seed, city):
            self.tracks_s, self.events_ms = told.tracks_s, told.events_ms

    def save(self) -> None:
        if self._path is not None:
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(_Told(self._seed, self._city, self.tracks_s, self.events_ms)))
            os.replace(fresh, self._path)

    def lap(self) -> bool:
        """True about once a minute."""
        now_s = time.monotonic()
        if now_s - self._lap_s < LAP_S:
            return False
        self._lap_s = now_s
        return True
