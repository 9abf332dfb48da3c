"""The region's workers, grids and feeds in numbers."""

import functools
import itertools
import operator
from collections import Counter
from typing import TYPE_CHECKING

from dashboard.briefs import Json, person, region_name
from dashboard.people import ONLINE_NUMBERS, belongs_to, heard_of, presence_of, rostered
from domain.states import Presence, Worker, WorkerFlag

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

_NAMES = {int(presence): presence.name.lower() for presence in Presence}
_OUT = int(Presence.OUT_OF_GRID)
_NAME = operator.attrgetter("worker")
_FLAGS = operator.attrgetter("flags")
_SOS = int(WorkerFlag.SOS)
CALLING_NEWEST, CALLING_OLDEST = 40, 10


class Roll:
    """The workers of a region, counted once for all that tell of them: by state who has been heard of; of those on the roster
    how many there should be, and how many are online; how many of the counted nobody knows.
    """

    def __init__(self, hall: "Hall", region: str) -> None:
        heard, roster = heard_of(hall, region), hall.city.roster
        known = list(map(roster.__contains__, map(_NAME, heard)))
        presences = list(map(presence_of, heard))
        self.states = Counter(presences)
        self.unrostered = known.count(False)
        ours = Counter(itertools.compress(presences, known)) if self.unrostered else self.states
        self.online = sum(ours[presence] for presence in ONLINE_NUMBERS)
        self.roster = rostered(hall.city, region)
        self.unseen = self.roster - (len(heard) - self.unrostered)


def force_figures(roll: Roll) -> Json:
    """{moving, … (a number by state), roster, online, unrostered}, see `Roll`; who was never heard of counts as unseen."""
    counts = {name: roll.states[number] for number, name in _NAMES.items()}
    counts["unseen"] += roll.unseen
    return {**counts, "roster": roll.roster, "online": roll.online, "unrostered": roll.unrostered}


def calling(hall: "Hall", region: str, lang: str) -> Json:
    """Whose alarm (SOS) stands, of the region's workers and of those who are in it: {total, rows}, the newest first.

    Of more than 50 the newest, and those who have waited longest.
    `place_at_ms`: when he was last at a place that can be believed, in `here`; None where nobody knows where he is.
    """
    city = hall.city
    inside = city.subtree(region)
    rows = list(hall.workers.values())
    standing = list(itertools.compress(rows, map(_SOS.__and__, map(_FLAGS, rows))))
    if region != city.root:
        standing = [row for row in standing if row.region in inside or belongs_to(hall, row.worker) in inside]
    standing.sort(key=lambda row: (-row.sos_since_ms, row.worker))
    told = standing[:CALLING_NEWEST] + standing[CALLING_NEWEST:][-CALLING_OLDEST:]
    return {"total": len(standing), "rows": [_call(city, row, lang) for row in told]}


def _call(city: "City", row: Worker, lang: str) -> Json:
    who = person(city, row.worker, city.roster.get(row.worker), lang)
    return {
        "worker": row.worker,
        **{key: who[key] for key in ("name", "grid", "grid_name")},
        "since_ms": row.sos_since_ms,
        "here": row.region if row.fixed_at_ms else "",
        "here_name": region_name(city, row.region, lang) if row.fixed_at_ms else "",
        "place_at_ms": row.fixed_at_ms or None,
    }


def people_counters(hall: "Hall", region: str, now_ms: int, roll: Roll) -> list[Json]:
    """Counters online_workers, visited_grids and feeds_online; no history, so no delta."""
    city = hall.city
    inside, grids = city.subtree(region), smallest(city, region)
    visited = len(grids & visited_grids(hall, city.day_of(now_ms)))
    feeds = [feed for feed in hall.feeds.values() if region == city.root or feed.region in inside]
    statuses = {status: sum(feed.status == status for feed in feeds) for status in ("online", "frozen")}
    return [
        _counter("online_workers", roll.online, {"num": roll.online, "den": roll.roster}),
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
    for row in hall.workers.values():
        if row.fixes and row.day == today:
            visited.add(row.region)
            entry = roster.get(row.worker)
            if entry is not None and presence_of(row) != _OUT:
                visited.add(entry.region)
    return visited


def _counter(key: str, value: int, sub: Json) -> Json:
    return {"key": key, "value": value, "delta": None, "sub": sub, "filters": None}
