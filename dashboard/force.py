"""The region's workers, grids and feeds in numbers."""

import functools
from collections import Counter
from typing import TYPE_CHECKING

from dashboard.briefs import Json
from dashboard.people import ONLINE, heard_of, rostered
from domain.states import Presence

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

_NAMES = {presence: presence.name.lower() for presence in Presence}


def force_figures(hall: "Hall", region: str) -> Json:
    """Workers by state; `roster`: how many there should be; `unrostered`: how many of the counted nobody knows."""
    heard, should_be = heard_of(hall, region), rostered(hall.city, region)
    states = Counter(row.presence for row in heard)
    unrostered = sum(row.worker not in hall.city.roster for row in heard)
    counts = {name: states[presence] for presence, name in _NAMES.items()}
    counts["unseen"] += should_be - (len(heard) - unrostered)
    return {**counts, "roster": should_be, "unrostered": unrostered}


def people_counters(hall: "Hall", region: str, now_ms: int) -> list[Json]:
    """Counters online_workers, visited_grids and feeds_online; no history, so no delta."""
    city = hall.city
    inside, grids = city.subtree(region), smallest(city, region)
    online = sum(row.presence in ONLINE for row in heard_of(hall, region))
    visited = len(grids & visited_grids(hall, city.day_of(now_ms)))
    feeds = [feed for feed in hall.feeds.values() if region == city.root or feed.region in inside]
    statuses = {status: sum(feed.status == status for feed in feeds) for status in ("online", "frozen")}
    return [
        _counter("online_workers", online, {"num": online, "den": rostered(hall.city, region)}),
        _counter("visited_grids", visited, {"num": visited, "den": len(grids)}),
        _counter("feeds_online", statuses["online"], {"den": len(feeds), "frozen": statuses["frozen"]}),
    ]


@functools.lru_cache(maxsize=256)
def smallest(city: "City", region: str) -> frozenset[str]:
    """The regions of a region that have none below them."""
    return frozenset(code for code in city.subtree(region) if not city.children(code))


def visited_grids(hall: "Hall", today: str) -> set[str]:
    """Where a worker with fixes today is or was last seen, and the own grids of those who were not out of it.

    A lower bound from the live rows: a worker who crossed a third grid an hour ago has left no mark in them.
    """
    visited = set()
    roster = hall.city.roster
    for worker, row in hall.workers.items():
        if row.fixes and row.day == today:
            visited.add(row.region)
            if worker in roster and row.presence != Presence.OUT_OF_GRID:
                visited.add(roster[worker].region)
    return visited


def _counter(key: str, value: int, sub: Json) -> Json:
    return {"key": key, "value": value, "delta": None, "sub": sub, "filters": None}
