"""What a wall shows of one region and period, in the parts that its scene asks for: what assets/js/panels draw."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashboard.briefs import Json, region_name
from dashboard.people import online
from dashboard.wall.ground import Ground
from dashboard.wall.overview import PARTS as OVERVIEW_PARTS
from dashboard.wall.parts import PARTS
from domain.calendar import Period

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

OVERVIEW: Final = tuple(OVERVIEW_PARTS)


def figures(
    hall: "Hall",
    region: str,
    period: Any = None,
    now_ms: int | None = None,
    lang: str = "zh",
    parts: Iterable[str] = OVERVIEW,
) -> Json:
    """The named parts (`name` or `name:argument`, dashboard.wall.parts) of a region ("" is the city) in a period.

    `filters` beside a number are the parameters of /orders that list exactly what it counts.
    Raises KeyError for a region or a part that does not exist, ValueError for a period that is none.
    """
    with hall.lock:
        on = Ground(hall, region, period, hall.moment() if now_ms is None else now_ms, lang)
        told = {
            "as_of_ms": on.now_ms,
            "region": _region(on.city, on.region, lang),
            "period": _period(on.window, on.city),
            "age": _ages(hall, on.now_ms),
        }
        for part in parts:
            name, _, argument = part.partition(":")
            told |= PARTS[name](on, argument)
    return told


def _period(window: Period, city: "City") -> Json:
    """{key, from_ms, to_ms, first, last}: its ends, and the first and the last local day of it ("" where it is open)."""
    ends = (window.from_ms, None if window.to_ms is None else window.to_ms - 1)
    first, last = ("" if at_ms is None else city.day_of(at_ms) for at_ms in ends)
    return {"key": window.key, "from_ms": window.from_ms, "to_ms": window.to_ms, "first": first, "last": last}


def _ages(hall: "Hall", now_ms: int) -> Json:
    """When the newest position reached the gateway and when an order changed last (instants; None: never yet).

    positions_p95_s: 95 of 100 workers online were where the map shows them at most so long ago.
    """
    ages_s = [(now_ms - row.fixed_at_ms) / 1000 for row in online(hall.workers.values())]
    return {
        "positions_ms": hall.newest_received_at_ms or None,
        "orders_ms": hall.last_change_at_ms.get("order") or None,
        "positions_p95_s": round(max(float(np.percentile(ages_s, 95)), 0.0)) if ages_s else None,
    }


def _region(city: "City", code: str, lang: str) -> Json:
    def place(code: str) -> Json:
        return {"code": code, "name": region_name(city, code, lang), "level": city.regions[code].level}

    return {
        **place(code),
        "path": [place(step) for step in city.path(code)],
        "children": [place(child) for child in city.children(code)],
    }
