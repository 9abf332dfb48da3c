"""Rankings by the city's scores: workers, grids, communities, departments, seats of the centre, best first (十佳 and its end).

Every part shows what it was made of and opens exactly the orders that it counted.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Union

from flask import Flask, request

from config.settings import Settings
from config.words import words
from dashboard.access import need
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, department_name, matter_name, region_name
from dashboard.doors import language
from dashboard.filters import OrderQuery, counted_at, none_of
from dashboard.indicators import definition_json, link, spoken_level
from dashboard.orderbook import orders_of
from dashboard.past import orders_then, then_of
from dashboard.query import read_query
from dashboard.sight import Sight, sight
from domain.counts import Slice
from domain.indicators import DEFINITIONS, Figure, Group, grouped, make_figure
from domain.scores import LEVEL, OWN_GRID, Part, Score, Scored, ScoredPart, examples, scored

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

Units = dict[str, dict[str, Figure]]
"""Unit → figure → what it is there."""


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """/api/v1/ranking?score=KEY&region=&from=&to=|period=…: `ranking` of what the asker sees; without KEY the first score."""

    def api() -> Any:
        need("statistics")
        seen = sight(hall)
        key = request.args.get("score") or next(iter(seen.city.evaluation.scores), "")
        if key not in seen.city.evaluation.scores:
            raise none_of("score", key, seen.city.evaluation.scores)
        asked = {name: value for name, value in request.args.items() if name != "score"}
        query = read_query(seen.city, counted_at(asked, hall.moment()), seen.now_ms())
        return json_response(ranking(seen, query, key, language(settings)), 200, seen.city)

    app.add_url_rule("/api/v1/ranking", "api_ranking", refusals_spoken(hall, api))


def ranking(
    seen: Union["Hall", Sight], query: OrderQuery, key: str, lang: str = "zh", most: int | None = None
) -> Json:
    """The units of a score, from the orders of a query, best first; those without a base, or too little of one, last.

    {score, name, by, min_base, example (the weights are those of the standard's examples, the city has set none), parts:
    [{figure, word, weight, inverted, points, by, definition}], bands: [{grade, from}], rows, as_of_ms}.
    A row: {key, name, value (0 to 100, four decimals, or None), shown, grade, rank (None: not ranked), base, filters, parts:
    [{figure, numerator, denominator, shown, weight, counted, points, filters}]}: `counted` is the part's share of this score
    in per cent, None where it had no base and the others count for it; `filters` are the parameters of /orders that, with
    `figure` and `part`, list what was counted, None where a worker's own grid lies elsewhere. KeyError
    for a score that the city does not have.
    `most`: only so many rows; `ranked` says how many have a rank.
    """
    city = seen.city
    score = city.evaluation.scores[key]
    with seen.lock:
        then = then_of(seen, query)
        orders = orders_then(orders_of(seen), then)
        s = Slice(orders, query.within(city, orders), query.as_of_ms, rewound=then.rewound)
        units = _units(city, s, query, score)
    rows = scored(score, [Group(name, figures) for name, figures in sorted(units.items())], city.evaluation.bands)
    return {
        "score": key,
        "name": score_name(city, key, lang),
        "by": score.by,
        "min_base": score.min_base,
        "example": score == examples(("", *(level.key for level in city.levels))).get(key),
        "parts": [_part_json(city, score, part, lang) for part in score.parts],
        "bands": [{"grade": band.key, "from": band.from_} for band in city.evaluation.bands],
        "ranked": sum(row.rank is not None for row in rows),
        "rows": [_row_json(city, query, score, row, lang) for row in rows[:most]],
        "as_of_ms": query.as_of_ms,
    }


def score_name(city: "City", key: str, lang: str) -> str:
    """What a score is called: by the words, else by the level whose regions it ranks, else its key."""
    return words(lang).get(f"score.{key}") or spoken_level(city, key, lang)


def _units(city: "City", s: Slice, query: OrderQuery, score: Score) -> Units:
    """The figures of every unit, of each part as it is grouped. A unit that has nothing of a part has 0 of it."""
    found: Units = {name: {} for name in _always(city, query, score.by)}
    for by in dict.fromkeys(part.by or score.by for part in score.parts):
        keys = [part.figure for part in score.parts if (part.by or score.by) == by]
        for name, figures in _grouped(city, s, query, by, keys).items():
            if name in found or _is_unit(city, score.by, name):
                found.setdefault(name, {}).update(figures)
    blank = {part.figure: _nothing(part.figure, s) for part in score.parts}
    return {name: {**blank, **figures} for name, figures in found.items() if name}


def _nothing(figure: str, s: Slice) -> Figure:
    den = None if DEFINITIONS[figure].den is None else 0
    return make_figure(figure, 0, den, s.as_of_ms, s.basis, s.variants)


def _always(city: "City", query: OrderQuery, by: str) -> Iterable[str]:
    """Units that are listed whether they have an order or not: the regions of a level in the region asked for."""
    return _regions(city, query, by.removeprefix(LEVEL)) if by.startswith(LEVEL) else ()


def _regions(city: "City", query: OrderQuery, level: str) -> frozenset[str]:
    if query.region not in city.regions:
        return frozenset()
    return city.subtree(query.region) & frozenset(city.regions_of(level))


def _is_unit(city: "City", by: str, name: str) -> bool:
    """Whether somebody is ranked here: of those who reported only staff, citizens are not."""
    if by.startswith(LEVEL):
        return False
    return bool(name) and (by not in ("reporter", "handler") or name in city.roster)


def _grouped(city: "City", s: Slice, query: OrderQuery, by: str, keys: list[str]) -> Units:
    if by == OWN_GRID:
        return _own_grids(city, s, query, keys)
    if by.startswith(LEVEL):
        inside = _regions(city, query, by.removeprefix(LEVEL))
        roll = {code: top for top in inside for code in city.subtree(top)}
        return {group.key: group.figures for group in grouped(s, keys, "region", roll=roll) if group.key in inside}
    return {group.key: group.figures for group in grouped(s, keys, by)}


def _own_grids(city: "City", s: Slice, query: OrderQuery, keys: list[str]) -> Units:
    """Of each worker what lies in his own region of the roster, where that is inside the region asked for."""
    inside = city.subtree(query.region) if query.region in city.regions else frozenset()
    owners = {worker: entry.region for worker, entry in city.roster.items() if entry.region in inside}
    sums: dict[str, list[list[int]]] = {}
    for group in grouped(s, keys, "region"):
        counts = [[group.figures[key].num, group.figures[key].den or 0] for key in keys]
        for region in city.path(group.key) if group.key in city.regions else ():
            held = sums.setdefault(region, [[0, 0] for _ in keys])
            sums[region] = [[a + c, b + d] for (a, b), (c, d) in zip(held, counts, strict=True)]
    return {worker: _summed(s, keys, sums[region]) for worker, region in owners.items() if region in sums}


def _summed(s: Slice, keys: list[str], counts: list[list[int]]) -> dict[str, Figure]:
    return {
        key: make_figure(key, num, None if DEFINITIONS[key].den is None else den, s.as_of_ms, s.basis, s.variants)
        for key, (num, den) in zip(keys, counts, strict=True)
    }


def _part_json(city: "City", score: Score, part: Part, lang: str) -> Json:
    return {
        "figure": part.figure,
        "word": words(lang)[f"figure.{part.figure}"],
        "weight": part.weight,
        "inverted": part.inverted,
        "points": [list(pair) for pair in part.points],
        "by": part.by or score.by,
        "definition": definition_json(part.figure, city.evaluation.variants),
    }


def _row_json(city: "City", query: OrderQuery, score: Score, row: Scored, lang: str) -> Json:
    return {
        "key": row.key,
        "name": _name(city, score.by, row.key, lang),
        "value": row.value4,
        "shown": row.shown,
        "grade": row.grade,
        "rank": row.rank,
        "base": row.base,
        "filters": _link(city, query, score.by, row.key),
        "parts": [_scored_json(city, query, score, part, made, row) for part, made in zip(score.parts, row.parts, strict=True)],
    }


def _scored_json(city: "City", query: OrderQuery, score: Score, part: Part, made: ScoredPart, row: Scored) -> Json:
    return {
        "figure": made.figure,
        "numerator": made.num,
        "denominator": made.den,
        "shown": made.shown,
        "weight": made.weight,
        "counted": made.counted4,
        "points": made.points4,
        "filters": _link(city, query, part.by or score.by, row.key),
    }


def _link(city: "City", query: OrderQuery, by: str, key: str) -> dict[str, str] | None:
    """None where a worker's own grid lies outside of the region asked for, so that nothing was counted."""
    if by.startswith(LEVEL):
        return {**link(query), "region": key}
    if by == OWN_GRID:
        entry = city.roster.get(key)
        inside = city.subtree(query.region) if query.region in city.regions else frozenset()
        return {**link(query), "region": entry.region} if entry and entry.region in inside else None
    return {**link(query), by: key}


_NAMES: Final[Mapping[str, Any]] = {"department": department_name, "category": matter_name}


def _name(city: "City", by: str, key: str, lang: str) -> str:
    if by.startswith(LEVEL):
        return region_name(city, key, lang)
    if by in _NAMES:
        named: str = _NAMES[by](city, key, lang)
        return named
    return city.roster[key].name if key in city.roster else key
