"""A street's people ask for another street's data, by every way that there is: nothing leaks, and the log tells who asked.

Every route and every event of the live link stands in one of the tables below; a new one without its attack fails a test.
"""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import pytest
import websocket
from flask.testing import FlaskClient

from config.city import City
from config.settings import Settings
from dashboard.access import is_public
from dashboard.bulletins.shelf import Shelf
from domain.facts import CaseStep, DayTally, FeedStatus, Position
from domain.workflow import Template
from store import bulletins, logins, people
from store.blobs import InFolder
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, act, at_work, new_id, report, wait_for
from tests.dashboard.bulletin_city import published
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import PASSWORD, bearer, log_in, make_account
from tests.dashboard.screens import Screen

SECRETS: Final = ("西边的秘密", "西边的地址", "西边的市民", "13912345678", "西边的镜头", "网格员3", "113.1152", "W3-track")
"""Stand in what belongs to the west; whoever is of the east must never read one of them."""


class Streets:
    """East and west, each with its order of either kind, worker, camera and photo; and people of the east."""

    def __init__(self, work: AtWork) -> None:
        self.work = work
        now_ms = work.hall.now_ms()
        self.west_chief = work.of("west", "duty_chief", scope=WEST)
        self.own = report(
            self.west_chief, lon=113.1152, lat=23.0052, title="西边的秘密", text="西边的秘密", address="西边的地址",
            person="西边的市民", phone="13912345678",
        )  # fmt: skip
        self.outside = "H-WEST"
        told = {"title": "西边的秘密", "address": "西边的地址", "lon": 113.1152, "lat": 23.0052, "reporter": "W3"}
        step = CaseStep(source="hotline", received_at_ms=now_ms, order=self.outside, at_ms=now_ms, status="reported", **told)
        fix = Position(source="t", received_at_ms=now_ms, worker="W3", fixed_at_ms=now_ms - 1000, lon=113.1152, lat=23.0052)
        feed = FeedStatus(source="v", received_at_ms=now_ms, feed="F-WEST", at_ms=now_ms, status="online", name="西边的镜头",
                          lon=113.1152, lat=23.0052)  # fmt: skip
        self.photo = new_id()
        tally = DayTally(source="t", received_at_ms=now_ms, day="2026-01-01", region=WEST, key="西边的秘密", value=Decimal(7),
                         at_ms=now_ms)  # fmt: skip
        work.tell(step, fix, feed, tally)
        put = self.west_chief.put(f"/api/v1/files/{self.photo}", data=PIXEL, headers={"Content-Type": "image/png"})
        assert put.status_code == 201, put.text
        assert act(self.west_chief, self.own, "note", note="西边的秘密", photos=self.photo).status_code == 200
        assert act(self.west_chief, self.own, "yellow_card", reason="西边的秘密").status_code == 200
        self.mine = report(work.of("east-worker", "worker", scope=f"{EAST}01", worker="W1"), lon=113.105, lat=23.005)
        wait_for(lambda: {self.own, self.outside, self.mine} <= work.hall.orders.keys() and "W3" in work.hall.workers)
        self.east = work.of("east", "supervisor", "leader", scope=EAST)

    def west_chief_sees(self, path: str) -> str:
        return str(self.work.of(f"west-{new_id()}", "supervisor", scope=WEST).get(path).text)

    def refused(self, who: str = "token:east") -> int:
        return sum(line.what in ("refused", "action_refused", "login_refused") and line.who == who for line in self.work.log())


PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ffff3f0005fe02fea735818e00"
    "00000049454e44ae426082"
)


@pytest.fixture
def streets(store: Store, city: City, settings: Settings) -> Iterator[Streets]:
    with at_work(store, city, settings) as work:
        yield Streets(work)


def clean(answer: Any) -> Any:
    """The answer, if no secret of the west is in it."""
    text = answer.get_data(as_text=True)
    assert [secret for secret in SECRETS if secret in text] == [], text[:2000]
    return answer


Attack = Callable[[Streets, FlaskClient], None]


def asks(*paths: str, status: int = 404, told: bool = True, method: str = "get", **more: Any) -> Attack:
    """The paths, with {own} {outside} {photo} of the west filled in, are answered `status`; `told`: and are in the log."""

    def attack(streets: Streets, who: FlaskClient) -> None:
        for path in paths:
            before = streets.refused()
            filled = path.format(own=streets.own, outside=streets.outside, photo=streets.photo, west=WEST)
            answer = clean(getattr(who, method)(filled, **more))
            assert answer.status_code == status, (filled, answer.status_code, answer.text)
            assert streets.refused() > before or not told, f"{filled}: nothing in the log"

    return attack


