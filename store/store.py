"""One store: partitions of facts, rows, change logs and tracks on one Redis or Valkey server."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Event
from typing import Any, Final

import msgspec
import numpy as np
import redis
from numpy.typing import NDArray
from redis.backoff import NoBackoff
from redis.retry import Retry

from domain.bounds import DAY_MS
from domain.facts import KIND_OF_TAG, AnyFact, entity
from domain.states import TABLES, Order, Outcome, Row, Step
from store import keys, track
from store.errors import StoreUnavailable, StoreUnfit, Trimmed

log = logging.getLogger(__name__)

SCHEMA: Final = 1
ENTRY_FACTS: Final = 2000  # an entry is folded in one commit, and well within the time of a lease
_facts = msgspec.msgpack.Decoder(list[AnyFact])
_fact = msgspec.msgpack.Decoder(AnyFact)
_raws = msgspec.msgpack.Decoder(list[msgspec.Raw])
_steps = msgspec.msgpack.Decoder(tuple[Step, ...])
_outcome = msgspec.msgpack.Decoder(Outcome)
_outcomes = msgspec.msgpack.Decoder(tuple[Outcome, ...])
_rows: Final = {name: msgspec.msgpack.Decoder(kind) for name, kind in TABLES.items()}
_changes = msgspec.msgpack.Decoder(tuple[int, list[tuple[str, msgspec.Raw]]])
encode = msgspec.msgpack.Encoder().encode

Client = Any  # redis.Redis: its stubs type every answer as "awaitable or not"


class Unreadable(msgspec.Struct, frozen=True):
    """Bytes of the store that are not what should stand there: a fact (`what` is its kind, `name` ENTRY-INDEX), a whole entry
    ("entry"), or a row (`what` is its table, `name` its id).
    """

    what: str
    name: str
    error: str
    raw: bytes
    source: str = ""


class Broken(list["AnyFact | Unreadable"]):
    """The facts of an entry of which some are Unreadable."""


Entry = tuple[str, "list[AnyFact] | Broken"]
"""(id, facts in the order of arrival) of one entry of a partition's stream."""


class ChangeBatch(msgspec.Struct, frozen=True):
    """What one commit changed, and what it answered. `version` rises by one per commit of a partition."""

    position: str
    version: int
    rows: list[tuple[str, Row]]
    outcomes: tuple[Outcome, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """`position` and `version` to tail from; `rows` may be newer than them, never older; those that cannot be read are in
    `unreadable` when the last one has been taken.
    """

    position: str
    version: int
    rows: Iterator[tuple[str, Row]]
    unreadable: list[Unreadable] = []


def connect(url: str, timeout_s: float = 10.0) -> Client:
    """A client that fails fast and never hides an error behind a retry."""
    return redis.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )


