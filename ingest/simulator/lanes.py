"""Lanes: a few keep-alive connections over which many phones send. Each device belongs to one lane, its fixes go in
order, and a fix leaves the outbox when the gateway has taken it and not before."""

import asyncio
import itertools
import random
from collections import Counter, deque
from typing import Final, Protocol, cast
from urllib.parse import urlsplit

import httptools

from ingest.delivery import MAX_WAIT_S, OVERLOADED, Gateway
from ingest.simulator.device import Device, Requests, Sighting, json_item

DEPTH: Final = 16  # requests written at once on a connection
EACH: Final = 8  # of one device at most
BULK: Final = 500  # fixes in one JSON request
ANSWER_S: Final = 30.0


class Lane(Protocol):
    """Where devices queue when they have something to send."""

    def offer(self, device: Device) -> None: ...

    async def run(self) -> None: ...


class _Queue:
    """Devices that have something to send, each at most once."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self._ready: deque[Device] = deque()
        self._wake = asyncio.Event()

    def offer(self, device: Device) -> None:
        if not device.queued and (device.outbox or device.alive):
            device.queued = True
            self._ready.append(device)
            self._wake.set()

    async def take(self, most: int, each: int) -> list[tuple[Device, list[Sighting]]]:
        """Up to `most` fixes of the devices in turn; waits until there is one."""
        while not self._ready:
            self._wake.clear()
            await self._wake.wait()
        taken: list[tuple[Device, list[Sighting]]] = []
        while self._ready and most > 0:
            device = self._ready.popleft()
            fixes = list(itertools.islice(device.outbox, min(each, most)))
            taken.append((device, fixes))
            most -= max(len(fixes), 1)
        return taken

    def settle(self, device: Device, fixes: list[Sighting]) -> None:
        """The gateway has taken `fixes` of the device; it queues again if it has more."""
        for fix in fixes:
            if device.outbox and device.outbox[0] is fix:  # not if the outbox was full and has forgotten it
                device.outbox.popleft()
        device.queued = False
        self.offer(device)


class JsonLane(_Queue):
    """Plain JSON in batches: an app, or a provider who sends for many."""

    def __init__(self, gateway: Gateway, counts: Counter[str]) -> None:
        super().__init__(counts)
        self._gateway = gateway

    async def run(self) -> None:
        while True:
            taken = await self.take(BULK, BULK)
            items = [json_item(device, fix) for device, fixes in taken for fix in fixes]
            ack = await self._gateway.post("/api/v1/positions", items)
            self.counts["json"] += ack.accepted
            self.counts["rejected"] += len(ack.rejected)
            for device, fixes in taken:
                device.alive = False
                self.settle(device, fixes)


class HttpLane(_Queue):
    """OsmAnd and OwnTracks: one request per fix, several written at once on one keep-alive connection."""

    def __init__(self, url: str, key: str, counts: Counter[str]) -> None:
        super().__init__(counts)
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or (443 if self._tls else 80)
        self._requests = Requests(parts.netloc.rpartition("@")[2], key)
        self._line: _Line | None = None

    async def run(self) -> None:
        tries = 0
        try:
            while True:
                taken = await self.take(DEPTH, EACH)
                wait_s = await self._send(taken)
                tries = tries + 1 if wait_s else 0
                if wait_s:
                    self.counts["waited"] += 1
                    await asyncio.sleep(wait_s if wait_s > 0 else min(0.5 * 2.0**tries, MAX_WAIT_S) * random.uniform(0.7, 1.3))
        finally:
            self._hang_up()

    async def _send(self, taken: list[tuple[Device, list[Sighting]]]) -> float:
        """0 when all is well, a pause that the gateway asked for, or -1 for a pause of one's own."""
        requests = [self._requests.of(d, fix) for d, fixes in taken for fix in (fixes or (None,))]
        answers = await self._exchange(requests)
        wait_s = 0.0 if len(answers) == len(requests) else -1.0
        after = iter(answers)
        for device, fixes in taken:
            got = list(itertools.islice(after, max(len(fixes), 1)))
            taken_up = list(itertools.takewhile(lambda answer: answer[0] not in OVERLOADED, got))
            refused = sum(status >= 400 for status, _ in taken_up)
            if fixes:
                self.counts[device.protocol] += len(taken_up) - refused
                self.counts["rejected"] += refused
            else:
                device.alive = device.alive and not taken_up
            if len(taken_up) < len(got):
                wait_s = got[len(taken_up)][1] or -1.0
            self.settle(device, fixes[: len(taken_up)])
        return wait_s

    async def _exchange(self, requests: list[bytes]) -> list[tuple[int, float]]:
        """(status, Retry-After in s or 0) of each answer; fewer than requests when the connection was lost."""
        try:
            async with asyncio.timeout(ANSWER_S):  # not wait_for: before Python 3.12 it can swallow a cancellation
                if self._line is None or self._line.lost:
                    loop = asyncio.get_running_loop()
                    _, self._line = await loop.create_connection(_Line, self._host, self._port, ssl=self._tls or None)
                return await self._line.exchange(requests)
        except (OSError, TimeoutError, httptools.HttpParserError):
            self._hang_up()
            return []

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Line(asyncio.Protocol):
    """One HTTP/1.1 connection; answers come in the order of the requests."""

    def __init__(self) -> None:
        self.lost = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answers: list[tuple[int, float]] = []
        self._wanted = 0
        self._done: asyncio.Future[None] | None = None
        self._retry_after_s = 0.0

    async def exchange(self, requests: list[bytes]) -> list[tuple[int, float]]:
        assert self._transport is not None
        self._answers, self._wanted = [], len(requests)
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(b"".join(requests))
        await self._done
        return self._answers

    def close(self) -> None:
        self.lost = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._finish()

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    # called by the parser

    def on_message_begin(self) -> None:
        self._retry_after_s = 0.0

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._retry_after_s = min(float(value), MAX_WAIT_S)

    def on_message_complete(self) -> None:
        self._answers.append((self._parser.get_status_code(), self._retry_after_s))
        if not self._parser.should_keep_alive():
            self.close()
            self._finish()
        elif len(self._answers) >= self._wanted:
            self._finish()
