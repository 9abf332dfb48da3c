"""Counts: which orders a number counts, as masks over columns (domain.md C2)."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain import hotline, stagecounts
from domain.lifecycle import STAGES, STATUSES
from domain.orderframe import LEFT, NONE, STATUS_KEYS, WORDS
from domain.states import OrderFlag
from domain.variants import USUAL, Variants

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

BASES: Final = ("report", "register", "limit", "close", "accept", "dispatch", "handle", "check")
"""Which instant of an order must lie in the window (see `moments`)."""


KINDS: Final = ("event", "component")
"""事件, 部件."""


class Filters(msgspec.Struct, frozen=True):
    """Which orders are looked at. Everything given must hold; nothing given is every order.

    `words`: column → the values allowed. `from_ms` ≤ moment of `basis` < `to_ms`.
    """

    words: dict[str, frozenset[str]] = {}
    from_ms: int | None = None
    to_ms: int | None = None
    basis: str = "report"
    statuses: frozenset[str] | None = None
    stage: str | None = None
    open: bool | None = None
    flag: int = 0
    kind: str = ""  # one of KINDS; "" any


class Source(Protocol):
    """What a Slice counts over: a plain DataFrame of orders, or what somebody sees of a book (`domain.ordercut`).

    Columns are those of `domain.orderframe`, those of words as codes. `rows` None: all.
    """

    attrs: dict[Any, Any]

    def __len__(self) -> int: ...
    def words(self, column: str) -> list[str]: ...
    def values(self, column: str, rows: Rows | None) -> NDArray[Any]: ...
    def allowed(self, column: str, words: frozenset[str]) -> Mask:
        """By code, whether it is one of these words."""

    def candidates(self, filters: Filters, as_of_ms: int, rewound: bool) -> Rows | None:
        """The rows that may pass: all that do, in rising order, and others too; None: all."""


class FrameSource:
    """A DataFrame as a source."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.attrs = frame, frame.attrs

    def __len__(self) -> int:
        return len(self.frame)

    def words(self, column: str) -> list[str]:
        return list(self.frame[column].array.categories)

    def values(self, column: str, rows: Rows | None) -> NDArray[Any]:
        series = self.frame[column]
        array: NDArray[Any] = series.array.codes if column in WORDS else series.to_numpy()
        return array if rows is None else array[rows]

    def allowed(self, column: str, words: frozenset[str]) -> Mask:
        return np.fromiter((word in words for word in self.words(column)), bool)

    def candidates(self, filters: Filters, as_of_ms: int, rewound: bool) -> Rows | None:
        return None


class Slice:
    """The orders of a frame that pass `filters`, with masks over them made once each.

    `rewound` shows them as they stood at `as_of_ms`, as far as the newest rows tell: what was reported later
    is not there yet, what ended later is still open (an order reopened since then counts as open throughout).
    """

    def __init__(self, frame: pd.DataFrame | Source, filters: Filters, as_of_ms: int, rewound: bool = False) -> None:
        self.as_of_ms = as_of_ms
        self.rewound = rewound
        self.basis = filters.basis
        self.variants: Variants = frame.attrs.get("variants", USUAL)
        self.source = FrameSource(frame) if isinstance(frame, pd.DataFrame) else frame
        self._rows = self.source.candidates(filters, as_of_ms, rewound)
        self._columns: dict[str, NDArray[Any]] = {}
        self._masks: dict[str, Mask] = {}
        self._narrow(_word_masks(self, filters))
        self._narrow(_own_masks(self, filters))

    def __len__(self) -> int:
        return len(self.source) if self._rows is None else len(self._rows)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """A column of the slice; for a column of words its codes."""
        if column not in self._columns:
            self._columns[column] = self.source.values(column, self._rows)
        return self._columns[column]

    def words(self, column: str) -> list[str]:
        """The words of a column, by code."""
        return self.source.words(column)

    def mask(self, count: str) -> Mask:
        """The orders that `count` counts. Raises KeyError for a count that is not defined."""
        if count not in self._masks:
            self._masks[count] = COUNTS[count](self)
        return self._masks[count]

    def count(self, count: str) -> int:
        return int(np.count_nonzero(self.mask(count)))

    def orders(self, mask: Mask) -> list[str]:
        return list(self["order"][mask])

    def rows(self, mask: Mask) -> NDArray[np.int64]:
        """Positions in the source."""
        found = np.flatnonzero(mask)
        return found if self._rows is None else self._rows[found]

    def _narrow(self, masks: Iterable[Mask]) -> None:
        kept: Mask | None = None
        for mask in masks:
            kept = mask if kept is None else kept & mask
        if kept is None or kept.all():
            return
        found = np.flatnonzero(kept)
        self._rows = found if self._rows is None else self._rows[found]
        self._columns = {name: array[found] for name, array in self._columns.items()}
        self._masks = {name: mask[found] for name, mask in self._masks.items()}


