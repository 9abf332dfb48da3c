"""The simulator: a city's workers, case system and cameras as clients of the gateway, its people as clients of the web."""

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from config import clock
from config.city import City
from ingest.delivery import Gateway
from ingest.simulator.calls import tell_calls
from ingest.simulator.cases import Cases
from ingest.simulator.chance import Floats, Ints, uniform
from ingest.simulator.device import PROTOCOLS, Device, Sighting, device_of
from ingest.simulator.ground import Ground
from ingest.simulator.lanes import HttpLane, JsonLane, Lane
from ingest.simulator.memory import Memory
from ingest.simulator.opening import open_demo
from ingest.simulator.society import Society
from ingest.simulator.telling import Telling, tell_feeds
from ingest.simulator.terminal import Terminal
from ingest.simulator.walk import Patrols
from ingest.simulator.web import Web

TICK_S: Final = 0.25
HISTORY_FROM_H: Final = 7
HISTORY_FIXES: Final = 240_000  # of this morning, for all workers together
HISTORY_STEP_S: Final = 30  # at least so far apart
HISTORY_WORKERS: Final = 2500
REMEMBER_S: Final = 5

log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate. `workers` None: the roster's; more than it has are invented and unrostered.

    `interval_s`: each worker reports every so many seconds, between the two. `speed` multiplies the pace of walking.
    `history`: the last 14 days' orders, and this morning's tracks, are told first. `protocols`: of these devices only;
    workers without one of them use plain JSON, which alone is the cheapest for load. `pace`: 1, people take their real time;
    0.5, half of it.
    """

    workers: int | None = None
    speed: float = 1.0
    seed: int = 1
    interval_s: tuple[int, int] = (10, 15)
    orders_per_day: float = 240
    history: bool = True
    feeds: bool = True
    protocols: tuple[str, ...] = PROTOCOLS
    pace: float = 1.0


class People(msgspec.Struct, frozen=True):
    """Where the people of the simulation act: the web process, and the secret from which theirs are made (`config.demo`)."""

    url: str
    shared: str


async def simulate(
    city: City,
    gateway_url: str,
    jt808: tuple[str, int] | None,
    key: str,
    plan: Plan = Plan(),
    *,
    people: People | None = None,
    stop: asyncio.Event | None = None,
    counts: Counter[str] | None = None,
    memory: Memory | None = None,
) -> Counter[str]:
    """Run until `stop` is set. `counts` is kept up to date: what the gateway has taken, by protocol, and what not.

    `jt808` is host and port of the terminals' gateway; None: nobody uses that protocol. Without `people` all orders are those
    of an outside case system. A gateway or a web process that is away, or full, is waited for. With a `memory`, a later run
    goes on where this one ends. Raises GatewayError when the key is refused.
    """
    counts = Counter() if counts is None else counts
    memory = Memory(None, plan.seed, city.code) if memory is None else memory
    protocols = tuple(p for p in plan.protocols if p != "jt808" or jt808 is not None)
    ground = Ground(city, plan.workers, plan.seed)
    patrols = Patrols(ground.plane, ground.paths_of, len(ground.roster), city.zone, plan.seed, plan.speed)
    devices = [device_of(entry, protocols) for entry in ground.roster]
    async with Gateway(gateway_url, key, in_flight=6) as gateway, contextlib.AsyncExitStack() as open_now:
        fleet = _Fleet(devices, patrols, plan, gateway, gateway_url, key, jt808, counts)
        jobs = [lane.run() for lane in fleet.lanes]
        jobs.append(fleet.run(max(_morning_s(city), memory.tracks_s) if plan.history else None))
        jobs.append(_remember(memory, fleet, counts))
        if plan.orders_per_day > 0:
            cases = Cases(ground, patrols, plan.orders_per_day, plan.seed)
            society = None
            if people is not None:
                web = await open_now.enter_async_context(Web(people.url))
                society = Society(city, web, people.shared, cases, memory, counts, plan.seed, plan.pace)
                jobs.append(_live(society, plan))
            jobs.append(tell_calls(city, gateway, plan.orders_per_day, plan.seed, counts, plan.history))
            jobs.append(Telling(cases, city, gateway, memory, counts, society).run(plan.history))
        if plan.feeds and city.cameras:
            jobs.append(tell_feeds(city, gateway, plan.seed, counts))
        try:
            await _until(stop or asyncio.Event(), jobs)
        finally:
            fleet.close()
    return counts


async def _live(society: Society, plan: Plan) -> None:
    if plan.history and not society.memory.opened:
        await open_demo(society)
    await society.run()


def _morning_s(city: City) -> float:
    """Since when this day's tracks are told: 07:00 local; before 08:30 the last two hours."""
    now = clock.local_now(city.zone)
    morning = now.replace(hour=HISTORY_FROM_H, minute=0, second=0, microsecond=0).timestamp()
    return morning if now.timestamp() - morning > 5400 else now.timestamp() - 7200


