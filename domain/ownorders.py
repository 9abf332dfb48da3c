"""An order that lives here is what the accepted actions of its trail, one after the other, make of it.

`follow` applies one step and asks nobody: what the city said stands in the step. So replaying a trail always gives the same
order, whatever the city's rules are by then.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from domain import stints
from domain.actions import ANSWERS, CLOCKS, RECOMPUTE
from domain.bounds import saturated
from domain.clocks import PAUSED_IN, TOTAL, Running, marks, unpacked
from domain.lifecycle import STATUSES
from domain.states import Card, Clock, CoHandler, Life, Order, OrderFlag, Sent, Step

_TOLD_BY: Final[dict[str, tuple[str, ...]]] = {
    "report": ("channel", "category", "region", "lon", "lat", "title", "text", "address", "reporter"),
    "register": ("category", "title", "address", "department", "deadline_at_ms"),
    "dispatch": ("department", "handler", "deadline_at_ms"),
    "grant_defer": ("deadline_at_ms",),
    "reopen": ("deadline_at_ms",),
    RECOMPUTE: ("deadline_at_ms",),
}
_COUNTED: Final = {
    "return": "returned", "grant_defer": "deferred", "grant_hang": "hung", "urge": "urged", "escalate": "escalated",
    "reopen": "reopened",
}  # fmt: skip


def replay(name: str, trail: Iterable[Step]) -> Order:
    """The order that a whole trail of actions amounts to. ValueError for an empty one."""
    order: Order | None = None
    for step in trail:
        order = follow(order, step, name)
    if order is None:
        raise ValueError(f"{name} has no trail")
    return order


def noted(order: Order, step: Step) -> Order:
    """The order of an outside system with a note beside it: nothing of it changes but the length of its trail."""
    return msgspec.structs.replace(order, steps=order.steps + 1)


def follow(order: Order | None, step: Step, name: str) -> Order:
    """The order after a step that was judged before. Pure: what it takes from outside stands in the step."""
    before = order or Order(order=name, source=step.source, reported_at_ms=step.at_ms, life=Life())
    life = before.life or Life()
    told: dict[str, Any] = {key: step.fields[key] for key in _TOLD_BY.get(step.action, ()) if key in step.fields}
    if step.action == "report" and step.role == "worker":
        told["reporter"] = step.actor
    if step.action == "dispatch":
        told = {"department": "", "handler": "", **told}
    changed = {**told, "flags": _flags(before, life, step), "steps": before.steps + 1, "status": step.status}
    if step.status != before.status:
        changed |= _instants(before, step)
    running = unpacked(life.running, str(step.fields["clocks"])) if "clocks" in step.fields else life.running
    deadline_at_ms, left_ms = _deadline(changed.get("deadline_at_ms", before.deadline_at_ms), life, before.status, step)
    total = next((clock for clock in running if clock.clock == TOTAL), None)
    if total is not None:
        kept_ms = changed.get("deadline_at_ms") if step.action == RECOMPUTE else None
        deadline_at_ms, left_ms = end_of(total, kept_ms or before.deadline_at_ms, step.status), None
    yellow_at_ms, red_at_ms = marks(running)
    life = msgspec.structs.replace(
        _lived(before, life, step),
        deadline_left_ms=left_ms,
        clocks=_clocks(life.clocks, step.status, step.at_ms),
        running=running,
        stints=_stints(life.stints, before.status, step),
        **sent_of(before, running, step),
    )
    changed["flags"] = _with_provisional(changed["flags"], running)
    changed |= {"deadline_at_ms": deadline_at_ms, "life": life, "yellow_at_ms": yellow_at_ms, "red_at_ms": red_at_ms}
    after = msgspec.structs.replace(before, **changed)
    return msgspec.structs.replace(after, on_time=_on_time(after))


def end_of(total: Running, kept_ms: int | None, status: str) -> int | None:
    """The order's deadline by the clock of the whole case; an order that has ended keeps the end that it had (`kept_ms`)."""
    return kept_ms if total.due_at_ms is None and status != PAUSED_IN else total.due_at_ms


def _stints(packed: bytes, before: str, step: Step) -> bytes:
    worked = str(step.fields.get("worked", ""))
    if step.action == RECOMPUTE:
        return stints.corrected(packed, worked) if worked else packed
    return stints.after(packed, before, step.status, step.at_ms, worked)


def _with_provisional(flags: int, running: tuple[Running, ...]) -> int:
    """The flags of an order whose limit, running or kept at its end, hangs on days that nobody knows."""
    hangs = any(clock.provisional and (clock.due_at_ms is not None or clock.clock == TOTAL) for clock in running)
    return flags | OrderFlag.PROVISIONAL if hangs else flags & ~OrderFlag.PROVISIONAL


def sent_of(before: Order, running: tuple[Running, ...], step: Step) -> dict[str, int]:
    """Whether a task of verification or check is given now, and in time: the first while the limit for accepting lasts, the
    second while that for the check does.
    """
    if step.action == RECOMPUTE:
        return {name: int(step.fields[name]) for name in ("verify_sent", "check_sent") if name in step.fields}
    if step.action == "ask_verify":
        return {"verify_sent": _in_time("accept", running, step.at_ms)}
    if step.status == "checking" and before.status != "checking":
        return {"check_sent": _in_time("check", running, step.at_ms)}
    return {}


