"""Totals by group over the orders of a window, kept from one look to the next.

What counts of an order that has ended hangs on no clock. So those are counted once; afterwards each change takes an order out
as it was and puts it in as it is, and only the open ones are counted anew at every look. A law (tests/domain/test_standing.py)
holds that the result is what counting everything afresh would give.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.counts import Filters, Rows, Slice, Source
from domain.indicators import DEFINITIONS, Figure, Group, make_figure
from domain.orderfind import BookRows
from domain.orderframe import OrderBook
from domain.variants import USUAL, Variants

FIGURES: Final = ("closure_rate", "on_time_closure_rate", "open", "overdue")
"""What is counted, besides how many orders there are: nothing of it changes with time alone once an order has ended."""

_PARTS: Final = (part for key in FIGURES for part in (DEFINITIONS[key].num, DEFINITIONS[key].den))
COUNTS: Final = tuple(dict.fromkeys(part for part in _PARTS if part is not None))

_WIDTH: Final = len(COUNTS)
_BITS: Final = np.arange(1 << _WIDTH)[:, None] >> np.arange(_WIDTH) & 1
FEW: Final = 2000

Table = NDArray[np.int64]


class Grouping:
    """Into which group each word of a column falls: its own, or by `roll` (as `domain.indicators.grouped`)."""

    def __init__(self, column: str, roll: Mapping[str, str] | None = None) -> None:
        self.column, self._roll = column, roll
        self.names: list[str] = []
        self._places: dict[str, int] = {}
        self._groups: NDArray[np.int64] = np.empty(0, np.int64)

    def groups(self, words: list[str]) -> NDArray[np.int64]:
        """By code of a word, the number of its group; what a word once was told it stays."""
        new = [word if self._roll is None else self._roll.get(word, "") for word in words[len(self._groups) :]]
        if new:
            found = [self._places.setdefault(name, len(self._places)) for name in new]
            self._groups, self.names = np.append(self._groups, found), list(self._places)
        return self._groups


class Standing:
    """The totals of the orders of a book that pass `filters` (which name the regions that are seen, and no state)."""

    def __init__(self, book: OrderBook, cut: Source, filters: Filters, groupings: Iterable[Grouping]) -> None:
        self.variants: Variants = cut.attrs.get("variants", USUAL)
        self._book, self._filters = book, filters
        self._groupings = {grouping.column: grouping for grouping in groupings}
        self._tables: dict[str, Table] = {name: np.zeros(0, np.int64) for name in self._groupings}
        self._add(self._tables, Slice(cut, self._only(is_open=False), 0), 1)

    def change(self, rows: Rows, sign: int) -> None:
        """Take these orders out (-1, before they change) or put them in (1, afterwards)."""
        told = BookRows(self._book, rows, {"variants": self.variants})
        self._add(self._tables, Slice(told, self._only(is_open=False), 0), sign)

    def look(self, cut: Source, as_of_ms: int) -> "Look":
        """The totals as of an instant, by all groupings."""
        tables = {name: table.copy() for name, table in self._tables.items()}
        self._add(tables, Slice(cut, self._only(is_open=True), as_of_ms), 1)
        sums = {name: table.reshape(-1, 1 << _WIDTH) for name, table in tables.items()}
        names = {name: grouping.names for name, grouping in self._groupings.items()}
        return Look(names, sums, as_of_ms, self._filters.basis, self.variants)

    def _only(self, *, is_open: bool) -> Filters:
        return msgspec.structs.replace(self._filters, open=is_open)

    def _add(self, tables: dict[str, Table], s: Slice, sign: int) -> None:
        bits = np.zeros(len(s), np.int64)
        for place, count in enumerate(COUNTS):
            bits |= s.mask(count).astype(np.int64) << place
        for name, grouping in self._groupings.items():
            groups = grouping.groups(s.words(name))
            size = len(grouping.names) << _WIDTH
            if len(tables[name]) < size:
                tables[name] = np.append(tables[name], np.zeros(size - len(tables[name]), np.int64))
            keys = groups[s[name]] << _WIDTH | bits
            if len(s) < FEW:
                np.add.at(tables[name], keys, sign)
            else:
                tables[name] += sign * np.bincount(keys, minlength=len(tables[name]))


class Look:
    """Totals as of an instant."""

    def __init__(
        self, names: dict[str, list[str]], tables: dict[str, Table], as_of_ms: int, basis: str, variants: Variants
    ) -> None:  # fmt: skip
        self.as_of_ms, self.basis, self.variants = as_of_ms, basis, variants
        self._names, self._tables = names, tables

    def figures(self, keys: Iterable[str], by: str) -> dict[str, Figure]:
        """Each of some of FIGURES, or `reported`, over all; `by` is any of the groupings."""
        return self._figures(keys, self._tables[by].sum(axis=0))

    def groups(self, keys: Iterable[str], by: str) -> list[Group]:
        """Figures of each group that has orders, by key."""
        rows = zip(self._names[by], self._tables[by], strict=True)
        return [Group(name, self._figures(keys, row)) for name, row in sorted(rows, key=lambda pair: pair[0]) if row.any()]

    def nothing(self, keys: Iterable[str]) -> dict[str, Figure]:
        """The figures of no orders."""
        return self._figures(keys, np.zeros(1 << _WIDTH, np.int64))

    def sizes(self, by: str) -> dict[str, int]:
        """How many orders each group has, of those that have any."""
        totals = self._tables[by].sum(axis=1).tolist()
        return {name: total for name, total in zip(self._names[by], totals, strict=True) if total}

    def _figures(self, keys: Iterable[str], row: Table) -> dict[str, Figure]:
        found = dict(zip(COUNTS, (row @ _BITS).tolist(), strict=True)) | {"reported": int(row.sum())}
        made = {}
        for key in keys:
            of = DEFINITIONS[key]
            den = None if of.den is None else found[of.den]
            made[key] = make_figure(key, found[of.num], den, self.as_of_ms, self.basis, self.variants)
        return made
