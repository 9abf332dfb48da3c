"""Rankings: each part is what its list holds, units are who may be ranked, and /review's shape of the answer."""

from typing import Any

import msgspec
import pytest

from config.city import City
from dashboard.filters import read_query
from dashboard.query import order_ids
from dashboard.ranking import ranking, score_name
from domain.scores import Evaluation, Part, Score, examples
from domain.states import Clock, Life, Order, Sent
from domain.variants import Variants
from tests.dashboard.halls import DAY, EAST, HOUR, NOW, WEST, hall_of, order


def city_with(city: City, *scores: Score, variants: Variants | None = None) -> City:
    """The city with other scores; the one of the tests is shared and stays as it is."""
    other = city.part(city.root)
    assert other is city
    made = City(
        code=city.code, name=city.name, title=city.title, levels=city.levels, regions=city.regions, root=city.root,
        roster=city.roster, departments=city.departments, matters=city.matters,
        evaluation=Evaluation({score.key: score for score in scores}, variants=variants or Variants()),
    )  # fmt: skip
    return made


def lived(name: str, status: str = "closed", **more: Any) -> Order:
    life: dict[str, Any] = {key: more.pop(key) for key in tuple(more) if key in Life.__struct_fields__}
    closed = {"closed_at_ms": NOW - HOUR, "on_time": True} if status == "closed" else {}
    return order(name, status, life=Life(**life), **{"department": "D1", "deadline_at_ms": NOW, **closed, **more})


PATROL = {"channel": "网格员上报"}
ROWS = (
    # W1 of the first grid in the east: four reports, one of them void; W2 next door: two, both good
    *(lived(f"a{n}", "void" if n == 3 else "closed", reporter="W1", region=EAST + "01", **PATROL) for n in range(4)),
    *(lived(f"b{n}", reporter="W2", region=EAST + "02", **PATROL) for n in range(2)),
    # the public found two in W1's grid, one in W2's; in nobody's name
    lived("c1", reporter="张*", region=EAST + "01", channel="12345"), lived("c2", region=EAST + "01", channel="12345"),
    lived("c3", region=EAST + "02", channel="12345"),
    # W2 verified and checked; W3 of the west did nothing else
    lived("d1", region=WEST + "01", **PATROL, verified="true", verified_by="W2", checked_by="W3", check_sent=Sent.IN_TIME,
          accepted_by="desk1", clocks=(Clock("check", NOW - DAY, None, HOUR),)),
)  # fmt: skip
PARTS = (Part("valid_report_rate", 60), Part("missed_rate", 40, inverted=True, by="own_grid"))


def told(hall: Any, key: str, **params: str) -> dict[str, Any]:
    return ranking(hall, read_query(hall.city, params, NOW), key)


def test_a_worker_is_scored_by_his_reports_and_by_what_was_missed_in_his_own_grid(city: City) -> None:
    hall = hall_of(city_with(city, Score("worker", "reporter", PARTS, 2)), *ROWS)
    rows = {row["key"]: row for row in told(hall, "worker")["rows"]}
    assert not told(hall, "worker")["example"]
    assert set(rows) == {"W1", "W2", "W3"}, (
        "of those who reported and of the roster's grids: no citizen, and nobody without an order"
    )
    w1, w2 = rows["W1"], rows["W2"]
    assert [(part["numerator"], part["denominator"]) for part in w1["parts"]] == [(3, 4), (2, 5)]
    assert [(part["numerator"], part["denominator"]) for part in w2["parts"]] == [(2, 2), (1, 3)]
    assert w1["value"] == "69.0000"  # 0.6 · 75 + 0.4 · (100 − 40)
    assert w2["value"] == "86.6667"  # 0.6 · 100 + 0.4 · (100 − 33.3333…)
    assert [(row["key"], row["rank"]) for row in told(hall, "worker")["rows"]] == [("W2", 1), ("W1", 2), ("W3", None)]
    assert w1["name"] == "网格员1" and (w2["grade"], w1["grade"]) == ("B", "C")


