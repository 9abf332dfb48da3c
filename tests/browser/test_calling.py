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


def test_of_many_who_call_the_newest_and_the_longest_waiting_have_a_line_and_the_bar_says_how_many(
    hall: Hall, screen: Watched
) -> None:
    walkers: list[RosterEntry] = hall.walk.workers  # type: ignore[attr-defined]
    walking = {entry.worker for entry in walkers}
    callers = [entry for entry in hall.city.roster.values() if entry.worker not in walking][1:6]
    page = screen.page
    page.goto(f"{hall.url}/wall?motion=0&turn=0")
    page.wait_for_function(FIRST)
    band, bar = page.locator(".calling"), page.locator("#situation strong")
    for number, one in enumerate(callers, 1):
        hall.tell("positions", [{"worker": one.worker, "sos": True}])
        expect(band.locator(".row", has_text=one.name)).to_have_count(1)
        if number > 1:
            expect(bar).to_contain_text(f"{number} 人报警求助")
    names = band.locator(".row b")
    few = names.count()
    assert few < 5 and callers[-1].name in names.first.inner_text() and callers[0].name in names.last.inner_text()
    band.locator(".calling-more").click()
    expect(names).to_have_count(5)
    band.locator(".calling-more").click()
    expect(names).to_have_count(few)
    bar.locator(".calls").click()
    expect(page.locator(f".sos-bar.standing[data-worker='{callers[-1].worker}']")).to_be_visible()
    page.goto(f"{hall.url}/desk?side=around")
    page.locator(".top-situation strong .calls").click()
    first = page.locator(".duty-line")
    expect(first.locator(".state-sos")).to_have_count(5)
    assert {first.nth(at).locator("b").inner_text() for at in range(5)} == {one.name for one in callers}
    answers = "ids => Promise.all(ids.map(id => gridhall.api.post(`workers/${id}/sos`, { id: `answer-${id}` })))"
    page.evaluate(answers, [one.worker for one in callers])
    expect(page.locator(".top-situation .calls")).to_have_count(0)
    assert screen.faults == []
