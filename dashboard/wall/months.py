"""Which month a panel of the month shows: this one, or the last closed one while this one has too little yet."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from dashboard.briefs import Json
from domain.calendar import Period, named

if TYPE_CHECKING:
    from config.city_model import City


class Shown(msgspec.Struct, frozen=True):
    """`closed`: it is the last month, because this one has too little yet. `made`: what it was found to have."""

    window: Period
    closed: bool
    made: Any

    def told(self, city: "City") -> Json:
        """{month: "2026-11", closed}."""
        assert self.window.from_ms is not None
        return {"month": city.day_of(self.window.from_ms)[:7], "closed": self.closed}


def shown(city: "City", now_ms: int, make: Callable[[Period], Any], enough: Callable[[Any], bool]) -> Shown:
    """This month if what is made of it is enough, or if the month before has no more to show; else the month before."""
    month = named("month", city.zone, now_ms)
    of_this = make(month)
    if enough(of_this) or month.from_ms is None:
        return Shown(month, False, of_this)
    before = named("month", city.zone, month.from_ms - 1)
    of_before = make(before)
    return Shown(before, True, of_before) if enough(of_before) else Shown(month, False, of_this)
