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
from config.faults import Faults
from config.settings import Settings
from ingest.folding import Partition
from ingest.places import Places
from store import attempts
from store.attempts import Attempts
from store.commit import Commit, Lease, commit, give_back, read_at, renew, take_lease
from store.errors import LeaseLost, StoreUnavailable
from store.store import Broken, Entry, Store

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
ENTRIES_AT_ONCE: Final = 16
COMMITS_AT_ONCE: Final = 4
GATHER_S: Final = 0.04  # while facts come faster than this they are let gather: a commit costs all who follow it a millisecond
GATHER_BELOW: Final = 1000
ROWS_KEPT: Final = 200_000  # in the change log of a partition: large commits are kept in smaller numbers
SINGLY: Final = 2000
"""So many facts of a partition are folded one by one after one of them could not be folded: such facts come in swarms."""

REST_S: Final = 10.0
"""A partition that fails even so is left alone for so long; the others go on."""


Portion = list[Entry]
"""Some entries in their order, to be folded in one commit."""


class Owned(msgspec.Struct):
    """A partition that this process holds, and how far it has read.

    `committing`: the commit that is on its way, and of how many facts; nothing is folded here before it has arrived.
    `singly`: how many facts are yet to be folded one by one. `attempts`: how owners before this one have ended here.
    """

    lease: Lease
    partition: Partition
    read_to: str
    attempts: Attempts = Attempts()
    singly: int = 0
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
        self._faults = Faults()
        self._failed: dict[int, int] = {}  # partition → how often in a row it could not be folded by this process
        self._rests: dict[int, float] = {}  # partition → until when it is left alone

    def run(self, stop: Event) -> None:
        """Until `stop` is set. A failing store is logged once per outage and tried again for ever.

        Nothing that stands in a fact or a row ends it: see `_stumble`.
        """
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
            except Exception as defect:  # of the loop itself: what it holds is worth nothing, but it goes on
                self._faults.note("projector", defect)
                self._owned.clear()
                self._next_tick_s = 0.0
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
            return self._fold_all({number: self._portions(number, entries) for number, entries in found.items()})
        except StoreUnavailable:
            self._await_commits()  # what is known of them is to be read anew, and they must have ended by then
            raise

    def _fold_all(self, work: dict[int, Iterator[Portion]]) -> int:
        """The partitions take turns, a portion each."""
        folded, numbers = 0, list(work)
        while work:
            for number in tuple(work):
                folded += self._settle(number)
                portion = next(work[number], None) if number in self._owned else None
                if portion is None:
                    del work[number]
                else:
                    self._fold(number, portion)
        return folded + sum(self._settle(number) for number in numbers)

    def _portions(self, number: int, entries: list[Entry]) -> Iterator[Portion]:
        """The entries in portions of about COMMIT_BATCH facts, none cut; where owners have died each is one of its own."""
        portion: Portion = []
        most = 1 if self._owned[number].attempts.suspicious else self._settings.commit_batch
        facts = 0
        for n, entry in enumerate(entries):
            portion.append(entry)
            facts += len(entry[1])
            if facts >= most or n == len(entries) - 1:
                yield portion
                portion, facts = [], 0

    def _fold(self, number: int, portion: Portion) -> None:
        owned, read_to = self._owned[number], portion[-1][0]
        try:
            change = self._folded(owned, portion)
        except StoreUnavailable:
            raise
        except Exception as failed:
            self._stumble(number, failed)
            return
        facts = sum(len(told) for _, told in portion)
        owned.committing = (self._committer.submit(commit, *self._writing(owned, change)), facts)
        owned.read_to = read_to
        if time.monotonic() > self._renewed_s + TICK_S:
            self._renew_all()

    def _folded(self, owned: Owned, portion: Portion) -> Commit:
        """All at once; one by one where that has failed, or where something cannot even be read."""
        read_to = portion[-1][0]
        if not owned.singly:
            whole = [told for _, told in portion if not isinstance(told, Broken)]
            if len(whole) == len(portion):
                return owned.partition.fold([fact for told in whole for fact in told], read_to)
        change = owned.partition.fold_singly(portion, read_to, lambda place: self._may_fold(owned, place), clock.now_ms())
        owned.singly = max(owned.singly - sum(len(told) for _, told in portion), SINGLY if change.unfoldable else 0)
        if not owned.singly and owned.attempts.suspicious:
            attempts.forget(self._store, owned.lease)
            owned.attempts = Attempts()
        return change

    def _may_fold(self, owned: Owned, place: str) -> bool:
        """Whether no two owners have died of a fact; where some have died hereabouts, it is written down before each."""
        if owned.attempts.is_condemned(place):
            return False
        if owned.attempts.suspicious:
            attempts.about_to_fold(self._store, owned.lease, place)
            if time.monotonic() > self._renewed_s + TICK_S:
                self._renew_all()
        return True

    def _stumble(self, number: int, error: Exception) -> None:
        """An exception that is no outage: what memory holds of the partition is worth nothing, so it is read anew, and folded
        one by one. Where that does not help either it rests, and the others go on.
        """
        failed = self._failed[number] = self._failed.get(number, 0) + 1
        self._faults.note("folding" if failed == 1 else f"partition {number} (rests)", error)
        self._owned.pop(number, None)  # not taken again before the next step: what was read of it begins with what failed
        if failed > 1:
            self._rests[number] = time.monotonic() + REST_S
        self._next_tick_s = 0.0

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
        except StoreUnavailable:
            raise
        except Exception as failed:  # something that was folded cannot be written down
            self._stumble(number, failed)
            return 0
        self._failed.pop(number, None)
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
        try:
            change = owned.partition.wake(clock.now_ms())
            if change is not None:
                commit(*self._writing(owned, change))
        except LeaseLost:
            self._lose(number)
        except StoreUnavailable:
            raise
        except Exception as failed:
            self._stumble(number, failed)

    def _take(self, number: int) -> None:
        if time.monotonic() < self._rests.get(number, 0.0):
            return
        lease = take_lease(self._store, number, self._owner)
        if lease is None:
            return
        read_to, version = read_at(self._store, number)
        known = attempts.begin(self._store, lease, read_to)
        try:
            partition = Partition(self._store, number, version, self._places, self._faults)
        except StoreUnavailable:
            raise
        except Exception as failed:
            self._faults.note(f"reading partition {number} (rests)", failed)
            self._rests[number] = time.monotonic() + REST_S
            return
        singly = SINGLY if known.suspicious or number in self._failed else 0
        self._owned[number] = Owned(lease, partition, read_to, known, singly)
        log.info("partition %d taken, read up to %s", number, read_to)
        if known.suspicious:
            log.error("partition %d: who held it has died there more than once, its facts are folded one by one", number)

    def _release(self) -> None:
        for owned in self._owned.values():
            try:
                attempts.forget(self._store, owned.lease)
                give_back(self._store, owned.lease)
            except StoreUnavailable:
                return
