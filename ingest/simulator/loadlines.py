"""The lines of a load: keep-alive HTTP connections that many phones share, and terminals with a connection each.

Both are driven by callbacks: a task for each of thousands of devices would cost the machine under test what it measures.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import msgspec

from ingest.delivery import MAX_WAIT_S, OVERLOADED
from ingest.simulator.device import Device, Sighting
from ingest.simulator.terminal import Terminal
from ingest.sources.jt808 import body as bodies

AGAIN_S: Final = 1.0
REFUSED: Final = (401, 403)
Told = Callable[[str, float, int], None]
"""(protocol, when the devices had the fixes, how many): acknowledged now. Times are of the event loop's clock, s."""


class Letter(msgspec.Struct, gc=False):
    """One request: the bytes, the protocol that it speaks, when its fixes were there, and how many they are."""

    content: bytes
    protocol: str
    due_s: float
    fixes: int = 1


class Post:
    """`lines` HTTP connections, one request under way on each; what finds none free waits for the next one that is."""

    def __init__(self, url: str, lines: int, told: Told, counts: Counter[str]) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = True if parts.scheme == "https" else None
        self.told, self.counts = told, counts
        self.waiting: deque[Letter] = deque()
        self.refused = 0  # the status of an answer after which no other can come
        self._lines = lines
        self._free: list[_Line] = []
        self._opening: set[asyncio.Future[None]] = set()
        self._open = 0
        self._closed = False

    def send(self, letter: Letter) -> None:
        if self._free and not self.waiting:
            self._free.pop().send(letter)
        else:
            self.waiting.append(letter)
            if self._open < self._lines:
                self._open_one()

    def close(self) -> None:
        self._closed = True
        for line in self._free:
            line.close()

    def _open_one(self) -> None:
        if not self._closed:
            self._open += 1
            opening = asyncio.ensure_future(self._connect())
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Line(self), *self._address, ssl=self._tls)
        except OSError:
            self.counts["no connection"] += 1
            asyncio.get_running_loop().call_later(AGAIN_S, self.lost, None)

    def free(self, line: "_Line") -> None:
        """A line has nothing to do."""
        if self._closed:
            line.close()
        elif self.waiting:
            line.send(self.waiting.popleft())
        else:
            self._free.append(line)

    def lost(self, line: "_Line | None") -> None:
        """A line has ended, or could not begin; what waits finds another."""
        self._open -= 1
        if line is not None and line in self._free:
            self._free.remove(line)
        if self.waiting:
            self._open_one()

    def again(self, letter: Letter, after_s: float) -> None:
        """As a device does: what was not taken is kept, and sent again."""
        self.counts["sent again"] += letter.fixes
        asyncio.get_running_loop().call_later(after_s, self.send, letter)


class _Line(asyncio.Protocol):
    def __init__(self, post: Post) -> None:
        self._post = post
        self._transport: asyncio.Transport | None = None
        self._letter: Letter | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._retry_after_s = AGAIN_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._post.free(self)

    def send(self, letter: Letter) -> None:
        assert self._transport is not None
        self._letter = letter
        self._transport.write(letter.content)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        letter, self._letter = self._letter, None
        if letter is not None:
            self._post.again(letter, AGAIN_S)
        self._post.lost(self)

    # called by the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._retry_after_s = min(float(value), MAX_WAIT_S)

    def on_message_complete(self) -> None:
        letter, self._letter = self._letter, None
        if letter is None:
            return
        status = self._parser.get_status_code()
        if status in OVERLOADED:
            self._post.again(letter, self._retry_after_s)
        elif status >= 400:
            self._post.counts["refused"] += letter.fixes
            self._post.refused = status if status in REFUSED else self._post.refused
        else:
            self._post.told(letter.protocol, letter.due_s, letter.fixes)
        if self._parser.should_keep_alive():
            self._post.free(self)
        else:
            self.close()


class LoadTerminal(Terminal):
    """A JT/T 808 terminal that tells when what it has reported was acknowledged."""

    def __init__(
        self, device: Device, address: tuple[str, int], counts: Counter[str], opening: asyncio.Semaphore, told: Told
    ) -> None:
        super().__init__(device, address, counts, opening)
        self.wanted = True
        self._told = told
        self._due_s: deque[float] = deque(maxlen=device.outbox.maxlen)

    @property
    def ready(self) -> bool:
        """Linked, registered and authenticated."""
        return self._ready

    def report(self, fix: Sighting, due_s: float) -> None:
        self.device.outbox.append(fix)
        self._due_s.append(due_s)
        self.tend(asyncio.get_running_loop().time())

    def _answered(self, answer: bodies.Answer, now_s: float) -> None:
        before = len(self.device.outbox)
        super()._answered(answer, now_s)
        for _ in range(before - len(self.device.outbox)):
            self._told("jt808", self._due_s.popleft(), 1)
