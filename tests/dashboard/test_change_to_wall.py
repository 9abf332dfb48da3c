"""One changed order among many, from the store to the figures of a wall that only listens."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from config import clock
from config.city import City
from config.settings import Settings
from domain.facts import CaseStep
from domain.states import Order
from store.commit import Commit, commit, give_back, read_at, take_lease
from store.people import Token, add_token
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, at_work
from tests.dashboard.live_server import Browser
from tests.dashboard.screens import Screen

MANY = 12_000
DAY_MS = 86_400_000
PATIENCE_S = 30.0  # it takes a second; machines of tests are sometimes busy


def put(store: Store, rows: list[Order]) -> None:
    """Commit these orders as the projector does."""
    for partition in range(store.partitions):
        mine = [row for row in rows if store.partition_of(row.order) == partition]
        lease = take_lease(store, partition, "test")
        assert lease is not None
        version = read_at(store, partition)[1] + 1
        told = [("order", row.order, row) for row in mine]
        change = Commit(version=version, read_to=None, rows=told, tracks={}, days={}, trails={}, counts={}, seen={})
        commit(store, lease, change, 1000)
        give_back(store, lease)


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    now_ms = clock.now_ms()
    put(store, [
        Order(order=f"o{n}", version=1, status="handling" if n % 100 == 0 else "archived", reported_at_ms=now_ms - n * 20_000,
              status_at_ms=now_ms - n * 10_000, closed_at_ms=None if n % 100 == 0 else now_ms - n * 10_000,
              region=(EAST, WEST)[n % 2])
        for n in range(MANY)
    ])  # fmt: skip
    with at_work(store, city, settings) as working:
        yield working


def counter(screen: Screen, key: str) -> int:
    counters: list[dict[str, Any]] = (screen.figures or {"counters": []})["counters"]
    return next((int(found["value"]) for found in counters if found["key"] == key), -1)


def read_until(wall: Browser, screen: Screen, key: str, value: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while counter(screen, key) != value:
        assert time.monotonic() < end, f"{key} is {counter(screen, key)}, not {value}"
        wall.ack(screen.take(wall.frame(PATIENCE_S)))


@pytest.mark.parametrize(("scope", "still_open"), [("", 120), (EAST, 120), (WEST, 0)])
def test_a_change_among_many_orders_comes_to_a_wall_that_only_listens(work: AtWork, scope: str, still_open: int) -> None:
    secret = add_token(work.store, Token(name="wall", roles=("wall",), scope=scope))
    wall, screen = Browser(work.port, bearer=f"Bearer {secret}", timeout_s=PATIENCE_S), Screen()
    wall.emit("watch", {**screen.watch(scope), "period": "year"})
    read_until(wall, screen, "open", still_open)
    assert len(screen.tables["order"].rows) == still_open, "of the orders only those that are open are on a screen"
    at_ms = clock.now_ms()
    region = scope or WEST
    step = CaseStep(source="s", received_at_ms=at_ms, order="new", at_ms=at_ms, status="reported", region=region)
    work.store.append([step])
    read_until(wall, screen, "open", still_open + 1)
    work.store.append([CaseStep(source="s", received_at_ms=at_ms, order="new", at_ms=at_ms + 1, status="void")])
    read_until(wall, screen, "open", still_open)
    wall.close()
