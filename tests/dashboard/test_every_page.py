"""Every page, drawer, row and answer of every kind of worker, order and feed, in both languages: no kind cannot be opened."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from dash.development.base_component import Component
from flask import Flask
from plotly.utils import PlotlyJSONEncoder

from config.city_model import ROLES, City, RosterEntry
from config.settings import Settings, load_settings
from config.words import LANGS, words
from dashboard import api, query
from dashboard.callbacks.orders import row as table_row
from dashboard.callbacks.routing import page
from dashboard.callbacks.selection import content
from dashboard.hall import Hall
from dashboard.sight import sight_of
from domain.actions import ACTIONS
from domain.facts import FixFlag
from domain.lifecycle import STATUSES
from domain.people import Person
from domain.states import Card, CoHandler, Feed, Life, Order, OrderFlag, Presence, Step, Worker, WorkerFlag
from tests.dashboard.halls import DAY, HOUR, NOW, FakeStore, feed, order, records, worker
from tests.dashboard.persons import EVERYBODY, as_person
from tests.dashboard.screens import small_city
from tests.dynamic_words import FEEDS

FAR: Final = (10**16, 253_402_300_799_999, 2**53, -(2**53), 0, -1)
"""Deadlines that a form or a device may tell, and that no calendar has."""

CARD_STATES: Final = ("given", "answered", "appealed", "upheld", "withdrawn")
ABROAD: Final = Person(name="b", roles=("supervisor",), scope="b")
"""The supervisor of another street."""


def city_of_all_roles() -> City:
    staff = [RosterEntry(f"r-{role}", f"名{role}", role, 1, "a1", "13800138000") for role in ROLES]
    return small_city(*staff, RosterEntry("w-absent", "未见", "full", 1, "a2"))


def every_worker() -> Iterator[Worker]:
    """Of every state with every flag, alone and all together, on the roster and off it; some with little that is known."""
    flags = [0, *(int(flag) for flag in WorkerFlag), sum(map(int, WorkerFlag))]
    for presence, flag in itertools.product(Presence, flags):
        yield worker(f"x-{presence.name}-{flag}", presence, flags=flag, region="a1")
    for role, presence in zip(ROLES, itertools.cycle(Presence), strict=False):
        yield worker(f"r-{role}", presence, flags=int(WorkerFlag.OUT_OF_GRID), region="b1", heading_deg=90.0, battery_pct=12.0)
    yield Worker(worker="heard", heard_at_ms=NOW, region="a1")
    yield worker("nowhere", region="")
    yield worker("gone", region="a region that the city no longer has")
    yield worker("long-ago", Presence.OFFLINE, fixed_at_ms=1, heard_at_ms=1, day="1970-01-01", region="a1")


def every_order() -> Iterator[Order]:
    for status in STATUSES:
        ended = {"closed_at_ms": NOW - HOUR, "on_time": True} if STATUSES[status].closed else {}
        yield order(f"s-{status}", status, **ended)
    for flag in (*(int(flag) for flag in OrderFlag), sum(map(int, OrderFlag))):
        yield order(f"f-{flag}", flags=flag)
    for at_ms in FAR:
        yield order(f"d{at_ms}", deadline_at_ms=at_ms, yellow_at_ms=at_ms, red_at_ms=at_ms)
    for colour, state in itertools.product(("yellow", "red"), CARD_STATES):
        card = Card(colour, NOW - HOUR, "rule", "拖延", "d1", state)
        yield order(f"c-{colour}-{state}", "handling", region="a1", life=Life(lead="d1", holder="a", cards=(card,)))
    for status in STATUSES:
        asked = {"asked": "defer", "asked_deadline_at_ms": NOW + DAY} if status == "handling" else {}
        helpers = (CoHandler("d1"), CoHandler("gone", "returned"))
        life = Life(lead="d1", holder="a", level="community", co_handlers=helpers, **asked)  # type: ignore[arg-type]
        yield order(f"own-{status}", status, region="a1", life=life)
    bare = {"region": "", "channel": "", "source": "", "title": ""}
    yield order("bare", **bare)
    yield order("foreign", region="no longer", category="gone", department="gone", reporter="nobody", handler="nobody",
                lon=113.1, lat=23.0)  # fmt: skip
    yield order("of-the-roster", region="a1", reporter="r-full", handler="r-full", category="m1", department="d1",
                deadline_at_ms=NOW + HOUR, lon=113.105, lat=23.005)  # fmt: skip


def trail_of(row: Order) -> tuple[Step, ...]:
    """A step of every status and of every action; the first has nothing, the second a time that nobody knows."""
    told = [Step(key="bare", at_ms=NOW - DAY, status="reported", source="x", received_at_ms=NOW)]
    told += [
        Step(key=f"s{status}", at_ms=NOW - HOUR, status=status, source="x", received_at_ms=NOW, at_unknown=status == "accepted",
             fields={"department": "d1", "handler": "r-full", "note": "", "category": "m1"})
        for status in STATUSES
    ]
    told += [
        Step(key=f"a{action}", at_ms=NOW - HOUR, status=row.status, source="desk", received_at_ms=NOW, action=action,
             actor="r-full", role="supervisor", unit="d1", fields={"note": "在办", "deadline_at_ms": 10**16})
        for action in ACTIONS
    ]
    return tuple(told)


WORKERS: Final = [*every_worker()]
ORDERS: Final = [*every_order()]
FEED_ROWS: Final = [feed(f"f-{status}", status) for status in sorted(FEEDS)] + [Feed(feed="bare")]


@pytest.fixture(scope="module")
def hall() -> Hall:
    store = FakeStore()
    hall = Hall(city_of_all_roles(), store, now_ms=lambda: NOW)  # type: ignore[arg-type]
    hall.apply([(type(row).__name__.lower(), row) for row in (*WORKERS, *ORDERS, *FEED_ROWS)], NOW)
    every_flag = [0, *(int(flag) for flag in FixFlag), sum(map(int, FixFlag))]
    fixes = [(NOW - (len(every_flag) - at) * 60_000, 113.1 + at * 1e-4, 23.0, flag) for at, flag in enumerate(every_flag)]
    store.tracks = {row.worker: records(fixes) for row in WORKERS if row.worker != "heard"}
    store.trails = {row.order: trail_of(row) for row in ORDERS}
    return hall


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings({})


@pytest.fixture
def asked() -> Iterator[Flask]:
    app = Flask("test")
    as_person(app)
    with app.test_request_context():
        app.preprocess_request()
        yield app


def told(tree: Any) -> str:
    """What a page says, as the browser gets it. No key of a catalogue stands in it in place of its word."""
    text = json.dumps(tree, cls=PlotlyJSONEncoder, ensure_ascii=False)
    said = [item.children for item in components(tree) if isinstance(getattr(item, "children", None), str)]
    known = words("zh")
    assert [one for one in said if one in known and "." in one] == []
    return text


def components(tree: Any) -> Iterator[Component]:
    for item in tree if isinstance(tree, list | tuple) else [tree]:
        if isinstance(item, Component):
            yield item
            yield from components(getattr(item, "children", None))


def is_message(tree: Any) -> bool:
    return any("message" in str(getattr(item, "className", "")).split() for item in components(tree))


@pytest.mark.parametrize("lang", LANGS)
def test_every_worker_has_a_page_a_drawer_and_an_answer(hall: Hall, settings: Settings, asked: Flask, lang: str) -> None:
    del asked
    seen = sight_of(hall, EVERYBODY)
    for name in (*(row.worker for row in WORKERS), "w-absent"):
        shown = page(hall, settings, f"/worker/{name}", {}, lang)
        assert not is_message(shown), name
        assert name in told(shown) and name in told(content(hall, "worker", name, lang))
        api.spoken_times(query.worker(seen, name) | query.worker_dossier(seen, name, lang=lang), hall.city)


@pytest.mark.parametrize("lang", LANGS)
def test_every_order_has_a_page_a_drawer_a_row_and_an_answer(hall: Hall, settings: Settings, asked: Flask, lang: str) -> None:
    del asked
    seen = sight_of(hall, EVERYBODY)
    for name in (row.order for row in ORDERS):
        shown = page(hall, settings, f"/order/{name}", {}, lang)
        assert not is_message(shown), name
        assert name in told(shown) and name in told(content(hall, "order", name, lang))
        api.json_response(api.order_json(seen, name, lang), 200, hall.city)
    listed = query.orders_page(seen, {}, 0, 1000, lang=lang)
    assert len([table_row(hall.city, item, lang) for item in listed["items"]]) == len(ORDERS), "a far date takes no list away"
    api.json_response(listed, 200, hall.city)


@pytest.mark.parametrize("lang", LANGS)
def test_every_feed_has_a_drawer(hall: Hall, asked: Flask, lang: str) -> None:
    del asked
    for row in FEED_ROWS:
        assert row.feed in told(content(hall, "feed", row.feed, lang))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("path", ["/wall", "/desk", "/review", "/statistics", "/orders"])
def test_every_screen_is_shown_with_such_orders_in_it(
    hall: Hall, settings: Settings, asked: Flask, lang: str, path: str
) -> None:
    del asked
    shown = page(hall, settings, path, {}, lang)
    assert not is_message(shown) and told(shown)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_another_streets_and_what_nobody_knows_is_told_the_same(hall: Hall, settings: Settings, lang: str) -> None:
    app = Flask("test")
    witness = as_person(app, ABROAD)
    with app.test_request_context():
        app.preprocess_request()
        for kind, foreign in (("worker", "w-absent"), ("order", "own-handling")):
            pages_of = [told(page(hall, settings, f"/{kind}/{name}", {}, lang)) for name in (foreign, "nobody")]
            assert pages_of[0].replace(foreign, "nobody") == pages_of[1]
            assert words(lang)[f"page.no_{kind}"].format(id="nobody") in pages_of[1]
            assert words(lang)["page.gone"].format(id=foreign) in told(content(hall, kind, foreign, lang))
    assert {subject for _, _, subject in witness.told} == {"w-absent", "own-handling"}, "and the log knows of the first"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("path", "params", "key"),
    [
        ("/worker/nobody", {}, "page.no_worker"),
        ("/order/nothing", {}, "page.no_order"),
        ("/orders", {"region": "nowhere"}, "page.no_region"),
        ("/statistics", {"region": "nowhere"}, "page.no_region"),
        ("/worker/w-absent", {"day": "2025-02-30"}, "page.bad_query"),
        ("/orders", {"status": "x"}, "page.bad_query"),
        ("/nothing", {}, "page.not_found"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_in_words(
    hall: Hall, settings: Settings, asked: Flask, lang: str, path: str, params: dict[str, str], key: str
) -> None:
    del asked
    shown = page(hall, settings, path, params, lang)
    assert is_message(shown) and words(lang)[key].split("{")[0] in told(shown)


@pytest.mark.parametrize(
    ("path", "broken"),
    [("/worker/w-absent", "dashboard.query.worker_dossier"), ("/order/bare", "dashboard.query.order_page"),
     ("/orders", "dashboard.callbacks.routing.pills"), ("/statistics", "dashboard.query.indicators_of"),
     ("/wall", "layouts.pages.wall_page"), ("/desk", "layouts.pages.desk_page")],
)  # fmt: skip
@pytest.mark.parametrize("error", [KeyError("flag.x"), ValueError("no day"), AttributeError("x")])
def test_a_fault_of_ours_is_never_told_as_there_is_no_such_thing(
    hall: Hall, settings: Settings, asked: Flask, path: str, broken: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    del asked

    def fail(*_args: Any, **_more: Any) -> Any:
        raise error

    monkeypatch.setattr(broken, fail)
    with pytest.raises(type(error)):
        page(hall, settings, path, {}, "zh")
