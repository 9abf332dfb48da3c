"""What fails on a screen says so and fails alone; what is typed fast stays as it was typed; a map goes away without a trace."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.words import words
from tests.browser.conftest import Hall, Watched
from tests.browser.test_wall import open_wall

FAST = "abcdefghijkl"


def type_fast(page: Page, field: str) -> None:
    """As a scanner, a paste by keys or an input method does: all letters at once, twice, with what answers meanwhile."""
    page.locator(field).focus()
    page.keyboard.type(FAST)
    assert page.locator(field).input_value() == FAST
    page.wait_for_timeout(250)  # the answer to the first is on its way
    page.keyboard.type(FAST)
    page.wait_for_timeout(1500)
    assert page.locator(field).input_value() == FAST + FAST


@pytest.mark.parametrize("path", ["/wall?motion=0", "/orders", "/desk", "/statistics", "/review"])
def test_letters_typed_fast_into_the_search_stay_in_their_order(hall: Hall, watched: Watched, path: str) -> None:
    page = watched.page
    page.goto(f"{hall.url}{path}")
    page.wait_for_function("() => gridhall.config && document.querySelector('#search-text')")
    page.wait_for_timeout(1000)
    page.evaluate("() => { document.getElementById('search').hidden = false; }")
    type_fast(page, "#search-text")
    expect(page.locator("#search-results")).to_contain_text(FAST + FAST)


@pytest.mark.parametrize("field", ["#desk-search", ".desk-around input[type=search]"])
def test_letters_typed_fast_into_the_searches_of_the_desk_stay_in_their_order(hall: Hall, watched: Watched, field: str) -> None:
    page = watched.page
    page.goto(f"{hall.url}/desk")
    page.wait_for_selector("#desk-search")
    if page.locator(field).count() == 0 or not page.locator(field).first.is_visible():
        page.locator(".desk-tab").first.click()
    page.wait_for_selector(field)
    page.wait_for_timeout(1000)
    type_fast(page, field)


@pytest.mark.page_faults("panel over", "tick scenes")
def test_a_panel_that_fails_and_a_turn_that_fails_stop_nothing_else_and_are_told(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched, "?period=all")
    page.evaluate("""() => {
      gridhall.panels.define('over', { draw() { throw new Error('made to fail'); } });
      gridhall.scenes.tick = () => { throw new Error('made to fail'); };
      gridhall.panels.draw();
    }""")
    expect(page.locator("[data-panel=over]")).to_contain_text(words("zh")["panel.fault"])
    clock = page.locator("[data-clock=hms]").first
    before = clock.inner_text()
    page.wait_for_function("before => document.querySelector('[data-clock=hms]').textContent !== before", arg=before)
    before = clock.inner_text()
    page.wait_for_function("before => document.querySelector('[data-clock=hms]').textContent !== before", arg=before)
    figures = page.evaluate("() => gridhall.live.figures.as_of_ms")
    page.wait_for_function("before => gridhall.live.figures.as_of_ms > before", arg=figures)
    expect(page.locator("[data-panel=loop]")).not_to_contain_text("▲")
    for _ in range(50):
        told = {fault["where"]: fault for fault in hall.ask("faults")["items"] if fault["kind"] == "browser"}
        if {"panel over", "tick scenes"} <= set(told):
            break
        time.sleep(0.2)
    assert {"panel over", "tick scenes"} <= set(told)
    assert told["tick scenes"]["times"] == 1, "told once, however often it failed"


PART_FAILS = """([part, good]) => {
  const figures = { ...gridhall.live.figures };
  const now = gridhall.live.now();
  const fault = { reference: 'ABCDEF', since_ms: now - 60000, good_ms: good ? now - 90000 : null };
  if (!good) delete figures[part];
  gridhall.live.receive({ seq: 0, ready: true, connected: true, figures: { ...figures, faults: { [part]: fault } } }, []);
  gridhall.panels.draw();
  const panel = document.querySelector('[data-panel=over]');
  return { text: panel.innerText, faulty: panel.classList.contains('faulty'), height: panel.offsetHeight,
           other: document.querySelector('[data-panel=rate]').className };
}"""


@pytest.mark.parametrize("good", [True, False])
def test_a_part_that_cannot_be_counted_says_so_in_its_panel_and_in_the_line(hall: Hall, watched: Watched, good: bool) -> None:
    page = open_wall(hall, watched, "?period=all&motion=0&scene=overview")
    page.wait_for_selector("[data-panel=over] .row")
    before = page.locator("[data-panel=over]").evaluate("panel => panel.offsetHeight")
    shown = page.evaluate(PART_FAILS, ["urgent", good])
    assert shown["faulty"] and "ABCDEF" in shown["text"] and "faulty" not in shown["other"]
    assert ("停在" in shown["text"]) is good
    assert abs(shown["height"] - before) <= 2, "the panel keeps its place"
    page.wait_for_function("() => gridhall.live.figures && !gridhall.live.figures.faults")
    page.evaluate("() => gridhall.panels.draw()")
    expect(page.locator("[data-panel=over]")).not_to_contain_text("ABCDEF")
    page.wait_for_selector("[data-panel=over] .row")


@pytest.mark.parametrize(
    ("meta", "key"),
    [
        ({"ready": False, "connected": True}, "situation.starting"),
        ({"ready": True, "connected": False, "heard_ms": 1_700_000_000_000}, "situation.store_away"),
        ({"ready": True, "connected": True, "catching_up": True}, "situation.catching_up"),
    ],
)
def test_the_line_says_what_stands_between_the_screen_and_the_present(
    hall: Hall, watched: Watched, meta: dict[str, Any], key: str
) -> None:
    page = open_wall(hall, watched)
    said = page.evaluate("""meta => {
      gridhall.live.receive({ seq: 0, ...meta }, []);
      gridhall.panels.drawOne(document.getElementById('situation'), gridhall.panels.figures);
      return document.getElementById('situation').innerText;
    }""", meta)  # fmt: skip
    assert words("zh")[key].split("{")[0].strip() in said
    page.wait_for_function("() => gridhall.live.standing === ''")


def test_a_screen_that_is_refused_says_why(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    page.evaluate("() => gridhall.live.watch({ region: 'nowhere at all' })")
    expect(page.locator("#situation")).to_contain_text(words("zh")["refused.unknown_region"])


GONE = """id => {
  const view = gridhall.map.of(id);
  const { layers, map } = view;
  const orders = [...gridhall.live.tables.get('order').slotOf.keys()];
  view.select('worker', [...gridhall.live.tables.get('worker').slotOf.keys()][0]);
  for (const layer of Object.values(layers)) layer.invalidate?.();
  map.panBy([30, 30], { animate: false });
  map.remove();
  for (const layer of Object.values(layers)) {
    const told = ['invalidate', 'redraw', 'lay', 'places', 'isEmpty', 'recount', 'tick', 'read', 'isOn', 'onMove', 'onZoom'];
    for (const name of told) layer[name]?.();
    layer.setSignSize?.(1.5);
    layer.setSelected?.(null);
    layer.setMode?.(true);
    layer.at?.(10, 10);
  }
  const all = (table) => ({ slots: [...table.slotOf.values()], gone: [], renewed: false });
  for (const table of gridhall.live.tables.values()) table.emit('rows', all(table));
  return orders.length;
}"""


@pytest.mark.parametrize("asked", ["region=nowhere", "scene=nowhere", "period=soon"])
def test_a_wall_shows_the_usual_and_says_what_of_its_address_there_is_not(hall: Hall, watched: Watched, asked: str) -> None:
    page = open_wall(hall, watched, f"?{asked}")
    expect(page.locator("#situation")).to_contain_text(f"网址中的 {asked} 无法识别")
    page.goto(f"{hall.url}/wall?motion=0&turn=0")
    page.wait_for_function("() => gridhall.panels?.figures")
    expect(page.locator("#situation")).not_to_contain_text("无法识别")


def test_a_review_of_an_address_that_cannot_be_says_so_and_leads_to_one_that_can(hall: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hall.url}/review?sort=beauty")
    fault = page.locator(".review-fault")
    expect(fault).to_contain_text("地址有误：sort=beauty 不可用")
    fault.locator("a").click()
    expect(page.locator(".review-fault")).to_have_count(0)
    expect(page.locator("#review-table table")).to_be_visible()


@pytest.mark.parametrize(("path", "map_id"), [("/wall?motion=0", "map"), ("/wall", "map"), ("/desk", "desk-map")])
def test_a_map_that_goes_away_leaves_nothing_that_fails(hall: Hall, watched: Watched, path: str, map_id: str) -> None:
    page = watched.page
    page.goto(f"{hall.url}{path}")
    page.wait_for_function("id => gridhall.map?.of?.(id)?.layers?.workers?.painter && gridhall.live.frameAtMs", arg=map_id)
    page.wait_for_timeout(1500)
    page.evaluate(GONE, map_id)
    page.wait_for_timeout(1500)
    page.goto(f"{hall.url}/orders")


def test_one_goes_back_and_forth_between_pages_with_maps_without_a_fault(hall: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hall.url}/desk")
    page.wait_for_selector("#desk-search")
    worker = hall.walk.workers[0].worker  # type: ignore[attr-defined]
    for path in ("/wall", "/desk", f"/worker/{worker}", "/order/T001", "/review", "/wall", "/desk"):
        page.evaluate("path => gridhall.shell.go(path)", path)
        page.wait_for_timeout(900)
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(400)


WIDTH_M = "() => gridhall.map.main.metresPerPixel()"


def test_a_worker_that_is_opened_on_the_wall_has_his_day_in_view_and_the_map_goes_back(hall: Hall, watched: Watched) -> None:
    page = open_wall(hall, watched)
    far = page.evaluate(WIDTH_M)
    middle = page.evaluate("() => { const at = gridhall.map.main.map.getCenter(); return [at.lng, at.lat]; }")
    worker = hall.walk.workers[5].worker  # type: ignore[attr-defined]
    page.evaluate("id => gridhall.shell.select({ kind: 'worker', id })", worker)
    page.wait_for_function("() => gridhall.map.main.layers.tracks.bounds()")
    page.wait_for_timeout(500)
    assert page.evaluate(WIDTH_M) < far / 10
    seen = page.evaluate("""() => {
      const { map, layers } = gridhall.map.main;
      const box = map.getContainer().getBoundingClientRect();
      const edge = document.getElementById('drawer').getBoundingClientRect().left - box.left;
      const inside = ({ x, y }) => x > 0 && y > 0 && x < edge && y < box.height;
      return layers.tracks.bounds().every((at) => inside(map.latLngToContainerPoint(at)));
    }""")
    assert seen, "the whole day, beside the drawer"
    page.locator("#drawer [data-close]").click()
    page.wait_for_timeout(500)
    assert page.evaluate(WIDTH_M) == pytest.approx(far, rel=0.01)
    back = page.evaluate("() => { const at = gridhall.map.main.map.getCenter(); return [at.lng, at.lat]; }")
    assert back == pytest.approx(middle, abs=0.002)
