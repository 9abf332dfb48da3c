"""Framing: a stream of bytes → frames, and escapes.

The decision where a frame ends depends on the bytes alone, never on how they were cut into reads.
"""

from typing import Final

MARK: Final = 0x7E
OTHER_MARK: Final = 0xE7  # a deviating dialect, with its own escapes; a connection speaks one or the other
_TEXT, _TEXT_END = 0x28, 0x29  # "(…)": lines of text that some makers send between the frames
LONGEST: Final = 4096  # a frame cannot be longer: 1023 bytes of body, all escaped, and then as much again
_GARBAGE: Final = b"\x00"


def split(buffer: bytes) -> tuple[list[bytes], bytes]:
    """The complete frames in `buffer`, each with its two delimiters, and what to put before the next bytes read.

    Garbage is skipped; the rest is always shorter than `LONGEST`. Two frames may share one delimiter.
    """
    found: list[bytes] = []
    at, end = 0, len(buffer)
    while at < end:
        mark = buffer[at]
        if mark == MARK:
            if at + 1 < end and buffer[at + 1] in (MARK, _TEXT):
                at += 1  # this one only ended the frame before
                continue
            close = buffer.find(MARK, at + 1, at + LONGEST)
            following = close
        elif mark == OTHER_MARK:
            close = buffer.find(OTHER_MARK, at + 1, at + LONGEST)
            following = close + 1
        elif mark == _TEXT:
            close = _end_of_text(buffer, at)
            following = close + 1
        else:
            close = -2
            following = 0
        if close == -1 and end - at < LONGEST:
            break
        if close < 0:
            at = buffer.find(MARK, at + 1)
            if at < 0:
                return found, _GARBAGE
            continue
        found.append(buffer[at : close + 1])
        at = following
    return found, buffer[at:]


def _end_of_text(buffer: bytes, start: int) -> int:
    """Where the text that begins at `start` ends; -1: not yet; -2: it is no text."""
    stop = min(len(buffer), start + LONGEST)
    for at in range(start + 1, stop):
        byte = buffer[at]
        if byte == _TEXT_END:
            return at
        if not 0x20 <= byte < 0x7E:
            return -2
    return -1


def unescape(content: bytes) -> bytes:
    """What stands between two 7E delimiters, without escapes."""
    if 0x7D not in content:
        return content
    return content.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


def escape(content: bytes) -> bytes:
    """The opposite of `unescape`."""
    return content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


_OTHER_ESCAPES: Final = {b"\xe6\x01": b"\xe6", b"\xe6\x02": b"\xe7", b"\x3e\x01": b"\x3e", b"\x3e\x02": b"\x3d"}


def unescape_other(content: bytes) -> bytes:
    """The same for the dialect with E7 delimiters."""
    plain, at = bytearray(), 0
    while at < len(content):
        pair = content[at : at + 2]
        plain += _OTHER_ESCAPES.get(pair, content[at : at + 1])
        at += 2 if pair in _OTHER_ESCAPES else 1
    return bytes(plain)


def escape_other(content: bytes) -> bytes:
    escaped = content.replace(b"\xe6", b"\xe6\x01").replace(b"\xe7", b"\xe6\x02")
    # 3D has an escape as well, 3E must have one: it introduces it
    return b"".join({0x3E: b"\x3e\x01", 0x3D: b"\x3e\x02"}.get(byte, bytes([byte])) for byte in escaped)


def checksum(content: bytes | bytearray) -> int:
    """XOR of all bytes: the number that they make, folded in halves (a loop over them costs more than the rest of a frame)."""
    total, half = int.from_bytes(content), 8
    while half < len(content) * 8:
        half *= 2
    while half >= 8:
        total ^= total >> half
        half //= 2
    return total & 0xFF
