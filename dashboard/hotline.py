"""The hotline's card (domain.md C5): its calls against the standard, its orders, what people say of them, what it had to do.

Calls are tallies of the days of the window, orders are counted. Where a query asks for some orders only, nobody knows their
calls.
"""

from typing import TYPE_CHECKING, Final, Union

import msgspec

from config.words import words
from dashboard.briefs import Json
from dashboard.indicators import figure_json, link
from dashboard.orderbook import orders_of
from dashboard.past import orders_then, then_of
from dashboard.tallies import above_in, rate_json, tallies_of, total_json
from domain import tallies
from domain.calendar import Period
from domain.counts import Filters, Slice
from domain.hotlineload import Load, load
from domain.indicators import Group, figures_of
from domain.scores import Scored, scored

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.filters import OrderQuery
    from dashboard.hall import Hall
    from dashboard.sight import Sight

SCORE: Final = "hotline"
FIGURES: Final = (
    "hotline_orders", "hotline_valid", "hotline_praise", "hotline_called_back", "hotline_completion_rate",
    "hotline_on_time_rate", "hotline_dispatch_rate", "hotline_sign_rate", "hotline_response_rate", "hotline_solution_rate",
    "hotline_satisfaction_rate", "hotline_pleased_rate",
)  # fmt: skip


def hotline(seen: Union["Hall", "Sight"], query: "OrderQuery", lang: str) -> Json:
    """The card of a region and window.

    {region, from_ms, to_ms, as_of_ms, filters, figures: {KEY: as `dashboard.indicators` tells one}, composite, told, load}.
    composite: {name, value (four decimals or None), shown, grade, parts: [{figure, weight, shown, points}]}; None where the
    city has no such score. told: {totals, rates, day_start}, as `dashboard.tallies` tells them; a rate has besides its
    `standard` (per cent, or None) and whether it `meets` it. load: {direct, orders, new, carried, total, carried_filters}. told
    and load are of all orders of the region, so None where the query narrows.
    """
    city = seen.city
    parts = [part.figure for part in city.evaluation.scores[SCORE].parts] if SCORE in city.evaluation.scores else []
    told = _told(seen, query) if _is_whole(query) else None
    with seen.lock:
        then = then_of(seen, query)
        frame = orders_then(orders_of(seen), then)
        filters = query.within(city, frame)
        s = Slice(frame, filters, query.as_of_ms, rewound=then.rewound)
        figures = figures_of(s, dict.fromkeys((*FIGURES, *parts)))
        totals = None if told is None else tallies.totals(told, above_in(city, query.region))
        sums = None if totals is None else load(frame, filters, query.as_of_ms, totals)
    return {
        "region": query.region,
        "from_ms": query.filters.from_ms,
        "to_ms": query.filters.to_ms,
        "as_of_ms": query.as_of_ms,
        "filters": link(query),
        "figures": {key: figure_json(figure) for key, figure in figures.items()},
        "composite": _composite(city, Group("", figures), lang) if parts else None,
        "told": None if told is None else _calls(city, query.region, told, lang),
        "load": None if sums is None else _load_json(sums, query),
    }


def _is_whole(query: "OrderQuery") -> bool:
    f = query.filters
    return not query.direct and f == Filters(from_ms=f.from_ms, to_ms=f.to_ms)


def _told(seen: Union["Hall", "Sight"], query: "OrderQuery") -> list[tallies.Tally]:
    """The tallies of the query; none of what lies outside every region."""
    if query.region not in seen.city.regions:
        return []
    return tallies_of(seen, query.region, Period("custom", query.filters.from_ms, query.filters.to_ms))


def _calls(city: "City", region: str, told: list[tallies.Tally], lang: str) -> Json:
    rules, above = city.evaluation.variants.hotline, above_in(city, region)
    standards = dict(rules.standards)
    rates = {}
    for key in tallies.CALL_RATES:
        ratio, standard = tallies.call_rate(key, told, above), standards.get(key)
        meets = None if ratio is None or not ratio[1] or standard is None else ratio[0] * 100 >= standard * ratio[1]
        rates[key] = {**rate_json(key, ratio, lang), "standard": standard, "meets": meets}
    found = tallies.totals(told, above)
    return {"totals": {key: total_json(one, lang) for key, one in found.items()}, "rates": rates, "day_start": rules.day_start}


def _composite(city: "City", group: Group, lang: str) -> Json:
    score = city.evaluation.scores[SCORE]
    (row,) = scored(score, [group], city.evaluation.bands)
    return {"name": words(lang)["hotline.composite"], **_score_json(row)}


def _score_json(row: Scored) -> Json:
    parts = [{"figure": p.figure, "weight": p.weight, "shown": p.shown, "points": p.points4} for p in row.parts]
    return {"value": row.value4, "shown": row.shown, "grade": row.grade, "parts": parts}


def _load_json(sums: Load, query: "OrderQuery") -> Json:
    """`carried_filters`: of the orders that were open when the window began, as they stood then."""
    begin_ms = query.filters.from_ms
    before = msgspec.structs.replace(query, filters=Filters(to_ms=begin_ms), as_of_ms=begin_ms or 0, known_ms=query.as_of_ms)
    told = {name: getattr(sums, name) for name in ("direct", "orders", "new", "carried", "total")}
    return {**told, "carried_filters": None if begin_ms is None else link(before)}
