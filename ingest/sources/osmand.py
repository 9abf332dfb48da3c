"""OsmAnd and Traccar Client: a query, a form, or the JSON of Traccar Client 9 (domain reference D1, D4).

The traps: the query's speed is in knots and its battery in percent, the JSON's speed is in m/s and its battery from 0 to
1, and in both -1 means unknown. Without a time the fix is of the moment of arrival; a request without a position is a
sign of life.
"""

import re
from itertools import repeat
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources import instants
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    Refused,
    Reject,
    entity_id,
    known,
    known_text,
    number_of_text,
    place,
    reject,
    shown,
)
from ingest.sources.jsonbody import trimmed

KNOT_MPS: Final = 1852 / 3600
_MOST_FIELDS: Final = 200
_TRUE: Final = frozenset(("1", "true", "yes", "on"))
_FALSE: Final = frozenset(("0", "false", "no", "off"))
_MAX_ACCURACY_M, _MAX_SPEED_MPS = 1e7, 1e4


def decode(query: str, body: bytes, content_type: str, context: Context) -> Decoded:
    """The facts of one request: `query` is what stands behind the `?` of the address.

    Raises Refused(400) when the device does not say who it is, or the request cannot be read at all.
    """
    kind = content_type.split(";")[0].strip().lower()
    if kind == "application/json" or (not kind and body.lstrip().startswith(b"{")):
        return _json(body, context)
    form = body.decode("utf-8", "replace") if body else ""
    try:
        fields = _fields(query) | _fields(form.strip())
    except ValueError as wrong:
        raise Refused(400, f"too many fields: {wrong}") from None
    return _query(fields, f"{query}\n{form}".strip().encode("utf-8", "replace"), context)


def _fields(text: str) -> dict[str, str]:
    """What a query or a form says, without blanks; of two with one name the last. Raises ValueError for too many."""
    if not text:
        return {}
    if "%" in text or "+" in text or text.count("&") >= _MOST_FIELDS:
        return dict(parse_qsl(text, max_num_fields=_MOST_FIELDS))
    parts = map(str.partition, text.split("&"), repeat("="))  # nothing is escaped: what a device sends, as a rule
    return {name: value for name, _, value in parts if value}


def _identity(*candidates: object) -> str:
    for candidate in candidates:
        if candidate not in (None, ""):
            try:
                return entity_id(candidate if isinstance(candidate, str) else str(candidate), "id")
            except BadInput as wrong:
                raise Refused(400, str(wrong)) from None
    raise Refused(400, "missing id")


# The query and the form


def _query(fields: dict[str, str], raw: bytes, context: Context) -> Decoded:
    device = _identity(fields.get("id"), fields.get("deviceid"), fields.get("device_id"))
    worker = context.worker_of(device)
    battery_pct = known_text(fields.get("batt") or fields.get("battery"), 0, 100)
    try:
        where = _place_of(fields, context)
        if where is None:
            return Decoded((_alive(worker, battery_pct, context),))
        return Decoded((_query_fix(fields, where, worker, battery_pct, context),))
    except BadInput as wrong:
        return Decoded((_alive(worker, battery_pct, context),), (reject(0, wrong, raw),))


def _place_of(fields: dict[str, str], context: Context) -> tuple[float, float] | None:
    """(lon, lat) in WGS-84; None where the request has no position, or says that its position is not valid."""
    if fields.get("valid", "").lower() in _FALSE:
        return None
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is None and lon is None and "location" in fields:
        lat, comma, lon = fields["location"].partition(",")
        if not comma:
            raise BadInput(f"location not lat,lon: {shown(fields['location'])}")
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise BadInput(f"missing field: {'lat' if lat is None else 'lon'}")
    return place(number_of_text(lon, "lon"), number_of_text(lat, "lat"), fields.get("datum", context.datum))


def _query_fix(
    fields: dict[str, str], where: tuple[float, float], worker: str, battery_pct: float | None, context: Context
) -> Position:
    speed_kn = known_text(fields.get("speed"), 0, _MAX_SPEED_MPS)
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=_fixed_at_ms(fields.get("timestamp"), context),
        lon=where[0],
        lat=where[1],
        accuracy_m=known_text(fields.get("accuracy") or fields.get("hacc"), 0, _MAX_ACCURACY_M),
        speed_mps=None if speed_kn is None else speed_kn * KNOT_MPS,
        heading_deg=known_text(fields.get("bearing") or fields.get("heading"), 0, 360),
        altitude_m=known_text(fields.get("altitude"), -1e4, 1e6),
        battery_pct=battery_pct,
        flags=_flags(fields.get("mock"), fields.get("alarm")),
    )


def _fixed_at_ms(timestamp: object, context: Context) -> int:
    if timestamp is None or timestamp == "":
        return context.received_at_ms
    return instants.instant_ms(timestamp, "timestamp", context.zone)


def _flags(mock: object, alarm: object) -> int:
    flags = int(FixFlag.MOCK) if str(mock).lower() in _TRUE else 0
    if isinstance(alarm, str) and "sos" in re.split(r"[,; ]", alarm.lower()):
        flags |= FixFlag.SOS
    return flags


# The JSON of Traccar Client 9


def _json(body: bytes, context: Context) -> Decoded:
    try:
        content = msgspec.json.decode(trimmed(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Refused(400, f"bad JSON: {shown(str(wrong))}") from None
    if not isinstance(content, dict):
        raise Refused(400, f"not an object: {shown(content)}")
    worker = context.worker_of(_identity(content.get("device_id"), content.get("id"), content.get("deviceid")))
    location = content.get("location")
    locations = location if isinstance(location, list) else [location]
    facts: list[Position | Heartbeat] = []
    rejects: list[Reject] = []
    for index, one in enumerate(locations):
        fields = one if isinstance(one, dict) else {}
        battery_pct = _share_pct(_dict(fields.get("battery")).get("level"))
        try:
            facts.append(_json_fact(fields, worker, battery_pct, context))
        except BadInput as wrong:
            facts.append(_alive(worker, battery_pct, context))
            rejects.append(reject(index, wrong, body))
    return Decoded(tuple(facts) or (_alive(worker, None, context),), tuple(rejects))


def _json_fact(fields: dict[str, Any], worker: str, battery_pct: float | None, context: Context) -> Position | Heartbeat:
    coords = _dict(fields.get("coords"))
    lat, lon = coords.get("latitude"), coords.get("longitude")
    if lat is None or lon is None:
        return _alive(worker, battery_pct, context)
    lon_deg, lat_deg = place(lon, lat, context.datum)
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=_fixed_at_ms(fields.get("timestamp"), context),
        lon=lon_deg,
        lat=lat_deg,
        accuracy_m=known(coords.get("accuracy"), 0, _MAX_ACCURACY_M),
        speed_mps=known(coords.get("speed"), 0, _MAX_SPEED_MPS),
        heading_deg=known(coords.get("heading"), 0, 360),
        altitude_m=known(coords.get("altitude"), -1e4, 1e6),
        battery_pct=battery_pct,
        flags=_flags(fields.get("mock"), fields.get("alarm")),
    )


def _alive(worker: str, battery_pct: float | None, context: Context) -> Heartbeat:
    return Heartbeat(source=context.source, received_at_ms=context.received_at_ms, worker=worker, battery_pct=battery_pct)


def _share_pct(share: object) -> float | None:
    level = known(share, 0, 1)
    return None if level is None else level * 100


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
