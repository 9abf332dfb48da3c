"""What orders looked like a while ago, so that a number that is clicked on opens what it counted when it was shown.

The hall keeps the rows that it writes over for KEEP_MS, the newest MOST of them. Within that time any moment can be counted
again exactly. Before it, orders are looked at as far as their newest rows tell (`domain.counts.Slice`, `rewound`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Union

import msgspec

from dashboard.orderbook import without_citizens
from dashboard.sight import Sight
from domain.ordercut import Cut
from domain.ordercut import Past as Earlier
from domain.states import Order

if TYPE_CHECKING:
    from dashboard.filters import OrderQuery
    from dashboard.hall import Hall

KEEP_MS: Final = 2 * 3_600_000
MOST: Final = 50_000


class Past:
    """The order rows that were written over. Not locked: the hall's lock covers it.

    `since_ms`: from this instant on nothing is missing.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.since_ms = 0
        self._now_ms = now_ms
        self._asked_ms = self._changed_ms = 0
        self._changes: deque[tuple[int, str, Order | None]] = deque()

    def moment(self) -> int:
        """An instant to count as of: every change so far lies at or before it, every later one behind it."""
        self._asked_ms = max(self._now_ms(), self._changed_ms)
        return self._asked_ms

    def keep(self, ids: Iterable[str], rows: Mapping[str, Order]) -> None:
        """These orders are about to change; `rows` has them as they still are, if at all."""
        at_ms = self._change()
        self._changes.extend((at_ms, key, rows.get(key)) for key in ids)
        while self._changes and (len(self._changes) > MOST or self._changes[0][0] < at_ms - KEEP_MS):
            self.since_ms = self._changes.popleft()[0]

    def begin(self) -> None:
        """What the hall holds now it is only getting to know: nothing before this is known."""
        self._changes.clear()
        self.since_ms = self._change()

    def before(self, as_of_ms: int) -> dict[str, Order | None]:
        """Of each order that has changed after `as_of_ms` the row that it had then; None: it was not there."""
        found: dict[str, Order | None] = {}
        for at_ms, key, row in reversed(self._changes):
            if at_ms <= as_of_ms:
                break
            found[key] = row
        return found

    def _change(self) -> int:
        self._changed_ms = max(self._now_ms(), self._asked_ms + 1)
        return self._changed_ms


class Then(msgspec.Struct, frozen=True):
    """How the orders of a query differ from the present ones. `changed`: those that stood otherwise or not at all; `rows`: what
    stands in their place; `rewound`: look at all as far as their rows tell. `exact`: nothing is estimated.
    """

    changed: frozenset[str] = frozenset()
    rows: tuple[Order, ...] = ()
    rewound: bool = False
    exact: bool = True


_NOW: Final = Then()


def then_of(hall: Union["Hall", Sight], query: "OrderQuery") -> Then:
    """How the orders stood that a query is about. Hold `hall.lock` from here until they are counted.

    A person is shown what he may see today: an order that has left his scope is not in its past either.
    """
    if query.known_ms is None:
        return _NOW
    whole = hall.hall if isinstance(hall, Sight) else hall
    covered = query.known_ms >= whole.past.since_ms
    before = whole.past.before(query.known_ms) if covered else {}
    rows = [row for row in before.values() if row is not None and _seen(hall, row)]
    rewound = not covered or query.as_of_ms < query.known_ms
    return Then(frozenset(before), tuple(without_citizens(rows, whole.city.roster)), rewound, not rewound)


def _seen(hall: Union["Hall", Sight], row: Order) -> bool:
    return not isinstance(hall, Sight) or (hall.sees_order(row) and row.order in hall.orders)


def orders_then(orders: Cut, then: Then) -> Cut | Earlier:
    """The orders that are seen, as they stood."""
    return Earlier(orders, then.changed, then.rows) if then.changed else orders
