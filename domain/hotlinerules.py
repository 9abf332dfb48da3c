"""What a city says of its hotline (domain.md C5): whose orders are its, what a call-back is worth, what it is held to."""

from typing import Final

import msgspec

CHANNELS: Final = frozenset(
    ("12345", "12345 电话", "12345电话", "12345热线", "96181", "12319", "96181 / 12319 热线", "12319热线", "96181热线")
)
"""Sources (domain.md B8) that are a telephone of the city's."""

PRAISE: Final = frozenset(("表扬", "表扬工单", "praise"))
"""Matters of which an order finds no fault but gives thanks, by key or name."""

SATISFIED: Final = (("very_satisfied", 100), ("satisfied", 100), ("fair", 90))
"""What an answer at a call-back counts in the rate of satisfaction, per cent; those not named count nothing."""

STANDARDS: Final = (("connection_rate", 95),)
"""What GB/T 33358 asks of a service, per cent: of the calls, those put through, over 24 hours."""


class Hotline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channels`: values of the column `source`. `day_start`: when the days of its tallies begin, by the wall clock; one city
    counts from noon to noon. `completion_base`: of what 办结率 is a share, for no source says: valid orders, or accepted ones.
    """

    channels: frozenset[str] = CHANNELS
    praise: frozenset[str] = PRAISE
    satisfied: tuple[tuple[str, int], ...] = SATISFIED
    standards: tuple[tuple[str, int], ...] = STANDARDS
    day_start: str = "00:00"
    completion_base: str = "valid"
