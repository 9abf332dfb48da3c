"""The projector: takes the partitions that nobody owns, folds their facts in order, commits, and wakes what time changes."""

import logging
import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Final

import msgspec

from config import clock
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
COMMITS_AT_ONCE: Final = 4
GATHER_S: Final = 0.04  # while facts come faster than this they are let gather: a commit costs all who follow it a millisecond
GATHER_BELOW: Final = 1000
ROWS_KEPT: Final = 200_000  # in the change log of a partition: large commits are kept in smaller numbers


Portion = tuple[str, list[AnyFact]]
"""(id of the last entry, the facts of some entries), to be folded in one commit."""


class Owned(msgspec.Struct):
    """A partition that this process holds, and how far it has read.

    `committing`: the commit that is on its way, and of how many facts; nothing is folded here before it has arrived.
    """

    lease: Lease
    partition: Partition
    read_to: str
    committing: "tuple[Future[None], int] | None" = None
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
        self._committer = ThreadPoolExecutor(min(COMMITS_AT_ONCE, store.partitions), "commit")
        self._next_tick_s = 0.0
        self._renewed_s = 0.0
        self._waited_s = 0.0  # for the facts of the last step
        self._outage = False

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A failing store is logged once per outage and tried again for ever."""
        while not stop.is_set():
            try:
                folded = self.step(block_ms=200)
                if 0 < folded < GATHER_BELOW and self._waited_s < GATHER_S / 4:
                    stop.wait(GATHER_S)
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
        self._committer.shutdown()

    def step(self, block_ms: int) -> int:
        """Fold what has arrived; returns the number of facts folded and committed.

        While the commit of one partition is on its way to the disk, the facts of the next are folded.
        """
        self._tick()
        if not self._owned:
            time.sleep(block_ms / 1000)
            return 0
        positions = {number: owned.read_to for number, owned in self._owned.items()}
        asked_s = time.monotonic()
        found = self._store.read_facts(positions, ENTRIES_AT_ONCE, block_ms)
        self._waited_s = time.monotonic() - asked_s
        try:
            return self._fold_all({number: self._portions(entries) for number, entries in found.items()})
        except StoreUnavailable:
            self._await_commits()  # what is known of them is to be read anew, and they must have ended by then
            raise

    def _fold_all(self, work: dict[int, Iterator[Portion]]) -> int:
        """The partitions take turns, a portion each."""
        folded, numbers = 0, list(work)
        while work:
            for number in tuple(work):
                folded += self._settle(number)
                portion = next(work[number], None)
                if portion is None or number not in self._owned:
                    del work[number]
                else:
                    self._fold(number, *portion)
        return folded + sum(self._settle(number) for number in numbers)

    def _portions(self, entries: list[tuple[str, list[AnyFact]]]) -> Iterator[Portion]:
        """The entries in portions of about COMMIT_BATCH facts; an entry is never cut."""
        facts: list[AnyFact] = []
        for n, (entry_id, told) in enumerate(entries):
            facts += told
            if len(facts) >= self._settings.commit_batch or n == len(entries) - 1:
                yield entry_id, facts
                facts = []

    def _fold(self, number: int, read_to: str, facts: list[AnyFact]) -> None:
        owned = self._owned[number]
        change = owned.partition.fold(facts, read_to)
        owned.committing = (self._committer.submit(commit, *self._writing(owned, change)), len(facts))
        owned.read_to = read_to
        if time.monotonic() > self._renewed_s + TICK_S:
            self._renew_all()

    def _writing(self, owned: Owned, change: Commit) -> tuple[Store, Lease, Commit, int]:
        return self._store, owned.lease, change, owned.keep(len(change.rows), self._settings.changes_keep)

    def _settle(self, number: int) -> int:
        """Wait for the partition's commit; how many facts it has brought, 0 if the partition is lost."""
        owned = self._owned.get(number)
        if owned is None or owned.committing is None:
            return 0
        (done, facts), owned.committing = owned.committing, None
        try:
            done.result()
        except LeaseLost:
            self._lose(number)
            return 0
        return facts

    def _await_commits(self) -> None:
        wait([owned.committing[0] for owned in self._owned.values() if owned.committing is not None])

    def _renew_all(self) -> None:
        """A large backlog takes longer than a tick; nobody shall think that its owner is gone."""
        self._renewed_s = time.monotonic()
        for number, owned in tuple(self._owned.items()):
            try:
                renew(self._store, owned.lease)
            except LeaseLost:
                self._lose(number)

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
        change = owned.partition.wake(clock.now_ms())
        if change is None:
            return
        try:
            commit(*self._writing(owned, change))
        except LeaseLost:
            self._lose(number)

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
