"""The one write of the projector, and the lease under which it writes."""

from typing import Any, Final

import msgspec
import redis

from domain.notices import Notice
from domain.states import Outcome, Row, Step
from store import keys, notices, unfoldable
from store.audit import CHAIN, Entry, packed
from store.errors import LeaseLost, StoreUnavailable
from store.store import Store, _answers
from store.unfoldable import Unfoldable

LEASE_MS: Final = 5000
OUTCOMES_KEEP: Final = 10_000
"""Answers kept per partition: beyond them a refused action that is sent again is judged again."""
_APPEND_EACH: Final = "for i, key in ipairs(KEYS) do redis.call('APPEND', key, ARGV[i]) end"
_encode = msgspec.msgpack.Encoder().encode


class Lease(msgspec.Struct, frozen=True):
    """The right to commit to one partition, until somebody else takes a higher token."""

    partition: int
    owner: str
    token: int


class Commit(msgspec.Struct, kw_only=True):
    """Everything that one commit writes. `read_to` None: no facts were read (a wake-up)."""

    version: int
    read_to: str | None
    rows: list[tuple[str, str, Row]]  # table, id, row
    tracks: dict[tuple[str, str], bytes]  # (worker, day) → records to append
    days: dict[str, str]  # worker → all its days, where a new one was added
    trails: dict[str, tuple[Step, ...]]
    counts: dict[str, int]
    seen: dict[str, int]
    outcomes: list[Outcome] = []
    forgotten: list[tuple[str, str]] = []  # (order, action id) of answers older than the newest OUTCOMES_KEEP
    audit: list[Entry] = []
    due: dict[str, int | None] = {}  # order → when its next clock passes a mark; None: none runs
    notices: list[Notice] = []
    passing: list[Outcome] = []  # answers that are told to who waits for them and not kept
    unfoldable: list[Unfoldable] = []  # what is gone on without
    unsure: dict[str, str | None] = {}  # order → version of the calendar that its limits hang on; None: on none any more


def take_lease(store: Store, partition: int, owner: str) -> Lease | None:
    """The lease of a partition that nobody holds (or that `owner` itself does), else None."""
    with _answers():
        if not store.client.set(keys.lease(partition), owner, px=LEASE_MS, nx=True):
            if store.client.get(keys.lease(partition)) != owner.encode():
                return None
            store.client.pexpire(keys.lease(partition), LEASE_MS)
        return Lease(partition, owner, int(store.client.incr(keys.fence(partition))))


def renew(store: Store, lease: Lease) -> None:
    """Say once more that the owner lives; a lease that ran out is taken up again if nobody else has had it since.

    Raises LeaseLost when it has gone to another.
    """
    with _answers():
        holder = store.client.get(keys.lease(lease.partition))
        if holder is None and int(store.client.get(keys.fence(lease.partition)) or 0) == lease.token:
            store.client.set(keys.lease(lease.partition), lease.owner, px=LEASE_MS, nx=True)
            holder = store.client.get(keys.lease(lease.partition))
        if holder != lease.owner.encode():
            raise LeaseLost(f"partition {lease.partition}")
        store.client.pexpire(keys.lease(lease.partition), LEASE_MS)


def give_back(store: Store, lease: Lease) -> None:
    """End the lease at once, so that the next owner need not wait."""
    with _answers():
        if store.client.get(keys.lease(lease.partition)) == lease.owner.encode():
            store.client.delete(keys.lease(lease.partition))


def read_at(store: Store, partition: int) -> tuple[str, int]:
    """(id of the last folded entry, version of the last commit)."""
    with _answers():
        read, version = store.client.hmget(keys.at(partition), "read", "version")
    return (read or b"0-0").decode(), int(version or 0)


def commit(store: Store, lease: Lease, change: Commit, changes_keep: int) -> None:
    """Write state, change log, tracks and "read up to here" in one transaction, on disk when this returns.

    Raises LeaseLost when another owner has taken the partition since; StoreUnavailable when the outcome is unknown, or the
    store has lost commits (restored from a copy, or restarted without its last second): then forget all state of the
    partition and read it anew before the next commit.
    """
    partition = lease.partition
    with _answers(), store.client.pipeline(transaction=True) as pipe:
        pipe.watch(keys.fence(partition))
        if int(pipe.get(keys.fence(partition)) or 0) != lease.token:
            raise LeaseLost(f"partition {partition}")
        if int(pipe.hget(keys.at(partition), "version") or 0) != change.version - 1:
            raise StoreUnavailable(f"partition {partition} was set back: it does not stand where its owner left it")
        pipe.multi()
        _write(pipe, partition, change, changes_keep)
        try:
            answers = pipe.execute()
        except redis.WatchError as lost:
            raise LeaseLost(f"partition {partition}") from lost
    if any(isinstance(answer, Exception) for answer in answers):
        raise StoreUnavailable("a command of the commit failed")


