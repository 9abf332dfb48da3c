"""The wall's figures, computed once for all screens that show the same region and period, outside the ticker's thread."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

import msgspec

from config.faults import Faults

SPACING_S: Final = 1.0
STALE_AFTER_S: Final = 3.0  # figures change with time alone too: orders fall due, days end
UNUSED_AFTER_S: Final = 30.0
MOST_KEYS: Final = 64
VOLATILE: Final = ("as_of_ms", "age")
"""Differ in every computation; alone they are no reason to send the figures again at once."""


class Figures(msgspec.Struct, frozen=True):
    """`digest` is equal for figures that show the same."""

    digest: int
    value: dict[str, Any]


class _Entry:
    def __init__(self, now_s: float) -> None:
        self.figures: Figures | None = None
        self.asked_at_s = now_s
        self.made_at_s = float("-inf")
        self.made_of: int = -1


class SharedFigures:
    """`compute(key)` runs in one thread of its own, per key at most once a second and only when `version()` has moved.

    A compute that raises is told in the log once, leaves the figures of before, and is tried again.
    """

    def __init__(
        self,
        compute: Callable[[Any], dict[str, Any]],
        version: Callable[[], int],
        clock_s: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self._faults = faults or Faults()
        self._compute = compute
        self._version = version
        self._clock_s = clock_s
        self._entries: dict[Hashable, _Entry] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, key: Hashable) -> Figures | None:
        """The newest figures of a key; None until they have been computed for the first time. Never waits."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                if len(self._entries) >= MOST_KEYS:
                    del self._entries[min(self._entries, key=lambda k: self._entries[k].asked_at_s)]
                entry = self._entries[key] = _Entry(self._clock_s())
                self._wake.set()
            entry.asked_at_s = self._clock_s()
            return entry.figures

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(0.1 if self._entries else 5.0)
            self._wake.clear()
            with self._faults.survive("figures"):
                self.work()

    def work(self) -> int:
        """Compute what is due, forget what nobody asks for; how many were computed."""
        now_s, version = self._clock_s(), self._version()
        with self._lock:
            for key in [k for k, entry in self._entries.items() if now_s - entry.asked_at_s > UNUSED_AFTER_S]:
                del self._entries[key]
            due = [(key, entry) for key, entry in self._entries.items() if _due(entry, now_s, version)]
        for key, entry in due:
            if not self._stopped.is_set():
                self._make(key, entry, version)
        return len(due)

    def _make(self, key: Hashable, entry: _Entry, version: int) -> None:
        try:
            value = self._compute(key)
            steady = {name: part for name, part in value.items() if name not in VOLATILE}
            entry.figures = Figures(hash(msgspec.json.encode(steady)), value)
        except Exception as error:  # figures are someone else's code: a defect there must not stop the map
            self._faults.tell("figures", "all parts", error, str(key))
        entry.made_of, entry.made_at_s = version, self._clock_s()


def _due(entry: _Entry, now_s: float, version: int) -> bool:
    age_s = now_s - entry.made_at_s
    return age_s >= (SPACING_S if entry.made_of != version else STALE_AFTER_S)
