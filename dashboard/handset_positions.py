"""POST /api/v1/positions: where a worker's handset is. Only one's own; on disk before the answer; what is wrong is kept.

A JSON array of at most 500 {fixed_at | fixed_at_ms, lon, lat, accuracy_m?, speed_mps?, heading_deg?, altitude_m?,
battery_pct?}: WGS-84 degrees, metres, metres a second, degrees from north, per cent; `fixed_at` ISO 8601 with its zone.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, request

from dashboard.access import Forbidden, person
from dashboard.api import json_response, refusals_spoken
from dashboard.filters import BadQuery
from domain.bounds import EARLIEST_MS, LATEST_MS
from domain.facts import Position
from store.errors import StoreUnavailable
from store.sources import Refusal, keep_refusals

if TYPE_CHECKING:
    from config.settings import Settings
    from dashboard.hall import Hall

SOURCE: Final = "handset"
MOST: Final = 500
RANGES: Final = {
    "accuracy_m": (0.0, 1e7),
    "speed_mps": (0.0, 1e4),
    "heading_deg": (0.0, 360.0),
    "altitude_m": (-1e4, 1e6),
    "battery_pct": (0.0, 100.0),
}
NOWHERE_DEG: Final = 1e-6  # nearer than this to 0, 0 is a receiver that does not know
_KNOWN: Final = frozenset(("worker", "fixed_at", "fixed_at_ms", "lon", "lat", *RANGES))


class BadFix(ValueError):
    """One fix is wrong: a stable slug, which is counted, then `: ` and what it was."""


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the route."""
    view = refusals_spoken(hall, lambda: json_response(take(hall, settings), 200))
    app.add_url_rule("/api/v1/positions", "positions", view, methods=["POST"])


def take(hall: "Hall", settings: "Settings") -> dict[str, Any]:
    """{accepted, rejected: [{index, reason}]} of the request's fixes. Raises Forbidden, BadQuery, StoreUnavailable."""
    worker = person().worker
    if not worker:
        raise Forbidden("positions (no worker of the roster)")
    if hall.store is None:
        raise StoreUnavailable("there is no store")
    items = read_items(request.get_data())
    decode = reader(worker, hall.now_ms())
    facts, rejected, refusals = [], [], []
    for index, item in enumerate(items):
        try:
            facts.append(decode(msgspec.json.decode(item)))
        except (BadFix, msgspec.DecodeError) as wrong:
            rejected.append({"index": index, "reason": str(wrong)})
            refusals.append(Refusal(SOURCE, str(wrong), bytes(item), len(bytes(item))))
    hall.store.append(facts)
    if refusals:
        keep_refusals(hall.store, refusals, settings.reject_keep)
    return {"accepted": len(facts), "rejected": rejected}


def read_items(body: bytes) -> list[msgspec.Raw]:
    """The items of the body, each still unread. Raises BadQuery."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise BadQuery(f"a JSON array of positions is wanted: {wrong}") from wrong
    if len(items) > MOST:
        raise BadQuery(f"{len(items)} positions: at most {MOST} in one request")
    return items


def reader(worker: str, now_ms: int) -> Callable[[Any], Position]:
    """Item → the Position of that worker; it raises BadFix."""

    def read(item: Any) -> Position:
        if not isinstance(item, dict):
            raise BadFix(f"not an object: {shown(item)}")
        if item.get("worker", worker) != worker:
            raise BadFix(f"not your own: {shown(item['worker'])}")
        unknown = sorted(set(item) - _KNOWN)
        if unknown:
            raise BadFix(f"unknown field: {shown(unknown[0])}")
        lon, lat = number(item, "lon", -180, 180), number(item, "lat", -90, 90)
        if abs(lon) < NOWHERE_DEG and abs(lat) < NOWHERE_DEG:
            raise BadFix("position 0/0")
        measured: dict[str, Any] = {name: number(item, name, *RANGES[name]) for name in RANGES if item.get(name) is not None}
        at_ms = instant_ms(item)
        return Position(source=SOURCE, received_at_ms=now_ms, worker=worker, fixed_at_ms=at_ms, lon=lon, lat=lat, **measured)

    return read


def number(item: dict[str, Any], name: str, low: float, high: float) -> float:
    """A finite number in [low, high]. Raises BadFix."""
    value = item.get(name)
    if value is None:
        raise BadFix(f"missing field: {name}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFix(f"wrong type of {name}: {shown(value)}")
    if not math.isfinite(value):
        raise BadFix(f"{name} not finite")
    if not low <= value <= high:
        raise BadFix(f"{name} out of range: {shown(value)}")
    return float(value)


def instant_ms(item: dict[str, Any]) -> int:
    """Milliseconds UTC of `fixed_at_ms` or `fixed_at`. Raises BadFix."""
    if item.get("fixed_at_ms") is not None:
        return round(number(item, "fixed_at_ms", EARLIEST_MS, LATEST_MS))
    text = item.get("fixed_at")
    if text is None:
        raise BadFix("missing field: fixed_at")
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadFix(f"fixed_at not a time: {shown(text)}") from None
    if moment.tzinfo is None:
        raise BadFix(f"fixed_at without zone: {shown(text)}")
    return round(number({"fixed_at": moment.timestamp() * 1000}, "fixed_at", EARLIEST_MS, LATEST_MS))


def shown(value: object) -> str:
    """A value of foreign origin as it may stand in a reason: short, printable."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "·" for c in text[:80])
