"""The moving layer in a real browser: the right one of 20,000 is picked, signs stay on their streets, contexts may be lost."""

import io
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bench.chrome import FLAGS
from tests.browser.conftest import CHROMIUM, Hall, Watched

CROWD = 20_000
SELECTION = (0x6D, 0xB8, 0xFA)
ALARM = (0xFF, 0x64, 0x50)
LEVEL = 17

READY = """id => globalThis.gridhall?.map?.main && gridhall.live.tables.get('worker').row(id)?.lon !== undefined
  && gridhall.city.shapes.childrenOf(gridhall.map.main.region).length"""

# a crowd around the real workers, told as the server would tell it, far behind the slots that the server uses
ADD = """n => {
  const table = gridhall.live.tables.get('worker'), [epoch, version, scope] = table.cursor
  const known = [...table.slotOf.values()].map((slot) => table.at(slot)).filter((row) => row.fixed_s)
  let seed = 7
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647
  const rows = Array.from({ length: n }, (_, i) => i)
  const near = (name) => rows.map((i) => known[i % known.length][name] + Math.round((random() - 0.5) * 20000))
  const column = (name, type, value) => [name, type, rows.map(value)]
  const fixed = known[0].fixed_s
  gridhall.live.receive({ now_ms: gridhall.live.now() }, [gridhall.frames.encode({
    table: 'worker', epoch, scope, from: version, to: version, reset: false, text_for: rows,
    text: { id: rows.map((i) => 'crowd' + i), name: rows.map((i) => 'crowd' + i), region: rows.map(() => known[0].region) },
    columns: [column('slot', 'u4', (i) => 5000 + i), ['lon', 'i4', near('lon')], ['lat', 'i4', near('lat')],
      column('fixed_s', 'u4', () => fixed), column('heard_s', 'u4', () => fixed), column('heading', 'u2', (i) => i % 360),
      column('speed', 'u2', () => 100), column('accuracy', 'u2', () => 50), column('battery', 'u1', () => 80),
      column('presence', 'u1', (i) => i % 6), column('role', 'u1', (i) => i % 8), column('flags', 'u1', () => 0)],
  })])
  return table.count
}"""
# and takes it away again: what follows is as true of eighty, and drawn faster without a graphics card
REMOVE = """n => {
  const table = gridhall.live.tables.get('worker'), [epoch, version, scope] = table.cursor
  const columns = Object.entries(table.columns).map(([name, values]) =>
    [name, { Int32Array: 'i4', Uint32Array: 'u4', Uint16Array: 'u2', Uint8Array: 'u1' }[values.constructor.name], []])
  gridhall.live.receive({ now_ms: gridhall.live.now() }, [gridhall.frames.encode({
    table: 'worker', epoch, scope, from: version, to: version, reset: false, text_for: [], text: {},
    columns: [['slot', 'u4', []], ...columns], gone: Array.from({ length: n }, (_, i) => 5000 + i),
  })])
  return table.count
}"""
# the worker whose middle is nearest to a place of the container, found without the layer: by the table and Leaflet alone
NEAREST = """([x, y]) => {
  const table = gridhall.live.tables.get('worker'), { map } = gridhall.map.main
  let best = null
  for (const [id, slot] of table.slotOf) {
    const { lon, lat, presence, fixed_s: fixed } = table.columns
    if (presence[slot] === 6 || !fixed[slot]) continue
    const at = map.latLngToContainerPoint([lat[slot] * 1e-7, lon[slot] * 1e-7])
    const distance = Math.hypot(at.x - x, at.y - y)
    if (!best || distance < best.distance) best = { id, distance, presence: presence[slot] }
  }
  return best
}"""
WHERE = """id => {
  const row = gridhall.live.tables.get('worker').row(id), { map } = gridhall.map.main
  const at = map.latLngToContainerPoint([row.lat * 1e-7, row.lon * 1e-7])
  return [at.x, at.y]
}"""
GO = """([id, zoom]) => {
  const row = gridhall.live.tables.get('worker').row(id), view = gridhall.map.main
  view.fitted = null
  view.map.setView([row.lat * 1e-7, row.lon * 1e-7], zoom, { animate: false })
}"""
# when nothing is on its way to the canvas any more
DRAWN = """async () => {
  const picture = () => new Promise(requestAnimationFrame), busy = () => gridhall.map.main.layers.workers.painter?.asked
  do { await picture(); await picture() } while (busy())
}"""
# in a flight, at every picture: how far the layer's idea of a worker's place is from Leaflet's
FLIGHT = """async id => {
  const view = gridhall.map.main, { map, layers: { workers } } = view, table = gridhall.live.tables.get('worker')
  const slot = table.slotOf.get(id), row = table.at(slot)
  map.flyTo([row.lat * 1e-7 + 0.001, row.lon * 1e-7], map.getZoom() - 2.3, { duration: 1 })
  let worst = 0, pictures = 0, flying = true
  map.once('moveend', () => { flying = false })
  while (flying) {
    await new Promise(requestAnimationFrame)
    const at = map.latLngToContainerPoint([row.lat * 1e-7, row.lon * 1e-7]), places = workers.places([-1e4, -1e4, 1e4, 1e4])
    const i = places.ids.indexOf(slot)
    worst = Math.max(worst, Math.hypot(places.xs[i] - at.x, places.ys[i] - at.y))
    pictures += 1
  }
  return { worst, pictures }
}"""
NAMED = """() => [...gridhall.map.main.layers.workerNames.named]
  .map((slot) => gridhall.live.tables.get('worker').text.name[slot])"""
