"""The live link on a real port, without Dash, for tests; and a browser's socket that does only what it is told."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket
from flask import Flask
from werkzeug.serving import make_server

from dashboard.guard import Guard, OurNames
from dashboard.hall import Hall
from dashboard.live.shared import SharedFigures
from dashboard.live.socket import attach
from tests.dashboard.persons import Door


class LiveServer:
    """`port` answers until the context ends. `links` are its open sockets: what waits in them may not grow."""

    def __init__(self, hall: Hall, figures: SharedFigures | None, port: int, most: int, frames_per_s: float) -> None:
        app = Flask("test", static_folder=None)
        names = OurNames()
        self.door = Door()
        live = attach(app, hall, figures, frames_per_s, self.door, most)
        self.sessions, self.links = live.sessions, live.links
        app.wsgi_app = Guard(app.wsgi_app, names)  # type: ignore[method-assign]
        self.server = make_server("127.0.0.1", port, app, threaded=True)
        self.port = self.server.server_port
        self.hall = hall

    def queued(self) -> int:
        return self.links.waiting()


@contextmanager
def live_server(
    hall: Hall, figures: SharedFigures | None = None, port: int = 0, most: int = 8, frames_per_s: float = 20.0
) -> Iterator[LiveServer]:
    served = LiveServer(hall, figures, port, most, frames_per_s)
    thread = threading.Thread(target=served.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.sessions.stop()
        served.server.shutdown()
        served.server.server_close()
        thread.join(5)


class Browser:
    """A socket.io client by hand: it acknowledges when told to. Raises websocket.WebSocketTimeoutException."""

    def __init__(
        self, port: int, *, host: str = "", origin: str = "", timeout_s: float = 5.0, bearer: str = "", cookie: str = ""
    ) -> None:
        self.port = port
        told = {"Host": host, "Authorization": bearer, "Cookie": cookie}
        headers = [f"{name}: {value}" for name, value in told.items() if value]
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
            timeout=timeout_s,
            suppress_origin=not origin,
            origin=origin or None,
            header=headers,
            sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),),
        )
        assert self.socket.recv().startswith("0")
        self.socket.send("40/live,")
        assert self.socket.recv().startswith("40/live,")

    def emit(self, event: str, *data: Any) -> None:
        self.socket.send("42/live," + json.dumps([event, *data]))

    def next(self, timeout_s: float = 5.0) -> tuple[str, Any]:
        """The next event and its data; the acknowledgement's id is kept for `ack`."""
        self.socket.settimeout(timeout_s)
        while True:
            text = self.socket.recv()
            if text == "2":
                self.socket.send("3")
            elif isinstance(text, str) and text.startswith(("42/live,", "45")):
                return self._event(text)

    def _event(self, text: str) -> tuple[str, Any]:
        head, body = text.split("/live,", 1)
        at = body.index("[")
        self.ack_id = body[:at]
        event, *data = json.loads(body[at:])
        if head.startswith("45"):
            for number in range(int(head[2:].rstrip("-"))):
                _fill(data, number, self.socket.recv())
        return event, data[0] if data else None

    def frame(self, timeout_s: float = 5.0) -> dict[str, Any]:
        event, data = self.next(timeout_s)
        assert event == "frame", (event, data)
        assert isinstance(data, dict)
        return data

    def ack(self, answer: dict[str, Any]) -> None:
        self.socket.send(f"43/live,{self.ack_id}" + json.dumps([answer]))

    def close(self) -> None:
        self.socket.close()


def _fill(data: Any, number: int, value: bytes) -> None:
    """Put an attachment where its placeholder stands."""
    for key, part in list(data.items() if isinstance(data, dict) else enumerate(data)):
        if isinstance(part, dict) and part.get("_placeholder") and part.get("num") == number:
            data[key] = value
        elif isinstance(part, dict | list):
            _fill(part, number, value)
