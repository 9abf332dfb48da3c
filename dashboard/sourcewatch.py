"""When each source was last heard of. Asked of the store now and then, beside: figures never wait for it."""

import logging
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dashboard.briefs import Json
from store import unfoldable
from store.errors import StoreError
from store.sources import count_rejects

if TYPE_CHECKING:
    from dashboard.hall import Hall

log = logging.getLogger(__name__)

FRESH_MS: Final = 5000
PEOPLE: Final = frozenset(("desk", "handset", "clock"))
"""What people tell at their screens and phones, and what time does, is no source that could be late."""


class _Watch:
    def __init__(self) -> None:
        self.asked_at_ms = 0
        self.seen: dict[tuple[str, str], int] = {}
        self.rejected: dict[str, int] = {}
        self.unfoldable = 0
        self.busy = threading.Lock()

    def refresh(self, hall: "Hall", now_ms: int) -> None:
        if hall.store is None or abs(now_ms - self.asked_at_ms) < FRESH_MS or not self.busy.acquire(blocking=False):
            return
        self.asked_at_ms = now_ms
        threading.Thread(target=self._ask, args=(hall,), name="sources", daemon=True).start()

    def _ask(self, hall: "Hall") -> None:
        try:
            if hall.store is not None:
                self.seen = hall.store.seen()
                self.rejected = _by_source(count_rejects(hall.store))
                self.unfoldable = unfoldable.number(hall.store)
        except StoreError as error:
            log.debug("the sources' clocks stand: %s", error)  # the hall itself tells of the outage
        except Exception as failed:
            hall.faults.note("sources", failed)
        finally:
            self.busy.release()


def _by_source(counts: dict[tuple[str, str], int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for (source, _), number in counts.items():
        total[source] = total.get(source, 0) + number
    return total


_watches: "weakref.WeakKeyDictionary[Hall, _Watch]" = weakref.WeakKeyDictionary()


def _fresh(hall: "Hall", now_ms: int) -> _Watch:
    watch = _watches.setdefault(hall, _Watch())
    watch.refresh(hall, now_ms)
    return watch


TROUBLES: Final = ("unfoldable", "skipped", "faults")


def trouble_of(hall: "Hall", now_ms: int) -> list[Json]:
    """[{key, n}], each n > 0, of what this program itself could not take, as of some seconds ago. `key` is one of TROUBLES:
    facts set aside, rows that are not on any screen, jobs that have just failed.
    """
    hall = getattr(hall, "hall", hall)
    with hall.lock:
        skipped = len(hall.skipped.rows)
    found = (_fresh(hall, now_ms).unfoldable, skipped, len(hall.faults.standing()))
    return [{"key": key, "n": number} for key, number in zip(TROUBLES, found, strict=True) if number]


def is_late(seen: Mapping[tuple[str, str], int], name: str, now_ms: int, limit_ms: float) -> bool:
    """Neither data nor a sign of life for longer than the limit, from a source that has been heard of."""
    heard_at_ms = max(seen.get((name, clock), 0) for clock in ("data", "beat"))
    return heard_at_ms > 0 and now_ms - heard_at_ms > limit_ms


def sources_of(hall: "Hall", now_ms: int) -> list[Json]:
    """[{name, last_at_ms (data), beat_at_ms, late, rejected}] as of some seconds ago, by name.

    Late: see `is_late`, with the city's silent_after_s.
    """
    hall = getattr(hall, "hall", hall)  # a Sight sees the sources of its hall
    watch = _fresh(hall, now_ms)
    seen, rejected = watch.seen, watch.rejected
    limit_ms = hall.city.limits.silent_after_s * 1000
    return [
        {
            "name": name,
            "last_at_ms": seen.get((name, "data")),
            "beat_at_ms": seen.get((name, "beat")),
            "late": is_late(seen, name, now_ms, limit_ms),
            "rejected": rejected.get(name, 0),
        }
        for name in sorted({name for name, _ in seen} - PEOPLE)
    ]
