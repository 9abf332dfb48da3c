"""GPX 1.0 and 1.1, and what calls itself so: any namespace or none, any encoding, declared or not, decimal commas.

Only track points are fixes; way points and routes are plans and are passed over. The document is parsed by expat as it goes.
Where it is no XML (a bare ampersand or a forbidden character in a name, a tag that never closes) it is read once more by its
tags alone (`ingest.files.tags`), for the fault seldom touches a point; that is told, and a document that ends before `</gpx>`
is refused from there on. Documents with a DOCTYPE are refused: GPX needs none, and entities are how a small file becomes a
large one.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat
from zoneinfo import ZoneInfo

from ingest.files.fix import Fix, Item, Note, Reading, Reject, Understood, Unreadable, coordinate, moment, number, refusal
from ingest.files.tags import Tag, tags
from ingest.tabular import TableError
from ingest.tabular.content import beginning, chunks, encoding_of, texts
from ingest.tabular.encoding import MARKS, Encoding, known_encoding

UTC: Final = ZoneInfo("UTC")
DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([A-Za-z0-9._-]{1,40})["']""")
KEPT: Final = ("ele", "time", "speed", "course", "heading", "accuracy")


def read(path: Path, reading: Reading) -> Iterator[Item]:
    """Fixes in file order; the worker is the file's name without suffix. Times without zone are UTC, as GPX says."""
    try:
        encoding, wrong_mark = find_encoding(path)
        yield Understood(how=f"GPX, {encoding.name.removesuffix('-sig')}, the worker is the file's name")
        if wrong_mark:
            yield Note(f"declared as {wrong_mark}, which it is not: read as {encoding.name}")
        yield from _points(path, encoding, reading.worker or path.name.split(".gz")[0].rpartition(".")[0] or path.stem)
    except TableError as wrong:
        yield Reject(path, 0, str(wrong).removeprefix(f"{path}: "))


def find_encoding(path: Path) -> tuple[Encoding, str]:
    """(the document's encoding, the declared one if that was wrong). Raises TableError for what is no text."""
    first = beginning(path, 1024)
    declared = None if any(first.startswith(mark) for mark, _ in MARKS) else DECLARED.match(first)
    if declared is None:
        return encoding_of(path), ""
    told = declared[1].decode()
    try:
        encoding = Encoding(known_encoding(told))
        if is_in(path, encoding):
            return encoding, ""
    except ValueError:  # no such encoding
        pass
    return encoding_of(path), told


def is_in(path: Path, encoding: Encoding) -> bool:
    """Whether all bytes of the file are of the encoding."""
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    try:
        for piece in chunks(path):
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def _points(path: Path, encoding: Encoding, worker: str) -> Iterator[Item]:
    for given, item in enumerate(_strict(path, encoding, _Points(path, worker))):
        if isinstance(item, expat.ExpatError):
            yield from _lenient(path, encoding, _Points(path, worker), given, item)
        else:
            yield item


def _strict(path: Path, encoding: Encoding, points: "_Points") -> Iterator[Fix | Reject | expat.ExpatError]:
    """The points; the error, last, where the document is no XML."""
    parser = expat.ParserCreate("utf-8")  # overrides the declaration: the text has been decoded already
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: points.start(name, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = points.end
    parser.CharacterDataHandler = points.characters
    parser.StartDoctypeDeclHandler = points.doctype
    try:
        begun = False
        for text in texts(path, encoding):
            text = text if begun else text.lstrip()
            begun = begun or bool(text)
            parser.Parse(text.encode(errors="replace"), False)
            yield from points.take()
        parser.Parse(b"", True)
        yield from points.take()
    except expat.ExpatError as wrong:
        yield from points.take()
        yield wrong
    except _Refused as wrong:
        yield from points.take()
        yield Reject(path, parser.CurrentLineNumber, str(wrong))


def _lenient(path: Path, encoding: Encoding, points: "_Points", given: int, wrong: expat.ExpatError) -> Iterator[Item]:
    """The points that the strict reading has not `given`, by the tags alone."""
    is_gpx = ended = False
    passed = 0
    for tag in tags(texts(path, encoding)):
        name = tag.name.rpartition(":")[2]
        is_gpx |= name == "gpx"
        ended |= name == "gpx" and tag.closes
        _tell(points, tag)
        for item in points.take():
            passed += 1
            if passed > given:
                yield item
    why = f"XML: {expat.errors.messages.get(wrong.code, 'broken')}"
    if ended:
        yield Note(f"line {wrong.lineno}: {why}; read by its tags")
    else:
        yield Reject(path, wrong.lineno, f"{why}{': the file is cut off' if is_gpx else ': this is no GPX'}")


def _tell(points: "_Points", tag: Tag) -> None:
    if tag.name and not tag.closes:
        points.start(tag.name, tag.attributes, tag.line)
    if tag.name and (tag.closes or tag.empty):
        points.end(tag.name)
    points.characters(tag.text)


class _Refused(Exception):
    """The document has something that is not parsed at all."""


class _Points:
    """Collects the points of the document told so far, tag by tag."""

    def __init__(self, path: Path, worker: str) -> None:
        self._path, self._worker = path, worker
        self._found: list[Fix | Reject] = []
        self._segment = -1
        self._point: dict[str, str] | None = None
        self._line = 0
        self._text: list[str] | None = None

    def take(self) -> list[Fix | Reject]:
        found, self._found = self._found, []
        return found

    def doctype(self, *_: object) -> None:
        raise _Refused("XML: a DOCTYPE is not accepted")

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        tag = name.rpartition(":")[2]
        if tag == "trkseg":
            self._segment += 1
        elif tag == "trkpt":
            self._point, self._line = dict(attributes), line
        if self._point is not None:
            self._text = [] if tag in KEPT else None

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, name: str) -> None:
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
                fixed_at_ms=moment(point.get("time", ""), UTC).at_ms,
                lon=coordinate(point.get("lon"), 180, "longitude"),
                lat=coordinate(point.get("lat"), 90, "latitude"),
                altitude_m=number(point.get("ele"), comma=True),
                speed_mps=number(point.get("speed"), comma=True),
                heading_deg=number(point.get("course") or point.get("heading"), comma=True),
                accuracy_m=number(point.get("accuracy"), comma=True),
                segment=max(self._segment, 0),
                line=self._line,
            )
        except Unreadable as wrong:
            return refusal(self._path, self._line, wrong)
