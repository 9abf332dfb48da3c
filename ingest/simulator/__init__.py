"""A real client of gridhall that plays a city: `simulate` (see `ingest.simulator.run`), and `command` for app.py."""

import asyncio
import logging
import threading
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from config.city import City
from ingest.delivery import GatewayError
from ingest.simulator.device import PROTOCOLS
from ingest.simulator.memory import Memory
from ingest.simulator.run import People, Plan, simulate

__all__ = ["Memory", "People", "Plan", "command", "simulate"]

log = logging.getLogger(__name__)


def command(
    city: City,
    gateway_url: str,
    jt808_port: int,
    key: str,
    *,
    workers: int = 0,
    speed: float = 1.0,
    orders_per_day: float = 240,
    history: bool = True,
    interval_s: float = 10.0,
    protocols: str = "all",
    seed: int = 1,
    stop: threading.Event,
    state_dir: Path | None = None,
    people: People | None = None,
) -> int:
    """Simulate until `stop` is set; the exit code. `workers` 0: the whole roster; `jt808_port` below 0: no terminals;
    `protocols`: all, or some of them with commas. In `state_dir` it remembers what it has told. Without `people` all orders
    are those of an outside case system.
    """
    low = max(round(interval_s), 1)
    plan = Plan(
        workers=workers or None,
        speed=speed,
        seed=seed,
        interval_s=(low, low + low // 2),
        orders_per_day=orders_per_day,
        history=history,
        protocols=PROTOCOLS if protocols == "all" else tuple(name.strip() for name in protocols.split(",")),
    )
    if unknown := set(plan.protocols) - set(PROTOCOLS):
        log.error("no such protocol: %s (known: all, %s)", ", ".join(sorted(unknown)), ", ".join(PROTOCOLS))
        return 2
    terminals = (urlsplit(gateway_url).hostname or "127.0.0.1", jt808_port) if jt808_port >= 0 else None
    memory = Memory(state_dir / "simulator.json" if state_dir is not None else None, seed, city.code)

    async def run() -> None:
        ended = asyncio.Event()
        watching = asyncio.create_task(_watch(stop, ended))
        try:
            await simulate(city, gateway_url, terminals, key, plan, people=people, stop=ended, memory=memory)
        finally:
            watching.cancel()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())
    except GatewayError as refused:
        log.error("%s", refused)
        return 1
    return 0


async def _watch(stop: threading.Event, ended: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.1)
    ended.set()
