"""Replay: every fix once, in the worker's own order, by time or as fast as it goes, through any outage."""

import asyncio
import json
import threading
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ingest.delivery import Delivery, Gateway, GatewayError, summary
from ingest.files import Reading
from ingest.replay import POSITIONS, Replay, deal_lanes, parse_speed, play, replay, shift_ms
from ingest.tracks import doubts, load_tracks
from tests.shared_data import FOLDER

GEOLIFE = FOLDER / "gps-geolife-a"


class FakeGateway(httpx.AsyncBaseTransport):
    """Takes what arrives; `script` holds the answers to give first (status, headers), or an exception to raise."""

    def __init__(self, *script: Any, slow_s: float = 0.0) -> None:
        self.script, self.slow_s = list(script), slow_s
        self.batches: list[list[dict[str, Any]]] = []
        self.bodies: list[bytes] = []
        self.busy: Counter[str] = Counter()
        self.most_in_flight = 0
        self.in_flight = 0
        self.overtaken = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == POSITIONS
        assert request.headers["Authorization"] == "Bearer the-key"
        body = b"".join([part async for part in request.stream])
        self.bodies.append(body)
        told = json.loads(body)
        workers = {fix["worker"] for fix in told}
        self.overtaken |= any(self.busy[who] for who in workers)
        self.busy.update(workers)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self.slow_s)
        self.in_flight -= 1
        self.busy.subtract(workers)
        if self.script:
            answer = self.script.pop(0)
            if isinstance(answer, Exception):
                raise answer
            status, headers = answer
            return httpx.Response(status, headers=headers, json={"error": "told to"}, request=request)
        self.batches.append(told)
        bad = [{"index": i, "reason": "latitude"} for i, fix in enumerate(told) if abs(fix["lat"]) > 89]
        return httpx.Response(200, json={"accepted": len(told) - len(bad), "rejected": bad}, request=request)

    def fixes(self, worker: str) -> list[dict[str, Any]]:
        return [fix for batch in self.batches for fix in batch if fix["worker"] == worker]


def write_csv(path: Path, rows: list[tuple[str, float, float, float]]) -> Path:
    path.write_text("worker,time,lon,lat\n" + "\n".join(",".join(map(str, row)) for row in rows))
    return path


def at_ms(fix: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(fix["fixed_at"]).timestamp() * 1000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [(f"w{i % 7}", 1_700_000_000 + i, 113.1 + i / 1e5, 23.0) for i in range(700)]
    return write_csv(tmp_path / "walk.csv", rows)


def test_every_fix_arrives_once_and_each_worker_in_order(file: Path) -> None:
    gateway = FakeGateway(slow_s=0.002)
    tally = replay([file], "http://g", "the-key", Replay(batch=20), progress=False, transport=gateway)
    assert (tally.accepted, tally.sent, sum(tally.rejected.values())) == (700, 700, 0)
    assert not gateway.overtaken and gateway.most_in_flight > 1
    for i in range(7):
        times = [at_ms(fix) for fix in gateway.fixes(f"w{i}")]
        assert len(times) == 100 and times == sorted(times)


def test_an_overloaded_gateway_gets_the_same_batch_again_after_the_pause_it_asked_for(file: Path) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    gateway = FakeGateway((503, {"Retry-After": "3"}), httpx.ConnectError("gone"), (503, {"Retry-After": "1"}))
    tally = Delivery()
    tracks = load_tracks([file], Reading())
    asyncio.run(play(tracks, "http://g", "the-key", Replay(in_flight=1), tally, transport=gateway, sleep=sleep))
    assert tally.accepted == 700 and tally.resent == 3
    assert pauses[0] == 3 and pauses[2] == 1 and 0 < pauses[1] < 2
    assert len(set(gateway.bodies[:4])) == 1


def test_a_refusal_that_stays_one_ends_the_replay_with_the_gateways_words(file: Path) -> None:
    with pytest.raises(GatewayError, match="401: told to"):
        replay([file], "http://g", "the-key", progress=False, transport=FakeGateway((401, {})))


def test_a_batch_that_is_too_large_is_halved_and_indices_stay_right(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "w.csv", [("w", i, 1, 90 if i == 3 else 1) for i in range(4)])
    gateway = FakeGateway((413, {}))
    tally = replay([file], "http://g", "the-key", progress=False, transport=gateway)
    assert [len(batch) for batch in gateway.batches] == [2, 2]
    assert tally.accepted == 3 and tally.rejected == Counter(latitude=1)
    assert "1 × latitude" in summary(tally)

    async def post() -> Any:
        async with Gateway("http://g", "the-key", transport=FakeGateway((413, {}))) as client:
            return await client.post(POSITIONS, [b'{"worker":"w","lat":1}', b'{"worker":"w","lat":90}'])

    assert asyncio.run(post()).rejected == ((1, "latitude"),)


def test_at_a_speed_the_tracks_play_by_time_and_gaps_stay_gaps(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "w.csv", [("a", 1000, 1, 1), ("b", 1010, 1, 1), ("a", 4610, 1, 1)])
    now = [50_000.0]
    sent_at: list[tuple[str, float]] = []

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    class Clocked(FakeGateway):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            sent_at.extend((fix["worker"], now[0] - 50_000) for fix in self.batches[-1])
            return answer

    how = Replay(speed=60, in_flight=1)
    asyncio.run(
        play(load_tracks([file], Reading()), "http://g", "the-key", how, Delivery(), transport=Clocked(),
             clock=lambda: now[0], sleep=sleep)
    )  # fmt: skip
    assert [who for who, _ in sent_at] == ["a", "b", "a"]
    assert sent_at[0][1] == 0 and sent_at[1][1] == pytest.approx(10 / 60, abs=0.3)
    assert sent_at[2][1] == pytest.approx(3610 / 60, abs=0.3)


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0, 60.0])
def test_shifted_to_now_no_fix_is_dated_after_its_sending(speed: float) -> None:
    first, last, now = 1_000_000, 8_200_000, 1_800_000_000_000
    shift = shift_ms(first, last, speed, now)
    for at in range(first, last + 1, 60_000):
        sent_at = now + (at - first) / speed
        assert at + shift <= sent_at + 1
    assert shift_ms(first, last, "max", now) + last == now


