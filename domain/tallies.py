"""Tallies (日报数): numbers that an outside service tells of its days, for nothing here could count them (domain.md C3, C5).

Calls are no orders: how many were answered only the switchboard knows. Three kinds, by key: SUMS are whole numbers that add up
over days and regions; a number with a base is a rate, of which the newest counts; any other is an index, shown as it was told.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from domain.bounds import NUMBER_DECIMALS, NUMBER_MOST
from domain.facts import DayTally, is_number, tally_id
from domain.rates import shown, value4
from domain.states import Tally, Told

SUMS: Final = ("calls", "calls_answered", "calls_within_15s", "media", "media_within_3min", "direct_answers")
"""呼入, 接听, of these within 15 s; by other media, of these within 3 min; 直接答复: settled without an order."""

CALL_RATES: Final = {
    "connection_rate": ("calls_answered", "calls"),  # 接通率
    "answered_in_15s_rate": ("calls_within_15s", "calls_answered"),
    "media_in_3min_rate": ("media_within_3min", "media"),
}
RATED: Final = (
    "grid_standard_rate", "public_safety_rate", "duty_clarity_rate", "police_link_rate", "legal_link_rate",
    "disputes_taken_up_rate", "mediation_rate",
)  # fmt: skip
"""Named in the field without a formula, so told with numerator and base (网格规范达标率, 群众安全感, 权责明晰率, 警网关联率,
三官一律入格率, 摸排调处率, 调解成功率): of a link rate the linked grids and all grids.
"""
INDICES: Final = ("social_index", "safety_index")
"""社情指数, 平安指数: nobody knows their formulas, so they are imported values only. Any other key is an index too."""

KEPT_BEFORE: Final = 100  # corrections of one number


class Total(msgspec.Struct, frozen=True):
    """What the tallies of a key amount to; `value` None where there are several indices, which nobody may add up.

    `days`: how many days are in it; `day`: the newest of them; `at_ms`: when the newest of its numbers was found out.
    `sources`: who told them.
    """

    key: str
    value: Decimal | None
    base: Decimal | None
    days: int
    day: str
    at_ms: int
    sources: tuple[str, ...] = ()

    @property
    def ratio(self) -> tuple[int, int] | None:
        """Numerator and base as whole numbers of one unit, exactly; None for what is no rate."""
        return None if self.value is None or self.base is None else whole(self.value, self.base)


def whole(value: Decimal, base: Decimal) -> tuple[int, int]:
    """Both numbers in a unit of which each is a whole number: 95.9 of 100 is 959 of 1000."""
    parts = Fraction(value), Fraction(base)
    unit = math.lcm(*(part.denominator for part in parts))
    return int(parts[0] * unit), int(parts[1] * unit)


def fault(key: str, value: Decimal, base: Decimal | None) -> str:
    """Why a number cannot be one of that key; "" when it can."""
    if not all(is_number(number) for number in (value, base) if number is not None):
        return f"value out of range: at most {NUMBER_MOST:,} and {NUMBER_DECIMALS} decimals"
    if key in SUMS and (value < 0 or value != int(value)):
        return f"value not a count: {key} is a whole number from 0"
    if key in SUMS and base is not None:
        return f"base not wanted: {key} is a count"
    if key in RATED and base is None:
        return f"missing field: base ({key} is told as numerator and base)"
    if base is not None and not 0 <= value <= base:
        return "value not within base: a rate is from 0 to its base"
    return ""


def fold_tally(held: Tally | None, fact: DayTally) -> Tally:
    """The tally after one more telling; `held` itself if that says nothing new.

    The latest by `at_ms` counts, of two of one instant the one received later; what it takes the place of is kept.
    """
    new = Told(fact.at_ms, fact.received_at_ms, fact.value, fact.base)
    if held is None:
        name = tally_id(fact.source, fact.day, fact.region, fact.key)
        return Tally(tally=name, source=fact.source, day=fact.day, region=fact.region, key=fact.key, told=new)
    known = [*held.before, held.told]
    if any((one.at_ms, one.value, one.base) == (new.at_ms, new.value, new.base) for one in known):
        return held
    *before, newest = _without_repeats(sorted([*known, new], key=lambda one: (one.at_ms, one.received_at_ms)))
    return msgspec.structs.replace(held, told=newest, before=tuple(before[-KEPT_BEFORE:]))


def _without_repeats(told: Sequence[Told]) -> list[Told]:
    """The same number told again is no correction: of neighbours that are equal the later one stands for both."""
    after = [*told[1:], None]
    return [one for one, next_ in zip(told, after, strict=True) if next_ is None or _number(one) != _number(next_)]


def _number(told: Told) -> tuple[Decimal, Decimal | None]:
    return told.value, told.base


def counted(tallies: Iterable[Tally], above: Callable[[str], Iterable[str]]) -> list[Tally]:
    """Those that add up: a number told of a region stands for what the same source tells of its parts that day.

    `above`: the regions that a region lies in.
    """
    rows = list(tallies)
    told = {(row.source, row.day, row.key, row.region) for row in rows}
    return [row for row in rows if not any((row.source, row.day, row.key, up) in told for up in above(row.region))]


def totals(tallies: Iterable[Tally], above: Callable[[str], Iterable[str]]) -> dict[str, Total]:
    """What the tallies of some days and regions amount to, by key."""
    by_key: dict[str, list[Tally]] = {}
    for row in tallies:
        by_key.setdefault(row.key, []).append(row)
    return {key: _total(key, rows, above) for key, rows in sorted(by_key.items())}


def _total(key: str, rows: list[Tally], above: Callable[[str], Iterable[str]]) -> Total:
    rows = counted(rows if key in SUMS else _newest(rows, above), above)
    days = {row.day for row in rows}
    bases = [row.told.base for row in rows]
    adds_up = key in SUMS or len(rows) == 1 or None not in bases
    base = sum((one for one in bases if one is not None), Decimal(0)) if None not in bases else None
    value = sum((row.told.value for row in rows), Decimal(0)) if adds_up else None
    sources = tuple(sorted({row.source for row in rows}))
    return Total(key, value, base, len(days), max(days), max(row.told.at_ms for row in rows), sources)


def _newest(rows: list[Tally], above: Callable[[str], Iterable[str]]) -> list[Tally]:
    """Of each region the number of the newest day, of one day the one found out last; none of a region within a told one."""
    newest: dict[str, Tally] = {}
    for row in rows:
        held = newest.get(row.region)
        if held is None or (held.day, held.told.at_ms) < (row.day, row.told.at_ms):
            newest[row.region] = row
    return [row for row in newest.values() if not any(up in newest for up in above(row.region))]


def call_rate(key: str, tallies: Iterable[Tally], above: Callable[[str], Iterable[str]]) -> tuple[int, int] | None:
    """(numerator, base) of one of CALL_RATES over the days of which both were told; None where there is no such day."""
    rows = list(tallies)
    num, den = (
        {(row.source, row.day, row.region): int(row.told.value) for row in counted(_of(rows, part), above)}
        for part in CALL_RATES[key]
    )
    both = num.keys() & den.keys()
    return (sum(num[one] for one in both), sum(den[one] for one in both)) if both else None


def _of(rows: list[Tally], key: str) -> list[Tally]:
    return [row for row in rows if row.key == key]


def rate_shown(ratio: tuple[int, int] | None) -> tuple[str | None, str]:
    """(per cent with four decimals or None, as people read it) of a numerator and base; a dash for none."""
    num, den = ratio or (0, 0)
    return value4(num, den), shown(num, den)
