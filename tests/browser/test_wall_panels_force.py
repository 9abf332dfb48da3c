"""The panels of people, cameras and emergencies show what the API says, whole, on small and large canvases, zh and en."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from config import clock
from tests.browser.conftest import Hall, Watched, iso

SCENES: Final = {
    "force": {"out", "duty", "top"},
    "video": {"tiles", "feedlist", "feeddown"},
    "emergency": {"steps", "links", "near", "nearfeeds"},
}
MISSING_AT_S1: Final = {"top"}
WIDE: Final = {"roles", "battery"}  # which the scene of the force shows from S3 on
ORDER: Final = "T002"
ONLINE: Final = {"moving", "still", "out_of_grid"}
READY: Final = """([scene, names]) => {
  if (document.documentElement.dataset.scene !== scene || !gridhall.live?.figures) return false
  return names.every(name => { const panel = document.querySelector(`#columns [data-panel=${name}]`)
    return panel && panel.dataset.drawn && !panel.classList.contains('waiting') })
}"""
CUT: Final = r"""names => {
  const found = []
  for (const name of names) {
    const panel = document.querySelector(`#columns [data-panel=${name}]`), body = panel.querySelector('.panel-body')
    const box = body.getBoundingClientRect()
    if (panel.dataset.fault) found.push([name, panel.dataset.fault])
    const listed = body.querySelector('.scroll-lines')
    const tall = !listed && body.scrollHeight > body.clientHeight + 1
    if (body.scrollWidth > body.clientWidth + 1 || tall) found.push([name, 'body'])
    for (const e of panel.querySelectorAll('.panel-title, .panel-base, .panel-body *')) {
      if (e.children.length || !e.textContent.trim() || e.closest('svg') || !e.checkVisibility()) continue
      const own = e.getBoundingClientRect()
      const beyond = own.left < box.left - 1 || own.right > box.right + 1
      const below = !e.closest('.scroll-lines') && own.bottom > box.bottom + 1
      const clipped = getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1
      if (beyond || below || clipped) found.push([name, e.className, e.textContent])
    }
  }
  return found
}"""
ROWS: Final = """([name, rows]) => [...document.querySelector(`#columns [data-panel=${name}] ${rows}`).children]
  .map(row => [...row.children].map(cell => cell.textContent.trim()))"""
KEYS: Final = """([name, rows]) => [...document.querySelector(`#columns [data-panel=${name}] ${rows}`).rowsByKey.keys()]"""
RANKED: Final = """() => {
  gridhall.panels.draw()
  return document.querySelector('#columns [data-panel=top] [data-of=worker] .rows')?.childElementCount
}"""
LOADS: Final = """() => [...document.querySelectorAll('#columns [data-panel=near] .load')].slice(0, 3)
  .map(e => ({ href: e.dataset.href, num: e.dataset.num, text: e.textContent }))"""
LOOSE: Final = r"""names => names.flatMap(name => [...document.querySelectorAll(`#columns [data-panel=${name}] .panel-body *`)]
  .filter(e => !e.children.length && /\d/.test(e.textContent) && e.checkVisibility())
  .filter(e => !e.closest('svg, dl, .col-heads, .more'))
  .filter(e => !e.closest('[data-figure], [data-def]')).map(e => [name, e.className, e.textContent]))"""


@pytest.fixture(scope="module")
def astray(hall: Hall) -> Iterator[Hall]:
    """The hall with somebody out of his grid, one with an empty battery, and four cameras around an order."""
    city, walking = hall.city, {entry.worker for entry in hall.walk.workers}  # type: ignore[attr-defined]
    free = [entry for entry in city.roster.values() if entry.worker not in walking and city.geometry(entry.region) is not None]
    lost, weak = free[0], free[1]
    far = city.geometry(free[-1].region).representative_point()  # type: ignore[union-attr]
    at = city.geometry(weak.region).representative_point()  # type: ignore[union-attr]
    now_s = clock.now_s()
    fixes = [(lost.worker, far, 55, now_s - 240), (lost.worker, far, 55, now_s), (weak.worker, at, 9, now_s)]
    for worker, spot, battery, at_s in fixes:
        fix = {"worker": worker, "fixed_at": iso(at_s), "lon": spot.x, "lat": spot.y, "battery_pct": battery}
        hall.tell("positions", [fix])
    lon, lat = hall.walk.place(2, 0)  # type: ignore[attr-defined]
    views = (("P1", "online", -6, 0), ("P2", "online", 6, 180), ("P3", "offline", 9, 0), ("P4", "frozen", 12, 0))
    more = {"owner": "交警中队", "at": iso(now_s - 3700), "fov_deg": 80, "lon": lon}
    for name, status, up, way in views:
        told = {"feed": name, "name": f"试验{name}", "status": status, "lat": lat + up * 1e-4, "direction_deg": way}
        hall.tell("feeds", [{**told, **more}])
    hall.tell("events", [step for number in range(6) for step in _report(hall, f"BEST{number}", now_s)])
    hall.lost, hall.weak = lost.worker, weak.worker  # type: ignore[attr-defined]
    hall.account("panels", "supervisor", "leader")
    yield hall


def _report(hall: Hall, order: str, now_s: float) -> list[dict[str, str]]:
    """An order that one of those who walk has found, and that is closed."""
    finder: str = hall.walk.workers[0].worker  # type: ignore[attr-defined]
    first = {"order": order, "at": iso(now_s - 60), "status": "reported", "reporter": finder}
    return [first, {"order": order, "at": iso(now_s - 30), "status": "closed"}]


@pytest.fixture(scope="module")
def screen(astray: Hall, browser: Browser) -> Iterator[Watched]:
    """One page for all of this file; the first test leaves it in Chinese."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(60_000)
    astray.log_in(context, "panels")
    yield Watched(context.new_page())
    context.close()


