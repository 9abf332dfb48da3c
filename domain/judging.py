"""The fold of an action: (order, action, rules) → the order that follows, or why not.

`fold_action` judges by the table (`domain.workflow`), finds out what the city says (region, deadline, rule) and writes that
into the step, which `domain.ownorders` then applies.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from domain import stints
from domain.actions import (
    ACTIONS,
    ALARMS,
    ANSWERS,
    BORN,
    CARDS,
    FIELD_TYPES,
    FOUND_OUT,
    RECOMPUTE,
    RESULTS,
    SAME,
    SATISFACTION,
    SEATS,
    SUPERVISION_ACTIONS,
    TALK,
    Row,
)
from domain.bounds import LATEST_MS, LONGEST_LIMIT_DAYS, is_deadline, saturated
from domain.clocks import ClockRules, Move, climbed, given, moved, pack, told
from domain.facts import OrderAction
from domain.ownorders import follow, last_card, may_climb, noted, split
from domain.rejudging import fields_anew, worked_ms
from domain.routing import RouteRule, route
from domain.states import Life, Order, Step
from domain.workflow import Workflow, crosses

Fields = dict[str, str | int | float | bool]

REASONS: Final = (
    "no_such_order", "exists", "no_such_action", "owned_by_source", "out_of_scope", "held_above", "not_your_role",
    "other_axis", "not_in_state", "not_your_order", "own_work", "not_asked", "already_asked", "co_handlers_open",
    "not_checked", "already_evaluated", "no_level_above", "no_lead", "no_such_co_handler", "missing_field", "bad_field",
    "trail_full", "carded", "not_carded", "no_such_card", "no_alarm", "unfoldable",
)  # fmt: skip


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the city says, as far as an action asks it. Regions are codes; `within(scope, region)`: is it in the subtree."""

    flow: Workflow
    place: Callable[[str | None, float | None, float | None], tuple[str, bool]]
    within: Callable[[str, str], bool]
    parent: Callable[[str], str]  # "" above the root
    ancestor: Callable[[str, str], str]  # (region, level key) → region, or ""
    level_of: Callable[[str], str]
    limit_ms: Callable[[str], int | None]  # of a category; where there are no `clocks`
    clocks: ClockRules | None = None
    departments: frozenset[str] = frozenset()  # none: any name is one
    workers: frozenset[str] = frozenset()  # likewise
    routes: tuple[RouteRule, ...] = ()
    alarming: Callable[[Order], bool] = lambda _order: False  # whether walls jump to the order's emergency


class Refused(msgspec.Struct, frozen=True):
    """Why an action changes nothing: a key of REASONS, and what there is to say of it."""

    reason: str
    detail: dict[str, str | int] = {}


class Folded(msgspec.Struct, frozen=True):
    """The order that follows, and the line that the action is in its trail."""

    order: Order
    step: Step


class _Case(msgspec.Struct, frozen=True):
    order: Order | None
    act: OrderAction
    rules: Rules
    trail: Sequence[Step]

    @property
    def life(self) -> Life:
        return (self.order.life if self.order else None) or Life()

    @property
    def state(self) -> str:
        return self.order.status if self.order else BORN

    def rows(self) -> list[Row]:
        return self.rules.flow.rows(self.state, self.act.action)

    def parties(self) -> set[str]:
        """What the actor is to the order by name: "lead" (also the worker who was named), "co", or nothing."""
        act, life = self.act, self.life
        found = set()
        if self.order is not None and act.actor == self.order.handler:
            found.add("lead")
        if act.role == "department" and act.department:
            if act.department == life.lead:
                found.add("lead")
            if any(co.department == act.department for co in life.co_handlers):
                found.add("co")
        return found

    def taken(self) -> bool:
        """Whether it lies with somebody by name: a department or a worker."""
        return bool(self.life.lead or (self.order and self.order.handler))

    def history(self) -> dict[str, str | int]:
        """Who did what before: for the one of two who came second."""
        told: dict[str, str | int] = {"state": self.state}
        before = next((step for step in reversed(self.trail) if step.action not in TALK), None)
        if before is not None:
            told |= {"did": before.action or before.status, "by": before.actor, "at_ms": before.at_ms}
        return told


