"""Sub-packages: a message of more than 1023 bytes comes in parts, which are put together here. Bounded in memory and time."""

from typing import Final

import msgspec

from ingest.sources.base import BadInput, Reject, reject
from ingest.sources.jt808.message import Message

MOST_PARTS: Final = 512
MOST_BYTES: Final = 1 << 20  # of all parts of one connection that wait for others
MOST_OPEN: Final = 64  # messages of one connection that wait for parts
ASK_AFTER_MS: Final = 10_000  # without a new part: ask for the missing ones
ASK_TIMES: Final = 3
KEPT_MS: Final = 60_000  # a whole message, whose last part may be sent again


class Taken(msgspec.Struct, frozen=True):
    """What is here of a message, from its first part on without a gap; `whole`: that is all of it.

    `told`: how many of its pieces have been handed on already (see `Parts.tell`); 0 again when a part is sent again, because
    then nobody knows whether what it brought was kept. `serials`: of the parts that may be answered now, which are those
    before which none is missing; a part that came too early waits for the others.
    """

    message: Message
    whole: bool
    told: int
    serials: tuple[int, ...]


class Missing(msgspec.Struct, frozen=True):
    """What to ask a terminal for: parts of the message whose first part had `first_serial`; `of` is one that came."""

    of: Message
    first_serial: int
    numbers: tuple[int, ...]


class _Open:
    """A message that is not complete, or was not long ago: whoever was not answered sends its last part again."""

    def __init__(self, total: int, now_ms: int) -> None:
        self.total = total
        self.held: dict[int, Message] = {}
        self.heard_at_ms = now_ms
        self.asked = 0
        self.size = 0
        self.told = 0
        self.answered = 0  # parts from the first on

    @property
    def whole(self) -> bool:
        return len(self.held) == self.total

    def take(self, part: Message, now_ms: int) -> None:
        if part.part in self.held:
            self.told = 0
        else:
            self.held[part.part] = part
            self.size += len(part.raw) + len(part.body)
        self.heard_at_ms = now_ms

    def here(self) -> list[Message]:
        """The parts from the first on, up to where one is missing."""
        found: list[Message] = []
        while (following := self.held.get(len(found) + 1)) is not None:
            found.append(following)
        return found


class Parts:
    """The incomplete messages of one connection; one per terminal and message id, as terminals send them in order."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], _Open] = {}
        self._given_up: list[Reject] = []

    def add(self, part: Message, now_ms: int) -> Taken:
        """Take one part. Raises BadInput for an impossible one."""
        if not 1 <= part.part <= part.parts <= MOST_PARTS:
            raise BadInput(f"bad sub-package: {part.part} of {part.parts}")
        key = (part.phone, part.id)
        message = self._open.get(key)
        if message is not None and _begins_another(message, part):
            self._give_up(key, "sub-packages incomplete")
            message = None
        if message is None:
            message = self._open[key] = _Open(part.parts, now_ms)
        message.take(part, now_ms)
        while len(self._open) > MOST_OPEN or sum(one.size for one in self._open.values()) > MOST_BYTES:
            self._give_up(min(self._open, key=lambda one: self._open[one].heard_at_ms), "sub-packages too large")
        here = message.here()
        fresh, message.answered = here[message.answered :], len(here)
        again = [part] if part.part <= len(here) and all(one.part != part.part for one in fresh) else []
        return Taken(_joined(here, part), message.whole, message.told, tuple(one.serial for one in (*again, *fresh)))

    def tell(self, part: Message, pieces: int) -> None:
        """So many pieces of the part's message have been handed on."""
        message = self._open.get((part.phone, part.id))
        if message is not None:
            message.told = pieces

    def overdue(self, now_ms: int) -> list[Missing]:
        """What to ask for again. A message that stays incomplete after `ASK_TIMES` requests is given up."""
        found: list[Missing] = []
        for key, message in list(self._open.items()):
            if now_ms - message.heard_at_ms < (KEPT_MS if message.whole else ASK_AFTER_MS):
                continue
            if message.whole:
                del self._open[key]
                continue
            if message.asked >= ASK_TIMES:
                self._give_up(key, "sub-packages incomplete")
                continue
            message.asked += 1
            message.heard_at_ms = now_ms
            one = next(iter(message.held.values()))
            missing = tuple(number for number in range(1, message.total + 1) if number not in message.held)
            found.append(Missing(one, (one.serial - one.part + 1) & 0xFFFF, missing))
        return found

    def given_up(self) -> list[Reject]:
        """The messages given up since the last call."""
        found, self._given_up = self._given_up, []
        return found

    def _give_up(self, key: tuple[str, int], why: str) -> None:
        message = self._open.pop(key)
        if message.whole:
            return
        raw = b"".join(message.held[number].raw for number in sorted(message.held))
        self._given_up.append(reject(0, f"{why}: {len(message.held)} of {message.total}", raw))


def _begins_another(message: _Open, part: Message) -> bool:
    held = message.held.get(part.part)
    return message.total != part.parts or (held is not None and held.body != part.body)


def _joined(here: list[Message], part: Message) -> Message:
    """The message as far as it is here; that of `part` without a body, where its beginning is not."""
    return msgspec.structs.replace(
        here[0] if here else part,
        body=b"".join(one.body for one in here),
        parts=0,
        part=0,
        raw=b"".join(one.raw for one in here),
    )
