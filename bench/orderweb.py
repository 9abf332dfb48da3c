"""A real web process over a store of orders: its memory per order, its start-up, and how soon a wall tells of a change."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import websocket

from bench.ingest import alive, await_store, process
from config import clock
from config.city import City
from dashboard.live.frame import decode
from domain.facts import CaseStep
from store import embedded, people
from store.people import Token
from store.store import Store

START_WITHIN_S: Final = 300.0
WITHIN_S: Final = 60.0
CHANGES: Final = 12
GRID: Final = 5  # steps of a grid's path in Foshan


def measure(folder: Path, env: dict[str, str], store: Store, city: City, port: int) -> dict[str, Any]:
    """Memory and start-up beside those of the same city without orders; a plain read of all rows; changes to the wall."""
    with tempfile.TemporaryDirectory(prefix="gridhall-bench-") as name:
        bare = {**env, "GRIDHALL_DATA_DIR": name}
        with process(embedded.command(Path(name)), bare):
            await_store(embedded.url(Path(name)))
            with web(bare, port) as (_, bare_s, bare_pid):
                bare_kb = memory_kb(bare_pid)
    rows, read_s = plain_read(store)
    with web(env, port) as (_, start_s, pid):
        full_kb = memory_kb(pid)
        with process([sys.executable, "app.py", "projector"], env):
            _ready_for_changes(store, city, port)
            changes_s = [one_change(store, city, port, n) for n in range(1, CHANGES + 1)]
    return {
        "rows": rows,
        "bytes_per_order": round((full_kb - bare_kb) * 1024 / rows),
        "start_ratio": round((start_s - bare_s) / read_s, 2),
        "start_s": round(start_s, 1),
        "read_s": round(read_s, 2),
        "change_s": sorted(round(s, 2) for s in changes_s),
    }


def _ready_for_changes(store: Store, city: City, port: int) -> None:
    """A first change, that nobody times: the projector is only starting."""
    for _ in range(5):
        with contextlib.suppress(websocket.WebSocketException):
            one_change(store, city, port, 0)
            return
    raise SystemExit("no wall stays connected")


@contextlib.contextmanager
def web(env: dict[str, str], port: int) -> Iterator[tuple[subprocess.Popen[bytes], float, int]]:
    """A web process, seconds from its start until it is ready, and the id of the process that serves."""
    started = time.perf_counter()
    with process([sys.executable, "app.py", "web"], env) as child:
        while time.perf_counter() - started < START_WITHIN_S:
            alive(child)
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200:
                    break
            time.sleep(0.02)
        else:
            raise SystemExit("the web process does not become ready")
        yield child, time.perf_counter() - started, _server_of(child.pid)


def _server_of(pid: int) -> int:
    """gunicorn's worker is the child of the process that we started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def memory_kb(pid: int) -> int:
    time.sleep(1.0)
    told = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in told if line.startswith("VmRSS:"))


def plain_read(store: Store) -> tuple[int, float]:
    """How many rows of orders there are, and the seconds to fetch and decode them all, and nothing else."""
    started = time.perf_counter()
    rows = sum(1 for partition in range(store.partitions) for _ in store.rows(partition, ("order",)))
    return rows, time.perf_counter() - started


def one_change(store: Store, city: City, port: int, number: int) -> float:
    """Seconds from a report's append to the store until a wall of the whole city has been sent figures that count it."""
    secret = people.add_token(store, Token(name=f"bench-wall-{number}-{clock.now_ms()}", roles=("wall",), scope=""))
    region = next(code for code in city.regions if len(city.path(code)) == GRID)
    with wall_of(port, secret) as wall:
        before, at_ms = wall.open_orders(), clock.now_ms()
        report = CaseStep(source="bench", received_at_ms=at_ms, order=f"bench-{at_ms}", at_ms=at_ms, status="reported",
                          region=region, title="井盖缺失")  # fmt: skip
        started = time.perf_counter()
        store.append([report])
        while wall.open_orders() <= before:
            pass
        return time.perf_counter() - started


class Wall:
    """A screen that takes what it is sent, and acknowledges it."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._cursors: dict[str, list[str | int]] = {}

    def emit(self, event: str, data: dict[str, Any]) -> None:
        self._socket.send("42/live," + json.dumps([event, data]))

    def open_orders(self) -> int:
        """Of the next figures that the wall is sent."""
        while True:
            message, _ = self.next()
            if "figures" in message:
                counters = message["figures"]["counters"]
                return int(next(counter["value"] for counter in counters if counter["key"] == "open"))

    def next(self) -> tuple[dict[str, Any], list[bytes]]:
        """The next message, and the frames that it brings."""
        while True:
            text = self._socket.recv()
            if text == "2":
                self._socket.send("3")
            elif isinstance(text, str) and text.startswith(("42/live,", "45")):
                return self._taken(text)

    def _taken(self, text: str) -> tuple[dict[str, Any], list[bytes]]:
        """A message with its attachments, which are frames and say how far the screen is then."""
        _, body = text.split("/live,", 1)
        at = body.index("[")
        message: dict[str, Any] = json.loads(body[at:])[1]
        frames = [bytes(self._socket.recv()) for _ in message["frames"]]
        brought = [decode(frame) for frame in frames]
        self._cursors |= {frame.table: [frame.epoch, frame.to, frame.scope] for frame in brought}
        self._socket.send(f"43/live,{body[:at]}" + json.dumps([{"seq": message["seq"], "cursors": self._cursors}]))
        return message, frames


@contextlib.contextmanager
def wall_of(port: int, secret: str) -> Iterator[Wall]:
    """A wall of the whole city over the year, as it opens."""
    socket = websocket.create_connection(
        f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", timeout=WITHIN_S, suppress_origin=True,
        header=[f"Authorization: Bearer {secret}"],
    )  # fmt: skip
    try:
        socket.recv()
        socket.send("40/live,")
        socket.recv()
        wall = Wall(socket)
        wall.emit("watch", {"region": "", "period": "year", "cursors": {}})
        yield wall
    finally:
        socket.close()


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    worst = found["change_s"][-1]
    return [
        f"  memory of the web process: {found['bytes_per_order']:,} bytes an order, beside the same city without orders",
        f"  start-up until ready: {found['start_ratio']:.2f} times a plain fetch and decode of all rows",
        f"  a report, until a wall's figures count it: {worst:.2f} s at worst of {len(found['change_s'])}",
    ]
