"""The orders of one partition: what case systems tell of them and what people do with them, in the order of arrival.

There is one writer per partition, so of two people who act on one order at once the second is judged by what the first has
made of it. An action is known by its id: done ones by the trail, refused ones by the answers that are kept.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from config.city_time import calendar_version
from domain import cases
from domain.actions import ALARMS, RECOMPUTE, TALK
from domain.byrule import next_by_rule
from domain.clocks import Alarm, alarms
from domain.facts import CaseStep, OrderAction
from domain.judging import Folded, Refused, Rules, fold_action
from domain.notices import notice_of
from domain.ownorders import may_climb
from domain.rejudging import fields_anew, is_unsure, runs_into_unknown_days
from domain.states import Order, Outcome, Step
from ingest.changes import Changes
from ingest.places import Places
from ingest.unsure import Unsure
from store.audit import Entry
from store.commit import OUTCOMES_KEEP
from store.store import Store

Trail = tuple[Step, ...]
Held = tuple[dict[tuple[str, str], Outcome], int, str, tuple[str | None, bool]]
CLOCK: Final = "clock"
"""The source of what time itself does: nobody waits for an answer to it."""

NEWS_MS: Final = 86_400_000  # a step of an outside system that is older is history
MOST_MARKS: Final = 40  # of one order at a time
MOST_DUE: Final = 500  # told of in one commit; the next second goes on
MOST_ANEW: Final = 500  # limits judged anew in one commit; the next second goes on
MOST_BY_RULE: Final = 8  # steps that the rules take after one action; a city cannot set them to run for ever


class Orders:
    """Folds the facts of orders; holds the kept answers in memory, the oldest first."""

    def __init__(self, store: Store, number: int, places: Places, rules: Rules) -> None:
        self._store = store
        self._number = number
        self._places = places
        self._rules = rules
        self._most = places.city.limits.trail_steps
        self._answers = {(found.order, found.id): found for found in store.outcomes(number)}
        self._serial = max((found.serial for found in self._answers.values()), default=0)
        self._unsure = self._read_unsure()

    def _read_unsure(self) -> Unsure:
        """The orders whose limits hang on unknown days. Where nobody has kept them yet, they are looked for once."""
        held = self._store.unsure_orders(self._number)
        version, rules = calendar_version(self._places.city), self._rules.clocks
        if held is not None or rules is None:
            return Unsure(version, held or {})
        found = (row.order for row in self._store.orders_with_clocks(self._number) if runs_into_unknown_days(row, rules))
        return Unsure(version, {}, news=dict.fromkeys(found, ""))

    def fold(self, facts: Iterable[CaseStep | OrderAction], now: Changes, beneath: Mapping[str, Trail]) -> None:
        """Put into `now` what these facts make of their orders. `beneath`: trails that the store is yet to be told of."""
        told: dict[str, list[CaseStep | OrderAction]] = {}
        for fact in facts:
            told.setdefault(fact.order, []).append(fact)
        stored = self._store.trails(self._number, [order for order in told if order not in beneath])
        trails = {order: beneath[order] if order in beneath else stored[order] for order in told}
        for order, new in told.items():
            trail = trails[order]
            for _, run in groupby(new, type):
                trail = self._fold_run(order, trail, list(run), now)
            if len(trail) > len(trails[order]):
                row = cases.fold_trail(order, trail, self._places.of_order)
                self._tell_outside(trails[order], trail, row, now)
                self._keep(order, row, trail, now)

    def due(self, now_ms: int) -> list[str]:
        """The orders whose clocks have passed a mark that nobody has been told of, also while nobody was here."""
        return self._store.due_orders(self._number, now_ms, MOST_DUE)

    def wake(self, order: str, now_ms: int, now: Changes) -> None:
        """Put into `now` what time alone has done to an order by `now_ms`: each mark that has passed is told of once."""
        trail = self._store.trails(self._number, [order]).get(order, ())
        row = cases.fold_trail(order, trail, self._places.of_order) if trail else None
        after = trail
        for _ in range(MOST_MARKS):
            alarm = self._next_mark(row)
            if alarm is None or alarm.at_ms > now_ms:
                break
            row, after = self._act(row, after, _by_time(order, alarm, now_ms), now)
        if len(after) > len(trail):
            self._keep(order, row, after, now)
        else:  # its mark has moved on, there is none any more, or its trail is full: it is not asked for every second
            mark = self._next_mark(row)
            now.due[order] = mark.at_ms if mark and mark.at_ms > now_ms else None

    def stale(self) -> list[str]:
        """Orders whose limits hung on days that nobody knew and that another calendar judged, at most MOST_ANEW."""
        return self._unsure.stale(MOST_ANEW)

    def judge_anew(self, order: str, now_ms: int, now: Changes) -> None:
        """Put into `now` what the calendar of today makes of one of them."""
        rules = self._rules.clocks
        trail = self._store.trails(self._number, [order]).get(order, ())
        row = cases.fold_trail(order, trail, self._places.of_order) if trail else None
        self._unsure.judged(order, now)
        if row is None or rules is None:
            self._unsure.put(order, False, now)
        elif fields_anew(row, trail, rules, now_ms):
            self._keep(order, *self._act(row, trail, self._by_calendar(order, trail, now_ms), now), now)
        else:
            self._index(row, trail, now)

    def pass_over(self, order: str) -> None:
        """One that cannot be judged anew is not tried again before the next start."""
        self._unsure.pass_over(order)

    def tell_unsure(self, now: Changes) -> None:
        """Put into `now` what the store has yet to keep of the orders that hang on unknown days."""
        self._unsure.tell(now)

    def _by_calendar(self, order: str, trail: Trail, now_ms: int) -> OrderAction:
        """The step of a calendar that has come: `calendar` is the last day that it knows."""
        known_until = str(self._places.city.calendar.known_until or "")
        return OrderAction(
            source=CLOCK, received_at_ms=now_ms, id=f"calendar/{self._unsure.version}/{len(trail)}", order=order,
            action=RECOMPUTE, actor="calendar", role="rule", at_ms=now_ms, fields={"calendar": known_until},
        )  # fmt: skip

    def held(self, order: str) -> Held:
        """What memory holds of an order, and the answers, for `put_back`."""
        return dict(self._answers), self._serial, order, self._unsure.of(order)

    def put_back(self, held: Held) -> None:
        """Forget what has come of the order, and the answers that were given, since."""
        self._answers, self._serial, order, unsure = held
        self._unsure.put_back(order, unsure)

    def _keep(self, order: str, row: Order | None, trail: Trail, now: Changes) -> None:
        now.trails[order] = trail
        if row is not None:
            now.rows["order", order] = row
            self._index(row, trail, now)

    def _index(self, row: Order, trail: Trail, now: Changes) -> None:
        """Put into `now` when the next mark of an order comes, and whether its limits hang on unknown days."""
        marks, rules = self._marks(row), self._rules.clocks
        now.due[row.order] = marks[0].at_ms if marks else None
        hangs = rules is not None and (any(mark.unsure for mark in marks) or is_unsure(row, trail, rules))
        self._unsure.put(row.order, hangs, now)

    def _marks(self, row: Order | None) -> list[Alarm]:
        """The marks of an order's clocks that nobody has been told of, the next one first."""
        life, rules = row.life if row else None, self._rules.clocks
        if life is None or rules is None or not life.running:
            return []
        return alarms(life.running, rules, lambda do: may_climb(life, do))

    def _next_mark(self, row: Order | None) -> Alarm | None:
        return next(iter(self._marks(row)), None)

    def _fold_run(self, order: str, trail: Trail, run: list[CaseStep | OrderAction], now: Changes) -> Trail:
        """The trail after facts of one kind."""
        steps = [fact for fact in run if isinstance(fact, CaseStep)]
        if steps:
            new = [cases.step_of(self._places.with_reporter(fact), self._places.city.limits) for fact in steps]
            trail, outcomes = cases.add_steps(trail, new, self._most)
            for fact, outcome in zip(steps, outcomes, strict=True):
                now.count(fact, "order", outcome)
                if outcome == "clock_wrong":
                    now.wrong_clock(fact, fact.at_ms - fact.received_at_ms)
            return trail
        row = cases.fold_trail(order, trail, self._places.of_order) if trail else None
        for action in run:
            if isinstance(action, OrderAction):
                row, trail = self._act(row, trail, action, now)
        return trail

    def _act(self, row: Order | None, trail: Trail, action: OrderAction, now: Changes) -> tuple[Order | None, Trail]:
        """(order, trail) after an action and all that the city's rules do upon it."""
        if self._is_known(row, trail, action, now):
            now.count(action, "action", "duplicate")
            return row, trail
        asked: OrderAction | None = action
        for _ in range(MOST_BY_RULE):
            if asked is None:
                break
            done = self._judged(row, trail, asked)
            if isinstance(done, Folded):
                before, row, trail = row, done.order, cases.with_action(trail, done.step)
                self._tell(before, trail, row, asked.received_at_ms, now)
            if asked.source != CLOCK:
                self._answer(asked, row, done, now)
            if asked.source != CLOCK or asked.action not in _NO_ACTIONS:  # a passed mark is none, a card by rule is one
                now.audit.append(_audited(asked, row, done))
            now.count(asked, "action", "kept" if isinstance(done, Folded) else "refused")
            asked = next_by_rule(row, asked, self._rules) if row and isinstance(done, Folded) else None
        return row, trail

    def _tell(self, before: Order | None, trail: Trail, after: Order, now_ms: int, now: Changes) -> None:
        """Put into `now` who is told of the last step of an order that lives here."""
        notice = notice_of(before, trail, after, self._places.city.notices.rules, now_ms) if after.life else None
        if notice is not None:
            now.notices.append(notice)

    def _tell_outside(self, old: Trail, trail: Trail, after: Order, now: Changes) -> None:
        """The same of an outside system's order, whose people that system tells itself unless a rule says otherwise.

        What is told late repairs the trail and is no news; neither is a history that is imported.
        """
        step, rules = trail[-1], [rule for rule in self._places.city.notices.rules if rule.outside]
        is_news = not step.action and step not in old and (step.clock_wrong or step.received_at_ms - step.at_ms < NEWS_MS)
        if after.life is not None or not rules or not is_news:
            return
        before = cases.fold_trail(after.order, old, self._places.of_order) if old else None
        notice = notice_of(before, trail, after, rules, step.received_at_ms)
        if notice is not None:
            now.notices.append(notice)

    def _is_known(self, row: Order | None, trail: Trail, action: OrderAction, now: Changes) -> bool:
        """Whether it was answered before. One that was done so long ago that its answer is gone is answered anew."""
        if (action.order, action.id) in self._answers:
            return True
        step = next((step for step in trail if step.action and step.key == action.id), None)
        if step is not None and row is not None:
            self._answer(action, row, Folded(row, step), now)
        return step is not None

    def _judged(self, row: Order | None, trail: Trail, action: OrderAction) -> Folded | Refused:
        """The last fifth of a trail is kept for what moves an order on, so that talk cannot hold it for ever.

        A new calendar is told of in any trail: there is one a year.
        """
        if action.action == RECOMPUTE:
            return fold_action(row, action, self._rules, action.received_at_ms, trail)
        most = self._most * 4 // 5 if action.action in TALK else self._most
        if len(trail) >= most:
            return Refused("trail_full", {"steps": len(trail)})
        return fold_action(row, action, self._rules, action.received_at_ms, trail)

    def _answer(self, action: OrderAction, row: Order | None, done: Folded | Refused, now: Changes) -> None:
        key = action.order, action.id
        self._serial += 1
        refused = done if isinstance(done, Refused) else None
        self._answers[key] = now.outcomes[key] = Outcome(
            serial=self._serial,
            id=action.id,
            order=action.order,
            action=action.action,
            actor=action.actor,
            at_ms=done.step.at_ms if isinstance(done, Folded) else action.received_at_ms,
            done=refused is None,
            status=_status(row, refused),
            reason=refused.reason if refused else "",
            detail=refused.detail if refused else {},
        )
        now.forgotten.discard(key)
        while len(self._answers) > OUTCOMES_KEEP:
            oldest = next(iter(self._answers))
            del self._answers[oldest]
            now.outcomes.pop(oldest, None)
            now.forgotten.add(oldest)


