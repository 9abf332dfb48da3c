"""What cannot be folded is set aside by itself, once; everything else is folded, and every fact is counted once."""

import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.city import City, load_city
from config.settings import Settings
from domain import cases, presence, sos, tallies
from domain.facts import KINDS, AnyFact, CaseStep, DayTally, FeedStatus, Heartbeat, OrderAction, Position, SosAnswer, entity
from domain.states import Worker
from ingest import folding
from ingest import orders as orders_module
from ingest.aside import DIED
from ingest.folding import Partition
from ingest.places import Places
from ingest.projector import SINGLY, Projector
from store import keys, unfoldable
from store.attempts import CRASHES
from store.commit import Commit
from store.store import Store
from store.unfoldable import Unfoldable
from tests.any_facts import any_fact
from tests.ingest.test_order_actions import LIFE, action
from tests.ingest.test_projector import NOW, fix

BAD = "bad"
"""How everything is called that the spoilt folds of these tests raise at."""

BAD_ANSWER_MS = NOW + 7  # an alarm's answer is known to its fold by its instant


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "ingest")


@pytest.fixture
def projector(store: Store, city: City, settings: Settings) -> Projector:
    return Projector(store, city, settings, "first")


def settle(projector: Projector, store: Store) -> None:
    for _ in range(40):
        projector.step(block_ms=10)
        if not store.backlog():
            return
    raise AssertionError(f"{store.backlog()} entries are not folded")


def aside(store: Store) -> list[Unfoldable]:
    return [one for _, one in unfoldable.held(store)]


