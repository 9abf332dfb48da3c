"""What every source shares: the shape of its answer, its context, and the checks at its door.

A decoder is a pure function: bytes and a `Context` in, `Decoded` out. It opens nothing, asks no clock and saves nothing.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any, Final, TypeVar

import msgspec

from domain import datum
from domain.bounds import ID_LENGTH
from domain.facts import AnyFact

KEPT_BYTES: Final = 4096  # of the raw input of one reject
REASON_LENGTH: Final = 500
_SHOWN: Final = 120  # longest foreign value in a reason
_NOWHERE_DEG: Final = 1e-6  # nearer than this to 0, 0 is a receiver that does not know
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)  # 1,234 is a thousand and more where that can be meant
_UNTOLD: Final = frozenset(("", "nan", "null", "none", "-1", "-1.0"))  # how phones write that they do not know
_TRUE: Final = frozenset(("1", "true", "yes", "on"))
_FALSE: Final = frozenset(("0", "false", "no", "off"))
_Read = TypeVar("_Read")


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
    """What a request said, in its own order, and what of it could not be understood.

    `dropped`: values beside the fact of an item that could not be used; the item was taken without them.
    """

    facts: tuple[AnyFact, ...] = ()
    rejects: tuple[Reject, ...] = ()
    dropped: tuple[Reject, ...] = ()


def _same(device: str) -> str:
    return device


def _as_told(region: str) -> str | None:
    return region or None


class Context(msgspec.Struct, frozen=True):
    """What the gateway knows and the bytes do not say.

    `source`: name of the ingest key. `datum`: of positions that name none. `worker_of`: worker id of a device id.
    `zone`: of times that name none, in the protocols that allow such times (OsmAnd). `region_of`: code of a region's code or
    name, of the whole city for ""; None for one that there is not. `speed_unit`: a key of `ingest.units.SPEED_MPS`, of speeds
    that name no unit; "" the protocol's own.
    """

    source: str
    received_at_ms: int
    datum: str = "wgs84"
    worker_of: Callable[[str], str] = _same
    zone: tzinfo = UTC
    region_of: Callable[[str], str | None] = _as_told
    speed_unit: str = ""


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
    """A finite number in [low, high], from a JSON value: a number, or a text that is one. Raises BadInput."""
    found = _plain(value)
    if low <= found <= high and -math.inf < found < math.inf:
        return found
    if isinstance(value, str):
        return number(number_of_text(value, name, low, high), name, low, high)
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


def _plain(value: object) -> float:
    """A number that is written as a device does, as a rule; NaN: to be read with care."""
    if type(value) is float:
        return value
    if type(value) is str:
        try:
            return float(value)
        except ValueError:
            pass
    return math.nan


def number_of_text(text: str, name: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from a text. Raises BadInput.

    A comma is a decimal comma where nothing else can be meant: `23,038` is no thousands where `low` to `high` has none.
    """
    plain = text.strip()
    if _DECIMAL_COMMA.fullmatch(plain):
        if _GROUPED.fullmatch(plain) and low <= float(plain.replace(",", "")) <= high:
            raise BadInput(f"{name} with a comma of which nobody can tell what it means: {shown(text)}")
        plain = plain.replace(",", ".")
    try:
        found = float(plain)
    except ValueError:
        raise BadInput(f"{name} not a number: {shown(text)}") from None
    return number(found, name)


def truth(value: object, name: str) -> bool:
    """A yes or no as systems write it: true, 1, "yes" … Raises BadInput."""
    word = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
    if word not in _TRUE and word not in _FALSE:
        raise BadInput(f"wrong type of {name}: {shown(value)}")
    return word in _TRUE


def spared(dropped: list[str], read: Callable[..., _Read], *told: Any) -> _Read | None:
    """What `read` makes of a value beside the fact. One that cannot be used costs itself: None, and the reason in `dropped`."""
    try:
        return read(*told)
    except BadInput as wrong:
        dropped.append(str(wrong))
        return None


def measured(dropped: list[str], value: object, name: str, low: float, high: float) -> float | None:
    """A measurement of a phone: None where it says that it does not know (-1, NaN, nothing), or what nobody can use."""
    if value is None:
        return None
    found = _plain(value)
    if low <= found <= high and found != -1:
        return found
    if value == -1 or value != value or (isinstance(value, str) and value.strip().lower() in _UNTOLD):
        return None
    return spared(dropped, number, value, name, low, high)


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


def text_field(dropped: list[str], value: Mapping[str, object], name: str, length: int) -> str | None:
    """A text of at most `length` characters, None if it is missing. What is longer is cut, what is no text dropped; told."""
    found = number_as_text(value.get(name))
    if found is None:
        return None
    if not isinstance(found, str):
        dropped.append(f"wrong type of {name}: {shown(found)}")
        return None
    if len(found) > length:
        dropped.append(f"{name} too long: {len(found)} characters, cut to {length}")
    return found[:length]
