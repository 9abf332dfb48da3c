"""The gateway on real sockets and a real Valkey: what is acknowledged is on disk, what is refused is told and kept."""

import base64
import copy
import json
import socket
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import msgspec
import pytest

from config.city import City
from config.settings import Settings
from domain.facts import CaseStep, FeedStatus, Heartbeat, OrderAction, Position
from ingest.gateway.gate import Gate, refused_too
from ingest.gateway.serve import PortTaken, serve
from ingest.projector import Projector
from ingest.sources import positions
from ingest.sources.base import Context, Decoded
from ingest.sources.jt808 import body, encode, frames
from ingest.sources.jt808.message import Id, Message, parse
from store import sources
from store.store import Store
from tests.running import KEY, Running, free_port

FIX = {"worker": "W1", "fixed_at": "2026-07-13T08:15:30+08:00", "lon": 113.105, "lat": 23.005}
AT_MS = 1_783_901_730_000


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: object) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    yield running
    running.end()


def test_positions_are_on_disk_when_they_are_acknowledged(gateway: Running) -> None:
    answer = gateway.post("/api/v1/positions", [FIX, {**FIX, "lat": 91}, {**FIX, "worker": "phone2"}])
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert [(r["index"], r["reason"].split(":")[0]) for r in answer.json()["rejected"]] == [(1, "lat out of range")]
    found = {fact.worker for fact in gateway.facts() if isinstance(fact, Position)}
    assert found == {"W1", "W2"}  # phone2 is a device of W2
    assert gateway.refused() == {("default", "lat out of range"): 1}
    assert b'"lat":91' in sources.rejects(gateway.store, "default", 5)[0].raw.replace(b" ", b"")


