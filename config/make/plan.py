"""What a generated city is made from beside the real names and outlines: a YAML file each in `plans/`."""

from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from config.city_model import Level

Place = tuple[float, float]  # lon, lat


class River(msgspec.Struct):
    """`course` in lon, lat; or along the city's `border` between two places of it, from `before` to `after`."""

    name: str
    name_en: str
    width_m: float
    course: list[Place] = []
    before: list[Place] = []
    border: list[Place] = []
    after: list[Place] = []


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of routing.csv; an empty cell fits anything."""

    rule: str
    matter: str = ""
    region: str = ""
    source: str = ""
    department: str = ""
    level: str = ""
    auto: str = ""


class TimeLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of limits.csv; an empty cell fits anything."""

    rule: str
    clock: str
    kind: str
    amount: float
    matter: str = ""
    level: str = ""
    department: str = ""


LIMITS: Final = (
    TimeLimit("应急派遣", "dispatch", "urgent_hours", 1, "0203"),
    TimeLimit("公共卫生派遣", "dispatch", "urgent_hours", 1, "0702"),
    TimeLimit("供水派遣", "dispatch", "urgent_hours", 2, "010405"),
    TimeLimit("供气派遣", "dispatch", "urgent_hours", 2, "020203"),
    TimeLimit("供电派遣", "dispatch", "urgent_hours", 2, "020204"),
    TimeLimit("受理", "accept", "working_hours", 2),
    TimeLimit("核实", "verify", "working_hours", 4),
    TimeLimit("立案", "register", "working_hours", 2),
    TimeLimit("派遣", "dispatch", "working_hours", 1),
    TimeLimit("签收", "sign", "working_hours", 2),
    TimeLimit("城管处置", "handle", "working_hours", 4, "01"),
    TimeLimit("一般处置", "handle", "working_days", 2),
    TimeLimit("核查", "check", "working_hours", 4),
    TimeLimit("城管全案", "total", "working_hours", 12, "01"),
    TimeLimit("一般全案", "total", "working_days", 5),
)
"""Limits of the generated cities; real ones are a city's own table (domain.md B7). Emergencies, health and supplies are
dispatched round the clock, as Beijing's standard for hotlines has it (C5); what that gives a day for has a working hour here.
"""

LADDER: Final = (
    {"clock": "total", "do": "urge"},
    {"clock": "total", "do": "yellow_card", "amount": 4, "kind": "working_hours"},
    {"clock": "total", "do": "red_card", "amount": 12, "kind": "working_hours"},
)


class Plan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What all cities have. `homes`: lon, lat, reach in m, weight."""

    code: str
    names: dict[str, str]
    levels: list[Level]
    roles: dict[str, int]
    n_cameras: int
    homes: list[tuple[float, float, float, float]]
    rivers: list[River]
    routes: list[Route]
    generated: str
    generated_en: str

    def head(self, kind: str, seed: int) -> dict[str, Any]:
        """The content of city.yaml."""
        levels = [{"key": v.key, "zh": v.zh, "en": v.en} for v in self.levels]
        told = {"code": self.code, **self.names, "timezone": "Asia/Shanghai", "kind": kind, "seed": seed, "levels": levels}
        told["workflow"] = {"two_axes": False, "evaluate": "before", "leave_out": [], "who": {}, "needs": {}, "by_itself": []}
        told["worktime"] = {"periods": [["08:30", "12:00"], ["14:00", "17:30"]], "yellow_from": 0.8, "ladder": list(LADDER)}
        return told | {"generated": self.generated, "generated_en": self.generated_en}


class StreetPlan(Plan, kw_only=True, forbid_unknown_fields=True):
    """One street with its road net. Arterials: name, name_en, lon, lat, lean in degrees off the north or the east."""

    n_grids: int
    n_blocks: int
    area_km2: float
    north: list[Place]
    north_south: list[tuple[str, str, float, float, float]]
    east_west: list[tuple[str, str, float, float, float]]
    streets: list[str]
    lanes: list[str]
    parks: list[tuple[str, str, float, float, float, float]]
    dedicated: list[str]
    creeks: list[tuple[str, str, Place, Place, float]]
    places: dict[str, tuple[str, float, float]]


class DistrictPlan(Plan, kw_only=True, forbid_unknown_fields=True):
    """One or more districts. `leaf_word` names a leaf, `digits` has its number; workers belong to `place_level`."""

    leaf_word: str
    digits: int
    n_leaves: int
    place_level: str
    prefix: str
    centre: Place
    towns: dict[str, Place]
    lakes: list[tuple[str, str, float, float, float]]
    greens: list[tuple[str, str, float, float, float]]


def read_street_plan(kind: str) -> StreetPlan:
    """The plan of `plans/<kind>.yaml`."""
    return msgspec.convert(_read(kind), StreetPlan)


def read_district_plan(kind: str) -> DistrictPlan:
    """The plan of `plans/<kind>.yaml`."""
    return msgspec.convert(_read(kind), DistrictPlan)


def _read(kind: str) -> Any:
    return yaml.safe_load((Path(__file__).parent / "plans" / f"{kind}.yaml").read_text(encoding="utf-8"))
