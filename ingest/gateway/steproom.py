"""Whether an order has room for a step, before anybody is told that it was taken.

The projector keeps at most `trail_steps` of one order, and none of a case system's on an order that lives here. So the door
looks at the orders of a request; what the projector has not folded yet is not seen, and shows in the counts only.
"""

from collections.abc import Sequence

from config.city import City
from domain.cases import step_of
from domain.facts import CaseStep
from domain.states import Order
from ingest.places import with_reporter
from store.store import Store


def refusals_of_steps(store: Store, city: City, steps: Sequence[CaseStep]) -> list[str]:
    """For each step why it could not be kept; "" where it can. Raises StoreUnavailable."""
    told: dict[str, int] = {}
    for step in steps:
        told[step.order] = told.get(step.order, 0) + 1
    most = city.limits.trail_steps
    rows = {name: row for name, row in store.rows_of("order", told).items() if isinstance(row, Order)}
    full = [name for name, number in told.items() if number + (rows[name].steps if name in rows else 0) > most]
    known = {name: {step.key for step in store.trail(name)} for name in full}
    keys = [step_of(with_reporter(city, step)).key for step in steps]
    return [
        _refusal(key, rows.get(step.order), known.get(step.order), most) for key, step in zip(keys, steps, strict=True)
    ]


def _refusal(key: str, row: Order | None, known: set[str] | None, most: int) -> str:
    if row is not None and row.life is not None:
        return "order lives here: what becomes of it is done here, and told by no other system"
    if known is None or key in known:
        return ""
    if len(known) >= most:
        return f"trail full: the order has {most} steps, and more are not kept"
    known.add(key)
    return ""
