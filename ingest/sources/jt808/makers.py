"""Locations that some makers send in messages of their own, as far as public captures show their layout.

0x0210: a batch with one-byte lengths. 0x0900: events of on-board diagnosis (F0), accidents (FF) and tags (53, 54) with a
place. 0x5501, 0x5502 (blind area): electronic locks, in BCD degrees and minutes, UTC.
"""

import struct
from datetime import UTC, datetime

from domain.facts import FixFlag
from ingest.sources.base import BadInput
from ingest.sources.jt808 import body
from ingest.sources.jt808.body import KMH10_MPS, Location
from ingest.sources.jt808.message import Id, Message
from ingest.units import KNOT_MPS

_POSITIONED, _SOUTH, _WEST = 2, 4, 8
_VALUES, _FAULTS, _ALARMS = 1, 2, 3  # subtypes of F0 that end in a place


def reports(message: Message) -> list[tuple[Location | BadInput, int]]:
    """Locations and the flags that the message gives them; nothing where it has none. Raises BadInput."""
    try:
        if message.id == Id.COMPACT_BATCH:
            return [(found, 0) for found in _compact_batch(message.body)]
        if message.id == Id.TRANSPARENT:
            return _transparent(message.body)
        if message.id == Id.LOCK:
            return [(_lock(message.body), 0)]
        if message.id == Id.LOCK_BACKFILL:
            return [(_lock(message.body), int(FixFlag.BACKFILL))]
    except (struct.error, IndexError):
        raise BadInput(f"body too short: {len(message.body)} bytes") from None
    return []


def _compact_batch(content: bytes) -> list[Location]:
    found: list[Location] = []
    at = 0
    while at < len(content) and content[at] >= 28 and at + content[at] < len(content):
        found.append(body.location(content[at + 1 : at + 1 + content[at]]))
        at += 1 + content[at]
    return found


def _transparent(content: bytes) -> list[tuple[Location | BadInput, int]]:
    kind = content[0] if content else -1
    if kind == 0xF0:
        return _diagnosis(content)
    if kind == 0xFF:
        lat, lon, altitude, speed, heading = struct.unpack_from(">iihHH", content, 7)
        return [(_made(lon / 1e6, lat / 1e6, content[1:7], altitude, speed * KMH10_MPS, heading), 0)]
    if kind in (0x53, 0x54):
        plain = b"\0\0\0\0" + content[1:25]  # a location without its alarms
        return [(body.location(plain), 0)]
    return []


def _diagnosis(content: bytes) -> list[tuple[Location | BadInput, int]]:
    clock, backfill, subtype = content[1:7], content[7] > 0, content[9]
    if subtype == _VALUES:
        at = _after_items(content, 10, 2)
    elif subtype == _ALARMS:
        at = _after_items(content, 10, 1)
    elif subtype == _FAULTS:
        at = _after_faults(content)
    else:
        return []
    status, lat, lon = struct.unpack_from(">III", content, at)
    east, north = (-lon if status & _WEST else lon) / 1e6, (-lat if status & _SOUTH else lat) / 1e6
    found = _made(east, north, clock, status=status)
    return [(found, int(FixFlag.BACKFILL) if backfill else 0)]


def _after_items(content: bytes, at: int, id_length: int) -> int:
    """Where a list (count, then id, length, value of each) ends."""
    count = content[at]
    at += 1
    for _ in range(count):
        at += id_length + 1 + content[at + id_length]
    return at


def _after_faults(content: bytes) -> int:
    """Where the list of trouble codes by system ends."""
    (systems,) = struct.unpack_from(">H", content, 10)
    at = 12
    for _ in range(systems):
        (codes,) = struct.unpack_from(">4xH", content, at)
        at += 6
        for _ in range(codes):
            (length,) = struct.unpack_from(">8xH", content, at)
            at += 10 + length
    return at


def _lock(content: bytes) -> Location:
    """DDMMYYhhmmss UTC · latitude ddmmmmmm · longitude dddmmmmmm and a half byte of flags · knots · heading / 2."""
    digits = content[:17].hex()
    if len(digits) < 34 or not (digits[:29] + digits[30:32]).isdecimal():
        raise BadInput(f"lock report not BCD: {digits}")
    flags = int(digits[29], 16)
    lat, lon = _degrees(digits[12:20], 2), _degrees(digits[20:29], 3)
    return Location(
        alarm=0,
        status=_POSITIONED if flags & 1 else 0,
        lon=lon if flags & 4 else -lon,
        lat=lat if flags & 2 else -lat,
        altitude_m=0,
        speed_mps=int(digits[30:32]) * KNOT_MPS,
        heading_deg=content[16] * 2,
        fixed_at_ms=_utc_clock_ms(digits[:12]),
        clock=digits[:12],
        tlvs=(),
        cut_short=False,
    )


def _degrees(digits: str, whole: int) -> float:
    return int(digits[:whole]) + int(digits[whole:]) / 10_000 / 60


def _utc_clock_ms(digits: str) -> int | None:
    day, month, year, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        return int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None


def _made(
    lon: float,
    lat: float,
    clock: bytes,
    altitude_m: int = 0,
    speed_mps: float = 0.0,
    heading_deg: int = 0,
    status: int = _POSITIONED,
) -> Location:
    return Location(
        alarm=0,
        status=status,
        lon=lon,
        lat=lat,
        altitude_m=altitude_m,
        speed_mps=speed_mps,
        heading_deg=heading_deg,
        fixed_at_ms=body.china_clock_ms(clock),
        clock=clock.hex(),
        tlvs=(),
        cut_short=False,
    )
