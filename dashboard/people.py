"""Which workers belong to a region, and how many are in which state.

A worker of the roster belongs to his own grid, wherever he walks: "20 of 25 online, two out of their grid" is about the
region's people. One whom the roster does not know belongs to where he is.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from dashboard.sight import Sight
from domain.states import Presence, Worker

if TYPE_CHECKING:
    from dashboard.hall import Hall

ONLINE: Final = frozenset((Presence.MOVING, Presence.STILL, Presence.OUT_OF_GRID))
"""Linked, with fresh fixes that can be believed."""


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
        for worker, entry in city.roster.items():
            if worker not in hall.workers and (everything or entry.region in inside) and is_known(hall, worker):
                yield worker, None
