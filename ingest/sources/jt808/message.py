"""One frame → one message: checksum and header of the editions 2011, 2013 and 2019, and of what deviates from them."""

import enum
import functools
from typing import Final

import msgspec

from ingest.sources.base import BadInput
from ingest.sources.jt808 import frames

MAX_BODY: Final = 1023
_VERSION_BIT, _PARTS_BIT = 0x4000, 0x2000


class Id(enum.IntEnum):
    """Message ids that are spoken here. 0x8000 and above come from the platform."""

    TERMINAL_ANSWER = 0x0001
    HEARTBEAT = 0x0002
    LOGOUT = 0x0003
    ASK_TIME = 0x0004
    REGISTER = 0x0100
    AUTHENTICATE = 0x0102
    LOCATION = 0x0200
    LOCATION_ANSWER = 0x0201
    LOCATION_BATCH = 0x0704
    PLATFORM_ANSWER = 0x8001
    RESEND_PARTS = 0x8003
    TIME = 0x8004
    REGISTERED = 0x8100
    # dialects of makers
    COMPACT_BATCH = 0x0210
    TRANSPARENT = 0x0900
    LOCK = 0x5501
    LOCK_BACKFILL = 0x5502


class Layout(msgspec.Struct, frozen=True):
    """How a header is laid out: bytes of the phone number and of the serial number, and whether a version byte is there."""

    phone: int = 6
    serial: int = 2
    version: bool = False

    def header_length(self, in_parts: bool) -> int:
        return 4 + self.version + self.phone + self.serial + (4 if in_parts else 0)


EDITION_2013: Final = Layout()  # and 2011
EDITION_2019: Final = Layout(phone=10, version=True)
_OTHER: Final = Layout(phone=7)
_LOCK: Final = Layout(serial=1)


class Message(msgspec.Struct, frozen=True):
    """One message. `phone` is the header's number as hex digits, leading zeros included; `device` is what to know it by.

    `part` of `parts` counts from 1 (0: not in parts). `length_ok`: the body is as long as the header declares.
    """

    id: int
    phone: str
    serial: int
    body: bytes
    layout: Layout = EDITION_2013
    version: int = 0
    encryption: int = 0
    parts: int = 0
    part: int = 0
    checksum_ok: bool = True
    length_ok: bool = True
    raw: bytes = b""
    mark: int = frames.MARK

    @property
    def device(self) -> str:
        return device_id(self.phone)


@functools.lru_cache(maxsize=1 << 16)
def device_id(phone: str) -> str:
    """The number by which roster and keys know a terminal: without leading zeros, so that all editions agree.

    Some makers write an IMEI into six bytes as a binary number without its check digit; then it is the IMEI.
    """
    if phone.isdecimal():
        return phone.lstrip("0") or "0"
    body = str(int(phone, 16))
    return body + _luhn(body) if len(body) == 14 else phone


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def parse(frame: bytes, accept_bad_checksum: bool = False) -> Message:
    """The message of a frame as `frames.split` gives it. Raises BadInput for what is none."""
    mark = frame[0] if frame else 0
    if len(frame) < 2 or mark not in (frames.MARK, frames.OTHER_MARK):
        raise BadInput("not a frame" if mark != 0x28 else "text line")
    plain = frames.unescape(frame[1:-1]) if mark == frames.MARK else frames.unescape_other(frame[1:-1])
    return parse_plain(plain, accept_bad_checksum, frame, mark)


def parse_plain(plain: bytes, accept_bad_checksum: bool = False, raw: bytes = b"", mark: int = frames.MARK) -> Message:
    """The message of what stands between the delimiters, without escapes: header, body, checksum. Raises BadInput."""
    if len(plain) < 5:
        raise BadInput(f"frame too short: {len(plain)} bytes")
    checksum_ok = frames.checksum(plain[:-1]) == plain[-1]
    if not checksum_ok and not accept_bad_checksum:
        raise BadInput(f"wrong checksum: {plain[-1]:02x}, is {frames.checksum(plain[:-1]):02x}")
    message_id, attributes = int.from_bytes(plain[:2]), int.from_bytes(plain[2:4])
    length, in_parts = attributes & MAX_BODY, bool(attributes & _PARTS_BIT)
    layouts = _layouts(message_id, attributes, mark)
    if message_id in (Id.LOCK, Id.LOCK_BACKFILL):
        in_parts, attributes = False, 0
    # A set version bit over an old header is met in the field: the layout that fits the declared length is the right one
    fitting = [one for one in layouts if one.header_length(in_parts) + length + 1 == len(plain)]
    layout = (fitting or layouts)[0]
    start = layout.header_length(in_parts)
    if len(plain) < start + 1:
        raise BadInput(f"frame too short: {len(plain)} bytes")
    phone_at = 5 if layout.version else 4
    serial_at = phone_at + layout.phone
    serial_end = serial_at + layout.serial
    return Message(
        id=message_id,
        phone=plain[phone_at:serial_at].hex(),
        serial=int.from_bytes(plain[serial_at:serial_end]),
        body=plain[start:-1],
        layout=layout,
        version=plain[4] if layout.version else 0,
        encryption=(attributes >> 10) & 7,
        parts=int.from_bytes(plain[serial_end : serial_end + 2]) if in_parts else 0,
        part=int.from_bytes(plain[serial_end + 2 : serial_end + 4]) if in_parts else 0,
        checksum_ok=checksum_ok,
        length_ok=bool(fitting),
        raw=raw,
        mark=mark,
    )


def _layouts(message_id: int, attributes: int, mark: int) -> tuple[Layout, ...]:
    if message_id in (Id.LOCK, Id.LOCK_BACKFILL):
        return (_LOCK,)
    if mark == frames.OTHER_MARK:
        return (_OTHER, EDITION_2013)
    if attributes & _VERSION_BIT:
        return (EDITION_2019, EDITION_2013)
    return (EDITION_2013,)
