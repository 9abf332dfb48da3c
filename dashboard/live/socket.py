"""The live sessions on Socket.IO: namespace /live, websocket transport only.

browser → watch {region, from, to, period, lang, tables, cursors}; server → frame {seq, now_ms, lag_ms, ready, connected,
frames: [bytes …], figures?}, answered by the acknowledgement {seq, cursors}; server → error {code, detail}.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import simple_websocket
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI
from flask import Flask, request
from flask_socketio import ConnectionRefusedError, SocketIO

from dashboard.hall import Hall
from dashboard.live.session import Refused, Sessions
from dashboard.live.shared import SharedFigures
from domain.people import Person
from store.errors import StoreError

log = logging.getLogger(__name__)

NAMESPACE: Final = "/live"
SOCKET_PATH: Final = "/socket.io/"
MAX_MESSAGE_BYTES: Final = 16384
PING_EVERY_S: Final = 10
PONG_WITHIN_S: Final = 20
STRANGERS: Final = 4
JOIN_WITHIN_S: Final = 10.0
JOINED: Final = "gridhall.joined"


class BoundedWebSocket(SimpleWebSocketWSGI):
    """A websocket that takes no large message and compresses none.

    Over loopback or a hall's network bytes are cheap and deflate is not: a frame of 20,000 moved workers is made in 0.5 ms
    and deflated in 12.
    """

    def __call__(self, environ: dict[str, Any], _start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        self.ws = _EndingServer(environ, max_message_size=MAX_MESSAGE_BYTES)
        self.app(self)
        # how either server is told that this was no ordinary response
        raise StopIteration if self.ws.mode == "gunicorn" else ConnectionError


class _EndingServer(simple_websocket.Server):  # type: ignore[misc]
    """Wakes who waits for a message when the connection ends for whatever reason; else a too large one leaves him asleep."""

    def _thread(self) -> None:
        super()._thread()
        self.event.set()


class Turnstile:
    """WSGI middleware: at most `most` sockets at a time (each keeps a thread of the server); 503 for one more.

    Who is not `known` (by a WSGI environment) gets one of STRANGERS places, long enough to be told that he must log in; whoever
    has not joined the live link after JOIN_WITHIN_S is cut. So nobody keeps the screens out without a log-in.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        most: int,
        known: Callable[[dict[str, Any]], bool] = lambda environ: True,
        join_within_s: float = JOIN_WITHIN_S,
    ) -> None:
        self._app, self._known, self._join_within_s = app, known, join_within_s
        self._places = threading.BoundedSemaphore(most)
        self._strangers = threading.BoundedSemaphore(STRANGERS)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(SOCKET_PATH):
            return self._app(environ, start_response)
        places = self._places if self._known(environ) else self._strangers
        if not places.acquire(blocking=False):
            start_response("503 SERVICE UNAVAILABLE", [("Content-Type", "text/plain"), ("Retry-After", "10")])
            return [b"Too many screens are open.\n"]
        timer = threading.Timer(self._join_within_s, _cut_unless_joined, (environ,))
        timer.daemon = True
        timer.start()
        try:
            return self._app(environ, start_response)  # returns when the websocket has ended
        finally:
            timer.cancel()
            places.release()


def _cut_unless_joined(environ: dict[str, Any]) -> None:
    found = _socket_of(environ)
    if found is not None and JOINED not in environ:
        with contextlib.suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)


def _socket_of(environ: dict[str, Any]) -> socket.socket | None:
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


class Door(Protocol):
    """Who may open a live link (dashboard.access)."""

    def enter(self) -> tuple[Person, Callable[[], Person | None]] | None:
        """Who this connection is, and how to find it out again; None: nobody who may. Raises StoreUnavailable."""

    def attempt(self, person: Person, code: str, detail: str) -> None:
        """A screen has asked for what is not its person's."""


class Connections:
    """The TCP connections of the screens, to cut them: a socket that nobody reads any more keeps two threads otherwise."""

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}

    def keep(self, sid: str, environ: dict[str, Any]) -> None:
        environ[JOINED] = True
        found = _socket_of(environ)
        if found is not None:
            self._sockets[sid] = found

    def cut(self, sid: str) -> None:
        """End the connection of a screen, now. Its browser connects anew if it is still there."""
        found = self._sockets.pop(sid, None)
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)


def attach(
    app: Flask,
    hall: Hall,
    figures: SharedFigures | None,
    frames_per_s: float,
    allows: Callable[[str, str | None], bool],
    door: Door,
) -> tuple[SocketIO, Sessions]:
    """Put the live link on the app. `allows(host, origin)` decides from which pages it may be opened, `door` by whom."""
    socketio = SocketIO(
        app,
        async_mode="threading",
        transports=["websocket"],
        cors_allowed_origins=lambda origin, environ: allows(environ.get("HTTP_HOST", ""), origin),
        async_handlers=False,  # messages of one screen are handled in their order
        manage_session=False,
        max_http_buffer_size=MAX_MESSAGE_BYTES,
        ping_interval=PING_EVERY_S,
        ping_timeout=PONG_WITHIN_S,
    )
    engine = socketio.server.eio
    engine._async = {**engine._async, "websocket": BoundedWebSocket}  # the only place that engine.io gives for it
    connections = Connections()

    def emit(sid: str, message: dict[str, Any]) -> None:
        socketio.server.emit("frame", message, to=sid, namespace=NAMESPACE, callback=lambda *answer: acknowledged(sid, answer))

    def acknowledged(sid: str, answer: tuple[Any, ...]) -> None:
        with telling(sid):
            sessions.ack(sid, answer[0] if answer else None)

    @contextlib.contextmanager
    def telling(sid: str) -> Any:
        """A message that nobody can follow is answered, and the screen lives on."""
        try:
            yield
        except Refused as refused:
            socketio.server.emit("error", {"code": refused.code, "detail": str(refused)}, to=sid, namespace=NAMESPACE)

    def end(sid: str) -> None:
        socketio.server.emit("error", {"code": "logged_out", "detail": ""}, to=sid, namespace=NAMESPACE)

    sessions = Sessions(hall, emit, connections.cut, figures, frames_per_s, attempt=door.attempt, end=end)

    @socketio.on("connect", namespace=NAMESPACE)
    def connect(_auth: object = None) -> None:
        try:
            found = door.enter()
        except StoreError as silent:
            raise ConnectionRefusedError("store_gone") from silent  # it may come again: that is no reason to log in
        if found is None:
            raise ConnectionRefusedError("logged_out")
        sid = request.sid  # type: ignore[attr-defined]
        connections.keep(sid, request.environ)
        sessions.join(sid, *found)

    @socketio.on("watch", namespace=NAMESPACE)
    def watch(message: object = None, *_more: object) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        with telling(sid):
            sessions.watch(sid, message)

    @socketio.on("disconnect", namespace=NAMESPACE)
    def disconnect(_reason: object = None) -> None:
        sid = request.sid  # type: ignore[attr-defined]
        sessions.leave(sid)
        connections.cut(sid)

    return socketio, sessions
