"""A whole order's life by four people in four browsers; each sees at once, without asking, what the others do."""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from config.words import words
from tests.browser.conftest import Hall
from tests.browser.test_desk import Clerk, desk, row_of
from tests.browser.test_handset import Phone
from tests.dashboard.persons import PASSWORD

LATEST = ".order-scroll .trail li"


class Four:
    """A gridworker on the phone, the head of the sub-center, a department and a checker at their desks."""

    def __init__(self, hall: Hall, browser: Browser, stack: ExitStack, lang: str) -> None:
        walk = hall.walk  # type: ignore[attr-defined]
        self.entry = walk.workers[5 if lang == "zh" else 6]
        self.department = next(iter(hall.city.departments))
        self.lang = lang
        suffix = f"-{lang}"
        hall.account(f"worker{suffix}", "worker", title=self.entry.name, scope=self.entry.region, worker=self.entry.worker)
        hall.account("head", "supervisor", "duty_chief", title="陈国强")
        hall.account("unit", "department", title="罗健", department=self.department)
        hall.account("checker", "checker", title="黄晓彤")
        spot = hall.city.geometry(self.entry.region).representative_point()  # type: ignore[union-attr]
        context = browser.new_context(
            viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, locale="zh-CN", timezone_id="Asia/Shanghai",
            permissions=["geolocation"],
        )  # fmt: skip
        context.set_default_timeout(20_000)
        stack.callback(context.close)
        self.phone = Phone(context, hall.url, (round(spot.x, 6), round(spot.y, 6)))
        self.phone.log_in(f"worker{suffix}", f"?lang={lang}", PASSWORD)
        open_desk = lambda name: stack.enter_context(desk(hall, browser, name, f"&lang={lang}")).page  # noqa: E731
        self.head: Page = open_desk("head")
        self.unit: Page = open_desk("unit")
        self.checker: Page = open_desk("checker")
        self.order = ""

    def open(self, page: Page) -> None:
        """Find the order in the queue, where it came by itself, and open it."""
        expect(row_of(page, self.order)).to_be_visible(timeout=20_000)
        row_of(page, self.order).click()
        expect(page.locator(".order-no")).to_have_text(self.order)

    def do(self, page: Page, action: str, **told: str) -> None:
        """One action by its button, with what its form needs."""
        button = page.locator(f'.part-bar [data-act="{action}"]')
        expect(button).not_to_have_attribute("aria-disabled", "true", timeout=20_000)
        button.click()
        form = page.locator(".part-form")
        if told:
            expect(form).to_be_visible()
        for name, value in told.items():
            fill(form.locator(f'[data-ask="{name}"]'), value)
        if form.is_visible():
            page.keyboard.press("Control+Enter")
        expect(form).to_be_hidden(timeout=20_000)

    def seen(self, *pages: Page, word: str) -> None:
        """What was done last stands on top of the trail of each of these screens, which nobody has touched."""
        for page in pages:
            expect(page.locator(LATEST).first).to_contain_text(word, timeout=20_000)


def fill(ask: Locator, value: str) -> None:
    kind = ask.locator("select, textarea, input").first
    if kind.evaluate("e => e.tagName") == "SELECT":
        kind.select_option(value)
    elif kind.get_attribute("type") == "radio":
        ask.locator(f'input[value="{value}"]').check()
    else:
        kind.fill(value)


@pytest.fixture(params=["zh", "en"])
def four(hall: Hall, browser: Browser, request: Any) -> Iterator[Four]:
    with ExitStack() as stack:
        yield Four(hall, browser, stack, request.param)


def test_a_whole_life_by_four_people_in_four_browsers_seen_live_by_each(hall: Hall, four: Four) -> None:
    said = words(four.lang)
    text = f"灯杆倾斜 {uuid.uuid4().hex[:6]}"
    clerk = Clerk(hall, f"onlooker-{uuid.uuid4().hex[:6]}")
    # the worker reports from the street
    four.phone.report(text, matter={"zh": "占道", "en": "pavement"}[four.lang])
    four.phone.submit()
    found: list[Any] = []
    for _ in range(100):
        found = clerk.http.get("/orders", params={"text": text}).json()["items"]
        if found:
            break
        four.phone.page.wait_for_timeout(100)
    four.order = found[0]["order"]
    # it comes to the head's queue by itself, and not to the department's, whose it is not yet
    four.open(four.head)
    expect(row_of(four.unit, four.order)).to_have_count(0)
    # the city's rule has accepted it, as 社管通 does
    four.do(four.head, "register", category="010101")
    four.do(four.head, "dispatch", department=four.department)
    # now it is the department's
    four.open(four.unit)
    four.do(four.unit, "take_up")
    four.seen(four.head, word=said["action.take_up"])
    four.open(four.checker)
    four.do(four.unit, "feedback", note="已扶正")
    four.seen(four.head, four.checker, word=said["action.feedback"])
    four.do(four.unit, "request_close")
    four.seen(four.head, four.checker, word=said["action.request_close"])
    # who handled it cannot check it; who supervises can
    four.do(four.checker, "check", result="passed")
    four.seen(four.head, four.unit, word=said["action.check"])
    four.do(four.head, "evaluate", quality="好")
    four.do(four.head, "close")
    for page in (four.head, four.unit, four.checker):
        expect(page.locator(LATEST).first).to_contain_text(said["action.close"], timeout=20_000)
        expect(row_of(page, four.order)).to_have_count(0, timeout=20_000)
    # and the worker reads on the phone what became of it
    four.phone.go(f"#/order/{four.order}")
    expect(four.phone.page.locator("main, body").first).to_contain_text(re.compile(said["status.closed"]), timeout=20_000)
    page = clerk.page(four.order)
    life = "report accept register dispatch take_up feedback request_close check evaluate close"
    assert [step["action"] for step in page["trail"]] == life.split()
    assert [step["action"] for step in page["trail"] if step["role"] == "rule"] == ["accept"]
    actors = {step["actor"] for step in page["trail"] if step["role"] != "rule"}
    assert actors == {four.entry.worker, "head", "unit", "checker"}
    assert four.phone.complaints() == []

