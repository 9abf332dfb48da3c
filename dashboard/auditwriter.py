"""How lines come into the audit log: at once, or for a live screen from a thread that may wait; a flood of them stays small."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from config.faults import Faults
from store import audit as auditing
from store.errors import StoreError

log = logging.getLogger(__name__)

REFUSALS_A_MINUTE: Final = 200
"""Refused attempts of one person that are told each by itself; the others of that minute are told as a number."""

UNKNOWN_A_MINUTE: Final = 5  # secrets that nobody knows, from one address: a program whose token has ended asks all day
ATTEMPTS_WAITING: Final = 10_000
MOST_METERED: Final = 10_000
MOST_TEXT: Final = 200

Detail = dict[str, str | int]


class Meter:
    """What passes of a row of like events, `most` in each minute of each key."""

    def __init__(self, most: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock_s = most, clock_s
        self._seen: dict[str, list[int]] = {}  # key → [minute, how many, how many of them were not let through]
        self._lock = threading.Lock()

    def passes(self, key: str) -> Detail | None:
        """What to add to the line: nothing, `untold` since the last one, or that more will not be told; None: no line now."""
        minute = int(self._clock_s() // 60)
        with self._lock:
            if len(self._seen) > MOST_METERED:
                self._seen = {name: seen for name, seen in self._seen.items() if seen[0] == minute}
            seen = self._seen.setdefault(key, [minute, 0, 0])
            untold = seen[2]
            if seen[0] != minute:
                seen[:] = [minute, 0, 0]
            seen[1] += 1
            if seen[1] > self._most:
                seen[2] += 1
                return None
            if seen[1] == self._most:
                return {"flood": "more of this minute are only counted"}
            return {"untold": untold} if untold and seen[1] == 1 else {}


class AuditWriter:
    """Writes as whoever it is told; `store` gives the store, `now_ms` the clock."""

    def __init__(self, store: Callable[[], Any], now_ms: Callable[[], int], faults: Faults | None = None) -> None:
        self._faults = faults or Faults(now_ms)
        self._store, self._now_ms = store, now_ms
        self._refusals, self._unknown = Meter(REFUSALS_A_MINUTE), Meter(UNKNOWN_A_MINUTE)
        self._waiting: queue.Queue[auditing.Entry] = queue.Queue(ATTEMPTS_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def write(self, what: str, who: str, subject: str, region: str, address: str, detail: Detail) -> None:
        """A line, on disk when this returns. Raises StoreUnavailable."""
        entry = self._entry(what, who, subject, region, address, detail)
        if entry is not None:
            auditing.write(self._store(), entry)

    def write_later(self, what: str, who: str, subject: str, region: str, address: str, detail: Detail) -> None:
        """The same for those who must not wait; what cannot be written is told in the process's log."""
        entry = self._entry(what, who, subject, region, address, detail)
        if entry is None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="attempts", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            log.error("the audit log does not keep up: a line of %r is lost", entry.who)

    def _entry(
        self, what: str, who: str, subject: str, region: str, address: str, detail: Detail
    ) -> auditing.Entry | None:
        more = self._refusals.passes(who) if what == "refused" else {}
        if what == "login_refused" and detail.get("reason") == "token":
            more = self._unknown.passes(address)
        if more is None:
            return None
        told = {plain(key): plain(value) if isinstance(value, str) else value for key, value in (detail | more).items()}
        return auditing.Entry(
            at_ms=self._now_ms(), who=plain(who), what=what, subject=plain(subject), region=plain(region),
            address=plain(address), detail=told,
        )  # fmt: skip

    def _write_all(self) -> None:
        while True:
            entry = self._waiting.get()
            try:
                auditing.write(self._store(), entry)
            except StoreError as silent:
                log.error("a line of %r could not be written: %s", entry.who, silent)
            except Exception as failed:  # no line may end the thread, or none after it would be told
                log.error("a line of %r could not be written: %r", entry.who, failed)
                self._faults.note("audit log", failed)


def plain(text: str) -> str:
    """A text of a stranger as a line may hold it: short, and of characters that can be seen and written down."""
    return "".join(sign if sign.isprintable() else "·" for sign in text[:MOST_TEXT])
