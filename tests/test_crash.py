"""With a replay running, every role is killed again and again: nothing acknowledged is missing, nothing counts twice.

One fact in a hundred is bad: the door refuses it, no fold can take it, or its bytes are none. Nothing stops for these, they
are each set aside or refused, and all others count as if they had never come.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import redis

from domain.facts import Position
from ingest.delivery import Gateway
from store import embedded, keys, unfoldable
from store.errors import StoreError
from store.store import Store, open_store
from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent
KEY = "crash-key-crash-key-crash"
WORKERS = 40
BATCHES_AT_ONCE = 3
KILLS_EACH = 3
START_MS = 1_783_901_730_000


class Hall:
    """All roles under their supervisor, as `make run` starts them."""

    def __init__(self, data_dir: Path, city_folder: Path) -> None:
        self.data_dir, self.web, self.gateway = data_dir, free_port(), free_port()
        ports = ["--web-port", str(self.web), "--gateway-port", str(self.gateway), "--jt808-port", "-1"]
        where = ["--city", str(city_folder), "--data-dir", str(data_dir)]
        path = os.pathsep.join([str(ROOT / "tests" / "bad_folds"), str(ROOT)])
        env = {**os.environ, "GRIDHALL_INGEST_KEY": KEY, "GRIDHALL_ADMIN_TOKEN": KEY, "GRIDHALL_PARTITIONS": "2"}
        env["PYTHONPATH"] = path
        self.log = (data_dir / "log").open("wb")
        command = [sys.executable, "app.py", "run", "--no-demo", *where, *ports]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.gateway}"

    def await_answer(self, url: str, within_s: float = 60) -> None:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            try:
                if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{url} does not answer:\n{(self.data_dir / 'log').read_text()[-3000:]}")

    def role(self, name: str) -> int | None:
        """The pid of a role, by the command line of the supervisor's children."""
        mark = b"valkey-server" if name == "store" else f"app.py\0{name}\0".encode()
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in children:
            try:
                if mark in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
            except FileNotFoundError:
                continue
        return None

    def kill(self, name: str) -> None:
        for _ in range(300):
            if (pid := self.role(name)) is not None:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} does not run")

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(40) == 0
        self.log.close()


class Sent:
    """What the gateway has acknowledged so far, good facts and such as no fold can take, and how many it has refused."""

    fixes = steps = rounds = refused = spoilt = 0

    def __init__(self) -> None:
        self.bad: set[tuple[str, int]] = set()


async def keep_sending(hall: Hall, stop: asyncio.Event, sent: Sent) -> None:
    """Fixes and order steps, each distinct; a batch is resent, soon, until it is acknowledged."""

    async def lane(gateway: Gateway, number: int) -> None:
        while not stop.is_set():
            sent.rounds += 1
            rounds, at = sent.rounds, START_MS + sent.rounds * 10_000
            workers = range(number * WORKERS, (number + 1) * WORKERS)
            told = [{"worker": f"C{n}", "fixed_at": at, "lon": 113.105, "lat": 23.005 + rounds * 1e-5} for n in workers]
            if rounds % 2:  # one in eighty of each kind
                told[0] = told[0] | {"worker": f"bad{number}"}
                told[1] = told[1] | {"lon": 999}
            ack = await gateway.post("/api/v1/positions", [json.dumps(fix).encode() for fix in told])
            assert ack.accepted == WORKERS - rounds % 2
            sent.fixes += ack.accepted - rounds % 2
            sent.refused += rounds % 2
            sent.bad |= {(f"bad{number}", at)} if rounds % 2 else set()
            life = [{"order": f"O{rounds}", "at": at + s, "status": status} for s, status in enumerate(("reported", "closed"))]
            ack = await gateway.post("/api/v1/events", [json.dumps(step).encode() for step in life])
            sent.steps += ack.accepted
            await asyncio.sleep(0.02)

    async with Gateway(hall.url, KEY, timeout_s=15, sleep=lambda pause_s: asyncio.sleep(min(pause_s, 0.1))) as gateway:
        await asyncio.gather(*(lane(gateway, number) for number in range(BATCHES_AT_ONCE)))


