"""The wall of cards: what was given, by department and period; what was withdrawn counts apart."""

from collections.abc import Iterator

import pytest

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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_cards_speaks_both_languages(work: AtWork, lang: str) -> None:
    chief = work.of("c", "duty_chief", "supervisor", scope=EAST)
    empty = chief.get(f"/cards?lang={lang}", headers=HTML)
    assert empty.status_code == 200 and words(lang)["cards.none"] in empty.text
    order = report(chief, region=EAST)
    act(chief, order, "yellow_card", reason="<b>拖延</b>")
    page = chief.get(f"/cards?lang={lang}", headers=HTML).text
    assert order in page and words(lang)["card.yellow"] in page and "<b>拖延" not in page
