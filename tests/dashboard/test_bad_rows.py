"""A row that cannot be taken is skipped, counted and shown; a job that fails is not the end of its loop."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from config.city import City
from config.faults import OVER_AFTER_MS, Faults
from config.settings import Settings
from config.words import words
from dashboard import hall as hall_module
from dashboard.auditwriter import AuditWriter
from dashboard.hall import Hall
from dashboard.live.links import Link, Links
from dashboard.live.session import Sessions
from dashboard.live.shared import SharedFigures
from dashboard.serve import Worker as WebWorker
from dashboard.sourcewatch import trouble_of
from domain.states import TABLES, Feed, Order, Worker
from store import audit, keys
from store.commit import Commit, commit, read_at, take_lease
from store.store import Store
from tests.dashboard.at_work import AtWork, at_work
from tests.dashboard.screens import small_city
from tests.dashboard.test_hall import FakeStore, wait_for
from tests.ingest.test_projector import NOW, fix

CITY = small_city()
HUGE = 2**63 + 5  # MessagePack can carry it, an array of whole numbers cannot


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    monkeypatch.setattr(hall_module, "FIRST_PAUSE_S", 0.01)
    return FakeStore()


@contextmanager
def following(store: Any) -> Iterator[Hall]:
    hall = Hall(CITY, store)
    thread = hall.follow()
    assert hall.ready.wait(5), hall.faults.standing()
    yield hall
    hall.stop()
    thread.join(5)


@pytest.fixture
def hall(fake: FakeStore) -> Iterator[Hall]:
    with following(fake) as made:
        yield made


BAD_ROWS: list[tuple[str, Any]] = [
    ("worker", Worker(worker="w2", fixed_at_ms=HUGE)),
    ("worker", Worker(worker="w2", presence=77, region=5)),  # type: ignore[arg-type]
    ("order", Order(order="o2", status="no such status")),
    ("order", Order(order="o2", status="closed", closed_at_ms=HUGE)),
    ("feed", Feed(feed="f2", status=3)),  # type: ignore[arg-type]
    ("feed", Feed(feed="f2", lon="far")),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("table", "bad"), BAD_ROWS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_row_that_cannot_be_written_is_skipped_and_all_others_are_taken(
    hall: Hall, fake: FakeStore, table: str, bad: Any
) -> None:
    read = fake.snapshots
    good = [("worker", Worker(worker="w0")), ("order", Order(order="o0", status="handling")), ("feed", Feed(feed="f0"))]
    closed = ("order", Order(order="o4", status="closed", closed_at_ms=5))
    fake.commit(0, good[0], good[1], (table, bad), closed, good[2])
    fake.commit(0, ("worker", Worker(worker="w4")))
    wait_for(lambda: "w4" in hall.workers and {"o0", "o4"} <= set(hall.orders) and "f0" in hall.feeds)
    assert "w0" in hall.workers
    assert fake.snapshots == read and hall.connected, "nothing is read anew for it"
    named = [(one.table, one.name) for one in hall.skipped.rows.values()]
    assert named in ([(table, getattr(bad, table))], [])
    with hall.lock:  # the columns hold each order once, whatever had to be tried twice
        assert sorted(hall.book._columns.column("order").tolist()) == sorted(hall.orders)
    fake.commit(0, (table, type(bad)(**{table: getattr(bad, table), **({"status": "closed"} if table == "order" else {})})))
    wait_for(lambda: not hall.skipped.rows)


def test_what_is_skipped_cannot_be_a_fault_of_nobody(hall: Hall, fake: FakeStore) -> None:
    """At least the plainest of them must be found, or the test above says nothing."""
    fake.commit(0, BAD_ROWS[0], BAD_ROWS[3])
    wait_for(lambda: len(hall.skipped.rows) == 2)
    assert hall.skipped.total >= 2 and all(one.error for one in hall.skipped.rows.values())
    assert trouble_of(hall, 0) == [{"key": "skipped", "n": 2}]


def write(store: Store, partition: int, *rows: tuple[str, str, Any]) -> None:
    lease = take_lease(store, partition, "test")
    assert lease is not None
    _, version = read_at(store, partition)
    change = Commit(version=version + 1, read_to=None, rows=list(rows), tracks={}, days={}, trails={}, counts={}, seen={})
    commit(store, lease, change, 1000)


class Foreign(msgspec.Struct, array_like=True):
    """A row of a version of this program that is still to be written."""

    version: int
    id: str
    news: dict[str, str]


def in_partition(store: Store, partition: int, prefix: str) -> str:
    return next(f"{prefix}{n}" for n in range(999) if store.partition_of(f"{prefix}{n}") == partition)


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_row_that_cannot_be_read_stands_in_nobodys_way(store: Store, table: str, when: str) -> None:
    bad, good = in_partition(store, 0, "bad"), in_partition(store, 0, "good")
    rows = [(table, bad, Foreign(1, bad, {"a": "b"})), ("worker", good, Worker(worker=good))]
    if when == "before":
        write(store, 0, *rows)
    with following(store) as hall:
        if when == "after":
            write(store, 0, *rows)
        wait_for(lambda: good in hall.workers)
        wait_for(lambda: len(hall.skipped.rows) == 1)
        (one,) = hall.skipped.rows.values()
        assert (one.table, one.name) == (table, bad) and "ValidationError" in one.error
        assert hall.connected and not hall.faults.counted()
        again = in_partition(store, 0, "again")
        write(store, 0, ("worker", again, Worker(worker=again)))
        wait_for(lambda: again in hall.workers)


def test_a_commit_that_nobody_can_read_is_passed_by_reading_its_partition_anew_once(store: Store) -> None:
    with following(store) as hall:
        write(store, 0, ("worker", "w", Worker(worker="w")))
        wait_for(lambda: "w" in hall.workers)
        store.client.hincrby(keys.at(0), "version", 1)
        store.client.xadd(keys.changes(0), {"c": b"\xc1"})
        write(store, 0, ("worker", "v", Worker(worker="v")))
        wait_for(lambda: "v" in hall.workers)
        assert hall.connected


# shown


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def test_what_could_not_be_taken_stands_on_the_status_page_in_the_metrics_and_on_the_source_line(work: AtWork) -> None:
    work.store.client.xadd(keys.facts(work.store.partition_of("W1")), {"f": msgspec.msgpack.encode([["p", "gps", "soon"]])})
    work.hall.skipped.put("worker", "W2", "ValidationError: x", work.hall.now_ms())
    with work.hall.faults.survive("figures"):
        raise ZeroDivisionError("<b>none</b>")
    work.tell(fix("W1"))
    wait_for(lambda: len(trouble_of(work.hall, work.hall.now_ms() + 10**6)) == 3, 20)
    assert {one["key"]: one["n"] for one in trouble_of(work.hall, work.hall.now_ms())} == {
        "unfoldable": 1, "skipped": 1, "faults": 1}  # fmt: skip
    admin = work.of("boss", "administrator")
    for lang in ("zh", "en"):
        page = admin.get(f"/status?lang={lang}").text
        said = words(lang)
        assert all(said[f"trouble.{key}"] in page for key in ("title", "fact", "row", "note"))
        assert said["screens.failed.kind.job"] in page and "&lt;b&gt;none" in page and "<b>none" not in page
        assert "gps position" in page and "worker W2" in page
        assert all("{n}" in said[f"trouble.{key}"] for key in ("unfoldable", "skipped", "faults"))
    metrics = admin.get("/metrics").text
    assert 'gridhall_job_faults_total{job="figures"} 1.0' in metrics
    assert "gridhall_skipped_rows 1.0" in metrics and "gridhall_unfoldable_facts 1.0" in metrics
    assert 'outcome="unfoldable"' not in metrics
    assert len(admin.get("/api/v1/screens").json["trouble"]) == 2
    local = work.of("east", "duty_chief", scope="440605001")
    assert local.get("/api/v1/screens").json.get("trouble") in (None, []), "ids of the whole city are not his"


# loops


def test_a_fault_is_counted_each_time_and_told_once_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    now = [0]
    faults = Faults(lambda: now[0])
    for at_ms in (0, 10, OVER_AFTER_MS, 5 * OVER_AFTER_MS, 5 * OVER_AFTER_MS + 1):
        now[0] = at_ms
        with faults.survive("job"):
            raise KeyError(at_ms)
    assert faults.counted() == {"job": 5}
    assert sum(": job job" in record.message for record in caplog.records) == 2
    (standing,) = faults.standing()
    begun_ms = 5 * OVER_AFTER_MS
    assert (standing.times, standing.first_at_ms, standing.cause) == (2, begun_ms, f"KeyError: {begun_ms + 1}")
    now[0] += OVER_AFTER_MS
    assert not faults.standing() and faults.counted() == {"job": 5}
    with pytest.raises(OSError, match="x"), faults.survive("job", OSError):
        raise OSError("x")
    with pytest.raises(KeyboardInterrupt), faults.survive("job"):
        raise KeyboardInterrupt


def test_the_thread_of_all_links_outlives_its_jobs_and_its_own_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    faults, heard = Faults(), threading.Event()
    links = Links(lambda link, text: heard.set(), lambda link: None, faults)
    ours, theirs = socket.socketpair()
    try:
        links.adopt(ours, None, True, lambda sid: b"hello")
        for _ in range(3):
            links._do(lambda: 1 // 0)
        wait_for(lambda: faults.counted().get("live links", 0) == 3)
        sweep, fails = Links._sweep, iter([True, True])
        monkeypatch.setattr(Links, "_sweep", lambda self, now_s: (next(fails, False) and 1 // 0) or sweep(self, now_s))
        wait_for(lambda: faults.counted()["live links"] == 5)
        theirs.sendall(b"\x81\x82\0\0\0\x0040")  # a masked text frame
        assert heard.wait(5)
        assert all(isinstance(link, Link) for link in links._links.values())
    finally:
        links.stop()
        theirs.close()


def test_the_threads_that_serve_screens_outlive_a_turn_that_fails(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def failing(name: str) -> Any:
        def fail(*_: object) -> None:
            turns.append(name)
            raise ZeroDivisionError(name)

        return fail

    figures = SharedFigures(failing("compute"), lambda: 1, faults=hall.faults)
    monkeypatch.setattr(Sessions, "tick", failing("tick"))
    monkeypatch.setattr(SharedFigures, "work", failing("work"))
    sessions = Sessions(hall, lambda sid, message: None, lambda sid: None, figures)
    sessions._start()
    figures.get("key")
    for _ in range(5):
        sessions._wake.set()
        figures._wake.set()
        time.sleep(0.02)
    wait_for(lambda: turns.count("tick") >= 2 and turns.count("work") >= 2)
    assert hall.faults.counted()["live"] >= 2 and hall.faults.counted()["figures"] >= 2
    sessions.stop()


def test_one_screen_that_cannot_be_asked_for_keeps_no_other_from_being_asked(hall: Hall) -> None:
    asked, dropped = [], []

    def unknown() -> None:
        asked.append(1)

    def broken() -> None:
        raise ZeroDivisionError

    sessions = Sessions(hall, lambda sid, message: None, dropped.append)
    person: Any = object()
    for sid, again in (("a", broken), ("b", unknown)):
        sessions._thread = threading.current_thread()  # no ticker is wanted here
        sessions.join(sid, person, again)
    sessions.recheck()
    assert asked and dropped == ["b"] and len(sessions) == 1
    assert hall.faults.counted() == {"log-ins": 1}


def test_a_line_that_cannot_be_written_is_a_fault_and_those_after_it_are_written(store: Store) -> None:
    faults, stores = Faults(), iter([None])
    writer = AuditWriter(lambda: next(stores, store), lambda: NOW, faults)
    for subject in ("first", "second"):
        writer.write_later("login", "ann", subject, "", "", {})
    wait_for(lambda: [line.subject for line in audit.newest(store)] == ["second"])
    assert faults.counted() == {"audit log": 1}


def test_a_web_worker_that_is_told_to_end_before_it_has_loaded_ends() -> None:
    worker = WebWorker.__new__(WebWorker)
    worker.alive, worker.ppid = True, -1
    assert not hasattr(worker, "wsgi")
    worker.method_queue = type("Queue", (), {"defer": lambda self, job: None})()
    worker.handle_exit(15, None)
    assert not worker.alive
    worker.log = type("Log", (), {"info": lambda *_: None})()
    assert not worker.is_parent_alive()
