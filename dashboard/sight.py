"""What one person may see of the hall. Whoever asks for somebody else asks a `Sight`, never the hall itself.

A Sight answers like a hall, so that every query works on it as it stands; what is not the person's is not there: another
street's regions are no regions of its city, another's orders, workers and feeds are in none of its tables. Personal data is
masked in the rows already. So a query cannot forget to ask what somebody may see.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import g

from domain import masking
from domain.people import Person, parties_of
from domain.states import Feed, Order, Step, Tally, Worker

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

Row = TypeVar("Row")


class Rows(Mapping[str, Row]):
    """The rows of a table that pass: others are not there."""

    def __init__(self, rows: Mapping[str, Row], passes: Callable[[Row], bool], shown: Callable[[Row], Row]) -> None:
        self._rows, self._passes, self._shown = rows, passes, shown

    def __getitem__(self, key: str) -> Row:
        row = self._rows[key]
        if not self._passes(row):
            raise KeyError(key)
        return self._shown(row)

    def __iter__(self) -> Iterator[str]:
        return (key for key, row in list(self._rows.items()) if self._passes(row))

    def __len__(self) -> int:
        return sum(map(self._passes, list(self._rows.values())))

    def values(self) -> Any:
        return [self._shown(row) for row in list(self._rows.values()) if self._passes(row)]

    def items(self) -> Any:
        return [(key, self._shown(row)) for key, row in list(self._rows.items()) if self._passes(row)]


class Staff(Rows[Worker]):
    """The workers of a sight: of the roster those of its part of the city, of others who passes. Found once, until the hall
    changes.
    """

    def __init__(self, sight: "Sight") -> None:
        super().__init__(sight.hall.workers, sight.sees_worker, _as_it_is)
        self._hall, self._own = sight.hall, sight.person.worker
        self._mine: Mapping[str, Any] = sight.city.roster if sight.person.may("people") else {}
        self._found: tuple[int, list[tuple[str, Worker]]] | None = None

    def items(self) -> Any:
        version = self._hall.version
        if self._found is None or self._found[0] != version:
            known, mine, own, passes = self._hall.city.roster, self._mine, self._own, self._passes
            rows = list(self._rows.items())
            found = [(key, row) for key, row in rows if key in mine or key == own or (key not in known and passes(row))]
            self._found = version, found
        return self._found[1]

    def values(self) -> Any:
        return [row for _, row in self.items()]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.items())

    def __len__(self) -> int:
        return len(self.items())


def _as_it_is(row: Row) -> Row:
    return row


class SeenStore:
    """What a query asks of the store, for one person: trails and tracks of what he sees, and the sources' clocks."""

    def __init__(self, sight: "Sight") -> None:
        self._sight = sight

    def trail(self, order: str) -> tuple[Step, ...]:
        """KeyError for an order that is not seen."""
        _ = self._sight.orders[order]
        return self._sight.hall.store.trail(order)  # type: ignore[union-attr]

    def track(self, worker: str, from_ms: int, to_ms: int) -> Any:
        """KeyError for a worker whose track is not this person's to see."""
        if not self._sight.may_track(worker):
            raise KeyError(worker)
        return self._sight.hall.store.track(worker, from_ms, to_ms)  # type: ignore[union-attr]

    def seen(self) -> Any:
        return self._sight.hall.store.seen()  # type: ignore[union-attr]

    def counts(self) -> Any:
        return self._sight.hall.store.counts()  # type: ignore[union-attr]

    def backlog(self) -> int:
        return self._sight.hall.store.backlog()  # type: ignore[union-attr]


