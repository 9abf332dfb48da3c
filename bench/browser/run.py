"""What moving workers cost the browser's main thread: gridhall's layer beside dash-leaflet's GeoJSON, the same updates.

    python -m bench.browser.run [--workers 1250 20000] [--seconds 8] [--crowd 100000] [--markers]

Prints JSON. 1920 x 1080, no graphics card (SwiftShader), every worker walks at 1.4 m/s. Two kinds of traffic, one update a
second: `hall`, in which each worker has a fix every ten seconds, and `all`, in which every update moves everybody. Of each
side processor time of the page's main thread, all of it: scripts and what Chromium itself does for a picture (its metrics in
thread ticks, so that what else the machine does counts not), less what the same page takes while it has no workers: `idle`.

    gliding   ms a second while everybody moves and no update comes; `near` the same with single streets in view
    frame     ms for an update on top of that
    ratio     ms a second of GeoJSON (canvas circles; --markers: also its default markers, which take minutes) over ours

For the crowd: the longest task of the main thread, by Chromium's trace, from the first picture through updates, dragging,
zooming, pointing and filtering; `cpu_ms` is its processor time.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.chrome import launch

ROOT = Path(__file__).resolve().parents[2]
WARM_UP = 50  # updates
FRESH = 11  # after so many updates of a hall everybody glides
IDLE_S = 3
GLIDE_S = 6  # of the ten seconds for which a hall's workers go on after the last update
NEAR_ZOOM = 17
SETTLE_MS = 300_000
START_S = 60.0
Spent = dict[str, float]  # {"script", "all"[, "pictures_per_s"]}: ms a second of the main thread
NOTHING: Spent = {"script": 0.0, "all": 0.0}
TRACED = ["toplevel", "disabled-by-default-devtools.timeline"]


def main() -> None:
    """Runs the bench and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1250, 20000])
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--crowd", type=int, default=100_000, help="workers for the longest task; 0: not measured")
    parser.add_argument("--markers", action="store_true", help="also GeoJSON's default markers, which take minutes")
    options = parser.parse_args()
    print(json.dumps(measure(options.workers, options.seconds, options.crowd, options.markers), indent=2))


def measure(workers: list[int], seconds: int = 8, crowd: int = 100_000, markers: bool = False) -> dict[str, Any]:
    """{"rows": [{"workers", "gl": {"hall", "all"}, "circles"[, "markers"], "ratio"}], "crowd"}; times as Spent."""
    with _served() as port:
        found: dict[str, Any] = {"rows": [_row(port, n, seconds, markers) for n in workers]}
        if crowd:
            found["crowd"] = _crowd(port, crowd)
        return found


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    told = []
    for row in found["rows"]:
        hall, everybody, circles = row["gl"]["hall"], row["gl"]["all"]["busy"], row["circles"]
        told += [
            f"main thread of the browser, {row['workers']:,} moving workers at 1920 x 1080 without a graphics card;"
            " ms of our scripts, in brackets with what the browser does for them",
            f"  gliding {_ms(hall['gliding'])} a second, {_ms(hall['near'])} with streets in view;"
            f" {_ms(hall['frame'])} for an update",
            f"  a fix of each every 10 s: {_ms(hall['busy'])} a second, dash-leaflet GeoJSON {_ms(circles)},"
            f" ratio {_ms(row['ratio']['hall'], 0)}",
            f"  a fix of each every second: {_ms(everybody)} a second, ratio {_ms(row['ratio']['all'], 0)}",
        ]
    if crowd := found.get("crowd"):
        told.append(
            f"  the longest task with {crowd['workers']:,} workers {crowd['longest_task_ms']:.0f} ms"
            f" ({crowd['cpu_ms']:.0f} ms of processor)"
        )
    return told


def _ms(spent: Spent, digits: int = 1) -> str:
    return f"{spent['script']:.{digits}f} ({spent['all']:.{digits}f})"


def _row(port: int, workers: int, seconds: int, markers: bool) -> dict[str, Any]:
    gl = {traffic: _gl(port, workers, traffic, seconds) for traffic in ("hall", "all")}
    row: dict[str, Any] = {"workers": workers, "gl": gl}
    for layer in ("circles", "markers") if markers else ("circles",):
        row[layer] = _geojson(port, layer, workers)
        name = "ratio" if layer == "circles" else "ratio_markers"
        row[name] = {
            traffic: {of: round(row[layer][of] / side["busy"][of], 1) for of in NOTHING} for traffic, side in gl.items()
        }
    return row


