"""Bytes of the store that are not what should stand there: each reader goes on without them, and says which."""

import msgspec
import pytest

from domain.notices import Notice, Sending
from domain.states import Worker
from store import keys, notices
from store.errors import Trimmed
from store.store import Broken, Store, Unreadable
from store.unfoldable import error_text
from tests.ingest.test_projector import fix


def test_an_entry_with_one_bad_fact_gives_the_others(store: Store) -> None:
    facts = [msgspec.to_builtins(fix("W1", n)) for n in range(3)]
    facts[1][4] = -1
    store.client.xadd(keys.facts(0), {"f": msgspec.msgpack.encode(facts)})
    store.client.xadd(keys.facts(0), {"f": msgspec.msgpack.encode([])})
    (first, told), (_, none) = store.read_facts({0: "0-0"}, 10, 10)[0]
    assert isinstance(told, Broken) and [type(one) for one in told] == [type(fix("W1")), Unreadable, type(fix("W1"))]
    assert isinstance(told[1], Unreadable)
    assert (told[1].what, told[1].name, told[1].source, msgspec.msgpack.decode(told[1].raw)) == (
        "position", f"{first}-1", "t", facts[1])  # fmt: skip
    assert none == [] and not isinstance(none, Broken)


def test_rows_that_cannot_be_read_are_listed_where_that_is_wanted(store: Store) -> None:
    store.client.hset(keys.table(0, "worker"), mapping={"a": b"\xc1", "b": msgspec.msgpack.encode(Worker(worker="b"))})
    unreadable: list[Unreadable] = []
    assert [row.worker for _, row in store.rows(0, ("worker",), unreadable) if isinstance(row, Worker)] == ["b"]
    assert [(one.what, one.name, one.raw) for one in unreadable] == [("worker", "a", b"\xc1")]
    with pytest.raises(msgspec.DecodeError):
        list(store.rows(0, ("worker",)))


def test_a_commit_that_cannot_be_read_is_one_that_is_gone(store: Store) -> None:
    for fields in ({"c": b"\xc1"}, {"x": b""}):
        store.client.delete(keys.changes(0))
        store.client.xadd(keys.changes(0), fields)
        with pytest.raises(Trimmed):
            store.tail({0: ("0-0", 0)}, 10)


def test_an_answer_that_cannot_be_read_keeps_no_other_from_being_read(store: Store) -> None:
    store.client.hset(keys.outcomes(0), "O|a", b"\xc1")
    assert store.outcomes(0) == []


def test_a_notice_that_cannot_be_read_holds_up_none_behind_it(store: Store) -> None:
    good = Notice(
        id="g" * 32, event="urge", order="O1", at_ms=1, told_at_ms=5, actor="x", role="leader", status="handling", region="",
        holder="", roles=("leader",), sendings=(Sending("g" * 32, "sms"),),
    )  # fmt: skip
    p = store.partition_of("O1")
    store.client.xadd(keys.notices(p), {"n": b"\xc1"})
    with store.client.pipeline(transaction=True) as pipe:
        notices.put(pipe, p, [good])
        pipe.execute()
    assert [notice for _, _, notice in notices.newer(store, {p: "0-0"}, 10)] == [None, good]
    for n in range(1200):  # more than any stack is deep
        store.client.zadd(keys.outbox_queue(p, "sms"), {f"gone{n}": 1})
    store.client.hset(keys.outbox(p), "bad", b"\xc1")
    store.client.zadd(keys.outbox_queue(p, "sms"), {"bad": 2})
    found = notices.due(store, [p], "sms", 10)
    assert found is not None and found[1] == good
    assert store.client.zcard(keys.outbox_queue(p, "sms")) == 1
    assert notices.posts(store)["sms"].failed == 1, "what cannot be sent is counted as given up"
    assert [one.id for one in notices.outstanding(store)] == ["g" * 32]


def test_an_error_is_kept_short_and_of_letters_that_can_be_written() -> None:
    assert error_text(ValueError("\ud800" + "x" * 9999)).encode().startswith(b"ValueError: ?x")
    assert len(error_text(ValueError("x" * 9999))) == 500
