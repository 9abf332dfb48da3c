"""Rows that the hall cannot take: which, and why. They are skipped, counted and shown; all others are taken without them."""

import logging
from collections.abc import Iterable
from typing import Final

import msgspec

log = logging.getLogger(__name__)

KEPT: Final = 1000
ERROR_LENGTH: Final = 300


class SkippedRow(msgspec.Struct, frozen=True):
    """A row of a table as the store has it, and why it is not in the hall. `at_ms`: since when."""

    table: str
    name: str
    error: str
    at_ms: int


class Skipped:
    """The rows that are skipped now, at most KEPT of them by name; `total` counts every time. The hall's lock covers it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], SkippedRow] = {}
        self.total = 0

    def put(self, table: str, name: str, error: str, at_ms: int) -> None:
        """One more row that cannot be taken; told in the log unless it was skipped already."""
        self.total += 1
        key = table, name
        if key not in self.rows:
            log.error("the %s row of %r cannot be taken and is skipped: %s", table, name, error)
            if len(self.rows) >= KEPT:
                del self.rows[next(iter(self.rows))]
        self.rows[key] = SkippedRow(table, name, error[:ERROR_LENGTH], at_ms)

    def taken(self, table: str, names: Iterable[str]) -> None:
        """These rows have come as they should be."""
        if self.rows:
            for name in names:
                self.rows.pop((table, name), None)
