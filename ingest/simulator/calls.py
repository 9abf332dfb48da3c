"""What the city's hotline and its partners count: told day by day, each day's numbers once it is over.

A day's numbers are a function of seed and day, so that told again after a restart they are the same.
"""

import asyncio
import random
from collections import Counter
from typing import Any, Final

from config import clock
from config.city import City
from domain.calendar import day_at, days_later, days_up_to
from ingest.delivery import Gateway
from ingest.simulator.cases import iso
from ingest.simulator.chance import rng_of
from ingest.simulator.telling import HISTORY_DAYS, post

CALLS_A_DAY: Final = 0.45  # for each order of the city; less than half of the calls become orders
TOLD_AFTER_MS: Final = 1_800_000  # after the end of the day
LOOK_EVERY_S: Final = 300.0
Told = dict[str, Any]


async def tell_calls(
    city: City, gateway: Gateway, orders_per_day: float, seed: int, counts: Counter[str], history: bool
) -> None:
    """Tell the days that are over, from a fortnight ago on if there is to be a history; then each day when it is."""
    told = set() if history else set(days_over(city, clock.now_ms()))
    while True:
        due = [day for day in days_over(city, clock.now_ms()) if day not in told]
        items = [item for day in due for item in of_day(city, day, orders_per_day, seed)]
        await post(gateway, "/api/v1/tallies", items, "tallies", counts)
        told.update(due)
        await asyncio.sleep(LOOK_EVERY_S)


def days_over(city: City, now_ms: int) -> list[str]:
    """The local days of the last fortnight whose numbers have been told by now, oldest first."""
    days = [day.isoformat() for day in days_up_to(days_later(day_at(now_ms, city.zone), -1), HISTORY_DAYS)]
    return [day for day in days if city.day_bounds(day)[1] + TOLD_AFTER_MS <= now_ms]


def of_day(city: City, day: str, orders_per_day: float, seed: int) -> list[Told]:
    """The numbers of a day: of the hotline, of the links of the grids, and an index that somebody else works out."""
    draw = rng_of(seed, "calls", day)
    found_at = iso(city.day_bounds(day)[1] + TOLD_AFTER_MS)
    numbers = {**_calls(draw, orders_per_day), "social_index": round(draw.uniform(82, 91), 2)}
    items = [{"day": day, "key": key, "value": value, "at": found_at} for key, value in numbers.items()]
    links = [{"key": key, "value": linked, "base": base} for key, linked, base in _links(city)]
    return items + [{"day": day, **link, "at": found_at} for link in links]


def _calls(draw: random.Random, orders_per_day: float) -> dict[str, int]:
    calls = max(round(orders_per_day * CALLS_A_DAY * draw.uniform(0.85, 1.15)), 1)
    answered = round(calls * draw.uniform(0.945, 0.995))
    media = round(calls * draw.uniform(0.15, 0.25))
    return {
        "calls": calls,
        "calls_answered": answered,
        "calls_within_15s": round(answered * draw.uniform(0.88, 0.98)),
        "media": media,
        "media_within_3min": round(media * draw.uniform(0.9, 1.0)),
        "direct_answers": round((answered + media) * draw.uniform(0.5, 0.6)),
    }


def _links(city: City) -> list[tuple[str, int, int]]:
    """Each grid has its police area; a few wait for their legal staff."""
    grids = len(city.regions_of(city.levels[-1].key))
    return [("police_link_rate", grids, grids), ("legal_link_rate", grids - grids // 60, grids)]
