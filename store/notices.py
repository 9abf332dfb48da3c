"""Notices in the store: what people are told in the product, what is to be posted to webhooks, what came of it, who has read
what.

The projector puts notices in with the commit that folds their step (`put`), so each is there exactly once whatever crashes.
What is to be posted waits in a queue per webhook; its state stands beside its order. Sent is at least once: a courier that
dies between the answer and `settle` sends the same id again.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.notices import DELIVERED, FAILED, WAITING, Delivery, Notice
from store import keys
from store.store import Store, _answers, _pairs

NOTICES_KEEP: Final = 10_000
FAILED_KEEP_MS: Final = 90 * 86_400_000
READ_KEEP_S: Final = 180 * 86_400
MOST_MARKS: Final = 500
LEASE_MS: Final = 6_000

log = logging.getLogger(__name__)

_encode = msgspec.msgpack.Encoder().encode
_notice = msgspec.msgpack.Decoder(Notice).decode
_delivery = msgspec.msgpack.Decoder(Delivery).decode


def put(pipe: Any, partition: int, told: Sequence[Notice]) -> None:
    """Queue the commands that tell these; for the projector's transaction."""
    for notice in told:
        blob = _encode(notice)
        if notice.in_product:
            pipe.xadd(keys.notices(partition), {"n": blob}, maxlen=NOTICES_KEEP, approximate=True)
        for sending in notice.sendings:
            first = Delivery(
                id=sending.id, order=notice.order, event=notice.event, webhook=sending.webhook, reporter=sending.reporter,
                told_at_ms=notice.told_at_ms, next_at_ms=notice.told_at_ms,
            )  # fmt: skip
            pipe.hset(keys.told(partition, notice.order), sending.id, _encode(first))
            pipe.hset(keys.outbox(partition), sending.id, blob)
            pipe.zadd(keys.outbox_queue(partition, sending.webhook), {sending.id: notice.told_at_ms})
            pipe.sadd(keys.outbox_names(partition), sending.webhook)


# in the product


def newer(store: Store, positions: Mapping[int, str], count: int) -> list[tuple[int, str, Notice | None]]:
    """(partition, id of the entry, notice; None: nobody can read it) after each partition's position, those of one partition
    in their order.
    """
    with _answers():
        found = _pairs(store.client.xread({keys.notices(p): at for p, at in positions.items()}, count=count))
    names = {keys.notices(p).encode(): p for p in positions}
    return [(names[name], at.decode(), _readable(fields.get(b"n", b""))) for name, entries in found for at, fields in entries]


def read_marks(store: Store, name: str) -> tuple[dict[int, str], frozenset[str]]:
    """(partition → entry up to which all is read, ids of notices read after that) of a person."""
    with _answers():
        found = {field.decode(): value.decode() for field, value in store.client.hgetall(keys.notices_read(name)).items()}
    upto = {int(field[1:]): value for field, value in found.items() if len(field) < 8}
    return upto, frozenset(field for field in found if len(field) >= 8)


def mark_read(store: Store, name: str, upto: Mapping[int, str], ids: Iterable[str] = ()) -> None:
    """Keep that a person has read all up to these entries, or (with no entries) these notices as well."""
    key = keys.notices_read(name)
    with _answers(), store.client.pipeline(transaction=True) as pipe:
        if upto:
            pipe.delete(key)
            pipe.hset(key, mapping={f"p{partition}": at for partition, at in upto.items()})
        if marks := dict.fromkeys(list(ids)[:MOST_MARKS], 1):
            pipe.hset(key, mapping=marks)
        pipe.expire(key, READ_KEEP_S)
        pipe.execute()


# by webhook


def take_lease(store: Store, partition: int, owner: str) -> bool:
    """Whether `owner` is the courier of a partition from now on, or still is. Two at a time would only send twice."""
    key = keys.courier(partition)
    with _answers():
        if store.client.set(key, owner, px=LEASE_MS, nx=True):
            return True
        mine = store.client.get(key) == owner.encode()
        return bool(mine and store.client.pexpire(key, LEASE_MS))


def give_back(store: Store, partition: int, owner: str) -> None:
    with _answers():
        if store.client.get(keys.courier(partition)) == owner.encode():
            store.client.delete(keys.courier(partition))


def due(store: Store, partitions: Iterable[int], webhook: str, now_ms: int) -> tuple[Delivery, Notice] | None:
    """What waits longest for a webhook of all that is due by now.

    What is gone from the outbox, or cannot be read, leaves the queue: it must not hold up what waits behind it.
    """
    partitions = list(partitions)
    while True:
        with _answers():
            pipe = store.client.pipeline(transaction=False)
            for partition in partitions:
                queue = keys.outbox_queue(partition, webhook)
                pipe.zrange(queue, "-inf", now_ms, byscore=True, offset=0, num=1, withscores=True)
            found = [(rows[0][1], p, rows[0][0].decode()) for p, rows in zip(partitions, pipe.execute(), strict=True) if rows]
        if not found:
            return None
        _, partition, name = min(found)
        held = held_of(store, partition, name)
        if held is not None:
            return held
        with _answers():
            left = store.client.zrem(keys.outbox_queue(partition, webhook), name)
            if left and store.client.hexists(keys.outbox(partition), name):
                store.client.hincrby(keys.outbox_counts(partition), f"{webhook}|{FAILED}", 1)


