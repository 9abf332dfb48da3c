"""Every figure on every screen: the list that it opens has exactly its numerator and denominator; and none is without one."""

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from config import clock
from config.make import make_city
from config.words import words
from domain.calendar import Period, named
from domain.indicators import DEFINITIONS
from layouts.statistics import GROUPINGS, VIEWS
from tests.browser.conftest import Hall, Watched, iso
from tests.browser.rich import everything, make_rich, recounted

DAY_MS: Final = 86_400_000
ZONE: Final = ZoneInfo("Asia/Shanghai")
ON_THE_WALL: Final = {
    "open", "overdue", "due_soon", "in_limit", "urgent", "reported", "registered", "closed", "stage_handle", "closure_rate",
    "on_time_closure_rate",
}  # fmt: skip
IN_THE_SCENES: Final = {
    "dispatched", "check_ended", "returned_ever", "reworked", "rework_rate", "on_time_handling_rate", "yellow_carded",
    "red_carded", "resolved_at_town_rate", "satisfaction_rate", "called_back", "plainly_satisfied", "hotline_orders",
    "hotline_satisfaction_rate",
}  # fmt: skip
PERIODS: Final = ("today", "week", "month", "year", "all", "custom")

FIGURES: Final = r"""() => [...document.querySelectorAll('[data-figure]')].map(e => {
  const address = x => x.dataset.href ?? x.getAttribute('href') ?? ''
  const inner = [...e.querySelectorAll('a, [data-href]')]
  const link = [e, ...inner].find(x => address(x).startsWith('/orders?'))
  const titled = [e, ...inner].find(x => x.title || x.hushed)
  return {
    key: e.dataset.figure, num: e.dataset.num, den: e.dataset.den, href: link ? address(link) : null,
    title: titled ? titled.title || titled.hushed : e.querySelector('title')?.textContent ?? '', // a picture's is an element
    text: e.textContent, panel: e.closest('[data-panel]')?.dataset.panel,
  }
})"""
# Texts with a digit that one can see and that no figure and no explained number holds.
LOOSE: Final = r"""exempt => {
  const loose = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    if (!/\d/.test(node.data) || element.closest('script, style, svg')) continue
    if (!element.checkVisibility({ visibilityProperty: true })) continue
    if (element.closest('[data-figure], [data-def]') || exempt.some(selector => element.closest(selector))) continue
    loose.push([element.closest('[data-panel]')?.dataset.panel ?? '', element.className, node.data])
  }
  return loose
}"""
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
UNEXPLAINED: Final = """() => [...document.querySelectorAll('[data-def]')].filter(e => !(e.title || e.hushed))
  .map(e => e.outerHTML.slice(0, 200))"""

NO_FIGURES: Final = (
    "[data-clock], .age, .date, [data-panel=lamps], [data-panel=health]",  # clocks and sources
    "[data-panel=who], [data-panel=scope], .status, .top-title, .crumbs, .key, kbd",  # who looks, names of places, keys
    ".situation.lost, .top-situation.lost",  # since when the link is gone
    ".map-frame, .map-note, .legend, .lag",  # the map draws orders and workers one by one
    "[data-panel=feed], [data-panel=ticker], .over a.row",  # orders, one by one
    ".panel-title, .panel-base, .panel .span, .wall-control",  # the days of the window
    ".axis .lo, .axis .hi, .col-heads > :first-child, .bars .more, .dept .more",  # ends of an axis; how many rows there are
    ".ag-root, .desk-order, .duty-list, .news-button",  # orders and workers, one by one; what is new at this desk
    ".statistics th, .statistics-head, [data-panel=month] .col-heads",  # names of months and channels, the window
    ".review-controls, .review-below, .review-foot, .review th, .review .name, .review h2",  # choices, places, the moment
    ".review-value:not(a), .review-took, .review-stage [title], .review-heads, .review-day, .review .score",  # times, scores
    ".review td.t3:not([data-figure]), .review-cards, .review-orders",  # ranks, cards (their page lists them), single orders
    ".review-legend, .review-note, .review-title .t3, .review p.t3:not(.review-card p)",  # how many more there are
    ".queue a.row, .ladder a.row",  # orders, one by one
    ".panel .more, .rank .place, .panel.heat .name, .panel.rank .name",  # how many more there are, places in a ranking, places
    "[data-tally][title], [data-load][title], [data-score][title], .hotline-card + p",  # calls that a hotline told, a score
)
"""What shows digits and is no figure of orders. A number that is in none of these has to carry its proof."""


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    try:
        folder = make_city("guicheng", tmp_path_factory.mktemp("rich-city"), seed=1)
    except FileNotFoundError as missing:
        pytest.skip(f"the demo city's packages are not installed: {missing}")
    running = Hall(tmp_path_factory.mktemp("rich"), folder)
    make_rich(running)
    running.account("viewer", "supervisor", "leader")
    yield running
    running.end()


