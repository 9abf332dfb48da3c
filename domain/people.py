"""People: who somebody is, which rights the roles give, what is whose.

A scope is a region with everything below it (domain.md B5). Rights are about seeing and asking; what a role may *do* to a work
order stands in the table of actions (`domain.actions`) and is judged by the projector.
"""

from collections.abc import Container
from typing import Final

import msgspec

from domain.actions import COMMAND, ROLES, SUPERVISION
from domain.states import Order

WALL: Final = "wall"
"""A screen on a wall: sees, and can never act."""

PERSON_ROLES: Final = (*(role for role in ROLES if role != "rule"), WALL)
"""The roles that somebody can be given; `rule` is the city's own."""


def _rights(words: str) -> frozenset[str]:
    return frozenset(words.split())


RIGHTS: Final[dict[str, frozenset[str]]] = {
    "worker": _rights("orders report"),
    "supervisor": _rights("wall desk people track orders personal statistics publish report screens alarms"),
    "intake": _rights("wall desk people orders personal statistics report alarms"),
    "duty_chief": _rights("wall desk people track orders personal statistics publish report alarms"),
    "dispatcher": _rights("wall desk people track orders personal statistics report alarms"),
    "checker": _rights("wall desk people orders personal statistics alarms"),
    "department": _rights("desk personal report"),
    "leader": _rights("wall desk people track orders statistics publish report"),
    "auditor": _rights("wall people orders statistics audit"),
    "administrator": _rights("wall people orders statistics screens admin"),
    WALL: _rights("wall people track orders"),
}
"""What a role may see and ask.

wall, desk, statistics, audit: those screens. people: workers and where they are now. track: where a worker has been.
orders: every order of the scope; without it only those of the own department, or in the own name. personal: to unmask names,
phones and addresses of citizens, which is audited each time. report: to enter reports. publish: to publish weeks, months and
years of the own scope. screens: which screens of the own scope are open, and how they fare. admin: people, sessions, tokens.
alarms: to answer the alarm (SOS) of a worker of the own scope.
"""

ALL_RIGHTS: Final = frozenset().union(*RIGHTS.values())


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `name` is unique among people and tokens; `scope` a region code; `worker` the roster's id of one who walks;
    `scenes` those that a wall's link shows, () all. `played`: by the simulator of a demo, whose past is made up too.
    """

    name: str
    title: str = ""
    roles: tuple[str, ...] = ()
    scope: str = ""
    department: str = ""
    worker: str = ""
    scenes: tuple[str, ...] = ()
    played: bool = False

    def may(self, right: str) -> bool:
        return any(right in RIGHTS.get(role, ()) for role in self.roles)

    def rights(self) -> frozenset[str]:
        return frozenset().union(*(RIGHTS.get(role, frozenset()) for role in self.roles))

    @property
    def actor(self) -> str:
        """How the trail of an order names the person: a worker by the roster's id, so that his orders are his."""
        return self.worker or self.name

    def parties(self) -> frozenset[str]:
        """By what an order can be this person's, whatever region it lies in (see `parties_of`)."""
        mine = {f"d:{self.department}"} if self.department and "department" in self.roles else set()
        return frozenset(mine | ({f"w:{self.worker}"} if self.worker else set()))


def parties_of(order: Order, staff: Container[str] | None = None) -> frozenset[str]:
    """Whose an order is by name: d:DEPARTMENT leading or co-handling, w:WORKER who reported or handles it.

    A department that the rules only propose has nothing to do with it yet. `staff`: of workers only these; who keeps it for
    many orders leaves the citizens out, each of whom would be a party of his own.
    """
    life, reporter, handler = order.life, order.reporter, order.handler
    found = []
    if life is None:
        if order.department:
            found.append(f"d:{order.department}")
    else:
        found += [f"d:{key}" for key in (life.lead, *(co.department for co in life.co_handlers)) if key]
    if reporter and (staff is None or reporter in staff):
        found.append(f"w:{reporter}")
    if handler and (staff is None or handler in staff):
        found.append(f"w:{handler}")
    return frozenset(found)


def role_faults(roles: tuple[str, ...], *, two_axes: bool, department: str = "", worker: str = "") -> list[str]:
    """What is wrong with giving somebody these roles, in words."""
    faults = [f"{role!r} is no role: {', '.join(PERSON_ROLES)}" for role in roles if role not in PERSON_ROLES]
    if not roles:
        faults.append("at least one role is needed")
    if two_axes and set(roles) & SUPERVISION and set(roles) & COMMAND:
        faults.append("two axes: nobody holds a role of supervision and one of command")
    if "auditor" in roles and len(roles) > 1:
        faults.append("an auditor holds no other role: who checks does not act")
    if WALL in roles and len(roles) > 1:
        faults.append("a wall holds no other role: it only shows")
    if "department" in roles and not department:
        faults.append("the role department needs a department")
    if "worker" in roles and not worker:
        faults.append("the role worker needs an id of the roster")
    return faults
