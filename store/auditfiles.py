"""Old lines of the audit log in files. A line leaves the store when its file is on disk, and the chain goes on from it.

A file is JSON lines, gzip-compressed: {stream, id, e: base64 of the line's bytes, h: its digest, line: the same to read}.
Its first line tells the digests that its streams begin from.
"""

import base64
import gzip
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from store import keys
from store.audit import Entry, anchor, digest, forwards, streams
from store.store import Store, _answers

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_line = msgspec.msgpack.Decoder(Entry).decode
SUFFIX: Final = ".jsonl.gz"


class Archived(msgspec.Struct, frozen=True):
    """What went into a file: how many lines, and its SHA-256. `path` None: there was nothing old enough."""

    path: Path | None
    lines: int = 0
    sha256: str = ""


def archive(store: Store, folder: Path, before_ms: int) -> Archived:
    """Move what was written before that instant into a new file of the folder. The newest line of a stream stays, so that the
    next one follows it. Raises OSError (nothing has left the store then), StoreUnavailable.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = time.strftime("audit-until-%Y%m%dT%H%M%SZ", time.gmtime(before_ms / 1000))
    path = next(p for n in range(1, 10_000) if not (p := folder / f"{name}-{n}{SUFFIX}").exists())
    unready = path.with_name(f".{path.name}")
    handle = os.open(unready, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.open(raw, "wb") as file:
            last, lines = _write_all(store, file, before_ms)
        raw.flush()
        os.fsync(raw.fileno())
    if not lines:
        unready.unlink()
        return Archived(None)
    unready.rename(path)
    _sync(folder)
    for key, (entry_id, tip) in last.items():
        _take_out(store, key, entry_id, tip)
    return Archived(path, lines, hashlib.sha256(path.read_bytes()).hexdigest())


def _write_all(store: Store, file: IO[bytes] | Any, before_ms: int) -> tuple[dict[str, tuple[str, str]], int]:
    """({stream: (id, digest) of the last line written}, lines)."""
    file.write(_encode({"begins": {key: anchor(store, key) for key in streams(store)}}) + b"\n")
    last: dict[str, tuple[str, str]] = {}
    lines = 0
    for key in streams(store):
        for entry_id, line, tip in _but_the_newest(store, key, before_ms):
            told = {"stream": key, "id": entry_id, "h": tip, "e": base64.b64encode(line).decode(), "line": _readable(line)}
            file.write(_encode(told) + b"\n")
            last[key] = entry_id, tip
            lines += 1
    return last, lines


def _but_the_newest(store: Store, key: str, before_ms: int) -> Iterator[tuple[str, bytes, str]]:
    with _answers():
        newest = store.client.xrevrange(key, count=1)
    stays = newest[0][0].decode() if newest else ""
    return (one for one in forwards(store, key, before_ms) if one[0] != stays)


def _readable(line: bytes) -> dict[str, Any] | None:
    try:
        entry = _line(line)
    except msgspec.DecodeError:
        return None
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def _take_out(store: Store, key: str, entry_id: str, tip: str) -> None:
    at, serial = entry_id.split("-")
    with _answers():
        pipe = store.client.pipeline(transaction=True)
        pipe.set(keys.audit_anchor(key), tip)
        pipe.xtrim(key, minid=f"{at}-{int(serial) + 1}", approximate=False)
        pipe.execute()


def _sync(folder: Path) -> None:
    """The file's name is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verify_file(path: Path) -> tuple[int, list[str]]:
    """As `store.audit.verify`, of an archived file. Raises OSError, and ValueError for what is no such file."""
    try:
        with gzip.open(path, "rb") as file:
            return _verify(iter(file))
    except (msgspec.MsgspecError, KeyError, TypeError, EOFError) as wrong:
        raise ValueError(f"{path} is no archive of the audit log, or a broken one: {wrong}") from wrong


def _verify(texts: Iterator[bytes]) -> tuple[int, list[str]]:
    faults: list[str] = []
    checked = 0
    tips: dict[str, str] = _decode(next(texts, b""))["begins"]
    for text in texts:
        told = _decode(text)
        if digest(tips[told["stream"]], base64.b64decode(told["e"])) != told["h"]:
            faults.append(f"{told['stream']} {told['id']}")
        tips[told["stream"]] = told["h"]
        checked += 1
    return checked, faults
