"""The region's workers, grids and feeds in numbers."""

from typing import TYPE_CHECKING

from dashboard.briefs import Json
from dashboard.people import ONLINE, workers_of
from domain.states import Presence

if TYPE_CHECKING:
    from dashboard.hall import Hall

_NAMES = {presence: presence.name.lower() for presence in Presence}


def force_figures(hall: "Hall", region: str) -> Json:
    """Workers by state; `roster`: how many there should be; `unrostered`: how many of the counted nobody knows."""
    counts = dict.fromkeys(_NAMES.values(), 0)
    unrostered = 0
    for worker, row in workers_of(hall, region):
        counts["unseen" if row is None else _NAMES[Presence(row.presence)]] += 1
        unrostered += worker not in hall.city.roster
    return {**counts, "roster": _rostered(hall, region), "unrostered": unrostered}


def people_counters(hall: "Hall", region: str, now_ms: int) -> list[Json]:
    """Counters online_workers, visited_grids and feeds_online; no history, so no delta."""
    city = hall.city
    inside = city.subtree(region)
    online = sum(row is not None and row.presence in ONLINE for _, row in workers_of(hall, region))
    grids = {code for code in inside if not city.children(code)}
    visited = len(grids & visited_grids(hall, city.day_of(now_ms)))
    feeds = [feed for feed in hall.feeds.values() if region == city.root or feed.region in inside]
    statuses = {status: sum(feed.status == status for feed in feeds) for status in ("online", "frozen")}
    return [
        _counter("online_workers", online, {"num": online, "den": _rostered(hall, region)}),
        _counter("visited_grids", visited, {"num": visited, "den": len(grids)}),
        _counter("feeds_online", statuses["online"], {"den": len(feeds), "frozen": statuses["frozen"]}),
    ]


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


def _rostered(hall: "Hall", region: str) -> int:
    if region == hall.city.root:
        return len(hall.city.roster)
    inside = hall.city.subtree(region)
    return sum(entry.region in inside for entry in hall.city.roster.values())


def _counter(key: str, value: int, sub: Json) -> Json:
    return {"key": key, "value": value, "delta": None, "sub": sub, "filters": None}
