"""One connection of a terminal: bytes in, facts and answers out. It owns no socket and asks no clock.

An answer that stands for facts (`reply_when_durable`) may be sent only when these facts are on disk: for 0x8001 the
terminal forgets what it has sent. If the store refuses them, nothing is sent and the terminal sends again.
"""

import enum
from collections.abc import Callable
from typing import Final

import msgspec

from domain.facts import AnyFact
from ingest.sources.base import BadInput, Context, Reject, reject
from ingest.sources.jt808 import body, encode, facts, frames
from ingest.sources.jt808.message import Id, Message, parse
from ingest.sources.jt808.parts import Parts

DONE, FAILED, WRONG, UNSUPPORTED = 0, 1, 2, 3
MOST_TERMINALS: Final = 4096  # that may speak through one connection (forwarders)

# Messages of a terminal that are themselves answers: the standard answers none of them
_ANSWERS: Final = frozenset((0x0001, 0x0104, 0x0107, 0x0201, 0x0302, 0x0500, 0x0700, 0x0802, 0x0805, 0x0A00, 0x1003, 0x1205))
_FROM_PLATFORM: Final = 0x8000
_OPEN_TO_ALL: Final = frozenset((Id.REGISTER, Id.AUTHENTICATE, Id.ASK_TIME))


class Refusal(enum.IntEnum):
    """Why a terminal may not register, in the words of 0x8100."""

    VEHICLE_TAKEN = 1
    NO_SUCH_VEHICLE = 2
    TERMINAL_TAKEN = 3
    NO_SUCH_TERMINAL = 4


Admit = Callable[[str, body.Registration], str | Refusal]
"""(device id, what it says of itself) → the code to authenticate with, or why not."""
Authenticate = Callable[[str, str], bool]
"""(device id, code) → whether the code is right."""


class Event(msgspec.Struct, frozen=True):
    """What one message comes to. `reply` may go at once; `reply_when_durable` when `facts` are on disk, never before."""

    facts: tuple[AnyFact, ...] = ()
    rejects: tuple[Reject, ...] = ()
    dropped: tuple[Reject, ...] = ()
    reply: bytes = b""
    reply_when_durable: bytes = b""
    device: str = ""