def _in_time(clock: str, running: tuple[Running, ...], at_ms: int) -> int:
    due_at_ms = next((limited.due_at_ms for limited in running if limited.clock == clock), None)
    return int(Sent.NO_LIMIT if due_at_ms is None else Sent.IN_TIME if at_ms <= due_at_ms else Sent.LATE)


def _instants(before: Order, step: Step) -> dict[str, int | None]:
    changed: dict[str, int | None] = {"status_at_ms": step.at_ms}
    for state, field in (("accepted", "accepted_at_ms"), ("registered", "registered_at_ms")):
        if step.status == state and getattr(before, field) is None:
            changed[field] = step.at_ms
    if not STATUSES[step.status].closed:
        changed["closed_at_ms"] = None
    elif before.closed_at_ms is None:
        changed["closed_at_ms"] = step.at_ms
    return changed


def _on_time(order: Order) -> bool | None:
    if order.closed_at_ms is None or order.deadline_at_ms is None:
        return None
    return order.closed_at_ms <= order.deadline_at_ms


def _deadline(deadline_at_ms: int | None, life: Life, before: str, step: Step) -> tuple[int | None, int | None]:
    """(deadline, what is left of it while it stands still): 挂账 takes the limit away and gives back what was left."""
    left_ms = life.deadline_left_ms
    if step.status == "hanging" and before != "hanging":
        return None, None if deadline_at_ms is None else saturated(deadline_at_ms - step.at_ms)
    if before == "hanging" and step.status != "hanging" and left_ms is not None:
        return saturated(step.at_ms + left_ms), None
    return deadline_at_ms, left_ms


def _flags(before: Order, life: Life, step: Step) -> int:
    flags = OrderFlag(before.flags)
    if step.fields.get("urgent"):
        flags |= OrderFlag.URGENT
    if step.fields.get("mass"):
        flags |= OrderFlag.MASS
    if step.action == "report" and step.fields.get("self_handled"):
        flags |= OrderFlag.AT_ONCE
    match step.action:
        case "report" if step.role == "leader":
            flags |= OrderFlag.LEADER
        case "urge":
            flags |= OrderFlag.SUPERVISED
        case "force_close":
            flags |= OrderFlag.FORCED
        case "grant_defer":
            flags |= OrderFlag.DEFERRED
        case "reopen":
            flags &= ~OrderFlag.FORCED
        case "stand_down":
            flags |= OrderFlag.STOOD_DOWN
        case "yellow_card":
            flags |= OrderFlag.SUPERVISED | OrderFlag.YELLOW_CARD
        case "red_card":
            flags |= OrderFlag.SUPERVISED | OrderFlag.RED_CARD
        case "withdraw_card":
            flags &= ~_card_flag(life, "card_stands")
        case "decide_appeal" if step.fields["result"] == "withdrawn":
            flags &= ~_card_flag(life, "card_appealed")
        case "dispatch" if life.route_department:
            flags |= OrderFlag.ROUTED
            if step.role != "rule" and step.fields.get("department", "") != life.route_department:
                flags |= OrderFlag.REROUTED
    return int(flags)


def _lived(before: Order, life: Life, step: Step) -> Life:
    """The life after a step, but for its clocks."""
    told, person = step.fields, "" if step.role == "rule" else step.actor
    changed: dict[str, Any] = {}
    as_co = step.role == "department" and step.unit != life.lead and step.unit in {co.department for co in life.co_handlers}
    if step.action in _COUNTED and not as_co:
        changed[_COUNTED[step.action]] = getattr(life, _COUNTED[step.action]) + 1
    match step.action:
        case "report":
            changed |= {key: told.get(key, "") for key in ("holder", "level", "route", "route_department")}
        case "escalate":
            changed |= {"holder": told.get("holder", ""), "level": told.get("level", ""), "asked": ""}
        case "verify":
            changed |= {"verified": told["result"], "verified_by": step.actor}
        case "accept":
            changed["accepted_by"] = person
        case "register":
            changed["registered_by"] = person
        case "merge":
            changed["merged_into"] = told["merged_into"]
        case "dispatch":
            changed |= _dispatched(life, step)
        case "rework":
            fresh = tuple(CoHandler(co.department) for co in life.co_handlers)
            changed |= {"co_handlers": fresh, "checked": "", "dispatched_by": person}
        case "release":
            left = tuple(co for co in life.co_handlers if co.department != told["co_handler"])
            changed["co_handlers"] = left
        case "refuse_return" if told.get("co_handler"):
            changed["co_handlers"] = _co(life, str(told["co_handler"]), "dispatched")
        case "take_up" | "feedback" | "return" if as_co:
            status = {"take_up": "handling", "feedback": "feedback", "return": "returned"}[step.action]
            changed["co_handlers"] = _co(life, step.unit, status)
        case "feedback":
            changed |= {"checked": "", "asked": ""}
        case "return":
            changed["asked"] = ""
        case "ask_defer":
            changed |= {"asked": "defer", "asked_deadline_at_ms": told["deadline_at_ms"]}
        case "ask_hang":
            changed["asked"] = "hang"
        case "grant_defer" | "refuse_defer" | "grant_hang" | "refuse_hang":
            changed |= {"asked": "", "asked_deadline_at_ms": None}
        case "check":
            changed |= {"checked": told["result"], "checked_by": step.actor}
            changed["reworked"] = life.reworked + (told["result"] == "failed")
        case "evaluate":
            changed["quality"] = told["quality"]
        case "callback":
            changed |= {"satisfaction": told["satisfaction"], **{key: told.get(key, "") for key in ANSWERS}}
        case "reopen":
            changed |= {"checked": "", "quality": ""}
        case "yellow_card" | "red_card":
            colour = step.action.removesuffix("_card")
            given = Card(colour, step.at_ms, step.actor, str(told["reason"]), life.lead or before.department)
            changed["cards"] = (*life.cards, given)
        case "answer_card" | "appeal_card" | "decide_appeal" | "withdraw_card":
            changed["cards"] = _cards(life, step)
    return msgspec.structs.replace(life, **changed)