@contextmanager
def seat(rich: Hall, browser: Browser, name: str = "viewer", width: int = 1920, height: int = 1080) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(30_000)
    rich.log_in(context, name)
    yield Watched(context.new_page())
    context.close()


class Prover:
    """Opens the lists of figures by the API and compares; what has been asked once is not asked again."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.totals: dict[tuple[str, ...], int] = {}
        self.orders: dict[str, list[dict[str, Any]]] = {}
        self.recounts = 0
        self.keys: set[str] = set()

    def total(self, params: dict[str, str], part: str) -> int:
        asked = {key: value for key, value in params.items() if key not in ("lang", "motion", "theme", "part")} | {"part": part}
        key = tuple(f"{name}={value}" for name, value in sorted(asked.items()))
        if key not in self.totals:
            self.totals[key] = self.hall.ask("orders", limit="0", **asked)["total"]
        return self.totals[key]

    def faults(self, page: Page, lang: str = "zh") -> list[Any]:
        """Whatever is wrong with any figure on the page."""
        said, found = words(lang), []
        for figure in page.evaluate(FIGURES):
            fault = self._fault(figure, said)
            if fault:
                found.append((fault, figure))
        return found + [("unexplained", text) for text in page.evaluate(UNEXPLAINED)]

    def _fault(self, figure: dict[str, Any], said: Any) -> str:
        key, definition = figure["key"], DEFINITIONS.get(figure["key"])
        self.keys.add(key)
        if definition is None or figure["num"] is None or not figure["href"]:
            return "no definition, number or list"
        if (definition.den is not None) != (figure["den"] is not None):
            return "a rate without denominator, or a count with one"
        if said[f"figure.{key}.what"] not in figure["title"] or not MOMENT.search(figure["title"]):
            return "no definition or moment on hover"
        params = dict(parse_qsl(urlsplit(figure["href"]).query))
        if params.get("figure") != key or "as_of" not in params:
            return "another list, or one of no moment"
        for part, count in (("num", definition.num), ("den", definition.den)):
            if count is not None and self.total(params, part) != int(figure[part]):
                return f"{part}: the list has {self.total(params, part)}"
        return self._recount_fault(definition, params)

    def _recount_fault(self, definition: Any, params: dict[str, str]) -> str:
        """The ids of the list are those that a plain recount gives; of every tenth figure."""
        self.recounts += 1
        if self.recounts % 10:
            return ""
        orders = self.orders.setdefault(params["as_of"], [])
        orders += [] if orders else everything(self.hall, params["as_of"])
        asked = {key: value for key, value in params.items() if key not in ("lang", "motion", "theme")}
        for part, count in (("num", definition.num), ("den", definition.den)):
            wanted = None if count is None else recounted(self.hall, orders, count, asked)
            if wanted is not None:
                page = self.hall.ask("orders", **{**asked, "part": part, "limit": "1000"})
                if {item["order"] for item in page["items"]} != wanted:
                    return f"{part}: the list has other orders than a recount"
        return ""


@pytest.fixture(scope="module")
def prover(rich: Hall) -> Prover:
    return Prover(rich)


def shown(page: Page) -> None:
    page.wait_for_function("() => globalThis.gridhall?.live?.figures && document.querySelector('#wall .loop a.row')")


def go(page: Page, region: str, period: str, scene: str = "overview") -> None:
    """The wall at a region and period, as a link there does it; until its figures are drawn."""
    today = clock.now_ms() // DAY_MS * DAY_MS
    ends = f"&from={today - 2 * DAY_MS}&to={today + DAY_MS}" if period == "custom" else ""
    page.evaluate("url => gridhall.shell.go(url)", f"/wall?motion=0&scene={scene}&region={region}&period={period}{ends}")
    meant = named(period, ZONE, clock.now_ms()) if not ends else Period("custom", today - 2 * DAY_MS, today + DAY_MS)
    page.wait_for_function(
        """([region, from, to]) => { const f = gridhall.live?.figures
        const there = f && f.region.code === region && f.period.from_ms === from && f.period.to_ms === to
        return there && !gridhall.shell.jumping && !document.querySelector('#columns .panel.waiting') }""",
        arg=[region, meant.from_ms, meant.to_ms],
    )
    page.evaluate("() => gridhall.panels.draw()")


def still(page: Page) -> None:
    """No more figures come: what is looked at and what is compared is one picture."""
    page.evaluate("() => { gridhall.panels.draw = () => {}; gridhall.panels.drawOne = () => {} }")


def test_every_figure_of_the_wall_opens_what_it_counted(rich: Hall, browser: Browser, prover: Prover) -> None:
    with seat(rich, browser, width=5760) as watched:
        page = watched.page
        page.goto(f"{rich.url}/wall?motion=0")
        shown(page)
        root = rich.city.root
        below = rich.city.children(root)[0]
        for region, period in [*((root, period) for period in PERIODS), (below, "year"), (rich.city.children(below)[0], "all")]:
            go(page, region, period)
            assert prover.faults(page) == [], (region, period)
            assert page.evaluate(LOOSE, list(NO_FIGURES)) == [], (region, period)
        assert watched.faults == []
    assert prover.keys >= ON_THE_WALL
    assert prover.recounts > 500


def test_every_figure_of_the_scenes_of_orders_and_supervision_opens_what_it_counted(
    rich: Hall, browser: Browser, prover: Prover
) -> None:
    below = rich.city.children(rich.city.root)[0]
    walk = [("cases", rich.city.root, "all"), ("supervise", rich.city.root, "month"), ("supervise", below, "all")]
    with seat(rich, browser, width=5760) as watched:
        page = watched.page
        page.goto(f"{rich.url}/wall?motion=0&scene=cases")
        page.wait_for_function("() => globalThis.gridhall?.live?.figures")
        for scene, region, period in walk:
            go(page, region, period, scene)
            assert prover.faults(page) == [], (scene, region, period)
            assert page.evaluate(LOOSE, list(NO_FIGURES)) == [], (scene, region, period)
        assert watched.faults == []
    assert prover.keys >= IN_THE_SCENES


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (3840, 1080), (7680, 2160)])
def test_no_step_of_the_wall_shows_a_number_without_proof(
    rich: Hall, browser: Browser, prover: Prover, width: int, height: int
) -> None:
    with seat(rich, browser, width=width, height=height) as watched:
        watched.page.goto(f"{rich.url}/wall?motion=0&lang=en")
        shown(watched.page)
        assert prover.faults(watched.page, "en") == []
        assert watched.page.evaluate(LOOSE, list(NO_FIGURES)) == []


def test_every_figure_of_the_statistics_opens_what_it_counted(rich: Hall, browser: Browser, prover: Prover) -> None:
    with seat(rich, browser) as watched:
        page = watched.page
        views = itertools.cycle(VIEWS)
        for by, view in [*(("region", view) for view in VIEWS), *((by, next(views)) for by in GROUPINGS if by != "region")]:
            period = "all" if by in ("department", "month") else "month"  # of all orders a page has thousands of numbers
            page.goto(f"{rich.url}/statistics?by={by}&view={view}&period={period}")
            page.wait_for_selector(".figures tbody tr")
            assert prover.faults(page) == [], (by, view)
            assert page.evaluate(LOOSE, list(NO_FIGURES)) == [], (by, view)
        page.goto(f"{rich.url}/statistics?by=region&period=month")
        expect(page.locator(".figures tr.compared td[data-figure]").first).to_be_visible()
        assert watched.faults == []


def test_every_figure_of_the_review_opens_what_it_counted(rich: Hall, browser: Browser, prover: Prover) -> None:
    below = rich.city.children(rich.city.root)[0]
    asked = ("period=all", "period=month", "period=all&by=department", "period=all&by=category", "period=all&by=source",
             f"period=all&region={below}", "period=all&by=month&rate=on_time_closure_rate")  # fmt: skip
    with seat(rich, browser) as watched:
        page = watched.page
        for params in asked:
            page.goto(f"{rich.url}/review?{params}")
            page.wait_for_selector(".review-figures [data-figure]")
            page.wait_for_selector(".review-table [data-figure]")
            assert prover.faults(page) == [], params
            assert page.evaluate(LOOSE, list(NO_FIGURES)) == [], params
        assert watched.faults == []


def test_every_count_of_the_desk_filters_its_queue_to_so_many_rows(rich: Hall, browser: Browser, prover: Prover) -> None:
    with seat(rich, browser) as watched:
        page = watched.page
        page.goto(f"{rich.url}/desk?motion=0")
        page.wait_for_function("() => gridhall.deskQueue?.grid && gridhall.deskQueue.ready && gridhall.live.figures")
        page.wait_for_selector(".top-situation [data-figure]")
        assert prover.faults(page) == []
        assert page.evaluate(LOOSE, list(NO_FIGURES)) == []
        pills = page.locator(".desk-filters .pill")
        for number in range(pills.count()):
            pill = pills.nth(number)
            title, told = pill.get_attribute("title") or "", int(pill.locator("b").inner_text().replace(",", ""))
            assert "截至" in title and f"{told:,}" in title, title
            pill.click()
            assert page.evaluate("() => gridhall.deskQueue.grid.getDisplayedRowCount()") == told
            expect(page.locator(".desk-foot [data-def=queue_shown]")).to_have_attribute("data-num", str(told))
            if number:
                pill.click()
        assert page.evaluate("() => gridhall.deskQueue.rows.size") == rich.ask("orders", figure="open", limit="0")["total"]
        assert watched.faults == []


def test_the_counts_of_a_worker_and_beside_an_order_open_their_orders(rich: Hall, browser: Browser, prover: Prover) -> None:
    with seat(rich, browser) as watched:
        page = watched.page
        worker = rich.ask("workers", presence="moving,still,silent,offline,out_of_grid", limit="1")["items"][0]["worker"]
        page.goto(f"{rich.url}/worker/{worker}")
        expect(page.locator(".dossier-list [data-figure]")).to_have_count(6)
        assert prover.faults(page) == []
        order = next(row["order"] for row in rich.ask("orders", limit="500")["items"] if row["lon"] and row["region"])
        page.goto(f"{rich.url}/order/{order}")
        page.wait_for_selector(".order-page, .order-work, main")
        assert prover.faults(page) == []
        assert watched.faults == []


def test_the_list_says_what_it_lists_as_of_when_and_the_other_part(rich: Hall, browser: Browser) -> None:
    with seat(rich, browser) as watched:
        page = watched.page
        page.goto(f"{rich.url}/wall?motion=0&period=all")
        shown(page)
        told = page.locator(".hero-value")
        num, den = int(told.get_attribute("data-num") or 0), int(told.get_attribute("data-den") or 0)
        told.click()
        page.wait_for_url(re.compile("/orders"))
        expect(page.locator("#orders-total")).to_have_text(f"{den:,}")
        head = page.locator(".orders-head")
        expect(head).to_contain_text(words("zh")["figure.closure_rate.what"])
        expect(head).to_contain_text("UTC+08:00 Asia/Shanghai")
        head.locator("[data-figure]", has_text=f"分子 {num:,}").click()
        expect(page.locator("#orders-total")).to_have_text(f"{num:,}")
        page.wait_for_selector(".ag-center-cols-container [role=row]")
        page.get_by_role("link", name=words("zh")["proof.now"]).click()
        page.wait_for_url(lambda url: "as_of" not in url)
        assert watched.faults == []


def test_a_number_that_was_shown_opens_what_it_counted_after_things_have_changed(rich: Hall, browser: Browser) -> None:
    with seat(rich, browser) as watched:
        page = watched.page
        page.goto(f"{rich.url}/wall?motion=0&period=all")
        shown(page)
        still(page)
        cell = page.locator("#counters [data-key=open]")
        told = int(cell.get_attribute("data-num") or 0)
        rich.tell("events", [{"order": "LATER", "at": iso(clock.now_s()), "status": "reported"}])
        for _ in range(100):
            if rich.ask("orders", figure="open", limit="0")["total"] == told + 1:
                break
            time.sleep(0.1)
        cell.click(position={"x": 20, "y": 40})
        page.wait_for_url(re.compile("/orders"))
        expect(page.locator("#orders-total")).to_have_text(f"{told:,}")
        page.get_by_role("link", name=words("zh")["proof.now"]).click()
        expect(page.locator("#orders-total")).to_have_text(f"{told + 1:,}")


def test_who_only_shows_the_wall_may_open_what_it_shows(rich: Hall, browser: Browser, prover: Prover) -> None:
    """A wall never acts; the orders of its scope it may read, and so the list behind a number is open to it too."""
    rich.account("screen", "wall")
    with seat(rich, browser, "screen") as watched:
        page = watched.page
        page.goto(f"{rich.url}/wall?motion=0")
        shown(page)
        assert prover.faults(page) == []
        cell = page.locator("#counters [data-key=overdue]")
        told = cell.get_attribute("data-num")
        cell.click(position={"x": 20, "y": 40})
        page.wait_for_url(re.compile("/orders"))
        expect(page.locator("#orders-total")).to_have_text(f"{int(told or 0):,}")
        assert watched.faults == []