class Store:
    """Synchronous access; safe to share between threads. Every method raises StoreUnavailable when the server fails."""

    def __init__(self, client: Client, partitions: int, waits_for_disk: bool) -> None:
        self.client = client
        self.partitions = partitions
        self.waits_for_disk = waits_for_disk

    def partition_of(self, entity_id: str) -> int:
        return keys.partition_of(entity_id, self.partitions)

    def append(self, facts: Iterable[AnyFact]) -> None:
        """Append facts to their partitions; returns when they are on disk."""
        with _answers():
            pipe = self.client.pipeline(transaction=False)
            for partition, blob in grouped(facts, self.partitions):
                pipe.xadd(keys.facts(partition), {"f": blob})
            if self.waits_for_disk:
                pipe.execute_command("WAITAOF", 1, 0, 5000)
            answers = pipe.execute()
        if self.waits_for_disk and answers[-1][0] < 1:
            raise StoreUnavailable("the append-only file did not reach the disk in five seconds")

    def read_facts(
        self, positions: Mapping[int, str], count: int, block_ms: int
    ) -> dict[int, list[Entry]]:
        """Entries after each partition's position, in order; waits at most `block_ms` for the first."""
        found = self._read({keys.facts(p): at for p, at in positions.items()}, count, block_ms)
        names = {keys.facts(p).encode(): p for p in positions}
        return {names[name]: [_entry(entry_id.decode(), told) for entry_id, told in entries] for name, entries in found}

    def snapshot(self, partition: int) -> Snapshot:
        """All rows of a partition. Reads the position first: rows that change meanwhile come again in the tail."""
        with _answers():
            pipe = self.client.pipeline(transaction=True)
            pipe.hget(keys.at(partition), "version")
            pipe.xrevrange(keys.changes(partition), count=1)
            version, newest = pipe.execute()
        position = newest[0][0].decode() if newest else "0-0"
        unreadable: list[Unreadable] = []
        return Snapshot(position, int(version or 0), self.rows(partition, unreadable=unreadable), unreadable)

    def rows(
        self, partition: int, tables: Iterable[str] = TABLES, unreadable: list[Unreadable] | None = None
    ) -> Iterator[tuple[str, Row]]:
        """Every row of the tables of a partition, as (table, row), in no order, each at least once.

        A row that cannot be read is put into `unreadable`; without that list it raises msgspec.DecodeError.
        """
        for name in tables:
            decoder, cursor = _rows[name], 0
            while True:
                with _answers():
                    cursor, found = self.client.hscan(keys.table(partition, name), cursor, count=2000)
                for row_id, blob in found.items():
                    row = decoder.decode(blob) if unreadable is None else readable_row(name, blob, row_id)
                    if isinstance(row, Unreadable):
                        unreadable.append(row)  # type: ignore[union-attr]
                    else:
                        yield name, row
                if cursor == 0:
                    break

    def tail(self, positions: Mapping[int, tuple[str, int]], block_ms: int) -> dict[int, list[ChangeBatch]]:
        """Commits after each partition's (position, version); waits at most `block_ms` for the first.

        Raises Trimmed when commits in between are gone, or nobody can read them.
        """
        found = self._read({keys.changes(p): at for p, (at, _) in positions.items()}, 500, block_ms)
        names = {keys.changes(p).encode(): p for p in positions}
        batches = {}
        for name, entries in found:
            partition = names[name]
            version = positions[partition][1]
            try:
                batches[partition] = [_batch(entry_id, fields) for entry_id, fields in entries]
            except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as wrong:
                log.error("a commit of partition %d cannot be read: %s", partition, wrong)
                raise Trimmed(partition) from wrong
            for batch in batches[partition]:
                if batch.version != version + 1:
                    raise Trimmed(partition)
                version = batch.version
        return batches

    def _read(self, streams: dict[str, str], count: int, block_ms: int) -> Any:
        with _answers():
            return _pairs(self.client.xread(streams, count=count, block=block_ms or None))

    def row(self, table: str, entity_id: str) -> Row | None:
        with _answers():
            blob = self.client.hget(keys.table(self.partition_of(entity_id), table), entity_id)
        return None if blob is None else _rows[table].decode(blob)

    def rows_of(self, table: str, names: Iterable[str]) -> dict[str, Row]:
        """The rows of some entities of a table, by id; those that there are."""
        by_partition: dict[int, list[str]] = {}
        for name in names:
            by_partition.setdefault(self.partition_of(name), []).append(name)
        if not by_partition:
            return {}
        with _answers():
            pipe = self.client.pipeline(transaction=False)
            for partition, wanted in by_partition.items():
                pipe.hmget(keys.table(partition, table), wanted)
            answers = pipe.execute()
        found: dict[str, Row] = {}
        for wanted, blobs in zip(by_partition.values(), answers, strict=True):
            pairs = zip(wanted, blobs, strict=True)
            found.update({name: _rows[table].decode(blob) for name, blob in pairs if blob is not None})
        return found

    def trail(self, order: str) -> tuple[Step, ...]:
        """Every step of an order in order of time; empty for an order that nobody told of."""
        with _answers():
            blob = self.client.hget(keys.trail(self.partition_of(order)), order)
        return () if blob is None else _steps.decode(blob)

    def trails(self, partition: int, orders: list[str]) -> dict[str, tuple[Step, ...]]:
        if not orders:
            return {}
        with _answers():
            blobs = self.client.hmget(keys.trail(partition), orders)
        return {order: () if blob is None else _steps.decode(blob) for order, blob in zip(orders, blobs, strict=True)}

    def outcome(self, order: str, action_id: str) -> Outcome | None:
        """What became of an action on that order; None: not folded yet, or so long ago that only the trail tells."""
        with _answers():
            blob = self.client.hget(keys.outcomes(self.partition_of(order)), keys.outcome_field(order, action_id))
        return None if blob is None else _outcome.decode(blob)

    def outcomes(self, partition: int) -> list[Outcome]:
        """The answers that are kept, the oldest first; one that cannot be read is none."""
        with _answers():
            blobs = self.client.hvals(keys.outcomes(partition))
        return sorted(filter(None, map(_readable_outcome, blobs)), key=lambda outcome: outcome.serial)

    def track_day(self, worker: str, day: str) -> NDArray[np.void]:
        """One local day's records in the order of arrival (dtype `store.track.RECORD`)."""
        with _answers():
            return track.unpack(self.client.get(keys.track(self.partition_of(worker), worker, day)) or b"")

    def track_days(self, worker: str) -> list[str]:
        """The local days (YYYY-MM-DD) of which a track is kept, rising."""
        with _answers():
            text = self.client.hget(keys.days(self.partition_of(worker)), worker)
        return text.decode().split(",") if text else []

    def all_track_days(self, partition: int) -> dict[str, str]:
        """Worker → the local days of which a track is kept, rising, comma-separated."""
        with _answers():
            found = self.client.hgetall(keys.days(partition))
        return {worker.decode(): text.decode() for worker, text in found.items()}

    def track(self, worker: str, from_ms: int, to_ms: int) -> NDArray[np.void]:
        """Records with from_ms ≤ t < to_ms, in the order of time."""
        partition = self.partition_of(worker)
        low, high = (str(np.datetime64(ms - shift, "ms"))[:10] for ms, shift in ((from_ms, DAY_MS), (to_ms, -DAY_MS)))
        wanted = [day for day in self.track_days(worker) if low <= day <= high]
        if not wanted:
            return np.empty(0, track.RECORD)
        with _answers():
            blobs = self.client.mget([keys.track(partition, worker, day) for day in wanted])
        records = track.by_time(track.unpack(b"".join(blob or b"" for blob in blobs)))
        return records[(records["t"] >= from_ms) & (records["t"] < to_ms)]

    def due_orders(self, partition: int, now_ms: int, most: int) -> list[str]:
        """Orders whose clocks have passed a mark by now that nobody has been told of, the earliest first."""
        with _answers():
            found = self.client.zrange(keys.due(partition), "-inf", now_ms, byscore=True, offset=0, num=most)
        return [order.decode() for order in found]

    def unsure_orders(self, partition: int) -> dict[str, str] | None:
        """Order → version of the calendar by which its limits were last judged, of those that hang on days not known then.

        None: nobody has ever kept it in this partition.
        """
        with _answers():
            kept = self.client.hget(keys.at(partition), "unsure")
            found = self.client.hgetall(keys.unsure(partition))
        return {order.decode(): version.decode() for order, version in found.items()} if kept else None

    def orders_with_clocks(self, partition: int) -> Iterator[Order]:
        """The orders of which a clock will pass a mark some day."""
        with _answers():
            names = self.client.zrange(keys.due(partition), 0, -1)
        for start in range(0, len(names), 1000):
            with _answers():
                blobs = self.client.hmget(keys.table(partition, "order"), names[start : start + 1000])
            for blob in filter(None, blobs):
                row = _rows["order"].decode(blob)
                if isinstance(row, Order):
                    yield row

    def unread(self, partition: int) -> int:
        """Entries of a partition that no projector has folded yet."""
        with _answers():
            return int(self.client.xlen(keys.facts(partition)))

    def backlog(self) -> int:
        """Entries appended and not yet folded, over all partitions."""
        with _answers():
            return sum(self.client.xlen(keys.facts(p)) for p in range(self.partitions))

    def counts(self) -> dict[tuple[str, str, str], int]:
        """(source, kind, outcome) → how many facts were folded that way; exact."""
        return _summed(self._hashes(keys.counts))

    def seen(self) -> dict[tuple[str, str], int]:
        """(source, 'data' or 'beat') → when last received, ms."""
        newest: dict[tuple[str, str], int] = {}
        for fields in self._hashes(keys.seen):
            for name, value in fields.items():
                source, clock = name.decode().rsplit("|", 1)
                if clock in ("data", "beat"):
                    newest[source, clock] = max(int(value), newest.get((source, clock), 0))
        return newest

    def wrong_clocks(self) -> dict[str, tuple[int, int]]:
        """Source → (by how many ms the clock behind its newest misdated fact is ahead, when that fact was received)."""
        newest: dict[str, tuple[int, int]] = {}
        for fields in self._hashes(keys.seen):
            for name, value in fields.items():
                source, clock = name.decode().rsplit("|", 1)
                if clock == "clock_wrong_at" and int(value) > newest.get(source, (0, 0))[1]:
                    newest[source] = (int(fields[f"{source}|clock_wrong_ms".encode()]), int(value))
        return newest

    def _hashes(self, key: Any) -> list[dict[bytes, bytes]]:
        with _answers():
            pipe = self.client.pipeline(transaction=False)
            for partition in range(self.partitions):
                pipe.hgetall(key(partition))
            return list(pipe.execute())


