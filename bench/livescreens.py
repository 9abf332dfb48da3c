"""Many screens in one process, for the benchmark of the fan-out: each reads its socket, acknowledges, and notes how old it is.

Driven by lines on standard input: `mark NAME` begins a phase, `silence N` stops the last N from reading, `heal` lets them read
again, `end` prints what was noted, as JSON. They speak the live link's protocol to anything that does (bench/fanout_node.js).
"""

import base64
import contextlib
import json
import os
import selectors
import socket
import sys
import time
from typing import Any, Final

import numpy as np

from config import clock

RETRY_S: Final = 1.0
CURRENT_MS: Final = 3000
"""A screen that had stopped reading is current again when its picture is not older than that."""

SMALL: Final = 4096


class Watched:
    """One screen. `age_ms` is how old its newest position was when it was last told, `at_s` when that was."""

    def __init__(self, number: int, port: int, secret: str) -> None:
        self.number, self.port, self.secret = number, port, secret
        self.cursors: dict[str, list[Any]] = {}
        self.silent = self.behind = False
        self.retry_at_s = 0.0
        self.sock: socket.socket | None = None
        self.told: tuple[float, float] | None = None
        self.lost = 0

    def open(self) -> socket.socket:
        """Connect and join; the answers come later."""
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self.secret}\r\n\r\n".encode()
        )
        self.data, self.joined, self.waits, self.parts = b"", False, None, []
        return self.sock

    def say(self, text: str) -> None:
        payload = text.encode()
        head = bytes((0x81, 0x80 | len(payload))) if len(payload) < 126 else b"\x81\xfe" + len(payload).to_bytes(2, "big")
        assert self.sock is not None
        with contextlib.suppress(OSError):  # cut off meanwhile, which the next reading tells
            self.sock.sendall(head + bytes(4) + payload)  # masked with zeros


