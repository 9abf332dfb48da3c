"""What the city says of a place: its region, its day, and whether a worker is out of his own grid."""

from collections.abc import Sequence

import msgspec
import numpy as np
import shapely

from config.city import City
from config.city_rules import place_of_order, region_at
from domain.facts import CaseStep, Position
from domain.presence import Where

METRES_PER_DEGREE = 111_195.0


class Places:
    """Shared by all partitions of a process. Grid polygons widened by the margin are kept once made."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._wide: dict[str, object] = {}
        self._subtrees: dict[str, frozenset[str]] = {}

    def of_fixes(self, fixes: Sequence[Position]) -> list[Where]:
        """One `Where` per fix, found for the whole batch at once."""
        if not fixes:
            return []
        days = [self.city.day_of(fix.fixed_at_ms) for fix in fixes]
        return [
            Where(
                region,
                day,
                self._is_out_of_grid(fix, region),
                not self._in_country(fix.lon, fix.lat),
                fix.worker in self.city.roster,
            )
            for fix, day, region in zip(fixes, days, self._regions(fixes, days), strict=True)
        ]

    def _regions(self, fixes: Sequence[Position], days: list[str]) -> list[str]:
        """By the boundaries of each fix's own day: a point of last month belongs to last month's grid."""
        lons, lats = np.array([fix.lon for fix in fixes]), np.array([fix.lat for fix in fixes])
        kinds = set(days)
        if len(kinds) == 1:
            return self.city.locate(lons, lats, days[0])
        found = [""] * len(fixes)
        of_day = np.array(days)
        for day in kinds:
            rows = np.flatnonzero(of_day == day)
            for row, region in zip(rows.tolist(), self.city.locate(lons[rows], lats[rows], day), strict=True):
                found[row] = region
        return found

    def _in_country(self, lon: float, lat: float) -> bool:
        box = self.city.country_box
        return box is None or (box[0] <= lon <= box[2] and box[1] <= lat <= box[3])

    def _is_out_of_grid(self, fix: Position, region: str) -> bool:
        entry = self.city.roster.get(fix.worker)
        if entry is None or not entry.region or entry.region not in self.city.regions:
            return False
        own = self._subtrees.get(entry.region)
        if own is None:
            own = self._subtrees[entry.region] = self.city.subtree(entry.region)
        return region not in own and not self._is_near(fix, entry.region)

    def _is_near(self, fix: Position, region: str) -> bool:
        """Within the margin of the region, or within the fix's own accuracy of it: then nobody can say that he is out."""
        margin_m = self.city.limits.grid_margin_m
        if region not in self._wide:
            shape = self.city.geometry(region)
            self._wide[region] = None if shape is None else shape.buffer(margin_m / METRES_PER_DEGREE, quad_segs=4)
        wide = self._wide[region]
        if wide is None:
            return True
        if shapely.contains_xy(wide, fix.lon, fix.lat):
            return True
        accuracy_m = fix.accuracy_m or 0.0
        if accuracy_m <= margin_m:
            return False
        apart = shapely.distance(self.city.geometry(region), shapely.Point(fix.lon, fix.lat))
        return bool(apart * METRES_PER_DEGREE <= accuracy_m)

    def of_order(self, told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
        """Deepest region of an order: the one that holds its position if it lies within the told one, else the told one."""
        return place_of_order(self.city, told, lon, lat)

    def of_feed(self, told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
        """A camera's position counts more than the code in its catalogue."""
        code = self.city.find_region(told) if told else None
        return region_at(self.city, lon, lat) or code or "", bool(told) and code is None

    def with_reporter(self, fact: CaseStep) -> CaseStep:
        return with_reporter(self.city, fact)


def with_reporter(city: City, fact: CaseStep) -> CaseStep:
    """The fact with reporter and handler by their roster ids, where they were told by a device's."""
    names = {"reporter": fact.reporter, "handler": fact.handler}
    known = {name: city.worker_of(told) for name, told in names.items() if told}
    changed = {name: worker for name, worker in known.items() if worker != names[name]}
    return msgspec.structs.replace(fact, **changed) if changed else fact
