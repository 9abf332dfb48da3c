"""Composite scores of units (domain.md B11, C4): Σ weight × part, each part shown, with a grade and a place in the ranking.

A part is a rate in per cent, turned round where less is better, or points for a count. What has no base says nothing: such a
part is left out and the weights of the others are scaled up to the whole. All arithmetic is exact until it is shown.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec

from domain.rates import NO_RATE, shown, value4
from domain.variants import Variants

if TYPE_CHECKING:
    from domain.indicators import Group

LEVEL: Final = "level:"
OWN_GRID: Final = "own_grid"
MIN_BASE: Final = 5


class Part(msgspec.Struct, frozen=True):
    """One part of a score. `inverted`: 100 − rate counts. `points`: (from this count on, so many points); below all: 0.

    `by`: the grouping in which this part is counted, where it is another than that of its score; a worker's reports are
    counted by who reported, his checks by who checked; own_grid: in his own grid of the roster, whoever reported.
    """

    figure: str
    weight: int
    inverted: bool = False
    points: tuple[tuple[int, int], ...] = ()
    by: str = ""


class Score(msgspec.Struct, frozen=True):
    """How the units of one kind are scored. `by` is one of domain.indicators.GROUPINGS, or level:KEY: the regions of a level.

    A unit whose base (that of its weightiest part) is below `min_base` is listed and not ranked.
    """

    key: str
    by: str
    parts: tuple[Part, ...]
    min_base: int = 1


class GradeBand(msgspec.Struct, frozen=True):
    """The grade of scores from `from_` on, up to the next band's."""

    key: str
    from_: int


BANDS: Final = (GradeBand("A", 90), GradeBand("B", 75), GradeBand("C", 60), GradeBand("D", 40), GradeBand("E", 0))
"""Examples of CJ/T 292 as software of the field repeats them (C4); a city sets its own."""


class Evaluation(msgspec.Struct, frozen=True):
    """What a city says of evaluation: its scores by key, the grade bands from the highest, and the readings it has chosen."""

    scores: dict[str, Score] = {}
    bands: tuple[GradeBand, ...] = BANDS
    variants: Variants = Variants()


_POINTS: Final = ((2001, 100), (1201, 90), (501, 75), (301, 60), (101, 40))


def examples(levels: Iterable[str]) -> dict[str, Score]:
    """The scores of a city that says nothing: C4's examples; a region score for each of its levels below the first.

    The weight of 按期结案率 in a region is the one that completes C4's sum. 监督举报率 counts in its favour, as it stands
    there; a city that reads it as a fault sets it `inverted`. No source scores a department: that is an example of ours.
    """
    region = (
        Part("public_share", 10), Part("registered", 20, points=_POINTS), Part("closure_rate", 30),
        Part("on_time_closure_rate", 40),
    )  # fmt: skip
    worker = (
        Part("valid_report_rate", 40), Part("missed_rate", 20, inverted=True, by=OWN_GRID),
        Part("on_time_verify_rate", 20, by="verified_by"), Part("on_time_check_rate", 20, by="checked_by"),
    )  # fmt: skip
    department = (
        Part("on_time_closure_rate", 40), Part("on_time_handling_rate", 40), Part("rework_rate", 20, inverted=True),
    )  # fmt: skip
    intake = (
        Part("accepted", 25, points=_POINTS), Part("on_time_verify_sent_rate", 40), Part("on_time_check_sent_rate", 35),
    )  # fmt: skip
    chief = (
        Part("on_time_registration_rate", 25), Part("right_registration_rate", 40), Part("on_time_closure_rate", 35),
    )  # fmt: skip
    dispatcher = (
        Part("dispatched", 20, points=_POINTS), Part("on_time_dispatch_rate", 40), Part("right_dispatch_rate", 40),
    )  # fmt: skip
    hotline = (
        Part("hotline_response_rate", 10), Part("hotline_satisfaction_rate", 40), Part("hotline_solution_rate", 50),
    )  # fmt: skip
    scores = (
        Score("worker", "reporter", worker, MIN_BASE),
        *(Score(level, LEVEL + level, region, MIN_BASE) for level in list(levels)[1:]),
        Score("department", "department", department, MIN_BASE),
        Score("intake", "accepted_by", intake, MIN_BASE),
        Score("duty_chief", "registered_by", chief, MIN_BASE),
        Score("dispatcher", "dispatched_by", dispatcher, MIN_BASE),
        Score("hotline", "department", hotline, MIN_BASE),
    )
    return {score.key: score for score in scores}


