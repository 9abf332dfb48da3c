"""The bell in a real browser: it counts by itself, opens the order, and what is read is read on the next page too."""


import pytest
from playwright.sync_api import Browser, expect

from config import clock
from domain.notices import DELIVERED, Delivery, Notice, Sending
from store import notices
from tests.browser.conftest import Hall
from tests.browser.test_desk import Clerk, desk
from tests.browser.test_handset import Phone
from tests.dashboard.persons import PASSWORD

WAIT_MS = 20_000  # machines are busy
BELL = ".notice-button"
ASK = "() => gridhall.notices.ask()"
CUT_OFF = "() => document.querySelector('.top').scrollWidth > document.querySelector('.top').clientWidth + 1"


@pytest.fixture(scope="module")
def clerk(hall: Hall) -> Clerk:
    hall.account("unit-of-notices", "department", title="罗健", department=list(hall.city.departments)[2])
    return Clerk(hall, "clerk-of-notices")


def dispatched(clerk: Clerk, title: str) -> str:
    order = clerk.registered(title)
    clerk.act(order, "dispatch", department=list(clerk.hall.city.departments)[2])
    return order


def test_a_card_is_told_opened_and_read(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    first, second = dispatched(clerk, "井盖破损"), dispatched(clerk, "路灯不亮")
    clerk.act(first, "urge", note="请尽快")
    clerk.act(second, "yellow_card", reason="催办两次无反馈")
    with desk(hall, browser, "unit-of-notices") as watched:
        page = watched.page
        expect(page.locator(".notice-count")).to_have_text("2", timeout=WAIT_MS)
        clerk.act(second, "red_card", reason="仍无反馈")
        page.evaluate(ASK)
        expect(page.locator(".notice-count")).to_have_text("3", timeout=WAIT_MS)
        assert not page.evaluate(CUT_OFF)
        page.locator(BELL).click()
        lines = page.locator(".popup.notices .notice-line")
        expect(lines).to_have_count(3, timeout=WAIT_MS)
        assert lines.locator("b").all_inner_texts() == ["红牌", "黄牌", "催办"]
        expect(lines.first).to_contain_text("路灯不亮", timeout=WAIT_MS)
        expect(lines.first).to_contain_text("仍无反馈", timeout=WAIT_MS)
        page.keyboard.press("Escape")
        expect(page.locator(".popup")).to_have_count(0, timeout=WAIT_MS)
        page.locator(BELL).click()
        expect(lines).to_have_count(3, timeout=WAIT_MS)
        lines.first.click()
        page.wait_for_url(f"**/order/{second}**")
        expect(page.locator(".who-name")).to_have_text("路灯不亮", timeout=WAIT_MS)
        expect(page.locator(".notice-count")).to_have_text("2", timeout=WAIT_MS)
        page.locator(BELL).click()
        expect(page.locator(".notice-line.read")).to_have_count(1, timeout=WAIT_MS)
        page.get_by_text("全部已读").click()
        expect(page.locator(".notice-count")).to_have_text("", timeout=WAIT_MS)
        page.reload()
        expect(page.locator(BELL)).to_be_visible(timeout=WAIT_MS)
        page.evaluate(ASK)
        expect(page.locator(".notice-count")).to_have_text("", timeout=WAIT_MS)


def test_the_order_shows_what_was_told_outside(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = dispatched(clerk, "道路积水")
    now_ms = clock.now_ms()
    told = Notice(
        id="n" * 32, event="ended", order=order, at_ms=now_ms, told_at_ms=now_ms, actor="x", role="supervisor", status="closed",
        region="", holder="", sendings=(Sending("a" * 32, "sms", True), Sending("b" * 32, "platform")),
    )  # fmt: skip
    with hall.store.client.pipeline(transaction=True) as pipe:
        notices.put(pipe, hall.store.partition_of(order), [told])
        pipe.execute()
    sent = Delivery(id="a" * 32, order=order, event="ended", webhook="sms", reporter=True, told_at_ms=now_ms, state=DELIVERED,
                    tries=3, at_ms=now_ms, status=204)  # fmt: skip
    notices.settle(hall.store, sent)
    hall.account("viewer-of-notices", "supervisor", "leader")
    with desk(hall, browser, "viewer-of-notices") as watched:
        page = watched.page
        page.goto(f"{hall.url}/order/{order}")
        lines = page.locator(".told-outside")
        expect(lines).to_have_count(2, timeout=WAIT_MS)
        expect(page.locator('[data-delivery="delivered"]')).to_contain_text("已送达", timeout=WAIT_MS)
        expect(page.locator('[data-delivery="delivered"]')).to_contain_text("告知反映人", timeout=WAIT_MS)
        expect(page.locator('[data-delivery="waiting"]')).to_contain_text("platform", timeout=WAIT_MS)
        page.goto(f"{hall.url}/order/{order}?lang=en")
        expect(page.locator('[data-delivery="delivered"]')).to_contain_text("Delivered", timeout=WAIT_MS)


def test_a_worker_is_told_on_the_phone(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    entry = hall.walk.workers[9]  # type: ignore[attr-defined]
    hall.account("phone-of-notices", "worker", title=entry.name, scope=entry.region, worker=entry.worker)
    order = clerk.registered("垃圾满溢")
    clerk.act(order, "dispatch", handler=entry.worker)
    clerk.act(order, "urge", note="请尽快")
    spot = hall.city.geometry(entry.region).representative_point()  # type: ignore[union-attr]
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, is_mobile=True, has_touch=True, locale="zh-CN", timezone_id="Asia/Shanghai",
                                  permissions=["geolocation"])  # fmt: skip
    context.set_default_timeout(WAIT_MS)
    try:
        phone = Phone(context, hall.url, (round(spot.x, 6), round(spot.y, 6)))
        phone.log_in("phone-of-notices", "?lang=zh", PASSWORD)
        row = phone.page.locator(".notices .notice-row")
        expect(row).to_have_count(1, timeout=WAIT_MS)
        expect(row).to_contain_text("垃圾满溢", timeout=WAIT_MS)
        expect(row).to_contain_text("请尽快", timeout=WAIT_MS)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        row.click()
        phone.page.wait_for_url(f"**#/order/{order}")
        phone.page.go_back()
        expect(phone.page.locator(".order-row").first).to_be_visible(timeout=WAIT_MS)
        expect(row).to_have_count(0, timeout=WAIT_MS)
    finally:
        context.close()
