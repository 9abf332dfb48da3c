"""The handset's page and its two doors: what anybody gets, what a worker gets, and positions that are on disk or refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.city import City
from config.settings import Settings
from config.words import LANGS, words
from dashboard import doors, handset
from dashboard.access import Access
from dashboard.hall import Hall
from dashboard.handset import Shell, life_of
from dashboard.handset_mine import BaseMaps
from domain.facts import FixFlag, Heartbeat, Position
from domain.states import CoHandler, Life
from layouts.handset import words_of
from store import audit
from store.errors import StoreUnavailable
from store.sources import count_dropped, count_rejects, rejects
from store.store import Store
from tests.dashboard.halls import EAST, HOUR, NOW, WEST, hall_of, order, worker
from tests.dashboard.persons import bearer, log_in, make_account

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "assets" / "m"
GRID = EAST + "01"
FIX = {"fixed_at_ms": NOW, "lon": 113.105, "lat": 23.005, "accuracy_m": 8.5, "speed_mps": 1.2, "battery_pct": 77}
MINE = Life(holder=GRID, lead="城管", co_handlers=(CoHandler("环卫"),))


@pytest.fixture
def hall(city: City, store: Store) -> Hall:
    return hall_of(
        city,
        worker("W1"),
        order("mine", handler="W1", life=MINE, deadline_at_ms=NOW + HOUR),
        order("late", handler="W1", life=MINE, deadline_at_ms=NOW - HOUR, region=WEST + "01"),
        order("done", "closed", handler="W1", life=MINE, closed_at_ms=NOW),
        order("told", "reported", reporter="W1", life=MINE),
        order("look", "verifying", life=MINE),
        order("own work", "checking", handler="W1", life=MINE),
        order("next door", "verifying", region=EAST + "02", life=MINE),
        order("theirs", handler="W3", life=MINE, region=WEST + "01"),
        store=store,
    )


@pytest.fixture
def client(hall: Hall, settings: Settings) -> FlaskClient:
    app = Flask("test")
    access = Access(hall, settings)
    access.register(app, settings)
    doors.register(app, hall, settings, access)
    handset.register(app, hall, settings)
    return app.test_client()


@pytest.fixture
def ann(store: Store) -> dict[str, str]:
    """The worker of the first grid."""
    return bearer(store, "ann", "worker", scope=GRID, worker="W1")


def send(client: FlaskClient, who: dict[str, str], *fixes: Any) -> Any:
    return client.post("/api/v1/positions", json=list(fixes), headers=who)


def on_disk(store: Store) -> list[Any]:
    found = store.read_facts(dict.fromkeys(range(store.partitions), "0-0"), 1000, 10)
    return [fact for entries in found.values() for _, facts in entries for fact in facts]


# positions


def test_a_position_is_on_disk_before_it_is_answered(client: FlaskClient, store: Store, ann: dict[str, str]) -> None:
    answer = send(client, ann, FIX, {"fixed_at": "2025-10-10T11:00:05+08:00", "lon": 113.1, "lat": 23, "heading_deg": 90})
    assert (answer.status_code, answer.json) == (200, {"accepted": 2, "rejected": []})
    first, second = on_disk(store)
    assert first == Position(
        source="handset", received_at_ms=NOW, worker="W1", fixed_at_ms=NOW, lon=113.105, lat=23.005, accuracy_m=8.5,
        speed_mps=1.2, battery_pct=77.0,
    )  # fmt: skip
    assert (second.fixed_at_ms, second.heading_deg, second.accuracy_m) == (NOW + 5000, 90.0, None)


WRONG = (
    ({"lon": 181}, "lon out of range"), ({"lat": -91}, "lat out of range"), ({"lon": "113"}, "wrong type of lon"),
    ({"lat": True}, "wrong type of lat"), ({"lon": None}, "missing field"), ({"lon": 0, "lat": 0}, "position 0/0"),
    ({"fixed_at_ms": -1000}, "fixed_at_ms out of range"), ({"fixed_at_ms": "now"}, "wrong type of fixed_at_ms"),
    ({"fixed_at_ms": None}, "missing field"), ({"fixed_at_ms": None, "fixed_at": "2025-10-10 11:00"}, "fixed_at without zone"),
    ({"fixed_at_ms": None, "fixed_at": "soon"}, "fixed_at not a time"),
    ({"fixed_at_ms": None, "fixed_at": 5}, "fixed_at not a time"),
    ({"fixed_at_ms": None, "fixed_at": "1970-01-01T00:00:00Z"}, "fixed_at out of range"),
    ({"worker": "W2"}, "not your own"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), WRONG)
def test_a_wrong_position_is_refused_with_its_reason_counted_and_kept(
    client: FlaskClient, store: Store, ann: dict[str, str], change: dict[str, Any], reason: str
) -> None:
    answer = send(client, ann, FIX, {**FIX, **change}, {**FIX, "fixed_at_ms": NOW + 1000})
    assert answer.json["accepted"] == 2
    (rejected,) = answer.json["rejected"]
    assert (rejected["index"], rejected["reason"].split(":")[0]) == (1, reason)
    assert {fact.worker for fact in on_disk(store)} == {"W1"}
    assert count_rejects(store) == {("handset", reason): 1}
    (kept,) = rejects(store, "handset", 10)
    assert json.loads(kept.raw) == {**FIX, **change}


SPARED = (
    ({"accuracy_m": -1}, "accuracy_m out of range"), ({"speed_mps": 10_001}, "speed_mps out of range"),
    ({"heading_deg": 361}, "heading_deg out of range"), ({"altitude_m": 1e7}, "altitude_m out of range"),
    ({"battery_pct": 101}, "battery_pct out of range"), ({"battery_pct": "77%"}, "wrong type of battery_pct"),
    ({"charge": 1}, "unknown field"), ({"sos": "perhaps"}, "wrong type of sos"),
)  # fmt: skip


@pytest.mark.parametrize(("odd", "reason"), SPARED)
def test_what_stands_beside_a_position_costs_itself_and_is_told(
    client: FlaskClient, store: Store, ann: dict[str, str], odd: dict[str, Any], reason: str
) -> None:
    answer = send(client, ann, FIX, {**FIX, **odd, "fixed_at_ms": NOW + 1000}).json
    assert (answer["accepted"], answer["rejected"]) == (2, [])
    assert [(one["index"], one["reason"].split(":")[0]) for one in answer["dropped"]] == [(1, reason)]
    assert [fact.fixed_at_ms for fact in on_disk(store)] == [NOW, NOW + 1000]
    assert count_dropped(store) == {("handset", reason): 1} and count_rejects(store) == {}


def test_who_calls_for_help_is_heard_whatever_the_fix_is_worth(
    client: FlaskClient, store: Store, ann: dict[str, str]
) -> None:
    answer = send(client, ann, {**FIX, "sos": True}, {"sos": True, "lon": None}, {"sos": True, "worker": "W2"}).json
    assert (answer["accepted"], [one["index"] for one in answer["rejected"]]) == (2, [2])
    assert answer["dropped"] == [{"index": 1, "reason": "missing field: lon"}]
    fix, call = on_disk(store)
    assert fix.flags == FixFlag.SOS and call == Heartbeat(source="handset", received_at_ms=NOW, worker="W1", sos=True)


def test_what_is_no_list_of_positions_is_no_question(client: FlaskClient, ann: dict[str, str]) -> None:
    for body in (b"", b"{}", b"[", b'[{"lon": NaN}]', b"\xff", b"null"):
        assert client.post("/api/v1/positions", data=body, headers=ann).status_code == 400, body
    assert send(client, ann, *[FIX] * 501).status_code == 400
    assert send(client, ann, *[FIX] * 500).json["accepted"] == 500
    assert send(client, ann, 5, None, []).json["rejected"][0]["reason"].startswith("not an object")


def test_who_is_no_worker_has_no_position_and_the_attempt_is_written_down(client: FlaskClient, store: Store) -> None:
    chief = bearer(store, "chief", "supervisor", scope=EAST)
    assert send(client, chief, {**FIX, "worker": "W1"}).status_code == 403
    assert on_disk(store) == []
    assert [line.who for line in audit.newest(store) if line.what == "refused"] == ["token:chief"]
    assert client.post("/api/v1/positions", json=[FIX]).status_code == 401


def test_a_store_that_is_silent_leaves_the_position_with_the_phone(
    client: FlaskClient, store: Store, ann: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Any) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(store, "append", silent)
    answer = send(client, ann, FIX)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_by_cookie_a_position_needs_the_token_of_the_page(client: FlaskClient, store: Store) -> None:
    make_account(store, "ann", "worker", scope=GRID, worker="W1")
    token = log_in(client, "ann")
    assert client.post("/api/v1/positions", json=[FIX]).status_code == 400
    assert client.post("/api/v1/positions", json=[FIX], headers=token).json["accepted"] == 1


# mine


def mine(client: FlaskClient, who: dict[str, str], query: str = "") -> Any:
    answer = client.get(f"/api/v1/mine{query}", headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_worker_gets_himself_his_grid_and_his_orders_by_urgency(client: FlaskClient, ann: dict[str, str]) -> None:
    found = mine(client, ann)
    assert (found["worker"]["worker"], found["worker"]["name"], found["channel"]) == ("W1", "网格员1", "网格员上报")
    assert (found["grid"]["code"], found["grid"]["name"]) == (GRID, "东社区第1网格")
    assert found["grid"]["outline"]["type"] == "Polygon" and "base" not in found["grid"]
    orders = {part: [row["order"] for row in found["orders"] if row["mine"] == part] for part in ("handle", "check", "report")}
    assert orders == {"handle": ["late", "mine", "own work"], "check": ["look"], "report": ["done", "told"]}
    assert found["now_at"] == "2025-10-10T11:00:00.000+08:00"
    assert mine(client, ann, "?ms=1")["orders"][0]["deadline_at_ms"] == NOW - HOUR


def test_nobody_gets_another_ones(client: FlaskClient, store: Store) -> None:
    found = mine(client, bearer(store, "cat", "worker", scope=WEST + "01", worker="W3"))
    assert [(row["order"], row["mine"]) for row in found["orders"]] == [("theirs", "handle")]
    chief = mine(client, bearer(store, "chief", "supervisor", scope=EAST))
    assert (chief["worker"], chief["orders"], chief["grid"]["code"], chief["channel"]) == (None, [], EAST, "")
    road = mine(client, bearer(store, "road", "department", scope=EAST, department="环卫"))
    assert {(row["order"], row["mine"]) for row in road["orders"]} >= {("mine", "handle"), ("done", "report")}
    assert client.get("/api/v1/mine").status_code == 401


def test_the_grid_brings_the_streets_around_it_when_asked(city: City, client: FlaskClient, ann: dict[str, str]) -> None:
    assert mine(client, ann, "?map=1")["grid"]["base"] == {"type": "FeatureCollection", "features": []}

    class Town:
        basemap = {
            "features": [
                {"properties": {"class": kind, "name": kind}, "geometry": {"type": "LineString", "coordinates": line}}
                for kind, line in (("road_a", [[113.0, 23.005], [113.3, 23.005]]), ("lane", [[113.2, 23.2], [113.3, 23.2]]))
            ]
        }
        geometry = staticmethod(city.geometry)

    town = Town()
    (road,) = BaseMaps(town).around(GRID)  # type: ignore[arg-type]
    lons = [lon for lon, _ in road["geometry"]["coordinates"]]
    assert (road["properties"]["class"], min(lons) > 113.09, max(lons) < 113.12) == ("road_a", True, True)


# the page


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_is_public_and_has_nothing_inline(client: FlaskClient, lang: str) -> None:
    answer = client.get(f"/m?lang={lang}")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "text/html", "no-cache")
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Permissions-Policy"].startswith("geolocation=(self), camera=(self)")
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))|<style|\sstyle=|\son\w+=", answer.text)
    told = json.loads(re.search(r'id="gridhall-config">(.*?)</script>', answer.text, re.DOTALL)[1])  # type: ignore[index]
    assert (told["lang"], told["words"]["handset.log_in"]) == (lang, words(lang)["handset.log_in"])
    for address in re.findall(r'(?:src|href)="(/m/[^"]+)"', answer.text):
        found = client.get(address)
        assert (found.status_code, found.headers["Cache-Control"]) == (200, handset.FOR_EVER), address


def test_the_service_worker_keeps_every_file_of_the_page_and_may_serve_it(client: FlaskClient) -> None:
    answer = client.get("/m/sw.js")
    assert (answer.mimetype, answer.headers["Service-Worker-Allowed"]) == ("text/javascript", "/m")
    shell = json.loads(answer.text.split("const SHELL = ")[1].split(";\n")[0])
    names = {address.rsplit("/", 1)[1] for address in shell["files"]}
    assert names >= {file.name for file in PAGE.iterdir() if file.suffix in (".mjs", ".css") or file.name == "early.js"}
    for address in (*shell["files"], *shell["pages"].values()):
        assert client.get(address).status_code == 200, address
    told = client.get(shell["files"][0].rsplit("/", 1)[0] + "/manifest.webmanifest").get_json(force=True)
    assert (told["scope"], told["icons"][0]["src"]) == ("/m", "icon.svg")


def test_only_files_of_this_version_are_served(client: FlaskClient, city: City) -> None:
    here = f"/m/{Shell(city, 'zh').version}"
    assert client.get(f"{here}/app.mjs").status_code == 200
    for address in (f"/m/{'0' * 16}/app.mjs", f"{here}/sw.js", f"{here}/%2e%2e/server.py", f"{here}/", "/m/x", "/m/../app.py"):
        assert client.get(address).status_code == 404, address


def test_the_modules_import_only_each_other() -> None:
    names = {file.name for file in PAGE.glob("*.mjs")}
    reached, todo = {"app.mjs"}, ["app.mjs"]
    while todo:
        text = (PAGE / todo.pop()).read_text(encoding="utf-8")
        found = set(re.findall(r'from "\./([^"]+)"', text)) - reached
        assert found <= names
        reached |= found
        todo += found
    assert reached == names, "a module that nobody uses"


def spoken() -> set[tuple[str, bool]]:
    """(key, whether it is only the beginning of one) as they stand in the modules."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.mjs"))
    plain = re.findall(r'\bw\("([^"]+)"', text) + re.findall(r'"(handset\.[\w.]+)"', text)
    begun = re.findall(r"(?:\bw\(`|`(?=handset))([a-z_]+\.[\w.]*)\$\{", text)
    begun.append("handset.satisfaction.")  # put together from a plain one
    return {(key, False) for key in plain if key != "handset.satisfaction"} | {(key, True) for key in begun}


