"""What all protocols share behind their sockets: take what was decoded, keep what was refused."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import count

import msgspec

from config.city import City
from config.settings import Settings
from domain.facts import AnyFact, CaseStep, Heartbeat, Position, all_within, beyond
from ingest.gateway.access import Access, Source, context_of
from ingest.gateway.steproom import refusals_of_steps
from ingest.sources.base import Context, Decoded, Reject, reason_key, shown
from store.appender import Appender
from store.errors import StoreError
from store.sources import RAW_KEPT, Refusal, keep_refusals
from store.store import Store

FLUSH_S = 0.3
SHOWN_EVERY_S = 600.0  # of the inputs of a source out of which a value was left for one reason, one is kept with its bytes
MOST_WAITING = 20_000


class Taken(msgspec.Struct, frozen=True):
    """What became of a request: how many facts are on disk, what was refused, and what was left out of facts taken."""

    accepted: int
    rejects: tuple[Reject, ...]
    dropped: tuple[Reject, ...] = ()


def refused_too(decoded: Decoded, reasons: Sequence[str]) -> Decoded:
    """What was decoded, with the facts that have a reason as refusals; "" is none."""
    if not any(reasons):
        return decoded
    refused = {reject.index for reject in decoded.rejects}
    places = (n for n in count() if n not in refused)
    told = list(zip(places, decoded.facts, reasons, strict=False))
    new = [Reject(index, reason, _as_bytes(fact)) for index, fact, reason in told if reason]
    return msgspec.structs.replace(
        decoded,
        facts=tuple(fact for _, fact, reason in told if not reason),
        rejects=tuple(sorted((*decoded.rejects, *new), key=lambda reject: reject.index)),
    )


def _as_bytes(fact: AnyFact) -> bytes:
    """A fact as it is kept with its refusal: JSON, or whatever Python says of one that has no JSON."""
    try:
        return msgspec.json.encode(fact)
    except (ValueError, OverflowError, TypeError):
        return repr(fact).encode(errors="replace")


def within_bounds(decoded: Decoded) -> Decoded:
    """What a decoder let through that the store could not give back is refused here, whatever the protocol."""
    if all_within(decoded.facts):
        return decoded
    faults = [beyond(fact) for fact in decoded.facts]
    return refused_too(decoded, [fault and f"out of bounds: {shown(fault)}" for fault in faults])


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
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._shown_s: dict[tuple[str, str], float] = {}

    def context(self, source: Source) -> Context:
        return context_of(source, self.city)

    async def take(self, decoded: Decoded, source: Source) -> Taken:
        """Facts to disk, refusals to the book. Raises StoreUnavailable: then nothing may be acknowledged."""
        decoded = await self._with_room(within_bounds(decoded))
        facts, rejects = self._of_roster(decoded)
        await self.appender.append(facts)
        for reject in rejects:
            self.refuse(source.name, reject.reason, reject.raw)
        for dropped in decoded.dropped:
            self.leave_out(source.name, dropped.reason, dropped.raw)
        return Taken(len(facts), rejects, decoded.dropped)

    def _of_roster(self, decoded: Decoded) -> tuple[Sequence[AnyFact], tuple[Reject, ...]]:
        """Where the city refuses workers whom its roster does not know, their facts become refusals."""
        if self.city.limits.unrostered == "keep":
            return decoded.facts, decoded.rejects
        found = refused_too(decoded, [self._stranger(fact) for fact in decoded.facts])
        return found.facts, found.rejects

    def _stranger(self, fact: AnyFact) -> str:
        if not isinstance(fact, Position | Heartbeat) or fact.worker in self.city.roster:
            return ""
        return f"worker not on the roster: {fact.worker}"

    async def _with_room(self, decoded: Decoded) -> Decoded:
        """Steps that their order has no room for, or that are not their sender's to tell, become refusals: told, not lost."""
        if not decoded.facts or not isinstance(decoded.facts[0], CaseStep):
            return decoded
        steps = [fact for fact in decoded.facts if isinstance(fact, CaseStep)]
        return refused_too(decoded, await asyncio.to_thread(refusals_of_steps, self.store, self.city, steps))

    def refuse(self, source: str, reason: str, raw: bytes) -> None:
        """Remember a refused input; written within a second. Under a flood the oldest unwritten ones are only counted."""
        self._counts[source, reason_key(reason)] += 1
        self._refusals.append(Refusal(source, reason, raw[:RAW_KEPT], len(raw)))

    def leave_out(self, source: str, reason: str, raw: bytes) -> None:
        """Count a value that was left out of a fact; of many alike one is kept with its bytes now and then.

        A phone that says in each fix what nobody can use must not push out of the book what was refused.
        """
        of = source, reason_key(reason)
        self._dropped[of] += 1
        now_s = time.monotonic()
        if now_s - self._shown_s.get(of, -SHOWN_EVERY_S) >= SHOWN_EVERY_S:
            self._shown_s[of] = now_s
            self._refusals.append(Refusal(source, f"value left out: {reason}", raw[:RAW_KEPT], len(raw)))

    async def run(self) -> None:
        """Write refusals for ever; cancel to end."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        batch = [self._refusals.popleft() for _ in range(min(len(self._refusals), 1000))]
        counts, self._counts = self._counts, Counter()
        dropped, self._dropped = self._dropped, Counter()
        if not batch and not counts and not dropped:
            return
        try:
            await asyncio.to_thread(keep_refusals, self.store, batch, self.settings.reject_keep, counts, dropped)
        except StoreError:
            self._counts.update(counts)
            self._dropped.update(dropped)
            room = MOST_WAITING - len(self._refusals)
            self._refusals.extendleft(reversed(batch[-room:] if room else []))
