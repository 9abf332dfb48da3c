"""The orders of one partition: what case systems tell of them and what people do with them, in the order of arrival.

There is one writer per partition, so of two people who act on one order at once the second is judged by what the first has
made of it. An action is known by its id: done ones by the trail, refused ones by the answers that are kept.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from domain import cases
from domain.actions import TALK
from domain.byrule import next_by_rule
from domain.facts import CaseStep, OrderAction
from domain.judging import Folded, Refused, Rules, fold_action
from domain.states import Order, Outcome, Step
from ingest.changes import Changes
from ingest.places import Places
from store.commit import OUTCOMES_KEEP
from store.store import Store

Trail = tuple[Step, ...]
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

    def fold(self, facts: Iterable[CaseStep | OrderAction], now: Changes) -> None:
        """Put into `now` what these facts make of their orders."""
        told: dict[str, list[CaseStep | OrderAction]] = {}
        for fact in facts:
            told.setdefault(fact.order, []).append(fact)
        trails = self._store.trails(self._number, list(told))
        for order, new in told.items():
            trail = trails[order]
            for _, run in groupby(new, type):
                trail = self._fold_run(order, trail, list(run), now)
            if len(trail) > len(trails[order]):
                now.trails[order] = trail
                now.rows["order", order] = cases.fold_trail(order, trail, self._places.of_order)

    def _fold_run(self, order: str, trail: Trail, run: list[CaseStep | OrderAction], now: Changes) -> Trail:
        """The trail after facts of one kind."""
        steps = [fact for fact in run if isinstance(fact, CaseStep)]
        if steps:
            new = [cases.step_of(self._places.with_reporter(fact)) for fact in steps]
            trail, outcomes = cases.add_steps(trail, new, self._most)
            for fact, outcome in zip(steps, outcomes, strict=True):
                now.count(fact, "order", outcome)
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
                row, trail = done.order, cases.with_action(trail, done.step)
            self._answer(asked, row, done, now)
            now.count(asked, "action", "kept" if isinstance(done, Folded) else "refused")
            asked = next_by_rule(row, asked, self._rules) if row and isinstance(done, Folded) else None
        return row, trail

    def _is_known(self, row: Order | None, trail: Trail, action: OrderAction, now: Changes) -> bool:
        """Whether it was answered before. One that was done so long ago that its answer is gone is answered anew."""
        if (action.order, action.id) in self._answers:
            return True
        step = next((step for step in trail if step.action and step.key == action.id), None)
        if step is not None and row is not None:
            self._answer(action, row, Folded(row, step), now)
        return step is not None

    def _judged(self, row: Order | None, trail: Trail, action: OrderAction) -> Folded | Refused:
        """The last fifth of a trail is kept for what moves an order on, so that talk cannot hold it for ever."""
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
            status=row.status if row and (refused is None or refused.reason not in _TELLS_NOTHING) else "",
            reason=refused.reason if refused else "",
            detail=refused.detail if refused else {},
        )
        now.forgotten.discard(key)
        while len(self._answers) > OUTCOMES_KEEP:
            oldest = next(iter(self._answers))
            del self._answers[oldest]
            now.outcomes.pop(oldest, None)
            now.forgotten.add(oldest)


_TELLS_NOTHING: Final = ("out_of_scope", "no_such_order")