class _answers:
    """Turns the client's errors into ours; a class, because a generator-based manager costs on the hot path."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, redis.RedisError | OSError):
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error


def _pairs(found: Any) -> Any:
    """redis-py answers XREAD as a dict (RESP3) or a list of pairs (RESP2)."""
    if isinstance(found, dict):
        return [(name, rows[0] if rows and isinstance(rows[0], list) else rows) for name, rows in found.items()]
    return found or []


def _batch(entry_id: bytes, fields: dict[bytes, bytes]) -> ChangeBatch:
    version, raws = _changes.decode(fields[b"c"])
    answers = _outcomes.decode(fields[b"o"]) if b"o" in fields else ()
    rows, unreadable = [], []
    for name, raw in raws:
        row = readable_row(name, raw)
        if isinstance(row, Unreadable):
            unreadable.append(row)
        else:
            rows.append((name, row))
    return ChangeBatch(entry_id.decode(), version, rows, answers, tuple(unreadable))


def readable_row(table: str, blob: bytes | msgspec.Raw, row_id: bytes | None = None) -> Row | Unreadable:
    """A row of a table from its bytes, or what is wrong with them; its id from the bytes themselves if it is not given."""
    try:
        return _rows[table].decode(blob)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as wrong:
        name = _field_of(blob, 1) if row_id is None else row_id.decode(errors="replace")
        return Unreadable(table, name, f"{type(wrong).__name__}: {wrong}", bytes(blob))


def _readable_outcome(blob: bytes) -> Outcome | None:
    try:
        return _outcome.decode(blob)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        log.error("a kept answer to an action cannot be read: %s", wrong)
        return None


def _field_of(raw: bytes | msgspec.Raw, place: int) -> str:
    """A text of an array of which nobody can make what it should be; "?" where there is none."""
    try:
        found = msgspec.msgpack.decode(raw)[place]
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, IndexError, KeyError):
        found = None
    return found if isinstance(found, str) else "?"


def _entry(entry_id: str, fields: dict[bytes, bytes]) -> Entry:
    try:
        return entry_id, _facts.decode(fields[b"f"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as wrong:
        return entry_id, _one_by_one(entry_id, fields.get(b"f", b""), wrong)


def _one_by_one(entry_id: str, blob: bytes, wrong: Exception) -> Broken:
    """The facts of an entry of which at least one cannot be read; that one as it is."""
    try:
        raws = _raws.decode(blob)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Broken([Unreadable("entry", f"{entry_id}-0", f"{type(wrong).__name__}: {wrong}", blob, "?")])
    told = Broken()
    for index, raw in enumerate(raws):
        try:
            told.append(_fact.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            kind = KIND_OF_TAG.get(_field_of(raw, 0), "?")
            error = f"{type(fault).__name__}: {fault}"
            told.append(Unreadable(kind, f"{entry_id}-{index}", error, bytes(raw), _field_of(raw, 1)))
    return told


def _summed(hashes: Iterable[dict[bytes, bytes]]) -> dict[tuple[str, str, str], int]:
    total: dict[tuple[str, str, str], int] = {}
    for fields in hashes:
        for name, value in fields.items():
            source, kind, outcome = name.decode().rsplit("|", 2)
            total[source, kind, outcome] = total.get((source, kind, outcome), 0) + int(value)
    return total


def grouped(facts: Iterable[AnyFact], partitions: int) -> Iterator[tuple[int, bytes]]:
    """(partition, encoded facts): each partition's in their order, at most ENTRY_FACTS in one."""
    groups: dict[int, list[AnyFact]] = {}
    for fact in facts:
        groups.setdefault(keys.partition_of(entity(fact), partitions), []).append(fact)
    for partition, group in groups.items():
        for start in range(0, len(group), ENTRY_FACTS):
            yield partition, encode(group[start : start + ENTRY_FACTS])


