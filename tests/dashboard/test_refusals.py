"""Who comes with a token, what nobody gets by asking for it, and how refusals are told without end and without harm."""

import socket as sockets
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard import auditwriter
from dashboard.answers import MOST_WAITING, Answers
from domain.states import Outcome
from store import people
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, act, at_work, new_id, report, wait_for
from tests.dashboard.forms import HTML, enter, path_of, raw, told
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import bearer
from tests.dashboard.screens import Screen


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


# a wall's link and other tokens


def test_a_wall_enters_by_its_link_and_leaves_with_its_token(work: AtWork) -> None:
    secret = bearer(work.store, "hall", "wall", scope=EAST)["Authorization"].split()[1]
    client, answer = enter(work, secret)
    assert answer.status_code == 200 and answer.json["person"]["home"] == "/wall"
    assert client.get("/wall", headers=HTML).status_code == 200 and client.get("/api/v1/orders").status_code == 200
    days_ms = 40 * 86_400_000
    begun_ms = work.hall.now_ms()
    work.hall.now_ms = lambda: begun_ms + days_ms
    assert client.get("/api/v1/me").json["name"] == "token:hall"  # it hangs there for ever
    assert path_of(client.get("/password", headers=HTML)) == "/account"
    assert words("zh")["door.new_password"] not in client.get("/account", headers=HTML).text
    assert people.remove_token(work.store, "hall")
    assert client.get("/api/v1/me").status_code == 401
    assert enter(work, secret)[1].status_code == 403 and enter(work, "")[1].status_code == 403
    assert told(work, "login", "login_refused") == [("login_refused", "-")] * 2 + [("login", "token:hall")]
    assert work.client().post("/api/v1/enter", json={"token": secret}).status_code == 400


def test_a_wall_can_do_nothing(work: AtWork) -> None:
    chief, wall = work.of("c", "duty_chief", scope=EAST), work.of("hall", "wall", scope=EAST)
    order = report(chief, region=EAST, text="灯", person="梁小明", phone="13812345678")
    for action, fields in (("accept", {}), ("note", {"note": "x"}), ("void", {"reason": "x"}), ("urge", {})):
        answer = act(wall, order, action, **fields)
        assert (answer.status_code, answer.json["reason"]) == (409, "not_your_role"), action
    assert wall.post("/api/v1/reports", json={"id": new_id(), "fields": {"text": "x", "region": EAST}}).status_code == 403
    assert wall.put(f"/api/v1/files/{new_id()}", data=b"x", headers={"Content-Type": "image/png"}).status_code == 403
    assert (
        wall.post("/api/v1/positions", json=[]).status_code == 403
        and wall.post(f"/api/v1/orders/{order}/reveal").status_code == 403
    )
    page = wall.get(f"/api/v1/orders/{order}")
    assert (
        [one for one in page.json["actions"] if one["may"]] == [] and "13812345678" not in page.text and "小明" not in page.text
    )
    kinds = [what for what, who in told(work, "refused", "action_refused") if who == "token:hall"]
    assert sorted(kinds) == ["action_refused"] * 4 + ["refused"] * 4


def test_nobody_chooses_his_role_scope_or_name_by_a_body(work: AtWork) -> None:
    worker = work.of("phone", "worker", scope=f"{EAST}01", worker="W1")
    chief = work.of("c", "duty_chief", scope=EAST)
    order = report(chief, region=f"{EAST}01")
    body = {"id": new_id(), "action": "accept", "fields": {}, "role": "rule", "actor": "c", "also": ["duty_chief"],
            "scope": EAST, "department": "D1", "source": "x", "received_at_ms": 1}  # fmt: skip
    answer = worker.post(f"/api/v1/orders/{order}/actions", json=body)
    assert answer.json["reason"] == "not_your_role"
    for field in ("actor", "role", "scope", "holder", "reporter", "route", "lead"):
        body = {"id": new_id(), "fields": {"text": "x", field: "rule"}}
        assert worker.post("/api/v1/reports", json=body).status_code == 400
    (line,) = [line for line in work.log() if line.what == "action_refused"]
    assert (line.who, line.detail["role"]) == ("W1", "worker")


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 5, True, "\ud800", "x" * 4001, 10**30])
def test_no_value_of_a_field_stops_the_projector(work: AtWork, value: Any) -> None:
    chief = work.of("c", "duty_chief", scope=EAST)
    order = report(chief, region=EAST)
    body = {"id": new_id(), "action": "note", "fields": {"note": value}}
    answer = raw(chief, f"/api/v1/orders/{order}/actions", body)
    assert answer.status_code == (200 if isinstance(value, str) and len(value) < 100 else 400), answer.text
    for fields in ({"lon": value, "lat": 2**53}, {"lon": 10**400, "lat": 0}, {"lon": float("nan"), "lat": 0}, {"urgent": 1}):
        body = {"id": new_id(), "fields": {"text": "x", "region": EAST, **fields}}
        assert raw(chief, "/api/v1/reports", body).status_code == 400, fields
    items = [
        dict.fromkeys(("order", "id", "action"), "\ud800"),
        None,
        dict.fromkeys(("order", "id", "action", "fields"), value),
    ]
    assert raw(chief, "/api/v1/actions", {"items": items}).status_code == 200
    assert act(chief, order, "accept").status_code == 200


