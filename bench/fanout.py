"""One web process and hundreds of screens: what it costs, that screens which stop reading cost nothing, and that they heal.

18,794 workers move as they do in Foshan, every one every ten seconds, written as the projector writes them; SCREENS sockets
read what the live link sends, each acknowledging. Then some stop reading. The seconds of processor that the web process takes
stand beside those of a socket.io server in node that sends frames of the same size, as often, to as many of the same screens.
"""

import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import ports
from bench.ingest import ROOT, await_store, process
from bench.orders import environment
from bench.orderweb import memory_kb, web
from config import clock
from config.city import load_city
from config.make import make_city
from domain.states import Presence, Worker
from prepare import node_tools
from store import embedded, people
from store.commit import Commit, commit, read_at, renew, take_lease
from store.people import Token
from store.store import Store

SCREENS: Final = 200
SILENT: Final = 10
SILENT_S: Final = 60
STEADY_S: Final = 20
ROUND_S: Final = 10.0  # each worker is heard once in it
COMMITS_PER_S: Final = 2
WEB_PORT: Final = 18_062
NODE_PORT: Final = 18_063


class Crowd:
    """The screens, in a process of their own."""

    def __init__(self, port: int, secrets: list[str]) -> None:
        command = [sys.executable, "-m", "bench.livescreens", str(port)]
        self._child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.say(" ".join(secrets))
        assert self._child.stdout is not None
        if self._child.stdout.readline().strip() != "open":
            raise SystemExit("the screens cannot be opened")

    def say(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()

    def end(self) -> dict[str, Any]:
        self.say("end")
        assert self._child.stdout is not None
        told = self._child.stdout.read()
        self._child.wait(20)
        return json.loads(told)  # type: ignore[no-any-return]


def run(screens: int = SCREENS, silent: int = SILENT, silent_s: int = SILENT_S, keep: Path | None = None) -> dict[str, Any]:
    """Measure both servers in one run."""
    ports.need(WEB_PORT, NODE_PORT)
    with contextlib.ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-bench-")))
        if keep and (keep / "city").exists():
            shutil.copytree(keep / "city", folder / "city")
        else:
            make_city("foshan", folder / "city", seed=1)
        env, settings = environment(folder)
        env["GRIDHALL_WEB_PORT"] = str(WEB_PORT)
        end.enter_context(process(embedded.command(folder), env))
        store = await_store(embedded.url(folder))
        secrets = [
            people.add_token(store, Token(name=f"fan-{clock.now_ms()}-{n}", roles=("wall",), scope="")) for n in range(screens)
        ]
        end.enter_context(moving(folder, embedded.url(folder), settings.partitions))
        _, _, pid = end.enter_context(web(env, WEB_PORT))
        ours = _measure(pid, WEB_PORT, secrets, silent, silent_s)
        workers = len(load_city(folder / "city").roster)
    steady = ours["size"]["steady"]
    every_ms = round(1000 * STEADY_S * screens / steady["messages"])
    node = _measure_node(screens, every_ms, steady["text"], steady["bytes"])
    return {"screens": screens, "silent": silent, "silent_s": silent_s, "workers": workers, "every_ms": every_ms, **ours,
            "node": node, "ratio": round(ours["cpu"] / node["cpu"], 2)}  # fmt: skip


def _measure(pid: int, port: int, secrets: list[str], silent: int, silent_s: int) -> dict[str, Any]:
    crowd = Crowd(port, secrets)
    time.sleep(5)  # the first pictures
    cpu = _steady(pid, crowd)
    before_kb = memory_kb(pid)
    crowd.say("mark silence")
    crowd.say(f"silence {silent}")
    silent_kb, ends_at_s = [], time.monotonic() + silent_s
    while time.monotonic() < ends_at_s:
        silent_kb.append(memory_kb(pid))  # takes a second
    crowd.say("mark healed")
    crowd.say("heal")
    time.sleep(10)
    told = crowd.end()
    return {**told, "cpu": round(cpu, 4), "memory_kb": {"before": before_kb, "most": max(silent_kb), "end": silent_kb[-1]}}


def _steady(pid: int, crowd: Crowd) -> float:
    """Seconds of processor per second, while all read."""
    crowd.say("mark steady")
    started, began_s = cpu_s(pid), time.monotonic()
    time.sleep(STEADY_S)
    taken = (cpu_s(pid) - started) / (time.monotonic() - began_s)
    crowd.say("mark after")
    return taken


def _measure_node(screens: int, every_ms: int, text: int, size: int) -> dict[str, Any]:
    command = [node_tools()[0], "bench/fanout_node.js", *map(str, (NODE_PORT, every_ms, text, size))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as node:
        try:
            assert node.stdout is not None
            if node.stdout.readline().strip() != "ready":
                raise SystemExit("node's server does not start: is socket.io installed (make setup)?")
            crowd = Crowd(NODE_PORT, ["-"] * screens)
            time.sleep(3)
            cpu = _steady(node.pid, crowd)
            told = crowd.end()
        finally:
            node.terminate()
    return {"cpu": round(cpu, 4), "size": told["size"]["steady"]}


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has had, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def moving(folder: Path, url: str, partitions: int) -> Iterator[None]:
    """All workers of the roster are heard every ROUND_S, by a process that commits them as the projector does."""
    child = multiprocessing.get_context("spawn").Process(target=_move, args=(folder, url, partitions), daemon=True)
    child.start()
    try:
        yield
    finally:
        child.terminate()
        child.join(10)


def _move(folder: Path, url: str, partitions: int) -> None:
    city, store = load_city(folder / "city"), await_store(url)
    people_of: list[list[Worker]] = [[] for _ in range(partitions)]
    for number, (name, entry) in enumerate(city.roster.items()):
        people_of[store.partition_of(name)].append(_worker(name, entry.region, number))
    leases = [take_lease(store, partition, f"bench {clock.now_ms()}") for partition in range(partitions)]
    while any(lease is None for lease in leases):  # of a run before, which ends with its five seconds
        time.sleep(1)
        leases = [lease or take_lease(store, number, f"bench {clock.now_ms()}") for number, lease in enumerate(leases)]
    versions = [read_at(store, partition)[1] for partition in range(partitions)]
    steps = round(ROUND_S * COMMITS_PER_S)
    step, due_s = 0, time.monotonic()
    while True:
        for partition, lease in enumerate(leases):
            assert lease is not None
            renew(store, lease)
            versions[partition] += 1
            _commit(store, lease, versions[partition], people_of[partition][step % steps :: steps])
        step, due_s = step + 1, due_s + 1 / COMMITS_PER_S
        time.sleep(max(due_s - time.monotonic(), 0))


def _worker(name: str, region: str, number: int) -> Worker:
    return Worker(worker=name, region=region, lon=112.9 + number % 400 * 1e-3, lat=22.8 + number // 400 * 1e-2, speed_mps=1.2,
                  accuracy_m=8.0, battery_pct=number % 101, heading_deg=number % 360, presence=Presence.STILL)  # fmt: skip


def _commit(store: Store, lease: Any, version: int, rows: list[Worker]) -> None:
    now_ms, turned = clock.now_ms(), version % 60
    moved = [
        msgspec.structs.replace(row, version=version, fixed_at_ms=now_ms, received_at_ms=now_ms, heard_at_ms=now_ms,
                                lon=row.lon + turned * 1e-5, heading_deg=turned * 6.0)
        for row in rows
    ]  # fmt: skip
    named: list[tuple[str, str, Any]] = [("worker", row.worker, row) for row in moved]
    told = Commit(version=version, read_to=None, rows=named, tracks={}, days={}, trails={}, counts={}, seen={})
    commit(store, lease, told, 1000)


def _more_mb(memory: dict[str, int], when: str) -> float:
    return (memory[when] - memory["before"]) / 1024


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    age, size, memory = found["age_ms"], found["size"]["steady"], found["memory_kb"]
    told = [
        f"{found['screens']} screens on one web process, {found['workers']:,} workers,"
        f" a message of {size['text'] + size['bytes']:,} bytes every {found['every_ms']} ms each",
        f"  processor: {found['cpu']:.3f} s a second, node's socket.io server {found['node']['cpu']:.3f},"
        f" ratio {found['ratio']:.1f}",
        f"  {found['silent']} stop reading for {found['silent_s']} s: memory {_more_mb(memory, 'most'):+.1f} MB"
        f" at most, {_more_mb(memory, 'end'):+.1f} MB at the end;"
        f" reading again, {len(found['healed_s'])} of them are current within {max(found['healed_s'], default=0):.1f} s",
    ]
    for phase, words in (("steady", "all read"), ("silence", "of those who go on reading"), ("healed", "all again")):
        of = age[phase]
        told.append(f"  age of the picture, {words}: median {of['50']} ms, p95 {of['95']}, p99 {of['99']}, most {of['100']}")
    return told
