"""The projector on a real Valkey: what is folded, what is set aside, what survives a crash."""

import threading
import time

import msgspec
import pytest

from config.city import City
from config.settings import Settings
from domain.facts import CaseStep, FeedStatus, FixFlag, Heartbeat, Position
from domain.states import Feed, Order, OrderFlag, Presence, Worker, WorkerFlag
from ingest.projector import ROWS_KEPT, Owned, Projector
from store import keys
from store.commit import Lease, take_lease
from store.errors import StoreUnavailable
from store.store import Store

NOW = 1_783_901_730_000  # 2026-07-13 08:15:30 in Shanghai
W1 = (113.105, 23.005)  # in the middle of the grid of W1


def fix(worker: str, at_s: float = 0, lon: float = W1[0], lat: float = W1[1], **more: object) -> Position:
    at_ms = NOW + int(at_s * 1000)
    told = {"source": "t", "received_at_ms": at_ms, "worker": worker, "fixed_at_ms": at_ms, "lon": lon, "lat": lat}
    return Position(**{**told, **more})  # type: ignore[arg-type]


@pytest.fixture
def projector(store: Store, city: City, settings: Settings) -> Projector:
    return Projector(store, city, settings, "first")


def fold(projector: Projector) -> int:
    return sum(projector.step(block_ms=10) for _ in range(3))


def worker_of(store: Store, name: str) -> Worker:
    row = store.row("worker", name)
    assert isinstance(row, Worker)
    return row


def flags_of(store: Store, name: str) -> list[FixFlag]:
    return [FixFlag(flags) for flags in store.track(name, 0, 1 << 50)["flags"].tolist()]


def test_a_fix_finds_its_grid_and_its_day(store: Store, projector: Projector) -> None:
    store.append([fix("W1")])
    assert fold(projector) == 1
    worker = worker_of(store, "W1")
    assert (worker.region, worker.day, worker.presence) == ("44060500101", "2026-07-13", Presence.MOVING)
    assert store.track_days("W1") == ["2026-07-13"]


def test_out_of_the_own_grid_beyond_the_margin_only(store: Store, projector: Projector) -> None:
    store.append([fix("W1", 0, 113.1101), fix("W2", 0, *W1)])
    fold(projector)
    assert worker_of(store, "W1").presence is Presence.MOVING  # 10 m over the border
    assert worker_of(store, "W2").presence is Presence.OUT_OF_GRID


def test_a_worker_whom_the_roster_does_not_know_is_kept_as_such(store: Store, projector: Projector) -> None:
    store.append([fix("stranger")])
    fold(projector)
    assert worker_of(store, "stranger").flags & WorkerFlag.UNROSTERED


def test_a_place_outside_every_region_is_kept_without_one(store: Store, projector: Projector) -> None:
    store.append([fix("stranger", 0, 113.9, 23.9)])
    fold(projector)
    assert worker_of(store, "stranger").region == ""


def test_the_same_fix_again_is_counted_and_not_kept_twice(store: Store, projector: Projector) -> None:
    store.append([fix("W1"), fix("W1", 10), fix("W1")])
    fold(projector)
    store.append([fix("W1", 10), fix("W1")])
    fold(projector)
    assert store.track("W1", 0, 1 << 50).size == 2
    assert store.counts() == {("t", "position", "kept"): 2, ("t", "position", "duplicate"): 3}


def test_late_fixes_repair_the_track_and_its_length(store: Store, projector: Projector) -> None:
    late = fix("W1", 5, lat=W1[1] + 0.0002, received_at_ms=NOW + 60_000)
    store.append([fix("W1"), fix("W1", 10, W1[0] + 0.0001)])
    fold(projector)
    short = worker_of(store, "W1").distance_m
    store.append([late])
    fold(projector)
    worker = worker_of(store, "W1")
    assert worker.fixed_at_ms == NOW + 10_000 and worker.fixes == 3
    assert worker.distance_m == pytest.approx(short + 22.2 + 24.4 - 10.2, abs=0.5)
    assert flags_of(store, "W1") == [0, FixFlag.LATE, 0]


def test_every_doubtful_fix_is_in_the_track_with_its_reason(store: Store, projector: Projector) -> None:
    store.append([
        fix("W1"),
        fix("W1", 10, fixed_at_ms=NOW + 10**9),
        fix("W1", 20, 113.3),
        fix("W1", 30, flags=int(FixFlag.MOCK)),
        fix("W1", 40, 2.0, 48.0),
        fix("W1", 50),
        fix("W1", 50, W1[0] + 0.001),
    ])  # fmt: skip
    fold(projector)
    found = flags_of(store, "W1")
    for flag in (FixFlag.FUTURE, FixFlag.JUMP, FixFlag.MOCK, FixFlag.OUTSIDE, FixFlag.SAME_TIME):
        assert sum(bool(flags & flag) for flags in found) == 1, flag
    assert len(found) == 7 and worker_of(store, "W1").set_aside == 4  # the one of another day counts for that day