def both(*attacks: Attack) -> Attack:
    def attack(streets: Streets, who: FlaskClient) -> None:
        for one in attacks:
            one(streets, who)

    return attack


def posts(path: str, body: Any = None, *, status: int = 404, told: bool = True) -> Attack:
    return asks(path, status=status, told=told, method="post", json=body or {})


def note(**more: Any) -> dict[str, Any]:
    return {"id": new_id(), "action": "note", "fields": {"note": "x"}, **more}


def batch(streets: Streets, who: FlaskClient) -> None:
    before = streets.refused()
    items = [note(order=streets.own), note(order=streets.outside), note(order=streets.mine)]
    told = clean(who.post("/api/v1/actions", json={"items": items})).json["items"]
    assert [one["state"] for one in told] == ["refused", "refused", "done"] and streets.refused() == before + 2


def report_elsewhere(streets: Streets, who: FlaskClient) -> None:
    """Nobody reports into another street, by its code or by a place in it."""
    for fields in ({"region": WEST}, {"lon": 113.115, "lat": 23.005, "region": WEST}):
        answer = clean(who.post("/api/v1/reports", json={"id": new_id(), "fields": {"text": "x", **fields}}))
        assert (answer.status_code, answer.json["reason"]) == (409, "out_of_scope"), answer.text


def others_file(streets: Streets, who: FlaskClient) -> None:
    """A file's id of somebody else is neither read nor written over, nor bound to an own order."""
    asks("/api/v1/files/{photo}", "/api/v1/files/{photo}?size=thumb")(streets, who)
    path = f"/api/v1/files/{streets.photo}"
    assert clean(who.put(path, data=PIXEL, headers={"Content-Type": "image/png"})).status_code in (404, 409)
    stolen = act(who, streets.mine, "note", note="x", photos=streets.photo)
    assert clean(stolen).status_code == 400
    unbound = new_id()
    streets.west_chief.put(f"/api/v1/files/{unbound}", data=PIXEL, headers={"Content-Type": "image/png"})
    asks(f"/api/v1/files/{unbound}", told=False)(streets, who)


def callback(streets: Streets, who: FlaskClient) -> None:
    """Dash's one address, asked as its pages ask it."""

    def ask(outputs: str, inputs: list[dict[str, Any]], state: list[dict[str, Any]], changed: str) -> Any:
        parts = [dict(zip(("id", "property"), one.split("."), strict=True)) for one in outputs.strip(".").split("...")]
        body = {"output": outputs, "outputs": parts if outputs.startswith("..") else parts[0], "inputs": inputs, "state": state,
                "changedPropIds": [changed]}  # fmt: skip
        answer = who.post("/_dash-update-component", json=body)
        assert answer.status_code == 200, answer.text
        return clean(answer)

    def page(path: str, search: str = "") -> str:
        url = [{"id": "url", "property": "pathname", "value": path}, {"id": "url", "property": "search", "value": search}]
        return ask(
            "..page.children...page-key.data..", url, [{"id": "page-key", "property": "data", "value": None}], "url.pathname"
        ).text

    before = streets.refused()
    for path in (f"/order/{streets.own}", f"/order/{streets.outside}", "/worker/W3"):
        assert "没有这" in json.loads(page(path), strict=False).__repr__()
    for screen in ("/orders", "/statistics"):
        page(screen, f"?region={WEST}")
        page(screen)
    assert streets.refused() == before + 5
    reviewed = "review-data.data...review-trend.figure"
    tick = {"id": "review-tick", "property": "n_intervals", "value": None}
    for search in (f"?region={WEST}", "", "?by=category&period=all", "?region=440605"):
        asked = [{"id": "url", "property": "search", "value": search}, tick]
        ask(f"..{reviewed}..", asked, [{"id": "url", "property": "pathname", "value": "/review"}], "url.search")
    assert streets.refused() == before + 7
    page("/review")
    page("/wall", f"?region={WEST}")
    page("/desk")
    for kind, name in (("worker", "W3"), ("order", streets.own), ("feed", "F-WEST")):
        selection = [{"id": "selection", "property": "data", "value": {"kind": kind, "id": name}}]
        ask(
            "..drawer.children...drawer.hidden..",
            selection,
            [{"id": "url", "property": "search", "value": ""}],
            "selection.data",
        )
    assert streets.refused() == before + 10
    for text in ("秘密", "W3", "西", streets.own, "网格员", "镜头"):
        told = [{"id": "search-asked", "property": "data", "value": text}]
        ask("search-results.children", told, [{"id": "url", "property": "search", "value": ""}], "search-asked.data")
    rows = [{"id": "orders-grid", "property": "getRowsRequest", "value": {"startRow": 0, "endRow": 100}}]
    for search in ("", f"?region={WEST}", "?text=秘密", "?reporter=W3", "?region=440605"):
        outputs = "..orders-grid.getRowsResponse...orders-total.children.."
        ask(outputs, rows, [{"id": "url", "property": "search", "value": search}], "orders-grid.getRowsRequest")


