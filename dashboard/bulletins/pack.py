"""Makes the files of a version in a process of its own, so that the screens of the web process do not wait for them.

`python -m dashboard.bulletins.pack FOLDER` reads content.json, rows.parquet and stints.parquet, and where there is a version
before, before.json and before.parquet; it writes content.json again, with what changed, and the files of
`dashboard.bulletins.progress`, where it tells how far it is. A fault ends it with its text on the error output.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from config.words import LANGS
from dashboard.bulletins.compare import compared
from dashboard.bulletins.paper import FontsMissing
from dashboard.bulletins.pdf import paper
from dashboard.bulletins.progress import tell
from dashboard.bulletins.rows import unpacked
from dashboard.bulletins.xlsx import workbook

PR_SET_PDEATHSIG: Final = 1


def make(folder: Path) -> None:
    """All files of a version. Raises FontsMissing, OSError."""
    content = _json(folder / "content.json")
    rows, stints = (unpacked((folder / f"{name}.parquet").read_bytes()) for name in ("rows", "stints"))
    tell(folder, 5, "comparing")
    before = folder / "before.json"
    if before.exists():
        content["changes"] = compared(_json(before), unpacked((folder / "before.parquet").read_bytes()), content, rows)
    (folder / "content.json").write_bytes(msgspec.json.encode(content))
    for at, lang in enumerate(LANGS):
        first = 10 + 45 * at
        tell(folder, first, f"xlsx_{lang}")
        (folder / f"xlsx.{lang}").write_bytes(workbook(content, rows, stints, lang, _part_of(folder, first, f"xlsx_{lang}")))
        tell(folder, first + 35, f"pdf_{lang}")
        (folder / f"pdf.{lang}").write_bytes(paper(content, rows, lang))
    tell(folder, 98, "storing")


def _json(file: Path) -> Any:
    return msgspec.json.decode(file.read_bytes())


def _part_of(folder: Path, first: int, step: str) -> Callable[[int], None]:
    """Of the workbook's own 0 to 100 per cent, the percentage of the whole."""
    return lambda percent: tell(folder, first + percent * 30 // 100, step)


def main(folder: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # an orphan would work for nobody
    os.nice(10)
    try:
        make(Path(folder))
    except FontsMissing as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main(sys.argv[1])
