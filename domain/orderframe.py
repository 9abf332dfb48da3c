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
| dispatch, handle, check | int8 | of the clock of that stage: see `Stage`; -1 where the order has not come to it |
| dispatch_due_ms, handle_due_ms, check_due_ms | int64 | when that clock is over while it runs, else `NONE` |
| returned, reworked, redispatched, deferred, urged | int16 | how often; 0 for orders of outside systems, which do not tell |
| satisfaction | int8 | position in `SATISFACTION`, -1 = not called back |
| holder_level | category | level of the centre that holds it; "" for orders of outside systems |
"""

import enum
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.actions import SATISFACTION
from domain.cases import marks_of
from domain.clocks import PAUSED_IN
from domain.lifecycle import STATUSES
from domain.states import Order

NONE: Final = np.iinfo(np.int64).min
"""The instant that is not known, in every time column."""

WORDS: Final = ("source", "channel", "category", "department", "region", "reporter", "handler", "holder_level")
STAGES_TIMED: Final = ("dispatch", "handle", "check")
TIMES: Final = ("returned", "reworked", "redispatched", "deferred", "urged")


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
_PLAIN: Final[dict[str, type[np.generic]]] = {
    "status": np.int8, **dict.fromkeys(INSTANTS, np.int64), "on_time": np.int8, "flags": np.int32,
    "lon": np.float64, "lat": np.float64, **dict.fromkeys(STAGES_TIMED, np.int8),
    **{f"{stage}_due_ms": np.int64 for stage in STAGES_TIMED}, **dict.fromkeys(TIMES, np.int16), "satisfaction": np.int8,
}  # fmt: skip


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
        self._frame: pd.DataFrame | None = None

    def update(self, rows: Iterable[Order]) -> None:
        """Take over rows, new or changed; of several rows of one order the last counts."""
        newest = list({row.order: row for row in rows}.values())
        if not newest:
            return
        at = self._places(newest)
        for name, dtype in _PLAIN.items():
            self._plain[name][at] = _column(name, newest, dtype)
        for name, words in self._words.items():
            codes = [words.setdefault(_word(row, name), len(words)) for row in newest]
            self._codes[name][at] = codes
        self._frame = None

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


def _word(row: Order, name: str) -> str:
    if name == "holder_level":
        return row.life.level if row.life else ""
    word: str = row.channel or row.source if name == "source" else getattr(row, name)
    return word


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    larger = np.empty(room, array.dtype)
    larger[: len(array)] = array
    return larger


def _column(name: str, rows: Sequence[Order], dtype: type[np.generic]) -> NDArray[Any]:
    if name == "status":
        return np.array([_STATUS_CODES.get(row.status, 0) for row in rows], dtype)
    if name in STAGES_TIMED:
        return np.array([stage_of(row, name) for row in rows], dtype)
    if name.endswith("_due_ms"):
        return np.array([_stage_due(row, name.removesuffix("_due_ms")) for row in rows], dtype)
    if name in TIMES:
        return np.array([min(getattr(row.life, name), 32767) if row.life else 0 for row in rows], dtype)
    if name == "satisfaction":
        said = [row.life.satisfaction if row.life else "" for row in rows]
        return np.array([SATISFACTION.index(word) if word in SATISFACTION else -1 for word in said], dtype)
    if name in ("yellow_at_ms", "red_at_ms"):
        values = [marks_of(row)[name == "red_at_ms"] for row in rows]
    else:
        values = [getattr(row, name) for row in rows]
    if name in INSTANTS:
        return np.array([NONE if value is None else value for value in values], dtype)
    if name == "on_time":
        return np.array([-1 if value is None else int(value) for value in values], dtype)
    if name in ("lon", "lat"):
        return np.array([np.nan if value is None else value for value in values], dtype)
    return np.array(values, dtype)


def stage_of(row: Order, stage: str) -> Stage:
    """How a stage of an order that lives here stands: by its clock, and where the city has a limit for it, by the limit.

    A stage that was begun anew counts by its last time.
    """
    clock = next((clock for clock in row.life.clocks if clock.key == stage), None) if row.life else None
    if row.life is None or clock is None:
        return Stage.NOT_THERE
    if clock.since_ms is not None:
        return Stage.RUNS
    limited = next((running for running in row.life.running if running.clock == stage), None)
    if limited is None or row.status == PAUSED_IN:
        return Stage.LEFT if limited is None else Stage.RUNS
    return Stage.IN_TIME if limited.left_ms >= 0 else Stage.LATE


def _stage_due(row: Order, stage: str) -> int:
    limited = next((running for running in row.life.running if running.clock == stage), None) if row.life else None
    return NONE if limited is None or limited.due_at_ms is None else limited.due_at_ms
