"""Time in a city: `worktime:` of city.yaml (working hours, the yellow mark) and limits.csv (how long what may take).

limits.csv: rule, clock, kind, amount, matter, level, department. The first row that fits counts; an empty cell fits anything.
`clock` is total (the whole case) or a stage of domain.actions.LIMITED; `kind` one of urgent_hours, working_hours, working_days,
natural_days. What no row names has the `limit_hours` of its matter for the whole case, round the clock.
"""

import datetime as dt
import functools
from pathlib import Path
from typing import Any, Final, get_args

from config.city_files import Faults, Record, read_records
from config.city_hours import Periods
from config.city_model import City, Department, Level, Matter
from config.city_routing import matters_below
from domain.actions import LIMITED
from domain.clocks import TOTAL, ClockRules, LimitRow, Rung
from domain.workflow import Workflow
from domain.worktime import Limit, LimitKind, WorkTime, calendar_of, longest

FIRST_DAY: Final = dt.date(2010, 1, 1)
LAST_DAY: Final = dt.date(2045, 12, 31)
KINDS: Final[tuple[str, ...]] = get_args(LimitKind)
_FILE: Final = "limits.csv"
_MAY: Final = ("matter", "level", "department")

def read_limits(
    folder: Path,
    matters: dict[str, Matter],
    departments: dict[str, Department],
    levels: tuple[Level, ...],
    faults: Faults,
) -> tuple[LimitRow, ...]:
    """The rows of limits.csv in their order, then a whole-case one for each matter with `limit_hours`, the deepest first."""
    rows: list[LimitRow] = []
    names: set[str] = set()
    for told in read_records(folder / _FILE, faults, ("rule", "clock", "kind", "amount"), _MAY):
        if not told["rule"] or told["rule"] in names:
            faults.error(_FILE, told.line, f"rule {told['rule']!r} is empty or already listed: give it a name of its own")
        names.add(told["rule"])
        row = _row(told, matters, departments, [level.key for level in levels], faults)
        if row is not None:
            rows.append(row)
    return (*rows, *_of_matters(matters))


def _row(
    told: Record, matters: dict[str, Matter], departments: dict[str, Department], levels: list[str], faults: Faults
) -> LimitRow | None:
    known: dict[str, Any] = {"clock": LIMITED, "kind": KINDS}
    for key, allowed in known.items():
        if told[key] not in allowed:
            faults.error(_FILE, told.line, f"{key} {told[key]!r} is not one of {', '.join(allowed)}")
    for key, there, file in (("level", levels, "city.yaml"), ("department", departments, "departments.csv")):
        if told.get(key) and told[key] not in there:
            faults.error(_FILE, told.line, f"{key} {told[key]!r} is not in {file}")
    below = matters_below(told.get("matter", ""), matters)
    if told.get("matter") and not below:
        faults.error(_FILE, told.line, f"matter {told['matter']!r} is neither a key nor a name of matters.csv")
    try:
        amount = float(told["amount"])
    except ValueError:
        amount = 0.0
    if not 0 < amount < float("inf"):
        faults.error(_FILE, told.line, f"amount {told['amount']!r} is no number above 0")
        return None
    if told["clock"] not in LIMITED or told["kind"] not in KINDS:
        return None
    if amount > longest(told["kind"]):
        faults.error(_FILE, told.line, f"amount {told['amount']!r} is longer than {longest(told['kind']):,} {told['kind']}")
        return None
    limit = Limit(told["kind"], amount)  # type: ignore[arg-type]
    return LimitRow(
        rule=told["rule"], clock=told["clock"], limit=limit, matters=below, level=told.get("level", ""),
        department=told.get("department", ""),
    )  # fmt: skip


def _of_matters(matters: dict[str, Matter]) -> tuple[LimitRow, ...]:
    def depth(matter: Matter) -> int:
        steps, seen = 0, {matter.key}
        while matter.parent in matters and matter.parent not in seen:
            seen.add(matter.parent)
            matter, steps = matters[matter.parent], steps + 1
        return steps

    limited = sorted((m for m in matters.values() if m.limit_hours is not None), key=lambda m: -depth(m))
    hours = ((m, Limit("urgent_hours", m.limit_hours or 0.0)) for m in limited)
    return tuple(
        LimitRow(rule=f"matter {m.key}", clock=TOTAL, limit=limit, matters=matters_below(m.key, matters)) for m, limit in hours
    )


def calendar_version(city: City) -> str:
    """One text for what is known of all days that a limit can run into: another one as soon as any of it is another."""
    return city.calendar.version(FIRST_DAY, LAST_DAY)


def clock_rules(city: City) -> ClockRules:
    """The clocks' rules of a city; a calendar is made when it is first asked for."""
    hours = city.worktime

    @functools.lru_cache(maxsize=64)
    def made(periods: Periods, every_day: bool) -> WorkTime:
        if every_day:
            return calendar_of(city.zone, lambda day: True, periods, FIRST_DAY, LAST_DAY)
        days = city.calendar
        return calendar_of(city.zone, days.is_working_day, periods, FIRST_DAY, LAST_DAY, days.known_until)

    def calendar(department: str) -> WorkTime:
        own = hours.departments.get(department)
        return made(own.periods, own.every_day) if own else made(hours.periods, hours.every_day)

    kept = Workflow(city.workflow).states()
    begins = next(state for state in ("registered", "dispatched", "handling", "accepted", "reported") if state in kept)
    ladder = tuple(Rung(step.clock, Limit(step.kind, step.amount), step.do) for step in hours.ladder)
    return ClockRules(
        limits=city.time_limits, calendar=calendar, yellow_from=hours.yellow_from, ladder=ladder, total_from=begins
    )
