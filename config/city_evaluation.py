"""How a city is evaluated: `evaluation.yaml` of its folder, over the examples of domain.md C4. Everything in it may be missing.

    variants: {rework_rate: handle_due, patrol: [网格员上报]}      # domain.variants
    grades: {A: 90, B: 75, C: 60, D: 40, E: 0}                  # from which score on
    scores:
      worker: {by: reporter, min_base: 10, parts: [{figure: valid_report_rate, weight: 100}]}
      intake: null                                              # not scored here
    hotline: {channels: ["12345"], day_start: "12:00"}          # config.city_hotline

A score that is named replaces the example of its key; its weights add up to 100.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from config.city_files import Faults, read_yaml
from config.city_hotline import read_hotline
from config.city_model import Level
from domain.scores import BANDS, LEVEL, MIN_BASE, OWN_GRID, Evaluation, GradeBand, Part, Score, examples
from domain.variants import CHOICES, LISTS, Variants

_FILE: Final = "evaluation.yaml"


def read_evaluation(folder: Path, levels: tuple[Level, ...], faults: Faults) -> Evaluation:
    """The evaluation of a city's folder; without a file the examples. What is wrong goes to `faults`, all of it."""
    if not (folder / _FILE).exists():
        return Evaluation(examples(level.key for level in levels))
    told = read_yaml(folder / _FILE, faults, "variants, grades, scores, hotline")
    lines: dict[str, int] = told.pop("__lines__", {})
    for key in told:
        if key not in ("variants", "grades", "scores", "hotline"):
            faults.error(_FILE, lines[key], f"{key!r} is none of variants, grades, scores, hotline")
    readers: dict[str, Callable[[Any, list[str]], Any]] = {
        "variants": lambda what, bad: _variants(what, levels, bad),
        "grades": _bands,
        "scores": lambda what, bad: _scores(what, levels, bad),
        "hotline": read_hotline,
    }
    made: dict[str, Any] = {}
    for key, reader in readers.items():
        wrong: list[str] = []
        made[key] = reader(told.get(key), wrong)
        for fault in wrong:
            faults.error(_FILE, lines.get(key, 1), f"{key}: {fault}")
    return Evaluation(made["scores"], made["grades"], msgspec.structs.replace(made["variants"], hotline=made["hotline"]))


def _mapping(told: Any, wrong: list[str]) -> dict[str, Any]:
    if told is None:
        return {}
    if not isinstance(told, dict):
        wrong.append("must be a mapping")
        return {}
    return {str(key): value for key, value in told.items()}


_OF_LEVELS: Final = ("grid", "village", "town")


def _variants(told: Any, levels: tuple[Level, ...], wrong: list[str]) -> Variants:
    chosen: dict[str, Any] = {}
    for key, value in _mapping(told, wrong).items():
        if key in CHOICES and value in CHOICES[key]:
            chosen[key] = value
        elif key in CHOICES:
            wrong.append(f"{key}: {value!r} is none of {', '.join(CHOICES[key])}")
        elif key not in LISTS:
            wrong.append(f"{key!r} is none of {', '.join((*CHOICES, *LISTS))}")
        elif not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
            wrong.append(f"{key}: must be a list of names; numbers in quotes")
        else:
            known = {level.key for level in levels}
            wrong += [f"{key}: {name!r} is no level of city.yaml" for name in value if key in _OF_LEVELS and name not in known]
            chosen[key] = frozenset(value)
    return Variants(**chosen)


def _bands(told: Any, wrong: list[str]) -> tuple[GradeBand, ...]:
    grades = _mapping(told, wrong)
    if not grades:
        return BANDS
    for key, from_ in grades.items():
        if not _whole(from_, 0, 100):
            wrong.append(f"{key}: {from_!r} is no whole number from 0 to 100")
    good = [GradeBand(key, from_) for key, from_ in grades.items() if _whole(from_, 0, 100)]
    if len({band.from_ for band in good}) < len(good):
        wrong.append("two grades begin at the same score")
    if len(good) == len(grades) and min(band.from_ for band in good) > 0:
        wrong.append("the lowest grade must begin at 0")
    return tuple(sorted(good, key=lambda band: -band.from_))


