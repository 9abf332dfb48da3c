"""How the bytes of a file come in: bounded in size, in time, and in how many at once; and why a file may be refused."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected, HTTPException

from config.words import text

STATUS: Final = {
    "empty": 415, "type_not_allowed": 415, "not_what_it_says": 415, "broken": 415, "too_many_pixels": 415, "too_large": 413,
    "taken": 409, "too_many": 429, "busy": 503, "slow": 408, "full": 507, "unavailable": 503, "missing": 404, "right": 403,
}  # fmt: skip
RETRY_AFTER_S: Final = {"busy": 5, "unavailable": 10, "too_many": 600}
MOST_UPLOADS: Final = 16
MOST_UPLOADS_EACH: Final = 4
SILENCE_S: Final = 30
ARRIVAL_S: Final = 300
DRAINED_BYTES: Final = 256 << 20
DRAINED_S: Final = 40
DRAINED_AT_ONCE: Final = 8
CHUNK: Final = 1 << 16
FORMS: Final = frozenset(("multipart/form-data", "application/x-www-form-urlencoded"))
"""What Flask reads by itself as soon as it is asked for a field."""

_draining = threading.BoundedSemaphore(DRAINED_AT_ONCE)


class FileRefused(Exception):
    """Why there is no file, a key of STATUS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refusal(reason: str, lang: str, limit_bytes: int) -> Response:
    """{error: a sentence, reason} with the status of the reason."""
    response = jsonify(error=text(lang, f"file.{reason}", limit=f"{limit_bytes / (1 << 20):.3g} MB"), reason=reason)
    response.status_code = STATUS[reason]
    if reason in RETRY_AFTER_S:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[reason])
    return response


class Slots:
    """How many uploads run at once, in all and of one person: each holds a thread for as long as its phone takes."""

    def __init__(self, most: int = MOST_UPLOADS, most_each: int = MOST_UPLOADS_EACH) -> None:
        self._most, self._most_each = most, most_each
        self._running: list[str] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self, person: str) -> Iterator[None]:
        """Raises FileRefused("busy") when there is none."""
        with self._lock:
            if len(self._running) >= self._most or self._running.count(person) >= self._most_each:
                raise FileRefused("busy")
            self._running.append(person)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(person)


def body(limit_bytes: int) -> bytes:
    """The body of the request. Raises FileRefused when it is too large or comes too slowly."""
    if (request.content_length or 0) > limit_bytes:
        raise FileRefused("too_large")
    be_patient()
    parts, end_s = io.BytesIO(), time.monotonic() + ARRIVAL_S
    try:
        while part := request.stream.read(CHUNK):
            if parts.tell() + len(part) > limit_bytes:
                raise FileRefused("too_large")
            parts.write(part)
            if time.monotonic() > end_s:
                raise FileRefused("slow")
    except (ClientDisconnected, TimeoutError):
        raise FileRefused("slow") from None
    return parts.getvalue()


def drain() -> None:
    """Let the client finish what it sends, within bounds, so that it hears why it was refused and not of a broken line."""
    if not _draining.acquire(blocking=False):
        return
    try:
        be_patient(DRAINED_S / 4)
        left, end_s = DRAINED_BYTES, time.monotonic() + DRAINED_S
        while left > 0 and time.monotonic() < end_s and (part := request.stream.read(CHUNK)):
            left -= len(part)
    except (HTTPException, OSError):  # it has gone: then nobody hears
        pass
    finally:
        _draining.release()


def be_patient(silence_s: float = SILENCE_S) -> None:
    """A phone that has gone without a word holds its thread for so long, not for ever."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(silence_s)
