"""Devices at full speed, as cheap as clients can be: what they send is made in advance, and answers are hardly read."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final, cast

import uvloop

from ingest.sources.jt808 import body, encode, frames
from ingest.sources.jt808.message import Id, parse

LINES: Final = 256
WINDOW: Final = 32  # frames of a terminal that are on their way: it does not wait for each answer


def requests_per_s(port: int, requests: list[bytes], lines: int = LINES) -> float:
    """HTTP requests a second over keep-alive connections, one under way on each; every answer must be a 200."""
    return uvloop.run(_through(port, requests, lines))


async def _through(port: int, requests: list[bytes], lines: int) -> float:
    loop, waiting = asyncio.get_running_loop(), iter(requests)
    ends = [loop.create_future() for _ in range(lines)]
    started = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: _Line(waiting, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return len(requests) / (time.perf_counter() - started)


class _Line(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], end: asyncio.Future[None]) -> None:
        self._requests, self._end, self._answer = requests, end, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        request, self._answer = next(self._requests, None), b""
        if request is not None:
            self._transport.write(request)
        elif not self._end.done():
            self._transport.close()
            self._end.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, rest = self._answer.partition(b"\r\n\r\n")
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not end or len(rest) < int(length or 0):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._end.set_exception(RuntimeError(f"the gateway answers {head[:40]!r}"))
            self._transport.close()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(RuntimeError(f"the gateway has hung up: {exc}"))


def answer_frames(port: int, told: dict[str, list[bytes]]) -> None:
    """Send the frames of every terminal (by its phone) once it has logged in; returns when all have been answered."""
    uvloop.run(_terminals(port, told))


async def _terminals(port: int, told: dict[str, list[bytes]]) -> None:
    loop = asyncio.get_running_loop()
    ends = {phone: loop.create_future() for phone in told}
    for phone, end in ends.items():
        await loop.create_connection(lambda phone=phone, end=end: _Terminal(phone, told[phone], end), "127.0.0.1", port)
    await asyncio.gather(*ends.values())


class _Terminal(asyncio.Protocol):
    def __init__(self, phone: str, told: list[bytes], end: asyncio.Future[None]) -> None:
        self._phone, self._told, self._end = phone, told, end
        self._rest, self._sent, self._answered, self._ready = b"", 0, 0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._say(Id.REGISTER, encode.registration(2019, terminal=self._phone[-7:]))

    def _say(self, kind: int, content: bytes) -> None:
        self._transport.write(encode.frame(kind, self._phone, 0, content, 2019))

    def data_received(self, data: bytes) -> None:
        if self._ready:
            self._answered += data.count(0x7E)  # two to a frame, and nowhere else
            self._go_on()
            return
        found, self._rest = frames.split(self._rest + data)
        for frame in found:
            told = parse(frame)
            if told.id == Id.REGISTERED:
                self._say(Id.AUTHENTICATE, encode.authentication(2019, body.registered(told.body)[2]))
            else:
                self._ready = True
                self._go_on()

    def _go_on(self) -> None:
        done = self._answered // 2
        if done >= len(self._told):
            if not self._end.done():
                self._end.set_result(None)
            self._transport.close()
        elif self._sent - done <= WINDOW // 2:
            until = min(done + WINDOW, len(self._told))
            self._transport.write(b"".join(self._told[self._sent : until]))
            self._sent = until

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(RuntimeError(f"the gateway has hung up: {exc}"))
