"""The fold of a work order: its trail of steps, in whatever order they arrive, to one state.

The order of an outside case system is a function of the *set* of its steps: sorted, then read from the first to the last. So
a step that comes late, twice or out of order gives the same order as if all had come in time. Of a step whose clock is wrong
only its arrival is known: it stands where it came. Notes that people write beside it stand in the trail and say nothing of the
order. An order that lives here (`lives_here`) is replayed by its own fold.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from domain import device_clock
from domain.bounds import DAY_MS
from domain.facts import CaseStep
from domain.lifecycle import STATUSES
from domain.limits import Limits
from domain.ownorders import replay
from domain.states import Order, OrderFlag, Step

_NOT_OF_THE_ORDER: Final = {"order", "source", "received_at_ms", "at_ms", "status", "at_unknown"}
_TOLD: Final = tuple(name for name in CaseStep.__struct_fields__ if name not in _NOT_OF_THE_ORDER)
_TEXTS: Final = ("channel", "category", "department", "title", "text", "address", "reporter", "handler")
_encode = msgspec.msgpack.Encoder(order="deterministic").encode

Place = Callable[[str | None, float | None, float | None], tuple[str, bool]]
"""(region as told, lon, lat) → (deepest region code or "", is the told region unknown)."""


BEFORE_REPORT_MS: Final = 366 * DAY_MS
"""A step that is dated so long before its order was reported has a wrong clock."""


def step_of(fact: CaseStep, limits: Limits | None = None) -> Step:
    """The line of the trail that a fact makes. Its key is a digest of what it says, so that saying it again adds nothing.

    `limits`: of the city, by which its clock is judged; None believes any.
    """
    fields: dict[str, Any] = {}
    for name in _TOLD:
        value = getattr(fact, name)
        if name == "extra":
            fields.update({f"extra.{key}": text for key, text in sorted(value.items())})
        elif value is not None:
            fields[name] = value
    said = _encode((fact.order, fact.at_ms, fact.status, fact.at_unknown, fields))
    return Step(
        key=hashlib.blake2b(said, digest_size=8).hexdigest(),
        at_ms=fact.at_ms,
        status=fact.status,
        source=fact.source,
        received_at_ms=fact.received_at_ms,
        at_unknown=fact.at_unknown,
        fields=fields,
        clock_wrong=limits is not None and device_clock.of_step(fact.at_ms, fact.received_at_ms, limits) != 0,
    )


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps by when they happened. The report comes first whatever its clock says: some systems close before they create.

    What a wrong clock has dated stands behind all that had been told when it arrived: neither a step of five years on nor one
    of twenty years ago wins for ever, the next one with the right time does.
    """
    return tuple(sorted(steps, key=_place_in_time))


def _place_in_time(step: Step) -> tuple[bool, int, bool, int, int, int, str]:
    arrived_ms = step.received_at_ms if step.clock_wrong else 0
    at_ms = step.placed_at_ms if step.clock_wrong else step.at_ms
    return not _is_report(step), at_ms, step.clock_wrong, arrived_ms, step.at_ms, STATUSES[step.status].rank, step.key


def _is_report(step: Step) -> bool:
    return not step.action and step.status == "reported"


def clock_wrong_ms(step: Step) -> int:
    """By how much the clock of a misdated step was ahead (> 0) or behind, as far as its receipt tells."""
    return step.at_ms - step.received_at_ms


def _with(steps: list[Step], new: Step) -> list[Step]:
    """The steps and a new one, as it stands among them: wrong is also a clock that is years before the report of the order."""
    if _is_report(new) and not new.clock_wrong:
        earliest_ms = new.at_ms - BEFORE_REPORT_MS
        steps = [msgspec.structs.replace(step, clock_wrong=True) if _is_before(step, earliest_ms) else step for step in steps]
    else:
        reported_ms = max((step.at_ms for step in steps if _is_report(step) and not step.clock_wrong), default=0)
        if _is_before(new, reported_ms - BEFORE_REPORT_MS):
            new = msgspec.structs.replace(new, clock_wrong=True)
    if new.clock_wrong:
        newest_ms = max((step.at_ms for step in steps if not step.clock_wrong), default=0)
        new = msgspec.structs.replace(new, placed_at_ms=newest_ms)
    return [*steps, new]


def _is_before(step: Step, earliest_ms: int) -> bool:
    return step.at_ms < earliest_ms and not step.action and not step.clock_wrong and not _is_report(step)


def add_steps(trail: tuple[Step, ...], new: Iterable[Step], most: int) -> tuple[tuple[Step, ...], list[str]]:
    """(trail with the new steps in their places, what became of each new one: kept, clock_wrong (kept too), duplicate,
    trail_full or not_owner).

    not_owner: the order lives here, no other system says what becomes of it.
    """
    if lives_here(trail):
        return trail, ["not_owner" for _ in new]
    known = {step.key for step in trail}
    steps, outcomes = list(trail), []
    for step in new:
        if step.key in known:
            outcomes.append("duplicate")
        elif len(steps) >= most:
            outcomes.append("trail_full")
        else:
            known.add(step.key)
            steps = _with(steps, step)
            outcomes.append("clock_wrong" if steps[-1].clock_wrong else "kept")
    return in_order(steps), outcomes


