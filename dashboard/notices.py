"""Notices in the product: who was told of what, and what of an order was told to webhooks.

Each web process keeps the newest notices of the store in memory (`Book`), read on when somebody asks; of each person only
what is new since he last asked is looked through. What of it he is shown is asked of his sight at that moment: an order that is
no longer his to see is not there.
"""

import threading
import time
import weakref
from collections import OrderedDict, deque
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from config.words import words
from dashboard.acting import city_rules
from dashboard.briefs import Json
from dashboard.sight import Sight
from domain.notices import Notice, is_told, word_of
from domain.people import Person
from store import notices as keeping

if TYPE_CHECKING:
    from dashboard.hall import Hall
    from store.store import Store

KEPT: Final = 20_000
EACH: Final = 200
"""Of one person; who has more than so many unread is told "99+" and reads on in the lists of orders."""

PERSONS: Final = 500
FRESH_S: Final = 0.5
AT_ONCE: Final = 2000
START: Final = "0-0"


class Kept(msgspec.Struct, frozen=True):
    """A notice and where it stands in the store."""

    partition: int
    at: tuple[int, int]  # the id of its entry
    notice: Notice


class Book:
    """The newest notices of all partitions, and whom of those who have asked they are for."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = weakref.ref(hall)
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._all: deque[Kept] = deque(maxlen=KEPT)
        self._positions: dict[int, str] = {}
        self._serial = 0  # how many there have been
        self._of: OrderedDict[Person, tuple[int, deque[Kept]]] = OrderedDict()
        self._asked_at_s = float("-inf")

    def of(self, who: Person) -> tuple[list[Kept], dict[int, str]]:
        """(what somebody was told of, newest first; how far each partition has been read). Raises StoreUnavailable."""
        hall = self._hall()
        assert hall is not None and hall.store is not None
        self._read_on(hall.store)
        with self._lock:
            serial, mine = self._of.pop(who, (0, deque(maxlen=EACH)))
            within = city_rules(hall.city).within
            mine.extend(kept for kept in self._since(serial) if is_told(kept.notice, who, within))
            self._of[who] = self._serial, mine
            while len(self._of) > PERSONS:
                self._of.popitem(last=False)
            return sorted(mine, key=lambda kept: kept.at, reverse=True), dict(self._positions)

    def _since(self, serial: int) -> list[Kept]:
        """Those after a serial number, the oldest first."""
        return list(islice(reversed(self._all), self._serial - serial))[::-1]

    def _read_on(self, store: "Store") -> None:
        """Read what is new, now and then; while one asks the store, the others go on with what is known."""
        is_fresh = time.monotonic() - self._asked_at_s < FRESH_S
        if is_fresh or not self._reading.acquire(blocking=not self._positions):
            return
        try:
            self._take(store)
        finally:
            self._reading.release()

    def _take(self, store: "Store") -> None:
        positions = {partition: self._positions.get(partition, START) for partition in range(store.partitions)}
        new: list[tuple[tuple[int, int], int, Notice]] = []
        while found := keeping.newer(store, positions, AT_ONCE):
            new += [(place_of(entry), partition, notice) for partition, entry, notice in found if notice is not None]
            positions |= {partition: entry for partition, entry, _ in found}
        with self._lock:
            for at, partition, notice in sorted(new, key=lambda one: one[:2]):  # they come partition by partition, not by time
                self._all.append(Kept(partition, at, notice))
            self._serial += len(new)
            self._positions = positions
        self._asked_at_s = time.monotonic()


def place_of(entry: str) -> tuple[int, int]:
    """The id of an entry, so that later ones are greater."""
    at, serial = entry.split("-")
    return int(at), int(serial)


_books: "weakref.WeakKeyDictionary[Hall, Book]" = weakref.WeakKeyDictionary()


def book_of(hall: "Hall") -> Book:
    """The one book of a hall."""
    return _books.setdefault(hall, Book(hall))


def of_order(seen: Sight, order: str, lang: str) -> list[Json]:
    """What of an order went to webhooks, or shall, and what came of it, oldest first; no contact of anybody in it."""
    store = seen.hall.store
    if store is None:
        return []
    said = words(lang)
    return [
        {
            "id": one.id,
            "event": one.event,
            "event_name": said[word_of(one.event)],
            "webhook": one.webhook,
            "reporter": one.reporter,
            "told_at_ms": one.told_at_ms,
            "state": one.state,
            "state_name": said[f"notices.state.{one.state}"],
            "tries": one.tries,
            "tried_at_ms": one.at_ms,
            "next_at_ms": one.next_at_ms if one.tries else None,
            "why": said[f"notices.why.{one.why}"].format(s=one.status or "") if one.why else "",
        }
        for one in keeping.deliveries(store, order)
    ]
