"""Fixes from the gateway's bytes to committed state, as a ratio to the same writes sent ready-made by a redis-py pipeline.

Both run against the embedded Valkey with every write fsynced before its reply. The pipeline sends what the projector
would have written of each fix (the worker's row, the track record), made in advance, so that it measures only the
client and the server: nothing can be faster that writes each fix by itself.
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
from typing import Any

import httpx
import msgspec
import redis

from config.city import load_city
from config.make import make_city
from domain.facts import Position
from domain.states import Worker
from store import embedded, keys, track
from store.errors import StoreUnavailable
from store.store import Store, open_store

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 20_000
FIXES = 400_000
BATCH = 1000
IN_FLIGHT = 8
PARTITIONS = 4
KEY = "bench-key-bench-key-bench"
START_MS = 1_783_901_730_000


@contextlib.contextmanager
def process(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(20)


def await_store(url: str) -> Store:
    for _ in range(200):
        try:
            return open_store(url, PARTITIONS)
        except StoreUnavailable:
            time.sleep(0.05)
    raise SystemExit("the embedded store did not start")


def fixes(round_number: int) -> Iterator[dict[str, Any]]:
    """One round: every worker takes a step of about 10 m inside the city of Guicheng."""
    at = time.time_ns() // 1_000_000 - 3_600_000 + round_number * 10_000
    for n in range(WORKERS):
        lon = 113.13 + (n % 200) * 2e-4 + round_number * 1e-4
        lat = 23.01 + (n // 200) * 4e-4
        yield {"worker": f"B{n:05d}", "fixed_at": at, "lon": lon, "lat": lat, "accuracy_m": 8.0, "speed_mps": 1.1,
               "battery_pct": 80.0}  # fmt: skip


def bodies() -> list[bytes]:
    """The requests, made in advance: the client's own work is not measured."""
    encode, made, batch = msgspec.json.Encoder().encode, [], []
    for round_number in range(FIXES // WORKERS):
        for fix in fixes(round_number):
            batch.append(fix)
            if len(batch) == BATCH:
                made.append(encode(batch))
                batch = []
    return made


async def send(url: str, requests: list[bytes]) -> None:
    """Keep IN_FLIGHT requests under way; a refused one (503) is sent again."""
    waiting = iter(requests)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:

        async def lane() -> None:
            for body in waiting:
                while (await client.post("/api/v1/positions", content=body)).status_code == 503:
                    await asyncio.sleep(0.2)

        await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))


def through_gateway(env: dict[str, str], store: Store, port: int, requests: list[bytes]) -> float:
    """Fixes per second from the first request to the commit of the last fix."""
    app = [sys.executable, "app.py"]
    with process([*app, "gateway"], env), process([*app, "projector"], env):
        for _ in range(400):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
                break
            time.sleep(0.05)
        time.sleep(2)
        started = time.perf_counter()
        asyncio.run(send(f"http://127.0.0.1:{port}", requests))
        while sum(number for (_, kind, _), number in store.counts().items() if kind == "position") < FIXES:
            time.sleep(0.02)
        elapsed = time.perf_counter() - started
    kept = store.counts()["default", "position", "kept"]
    assert kept == FIXES, f"{kept} of {FIXES} fixes kept"
    return FIXES / elapsed


def by_pipeline(store: Store, number: int = FIXES // 4) -> float:
    """Fixes per second of a redis-py pipeline of two ready-made commands per fix, 1,000 fixes a flush."""
    commands = []
    for round_number in range(number // WORKERS + 1):
        for told in fixes(round_number):
            fix = Position(source="b", received_at_ms=told["fixed_at"], worker=told["worker"], fixed_at_ms=told["fixed_at"],
                           lon=told["lon"], lat=told["lat"], accuracy_m=8.0, speed_mps=1.1, battery_pct=80.0)  # fmt: skip
            row = Worker(worker=fix.worker, fixed_at_ms=fix.fixed_at_ms, lon=fix.lon, lat=fix.lat, accuracy_m=8.0)
            p = store.partition_of(fix.worker)
            commands.append((
                ("HSET", keys.table(p, "worker"), fix.worker, msgspec.msgpack.encode(row)),
                ("APPEND", keys.track(p, fix.worker, "2026-01-01"), track.pack(fix, 0)),
            ))  # fmt: skip
            if len(commands) == number:
                break
    client = redis.Redis.from_url(embedded.url(Path(os.environ["BENCH_DIR"])))
    started = time.perf_counter()
    for start in range(0, number, BATCH):
        pipe = client.pipeline(transaction=False)
        for hset, append in commands[start : start + BATCH]:
            pipe.execute_command(*hset)
            pipe.execute_command(*append)
        pipe.execute()
    return number / (time.perf_counter() - started)


def run() -> dict[str, object]:
    """Both figures and their ratio."""
    with tempfile.TemporaryDirectory(prefix="gridhall-bench-") as folder:
        data_dir = Path(folder)
        make_city("guicheng", data_dir / "city", seed=1)
        load_city(data_dir / "city")
        port = 18_060
        told = {"DATA_DIR": folder, "CITY": str(data_dir / "city"), "PARTITIONS": str(PARTITIONS), "JT808_PORT": "-1",
                "GATEWAY_PORT": str(port), "INGEST_KEY": KEY, "LOG_LEVEL": "WARNING"}  # fmt: skip
        env = {**os.environ, **{f"GRIDHALL_{name}": value for name, value in told.items()}}
        os.environ["BENCH_DIR"] = folder
        with process(embedded.command(data_dir), env):
            store = await_store(embedded.url(data_dir))
            gateway = through_gateway(env, store, port, bodies())
            store.client.flushall()
            pipeline = by_pipeline(store)
    return {"fixes": FIXES, "workers": WORKERS, "gateway_per_s": round(gateway), "pipeline_per_s": round(pipeline),
            "ratio": round(gateway / pipeline, 3)}  # fmt: skip


if __name__ == "__main__":
    print(msgspec.json.encode(run()).decode())
