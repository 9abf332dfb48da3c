"""The rate whose values colour the regions of a map: `colour:KEY`, KEY one of the rates of domain.indicators."""

from typing import Final

from dashboard.briefs import Json, region_name
from dashboard.indicators import region_roll
from dashboard.wall.ground import Ground, Part
from dashboard.wall.overview import rate_of
from domain.indicators import DEFINITIONS, Figure, grouped
from domain.standing import FIGURES

STEPS: Final = 5
RATES: Final = frozenset(key for key, definition in DEFINITIONS.items() if definition.den is not None)


def colour(on: Ground, key: str) -> Json:
    """The rate of what was reported in the period per region below; `step` 1 (lowest) … STEPS, 0 without a base.

    Raises KeyError for what is no rate.
    """
    if key not in RATES:
        raise KeyError(key)
    found = _groups(on, key)
    known = [of.num / of.den for code, of in found.items() if of.den and code in on.city.regions]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    rows = [
        {
            "code": code,
            "name": region_name(on.city, code, on.lang),
            **rate_of(found[code]),
            "step": _step(found[code], low, high),
            "filters": on.link(region=code),
        }
        for code in on.city.children(on.region)
        if code in found
    ]
    return {"colour": {"key": key, "low": low, "high": high, "rows": rows, "filters": on.link()}}


def _groups(on: Ground, key: str) -> dict[str, Figure]:
    if key in FIGURES:
        return {group.key: group.figures[key] for group in on.reported.groups((key,), "region")}
    s = on.view.of(on.window, "report")
    roll = region_roll(on.city, on.region)
    return {group.key: group.figures[key] for group in grouped(s, (key,), "region", on.city.zone, roll)}


def _step(of: Figure, low: float, high: float) -> int:
    if not of.den:
        return 0
    share = (of.num / of.den - low) / (high - low) if high > low else 1.0
    return 1 + min(int(share * STEPS), STEPS - 1)


PARTS: Final[dict[str, Part]] = {"colour": colour}