class Screens:
    """All of them, and what they note by phase."""

    def __init__(self, port: int, secrets: list[str]) -> None:
        self.selector = selectors.DefaultSelector()
        self.screens = [Watched(number, port, secret) for number, secret in enumerate(secrets)]
        self.phase = "start"
        self.ages: dict[str, list[float]] = {}
        self.sizes: dict[str, list[tuple[int, int]]] = {}
        self.first: dict[int, int] = {}
        self.healed_s: dict[int, float] = {}
        self.heal_at_s = 0.0
        self.headers: dict[bytes, list[Any]] = {}
        self.typed = b""

    def run(self) -> None:
        self.selector.register(0, selectors.EVENT_READ, None)
        for screen in self.screens:
            self.connect(screen)
            self.turn(0.005)
        print("open", flush=True)
        while self.turn(0.2):
            for screen in self.screens:
                if screen.sock is None and not screen.silent and time.monotonic() >= screen.retry_at_s:
                    self.connect(screen)

    def turn(self, wait_s: float) -> bool:
        for key, _ in self.selector.select(wait_s):
            if key.data is None:
                if not self.obeys():
                    return False
            else:
                self.read(key.data)
        return True

    def obeys(self) -> bool:
        """Do what has been typed; whether to go on."""
        read = os.read(0, 1 << 16)
        *lines, self.typed = (self.typed + (read or b"end\n")).split(b"\n")
        return all(self.obey(line.decode().split()) for line in lines)

    def obey(self, words: list[str]) -> bool:
        if not words or words[0] == "end":
            self.tell()
            return False
        if words[0] == "mark":
            self.phase = words[1]
        elif words[0] == "silence":
            for screen in self.screens[-int(words[1]) :]:
                screen.silent = True
                self.forget(screen)
        elif words[0] == "heal":
            self.heal_at_s = time.monotonic()
            for screen in self.screens:
                if screen.silent:
                    screen.silent, screen.behind, screen.told = False, True, None
                    if screen.sock is not None:
                        self.selector.register(screen.sock, selectors.EVENT_READ, screen)
        return True

    def connect(self, screen: Watched) -> None:
        try:
            self.selector.register(screen.open(), selectors.EVENT_READ, screen)
        except OSError:
            screen.sock, screen.retry_at_s = None, time.monotonic() + RETRY_S

    def forget(self, screen: Watched) -> None:
        self.selector.unregister(screen.sock)

    def read(self, screen: Watched) -> None:
        assert screen.sock is not None
        try:
            data = screen.sock.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self.forget(screen)
            screen.sock.close()
            screen.sock, screen.retry_at_s, screen.lost = None, time.monotonic() + RETRY_S, screen.lost + 1
            return
        screen.data += data
        if not screen.joined:
            head, end, rest = screen.data.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head[:20]:
                raise SystemExit(f"a screen is not let in: {head[:60]!r}")
            screen.joined, screen.data = True, rest
            screen.say("40/live,")
        while (taken := _message(screen.data)) is not None:
            opcode, payload, screen.data = taken
            self.take(screen, opcode, payload)

    def take(self, screen: Watched, opcode: int, payload: bytes) -> None:
        if opcode == 2:
            screen.parts.append(payload)
            if screen.waits and len(screen.parts) == screen.waits[0]:
                self.frame(screen, screen.waits[1])
        elif payload == b"2":
            screen.say("3")
        elif payload.startswith(b"40/live,"):
            screen.say("42/live," + json.dumps(["watch", {"region": "", "period": "year", "cursors": screen.cursors}]))
        elif payload.startswith((b"45", b"42")):
            binary = payload.startswith(b"45")
            screen.waits, screen.parts = (int(payload[2 : payload.index(b"-")]) if binary else 0, payload), []
            if not screen.waits[0]:
                self.frame(screen, payload)

    def frame(self, screen: Watched, text: bytes) -> None:
        """A whole message: note it and acknowledge it."""
        at, now_s = text.index(b"["), clock.now_s()
        ack, seq = text[text.index(b",") + 1 : at].decode(), _number(text, b'"seq":')
        size = sum(map(len, screen.parts))
        self.first.setdefault(screen.number, size)
        for part in screen.parts:
            cursor = self.cursor(part)
            if cursor:
                screen.cursors[cursor[0]] = cursor[1:]
        self.note(screen, now_s, _number(text, b'"now_ms":'), _number(text, b'"lag_ms":'))
        self.sizes.setdefault(self.phase, []).append((len(text), size))
        screen.say(f"43/live,{ack}" + json.dumps([{"seq": seq, "cursors": screen.cursors}]))
        screen.waits, screen.parts = None, []

    def note(self, screen: Watched, now_s: float, made_ms: float, lag_ms: float) -> None:
        """How old the screen's picture had become when this message came: what it was told last, and the time since."""
        age_ms = lag_ms + now_s * 1000 - made_ms
        if screen.behind and age_ms < CURRENT_MS:
            screen.behind, self.healed_s[screen.number] = False, time.monotonic() - self.heal_at_s
        elif screen.told is not None and not screen.behind:
            self.ages.setdefault(self.phase, []).append(screen.told[0] + (now_s - screen.told[1]) * 1000)
        screen.told = (age_ms, now_s)

    def cursor(self, frame: bytes) -> list[Any]:
        """[table, epoch, to, scope] of a frame, read once for all screens that get the same."""
        length = int.from_bytes(frame[:4], "little")
        if not length:
            return self.cursor(_inflated(frame))
        key = frame[4 : 4 + min(length, SMALL)]
        found = self.headers.get(key)
        if found is None:
            told = json.loads(frame[4 : 4 + length])
            found = [told["table"], told["epoch"], told["to"], told["scope"]] if "table" in told else []
            self.headers = {key: found} if len(self.headers) > 200 else self.headers | {key: found}
        return found

    def tell(self) -> None:
        ages = {
            phase: {str(q): round(float(np.percentile(taken, q))) for q in (50, 95, 99, 100)}
            for phase, taken in self.ages.items()
        }
        sizes = {
            phase: {"text": round(float(np.mean([t for t, _ in taken]))), "bytes": round(float(np.mean([b for _, b in taken]))),
                    "messages": len(taken)}
            for phase, taken in self.sizes.items()
        }  # fmt: skip
        healed = sorted(round(s, 2) for s in self.healed_s.values())
        lost = [screen.lost for screen in self.screens]
        print(json.dumps({"age_ms": ages, "size": sizes, "first": max(self.first.values(), default=0), "healed_s": healed,
                          "lost": sum(lost), "lost_screens": sum(map(bool, lost))}), flush=True)  # fmt: skip


def _message(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole websocket message of a server, and the rest."""
    if len(data) < 2:
        return None
    size, start = data[1] & 0x7F, 2
    if size >= 126:
        start += 2 if size == 126 else 8
        size = int.from_bytes(data[2:start], "big")
    if len(data) < start + size:
        return None
    return data[0] & 0x0F, data[start : start + size], data[start + size :]


def _number(text: bytes, name: bytes) -> float:
    at = text.find(name)
    if at < 0:
        return 0
    end = at + len(name)
    while text[end : end + 1] in b"-0123456789." and end < len(text):
        end += 1
    found = text[at + len(name) : end]
    return (float(found) if b"." in found else int(found)) if found else 0


def _inflated(frame: bytes) -> bytes:
    from dashboard.live.frame import inflated

    return inflated(frame)


def _line() -> str:
    """One line of standard input, and not a byte more."""
    read = b""
    while not read.endswith(b"\n"):
        read += os.read(0, 1)
    return read.decode()


if __name__ == "__main__":
    Screens(int(sys.argv[1]), _line().split()).run()
