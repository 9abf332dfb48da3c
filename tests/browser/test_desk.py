"""The desk in a real browser: by keyboard alone, in batches, by hand, by two at once, and quiet while one works."""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Hall, Watched
from tests.dashboard.persons import PASSWORD

READY = "() => globalThis.gridhall?.deskQueue?.ready && gridhall.deskQueue.grid && gridhall.map.of('desk-map')"
MOVE = "place => gridhall.map.of('desk-map').map.setView(place, 16, { animate: false })"
FOCUS = "() => { const e = document.activeElement; return e === document.body ? 'body' : e.className || e.tagName }"
FOCUSED = """() => {
  const e = document.activeElement
  return [e.tagName, String(e.className), getComputedStyle(e).outlineStyle, e.closest('[data-panel]')?.dataset.panel ?? '']
}"""
CUT_OFF = """() => [...document.querySelectorAll(
  '.desk-main > section, .desk-head, .desk-filters, .part-bar, .desk-foot, .top')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1).map(e => e.className)"""
LOST_WORDS = "() => document.body.innerText.match(/(desk|ask|told|action|status|refusal|door)\\.[a-z_.]+/g)"


class Clerk:
    """Somebody else at work: does things by the API in all roles at once."""

    def __init__(self, hall: Hall, name: str = "clerk") -> None:
        self.hall = hall
        headers = hall.program(name, "supervisor", "intake", "duty_chief", "dispatcher")
        self.http = httpx.Client(base_url=f"{hall.url}/api/v1", headers=headers, trust_env=False, timeout=30)

    def report(self, title: str, **fields: Any) -> str:
        """A new order in a grid of the city that the queue shows; its number."""
        spot = self.hall.city.geometry(self.hall.walk.workers[2].region).representative_point()  # type: ignore[attr-defined]
        told = {
            "text": f"{title}，请尽快处理",
            "title": title,
            "category": "010101",
            "channel": "12345",
            "lon": spot.x,
            "lat": spot.y,
            **fields,
        }
        answer = self.http.post("/reports", json={"id": uuid.uuid4().hex, "fields": told})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["order"])

    def act(self, order: str, action: str, **fields: Any) -> None:
        answer = self.http.post(f"/orders/{order}/actions", json={"id": uuid.uuid4().hex, "action": action, "fields": fields})
        assert answer.status_code == 200, answer.text

    def registered(self, title: str) -> str:
        """An order that waits for its dispatch."""
        order = self.report(title)
        self.act(order, "accept")
        self.act(order, "register", category="010101")
        return order

    def page(self, order: str) -> Any:
        return self.http.get(f"/orders/{order}", params={"ms": 1}).json()


@pytest.fixture(scope="module")
def clerk(hall: Hall) -> Clerk:
    hall.account("li", "supervisor", "duty_chief", title="李思敏")
    hall.account("zhou", "supervisor", title="周文")
    return Clerk(hall)


@contextmanager
def desk(
    hall: Hall, browser: Browser, name: str = "li", query: str = "", size: tuple[int, int] = (1920, 1080)
) -> Iterator[Watched]:
    """The desk of somebody who is logged in; nothing may have been said in the console at the end."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(20_000)
    hall.log_in(context, name)
    watched = Watched(context.new_page())
    watched.page.goto(f"{hall.url}/desk?motion=0{query}")
    watched.page.wait_for_function(READY)
    yield watched
    context.close()
    assert unexpected(watched) == []


def unexpected(watched: Watched) -> list[str]:
    """What the console complained of, but for the browser's own line about a refusal, which is an answer like any other."""
    return [fault for fault in watched.faults if "409 (CONFLICT)" not in fault]


def row_of(page: Page, order: str) -> Any:
    return page.locator(f'#desk-grid .ag-row[row-id="{order}"]')


