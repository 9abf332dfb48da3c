"""One click on a worker: who he is, his day's track, the problems that he found, his work orders, on one timeline."""

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from dashboard.briefs import Json, order_brief, order_title, worker_brief
from dashboard.orderbook import orders_of
from dashboard.people import is_known
from dashboard.tracks import describe_track, track_records
from domain.counts import Filters, Slice
from domain.lifecycle import is_open
from domain.states import Order

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

LISTED = 200
"""Most orders of a kind in a dossier, newest first; their total is told beside."""


def worker_dossier(hall: "Hall", worker: str, day: str | None = None, now_ms: int | None = None, lang: str = "zh") -> Json:
    """Everything about a worker on a local day (default: today), names in a language.

    → {worker: brief, day, from_ms, to_ms, **describe_track, problems, problems_total, problems_on_day, orders,
    orders_total, orders_open, counted_at_ms (of these), timeline}. problems: orders that he reported; orders: those that he
    handles or handled; newest first, each with `on_day`. Raises KeyError for a worker of whom nobody knows, ValueError for a
    day that is none, StoreUnavailable.
    """
    now_ms = hall.now_ms() if now_ms is None else now_ms
    day = day or hall.city.day_of(now_ms)
    from_ms, to_ms = hall.city.day_bounds(day)
    with hall.lock:
        counted_at_ms = hall.moment()
        row = hall.workers.get(worker)
        if not is_known(hall, worker):
            raise KeyError(worker)
        problems = _orders_by(hall, "reporter", worker)
        orders = _orders_by(hall, "handler", worker)
    track = describe_track(hall, worker, track_records(hall, worker, from_ms, to_ms))
    window = (from_ms, to_ms)
    return {
        "worker": worker_brief(hall.city, worker, row, now_ms, lang),
        "day": day,
        "from_ms": from_ms,
        "to_ms": to_ms,
        **track,
        "counted_at_ms": counted_at_ms,
        "problems": [_on_day(hall, found, window, now_ms, lang) for found in problems[:LISTED]],
        "problems_total": len(problems),
        "problems_on_day": sum(from_ms <= found.reported_at_ms < to_ms for found in problems),
        "orders": [_on_day(hall, found, window, now_ms, lang) for found in orders[:LISTED]],
        "orders_total": len(orders),
        "orders_open": sum(is_open(found.status) for found in orders),
        "timeline": _timeline(hall.city, track, problems, orders, window, lang),
    }


def _orders_by(hall: "Hall", column: str, worker: str) -> list[Order]:
    """Newest first."""
    s = Slice(orders_of(hall), Filters(words={column: frozenset((worker,))}), 0)
    at = np.argsort(-s["reported_at_ms"], kind="stable")
    return [hall.orders[key] for key in s["order"][at]]


def _on_day(hall: "Hall", row: Order, window: tuple[int, int], now_ms: int, lang: str) -> Json:
    moments = (row.reported_at_ms, row.registered_at_ms, row.status_at_ms, row.closed_at_ms)
    return {
        **order_brief(hall.city, row, now_ms, lang),
        "on_day": any(at is not None and window[0] <= at < window[1] for at in moments),
    }


def _timeline(
    city: "City", track: Json, problems: list[Order], orders: list[Order], window: tuple[int, int], lang: str
) -> list[Json]:
    """What happened on the day, by time: {at_ms, to_ms (of what lasts), kind, …}.

    Kinds: first_fix, last_fix, gap, stop, out_of_grid, set_aside, problem, order_given, order_closed, order_status.
    """
    items: list[Json] = []
    if track["first_at_ms"] is not None:
        items += [{"at_ms": track["first_at_ms"], "kind": "first_fix"}, {"at_ms": track["last_at_ms"], "kind": "last_fix"}]
    for kind, key in (("gap", "gaps"), ("stop", "stops"), ("out_of_grid", "out_of_grid")):
        items += [
            {"at_ms": part["from_ms"], "to_ms": part["to_ms"], "kind": kind, "seconds": part["seconds"], "index": index}
            for index, part in enumerate(track[key])
        ]
    for reasons, fixes in groupby(track["set_aside"], key=lambda fix: fix["reasons"]):
        run = list(fixes)
        first, last = run[0]["at_ms"], run[-1]["at_ms"]
        items.append({"at_ms": first, "to_ms": last, "kind": "set_aside", "reasons": reasons, "fixes": len(run)})
    items += [_moment(city, lang, row, row.reported_at_ms, "problem") for row in problems]
    for row in orders:
        given_ms = row.registered_at_ms or row.accepted_at_ms or row.reported_at_ms
        items.append(_moment(city, lang, row, given_ms, "order_given"))
        if row.closed_at_ms is not None:
            items.append(_moment(city, lang, row, row.closed_at_ms, "order_closed"))
        elif row.status_at_ms != given_ms:
            items.append(_moment(city, lang, row, row.status_at_ms, "order_status"))
    within = [item for item in items if window[0] <= item["at_ms"] < window[1]]
    return sorted(within, key=lambda item: item["at_ms"])


def _moment(city: "City", lang: str, row: Order, at_ms: int, kind: str) -> Json:
    return {
        "at_ms": at_ms,
        "kind": kind,
        "order": row.order,
        "title": order_title(city, row, lang),
        "status": row.status,
        "lon": row.lon,
        "lat": row.lat,
    }
