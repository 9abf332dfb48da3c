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

from domain.counts import COUNTS, Filters, Mask, Slice, moments
from domain.orderframe import NONE, WORDS
from domain.rates import shown, value4

Part = Literal["num", "den"]

GROUPINGS: Final = (*WORDS, "month", "day")


class Definition(msgspec.Struct, frozen=True):
    """What a figure is. `word` and `word` + ".what" are its name and its explanation in `config/words`.

    A count has no `den`. A changed formula is a new `version`.
    """

    key: str
    word: str
    num: str
    den: str | None = None
    version: int = 1

    @property
    def tag(self) -> str:
        return f"{self.key}@{self.version}"


class Figure(msgspec.Struct, frozen=True):
    """A number with its origin. `value4`: per cent with four decimals, None for a count or a base of 0."""

    key: str
    num: int
    den: int | None
    value4: str | None
    shown: str
    as_of_ms: int
    basis: str
    definition: str


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
    "on_time_closure_rate": ("closed_on_time", "close_due_judged"),  # 按期结案率
    "late_closure_rate": ("closed_late", "close_due_judged"),  # 超期结案率
    "completion_rate": ("closed", "accepted"),  # 办结率
    "settlement_rate": ("closed", "not_rejected"),  # 办结率 of matters: reported − rejected
    "closed_of_reported": ("closed", "reported"),
    "on_time_of_closed": ("closed_on_time", "closed"),
    "on_time_of_reported": ("closed_on_time", "reported"),
    "open_rate": ("open", "reported"),  # 未结案率
    "registered_rate": ("registered", "reported"),  # 立案率
    "valid_report_rate": ("reported_valid", "reported"),  # 有效上报率
    "on_time_dispatch_rate": ("dispatched_on_time", "dispatch_due"),  # 按时派遣率
    "right_dispatch_rate": ("dispatched_right", "dispatched"),  # 准确派遣率
    "handling_rate": ("handled", "handle_due"),  # 处置率
    "on_time_handling_rate": ("handled_on_time", "handle_due"),  # 按期处置率
    "rework_rate": ("reworked", "handled"),  # 返工率
    "on_time_check_rate": ("checked_on_time", "check_due"),  # 按时核查率
    "satisfaction_rate": ("satisfied", "called_back"),  # 满意率
    "patrol_share": ("registered_by_patrol", "registered"),  # 监督员上报率
    "right_registration_rate": ("registered_not_void", "registered_ever"),  # 准确立案率
    "rerouted_rate": ("rerouted", "routed"),  # dispatched by hand elsewhere than the rule proposed
}

DEFINITIONS: Final[dict[str, Definition]] = {
    **{key: Definition(key, f"figure.{key}", key) for key in COUNTS},
    **{key: Definition(key, f"figure.{key}", num, den) for key, (num, den) in _RATES.items()},
}
"""Every figure by key: all counts, and the rates made of them (C3)."""


def make_figure(key: str, num: int, den: int | None, as_of_ms: int, basis: str) -> Figure:
    """A figure from its counts."""
    text = f"{num:,}" if den is None else shown(num, den)
    value = None if den is None else value4(num, den)
    return Figure(key, num, den, value, text, as_of_ms, basis, DEFINITIONS[key].tag)


def figures(frame: pd.DataFrame, keys: Iterable[str], filters: Filters, as_of_ms: int) -> dict[str, Figure]:
    """Each figure over the orders that pass `filters`. Raises KeyError for a figure that is not defined."""
    return figures_of(Slice(frame, filters, as_of_ms), keys)


def figures_of(s: Slice, keys: Iterable[str]) -> dict[str, Figure]:
    """The same, of a slice that is there already."""
    made = {}
    for key in keys:
        definition = DEFINITIONS[key]
        den = None if definition.den is None else s.count(definition.den)
        made[key] = make_figure(key, s.count(definition.num), den, s.as_of_ms, s.basis)
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
    totals = {count: np.bincount(codes[s.mask(count)], minlength=len(names)).tolist() for count in needed}
    present = np.bincount(codes, minlength=len(names))
    return [
        Group(
            name,
            {
                d.key: make_figure(
                    d.key, totals[d.num][g], None if d.den is None else totals[d.den][g], s.as_of_ms, s.basis
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
    if by not in WORDS:
        raise KeyError(by)
    words = s.words(by)
    targets = words if roll is None else [roll.get(word, "") for word in words]
    names = sorted(set(targets))
    place = {name: number for number, name in enumerate(names)}
    table = np.array([place[target] for target in targets], np.int64)
    return names, table[s[by]]


_QUARTER_MS: Final = 900_000


def _calendar_codes(at_ms: NDArray[np.int64], by: str, zone: ZoneInfo) -> tuple[list[str], NDArray[np.int64]]:
    """Zones shift by whole quarters of an hour, so one conversion per quarter hour that occurs is enough."""
    quarters, inverse = np.unique(at_ms // _QUARTER_MS, return_inverse=True)
    instants = pd.DatetimeIndex((quarters * _QUARTER_MS).astype("datetime64[ms]"), tz="UTC")
    days = instants.tz_convert(zone).tz_localize(None).to_numpy().astype("datetime64[M]" if by == "month" else "datetime64[D]")
    names, codes = np.unique(days, return_inverse=True)
    return [str(name) for name in names], codes[inverse]


def durations(s: Slice, of: Literal["closed", "ended"] = "closed") -> Durations:
    """How long the closed orders of a slice took; `ended` takes in those that were declined, merged or voided."""
    return _durations_of(*_durations_ms(s, of))


def grouped_durations(
    s: Slice,
    by: str,
    zone: ZoneInfo | None = None,
    roll: Mapping[str, str] | None = None,
    of: Literal["closed", "ended"] = "closed",
) -> dict[str, Durations]:
    """`durations` of each group, as `grouped`."""
    names, codes = group_codes(s, by, zone, roll)
    took_ms, chosen, usable, unknown = _durations_ms(s, of)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    parts = ((name, order[low:high]) for name, low, high in zip(names, edges[:-1], edges[1:], strict=True))
    return {name: _durations_of(took_ms[at], chosen[at], usable[at], unknown[at]) for name, at in parts if len(at)}


def _durations_ms(s: Slice, of: str) -> tuple[NDArray[np.int64], Mask, Mask, Mask]:
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
    median, p90 = np.quantile(took_s, (0.5, 0.9))
    return Durations(n, round(float(median), 3), round(float(p90), 3), round(float(took_s.mean()), 3), missing, before)