def test_an_order_told_in_pieces_and_twice(store: Store, projector: Projector) -> None:
    def step(status: str, at_s: int, **said: object) -> CaseStep:
        told = {"source": "t", "received_at_ms": NOW, "order": "A1", "at_ms": NOW + at_s * 1000, "status": status}
        return CaseStep(**{**told, **said})  # type: ignore[arg-type]

    said = {"region": "东社区", "reporter": "phone1", "deadline_at_ms": NOW + 60_000}
    steps = [step("closed", 90), step("reported", 0, **said), step("handling", 30)]
    store.append(steps)
    fold(projector)
    store.append(steps[:2])
    fold(projector)
    store.append([step("archived", 95)])  # folded from the trail as the store gives it back
    fold(projector)
    order = store.row("order", "A1")
    assert isinstance(order, Order)
    assert (order.status, order.region, order.reporter, order.steps) == ("archived", "440605001", "W1", 4)
    assert (order.deadline_at_ms, order.on_time) == (NOW + 60_000, False)
    assert [s.status for s in store.trail("A1")] == ["reported", "handling", "closed", "archived"]
    assert store.counts()["t", "order", "duplicate"] == 2


def test_the_position_of_an_order_refines_its_region_and_an_unknown_one_is_flagged(
    store: Store, projector: Projector
) -> None:
    told = {"source": "t", "received_at_ms": NOW, "at_ms": NOW, "status": "reported", "lon": W1[0], "lat": W1[1]}
    store.append([
        CaseStep(order="inside", region="东社区", **told),
        CaseStep(order="beside", region="西社区", **told),
        CaseStep(order="lost", region="无此社区", **told),
    ])  # fmt: skip
    fold(projector)
    rows = {name: store.row("order", name) for name in ("inside", "beside", "lost")}
    assert all(isinstance(row, Order) for row in rows.values())
    assert [row.region for row in rows.values()] == ["44060500101", "440605002", "44060500101"]  # type: ignore[union-attr]
    assert rows["lost"].flags & OrderFlag.UNKNOWN_REGION  # type: ignore[union-attr]


def test_a_feed_keeps_what_the_last_word_leaves_out(store: Store, projector: Projector) -> None:
    told = {"source": "t", "received_at_ms": NOW, "feed": "F1"}
    store.append([FeedStatus(at_ms=NOW, status="online", name="路口", lon=W1[0], lat=W1[1], **told)])
    store.append([FeedStatus(at_ms=NOW + 9, status="frozen", **told), FeedStatus(at_ms=NOW + 5, status="online", **told)])
    fold(projector)
    feed = store.row("feed", "F1")
    assert isinstance(feed, Feed) and (feed.status, feed.name, feed.region) == ("frozen", "路口", "44060500101")


def test_time_alone_makes_a_worker_offline_and_the_change_is_told(store: Store, projector: Projector) -> None:
    store.append([fix("W1"), Heartbeat(source="t", received_at_ms=NOW, worker="W4")])
    fold(projector)  # the facts are months old: the next tick finds both offline
    projector._next_tick_s = 0.0
    fold(projector)
    assert worker_of(store, "W1").presence is Presence.OFFLINE
    assert worker_of(store, "W4").presence is Presence.OFFLINE
    versions = [b.version for p in range(store.partitions) for b in store.tail({p: ("0-0", 0)}, 10).get(p, [])]
    assert versions.count(1) >= 1


def test_a_crash_between_fold_and_commit_folds_nothing_twice(
    store: Store, city: City, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.projector as module

    real, calls = module.commit, []

    def broken(*args: object) -> None:
        calls.append(args)
        if len(calls) % 2:
            raise StoreUnavailable("cut")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "commit", broken)
    store.append([fix("W1", n) for n in range(20)])
    for _ in range(4):
        projector = Projector(store, city, settings, "me")  # the same owner, back after a crash
        try:
            fold(projector)
        except StoreUnavailable:
            continue
    assert store.track("W1", 0, 1 << 50).size == 20 and worker_of(store, "W1").fixes == 20
    assert store.counts() == {("t", "position", "kept"): 20}


