"""The store against a real Valkey: append, commit, snapshot, tail, lease, refusals."""

import asyncio
import time
from pathlib import Path

import pytest

from domain.facts import AnyFact, Heartbeat, Position
from domain.states import Worker
from store import embedded, keys, sources, track
from store.appender import Appender
from store.commit import Commit, commit, give_back, read_at, renew, take_lease
from store.errors import LeaseLost, StoreUnavailable, StoreUnfit, Trimmed
from store.store import ENTRY_FACTS, Store, connect, open_store

NOW = 1_783_901_730_000


def fix(worker: str, at_ms: int = NOW, lon: float = 113.1, lat: float = 23.0) -> Position:
    return Position(source="t", received_at_ms=at_ms, worker=worker, fixed_at_ms=at_ms, lon=lon, lat=lat)


def change(version: int, read_to: str | None = None, **parts: object) -> Commit:
    empty: dict[str, object] = {"rows": [], "tracks": {}, "days": {}, "trails": {}, "counts": {}, "seen": {}}
    return Commit(version=version, read_to=read_to, **{**empty, **parts})  # type: ignore[arg-type]


def row(name: str, version: int) -> tuple[str, str, Worker]:
    return "worker", name, Worker(worker=name, version=version)


def test_appended_facts_come_back_in_their_order(store: Store) -> None:
    facts: list[AnyFact] = [fix("a", NOW + n) for n in range(5)] + [Heartbeat(source="t", received_at_ms=1, worker="a")]
    store.append(facts)
    read = store.read_facts(dict.fromkeys(range(store.partitions), "0-0"), 100, 10)
    assert [fact for entries in read.values() for _, batch in entries for fact in batch] == facts


def test_a_commit_moves_the_reading_position_with_the_state_and_forgets_the_facts(store: Store) -> None:
    store.append([fix("a")])
    p = store.partition_of("a")
    lease = take_lease(store, p, "me")
    assert lease
    (entry_id, _), = store.read_facts({p: "0-0"}, 10, 10)[p]
    commit(store, lease, change(1, entry_id, rows=[row("a", 1)], counts={"t|position|kept": 1}), 100)
    assert read_at(store, p) == (entry_id, 1)
    assert store.row("worker", "a") == Worker(worker="a", version=1)
    assert store.backlog() == 0
    assert store.counts() == {("t", "position", "kept"): 1}


def test_a_partition_has_one_owner_and_an_old_owner_cannot_commit(store: Store) -> None:
    old = take_lease(store, 0, "old")
    assert old and take_lease(store, 0, "new") is None
    store.client.delete(keys.lease(0))  # as when it has run out
    new = take_lease(store, 0, "new")
    assert new and new.token > old.token
    with pytest.raises(LeaseLost):
        renew(store, old)
    with pytest.raises(LeaseLost):
        commit(store, old, change(1, rows=[row("a", 1)]), 100)
    assert store.row("worker", "a") is None
    give_back(store, new)
    assert take_lease(store, 0, "third")


def test_snapshot_and_tail_give_every_change(store: Store) -> None:
    lease = take_lease(store, 0, "me")
    assert lease
    commit(store, lease, change(1, rows=[row("a", 1)]), 100)
    snapshot = store.snapshot(0)
    commit(store, lease, change(2, rows=[row("a", 2), row("b", 2)]), 100)
    assert {r.worker for _, r in snapshot.rows if isinstance(r, Worker)} >= {"a"}
    (batch,) = store.tail({0: (snapshot.position, snapshot.version)}, 10)[0]
    assert batch.version == 2 and {r for _, r in batch.rows} == {row("a", 2)[2], row("b", 2)[2]}


def test_a_reader_behind_the_trimmed_log_is_told(store: Store) -> None:
    lease = take_lease(store, 0, "me")
    assert lease
    for version in range(1, 400):
        commit(store, lease, change(version, rows=[row("a", version)]), 16)
    with pytest.raises(Trimmed):
        store.tail({0: ("0-0", 0)}, 10)