_AT_ONCE: Final = 8
_BITS: Final = np.arange(1 << _AT_ONCE)[:, None] >> np.arange(_AT_ONCE) & 1


def tallied(s: Slice, counts: Iterable[str], codes: NDArray[np.int64], groups: int) -> dict[str, list[int]]:
    """Of each count, how many of its orders are in each group; `codes` is the group of each order.

    Of many orders in few groups eight masks are put into one number of each order, and counted in one pass.
    """
    names = list(counts)
    if groups << _AT_ONCE >= len(s):
        return {name: np.bincount(codes[s.mask(name)], minlength=groups).tolist() for name in names}
    every = [name for name in names if s.mask(name).all()]
    found = dict.fromkeys(every, np.bincount(codes, minlength=groups).tolist() if every else [])
    names = [name for name in names if name not in found]
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        bits = np.zeros(len(s), np.uint8)
        for place, name in enumerate(some):
            bits |= s.mask(name).view(np.uint8) << np.uint8(place)
        table = np.bincount(codes << _AT_ONCE | bits, minlength=groups << _AT_ONCE).reshape(groups, -1)
        sums = table @ _BITS
        found.update({name: sums[:, place].tolist() for place, name in enumerate(some)})
    return found


def _word_masks(s: Slice, filters: Filters) -> Iterable[Mask]:
    for column, words in filters.words.items():
        yield s.source.allowed(column, words).take(s[column])


def _own_masks(s: Slice, filters: Filters) -> Iterable[Mask]:
    if s.rewound:
        yield s["reported_at_ms"] <= s.as_of_ms
    if filters.basis != "report" or filters.from_ms is not None or filters.to_ms is not None:
        at_ms = moments(s, filters.basis)
        yield at_ms != NONE
        if filters.from_ms is not None:
            yield at_ms >= filters.from_ms
        if filters.to_ms is not None:
            yield at_ms < filters.to_ms
    if filters.statuses is not None:
        yield _status_table(lambda key: key in filters.statuses)[s["status"]]  # type: ignore[operator]
    if filters.stage is not None:
        yield s.mask(f"stage_{filters.stage}")
    if filters.open is not None:
        yield s.mask("open") if filters.open else ~s.mask("open")
    if filters.flag:
        yield (s["flags"] & filters.flag) != 0
    if filters.kind:
        yield s.mask(f"{filters.kind}s")


def moments(s: Slice, basis: str) -> NDArray[np.int64]:
    """The instant by which an order is put into a window, ms, `NONE` where it has none.

    report: reported. register: registered, else accepted, else reported, of registered orders. limit: the deadline.
    close: closed; a closed order of which nobody knows when stands at its report. status: when it came into its state.
    accept: accepted. dispatch, handle, check: when it left that stage last.
    """
    if basis == "report":
        return s["reported_at_ms"]
    if basis == "limit":
        return s["deadline_at_ms"]
    if basis == "status":
        return s["status_at_ms"]
    if basis == "register":
        return np.where(s.mask("registered"), _clock_start(s), NONE)
    if basis == "close":
        at_ms = np.where(s["closed_at_ms"] == NONE, s["reported_at_ms"], s["closed_at_ms"])
        return np.where(s.mask("closed"), at_ms, NONE)
    if basis == "accept":
        return s["accepted_at_ms"]
    if basis in LEFT:
        return s[f"{basis}_left_at_ms"]
    raise KeyError(basis)


