"""Indicators: the golden numbers, the laws that hold for any orders, and the vocabulary case by case."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import stints
from domain.counts import BASES, COUNTS, Filters, Slice
from domain.indicators import (
    DEFINITIONS,
    counted,
    durations,
    figures,
    grouped,
    grouped_durations,
    make_figure,
    select,
)
from domain.lifecycle import STAGES, STATUSES
from domain.orderframe import OrderBook, orders_frame
from domain.rates import change4, half_up, shown, value4
from domain.states import Life, Order, OrderFlag

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 1_760_000_000_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


def order(name: str, status: str = "handling", **more: Any) -> Order:
    return Order(**{"order": name, "status": status, "reported_at_ms": NOW - DAY, "status_at_ms": NOW - HOUR, **more})


def ids(rows: list[Order], key: str, part: Any = "num", filters: Filters = Filters()) -> set[str]:
    return set(select(orders_frame(rows), key, part, filters, NOW))


@pytest.mark.parametrize(
    ("num", "den", "kept", "read"),
    [
        (911, 972, "93.7243", "93.72 %"),
        (737, 972, "75.8230", "75.82 %"),
        (953, 996, "95.6827", "95.68 %"),
        (43, 996, "4.3173", "4.32 %"),
        (902, 956, "94.3515", "94.35 %"),
        (9, 16, "56.2500", "56.25 %"),
        (368_002, 368_267, "99.9280", "99.93 %"),
        (16_754, 16_769, "99.9105", "99.91 %"),
        (620_000, 630_000, "98.4127", "98.41 %"),
        (589_800, 597_800, "98.6618", "98.66 %"),
        (7, 7, "100.0000", "100.00 %"),
        (99_999, 100_000, "99.9990", "99.99 %"),
        (0, 5, "0.0000", "0.00 %"),
        (9, 2, "450.0000", "450.00 %"),
    ],
)
def test_the_published_rates_come_out_to_the_last_digit(num: int, den: int, kept: str, read: str) -> None:
    assert (value4(num, den), shown(num, den)) == (kept, read)


def test_a_rate_without_a_base_is_neither_nothing_nor_all() -> None:
    assert (value4(0, 0), shown(0, 0), change4(3, 0)) == (None, "—", None)


def test_halves_go_up_from_the_exact_ratio_and_not_from_a_float() -> None:
    assert half_up(1, 8, 2) == Decimal("12.50")
    assert half_up(10_005, 1_000_000, 2) == Decimal("1.00")
    assert half_up(10_050, 1_000_000, 2) == Decimal("1.01")  # 1.005 %, which no float holds
    assert change4(1, 3) == "-66.6667"


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_one_hundred_per_cent_is_shown_only_when_nothing_is_missing(num: int, den: int) -> None:
    assert (shown(min(num, den), den) == "100.00 %") == (min(num, den) == den)


def test_every_rate_is_made_of_counts_that_exist() -> None:
    for definition in DEFINITIONS.values():
        assert definition.num in COUNTS
        assert definition.den is None or definition.den in COUNTS
    assert counted("closure_rate", "den") == "close_due"
    with pytest.raises(KeyError):
        counted("closed", "den")


def test_a_closed_order_is_due_and_an_open_one_only_when_its_limit_has_run_out() -> None:
    rows = [
        order("closed", "closed", closed_at_ms=NOW - HOUR, on_time=True),
        order("late", "closed", closed_at_ms=NOW - HOUR, on_time=False),
        order("unjudged", "closed", closed_at_ms=NOW - HOUR),
        order("overdue", deadline_at_ms=NOW - 1),
        order("at the limit", deadline_at_ms=NOW),
        order("no limit"),
        order("void", "void", deadline_at_ms=NOW - HOUR),
        order("declined", "not_accepted", deadline_at_ms=NOW - HOUR),
        order("merged", "duplicate", deadline_at_ms=NOW - HOUR),
    ]
    assert ids(rows, "closure_rate", "den") == {"closed", "late", "unjudged", "overdue"}
    assert ids(rows, "closure_rate") == {"closed", "late", "unjudged"}
    assert ids(rows, "on_time_closure_rate") == {"closed"}
    assert ids(rows, "closed_late") == {"late"}
    assert ids(rows, "closed_unjudged") == {"unjudged"}
    assert ids(rows, "overdue") == {"overdue"}
    assert ids(rows, "rejected") == {"void", "declined", "merged"}


def test_the_light_turns_yellow_when_four_fifths_of_the_limit_are_used() -> None:
    rows = [
        order("green", registered_at_ms=NOW - 79, deadline_at_ms=NOW + 21),
        order("yellow", registered_at_ms=NOW - 80, deadline_at_ms=NOW + 20),
        order("red", registered_at_ms=NOW - 101, deadline_at_ms=NOW - 1),
        order("no limit"),
    ]
    assert ids(rows, "in_limit") == {"green", "no limit"}
    assert ids(rows, "due_soon") == {"yellow"}
    assert ids(rows, "overdue") == {"red"}


def test_an_order_that_never_said_registered_counts_by_where_it_stands() -> None:
    rows = [
        order("fresh", "reported"),
        order("taken", "accepted"),
        order("limited", "reported", deadline_at_ms=NOW + DAY),
        order("mirrored", "closed"),
        order("not registered", "not_registered"),
        order("said and void", "void", registered_at_ms=NOW - HOUR),
    ]
    assert ids(rows, "registered") == {"limited", "mirrored", "said and void"}
    assert ids(rows, "accepted") == {"taken", "limited", "mirrored", "not registered", "said and void"}
    window = Filters(from_ms=NOW - HOUR, to_ms=NOW, basis="register")
    assert ids(rows, "reported", filters=window) == {"said and void"}


def test_each_time_basis_puts_an_order_into_its_own_window() -> None:
    left = stints.pack({"dispatch": (6000, 1), "handle": (7000, 1), "check": (8000, 1)})
    rows = [order("o", "closed", reported_at_ms=1000, registered_at_ms=2000, closed_at_ms=4000, deadline_at_ms=3000,
                  accepted_at_ms=5000, life=Life(stints=left))]  # fmt: skip
    for basis, at_ms in zip(BASES, (1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000), strict=True):
        assert ids(rows, "reported", filters=Filters(from_ms=at_ms, to_ms=at_ms + 1, basis=basis)) == {"o"}
        assert not ids(rows, "reported", filters=Filters(from_ms=at_ms + 1, basis=basis))
        assert not ids(rows, "reported", filters=Filters(to_ms=at_ms, basis=basis))


def test_an_order_closed_nobody_knows_when_counts_as_closed_and_stands_at_its_report() -> None:
    rows = [order("o", "closed", flags=int(OrderFlag.CLOSE_TIME_UNKNOWN))]
    assert ids(rows, "closed", filters=Filters(from_ms=NOW - DAY, to_ms=NOW, basis="close")) == {"o"}
    took = durations(Slice(orders_frame(rows), Filters(), NOW))
    assert (took.n, took.median_s, took.left_out_unknown) == (0, None, 1)


def test_an_order_closed_before_it_was_reported_enters_no_duration_and_is_counted_as_left_out() -> None:
    rows = [order(f"o{n}", "closed", closed_at_ms=NOW - DAY + n * 1000) for n in (10, 20, 30, 40)]
    wrong = order("x", "closed", closed_at_ms=NOW - 2 * DAY, flags=int(OrderFlag.CLOSED_BEFORE_REPORTED))
    took = durations(Slice(orders_frame([*rows, wrong]), Filters(), NOW))
    assert (took.n, took.median_s, took.p90_s, took.left_out_before_reported) == (4, 25.0, 37.0, 1)


def test_groups_of_regions_roll_up_to_the_children_asked_for() -> None:
    rows = [order("a", region="x1"), order("b", region="x2"), order("c", region="y"), order("d", region="gone"), order("e")]
    s = Slice(orders_frame(rows), Filters(), NOW)
    found = grouped(s, ["reported"], "region", roll={"x": "x", "x1": "x", "x2": "x", "y": "y"})
    assert {group.key: group.figures["reported"].num for group in found} == {"": 2, "x": 2, "y": 1}


def test_days_and_months_are_those_of_the_city() -> None:
    midnight = 1_735_660_800_000  # 2025-01-01T00:00 in Shanghai, still 2024 in UTC
    rows = [order("old", reported_at_ms=midnight - 1), order("new", reported_at_ms=midnight)]
    s = Slice(orders_frame(rows), Filters(), NOW)
    assert [group.key for group in grouped(s, ["reported"], "month", SHANGHAI)] == ["2024-12", "2025-01"]
    assert [group.key for group in grouped(s, ["reported"], "day", SHANGHAI)] == ["2024-12-31", "2025-01-01"]
    with pytest.raises(KeyError):
        grouped(s, ["reported"], "moon")


def test_the_source_of_a_case_is_its_channel_or_else_who_sent_it() -> None:
    s = Slice(orders_frame([order("a", channel="12345", source="k"), order("b", source="k")]), Filters(), NOW)
    assert [group.key for group in grouped(s, ["reported"], "source")] == ["12345", "k"]


def test_a_rewound_slice_shows_what_was_open_then() -> None:
    rows = [
        order("closed since", "closed", closed_at_ms=NOW - HOUR),
        order("closed before", "closed", closed_at_ms=NOW - 3 * HOUR),
        order("void since", "void"),
        order("open"),
        order("reported since", reported_at_ms=NOW - HOUR),
    ]
    then = Slice(orders_frame(rows), Filters(), NOW - 2 * HOUR, rewound=True)
    assert set(then.orders(then.mask("open"))) == {"closed since", "void since", "open"}
    assert then.count("closed") == 1
    assert then.count("reported") == 4


def test_a_figure_tells_its_definition_its_base_and_its_moment() -> None:
    figure = make_figure("closure_rate", 368_002, 368_267, NOW, "report")
    assert (figure.definition, figure.shown, figure.as_of_ms, figure.basis) == ("closure_rate@1", "99.93 %", NOW, "report")
    assert make_figure("reported", 83_218, None, NOW, "report").shown == "83,218"


WHEN = st.one_of(st.none(), st.integers(NOW - 40 * DAY, NOW + 5 * DAY))
WORD = st.sampled_from(["", "a", "b", "c"])
ORDERS = st.lists(
    st.builds(
        Order,
        order=st.integers(0, 30).map(str),
        status=st.sampled_from(sorted(STATUSES)),
        reported_at_ms=st.integers(NOW - 40 * DAY, NOW),
        accepted_at_ms=WHEN,
        registered_at_ms=WHEN,
        closed_at_ms=WHEN,
        status_at_ms=st.integers(NOW - 40 * DAY, NOW),
        deadline_at_ms=WHEN,
        on_time=st.sampled_from([None, True, False]),
        region=WORD,
        department=WORD,
        channel=WORD,
        source=WORD,
        flags=st.integers(0, 7),
    ),
    max_size=40,
)
FILTERS = st.builds(
    Filters,
    words=st.dictionaries(st.sampled_from(["region", "department", "source"]), st.frozensets(WORD), max_size=2),
    from_ms=WHEN,
    to_ms=WHEN,
    basis=st.sampled_from(BASES),
    statuses=st.one_of(st.none(), st.frozensets(st.sampled_from(sorted(STATUSES)))),
    stage=st.one_of(st.none(), st.sampled_from(STAGES)),
    open=st.one_of(st.none(), st.booleans()),
    flag=st.integers(0, 3),
)


@settings(max_examples=40, deadline=None)
@given(ORDERS, FILTERS, st.integers(NOW - 10 * DAY, NOW + DAY))
def test_a_number_opens_exactly_the_orders_that_it_counted(rows: list[Order], filters: Filters, as_of_ms: int) -> None:
    frame = orders_frame(rows)
    for key, figure in figures(frame, DEFINITIONS, filters, as_of_ms).items():
        numerator = select(frame, key, "num", filters, as_of_ms)
        assert len(numerator) == len(set(numerator)) == figure.num
        if figure.den is not None:
            denominator = select(frame, key, "den", filters, as_of_ms)
            assert len(denominator) == figure.den
            assert set(numerator) <= set(denominator)


@settings(max_examples=40, deadline=None)
@given(ORDERS, FILTERS)
def test_the_parts_add_up_to_the_whole(rows: list[Order], filters: Filters) -> None:
    s = Slice(orders_frame(rows), filters, NOW)
    assert s.count("reported") == s.count("closed") + s.count("open") + s.count("rejected")
    assert s.count("open") == s.count("in_limit") + s.count("due_soon") + s.count("overdue")
    assert s.count("open") == sum(s.count(f"stage_{key}") for key in STAGES)
    assert s.count("closed") == s.count("closed_on_time") + s.count("closed_late") + s.count("closed_unjudged")
    took = durations(s)
    assert s.count("closed") == took.n + took.left_out_unknown + took.left_out_before_reported
    for by in ("department", "source", "kind", "holder_level", "month", "day"):
        groups = grouped(s, DEFINITIONS, by, SHANGHAI)
        for key, definition in DEFINITIONS.items():
            assert sum(group.figures[key].num for group in groups) == s.count(definition.num)
        assert sum(part.n for part in grouped_durations(s, by, SHANGHAI).values()) == took.n


@settings(max_examples=25, deadline=None)
@given(st.lists(ORDERS, max_size=4))
def test_a_book_that_follows_changes_equals_one_made_afresh(batches: list[list[Order]]) -> None:
    book, newest = OrderBook(), {}
    for batch in batches:
        book.update(batch)
        newest |= {row.order: row for row in batch}
        book.frame()
    afresh = orders_frame(newest.values())
    followed = book.frame()
    assert list(followed["order"]) == list(afresh["order"])
    for column in afresh.columns:
        assert list(followed[column].astype(object)) == list(afresh[column].astype(object)) or column in ("lon", "lat")