async def _remember(memory: Memory, fleet: "_Fleet", counts: Counter[str]) -> None:
    while True:
        await asyncio.sleep(REMEMBER_S)
        if fleet.recalled:
            memory.tracks_s = fleet.sent_until_s()
        memory.save()
        if memory.lap():
            log.info("taken: %s", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


async def _until(stop: asyncio.Event, jobs: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run the jobs until `stop` is set or one of them fails, whose error is raised."""
    ended = asyncio.ensure_future(stop.wait())
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        waiting: set[asyncio.Future[Any]] = {ended, *tasks}
        while not ended.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in done - {ended}:
                one.result()
    finally:
        for task in (ended, *tasks):
            task.cancel()
        await asyncio.gather(ended, *tasks, return_exceptions=True)


class _Fleet:
    """All devices with their lanes and lines."""

    def __init__(
        self, devices: list[Device], patrols: Patrols, plan: Plan, gateway: Gateway, url: str, key: str,
        jt808: tuple[str, int] | None, counts: Counter[str],
    ) -> None:  # fmt: skip
        self._devices, self._patrols, self._plan = devices, patrols, plan
        every = np.arange(len(devices))
        low, high = plan.interval_s
        self._interval = low + np.floor(uniform(plan.seed, 10, every) * (high - low + 1)).astype(np.int64)
        self._phase = np.floor(uniform(plan.seed, 11, every) * self._interval).astype(np.int64)
        phones = [d for d in devices if d.protocol in ("osmand", "owntracks")]
        apps = [d for d in devices if d.protocol == "json"]
        http = [HttpLane(url, key, counts) for _ in range(min(max(len(phones) // 40, 1), 48))] if phones else []
        json = [JsonLane(gateway, counts) for _ in range(min(max(len(apps) // 1000, 1), 4))] if apps else []
        self.lanes: list[HttpLane | JsonLane] = [*http, *json]
        self._lane: dict[str, Lane] = {d.worker: http[n % len(http)] for n, d in enumerate(phones)}
        self._lane |= {d.worker: json[n % len(json)] for n, d in enumerate(apps)}
        self.recalled = False
        opening = asyncio.Semaphore(64)
        self._terminal = {
            d.worker: Terminal(d, jt808, counts, opening) for d in devices if d.protocol == "jt808" and jt808 is not None
        }

    def close(self) -> None:
        for terminal in self._terminal.values():
            terminal.wanted = False
            terminal.close()

    async def run(self, history_from_s: float | None) -> None:
        """Report for ever; before that, tell the tracks since `history_from_s`."""
        begin_s = clock.now_s()
        last = np.floor((begin_s - self._phase) / self._interval).astype(np.int64)
        if history_from_s is not None:
            await self._recall(history_from_s, begin_s)
        self.recalled = True
        while True:
            now_s = clock.now_s()
            tick = np.floor((now_s - self._phase) / self._interval).astype(np.int64)
            due = np.flatnonzero(tick > last)
            last = tick
            if len(due):
                self._report(due, (self._phase[due] + tick[due] * self._interval[due]).astype(np.float64))
            await asyncio.sleep(max(0.02, TICK_S - (clock.now_s() - now_s)))

    def sent_until_s(self) -> float:
        """Up to when every fix has been taken."""
        unsent = [device.outbox[0].at_s for device in self._devices if device.outbox]
        return min(unsent, default=clock.now_s()) - 1

    def _report(self, due: Ints, at_s: Floats) -> None:
        patrols = self._patrols
        off = patrols.offline(due, at_s)
        cut = patrols.cut_off(due, at_s)
        silent = patrols.silent(due, at_s) & ~off
        sees = ~off & ~silent
        for who, fix in zip(due[sees].tolist(), self._look(due[sees], at_s[sees]), strict=True):
            self._devices[who].outbox.append(fix)
        for who in due[silent].tolist():
            self._devices[who].alive = True
        now_s = asyncio.get_running_loop().time()
        for who, on, reached in zip(due.tolist(), (~off).tolist(), (~cut).tolist(), strict=True):
            device = self._devices[who]
            self._hand_over(device, reached and (on or bool(device.outbox)), now_s)  # nobody goes home with unsent fixes

    def _look(self, who: Ints, at_s: Floats) -> list[Sighting]:
        place = self._patrols.locate(who, at_s)
        return self._sightings(who, at_s, place)

    def _sightings(self, who: Ints, at_s: Floats, place: tuple[Floats, Floats, Floats, Floats]) -> list[Sighting]:
        seen = self._patrols.observe(who, at_s, place)
        mock = self._patrols.mocked(who, at_s)
        columns = (at_s.astype(np.int64), seen.lon, seen.lat, seen.speed_mps, seen.heading_deg, seen.accuracy_m,
                   seen.battery_pct, mock)  # fmt: skip
        return list(map(Sighting, *(column.tolist() for column in columns)))

    def _hand_over(self, device: Device, linked: bool, now_s: float) -> None:
        terminal = self._terminal.get(device.worker)
        if terminal is not None:
            terminal.wanted = linked
            terminal.tend(now_s)
        elif linked:
            self._lane[device.worker].offer(device)

    async def _recall(self, from_s: float, until_s: float) -> None:
        """Put this morning into the outboxes, coarsely; it is sent as what the devices have kept."""
        count = len(self._devices)
        chosen = range(0, count, max(1, math.ceil(count / HISTORY_WORKERS)))
        wanted_s = max(HISTORY_STEP_S, (until_s - from_s) * len(chosen) / HISTORY_FIXES)
        for n, who in enumerate(chosen):
            interval, phase = int(self._interval[who]), int(self._phase[who])
            step = math.ceil(wanted_s / interval) * interval
            ticks = np.arange(math.ceil((from_s - phase) / step), math.floor((until_s - phase) / step) + 1)
            at_s = (phase + ticks * step).astype(np.float64)
            every = np.full(len(at_s), who)
            on = ~(self._patrols.offline(every, at_s) | self._patrols.silent(every, at_s))
            at_s, every = at_s[on], every[on]
            if len(at_s):
                self._devices[who].outbox.extend(self._sightings(every, at_s, self._patrols.trace(who, at_s)))
                self._hand_over(self._devices[who], True, asyncio.get_running_loop().time())
            if n % 20 == 0:
                await asyncio.sleep(0)
