"""The audit log: who logged in, who was refused what, who looked at whom, who did what. Appended, never edited.

Each line carries a digest of itself and of the one before it, made by the server in the same step, so that a line that was
changed, moved or taken out later shows (`verify`); what was cut off at the new end shows only beside an older copy. Lines of
actions are written by the projector with the action itself, in the stream of its partition; all others in one stream. What
is old goes into files (`store.auditfiles`), and the chain goes on from there.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from config import clock
from store import keys
from store.errors import StoreUnavailable
from store.store import Store, _answers

CHAIN: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local tip = ''
if last then for n = 1, #last[2], 2 do if last[2][n] == 'h' then tip = last[2][n + 1] end end end
for _, entry in ipairs(ARGV) do
  tip = redis.sha1hex(tip .. entry)
  redis.call('XADD', KEYS[1], '*', 'e', entry, 'h', tip)
end
return #ARGV
"""
PAGE: Final = 1000


class Entry(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One line. `who` is a name of people or tokens, the roster's id of who acted as a worker, `console:USER` of a command or
    "-"; `what` a key of WHAT; `region` the code it is about.
    """

    at_ms: int
    who: str
    what: str
    subject: str = ""
    region: str = ""
    address: str = ""
    detail: dict[str, str | int] = {}


WHAT: Final = (
    "login", "login_refused", "logout", "session_ended", "password_changed", "refused", "view_track", "view_personal",
    "view_audit", "publish", "export", "action", "action_refused", "account", "token", "archived", "unreadable", "notice_sent",
    "sos_answered", "facts_retried",
)  # fmt: skip

Place = tuple[int, int, int]
"""Where a line stands: (ms, serial) of its id, and the number of its stream."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def packed(entry: Entry) -> bytes:
    """The bytes of a line, as the digest covers them."""
    return _encode(entry)


def streams(store: Store) -> list[str]:
    """The keys of all streams, by their numbers."""
    return [keys.audit(), *(keys.actions_audit(partition) for partition in range(store.partitions))]


def write(store: Store, *entries: Entry) -> None:
    """Append lines; on disk when this returns. Raises StoreUnavailable."""
    with _answers():
        pipe = store.client.pipeline(transaction=False)
        pipe.eval(CHAIN, 1, keys.audit(), *map(packed, entries))
        if store.waits_for_disk:
            pipe.execute_command("WAITAOF", 1, 0, 5000)
        answers = pipe.execute()
    if store.waits_for_disk and answers[-1][0] < 1:
        raise StoreUnavailable("the append-only file did not reach the disk in five seconds")


def newest(store: Store, from_ms: int = 0, to_ms: int | None = None) -> Iterator[Entry]:
    """As `walk`, the lines alone."""
    return (line for _, line in walk(store, from_ms, to_ms))


def walk(
    store: Store, from_ms: int = 0, to_ms: int | None = None, before: Place | None = None
) -> Iterator[tuple[Place, Entry]]:
    """(place, line) of all streams with from_ms ≤ written < to_ms, newest first: by when they were written, which for an action
    is later than when it was sent. `before`: only those that come after that place in this order.
    """
    pages = [_backwards(store, number, from_ms, to_ms, before) for number in range(store.partitions + 1)]
    heads = [next(page, None) for page in pages]
    while found := [(_rank(head[0]), number) for number, head in enumerate(heads) if head is not None]:
        number = max(found)[1]
        head = heads[number]
        if head is not None:
            yield head
        heads[number] = next(pages[number], None)


def _rank(place: Place) -> tuple[int, int, int]:
    """Of two lines of one instant the one in the stream with the lower number comes first."""
    return place[0], place[1], -place[2]


def _backwards(
    store: Store, number: int, from_ms: int, to_ms: int | None, before: Place | None
) -> Iterator[tuple[Place, Entry]]:
    """(place, line) of one stream from the newest on."""
    from_ms, to_ms = from_ms - clock.ahead_ms(), None if to_ms is None else to_ms - clock.ahead_ms()  # as the store counts
    end = "+" if to_ms is None else f"({max(to_ms, 1)}-0"
    if before is not None and (to_ms is None or before[0] < to_ms):
        end = f"{before[0]}-{before[1]}" if number > before[2] else f"({before[0]}-{before[1]}"
    if end == "(0-0":
        return
    key = streams(store)[number]
    while True:
        with _answers():
            found: list[Any] = store.client.xrevrange(key, max=end, min=max(from_ms, 0), count=PAGE)
        for entry_id, fields in found:
            at_ms, _, serial = entry_id.decode().partition("-")
            yield (int(at_ms), int(serial), number), _read(int(at_ms) + clock.ahead_ms(), fields)
        if len(found) < PAGE:
            return
        end = f"({found[-1][0].decode()}"


def _read(at_ms: int, fields: dict[bytes, bytes]) -> Entry:
    """The line; one that somebody has made unreadable is shown as that, and hides no other."""
    try:
        return _decode(fields.get(b"e", b""))
    except msgspec.DecodeError:
        return Entry(at_ms=at_ms, who="-", what="unreadable")


def verify(store: Store) -> tuple[int, list[str]]:
    """(lines checked, what is wrong: stream and id of each line whose digest does not follow from the one before)."""
    faults: list[str] = []
    checked = 0
    for key in streams(store):
        tip, lines = anchor(store, key), 0
        for entry_id, line, told in forwards(store, key):
            if digest(tip, line) != told:
                faults.append(f"{key} {entry_id}")
            tip, lines = told, lines + 1
        if tip and not lines:
            faults.append(f"{key}: nothing follows what was archived")
        checked += lines
    return checked, faults


def forwards(store: Store, key: str, to_ms: int | None = None) -> Iterator[tuple[str, bytes, str]]:
    """(id, bytes of the line, digest beside it) of one stream from the oldest on, written before `to_ms`."""
    start, end = "-", "+" if to_ms is None else f"({max(to_ms - clock.ahead_ms(), 1)}-0"
    while True:
        with _answers():
            found: list[Any] = store.client.xrange(key, min=start, max=end, count=PAGE)
        for entry_id, fields in found:
            yield entry_id.decode(), fields.get(b"e", b""), fields.get(b"h", b"").decode(errors="replace")
        if len(found) < PAGE:
            return
        start = f"({found[-1][0].decode()}"


def digest(tip: str, line: bytes) -> str:
    """What stands beside a line that follows one whose digest is `tip` ("" before the first)."""
    return hashlib.sha1(tip.encode() + line, usedforsecurity=False).hexdigest()


def anchor(store: Store, key: str) -> str:
    """The digest of the last line of a stream that has gone into the archive; "" if none has."""
    with _answers():
        told = store.client.get(keys.audit_anchor(key))
    return "" if told is None else str(told.decode())
