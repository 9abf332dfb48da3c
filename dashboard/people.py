"""Which workers belong to a region, and how many are in which state.

A worker of the roster belongs to his own grid, wherever he walks: "20 of 25 online, two out of their grid" is about the
region's people. One whom the roster does not know belongs to where he is.
"""

import functools
import itertools
import operator
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from dashboard.sight import Sight
from domain.states import Presence, Worker

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

ONLINE: Final = frozenset((Presence.MOVING, Presence.STILL, Presence.OUT_OF_GRID))
"""Linked, with fresh fixes that can be believed."""

presence_of: Final = operator.attrgetter("presence._value_")
"""Its number: members of an enum are slow to hash and to compare."""

ONLINE_NUMBERS: Final = frozenset(map(int, ONLINE))


def online(rows: Collection[Worker]) -> list[Worker]:
    """Those of them who are."""
    return list(itertools.compress(rows, map(ONLINE_NUMBERS.__contains__, map(presence_of, rows))))


def belongs_to(hall: "Hall", worker: str) -> str:
    """Region code; "" is outside every region."""
    entry = hall.city.roster.get(worker)
    if entry is not None:
        return entry.region
    row = hall.workers.get(worker)
    return row.region if row is not None and row.region in hall.city.regions else ""


def is_known(hall: "Hall", worker: str) -> bool:
    """Whether there is such a worker, for who asks."""
    whole: Any = getattr(hall, "hall", hall)
    if worker not in whole.city.roster and worker not in whole.workers:
        return False
    return not isinstance(hall, Sight) or hall.knows_worker(worker)


def workers_of(hall: "Hall", region: str, *, here_now: bool = False) -> Iterator[tuple[str, Worker | None]]:
    """(id, row) of the region's workers; None for those never heard of. The root's are all.

    `here_now`: those whose newest fix lies in the region instead, whoever they belong to.
    """
    city = hall.city
    everything = region == city.root
    inside = city.subtree(region)
    for worker, row in hall.workers.items():
        place = row.region if here_now else belongs_to(hall, worker)
        if everything or place in inside:
            yield worker, row
    if not here_now:
        heard = set(hall.workers)
        for worker, entry in city.roster.items():
            if worker not in heard and (everything or entry.region in inside) and is_known(hall, worker):
                yield worker, None


def heard_of(hall: "Hall", region: str) -> list[Worker]:
    """The rows of a region's workers that have been heard of."""
    if region == hall.city.root:
        return list(hall.workers.values())
    inside, roster = hall.city.subtree(region), hall.city.roster
    homes = ((roster.get(row.worker) or row, row) for row in hall.workers.values())  # as belongs_to
    return [row for home, row in homes if home.region in inside]


def rostered(city: "City", region: str) -> int:
    """How many workers the roster has in a region."""
    return _roster_counts(city, len(city.roster))[region]


@functools.lru_cache(maxsize=128)
def _roster_counts(city: "City", _size: int) -> Counter[str]:
    homes = Counter(entry.region for entry in city.roster.values())
    counts: Counter[str] = Counter()
    for region, workers in homes.items():
        for above in city.path(region) if region in city.regions else (city.root,):
            counts[above] += workers
    return counts
