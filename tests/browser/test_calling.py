"""Whoever calls for help is seen by the hall and at the desk, also without any fix, until somebody answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from config.city_model import RosterEntry
from tests.browser.conftest import Hall, Watched

FIRST = "() => globalThis.gridhall?.live?.figures?.calling"


@pytest.fixture
def screen(hall: Hall, browser: Browser) -> Iterator[Watched]:
    hall.account("guard", "supervisor")
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(60_000)
    hall.log_in(context, "guard")
    yield Watched(context.new_page())
    context.close()


def test_who_calls_without_a_fix_stands_over_the_map_and_first_in_every_bar_until_answered(hall: Hall, screen: Watched) -> None:
    walkers: list[RosterEntry] = hall.walk.workers  # type: ignore[attr-defined]
    walking = {entry.worker for entry in walkers}
    walker, never_seen = walkers[1], next(entry for entry in hall.city.roster.values() if entry.worker not in walking)
    page = screen.page
    page.goto(f"{hall.url}/wall?motion=0&turn=0")
    page.wait_for_function(FIRST)
    band = page.locator(".calling")
    expect(band).to_be_hidden()
    told = [{"worker": walker.worker, "sos": True}, {"worker": never_seen.worker, "sos": True}]
    for one in told:
        hall.tell("positions", [one])
    expect(band.locator(".row")).to_have_count(2)
    expect(band.locator(".row", has_text=never_seen.name)).to_contain_text("尚无有效位置")
    expect(band.locator(".row", has_text=walker.name)).not_to_contain_text("尚无有效位置")
    expect(page.locator("#situation strong")).to_contain_text("报警求助")
    band.locator(".row", has_text=never_seen.name).click()
    drawer = page.locator(".sos-bar.standing")
    expect(drawer).to_contain_text("尚无有效位置")
    drawer.locator("input").fill("已电话联系")
    drawer.locator("button").click()
    expect(band.locator(".row")).to_have_count(1)
    page.goto(f"{hall.url}/desk")
    page.locator(".top-situation .calls", has_text=walker.name).click()
    expect(page).to_have_url(f"{hall.url}/worker/{walker.worker}")
    page.locator(".sos-bar.standing button").click()
    expect(page.locator(".top-situation .calls")).to_have_count(0)
    assert screen.faults == []
