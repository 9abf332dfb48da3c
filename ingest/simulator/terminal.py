"""A JT/T 808 terminal: registers, authenticates, reports, sends what it missed as a blind area, and keeps what nobody
has answered. One message is under way at a time."""

import asyncio
import itertools
import random
from collections import Counter
from typing import Final, cast

from config import clock
from ingest.simulator.chance import rng_of
from ingest.simulator.device import Device, Sighting
from ingest.sources.base import BadInput
from ingest.sources.jt808 import body as bodies
from ingest.sources.jt808 import encode, frames, message
from ingest.sources.jt808.message import Id

BATCH: Final = 20  # locations in one 0x0704: its body stays below 1,023 bytes
LATE_S: Final = 45  # a location older than this is of a blind area
ANSWER_S: Final = 12.0  # then the same message is sent again, and after three times the line is closed
TRIES: Final = 3
STATUS: Final = 1 | 2 | 1 << 18 | 1 << 19  # on, positioned, by GPS and BeiDou


def location(fix: Sighting) -> bytes:
    """The body of 0x0200, with signal strength and number of satellites."""
    return encode.location(
        fix.lon,
        fix.lat,
        fix.at_s * 1000,
        speed_mps=fix.speed_mps,
        heading_deg=fix.heading_deg,
        altitude_m=12,
        status=STATUS,
        tlvs=((0x30, b"\x1a"), (0x31, b"\x12")),
    )


class Terminal(asyncio.Protocol):
    """`wanted`: the device is switched on and has network. `tend` is called at every report interval and does the rest."""

    def __init__(self, device: Device, address: tuple[str, int], counts: Counter[str], opening: asyncio.Semaphore) -> None:
        self.device, self.wanted = device, False
        self._address, self._counts, self._opening = address, counts, opening
        draw = rng_of("edition", device.id)
        self._edition = 2019 if draw.random() < 0.5 else 2013
        self._serial = 0
        self._transport: asyncio.Transport | None = None
        self._opener: asyncio.Task[None] | None = None
        self._rest = b""
        self._ready = False
        self._sent: tuple[int, bytes, list[Sighting]] | None = None  # serial, frame, fixes under way
        self._sent_at_s, self._tries = 0.0, 0
        self._not_before_s, self._failures = 0.0, 0
        self._spoke_at_s = 0.0

    # the life of the line

    def tend(self, now_s: float) -> None:
        """Bring the line to what is wanted, and see to what has not been answered. `now_s` of any steady clock."""
        if not self.wanted:
            self.close()
        elif self._transport is None:
            if self._opener is None and now_s >= self._not_before_s:
                self._opener = asyncio.ensure_future(self._open(now_s))
        elif self._sent is not None and now_s - self._sent_at_s > ANSWER_S:
            self._again(now_s)
        elif self._ready and self._sent is None:
            self._next(now_s)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def _open(self, now_s: float) -> None:
        try:
            async with self._opening:
                await asyncio.get_running_loop().create_connection(lambda: self, *self._address)
        except OSError:
            self._put_off(now_s)
        finally:
            self._opener = None

    def _put_off(self, now_s: float) -> None:
        self._failures += 1
        self._not_before_s = now_s + min(2.0 ** min(self._failures, 5), 30) * random.uniform(0.7, 1.3)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rest, self._ready, self._sent = b"", False, None
        self._counts["jt808 lines"] += 1
        registration = encode.registration(self._edition, terminal=self.device.id[-7:])
        self._send(Id.REGISTER, registration, [], asyncio.get_running_loop().time())

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self._ready, self._sent = None, False, None
        self._counts["jt808 lines"] -= 1
        if self.wanted:
            self._put_off(asyncio.get_running_loop().time())

    def data_received(self, data: bytes) -> None:
        found, self._rest = frames.split(self._rest + data)
        for one in found:
            try:
                self._take(message.parse(one))
            except BadInput:
                self._counts["jt808 unreadable answers"] += 1

    # what the platform says

    def _take(self, told: message.Message) -> None:
        now_s = asyncio.get_running_loop().time()
        if told.id == Id.REGISTERED:
            _, result, code = bodies.registered(told.body)
            if result != 0:
                self._counts["jt808 not admitted"] += 1
                self._failures = 5
                self.close()
                return
            self._send(Id.AUTHENTICATE, encode.authentication(self._edition, code, software="gridhall"), [], now_s)
        elif told.id == Id.PLATFORM_ANSWER:
            answer = bodies.answer(told.body)
            if self._sent is None or answer.serial != self._sent[0]:
                return
            self._answered(answer, now_s)

    def _answered(self, answer: bodies.Answer, now_s: float) -> None:
        assert self._sent is not None
        _, _, fixes = self._sent
        if answer.id == Id.AUTHENTICATE:
            if answer.result != 0:
                self.close()
                return
            self._ready, self._failures = True, 0
        elif answer.result == 1:  # failed: the same again, later
            return
        elif fixes:
            self._counts["jt808" if answer.result == 0 else "rejected"] += len(fixes)
            for fix in fixes:
                if self.device.outbox and self.device.outbox[0] is fix:
                    self.device.outbox.popleft()
        self._sent = None
        self._next(now_s)

    # what the terminal says

    def _next(self, now_s: float) -> None:
        outbox = self.device.outbox
        if len(outbox) > 1:
            fixes = list(itertools.islice(outbox, BATCH))
            blind = fixes[0].at_s < clock.now_s() - LATE_S
            self._send(Id.LOCATION_BATCH, encode.batch([location(fix) for fix in fixes], blind), fixes, now_s)
        elif outbox:
            self._send(Id.LOCATION, location(outbox[0]), [outbox[0]], now_s)
        elif self.device.alive or now_s - self._spoke_at_s > 60:
            self.device.alive = False
            self._send(Id.HEARTBEAT, b"", [], now_s)

    def _send(self, kind: int, body: bytes, fixes: list[Sighting], now_s: float) -> None:
        self._serial = (self._serial + 1) & 0xFFFF
        whole = encode.frame(kind, self.device.id, self._serial, body, self._edition)
        self._sent, self._sent_at_s, self._tries, self._spoke_at_s = (self._serial, whole, fixes), now_s, 1, now_s
        if self._transport is not None:
            self._transport.write(whole)

    def _again(self, now_s: float) -> None:
        if self._tries >= TRIES or self._transport is None or self._sent is None:
            self.close()
            return
        self._tries, self._sent_at_s = self._tries + 1, now_s
        self._counts["jt808 sent again"] += 1
        self._transport.write(self._sent[1])
