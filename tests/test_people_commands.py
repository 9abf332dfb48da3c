"""`app.py user`, `token`, `audit`: what they do, what they refuse and why, what they print once; and the people of a start."""

import re
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

import people_commands
import people_setup
from app import app
from config import clock
from config.city import City
from config.settings import Settings
from domain.workflow import Template
from store import audit, keys, logins, people
from store.logins import LogIn
from store.people import Account, Token
from store.store import Store
from tests.conftest import Valkey

Run = Callable[..., Result]


@pytest.fixture
def run(store: Store, valkey: Valkey, city_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command of this store and city; what it printed is in `output`, both streams."""
    env = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions), "CITY": str(city_folder), "DATA_DIR": str(tmp_path)}
    for name, value in env.items():
        monkeypatch.setenv(f"GRIDHALL_{name}", value)
    monkeypatch.setenv("COLUMNS", "250")
    runner = CliRunner()

    def command(*words: str, code: int = 0) -> Result:
        done = runner.invoke(app, list(words))
        assert done.exit_code == code, (done.output, done.exception)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return command


def secret_of(done: Result) -> str:
    found = re.search(r"(gh_[\w-]+|\w{4}-\w{4}-\w{4}-\w{4})", done.output)
    assert found, done.output
    return found[1]


def told(store: Store) -> list[tuple[str, str, str]]:
    """(what, subject, did) of the audit log, oldest first."""
    return [(line.what, line.subject, str(line.detail.get("did", ""))) for line in reversed(list(audit.newest(store)))]


# accounts


def test_an_account_is_made_with_a_password_that_is_printed_once(run: Run, store: Store) -> None:
    done = run("user", "add", "eva", "--role", "supervisor", "--role", "intake", "--scope", "东社区", "--title", "陈国强")
    password = secret_of(done)
    assert done.output.count(password) == 1
    made = people.proved(store, "eva", password)
    assert made is not None and made.must_change and made.scope == "440605001" and made.roles == ("supervisor", "intake")
    listed = run("user", "list").output
    assert "eva" in listed and "陈国强" in listed and "supervisor intake" in listed and password not in listed
    assert "argon2" not in listed and told(store) == [("account", "eva", "add")]
    (line,) = audit.newest(store)
    assert line.who.startswith("console:") and line.region == "440605001" and password not in str(line)


def test_a_worker_without_a_scope_gets_his_own_grid_and_not_the_city(run: Run, store: Store) -> None:
    run("user", "add", "li", "--role", "worker", "--worker", "W3")
    made = people.account(store, "li")
    assert made is not None and (made.scope, made.title, made.person.actor) == ("44060500201", "网格员3", "W3")
    run("token", "add", "phone", "--role", "worker", "--worker", "W1")
    assert people.tokens(store)[0].scope == "44060500101"
    run("user", "add", "boss", "--role", "leader")
    assert people.account(store, "boss").scope == "440605"  # type: ignore[union-attr]


@pytest.mark.parametrize(("words", "fault"), [
    (("eva", "--role", "boss"), "'boss' is no role"), (("eva", "--role", "rule"), "'rule' is no role"),
    (("eva", "--role", "leader", "--scope", "atlantis"), "no region"), (("eva", "--role", "department"), "needs a department"),
    (("eva", "--role", "department", "--department", "D9"), "'D9'"), (("eva", "--role", "worker"), "needs an id of the roster"),
    (("eva", "--role", "worker", "--worker", "W9"), "not on the roster"), (("a b", "--role", "leader"), "64 letters"),
    (("token:x", "--role", "leader"), "64 letters"), (("console:root", "--role", "leader"), "64 letters"),
    (("W1", "--role", "supervisor"), "id of a worker"), (("W1", "--role", "worker", "--worker", "W2"), "id of a worker"),
    (("eva", "--role", "auditor", "--role", "leader"), "no other role"),
    (("eva", "--role", "wall", "--role", "intake"), "only shows"),
])  # fmt: skip
def test_what_cannot_be_given_is_told_and_nothing_is_made(run: Run, store: Store, words: tuple[str, ...], fault: str) -> None:
    done = run("user", "add", *words, code=2)
    assert fault in done.output and people.accounts(store) == [] and told(store) == []


def test_all_faults_are_told_at_once(run: Run) -> None:
    done = run("user", "add", "W1", "--role", "boss", "--scope", "atlantis", "--worker", "W9", code=2)
    assert all(word in done.output for word in ("no role", "no region", "roster", "id of a worker"))


def test_nobody_is_made_who_could_be_taken_for_another(run: Run, store: Store) -> None:
    run("user", "add", "eva", "--role", "leader")
    for name in ("eva", "EVA", "Eva"):
        assert "already" in run("user", "add", name, "--role", "leader", code=2).output
    run("user", "add", "W1", "--role", "worker", "--worker", "W1")  # a worker may be called by his own id
    assert "is W1 already" in run("user", "add", "li", "--role", "worker", "--worker", "W1", code=2).output
    run("user", "disable", "W1")
    run("user", "add", "li", "--role", "worker", "--worker", "W1")
    assert "is li already" in run("user", "enable", "W1", code=2).output
    run("user", "add", "wei", "--role", "worker", "--worker", "W2")
    assert "is li already" in run("user", "change", "wei", "--worker", "W1", code=2).output
    assert [one.name for one in people.accounts(store)] == ["W1", "eva", "li", "wei"]


def test_two_axes_hold_for_who_is_made_and_who_is_changed(
    run: Run, store: Store, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("user", "add", "eva", "--role", "dispatcher")
    monkeypatch.setattr(people_commands, "city_of", lambda _: city)
    monkeypatch.setattr(city, "workflow", Template(two_axes=True))
    assert "two axes" in run("user", "add", "wei", "--role", "dispatcher", "--role", "checker", code=2).output
    assert "two axes" in run("user", "change", "eva", "--role", "dispatcher", "--role", "checker", code=2).output
    assert people.account(store, "eva").roles == ("dispatcher",)  # type: ignore[union-attr]


def test_an_account_is_changed_in_what_is_named_only(run: Run, store: Store) -> None:
    run("user", "add", "eva", "--role", "leader", "--title", "陈")
    password = people.account(store, "eva").password  # type: ignore[union-attr]
    run("user", "change", "eva", "--scope", "西社区")
    run("user", "change", "eva", "--role", "supervisor", "--role", "checker")
    run("user", "change", "eva", "--title", "何", "--worker", "W1")
    held = people.account(store, "eva")
    assert held is not None and (held.scope, held.roles, held.title) == ("440605002", ("supervisor", "checker"), "何")
    assert held.worker == "W1" and held.password == password and held.must_change
    run("user", "change", "eva", "--worker", "")
    assert people.account(store, "eva").worker == ""  # type: ignore[union-attr]
    for command in ("change", "disable", "enable", "reset"):
        assert "no such account" in run("user", command, "nobody", code=2).output
    assert [did for _, _, did in told(store)] == ["add", *["change"] * 4]


def test_who_is_disabled_or_reset_is_logged_out_and_nobody_is_deleted(run: Run, store: Store) -> None:
    first = secret_of(run("user", "add", "eva", "--role", "leader"))

    def log_in(secret: str) -> None:
        made = LogIn(id=secret, name="eva", made_at_ms=1, seen_at_ms=1, ends_at_ms=10**13)
        logins.log_in(store, secret, made, 1)

    log_in("one")
    log_in("two")
    assert "2 log-ins ended" in run("user", "end", "eva").output and logins.log_ins(store, "eva") == []
    log_in("three")
    assert "1 log-ins ended" in run("user", "disable", "eva").output
    assert people.proved(store, "eva", first) is None and logins.log_ins(store, "eva") == []
    assert "disabled" in run("user", "list").output
    assert "may log in again" in run("user", "enable", "eva").output and people.proved(store, "eva", first)
    log_in("four")
    for _ in range(20):
        logins.begin_try(store, "eva", "10.0.0.1")
    second = secret_of(run("user", "reset", "eva"))
    assert second != first and people.proved(store, "eva", first) is None and logins.log_ins(store, "eva") == []
    assert people.proved(store, "eva", second).must_change  # type: ignore[union-attr]
    assert not logins.begin_try(store, "eva", "10.0.0.1").wait_s  # and may try at once
    assert [what for what, _, _ in told(store)] == ["account", "session_ended", "account", "account", "account"]


def test_who_runs_a_command_is_not_whom_the_environment_names(run: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert "somebody-else" not in people_commands.whoami()
    monkeypatch.setattr(people_commands.os, "getuid", lambda: 54321)
    assert people_commands.whoami() == "54321"  # a container's user has no name
    run("user", "add", "eva", "--role", "leader")
    assert next(audit.newest(store)).who == "console:54321"


# tokens


def test_a_token_is_printed_once_and_ends_as_told(run: Run, store: Store) -> None:
    done = run("token", "add", "program", "--role", "supervisor", "--scope", "440605001", "--days", "30")
    secret = secret_of(done)
    assert done.output.strip() == secret  # and nothing else, so that a script can take it
    (made,) = people.tokens(store)
    assert 29 * 86_400_000 < made.ends_at_ms - clock.now_ms() <= 30 * 86_400_000
    assert logins.known_by_token(store, secret, clock.now_ms()) is not None
    listed = run("token", "list").output
    assert "program" in listed and "until 2" in listed and secret not in listed
    assert "already" in run("token", "add", "PROGRAM", "--role", "leader", code=2).output
    run("token", "add", "program2", "--role", "leader", "--days", "-1", code=2)
    assert "is revoked, 0 walls ended" in run("token", "revoke", "program").output
    assert "no such token" in run("token", "revoke", "program", code=2).output
    assert logins.known_by_token(store, secret, clock.now_ms()) is None
    assert told(store) == [("token", "program", "add"), ("token", "program", "revoke")]
    assert secret not in str(list(audit.newest(store)))


def test_a_walls_token_is_its_link_and_with_it_go_its_walls(run: Run, store: Store) -> None:
    done = run("token", "add", "hall", "--role", "wall")
    secret = secret_of(done)
    assert done.output.count(secret) == 1 and done.output.strip() == f"http://127.0.0.1:8050/enter#{secret}"
    wall = LogIn(id="w", name="token:hall", token=people.hashed(secret), made_at_ms=1, seen_at_ms=1, ends_at_ms=10**13)
    logins.log_in(store, "wall", wall, 1)
    assert "1 walls ended" in run("token", "revoke", "hall").output and logins.log_ins(store, "token:hall") == []


def test_a_wall_is_bound_to_scenes_and_nobody_else_is(run: Run, store: Store) -> None:
    run("token", "add", "hall", "--role", "wall", "--scene", "overview", "--scene", "cases", "--scene", "overview")
    (made,) = people.tokens(store)
    assert made.scenes == made.person.scenes == ("overview", "cases") and "overview cases" in run("token", "list").output
    assert "none of overview" in run("token", "add", "x", "--role", "wall", "--scene", "nothing", code=2).output
    assert "only a wall" in run("token", "add", "x", "--role", "leader", "--scene", "overview", code=2).output
    assert [line.detail.get("scenes") for line in audit.newest(store)] == ["overview cases"]


# the audit log


def test_the_log_is_verified_and_a_changed_line_is_named(run: Run, store: Store) -> None:
    run("user", "add", "eva", "--role", "leader")
    run("user", "add", "wei", "--role", "leader")
    assert "2 lines, 0 faults" in run("audit", "verify").output
    first, second = (entry_id for entry_id, _, _ in audit.forwards(store, keys.audit()))
    store.client.xdel(keys.audit(), first)
    done = run("audit", "verify", code=1)
    assert second in done.output and "1 lines, 1 faults" in done.output
    assert "nothing is archived" in run("audit", "archive", code=2).output


def test_old_lines_are_archived_and_the_file_is_verified(run: Run, store: Store, tmp_path: Path) -> None:
    old = audit.packed(audit.Entry(at_ms=1, who="w", what="logout"))
    tip = ""
    for number in range(3):
        tip = audit.digest(tip, old)
        store.client.xadd(keys.audit(), {"e": old, "h": tip}, id=f"{1000 + number}-0")
    run("user", "add", "eva", "--role", "leader")
    assert "3 lines until" in run("audit", "archive", "--older-than-days", "365").output
    (file,) = (tmp_path / "audit").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "3 lines, 0 faults" in run("audit", "verify", str(file)).output
    assert "2 lines, 0 faults" in run("audit", "verify").output
    assert "nothing so old" in run("audit", "archive").output
    assert told(store)[-1] == ("archived", file.name, "")
    file.write_bytes(b"rubbish")
    assert "gzip" in run("audit", "verify", str(file), code=2).output.lower()
    run("audit", "verify", str(tmp_path / "nowhere"), code=2)
    (tmp_path / "in the way").write_text("x")
    store.client.xadd(keys.actions_audit(0), {"e": old, "h": audit.digest("", old)}, id="1000-0")
    audit.write(store, audit.Entry(at_ms=1, who="w", what="logout"))
    lease = {"e": old, "h": audit.digest(audit.digest("", old), old)}
    store.client.xadd(keys.actions_audit(0), lease, id="1001-0")
    done = run("audit", "archive", "--to", str(tmp_path / "in the way"), code=2)
    assert "still in the store" in done.output


def test_without_a_store_or_with_wrong_settings_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRIDHALL_REDIS_URL", f"unix://{tmp_path}/nowhere.sock")
    for words in (("user", "list"), ("token", "list"), ("audit", "verify"), ("user", "add", "eva", "--role", "leader")):
        assert "is gridhall running?" in run(*words, code=2).output
    monkeypatch.setenv("GRIDHALL_WEB_PORT", "high")
    assert "GRIDHALL_WEB_PORT" in run("user", "list", code=2).output


# the start


def test_of_two_starts_at_once_one_makes_the_first_administrator(store: Store) -> None:
    passwords: list[str] = []
    threads = [threading.Thread(target=lambda: passwords.append(people_setup.first_administrator(store))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (password,) = filter(None, passwords)
    made = people.proved(store, "admin", password)
    assert made is not None and made.must_change and made.roles == ("administrator",)
    assert people_setup.first_administrator(store) == "" and told(store) == [("account", "admin", "first administrator")]
    assert password not in str(list(audit.newest(store)))


def test_whoever_is_there_already_no_administrator_is_made_but_for_the_demo(store: Store) -> None:
    people.add_account(store, Account(name="supervisor", roles=("supervisor",), demo=True), "x" * 12)
    assert people_setup.nobody_yet(store)
    people.add_account(store, Account(name="eva", roles=("leader",), disabled=True), "x" * 12)
    assert people_setup.first_administrator(store) == "" and people.account(store, "admin") is None


def test_the_token_of_the_settings_is_set_at_a_first_start_and_once_revoked_stays_so(store: Store, settings: Settings) -> None:
    given = msgspec.structs.replace(settings, admin_token="a secret of sixteen")

    def start() -> None:
        people_setup.administrators_token(store, given)
        people_setup.first_administrator(store)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    known = logins.known_by_token(store, "a secret of sixteen", 1)
    assert known is not None and known.person.name == "token:admin" and known.person.may("admin")
    assert people.remove_token(store, "admin")
    start()
    assert logins.known_by_token(store, "a secret of sixteen", 1) is None and people.tokens(store) == []


def test_a_token_of_the_settings_takes_no_other_tokens_place(store: Store, settings: Settings) -> None:
    people.add_token(store, Token(name="hall", roles=("wall",), scope=""), "a secret of sixteen")
    people_setup.administrators_token(store, msgspec.structs.replace(settings, admin_token="a secret of sixteen"))
    assert [one.roles for one in people.tokens(store)] == [("wall",)]


def test_the_demos_people_are_there_in_the_demo_only(store: Store, city: City, tmp_path: Path) -> None:
    secrets = people_setup.demo_secrets(tmp_path)
    assert (
        stat.S_IMODE((tmp_path / people_setup.FILE).stat().st_mode) == 0o600 and people_setup.demo_secrets(tmp_path) == secrets
    )
    people_setup.demo_people(store, city, tmp_path)
    names = {name for name, _, _ in people_setup.DEMO}
    assert {one.name for one in people.accounts(store)} == names and all(one.demo for one in people.accounts(store))
    for name in names:
        assert people.proved(store, name, secrets[name]), name
    assert len(set(secrets.values())) == len(secrets) and not any(name in secrets[name] for name in names)
    wall = logins.known_by_token(store, secrets[people_setup.WALL], 1)
    assert wall is not None and wall.person.roles == ("wall",) and not wall.person.may("report")
    assert all("（演示）" in one.title for one in people.accounts(store))
    people_setup.demo_people(store, city, tmp_path)  # a second start changes nothing
    assert len(people.accounts(store)) == len(names)
    (tmp_path / people_setup.FILE).unlink()  # as --no-demo does
    people_setup.demo_people(store, city, tmp_path)
    assert all(one.disabled for one in people.accounts(store)) and people.tokens(store) == []
    assert not any(people.proved(store, name, secrets[name]) for name in names)
    again = people_setup.demo_secrets(tmp_path)
    people_setup.demo_people(store, city, tmp_path)
    assert people.proved(store, "auditor", again["auditor"]) and not people.proved(store, "auditor", secrets["auditor"])


def test_the_demo_touches_nobody_who_is_real(store: Store, city: City, tmp_path: Path) -> None:
    people.add_account(store, Account(name="auditor", title="真", roles=("auditor",)), "a real one's password")
    people.add_token(store, Token(name="program", roles=("leader",), scope=""))
    people_setup.demo_secrets(tmp_path)
    people_setup.demo_people(store, city, tmp_path)
    assert people.proved(store, "auditor", "a real one's password").title == "真"  # type: ignore[union-attr]
    (tmp_path / people_setup.FILE).unlink()
    people_setup.demo_people(store, city, tmp_path)
    assert not people.account(store, "auditor").disabled  # type: ignore[union-attr]
    assert [one.name for one in people.tokens(store)] == ["program"]


def test_a_demo_of_an_older_version_gets_the_people_that_have_come_since(store: Store, city: City, tmp_path: Path) -> None:
    secrets = people_setup.demo_secrets(tmp_path)
    older = {name: secret for name, secret in secrets.items() if name not in ("leader", people_setup.WALL)}
    (tmp_path / people_setup.FILE).write_bytes(msgspec.json.encode(older))
    people_setup.demo_people(store, city, tmp_path)
    told_now = people_setup.demo_secrets(tmp_path)
    assert people.proved(store, "leader", told_now["leader"]) and told_now["auditor"] == secrets["auditor"]
