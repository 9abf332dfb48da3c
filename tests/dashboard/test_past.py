"""A number that is clicked on later opens what it counted when it was shown, whatever has happened since."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.city import City
from dashboard import past
from dashboard.figures import figures
from dashboard.filters import read_query
from dashboard.hall import Hall
from dashboard.proof import proof_of
from dashboard.query import indicators_of, order_ids, orders_page
from dashboard.sight import sight_of
from domain.people import Person
from domain.states import Order
from tests.dashboard.halls import DAY, EAST, HOUR, NOW, WEST, apply, hall_of, order

COUNTED = ("reported", "open", "overdue", "due_soon", "closed", "closed_on_time", "stage_handle", "close_due_judged")
STATUSES = ("reported", "registered", "handling", "checking", "closed", "void")


def running(city: City, *rows: Order) -> tuple[Hall, list[int]]:
    """A hall that has read everything there was, and its clock, which the test moves."""
    clock = [NOW]
    hall = Hall(city, None, now_ms=lambda: clock[0])
    apply(hall, *rows)
    hall.ready.set()
    return hall, clock


def listed(hall: Any, as_of_ms: int, **params: str) -> set[str]:
    return set(order_ids(hall, {"as_of": str(as_of_ms), **params}))


def test_a_number_opens_later_what_it_counted(city: City) -> None:
    hall, clock = running(city, order("a", version=1), order("b", version=1))
    shown = figures(hall, "", "all")
    clock[0] += 60_000
    closed = order("a", "closed", version=2, status_at_ms=clock[0], closed_at_ms=clock[0], on_time=True)
    apply(hall, closed, order("c", version=1))
    at_ms = shown["as_of_ms"]
    assert listed(hall, at_ms, figure="open") == {"a", "b"}
    assert listed(hall, at_ms, figure="closed") == set()
    assert set(order_ids(hall, {"figure": "open"})) == {"b", "c"}
    page = orders_page(hall, {"as_of": str(at_ms), "figure": "open"})
    assert (page["total"], page["exact"], page["as_of_ms"]) == (2, True, at_ms)
    assert {item["status"] for item in page["items"]} == {"handling"}


def test_a_change_in_the_same_millisecond_is_not_in_what_was_counted_before_it(city: City) -> None:
    hall, _ = running(city, order("a", version=1))
    at_ms = hall.moment()
    apply(hall, order("b", version=1), order("a", "void", version=2))
    assert listed(hall, at_ms, figure="open") == {"a"}
    assert listed(hall, hall.moment()) == {"a", "b"}
    assert hall.moment() > at_ms


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_every_moment_can_be_counted_again(city: City, seed: int) -> None:
    """Lists, totals and groups of a moment are the same then and after any number of changes."""
    chance = random.Random(seed)
    hall, clock = running(city, *(_some(chance, number, 1, NOW) for number in range(30)))
    told = []
    for version in range(2, 8):
        at_ms = hall.moment()
        counted = {key: set(order_ids(hall, {"figure": key})) for key in COUNTED}
        told.append((at_ms, counted, _groups(hall, at_ms)))
        clock[0] += chance.randrange(2) * chance.randrange(5 * 60_000)
        apply(hall, *(_some(chance, chance.randrange(40), version, clock[0]) for _ in range(8)))
    for at_ms, counted, groups in told:
        assert {key: listed(hall, at_ms, figure=key) for key in COUNTED} == counted
        assert _groups(hall, at_ms) == groups


def _some(chance: random.Random, number: int, version: int, now_ms: int) -> Order:
    status = chance.choice(STATUSES)
    closed = status == "closed"
    return order(
        f"o{number}", status, version=version, reported_at_ms=NOW - number * HOUR, status_at_ms=now_ms,
        closed_at_ms=now_ms if closed else None, on_time=chance.choice([True, False]) if closed else None,
        deadline_at_ms=NOW + chance.randrange(-2 * HOUR, 2 * HOUR), region=chance.choice([EAST, EAST + "01", WEST, "", "gone"]),
        department=chance.choice(["", "d1", f"d{version}"]),
    )  # fmt: skip


def _groups(hall: Hall, at_ms: int) -> Any:
    query = read_query(hall.city, {"as_of": str(at_ms)}, at_ms)
    made = indicators_of(hall, query, "department", ("open", "closed", "on_time_closure_rate"))
    figures = {group["key"]: group["figures"] for group in made["groups"]}
    return made["figures"], figures


def test_what_is_too_long_ago_is_estimated_and_says_so(city: City) -> None:
    hall, clock = running(city, order("a", "closed", closed_at_ms=NOW - HOUR, status_at_ms=NOW - HOUR))
    assert listed(hall, NOW - DAY, figure="reported") == set()  # reported two hours ago
    before = orders_page(hall, {"as_of": str(NOW - 90 * 60_000), "figure": "open"})
    assert (before["total"], before["exact"]) == (1, False)
    clock[0] += past.KEEP_MS + HOUR
    apply(hall, order("a", "void", version=2))
    assert proof_of(hall, {"as_of": str(clock[0] - HOUR)})["exact"]
    assert not proof_of(hall, {"as_of": str(NOW - 1)})["exact"]


def test_no_more_than_so_many_changes_are_kept(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "MOST", 3)
    hall, clock = running(city, order("a", version=1))
    moments = []
    for version in range(2, 8):
        moments.append(hall.moment())
        clock[0] += 1000
        apply(hall, order("a", version=version))
    assert [orders_page(hall, {"as_of": str(at_ms)})["exact"] for at_ms in moments] == [False] * 3 + [True] * 3


def test_a_base_is_counted_again_as_it_was_when_it_was_compared(city: City) -> None:
    """What a comparison goes by is an estimate; its list holds exactly the same orders, also after they have changed."""
    was_closed = {"reported_at_ms": NOW - 3 * DAY, "status_at_ms": NOW - 2 * DAY, "closed_at_ms": NOW - 2 * DAY}
    hall, clock = running(city, order("a", "closed", version=1, **was_closed))
    at_ms = hall.moment()
    base = {"known": str(at_ms), "as_of": str(NOW - DAY), "figure": "closed"}
    assert set(order_ids(hall, base)) == {"a"}
    clock[0] += 1000
    apply(hall, order("a", "reopened", version=2, **was_closed | {"closed_at_ms": None, "status_at_ms": clock[0]}))
    assert set(order_ids(hall, base)) == {"a"}
    assert set(order_ids(hall, {**base, "known": str(hall.moment())})) == set()


def test_an_order_that_has_left_a_scope_is_in_its_past_neither(city: City) -> None:
    hall, clock = running(city, order("a", version=1, region=EAST), order("b", version=1, region=WEST))
    east = sight_of(hall, Person(name="east", roles=("supervisor",), scope=EAST))
    at_ms = hall.moment()
    assert listed(east, at_ms) == {"a"}
    clock[0] += 1000
    apply(hall, order("a", version=2, region=WEST), order("b", version=2, region=EAST))
    assert listed(east, at_ms) == set()
    assert listed(hall, at_ms, region=EAST) == {"a"}
    assert set(order_ids(east, {})) == {"b"}


def test_over_a_list_stand_both_parts_of_its_rate(city: City) -> None:
    closed = {"closed_at_ms": NOW - HOUR, "on_time": True}
    hall = hall_of(city, order("a", "closed", **closed), order("b", "closed", **closed | {"on_time": False}), order("c"))
    for part, total in (("num", 1), ("den", 2)):
        shown = proof_of(hall, {"figure": "on_time_closure_rate", "part": part})
        assert (shown["numerator"], shown["denominator"], shown["total"], shown["past"]) == (1, 2, total, False)
    assert proof_of(hall, {})["denominator"] is None