def test_at_a_desk_nobody_dates_back_what_he_does(work: AtWork) -> None:
    chief, worker = work.of("c", "duty_chief", scope=EAST), work.of("phone", "worker", scope=f"{EAST}01", worker="W1")
    now_ms = work.hall.now_ms()
    for who, back in ((chief, False), (worker, True)):
        body = {"id": new_id(), "fields": {"text": "灯", "region": f"{EAST}01"}, "at_ms": now_ms - 3_600_000}
        order = who.post("/api/v1/reports", json=body).json["order"]
        reported_ms = work.store.row("order", order).reported_at_ms  # type: ignore[union-attr]
        assert (reported_ms == now_ms - 3_600_000) is back
        assert reported_ms <= work.hall.now_ms()


def test_where_no_answers_come_only_so_many_wait_for_one() -> None:
    answers = Answers()
    threads = [threading.Thread(target=answers.wait, args=("o", str(n), 60.0)) for n in range(MOST_WAITING)]
    for thread in threads:
        thread.start()
    while answers._waiting < MOST_WAITING:
        time.sleep(0.01)
    begun_s = time.monotonic()
    for number in range(5):
        assert answers.wait("o", f"late {number}", 60.0) is None
    assert time.monotonic() - begun_s < 30 and answers._waiting == MOST_WAITING
    answers.put(
        Outcome(serial=n + 1, id=str(n), order="o", action="note", actor="a", at_ms=1, done=True, status="")
        for n in range(MOST_WAITING)
    )
    for thread in threads:
        thread.join()
    assert answers._waiting == 0


# what is refused is told


def test_a_flood_of_refusals_stays_small_and_its_number_is_told(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditwriter, "REFUSALS_A_MINUTE", 5)
    clock = [1000.0]
    meter = auditwriter.Meter(5, lambda: clock[0])
    passed = [meter.passes("east") for _ in range(50)]
    assert [one is not None for one in passed] == [True] * 5 + [False] * 45 and "flood" in passed[4]  # type: ignore[operator]
    assert meter.passes("west") == {}
    clock[0] += 60
    assert [meter.passes("east") for _ in range(2)] == [{"untold": 45}, {}]
    for n in range(auditwriter.MOST_METERED + 50):
        meter.passes(f"somebody {n}")
    clock[0] += 60
    meter.passes("x")
    assert len(meter._seen) < 10


def test_a_secret_that_nobody_knows_is_told_and_not_without_end(work: AtWork) -> None:
    client = work.client("Bearer gh_forged")
    for _ in range(20):
        assert client.get("/api/v1/orders").status_code == 401
    lines = [line for line in work.log() if line.what == "login_refused"]
    assert len(lines) == auditwriter.UNKNOWN_A_MINUTE and {line.who for line in lines} == {"-"}
    assert "gh_forged" not in str(lines) and lines[-1].detail == {"reason": "token", "path": "/api/v1/orders"}


def test_odd_texts_of_strangers_do_not_stop_the_log(work: AtWork) -> None:
    token = bearer(work.store, "east", "supervisor", scope=EAST)["Authorization"]
    browser = Browser(work.port, bearer=token)
    for region in ("\ud800", "a\nb", "x" * 64):
        browser.emit("watch", Screen().watch(region))
        assert browser.next(10)[0] == "error"
    cursors = {"worker": [work.hall.epoch, work.hall.worker_table.version, f"zh:{WEST}:\ud800"]}
    browser.emit("watch", Screen().watch() | {"cursors": cursors})
    message = browser.frame(10)
    browser.ack({"seq": message["seq"], "cursors": cursors})  # a forged cursor in an answer, outside any request
    wait_for(lambda: len([line for line in work.log() if line.subject.startswith("live ")]) >= 4)
    subjects = {line.subject for line in work.log() if line.what == "refused"}
    assert subjects == {"live watch", "live cursor"} and "\n" not in str([line.detail for line in work.log()])
    browser.close()


# methods that nobody thinks of


def test_heads_and_options_tell_no_more_than_gets(work: AtWork) -> None:
    client, stranger = work.of("east", "supervisor", scope=EAST), work.client()
    for path in ("/api/v1/orders", "/desk", "/account", "/metrics", "/api/v1/audit"):
        for method in ("head", "options", "trace"):
            assert getattr(stranger, method)(path).status_code in (401, 405), (method, path)
            assert getattr(client, method)(path).status_code in (200, 403, 405), (method, path)
    assert client.head("/metrics").status_code == 403


def test_strangers_do_not_keep_the_screens_out(work: AtWork) -> None:
    """Sockets that nobody has logged in on are few and short: the others' places stay free."""
    held = []
    for _ in range(12):
        plain = sockets.create_connection(("127.0.0.1", work.port), timeout=5)
        plain.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{work.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        held.append((plain, plain.recv(64).split(b" ")[1]))
    assert [status for _, status in held].count(b"101") == 4 and [status for _, status in held].count(b"503") == 8
    browser = Browser(work.port, bearer=bearer(work.store, "east", "supervisor", scope=EAST)["Authorization"])
    browser.emit("watch", Screen().watch())
    assert browser.frame(10)["frames"] is not None
    browser.close()
    for plain, _ in held:
        plain.close()
