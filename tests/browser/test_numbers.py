"""Every number of the wall that can be clicked opens exactly the orders that it counts: all panels, steps and periods."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from config import clock
from domain.calendar import Period, named
from tests.browser.conftest import Hall, Watched

# What is on the screen and leads to a list: where to, and the number that it shows. A rate leads to its denominator; a part of
# a bar shows its number by its length.
SHOWN = r"""() => [...document.querySelectorAll('#wall a[href^="/orders"], #wall [data-href^="/orders"]')]
  .filter(e => e.offsetParent !== null).map(e => {
    const href = e.dataset.href ?? e.getAttribute('href')
    const numbers = (e.querySelector('.n, .figure') ?? e).textContent.match(/\d[\d,]*/g) ?? []
    const whole = numbers.at(e.classList.contains('panel-base') ? -1 : 0) // before the last may stand the days of the window
    const told = href.includes('part=den') ? e.dataset.den : whole ? whole.replaceAll(',', '') : e.dataset.num
    return {panel: e.closest('[data-panel]').dataset.panel, href, number: Number(told)}
  })"""
ARRIVED = """([region, from, to]) => {
  const f = gridhall.live?.figures
  return f && f.region.code === region && f.period.from_ms === from && f.period.to_ms === to && !gridhall.shell.jumping
}"""
PERIODS = ("today", "week", "month", "year", "all", "custom")
DAY_MS = 86_400_000
ZONE = ZoneInfo("Asia/Shanghai")
LISTS = {"counters", "loop", "rate", "trend", "source", "cat", "dept", "over"}


def go(page: Page, region: str, period: str) -> None:
    """To a region and period by the address, as links do; until the numbers are there."""
    today = clock.now_ms() // DAY_MS * DAY_MS
    ends = f"&from={today - 2 * DAY_MS}&to={today + DAY_MS}" if period == "custom" else ""
    page.evaluate("url => gridhall.shell.go(url)", f"/wall?motion=0&region={region}&period={period}{ends}")
    meant = named(period, ZONE, clock.now_ms()) if not ends else Period("custom", today - 2 * DAY_MS, today + DAY_MS)
    page.wait_for_function(ARRIVED, arg=[region, meant.from_ms, meant.to_ms])


def wrong(hall: Hall, page: Page) -> list[Any]:
    """Numbers that do not open what they count."""
    found = []
    for shown in page.evaluate(SHOWN):
        params = dict(parse_qsl(urlsplit(shown["href"]).query))
        params.pop("motion", None)
        total = hall.ask("orders", limit="0", **params)["total"]
        if total != shown["number"]:
            found.append((shown, total))
    return found


def settled(hall: Hall, page: Page) -> list[Any]:
    """`wrong`, looked at once more when the clock has moved on between the figures and the question."""
    found = wrong(hall, page)
    if found:
        page.wait_for_timeout(3000)
        found = wrong(hall, page)
    return found


def start(hall: Hall, page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{hall.url}/wall?motion=0")
    page.wait_for_function("() => globalThis.gridhall?.live?.figures && document.querySelector('.loop a.row')")


def test_every_number_opens_what_it_counts_in_every_period_and_below(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page, 5760, 1080)
    root, *below = hall.city.path(hall.walk.workers[0].region)  # type: ignore[attr-defined]
    for region, period in [*((root, period) for period in PERIODS), *((region, "year") for region in below)]:
        go(page, region, period)
        assert settled(hall, page) == [], (region, period)
        panels = {shown["panel"] for shown in page.evaluate(SHOWN)}
        # shortly after midnight nothing has been reported today yet
        assert region != root or period not in ("all", "custom") or panels >= LISTS, LISTS - panels
    assert watched.faults == []


def test_every_number_opens_what_it_counts_at_every_step(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page, 1366, 768)
    for step, width, height in (("s1", 1366, 768), ("s2", 1920, 1080), ("s3", 3840, 1080), ("s5", 7680, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("step => document.documentElement.dataset.step === step", arg=step)
        page.wait_for_timeout(500)
        assert len(page.evaluate(SHOWN)) > 10
        assert settled(hall, page) == [], step


def test_a_row_that_drills_down_opens_the_numbers_that_it_showed(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page, 1920, 1080)
    go(page, hall.city.root, "all")
    rows = page.evaluate(
        """() => [...document.querySelectorAll('.rate a.row[href^="/wall"]')].slice(0, 4)
        .map(e => [e.dataset.region, Number(e.dataset.num), Number(e.dataset.den), Number(e.dataset.open)])"""
    )
    assert rows
    for region, *told in rows:
        go(page, region, "all")
        there = page.evaluate("() => { const c = gridhall.live.figures.closure; return [c.rate.num, c.rate.den, c.open] }")
        assert there == told, region


@pytest.mark.parametrize(
    "spot",
    [
        ".counters [data-key=open] [data-figure=overdue]",
        ".loop a.row >> nth=2",
        ".rate .hero-note a >> nth=2",
        ".rate .row .small[data-href] >> nth=0",
        ".over a.more",
    ],
)
def test_the_list_that_a_click_opens_says_the_same_number(hall: Hall, watched: Watched, spot: str) -> None:
    page = watched.page
    start(hall, page, 1920, 1080)
    go(page, hall.city.root, "month")
    place = page.locator(spot.replace(".counters", "#counters"))
    text = (place.locator(".figure") if place.locator(".figure").count() else place).inner_text()
    number = re.search(r"\d[\d,]*", text)
    assert number
    place.click()
    page.wait_for_url(re.compile("/orders"))
    expect(page.locator("#orders-total")).to_have_text(number[0])
    assert watched.faults == []
