"""The simulator as a client: every protocol, heard with the real decoders by a small gateway that can fail."""

import asyncio
import contextlib
import json
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config import clock
from config.city import Camera, City, Department, Level, Matter, Region, RosterEntry
from domain.facts import FixFlag, Heartbeat, Position
from ingest.delivery import GatewayError
from ingest.simulator import Memory, Plan, command, simulate
from ingest.simulator.device import Sighting, device_of
from ingest.simulator.ground import Ground
from ingest.simulator.walk import Patrols
from ingest.sources import events, feeds, osmand, owntracks, positions, tallies
from ingest.sources.base import Context, Decoded
from ingest.sources.jt808.session import Session

KEY = "a-key-of-sixteen-characters"
GRIDS = {f"G{n}": shapely.box(113.10 + n * 0.006, 23.0, 113.106 + n * 0.006, 23.005) for n in range(4)}


def make_city(**more: Any) -> City:
    devices = ["13800000001", "13800000002", "gc1", "gc2", "gc3", "gc4", "gc5", "gc6", "town/a1", "town/a2", "", "13800000003"]
    roster = {
        f"W{n}": RosterEntry(f"W{n}", f"n{n}", "full", 1, f"G{n % 4}", devices=(name,) if name else ())
        for n, name in enumerate(devices)
    }
    regions = {"C": Region("C", "Town", "town")} | {g: Region(g, f"Grid {g}", "grid", "C") for g in GRIDS}
    fields: dict[str, Any] = {
        "code": "C",
        "name": "Town",
        "title": "Town",
        "levels": (Level("town", "镇", "Town"), Level("grid", "网格", "Grid")),
        "regions": regions,
        "root": "C",
        "geometries": dict(GRIDS),
        "roster": roster,
        "departments": {"d": Department("d", "D")},
        "matters": {"1": Matter("1", "All"), "11": Matter("11", "暴露垃圾", parent="1", department="d", limit_hours=8)},
        "cameras": {f"cam{n}": Camera(f"cam{n}", f"c{n}", 113.1, 23.0, "G0") for n in range(40)},
    }
    return City(**fields | more)


class FakeGateway:
    """Decodes what arrives; `refuse` requests are answered 503 first, and `deaf` messages of terminals not at all."""

    def __init__(self, city: City, refuse: int = 0, deaf: int = 0, key: str = KEY) -> None:
        self.city, self.refuse, self.deaf, self.key = city, refuse, deaf, key
        self.facts: list[object] = []
        self.rejects: list[str] = []
        self.paths: Counter[str] = Counter()
        self.last: dict[str, int] = {}  # fixes of a worker in the last message that brought some
        self.bodies: dict[str, list[bytes]] = defaultdict(list)

    def context(self) -> Context:
        return Context(source="test", received_at_ms=0, worker_of=self.city.worker_of)

    async def http(self, request: Request) -> Response:
        body = await request.body()
        path = request.url.path
        authorization = request.headers.get("authorization", "")
        if path.startswith("/api/") and authorization != f"Bearer {self.key}":
            return JSONResponse({"error": "wrong key"}, 401)
        if self.refuse > 0:
            self.refuse -= 1
            return Response(status_code=503, headers={"Retry-After": "0"})
        self.paths[path] += 1
        self.bodies[path].append(body)
        kind = request.headers.get("content-type", "")
        if path.startswith("/osmand/"):
            assert path == f"/osmand/{KEY}"
            self.take(osmand.decode(request.url.query, body, kind, self.context()))
            return Response()
        if path == "/owntracks":
            assert authorization.startswith("Basic ")
            names = {"user": request.headers["x-limit-u"], "device": request.headers["x-limit-d"]}
            self.take(owntracks.decode(body, self.context(), **names))
            return JSONResponse([])
        source = {"positions": positions, "events": events, "feeds": feeds, "tallies": tallies}[path.rpartition("/")[2]]
        context = self.context()
        if source is tallies:  # which knows what day it is
            context = msgspec.structs.replace(context, received_at_ms=clock.now_ms())
        decoded = source.decode(body, context)
        self.take(decoded)
        rejected = [{"index": one.index, "reason": one.reason} for one in decoded.rejects]
        return JSONResponse({"accepted": len(decoded.facts), "rejected": rejected})

    def take(self, decoded: Decoded) -> None:
        self.facts += decoded.facts
        self.last |= Counter(fact.worker for fact in decoded.facts if isinstance(fact, Position))
        self.rejects += [one.reason for one in decoded.rejects]

    async def terminal(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(lambda device, said: f"code-{device}", lambda device, code: code == f"code-{device}")
        while data := await reader.read(4096):
            for event in session.feed(data, self.context()):
                self.take(Decoded(event.facts, event.rejects))
                if event.reply_when_durable and self.deaf > 0:
                    self.deaf -= 1
                    if event.facts and isinstance(event.facts[0], Position):
                        del self.facts[-len(event.facts) :]  # never on disk, so never answered
                        continue
                writer.write(event.reply + event.reply_when_durable)
        writer.close()

    def fixes(self) -> dict[str, list[int]]:
        found = defaultdict(list)
        for fact in self.facts:
            if isinstance(fact, Position):
                found[fact.worker].append(fact.fixed_at_ms)
        return found

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[str, tuple[str, int]]]:
        route = Route("/{path:path}", self.http, methods=["GET", "POST"])
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=[route]), port=0, log_level="critical", lifespan="off"))
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        line = await asyncio.start_server(self.terminal, "127.0.0.1", 0)
        try:
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}", line.sockets[0].getsockname()[:2]
        finally:
            server.should_exit = True
            line.close()
            await serving


