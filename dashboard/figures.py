"""What a wall shows of one region and period, in the parts that its scene asks for: what assets/js/panels draw."""

import operator
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashboard.briefs import Json, region_name
from dashboard.people import online
from dashboard.wall.ground import Ground
from dashboard.wall.overview import PARTS as OVERVIEW_PARTS
from dashboard.wall.parts import PARTS
from domain.calendar import PERIODS, Period

if TYPE_CHECKING:
    from config.city_model import City
    from config.faults import Fault
    from dashboard.hall import Hall

_FIXED_AT_MS: Final = operator.attrgetter("fixed_at_ms")
OVERVIEW: Final = tuple(OVERVIEW_PARTS)
MOST_LOOKS: Final = 64

Memory = dict[str, tuple[int, Json]]
"""By part: what it said when it could last be counted, and as of when (ms)."""


class Memories:
    """The memories of the looks asked for last, by what they are of."""

    def __init__(self) -> None:
        self._of: dict[Hashable, Memory] = {}

    def of(self, look: Hashable) -> Memory:
        memory = self._of.pop(look, {})
        self._of[look] = memory
        if len(self._of) > MOST_LOOKS:
            del self._of[next(iter(self._of))]
        return memory


def figures(
    hall: "Hall",
    region: str,
    period: Any = None,
    now_ms: int | None = None,
    lang: str = "zh",
    parts: Iterable[str] = OVERVIEW,
    memory: Memory | None = None,
) -> Json:
    """The named parts (`name` or `name:argument`, dashboard.wall.parts) of a region ("" is the city) in a period.

    `filters` beside a number are the parameters of /orders that list exactly what it counts. A part that cannot be counted is
    one of `faults`, {part: {reference, since_ms, good_ms}}, and takes no other with it: what `memory` holds of it stands in its
    place, counted as of good_ms (None: it never could be).
    Raises KeyError for a region or a part that does not exist, ValueError for a period that is none.
    """
    if region and region not in hall.city.regions:
        raise KeyError(region)
    if isinstance(period, str) and period and period not in PERIODS:
        raise ValueError(f"no period: {period!r} is none of {', '.join(PERIODS)}")
    asked = {part: (PARTS[part.partition(":")[0]], part.partition(":")[2]) for part in parts}
    with hall.lock:
        look = _Look(hall, hall.moment() if now_ms is None else now_ms, {} if memory is None else memory)
        look.add("age", lambda: {"age": _ages(hall, look.now_ms)})
        on = look.ground(region, period, lang, asked)
        if on is not None:
            for part, (count, argument) in asked.items():
                look.add(part, lambda count=count, argument=argument: count(on, argument))  # type: ignore[misc]
    told = look.told | {"region": _region(hall.city, region or hall.city.root, lang)}
    return told | {"faults": look.faults} if look.faults else told


class _Look:
    """One look at a hall at an instant: its parts are added one by one, and each fails alone."""

    def __init__(self, hall: "Hall", now_ms: int, memory: Memory) -> None:
        self._hall, self.now_ms, self._memory = hall, now_ms, memory
        self.told: Json = {"as_of_ms": now_ms}
        self.faults: dict[str, Json] = {}

    def ground(self, region: str, period: Any, lang: str, parts: Iterable[str]) -> Ground | None:
        """What all parts stand on; None, and a fault of each of them, where there is no such thing."""
        try:
            on = Ground(self._hall, region, period, self.now_ms, lang)
        except Exception as error:  # no calendar and no index may take the map away
            fault = self._hall.faults.tell("figures", "all parts", error)
            for part in parts:
                self._failed(part, fault)
            return None
        self.told["period"] = _period(on.window, self._hall.city)
        return on

    def add(self, part: str, count: Callable[[], Json]) -> None:
        try:
            found = count()
        except Exception as error:  # one part's defect is not the others'
            self._failed(part, self._hall.faults.tell("figures", part.partition(":")[0], error))
            return
        self._memory[part] = self.now_ms, found
        self.told |= found

    def _failed(self, part: str, fault: "Fault") -> None:
        good_ms, found = self._memory.get(part, (None, {}))
        self.told |= found
        self.faults[part] = {"reference": fault.reference, "since_ms": fault.first_at_ms, "good_ms": good_ms}


def _period(window: Period, city: "City") -> Json:
    """{key, from_ms, to_ms, first, last}: its ends, and the first and the last local day of it ("" where it is open)."""
    ends = (window.from_ms, None if window.to_ms is None else window.to_ms - 1)
    first, last = ("" if at_ms is None else city.day_of(at_ms) for at_ms in ends)
    return {"key": window.key, "from_ms": window.from_ms, "to_ms": window.to_ms, "first": first, "last": last}


def _ages(hall: "Hall", now_ms: int) -> Json:
    """When the newest position reached the gateway and when an order changed last (instants; None: never yet).

    positions_p95_s: 95 of 100 workers online were where the map shows them at most so long ago.
    """
    fixed_ms = np.fromiter(map(_FIXED_AT_MS, online(hall.workers.values())), np.float64)
    p95_s = float(np.percentile((now_ms - fixed_ms) / 1000, 95)) if len(fixed_ms) else None
    return {
        "positions_ms": hall.newest_received_at_ms or None,
        "orders_ms": hall.last_change_at_ms.get("order") or None,
        "positions_p95_s": None if p95_s is None else round(max(p95_s, 0.0)),
    }


def _region(city: "City", code: str, lang: str) -> Json:
    def place(code: str) -> Json:
        return {"code": code, "name": region_name(city, code, lang), "level": city.regions[code].level}

    return {
        **place(code),
        "path": [place(step) for step in city.path(code)],
        "children": [place(child) for child in city.children(code)],
    }
