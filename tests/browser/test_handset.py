"""The handset's page in a phone's browser: without a link and back, one order each time, positions on the worker's row."""

import io
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from config.city_model import RosterEntry
from store import embedded, people
from store.people import Token
from store.store import Store, open_store
from tests.browser.conftest import Hall
from tests.dashboard.persons import PASSWORD

SECRET = "gh_" + "h" * 40
CONTROLLED = "() => navigator.serviceWorker.controller && gridhall.handset.mine() && gridhall.handset.grid().base"
SENT = "() => gridhall.handset.outbox.entries().then(all => all.length && all.every(entry => entry.state === 'done'))"
KEPT = "number => caches.open('gridhall-answers').then(c => c.keys()).then(k => k.some(r => r.url.includes(number)))"
LASTING = """() => caches.open('gridhall-answers').then(c => c.keys())
  .then(k => ['me', 'mine'].every(name => k.some(r => new URL(r.url).pathname === '/api/v1/' + name)))"""
LATE = """if (navigator.serviceWorker) {
  const register = navigator.serviceWorker.register.bind(navigator.serviceWorker)
  navigator.serviceWorker.register = async (...told) => {
    while (!globalThis.letIn) await new Promise(resolve => setTimeout(resolve, 50))
    return register(...told)
  }
}"""
LOSE = """() => {
  const real = globalThis.fetch
  globalThis.fetch = async (url, ...more) => {
    const answer = await real(url, ...more)
    if (globalThis.lost || !url.includes('/api/v1/reports')) return answer
    globalThis.lost = answer.status
    throw new TypeError('the server has heard it, and its answer got lost on the way')
  }
}"""
LOW = """() => [...document.querySelectorAll('button, a, select, summary, textarea, input:not([type=file])')]
  .filter(e => e.offsetHeight && e.getBoundingClientRect().height < 48).map(e => e.className)"""
EXPECTED = ("401", "409", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")  # what a browser says of answers that the page takes


def jpeg(width: int = 2600, height: int = 1800) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (random.randrange(256), 90, 60)).save(out, "JPEG")
    return out.getvalue()


