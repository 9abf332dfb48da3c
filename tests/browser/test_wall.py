"""The wall in a real browser: workers move, a click opens the dossier, a number opens what it counted."""

import re
import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from config import clock
from tests.browser.conftest import Hall, Watched

PLACE = """id => {
  const row = gridhall.live.tables.get('worker').row(id), map = gridhall.map.main.map
  const at = map.latLngToContainerPoint([row.lat * 1e-7, row.lon * 1e-7]), box = map.getContainer().getBoundingClientRect()
  return {lon: row.lon, lat: row.lat, x: box.x + at.x, y: box.y + at.y}
}"""
READY = "id => globalThis.gridhall?.live?.tables?.get('worker')?.row(id)?.lon !== undefined && gridhall.map.main"
MOVED = """([id, lon, lat]) => {
  const row = gridhall.live.tables.get('worker').row(id)
  return row.lon !== lon || row.lat !== lat
}"""
CENTER = """id => {
  const row = gridhall.live.tables.get('worker').row(id)
  gridhall.map.center(row.lon * 1e-7, row.lat * 1e-7, 18)
}"""
LABELS = {"reported": "今日上报", "registered": "今日立案", "closed": "今日结案", "open": "未结", "overdue": "超期"}
COUNTER = "key => gridhall.live.figures.counters.find(c => c.key === key)"


def open_wall(hall: Hall, watched: Watched, query: str = "?period=all&motion=0") -> Any:
    page = watched.page
    page.goto(f"{hall.url}/wall{query}")
    page.wait_for_function(READY, arg=hall.walk.workers[0].worker)  # type: ignore[attr-defined]
    page.wait_for_selector("[data-panel=counters] a, [data-panel=counters] .cell")
    page.wait_for_timeout(1500)
    return page


def test_the_wall_shows_workers_that_move_and_says_no_error(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched, "?period=all")
    worker = hall.walk.workers[3].worker  # type: ignore[attr-defined]
    before = page.evaluate(PLACE, worker)
    shot = page.locator("#map").screenshot()
    page.wait_for_function(MOVED, arg=[worker, before["lon"], before["lat"]])
    page.wait_for_timeout(2500)
    assert page.locator("#map").screenshot() != shot
    page.wait_for_function("() => gridhall.live.link.connected")
    assert watched.faults == []


