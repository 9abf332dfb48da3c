"""People for the tests of the dashboard, and how a test client becomes one of them."""

from collections.abc import Callable
from typing import Any

from flask import Flask, g

from domain.people import Person
from store import people
from store.people import Account, Token
from store.store import Store

__all__ = ["EVERYBODY", "PASSWORD", "Door", "Witness", "as_person", "bearer", "log_in", "make_account"]

PASSWORD = "long enough to be one"
EVERYBODY = Person(name="everybody", roles=("supervisor", "leader", "auditor", "administrator"))
"""Sees the whole city."""



class Witness:
    """Takes the place of the access control where a test asks one module only; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def write(self, what: str, who: str, subject: str, region: str, detail: dict[str, str | int]) -> None:
        del region, detail
        self.told.append((what, who, subject))


def as_person(app: Flask, person: Person = EVERYBODY) -> Witness:
    """Every request of the app is `person`'s from now on."""
    witness = Witness()

    def enter() -> None:
        g.person, g.access, g.log_in, g.must_change = person, witness, None, False

    app.before_request(enter)
    return witness


class Door:
    """The live link's door, through which everybody comes as `person`; `who` may be changed while screens are open."""

    def __init__(self, person: Person = EVERYBODY) -> None:
        self.who: Person | None = person
        self.attempts: list[tuple[str, str, str]] = []

    def enter(self) -> tuple[Person, Callable[[], Person | None]] | None:
        return None if self.who is None else (self.who, lambda: self.who)

    def attempt(self, person: Person, code: str, detail: str) -> None:
        self.attempts.append((person.name, code, detail))


def make_account(store: Store, name: str, *roles: str, **more: Any) -> Account:
    account = Account(name=name, title=more.pop("title", name), roles=roles, **more)
    people.add_account(store, account, PASSWORD)
    return account


def bearer(store: Store, name: str, *roles: str, **more: Any) -> dict[str, str]:
    """The header of a program's token of these roles."""
    secret = people.add_token(store, Token(name=name, roles=roles, **{"scope": "", **more}))
    return {"Authorization": f"Bearer {secret}"}


def log_in(client: Any, name: str) -> dict[str, str]:
    """Log a Flask test client in by cookie; returns the header that its writes need."""
    answer = client.post("/api/v1/login", json={"user": name, "password": PASSWORD}, headers={"X-Want": "cookie"})
    assert answer.status_code == 200, answer.text
    return {"X-CSRFToken": client.get("/api/v1/me").json["csrf"]}
