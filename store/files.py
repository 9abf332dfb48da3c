"""The records of photos and files: whose a file is, what it is, to which order it belongs. Their bytes: `store.blobs`.

A file is claimed, its bytes are written, then it is kept; it belongs to nobody else until it is bound to an order, and what
is never bound is swept. So a crash at any instant leaves no bytes that no record knows of.
"""

from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from store import keys
from store.blobs import Blobs
from store.errors import StoreUnavailable
from store.store import Store, _answers

UNBOUND_FILES: Final = 200
UNBOUND_BYTES: Final = 500_000_000
"""Most files, and most bytes, of one person that belong to no order."""

UNBOUND_MS: Final = 7 * 86_400_000
SWEPT_AT_ONCE: Final = 200
THUMB: Final = ".thumb"
"""What the name of a picture's thumbnail among the blobs ends in."""

State = Literal["coming", "kept", "going"]
Claim = Literal["new", "same", "taken", "too_many", "going"]

_SWAP: Final = """
local id, old, new, score, person = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local files, bytes = tonumber(ARGV[6]), tonumber(ARGV[7])
if (redis.call('HGET', KEYS[1], id) or '') ~= old then return 0 end
local function waits(what) return tonumber(redis.call('HGET', KEYS[3], person .. what) or '0') end
if files > 0 and (waits('|files') + files > tonumber(ARGV[8]) or waits('|bytes') + bytes > tonumber(ARGV[9])) then return -1 end
if new == '' then redis.call('HDEL', KEYS[1], id) else redis.call('HSET', KEYS[1], id, new) end
if score == '' then redis.call('ZREM', KEYS[2], id) else redis.call('ZADD', KEYS[2], score, id) end
if files ~= 0 then
  redis.call('HINCRBY', KEYS[3], person .. '|bytes', bytes)
  if redis.call('HINCRBY', KEYS[3], person .. '|files', files) <= 0 then
    redis.call('HDEL', KEYS[3], person .. '|files', person .. '|bytes')
  end
end
return 1
"""
"""Replaces a record that is still what it was when it was read, and keeps the two keys of the unbound ones in step."""


class FileRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One photo or file. `by` is the uploader's name, `order` "" until it belongs to one.

    `width`, `height`: of a picture as it is looked at, in pixels. `state` "coming": claimed, its bytes not yet safe; "going":
    being swept.
    """

    id: str
    name: str
    type: str
    size: int
    sha256: str
    by: str
    at_ms: int
    order: str = ""
    width: int | None = None
    height: int | None = None
    state: State = "coming"


def put_record(store: Store, new: FileRecord) -> Claim:
    """Claim an id before the bytes of the file are written.

    "new" or "same" (claimed before by the same person for the same content; the seven days begin anew): write, then `keep`.
    "taken": it is another's, or other content. "too_many" of this person's files belong to no order. "going": it is being
    swept, try again later.
    """

    def change(held: FileRecord | None) -> FileRecord | None:
        if held is None:
            return new
        open_still = not held.order and held.state != "going" and _same(held, new)
        return msgspec.structs.replace(held, at_ms=max(held.at_ms, new.at_ms)) if open_still else None

    held, done = _change(store, new.id, change)
    if held is None:
        return "new" if done else "too_many"
    if not _same(held, new):
        return "taken"
    return "going" if held.state == "going" else "same"


def _same(one: FileRecord, other: FileRecord) -> bool:
    return (one.by, one.sha256) == (other.by, other.sha256)


def keep(store: Store, file_id: str, sha256: str) -> bool:
    """Say that the bytes are safe: from now on the file is there. False when it was swept meanwhile."""

    def change(held: FileRecord | None) -> FileRecord | None:
        if held is None or held.sha256 != sha256 or held.state != "coming":
            return None
        return msgspec.structs.replace(held, state="kept")

    held, done = _change(store, file_id, change)
    return done or (held is not None and held.sha256 == sha256 and held.state == "kept")


def bind(store: Store, file_id: str, order: str, by: str) -> bool:
    """Let an unbound file of that uploader belong to an order. Whether it belongs to that order now."""

    def change(held: FileRecord | None) -> FileRecord | None:
        if held is None or held.order or held.by != by or held.state != "kept":
            return None
        return msgspec.structs.replace(held, order=order)

    held, done = _change(store, file_id, change)
    return done or (held is not None and held.order == order)


def release(store: Store, file_id: str, order: str, by: str, now_ms: int) -> bool:
    """Undo `bind`, for an action that was refused: the file is the uploader's again, for seven days. Whether it is."""

    def change(held: FileRecord | None) -> FileRecord | None:
        if held is None or held.order != order or held.by != by:
            return None
        return msgspec.structs.replace(held, order="", at_ms=max(held.at_ms, now_ms))

    held, done = _change(store, file_id, change)
    return done or (held is not None and not held.order and held.by == by)