def test_every_word_that_the_page_speaks_is_sent_to_it() -> None:
    for lang in LANGS:
        sent = words_of(words(lang))
        for key, begun in spoken():
            assert any(word.startswith(key) for word in sent) if begun else key in sent, key


def test_no_word_of_the_page_is_left_unspoken() -> None:
    keys, beginnings = {key for key, begun in spoken() if not begun}, tuple(key for key, begun in spoken() if begun)
    unspoken = [key for key in words("zh") if key.startswith("handset.") and key not in keys and not key.startswith(beginnings)]
    assert unspoken == ["handset.no_script"], "which stands in the page itself"


def test_every_field_and_result_of_an_action_has_its_word() -> None:
    from dashboard.handset import CHOICES
    from domain.actions import TABLE, TELLS

    needs = {name for row in TABLE for need in row.needs for name in need.split("|")}
    fields = needs | {name for names in TELLS.values() for name in names}
    wanted = {f"handset.field.{name}" for name in fields}
    wanted |= {f"handset.satisfaction.{value}" for value in CHOICES["satisfaction"]}
    wanted |= {f"handset.result.{act}.{value}" for act, values in CHOICES.items() if act != "satisfaction" for value in values}
    assert wanted - set(words("zh")) == set()


def test_the_page_has_no_colour_of_its_own() -> None:
    tokens = set(re.findall(r"(--[\w-]+)\s*:", (ROOT / "assets/css/tokens.css").read_text("utf-8")))
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6})\b(?![-\w])|\b(?:rgb|hsl)a?\(", text), file.name
    style = (PAGE / "m.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--[\w-]+)", style)) <= tokens | set(re.findall(r"(--m-[\w-]+)\s*:", style))


def test_what_is_offered_without_a_link_is_what_a_worker_may_do(city: City) -> None:
    life = life_of(city)
    assert [row["to"] for row in life["dispatched"]["take_up"]] == ["handling"]
    assert {row["choice"] for row in life["checking"]["check"]} == {"passed", "failed", "unable"}
    assert "dispatch" not in life["registered"] and "force_close" not in life["handling"]
