"""GET /api/v1/mine: what a handset shows of its person: himself, his grid, his orders, the lists that a report chooses from."""

import functools
import math
import weakref
from typing import TYPE_CHECKING, Any, Final

import msgspec
import shapely
from flask import Flask, request
from shapely.geometry.base import BaseGeometry

from dashboard.access import person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, department_name, matter_name, order_brief, region_name, worker_brief
from dashboard.doors import language
from dashboard.orderbook import orders_of
from dashboard.sight import Sight, sight
from domain.counts import Filters, Slice
from domain.lifecycle import is_open
from domain.people import Person
from domain.states import Order

if TYPE_CHECKING:
    from config.city_model import City
    from config.settings import Settings
    from dashboard.hall import Hall

MOST_TO_DO: Final = 200
MOST_REPORTED: Final = 60
TO_CHECK: Final = frozenset(("verifying", "checking"))  # states in which somebody has to go and look
AROUND: Final = 0.75  # half the side of the base map around a grid, as a share of the grid's longer side
WIDEST_DEG: Final = 0.05  # a grid is smaller; a street's base map is no small map
SHAPE_DEG: Final = 5e-6  # half a metre
CHANNELS: Final = {"inspector": "监督员巡查"}
CHANNEL: Final = "网格员上报"
"""Where a report comes from (domain.md B8), by the role of the roster."""


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the route."""
    bases = BaseMaps(hall.city)
    view = refusals_spoken(hall, lambda: json_response(mine(hall, sight(hall), bases, language(settings)), 200, hall.city))
    app.add_url_rule("/api/v1/mine", "mine", view)


def mine(hall: "Hall", seen: Sight, bases: "BaseMaps", lang: str) -> Json:
    """What the module says. `?map=1` adds to the grid the base map around it."""
    who, city, now_ms = person(), hall.city, hall.now_ms()
    with hall.lock:
        row = hall.workers.get(who.worker)
        orders = my_orders(seen, who, home_of(city, who))
    entry = city.roster.get(who.worker)
    return {
        "worker": worker_brief(city, who.worker, row, now_ms, lang) if who.worker else None,
        "channel": CHANNELS.get(entry.role, CHANNEL) if entry else "",
        "grid": grid_of(city, home_of(city, who), bases if request.args.get("map") == "1" else None, lang),
        "orders": [{**order_brief(city, order, now_ms, lang), "mine": why} for why, order in orders],
        "matters": [{"key": m.key, "name": matter_name(city, m.key, lang), "parent": m.parent} for m in city.matters.values()],
        "departments": [{"key": key, "name": department_name(city, key, lang)} for key in city.departments],
        "now_at_ms": now_ms,
    }


def home_of(city: "City", who: Person) -> str:
    """The region that is his: a worker's own grid, else his scope."""
    entry = city.roster.get(who.worker)
    return entry.region if entry and entry.region in city.regions else who.scope or city.root


# orders


def my_orders(seen: Sight, who: Person, home: str) -> list[tuple[str, Order]]:
    """(why it is mine, order): to handle and to check in my grid, each by urgency, then what I reported or handled, newest
    first. Hold the lock.
    """
    named = [seen.orders[key] for key in seen.hall.book.recent(who.parties(), MOST_REPORTED)]
    handle = [row for row in named if is_open(row.status) and handles(who, row)]
    taken = {row.order for row in handle}
    check = [row for row in _to_check(seen, home) if row.order not in taken and row.handler != who.worker] if who.worker else []
    taken |= {row.order for row in check}
    reported = [row for row in named if row.order not in taken]  # and what he has handled
    reported.sort(key=lambda row: (-row.reported_at_ms, row.order))
    return [
        *(("handle", row) for row in sorted(handle, key=_urgency)[:MOST_TO_DO]),
        *(("check", row) for row in sorted(check, key=_urgency)[:MOST_TO_DO]),
        *(("report", row) for row in reported[:MOST_REPORTED]),
    ]


def handles(who: Person, row: Order) -> bool:
    """Whether it lies with him by name, or with his department."""
    if who.worker and row.handler == who.worker:
        return True
    if "department" not in who.roles or not who.department:
        return False
    leads = row.life.lead if row.life else row.department
    co = {one.department for one in row.life.co_handlers} if row.life else set()
    return who.department == leads or who.department in co


def _to_check(seen: Sight, home: str) -> list[Order]:
    """Orders of ours in that region that wait for somebody to go and look."""
    if not seen.wide or home not in seen.city.regions:
        return []
    inside = {"region": seen.city.subtree(home)}
    s = Slice(orders_of(seen), Filters(words=inside, open=True, statuses=TO_CHECK), seen.now_ms())
    rows = (seen.orders[key] for key in s["order"])
    return [row for row in rows if row.life is not None]


def _urgency(row: Order) -> tuple[float, int, str]:
    return (float("inf") if row.deadline_at_ms is None else row.deadline_at_ms, -row.reported_at_ms, row.order)


# the grid


def grid_of(city: "City", code: str, bases: "BaseMaps | None", lang: str) -> Json:
    """{code, name, outline: GeoJSON geometry or null, base?: features of the base map around it}."""
    shape = city.geometry(code)
    outline = None if shape is None else _geojson(shape)
    grid: Json = {"code": code, "name": region_name(city, code, lang), "outline": outline}
    return grid if bases is None else {**grid, "base": {"type": "FeatureCollection", "features": bases.around(code)}}


def _geojson(shape: BaseGeometry) -> Any:
    return msgspec.json.decode(shapely.to_geojson(shapely.set_precision(shape, 1e-6)))


class BaseMaps:
    """The city's base map cut to what lies around a grid. The whole is read when the first handset asks."""

    def __init__(self, city: "City") -> None:
        self._city = weakref.proxy(city)
        self.around = functools.lru_cache(maxsize=512)(self._around)

    @functools.cached_property
    def _whole(self) -> tuple[shapely.STRtree, list[BaseGeometry], list[Json]]:
        features = self._city.basemap["features"]
        shapes = [shapely.from_geojson(msgspec.json.encode(feature["geometry"])) for feature in features]
        return shapely.STRtree(shapes), shapes, [feature["properties"] for feature in features]

    def _around(self, code: str) -> list[Json]:
        """Features {type, properties: {class, name}, geometry}, true to half a metre; none for what is too large for a grid."""
        shape = self._city.geometry(code)
        if shape is None or max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1]) > WIDEST_DEG:
            return []
        west, south, east, north = shape.bounds
        squeeze = math.cos(math.radians((south + north) / 2))  # of a degree of longitude
        half = AROUND * max((east - west) * squeeze, north - south)
        x, y = (west + east) / 2, (south + north) / 2
        frame = shapely.box(x - half / squeeze, y - half, x + half / squeeze, y + half)
        tree, shapes, properties = self._whole
        found = []
        for at in sorted(tree.query(frame, predicate="intersects").tolist()):
            cut = shapely.simplify(shapely.intersection(shapes[at], frame), SHAPE_DEG)
            kind = properties[at].get("class")
            if not cut.is_empty and kind != "land" and cut.geom_type != "GeometryCollection":
                told = {"class": kind, "name": properties[at].get("name", ""), "name_en": properties[at].get("name_en", "")}
                found.append({"type": "Feature", "properties": told, "geometry": _geojson(cut)})
        return found
