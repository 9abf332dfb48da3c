"""Fixes from the gateway's bytes to committed state, by each way in, as ratios to what the same machine can do at all.

Everything runs against the embedded Valkey with every write fsynced before its reply, in rounds that take turns, so that what
else the machine does meets both sides of a ratio. The pipeline sends what the projector keeps of each fix, the worker's row and
the track record, and nothing else: once with bytes made in advance (nothing can be faster that writes each fix by itself), once
making them as it goes.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import redis

from bench import ports
from bench.ingestlines import answer_frames, requests_per_s
from config import clock
from config.city import load_city
from config.make import make_city
from domain.facts import Position
from domain.states import Worker
from ingest.sources.jt808 import encode
from ingest.sources.jt808.message import Id
from store import embedded, keys, track
from store.errors import StoreUnavailable
from store.store import Store, open_store

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 20_000
ROUNDS: Final = 3
FIXES: Final = 100_000  # of a round through batches
BATCH = 1000
IN_FLIGHT = 8
PIPELINED: Final = 50_000
REQUESTS: Final = 20_000
TERMINALS: Final = 200
FRAMES: Final = 300  # of each terminal in a round
FEW, MANY = 5_000, 100_000
COSTED: Final = 200_000
COST_TURNS: Final = 8
PARTITIONS = 4
GATEWAY, TERMINAL, EMPTY = 18_060, 18_063, 18_064
BESIDE: Final = 10  # a second gateway's ports lie so far behind the first one's
KEY = "bench-key-bench-key-bench"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def process(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(20)


def alive(*children: subprocess.Popen[bytes]) -> None:
    """SystemExit where one of them has ended: what is waited for will not come."""
    for child in children:
        if child.poll() is not None:
            raise SystemExit(f"{' '.join(map(str, child.args))} has ended with {child.returncode}")  # type: ignore[arg-type]


def await_store(url: str) -> Store:
    for _ in range(200):
        try:
            return open_store(url, PARTITIONS)
        except StoreUnavailable:
            time.sleep(0.05)
    raise SystemExit("the embedded store did not start")


def await_http(port: int) -> None:
    for _ in range(1200):
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
            return
        time.sleep(0.05)
    raise SystemExit(f"nobody answers on port {port}")


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


class Told:
    """What devices say: every worker takes a step of about 10 m in each round of `step_ms`, from Guicheng eastwards."""

    def __init__(self, prefix: str, workers: int, step_ms: int = 10_000) -> None:
        self.prefix, self.workers, self._step_ms = prefix, workers, step_ms
        self._begin_ms = clock.now_ms() - 3_600_000
        self._count = 0

    def fixes(self, number: int) -> Iterator[dict[str, Any]]:
        """The next so many, worker by worker."""
        for _ in range(number):
            round_, n = divmod(self._count, self.workers)
            self._count += 1
            lon, lat = 113.13 + (n % 200) * 2e-4 + round_ * 1e-4, 23.01 + (n // 200 % 200) * 4e-4
            at_ms = self._begin_ms + round_ * self._step_ms
            yield {"worker": f"{self.prefix}{n:06d}", "fixed_at": at_ms, "lon": lon, "lat": lat, "accuracy_m": 8.0,
                   "speed_mps": 1.1, "battery_pct": 80.0}  # fmt: skip

    def batches(self, number: int) -> list[bytes]:
        """Bodies of BATCH fixes each."""
        return [msgspec.json.encode(list(self.fixes(BATCH))) for _ in range(number // BATCH)]

    def posts(self, number: int) -> list[bytes]:
        head = f"POST /api/v1/positions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: ".encode()
        bodies = [msgspec.json.encode(fix) for fix in self.fixes(number)]
        return [head + b"%d\r\n\r\n%b" % (len(body), body) for body in bodies]

    def queries(self, number: int) -> list[bytes]:
        """The same as an OsmAnd client says it."""
        return [
            f"GET /osmand/{KEY}?id={fix['worker']}&lat={fix['lat']:.6f}&lon={fix['lon']:.6f}&timestamp={fix['fixed_at']}"
            f"&speed=2.1&accuracy=8&batt=80 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            for fix in self.fixes(number)
        ]  # fmt: skip

    def frames(self, number: int) -> dict[str, list[bytes]]:
        """So many 0x0200 of each worker, by phone, a second apart."""
        told: dict[str, list[bytes]] = {}
        for fix in self.fixes(number * self.workers):
            phone = fix["worker"]
            tlvs = ((0x30, b"\x1a"), (0x31, b"\x12"))
            place = encode.location(fix["lon"], fix["lat"], fix["fixed_at"], speed_mps=1.1, tlvs=tlvs)
            told.setdefault(phone, []).append(encode.frame(Id.LOCATION, phone, len(told.get(phone, ())), place, 2019))
        return told


class Running:
    """A store, a gateway and a projector; `cpu` of the three."""

    def __init__(self, end: contextlib.ExitStack, city: Path, beside: int = 0, **settings: object) -> None:
        self._port = GATEWAY + beside
        ports.need(self._port, TERMINAL + beside, EMPTY)
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-bench-")))
        told = {"DATA_DIR": folder, "CITY": city, "PARTITIONS": PARTITIONS, "GATEWAY_PORT": self._port,
                "JT808_PORT": TERMINAL + beside, "INGEST_KEY": KEY, "JT808_ADMIT": "all", "LOG_LEVEL": "WARNING",
                **settings}  # fmt: skip
        env = {**os.environ, **{f"GRIDHALL_{name}": str(value) for name, value in told.items()}}
        self.url = embedded.url(folder)
        self._children = [end.enter_context(process(embedded.command(folder), env))]
        self.store = await_store(self.url)
        for role in ("gateway", "projector"):
            self._children.append(end.enter_context(process([sys.executable, "app.py", role], env)))
        await_http(self._port)
        time.sleep(2)
        self._expected = 0

    def cpu_s(self) -> list[float]:
        """Of store, gateway and projector."""
        return [cpu_s(child.pid) for child in self._children]

    def spent_s(self, requests: list[bytes]) -> list[float]:
        """The processor time of each that batches cost."""
        before = self.cpu_s()
        self.batches_s(requests, in_flight=2)
        return [now - then for now, then in zip(self.cpu_s(), before, strict=True)]

    def committed(self, more: int) -> None:
        """Wait until so many fixes more have been folded and kept, each once."""
        self._expected += more
        while (folded := self._folded())[0] < self._expected:
            alive(*self._children)
            time.sleep(0.01)
        assert folded == (self._expected, self._expected), f"{folded[1]} of {self._expected} fixes kept"

    def _folded(self) -> tuple[int, int]:
        counts = {name: number for name, number in self.store.counts().items() if name[1] == "position"}
        return sum(counts.values()), sum(number for (_, _, outcome), number in counts.items() if outcome == "kept")

    def batches_s(self, requests: list[bytes], in_flight: int = IN_FLIGHT) -> float:
        """Seconds from the first request to the commit of the last fix."""
        started = time.perf_counter()
        asyncio.run(_send(self._port, requests, in_flight))
        self.committed(len(requests) * BATCH)
        return time.perf_counter() - started


async def _send(port: int, requests: list[bytes], in_flight: int) -> None:
    """Keep so many requests under way; a refused one (503) is sent again."""
    waiting = iter(requests)
    url, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:

        async def lane() -> None:
            for body in waiting:
                while (await client.post("/api/v1/positions", content=body)).status_code == 503:
                    await asyncio.sleep(0.2)

        await asyncio.gather(*(lane() for _ in range(in_flight)))


Command = tuple[Any, ...]


def _writes(told: dict[str, Any], partition: int) -> tuple[Command, Command]:
    """What the projector keeps of a fix."""
    fix = Position(source="b", received_at_ms=told["fixed_at"], worker=told["worker"], fixed_at_ms=told["fixed_at"],
                   lon=told["lon"], lat=told["lat"], accuracy_m=8.0, speed_mps=1.1, battery_pct=80.0)  # fmt: skip
    row = Worker(worker=fix.worker, fixed_at_ms=fix.fixed_at_ms, received_at_ms=fix.received_at_ms, lon=fix.lon, lat=fix.lat,
                 heard_at_ms=fix.received_at_ms, accuracy_m=8.0, speed_mps=1.1, battery_pct=80.0, region="440605011001",
                 day="2026-01-01", fixes=1, anchor_lon=fix.lon, anchor_lat=fix.lat, moved_at_ms=fix.fixed_at_ms)  # fmt: skip
    return (
        ("HSET", keys.table(partition, "worker"), fix.worker, msgspec.msgpack.encode(row)),
        ("APPEND", keys.track(partition, fix.worker, "2026-01-01"), track.pack(fix, 0)),
    )


def by_pipeline(store: Store, url: str, told: Told, number: int, *, in_advance: bool) -> float:
    """Seconds that a redis-py pipeline takes for the two commands of each fix, BATCH fixes a flush."""
    fixes = list(told.fixes(number))
    partitions = [store.partition_of(fix["worker"]) for fix in fixes]
    made = [_writes(*one) for one in zip(fixes, partitions, strict=True)] if in_advance else []
    client = redis.Redis.from_url(url)
    started = time.perf_counter()
    for start in range(0, number, BATCH):
        pipe = client.pipeline(transaction=False)
        some = slice(start, start + BATCH)
        for writes in made[some] if in_advance else map(_writes, fixes[some], partitions[some]):
            for command in writes:
                pipe.execute_command(*command)
        pipe.execute()
    return time.perf_counter() - started


def run() -> dict[str, Any]:
    """All rates, fixes or requests a second, and their ratios; what a fix costs in processor time, µs, by role."""
    with contextlib.ExitStack() as end:
        city = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-bench-"))) / "city"
        make_city("guicheng", city, seed=1)
        load_city(city)
        with contextlib.ExitStack() as one:
            rates = _rates(Running(one, city), one)
        costs = _costs(city)
    total = {number: sum(cost.values()) for number, cost in costs.items()}
    return {
        "per_s": {name: round(rate) for name, rate in rates.items()},
        "batch_to_pipeline": round(rates["batch"] / rates["pipeline"], 3),
        "batch_to_made": round(rates["batch"] / rates["made"], 3),
        "osmand_to_empty": round(rates["osmand"] / rates["empty"], 3),
        "json_to_empty": round(rates["json"] / rates["empty"], 3),
        "jt808_to_batch": round(rates["jt808"] / rates["batch"], 3),
        "cost_us": {str(number): {role: round(us, 1) for role, us in cost.items()} for number, cost in costs.items()},
        "cost_ratio": round(total[MANY] / total[FEW], 3),
    }


def _rates(running: Running, end: contextlib.ExitStack) -> dict[str, float]:
    """Of each way the number of all rounds by the seconds of all rounds."""
    end.enter_context(process([sys.executable, "-m", "bench.ingestempty", str(EMPTY)], dict(os.environ)))
    await_http(EMPTY)
    batches, pipes, singles = (Told(name, WORKERS) for name in ("b", "p", "s"))
    frames = Told("199", TERMINALS, step_ms=1000)
    running.batches_s(batches.batches(WORKERS))  # everybody is known
    numbers = {"batch": FIXES, "pipeline": PIPELINED, "made": PIPELINED, "jt808": TERMINALS * FRAMES}
    numbers |= dict.fromkeys(("empty", "osmand", "json"), REQUESTS)
    taken = dict.fromkeys(numbers, 0.0)
    for _ in range(ROUNDS):
        taken["batch"] += running.batches_s(batches.batches(FIXES))
        for name in ("pipeline", "made"):
            taken[name] += by_pipeline(running.store, running.url, pipes, PIPELINED, in_advance=name == "made")
        taken["empty"] += REQUESTS / requests_per_s(EMPTY, [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"] * REQUESTS)
        for name, requests in (("osmand", singles.queries(REQUESTS)), ("json", singles.posts(REQUESTS))):
            taken[name] += REQUESTS / requests_per_s(GATEWAY, requests)
            running.committed(REQUESTS)
        taken["jt808"] += _frames_s(running, frames.frames(FRAMES))
    return {name: ROUNDS * numbers[name] / taken[name] for name in numbers}


def _frames_s(running: Running, told: dict[str, list[bytes]]) -> float:
    """Seconds from the first terminal's log-in to the commit of the last location."""
    started = time.perf_counter()
    answer_frames(TERMINAL, told)
    running.committed(sum(map(len, told.values())))
    return time.perf_counter() - started


