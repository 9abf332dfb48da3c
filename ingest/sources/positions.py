"""`POST /api/v1/positions`: fixes in our own JSON; one object, an array, or NDJSON.

`worker, fixed_at, lon, lat` and optionally `accuracy_m, speed_mps, heading_deg, battery_pct, altitude_m, mock, datum`, `sos`
(the alarm button is pressed), `recorded` (a record of the past, which may be of any age). `fixed_at` is ISO 8601 with its zone,
or an epoch in seconds or milliseconds. `worker` may also be a device of the roster. A measurement that cannot be used is left
out and told. An alarm whose fix cannot be used, or that has none, is taken as the alarm alone; why is told likewise.

A batch without fault is read in one step by a typed decoder. Only when that fails is it read item by item, which finds
every fault and loses nothing else; both ways give the same facts.
"""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from domain.bounds import EARLIEST_MS, ID_LENGTH, LATEST_MS
from domain.datum import Datum, to_wgs84
from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources import instants, jsonbody
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    entity_id,
    is_nowhere,
    number,
    place,
    spared,
    truth,
)

_RANGES: Final = {
    "accuracy_m": (0.0, 1e7),
    "speed_mps": (0.0, 1e4),
    "heading_deg": (0.0, 360.0),
    "altitude_m": (-1e4, 1e6),
    "battery_pct": (0.0, 100.0),
}


def _meta(name: str) -> Any:
    low, high = _RANGES[name]
    return msgspec.Meta(ge=low, le=high)


class _Fix(msgspec.Struct, gc=False):
    """A good item, as the typed decoder checks it."""

    worker: Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH)]
    fixed_at: Annotated[datetime, msgspec.Meta(tz=True)] | int | float
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    accuracy_m: Annotated[float, _meta("accuracy_m")] | None = None
    speed_mps: Annotated[float, _meta("speed_mps")] | None = None
    heading_deg: Annotated[float, _meta("heading_deg")] | None = None
    altitude_m: Annotated[float, _meta("altitude_m")] | None = None
    battery_pct: Annotated[float, _meta("battery_pct")] | None = None
    mock: bool = False
    sos: bool = False
    recorded: bool = False
    datum: Datum | None = None


_ARRAY: Final = msgspec.json.Decoder(list[_Fix])
_ONE: Final = msgspec.json.Decoder(_Fix)
_REQUIRED: Final = ("worker", "fixed_at", "lon", "lat")
_FLAGS: Final = {"mock": int(FixFlag.MOCK), "sos": int(FixFlag.SOS), "recorded": int(FixFlag.RECORDED)}


def decode(body: bytes, context: Context) -> Decoded:
    """The Positions of a request, and a Reject by index for every item that is none.

    Raises Refused(400) when the body as a whole cannot be read.
    """
    fixes = _all_at_once(jsonbody.trimmed(body))
    if fixes is not None:
        facts = _facts(fixes, context)
        if facts is not None:
            return Decoded(facts)
    return _one_by_one(body, context)


def _all_at_once(content: bytes) -> list[_Fix] | None:
    """All items, or None if even one is not as it should be."""
    try:
        if content.startswith(b"["):
            return _ARRAY.decode(content)
        if b"\n" in content:
            return _ONE.decode_lines(content)
        return [_ONE.decode(content)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _facts(fixes: list[_Fix], context: Context) -> tuple[Position, ...] | None:
    """The facts of good items, or None if one has a fault that the typed decoder does not see."""
    places = _places(fixes, context.datum)
    source, received_at_ms, worker_of = context.source, context.received_at_ms, context.worker_of
    earliest_ms, latest_ms = EARLIEST_MS, LATEST_MS
    facts: list[Position] = []
    for fix, (lon, lat) in zip(fixes, places, strict=True):
        at, device = fix.fixed_at, fix.worker
        at_ms = instants.moment_ms(at) if isinstance(at, datetime) else instants.epoch_ms(at)
        if not earliest_ms <= at_ms < latest_ms or is_nowhere(fix.lon, fix.lat):
            return None
        if not device.isprintable() or device.strip() != device:
            return None
        facts.append(
            Position(
                source=source,
                received_at_ms=received_at_ms,
                worker=worker_of(device),
                fixed_at_ms=at_ms,
                lon=lon,
                lat=lat,
                accuracy_m=fix.accuracy_m,
                speed_mps=fix.speed_mps,
                heading_deg=fix.heading_deg,
                altitude_m=fix.altitude_m,
                battery_pct=fix.battery_pct,
                flags=_flags(fix) if fix.mock or fix.sos or fix.recorded else 0,
            )
        )
    return tuple(facts)


def _flags(fix: _Fix) -> int:
    return sum(flag for name, flag in _FLAGS.items() if getattr(fix, name))


def _places(fixes: list[_Fix], default: str) -> list[tuple[float, float]]:
    """(lon, lat) of each fix in WGS-84; those of another datum are converted in one go."""
    places = [(fix.lon, fix.lat) for fix in fixes]
    for name in ("gcj02", "bd09"):
        which = [index for index, fix in enumerate(fixes) if (fix.datum or default) == name]
        if which:
            lons, lats = np.array([places[index] for index in which]).T
            lons, lats = to_wgs84(lons, lats, name)
            for index, lon, lat in zip(which, lons.tolist(), lats.tolist(), strict=True):
                places[index] = (lon, lat)
    return places


def _one_by_one(body: bytes, context: Context) -> Decoded:
    return jsonbody.decoded(jsonbody.items(body), _fact, context)


def _fact(value: dict[str, Any], context: Context, dropped: list[str]) -> Position | Heartbeat:
    try:
        return _fix(value, context, dropped)
    except BadInput as wrong:
        call = _call(value, context)
        if call is None:
            raise
        dropped[:] = [str(wrong)]
        return call


def _fix(value: dict[str, Any], context: Context, dropped: list[str]) -> Position:
    for name in _REQUIRED:
        if value.get(name) is None:
            raise BadInput(f"missing field: {name}")
    device = entity_id(value["worker"], "worker")
    at_ms = instants.instant_ms(value["fixed_at"], "fixed_at")
    named = value.get("datum")
    lon, lat = place(value["lon"], value["lat"], context.datum if named is None else named)
    told = [name for name in _RANGES if value.get(name) not in (None, "")]
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=context.worker_of(device),
        fixed_at_ms=at_ms,
        lon=lon,
        lat=lat,
        flags=sum(flag for name, flag in _FLAGS.items() if _says(value, name, dropped)),
        **{name: spared(dropped, number, value[name], name, *_RANGES[name]) for name in told},
    )


def _says(value: dict[str, Any], name: str, dropped: list[str]) -> bool:
    return value.get(name) not in (None, "") and spared(dropped, truth, value[name], name) is True


def _call(value: dict[str, Any], context: Context) -> Heartbeat | None:
    """The call for help of an item without a fix that can be used."""
    device = spared([], entity_id, value.get("worker"), "worker")
    if device is None or not _says(value, "sos", []):
        return None
    worker = context.worker_of(device)
    told = value.get("fixed_at")
    at_ms = None if told is None else spared([], instants.instant_ms, told, "fixed_at")
    return Heartbeat(source=context.source, received_at_ms=context.received_at_ms, worker=worker, sos=True, at_ms=at_ms)
