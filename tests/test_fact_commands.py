"""`app.py facts`: what is set aside is listed with its error, and folded again when told; each fact once."""

import msgspec

from store import audit, keys, unfoldable
from store.store import Store
from store.unfoldable import Unfoldable
from tests.ingest.test_projector import fix
from tests.test_app import app


def set_aside(store: Store, serial: int, kind: str = "position", raw: bytes | None = None) -> Unfoldable:
    fact = fix(f"W{serial}")
    one = Unfoldable(
        id=f"17-{serial}-0", kind=kind, source="gps", about=fact.worker, at_ms=1_796_000_000_000 + serial,
        error="ZeroDivisionError: [red]no[/red]", raw=msgspec.msgpack.encode(fact) if raw is None else raw,
    )  # fmt: skip
    with store.client.pipeline(transaction=True) as pipe:
        unfoldable.put(pipe, 0, [one])
        pipe.hincrby(keys.counts(0), f"gps|{kind}|unfoldable", 1)
        pipe.execute()
    return one


def test_what_is_set_aside_is_listed_and_folded_again_once(store: Store, valkey: object) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    for serial in (1, 2, 3):
        set_aside(store, serial)
    listed = app("facts", "unfoldable", **where)
    assert listed.returncode == 0 and "3 set aside" in listed.stdout
    lines = listed.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["0/17-1-0", "0/17-2-0", "0/17-3-0"]
    assert "ZeroDivisionError: [red]no[/red]" in lines[0] and "W1" in lines[0] and "2026-11-" in lines[0]
    assert app("facts", "retry", **where).returncode == 2
    assert "not among" in app("facts", "retry", "0/99-0-0", **where).stderr
    assert "1 of 1" in app("facts", "retry", "0/17-1-0", **where).stdout
    assert store.counts() == {("gps", "position", "unfoldable"): 2}
    assert "2 of 2" in app("facts", "retry", "--all", **where).stdout
    told = [fact for _, facts in store.read_facts({0: "0-0"}, 10, 10)[0] for fact in facts]
    assert sorted(told, key=repr) == [fix("W1"), fix("W2"), fix("W3")]
    assert unfoldable.number(store) == 0 and set(store.counts().values()) == {0}
    lines_told = [line for line in audit.newest(store) if line.what == "facts_retried"]
    assert {line.subject for line in lines_told} == {"W1", "W2", "W3"} and lines_told[0].who.startswith("console:")


def test_a_row_that_still_cannot_be_read_is_told_by_the_exit_code(store: Store, valkey: object) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    one = msgspec.structs.replace(set_aside(store, 1), id="row|worker|W1", kind="row", about="worker|W1")
    with store.client.pipeline(transaction=True) as pipe:
        pipe.delete(keys.unfoldable(0))
        unfoldable.put(pipe, 0, [one])
        pipe.hset(keys.table(0, "worker"), "W1", b"\xc1")
        pipe.execute()
    done = app("facts", "retry", "0/row|worker|W1", **where)
    assert done.returncode == 1 and "0 of 1" in done.stdout and unfoldable.number(store) == 1
    assert "0/row|worker|W1 stays: its row still cannot be read" in done.stdout