PICKED = "() => { globalThis.__picked = []; return gridhall.map.on('pick', (what) => __picked.push(what.id)) && null }"


def open_wall(hall: Hall, page: Page, painter: str = "") -> None:
    page.goto(f"{hall.url}/wall?period=all&motion=0&turn=0&painter={painter}")
    page.wait_for_function(READY, arg=someone(hall))
    page.evaluate(
        "() => { gridhall.live.close(); gridhall.map.main.setFar('dots'); gridhall.map.main.setLayer('orders', false) }"
    )


def someone(hall: Hall, n: int = 3) -> str:
    worker: str = hall.walk.workers[n].worker  # type: ignore[attr-defined]
    return worker


@pytest.fixture(scope="module")
def wall(hall: Hall, browser: Browser) -> Iterator[Watched]:
    """One page for this file. Its link is cut once all are there, so that nobody moves between a look and a click."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(30_000)
    hall.account("viewer", "supervisor", "leader")
    hall.log_in(context, "viewer")
    watched = Watched(context.new_page())
    open_wall(hall, watched.page, "gl")
    assert watched.page.evaluate("() => Boolean(gridhall.map.main.layers.workers.painter.gl)")
    yield watched
    context.close()


def picture(page: Page) -> NDArray[np.int16]:
    """The map's pixels as (height, width, rgb)."""
    page.evaluate(DRAWN)
    raw = page.locator("#map").screenshot(animations="allow", caret="initial", scale="css")
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(np.int16)


