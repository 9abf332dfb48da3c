"""The read API, /api/v1/…, and /metrics. JSON; instants are ISO-8601 in the city's zone; errors {"error": why}.

Instants are accepted as ISO-8601 with a zone, as epoch milliseconds, and as a local day or month, which as `to` means its
end. A region is a code, or a name that only one has. Answers carry an ETag and are never cached without asking.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, Response, request

from dashboard import query
from dashboard.briefs import Json
from dashboard.filters import BadQuery, UnknownRegion
from dashboard.indicators import SHOWN
from dashboard.metrics import render
from dashboard.period import iso
from domain.indicators import DEFINITIONS, GROUPINGS
from store.errors import StoreError

if TYPE_CHECKING:
    from config.city_model import City
    from config.settings import Settings
    from dashboard.hall import Hall

STORE_SILENT_MS: Final = 15_000
_INSTANTS: Final = frozenset(("from_ms", "to_ms", "as_of_ms"))
_encode = msgspec.json.Encoder().encode

Answer = tuple[Json, int]


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the read API of `hall` to a Flask application."""
    del settings  # nothing of it is needed yet; every part is registered with the same three
    routes: dict[str, Callable[..., Json]] = {
        "/workers": lambda: _workers(hall),
        "/workers/<path:worker>/track": lambda worker: _track(hall, worker),
        "/workers/<path:worker>": lambda worker: _worker(hall, worker),
        "/orders": lambda: _orders(hall),
        "/orders/<path:order>": lambda order: _order(hall, order),
        "/indicators": lambda: _indicators(hall),
        "/feeds": lambda: _feeds(hall),
    }
    for path, answer in routes.items():
        app.add_url_rule(f"/api/v1{path}", f"api{path}", _guarded(hall, answer), methods=["GET"])
    app.add_url_rule(
        "/api/<path:rest>", "api_unknown", lambda rest: _json({"error": f"there is no /api/{rest}"}, 404), methods=["GET"]
    )
    app.add_url_rule("/metrics", "metrics", lambda: Response(render(hall, app), mimetype="text/plain; version=0.0.4"))
    if "healthz" not in app.view_functions:
        app.add_url_rule("/healthz", "healthz", lambda: _json(*health(hall)))


def _guarded(hall: "Hall", answer: Callable[..., Json]) -> Callable[..., Response]:
    """The answer as a response; what can be wrong with a question as 400 or 404, a silent store as 503."""

    def respond(**names: str) -> Response:
        try:
            return _json(spoken_times(answer(**names), hall.city), 200)
        except UnknownRegion as unknown:
            return _json({"error": str(unknown)}, 404)
        except BadQuery as bad:
            return _json({"error": str(bad)}, 400)
        except NotThere as missing:
            return _json({"error": str(missing)}, 404)
        except StoreError as silent:
            return _json({"error": f"the store does not answer: {silent}"}, 503)

    return respond


class NotThere(Exception):
    """Nobody knows what was asked for."""


def _workers(hall: "Hall") -> Json:
    here_now = request.args.get("here_now", "0") in ("1", "true")
    items = query.workers(hall, request.args.get("region"), here_now=here_now)
    presence = request.args.get("presence")
    if presence:
        wanted = presence.split(",")
        items = [item for item in items if item["presence"] in wanted]
    offset, limit = _whole("offset", 0), _whole("limit", len(items))
    return {"total": len(items), "as_of_ms": hall.now_ms(), "items": items[offset : offset + limit]}


def _worker(hall: "Hall", worker: str) -> Json:
    """The brief, or with `day=` the whole dossier of that day."""
    day = request.args.get("day")
    try:
        if day is None:
            return query.worker(hall, worker)
        return query.worker_dossier(hall, worker, day)
    except KeyError as unknown:
        raise NotThere(f"nobody knows a worker {worker!r}") from unknown
    except ValueError as wrong:
        raise BadQuery(f"day: {wrong}") from wrong


def _track(hall: "Hall", worker: str) -> Json:
    query_day = request.args.get("day")
    given = {"from": query_day, "to": query_day} if query_day else dict(request.args)
    period = query.read_period(hall.city, given, hall.now_ms(), default="today")
    include = request.args.get("include", "")
    if include not in ("", "all"):
        raise BadQuery(f"include: {include!r} is not all")
    from_ms = 0 if period.from_ms is None else period.from_ms
    to_ms = hall.now_ms() + 10 * 366 * 86_400_000 if period.to_ms is None else period.to_ms
    track = query.track_geojson(hall, worker, from_ms, to_ms, include == "all")
    if not track["properties"]["count"] and not track["properties"]["set_aside"]:
        _known(hall, worker)
    for feature in track["features"]:
        feature["properties"]["times"] = iso_many(feature["properties"]["times"], hall.city)
    return track


