"""Lists of orders, and the page of one order."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from config.words import words
from dashboard.briefs import Json, department_name, feed_brief, limit_used, order_brief, region_brief, region_name, worker_brief
from dashboard.filters import OrderQuery, read_query
from dashboard.names import title_of
from dashboard.orderbook import orders_of
from dashboard.past import Then, orders_then, then_of
from dashboard.people import online
from dashboard.sight import Sight, says
from domain import masking
from domain.actions import FOUND_OUT
from domain.cases import as_counted, clock_wrong_ms
from domain.counts import Filters, Slice
from domain.geodesy import distances_m
from domain.lifecycle import STAGES, STATUSES
from domain.orderframe import NONE
from domain.states import Order, Step
from layouts.device_words import clock_wrong

if TYPE_CHECKING:
    from dashboard.hall import Hall

NEAR_M = 500.0
MOST_PER_PAGE = 1000


def orders_page(
    hall: "Hall",
    filters: Mapping[str, Any] | OrderQuery,
    offset: int = 0,
    limit: int = 50,
    now_ms: int | None = None,
    lang: str = "zh",
) -> Json:
    """{"total", "offset", "limit", "as_of_ms", "exact", "items": order briefs} of the orders that `filters` (PARAMS) allow.

    Sorted by `sort`, then by id, so that pages neither overlap nor miss. All is as of `as_of_ms`, if one is asked for; `exact`:
    False where that is too long ago to be known to the order (`dashboard.past`). Raises BadQuery, UnknownRegion.
    """
    now_ms = hall.now_ms() if now_ms is None else now_ms
    query = filters if isinstance(filters, OrderQuery) else read_query(hall.city, filters, now_ms)
    offset, limit = max(offset, 0), min(max(limit, 0), MOST_PER_PAGE)
    found, then = _found(hall, query)
    were = {row.order: row for row in then.rows}
    rows = (were.get(key) or hall.orders.get(key) for key in _page(found["key"], found["order"], offset, limit))
    items = [order_brief(hall.city, row, query.as_of_ms, lang) for row in rows if row is not None]
    told = {"total": len(found["key"]), "offset": offset, "limit": limit}
    return {**told, "as_of_ms": query.as_of_ms, "exact": then.exact, "items": items}


def order_ids(hall: "Hall", filters: Mapping[str, Any] | OrderQuery, now_ms: int | None = None) -> list[str]:
    """Ids of all orders that `orders_page` would page through, in no order."""
    now_ms = hall.now_ms() if now_ms is None else now_ms
    query = filters if isinstance(filters, OrderQuery) else read_query(hall.city, filters, now_ms)
    return list(_found(hall, query)[0]["order"])


def _found(hall: "Hall", query: OrderQuery) -> tuple[dict[str, NDArray[Any]], Then]:
    """Ids and sort keys (rising) of what a query finds. Texts are looked through after the lock: the rows are values."""
    column = {"deadline": "red_at_ms", "-status": "status_at_ms"}.get(query.sort, "reported_at_ms")
    with hall.lock:
        then = then_of(hall, query)
        frame = orders_then(orders_of(hall), then)
        s = Slice(frame, query.within(hall.city, frame), query.as_of_ms, rewound=then.rewound)
        mask = s.mask(query.count)
        ids, key = s["order"][mask], s[column][mask]
    if query.sort.startswith("-"):
        key = -key
    elif query.sort == "deadline":
        key = np.where(key == NONE, np.iinfo(np.int64).max, key)
    if query.text:
        keep = _text_mask(hall, ids, query.text)
        ids, key = ids[keep], key[keep]
    return {"order": ids, "key": key}, then


def _text_mask(hall: "Hall", ids: NDArray[Any], text: str) -> NDArray[np.bool_]:
    wanted, fields = text.casefold(), ("order", "title", "text", "address")
    rows = (hall.hall if isinstance(hall, Sight) else hall).orders
    literal = wanted == text.upper() and "*" not in text  # no letter has another form, and no mask makes it
    likely = (not literal or rows.may_hold(key, wanted) for key in ids)
    found = (maybe and says(hall, key, wanted, fields, str.casefold) for key, maybe in zip(ids, likely, strict=True))
    return np.fromiter(found, bool, len(ids))


def _page(keys: NDArray[np.int64], ids: NDArray[Any], offset: int, limit: int) -> list[str]:
    """The ids from `offset` on: sorted by key in numpy, and only those that share a key with the page's ends by id."""
    if limit == 0 or offset >= len(keys):
        return []
    order = np.argsort(keys, kind="stable")
    last = min(offset + limit, len(keys)) - 1
    ranked = keys[order]
    low = int(np.searchsorted(ranked, ranked[offset], "left"))
    high = int(np.searchsorted(ranked, ranked[last], "right"))
    window = sorted(zip(ranked[low:high].tolist(), ids[order[low:high]], strict=True))
    return [row_id for _, row_id in window[offset - low : last + 1 - low]]