def record(store: Store, file_id: str) -> FileRecord | None:
    """The record of a file that is there; None for one that is not, or not yet."""
    return records(store, [file_id]).get(file_id)


def records(store: Store, file_ids: Iterable[str]) -> dict[str, FileRecord]:
    """The records of those that are there."""
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        return {}
    with _answers():
        found = store.client.hmget(keys.files(), wanted)
    told = (_decode(blob) for blob in found if blob is not None)
    return {held.id: held for held in told if held.state == "kept"}


def sweep(store: Store, blobs: Blobs, now_ms: int) -> int:
    """Remove files that have belonged to no order for seven days, SWEPT_AT_ONCE at most. How many.

    Raises FilesUnavailable; what it had begun is ended by the next one.
    """
    with _answers():
        old = store.client.zrange(
            keys.files_unbound(), "-inf", f"({now_ms - UNBOUND_MS}", byscore=True, offset=0, num=SWEPT_AT_ONCE
        )
    return sum(_sweep(store, blobs, found.decode(), now_ms - UNBOUND_MS) for found in old)


def _sweep(store: Store, blobs: Blobs, file_id: str, before_ms: int) -> bool:
    """The record is marked first, so that nobody binds it meanwhile, and goes last, so that its bytes are never forgotten."""

    def mark(held: FileRecord | None) -> FileRecord | None:
        if held is None or held.order or held.at_ms >= before_ms:
            return None
        return msgspec.structs.replace(held, state="going")

    _, marked = _change(store, file_id, mark)
    if not marked:
        return False
    for name in (file_id, file_id + THUMB):
        blobs.remove(name)
    blob, held = _read(store, file_id)
    if held is not None and held.state == "going":
        _swap(store, file_id, blob, held, None)
    return True


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(FileRecord).decode
_TRIES: Final = 100


def _read(store: Store, file_id: str) -> tuple[bytes, FileRecord | None]:
    with _answers():
        blob: bytes = store.client.hget(keys.files(), file_id) or b""
    return blob, _decode(blob) if blob else None


def _change(
    store: Store, file_id: str, change: Callable[[FileRecord | None], FileRecord | None]
) -> tuple[FileRecord | None, bool]:
    """(the record as it was, whether the one that `change` made of it stands in its place now).

    Not: `change` made none, or there would be too many unbound ones. Raises StoreUnavailable.
    """
    for _ in range(_TRIES):
        blob, held = _read(store, file_id)
        made = change(held)
        done = -1 if made is None else _swap(store, file_id, blob, held, made)
        if done:
            return held, done > 0
    raise StoreUnavailable(f"file {file_id} is changed all the time")


def _swap(store: Store, file_id: str, blob: bytes, held: FileRecord | None, made: FileRecord | None) -> int:
    """1: done. 0: it has changed since it was read. -1: beyond the limits."""
    known = made or held
    assert known is not None
    was, waits = (one is not None and not one.order for one in (held, made))
    step = int(waits) - int(was)
    score = made.at_ms if made is not None and waits else ""
    arguments = (file_id, blob, _encode(made) if made else b"", score, known.by, step, step * known.size)
    with _answers():
        pipe = store.client.pipeline(transaction=False)
        of_all = (keys.files(), keys.files_unbound(), keys.files_waiting())
        pipe.eval(_SWAP, 3, *of_all, *arguments, UNBOUND_FILES, UNBOUND_BYTES)
        if store.waits_for_disk:
            pipe.execute_command("WAITAOF", 1, 0, 5000)
        answers = pipe.execute()
    if store.waits_for_disk and answers[0] == 1 and answers[1][0] < 1:
        raise StoreUnavailable("the append-only file did not reach the disk in five seconds")
    return int(answers[0])
