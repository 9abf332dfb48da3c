"""What one person sees of a book of orders, as a Slice counts it: no copy, but the rows that are his, found when asked for."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.counts import Filters, Mask, Rows
from domain.orderfind import Finder
from domain.orderframe import WORDS, OrderBook
from domain.states import Order

SHARE: Final = 0.6
"""Of more of the rows than this, all are looked at: finding them costs as much as passing over the others."""

Some = tuple[int, Callable[[], Rows]]


class Cut:
    """The orders that lie in some regions, and those that somebody has by name. Hold the lock of the book while you use it.

    `inside`: whether those of a region (a code of the book) are seen; None: all are. `mine`: rows seen wherever they lie.
    """

    def __init__(self, book: OrderBook, finder: Finder, inside: Mask | None = None, mine: Rows | None = None) -> None:
        self._book, self._finder, self._inside = book, finder, inside
        self._mine = np.empty(0, np.int64) if mine is None else mine
        self.attrs: dict[str, Any] = {}

    @property
    def size(self) -> int:
        """Rows of the book, seen or not."""
        return len(self._book)

    def __len__(self) -> int:
        rows = self.candidates(Filters(), 0, False)
        return len(self._book) if rows is None else len(rows)

    def __getitem__(self, column: str) -> pd.Series:
        """A column of what is seen, as in the frame of the book."""
        values = self.values(column, self.candidates(Filters(), 0, False))
        if column in WORDS:
            return pd.Series(pd.Categorical.from_codes(values, self._book.categories(column), validate=False))
        return pd.Series(values)

    def words(self, column: str) -> list[str]:
        return self._book.words(column)

    def values(self, column: str, rows: Rows | None) -> NDArray[Any]:
        array = self._book.column(column)
        return array if rows is None else array[rows]

    def allowed(self, column: str, words: frozenset[str]) -> Mask:
        return self._book.allowed(column, words)

    def place(self, order: str) -> int | None:
        """The row of an order, seen or not."""
        return self._book.slots.get(order)

    def candidates(self, filters: Filters, as_of_ms: int, rewound: bool) -> Rows | None:
        """The rows that are seen and may pass, rising; None: all rows of the book."""
        count, found = min(self._ways(filters, as_of_ms, rewound), key=lambda way: way[0], default=(len(self._book), None))
        if found is None or count > SHARE * len(self._book):
            return None if self._inside is None else np.flatnonzero(self._seen(None))
        rows = found()
        return rows if self._inside is None else rows[self._seen(rows)]

    def _seen(self, rows: Rows | None) -> Mask:
        """Which of these rows (None: of all) are seen."""
        assert self._inside is not None
        seen: Mask = self._inside[self.values("region", rows)]
        if len(self._mine):
            mine = np.zeros(len(self._book), bool)
            mine[self._mine] = True
            seen |= mine if rows is None else mine[rows]
        return seen

    def _ways(self, filters: Filters, as_of_ms: int, rewound: bool) -> Iterable[Some]:
        """(about how many, rows) of each index that holds all that may pass."""
        finder = self._finder
        if self._inside is not None:
            count, found = finder.inside(np.flatnonzero(self._inside))
            yield count + len(self._mine), lambda: finder.joined(found(), self._mine)
        if "region" in filters.words:
            yield finder.inside(np.flatnonzero(self._book.allowed("region", filters.words["region"])))
        if filters.from_ms is not None or filters.to_ms is not None:
            yield finder.window(filters.basis, filters.from_ms, filters.to_ms)
        if filters.open and not rewound:
            yield len(finder.open), lambda: finder.open
        elif filters.open:
            count, since = finder.ended_after(as_of_ms)
            yield count + len(finder.open), lambda: finder.joined(since(), finder.open)


class Past:
    """A cut in which some orders stand as they were: `gone` are left out of it, `rows` stand in their place."""

    def __init__(self, cut: Cut, gone: Iterable[str], rows: Iterable[Order]) -> None:
        self._cut, self._old = cut, OrderBook()
        self._old.update(rows)
        self._first = cut.size
        places = (cut.place(order) for order in gone)
        self._gone = np.array([place for place in places if place is not None], np.int64)
        self._told: dict[str, tuple[list[str], NDArray[np.int64]]] = {}
        self.attrs = cut.attrs

    def __len__(self) -> int:
        rows = self.candidates(Filters(), 0, False)
        return len(rows)

    def words(self, column: str) -> list[str]:
        return self._joined(column)[0]

    def values(self, column: str, rows: Rows | None) -> NDArray[Any]:
        rows = self.candidates(Filters(), 0, False) if rows is None else rows
        here = rows < self._first
        now, old = self._cut.values(column, rows[here]), self._old.column(column)[rows[~here] - self._first]
        joined = np.empty(len(rows), now.dtype)
        joined[here], joined[~here] = now, self._joined(column)[1][old] if column in WORDS else old
        return joined

    def allowed(self, column: str, words: frozenset[str]) -> Mask:
        return np.fromiter((word in words for word in self.words(column)), bool)

    def candidates(self, filters: Filters, as_of_ms: int, rewound: bool) -> Rows:
        rows = self._cut.candidates(filters, as_of_ms, rewound)
        rows = np.arange(self._first) if rows is None else rows
        kept = rows[~np.isin(rows, self._gone)]
        return np.concatenate([kept, self._first + np.arange(len(self._old))])

    def _joined(self, column: str) -> tuple[list[str], NDArray[np.int64]]:
        """The words of both, and which of them each word of the old rows is."""
        if column not in self._told:
            words = list(self._cut.words(column))
            numbers = {word: number for number, word in enumerate(words)}
            codes = np.array([numbers.setdefault(word, len(numbers)) for word in self._old.words(column)], np.int64)
            self._told[column] = list(numbers), codes
        return self._told[column]
