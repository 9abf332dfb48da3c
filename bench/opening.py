"""How soon a wall shows its first complete picture, beside an empty Dash page, in the same browser and the same run.

The store holds 20,000 workers and 630,000 orders. Each page is opened in a fresh browser context, with nothing cached, in turn
with the other. The wall's picture is complete when its tables hold every worker and every open order, its figures have come,
every panel that stands on it is drawn, and the map stands: then two more frames of the browser.
"""

import contextlib
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, sync_playwright

from bench import ports, stock
from bench.chrome import launch
from bench.fanout import _commit, _worker
from bench.ingest import await_store, process
from bench.orders import ORDERS, environment, make_orders
from bench.orderweb import wall_of, web
from config import clock
from config.city import City, load_city
from dashboard.live.frame import decode
from domain.lifecycle import is_open
from store import embedded, people
from store.commit import read_at, take_lease
from store.people import Account, Token
from store.store import Store

WORKERS: Final = 20_000
ROUNDS: Final = 5
WEB_PORT: Final = 18_064
EMPTY_PORT: Final = 18_065
PASSWORD: Final = "only for this benchmark"
WITHIN_MS: Final = 60_000
POLL_MS: Final = 20
COMPLETE: Final = """([workers, orders]) => {
  const g = window.gridhall, live = g && g.live;
  if (!live || !live.figures || !g.map || !g.map.of('map') || !document.querySelector('#map canvas')) return false;
  if (live.tables.get('worker').count < workers || live.tables.get('order').count < orders) return false;
  const shown = [...document.querySelectorAll('[data-panel]')].filter((e) => e.offsetParent !== null && e.id !== 'map');
  return shown.length > 5 && shown.every((e) => e.dataset.drawn || e.childElementCount);
}"""
PAINTED: Final = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})"""


def run(orders: int = ORDERS, rounds: int = ROUNDS, keep: Path | None = None) -> dict[str, Any]:
    """Take a copy of the orders that are kept (`bench.stock`), and open pages."""
    ports.need(WEB_PORT, EMPTY_PORT)
    with contextlib.ExitStack() as end:
        folder = end.enter_context(stock.stock_of(orders, make_orders, keep))
        env, _ = environment(folder)
        env["GRIDHALL_WEB_PORT"] = str(WEB_PORT)
        end.enter_context(process(embedded.command(folder), env))
        store, city = await_store(embedded.url(folder)), load_city(folder / "city")
        _stand(store, city)
        still_open = sum(
            is_open(row.status) for partition in range(store.partitions) for _, row in store.rows(partition, ("order",))
        )
        name = f"bench-{clock.now_ms()}"
        people.add_account(store, Account(name=name, title=name, roles=("leader", "supervisor")), PASSWORD)
        end.enter_context(web(env, WEB_PORT))
        end.enter_context(_empty_page())
        first = _first_frame(store)
        cookie = _log_in(name)
        browser = end.enter_context(_browser())
        _open_wall(browser, cookie, still_open)  # what is made once per process is made
        taken: dict[str, list[float]] = {"empty": [], "wall": []}
        for _ in range(rounds):
            taken["empty"].append(_open_empty(browser))
            taken["wall"].append(_open_wall(browser, cookie, still_open))
    median = {name: round(statistics.median(ms)) for name, ms in taken.items()}
    return {"workers": WORKERS, "open": still_open, "rounds": rounds, **first, "median_ms": median,
            "ratio": round(median["wall"] / median["empty"], 2),
            "ms": {name: [round(one) for one in ms] for name, ms in taken.items()}}  # fmt: skip


def _stand(store: Store, city: City) -> None:
    """WORKERS workers have been heard just now: those of the roster, and some that it does not know."""
    names = [*city.roster, *(f"X{number:05d}" for number in range(WORKERS))][:WORKERS]
    rows: list[list[Any]] = [[] for _ in range(store.partitions)]
    for number, name in enumerate(names):
        entry = city.roster.get(name)
        rows[store.partition_of(name)].append(_worker(name, entry.region if entry else "", number))
    for partition, these in enumerate(rows):
        lease = take_lease(store, partition, f"bench {clock.now_ms()}")
        while lease is None:
            time.sleep(1)  # of whoever wrote the orders; it ends after five seconds
            lease = take_lease(store, partition, f"bench {clock.now_ms()}")
        _commit(store, lease, read_at(store, partition)[1] + 1, these)


def _first_frame(store: Store) -> dict[str, int]:
    """Bytes of the first message that brings a wall its rows, and of all frames until it has every one."""
    secret = people.add_token(store, Token(name=f"bench-{clock.now_ms()}", roles=("wall",), scope=""))
    with wall_of(WEB_PORT, secret) as wall:
        sizes, workers = [], 0
        while workers < WORKERS:
            frames = wall.next()[1]
            if frames:
                sizes.append(sum(map(len, frames)))
                workers += sum(len(frame.columns["slot"]) for frame in map(decode, frames) if frame.table == "worker")
    return {"first_bytes": sizes[0], "all_bytes": sum(sizes)}


@contextlib.contextmanager
def _empty_page() -> Iterator[None]:
    """The empty page on gunicorn, one worker process of many threads, as ours."""
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "16", "--no-control-socket",
               "--log-level", "warning", "-b", f"127.0.0.1:{EMPTY_PORT}", "bench.emptydash:wsgi()"]  # fmt: skip
    with process(command, dict(os.environ)):
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{EMPTY_PORT}/", trust_env=False).status_code == 200:
                    break
            time.sleep(0.05)
        yield


def _log_in(name: str) -> str:
    """The cookie of a log-in."""
    answer = httpx.post(f"http://127.0.0.1:{WEB_PORT}/api/v1/login", json={"user": name, "password": PASSWORD},
                        headers={"X-Want": "cookie"}, trust_env=False, timeout=20)  # fmt: skip
    if answer.status_code != 200:
        raise SystemExit(f"no log-in: {answer.text}")
    return str(answer.cookies["gridhall"])


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def _open_empty(browser: Browser) -> float:
    """Milliseconds from the navigation's start until the page has been painted."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{EMPTY_PORT}/", wait_until="commit")
    page.wait_for_function("() => document.getElementById('empty')", timeout=WITHIN_MS, polling=POLL_MS)
    taken = float(page.evaluate(PAINTED))
    context.close()
    return taken


def _open_wall(browser: Browser, cookie: str, orders: int) -> float:
    """Milliseconds from the navigation's start until the wall's picture is complete."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.add_cookies([{"name": "gridhall", "value": cookie, "url": f"http://127.0.0.1:{WEB_PORT}", "httpOnly": True}])
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{WEB_PORT}/wall", wait_until="commit")
    page.wait_for_function(COMPLETE, arg=[WORKERS, orders], timeout=WITHIN_MS, polling=POLL_MS)
    taken = float(page.evaluate(PAINTED))
    if shot := os.environ.get("BENCH_SHOT"):
        page.screenshot(path=shot)
    context.close()
    return taken


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    return [
        f"a wall opened on {found['workers']:,} workers and {found['open']:,} open orders, median of {found['rounds']}",
        f"  first complete picture: {found['ratio']:.2f} times an empty Dash page in the same browser",
        f"  first data frame {found['first_bytes']:,} bytes, all of the first picture {found['all_bytes']:,}",
    ]