def _gl(port: int, workers: int, traffic: str, seconds: int) -> dict[str, Any]:
    with _page(port, "gl") as (page, cdp, _):
        page.evaluate("bench.idle()")
        idle = _spent(page, cdp, lambda: page.wait_for_timeout(IDLE_S * 1000))
        updates = WARM_UP + seconds + 2 * FRESH
        page.evaluate("([n, traffic, k]) => bench.prepare('gl', n, traffic, k)", [workers, traffic, updates])
        page.evaluate("updates => bench.warm('gl', updates)", WARM_UP)
        _set_going(page)
        busy = _spent(page, cdp, lambda: page.evaluate("updates => bench.run('gl', updates, 1000)", seconds), idle)
        if traffic == "all":
            return {"busy": busy}
        gliding = _spent(page, cdp, lambda: page.wait_for_timeout(GLIDE_S * 1000), idle)
        frame = {name: round(max(0.0, busy[name] - gliding[name]), 2) for name in NOTHING}  # there is one a second
        page.evaluate("zoom => bench.near(zoom)", NEAR_ZOOM)
        _set_going(page)
        near = _spent(page, cdp, lambda: page.wait_for_timeout(GLIDE_S * 500), idle)
        return {"busy": busy, "gliding": gliding, "frame": frame, "near": near}


def _set_going(page: Page) -> None:
    """Everybody is told another fix, and glides to it."""
    page.evaluate("updates => bench.run('gl', updates, 40)", FRESH)
    page.evaluate("bench.idle()")


def _geojson(port: int, layer: str, workers: int) -> Spent:
    with _page(port, layer) as (page, cdp, _):
        page.evaluate("([layer, n]) => bench.prepare(layer, n, 'all', 3)", [layer, workers])
        _settled_step(page, layer)
        before = _busy(cdp)
        _settled_step(page, layer)
        _settled_step(page, layer)
        update = {name: round((ms - before[name]) / 2, 1) for name, ms in _busy(cdp).items()}
        shown = page.evaluate("bench.shown()")
        if shown["count"] != workers or shown["first"] != shown["wanted"]:
            raise RuntimeError(f"GeoJSON has not taken the update: {shown}")
        return update


def _settled_step(page: Page, layer: str) -> None:
    """One update, and until the page has nothing to do any more."""
    page.evaluate("layer => bench.step(layer)", layer)
    page.evaluate("bench.idle()")


def _crowd(port: int, workers: int) -> dict[str, Any]:
    """The longest tasks with very many workers."""
    with _page(port, "gl") as (page, _, browser):
        page.evaluate("([n, k]) => bench.prepare('gl', n, 'hall', k)", [workers, 8])
        page.evaluate("bench.idle()")
        browser.start_tracing(page=page, categories=TRACED)
        page.evaluate("bench.run('gl', 8, 500)")
        page.evaluate("bench.use()")
        longest = _longest(json.loads(browser.stop_tracing())["traceEvents"])
        return {"workers": workers, "longest_task_ms": round(longest[0], 1), "cpu_ms": round(longest[1], 1)}


def _longest(events: list[dict[str, Any]]) -> tuple[float, float]:
    """Milliseconds of wall clock and of processor of the longest task of a renderer's main thread."""
    threads = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"}
    tasks = [e for e in events if e["name"] in ("RunTask", "ThreadControllerImpl::RunTask") and (e["pid"], e["tid"]) in threads]
    if not tasks:
        raise RuntimeError("the trace holds no task of the main thread")
    return max(e.get("dur", 0) for e in tasks) / 1000, max(e.get("tdur", 0) for e in tasks) / 1000


def _spent(page: Page, cdp: CDPSession, task: Callable[[], object], idle: Spent = NOTHING) -> Spent:
    """What `task` takes of the main thread beyond `idle`, and pictures a second."""
    before, drawn, began = _busy(cdp), page.evaluate("bench.pictures()"), time.monotonic()
    task()
    lasted_s = time.monotonic() - began
    pictures = page.evaluate("bench.pictures()") - drawn
    taken = {name: round((ms - before[name]) / lasted_s - idle[name], 2) for name, ms in _busy(cdp).items()}
    return taken | {"pictures_per_s": round(pictures / lasted_s, 1)}


def _busy(cdp: CDPSession) -> Spent:
    """Milliseconds of processor that scripts have taken of the main thread, and all with what the browser does for them."""
    metrics = {metric["name"]: metric["value"] for metric in cdp.send("Performance.getMetrics")["metrics"]}
    return {name: float(metrics[metric]) * 1000 for name, metric in (("script", "ScriptDuration"), ("all", "TaskDuration"))}


@contextmanager
def _served() -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "bench.browser.app", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _page(port: int, layer: str) -> Iterator[tuple[Page, CDPSession, Browser]]:
    """A fresh browser on the page with one kind of layer."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(SETTLE_MS)
        page.goto(f"http://127.0.0.1:{port}/?layer={layer}")
        page.wait_for_function("window.dash_clientside && window.gridhall?.map?.main")
        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield page, cdp, browser
        browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
