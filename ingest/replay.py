"""`replay`: recorded tracks through the gateway, by time at a chosen speed or as fast as it goes.

All files are read first, into columns, and put in order of time. Workers are dealt out to lanes; a lane sends one batch
at a time and takes the next when the gateway has said what became of the last, so one worker's fixes are never
overtaken by his own, while the lanes keep several batches in flight.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import msgspec
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.city import City
from config.clock import now_s
from ingest.delivery import Delivery, Gateway, Origin
from ingest.dryrun import NOWHERE, DryRun
from ingest.files import Reading, find_files
from ingest.report import reported, say, warn
from ingest.tracks import Account, Ints, Tracks, doubts, found, load_tracks

POSITIONS: Final = "/api/v1/positions"
TICK_S: Final = 0.25  # a lane that plays by time waits at least so long, so that batches are not of one fix each
Speed = float | Literal["max"]


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
    tally: Delivery | None = None,
    on_read: Callable[[Tracks, Account, Delivery], None] = lambda *_: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:
    """Send the tracks of `paths` (files or folders) to the gateway and wait for every answer.

    `on_read` is told what was found before anything is sent. `tally` is counted into, so that it holds what was acknowledged
    also when this raises. Ctrl-C ends it; the tally then has `interrupted`. Playing again is safe. Raises GatewayError for a
    refusal that stays one, FileNotFoundError and ValueError as `find_files`.
    """
    tally = Delivery() if tally is None else tally
    account = Account()
    try:
        with _bar() if progress else nullcontext() as bar:
            files = find_files(list(paths))
            if files.passed_over:
                account.notes.append((files.passed_over[0], f"and {len(files.passed_over):,} files in all were not looked at"))
            reading = bar.add_task("reading", total=len(files)) if bar is not None else None
            tracks = load_tracks(
                files,
                how.reading,
                lambda: bar.advance(reading) if bar is not None and reading is not None else None,
                tally.unread,
                account,
            )
        on_read(tracks, account, tally)
        with _bar() if progress else nullcontext() as bar:
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
    clock: Callable[[], float] = now_s,
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
            tally.add(ack, Origins(tracks, rows))
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


class Origins(Sequence[Origin]):
    """Where the fixes of a batch came from, looked up only for those that are refused."""

    def __init__(self, tracks: Tracks, rows: Ints) -> None:
        self._tracks, self._rows = tracks, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._tracks.origin(int(self._rows[index]))


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


def command(
    paths: Sequence[Path],
    gateway_url: str,
    key: str,
    how: Replay,
    *,
    city: City | None = None,
    refused: Path | None = None,
    dry_run: bool = False,
) -> int:
    """`replay`: says how the files were understood, sends the tracks, says what became of them, and gives the exit code."""
    console = Console(soft_wrap=True)

    def tell(tracks: Tracks, account: Account, tally: Delivery) -> None:
        say(console, [*account.lines(), *found(tracks, how.reading)])
        warn(console, doubts(tracks, tally, city))

    url, transport = (NOWHERE, DryRun(city)) if dry_run else (gateway_url, None)
    with reported(console, refused, rehearsed=dry_run) as tally:
        replay(paths, url, key, how, tally=tally, on_read=tell, transport=transport)
    return tally.exit_code


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
