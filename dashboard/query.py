"""What the screens and the API ask of the hall. Every function returns JSON types; instants are ms (`*_at_ms`, `*_ms`).

All take `now_ms` (default: the hall's clock). They raise UnknownRegion (a KeyError) or KeyError for what does not exist,
BadQuery (a ValueError) for parameters that cannot be, StoreUnavailable where the store is asked and does not answer.
"""

from typing import TYPE_CHECKING

from dashboard.briefs import Json, feed_brief, order_brief, worker_brief
from dashboard.dossier import worker_dossier
from dashboard.filters import BadQuery, OrderQuery, UnknownRegion, read_period, read_query, region_code
from dashboard.indicators import indicators, indicators_of
from dashboard.orderlist import nearest_feeds, nearest_workers, order_ids, order_page, orders_page
from dashboard.people import is_known, workers_of
from dashboard.search import search
from dashboard.tracks import track_geojson

if TYPE_CHECKING:
    from dashboard.hall import Hall

__all__ = [
    "BadQuery",
    "OrderQuery",
    "UnknownRegion",
    "feed_brief",
    "feeds",
    "indicators",
    "indicators_of",
    "nearest_feeds",
    "nearest_workers",
    "order_brief",
    "order_ids",
    "order_page",
    "orders_page",
    "read_period",
    "read_query",
    "region_code",
    "search",
    "track_geojson",
    "worker",
    "worker_brief",
    "worker_dossier",
    "workers",
]


def workers(hall: "Hall", region: str | None = None, *, here_now: bool = False, now_ms: int | None = None) -> list[Json]:
    """Briefs of the workers of a region by id, those never heard of included (`dashboard.people.workers_of`)."""
    now_ms = hall.now_ms() if now_ms is None else now_ms
    code = region_code(hall.city, region)
    with hall.lock:
        rows = sorted(workers_of(hall, code, here_now=here_now), key=lambda pair: pair[0])
    return [worker_brief(hall.city, worker_id, row, now_ms) for worker_id, row in rows]


def worker(hall: "Hall", worker_id: str, now_ms: int | None = None) -> Json:
    """Brief of one worker. Raises KeyError for one whom neither roster nor store knows."""
    now_ms = hall.now_ms() if now_ms is None else now_ms
    with hall.lock:
        row = hall.workers.get(worker_id)
        if not is_known(hall, worker_id):
            raise KeyError(worker_id)
    return worker_brief(hall.city, worker_id, row, now_ms)


def feeds(hall: "Hall", region: str | None = None) -> list[Json]:
    """Briefs of the feeds of a region by id; the root's are all."""
    code = region_code(hall.city, region)
    with hall.lock:
        rows = sorted(hall.feeds.values(), key=lambda row: row.feed)
    inside = hall.city.subtree(code) if code in hall.city.regions else frozenset()
    now_ms = hall.now_ms()
    return [feed_brief(hall.city, row, now_ms) for row in rows if code == hall.city.root or row.region in inside]
