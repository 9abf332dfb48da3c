"""`make pictures`: every scene at five canvases in both languages, as pictures in a folder, from a hall with a demo that runs.

    python -m bench.pictures [--out DIR] [--workers N] [--wait S] [--scene NAME…] [--size WxH…]

Beside each picture its faults: what is cut off, what overlaps, which panel is empty, what the page's console said.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.chrome import launch
from config.scenes import shipped
from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent
Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((1366, 768), (1920, 1080), (3840, 1080), (5760, 1080), (7680, 2160))
LANGS = ("zh", "en")
START_S = 180.0

FAULTS = """() => {
  const faults = [], seen = (box) => box.width > 0 && box.height > 0
  const clipped = (e) => { const s = getComputedStyle(e); return s.overflow !== 'visible' || s.overflowX !== 'visible' }
  // what scrolls or steps by itself is not whole at any moment
  const held = (e) => { for (let up = e.parentElement; up && !up.matches('.wall'); up = up.parentElement) if (clipped(up) && (up.scrollHeight > up.clientHeight + 1 || up.scrollWidth > up.clientWidth + 1)) return up.matches('.rows, .ticker, .tile-grid, #ticker, [data-scroll]') || getComputedStyle(up).overflowY === 'auto' || getComputedStyle(up).overflowY === 'scroll'; return false }
  for (const e of document.querySelectorAll('.wall *')) {
    if (e.closest('[data-pool], .leaflet-container, svg, .visually-hidden, [hidden]') || !e.textContent.trim()) continue
    const box = e.getBoundingClientRect()
    if (!seen(box)) continue
    if (held(e)) continue
    if (box.right > innerWidth + 1 || box.left < -1 || box.bottom > innerHeight + 1) faults.push('outside: ' + e.className + ' ' + e.textContent.slice(0, 30))
    if (!e.children.length && clipped(e) && e.scrollWidth > e.clientWidth + 1 && !e.title && getComputedStyle(e).textOverflow !== 'ellipsis') faults.push('cut: ' + e.className + ' ' + e.textContent.slice(0, 30))
  }
  for (const panel of document.querySelectorAll('#columns .panel')) {
    const body = panel.querySelector('.panel-body')
    if (!body) continue
    const box = panel.getBoundingClientRect()
    if (body.textContent.trim().length < 2 && !body.querySelector('svg, canvas')) faults.push('empty: ' + panel.dataset.panel)
    if (body.scrollHeight > body.clientHeight + 2) faults.push(`does not fit: ${panel.dataset.panel} by ${body.scrollHeight - body.clientHeight} px`)
    if (panel.dataset.fault) faults.push('broken: ' + panel.dataset.panel + ' ' + panel.dataset.fault)
    for (const row of body.querySelectorAll('.row')) {
      const parts = [...row.children].map((child) => [child, child.getBoundingClientRect()]).filter(([, b]) => seen(b))
      for (let i = 1; i < parts.length; i += 1) {
        const [[a, left], [b, right]] = [parts[i - 1], parts[i]]
        if (Math.abs(left.top - right.top) < 4 && right.left < left.right - 1 && left.left < right.right - 1 && a.textContent.trim() && b.textContent.trim()) faults.push(`overlap in ${panel.dataset.panel}: ${a.textContent.slice(0, 16)} | ${b.textContent.slice(0, 16)}`)
      }
    }
    if (box.width && box.height < 40) faults.push('no room: ' + panel.dataset.panel)
  }
  return [...new Set(faults)]
}"""  # noqa: E501


@contextlib.contextmanager
def demo(workers: int) -> Iterator[tuple[str, dict[str, str]]]:
    """A demo of its own: (address, passwords)."""
    with tempfile.TemporaryDirectory(prefix="gridhall-pictures-") as folder:
        port = free_port()
        where = ["--data-dir", folder, "--web-port", str(port), "--gateway-port", str(free_port())]
        command = [sys.executable, "app.py", "run", *where, "--jt808-port", str(free_port()), "--workers", str(workers)]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            yield url, passwords(url, Path(folder))
        finally:
            child.terminate()
            child.wait(60)


def passwords(url: str, folder: Path) -> dict[str, str]:
    """As soon as the demo answers and has its people."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError, httpx.HTTPError, ValueError):
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                found: dict[str, str] = json.loads((folder / "demo.people").read_text(encoding="utf-8"))
                return found
        time.sleep(0.5)
    raise SystemExit("the demo does not start")