def counted(store: Store) -> Counter[tuple[str, bool]]:
    """(kind, is it set aside) → how many facts."""
    total: Counter[tuple[str, bool]] = Counter()
    for (_, kind, outcome), number in store.counts().items():
        total[kind, outcome == "unfoldable"] += number
    return +total


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fold raises for what is called BAD, some of them after they have changed something."""

    def spoil(module: Any, name: str, is_bad: Callable[..., bool], late: bool = False) -> None:
        real = getattr(module, name)

        def fold(*args: Any, **named: Any) -> Any:
            found = real(*args, **named) if late else None
            if is_bad(*args, **named):
                raise ZeroDivisionError(f"{name} cannot")
            return found if late else real(*args, **named)

        monkeypatch.setattr(module, name, fold)

    spoil(presence, "fold_fix", lambda worker, *_: worker.worker.startswith(BAD))
    spoil(presence, "fold_heartbeat", lambda worker, *_: worker.worker.startswith(BAD))
    spoil(cases, "add_steps", lambda _trail, new, _most: any("bad" in step.fields.values() for step in new))
    spoil(orders_module, "_audited", lambda asked, *_: asked.id.startswith(BAD), late=True)
    spoil(folding, "fold_feed", lambda _feed, fact, _place: fact.feed.startswith(BAD))
    spoil(sos, "answer", lambda _worker, at_ms, _id: at_ms == BAD_ANSWER_MS)
    spoil(folding, "fold_tally", lambda _held, fact: fact.key.startswith(BAD))
    assert tallies.fold_tally is not folding.fold_tally


def told(**more: object) -> dict[str, Any]:
    return {"source": "t", "received_at_ms": NOW, **more}


MIXED: tuple[AnyFact, ...] = (
    fix("W1"), fix(BAD), fix("W1", 10), fix(BAD, 5), Heartbeat(**told(worker=BAD)), Heartbeat(**told(worker="W4")),
    CaseStep(**told(order="A1", at_ms=NOW, status="reported", title="t")),
    CaseStep(**told(order="A1", at_ms=NOW + 1, status="handling", title="bad")),
    CaseStep(**told(order="A1", at_ms=NOW + 2, status="closed")),
    FeedStatus(**told(feed="F1", at_ms=NOW, status="online")), FeedStatus(**told(feed=BAD, at_ms=NOW, status="online")),
    Heartbeat(**told(worker="W4", sos=True)),
    SosAnswer(**told(worker="W4", id="s1", actor="chief", role="duty_chief", at_ms=BAD_ANSWER_MS)),
    SosAnswer(**told(worker="W4", id="s2", actor="chief", role="duty_chief", at_ms=NOW, region="440605")),
    DayTally(**told(day="2026-07-13", region="440605", key="calls", value=Decimal(3), at_ms=NOW)),
    DayTally(**told(day="2026-07-13", region="440605", key=BAD, value=Decimal(3), at_ms=NOW)),
    *LIFE[:2], action("register", "duty_chief", 2, BAD, category="lamp"), *LIFE[2:], fix("W1", 20),
)  # fmt: skip


def is_bad(fact: AnyFact) -> bool:
    match fact:
        case Position(worker=name) | Heartbeat(worker=name) | FeedStatus(feed=name) | DayTally(key=name):
            return name.startswith(BAD)
        case SosAnswer():
            return fact.at_ms == BAD_ANSWER_MS
        case CaseStep():
            return fact.title == "bad"
        case OrderAction():
            return fact.id == BAD


def test_exactly_what_cannot_be_folded_is_set_aside(store: Store, projector: Projector, spoilt: None) -> None:
    store.append(MIXED)
    settle(projector, store)
    bad = [fact for fact in MIXED if is_bad(fact)]
    found = aside(store)
    assert sorted(one.raw for one in found) == sorted(msgspec.msgpack.encode(fact) for fact in bad)
    assert {one.about for one in found} == {entity(fact) for fact in bad}
    assert len({(p, one.id) for p, one in unfoldable.held(store)}) == len(bad)
    assert all("cannot" in one.error and one.at_ms > NOW for one in found)
    assert counted(store) == Counter((KINDS[type(fact)], is_bad(fact)) for fact in MIXED)
    assert {KINDS[type(fact)] for fact in MIXED} == set(KINDS.values())
    assert unfoldable.number(store) == len(bad)


def test_beside_it_all_is_as_if_it_had_never_come(
    store: Store, city: City, settings: Settings, projector: Projector, spoilt: None
) -> None:
    def state() -> list[object]:
        plain = [msgspec.structs.replace(row, version=0) for p in range(store.partitions) for _, row in store.rows(p)]
        tracks = [store.track(name, 0, 1 << 50).tolist() for name in ("W1", BAD)]
        trails = [store.trail(name) for name in ("A1", "O1")]
        answers = [(one.id, one.done, one.status) for p in range(store.partitions) for one in store.outcomes(p)]
        return [sorted(plain, key=repr), tracks, trails, answers]

    store.append(fact for fact in MIXED if not is_bad(fact))
    settle(projector, store)
    wanted = state()
    store.client.flushall()
    store.append(MIXED)
    settle(Projector(store, city, settings, "second"), store)
    assert state() == wanted


def test_who_asked_for_what_cannot_be_folded_is_told_so_and_it_is_no_answer_for_ever(
    store: Store, projector: Projector, spoilt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = action("register", "duty_chief", 2, BAD, category="lamp")
    store.append([*LIFE[:2], asked])
    settle(projector, store)
    p = store.partition_of("O1")
    answers = [one for batch in store.tail({p: ("0-0", 0)}, 10)[p] for one in batch.outcomes]
    assert [(one.id, one.done, one.reason) for one in answers[-1:]] == [(BAD, False, "unfoldable")]
    assert store.outcome("O1", BAD) is None
    monkeypatch.undo()
    assert [unfoldable.retry(store, *found) for found in unfoldable.held(store)] == [True]
    settle(projector, store)
    answer = store.outcome("O1", BAD)
    assert answer is not None and answer.done


def test_what_is_tried_again_is_counted_once_as_what_then_becomes_of_it(
    store: Store, projector: Projector, spoilt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(MIXED)
    settle(projector, store)
    first = list(unfoldable.held(store))
    assert all(unfoldable.retry(store, *found) for found in first)
    assert not any(unfoldable.retry(store, *found) for found in first), "it is there once, whoever retries twice"
    assert not aside(store) and sum(counted(store).values()) == len(MIXED) - len(first)
    settle(projector, store)
    assert len(aside(store)) == len(first), "its cause is not mended"
    assert sum(counted(store).values()) == len(MIXED)
    monkeypatch.undo()
    assert all(unfoldable.retry(store, *found) for found in unfoldable.held(store))
    settle(projector, store)
    assert not aside(store) and counted(store) == Counter((KINDS[type(fact)], False) for fact in MIXED)
    assert store.track(BAD, 0, 1 << 50).size == 2


def test_a_swarm_of_bad_facts_costs_no_reading_anew_each_time(
    store: Store, projector: Projector, spoilt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    projector.step(block_ms=10)
    taken = []
    real = Partition.__init__
    monkeypatch.setattr(Partition, "__init__", lambda self, *args: (taken.append(args[1]), real(self, *args))[1])
    for n in range(30):
        store.append([fix("W1", 10 * n), fix(BAD, n)])
        settle(projector, store)
    assert len(aside(store)) == 30 and len(taken) <= store.partitions
    assert max(owned.singly for owned in projector._owned.values()) <= SINGLY


def test_what_folds_but_cannot_be_written_down_is_set_aside_too(
    store: Store, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = presence.fold_heartbeat

    def too_large(worker: Worker, *rest: Any) -> Worker:
        found = real(worker, *rest)
        return msgspec.structs.replace(found, fixes=2**70) if worker.worker == BAD else found

    monkeypatch.setattr(presence, "fold_heartbeat", too_large)
    store.append([Heartbeat(**told(worker=name)) for name in ("W1", BAD, "W2", "W3")])
    settle(projector, store)
    assert [(one.about, one.error.split(":")[0]) for one in aside(store)] == [(BAD, "OverflowError")]
    rows = [row for p in range(store.partitions) for _, row in store.rows(p)]
    assert {row.worker for row in rows if isinstance(row, Worker)} == {"W1", "W2", "W3"}


def append_raw(store: Store, name: str, blob: bytes) -> None:
    store.client.xadd(keys.facts(store.partition_of(name)), {"f": blob})


def test_bytes_that_are_no_fact_are_set_aside_and_the_facts_beside_them_folded(store: Store, projector: Projector) -> None:
    good = msgspec.to_builtins(fix("W1"))
    beyond = [*good[:5], 999.0, *good[6:]]  # a longitude that there is not
    append_raw(store, "W1", msgspec.msgpack.encode([good, beyond, ["z", "who", 1], 7]))
    append_raw(store, "W1", b"\xc1")
    store.client.xadd(keys.facts(store.partition_of("W1")), {"other": b"x"})
    store.append([fix("W1", 10)])
    settle(projector, store)
    found = sorted((one.kind, one.source) for one in aside(store))
    assert found == [("?", "?"), ("?", "who"), ("entry", "?"), ("entry", "?"), ("position", "t")]
    assert store.track("W1", 0, 1 << 50).size == 2
    assert sum(counted(store).values()) == 7
    assert all(unfoldable.retry(store, *one) for one in unfoldable.held(store))
    settle(projector, store)
    assert sorted((one.kind, one.source) for one in aside(store)) == found and sum(counted(store).values()) == 7


def test_an_order_whose_clock_cannot_be_read_stops_no_other_clock(
    store: Store, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = {"category": "lamp", "deadline_at_ms": NOW + 10**6}
    for order in ("O1", BAD):
        life = [msgspec.structs.replace(one, order=order) for one in LIFE[:2]]
        store.append([*life, action("register", "duty_chief", 2, order=order, **deadline)])
    settle(projector, store)
    real = orders_module.alarms

    def alarms(*args: Any) -> Any:
        if broken and orders_module_order(projector) == BAD:
            raise OverflowError("no such instant")
        return real(*args)

    broken = True
    waking: list[str] = []
    really_wake = orders_module.Orders.wake

    def wake(self: Any, order: str, *rest: Any) -> None:
        waking.append(order)
        try:
            really_wake(self, order, *rest)
        finally:
            waking.pop()

    def orders_module_order(_projector: Projector) -> str:
        return waking[-1] if waking else ""

    monkeypatch.setattr(orders_module.Orders, "wake", wake)
    monkeypatch.setattr(orders_module, "alarms", alarms)
    for name in ("O1", BAD):
        store.client.zadd(keys.due(store.partition_of(name)), {name: 1})
    for _ in range(3):
        projector._next_tick_s = 0.0
        projector.step(block_ms=10)
    assert any(step.action == "overdue" for step in store.trail("O1"))
    assert [(one.kind, one.about) for one in aside(store)] == [("clock", BAD)]
    assert not any(step.action == "overdue" for step in store.trail(BAD))
    broken = False
    assert all(unfoldable.retry(store, *one) for one in unfoldable.held(store))
    projector._next_tick_s = 0.0
    projector.step(block_ms=10)
    assert any(step.action == "overdue" for step in store.trail(BAD)) and not aside(store)


def test_a_row_that_cannot_be_read_keeps_no_partition_from_being_taken(
    store: Store, city: City, settings: Settings, projector: Projector
) -> None:
    store.append([fix(name) for name in ("W1", "W2", "W3", "W4")])
    settle(projector, store)
    store.client.hset(keys.table(store.partition_of("W2"), "worker"), "W2", b"\x93\x01\x02\x03")
    again = Projector(store, city, settings, "first")
    store.append([fix(name, 10) for name in ("W1", "W3", "W4")])
    settle(again, store)
    again._next_tick_s = 0.0
    again.step(block_ms=10)
    assert [(one.kind, one.about, one.raw) for one in aside(store)] == [("row", "worker|W2", b"\x93\x01\x02\x03")]
    assert not any(unfoldable.retry(store, *one) for one in unfoldable.held(store)), "it still cannot be read"
    store.append([fix("W2", 20)])
    settle(again, store)
    row = store.row("worker", "W2")
    assert isinstance(row, Worker) and row.fixed_at_ms == NOW + 20_000
    assert all(unfoldable.retry(store, *one) for one in unfoldable.held(store)) and not aside(store)


# who dies


DYING = """
import os, signal, sys, threading
from domain import presence
real = presence.fold_fix
def fold(worker, *rest, **named):
    if worker.worker.startswith("bad"):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(worker, *rest, **named)