def held_of(store: Store, partition: int, name: str) -> tuple[Delivery, Notice] | None:
    """A delivery that waits or was given up, with its notice; None where there is none that can be read."""
    with _answers():
        blob = store.client.hget(keys.outbox(partition), name)
        notice = None if blob is None else _readable(blob)
        if notice is None:
            return None
        state = store.client.hget(keys.told(partition, notice.order), name)
    try:
        return None if state is None else (_delivery(state), notice)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        log.error("delivery %s cannot be read: %s", name, wrong)
        return None


def _readable(blob: bytes) -> Notice | None:
    try:
        return _notice(blob)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        log.error("a notice cannot be read: %s", wrong)
        return None


def settle(store: Store, delivery: Delivery) -> None:
    """Keep what came of a try: delivered, given up, or waiting for the next one."""
    partition, name = store.partition_of(delivery.order), delivery.id
    outcome = "retried" if delivery.state == WAITING else delivery.state
    with _answers(), store.client.pipeline(transaction=True) as pipe:
        pipe.hset(keys.told(partition, delivery.order), name, _encode(delivery))
        pipe.hincrby(keys.outbox_counts(partition), f"{delivery.webhook}|{outcome}", 1)
        if delivery.state == WAITING:
            pipe.zadd(keys.outbox_queue(partition, delivery.webhook), {name: delivery.next_at_ms or 0})
        else:
            pipe.zrem(keys.outbox_queue(partition, delivery.webhook), name)
        if delivery.state == DELIVERED:
            pipe.hdel(keys.outbox(partition), name)
        elif delivery.state == FAILED:
            pipe.zadd(keys.outbox_failed(partition), {name: delivery.at_ms or 0})
        pipe.execute()


def send_again(store: Store, delivery: Delivery, now_ms: int) -> bool:
    """Put a delivery that was given up back into its queue, and begin its tries anew; False: it was not given up."""
    partition, name = store.partition_of(delivery.order), delivery.id
    anew = msgspec.structs.replace(
        delivery, state=WAITING, begun_at_ms=None, next_at_ms=now_ms, tries=0, at_ms=None, why="", status=None
    )
    with _answers():
        if not store.client.zrem(keys.outbox_failed(partition), name):
            return False
        pipe = store.client.pipeline(transaction=True)
        pipe.hset(keys.told(partition, delivery.order), name, _encode(anew))
        pipe.zadd(keys.outbox_queue(partition, delivery.webhook), {name: now_ms})
        pipe.execute()
    return True


def forget_failed(store: Store, partition: int, now_ms: int) -> None:
    """Let go of the content of what was given up long ago; its state stays beside the order."""
    with _answers():
        before_ms = now_ms - FAILED_KEEP_MS
        old = store.client.zrange(keys.outbox_failed(partition), "-inf", before_ms, byscore=True, offset=0, num=1000)
        if old:
            store.client.hdel(keys.outbox(partition), *old)
            store.client.zrem(keys.outbox_failed(partition), *old)


def deliveries(store: Store, order: str) -> list[Delivery]:
    """What of an order went to webhooks, or shall, the oldest first."""
    with _answers():
        found = store.client.hvals(keys.told(store.partition_of(order), order))
    return sorted(map(_delivery, found), key=lambda delivery: (delivery.told_at_ms, delivery.id))


def outstanding(store: Store) -> Iterator[Delivery]:
    """Every delivery that waits or was given up."""
    for partition in range(store.partitions):
        with _answers():
            names = list(store.client.hkeys(keys.outbox(partition)))
        for name in names:
            if (held := held_of(store, partition, name.decode())) is not None:
                yield held[0]


def names(store: Store, partition: int) -> frozenset[str]:
    """Every webhook that something of a partition was ever to go to."""
    with _answers():
        return frozenset(name.decode() for name in store.client.smembers(keys.outbox_names(partition)))


class Post(msgspec.Struct, frozen=True):
    """How it stands with one webhook: how many wait, and how many were ever delivered, given up and tried in vain."""

    waiting: int = 0
    delivered: int = 0
    failed: int = 0
    retried: int = 0


def posts(store: Store) -> dict[str, Post]:
    """By webhook."""
    totals: dict[str, dict[str, int]] = {}
    for partition in range(store.partitions):
        for name in names(store, partition):
            of = totals.setdefault(name, dict.fromkeys(Post.__struct_fields__, 0))
            with _answers():
                of["waiting"] += int(store.client.zcard(keys.outbox_queue(partition, name)))
        with _answers():
            counts = store.client.hgetall(keys.outbox_counts(partition))
        for field, number in counts.items():
            name, outcome = field.decode().rsplit("|", 1)
            totals[name][outcome] += int(number)
    return {name: Post(**of) for name, of in sorted(totals.items())}
