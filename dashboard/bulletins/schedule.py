"""Which periods the program publishes by itself, and when: once a period is over, at the local time of the city's plan."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from dashboard.bulletins.periods import after, before, days_of
from domain.calendar import clock_ms, day_at, name_of, start_ms
from store.bulletins import Bulletin, Kind

if TYPE_CHECKING:
    from config.city_model import City

MOST_MISSED: Final = 12
"""How many periods of one kind are made up for after a long outage; the older ones are published by hand."""


class Due(msgspec.Struct, frozen=True):
    """A period to be published for the first time, and since when."""

    kind: Kind
    region: str
    period: str
    at_ms: int


def due_at_ms(city: "City", period: str) -> int:
    """When the program publishes a period."""
    return clock_ms(days_of(period)[1], city.bulletins.minute, city.zone)


def due(
    city: "City", published: Iterable[Bulletin], now_ms: int, first_order_ms: Callable[[str], int | None]
) -> list[Due]:
    """What the plan wants published by now and nobody has, the oldest first.

    Of a kind and region that has been published before, all since the newest one, MOST_MISSED at most; of others only the
    last period that is over. `first_order_ms`: when the first order of a region was reported; nothing before is published.
    """
    newest: dict[tuple[str, str], str] = {}
    for one in published:
        newest[one.kind, one.region] = max(newest.get((one.kind, one.region), ""), one.period)
    found = [
        Due(kind, region, period, due_at_ms(city, period))
        for region in city.bulletins.regions or (city.root,)
        for kind in city.bulletins.kinds
        for period in _missing(city, kind, newest.get((kind, region), ""), now_ms)
        if _has_begun(city, first_order_ms(region), period)
    ]
    return sorted(found, key=lambda one: (one.at_ms, one.region))


def _has_begun(city: "City", first_order_ms: int | None, period: str) -> bool:
    end_ms = start_ms(days_of(period)[1], city.zone)
    return first_order_ms is not None and first_order_ms < end_ms


def _missing(city: "City", kind: Kind, newest: str, now_ms: int) -> list[str]:
    period = before(name_of(kind, day_at(now_ms, city.zone)))
    if due_at_ms(city, period) > now_ms:
        period = before(period)
    if not newest:
        return [period]
    found: list[str] = []
    while period > newest and len(found) < MOST_MISSED:
        found.append(period)
        period = before(period)
    return found


def next_due(city: "City", kind: Kind, now_ms: int) -> tuple[str, int]:
    """(the period that comes next, when it will be published)."""
    period = before(name_of(kind, day_at(now_ms, city.zone)))
    while due_at_ms(city, period) <= now_ms:
        period = after(period)
    return period, due_at_ms(city, period)
