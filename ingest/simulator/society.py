"""The people of the city at work over gridhall's own API: they report, and take orders further, as far as nobody was faster.

Nothing is decided here but by what the order's page says in this moment: whoever acts looks first, and what he may no longer
do he leaves. Who has done what is known from gridhall alone, so a restart goes on where it ended.
"""

import asyncio
import heapq
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from config import clock
from config.city import City
from config.demo import Played
from domain.lifecycle import STATUSES, is_open
from ingest.simulator import pictures
from ingest.simulator.cases import CALL, CAMERA, FIELD, WECHAT, Case, Cases
from ingest.simulator.chance import rng_of
from ingest.simulator.habits import Habits, Move
from ingest.simulator.memory import Memory
from ingest.simulator.papers import Papers
from ingest.simulator.seen import Seen, read_page
from ingest.simulator.staff import Staff
from ingest.simulator.web import STRANGER, Done, Web

TICK_S: Final = 1.0
LOOK_EVERY_S: Final = 20.0
CLOSED_EVERY_S: Final = 600.0
MOST_AT_ONCE: Final = 8  # orders that are looked at or taken further in a tick
REST_MS: Final = 3_600_000
LEFT: Final = {"reported": 3, "accepted": 3, "registered": 2, "returned": 1, "checking": 2}
"""How many orders of a state the seats leave for whoever tries the desk, unless one has waited for LEFT_MS."""

LEFT_MS: Final = 3 * 3_600_000
LEFT_AGAIN_MS: Final = 120_000

PHOTOGRAPHED: Final = {CAMERA: 1.0, CALL: 0.0}
PICTURED: Final = {"feedback": 0.7, "self_handle": 0.8, "progress": 0.3, "check": 0.4}
_NAMES: Final = uuid.UUID("5f0c7c52-62a5-4b0e-9d0b-9c6d7f0b2a11")
_OPEN: Final = ",".join(key for key in STATUSES if is_open(key))

log = logging.getLogger(__name__)


class _Known(msgspec.Struct):
    """An order as it was last seen; `due_ms`: when to look at it again."""

    steps: int
    due_ms: float
    tries: int = 0