presence.fold_fix = fold
from pathlib import Path
from config.city import load_city
from config.settings import load_settings
from ingest.projector import Projector
from store.store import open_store
settings = load_settings(dict(os.environ))
Projector(open_store(settings.redis_url, settings.partitions), load_city(Path(sys.argv[1])), settings).run(threading.Event())
"""


def test_a_fact_of_which_whole_processes_die_is_set_aside_after_a_few(
    store: Store, settings: Settings, city_folder: Path, tmp_path: Path
) -> None:
    names = [f"bad{n}" for n in range(50) if store.partition_of(f"bad{n}") == store.partition_of("W1")]
    store.append([*(fix("W1", 10 * n) for n in range(5)), fix(names[0]), fix("W1", 70)])
    store.append([fix("W1", 80)])
    env = {**os.environ, "GRIDHALL_REDIS_URL": settings.redis_url, "GRIDHALL_PARTITIONS": str(store.partitions)}
    env |= {"GRIDHALL_DATA_DIR": str(tmp_path)}
    deaths = 0
    while store.backlog():
        for p in range(store.partitions):
            store.client.delete(keys.lease(p))  # nobody need wait for a dead owner's lease here
        process = subprocess.Popen([sys.executable, "-c", DYING, str(city_folder)], env=env)
        while process.poll() is None and store.backlog():
            time.sleep(0.05)
        assert process.poll() in (None, -signal.SIGKILL)
        deaths += process.poll() is not None
        process.kill()
        process.wait()
        assert deaths <= 2 * CRASHES
    assert deaths == 2 * CRASHES
    assert [(one.about, one.error) for one in aside(store)] == [(names[0], DIED)]
    assert store.track("W1", 0, 1 << 50).size == 7 and counted(store) == {("position", False): 7, ("position", True): 1}


def test_owners_that_end_in_order_or_change_while_all_is_well_make_nobody_suspicious(
    store: Store, city: City, settings: Settings
) -> None:
    for n in range(5):
        one = Projector(store, city, settings, f"owner{n}")
        store.append([fix("W1", 10 * n)])
        settle(one, store)
        assert not any(owned.attempts.suspicious for owned in one._owned.values())
        if n % 2:
            one._release()
        else:
            for p in range(store.partitions):
                store.client.delete(keys.lease(p))
    stop = threading.Event()
    stop.set()
    for n in range(4):  # nothing to fold at all, and each is asked to end
        one = Projector(store, city, settings, f"idle{n}")
        one.step(block_ms=1)
        assert not any(owned.attempts.suspicious for owned in one._owned.values())
        one.run(stop)


# laws

@pytest.fixture(scope="session")
def limited(city_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The small city with limits of all kinds, as long as they may be, and a ladder that takes cards."""
    folder = tmp_path_factory.mktemp("limited") / "city"
    shutil.copytree(city_folder, folder)
    rows = ["rule,clock,kind,amount", "1,total,working_days,3660", "2,handle,urgent_hours,87840", "3,dispatch,working_hours,1"]
    (folder / "limits.csv").write_text("\n".join([*rows, "4,check,natural_days,3660"]) + "\n", encoding="utf-8")
    urge, card = "{clock: total, do: urge, amount: 3660, kind: working_days}", "{clock: dispatch, do: yellow_card}"
    with (folder / "city.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nworktime: {{ladder: [{urge}, {card}]}}\n")
    return load_city(folder)


