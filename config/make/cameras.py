"""Cameras beside the roads of a generated base map."""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from config.city_model import Camera, City

_OWNERS: Final = ("公安分局", "综合执法办", "交警中队", "教育发展中心", "水利所", "市场监管所", "社区自建")
_SPOTS: Final = ("路口", "路段", "出入口", "广场", "公交站", "桥头", "巷口")


def place_cameras(
    city: City, basemap: list[dict[str, Any]], n: int, centre: str, rng: np.random.Generator
) -> list[Camera]:
    """`n` cameras beside the roads of the base map, looking along them; GB/T 28181 ids with `centre` as first 8 digits."""
    ways, titles = _ways(basemap)
    lengths = shapely.length(ways)
    chosen = rng.choice(len(ways), n * 2, p=lengths / lengths.sum())
    at = rng.random(n * 2) * lengths[chosen]
    spots, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(ways[chosen], at + d)) for d in (0, 1e-4))
    spots = np.round(spots + rng.normal(0, 6e-5, spots.shape), 6)
    turn = np.degrees(np.arctan2(*(ahead - spots).T)) + rng.choice([0.0, 180.0], n * 2)
    codes = city.locate(spots[:, 0], spots[:, 1])
    leaves = [k for k in range(n * 2) if codes[k] and not city.children(codes[k])][:n]
    found = []
    for serial, k in enumerate(leaves, 1):
        parent = city.regions[city.regions[codes[k]].parent or ""]
        where = titles[chosen[k]] or parent.name
        spot = f"{where}{_SPOTS[int(rng.integers(len(_SPOTS)))]}{serial % 97 + 1:02d}"
        owner = _OWNERS[min(int(rng.exponential(1.6)), len(_OWNERS) - 1)]
        industry = {"交警中队": "04", "教育发展中心": "11", "综合执法办": "08"}.get(owner, "00")
        feed = f"{centre}{industry}1320{serial:06d}"
        fov = float(rng.choice([60.0, 75.0, 90.0, 110.0]))
        lon, lat = float(spots[k, 0]), float(spots[k, 1])
        found.append(Camera(feed, spot, lon, lat, codes[k], owner, float(round(turn[k] % 360)) % 360, fov))
    return found


def _ways(basemap: list[dict[str, Any]]) -> tuple[NDArray[np.object_], list[str]]:
    ways, titles = [], []
    for feature in basemap:
        told = feature["properties"]
        if told["class"] in ("road_a", "road_b", "road_c") and "outside" not in told:
            for part in shapely.get_parts(shapely.geometry.shape(feature["geometry"])):
                ways.append(part)
                titles.append(told["name"])
    return np.array(ways, dtype=object), titles
