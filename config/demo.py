"""The people whom the demo's simulator plays: the staff of the centre and of the departments, and the workers of the roster.

They are programs with a token each, made for a demo and gone without one. All secrets come from one, so that the web process
and the simulator need to share nothing else.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Final

import msgspec

from config.city_model import City, RosterEntry

SEATS: Final = (
    ("intake", "吴敏怡"),
    ("duty_chief", "郭志强"),
    ("dispatcher", "邓嘉慧"),
    ("checker", "曾少华"),
    ("leader", "霍伟文"),
)
"""Roles of the centre and invented names. Nobody of them is one of those who log in, so that a visitor acts for himself."""

MOST_WORKERS: Final = 2000
OF_DEMO: Final = "（演示）"


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `name` is the token's."""

    name: str
    title: str
    role: str
    scope: str
    department: str = ""
    worker: str = ""


def played(city: City) -> tuple[Played, ...]:
    """All of them in a city, always the same."""
    return (*_staff(city), *(_worker(entry) for entry in _walkers(city)))


def _staff(city: City) -> Iterator[Played]:
    for role, title in SEATS:
        yield Played(name=f"demo-{role}", title=title + OF_DEMO, role=role, scope=city.root)
    for unit in city.departments.values():
        title = f"{unit.name}值班{OF_DEMO}"
        yield Played(name=f"demo-unit-{unit.key}", title=title, role="department", scope=city.root, department=unit.key)


def _worker(entry: RosterEntry) -> Played:
    return Played(name=f"demo-{entry.worker}", title=entry.name, role="worker", scope=entry.region, worker=entry.worker)


def _walkers(city: City) -> list[RosterEntry]:
    """The roster, thinned out evenly where it is long; without the worker as whom a visitor logs in."""
    visitor = visitors_worker(city)
    every = [entry for entry in city.roster.values() if entry is not visitor]
    step = -(-len(every) // MOST_WORKERS) or 1
    return every[::step]


def visitors_worker(city: City) -> RosterEntry | None:
    """The worker as whom a visitor of the demo logs in: the first full-time one."""
    return next((one for one in city.roster.values() if one.role == "full"), next(iter(city.roster.values()), None))


def secret_of(shared: str, name: str) -> str:
    """The secret of a token, made from the shared one."""
    digest = hmac.digest(shared.encode(), name.encode(), hashlib.sha256)
    return "gh_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