def test_what_a_decoder_lets_through_beyond_its_bounds_is_refused_by_its_place(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the protocol, nothing gets into the store that the store could not give back."""
    real = positions._fact

    def careless(value: dict[str, Any], context: Context, dropped: list[str]) -> Position:
        return msgspec.structs.replace(real({**value, "lon": 113.1}, context, dropped), lon=value["lon"])

    monkeypatch.setattr(positions, "_fact", careless)
    told = [FIX, {**FIX, "lon": 1e9}, {**FIX, "lat": 91}, {**FIX, "worker": "W2"}]
    answer = gateway.post("/api/v1/positions", told).json()
    reasons = [(one["index"], one["reason"].split(":")[0]) for one in answer["rejected"]]
    assert (answer["accepted"], reasons) == (2, [(1, "out of bounds"), (2, "lat out of range")])
    assert [fact.worker for fact in gateway.facts() if isinstance(fact, Position)] == ["W1", "W2"]
    assert gateway.refused()["default", "out of bounds"] == 1


def test_events_and_feeds_are_taken(gateway: Running) -> None:
    event = {"order": "A1", "at": "2026-07-13T08:15:30+08:00", "status": "reported", "source": "12345"}
    feed = {"feed": "F1", "status": "ON", "streams": {"hls": "http://user:secret@10.0.0.1/live.m3u8"}}
    assert gateway.post("/api/v1/events", event).json() == {"accepted": 1, "rejected": []}
    assert gateway.post("/api/v1/feeds", feed).json() == {"accepted": 1, "rejected": []}
    found = gateway.facts()
    assert {type(fact) for fact in found} == {CaseStep, FeedStatus}
    assert not any("secret" in repr(fact) for fact in found)


@pytest.mark.parametrize("path", ["/api/v1/positions", "/api/v1/events", "/api/v1/feeds"])
def test_without_the_right_key_nothing_is_taken(gateway: Running, path: str) -> None:
    wrong = gateway.post(path, FIX, key="another-key-altogether")
    none = gateway.http.post(path, content=b"{}")
    assert (wrong.status_code, none.status_code) == (401, 401)
    assert "Bearer" in wrong.headers["WWW-Authenticate"] and "error" in wrong.json()
    assert gateway.facts() == []
    assert gateway.refused() == {("unknown", "wrong key"): 1, ("unknown", "no key"): 1}


def test_a_body_that_cannot_be_read_or_is_too_large_is_refused_with_its_reason(gateway: Running) -> None:
    assert gateway.post("/api/v1/positions", b"<xml/>").status_code == 400
    large = gateway.post("/api/v1/positions", b"[" + b" " * gateway.settings.max_body_bytes + b"]")
    assert large.status_code == 413 and "smaller" in large.json()["error"]


def test_paths_and_methods_that_there_are_not_are_told_apart(gateway: Running) -> None:
    assert gateway.http.get("/api/v1/nothing").status_code == 404
    assert gateway.http.get("/").status_code == 404
    assert gateway.http.get(f"/osmand/{KEY}/more").status_code == 404
    wrong = gateway.http.get("/api/v1/positions")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert gateway.http.head("/healthz").status_code == 200
    assert gateway.post("/api/v1/positions/", FIX).json()["accepted"] == 1


def test_a_body_in_pieces_of_unknown_number_is_taken_up_to_the_bound(gateway: Running) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    pieces = (piece for piece in (b"[", json.dumps(FIX).encode(), b"]"))
    assert gateway.http.post("/api/v1/positions", content=pieces, headers=headers).json() == {"accepted": 1, "rejected": []}
    endless = (b" " * 65_536 for _ in range(gateway.settings.max_body_bytes // 65_536 + 2))
    assert gateway.http.post("/api/v1/positions", content=endless, headers=headers).status_code == 413
    assert len(gateway.facts()) == 1


def test_osmand_speaks_by_query_form_and_json(gateway: Running) -> None:
    path = f"/osmand/{KEY}"
    query = {"id": "phone1", "lat": "23.005", "lon": "113.105", "timestamp": str(AT_MS // 1000), "speed": "2.32"}
    client = {
        "device_id": "phone2",
        "location": {"timestamp": "2026-07-13T00:15:30Z", "coords": {"latitude": 23.005, "longitude": 113.105, "speed": 1.194}},
    }
    assert gateway.http.get(path, params=query).status_code == 200
    assert gateway.http.post(path, data={**query, "id": "phone3"}).status_code == 200
    assert gateway.http.post(path, json=client).status_code == 200
    found = {fact.worker: fact.speed_mps for fact in gateway.facts() if isinstance(fact, Position)}
    assert found == {w: pytest.approx(1.194, abs=0.001) for w in ("W1", "W2", "W3")}
    assert gateway.http.get(path, params={"lat": "1"}).status_code == 400
    astray = gateway.http.get(path, params={**query, "lat": "95"})  # refused for good: the phone's queue must move on
    assert (astray.status_code, astray.text) == (200, "not taken: lat out of range: 95.0")
    assert gateway.http.get("/osmand/wrong", params=query).status_code == 403


def test_owntracks_speaks_with_its_password(gateway: Running) -> None:
    message = {"_type": "location", "lat": 23.005, "lon": 113.105, "tst": AT_MS // 1000, "tid": "gw", "vel": 4}
    login = base64.b64encode(f"anna:{KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "X-Limit-U": "anna", "X-Limit-D": "phone"}
    assert gateway.http.post("/owntracks", json=message, headers=headers).json() == []
    assert gateway.http.post("/owntracks", content=b"", headers=headers).json() == []
    assert gateway.http.post("/owntracks", content=b"\xff", headers=headers).status_code == 200
    wrong = gateway.http.post("/owntracks", json=message, auth=("anna", "wrong"))
    assert wrong.status_code == 401 and "Basic" in wrong.headers["WWW-Authenticate"]
    (fact,) = gateway.facts()
    assert isinstance(fact, Position) and fact.worker == "anna/phone" and fact.speed_mps == pytest.approx(4 / 3.6)


def test_a_feed_that_cannot_be_read_keeps_no_credentials(gateway: Running) -> None:
    cut = b'{"feed":"F1","streams":{"hls":"http://user:s3cret@10.0.0.1/?token=s3cret"}'
    assert gateway.post("/api/v1/feeds", cut).status_code == 400
    assert gateway.refused() == {("default", "bad JSON"): 1}
    assert b"10.0.0.1" in (kept := sources.rejects(gateway.store, "default", 1)[0].raw) and b"s3cret" not in kept


def test_a_large_batch_of_bad_input_is_counted_to_the_last_one_and_kept_within_bounds(gateway: Running) -> None:
    bad = [{**FIX, "lat": 91}] * 25_000  # more than may wait to be written
    assert gateway.post("/api/v1/positions", bad).json()["accepted"] == 0
    assert gateway.refused() == {("default", "lat out of range"): 25_000}
    assert len(sources.rejects(gateway.store, "default", 5000)) <= gateway.settings.reject_keep


@pytest.mark.parametrize("head", [b"POST /api/v1/positions HTTP/1.1\r\nx: ", b"GET /" + b"a" * 99])
def test_a_head_without_end_is_cut_off(gateway: Running, head: bytes) -> None:
    address = ("127.0.0.1", gateway.settings.gateway_port)
    with socket.create_connection(address, timeout=5) as line, pytest.raises(ConnectionError):
        for n in range(200):
            line.sendall(b"a" * 4096 if n else head)
            time.sleep(0.001)
    assert gateway.post("/api/v1/positions", FIX).status_code == 200


def test_who_sends_no_head_or_no_body_is_not_waited_for_for_ever(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.gateway.http.HEAD_S", 0.3)
    monkeypatch.setattr("ingest.gateway.http.BODY_PAUSE_S", 0.3)
    address = ("127.0.0.1", gateway.settings.gateway_port)
    with socket.create_connection(address, timeout=5) as silent, socket.create_connection(address, timeout=5) as slow:
        slow.sendall(f"POST /api/v1/positions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
                     "Content-Length: 100\r\n\r\n{".encode())  # fmt: skip
        assert silent.recv(10) == b""
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


class Terminal:
    """A JT/T 808 terminal on a real socket."""

    def __init__(self, gateway: Running, phone: str = "13800138001") -> None:
        self.phone, self.serial, self.rest = phone, 0, b""
        self.socket = socket.create_connection(("127.0.0.1", gateway.settings.jt808_port), timeout=5)

    def say(self, message_id: int, content: bytes = b"") -> None:
        self.serial += 1
        self.socket.sendall(encode.frame(message_id, self.phone, self.serial, content, 2019))

    def hear(self) -> Message:
        while True:
            found, self.rest = frames.split(self.rest)
            if found:
                self.rest = b"".join(found[1:]) + self.rest
                return parse(found[0])
            data = self.socket.recv(4096)
            assert data
            self.rest += data

    def log_in(self) -> bytes:
        self.say(Id.REGISTER, encode.registration(2019, terminal="T1", plate="粤E00001"))
        _, result, code = body.registered(self.hear().body)
        assert result == 0
        self.say(Id.AUTHENTICATE, encode.authentication(2019, code))
        return self.hear().body


def test_a_terminal_registers_authenticates_and_reports(gateway: Running) -> None:
    terminal = Terminal(gateway)
    assert terminal.log_in()[-1] == 0
    terminal.say(Id.LOCATION, encode.location(113.105, 23.005, AT_MS, speed_mps=1.2))
    answer = terminal.hear()
    assert answer.id == Id.PLATFORM_ANSWER and answer.body[-1] == 0
    found = gateway.facts()
    assert [fact.worker for fact in found if isinstance(fact, Position)] == ["W1"]
    assert any(isinstance(fact, Heartbeat) for fact in found)


def test_a_stranger_may_not_register_and_a_wrong_code_fails(gateway: Running) -> None:
    stranger = Terminal(gateway, "13999999999")
    stranger.say(Id.REGISTER, encode.registration(2019, terminal="T9", plate=""))
    assert body.registered(stranger.hear().body)[1] == 4  # no such terminal
    stranger.say(Id.LOCATION, encode.location(113.105, 23.005, AT_MS))
    assert stranger.hear().body[-1] == 1
    terminal = Terminal(gateway)
    terminal.say(Id.AUTHENTICATE, encode.authentication(2019, "wrong"))
    assert terminal.hear().body[-1] == 1
    assert not [fact for fact in gateway.facts() if isinstance(fact, Position)]


def test_a_terminal_that_came_with_the_key_of_a_source_leaves_with_it(gateway: Running) -> None:
    key = sources.new_key()
    sources.add_source(gateway.store, "trucks", key, AT_MS)
    terminal = Terminal(gateway)
    for _ in range(40):  # keys are read anew every two seconds
        terminal.say(Id.AUTHENTICATE, encode.authentication(2019, key))
        if terminal.hear().body[-1] == 0:
            break
        time.sleep(0.1)
    terminal.say(Id.LOCATION, encode.location(113.105, 23.005, AT_MS))
    assert terminal.hear().body[-1] == 0
    sources.remove_source(gateway.store, "trucks")
    with pytest.raises((AssertionError, ConnectionError)):  # the line is closed
        for second in range(1, 40):
            terminal.say(Id.LOCATION, encode.location(113.105, 23.005, AT_MS + second * 1000))
            terminal.hear()
            time.sleep(0.1)


def test_a_terminal_that_does_not_read_is_cut_off_and_holds_up_no_other(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.gateway.jt808.DRAIN_S", 0.5)
    deaf = Terminal(gateway)
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    asked = encode.frame(Id.ASK_TIME, deaf.phone, 1, b"", 2019) * 2000
    with pytest.raises((ConnectionError, TimeoutError)):
        for _ in range(2000):
            deaf.socket.sendall(asked)
    assert Terminal(gateway).log_in()[-1] == 0


def test_a_terminal_that_falls_silent_is_cut_off(
    settings: Settings, city: City, store: Store, valkey: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.gateway.jt808.IDLE_S", 0.3)
    monkeypatch.setattr("ingest.gateway.jt808.TICK_S", 0.1)
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    try:
        terminal = Terminal(running)
        assert terminal.log_in()[-1] == 0
        with pytest.raises((AssertionError, ConnectionError)):
            terminal.hear()
    finally:
        running.end()


def test_a_port_that_is_taken_is_named(gateway: Running, city: City, store: Store, valkey: object) -> None:
    with pytest.raises(PortTaken, match=f"{gateway.settings.gateway_port}.*GRIDHALL_GATEWAY_PORT"):
        serve(gateway.settings, city, store, valkey.url, Event(), {})  # type: ignore[attr-defined]


def test_what_breaks_inside_the_gateway_ends_it_so_that_it_is_started_anew(
    settings: Settings, city: City, store: Store, valkey: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_gate: Gate) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Gate, "run", broken)
    free = msgspec.structs.replace(settings, gateway_port=free_port(), jt808_port=-1)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        serve(free, city, store, valkey.url, Event(), {})  # type: ignore[attr-defined]


def test_where_strangers_are_refused_a_message_let_go_before_a_bad_one_harms_nothing(
    settings: Settings, city: City, store: Store, valkey: object
) -> None:
    strict = copy.copy(city)
    strict.limits = msgspec.structs.replace(city.limits, unrostered="refuse")
    running = Running(settings, strict, store, valkey.url)  # type: ignore[attr-defined]
    try:
        messages = [{"_type": "status"}, {"_type": "steps"}, {"_type": "location", "lat": 99, "lon": 1, "tst": 1}]
        assert running.http.post(f"/owntracks/{KEY}", json=messages).status_code == 200
    finally:
        running.end()


def test_a_fact_refused_behind_its_decoder_is_kept_as_json_if_it_has_any() -> None:
    fix = Position(source="s", received_at_ms=AT_MS, worker="W99", fixed_at_ms=AT_MS, lon=113.1, lat=23.0)
    odd = msgspec.structs.replace(fix, worker="\ud800")
    found = refused_too(Decoded((fix, odd, fix)), ["no such worker", "no text", ""])
    assert found.facts == (fix,)
    assert [(one.index, one.reason) for one in found.rejects] == [(0, "no such worker"), (1, "no text")]
    assert msgspec.json.decode(found.rejects[0].raw, type=Position) == fix
    assert found.rejects[1].raw.startswith(b"Position(") and b"\\ud800" in found.rejects[1].raw


def test_a_store_that_is_full_or_gone_makes_devices_keep_their_fixes(gateway: Running) -> None:
    terminal = Terminal(gateway)
    terminal.log_in()
    gateway.store.client.config_set("maxmemory", "1")
    try:
        busy = gateway.post("/api/v1/positions", FIX)
        assert busy.status_code == 503 and busy.headers["Retry-After"] == "5"
        assert gateway.http.get(f"/osmand/{KEY}", params={"id": "x", "lat": "1", "lon": "1"}).status_code == 503
        terminal.say(Id.LOCATION, encode.location(113.105, 23.005, AT_MS))
        terminal.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            terminal.hear()
    finally:
        gateway.store.client.config_set("maxmemory", "0")
    assert gateway.post("/api/v1/positions", FIX).status_code == 200


def test_a_key_taken_away_is_refused_soon(gateway: Running) -> None:
    assert gateway.post("/api/v1/positions", FIX).status_code == 200
    sources.remove_source(gateway.store, "default")
    for _ in range(40):
        if gateway.post("/api/v1/positions", FIX).status_code == 401:
            return
        time.sleep(0.1)
    raise AssertionError("the key is still valid")


def test_what_was_left_out_of_a_fact_is_told_counted_and_shown_once(gateway: Running) -> None:
    unknown = {**FIX, "speed_mps": -1}
    told = gateway.post("/api/v1/positions", [unknown, FIX, {**unknown, "battery_pct": "full"}]).json()
    assert (told["accepted"], told["rejected"]) == (3, [])
    speed = "speed_mps out of range: -1"
    assert told["dropped"] == [
        {"index": 0, "reason": speed}, {"index": 2, "reason": speed}, {"index": 2, "reason": "battery_pct not a number: full"},
    ]  # fmt: skip
    assert gateway.refused() == {}
    left_out = sources.count_dropped(gateway.store)
    assert left_out == {("default", "speed_mps out of range"): 2, ("default", "battery_pct not a number"): 1}
    kept = [refusal.reason for refusal in sources.rejects(gateway.store, "default", 9)]
    assert kept == ["value left out: battery_pct not a number: full", f"value left out: {speed}"]
    path = f"/osmand/{KEY}"
    answer = gateway.http.get(path, params={"id": "phone1", "lat": "23", "lon": "113", "speed": "fast"})
    assert (answer.status_code, answer.text) == (200, "left out: speed not a number: fast")


def test_an_alarm_is_taken_without_a_fix(gateway: Running) -> None:
    told = gateway.post("/api/v1/positions", {**FIX, "sos": True, "lat": None}).json()
    assert (told["accepted"], told["rejected"]) == (1, [])
    assert [one["reason"] for one in told["dropped"]] == ["missing field: lat"]
    (fact,) = gateway.facts()
    assert isinstance(fact, Heartbeat) and fact.sos and fact.worker == "W1"


def test_a_source_says_in_what_its_speeds_are(gateway: Running) -> None:
    sources.add_source(gateway.store, "osmand-app", "a-key-of-the-osmand-app", AT_MS, speed_unit="mps")
    params = {"id": "phone1", "lat": "23", "lon": "113", "speed": "13.9"}
    for _ in range(50):
        if gateway.http.get("/osmand/a-key-of-the-osmand-app", params=params).status_code == 200:
            break
        time.sleep(0.1)
    assert [fact.speed_mps for fact in gateway.facts() if isinstance(fact, Position)] == [13.9]


def test_names_in_headers_are_read_as_phones_and_proxies_send_them(gateway: Running) -> None:
    message = json.dumps({"_type": "location", "lat": 23.005, "lon": 113.105, "tst": AT_MS // 1000, "tid": "gw"}).encode()
    login = {"Authorization": "Basic " + base64.b64encode(f"a:{KEY}".encode()).decode()}
    for name in ("张三".encode(), "jürgen".encode("latin-1")):
        headers = [*login.items(), ("X-Limit-U", name), ("X-Limit-D", b"phone")]
        assert gateway.http.post("/owntracks", content=message, headers=headers).status_code == 200
    plain = {"Authorization": "Basic " + base64.b64encode(f"李四:{KEY}".encode()).decode()}
    assert gateway.http.post("/owntracks", content=message, headers=plain).status_code == 200
    found = {fact.worker for fact in gateway.facts() if isinstance(fact, Position)}
    assert found == {"张三/phone", "jürgen/phone", "李四/gw"}


def test_a_step_that_its_order_has_no_room_for_is_told_to_its_sender(gateway: Running, city: City) -> None:
    most = city.limits.trail_steps
    step = CaseStep(source="t", received_at_ms=AT_MS, order="A1", at_ms=AT_MS, status="handling")
    gateway.store.append([msgspec.structs.replace(step, at_ms=AT_MS + n) for n in range(most - 1)])
    projector = Projector(gateway.store, city, gateway.settings, "first")
    while projector.step(10) or gateway.store.backlog():
        pass
    told = [{"order": "A1", "at": AT_MS + 10**6 + n, "status": "closed"} for n in range(2)]
    known = {"order": "A1", "at": AT_MS + 5, "status": "handling"}
    other = {"order": "A2", "at": AT_MS, "status": "reported"}
    answer = gateway.post("/api/v1/events", [told[0], known, told[1], other]).json()
    assert answer["accepted"] == 3
    assert [(one["index"], one["reason"].split(":")[0]) for one in answer["rejected"]] == [(2, "trail full")]
    assert gateway.refused() == {("default", "trail full"): 1}
    many = [{"order": "A3", "at": AT_MS + n, "status": "handling"} for n in range(most + 1)]
    assert gateway.post("/api/v1/events", many).json()["accepted"] == most


def test_a_case_system_is_told_that_an_order_is_not_its_own(gateway: Running, city: City) -> None:
    report = OrderAction(
        source="desk", received_at_ms=AT_MS, id="r", order="O1", action="report", actor="anna", role="supervisor", at_ms=AT_MS,
        scope=city.root, fields={"text": "灯不亮", "region": "44060500101"},
    )  # fmt: skip
    gateway.store.append([report])
    projector = Projector(gateway.store, city, gateway.settings, "first")
    while projector.step(10) or gateway.store.backlog():
        pass
    answer = gateway.post("/api/v1/events", {"order": "O1", "at": AT_MS + 5, "status": "closed"}).json()
    assert (answer["accepted"], [one["reason"].split(":")[0] for one in answer["rejected"]]) == (0, ["order lives here"])
