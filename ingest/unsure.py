"""The orders of a partition whose limits hang on days of which nobody knows yet whether they are worked, as the store has them.
"""

from itertools import islice

from ingest.changes import Changes


class Unsure:
    """`held`: order → version of the calendar by which it was last judged. `news`: likewise, those the store has yet to keep.

    What is put into changes is in the store with their commit; after one that failed all of it is read anew.
    """

    def __init__(self, version: str, held: dict[str, str], news: dict[str, str] | None = None) -> None:
        self.version = version
        self._untold = news or {}
        self._held = held | self._untold
        self._stale = {order: None for order, judged_by in self._held.items() if judged_by != version}

    def tell(self, now: Changes) -> None:
        """Put into `now` what the store has yet to keep."""
        now.unsure.update(self._untold)
        self._untold = {}

    def stale(self, most: int) -> list[str]:
        """Orders that were judged by another calendar, at most so many."""
        return list(islice(self._stale, most))

    def judged(self, order: str, now: Changes) -> None:
        """It has been judged by the calendar of today, and still hangs on unknown days until `put` says otherwise."""
        self._stale.pop(order, None)
        self._held[order] = now.unsure[order] = self.version

    def put(self, order: str, hangs: bool, now: Changes) -> None:
        """Whether the limits of an order hang on unknown days after a change; one not judged anew yet stays to be judged."""
        if order in self._stale or hangs == (order in self._held):
            return
        if hangs:
            self._held[order] = now.unsure[order] = self.version
        else:
            del self._held[order]
            now.unsure[order] = None

    def pass_over(self, order: str) -> None:
        """Leave an order as another calendar has judged it."""
        self._stale.pop(order, None)

    def of(self, order: str) -> tuple[str | None, bool]:
        """What is held of an order, for `put_back`."""
        return self._held.get(order), order in self._stale

    def put_back(self, order: str, was: tuple[str | None, bool]) -> None:
        """Hold of an order what was held before."""
        version, is_stale = was
        self._held.pop(order, None)
        self._stale.pop(order, None)
        if version is not None:
            self._held[order] = version
        if is_stale:
            self._stale[order] = None
