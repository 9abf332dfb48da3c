"""A city's own life cycle: the table of actions with the steps that its template leaves out.

A template leaves out states or actions and may say who does an action and what it needs; it cannot invent a state. A step of
the main line that starts from a left-out state starts from the nearest kept one before it: where nothing is registered,
dispatch follows acceptance; where nothing but reporting and closing is kept, what is reported is closed.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from domain.actions import (
    ACTIONS,
    ADVANCE,
    AFTER_CLOSING,
    BORN,
    COMMAND,
    COMMAND_ACTIONS,
    LEAVING,
    MAIN,
    ROLES,
    SAME,
    SUPERVISION,
    SUPERVISION_ACTIONS,
    TABLE,
    Row,
)
from domain.lifecycle import STATUSES


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`workflow:` of city.yaml. `by_itself`: actions that the rules do as soon as the state allows (rework, request_close)."""

    two_axes: bool = False
    evaluate: Literal["before", "after"] = "before"
    leave_out: tuple[str, ...] = ()
    who: dict[str, tuple[str, ...]] = {}
    needs: dict[str, tuple[str, ...]] = {}  # what an action needs besides
    by_itself: tuple[str, ...] = ()


def crosses(action: str, role: str) -> bool:
    """Whether the role is of the one axis and the action the other's."""
    return (action in COMMAND_ACTIONS and role in SUPERVISION) or (action in SUPERVISION_ACTIONS and role in COMMAND)


_BYWAYS: Final = frozenset({"force_close", "deliberate", "escalate"})
"""Actions that get an order out of a dead end; no city counts on them."""


class Workflow:
    """The rows by (state, action), made from a template once."""

    def __init__(self, template: Template | None = None) -> None:
        self.template = template or Template()
        self.two_axes = self.template.two_axes
        self._rows: dict[tuple[str, str], list[Row]] = {}
        for row in _kept(self.template):
            rows = self._rows.setdefault((row.states[0], row.action), [])
            if row not in rows:  # two states bridged to the same one
                rows.append(row)
        self._who: dict[str, frozenset[str]] = {}
        for (_, action), rows in self._rows.items():
            told = frozenset(role for row in rows for role in row.who)
            self._who[action] = self._who.get(action, frozenset()) | told

    def rows(self, state: str, action: str) -> list[Row]:
        """What the action may lead to in that state; none: it is not allowed there."""
        return self._rows.get((state, action), [])

    def who(self, action: str) -> frozenset[str]:
        """The roles that may do it in some state."""
        return self._who.get(action, frozenset())

    def states(self) -> frozenset[str]:
        """Every state that an order can be in."""
        return frozenset(self._reachable(BORN)) - {BORN}

    def _reachable(self, start: str, without: frozenset[str] = frozenset()) -> set[str]:
        found, todo = {start}, deque([start])
        while todo:
            here = todo.popleft()
            for (state, action), rows in self._rows.items():
                if state != here or action in without:
                    continue
                for row in rows:
                    if row.to != SAME and row.to not in found and self._somebody(row):
                        found.add(row.to)
                        todo.append(row.to)
        return found

    def _somebody(self, row: Row) -> bool:
        return any(not (self.two_axes and crosses(row.action, role)) for role in row.who if role != "rule")

    def dead_ends(self) -> list[str]:
        """Open states that an order can get into and from which no ordinary step ever leads to `closed`."""
        reached = self.states()
        return sorted(s for s in reached if not STATUSES[s].final and "closed" not in self._reachable(s, _BYWAYS))


def _kept(template: Template) -> Iterable[Row]:
    """The rows of the template, each of one state."""
    out = set(template.leave_out)
    if template.evaluate == "after":
        out.add("evaluated")
    states_out = out & set(STATUSES)
    for row in TABLE + (AFTER_CLOSING if template.evaluate == "after" else ()):
        if row.action in out - states_out or row.to in states_out:
            continue
        who = template.who.get(row.action, row.who)
        needs = (*row.needs, *template.needs.get(row.action, ()))
        for state in row.states:
            at = _bridged(state, row, states_out)
            if at is not None:
                given = LEAVING.get(at, row.given) if row.action in ADVANCE and row.party != "co" else row.given
                yield msgspec.structs.replace(row, states=(at,), who=who, needs=needs, given=given)


def _bridged(state: str, row: Row, out: set[str]) -> str | None:
    """Where a row that starts at `state` starts in a city without the states `out`; None: nowhere."""
    if state not in out:
        return state
    if row.action not in ADVANCE or state not in MAIN or row.to == SAME:
        return None
    return next(before for before in reversed(MAIN[: MAIN.index(state)]) if before not in out or before == MAIN[0])


_KEEP: Final = ("reported",)


def template_faults(template: Template) -> list[str]:
    """What is wrong with a template, in words; none: every order that is reported can be closed."""
    known: set[str] = set(STATUSES) | set(ACTIONS)
    faults = [f"leave_out: {name!r} is neither a state nor an action" for name in template.leave_out if name not in known]
    faults += [f"leave_out: {name} is where every order begins: keep it" for name in _KEEP if name in template.leave_out]
    settings: tuple[tuple[str, Iterable[str]], ...] = (
        ("who", template.who), ("needs", template.needs), ("by_itself", template.by_itself),
    )  # fmt: skip
    for setting, actions in settings:
        faults += [f"{setting}: {action!r} is no action: {', '.join(ACTIONS)}" for action in actions if action not in ACTIONS]
    for action, roles in template.who.items():
        faults += [f"who: {role!r} ({action}) is no role: {', '.join(ROLES)}" for role in roles if role not in ROLES]
        if "auditor" in roles:
            faults.append(f"who: an auditor never acts ({action})")
    for action in template.by_itself:
        if action in ACTIONS and not any(row.action == action and "rule" in row.who for row in TABLE):
            faults.append(f"by_itself: {action} is for people")
    return faults or _reach_faults(Workflow(template))


def _reach_faults(flow: Workflow) -> list[str]:
    if "closed" not in flow.states() or "reported" in flow.dead_ends():
        return ["no order can ever be closed: something between reported and closed is left out or nobody may do it"]
    return [f"{state}: nothing leads on from it to closed: leave it out too" for state in flow.dead_ends()]


