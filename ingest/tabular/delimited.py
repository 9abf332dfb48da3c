"""CSV and its kin: any delimiter, quotation marks with line breaks inside, stray ones, titles above the head.

A file is read twice: its beginning for delimiter and head, then all of it, line by line. Nothing is dropped: a row whose
cells do not fit the head, or whose quotation mark never closes, is told with its line, and the next line is read by itself.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from ingest.tabular.base import (
    MOST_LINE,
    MOST_TITLES,
    Fault,
    Fits,
    Form,
    Row,
    Table,
    TableError,
    choose_head,
    head_names,
    is_blank,
    numbered,
    shown,
)
from ingest.tabular.content import Line, Lines, encoding_of, lines_of
from ingest.tabular.encoding import Encoding

DELIMITERS: Final = ",;\t|"
UNQUOTED: Final = "a cell that holds the delimiter needs quotation marks"
SAMPLE_LINES: Final = 60
MOST_LINES: Final = 200  # of one row: cells may hold line breaks, but a stray quotation mark holds the rest of the file


class Record(msgspec.Struct, frozen=True, gc=False):
    """The cells of one row. `line` is its first line, `below` the one after its last."""

    line: int
    below: int
    cells: list[str]


def open_delimited(path: Path, form: Form, fits: Fits) -> Table:
    """Raises TableError for a file that is empty or no text."""
    encoding = encoding_of(path, form.encoding)
    sample = [line for line, _ in zip(lines_of(path, encoding), range(SAMPLE_LINES), strict=False)]
    told, top = _told_by_excel(sample)
    delimiter = form.delimiter or told or find_delimiter(sample[top:])
    found = [one for one in records(Lines.of(sample[top:]), delimiter) if isinstance(one, Record) and not is_blank(one.cells)]
    rows = found[:MOST_TITLES]
    if not rows:
        raise TableError(f"{path}: the file is empty" if not sample else f"{path}: the file holds no row")
    at = choose_head([(row.line, row.cells) for row in rows], form, fits)
    table = Table(
        path,
        "CSV",
        head_names(rows[at].cells) if at >= 0 else numbered(max(len(row.cells) for row in rows)),
        iter(()),
        encoding=encoding.name,
        delimiter=delimiter,
        head_line=rows[at].line if at >= 0 else 0,
        passed_over=max(at, 0),
    )
    if encoding.broken:
        table.notes.append(f"some characters are not of {encoding.name}: --encoding names another")
    table.rows = _rows(table, encoding, rows[at].below if at >= 0 else rows[0].line)
    return table


def _told_by_excel(sample: list[Line]) -> tuple[str, int]:
    """(delimiter, lines to pass over) of the line `sep=;` that Excel writes and reads."""
    first = sample[0].text.rstrip("\r\n") if sample else ""
    return (first[4:], 1) if first.lower().startswith("sep=") and len(first) == 5 else ("", 0)


def find_delimiter(lines: list[Line]) -> str:
    """The delimiter by which most lines have the same number of cells, and the more of them the better."""
    best, most = ",", 0
    for delimiter in DELIMITERS:
        widths = Counter(len(one.cells) for one in records(Lines.of(lines), delimiter) if isinstance(one, Record))
        score = max((times * (width - 1) for width, times in widths.items()), default=0)
        if score > most:
            best, most = delimiter, score
    return best


def _rows(table: Table, encoding: Encoding, first: int) -> Iterator[Row | Fault]:
    lines = lines_of(table.path, encoding)
    while (line := lines.next()) is not None:
        if line.number >= first:
            lines.put_back([line])
            break
    head, width = table.head, len(table.head)
    names = [(index, name) for index, name in enumerate(head) if name]
    for one in records(lines, table.delimiter, width):
        if isinstance(one, Fault):
            yield one
            continue
        cells = one.cells
        if is_blank(cells):
            continue
        if len(cells) > width and not is_blank(cells[width:]):
            yield Fault(one.line, f"{len(cells)} cells, the head has {width}: {UNQUOTED}", shown(cells[width]))
            continue
        have = len(cells)
        yield Row(one.line, {name: cells[index] if index < have else "" for index, name in names})


def records(lines: Lines, delimiter: str, width: int = 0) -> Iterator[Record | Fault]:
    """The rows of delimited text, blank ones too.

    A quotation mark that never closes, or only after line breaks and with cells that do not fit `width`, is a stray one: its
    line is taken by itself, as it stands, if it has `width` cells so; else it is a Fault.
    """
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter)
    while True:
        feed.begin()
        stray = ""
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            stray = f"CSV: {wrong}"
        except _TooLong:
            *before, long = feed.taken
            yield Fault(long.number, f"a line of more than {MOST_LINE:,} characters", shown(long.text))
            lines.put_back(before)
            reader = csv.reader(feed, delimiter=delimiter)
            continue
        first, several = feed.taken[0], len(feed.taken) > 1
        if feed.ran_out or (several and width and len(cells) != width):
            stray = "a quotation mark is not closed"
        if stray:
            lines.put_back(feed.taken[1:])
            reader = csv.reader(feed, delimiter=delimiter)
            cells = first.text.rstrip("\r\n").split(delimiter)
            if len(cells) != width:
                yield Fault(first.number, stray, shown(first.text.strip()))
                continue
            yield Record(first.number, first.number + 1, cells)
        else:
            yield Record(first.number, feed.taken[-1].number + 1, cells)


class _TooLong(Exception):
    pass


class _Feed:
    """Hands lines to the csv module and keeps those of the row that is being read."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.taken: list[Line] = []
        self.ran_out = False

    def begin(self) -> None:
        self.taken = []
        self.ran_out = False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error(f"a cell of more than {MOST_LINES} lines")
        line = self._lines.next()
        if line is None:
            self.ran_out = bool(self.taken)
            raise StopIteration
        self.taken.append(line)
        if line.too_long:
            raise _TooLong
        return line.text