def play(
    gateway: FakeGateway, plan: Plan, seconds: float, key: str = KEY, memory: Memory | None = None
) -> Counter[str]:
    async def go() -> Counter[str]:
        async with gateway.running() as (url, jt808):
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(seconds, stop.set)
            return await simulate(gateway.city, url, jt808, key, plan, stop=stop, memory=memory)

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is offline, silent, frozen or cut off, unless a test wants it."""
    for name in ("OFFLINE", "SILENT", "FROZEN", "MOCK", "OUTAGE", "UNSEEN"):
        monkeypatch.setattr(f"ingest.simulator.walk.{name}", 0.0)


BRISK = Plan(interval_s=(1, 1), history=False, orders_per_day=0, feeds=False)


def test_every_protocol_arrives_and_each_fix_once_in_the_workers_own_order() -> None:
    gateway = FakeGateway(make_city())
    counts = play(gateway, BRISK, 3.6)
    fixes = gateway.fixes()
    assert set(fixes) == set(gateway.city.roster) and not gateway.rejects
    for times in fixes.values():
        assert len(times) >= 2 and times == list(range(times[0], times[-1] + 1, 1000))
    for protocol in ("jt808", "osmand", "owntracks", "json"):
        assert counts[protocol] > 0
    kinds = {device_of(entry, BRISK.protocols).flavour for entry in gateway.city.roster.values()}
    assert {"query", "form", "client9"} <= kinds
    answered, arrived = sum(counts[p] for p in ("jt808", "osmand", "owntracks", "json")), sum(map(len, fixes.values()))
    assert answered <= arrived <= answered + sum(gateway.last.values())  # each may be cut off before one answer


def test_what_a_full_gateway_refuses_comes_again_and_nothing_is_lost_or_doubled() -> None:
    gateway = FakeGateway(make_city(), refuse=25, deaf=2)
    counts = play(gateway, BRISK, 5)
    assert gateway.refuse == 0 and counts["waited"] > 0
    for worker, times in gateway.fixes().items():
        if device_of(gateway.city.roster[worker], BRISK.protocols).protocol != "jt808":
            assert times == list(range(times[0], times[-1] + 1, 1000)), worker


def test_a_terminal_that_gets_no_answer_says_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.simulator.terminal.ANSWER_S", 0.8)
    gateway = FakeGateway(make_city(), deaf=4)
    counts = play(gateway, msgspec.structs.replace(BRISK, workers=2), 4.5)
    assert gateway.deaf == 0 and counts["jt808 sent again"] > 0
    for times in gateway.fixes().values():
        assert len(times) >= 3 and times == list(range(times[0], times[-1] + 1, 1000))


def test_after_an_outage_a_terminal_tells_its_blind_area() -> None:
    city = make_city()
    gateway = FakeGateway(city)
    plan = msgspec.structs.replace(BRISK, history=True, workers=2)
    play(gateway, plan, 3)
    backfilled = [f for f in gateway.facts if isinstance(f, Position) and f.flags & FixFlag.BACKFILL]
    assert len(backfilled) > 20
    for times in gateway.fixes().values():
        assert times == sorted(times) and len(times) == len(set(times))


def test_a_wrong_key_ends_it_with_the_gateways_words() -> None:
    plan = msgspec.structs.replace(BRISK, feeds=True)
    with pytest.raises(GatewayError, match="401: wrong key"):
        play(FakeGateway(make_city(), key="another"), plan, 5)


def test_history_is_the_same_after_a_restart_so_that_nothing_is_there_twice() -> None:
    plan = msgspec.structs.replace(BRISK, history=True, orders_per_day=40, feeds=True, workers=3)
    told = []
    for _ in range(2):
        gateway = FakeGateway(make_city())
        counts = play(gateway, plan, 4)
        assert not gateway.rejects and counts["events"] > 1000 and counts["feeds"] == 40
        told.append([json.loads(b) for body in gateway.bodies["/api/v1/events"] for b in [body]])
    first, second = ([json.dumps(event, sort_keys=True) for batch in run for event in batch] for run in told)
    assert len(set(first)) == len(first) and len(set(first) - set(second)) == 0


def test_what_was_told_before_a_restart_is_not_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.simulator.run.REMEMBER_S", 0.3)
    plan = msgspec.structs.replace(BRISK, history=True, orders_per_day=20, workers=3)
    file = tmp_path / "simulator.json"
    fixes = []
    for _ in range(2):
        gateway = FakeGateway(make_city())
        counts = play(gateway, plan, 3, memory=Memory(file, 1, "C"))
        fixes.append((counts["events"], sum(map(len, gateway.fixes().values()))))
    assert fixes[0][0] > 500 and fixes[1][0] < 20
    assert fixes[1][1] < fixes[0][1] / 3
    assert Memory(file, 2, "C").tracks_s == 0


def test_the_command_ends_when_told_and_names_what_is_wrong() -> None:
    gateway = FakeGateway(make_city())
    stop = threading.Event()

    async def go(**options: Any) -> int:
        async with gateway.running() as (url, jt808):
            asyncio.get_running_loop().call_later(2.5, stop.set)
            return await asyncio.to_thread(command, gateway.city, url, jt808[1], stop=stop, interval_s=1, **options)

    assert asyncio.run(go(key=KEY, history=False, orders_per_day=0)) == 0
    assert set(gateway.fixes()) == set(gateway.city.roster)
    stop.clear()
    assert asyncio.run(go(key="another")) == 1
    assert asyncio.run(go(key=KEY, protocols="morse")) == 2


def test_more_workers_than_the_roster_has_are_invented() -> None:
    ground = Ground(make_city(), 30, 1)
    assert len(ground.roster) == 30 and len({entry.worker for entry in ground.roster}) == 30


def test_json_alone_serves_a_crowd_in_few_requests() -> None:
    gateway = FakeGateway(make_city())
    plan = msgspec.structs.replace(BRISK, workers=2000, protocols=("json",))
    counts = play(gateway, plan, 4)
    assert counts["json"] >= 4000 and gateway.paths["/api/v1/positions"] < 120
    assert len(gateway.fixes()) == 2000


def test_a_device_without_satellites_still_gives_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.simulator.walk.SILENT", 1.0)
    gateway = FakeGateway(make_city())
    play(gateway, BRISK, 3)
    assert not gateway.fixes()
    alive = {fact.worker for fact in gateway.facts if isinstance(fact, Heartbeat) and fact.up}
    assert {"W0", "W1"} <= alive and any(w in alive for w in ("W2", "W3", "W4", "W5"))


def test_a_full_outbox_forgets_the_oldest_and_goes_on() -> None:
    device = device_of(RosterEntry("w", "n", "full", 1, "G0"), ("json",))
    device.outbox.extend(Sighting(n, 0, 0, 0, 0, 0, 0) for n in range(6000))
    assert len(device.outbox) == 5000 and device.outbox[0].at_s == 1000


def test_patrols_know_where_everybody_is_and_where_he_was() -> None:
    ground = Ground(make_city(), None, 1)
    patrols = Patrols(ground.plane, ground.paths_of, 12, ground.city.zone, 1)
    at_s = 1_795_420_000.0 + np.arange(0, 7200, 10.0)
    for who in range(12):
        x, y, _, _ = patrols.trace(who, at_s)
        now = [patrols.locate(np.array([who]), np.array([t])) for t in at_s[::97]]
        assert np.allclose(x[::97], [p[0][0] for p in now]) and np.allclose(y[::97], [p[1][0] for p in now])
