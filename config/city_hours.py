"""Working hours of a city: `worktime:` of city.yaml."""

import datetime as dt
from collections.abc import Iterable
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from domain.actions import LIMITED
from domain.bounds import LONGEST_LIMIT_DAYS
from domain.worktime import LimitKind, calendar_of, longest

Periods = tuple[tuple[str, str], ...]
MOST_STEPS: Final = 16
_ANY_DAY: Final = dt.date(2026, 1, 5)


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Working periods of a working day, by the wall clock. `every_day`: weekends and holidays are worked too."""

    periods: Periods = (("08:30", "12:00"), ("14:00", "17:30"))
    every_day: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of the ladder by rule: `do` (urge, yellow_card, red_card) when `clock` is over by `amount` of `kind`."""

    clock: str
    do: Literal["urge", "yellow_card", "red_card"]
    amount: float = 0.0
    kind: LimitKind = "working_hours"


class WorkHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`worktime:` of city.yaml. `departments`: those with hours of their own. `yellow_from`: share of a limit used."""

    periods: Periods = Hours().periods
    every_day: bool = False
    departments: dict[str, Hours] = {}
    yellow_from: float = 0.8
    ladder: tuple[Step, ...] = ()

    @property
    def works_every_day(self) -> bool:
        """Whether nobody's hours ever ask for a weekend or a holiday."""
        return self.every_day and all(hours.every_day for hours in self.departments.values())


def hours_faults(told: WorkHours, departments: Iterable[str]) -> list[str]:
    """What is wrong with the working hours, in words; `departments`: the keys that there are."""
    known = set(departments)
    faults = [f"departments: {key!r} is not in departments.csv" for key in told.departments if key not in known]
    clocks = [step.clock for step in told.ladder]
    faults += [f"ladder: {clock!r} is not one of {', '.join(LIMITED)}" for clock in clocks if clock not in LIMITED]
    if len(told.ladder) > MOST_STEPS or not all(0 <= step.amount <= longest(step.kind) for step in told.ladder):
        faults.append(f"ladder: at most {MOST_STEPS} steps, each 0 or more after the end, at most {LONGEST_LIMIT_DAYS:,} days")
    if not 0 < told.yellow_from <= 1:
        faults.append("yellow_from is a share: more than 0, at most 1")
    named = {"periods": told.periods}
    named |= {f"departments: {key}: periods": hours.periods for key, hours in told.departments.items()}
    for name, periods in named.items():
        try:
            calendar_of(ZoneInfo("UTC"), lambda day: True, periods, _ANY_DAY, _ANY_DAY)
        except ValueError as wrong:
            faults.append(f'{name}: {wrong}; write e.g. [["08:30", "12:00"], ["14:00", "17:30"]]')
    return faults
