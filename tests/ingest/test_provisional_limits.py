"""A calendar that comes later, through the projector on a real Valkey: provisional limits are judged anew, once, and say so.
"""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from config import city_calendar, clock
from config.city import City, load_city
from config.settings import Settings
from domain.facts import OrderAction
from domain.states import Order, OrderFlag, Step
from ingest import projector as projector_module
from ingest.projector import Projector
from store import commit as store_commit
from store import keys, notices
from store.errors import StoreUnavailable
from store.store import Store
from tests.domain.test_workcalendar import at
from tests.ingest.test_clock_alarms import by, life, row_of, tick
from tests.ingest.test_projector import fold

LIMITS = """rule,clock,kind,amount,matter,level,department
handling,handle,working_days,10,,,
case,total,natural_days,60,,,
"""
OWN = "date,working,name\n"
NEW_YEAR = OWN + "2027-01-01,0,元旦\n2027-01-02,0,元旦\n2027-01-03,0,元旦\n2027-12-31,complete,\n"
BEGUN_MS = at("2026-12-20 10:00")


@pytest.fixture(autouse=True)
def only_2026_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever later years the package knows by the day on which this is run."""
    monkeypatch.setattr(city_calendar, "STATE_LAST", dt.date(2026, 12, 31))


@pytest.fixture
def folder(city_folder: Path, tmp_path: Path) -> Path:
    made = tmp_path / "yearly"
    shutil.copytree(city_folder, made)
    (made / "limits.csv").write_text(LIMITS, encoding="utf-8")
    return made


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The instant that projectors believe it is: the Sunday before Christmas, until a test says otherwise."""
    told = {"ms": BEGUN_MS + 60_000}
    monkeypatch.setattr(clock, "now_ms", lambda: told["ms"])
    yield told


def with_days(folder: Path, text: str) -> City:
    (folder / "calendar.csv").write_text(text, encoding="utf-8")
    return load_city(folder)


def started(store: Store, city: City, settings: Settings, name: str) -> Projector:
    projector = Projector(store, city, settings, name)
    tick(projector, 3)
    return projector


def handled_by(store: Store, order: str) -> int | None:
    row = row_of(store, order)
    assert row.life is not None
    return next(clock.due_at_ms for clock in row.life.running if clock.clock == "handle")


def recomputed(store: Store, order: str) -> list[Step]:
    return [step for step in store.trail(order) if step.action == "recompute"]


def unsure(store: Store) -> dict[str, str]:
    held = (store.client.hgetall(keys.unsure(partition)) for partition in range(store.partitions))
    return {order.decode(): version.decode() for found in held for order, version in found.items()}


def put(store: Store, projector: Projector, *orders: str, begun_ms: int = BEGUN_MS) -> None:
    for order in orders:
        store.append(life(order, begun_ms))
    fold(projector)