def own_only(path: str) -> Attack:
    """What has no other street's data in it, whoever asks; asked all the same."""
    return asks(path, status=200, told=False)


def sessions(streets: Streets, who: FlaskClient) -> None:
    """Nobody sees or ends another's log-ins."""
    name = f"somebody-{new_id()}"
    make_account(streets.work.store, name, "supervisor", scope=WEST)
    other = streets.work.client()
    log_in(other, name)
    (theirs,) = logins.log_ins(streets.work.store, name)
    assert theirs.id not in clean(who.get("/api/v1/sessions")).text
    assert who.delete(f"/api/v1/sessions/{theirs.id}").status_code == 404
    assert who.post("/account/end", data={"session": theirs.id}).status_code == 302
    assert other.get("/api/v1/me").status_code == 200


def notices_elsewhere(streets: Streets, who: FlaskClient) -> None:
    """Nobody is told of a card of another street, nor can he mark as read what he was not told of."""
    head = streets.work.of(f"west-{new_id()}", "leader", scope=WEST)
    assert act(streets.west_chief, streets.own, "red_card", reason="西边的秘密").status_code in (200, 409)
    assert [item["order"] for item in head.get("/api/v1/notices").json["items"]] == [streets.own]
    assert clean(who.get("/api/v1/notices")).json["items"] == []
    name = head.get("/api/v1/notices").json["items"][0]["id"]
    for told in ({"ids": [name]}, {"upto": "0:99999999999999-0"}, {"upto": head.get("/api/v1/notices").json["cursor"]}):
        assert clean(who.post("/api/v1/notices/read", json=told)).status_code in (200, 400)
    assert head.get("/api/v1/notices").json["unread"] == 1


def links_elsewhere(streets: Streets, _who: FlaskClient) -> None:
    """Not even an administrator of the east makes, sees or revokes a wall's link of the west, or of the city above him."""
    work, name = streets.work, f"east-admin-{new_id()[:8]}"
    admin = work.of(name, "administrator", scope=EAST)
    if "west-wall" not in {token.name for token in people.tokens(work.store)}:
        people.add_token(work.store, people.Token(name="west-wall", roles=("wall",), scope=WEST))
    assert "west-wall" not in clean(admin.get("/walls")).text + clean(admin.get("/api/v1/walls")).text
    for region in (WEST, f"{WEST}01", "440605", "西社区"):
        before = streets.refused(f"token:{name}")
        for answer in (admin.post("/api/v1/walls", json={"name": "x", "region": region}),
                       admin.post("/walls", data={"name": "x", "region": region})):  # fmt: skip
            assert clean(answer).status_code == 404, region
        assert streets.refused(f"token:{name}") == before + 2
    assert clean(admin.delete("/api/v1/walls/west-wall")).status_code == 404
    assert clean(admin.post("/walls/revoke", data={"name": "west-wall"})).status_code == 404
    assert "west-wall" in {token.name for token in people.tokens(work.store)}


def screens_elsewhere(path: str) -> Attack:
    """Which screens of another street are open, and where they stand, is that street's."""

    def attack(streets: Streets, who: FlaskClient) -> None:
        name = f"west-screen-{new_id()[:8]}"
        told = bearer(streets.work.store, name, "wall", scope=WEST, title="西边的秘密")
        screen = Browser(streets.work.port, timeout_s=10, bearer=told["Authorization"])
        screen.emit("watch", Screen().watch())
        screen.frame(10)
        assert "西边的秘密" in streets.west_chief_sees(path)
        assert "west-screen" not in clean(who.get(path)).text
        screen.close()

    return attack


