"""People act on orders over the API: through the projector and back."""

import threading
from collections.abc import Iterator

import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard import acting
from domain.actions import AFTER_CLOSING, TABLE, TELLS
from domain.facts import CaseStep
from store.store import Store
from tests.dashboard.at_work import EAST, AtWork, act, at_work, new_id, report, wait_for


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def test_a_life_by_the_people_of_a_street_from_report_to_archive(work: AtWork) -> None:
    worker = work.of("phone", "worker", scope=f"{EAST}01", worker="W1")
    seats = {role: work.of(role, role, scope=EAST) for role in ("intake", "duty_chief", "dispatcher", "checker")}
    order = report(worker, lon=113.105, lat=23.005, address="佛平路1号")
    assert order.startswith("440605-") and order.endswith("-0001")
    life = (
        ("intake", "accept", {}), ("duty_chief", "register", {"category": "灯"}), ("dispatcher", "dispatch", {"handler": "W1"}),
        ("worker", "take_up", {}), ("worker", "feedback", {"note": "已换"}), ("worker", "request_close", {}),
        ("checker", "check", {"result": "passed"}), ("duty_chief", "evaluate", {"quality": "好"}), ("duty_chief", "close", {}),
        ("intake", "callback", {"satisfaction": "satisfied"}), ("intake", "archive", {}),
    )  # fmt: skip
    for role, action, fields in life:
        told = act(worker if role == "worker" else seats[role], order, action, **fields)
        assert (told.status_code, told.json["state"]) == (200, "done"), (action, told.text)
    page = seats["intake"].get(f"/api/v1/orders/{order}?ms=1").json
    assert page["order"]["status"] == "archived" and page["order"]["channel"] == "网格员上报"
    assert [step["action"] for step in page["trail"]] == ["report", *(action for _, action, _ in life)]
    assert page["trail"][0]["actor_name"] == "网格员1" and page["life"]["satisfaction"] == "satisfied"
    told = [(line.what, line.who) for line in work.log() if line.subject == order]
    assert len(told) == len(life) + 1 and ("action", "W1") in told