def middle_of(pixels: NDArray[np.int16], color: tuple[int, int, int]) -> tuple[float, float]:
    """Middle of the box of all pixels of a colour."""
    rows, columns = np.nonzero(np.abs(pixels - np.array(color)).max(axis=2) < 20)
    assert len(rows) > 20, "not drawn"
    return (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2


def assert_on_its_street(page: Page, worker: str) -> None:
    """The ring of the selected worker is where Leaflet says that he is."""
    found = middle_of(picture(page), SELECTION)
    assert found == pytest.approx(page.evaluate(WHERE, worker), abs=1.6)


def select(page: Page, worker: str, zoom: float = LEVEL) -> None:
    page.evaluate(GO, [worker, zoom])
    page.evaluate("id => gridhall.map.main.select('worker', id)", worker)


def test_a_click_in_a_crowd_of_20000_opens_the_right_worker(hall: Hall, wall: Watched) -> None:
    page = wall.page
    assert page.evaluate(ADD, CROWD) >= CROWD
    worker = someone(hall, 5)
    page.evaluate(GO, [worker, LEVEL])
    page.evaluate(PICKED)
    box = page.locator("#map").bounding_box()
    assert box
    drawn, tried = random.Random(3), 0
    x, y = page.evaluate(WHERE, worker)
    page.evaluate("() => { gridhall.map.main.mute = true }")  # those of the crowd are not known to the server
    while tried < 12:
        pointer = [round(box["x"] + x + drawn.uniform(-90, 90)), round(box["y"] + y + drawn.uniform(-90, 90))]  # whole px
        near = page.evaluate(NEAREST, [pointer[0] - box["x"], pointer[1] - box["y"]])
        if near["distance"] < 3:  # on the smallest sign too: farther off, a large one that holds the pointer is the one meant
            tried += 1
            page.mouse.click(*pointer)
            assert page.evaluate("() => __picked.at(-1)") == near["id"]
    page.evaluate("() => { gridhall.map.main.mute = false }")
    page.mouse.click(round(box["x"] + x), round(box["y"] + y))
    assert page.evaluate("() => __picked.at(-1)") == worker
    expect(page.locator("#drawer")).to_contain_text(hall.city.roster[worker].name)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert page.evaluate(REMOVE, CROWD) < CROWD


def test_signs_stay_on_their_streets_while_the_map_is_dragged_and_zoomed(hall: Hall, wall: Watched) -> None:
    page, worker = wall.page, someone(hall)
    select(page, worker)
    assert_on_its_street(page, worker)
    box = page.locator("#map").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 310, box["y"] + 330, steps=4)
    assert_on_its_street(page, worker)  # held, not yet let go
    page.mouse.up()
    page.evaluate("() => { const { map } = gridhall.map.main; map.stop(); map.setZoom(15.37, { animate: false }) }")
    assert_on_its_street(page, worker)
    flight = page.evaluate(FLIGHT, worker)
    assert flight["pictures"] and flight["worst"] < 1, flight
    select(page, worker, 20)
    assert_on_its_street(page, worker)


def test_another_pixel_ratio_and_a_canvas_beyond_the_card_are_drawn_right(hall: Hall, wall: Watched) -> None:
    page, worker = wall.page, someone(hall)
    select(page, worker)
    canvas = "() => { const { canvas, size } = gridhall.map.main.layers.workers; return [canvas.width / size.x, canvas.width] }"
    assert page.evaluate(canvas)[0] == pytest.approx(1, abs=0.01)
    cdp = page.context.new_cdp_session(page)
    metrics = {"height": 768, "mobile": False}  # with another width too: Chromium tells a page of both together
    cdp.send("Emulation.setDeviceMetricsOverride", metrics | {"width": 1368, "deviceScaleFactor": 2})
    page.wait_for_function(f"() => ({canvas})()[0] > 1.99")
    assert_on_its_street(page, worker)
    page.evaluate("() => { const { workers } = gridhall.map.main.layers; workers.painter.largestSide = 1000; workers.lay() }")
    assert page.evaluate(canvas)[1] <= 1000
    assert_on_its_street(page, worker)
    page.evaluate("() => { const { workers } = gridhall.map.main.layers; workers.painter.largestSide = 8192 }")
    cdp.send("Emulation.setDeviceMetricsOverride", metrics | {"width": 1366, "deviceScaleFactor": 1})
    page.wait_for_function(f"() => ({canvas})()[0] < 1.01")
    assert_on_its_street(page, worker)