def test_a_track_is_read_by_time_over_several_days(store: Store) -> None:
    p = store.partition_of("a")
    lease = take_lease(store, p, "me")
    assert lease
    day = 86_400_000
    fixes = [fix("a", NOW + n * day) for n in (1, 0, 2)]
    names = [f"2026-07-{13 + n}" for n in (1, 0, 2)]
    tracks = {("a", name): track.pack(f, 0) for name, f in zip(names, fixes, strict=True)}
    commit(store, lease, change(1, tracks=tracks, days={"a": ",".join(sorted(names))}), 100)
    assert store.track("a", NOW, NOW + 2 * day)["t"].tolist() == [NOW, NOW + day]
    assert store.track("nobody", 0, NOW).size == 0


def test_a_record_keeps_units_and_unknowns() -> None:
    full = Position(
        source="t", received_at_ms=NOW, worker="a", fixed_at_ms=NOW, lon=113.121416, lat=-23.021548,
        speed_mps=1.19, accuracy_m=8.0, heading_deg=275.5, battery_pct=64.0,
    )  # fmt: skip
    known, unknown = track.unpack(track.pack(full, 8) + track.pack(fix("a"), 0))
    assert (known["lon"], known["lat"]) == (1131214160, -230215480)
    assert (known["speed"], known["accuracy"], known["heading"], known["battery"], known["flags"]) == (119, 80, 27550, 64, 8)
    assert (unknown["speed"], unknown["accuracy"], unknown["battery"]) == (track.UNKNOWN, track.UNKNOWN, 255)


def test_a_store_made_with_other_partitions_is_refused(store: Store, valkey: object) -> None:
    with pytest.raises(StoreUnfit, match="partitions"):
        open_store(valkey.url, store.partitions + 1)  # type: ignore[attr-defined]


def test_a_server_without_append_only_file_is_refused(store: Store, valkey: object) -> None:
    store.client.config_set("appendonly", "no")
    try:
        with pytest.raises(StoreUnfit, match="append-only"):
            open_store(valkey.url, store.partitions)  # type: ignore[attr-defined]
    finally:
        store.client.config_set("appendonly", "yes")
        while store.client.info("persistence")["aof_rewrite_in_progress"]:
            pass


def test_without_fsync_at_each_write_an_append_still_waits_for_the_disk(store: Store, valkey: object) -> None:
    store.client.config_set("appendfsync", "everysec")
    try:
        patient = open_store(valkey.url, store.partitions)  # type: ignore[attr-defined]
        assert patient.waits_for_disk
        patient.append([fix("a")])
        assert patient.backlog() == 1
    finally:
        store.client.config_set("appendfsync", "always")


def test_refusals_are_counted_by_reason_and_kept_bounded(store: Store) -> None:
    raws = [sources.Refusal("s", f"lat out of range: {n}", b"x" * 5000, 5000) for n in range(30)]
    sources.keep_refusals(store, raws, keep=10)
    assert sources.count_rejects(store) == {("s", "lat out of range"): 30}
    kept = sources.rejects(store, "s", 100)
    assert len(kept) == 10 and len(kept[0].raw) == sources.RAW_KEPT and kept[0].reason.endswith("29")


def test_keys_are_kept_hashed(store: Store) -> None:
    key = sources.new_key()
    sources.add_source(store, "phone", key, NOW)
    assert sources.sources(store)["phone"]["key"] == sources.hashed(key)
    assert key.encode() not in b"".join(store.client.hgetall(keys.sources()).values())
    assert sources.remove_source(store, "phone") and not sources.remove_source(store, "phone")