def _costs(city: Path) -> dict[int, dict[str, float]]:
    """Microseconds of processor per fix, by number of workers and role; in commits of the same size, each worker once in one.

    Both numbers are there all the time, and take turns.
    """
    with contextlib.ExitStack() as end:
        all_of = {}
        for n, workers in enumerate((FEW, MANY)):
            all_of[workers] = Running(end, city, n * BESIDE, COMMIT_BATCH=BATCH), Told("c", workers)
            running, told = all_of[workers]
            running.batches_s(told.batches(workers), in_flight=2)
        spent = {workers: [0.0, 0.0, 0.0] for workers in all_of}
        for _ in range(COST_TURNS):
            for workers, (running, told) in all_of.items():
                turn = running.spent_s(told.batches(COSTED // COST_TURNS))
                spent[workers] = [sum(pair) for pair in zip(spent[workers], turn, strict=True)]
    roles = ("store", "gateway", "projector")
    return {workers: dict(zip(roles, (one / COSTED * 1e6 for one in all_), strict=True)) for workers, all_ in spent.items()}


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    few, many = (found["cost_us"][str(number)] for number in (FEW, MANY))
    return [
        f"fixes from the gateway's bytes to committed state, {WORKERS:,} workers, every write on disk before its answer",
        f"  batches of {BATCH:,}, to a redis-py pipeline of the same final writes       {found['batch_to_pipeline']:.2f}",
        f"    to the same with bytes made in advance                            {found['batch_to_made']:.2f}",
        f"  single fixes by HTTP, to an empty handler of the same server: OsmAnd {found['osmand_to_empty']:.2f},"
        f" our JSON {found['json_to_empty']:.2f}",
        f"  JT/T 808 frames of a fix each, to the batches                       {found['jt808_to_batch']:.2f}",
        f"  processor time per fix, {MANY:,} workers to {FEW:,} (each once in a commit) {found['cost_ratio']:.2f}"
        f" (projector {many['projector'] / few['projector']:.2f}, store {many['store'] / few['store']:.2f})",
    ]


if __name__ == "__main__":
    print(msgspec.json.encode(run()).decode())
