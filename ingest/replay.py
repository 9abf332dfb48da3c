"""`replay`: track files through the gateway, by time at a chosen speed or as fast as it goes.

All files are read first, into columns, and put in order of time. Workers are dealt out to lanes; a lane sends one batch
at a time and takes the next when the gateway has said what became of the last, so one worker's fixes are never
overtaken by his own, while the lanes keep several batches in flight.
"""

import asyncio
import heapq
import time
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import msgspec
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.delivery import Delivery, Gateway, GatewayError, summary
from ingest.files import Reading, Reject, find_files, read

POSITIONS: Final = "/api/v1/positions"
SIDE_VALUES: Final = {
    "altitude_m": (-1e4, 1e6),
    "speed_mps": (0.0, 1e4),
    "heading_deg": (0.0, 360.0),
    "accuracy_m": (0.0, 1e7),
    "battery_pct": (0.0, 100.0),
}
"""What a fix may say beside its place, and within which bounds: beyond them (-1 for unknown …) it says nothing."""
TICK_S: Final = 0.25  # a lane that plays by time waits at least so long, so that batches are not of one fix each
Speed = float | Literal["max"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Tracks(msgspec.Struct):
    """All fixes as columns of equal length, in order of time. `worker` indexes `workers`; NaN is unknown."""

    workers: list[str]
    worker: Ints
    fixed_at_ms: Ints
    columns: dict[str, Floats]
    rejects: list[Reject]

    def __len__(self) -> int:
        return len(self.fixed_at_ms)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """How to play. `speed` "max", or how many seconds of the tracks pass in one second.

    `shift_to_now` moves all times alike, so that no fix is dated after its sending: at speed 1 and below the first fix
    happens now; above, the last fix happens when it is sent; at max the last fix happens now.
    """

    speed: Speed = "max"
    shift_to_now: bool = False
    prefix: str = ""
    reading: Reading = Reading()
    batch: int = 500
    in_flight: int = 4
    give_up_after_s: float | None = None


def load_tracks(files: Iterable[Path], reading: Reading, on_file: Callable[[], None] = lambda: None) -> Tracks:
    """Read the files into columns, sorted by time; fixes of the same instant stay in file order."""
    index: dict[str, int] = {}
    worker, fixed = array("q"), array("q")
    columns = {name: array("d") for name in ("lon", "lat", *SIDE_VALUES)}
    rejects: list[Reject] = []
    for path in files:
        for one in read(path, reading):
            if isinstance(one, Reject):
                rejects.append(one)
                continue
            worker.append(index.setdefault(one.worker, len(index)))
            fixed.append(one.fixed_at_ms)
            for name, column in columns.items():
                value = getattr(one, name)
                column.append(float("nan") if value is None else value)
        on_file()
    table = {name: np.array(column, dtype=np.float64) for name, column in columns.items()}
    for name, (low, high) in SIDE_VALUES.items():
        table[name][~((table[name] >= low) & (table[name] <= high))] = np.nan
    at = np.array(fixed, dtype=np.int64)
    order = np.argsort(at, kind="stable")
    return Tracks(
        workers=list(index),
        worker=np.array(worker, dtype=np.int64)[order],
        fixed_at_ms=at[order],
        columns={name: column[order] for name, column in table.items()},
        rejects=rejects,
    )


def shift_ms(first_at_ms: int, last_at_ms: int, speed: Speed, now_ms: int) -> int:
    """What to add to every instant so that the tracks happen now and no fix is dated after its sending."""
    if speed == "max":
        return now_ms - last_at_ms
    if speed <= 1:
        return now_ms - first_at_ms
    return now_ms + round((last_at_ms - first_at_ms) / speed) - last_at_ms


def deal_lanes(worker: Ints, lanes: int) -> list[Ints]:
    """Indices of the fixes of each lane, in time order; each worker is in one lane, lanes are of like size."""
    counts = np.bincount(worker) if len(worker) else np.zeros(0, dtype=np.int64)
    heap = [(0, lane) for lane in range(max(1, min(lanes, len(counts))))]
    lane_of = np.zeros(len(counts), dtype=np.int64)
    for who in np.argsort(-counts, kind="stable"):
        load, lane = heap[0]
        heapq.heapreplace(heap, (load + int(counts[who]), lane))
        lane_of[who] = lane
    return [np.flatnonzero(lane_of[worker] == lane) for lane in range(len(heap))]


def encode(tracks: Tracks, rows: Ints, prefix: str, shift: int) -> list[bytes]:
    """The fixes `rows` as JSON objects of `/api/v1/positions`."""
    times = (tracks.fixed_at_ms[rows] + shift).astype("datetime64[ms]").astype(str).tolist()
    cells = {name: column[rows].tolist() for name, column in tracks.columns.items()}
    encoded = []
    for i, who in enumerate(tracks.worker[rows].tolist()):
        fix: dict[str, Any] = {"worker": prefix + tracks.workers[who], "fixed_at": times[i] + "Z", "recorded": True}
        fix |= {name: values[i] for name, values in cells.items() if values[i] == values[i]}  # NaN is not itself
        encoded.append(msgspec.json.encode(fix))
    return encoded


def replay(
    paths: Sequence[Path],
    gateway_url: str,
    key: str,
    how: Replay = Replay(),
    *,
    progress: bool = True,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:
    """Send the tracks of `paths` (files or folders) to the gateway and wait for every answer.

    Ctrl-C ends it; the tally then has `interrupted` and counts what was acknowledged. Playing again is safe.
    Raises GatewayError for a refusal that stays one, FileNotFoundError and ValueError as `find_files`.
    """
    tally = Delivery()
    bar = _bar() if progress else None
    with bar if bar is not None else nullcontext():
        files = find_files(list(paths))
        reading = bar.add_task("reading", total=len(files)) if bar is not None else None
        tracks = load_tracks(
            files, how.reading, lambda: bar.advance(reading) if bar is not None and reading is not None else None
        )
        tally.unreadable = Counter(reject.reason for reject in tracks.rejects)
        try:
            asyncio.run(play(tracks, gateway_url, key, how, tally, bar=bar, transport=transport))
        except KeyboardInterrupt:
            tally.interrupted = True
    return tally


async def play(
    tracks: Tracks,
    gateway_url: str,
    key: str,
    how: Replay,
    tally: Delivery,
    *,
    bar: Progress | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Send all fixes; `tally` is brought up to date with every answer. `clock` (epoch s) and `sleep` move in tests."""
    if not len(tracks):
        return
    first, last = int(tracks.fixed_at_ms[0]), int(tracks.fixed_at_ms[-1])
    begin_s = clock()
    shift = shift_ms(first, last, how.speed, int(begin_s * 1000)) if how.shift_to_now else 0
    task = bar.add_task("sending", total=len(tracks)) if bar is not None else None

    def wait(problem: str, seconds: float) -> None:
        if bar is not None and task is not None:
            bar.update(task, description=f"waiting: {problem}")

    async def run(lane: Ints) -> None:
        at = tracks.fixed_at_ms[lane]
        done = 0
        while done < len(lane):
            end = done + how.batch
            if how.speed != "max":
                played_ms = first + (clock() - begin_s) * how.speed * 1000
                end = min(end, int(np.searchsorted(at, played_ms, side="right")))
                if end <= done:
                    await sleep(max(TICK_S, (int(at[done]) - played_ms) / 1000 / how.speed))
                    continue
            rows = lane[done:end]
            ack = await gateway.post(POSITIONS, encode(tracks, rows, how.prefix, shift))
            tally.add(ack)
            tally.resent = gateway.resent
            done += len(rows)
            if bar is not None and task is not None:
                bar.update(task, advance=len(rows), description="sending")

    gateway = Gateway(
        gateway_url,
        key,
        in_flight=how.in_flight,
        give_up_after_s=how.give_up_after_s,
        on_wait=wait,
        transport=transport,
        sleep=sleep,
    )
    async with gateway:
        await together([run(lane) for lane in deal_lanes(tracks.worker, how.in_flight)])


async def together(lanes: list[Any]) -> None:
    """Run all lanes; the first that fails ends the others and its error is raised."""
    tasks = [asyncio.ensure_future(lane) for lane in lanes]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), transient=False
    )


def command(paths: Sequence[Path], gateway_url: str, key: str, *, speed: str = "max", shift_to_now: bool = False) -> int:
    """`replay`: sends the tracks, says what became of them, and gives the exit code."""
    console = Console()
    try:
        pace = parse_speed(speed)
        tally = replay(paths, gateway_url, key, Replay(speed=pace, shift_to_now=shift_to_now))
    except (GatewayError, FileNotFoundError, ValueError) as wrong:
        console.print(str(wrong), style="red", highlight=False, markup=False)
        return 1
    console.print(summary(tally), highlight=False, markup=False)
    return 130 if tally.interrupted else 0


def parse_speed(text: str) -> Speed:
    """`max` or a number above 0. Raises ValueError."""
    if text == "max":
        return "max"
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ValueError(f"speed: a number above 0, or max, is wanted: {text}")
    return speed
