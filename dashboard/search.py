"""Search: workers by name or id or device, orders by id or words, feeds and regions by name or code."""

import functools
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from dashboard.briefs import Json, order_brief, region_name
from dashboard.orderbook import orders_of
from dashboard.people import is_known
from dashboard.sight import says
from domain.counts import Filters, Slice

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall


def normal(text: str) -> str:
    """Full width is half width, capitals are small letters, blanks are none."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def search(hall: "Hall", text: str, limit: int = 20, lang: str = "zh") -> list[Json]:
    """Hits [{kind: worker|order|feed|region, id, title, detail, lon, lat}], of each kind at most `limit`, best first.

    Exact before beginning before inside. Orders are found by id, open ones also by title and address.
    """
    wanted = normal(text)
    if not wanted:
        return []
    kinds = (
        _workers(hall, wanted, lang),
        _orders(hall, wanted, lang),
        _regions(hall.city, wanted, lang),
        _feeds(hall, wanted, lang),
    )
    return [hit for hits in kinds for hit in _best(hits, limit)]


Hit = tuple[int, Json]  # (rank: 0 exact, 1 beginning, 2 inside; hit)


def _best(hits: Iterator[Hit], limit: int) -> list[Json]:
    found = list(islice(hits, 50 * limit))
    return [hit for _, hit in sorted(found, key=lambda pair: (pair[0], pair[1]["id"]))[:limit]]


def _rank(wanted: str, names: Iterable[str]) -> int | None:
    ranks = [0 if name == wanted else 1 if name.startswith(wanted) else 2 for name in names if wanted in name]
    return min(ranks, default=None)


def _hit(kind: str, key: str, title: str, detail: str, place: tuple[float | None, float | None] = (None, None)) -> Json:
    return {"kind": kind, "id": key, "title": title, "detail": detail, "lon": place[0], "lat": place[1]}


@functools.lru_cache(maxsize=64)
def _roster_names(city: "City") -> dict[str, tuple[str, ...]]:
    return {
        entry.worker: tuple(normal(word) for word in (entry.worker, entry.name, *entry.devices))
        for entry in city.roster.values()
    }


def _workers(hall: "Hall", wanted: str, lang: str) -> Iterator[Hit]:
    roster = _roster_names(hall.city)
    unrostered = {worker: (normal(worker),) for worker in list(hall.workers) if worker not in roster}
    for worker, names in (*roster.items(), *unrostered.items()):
        rank = _rank(wanted, names)
        if rank is not None and is_known(hall, worker):
            entry, row = hall.city.roster.get(worker), hall.workers.get(worker)
            place = (row.lon, row.lat) if row is not None and row.fixed_at_ms else (None, None)
            home = region_name(hall.city, entry.region, lang) if entry else ""
            yield rank, _hit("worker", worker, entry.name if entry else worker, home or worker, place)


def _orders(hall: "Hall", wanted: str, lang: str) -> Iterator[Hit]:
    """The lock is held for the list of ids only: they and the rows are values that nobody changes."""
    with hall.lock:
        s = Slice(orders_of(hall), Filters(), 0)
        ids, still_open = s["order"], s.mask("open")
    named = [at for at, key in enumerate(ids) if wanted in key.casefold()]
    for at in sorted({*named, *np.flatnonzero(still_open).tolist()}):
        fields = ("order", "title", "address") if still_open[at] else ("order",)
        row = hall.orders.get(ids[at]) if says(hall, ids[at], wanted, fields, normal) else None
        rank = None if row is None else _rank(wanted, [normal(getattr(row, field)) for field in fields])
        if row is not None and rank is not None:
            brief = order_brief(hall.city, row, 0, lang)
            yield rank, _hit("order", row.order, brief["title"], brief["region_name"], (row.lon, row.lat))


def _regions(city: "City", wanted: str, lang: str) -> Iterator[Hit]:
    for region in city.regions.values():
        rank = _rank(wanted, (normal(region.code), normal(region.name), normal(region.name_en)))
        if rank is not None:
            above = region_name(city, region.parent, lang) if region.parent else ""
            yield rank, _hit("region", region.code, region_name(city, region.code, lang), above)


def _feeds(hall: "Hall", wanted: str, lang: str) -> Iterator[Hit]:
    for feed in list(hall.feeds.values()):
        rank = _rank(wanted, (normal(feed.feed), normal(feed.name)))
        if rank is not None:
            place = (feed.lon, feed.lat)
            yield rank, _hit("feed", feed.feed, feed.name or feed.feed, region_name(hall.city, feed.region, lang), place)
