"""Delivery of batches to the gateway by a client that loses nothing: `replay`, `orders import` and the simulator.

A batch is resent, the very same, until the gateway says what became of it. What arrives twice is one for the gateway
(same worker and instant, same step of an order), so resending after a lost answer is safe.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import httpx
import msgspec

from ingest.refusals import Refusals
from ingest.tabular import Reject

OVERLOADED: Final = (408, 425, 429, 500, 502, 503, 504)
MAX_WAIT_S: Final = 30.0
MOST_TOLD: Final = 20  # kinds of reasons in a summary


class GatewayError(Exception):
    """The gateway refuses in a way that no resending cures (wrong key, wrong address, a fix too large)."""


class Ack(msgspec.Struct, frozen=True):
    """What became of one batch. `rejected` holds (index in the batch, reason).

    `told`: (index, words) of whatever else the gateway says of single items that it took: a value that it dropped, a warning.
    """

    accepted: int
    rejected: tuple[tuple[int, str], ...] = ()
    told: tuple[tuple[int, str], ...] = ()

    def shifted(self, by: int) -> "Ack":
        """The same of a batch that begins so many items earlier."""
        moved = [tuple((index + by, words) for index, words in told) for told in (self.rejected, self.told)]
        return Ack(self.accepted, *moved)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where an item that is sent came from: a line of a file, and what it is of."""

    path: Path
    line: int
    value: str = ""


class Delivery(msgspec.Struct):
    """What became of all that was read and sent.

    `rejected` counts the gateway's reasons (without their details), `unreadable` the file readers', `told` what the gateway
    said of items that it took; `refusals` has them one by one. `broken`: it ended before everything was sent.
    """

    sent: int = 0
    accepted: int = 0
    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    unreadable: Counter[str] = msgspec.field(default_factory=Counter)
    told: Counter[str] = msgspec.field(default_factory=Counter)
    refusals: Refusals = msgspec.field(default_factory=Refusals)
    resent: int = 0
    interrupted: bool = False
    broken: bool = False

    def add(self, ack: Ack, origins: Sequence[Origin] = ()) -> None:
        """Count the answer to a batch, whose items came from `origins`."""
        self.accepted += ack.accepted
        self.sent += ack.accepted + len(ack.rejected)
        self.rejected.update(reason.partition(":")[0] for _, reason in ack.rejected)
        self.told.update(words for _, words in ack.told)
        for index, reason in ack.rejected:
            origin = origins[index] if 0 <= index < len(origins) else Origin(Path(), 0)
            self.refusals.add(Reject(origin.path, origin.line, reason, origin.value))

    def unread(self, reject: Reject) -> None:
        """Count something of a file that could not be read, and was not sent."""
        self.unreadable[reject.reason.partition(":")[0]] += 1
        self.refusals.add(reject)

    @property
    def exit_code(self) -> int:
        """0: all was taken; 1: something was refused, or not sent; 2: nothing was taken; 130: somebody broke it off."""
        if self.interrupted:
            return 130
        if not self.accepted:
            return 2
        return 1 if len(self.refusals) or self.broken else 0


def summary(tally: Delivery, *, rehearsed: bool = False) -> str:
    """One line per figure, for people; the refused with their reasons, the first of them with file, line and value."""
    lines = [f"{'would be accepted' if rehearsed else 'accepted'} {tally.accepted:,}"]
    lines += [f"  {count:,} × {words}" for words, count in tally.told.most_common(MOST_TOLD)]
    refused = len(tally.refusals)
    lines.append(f"{'would be refused' if rehearsed else 'refused'} {refused:,}")
    lines += [f"  {count:,} × {reason}" for reason, count in tally.refusals.reasons.most_common(MOST_TOLD)]
    lines += [f"    {line}" for line in tally.refusals.lines()]
    if refused > len(tally.refusals.first):
        lines.append(f"    … and {refused - len(tally.refusals.first):,} more; --refused FILE.csv lists them all")
    return "\n".join([*lines, "interrupted"] if tally.interrupted else lines)


