"""All work orders as columns: one array per field, updated row by row, read as a pandas DataFrame.

Columns of the frame, one row per order, in the order of first sight:

| column | dtype | meaning |
|---|---|---|
| order | object | id |
| channel, category, department, region, reporter, handler | category | as in `domain.states.Order`; "" = none |
| source | category | 来源: the channel that the case came by, or the ingest source where none is told |
| status | int8 | position in `domain.lifecycle.STATUSES` |
| INSTANTS: reported_at_ms, closed_at_ms, … | int64 | `NONE` = not known |
| on_time | int8 | 1 in time, 0 late, -1 open or nobody can tell |
| flags | int32 | `domain.states.OrderFlag` |
| lon, lat | float64 | NaN = not known |
| accept, verify, register, dispatch, sign, handle, check | int8 | of that stage: see `Stage`; -1 where it has not come to it |
| verify_due_ms, dispatch_due_ms, sign_due_ms, handle_due_ms, check_due_ms | int64 | when that clock ends, if it runs |
| returned, reworked, redispatched, deferred, urged, hung, escalated | int16 | how often; 0 for outside orders |
| contacted, solved | int8 | what was answered at the call-back: 1 yes, 0 no, -1 not told |
| verified | int8 | position in `RESULTS["verify"]`, -1 = not verified |
| verify_sent, check_sent | int8 | `domain.states.Sent` |
| satisfaction | int8 | position in `SATISFACTION`, -1 = not called back |
| holder_level | category | level of the centre that holds it; "" for orders of outside systems |
| SEATS: accepted_by, registered_by, dispatched_by, verified_by, checked_by | category | the person who did it last; "" = none |
| accept_s, register_s, dispatch_s, handle_s, check_s, total_s | int32 | working seconds in that stage, -1 = not known |
| dispatch_left_at_ms, handle_left_at_ms, check_left_at_ms | int64 | when it left that stage last |

The frame's `attrs["variants"]` are the city's readings (`domain.variants`); without them the usual ones hold.
"""

import enum
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain import stints
from domain.actions import ANSWERS, INTAKE, RESULTS, SATISFACTION
from domain.cases import marks_of
from domain.clocks import PAUSED_IN, Running
from domain.lifecycle import STATUSES
from domain.states import Life, Order

NONE: Final = np.iinfo(np.int64).min
"""The instant that is not known, in every time column."""

SEATS: Final = ("accepted_by", "registered_by", "dispatched_by", "verified_by", "checked_by")
WORDS: Final = ("source", "channel", "category", "department", "region", "reporter", "handler", "holder_level", *SEATS)
STAGES_TIMED: Final = ("dispatch", "sign", "handle", "check")
DUE: Final = ("verify", *STAGES_TIMED)
LEFT: Final = ("dispatch", "handle", "check")
TIMES: Final = ("returned", "reworked", "redispatched", "deferred", "urged", "hung", "escalated")
SENT: Final = ("verify_sent", "check_sent")


class Stage(enum.IntEnum):
    """How a stage with a clock stands. LEFT: without a limit, so nobody can tell whether in time."""

    NOT_THERE = -1
    LATE = 0
    IN_TIME = 1
    RUNS = 2
    LEFT = 3


INSTANTS: Final = (
    "reported_at_ms", "accepted_at_ms", "registered_at_ms", "closed_at_ms", "status_at_ms", "deadline_at_ms",
    "yellow_at_ms", "red_at_ms",
)  # fmt: skip
STATUS_KEYS: Final = tuple(STATUSES)
_STATUS_CODES: Final = {key: code for code, key in enumerate(STATUS_KEYS)}
_SATISFACTION: Final = {word: code for code, word in enumerate(SATISFACTION)}
_VERIFIED: Final = {word: code for code, word in enumerate(RESULTS["verify"])}
_PLAIN: Final[dict[str, type[np.generic]]] = {
    "status": np.int8, **dict.fromkeys(INSTANTS, np.int64), "on_time": np.int8, "flags": np.int32,
    "lon": np.float64, "lat": np.float64, **dict.fromkeys(STAGES_TIMED, np.int8),
    **dict.fromkeys(INTAKE, np.int8), **{f"{stage}_due_ms": np.int64 for stage in DUE}, **dict.fromkeys(TIMES, np.int16),
    "satisfaction": np.int8, **dict.fromkeys(ANSWERS, np.int8), "verified": np.int8, **dict.fromkeys(SENT, np.int8),
    **{f"{stage}_s": np.int32 for stage in stints.STAGES}, **{f"{stage}_left_at_ms": np.int64 for stage in LEFT},
}  # fmt: skip


