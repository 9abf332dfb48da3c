"""The states of a work order (domain.md B6) and the six stages that a wall shows (发现上报 … 结案存档).

This is the vocabulary and its order; who may do what is the table of actions that people take.
"""

from typing import Final

import msgspec


class Status(msgspec.Struct, frozen=True):
    """`rank` puts two steps of the same instant in order; `stage` 0…5 of `STAGES`, -1 for a side exit."""

    key: str
    rank: int
    stage: int
    closed: bool = False  # counts as closed (结案): the work is done
    final: bool = False  # nothing more will happen to it: no longer open, and not closed either unless `closed`


STAGES: Final = ("report", "dispatch", "handle", "check", "evaluate", "close")

STATUSES: Final[dict[str, Status]] = {
    s.key: s
    for s in (
        Status("reported", 0, 0),
        Status("verifying", 1, 0),
        Status("accepted", 2, 0),
        Status("deliberating", 3, 0),
        Status("registered", 4, 0),
        Status("returned", 5, 1),
        Status("escalated", 6, 1),
        Status("rework", 7, 1),
        Status("reopened", 8, 1),
        Status("dispatched", 9, 1),
        Status("handling", 10, 2),
        Status("hanging", 11, 2),
        Status("feedback", 12, 2),
        Status("checking", 13, 3),
        Status("evaluated", 14, 4),
        Status("closed", 15, 5, closed=True, final=True),
        Status("self_handled", 15, 5, closed=True, final=True),
        Status("callback", 16, 5, closed=True, final=True),
        Status("archived", 17, 5, closed=True, final=True),
        Status("not_accepted", 18, -1, final=True),
        Status("not_registered", 18, -1, final=True),
        Status("duplicate", 18, -1, final=True),
        Status("void", 19, -1, final=True),
    )
}
"""By key. Reopened after closed is open again: the last step in (time, rank) order decides."""


def is_open(status: str) -> bool:
    """True while somebody still has to act."""
    return not STATUSES[status].final