def test_of_two_who_act_at_once_one_wins_and_the_other_is_told_who_did_what(work: AtWork) -> None:
    people = [work.of(f"s{n}", "supervisor", scope=EAST) for n in range(2)]
    order = report(people[0], region=EAST)
    answers = []
    threads = [threading.Thread(target=lambda who=who: answers.append(act(who, order, "accept"))) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json["did"] == "accept" and lost.json["by"] in ("token:s0", "token:s1") and "受理" in lost.json["said"]


def test_the_same_id_sent_again_is_the_same_action(work: AtWork) -> None:
    who = work.of("s", "supervisor", scope=EAST)
    body = {"id": new_id(), "fields": {"text": "灯", "region": EAST}}
    first, again = (who.post("/api/v1/reports", json=body).json for _ in range(2))
    assert first == again
    body = {"id": new_id(), "action": "note", "fields": {"note": "一次"}}
    path = f"/api/v1/orders/{first['order']}/actions"
    assert who.post(path, json=body).json == who.post(path, json=body).json
    assert [step["action"] for step in who.get(f"/api/v1/orders/{first['order']}").json["trail"]] == ["report", "note"]
    assert who.get(f"{path}/{body['id']}").json["state"] == "done"
    assert who.get(f"{path}/{new_id()}").json["state"] == "none"


def test_a_batch_is_judged_one_by_one(work: AtWork) -> None:
    who = work.of("s", "supervisor", scope=EAST)
    orders = [report(who, region=EAST) for _ in range(3)]
    act(who, orders[2], "void", reason="试")
    items = [{"order": order, "id": new_id(), "action": "accept", "fields": {}} for order in (*orders, "nowhere")]
    items.append({"order": orders[0], "id": "short", "action": "accept"})
    told = who.post("/api/v1/actions", json={"items": items}).json["items"]
    assert [one["state"] for one in told] == ["done", "done", "refused", "refused", "refused"]
    assert (told[2]["reason"], told[3]["reason"]) == ("not_in_state", "no_such_order")
    assert who.post("/api/v1/actions", json={"items": []}).status_code == 400


def test_what_cannot_even_be_judged_says_what_would_be_right(work: AtWork) -> None:
    who = work.of("s", "supervisor", scope=EAST)
    order = report(who, region=EAST)
    path = f"/api/v1/orders/{order}/actions"
    for body, word in (
        (None, "JSON"), ({"action": "accept"}, "id"), ({"id": new_id(), "action": "dance"}, "dance"),
        ({"id": new_id(), "action": "accept", "fields": {"holder": "x"}}, "holder"),
        ({"id": new_id(), "action": "report"}, "reports"),
        ({"id": new_id(), "action": "note", "fields": {"note": "x" * 4001}}, "4000"),
        ({"id": new_id(), "action": "note", "fields": {"note": "x", "photos": "0" * 32}}, "photos"),
    ):  # fmt: skip
        answer = who.post(path, json=body)
        assert answer.status_code == 400 and word in answer.json["error"], answer.text
    assert act(who, order, "refuse").json["said"].startswith("未填")
    assert act(who, order, "accept").json["status"] == "accepted"


@pytest.mark.parametrize("at_ms", [2**53 - 1, 4_102_444_800_000, 2_600_000_000_000, -1, 0])  # 287396, 2100, 2052, 1969, 1970
def test_a_deadline_beyond_the_bounds_is_refused_in_words_and_the_order_lives_on(work: AtWork, at_ms: int) -> None:
    who = work.of("s", "supervisor", "duty_chief", scope=EAST)
    order = report(who, region=EAST)
    assert act(who, order, "accept").status_code == 200
    told = act(who, order, "register", category="灯", deadline_at_ms=at_ms)
    assert told.status_code == 409 and told.json["reason"] == "bad_field", told.text
    assert told.json["detail"]["field"] == "deadline_at_ms" and "期限" in told.json["said"]
    if 0 < at_ms < 4_102_444_800_000:
        assert "3,660" in told.json["said"]
    assert act(who, order, "register", category="灯", deadline_at_ms=work.hall.now_ms() + 86_400_000).status_code == 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_field_that_an_action_can_be_refused_for_has_a_word(lang: str) -> None:
    needed = {name for row in (*TABLE, *AFTER_CLOSING) for need in row.needs for name in need.split("|")}
    named = needed.union(*TELLS.values(), ("id", "order", "actor"))
    said = words(lang)
    assert [name for name in sorted(named) if not {f"field.{name}", f"handset.field.{name}"} & said.keys()] == []
    assert all(acting.field_word(said, name) for name in named)


def test_everybody_is_told_what_he_may_do_now_and_why_not_the_rest(work: AtWork) -> None:
    who = work.of("s", "supervisor", scope=EAST)
    order = report(who, region=EAST)
    told = {one["action"]: one for one in who.get(f"/api/v1/orders/{order}").json["actions"]}
    assert told["accept"]["may"] and told["accept"]["role"] == "supervisor"
    assert not told["close"]["may"] and told["close"]["reason"] == "not_in_state" and "上报" in told["close"]["said"]
    assert told["refuse"]["rows"] == [{"choice": "", "to": "not_accepted", "needs": ["reason"], "optional": ["note", "photos"]}]
    assert "report" not in told and "take_up" not in told  # never this role's
    for name, one in told.items():
        if one["may"] and not any(row["needs"] for row in one["rows"]) and name not in ("escalate",):
            assert act(who, order, name).status_code == 200, name
            break


def test_an_order_of_an_outside_system_takes_notes_only(work: AtWork) -> None:
    who = work.of("s", "supervisor", scope=EAST)
    step = CaseStep(source="hotline", received_at_ms=1, order="H1", at_ms=1_783_901_730_000, status="reported", region=EAST)
    work.tell(step)
    refused = act(who, "H1", "accept")
    assert (refused.status_code, refused.json["reason"]) == (409, "owned_by_source")
    assert act(who, "H1", "note", note="已知").status_code == 200
    page = who.get("/api/v1/orders/H1").json
    assert page["life"] is None and [one["action"] for one in page["actions"] if one["may"]] == ["note"]


def test_the_nearest_on_duty_are_proposed_with_distance_load_and_age(work: AtWork) -> None:
    from domain.facts import Position

    now_ms = work.hall.now_ms()
    fixes = [
        Position(source="t", received_at_ms=now_ms, worker=name, fixed_at_ms=now_ms - 2000, lon=lon, lat=23.005, accuracy_m=5.0)
        for name, lon in (("W1", 113.1052), ("W2", 113.107), ("W3", 113.115))
    ]
    work.tell(*fixes)
    who = work.of("s", "supervisor", scope=EAST)
    order = report(who, lon=113.105, lat=23.005)
    act(who, order, "accept")
    act(who, order, "register", category="灯")
    act(who, order, "dispatch", handler="W2")
    found = who.get(f"/api/v1/orders/{order}/nearby").json["workers"]
    assert [one["worker"] for one in found] == ["W1", "W2"]  # W3 is of the other community
    assert [one["open_orders"] for one in found] == [0, 1] and found[0]["distance_m"] < 40 and found[0]["age_s"] < 60


def test_personal_data_is_masked_until_somebody_who_may_asks_which_is_written_down(work: AtWork) -> None:
    chief, leader = work.of("c", "duty_chief", scope=EAST), work.of("l", "leader", scope=EAST)
    told = {"person": "梁小明", "phone": "13812345678", "text": "电话13812345678", "address": "佛平路188号3座502房"}
    order = report(chief, region=EAST, **told)
    wait_for(lambda: order in work.hall.orders)
    for who, address in ((chief, told["address"]), (leader, "佛平路**号**座**房")):
        page = who.get(f"/api/v1/orders/{order}").json
        assert page["order"]["address"] == address and page["order"]["text"] == "电话138****5678"
        assert page["trail"][0]["fields"]["person"] == "梁**" and page["trail"][0]["fields"]["phone"] == "138****5678"
        assert "13812345678" not in who.get(f"/api/v1/orders?text={order}").text
    assert leader.post(f"/api/v1/orders/{order}/reveal").status_code == 403
    assert chief.post(f"/api/v1/orders/{order}/reveal").json["phone"] == "13812345678"
    assert [line.who for line in work.log() if line.what == "view_personal"] == ["token:c"]
