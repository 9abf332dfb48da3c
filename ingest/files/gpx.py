"""GPX 1.0 and 1.1, and what calls itself so: any namespace or none, byte order marks, declared encodings.

Only track points are fixes; way points and routes are plans and are passed over. The document is parsed by expat as it
goes, so a file cut off in the middle gives what stands before the cut. Documents with a DOCTYPE are refused: GPX needs
none, and entities are how a small file becomes a large one.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat
from zoneinfo import ZoneInfo

from ingest.files.fix import Fix, Reading, Reject, Unreadable, coordinate, instant_ms, number

UTC: Final = ZoneInfo("UTC")
DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
KEPT: Final = ("ele", "time", "speed", "course", "heading", "accuracy")
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK: Final = 1 << 16


class _Refused(Exception):
    """The document has something that is not parsed at all."""


def read(path: Path, reading: Reading) -> Iterator[Fix | Reject]:
    """Fixes in file order; the worker is the file's name without suffix. Times without zone are UTC, as GPX says."""
    try:
        text = decode(path.read_bytes())
    except (UnicodeDecodeError, LookupError) as wrong:
        yield Reject(path, 0, f"encoding: {wrong}"[:120])
        return
    points = _Points(path, reading.worker or path.stem)
    data = text.encode()
    for start in range(0, max(len(data), 1), CHUNK):
        fault = points.feed(data[start : start + CHUNK], start + CHUNK >= len(data))
        yield from points.take()
        if fault is not None:
            yield fault
            return


def decode(raw: bytes) -> str:
    """The document as text, without byte order mark and leading blanks. Raises UnicodeDecodeError, LookupError."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding).lstrip("\ufeff \t\r\n")
    declared = DECLARED.match(raw)
    return raw.decode(declared[1].decode() if declared else "utf-8").lstrip()


class _Points:
    """Expat's handlers: collects the points of the document fed so far."""

    def __init__(self, path: Path, worker: str) -> None:
        self._path, self._worker = path, worker
        self._found: list[Fix | Reject] = []
        self._segment = -1
        self._point: dict[str, str] | None = None
        self._line = 0
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate("utf-8")  # overrides the declaration: the text has been decoded already
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, data: bytes, last: bool) -> Reject | None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as wrong:
            return Reject(self._path, wrong.lineno, f"XML: {expat.errors.messages.get(wrong.code, 'broken')}")
        except _Refused as wrong:
            return Reject(self._path, self._parser.CurrentLineNumber, str(wrong))
        return None

    def take(self) -> list[Fix | Reject]:
        found, self._found = self._found, []
        return found

    def _doctype(self, *_: object) -> None:
        raise _Refused("XML: a DOCTYPE is not accepted")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "trkseg":
            self._segment += 1
        elif tag == "trkpt":
            self._point, self._line = dict(attributes), self._parser.CurrentLineNumber
        if self._point is not None:
            self._text = [] if tag in KEPT else None

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._point is None:
            return
        tag = name.rpartition(":")[2]
        if tag == "trkpt":
            self._found.append(self._fix(self._point))
            self._point = None
        elif self._text is not None and tag in KEPT:
            self._point.setdefault(tag, "".join(self._text).strip())
        self._text = None

    def _fix(self, point: dict[str, str]) -> Fix | Reject:
        try:
            return Fix(
                worker=self._worker,
                fixed_at_ms=instant_ms(point.get("time", ""), UTC),
                lon=coordinate(point.get("lon", ""), 180, "longitude"),
                lat=coordinate(point.get("lat", ""), 90, "latitude"),
                altitude_m=number(point.get("ele")),
                speed_mps=number(point.get("speed")),
                heading_deg=number(point.get("course") or point.get("heading")),
                accuracy_m=number(point.get("accuracy")),
                segment=max(self._segment, 0),
            )
        except Unreadable as wrong:
            return Reject(self._path, self._line, str(wrong))
