"""The hotline in a real browser: a citizen is called back at the order's page, and the card beside the table of /statistics."""

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Hall, Watched
from tests.browser.test_desk import Clerk, clerk, state_of

__all__ = ["clerk"]


def test_answers_at_a_call_back_are_asked_for_kept_and_counted(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    hall.account("su", "supervisor", "intake", title="苏文")
    order = clerk.report("路灯长期不亮")
    clerk.act(order, "force_close", reason="已修复")
    state_of(clerk, order, "closed")
    calls = {"calls": 200, "calls_answered": 188}
    hall.tell("tallies", [{"day": "2024-03-01", "key": key, "value": n} for key, n in calls.items()])
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(20_000)
    hall.log_in(context, "su")
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{hall.url}/order/{order}?motion=0")
    page.get_by_role("button", name="回访").first.click()
    form = page.locator(".order-form")
    expect(form.locator("[data-ask]:visible").nth(1)).to_have_attribute("data-ask", "contacted")
    form.locator('[data-ask="satisfaction"] input[value="fair"]').check()
    form.locator('[data-ask="contacted"] input[value="yes"]').check()
    form.locator('[data-ask="solved"] input[value="no"]').check()
    form.locator('[data-ask="solved"] input[value=""]').check()  # he was not asked after all
    form.locator("button[type=submit]").click()
    life = state_of(clerk, order, "callback")["life"]
    assert (life["satisfaction"], life["contacted"], life["solved"]) == ("fair", "yes", "")
    expect(page.locator("dl.desk-pairs")).to_contain_text("已联系")

    page.goto(f"{hall.url}/statistics?view=hotline&motion=0")
    card = page.locator(".hotline-card")
    expect(card.locator('[data-tally="connection_rate"]')).to_contain_text("94.00 %")
    expect(card.locator('[data-tally="connection_rate"]')).to_contain_text("未达标准")
    said = card.locator('[data-figure="hotline_response_rate"]')
    counted = int(said.get_attribute("data-den") or 0)
    assert counted >= 1
    said.click()
    expect(page.locator(".orders-total")).to_contain_text(str(counted))
    context.close()
    assert watched.faults == []
