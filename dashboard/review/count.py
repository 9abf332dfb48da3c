"""All figures of the review, of one moment: one slice of the orders, grouped in every way that the page needs."""

from typing import TYPE_CHECKING, Final

import msgspec

from dashboard.briefs import Json
from dashboard.indicators import region_roll
from dashboard.orderbook import orders_of
from dashboard.past import orders_then, then_of
from dashboard.review.cuts import heat_of, nothing, trend_of
from dashboard.review.view import View
from dashboard.sight import Sight
from domain.calendar import BASES, Base, base_of
from domain.counts import Filters, Slice
from domain.indicators import Durations, Figure, Group, durations, figures_of, grouped
from domain.stagetimes import BASIS, StageTimes, stage_times

if TYPE_CHECKING:
    from config.city_model import City
    from domain.ordercut import Cut, Past

HEADLINES: Final = (
    "accepted", "closed", "completion_rate", "on_time_closure_rate", "satisfaction_rate", "open", "overdue", "closure_rate",
    "rework_rate", "reported",
)  # fmt: skip
KEPT: Final = {
    "dispatch": "on_time_dispatch_rate", "handle": "on_time_handling_rate", "check": "on_time_check_rate",
    "total": "on_time_closure_rate",
}  # fmt: skip
"""The rate that says of a stage how many kept its limit; those of the intake have none."""
COLUMNS: Final = ("accepted", "closed", "open", "overdue", "on_time_closure_rate")


class Counted(msgspec.Struct):
    """The figures of one moment. `regions`: the children, also those without orders; `peers`: it and those beside it.

    `kept`: of KEPT, by stage.
    """

    totals: dict[str, Figure]
    bases: dict[str, tuple[Base, dict[str, Figure], Durations]]
    regions: list[Group]
    groups: list[Group]
    peers: list[Group]
    departments: list[Group]
    took: Durations
    stages: list[StageTimes]
    kept: dict[str, Figure]
    trend: Json
    heat: Json


def count(seen: Sight, view: View) -> Counted:
    """All that is counted of a view. Hold `seen.lock`."""
    city, query = seen.city, view.query
    then = then_of(seen, query)
    orders = orders_then(orders_of(seen), then)
    filters = query.within(city, orders)
    s = Slice(orders, filters, query.as_of_ms, rewound=then.rewound)
    keys = tuple(dict.fromkeys((*COLUMNS, view.rate)))
    roll = region_roll(city, query.region)
    bases = _bases(city, orders, filters, view)
    totals = figures_of(s, dict.fromkeys((*HEADLINES, view.rate)))
    regions = _every(city.children(query.region), grouped(s, keys, "region", roll=roll), keys, s)
    return Counted(
        totals=totals,
        bases={kind: (base, figures_of(cut, totals), durations(cut)) for kind, (base, cut) in bases.items()},
        regions=regions,
        groups=regions if view.by == "region" else grouped(s, keys, view.by, city.zone),
        peers=_peers(city, orders, view, keys, then.rewound),
        departments=grouped(s, keys, "department"),
        took=durations(s),
        stages=stage_times(orders, filters, query.as_of_ms, then.rewound),
        kept={stage: _kept(orders, filters, view, stage, then.rewound) for stage in KEPT},
        trend=trend_of(city, s, query, view.period, ("accepted", view.rate), bases.get(view.compare)),
        heat=heat_of(city, s, query, view.heat, view.period, roll),
    )


def _kept(orders: "Cut | Past", filters: Filters, view: View, stage: str, rewound: bool) -> Figure:
    """Of the orders that left a stage in the window, how many kept its limit."""
    left = Slice(orders, msgspec.structs.replace(filters, basis=BASIS[stage]), view.query.as_of_ms, rewound)
    return figures_of(left, (KEPT[stage],))[KEPT[stage]]


def _bases(city: "City", orders: "Cut | Past", filters: Filters, view: View) -> dict[str, tuple[Base, Slice]]:
    """What the period is compared with, as far as there is something."""
    found = {}
    for kind in BASES:
        base = base_of(kind, view.period, city.zone, view.query.as_of_ms)
        if base is not None:
            window = msgspec.structs.replace(filters, from_ms=base.from_ms, to_ms=base.to_ms)
            found[kind] = base, Slice(orders, window, base.as_of_ms, rewound=True)
    return found


def _every(codes: tuple[str, ...], groups: list[Group], keys: tuple[str, ...], s: Slice) -> list[Group]:
    """The groups, and those regions that have no orders: a map with holes would say nothing of them."""
    there = {group.key for group in groups}
    return groups + [Group(code, nothing(keys, s)) for code in codes if code not in there] if codes else []


def _peers(city: "City", orders: "Cut | Past", view: View, keys: tuple[str, ...], rewound: bool) -> list[Group]:
    """The region among those beside it; nothing at the root of what is seen."""
    parent = city.regions[view.query.region].parent if view.query.region in city.regions else None
    if parent is None:
        return []
    around = msgspec.structs.replace(view.query, region=parent).within(city, orders)
    s = Slice(orders, around, view.query.as_of_ms, rewound=rewound)
    beside = city.children(parent)
    groups = grouped(s, keys, "region", roll=region_roll(city, parent))
    return _every(beside, [group for group in groups if group.key in beside], keys, s)