SHARED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)

@given(st.lists(st.lists(any_fact, min_size=1, max_size=8), min_size=1, max_size=5))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
def test_whatever_the_doors_let_in_is_folded(
    store: Store, limited: City, settings: Settings, entries: list[list[AnyFact]]
) -> None:
    store.client.flushall()
    projector = Projector(store, limited, settings, "first")
    for facts in entries:
        store.append(facts)
    settle(projector, store)
    projector._next_tick_s = 0.0
    projector.step(block_ms=1)
    assert [(one.kind, one.about, one.error) for one in aside(store)] == []
    by_rule = ("clock",)
    total = sum(n for (source, kind, _), n in store.counts().items() if source not in by_rule)
    assert total >= sum(map(len, entries))
    for p in range(store.partitions):  # and what it made can be read: by the next projector, and by the screens
        assert all(store.rows(p)) and store.tail({p: ("0-0", 0)}, 1) is not None


@given(st.data())
@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=SHARED)
def test_one_by_one_is_as_all_at_once_but_for_those_that_raise(store: Store, city: City, data: st.DataObject) -> None:
    facts: Sequence[AnyFact] = data.draw(st.lists(any_fact, min_size=1, max_size=12))
    raising = data.draw(st.frozensets(st.integers(0, len(facts) - 1)))
    store.client.flushall()
    partition, places = 0, Places(city)
    good = [fact for n, fact in enumerate(facts) if n not in raising]
    wanted = Partition(store, partition, 0, places).fold(good, "1-1")
    singly = Partition(store, partition, 0, places)
    really_fold = Partition._fold_together
    at = itertools.count()

    def fold(self: Partition, one: Sequence[AnyFact]) -> None:
        really_fold(self, one)
        if next(at) in raising:
            raise RuntimeError("after everything was changed")

    Partition._fold_together = fold  # type: ignore[method-assign]
    try:
        found = singly.fold_singly([("1-1", list(facts))], "1-1", lambda place: True, NOW)
    finally:
        Partition._fold_together = really_fold  # type: ignore[method-assign]
    assert sorted(found.rows, key=repr) == sorted(wanted.rows, key=repr)
    assert (found.tracks, found.days, found.trails, found.due) == (wanted.tracks, wanted.days, wanted.trails, wanted.due)
    kept = {key: n for key, n in found.counts.items() if not key.endswith("|unfoldable")}
    assert kept == wanted.counts and len(found.unfoldable) == len(raising)
    assert answers(found) == answers(wanted)


def answers(change: Commit) -> list[tuple[str, str, bool]]:
    """Those to the actions of each order in their turn; all at once goes order by order, one by one as they came."""
    return sorted(((one.order, one.id, one.done) for one in change.outcomes), key=lambda one: one[0])
