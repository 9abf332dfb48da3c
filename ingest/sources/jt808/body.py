"""Bodies of messages → values in SI units. Big-endian; strings GBK; times of day are China's, whatever the terminal's place."""

import functools
import struct
from datetime import UTC, datetime
from typing import Final

import msgspec

from ingest.sources.base import BadInput, shown
from ingest.sources.instants import in_range

CHINA_MS: Final = 8 * 3600 * 1000
KMH10_MPS: Final = 1 / 36
"""0.1 km/h in m/s."""
_FIXED: Final = struct.Struct(">IIIIHHH6s")
_ALARM_SOS = 1
_STATUS_POSITIONED, _STATUS_SOUTH, _STATUS_WEST = 2, 4, 8


class Location(msgspec.Struct, frozen=True):
    """The body of 0x0200. `alarm` and `status` are the bits as sent; bit 5 of the status (encrypted coordinates) is set
    by terminals whose coordinates are plain, so it is not believed: the datum is the source's.

    `fixed_at_ms` is None if the clock of the terminal says no date. `tlvs` are (id, value) in the order sent, repeated
    ids included; `cut_short`: the last of them declares more bytes than are there.
    """

    alarm: int
    status: int
    lon: float
    lat: float
    altitude_m: int
    speed_mps: float
    heading_deg: int
    fixed_at_ms: int | None
    clock: str
    tlvs: tuple[tuple[int, bytes], ...]
    cut_short: bool

    @property
    def positioned(self) -> bool:
        return bool(self.status & _STATUS_POSITIONED)

    @property
    def sos(self) -> bool:
        return bool(self.alarm & _ALARM_SOS)


class Registration(msgspec.Struct, frozen=True):
    """The body of 0x0100: who a terminal says it is."""

    province: int
    city: int
    maker: str
    model: str
    terminal: str
    plate_color: int
    plate: str


class Authentication(msgspec.Struct, frozen=True):
    """The body of 0x0102; `imei` and `software` since 2019."""

    code: str
    imei: str = ""
    software: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The body of 0x0001 and 0x8001: how the message `id` with `serial` was taken (0 done, 1 failed, 2 wrong, 3 unknown)."""

    serial: int
    id: int
    result: int


def location(body: bytes) -> Location:
    """The body of 0x0200. Raises BadInput when it is too short to hold a location."""
    if len(body) < _FIXED.size:
        raise BadInput(f"location too short: {len(body)} bytes")
    alarm, status, lat, lon, altitude, speed, heading, clock = _FIXED.unpack_from(body)
    tlvs, cut_short = tlvs_of(body[_FIXED.size :])
    return Location(
        alarm=alarm,
        status=status,
        lon=(-lon if status & _STATUS_WEST else lon) / 1e6,
        lat=(-lat if status & _STATUS_SOUTH else lat) / 1e6,
        altitude_m=altitude - 0x10000 if altitude & 0x8000 else altitude,
        speed_mps=speed * KMH10_MPS,
        heading_deg=heading,
        fixed_at_ms=china_clock_ms(clock),
        clock=clock.hex(),
        tlvs=tlvs,
        cut_short=cut_short,
    )


def china_clock_ms(bcd: bytes) -> int | None:
    """BCD YYMMDDhhmmss of GMT+8 → ms UTC; None if it is no time."""
    digits = bcd.hex()
    if len(digits) != 12 or not digits.isdecimal():
        return None
    midnight_s, hour, minute, second = _midnight_s(digits[:6]), int(digits[6:8]), int(digits[8:10]), int(digits[10:])
    if midnight_s is None or hour > 23 or minute > 59 or second > 59:
        return None
    at_ms = (midnight_s + hour * 3600 + minute * 60 + second) * 1000 - CHINA_MS
    return at_ms if in_range(at_ms) else None


@functools.lru_cache(maxsize=256)
def _midnight_s(yymmdd: str) -> int | None:
    """When a day begins, as if it were UTC's; None if it is none."""
    try:
        day = datetime(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]), tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp())