class Gateway:
    """An HTTP client of one gateway with one key. Use as `async with`.

    `on_wait(reason, seconds)` is told before every pause; `transport` and `sleep` are there for tests.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        in_flight: int = 4,
        timeout_s: float = 30.0,
        give_up_after_s: float | None = None,
        on_wait: Callable[[str, float], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self.resent = 0
        self._give_up_after_s = give_up_after_s
        self._on_wait = on_wait
        self._sleep = sleep
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight),
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> "Gateway":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post(self, path: str, items: Sequence[bytes]) -> Ack:
        """Send JSON objects as one array and wait until the gateway has said what became of them.

        Raises GatewayError for a refusal that stays one, and after `give_up_after_s` of nothing but failures.
        """
        if not items:
            return Ack(0)
        body = b"[" + b",".join(items) + b"]"
        waited_s, tries = 0.0, 0
        while True:
            answer, problem = await self._try(path, body)
            if answer is not None and answer.status_code == 413 and len(items) > 1:
                return await self._halves(path, items)
            if answer is not None and answer.status_code not in OVERLOADED:
                return read_ack(answer, len(items))
            pause_s = retry_after_s(answer, tries)
            if self._give_up_after_s is not None and waited_s + pause_s > self._give_up_after_s:
                raise GatewayError(f"gave up after {waited_s:.0f} s: {problem}")
            if self._on_wait is not None:
                self._on_wait(problem, pause_s)
            await self._sleep(pause_s)
            waited_s, tries, self.resent = waited_s + pause_s, tries + 1, self.resent + 1

    async def _try(self, path: str, body: bytes) -> tuple[httpx.Response | None, str]:
        try:
            answer = await self._client.post(
                self.url + path, content=body, headers={"Content-Type": "application/json"}
            )
        except httpx.TransportError as lost:
            return None, f"no answer from {self.url} ({type(lost).__name__})"
        return answer, f"{self.url} answers {answer.status_code}"

    async def _halves(self, path: str, items: Sequence[bytes]) -> Ack:
        middle = len(items) // 2
        first = await self.post(path, items[:middle])
        second = await self.post(path, items[middle:])
        after = second.shifted(middle)
        return Ack(first.accepted + second.accepted, first.rejected + after.rejected, first.told + after.told)


def read_ack(answer: httpx.Response, sent: int) -> Ack:
    """The gateway's verdict on a batch of `sent` items. Raises GatewayError when the answer is none."""
    try:
        told = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        told = None
    if isinstance(told, dict) and isinstance(told.get("rejected"), list):
        rejected = tuple((_index(one), str(one.get("reason", "?"))) for one in told["rejected"])
        return Ack(int(told.get("accepted", sent - len(rejected))), rejected, _told_beside(told))
    words = told.get("error", told) if isinstance(told, dict) else answer.text[:200]
    raise GatewayError(f"{answer.request.url} answers {answer.status_code}: {words}")


def _told_beside(answer: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    """What an answer says of single items beside `rejected`, whatever it calls it: lists of objects with an index."""
    lists = ((name, listed) for name, listed in answer.items() if name != "rejected" and isinstance(listed, list))
    return tuple((_index(one), _words(name, one)) for name, listed in lists for one in listed if isinstance(one, dict))


def _words(name: str, one: dict[str, Any]) -> str:
    return ": ".join((name, *(str(value) for key, value in one.items() if key != "index" and value not in (None, ""))))


def _index(one: dict[str, Any]) -> int:
    found = one.get("index")
    return found if isinstance(found, int) else -1


def retry_after_s(answer: httpx.Response | None, tries: int) -> float:
    """How long to wait: what `Retry-After` says in seconds, else doubling from half a second, with jitter."""
    if answer is not None:
        told = answer.headers.get("Retry-After", "")
        if told.replace(".", "", 1).isdigit():
            return min(float(told), MAX_WAIT_S)
    return min(0.5 * 2.0 ** min(tries, 8), MAX_WAIT_S) * random.uniform(0.8, 1.2)