def try_writing(change: Commit) -> None:
    """Raises whatever would keep a commit from being written down: a number too large, a text that is none. Sends nothing."""
    _write(_Trial(), 0, change, 1)


class _Trial:
    """Takes commands as a pipeline does, and only tries whether all that they carry can be sent."""

    def __getattr__(self, _command: str) -> Any:
        return self._try

    def _try(self, *told: object, **named: object) -> None:
        for value in (*told, *named.values()):
            if isinstance(value, dict):
                self._try(*value.keys(), *value.values())
            elif isinstance(value, str):
                value.encode()
            elif not isinstance(value, bytes | int | float):
                raise TypeError(f"{type(value).__name__} cannot be sent to the store")


def _write(pipe: Any, partition: int, change: Commit, changes_keep: int) -> None:
    log = []
    tables: dict[str, dict[str, bytes]] = {}
    for name, entity_id, row in change.rows:
        blob = _encode(row)
        tables.setdefault(name, {})[entity_id] = blob
        log.append((name, msgspec.Raw(blob)))
    for name, rows in tables.items():
        pipe.hset(keys.table(partition, name), mapping=rows)
    if change.tracks:  # one command for all: packing and answering thousands costs a client more than all the rest
        names = (keys.track(partition, worker, day) for worker, day in change.tracks)
        pipe.eval(_APPEND_EACH, len(change.tracks), *names, *change.tracks.values())
    if change.days:
        pipe.hset(keys.days(partition), mapping=change.days)
    if change.trails:
        pipe.hset(keys.trail(partition), mapping={order: _encode(steps) for order, steps in change.trails.items()})
    for name, number in change.counts.items():
        pipe.hincrby(keys.counts(partition), name, number)
    if change.seen:
        pipe.hset(keys.seen(partition), mapping=change.seen)
    entry = {"c": _encode((change.version, log))}
    if change.outcomes:
        answers = {keys.outcome_field(outcome.order, outcome.id): _encode(outcome) for outcome in change.outcomes}
        pipe.hset(keys.outcomes(partition), mapping=answers)
    if told := [*change.outcomes, *change.passing]:
        entry["o"] = _encode(told)
    if change.forgotten:
        pipe.hdel(keys.outcomes(partition), *(keys.outcome_field(*forgotten) for forgotten in change.forgotten))
    if coming := {order: at_ms for order, at_ms in change.due.items() if at_ms is not None}:
        pipe.zadd(keys.due(partition), coming)
    if over := [order for order, at_ms in change.due.items() if at_ms is None]:
        pipe.zrem(keys.due(partition), *over)
    _write_unsure(pipe, partition, change.unsure)
    notices.put(pipe, partition, change.notices)
    unfoldable.put(pipe, partition, change.unfoldable)
    if change.audit:
        pipe.eval(CHAIN, 1, keys.actions_audit(partition), *map(packed, change.audit))
    pipe.hset(keys.at(partition), mapping={"version": change.version, "unsure": 1})
    pipe.xadd(keys.changes(partition), entry, maxlen=changes_keep, approximate=True)
    if change.read_to is not None:
        pipe.hset(keys.at(partition), "read", change.read_to)
        pipe.xtrim(keys.facts(partition), minid=_after(change.read_to), approximate=False)


def _write_unsure(pipe: Any, partition: int, unsure: dict[str, str | None]) -> None:
    if hanging := {order: version for order, version in unsure.items() if version is not None}:
        pipe.hset(keys.unsure(partition), mapping=hanging)
    if sure := [order for order, version in unsure.items() if version is None]:
        pipe.hdel(keys.unsure(partition), *sure)


def _after(entry_id: str) -> str:
    """The smallest stream id above `entry_id`."""
    at, serial = entry_id.split("-")
    return f"{at}-{int(serial) + 1}"
