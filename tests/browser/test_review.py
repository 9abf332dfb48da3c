"""/review in a real browser: it leads down and back, each number opens so many orders, and nothing runs out of the page."""

import datetime as dt
import re
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from config import clock
from tests.browser.conftest import Hall, Watched

PATIENT_MS = 20_000

# Every figure on the page with what it was made of, and the addresses of its links.
SHOWN = """() => [...document.querySelectorAll('.review-main [data-figure]')].map(e => ({
  figure: e.dataset.figure, num: e.dataset.num, den: e.dataset.den, text: e.textContent,
  links: (e.matches('a') ? [e] : [...e.querySelectorAll('a')])
    .map(a => [a.getAttribute('href'), a.title || a.querySelector('title')?.textContent])
}))"""
SPILLS = """() => [...document.querySelectorAll('.review > *, .review-main > *, .review-second > *')].filter(e => {
  const box = e.getBoundingClientRect()
  return box.width && (box.right > innerWidth + 1 || box.left < -1)
}).map(e => e.className)"""
CUT = """() => [...document.querySelectorAll('.review-value, .review-table tbody td, .review-heat tbody td, .segments > *')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""


def arrive(page: Page, region: str = "") -> None:
    """Until the figures of the address are there, and the map and the trend are drawn."""
    page.wait_for_selector(".review-figures .review-value")
    if region:
        expect(page.locator(".review-path h1")).to_have_text(region, timeout=PATIENT_MS)
    page.wait_for_selector(".review-map svg a.shape")
    page.wait_for_selector(".review-graph .barlayer .trace", state="attached")


def start(hall: Hall, page: Page, **more: str) -> None:
    """The last days, in which the orders of these tests are: a month or a year may have begun since."""
    today = clock.local_now(hall.city.zone).date()
    days = {"from": (today - dt.timedelta(days=2)).isoformat(), "to": (today + dt.timedelta(days=1)).isoformat()}
    page.goto(f"{hall.url}/review?{urlencode({**days, **more})}")
    arrive(page)


def wrong(hall: Hall, page: Page) -> list[Any]:
    """Figures whose links do not open so many orders as they counted. Lists are asked for once per address."""
    found: list[Any] = []
    totals: dict[str, int] = {}
    for shown in page.evaluate(SHOWN):
        for href, title in shown["links"]:
            asked = dict(parse_qsl(urlsplit(href).query))
            if asked.get("figure") != shown["figure"] or "known" in asked:
                continue
            told = shown["den"] if asked.get("part") == "den" else shown["num"]
            if href not in totals:
                asked.pop("lang")
                totals[href] = hall.ask("orders", limit="0", **asked)["total"]
            if totals[href] != int(told) or not title or "as_of" not in asked:
                found.append((shown, href, totals[href]))
    assert len(totals) > 60
    return found


def test_each_number_opens_exactly_so_many_orders(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page)
    assert wrong(hall, page) == []
    figure = page.locator(".review-figures [data-figure=accepted]")
    told = figure.get_attribute("data-num") or ""
    figure.locator(".review-value").click()
    page.wait_for_url(re.compile("/orders"))
    expect(page.locator("#orders-total")).to_have_text(f"{int(told):,}", timeout=PATIENT_MS)
    assert watched.faults == []


def test_one_goes_down_by_names_and_back_by_the_browser(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page)
    graph = page.locator(".review-graph .js-plotly-plot").element_handle()
    root, street, grid = hall.city.path(hall.walk.workers[0].region)  # type: ignore[attr-defined]
    names = [hall.city.regions[code].name for code in (root, street, grid)]
    row = page.locator(f".review-table tr[data-group='{street}']")
    told = row.locator("[data-figure=accepted]").get_attribute("data-num")
    row.locator("th a").click()
    arrive(page, names[1])
    assert page.locator(".review-figures [data-figure=accepted]").get_attribute("data-num") == told
    expect(page.locator(".review-tree.on .name")).to_have_attribute("aria-current", "true", timeout=PATIENT_MS)
    page.locator(f".review-table tr[data-group='{grid}'] th a").click()
    expect(page.locator(".review-path h1")).to_have_text(names[2], timeout=PATIENT_MS)
    expect(page.locator(".review-table thead")).to_contain_text("部门", timeout=PATIENT_MS)  # a grid has nothing below
    assert page.evaluate("graph => graph.isConnected", graph)  # the graph is the same one, with other numbers
    page.go_back()
    arrive(page, names[1])
    page.locator(".review-path a").first.click()
    arrive(page, names[0])
    page.go_back()
    arrive(page, names[1])
    page.go_forward()
    arrive(page, names[0])
    assert watched.faults == []


def chosen(page: Page, place: str, label: str) -> None:
    """Wait until the page tells of a choice: before that its links are still those of the view before."""
    on = page.locator(f"{place} [aria-current]", has_text=re.compile(f"^{label}$"))
    expect(on).to_have_count(1, timeout=PATIENT_MS)


def test_the_map_leads_down_and_every_choice_is_an_address(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page)
    street = hall.city.path(hall.walk.workers[0].region)[1]  # type: ignore[attr-defined]
    page.locator(f".review-map a.shape[href*='region={street}']").focus()
    page.keyboard.press("Enter")
    arrive(page, hall.city.regions[street].name)
    page.locator(".review-rates a", has_text="按期结案率").click()
    chosen(page, ".review-rates", "按期结案率")
    page.locator(".review-controls a", has_text="环比").click()
    chosen(page, ".review-controls", "环比")
    page.locator(".review-controls a", has_text=re.compile("^月$")).click()
    chosen(page, ".review-controls", "月")
    page.locator(".review-controls a[aria-label='上一期']").click()
    page.wait_for_url(re.compile(r"from=\d{4}-\d{2}-01&to="))
    expect(page.locator(".review-controls .on", has_text="月")).to_have_count(1, timeout=PATIENT_MS)
    address = page.url
    again = page.context.new_page()
    again.goto(address)
    again.wait_for_selector(".review-figures .review-value")
    assert again.locator(".review-figures").inner_text() == page.locator(".review-figures").inner_text()
    assert watched.faults == []


def test_a_pinned_moment_stays(hall: Hall, watched: Watched) -> None:
    page = watched.page
    start(hall, page)
    page.locator(".review-controls a", has_text="定格").click()
    page.wait_for_url(re.compile("as_of="))
    expect(page.locator(".review-controls .primary")).to_contain_text("已定格", timeout=PATIENT_MS)
    told = page.locator(".review-figures [data-figure=open]").get_attribute("data-num")
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(clock.now_s()))
    place = hall.walk.place(0, 0)  # type: ignore[attr-defined]
    late = {
        "order": f"PIN{int(clock.now_s())}",
        "at": now,
        "status": "reported",
        "title": "占道经营",
        "lon": place[0],
        "lat": place[1],
    }
    hall.tell("events", [late])
    for _ in range(100):
        if hall.ask("orders", text=late["order"], limit="1")["total"]:
            break
        time.sleep(0.1)
    page.reload()
    arrive(page)
    assert page.locator(".review-figures [data-figure=open]").get_attribute("data-num") == told
    assert wrong(hall, page) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_runs_out_of_the_page_at_any_size(hall: Hall, watched: Watched, lang: str) -> None:
    page = watched.page
    start(hall, page, lang=lang)
    for width, height in ((1366, 768), (1920, 1080), (3840, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(600)
        assert page.evaluate(SPILLS) == [], (width, height)
        assert page.evaluate(CUT) == [], (width, height)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".top-tabs [aria-current]")).to_have_text("Review" if lang == "en" else "复盘", timeout=PATIENT_MS)
    assert page.evaluate("() => document.documentElement.dataset.theme") == "light"
    assert watched.faults == []


def test_a_wrong_address_says_what_is_wrong(hall: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hall.url}/review?rate=moon")
    expect(page.locator("[role=alert]")).to_contain_text("rate=moon 不可用", timeout=PATIENT_MS)
    page.goto(f"{hall.url}/review?region=nowhere")
    expect(page.locator("[role=alert]")).to_contain_text("nowhere", timeout=PATIENT_MS)
    assert watched.faults == []


def test_who_may_not_see_figures_sees_none(hall: Hall, watched: Watched) -> None:
    hall.account("only-department", "department", department=next(iter(hall.city.departments)))
    watched.page.context.clear_cookies()
    hall.log_in(watched.page.context, "only-department")
    watched.page.goto(f"{hall.url}/review")
    expect(watched.page.locator("[role=alert]")).to_contain_text("无权查看", timeout=PATIENT_MS)
