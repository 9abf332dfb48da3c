"""What of the files was not taken, and why: counted, the first ones kept to be shown, all of them written down if asked."""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from ingest.tabular import Reject

KEPT: Final = 10
HEAD: Final = ("file", "line", "value", "reason")


class Refusals:
    """Use as `with`, so that the file of refusals is whole at the end. `hide`: values as they may be shown and written.

    `file`: a CSV that spreadsheets open as UTF-8. Raises OSError when it cannot be written.
    """

    def __init__(self, file: Path | None = None, hide: Callable[[str], str] = str) -> None:
        self.reasons: Counter[str] = Counter()
        self.first: list[Reject] = []
        self._hide = hide
        self._file: IO[str] | None = file.open("w", encoding="utf-8-sig", newline="") if file is not None else None
        self._writer: Any = csv.writer(self._file) if self._file is not None else None
        if self._writer is not None:
            self._writer.writerow(HEAD)

    def __enter__(self) -> "Refusals":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return self.reasons.total()

    def add(self, reject: Reject) -> None:
        value, reason = self._hide(reject.value), self._hide(reject.reason)
        self.reasons[reason.partition(":")[0]] += 1
        if len(self.first) < KEPT:
            self.first.append(Reject(reject.path, reject.line, reason, value))
        if self._writer is not None:
            self._writer.writerow((reject.path, reject.line, _as_text(value), reason))

    def lines(self) -> list[str]:
        """The first ones as people read them: file:line, reason, value."""
        return [f"{one.path}:{one.line}  {one.reason}{f': {one.value!r}' if one.value else ''}" for one in self.first]


def _as_text(value: str) -> str:
    """A foreign value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not value[1:2].isdigit() else value
