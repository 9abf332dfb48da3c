"""Appending for the gateway's event loop: many small appends become few large ones, each answered when it is on disk."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from domain.facts import AnyFact
from store import keys
from store.errors import StoreBusy, StoreUnavailable
from store.store import grouped

log = logging.getLogger(__name__)

Waiting = tuple[Sequence[AnyFact], asyncio.Future[None]]


class Appender:
    """One per event loop. While one flush is on its way, what arrives waits for the next: the slower the disk, the
    larger the batches. At most `queue` facts wait; beyond that the device is told to keep its own.
    """

    def __init__(self, url: str, partitions: int, *, waits_for_disk: bool, queue: int, timeout_s: float) -> None:
        self._client: Any = redis.asyncio.Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )
        self._partitions = partitions
        self._waits_for_disk = waits_for_disk
        self._queue = queue
        self._timeout_s = timeout_s
        self._waiting: list[Waiting] = []
        self._facts_waiting = 0
        self._patience: asyncio.TimerHandle | None = None  # of those who wait
        self._wake = asyncio.Event()
        self._down = False

    async def append(self, facts: Sequence[AnyFact]) -> None:
        """Returns when the facts are on disk. Raises StoreBusy or StoreUnavailable: then nobody may acknowledge them
        (they may still be stored; sent again, they are recognised)."""
        if not facts:
            return
        if self._facts_waiting + len(facts) > self._queue and self._waiting:
            raise StoreBusy(f"{self._facts_waiting} facts are waiting for the store")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        if not self._waiting:  # one clock for all who wait together: one each would cost more than the appending
            self._patience = loop.call_later(self._timeout_s, self._give_up, self._waiting)
        self._waiting.append((facts, done))
        self._facts_waiting += len(facts)
        self._wake.set()
        await done

    def _give_up(self, waiting: list[Waiting]) -> None:
        for _, done in waiting:
            if not done.done():
                done.set_exception(StoreBusy(f"the store took longer than {self._timeout_s} s"))

    async def run(self) -> None:
        """Flush for ever; cancel to end."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            patience, self._patience = self._patience, None
            self._facts_waiting = 0
            live = [item for item in batch if not item[1].done()]
            if live:
                await self._settle(live)
            if patience is not None:
                patience.cancel()

    async def _settle(self, batch: list[Waiting]) -> None:
        error: StoreUnavailable | None = None
        try:
            await self._flush([fact for facts, _ in batch for fact in facts])
        except (redis.exceptions.RedisError, OSError) as failed:
            error = StoreUnavailable(f"{type(failed).__name__}: {failed}")
        except StoreUnavailable as failed:
            error = failed
        except Exception as failed:  # a fact that cannot be written must not end the appending of all others
            log.exception("facts could not be appended")
            error = StoreUnavailable(f"{type(failed).__name__}")
        self._say(error)
        for _, done in batch:
            if not done.done():
                if error:
                    done.set_exception(error)
                else:
                    done.set_result(None)

    async def _flush(self, facts: list[AnyFact]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for partition, blob in grouped(facts, self._partitions):
            pipe.xadd(keys.facts(partition), {"f": blob})
        if self._waits_for_disk:
            pipe.execute_command("WAITAOF", 1, 0, int(self._timeout_s * 1000))
        answers = await pipe.execute()
        if self._waits_for_disk and answers[-1][0] < 1:
            raise StoreUnavailable("the append-only file did not reach the disk in time")

    def _say(self, error: StoreUnavailable | None) -> None:
        """Once per outage, and once at its end."""
        if error and not self._down:
            log.error("store refuses facts, devices keep theirs: %s", error)
        elif self._down and not error:
            log.warning("store takes facts again")
        self._down = error is not None

    async def ping(self) -> None:
        """Raises StoreUnavailable when the server does not answer."""
        try:
            await self._client.ping()
        except (redis.exceptions.RedisError, OSError) as failed:
            raise StoreUnavailable(f"{type(failed).__name__}: {failed}") from failed

    async def close(self) -> None:
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            await self._client.aclose()