@contextlib.contextmanager
def logged_in(url: str, people: dict[str, str], name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        answer = client.post("/api/v1/login", json={"user": name, "password": people[name]}, headers={"X-Want": "cookie"})
        answer.raise_for_status()
        yield client


def fire(url: str, people: dict[str, str]) -> None:
    """A fire, so that the emergency has something to show: at a place where a worker is."""
    with logged_in(url, people, "intake") as client:
        csrf = client.get("/api/v1/me").json()["csrf"]
        workers = client.get("/api/v1/workers", params={"limit": "50"}).json()["items"]
        spot = next(row for row in workers if row.get("lon") and row["presence"] in ("moving", "still"))
        told = {"text": "市场二层冒烟，有人员疏散", "title": "火情", "category": "020302", "channel": "12345"}
        fields = told | {"lon": spot["lon"], "lat": spot["lat"], "urgent": True}
        body = {"id": uuid.uuid4().hex, "fields": fields}
        client.post("/api/v1/reports", json=body, headers={"X-CSRFToken": csrf}).raise_for_status()


def shoot(page: Page, url: str, scene: str, size: Size, lang: str, out: Path, wait_s: float) -> list[str]:
    """One picture; what is wrong with it."""
    said: list[str] = []

    def heard(message: Any) -> None:
        if message.type == "error":
            said.append(f"console: {message.text[:200]}")

    page.on("console", heard)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{url}/wall?scene={scene}&lang={lang}&motion=0&turn=0")
    page.wait_for_function("() => globalThis.gridhall?.live?.figures && gridhall.map?.main", timeout=60_000)
    page.wait_for_timeout(wait_s * 1000)
    page.screenshot(path=out / f"{scene}-{size[0]}x{size[1]}-{lang}.png", timeout=120_000)
    page.remove_listener("console", heard)
    return said + list(page.evaluate(FAULTS))


def album(
    browser: Browser, url: str, people: dict[str, str], out: Path, wait_s: float, scenes: Collection[str], sizes: Sequence[Size]
) -> dict[str, list[str]]:
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    with logged_in(url, people, "leader") as client:
        context.add_cookies([{"name": "gridhall", "value": client.cookies["gridhall"], "url": url}])
    page = context.new_page()
    wrong: dict[str, list[str]] = {}
    emergency = shipped().emergency.scene
    for scene in sorted(scenes, key=lambda key: key == emergency):
        if scene == emergency:
            fire(url, people)
        for size in sizes:
            for lang in LANGS:
                name = f"{scene}-{size[0]}x{size[1]}-{lang}"
                if found := shoot(page, url, scene, size, lang, out, wait_s):
                    wrong[name] = found
                print(name, *found, sep="\n    ", flush=True)
    return wrong


def _size(text: str) -> Size:
    width, height = map(int, text.split("x"))
    return width, height


def main() -> None:
    """Take all pictures, tell what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "pictures")
    parser.add_argument("--workers", type=int, default=300)
    parser.add_argument("--wait", type=float, default=4.0, help="seconds between opening a wall and its picture")
    parser.add_argument("--scene", nargs="+", choices=list(shipped().scenes), default=list(shipped().scenes))
    parser.add_argument("--size", nargs="+", type=_size, default=list(SIZES))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with demo(options.workers) as (url, people), sync_playwright() as playwright:
        time.sleep(60)  # until the simulator has told of a day
        browser = launch(playwright)
        wrong = album(browser, url, people, options.out, options.wait, options.scene, options.size)
        browser.close()
    print(f"{len(options.size) * len(LANGS) * len(options.scene)} pictures in {options.out}, {len(wrong)} with something wrong")


if __name__ == "__main__":
    main()
