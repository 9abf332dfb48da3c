"""What the case system and the video gateway of the city tell the gateway, as history and as it happens."""

import asyncio
import heapq
import itertools
from collections import Counter
from typing import Any, Final

import msgspec

from config import clock
from config.city import City
from ingest.delivery import Gateway
from ingest.simulator import feeds
from ingest.simulator.cases import Case, Cases, Event
from ingest.simulator.memory import Memory
from ingest.simulator.society import Society

HISTORY_DAYS: Final = 14
BATCH: Final = 500


class Telling:
    """The outside orders of a city. Those that live in gridhall are left to the `society`, if there is one."""

    def __init__(
        self, cases: Cases, city: City, gateway: Gateway, memory: Memory, counts: Counter[str], society: Society | None
    ) -> None:  # fmt: skip
        self._cases, self._city, self._gateway, self._counts = cases, city, gateway, counts
        self._memory, self._society = memory, society
        self._coming: list[tuple[int, int, Event]] = []
        self._serial = itertools.count()

    async def run(self, history: bool) -> None:
        """The orders of the last days as history, then step by step as they happen."""
        begin_ms = clock.now_ms()
        if self._society is not None:
            self._memory.report_here(begin_ms)
        days = self._cases.days(begin_ms, HISTORY_DAYS if history else 0)
        for day in days:
            await self._tell_day(day, begin_ms, history)
        today = days[0]
        while True:
            now_ms = clock.now_ms()
            if self._city.day_of(now_ms) != today:
                today = self._city.day_of(now_ms)
                for case in self._cases.of_day(today):
                    self._expect(case, 0)
            due: list[Event] = []
            while self._coming and self._coming[0][0] <= now_ms:
                due.append(heapq.heappop(self._coming)[2])
            await post(self._gateway, "/api/v1/events", due, "events", self._counts)
            self._memory.events_ms = now_ms
            if self._society is not None:
                self._society.expected_until_ms = now_ms
            await asyncio.sleep(1)

    async def _tell_day(self, day: str, begin_ms: int, history: bool) -> None:
        past: list[Event] = []
        for n, case in enumerate(self._cases.of_day(day)):
            if history or case.begin_ms >= begin_ms:
                past += self._expect(case, begin_ms)
            if n % 25 == 0:
                await asyncio.sleep(0)
        await post(self._gateway, "/api/v1/events", past, "events", self._counts)

    def _expect(self, case: Case, begin_ms: int) -> list[Event]:
        """Note what a case will bring; returns what it has brought by `begin_ms` and was not told yet."""
        if case.here and self._memory.is_here(case.begin_ms):
            if self._society is not None:
                self._society.expect(case)
            return []
        for at_ms, event in case.events:
            if at_ms > begin_ms:
                heapq.heappush(self._coming, (at_ms, next(self._serial), event))
        return [event for at_ms, event in case.events if self._memory.events_ms < at_ms <= begin_ms]


async def tell_feeds(city: City, gateway: Gateway, seed: int, counts: Counter[str]) -> None:
    """The state of the city's cameras, whenever one changes."""
    before: list[str] = []
    while True:
        now_s = clock.now_s()
        now = feeds.states(city, seed, now_s)
        await post(gateway, "/api/v1/feeds", feeds.told(city, now, before, now_s), "feeds", counts)
        before = now
        await asyncio.sleep(30)


async def post(gateway: Gateway, path: str, items: list[Any], name: str, counts: Counter[str]) -> None:
    """Send objects in batches until the gateway has taken them; `counts` what of them."""
    for start in range(0, len(items), BATCH):
        ack = await gateway.post(path, [msgspec.json.encode(item) for item in items[start : start + BATCH]])
        counts[name] += ack.accepted
        counts["rejected"] += len(ack.rejected)
        for _, reason in ack.rejected[:1]:
            counts[f"rejected: {reason.partition(':')[0]}"] += len(ack.rejected)
