"""Finding orders of a book by time, region and openness without looking at all of them.

An index answers with rows that may be wanted: never fewer than are, sometimes more. Who asks looks at those only, and at each
of them exactly (`domain.counts.Slice`). So an index may be coarse and a little behind: what has changed since it was put in
order is `loose`, and is in every answer.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.counts import Filters, Mask, Rows, Slice, moments
from domain.lifecycle import STATUSES
from domain.orderframe import NONE, STATUS_KEYS, OrderBook

MOST_LOOSE: Final = 4096
FEW: Final = 30_000
MINUTE_MS: Final = 60_000
_NEVER: Final = np.iinfo(np.int32).min
_LATEST: Final = np.iinfo(np.int32).max
_FINAL: Final[Mask] = np.array([STATUSES[key].final for key in STATUS_KEYS])

Keys = NDArray[np.int32]


class Rising:
    """Rows in the order of a key; those that have none (`_NEVER`) are not in it."""

    def __init__(self, key_of: Callable[[Rows], Keys], rows: Rows) -> None:
        self._key_of = key_of
        self.keys, self.at = self._sorted(rows)

    def _sorted(self, rows: Rows) -> tuple[Keys, NDArray[np.int32]]:
        keys = self._key_of(rows)
        there = np.flatnonzero(keys != _NEVER)
        order = there[np.argsort(keys[there], kind="stable")]
        return keys[order], rows[order].astype(np.int32)

    def follow(self, loose: Rows, is_loose: Mask) -> None:
        """Put these rows, known or new, into their places."""
        stay = ~is_loose[self.at]
        keys, at = self._sorted(loose)
        held = self.keys[stay]
        places = np.searchsorted(held, keys, "right")
        self.keys, self.at = np.insert(held, places, keys), np.insert(self.at[stay], places, at)

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Where the keys from `first` to `last`, both included, stand."""
        low, high = np.int32(first), np.int32(last)  # of another type it would be looked for in a copy
        return int(np.searchsorted(self.keys, low, "left")), int(np.searchsorted(self.keys, high, "right"))

    def of(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each of these keys begins, and how many rows have it."""
        first = np.searchsorted(self.keys, keys, "left")
        return first, np.searchsorted(self.keys, keys, "right") - first


class Finder:
    """The indexes of a book. Each is made when it is first asked for, and follows from then on."""

    def __init__(self, book: OrderBook) -> None:
        self._book = book
        self._rising: dict[str, Rising] = {}
        self._loose: Rows = np.empty(0, np.int64)
        self._is_loose: Mask = np.zeros(0, bool)
        self.open: Rows = np.empty(0, np.int64)
        """The rows that are open, rising."""
        self.follow(np.arange(len(book)))

    def follow(self, changed: Rows) -> None:
        """The book has taken over new values of these rows, known or new (no row twice)."""
        known = self.open[~np.isin(self.open, changed)]
        self.open = np.sort(np.concatenate([known, changed[~_FINAL[self._book.column("status")[changed]]]]))
        if not self._rising:
            return
        if len(self._is_loose) < len(self._book):
            self._is_loose = np.concatenate([self._is_loose, np.zeros(len(self._book) // 2 + 1024, bool)])
        self._loose = np.concatenate([self._loose, changed[~self._is_loose[changed]]])
        self._is_loose[changed] = True
        if len(self._loose) > MOST_LOOSE:
            self._tidy()

    def _tidy(self) -> None:
        for rising in self._rising.values():
            rising.follow(self._loose, self._is_loose)
        self._is_loose[self._loose] = False
        self._loose = np.empty(0, np.int64)

    def ended(self, rows: Rows) -> Rows:
        """Those of these rows that have ended."""
        found: Rows = rows[_FINAL[self._book.column("status")[rows]]]
        return found

    def prepare(self) -> None:
        """Make the indexes that every screen asks for, so that the first one need not wait for them."""
        for name in ("report", "register", "close", "status", "ended", "region"):
            self._index(name)

    def window(self, basis: str, from_ms: int | None, to_ms: int | None) -> tuple[int, Callable[[], Rows]]:
        """(about how many, those) rows whose moment (`domain.counts.moments`) may lie from `from_ms` on and before `to_ms`."""
        rising = self._index(basis)
        first = _NEVER if from_ms is None else _minute(from_ms)
        low, high = rising.between(first, _LATEST if to_ms is None else _minute(to_ms))
        return high - low + len(self._loose), lambda: self._with_loose(rising.at[low:high])

    def ended_after(self, at_ms: int) -> tuple[int, Callable[[], Rows]]:
        """(about how many, those) rows that may have ended only after an instant."""
        rising = self._index("ended")
        low, high = rising.between(_minute(at_ms), _LATEST)
        return high - low + len(self._loose), lambda: self._with_loose(rising.at[low:high])

    def inside(self, regions: NDArray[Any]) -> tuple[int, Callable[[], Rows]]:
        """(about how many, those) rows that may lie in one of these regions, which are codes of the book."""
        rising = self._index("region")
        first, counts = rising.of(regions.astype(np.int32))
        return int(counts.sum()) + len(self._loose), lambda: self._with_loose(rising.at[_ranges(first, counts)])

    def _with_loose(self, found: NDArray[np.int32]) -> Rows:
        return self.joined(found, self._loose)

    def joined(self, *some: NDArray[Any]) -> Rows:
        """The rows of all of these, each once, rising."""
        if sum(map(len, some)) < FEW:
            found = np.sort(np.concatenate(some)).astype(np.int64)
            return found[np.append(True, found[1:] != found[:-1])] if len(found) else found
        there = np.zeros(len(self._book), bool)
        for rows in some:
            there[rows] = True
        return np.flatnonzero(there)

    def _index(self, name: str) -> Rising:
        if name not in self._rising:
            self._tidy()
            self._rising[name] = Rising(self._keys(name), np.arange(len(self._book)))
            if len(self._is_loose) < len(self._book):
                self._is_loose = np.zeros(len(self._book), bool)
        return self._rising[name]

    def _keys(self, name: str) -> Callable[[Rows], Keys]:
        book = self._book
        if name == "region":
            return lambda rows: book.column("region")[rows]
        if name == "ended":
            return lambda rows: _minutes(_ended_ms(book, rows))
        return lambda rows: _minutes(moments(Slice(BookRows(book, rows), Filters(), 0), name))


class BookRows:
    """Some rows of a book, as a Slice counts them."""

    def __init__(self, book: OrderBook, rows: Rows, attrs: dict[Any, Any] | None = None) -> None:
        self._book, self._rows = book, rows
        self.attrs = attrs or {}

    def __len__(self) -> int:
        return len(self._rows)

    def words(self, column: str) -> list[str]:
        return self._book.words(column)

    def values(self, column: str, rows: Rows | None) -> NDArray[Any]:
        found: NDArray[Any] = self._book.column(column)[self._rows]
        return found if rows is None else found[rows]

    def allowed(self, column: str, words: frozenset[str]) -> Mask:
        return self._book.allowed(column, words)

    def candidates(self, filters: Filters, as_of_ms: int, rewound: bool) -> Rows | None:
        return None


def _ended_ms(book: OrderBook, rows: Rows) -> NDArray[np.int64]:
    """When those that have ended did, as a rewound slice sees it."""
    closed_at_ms = book.column("closed_at_ms")[rows]
    ended_at_ms = np.where(closed_at_ms == NONE, book.column("status_at_ms")[rows], closed_at_ms)
    return np.where(_FINAL[book.column("status")[rows]], ended_at_ms, NONE)


def _minute(at_ms: int) -> int:
    return min(max(at_ms // MINUTE_MS, _NEVER + 1), _LATEST)


def _minutes(at_ms: NDArray[np.int64]) -> Keys:
    """Whole minutes; `_NEVER` for a moment that there is not."""
    minutes = np.clip(at_ms // MINUTE_MS, _NEVER + 1, _LATEST)
    found: Keys = np.where(at_ms == NONE, _NEVER, minutes).astype(np.int32)
    return found


def _ranges(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """first[0], first[0] + 1, … as many as counts[0], then first[1], …"""
    before = np.cumsum(counts) - counts
    found: NDArray[np.int64] = np.arange(int(counts.sum())) + np.repeat(first - before, counts)
    return found
