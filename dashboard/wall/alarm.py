"""The order that an emergency is about: its facts, its trail by stages, and who and what is near it."""

import logging
import weakref
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashboard.briefs import Json, order_brief, region_name, worker_brief
from dashboard.orderlist import nearest_feeds, nearest_workers, stage_times, trail_json
from dashboard.people import online
from dashboard.wall.cameras import counts_of, feed_json
from dashboard.wall.ground import Ground, Part
from domain.geodesy import bearing_deg, distance_m, distances_m
from domain.states import Feed, Order, Step
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall

log = logging.getLogger(__name__)

NEAR_M: Final = 300.0
WORKERS_M: Final = 2000.0
FEEDS_M: Final = 600.0
WORKERS: Final = 12
FEEDS: Final = 12
MOST_FEEDS: Final = 200
TRAILS_KEPT: Final = 64
ASK_AGAIN_MS: Final = 10_000

_FACTS: Final = (
    "order", "title", "status", "open", "closed", "light", "reported_at_ms", "registered_at_ms", "closed_at_ms", "status_at_ms",
    "yellow_at_ms", "red_at_ms", "provisional", "region", "region_name", "place", "address", "lon", "lat", "category_name",
    "department_name", "source", "handler", "handler_name", "flags", "steps",
)  # fmt: skip
_WORKER: Final = ("worker", "name", "role", "presence", "heading_deg", "battery_pct", "fixed_at_ms", "grid_name", "distance_m",
                  "open_orders", "letter")  # fmt: skip


def alarm(on: Ground, argument: str) -> Json:
    """Of the order `argument`: {facts, path, stages, workers, workers_near, feeds, feeds_near, near_m}; None where the asker
    sees no such order.

    stages: as `dashboard.orderlist.stage_times`, without their seconds, each with its `last` line of the trail. workers: who is
    online, nearest first, and whom the order is `given` to, wherever he is. feeds: see `_feeds_around`. *_near: how many there
    are within near_m metres. Citizens' names and numbers are masked, and so are doors to who may not see them.
    """
    try:
        row = on.hall.orders[argument]
    except KeyError:
        return {"alarm": None}
    path = on.city.path(row.region) if row.region in on.city.regions else ()
    told = {
        "facts": _facts(on, row),
        "path": [region_name(on.city, code, on.lang) for code in path],
        "stages": _stages(on, row),
        "near_m": NEAR_M,
        **_workers_around(on, row),
        **_feeds_around(on, row),
    }
    return {"alarm": told}


def _facts(on: Ground, row: Order) -> Json:
    brief = order_brief(on.city, row, on.now_ms, on.lang)
    return {name: brief[name] for name in _FACTS}


def _stages(on: Ground, row: Order) -> list[Json]:
    """Seconds are left out: the screen counts them on, and nothing else of the figures changes with each look."""
    trail, lines = _trail(on, row)
    last = {line["stage"]: line for line in lines}
    kept = ("stage", "state", "entered_at_ms", "left_at_ms", "visits")
    stages = stage_times(row, trail, on.now_ms)
    return [{name: of[name] for name in kept} | {"last": last.get(at)} for at, of in enumerate(stages)]


class _Kept:
    """A trail as it was read for a row, and when it was asked for."""

    def __init__(self, row: Order, trail: tuple[Step, ...], lines: list[Json], at_ms: int) -> None:
        self.row, self.trail, self.lines, self.at_ms = row, trail, lines, at_ms


_trails: "weakref.WeakKeyDictionary[Hall, dict[tuple[str, str, bool], _Kept]]" = weakref.WeakKeyDictionary()


def _trail(on: Ground, row: Order) -> tuple[tuple[Step, ...], list[Json]]:
    """The trail of an order that the asker sees, and its lines in words. Asked of the store only when the order has changed:
    the hall waits meanwhile. While the store does not answer, what was read last stands.
    """
    whole: Any = getattr(on.hall, "hall", on.hall)
    clear = whole is on.hall or on.hall.sees_doors(row)  # type: ignore[attr-defined]
    kept, key = _trails.setdefault(whole, {}), (row.order, on.lang, clear)
    found = kept.get(key)
    if found is not None and (found.row.version, found.row.steps) == (row.version, row.steps):
        return found.trail, found.lines
    if found is not None and found.row is _UNREAD and 0 <= on.now_ms - found.at_ms < ASK_AGAIN_MS:
        return found.trail, found.lines
    if len(kept) >= TRAILS_KEPT:
        kept.clear()
    kept[key] = _read(on, row, clear, found)
    return kept[key].trail, kept[key].lines