def of_bulletin(*paths: str) -> Attack:
    """Paths with {id}, which is what another street has published."""

    def attack(streets: Streets, who: FlaskClient) -> None:
        work = streets.work
        month = work.city.day_of(work.hall.now_ms())[:7]
        shelf = Shelf(InFolder(work.settings.data_dir / "files", least_free_bytes=0))
        known = bulletins.versions(work.store, "month", WEST, month)
        west = (known[0] if known else published(work.hall, shelf, WEST, month)).id
        assert "西边的秘密" in streets.west_chief.get(f"/api/v1/bulletins/{west}/orders").text
        asks(*(path.replace("{id}", west) for path in paths))(streets, who)

    return attack


def publish_elsewhere(streets: Streets, who: FlaskClient) -> None:
    """Nobody publishes for another street, nor for the city above him, by the form or by the API."""
    for region in (WEST, "440605"):
        posts("/api/v1/bulletins", {"period": "2020-01", "region": region})(streets, who)
        asks("/bulletins", method="post", data={"period": "2020-01", "region": region})(streets, who)
    assert clean(who.get("/api/v1/bulletins/jobs")).json["items"] == []


def lists(path: str, *more: str) -> Attack:
    """A list holds nothing of the west: as it is, by its region, by the region above, by filters."""

    def attack(streets: Streets, who: FlaskClient) -> None:
        for query in ("", *more):
            clean(who.get(f"{path}{query}"))
        for region in (WEST, f"{WEST}01", "440605", "西社区"):
            before = streets.refused()
            assert clean(who.get(f"{path}?region={region}")).status_code == 404, region
            assert streets.refused() > before

    return attack