MOST_ALLOWED: Final = 512


class OrderBook:
    """The columns, and how they follow the rows. Not thread-safe: its owner holds the lock of what it mirrors.

    An update costs what it changes; `frame()` costs a few milliseconds for 630,000 orders and is kept until the next
    update. It shares its memory with the book: it is read at once, under the same lock, and not kept.
    """

    def __init__(self) -> None:
        self.size = 0
        self.slots: dict[str, int] = {}
        self._ids: NDArray[Any] = np.empty(0, object)
        self._plain: dict[str, NDArray[Any]] = {name: np.empty(0, dtype) for name, dtype in _PLAIN.items()}
        self._codes: dict[str, NDArray[Any]] = {name: np.empty(0, np.int32) for name in WORDS}
        self._words: dict[str, dict[str, int]] = {name: {"": 0} for name in WORDS}
        self._categories: dict[str, pd.Index] = {name: pd.Index([""], dtype=object) for name in WORDS}
        self._allowed: dict[tuple[str, frozenset[str]], NDArray[np.bool_]] = {}
        self._frame: pd.DataFrame | None = None

    def __len__(self) -> int:
        return self.size

    def update(self, rows: Iterable[Order]) -> NDArray[np.int64]:
        """Take over rows, new or changed; of several rows of one order the last counts. The places of what was taken over."""
        newest = list({row.order: row for row in rows}.values())
        if not newest:
            return np.empty(0, np.int64)
        at = self._places(newest)
        own = [place for place, row in enumerate(newest) if row.life is not None]
        living = [newest[place] for place in own]
        self._put(at, _columns(newest), {name: _words(newest, name) for name in WORDS if name not in _LIVING_WORDS})
        for name, nothing in _NOTHING.items():
            self._plain[name][at] = nothing
        for name in _LIVING_WORDS:
            self._codes[name][at] = 0
        if living:
            self._put(at[own], _life_columns(living), {name: _words(living, name) for name in _LIVING_WORDS})
        self._frame = None
        return at

    def _put(self, at: NDArray[np.int64], columns: dict[str, NDArray[Any]], words: dict[str, Iterable[str]]) -> None:
        for name, values in columns.items():
            self._plain[name][at] = values
        for name, told in words.items():
            known = self._words[name]
            self._codes[name][at] = [known.setdefault(word, len(known)) for word in told]

    def places(self, rows: Iterable[Order]) -> NDArray[np.int64]:
        """The places of those of these orders that are there already."""
        return np.array([self.slots[row.order] for row in rows if row.order in self.slots], np.int64)

    def drop(self, orders: Iterable[str]) -> NDArray[np.int64]:
        """Forget orders, as if they had never been there. By old place, the new one of each; -1 for what is gone."""
        kept = np.ones(self.size, bool)
        kept[[self.slots[order] for order in orders if order in self.slots]] = False
        moved = np.where(kept, np.cumsum(kept) - 1, -1)
        self._ids = self._ids[: self.size][kept]
        self._plain = {name: array[: len(kept)][kept] for name, array in self._plain.items()}
        self._codes = {name: array[: len(kept)][kept] for name, array in self._codes.items()}
        self.slots = {order: place for place, order in enumerate(self._ids)}
        self.size = len(self.slots)
        self._frame = None
        return moved

    def column(self, name: str) -> NDArray[Any]:
        """A column, that of words as their codes; a view, see the class."""
        if name == "order":
            return self._ids[: self.size]
        return (self._codes if name in WORDS else self._plain)[name][: self.size]

    def words(self, name: str) -> list[str]:
        """The words of a column, by code."""
        return list(self._words[name])

    def allowed(self, name: str, words: frozenset[str]) -> NDArray[np.bool_]:
        """By code, whether it is one of these words. Kept: the same regions are asked for all the time."""
        known = self._words[name]
        table = self._allowed.get((name, words))
        if table is None or len(table) < len(known):
            table = np.fromiter((word in words for word in known), bool, len(known))
            if len(self._allowed) >= MOST_ALLOWED:
                self._allowed.clear()
            self._allowed[name, words] = table
        return table

    def categories(self, name: str) -> pd.Index:
        """The words of a column as its categories in the frame."""
        return self._words_of(name)

    def frame(self) -> pd.DataFrame:
        """The DataFrame described above; a view, see the class."""
        if self._frame is None:
            n = self.size
            columns: dict[str, Any] = {"order": pd.Series(self._ids[:n], dtype=object, copy=False)}
            for name in WORDS:
                columns[name] = pd.Categorical.from_codes(self._codes[name][:n], self._words_of(name), validate=False)
            columns.update({name: array[:n] for name, array in self._plain.items()})
            self._frame = pd.DataFrame(columns, copy=False)
        return self._frame

    def _words_of(self, name: str) -> pd.Index:
        words = self._words[name]
        if len(words) > len(self._categories[name]):
            self._categories[name] = pd.Index(list(words), dtype=object)
        return self._categories[name]

    def _places(self, rows: Sequence[Order]) -> NDArray[np.int64]:
        first_new = self.size
        at = np.fromiter((self.slots.setdefault(row.order, len(self.slots)) for row in rows), np.int64, len(rows))
        self.size = len(self.slots)
        self._reserve(self.size)
        fresh = [row.order for row, place in zip(rows, at, strict=True) if place >= first_new]
        self._ids[first_new : self.size] = fresh
        return at

    def _reserve(self, size: int) -> None:
        if size <= len(self._ids):
            return
        room = max(1024, size, len(self._ids) * 3 // 2)
        self._ids = _grown(self._ids, room)
        self._plain = {name: _grown(array, room) for name, array in self._plain.items()}
        self._codes = {name: _grown(array, room) for name, array in self._codes.items()}


def orders_frame(rows: Iterable[Order]) -> pd.DataFrame:
    """The frame of `rows`, for one use."""
    book = OrderBook()
    book.update(rows)
    return book.frame()


_OUTSIDE: Final = Life()
"""What is known of the life of an outside system's order: nothing."""


def _words(rows: Sequence[Order], name: str) -> Iterable[str]:
    if name == "source":
        return (row.channel or row.source for row in rows)
    if name == "holder_level":
        return ((row.life or _OUTSIDE).level for row in rows)
    if name in SEATS:
        return map(attrgetter(name), (row.life or _OUTSIDE for row in rows))
    return map(attrgetter(name), rows)


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    larger = np.empty(room, array.dtype)
    larger[: len(array)] = array
    return larger


_LIVING_WORDS: Final = ("holder_level", *SEATS)


def _columns(rows: Sequence[Order]) -> dict[str, NDArray[Any]]:
    """The columns that are no words and not of an order's life, by name."""
    marks = [marks_of(row) for row in rows]
    told: dict[str, Iterable[Any]] = {
        "status": (_STATUS_CODES.get(row.status, 0) for row in rows),
        **{name: map(_instant, map(attrgetter(name), rows)) for name in INSTANTS},
        "yellow_at_ms": (_instant(yellow) for yellow, _ in marks),
        "red_at_ms": (_instant(red) for _, red in marks),
        "on_time": (-1 if row.on_time is None else int(row.on_time) for row in rows),
        "flags": (row.flags for row in rows),
        **{name: map(_degrees, map(attrgetter(name), rows)) for name in ("lon", "lat")},
    }
    return {name: np.fromiter(values, _PLAIN[name], len(rows)) for name, values in told.items()}


def _life_columns(rows: Sequence[Order]) -> dict[str, NDArray[Any]]:
    """The columns that tell of the lives of orders that live here; of others they say the same of all (`_NOTHING`)."""
    lives = [row.life or _OUTSIDE for row in rows]
    stood = zip(*(stages_of(row) for row in rows), strict=True)
    told: dict[str, Iterable[Any]] = {
        **dict(zip((*_STOOD, *(f"{stage}_due_ms" for stage in DUE)), stood, strict=True)),
        **{name: map(_times, map(attrgetter(name), lives)) for name in TIMES},
        "satisfaction": (_SATISFACTION.get(life.satisfaction, -1) for life in lives),
        **{name: map(_answer, map(attrgetter(name), lives)) for name in ANSWERS},
        "verified": (_VERIFIED.get(life.verified, -1) for life in lives),
        **{name: map(attrgetter(name), lives) for name in SENT},
    }
    columns = {name: np.fromiter(values, _PLAIN[name], len(rows)) for name, values in told.items()}
    return {**columns, **_stint_columns(lives)}


def _instant(at_ms: int | None) -> int:
    return NONE if at_ms is None else at_ms


def _degrees(place: float | None) -> float:
    return np.nan if place is None else place


def _answer(told: str) -> int:
    return {"yes": 1, "no": 0}.get(told, -1)


def _times(often: int) -> int:
    return min(often, 32767)


def _stint_columns(lives: Iterable[Life]) -> dict[str, NDArray[Any]]:
    left_at_ms, worked_s = stints.table(life.stints for life in lives)
    columns: dict[str, NDArray[Any]] = {f"{stage}_s": worked_s[:, n] for n, stage in enumerate(stints.STAGES)}
    for stage in LEFT:
        at_ms = left_at_ms[:, stints.STAGES.index(stage)]
        columns[f"{stage}_left_at_ms"] = np.where(at_ms == stints.UNKNOWN, NONE, at_ms)
    return columns


_STOOD: Final = (*INTAKE, *STAGES_TIMED)
_NOT_THERE: Final = (Stage.NOT_THERE,) * len(_STOOD) + (NONE,) * len(DUE)


def stages_of(row: Order) -> tuple[int, ...]:
    """How the stages of _STOOD stand, and until when the clocks of DUE run (`NONE`: they do not).

    By its clock, and where the city has a limit for it, by the limit; a stage that was begun anew counts by its last time.
    """
    life = row.life
    if life is None:
        return _NOT_THERE
    limited = {clock.clock: clock for clock in life.running}
    since = {clock.key: clock.since_ms for clock in life.clocks}
    reached = {"accept": True, "verify": bool(life.verified), "register": row.accepted_at_ms is not None}
    inside = {stage: row.status in states for stage, states in INTAKE.items()}
    stands = [_stage(limited.get(stage), inside[stage], inside[stage] or reached[stage]) for stage in INTAKE]
    for stage in STAGES_TIMED:
        runs = since.get(stage) is not None or (row.status == PAUSED_IN and stage in limited)
        stands.append(_stage(limited.get(stage), runs, stage in since))
    dues = (limited[stage].due_at_ms if stage in limited else None for stage in DUE)
    return (*stands, *map(_instant, dues))


def _stage(limited: Running | None, runs: bool, reached: bool) -> Stage:
    if not reached:
        return Stage.NOT_THERE
    if runs:
        return Stage.RUNS
    return Stage.LEFT if limited is None else Stage.IN_TIME if limited.left_ms >= 0 else Stage.LATE


_NOTHING: Final = {name: values[0] for name, values in _life_columns((Order(order=""),)).items()}
"""What the columns of `_life_columns` say of an order of an outside system."""
