import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard import hall as hall_module
from dashboard.hall import Hall
from domain.states import Order, Row, Worker
from store.errors import StoreUnavailable, Trimmed
from store.store import ChangeBatch, Snapshot
from tests.dashboard.screens import small_city

CITY = small_city()


class FakeStore:
    """Rows and change logs of two partitions in memory; `down` makes every call fail."""

    partitions = 2

    def __init__(self) -> None:
        self.tables: list[dict[tuple[str, str], Row]] = [{}, {}]
        self.logs: list[list[ChangeBatch]] = [[], []]
        self.versions = [0, 0]
        self.down = False
        self.snapshots = 0
        self.changed = threading.Event()

    def partition_of(self, row_id: str) -> int:
        return int(row_id[-1]) % 2

    def commit(self, partition: int, *rows: tuple[str, Any]) -> None:
        self.versions[partition] += 1
        version = self.versions[partition]
        stamped = []
        for table, row in rows:
            made = type(row)(**{**{f: getattr(row, f) for f in row.__struct_fields__}, "version": version})
            self.tables[partition][table, getattr(made, table)] = made
            stamped.append((table, made))
        self.logs[partition].append(ChangeBatch(str(version), version, stamped))
        self.changed.set()

    def snapshot(self, partition: int) -> Snapshot:
        self._answer()
        self.snapshots += 1
        version = self.versions[partition]
        rows = [(table, row) for (table, _), row in self.tables[partition].items()]
        return Snapshot(str(version), version, iter(rows))

    def tail(self, positions: dict[int, tuple[str, int]], block_ms: int) -> dict[int, list[ChangeBatch]]:
        self._answer()
        found = {p: [b for b in self.logs[p] if b.version > version] for p, (_, version) in positions.items()}
        for partition, batches in found.items():
            if batches and batches[0].version != positions[partition][1] + 1:
                raise Trimmed(partition)
        if not any(found.values()):
            self.changed.wait(0.02)
            self.changed.clear()
        return {p: batches for p, batches in found.items() if batches}

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("gone")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    monkeypatch.setattr(hall_module, "FIRST_PAUSE_S", 0.01)
    return FakeStore()


@pytest.fixture
def hall(fake: FakeStore) -> Iterator[Hall]:
    fake.commit(0, ("worker", Worker(worker="w0", region="a1")))
    fake.commit(1, ("worker", Worker(worker="w1")), ("order", Order(order="o1", status="handling")))
    made = Hall(CITY, fake)  # type: ignore[arg-type]
    thread = made.follow()
    assert made.ready.wait(5)
    yield made
    made.stop()
    thread.join(5)
    assert not thread.is_alive()


def wait_for(what: Any, within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def test_the_hall_is_ready_when_every_partition_has_been_read(hall: Hall) -> None:
    assert set(hall.workers) == {"w0", "w1"}
    assert set(hall.orders) == {"o1"}
    assert hall.connected


def test_the_hall_takes_in_what_changes(hall: Hall, fake: FakeStore) -> None:
    before = hall.version
    fake.commit(0, ("worker", Worker(worker="w0", region="b1")))
    wait_for(lambda: hall.workers["w0"].region == "b1")
    assert hall.version > before
    assert fake.snapshots == 2


def test_the_hall_outlives_an_outage_and_tells_it_once(hall: Hall, fake: FakeStore, caplog: pytest.LogCaptureFixture) -> None:
    fake.down = True
    wait_for(lambda: not hall.connected)
    time.sleep(0.1)
    fake.commit(1, ("worker", Worker(worker="w3")))
    fake.down = False
    wait_for(lambda: "w3" in hall.workers)
    wait_for(lambda: hall.connected)
    assert sum("does not answer" in record.message for record in caplog.records) == 1
    assert fake.snapshots == 2, "an outage alone is no reason to read everything anew"


def test_a_partition_whose_log_is_trimmed_is_read_anew(hall: Hall, fake: FakeStore) -> None:
    fake.down = True
    wait_for(lambda: not hall.connected)
    for n in range(5):
        fake.commit(0, ("worker", Worker(worker=f"w{2 * n}", region="a2")))
    del fake.logs[0][:-2]
    fake.down = False
    wait_for(lambda: "w8" in hall.workers)
    assert hall.workers["w0"].region == "a2"
    assert set(hall.workers) == {"w0", "w1", "w2", "w4", "w6", "w8"}
    assert fake.snapshots == 3


def test_a_store_made_anew_replaces_what_was_held(hall: Hall, fake: FakeStore) -> None:
    fake.down = True
    wait_for(lambda: not hall.connected)
    fake.tables, fake.logs, fake.versions = [{}, {}], [[], []], [0, 0]
    fake.commit(0, ("worker", Worker(worker="w4")))
    fake.commit(0, ("worker", Worker(worker="w0", region="b1")))
    fake.commit(0, ("worker", Worker(worker="w0", region="a2")))
    hall._positions[0] = ("9", 1)  # what the reader knew of the log that is no more
    fake.logs[0].pop(0)
    fake.logs[0].pop(0)
    fake.down = False
    wait_for(lambda: "w4" in hall.workers)
    assert hall.workers["w0"].region == "a2"
    assert "w1" in hall.workers, "the other partition was not read anew"


def test_an_older_row_changes_nothing(hall: Hall) -> None:
    version = hall.version
    hall.apply([("worker", Worker(worker="w0", version=0, region="b1"))], 7)
    assert hall.workers["w0"].region == "a1"
    assert hall.version == version
    assert hall.last_change_at_ms["worker"] != 7


def test_of_several_rows_of_a_batch_the_newest_counts() -> None:
    hall = Hall(CITY)
    versions = (2, 5, 3)
    hall.apply([("worker", Worker(worker="w0", version=v, fixed_at_ms=v, received_at_ms=10 * v)) for v in versions], 99)
    assert hall.workers["w0"].version == 5
    assert hall.last_change_at_ms == {"worker": 99, "order": 0, "feed": 0}
    assert hall.newest_received_at_ms == 50


def test_a_batch_that_cannot_be_taken_in_is_told_and_everything_read_anew(
    hall: Hall, fake: FakeStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, failures = hall.apply, iter([True])

    def failing(rows: Any, at_ms: int) -> None:
        if next(failures, False):
            raise TypeError("a row of a later version")
        apply(rows, at_ms)

    monkeypatch.setattr(hall, "apply", failing)
    fake.commit(0, ("worker", Worker(worker="w6")))
    wait_for(lambda: "w6" in hall.workers)
    assert any(": job hall" in record.message for record in caplog.records)