def fold_action(
    order: Order | None, action: OrderAction, rules: Rules, now_ms: int, trail: Sequence[Step] = ()
) -> Folded | Refused:
    """What the action makes of the order (None: there is none by that id).

    The instant of the step is the actor's, but not before what was done already, nor after `now_ms` (when the action was
    received).
    """
    case = _Case(order, action, rules, trail)
    row = _well_formed(case) or _checked(case) or _row_of(case)
    if isinstance(row, Refused):
        return row
    refused = _given(case, row) or _fields(case, row)
    if refused is not None:
        return refused
    at_ms = min(action.at_ms, now_ms)
    if trail and order is not None and order.life is not None:
        at_ms = max(at_ms, trail[-1].at_ms)
    status = case.state if row.to == SAME else row.to
    told = {name: value for name, value in action.fields.items() if name not in FOUND_OUT}
    fields = {**told, **_found_out(case, at_ms)}
    step = Step(
        key=action.id,
        at_ms=at_ms,
        status=status,
        source=action.source,
        received_at_ms=action.received_at_ms,
        fields={**fields, **_clocked(case, status, at_ms, fields)},
        action=action.action,
        actor=action.actor,
        role=action.role,
        unit=action.department,
    )
    return Folded(noted(order, step) if order and not order.life else follow(order, step, action.order), step)


def permitted(order: Order, who: OrderAction, rules: Rules, trail: Sequence[Step] = ()) -> dict[str, Refused | None]:
    """Every action of the table: None where `who` (of whom only the person matters) may do it now, else why not."""
    bare = msgspec.structs.replace(who, fields={})
    return {name: _may(_Case(order, msgspec.structs.replace(bare, action=name), rules, trail)) for name in ACTIONS}


def _may(case: _Case) -> Refused | None:
    rows = _checked(case) or _rows_for(case)
    if isinstance(rows, Refused):
        return rows
    answers = [_given(case, row) for row in rows]
    return None if None in answers else answers[0]


# what is asked, in this order


def _well_formed(case: _Case) -> Refused | None:
    missing = [name for name in ("id", "order", "actor") if not getattr(case.act, name)]
    if missing:
        return Refused("missing_field", {"field": missing[0]})
    return Refused("bad_field", {"field": "id"}) if "/" in case.act.id and case.act.role != "rule" else None


def _known(case: _Case) -> Refused | None:
    return None if case.act.action in ACTIONS else Refused("no_such_action", {"action": case.act.action})


def _there(case: _Case) -> Refused | None:
    if case.act.action == "report":
        return None if case.order is None else Refused("exists")
    return Refused("no_such_order") if case.order is None else None


def _in_scope(case: _Case) -> Refused | None:
    act, order = case.act, case.order
    if act.role == "rule" or case.parties():
        return None
    if order is None:
        wrong = _wrong_types(act.fields)
        if wrong:
            return wrong
        region, unknown = _region(case)
        if unknown:
            return Refused("bad_field", {"field": "region"})
        inside = case.rules.within(act.scope, region)
    else:
        holder = case.life.holder
        inside = case.rules.within(act.scope, order.region) or bool(holder and case.rules.within(act.scope, holder))
    return None if inside else Refused("out_of_scope")


def _owned_here(case: _Case) -> Refused | None:
    if case.order is not None and case.order.life is None and case.act.action != "note":
        return Refused("owned_by_source", {"source": case.order.source})
    return None


def _role(case: _Case) -> Refused | None:
    may = case.rules.flow.who(case.act.action)
    return None if case.act.role in may else Refused("not_your_role", {"may": " ".join(sorted(may - {"rule"}))})


