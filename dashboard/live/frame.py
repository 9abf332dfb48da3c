"""One binary frame: what changed in one live table for one view. Little endian, columns 8-aligned, read by assets/js/frames.js.

    u32 header_len │ header: JSON, padded with spaces │ column │ column │ … │ gone
    4 + header_len is a multiple of 8; each column is padded with zeros to one too.

A header_len of 0 says that the rest is such a frame deflated (RFC 1951): large ones are, once for all who get them.

header: table, epoch, scope (the cursor that the client hands back is [epoch, to, scope]), from, to, reset, n, gone, cols
[[name, dtype] …] in the order of the bytes, text {name: [string …]}, text_for [row …] (the texts belong to these rows;
a row left out keeps the texts that the client has), now_ms. Each column has n values; after them come `gone` slots (u4).
"""

import zlib
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

DTYPES: Final = {"u1": "<u1", "u2": "<u2", "u4": "<u4", "i4": "<i4", "f4": "<f4", "f8": "<f8"}


DEFLATE_FROM: Final = 1 << 17
"""Smaller frames are sent as they are: a network carries them sooner than they are deflated."""

LARGEST_INFLATED: Final = 1 << 28
_LEVEL: Final = 1


class Frame(msgspec.Struct, frozen=True):
    """`columns` are arrays of one length n, the first is "slot"; `gone` are slots; `text_for` indexes rows 0…n-1."""

    table: str
    epoch: str
    scope: str
    since: int
    to: int
    reset: bool
    columns: dict[str, NDArray[Any]]
    gone: NDArray[np.uint32]
    text_for: NDArray[np.int64]
    texts: dict[str, list[str]]

    @property
    def empty(self) -> bool:
        return not (self.reset or len(self.columns["slot"]) or len(self.gone))


def encode(frame: Frame, now_ms: int) -> bytes:
    """The bytes of a frame. The columns' dtypes must be among DTYPES."""
    header = {
        "table": frame.table,
        "epoch": frame.epoch,
        "scope": frame.scope,
        "from": frame.since,
        "to": frame.to,
        "reset": frame.reset,
        "n": len(frame.columns["slot"]),
        "gone": len(frame.gone),
        "cols": [[name, _code(values)] for name, values in frame.columns.items()],
        "text": frame.texts,
        "text_for": frame.text_for.tolist(),
        "now_ms": now_ms,
    }
    head = msgspec.json.encode(header)
    head += b" " * (-(4 + len(head)) % 8)
    parts = [len(head).to_bytes(4, "little"), head]
    for values in (*frame.columns.values(), frame.gone):
        raw = values.tobytes()
        parts += (raw, bytes(-len(raw) % 8))
    whole = b"".join(parts)
    return whole if len(whole) < DEFLATE_FROM else _deflated(whole)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return bytes(4) + packer.compress(data) + packer.flush()


def inflated(data: bytes) -> bytes:
    """The frame as it was before it was deflated, if it was. Raises ValueError when it is cut off."""
    if data[:4] != bytes(4):
        return data
    unpacker = zlib.decompressobj(-15)
    try:
        whole = unpacker.decompress(data[4:], LARGEST_INFLATED)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("deflated frame cut off, too large, or with bytes after it")
    return whole


def decode(data: bytes) -> Frame:
    """The frame in `data`. Raises ValueError when the bytes are not exactly one frame."""
    data = inflated(data)
    if len(data) < 4:
        raise ValueError("shorter than a header")
    start = 4 + int.from_bytes(data[:4], "little")
    if start % 8 or start > len(data):
        raise ValueError("header misaligned or cut off")
    head = msgspec.json.decode(data[4:start])
    columns: dict[str, NDArray[Any]] = {}
    for name, code in head["cols"]:
        columns[name], start = _column(data, start, code, head["n"])
    gone, start = _column(data, start, "u4", head["gone"])
    if start != len(data):
        raise ValueError(f"{len(data) - start} bytes after the frame")
    return Frame(
        table=head["table"],
        epoch=head["epoch"],
        scope=head["scope"],
        since=head["from"],
        to=head["to"],
        reset=head["reset"],
        columns=columns,
        gone=gone,
        text_for=np.array(head["text_for"], np.int64),
        texts=head["text"],
    )


def _code(values: NDArray[Any]) -> str:
    code = values.dtype.str[1:]
    if code not in DTYPES:
        raise ValueError(f"no frame carries {values.dtype}")
    return code


def _column(data: bytes, start: int, code: str, count: int) -> tuple[NDArray[Any], int]:
    dtype = np.dtype(DTYPES[code])
    size = dtype.itemsize * count
    if start + size > len(data):
        raise ValueError("column cut off")
    return np.frombuffer(data, dtype, count, start), start + size + -size % 8
