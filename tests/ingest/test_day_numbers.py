"""Day numbers from the door to the store: over real sockets, a real Valkey and the projector; and a table of them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from config.city import City
from config.settings import Settings
from domain.facts import DayTally, tally_id
from domain.states import Tally
from ingest.delivery import GatewayError
from ingest.mapping import MappingErrors
from ingest.tabular import Reject
from ingest.tallytable import command, import_tallies, numbers, open_tallies
from store import sources
from store.store import Store
from tests.running import KEY, Running, fold_all

CALLS = {"day": "2024-07-12", "key": "calls", "value": 1850}
DOOR = "/api/v1/tallies"


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: object) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    yield running
    running.end()


def held(store: Store) -> dict[str, Tally]:
    rows = [row for p in range(store.partitions) for _, row in store.rows(p, ("tally",))]
    return {row.tally: row for row in rows if isinstance(row, Tally)}


def test_what_is_acknowledged_is_on_disk_and_what_is_refused_is_told_counted_and_kept(gateway: Running) -> None:
    answer = gateway.post(DOOR, [CALLS, {**CALLS, "region": "西社区"}, {**CALLS, "region": "月亮"}, {**CALLS, "value": -1}])
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    assert [one["index"] for one in answer.json()["rejected"]] == [2, 3]
    facts = [fact for fact in gateway.facts() if isinstance(fact, DayTally)]
    assert {(fact.source, fact.region, fact.value) for fact in facts} == {
        ("default", "440605", Decimal(1850)), ("default", "440605002", Decimal(1850)),
    }  # fmt: skip
    assert gateway.refused() == {("default", "unknown region"): 1, ("default", "value not a count"): 1}
    assert any("月亮".encode() in one.raw or b"\\u6708" in one.raw for one in sources.rejects(gateway.store, "default", 5))


def test_without_the_right_key_nothing_is_taken(gateway: Running) -> None:
    assert gateway.post(DOOR, CALLS, key="another-key-altogether").status_code == 401
    assert gateway.post(DOOR, b"no json").status_code == 400
    assert gateway.facts() == []


def test_a_correction_replaces_and_is_kept_over_a_restart(gateway: Running, city: City, settings: Settings) -> None:
    store, name = gateway.store, tally_id("default", "2024-07-12", "440605", "calls")
    gateway.post(DOOR, {**CALLS, "at": "2024-07-13T08:00:00+08:00"})
    gateway.post(DOOR, {**CALLS, "at": "2024-07-13T08:00:00+08:00"})
    fold_all(store, city, settings)
    assert store.counts() == {("default", "tally", "kept"): 1, ("default", "tally", "duplicate"): 1}
    assert store.seen() == {}  # a number a day is no feed that could be late
    gateway.post(DOOR, {**CALLS, "value": 1851, "at": "2024-07-13T09:00:00+08:00"})
    fold_all(store, city, settings)  # another projector: it reads the partition anew
    row = held(store)[name]
    assert (row.told.value, [one.value for one in row.before]) == (1851, [1850])
    gateway.post(DOOR, {**CALLS, "at": "2024-07-13T08:00:00+08:00"})  # the old batch comes once more
    fold_all(store, city, settings)
    assert held(store)[name] == row and store.counts()["default", "tally", "duplicate"] == 2


def test_one_source_does_not_correct_another(gateway: Running, city: City, settings: Settings) -> None:
    sources.add_source(gateway.store, "96181", "another-key-of-sixteen", 0)
    gateway.post(DOOR, CALLS)
    for _ in range(100):
        if gateway.post(DOOR, {**CALLS, "value": 5}, key="another-key-of-sixteen").status_code == 200:
            break
        gateway.stop.wait(0.05)  # keys are read anew every two seconds
    fold_all(gateway.store, city, settings)
    assert {(row.source, int(row.told.value)) for row in held(gateway.store).values()} == {("default", 1850), ("96181", 5)}


def read_tallies(path: Path) -> list[dict[str, str]]:
    told = list(numbers(open_tallies(path)))
    assert not [one for one in told if isinstance(one, Reject)]
    return [one[1] for one in told if not isinstance(one, Reject)]


LONG = "day,region,key,value,base\n2024-07-12,,calls,1850,\n2024-07-12,东社区,police_link_rate,2,2\n2024-07-12,,calls,1900,\n"
WIDE = "day,calls,calls_answered,社情指数\n2024-07-12,\"1,850\",1800,87.5\n2024-07-13,1700,,\n"


def test_a_table_of_either_form_is_read(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(LONG, encoding="utf-8-sig")
    (tmp_path / "wide.csv").write_text(WIDE, encoding="utf-8")
    long, wide = read_tallies(tmp_path / "long.csv"), read_tallies(tmp_path / "wide.csv")
    assert long[1] == {"day": "2024-07-12", "region": "东社区", "key": "police_link_rate", "value": "2", "base": "2"}
    assert len(long) == 3 and wide == [
        {"day": "2024-07-12", "key": "calls", "value": "1,850"},
        {"day": "2024-07-12", "key": "calls_answered", "value": "1800"},
        {"day": "2024-07-12", "key": "社情指数", "value": "87.5"},
        {"day": "2024-07-13", "key": "calls", "value": "1700"},
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("date,calls\n2024-07-12,1\n", "no column day"),
        ("day,key\n2024-07-12,calls\n", "no column value"),
        ("day,key,value,colour\n2024-07-12,calls,1,red\n", "column colour is none of"),
    ],
)
def test_a_table_that_is_none_is_refused_whole(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(MappingErrors, match=wrong):
        read_tallies(tmp_path / "t.csv")


def test_a_table_is_imported_through_the_gateway(gateway: Running, city: City, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(WIDE + "2099-01-01,5,,\n", encoding="utf-8")
    url = str(gateway.http.base_url)
    for _ in range(2):
        told = import_tallies(file, url, KEY)
        assert (told.accepted, dict(told.rejected)) == (4, {"day out of range": 1})
    fold_all(gateway.store, city, settings)
    assert {(row.day, row.key, str(row.told.value)) for row in held(gateway.store).values()} == {
        ("2024-07-12", "calls", "1850"), ("2024-07-12", "calls_answered", "1800"), ("2024-07-12", "社情指数", "87.5"),
        ("2024-07-13", "calls", "1700"),
    }  # fmt: skip
    assert all(not row.before for row in held(gateway.store).values())
    with pytest.raises(GatewayError):
        import_tallies(file, url, "a-key-that-nobody-has")
    (tmp_path / "good.csv").write_text(WIDE, encoding="utf-8")
    keys = {"good": KEY, "wide": KEY, "missing": KEY}
    assert [command(tmp_path / f"{name}.csv", url, key) for name, key in keys.items()] == [0, 1, 2]
