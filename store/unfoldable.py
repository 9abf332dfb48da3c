"""What was taken from its sender and cannot be folded: set aside with its error, counted, shown, and tried again when told.

What can stand here: a fact; `entry`, bytes that hold no facts at all; `clock`, the mark of an order's clock that cannot be
told of; `row`, a row of a table that cannot be read. Each is written in the commit that goes on without it, so it is there
once, whatever crashes.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from store import keys
from store.errors import StoreUnavailable
from store.store import Store, Unreadable, _answers, encode, readable_row

CLOCK: Final = "clock"
ROW: Final = "row"
ENTRY: Final = "entry"
ERROR_LENGTH: Final = 500

_ONE_FACT: Final = b"\x91"
"""How an array of one begins in MessagePack."""
_AGAIN: Final = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', 'f', ARGV[2])
redis.call('HINCRBY', KEYS[3], ARGV[3], -1)
return 1
"""
_MARK_AGAIN: Final = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1
"""


class Unfoldable(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One of them. `kind`: a kind of fact (store.keys.counts), ENTRY, CLOCK or ROW; `about`: the worker, order … or table|id.

    `raw`: the fact or row in MessagePack, as it was; b"" for a mark of a clock. `at_ms`: when it was set aside.
    """

    id: str
    kind: str
    source: str
    about: str
    at_ms: int
    error: str
    raw: bytes = b""


_one: Final = msgspec.msgpack.Decoder(Unfoldable).decode


def error_text(failed: BaseException) -> str:
    """An error as it is kept: what kind, and what it says."""
    return f"{type(failed).__name__}: {failed}"[:ERROR_LENGTH].encode(errors="replace").decode()


def put(pipe: Any, partition: int, found: Iterable[Unfoldable]) -> None:
    """Queue the commands that set these aside; for the projector's transaction."""
    held = {one.id: encode(one) for one in found}
    if held:
        pipe.hset(keys.unfoldable(partition), mapping=held)


def number(store: Store) -> int:
    """How many things are set aside now."""
    with _answers():
        return sum(int(store.client.hlen(keys.unfoldable(partition))) for partition in range(store.partitions))


def held(store: Store, most: int = 0) -> Iterator[tuple[int, Unfoldable]]:
    """(partition, what is set aside there), in no order; at most so many (0: all)."""
    told = 0
    for partition in range(store.partitions):
        cursor = 0
        while True:
            with _answers():
                cursor, found = store.client.hscan(keys.unfoldable(partition), cursor, count=500)
            for blob in found.values():
                yield partition, _one(blob)
                told += 1
                if told == most:
                    return
            if cursor == 0:
                break


def retry(store: Store, partition: int, one: Unfoldable) -> bool:
    """Let it be tried again; False where it is not there any more, or is a row that still cannot be read.

    A fact is appended anew in the stroke that takes it away from here and out of the count, so it is there once, and counted
    once, whoever retries at the same time. Raises StoreUnavailable.
    """
    aside = keys.unfoldable(partition)
    with _answers():
        if one.kind == ROW:
            table, _, name = one.about.partition("|")
            blob = store.client.hget(keys.table(partition, table), name)
            readable = blob is None or not isinstance(readable_row(table, blob), Unreadable)
            return readable and bool(store.client.hdel(aside, one.id))
        if one.kind == CLOCK:
            done = store.client.eval(_MARK_AGAIN, 2, aside, keys.due(partition), one.id, one.about)
        else:
            entry = one.raw if one.kind == ENTRY else _ONE_FACT + one.raw
            names = (aside, keys.facts(partition), keys.counts(partition))
            done = store.client.eval(_AGAIN, 3, *names, one.id, entry, f"{one.source}|{one.kind}|unfoldable")
        if store.waits_for_disk and store.client.execute_command("WAITAOF", 1, 0, 5000)[0] < 1:
            raise StoreUnavailable("the append-only file did not reach the disk in five seconds")
    return bool(done)