_UNREAD: Final = Order(order="", version=-1)


def _read(on: Ground, row: Order, clear: bool, before: _Kept | None) -> _Kept:
    try:
        trail = on.hall.store.trail(row.order) if on.hall.store is not None else ()
    except StoreError as silent:
        log.debug("the trail of %s cannot be read: %s", row.order, silent)  # the hall itself tells of the outage
        return _Kept(_UNREAD, before.trail if before else (), before.lines if before else [], on.now_ms)
    return _Kept(row, trail, list(map(_line, trail_json(on.hall, trail, on.lang, clear))), on.now_ms)


def _line(told: Json) -> Json:
    names = ("stage", "status", "at_ms", "action", "actor_name", "unit_name", "department_name", "note")
    return {name: told[name] for name in names}


def _workers_around(on: Ground, row: Order) -> Json:
    shown = nearest_workers(on.hall, row.lon, row.lat, WORKERS_M, on.now_ms, WORKERS, on.lang)
    told = [{**{name: one[name] for name in _WORKER}, "given": one["worker"] == row.handler} for one in shown]
    given = [] if any(one["given"] for one in told) else _given(on, row)
    return {"workers": told + given, "workers_near": _online_near(on, row)}


def _online_near(on: Ground, row: Order) -> int:
    """How many are online within NEAR_M."""
    if row.lon is None or row.lat is None:
        return 0
    placed = [him for him in online(on.hall.workers.values()) if him.fixed_at_ms]
    lons, lats = np.array([him.lon for him in placed]), np.array([him.lat for him in placed])
    return int(np.count_nonzero(distances_m(row.lon, row.lat, lons, lats) <= NEAR_M))


def _given(on: Ground, row: Order) -> list[Json]:
    """Whom the order is given to, further away than those who are shown or not online; nobody if he is not seen."""
    him = on.hall.workers.get(row.handler)
    if him is None:
        return []
    brief = worker_brief(on.city, row.handler, him, on.now_ms, on.lang)
    known = row.lon is not None and row.lat is not None and him.fixed_at_ms > 0
    away_m = round(distance_m(row.lon, row.lat, him.lon, him.lat), 1) if known else None  # type: ignore[arg-type]
    told = {**brief, "distance_m": away_m, "open_orders": None, "letter": ""}
    return [{**{name: told[name] for name in _WORKER}, "given": True}]


def _feeds_around(on: Ground, row: Order) -> Json:
    """Feeds, those first that are online and look at the place, then others online, then the rest, each from the nearest on.

    `looking`: whether the place lies in the view that the feed's direction and angle give; None where one of them is not known.
    """
    near = nearest_feeds(on.hall, row.lon, row.lat, FEEDS_M, MOST_FEEDS)
    rows = [on.hall.feeds[one["feed"]] for one in near]
    away_m = [one["distance_m"] for one in near]
    told = [{**feed_json(on, of), **_looks(of, row), "distance_m": far_m} for of, far_m in zip(rows, away_m, strict=True)]
    told.sort(key=lambda one: (one["status"] != "online", one["looking"] is not True, one["distance_m"]))
    within = [of for of, far_m in zip(rows, away_m, strict=True) if far_m <= NEAR_M]
    looking = sum(one["looking"] is True and one["status"] == "online" and one["distance_m"] <= NEAR_M for one in told)
    return {"feeds": told[:FEEDS], "feeds_near": {**counts_of(within), "looking": looking}}


def _looks(feed: Feed, row: Order) -> Json:
    """`bearing_deg`: in which direction the order lies from the feed."""
    bearing = bearing_deg(feed.lon, feed.lat, row.lon, row.lat)  # type: ignore[arg-type]  # the near ones have a place
    return {"bearing_deg": round(bearing, 1), "looking": looking(feed.direction_deg, feed.fov_deg, bearing)}


def looking(direction_deg: float | None, fov_deg: float | None, bearing: float) -> bool | None:
    """Whether a view of an angle around a direction holds a bearing; None where one of them is not known."""
    if fov_deg is not None and fov_deg >= 360:
        return True
    if direction_deg is None or fov_deg is None:
        return None
    return abs((bearing - direction_deg + 180) % 360 - 180) <= fov_deg / 2


PARTS: Final[dict[str, Part]] = {"alarm": alarm}
