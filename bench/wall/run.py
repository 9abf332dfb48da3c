"""From a device's send to the changed pixel, with everything at once on one machine.

All roles run as in production (the web process with a stopwatch in it); `app.py load` is 18,794 workers of Foshan at one fix
per 10 s, by the protocols of devices; SCREENS socket clients take every frame; one Chromium without a graphics card shows the
whole city with a dot for every worker. Probes (`bench.wall.probes`) change place twice a second; every leg of each is timed.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench import ports
from bench.chrome import launch
from bench.fanout import Crowd
from bench.ingest import KEY, await_store, cpu_s, process
from bench.wall.probes import PREFIX, Probes, spots
from config import clock
from config.city import City, load_city
from config.make import make_city
from domain.states import Worker
from ingest.simulator.loadwho import who
from store import embedded, people
from store.people import Token
from store.store import Store

WORKERS: Final = 18_794
INTERVAL_S: Final = 10.0
SCREENS: Final = 60
PROBES: Final = 50
SECONDS: Final = 120
SHARES: Final = "json=40,osmand=20,owntracks=10,jt808=30"
READY_S: Final = 180.0
SETTLE_S: Final = 30.0  # more than a lap of the probes
WEB, GATEWAY, JT808 = 18_070, 18_071, 18_072
HERE: Final = Path(__file__).parent
LEGS: Final = (
    ("acked_ms", "acknowledged to the device"), ("committed_ms", "committed"), ("web_ms", "in the web process"),
    ("made_ms", "frame sent"), ("applied_ms", "applied in the browser"), ("drawn_ms", "drawn: the pixel has changed"),
    ("shown_ms", "next animation frame"),
)  # fmt: skip


def run(
    workers: int = WORKERS, screens: int = SCREENS, seconds: int = SECONDS, keep: Path | None = None
) -> dict[str, Any]:
    """{"legs": {leg: {p50, p95, p99}} in ms since the device's send, "probes", "load", "cpu", …}."""
    ports.need(WEB, GATEWAY, JT808)
    with contextlib.ExitStack() as end:
        folder = keep or Path(end.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-wall-")))
        if not (folder / "city" / "city.yaml").exists():
            make_city("foshan", folder / "city", seed=1)
        city = load_city(folder / "city")
        data = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-wall-")))
        return _measure(end, city, folder / "city", data, workers, screens, seconds)


def _measure(
    end: contextlib.ExitStack, city: City, city_folder: Path, data: Path, workers: int, screens: int, seconds: int
) -> dict[str, Any]:
    env = _environment(data, city_folder)
    roles: dict[str, subprocess.Popen[Any]] = {"store": end.enter_context(process(embedded.command(data), env))}
    store = await_store(embedded.url(data))
    for role in ("gateway", "projector"):
        roles[role] = end.enter_context(process([sys.executable, "app.py", role], env))
    roles["web"] = end.enter_context(process([sys.executable, "-m", "bench.wall.web", str(data / "watch")], env))
    for port in (WEB, GATEWAY):
        _await(f"http://127.0.0.1:{port}/healthz")
    told = data / "load.json"
    words = ["load", "--workers", str(workers), "--interval", str(INTERVAL_S), "--protocols", SHARES, "--report", str(told)]
    roles["load"] = end.enter_context(process([sys.executable, "app.py", *words], env))
    probes = Probes(spots(city, who(city, workers)[1], PROBES), GATEWAY, KEY)
    page = end.enter_context(_wall(store))
    _await_workers(page, workers)
    crowd = Crowd(WEB, [people.add_token(store, Token(name=f"screen-{n}", roles=("wall",), scope="")) for n in range(screens)])
    roles["screens"] = crowd._child
    page.add_script_tag(path=str(HERE / "page.js"))
    page.evaluate("probes => bench.start(probes)", probes.told())
    committed = Committed(store)
    committed.start()
    probes.start()
    page.wait_for_timeout(SETTLE_S * 1000)
    crowd.say("mark steady")
    before, pictures, began_s = _cpu_s(roles), page.evaluate("bench.pictures()"), clock.now_s()
    page.wait_for_timeout(seconds * 1000)
    cpu = {role: round((now - before[role]) / seconds, 3) for role, now in _cpu_s(roles).items()}
    drawn = (page.evaluate("bench.pictures()") - pictures) / seconds
    probes.end()
    page.wait_for_timeout(3000)
    unseen = page.evaluate("bench.unseen()")
    seen, clients = page.evaluate("bench.seen"), crowd.end()
    committed.end()
    roles["load"].terminate()
    roles["load"].wait(20)
    times = _joined(probes, committed.at_ms, _watched(data / "watch"), seen, began_s * 1000)
    return {
        "workers": workers, "interval_s": INTERVAL_S, "screens": screens, "seconds": seconds, "probes": len(probes.pairs),
        "sent": sum(one.sent_ms >= began_s * 1000 for one in probes.sent), "seen": len(times), "failed": probes.failed,
        "unseen": unseen,
        "legs": {leg: _shares([one[leg] for one in times]) for leg, _ in LEGS},
        "load": json.loads(told.read_text()), "clients_lost": clients["lost"],
        "clients_age_ms": clients["age_ms"].get("steady", {}),
        "cpu": cpu, "pictures_per_s": round(drawn, 1),
    }  # fmt: skip


def _environment(data: Path, city: Path) -> dict[str, str]:
    told = {"DATA_DIR": data, "CITY": city, "WEB_PORT": WEB, "GATEWAY_PORT": GATEWAY, "JT808_PORT": JT808, "INGEST_KEY": KEY,
            "LOG_LEVEL": "WARNING"}  # fmt: skip
    return {**os.environ, **{f"GRIDHALL_{name}": str(value) for name, value in told.items()}}


def _await(url: str) -> None:
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False, timeout=10).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


@contextlib.contextmanager
def _wall(store: Store) -> Iterator[Page]:
    """A wall in a browser at 1920×1080."""
    secret = people.add_token(store, Token(name="wall", roles=("wall",), scope=""))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
        page.set_default_timeout(READY_S * 1000)
        page.goto(f"http://127.0.0.1:{WEB}/enter#{secret}")
        page.wait_for_function("window.gridhall?.map?.of?.('map') && gridhall.live.link.connected")
        try:
            yield page
        finally:
            browser.close()


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))


