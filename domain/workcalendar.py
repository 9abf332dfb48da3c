"""The days of a city: which of them are worked, and up to which day that is known.

A state tells its holidays and make-up days a year ahead at most; beyond what was told, weekdays are assumed, and whoever builds
on such a day is told that it is an assumption (`domain.clocks.Running.unsure`).
"""

import datetime as dt
import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Final, Literal

Standing = Literal["known", "ends_soon", "ended", "unknown"]

ENDS_SOON_DAYS: Final = 60
"""From so many days before its end on, people are told that a calendar ends."""


class WorkCalendar:
    """`told`: the city's own days by ISO date, which overrule the state's. `state_day(date)`: what the state says, or None.

    `known_until`: the last day of which it is known whether it is worked; None: nobody has told of any year as a whole.
    """

    def __init__(
        self, told: Mapping[str, bool], state_day: Callable[[dt.date], bool | None], known_until: dt.date | None
    ) -> None:
        self._told, self._state_day = told, state_day
        self.known_until = known_until

    def is_working_day(self, day: dt.date) -> bool:
        """As the city says, else as the state does; where neither says anything, Monday to Friday."""
        for said in (self._told.get(day.isoformat()), self._state_day(day)):
            if said is not None:
                return said
        return day.weekday() < 5

    def standing(self, today: dt.date) -> Standing:
        """known, ends_soon (within ENDS_SOON_DAYS), ended, or unknown: it never was known."""
        if self.known_until is None:
            return "unknown"
        left_days = (self.known_until - today).days
        return "ended" if left_days < 0 else "ends_soon" if left_days <= ENDS_SOON_DAYS else "known"

    @functools.lru_cache(maxsize=4)  # noqa: B019 - a calendar lives as long as its city
    def version(self, first: dt.date, last: dt.date) -> str:
        """One text for what is known of these days: another one as soon as one of them, or the end, is another."""
        days = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
        worked = bytes(map(self.is_working_day, days))
        return f"{self.known_until or '-'}:{hashlib.blake2b(worked, digest_size=6).hexdigest()}"