def test_what_a_worker_verified_and_checked_counts_where_he_did_it(city: City) -> None:
    parts = (Part("valid_report_rate", 50), Part("on_time_check_rate", 50, by="checked_by"))
    hall = hall_of(city_with(city, Score("worker", "reporter", parts, 1)), *ROWS)
    rows = {row["key"]: row for row in told(hall, "worker")["rows"]}
    assert set(rows) == {"W1", "W2", "W3"}
    assert rows["W3"]["parts"][0]["shown"] == "—" and rows["W3"]["parts"][0]["counted"] is None
    assert rows["W3"]["parts"][1]["filters"]["checked_by"] == "W3"


@pytest.mark.parametrize("params", [{}, {"region": EAST}, {"region": WEST}, {"region": EAST + "01"}, {"channel": "12345"}])
@pytest.mark.parametrize("key", ["worker", "community", "grid", "department", "intake", "duty_chief", "dispatcher"])
def test_every_part_of_every_row_opens_exactly_the_orders_that_it_counted(city: City, key: str, params: dict[str, str]) -> None:
    hall = hall_of(city, *ROWS)
    made, counted = told(hall, key, **params), 0
    for row in made["rows"]:
        for part in row["parts"]:
            if part["filters"] is None:
                assert (part["numerator"], part["denominator"]) == (0, 0), "a grid outside the region asked for"
                continue
            for which, name in (("num", "numerator"), ("den", "denominator")):
                if part[name] is not None:
                    asked = {**part["filters"], "figure": part["figure"], "part": which}
                    ids = order_ids(hall, read_query(hall.city, asked, NOW))
                    assert len(ids) == part[name], (row["key"], asked)
                    counted += part[name]
    somebody = {"worker", "community", "grid", "department"} | ({"intake"} if params.get("region") in (None, WEST) else set())
    if "channel" not in params and (key, params.get("region")) != ("community", EAST + "01"):
        assert (counted > 0) == (key in somebody), "something was looked at"


def test_regions_of_a_level_are_all_listed_and_only_those_inside_the_region_asked_for(city: City) -> None:
    hall = hall_of(city, *ROWS)
    grids = told(hall, "grid")["rows"]
    assert {row["key"] for row in grids} == set(city.regions_of("grid"))
    assert {row["key"] for row in told(hall, "grid", region=EAST)["rows"]} == {EAST + "01", EAST + "02"}
    assert told(hall, "community", region=EAST + "01")["rows"] == [], "a part of a community is no community"
    assert told(hall, "grid", region="-")["rows"] == []
    empty = next(row for row in grids if row["key"] == WEST + "02")
    assert (empty["rank"], empty["base"]) == (None, 0)


def test_a_ranking_says_by_what_it_ranks(city: City) -> None:
    made = told(hall_of(city, *ROWS), "grid")
    assert made["by"] == "level:grid" and made["min_base"] == 5 and made["as_of_ms"] == NOW and made["example"]
    assert [part["figure"] for part in made["parts"]] == ["public_share", "registered", "closure_rate", "on_time_closure_rate"]
    assert made["parts"][1]["points"][0] == [2001, 100] and made["parts"][0]["word"] == "监督举报率"
    assert made["bands"][0] == {"grade": "A", "from": 90}
    assert [score_name(city, key, lang) for key in ("worker", "grid") for lang in ("zh", "en")] == [
        "网格员",
        "Workers",
        "网格",
        "Grid",
    ]
    with pytest.raises(KeyError):
        told(hall_of(city), "nobody")


def test_the_citys_scores_and_readings_are_those_that_count(city: City) -> None:
    score = examples(("district", "community"))["community"]
    rows = [
        order("x", "handling", registered_at_ms=NOW - HOUR, deadline_at_ms=NOW + DAY),
        order("y", "closed", closed_at_ms=NOW),
    ]
    hall = hall_of(city_with(city, score, variants=Variants(close_due="registered")), *rows)
    part = next(row for row in told(hall, "community")["rows"] if row["key"] == EAST)["parts"][2]
    assert (part["numerator"], part["denominator"]) == (1, 2)
    made = told(hall, "community")
    assert made["parts"][2]["definition"]["readings"] == ["reading.close_due.registered"]
    usual = told(hall_of(city_with(city, score), *rows), "community")
    assert next(row for row in usual["rows"] if row["key"] == EAST)["parts"][2]["denominator"] == 1
    assert msgspec.json.encode(made), "plain JSON types"
