"""Composite scores: what each part is worth and in which direction, parts without a base, grades, ranks, points."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import DEFINITIONS, Group, make_figure
from domain.scores import BANDS, GradeBand, Part, Score, examples, scored

LEVELS = ("district", "street", "community", "grid")
EXAMPLES = examples(LEVELS)


def group(name: str, **figures: tuple[int, int | None]) -> Group:
    return Group(name, {key: make_figure(key, num, den, 0, "report") for key, (num, den) in figures.items()})


def one(parts: tuple[Part, ...], **figures: tuple[int, int | None]) -> str | None:
    return scored(Score("s", "department", parts), [group("a", **figures)])[0].value4


def test_the_examples_are_those_of_c4() -> None:
    told = {key: [(part.figure, part.weight, part.inverted) for part in score.parts] for key, score in EXAMPLES.items()}
    assert told["worker"] == [("valid_report_rate", 40, False), ("missed_rate", 20, True), ("on_time_verify_rate", 20, False),
                              ("on_time_check_rate", 20, False)]  # fmt: skip
    assert told["intake"] == [
        ("accepted", 25, False),
        ("on_time_verify_sent_rate", 40, False),
        ("on_time_check_sent_rate", 35, False),
    ]
    assert told["duty_chief"] == [("on_time_registration_rate", 25, False), ("right_registration_rate", 40, False),
                                  ("on_time_closure_rate", 35, False)]  # fmt: skip
    assert told["dispatcher"] == [
        ("dispatched", 20, False),
        ("on_time_dispatch_rate", 40, False),
        ("right_dispatch_rate", 40, False),
    ]
    region = [
        ("public_share", 10, False),
        ("registered", 20, False),
        ("closure_rate", 30, False),
        ("on_time_closure_rate", 40, False),
    ]
    assert [told[key] for key in LEVELS[1:]] == [region] * 3 and LEVELS[0] not in told
    assert all(sum(part.weight for part in score.parts) == 100 for score in EXAMPLES.values())
    assert [(band.key, band.from_) for band in BANDS] == [("A", 90), ("B", 75), ("C", 60), ("D", 40), ("E", 0)]


PARTS = [(key, part) for key, score in EXAMPLES.items() for part in score.parts]


@pytest.mark.parametrize(("key", "part"), PARTS, ids=[f"{key}-{part.figure}" for key, part in PARTS])
def test_every_part_of_every_example_pulls_in_its_own_direction(key: str, part: Part) -> None:
    """One known implementation inverts 结案率: here only what is a fault, missed or done again, counts the other way."""
    rate = DEFINITIONS[part.figure].den is not None
    low, high = ({part.figure: (num, 100 if rate else None)} for num in ((20, 80) if rate else (300, 2001)))
    worse, better = Fraction(one((part,), **low) or 0), Fraction(one((part,), **high) or 0)
    assert (better < worse) if part.figure in ("missed_rate", "rework_rate") else (better > worse)
    assert part.inverted == (part.figure in ("missed_rate", "rework_rate"))
    if rate:
        assert worse + better == 100  # 20 and 80, or the other way round


@pytest.mark.parametrize(
    ("count", "points"),
    [(0, 0), (100, 0), (101, 40), (300, 40), (301, 60), (500, 60), (501, 75), (1200, 75), (1201, 90), (2000, 90), (2001, 100)],
)
def test_points_for_a_count_follow_the_table_of_c4(count: int, points: int) -> None:
    assert one((EXAMPLES["intake"].parts[0],), accepted=(count, None)) == f"{points}.0000"


def test_a_worker_of_c4_by_hand() -> None:
    """95 % valid · 1 − 4 % missed · 8 of 9 verified in time · 1 of 3 checked in time."""
    figures = {
        "valid_report_rate": (19, 20),
        "missed_rate": (1, 25),
        "on_time_verify_rate": (8, 9),
        "on_time_check_rate": (1, 3),
    }
    row = scored(EXAMPLES["worker"], [group("w", **figures)])[0]  # type: ignore[arg-type]
    exact = Fraction(40 * 95 + 20 * 96, 100) + 20 * Fraction(8, 9) + 20 * Fraction(1, 3)
    assert exact == Fraction(3674, 45)  # 81.6444…
    assert (row.value4, row.shown, row.grade, row.base) == ("81.6444", "81.64", "B", 20)
    assert [part.points4 for part in row.parts] == ["95.0000", "96.0000", "88.8889", "33.3333"]
    assert [part.shown for part in row.parts] == ["95.00 %", "4.00 %", "88.89 %", "33.33 %"]


def test_a_part_without_a_base_is_left_out_and_the_others_are_scaled_up() -> None:
    figures = {"valid_report_rate": (9, 10), "missed_rate": (0, 0), "on_time_verify_rate": (1, 2), "on_time_check_rate": (0, 0)}
    row = scored(EXAMPLES["worker"], [group("w", **figures)])[0]  # type: ignore[arg-type]
    assert Fraction(row.value4 or 0) == Fraction("76.6667")  # (40·90 + 20·50) / 60
    assert [part.counted4 for part in row.parts] == ["66.6667", None, "33.3333", None]
    assert [part.points4 for part in row.parts] == ["90.0000", None, "50.0000", None]
    assert [part.shown for part in row.parts] == ["90.00 %", "—", "50.00 %", "—"]


def test_without_any_base_there_is_no_score_neither_0_nor_100() -> None:
    row = scored(
        EXAMPLES["department"], [group("d", on_time_closure_rate=(0, 0), on_time_handling_rate=(0, 0), rework_rate=(0, 0))]
    )[0]
    assert (row.value4, row.shown, row.grade, row.rank, row.base) == (None, "—", "", None, 0)


RATE = Score("s", "department", (Part("closure_rate", 100),), min_base=10)


def ranks(**units: tuple[int, int]) -> list[tuple[str, int | None]]:
    return [(row.key, row.rank) for row in scored(RATE, [group(name, closure_rate=rate) for name, rate in units.items()])]


def test_where_nothing_happened_a_count_of_none_is_no_zero() -> None:
    """A street in a month before anybody reported there is not the worst of its city."""
    none = {"public_share": (0, 0), "registered": (0, None), "closure_rate": (0, 0), "on_time_closure_rate": (0, 0)}
    (found,) = scored(EXAMPLES["street"], [group("a", **none)])
    assert (found.value4, found.grade, found.rank) == (None, "", None)
    (found,) = scored(EXAMPLES["street"], [group("a", **none | {"closure_rate": (0, 3)})])
    assert (found.value4, found.grade) == ("0.0000", "E")


def test_equal_scores_share_a_rank_and_the_next_one_counts_them() -> None:
    assert ranks(d=(10, 20), a=(19, 20), c=(9, 10), b=(18, 20)) == [("a", 1), ("b", 2), ("c", 2), ("d", 4)]


def test_too_small_a_base_is_listed_and_not_ranked_and_no_base_comes_last() -> None:
    told = ranks(none=(0, 0), few=(9, 9), low=(1, 10), high=(9, 10), fewer=(1, 2))
    assert told == [("high", 1), ("low", 2), ("few", None), ("fewer", None), ("none", None)]


def test_scores_are_compared_as_they_are_kept_with_four_decimals() -> None:
    """2/3 and 666,667/1,000,000 are kept alike and share the rank; a hundredth of a point more does not."""
    told = ranks(a=(2, 3 * 10), b=(1, 15), c=(666_67, 1_000_00), d=(666_7, 10_000))
    assert told == [("d", 1), ("c", 2), ("a", 3), ("b", 3)]


@pytest.mark.parametrize(
    ("score", "grade"),
    [((90, 100), "A"), ((8999, 10000), "B"), ((75, 100), "B"), ((7499, 10000), "C"), ((60, 100), "C"), ((5999, 10000), "D"),
     ((40, 100), "D"), ((3999, 10000), "E"), ((0, 100), "E"), ((100, 100), "A")],
)  # fmt: skip
def test_a_grade_begins_exactly_at_its_score(score: tuple[int, int], grade: str) -> None:
    assert scored(RATE, [group("a", closure_rate=score)])[0].grade == grade


def test_a_grade_goes_by_the_score_as_it_is_kept_and_a_near_100_never_shows_as_100() -> None:
    nearly, near_a = scored(
        RATE, [group("a", closure_rate=(999_999, 1_000_000)), group("b", closure_rate=(8_999_999, 10_000_000))]
    )
    assert (nearly.value4, nearly.shown) == ("99.9999", "99.99")
    assert (near_a.value4, near_a.grade) == ("90.0000", "A")


def test_bands_of_a_city_take_the_place_of_the_examples_in_any_order() -> None:
    bands = (GradeBand("还行", 0), GradeBand("优秀", 85))
    groups = [group("a", closure_rate=(85, 100)), group("b", closure_rate=(84, 100))]
    assert [row.grade for row in scored(RATE, groups, bands)] == [
        "优秀", "还行",
    ]  # fmt: skip


def test_a_rate_beyond_100_per_cent_earns_no_more_and_costs_no_more_than_all_of_its_part() -> None:
    assert (
        one((Part("missed_rate", 50, inverted=True), Part("closure_rate", 50)), missed_rate=(30, 10), closure_rate=(1, 1))
        == "50.0000"
    )


WEIGHTS = st.lists(st.integers(1, 60), min_size=1, max_size=4)
COUNTS = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair)))
FIGURES = ("closure_rate", "valid_report_rate", "rework_rate", "handling_rate")


@given(WEIGHTS, st.lists(COUNTS, min_size=4, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_score_lies_between_its_worst_and_its_best_part(
    weights: list[int], counts: list[tuple[int, int]], inverted: list[bool]
) -> None:
    parts = tuple(Part(FIGURES[n], weight, inverted[n]) for n, weight in enumerate(weights))
    row = scored(Score("s", "department", parts), [group("a", **dict(zip(FIGURES, counts, strict=True)))])[0]
    points = [Fraction(part.points4) for part in row.parts if part.points4 is not None]
    if not points:
        assert row.value4 is None
        return
    assert min(points) - Fraction(1, 10_000) <= Fraction(row.value4 or 0) <= max(points) + Fraction(1, 10_000)
    assert abs(sum(Fraction(part.counted4) for part in row.parts if part.counted4) - 100) < Fraction(1, 1000)