def find(page: Page, text: str, count: int = 1) -> None:
    """By keys: to the search, and back into the queue's first row."""
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    expect(page.locator("#desk-grid .ag-center-cols-container .ag-row")).to_have_count(count)
    page.keyboard.press("Enter")
    expect(page.locator("#desk-search")).not_to_be_focused()


def state_of(clerk: Clerk, order: str, status: str) -> Any:
    """The order, once it has come to a state."""
    for _ in range(100):
        page = clerk.page(order)
        if page["order"]["status"] == status:
            return page
        time.sleep(0.1)
    raise AssertionError((order, page["order"]["status"], status))


def test_an_order_is_dispatched_by_keyboard_alone_from_the_log_in_on(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    title = "键盘派遣"
    order = clerk.registered(title)
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{hall.url}/desk?motion=0")
    expect(page.locator("input[name=user]")).to_be_focused()
    page.keyboard.type("li")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/desk"))
    page.wait_for_function(READY)
    find(page, title)
    expect(page.locator(".order-name")).to_have_text(title)
    expect(page.locator('.part-bar [data-act="dispatch"]')).to_have_class(re.compile("primary"))
    page.keyboard.press("d")
    expect(page.locator(".part-form select")).to_be_focused()
    expect(page.locator(".part-form .near-letter", has_text="A")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("d j k u c")  # letters in a field are letters
    page.keyboard.press("Control+Enter")
    expect(page.locator(".part-form")).to_be_hidden()
    expect(page.locator(".order-scroll .trail li").first).to_contain_text("派遣")
    told = state_of(clerk, order, "dispatched")
    step = next(step for step in reversed(told["trail"]) if step["action"] == "dispatch")
    assert (step["actor"], step["note"]) == ("li", "d j k u c")
    assert told["order"]["handler"] in [row["worker"] for row in clerk.http.get(f"/orders/{order}/nearby").json()["workers"]]
    assert page.evaluate(FOCUS) != "body"
    context.close()
    assert watched.faults == []


def test_every_control_of_the_desk_is_reached_by_tab_and_shows_it(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("逐个控件")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        expect(page.locator(".part-bar .act").first).to_be_visible()
        seen, outlines = set(), []
        for _ in range(120):
            page.keyboard.press("Tab")
            what = page.evaluate(FOCUSED)
            seen.add(what[3])
            if what[0] in ("BUTTON", "A"):
                outlines.append(what)
        assert {"deskqueue", "deskorder", "deskaround", "who", "desknews"} <= seen
        assert [what for what in outlines if what[2] == "none"] == []


def test_marked_orders_are_dispatched_with_one_form_and_each_has_its_answer(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    title = "成批派遣"
    orders = [clerk.registered(f"{title}{n}") for n in range(3)]
    with desk(hall, browser) as watched:
        page = watched.page
        find(page, title, 3)
        for _ in orders:
            page.keyboard.press("x")
            page.keyboard.press("j")
        expect(page.locator(".desk-batch b")).to_have_text("已标记 3 件")
        expect(page.locator(".desk-mark")).to_have_count(3)
        page.keyboard.press("b")
        expect(page.locator(".batch-row")).to_have_count(3)
        clerk.act(orders[1], "dispatch", department="szfw")  # somebody else is faster with one of them
        page.keyboard.press("Control+Enter")
        ends = page.locator(".batch-end.ok")
        expect(ends).to_have_count(2)
        expect(page.locator(".batch-end.bad")).to_contain_text("派遣")
        expect(page.locator(".batch-form .form-said")).to_have_text("已派 2 件，未派 1 件")
        page.keyboard.press("Escape")
        expect(page.locator(".batch-form")).to_have_count(0)
    assert [clerk.page(order)["life"]["lead"] for order in orders] == ["hwsy", "szfw", "hwsy"]


def test_a_report_is_entered_by_hand_with_its_place_picked_on_the_map(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    with desk(hall, browser) as watched:
        page = watched.page
        page.keyboard.press("n")
        form = page.locator(".report-form")
        expect(form.locator("select")).to_be_focused()
        form.locator("select").select_option("群众来访")
        form.locator('[data-ask="category"] input').fill("暴露垃圾")
        page.keyboard.press("Control+Enter")
        expect(form.locator('[data-ask="text"] .ask-fault')).to_have_text("必填")
        form.locator('[data-ask="text"] textarea').fill("来访反映门口垃圾堆放")
        page.keyboard.press("Control+Enter")
        expect(form.locator('[data-ask="place"] .ask-fault')).to_have_text("点选位置，或填写地址")
        page.wait_for_function("() => gridhall.city.hasLevel('grid')")
        spot = hall.city.geometry(hall.walk.workers[2].region).representative_point()  # type: ignore[attr-defined]
        page.evaluate(MOVE, [spot.y, spot.x])
        box = page.locator("#desk-map").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        expect(form.locator(".place-said")).to_contain_text("网格")
        form.locator('[data-ask="person"] input').fill("梁小明")
        form.locator('[data-ask="phone"] input').fill("13812345521")
        form.locator('[data-ask="urgent"] input').check()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".order-name")).to_have_text("暴露垃圾")
        expect(page.locator(".part-facts")).to_contain_text("138****5521")
        assert "13812345521" not in page.content()
        number = page.locator(".order-no").inner_text()
        page.get_by_role("button", name="显示", exact=True).click()
        expect(page.locator(".part-facts")).to_contain_text("13812345521")
        expect(row_of(page, number)).to_be_visible()
    told = clerk.page(number)
    assert told["order"]["channel"] == "群众来访" and told["order"]["region"] in hall.city.regions
    assert "urgent" in told["order"]["flags"]


def test_of_two_supervisors_on_one_order_one_wins_and_the_other_is_told_who_did_what(
    hall: Hall, browser: Browser, clerk: Clerk
) -> None:
    order = clerk.registered("两人同办")
    with desk(hall, browser, query=f"&order={order}") as li, desk(hall, browser, "zhou", f"&order={order}") as zhou:
        for watched in (li, zhou):
            expect(watched.page.locator('.part-bar [data-act="dispatch"]')).to_be_visible()
            watched.page.keyboard.press("d")
            watched.page.locator('.part-form [data-ask="note"] textarea').fill("尽快")
        # nothing of li's comes round to zhou before both have sent
        zhou.page.evaluate("() => gridhall.live.socket.disconnect()")
        li.page.keyboard.press("Control+Enter")
        expect(li.page.locator(".part-form")).to_be_hidden()
        zhou.page.keyboard.press("Control+Enter")
        said = zhou.page.locator(".part-form .form-said")
        expect(said).to_contain_text("李思敏")
        expect(said).to_contain_text("派遣")
        expect(zhou.page.locator('.part-form [data-ask="note"] textarea')).to_have_value("尽快")
        zhou.page.evaluate("() => gridhall.live.socket.connect()")
        expect(zhou.page.locator(".form-news")).to_contain_text("李思敏")
        expect(zhou.page.locator('.part-form button[type="submit"]')).to_be_disabled()
        expect(zhou.page.locator(".order-scroll .trail li").first).to_contain_text("派遣")


def test_new_and_changed_orders_announce_themselves_and_never_take_the_focus(
    hall: Hall, browser: Browser, clerk: Clerk
) -> None:
    held = clerk.registered("正在办的")
    with desk(hall, browser, query=f"&order={held}") as watched:
        page = watched.page
        page.locator(".sound-button").click()
        expect(page.locator(".sound-button")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("d")
        note = page.locator('.part-form [data-ask="note"] textarea')
        note.click()
        note.type("写到一半")
        beeps = page.evaluate("() => gridhall.deskNews.beeps || 0")
        new = clerk.report("刚刚上报的")
        clerk.act(held, "urge", note="请快")
        expect(page.locator(".news-button")).to_contain_text("新 1 · 变 1")
        expect(page.locator('.desk-news [role="status"]')).to_contain_text("刚刚上报的")
        expect(page).to_have_title(re.compile(r"^\(1\) "))
        expect(page.locator(".form-news")).to_contain_text("催办")
        assert page.evaluate("() => gridhall.deskNews.beeps") == beeps + 1
        expect(note).to_be_focused()
        note.type("，写完")
        expect(note).to_have_value("写到一半，写完")
        expect(page.locator(".order-no")).to_have_text(held)
        page.keyboard.press("Escape")
        page.locator(".news-button").click()
        page.locator(".popup.news button", has_text="刚刚上报的").click()
        expect(page.locator(".order-no")).to_have_text(new)


def test_an_order_that_is_closed_leaves_the_queue_and_stays_in_the_pane(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.report("将被作废")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        expect(row_of(page, order)).to_be_visible()
        clerk.act(order, "void", reason="重复")
        expect(row_of(page, order)).to_have_count(0)
        expect(page.locator(".order-left")).to_have_text("作废")
        expect(page.locator(".order-scroll .trail li").first).to_contain_text("重复")
        page.keyboard.press("j")
        expect(page.locator(".order-no")).not_to_have_text(order)


def test_the_address_holds_filter_search_and_order(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("地址里的")
    with desk(hall, browser) as watched:
        page = watched.page
        page.keyboard.press("3")
        find(page, "地址里的")
        expect(page.locator(".order-no")).to_have_text(order)
        url = page.url
        assert f"order={order}" in url and "show=dispatch" in url
        page.goto(url)
        page.wait_for_function(READY)
        expect(page.locator(".order-no")).to_have_text(order)
        expect(page.locator("#desk-search")).to_have_value("地址里的")
        expect(page.locator("#desk-grid .ag-center-cols-container .ag-row")).to_have_count(1)
        page.get_by_role("button", name=re.compile("视图")).click()
        page.keyboard.type("待派")
        page.keyboard.press("Enter")
        page.goto(f"{hall.url}/desk?motion=0")
        page.wait_for_function(READY)
        page.get_by_role("button", name=re.compile("视图")).click()
        page.get_by_role("menuitemradio", name="待派").click()
        expect(page.locator('.pill[aria-pressed="true"]').first).to_contain_text("待派遣")


def test_an_action_without_an_answer_is_told_after_a_reload(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("断网派遣")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        expect(page.locator('.part-bar [data-act="dispatch"]')).to_be_visible()
        page.route("**/api/v1/orders/*/actions*", lambda route: route.abort())
        page.keyboard.press("d")
        expect(page.locator(".part-form select")).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".part-form .form-said")).to_have_text("结果未知，正在核对")
        expect(page.locator(".told-line").first).to_contain_text("结果未知")
        page.unroute("**/api/v1/orders/*/actions*")
        page.reload()
        expect(page.locator(".told-line").first).to_contain_text("已办成")
        watched.faults[:] = [fault for fault in watched.faults if "ERR_FAILED" not in fault]
    state_of(clerk, order, "dispatched")


def test_what_may_not_be_done_stays_in_place_with_its_reason(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("不能结案")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        close = page.locator('.part-bar [data-act="close"]')
        expect(close).to_have_attribute("aria-disabled", "true")
        expect(close).to_have_attribute("title", re.compile("当前阶段不能"))
        page.keyboard.press("c")
        expect(page.locator(".part-said")).to_contain_text("不能结案")
        page.keyboard.press("m")
        expect(page.locator(".popup .more-item").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".act-more")).to_be_focused()
        page.keyboard.press("?")
        expect(page.locator(".help")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".help")).to_have_count(0)


def test_what_was_begun_waits_with_its_order(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    first, second = (clerk.registered(f"写到一半{n}") for n in range(2))
    with desk(hall, browser, query=f"&q=写到一半&order={first}") as watched:
        page = watched.page
        expect(page.locator('.part-bar [data-act="dispatch"]')).to_be_visible()
        page.keyboard.press("d")
        page.locator('.part-form [data-ask="note"] textarea').fill("先写着")
        row_of(page, second).click()
        expect(page.locator(".order-no")).to_have_text(second)
        expect(page.locator(".part-form")).to_be_hidden()
        row_of(page, first).click()
        expect(page.locator('.part-form [data-ask="note"] textarea')).to_have_value("先写着")
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        page.locator('.report-form [data-ask="text"] textarea').fill("也写着")
        page.keyboard.press("Escape")
        expect(page.locator(".order-no")).to_have_text(first)
        page.keyboard.press("n")
        expect(page.locator('.report-form [data-ask="text"] textarea')).to_have_value("也写着")


def test_photos_go_up_with_a_note_and_open_large(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("有照片的")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        shot = page.locator("#desk-map").screenshot()
        page.keyboard.press("t")
        expect(page.locator(".part-note textarea")).to_be_focused()
        page.keyboard.type("现场照片")
        page.locator('.part-note input[type="file"]').set_input_files(
            {"name": "现场.png", "mimeType": "image/png", "buffer": shot}
        )
        expect(page.locator(".part-note .file-row .ok")).to_have_text("已上传")
        page.locator(".part-note textarea").click()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".part-photos img")).to_be_visible()
        expect(page.locator(".part-note textarea")).to_have_value("")
        page.locator(".part-photos .photo").click()
        expect(page.locator(".viewer img")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".viewer")).to_have_count(0)
        expect(page.locator(".part-photos .photo")).to_be_focused()


def test_the_order_page_has_the_same_actions(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("全页办理")
    with desk(hall, browser, query=f"&order={order}") as watched:
        page = watched.page
        expect(page.locator(".order-no")).to_have_text(order)
        page.keyboard.press("o")
        page.wait_for_url(re.compile(f"/order/{order}"))
        expect(page.locator('.order-work [data-act="dispatch"]')).to_have_class(re.compile("primary"))
        page.keyboard.press("d")
        expect(page.locator(".order-work select")).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".order-trail .trail li").first).to_contain_text("派遣")
        expect(page.locator(".order-trail .trail li").first).to_contain_text("李思敏")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (2560, 1440)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_cut_off_in_either_language_at_any_size(
    hall: Hall, browser: Browser, clerk: Clerk, lang: str, size: tuple[int, int]
) -> None:
    order = clerk.registered("各种屏幕")
    with desk(hall, browser, query=f"&lang={lang}&order={order}", size=size) as watched:
        page = watched.page
        expect(page.locator(".part-bar .act").first).to_be_visible()
        page.wait_for_timeout(800)
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(LOST_WORDS) is None
        if lang == "en":
            said = page.locator(".desk-queue .desk-head, .part-bar, .part-stages").all_inner_texts()
            assert not re.search("[\u4e00-\u9fff]", " ".join(said)), said


def test_a_limit_that_is_half_typed_is_asked_for_and_not_left_out(hall: Hall, browser: Browser, clerk: Clerk) -> None:
    order = clerk.registered("时限写到一半")
    with desk(hall, browser, query=f"&q=时限写到一半&order={order}") as watched:
        page = watched.page
        expect(page.locator('.part-bar [data-act="dispatch"]')).to_be_visible()
        page.keyboard.press("d")
        page.locator('.part-form [data-ask="department"] select').select_option(index=1)
        page.locator(".part-form summary", has_text="更多项").click()
        page.locator('.part-form [data-ask="deadline_at_ms"] input').press_sequentially("2027")
        page.locator(".part-form button[type=submit]").click()
        expect(page.locator(".part-form")).to_contain_text("日期时间不完整")
        assert clerk.page(order)["order"]["status"] == "registered"
        assert watched.faults == []
