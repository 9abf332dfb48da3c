"""People, tokens, log-ins and failed tries, on a real server."""

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from store import keys, logins, people
from store.errors import StoreBusy
from store.logins import TRIES, LogIn
from store.people import Account, NoSuchPerson, Token
from store.store import Store

NOW = 1_783_901_730_000
HOUR = 3_600_000
PASSWORD = "long enough to be one"


def account(store: Store, name: str = "chen", **more: Any) -> Account:
    made = Account(name=name, **{"roles": ("supervisor",), "scope": "440605001", **more})
    people.add_account(store, made, PASSWORD)
    return made


def log_in(store: Store, secret: str, name: str = "chen", **more: Any) -> LogIn:
    made = LogIn(id=f"id-{secret}", name=name, **{"made_at_ms": NOW, "seen_at_ms": NOW, "ends_at_ms": NOW + 12 * HOUR, **more})
    logins.log_in(store, secret, made, made.made_at_ms)
    return made


# accounts


def test_an_account_is_proved_by_its_password_only(store: Store) -> None:
    account(store)
    found = people.proved(store, "chen", PASSWORD)
    assert found is not None and found.person.scope == "440605001" and PASSWORD not in found.password
    for name, password in (("chen", PASSWORD + "x"), ("chen", ""), ("nobody", PASSWORD), ("", PASSWORD), ("chen", "\ud800")):
        assert people.proved(store, name, password) is None
    people.change_account(store, "chen", disabled=True)
    assert people.proved(store, "chen", PASSWORD) is None


def test_no_two_names_look_alike(store: Store) -> None:
    account(store, "Chen.Wei")
    account(store, "陈国强")
    for name in ("chen.wei", "CHEN.WEI", "Chen.Wei"):
        with pytest.raises(ValueError, match="already"):
            account(store, name)
    for name in (
        "",
        "x" * 65,
        "a b",
        "a\n",
        "token:x",
        "console:root",
        "a/b",
        "<b>",
        "ｃｈｅｎ",
        "①",
        " chen",
        "a\u202eb",
        "-\0",
    ):
        with pytest.raises(ValueError, match="64 letters"):
            account(store, name)
    assert [one.name for one in people.accounts(store)] == ["Chen.Wei", "陈国强"]
    assert people.plain_name(" ｃｈｅｎ ") == "chen"


@pytest.mark.parametrize(("password", "fault"), [
    ("short", "short"), ("x" * 1025, "long"), ("0123456789", "weak"), ("9876543210", "weak"), ("aaaaaaaaaaaa", "weak"),
    ("qwertyuiop", "weak"), ("password123", "weak"), ("woaini1314", "weak"), ("chenguoqiang1", "weak"), ("Admin123456", "weak"),
    ("1qaz2wsx3edc", "weak"),
])  # fmt: skip
def test_passwords_that_everybody_tries(password: str, fault: str) -> None:
    assert people.password_faults("chenguoqiang", password) == f"password.{fault}"


def test_passwords_that_will_do() -> None:
    for password in ("correct horse battery", "佛平路上的灯又坏了三盏", "kR9-fmx2-pp7w", "x7 K!" * 200):
        assert people.password_faults("chen", password) == ""


def test_the_longest_password_that_may_stand_opens_its_account(store: Store) -> None:
    account(store)
    long = "x7 K!" * 204 + "abcd"
    assert len(long) == people.LONGEST_PASSWORD and people.password_faults("chen", long) == ""
    people.change_account(store, "chen", password=long)
    assert people.proved(store, "chen", long) and not people.proved(store, "chen", long[:-1])


