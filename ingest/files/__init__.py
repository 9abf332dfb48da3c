"""Readers of track files, one per format. `read(path, reading)` gives `Fix | Reject` in file order and never raises
for what stands in the file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ingest.files import csv, gpx, nmea, plt
from ingest.files.fix import Fix, Reading, Reject

Reader = Callable[[Path, Reading], Iterator[Fix | Reject]]

READERS: Final[dict[str, Reader]] = {
    ".plt": plt.read,
    ".gpx": gpx.read,
    ".nmea": nmea.read,
    ".nma": nmea.read,
    ".csv": csv.read,
    ".tsv": csv.read,
    ".ndjson": csv.read,
    ".jsonl": csv.read,
    ".json": csv.read,
    ".csv.gz": csv.read,
    ".json.gz": csv.read,
    ".ndjson.gz": csv.read,
}
IN_FOLDERS: Final = (".plt", ".gpx", ".nmea", ".nma", ".csv", ".tsv")
"""Kinds that a folder is searched for; the others are read when named."""


def reader_of(path: Path) -> Reader | None:
    """The reader of a file by its name, None if there is none."""
    name = path.name.lower()
    return next((read for suffix, read in READERS.items() if name.endswith(suffix)), None)


def find_files(paths: list[Path]) -> list[Path]:
    """The files themselves, and all track files below the folders, sorted by name.

    Raises FileNotFoundError for a path that is not there and ValueError for a named file that nobody can read.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix.lower() in IN_FOLDERS and one.is_file())
        elif not path.exists():
            raise FileNotFoundError(path)
        elif reader_of(path) is None:
            raise ValueError(f"{path}: no reader for this kind of file; known are {', '.join(READERS)}")
        else:
            found.append(path)
    return found


def read(path: Path, reading: Reading) -> Iterator[Fix | Reject]:
    """Fixes and rejects of one file by its kind."""
    reader = reader_of(path)
    if reader is None:
        yield Reject(path, 0, "no reader for this kind of file")
        return
    try:
        yield from reader(path, reading)
    except OSError as wrong:
        yield Reject(path, 0, f"not readable: {wrong.strerror}")


__all__ = ["READERS", "Fix", "Reader", "Reading", "Reject", "find_files", "read", "reader_of"]
