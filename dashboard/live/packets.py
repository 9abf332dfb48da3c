"""What Socket.IO's protocol 5 over Engine.IO 4 says in our one namespace: packets as websocket text, and back.

What browsers say is read by python-socketio. What we say is written here: the same bytes, frames of the websocket included, go
to every screen that is equally far. Only what the live link needs: no polling, no other namespace, no binary from a browser.
"""

import json
from typing import Any, Final

import msgspec
from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet

from dashboard.live.websocket import BINARY, TEXT, frame

NAMESPACE: Final = "/live"
PING: Final = frame(TEXT, b"2")
_KINDS: Final = {CONNECT: "connect", DISCONNECT: "leave", EVENT: "event", ACK: "ack"}
_encode = msgspec.json.Encoder().encode


class Nonsense(Exception):
    """Nothing that a live screen would say."""


def opening(sid: str, ping_every_s: float, pong_within_s: float, largest: int) -> bytes:
    """Engine.IO's first word, in the bytes of a websocket frame, as all below."""
    told = {"sid": sid, "upgrades": [], "pingInterval": round(ping_every_s * 1000), "pingTimeout": round(pong_within_s * 1000),
            "maxPayload": largest}  # fmt: skip
    return frame(TEXT, b"0" + _encode(told))


def connected(sid: str) -> bytes:
    return frame(TEXT, b"40/live," + _encode({"sid": sid}))


def refused(message: str, namespace: str = NAMESPACE) -> bytes:
    """That the namespace stays closed to it, and why."""
    return frame(TEXT, b"44" + namespace.encode() + b"," + _encode({"message": message}))


def event(name: str, data: Any) -> bytes:
    return frame(TEXT, b"42/live," + json.dumps([name, data]).encode())  # in ASCII: it may repeat what a screen said


def event_with_bytes(name: str, data: dict[str, Any], among: str, ack: int) -> bytes:
    """An event that is to be acknowledged as `ack`, whose data[among] is a list of bytes: they follow the text one by one."""
    parts = data[among]
    told = {**data, among: [{"_placeholder": True, "num": number} for number in range(len(parts))]}
    kind = b"45%d-/live,%d" % (len(parts), ack) if parts else b"42/live,%d" % ack
    return b"".join([frame(TEXT, kind + _encode([name, told])), *(frame(BINARY, part) for part in parts)])


def read(text: bytes) -> tuple[str, int | None, list[Any]]:
    """What a browser has said: ("connect" | "event" | "ack" | "leave" | "pong", number, data). Raises Nonsense."""
    if text == b"3":
        return "pong", None, []
    if text == b"1":
        return "leave", None, []
    told = _packet(text)
    kind = _KINDS.get(told.packet_type, "")
    if told.namespace != NAMESPACE or not kind:
        raise Nonsense(text[:80].decode("utf-8", "replace"))
    if kind in ("connect", "leave"):
        return kind, None, []
    if not isinstance(told.data, list):
        raise Nonsense("no list")
    return kind, told.id, told.data


def _packet(text: bytes) -> Packet:
    if not text.startswith(b"4"):
        raise Nonsense(text[:80].decode("utf-8", "replace"))
    try:
        return Packet(encoded_packet=text[1:].decode())
    except (ValueError, IndexError, RecursionError, TypeError) as error:
        raise Nonsense(str(error)[:80]) from error