def _by_time(order: str, alarm: Alarm, now_ms: int) -> OrderAction:
    """The step of a mark that a clock has passed: at its instant, though nobody may have been here then."""
    told: dict[str, str | int | float | bool] = {"clock": alarm.clock}
    if alarm.do not in ALARMS:
        told["reason"] = "超期"
    return OrderAction(
        source=CLOCK, received_at_ms=now_ms, id=f"clock/{alarm.clock}/{alarm.mark}/{alarm.at_ms}", order=order, action=alarm.do,
        actor=alarm.clock, role="rule", at_ms=alarm.at_ms, fields=told,
    )  # fmt: skip


def _status(row: Order | None, refused: Refused | None) -> str:
    """The state that an answer tells: none to who may not know that the order is there."""
    return row.status if row and (refused is None or refused.reason not in _TELLS_NOTHING) else ""


def _audited(action: OrderAction, row: Order | None, done: Folded | Refused) -> Entry:
    """The line of the audit log: who asked for what in which role, and what came of it."""
    refused = done if isinstance(done, Refused) else None
    status, by_clock = _status(row, refused), action.source == CLOCK
    detail: dict[str, str | int] = {"action": action.action, "role": action.role, "id": action.id, "status": status}
    if by_clock:
        detail["clock"] = action.actor  # no name: somebody may be called so
    if refused:
        detail["reason"] = refused.reason
    region = row.region if row else action.scope
    if action.scope and action.scope != region:
        detail["scope"] = action.scope  # so that the auditor of the one and of the other find it
    return Entry(
        at_ms=action.received_at_ms,
        who="-" if by_clock else action.actor,
        what="action_refused" if refused else "action",
        subject=action.order,
        region=region,
        detail=detail,
    )


_NO_ACTIONS: Final = (*ALARMS, RECOMPUTE)
_TELLS_NOTHING: Final = ("out_of_scope", "no_such_order")
