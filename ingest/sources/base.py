"""What every source shares: the shape of its answer, its context, and the checks at its door.

A decoder is a pure function: bytes and a `Context` in, `Decoded` out. It opens nothing, asks no clock and saves nothing.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Final

import msgspec

from domain import datum
from domain.facts import AnyFact

KEPT_BYTES: Final = 4096  # of the raw input of one reject
ID_LENGTH: Final = 128  # longest id of a worker, order or feed
REASON_LENGTH: Final = 500
_SHOWN: Final = 120  # longest foreign value in a reason
_NOWHERE_DEG: Final = 1e-6  # nearer than this to 0, 0 is a receiver that does not know


class BadInput(ValueError):
    """One item is wrong. Its text is the reason: a stable slug, then `: ` and a detail."""


class Refused(Exception):
    """The whole request is wrong; nothing of it was taken. `status` is an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Reject(msgspec.Struct, frozen=True):
    """One item that was not taken. `index` counts from 0 within the request; `raw` is the beginning of its bytes."""

    index: int
    reason: str
    raw: bytes


class Decoded(msgspec.Struct, frozen=True):
    """What a request said, in its own order, and what of it could not be understood."""

    facts: tuple[AnyFact, ...] = ()
    rejects: tuple[Reject, ...] = ()


def _same(device: str) -> str:
    return device


def _as_told(region: str) -> str | None:
    return region or None


class Context(msgspec.Struct, frozen=True):
    """What the gateway knows and the bytes do not say.

    `source`: name of the ingest key. `datum`: of positions that name none. `worker_of`: worker id of a device id.
    `zone`: of times that name none, in the protocols that allow such times (OsmAnd). `region_of`: code of a region's code or
    name, of the whole city for ""; None for one that there is not.
    """

    source: str
    received_at_ms: int
    datum: str = "wgs84"
    worker_of: Callable[[str], str] = _same
    zone: tzinfo = UTC
    region_of: Callable[[str], str | None] = _as_told


def reject(index: int, reason: object, raw: bytes) -> Reject:
    """A Reject whose reason and bytes are bounded."""
    return Reject(index, str(reason)[:REASON_LENGTH], bytes(raw[:KEPT_BYTES]))


def reason_key(reason: str) -> str:
    """The part of a reason that is the same for all rejects of its kind: the name of its counter."""
    return reason.split(":", 1)[0]


def shown(value: object) -> str:
    """A value of foreign origin as it may stand in a reason: short, on one line, printable."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "·" for c in text[:_SHOWN])


def number(value: object, name: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number in [low, high], from a JSON value. Raises BadInput."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"wrong type of {name}: {shown(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise BadInput(f"{name} not finite: {shown(found)}")
    if not low <= found <= high:
        raise BadInput(f"{name} out of range: {shown(value)}")
    return found


def number_of_text(text: str, name: str) -> float:
    """A finite number from a query or a form. Raises BadInput."""
    try:
        found = float(text)
    except ValueError:
        raise BadInput(f"{name} not a number: {shown(text)}") from None
    return number(found, name)


def known(value: object, low: float, high: float) -> float | None:
    """A measurement that a device may leave out or mark as unknown (-1, NaN, nonsense): None unless in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


def known_text(text: str | None, low: float, high: float) -> float | None:
    """The same from the text of a query or a form."""
    try:
        return known(float(text), low, high) if text else None
    except ValueError:
        return None


def entity_id(value: object, name: str) -> str:
    """The id of a worker, an order or a feed: 1 to 128 printable characters. Raises BadInput."""
    if not isinstance(value, str):
        raise BadInput(f"wrong type of {name}: {shown(value)}")
    text = value.strip()
    if not text:
        raise BadInput(f"{name} empty")
    if len(text) > ID_LENGTH:
        raise BadInput(f"{name} too long: {len(text)} characters")
    if not text.isprintable():
        raise BadInput(f"{name} not printable: {shown(text)}")
    return text


def is_nowhere(lon: float, lat: float) -> bool:
    """0, 0: what receivers and forms say when they do not know."""
    return abs(lon) < _NOWHERE_DEG and abs(lat) < _NOWHERE_DEG


def place(lon: object, lat: object, datum_name: object) -> tuple[float, float]:
    """(lon, lat) in WGS-84. Raises BadInput for what is no place: wrong type, out of range, 0/0, unknown datum."""
    lon_deg, lat_deg = number(lon, "lon", -180, 180), number(lat, "lat", -90, 90)
    if is_nowhere(lon_deg, lat_deg):
        raise BadInput("position 0/0")
    if datum_name not in datum.DATUMS:
        raise BadInput(f"unknown datum: {shown(datum_name)}")
    return datum.to_wgs84(lon_deg, lat_deg, str(datum_name))


def optional_place(value: Mapping[str, object], context: Context) -> tuple[float, float] | tuple[None, None]:
    """(lon, lat) in WGS-84 of an item that need not have one, else (None, None). Raises BadInput.

    0, 0 is none: case systems write it where nobody has pointed at the map.
    """
    lon, lat = value.get("lon"), value.get("lat")
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        raise BadInput(f"missing field: {'lon' if lon is None else 'lat'}")
    if is_nowhere(number(lon, "lon"), number(lat, "lat")):
        return None, None
    return place(lon, lat, value.get("datum") or context.datum)


def number_as_text(value: object) -> object:
    """A number as text, anything else as it is: orders, regions and categories are often codes."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def text_field(value: Mapping[str, object], name: str, length: int) -> str | None:
    """A text of at most `length` characters, None if it is missing. Raises BadInput."""
    found = number_as_text(value.get(name))
    if found is None:
        return None
    if not isinstance(found, str):
        raise BadInput(f"wrong type of {name}: {shown(found)}")
    if len(found) > length:
        raise BadInput(f"{name} too long: {len(found)} characters, at most {length}")
    return found
