"""POST /api/v1/positions: where a worker's handset is. Only one's own; on disk before the answer; what is wrong is kept.

A JSON array of at most 500 {fixed_at | fixed_at_ms, lon, lat, accuracy_m?, speed_mps?, heading_deg?, altitude_m?,
battery_pct?, sos?}: WGS-84 degrees, metres, metres a second, degrees from north, per cent; `fixed_at` ISO 8601 with its zone;
`sos` true: the worker calls for help, which is heard though the fix is wrong. What else cannot be used is left out and told.
"""

import math
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, request

from dashboard.access import Forbidden, person
from dashboard.api import json_response, refusals_spoken
from dashboard.filters import BadQuery
from domain.bounds import EARLIEST_MS, LATEST_MS
from domain.facts import FixFlag, Heartbeat, Position
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
_KNOWN: Final = frozenset(("worker", "fixed_at", "fixed_at_ms", "lon", "lat", "sos", *RANGES))


class BadFix(ValueError):
    """One fix is wrong: a stable slug, which is counted, then `: ` and what it was."""


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the route."""
    view = refusals_spoken(hall, lambda: json_response(take(hall, settings), 200))
    app.add_url_rule("/api/v1/positions", "positions", view, methods=["POST"])


def take(hall: "Hall", settings: "Settings") -> dict[str, Any]:
    """{accepted, rejected: [{index, reason}]} of the request's fixes, and `dropped` likewise where a value was left out of one.

    Raises Forbidden, BadQuery, StoreUnavailable.
    """
    worker = person().worker
    if not worker:
        raise Forbidden("positions (no worker of the roster)")
    if hall.store is None:
        raise StoreUnavailable("there is no store")
    now_ms = hall.now_ms()
    facts: list[Position | Heartbeat] = []
    rejected, dropped, refusals = [], [], []
    for index, raw in enumerate(read_items(request.get_data())):
        try:
            fact, reasons = read(msgspec.json.decode(raw), worker, now_ms)
            facts.append(fact)
            dropped += [{"index": index, "reason": reason} for reason in reasons]
        except (BadFix, msgspec.DecodeError) as wrong:
            rejected.append({"index": index, "reason": str(wrong)})
            refusals.append(Refusal(SOURCE, str(wrong), bytes(raw), len(bytes(raw))))
    hall.store.append(facts)
    if refusals or dropped:
        left_out = Counter((SOURCE, one["reason"].split(":", 1)[0]) for one in dropped)
        keep_refusals(hall.store, refusals, settings.reject_keep, dropped=left_out)
    return {"accepted": len(facts), "rejected": rejected, **({"dropped": dropped} if dropped else {})}


def read_items(body: bytes) -> list[msgspec.Raw]:
    """The items of the body, each still unread. Raises BadQuery."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise BadQuery(f"a JSON array of positions is wanted: {wrong}") from wrong
    if len(items) > MOST:
        raise BadQuery(f"{len(items)} positions: at most {MOST} in one request")
    return items


def read(item: Any, worker: str, now_ms: int) -> tuple[Position | Heartbeat, list[str]]:
    """(the Position of that worker, why values were left out of it); of a call for help without a fix that can be used the
    call alone. Raises BadFix.
    """
    if not isinstance(item, dict):
        raise BadFix(f"not an object: {shown(item)}")
    if item.get("worker", worker) != worker:
        raise BadFix(f"not your own: {shown(item['worker'])}")
    try:
        return _fix(item, worker, now_ms)
    except BadFix as wrong:
        if not calls_for_help(item):
            raise
        return Heartbeat(source=SOURCE, received_at_ms=now_ms, worker=worker, sos=True), [str(wrong)]


def _fix(item: dict[str, Any], worker: str, now_ms: int) -> tuple[Position, list[str]]:
    dropped = [f"unknown field: {shown(name)}" for name in sorted(set(item) - _KNOWN)]
    lon, lat = number(item, "lon", -180, 180), number(item, "lat", -90, 90)
    if abs(lon) < NOWHERE_DEG and abs(lat) < NOWHERE_DEG:
        raise BadFix("position 0/0")
    at_ms = instant_ms(item)
    measured: dict[str, Any] = {}
    for name in RANGES:
        try:
            measured[name] = None if item.get(name) is None else number(item, name, *RANGES[name])
        except BadFix as wrong:
            dropped.append(str(wrong))
    if item.get("sos") not in (None, True, False):
        dropped.append(f"wrong type of sos: {shown(item['sos'])}")
    flags = int(FixFlag.SOS) if calls_for_help(item) else 0
    fix = Position(
        source=SOURCE, received_at_ms=now_ms, worker=worker, fixed_at_ms=at_ms, lon=lon, lat=lat, flags=flags, **measured
    )
    return fix, dropped


def calls_for_help(item: dict[str, Any]) -> bool:
    return item.get("sos") in (True, 1)


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