def _clock_start(s: Slice) -> NDArray[np.int64]:
    """Registered, else accepted, else reported: mirrored orders often lack the first two."""
    accepted = np.where(s["accepted_at_ms"] == NONE, s["reported_at_ms"], s["accepted_at_ms"])
    return np.where(s["registered_at_ms"] == NONE, accepted, s["registered_at_ms"])


def _status_table(holds: Callable[[str], bool]) -> Mask:
    return np.array([holds(key) for key in STATUS_KEYS])


_CLOSED: Final[Mask] = _status_table(lambda key: STATUSES[key].closed)
_FINAL: Final[Mask] = _status_table(lambda key: STATUSES[key].final)
_STAGE: Final = np.array([STATUSES[key].stage for key in STATUS_KEYS])
_REJECTED: Final[Mask] = _FINAL & ~_CLOSED
_INVALID: Final[Mask] = _status_table(lambda key: key in ("not_accepted", "duplicate", "void"))
_PAST_REGISTER: Final[Mask] = _status_table(lambda key: STATUSES[key].rank >= STATUSES["registered"].rank) & ~_REJECTED
_PAST_ACCEPT: Final[Mask] = (
    _status_table(lambda key: STATUSES[key].rank >= STATUSES["accepted"].rank) & ~_REJECTED
) | _status_table(lambda key: key == "not_registered")


def _not_ended_yet(s: Slice) -> Mask:
    """Of a rewound slice: what has ended only since then."""
    ended_at_ms = np.where(s["closed_at_ms"] == NONE, s["status_at_ms"], s["closed_at_ms"])
    later: Mask = (ended_at_ms > s.as_of_ms) & ~(_CLOSED[s["status"]] & (s["closed_at_ms"] == NONE))
    return later


def _ended(table: Mask) -> Callable[[Slice], Mask]:
    def mask(s: Slice) -> Mask:
        found: Mask = table.take(s["status"])
        return found & ~_not_ended_yet(s) if s.rewound else found

    return mask


def _limit_over(s: Slice) -> Mask:
    over: Mask = (s["deadline_at_ms"] != NONE) & (s["deadline_at_ms"] < s.as_of_ms)
    return over


def _passed(s: Slice, mark: str) -> Mask:
    """Whether a mark of the light lies before the as-of moment: red begins after it, yellow with it."""
    at_ms = s[mark]
    gone: Mask = (at_ms != NONE) & ((at_ms < s.as_of_ms) if mark == "red_at_ms" else (at_ms <= s.as_of_ms))
    return gone


def _registered(s: Slice) -> Mask:
    """Said to be, or beyond it; a running limit says so too, for it is fixed at registration."""
    status = s["status"]
    limited = (s["deadline_at_ms"] != NONE) & ~_REJECTED.take(status)
    found: Mask = (s["registered_at_ms"] != NONE) | _PAST_REGISTER.take(status) | limited
    return found


def _accepted(s: Slice) -> Mask:
    found: Mask = (s["accepted_at_ms"] != NONE) | _PAST_ACCEPT.take(s["status"]) | s.mask("registered")
    return found


def _status_is(*keys: str) -> Callable[[Slice], Mask]:
    return _ended(_status_table(lambda key: key in keys))


def _open_in(stage: int) -> Callable[[Slice], Mask]:
    table: Mask = np.equal(_STAGE, stage)
    return lambda s: s.mask("open") & table.take(s["status"])


def _close_due(s: Slice) -> Mask:
    """应结案: closed, or open beyond its limit; where a city reads it so, also registered and still inside its limit."""
    if s.variants.close_due == "registered":
        return s.mask("closed") | (s.mask("open") & (s.mask("registered") | _limit_over(s)))
    return s.mask("closed") | (s.mask("open") & _limit_over(s))


