"""Main-thread milliseconds per second in the browser for moving workers: gridhall's layer beside dash-leaflet's GeoJSON.

    python -m bench.browser.run [--workers 1250 20000] [--seconds 10] [--hz 1] [--markers]

Prints JSON. Each side gets the same updates (every worker moved) on the same map. For gridhall: processor time of the
page's main thread (Chromium's TaskDuration in thread ticks) while updates come at `hz` and everything glides. For
GeoJSON: the time that one update takes, times `hz`; above 1,000 the page is blocked for good. No graphics card is used
(SwiftShader).
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
WARM_UP_UPDATES = 3
SETTLE_MS = 300_000
START_S = 30.0


def main() -> None:
    """Runs the bench and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1250, 20000])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--hz", type=float, default=1.0)
    parser.add_argument("--markers", action="store_true", help="also GeoJSON's default markers, which take minutes")
    options = parser.parse_args()
    print(json.dumps(measure(options.workers, options.seconds, options.hz, options.markers), indent=2))


def measure(workers: list[int], seconds: int, hz: float, markers: bool = False) -> dict[str, Any]:
    """{"hz", "rows": [{"workers", "gl", "circles"[, "markers"], "ratio"}]}; each side {"ms_per_s", …}."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.browser.app", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        return {"hz": hz, "seconds": seconds, "rows": [_row(port, n, seconds, hz, markers) for n in workers]}
    finally:
        server.terminate()
        server.wait()


def _row(port: int, workers: int, seconds: int, hz: float, markers: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"workers": workers, "gl": _gl(port, workers, seconds, hz)}
    for layer in ("circles", "markers") if markers else ("circles",):
        row[layer] = _geojson(port, layer, workers, hz)
    row["ratio"] = round(row["circles"]["ms_per_s"] / row["gl"]["ms_per_s"], 1)
    return row


def _gl(port: int, workers: int, seconds: int, hz: float) -> dict[str, Any]:
    with _Browser(port, "gl") as (page, cdp):
        page.wait_for_function("window.gridhall.map && gridhall.map.main", timeout=SETTLE_MS)
        page.evaluate("([n, k]) => bench.prepare('gl', n, k)", [workers, int(seconds * hz) + WARM_UP_UPDATES])
        for _ in range(WARM_UP_UPDATES):
            page.evaluate("bench.step('gl')")
            page.wait_for_timeout(1000 / hz)
        before, pictures, began = _busy_ms(cdp), page.evaluate("bench.pictures()"), time.monotonic()
        page.evaluate("hz => bench.run('gl', hz)", hz)
        lasted_s = time.monotonic() - began
        busy_ms, drawn = _busy_ms(cdp) - before, page.evaluate("bench.pictures()") - pictures
        return {
            "ms_per_s": round(busy_ms / lasted_s, 1),
            "pictures_per_s": round(drawn / lasted_s, 1),
            "ms_per_picture": round(page.evaluate("bench.redraw(30)"), 3),
        }


def _geojson(port: int, layer: str, workers: int, hz: float) -> dict[str, Any]:
    with _Browser(port, layer) as (page, cdp):
        page.wait_for_function("window.dash_clientside && gridhall.map && gridhall.map.main", timeout=SETTLE_MS)
        page.evaluate("([layer, n]) => bench.prepare(layer, n, 3)", [layer, workers])
        _settled_step(page, layer)
        before = _busy_ms(cdp)
        _settled_step(page, layer)
        _settled_step(page, layer)
        update_ms = (_busy_ms(cdp) - before) / 2
        shown = page.evaluate("bench.shown()")
        if shown["count"] != workers or shown["first"] != shown["wanted"]:
            raise RuntimeError(f"GeoJSON has not taken the update: {shown}")
        return {"ms_per_s": round(update_ms * hz, 1), "ms_per_update": round(update_ms, 1)}


def _settled_step(page: Page, layer: str) -> None:
    """One update, and until the page has nothing to do any more."""
    page.evaluate("layer => bench.step(layer)", layer)
    page.evaluate("bench.idle()")


def _busy_ms(cdp: CDPSession) -> float:
    metrics = {metric["name"]: metric["value"] for metric in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000


class _Browser:
    """A fresh browser on the page with one kind of layer."""

    def __init__(self, port: int, layer: str) -> None:
        self.url = f"http://127.0.0.1:{port}/?layer={layer}"

    def __enter__(self) -> tuple[Page, CDPSession]:
        self.playwright = sync_playwright().start()
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        self.browser = self.playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = self.browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(SETTLE_MS)
        page.goto(self.url)
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time: what else the machine does counts not
        return page, cdp

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self.playwright.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
