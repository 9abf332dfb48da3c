"""One partition in memory: folds facts into what a commit writes. Holds no socket; the store is asked only for a late
fix's day and for the trails and answers of orders.
"""

import heapq
from collections.abc import Sequence

import msgspec

from config.city import City
from config.city_rules import rules_of
from domain import presence
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
    entity,
)
from domain.states import Feed, Tally, Worker
from domain.tallies import fold_tally
from domain.videofeeds import fold_feed
from ingest.changes import Changes
from ingest.dayindex import DayIndex, DayIndexes, detour_m
from ingest.orders import Orders
from ingest.places import Places
from store import track
from store.commit import Commit
from store.store import Store

_SLOW = SET_ASIDE | LATE


def outcome(flags: int) -> str:
    """kept, or the reasons for which a fix was set aside."""
    aside = flags & SET_ASIDE
    return "+".join(flag.name.lower() for flag in FixFlag(aside) if flag.name) if aside else "kept"


class Partition:
    """The state of one partition. After any failed commit it is thrown away and read anew."""

    def __init__(self, store: Store, number: int, version: int, places: Places) -> None:
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
        self._now = Changes()
        for _, row in store.rows(number, ("worker", "feed", "tally")):
            if isinstance(row, Worker):
                self._workers[row.worker] = row
                self._schedule(row)
            elif isinstance(row, Feed):
                self._feeds[row.feed] = row
            elif isinstance(row, Tally):
                self._tallies[row.tally] = row

    def fold(self, facts: Sequence[AnyFact], read_to: str) -> Commit:
        """Everything that these facts, in this order, change."""
        self._now = Changes()
        self._orders.fold((fact for fact in facts if isinstance(fact, CaseStep | OrderAction)), self._now)
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
        return self._commit(read_to)

    def wake(self, now_ms: int) -> Commit | None:
        """What time alone has changed by `now_ms`; None when nothing."""
        self._now = Changes()
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
        self._orders.wake(now_ms, self._now)
        return self._commit(None) if self._now.rows or self._now.due or self._now.unsure else None

    def _fold_fix(self, fix: Position, where: presence.Where) -> None:
        worker = self._workers.get(fix.worker) or Worker(worker=fix.worker)
        flags = presence.doubts(fix, where, self._limits)
        way_m = 0.0
        if flags & SET_ASIDE or fix.fixed_at_ms <= max(worker.fixed_at_ms, worker.aside_at_ms):
            index = self._day(fix.worker, where.day)
            if index.knows(fix):
                self._now.count(fix, "position", "duplicate")
                return
            if fix.fixed_at_ms <= worker.fixed_at_ms:
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
        return self._indexes.get(worker, day, self._now.tracks.get((worker, day)))

    def _record(self, fix: Position, day: str, flags: int) -> None:
        self._now.tracks.setdefault((fix.worker, day), bytearray()).extend(track.pack(fix, flags))
        self._indexes.note(fix.worker, day, fix, flags)
        self._now.count(fix, "position", outcome(flags))
        days = self._days.get(fix.worker, "")
        if not days.endswith(day) and day not in days:
            self._days[fix.worker] = self._now.days[fix.worker] = ",".join(sorted(filter(None, [*days.split(","), day])))

    def _fold_heartbeat(self, beat: Heartbeat) -> None:
        worker = self._workers.get(beat.worker) or Worker(worker=beat.worker)
        self._now.count(beat, "heartbeat", "kept")
        self._keep(presence.fold_heartbeat(worker, beat, beat.worker in self._city.roster, self._limits))

    def _fold_feed(self, fact: FeedStatus) -> None:
        feed = self._feeds.get(fact.feed) or Feed(feed=fact.feed)
        new = fold_feed(feed, fact, self._places.of_feed)
        self._now.count(fact, "feed", "duplicate" if new is feed else "kept")
        if new is not feed:
            self._feeds[fact.feed] = new
            self._now.rows["feed", fact.feed] = new

    def _fold_tally(self, fact: DayTally) -> None:
        name = entity(fact)
        held = self._tallies.get(name)
        new = fold_tally(held, fact)
        # its source's clock stands: who tells a number a day is not late for the rest of it
        self._now.counts[f"{fact.source}|tally|{'duplicate' if new is held else 'kept'}"] += 1
        if new is not held:
            self._tallies[name] = self._now.rows["tally", name] = new

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
        version, now = self._version, self._now
        return Commit(
            version=version,
            read_to=read_to,
            rows=[(table, name, msgspec.structs.replace(row, version=version)) for (table, name), row in now.rows.items()],
            tracks={key: bytes(records) for key, records in now.tracks.items()},
            days=now.days,
            trails=now.trails,
            counts=dict(now.counts),
            seen=now.seen,
            outcomes=list(now.outcomes.values()),
            forgotten=sorted(now.forgotten),
            audit=now.audit,
            due=now.due,
            notices=now.notices,
            unsure=now.unsure,
        )


