"""The law of totals that stand: after any changes they are what counting everything afresh gives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.counts import Filters, Slice
from domain.indicators import figures_of, grouped
from domain.ordercut import Cut
from domain.orderfind import Finder
from domain.orderframe import OrderBook, orders_frame
from domain.standing import FIGURES, Grouping, Standing
from domain.states import Order
from tests.domain.test_indicators import NOW, ORDERS, WORD

DAY = 86_400_000
KEYS = ("reported", *FIGURES)
ROLL = {"a": "x", "b": "x", "c": "y"}
FILTERS = st.builds(
    Filters,
    words=st.just({}) | st.frozensets(WORD).map(lambda words: {"region": words}),
    from_ms=st.none() | st.integers(NOW - 40 * DAY, NOW),
    to_ms=st.none() | st.integers(NOW - 40 * DAY, NOW + DAY),
    basis=st.sampled_from(("report", "close", "limit")),
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(ORDERS, min_size=1, max_size=5), FILTERS, st.lists(st.integers(NOW - 45 * DAY, NOW + DAY), min_size=5, max_size=5)
)
def test_totals_that_stand_follow_every_change(batches: list[list[Order]], filters: Filters, looks_ms: list[int]) -> None:
    book, newest = OrderBook(), dict[str, Order]()
    finder = Finder(book)
    cut = Cut(book, finder)
    finder.follow(book.update(batches[0]))
    newest |= {row.order: row for row in batches[0]}
    standing = Standing(book, cut, filters, [Grouping("region", ROLL), Grouping("department")])
    for batch, at_ms in zip(batches, looks_ms, strict=False):
        rows = list({row.order: row for row in batch}.values())
        standing.change(book.places(rows), -1)
        changed = book.update(rows)
        finder.follow(changed)
        standing.change(changed, 1)
        newest |= {row.order: row for row in rows}
        look, s = standing.look(cut, at_ms), Slice(orders_frame(newest.values()), filters, at_ms)
        assert look.figures(KEYS, "region") == look.figures(KEYS, "department") == figures_of(s, KEYS)
        assert look.groups(KEYS, "region") == grouped(s, KEYS, "region", roll=ROLL)
        assert look.groups(KEYS, "department") == grouped(s, KEYS, "department")
        sizes = {group.key: group.figures["reported"].num for group in grouped(s, KEYS, "department")}
        assert look.sizes("department") == sizes