def test_a_source_that_was_removed_is_not_late_for_ever(store: Store) -> None:
    for name in ("phone", "phones"):
        sources.add_source(store, name, sources.new_key(), NOW)
        for partition in range(store.partitions):
            store.client.hset(keys.seen(partition), mapping={f"{name}|{clock}": NOW for clock in sources.SEEN})
    assert sources.remove_source(store, "phone")
    assert {name for name, _ in store.seen()} == {"phones"} and set(store.wrong_clocks()) == {"phones"}


def test_many_facts_of_one_partition_are_appended_in_entries_that_one_commit_can_take(store: Store) -> None:
    facts: list[AnyFact] = [fix("a", NOW + n) for n in range(2 * ENTRY_FACTS + 1)]
    store.append(facts)
    read = store.read_facts({store.partition_of("a"): "0-0"}, 10, 10)[store.partition_of("a")]
    assert [len(batch) for _, batch in read] == [ENTRY_FACTS, ENTRY_FACTS, 1]
    assert [fact for _, batch in read for fact in batch] == facts


def test_an_owner_whose_store_was_set_back_reads_it_anew_before_it_writes(store: Store) -> None:
    lease = take_lease(store, 0, "me")
    assert lease
    for version in (1, 2, 3):
        commit(store, lease, change(version), 100)
    store.client.hset(keys.at(0), mapping={"version": 2, "read": "0-0"})  # as a copy from before the third commit
    with pytest.raises(StoreUnavailable, match="set back"):
        commit(store, lease, change(4, rows=[row("a", 4)]), 100)
    assert read_at(store, 0) == ("0-0", 2) and store.row("worker", "a") is None


def test_a_server_that_tells_nothing_of_its_settings_is_waited_for(store: Store, valkey: object) -> None:
    store.client.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], channels=["*"], categories=["+@all"],
                             commands=["-config", "-info"])  # fmt: skip
    try:
        patient = open_store(valkey.url.replace("unix://", "unix://guest:x@"), store.partitions)  # type: ignore[attr-defined]
        assert patient.waits_for_disk
        patient.append([fix("a")])
        assert patient.backlog() == 1
    finally:
        store.client.acl_deluser("guest")


def test_a_server_on_which_nobody_may_wait_for_the_disk_is_refused(store: Store, valkey: object) -> None:
    store.client.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], channels=["*"], categories=["+@all"],
                             commands=["-config", "-waitaof"])  # fmt: skip
    try:
        with pytest.raises(StoreUnfit, match="WAITAOF"):
            open_store(valkey.url.replace("unix://", "unix://guest:x@"), store.partitions)  # type: ignore[attr-defined]
    finally:
        store.client.acl_deluser("guest")


def test_the_path_of_the_embedded_server_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c?d%41"
    made = connect(embedded.url(folder)).connection_pool.connection_kwargs["path"]
    assert made == str(embedded.socket_path(folder))


@pytest.fixture
def appender(store: Store, valkey: object) -> Appender:
    return Appender(valkey.url, store.partitions, waits_for_disk=False, queue=100, timeout_s=1.0)  # type: ignore[attr-defined]


def test_a_fact_that_cannot_be_written_does_not_end_the_appending_of_others(store: Store, appender: Appender) -> None:
    async def both() -> None:
        running = asyncio.create_task(appender.run())
        with pytest.raises(StoreUnavailable):
            await appender.append([fix("half a pair \ud800")])
        await appender.append([fix("a")])
        running.cancel()
        await appender.close()

    asyncio.run(both())
    assert store.backlog() == 1


def test_an_append_is_tried_once_and_the_device_is_told_at_once(tmp_path: Path) -> None:
    gone = Appender(embedded.url(tmp_path), 1, waits_for_disk=False, queue=100, timeout_s=5.0)

    async def one() -> float:
        running, started = asyncio.create_task(gone.run()), time.monotonic()
        with pytest.raises(StoreUnavailable):
            await gone.append([fix("a")])
        running.cancel()
        return time.monotonic() - started

    assert asyncio.run(one()) < 1.0
