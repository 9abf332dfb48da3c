"""On the first days of a month its panels show the last closed one, said as such, until there is enough of this one."""

from typing import Any

import pytest

from config.city import City
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.query import order_ids
from dashboard.wall import best
from domain.scores import MIN_BASE
from domain.states import Card, Life, Order, OrderFlag
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, WEST, hall_of, order

FIRST = MIDNIGHT - 9 * DAY  # 2025-10-01T00:00 in Shanghai
GRIDS = (EAST + "01", EAST + "02", WEST + "01", WEST + "02")
PARTS = ("month", "top", "cards", "ladder", "depts")


def orders_of(month_ms: int, each: int, name: str, **more: Any) -> list[Order]:
    """So many orders of each of four workers in his own grid, reported hour by hour from an instant on, and closed."""
    return [
        order(f"{name}{at}-{n}", "closed", reporter=f"W{at + 1}", handler=f"W{at + 1}", region=grid, department="d1",
              reported_at_ms=month_ms + n * HOUR, accepted_at_ms=month_ms + n * HOUR, registered_at_ms=month_ms + n * HOUR,
              status_at_ms=month_ms + n * HOUR + 60_000, closed_at_ms=month_ms + n * HOUR + 60_000, on_time=True, **more)
        for at, grid in enumerate(GRIDS) for n in range(each)
    ]  # fmt: skip


def carded(name: str, at_ms: int) -> Order:
    life = Life(lead="d1", cards=(Card("yellow", at_ms, "rule", "拖延", "d1"),))
    return order(name, reported_at_ms=at_ms - HOUR, life=life, flags=int(OrderFlag.YELLOW_CARD), department="d1")


def told(hall: Hall, now_ms: int) -> dict[str, Any]:
    figures(hall, "", "today", now_ms, parts=PARTS)
    best.settle()
    return figures(hall, "", "today", now_ms, parts=PARTS)


@pytest.mark.parametrize("after_ms", [0, 1, 30 * 60_000, 20 * HOUR])
def test_on_the_first_day_the_last_month_stands_in_every_panel_of_the_month(city: City, after_ms: int) -> None:
    hall = hall_of(city, *orders_of(FIRST - 20 * DAY, 8, "sept"), carded("c", FIRST - 3 * DAY))
    now_ms = FIRST + after_ms
    found = told(hall, now_ms)
    assert {part: (found[part]["month"], found[part]["closed"]) for part in PARTS} == dict.fromkeys(PARTS, ("2025-09", True))
    reported = found["month"]["rows"][0]
    assert reported["num"] == 33 == len(order_ids(hall, {**found["month"]["filters"], "as_of": now_ms}, now_ms))
    assert found["cards"]["total"]["yellow"] == 1 and len(found["ladder"]["newest"]) == 1
    assert [len(score["rows"]) for score in found["top"]["scores"]] == [4, 4]
    row = found["top"]["scores"][0]["rows"][0]
    for part in row["parts"]:
        if part["filters"]:
            listed = order_ids(hall, {**part["filters"], "figure": part["figure"], "as_of": now_ms}, now_ms)
            assert len(listed) == part["numerator"], part["figure"]


def test_this_month_takes_its_place_as_soon_as_there_is_enough_to_rank(city: City) -> None:
    now_ms = FIRST + 2 * DAY
    few = hall_of(city, *orders_of(FIRST - 20 * DAY, 8, "sept"), *orders_of(FIRST, 1, "oct"))
    assert (told(few, now_ms)["month"]["closed"], told(few, now_ms)["top"]["closed"]) == (True, True)
    more = hall_of(city, *orders_of(FIRST - 20 * DAY, 8, "sept"), *orders_of(FIRST, 2, "oct"))
    assert (told(more, now_ms)["month"]["closed"], told(more, now_ms)["top"]["closed"]) == (False, True)
    enough = hall_of(city, *orders_of(FIRST - 20 * DAY, 8, "sept"), *orders_of(FIRST, MIN_BASE, "oct"))
    found = told(enough, now_ms)
    assert [(found[part]["month"], found[part]["closed"]) for part in ("month", "top")] == [("2025-10", False)] * 2
    assert found["month"]["rows"][0]["num"] == 4 * MIN_BASE


def test_a_month_without_cards_is_not_for_ever_the_last_one(city: City) -> None:
    hall = hall_of(city, *orders_of(FIRST, 2, "oct"), carded("c", FIRST - 3 * DAY))
    assert told(hall, FIRST + 2 * DAY)["cards"]["closed"]
    later = told(hall, FIRST + 8 * DAY)
    assert (later["cards"]["month"], later["cards"]["closed"], later["cards"]["total"]["yellow"]) == ("2025-10", False, 0)
    assert not told(hall_of(city, carded("d", FIRST + HOUR)), FIRST + DAY)["cards"]["closed"]


def test_where_there_was_nothing_before_either_this_month_says_so(city: City) -> None:
    found = told(hall_of(city), FIRST + HOUR)
    assert {(found[part]["month"], found[part]["closed"]) for part in PARTS} == {("2025-10", False)}


def test_a_card_of_this_month_is_none_of_the_last(city: City) -> None:
    hall = hall_of(city, carded("c", FIRST - 3 * DAY), carded("d", FIRST + HOUR))
    found = told(hall, FIRST + DAY)["cards"]
    assert (found["month"], found["total"]["yellow"]) == ("2025-10", 1)
