"""The hall: the whole city in the memory of one web process, kept current by tailing every partition of the store."""

import contextlib
import gc
import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from config import clock
from config.faults import Faults
from dashboard.answers import Answers
from dashboard.heldorders import HeldOrders
from dashboard.live.columns import KINDS, is_shown
from dashboard.live.scope import Scopes
from dashboard.live.table import FIRST_VERSION, LiveTable
from dashboard.orderbook import HallBook
from dashboard.past import Past
from dashboard.skipped import Skipped
from dashboard.tallies import Tallies
from domain.states import Feed, Order, Row, Tally, Worker
from store.errors import StoreError, Trimmed

if TYPE_CHECKING:
    from config.city_model import City
    from store.store import Snapshot, Store, Unreadable

log = logging.getLogger(__name__)

TAIL_BLOCK_MS: Final = 1000
SNAPSHOT_BATCH: Final = 2000
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
LOOKED_AT: Final = 2000
"""So many batches are looked at row by row after one row could not be taken: such rows come again and again."""

Rows = Iterable[tuple[str, Row]]


class Hall:
    """Newest rows of the city and their live tables. One per web process.

    `lock` guards everything; whoever reads several rows holds it meanwhile, and shortly. `version` rises with every batch
    applied. A row that cannot be taken is in `skipped`, all others are there. `faults` are those of all loops of this web
    process. `ready` is set once every partition has been read for the first time, and `when_ready` called just before;
    `connected` tells whether the store answered last time, `heard_at_ms` when it did.
    """

    def __init__(
        self,
        city: "City",
        store: "Store | None" = None,
        now_ms: Callable[[], int] = clock.now_ms,
        when_ready: Callable[[], object] = lambda: None,
    ) -> None:
        self.city = city
        self.store = store
        self.now_ms = now_ms
        self.epoch = secrets.token_hex(6)
        self.version = FIRST_VERSION
        self.lock = threading.RLock()
        self.ready = threading.Event()
        self._when_ready = when_ready
        self.connected = False
        self.heard_at_ms = 0
        self.scopes = Scopes(city)
        self.answers = Answers()
        self.faults = Faults(now_ms)
        self.tallybook = Tallies()
        self.workers: dict[str, Worker] = {}
        self.orders = HeldOrders()
        self.book = HallBook(city)
        self.feeds: dict[str, Feed] = {}
        self.past = Past(now_ms)
        self.tables = {name: LiveTable(kind.shape, self.epoch) for name, kind in KINDS.items()}
        self.last_change_at_ms = dict.fromkeys(KINDS, 0)
        self.newest_received_at_ms = 0
        self._rows: dict[str, dict[str, Any]] = {"worker": self.workers, "order": self.orders, "feed": self.feeds}
        self.skipped = Skipped()
        self._to_look_at = 0
        self._positions: dict[int, tuple[str, int]] = {}
        self._outage_told = False
        self._stopped = threading.Event()

    @property
    def catching_up(self) -> bool:
        """Whether a part of the city is being read anew, after all of it had been read once."""
        return self.store is not None and self.ready.is_set() and len(self._positions) < self.store.partitions

    @property
    def tallies(self) -> dict[str, Tally]:
        return self.tallybook.rows

    @property
    def worker_table(self) -> LiveTable:
        return self.tables["worker"]

    @property
    def order_table(self) -> LiveTable:
        return self.tables["order"]

    @property
    def feed_table(self) -> LiveTable:
        return self.tables["feed"]

    @property
    def lag_ms(self) -> int | None:
        """Age of the newest position received from a device; None before the first one."""
        return self.now_ms() - self.newest_received_at_ms if self.newest_received_at_ms else None

    def moment(self) -> int:
        """Now, as an instant to count as of: no change that comes later bears it (`dashboard.past`)."""
        with self.lock:
            return self.past.moment()

    def apply(self, rows: Rows, received_at_ms: int) -> None:
        """Take in changed rows; a row older than the one held (by its version) changes nothing."""
        with self.lock:
            for name, newest in _newest(self.tallybook.taken(rows)).items():
                held = self._rows[name]
                fresh = [row for row_id, row in newest.items() if row_id not in held or held[row_id].version < row.version]
                self._take(name, fresh, received_at_ms)

    def replace(
        self, partition_of: Callable[[str], int], partition: int, rows: Rows, received_at_ms: int,
        unreadable: Iterable["Unreadable"] = (),
    ) -> None:  # fmt: skip
        """Take in a partition as it stands: what it no longer has is dropped, whatever the version of what is held.

        (A store that was set back or made anew counts its versions from where it stands.) What is known of `unreadable` rows,
        which is full when `rows` is exhausted, stays.
        """
        seen: dict[str, set[str]] = {name: set() for name in KINDS}
        stream = self.tallybook.replaced(partition_of, partition, rows)
        while batch := list(islice(stream, SNAPSHOT_BATCH)):
            with self.lock:
                for name, newest in _newest(batch).items():
                    seen[name].update(newest)
                    held = self._rows[name]
                    self._take(name, [row for row_id, row in newest.items() if held.get(row_id) != row], received_at_ms)
        with self.lock:
            for one in unreadable:
                self.skipped.put(one.what, one.name, one.error, received_at_ms)
                seen.setdefault(one.what, set()).add(one.name)
            for name, held in self._rows.items():
                lost = [row_id for row_id in held if row_id not in seen[name] and partition_of(row_id) == partition]
                self._drop(name, lost, received_at_ms)

    def _take(self, name: str, rows: list[Any], received_at_ms: int) -> None:
        """Write rows, without those of which nothing can be written."""
        if self._to_look_at > 0:
            self._to_look_at -= 1
            rows = self._fitting(name, rows, received_at_ms)
        try:
            self._write(name, rows, received_at_ms)
        except Exception:
            sound = self._fitting(name, rows, received_at_ms)
            if len(sound) == len(rows):
                raise  # the fault is none of a row's
            self._to_look_at = LOOKED_AT
            if name == "order":  # it may have taken some of them, and not all of each
                self.book = HallBook(self.city)
                self.book.take(list(self.orders.values()), {})
            self._write(name, sound, received_at_ms)
            rows = sound
        self.skipped.taken(name, map(KINDS[name].row_id, rows))

    def _fitting(self, name: str, rows: list[Any], at_ms: int) -> list[Any]:
        """The rows that can be written, each tried by itself; the others are skipped from now on."""
        fitting = []
        for row in rows:
            try:
                self._try(name, row)
            except Exception as failed:
                self.skipped.put(name, KINDS[name].row_id(row), f"{type(failed).__name__}: {failed}", at_ms)
            else:
                fitting.append(row)
        return fitting

    def _try(self, name: str, row: Any) -> None:
        """Raises what would keep a row from being written."""
        kind = KINDS[name]
        LiveTable(kind.shape, "").write(FIRST_VERSION + 1, [kind.row_id(row)], kind.values(self.city, self.scopes, [row]))
        if name == "order":
            HallBook(self.city).take([row], {})

    def _write(self, name: str, rows: list[Any], received_at_ms: int) -> None:
        if not rows:
            return
        kind = KINDS[name]
        ids = [kind.row_id(row) for row in rows]
        self.version += 1
        told = self._to_be_told(rows) if name == "order" else rows
        if told:
            values = kind.values(self.city, self.scopes, told)
            self.tables[name].write(self.version, [kind.row_id(row) for row in told], values)
        if name == "order":
            self.book.take(rows, self.orders)
            self._remember(ids)
        self._rows[name].update(zip(ids, rows, strict=True))
        self.last_change_at_ms[name] = received_at_ms
        if name == "worker":
            self.newest_received_at_ms = max(self.newest_received_at_ms, *(row.received_at_ms for row in rows))

    def _remember(self, ids: list[str]) -> None:
        """Before these orders are written over. Until every partition has been read there is nothing to remember."""
        if self.ready.is_set():
            self.past.keep(ids, self.orders)
        else:
            self.past.begin()

    def _to_be_told(self, rows: list[Order]) -> list[Order]:
        """What the live table has to know: an order that has ended and never was on any screen is nothing to it."""
        slots = self.order_table.slots
        return [row for row in rows if is_shown(row) or row.order in slots]

    def _drop(self, name: str, ids: list[str], received_at_ms: int) -> None:
        if not ids:
            return
        if name == "order":
            self._remember(ids)
            self.book.drop(ids)
        self.version += 1
        self.tables[name].drop(self.version, ids)
        for row_id in ids:
            del self._rows[name][row_id]
        self.last_change_at_ms[name] = received_at_ms

    def follow(self) -> threading.Thread:
        """Start the thread that keeps the hall current until `stop`; it outlives every outage of the store."""
        thread = threading.Thread(target=self._follow, name="hall", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the thread of `follow`; it notices within about a second."""
        self._stopped.set()

    def _follow(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                self._advance()
            except Trimmed as trimmed:
                log.warning("%s: reading the partition anew", trimmed)
                self._positions.pop(trimmed.partition, None)
            except StoreError as error:
                self._outage("the store does not answer: %s", error)
            except Exception as error:  # none of a row's (`_take`): a defect, told, then tried anew, seldom
                self.faults.note("hall", error)
                self.connected = False
                self._positions.clear()
                self._stopped.wait(pause_s)
            else:
                pause_s = FIRST_PAUSE_S
                continue
            self._stopped.wait(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _advance(self) -> None:
        """One step: a snapshot of each partition that has no position, then the next changes of all."""
        store = self.store
        assert store is not None, "a hall without a store has nothing to follow"
        missing = [partition for partition in range(store.partitions) if partition not in self._positions]
        with _unswept() if missing else contextlib.nullcontext():
            for partition in missing:
                snapshot: Snapshot = store.snapshot(partition)
                self.replace(store.partition_of, partition, snapshot.rows, self.now_ms(), snapshot.unreadable)
                self._positions[partition] = (snapshot.position, snapshot.version)
                self._heard()
        self._be_ready()
        batches = store.tail(self._positions, TAIL_BLOCK_MS)
        self.apply(_all_rows(batches), self.now_ms())
        with self.lock:
            for one in (one for of_partition in batches.values() for batch in of_partition for one in batch.unreadable):
                self.skipped.put(one.what, one.name, one.error, self.now_ms())
        self.answers.put(answer for of_partition in batches.values() for batch in of_partition for answer in batch.outcomes)
        for partition, of_partition in batches.items():
            self._positions[partition] = (of_partition[-1].position, of_partition[-1].version)
        self._heard()

    def _be_ready(self) -> None:
        if not self.ready.is_set():
            with self.lock:
                self.book.prepare()
            with self.faults.survive("ready"):
                self._when_ready()
            self.ready.set()

    def _heard(self) -> None:
        self.heard_at_ms = self.now_ms()
        if not self.connected:
            log.info("the hall follows the store")
        self.connected, self._outage_told = True, False

    def _outage(self, message: str, error: Exception) -> None:
        """Said once per outage."""
        if not self._outage_told:
            log.error(message, error)
        self.connected, self._outage_told = False, True


@contextlib.contextmanager
def _unswept() -> Iterator[None]:
    """Without looking for cycles meanwhile: many rows are made and none is in one, and looking costs a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _all_rows(batches: dict[int, list[Any]]) -> Iterator[tuple[str, Row]]:
    for of_partition in batches.values():
        for batch in of_partition:
            yield from batch.rows


def _newest(rows: Rows) -> dict[str, dict[str, Any]]:
    """By table and id, of each id the row with the highest version."""
    newest: dict[str, dict[str, Any]] = {}
    for name, row in rows:
        of_table = newest.setdefault(name, {})
        row_id = KINDS[name].row_id(row)
        held = of_table.get(row_id)
        if held is None or held.version <= row.version:
            of_table[row_id] = row
    return newest
