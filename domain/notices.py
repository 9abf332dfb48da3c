"""Notices: who is told of what happens to an order. Pure: (order before, step, order after, the city's rules) → a notice.

An event is what supervision or a clock does (`ACTED`), an open state that an order enters, or `ended`. A step is one event at
most, and one notice whatever number of rules name it: whom each rule tells is put together, so nobody is told twice.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from domain.actions import ALARMS, CARDS, RECOMPUTE
from domain.lifecycle import STATUSES
from domain.people import Person
from domain.states import Order, Step

ENDED: Final = "ended"
_OF_CARDS: Final = ("answer_card", "appeal_card", "decide_appeal", "withdraw_card")
ACTED: Final = (*CARDS, *_OF_CARDS, *ALARMS, "ask_defer", "ask_hang", RECOMPUTE)
EVENTS: Final = (*ACTED, *(key for key, status in STATUSES.items() if not status.final), ENDED)


def word_of(event: str) -> str:
    """The key of the catalogue that names an event: an action, a state, or that it has ended."""
    return f"{'notice' if event == ENDED else 'action' if event in ACTED else 'status'}.{event}"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of `events`. `department`: that of the card, else all that have the order; `handler`: the named worker.

    `reporter`: the worker who reported it; with a `webhook`, the citizen who left a phone number. `outside`: of the orders of
    other case systems too, which else tell their people themselves.
    """

    events: frozenset[str]
    roles: tuple[str, ...] = ()
    department: bool = False
    handler: bool = False
    reporter: bool = False
    webhook: str = ""
    outside: bool = False


class Sending(msgspec.Struct, frozen=True, array_like=True):
    """That a notice goes to a webhook; `reporter`: with the contact of the citizen, for whom it is."""

    id: str
    webhook: str
    reporter: bool = False


