"""The bell: who is told of what in the product, what is read, and what of an order was told outside."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from config.city import City
from config.city_notices import Notices, Webhook
from config.settings import Settings
from dashboard import notices as book
from domain.notices import Rule
from ingest.courier import Courier
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, act, at_work, report, wait_for
from tests.ingest.receiver import SECRET, Receiver


@pytest.fixture
def work(store: Store, city: City, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AtWork]:
    monkeypatch.setattr(book, "FRESH_S", 0.0)
    with at_work(store, city, settings) as working:
        yield working


def told(who: FlaskClient, **more: str) -> list[tuple[str, str]]:
    return [(item["event"], item["order"]) for item in who.get("/api/v1/notices", query_string=more).json["items"]]


def dispatched(chief: FlaskClient, department: str = "水利", region: str = EAST, **more: Any) -> str:
    order = report(chief, region=region, title="路灯不亮", **more)
    for action, fields in (("accept", {}), ("register", {"category": "灯"}), ("dispatch", {"department": department})):
        assert act(chief, order, action, **fields).status_code == 200
    return order


def test_each_is_told_what_is_his_and_nobody_what_he_did_himself(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief", "supervisor", scope=EAST)
    unit, other = (work.of(name, "department", department=name) for name in ("水利", "城管"))
    leader, west = work.of("leader", "leader", scope=EAST), work.of("west", "leader", "supervisor", scope=WEST)
    order = dispatched(chief)
    for action, fields in (("urge", {}), ("yellow_card", {"reason": "拖延 13812345678"}), ("red_card", {"reason": "再拖"})):
        assert act(chief, order, action, **fields).status_code == 200
    assert told(unit) == [("red_card", order), ("yellow_card", order), ("urge", order)]
    assert told(leader) == [("red_card", order)] and told(chief) == told(other) == told(west) == []
    assert act(unit, order, "appeal_card", reason="不属本部门").status_code == 200
    assert told(chief) == [("appeal_card", order)] == told(leader)[:1] and told(unit)[0][0] == "red_card"
    yellow = unit.get("/api/v1/notices?ms=1").json["items"][1]
    assert yellow["reason"] == "拖延 138****5678" and yellow["event_name"] == "黄牌" and yellow["title"] == "路灯不亮"
    assert not yellow["read"] and yellow["by"] == "token:chief" and yellow["at_ms"] > 0
    assert unit.get("/api/v1/notices?lang=en").json["items"][0]["event_name"] == "Red card"


def test_what_is_read_stays_read_and_what_comes_after_is_not(work: AtWork) -> None:
    chief, unit = work.of("chief", "supervisor", scope=EAST), work.of("unit", "department", department="水利")
    orders = [dispatched(chief) for _ in range(3)]
    for order in orders:
        act(chief, order, "urge")
    before = unit.get("/api/v1/notices").json
    assert before["unread"] == 3 and [item["read"] for item in before["items"]] == [False] * 3
    one = before["items"][1]["id"]
    assert unit.post("/api/v1/notices/read", json={"ids": [one, "f" * 32]}).json == {"unread": 2}
    act(chief, orders[0], "urge")
    assert unit.post("/api/v1/notices/read", json={"upto": before["cursor"]}).json == {"unread": 1}
    after = unit.get("/api/v1/notices", query_string={"since": before["cursor"]}).json
    assert [(item["order"], item["read"]) for item in after["items"]] == [(orders[0], False)]
    assert [item["read"] for item in unit.get("/api/v1/notices").json["items"]] == [False, True, True, True]
    assert unit.get("/api/v1/notices?limit=0").json["items"] == [] and unit.get("/api/v1/notices?limit=0").json["unread"] == 1
    another = work.of("another", "department", department="水利")  # marks are a person's, not a department's
    assert another.get("/api/v1/notices").json["unread"] == 4


@pytest.mark.parametrize("query", ["since=soon", "since=0:1", "since=0:a-1", "limit=-1", "limit=201", "limit=x"])
def test_a_question_that_cannot_be_is_refused(work: AtWork, query: str) -> None:
    who = work.of("x", "supervisor", scope=EAST)
    assert who.get(f"/api/v1/notices?{query}").status_code == 400


@pytest.mark.parametrize("body", [None, [], {"ids": "x"}, {"ids": [1]}, {"ids": ["x"] * 201}, {"upto": "x"},
                                  {"upto": "0:9999999999999-0"}])  # fmt: skip
def test_a_mark_that_cannot_be_is_refused(work: AtWork, body: Any) -> None:
    who = work.of("x", "supervisor", scope=EAST)
    assert who.post("/api/v1/notices/read", json=body).status_code == 400


def test_an_order_that_has_gone_to_another_department_is_not_told_of_any_more(work: AtWork) -> None:
    chief, unit = work.of("chief", "supervisor", scope=EAST), work.of("unit", "department", department="水利")
    order = dispatched(chief)
    act(chief, order, "urge")
    assert told(unit) == [("urge", order)]
    assert act(unit, order, "return", reason="不属本部门").status_code == 200
    assert act(chief, order, "dispatch", department="城管").status_code == 200
    wait_for(lambda: work.hall.orders[order].department == "城管")
    assert told(unit) == [] and unit.get("/api/v1/notices").json["unread"] == 0


def test_a_worker_hears_what_came_of_what_he_reported(work: AtWork) -> None:
    worker, chief = work.of("w", "worker", worker="W1", scope=f"{EAST}01"), work.of("chief", "supervisor", scope=EAST)
    order = report(worker, region=f"{EAST}01")
    assert act(chief, order, "refuse", reason="不属网格事项").status_code == 200
    (item,) = worker.get("/api/v1/notices").json["items"]
    assert (item["event"], item["event_name"], item["reason"]) == ("ended", "办结告知", "不属网格事项")


def test_a_web_process_that_starts_later_knows_what_was_told_before(work: AtWork, settings: Settings) -> None:
    chief, unit = work.of("chief", "supervisor", scope=EAST), work.of("unit", "department", department="水利")
    order = dispatched(chief)
    act(chief, order, "urge")
    assert told(unit) == [("urge", order)]
    book._books.clear()
    assert told(unit) == [("urge", order)]


@pytest.fixture
def hooked(city: City) -> Iterator[tuple[City, Receiver]]:
    """The city with a gateway for its reporters."""
    receiver, before = Receiver(), city.notices
    ended = Rule(events=frozenset({"ended"}), reporter=True, webhook="sms")
    city.notices = Notices(rules=(*before.rules, ended), webhooks={"sms": Webhook(url=receiver.url)})
    yield city, receiver
    city.notices = before
    receiver.end()


def test_an_order_shows_what_was_told_outside_and_what_came_of_it(
    hooked: tuple[City, Receiver], store: Store, settings: Settings
) -> None:
    city, receiver = hooked
    with at_work(store, city, settings) as work:
        chief, admin = work.of("chief", "supervisor", scope=EAST), work.of("admin", "administrator")
        order = report(chief, region=EAST, title="路灯不亮", person="李明", phone="13812345678")
        assert act(chief, order, "refuse", reason="不属网格事项").status_code == 200
        asked = lambda: chief.get(f"/api/v1/orders/{order}?ms=1").json["notices"]  # noqa: E731
        (waits,) = asked()
        assert (waits["state"], waits["state_name"], waits["event_name"], waits["tries"]) == ("waiting", "待送", "办结告知", 0)
        assert 'gridhall_notices_waiting{webhook="sms"} 1.0' in admin.get("/metrics").text
        stop = threading.Event()
        courier = threading.Thread(target=Courier(store, city, {"sms": (SECRET,)}).run, args=(stop,))
        courier.start()
        wait_for(lambda: asked()[0]["state"] == "delivered")
        stop.set()
        courier.join(10)
        (done,) = asked()
        assert (done["state_name"], done["webhook"], done["reporter"], done["tries"]) == ("已送达", "sms", True, 1)
        assert receiver.bodies[0]["reporter"]["phone"] == "13812345678"
        page = chief.get(f"/api/v1/orders/{order}").text
        assert "13812345678" not in page and "李明" not in page
        assert 'gridhall_notices_total{outcome="delivered",webhook="sms"} 1.0' in admin.get("/metrics").text
        lines = [line for line in work.log() if line.what == "notice_sent"]
        assert [(line.subject, line.detail["event"]) for line in lines] == [(order, "ended")]
