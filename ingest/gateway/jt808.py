"""JT/T 808 over TCP: reads what terminals send, and answers with 0x8001 only when it is on disk."""

import asyncio
import hashlib
import hmac
import logging
import socket
import time
from typing import Final

from domain.facts import AnyFact
from ingest.gateway.access import Source
from ingest.gateway.gate import Gate
from ingest.sources.base import Decoded, Reject
from ingest.sources.jt808.body import Registration
from ingest.sources.jt808.session import Event, Refusal, Session
from store.errors import StoreUnavailable
from store.sources import terminal_secret

log = logging.getLogger(__name__)
READ_BYTES: Final = 1 << 16
IDLE_S: Final = 900.0  # a terminal's heartbeat comes every few minutes at the latest
TICK_S: Final = 5.0
DRAIN_S: Final = 20.0  # a terminal that reads nothing for so long is cut off
UNREAD_BYTES: Final = 1 << 15  # answers that a terminal has not read: it is waited for, up to DRAIN_S
CODE_LENGTH: Final = 16


class Jt808Server:
    """All terminals of one gateway."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._secret = b""

    async def start(self, listening: socket.socket | None) -> None:
        """Serve the terminals that come to a listening socket; nothing when there is none (GRIDHALL_JT808_PORT is -1)."""
        if listening is None:
            return
        self._secret = await asyncio.to_thread(terminal_secret, self._gate.store)
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=READ_BYTES, backlog=4096)
        self._ticking = asyncio.create_task(self._tick())

    @property
    def port(self) -> int:
        """The port listened on (when the setting was 0, the one that was free)."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else -1

    async def stop(self) -> None:
        if self._ticking:
            self._ticking.cancel()
        if self._server:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._gate, self._secret, writer)
        self._connections.add(connection)
        try:
            await connection.run(reader)
        except (ConnectionError, TimeoutError):
            # the line broke or fell silent: the terminal comes again, and time alone will tell when it is offline
            writer.transport.abort()
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await asyncio.gather(*(self._tick_one(connection) for connection in tuple(self._connections)))

    async def _tick_one(self, connection: "Connection") -> None:
        """Whatever one terminal does or leaves undone, the others have their turn."""
        try:
            await connection.tick()
        except (ConnectionError, TimeoutError):
            connection.abort()
        except Exception:
            log.exception("a terminal's connection is given up")
            connection.abort()


class Connection:
    """One connection: usually one terminal, with a forwarder many."""

    def __init__(self, gate: Gate, secret: bytes, writer: asyncio.StreamWriter) -> None:
        self._gate = gate
        self._secret = secret
        self._writer = writer
        self._source = Source("jt808")
        self._heard_s = time.monotonic()
        self._key = ""  # with which the source was named, if it was
        self._session = Session(self._admit, self._authenticate, gate.settings.jt808_bad_checksum == "accept")

    async def run(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(READ_BYTES):
            self._heard_s = time.monotonic()
            if self._key and self._gate.access.source_of(self._key) is None:
                return  # the source has been removed: the terminal must authenticate anew, and will be refused
            await self._handle(self._session.feed(data, self._gate.context(self._source)))

    async def tick(self) -> None:
        if time.monotonic() - self._heard_s > IDLE_S:
            raise TimeoutError
        await self._handle(self._session.tick(self._gate.context(self._source)))

    def close(self) -> None:
        self._writer.close()

    def abort(self) -> None:
        """Close without waiting for a terminal that does not read."""
        self._writer.transport.abort()

    async def _handle(self, events: list[Event]) -> None:
        """All events of one read go to disk together; their answers follow in the order of the messages."""
        facts: list[AnyFact] = []
        rejects: list[Reject] = []
        dropped: list[Reject] = []
        for event in events:
            facts += event.facts
            rejects += event.rejects
            dropped += event.dropped
            if event.reply:
                self._writer.write(event.reply)
        try:
            await self._gate.take(Decoded(tuple(facts), dropped=tuple(dropped)), self._source)
        except StoreUnavailable:
            events = []  # no answer: the terminal keeps what it has and sends it again
        finally:
            for reject in rejects:
                self._gate.refuse(self._source.name, reject.reason, reject.raw)
        for event in events:
            if event.reply_when_durable:
                self._writer.write(event.reply_when_durable)
        if self._writer.transport.get_write_buffer_size() > UNREAD_BYTES:
            await asyncio.wait_for(self._writer.drain(), DRAIN_S)

    def _admit(self, device: str, _said: Registration) -> str | Refusal:
        """The code of a terminal is derived, not stored: the same terminal gets the same code from every gateway."""
        city = self._gate.city
        if self._gate.settings.jt808_admit == "roster" and city.worker_of(device) not in city.roster:
            return Refusal.NO_SUCH_TERMINAL
        return terminal_code(self._secret, device)

    def _authenticate(self, device: str, code: str) -> bool:
        """Right is the code that the terminal was given at registration, or the key of a source."""
        if hmac.compare_digest(code.encode(), terminal_code(self._secret, device).encode()):
            return True
        source = self._gate.access.source_of(code)
        if source:
            self._source, self._key = source, code
        return source is not None


def terminal_code(secret: bytes, device: str) -> str:
    return hmac.new(secret, device.encode(), hashlib.sha256).hexdigest()[:CODE_LENGTH]
