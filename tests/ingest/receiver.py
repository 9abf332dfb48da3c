"""A webhook's receiver as a city would write one: a real HTTP server that checks the signature, and answers as a test wants."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from config import clock

SECRET = "a-secret-of-sixteen-or-more"


class Receiver:
    """`answer(number)` says what the n-th post (from 1) is answered: a status, or (status, headers). Everything that came is
    in `got`, in its order; `bodies` are those that were answered 2xx.
    """

    def __init__(
        self, answer: Callable[[int], Any] = lambda n: 204, secrets: tuple[str, ...] = (SECRET,), hang_s: float = 0.0
    ) -> None:
        self.answer, self.secrets, self.hang_s = answer, secrets, hang_s
        self.got: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = receiver._take(dict(self.headers), body)
                time.sleep(receiver.hang_s)
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        with self._lock:
            told = self.answer(len(self.got) + 1)
            status, more = told if isinstance(told, tuple) else (told, {})
            good = self.signed(headers, body)
            self.got.append({
                "id": headers["X-Gridhall-Id"], "good": good, "status": status, "headers": headers, "raw": body,
                "body": json.loads(body), "at_s": time.monotonic(),
            })  # fmt: skip
            return status if good else 401, more

    def signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether one of the signatures is by one of our secrets, and not older than five minutes."""
        at = headers["X-Gridhall-Timestamp"]
        marks = dict.fromkeys(part.removeprefix("v1=") for part in headers["X-Gridhall-Signature"].split(","))
        ours = (hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() for secret in self.secrets)
        return abs(clock.now_s() - int(at)) < 300 and any(mark in marks for mark in ours)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/notices"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [one["body"] for one in self.got if 200 <= one["status"] < 300]

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
