"""A running hall for the browser: all roles under their supervisor, fed through the gateway by the test itself."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.chrome import FLAGS, by_the_clock
from config import clock
from config.city import load_city
from config.make import make_city
from config.settings import load_settings
from store import embedded
from store.store import Store, open_store
from tests.dashboard.persons import PASSWORD, bearer, make_account
from tests.running import free_port

ROOT = Path(__file__).resolve().parents[2]
KEY = "browser-key-browser-key"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
WALKERS = 80
expect.set_options(timeout=20_000)  # three browsers on two cores: what is there in a second may take ten


class Hall:
    """`app.py run --no-demo` on a city, with a key that the test knows."""

    def __init__(self, data_dir: Path, city_folder: Path) -> None:
        self.city = load_city(city_folder)
        self.data_dir = data_dir
        self.people: dict[str, Any] = {}
        self.programs: dict[str, tuple[Any, dict[str, str]]] = {}
        self.web, self.gateway = free_port(), free_port()
        ports = ["--web-port", str(self.web), "--gateway-port", str(self.gateway), "--jt808-port", "-1"]
        where = ["--city", str(city_folder), "--data-dir", str(data_dir)]
        self.log = (data_dir / "log").open("w+b")
        command = [sys.executable, "app.py", "run", "--no-demo", *where, *ports]
        env = {**os.environ, "GRIDHALL_INGEST_KEY": KEY, "GRIDHALL_ADMIN_TOKEN": KEY}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self.log, stderr=self.log)
        self.url = f"http://127.0.0.1:{self.web}"
        self.http = httpx.Client(trust_env=False, timeout=20)
        self.await_web()

    def await_web(self) -> None:
        for _ in range(600):
            try:
                both = (f"{self.url}/healthz", f"http://127.0.0.1:{self.gateway}/healthz")
                if all(self.http.get(url).status_code == 200 for url in both):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("the hall does not start")

    def tell(self, kind: str, items: list[dict[str, Any]]) -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = self.http.post(f"http://127.0.0.1:{self.gateway}/api/v1/{kind}", content=json.dumps(items), headers=headers)
        assert answer.status_code == 200 and not answer.json()["rejected"], answer.text

    @functools.cached_property
    def store(self) -> Store:
        return open_store(embedded.url(self.data_dir), load_settings({}).partitions)

    def account(self, name: str, *roles: str, **more: Any) -> None:
        """Make an account, once; its password is PASSWORD. A hall serves many files: two that mean others by a name say so."""
        meant = (roles, more)
        if name not in self.people:
            make_account(self.store, name, *roles, **more)
        assert self.people.setdefault(name, meant) == meant, f"{name} is somebody else here"

    def program(self, name: str, *roles: str, **more: Any) -> dict[str, str]:
        """The header of a program's token, made once; as `account`."""
        meant = (roles, more)
        if name not in self.programs:
            self.programs[name] = meant, bearer(self.store, name, *roles, **more)
        assert self.programs[name][0] == meant, f"{name} is another program here"
        return self.programs[name][1]

    def log_in(self, context: BrowserContext, name: str) -> None:
        """Put a log-in of somebody into a browser's cookies."""
        body = {"user": name, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/login", json=body, headers={"X-Want": "cookie"}, trust_env=False, timeout=20)
        assert answer.status_code == 200, answer.text
        context.add_cookies([{"name": "gridhall", "value": answer.cookies["gridhall"], "url": self.url, "httpOnly": True}])

    def ask(self, path: str, **params: str) -> Any:
        headers = {"Authorization": f"Bearer {self.reader}"}
        answer = self.http.get(f"{self.url}/api/v1/{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @functools.cached_property
    def reader(self) -> str:
        """A token of a program that sees everything."""
        return self.program("reader", "supervisor", "leader")["Authorization"].removeprefix("Bearer ")

    def kill_web(self) -> None:
        """kill -9 of the web process: its supervisor starts it again."""
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            if b"app.py\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(int(pid), signal.SIGKILL)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(40)
        self.log.close()


def iso(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at_s))


class Walk:
    """Some workers of the roster, each walking a square in the own grid; every second a step is told."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        city = hall.city
        self.workers = [entry for entry in city.roster.values() if city.geometry(entry.region) is not None][:: 1250 // WALKERS]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.step = 0

    def place(self, n: int, step: int) -> tuple[float, float]:
        spot = self.hall.city.geometry(self.workers[n].region).representative_point()
        side = (step + n) % 40
        dx, dy = ((side, 0), (10, side - 10), (30 - side, 10), (0, 40 - side))[side // 10]
        return spot.x + (dx - 5) * 4e-5, spot.y + (dy - 5) * 4e-5

    def history(self, minutes: int) -> None:
        now_s = int(clock.now_s())
        for minute in range(minutes, 0, -1):
            if minute in (8, 9, 10, 11, 12, 13, 14, 15):
                continue  # a gap that the dossier must show
            self.tell(now_s - minute * 60, minutes - minute)
        self.step = minutes

    def tell(self, at_s: float, step: int) -> None:
        items = []
        for n, entry in enumerate(self.workers):
            lon, lat = self.place(n, step)
            items.append({"worker": entry.worker, "fixed_at": iso(at_s), "lon": lon, "lat": lat, "accuracy_m": 6,
                          "speed_mps": 1.1, "heading_deg": 90, "battery_pct": 77})  # fmt: skip
        self.hall.tell("positions", items)

    def start(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        while not self.stop.wait(1.0):
            self.step += 1
            try:
                self.tell(int(clock.now_s()), self.step)
            except httpx.HTTPError:
                continue


def cases(hall: Hall, walk: Walk) -> None:
    """Forty orders in every stage, some overdue, some closed late; the first ten found and handled by known workers."""
    now_s = int(clock.now_s())
    lives = (["reported"], ["reported", "registered"], ["reported", "registered", "dispatched", "handling"],
             ["reported", "registered", "handling", "checking"], ["reported", "registered", "handling", "closed"])  # fmt: skip
    departments = list(hall.city.departments.values())
    told = []
    for n in range(40):
        begin_s = now_s - 6 * 3600 + n * 60
        lon, lat = walk.place(n, 0)
        for s, status in enumerate(lives[n % 5]):
            step = {"order": f"T{n:03d}", "at": iso(begin_s + s * 1800), "status": status}
            if status == "reported":
                step |= {"title": "占道经营", "category": "占道经营", "source": "12345" if n % 2 else "网格员上报", "lon": lon,
                         "lat": lat, "department": departments[n % 3].name, "reporter": walk.workers[n].worker,
                         "deadline_at": iso(now_s + (n - 10) * 900)}  # fmt: skip
            if status == "handling":
                step["handler"] = walk.workers[n].worker
            told.append(step)
    hall.tell("events", told)
    camera = walk.place(0, 0)
    hall.tell("feeds", [{"feed": "F1", "name": "路口", "status": "online", "lon": camera[0], "lat": camera[1]}])


@pytest.fixture(scope="package")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """The demo city at its real size, with WALKERS workers that walk and forty orders."""
    try:
        folder = make_city("guicheng", tmp_path_factory.mktemp("guicheng"), seed=1)
    except FileNotFoundError as missing:
        pytest.skip(f"the demo city's packages are not installed: {missing}")
    # the other tests' urgent orders let no wall jump: only those of test_scenes are fires
    (folder / "scenes.yaml").write_text('emergency: {matters: ["020302"], urgent: false}\n', encoding="utf-8")
    running = Hall(tmp_path_factory.mktemp("hall"), folder)
    walk = Walk(running)
    walk.history(30)
    cases(running, walk)
    walk.start()
    running.walk = walk  # type: ignore[attr-defined]
    yield running
    walk.stop.set()
    of_ours = [fault for fault in running.ask("faults")["items"] if fault["kind"] != "browser"]
    running.end()
    assert of_ours == [], "the web process failed somewhere; its log says where"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with this package: while Playwright runs, its event loop forbids others in this thread."""
    path = next((name for name in CHROMIUM if Path(name).exists()), None)
    if path is None:
        pytest.fail("no Chromium here: run `make setup-test`, or apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield by_the_clock(started)
        started.close()


class Observer:
    """What fails on any page of any context: uncaught exceptions, unhandled rejections, and what our own scripts say failed."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.contexts: list[BrowserContext] = []

    def take(self, context: BrowserContext) -> BrowserContext:
        """Watch a context until its end, which waits for what its pages were about to say."""
        context.on("weberror", lambda failed: self.faults.append(f"{failed.page and failed.page.url}: {failed.error}"))
        context.on("console", self._heard)
        end = context.close

        def close(**more: Any) -> None:
            self.settle([context])
            self.contexts.remove(context)
            end(**more)

        context.close = close  # type: ignore[method-assign]
        self.contexts.append(context)
        return context

    def _heard(self, said: ConsoleMessage) -> None:
        if said.type == "error" and said.text.startswith("gridhall:"):
            self.faults.append(said.text)

    def settle(self, contexts: list[BrowserContext]) -> None:
        """Let the pages say what they were about to."""
        for page in [page for context in contexts for page in context.pages if not page.is_closed()]:
            with suppress(PlaywrightError):  # it is being closed, or its process has died: what it said has been heard
                page.wait_for_timeout(50)


OBSERVER = Observer()


@pytest.fixture(scope="package", autouse=True)
def every_context_is_watched() -> Iterator[None]:
    """Whoever opens a context, by whatever browser."""
    made = Browser.new_context

    def new_context(browser: Browser, **more: Any) -> BrowserContext:
        return OBSERVER.take(made(browser, **more))

    Browser.new_context = new_context  # type: ignore[method-assign, assignment]
    yield
    Browser.new_context = made  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def no_page_fails(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test in which any page failed has failed, whatever it asserts; `page_faults(text …)` names what it makes fail."""
    OBSERVER.faults.clear()
    yield
    OBSERVER.settle(list(OBSERVER.contexts))
    marker = request.node.get_closest_marker("page_faults")
    meant = marker.args if marker else ()
    unmeant = [fault for fault in OBSERVER.faults if not any(text in fault for text in meant)]
    OBSERVER.faults.clear()
    assert unmeant == []


class Watched:
    """A page and everything that its console complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))


@pytest.fixture
def watched(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Somebody who sees the whole city, logged in at the test's hall."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(20_000)
    of: Hall = request.getfixturevalue("pingshan" if "pingshan" in request.fixturenames else "hall")
    of.account("viewer", "supervisor", "leader")
    of.log_in(context, "viewer")
    yield Watched(context.new_page())
    context.close()