def await_store(url: str, partitions: int, stop: Event) -> Store | None:
    """The store as soon as it answers; None when told to stop first. A role may start before its store does.

    Raises StoreUnfit.
    """
    said = False
    while not stop.is_set():
        try:
            return open_store(url, partitions)
        except StoreUnavailable as failed:
            if not said:
                log.warning("waiting for the store: %s", failed)
                said = True
            stop.wait(0.2)
    return None


def open_store(url: str, partitions: int, timeout_s: float = 10.0) -> Store:
    """Connect, claim an empty store for this layout or check a used one.

    Raises StoreUnavailable when nobody answers, StoreUnfit when the server keeps no append-only file or the store was
    made with another number of partitions.
    """
    client = connect(url, timeout_s)
    with _answers():
        client.hsetnx(keys.meta(), "partitions", partitions)
        client.hsetnx(keys.meta(), "schema", SCHEMA)
        made = {name.decode(): int(value) for name, value in client.hgetall(keys.meta()).items()}
    if made != {"partitions": partitions, "schema": SCHEMA}:
        raise StoreUnfit(
            f"the store was made with {made['partitions']} partitions, schema {made['schema']}; "
            f"this process is set to {partitions}, schema {SCHEMA} (GRIDHALL_PARTITIONS)"
        )
    return Store(client, partitions, waits_for_disk=_waits_for_disk(client))


_NO_FILE: Final = "the server keeps no append-only file: set `appendonly yes`, or facts would be lost with it"


def _waits_for_disk(client: Client) -> bool:
    """Whether an append must wait for the append-only file by itself; so too where the server tells nothing of its settings.

    Raises StoreUnfit when there is no such file, or nobody may wait for it.
    """
    with _answers():
        if not _told(lambda: client.info("persistence")).get("aof_enabled", True):
            raise StoreUnfit(_NO_FILE)
        if _told(lambda: client.config_get("appendfsync")).get("appendfsync") == "always":
            return False
        try:
            client.execute_command("WAITAOF", 1, 0, 1000)
        except redis.ResponseError as refused:
            raise StoreUnfit(f"{_NO_FILE} (WAITAOF: {refused})") from refused
    return True


def _told(ask: Callable[[], Any]) -> dict[str, Any]:
    """What the server tells of itself; nothing where it forbids the question, as managed ones do."""
    try:
        return dict(ask())
    except redis.ResponseError as refused:  # no such command, or not for this user
        log.info("the server does not tell its settings: %s", refused)
        return {}
