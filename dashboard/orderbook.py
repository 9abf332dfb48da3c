"""The hall's orders as columns that follow them, who has which by name, and what each person sees of them.

Citizens who reported stand in the columns masked: they are grouped and filtered by for people who may not see their names.
"""

import time
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Union

import msgspec
import numpy as np
from numpy.typing import NDArray

from dashboard.sight import Sight
from domain import masking
from domain.counts import Filters
from domain.ordercut import Cut
from domain.orderfind import Finder
from domain.orderframe import OrderBook
from domain.people import parties_of
from domain.standing import Grouping, Look, Standing
from domain.states import Order

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

Places = NDArray[np.int64]

MASKS_KEPT: Final = 256
UNASKED_S: Final = 30.0
MOST_FOLLOWED: Final = 1000  # of more changes at once everything is counted anew
STANDING_BY: Final = ("department", "channel", "category")


class HallBook:
    """The columns of a hall's orders. The hall's lock covers it."""

    def __init__(self, city: "City") -> None:
        self._city = city
        self._columns = OrderBook()
        self._finder = Finder(self._columns)
        self._named: dict[str, array[int]] = {}  # domain.people.parties_of → places
        self._standing: dict[Hashable, tuple[Standing, float]] = {}  # and when it was asked for last
        self._masks: dict[tuple[str, bool], NDArray[np.bool_]] = {}

    def take(self, rows: Sequence[Order], before: Mapping[str, Order]) -> None:
        """Follow these rows (no order twice); `before` holds what they were until now, if they were there."""
        if len(rows) > MOST_FOLLOWED:
            self._standing.clear()
        self._follow(self._columns.places(rows), -1)
        places = self._columns.update(without_citizens(rows, self._city.roster))
        self._finder.follow(places)
        self._follow(places, 1)
        for place, row in zip(places.tolist(), rows, strict=True):
            self._rename(place, before.get(row.order), row)

    def _follow(self, places: Places, sign: int) -> None:
        ended = self._finder.ended(places)
        for standing, _ in self._standing.values() if len(ended) else ():
            standing.change(ended, sign)

    def look(self, seen: Union["Hall", Sight], region: str, filters: Filters, roll: Mapping[str, str], as_of_ms: int) -> Look:
        """The totals of what is seen of a region and passes `filters`, by what the wall groups them.

        They are followed as long as somebody asks, for those whose orders are a region's and nobody's by name.
        """
        cut, sight = orders_of(seen), seen if isinstance(seen, Sight) else None
        groupings = [Grouping("region", roll), *map(Grouping, STANDING_BY)]
        if sight and (not sight.wide or sight.person.parties()):
            return Standing(self._columns, cut, filters, groupings).look(cut, as_of_ms)
        if sight and not sight.everything and "region" not in filters.words:
            filters = msgspec.structs.replace(filters, words={**filters.words, "region": sight.city.subtree(sight.city.root)})
        now_s = time.monotonic()
        self._standing = {key: kept for key, kept in self._standing.items() if now_s - kept[1] < UNASKED_S}
        key = (region, filters.words.get("region"), filters.from_ms, filters.to_ms, filters.basis)
        found = self._standing[key][0] if key in self._standing else Standing(self._columns, cut, filters, groupings)
        self._standing[key] = found, now_s
        return found.look(cut, as_of_ms)

    def _rename(self, place: int, before: Order | None, row: Order) -> None:
        had, has = frozenset() if before is None else self._parties(before), self._parties(row)
        for party in had - has:
            self._named[party].remove(place)
        for party in has - had:
            self._named.setdefault(party, array("i")).append(place)

    def _parties(self, row: Order) -> frozenset[str]:
        return parties_of(row, self._city.roster)

    def prepare(self) -> None:
        """Put everything in order, so that the first who asks need not wait for it."""
        self._finder.prepare()

    def named(self, parties: Iterable[str]) -> Places:
        """The places of the orders in these names, rising."""
        mine = np.zeros(len(self._columns), bool)
        for party in parties:
            mine[np.array(self._named.get(party, ()), np.int64)] = True
        return np.flatnonzero(mine)

    def drop(self, orders: Iterable[str]) -> None:
        """Forget orders that the store has lost."""
        self._standing.clear()
        moved = self._columns.drop(orders)
        self._finder = Finder(self._columns)
        for party, places in self._named.items():
            stay = moved[np.array(places, np.int64)]
            self._named[party] = array("i", stay[stay >= 0].tolist())

    def ids(self, places: Places) -> list[str]:
        """The orders at these places."""
        return list(self._columns.column("order")[places])

    def recent(self, parties: Iterable[str], most: int) -> list[str]:
        """Of the orders in these names all that are open, and the `most` of the others that were reported last."""
        places = self.named(parties)
        ended = places[~np.isin(places, self._finder.open)]
        newest = np.argsort(-self._columns.column("reported_at_ms")[ended], kind="stable")[:most]
        return self.ids(np.concatenate([np.intersect1d(places, self._finder.open), ended[newest]]))

    def cut(self, sight: Sight | None = None) -> Cut:
        """What a Sight sees of the orders; None: all."""
        if sight is None or sight.everything:
            return Cut(self._columns, self._finder)
        return Cut(self._columns, self._finder, self._inside(sight), self.named(sight.person.parties()))

    def _inside(self, sight: Sight) -> NDArray[np.bool_]:
        """By code of a region, whether its orders are seen; kept, for regions come to stay."""
        key, words = (sight.city.root, sight.wide), self._columns.words("region")
        mask = self._masks.get(key)
        if mask is None or len(mask) < len(words):
            mask = np.fromiter((sight.wide and sight.inside(word) for word in words), bool, len(words))
            if len(self._masks) >= MASKS_KEPT:
                self._masks.clear()
            self._masks[key] = mask
        return mask


def orders_of(hall: Union["Hall", Sight]) -> Cut:
    """All orders of the hall, or those that a Sight sees (columns: `domain.orderframe`).

    Hold `hall.lock` while you use it: the next change of the hall writes into it.
    """
    seen = hall if isinstance(hall, Sight) else None
    whole = hall.hall if isinstance(hall, Sight) else hall
    cut = whole.book.cut(seen)
    cut.attrs = {"variants": whole.city.evaluation.variants}
    return cut


def without_citizens(rows: Iterable[Order], roster: object) -> Iterator[Order]:
    """The rows as they stand in a frame: citizens who reported are masked."""
    for row in rows:
        reporter = masking.reporter(row.reporter, roster)
        yield row if reporter == row.reporter else msgspec.structs.replace(row, reporter=reporter)
