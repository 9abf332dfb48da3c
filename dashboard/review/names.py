"""The counts of the review as its page wants them: with names in the reader's language, places, links and bases."""

from typing import TYPE_CHECKING, Any

import msgspec

from dashboard.briefs import Json, department_name, matter_name, region_name
from dashboard.compare import compared
from dashboard.filters import OrderQuery
from dashboard.indicators import definition_json, figure_json, group_link, link, stage_json
from dashboard.review.count import Counted
from dashboard.review.view import CHOICES, View
from domain.calendar import Base, Span, moved, span_of
from domain.indicators import Durations, Figure, Group
from domain.rates import change4
from domain.scores import MIN_BASE
from domain.stagetimes import StageTimes

if TYPE_CHECKING:
    from config.city_model import City


def told(city: "City", view: View, counted: Counted, scores: Json, given: Json, lang: str) -> Json:
    """→ {region, region_name, path, below, level, child_level, period, basis, as_of_ms, filters, chosen, figures,
    definitions, compare, groups, regions, peers, departments, cards, took, stages, trend, heat}.

    A row of groups, regions, peers, departments: {key, name, unit (False of a month), filters, figures, rank, score}; a
    department's has `cards`.
    """
    query = view.query
    parent = city.regions[query.region].parent if query.region in city.regions else None
    around = msgspec.structs.replace(query, region=parent or query.region)
    rows = [_row(city, query, view.by, group, lang) for group in counted.groups]
    regions = [_row(city, query, "region", group, lang) for group in counted.regions if group.key in city.regions]
    peers = [_row(city, around, "region", group, lang) for group in counted.peers]
    departments = [_row(city, query, "department", group, lang) for group in counted.departments]
    tally = {of["department"]: of for of in given["departments"]}
    return {
        **_place(city, query.region, lang),
        "period": _period(city, view),
        "basis": query.filters.basis,
        "as_of_ms": query.as_of_ms,
        "filters": link(query),
        "chosen": {name: getattr(view, name) for name in CHOICES},
        "figures": {key: figure_json(figure) for key, figure in counted.totals.items()},
        "definitions": {key: definition_json(key, city.evaluation.variants) for key in counted.totals},
        "compare": {kind: _beside(query, counted, *of) for kind, of in counted.bases.items()},
        "groups": ranked(rows, view, scores),
        "regions": ranked(regions, view, {}),
        "peers": ranked(peers, view, {}),
        "departments": [{**row, "cards": tally.get(row["key"])} for row in ranked(departments, view, {})],
        "cards": {"departments": given["departments"], "from_ms": given["from_ms"], "to_ms": given["to_ms"]},
        "took": {"n": counted.took.n, "median_s": counted.took.median_s, "p90_s": counted.took.p90_s},
        "stages": [_stage(query, counted, times) for times in counted.stages],
        "trend": counted.trend,
        "heat": _heat(city, counted.heat, lang),
    }


def _place(city: "City", region: str, lang: str) -> Json:
    known = region in city.regions
    inside = [city.regions[code].level for code in city.subtree(region) if code != region] if known else []
    below = [{"name": level.en if lang == "en" else level.zh, "n": inside.count(level.key)} for level in city.levels]
    return {
        "region": region,
        "region_name": region_name(city, region, lang),
        "path": [{"key": code, "name": region_name(city, code, lang)} for code in city.path(region)] if known else [],
        "below": [of for of in below if of["n"]],
        "level": _level_name(city, region, lang),
        "child_level": next((_level_name(city, child, lang) for child in city.children(region)), ""),
        "child_level_key": next((city.regions[child].level for child in city.children(region)), ""),
        "own_level_key": city.regions[region].level if known else "",
    }


def _level_name(city: "City", code: str, lang: str) -> str:
    if code not in city.regions:
        return ""
    level = city.level(city.regions[code].level)
    return level.en if lang == "en" else level.zh