def test_a_few_fixes_far_from_all_others_in_time_are_told_before_anything_is_moved(tmp_path: Path) -> None:
    def told(*days: str) -> list[str]:
        rows = [f"a,2026-06-01T08:{n // 60:02d}:{n % 60:02d}Z,113.1,23.0" for n in range(400)]
        rows += [f"a,{day}T08:00:00Z,113.1,23.0" for day in days]
        file = tmp_path / "far.csv"
        file.write_text("worker,time,lon,lat\n" + "\n".join(rows), encoding="utf-8")
        return doubts(load_tracks([file], Reading()), Delivery(), None)

    assert told() == [] and told("2026-06-02", "2026-08-01") == []
    (later,) = told("2030-06-02", "2030-06-03")
    assert later.startswith("2 fixes are up to 1,462 days later than all others") and "--shift-to-now" in later
    assert told("1980-01-06")[0].startswith("1 fixes are up to 16,948 days earlier than all others")


def test_a_prefix_and_a_worker_name_are_put_on_every_fix(file: Path) -> None:
    gateway = FakeGateway()
    how = Replay(prefix="test-", reading=Reading(worker="one"))
    replay([file], "http://g", "the-key", how, progress=False, transport=gateway)
    assert len(gateway.fixes("test-one")) == 700


def test_ctrl_c_ends_it_and_tells_what_was_acknowledged(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ingest.replay.play", interrupted)
    tally = replay([file], "http://g", "the-key", progress=False)
    assert tally.interrupted and tally.accepted == 0 and "interrupted" in summary(tally)


def test_lanes_are_of_like_size_and_hold_each_worker_whole() -> None:
    worker = np.array([0] * 50 + [1] * 30 + [2] * 20 + [3] * 5)
    lanes = deal_lanes(worker, 2)
    assert sorted(len(lane) for lane in lanes) == [50, 55]
    assert sorted(np.concatenate(lanes).tolist()) == list(range(105))
    assert not set(worker[lanes[0]]) & set(worker[lanes[1]])


@pytest.mark.skipif(not GEOLIFE.exists(), reason="the shared data are not here")
def test_geolife_is_sent_whole_with_each_users_count() -> None:
    gateway = FakeGateway()
    tally = replay([GEOLIFE], "http://g", "the-key", Replay(batch=2000), progress=False, transport=gateway)
    told = json.loads((GEOLIFE / "reference.json").read_text())
    assert tally.accepted == told["total"]["n_points"] == 80_989 and not tally.unreadable
    for user, stats in told["users"].items():
        fixes = gateway.fixes(user)
        assert len(fixes) == stats["n_points"]
        assert fixes[0]["fixed_at"].startswith(stats["first"].replace(" ", "T"))
        assert fixes[-1]["fixed_at"].startswith(stats["last"].replace(" ", "T"))


def test_a_gateway_over_real_sockets_is_found_again_after_a_restart(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    got: list[str] = []
    refused, trying = threading.Event(), Gateway._try

    async def tried(self: Gateway, path: str, body: bytes) -> Any:
        answer, problem = await trying(self, path, body)
        if answer is None:
            refused.set()
        return answer, problem

    monkeypatch.setattr(Gateway, "_try", tried)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.extend(fix["fixed_at"] for fix in told)
            answer = json.dumps({"accepted": len(told), "rejected": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    late = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    late.server_bind()  # the port is taken, but nobody listens yet: the first tries fail
    port = late.server_address[1]
    tally: list[Delivery] = []
    url = f"http://127.0.0.1:{port}"
    sender = threading.Thread(target=lambda: tally.append(replay([file], url, "the-key", progress=False)))
    sender.start()
    assert refused.wait(20)
    late.server_activate()
    server = threading.Thread(target=late.serve_forever, daemon=True)
    server.start()
    sender.join(20)
    late.shutdown()
    late.server_close()
    assert tally and tally[0].accepted == 700 and tally[0].resent > 0
    assert len(set(got)) == 700


def test_a_speed_is_max_or_a_number_above_nought() -> None:
    assert parse_speed("max") == "max" and parse_speed("2.5") == 2.5
    for wrong in ("0", "-1", "fast", "nan", "inf"):
        with pytest.raises(ValueError, match="speed"):
            parse_speed(wrong)