def _cpu_s(roles: dict[str, subprocess.Popen[Any]]) -> dict[str, float]:
    """Seconds of processor that each role has taken so far, with its children; `browser`: all of it."""
    found = {role: sum(map(_seconds, (one.pid, *_descendants(one.pid)))) for role, one in roles.items()}
    return found | {"browser": sum(_seconds(pid) for pid in _descendants(os.getpid()) if b"chrom" in _command_of(pid))}


def _command_of(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        return cpu_s(pid)
    return 0.0


def _await_workers(page: Page, workers: int) -> None:
    """Until nearly all have been heard of once, and terminals have registered."""
    page.wait_for_function(
        "wanted => gridhall.live.tables.get('worker').count >= wanted", arg=int(0.98 * workers), timeout=READY_S * 1000
    )


class Committed:
    """When each fix of a probe was committed, by the store's own clock: the change log is read along."""

    def __init__(self, store: Store) -> None:
        self.at_ms: dict[tuple[str, int], float] = {}
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committed", daemon=True)
        begun = [store.snapshot(p) for p in range(store.partitions)]
        self._positions = {p: (one.position, one.version) for p, one in enumerate(begun)}

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(20)
        self._read()

    def _run(self) -> None:
        while not self._stop.wait(2.0):
            self._read()

    def _read(self) -> None:
        while found := self._store.tail(self._positions, 1):
            for partition, batches in found.items():
                for batch in batches:
                    at_ms = float(batch.position.split("-")[0])
                    for _, row in batch.rows:
                        if isinstance(row, Worker) and row.worker.startswith(PREFIX):
                            self.at_ms.setdefault((row.worker, row.fixed_at_ms), at_ms)
                self._positions[partition] = (batches[-1].position, batches[-1].version)


def _watched(file: Path) -> dict[tuple[str, int], float]:
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    found: dict[tuple[str, int], float] = {}
    for worker, fixed_at_ms, at_ms in lines:
        found.setdefault((worker, int(fixed_at_ms)), float(at_ms))
    return found


def _joined(
    probes: Probes, committed: dict[tuple[str, int], float], web: dict[tuple[str, int], float], seen: list[dict[str, Any]],
    from_ms: float,
) -> list[dict[str, float]]:  # fmt: skip
    """Of each fix since `from_ms` that came to the canvas: milliseconds from its send to the end of each leg."""
    by_spot: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for one in seen:
        by_spot.setdefault((one["id"], one["spot"]), []).append(one)
    found = []
    for sent in probes.sent:
        key = (sent.probe, sent.fixed_at_ms)
        drawn = next((one for one in by_spot.get((sent.probe, probes.pairs[sent.probe].index(sent.spot)), ())
                      if one["applied_ms"] > sent.sent_ms), None)  # fmt: skip
        if sent.sent_ms >= from_ms and drawn is not None and key in committed and key in web:
            times = {**drawn, "acked_ms": sent.acked_ms, "committed_ms": committed[key], "web_ms": web[key]}
            found.append({leg: times[leg] - sent.sent_ms for leg, _ in LEGS})
    return found


def _shares(values: list[float]) -> dict[str, float]:
    return {f"p{share}": round(float(np.percentile(values, share)), 1) for share in (50, 95, 99)} if values else {}


def lines(found: dict[str, Any]) -> list[str]:
    """The legs as people read them."""
    load, cpu = found["load"], found["cpu"]
    late = ", ".join(f"{name} {one['p95_ms']:g} ms" for name, one in load["latency"].items())
    rates = f"{load['wanted_per_s']:,.0f} fixes/s sent, {load['acknowledged_per_s']:,.0f} acknowledged"
    probes = f"{found['seen']} of {found['sent']} probes seen; ms since the send"
    used = ", ".join(f"{role} {share:.2f}" for role, share in cpu.items())
    return [
        f"from a device's send to the changed pixel: {found['workers']:,} workers, a fix per {found['interval_s']:g} s each,"
        f" {found['screens']} screens, one browser",
        f"  {rates}; p95 of the whole run, its start included: {late}",
        f"  {probes:<52}      p50      p95      p99",
        *(_leg(name, found["legs"][leg]) for leg, name in LEGS),
        f"  processors used: {used}; {found['pictures_per_s']:g} pictures/s",
    ]


def _leg(name: str, shares: dict[str, float]) -> str:
    return f"    {name:<50}" + "".join(f"{shares.get(share, 0):>9,.0f}" for share in ("p50", "p95", "p99"))
