"""The live sessions on Socket.IO's protocol: namespace /live, websocket transport only.

browser → watch {region, from, to, period, lang, tables, cursors}, health {…}; server → frame {seq, now_ms, lag_ms, ready,
connected, heard_ms, as_of_ms, frames: [bytes …], figures?}, answered by the acknowledgement {seq, cursors}; server → error
{code, detail}. `heard_ms`: when we last heard the store; `as_of_ms`: as of when the figures that it has were counted.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

import msgspec
from flask import Flask, request

from dashboard.hall import Hall
from dashboard.live import packets, websocket
from dashboard.live.links import LARGEST_MESSAGE, PING_EVERY_S, PONG_WITHIN_S, Link, Links
from dashboard.live.packets import Nonsense
from dashboard.live.said import Refused
from dashboard.live.screen import Message
from dashboard.live.session import Sessions
from dashboard.live.shared import SharedFigures
from domain.people import Person
from store.errors import StoreError

log = logging.getLogger(__name__)

SOCKET_PATH: Final = "/socket.io/"
MOST_SCREENS: Final = 600
STRANGERS: Final = 4


class Door(Protocol):
    """Who may open a live link (dashboard.access)."""

    def enter(self) -> tuple[Person, Callable[[], Person | None]] | None:
        """Who this connection is, and how to find it out again; None: nobody who may. Raises StoreUnavailable."""

    def attempt(self, person: Person, code: str, detail: str) -> None:
        """A screen has asked for what is not its person's."""


class Guest(msgspec.Struct, frozen=True):
    """Who has come by a connection, or why he is not let in."""

    person: Person | None
    again: Callable[[], Person | None]
    refusal: str
    address: str
    agent: str


class Entrance:
    """WSGI middleware: takes the sockets of screens out of the server's hands, so that none keeps one of its threads.

    At most `most` screens; 503 for one more. Who cannot say who he is gets one of STRANGERS places, long enough to be told
    that he must log in. So nobody keeps the screens out without a log-in.
    """

    def __init__(
        self, app: Callable[..., Iterable[bytes]], links: Links, guest: Callable[[dict[str, Any]], Guest], most: int
    ) -> None:
        self._app, self._links, self._guest, self._most = app, links, guest, most
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(SOCKET_PATH):
            return self._app(environ, start_response)
        answer = websocket.handshake(environ)
        if answer is None or not _speaks_our_protocol(environ):
            return _refuse(start_response, "400 BAD REQUEST", "Only websockets: Socket.IO 5 over Engine.IO 4.")
        guest = self._guest(environ)
        with self._lock:
            known = guest.person is not None
            if self._links.counted(known) >= (self._most if known else STRANGERS):
                return _refuse(start_response, "503 SERVICE UNAVAILABLE", "Too many screens are open.", ("Retry-After", "10"))
            taken = _taken(environ)
            if taken is None:
                return _refuse(start_response, "501 NOT IMPLEMENTED", "This server cannot hand its sockets over.")
            link = self._links.adopt(taken, guest, known, lambda sid: answer + _opening(sid))
        if "gunicorn.socket" in environ:
            raise StopIteration  # how it is told that this was no ordinary response
        link.closed.wait()  # the other server would end the connection with its thread
        raise ConnectionError


def _opening(sid: str) -> bytes:
    return packets.opening(sid, PING_EVERY_S, PONG_WITHIN_S, LARGEST_MESSAGE)


def _speaks_our_protocol(environ: dict[str, Any]) -> bool:
    asked = parse_qs(environ.get("QUERY_STRING", ""))
    return asked.get("EIO") == ["4"] and asked.get("transport") == ["websocket"]


def _refuse(start_response: Callable[..., Any], status: str, why: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
    return [f"{why}\n".encode()]


def _taken(environ: dict[str, Any]) -> socket.socket | None:
    """The request's socket as our own; None where the server does not give it (TLS ends before us, at a proxy)."""
    found = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if found is None or isinstance(found, ssl.SSLSocket):
        return None
    return socket.socket(fileno=found.detach()) if "gunicorn.socket" in environ else found.dup()


class Live:
    """What screens say, to the sessions, and what the sessions send, to the screens. `events` are all that a screen can say."""

    def __init__(self, hall: Hall, figures: SharedFigures | None, frames_per_s: float, door: Door) -> None:
        self.links = Links(self._receive, self._ended, hall.faults)
        self.sessions = Sessions(
            hall, self._emit, self.links.cut, figures, frames_per_s, attempt=door.attempt, end=self._end, close=self.links.stop
        )
        self.events: dict[str, Callable[[Link, Any], None]] = {
            "connect": self._connect,
            "watch": lambda link, data: self.sessions.watch(link.sid, data),
            "health": lambda link, data: self.sessions.health(link.sid, data),
            "disconnect": lambda link, _: self.links.cut(link.sid),
        }

    def _receive(self, link: Link, text: bytes) -> None:
        try:
            kind, _, data = packets.read(text)
        except Nonsense as nonsense:
            log.info("live link %s says what nobody understands: %s", link.sid, nonsense)
            self.links.cut(link.sid)
            return
        if kind == "ack":
            self._telling(link, lambda: self.sessions.ack(link.sid, data[0] if data else None))
        elif kind == "event":
            name, told = (data[0] if data else None), (data[1] if len(data) > 1 else None)
            if isinstance(name, str) and name in ("watch", "health") and link.joined:
                self._telling(link, lambda: self.events[name](link, told))
        elif kind in ("connect", "leave"):
            self.events["connect" if kind == "connect" else "disconnect"](link, None)

    def _connect(self, link: Link, _data: Any) -> None:
        guest: Guest = link.guest
        if guest.person is None:
            self.links.send(link.sid, packets.refused(guest.refusal))
        elif not link.joined:
            link.joined = True
            self.links.send(link.sid, packets.connected(link.sid))
            self.sessions.join(link.sid, guest.person, guest.again, guest.address, guest.agent)

    def _telling(self, link: Link, do: Callable[[], None]) -> None:
        """A message that nobody can follow is answered, and the screen lives on."""
        try:
            do()
        except Refused as refused:
            self.links.send(link.sid, packets.event("error", {"code": refused.code, "detail": str(refused)}))

    def _emit(self, sid: str, message: Message) -> None:
        if message.packed is None:
            message.packed = packets.event_with_bytes("frame", message, "frames", message["seq"])
        self.links.send(sid, message.packed)

    def _end(self, sid: str) -> None:
        self.links.send(sid, packets.event("error", {"code": "logged_out", "detail": ""}))

    def _ended(self, link: Link) -> None:
        self.sessions.leave(link.sid)


def attach(
    app: Flask, hall: Hall, figures: SharedFigures | None, frames_per_s: float, door: Door, most: int = MOST_SCREENS
) -> Live:
    """Put the live link on the app, for at most so many screens; `door` says who may open it. Whoever asks by another name, or
    from another site's page, must have been refused before (dashboard.guard).
    """
    live = Live(hall, figures, frames_per_s, door)

    def guest(environ: dict[str, Any]) -> Guest:
        with app.request_context(environ):
            found, refusal = None, "logged_out"
            try:
                found = door.enter()
            except StoreError:
                refusal = "store_gone"  # it may come again: that is no reason to log in
            address, agent = request.remote_addr or "", request.headers.get("User-Agent", "")[:200]
        return Guest(*(found or (None, lambda: None)), refusal, address, agent)

    app.wsgi_app = Entrance(app.wsgi_app, live.links, guest, most)  # type: ignore[method-assign]
    return live