def _closed_timed(s: Slice) -> Mask:
    """Closed, by clocks that can be right: the orders of `domain.indicators.durations`."""
    known: Mask = (s["closed_at_ms"] != NONE) & (s["closed_at_ms"] >= s["reported_at_ms"])
    return s.mask("closed") & known & ~s.mask("closed_before_reported")


def _on_time_closure_base(s: Slice) -> Mask:
    judged = s.mask("close_due_judged")
    return judged & ~s.mask("hanging") if s.variants.on_time_closure_rate == "without_hanging" else judged


WITHIN_H: Final = (24, 72, 168)


def _closed_within(hours: int) -> Callable[[Slice], Mask]:
    """Closed so soon after the report, round the clock, where both are known and in this order."""

    def mask(s: Slice) -> Mask:
        took_ms = s["closed_at_ms"] - s["reported_at_ms"]
        soon: Mask = (s["closed_at_ms"] != NONE) & (took_ms >= 0) & (took_ms <= hours * 3_600_000)
        return s.mask("closed") & soon

    return mask


COUNTS: Final[dict[str, Callable[[Slice], Mask]]] = {
    "reported": lambda s: np.ones(len(s), bool),
    "reported_valid": lambda s: ~_ended(_INVALID)(s),
    "accepted": _accepted,
    "registered": _registered,
    "voided": _status_is("void"),
    "rejected": _ended(_REJECTED),
    "not_rejected": lambda s: ~s.mask("rejected"),
    "open": lambda s: ~_ended(_FINAL)(s),
    "overdue": lambda s: s.mask("open") & _passed(s, "red_at_ms"),
    "due_soon": lambda s: s.mask("open") & _passed(s, "yellow_at_ms") & ~_passed(s, "red_at_ms"),
    "urgent": lambda s: s.mask("overdue") | s.mask("due_soon"),
    "in_limit": lambda s: s.mask("open") & ~s.mask("overdue") & ~s.mask("due_soon"),
    "closed": _ended(_CLOSED),
    "closed_on_time": lambda s: s.mask("closed") & (s["on_time"] == 1),
    "closed_late": lambda s: s.mask("closed") & (s["on_time"] == 0),
    "closed_unjudged": lambda s: s.mask("closed") & (s["on_time"] < 0),
    "closed_timed": _closed_timed,
    **{f"closed_within_{hours}h": _closed_within(hours) for hours in WITHIN_H},
    "closed_forced": lambda s: s.mask("closed") & ((s["flags"] & OrderFlag.FORCED) != 0),
    "close_due": _close_due,
    "close_due_judged": lambda s: s.mask("close_due") & ~s.mask("closed_unjudged"),
    "on_time_closure_base": _on_time_closure_base,
    "self_handled": _status_is("self_handled"),
    "hanging": _status_is("hanging"),
    "returned": _status_is("returned"),
    "rework": _status_is("rework"),
    "closed_before_reported": lambda s: (s["flags"] & OrderFlag.CLOSED_BEFORE_REPORTED) != 0,
    "unknown_region": lambda s: (s["flags"] & OrderFlag.UNKNOWN_REGION) != 0,
    "registered_ever": lambda s: s["registered_at_ms"] != NONE,
    "registered_not_void": lambda s: s.mask("registered_ever") & ~s.mask("voided"),
    **{f"stage_{key}": _open_in(number) for number, key in enumerate(STAGES)},
    **stagecounts.COUNTS,
    **hotline.COUNTS,
}
"""Count → mask over a slice (C2). reported = closed + open + rejected; open = overdue + due_soon + in_limit.

overdue, due_soon: by the earliest of the order's running clocks, whole case or stage (domain.clocks); close_due by the whole
case alone. close_due, as most read it: closed, and open ones whose limit has run out by the as-of moment; an order still
inside its limit, and one that was declined, merged or voided, is not due. close_due_judged: those of them of which somebody
can tell whether they were closed in time; an order that never had a limit would otherwise count as late.
"""
