"""The read API, /api/v1/…, and /metrics. JSON; instants are ISO-8601 in the city's zone; errors {"error": why}.

Instants are accepted as ISO-8601 with a zone, as epoch milliseconds, and as a local day or month, which as `to` means its
end; with `ms=1` they are answered as epoch milliseconds. A region is a code, or a name that only one has. Answers carry an
ETag and are never cached without asking. Everybody is answered of what he sees (`dashboard.sight`); what is not his is not
there, and the attempt is a line of the audit log.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from flask import Flask, Response, request

from dashboard import acting, files, notices, query
from dashboard.access import audit, need, person, wants_page
from dashboard.briefs import Json
from dashboard.doors import language
from dashboard.filters import BadQuery, UnknownRegion, counted_at, none_of
from dashboard.indicators import SHOWN
from dashboard.metrics import render
from dashboard.people import is_known
from dashboard.period import iso
from dashboard.sight import Sight, sight
from dashboard.tallies import tallies_json
from domain.indicators import DEFINITIONS, GROUPINGS
from domain.states import Presence
from store import bulletins, people
from store.errors import StoreError

if TYPE_CHECKING:
    from config.city_model import City
    from config.settings import Settings
    from dashboard.hall import Hall

STORE_SILENT_MS: Final = 15_000
PRESENCES: Final = tuple(presence.name.lower() for presence in Presence)
_INSTANTS: Final = frozenset(("from_ms", "to_ms", "as_of_ms"))
_encode = msgspec.json.Encoder().encode

Answer = tuple[Json, int]


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the read API of `hall` to a Flask application."""
    routes: dict[str, Callable[..., Json]] = {
        "/workers": lambda: _workers(sight(hall)),
        "/workers/<path:worker>/track": lambda worker: _track(sight(hall), worker),
        "/workers/<path:worker>": lambda worker: _worker(sight(hall), worker),
        "/orders": lambda: _orders(sight(hall)),
        "/orders/<path:order>": lambda order: _order(sight(hall), order, language(settings)),
        "/indicators": lambda: _indicators(sight(hall)),
        "/feeds": lambda: _feeds(sight(hall)),
        "/tallies": lambda: _tallies(sight(hall), language(settings)),
    }
    for path, answer in routes.items():
        app.add_url_rule(f"/api/v1{path}", f"api{path}", _guarded(hall, answer), methods=["GET"])
    app.add_url_rule(
        "/api/<path:rest>", "api_unknown", lambda rest: _json({"error": f"there is no /api/{rest}"}, 404), methods=["GET"]
    )
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(hall, app))
    if "healthz" not in app.view_functions:
        app.add_url_rule("/healthz", "healthz", lambda: _json(*health(hall)))


def _metrics(hall: "Hall", app: Flask) -> Response:
    need("admin")
    return Response(render(hall, app), mimetype="text/plain; version=0.0.4")


def _guarded(hall: "Hall", answer: Callable[..., Json]) -> Callable[..., Response]:
    """The answer as a response with its instants spoken."""
    return refusals_spoken(hall, lambda **names: json_response(answer(**names), 200, hall.city))


def refusals_spoken(hall: "Hall", view: Callable[..., Response]) -> Callable[..., Response]:
    """What can be wrong with a question as 400 or 404, a silent store as 503. Of a page the application says it as a page."""

    def respond(**names: str) -> Response:
        try:
            return view(**names)
        except CANNOT_BE_ANSWERED as why:
            if wants_page():
                raise  # the application makes the page that says so
            if isinstance(why, BadQuery):
                return _json({"error": str(why)}, 400)
            missing = NotThere("region", str(why.args[0])) if isinstance(why, UnknownRegion) else why
            missing.tell(hall)
            return _json({"error": str(why)}, 404)
        except acting.BadAction as bad:
            return _json({"error": str(bad)}, 400)
        except StoreError as silent:
            answer = _json({"error": f"the store does not answer: {silent}"}, 503)
            answer.headers["Retry-After"] = "2"
            return answer

    return respond


Thing = Literal["worker", "order", "feed", "region", "bulletin", "wall"]
"""What an address may name; each has its words for "there is no such"."""


class NotThere(Exception):
    """Nobody knows what was asked for, or it is not the asker's: he is told the same."""

    def __init__(self, kind: Thing, name: str) -> None:
        super().__init__(f"nobody knows {'an' if kind == 'order' else 'a'} {kind} {name!r}")
        self.kind, self.name = kind, name

    def tell(self, hall: "Hall") -> None:
        """A line of the audit log, if it is there and not the asker's."""
        region = region_of(hall, self.kind, self.name)
        if region is not None:
            audit("refused", self.name, region, kind=self.kind, path=request.path[:200])


CANNOT_BE_ANSWERED: Final = (NotThere, UnknownRegion, BadQuery)
"""What may be wrong with a question."""


def region_of(hall: "Hall", kind: str, name: str) -> str | None:
    """The region of an order, worker, feed, bulletin, wall's link or region, whoever asks; None: there is none by that name."""
    if kind == "order":
        return hall.orders[name].region if name in hall.orders else None
    if kind == "worker":
        entry, row = hall.city.roster.get(name), hall.workers.get(name)
        return entry.region if entry else row.region if row else None
    if kind == "feed":
        return hall.feeds[name].region if name in hall.feeds else None
    if kind == "bulletin" and hall.store is not None:
        found = bulletins.bulletin(hall.store, name) or bulletins.job(hall.store, name)
        return found.region if found else None
    if kind == "wall" and hall.store is not None:
        return next((token.scope for token in people.tokens(hall.store) if token.name == name), None)
    return hall.city.find_region(name) if kind == "region" else None


