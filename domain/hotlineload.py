"""What a hotline had to do in a window: what was new and what was carried over, what was settled at once and what was an order.

Both sums are the same by what they are made of; Lianyungang tells its months so (domain.md C7).
"""

from collections.abc import Mapping

import msgspec
import pandas as pd

from domain.counts import Filters, Slice, Source
from domain.tallies import Total


class Load(msgspec.Struct, frozen=True):
    """`direct` None: nobody has told how many were settled at once, so nobody knows the total.

    `orders`: those of the window and those `carried` into it, still open when it began.
    """

    direct: int | None
    orders: int
    carried: int

    @property
    def new(self) -> int | None:
        return None if self.direct is None else self.direct + self.orders - self.carried

    @property
    def total(self) -> int | None:
        return None if self.direct is None else self.direct + self.orders


def load(frame: pd.DataFrame | Source, filters: Filters, as_of_ms: int, told: Mapping[str, Total]) -> Load:
    """The load of the window of `filters`, by the time of report; `told`: the tallies of its days (`domain.tallies.totals`)."""
    direct = told.get("direct_answers")
    new = Slice(frame, filters, as_of_ms).count("hotline_orders")
    before = carried_filters(filters)
    carried = 0 if before is None else Slice(frame, before, before.to_ms or 0, rewound=True).count("hotline_open")
    return Load(None if direct is None or direct.value is None else int(direct.value), new + carried, carried)


def carried_filters(filters: Filters) -> Filters | None:
    """Of what was reported before the window; None where it has no beginning."""
    return None if filters.from_ms is None else msgspec.structs.replace(filters, from_ms=None, to_ms=filters.from_ms)
