"""The wall's figures: each number is what the list behind it holds, for the region and period asked."""

import random
import time
from typing import Any

import pytest

from config.city import City
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.query import order_ids
from domain.lifecycle import STATUSES
from domain.states import Order, Presence
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, WEST, apply, feed, hall_of, order, worker


def counters(hall: Hall, region: str = "") -> dict[str, dict[str, Any]]:
    return {counter["key"]: counter for counter in figures(hall, region, "today", NOW)["counters"]}


def test_counters_compare_today_with_the_same_time_yesterday(city: City) -> None:
    hall = hall_of(
        city,
        order("a"),
        order("b", "closed", closed_at_ms=NOW - HOUR, on_time=True),
        order("yesterday morning", "closed", reported_at_ms=MIDNIGHT - DAY + HOUR, closed_at_ms=NOW - HOUR),
        order("yesterday evening", reported_at_ms=MIDNIGHT - HOUR),
    )
    found = counters(hall)
    assert (found["reported"]["value"], found["reported"]["delta"]) == (2, 1)
    assert (found["closed"]["value"], found["closed"]["delta"]) == (2, 2)
    assert (found["open"]["value"], found["open"]["delta"]) == (2, 1)


def random_hall(city: City, count: int, seed: int = 5) -> Hall:
    chance = random.Random(seed)
    regions = ["", "gone", *city.regions]
    rows = []
    for number in range(count):
        status = chance.choice(list(STATUSES))
        reported = NOW - chance.randrange(40 * DAY)
        closed = STATUSES[status].closed
        rows.append(
            order(
                f"o{number}",
                status,
                reported_at_ms=reported,
                status_at_ms=min(NOW, reported + chance.randrange(DAY)),
                closed_at_ms=min(NOW, reported + chance.randrange(DAY)) if closed and chance.random() < 0.9 else None,
                deadline_at_ms=reported + chance.randrange(3 * DAY) if chance.random() < 0.7 else None,
                on_time=chance.choice([True, False, None]) if closed else None,
                region=chance.choice(regions),
                department=chance.choice(["", "d1", "d2"]),
                channel=chance.choice(["", "12345", "网格员上报"]),
                category=chance.choice(["", "m1", "m2"]),
            )
        )
    return hall_of(city, *rows)


@pytest.mark.parametrize("period", ["today", "month", "all", (NOW - 9 * DAY, NOW - 2 * DAY)])
@pytest.mark.parametrize("region", ["", EAST, WEST + "01"])
def test_every_number_of_the_wall_opens_as_many_orders(city: City, region: str, period: Any) -> None:
    hall = random_hall(city, 600)
    found = figures(hall, region, period, NOW)

    def opened(filters: dict[str, str], **more: str) -> int:
        return len(order_ids(hall, {**filters, **more}, NOW))

    for counter in found["counters"]:
        assert counter["filters"] is None or opened(counter["filters"]) == counter["value"]
    for stage in found["stages"]:
        assert opened(stage["filters"]) == stage["open"] == stage["green"] + stage["yellow"] + stage["red"]
    closure = found["closure"]
    for row in [*closure["rows"], {**closure["rate"], "open": closure["open"], "filters": closure["filters"]}]:
        assert opened(row["filters"], figure="closure_rate") == row["num"]
        assert opened(row["filters"], figure="closure_rate", part="den") == row["den"]
        assert opened(row["filters"], figure="open") == row["open"]
    base = dict(closure["filters"])
    for row in found["department"]:
        assert opened(base, figure="on_time_closure_rate", part="den", department=row["key"] or "-") == row["den"]
    for by in ("channel", "category"):
        for row in found[by]:
            assert opened(base, **{by: row["key"] or "-"}) == row["n"]
    for day in found["trend"]:
        for key in ("reported", "closed", "overdue"):
            window = {"region": base["region"], "from": day["day"], "to": day["day"], "figure": key}
            assert opened(window) == day[key]


def test_the_rows_of_the_closure_rate_add_up_and_begin_with_the_worst(city: City) -> None:
    closure = figures(random_hall(city, 500), "", "all", NOW)["closure"]
    assert sum(row["num"] for row in closure["rows"]) == closure["rate"]["num"]
    assert sum(row["den"] for row in closure["rows"]) == closure["rate"]["den"]
    rates = [row["num"] / row["den"] for row in closure["rows"] if row["den"]]
    assert rates == sorted(rates)


