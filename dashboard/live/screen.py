"""One open screen: who it is, what it wants to see, how far it has come, and what it is told."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dashboard.live.health import Health
from dashboard.live.scope import Scope
from domain.people import Person

DEAD_AFTER_S: Final = 45.0  # without acknowledgement


class Key(msgspec.Struct, frozen=True):
    """What figures are computed for: a region and a period, as a key or as (from_ms, to_ms), the language of names, whose
    scope they are in, whether places are shown with their doors, and which parts (sorted; none: the overview's).
    """

    region: str
    period: str | tuple[int | None, int | None]
    lang: str
    scope: str = ""
    clear: bool = True
    parts: tuple[str, ...] = ()


class Message(dict[str, Any]):
    """What is told to all screens that are equally far. `packed`: its bytes, once somebody has made them."""

    packed: bytes | None = None


class Cursor(msgspec.Struct, frozen=True):
    epoch: str
    version: int
    scope: Scope


class Came(msgspec.Struct, frozen=True):
    """How a screen has come: when, from which address, in which browser."""

    at_ms: int = 0
    address: str = ""
    agent: str = ""


class Session:
    """One screen. `held`: what it has said to hold; `sent`: what it will hold once it has taken what is in flight."""

    def __init__(self, sid: str, person: Person, again: Callable[[], Person | None], came: Came) -> None:
        self.sid = sid
        self.person = person
        self.again = again
        self.came = came
        self.acked_at_ms = 0
        self.messages = self.bytes = 0
        self.health: Health | None = None
        self.health_at_ms = 0
        self.scope: Scope | None = None
        self.tables: tuple[str, ...] = ()
        self.key: Key | None = None
        self.held: dict[str, Cursor] = {}
        self.sent: dict[str, Cursor] = {}
        self.seq = 0
        self.in_flight = False
        self.sent_at_s = float("-inf")
        self.due_at_s = float("-inf")
        self.figures: tuple[Key, int] | None = None
        self.figures_at_s = float("-inf")


def is_dead(session: Session, now_s: float) -> bool:
    """Whether it has left a message unacknowledged for too long."""
    return session.in_flight and now_s - session.sent_at_s > DEAD_AFTER_S


def is_due(session: Session, now_s: float) -> bool:
    """Whether there is something to do about it: another message, or its end."""
    if session.in_flight:
        return is_dead(session, now_s)
    return session.scope is not None and now_s >= session.due_at_s


def told(session: Session, now_s: float) -> dict[str, Any]:
    """It in plain values, for the list of screens."""
    person, came = session.person, session.came
    return {
        "sid": session.sid,
        "name": person.name,
        "title": person.title,
        "roles": list(person.roles),
        "scope": person.scope,
        "region": session.scope.region if session.scope else "",
        "lang": session.scope.lang if session.scope else "",
        "address": came.address,
        "agent": came.agent,
        "connected_ms": came.at_ms,
        "acked_ms": session.acked_at_ms,
        "in_flight": session.in_flight,
        "in_flight_ms": round((now_s - session.sent_at_s) * 1000) if session.in_flight else 0,
        "frames": session.messages,
        "bytes": session.bytes,
        "health": msgspec.to_builtins(session.health) if session.health else None,
        "health_ms": session.health_at_ms,
    }