_ABOUT: Final = {
    "answer_card": "card_unanswered", "appeal_card": "card_unappealed", "decide_appeal": "card_appealed",
    "withdraw_card": "card_stands",
}  # fmt: skip


_CARD_STATES: Final = {
    "card_stands": ("given", "answered", "upheld"), "card_unappealed": ("given", "answered"), "card_appealed": ("appealed",),
}  # fmt: skip


def last_card(life: Life, given: str) -> int | None:
    """The newest card that an action can be about; None: there is none. `given` is what its row of the table asks."""

    def fits(card: Card) -> bool:
        if given == "card_unanswered":
            return card.stands and card.answered_at_ms is None
        return card.state in _CARD_STATES[given]

    return next((n for n in reversed(range(len(life.cards))) if fits(life.cards[n])), None)


def may_climb(life: Life, do: str) -> bool:
    """Whether a step of the ladder can be taken now: it only climbs, one step at a time."""
    colours = [card.colour for card in life.cards if card.stands]
    return {"yellow_card": not colours, "red_card": colours[-1:] == ["yellow"]}.get(do, True)


def _card_flag(life: Life, given: str) -> OrderFlag:
    """The flag of the card that is taken back."""
    at = last_card(life, given)
    if at is None:
        return OrderFlag(0)
    return OrderFlag.RED_CARD if life.cards[at].colour == "red" else OrderFlag.YELLOW_CARD


def _cards(life: Life, step: Step) -> tuple[Card, ...]:
    at = last_card(life, _ABOUT[step.action])
    if at is None:
        return life.cards
    told, card = step.fields, life.cards[at]
    match step.action:
        case "answer_card":
            state = "answered" if card.state == "given" else card.state
            card = msgspec.structs.replace(card, state=state, answer=str(told["note"]), answered_at_ms=step.at_ms)
        case "appeal_card":
            card = msgspec.structs.replace(card, state="appealed", appeal=str(told["reason"]))
        case "decide_appeal":
            card = msgspec.structs.replace(card, state=str(told["result"]), decided=str(told["reason"]))
        case "withdraw_card":
            card = msgspec.structs.replace(card, state="withdrawn", decided=str(told["reason"]))
    return (*life.cards[:at], card, *life.cards[at + 1 :])


def _dispatched(life: Life, step: Step) -> dict[str, Any]:
    lead = str(step.fields.get("department", ""))
    return {
        "lead": lead,
        "co_handlers": tuple(CoHandler(name) for name in split(step.fields.get("co_handlers", ""))),
        "dispatched_by": "" if step.role == "rule" else step.actor,
        "redispatched": life.redispatched + bool(life.lead and lead != life.lead),
        "checked": "",
        "asked": "",
        "asked_deadline_at_ms": None,
    }


def _co(life: Life, department: str, status: str) -> tuple[CoHandler, ...]:
    return tuple(CoHandler(co.department, status) if co.department == department else co for co in life.co_handlers)


def split(joined: object) -> tuple[str, ...]:
    """The parts of a list that is joined by ";"."""
    return tuple(filter(None, (part.strip() for part in str(joined).split(";"))))


def _clocks(clocks: tuple[Clock, ...], state: str, at_ms: int) -> tuple[Clock, ...]:
    """The clocks as they go in `state`, entered at `at_ms`."""
    known = {clock.key: clock for clock in clocks}
    for key, states in CLOCKS.items():
        clock = known.get(key)
        if state in states and clock is None:
            known[key] = Clock(key, at_ms, at_ms)
        elif clock is not None and (state in states) != (clock.since_ms is not None):
            since_ms = at_ms if state in states else None
            known[key] = Clock(key, clock.started_at_ms, since_ms, saturated(clock.spent(at_ms)))
    return tuple(known.values())
