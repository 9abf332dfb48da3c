"""Load: many devices that report at a steady interval, each by its own protocol, and how soon they are acknowledged.

They differ from the simulator's in what they do not do: they walk in circles, never lose their network and play no people.
What they say, and how, is what devices say: a request for each fix, a terminal with its own connection, a provider who
sends for many; a fix that was not acknowledged is kept and sent again.
"""

import asyncio
import logging
import math
import threading
from collections import Counter
from typing import Final
from urllib.parse import urlsplit

import msgspec
import numpy as np
import uvloop

from config import clock
from config.city import City
from ingest.delivery import GatewayError
from ingest.simulator.chance import uniform
from ingest.simulator.device import Device, Sighting
from ingest.simulator.latencies import Latencies
from ingest.simulator.loadlines import Letter, LoadTerminal, Post
from ingest.simulator.loadwho import Shares, Words, phone, protocols, who

log = logging.getLogger(__name__)

TICK_S: Final = 0.02
SAY_S: Final = 10.0
OPENING: Final = 64  # terminals that connect at the same time
OPEN_WITHIN_S: Final = 120.0
SPEED_MPS: Final = 1.2
RADIUS_M: Final = 60.0
DEGREE_M: Final = 111_195.0
BATCH: Final = 1000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`workers` report every `interval_s` seconds, for `seconds` (0: until told to stop), over `lines` HTTP connections."""

    workers: int
    interval_s: float = 10.0
    shares: Shares = Shares((("json", 1.0),))
    seconds: float = 0.0
    lines: int = 256


class Load:
    """All devices of a load. `run` ends by itself or when `stop` is set; `told` is what came of it."""

    def __init__(self, city: City, url: str, jt808: tuple[str, int] | None, key: str, plan: Plan) -> None:
        self.plan = plan
        self.counts: Counter[str] = Counter()
        self.latencies = {name: Latencies() for name, _ in plan.shares.shares}
        self._lately = Latencies()
        self._post = Post(url, plan.lines, self._acknowledged, self.counts)
        self._words = Words(urlsplit(url).netloc.rpartition("@")[2], key)
        self._names, self._homes = who(city, plan.workers)
        self._protocol = protocols(city, self._names, plan.shares)
        every = np.arange(plan.workers)
        self._phase_s = np.sort(uniform(plan.workers, 1, every)) * plan.interval_s
        self._turn = uniform(plan.workers, 2, every) * 2 * math.pi
        self._terminals = self._make_terminals(city, jt808)
        self._sent, self._began_s, self._took_s = 0, 0.0, 0.0

    def _make_terminals(self, city: City, jt808: tuple[str, int] | None) -> dict[int, LoadTerminal]:
        opening, made = asyncio.Semaphore(OPENING), {}
        for index, protocol in enumerate(self._protocol):
            if protocol == "jt808" and jt808 is not None:
                device = Device(self._names[index], phone(city, self._names[index], index), "jt808")
                made[index] = LoadTerminal(device, jt808, self.counts, opening, self._acknowledged)
        return made

    async def run(self, stop: asyncio.Event) -> None:
        """Raises GatewayError when the key is refused, or no terminal is admitted."""
        loop = asyncio.get_running_loop()
        await self._link_terminals(stop)
        self._began_s = before_s = loop.time()
        said_s, round_, place = self._began_s, 0, 0
        end_s = self._began_s + (self.plan.seconds or math.inf)
        while not stop.is_set() and before_s < end_s and not self._post.refused:
            await asyncio.sleep(TICK_S)
            now_s = loop.time()
            place, round_ = self._report_until(now_s, place, round_)
            before_s = now_s
            if now_s - said_s >= SAY_S:
                log.info("%s", self._say(now_s - said_s))
                said_s, self._lately = now_s, Latencies()
        self._took_s = loop.time() - self._began_s
        await self._drain(stop)
        for terminal in self._terminals.values():
            terminal.wanted = False
            terminal.close()
        self._post.close()
        if self._post.refused:
            raise GatewayError(f"the gateway answers {self._post.refused}: is this the key of a source?")

    async def _link_terminals(self, stop: asyncio.Event) -> None:
        """Terminals register before the clock of the load begins: there are thousands, and it happens once."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + OPEN_WITHIN_S
        while any(not terminal.ready for terminal in self._terminals.values()) and not stop.is_set():
            if self.counts["jt808 not admitted"]:
                raise GatewayError("terminals are not admitted: their numbers are on no roster (GRIDHALL_JT808_ADMIT=all)")
            if loop.time() > end_s:
                raise GatewayError(f"not all terminals were linked within {OPEN_WITHIN_S:g} s")
            for terminal in self._terminals.values():
                terminal.tend(loop.time())
            await asyncio.sleep(0.2)

    async def _drain(self, stop: asyncio.Event) -> None:
        """What is under way is waited for, for five seconds."""
        for _ in range(50):
            if self.waiting <= 0 or stop.is_set():
                return
            await asyncio.sleep(0.1)

    @property
    def acknowledged(self) -> int:
        return sum(one.count for one in self.latencies.values())

    @property
    def waiting(self) -> int:
        """Fixes that are neither acknowledged nor refused."""
        return self._sent - self.acknowledged - self.counts["refused"] - self.counts["rejected"]

    def _report_until(self, now_s: float, place: int, round_: int) -> tuple[int, int]:
        """Everybody whose fix is due; (index of who is next, in which round)."""
        batch: list[tuple[int, float]] = []
        while True:
            due_s = self._began_s + round_ * self.plan.interval_s + float(self._phase_s[place])
            if due_s > now_s:
                break
            if self._protocol[place] == "batch":
                batch.append((place, due_s))
            else:
                self._report(place, due_s, now_s)
            self._sent += 1
            place += 1
            if place == self.plan.workers:
                place, round_ = 0, round_ + 1
        for start in range(0, len(batch), BATCH):
            self._report_batch(batch[start : start + BATCH], now_s)
        return place, round_

    def _report(self, index: int, due_s: float, now_s: float) -> None:
        fix, protocol = self._fix(index, due_s - now_s), self._protocol[index]
        if protocol == "jt808":
            self._terminals[index].report(fix, due_s)
        else:
            self._post.send(Letter(getattr(self._words, protocol)(self._names[index], fix), protocol, due_s))

    def _report_batch(self, batch: list[tuple[int, float]], now_s: float) -> None:
        told = [(self._names[index], self._fix(index, due_s - now_s)) for index, due_s in batch]
        self._post.send(Letter(self._words.batch(told), "batch", batch[0][1], len(batch)))

    def _fix(self, index: int, ago_s: float) -> Sighting:
        """Where a worker is on his circle."""
        at_s = clock.now_s() + ago_s
        turn = float(self._turn[index]) + at_s * SPEED_MPS / RADIUS_M
        lon, lat = self._homes[index]
        north = RADIUS_M / DEGREE_M
        heading = math.degrees(-turn) % 360
        return Sighting(int(at_s), lon + north * math.cos(turn) / math.cos(math.radians(lat)), lat + north * math.sin(turn),
                        SPEED_MPS, heading, 8.0, 80.0)  # fmt: skip

    # what came of it

    def _acknowledged(self, protocol: str, due_s: float, fixes: int) -> None:
        took_s = asyncio.get_running_loop().time() - due_s
        self.latencies[protocol].add(took_s, fixes)
        self._lately.add(took_s, fixes)

    def _say(self, took_s: float) -> str:
        late, wanted = self._lately.told(), self.plan.workers / self.plan.interval_s
        return (
            f"wanted {wanted:,.0f} fixes/s, acknowledged {self._lately.count / took_s:,.0f}/s, waiting {self.waiting:,}; "
            f"acknowledged within {late['p50_ms']:g} ms (median), {late['p95_ms']:g} (p95), {late['p99_ms']:g} (p99)"
        )

    def told(self) -> dict[str, object]:
        """wanted and acknowledged fixes a second, what was refused or sent again, and latencies by protocol."""
        return {
            "workers": self.plan.workers, "interval_s": self.plan.interval_s, "seconds": round(self._took_s, 1),
            "wanted_per_s": round(self.plan.workers / self.plan.interval_s, 1),
            "acknowledged_per_s": round(self.acknowledged / max(self._took_s, 1e-9), 1),
            "sent": self._sent, "acknowledged": self.acknowledged,
            "counts": {name: number for name, number in sorted(self.counts.items()) if number},
            "latency": {name: one.told() for name, one in self.latencies.items() if one.count},
        }  # fmt: skip


def command(
    city: City, url: str, jt808_port: int, key: str, plan: Plan, stop: threading.Event
) -> dict[str, object]:
    """Load the gateway until `stop` is set or the time is over; what came of it. Raises GatewayError; ValueError for a plan
    that needs terminals where there is no port for them (`jt808_port` below 0)."""
    terminals = (urlsplit(url).hostname or "127.0.0.1", jt808_port) if jt808_port >= 0 else None
    if terminals is None and any(name == "jt808" for name, _ in plan.shares.shares):
        raise ValueError("there is no JT/T 808 port: leave jt808 out of the protocols")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(city, url, terminals, key, plan, stop))


async def _run(
    city: City, url: str, terminals: tuple[str, int] | None, key: str, plan: Plan, stop: threading.Event
) -> dict[str, object]:
    load, ended = Load(city, url, terminals, key, plan), asyncio.Event()

    async def watch() -> None:
        while not stop.is_set():
            await asyncio.sleep(0.1)
        ended.set()

    watching = asyncio.create_task(watch())
    try:
        await load.run(ended)
    finally:
        watching.cancel()
    return load.told()