def test_far_out_there_are_rings_and_colours_and_heat_and_all_go_again(wall: Watched) -> None:
    page = wall.page
    page.evaluate("() => { const view = gridhall.map.main; view.select(null); view.fit(view.region, { animate: false }) }")
    page.evaluate("() => Promise.all(gridhall.city.asked.values())")  # borders that are seen only now
    page.evaluate("() => gridhall.map.main.setFilter({ presences: ['moving'] })")
    plain = picture(page)
    page.evaluate("() => gridhall.map.main.setFar('donuts')")
    looks = [plain, picture(page)]
    counted = page.evaluate("""() => {
      const { columns: { presence, fixed_s: fixed }, slotOf } = gridhall.live.tables.get('worker')
      return [...slotOf.values()].filter((slot) => presence[slot] === 0 && fixed[slot]).length
    }""")
    rings = page.evaluate("() => gridhall.map.main.layers.donuts.rings.reduce((sum, ring) => sum + ring.total, 0)")
    assert rings == counted > 10
    assert page.evaluate("() => gridhall.map.main.layers.workers.places().ids.length") == 0
    page.evaluate("() => gridhall.map.main.setFar('dots')")
    page.evaluate("""() => { const view = gridhall.map.main, children = gridhall.city.shapes.childrenOf(view.region)
      view.setColours(Object.fromEntries(children.map(({ code }, i) => [code, { step: i % 6, text: '97.5 %' }]))) }""")
    looks.append(picture(page))
    page.evaluate("() => { gridhall.map.main.setColours(null); gridhall.map.main.setLayer('orders', 'heat') }")
    looks.append(picture(page))
    page.evaluate("() => gridhall.map.main.setLayer('orders', false)")
    for i, one in enumerate(looks):
        for other in looks[i + 1 :]:
            assert (np.abs(one - other).max(axis=2) > 8).mean() > 0.01
    assert (np.abs(picture(page) - plain).max(axis=2) > 8).mean() < 0.006  # dots whose fix has grown old pale
    page.evaluate("() => gridhall.map.main.setFilter({})")


def test_an_emergency_has_its_hexagon_its_rings_and_the_letters_of_those_around(hall: Hall, wall: Watched) -> None:
    page, worker = wall.page, someone(hall)
    page.evaluate(GO, [worker, LEVEL])
    page.evaluate("() => gridhall.map.main.setLayer('workers', false)")
    before = picture(page)
    x, y = page.evaluate(WHERE, worker)
    page.evaluate("""([id]) => { const row = gridhall.live.tables.get('worker').row(id)
      gridhall.map.main.setAlarm({ lon: row.lon * 1e-7, lat: row.lat * 1e-7, radii_m: [100] }) }""", [worker])  # fmt: skip
    after = picture(page)
    across = page.evaluate("() => 200 / gridhall.map.main.metresPerPixel()")
    rows, columns = np.nonzero((np.abs(after - np.array(ALARM)).max(axis=2) < 40) & (np.abs(before - after).max(axis=2) > 40))
    assert columns.max() - columns.min() == pytest.approx(across, abs=4)
    assert (columns.max() + columns.min()) / 2 == pytest.approx(x, abs=2) and rows.max() == pytest.approx(y + across / 2, abs=3)
    page.evaluate("() => { gridhall.map.main.setAlarm(null); gridhall.map.main.setLayer('workers', true) }")
    page.evaluate("id => gridhall.map.main.setChosen([id], [])", worker)
    bare = picture(page)
    page.evaluate("id => gridhall.map.main.setChosen([id], ['A'])", worker)
    rows, columns = np.nonzero(np.abs(picture(page) - bare).max(axis=2) > 60)
    assert len(rows) > 30 and abs(columns.mean() - x) < 60 and abs(rows.mean() - y) < 20
    page.evaluate("() => gridhall.map.main.setChosen([])")