def order_page(
    hall: "Hall", order: str, now_ms: int | None = None, near_m: float = NEAR_M, lang: str = "zh", row: Order | None = None
) -> Json:
    """Everything about an order: {order: brief and text, path, limit_used, trail, stages, workers, feeds}.

    trail: every step as it was told, first to last. stages: one per stage, see `stage_times`. workers (nearest online
    first) and feeds lie within `near_m`, with `distance_m`. `row`: the order as it was read already, masked here for who
    asks; None: as it is now. Raises KeyError, StoreUnavailable.
    """
    now_ms = hall.now_ms() if now_ms is None else now_ms
    city = hall.city
    if row is None:
        with hall.lock:
            row = hall.orders[order]
    elif isinstance(hall, Sight):
        row = hall.masked(row)
    trail = hall.store.trail(order) if hall.store is not None else ()
    path = city.path(row.region) if row.region in city.regions else ()
    clear = not isinstance(hall, Sight) or hall.sees_doors(row)
    return {
        "order": {**order_brief(city, row, now_ms, lang), "text": row.text},
        "path": [region_brief(city, code) for code in path],
        "limit_used": limit_used(row, now_ms),
        "trail": trail_json(hall, trail, lang, clear),
        "stages": stage_times(row, trail, now_ms),
        "workers": nearest_workers(hall, row.lon, row.lat, near_m, now_ms, lang=lang),
        "feeds": nearest_feeds(hall, row.lon, row.lat, near_m, lang=lang),
    }


def trail_json(hall: "Hall", trail: Sequence[Step], lang: str, clear: bool) -> list[Json]:
    """The lines of a trail; see `step_json`. Its texts say no place and no name that one of its lines masks."""
    told = [{key: str(step.fields.get(key) or "") for key in ("address", "reporter", "person")} for step in trail]
    place = next((of["address"] for of in told if of["address"]), "")
    who = next((of[key] for of in told for key in ("person", "reporter") if masking.citizen(of[key], hall.city.roster)), "")
    return [step_json(hall, step, lang, clear, place, who) for step in trail]


def step_json(hall: "Hall", step: Step, lang: str, clear: bool, place: str = "", who: str = "") -> Json:
    """A line of a trail. Unless `clear`, doors are masked too; a citizen's name and number always are.

    One of a wrong clock counts by its receipt (`counts_at_ms`), and says so in `clock_wrong`.
    """
    fields = {key: _shown(hall, key, value, clear, place, who) for key, value in step.fields.items() if key not in FOUND_OUT}
    told_by = step.actor or str(step.fields.get("handler") or "")
    return {
        "key": step.key,
        "action": step.action,
        "actor": step.actor,
        "actor_name": title_of(getattr(hall, "hall", hall), told_by),
        "role": step.role,
        "unit": step.unit,
        "unit_name": department_name(hall.city, step.unit, lang),
        "at_ms": None if step.at_unknown else step.at_ms,
        "counts_at_ms": step.received_at_ms if step.clock_wrong else None if step.at_unknown else step.at_ms,
        "at_unknown": step.at_unknown,
        "status": step.status,
        "stage": STATUSES[step.status].stage,
        "source": step.source,
        "received_at_ms": step.received_at_ms,
        "clock_wrong": clock_wrong(words(lang), clock_wrong_ms(step), "system") if step.clock_wrong else "",
        "handler": fields.get("handler", ""),
        "department": fields.get("department", ""),
        "department_name": department_name(hall.city, str(fields.get("department", "")), lang),
        "region_name": region_name(hall.city, str(fields.get("region", "")), lang),
        "note": fields.get("note", ""),
        "fields": fields,
    }


def _shown(hall: "Hall", key: str, value: Any, clear: bool, place: str, who: str) -> Any:
    """A field of a step as the asker may see it: what a citizen told of himself is masked for everybody until asked for."""
    if not isinstance(value, str):
        return value
    if key == "reporter":
        return masking.reporter(value, hall.city.roster)
    return masking.field(key, value, doors=clear, place=place, who=who)


