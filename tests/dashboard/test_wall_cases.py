"""The scenes of orders and of supervision: each number is what a plain recount gives, and its list holds as many orders."""

import random
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from config.city import City
from dashboard.cards import cards
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.period import resolve
from dashboard.query import order_ids
from dashboard.sight import sight_of
from dashboard.wall.cases import AGES_H, STATES
from dashboard.wall.supervision import with_places
from domain.actions import SATISFACTION
from domain.calendar import base_of
from domain.lifecycle import STATUSES
from domain.people import Person
from domain.states import Card, Clock, Life, Order, OrderFlag
from domain.stints import STAGES, pack, unpacked
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, WEST, apply, hall_of, order

PARTS: Final = (
    "stage", "series7", "queue", "aging", "heat", "returns", "cards", "ladder", "rank", "depts", "hotline", "month", "level",
    "sat",
)  # fmt: skip
OPEN: Final = tuple(key for key, status in STATUSES.items() if not status.final)
CHANCE: Final = 0.6
COUNTED: Final = ("returned", "reworked", "redispatched", "hung", "deferred", "escalated")


def lived(number: int, chance: random.Random, regions: list[str]) -> Order:
    """An order that lives here and has been through anything."""
    status = chance.choice(list(STATUSES))
    reported = NOW - chance.randrange(70 * DAY)
    later = lambda: min(NOW, reported + chance.randrange(3 * DAY))  # noqa: E731
    ended = STATUSES[status].final
    status_at = later()
    given = tuple(  # of an order that has ended nobody can give one
        Card(colour, chance.randrange(reported, (status_at if ended else NOW) + 1), "chief", "拖延",
             chance.choice(("d1", "d2", "")), chance.choice(("given", "answered", "withdrawn")),
             answered_at_ms=chance.choice((None, NOW)))
        for colour in chance.choice(((), (), ("yellow",), ("yellow", "red")))
    )  # fmt: skip
    stands = {card.colour for card in given if card.stands}
    flags = OrderFlag.SUPERVISED if given or chance.random() < 0.2 else OrderFlag(0)
    flags |= OrderFlag.YELLOW_CARD if "yellow" in stands else OrderFlag(0)
    flags |= OrderFlag.RED_CARD if "red" in stands else OrderFlag(0)
    life = Life(
        lead="d1", level=chance.choice(("grid", "community", "street", "")), cards=given,
        satisfaction=chance.choice(("", *SATISFACTION)), solved=chance.choice(("", "yes", "no")),
        clocks=tuple(Clock(key, reported, None, 5) for key in ("dispatch", "handle", "check") if chance.random() < CHANCE),
        stints=pack({stage: (later(), chance.randrange(90_000)) for stage in STAGES if chance.random() < CHANCE}),
        **{name: chance.choice((0, 0, 1, 2)) for name in COUNTED},
    )  # fmt: skip
    return order(
        f"o{number}", status, life=life, flags=int(flags), reported_at_ms=reported, status_at_ms=status_at,
        accepted_at_ms=later() if chance.random() < CHANCE else None,
        registered_at_ms=later() if chance.random() < CHANCE else None,
        closed_at_ms=status_at if STATUSES[status].closed else None, on_time=chance.choice((True, False)) if ended else None,
        deadline_at_ms=reported + chance.randrange(90 * DAY) if chance.random() < 0.8 else None,
        region=chance.choice(regions), department=chance.choice(("", "d1", "d2")), category=chance.choice(("", "m1", "m2")),
        channel=chance.choice(("12345", "网格员上报")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows(city: City) -> list[Order]:
    chance = random.Random(11)
    return [lived(number, chance, ["", "gone", *city.regions]) for number in range(700)]


@pytest.fixture(scope="module")
def hall(city: City, rows: list[Order]) -> Hall:
    return hall_of(city, *rows)


def asked(hall: Any, region: str = "", period: Any = "all") -> Any:
    return figures(hall, region, period, NOW, parts=PARTS)


def claims(told: Any) -> Iterator[tuple[dict[str, Any], int]]:
    """(parameters of the list, how many it must hold) of every number, as the screen asks for them."""
    region = {"region": told["region"]["code"]}

    def rate(key: str, row: Any, filters: Any, **more: Any) -> Iterator[tuple[dict[str, Any], int]]:
        yield {**filters, "figure": key, **more}, row["num"]
        yield {**filters, "figure": key, "part": "den", **more}, row["den"]

    lights = {"red": "overdue", "yellow": "due_soon", "green": "in_limit", "open": "open"}
    for row in told["stage"]["rows"]:
        yield from (({**row["filters"], "figure": figure}, row[name]) for name, figure in lights.items())
        if row["took"]:
            yield from rate(row["took"]["figure"], row["took"], row["took"]["filters"])
    for series in told["series7"]["series"]:
        for day, n in zip(told["series7"]["days"], series["values"], strict=True):
            yield {**region, "figure": series["key"], "basis": series["basis"], "from": day, "to": day}, n
    yield {**region, "figure": "open"}, told["queue"]["open"]
    for row in told["aging"]["rows"]:
        window = {"from": row["to_h"] and NOW - row["to_h"] * HOUR + 1, "to": row["from_h"] and NOW - row["from_h"] * HOUR + 1}
        yield from (({**region, **window, "figure": figure}, row[name]) for name, figure in lights.items())
    for row in told["heat"]["rows"]:
        yield row["filters"], row["n"]
        for category, n in zip(told["heat"]["categories"], row["cells"], strict=True):
            yield {**row["filters"], "category": category["key"] or "-"}, n
    filters = told["returns"]["filters"]
    for row in told["returns"]["rows"]:
        yield {**filters, "figure": row["key"]}, row["n"]
        yield {**filters, "figure": row["key"], "open": "1"}, row["open"]
    yield from rate("rework_rate", told["returns"]["rework_rate"], filters)
    yield from ((step["filters"], step["n"]) for step in told["ladder"]["steps"])
    for row in [*told["rank"]["rows"], *told["depts"]["rows"]]:
        yield from rate("on_time_closure_rate", row, row["filters"])
        yield from (({**row["filters"], "figure": key}, row[key]) for key in ("open", "overdue"))
    for row in told["level"]["levels"]:
        yield from rate(row["key"], row, told["level"]["filters"])
    yield from rate("satisfaction_rate", told["sat"]["rate"], told["sat"]["filters"])
    yield from (({**told["sat"]["filters"], "figure": row["key"]}, row["n"]) for row in told["sat"]["answers"])
    for row in told["month"]["rows"]:
        yield {**told["month"]["filters"], "figure": row["key"]}, row["num"]
        for base in filter(None, row["compare"].values()):
            yield {**base["filters"], "figure": row["key"]}, base["numerator"]
    for key, figure in told["hotline"]["figures"].items():
        yield {**told["hotline"]["filters"], "figure": key}, figure["numerator"]


@pytest.mark.parametrize("period", ["month", "all", (NOW - 30 * DAY, NOW - 2 * DAY)])
@pytest.mark.parametrize("region", ["", EAST, WEST + "01"])
def test_every_number_of_both_scenes_opens_as_many_orders(hall: Hall, region: str, period: Any) -> None:
    told, many = asked(hall, region, period), 0
    for params, n in claims(told):
        given = {key: str(value) for key, value in params.items() if value not in (None, 0)}
        assert len(order_ids(hall, given, NOW)) == n, given
        many += n > 0
    assert many > 100


def recount(rows: list[Order], holds: Callable[[Order], object]) -> int:
    return sum(bool(holds(row)) for row in rows)


def test_open_orders_are_told_by_where_they_stand_and_how_old_they_are(hall: Hall, rows: list[Order]) -> None:
    told = asked(hall)
    still = [row for row in rows if row.status in OPEN]
    *stages, whole = told["stage"]["rows"]
    assert {row["stage"]: row["open"] for row in stages} == {
        key: recount(still, lambda row: row.status in states) for key, states in STATES.items()  # noqa: B023
    }  # fmt: skip
    assert whole["open"] == len(still) == sum(row["open"] for row in stages) == told["queue"]["open"]
    handling = [NOW - row.status_at_ms for row in still if row.status in STATES["handle"]]
    assert next(row for row in stages if row["stage"] == "handle")["longest_s"] == max(handling) // 60_000 * 60
    edges = [*AGES_H, 10**9]
    ages = Counter(max(n for n, edge in enumerate(AGES_H) if (NOW - row.reported_at_ms) / HOUR >= edge) for row in still)
    assert [row["open"] for row in told["aging"]["rows"]] == [ages[n] for n in range(len(edges) - 1)]


def test_the_queue_begins_with_what_is_longest_overdue(hall: Hall, rows: list[Order]) -> None:
    def urgency(row: Order) -> tuple[int, int, int]:
        due_ms = row.deadline_at_ms
        over = due_ms is not None and due_ms < NOW
        return (0 if over else 1), due_ms or 1 << 62, row.reported_at_ms

    queue = asked(hall)["queue"]["rows"]
    assert {row["light"] for row in queue[:20]} == {"red"}
    overdue = sorted((row for row in rows if row.status in OPEN and urgency(row)[0] == 0), key=urgency)
    assert [row["order"] for row in queue[:30]] == [row.order for row in overdue[:30]]


def test_times_of_a_stage_are_the_median_and_ninth_tenth_of_what_left_it(hall: Hall, rows: list[Order]) -> None:
    took = {row["stage"]: row["took"] for row in asked(hall)["stage"]["rows"]}
    place = STAGES.index("handle")
    stints = [unpacked(row.life.stints) for row in rows if row.life]
    told = [one.worked_s[place] for one in stints if one.left_at_ms[place] >= 0]
    assert took["handle"]["n"] == len(told) > 50
    assert took["handle"]["median_s"] == pytest.approx(statistics.median(told))
    assert took["handle"]["p90_s"] == pytest.approx(statistics.quantiles(told, n=10, method="inclusive")[-1], abs=0.01)
    assert took["evaluate"] is None


def test_what_went_wrong_and_what_people_said_are_counted_once_an_order(hall: Hall, rows: list[Order]) -> None:
    told = asked(hall)
    troubles = {row["key"]: (row["n"], row["open"]) for row in told["returns"]["rows"]}
    for key, field in (
        ("returned_ever", "returned"),
        ("reworked", "reworked"),
        ("hung_ever", "hung"),
        ("deferred", "deferred"),
    ):
        counted = [row for row in rows if row.life and getattr(row.life, field)]
        assert troubles[key] == (len(counted), recount(counted, lambda row: row.status in OPEN)), key
    said = Counter(row.life.satisfaction for row in rows if row.life)
    sat = {row["key"]: row["n"] for row in told["sat"]["answers"]}
    assert sat["unsatisfied"] == said["unsatisfied"] + said["very_unsatisfied"]
    assert (sat["very_satisfied"], sat["plainly_satisfied"]) == (said["very_satisfied"], said["satisfied"])
    assert told["sat"]["rate"]["den"] == sum(n for word, n in said.items() if word) == sum(sat.values())
    ended = [row for row in rows if STATUSES[row.status].closed and row.life and row.life.level]
    levels = {row["key"]: row for row in told["level"]["levels"]}
    assert levels["resolved_at_grid_rate"]["den"] == len(ended)
    assert levels["resolved_at_village_rate"]["num"] == recount(ended, lambda row: row.life.level == "community")


def test_the_cards_of_the_month_are_those_of_the_page_of_cards(hall: Hall, city: City) -> None:
    told = asked(hall)["cards"]
    month = resolve("month", city, NOW)
    page = cards(sight_of(hall, Person(name="s", roles=("supervisor",))), city.root, month.from_ms or 0, month.to_ms)
    assert told["total"] == {kind: page["total"][kind] for kind in ("red", "yellow", "unanswered")}
    assert min(told["total"].values()) > 10
    listed = {row["department"]: (row["red"], row["yellow"]) for row in page["departments"]}
    assert {row["key"]: (row["red"], row["yellow"]) for row in told["departments"]} == {
        key: counts for key, counts in listed.items() if any(counts)
    }
    standing = [item for item in page["items"] if item["state"] != "withdrawn"]
    newest = [(row["at_ms"], row["order"]) for row in told["newest"]]
    assert newest == [(item["at_ms"], item["order"]) for item in standing[: len(newest)]] and len(newest) == 12
    assert {row["key"]: row["cards"]["red"] for row in asked(hall)["depts"]["rows"]} == {
        key: counts[0] for key, counts in listed.items() if key
    }


def test_days_of_the_series_are_local_days_of_each_step(city: City) -> None:
    hall = hall_of(
        city,
        order("a", reported_at_ms=MIDNIGHT - 1, accepted_at_ms=MIDNIGHT, status="accepted"),
        order("b", reported_at_ms=MIDNIGHT - DAY, closed_at_ms=MIDNIGHT + HOUR, status="closed", on_time=True),
        order("long ago", reported_at_ms=NOW - 60 * DAY, status="closed", closed_at_ms=NOW - 50 * DAY),
    )
    told = figures(hall, "", "all", NOW, parts=("series7",))["series7"]
    series = {row["key"]: row["values"] for row in told["series"]}
    assert (told["days"][-1], len(told["days"])) == ("2025-10-10", 30)
    assert (series["reported"][-3:], series["accepted"][-1], series["closed"][-1]) == ([0, 2, 0], 1, 1)
    assert sum(map(sum, series.values())) == 5  # b is registered, too: it is beyond it


def test_equal_rates_share_a_place_and_too_small_a_base_has_none() -> None:
    rows = [{"code": code, "num": num, "den": den, "open": 0} for code, num, den in (
        ("a", 5, 10), ("b", 9, 10), ("c", 18, 20), ("d", 2, 2), ("e", 0, 0),
    )]  # fmt: skip
    assert [(row["code"], row["place"]) for row in with_places(rows, 5)] == [
        ("b", 1),
        ("c", 1),
        ("a", 3),
        ("d", None),
        ("e", None),
    ]


def test_the_month_is_compared_with_the_same_days_as_they_stood_then(city: City) -> None:
    before = resolve("month", city, NOW).from_ms or 0
    base = base_of("previous", resolve("month", city, NOW), city.zone, NOW)
    assert base is not None
    hall = hall_of(
        city,
        *(order(f"now{n}", reported_at_ms=before + n * HOUR) for n in range(3)),
        order("then", "closed", reported_at_ms=base.from_ms + HOUR, closed_at_ms=NOW, status_at_ms=NOW),
        order("then, later in its month", reported_at_ms=base.to_ms + HOUR),
    )
    told = figures(hall, "", "today", NOW, parts=("month",))["month"]
    reported, closed = told["rows"][:2]
    assert (told["month"], reported["num"]) == ("2025-10", 3)
    assert (reported["compare"]["previous"]["numerator"], reported["compare"]["previous"]["change"]) == (1, "200.0000")
    assert closed["compare"]["previous"]["numerator"] == 0  # it was open then
    assert reported["compare"]["year"]["change"] is None


def test_a_scope_sees_its_own_orders_only_and_what_is_kept_is_kept_for_it_alone(hall: Hall) -> None:
    whole, east = asked(hall), asked(sight_of(hall, Person(name="w", roles=("wall",), scope=EAST)), EAST)
    assert 0 < east["queue"]["open"] < whole["queue"]["open"]
    assert east["returns"]["reported"] < whole["returns"]["reported"]
    assert {row["code"] for row in east["rank"]["rows"]} == {EAST + "01", EAST + "02"}
    assert 0 < east["cards"]["total"]["red"] < whole["cards"]["total"]["red"]
    assert asked(hall)["returns"] == whole["returns"]


def test_what_is_kept_says_the_instant_it_was_counted_at_and_is_counted_anew_in_time(city: City) -> None:
    hall = hall_of(city, order("a"))
    first = figures(hall, "", "all", NOW, parts=("returns",))["returns"]
    apply(hall, order("b"))
    kept = figures(hall, "", "all", NOW + 2000, parts=("returns",))["returns"]
    anew = figures(hall, "", "all", NOW + 11_000, parts=("returns",))["returns"]
    assert (first["reported"], kept["reported"], anew["reported"]) == (1, 1, 2)
    assert (kept["as_of_ms"], anew["as_of_ms"]) == (NOW, NOW + 11_000)
