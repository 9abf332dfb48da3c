"""The answers to actions as they come round with the changes, for those who wait for theirs."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from domain.states import Outcome

KEPT: Final = 20_000
MOST_WAITING: Final = 40
"""Who wait at a time, each with a thread of the server: when no answers come, the screens still need some."""


class Answers:
    """The newest KEPT answers of all partitions. An answer is put when the rows that it speaks of stand in the hall."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Outcome] = OrderedDict()
        self._waiting = 0
        self._news = threading.Condition()

    def put(self, outcomes: Iterable[Outcome]) -> None:
        with self._news:
            found = {(outcome.order, outcome.id): outcome for outcome in outcomes}
            if not found:
                return
            self._kept.update(found)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            self._news.notify_all()

    def get(self, order: str, action_id: str) -> Outcome | None:
        with self._news:
            return self._kept.get((order, action_id))

    def wait(self, order: str, action_id: str, timeout_s: float) -> Outcome | None:
        """The answer, as soon as it comes; None when it has not come within the time, or too many wait already."""
        end_s = time.monotonic() + timeout_s
        with self._news:
            if self._waiting >= MOST_WAITING:
                return self._kept.get((order, action_id))
            self._waiting += 1
            try:
                while (found := self._kept.get((order, action_id))) is None:
                    left_s = end_s - time.monotonic()
                    if left_s <= 0 or not self._news.wait(left_s):
                        return self._kept.get((order, action_id))
                return found
            finally:
                self._waiting -= 1
