"""With the store gone, full or too busy every door says so, tells nothing, and opens again by itself."""

from collections.abc import Iterator

import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from store import audit, people
from store.errors import StoreUnavailable
from store.store import Store
from tests.conftest import Valkey
from tests.dashboard.at_work import EAST, WEST, AtWork, at_work, new_id, report
from tests.dashboard.forms import HTML, path_of, token_of, type_in
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import PASSWORD, make_account


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


# with the store gone


def test_with_the_store_gone_every_door_says_so_and_opens_when_it_is_back(work: AtWork, valkey: Valkey) -> None:
    make_account(work.store, "ann", "supervisor", scope=EAST)
    browser, headers = work.browser_of("eva", "supervisor", "leader", scope=EAST)
    stranger, program, auditor = work.client(), work.of("p", "duty_chief", scope=EAST), work.of("a", "auditor")
    order = report(program, region=EAST)
    page = stranger.get("/login", headers=HTML)
    csrf = token_of(page)
    valkey.kill()
    try:
        assert stranger.get("/login", headers=HTML).status_code == browser.get("/login", headers=HTML).status_code == 200
        form = {"csrf_token": csrf, "user": "ann", "password": PASSWORD}
        answer = stranger.post("/login", data=form, headers=HTML)
        assert answer.status_code == 503 and words("zh")["door.store_gone"] in answer.text and answer.headers["Retry-After"]
        for path in ("/", "/desk", "/wall", "/account", "/password", "/orders"):
            answer = browser.get(path, headers=HTML)
            assert (
                answer.status_code == 503 and words("zh")["door.store_gone"] in answer.text and answer.headers["Retry-After"]
            ), path
        note = {"id": new_id(), "action": "note", "fields": {"note": "x"}}
        told = {"id": new_id(), "fields": {"text": "x"}}
        reads = ((browser, "/api/v1/me /api/v1/orders /_dash-layout"), (program, "/api/v1/orders /api/v1/mine /metrics"),
                 (auditor, "/api/v1/audit /audit /api/v1/audit?format=csv"))  # fmt: skip
        writes = (
            (browser, "/_dash-update-component", {}), (browser, "/logout", {}), (program, "/api/v1/reports", told),
            (program, f"/api/v1/orders/{order}/actions", note), (program, f"/api/v1/orders/{order}/reveal", {}),
            (stranger, "/api/v1/login", {"user": "ann", "password": PASSWORD}),
        )  # fmt: skip
        asked = [(who, "get", path, None) for who, paths in reads for path in paths.split()]
        for who, method, path, body in (*asked, *((who, "post", path, body) for who, path, body in writes)):
            answer = getattr(who, method)(path, headers=headers, **({} if body is None else {"json": body}))
            assert answer.status_code == 503 and answer.json["error"] and answer.headers["Retry-After"], (path, answer.text)
        assert stranger.get("/healthz").status_code in (200, 503) and stranger.get("/assets/door/door.css").status_code == 200
        with pytest.raises(Exception):  # noqa: B017 - a live screen is refused too, and not told to log in
            Browser(work.port, timeout_s=2, bearer=program.environ_base["HTTP_AUTHORIZATION"])
    finally:
        valkey.start()
    assert browser.get("/api/v1/me").json["name"] == "eva"
    assert path_of(stranger.post("/login", data=form, headers=HTML)) == "/desk"


def test_what_cannot_be_written_down_is_not_shown(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store answers reads and takes no writes, as a full one does."""
    chief, auditor = work.of("c", "duty_chief", scope=EAST), work.of("a", "auditor")
    order = report(chief, region=EAST, text="x", phone="13812345678")
    leader = work.of("l", "leader", scope=EAST)
    other = report(work.of("west", "duty_chief", scope=WEST), region=WEST)

    def full(*_: object) -> None:
        raise StoreUnavailable("OOM command not allowed")

    monkeypatch.setattr(audit, "write", full)
    for who, method, path in (
        (chief, "post", f"/api/v1/orders/{order}/reveal"), (chief, "get", "/api/v1/workers/W1/track"),
        (chief, "get", "/api/v1/workers/W1?day=2026-01-01"), (auditor, "get", "/api/v1/audit"), (auditor, "get", "/audit"),
        (auditor, "get", "/api/v1/audit?format=csv"), (leader, "post", f"/api/v1/orders/{order}/reveal"),
        (chief, "get", f"/api/v1/orders/{other}"), (chief, "get", "/api/v1/audit"),
    ):  # fmt: skip
        answer = getattr(who, method)(path)
        assert answer.status_code == 503 and answer.headers["Retry-After"] and "13812345678" not in answer.text, path


def test_too_many_at_the_log_in_are_told_to_come_again(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account(work.store, "eva", "supervisor", scope=EAST)
    full = people._waiting
    taken = 0
    while full.acquire(blocking=False):
        taken += 1
    try:
        answer = type_in(work.client(), "eva", PASSWORD)
        assert answer.status_code == 503 and words("zh")["door.busy"] in answer.text
        assert work.client().post("/api/v1/login", json={"user": "eva", "password": PASSWORD}).status_code == 503
    finally:
        for _ in range(taken):
            full.release()