def test_a_click_on_a_worker_opens_track_problems_and_orders(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    entry = hall.walk.workers[7].worker  # type: ignore[attr-defined]
    page.evaluate(CENTER, entry)
    page.wait_for_timeout(1200)
    spot = page.evaluate(PLACE, entry)
    page.mouse.click(spot["x"], spot["y"])
    drawer = page.locator("#drawer")
    expect(drawer).to_be_visible()
    expect(drawer).to_contain_text(hall.city.roster[entry].name)
    expect(drawer).to_contain_text("占道经营")
    page.wait_for_function("() => gridhall.map.main.layers.tracks.bounds()")
    drawer.get_by_role("link").filter(has_text=re.compile("档案|全页|详情")).first.click()
    page.wait_for_url(re.compile(f"/worker/{entry}"))
    page.wait_for_function("() => gridhall.map.of('dossier-map')?.layers.tracks.bounds()")
    body = page.locator("body")
    expect(body).to_contain_text(hall.city.roster[entry].name)
    expect(body).to_contain_text("发现问题")
    now_ms = clock.now_ms()  # not "today": shortly after midnight the gap lies in the day before
    track = hall.ask(f"workers/{entry}/track", **{"from": str(now_ms - 3_600_000), "to": str(now_ms + 60_000)})
    assert track["properties"]["count"] > 10 and track["properties"]["gaps"] >= 1
    assert watched.faults == []


def test_drill_down_changes_every_number_and_the_breadcrumb_leads_back(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    before = page.locator("[data-panel=counters]").inner_text()
    row = page.locator("[data-panel=rate] a.row[data-region]").first
    code = row.get_attribute("data-region")
    row.click()
    page.wait_for_url(re.compile(f"region={code}"))
    page.wait_for_function("code => gridhall.live.figures?.region?.code === code", arg=code)
    page.wait_for_timeout(1500)
    after = page.locator("[data-panel=counters]").inner_text()
    assert after != before
    told = hall.ask("orders", region=str(code), open="1")["total"]
    assert page.evaluate(COUNTER, "open")["value"] == told
    inside = {order["order"] for order in hall.ask("orders", region=str(code), limit="500")["items"]}
    assert set(page.evaluate("() => [...gridhall.live.tables.get('order').slotOf.keys()]")) <= inside
    page.locator("[data-crumbs] a").first.click()
    page.wait_for_function("code => gridhall.live.figures?.region?.code === code", arg=hall.city.root)
    page.wait_for_timeout(1200)
    assert page.locator("[data-panel=counters]").inner_text() != after
    assert watched.faults == []


@pytest.mark.parametrize("key", ["reported", "registered", "closed", "open", "overdue"])
def test_a_clicked_number_opens_exactly_that_many_orders(hall: Hall, watched: Watched, key: str) -> None:
    page = open_wall(hall, watched)
    value = page.evaluate(COUNTER, key)["value"]
    page.locator("[data-panel=counters] a").filter(has=page.get_by_text(LABELS[key], exact=True)).first.click()
    page.wait_for_url(re.compile("/orders"))
    expect(page.locator("#orders-total")).to_contain_text(f"{value:,}")
    rows = ".ag-center-cols-container [role=row]"
    page.wait_for_function("([rows, n]) => document.querySelectorAll(rows).length >= Math.min(n, 5)", arg=[rows, value])
    assert watched.faults == []


def test_a_lost_link_is_told_and_heals_itself_without_a_reload(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    page.evaluate("() => { window.__same_page = true }")
    for _ in range(60):  # its supervisor brings it back: keep it down until the wall has noticed
        hall.kill_web()
        page.wait_for_timeout(500)
        if "画面停在" in page.locator("#situation").inner_text():
            break
    expect(page.locator("#situation")).to_contain_text("画面停在")
    assert page.evaluate("() => gridhall.live.tables.get('worker').slotOf.size") > 0  # nothing is cleared
    hall.await_web()
    expect(page.locator("#situation")).not_to_contain_text("画面停在", timeout=60_000)
    worker = hall.walk.workers[5].worker  # type: ignore[attr-defined]
    before = page.evaluate(PLACE, worker)
    page.wait_for_function(MOVED, arg=[worker, before["lon"], before["lat"]])
    assert page.evaluate("() => window.__same_page === true")
    assert all("WebSocket" in fault or "ERR_CONNECTION" in fault for fault in watched.faults), watched.faults


def test_search_finds_a_worker_by_name_and_by_id(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    entry = hall.walk.workers[2]  # type: ignore[attr-defined]
    for text in (entry.worker, entry.name):
        page.keyboard.press("/")
        page.locator("#search-text").fill(text)
        expect(page.locator("#search-results")).to_contain_text(entry.name)
        page.keyboard.press("Escape")
    assert watched.faults == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (3840, 1080), (5760, 1080), (7680, 2160)])
def test_nothing_is_cut_off_or_overlaps_at_any_canvas(hall: Hall, browser: Browser, width: int, height: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    hall.account("viewer", "supervisor", "leader")
    hall.log_in(page.context, "viewer")
    try:
        open_wall(hall, Watched(page))
        wide = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert wide == [width, height]
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('.main > .col')].filter(e => e.offsetParent !== null)
            .map(e => e.getBoundingClientRect()).map(r => [r.left, r.right]).sort((a, b) => a[0] - b[0])"""
        )
        assert all(left[1] <= right[0] + 1 for left, right in pairwise(boxes)), boxes
    finally:
        page.close()


def test_english_is_a_full_second_language(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched, "?lang=en&period=all&motion=0")
    text = page.locator("#wall").inner_text()
    names = {region.name for region in hall.city.regions.values()} | {entry.name for entry in hall.city.roster.values()}
    chinese = [line for line in text.splitlines() if re.search(r"[\u4e00-\u9fff]", line)]
    titles = {item["title"] for item in hall.ask("orders", limit="500")["items"] if item["title"]}
    told = {*titles, *(department.name for department in hall.city.departments.values())}
    left = [line for line in chinese if not any(name in line for name in names | told) and "12345" not in line]
    assert left in ([], ["网格员上报"]), left
    assert watched.faults == []


def test_the_order_page_shows_the_whole_history(hall: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hall.url}/order/T004")
    body = page.locator("body")
    for word in ("占道经营", "上报", "立案", "结案", "全程留痕"):
        expect(body).to_contain_text(word)
    time.sleep(1)
    assert watched.faults == []