def tlvs_of(content: bytes) -> tuple[tuple[tuple[int, bytes], ...], bool]:
    """(id, value) of each additional item, and whether the last one is cut short (its value is what is there)."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 <= len(content):
        length = content[at + 1]
        found.append((content[at], content[at + 2 : at + 2 + length]))
        at += 2 + length
    return tuple(found), at > len(content)


def extras(tlvs: tuple[tuple[int, bytes], ...]) -> dict[str, float]:
    """The additional items that the standard names, by name with unit. Unknown ids and odd lengths are left out."""
    known: dict[str, float] = {}
    for tlv_id, value in tlvs:
        named = _EXTRAS.get((tlv_id, len(value)))
        if named:
            known[named[0]] = int.from_bytes(value) * named[1]
    return known


_EXTRAS: Final = {
    (0x01, 4): ("mileage_m", 100.0),
    (0x02, 2): ("fuel_l", 0.1),
    (0x03, 2): ("recorder_speed_mps", KMH10_MPS),
    (0x30, 1): ("signal", 1.0),
    (0x31, 1): ("satellites", 1.0),
}


def batch(body: bytes, whole: bool = True) -> tuple[bool, list[bytes]]:
    """0x0704: whether it is the backfill of a blind area, and the bodies of its locations. Raises BadInput.

    `whole` False: more of the body is to come, and a location that is cut short is left for then.
    """
    if len(body) < 3:
        raise BadInput(f"batch too short: {len(body)} bytes")
    found: list[bytes] = []
    at = 3
    while at + 2 <= len(body):
        length = int.from_bytes(body[at : at + 2])
        if not whole and at + 2 + length > len(body):
            break
        found.append(body[at + 2 : at + 2 + length])
        at += 2 + length
    return body[2] == 1, found


def registration(body: bytes, since_2019: bool) -> Registration:
    """0x0100, in the layout of the edition; 2011 and 2013 share a header and differ by the length. Raises BadInput."""
    if since_2019 and len(body) >= 76:
        maker, model, terminal = 11, 30, 30
    elif len(body) > 36:
        maker, model, terminal = 5, 20, 7
    elif len(body) >= 25:
        maker, model, terminal = 5, 8, 7
    else:
        raise BadInput(f"registration too short: {len(body)} bytes")
    ends = [4, 4 + maker, 4 + maker + model, 4 + maker + model + terminal]
    return Registration(
        province=int.from_bytes(body[:2]),
        city=int.from_bytes(body[2:4]),
        maker=text(body[ends[0] : ends[1]]),
        model=text(body[ends[1] : ends[2]]),
        terminal=text(body[ends[2] : ends[3]]),
        plate_color=body[ends[3]],
        plate=text(body[ends[3] + 1 :]),
    )


def authentication(body: bytes, since_2019: bool) -> Authentication:
    """0x0102."""
    if since_2019 and body and len(body) >= 1 + body[0] + 35:
        end = 1 + body[0]
        return Authentication(text(body[1:end]), text(body[end : end + 15]), text(body[end + 15 : end + 35]))
    return Authentication(text(body))


def answer(body: bytes) -> Answer:
    """0x0001, 0x8001. Raises BadInput."""
    if len(body) < 5:
        raise BadInput(f"answer too short: {shown(body.hex())}")
    return Answer(int.from_bytes(body[:2]), int.from_bytes(body[2:4]), body[4])


def registered(body: bytes) -> tuple[int, int, str]:
    """0x8100: serial of the registration, result (0 done), code to authenticate with. Raises BadInput."""
    if len(body) < 3:
        raise BadInput(f"answer too short: {shown(body.hex())}")
    return int.from_bytes(body[:2]), body[2], text(body[3:])


def resend_parts(body: bytes, since_2019: bool) -> tuple[int, list[int]]:
    """0x8003, 0x0005: serial of the first sub-package, and the numbers of those to send again. Raises BadInput."""
    wide = 2 if since_2019 else 1
    if len(body) < 2 + wide:
        raise BadInput(f"request too short: {shown(body.hex())}")
    numbers = body[2 + wide :]
    return int.from_bytes(body[:2]), [int.from_bytes(numbers[at : at + 2]) for at in range(0, len(numbers) - 1, 2)]


def text(field: bytes) -> str:
    """A string of GBK bytes without its padding."""
    return field.decode("gbk", "replace").strip("\0 ")
