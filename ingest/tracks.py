"""The fixes of many files as columns in order of time, and what is to be told of them before they are sent."""

from array import array
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from config.city import City
from domain.bounds import DAY_MS
from ingest.delivery import Delivery, Origin
from ingest.files import SIDE_VALUES, Fix, Note, Reading, Reject, Understood, read
from ingest.whereabouts import Whereabouts

MOST_NOTES: Final = 20
FAR_MS: Final = 90 * DAY_MS
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Tracks(msgspec.Struct):
    """All fixes as columns of equal length, in order of time; NaN is unknown.

    `worker` and `file` are indices of `workers` and `files`, `line` is where a fix stands in its file.
    """

    workers: list[str]
    worker: Ints
    fixed_at_ms: Ints
    columns: dict[str, Floats]
    files: list[Path]
    file: Ints
    line: Ints

    def __len__(self) -> int:
        return len(self.fixed_at_ms)

    def origin(self, row: int) -> Origin:
        """Where a fix came from."""
        return Origin(self.files[self.file[row]], int(self.line[row]), self.workers[self.worker[row]])


class Account(msgspec.Struct):
    """How the files were understood: each way with its files, and what else is to be known, by file."""

    ways: dict[Understood, list[Path]] = {}
    notes: list[tuple[Path, str]] = []

    def lines(self) -> list[str]:
        """As people read it."""
        told = []
        for way, files in self.ways.items():
            more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
            told.append(f"{files[0]}{more}: {way.how}")
            if way.columns:
                told.append("  " + ", ".join(f"{what} ← {column}" for what, column in way.columns))
            if way.by_file:
                told.append("  worker ← the file's name (--worker COLUMN, if a column has it)")
            if way.zone:
                told.append(f"  times without a zone are of {way.zone} (--zone)")
            if way.unused:
                told.append(f"  not used: {', '.join(way.unused)}")
        shown = self.notes[:MOST_NOTES]
        told += [f"{path}: {text}" for path, text in shown]
        return told if len(shown) == len(self.notes) else [*told, f"… and {len(self.notes) - len(shown):,} more notes"]


def load_tracks(
    files: Iterable[Path],
    reading: Reading,
    on_file: Callable[[], None] = lambda: None,
    on_reject: Callable[[Reject], None] = lambda _: None,
    account: Account | None = None,
) -> Tracks:
    """Read the files into columns, sorted by time; fixes of the same instant stay in file order.

    `on_reject` is told of each line that is no fix; `account` gets how the files were understood.
    """
    index: dict[str, int] = {}
    worker, fixed, of_file, line = array("q"), array("q"), array("q"), array("q")
    columns = {name: array("d") for name in ("lon", "lat", *SIDE_VALUES)}
    paths = list(files)
    account = Account() if account is None else account
    for number, path in enumerate(paths):
        for one in read(path, reading):
            match one:
                case Fix():
                    worker.append(index.setdefault(one.worker, len(index)))
                    fixed.append(one.fixed_at_ms)
                    of_file.append(number)
                    line.append(one.line)
                    for name, column in columns.items():
                        value = getattr(one, name)
                        column.append(float("nan") if value is None else value)
                case Reject():
                    on_reject(one)
                case Understood():
                    account.ways.setdefault(one, []).append(path)
                case Note():
                    account.notes.append((path, one.text))
        on_file()
    table = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    for name, (low, high) in SIDE_VALUES.items():
        table[name][~((table[name] >= low) & (table[name] <= high))] = np.nan
    at = np.array(fixed, dtype=np.int64)
    order = np.argsort(at, kind="stable")
    return Tracks(
        workers=list(index),
        worker=np.array(worker, dtype=np.int64)[order],
        fixed_at_ms=at[order],
        columns={name: column[order] for name, column in table.items()},
        files=paths,
        file=np.array(of_file, dtype=np.int64)[order],
        line=np.array(line, dtype=np.int64)[order],
    )


def found(tracks: Tracks, reading: Reading) -> list[str]:
    """How many workers and fixes, and of when: in the zone of the reading."""
    if not len(tracks):
        return ["no fix was found"]
    zone = reading.zone or UTC
    ends = [datetime.fromtimestamp(int(tracks.fixed_at_ms[i]) / 1000, zone).strftime("%Y-%m-%d %H:%M:%S") for i in (0, -1)]
    names = ", ".join(tracks.workers[:5]) + (" …" if len(tracks.workers) > 5 else "")
    return [f"{len(tracks.workers):,} workers ({names}), {len(tracks):,} fixes, {ends[0]} to {ends[1]} ({zone})"]


def _far_in_time(tracks: Tracks) -> list[str]:
    """Of a few fixes that are years from all others, in words: a device's wrong clock, and what the times are moved by."""
    at = tracks.fixed_at_ms
    edge = len(at) // 100
    if not edge:
        return []
    first, last = int(at[edge]), int(at[-1 - edge])
    reach_ms = max(last - first, FAR_MS)
    told = []
    for name, far in (("earlier than", at < first - reach_ms), ("later than", at > last + reach_ms)):
        if n := int(far.sum()):
            days = int(abs(at[-1] - last) if name == "later than" else abs(first - at[0])) // DAY_MS
            what = f"{n:,} fixes are up to {days:,} days {name} all others: a wrong clock?"
            told.append(f"{what} --shift-to-now goes by the newest")
    return told


def doubts(tracks: Tracks, tally: Delivery, city: City | None) -> list[str]:
    """What is probably not as it was meant, and what would change it."""
    told = []
    if tally.unreadable["latitude is out of range"] > len(tracks):
        told.append("most latitudes are out of range: are longitude and latitude exchanged? --lon and --lat name the columns")
    told += _far_in_time(tracks)
    if city is not None:
        places = Whereabouts(city)
        places.add(tracks.columns["lon"], tracks.columns["lat"])
        told += places.warnings()
    return told
