"""How often a partition's owners have died where it stands now: kept in the store, because who is killed can tell nobody.

It costs nothing while all is well: one look when a partition is taken. Only where owners have died again and again does the
next one write, before each fact, which it is about to fold; so the one at which it dies is known to the one after it.
"""

from typing import Final

import msgspec

from store import keys
from store.commit import Lease
from store.store import Store, _answers

CRASHES: Final = 2
"""So many owners may die at one place before it is looked at closely, and so many at one fact before that is set aside."""


class Attempts(msgspec.Struct, frozen=True):
    """`suspicious`: owners have died here. `died_at`: ENTRY-INDEX of a fact → how many of them while they folded it."""

    suspicious: bool = False
    died_at: dict[str, int] = {}

    def is_condemned(self, place: str) -> bool:
        return self.died_at.get(place, 0) >= CRASHES


def begin(store: Store, lease: Lease, read_to: str) -> Attempts:
    """To be asked by who has just taken a partition that has been read up to an entry."""
    key = keys.attempts(lease.partition)
    with _answers():
        known = {name.decode(): value.decode() for name, value in store.client.hgetall(key).items()}
        another = known.pop("owner", lease.owner) != lease.owner
        same_place = known.pop("read", "") == read_to
        takes = int(known.pop("takes", 0)) * same_place + another
        folding = known.pop("folding", "")
        died_at = {place: int(times) for place, times in known.items()}
        if another and folding:
            died_at[folding] = died_at.get(folding, 0) + 1
        died_at = {place: times for place, times in died_at.items() if _entry_of(place) > _entry_of(f"{read_to}-0")}
        pipe = store.client.pipeline(transaction=True)
        pipe.delete(key)
        pipe.hset(key, mapping={"owner": lease.owner, "read": read_to, "takes": takes, **died_at})
        pipe.execute()
    return Attempts(takes >= CRASHES or bool(died_at), died_at)


def about_to_fold(store: Store, lease: Lease, place: str) -> None:
    """Say which fact is folded next, so that it is known if that is the last thing that this owner does."""
    with _answers():
        store.client.hset(keys.attempts(lease.partition), "folding", place)


def forget(store: Store, lease: Lease) -> None:
    """The owner ends in order, or is well beyond the place: what happened there before counts no more."""
    with _answers():
        store.client.delete(keys.attempts(lease.partition))


def _entry_of(place: str) -> tuple[int, int]:
    """The entry of an ENTRY-INDEX, so that later ones are greater."""
    at, serial, _ = place.split("-")
    return int(at), int(serial)
