"""What an action on an order asks of the city."""

import numpy as np

from config.city_model import City
from config.city_time import clock_rules
from domain.judging import Rules
from domain.workflow import Workflow


def rules_of(city: City) -> Rules:
    """The rules of a city. A place outside every region is only within the whole city."""

    def within(scope: str, region: str) -> bool:
        return scope in city.regions and (region or city.root) in city.subtree(scope)

    def parent(region: str) -> str:
        return city.regions[region].parent or "" if region in city.regions else ""

    def place(told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
        return place_of_order(city, told, lon, lat)

    return Rules(
        flow=Workflow(city.workflow),
        place=place,
        within=within,
        parent=parent,
        ancestor=city.ancestor,
        level_of=lambda region: city.regions[region].level if region in city.regions else "",
        limit_ms=city.limit_ms,
        clocks=clock_rules(city),
        departments=frozenset(city.departments),
        workers=frozenset(city.roster),
        routes=city.routes,
        alarming=city.is_alarm,
    )


def place_of_order(city: City, told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
    """(deepest region of an order, whether the told one is unknown): the region that holds its position if that lies within
    the told one, else the told one.
    """
    code = city.find_region(told) if told else None
    found = region_at(city, lon, lat)
    if code is None:
        return found, bool(told)
    return (found if found in city.subtree(code) else code), False


def region_at(city: City, lon: float | None, lat: float | None) -> str:
    """The deepest region that holds a place, "" outside every region or without a place."""
    if lon is None or lat is None:
        return ""
    return city.locate(np.array([lon]), np.array([lat]))[0]
