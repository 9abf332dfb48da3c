"""The ground of the city as the simulator needs it: the grids of the workers, their paths, names of places."""

import functools
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from config.city import City, RosterEntry
from ingest.simulator.chance import rng_of
from ingest.simulator.paths import Paths, Plane, make_paths

PLAIN_FROM: Final = 3000  # grids; a city of more gets the pavement only
STREETS: Final = ("road_a", "road_b", "road_c", "road", "lane", "street", "path")


class Ground:
    """`workers`: how many are wanted; more than the roster has are invented and unrostered. None: the roster's."""

    def __init__(self, city: City, workers: int | None, seed: int) -> None:
        self.city = city
        self.grids = [code for code in sorted(city.regions) if not city.children(code)] or [city.root]
        self.roster = list(city.roster.values())[:workers]
        self.roster += self._invented((workers or 0) - len(self.roster), seed)
        self._shape = city.geometry(city.root)
        middle = self._shape.centroid if self._shape is not None else shapely.Point(105.0, 35.0)
        self.plane = Plane(round(middle.x, 4), round(middle.y, 4))
        self._plain = len({entry.region for entry in self.roster}) > PLAIN_FROM
        self._streets, self._named, self._names = self._read_streets()
        self._tree = shapely.STRtree(self._streets)
        self._named_tree = shapely.STRtree(self._named)
        self._paths = functools.lru_cache(maxsize=None)(self._make_paths)

    def paths_of(self, who: int) -> Paths:
        """The paths of the own grid of the worker with index `who` in `roster`."""
        return self._paths(self.roster[who].region)

    def paths_in(self, region: str) -> Paths:
        return self._paths(region)

    def address(self, region: str, x: float, y: float, number: int) -> str:
        """Community, nearest named street and an invented number."""
        code = next((code for code in reversed(self._path(region)) if self.city.children(code)), self.city.root)
        name = self.city.regions[code].name
        if not self._names:
            return name
        return f"{name}{self._names[int(self._named_tree.nearest(shapely.Point(x, y)))]}{number}号"

    def _path(self, region: str) -> tuple[str, ...]:
        return self.city.path(region) if region in self.city.regions else (self.city.root,)

    def _invented(self, count: int, seed: int) -> list[RosterEntry]:
        draw = rng_of(seed, "invented")
        return [
            RosterEntry(worker=f"sim{n:05d}", name=f"模拟{n}", role="other", tier=4, region=draw.choice(self.grids),
                        devices=(f"sim{n:05d}",) if n % 3 else (f"sim/sim{n:05d}",))
            for n in range(1, count + 1)
        ]  # fmt: skip

    def _make_paths(self, region: str) -> Paths:
        shape = self.city.geometry(region) if region in self.city.regions else self._shape
        if shape is None or shape.is_empty:
            shape = self._shape if self._shape is not None else shapely.Point(self.plane.lon, self.plane.lat).buffer(0.003)
        flat = self.plane.metres(shape)
        streets = [] if self._plain else [self._streets[n] for n in self._tree.query(flat)]
        return make_paths(flat, streets, plain=self._plain)

    def _read_streets(self) -> tuple[list[BaseGeometry], list[BaseGeometry], list[str]]:
        streets: list[BaseGeometry] = []
        named: list[BaseGeometry] = []
        names: list[str] = []
        for feature in self.city.basemap.get("features", []):
            told = feature.get("properties") or {}
            if told.get("class") not in STREETS or "LineString" not in feature["geometry"]["type"]:
                continue
            parts = feature["geometry"]["coordinates"]
            parts = parts if feature["geometry"]["type"] == "MultiLineString" else [parts]
            for part in parts:
                line = self.plane.metres(shapely.linestrings(np.array(part, dtype=np.float64)[:, :2]))
                streets.append(line)
                if told.get("name"):
                    named.append(line)
                    names.append(str(told["name"]))
        return streets, named, names