class Notice(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is told of one step. `told_at_ms`: when it was folded; `roles` are told as far as their scope holds the order.

    `reason`: what the step says, of an order that has ended what it came to. No contact of a citizen stands in it.
    """

    id: str
    event: str
    order: str
    at_ms: int
    told_at_ms: int
    actor: str
    role: str
    status: str
    region: str
    holder: str
    title: str = ""
    category: str = ""
    department: str = ""
    clock: str = ""
    reason: str = ""
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    sendings: tuple[Sending, ...] = ()

    @property
    def in_product(self) -> bool:
        """Whether anybody is told in the product itself."""
        return bool(self.roles or self.departments or self.workers)


WAITING: Final = "waiting"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
WHY: Final = ("unreachable", "timeout", "answered", "refused", "expired", "no_webhook", "fault")
"""Not reached, no answer in time, another answer than 2xx; given up: refused for good, tried long enough, no such webhook;
a defect of this program.
"""


class Delivery(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What became of one `Sending`. `begun_at_ms`: of the first try; `at_ms`: of the last try; `why` that came
    to nothing: a key of `WHY`, with the status that was answered.
    """

    id: str
    order: str
    event: str
    webhook: str
    reporter: bool
    told_at_ms: int
    begun_at_ms: int | None = None
    state: str = WAITING
    tries: int = 0
    at_ms: int | None = None
    next_at_ms: int | None = None
    why: str = ""
    status: int | None = None


def event_of(before: Order | None, step: Step, after: Order) -> str:
    """The event that a step is; "" for what nobody can be told of, and for a recomputing that moved no end."""
    if step.action == RECOMPUTE and before is not None and _ends(before) == _ends(after):
        return ""
    if step.action in ACTED:
        return step.action
    was = before.status if before else ""
    if after.status == was:
        return ""
    if not STATUSES[after.status].final:
        return after.status
    return ENDED if before is None or not STATUSES[was].final else ""


def _ends(order: Order) -> tuple[int | None, int | None]:
    return order.deadline_at_ms, order.red_at_ms


def notice_of(
    before: Order | None, trail: Sequence[Step], after: Order, rules: Sequence[Rule], told_at_ms: int
) -> Notice | None:
    """The notice of the last step of `trail`, which led from `before` to `after`; None where no rule tells anybody of it."""
    step = trail[-1]
    event = event_of(before, step, after)
    fitting = [rule for rule in rules if event in rule.events]
    if not fitting:
        return None
    departments = _departments(step, after) if any(rule.department for rule in fitting) else ()
    notice = Notice(
        id=_digest(after.order, step.key),
        event=event,
        order=after.order,
        at_ms=step.at_ms,
        told_at_ms=told_at_ms,
        actor=step.actor,
        role=step.role,
        status=after.status,
        region=after.region,
        holder=after.life.holder if after.life else "",
        title=after.title,
        category=after.category,
        department=next(iter(_departments(step, after)), after.department),
        clock=str(step.fields.get("clock", "")),
        reason=result_of(trail) if event == ENDED else _said(step),
        roles=tuple(dict.fromkeys(role for rule in fitting for role in rule.roles)),
        departments=departments,
        workers=_workers(fitting, after),
        sendings=_sendings(fitting, trail, after),
    )
    return notice if notice.in_product or notice.sendings else None


def _departments(step: Step, order: Order) -> tuple[str, ...]:
    """Whose the event is: the department that a card was given to, else the lead and the co-handlers. A department that the
    rules only propose has nothing to do with the order yet.
    """
    life = order.life
    if life is None:
        return tuple(filter(None, (order.department,)))
    if step.action in (*CARDS[1:], *_OF_CARDS) and life.cards and life.cards[-1].department:
        return (life.cards[-1].department,)
    return tuple(dict.fromkeys(filter(None, (life.lead, *(co.department for co in life.co_handlers)))))


def _workers(rules: Sequence[Rule], order: Order) -> tuple[str, ...]:
    named = [order.handler] if any(rule.handler for rule in rules) else []
    named += [order.reporter] if any(rule.reporter for rule in rules) else []
    return tuple(dict.fromkeys(filter(None, named)))


def _sendings(rules: Sequence[Rule], trail: Sequence[Step], order: Order) -> tuple[Sending, ...]:
    """One to each webhook; of those that are for the reporter only where he left a number."""
    has_phone = bool(contact_of(trail)[1])
    wanted: dict[str, bool] = {}
    for rule in rules:
        if rule.webhook and (has_phone or not rule.reporter):
            wanted[rule.webhook] = rule.reporter or wanted.get(rule.webhook, False)
    return tuple(
        Sending(_digest(order.order, trail[-1].key, webhook), webhook, reporter) for webhook, reporter in wanted.items()
    )


def contact_of(trail: Sequence[Step]) -> tuple[str, str]:
    """(name, phone) that a citizen left with the report; "" where none."""
    told = trail[0].fields if trail and trail[0].action == "report" else {}
    return str(told.get("person", "")), str(told.get("phone", ""))


def result_of(trail: Sequence[Step]) -> str:
    """What an ended order came to, in words: what the last step says, else the last feedback of who handled it."""
    said = _said(trail[-1])
    if said or not STATUSES[trail[-1].status].closed:
        return said
    return next((_said(step) for step in reversed(trail) if step.action == "feedback"), "")


def _said(step: Step) -> str:
    return str(step.fields.get("reason") or step.fields.get("note") or "")


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def is_told(notice: Notice, person: Person, within: Callable[[str, str], bool]) -> bool:
    """Whether a notice is for somebody: by name, by department, or by a role whose scope holds the order.

    `within(scope, region)`. What somebody does himself he need not be told.
    """
    if notice.role != "rule" and notice.actor in (person.actor, person.name):
        return False
    if person.worker and person.worker in notice.workers:
        return True
    if "department" in person.roles and person.department in notice.departments:
        return True
    held = (notice.region, *filter(None, (notice.holder,)))
    return any(role in notice.roles for role in person.roles) and any(within(person.scope, region) for region in held)
