"""The gateway's HTTP: our own JSON, OsmAnd / Traccar Client, OwnTracks.

Its doors are called by uvicorn directly: a device's request is small, and a framework between costs as much as all the rest.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ingest.gateway.access import Source
from ingest.gateway.gate import Gate, Taken
from ingest.sources import events, feeds, osmand, owntracks, positions, tallies
from ingest.sources.base import Context, Decoded, Refused, Reject
from store.errors import StoreError, StoreUnavailable
from store.sources import RAW_KEPT

RETRY_AFTER_S: Final = 5
BODY_PAUSE_S: Final = 30.0  # without a byte of the body
HEAD_S: Final = 20.0  # until a request's head must be there
MOST_HEAD_BYTES: Final = 1 << 16
WHOLE: Final = "gridhall.whole"  # in a request's scope, when nothing of its body is still to come
NOBODY: Final = "unknown"  # the source under whose name refused keys are counted
_END_OF_HEAD: Final = b"\r\n\r\n"
_GO_ON: Final = b"HTTP/1.1 100 "
_json = msgspec.json.Encoder().encode

Decode = Callable[[bytes, Context], Decoded]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a bound for a request's head in time and in length: by itself it knows neither.

    An answer goes out in one piece, and a request tells when it has come as a whole.
    """

    _in_head = True
    _timer: asyncio.TimerHandle | None = None  # a head that comes in one piece, as a device's does, needs none
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = _OnePiece(transport)  # type: ignore[assignment]
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._await_head()
            self._size += len(data)
            if self._size > MOST_HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head, self._size = False, 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.scope[WHOLE] = True  # type: ignore[typeddict-unknown-key]

    def on_response_complete(self) -> None:
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _OnePiece:
    """A transport that holds the head of an answer until its content is there: uvicorn writes one after the other, and each
    write is a packet, and a call of the system that costs as much as reading the request."""

    __slots__ = ("_head", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.is_closing, self._head = transport, transport.is_closing, b""

    def write(self, data: bytes) -> None:
        if not self._head and data.endswith(_END_OF_HEAD) and not data.startswith(_GO_ON):
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def flush(self) -> None:
        """Send a head to which no content belongs (HEAD)."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()


class TooLarge(Exception):
    """The body is longer than GRIDHALL_MAX_BODY_BYTES."""


class Gone(Exception):
    """The client has hung up before its request was whole."""


class Asked:
    """One request. `name` is what its path says behind the door's own: a key, or nothing."""

    __slots__ = ("_receive", "_scope", "name")

    def __init__(self, scope: dict[str, Any], receive: Receive, name: str) -> None:
        self._scope, self._receive, self.name = scope, receive, name

    def header(self, name: bytes) -> str:
        """A header by its name in lower case; "" where there is none."""
        for key, value in self._scope["headers"]:
            if key == name:
                return _text(value)
        return ""

    @property
    def query(self) -> str:
        return str(self._scope["query_string"], "utf-8", "replace")

    async def body(self, most: int) -> bytes:
        """The whole body. Raises TooLarge as soon as that is known, Refused(408) when nothing comes for BODY_PAUSE_S, Gone."""
        told = self.header(b"content-length")
        if not told and not self.header(b"transfer-encoding"):
            return b""
        if told.isdecimal() and int(told) > most:
            raise TooLarge
        if WHOLE in self._scope:  # it came with its head, as a device's does: no clock need run
            return bytes((await self._next(most))["body"])
        try:
            async with asyncio.timeout(BODY_PAUSE_S) as patience:
                return await self._whole(most, patience)
        except TimeoutError:
            raise Refused(408, f"nothing came for {BODY_PAUSE_S:g} s") from None

    async def _whole(self, most: int, patience: asyncio.Timeout) -> bytes:
        message = await self._next(most)
        if not message["more_body"]:
            return bytes(message["body"])
        body, clock = bytearray(message["body"]), asyncio.get_running_loop().time
        while message["more_body"]:
            patience.reschedule(clock() + BODY_PAUSE_S)
            message = await self._next(most - len(body))
            body += message["body"]
        return bytes(body)

    async def _next(self, most: int) -> dict[str, Any]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        if len(message["body"]) > most:
            raise TooLarge
        return message


def _text(header: bytes) -> str:
    """A header as people write it: names in UTF-8, as phones and proxies send them, or in the standard's own Latin-1."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


class Answer(msgspec.Struct, frozen=True):
    """What a door answers; `more` are headers besides the content's kind and length."""

    status: int
    content: bytes = b""
    kind: bytes = b"text/plain; charset=utf-8"
    more: tuple[tuple[bytes, bytes], ...] = ()


Door = Callable[[Gate, Asked], Awaitable[Answer]]


def make_app(gate: Gate) -> AsgiApp:
    """The ASGI application of a gateway."""

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        door, name = _find(scope["method"], scope["path"])
        try:
            answer = await door(gate, Asked(scope, receive, name))
        except Gone:
            return
        content = answer.content
        headers = [(b"content-length", b"%d" % len(content)), (b"content-type", answer.kind), *answer.more]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def _find(method: str, path: str) -> tuple[Door, str]:
    """(the door behind a path, what the path says behind the door's own)."""
    place, name = path.rstrip("/"), ""
    found = _DOORS.get(place)
    if found is None:
        place, _, name = place.rpartition("/")
        found = _NAMED.get(place)
    if found is None:
        return _nowhere, ""
    methods, door = found
    return (door, name) if method in methods else (_not_so, ", ".join(methods))


async def _nowhere(_gate: Gate, _asked: Asked) -> Answer:
    return Answer(404, b"Not Found")


async def _not_so(_gate: Gate, asked: Asked) -> Answer:
    return Answer(405, b"Method Not Allowed", more=((b"allow", asked.name.encode()),))


def _told(status: int, content: object, *more: tuple[bytes, bytes]) -> Answer:
    return Answer(status, _json(content), b"application/json", more)


def _api(decode: Decode, shown: Callable[[bytes], bytes] = bytes) -> Door:
    """A door of our own JSON. `shown` makes of refused bytes what may be kept of them."""

    async def door(gate: Gate, asked: Asked) -> Answer:
        """`{"accepted": n, "rejected": [{"index", "reason"}]}`, and `dropped` likewise where a value was left out of an item
        that was accepted; 401, 400, 413 and 503 as `{"error": …}`.
        """
        scheme, _, key = asked.header(b"authorization").partition(" ")
        source = gate.access.source_of(key.strip()) if scheme.lower() == "bearer" else None
        if source is None:
            return _no_key(gate, b"Bearer", bool(key))
        try:
            taken = await _take(gate, source, decode, await asked.body(gate.settings.max_body_bytes), shown)
        except TooLarge:
            gate.refuse(source.name, "body too large", b"")
            return _told(413, {"error": f"body larger than {gate.settings.max_body_bytes} bytes: send smaller batches"})
        except Refused as refused:
            return _told(refused.status, {"error": refused.message})
        except StoreUnavailable:
            return _busy()
        told: dict[str, object] = {"accepted": taken.accepted, "rejected": _reasons(taken.rejects)}
        if taken.dropped:
            told["dropped"] = _reasons(taken.dropped)
        return _told(200, told)

    return door


def _reasons(rejects: tuple[Reject, ...]) -> list[dict[str, object]]:
    return [{"index": reject.index, "reason": reject.reason} for reject in rejects]


async def _take(
    gate: Gate, source: Source, decode: Decode, body: bytes, shown: Callable[[bytes], bytes] = bytes
) -> Taken:
    try:
        return await gate.take(decode(body, gate.context(source)), source)
    except Refused as refused:
        gate.refuse(source.name, refused.message, shown(body[: 4 * RAW_KEPT]))
        raise


def _no_key(gate: Gate, scheme: bytes, wrong: bool) -> Answer:
    gate.refuse(NOBODY, "wrong key" if wrong else "no key", b"")
    text = "this key is not known" if wrong else "a source's key is needed"
    return _told(401, {"error": text}, (b"www-authenticate", scheme + b' realm="gridhall"'))


def _busy() -> Answer:
    return _told(503, {"error": "the store does not take facts now: keep them"}, _retry_after())


def _retry_after() -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % RETRY_AFTER_S


async def _osmand(gate: Gate, asked: Asked) -> Answer:
    """200 when it is on disk; 400 when nobody can tell who speaks, 403 for a wrong key, 503 when the phone shall keep it.

    A fix that cannot be taken is answered 200 with the reason: the app repeats a refused one for ever, and everything
    behind it in its queue would be lost.
    """
    source = gate.access.source_of(asked.name)
    if source is None:
        gate.refuse(NOBODY, "wrong key", b"")
        return Answer(403, b"this key is not known")
    query, kind = asked.query, asked.header(b"content-type")
    try:
        body = await asked.body(gate.settings.max_body_bytes)
        taken = await _take(gate, source, lambda raw, context: osmand.decode(query, raw, kind, context), body)
    except TooLarge:
        gate.refuse(source.name, "body too large", b"")
        return Answer(413, b"body too large")
    except Refused as refused:
        return Answer(refused.status, refused.message.encode())
    except StoreUnavailable:
        return Answer(503, b"keep it", more=(_retry_after(),))
    told = [f"not taken: {reject.reason}" for reject in taken.rejects[:1]]
    told += [f"left out: {dropped.reason}" for dropped in taken.dropped[:1]]
    return Answer(200, "\n".join(told).encode())


async def _owntracks(gate: Gate, asked: Asked) -> Answer:
    """`[]` when it is on disk. A message that cannot be read is counted and let go: the app would send it for ever."""
    user, key = _basic(asked.header(b"authorization"))
    key = asked.name or key
    source = gate.access.source_of(key)
    if source is None:
        return _no_key(gate, b"Basic", bool(key))
    query = dict(parse_qsl(asked.query))
    who = asked.header(b"x-limit-u") or query.get("u") or user or None
    device = asked.header(b"x-limit-d") or query.get("d")
    try:
        body = await asked.body(gate.settings.max_body_bytes)
        await gate.take(owntracks.decode(body, gate.context(source), user=who, device=device), source)
    except TooLarge:
        gate.refuse(source.name, "body too large", b"")
        return _told(413, [])
    except Refused as refused:
        return _told(refused.status, [])
    except StoreUnavailable:
        return _busy()
    return _told(200, [])


def _basic(told: str) -> tuple[str, str]:
    """(user, password) of HTTP Basic; empty where there is none."""
    scheme, _, value = told.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = _text(base64.b64decode(value, validate=True)).partition(":")
    except (binascii.Error, ValueError):
        return "", "?"
    return user, password


async def _health(gate: Gate, _asked: Asked) -> Answer:
    try:
        await gate.appender.ping()
    except StoreError as failed:
        return _told(503, {"store": str(failed)})
    return _told(200, {"store": "ok"})


_POST, _GET = ("POST",), ("GET", "HEAD")
_DOORS: Final[dict[str, tuple[tuple[str, ...], Door]]] = {
    "/api/v1/positions": (_POST, _api(positions.decode)),
    "/api/v1/events": (_POST, _api(events.decode)),
    "/api/v1/feeds": (_POST, _api(feeds.decode, feeds.without_secrets)),
    "/api/v1/tallies": (_POST, _api(tallies.decode)),
    "/owntracks": (_POST, _owntracks),
    "/healthz": (_GET, _health),
}
_NAMED: Final[dict[str, tuple[tuple[str, ...], Door]]] = {  # followed by a source's key
    "/osmand": ((*_GET, *_POST), _osmand),
    "/owntracks": (_POST, _owntracks),
}
