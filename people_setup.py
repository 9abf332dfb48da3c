"""People at a start of the web process: the first administrator, the token of the settings, and the people of the demo."""

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from config import clock, demo
from config.city import City
from config.settings import Settings
from store import audit as auditing
from store import logins, people
from store.audit import Entry
from store.people import Account, Token
from store.store import Store

FILE: Final = "demo.people"
WALL: Final = "demo-wall"
PLAYED: Final = "demo-played"
"""In the demo's file: from this all secrets of those whom the simulator plays are made."""

DEMO: Final = (
    ("supervisor", "陈国强", ("supervisor",)),
    ("intake", "何丽", ("intake",)),
    ("chief", "李思敏", ("duty_chief",)),
    ("dispatcher", "周文", ("dispatcher",)),
    ("checker", "黄晓彤", ("checker",)),
    ("department", "罗健", ("department",)),
    ("leader", "梁伟", ("leader",)),
    ("auditor", "冯静", ("auditor",)),
    ("worker", "", ("worker",)),
)
"""Log-in, invented name, roles. The department is the first of the city's, the worker the first full-time one."""


def first_administrator(store: Store) -> str:
    """The one-time password of `admin`, made because there is nobody yet but demo people; "" if there is somebody."""
    if not nobody_yet(store):
        return ""
    password = one_time()
    try:
        admin = Account(name="admin", title="管理员", roles=("administrator",), must_change=True, made_at_ms=clock.now_ms())
        people.add_account(store, admin, password)
    except ValueError:  # another web process was first
        return ""
    tell(store, "account", "admin", did="first administrator")
    return password


def nobody_yet(store: Store) -> bool:
    """Whether this is a first start: there is no account but those of the demo."""
    return all(account.demo for account in people.accounts(store))


def tell(store: Store, what: str, subject: str, **detail: str) -> None:
    """A line of the audit log by the start of the program."""
    auditing.write(store, Entry(at_ms=clock.now_ms(), who="console:start", what=what, subject=subject, detail=dict(detail)))


def one_time() -> str:
    """A password that somebody reads off a screen and types once."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def administrators_token(store: Store, settings: Settings) -> None:
    """Keep GRIDHALL_ADMIN_TOKEN as a token named `admin`, at a first start only: a revoked one does not come back by itself."""
    if not settings.admin_token or not nobody_yet(store):
        return
    admin = Token(name="admin", roles=("administrator",), scope="", made_at_ms=clock.now_ms())
    with contextlib.suppress(ValueError):  # another web process was first
        people.add_token(store, admin, settings.admin_token)
        tell(store, "token", "admin", did="first start")


def demo_secrets(data_dir: Path) -> dict[str, str]:
    """Log-in → password of the demo's people, the wall's token, and the shared secret of those whom the simulator plays.

    Made at the first start, readable by this user only.
    """
    path = data_dir / FILE
    held = dict(json.loads(path.read_text())) if path.exists() else {}
    made = {name: one_time() for name, _, _ in DEMO} | {key: f"gh_{secrets.token_urlsafe(32)}" for key in (WALL, PLAYED)}
    if made.keys() - held.keys():
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(made | held, file)
        os.replace(fresh, path)
    return made | held


def played_secret(path: Path) -> str:
    """The shared secret of those whom the simulator plays, from the demo's file; "" where there is none."""
    return str(json.loads(path.read_text()).get(PLAYED, "")) if path.exists() else ""


def demo_people(store: Store, city: City, data_dir: Path) -> None:
    """In a demo its people can log in and act; where there is none, those of an earlier one no longer can."""
    path = data_dir / FILE
    if not path.exists():
        for account in people.accounts(store):
            if account.demo and not account.disabled:
                people.change_account(store, account.name, disabled=True)
                logins.end_log_ins(store, account.name)
                tell(store, "account", account.name, did="disable, the demo has ended")
        people.set_demo_tokens(store, {})
        return
    told = demo_secrets(data_dir)
    for name, title, roles in DEMO:
        account = Account(name=name, roles=roles, demo=True, made_at_ms=clock.now_ms(), **_of_city(city, title, roles))
        _put(store, account, told[name])
    wall = Token(name=WALL, roles=("wall",), scope="", demo=True, made_at_ms=clock.now_ms())
    people.set_demo_tokens(store, {told[WALL]: wall, **played_tokens(city, told[PLAYED])})


def played_tokens(city: City, shared: str) -> dict[str, Token]:
    """The tokens of those whom the simulator plays, by their secrets."""
    return {demo.secret_of(shared, one.name): _token(one) for one in demo.played(city)}


def _token(one: demo.Played) -> Token:
    return Token(
        name=one.name, title=one.title, roles=(one.role,), scope=one.scope, department=one.department, worker=one.worker,
        demo=True, made_at_ms=clock.now_ms(),
    )  # fmt: skip


def _of_city(city: City, title: str, roles: tuple[str, ...]) -> dict[str, Any]:
    scope, department, worker = city.root, "", ""
    if "department" in roles:
        department = next(iter(city.departments), "")
    if "worker" in roles:
        entry = demo.visitors_worker(city)
        if entry is not None:
            scope, worker, title = entry.region, entry.worker, entry.name
    return {"scope": scope, "department": department, "worker": worker, "title": f"{title}（演示）"}


def _put(store: Store, wanted: Account, password: str) -> None:
    held = people.account(store, wanted.name)
    if held is None:
        with contextlib.suppress(ValueError):  # another web process was first
            people.add_account(store, wanted, password)
            tell(store, "account", wanted.name, did="add, for the demo", roles=" ".join(wanted.roles))
    elif held.demo and held.disabled:
        people.change_account(store, wanted.name, disabled=False, password=password)
        tell(store, "account", wanted.name, did="enable, for the demo")