def lives_here(trail: tuple[Step, ...]) -> bool:
    """Whether the order was reported here, and not by an outside case system."""
    return bool(trail) and trail[0].action == "report"


def with_action(trail: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """The trail with what was done here: as the last line of an order that lives here, else a note in its place in time."""
    if not trail or lives_here(trail):
        return (*trail, step)
    return in_order((*trail, step))


def fold_trail(order: str, trail: tuple[Step, ...], place: Place) -> Order:
    """The order that a whole trail (sorted, not empty) amounts to."""
    if lives_here(trail):
        return replay(order, trail)
    length = len(trail)
    trail = tuple(step for step in trail if not step.action)
    trail = as_counted(trail)
    told: dict[str, Any] = {}
    for step in trail:
        told.update(step.fields)
    lon, lat = told.get("lon"), told.get("lat")
    region, unknown = place(told.get("region"), lon, lat)
    last = trail[-1]
    reported_at_ms = trail[0].at_ms
    closed_at_ms, close_unknown = _closing(trail)
    flags = OrderFlag(0)
    if unknown:
        flags |= OrderFlag.UNKNOWN_REGION
    if close_unknown:
        flags |= OrderFlag.CLOSE_TIME_UNKNOWN
    if any(step.clock_wrong for step in trail):
        flags |= OrderFlag.CLOCK_WRONG
    if closed_at_ms is not None and closed_at_ms < reported_at_ms:
        flags |= OrderFlag.CLOSED_BEFORE_REPORTED
    return Order(
        order=order,
        source=trail[0].source,
        status=last.status,
        reported_at_ms=reported_at_ms,
        accepted_at_ms=_first(trail, "accepted"),
        registered_at_ms=_first(trail, "registered"),
        closed_at_ms=closed_at_ms,
        status_at_ms=last.at_ms,
        deadline_at_ms=told.get("deadline_at_ms"),
        on_time=_on_time(last.status, told, closed_at_ms),
        region=region,
        lon=lon,
        lat=lat,
        flags=int(flags),
        steps=length,
        **{name: told.get(name, "") for name in _TEXTS},
    )


def as_counted(trail: tuple[Step, ...]) -> tuple[Step, ...]:
    """The trail with the instants to count by: what a wrong clock dated is of its receipt; where that says nothing either, of
    no known time.
    """
    return tuple(_by_receipt(step) if step.clock_wrong else step for step in trail)


def _by_receipt(step: Step) -> Step:
    unknown = step.at_unknown or not device_clock.dates_its_receipt(clock_wrong_ms(step))
    return msgspec.structs.replace(step, at_ms=step.received_at_ms, at_unknown=unknown)


def _first(trail: tuple[Step, ...], status: str) -> int | None:
    return next((step.at_ms for step in trail if step.status == status), None)


def _closing(trail: tuple[Step, ...]) -> tuple[int | None, bool]:
    """(when the order was closed for good, is it closed at a time that nobody knows)."""
    if not STATUSES[trail[-1].status].closed:
        return None, False
    closing = trail[-1]
    for step in reversed(trail):  # archived after closed: the closing counts, not the filing
        if not STATUSES[step.status].closed:
            break
        closing = step
    return (None, True) if closing.at_unknown else (closing.at_ms, False)


def _on_time(status: str, told: dict[str, Any], closed_at_ms: int | None) -> bool | None:
    if not STATUSES[status].closed:
        return None
    if told.get("on_time") is not None:
        return bool(told["on_time"])
    deadline_at_ms = told.get("deadline_at_ms")
    return None if deadline_at_ms is None or closed_at_ms is None else bool(closed_at_ms <= deadline_at_ms)


def marks_of(order: Order) -> tuple[int | None, int | None]:
    """(when an open order turns yellow, when red): by its clocks, else by its deadline, yellow at four fifths."""
    if order.life is not None and order.life.running:
        return order.yellow_at_ms, order.red_at_ms
    if order.deadline_at_ms is None:
        return None, None
    limit_ms = order.deadline_at_ms - clock_start_ms(order)
    return order.deadline_at_ms - limit_ms * (100 - YELLOW_FROM_PCT) // 100, order.deadline_at_ms


YELLOW_FROM_PCT: Final = 80
"""Share of the limit used, in per cent, from which the light of an outside system's order is yellow (B7)."""


def clock_start_ms(order: Order) -> int:
    """Since when the limit of an order has run: registered, else accepted, else reported."""
    return next((at for at in (order.registered_at_ms, order.accepted_at_ms) if at is not None), order.reported_at_ms)