ATTACKS: Final[dict[str, Attack]] = {
    "/api/v1/orders": lists("/api/v1/orders", "?text=秘密", "?reporter=W3", "?source=hotline", "?limit=1000&sort=reported"),
    "/api/v1/orders/<path:order>": asks("/api/v1/orders/{own}", "/api/v1/orders/{outside}", "/api/v1/orders/{own}?lang=en"),
    "/api/v1/orders/<path:order>/actions": both(
        posts("/api/v1/orders/{own}/actions", note()),
        posts("/api/v1/orders/{outside}/actions", note()),
        posts("/api/v1/orders/{own}/actions", {"id": new_id(), "action": "void", "fields": {"reason": "x"}}),
    ),
    "/api/v1/orders/<path:order>/actions/<action_id>": asks("/api/v1/orders/{own}/actions/12345678"),
    "/api/v1/orders/<path:order>/nearby": asks("/api/v1/orders/{own}/nearby"),
    "/api/v1/orders/<path:order>/reveal": posts("/api/v1/orders/{own}/reveal"),
    "/api/v1/actions": batch,
    "/api/v1/reports": report_elsewhere,
    "/api/v1/cards": lists("/api/v1/cards", "?period=all", "?department=zhzf"),
    "/api/v1/notices": notices_elsewhere,
    "/api/v1/notices/read": notices_elsewhere,
    "/cards": lists("/cards", "?period=all"),
    "/bulletins": both(publish_elsewhere, lists("/bulletins", "?lang=en")),
    "/bulletins/<bulletin_id>": of_bulletin("/bulletins/{id}"),
    "/bulletins/<bulletin_id>/orders": of_bulletin("/bulletins/{id}/orders?figure=closure_rate&part=den"),
    "/bulletins/<bulletin_id>/compare": of_bulletin("/bulletins/{id}/compare?with={id}"),
    "/api/v1/bulletins": lists("/api/v1/bulletins", "?kind=month"),
    "/api/v1/bulletins/<bulletin_id>": of_bulletin("/api/v1/bulletins/{id}"),
    "/api/v1/bulletins/<bulletin_id>/orders": of_bulletin("/api/v1/bulletins/{id}/orders"),
    "/api/v1/bulletins/<bulletin_id>/compare": of_bulletin("/api/v1/bulletins/{id}/compare?with={id}"),
    "/api/v1/bulletins/<bulletin_id>/files/<form>": of_bulletin("/api/v1/bulletins/{id}/files/pdf"),
    "/api/v1/bulletins/jobs": publish_elsewhere,
    "/api/v1/bulletins/jobs/<job_id>": of_bulletin("/api/v1/bulletins/jobs/{id}"),
    "/api/v1/workers": lists("/api/v1/workers", "?here_now=1", "?presence=moving,still,silent,offline,unseen"),
    "/api/v1/workers/<path:worker>": asks("/api/v1/workers/W3", "/api/v1/workers/W4?day=2026-01-01"),
    "/api/v1/workers/<path:worker>/track": asks("/api/v1/workers/W3/track", "/api/v1/workers/W4/track?period=all&include=all"),
    "/api/v1/workers/<path:worker>/sos": posts("/api/v1/workers/W3/sos", {"id": "answer-0001"}),
    "/api/v1/tallies": both(asks("/api/v1/tallies?region={west}"), lists("/api/v1/tallies", "?key=calls", "?from=2026-01-01")),
    "/api/v1/indicators": lists("/api/v1/indicators", "?by=region", "?by=source", "?by=category"),
    "/api/v1/ranking": both(
        asks("/api/v1/ranking?score=worker&region={west}", "/api/v1/ranking?score=grid&region={west}"),
        lists("/api/v1/ranking", "?score=worker", "?score=community&period=all", "?score=department"),
    ),
    "/api/v1/feeds": lists("/api/v1/feeds"),
    "/api/v1/files/<file_id>": others_file,
    "/api/v1/sessions": sessions,
    "/api/v1/sessions/<session>": sessions,
    "/account/end": sessions,
    "/account": own_only("/account"),
    "/api/v1/me": own_only("/api/v1/me"),
    "/api/v1/mine": own_only("/api/v1/mine"),
    "/api/v1/positions": posts("/api/v1/positions", [{"fixed_at_ms": 1, "lon": 113.1, "lat": 23.0}], status=403),
    "/walls": both(asks("/walls", status=403), links_elsewhere),
    "/walls/revoke": both(asks("/walls/revoke", status=403, method="post", data={"name": "west-wall"}), links_elsewhere),
    "/api/v1/walls": both(
        asks("/api/v1/walls", status=403), posts("/api/v1/walls", {"name": "x"}, status=403), links_elsewhere
    ),
    "/api/v1/walls/<name>": both(asks("/api/v1/walls/west-wall", status=403, method="delete"), links_elsewhere),
    "/status": screens_elsewhere("/status"),
    "/api/v1/screens": screens_elsewhere("/api/v1/screens"),
    "/api/v1/sources": own_only("/api/v1/sources"),
    "/api/v1/faults": own_only("/api/v1/faults"),
    "/audit": asks("/audit", status=403),
    "/api/v1/audit": asks("/api/v1/audit", "/api/v1/audit?format=csv", "/api/v1/audit?who=token:west", status=403),
    "/metrics": asks("/metrics", status=403),
    "/_dash-update-component": callback,
    "/_dash-layout": own_only("/_dash-layout"),
    "/_dash-dependencies": own_only("/_dash-dependencies"),
    "/_reload-hash": own_only("/_reload-hash"),
    "/_alive_1": own_only("/healthz"),
    "/city/basemap.geojson": own_only("/city/basemap.geojson"),
    "/city/regions.geojson": own_only("/city/regions.geojson?level=grid"),
    "/api/<path:rest>": asks("/api/v1/secrets", told=False),
    "/logout": posts("/logout", status=302, told=False),
    "/password": posts("/password", status=302, told=False),
    "/": asks("/", status=302, told=False),
    "/<path:path>": both(own_only("/orders"), own_only("/order/{own}"), own_only("/worker/W3"), own_only("/desk")),
}
"""Rule of the application → how somebody of the east asks it for the west."""

WITHOUT_CITY: Final = (
    "/assets/", "/_dash-component-suites/", "/_favicon.ico", "/m/", "/login", "/enter", "/api/v1/login", "/api/v1/enter",
    "/healthz",
)  # fmt: skip
"""Anybody may ask these: the doors and the program's own files. What the doors let through is tested in test_doors.py."""


def rules(work: AtWork) -> set[str]:
    return {rule.rule for rule in work.app.url_map.iter_rules() if not rule.rule.startswith(WITHOUT_CITY) and rule.rule != "/m"}


def test_every_route_and_every_event_has_its_attack(streets: Streets) -> None:
    assert sorted(rules(streets.work) - ATTACKS.keys()) == [], "a route without an attack: add one"
    assert sorted(streets.work.live.events) == sorted(LIVE_ATTACKS), "an event without an attack: add one"


def test_who_is_of_the_east_reads_nothing_of_the_west(streets: Streets) -> None:
    for rule in sorted(rules(streets.work)):
        ATTACKS[rule](streets, streets.east)


