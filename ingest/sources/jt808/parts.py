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


class Whole(msgspec.Struct, frozen=True):
    """A message whose parts are all here; `serials` are those of the parts, in the order of the parts."""

    message: Message
    serials: tuple[int, ...]


class Missing(msgspec.Struct, frozen=True):
    """What to ask a terminal for: parts of the message whose first part had `first_serial`; `of` is one that came."""

    of: Message
    first_serial: int
    numbers: tuple[int, ...]


class _Open:
    """A message that is not complete."""

    def __init__(self, total: int, now_ms: int) -> None:
        self.total = total
        self.held: dict[int, Message] = {}
        self.heard_at_ms = now_ms
        self.asked = 0
        self.size = 0

    def take(self, part: Message, now_ms: int) -> None:
        if part.part not in self.held:
            self.held[part.part] = part
            self.size += len(part.raw) + len(part.body)
        self.heard_at_ms = now_ms


class Parts:
    """The incomplete messages of one connection; one per terminal and message id, as terminals send them in order."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], _Open] = {}
        self._given_up: list[Reject] = []

    def add(self, part: Message, now_ms: int) -> Whole | None:
        """Take one part; the whole message if it was the last that was missing. Raises BadInput for an impossible one."""
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
        if len(message.held) == message.total:
            del self._open[key]
            return _joined(message)
        while len(self._open) > MOST_OPEN or sum(one.size for one in self._open.values()) > MOST_BYTES:
            self._give_up(min(self._open, key=lambda one: self._open[one].heard_at_ms), "sub-packages too large")
        return None

    def overdue(self, now_ms: int) -> list[Missing]:
        """What to ask for again. A message that stays incomplete after `ASK_TIMES` requests is given up."""
        found: list[Missing] = []
        for key, message in list(self._open.items()):
            if now_ms - message.heard_at_ms < ASK_AFTER_MS:
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
        raw = b"".join(message.held[number].raw for number in sorted(message.held))
        self._given_up.append(reject(0, f"{why}: {len(message.held)} of {message.total}", raw))


def _begins_another(message: _Open, part: Message) -> bool:
    held = message.held.get(part.part)
    return message.total != part.parts or (held is not None and held.body != part.body)


def _joined(message: _Open) -> Whole:
    parts = [message.held[number] for number in sorted(message.held)]
    whole = msgspec.structs.replace(
        parts[0], body=b"".join(part.body for part in parts), parts=0, part=0, raw=b"".join(part.raw for part in parts)
    )
    return Whole(whole, tuple(part.serial for part in parts))
