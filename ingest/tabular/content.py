"""Bytes, text and lines of a file of any size, packed by gzip or not; and what kind of file it is by its content."""

import codecs
import gzip
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from ingest.tabular.base import MOST_LINE, TableError
from ingest.tabular.encoding import Encoding, NotText, find_encoding, known_encoding

CHUNK: Final = 1 << 18
GZIP: Final = b"\x1f\x8b"
MOST_UNPACKED: Final = 8 << 30  # bytes: beyond it a packed file is no table of people
NMEA: Final = re.compile(r"\$[A-Z]{2}(?:RMC|GGA|ZDA),")
JSON_AFTER: Final = {"[": ("{", "[", "]", ""), "{": ('"', "}", "")}
"""What comes next in JSON; anything else begins the name of a column."""
NO_TABLES: Final = (
    (b"%PDF", "a PDF: export the table as XLSX or CSV"),
    (b"\xd0\xcf\x11\xe0", "a workbook of the old kind (.xls): save it as .xlsx or CSV"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"SQLite format 3", "a database: export the table as CSV"),
    (b"PAR1", "a Parquet file: export it as CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
"""First bytes of what people send by mistake, and what to do instead."""


def is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked."""
    return cast(BinaryIO, gzip.open(path, "rb") if is_packed(path) else path.open("rb"))


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes in pieces, unpacked. Raises TableError for a packed file that is broken or a bomb."""
    unpacked = 0
    try:
        with open_bytes(path) as file:
            while piece := file.read(CHUNK):
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED:
                    raise TableError(f"{path}: more than {MOST_UNPACKED >> 30} GB when unpacked")
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as wrong:
        raise TableError(f"{path}: the packed file is broken ({wrong})") from wrong


def beginning(path: Path, size: int) -> bytes:
    """The first `size` bytes, unpacked; what can be had of them where the packed file is broken."""
    found = b""
    try:
        with open_bytes(path) as file:
            while len(found) < size and (piece := file.read(size - len(found))):
                found += piece
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass
    return found


def encoding_of(path: Path, told: str = "") -> Encoding:
    """The file's encoding, found out unless `told`. Raises TableError."""
    try:
        return Encoding(known_encoding(told)) if told else find_encoding(chunks(path))
    except NotText:
        raise TableError(f"{path}: this is no text and no table that is known (XLSX, CSV, JSON)") from None
    except ValueError as wrong:
        raise TableError(f"{path}: {wrong}") from wrong


def texts(path: Path, encoding: Encoding) -> Iterator[str]:
    """The file's text in pieces, without byte order mark; what is not of the encoding is U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    begun = False
    for piece in chunks(path):
        text = decoder.decode(piece)
        if text:
            yield text if begun else text.removeprefix("\ufeff")
            begun = True
    if text := decoder.decode(b"", True):
        yield text


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line with its end. `too_long`: only its beginning is here."""

    number: int
    text: str
    too_long: bool = False


class Lines:
    """The lines of a text that comes in pieces; lines can be put back. A line holds at most `MOST_LINE` characters.

    Ends are CR LF, LF, and CR where the file has no LF at all at its beginning.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._rest = next(pieces, "")
        self._end = "\r" if "\n" not in self._rest and "\r" in self._rest[:-1] else "\n"
        self._at = 0
        self._number = 0
        self._back: deque[Line] = deque()

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "Lines":
        """Lines that were read already."""
        made = cls(iter(()))
        made.put_back(list(lines))
        return made

    def __iter__(self) -> Iterator[Line]:
        while (line := self.next()) is not None:
            yield line

    def put_back(self, lines: list[Line]) -> None:
        self._back.extendleft(reversed(lines))

    def next(self) -> Line | None:
        if self._back:
            return self._back.popleft()
        text, too_long = self._take()
        if not text:
            return None
        self._number += 1
        return Line(self._number, text, too_long)

    def _take(self) -> tuple[str, bool]:
        """(the next line, is there more of it); what is too much of it is passed over."""
        parts: list[str] = []
        size = 0
        while True:
            end = self._rest.find(self._end, self._at)
            part = self._rest[self._at : end + 1] if end >= 0 else self._rest[self._at :]
            if size <= MOST_LINE:
                parts.append(part)
            size += len(part)
            if end >= 0:
                self._at = end + 1
                break
            piece = next(self._pieces, "")
            self._rest, self._at = piece, 0
            if not piece:
                break
        text = "".join(parts)
        return (text[:MOST_LINE], True) if size > MOST_LINE else (text, False)


def lines_of(path: Path, encoding: Encoding) -> Lines:
    return Lines(texts(path, encoding))


def kind_of(path: Path) -> str:
    """gpx, nmea, plt, xlsx, json or csv, by the content alone; "" for what is none of them.

    Raises TableError for what is known to be something else, with what to do about it.
    """
    first = beginning(path, 1 << 16)
    for mark, what in NO_TABLES:
        if first.startswith(mark):
            raise TableError(f"{path}: {what}")
    if first.startswith(b"PK\x03\x04"):
        return "xlsx"
    try:
        text = first.decode(find_encoding(iter((first,))).name, "replace").removeprefix("\ufeff").lstrip()
    except NotText:
        return ""
    return _kind_of_text(path, text)


def _kind_of_text(path: Path, text: str) -> str:
    head = text[:4096].lower()
    if "<gpx" in head or ":gpx" in head:
        return "gpx"
    if "<html" in head or "<table" in head:
        raise TableError(f"{path}: a web page that calls itself a table: open it and save it as .xlsx or CSV")
    if "<kml" in head or "<tcx" in head or "trainingcenterdatabase" in head:
        raise TableError(f"{path}: KML and TCX are not read: export it as GPX")
    if NMEA.search(text):
        return "nmea"
    if head.startswith(("geolife trajectory", "oziexplorer track point")):
        return "plt"
    if (second := JSON_AFTER.get(head[:1])) is not None and head[1:].lstrip()[:1] in second:
        return "json"
    lines = len(text.strip().splitlines())
    return "csv" if any(head.count(mark) > (0 if lines > 1 else 1) for mark in ",;\t|") else ""
