"""Items of a file through one door of the gateway, in batches, as the file is read: nothing of it is held."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

import httpx
import msgspec
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.delivery import Delivery, Gateway, Origin
from ingest.tabular import Reject

BATCH: Final = 500


class Item(msgspec.Struct, frozen=True, gc=False):
    """One object of JSON for the gateway, and where it came from."""

    origin: Origin
    body: bytes


def deliver(
    door: str,
    items: Iterator[Item | Reject],
    gateway_url: str,
    key: str,
    tally: Delivery,
    *,
    batch: int = BATCH,
    progress: bool = True,
    give_up_after_s: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:
    """Send the items and wait for every answer; `tally` is counted into and given back. Ctrl-C ends it: `interrupted`.

    Raises GatewayError for a refusal that stays one, and whatever `items` raises.
    """
    gateway = Gateway(gateway_url, key, in_flight=1, give_up_after_s=give_up_after_s, transport=transport)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), transient=True) if progress else None
    with bar if bar is not None else nullcontext():
        try:
            asyncio.run(_send(door, items, gateway, tally, batch, bar))
        except KeyboardInterrupt:
            tally.interrupted = True
    return tally


async def _send(
    door: str, items: Iterator[Item | Reject], gateway: Gateway, tally: Delivery, batch: int, bar: Progress | None
) -> None:
    task = bar.add_task("sending", total=None) if bar is not None else None
    waiting: list[Item] = []

    async def flush() -> None:
        tally.add(await gateway.post(door, [item.body for item in waiting]), [item.origin for item in waiting])
        tally.resent = gateway.resent
        waiting.clear()
        if bar is not None and task is not None:
            bar.update(task, description=f"sent {tally.sent:,}")

    async with gateway:
        for item in items:
            if isinstance(item, Reject):
                tally.unread(item)
                continue
            waiting.append(item)
            if len(waiting) >= batch:
                await flush()
        if waiting:
            await flush()
