"""Scenes in a real browser: what stands where on which canvas, turns and rest, the jump to an emergency and the way back."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from config.panels import MAP
from config.scenes import shipped
from tests.browser.conftest import Hall, Watched
from tests.dashboard.persons import bearer

READY = "() => globalThis.gridhall?.live?.figures && gridhall.map?.main && document.documentElement.dataset.scene"
SHOWN = """() => [...document.querySelectorAll('#columns > .col:not([hidden])')]
  .sort((a, b) => +a.style.gridColumn - +b.style.gridColumn)
  .map((col) => col.hasAttribute('data-map') ? ['map'] : [...col.children].map((panel) => panel.dataset.panel))"""
CUT = """() => [...document.querySelectorAll('#columns > .col:not([hidden])')].filter((col) => {
  const box = col.getBoundingClientRect()
  return box.width < 40 || box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1
}).map((col) => col.className)"""
SCENE = "() => document.documentElement.dataset.scene"
LARGE = ("overview", "video")
SIZES = ((1366, 768, "s1"), (1920, 1080, "s2"), (3840, 1080, "s3"), (5760, 1080, "s4"), (7680, 2160, "s5"))


@pytest.fixture(scope="module")
def page_of(hall: Hall, browser: Browser) -> Iterator[Watched]:
    """One page for all of this file: what is asked of it is set by its address."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(20_000)
    hall.account("viewer", "supervisor", "leader")
    hall.log_in(context, "viewer")
    yield Watched(context.new_page())
    context.close()


def open_wall(hall: Hall, watched: Watched, query: str) -> Page:
    watched.page.set_viewport_size({"width": 1920, "height": 1080})
    watched.page.goto(f"{hall.url}/wall?motion=0&{query}")
    watched.page.wait_for_function(READY)
    return watched.page


def test_each_scene_stands_in_its_columns_on_every_canvas(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "scene=overview")
    for width, height, step in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("step => document.documentElement.dataset.step === step", arg=step)
        for key, scene in shipped().scenes.items():
            if width > 1920 and key not in LARGE:
                continue  # a map of 16 million pixels is drawn slowly without a graphics card
            page.evaluate("key => gridhall.scenes.show(key)", key)
            wanted = [list(column.panels) for column in scene.columns[step]]
            page.wait_for_function(f"wanted => JSON.stringify(({SHOWN})()) === JSON.stringify(wanted)", arg=wanted)
            assert page.evaluate(CUT) == [], (key, step)
            assert page.evaluate("() => new URLSearchParams(location.search).get('scene')") == key
            if [MAP] in wanted:
                box = page.locator("#map").bounding_box()
                assert box is not None and box["width"] > 200 and box["height"] > 200, (key, step)
    assert page_of.faults == []


def test_a_narrow_canvas_is_one_column_that_scrolls(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "scene=overview")
    page.set_viewport_size({"width": 800, "height": 1000})
    page.wait_for_function("() => document.documentElement.dataset.step === 's0'")
    page.wait_for_function("() => document.documentElement.scrollHeight > 1100 && document.documentElement.scrollWidth <= 800")
    lefts = page.evaluate("() => [...document.querySelectorAll('#columns .panel')].map((p) => p.getBoundingClientRect().left)")
    assert len(lefts) >= 4 and max(lefts) - min(lefts) < 2


def test_scenes_take_turns_rest_while_somebody_touches_the_screen_and_go_on(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "scene=overview&turn=1")
    page.mouse.move(5, 5)
    page.evaluate("() => { const told = gridhall.scenes.shipped(); told.turn_s = 2; told.pause_s = 3; }")
    page.wait_for_function(f"() => ({SCENE})() === 'force'", timeout=15_000)
    assert "scene=force" in page.url
    page.keyboard.press("Shift")
    page.wait_for_function("() => document.querySelector('.turns').classList.contains('resting')")
    page.wait_for_function(f"() => ({SCENE})() === 'cases'", timeout=15_000)
    length = page.evaluate("() => history.length")
    page.wait_for_function(f"() => ({SCENE})() === 'supervise'", timeout=15_000)
    assert page.evaluate("() => history.length") == length  # a wall of weeks fills no history
    page.reload()
    page.wait_for_function(READY)
    assert page.evaluate(SCENE) in ("supervise", "overview")


def test_who_works_at_his_screen_is_not_carried_away(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "scene=cases")
    assert page.evaluate("() => gridhall.scenes.rotates()") is False
    page.locator("[data-scene-key=force]").click()
    page.wait_for_function(f"() => ({SCENE})() === 'force'")
    page.go_back()
    page.wait_for_function(f"() => ({SCENE})() === 'cases'")
    assert page_of.faults == []


def test_two_windows_show_information_and_video(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "only=video")
    assert page.evaluate(SCENE) == "video"
    assert page.locator("[data-scene-key]").count() == 1
    page = open_wall(hall, page_of, "only=info&scene=video")
    assert page.evaluate(SCENE) == "overview"
    assert page.locator("[data-scene-key=video]").count() == 0


def act(hall: Hall, path: str, body: dict[str, Any]) -> Any:
    headers = bearer(hall.store, f"chief-{uuid.uuid4().hex[:8]}", "duty_chief", "intake")
    answer = httpx.post(f"{hall.url}/api/v1/{path}", json=body | {"id": uuid.uuid4().hex}, headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def fire(hall: Hall, number: int) -> str:
    lon, lat = hall.walk.place(number, 0)  # type: ignore[attr-defined]
    fields = {"text": f"市场 {number} 层冒烟", "category": "020302", "channel": "12345", "lon": lon, "lat": lat}
    return str(act(hall, "reports", {"fields": fields})["order"])


def test_an_emergency_takes_the_wall_and_gives_it_back(hall: Hall, page_of: Watched) -> None:
    page = open_wall(hall, page_of, "scene=cases&region=")
    page.wait_for_function("() => gridhall.live.tables.get('order').count > 0")
    first = fire(hall, 3)
    page.wait_for_function(f"() => ({SCENE})() === 'emergency'", timeout=10_000)
    expect(page.locator(".alarm-head")).to_be_visible()
    page.wait_for_function("id => gridhall.live.figures.alarm?.facts?.order === id", arg=first)
    expect(page.locator(".alarm-title")).to_have_attribute("href", re.compile(re.escape(first)))
    expect(page.locator(".alarm-elapsed")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    second = fire(hall, 9)
    expect(page.locator(".alarm-back")).to_contain_text("另有 1 件")
    act(hall, f"orders/{first}/actions", {"action": "stand_down", "fields": {}})
    page.wait_for_function("id => gridhall.live.figures.alarm?.facts?.order === id", arg=second)
    act(hall, f"orders/{second}/actions", {"action": "stand_down", "fields": {}})
    page.wait_for_function(f"() => ({SCENE})() === 'cases'", timeout=10_000)
    expect(page.locator(".alarm-head")).to_be_hidden()
    expect(page.locator("#counters")).to_be_visible()
    assert page_of.faults == []
