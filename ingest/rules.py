"""What an action on an order asks of the city."""

from config.city import City
from domain.judging import Rules
from domain.workflow import Workflow
from ingest.places import Places


def rules_of(city: City, places: Places) -> Rules:
    """The rules of a city. A place outside every region is only within the whole city."""

    def within(scope: str, region: str) -> bool:
        return scope in city.regions and (region or city.root) in city.subtree(scope)

    def parent(region: str) -> str:
        return city.regions[region].parent or "" if region in city.regions else ""

    return Rules(
        flow=Workflow(city.workflow),
        place=places.of_order,
        within=within,
        parent=parent,
        ancestor=city.ancestor,
        level_of=lambda region: city.regions[region].level if region in city.regions else "",
        limit_ms=city.limit_ms,
        departments=frozenset(city.departments),
        workers=frozenset(city.roster),
        routes=city.routes,
    )
