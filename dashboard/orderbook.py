"""The hall's orders as a DataFrame that follows them: built once, then only what has changed."""

import weakref
from typing import TYPE_CHECKING

import pandas as pd

from domain.orderframe import OrderBook
from domain.states import Order

if TYPE_CHECKING:
    from dashboard.hall import Hall


class _Mirror:
    def __init__(self) -> None:
        self.version = -1
        self.rows: dict[str, Order] = {}
        self.book = OrderBook()


_mirrors: "weakref.WeakKeyDictionary[Hall, _Mirror]" = weakref.WeakKeyDictionary()


def orders_of(hall: "Hall") -> pd.DataFrame:
    """All orders of the hall (columns: `domain.orderframe`).

    Hold `hall.lock` while you use it: the next change of the hall writes into it.
    """
    mirror = _mirrors.setdefault(hall, _Mirror())
    if mirror.version != hall.order_table.version:
        _catch_up(hall, mirror)
        mirror.version = hall.order_table.version
    return mirror.book.frame()


def _catch_up(hall: "Hall", mirror: _Mirror) -> None:
    held = mirror.rows
    changed = _changed(hall, mirror)
    held.update(changed)
    if len(held) > len(hall.orders):  # the store was set back and has lost some
        mirror.rows, mirror.book = dict(hall.orders), OrderBook()
        changed = mirror.rows
    mirror.book.update(changed.values())


def _changed(hall: "Hall", mirror: _Mirror) -> dict[str, Order]:
    """The rows that are new or other than those in the mirror."""
    return {key: hall.orders[key] for key in hall.order_table.changed_ids(mirror.version) if key in hall.orders}
