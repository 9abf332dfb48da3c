"""The orders that a demo has at its first start, so that the desk is not empty: some in each state, made by the people acting
as they always do.

They say when they did it, up to a few hours ago; whom a simulator plays is believed that. The hours are of working time, so
that the stages have taken what their stories say whenever a demo is started, at night too. The duty chief sets those limits
that are to be nearly, or quite, used up, and those that a night or a holiday would use up though nobody worked.
"""

import asyncio
import logging
from typing import Any, Final

from config import clock
from config.city_time import clock_rules
from ingest.simulator.cases import CALL, CAMERA, GRID, INSPECTION, WECHAT
from ingest.simulator.society import Society

log = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
AT_ONCE: Final = 3
TRIES: Final = 5
ANY: Final = (0.0, 1e9)
SHORT: Final = (0.0, 4.0)
DAY: Final = (5.0, 24.0)
LONG: Final = (72.0, 1e9)

STORIES: Final[tuple[tuple[str, tuple[float, float], int, str], ...]] = (
    (WECHAT, ANY, 4, ""),
    (INSPECTION, ANY, 9, ""),
    (CAMERA, DAY, 16, ""),
    (INSPECTION, ANY, 33, ""),
    (CAMERA, DAY, 41, "ask_verify 14"),
    (INSPECTION, DAY, 57, "ask_verify 12, verify 37"),
    (GRID, ANY, 13, ""),
    (GRID, ANY, 28, ""),
    (INSPECTION, DAY, 47, "accept 18"),
    (GRID, DAY, 63, "accept 1, register 25"),
    (WECHAT, DAY, 76, "accept 15, register 36"),
    (GRID, DAY, 54, "accept 1, register 17, dispatch 35"),
    (GRID, DAY, 98, "accept 1, register 22, dispatch 41, return 60"),
    (INSPECTION, DAY, 85, "accept 12, register 30, dispatch 47, take_up 55"),
    (GRID, DAY, 150, "accept 1, register 14, dispatch 30, take_up 38, progress 80, ask_defer 131"),
    (GRID, LONG, 205, "accept 1, register 20, dispatch 41, take_up 52, ask_hang 170"),
    (GRID, SHORT, 234, "accept 1, register 8, dispatch 16, take_up 25, progress 95"),
    (INSPECTION, SHORT, 292, "accept 6, register 13, dispatch 22, take_up 30, urge 272"),
    (CAMERA, DAY, 142, "accept 12, register 25, dispatch 37, take_up 45, feedback 128"),
    (GRID, DAY, 172, "accept 1, register 20, dispatch 31, take_up 42, feedback 130, request_close 136"),
    (INSPECTION, DAY, 215, "accept 9, register 22, dispatch 33, take_up 40, feedback 150, request_close 156, check passed 190"),
    (GRID, DAY, 262, "accept 1, register 17, dispatch 30, take_up 38, feedback 170, request_close 176, check failed 226"),
    *((CALL, DAY, ago_min, "accept 6, register 18, dispatch 29, take_up 36, feedback 118, request_close 124, check passed 150, "
       "evaluate 158, close 163, callback 190") for ago_min in (215, 251, 298, 340)),
    (INSPECTION, SHORT, 330, "accept 6, register 13, dispatch 22, take_up 30, urge 262, yellow_card 290, answer_card 310"),
    (GRID, SHORT, 345, "accept 1, register 9, dispatch 17, take_up 24, urge 258, yellow_card 281"),
    (CALL, SHORT, 355, "accept 5, register 12, dispatch 20, take_up 33, urge 255, yellow_card 274, red_card 326"),
)  # fmt: skip
"""Channel, hours that the matter's limit lies within, how many working minutes ago it was reported, and what was done how many
after that. What a rule of the city has done already is left out."""

FRESH: Final = ((1, INSPECTION), (3, GRID), (5, WECHAT), (8, INSPECTION), (11, GRID), (15, CAMERA))
"""Minutes after the start, channel: reports that come in while a visitor looks for the first time."""


async def open_demo(society: Society) -> None:
    """Make the orders. Begun again after a crash it makes none twice."""
    began_ms = clock.now_ms()
    gate = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_tell(society, n, began_ms, gate) for n in range(len(STORIES))))
    for minutes, channel in FRESH:
        at_ms = began_ms + minutes * MINUTE_MS
        society.expect(society.cases.invented(f"fresh {minutes}", channel, DAY, at_ms))
    society.memory.opened = True
    log.info("the first orders are there after %.0f s", clock.now_s() - began_ms / 1000)


async def _tell(society: Society, n: int, began_ms: int, gate: asyncio.Semaphore) -> None:
    channel, hours, ago_min, story = STORIES[n]
    work = clock_rules(society.city).calendar("")
    async with gate:
        at_ms = work.after(began_ms, -ago_min * MINUTE_MS)
        case = society.cases.invented(f"opening {n}", channel, hours, at_ms)
        done = await society.report(case)
        if done.state != "done":
            return
        for step in filter(None, story.split(", ")):
            action, *result, minutes = step.split()
            done_ms = work.after(at_ms, int(minutes) * MINUTE_MS)
            await _act(society, done.order, action, done_ms, f"opening {n} {step}", _told(action, result), hours)


async def _act(
    society: Society, order: str, action: str, done_ms: int, once: str, told: dict[str, Any], hours: tuple[float, float]
) -> None:
    """One step of a story. What the city's own clocks do to the order meanwhile is looked at, and gone on from."""
    for _ in range(TRIES):
        seen = await society.look(order)
        if seen is None:
            return
        if action == "register" and (deadline_ms := _deadline_ms(society, seen.category, done_ms, hours)) is not None:
            told["deadline_at_ms"] = deadline_ms
        if await society.act(seen, action, at_ms=done_ms, once=once, **told) is not None:
            return
        now = await society.look(order)
        if now is None or now.steps == seen.steps:
            return  # a step that this city leaves out, or that a rule of it has done


def _deadline_ms(society: Society, category: str, done_ms: int, hours: tuple[float, float]) -> int | None:
    """The limit that the duty chief sets; None: that of the matter, less than half of which has passed since."""
    limit_ms, since_ms = society.limit_h(category) * HOUR_MS, clock.now_ms() - done_ms
    if hours == SHORT:
        return round(done_ms + limit_ms)
    return None if 2 * since_ms < limit_ms else round(clock.now_ms() + max(limit_ms, since_ms))


def _told(action: str, result: list[str]) -> dict[str, Any]:
    """What is not left to chance."""
    if action == "dispatch":
        return {"co_handlers": ""}
    return {"result": result[0], "reason": "现场未整改到位。" if result[0] == "failed" else ""} if result else {}
