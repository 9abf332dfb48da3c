"""The panels of orders and supervision show what the API says, whole, on small and large canvases and in both languages."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from config.words import words
from domain.rates import shown
from tests.browser.conftest import Hall, Watched
from tests.browser.rich import Desk

PANELS: Final = {
    "cases": {"stage", "series7", "queue", "aging", "heat", "returns"},
    "supervise": {"cards", "ladder", "rank", "depts", "level", "sat", "month", "hotline"},
}
SMALL: Final = {"cases": {"stage", "queue", "aging"}, "supervise": {"cards", "depts"}}
CUT: Final = r"""names => {
  const found = []
  for (const name of names) {
    const panel = document.querySelector(`#columns [data-panel=${name}]`), body = panel.querySelector('.panel-body')
    const box = body.getBoundingClientRect()
    if (panel.dataset.fault) found.push([name, panel.dataset.fault])
    const high = !body.querySelector('.scroll-lines') && body.scrollHeight > body.clientHeight + 1
    if (high || body.scrollWidth > body.clientWidth + 1) found.push([name, 'body'])
    for (const e of panel.querySelectorAll('.panel-title, .panel-body *')) {
      if (e.children.length || !e.textContent.trim() || e.closest('svg') || !e.checkVisibility()) continue
      const own = e.getBoundingClientRect()
      const below = !e.closest('.scroll-lines') && own.bottom > box.bottom + 1
      const beyond = below || own.left < box.left - 1 || own.right > box.right + 1
      const cut = getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1
      if (beyond || cut) found.push([name, e.className, e.textContent])
    }
  }
  return found
}"""
TOLD: Final = r"""name => [...document.querySelectorAll(`#columns [data-panel=${name}] [data-figure]`)].map(e => ({
  key: e.dataset.figure, num: +e.dataset.num, den: e.dataset.den,
  text: [e, ...e.querySelectorAll('*')].filter(x => !x.children.length).map(x => x.textContent).join(' '),
}))"""


@pytest.fixture(scope="module")
def carded(hall: Hall) -> Iterator[Hall]:
    """The hall with a few orders of its own: cards of both colours, a return, a rework, a call-back."""
    desk = Desk(hall)
    given = [("desk", "accept", {}), ("desk", "register", {"category": "010101"})]
    given += [("desk", "dispatch", {"department": desk.department}), ("unit", "take_up", {})]
    over = [*given, ("unit", "feedback", {"note": "已修"}), ("unit", "request_close", {})]
    closed = [*over, ("check", "check", {"result": "passed"}), ("desk", "evaluate", {"quality": "good"}), ("desk", "close", {})]
    yellow: list[Any] = [*given, ("desk", "yellow_card", {"reason": "拖延"})]
    red = ("desk", "red_card", {"reason": "再拖"})
    lives: list[list[Any]] = [
        yellow, [*yellow, red], [*over, ("check", "check", {"result": "failed", "reason": "没修好"})],
        [*closed, ("desk", "callback", {"satisfaction": "satisfied"})],
    ]  # fmt: skip
    for number, life in enumerate(lives):
        desk.live(number, *life)
    hall.account("panels", "supervisor", "leader")
    yield hall


def open_scene(page: Page, scene: str) -> None:
    page.evaluate("scene => gridhall.scenes.show(scene)", scene)
    page.wait_for_function(
        """scene => document.documentElement.dataset.scene === scene && !document.querySelector('#columns .panel.waiting')
        && gridhall.live.figures""",
        arg=scene,
    )
    page.evaluate("() => gridhall.panels.draw()")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_cut_off_on_small_and_large_canvases(carded: Hall, browser: Browser, lang: str) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(30_000)
    carded.log_in(context, "panels")
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{carded.url}/wall?motion=0&lang={lang}&period=all&scene=cases&turn=0")
    page.wait_for_function("() => globalThis.gridhall?.live?.figures")
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        step = "s1" if width < 1600 else "s2"
        page.wait_for_function("step => document.documentElement.dataset.step === step", arg=step)
        for scene, names in SMALL.items():
            open_scene(page, scene)
            assert page.evaluate(CUT, sorted(names)) == [], (width, scene)
    assert watched.faults == []
    context.close()


def test_every_panel_shows_what_the_api_says(carded: Hall, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 5760, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(30_000)
    carded.log_in(context, "panels")
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{carded.url}/wall?motion=0&period=all&scene=cases&turn=0")
    page.wait_for_function("() => globalThis.gridhall?.live?.figures")
    for scene, names in PANELS.items():
        open_scene(page, scene)
        told = {name: page.evaluate(TOLD, name) for name in names}
        assert page.evaluate(CUT, sorted(names)) == [], scene
        for name, figures in told.items():
            check_numbers(name, figures)
        check_cases(carded, page) if scene == "cases" else check_supervision(carded, page)
    assert watched.faults == []
    context.close()


def check_numbers(name: str, figures: list[dict[str, Any]]) -> None:
    """What is read is what is counted: a count shows itself, a rate its per cent or its numerator. Bars have no text."""
    read = [figure for figure in figures if re.search(r"\d", figure["text"])]
    assert len(read) > {"queue": 0, "cards": -1}.get(name, 2), name
    for figure in read if name not in ("month", "hotline") else ():  # changes in per cent, weighted rates
        numbers = set(re.findall(r"\d[\d,]*(?:\.\d+)?", figure["text"]))
        rate = "" if figure["den"] is None else shown(figure["num"], int(figure["den"])).removesuffix(" %")
        assert numbers & {f"{figure['num']:,}", rate}, (name, figure)


def check_cases(hall: Hall, page: Page) -> None:
    stages = page.evaluate("() => gridhall.live.figures.stage.rows")
    figures = page.locator("#columns .stage .row a.figure")
    assert figures.last.get_attribute("data-num") == str(hall.ask("orders", figure="open", limit="0")["total"])
    handling = next(row for row in stages if row["stage"] == "handle")
    assert handling["open"] == hall.ask("orders", figure="open", status="dispatched,handling", limit="0")["total"] > 0
    queue = page.locator("#columns .queue a.row")
    first = hall.ask("orders", figure="overdue", sort="deadline", limit="1")["items"][0]
    assert first["order"] in (queue.first.get_attribute("href") or "")
    assert "超" in queue.first.locator(".left").inner_text()
    asked = hall.ask("indicators", by="category", period="all")
    by_category = {group["key"]: group["figures"]["reported"]["numerator"] for group in asked["groups"]}
    sums = page.evaluate(
        "() => { const h = gridhall.live.figures.heat; return [h.categories.map(c => c.key), h.rows.map(r => r.cells)] }"
    )
    assert {key: sum(row[n] for row in sums[1]) for n, key in enumerate(sums[0])} == {key: by_category[key] for key in sums[0]}
    today = page.locator("#columns .series7 .series").first
    assert today.locator(".figure").inner_text() == str(hall.ask("orders", period="today", limit="0")["total"])


def check_supervision(hall: Hall, page: Page) -> None:
    cards = hall.ask("cards", period="month")
    listed = {row["department"]: (str(row["yellow"]), str(row["red"])) for row in cards["departments"]}
    rows = page.locator("#columns .cards .row")
    assert rows.count() == len(listed) > 0
    given = [[cell.replace("—", "0") for cell in rows.nth(n).locator(".card").all_inner_texts()] for n in range(rows.count())]
    assert sorted(map(tuple, given)) == sorted(listed.values())
    red = rows.first.locator(".card-red")
    assert red.get_attribute("href", timeout=1000) and words("zh")["figure.cards_red.what"] in (
        red.get_attribute("title") or ""
    )
    ladder = [int(text) for text in page.locator("#columns .ladder .rung b").all_inner_texts()]
    wanted = [{"figure": "overdue"}, {"figure": "open", "flag": "supervised"}, {"figure": "yellow_carded", "open": "1"}]
    assert ladder[:3] == [hall.ask("orders", limit="0", **params)["total"] for params in wanted]
    asked = hall.ask("indicators", by="department", period="all", figures="on_time_closure_rate")
    rates = {group["key"]: group["figures"]["on_time_closure_rate"]["shown"].replace(" %", "") for group in asked["groups"]}
    told = page.evaluate("() => gridhall.live.figures.depts.rows.map(r => [r.key, r.num, r.den])")
    texts = page.locator("#columns .depts .row .value").all_inner_texts()
    assert len(texts) == len(told) > 1
    assert dict(zip((key for key, _, _ in told), texts, strict=True)) == {key: rates[key] for key, _, _ in told}
    assert page.locator("#columns .sat .hero-value .n").inner_text() == "100.00"
    # A list that is longer than its panel steps on by whole rows, and stands while somebody points at it.
    places = page.locator("#columns .rank .more")
    before = places.inner_text()
    assert before.startswith("第 ") and len(hall.city.children(hall.city.root)) > 20
    page.wait_for_function("before => document.querySelector('#columns .rank .more').textContent !== before", arg=before)
    page.locator("#columns .rank .rows").hover()
    assert (
        page.evaluate(
            "() => { const r = document.querySelector('#columns .rank .rows'); return r.scrollTop % r.scroller.rowPx }"
        )
        == 0
    )
