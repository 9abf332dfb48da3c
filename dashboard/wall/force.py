"""The region's people: by role and by region, who is out of his grid or silent, batteries, who was not seen today."""

import functools
import heapq
import itertools
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from config.city_model import ROLES
from dashboard.briefs import Json, region_name
from dashboard.force import smallest, visited_grids
from dashboard.indicators import region_roll
from dashboard.people import ONLINE_NUMBERS
from dashboard.wall.best import top
from dashboard.wall.ground import Ground, Part
from domain.states import Presence, Worker

if TYPE_CHECKING:
    from config.city_model import City

OUT_ROWS: Final = 60
BATTERY_ROWS: Final = 30
LOW_BATTERY_PCT: Final = 20
ASTRAY: Final = (Presence.OUT_OF_GRID, Presence.FROZEN, Presence.SILENT)
"""Linked, and not where they should be, or nobody can tell where."""

_OTHER: Final = len(ROLES) - 1
_NUMBERS: Final = {role: number for number, role in enumerate(ROLES)}
_NAMES: Final = {int(presence): presence.name.lower() for presence in Presence}
_ASTRAY: Final = frozenset(map(int, ASTRAY))
_LINKED: Final = ONLINE_NUMBERS | {int(Presence.SILENT), int(Presence.FROZEN)}


class Muster:
    """One pass over the workers of a region, for all the parts that tell of them. Homes as in `dashboard.people`."""

    def __init__(self, on: Ground) -> None:
        roster, inside = on.city.roster, on.city.subtree(on.region)
        begin_ms = on.city.day_bounds(on.city.day_of(on.now_ms))[0]
        rows = list(on.hall.workers.values())
        entries = [roster.get(row.worker) for row in rows]
        homes = [entry.region if entry is not None else row.region for entry, row in zip(entries, rows, strict=True)]
        if on.region != on.city.root:
            here = [at for at, home in enumerate(homes) if home in inside]
            rows, entries, homes = [rows[at] for at in here], [entries[at] for at in here], [homes[at] for at in here]
        states = [int(row.presence) for row in rows]  # members of an enum are slow to compare and to hash
        roles = [_OTHER if entry is None else _NUMBERS.get(entry.role, _OTHER) for entry in entries]
        known = [entry is not None for entry in entries]
        self.states = Counter(zip(roles, states, strict=True))  # by (role, presence), who has been heard of
        self.strangers = Counter(role for role, is_known in zip(roles, known, strict=True) if not is_known)
        online = [is_known and state in ONLINE_NUMBERS for is_known, state in zip(known, states, strict=True)]
        self.online = Counter(itertools.compress(homes, online))  # by home, who is on the roster and online
        self.online_as = Counter(itertools.compress(roles, online))  # and by role
        self.today = Counter(  # by home, who is on the roster and has been heard of today
            home for home, row, is_known in zip(homes, rows, known, strict=True) if is_known and row.heard_at_ms >= begin_ms
        )
        self.astray = [row for row, state in zip(rows, states, strict=True) if state in _ASTRAY]
        self.powered = [  # linked, with a battery that is known
            row for row, state in zip(rows, states, strict=True) if state in _LINKED and row.battery_pct is not None
        ]


_musters: "weakref.WeakKeyDictionary[Ground, Muster]" = weakref.WeakKeyDictionary()


def muster(on: Ground) -> Muster:
    """The same one for all parts of a look."""
    found = _musters.get(on)
    if found is None:
        found = _musters[on] = Muster(on)
    return found


@functools.lru_cache(maxsize=256)
def _enrolled(city: "City", region: str) -> tuple[Counter[int], Counter[str]]:
    """How many the roster has in a region: by role, and by home."""
    inside, everything = city.subtree(region), region == city.root
    entries = [entry for entry in city.roster.values() if everything or entry.region in inside]
    return Counter(_NUMBERS.get(entry.role, _OTHER) for entry in entries), Counter(entry.region for entry in entries)


def roles(on: Ground, _argument: str) -> Json:
    """By role: how many there should be and how many of those are online; how many, strangers too, are in which state. Only
    roles that somebody has.
    """
    heard, (should_be, _) = muster(on), _enrolled(on.city, on.region)
    rows = []
    for number, role in enumerate(ROLES):
        states = {name: heard.states[number, presence] for presence, name in _NAMES.items()}
        known = sum(states.values()) - heard.strangers[number]
        states["unseen"] += should_be[number] - known
        if should_be[number] or any(states.values()):
            rows.append({"role": role, "roster": should_be[number], "online": heard.online_as[number], "states": states})
    return {"roles": rows}


