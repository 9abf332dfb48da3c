"""Links of walls by page, API and live link, revoked at once; and the open screens with what they tell of themselves."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard.live.session import RECHECK_S
from dashboard.screens import agent_name, faults
from store import logins, people
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, at_work, wait_for
from tests.dashboard.forms import HTML, enter, token_of, told
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import make_account
from tests.dashboard.screens import Screen


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def make(work: AtWork, who: Any, **given: Any) -> str:
    """The secret of a new link, made by the API."""
    answer = who.post("/api/v1/walls", json=given)
    assert answer.status_code == 201, answer.text
    before, _, secret = answer.json["link"].partition("#")
    assert before == "http://localhost/enter" and secret.startswith("gh_")
    return str(secret)


# links


def test_a_link_opens_a_wall_of_its_region_and_scenes_and_nothing_else(work: AtWork) -> None:
    admin = work.of("boss", "administrator")
    secret = make(work, admin, name="大厅-1", region="东社区", scenes=["overview", "cases", "overview"], days=2)
    wall, answer = enter(work, secret)
    assert answer.status_code == 200 and answer.json["person"]["scope"] == EAST and answer.json["person"]["rights"] == [
        "orders", "people", "track", "wall"]  # fmt: skip
    (kept,) = [token for token in people.tokens(work.store) if token.name == "大厅-1"]
    assert kept.person.scenes == ("overview", "cases") and secret not in str(work.store.client.hgetall("{meta}:tokens"))
    (item,) = admin.get("/api/v1/walls?ms=1").json["items"]
    assert item["region_name"] == "东社区" and item["scene_names"] == ["综合态势", "事件处置"] and item["used_at_ms"]
    assert item["ends_at_ms"] - item["made_at_ms"] == 2 * 86_400_000 and "link" not in item and item["screens"] == 0
    csrf = {"X-CSRFToken": wall.get("/api/v1/me").json["csrf"]}
    for path in ("/walls", "/status", "/api/v1/walls", "/api/v1/screens", "/metrics"):
        assert wall.get(path).status_code == 403, path
    assert wall.post("/api/v1/walls", json={"name": "more"}, headers=csrf).status_code == 403
    assert told(work, "token") == [("token", "token:boss")] and secret not in str(work.log())


def test_the_page_makes_a_link_shows_it_once_and_takes_it_back(work: AtWork) -> None:
    admin, _ = work.browser_of("root", "administrator")
    w = words("zh")
    page = admin.get("/walls", headers=HTML)
    assert w["walls.none"] in page.text and w["scene.overview"] in page.text
    form = {"csrf_token": token_of(page), "name": "hall-1", "region": EAST, "scene": ["overview", "video"], "days": "0"}
    assert admin.post("/walls", data={**form, "csrf_token": "forged"}, headers=HTML).status_code == 400
    made = admin.post("/walls", data=form, headers=HTML)
    found = re.search(r'value="(http://localhost/enter#(gh_[\w-]+))"', made.text)
    assert made.status_code == 200 and found and made.headers["Cache-Control"] == "no-store"
    wall, answer = enter(work, found[2])
    assert answer.status_code == 200 and people.tokens(work.store)[0].ends_at_ms == 0
    again = admin.post("/walls", data=form, headers=HTML)
    assert again.status_code == 400 and w["walls.fault.name"] in again.text and 'value="hall-1"' in again.text
    listed = admin.get("/walls?lang=en", headers=HTML)
    assert found[2] not in listed.text and "Overview · Video" in listed.text and words("en")["walls.never"] in listed.text
    back = admin.post("/walls/revoke?lang=en", data={"csrf_token": token_of(listed), "name": "hall-1"}, headers=HTML)
    assert back.status_code == 303 and wall.get("/api/v1/me").status_code == 401
    assert people.tokens(work.store) == [] and logins.log_ins(work.store, "token:hall-1") == []
    assert enter(work, found[2])[1].status_code == 403
    lines = [line for line in work.log() if line.what == "token"]
    assert [(line.who, line.subject, line.region, line.detail["did"]) for line in lines] == [
        ("root", "hall-1", EAST, "revoke"), ("root", "hall-1", EAST, "add")]  # fmt: skip
    assert lines[1].detail["scenes"] == "overview video"


@pytest.mark.parametrize(("given", "status"), [
    ({}, 400), ([], 400), (None, 400), ({"name": ""}, 400), ({"name": "a b"}, 400), ({"name": "x" * 65}, 400),
    ({"name": "x", "days": -1}, 400), ({"name": "x", "days": 36_501}, 400), ({"name": "x", "days": "9"}, 400),
    ({"name": "x", "scenes": ["nothing"]}, 400), ({"name": "x", "scenes": "overview"}, 400),
    ({"name": "x", "roles": ["leader"]}, 400), ({"name": "x", "region": "nowhere"}, 404), ({"name": "x", "region": "-"}, 404),
    ({"name": "TAKEN"}, 400),
])  # fmt: skip
def test_what_cannot_be_made_is_refused_and_makes_nothing(work: AtWork, given: Any, status: int) -> None:
    admin = work.of("taken", "administrator")
    answer = admin.post("/api/v1/walls", json=given)
    assert answer.status_code == status and answer.json["error"], answer.text
    assert [token.name for token in people.tokens(work.store)] == ["taken"] and told(work, "token") == []


def test_a_wall_goes_dark_at_once_when_its_link_is_revoked(work: AtWork) -> None:
    """Long before its log-in would have been asked for again; and the other walls stay."""
    admin = work.of("boss", "administrator")
    cookies = {name: cookie_of(work, make(work, admin, name=name)) for name in ("a", "b")}
    walls = {name: Browser(work.port, timeout_s=10, cookie=cookie) for name, cookie in cookies.items()}
    for browser in walls.values():
        browser.emit("watch", Screen().watch())
        browser.frame(10)
    listed = {item["name"]: item["screens"] for item in admin.get("/api/v1/walls").json["items"]}
    assert listed == {"a": 1, "b": 1}
    began_s = time.monotonic()
    answer = admin.delete("/api/v1/walls/a")
    assert (answer.status_code, answer.json) == (200, {"screens": 1})
    with pytest.raises((websocket.WebSocketException, OSError)):
        while True:
            walls["a"].next(5)
    assert time.monotonic() - began_s < RECHECK_S / 3
    assert [screen["name"] for screen in work.app.extensions["gridhall"].screens()] == ["token:b"]
    assert admin.delete("/api/v1/walls/a").status_code == 404 and admin.delete("/api/v1/walls/boss").status_code == 404
    walls["b"].close()


def test_a_link_that_is_bound_to_scenes_is_told_what_these_need_and_no_more(work: AtWork) -> None:
    admin = work.of("boss", "administrator")
    wall = Browser(work.port, timeout_s=10, cookie=cookie_of(work, make(work, admin, name="cases", scenes=["cases"])))
    screen, shown = Screen(), work.city.scenes.scenes
    allowed, foreign = shown["cases"].parts, sorted(set(shown["force"].parts) - set(shown["cases"].parts))
    wall.emit("watch", screen.watch() | {"parts": list(allowed)})
    screen.take(wall.frame(10))
    assert foreign and "alarm:x" not in allowed
    for part in (foreign[0], "alarm:x"):
        wall.emit("watch", screen.watch() | {"parts": [part]})
        event, data = "", {}
        while event != "error":
            event, data = wall.next(10)
        assert data == {"code": "not_your_scene", "detail": part}
    key = next(iter(work.app.extensions["gridhall"]._sessions.values())).key
    assert key.parts == tuple(sorted(allowed))
    wall.emit("watch", screen.watch())  # who names nothing is not told the overview
    wait_for(lambda: next(iter(work.app.extensions["gridhall"]._sessions.values())).key.parts == tuple(sorted(allowed)))
    wait_for(lambda: [line.what for line in work.log() if line.who == "token:cases"].count("refused") == 2)
    wall.close()


def cookie_of(work: AtWork, secret: str) -> str:
    client, answer = enter(work, secret)
    assert answer.status_code == 200
    cookie = client.get_cookie("gridhall")
    assert cookie is not None
    return f"gridhall={cookie.value}"


def test_an_administrator_of_a_street_makes_and_takes_back_links_of_that_street_only(work: AtWork) -> None:
    west = make(work, work.of("boss", "administrator"), name="west", region=WEST)
    east = work.of("east", "administrator", scope=EAST)
    make(work, east, name="east-1")
    assert [item["name"] for item in east.get("/api/v1/walls").json["items"]] == ["east-1"]
    for region in (WEST, "440605"):
        assert east.post("/api/v1/walls", json={"name": "x", "region": region}).status_code == 404
    assert east.delete("/api/v1/walls/west").status_code == 404 and enter(work, west)[1].status_code == 200
    assert [line.subject for line in work.log() if line.what == "refused"] == ["west", "440605", WEST]


# open screens


HEALTH = {"scene": "overview", "width": 3840, "height": 1080, "dpr": 1.0, "fps": 58.4, "heap_mb": 61.2,
          "last_message_age_ms": 700, "skew_ms": -3200, "renewals": 1, "why": "<b>heap</b>"}  # fmt: skip


def test_the_status_page_shows_every_screen_of_the_scope_and_what_it_tells_of_itself(work: AtWork) -> None:
    chief = work.of("boss", "administrator")
    cookies = {name: cookie_of(work, make(work, chief, name=name, region=of)) for name, of in (("e", EAST), ("w", WEST))}
    screens = {name: Browser(work.port, timeout_s=10, cookie=cookie) for name, cookie in cookies.items()}
    for browser in screens.values():
        browser.emit("watch", Screen().watch())
    screens["e"].emit("health", HEALTH)
    wait_for(lambda: any(one["health"] for one in work.app.extensions["gridhall"].screens()))
    east, _ = work.browser_of("eva", "supervisor", scope=EAST)
    (item,) = east.get("/api/v1/screens").json["items"]
    assert (item["name"], item["health"]["fps"], item["faults"]) == ("token:e", 58.4, ["skew", "renewed"]) and "sid" not in item
    page = east.get("/status?lang=en", headers=HTML)
    for text in ("3840 × 1080 @1", ">58<", ">61<", ">0.7<", ">-3.2<", "Overview", "clock is wrong · has renewed itself"):
        assert text in page.text, text
    assert "&lt;b&gt;heap" in page.text and "<b>heap" not in page.text and "token:w" not in page.text
    assert "<script src=" in page.text and "style=" not in page.text
    assert {one["name"] for one in chief.get("/api/v1/screens").json["items"]} == {"token:e", "token:w"}
    make_account(work.store, "leader", "leader")
    assert work.of("head", "leader").get("/status").status_code == 403
    for browser in screens.values():
        browser.close()


def test_what_is_not_as_it_should_be_is_named() -> None:
    now_ms = 1_000_000
    well = {"in_flight_ms": 0, "connected_ms": now_ms - 90_000, "health_ms": now_ms - 9000,
            "health": {"last_message_age_ms": 900, "fps": 60.0, "skew_ms": 40, "renewals": 0}}  # fmt: skip
    assert faults(well, now_ms) == []

    def told(**of: Any) -> list[str]:
        return faults(well | {"health": well["health"] | of}, now_ms)  # type: ignore[operator]

    assert told(fps=3.0) == ["slow"] and told(fps=None) == [] and told(skew_ms=-9000) == ["skew"]
    assert told(last_message_age_ms=60_000, renewals=2) == ["late", "renewed"]
    assert faults(well | {"health": None}, now_ms) == ["untold"]
    assert faults(well | {"in_flight_ms": 20_000}, now_ms) == ["stuck"]
    assert faults(well | {"health": None, "connected_ms": now_ms - 5000}, now_ms) == []
    assert faults(well | {"health_ms": now_ms - 100_000}, now_ms) == ["silent"]


@pytest.mark.parametrize(("agent", "name"), [
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome 140"),
    ("Mozilla/5.0 … Chrome/140.0.0.0 Safari/537.36 Edg/141.0.1", "Edge 141"), ("curl/8.5.0", "curl/8.5.0"), ("", ""),
])  # fmt: skip
def test_a_browser_is_named_by_its_agent(agent: str, name: str) -> None:
    assert agent_name(agent) == name