@pytest.mark.parametrize(("role", "more"), [
    ("department", {"department": "nobody"}), ("worker", {"worker": "W1", "scope": f"{EAST}01"}), ("wall", {}), ("auditor", {}),
    ("administrator", {}),
])  # fmt: skip
def test_other_roles_of_the_east_read_nothing_of_the_west_either(streets: Streets, role: str, more: dict[str, str]) -> None:
    who = streets.work.of(f"of-east-{role}", role, **{"scope": EAST, **more})
    orders = (f"orders/{streets.own}", f"orders/{streets.outside}", f"orders/{streets.own}/nearby", f"files/{streets.photo}")
    people_of_it = ("workers", "workers/W3", "workers/W3/track", "feeds", "me", "audit", "indicators?by=region")
    for path in ("orders", *orders, *people_of_it):
        clean(who.get(f"/api/v1/{path}"))
    for action in ("note", "void", "accept"):
        assert clean(act(who, streets.own, action, note="x", reason="x")).status_code in (400, 404)
    if role == "department":  # sees nothing that is not in its own name, in its own street either
        assert who.get("/api/v1/orders").json["total"] == 0 and who.get(f"/api/v1/orders/{streets.mine}").status_code == 404
        assert who.get("/api/v1/workers").json["total"] == 0


def test_nobody_without_a_name_reads_anything(streets: Streets) -> None:
    work, nobody = streets.work, streets.work.client()
    forged = work.client("Bearer gh_forged")
    for rule in sorted(rules(work)):
        path = rule.replace("<path:order>", streets.own).replace("<path:worker>", "W3").replace("<file_id>", streets.photo)
        path = (
            path.replace("<path:path>", "orders")
            .replace("<path:rest>", "v1/x")
            .replace("<session>", "x")
            .replace("<name>", "x")
            .replace("<action_id>", "12345678")
        )
        for who in (nobody, forged):
            for method in ("get", "post", "put", "delete"):
                answer = clean(getattr(who, method)(path))
                assert answer.status_code in (401, 302, 404, 405) or is_public(path), (method, path, answer.status_code)
                if answer.status_code == 302:
                    assert answer.headers["Location"].startswith("/login")


# the live link


def screen_of(streets: Streets, screen: Screen, region: str = "", **more: Any) -> Browser:
    browser = Browser(streets.work.port, timeout_s=10, **more)
    browser.emit("watch", screen.watch(region))
    return browser


def seen(browser: Browser, screen: Screen, frames: int = 3) -> str:
    """Everything that this screen is told in a few frames."""
    for _ in range(frames):
        message = browser.frame(10)
        assert not [secret for secret in SECRETS if secret.encode() in b"".join(message["frames"])]
        assert not [secret for secret in SECRETS if secret in json.dumps(message.get("figures", {}), ensure_ascii=False)]
        browser.ack(screen.take(message))
        if screen.figures:
            break
    return json.dumps([screen.picture(), screen.figures], ensure_ascii=False, default=str)


def attack_connect(streets: Streets) -> None:
    for credentials in ({}, {"bearer": "Bearer gh_forged"}, {"cookie": "gridhall=forged"}):
        with pytest.raises((AssertionError, websocket.WebSocketException, OSError)):
            Browser(streets.work.port, timeout_s=3, **credentials)


def attack_watch(streets: Streets) -> None:
    token = bearer(streets.work.store, "east-screen", "supervisor", "leader", scope=EAST)["Authorization"]
    screen = Screen()
    browser = screen_of(streets, screen, bearer=token)
    told = seen(browser, screen)
    assert streets.mine in told and not [secret for secret in SECRETS if secret in told]
    assert screen.figures is not None and screen.figures["region"]["code"] == EAST
    for region in (WEST, f"{WEST}01", "440605"):
        before = streets.refused("token:east-screen")
        browser.emit("watch", screen.watch(region))
        event, data = next_error(browser, screen)
        assert (event, data["code"]) == ("error", "unknown_region")
        wait_for(lambda before=before: streets.refused("token:east-screen") > before)
    # a cursor that says to hold the west, or everything: the table begins anew, and no slot of the west is named as gone
    for scope in (f"zh:{WEST}", "zh:440605", f"zh:{WEST}:wfoc:", "zh:440605:wfoc:"):
        before = streets.refused("token:east-screen")
        forged = Screen()
        epoch = screen.tables["order"].epoch
        cursors = {name: [epoch, 2, scope] for name in ("worker", "order", "feed")}
        other = Browser(streets.work.port, timeout_s=10, bearer=token)
        other.emit("watch", forged.watch() | {"cursors": cursors})
        told = seen(other, forged)
        assert forged.resets >= 2 and not [secret for secret in SECRETS if secret in told]
        wait_for(lambda before=before: streets.refused("token:east-screen") > before)
        other.close()
    browser.close()


