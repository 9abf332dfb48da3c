"""Indicators of a region and period, in all and by group, each number with what it takes to open its orders."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pandas as pd

from config.words import words
from dashboard.briefs import Json, department_name, matter_name, region_name
from dashboard.compare import compared, weights_json
from dashboard.filters import NOBODY, OrderQuery, region_code
from dashboard.orderbook import orders_of
from dashboard.past import orders_then, then_of
from domain.calendar import BASES, Base, Period, base_of, days_named, start_ms
from domain.counts import Filters, Slice
from domain.indicators import (
    DEFINITIONS,
    GROUPINGS,
    Durations,
    Figure,
    durations,
    figures_of,
    grouped,
    grouped_durations,
)
from domain.orderframe import SEATS
from domain.rates import shown, value4
from domain.stagetimes import BASIS, StageTimes, stage_times
from domain.variants import USUAL, Variants

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

SHOWN: Final = (
    "reported", "accepted", "registered", "closed", "closed_on_time", "closed_late", "closed_unjudged", "open", "overdue",
    "due_soon", "rejected", "voided", "close_due", "closed_before_reported", "closure_rate", "on_time_closure_rate",
    "on_time_of_closed", "on_time_of_reported", "completion_rate", "settlement_rate", "closed_of_reported", "open_rate",
    "routed", "rerouted", "rerouted_rate",
)  # fmt: skip
"""The figures of an answer that names none."""


def indicators(
    hall: "Hall",
    region: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    by: str | None = None,
    *,
    basis: str = "report",
    keys: Iterable[str] = SHOWN,
    words: Mapping[str, frozenset[str]] | None = None,
    now_ms: int | None = None,
) -> Json:
    """Figures of the orders of a region and window, and of each group when `by` (domain.indicators.GROUPINGS) is given.

    → {region, region_name, from_ms, to_ms, basis, as_of_ms, by, filters, figures, durations, groups, definitions, stages}.
    A figure: {numerator, denominator, value (per cent, 4 decimals, or the count), shown, definition, as_of_ms}.
    A group: {key, name, filters, figures, durations}; `filters` are the parameters of `orders_page` that, with `figure`
    and `part` added, list the orders of any of its numbers. Raises UnknownRegion, KeyError for a figure or grouping that
    does not exist.
    """
    now_ms = hall.now_ms() if now_ms is None else now_ms
    filters = Filters(words=dict(words or {}), from_ms=from_ms, to_ms=to_ms, basis=basis)
    query = OrderQuery(region=region_code(hall.city, region), filters=filters, as_of_ms=now_ms)
    return indicators_of(hall, query, by, tuple(keys))


def indicators_of(
    hall: "Hall",
    query: OrderQuery,
    by: str | None,
    keys: tuple[str, ...] = SHOWN,
    period: Period | None = None,
    lang: str = "zh",
    staged: bool = True,
) -> Json:
    """`indicators` of a query (its `count` and `sort` play no part), with names in `lang`.

    `stages`: [{stage, time: "working", left, n, median_s, p90_s, mean_s, compliance: {numerator, denominator, value, shown},
    filters}] of the orders that left each stage in the window, whatever its basis; `filters` list those that left it. None of
    them unless `staged`.

    With `period`, the one that the query was read with, `compare` stands beside: {previous | year: {from_ms, to_ms, as_of_ms,
    figures: {key: {numerator, denominator, shown, change, points}}} or None}, the totals of the period before and of the same
    period a year before (`dashboard.compare`).
    """
    if by is not None and by not in GROUPINGS:
        raise KeyError(by)
    city, base = hall.city, link(query)
    with hall.lock:
        then = then_of(hall, query)
        frame = orders_then(orders_of(hall), then)
        filters = query.within(city, frame)
        s = Slice(frame, filters, query.as_of_ms, rewound=then.rewound)
        total, took = figures_of(s, keys), durations(s)
        stages = stage_times(frame, filters, query.as_of_ms, then.rewound) if staged else []
        groups = [] if by is None else _groups(city, s, query, by, keys, lang)
        compare = {}
        if period is not None:
            bases = {kind: base_of(kind, period, city.zone, query.as_of_ms) for kind in BASES}
            compare = {"compare": {kind: of and _beside(total, frame, filters, of) for kind, of in bases.items()}}
    return {
        "region": query.region,
        "region_name": region_name(city, query.region, lang),
        "from_ms": query.filters.from_ms,
        "to_ms": query.filters.to_ms,
        "basis": query.filters.basis,
        "as_of_ms": query.as_of_ms,
        "by": by,
        "filters": base,
        "figures": {key: figure_json(figure) for key, figure in total.items()},
        "durations": _durations_json(took),
        "groups": groups,
        "definitions": {figure.definition: definition_json(key, s.variants) for key, figure in total.items()},
        "stages": [stage_json(query, times) for times in stages],
        **compare,
    }


def _beside(now: dict[str, Figure], frame: pd.DataFrame, filters: Filters, base: Base) -> Json:
    """Figures of a base window under the same filters, each with how the present one differs."""
    window = msgspec.structs.replace(filters, from_ms=base.from_ms, to_ms=base.to_ms)
    then = figures_of(Slice(frame, window, base.as_of_ms, rewound=True), tuple(now))
    return {**msgspec.structs.asdict(base), "figures": {key: compared(now[key], then[key]) for key in now}}


def _groups(city: "City", s: Slice, query: OrderQuery, by: str, keys: tuple[str, ...], lang: str) -> list[Json]:
    roll = region_roll(city, query.region) if by == "region" else None
    took = grouped_durations(s, by, city.zone, roll)
    return [
        {
            "key": group.key,
            "name": _group_name(city, by, group.key, lang),
            "filters": {**link(query), **group_link(city, query, by, group.key)},
            "figures": {key: figure_json(figure) for key, figure in group.figures.items()},
            "durations": _durations_json(took[group.key]),
        }
        for group in grouped(s, keys, by, city.zone, roll)
    ]


def region_roll(city: "City", region: str) -> dict[str, str]:
    """Each code below a region → the child that it lies in; the region itself → itself."""
    roll = {code: child for child in city.children(region) for code in city.subtree(child)}
    return {**roll, region: region}


def link(query: OrderQuery) -> dict[str, str]:
    """Parameters of `orders_page` that mean the same query."""
    f = query.filters
    given: dict[str, Any] = {"region": query.region, "direct": "1" if query.direct else None, "from": f.from_ms, "to": f.to_ms}
    given |= {name: next(iter(allowed)) or NOBODY for name, allowed in f.words.items()}
    given |= {"basis": f.basis if f.basis != "report" else None, "stage": f.stage}
    given |= {"status": ",".join(sorted(f.statuses)) if f.statuses else None}
    given |= {"kind": f.kind or None}
    given |= {"open": None if f.open is None else str(int(f.open)), "as_of": query.as_of_ms}
    given |= {"known": None if query.known_ms in (None, query.as_of_ms) else query.known_ms}
    return {name: str(value) for name, value in given.items() if value is not None}


def group_link(city: "City", query: OrderQuery, by: str, key: str) -> dict[str, str]:
    """What narrows the query to one of its groups."""
    if by == "region":
        return {"region": key or NOBODY} | ({"direct": "1"} if key == query.region else {})
    if by in ("month", "day"):
        first, after = (start_ms(day, city.zone) for day in days_named(key))
        f = query.filters
        first = first if f.from_ms is None else max(first, f.from_ms)
        return {"from": str(first), "to": str(after if f.to_ms is None else min(after, f.to_ms))}
    if by == "kind":
        return {"kind": key} if key else {"category": NOBODY}
    return {by: key or NOBODY}


def _group_name(city: "City", by: str, key: str, lang: str) -> str:
    if by == "region":
        return region_name(city, key, lang)
    if by == "department":
        return department_name(city, key, lang)
    if by == "category":
        return matter_name(city, key, lang)
    if by == "kind":
        return words(lang)[f"kind.{key}"] if key else ""
    if by == "holder_level":
        return spoken_level(city, key, lang)
    return city.roster[key].name if by in (*SEATS, "reporter", "handler") and key in city.roster else key


def spoken_level(city: "City", key: str, lang: str) -> str:
    """What a level of the city is called; its key, where the city has none such."""
    level = next((level for level in city.levels if level.key == key), None)
    return key if level is None else level.en if lang == "en" else level.zh


def figure_json(figure: Figure) -> Json:
    return {
        "key": figure.key,
        "numerator": figure.num,
        "denominator": figure.den,
        "value": figure.num if figure.den is None else figure.value4,
        "shown": figure.shown,
        "definition": figure.definition,
        "as_of_ms": figure.as_of_ms,
        **weights_json(figure),
    }


def definition_json(key: str, variants: Variants = USUAL) -> Json:
    """What a figure is, as a city reads it. In words: `word` its name, `what` its explanation, `readings` what the city has
    chosen otherwise than most, `origin` where the formula comes from.
    """
    d = DEFINITIONS[key]
    return {
        "key": d.key,
        "version": d.version,
        "word": d.word,
        "what": f"{d.word}.what",
        "readings": d.readings_in(variants),
        "origin": f"origin.{d.origin}",
        "numerator": d.num,
        "denominator": d.den,
    }


def stage_json(query: OrderQuery, times: StageTimes) -> Json:
    left = msgspec.structs.replace(query, filters=msgspec.structs.replace(query.filters, basis=BASIS[times.stage]))
    told = {"numerator": times.in_time, "denominator": times.judged}
    compliance = told | {"value": value4(times.in_time, times.judged), "shown": shown(times.in_time, times.judged)}
    timed = {name: getattr(times, name) for name in ("stage", "time", "left", "n", "median_s", "p90_s", "mean_s")}
    return {**timed, "compliance": compliance, "filters": link(left)}


def _durations_json(took: Durations) -> Json:
    return {
        "n": took.n,
        "median_s": took.median_s,
        "p90_s": took.p90_s,
        "mean_s": took.mean_s,
        "left_out": {"close_time_unknown": took.left_out_unknown, "closed_before_reported": took.left_out_before_reported},
    }
