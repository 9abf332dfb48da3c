"""The hotline in the hall: tallies by region and scope, the API, the card beside its orders, and the view of /statistics."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from flask import Flask

from config.city import City
from config.settings import Settings, load_settings
from config.words import words
from dashboard.api import register
from dashboard.filters import read_query
from dashboard.hall import Hall
from dashboard.hotline import hotline
from dashboard.indicators import indicators_of
from dashboard.query import order_ids
from dashboard.sight import sight_of
from dashboard.tallies import tallies_json
from domain.calendar import Period
from domain.facts import DayTally, tally_id
from domain.people import Person
from domain.states import Life, Tally, Told
from domain.tallies import fold_tally
from layouts import statistics
from store.store import Store
from tests.dashboard.at_work import act, at_work, report, wait_for
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, WEST, hall_of, order
from tests.dashboard.persons import as_person

ROOT = "440605"
ALL = Period("all", None, None)


def tally(key: str, value: object, day: str = "2025-10-09", region: str = ROOT, base: object = None) -> Tally:
    number = None if base is None else Decimal(str(base))
    told = Told(NOW - HOUR, NOW - HOUR, Decimal(str(value)), number)
    name = tally_id("h", day, region, key)
    return Tally(tally=name, source="h", day=day, region=region, key=key, told=told, version=1)


CALLS = (
    tally("calls", 1000), tally("calls_answered", 949), tally("calls", 500, day="2025-10-08"),
    tally("calls_answered", 490, day="2025-10-08"), tally("direct_answers", 600), tally("police_link_rate", 951, base=952),
    tally("calls", 70, region=EAST), tally("social_index", 88.5, region=WEST),
)  # fmt: skip


def said(n: int, satisfaction: str, contacted: str = "yes", solved: str = "yes", **more: Any) -> Any:
    life = Life(satisfaction=satisfaction, contacted=contacted, solved=solved, lead="d1")
    return order(f"S{n}", "callback", life=life, closed_at_ms=NOW - HOUR, department="d1", **more)


ORDERS = (
    said(1, "satisfied"), said(2, "fair", solved="no"), said(3, "unsatisfied", "no", "no"),
    said(4, "very_satisfied", solved=""),
    order("P1", "closed", category="表扬", closed_at_ms=NOW), order("V1", "void"), order("G1", channel="网格员上报"),
    order("C1", "handling", reported_at_ms=NOW - 3 * DAY), order("W1", region=WEST + "01"),
)  # fmt: skip


@pytest.fixture
def hall(city: City) -> Hall:
    return hall_of(city, *ORDERS, *CALLS)  # type: ignore[arg-type]


def test_tallies_of_a_region_and_period(hall: Hall) -> None:
    told = tallies_json(hall, ROOT, ALL, "zh")["totals"]
    assert {key: one["shown"] for key, one in told.items()} == {
        "calls": "1,500", "calls_answered": "1,439", "direct_answers": "600", "police_link_rate": "99.89 %",
        "social_index": "88.5",
    }  # fmt: skip
    assert (told["calls"]["days"], told["calls"]["word"]) == (2, words("zh")["tally.calls"])
    day = Period("custom", *hall.city.day_bounds("2025-10-09"))
    found = tallies_json(hall, ROOT, day, "en")
    assert found["rates"]["connection_rate"] | {"what": ""} == {
        "numerator": 949, "denominator": 1000, "value": "94.9000", "shown": "94.90 %", "word": "Connection rate", "what": "",
    }  # fmt: skip
    assert tallies_json(hall, EAST, ALL, "zh")["totals"]["calls"]["shown"] == "70"
    assert tallies_json(hall, WEST + "01", ALL, "zh")["items"] == []


def test_nobody_sees_the_tallies_of_another_scope(hall: Hall) -> None:
    east = sight_of(hall, Person(name="e", roles=("leader",), scope=EAST))
    assert [row.key for row in east.tallies.values()] == ["calls"]
    assert tallies_json(east, EAST, ALL, "zh")["total"] == 1
    for region in (ROOT, WEST):
        with pytest.raises(KeyError):
            tallies_json(east, region, ALL, "zh")


def test_the_api_speaks_times_and_pages_and_refuses_what_is_wrong(hall: Hall) -> None:
    app = Flask("test")
    as_person(app)
    register(app, hall, load_settings({}))
    ask = app.test_client().get
    found = ask("/api/v1/tallies?from=2025-10-08&to=2025-10-08&key=calls&lang=en").json
    assert (found["total"], found["items"][0]["value"], found["items"][0]["source"]) == (1, "500", "h")
    assert found["items"][0]["found_at"] == "2025-10-10T10:00:00.000+08:00" and found["totals"]["calls"]["value"] == "500"
    assert len(ask("/api/v1/tallies?limit=3&offset=6").json["items"]) == 2
    assert ask("/api/v1/tallies?region=moon").status_code == 404 and ask("/api/v1/tallies?from=x").status_code == 400


def test_a_partition_that_is_read_anew_has_the_tallies_that_it_has(hall: Hall) -> None:
    hall.replace(lambda key: int("calls|" in key), 1, [("tally", CALLS[0])], NOW)
    assert sorted(row.key for row in hall.tallies.values()) == [
        "calls", "calls_answered", "calls_answered", "direct_answers", "police_link_rate", "social_index",
    ]  # fmt: skip
    old = msgspec.structs.replace(CALLS[0], told=CALLS[2].told, version=0)
    hall.apply([("tally", old)], NOW)
    assert hall.tallies[old.tally] == CALLS[0]


def card(hall: Hall, **params: str) -> dict[str, Any]:
    return hotline(hall, read_query(hall.city, params, NOW), "zh")


def test_the_card_of_a_month(hall: Hall) -> None:
    found = card(hall)
    shown = {key: figure["shown"] for key, figure in found["figures"].items()}
    assert (shown["hotline_orders"], shown["hotline_valid"], shown["hotline_praise"]) == ("8", "7", "1")
    assert (shown["hotline_response_rate"], shown["hotline_solution_rate"]) == ("75.00 %", "33.33 %")
    assert (shown["hotline_satisfaction_rate"], shown["hotline_pleased_rate"]) == ("72.50 %", "75.00 %")  # (2 + 0.9) / 4
    weights = found["figures"]["hotline_satisfaction_rate"]["weights"]
    assert weights == [{"weight": "1", "orders": 2}, {"weight": "0.9", "orders": 1}]
    # 0.1 × 75 + 0.4 × 72.5 + 0.5 × 100 / 3
    assert (found["composite"]["value"], found["composite"]["shown"]) == ("53.1667", "53.17")
    rate = found["told"]["rates"]["connection_rate"]
    assert (rate["shown"], rate["standard"], rate["meets"]) == ("95.93 %", 95, True)


def test_the_card_of_a_day_below_the_standard_and_what_was_carried_into_it(hall: Hall) -> None:
    found = card(hall, **{"from": str(MIDNIGHT - DAY), "to": str(MIDNIGHT + DAY)})
    assert found["told"]["rates"]["connection_rate"]["meets"] is False
    assert {name: found["load"][name] for name in ("direct", "orders", "new", "carried", "total")} == {
        "direct": 600, "orders": 8, "new": 607, "carried": 1, "total": 608,
    }  # fmt: skip
    carried = order_ids(hall, found["load"]["carried_filters"] | {"figure": "hotline_open"}, NOW)
    assert carried == ["C1"]


def test_a_query_for_some_orders_knows_no_calls(hall: Hall) -> None:
    for narrow in ({"department": "d1"}, {"basis": "close"}, {"open": "1"}):
        found = card(hall, **narrow)
        assert (found["told"], found["load"]) == (None, None)
    assert card(hall, region="-")["told"]["totals"] == {}


def leaves(part: Any) -> Any:
    """The properties of every element of a page, as they are sent."""
    told = part.to_plotly_json() if hasattr(part, "to_plotly_json") else part
    if isinstance(told, dict):
        yield told["props"]
        yield from leaves(told["props"].get("children"))
    elif isinstance(told, list | tuple):
        for one in told:
            yield from leaves(one)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_number_of_the_view_opens_its_orders_and_calls_say_what_they_are(hall: Hall, city: City, lang: str) -> None:
    params = {"view": "hotline", "from": str(MIDNIGHT - DAY), "to": str(MIDNIGHT + DAY)}
    query = read_query(city, {key: value for key, value in params.items() if key != "view"}, NOW)
    data = indicators_of(hall, query, "department", statistics.VIEWS["hotline"])
    page = statistics.build(city, lang, words(lang), params, data | {"hotline": hotline(hall, query, lang)})
    marked, told = 0, set()
    for given in leaves(page):
        told |= {given["data-tally"]} if "data-tally" in given else set()
        assert "data-tally" not in given or len(given["title"]) > 10
        if "data-figure" not in given:
            continue
        marked += 1
        link = given.get("href") or next(inner["href"] for inner in leaves(given["children"]) if "href" in inner)
        asked = {key: value for key, value in parse_qsl(urlsplit(link).query) if key != "lang"}
        wanted = {"den": given["data-den"], "num": given["data-num"]} if "data-den" in given else {"num": given["data-num"]}
        for half, number in wanted.items():
            assert len(order_ids(hall, {**asked, "part": half}, NOW)) == int(number), (given["data-figure"], half)
    assert marked > 2 * len(statistics.VIEWS["hotline"]) and told >= {"calls", "connection_rate"}
    weighed = next(given["title"] for given in leaves(page) if given.get("data-figure") == "hotline_satisfaction_rate")
    assert "0.9" in weighed and "72.50 %" in weighed


def test_answers_at_a_call_back_and_tallies_come_to_the_hall(store: Store, city: City, settings: Settings) -> None:
    """Real store, projector and web process: over the doors that people and services use."""
    with at_work(store, city, settings) as work:
        chief = work.of("chief", "supervisor", "intake", "duty_chief", "dispatcher")
        number = report(chief, channel="12345", region=f"{EAST}01")
        assert act(chief, number, "force_close", reason="x").json["state"] == "done"
        assert act(chief, number, "callback", satisfaction="fair", contacted="perhaps").status_code == 409
        assert act(chief, number, "callback", satisfaction="fair", contacted="yes", solved="no").json["state"] == "done"
        wait_for(lambda: work.hall.orders[number].status == "callback")
        page = chief.get(f"/api/v1/orders/{number}?ms=1").json
        assert (page["life"]["contacted"], page["life"]["solved"]) == ("yes", "no")
        now_ms = work.hall.now_ms()
        about = {"source": "h", "received_at_ms": now_ms, "day": "2024-01-01", "region": WEST}
        fact = DayTally(**about, key="calls", value=Decimal(9), at_ms=now_ms - 2)
        work.tell(fact)
        fixed = msgspec.structs.replace(fact, value=Decimal(8), at_ms=now_ms - 1)
        store.append([fixed])
        wait_for(lambda: chief.get("/api/v1/tallies").json["totals"]["calls"]["value"] == "8")
        (item,) = chief.get("/api/v1/tallies?ms=1").json["items"]
        assert (item["value"], item["before"]) == ("8", [{"value": "9", "base": None, "found_at_ms": now_ms - 2}])
        again = Hall(city, store)
        again.follow()
        assert again.ready.wait(20)
        assert again.tallies == {fold_tally(None, fact).tally: next(iter(work.hall.tallies.values()))}
        again.stop()
        keys = "hotline_response_rate,hotline_solution_rate,hotline_satisfaction_rate"
        told = chief.get(f"/api/v1/indicators?figures={keys}").json
        assert [one["shown"] for one in told["figures"].values()] == ["100.00 %", "0.00 %", "90.00 %"]
        east = work.of("east", "leader", scope=EAST)
        assert east.get("/api/v1/tallies").json["items"] == []
        assert work.of("walks", "worker", worker="W1").get("/api/v1/tallies").status_code == 403