def next_error(browser: Browser, screen: Screen) -> tuple[str, Any]:
    while True:
        event, data = browser.next(10)
        if event != "frame":
            return event, data
        browser.ack(screen.take(data))


def attack_disconnect(streets: Streets) -> None:
    """After its log-in has ended a screen is told nothing more."""
    work = streets.work
    make_account(work.store, "leaving", "supervisor", scope=EAST)
    client = work.client()
    log_in(client, "leaving")
    cookie = client.get_cookie("gridhall")
    assert cookie is not None
    screen = Screen()
    browser = screen_of(streets, screen, cookie=f"gridhall={cookie.value}")
    seen(browser, screen, frames=1)
    logins.end_log_ins(work.store, "leaving")
    with pytest.raises((websocket.WebSocketException, OSError)):
        for _ in range(60):
            event, data = browser.next(10)
            if event == "frame":
                browser.ack(screen.take(data))
    with pytest.raises((AssertionError, websocket.WebSocketException, OSError)):
        screen_of(streets, screen, cookie=f"gridhall={cookie.value}")


def attack_health(streets: Streets) -> None:
    """What a screen says of itself is held to its form, kept with that screen only, and opens nothing."""
    token = bearer(streets.work.store, "east-screen", "supervisor", "leader", scope=EAST)["Authorization"]
    screen = Screen()
    browser = screen_of(streets, screen, bearer=token)
    seen(browser, screen, frames=1)
    wrongs = ({"sid": "other"}, {"scope": WEST}, {"width": -1}, {"fps": "fast"}, {"scene": "x" * 65}, {"why": "x" * 201})
    for wrong in (None, 7, *wrongs):
        browser.emit("health", wrong)
        event, data = next_error(browser, screen)
        assert (event, data["code"]) == ("error", "bad_health")
    browser.emit("health", {"scene": WEST, "width": 1})
    sessions = streets.work.app.extensions["gridhall"]
    wait_for(lambda: [one["scope"] for one in sessions.screens() if one["health"] and one["health"]["scene"] == WEST] == [EAST])
    told = seen(browser, screen, frames=1)
    assert not [secret for secret in SECRETS if secret in told]
    browser.close()


LIVE_ATTACKS: Final = {
    "connect": attack_connect,
    "watch": attack_watch,
    "health": attack_health,
    "disconnect": attack_disconnect,
}


@pytest.mark.parametrize("event", LIVE_ATTACKS)
def test_on_the_live_link_the_east_is_told_nothing_of_the_west(streets: Streets, event: str) -> None:
    LIVE_ATTACKS[event](streets)


def test_a_row_that_leaves_a_street_is_gone_there_and_its_later_life_is_not_told(streets: Streets) -> None:
    """A worker whom the roster does not know walks from east to west: the east is told that he is gone, once, and no more."""
    work = streets.work
    token = bearer(work.store, "east-screen", "supervisor", scope=EAST)["Authorization"]
    screen = Screen()
    browser = screen_of(streets, screen, bearer=token)
    now_ms = work.hall.now_ms()

    def fix(number: int, lon: float) -> Position:
        at_ms = now_ms + number * 400_000 - 2_000_000
        return Position(source="t", received_at_ms=now_ms, worker="stranger", fixed_at_ms=at_ms, lon=lon, lat=23.005)

    work.tell(fix(1, 113.105))
    workers = screen.tables["worker"]
    while "stranger" not in workers.by_id():
        browser.ack(screen.take(browser.frame(10)))
    work.tell(fix(2, 113.115))
    while "stranger" in workers.by_id():
        browser.ack(screen.take(browser.frame(10)))
    version = work.hall.worker_table.version
    work.tell(fix(3, 113.1155))
    wait_for(lambda: work.hall.worker_table.version > version)
    scope = work.hall.scopes.find(EAST, "zh", people.Token(name="x", roles=("supervisor",), scope=EAST).person)
    assert scope is not None and work.hall.worker_table.changes(version, scope).empty
    browser.close()


# with another's cookie, with a token of another scope


