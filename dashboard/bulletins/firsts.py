"""When the first order of a region was reported: nothing is published of the time before."""

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from dashboard.filters import region_words
from dashboard.orderbook import orders_of
from domain.counts import Filters, Slice

if TYPE_CHECKING:
    from dashboard.hall import Hall

FRESH_S: Final = 60.0


class Firsts:
    """Looks through all orders, and so at most once a minute for each region."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._found: dict[str, tuple[float, int | None]] = {}

    def of(self, region: str) -> int | None:
        """ms; None: there is no order yet."""
        at_s, first_ms = self._found.get(region, (-FRESH_S, None))
        if first_ms is None and time.monotonic() - at_s > FRESH_S:
            first_ms = self._look(region)
            self._found[region] = time.monotonic(), first_ms
        return first_ms

    def _look(self, region: str) -> int | None:
        hall = self._hall
        with hall.lock:
            frame = orders_of(hall)
            s = Slice(frame, Filters(words=region_words(hall.city, frame, region)), hall.now_ms())
            return int(np.min(s["reported_at_ms"])) if len(s) else None
