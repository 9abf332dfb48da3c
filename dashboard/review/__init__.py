"""What a leader sees of a region and period: figures beside their bases, regions, trend, heat, departments, the best; as JSON.

Every group carries `filters`: the parameters of /orders that, with `figure` and `part`, list what any of its numbers counts.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dashboard.briefs import Json
from dashboard.cards import cards
from dashboard.filters import OrderQuery
from dashboard.orderlist import orders_page
from dashboard.ranking import ranking
from dashboard.review.count import count
from dashboard.review.names import told
from dashboard.review.view import View, read_view
from dashboard.sight import Sight

BEST: Final = ("worker", "grid")
MOST_BEST: Final = 10
MOST_PRESSING: Final = 12


def review(seen: Sight, params: Mapping[str, str], lang: str = "zh") -> Json:
    """Everything that /review shows of what `seen` sees, with names in `lang`: see `dashboard.review.names.told`.

    `best`: the first ten workers and grids of their rankings. `pressing`: a page of what is open, the most overdue first.

    Raises BadQuery, UnknownRegion.
    """
    with seen.lock:
        view = read_view(seen.city, params, seen.moment())
        counted = count(seen, view)
    best = {key: _best(seen, view.query, key, lang) for key in BEST}  # as of the same moment: the hall need not stand still
    scores = _scores(seen, view, lang)
    period, department = view.period, next(iter(view.query.filters.words.get("department", ())), "")
    pressing = orders_page(
        seen, msgspec.structs.replace(view.query, count="open", sort="deadline"), 0, MOST_PRESSING, lang=lang
    )
    given = cards(seen, view.query.region, period.from_ms or 0, period.to_ms, department, lang)
    return {**told(seen.city, view, counted, scores, given, lang), "best": best, "pressing": pressing}


def _best(seen: Sight, query: OrderQuery, key: str, lang: str) -> Json | None:
    """The first ten of a ranking; None where the city has no such score."""
    if key not in seen.city.evaluation.scores:
        return None
    made = ranking(seen, query, key, lang)
    first = [row for row in made["rows"] if row["rank"] is not None and row["rank"] <= MOST_BEST]
    return {**made, "rows": first[:MOST_BEST], "of": len(made["rows"])}


def _scores(seen: Sight, view: View, lang: str) -> dict[str, Any]:
    """Scores of the units of the table, by their keys, where the city scores such."""
    children = seen.city.children(view.query.region)
    key = seen.city.regions[children[0]].level if view.by == "region" and children else view.by
    if key not in seen.city.evaluation.scores:
        return {}
    return {row["key"]: row for row in ranking(seen, view.query, key, lang)["rows"]}