def _workers(hall: Sight) -> Json:
    here_now = request.args.get("here_now", "0") in ("1", "true")
    items = query.workers(hall, request.args.get("region"), here_now=here_now)
    presence = request.args.get("presence")
    if presence:
        wanted = presence.split(",")
        for name in wanted:
            if name not in PRESENCES:
                raise none_of("presence", name, PRESENCES)
        items = [item for item in items if item["presence"] in wanted]
    offset, limit = _whole("offset", 0), _whole("limit", len(items))
    return {"total": len(items), "as_of_ms": hall.now_ms(), "items": items[offset : offset + limit]}


def _worker(seen: Sight, worker: str) -> Json:
    """The brief, or with `day=` the whole dossier of that day, which is a view of a person's track."""
    day = request.args.get("day")
    look_up(seen, "worker", worker)
    if day is None:
        return query.worker(seen, worker)
    read_day(seen, day)
    see_track(seen, worker, day)
    return query.worker_dossier(seen, worker, day)


def look_up(seen: Sight, kind: Thing, name: str) -> None:
    """Nothing, for a worker, order or feed that the asker sees. Raises NotThere.

    Asked before anything else of it: so whatever else is missing is never told as "there is none".
    """
    there = is_known(seen, name) if kind == "worker" else name in (seen.orders if kind == "order" else seen.feeds)
    if not there:
        raise NotThere(kind, name)


def read_day(seen: Sight, text: str) -> str:
    """A local day as an address names it. Raises BadQuery."""
    try:
        seen.city.day_bounds(text)
    except ValueError as wrong:
        raise BadQuery(f"day: {wrong}", "no_time", name="day", value=text[:100]) from wrong
    return text


def see_track(seen: Sight, worker: str, days: str) -> None:
    """Write down that somebody looks at where a worker has been. NotThere when that is not his to see."""
    if not seen.may_track(worker):
        raise NotThere("worker", worker)
    audit("view_track", worker, region_of(seen.hall, "worker", worker) or "", days=days)


def _track(seen: Sight, worker: str) -> Json:
    query_day = request.args.get("day")
    given = {"from": query_day, "to": query_day} if query_day else dict(request.args)
    period = query.read_period(seen.city, given, seen.now_ms(), default="today")
    include = request.args.get("include", "")
    if include not in ("", "all"):
        raise BadQuery(f"include: {include!r} is not all")
    from_ms = 0 if period.from_ms is None else period.from_ms
    to_ms = seen.now_ms() + 10 * 366 * 86_400_000 if period.to_ms is None else period.to_ms
    see_track(seen, worker, query_day or period.key or f"{from_ms} {to_ms}")
    track = query.track_geojson(seen, worker, from_ms, to_ms, include == "all")
    if not track["properties"]["count"] and not track["properties"]["set_aside"]:
        look_up(seen, "worker", worker)
    for feature in track["features"]:
        feature["properties"]["times"] = iso_many(feature["properties"]["times"], seen.city)
    return track


def _orders(seen: Sight) -> Json:
    now_ms = seen.now_ms()
    page = query.orders_page(seen, request.args, _whole("offset", 0), _whole("limit", 50), now_ms)
    return {"as_of_ms": now_ms, **page}


def _order(seen: Sight, order: str, lang: str) -> Json:
    look_up(seen, "order", order)
    return order_json(seen, order, lang)


def order_json(seen: Sight, order: str, lang: str) -> Json:
    """An order's page with its life, its photos, and what the asker may do with it. KeyError if he does not see it."""
    row = acting.seen_order(seen, order)
    trail = seen.store.trail(order) if seen.store is not None else ()
    return {
        **query.order_page(seen, order, lang=lang, row=row),  # of one moment with what follows
        "life": acting.life_json(seen.hall.city, row, lang),
        "timed": acting.timed_json(seen.hall.city, row, seen.now_ms(), lang),
        "photos": files.photos_of(seen.hall, order, trail),
        "actions": acting.actions_json(seen.hall, person(), row, trail, lang),
        "notices": notices.of_order(seen, order, lang),
    }


def _indicators(hall: Sight) -> Json:
    need("statistics")
    now_ms, params = hall.now_ms(), counted_at(request.args, hall.moment())
    by = request.args.get("by") or None
    if by is not None and by not in GROUPINGS:
        raise none_of("by", by, GROUPINGS)
    named = request.args.get("figures")
    keys = tuple(named.split(",")) if named else SHOWN
    for key in keys:
        if key not in DEFINITIONS:
            raise none_of("figures", key, DEFINITIONS)
    asked = query.read_query(hall.city, params, now_ms)
    compare = request.args.get("compare") in ("1", "true")
    return query.indicators_of(
        hall, asked, by, keys, query.read_period(hall.city, params, asked.as_of_ms) if compare else None
    )


def _feeds(hall: Sight) -> Json:
    items = query.feeds(hall, request.args.get("region"))
    return {"total": len(items), "as_of_ms": hall.now_ms(), "items": items}


def _tallies(seen: Sight, lang: str) -> Json:
    need("statistics")
    region = query.region_code(seen.city, request.args.get("region"))
    period = query.read_period(seen.city, request.args, seen.now_ms())
    key, offset, limit = request.args.get("key"), _whole("offset", 0), _whole("limit", 1000)
    if region not in seen.city.regions:
        raise UnknownRegion(region)
    return tallies_json(seen, region, period, lang, key=key, offset=offset, limit=limit)


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


def json_response(value: Json, status: int, city: "City | None" = None) -> Response:
    """An answer of the API; with a `city` its instants are spoken in that city's zone unless the asker wants milliseconds."""
    spoken = city is not None and request.args.get("ms") not in ("1", "true")
    return _json(spoken_times(value, city) if spoken and city is not None else value, status)


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
            spoken[name.removesuffix("_ms")] = None if item is None else iso(item, city)
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
