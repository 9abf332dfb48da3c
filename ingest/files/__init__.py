"""Readers of track files, one per format.

`read(path, reading)` tells how it understood the file, then its fixes and rejects in file order, and never raises for what
stands in the file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ingest.files import gpx, nmea, plt, table
from ingest.files.fix import SIDE_VALUES, Fix, Item, Note, Reading, Reject, Understood
from ingest.tabular import TableError
from ingest.tabular.content import kind_of

Reader = Callable[[Path, Reading], Iterator[Item]]

READERS: Final[dict[str, Reader]] = {
    "plt": plt.read,
    "gpx": gpx.read,
    "nmea": nmea.read,
    "csv": table.read,
    "json": table.read,
    "xlsx": table.read,
}
"""By kind (`ingest.tabular.content.kind_of`)."""
ENDINGS: Final = {
    ".plt": "plt", ".gpx": "gpx", ".nmea": "nmea", ".nma": "nmea", ".csv": "csv", ".tsv": "csv",
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".ndjson": "json", ".jsonl": "json", ".json": "json",
}  # fmt: skip
"""The kind of a file whose content does not tell it; each may be followed by .gz."""
IN_FOLDERS: Final = (".plt", ".gpx", ".nmea", ".nma", ".csv", ".tsv", ".xlsx")
"""Kinds that a folder is searched for; any other file is read when named."""


class Files(list[Path]):
    """The files to read; `passed_over` are those of the folders that were not asked for."""

    def __init__(self, found: list[Path], passed_over: list[Path]) -> None:
        super().__init__(found)
        self.passed_over = passed_over


def reader_of(path: Path) -> Reader | None:
    """The reader of a file by its content, else by its ending; None if there is none. Raises TableError as `kind_of`."""
    kind = kind_of(path)
    if not kind:
        name = path.name.lower().removesuffix(".gz")
        kind = next((of for ending, of in ENDINGS.items() if name.endswith(ending)), "")
    return READERS.get(kind)


def find_files(paths: list[Path]) -> Files:
    """The files themselves, and all track files below the folders, sorted by name.

    Raises FileNotFoundError for a path that is not there and TableError for a named file that nobody can read.
    """
    found: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(one for one in path.rglob("*") if one.is_file())
            found += [one for one in below if one.suffix.lower() in IN_FOLDERS]
            passed_over += [one for one in below if one.suffix.lower() not in IN_FOLDERS]
        elif not path.exists():
            raise FileNotFoundError(path)
        elif reader_of(path) is None:
            raise TableError(f"{path}: no reader for this kind of file; known are PLT, GPX, NMEA, CSV, XLSX, JSON and NDJSON")
        else:
            found.append(path)
    return Files(found, passed_over)


def read(path: Path, reading: Reading) -> Iterator[Item]:
    """What a file tells, by its kind."""
    try:
        reader = reader_of(path)
        if reader is None:
            yield Reject(path, 0, "no reader for this kind of file")
            return
        yield from reader(path, reading)
    except OSError as wrong:
        yield Reject(path, 0, f"not readable: {wrong.strerror}")
    except TableError as wrong:
        yield Reject(path, 0, str(wrong).removeprefix(f"{path}: "))


__all__ = [
    "ENDINGS",
    "READERS",
    "SIDE_VALUES",
    "Files",
    "Fix",
    "Item",
    "Note",
    "Reader",
    "Reading",
    "Reject",
    "Understood",
    "find_files",
    "read",
    "reader_of",
]
