"""Which periods a city publishes by itself: `bulletins:` of city.yaml."""

import re
from collections.abc import Container
from typing import Literal

import msgspec


class BulletinPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kinds` that are made by the program once they are over, at `at` (local time) of the Monday, the 1st or 1 January after.

    `regions`: codes, each with bulletins of its own; none named: the whole city. `basis`: which instant of an order must lie in
    the period (domain.counts.BASES).
    """

    kinds: tuple[Literal["week", "month", "year"], ...] = ("week", "month", "year")
    at: str = "02:00"
    regions: tuple[str, ...] = ()
    basis: Literal["report", "register", "limit", "close"] = "report"

    @property
    def minute(self) -> int:
        """Minutes after midnight."""
        return int(self.at[:2]) * 60 + int(self.at[3:])


def plan_faults(told: BulletinPlan, regions: Container[str]) -> list[str]:
    """What is wrong with a plan, in words."""
    faults = [f"regions: {code!r} is no region of regions.csv" for code in told.regions if code not in regions]
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", told.at):
        faults.append(f"at: {told.at!r} is no time of the day: write e.g. \"02:00\"")
    return faults
