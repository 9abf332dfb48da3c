"""WebSocket (RFC 6455), the server's end: the handshake, frames out, and a reader of what a browser sends.

Nothing is compressed here: what is large is deflated once for all screens (dashboard.live.frame), and messages of a browser are
small.
"""

import base64
import binascii
import hashlib
from typing import Any, Final

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NORMAL, WRONG, TOO_BIG = 1000, 1002, 1009


class Broken(Exception):
    """The other side does not keep to the protocol; `code` is what it is told when the connection is closed."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def handshake(environ: dict[str, Any]) -> bytes | None:
    """The answer that turns a WSGI request into a websocket; None when it does not ask for one as it should."""
    told = {name: environ.get(f"HTTP_{name}", "") for name in ("UPGRADE", "CONNECTION", "SEC_WEBSOCKET_VERSION")}
    asked = told["UPGRADE"].lower() == "websocket" and "upgrade" in told["CONNECTION"].lower()
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    if not asked or environ.get("REQUEST_METHOD") != "GET" or told["SEC_WEBSOCKET_VERSION"] != "13" or not _is_key(key):
        return None
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())  # what the protocol asks for
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept + b"\r\n\r\n"
    )  # fmt: skip


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key.encode("ascii"), validate=True)) == 16
    except (binascii.Error, UnicodeEncodeError):
        return False


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole message as the server sends it."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


def closing(code: int) -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big"))


class Reader:
    """Bytes of a browser → whole messages. Holds less than two messages of the largest size."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._held = b""
        self._opcode = 0
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """(opcode, payload) of each message that is complete now, control frames too. Raises Broken."""
        held, at, found = self._held + data, 0, []
        while (cut := self._one(held, at)) is not None:
            final, opcode, payload, at = cut
            whole = self._whole(final, opcode, payload)
            if whole is not None:
                found.append(whole)
        self._held = held[at:]
        return found

    def _one(self, held: bytes, at: int) -> tuple[bool, int, bytes, int] | None:
        """The frame that begins at `at`: final, opcode, payload, where it ends; None until all of it has come."""
        if len(held) < at + 2:
            return None
        first, size, start = held[at], held[at + 1] & 0x7F, at + 2
        if first & 0x70 or not held[at + 1] & 0x80:
            raise Broken(WRONG, "a frame is compressed, or not masked")
        if size >= 126:
            wide = 2 if size == 126 else 8
            if len(held) < start + wide:
                return None
            size, start = int.from_bytes(held[start : start + wide], "big"), start + wide
        if size > (125 if first & 0x08 else self._largest):
            raise Broken(TOO_BIG, "a message is too large")
        end = start + 4 + size
        if len(held) < end:
            return None
        return bool(first & 0x80), first & 0x0F, _unmasked(held[start : start + 4], held[start + 4 : end]), end

    def _whole(self, final: bool, opcode: int, payload: bytes) -> tuple[int, bytes] | None:
        if opcode & 0x08:
            if not final or opcode > PONG:
                raise Broken(WRONG, "no such control frame")
            return opcode, payload
        if (opcode == CONTINUED) == (not self._opcode) or opcode > BINARY:
            raise Broken(WRONG, "a frame out of turn")
        if final and opcode:
            return opcode, payload
        self._opcode = opcode or self._opcode
        self._parts.append(payload)
        if sum(map(len, self._parts)) > self._largest or len(self._parts) > 256:
            raise Broken(TOO_BIG, "a message is too large")
        if not final:
            return None
        whole = self._opcode, b"".join(self._parts)
        self._opcode, self._parts = 0, []
        return whole


def _unmasked(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    spread = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
    return (int.from_bytes(payload, "little") ^ spread).to_bytes(size, "little")
