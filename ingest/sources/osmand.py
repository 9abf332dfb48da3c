"""OsmAnd and Traccar Client: a query, a form, or the JSON of Traccar Client 9 (domain reference D1, D4).

The traps: the query's speed is in knots (trackers) or in m/s (the OsmAnd app): the source says which, and its battery is in
percent; the JSON's speed is in m/s and its battery from 0 to 1; and in both -1 means unknown. Without a time the fix is of the
moment of arrival; a request without a position is a sign of life. Addresses are typed by people: a second question mark, a
blank before a name and a decimal comma are read as they were meant.
"""

import re
from itertools import repeat
from typing import Any, Final
from urllib.parse import parse_qsl

from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources import instants
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    Refused,
    Reject,
    entity_id,
    measured,
    number,
    place,
    reject,
    shown,
    spared,
    truth,
)
from ingest.sources.jsonbody import trimmed, value_of
from ingest.units import SPEED_MPS

_MOST_FIELDS: Final = 200
_FALSE: Final = frozenset(("0", "false", "no", "off"))
_MAX_ACCURACY_M, _MAX_SPEED = 1e7, 1e4
_NAMES_OF_PLACE: Final = (("latitude", "longitude"), ("lat", "lng"), ("lat", "long"))  # besides lat, lon


def decode(query: str, body: bytes, content_type: str, context: Context) -> Decoded:
    """The facts of one request: `query` is what stands behind the `?` of the address.

    Raises Refused(400) when the device does not say who it is, or the request cannot be read at all.
    """
    kind = content_type.split(";")[0].strip().lower()
    if body.strip() and (kind == "application/json" or (not kind and body.lstrip().startswith(b"{"))):
        return _json(body, context)
    form = body.decode("utf-8", "replace") if body else ""
    try:
        fields = _fields(query.lstrip("?&")) | _fields(form.strip())
    except ValueError as wrong:
        raise Refused(400, f"too many fields: {wrong}") from None
    if (form or any(sign in query for sign in " +%")) and any(" " in name for name in fields):
        fields = {name.strip(): value for name, value in fields.items()}
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
    dropped: list[str] = []
    battery_pct = measured(dropped, fields.get("batt") or fields.get("battery"), "batt", 0, 100)
    flags = _flags(dropped, fields.get("mock"), fields.get("alarm"))
    told = tuple(reject(0, reason, raw) for reason in dropped)
    timestamp = fields.get("timestamp")
    try:
        where = _place_of(fields, context)
        if where is None:
            return Decoded((_alive(worker, battery_pct, flags, timestamp, context),), (), told)
        at_ms = _fixed_at_ms(timestamp, context)
    except BadInput as wrong:
        return Decoded((_alive(worker, battery_pct, flags, timestamp, context),), (reject(0, wrong, raw),), told)
    dropped = []
    fix = _query_fix(fields, where, at_ms, worker, battery_pct, flags, context, dropped)
    return Decoded((fix,), (), told + tuple(reject(0, reason, raw) for reason in dropped))


def _place_of(fields: dict[str, str], context: Context) -> tuple[float, float] | None:
    """(lon, lat) in WGS-84; None where the request has no position, or says that its position is not valid."""
    if fields.get("valid", "").lower() in _FALSE:
        return None
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is None and lon is None and "location" in fields:
        lat, comma, lon = fields["location"].partition(",")
        if not comma or "," in lon:
            raise BadInput(f"location not lat,lon: {shown(fields['location'])}")
    if lat is None or lon is None:
        lat, lon = next(((fields[n], fields[e]) for n, e in _NAMES_OF_PLACE if n in fields and e in fields), (lat, lon))
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise BadInput(f"missing field: {'lat' if lat is None else 'lon'}")
    east, north = number(lon, "lon", -180, 180), number(lat, "lat", -90, 90)
    return place(east, north, fields.get("datum", context.datum))


def _query_fix(
    fields: dict[str, str], where: tuple[float, float], at_ms: int, worker: str, battery_pct: float | None, flags: int,
    context: Context, dropped: list[str],
) -> Position:  # fmt: skip
    speed = measured(dropped, fields.get("speed"), "speed", 0, _MAX_SPEED)
    accuracy, heading = fields.get("accuracy") or fields.get("hacc"), fields.get("bearing") or fields.get("heading")
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=at_ms,
        lon=where[0],
        lat=where[1],
        accuracy_m=measured(dropped, accuracy, "accuracy", 0, _MAX_ACCURACY_M),
        speed_mps=None if speed is None else speed * SPEED_MPS[context.speed_unit or "knots"],
        heading_deg=measured(dropped, heading, "bearing", 0, 360),
        altitude_m=measured(dropped, fields.get("altitude"), "altitude", -1e4, 1e6),
        battery_pct=battery_pct,
        flags=flags,
    )


