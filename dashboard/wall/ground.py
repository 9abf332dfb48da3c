"""What all parts of one look at a region stand on: its orders cut in the ways that they need, at one instant."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dashboard.briefs import Json
from dashboard.filters import region_words
from dashboard.force import Roll
from dashboard.indicators import region_roll
from dashboard.orderbook import orders_of
from dashboard.period import resolve
from domain.bounds import DAY_MS
from domain.calendar import Period
from domain.counts import Filters, Slice, Source
from domain.standing import Look

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

NEWEST_DAYS: Final = (1, 7, 60)


class View:
    """The orders of a region, cut in the ways that the wall needs; with `then_ms` as they stood at that earlier moment."""

    def __init__(self, orders: Source, words: dict[str, frozenset[str]], now_ms: int) -> None:
        self.orders, self.words, self.now_ms = orders, words, now_ms

    def of(self, window: Period, basis: str, then_ms: int | None = None) -> Slice:
        """What fell into the window by `basis`."""
        filters = Filters(words=self.words, from_ms=window.from_ms, to_ms=window.to_ms, basis=basis)
        return self._slice(filters, then_ms)

    def stock(self, then_ms: int | None = None) -> Slice:
        """What is open."""
        return self._slice(Filters(words=self.words, open=True), then_ms)

    def _slice(self, filters: Filters, then_ms: int | None) -> Slice:
        return Slice(self.orders, filters, self.now_ms if then_ms is None else then_ms, rewound=then_ms is not None)

    def newest(self, most: int) -> Slice:
        """Some of those whose state changed last: at least `most`, if there are so many."""
        for days in NEWEST_DAYS:
            since = Filters(words=self.words, from_ms=self.now_ms - days * DAY_MS, basis="status")
            if len(found := Slice(self.orders, since, self.now_ms)) >= most:
                return found
        return Slice(self.orders, Filters(words=self.words), self.now_ms)


class Ground:
    """One region, period and language at one instant; made and used with the hall's lock held. `hall` may be a Sight.

    Raises KeyError for a region that does not exist, ValueError for a period that is none.
    """

    def __init__(self, hall: "Hall", region: str, period: Any, now_ms: int, lang: str) -> None:
        self.hall: Hall = hall
        self.city: City = hall.city
        self.region = region or self.city.root
        self.now_ms, self.lang = now_ms, lang
        self.window = resolve(period, self.city, now_ms)
        self.view = View(orders_of(hall), region_words(self.city, orders_of(hall), self.region), now_ms)

    @functools.cached_property
    def stock(self) -> Slice:
        """What is open now."""
        return self.view.stock()

    @functools.cached_property
    def reported(self) -> Look:
        """The totals of what was reported in the period."""
        filters = Filters(words=self.view.words, from_ms=self.window.from_ms, to_ms=self.window.to_ms)
        whole: Hall = getattr(self.hall, "hall", self.hall)
        return whole.book.look(self.hall, self.region, filters, region_roll(self.city, self.region), self.now_ms)

    @functools.cached_property
    def roll(self) -> Roll:
        """The region's workers in numbers."""
        return Roll(self.hall, self.region)

    def link(self, window: Period | None = None, **more: Any) -> Json:
        """The parameters of /orders that list what was counted of this region in a window."""
        window = window or self.window
        given = {"region": self.region, "from": window.from_ms, "to": window.to_ms, **more}
        return {key: str(value) for key, value in given.items() if value is not None}


Part = Callable[[Ground, str], Json]
"""(ground, argument) → what it puts into the figures, by their keys. The argument is "" unless it is asked for with one."""
