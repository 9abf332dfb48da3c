"""What the facts of one commit have changed so far."""

from collections import Counter

from domain.facts import AnyFact
from domain.notices import Notice
from domain.states import Outcome, Row, Step
from store.audit import Entry


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
        self.audit: list[Entry] = []
        self.due: dict[str, int | None] = {}
        self.notices: list[Notice] = []
        self.unsure: dict[str, str | None] = {}

    def count(self, fact: AnyFact, kind: str, outcome: str) -> None:
        self.counts[f"{fact.source}|{kind}|{outcome}"] += 1
        clock = f"{fact.source}|{'beat' if kind == 'heartbeat' else 'data'}"
        self.seen[clock] = max(fact.received_at_ms, self.seen.get(clock, 0))