def test_a_limit_into_an_unknown_year_is_provisional_and_judged_anew_once_when_the_year_is_known(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    first = started(store, load_city(folder), settings, "first")
    put(store, first, "O1")
    assert handled_by(store, "O1") == at("2027-01-01 17:30")
    assert row_of(store, "O1").flags & OrderFlag.PROVISIONAL and set(unsure(store)) == {"O1"}
    first._release()
    same = started(store, load_city(folder), settings, "same")
    assert recomputed(store, "O1") == [], "a start without another calendar does nothing"
    same._release()

    later = started(store, with_days(folder, NEW_YEAR), settings, "later")
    assert handled_by(store, "O1") == at("2027-01-04 17:30")
    assert not row_of(store, "O1").flags & OrderFlag.PROVISIONAL and unsure(store) == {}
    (step,) = recomputed(store, "O1")
    assert (step.source, step.role, step.at_ms, step.fields["calendar"]) == ("clock", "rule", now["ms"], "2027-12-31")
    assert store.client.zscore(keys.due(store.partition_of("O1")), "O1") == at("2026-12-30 17:30")  # eight of ten days
    later._release()
    started(store, load_city(folder), settings, "again")
    assert len(recomputed(store, "O1")) == 1


def test_an_order_that_comes_after_the_calendar_and_one_by_natural_days_are_left_alone(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    projector = started(store, with_days(folder, NEW_YEAR), settings, "knows")
    put(store, projector, "O1")
    assert handled_by(store, "O1") == at("2027-01-04 17:30") and unsure(store) == {}
    projector._release()
    (folder / "limits.csv").write_text(LIMITS.splitlines()[0] + "\ncase,total,natural_days,60,,,\n", encoding="utf-8")
    other = started(store, with_days(folder, OWN), settings, "forgets")
    put(store, other, "O2")
    assert not row_of(store, "O2").flags & OrderFlag.PROVISIONAL and unsure(store) == {}


def test_a_day_that_corrects_the_assumption_moves_the_limit_and_leaves_it_provisional(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    first = started(store, load_city(folder), settings, "first")
    put(store, first, "O1")
    first._release()
    second = started(store, with_days(folder, OWN + "2027-01-01,0,元旦\n"), settings, "second")
    assert handled_by(store, "O1") == at("2027-01-04 17:30") and row_of(store, "O1").flags & OrderFlag.PROVISIONAL
    second._release()
    third = started(store, with_days(folder, OWN), settings, "third")  # taken back
    assert handled_by(store, "O1") == at("2027-01-01 17:30")
    third._release()
    started(store, with_days(folder, OWN + "2027-01-01,0,元旦\n"), settings, "fourth")
    assert handled_by(store, "O1") == at("2027-01-04 17:30") and len(recomputed(store, "O1")) == 3
    assert [step.fields["calendar"] for step in recomputed(store, "O1")] == ["2026-12-31"] * 3


@pytest.mark.parametrize("before", [True, False], ids=["not written", "written"])
def test_a_commit_of_which_nobody_knows_whether_it_was_done_recomputes_nothing_twice(
    store: Store, folder: Path, settings: Settings, now: dict[str, int], monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    first = started(store, load_city(folder), settings, "first")
    orders = [f"O{number}" for number in range(12)]
    put(store, first, *orders)
    first._release()
    real, broken = store_commit.commit, []

    def commit(*args: object) -> None:
        if not broken:
            broken.append(1)
            if not before:
                real(*args)  # type: ignore[arg-type]
            raise StoreUnavailable("broken off")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(projector_module, "commit", commit)
    monkeypatch.setattr("ingest.orders.MOST_ANEW", 2)
    second = Projector(store, with_days(folder, NEW_YEAR), settings, "second")
    for _ in range(20):
        try:
            tick(second, 1)
        except StoreUnavailable:
            second._owned.clear()
    assert broken and [len(recomputed(store, order)) for order in orders] == [1] * len(orders)
    assert {handled_by(store, order) for order in orders} == {at("2027-01-04 17:30")} and unsure(store) == {}


def test_what_happened_before_the_calendar_came_is_followed_through_it_and_cards_stay(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    first = started(store, load_city(folder), settings, "first")
    put(store, first, "O1", "O2")
    acts = [
        by("worker", "W1", "take_up", "a1", "O1", at("2026-12-28 09:00")),
        by("worker", "W1", "ask_hang", "a2", "O1", at("2027-01-05 09:00"), reason="雨"),
        by("duty_chief", "c", "grant_hang", "a3", "O1", at("2027-01-05 09:30")),
        by("leader", "l", "yellow_card", "a4", "O2", at("2027-01-02 10:00"), reason="超期"),
    ]
    now["ms"] = at("2027-01-05 10:00")
    for act in acts:
        store.append([act])
    fold(first)
    tick(first, 3)
    assert [step.action for step in store.trail("O2") if step.source == "clock"] == ["remind", "overdue"]
    first._release()
    second = started(store, with_days(folder, NEW_YEAR), settings, "second")
    o1, o2 = row_of(store, "O1"), row_of(store, "O2")
    assert o1.life is not None and o2.life is not None
    left_ms = next(clock.left_ms for clock in o1.life.running if clock.clock == "handle")
    assert left_ms == -3_600_000, "ten days were over on Monday evening, an hour before it was hung on Tuesday"
    assert [card.colour for card in o2.life.cards] == ["yellow"] and o2.flags & OrderFlag.YELLOW_CARD
    store.append([by("duty_chief", "c", "resume", "a5", "O1", at("2027-01-06 09:30"))])
    now["ms"] = at("2027-01-06 09:30")
    fold(second)
    assert handled_by(store, "O1") == at("2027-01-06 08:30") and unsure(store) == {}  # an hour before


def test_orders_from_before_unsure_limits_were_kept_are_found_once(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    first = started(store, load_city(folder), settings, "first")
    put(store, first, "OLD")
    first._release()
    forget(store, "OLD")
    second = started(store, load_city(folder), settings, "second")
    assert row_of(store, "OLD").flags & OrderFlag.PROVISIONAL and set(unsure(store)) == {"OLD"}
    second._release()
    started(store, with_days(folder, NEW_YEAR), settings, "third")
    assert handled_by(store, "OLD") == at("2027-01-04 17:30") and unsure(store) == {}


def forget(store: Store, order: str) -> None:
    """Make the store what a version wrote that did not know of provisional limits."""
    partition = store.partition_of(order)
    for number in range(store.partitions):
        store.client.delete(keys.unsure(number))
        store.client.hdel(keys.at(number), "unsure")
    row, trail = row_of(store, order), store.trail(order)
    assert row.life is not None
    running = tuple(msgspec.structs.replace(clock, unsure=0) for clock in row.life.running)
    old = msgspec.structs.replace(
        row, flags=row.flags & ~OrderFlag.PROVISIONAL, life=msgspec.structs.replace(row.life, running=running)
    )
    steps = tuple(_without_unsure(step) for step in trail)
    encode = msgspec.msgpack.encode
    store.client.hset(keys.table(partition, "order"), order, encode(old))
    store.client.hset(keys.trail(partition), order, encode(steps))


def _without_unsure(step: Step) -> Step:
    if "clocks" not in step.fields:
        return step
    clocks = [clock[:11] for clock in msgspec.json.decode(str(step.fields["clocks"]))]
    return msgspec.structs.replace(step, fields={**step.fields, "clocks": msgspec.json.encode(clocks).decode()})


def test_a_city_elsewhere_brings_its_own_calendar(store: Store, folder: Path, settings: Settings, now: dict[str, int]) -> None:
    yaml = (folder / "city.yaml").read_text(encoding="utf-8").replace("Asia/Shanghai", "Europe/Berlin")
    (folder / "city.yaml").write_text(yaml, encoding="utf-8")
    city = with_days(folder, OWN + "2026-12-25,0,Weihnachten\n2026-12-31,complete,\n")
    assert city.calendar.known_until == dt.date(2026, 12, 31) and city.is_working_day("2026-10-01")
    first = started(store, city, settings, "first")
    begun_ms = int(dt.datetime(2026, 12, 21, 8, 30, tzinfo=city.zone).timestamp() * 1000)
    put(store, first, "B1", begun_ms=begun_ms)
    due = dt.datetime.fromtimestamp((handled_by(store, "B1") or 0) / 1000, city.zone)
    assert (due.date(), bool(row_of(store, "B1").flags & OrderFlag.PROVISIONAL)) == (dt.date(2027, 1, 5), True)
    first._release()
    started(store, with_days(folder, OWN + "2026-12-25,0,\n2027-01-01,0,Neujahr\n2027-12-31,complete,\n"), settings, "second")
    due = dt.datetime.fromtimestamp((handled_by(store, "B1") or 0) / 1000, city.zone)
    assert (due.date(), bool(row_of(store, "B1").flags & OrderFlag.PROVISIONAL)) == (dt.date(2027, 1, 6), False)


def test_a_mark_that_has_moved_on_is_kept_in_the_index(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    """The index may be early: whoever asks finds that nothing is due yet, and must not forget what comes later."""
    projector = started(store, load_city(folder), settings, "first")
    put(store, projector, "O1")
    due, partition = keys.due(store.partition_of("O1")), store.partition_of("O1")
    true_ms = store.client.zscore(due, "O1")
    store.client.zadd(due, {"O1": now["ms"] - 1000})
    tick(projector, 2)
    assert partition is not None and store.client.zscore(due, "O1") == true_ms


def test_who_has_the_order_is_told_when_its_end_has_moved(
    store: Store, folder: Path, settings: Settings, now: dict[str, int]
) -> None:
    first = started(store, load_city(folder), settings, "first")
    put(store, first, "O1")
    first._release()
    started(store, with_days(folder, NEW_YEAR), settings, "second")
    found = notices.newer(store, dict.fromkeys(range(store.partitions), "0-0"), 100)
    told = [notice for _, _, notice in found if notice.event == "recompute"]
    assert [(notice.order, notice.workers) for notice in told] == [("O1", ("W1",))]


def test_an_action_is_not_taken_for_people(store: Store, folder: Path, settings: Settings, now: dict[str, int]) -> None:
    projector = started(store, load_city(folder), settings, "first")
    put(store, projector, "O1")
    asked = OrderAction(source="desk", received_at_ms=now["ms"], id="x", order="O1", action="recompute", actor="c",
                        role="duty_chief", at_ms=now["ms"], scope="440605")  # fmt: skip
    store.append([asked])
    fold(projector)
    outcome = store.outcome("O1", "x")
    assert outcome is not None and outcome.reason == "not_your_role" and isinstance(row_of(store, "O1"), Order)