def _period(city: "City", view: View) -> Json:
    """The days, and those of the period before and after; there is none after one that has not ended."""
    period, span = view.period, span_of(view.period, city.zone)
    ends: Json = {"key": period.key, "from_ms": period.from_ms, "to_ms": period.to_ms}
    if span is None or period.to_ms is None:
        return {**ends, "unit": "all", "first": None, "last": None, "before": None, "after": None}
    ended = period.to_ms <= view.query.as_of_ms
    return {
        **ends,
        "unit": span.unit,
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
        "before": _days(moved(span, -1)),
        "after": _days(moved(span, 1)) if ended else None,
    }


def _days(span: Span) -> Json:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def name_of(city: "City", by: str, key: str, lang: str) -> str:
    """What a group is called; "" for the one without a value."""
    if by == "region":
        return region_name(city, key, lang)
    if by == "department":
        return department_name(city, key, lang)
    return matter_name(city, key, lang) if by == "category" else key


def _row(city: "City", query: OrderQuery, by: str, group: Group, lang: str) -> Json:
    return {
        "key": group.key,
        "name": name_of(city, by, group.key, lang),
        "unit": by != "month",
        "filters": {**link(query), **group_link(city, query, by, group.key)},
        "figures": {key: figure_json(figure) for key, figure in group.figures.items()},
    }


def _heat(city: "City", heat: Json, lang: str) -> Json:
    columns = "region" if heat["by"] == "region" else "time"
    return {
        **heat,
        "rows": [{**row, "name": name_of(city, "category", row["key"], lang)} for row in heat["rows"]],
        "columns": [{**column, "name": name_of(city, columns, column["key"], lang)} for column in heat["columns"]],
    }


def _stage(query: OrderQuery, counted: Counted, times: StageTimes) -> Json:
    kept = counted.kept.get(times.stage)
    return {**stage_json(query, times), "kept": None if kept is None else figure_json(kept)}


def _beside(query: OrderQuery, counted: Counted, base: Base, then: dict[str, Figure], took: Durations) -> Json:
    """The base figures, how the present ones differ, and what lists the orders of the base as they stood then."""
    known = str(query.as_of_ms if query.known_ms is None else query.known_ms)
    moment = {"from": str(base.from_ms), "to": str(base.to_ms), "as_of": str(base.as_of_ms), "known": known}
    figures = {key: compared(figure, then[key]) for key, figure in counted.totals.items()}
    now_s, then_s = counted.took.median_s, took.median_s
    change = None if now_s is None or not then_s else change4(round(now_s * 1000), round(then_s * 1000))
    times = {"median_s": then_s, "n": took.n, "change": change}
    return {**msgspec.structs.asdict(base), "filters": {**link(query), **moment}, "figures": figures, "took": times}


def ranked(rows: list[Json], view: View, scores: Json) -> list[Json]:
    """The rows with their places by the chosen rate: equal rates share one, below the least base there is none (C6.9).

    Sorted by rate or score the worst first, by counts the largest; without a base last. Months stand in their order.
    """
    ratios = [_ratio(row["figures"][view.rate]) if _is_placed(row, view) else None for row in rows]
    able = [ratio for ratio in ratios if ratio is not None]
    made = [
        {**row, "rank": None if ratio is None else 1 + sum(other > ratio for other in able), "score": scores.get(row["key"])}
        for row, ratio in zip(rows, ratios, strict=True)
    ]
    return sorted(made, key=lambda row: _order(row, view))


def _is_placed(row: Json, view: View) -> bool:
    """A unit with base enough; neither those without a unit, nor what is attached to the region itself, nor a month."""
    unit = row["key"] and "direct" not in row["filters"] and row["unit"]
    return bool(unit) and row["figures"][view.rate]["denominator"] >= MIN_BASE


def _ratio(figure: Json) -> float | None:
    return figure["numerator"] / figure["denominator"] if figure["denominator"] else None


def _order(row: Json, view: View) -> tuple[Any, ...]:
    if not row["unit"]:
        return (row["key"],)
    ratio = _ratio(row["figures"][view.rate])
    worst = (row["rank"] is None, ratio is None, ratio or 0.0, -row["figures"]["open"]["numerator"], row["key"])
    if view.sort == "score":
        place = row["score"]["rank"] if row["score"] else None
        return place is None, -(place or 0), *worst
    return worst if view.sort == "rate" else (-row["figures"][view.sort]["numerator"], *worst)