class Ground:
    """A worker who walks nowhere else in these tests, and the supervisor's token."""

    def __init__(self, hall: Hall, store: Store) -> None:
        self.hall, self.store = hall, store
        walking = {entry.worker for entry in hall.walk.workers}  # type: ignore[attr-defined]
        free = (entry for entry in hall.city.roster.values() if entry.worker not in walking)
        self.free: Iterator[RosterEntry] = (entry for entry in free if hall.city.geometry(entry.region) is not None)
        roles = ("supervisor", "intake", "duty_chief", "dispatcher")
        people.add_token(store, Token(name="boss", roles=roles, scope=""), SECRET)
        headers = {"Authorization": f"Bearer {SECRET}"}
        self.api = httpx.Client(base_url=f"{hall.url}/api/v1/", headers=headers, trust_env=False, timeout=20)

    def worker(self, name: str) -> RosterEntry:
        entry = next(self.free)
        self.hall.account(name, "worker", title=entry.name, scope=entry.region, worker=entry.worker)
        return entry

    def place(self, entry: RosterEntry) -> tuple[float, float]:
        spot = self.hall.city.geometry(entry.region).representative_point()  # type: ignore[union-attr]
        return round(spot.x, 6), round(spot.y, 6)

    def do(self, order: str, action: str, **fields: Any) -> None:
        asked = {"id": uuid.uuid4().hex, "action": action, "fields": fields}
        answer = self.api.post(f"orders/{order}/actions", json=asked)
        assert answer.status_code == 200, answer.text

    def dispatched(self, entry: RosterEntry, text: str) -> str:
        lon, lat = self.place(entry)
        fields = {"text": text, "category": "010404", "lon": lon, "lat": lat, "address": "桂平西路口"}
        order: str = self.api.post("reports", json={"id": uuid.uuid4().hex, "fields": fields}).json()["order"]
        for action, told in (("accept", {}), ("register", {"category": "010404"}), ("dispatch", {"handler": entry.worker})):
            self.do(order, action, **told)
        return order

    def orders(self, text: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api.get("orders", params={"text": text}).json()["items"]
        return items

    def order(self, number: str) -> dict[str, Any]:
        page: dict[str, Any] = self.api.get(f"orders/{number}").json()
        return page


@pytest.fixture(scope="module")
def ground(hall: Hall) -> Iterator[Ground]:
    arguments = list(map(str, hall.process.args))  # type: ignore[arg-type]
    store = open_store(embedded.url(Path(arguments[arguments.index("--data-dir") + 1])), 4)
    made = Ground(hall, store)
    yield made
    made.api.close()
    store.client.close()


class Phone:
    """A phone's browser with the page open, and everything that its console complained of."""

    def __init__(self, context: BrowserContext, url: str, place: tuple[float, float]) -> None:
        self.context, self.url = context, url
        self.faults: list[str] = []
        self.stand(*place)
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def stand(self, lon: float, lat: float) -> None:
        self.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 7})

    def log_in(self, name: str, query: str = "", password: str = PASSWORD, kept: bool = True) -> None:
        """`kept`: waits until the phone could do without a link."""
        self.page.goto(f"{self.url}/m{query}")
        self.page.fill("#login-user", name)
        self.page.fill("#login-password", password)
        self.page.click("button[type=submit]")
        if kept:
            self.page.wait_for_function(CONTROLLED)
            self.until(LASTING)  # what was asked before the worker was there has been asked again
        else:
            self.page.wait_for_function("() => gridhall.handset.mine()")

    def go(self, hash_: str) -> None:
        self.page.evaluate("hash => location.hash = hash", hash_)

    def link(self, up: bool) -> None:
        self.context.set_offline(not up)

    def report(self, text: str, photos: int = 1, matter: str = "占道") -> None:
        """Fill the form in, up to its last button."""
        self.go("#/report")
        self.page.click(".picker")
        self.page.fill("input[type=search]", matter)
        self.page.locator(".matter").first.click()
        files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": jpeg()} for n in range(photos)]
        self.page.set_input_files("input[type=file] >> nth=1", files)  # type: ignore[arg-type]
        expect(self.page.locator(".photos img")).to_have_count(photos)
        self.page.fill("textarea >> nth=0", text)
        expect(self.page.locator(".place-said")).to_contain_text("7 m")

    def take_up_without_link(self, order: str) -> None:
        """An action that waits on the phone, which is offline afterwards."""
        self.until(KEPT, order)
        self.link(False)
        self.go(f"#/act/{order}/take_up")
        self.submit()
        expect(self.page.locator(".entry.waiting")).to_be_visible()

    def until(self, told: str, arg: Any = None) -> None:
        """Waits for a promise of truth (which `wait_for_function` would take for the truth itself)."""
        for _ in range(150):
            if self.page.evaluate(told, arg):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never: {told}")

    def photograph(self) -> None:
        picture: Any = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        self.page.set_input_files("input[capture]", [picture])

    def submit(self) -> None:
        self.page.click("button[type=submit]")

    def complaints(self) -> list[str]:
        return [fault for fault in self.faults if not any(known in fault for known in EXPECTED)]


@pytest.fixture
def phones(browser: Browser, hall: Hall) -> Iterator[Any]:
    contexts = []

    def make(place: tuple[float, float], **more: Any) -> Phone:
        given = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "locale": "zh-CN",
                 "timezone_id": "Asia/Shanghai", "permissions": ["geolocation"], **more}  # fmt: skip
        contexts.append(browser.new_context(**given))
        contexts[-1].set_default_timeout(15_000)
        return Phone(contexts[-1], hall.url, place)

    yield make
    for context in contexts:
        context.close()


def test_a_report_without_a_link_outlives_the_page_and_becomes_one_order_with_its_photo(ground: Ground, phones: Any) -> None:
    entry = ground.worker("wang")
    phone = phones(ground.place(entry))
    phone.log_in("wang")
    phone.link(False)
    text = f"烧烤摊占道 {uuid.uuid4().hex[:6]}"
    phone.report(text)
    phone.page.reload()  # the camera may cost the page: the form is as it was
    expect(phone.page.locator("textarea >> nth=0")).to_have_value(text)
    expect(phone.page.locator(".photos img")).to_have_count(1)
    phone.submit()
    expect(phone.page.locator(".entry.waiting")).to_have_count(1)
    phone.page.reload()
    expect(phone.page.locator(".entry.waiting")).to_contain_text("占道经营")
    expect(phone.page.locator(".strip")).to_contain_text("离线 · 截至")
    expect(phone.page.locator(".strip")).to_contain_text("1 件待发送")
    assert ground.orders(text) == []
    phone.page.evaluate(LOSE)
    phone.link(True)
    phone.until(SENT)
    assert phone.page.evaluate("() => globalThis.lost") == 200
    (found,) = ground.orders(text)
    page = ground.order(found["order"])
    lon, lat = ground.place(entry)
    assert (found["channel"], found["region"], page["order"]["reporter"]) == ("网格员上报", entry.region, entry.worker)
    assert (round(found["lon"], 5), round(found["lat"], 5)) == (round(lon, 5), round(lat, 5))
    (photo,) = page["photos"]
    picture = Image.open(io.BytesIO(ground.api.get(f"files/{photo['file']}").content))
    assert (picture.format, picture.size) == ("JPEG", (1600, 1108))
    expect(phone.page.locator(f"[data-order='{found['order']}']")).to_be_visible()
    expect(phone.page.locator(".strip")).to_be_hidden()
    assert phone.complaints() == []