class Session:
    """The state of one connection. `feed` what was read, `tick` every few seconds, `end` when it is gone."""

    def __init__(self, admit: Admit, authenticate: Authenticate, accept_bad_checksum: bool = False) -> None:
        self._admit = admit
        self._authenticate = authenticate
        self._accept_bad_checksum = accept_bad_checksum
        self._rest = b""
        self._serial = -1
        self._parts = Parts()
        self._known: dict[str, None] = {}  # devices that have authenticated, oldest first

    @property
    def devices(self) -> tuple[str, ...]:
        """Device ids that have authenticated on this connection."""
        return tuple(self._known)

    def feed(self, data: bytes, context: Context) -> list[Event]:
        """What the bytes come to, an Event per message, in order. Never raises."""
        found, self._rest = frames.split(self._rest + data)
        events = [self._frame(frame, context) for frame in found]
        given_up = self._parts.given_up()
        return [*events, Event(rejects=tuple(given_up))] if given_up else events

    def tick(self, context: Context) -> list[Event]:
        """Requests for sub-packages that are overdue, and the messages given up."""
        events = [
            Event(
                reply=encode.resend_parts(one.of, self._next_serial(), one.first_serial, one.numbers),
                device=one.of.device,
            )
            for one in self._parts.overdue(context.received_at_ms)
        ]
        given_up = self._parts.given_up()
        return [*events, Event(rejects=tuple(given_up))] if given_up else events

    def end(self, context: Context) -> list[Event]:
        """The connection is gone: its terminals are no longer linked."""
        devices, self._known = self.devices, {}
        return [Event(facts=(facts.alive(context.worker_of(device), context, up=False),), device=device) for device in devices]

    def _next_serial(self) -> int:
        self._serial = (self._serial + 1) & 0xFFFF
        return self._serial

    def _frame(self, frame: bytes, context: Context) -> Event:
        try:
            message = parse(frame, self._accept_bad_checksum)
        except BadInput as wrong:
            return Event(rejects=(reject(0, wrong, frame),))  # who sent it, and what, cannot be known: no answer
        if message.id & _FROM_PLATFORM:
            return Event(rejects=(reject(0, f"not from a terminal: {message.id:#06x}", frame),))
        if message.device not in self._known and message.id not in _OPEN_TO_ALL:
            return self._stranger(message)
        return self._part(message, context) if message.parts else self._whole(message, (message.serial,), context)

    def _part(self, message: Message, context: Context) -> Event:
        """One part of a message. Each is answered by itself: many a terminal sends the next one only then.

        Whole locations are handed on as they come, so that what was answered is on disk. A kind that nobody wants is declined
        at its first part, and its missing ones are not asked for.
        """
        if message.encryption:
            return self._refused(message, BadInput("encrypted body"), UNSUPPORTED)
        if message.id not in facts.REPORTS and message.id not in _OPEN_TO_ALL:
            begins = message.part == 1  # one message, one sign of life
            alive = (facts.alive(context.worker_of(message.device), context),) if begins else ()
            reply = b"" if message.id in _ANSWERS else self._answer(message, UNSUPPORTED)
            return Event(alive, reply=reply, device=message.device)
        try:
            taken = self._parts.add(message, context.received_at_ms)
        except BadInput as wrong:
            return self._refused(message, wrong)
        if taken.whole:
            return self._whole(taken.message, taken.serials, context, taken.told)
        if message.id in _OPEN_TO_ALL:
            return Event(device=message.device)
        decoded, told = facts.decode_begun(taken.message, context, taken.told)
        self._parts.tell(message, told)
        reply = b"" if message.id in _ANSWERS else b"".join(self._answer(message, DONE, serial) for serial in taken.serials)
        return Event(decoded.facts, decoded.rejects, decoded.dropped, reply_when_durable=reply, device=message.device)

    def _whole(self, message: Message, serials: tuple[int, ...], context: Context, told: int = 0) -> Event:
        if message.encryption:
            return self._refused(message, BadInput("encrypted body"), UNSUPPORTED)
        try:
            match message.id:
                case Id.REGISTER:
                    return self._register(message)
                case Id.AUTHENTICATE:
                    return self._authenticated(message, context)
                case Id.ASK_TIME:
                    now = encode.time_answer(message, self._next_serial(), context.received_at_ms)
                    return Event(reply=now, device=message.device)
                case _:
                    return self._report(message, serials, context, told)
        except BadInput as wrong:
            return self._refused(message, wrong)

    def _register(self, message: Message) -> Event:
        said = body.registration(message.body, message.layout.version)
        answer = self._admit(message.device, said)
        if isinstance(answer, Refusal):
            reply = encode.registration_answer(message, self._next_serial(), answer)
            refused = reject(0, f"terminal not admitted: {answer.name.lower()}", message.raw)
            return Event(rejects=(refused,), reply=reply, device=message.device)
        return Event(reply=encode.registration_answer(message, self._next_serial(), DONE, answer), device=message.device)

    def _authenticated(self, message: Message, context: Context) -> Event:
        said = body.authentication(message.body, message.layout.version)
        if not self._authenticate(message.device, said.code):
            self._known.pop(message.device, None)
            # the bytes hold a code that may be nearly right: they are not kept
            wrong = reject(0, "wrong authentication code", b"")
            return Event(rejects=(wrong,), reply=self._answer(message, FAILED), device=message.device)
        self._known[message.device] = None
        if len(self._known) > MOST_TERMINALS:
            del self._known[next(iter(self._known))]
        alive = facts.alive(context.worker_of(message.device), context)
        return Event(facts=(alive,), reply=self._answer(message, DONE), device=message.device)

    def _report(self, message: Message, serials: tuple[int, ...], context: Context, told: int) -> Event:
        decoded = facts.decode(message, context, told)
        if message.id == Id.LOGOUT:
            self._known.pop(message.device, None)
        if message.id in _ANSWERS:
            return Event(decoded.facts, decoded.rejects, decoded.dropped, device=message.device)
        result = DONE if message.id in facts.REPORTS or message.id in (Id.HEARTBEAT, Id.LOGOUT) else UNSUPPORTED
        reply = b"".join(self._answer(message, result, serial) for serial in serials)
        if message.id in facts.REPORTS:
            return Event(decoded.facts, decoded.rejects, decoded.dropped, reply_when_durable=reply, device=message.device)
        return Event(decoded.facts, decoded.rejects, decoded.dropped, reply, device=message.device)

    def _stranger(self, message: Message) -> Event:
        wrong = reject(0, f"not authenticated: {message.id:#06x}", message.raw)
        reply = b"" if message.id in _ANSWERS else self._answer(message, FAILED)
        return Event(rejects=(wrong,), reply=reply, device=message.device)

    def _refused(self, message: Message, wrong: BadInput, result: int = WRONG) -> Event:
        reply = self._answer(message, result)
        return Event(rejects=(reject(0, wrong, message.raw),), reply=reply, device=message.device)

    def _answer(self, message: Message, result: int, answered_serial: int | None = None) -> bytes:
        return encode.general_answer(message, self._next_serial(), result, answered_serial)
