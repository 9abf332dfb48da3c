"""What the facts of one commit have changed so far."""

from collections import Counter

from domain.facts import AnyFact
from domain.notices import Notice
from domain.states import Outcome, Row, Step
from store.audit import Entry
from store.unfoldable import Unfoldable


class Changes:
    """Gathers rows, tracks, trails, answers and counts until they are committed."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Row] = {}
        self.tracks: dict[tuple[str, str], bytearray] = {}
        self.days: dict[str, str] = {}
        self.trails: dict[str, tuple[Step, ...]] = {}
        self.outcomes: dict[tuple[str, str], Outcome] = {}  # by (order, action id)
        self.forgotten: set[tuple[str, str]] = set()
        self.counts: Counter[str] = Counter()
        self.seen: dict[str, int] = {}
        self.wrong_clocks: dict[str, int] = {}
        self.audit: list[Entry] = []
        self.due: dict[str, int | None] = {}
        self.notices: list[Notice] = []
        self.passing: list[Outcome] = []
        self.unfoldable: list[Unfoldable] = []
        self.unsure: dict[str, str | None] = {}

    def absorb(self, later: "Changes") -> None:
        """Put what has changed since over what had changed before."""
        self.rows |= later.rows
        for key, records in later.tracks.items():
            self.tracks.setdefault(key, bytearray()).extend(records)
        self.days |= later.days
        self.trails |= later.trails
        for key in later.forgotten:
            self.outcomes.pop(key, None)
        self.outcomes |= later.outcomes
        self.forgotten = (self.forgotten | later.forgotten) - later.outcomes.keys()
        self.counts.update(later.counts)
        for clock, at_ms in later.seen.items():
            self.seen[clock] = max(at_ms, self.seen.get(clock, 0))
        self.wrong_clocks |= later.wrong_clocks
        self.audit += later.audit
        self.due |= later.due
        self.unsure |= later.unsure
        self.notices += later.notices
        self.passing += later.passing
        self.unfoldable += later.unfoldable

    def count(self, fact: AnyFact, kind: str, outcome: str) -> None:
        self.counts[f"{fact.source}|{kind}|{outcome}"] += 1
        clock = f"{fact.source}|{'beat' if kind == 'heartbeat' else 'data'}"
        self.seen[clock] = max(fact.received_at_ms, self.seen.get(clock, 0))

    def wrong_clock(self, fact: AnyFact, wrong_by_ms: int) -> None:
        """Remember that the clock of the fact's source, or of one of its devices, is wrong, and by how much."""
        self.wrong_clocks[f"{fact.source}|clock_wrong_ms"] = wrong_by_ms
        self.wrong_clocks[f"{fact.source}|clock_wrong_at"] = fact.received_at_ms
