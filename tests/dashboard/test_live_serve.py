"""The whole web process as it is run: gunicorn, threads, Dash, the live link, over the embedded store."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import websocket

from config.settings import Settings
from dashboard.server import ASSETS, vendor_scripts
from domain.states import Worker
from store.commit import Commit, commit, read_at, take_lease
from store.store import Store
from tests.dashboard.live_server import Browser
from tests.dashboard.persons import bearer
from tests.dashboard.screens import Screen

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Web:
    """The web role as a child process on a port of its own."""

    def __init__(self, settings: Settings, city_folder: Path, headers: dict[str, str]) -> None:
        self.port = free_port()
        self.headers = dict(headers)
        self.env = {
            **os.environ,
            "GRIDHALL_CITY": str(city_folder),
            "GRIDHALL_DATA_DIR": str(settings.data_dir),
            "GRIDHALL_REDIS_URL": settings.redis_url,
            "GRIDHALL_PARTITIONS": str(settings.partitions),
            "GRIDHALL_WEB_PORT": str(self.port),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> None:
        words = command or (sys.executable, "app.py", "web")
        self.process = subprocess.Popen(words, cwd=ROOT, env=self.env, start_new_session=True)
        wait_for(self.answers, 30)

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, "the web process has ended"
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(self, path: str, **headers: str) -> tuple[int, Message, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=self.headers | headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def end(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; how many seconds until the process had ended."""
        assert self.process is not None
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - start


@pytest.fixture
def web(store: Store, settings: Settings, city_folder: Path) -> Iterator[Web]:
    tell(store, "W1")
    made = Web(settings, city_folder, bearer(store, "screens", "supervisor", "leader"))
    made.start()
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


def tell(store: Store, *workers: str, **fields: Any) -> None:
    """Commit a row of each worker as the projector does."""
    for worker in workers:
        partition = store.partition_of(worker)
        lease = take_lease(store, partition, "test")
        assert lease is not None
        version = read_at(store, partition)[1] + 1
        row = Worker(worker=worker, version=version, region="44060500101", fixed_at_ms=1000 * version, **fields)
        rows = [("worker", worker, row)]
        commit(
            store,
            lease,
            Commit(version=version, read_to=None, rows=rows, tracks={}, days={}, trails={}, counts={}, seen={}),
            1000,
        )


def wait_for(what: Any, within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def watching(web: Web, screen: Screen) -> Browser:
    browser = Browser(web.port, timeout_s=10, bearer=web.headers["Authorization"])
    browser.emit("watch", screen.watch())
    return browser


def read_until(browser: Browser, screen: Screen, what: Any) -> None:
    while not what():
        browser.ack(screen.take(browser.frame(10)))


def workers(screen: Screen) -> dict[str, dict[str, Any]]:
    return screen.tables["worker"].by_id()


def test_what_the_projector_commits_reaches_the_screen(web: Web, store: Store) -> None:
    screen = Screen()
    browser = watching(web, screen)
    read_until(browser, screen, lambda: set(workers(screen)) == {"W1"} and screen.figures)
    assert workers(screen)["W1"]["name"] == "网格员1"
    tell(store, "W2", "W3")
    read_until(browser, screen, lambda: set(workers(screen)) == {"W1", "W2", "W3"})
    tell(store, "W2", battery_pct=7.0)
    read_until(browser, screen, lambda: workers(screen)["W2"]["battery"] == 7)
    assert screen.figures is not None and screen.figures["region"]["code"] == "440605"


def test_a_terminated_web_process_ends_at_once_though_screens_are_open(web: Web) -> None:
    screens = [watching(web, Screen()) for _ in range(3)]
    for browser in screens:
        browser.frame(10)
    assert web.end() < 8.0  # well below the half minute that an open socket would hold it; a busy machine takes its time
    with pytest.raises((websocket.WebSocketException, OSError)):
        screens[0].frame(1)


def test_a_killed_web_process_comes_back_on_its_port_and_screens_heal(web: Web, store: Store) -> None:
    screen = Screen()
    browser = watching(web, screen)
    read_until(browser, screen, lambda: set(workers(screen)) == {"W1"})
    epoch = screen.tables["worker"].epoch
    web.end(signal.SIGKILL)
    tell(store, "W4")
    web.start()
    browser = watching(web, screen)
    read_until(browser, screen, lambda: set(workers(screen)) == {"W1", "W4"})
    assert screen.tables["worker"].epoch != epoch


def test_the_plain_gunicorn_command_serves_the_live_link_too(web: Web) -> None:
    web.end()
    gunicorn = f"{sys.executable} -m gunicorn -k gthread -w 1 --threads 100 --no-control-socket -b 127.0.0.1:{web.port}"
    web.start(*gunicorn.split(), "--graceful-timeout", "1", "dashboard.server:wsgi()")
    screen = Screen()
    browser = watching(web, screen)
    read_until(browser, screen, lambda: set(workers(screen)) == {"W1"})
    browser.close()


def test_pages_may_load_nothing_but_our_own(web: Web) -> None:
    status, headers, body = web.get("/wall")
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert status == 200
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert not re.search(rb'(?:src|href)="(?:https?:)?//', body), "an address of another host"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Cache-Control"] == "no-store"


def test_libraries_come_before_our_scripts_and_everything_is_there(web: Web) -> None:
    body = web.get("/wall")[2].decode()
    scripts = re.findall(r'<script src="(/[^"]+)"', body)
    vendor = [n for n, script in enumerate(scripts) if script.startswith("/assets/vendor/")]
    own = [n for n, script in enumerate(scripts) if script.startswith("/assets/js/")]
    assert own and (not vendor or max(vendor) < min(own))
    for script in scripts:
        status, headers, _ = web.get(script)
        assert (status, headers.get_content_type()) == (200, "text/javascript"), script
        if script.startswith("/assets/"):
            assert "immutable" in headers["Cache-Control"], script


def test_a_request_by_another_name_or_from_another_page_is_refused(web: Web) -> None:
    assert web.get("/api/v1/workers")[0] == 200
    assert web.get("/api/v1/workers", Authorization="Bearer nobody")[0] == 401
    assert web.get("/api/v1/workers", Host="evil.example")[0] == 403
    assert web.get("/api/v1/workers", Host=f"localhost:{web.port}")[0] == 200
    assert web.get("/_dash-layout", Origin="http://evil.example")[0] == 403
    assert web.get("/_dash-layout", Origin=f"http://127.0.0.1:{web.port}")[0] == 200


def test_the_browser_library_is_found_where_set_up_puts_it(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "socket.io.min.js").write_text("//")
    assert vendor_scripts(tmp_path)[0].startswith("/assets/vendor/socket.io.min.js?m=")
    assert ASSETS.is_dir()
