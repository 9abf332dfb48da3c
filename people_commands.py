"""The commands about people: `app.py user …`, `app.py token …`, `app.py audit …`."""

import contextlib
import datetime as dt
import os
import pwd
import time
from pathlib import Path
from typing import Annotated

import typer

from command_line import CityOption, DataOption, city_of, err, fail, out
from config import clock
from config.city import City
from config.settings import Settings, SettingsError, load_settings
from domain.people import WALL, role_faults
from people_setup import one_time
from store import audit as auditing
from store import auditfiles, embedded, logins, people
from store.errors import StoreError
from store.people import Account, NoSuchPerson, Token
from store.store import Store, open_store

user_app = typer.Typer(help="People who log in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of programs and walls.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)
RoleOption = Annotated[list[str], typer.Option("--role", help="A role; may be given several times.")]
ScopeOption = Annotated[
    str, typer.Option("--scope", help="Region code or unique name; empty: a worker's own grid, else the whole city.")
]
DepartmentOption = Annotated[str, typer.Option("--department", help="Key of the department, for the role department.")]
WorkerOption = Annotated[str, typer.Option("--worker", help="Id of the roster, for the role worker.")]
SceneOption = Annotated[
    list[str] | None, typer.Option("--scene", help="Of a wall: only this scene; may be given several times; none: all.")
]


def opened(data_dir: Path | None, city: Path | None) -> tuple[Store, Settings]:
    env = dict(os.environ)
    env |= {f"GRIDHALL_{name}": str(value) for name, value in (("DATA_DIR", data_dir), ("CITY", city)) if value is not None}
    if city is None and "GRIDHALL_CITY" not in env and data_dir is not None:
        env["GRIDHALL_CITY"] = str(data_dir / "city" / "guicheng")
    try:
        settings = load_settings(env)
        return open_store(settings.redis_url or embedded.url(settings.data_dir), settings.partitions), settings
    except SettingsError as wrong:
        raise fail("Settings:\n  " + "\n  ".join(wrong.faults)) from wrong
    except StoreError as failed:
        raise fail(f"Store: {failed} (is gridhall running?)") from failed


def checked(city: City, roles: list[str], scope: str, department: str, worker: str, name: str = "") -> str:
    """The code of the scope. Fails with everything that is wrong with giving somebody (an account of that `name`) these."""
    grid = city.roster[worker].region if worker in city.roster and "worker" in roles else ""
    code = city.find_region(scope) if scope else grid if grid in city.regions else city.root
    faults = role_faults(tuple(roles), two_axes=city.workflow.two_axes, department=department, worker=worker)
    if code is None:
        faults.append(f"scope {scope!r} is no region of the city, or more than one")
    if department and department not in city.departments:
        faults.append(f"department {department!r} is none of {', '.join(city.departments)}")
    if worker and worker not in city.roster:
        faults.append(f"worker {worker!r} is not on the roster")
    if name in city.roster and name != worker:
        faults.append(f"{name!r} is the id of a worker of the roster: orders would know who acts as that worker")
    if faults or code is None:
        raise fail("\n".join(faults))
    return code


def checked_scenes(city: City, roles: list[str], scenes: list[str]) -> tuple[str, ...]:
    """The scenes that a wall is bound to. Fails for what is no scene, and for who is no wall."""
    known = city.scenes.scenes
    faults = [f"scene {key!r} is none of {', '.join(known)}" for key in scenes if key not in known]
    if scenes and WALL not in roles:
        faults.append("--scene is for the role wall: only a wall is bound to scenes")
    if faults:
        raise fail("\n".join(faults))
    return tuple(dict.fromkeys(scenes))


def tell(store: Store, what: str, subject: str, region: str, **detail: str) -> None:
    """A line of the audit log by who runs this command. Empty details are left out."""
    told: dict[str, str | int] = {key: text for key, text in detail.items() if text}
    who = f"console:{whoami()}"
    auditing.write(
        store, auditing.Entry(at_ms=clock.now_ms(), who=who, what=what, subject=subject, region=region, detail=told)
    )


def whoami() -> str:
    """The user of the machine, and who he was before `sudo`; not what the environment says he is called."""
    uid = os.getuid()
    user = str(uid)
    with contextlib.suppress(KeyError):  # a container's user has no name
        user = pwd.getpwuid(uid).pw_name
    before = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    return f"{user} ({before})" if before else user


def fail_if_played(store: Store, worker: str, name: str) -> None:
    """Fails if somebody else acts as that worker already: the log could not tell the two apart."""
    for one in people.accounts(store):
        if worker and one.worker == worker and one.name != name and not one.disabled:
            raise fail(f"worker {worker!r} is {one.name} already")


@user_app.command("add")
def user_add(
    name: str,
    role: RoleOption,
    title: Annotated[str, typer.Option(help="As people call him.")] = "",
    scope: ScopeOption = "",
    department: DepartmentOption = "",
    worker: WorkerOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Make an account; prints its one-time password."""
    store, settings = opened(data_dir, city)
    of = city_of(settings)
    code = checked(of, role, scope, department, worker, name)
    fail_if_played(store, worker, name)
    called = title or (of.roster[worker].name if worker else name)
    account = Account(
        name=name, title=called, roles=tuple(role), scope=code, department=department, worker=worker, must_change=True,
        made_at_ms=clock.now_ms(),
    )  # fmt: skip
    password = one_time()
    try:
        people.add_account(store, account, password)
    except ValueError as wrong:
        raise fail(str(wrong)) from wrong
    tell(store, "account", name, code, did="add", roles=" ".join(role), department=department, worker=worker)
    out.print(f"{name}  one-time password: {password}", highlight=False)


@user_app.command("change")
def user_change(
    name: str,
    role: Annotated[list[str] | None, typer.Option("--role", help="The roles from now on.")] = None,
    scope: Annotated[str | None, typer.Option("--scope")] = None,
    department: Annotated[str | None, typer.Option("--department")] = None,
    worker: Annotated[str | None, typer.Option("--worker")] = None,
    title: Annotated[str | None, typer.Option("--title")] = None,
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Give an account other roles, another scope, department, worker or title; it holds from the next request on."""
    store, settings = opened(data_dir, city)
    held = people.account(store, name)
    if held is None:
        raise fail(f"{name}: no such account")
    roles = list(role) if role else list(held.roles)
    unit, walks = (kept if told is None else told for kept, told in ((held.department, department), (held.worker, worker)))
    code = checked(city_of(settings), roles, held.scope if scope is None else scope, unit, walks, name)
    fail_if_played(store, walks, name)
    called = held.title if title is None else title
    people.change_account(store, name, roles=tuple(roles), scope=code, department=unit, worker=walks, title=called)
    tell(store, "account", name, code, did="change", roles=" ".join(roles), department=unit, worker=walks)
    out.print(f"{name} is changed", highlight=False)


@user_app.command("disable")
def user_disable(name: str, data_dir: DataOption = None) -> None:
    """Nobody can log in by this account any more; its log-ins end at once. Its name in the logs stays its own."""
    store, _ = opened(data_dir, None)
    _change(store, name, "disable", disabled=True)
    out.print(f"{name} is disabled, {logins.end_log_ins(store, name)} log-ins ended", highlight=False)


@user_app.command("enable")
def user_enable(name: str, data_dir: DataOption = None) -> None:
    """Let a disabled account log in again."""
    store, _ = opened(data_dir, None)
    held = people.account(store, name)
    fail_if_played(store, held.worker if held else "", name)
    _change(store, name, "enable", disabled=False)
    out.print(f"{name} may log in again", highlight=False)


@user_app.command("reset")
def user_reset(name: str, data_dir: DataOption = None) -> None:
    """Give an account a new one-time password; its log-ins end at once."""
    store, _ = opened(data_dir, None)
    password = one_time()
    _change(store, name, "reset", password=password, must_change=True)
    logins.end_log_ins(store, name)
    logins.forget_tries(store, name)
    out.print(f"{name}  one-time password: {password}", highlight=False)


@user_app.command("end")
def user_end(name: str, data_dir: DataOption = None) -> None:
    """End all log-ins of an account."""
    store, _ = opened(data_dir, None)
    ended = logins.end_log_ins(store, name)
    tell(store, "session_ended", name, "", ended=str(ended))
    out.print(f"{ended} log-ins ended", highlight=False)


def _change(store: Store, name: str, did: str, **changed: object) -> None:
    try:
        account = people.change_account(store, name, **changed)
    except NoSuchPerson as unknown:
        raise fail(f"{name}: no such account") from unknown
    tell(store, "account", name, account.scope, did=did)


@user_app.command("list")
def user_list(data_dir: DataOption = None) -> None:
    """All accounts."""
    store, _ = opened(data_dir, None)
    for one in people.accounts(store):
        marks = " ".join(mark for mark, on in (("disabled", one.disabled), ("demo", one.demo)) if on)
        of = one.department or one.worker
        line = f"{one.name:<20} {one.title:<16} {' '.join(one.roles):<24} {one.scope:<14} {of:<12} {marks}"
        out.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)


@token_app.command("add")
def token_add(
    name: str,
    role: RoleOption,
    scope: ScopeOption = "",
    department: DepartmentOption = "",
    worker: WorkerOption = "",
    scene: SceneOption = None,
    days: Annotated[int, typer.Option(min=0, max=36_500, help="Ends after so many days; 0: never.")] = 0,
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Make a token and print it, this once; with the role `wall` as the link that opens a wall."""
    store, settings = opened(data_dir, city)
    of = city_of(settings)
    code = checked(of, role, scope, department, worker)
    scenes = checked_scenes(of, role, scene or [])
    new = Token(
        name=name, roles=tuple(role), scope=code, department=department, worker=worker, scenes=scenes,
        made_at_ms=clock.now_ms(), ends_at_ms=clock.now_ms() + days * 86_400_000 if days else 0,
    )  # fmt: skip
    try:
        secret = people.add_token(store, new)
    except ValueError as wrong:
        raise fail(str(wrong)) from wrong
    of_whom = {"department": department, "worker": worker, "scenes": " ".join(scenes)}
    tell(store, "token", name, code, did="add", roles=" ".join(role), **of_whom)
    link = f"http://{settings.web_host}:{settings.web_port}/enter#" if WALL in role else ""
    out.print(f"{link}{secret}", highlight=False, soft_wrap=True)


@token_app.command("list")
def token_list(data_dir: DataOption = None) -> None:
    """All tokens, without their secrets, which nobody keeps."""
    store, _ = opened(data_dir, None)
    for one in people.tokens(store):
        ends = dt.datetime.fromtimestamp(one.ends_at_ms / 1000, dt.UTC).strftime("until %Y-%m-%d") if one.ends_at_ms else ""
        marks = f"{ends} {'demo' if one.demo else ''}"
        line = f"{one.name:<20} {' '.join(one.roles):<24} {one.scope:<14} {' '.join(one.scenes):<20} {marks}"
        out.print(line.rstrip(), highlight=False, markup=False, soft_wrap=True)


@token_app.command("revoke")
def token_revoke(name: str, data_dir: DataOption = None) -> None:
    """Take a token away: it, and the walls that it opened, are refused from now on."""
    store, _ = opened(data_dir, None)
    if not people.remove_token(store, name):
        raise fail(f"{name}: no such token")
    ended = logins.end_log_ins(store, f"token:{name}")
    tell(store, "token", name, "", did="revoke", walls=str(ended))
    out.print(f"{name} is revoked, {ended} walls ended", highlight=False)


@audit_app.command("verify")
def audit_verify(
    files: Annotated[list[Path] | None, typer.Argument(help="Archived files; none: what is in the store.", exists=True)] = None,
    data_dir: DataOption = None,
) -> None:
    """Check that no line of the audit log was changed, moved or taken out."""
    try:
        found = [auditfiles.verify_file(file) for file in files] if files else [auditing.verify(opened(data_dir, None)[0])]
    except (OSError, ValueError) as wrong:
        raise fail(str(wrong)) from wrong
    faults = [fault for _, of_file in found for fault in of_file]
    for fault in faults:
        err.print(f"does not follow from the line before: {fault}", style="red", highlight=False, markup=False)
    out.print(f"{sum(lines for lines, _ in found)} lines, {len(faults)} faults", highlight=False)
    raise typer.Exit(1 if faults else 0)


@audit_app.command("archive")
def audit_archive(
    older_than_days: Annotated[int, typer.Option("--older-than-days", min=1, help="Younger lines stay.")] = 400,
    folder: Annotated[Path | None, typer.Option("--to", help="Folder of the files; default DATA_DIR/audit.")] = None,
    data_dir: DataOption = None,
) -> None:
    """Move old lines of the audit log from the store's memory into a file. Lines that were tampered with are not moved."""
    store, settings = opened(data_dir, None)
    if faults := auditing.verify(store)[1]:
        raise fail("nothing is archived, these lines do not follow from those before:\n  " + "\n  ".join(faults[:20]))
    before_ms = clock.now_ms() - older_than_days * 86_400_000
    try:
        done = auditfiles.archive(store, folder or settings.data_dir / "audit", before_ms)
    except OSError as failed:
        raise fail(f"the file cannot be written, all lines are still in the store: {failed}") from failed
    if done.path is None:
        out.print("there is nothing so old", highlight=False)
        return
    tell(store, "archived", done.path.name, "", lines=str(done.lines), sha256=done.sha256)
    until = time.strftime("%Y-%m-%d", time.gmtime(before_ms / 1000))
    out.print(f"{done.lines} lines until {until} are in {done.path}", highlight=False, soft_wrap=True)