def _fixed_at_ms(timestamp: object, context: Context) -> int:
    if timestamp is None or timestamp == "":
        return context.received_at_ms
    return instants.instant_ms(timestamp, "timestamp", context.zone)


def _flags(dropped: list[str], mock: object, alarm: object) -> int:
    """MOCK and SOS as told. An alarm is a word, or several of them in one text."""
    flags = int(FixFlag.MOCK) if mock not in (None, "") and spared(dropped, truth, mock, "mock") else 0
    if isinstance(alarm, str) and "sos" in re.split(r"[,; ]", alarm.lower()):
        flags |= FixFlag.SOS
    return flags


# The JSON of Traccar Client 9


def _json(body: bytes, context: Context) -> Decoded:
    try:
        content = value_of(trimmed(body))
    except BadInput as wrong:
        raise Refused(400, str(wrong)) from None
    if not isinstance(content, dict):
        raise Refused(400, f"not an object: {shown(content)}")
    worker = context.worker_of(_identity(content.get("device_id"), content.get("id"), content.get("deviceid")))
    facts: list[Position | Heartbeat] = []
    rejects: list[Reject] = []
    dropped: list[Reject] = []
    for index, one in enumerate(_locations(content)):
        reasons: list[str] = []
        fields = _dict(one)
        battery_pct = _share_pct(reasons, _dict(fields.get("battery")).get("level"))
        flags = _flags(reasons, fields.get("mock"), fields.get("alarm"))
        try:
            if one is not None and not isinstance(one, dict):
                raise BadInput(f"not an object: {shown(one)}")
            facts.append(_json_fact(fields, worker, battery_pct, flags, context, reasons))
        except BadInput as wrong:
            facts.append(_alive(worker, battery_pct, flags, fields.get("timestamp"), context))
            rejects.append(reject(index, wrong, body))
        dropped += [reject(index, reason, body) for reason in reasons]
    return Decoded(tuple(facts) or (_alive(worker, None, 0, None, context),), tuple(rejects), tuple(dropped))


def _locations(content: dict[str, Any]) -> list[Any]:
    """The locations of a request: under the property that the app is set to, whatever it is called, or at its root.

    Raises Refused(400) for a request that holds something else: answered 200, the phone would forget it.
    """
    if "coords" in content:
        return [content]
    found = content.get("location")
    if "location" not in content:
        others = {name: value for name, value in content.items() if value and isinstance(value, dict | list)}
        found = next((value for value in others.values() if _holds_places(value)), None)
        if found is None and others:
            raise Refused(400, f"no location in it: {shown(', '.join(others))}")
    return [_unwrapped(one) for one in (found if isinstance(found, list) else [found])]


def _holds_places(value: object) -> bool:
    first = _unwrapped(value[0] if isinstance(value, list) else value)
    return isinstance(first, dict) and ("coords" in first or "latitude" in first)


def _unwrapped(one: object) -> object:
    """A location of a batch may stand in an object of its own: {"location": {…}}."""
    return one["location"] if isinstance(one, dict) and "coords" not in one and isinstance(one.get("location"), dict) else one


def _json_fact(
    fields: dict[str, Any], worker: str, battery_pct: float | None, flags: int, context: Context, dropped: list[str]
) -> Position | Heartbeat:
    coords = fields if "latitude" in fields else _dict(fields.get("coords"))
    lat, lon = coords.get("latitude"), coords.get("longitude")
    if lat is None or lon is None:
        if coords:
            raise BadInput(f"missing field: {'latitude' if lat is None else 'longitude'}")
        return _alive(worker, battery_pct, flags, fields.get("timestamp"), context)
    lon_deg, lat_deg = place(lon, lat, context.datum)
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=_fixed_at_ms(fields.get("timestamp"), context),
        lon=lon_deg,
        lat=lat_deg,
        accuracy_m=measured(dropped, coords.get("accuracy"), "accuracy", 0, _MAX_ACCURACY_M),
        speed_mps=measured(dropped, coords.get("speed"), "speed", 0, _MAX_SPEED),
        heading_deg=measured(dropped, coords.get("heading"), "heading", 0, 360),
        altitude_m=measured(dropped, coords.get("altitude"), "altitude", -1e4, 1e6),
        battery_pct=battery_pct,
        flags=flags,
    )


def _alive(worker: str, battery_pct: float | None, flags: int, timestamp: object, context: Context) -> Heartbeat:
    return Heartbeat(
        source=context.source, received_at_ms=context.received_at_ms, worker=worker, battery_pct=battery_pct,
        sos=bool(flags & FixFlag.SOS), at_ms=spared([], _fixed_at_ms, timestamp, context) if timestamp else None,
    )  # fmt: skip


def _share_pct(dropped: list[str], share: object) -> float | None:
    level = measured(dropped, share, "battery level", 0, 1)
    return None if level is None else level * 100


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
