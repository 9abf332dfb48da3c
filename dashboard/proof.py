"""What stands over a list of orders: which figure it belongs to, both its parts, and as of when."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dashboard.briefs import Json
from dashboard.filters import counted_at
from dashboard.orderlist import orders_page
from domain.indicators import DEFINITIONS

if TYPE_CHECKING:
    from dashboard.hall import Hall


def proof_of(seen: "Hall", params: Mapping[str, Any]) -> Json:
    """{figure, part, numerator, denominator, total, as_of_ms, exact, past} of the list that an address asks for.

    `denominator` is None for a count; `past`: the address names the moment, else it is now. Raises BadQuery, UnknownRegion.
    """
    at = counted_at(params, seen.moment())
    figure = str(params.get("figure") or "reported")
    page = orders_page(seen, at, 0, 0)
    part = "den" if params.get("part") == "den" else "num"
    rate = figure in DEFINITIONS and DEFINITIONS[figure].den is not None
    other = orders_page(seen, {**at, "part": "num" if part == "den" else "den"}, 0, 0)["total"] if rate else None
    return {
        "figure": figure,
        "part": part,
        "numerator": other if part == "den" else page["total"],
        "denominator": page["total"] if part == "den" else other,
        "total": page["total"],
        "as_of_ms": page["as_of_ms"],
        "exact": page["exact"],
        "past": bool(params.get("as_of")),
    }
