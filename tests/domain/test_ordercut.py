"""What somebody sees of a book that follows its orders equals a frame made afresh of his rows, in whatever way it is found."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import ordercut, orderfind
from domain.counts import BASES, COUNTS, Filters, Slice, tallied
from domain.indicators import figures_of, grouped
from domain.ordercut import Cut, Past
from domain.orderfind import Finder
from domain.orderframe import NONE, OrderBook, orders_frame
from domain.spread import quantiles
from domain.states import Order
from tests.domain.test_indicators import FILTERS, NOW, ORDERS, SHANGHAI, WORD, order

DAY = 86_400_000
AS_OF = st.integers(NOW - 45 * DAY, NOW + DAY)
KEYS = ("reported", "registered", "open", "overdue", "due_soon", "closed", "closed_before_reported", "closure_rate")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few orders are worth an index, and indexes are put in order again within a test."""
    monkeypatch.setattr(orderfind, "MOST_LOOSE", 3)
    monkeypatch.setattr(ordercut, "SHARE", 10.0)


class Followed:
    """A book and its finder, told of batches of orders; and the newest rows, to make everything afresh."""

    def __init__(self) -> None:
        self.book, self.newest = OrderBook(), dict[str, Order]()
        self.finder = Finder(self.book)

    def take(self, batch: list[Order]) -> None:
        self.finder.follow(self.book.update(batch))
        self.newest |= {row.order: row for row in batch}

    def forget(self, orders: list[str]) -> None:
        self.book.drop(orders)
        self.finder = Finder(self.book)
        for name in orders:
            self.newest.pop(name, None)

    def cut(self, regions: frozenset[str] | None, mine: frozenset[str]) -> Cut:
        if regions is None:
            return Cut(self.book, self.finder)
        places = [self.book.slots[name] for name in sorted(mine) if name in self.book.slots]
        return Cut(self.book, self.finder, self.book.allowed("region", regions), np.sort(np.array(places, np.int64)))

    def seen(self, regions: frozenset[str] | None, mine: frozenset[str]) -> list[Order]:
        return [row for row in self.newest.values() if regions is None or row.region in regions or row.order in mine]


def told(s: Slice, by: str) -> object:
    return figures_of(s, KEYS), grouped(s, KEYS, by, SHANGHAI), set(s["order"]), len(s)


NAMES = st.integers(0, 30).map(str)
SEEN = st.tuples(st.none() | st.frozensets(WORD), st.frozensets(NAMES, max_size=5))
BY = st.sampled_from(("region", "department", "month", "day"))


@settings(max_examples=100, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=5), SEEN, FILTERS, AS_OF, st.booleans(), BY)
def test_what_is_found_in_a_book_that_follows_equals_what_is_counted_afresh(
    batches: list[list[Order]], seen: tuple[frozenset[str] | None, frozenset[str]], filters: Filters, as_of_ms: int,
    rewound: bool, by: str,
) -> None:  # fmt: skip
    followed = Followed()
    for batch in batches:
        followed.take(batch)
        told(Slice(followed.cut(*seen), filters, as_of_ms, rewound), by)  # so that there is an index that has to follow
    cut = followed.cut(*seen)
    afresh = orders_frame(followed.seen(*seen))
    assert told(Slice(cut, filters, as_of_ms, rewound), by) == told(Slice(afresh, filters, as_of_ms, rewound), by)
    assert len(cut) == len(afresh)
    for column in afresh.columns:
        pairs = zip(cut["order"], cut[column].astype(str), strict=True)
        assert dict(pairs) == dict(zip(afresh["order"], afresh[column].astype(str), strict=True)), column


@settings(max_examples=80, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=3), SEEN, FILTERS, AS_OF, st.booleans(), BY, st.frozensets(NAMES))
def test_orders_as_they_stood_are_counted_as_if_they_had_never_changed(
    batches: list[list[Order]], seen: tuple[frozenset[str] | None, frozenset[str]], filters: Filters, as_of_ms: int,
    rewound: bool, by: str, changed: frozenset[str],
) -> None:  # fmt: skip
    followed, before = Followed(), dict[str, Order]()
    for batch in batches:
        followed.take(batch)
    before = dict(followed.newest)
    followed.take([order(name, "closed", region="x", department="y", closed_at_ms=NOW - DAY) for name in sorted(changed)])
    regions, mine = seen
    was = [before[name] for name in sorted(changed & before.keys()) if regions is None or before[name].region in regions]
    past = Past(followed.cut(regions, frozenset()), changed, was)
    rows = [row for row in before.values() if regions is None or row.region in regions]
    assert told(Slice(past, filters, as_of_ms, rewound), by) == told(Slice(orders_frame(rows), filters, as_of_ms, rewound), by)
    assert len(past) == len(rows) and mine is seen[1]