def test_a_commit_that_fails_while_others_are_under_way_loses_nothing_and_folds_nothing_twice(
    store: Store, city: City, settings: Settings, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.projector as module

    projector.step(block_ms=1)
    names = {store.partition_of(name): name for name in ("W1", "W2", "W3", "W4", "X1", "X2", "X3")}
    failing, *others = sorted(names)
    assert others, "at least two partitions have work"
    real, under_way, cut = module.commit, threading.Event(), []

    def commit(opened: Store, lease: Lease, *rest: object) -> None:
        if lease.partition == failing and not cut:
            cut.append(failing)
            assert under_way.wait(5), "another partition's commit goes on meanwhile"
            raise StoreUnavailable("cut")
        under_way.set()
        real(opened, lease, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "commit", commit)
    store.append([fix(name, n) for name in names.values() for n in range(5)])
    projector.run(Stopping(6))  # type: ignore[arg-type]
    assert cut == [failing]
    assert store.counts() == {("t", "position", "kept"): 5 * len(names)}


def test_a_second_projector_waits_for_the_first(store: Store, city: City, settings: Settings, projector: Projector) -> None:
    projector.step(block_ms=1)
    second = Projector(store, city, settings, "second")
    store.append([fix("W1")])
    assert fold(second) == 0 and fold(projector) == 1
    projector._release()
    second._next_tick_s = 0.0
    store.append([fix("W1", 10)])
    assert fold(second) == 1


def test_a_partition_lost_in_the_middle_of_a_backlog_is_left_to_its_new_owner(
    store: Store, city: City, settings: Settings, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.projector.TICK_S", -1.0)  # renews after each commit
    projector.step(block_ms=1)
    for n in range(4):
        store.append([fix("W1", n)])
    number = store.partition_of("W1")
    store.client.delete(keys.lease(number))  # as when the owner was away for too long
    assert take_lease(store, number, "second")
    assert fold(projector) == 0 and number not in projector._owned
    store.client.delete(keys.lease(number))
    assert fold(Projector(store, city, settings, "third")) == 4
    assert store.counts() == {("t", "position", "kept"): 4}


def test_two_projectors_of_one_name_would_fight_so_none_have_one(store: Store, city: City, settings: Settings) -> None:
    assert Projector(store, city, settings)._owner != Projector(store, city, settings)._owner


def test_a_store_set_back_under_a_running_projector_is_folded_from_where_it_stands(
    store: Store, projector: Projector
) -> None:
    number = store.partition_of("W1")
    store.append([fix("W1")])
    assert fold(projector) == 1
    saved = {key: store.client.dump(key) for key in store.client.keys(f"{{p{number}}}:*")}
    (entry_id,) = [owned.read_to for n, owned in projector._owned.items() if n == number]
    store.append([fix("W1", 10)])
    assert fold(projector) == 1
    for key in store.client.keys(f"{{p{number}}}:*"):
        store.client.delete(key)
    for key, value in saved.items():
        store.client.restore(key, 0, value)
    at_ms = int(entry_id.split("-")[0])  # acknowledged before the copy, folded after it
    store.client.xadd(keys.facts(number), {"f": msgspec.msgpack.encode([fix("W1", 10)])}, id=f"{at_ms}-999")
    store.append([fix("W1", 20)])
    projector.run(Stopping(6))  # type: ignore[arg-type]
    assert store.track("W1", 0, 1 << 50)["t"].tolist() == [NOW, NOW + 10_000, NOW + 20_000]


class Stopping:
    """An event that is set after it has been asked some times; it never waits."""

    def __init__(self, asked: int) -> None:
        self.left = asked
        self.waits: list[float] = []

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


def test_facts_that_come_one_upon_the_other_are_let_gather_and_a_single_one_is_not(
    store: Store, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    projector.step(block_ms=1)
    read, slow, stop = store.read_facts, iter([0.0, 0.3, 0.0]), Stopping(3)

    def told(*asked: object) -> object:
        store.append([fix("W1", len(stop.waits))])
        time.sleep(next(slow))
        return read(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "read_facts", told)
    monkeypatch.setattr("ingest.projector.GATHER_S", 0.8)  # a busy machine may be slow to read
    projector.run(stop)  # type: ignore[arg-type]
    assert stop.waits == [0.8, 0.8]


def test_the_change_log_holds_fewer_commits_when_they_are_large() -> None:
    owned = Owned(None, None, "0-0")  # type: ignore[arg-type]
    assert [owned.keep(10, 4000) for _ in range(5)][-1] == 4000
    kept = [owned.keep(4000, 4000) for _ in range(200)][-1]
    assert kept * 4000 <= ROWS_KEPT < (kept + 2) * 4000


def test_a_partition_is_taken_without_reading_its_orders(store: Store, projector: Projector) -> None:
    store.client.hset(keys.table(0, "order"), "A1", b"not even a row")
    projector.step(block_ms=1)
    assert 0 in projector._owned
