"""Indicators: figures, rates, groups and durations made of counts (domain.md C2, C3). One definition, two uses.

A count is a mask over orders (`domain.counts`). A figure adds the mask up, `select` lists it: a number therefore opens
exactly the orders that it counted. Rates are pairs of counts; their arithmetic is `domain.rates`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain import hotline, stagecounts
from domain.counts import COUNTS, WITHIN_H, Filters, Mask, Slice, moments, tallied
from domain.orderframe import NONE, WORDS
from domain.rates import shown, value4
from domain.spread import quantiles
from domain.variants import USUAL, Variants, chosen

Part = Literal["num", "den"]
Weights = tuple[tuple[int, int], ...]

GROUPINGS: Final = (*WORDS, "kind", "month", "day")


class Definition(msgspec.Struct, frozen=True):
    """What a figure is. `word` and `word` + ".what" are its name and its explanation in `config/words`.

    A count has no `den`. A changed formula is a new `version`. `varies`: the readings of a city (`domain.variants`) it goes
    by; where it has chosen another than the usual one, tag and explanation say so. `origin`: where the formula comes from
    ("origin." + it in words): bulletin, cities, practice, open or own.
    """

    key: str
    word: str
    num: str
    den: str | None = None
    version: int = 1
    varies: tuple[str, ...] = ()
    origin: str = "own"

    @property
    def tag(self) -> str:
        return f"{self.key}@{self.version}"

    def tag_in(self, variants: Variants) -> str:
        """The tag with what a city reads in its own way: "rework_rate@1+rework_rate=handle_due"."""
        return self.tag + "".join(f"+{field}={choice}" for field, choice in chosen(variants).items() if field in self.varies)

    def readings_in(self, variants: Variants) -> list[str]:
        """Words that say what a city reads in its own way: "reading.rework_rate.handle_due", after the explanation."""
        return [f"reading.{field}.{choice}" for field, choice in chosen(variants).items() if field in self.varies]


class Figure(msgspec.Struct, frozen=True):
    """A number with its origin. `value4`: per cent with four decimals, None for a count or a base of 0.

    `weights`: of a rate whose numerator counts its `num` orders in parts (`domain.hotline.WEIGHTED`), how many orders count how
    many hundredths: ((100, 12), (90, 3)).
    """

    key: str
    num: int
    den: int | None
    value4: str | None
    shown: str
    as_of_ms: int
    basis: str
    definition: str
    weights: Weights = ()

    @property
    def ratio(self) -> tuple[int, int]:
        """Numerator and denominator of the rate itself, as whole numbers; (num, 0) of a count."""
        return _ratio(self.num, self.den or 0, self.weights)


class Durations(msgspec.Struct, frozen=True):
    """Time from report to close. Percentiles interpolate linearly; None when `n` is 0.

    Left out of them: orders whose close time is not known, and those that a source closed before they were reported.
    """

    n: int
    median_s: float | None
    p90_s: float | None
    mean_s: float | None
    left_out_unknown: int
    left_out_before_reported: int


class Group(msgspec.Struct, frozen=True):
    """`key` is the value they share ("" = none); its figures in the order asked for."""

    key: str
    figures: dict[str, Figure]


_RATES: Final = {
    "closure_rate": ("closed", "close_due"),  # 结案率
    "on_time_closure_rate": ("closed_on_time", "on_time_closure_base"),  # 按期结案率
    "late_closure_rate": ("closed_late", "close_due_judged"),  # 超期结案率
    "completion_rate": ("closed", "accepted"),  # 办结率
    "settlement_rate": ("closed", "not_rejected"),  # 办结率 of matters: reported − rejected
    "closed_of_reported": ("closed", "reported"),
    "on_time_of_closed": ("closed_on_time", "closed"),
    "on_time_of_reported": ("closed_on_time", "reported"),
    "open_rate": ("open", "reported"),  # 未结案率
    "valid_report_rate": ("reported_valid", "reported"),  # 有效上报率
    **{f"within_{hours}h_rate": (f"closed_within_{hours}h", "reported") for hours in WITHIN_H},
    **stagecounts.RATES,
    **hotline.RATES,
}

_VERSIONS: Final = {
    "right_dispatch_rate": 2,  # of what was due for dispatch, no more of what was dispatched
    "on_time_dispatch_rate": 2, "on_time_handling_rate": 2, "on_time_check_rate": 2,  # of what had a limit
}  # fmt: skip


def _definition(key: str, num: str, den: str | None = None) -> Definition:
    parts = (num,) if den is None else (num, den)
    told = {**stagecounts.VARIES, **hotline.VARIES}
    varies = dict.fromkeys(field for part in parts for field in told.get(part, ()))
    return Definition(key, f"figure.{key}", num, den, _VERSIONS.get(key, 1), tuple(varies), stagecounts.ORIGINS.get(key, "own"))


DEFINITIONS: Final[dict[str, Definition]] = {
    **{key: _definition(key, key) for key in COUNTS},
    **{key: _definition(key, num, den) for key, (num, den) in _RATES.items()},
}
"""Every figure by key: all counts, and the rates made of them (C3)."""


def make_figure(
    key: str, num: int, den: int | None, as_of_ms: int, basis: str, variants: Variants = USUAL, weights: Weights = ()
) -> Figure:
    """A figure from its counts."""
    ratio = _ratio(num, den or 0, weights)
    text = f"{num:,}" if den is None else shown(*ratio)
    value = None if den is None else value4(*ratio)
    return Figure(key, num, den, value, text, as_of_ms, basis, DEFINITIONS[key].tag_in(variants), weights)


def _ratio(num: int, den: int, weights: Weights) -> tuple[int, int]:
    return (sum(weight * orders for weight, orders in weights), den * hotline.WEIGHT_UNIT) if weights else (num, den)


def _weights(s: Slice, key: str, codes: NDArray[np.int64], groups: int) -> list[Weights]:
    """The weights of a figure in each group, the heaviest first; none where its numerator counts whole orders."""
    if key not in hotline.WEIGHTED:
        return [()] * groups
    mask = s.mask(DEFINITIONS[key].num)
    weighed, of_group = hotline.WEIGHTED[key](s)[mask], codes[mask]
    each = {int(w): np.bincount(of_group[weighed == w], minlength=groups).tolist() for w in np.unique(weighed)[::-1]}
    return [tuple((w, orders[g]) for w, orders in each.items() if orders[g]) for g in range(groups)]


def figures(frame: pd.DataFrame, keys: Iterable[str], filters: Filters, as_of_ms: int) -> dict[str, Figure]:
    """Each figure over the orders that pass `filters`. Raises KeyError for a figure that is not defined."""
    return figures_of(Slice(frame, filters, as_of_ms), keys)


def figures_of(s: Slice, keys: Iterable[str]) -> dict[str, Figure]:
    """The same, of a slice that is there already."""
    made = {}
    for key in keys:
        definition = DEFINITIONS[key]
        den = None if definition.den is None else s.count(definition.den)
        (weights,) = _weights(s, key, np.zeros(len(s), np.int64), 1)
        made[key] = make_figure(key, s.count(definition.num), den, s.as_of_ms, s.basis, s.variants, weights)
    return made


def select(frame: pd.DataFrame, key: str, part: Part, filters: Filters, as_of_ms: int) -> list[str]:
    """Ids of the orders behind a figure: those of its numerator, or of its denominator (a count has only the first)."""
    s = Slice(frame, filters, as_of_ms)
    return s.orders(s.mask(counted(key, part)))


def counted(key: str, part: Part) -> str:
    """The count that a part of a figure adds up. Raises KeyError when there is no such figure or part."""
    definition = DEFINITIONS[key]
    count = definition.num if part == "num" else definition.den if part == "den" else None
    if count is None:
        raise KeyError(f"{key} has no {part}")
    return count


def grouped(
    s: Slice, keys: Iterable[str], by: str, zone: ZoneInfo | None = None, roll: Mapping[str, str] | None = None
) -> list[Group]:
    """Figures of each group of a slice, by group key; the counts of the groups add up to those of the slice.

    `by` is one of GROUPINGS. `roll` maps a value to the group that it belongs to (a region to the child above it);
    values that it does not name fall into "". Months and days are those of the slice's basis in `zone`.
    """
    names, codes = group_codes(s, by, zone, roll)
    wanted = [DEFINITIONS[key] for key in keys]
    needed = {count for d in wanted for count in (d.num, d.den) if count is not None}
    totals = tallied(s, needed, codes, len(names))
    present = np.bincount(codes, minlength=len(names))
    weights = {key: _weights(s, key, codes, len(names)) for key in hotline.WEIGHTED.keys() & {d.key for d in wanted}}
    return [
        Group(
            name,
            {
                d.key: make_figure(
                    d.key, totals[d.num][g], None if d.den is None else totals[d.den][g], s.as_of_ms, s.basis, s.variants,
                    weights[d.key][g] if d.key in weights else (),
                )
                for d in wanted
            },
        )
        for g, name in enumerate(names)
        if present[g]
    ]


def group_codes(
    s: Slice, by: str, zone: ZoneInfo | None = None, roll: Mapping[str, str] | None = None
) -> tuple[list[str], NDArray[np.int64]]:
    """(names of the groups in rising order, number of the group of each order). Raises KeyError for another `by`."""
    if by in ("month", "day"):
        return _calendar_codes(moments(s, s.basis), by, zone or ZoneInfo("UTC"))
    if by == "kind":
        return ["", "component", "event"], s.mask("components") + 2 * s.mask("events").astype(np.int64)
    if by not in WORDS:
        raise KeyError(by)
    words = s.words(by)
    targets = words if roll is None else [roll.get(word, "") for word in words]
    names = sorted(set(targets))
    place = {name: number for number, name in enumerate(names)}
    table = np.array([place[target] for target in targets], np.int64)
    return names, table.take(s[by])


_QUARTER_MS: Final = 900_000
_CLOSE: Final = 100_000


def _calendar_codes(at_ms: NDArray[np.int64], by: str, zone: ZoneInfo) -> tuple[list[str], NDArray[np.int64]]:
    """Zones shift by whole quarters of an hour, so one conversion per quarter hour that occurs is enough."""
    quarters, inverse = _distinct(at_ms // _QUARTER_MS)
    instants = pd.DatetimeIndex((quarters * _QUARTER_MS).astype("datetime64[ms]"), tz="UTC")
    days = instants.tz_convert(zone).tz_localize(None).to_numpy().astype("datetime64[M]" if by == "month" else "datetime64[D]")
    names, codes = np.unique(days, return_inverse=True)
    return [str(name) for name in names], codes[inverse]


def _distinct(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(distinct numbers, rising; which of them each is). Where they lie close together nothing needs to be sorted."""
    first, last = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if last - first > max(len(numbers), _CLOSE):
        found, which = np.unique(numbers, return_inverse=True)
        return found, which
    there = np.bincount(numbers - first, minlength=1) > 0
    return np.flatnonzero(there) + first, (np.cumsum(there) - 1)[numbers - first]