def _axis(case: _Case) -> Refused | None:
    act = case.act
    if not case.rules.flow.two_axes or act.role == "rule":
        return None
    if any(crosses(act.action, role) for role in (act.role, *act.also)):
        return Refused("other_axis", {"role": act.role})
    if act.action in SUPERVISION_ACTIONS and act.actor == case.life.dispatched_by:
        return Refused("other_axis", {"did": "dispatch"})
    return None


def _state(case: _Case) -> Refused | None:
    rows = case.rows()
    if not rows:
        return Refused("not_in_state", case.history())
    may = {role for row in rows for role in row.who}
    return None if case.act.role in may else Refused("not_your_role", {"may": " ".join(sorted(may - {"rule"}))})


def _held_here(case: _Case) -> Refused | None:
    act = case.act
    if case.order is None or act.action == "note" or act.role == "rule" or case.parties():
        return None
    if act.role not in SEATS and act.action != "escalate":
        return None
    if case.rules.within(act.scope, case.life.holder):
        return None
    return Refused("held_above", {"holder": case.life.holder, **case.history()})


def _own_work(case: _Case) -> Refused | None:
    mine = case.order is not None and case.act.action == "check" and case.act.actor == case.order.handler
    return Refused("own_work") if mine else None


_CHECKS: Final = (_known, _there, _in_scope, _owned_here, _role, _axis, _state, _held_here, _own_work)


def _checked(case: _Case) -> Refused | None:
    return next((refused for check in _CHECKS if (refused := check(case)) is not None), None)


def _rows_for(case: _Case) -> list[Row] | Refused:
    """The rows of the state that are for this actor: a department and a named worker only do what is theirs."""
    rows = [row for row in case.rows() if case.act.role in row.who]
    parties = case.parties()
    if case.act.role in ("department", "worker"):
        if not case.taken() and (case.act.role == "worker" or not case.rules.flow.who("dispatch")):
            parties.add("lead")  # nobody's yet: a worker passes on what he cannot handle; or the city dispatches nothing
        rows = [row for row in rows if not row.party or row.party in parties]
    else:
        rows = [row for row in rows if row.party != "co"]
    if rows:
        return rows
    return Refused("not_in_state" if "lead" in parties else "not_your_order", {"lead": case.life.lead, **case.history()})


def _row_of(case: _Case) -> Row | Refused:
    """The one row that the told result and co-handler choose."""
    rows = _rows_for(case)
    if isinstance(rows, Refused):
        return rows
    allowed = RESULTS.get(case.act.action)
    told = case.act.fields.get("result", "")
    if allowed is not None and not told:
        return Refused("missing_field", {"field": "result", "allowed": " ".join(allowed)})
    if allowed is not None and told not in allowed:
        return Refused("bad_field", {"field": "result", "allowed": " ".join(allowed)})
    fitting = [row for row in rows if row.choice in ("", told)]
    if not fitting:
        kept = " ".join(row.choice for row in rows)
        return Refused("bad_field", {"field": "result", "allowed": kept})
    return fitting[0]


