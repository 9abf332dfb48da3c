"""What every reader of tables shares: its options, its rows, and what of a file could not be taken."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

MOST_LINE: Final = 1 << 20  # characters; no table of people has a longer line, and a longer one fills the memory
MOST_TITLES: Final = 30  # rows looked at for the head: exports have titles, dates and notes above it
DELIMITER_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SHOWN: Final = 120  # characters of a foreign value in a message


class TableError(ValueError):
    """A file as a whole cannot be read as a table; the message names the file, what is wrong and what to do."""


class Reject(msgspec.Struct, frozen=True):
    """Something of a file that was not taken. `line` counts from 1; 0 is the file as a whole. `value` is what stood there."""

    path: Path
    line: int
    reason: str
    value: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a table; what is left empty is found out.

    `head_line`: the line with the names of the columns; 0: there is none, the columns are called 1, 2, 3 …
    """

    encoding: str = ""
    delimiter: str = ""
    head_line: int | None = None
    sheet: str = ""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row: its line in the file (of JSON: its place in the list), and its cells by the names of the head, as text."""

    line: int
    cells: dict[str, str]


class Fault(msgspec.Struct, frozen=True, gc=False):
    """A row that could not be read."""

    line: int
    reason: str
    value: str = ""


class Table(msgspec.Struct):
    """An open table. `notes` may grow while `rows` is read: what was found out beside, in words.

    `kind` CSV, XLSX or JSON; `encoding` and `delimiter` are empty where there is none; `passed_over` rows stood above the head.
    """

    path: Path
    kind: str
    head: tuple[str, ...]
    rows: Iterator[Row | Fault]
    encoding: str = ""
    delimiter: str = ""
    head_line: int = 1
    passed_over: int = 0
    notes: list[str] = []

    @property
    def how(self) -> str:
        """How it was read, in words: `CSV, gb18030, semicolon, head in line 3`."""
        words = [self.kind, self.encoding.removesuffix("-sig"), DELIMITER_NAMES.get(self.delimiter, self.delimiter)]
        if self.kind != "JSON":
            words.append(f"head in line {self.head_line}" if self.head_line else "no head")
        return ", ".join(word for word in words if word)


Cells = Sequence[str]
Fits = Callable[[Cells], int]
"""How many cells of a row are names of columns that the reader of the table looks for."""


def fullest(cells: Cells) -> int:
    """A `Fits` for tables of which nothing is known: names are words, not numbers."""
    return sum(bool(cell) and not cell.replace(".", "").replace("-", "").isdigit() for cell in cells)


def shown(text: str) -> str:
    """A foreign value as it may stand in a message: short, on one line, printable."""
    return "".join(c if c.isprintable() else "·" for c in text[:SHOWN])


def head_names(cells: Cells) -> tuple[str, ...]:
    """The names of columns: without line breaks and outer blanks; a name met twice gets its number: `time (2)`."""
    names: list[str] = []
    for cell in cells:
        name = "".join(cell.replace("\ufeff", "").splitlines()).strip()
        times = sum(other == name or other.startswith(f"{name} (") for other in names) if name else 0
        names.append(f"{name} ({times + 1})" if times else name)
    return tuple(names)


def choose_head(rows: Sequence[tuple[int, Cells]], form: Form, fits: Fits) -> int:
    """Index in `rows` (line, cells) of the head: the told line, else the first of those with most known names.

    -1 if the table has none. Where no row has a known name it is the first with more than one cell.
    """
    if form.head_line == 0:
        return -1
    if form.head_line is not None:
        return next((i for i, (line, _) in enumerate(rows) if line >= form.head_line), len(rows) - 1)
    scores = [fits(head_names(cells)) for _, cells in rows]
    if max(scores, default=0) > 0:
        return scores.index(max(scores))
    return next((i for i, (_, cells) in enumerate(rows) if sum(map(bool, cells)) > 1), 0)


def numbered(width: int) -> tuple[str, ...]:
    """The names of columns of a table without a head."""
    return tuple(str(number) for number in range(1, width + 1))


def is_blank(cells: Cells) -> bool:
    return not any(cell and not cell.isspace() for cell in cells)