class Sight:
    """The hall as `person` sees it. KeyError if his scope is no region of the city."""

    def __init__(self, hall: "Hall", person: Person) -> None:
        self.hall = hall
        self.person = person
        self.city: City = hall.city.part(person.scope or hall.city.root)
        self.whole = self.city is hall.city
        self.wide = person.may("orders")
        self._people = person.may("people")
        self._parties = person.parties()
        self._clear = person.may("personal")
        self.orders: Mapping[str, Order] = Rows(hall.orders, self.sees_order, self.masked)
        everybody = self.whole and self._people
        self.workers: Mapping[str, Worker] = hall.workers if everybody else Staff(self)
        self.tallies: Mapping[str, Tally] = Rows(hall.tallies, lambda row: self.inside(row.region), _as_it_is)
        self.feeds: Mapping[str, Feed] = hall.feeds if everybody else Rows(hall.feeds, self.sees_feed, _as_it_is)

    @property
    def everything(self) -> bool:
        """Whether all orders of the hall are seen, so that its own frame of orders may be counted."""
        return self.whole and self.wide

    @functools.cached_property
    def store(self) -> SeenStore | None:
        return None if self.hall.store is None else SeenStore(self)

    def inside(self, region: str) -> bool:
        """Whether a region code lies in the scope; what lies outside every region is the whole city's."""
        return region in self.city.regions or (self.whole and region not in self.hall.city.regions)

    def sees_order(self, row: Order) -> bool:
        if self.wide and self.inside(row.region):
            return True
        return bool(self._parties) and not self._parties.isdisjoint(parties_of(row))

    def sees_worker(self, row: Worker) -> bool:
        return self.knows_worker(row.worker)

    def knows_worker(self, worker: str) -> bool:
        """Staff of the scope; of those whom the roster does not know, who is there now. Everybody knows himself."""
        if worker == self.person.worker and worker:
            return True
        if not self._people:
            return False
        entry = self.hall.city.roster.get(worker)
        if entry is not None:
            return self.inside(entry.region)
        row = self.hall.workers.get(worker)
        return row is not None and self.inside(row.region)

    def may_track(self, worker: str) -> bool:
        own = bool(worker) and worker == self.person.worker
        if not own and not (self.person.may("track") and self.knows_worker(worker)):
            return False
        return own or worker in self.hall.city.roster or worker in self.hall.workers

    def sees_feed(self, row: Feed) -> bool:
        return self._people and self.inside(row.region)

    def sees_doors(self, row: Order) -> bool:
        """Whether places are shown whole: to who may see personal data, and to who has to go there."""
        return self._clear or not self._parties.isdisjoint(parties_of(row))

    def masked(self, row: Order) -> Order:
        """The order as it is shown to this person."""
        workers = self.hall.city.roster
        return masking.lightly(row, workers) if self.sees_doors(row) else masking.order(row, workers)

    def hides(self, row: Order, wanted: str, form: Callable[[str], str]) -> bool:
        """Whether the name of a citizen who reported, which is masked for this person, and `wanted` have anything in common."""
        who = "" if self.sees_doors(row) else form(masking.citizen(row.reporter, self.hall.city.roster))
        return bool(who) and any(sign in wanted for sign in who[1:])

    def shown(self, row: Order, field: str) -> str:
        """One text of an order as `orders` shows it: title, text or address."""
        text: str = getattr(row, field)
        if self.sees_doors(row):
            return masking.numbers(text)
        if field == "address":
            return masking.address(text)
        return masking.prose(text, row.address, masking.citizen(row.reporter, self.hall.city.roster))

    def __getattr__(self, name: str) -> Any:
        if name in _SHARED:
            return getattr(self.hall, name)
        raise AttributeError(f"{name} of the hall is not for everybody to see")


def says(hall: "Hall | Sight", key: str, wanted: str, fields: Sequence[str], form: Callable[[str], str]) -> bool:
    """Whether one of these texts of an order, as the asker is shown it, holds what is `wanted`, both in the same `form`.

    Each is looked at as it is first, because masking costs; and what masking never touches need not be masked.
    """
    sight = hall if isinstance(hall, Sight) else None
    row = (sight.hall if sight else hall).orders.get(key)
    if row is None or (sight is not None and not sight.sees_order(row)):
        return False
    held = [field for field in fields if wanted in form(getattr(row, field))]
    if sight is None or "order" in held or not (masking.may_touch(wanted) or sight.hides(row, wanted, form)):
        return bool(held)
    masked = [field for field in (fields if "*" in wanted else held) if field != "order"]
    return any(wanted in form(sight.shown(row, field)) for field in masked)


_SHARED: Final = frozenset(
    ("lock", "now_ms", "ready", "connected", "heard_at_ms", "version", "last_change_at_ms", "newest_received_at_ms", "lag_ms",
     "epoch", "moment", "faults")
)  # fmt: skip

def sight_of(hall: "Hall", person: Person) -> Sight:
    """The Sight of a person on a hall. KeyError if his scope is no region of the city."""
    return Sight(hall, person)


def sight(hall: "Hall") -> Sight:
    """What this request's person sees. AttributeError (a defect, never an answer) where no person has been found out."""
    person: Person = g.person
    found = g.get("sight")
    if found is None or found.person is not person or found.hall is not hall:
        found = g.sight = sight_of(hall, person)
    return found

