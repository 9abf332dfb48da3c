"""Which encoding a file is in, by its mark, its content, or because somebody says so.

Chinese spreadsheets save GBK without a mark, others UTF-16, phones UTF-8 with or without one. The whole file is looked at,
in pieces: a table may be plain ASCII for a thousand rows before the first name comes.
"""

import codecs
import itertools
import re
from collections.abc import Iterable
from typing import Final

import msgspec

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
HIGH: Final = bytes(range(128, 256))
CONTROLS: Final = bytes({*range(32)} - {*b"\t\n\r\f\v\x1a\x1b"})
ALONE: Final = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
SAMPLE: Final = 1 << 16
MOST_CONTROLS: Final = 0.02  # of the bytes of a text


class NotText(ValueError):
    """The bytes are no text in any encoding that is known."""


class Encoding(msgspec.Struct, frozen=True):
    """`name` as Python calls it. `broken`: some bytes of the file are not of this encoding; they become U+FFFD."""

    name: str
    broken: bool = False


def known_encoding(name: str) -> str:
    """The encoding that somebody names. Raises ValueError with examples."""
    try:
        found = codecs.lookup(name).name
        "".encode(found)  # some codecs are none of text
    except (LookupError, ValueError) as wrong:
        raise ValueError(f"encoding {name}: not known; utf-8, gb18030, utf-16 or big5, for example") from wrong
    return {"utf-8": "utf-8-sig", "gbk": "gb18030", "gb2312": "gb18030"}.get(found, found)


def find_encoding(chunks: Iterable[bytes]) -> Encoding:
    """The encoding of a file told in pieces. Raises NotText."""
    pieces = iter(chunks)
    first = next(pieces, b"")
    if marked := next((name for mark, name in MARKS if first.startswith(mark)), None):
        return Encoding(marked, not _Trial(marked).all_valid(first, pieces))
    if wide := _wide(first[:SAMPLE]):
        return Encoding(wide, not _Trial(wide).all_valid(first, pieces))
    if _controls(first[:SAMPLE]) > MOST_CONTROLS:
        raise NotText("this is no text")
    return _narrow(first, pieces)


def _narrow(first: bytes, pieces: Iterable[bytes]) -> Encoding:
    """UTF-8, GB18030 or Windows-1252, which have no mark."""
    utf8, chinese = _Trial("utf-8"), _Trial("gb18030")
    alone = high = 0
    for piece in itertools.chain((first,), pieces):
        if piece.isascii() and utf8.is_between and chinese.is_between:
            continue
        utf8.take(piece)
        chinese.take(piece)
        if high < SAMPLE:
            alone += len(ALONE.findall(piece))
            high += len(piece) - len(piece.translate(None, HIGH))
    if utf8.is_valid():
        return Encoding("utf-8")
    if alone * 2 > high:  # letters with accents stand alone between plain ones; Chinese bytes come in pairs
        return Encoding("cp1252")
    if chinese.is_valid():
        return Encoding("gb18030")
    return Encoding("utf-8" if utf8.good > chinese.good else "gb18030", True)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: digits, commas and line ends have a zero as their one byte."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half < 2:
        return ""
    if odd > half * 0.1 and even < half * 0.02:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.1 and odd < half * 0.02 else ""


def _controls(sample: bytes) -> float:
    return (len(sample) - len(sample.translate(None, CONTROLS))) / max(len(sample), 1)


class _Trial:
    """Whether all pieces of a file are of one encoding; `good` counts the bytes before the first fault."""

    def __init__(self, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(name)("strict")
        self._failed = False
        self.good = 0

    @property
    def is_between(self) -> bool:
        """No character has begun that goes on in the next piece."""
        return self._failed or not self._decoder.getstate()[0]

    def take(self, piece: bytes, last: bool = False) -> None:
        if self._failed:
            return
        try:
            self._decoder.decode(piece, last)
            self.good += len(piece)
        except UnicodeDecodeError as wrong:
            self._failed = True
            self.good += wrong.start

    def is_valid(self) -> bool:
        self.take(b"", last=True)
        return not self._failed

    def all_valid(self, first: bytes, pieces: Iterable[bytes]) -> bool:
        for piece in itertools.chain((first,), pieces):
            self.take(piece)
        return self.is_valid()
