"""What an address asks of the review."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from dashboard.filters import PARAMS, WORD_PARAMS, BadQuery, OrderQuery, counted_at, none_of, read_period, read_query
from domain.calendar import Period

if TYPE_CHECKING:
    from config.city_model import City

RATES: Final = (
    "completion_rate", "closure_rate", "on_time_closure_rate", "on_time_dispatch_rate", "on_time_handling_rate",
    "on_time_check_rate", "satisfaction_rate",
)  # fmt: skip
"""The rates by which units may be compared here: of all of them more is better."""

CHOICES: Final = {
    "by": ("region", "department", "category", "source", "month"),
    "rate": RATES,
    "compare": ("year", "previous"),
    "heat": ("region", "time"),
    "sort": ("rate", "score", "accepted", "open", "overdue"),
}
"""What an address may choose; the first one where it says nothing."""

ASKED: Final = frozenset(("region", "from", "to", "period", "basis", "as_of", "known", *WORD_PARAMS))
DEFAULT_PERIOD: Final = "year"


class View(msgspec.Struct, frozen=True):
    """What an address asks of the page: the orders, and one of CHOICES each."""

    query: OrderQuery
    period: Period
    by: str
    rate: str
    compare: str
    heat: str
    sort: str


def read_view(city: "City", params: Mapping[str, str], moment_ms: int) -> View:
    """Raises BadQuery for what the page cannot show, UnknownRegion."""
    for name in params:
        if name in PARAMS and name not in ASKED and name != "sort":
            raise BadQuery(f"{name}: no parameter of this page", "no_parameter", name=name)
    asked = counted_at({name: params[name] for name in sorted(ASKED & params.keys())}, moment_ms)
    query = read_query(city, asked, moment_ms)
    period = read_period(city, asked, query.as_of_ms, default=DEFAULT_PERIOD)
    filters = msgspec.structs.replace(query.filters, from_ms=period.from_ms, to_ms=period.to_ms)
    chosen = {name: _choice(name, params) for name in CHOICES}
    if not city.children(query.region):
        chosen["by"] = "department" if chosen["by"] == "region" else chosen["by"]
        chosen["heat"] = "time"
    return View(query=msgspec.structs.replace(query, filters=filters), period=period, **chosen)


def _choice(name: str, params: Mapping[str, str]) -> str:
    chosen = params.get(name) or CHOICES[name][0]
    if chosen not in CHOICES[name]:
        raise none_of(name, chosen, CHOICES[name])
    return chosen