def test_close_up_workers_have_their_names_beside_them_and_the_selected_one_always(hall: Hall, wall: Watched) -> None:
    page, worker = wall.page, someone(hall)
    name = hall.city.roster[worker].name
    page.evaluate("() => gridhall.map.main.select(null)")
    page.evaluate(GO, [worker, 19])
    bare = picture(page)
    assert name in page.evaluate(NAMED)
    page.evaluate("() => { gridhall.live.tables.get('worker').text.name = []; gridhall.map.main.layers.workers.redraw() }")
    rows, columns = np.nonzero(np.abs(picture(page) - bare).max(axis=2) > 60)
    x, y = page.evaluate(WHERE, worker)
    assert len(rows) > 30 and 0 < columns.mean() - x < 80 and abs(rows.mean() - y) < 12
    page.evaluate(
        "([id, name]) => { const { text, slotOf } = gridhall.live.tables.get('worker'); text.name[slotOf.get(id)] = name }",
        [worker, name],
    )
    page.evaluate(GO, [worker, 16])
    picture(page)
    assert page.evaluate(NAMED) == []
    select(page, worker, 16)
    picture(page)
    assert page.evaluate(NAMED) == [name]


LOSE = """async () => {
  const { workers } = gridhall.map.main.layers
  globalThis.__lost = workers.painter.gl.getExtension('WEBGL_lose_context')
  const gone = new Promise((done) => workers.canvas.addEventListener('webglcontextlost', done, { once: true }))
  __lost.loseContext()
  await gone
}"""


def test_a_lost_context_comes_back_and_one_that_does_not_is_replaced(hall: Hall, wall: Watched) -> None:
    page, worker = wall.page, someone(hall)
    select(page, worker)
    page.evaluate(LOSE)
    page.evaluate(GO, [worker, LEVEL - 0.5])  # in the meantime the map goes on
    page.evaluate("() => __lost.restoreContext()")
    page.wait_for_function("() => !gridhall.map.main.layers.workers.painter.lost")
    assert_on_its_street(page, worker)
    by_card = picture(page)
    page.evaluate(LOSE)
    page.evaluate("""() => {
      gridhall.map.main.layers.workers.painter.build = () => { throw new Error('no memory') }
      __lost.restoreContext()
    }""")
    page.wait_for_function("() => !gridhall.map.main.layers.workers.painter.gl")
    assert_on_its_street(page, worker)
    apart = np.abs(picture(page) - by_card).max(axis=2)
    assert (apart > 80).mean() < 0.001 and apart.any(), "the processor draws something else than the card"
    assert wall.faults == []


def test_without_webgl_the_same_is_drawn_and_picked(hall: Hall, browser: Browser) -> None:
    path = next(name for name in CHROMIUM if Path(name).exists())
    other = browser.browser_type.launch(executable_path=path, args=[*FLAGS[:5], "--disable-3d-apis"])
    try:
        context = other.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai")
        hall.log_in(context, "viewer")
        watched = Watched(context.new_page())
        page, worker = watched.page, someone(hall, 5)
        open_wall(hall, page)
        assert page.evaluate("() => document.createElement('canvas').getContext('webgl2')") is None
        select(page, worker)
        assert_on_its_street(page, worker)
        page.evaluate("() => gridhall.map.main.map.panBy([90, -60], { animate: false })")
        assert_on_its_street(page, worker)
        page.evaluate("() => gridhall.map.main.map.setZoom(15.37, { animate: false })")
        assert_on_its_street(page, worker)
        canvases = "() => document.querySelectorAll('.leaflet-gh-workers-pane canvas').length"
        assert page.evaluate("() => gridhall.map.main.layers.workers.painter.late") and page.evaluate(canvases) == 2
        page.evaluate("() => gridhall.map.main.layers.workers.painter.thread.onerror({ message: 'gone' })")
        assert page.evaluate("() => !gridhall.map.main.layers.workers.painter.late") and page.evaluate(canvases) == 1
        assert_on_its_street(page, worker)
        select(page, worker)
        page.evaluate(PICKED)
        box = page.locator("#map").bounding_box()
        assert box
        x, y = page.evaluate(WHERE, worker)
        page.mouse.click(box["x"] + x, box["y"] + y)
        assert page.evaluate("() => __picked.at(-1)") == worker
        assert watched.faults == []
    finally:
        other.close()
