"""Photos through the web process as it is run: bodies refused unread, phones that go away, and what a browser shows."""

import http.client
import json
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from config.settings import Settings
from store import people
from store.people import Token
from store.store import Store
from tests.dashboard import samples
from tests.dashboard.test_live_serve import Web, tell

ONE, TWO = "ab" * 16, "cd" * 16
SECRET = "gh_" + "t" * 40


@pytest.fixture
def web(store: Store, settings: Settings, city_folder: Path) -> Iterator[Web]:
    people.add_token(store, Token(name="ann", roles=("supervisor",), scope=""), SECRET)
    tell(store, "W1")
    made = Web(settings, city_folder, {"Authorization": f"Bearer {SECRET}"})
    made.start()
    yield made
    assert made.process is not None
    made.process.kill()
    made.process.wait()


def put(web: Web, data: bytes, file_id: str = ONE, told: str = "image/jpeg", secret: str = SECRET) -> tuple[int, Any]:
    """(status, answer) as a simple client gets them: one that sends all of its body before it listens."""
    line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": told}
    line.request("PUT", f"/api/v1/files/{file_id}", data, headers)
    answer = line.getresponse()
    told_back = json.loads(answer.read())
    line.close()
    return answer.status, told_back


def test_a_body_that_is_refused_unread_is_heard_out_so_that_the_phone_hears_why(web: Web) -> None:
    assert put(web, samples.jpeg())[0] == 201
    assert put(web, b"\0" * 30_000_000)[1]["reason"] == "too_large"
    assert put(web, b"\0" * 9_000_000, told="text/html")[1]["reason"] == "type_not_allowed"
    assert put(web, b"\0" * 9_000_000, secret="gh_wrong")[0] == 401


def test_phones_that_hang_up_in_the_middle_leave_their_places_to_others(web: Web) -> None:
    for _ in range(8):  # twice what one person may send at once
        with socket.create_connection(("127.0.0.1", web.port)) as line:
            head = f"PUT /api/v1/files/{ONE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\n"
            line.sendall(f"{head}Content-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n".encode() + b"\xff\xd8\xff")
            time.sleep(0.05)
    end_s = time.monotonic() + 5
    while (found := put(web, samples.jpeg()))[0] == 503 and time.monotonic() < end_s:
        time.sleep(0.1)
    assert found[0] == 201


def test_a_browser_shows_a_picture_and_runs_no_page_that_hides_in_it(web: Web) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no chromium")
    assert put(web, samples.page_in_a_picture(), told="image/png")[0] == 201
    assert put(web, samples.pdf(), TWO, "application/pdf")[0] == 201
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(extra_http_headers={"Authorization": f"Bearer {SECRET}"})
        alerts: list[str] = []
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.goto(f"http://127.0.0.1:{web.port}/api/v1/files/{ONE}")
        assert page.evaluate("document.contentType") == "image/png"
        assert page.evaluate("document.images[0].naturalWidth") == 64
        page.goto(f"http://127.0.0.1:{web.port}/api/v1/me")
        with page.expect_download(timeout=10_000) as saved:
            page.evaluate(f"location.href = '/api/v1/files/{TWO}'")
        assert saved.value.suggested_filename.endswith(".pdf")
        assert alerts == []
        browser.close()
