"""The region's video feeds: how many are online, by region and owner, which are not and since when, and a tour of all."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from dashboard.briefs import Json, region_name, unheard
from dashboard.live.columns import FEED_STATUSES
from dashboard.wall.force import child_of
from dashboard.wall.ground import Ground, Part
from domain.states import Feed

DOWN_ROWS: Final = 60
TOUR: Final = 24
"""So many feeds at a time: as many tiles as the largest wall has."""
TOUR_MS: Final = 120_000


def feeds(on: Ground, _argument: str) -> Json:
    """{counts, regions, owners, down, down_total, tour}: counts of all feeds of the region by status, the same by region below
    and by owner, those not online from the longest on, and the part of the tour that is due now.
    """
    inside, everything = on.city.subtree(on.region), on.region == on.city.root
    rows = [row for row in on.hall.feeds.values() if everything or row.region in inside]
    down = sorted((row for row in rows if row.status != "online"), key=lambda row: (row.since_ms or on.now_ms, row.feed))
    told = {
        "counts": counts_of(rows),
        "regions": _by_region(on, rows),
        "owners": _by_owner(rows),
        "down": [feed_json(on, row) for row in down[:DOWN_ROWS]],
        "down_total": len(down),
        "tour": _tour(on, rows),
    }
    return {"feeds": told}


def status_of(row: Feed) -> str:
    """One of FEED_STATUSES; a word that nobody knows is a fault."""
    return row.status if row.status in FEED_STATUSES else "fault"


def counts_of(rows: Iterable[Feed]) -> Json:
    """How many there are, `all` and by status."""
    found = dict.fromkeys(("all", *FEED_STATUSES), 0)
    for row in rows:
        found["all"] += 1
        found[status_of(row)] += 1
    return found


def feed_json(on: Ground, row: Feed) -> Json:
    """A feed's name, place and state. `at_ms`: the newest word on it; `since_ms`: since when it has been so, None: not told.
    `unheard`: for how long nobody has said anything of it, in words, "" where that is short.
    """
    return {
        "feed": row.feed,
        "name": row.name or row.feed,
        "status": status_of(row),
        "at_ms": row.at_ms or None,
        "since_ms": row.since_ms or None,
        "unheard": unheard(on.city, row, on.now_ms, on.lang),
        "region": row.region,
        "region_name": region_name(on.city, row.region, on.lang),
        "owner": row.owner,
        "direction_deg": row.direction_deg,
        "fov_deg": row.fov_deg,
    }


def _by_region(on: Ground, rows: list[Feed]) -> list[Json]:
    """The lowest share online first. `code` as in `dashboard.wall.force.duty`."""
    roll = child_of(on.city, on.region)
    groups: dict[str, list[Feed]] = defaultdict(list)
    for row in rows:
        groups[roll.get(row.region, "")].append(row)
    told = [{"code": code, "name": region_name(on.city, code, on.lang), **counts_of(of)} for code, of in groups.items()]
    return sorted(told, key=lambda row: (row["online"] / row["all"], -row["all"], row["code"]))


def _by_owner(rows: list[Feed]) -> list[Json]:
    groups: dict[str, list[Feed]] = defaultdict(list)
    for row in rows:
        groups[row.owner].append(row)
    told = [{"owner": owner, **counts_of(of)} for owner, of in groups.items()]
    return sorted(told, key=lambda row: (-row["all"], row["owner"]))


def _tour(on: Ground, rows: list[Feed]) -> Json:
    """TOUR feeds of all, by place; every TOUR_MS the next ones, the same on all walls. `first`: the place of the first, from 0.

    A wall with fewer tiles shows them one lot after the other within that time.
    """
    rows.sort(key=lambda row: (row.region, row.name, row.feed))
    turns = max(1, -(-len(rows) // TOUR))
    turn = on.now_ms // TOUR_MS
    first = turn % turns * TOUR
    due = [feed_json(on, row) for row in rows[first : first + TOUR]]
    return {"first": first, "from_ms": turn * TOUR_MS, "to_ms": (turn + 1) * TOUR_MS, "feeds": due}


PARTS: Final[dict[str, Part]] = {"feeds": feeds}