def test_two_changes_at_once_are_both_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sets his password in the instant in which he is disabled: he stays disabled."""
    account(store)
    replace = msgspec.structs.replace

    def slowly(held: Any, **changed: Any) -> Any:
        if "title" in changed:
            monkeypatch.setattr(msgspec.structs, "replace", replace)
            people.change_account(store, "chen", disabled=True)
        return replace(held, **changed)

    monkeypatch.setattr(msgspec.structs, "replace", slowly)
    after = people.change_account(store, "chen", title="陈")
    assert after.disabled and after.title == "陈"
    with pytest.raises(NoSuchPerson):
        people.change_account(store, "nobody", title="x")


def test_of_many_who_ask_at_once_the_last_are_told_to_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    account(store)
    go = threading.Event()

    class Slow:
        def verify(self, *_: object) -> None:
            go.wait(10)

    monkeypatch.setattr(people, "_hasher", Slow())
    told: list[object] = []

    def ask() -> None:
        try:
            told.append(people.proved(store, "chen", PASSWORD))
        except StoreBusy as busy:
            told.append(busy)

    threads = [threading.Thread(target=ask) for _ in range(people.HASHES_WAITING + 3)]
    for thread in threads:
        thread.start()
    while len(told) < 3:
        threads[0].join(0.01)
    go.set()
    for thread in threads:
        thread.join(10)
    assert sum(isinstance(one, StoreBusy) for one in told) == 3


# log-ins


def known(store: Store, secret: str, now_ms: int = NOW) -> logins.Known | None:
    return logins.known_by_session(store, secret, now_ms, 2 * HOUR)


def test_a_log_in_ends_by_length_by_idleness_and_with_its_account(store: Store) -> None:
    account(store)
    made = log_in(store, "s")
    found = known(store, "s", NOW + HOUR)
    assert found is not None and found.person.name == "chen" and found.log_in == made and not found.must_change
    assert known(store, "S") is None and known(store, "") is None and known(store, "\ud800") is None
    assert known(store, "s", NOW + 2 * HOUR) is None
    logins.touch(store, "s", made, NOW + HOUR)
    assert known(store, "s", NOW + 2 * HOUR) is not None
    logins.touch(store, "s", made, NOW + 11 * HOUR)
    assert known(store, "s", NOW + 12 * HOUR - 1) is not None and known(store, "s", NOW + 12 * HOUR) is None
    people.change_account(store, "chen", must_change=True)
    assert known(store, "s", NOW + 11 * HOUR).must_change  # type: ignore[union-attr]
    people.change_account(store, "chen", disabled=True)
    assert known(store, "s", NOW + 11 * HOUR) is None


def test_a_log_in_that_was_ended_is_not_brought_back_by_its_use(store: Store) -> None:
    account(store)
    made = log_in(store, "s")
    logins.end_session(store, "s")
    logins.touch(store, "s", made, NOW + 1000)
    assert known(store, "s") is None and logins.log_ins(store, "chen") == []


def test_log_ins_are_listed_and_ended_one_by_one_or_all_but_one(store: Store) -> None:
    account(store)
    account(store, "wei")
    made = [log_in(store, f"s{n}", made_at_ms=NOW + n) for n in range(4)]
    other = log_in(store, "o", "wei")
    assert [one.id for one in logins.log_ins(store, "chen")] == [one.id for one in reversed(made)]
    assert logins.end_log_ins(store, "chen", only=other.id) == 0 and known(store, "o") is not None
    assert logins.end_log_ins(store, "chen", only=made[1].id) == 1 and known(store, "s1") is None
    assert logins.end_log_ins(store, "chen", but=made[3].id) == 2 and known(store, "s3") is not None
    assert logins.end_log_ins(store, "chen") == 1 and logins.end_log_ins(store, "chen") == 0
    assert known(store, "o") is not None


def test_one_log_in_more_than_there_may_be_ends_the_one_used_longest_ago(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "MOST_LOG_INS", 3)
    account(store)
    made = [log_in(store, f"s{n}", seen_at_ms=NOW + n) for n in range(3)]
    logins.touch(store, "s0", made[0], NOW + 10)
    log_in(store, "new", seen_at_ms=NOW + 11)
    assert [secret for secret in ("s0", "s1", "s2", "new") if known(store, secret)] == ["s0", "s2", "new"]
    assert len(logins.log_ins(store, "chen")) == 3


def test_what_has_expired_leaves_nothing_behind(store: Store) -> None:
    account(store)
    log_in(store, "s")
    left_ms = store.client.pttl(keys.session(people.hashed("s")))
    assert 11 * HOUR < left_ms <= 12 * HOUR
    log_in(store, "wall", "token:hall", token="x", ends_at_ms=NOW + 3650 * 24 * HOUR)
    assert 89 * 24 * HOUR < store.client.pttl(keys.session(people.hashed("wall"))) <= logins.UNUSED_MS
    store.client.delete(keys.session(people.hashed("s")))  # as when it expires
    assert logins.log_ins(store, "chen") == []
    log_in(store, "t")
    assert store.client.hlen(keys.sessions("chen")) == 1


# failed tries


def tries(store: Store, name: str, address: str, times: int = 1) -> list[int]:
    return [logins.begin_try(store, name, address).wait_s for _ in range(times)]


def test_a_name_is_tried_so_often_from_an_address_and_its_owner_is_not_locked_out(store: Store) -> None:
    most = TRIES["name from address"]
    assert tries(store, "chen", "evil", most) == [0] * most
    (wait_s,) = tries(store, "chen", "evil")
    assert 0 < wait_s <= logins.TRIES_WINDOW_S
    assert tries(store, "chen", "home") == [0] and tries(store, "wei", "evil") == [0]
    logins.forget_tries(store, "chen")
    assert tries(store, "chen", "evil") == [0]


def test_an_address_that_guesses_many_names_is_stopped_but_not_who_is_known_there(store: Store) -> None:
    logins.begin_try(store, "chen", "office")
    logins.was_right(store, "chen", "office")
    waits = [tries(store, f"name-{n}", "office")[0] for n in range(TRIES["address"] + 1)]
    assert waits[:-1] == [0] * TRIES["address"] and waits[-1] > 0
    assert tries(store, "new", "office")[0] > 0 and tries(store, "", "office")[0] > 0
    assert tries(store, "chen", "office") == [0]


def test_a_name_that_is_guessed_from_many_addresses_is_slowed_but_not_for_who_has_come_before(store: Store) -> None:
    logins.begin_try(store, "chen", "home")
    logins.was_right(store, "chen", "home")
    waits = [tries(store, "chen", f"10.0.0.{n}")[0] for n in range(TRIES["name"] + 1)]
    assert waits[:-1] == [0] * TRIES["name"] and waits[-1] > 0
    assert tries(store, "chen", "home") == [0]


def test_who_is_right_takes_off_only_what_he_was_counted(store: Store) -> None:
    """Whoever has an account of his own cannot wash the counter of his address with it."""
    for n in range(TRIES["address"]):
        assert tries(store, f"name-{n}", "evil") == [0]
        if n % 9 == 0:
            logins.begin_try(store, "own", "evil")
            logins.was_right(store, "own", "evil")
    assert tries(store, "next", "evil")[0] > 0


def test_many_at_once_are_not_more_than_the_limit(store: Store) -> None:
    told: list[int] = []
    threads = [threading.Thread(target=lambda: told.extend(tries(store, "chen", "evil", 5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait_s == 0 for wait_s in told) == TRIES["name from address"]


def test_of_a_long_row_of_refusals_few_are_told(store: Store) -> None:
    told = [logins.begin_try(store, "chen", "evil") for _ in range(250)]
    assert [n for n, one in enumerate(told) if one.wait_s and one.tell] == [
        10,
        60,
        159,
    ]  # the name, then the address, then each hundredth


@pytest.mark.parametrize("name", ["", "a\nb", "\ud800", "x" * 5000, "*", "{p0}:facts"])
def test_whatever_is_typed_as_a_name_can_be_counted(store: Store, name: str) -> None:
    assert tries(store, name, "1.2.3.4") == [0]
    logins.was_right(store, name, "1.2.3.4")
    for key in store.client.scan_iter("*"):
        assert key.startswith(b"{meta}:") and len(key) < 120
        assert key == b"{meta}:store" or 0 < store.client.ttl(key) <= logins.CAME_S


# tokens


def test_a_token_is_known_by_its_secret_until_it_ends_or_is_revoked(store: Store) -> None:
    secret = people.add_token(store, Token(name="hall", roles=("wall",), scope="440605", ends_at_ms=NOW + HOUR))
    found = logins.known_by_token(store, secret, NOW)
    assert found is not None and found.person.name == "token:hall" and found.log_in is None
    assert secret not in str(store.client.hgetall(keys.tokens()))
    assert logins.known_by_token(store, secret + "x", NOW) is None and logins.known_by_token(store, "", NOW) is None
    log_in(store, "wall", "token:hall", token=people.hashed(secret), seen_at_ms=0, ends_at_ms=NOW + 3650 * 24 * HOUR)
    assert known(store, "wall").person.name == "token:hall"  # type: ignore[union-attr]
    assert logins.known_by_token(store, secret, NOW + HOUR) is None and known(store, "wall", NOW + HOUR) is None
    assert people.remove_token(store, "hall") and not people.remove_token(store, "hall")
    assert logins.known_by_token(store, secret, NOW) is None and known(store, "wall") is None


def test_neither_name_nor_secret_of_a_token_is_used_twice(store: Store) -> None:
    people.add_token(store, Token(name="hall", roles=("wall",), scope=""), "a secret of sixteen")
    with pytest.raises(ValueError, match="already"):
        people.add_token(store, Token(name="HALL", roles=("wall",), scope=""))
    with pytest.raises(ValueError, match="another token's"):
        people.add_token(store, Token(name="other", roles=("administrator",), scope=""), "a secret of sixteen")
    for name in ("", "a:b", "a b"):
        with pytest.raises(ValueError, match="letters"):
            people.add_token(store, Token(name=name, roles=("wall",), scope=""))
    assert [(one.name, one.roles) for one in people.tokens(store)] == [("hall", ("wall",))]


# what the web processes share


def test_all_web_processes_sign_with_the_same_secret(store: Store) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(people.web_secret(store))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found[0]) == 32


def test_a_report_sent_twice_gets_one_number_and_two_get_two(store: Store) -> None:
    numbers: list[str] = []

    def number(action: str) -> Callable[[], None]:
        return lambda: numbers.append(people.order_number(store, "440605", "2026-07-13", action))

    threads = [threading.Thread(target=number(f"chen:{n % 3}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 3 and all(one.startswith("440605-20260713-") for one in numbers)
    assert people.order_number(store, "440605", "2026-07-14", "chen:0") in numbers
    assert people.order_number(store, "440605", "2026-07-14", "wei:0") == "440605-20260714-0001"