def _known(hall: "Hall", worker: str) -> None:
    try:
        query.worker(hall, worker)
    except KeyError as unknown:
        raise NotThere(f"nobody knows a worker {worker!r}") from unknown


def _orders(hall: "Hall") -> Json:
    now_ms = hall.now_ms()
    page = query.orders_page(hall, request.args, _whole("offset", 0), _whole("limit", 50), now_ms)
    return {"as_of_ms": now_ms, **page}


def _order(hall: "Hall", order: str) -> Json:
    try:
        return query.order_page(hall, order)
    except KeyError as unknown:
        raise NotThere(f"nobody knows an order {order!r}") from unknown


def _indicators(hall: "Hall") -> Json:
    now_ms = hall.now_ms()
    by = request.args.get("by") or None
    if by is not None and by not in GROUPINGS:
        raise BadQuery(f"by: {by!r} is none of {', '.join(GROUPINGS)}")
    named = request.args.get("figures")
    keys = tuple(named.split(",")) if named else SHOWN
    for key in keys:
        if key not in DEFINITIONS:
            raise BadQuery(f"figures: {key!r} is none of {', '.join(DEFINITIONS)}")
    return query.indicators_of(hall, query.read_query(hall.city, request.args, now_ms), by, keys)


def _feeds(hall: "Hall") -> Json:
    items = query.feeds(hall, request.args.get("region"))
    return {"total": len(items), "as_of_ms": hall.now_ms(), "items": items}


def health(hall: "Hall") -> Answer:
    """({ok, store, ready, positions_age_s, orders_age_s, followed_age_s}, 200, or 503 when the hall stands still)."""
    now_ms = hall.now_ms()
    silent_ms = now_ms - hall.heard_at_ms
    well = hall.ready.is_set() and hall.connected and silent_ms < STORE_SILENT_MS
    changed = hall.last_change_at_ms
    ages = {
        "followed_age_s": silent_ms / 1000 if hall.heard_at_ms > 0 else None,
        "positions_age_s": _age_s(now_ms, hall.newest_received_at_ms),
        "orders_age_s": _age_s(now_ms, changed.get("order", 0)),
    }
    return {"ok": well, "store": hall.connected, "ready": hall.ready.is_set(), **ages}, 200 if well else 503


def _age_s(now_ms: int, at_ms: int) -> float | None:
    return max(now_ms - at_ms, 0) / 1000 if at_ms else None


def _whole(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise BadQuery(f"{name}: {text!r} is no whole number from 0 on")
    return int(text)


def _json(value: Json, status: int) -> Response:
    body = _encode(value)
    response = Response(body, status, mimetype="application/json")
    if status == 200:
        response.headers["Cache-Control"] = "no-store"
        response.set_etag(hashlib.blake2b(body, digest_size=12).hexdigest())
        response.make_conditional(request)
    return response


def spoken_times(value: Any, city: "City") -> Any:
    """The same with every instant in ISO-8601: `x_at_ms` becomes `x_at`, `from_ms` becomes `from`, and so on."""
    if isinstance(value, list):
        return [spoken_times(item, city) if isinstance(item, dict | list) else item for item in value]
    if not isinstance(value, dict):
        return value
    spoken = {}
    for name, item in value.items():
        if name in _INSTANTS or name.endswith("_at_ms") or name == "at_ms":
            spoken[name.removesuffix("_ms")] = iso(item, city)
        elif name in ("coordinates", "times"):
            spoken[name] = item
        else:
            spoken[name] = spoken_times(item, city) if isinstance(item, dict | list) else item
    return spoken


_QUARTER_MS: Final = 900_000


def iso_many(times_ms: list[int], city: "City") -> list[str]:
    """`iso` of many instants; the calendar is asked once per quarter of an hour."""
    starts: dict[int, tuple[str, int, str]] = {}
    spoken = []
    for at_ms in times_ms:
        quarter = at_ms // _QUARTER_MS
        if quarter not in starts:
            first = iso(quarter * _QUARTER_MS, city) or ""
            starts[quarter] = (first[:14], int(first[14:16]), first[23:])
        hour, minute, offset = starts[quarter]
        minutes, rest_ms = divmod(at_ms % _QUARTER_MS, 60_000)
        spoken.append(f"{hour}{minute + minutes:02d}:{rest_ms // 1000:02d}.{rest_ms % 1000:03d}{offset}")
    return spoken