def test_who_logged_in_before_the_service_worker_came_stays_logged_in_without_a_link(ground: Ground, phones: Any) -> None:
    """A phone that opens the page for the first time asks who it is before anything keeps the answer."""
    entry = ground.worker("tan")
    phone = phones(ground.place(entry))
    phone.context.add_init_script(LATE)
    phone.log_in("tan", kept=False)
    phone.page.wait_for_function("() => gridhall.handset.grid()?.base")  # whatever a page asks has been asked
    phone.page.evaluate("() => { globalThis.letIn = true }")
    phone.page.wait_for_function(CONTROLLED)
    phone.until(LASTING)
    phone.link(False)
    phone.page.reload()
    expect(phone.page.locator(".tabs")).to_be_visible()
    expect(phone.page.locator(".strip")).to_contain_text("离线 · 截至")
    assert phone.complaints() == []


def test_a_dispatched_order_is_taken_up_and_answered_also_where_there_is_no_link(ground: Ground, phones: Any) -> None:
    entry = ground.worker("zhao")
    order = ground.dispatched(entry, "路口积水")
    phone = phones(ground.place(entry))
    phone.log_in("zhao")
    phone.until(KEPT, order)
    phone.link(False)
    phone.page.click(f"[data-order='{order}']")
    expect(phone.page.locator(".order-head")).to_contain_text("派遣")
    for label, note in (("签收", ""), ("处置反馈", "已疏通，积水退去")):
        phone.page.click(f".foot >> text={label}")
        if note:
            phone.submit()
            expect(phone.page.locator(".toast")).to_contain_text("还缺：说明")
            phone.page.fill("textarea", note)
            phone.photograph()
            expect(phone.page.locator(".photos img")).to_have_count(1)
        phone.submit()
        expect(phone.page.locator(".entry", has_text=label)).to_be_visible()
    assert ground.order(order)["order"]["status"] == "dispatched"
    phone.link(True)
    phone.until(SENT)
    page = ground.order(order)
    assert [step["action"] for step in page["trail"]][-2:] == ["take_up", "feedback"]
    assert (page["order"]["status"], len(page["photos"])) == ("feedback", 1)
    expect(phone.page.locator(".order-head")).to_contain_text("反馈")
    assert phone.complaints() == []


def test_what_was_handled_on_the_spot_is_reported_and_filed(ground: Ground, phones: Any) -> None:
    entry = ground.worker("qian")
    phone = phones(ground.place(entry))
    phone.log_in("qian")
    text = f"游摊 {uuid.uuid4().hex[:6]}"
    phone.report(text)
    phone.page.click("#report-form .toggle")
    phone.submit()
    expect(phone.page.locator(".toast")).to_contain_text("还缺：处置说明")
    phone.page.fill("textarea >> nth=1", "已劝离")
    phone.submit()
    phone.until(SENT)
    (found,) = ground.orders(text)
    assert found["status"] == "self_handled"
    assert ground.order(found["order"])["trail"][-1]["note"] == "已劝离"
    assert phone.complaints() == []


def test_the_position_reaches_the_workers_row_while_the_page_is_open(ground: Ground, phones: Any) -> None:
    entry = ground.worker("sun")
    lon, lat = ground.place(entry)
    phone = phones((lon, lat))
    phone.log_in("sun")
    phone.go("#/grid")
    expect(phone.page.locator(".switch-said")).to_contain_text("未开启")
    phone.page.click(".switch .toggle")
    row: dict[str, Any] = {}
    for _ in range(60):
        row = ground.api.get(f"workers/{entry.worker}").json()
        if row["lon"] is not None:
            break
        phone.page.wait_for_timeout(250)
    assert (round(row["lon"], 5), round(row["lat"], 5), row["accuracy_m"]) == (round(lon, 5), round(lat, 5), 7.0)
    expect(phone.page.locator(".switch-said")).to_contain_text("送达")
    phone.link(False)
    phone.stand(lon + 0.0003, lat)
    phone.page.wait_for_timeout(6000)
    phone.stand(lon + 0.0006, lat)
    phone.until("() => gridhall.handset.fixes.waiting().then(w => w.length > 0)")
    phone.link(True)
    phone.until("() => gridhall.handset.fixes.waiting().then(w => w.length === 0)")
    phone.page.reload()  # the switch stays on
    expect(phone.page.locator(".switch-said")).to_contain_text("精度 7 m")
    assert phone.complaints() == []