def _given(case: _Case, row: Row) -> Refused | None:
    """Refused unless what the row says must hold does hold."""
    life = case.life
    named = str(case.act.fields.get("co_handler", ""))
    meant = [co for co in life.co_handlers if named in ("", co.department)]
    match row.given:
        case "co_handlers_done":
            waiting = [co.department for co in life.co_handlers if co.status != "feedback"]
            return Refused("co_handlers_open", {"departments": ";".join(waiting)}) if waiting else None
        case "checked":
            return None if life.checked == "passed" else Refused("not_checked", {"checked": life.checked})
        case "not_evaluated":
            return Refused("already_evaluated", case.history()) if life.quality else None
        case "nothing_asked":
            return Refused("already_asked", {"asked": life.asked}) if life.asked else None
        case "defer_asked" | "hang_asked":
            return None if row.given == f"{life.asked}_asked" else Refused("not_asked", case.history())
        case "level_above":
            return None if case.rules.parent(life.holder) else Refused("no_level_above", {"holder": life.holder})
        case "no_card":
            return None if may_climb(life, "yellow_card") else Refused("carded", case.history())
        case "yellow_carded":
            stands = any(card.stands for card in life.cards)
            return None if may_climb(life, "red_card") else Refused("carded" if stands else "not_carded", case.history())
        case "card_stands" | "card_unanswered" | "card_unappealed" | "card_appealed":
            return None if last_card(life, row.given) is not None else Refused("no_such_card", case.history())
        case "alarmed":
            alarmed = case.order is not None and case.rules.alarming(case.order)
            return None if alarmed else Refused("no_alarm", case.history())
        case "led":
            return None if case.taken() else Refused("no_lead")
        case "co_returned" | "co_named":
            fits = any(row.given == "co_named" or co.status == "returned" for co in meant)
            return None if fits else Refused("no_such_co_handler", {"co_handler": named})
    return None


def _fields(case: _Case, row: Row) -> Refused | None:
    """Refused for the first needed field that is not told, or told wrongly."""
    act, told = case.act, case.act.fields
    wrong = _wrong_types(told)
    if wrong:
        return wrong
    for need in row.needs:
        if not any(_is_told(case, name) for name in need.split("|")):
            return Refused("missing_field", {"field": need})
    if act.action == "callback" and told["satisfaction"] not in SATISFACTION:
        return Refused("bad_field", {"field": "satisfaction", "allowed": " ".join(SATISFACTION)})
    for name, allowed in ANSWERS.items():
        if told.get(name, "") not in ("", *allowed):
            return Refused("bad_field", {"field": name, "allowed": " ".join(allowed)})
    if act.action == "merge" and told["merged_into"] == act.order:
        return Refused("bad_field", {"field": "merged_into"})
    if "deadline_at_ms" in told and not is_deadline(int(told["deadline_at_ms"]), act.received_at_ms):
        return Refused("bad_field", {"field": "deadline_at_ms", "most_days": LONGEST_LIMIT_DAYS})
    if act.action in ("ask_defer", "grant_defer") and case.order is not None:
        before_ms = case.order.deadline_at_ms or 0
        if int(told.get("deadline_at_ms", case.life.asked_deadline_at_ms or 0)) <= before_ms:
            return Refused("bad_field", {"field": "deadline_at_ms", "after": before_ms})
    return _given_to(case) if act.action in ("dispatch", "register") else None


def _given_to(case: _Case) -> Refused | None:
    """Refused for a department or a worker that the city does not have."""
    lead, known = str(case.act.fields.get("department", "")), case.rules.departments
    if known and lead and lead not in known:
        return Refused("bad_field", {"field": "department"})
    co = split(case.act.fields.get("co_handlers", ""))
    if len(set(co)) < len(co) or lead in co or (known and not known.issuperset(co)):
        return Refused("bad_field", {"field": "co_handlers"})
    handler, workers = case.act.fields.get("handler"), case.rules.workers
    return Refused("bad_field", {"field": "handler"}) if handler and workers and handler not in workers else None


def _is_told(case: _Case, name: str) -> bool:
    if case.act.fields.get(name) not in (None, ""):
        return True
    return name == "category" and case.order is not None and bool(case.order.category)


_RANGES: Final = {"lon": (-180.0, 180.0), "lat": (-90.0, 90.0), "deadline_at_ms": (0.0, float(LATEST_MS - 1))}


def _wrong_types(fields: Fields) -> Refused | None:
    for name, value in fields.items():
        wanted = FIELD_TYPES.get(name, str)
        fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and wanted is not bool):
            return Refused("bad_field", {"field": name})
        low, high = _RANGES.get(name, (0.0, 0.0))
        if name in _RANGES and not low <= value <= high:  # type: ignore[operator]
            return Refused("bad_field", {"field": name})
    place = [name in fields for name in ("lon", "lat")]
    return Refused("bad_field", {"field": "lon"}) if any(place) and not all(place) else None


