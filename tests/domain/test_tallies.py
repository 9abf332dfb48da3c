"""Day numbers: the latest counts whatever the order of arrival, regions stand for their parts."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import DayTally, entity
from domain.states import Tally
from domain.tallies import CALL_RATES, SUMS, call_rate, counted, fault, fold_tally, rate_shown, totals, whole

CITY, EAST, WEST, GRID = "1", "11", "12", "1101"


def above(code: str) -> list[str]:
    return [up for up in (CITY, EAST, WEST) if up != code and code.startswith(up)]


def told(value: object = 10, at_ms: int = 100, **more: object) -> DayTally:
    given: dict[str, object] = {"source": "12345", "day": "2020-09-01", "region": CITY, "key": "calls", "base": None}
    given |= more
    base = None if given["base"] is None else Decimal(str(given.pop("base")))
    given.pop("base", None)
    return DayTally(received_at_ms=at_ms + 5, at_ms=at_ms, value=Decimal(str(value)), base=base, **given)  # type: ignore[arg-type]


def folded(*facts: DayTally) -> list[Tally]:
    held: dict[str, Tally] = {}
    for fact in facts:
        held[entity(fact)] = fold_tally(held.get(entity(fact)), fact)
    return list(held.values())


def test_a_correction_replaces_and_is_remembered_and_the_same_again_is_nothing_new() -> None:
    (first,) = folded(told(10))
    second = fold_tally(first, told(12, at_ms=200))
    assert (second.told.value, [one.value for one in second.before]) == (12, [10])
    assert fold_tally(second, told(12, at_ms=200)) is second
    late = fold_tally(second, told(11, at_ms=150))
    assert (late.told.value, [one.value for one in late.before]) == (12, [10, 11])
    again = fold_tally(second, told(12, at_ms=300))  # told anew and unchanged: no correction
    assert (again.told.at_ms, [one.value for one in again.before]) == (300, [10])


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_what_counts_does_not_depend_on_the_order_of_arrival(tellings: list[tuple[int, int]]) -> None:
    facts = [told(value, at_ms=at_ms) for at_ms, value in tellings]
    found = {tuple(row.told for row in folded(*order)) for order in permutations(facts)}
    newest = max(tellings)
    assert {row.value for (row,) in found} == {newest[1]} and len(found) == 1


@given(st.dictionaries(st.sampled_from((CITY, EAST, WEST, GRID)), st.integers(0, 9), min_size=1), st.sampled_from(SUMS))
def test_a_region_stands_for_its_parts_and_the_rest_adds_up(values: dict[str, int], key: str) -> None:
    rows = folded(*(told(value, region=region, key=key) for region, value in values.items()))

    def total(region: str, below: tuple[str, ...]) -> int:
        return values.get(region, sum(total(part, parts[part]) for part in below))

    parts = {CITY: (EAST, WEST), EAST: (GRID,), WEST: (), GRID: ()}
    assert totals(rows, above)[key].value == total(CITY, parts[CITY])
    assert sum(row.told.value for row in counted(rows, above)) == total(CITY, parts[CITY])


def test_days_and_sources_add_up_and_an_index_does_not() -> None:
    rows = folded(told(10), told(20, day="2020-09-02"), told(5, source="96181"), told(82.5, key="social_index"),
                  told(83.25, key="social_index", day="2020-09-02"))  # fmt: skip
    found = totals(rows, above)
    assert (found["calls"].value, found["calls"].days, found["calls"].day) == (35, 2, "2020-09-02")
    assert (found["social_index"].value, found["social_index"].base) == (Decimal("83.25"), None)
    two = totals(folded(told(80, key="x", region=EAST), told(90, key="x", region=WEST)), above)
    assert two["x"].value is None  # nobody may add indices up, nor take their mean


def test_a_rate_is_the_sum_of_its_parts_and_of_the_newest_day_of_each() -> None:
    rows = folded(
        told(90, base=100, key="police_link_rate", region=EAST),
        told(99, base=100, key="police_link_rate", region=EAST, day="2020-09-03"),
        told(400, base=400, key="police_link_rate", region=WEST),
    )
    total = totals(rows, above)["police_link_rate"]
    assert total.ratio == (499, 500) and rate_shown(total.ratio) == ("99.8000", "99.80 %")
    whole_city = totals([*rows, *folded(told(952, base=952, key="police_link_rate"))], above)["police_link_rate"]
    assert whole_city.ratio == (952, 952)


def test_decimals_stay_exact() -> None:
    assert whole(Decimal("95.9"), Decimal(100)) == (959, 1000)
    assert whole(Decimal("0.25"), Decimal("1.5")) == (1, 6)
    assert rate_shown(whole(Decimal("98.96"), Decimal(100))) == ("98.9600", "98.96 %")


def test_a_call_rate_looks_only_at_days_of_which_both_numbers_are_known() -> None:
    rows = folded(
        told(100), told(96, key="calls_answered"), told(50, day="2020-09-02"), told(999, key="calls_answered", day="2020-09-03")
    )  # fmt: skip
    assert call_rate("connection_rate", rows, above) == (96, 100)
    assert call_rate("media_in_3min_rate", rows, above) is None and rate_shown(None) == (None, "—")
    assert set(CALL_RATES) == {"connection_rate", "answered_in_15s_rate", "media_in_3min_rate"}


@pytest.mark.parametrize(
    ("key", "value", "base", "wrong"),
    [
        ("calls", 10, None, ""),
        ("calls", 0, None, ""),
        ("calls", -1, None, "not a count"),
        ("calls", "1.5", None, "not a count"),
        ("calls", 1, 2, "not wanted"),
        ("police_link_rate", 1, None, "missing field: base"),
        ("police_link_rate", 3, 2, "within base"),
        ("police_link_rate", 0, 0, ""),
        ("social_index", "87.35", None, ""),
        ("ours", -3, None, ""),
        ("ours", "1e13", None, "range"),
        ("ours", "0.0000001", None, "range"),
    ],
)
def test_what_cannot_be_is_told(key: str, value: object, base: object, wrong: str) -> None:
    said = fault(key, Decimal(str(value)), None if base is None else Decimal(str(base)))
    assert (wrong in said) if wrong else said == ""
