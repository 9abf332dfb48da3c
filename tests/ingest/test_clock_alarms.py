"""Clocks through the projector, on a real Valkey: told of once, also after a day in which nobody was there."""

import shutil
from pathlib import Path

import pytest

from config import clock
from config.city import City, load_city
from config.settings import Settings
from domain.facts import OrderAction
from domain.states import Order
from ingest.projector import Projector
from store import audit, keys
from store.store import Store
from tests.ingest.test_projector import fold

HOUR = 3_600_000
LIMITS = """rule,clock,kind,amount,matter,level,department
quick,handle,urgent_hours,2,,,
case,total,natural_days,1,,,
"""


@pytest.fixture
def timed_folder(city_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "timed"
    shutil.copytree(city_folder, folder)
    (folder / "limits.csv").write_text(LIMITS, encoding="utf-8")
    return folder


def life(order: str, begun_ms: int) -> list[OrderAction]:
    """Reported, registered and dispatched within a minute."""
    steps = (("report", "intake", {"text": "灯", "region": "440605001"}), ("accept", "intake", {}),
             ("register", "duty_chief", {"category": "lamp"}), ("dispatch", "dispatcher", {"handler": "W1"}))  # fmt: skip
    return [
        OrderAction(
            source="desk",
            received_at_ms=begun_ms + n * 1000,
            id=f"step-{n}",
            order=order,
            action=action,
            actor=role,
            role=role,
            at_ms=begun_ms + n * 1000,
            scope="440605",
            fields=fields,
        )
        for n, (action, role, fields) in enumerate(steps)
    ]


def by(role: str, actor: str, action: str, action_id: str, order: str, at_ms: int, **fields: str) -> OrderAction:
    """What somebody of the whole district does to an order."""
    return OrderAction(
        source="desk", received_at_ms=at_ms, id=action_id, order=order, action=action, actor=actor, role=role, at_ms=at_ms,
        scope="440605", fields=dict(fields),
    )  # fmt: skip


def told(store: Store, order: str) -> list[tuple[str, str]]:
    return [(step.action, str(step.fields["clock"])) for step in store.trail(order) if step.action in ("remind", "overdue")]


def row_of(store: Store, order: str) -> Order:
    row = store.row("order", order)
    assert isinstance(row, Order)
    return row


def tick(projector: Projector, times: int = 2) -> None:
    for _ in range(times):
        projector._next_tick_s = 0.0
        projector.step(block_ms=10)


def test_a_projector_that_was_off_over_the_deadlines_tells_of_each_once_at_its_own_instant(
    store: Store, timed_folder: Path, settings: Settings
) -> None:
    city: City = load_city(timed_folder)
    begun_ms = clock.now_ms() - 30 * HOUR
    first = Projector(store, city, settings, "first")
    fold(first)
    store.append(life("O1", begun_ms))
    fold(first)
    first._release()
    second = Projector(store, city, settings, "second")
    tick(second, 4)
    assert told(store, "O1") == [("remind", "handle"), ("overdue", "handle"), ("remind", "total"), ("overdue", "total")]
    at = {step.action + str(step.fields.get("clock")): step.at_ms for step in store.trail("O1")}
    assert at["overduehandle"] == begun_ms + 3000 + 2 * HOUR and at["overduetotal"] == begun_ms + 2000 + 24 * HOUR
    tick(second, 3)
    second._release()
    tick(Projector(store, city, settings, "third"), 3)
    assert len(told(store, "O1")) == 4, "told of twice"
    assert store.client.zcard(keys.due(store.partition_of("O1"))) == 0


def test_only_what_is_due_is_touched_and_what_ends_in_time_is_never_told_of(
    store: Store, timed_folder: Path, settings: Settings
) -> None:
    projector = Projector(store, load_city(timed_folder), settings, "one")
    fold(projector)
    for n in range(40):
        store.append(life(f"F{n}", clock.now_ms() - 60_000))
    late = life("L1", clock.now_ms() - 100 * 60_000)  # 100 of 120 minutes are used: yellow
    store.append(late)
    fold(projector)
    versions = {f"F{n}": row_of(store, f"F{n}").version for n in range(40)}
    tick(projector, 3)
    assert told(store, "L1") == [("remind", "handle")] and row_of(store, "L1").red_at_ms == late[0].at_ms + 3000 + 2 * HOUR
    assert {name: row_of(store, name).version for name in versions} == versions
    done = by("duty_chief", "c", "void", "void-it", "L1", clock.now_ms(), reason="x")
    store.append([done])
    fold(projector)
    assert row_of(store, "L1").red_at_ms is None and row_of(store, "L1").yellow_at_ms is None
    assert store.client.zscore(keys.due(store.partition_of("L1")), "L1") is None


def test_orders_keep_the_limits_that_they_were_given_when_the_table_changes(
    store: Store, timed_folder: Path, settings: Settings
) -> None:
    first = Projector(store, load_city(timed_folder), settings, "first")
    fold(first)
    begun_ms = clock.now_ms() - 1000
    store.append(life("OLD", begun_ms))
    fold(first)
    first._release()
    (timed_folder / "limits.csv").write_text(LIMITS.replace("urgent_hours,2", "urgent_hours,9"), encoding="utf-8")
    second = Projector(store, load_city(timed_folder), settings, "second")
    tick(second)
    store.append(life("NEW", begun_ms))
    take_up = by("worker", "W1", "take_up", "take-it-up", "OLD", begun_ms + 5000)
    store.append([take_up])
    fold(second)
    assert row_of(store, "OLD").status == "handling"
    assert row_of(store, "OLD").red_at_ms == begun_ms + 3000 + 2 * HOUR
    assert row_of(store, "NEW").red_at_ms == begun_ms + 3000 + 9 * HOUR


def test_the_ladder_climbs_by_rule_and_no_step_is_taken_twice(store: Store, timed_folder: Path, settings: Settings) -> None:
    with (timed_folder / "city.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "worktime:\n  ladder:\n    - {clock: handle, do: urge}\n"
            "    - {clock: handle, do: yellow_card, amount: 1, kind: urgent_hours}\n"
            "    - {clock: handle, do: red_card, amount: 3, kind: urgent_hours}\n"
        )
    city = load_city(timed_folder)
    projector = Projector(store, city, settings, "one")
    fold(projector)
    begun_ms = clock.now_ms() - 4 * HOUR  # over for two hours: a yellow card, no red one yet
    store.append(life("C1", begun_ms))
    fold(projector)
    tick(projector, 3)
    ladder = [(step.action, step.at_ms - begun_ms - 3000) for step in store.trail("C1") if step.source == "clock"]
    assert ladder == [("remind", round(1.6 * HOUR)), ("overdue", 2 * HOUR), ("urge", 2 * HOUR), ("yellow_card", 3 * HOUR)]
    lines = [line for line in audit.newest(store) if "clock" in line.detail][::-1]
    assert [(line.who, line.what, line.detail["action"], line.detail["clock"], line.subject) for line in lines] == [
        ("-", "action", "urge", "handle", "C1"),
        ("-", "action", "yellow_card", "handle", "C1"),
    ]
    row = row_of(store, "C1")
    assert row.life is not None and [(card.colour, card.by, card.state) for card in row.life.cards] == [
        ("yellow", "handle", "given")
    ]
    assert store.client.zscore(keys.due(store.partition_of("C1")), "C1") == begun_ms + 3000 + 5 * HOUR
    by_hand = by("leader", "l", "red_card", "red-by-hand", "C1", clock.now_ms(), reason="now")
    store.append([by_hand])
    fold(projector)
    tick(projector, 2)
    row = row_of(store, "C1")
    assert row.life is not None and [card.by for card in row.life.cards] == ["handle", "l"]
    total_due = store.client.zscore(keys.due(store.partition_of("C1")), "C1")
    assert total_due == begun_ms + 2000 + round(0.8 * 24 * HOUR)  # the whole case's yellow mark is next, no second red card
