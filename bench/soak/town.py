"""The hall that a soak runs: all roles on the demo city's map, fed through the gateway like devices and case systems do."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from config import clock
from config.city import load_city
from config.make import make_city
from config.settings import load_settings
from domain.states import Order
from store import embedded, people
from store.people import Token
from store.store import Store, open_store

ROOT: Final = Path(__file__).resolve().parents[2]
KEY: Final = "soak-key-of-sixteen-or-more"
START_S: Final = 60.0
SCENES: Final = """
turn: [overview, force, cases, supervise, video]
turn_s: {turn_s}
pause_s: 10
emergency: {{scene: emergency, matters: [{matter}], urgent: true, longest_min: 60}}
"""
STEPS: Final = ("reported", "registered", "dispatched", "handling", "checking", "closed")
STEP_S: Final = 8.0  # an order lives through its steps while the soak watches
OPEN_ORDERS: Final = 60
ALARM_EVERY: Final = 150  # orders, from the 30th on; walls jump to such a one and come back when it is closed
ALARM_STEP_S: Final = 3.0


class Town:
    """`app.py run --no-demo` with `workers` that walk, each telling a fix every `fix_s`, and orders that come and go.

    The number of everything stays as it is, so that a page that grows has no reason to.
    """

    def __init__(self, folder: Path, workers: int, fix_s: float, turn_s: int) -> None:
        self.data_dir = folder / "data"
        self.data_dir.mkdir()
        city_folder = make_city("guicheng", folder / "city", seed=1)
        self._alarming, *self._matters = load_city(city_folder).matters
        scenes = SCENES.format(turn_s=turn_s, matter=json.dumps(self._alarming))
        (city_folder / "scenes.yaml").write_text(scenes, encoding="utf-8")
        self.city = load_city(city_folder)
        self._matters = [key for key in self._matters if not self.city.is_alarm(Order(order="", category=key))]
        self._departments = [department.name for department in self.city.departments.values()]
        self.web_port, self.gateway_port = _free_port(), _free_port()
        self._fix_s = fix_s
        self.workers = list(self.city.roster)[:workers]
        self.workers += [f"soak-{n:05d}" for n in range(workers - len(self.workers))]
        grids = [code for code, region in self.city.regions.items() if region.level == "grid"]
        spots = [shape.representative_point() for code in grids if (shape := self.city.geometry(code)) is not None]
        self._spots = [(spot.x, spot.y) for spot in spots]
        self._orders: deque[tuple[str, int, float, float]] = deque()
        self._made = 0
        self._stop = threading.Event()
        self._http = httpx.Client(trust_env=False, timeout=30, headers={"Authorization": f"Bearer {KEY}"})
        self.refused = 0
        ports = ("--web-port", str(self.web_port), "--gateway-port", str(self.gateway_port), "--jt808-port", "-1")
        where = ("--city", str(city_folder), "--data-dir", str(self.data_dir))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            (sys.executable, "app.py", "run", "--no-demo", *where, *ports), cwd=ROOT, stdout=self._log, stderr=self._log,
            env={**os.environ, "GRIDHALL_INGEST_KEY": KEY, "GRIDHALL_ADMIN_TOKEN": KEY},
        )  # fmt: skip
        self._await()
        self._feeder = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._feeder.start()

    def _await(self) -> None:
        until_s = time.monotonic() + START_S
        for port in (self.web_port, self.gateway_port):
            while not _answers(f"http://127.0.0.1:{port}/healthz"):
                if time.monotonic() > until_s:
                    raise RuntimeError("the hall does not start")
                time.sleep(0.2)

    # who asks

    def wall_link(self) -> str:
        """Path and secret of a wall's link, as an administrator makes it."""
        opened: Store = open_store(embedded.url(self.data_dir), load_settings({}).partitions)
        secret = people.add_token(opened, Token(name="soak", roles=("wall",), scope=self.city.root))
        opened.client.close()
        return f"enter#{secret}"

    def screens(self) -> list[dict[str, Any]]:
        """What the server says of its open screens."""
        answer = self._http.get(f"http://127.0.0.1:{self.web_port}/api/v1/screens?ms=1")
        return list(answer.raise_for_status().json()["items"])

    def web_pids(self) -> list[int]:
        """The processes of the web role."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"app.py\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill_web(self) -> None:
        """kill -9 of the web process; its supervisor starts it again."""
        for pid in self.web_pids():
            os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        self._stop.set()
        self._feeder.join(10)
        self._http.close()
        self._process.terminate()
        self._process.wait(60)
        self._log.close()

    # what is told

    def _feed(self) -> None:
        """A tenth of a round of fixes at a time; orders move on meanwhile."""
        slice_s, begun_s, number = self._fix_s / 10, time.monotonic(), 0
        while not self._stop.wait(max(0.0, begun_s + number * slice_s - time.monotonic())):
            fixes = [self._fix(n, number // 10) for n in range(number % 10, len(self.workers), 10)]
            for kind, items in (("positions", fixes), ("events", list(self._events()))):
                if items:
                    self._tell(kind, items)
            number += 1

    def _tell(self, kind: str, items: list[dict[str, Any]]) -> None:
        try:
            answer = self._http.post(f"http://127.0.0.1:{self.gateway_port}/api/v1/{kind}", content=json.dumps(items))
            self.refused += len(answer.json().get("rejected", ())) if answer.status_code == 200 else len(items)
        except httpx.HTTPError:
            self.refused += len(items)

    def _fix(self, n: int, step: int) -> dict[str, Any]:
        """Everybody walks round a square of his own in his grid."""
        lon, lat = self._spots[n % len(self._spots)]
        side = (step + n) % 40
        dx, dy = ((side, 0), (10, side - 10), (30 - side, 10), (0, 40 - side))[side // 10]
        aside = (n // len(self._spots)) * 3e-5
        return {
            "worker": self.workers[n], "fixed_at": _iso(clock.now_s()), "lon": lon + (dx - 5) * 4e-5 + aside,
            "lat": lat + (dy - 5) * 4e-5, "accuracy_m": 6, "speed_mps": 1.1, "battery_pct": 20 + (n + step) % 80,
        }  # fmt: skip

    def _events(self) -> Iterator[dict[str, Any]]:
        """Orders that are due for their next step, and a new one for each that has ended."""
        now_s = time.monotonic()
        for _ in range(len(self._orders)):
            order, step, due_s, step_s = self._orders.popleft()
            if due_s > now_s:
                self._orders.append((order, step, due_s, step_s))
                continue
            yield {"order": order, "at": _iso(clock.now_s()), "status": STEPS[step]}
            if step + 1 < len(STEPS):
                self._orders.append((order, step + 1, now_s + step_s, step_s))
        if len(self._orders) < OPEN_ORDERS:
            yield self._new_order(now_s)

    def _new_order(self, now_s: float) -> dict[str, Any]:
        self._made += 1
        lon, lat = self._spots[self._made * 7 % len(self._spots)]
        is_alarm = self._made % ALARM_EVERY == 30
        matter = self._alarming if is_alarm else self._matters[self._made % len(self._matters)]
        order = f"soak-{self._made:06d}"
        step_s = ALARM_STEP_S if is_alarm else STEP_S
        self._orders.append((order, 1, now_s + step_s, step_s))
        return {
            "order": order, "at": _iso(clock.now_s()), "status": "reported", "lon": lon, "lat": lat,
            "title": self.city.matters[matter].name, "category": matter,
            "department": self._departments[self._made % len(self._departments)],
            "source": ("12345", "网格员上报")[self._made % 2], "reporter": self.workers[self._made % len(self.workers)],
            "deadline_at": _iso(clock.now_s() + 60 - self._made % 3 * 30),
        }  # fmt: skip


def _iso(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_s)) + f".{int(at_s % 1 * 1000):03d}+00:00"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
