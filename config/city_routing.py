"""How orders go in a city: its template of the life cycle (`workflow:` in city.yaml) and its routing.csv.

routing.csv: rule, matter, region, source, department, level, auto. The first row that fits an order counts; an empty matter,
region or source fits anything. Where no row fits, and where a row names no department, it is that of the order's matter.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from config.city_files import Faults, Record, read_records
from config.city_model import Department, Level, Matter, Region
from domain.routing import AUTO, RouteRule
from domain.workflow import Template, Workflow, template_faults

_FILE: Final = "routing.csv"
_MAY: Final = ("matter", "region", "source", "department", "level", "auto")


def check_template(template: Template, line: int, faults: Faults) -> None:
    """Every fault of the city's template: what it does not know, and every state that an order could not get out of."""
    for fault in template_faults(template):
        faults.error("city.yaml", line, f"workflow: {fault}")


def read_routes(
    folder: Path,
    matters: dict[str, Matter],
    departments: dict[str, Department],
    regions: dict[str, Region],
    levels: tuple[Level, ...],
    template: Template,
    faults: Faults,
) -> tuple[RouteRule, ...]:
    """The rules of routing.csv in their order, then one for each matter that has a department, the deepest first."""
    told: list[RouteRule] = []
    lines: dict[str, int] = {}
    keys = [level.key for level in levels]
    flow = Workflow(template)
    for row in read_records(folder / _FILE, faults, ("rule",), _MAY):
        name = row["rule"]
        if not name or name in lines:
            faults.error(_FILE, row.line, f"rule {name!r} is empty or already listed: give it a name of its own")
            continue
        lines[name] = row.line
        _check(row, matters, departments, regions, keys, flow, faults)
        rule = RouteRule(
            rule=name,
            matters=matters_below(row.get("matter", ""), matters),
            regions=_regions_below(row.get("region", ""), regions),
            **{key: row.get(key, "") for key in ("source", "department", "level", "auto")},
        )
        first = next((before for before in told if before.covers(rule)), None)
        if first is not None:
            faults.warn(_FILE, row.line, f"{name} never fires: {first.rule} (line {lines[first.rule]}) takes all of it")
        told.append(rule)
    by_depth = sorted(matters.values(), key=lambda matter: -_depth(matter, matters))
    of_matters = [
        RouteRule(rule=f"matter {m.key}", matters=matters_below(m.key, matters), department=m.department)
        for m in by_depth
        if m.department
    ]
    return (*(part for rule in told for part in _by_department(rule, of_matters)), *of_matters)


def _by_department(rule: RouteRule, of_matters: list[RouteRule]) -> Iterator[RouteRule]:
    """The rule itself, and before it, where it names no department, the same for each matter that has one."""
    if not rule.department:
        for own in of_matters:
            both = own.matters & rule.matters if rule.matters else own.matters
            if both:
                yield msgspec.structs.replace(rule, matters=both, department=own.department)
    yield rule


def _check(
    row: Record,
    matters: dict[str, Matter],
    departments: dict[str, Department],
    regions: dict[str, Region],
    levels: list[str],
    flow: Workflow,
    faults: Faults,
) -> None:
    matter, auto, department = (row.get(key, "") for key in ("matter", "auto", "department"))
    if matter and not matters_below(matter, matters):
        faults.error(_FILE, row.line, f"matter {matter!r} is neither a key nor a name of matters.csv")
    for key, known, file in (("region", regions, "regions.csv"), ("department", departments, "departments.csv")):
        if row.get(key) and row[key] not in known:
            faults.error(_FILE, row.line, f"{key} {row[key]!r} is not in {file}")
    if row.get("level") and row["level"] not in levels:
        faults.error(_FILE, row.line, f"level {row['level']!r} is not one of city.yaml: {', '.join(levels)}")
    if auto not in AUTO:
        faults.error(_FILE, row.line, f"auto {auto!r} is not one of {', '.join(filter(None, AUTO))}, or empty")
    elif auto and not flow.who(auto):
        faults.error(_FILE, row.line, f"auto {auto}: the city's workflow leaves that step out")
    elif auto == "dispatch" and not department:
        faults.error(_FILE, row.line, "auto dispatch needs a department")


def matters_below(matter: str, matters: dict[str, Matter]) -> frozenset[str]:
    """Keys and names of the matter and of all below it; orders carry the one or the other."""
    if not matter:
        return frozenset()
    tops = {key for key, known in matters.items() if matter in (key, known.name)}
    found = [m for m in matters.values() if tops & set(_line(m, matters))]
    return frozenset(word for m in found for word in (m.key, m.name, m.name_en) if word)


def _line(matter: Matter, matters: dict[str, Matter]) -> list[str]:
    """Keys from the matter up to the top; a circle of parents ends it."""
    keys = [matter.key]
    while (parent := matters[keys[-1]].parent) in matters and parent not in keys:
        keys.append(parent)
    return keys


def _depth(matter: Matter, matters: dict[str, Matter]) -> int:
    return len(_line(matter, matters))


def _regions_below(region: str, regions: dict[str, Region]) -> frozenset[str]:
    below = set()
    for code in regions:
        way, here = set[str](), code
        while here in regions and here not in way:
            way.add(here)
            here = regions[here].parent or ""
        if region in way:
            below.add(code)
    return frozenset(below)
