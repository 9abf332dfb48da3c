"""One partition in memory: folds facts into what a commit writes. Holds no socket; the store is asked only for a late
fix's day and for the trails and answers of orders.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from config.city import City
from config.city_rules import rules_of
from config.faults import Faults
from domain import device_clock, presence, sos
from domain.facts import (
    LATE,
    SET_ASIDE,
    AnyFact,
    CaseStep,
    DayTally,
    FeedStatus,
    FixFlag,
    Heartbeat,
    OrderAction,
    Position,
    SosAnswer,
    entity,
)
from domain.states import Feed, Tally, Worker
from domain.tallies import fold_tally
from domain.videofeeds import fold_feed
from ingest import aside
from ingest.changes import Changes
from ingest.dayindex import DayIndex, DayIndexes, detour_m
from ingest.orders import Orders
from ingest.places import Places
from store import track
from store.audit import Entry as AuditEntry
from store.commit import Commit, try_writing
from store.errors import StoreError
from store.store import Entry, Store, Unreadable
from store.unfoldable import error_text

_SLOW = SET_ASIDE | LATE


def outcome(flags: int) -> str:
    """kept, or the reasons for which a fix was set aside."""
    aside = flags & SET_ASIDE
    return "+".join(flag.name.lower() for flag in FixFlag(aside) if flag.name) if aside else "kept"


_Dated = TypeVar("_Dated", FeedStatus, DayTally)


def _by_receipt(fact: _Dated, wrong_by_ms: int) -> _Dated:
    """The fact, dated by its receipt where the clock that dated it is wrong."""
    return msgspec.structs.replace(fact, at_ms=fact.received_at_ms) if wrong_by_ms else fact


class Partition:
    """The state of one partition. After any failed commit it is thrown away and read anew."""

    def __init__(self, store: Store, number: int, version: int, places: Places, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self._store = store
        self._number = number
        self._version = version
        self._places = places
        self._city: City = places.city
        self._limits = places.city.limits
        self._workers: dict[str, Worker] = {}
        self._feeds: dict[str, Feed] = {}
        self._tallies: dict[str, Tally] = {}
        self._orders = Orders(store, number, places, rules_of(places.city))
        self._days = store.all_track_days(number)
        self._indexes = DayIndexes(store.track_day)
        self._due: list[tuple[int, str]] = []
        self._due_of: dict[str, int] = {}  # worker → the one entry of _due that counts
        self._now = self._beneath = Changes()  # what is being folded; what of the same commit has been folded
        self._unreadable: list[Unreadable] = []
        for _, row in store.rows(number, ("worker", "feed", "tally"), self._unreadable):
            if isinstance(row, Worker):
                self._workers[row.worker] = row
                self._schedule(row)
            elif isinstance(row, Feed):
                self._feeds[row.feed] = row
            elif isinstance(row, Tally):
                self._tallies[row.tally] = row

    def fold(self, facts: Sequence[AnyFact], read_to: str) -> Commit:
        """Everything that these facts, in this order, change. When it raises, throw the partition away."""
        self._now = self._beneath = Changes()
        self._fold_together(facts)
        return self._commit(read_to)

    def fold_singly(self, entries: Iterable[Entry], read_to: str, may_fold: Callable[[str], bool], now_ms: int) -> Commit:
        """As `fold`, but one fact after the other: one that raises, or of which nothing can be written down, leaves no trace
        but that it is set aside. So is a fact for whose ENTRY-INDEX `may_fold` says no. Raises StoreError.
        """
        self._beneath = done = Changes()
        for entry_id, facts in entries:
            for index, fact in enumerate(facts):
                done.absorb(self._fold_one(fact, f"{entry_id}-{index}", may_fold, now_ms))
        self._now = done
        return self._commit(read_to)

    def _fold_one(self, fact: AnyFact | Unreadable, place: str, may_fold: Callable[[str], bool], now_ms: int) -> Changes:
        if isinstance(fact, Unreadable):
            return aside.of_unreadable(fact, now_ms)
        if not may_fold(place):
            return aside.of_fact(fact, place, aside.DIED, now_ms)
        return self._alone(
            lambda: self._fold_together([fact]), self._undoing(fact), lambda error: aside.of_fact(fact, place, error, now_ms)
        )

    def wake(self, now_ms: int) -> Commit | None:
        """What time alone has changed by `now_ms`; None when nothing. A mark that cannot be told of is set aside."""
        self._now = self._beneath = done = Changes()
        self._wake_workers(now_ms)
        stale = self._orders.stale()
        for order in stale:
            done.absorb(self._judge_anew(order, now_ms))
        for order in () if stale else self._orders.due(now_ms):  # the marks of limits that hold
            done.absorb(self._wake_order(order, now_ms))
        for row in self._unreadable:
            done.absorb(aside.of_row(row, now_ms))
        self._unreadable.clear()
        self._orders.tell_unsure(done)
        self._now = done
        return self._commit(None) if done.rows or done.due or done.unsure or done.unfoldable else None

    def _wake_workers(self, now_ms: int) -> None:
        while self._due and self._due[0][0] <= now_ms:
            due, name = heapq.heappop(self._due)
            if self._due_of.get(name) != due:
                continue  # an earlier moment has taken its place
            del self._due_of[name]
            worker = presence.settle(self._workers[name], now_ms, self._limits)
            if worker is self._workers[name]:
                self._schedule(worker)
            else:
                self._keep(worker)

    def _judge_anew(self, order: str, now_ms: int) -> Changes:
        held = self._orders.held(order)

        def undo() -> None:
            self._orders.put_back(held)
            self._orders.pass_over(order)

        return self._alone(
            lambda: self._orders.judge_anew(order, now_ms, self._now), undo, lambda error: aside.of_clock(order, error, now_ms)
        )

    def _wake_order(self, order: str, now_ms: int) -> Changes:
        held = self._orders.held(order)
        return self._alone(
            lambda: self._orders.wake(order, now_ms, self._now),
            lambda: self._orders.put_back(held),
            lambda error: aside.of_clock(order, error, now_ms),
        )

    def _alone(self, do: Callable[[], None], undo: Callable[[], None], gone_without: Callable[[str], Changes]) -> Changes:
        """What `do` changes by itself; when it raises, all is as before, and `gone_without` the error is what changes."""
        self._now = Changes()
        try:
            do()
            try_writing(self._packed(None))
        except StoreError:
            raise
        except Exception as failed:
            undo()
            self._faults.note("folding (set aside)", failed)
            return gone_without(error_text(failed))
        return self._now

    def _undoing(self, fact: AnyFact) -> Callable[[], None]:
        """Puts back what memory holds of a fact's entity, as it is now."""
        if isinstance(fact, CaseStep | OrderAction):
            held_order = self._orders.held(fact.order)
            return lambda: self._orders.put_back(held_order)
        name = entity(fact)
        tables: tuple[dict[str, Any], ...] = (self._workers, self._due_of, self._days, self._feeds, self._tallies)
        held = [table.get(name) for table in tables]

        def undo() -> None:
            for table, was in zip(tables, held, strict=True):
                if was is None:
                    table.pop(name, None)
                else:
                    table[name] = was
            self._indexes.forget(name)

        return undo

    def _fold_together(self, facts: Sequence[AnyFact]) -> None:
        told = (fact for fact in facts if isinstance(fact, CaseStep | OrderAction))
        self._orders.fold(told, self._now, self._beneath.trails)
        fixes = [fact for fact in facts if isinstance(fact, Position)]
        wheres = iter(self._places.of_fixes(fixes))
        for fact in facts:
            if isinstance(fact, Position):
                self._fold_fix(fact, next(wheres))
            elif isinstance(fact, Heartbeat):
                self._fold_heartbeat(fact)
            elif isinstance(fact, FeedStatus):
                self._fold_feed(fact)
            elif isinstance(fact, DayTally):
                self._fold_tally(fact)
            elif isinstance(fact, SosAnswer):
                self._fold_answer(fact)

    def _fold_fix(self, fix: Position, where: presence.Where) -> None:
        worker = self._workers.get(fix.worker) or Worker(worker=fix.worker)
        flags = presence.doubts(fix, where, self._limits)
        way_m = 0.0
        if flags & SET_ASIDE or fix.fixed_at_ms <= max(worker.fixed_at_ms, worker.aside_at_ms):
            index = self._day(fix.worker, where.day)
            if index.knows(fix):
                self._now.count(fix, "position", "duplicate")
                self._keep_if_new(worker, presence.fold_again(worker, fix, flags, self._limits))
                return
            if fix.fixed_at_ms <= worker.fixed_at_ms and not flags & presence.WRONG_CLOCK:
                flags, way_m = self._judge_late(fix, flags | LATE, index)
        if not flags & LATE:
            flags = presence.judge(worker, fix, flags, self._limits)
        begins = not flags & _SLOW and where.day > worker.day and where.day in self._days.get(fix.worker, "")
        aside_before = self._day(fix.worker, where.day).set_aside if begins else 0
        self._record(fix, where.day, flags)
        self._keep(presence.fold_fix(worker, fix, where, flags, self._limits, way_m, aside_before))

    def _judge_late(self, fix: Position, flags: int, index: DayIndex) -> tuple[int, float]:
        """(flags of a late fix by what lies around it, by how many metres it lengthens the day)."""
        if index.has_time(fix):
            return flags | int(FixFlag.SAME_TIME), 0.0
        before, after = index.around(fix.fixed_at_ms)
        for at_ms, lon, lat in filter(None, (before, after)):
            if presence.too_fast(lon, lat, at_ms, fix, self._limits):
                return flags | int(FixFlag.JUMP), 0.0
        return flags, detour_m(before, fix, after)

    def _day(self, worker: str, day: str) -> DayIndex:
        return self._indexes.get(worker, day, self._beneath.tracks.get((worker, day)))

    def _record(self, fix: Position, day: str, flags: int) -> None:
        self._now.tracks.setdefault((fix.worker, day), bytearray()).extend(track.pack(fix, flags))
        self._indexes.note(fix.worker, day, fix, flags)
        self._now.count(fix, "position", outcome(flags))
        if flags & presence.WRONG_CLOCK:
            self._now.wrong_clock(fix, fix.fixed_at_ms - fix.received_at_ms)
        days = self._days.get(fix.worker, "")
        if not days.endswith(day) and day not in days:
            self._days[fix.worker] = self._now.days[fix.worker] = ",".join(sorted(filter(None, [*days.split(","), day])))

    def _fold_heartbeat(self, beat: Heartbeat) -> None:
        worker = self._workers.get(beat.worker) or Worker(worker=beat.worker)
        self._now.count(beat, "heartbeat", "kept")
        if wrong_by_ms := presence.wrong_by(beat, self._limits):
            self._now.wrong_clock(beat, wrong_by_ms)
        self._keep(presence.fold_heartbeat(worker, beat, beat.worker in self._city.roster, self._limits))

    def _fold_feed(self, fact: FeedStatus) -> None:
        feed = self._feeds.get(fact.feed) or Feed(feed=fact.feed)
        wrong_by_ms = device_clock.of_fix(fact.at_ms, fact.received_at_ms, self._limits)
        if device_clock.of_fix(feed.at_ms, fact.received_at_ms, self._limits) > 0:  # believed before clocks were judged
            feed = msgspec.structs.replace(feed, at_ms=fact.received_at_ms)
        new = fold_feed(feed, _by_receipt(fact, wrong_by_ms), self._places.of_feed)
        self._count_dated(fact, "feed", wrong_by_ms, new is feed)
        if new is not feed:
            self._feeds[fact.feed] = new
            self._now.rows["feed", fact.feed] = new

    def _fold_tally(self, fact: DayTally) -> None:
        name = entity(fact)
        held = self._tallies.get(name)
        wrong_by_ms = device_clock.of_step(fact.at_ms, fact.received_at_ms, self._limits)
        new = fold_tally(held, _by_receipt(fact, wrong_by_ms))
        self._count_dated(fact, "tally", wrong_by_ms, new is held)
        if new is not held:
            self._tallies[name] = self._now.rows["tally", name] = new

    def _count_dated(self, fact: FeedStatus | DayTally, kind: str, wrong_by_ms: int, known: bool) -> None:
        outcome = "duplicate" if known else "clock_wrong" if wrong_by_ms else "kept"
        if kind == "tally":  # its source's clock stands: who tells a number a day is not late for the rest of it
            self._now.counts[f"{fact.source}|{kind}|{outcome}"] += 1
        else:
            self._now.count(fact, kind, outcome)
        if wrong_by_ms:
            self._now.wrong_clock(fact, wrong_by_ms)

    def _fold_answer(self, fact: SosAnswer) -> None:
        """Of two who answer at once the first has answered."""
        worker = self._workers.get(fact.worker)
        new = None if worker is None else sos.answer(worker, fact.at_ms, fact.id)
        done = new is not worker
        self._now.counts[f"{fact.source}|sos_answer|{'kept' if done else 'duplicate'}"] += 1
        if worker is None or new is None or not done:
            return
        detail: dict[str, str | int] = {"role": fact.role, "id": fact.id, "since_ms": worker.sos_since_ms, "note": fact.note}
        self._now.audit.append(
            AuditEntry(
                at_ms=fact.at_ms, who=fact.actor, what="sos_answered", subject=fact.worker, region=fact.region, detail=detail
            )
        )
        self._keep(new)

    def _keep_if_new(self, worker: Worker, new: Worker) -> None:
        if new is not worker:
            self._keep(new)

    def _keep(self, worker: Worker) -> None:
        self._workers[worker.worker] = worker
        self._now.rows["worker", worker.worker] = worker
        self._schedule(worker)

    def _schedule(self, worker: Worker) -> None:
        """One entry per worker counts: an early one finds out for itself and goes back, a late one is replaced."""
        due = presence.due_ms(worker, self._limits)
        if due < self._due_of.get(worker.worker, presence.NEVER):
            self._due_of[worker.worker] = due
            heapq.heappush(self._due, (due, worker.worker))

    def _commit(self, read_to: str | None) -> Commit:
        self._version += 1
        self._orders.tell_unsure(self._now)
        return self._packed(read_to)

    def _packed(self, read_to: str | None) -> Commit:
        version, now = self._version, self._now
        return Commit(
            version=version,
            read_to=read_to,
            rows=[(table, name, msgspec.structs.replace(row, version=version)) for (table, name), row in now.rows.items()],
            tracks={key: bytes(records) for key, records in now.tracks.items()},
            days=now.days,
            trails=now.trails,
            counts=dict(now.counts),
            seen=now.seen | now.wrong_clocks,
            outcomes=list(now.outcomes.values()),
            forgotten=sorted(now.forgotten),
            audit=now.audit,
            due=now.due,
            notices=now.notices,
            passing=now.passing,
            unfoldable=now.unfoldable,
            unsure=now.unsure,
        )