def shown(page: Page, scene: str, names: set[str]) -> None:
    page.evaluate("scene => gridhall.scenes.show(scene)", scene)
    page.wait_for_function(READY, arg=[scene, sorted(names)])
    page.evaluate("() => gridhall.panels.draw()")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_panel_stands_whole_on_both_canvases_and_its_numbers_have_their_proof(
    astray: Hall, screen: Watched, lang: str
) -> None:
    page = screen.page
    page.goto(f"{astray.url}/wall?motion=0&turn=0&scene=force&period=all&lang={lang}&alarm={ORDER}")
    page.wait_for_function("() => globalThis.gridhall?.scenes && gridhall.live?.figures")
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for scene, names in SCENES.items():
            there = names - MISSING_AT_S1 if width < 1600 else names
            shown(page, scene, there)
            assert page.evaluate(CUT, sorted(there)) == [], (scene, width)
            assert page.evaluate(LOOSE, sorted(there)) == [], (scene, width)
    assert screen.faults == []


def test_the_panels_of_people_say_what_the_api_says(astray: Hall, screen: Watched) -> None:
    page = screen.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    shown(page, "force", SCENES["force"])
    page.wait_for_function("who => gridhall.live.figures.out.rows.some(row => row.worker === who)", arg=astray.lost)  # type: ignore[attr-defined]
    page.wait_for_function(RANKED, timeout=90_000)  # a wall that was open before may have had it ranked within the minute
    page.evaluate("() => gridhall.panels.draw()")
    people = astray.ask("workers", ms="1")["items"]
    out = {one["worker"] for one in people if one["presence"] in ("out_of_grid", "frozen", "silent")}
    assert astray.lost in page.evaluate(KEYS, ["out", ".rows"]) and set(page.evaluate(KEYS, ["out", ".rows"])) <= out  # type: ignore[attr-defined]
    row = next(row for row in page.evaluate(ROWS, ["out", ".rows"]) if row[1] == astray.city.roster[astray.lost].name)  # type: ignore[attr-defined]
    assert re.search("[4-9]", row[2])  # out for four minutes and more

    home = Counter(_below(astray, one["grid"]) for one in people if one["presence"] in ONLINE)
    roster = Counter(_below(astray, entry.region) for entry in astray.city.roster.values())
    duty = dict(zip(page.evaluate(KEYS, ["duty", ".rows"]), page.evaluate(ROWS, ["duty", ".rows"]), strict=True))
    assert {code: row[2] for code, row in duty.items()} == {code: f"{home[code]} / {n}" for code, n in roster.items()}

    for _ in range(90):  # what a wall is told was ranked within the minute
        best = astray.ask("ranking", score="worker", period="month")["rows"]
        names = [row[1] for row in page.evaluate(ROWS, ["top", "[data-of=worker] .rows"])]
        ranked = [row["name"] for row in best if row["rank"]][: len(names)]
        if names and names == ranked:
            break
        page.wait_for_timeout(1000)
    assert names and names == ranked
    assert screen.faults == []


def test_roles_and_batteries_of_a_wide_wall_say_what_the_api_says(astray: Hall, screen: Watched) -> None:
    page = screen.page
    page.set_viewport_size({"width": 1728, "height": 640})
    shown(page, "force", WIDE)
    page.wait_for_function("who => gridhall.live.figures.battery.rows[0]?.worker === who", arg=astray.weak)  # type: ignore[attr-defined]
    page.evaluate("() => gridhall.panels.draw()")
    assert page.evaluate(CUT, sorted(WIDE)) == []
    people = astray.ask("workers")["items"]
    online = Counter(one["role"] for one in people if one["presence"] in ONLINE)
    roster = Counter(entry.role for entry in astray.city.roster.values())
    rows = zip(page.evaluate(KEYS, ["roles", ".rows"]), page.evaluate(ROWS, ["roles", ".rows"]), strict=True)
    assert {role: row[2] for role, row in rows} == {role: f"{online[role]} / {n}" for role, n in roster.items()}
    levels = [int(row[4].removesuffix("%")) for row in page.evaluate(ROWS, ["battery", ".rows"])]
    linked = sorted(one["battery_pct"] for one in people if one["presence"] in ONLINE and one["battery_pct"] is not None)
    assert levels == [round(level) for level in linked[: len(levels)]] and levels[0] == 9


