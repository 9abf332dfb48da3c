"""XLSX: the rows of one sheet, streamed. Workbooks are packed XML: what unpacks beyond reason is refused before it is read."""

import datetime as dt
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ingest.tabular.base import (
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
)

MOST_RATIO: Final = 200  # unpacked to packed; real sheets have 10 to 50
RATIO_FROM: Final = 16 << 20  # bytes; what is smaller may be as regular as it likes
MOST_STRINGS: Final = 512 << 20  # bytes of the table of texts, which is held in memory
MOST_ROW: Final = 16 << 20  # bytes of one row's XML, which is held in memory
MOST_ROWS: Final = 1_048_576  # that a sheet can have
CHUNK: Final = 1 << 18
BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)
"""What zipfile raises for an archive that is broken, has a password, or is packed in a way it does not know."""


def open_sheet(path: Path, form: Form, fits: Fits) -> Table:
    """The told sheet, else the first one with a row. Raises TableError."""
    import openpyxl  # a tenth of a second, and memory, which roles that read no workbook need not give

    check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which no table needs
            book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True)  # by any name
    except Exception as wrong:  # a library before a file that may hold anything
        raise TableError(f"{path}: the workbook cannot be read ({wrong})") from wrong
    names = [sheet.title for sheet in book.worksheets]
    if form.sheet and form.sheet not in names:
        raise TableError(f"{path}: no sheet {form.sheet}; there are {', '.join(names)}")
    for name in [form.sheet] if form.sheet else names:
        found = [one for one, _ in zip(_cells(path, book[name]), range(MOST_TITLES * 4), strict=False) if not is_blank(one[1])]
        if rows := found[:MOST_TITLES]:
            table = _table(path, rows, form, fits)
            table.rows = _rows(table, book[name])
            if len(names) > 1:
                table.notes.append(f"sheet {name} of {', '.join(names)} (--sheet names another)")
            return table
    raise TableError(f"{path}: the sheet is empty")


def check_archive(path: Path) -> None:
    """Raises TableError for a file that is no workbook, or unpacks beyond reason."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if not any(member.filename.startswith("xl/") for member in members):
                raise TableError(f"{path}: an archive, and no workbook: unpack it")
            for member in members:
                packed = max(member.compress_size, 1)
                if member.file_size > RATIO_FROM and member.file_size > MOST_RATIO * packed:
                    size = f"{member.file_size >> 20} MB, more than {MOST_RATIO} times what it is packed"
                    raise TableError(f"{path}: {member.filename} unpacks to {size}")
                if "sharedStrings" in member.filename and member.file_size > MOST_STRINGS:
                    raise TableError(f"{path}: more than {MOST_STRINGS >> 20} MB of texts: save it as CSV")
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    _check_rows(path, archive, member)
    except TableError:
        raise
    except BROKEN as wrong:
        raise TableError(f"{path}: the workbook cannot be opened ({wrong})") from wrong


def _check_rows(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """No row may be larger than memory is for: openpyxl holds one at a time."""
    since_row = 0
    with archive.open(member) as file:
        tail = b""
        while piece := file.read(CHUNK):
            text = tail + piece
            if b"<!DOCTYPE" in text:
                raise TableError(f"{path}: {member.filename} has a DOCTYPE, which no workbook has")
            last = text.rfind(b"</row>")
            if last < 0:
                last = text.rfind(b"<row")
            since_row = len(text) - last if last >= 0 else since_row + len(piece)
            if since_row > MOST_ROW:
                raise TableError(f"{path}: a row of more than {MOST_ROW >> 20} MB in {member.filename}")
            tail = text[-9:]


def _table(path: Path, rows: list[tuple[int, list[str]]], form: Form, fits: Fits) -> Table:
    at = choose_head(rows, form, fits)
    head = head_names(rows[at][1]) if at >= 0 else numbered(max(len(cells) for _, cells in rows))
    return Table(path, "XLSX", head, iter(()), head_line=rows[at][0] if at >= 0 else 0, passed_over=max(at, 0))


def _rows(table: Table, sheet: Any) -> Iterator[Row | Fault]:
    names = [(index, name) for index, name in enumerate(table.head) if name]
    width = len(table.head)
    try:
        for line, cells in _cells(table.path, sheet):
            if line <= table.head_line or is_blank(cells):
                continue
            if len(cells) > width and not is_blank(cells[width:]):
                yield Fault(line, f"a cell beyond the {width} columns of the head", next(c for c in cells[width:] if c))
                continue
            have = len(cells)
            yield Row(line, {name: cells[index] if index < have else "" for index, name in names})
    except TableError as wrong:
        yield Fault(0, str(wrong))


def _cells(path: Path, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """(line, cells as text) of each row, by a fresh reading. Raises TableError where the sheet breaks off."""
    sheet.reset_dimensions()  # what some programs write there is wrong
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
                if line > MOST_ROWS:
                    raise TableError(f"{path}: more than {MOST_ROWS:,} rows")
                yield line, [cell_text(cell) for cell in row]
    except TableError:
        raise
    except Exception as wrong:  # as above
        raise TableError(f"{path}: the sheet breaks off ({wrong})") from wrong


def cell_text(cell: object) -> str:
    """A cell as text: dates in ISO 8601 without a zone, whole numbers without a point, errors (#N/A) as nothing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return _rounded(cell).isoformat(" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    text = str(cell).strip()
    return "" if text in ERRORS else text


def _rounded(moment: dt.datetime) -> dt.datetime:
    """To milliseconds: a spreadsheet's day number has no more, and falls a hair short of the full second."""
    moment += dt.timedelta(microseconds=500 if moment.year < dt.MAXYEAR else 0)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


ERRORS: Final = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"))
