"""Limits that were given while nobody knew the holidays, judged anew when a calendar has come.

The trail tells what happened to every clock: when it began and with how much time, when it stood, went on and was deferred. So
the clocks are followed through it once more with the calendar of today, and come out as if that calendar had been known from
the start. Nothing of the trail is changed: what is different by now is one more step. Limits, yellow marks and departments are
those that were told; only days are looked up anew, in the working hours that the city has now.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from domain import stints
from domain.actions import ALARMS, CARDS, RECOMPUTE
from domain.clocks import PAUSED_IN, RED, SURE, TOTAL, YELLOW, ClockRules, Running, deferred, going, pack, stopped, unpacked
from domain.ownorders import end_of, follow, sent_of
from domain.states import Order, Step

Fields = dict[str, str | int | float | bool]
_MOVES_NO_CLOCK: Final = frozenset((*ALARMS, *CARDS, RECOMPUTE))


class Anew(msgspec.Struct, frozen=True):
    """What a trail amounts to by the calendar of today: clocks (without what was told of them), deadline of the whole case,
    working seconds by stage, and whether tasks were given in time (`domain.states.Sent` by the name of its field).
    """

    running: tuple[Running, ...]
    deadline_at_ms: int | None
    worked_s: dict[str, int]
    sent: dict[str, int]


def judged_anew(name: str, trail: Iterable[Step], rules: ClockRules) -> Anew:
    """The clocks of an order that lives here, followed through its whole trail."""
    order: Order | None = None
    held: dict[str, Running] = {}
    deadline_at_ms: int | None = None
    worked_s: dict[str, int] = {}
    sent: dict[str, int] = {}
    for step in trail:
        held = _followed(held, step, rules)
        if order is not None and step.action != RECOMPUTE:
            for stage, spent_ms in worked_ms(order, step.status, step.at_ms, rules).items():
                worked_s[stage] = worked_s.get(stage, 0) + round(spent_ms / 1000)
            sent |= sent_of(order, tuple(held.values()), step)
        order = follow(order, step, name)
        total = held.get(TOTAL)
        deadline_at_ms = end_of(total, deadline_at_ms, step.status) if total is not None else order.deadline_at_ms
    return Anew(tuple(held.values()), deadline_at_ms, worked_s, sent)


def _followed(held: dict[str, Running], step: Step, rules: ClockRules) -> dict[str, Running]:
    """The clocks after a step, which tells those that began, stopped, went on or were moved with it."""
    if step.action in _MOVES_NO_CLOCK:
        return held
    if step.action == "grant_defer" and "deadline_at_ms" in step.fields:
        return {key: deferred(clock, int(step.fields["deadline_at_ms"]), rules) for key, clock in held.items()}
    told = unpacked((), str(step.fields["clocks"])) if "clocks" in step.fields else ()
    return held | {clock.clock: _turned(held.get(clock.clock), clock, step, rules) for clock in told}


def _turned(before: Running | None, told: Running, step: Step, rules: ClockRules) -> Running:
    """One clock after a step that told how it stood then."""
    if told.due_at_ms is None:
        if before is None:
            return told
        return stopped(before, step.at_ms, rules, keeps_end=told.clock == TOTAL and step.status != PAUSED_IN)
    if before is not None and told.begun_at_ms != step.at_ms:
        return going(before, step.at_ms, rules)
    return going(told, step.at_ms, rules) if told.limit.counts_working_time else told


def worked_ms(order: Order, status: str, at_ms: int, rules: ClockRules) -> dict[str, int]:
    """The working time of each stage that a step to `status` ends, by the calendar of who has the order."""
    ended = stints.ended(order.status, status)
    if not ended or order.life is None:
        return {}
    since_ms = {clock.key: clock.since_ms for clock in order.life.clocks}
    since_ms |= {"accept": order.reported_at_ms, "register": order.accepted_at_ms}
    work = rules.calendar(order.life.lead)
    return {stage: work.spent_ms(began, at_ms) for stage in ended if (began := since_ms.get(stage)) is not None}


def fields_anew(order: Order, trail: Sequence[Step], rules: ClockRules, now_ms: int) -> Fields:
    """What a step of recomputing tells: the clocks that are different by now, the deadline before and after; {} for nothing.

    Marks that have been told of and lie ahead again are told of once more when they come; steps of the ladder that were taken
    are not taken again.
    """
    life = order.life
    if life is None:
        return {}
    anew = judged_anew(order.order, trail, rules)
    known = {clock.clock: clock.told for clock in life.running}
    running = tuple(_with_told(clock, known.get(clock.clock, 0), now_ms) for clock in anew.running)
    changed = tuple(clock for clock in running if clock not in life.running)
    found: Fields = {"clocks": pack(changed)} if changed else {}
    to_ms, was_ms = anew.deadline_at_ms, order.deadline_at_ms
    if to_ms is not None and was_ms is not None and to_ms != was_ms:
        found |= {"deadline_at_ms": to_ms, "deadline_was_ms": was_ms}
    held = dict(zip(stints.STAGES, stints.unpacked(life.stints).worked_s, strict=True))
    worked = {stage: spent for stage, spent in anew.worked_s.items() if held[stage] not in (stints.UNKNOWN, spent)}
    if worked:
        found["worked"] = stints.told({stage: spent * 1000 for stage, spent in worked.items()})
    return found | {name: sent for name, sent in anew.sent.items() if sent != getattr(life, name)}


def _with_told(clock: Running, told: int, now_ms: int) -> Running:
    ahead = [mark for mark, at_ms in ((YELLOW, clock.yellow_at_ms), (RED, clock.due_at_ms)) if at_ms and at_ms > now_ms]
    return msgspec.structs.replace(clock, told=told & ~sum(ahead))


def is_unsure(order: Order, trail: Sequence[Step], rules: ClockRules) -> bool:
    """Whether anything of an order hangs on days of which nobody knows yet whether they are worked: a clock, running or not, or
    the working time of a stage that it has left.
    """
    life = order.life
    if life is None:
        return False
    if any(clock.unsure != SURE for clock in life.running):
        return True
    known_until_ms = rules.calendar(life.lead).known_until_ms
    return trail[-1].at_ms > known_until_ms and any("worked" in s.fields and s.at_ms > known_until_ms for s in trail)


def runs_into_unknown_days(order: Order, rules: ClockRules) -> bool:
    """Whether a running clock ends in days of which nobody knows yet whether they are worked, though it may not say so: clocks
    that were begun before it was kept do not.
    """
    running = order.life.running if order.life is not None else ()
    return any(
        clock.limit.counts_working_time and (clock.due_at_ms or 0) > rules.calendar(clock.department).known_until_ms
        for clock in running
    )
