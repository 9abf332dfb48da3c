"""Counts: which orders a number counts, as masks over columns (domain.md C2)."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.actions import SATISFACTION
from domain.lifecycle import STAGES, STATUSES
from domain.orderframe import NONE, STATUS_KEYS, WORDS, Stage
from domain.states import OrderFlag

Mask = NDArray[np.bool_]

BASES: Final = ("report", "register", "limit", "close")
"""Which instant of an order must lie in the window (see `moments`)."""

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


class Slice:
    """The orders of a frame that pass `filters`, with masks over them made once each.

    `rewound` shows them as they stood at `as_of_ms`, as far as the newest rows tell: what was reported later
    is not there yet, what ended later is still open (an order reopened since then counts as open throughout).
    """

    def __init__(self, frame: pd.DataFrame, filters: Filters, as_of_ms: int, rewound: bool = False) -> None:
        self.as_of_ms = as_of_ms
        self.rewound = rewound
        self.basis = filters.basis
        self.frame = frame
        self._rows: NDArray[np.int64] | None = None
        self._columns: dict[str, NDArray[Any]] = {}
        self._masks: dict[str, Mask] = {}
        self._narrow(_word_masks(frame, filters))
        self._narrow(_own_masks(self, filters))

    def __len__(self) -> int:
        return len(self.frame) if self._rows is None else len(self._rows)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """A column of the slice; for a column of words its codes."""
        if column not in self._columns:
            series = self.frame[column]
            array = series.array.codes if column in WORDS else series.to_numpy()
            self._columns[column] = array if self._rows is None else array[self._rows]
        return self._columns[column]

    def words(self, column: str) -> list[str]:
        return list(self.frame[column].array.categories)

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
        """Positions in the frame."""
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


def _word_masks(frame: pd.DataFrame, filters: Filters) -> Iterable[Mask]:
    for column, allowed in filters.words.items():
        values = frame[column].array
        table = np.fromiter((word in allowed for word in values.categories), bool, len(values.categories))
        yield table[values.codes]


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


def moments(s: Slice, basis: str) -> NDArray[np.int64]:
    """The instant by which an order is put into a window, ms, `NONE` where it has none.

    report: reported. register: registered, else accepted, else reported, of registered orders. limit: the deadline.
    close: closed; a closed order of which nobody knows when stands at its report.
    """
    if basis == "report":
        return s["reported_at_ms"]
    if basis == "limit":
        return s["deadline_at_ms"]
    if basis == "register":
        return np.where(s.mask("registered"), _clock_start(s), NONE)
    if basis == "close":
        at_ms = np.where(s["closed_at_ms"] == NONE, s["reported_at_ms"], s["closed_at_ms"])
        return np.where(s.mask("closed"), at_ms, NONE)
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
        found: Mask = table[s["status"]]
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
    limited = (s["deadline_at_ms"] != NONE) & ~_REJECTED[status]
    found: Mask = (s["registered_at_ms"] != NONE) | _PAST_REGISTER[status] | limited
    return found


def _accepted(s: Slice) -> Mask:
    found: Mask = (s["accepted_at_ms"] != NONE) | _PAST_ACCEPT[s["status"]] | s.mask("registered")
    return found


def _status_is(*keys: str) -> Callable[[Slice], Mask]:
    return _ended(_status_table(lambda key: key in keys))


def _open_in(stage: int) -> Callable[[Slice], Mask]:
    table: Mask = np.equal(_STAGE, stage)
    return lambda s: s.mask("open") & table[s["status"]]


def _stage_over(s: Slice, stage: str) -> Mask:
    """Whether the running clock of a stage is over at the as-of moment."""
    at_ms = s[f"{stage}_due_ms"]
    over: Mask = (at_ms != NONE) & (at_ms < s.as_of_ms)
    return over


def _channel_is(s: Slice, channels: frozenset[str]) -> Mask:
    table = np.fromiter((word in channels for word in s.words("channel")), bool, len(s.words("channel")))
    found: Mask = table[s["channel"]]
    return found


PATROL: Final = frozenset(("网格员上报", "监督员巡查", "视频监督员", "视频巡查"))
"""Sources (domain.md B8) that are the grid's own people: what they report was found by patrol."""

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
    "close_due": lambda s: s.mask("closed") | (s.mask("open") & _limit_over(s)),
    "close_due_judged": lambda s: s.mask("close_due") & ~s.mask("closed_unjudged"),
    "self_handled": _status_is("self_handled"),
    "hanging": _status_is("hanging"),
    "returned": _status_is("returned"),
    "rework": _status_is("rework"),
    "closed_before_reported": lambda s: (s["flags"] & OrderFlag.CLOSED_BEFORE_REPORTED) != 0,
    "unknown_region": lambda s: (s["flags"] & OrderFlag.UNKNOWN_REGION) != 0,
    "routed": lambda s: (s["flags"] & OrderFlag.ROUTED) != 0,
    "rerouted": lambda s: (s["flags"] & OrderFlag.REROUTED) != 0,
    "dispatched": lambda s: s["handle"] >= 0,
    "dispatch_due": lambda s: s.mask("dispatched") | _stage_over(s, "dispatch"),
    "dispatched_on_time": lambda s: s.mask("dispatched") & (s["dispatch"] == Stage.IN_TIME),
    "dispatched_right": lambda s: s.mask("dispatched") & (s["redispatched"] == 0) & (s["reworked"] == 0),
    "returned_ever": lambda s: s["returned"] > 0,
    "passed_on": lambda s: s["returned"] > 1,
    "handled": lambda s: s["check"] >= 0,
    "handle_due": lambda s: s.mask("handled") | _stage_over(s, "handle"),
    "handled_on_time": lambda s: s.mask("handled") & (s["handle"] == Stage.IN_TIME),
    "handled_late": lambda s: s.mask("handled") & (s["handle"] == Stage.LATE),
    "handle_pending": lambda s: s["handle"] == Stage.RUNS,
    "handle_overdue": lambda s: s.mask("handle_pending") & _stage_over(s, "handle"),
    "reworked": lambda s: s["reworked"] > 0,
    "check_ended": lambda s: (s["check"] >= 0) & (s["check"] != Stage.RUNS),
    "check_due": lambda s: s.mask("check_ended") | _stage_over(s, "check"),
    "checked_on_time": lambda s: s["check"] == Stage.IN_TIME,
    "called_back": lambda s: s["satisfaction"] >= 0,
    "satisfied": lambda s: (s["satisfaction"] >= 0) & (s["satisfaction"] <= SATISFACTION.index("fair")),
    "unsatisfied": lambda s: s["satisfaction"] > SATISFACTION.index("fair"),
    "yellow_carded": lambda s: (s["flags"] & OrderFlag.YELLOW_CARD) != 0,
    "red_carded": lambda s: (s["flags"] & OrderFlag.RED_CARD) != 0,
    "registered_by_patrol": lambda s: s.mask("registered") & _channel_is(s, PATROL),
    "deferred": lambda s: s["deferred"] > 0,
    "registered_ever": lambda s: s["registered_at_ms"] != NONE,
    "registered_not_void": lambda s: s.mask("registered_ever") & ~s.mask("voided"),
    **{f"stage_{key}": _open_in(number) for number, key in enumerate(STAGES)},
}
"""Count → mask over a slice (C2). reported = closed + open + rejected; open = overdue + due_soon + in_limit.

overdue, due_soon: by the earliest of the order's running clocks, whole case or stage (domain.clocks); close_due by the whole
case alone. close_due: closed, and open ones whose limit has run out by the as-of moment; an order still inside its limit,
and one that was declined, merged or voided, is not due. close_due_judged: those of them of which somebody can tell whether they
were closed in time; an order that never had a limit would otherwise count as late.
"""