@settings(max_examples=60, deadline=None)
@given(ORDERS, st.lists(NAMES, max_size=8, unique=True), ORDERS, FILTERS)
def test_a_book_that_has_forgotten_orders_is_as_if_they_had_never_been_there(
    first: list[Order], lost: list[str], after: list[Order], filters: Filters
) -> None:
    followed = Followed()
    followed.take(first)
    followed.forget(lost)
    followed.take(after)
    afresh = orders_frame(followed.newest.values())
    assert told(Slice(followed.cut(None, frozenset()), filters, NOW), "day") == told(Slice(afresh, filters, NOW), "day")
    assert followed.book.frame()["order"].tolist() == afresh["order"].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_indexes_that_have_followed_many_changes_still_find_everything_once(seed: int) -> None:
    draw = np.random.default_rng(seed)
    followed = Followed()
    windows = [
        Filters(from_ms=NOW - 9 * DAY, to_ms=NOW - 3 * DAY, basis=basis) for basis in ("report", "close", "limit", "status")
    ]
    asked = [*((w, False) for w in windows), (Filters(open=True), False), (Filters(open=True), True)]
    scopes = (None, frozenset({"a"}))
    for _ in range(40):
        names = draw.choice(60, draw.integers(1, 6), replace=False)
        ms = NOW - draw.integers(0, 14 * DAY, (len(names), 4))
        status = draw.choice(["handling", "closed", "void"], len(names))
        followed.take([
            order(str(name), str(status[n]), reported_at_ms=int(at[0]), closed_at_ms=int(at[1]), deadline_at_ms=int(at[2]),
                  status_at_ms=int(at[3]), region=str(draw.choice(["a", "b"])))
            for n, (name, at) in enumerate(zip(names.tolist(), ms, strict=True))
        ])  # fmt: skip
        for scope in scopes:
            afresh = orders_frame(followed.seen(scope, frozenset({"7"})))
            for filters, rewound in asked:
                s = Slice(followed.cut(scope, frozenset({"7"})), filters, NOW - 5 * DAY, rewound)
                wanted = sorted(Slice(afresh, filters, NOW - 5 * DAY, rewound)["order"])
                assert sorted(s["order"]) == wanted, (filters, rewound, scope)


@pytest.mark.parametrize("basis", [*BASES, "status"])
def test_a_window_finds_the_orders_at_both_its_ends_and_looks_at_few_others(basis: str) -> None:
    at = {"reported_at_ms": 0, "registered_at_ms": 0, "closed_at_ms": 0, "deadline_at_ms": 0, "status_at_ms": 0}
    rows = [msgspec.structs.replace(order(str(n), "closed"), **dict.fromkeys(at, NOW + n * DAY)) for n in range(-200, 200)]
    followed = Followed()
    followed.take(rows)
    cut = followed.cut(None, frozenset())
    filters = Filters(from_ms=NOW, to_ms=NOW + 7 * DAY + 1, basis=basis)
    found = set(Slice(cut, filters, NOW)["order"])
    looked_at = cut.candidates(filters, NOW, False)
    if basis in ("report", "register", "limit", "close", "status"):
        assert found == {str(n) for n in range(8)}
        assert looked_at is not None and len(looked_at) <= 8
    else:
        assert not found, "orders of outside systems tell nothing of it"


def test_an_instant_that_nobody_knows_lies_in_no_window() -> None:
    followed = Followed()
    followed.take([order(str(n), deadline_at_ms=None) for n in range(10)] + [order("old", deadline_at_ms=0)])
    s = Slice(followed.cut(None, frozenset()), Filters(to_ms=NOW, basis="limit"), NOW)
    assert list(s["order"]) == ["old"] and NONE not in s["deadline_at_ms"]


@settings(max_examples=30, deadline=None)
@given(ORDERS, st.integers(1, 4))
def test_counts_of_few_groups_are_those_of_each_count_alone(rows: list[Order], groups: int) -> None:
    many = [msgspec.structs.replace(row, order=f"{row.order}.{n}") for row in rows for n in range(40)]
    s = Slice(orders_frame(many), Filters(), NOW)
    codes = np.arange(len(s)) % groups
    plain = {name: np.bincount(codes[s.mask(name)], minlength=groups).tolist() for name in COUNTS}
    assert tallied(s, COUNTS, codes, groups) == plain


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    found = quantiles(np.array(values), share)
    assert found == [pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)]