# what the city says of it, written into the step


def _region(case: _Case) -> tuple[str, bool]:
    """Region of a report: as told, else by its position, else the reporter's own scope."""
    told: Any = case.act.fields
    return case.rules.place(told.get("region") or case.act.scope or None, told.get("lon"), told.get("lat"))


def _found_out(case: _Case, at_ms: int) -> Fields:
    act, order, life, rules = case.act, case.order, case.life, case.rules
    if act.action == "report":
        return _found_out_at_birth(case)
    if order is None or order.life is None:
        return {}
    found: Fields = {}
    if act.action == "register":
        found["department"] = act.fields.get("department") or order.department or life.route_department
    if rules.clocks is None and act.action in ("register", "dispatch") and not _has_deadline(case):
        limit_ms = rules.limit_ms(str(act.fields.get("category") or order.category))
        found |= {} if limit_ms is None else {"deadline_at_ms": saturated(at_ms + limit_ms)}
    if act.action == "grant_defer" and "deadline_at_ms" not in act.fields and life.asked_deadline_at_ms is not None:
        found["deadline_at_ms"] = life.asked_deadline_at_ms
    if act.action == "escalate":
        holder = rules.parent(life.holder)
        found |= {"holder": holder, "level": rules.level_of(holder)}
    return found


def _has_deadline(case: _Case) -> bool:
    return "deadline_at_ms" in case.act.fields or (case.order is not None and case.order.deadline_at_ms is not None)


_TELL_THE_END: Final = ("register", "dispatch", "reopen")


def _clocked(case: _Case, status: str, at_ms: int, fields: Fields) -> Fields:
    """The clocks that this step begins, stops or moves, as it carries them; nothing for an outside system's order."""
    act, order, rules = case.act, case.order, case.rules.clocks
    if rules is None or (order is not None and order.life is None):
        return {}
    if act.action == RECOMPUTE and order is not None:
        return fields_anew(order, case.trail, rules, at_ms)
    before = case.life.running
    if act.action in ALARMS:
        after = told(before, str(fields["clock"]), ALARMS[act.action])
    elif act.action in CARDS:
        after = climbed(before, act.action, rules)
    else:
        ends_ms = fields.get("deadline_at_ms")
        move = Move(
            before=order.status if order else None,
            after=status,
            at_ms=at_ms,
            category=str(fields.get("category") or (order.category if order else "")),
            level=str(fields.get("level") or case.life.level),
            department=str(fields.get("department") or case.life.lead),
            deferred_to_ms=int(ends_ms) if act.action == "grant_defer" and ends_ms is not None else None,
        )
        after = moved(before, move, rules)
        if act.action in _TELL_THE_END and ends_ms is not None:
            after = given(after, at_ms, int(ends_ms), rules.yellow_from)
    changed = tuple(clock for clock in after if clock not in before)
    worked = worked_ms(order, status, at_ms, rules) if order else {}
    found: Fields = {"clocks": pack(changed)} if changed else {}
    return found | ({"worked": stints.told(worked)} if worked else {})


def _found_out_at_birth(case: _Case) -> Fields:
    act, rules = case.act, case.rules
    region, _ = _region(case)
    drawn = Order(
        order=act.order,
        source=act.source,
        channel=str(act.fields.get("channel", "")),
        category=str(act.fields.get("category", "")),
        region=region,
    )
    rule = route(drawn, rules.routes)
    own = act.scope if act.role != "rule" and rules.within(act.scope, region) else region
    holder = (rules.ancestor(region, rule.level) if rule and rule.level else "") or own
    return {
        "region": region,
        "holder": holder,
        "level": rules.level_of(holder),
        "route": rule.rule if rule else "",
        "route_department": rule.department if rule else "",
    }