def _scores(told: Any, levels: tuple[Level, ...], wrong: list[str]) -> dict[str, Score]:
    scores = examples(level.key for level in levels)
    for key, value in _mapping(told, wrong).items():
        if value is None:
            scores.pop(key, None)
            continue
        own: list[str] = []
        score = _score(key, value, scores.get(key), levels, own)
        wrong += [f"{key}: {fault}" for fault in own]
        if score is not None and not own:
            scores[key] = score
    return scores


def _score(key: str, told: Any, example: Score | None, levels: tuple[Level, ...], wrong: list[str]) -> Score | None:
    told = _mapping(told, wrong)
    wrong += [f"{name!r} is none of by, min_base, parts" for name in told if name not in ("by", "min_base", "parts")]
    by, least = told.get("by", example.by if example else ""), told.get("min_base", example.min_base if example else MIN_BASE)
    if not _grouping(by, levels):
        wrong.append(f"by: {by!r} is none of {', '.join(_groupings(levels))}")
    if not _whole(least, 0, 1_000_000):
        wrong.append(f"min_base: {least!r} is no whole number from 0")
    parts = _parts(told["parts"], levels, wrong) if "parts" in told else example.parts if example else ()
    if not parts and not wrong:
        wrong.append("parts are missing: list {figure, weight}")
    if parts and not wrong and sum(part.weight for part in parts) != 100:
        wrong.append(f"the weights add up to {sum(part.weight for part in parts)}, not to 100")
    return None if wrong else Score(key, by, parts, least)


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    figure: str
    weight: int
    inverted: bool = False
    points: tuple[tuple[int, int], ...] = ()
    by: str = ""


def _parts(told: Any, levels: tuple[Level, ...], wrong: list[str]) -> tuple[Part, ...]:
    if not isinstance(told, list):
        wrong.append("parts: must be a list of {figure, weight}")
        return ()
    parts = [_part(f"part {number}", one, levels, wrong) for number, one in enumerate(told, 1)]
    for figure in {part.figure for part in parts if part and [p and p.figure for p in parts].count(part.figure) > 1}:
        wrong.append(f"parts: {figure} stands there twice")
    return tuple(part for part in parts if part is not None)


def _part(name: str, told: Any, levels: tuple[Level, ...], wrong: list[str]) -> Part | None:
    try:
        part = msgspec.convert(told, _Told, strict=True)
    except msgspec.ValidationError as error:
        wrong.append(f"{name}: {error}")
        return None
    from domain.hotline import WEIGHTED
    from domain.indicators import DEFINITIONS

    before = len(wrong)
    definition = DEFINITIONS.get(part.figure)
    if definition is None:
        wrong.append(f"{name}: {part.figure!r} is no figure")
    elif definition.den is None and not part.points:
        wrong.append(f"{name}: {part.figure} is a count: say how many points it gives, points: [[101, 40], [301, 60]]")
    elif definition.den is not None and part.points:
        wrong.append(f"{name}: {part.figure} is a rate: points are for counts")
    if part.inverted and part.points:
        wrong.append(f"{name}: points are not inverted: give fewer points to more")
    if not _whole(part.weight, 1, 100):
        wrong.append(f"{name}: weight {part.weight} is no whole number from 1 to 100")
    if any(at < 0 or not 0 <= points <= 100 for at, points in part.points):
        wrong.append(f"{name}: points are pairs [from this count on, 0 to 100]")
    if part.by and part.by != OWN_GRID and not _grouping(part.by, levels):
        wrong.append(f"{name}: by: {part.by!r} is none of {', '.join((*_groupings(levels), OWN_GRID))}")
    if part.by == OWN_GRID and part.figure in WEIGHTED:
        wrong.append(f"{name}: {part.figure} counts orders in parts: it cannot be added up over the own grid")
    if len(wrong) > before:
        return None
    return Part(part.figure, part.weight, part.inverted, part.points, part.by)


def _groupings(levels: tuple[Level, ...]) -> tuple[str, ...]:
    from domain.indicators import GROUPINGS

    return (*(by for by in GROUPINGS if by not in ("day", "month", "region")), *(LEVEL + level.key for level in levels))


def _grouping(by: Any, levels: tuple[Level, ...]) -> bool:
    return isinstance(by, str) and by in _groupings(levels)


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
