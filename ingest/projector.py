"""The projector: takes the partitions that nobody owns, folds their facts in order, commits, and wakes what time changes."""

import logging
import os
import secrets
import socket
import time
from collections import deque
from threading import Event
from typing import Final

import msgspec

from config.city import City
from config.settings import Settings
from domain.facts import AnyFact
from ingest.folding import Partition
from ingest.places import Places
from store.commit import Commit, Lease, commit, give_back, read_at, renew, take_lease
from store.errors import LeaseLost, StoreUnavailable
from store.store import Store

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
ENTRIES_AT_ONCE: Final = 16
ROWS_KEPT: Final = 200_000  # in the change log of a partition: large commits are kept in smaller numbers


class Owned(msgspec.Struct):
    """A partition that this process holds, and how far it has read."""

    lease: Lease
    partition: Partition
    read_to: str
    sizes: deque[int] = msgspec.field(default_factory=deque)  # rows of each commit in the log, as far as known
    rows: int = 0

    def keep(self, rows: int, most: int) -> int:
        """How many commits the change log shall hold with a new one of so many rows: at most `most`, or ROWS_KEPT rows."""
        self.sizes.append(rows)
        self.rows += rows
        full = False
        while self.rows > ROWS_KEPT and len(self.sizes) > 1:
            self.rows -= self.sizes.popleft()
            full = True
        if len(self.sizes) > most:
            self.rows -= self.sizes.popleft()
        return len(self.sizes) if full else most


class Projector:
    """One process; safe to run many: each partition is folded by one of them at a time."""

    def __init__(self, store: Store, city: City, settings: Settings, owner: str = "") -> None:
        self._store = store
        self._settings = settings
        self._places = Places(city)
        self._owner = owner or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"  # containers: all are pid 1
        self._owned: dict[int, Owned] = {}
        self._next_tick_s = 0.0
        self._renewed_s = 0.0
        self._outage = False

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A failing store is logged once per outage and tried again for ever."""
        while not stop.is_set():
            try:
                self.step(block_ms=200)
                if self._outage:
                    self._outage = False
                    log.warning("store answers again")
            except StoreUnavailable as failed:
                self._owned.clear()  # what a commit did is unknown: read everything anew
                self._next_tick_s = 0.0
                if not self._outage:
                    self._outage = True
                    log.error("store does not answer, facts wait: %s", failed)
                stop.wait(0.5)
        self._release()

    def step(self, block_ms: int) -> int:
        """Fold what has arrived; returns the number of facts folded."""
        self._tick()
        if not self._owned:
            time.sleep(block_ms / 1000)
            return 0
        positions = {number: owned.read_to for number, owned in self._owned.items()}
        folded = 0
        for number, entries in self._store.read_facts(positions, ENTRIES_AT_ONCE, block_ms).items():
            folded += self._fold(number, entries)
        return folded

    def _fold(self, number: int, entries: list[tuple[str, list[AnyFact]]]) -> int:
        """Commit the entries in portions of about COMMIT_BATCH facts; an entry is never cut."""
        owned = self._owned.get(number)
        if owned is None:  # lost since it was read
            return 0
        portion: list[AnyFact] = []
        folded = 0
        for n, (entry_id, facts) in enumerate(entries):
            portion += facts
            if len(portion) >= self._settings.commit_batch or n == len(entries) - 1:
                if not self._commit(owned, owned.partition.fold(portion, entry_id)):
                    return folded
                owned.read_to = entry_id
                folded += len(portion)
                portion = []
                if time.monotonic() > self._renewed_s + TICK_S:
                    self._renew_all()
                    if number not in self._owned:
                        return folded
        return folded

    def _renew_all(self) -> None:
        """A large backlog takes longer than a tick; nobody shall think that its owner is gone."""
        self._renewed_s = time.monotonic()
        for number, owned in tuple(self._owned.items()):
            try:
                renew(self._store, owned.lease)
            except LeaseLost:
                self._lose(number)

    def _commit(self, owned: Owned, change: Commit) -> bool:
        try:
            commit(self._store, owned.lease, change, owned.keep(len(change.rows), self._settings.changes_keep))
        except LeaseLost:
            self._lose(owned.lease.partition)
            return False
        return True

    def _lose(self, number: int) -> None:
        log.warning("partition %d has another owner now", number)
        self._owned.pop(number, None)

    def _tick(self) -> None:
        """Once a second: renew leases, take free partitions, wake what is due."""
        if time.monotonic() < self._next_tick_s:
            return
        self._next_tick_s = time.monotonic() + TICK_S
        self._renew_all()
        for number in range(self._store.partitions):
            if number in self._owned:
                self._wake(number)
            else:
                self._take(number)

    def _wake(self, number: int) -> None:
        owned = self._owned[number]
        change = owned.partition.wake(time.time_ns() // 1_000_000)
        if change is not None:
            self._commit(owned, change)

    def _take(self, number: int) -> None:
        lease = take_lease(self._store, number, self._owner)
        if lease is None:
            return
        read_to, version = read_at(self._store, number)
        self._owned[number] = Owned(lease, Partition(self._store, number, version, self._places), read_to)
        log.info("partition %d taken, read up to %s", number, read_to)

    def _release(self) -> None:
        for owned in self._owned.values():
            try:
                give_back(self._store, owned.lease)
            except StoreUnavailable:
                return