def test_the_panels_of_cameras_say_what_the_api_says(astray: Hall, screen: Watched) -> None:
    page = screen.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    shown(page, "video", SCENES["video"])
    page.wait_for_function("() => gridhall.live.figures.feeds.counts.all >= 5")
    page.evaluate("() => gridhall.panels.draw()")
    feeds = astray.ask("feeds")["items"]
    assert set(page.evaluate(KEYS, ["tiles", ".tile-grid"])) == {feed["feed"] for feed in feeds}
    down = page.evaluate(KEYS, ["feeddown", ".rows"])
    assert set(down) == {feed["feed"] for feed in feeds if feed["status"] != "online"}
    lines = page.evaluate(ROWS, ["feeddown", ".rows"])
    assert all(re.match("1 ", line[2]) for line, feed in zip(lines, down, strict=True) if feed in ("P3", "P4"))  # an hour
    totals = [[int(cell.replace("—", "0")) for cell in row[1:5]] for row in page.evaluate(ROWS, ["feedlist", ".by-region"])]
    statuses = Counter(feed["status"] for feed in feeds)
    wanted = [len(feeds), statuses["online"], statuses["frozen"], statuses["offline"] + statuses["fault"]]
    assert [sum(column) for column in zip(*totals, strict=True)] == wanted


def test_the_panels_of_an_emergency_say_what_the_api_says(astray: Hall, screen: Watched) -> None:
    page = screen.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    shown(page, "emergency", SCENES["emergency"])
    page.wait_for_function("order => gridhall.live.figures.alarm?.facts.order === order", arg=ORDER)
    page.evaluate("() => gridhall.panels.draw()")
    told = astray.ask(f"orders/{ORDER}", ms="1")
    assert page.evaluate(KEYS, ["steps", ".stage-steps"]) == [stage["stage"] for stage in told["stages"]]
    reached = page.evaluate("() => gridhall.live.figures.alarm.stages.map(stage => [stage.state, stage.entered_at_ms])")
    assert reached == [[stage["state"], stage["entered_at_ms"]] for stage in told["stages"]]
    times = [row[2] for row in page.evaluate(ROWS, ["steps", ".stage-steps"])]
    first = time.gmtime(told["stages"][0]["entered_at_ms"] / 1000 + 8 * 3600)
    assert times[0].endswith((time.strftime("%H:%M:%S", first), time.strftime("%H:%M", first)))

    near = page.evaluate(KEYS, ["near", ".rows"])
    around = astray.ask(f"orders/{ORDER}/nearby", radius_m="2000")["workers"]
    assert set(near) <= {one["worker"] for one in around} | {told["order"]["handler"]} and near
    assert [row[0] for row in page.evaluate(ROWS, ["near", ".rows"])][:3] == [one["letter"] for one in around[:3]]
    for load in page.evaluate(LOADS):
        asked = dict(parse_qsl(urlsplit(load["href"]).query)) | {"limit": "0"}
        asked.pop("lang", None), asked.pop("motion", None)
        assert astray.ask("orders", **asked)["total"] == int(load["num"]) == int(re.sub(r"\D", "", load["text"]))
    cameras = page.evaluate(KEYS, ["nearfeeds", ".tile-grid"])
    assert cameras[0] in ("P1", "P2") and cameras[-1] in ("P3", "P4", "F1")
    words = {key: row[2] for key, row in zip(cameras, page.evaluate(ROWS, ["nearfeeds", ".tile-grid"]), strict=True)}
    assert words["P1"].startswith("67 m") and words["P1"].split(" · ")[1] == words["P2"].split(" · ")[1]
    numbers = page.evaluate("() => [...gridhall.map.main.layers.feeds.numbers]")
    assert numbers == [[camera, str(n)] for n, camera in enumerate(cameras, 1)]
    page.locator("#columns [data-panel=near] .row").first.click()
    page.wait_for_selector("#drawer")
    assert screen.faults == []


def _below(hall: Hall, region: str) -> str:
    """The child of the city in which a region lies."""
    return hall.city.path(region)[1] if region in hall.city.regions and len(hall.city.path(region)) > 1 else region
