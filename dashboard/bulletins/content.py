"""What a version of a period holds: every figure with its numerator and denominator, by which definition, as of when.

A plain value that becomes JSON once and is never made again: what was published is read from it, whatever rules there are then.

content: {format, kind, period, region, region_name, from_ms, to_ms, basis, as_of_ms, number, reason, by, by_name, city, orders,
definitions, figures, compare, durations, stages, tables, rankings, cards, rules, changes}. A name is {zh, en}; cards are told
in both languages. Figure: {numerator, denominator, value, shown}. Table: {by, rows: [{key, name, figures, durations}]}.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config.words import LANGS, words
from dashboard.briefs import Json, department_name, matter_name, region_name
from dashboard.bulletins.periods import bounds
from dashboard.bulletins.rows import Groupings, frozen, left, titled
from dashboard.cards import cards
from dashboard.filters import OrderQuery
from dashboard.indicators import indicators_of, region_roll
from dashboard.names import title_of
from dashboard.orderbook import orders_of
from dashboard.ranking import ranking, score_name
from dashboard.sight import Sight, sight_of
from domain.counts import Filters, Slice
from domain.indicators import DEFINITIONS, group_codes
from domain.people import Person
from domain.scores import LEVEL, OWN_GRID
from domain.variants import Variants
from layouts.readings import explained

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall
    from store.bulletins import Job

FORMAT: Final = 1

LISTED: Final = (
    "reported", "accepted", "registered", "closed", "closed_on_time", "closed_late", "open", "overdue", "rejected",
    "closure_rate", "on_time_closure_rate", "completion_rate", "on_time_handling_rate", "rework_rate", "satisfaction_rate",
)  # fmt: skip
"""The figures of the tables by region, department, category, source and time."""

BYS: Final = ("region", "department", "category", "source")


def reader(region: str) -> Person:
    """As whom the program reads what it publishes: everything of the region, and no personal data."""
    return Person(name="bulletins", roles=("leader",), scope=region)


def freeze(hall: "Hall", job: "Job") -> tuple[Json, pa.Table, pa.Table]:
    """(content without `changes`, orders, what left a stage) of the period as it stands now, all of one instant.

    KeyError: there is no such region.
    """
    seen = sight_of(hall, reader(job.region))
    period = bounds(job.period, hall.city)
    basis = hall.city.bulletins.basis
    with hall.lock:
        filters = Filters(from_ms=period.from_ms, to_ms=period.to_ms, basis=basis)
        query = OrderQuery(region=job.region, filters=filters, as_of_ms=hall.now_ms())
        told = _told(seen, query, job, period)
        frame = orders_of(seen)
        s = Slice(frame, query.within(seen.city, frame), query.as_of_ms)
        table = frozen(seen.city, s, _counts(told), _groupings(seen.city, s, query, told))
        stints = left(seen.city, frame, query.within(seen.city, frame), query.as_of_ms)
        rows, of_stints = ([hall.orders[order] for order in some["order"].to_pylist()] for some in (table, stints))
    return {**told, "orders": len(rows)}, titled(table, seen.city, rows), titled(stints, seen.city, of_stints)


def _told(seen: Sight, query: OrderQuery, job: "Job", period: Any) -> Json:
    city, keys = seen.city, tuple(DEFINITIONS)
    variants = city.evaluation.variants
    total = indicators_of(seen, query, None, keys, period)
    return {
        "format": FORMAT,
        "kind": job.kind,
        "period": job.period,
        "region": job.region,
        "region_name": _both(region_name, city, job.region),
        "from_ms": period.from_ms,
        "to_ms": period.to_ms,
        "basis": query.filters.basis,
        "as_of_ms": query.as_of_ms,
        "number": job.number,
        "reason": job.reason,
        "by": job.by,
        "by_name": title_of(seen.hall, job.by),
        "city": _city(seen.hall.city),
        "levels": {level.key: {"zh": level.zh, "en": level.en} for level in seen.hall.city.levels},
        "definitions": {one["key"]: _definition(tag, one, variants) for tag, one in total["definitions"].items()},
        "figures": {key: _figure(figure) for key, figure in total["figures"].items()},
        "compare": total["compare"],
        "durations": total["durations"],
        "stages": [{key: value for key, value in stage.items() if key != "filters"} for stage in total["stages"]],
        "tables": [_table(seen, query, by) for by in (*BYS, "month" if job.kind == "year" else "day")],
        "rankings": [_ranking(seen, query, key) for key in city.evaluation.scores],
        "cards": {lang: cards(seen, job.region, period.from_ms, period.to_ms, lang=lang) for lang in LANGS},
        "rules": {name: msgspec.to_builtins(getattr(city, name)) for name in ("worktime", "time_limits", "evaluation")},
    }


def _city(city: "City") -> Json:
    return {
        "name": {"zh": city.name, "en": city.name_en},
        "title": {"zh": city.title, "en": city.title_en},
        "timezone": city.timezone,
        "generated": {"zh": city.generated, "en": city.generated_en or city.generated},
    }


def _definition(tag: str, told: Json, variants: Variants) -> Json:
    """`tag` names it with its version and with what the city reads in its own way."""
    word = told["word"]
    return {
        **told,
        "tag": tag,
        "name": {lang: words(lang).get(word, told["key"]) for lang in LANGS},
        "what": {lang: explained(DEFINITIONS[told["key"]], variants, lang) for lang in LANGS},
    }


def _figure(figure: Json) -> Json:
    return {key: figure[key] for key in ("numerator", "denominator", "value", "shown")}


def _table(seen: Sight, query: OrderQuery, by: str) -> Json:
    groups = indicators_of(seen, query, by, LISTED, staged=False)["groups"]
    rows = [
        {
            "key": group["key"],
            "name": name_of(seen.city, by, group["key"]),
            "figures": {key: _figure(figure) for key, figure in group["figures"].items()},
            "durations": group["durations"],
        }
        for group in groups
    ]
    return {"by": by, "rows": rows}


def _ranking(seen: Sight, query: OrderQuery, key: str) -> Json:
    """As `dashboard.ranking` tells it, with names in both languages; a part says in which group its orders are found."""
    city, told = seen.city, ranking(seen, query, key)
    rows = [
        {
            **{name: row[name] for name in ("key", "value", "shown", "grade", "rank", "base")},
            "name": name_of(city, told["by"], row["key"]),
            "parts": [_scored(city, row["key"], part, made) for part, made in zip(told["parts"], row["parts"], strict=True)],
        }
        for row in told["rows"]
    ]
    parts = [{name: part[name] for name in ("figure", "weight", "inverted", "points", "by")} for part in told["parts"]]
    title = {lang: score_name(city, key, lang) for lang in LANGS}
    return {"score": key, "by": told["by"], "title": title, "parts": parts, "bands": told["bands"], "rows": rows}


def _scored(city: "City", key: str, part: Json, made: Json) -> Json:
    group = city.roster[key].region if part["by"] == OWN_GRID and key in city.roster else key
    return {name: value for name, value in made.items() if name != "filters"} | {"by": part["by"], "group": group}


def name_of(city: "City", by: str, key: str) -> Json:
    """What a group is called in both languages; "" for the group of those that have none."""
    if by == "region" or by.startswith("level:"):
        return _both(region_name, city, key)
    if by == "department":
        return _both(department_name, city, key)
    if by == "category":
        return _both(matter_name, city, key)
    name = city.roster[key].name if key in city.roster else key
    return dict.fromkeys(LANGS, name)


def _both(spoken: Any, city: "City", key: str) -> Json:
    return {lang: spoken(city, key, lang) for lang in LANGS}


def _counts(told: Json) -> list[str]:
    """The counts that some figure adds up."""
    made = told["definitions"].values()
    return sorted({count for one in made for count in (one["numerator"], one["denominator"]) if count is not None})


def _groupings(city: "City", s: Slice, query: OrderQuery, told: Json) -> Groupings:
    roll = region_roll(city, query.region)
    bys = dict.fromkeys(table["by"] for table in told["tables"])
    bys |= dict.fromkeys(part["by"] for ranking in told["rankings"] for part in ranking["parts"] if part["by"] != OWN_GRID)
    found = {by: group_codes(s, by, city.zone, roll if by == "region" else None) for by in bys if not by.startswith(LEVEL)}
    return found | {f"{LEVEL}{level.key}": _level_codes(city, s, level.key) for level in city.levels}


def _level_codes(city: "City", s: Slice, level: str) -> tuple[list[str], NDArray[Any]]:
    """In which region of a level each order lies; "" in none."""
    tops = [city.ancestor(code, level) for code in s.words("region")]
    names = sorted({*tops, ""})
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place[top] for top in tops], np.int64)[s["region"]]
