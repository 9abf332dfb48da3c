"""A wall's link in real browsers: made on the page, opened, revoked, dark at once; and a wall that renews itself unseen."""

import base64
import io
from typing import Any

from PIL import Image, ImageStat
from playwright.sync_api import Browser, Page, expect

from config import clock
from config.words import words
from dashboard.live.session import RECHECK_S
from tests.browser.conftest import Hall, Watched

WHOLE = "() => globalThis.gridhall?.live?.figures && gridhall.map?.of?.('map') && gridhall.live.link.connected"
TOLD = "() => gridhall.watchdog.round().then(() => gridhall.watchdog.health({fps: 30, heap_mb: 1}))"

WITNESS = """() => {
  let told = 0
  gridhall.live.on('refused', () => { told = Date.now() })
  addEventListener('pagehide', () => { sessionStorage.dark = JSON.stringify([told, document.body.style.display]) })
}"""
BROKEN = """() => sessionStorage.setItem('gridhall.watchdog', JSON.stringify({
  renewed: [Date.now()], reloads: 0, renewing: 'heap'
}))"""


def admin_page(hall: Hall, browser: Browser) -> Page:
    hall.account("root", "administrator")
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN")
    context.set_default_timeout(20_000)
    hall.log_in(context, "root")
    return context.new_page()


def make_link(hall: Hall, admin: Page, name: str, *scenes: str) -> str:
    admin.goto(f"{hall.url}/walls")
    admin.fill("input[name=name]", name)
    for scene in scenes:
        admin.get_by_label(scene, exact=True).check()
    admin.get_by_role("button", name=words("zh")["walls.make"]).click()
    link = admin.locator("#link").input_value()
    assert link.startswith(f"{hall.url}/enter#gh_")
    return link


def test_a_revoked_link_goes_dark_at_once(hall: Hall, browser: Browser) -> None:
    admin = admin_page(hall, browser)
    link = make_link(hall, admin, "大厅-1", "综合态势", "事件处置")
    screen = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    wall = screen.new_page()
    wall.goto(link)
    wall.wait_for_url("**/wall**")
    wall.wait_for_function(WHOLE)
    assert wall.evaluate("gridhall.api.me.rights") == ["orders", "people", "track", "wall"] and "gh_" not in wall.url
    assert set(wall.evaluate("Object.keys(gridhall.scenes.shipped().scenes)")) == {"overview", "cases"}
    wall.evaluate(TOLD)
    admin.goto(f"{hall.url}/status")
    row = admin.locator("[data-screen='token:大厅-1']")
    expect(row).to_contain_text("1920 × 1080")
    expect(row).to_contain_text("综合态势")
    admin.goto(f"{hall.url}/walls")
    row = admin.locator("[data-link='大厅-1']")
    expect(row.locator("td.num")).to_have_text("1")
    wall.evaluate(WITNESS)
    pressed_ms = clock.now_s() * 1000
    row.get_by_role("button").click()
    wall.wait_for_url("**/enter**")
    dark_ms, shown = wall.evaluate("JSON.parse(sessionStorage.dark)")
    assert 0 < dark_ms - pressed_ms < RECHECK_S * 1000 * 0.7 and shown == "none"  # dark before it went to the door
    expect(wall.locator(".fault")).to_contain_text(words("zh")["door.no_token"])
    assert wall.locator("canvas, .panel, [data-panel]").count() == 0
    expect(admin.locator("[data-link='大厅-1']")).to_have_count(0)
    wall.goto(link)
    expect(wall.locator(".fault")).to_be_visible()
    wall.goto(f"{hall.url}/wall")
    wall.wait_for_url("**/login**")
    screen.close()
    admin.context.close()


def light(frame: bytes) -> float:
    """How much of a picture is drawn: its spread of brightness."""
    return float(ImageStat.Stat(Image.open(io.BytesIO(frame)).convert("L")).stddev[0])


def test_a_page_that_renews_itself_is_never_dark_and_says_so(hall: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hall.url}/wall?motion=0&scene=overview&turn=0")
    page.wait_for_function(WHOLE)
    page.wait_for_timeout(1500)
    page.evaluate(BROKEN)
    cdp = page.context.new_cdp_session(page)
    frames: list[bytes] = []

    def keep(shot: dict[str, Any]) -> None:
        frames.append(base64.b64decode(shot["data"]))
        cdp.send("Page.screencastFrameAck", {"sessionId": shot["sessionId"]})

    cdp.on("Page.screencastFrame", keep)
    before = light(page.screenshot())
    cdp.send("Page.startScreencast", {"format": "jpeg", "quality": 60, "maxWidth": 960, "everyNthFrame": 1})
    page.evaluate("window.old = 1; void gridhall.renew()")
    page.wait_for_function("() => window.old === undefined && window.gridhallCover")
    assert page.locator("#gridhall-cover").count() == 1
    page.wait_for_function(WHOLE)
    page.wait_for_selector("#gridhall-cover", state="detached")
    expect(page.locator(".watchdog")).to_contain_text(words("zh")["watchdog.why.heap"])
    cdp.send("Page.stopScreencast")
    lights = [round(light(frame), 1) for frame in frames]
    assert len(lights) >= 2 and min(lights) > before * 0.6, lights
    assert page.evaluate("sessionStorage.getItem('gridhall.still')") is None
    health = page.evaluate(TOLD)
    assert (health["renewals"], health["reloads"]) == (1, 0)
    page.evaluate("sessionStorage.setItem('gridhall.still', `${Date.now() - 60000}\\n<p>of somebody before`)")
    page.reload()  # a picture that was left for nobody who sits here now
    page.wait_for_function(WHOLE)
    assert page.locator("#gridhall-cover").count() == 0
    assert page.evaluate("sessionStorage.getItem('gridhall.still')") is None
    assert watched.faults == []