async def keep_spoiling(data_dir: Path, stop: asyncio.Event, sent: Sent) -> None:
    """Bytes that are no facts, straight into the streams, by whatever got there past the gateway."""
    while not stop.is_set():
        try:
            store = open_store(embedded.url(data_dir), 2)
            store.client.xadd(keys.facts(sent.spoilt % 2), {"f": msgspec.msgpack.encode([["p", "gps", sent.spoilt, "soon"]])})
            sent.spoilt += 1
            store.client.close()
        except (StoreError, redis.RedisError, OSError):
            pass  # killed just now
        await asyncio.sleep(0.5)


async def torment(hall: Hall) -> Sent:
    """Kill each role in turn, the next one only when facts flow again."""
    stop, sent = asyncio.Event(), Sent()
    sending = asyncio.create_task(keep_sending(hall, stop, sent))
    spoiling = asyncio.create_task(keep_spoiling(hall.data_dir, stop, sent))
    for _ in range(KILLS_EACH):
        for name in ("gateway", "projector", "web", "store"):
            before = sent.fixes
            await asyncio.to_thread(hall.kill, name)
            while sent.fixes < before + 4 * WORKERS:
                assert not sending.done(), sending
                await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(sending, 120)
    await asyncio.wait_for(spoiling, 20)
    return sent


def counted(store: Store, kind: str) -> int:
    without = ("duplicate", "unfoldable")
    return sum(number for (_, k, outcome), number in store.counts().items() if k == kind and outcome not in without)


def no_trace_but_of_what_was_spoilt(log: str) -> bool:
    return all("spoilt on purpose" in trace for trace in log.split("Traceback")[1:])


def test_kill_9_of_every_role_loses_nothing_and_counts_nothing_twice(tmp_path: Path, city_folder: Path) -> None:
    hall = Hall(tmp_path, city_folder)
    try:
        hall.await_answer(f"{hall.url}/healthz")
        hall.await_answer(f"http://127.0.0.1:{hall.web}/healthz")
        sent = asyncio.run(torment(hall))
        fixes, steps = sent.fixes, sent.steps
        hall.await_answer(f"{hall.url}/healthz")
        store = open_store(embedded.url(tmp_path), 2)
        for _ in range(300):
            if store.backlog() == 0 and counted(store, "position") >= fixes:
                break
            time.sleep(0.1)
        tracks = [store.track(f"C{n}", 0, 1 << 50) for n in range(WORKERS * BATCHES_AT_ONCE)]
        assert sum(track.size for track in tracks) == counted(store, "position") == fixes
        assert all(len(set(track["t"].tolist())) == track.size for track in tracks)
        found = [one for _, one in unfoldable.held(store)]
        fixes_aside = [msgspec.msgpack.decode(one.raw, type=Position) for one in found if one.source == "default"]
        assert {(fix.worker, fix.fixed_at_ms) for fix in fixes_aside} == sent.bad
        assert sent.spoilt <= sum(one.source == "gps" for one in found) <= sent.spoilt + KILLS_EACH
        set_aside = sum(number for (_, _, outcome), number in store.counts().items() if outcome == "unfoldable")
        assert len(found) == set_aside == unfoldable.number(store) and sent.bad and sent.spoilt
        trails = [store.trail(f"O{n}") for n in range(1, steps // 2 + 1)]
        assert sum(len(trail) for trail in trails) == counted(store, "order") == steps
        assert all([step.status for step in trail] == ["reported", "closed"] for trail in trails)
        rows = [row for p in range(2) for _, row in store.rows(p)]
        assert sum(getattr(row, "fixes", 0) + getattr(row, "set_aside", 0) for row in rows) <= fixes
        hall.await_answer(f"http://127.0.0.1:{hall.web}/healthz")
        url, headers = f"http://127.0.0.1:{hall.web}/api/v1/orders", {"Authorization": f"Bearer {KEY}"}
        told = httpx.get(url, params={"limit": 1}, headers=headers, trust_env=False).json()
        assert told["total"] == steps // 2
    finally:
        hall.end()
    log = (tmp_path / "log").read_text()
    assert no_trace_but_of_what_was_spoilt(log), log[-3000:]