def test_without_permission_it_says_so_and_a_tap_on_the_map_sets_the_place(ground: Ground, phones: Any) -> None:
    entry = ground.worker("li-worker")
    phone = phones(ground.place(entry), permissions=[])
    phone.log_in("li-worker")
    phone.go("#/report")
    expect(phone.page.locator(".place-said")).to_contain_text("浏览器不许定位")
    phone.page.locator(".place-field .map-drawing").click()
    expect(phone.page.locator(".place-said")).to_have_text("在图上点选的位置")
    assert phone.page.locator(".place-field .pin").count() == 1


def test_what_is_refused_stays_with_its_reason_until_the_person_lets_it_go(ground: Ground, phones: Any) -> None:
    entry = ground.worker("zhou-worker")
    order = ground.dispatched(entry, "护栏损坏")
    phone = phones(ground.place(entry))
    phone.log_in("zhou-worker")
    phone.take_up_without_link(order)
    ground.do(order, "void", reason="重复")
    phone.link(True)
    expect(phone.page.locator(".entry.refused")).to_contain_text("作废")
    phone.page.reload()
    expect(phone.page.locator(".strip")).to_contain_text("1 件未被接受")
    phone.page.click(".entry.refused >> text=放弃")
    phone.page.click(".sheet .primary")
    expect(phone.page.locator(".entry")).to_have_count(0)
    expect(phone.page.locator(".strip")).to_be_hidden()


def test_who_logs_out_leaves_nothing_to_read_and_nobody_sends_for_him(ground: Ground, phones: Any) -> None:
    entry, other = ground.worker("wu"), ground.worker("zheng")
    order = ground.dispatched(entry, "路灯不亮")
    phone = phones(ground.place(entry))
    phone.log_in("wu")
    phone.take_up_without_link(order)
    phone.go("#/me")
    phone.page.click("text=退出登录")
    expect(phone.page.locator(".sheet")).to_contain_text("还有 1 件未发送")
    phone.page.click(".sheet .primary")
    expect(phone.page.locator("#login-user")).to_be_visible()
    assert not phone.page.evaluate("() => caches.has('gridhall-answers')")
    phone.page.reload()
    expect(phone.page.locator(".log-in")).to_contain_text("本机还有 1 件未发送")
    phone.link(True)
    phone.until("() => localStorage.getItem('gridhall.log_out') === 'done'")  # and the server has heard it
    phone.log_in("zheng")
    expect(phone.page.locator(".entry")).to_have_count(0)
    phone.go("#/me")
    expect(phone.page.locator(".page")).to_contain_text("另有 1 件是本机其他人的，由他们登录后发送")
    assert ground.order(order)["order"]["status"] == "dispatched"
    assert phone.page.evaluate("() => gridhall.handset.mine().worker.worker") == other.worker


def test_the_page_speaks_english_and_is_light_where_the_phone_is(ground: Ground, phones: Any) -> None:
    entry = ground.worker("feng")
    order = ground.dispatched(entry, "道路积水")
    phone = phones(ground.place(entry), color_scheme="light", viewport={"width": 412, "height": 915})
    phone.log_in("feng", "?lang=en")
    chinese = "() => document.body.innerText.match(/[\\u4e00-\\u9fff]+/g)"
    for hash_, said in (("#/orders", "Standing water"), (f"#/order/{order}", "Take up"), ("#/grid", "Send my position"),
                        ("#/report", "Send the report"), ("#/me", "Log out"), (f"#/act/{order}/return", "Reason")):  # fmt: skip
        phone.go(hash_)
        expect(phone.page.locator("body")).to_contain_text(said)
        left = set(phone.page.evaluate(chinese) or [])
        told = {entry.name, "中文", "道路积水", "桂平西路口"}
        assert {word for word in left if word not in told and len(word) > 3} <= set(), (hash_, left)
        assert phone.page.evaluate(LOW) == [], hash_  # what is pressed with a thumb
    assert phone.page.evaluate("() => document.documentElement.dataset.theme") == "light"
    phone.go("#/me")
    phone.page.click("text=中文")
    expect(phone.page.locator(".tabs")).to_contain_text("上报")
    assert phone.page.evaluate("() => location.search") == "?lang=zh"
    assert phone.complaints() == []