def stage_times(row: Order, trail: tuple[Step, ...], now_ms: int) -> list[Json]:
    """Per stage: {stage, state: done|current|to_come|skipped, entered_at_ms, left_at_ms, seconds, handler, visits}.

    Seconds add up all stays. A step whose time nobody knows moves the order on and counts no time.
    """
    trail = as_counted(trail)
    times: dict[int, Json] = {
        number: {"stage": key, "state": "to_come", "entered_at_ms": None, "left_at_ms": None, "seconds": 0.0,
                 "handler": "", "visits": 0}
        for number, key in enumerate(STAGES)
    }  # fmt: skip
    status = STATUSES.get(row.status, STATUSES["reported"])
    inside: int | None = None
    since_ms: int | None = None
    for step in trail:
        stage = STATUSES[step.status].stage
        at_ms = None if step.at_unknown else step.at_ms
        if stage != inside:
            _leave(times, inside, since_ms, at_ms)
            inside, since_ms = stage, at_ms
            if stage in times:
                times[stage]["visits"] += 1
                times[stage]["entered_at_ms"] = times[stage]["entered_at_ms"] or at_ms
        if stage in times and step.fields.get("handler"):
            times[stage]["handler"] = step.fields["handler"]
    if not status.final:
        _leave(times, inside, since_ms, now_ms)
        if inside in times:
            times[inside]["left_at_ms"] = None
    reached = max((number for number, stage in times.items() if stage["visits"]), default=-1)
    for number, stage in times.items():
        current = number == status.stage and not status.final
        passed = "done" if stage["visits"] else "skipped" if number < reached or status.closed else "to_come"
        stage["state"] = "current" if current else passed
    return list(times.values())


def _leave(times: dict[int, Json], stage: int | None, since_ms: int | None, at_ms: int | None) -> None:
    if stage not in times:
        return
    times[stage]["left_at_ms"] = at_ms
    if since_ms is not None and at_ms is not None:
        times[stage]["seconds"] += max(at_ms - since_ms, 0) / 1000


def nearest_workers(
    hall: "Hall",
    lon: float | None,
    lat: float | None,
    radius_m: float = NEAR_M,
    now_ms: int | None = None,
    limit: int = 20,
    lang: str = "zh",
) -> list[Json]:
    """Online workers within a radius, nearest first: worker briefs with `distance_m`, `open_orders` (as of `counted_at_ms`),
    `letter` A, B …
    """
    if lon is None or lat is None:
        return []
    now_ms = hall.now_ms() if now_ms is None else now_ms
    with hall.lock:
        rows = [row for row in online(hall.workers.values()) if row.fixed_at_ms]
        near = _nearest(lon, lat, [row.lon for row in rows], [row.lat for row in rows], radius_m, limit)
        counted_at_ms, loads = hall.moment(), _loads(hall) if near else {}
    return [
        {
            **worker_brief(hall.city, rows[at].worker, rows[at], now_ms, lang),
            "distance_m": away_m,
            "open_orders": loads.get(rows[at].worker, 0),
            "counted_at_ms": counted_at_ms,
            "letter": chr(ord("A") + place) if place < 26 else "",
        }
        for place, (at, away_m) in enumerate(near)
    ]


def nearest_feeds(
    hall: "Hall", lon: float | None, lat: float | None, radius_m: float = NEAR_M, limit: int = 20, lang: str = "zh"
) -> list[Json]:
    """Feeds within a radius, nearest first: feed briefs with `distance_m`."""
    if lon is None or lat is None:
        return []
    with hall.lock:
        rows = [row for row in hall.feeds.values() if row.lon is not None and row.lat is not None]
    near = _nearest(lon, lat, [row.lon for row in rows], [row.lat for row in rows], radius_m, limit)
    now_ms = hall.now_ms()
    return [{**feed_brief(hall.city, rows[at], now_ms, lang), "distance_m": away_m} for at, away_m in near]


def _nearest(lon: float, lat: float, lons: list[Any], lats: list[Any], radius_m: float, limit: int) -> list[tuple[int, float]]:
    away_m = distances_m(lon, lat, np.array(lons, float), np.array(lats, float))
    within = np.flatnonzero(away_m <= radius_m)
    order = within[np.argsort(away_m[within], kind="stable")][:limit]
    return [(int(at), round(float(away_m[at]), 1)) for at in order]


def _loads(hall: "Hall") -> dict[str, int]:
    """Worker → open orders that he handles."""
    frame = orders_of(hall)
    s = Slice(frame, Filters(open=True), 0)
    words = s.words("handler")
    counts = np.bincount(s["handler"], minlength=len(words))
    return {words[at]: int(counts[at]) for at in np.flatnonzero(counts)}
