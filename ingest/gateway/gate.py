"""What all protocols share behind their sockets: take what was decoded, keep what was refused."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from config.city import City
from config.settings import Settings
from domain.facts import AnyFact, Heartbeat, Position, all_within, beyond
from ingest.gateway.access import Access, Source
from ingest.sources.base import Context, Decoded, Reject, reason_key, reject, shown
from store.appender import Appender
from store.errors import StoreError
from store.sources import RAW_KEPT, Refusal, keep_refusals
from store.store import Store

FLUSH_S = 0.3
MOST_WAITING = 20_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Taken(msgspec.Struct, frozen=True):
    """What became of a request: how many facts are on disk, and what was refused."""

    accepted: int
    rejects: tuple[Reject, ...]


class Gate:
    """One per gateway process."""

    def __init__(self, settings: Settings, city: City, store: Store, appender: Appender, access: Access) -> None:
        self.settings = settings
        self.city = city
        self.store = store
        self.access = access
        self.appender = appender
        self._refusals: deque[Refusal] = deque(maxlen=MOST_WAITING)
        self._counts: Counter[tuple[str, str]] = Counter()

    def context(self, source: Source) -> Context:
        return Context(
            source=source.name,
            received_at_ms=now_ms(),
            datum=source.datum,
            worker_of=self.city.worker_of,
            zone=self.city.zone,
            region_of=lambda text: self.city.find_region(text) if text else self.city.root,
        )

    async def take(self, decoded: Decoded, source: Source) -> Taken:
        """Facts to disk, refusals to the book. Raises StoreUnavailable: then nothing may be acknowledged."""
        facts, rejects = self._of_roster(_within_bounds(decoded))
        await self.appender.append(facts)
        for refused in rejects:
            self.refuse(source.name, refused.reason, refused.raw)
        return Taken(len(facts), rejects)

    def _of_roster(self, decoded: Decoded) -> tuple[Sequence[AnyFact], tuple[Reject, ...]]:
        """Where the city refuses workers whom its roster does not know, their facts become refusals."""
        if self.city.limits.unrostered == "keep":
            return decoded.facts, decoded.rejects
        kept: list[AnyFact] = []
        strangers: list[Reject] = []
        for index, fact in _placed(decoded):
            if isinstance(fact, Position | Heartbeat) and fact.worker not in self.city.roster:
                strangers.append(Reject(index, f"worker not on the roster: {fact.worker}", msgspec.json.encode(fact)))
            else:
                kept.append(fact)
        return kept, _by_index(decoded.rejects, strangers)

    def refuse(self, source: str, reason: str, raw: bytes) -> None:
        """Remember a refused input; written within a second. Under a flood the oldest unwritten ones are only counted."""
        self._counts[source, reason_key(reason)] += 1
        self._refusals.append(Refusal(source, reason, raw[:RAW_KEPT], len(raw)))

    async def run(self) -> None:
        """Write refusals for ever; cancel to end."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        batch = [self._refusals.popleft() for _ in range(min(len(self._refusals), 1000))]
        counts, self._counts = self._counts, Counter()
        if not batch and not counts:
            return
        try:
            await asyncio.to_thread(keep_refusals, self.store, batch, self.settings.reject_keep, counts)
        except StoreError:
            self._counts.update(counts)
            room = MOST_WAITING - len(self._refusals)
            self._refusals.extendleft(reversed(batch[-room:] if room else []))


def _within_bounds(decoded: Decoded) -> Decoded:
    """What a decoder let through that the store could not give back is refused here, whatever the protocol."""
    if all_within(decoded.facts):
        return decoded
    kept: list[AnyFact] = []
    wrong: list[Reject] = []
    for index, fact in _placed(decoded):
        if fault := beyond(fact):
            wrong.append(reject(index, f"out of bounds: {shown(fault)}", repr(fact).encode(errors="replace")))
        else:
            kept.append(fact)
    return Decoded(tuple(kept), _by_index(decoded.rejects, wrong))


def _placed(decoded: Decoded) -> Iterator[tuple[int, AnyFact]]:
    """The facts with their places in the request: those that no refusal has."""
    refused = {reject.index for reject in decoded.rejects}
    return zip((n for n in count() if n not in refused), decoded.facts, strict=False)


def _by_index(refused: tuple[Reject, ...], more: Sequence[Reject]) -> tuple[Reject, ...]:
    return tuple(sorted((*refused, *more), key=lambda reject: reject.index))
