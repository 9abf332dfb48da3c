"""Messages → frames, for both sides: what the platform answers, and what a terminal (the simulator, a test) says."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ingest.sources.jt808 import frames
from ingest.sources.jt808.body import CHINA_MS
from ingest.sources.jt808.message import EDITION_2013, EDITION_2019, MAX_BODY, Id, Layout, Message

_CODE_LENGTH: Final = 255
STATUS_MOVING: Final = 1 | 2 | 1 << 19  # ignition on, positioned, by BeiDou


def frame(message_id: int, phone: str, serial: int, body: bytes = b"", edition: int = 2019) -> bytes:
    """One frame, delimiters included. `edition` 2011, 2013 or 2019; `phone` in decimal digits.

    Raises ValueError for a body of more than 1023 bytes (see `frames_of`) and for a phone that does not fit.
    """
    return _frame(message_id, _padded(phone, edition), serial, body, _layout(edition))


def frames_of(
    message_id: int, phone: str, first_serial: int, body: bytes, edition: int = 2019, size: int = MAX_BODY
) -> list[bytes]:
    """The frames of a message of any length; in sub-packages of `size` bytes, with serials counting up, if need be."""
    if len(body) <= size:
        return [frame(message_id, phone, first_serial, body, edition)]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return [
        _frame(message_id, _padded(phone, edition), first_serial + index, piece, _layout(edition), (len(pieces), index + 1))
        for index, piece in enumerate(pieces)
    ]


def _layout(edition: int) -> Layout:
    if edition not in (2011, 2013, 2019):
        raise ValueError(f"no such edition: {edition}")
    return EDITION_2019 if edition == 2019 else EDITION_2013


def _padded(phone: str, edition: int) -> str:
    digits = 2 * _layout(edition).phone
    if not phone.isdecimal() or len(phone.lstrip("0")) > digits:
        raise ValueError(f"phone is not up to {digits} digits: {phone}")
    return phone.lstrip("0").zfill(digits)


def _frame(
    message_id: int,
    phone: str,
    serial: int,
    body: bytes,
    layout: Layout,
    part: tuple[int, int] | None = None,
    mark: int = frames.MARK,
) -> bytes:
    if len(body) > MAX_BODY:
        raise ValueError(f"body of {len(body)} bytes needs sub-packages")
    attributes = len(body) | (0x4000 if layout.version else 0) | (0x2000 if part else 0)
    header = struct.pack(">HH", message_id, attributes) + (b"\x01" if layout.version else b"") + bytes.fromhex(phone)
    header += (serial % (1 << 8 * layout.serial)).to_bytes(layout.serial)
    content = header + (struct.pack(">HH", *part) if part else b"") + body
    content += bytes([frames.checksum(content)])
    escaped = frames.escape(content) if mark == frames.MARK else frames.escape_other(content)
    return bytes([mark]) + escaped + bytes([mark])


# The platform's side


def reply(to: Message, message_id: int, serial: int, body: bytes) -> bytes:
    """A frame of the platform in the layout, and to the number, of the message it answers."""
    return _frame(message_id, to.phone, serial, body, to.layout, mark=to.mark)


def general_answer(to: Message, serial: int, result: int, answered_serial: int | None = None) -> bytes:
    """0x8001. `result` 0 done, 1 failed, 2 message wrong, 3 not supported."""
    answered = to.serial if answered_serial is None else answered_serial
    return reply(to, Id.PLATFORM_ANSWER, serial, struct.pack(">HHB", answered, to.id, result))


def registration_answer(to: Message, serial: int, result: int, code: str = "") -> bytes:
    """0x8100. `result` 0 done (with `code`), 1 vehicle taken, 2 no such vehicle, 3 terminal taken, 4 no such terminal."""
    return reply(to, Id.REGISTERED, serial, struct.pack(">HB", to.serial, result) + code.encode("gbk"))


def resend_parts(to: Message, serial: int, first_serial: int, numbers: Sequence[int]) -> bytes:
    """0x8003: sub-packages `numbers`, of at most 255, of the message whose first one had `first_serial`."""
    wanted = list(numbers)[:255]
    count = len(wanted).to_bytes(2 if to.layout.version else 1)
    return reply(
        to, Id.RESEND_PARTS, serial, struct.pack(">H", first_serial) + count + struct.pack(f">{len(wanted)}H", *wanted)
    )


def time_answer(to: Message, serial: int, now_ms: int) -> bytes:
    """0x8004: the platform's time, UTC."""
    return reply(to, Id.TIME, serial, _bcd_clock(now_ms))


# The terminal's side: bodies


def registration(
    edition: int = 2019,
    *,
    terminal: str,
    maker: str = "GRIDH",
    model: str = "",
    plate: str = "",
    plate_color: int = 0,
    province: int = 44,
    city: int = 605,
) -> bytes:
    """0x0100. `province` and `city` are the first two and the next four digits of the GB/T 2260 code."""
    widths = {2011: (5, 8, 7), 2013: (5, 20, 7), 2019: (11, 30, 30)}[edition]
    head = struct.pack(">HH", province, city)
    for field, width in zip((maker, model, terminal), widths, strict=True):
        head += field.encode("gbk")[:width].ljust(width, b"\0")
    return head + bytes([plate_color]) + plate.encode("gbk")


def authentication(edition: int, code: str, imei: str = "", software: str = "") -> bytes:
    """0x0102."""
    plain = code.encode("gbk")
    if edition != 2019:
        return plain
    if len(plain) > _CODE_LENGTH:
        raise ValueError("code longer than 255 bytes")
    return bytes([len(plain)]) + plain + imei.encode("gbk")[:15].ljust(15, b"\0") + software.encode("gbk")[:20].ljust(20, b"\0")


def location(
    lon: float,
    lat: float,
    fixed_at_ms: int,
    *,
    speed_mps: float = 0.0,
    heading_deg: float = 0.0,
    altitude_m: float = 0.0,
    alarm: int = 0,
    status: int = STATUS_MOVING,
    tlvs: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """0x0200. Degrees to six places, speed to 0.1 km/h; south and west go into `status` by themselves.

    `status` without bit 1 says that the terminal has no fix; `alarm` bit 0 is the alarm button.
    """
    status |= (4 if lat < 0 else 0) | (8 if lon < 0 else 0)
    fixed = struct.pack(
        ">IIIIHHH",
        alarm,
        status,
        round(abs(lat) * 1e6),
        round(abs(lon) * 1e6),
        round(altitude_m) & 0xFFFF,
        min(round(speed_mps * 36), 0xFFFF),
        round(heading_deg) % 360,
    )
    return fixed + _bcd_clock(fixed_at_ms + CHINA_MS) + b"".join(bytes([key, len(value)]) + value for key, value in tlvs)


def batch(locations: Sequence[bytes], backfill: bool = False) -> bytes:
    """0x0704 of bodies made by `location`."""
    head = struct.pack(">HB", len(locations), 1 if backfill else 0)
    return head + b"".join(struct.pack(">H", len(one)) + one for one in locations)


def location_answer(answered_serial: int, body: bytes) -> bytes:
    """0x0201."""
    return struct.pack(">H", answered_serial) + body


def terminal_answer(answered_serial: int, answered_id: int, result: int = 0) -> bytes:
    """0x0001."""
    return struct.pack(">HHB", answered_serial, answered_id, result)


def _bcd_clock(at_ms: int) -> bytes:
    return bytes.fromhex(datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%y%m%d%H%M%S"))