class ScoredPart(msgspec.Struct, frozen=True):
    """A part with what it was made of. `weight` as configured, `counted4` its share of this unit's score in per cent.

    `points4`: 0 to 100 with four decimals; None, like `counted4`, where it has no base.
    """

    figure: str
    num: int
    den: int | None
    shown: str
    weight: int
    points4: str | None
    counted4: str | None


class Scored(msgspec.Struct, frozen=True):
    """A unit's score, 0 to 100. `rank` None: not ranked, for want of a base; `grade` "" without a score."""

    key: str
    value4: str | None
    shown: str
    grade: str
    rank: int | None
    base: int
    parts: tuple[ScoredPart, ...]


def scored(score: Score, groups: Iterable["Group"], bands: Iterable[GradeBand] = BANDS) -> list[Scored]:
    """The units (their groups carry the figures of all parts) from the best to the worst; equal scores share a rank.

    Those that are not ranked come last, with a score before those without.
    """
    highest_first = sorted(bands, key=lambda band: -band.from_)
    made = [_scored(score, group, highest_first) for group in groups]
    able = [row.value4 is not None and row.base >= score.min_base for row in made]
    order = sorted(range(len(made)), key=lambda n: (not able[n], *_place(made[n])))
    found: list[Scored] = []
    for place, n in enumerate(order, 1):
        row = made[n]
        tied = bool(found) and found[-1].rank is not None and found[-1].value4 == row.value4
        rank = None if not able[n] else found[-1].rank if tied else place
        found.append(msgspec.structs.replace(row, rank=rank))
    return found


def _place(row: Scored) -> tuple[bool, Fraction, str]:
    return row.value4 is None, -Fraction(row.value4 or 0), row.key


def _scored(score: Score, group: "Group", bands: list[GradeBand]) -> Scored:
    values = [_points(part, group) for part in score.parts]
    whole = sum(part.weight for part, value in zip(score.parts, values, strict=True) if value is not None)
    parts = tuple(_part(part, group, value, whole) for part, value in zip(score.parts, values, strict=True))
    if not whole or _says_nothing(parts):
        return Scored(group.key, None, NO_RATE, "", None, 0, parts)
    mean = Fraction(sum(part.weight * (value or 0) for part, value in zip(score.parts, values, strict=True))) / whole
    kept, read = value4(*_ratio(mean)), shown(*_ratio(mean)).removesuffix(" %")
    grade = next((band.key for band in bands if Fraction(kept or 0) >= band.from_), "")
    return Scored(group.key, kept, read, grade, None, _base(parts), parts)


def _points(part: Part, group: "Group") -> Fraction | None:
    """What a part is worth, 0 to 100; None without a base. A rate beyond 100 % counts as 100."""
    figure = group.figures[part.figure]
    if part.points:
        return Fraction(next((points for at, points in sorted(part.points, reverse=True) if figure.num >= at), 0))
    if not figure.den:
        return None
    rate = min(max(100 * Fraction(*figure.ratio), Fraction(0)), Fraction(100))
    return 100 - rate if part.inverted else rate


def _part(part: Part, group: "Group", value: Fraction | None, whole: int) -> ScoredPart:
    figure = group.figures[part.figure]
    points4 = None if value is None else value4(*_ratio(value))
    counted4 = None if value is None else value4(part.weight, whole)
    return ScoredPart(part.figure, figure.num, figure.den, figure.shown, part.weight, points4, counted4)


def _says_nothing(parts: tuple[ScoredPart, ...]) -> bool:
    """Whether no rate has a base and there was nothing to count either: that is no zero. A score of counts alone may be 0."""
    return any(part.den is not None for part in parts) and not any(part.den or part.num for part in parts)


def _base(parts: tuple[ScoredPart, ...]) -> int:
    """How many orders the weightiest part with a base stands on: its denominator, or the count that points are given for."""
    part = max((part for part in parts if part.points4 is not None), key=lambda part: part.weight)
    return part.num if part.den is None else part.den


def _ratio(value: Fraction) -> tuple[int, int]:
    """A value from 0 to 100 as the ratio that it is the percentage of."""
    return value.numerator, value.denominator * 100
