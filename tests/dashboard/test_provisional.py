"""Limits that a calendar may still move, and a calendar that ends: said by the API, on pages, and in the wall's figures."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any, get_args

import pytest
from flask import Flask

from config import city_calendar
from config.city import City, load_city
from config.settings import Settings, load_settings
from config.words import LANGS, words
from dashboard.acting import timed_json
from dashboard.api import register
from dashboard.briefs import order_brief
from dashboard.callbacks.orders import row as grid_row
from dashboard.figures import figures
from dashboard.live.columns import KINDS
from dashboard.live.scope import Scopes
from dashboard.query import order_page, orders_page
from domain.clocks import SURE, UNSURE_END, Running
from domain.states import Life, Order, OrderFlag
from domain.workcalendar import Standing
from layouts import drawers
from layouts import order as order_layout
from store.store import Store
from tests.dashboard.at_work import at_work
from tests.dashboard.forms import HTML
from tests.dashboard.halls import DAY, HOUR, NOW, FakeStore, hall_of, order
from tests.dashboard.persons import as_person

TODAY = dt.date(2025, 10, 10)  # that of NOW
OPEN_END = "date,working,name\n{day},complete,\n"


@pytest.fixture
def folder(city_folder: Path, tmp_path: Path) -> Path:
    made = tmp_path / "ends"
    shutil.copytree(city_folder, made)
    return made


def ending(folder: Path, monkeypatch: pytest.MonkeyPatch, day: dt.date | None, zone: str = "Asia/Shanghai") -> City:
    """The city, with holidays known until a day."""
    monkeypatch.setattr(city_calendar, "STATE_LAST", day or dt.date(2004, 12, 31))
    yaml = (folder / "city.yaml").read_text(encoding="utf-8").replace("Asia/Shanghai", zone)
    (folder / "city.yaml").write_text(yaml, encoding="utf-8")
    return load_city(folder)


def provisional(name: str = "p", **more: Any) -> Order:
    due_ms = more.get("red_at_ms", NOW + DAY)
    clock = Running("total", "r", "working_days", 10, "", NOW - DAY, due_ms, NOW + HOUR, 0, 0, 0, UNSURE_END)
    given = {"deadline_at_ms": due_ms, "red_at_ms": due_ms, "yellow_at_ms": NOW + HOUR, "flags": int(OrderFlag.PROVISIONAL),
             "life": Life(running=(clock,))}  # fmt: skip
    return order(name, **{**given, **more})


def test_the_api_says_which_limits_are_provisional(city: City) -> None:
    hall = hall_of(city, provisional(), order("firm", deadline_at_ms=NOW + DAY), store=FakeStore())
    app = Flask("test")
    as_person(app)
    register(app, hall, load_settings({}))
    items = app.test_client().get("/api/v1/orders").json["items"]  # type: ignore[index]
    assert {item["order"]: item["provisional"] for item in items} == {"p": True, "firm": False}
    (timed,) = timed_json(city, hall.orders["p"], NOW, "zh")
    assert timed["provisional"] is True


def test_only_the_limit_that_hangs_on_unknown_days_bears_the_mark(city: City) -> None:
    def clock(name: str, due_ms: int | None, unsure: int) -> Running:
        return Running(name, "r", "working_days", 1, "", NOW - DAY, due_ms, NOW, 0, 0, 0, unsure)

    def said(red_ms: int | None, *clocks: Running) -> tuple[bool, bool, bool]:
        total = next((clock.due_at_ms for clock in clocks if clock.clock == "total"), None)
        one = provisional("x", red_at_ms=red_ms, deadline_at_ms=total, life=Life(running=clocks))
        brief = order_brief(city, one, NOW)
        live = KINDS["order"].values(city, Scopes(city), [one]).numbers["flags"][0]
        return brief["provisional"], brief["deadline_provisional"], bool(live & OrderFlag.PROVISIONAL)

    soon, late = NOW + HOUR, NOW + 9 * DAY
    assert said(soon, clock("handle", soon, SURE), clock("total", late, UNSURE_END)) == (False, True, False)
    assert said(soon, clock("handle", soon, UNSURE_END), clock("total", late, SURE)) == (True, False, True)
    assert said(soon, clock("handle", soon, UNSURE_END)) == (True, False, True)
    assert said(None, clock("handle", None, UNSURE_END), clock("total", None, SURE)) == (False, False, False)
    assert said(None, clock("total", None, UNSURE_END)) == (True, True, True)  # hung, or kept at its end


@pytest.mark.parametrize("lang", LANGS)
def test_every_place_that_says_a_limit_says_that_it_is_provisional(city: City, lang: str) -> None:
    hall = hall_of(city, provisional(), store=FakeStore())
    said, settings = words(lang), load_settings({})
    (item,) = orders_page(hall, {}, now_ms=NOW)["items"]
    mark = said["limit.provisional"]
    assert mark in grid_row(city, item, lang)["deadline_text"]
    data = order_page(hall, "p", NOW, lang=lang)
    page = json.dumps(order_layout.build(city, settings, lang, said, data).to_plotly_json(), default=plain, ensure_ascii=False)
    assert mark in page and said["limit.provisional.what"] in page and '"data-provisional": "1"' in page
    drawer = json.dumps(drawers.order_drawer(said, lang, data), default=plain, ensure_ascii=False)
    assert '"data-provisional": "1"' in drawer
    firm = order_page(hall_of(city, provisional(flags=0), store=FakeStore()), "p", NOW, lang=lang)
    page = json.dumps(order_layout.build(city, settings, lang, said, firm).to_plotly_json(), default=plain, ensure_ascii=False)
    assert said["limit.provisional.what"] not in page and "data-provisional" not in page


def plain(component: Any) -> Any:
    return component.to_plotly_json()


def test_the_walls_lists_carry_the_mark(city: City) -> None:
    hall = hall_of(city, provisional(red_at_ms=NOW - HOUR), store=FakeStore())
    told = figures(hall, "", "today", NOW, "zh", ["urgent", "queue", "alarm:p"])
    assert [item["provisional"] for item in (told["urgent"][0], told["queue"]["rows"][0], told["alarm"]["facts"])] == [True] * 3


@pytest.mark.parametrize(
    ("left_days", "zone", "standing"),
    [(61, "Asia/Shanghai", None), (60, "Asia/Shanghai", "ends_soon"), (-1, "Asia/Shanghai", "ended"),
     (0, "Europe/Berlin", "unknown")],
)  # fmt: skip
def test_the_walls_figures_tell_of_a_calendar_that_ends(
    folder: Path, monkeypatch: pytest.MonkeyPatch, left_days: int, zone: str, standing: str | None
) -> None:
    until = TODAY + dt.timedelta(days=left_days)
    hall = hall_of(ending(folder, monkeypatch, until, zone))
    told = figures(hall, "", "today", NOW, "zh", ["sources"])["calendar"]
    known_until = "" if standing == "unknown" else str(until)
    assert told == (None if standing is None else {"standing": standing, "known_until": known_until})


@pytest.mark.parametrize("lang", LANGS)
def test_the_status_page_and_its_api_tell_of_a_calendar_that_has_ended(
    store: Store, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    city = ending(folder, monkeypatch, dt.date(2020, 12, 31))
    with at_work(store, city, settings) as work:
        admin, _ = work.browser_of("boss", "administrator")
        page = admin.get(f"/status?lang={lang}", headers=HTML).text
        assert words(lang)["calendar.ended"].format(day="2020-12-31") in page and words(lang)["calendar.what"] in page
        told = admin.get("/api/v1/screens").json
        assert told is not None and told["calendar"] == {"standing": "ended", "known_until": "2020-12-31"}


def test_a_calendar_that_reaches_far_enough_is_not_spoken_of(
    store: Store, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "calendar.csv").write_text(OPEN_END.format(day="2099-12-31"), encoding="utf-8")
    with at_work(store, ending(folder, monkeypatch, dt.date(2020, 12, 31)), settings) as work:
        admin, _ = work.browser_of("boss", "administrator")
        assert "data-calendar" not in admin.get("/status", headers=HTML).text
        assert admin.get("/api/v1/screens").json["calendar"] is None  # type: ignore[index]


def test_the_word_of_every_standing_is_there() -> None:
    keys = [f"calendar.{standing}" for standing in get_args(Standing) if standing != "known"]
    assert [key for lang in LANGS for key in keys if key not in words(lang)] == []
