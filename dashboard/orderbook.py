"""The hall's orders as a DataFrame that follows them: built once, then only what has changed; and the parts that people see.

Citizens who reported stand in it masked: it is grouped and filtered by for people who may not see their names.
"""

import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Union

import msgspec
import numpy as np
import pandas as pd

from dashboard.sight import Sight
from domain import masking
from domain.orderframe import OrderBook
from domain.states import Order

if TYPE_CHECKING:
    from dashboard.hall import Hall

PARTS_KEPT: Final = 24


class _Mirror:
    def __init__(self) -> None:
        self.version = -1
        self.rows: dict[str, Order] = {}
        self.book = OrderBook()
        self.parts: OrderedDict[tuple[str, bool, frozenset[str]], tuple[int, pd.DataFrame]] = OrderedDict()


_mirrors: "weakref.WeakKeyDictionary[Hall, _Mirror]" = weakref.WeakKeyDictionary()


def orders_of(hall: Union["Hall", Sight]) -> pd.DataFrame:
    """All orders of the hall, or those that a Sight sees (columns: `domain.orderframe`).

    Hold `hall.lock` while you use it: the next change of the hall writes into it.
    """
    if isinstance(hall, Sight):
        return _seen(hall)
    mirror = _mirrors.setdefault(hall, _Mirror())
    if mirror.version != hall.order_table.version:
        _catch_up(hall, mirror)
        mirror.version = hall.order_table.version
    return mirror.book.frame()


def _seen(sight: Sight) -> pd.DataFrame:
    """The hall's frame, cut down to what is seen; the cut is kept until the next change of an order."""
    whole = orders_of(sight.hall)
    if sight.everything:
        return whole
    mirror = _mirrors[sight.hall]
    key = (sight.city.root, sight.wide, sight.person.parties())
    kept = mirror.parts.pop(key, None)
    if kept is None or kept[0] != mirror.version:
        kept = mirror.version, whole[_mask(sight, whole)].reset_index(drop=True)
    mirror.parts[key] = kept
    while len(mirror.parts) > PARTS_KEPT:
        mirror.parts.popitem(last=False)
    return kept[1]


def _mask(sight: Sight, frame: pd.DataFrame) -> np.ndarray:
    """As `Sight.sees_order`, for all rows at once."""
    seen = np.zeros(len(frame), bool)
    if sight.wide:
        inside = np.fromiter(map(sight.inside, frame["region"].cat.categories), bool)
        seen |= inside[frame["region"].cat.codes.to_numpy()]
    mine = sight.orders_by_name()
    if mine:
        seen |= frame["order"].isin(mine).to_numpy()
    return seen


def _catch_up(hall: "Hall", mirror: _Mirror) -> None:
    held = mirror.rows
    changed = _changed(hall, mirror)
    held.update(changed)
    if len(held) > len(hall.orders):  # the store was set back and has lost some
        mirror.rows, mirror.book = dict(hall.orders), OrderBook()
        changed = mirror.rows
    mirror.book.update(_without_citizens(changed.values(), hall.city.roster))


def _without_citizens(rows: Iterable[Order], roster: object) -> Iterator[Order]:
    for row in rows:
        reporter = masking.reporter(row.reporter, roster)
        yield row if reporter == row.reporter else msgspec.structs.replace(row, reporter=reporter)


def _changed(hall: "Hall", mirror: _Mirror) -> dict[str, Order]:
    """The rows that are new or other than those in the mirror."""
    return {key: hall.orders[key] for key in hall.order_table.changed_ids(mirror.version) if key in hall.orders}
