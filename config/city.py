"""The city: its model, `load_city(folder)`, and `check_city(folder)`, which tells every fault with its file and line.

A city is a folder: city.yaml, regions.csv, and where there is more to say regions.geojson, roster.csv, departments.csv,
matters.csv, routing.csv, limits.csv, notices.yaml, evaluation.yaml, calendar.csv, feeds.csv, basemap.geojson. `config/make/`
writes such folders.
"""

from pathlib import Path

from config.city_check import map_warnings
from config.city_files import Faults
from config.city_load import read_city
from config.city_model import (
    CHINA_BOX,
    ROLES,
    Camera,
    City,
    Department,
    Level,
    Limits,
    Matter,
    Region,
    RosterEntry,
)

__all__ = [
    "CHINA_BOX",
    "ROLES",
    "Camera",
    "City",
    "CityErrors",
    "Department",
    "Level",
    "Limits",
    "Matter",
    "Region",
    "RosterEntry",
    "check_city",
    "city_warnings",
    "load_city",
]


class CityErrors(Exception):
    """One or more files of a city are wrong; `faults` has a line for each: file:line: what, and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load_city(folder: Path | str) -> City:
    """The city of a folder. CityErrors with all faults at once if any of its files is wrong."""
    faults = Faults()
    city = read_city(Path(folder), faults)
    if city is None or faults.errors:
        raise CityErrors(faults.errors)
    return city


def check_city(folder: Path | str) -> tuple[list[str], list[str]]:
    """(errors, warnings) of a folder. With errors in it, the map is not looked at."""
    faults = Faults()
    city = read_city(Path(folder), faults)
    if city is None or faults.errors:
        return faults.errors, faults.warnings
    return [], faults.warnings + map_warnings(city)


def city_warnings(city: City) -> list[str]:
    """What is doubtful in the map of a loaded city: leaves without a polygon, overlaps, holes, parts outside."""
    return map_warnings(city)