def test_a_region_without_orders_has_no_rate_and_stands_last(city: City) -> None:
    closure = figures(hall_of(city, order("a", "closed", on_time=True)), "", "all", NOW)["closure"]
    assert [(row["code"], row["shown"]) for row in closure["rows"]] == [(EAST, "100.00 %"), (WEST, "—")]


def test_the_urgent_list_has_the_longest_overdue_first_and_then_what_is_due_soonest(city: City) -> None:
    hall = hall_of(
        city,
        order("soon", deadline_at_ms=NOW + 60_000),
        order("late", deadline_at_ms=NOW - 60_000),
        order("sooner", deadline_at_ms=NOW + 30_000),
        order("very late", deadline_at_ms=NOW - DAY),
        order("in time", deadline_at_ms=NOW + DAY),
        order("done", "closed", deadline_at_ms=NOW - DAY),
    )
    found = figures(hall, "", "today", NOW)
    assert [row["order"] for row in found["urgent"]] == ["very late", "late", "sooner", "soon"]
    assert [row["light"] for row in found["urgent"]] == ["red", "red", "yellow", "yellow"]
    assert found["urgent_total"] == 4
    assert counters(hall)["overdue"]["sub"] == {"longest_s": 86400}


def test_workers_count_where_they_belong_and_strangers_where_they_are(city: City) -> None:
    hall = hall_of(
        city,
        worker("W1"),
        worker("W2", Presence.OUT_OF_GRID, region=WEST + "01"),
        worker("W3", Presence.OFFLINE, region=WEST + "01"),
        worker("stranger", Presence.STILL, region=WEST + "02"),
    )
    force = figures(hall, EAST, "today", NOW)["force"]
    assert (force["moving"], force["out_of_grid"], force["offline"], force["roster"]) == (1, 1, 0, 2)
    whole = figures(hall, "", "today", NOW)["force"]
    assert (whole["still"], whole["unseen"], whole["roster"], whole["unrostered"]) == (1, 1, 4, 1)
    assert (whole["online"], counters(hall)["online_workers"]["sub"]) == (2, {"num": 2, "den": 4})
    assert counters(hall, EAST)["online_workers"]["sub"] == {"num": 2, "den": 2}
    assert counters(hall)["visited_grids"]["sub"] == {"num": 3, "den": 4}


def test_feeds_count_with_the_frozen_ones_beside(city: City) -> None:
    hall = hall_of(city, feed("c1"), feed("c2", "frozen"), feed("c3", region=WEST))
    assert counters(hall)["feeds_online"]["value"] == 2
    assert counters(hall, EAST)["feeds_online"]["sub"] == {"den": 2, "frozen": 1}


def test_the_ticker_tells_the_newest_first_in_the_language_asked_for(city: City) -> None:
    hall = hall_of(city, order("old", status_at_ms=NOW - DAY), order("new", status_at_ms=NOW))
    found = figures(hall, "", "today", NOW, "en")
    assert [row["order"] for row in found["ticker"]] == ["new", "old"]
    assert found["region"]["name"] == "小城"  # a region without an English name keeps its own


def test_numbers_follow_a_change_at_once(city: City) -> None:
    hall = hall_of(city, order("a"))
    assert counters(hall)["open"]["value"] == 1
    apply(hall, order("a", "closed", closed_at_ms=NOW, version=1), order("b", version=1))
    assert (counters(hall)["open"]["value"], counters(hall)["closed"]["value"]) == (1, 1)


def test_a_region_or_period_that_does_not_exist_is_an_error(city: City) -> None:
    hall = hall_of(city)
    with pytest.raises(KeyError):
        figures(hall, "nowhere", "today", NOW)
    with pytest.raises(ValueError, match="no period"):
        figures(hall, "", "yesteryear", NOW)


def test_figures_of_a_street_take_a_fraction_of_the_time_that_its_orders_took_to_load(city: City) -> None:
    hall = random_hall(city, 20_000)
    figures(hall, "", "year", NOW)

    def seconds(work: Any) -> float:
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - began)
        return best

    rows: list[Order] = list(hall.orders.values())
    load_s = seconds(lambda: hall_of(city, *rows))
    assert seconds(lambda: figures(hall, "", "year", NOW)) < load_s / 4
