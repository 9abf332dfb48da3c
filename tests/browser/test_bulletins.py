"""Publishing by hand in a real browser: the bar lives, the version opens, its files are there."""

import datetime as dt

from playwright.sync_api import expect

from config import clock
from config.words import words
from tests.browser.conftest import Hall, Watched

SAID = words("zh")


def test_a_month_is_published_and_its_bar_goes_to_the_end(hall: Hall, watched: Watched) -> None:
    page = watched.page
    today = clock.local_now(hall.city.zone).date()
    month = f"{today.replace(day=1) - dt.timedelta(days=1):%Y-%m}"
    page.goto(f"{hall.url}/desk")
    page.get_by_role("link", name=SAID["tab.bulletins"]).click()
    page.get_by_label(SAID["bulletins.period_head"]).fill(month)
    page.get_by_role("button", name=SAID["bulletins.publish"]).click()
    bar = page.locator(".job progress")
    expect(bar).to_be_visible()
    for _ in range(600):
        if page.locator(".job").count() == 0:
            break
        page.wait_for_timeout(200)
    expect(page.locator(".job")).to_have_count(0)
    link = page.locator("tbody tr", has_text=SAID["bulletins.kind.month"]).locator("a.link").first
    link.click()
    expect(page.locator("h1")).to_contain_text(SAID["bulletins.version"].format(n=1))
    expect(page.locator("header")).to_contain_text("UTC+08:00 Asia/Shanghai")
    with page.expect_download() as begun:
        page.get_by_role("link", name="PDF").click()
    assert begun.value.suggested_filename.endswith(f"{month} v1.pdf")
    page.goto(f"{hall.url}/bulletins")
    page.get_by_label(SAID["bulletins.period_head"]).fill(month)
    page.get_by_role("button", name=SAID["bulletins.publish"]).click()
    expect(page.get_by_role("alert")).to_contain_text(SAID["bulletins.fault.reason"])
    assert [fault for fault in watched.faults if "400" not in fault] == []
