"""The doors: logging in and out, passwords, sessions and their ends, and what a browser keeps of them."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard.doors import safe_next
from dashboard.server import create_app
from domain.people import Person
from store import logins, people
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, act, at_work, new_id, report
from tests.dashboard.forms import HTML, path_of, raw, token_of, told, type_in
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import PASSWORD, log_in, make_account


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


NEW = "another one, long enough"


# the log-in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_log_in_page_speaks_both_languages_and_runs_nothing_inline(work: AtWork, lang: str) -> None:
    page = work.client().get(f"/login?lang={lang}&next=/orders%3Fregion%3D1")
    said = words(lang)
    for key in ("door.login", "door.user", "door.password", "door.enter"):
        assert said[key] in page.text
    assert f'lang="{"en" if lang == "en" else "zh-CN"}"' in page.text and 'name="next" value="/orders?region=1"' in page.text
    assert "<script" not in page.text and "style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store" and page.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_who_asks_for_a_page_is_led_to_the_log_in_and_from_there_to_the_page(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    client = work.client()
    there = path_of(client.get("/orders?region=440605001&text=灯", headers=HTML))
    assert urlsplit(there).path == "/login"
    (wanted,) = parse_qs(urlsplit(there).query)["next"]
    answer = type_in(client, "eva", PASSWORD, next=wanted)
    assert urlsplit(path_of(answer)).path == "/orders" and "text=" in path_of(answer)
    assert client.get("/orders", headers=HTML).status_code == 200
    assert path_of(client.get("/login?next=/desk")) == "/desk"  # who is logged in already is led on
    assert told(work, "login") == [("login", "eva")]


@pytest.mark.parametrize(("roles", "home"), [
    (("supervisor",), "/desk"), (("leader",), "/wall"), (("auditor",), "/audit"), (("administrator",), "/wall"),
    (("worker",), "/m"), (("wall",), "/wall"),
])  # fmt: skip
def test_everybody_begins_at_a_screen_of_his_own(work: AtWork, roles: tuple[str, ...], home: str) -> None:
    make_account(work.store, "somebody", *roles, scope=EAST, worker="W1" if "worker" in roles else "")
    assert path_of(type_in(work.client(), "somebody", PASSWORD)) == home


def test_a_name_is_typed_as_people_type(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    assert path_of(type_in(work.client(), "  ｅｖａ ", PASSWORD)) == "/desk"


@pytest.mark.parametrize("wanted", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/a\r\nX-Evil: 1",
    "javascript:alert(1)", "/login?next=/login", "/logout", "/api/v1/me", "evil", "", "/a\\..\\\\evil", "http:/evil",
])  # fmt: skip
def test_nobody_is_led_elsewhere_by_a_link_to_the_log_in(work: AtWork, wanted: str) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    answer = type_in(work.client(), "eva", PASSWORD, next=wanted)
    assert path_of(answer) == "/desk" and "X-Evil" not in answer.headers
    assert safe_next(wanted, Person(name="e", roles=("leader",))) == "/wall"


def test_a_wrong_password_says_no_more_than_that(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    make_account(work.store, "gone", "supervisor", scope=EAST, disabled=True)
    make_account(work.store, "lost", "supervisor", scope="999")  # his region is no more
    make_account(work.store, "left", "worker", scope=EAST, worker="W9")  # he is no longer on the roster
    make_account(work.store, "W3", "supervisor", scope=EAST)  # named like a worker whose orders he would get
    client = work.client()
    tried = (("eva", "wrong"), *((name, PASSWORD) for name in ("nobody", "gone", "lost", "left", "W3")))
    answers = [type_in(client, *pair) for pair in tried]
    assert {answer.status_code for answer in answers} == {403}
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(texts) == 1 and words("zh")["door.wrong"] in texts.pop()
    assert client.get("/api/v1/me").status_code == 401
    assert told(work, "login_refused") == [("login_refused", who) for who in ("W3", "left", "lost", "gone", "-", "eva")]


def test_what_is_typed_into_the_wrong_field_is_written_down_nowhere(work: AtWork) -> None:
    client = work.client()
    type_in(client, "my secret password", "eva")
    assert "my secret" not in str(work.log())
    answer = type_in(client, '"><script>alert(1)</script>', "x")
    assert "<script>alert" not in answer.text
    assert raw(client, "/api/v1/login", {"user": "\ud800", "password": "\udfff"}).status_code == 403


def test_who_guesses_has_to_wait_and_is_told_for_how_long(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    home = work.client()
    home.environ_base["REMOTE_ADDR"] = "10.1.1.1"
    client = work.client()
    for n in range(logins.TRIES["name from address"]):
        assert type_in(client, "eva", f"guess {n}").status_code == 403
    answer = type_in(client, "eva", PASSWORD)
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 900
    assert words("zh")["door.too_often"].format(n=15) in answer.text
    assert client.post("/api/v1/login", json={"user": "eva", "password": PASSWORD}).status_code == 429
    assert path_of(type_in(home, "eva", PASSWORD)) == "/desk"  # her own place is open
    for _ in range(30):
        type_in(client, "eva", "again")
    assert len(told(work, "login_refused")) == logins.TRIES["name from address"] + 1  # a row of refusals is one line


def test_a_log_in_page_that_was_left_open_can_be_sent_once_more(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    client = work.client()
    for token in ("", "forged", token_of(work.client().get("/login"))):
        answer = client.post("/login", data={"csrf_token": token, "user": "eva", "password": PASSWORD}, headers=HTML)
        assert answer.status_code == 400 and words("zh")["door.stale"] in answer.text and 'value="eva"' in answer.text
    form = {"csrf_token": token_of(answer), "user": "eva", "password": PASSWORD}
    assert path_of(client.post("/login", data=form, headers=HTML)) == "/desk"


def test_a_log_in_takes_nothing_over_from_what_was_in_the_browser(work: AtWork) -> None:
    """Neither the session of who was logged in before nor the token of a page that somebody else knows."""
    make_account(work.store, "eva", "supervisor", scope=EAST)
    make_account(work.store, "wei", "leader", scope=WEST)
    client = work.client()
    planted = token_of(client.get("/login"))
    type_in(client, "eva", PASSWORD)
    assert client.post("/logout", data={"csrf_token": planted}, headers=HTML).status_code == 400
    csrf = client.get("/api/v1/me").json["csrf"]
    (first,) = logins.log_ins(work.store, "eva")
    answer = client.post("/login", data={"csrf_token": csrf, "user": "wei", "password": PASSWORD}, headers=HTML)
    assert path_of(answer) == "/wall" and client.get("/api/v1/me").json["name"] == "wei"
    assert logins.log_ins(work.store, "eva") == [] and first.id not in str(logins.log_ins(work.store, "wei"))


def test_the_cookie_is_for_this_server_only(work: AtWork, store: Store, city: City, settings: Settings) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    cookie = type_in(work.client(), "eva", PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert "Expires" not in cookie and "Domain" not in cookie


def test_a_log_in_needs_a_form_and_no_address(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    client = work.client()
    assert client.get(f"/login?user=eva&password={PASSWORD}").status_code == 200 and client.get("/api/v1/me").status_code == 401
    secret = client.post("/api/v1/login", json={"user": "eva", "password": PASSWORD}).json["token"]
    for name in ("token", "access_token", "authorization", "gridhall"):
        assert client.get(f"/api/v1/me?{name}={secret}").status_code == 401
    for body in (None, [], {}, {"user": "eva"}, {"user": "eva", "password": 5}, {"user": None, "password": "x"}):
        assert client.post("/api/v1/login", json=body).status_code == 400


# behind a proxy


def test_a_proxys_word_is_believed_only_where_there_is_one(work: AtWork, store: Store, city: City, settings: Settings) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    told_by = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    work.client().post("/api/v1/login", json={"user": "eva", "password": PASSWORD}, headers=told_by)
    app, _ = create_app(msgspec.structs.replace(settings, web_proxy=True), work.hall)
    client = app.test_client()
    answer = client.post("/api/v1/login", json={"user": "eva", "password": PASSWORD}, headers={**told_by, "X-Want": "cookie"})
    assert "Secure" in answer.headers["Set-Cookie"]
    assert [line.address for line in work.log() if line.what == "login"] == ["203.0.113.7", "127.0.0.1"]
    app.extensions["gridhall"].stop()


def test_a_password_of_the_proxy_is_no_bearer_and_spares_no_token(work: AtWork) -> None:
    client, headers = work.browser_of("eva", "supervisor", scope=EAST)
    basic = {"Authorization": "Basic dXNlcjpwYXNz"}
    assert client.get("/api/v1/me", headers=basic).json["name"] == "eva"
    order = report(client, headers, region=EAST)
    assert act(client, order, "accept", basic).status_code == 400
    assert act(client, order, "accept", {**basic, **headers}).status_code == 200


# who has been given a password


def test_who_was_given_a_password_sets_his_own_before_anything_else(work: AtWork) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST, must_change=True)
    client = work.client()
    answer = type_in(client, "eva", PASSWORD, next="/orders")
    assert path_of(answer) == "/password?next=%2Forders"
    for path in ("/", "/desk", "/account", "/orders"):
        assert path_of(client.get(path, headers=HTML)) == "/password"
    for path in ("/api/v1/orders", "/api/v1/sessions", "/api/v1/mine", "/_dash-layout", "/metrics", "/api/v1/audit"):
        assert client.get(path).status_code == 403, path
    assert client.get("/api/v1/me").json["must_change"] is True
    program = work.client("Bearer " + client.post("/api/v1/login", json={"user": "eva", "password": PASSWORD},
                          headers={"X-CSRFToken": client.get("/api/v1/me").json["csrf"]}).json["token"])  # fmt: skip
    assert program.get("/api/v1/orders").status_code == 403
    assert program.post("/api/v1/reports", json={"id": new_id(), "fields": {"text": "x"}}).status_code == 403
    with pytest.raises(Exception):  # noqa: B017 - nor a live screen
        Browser(work.port, timeout_s=2, bearer=program.environ_base["HTTP_AUTHORIZATION"])
    page = client.get("/password?next=/orders", headers=HTML)
    assert words("zh")["door.must_change"] in page.text
    form = {"csrf_token": token_of(page), "old": PASSWORD, "new": NEW, "again": NEW, "next": "/orders"}
    assert path_of(client.post("/password", data=form, headers=HTML)) == "/orders"
    assert client.get("/api/v1/orders").status_code == 200 and program.get("/api/v1/me").status_code == 401


def test_a_new_password_has_to_be_one_and_ends_the_other_log_ins(work: AtWork) -> None:
    client, _ = work.browser_of("eva", "supervisor", scope=EAST)
    elsewhere = work.client()
    log_in(elsewhere, "eva")
    said = words("en")

    def change(**more: str) -> Any:
        page = client.get("/password?lang=en", headers=HTML)
        form = {"csrf_token": token_of(page), "old": PASSWORD, "new": NEW, "again": NEW, **more}
        return client.post("/password?lang=en", data=form, headers=HTML)

    for more, status, key in (
        ({"old": "wrong"}, 403, "door.wrong_old"), ({"again": NEW + "x"}, 400, "door.not_equal"),
        ({"new": PASSWORD, "again": PASSWORD}, 400, "door.same"), ({"new": "short", "again": "short"}, 400, "password.short"),
        ({"new": "1234567890", "again": "1234567890"}, 400, "password.weak"),
        ({"new": "x" * 1025, "again": "x" * 1025}, 400, "password.long"),
    ):  # fmt: skip
        answer = change(**more)
        assert answer.status_code == status and said[key] in answer.text, key
    assert elsewhere.get("/api/v1/me").status_code == 200
    assert change().status_code == 302
    assert client.get("/api/v1/me").status_code == 200 and elsewhere.get("/api/v1/me").status_code == 401
    assert people.proved(work.store, "eva", NEW) and not people.proved(work.store, "eva", PASSWORD)
    assert told(work, "password_changed", "login_refused") == [("password_changed", "eva"), ("login_refused", "eva")]


def test_a_stolen_browser_does_not_guess_the_password(work: AtWork) -> None:
    client, _ = work.browser_of("eva", "supervisor", scope=EAST)
    csrf = client.get("/api/v1/me").json["csrf"]
    form = {"csrf_token": csrf, "new": NEW, "again": NEW}
    answers = [client.post("/password", data={**form, "old": f"guess {n}"}).status_code for n in range(12)]
    assert answers == [403] * logins.TRIES["name from address"] + [429] * 2
    assert client.post("/password", data={"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 400  # no token of a page


# out


def test_logging_out_ends_the_session_for_good(work: AtWork) -> None:
    client, _ = work.browser_of("eva", "supervisor", scope=EAST)
    cookie = client.get_cookie("gridhall")
    assert cookie is not None
    assert client.post("/logout").status_code == 400  # no form of another site
    client.get("/logout")  # nor a link
    csrf = client.get("/api/v1/me").json["csrf"]
    assert path_of(client.post("/logout", data={"csrf_token": csrf}, headers=HTML)).startswith("/login")
    thief = work.client()
    thief.set_cookie("gridhall", cookie.value, domain="localhost")
    assert client.get("/api/v1/me").status_code == thief.get("/api/v1/me").status_code == 401
    assert told(work, "logout") == [("logout", "eva")]
    assert path_of(client.post("/logout", data={"csrf_token": csrf}, headers=HTML)) == "/login"  # twice does no harm


def test_a_session_is_seen_and_ended_from_elsewhere(work: AtWork) -> None:
    here, headers = work.browser_of("eva", "supervisor", scope=EAST)
    there = work.client()
    there.environ_base["HTTP_USER_AGENT"] = "Old Phone <b>"
    log_in(there, "eva")
    items = here.get("/api/v1/sessions").json["items"]
    assert [one["mine"] for one in items] == [False, True] and items[0]["agent"] == "Old Phone <b>"
    assert not any(secret in str(items) for secret in ("ghs_", "token"))
    page = here.get("/account?lang=en", headers=HTML)
    assert "Old Phone &lt;b&gt;" in page.text and words("en")["door.this"] in page.text and "东社区" in page.text
    assert here.delete(f"/api/v1/sessions/{items[0]['id']}").status_code == 400
    assert here.delete(f"/api/v1/sessions/{items[0]['id']}", headers=headers).status_code == 204
    assert there.get("/api/v1/me").status_code == 401 and here.get("/api/v1/me").status_code == 200
    assert here.delete(f"/api/v1/sessions/{items[0]['id']}", headers=headers).status_code == 404
    log_in(there, "eva")
    (other,) = [one["id"] for one in here.get("/api/v1/sessions").json["items"] if not one["mine"]]
    form = {"csrf_token": token_of(page), "session": other}
    assert path_of(here.post("/account/end", data=form, headers=HTML)).startswith("/account")
    assert there.get("/api/v1/me").status_code == 401
    assert told(work, "session_ended") == [("session_ended", "eva")] * 2


def test_a_session_ends_by_idleness_and_by_its_length(work: AtWork) -> None:
    client, _ = work.browser_of("eva", "supervisor", scope=EAST)
    begun_ms = work.hall.now_ms()
    idle_ms, length_ms = 120 * 60_000, 12 * 3_600_000

    def at(passed_ms: int) -> int:
        work.hall.now_ms = lambda: begun_ms + passed_ms
        return int(client.get("/api/v1/me").status_code)

    assert [at(passed_ms) for passed_ms in range(0, length_ms, idle_ms // 2)] == [200] * 12  # while he works
    assert at(length_ms + 1000) == 401
    work.hall.now_ms = lambda: begun_ms + length_ms
    log_in(client, "eva")
    assert at(length_ms + idle_ms + 60_000) == 401
    assert path_of(client.get("/desk", headers=HTML)).startswith("/login")


def test_pages_with_somebodys_data_are_kept_by_no_cache(work: AtWork) -> None:
    client, _ = work.browser_of("eva", "supervisor", "leader", scope=EAST)
    for path in (
        "/account",
        "/password",
        "/login",
        "/api/v1/me",
        "/api/v1/orders",
        "/api/v1/sessions",
        "/_dash-layout",
        "/desk",
    ):
        assert "no-store" in client.get(path, headers=HTML).headers["Cache-Control"], path
    assert "no-store" in work.of("a", "auditor").get("/api/v1/audit?format=csv").headers["Cache-Control"]