def test_a_log_in_is_its_persons_only_and_ends_with_the_account(streets: Streets) -> None:
    work = streets.work
    east, headers = work.browser_of("eva", "supervisor", scope=EAST)
    clean(east.get("/api/v1/orders"))
    west, _ = work.browser_of("wei", "supervisor", scope=WEST)
    stolen = work.client()
    cookie = west.get_cookie("gridhall")
    assert cookie is not None
    stolen.set_cookie("gridhall", cookie.value, domain="localhost")
    assert stolen.get("/api/v1/me").json["name"] == "wei"  # a cookie is its bearer; so it must be able to end:
    people.change_account(work.store, "wei", disabled=True)
    assert stolen.get("/api/v1/me").status_code == 401
    # a cookie with another's bytes changed, and a cookie beside a token of another scope
    stolen.set_cookie("gridhall", cookie.value[:-3] + "abc", domain="localhost")
    assert stolen.get("/api/v1/me").status_code == 401
    both_told = east.get("/api/v1/me", headers=bearer(work.store, "narrow", "worker", scope=f"{EAST}01", worker="W1"))
    assert both_told.json["name"] == "token:narrow"
    # a write by cookie without the token of the page
    order = report(east, headers, region=EAST)
    assert act(east, order, "accept").status_code == 400
    assert act(east, order, "accept", {"X-CSRFToken": "forged"}).status_code == 400
    assert act(east, order, "accept", headers).status_code == 200


def test_a_scope_that_changes_holds_from_the_next_request_on(streets: Streets) -> None:
    work = streets.work
    who, _ = work.browser_of("moving", "supervisor", scope=WEST)
    assert who.get(f"/api/v1/orders/{streets.own}").status_code == 200
    people.change_account(work.store, "moving", scope=EAST)
    assert clean(who.get(f"/api/v1/orders/{streets.own}")).status_code == 404
    assert who.get("/api/v1/me").json["scope"] == EAST


# the two axes


@pytest.fixture
def two_axes(city: City) -> Iterator[City]:
    before = city.workflow
    city.workflow = Template(two_axes=True)
    yield city
    city.workflow = before


def test_with_two_axes_who_supervises_cannot_dispatch_and_who_dispatches_cannot_check_or_close(
    two_axes: City, store: Store, settings: Settings
) -> None:
    with at_work(store, two_axes, settings) as work:
        seats = {role: work.of(role, role, scope=EAST) for role in ("duty_chief", "supervisor", "dispatcher", "checker")}
        both_sides = work.of("both", "duty_chief", "dispatcher", scope=EAST)
        order = report(seats["duty_chief"], region=EAST)
        act(seats["duty_chief"], order, "accept")
        act(seats["duty_chief"], order, "register", category="灯")
        for who in ("duty_chief", "supervisor", "checker"):
            refused = act(seats[who], order, "dispatch", handler="W1")
            assert refused.status_code == 409 and refused.json["reason"] in ("other_axis", "not_your_role"), refused.text
        assert act(both_sides, order, "dispatch", handler="W1").json["reason"] == "other_axis"
        assert act(seats["dispatcher"], order, "dispatch", handler="W1").status_code == 200
        for action, fields in (
            ("check", {"result": "passed"}),
            ("close", {}),
            ("evaluate", {"quality": "x"}),
            ("force_close", {"reason": "x"}),
        ):
            refused = act(seats["dispatcher"], order, action, **fields)
            assert refused.status_code == 409 and refused.json["reason"] in ("other_axis", "not_your_role"), refused.text
        told = [line for line in work.log() if line.what == "action_refused"]
        assert len(told) == 8 and {"other_axis", "not_your_role"} >= {line.detail["reason"] for line in told}
        page = seats["duty_chief"].get(f"/api/v1/orders/{order}").json["actions"]
        assert {one["action"]: one["may"] for one in page}.get("dispatch", False) is False


def test_a_password_is_not_guessed_by_trying(streets: Streets) -> None:
    work = streets.work
    make_account(work.store, "target", "supervisor", scope=EAST)
    nobody = work.client()
    for n in range(logins.TRIES["name from address"]):
        answer = nobody.post("/api/v1/login", json={"user": "target", "password": f"guess {n}"})
        assert answer.status_code == 403
    answer = nobody.post("/api/v1/login", json={"user": "target", "password": PASSWORD})
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert streets.refused("target") == logins.TRIES["name from address"] + 1


def test_the_file_of_an_order_is_there_for_who_may_see_the_order(streets: Streets) -> None:
    answer = streets.west_chief.get(f"/api/v1/files/{streets.photo}")
    assert answer.status_code == 200 and answer.data == PIXEL
