"""The wall of cards: what was given, by department and period; what was withdrawn counts apart."""

import html
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from config.city import City
from config.settings import Settings
from config.words import words
from store.store import Store
from tests.dashboard.at_work import EAST, AtWork, act, at_work, report

HTML = {"Accept": "text/html"}


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def test_cards_are_counted_by_department_and_open_their_orders(work: AtWork) -> None:
    chief = work.of("c", "duty_chief", "supervisor", scope=EAST)
    orders = [report(chief, region=EAST, title=f"灯{n}") for n in range(3)]
    for order, department in zip(orders, ("水利", "水利", "城管"), strict=True):
        for action, told in (("accept", {}), ("register", {"category": "灯"}), ("dispatch", {"department": department})):
            assert act(chief, order, action, **told).status_code == 200
        assert act(chief, order, "yellow_card", reason="拖延").status_code == 200
    assert act(chief, orders[0], "red_card", reason="再拖").status_code == 200
    unit = work.of("u", "department", department="水利")
    assert act(unit, orders[1], "answer_card", note="已安排").status_code == 200
    assert act(unit, orders[1], "appeal_card", reason="不属本部门").status_code == 200
    assert act(chief, orders[2], "withdraw_card", reason="误发").status_code == 200
    told = chief.get("/api/v1/cards?ms=1").json
    columns = ("department", "red", "yellow", "unanswered", "appealed", "withdrawn")
    assert [tuple(of[key] for key in columns) for of in told["departments"]] == [
        ("水利", 1, 2, 2, 1, 0), ("城管", 0, 0, 0, 0, 1),
    ]  # fmt: skip
    assert told["items"][0]["order"] == orders[0] and len(told["items"]) == 4
    assert {item["order"] for item in chief.get("/api/v1/cards?department=城管").json["items"]} == {orders[2]}
    assert chief.get("/api/v1/cards?from=2000-01-01&to=2000-12-31").json["items"] == []
    assert chief.get("/api/v1/cards?period=soon").status_code == 400
    mine = unit.get("/api/v1/cards").json  # a department sees the cards on its own orders and no others
    assert {item["order"] for item in mine["items"]} == set(orders[:2])


def carded(work: AtWork) -> tuple[FlaskClient, list[str]]:
    """Orders with cards of three departments and of none: yellow, red, answered, appealed, withdrawn."""
    chief = work.of("c", "duty_chief", "supervisor", scope=EAST)
    orders = [report(chief, region=EAST, title=f"灯{n}") for n in range(6)]
    for order, department in zip(orders, ("水利", "水利", "城管", "城管", "环卫", ""), strict=True):
        for action, told in (("accept", {}), ("register", {"category": "灯"}), ("dispatch", {"department": department})):
            assert not department or act(chief, order, action, **told).status_code == 200
        assert act(chief, order, "yellow_card", reason="拖延").status_code == 200
    for n in (0, 2, 4):
        assert act(chief, orders[n], "red_card", reason="再拖").status_code == 200
    unit = work.of("u", "department", department="水利")
    assert act(unit, orders[1], "answer_card", note="已安排").status_code == 200
    assert act(unit, orders[0], "appeal_card", reason="不属本部门").status_code == 200
    assert act(chief, orders[3], "withdraw_card", reason="误发").status_code == 200
    return chief, orders


def test_each_count_of_the_wall_opens_exactly_the_cards_that_it_counted(work: AtWork) -> None:
    chief, _ = carded(work)
    page = chief.get("/cards?period=year&lang=en", headers=HTML).text
    rows = re.findall(r'<tr data-department="([^"]*)">(.*?)</tr>', page, re.S)
    assert [key for key, _ in rows] == ["水利", "城管", "环卫", "-", ""]  # most red first, the total last
    opened = 0
    for key, row in rows:
        for kind, href, count in re.findall(r'data-count="(\w+)" href="([^"]+)">(\d+)<', row):
            listed = chief.get(html.unescape(href), headers=HTML).text
            asked = chief.get(html.unescape(href).replace("/cards", "/api/v1/cards")).json
            assert listed.count("<tr data-order=") == len(asked["items"]) == int(count), (key, kind)
            assert not key or {item["department"] for item in asked["items"]} == {"" if key == "-" else key}
            assert kind not in ("red", "yellow") or {item["colour"] for item in asked["items"]} == {kind}
            assert (kind == "withdrawn") == ({item["state"] for item in asked["items"]} == {"withdrawn"})
            assert f'href="{href}">{count}' in listed, "the wall around the list stays as it was"
            opened += 1
    assert opened == 4 + 4 + 3 + 2 + 5
    total = chief.get("/api/v1/cards").json
    assert total["total"] == {"red": 3, "yellow": 5, "unanswered": 7, "appealed": 1, "withdrawn": 1}
    assert sum(total["total"][kind] for kind in ("red", "yellow", "withdrawn")) == len(total["items"]) == 9
    assert chief.get("/api/v1/cards?kind=green").status_code == 400


def test_the_wall_goes_month_by_month(work: AtWork) -> None:
    chief, orders = carded(work)
    now = chief.get("/api/v1/cards?ms=1").json
    month, before = now["month"], now["month_before"]
    assert len(now["items"]) == 9 and month == work.city.day_of(work.hall.now_ms())[:7] and now["month_after"] == ""
    assert chief.get(f"/api/v1/cards?month={month}&ms=1").json["items"] == now["items"]
    past = chief.get(f"/api/v1/cards?month={before}&ms=1").json
    assert past["items"] == [] and past["month_after"] == month and past["to_ms"] == now["from_ms"]
    page = chief.get(f"/cards?month={before}&department=水利&kind=red&lang=en", headers=HTML).text
    assert f"month={month}" in page and "UTC+08:00 Asia/Shanghai" in page and orders[0] not in page
    other = html.unescape(re.findall(r'href="([^"]+)" aria-label="' + month, page)[0])
    assert orders[0] in chief.get(other, headers=HTML).text, "another month keeps department and kind"
    assert chief.get("/api/v1/cards?period=week").json["month"] == "" == chief.get("/api/v1/cards?period=all").json["month"]
    for wrong in ("2026-13", "soon", "2026"):
        assert chief.get(f"/api/v1/cards?month={wrong}").status_code == 400


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_cards_speaks_both_languages(work: AtWork, lang: str) -> None:
    chief = work.of("c", "duty_chief", "supervisor", scope=EAST)
    empty = chief.get(f"/cards?lang={lang}", headers=HTML)
    assert empty.status_code == 200 and words(lang)["cards.none"] in empty.text
    order = report(chief, region=EAST)
    act(chief, order, "yellow_card", reason="<b>拖延</b>")
    page = chief.get(f"/cards?lang={lang}", headers=HTML).text
    assert order in page and words(lang)["card.yellow"] in page and "<b>拖延" not in page
