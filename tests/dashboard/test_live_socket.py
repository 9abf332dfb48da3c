"""The live link over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import socketio
import websocket

from config import clock
from dashboard.hall import Hall
from dashboard.live import packets
from dashboard.live.screen import Message
from dashboard.live.session import Sessions
from dashboard.live.shared import SharedFigures
from dashboard.live.socket import Guest
from dashboard.live.websocket import TEXT
from domain.states import Order, Worker
from tests.dashboard.live_server import Browser, LiveServer, live_server
from tests.dashboard.persons import EVERYBODY
from tests.dashboard.screens import Screen, small_city
from tests.dashboard.test_live_wire import said

CITY = small_city()


def hall_of(workers: int = 3) -> Hall:
    hall = Hall(CITY)
    grids = ("a1", "a2", "b1")
    rows: list[tuple[str, Any]] = [
        ("worker", Worker(worker=f"w{n}", version=1, region=grids[n % 3], fixed_at_ms=1, lon=113.0, lat=23.0, received_at_ms=1))
        for n in range(workers)
    ]
    rows.append(("order", Order(order="o1", version=1, status="handling", region="a1")))
    hall.apply(rows, 1)
    hall.ready.set()
    return hall


def move(hall: Hall, name: str, version: int, **fields: Any) -> None:
    hall.apply([("worker", Worker(worker=name, version=version, fixed_at_ms=version, **fields))], 1)


@pytest.fixture
def served() -> Iterator[LiveServer]:
    with live_server(hall_of()) as server:
        yield server


def open_screen(server: LiveServer, screen: Screen, region: str = "") -> Browser:
    browser = Browser(server.port)
    browser.emit("watch", screen.watch(region))
    return browser


def read(browser: Browser, screen: Screen, timeout_s: float = 5.0) -> dict[str, Any]:
    message = browser.frame(timeout_s)
    browser.ack(screen.take(message))
    return message


def quiet(browser: Browser, for_s: float = 0.4) -> bool:
    try:
        browser.next(for_s)
    except websocket.WebSocketTimeoutException:
        return True
    return False


def wait_for(what: Any, within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_screen_gets_a_snapshot_and_then_only_what_changes(served: LiveServer) -> None:
    screen = Screen()
    browser = open_screen(served, screen)
    first = read(browser, screen)
    assert set(screen.tables["worker"].by_id()) == {"w0", "w1", "w2"}
    assert set(screen.tables["order"].by_id()) == {"o1"}
    assert first["ready"] and first["lag_ms"] > 0 and first["seq"] == 1
    assert quiet(browser)
    move(served.hall, "w1", 2, region="a2", lon=1.0)
    second = read(browser, screen)
    assert len(second["frames"]) == 1
    assert screen.tables["worker"].by_id()["w1"]["lon"] == 10_000_000
    assert screen.resets == 3


def test_the_client_of_the_browsers_protocol_is_served_too(served: LiveServer) -> None:
    screen, client = Screen(), socketio.Client(reconnection=False)
    client.on("frame", screen.take, namespace="/live")
    client.connect(f"http://127.0.0.1:{served.port}", namespaces=["/live"], transports=["websocket"])
    try:
        client.emit("watch", screen.watch(), namespace="/live")
        wait_for(lambda: len(screen.tables["worker"].rows) == 3)
        move(served.hall, "w9", 1, region="b1")
        wait_for(lambda: len(screen.tables["worker"].rows) == 4)
        move(served.hall, "w9", 2, region="a1")
        wait_for(lambda: screen.tables["worker"].by_id()["w9"]["region"] == "a1")
    finally:
        client.disconnect()
    wait_for(lambda: len(served.sessions) == 0)


def test_a_screen_that_changes_its_region_is_told_who_comes_and_who_goes(served: LiveServer) -> None:
    screen = Screen()
    browser = open_screen(served, screen, "a")
    read(browser, screen)
    assert set(screen.tables["worker"].by_id()) == {"w0", "w1"}
    browser.emit("watch", screen.watch("b"))
    read(browser, screen)
    assert set(screen.tables["worker"].by_id()) == {"w2"}
    assert not screen.tables["order"].rows
    assert screen.resets == 3, "a change of region is no reason to send all anew"


def test_an_unknown_region_is_refused_and_the_screen_lives_on(served: LiveServer) -> None:
    screen = Screen()
    browser = open_screen(served, screen, "atlantis")
    assert browser.next() == ("error", {"code": "unknown_region", "detail": "atlantis"})
    browser.emit("watch", screen.watch("a"))
    read(browser, screen)
    assert len(screen.tables["worker"].rows) == 2


@pytest.mark.parametrize(
    "message",
    [
        None,
        7,
        [],
        {"region": 5},
        {"region": "x" * 65},
        {"from": "yesterday"},
        {"from": -1},
        {"from": 2, "to": 1},
        {"period": "fortnight"},
        {"lang": "fr"},
        {"tables": ["worker", "secrets"]},
        {"tables": ["worker"] * 4},
        {"cursors": {"worker": [1, 2, 3, 4]}},
        {"cursors": {"other": ["e", 1]}},
    ],
)
def test_a_bad_wish_is_refused_and_counted(served: LiveServer, message: object) -> None:
    browser = Browser(served.port)
    browser.emit("watch", message)
    event, data = browser.next()
    assert (event, data["code"]) == ("error", "bad_watch")
    assert served.sessions.counts["refused"] == 1


def test_a_cursor_from_nowhere_gets_a_snapshot(served: LiveServer) -> None:
    for cursor in (
        ["other", 5],
        [served.hall.epoch, 10**9],
        [served.hall.epoch, 2],
        [served.hall.epoch, 2, "zh:atlantis"],
        [],
        None,
    ):
        screen = Screen()
        browser = Browser(served.port)
        browser.emit("watch", {"cursors": {"worker": cursor}})
        read(browser, screen)
        assert len(screen.tables["worker"].rows) == 3
        browser.close()


def test_a_large_message_ends_the_connection(served: LiveServer) -> None:
    browser = Browser(served.port)
    browser.emit("watch", {"region": "x" * 100_000})
    with pytest.raises((websocket.WebSocketException, ConnectionError)):
        while True:
            browser.socket.recv_frame()
            if not browser.socket.connected:
                raise ConnectionError
    wait_for(lambda: len(served.sessions) == 0)


def test_a_reconnecting_screen_gets_what_it_missed(served: LiveServer) -> None:
    screen = Screen()
    browser = open_screen(served, screen, "a")
    read(browser, screen)
    browser.close()
    move(served.hall, "w1", 2, region="b1")
    move(served.hall, "w3", 1, region="a2")
    browser = open_screen(served, screen, "a")
    message = read(browser, screen)
    assert set(screen.tables["worker"].by_id()) == {"w0", "w3"}
    assert screen.resets == 3 and len(message["frames"]) == 1


def test_after_a_restart_of_the_web_process_a_screen_gets_everything_anew() -> None:
    screen = Screen()
    with live_server(hall_of(3)) as server:
        browser = open_screen(server, screen)
        read(browser, screen)
        port = server.port
    with pytest.raises((websocket.WebSocketException, OSError)):
        browser.frame(1.0)
    with live_server(hall_of(2), port=port) as server:
        browser = open_screen(server, screen)
        read(browser, screen)
        assert set(screen.tables["worker"].by_id()) == {"w0", "w1"}
        assert screen.resets == 6


def test_a_screen_that_never_acknowledges_holds_one_message_and_delays_nobody() -> None:
    hall = hall_of(5000)
    with live_server(hall) as server:
        slow = [open_screen(server, Screen()) for _ in range(3)]
        screen = Screen()
        browser = open_screen(server, screen)
        read(browser, screen)
        longest_s = 0.0
        for version in range(2, 22):
            start = time.monotonic()
            move(hall, "w0", version, lon=1.0 + version, region="a1")
            read(browser, screen)
            longest_s = max(longest_s, time.monotonic() - start)
        assert screen.tables["worker"].by_id()["w0"]["fixed_s"] == 0
        assert longest_s < 1.0
        assert server.queued() <= 2 * len(slow), "each slow screen may have one message under way, no more"
        assert server.sessions.counts["messages"] <= 21 + len(slow)
        for each in slow:
            each.close()


def test_a_screen_without_sign_of_life_is_cut_off(served: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.live.screen.DEAD_AFTER_S", 0.3)
    browser = open_screen(served, Screen())
    browser.frame()
    with pytest.raises((websocket.WebSocketException, OSError)):
        browser.frame(3.0)
    assert served.sessions.counts["dropped"] == 1
    wait_for(lambda: not len(served.links))


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost.evil.example"])
def test_a_page_of_another_origin_is_refused(served: LiveServer, origin: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Browser(served.port, origin=origin)
    assert refused.value.status_code == 403


def test_a_page_of_our_own_is_let_in(served: LiveServer) -> None:
    Browser(served.port, origin=f"http://127.0.0.1:{served.port}").close()


def test_a_name_that_only_resolves_to_us_is_refused(served: LiveServer) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Browser(served.port, host=f"evil.example:{served.port}", origin=f"http://evil.example:{served.port}")
    assert refused.value.status_code == 403


def test_there_is_no_polling(served: LiveServer) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(f"ws://127.0.0.1:{served.port}/socket.io/?EIO=4&transport=polling", suppress_origin=True)
    assert refused.value.status_code == 400


def test_one_screen_too_many_is_told_to_come_later() -> None:
    with live_server(hall_of(), most=2) as server:
        open_screens = [Browser(server.port), Browser(server.port)]
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Browser(server.port)
        assert refused.value.status_code == 503
        open_screens.pop().close()
        wait_for(lambda: len(server.sessions) == 1)
        wait_for(lambda: can_connect(server.port))


def can_connect(port: int) -> bool:
    try:
        Browser(port).close()
    except websocket.WebSocketBadStatusException:
        return False
    return True


def test_figures_are_sent_when_they_change_and_shared_between_screens() -> None:
    hall, asked = hall_of(), []

    def compute(key: Any) -> dict[str, Any]:
        asked.append(key)
        return {"as_of_ms": clock.now_s(), "workers": len(hall.workers), "region": key.region}

    with live_server(hall, SharedFigures(compute, lambda: hall.version)) as server:
        screens = [Screen(), Screen()]
        browsers = [open_screen(server, screen, "a") for screen in screens]
        for browser, screen in zip(browsers, screens, strict=True):
            while screen.figures is None:
                read(browser, screen)
            assert screen.figures["workers"] == 3 and screen.figures["region"] == "a"
        assert len(asked) == 1
        assert quiet(browsers[0], 1.5), "nothing has changed"
        move(hall, "w7", 1, region="b1")
        for browser, screen in zip(browsers, screens, strict=True):
            while screen.figures["workers"] == 3:
                read(browser, screen)
        assert len(asked) <= 3


def test_stopping_ends_every_connection_at_once() -> None:
    with live_server(hall_of()) as server:
        browsers = [open_screen(server, Screen()) for _ in range(3)]
        for browser in browsers:
            browser.frame()
        start = time.monotonic()
        server.sessions.stop()
        for browser in browsers:
            with pytest.raises((websocket.WebSocketException, OSError)):
                browser.frame(3.0)
        assert time.monotonic() - start < 3.0  # one wait would be as much


def test_screens_that_are_equally_far_are_told_one_message_made_once() -> None:
    hall, now_s = hall_of(), [0.0]
    told: dict[str, list[Message]] = {}
    sessions = Sessions(hall, lambda sid, message: told.setdefault(sid, []).append(message), told.pop, clock_s=lambda: now_s[0])
    sessions._start = lambda: None  # type: ignore[method-assign]  # here the test ticks
    screens = {f"s{n}": Screen() for n in range(8)}
    for sid, screen in screens.items():
        sessions.join(sid, EVERYBODY, lambda: EVERYBODY)
        sessions.watch(sid, screen.watch())
    for version in range(2, 5):
        now_s[0] += 1.0
        sessions.tick()
        assert {len(messages) for messages in told.values()} == {version - 1}
        assert len({id(messages[-1]) for messages in told.values()}) == 1, "made anew for each screen"
        for sid, screen in screens.items():
            sessions.ack(sid, screen.take(told[sid][-1]))
        move(hall, "w0", version, region="a1")


def test_a_message_is_written_once_for_all_who_are_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    pack = packets.event_with_bytes

    def counted(name: str, data: dict[str, Any], among: str, ack: int) -> bytes:
        written.append(ack)
        return pack(name, data, among, ack)

    monkeypatch.setattr(packets, "event_with_bytes", counted)
    hall = hall_of()
    with live_server(hall, frames_per_s=4) as server:
        screens = [Screen() for _ in range(8)]
        browsers = [open_screen(server, screen) for screen in screens]
        for version in range(2, 5):
            for browser, screen in zip(browsers, screens, strict=True):
                while screen.tables["worker"].version < hall.worker_table.version:
                    read(browser, screen)
            move(hall, "w0", version, region="a1")
        assert len(written) == len(set(written)), "written anew for each screen"


def test_a_screen_tells_how_it_is_and_the_list_of_screens_says_so(served: LiveServer) -> None:
    screen = Screen()
    browser = open_screen(served, screen, "a")
    read(browser, screen)
    browser.emit("health", {"scene": "overview", "width": 1920, "fps": 59.5, "skew_ms": -40})
    browser.emit("health", {"scene": "sooner than it is listened to"})
    wait_for(lambda: served.sessions.screens()[0]["health"])
    found = served.sessions.screens()[0]
    assert (found["name"], found["region"], found["frames"], found["in_flight"]) == ("everybody", "a", 1, False)
    assert found["health"]["scene"] == "overview" and found["health"]["heap_mb"] is None
    assert found["bytes"] > 100 and found["acked_ms"] >= found["connected_ms"] > 0 and found["address"] == "127.0.0.1"


def test_three_hundred_screens_keep_no_thread_of_the_loop_and_all_are_served() -> None:
    hall, before = hall_of(), threading.active_count()
    with live_server(hall, most=400) as server:
        pairs = [socket.socketpair() for _ in range(300)]
        for ours, _ in pairs:
            guest = Guest(EVERYBODY, lambda: EVERYBODY, "", "", "")
            server.links.adopt(ours, guest, True, lambda _: b"")
        assert threading.active_count() - before < 6
        for _, theirs in pairs:
            theirs.sendall(said(TEXT, b"40/live,") + said(TEXT, b'42/live,["watch",{}]'))
        wait_for(lambda: server.sessions.counts["messages"] >= 300, 20)
        assert len(server.links) == len(server.sessions) == 300
        for _, theirs in pairs:
            theirs.close()
        wait_for(lambda: not len(server.links) and not len(server.sessions))


def test_who_asks_without_reading_the_answers_is_cut(served: LiveServer) -> None:
    browser = Browser(served.port)
    with pytest.raises((websocket.WebSocketException, OSError)):
        for _ in range(200_000):
            browser.emit("watch", {"region": "atlantis" * 8})
    wait_for(lambda: not len(served.links))


def test_a_page_that_does_not_know_its_figures_yet_is_sent_the_rows_only() -> None:
    hall, asked = hall_of(), []

    def compute(key: Any) -> dict[str, Any]:
        asked.append(key)
        return {"as_of_ms": 7, "workers": len(hall.workers)}

    with live_server(hall, SharedFigures(compute, lambda: hall.version)) as server:
        screen, browser = Screen(), Browser(server.port)
        browser.emit("watch", screen.watch() | {"figures": False})
        first = read(browser, screen)
        assert len(screen.tables["worker"].rows) == 3 and first["as_of_ms"] is None
        move(hall, "w1", 2, region="a2")
        read(browser, screen)
        assert screen.figures is None and asked == []
        browser.emit("watch", screen.watch())
        while screen.figures is None:
            last = read(browser, screen)
        assert last["as_of_ms"] == 7 and screen.resets == 3, "what it has is not sent again"