class Society:
    """`shared`: the secret from which those of all people are made. `pace` as in `Habits`.

    `expected_until_ms`: all cases that begin before have been expected; whoever expects them says so.
    """

    def __init__(
        self, city: City, web: Web, shared: str, cases: Cases, memory: Memory, counts: Counter[str], seed: int,
        pace: float = 1.0,
    ) -> None:  # fmt: skip
        self.city, self.web, self.memory, self.counts, self.seed = city, web, memory, counts, seed
        self.cases, self.staff = cases, Staff(city, shared)
        self.papers = Papers(city, self.limit_h, self._worker_near)
        self._pace = pace
        self._habits = Habits(seed, clock.now_ms(), pace, self.limit_h)
        self.expected_until_ms = 0
        self._coming: list[tuple[int, str, Case]] = []
        self._book: dict[str, _Known] = {}
        self._waiting: Counter[str] = Counter()
        self._strangers = False

    def expect(self, case: Case) -> None:
        """Report this case when its time comes. What began before `memory.here_ms` has been reported."""
        if case.begin_ms > self.memory.here_ms:
            heapq.heappush(self._coming, (case.begin_ms, case.order, case))

    async def run(self) -> None:
        """For ever."""
        looked_s = closed_s = float("-inf")
        while True:
            now_s = time.monotonic()
            await self._report_due()
            if now_s - looked_s > max(LOOK_EVERY_S * self._pace, TICK_S / 10):
                looked_s = now_s
                await self._look_round(_OPEN)
            if now_s - closed_s > max(CLOSED_EVERY_S * self._pace, TICK_S):
                closed_s = now_s
                await self._look_round("closed,callback")
            await self._go_on()
            await asyncio.sleep(min(max(TICK_S * self._pace, TICK_S / 20), TICK_S))

    def name(self, *parts: object) -> str:
        """The id of something that is to happen once: 32 hexadecimal digits."""
        return uuid.uuid5(_NAMES, "\x1f".join(map(str, (self.city.code, self.seed, *parts)))).hex

    # reports

    async def _report_due(self) -> None:
        now_ms = clock.now_ms()
        while self._coming and self._coming[0][0] <= now_ms:
            begin_ms, _, case = self._coming[0]
            done = await self.report(case)
            if done.state == "pending" or done.why == STRANGER:
                return  # nobody has said no to it: it comes again
            heapq.heappop(self._coming)
            self.memory.here_ms = begin_ms
        self.memory.here_ms = max(self.memory.here_ms, self.expected_until_ms)

    async def report(self, case: Case) -> Done:
        """Report a case as who found it, or as the intake who was told; the same case again is the same order."""
        who = self.staff.reporter(str(case.report.get("reporter", "")))
        if who is None:
            return Done("refused", why="nobody")
        draw = rng_of(self.seed, "told", case.order)
        wanted = ("channel", "category", "title", "text", "address", "lon", "lat", "region")
        fields = {key: case.report[key] for key in wanted if key in case.report}
        if case.report["channel"] in (WECHAT, CALL):
            fields |= _citizen(draw)
        share = PHOTOGRAPHED.get(fields["channel"], 0.7 if fields["channel"] in FIELD else 0.3)
        if draw.random() < share:
            fields |= await self._photo(who, case.order, "found", case.begin_ms)
        body = {"id": self.name("report", case.order), "fields": fields, "at_ms": case.begin_ms}
        return self._counted("reports here", await self.web.post(self.staff.secret(who), "/api/v1/reports", body))

    async def _photo(self, who: Played, of: str, what: str, at_ms: int) -> dict[str, str]:
        """The field that names a photo just sent; nothing when it was not taken."""
        name = self.name("photo", of, what)
        at = datetime.fromtimestamp(at_ms / 1000, self.city.zone)
        content = await asyncio.to_thread(pictures.draw, of, at, mended=what != "found")
        taken = await self.web.put(self.staff.secret(who), f"/api/v1/files/{name}", content, "image/jpeg")
        self.counts["photos here" if taken else "photos refused"] += 1
        return {"photos": name} if taken else {}

    # what is there

    async def look(self, order: str, who: Played | None = None) -> Seen | None:
        """An order as somebody (the duty chief) sees it now; None: it is not there, or not one of ours."""
        secret = self.staff.secret(who or self.staff.seat("duty_chief"))
        page = await self.web.get(secret, f"/api/v1/orders/{order}", ms=1)
        return None if page is None else read_page(page)

    async def _look_round(self, statuses: str) -> None:
        """Note the orders of ours that are new or have changed since they were looked at."""
        rows = await self._rows(statuses)
        if rows is None:
            return
        if statuses == _OPEN:
            self._waiting = Counter(row["status"] for row in rows)
        for row in rows:
            known = self._book.get(row["order"])
            if known is None or known.steps != row["steps"]:
                self._book[row["order"]] = _Known(row["steps"], 0)

    async def _rows(self, statuses: str) -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = []
        secret, prefix = self.staff.secret(self.staff.seat("duty_chief")), f"{self.city.order_prefix}-"
        while True:
            asked: dict[str, str | int] = {"status": statuses, "text": prefix, "limit": 1000, "offset": len(rows), "ms": 1}
            page = await self.web.get(secret, "/api/v1/orders", **asked)
            if page is None:
                self._told_strangers()
                return None
            self._strangers = False
            rows += page["items"]
            if len(rows) >= page["total"] or not page["items"]:
                return [row for row in rows if row["ingest_source"] == "desk"]

    def _told_strangers(self) -> None:
        if not self._strangers:
            log.warning("%s does not know the people of the demo: they wait", self.web.url)
        self._strangers = True

    # going on

    async def _go_on(self) -> None:
        now_ms = clock.now_ms()
        due = sorted((known.due_ms, order) for order, known in self._book.items() if known.due_ms <= now_ms)
        for _, order in due[:MOST_AT_ONCE]:
            await self._take_further(order)

    async def _take_further(self, order: str) -> None:
        """Do what is due on an order, or note when something will be."""
        known, now_ms = self._book[order], clock.now_ms()
        seen = await self.look(order)
        moves = [] if seen is None else self._habits.moves(seen)
        if seen is None or not (moves or is_open(seen.status)):
            del self._book[order]
            return
        known.tries = 0 if known.steps != seen.steps else known.tries
        known.steps = seen.steps
        due = [move for move in moves if move.at_ms <= now_ms]
        left = [move for move in due if self._left(seen, move, now_ms)]
        for move in due:
            if move not in left and await self._done(seen, move):
                known.due_ms = 0
                return
        known.tries += len(due) > len(left)
        again_ms = LEFT_AGAIN_MS if left else min(30_000 * 2.0**known.tries, REST_MS) if due else REST_MS
        known.due_ms = min([now_ms + again_ms * self._pace, *(move.at_ms for move in moves if move.at_ms > now_ms)])

    def _left(self, seen: Seen, move: Move, now_ms: int) -> bool:
        """Whether the seats leave it for a visitor."""
        fresh = now_ms - seen.status_at_ms < LEFT_MS * self._pace
        return move.seats and fresh and self._waiting[seen.status] <= LEFT.get(seen.status, 0)

    async def _done(self, seen: Seen, move: Move) -> bool:
        for action in move.actions:
            done = await self.act(seen, action, unit=move.unit)
            if done is not None and done.state == "done":
                self._waiting[seen.status] -= 1
                return True
        return False

    async def act(
        self, seen: Seen, action: str, *, unit: str = "", at_ms: int | None = None, once: str = "", **told: Any
    ) -> Done | None:
        """Do an action on an order as who does such things; None: there is nobody, or he may not do it now.

        `at_ms`: when it was done, if not now. The action's id is made from the order as it stands, or from `once`. `told`:
        fields that are not left to chance.
        """
        draw = self._habits.draw(seen, f"{action} {seen.steps}")
        who = self.staff.who_does(action, seen, unit, draw)
        mine = None if who is None else await self.look(seen.order, who)
        if who is None or mine is None or action not in mine.may or mine.steps != seen.steps:
            return None  # a visitor was faster, or a step is left out in this city
        fields = self.papers.fields(action, seen, draw, at_ms or clock.now_ms()) | told
        if draw.random() < PICTURED.get(action, 0.0):
            fields |= await self._photo(who, seen.order, f"{action} {seen.steps}", at_ms or clock.now_ms() // 60_000 * 60_000)
        name = self.name(seen.order, once or (action, unit, seen.steps))
        body = {"id": name, "action": action, "fields": fields} | ({} if at_ms is None else {"at_ms": at_ms})
        done = await self.web.post(self.staff.secret(who), f"/api/v1/orders/{seen.order}/actions", body)
        return self._counted("actions here", done)

    def _counted(self, what: str, done: Done) -> Done:
        self.counts[what if done.state == "done" else f"{what}: {done.state} {done.why}".rstrip()] += 1
        return done

    # what the city says

    def limit_h(self, category: str) -> float:
        """Hours that a matter's orders may take; a day where the city says nothing."""
        matter = self.city.matters.get(category)
        return 24.0 if matter is None else self.cases.limit_h(matter)

    def _worker_near(self, region: str) -> str:
        """For a city without departments: a worker of that region, else of any."""
        near = self.staff.of_region((region,)) or self.staff.of_region(_nearby(self.city, region))
        return near[0].worker if near else ""


def _nearby(city: City, region: str) -> Iterable[str]:
    return sorted(city.subtree(region if region in city.regions else city.root)) or [city.root]


def _citizen(draw: random.Random) -> dict[str, str]:
    """Somebody who is nobody: no subscriber in China has a number that begins with 100."""
    family, given = draw.choice("陈梁黄何李张吴罗林冯"), draw.choice(("先生", "女士"))
    return {"person": f"{family}{given}", "phone": f"100{draw.randrange(10**8):08d}"}