def duty(on: Ground, _argument: str) -> Json:
    """By region below: roster, online, grids and how many of them were visited today; the lowest online rate first.

    `code` is "" for what lies outside every region, and the region's own for what is attached to no child.
    """
    heard, (_, homes) = muster(on), _enrolled(on.city, on.region)
    should_be, online = _by_child(on, homes), _by_child(on, heard.online)
    visited = visited_grids(on.hall, on.city.day_of(on.now_ms))
    rows = []
    for code in {*on.city.children(on.region), *should_be, *online}:
        grids = smallest(on.city, code) if code in on.city.children(on.region) else frozenset()
        counts = {"roster": should_be[code], "online": online[code], "grids": len(grids), "visited": len(grids & visited)}
        rows.append({"code": code, "name": region_name(on.city, code, on.lang), **counts})
    return {"duty": sorted(rows, key=_emptiest_first)}


@functools.lru_cache(maxsize=256)
def child_of(city: "City", region: str) -> Mapping[str, str]:
    """`dashboard.indicators.region_roll`, made once: nobody may write into it."""
    return region_roll(city, region)


def _by_child(on: Ground, homes: Counter[str]) -> Counter[str]:
    roll = child_of(on.city, on.region)
    found: Counter[str] = Counter()
    for home, n in homes.items():
        found[roll.get(home, "")] += n
    return found


def _emptiest_first(row: Json) -> tuple[bool, float, int, str]:
    none = row["roster"] == 0
    return none, 0.0 if none else row["online"] / row["roster"], -row["roster"], row["code"]


def out(on: Ground, _argument: str) -> Json:
    """Who is out of his grid, frozen or silent now, in this order, the longest first, and how many there are of each."""
    rows = sorted(muster(on).astray, key=lambda row: (ASTRAY.index(row.presence), since_ms(row) or on.now_ms, row.worker))
    counts = Counter(row.presence for row in rows)
    shown = [{**_who(on, row), "since_ms": since_ms(row)} for row in rows[:OUT_ROWS]]
    return {"out": {"counts": {_NAMES[state]: counts[state] for state in ASTRAY}, "total": len(rows), "rows": shown}}


def since_ms(row: Worker) -> int | None:
    """Since when a worker has been as he is (out of grid, frozen, silent: without a fix); None where the row cannot tell."""
    told = {Presence.OUT_OF_GRID: row.out_since_ms, Presence.FROZEN: row.same_since_ms, Presence.SILENT: row.fixed_at_ms}
    return told.get(row.presence) or None


def _who(on: Ground, row: Worker) -> Json:
    entry = on.city.roster.get(row.worker)
    return {
        "worker": row.worker,
        "name": entry.name if entry else row.worker,
        "role": entry.role if entry and entry.role in ROLES else "other",
        "presence": _NAMES[row.presence],
        "grid": entry.region if entry else "",
        "grid_name": region_name(on.city, entry.region, on.lang) if entry else "",
        "here": row.region,
        "here_name": region_name(on.city, row.region, on.lang),
    }


def battery(on: Ground, _argument: str) -> Json:
    """The lowest batteries of who is linked now; how many are low, of how many whose battery is known."""
    powered = muster(on).powered
    lowest = heapq.nsmallest(BATTERY_ROWS, powered, key=lambda row: (row.battery_pct, row.worker))
    low = sum(row.battery_pct < LOW_BATTERY_PCT for row in powered)  # type: ignore[operator]
    rows = [{**_who(on, row), "battery_pct": row.battery_pct} for row in lowest]
    return {"battery": {"low": low, "known": len(powered), "below_pct": LOW_BATTERY_PCT, "rows": rows}}


def idle(on: Ground, _argument: str) -> Json:
    """Of whom the roster has and nobody has heard since midnight, how many in each region below; most first."""
    (_, homes), today = _enrolled(on.city, on.region), muster(on).today
    should_be, unheard = _by_child(on, homes), _by_child(on, Counter({home: n - today[home] for home, n in homes.items()}))
    rows = [
        {"code": code, "name": region_name(on.city, code, on.lang), "roster": should_be[code], "idle": n}
        for code, n in unheard.items()
        if n
    ]
    rows.sort(key=lambda row: (-row["idle"], -row["idle"] / row["roster"], row["code"]))
    return {"idle": {"idle": sum(unheard.values()), "roster": sum(should_be.values()), "rows": rows}}


PARTS: Final[dict[str, Part]] = {
    "roles": roles,
    "duty": duty,
    "out": out,
    "top": top,
    "battery": battery,
    "idle": idle,
}