def durations(s: Slice, of: Literal["closed", "ended"] = "closed") -> Durations:
    """How long the closed orders of a slice took; `ended` takes in those that were declined, merged or voided."""
    return _durations_of(*durations_ms(s, of))


def grouped_durations(
    s: Slice,
    by: str,
    zone: ZoneInfo | None = None,
    roll: Mapping[str, str] | None = None,
    of: Literal["closed", "ended"] = "closed",
) -> dict[str, Durations]:
    """`durations` of each group, as `grouped`."""
    names, codes = group_codes(s, by, zone, roll)
    took_ms, chosen, usable, unknown = durations_ms(s, of)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    parts = ((name, order[low:high]) for name, low, high in zip(names, edges[:-1], edges[1:], strict=True))
    return {name: _durations_of(took_ms[at], chosen[at], usable[at], unknown[at]) for name, at in parts if len(at)}


def durations_ms(s: Slice, of: str) -> tuple[NDArray[np.int64], Mask, Mask, Mask]:
    """Per order of a slice (`of` as in `durations`): (ms from report to end, whether it is looked at, whether its time counts,
    whether its end is not known).
    """
    chosen = s.mask("closed") if of == "closed" else ~s.mask("open")
    end_ms = s["closed_at_ms"]
    if of == "ended":
        end_ms = np.where((end_ms == NONE) & s.mask("rejected"), s["status_at_ms"], end_ms)
    unknown = chosen & (end_ms == NONE)
    took_ms = np.where(end_ms == NONE, -1, end_ms - s["reported_at_ms"])
    usable = chosen & ~unknown & (took_ms >= 0) & ~s.mask("closed_before_reported")
    return took_ms, chosen, usable, unknown


def _durations_of(took_ms: NDArray[np.int64], chosen: Mask, usable: Mask, unknown: Mask) -> Durations:
    n, missing = int(np.count_nonzero(usable)), int(np.count_nonzero(unknown))
    before = int(np.count_nonzero(chosen)) - n - missing
    if n == 0:
        return Durations(0, None, None, None, missing, before)
    took_s = took_ms[usable] / 1000
    median, p90 = quantiles(took_s, 0.5, 0.9)
    return Durations(n, round(float(median), 3), round(float(p90), 3), round(float(took_s.mean()), 3), missing, before)


