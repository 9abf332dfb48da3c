"""The gateway's HTTP: our own JSON, OsmAnd / Traccar Client, OwnTracks."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ingest.gateway.access import Source
from ingest.gateway.gate import Gate, Taken
from ingest.sources import events, feeds, osmand, owntracks, positions, tallies
from ingest.sources.base import Context, Decoded, Refused
from store.errors import StoreError, StoreUnavailable
from store.sources import RAW_KEPT

RETRY_AFTER_S: Final = 5
BODY_PAUSE_S: Final = 30.0  # without a byte of the body
HEAD_S: Final = 20.0  # until a request's head must be there
MOST_HEAD_BYTES: Final = 1 << 16
NOBODY: Final = "unknown"  # the source under whose name refused keys are counted
_json = msgspec.json.Encoder().encode


Decode = Callable[[bytes, Context], Decoded]


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a bound for a request's head in time and in length; by itself it knows neither."""

    _timer: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is not None:
            self._size += len(data)
            if self._size > MOST_HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_is_here()
        self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _head_is_here(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._size = 0


class TooLarge(Exception):
    """The body is longer than GRIDHALL_MAX_BODY_BYTES."""


def make_app(gate: Gate) -> Starlette:
    """The ASGI application of a gateway."""

    def api(decode: Decode, shown: Callable[[bytes], bytes] = bytes) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await _api(gate, request, decode, shown)

        return endpoint

    async def osmand_endpoint(request: Request) -> Response:
        return await _osmand(gate, request)

    async def owntracks_endpoint(request: Request) -> Response:
        return await _owntracks(gate, request)

    async def health(request: Request) -> Response:
        return await _health(gate)

    return Starlette(
        routes=[
            Route("/api/v1/positions", api(positions.decode), methods=["POST"]),
            Route("/api/v1/events", api(events.decode), methods=["POST"]),
            Route("/api/v1/feeds", api(feeds.decode, feeds.without_secrets), methods=["POST"]),
            Route("/api/v1/tallies", api(tallies.decode), methods=["POST"]),
            Route("/osmand/{key}", osmand_endpoint, methods=["GET", "POST"]),
            Route("/osmand/{key}/", osmand_endpoint, methods=["GET", "POST"]),
            Route("/owntracks", owntracks_endpoint, methods=["POST"]),
            Route("/owntracks/{key}", owntracks_endpoint, methods=["POST"]),
            Route("/healthz", health, methods=["GET"]),
        ]
    )


def _answer(status: int, content: object, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(_json(content), status, named, "application/json")


async def _body(request: Request, most: int) -> bytes:
    """The whole body. Raises TooLarge as soon as that is known, Refused(408) when nothing comes for BODY_PAUSE_S."""
    if int(request.headers.get("content-length") or 0) > most:
        raise TooLarge
    chunks, size, clock = [], 0, asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(BODY_PAUSE_S) as patience:
            async for chunk in request.stream():
                patience.reschedule(clock() + BODY_PAUSE_S)
                size += len(chunk)
                if size > most:
                    raise TooLarge
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(408, f"nothing came for {BODY_PAUSE_S:g} s") from None
    return b"".join(chunks)


async def _api(gate: Gate, request: Request, decode: Decode, shown: Callable[[bytes], bytes]) -> Response:
    """`{"accepted": n, "rejected": [{"index", "reason"}]}`; 401, 400, 413 and 503 as `{"error": …}`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    source = gate.access.source_of(key.strip()) if scheme.lower() == "bearer" else None
    if source is None:
        return _no_key(gate, "Bearer", bool(key))
    try:
        taken = await _take(gate, source, decode, await _body(request, gate.settings.max_body_bytes), shown)
    except TooLarge:
        gate.refuse(source.name, "body too large", b"")
        return _answer(413, {"error": f"body larger than {gate.settings.max_body_bytes} bytes: send smaller batches"})
    except Refused as refused:
        return _answer(refused.status, {"error": refused.message})
    except StoreUnavailable:
        return _busy()
    except ClientDisconnect:
        return Response(status_code=499)
    rejected = [{"index": reject.index, "reason": reject.reason} for reject in taken.rejects]
    return _answer(200, {"accepted": taken.accepted, "rejected": rejected})


async def _take(
    gate: Gate, source: Source, decode: Decode, body: bytes, shown: Callable[[bytes], bytes] = bytes
) -> Taken:
    """`shown` makes of refused bytes what may be kept of them."""
    try:
        return await gate.take(decode(body, gate.context(source)), source)
    except Refused as refused:
        gate.refuse(source.name, refused.message, shown(body[: 4 * RAW_KEPT]))
        raise


def _no_key(gate: Gate, scheme: str, wrong: bool) -> Response:
    gate.refuse(NOBODY, "wrong key" if wrong else "no key", b"")
    text = "this key is not known" if wrong else "a source's key is needed"
    return _answer(401, {"error": text}, WWW_Authenticate=f'{scheme} realm="gridhall"')


def _busy() -> Response:
    return _answer(503, {"error": "the store does not take facts now: keep them"}, Retry_After=str(RETRY_AFTER_S))


async def _osmand(gate: Gate, request: Request) -> Response:
    """200 when it is on disk; 400 when nobody can tell who speaks, 403 for a wrong key, 503 when the phone shall keep it.

    A fix that cannot be taken is answered 200 with the reason: the app repeats a refused one for ever, and everything
    behind it in its queue would be lost.
    """
    source = gate.access.source_of(request.path_params["key"])
    if source is None:
        gate.refuse(NOBODY, "wrong key", b"")
        return Response("this key is not known", 403)
    query, kind = request.url.query, request.headers.get("content-type", "")
    try:
        body = await _body(request, gate.settings.max_body_bytes)
        taken = await _take(gate, source, lambda raw, context: osmand.decode(query, raw, kind, context), body)
    except TooLarge:
        return Response("body too large", 413)
    except Refused as refused:
        return Response(refused.message, refused.status)
    except StoreUnavailable:
        return Response("keep it", 503, {"Retry-After": str(RETRY_AFTER_S)})
    except ClientDisconnect:
        return Response(status_code=499)
    return Response(f"not taken: {taken.rejects[0].reason}" if taken.rejects else None, 200)


async def _owntracks(gate: Gate, request: Request) -> Response:
    """`[]` when it is on disk. A message that cannot be read is counted and let go: the app would send it for ever."""
    user, key = _basic(request)
    key = request.path_params.get("key", key)
    source = gate.access.source_of(key)
    if source is None:
        return _no_key(gate, "Basic", bool(key))
    headers, query = request.headers, request.query_params
    who = headers.get("x-limit-u") or query.get("u") or user or None
    device = headers.get("x-limit-d") or query.get("d")
    try:
        body = await _body(request, gate.settings.max_body_bytes)
        await gate.take(owntracks.decode(body, gate.context(source), user=who, device=device), source)
    except TooLarge:
        return _answer(413, [])
    except Refused as refused:
        return _answer(refused.status, [])
    except StoreUnavailable:
        return _busy()
    except ClientDisconnect:
        return Response(status_code=499)
    return _answer(200, [])


def _basic(request: Request) -> tuple[str, str]:
    """(user, password) of HTTP Basic; empty where there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", "?"
    return user, password


async def _health(gate: Gate) -> Response:
    try:
        await gate.appender.ping()
    except StoreError as failed:
        return _answer(503, {"store": str(failed)})
    return _answer(200, {"store": "ok"})
