"""The newest row of every order: open ones as they are, ended ones packed as the store keeps them.

Of a city's orders ninety-nine in a hundred have ended, and are asked for one at a time. Packed they take a third of the memory,
and unpacking one costs some microseconds.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any

import msgspec

from domain.lifecycle import STATUSES, is_open
from domain.states import Order

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Order).decode


class HeldOrders(Mapping[str, Order]):
    """Order rows by id. Not locked: the hall's lock covers whoever writes; each look-up by itself is one step."""

    def __init__(self) -> None:
        self._rows: dict[str, Order | bytes] = {}

    def __getitem__(self, order: str) -> Order:
        return _as_row(self._rows[order])

    def get(self, order: str, default: Any = None) -> Any:
        """The row, or `default`."""
        held = self._rows.get(order)
        return default if held is None else _as_row(held)

    def __contains__(self, order: object) -> bool:
        return order in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

    def __len__(self) -> int:
        return len(self._rows)

    def values(self) -> ValuesView[Order]:
        return _Values(self)

    def items(self) -> ItemsView[str, Order]:
        return _Items(self)

    def update(self, rows: Iterable[tuple[str, Order]]) -> None:
        """Hold these rows."""
        self._rows.update((order, _kept(row)) for order, row in rows)

    def __delitem__(self, order: str) -> None:
        del self._rows[order]

    def may_hold(self, order: str, text: str) -> bool:
        """Whether the row may have this text, letter by letter, somewhere in it; where it is packed without unpacking it."""
        row = self._rows.get(order)
        return row is not None and (type(row) is not bytes or text.encode() in row)

    def rows(self) -> Iterator[tuple[str, Order]]:
        """All of them as they are at this moment; each is unpacked when its turn comes."""
        return ((order, _as_row(row)) for order, row in list(self._rows.items()))


class _Values(ValuesView[Order]):
    def __iter__(self) -> Iterator[Order]:
        return (row for _, row in self._mapping.rows())


class _Items(ItemsView[str, Order]):
    def __iter__(self) -> Iterator[tuple[str, Order]]:
        rows: Iterator[tuple[str, Order]] = self._mapping.rows()
        return rows


def _kept(row: Order) -> Order | bytes:
    return _pack(row) if row.status in STATUSES and not is_open(row.status) else row


def _as_row(held: Any) -> Order:
    return _unpack(held) if type(held) is bytes else held
