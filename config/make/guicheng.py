"""桂城街道: the demo city. Names and codes are real, and so is the outline wherever it is the border of Nanhai district."""

import math
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from config.city_check import area_m2
from config.city_model import City, Region
from config.make import catalogue, people, streets, write
from config.make.cameras import place_cameras
from config.make.partition import Cutter, Points, scatter
from config.make.plan import LIMITS, River, StreetPlan, read_street_plan
from config.make.plane import Plane
from config.make.sources import district_outlines, divisions
from config.make.streets import Shape
from config.make.town import Town, build_town, reading_order


def make_guicheng(folder: Path, seed: int = 1) -> None:
    """Writes the demo city. SourceMissing if a package with its real part is not installed."""
    plan, rng = read_street_plan("guicheng"), np.random.default_rng(seed)
    plane = Plane(113.18, 23.025, rng, bend_m=430, wave_m=6600, turn_deg=6)
    ground = plane.to_flat(_outline(plan))
    homes = [(*plane.point_to_flat(lon, lat), reach, weight) for lon, lat, reach, weight in plan.homes]
    crowd = scatter(ground, 70_000, rng, homes)
    arterials = _arterials(plan, plane)
    real = divisions("villages", plan.code)
    town = build_town(ground, arterials, crowd, (len(real), plan.n_grids, plan.n_blocks), Cutter(rng, skew_deg=6.0))
    regions, grounds = _regions(plan, real, town, plane, rng)
    shapes = _map_shapes(plan, town, ground, plane, arterials, crowd, rng)
    _write(plan, folder, seed, regions, _outlines(plan.code, grounds, plane), streets.features(shapes, plane), rng)


def _outline(plan: StreetPlan) -> Polygon:
    """Nanhai south of the plan's northern border, which is lifted until the area is the street's own."""
    nanhai = district_outlines(plan.code[:6])[plan.code[:6]]

    def below(lift: float) -> Polygon:
        line = [(lon, lat + lift * (n > 0)) for n, (lon, lat) in enumerate(plan.north)]
        half = Polygon([(line[0][0], 22.9), *line, (113.3, line[-1][1]), (113.3, 22.9)])
        return max(shapely.get_parts(nanhai.intersection(half)), key=lambda p: p.area)

    low, high = -0.01, 0.02
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if area_m2(below(middle)) < plan.area_km2 * 1e6 else (low, middle)
    return below(low)


def _arterials(plan: StreetPlan, plane: Plane) -> list[LineString]:
    lines = []
    for *_, lon, lat, lean in plan.north_south:
        x, y = plane.point_to_flat(lon, lat)
        dx = math.tan(math.radians(lean)) * 9000
        lines.append(LineString([(x - dx, y - 9000), (x + dx, y + 9000)]))
    for *_, lon, lat, lean in plan.east_west:
        x, y = plane.point_to_flat(lon, lat)
        dy = math.tan(math.radians(lean)) * 12000
        lines.append(LineString([(x - 12000, y - dy), (x + 12000, y + dy)]))
    return lines


def _regions(
    plan: StreetPlan, real: dict[str, str], town: Town, plane: Plane, rng: np.random.Generator
) -> tuple[list[Region], dict[str, Polygon]]:
    regions = [Region(plan.code, plan.names["name"], "street", None, name_en=plan.names["name_en"])]
    grounds: dict[str, Polygon] = {}
    names = {code: official.removesuffix("居委会").removesuffix("社区") for code, official in real.items()}
    place = _assign({code: plan.places[name] for code, name in names.items()}, town, plane)
    special = _dedicated(plan, town, plane, rng)
    for code, name in names.items():
        number, name_en = place[code], plan.places[name][0]
        regions.append(Region(code, f"{name}社区", "community", plan.code, name_en=f"{name_en} Community"))
        grounds[code] = town.communities[number]
        mine = sorted(key for key in town.grids if key[0] == number)
        order = reading_order([town.grids[key] for key in mine], 420)
        for n, k in enumerate(order, 1):
            label, what = f"{code}{n:02d}", special.get(mine[k], "")
            full = f"{name}社区{n:02d}网格" + (f"({what})" if what else "")
            regions.append(Region(label, full, "grid", code, "dedicated" if what else "general", f"{name_en} {n:02d}"))
            grounds[label] = town.grids[mine[k]]
    return regions, grounds


def _assign(places: dict[str, tuple[str, float, float]], town: Town, plane: Plane) -> dict[str, int]:
    """Community code → number on the sheet, so that names lie near where they belong: pairs swap while it helps."""
    want = np.array([plane.point_to_flat(lon, lat) for _, lon, lat in places.values()])
    have = np.array([(g.centroid.x, g.centroid.y) for g in town.communities])
    cost = ((want[:, None] - have[None]) ** 2).sum(axis=2)
    who = list(range(len(places)))
    better = True
    while better:
        better = False
        for a in range(len(who)):
            for b in range(a):
                if cost[a, who[b]] + cost[b, who[a]] < cost[a, who[a]] + cost[b, who[b]] - 1e-6:
                    who[a], who[b], better = who[b], who[a], True
    return dict(zip(places, who, strict=True))


def _dedicated(plan: StreetPlan, town: Town, plane: Plane, rng: np.random.Generator) -> dict[tuple[int, int], str]:
    """专属网格: the grids of the five first parks, and some others."""
    special: dict[tuple[int, int], str] = {}
    keys = sorted(town.grids)
    for name, _, lon, lat, *_ in plan.parks[:5]:
        site = shapely.Point(plane.point_to_flat(lon, lat))
        special.setdefault(min(keys, key=lambda k: town.grids[k].distance(site)), name)
    free = [key for key in keys if key not in special]
    for name, n in zip(plan.dedicated, rng.choice(len(free), len(plan.dedicated), replace=False).tolist(), strict=True):
        special[free[n]] = name
    return special


def _outlines(root: str, grounds: dict[str, Polygon], plane: Plane) -> dict[str, BaseGeometry]:
    """From the grids up, so that every region is exactly the union of those below it."""
    grids = {code: ground for code, ground in grounds.items() if len(code) > 12}
    earth = write.rounded(plane.to_earth(np.array(list(grids.values()), dtype=object)))
    outlines: dict[str, BaseGeometry] = dict(zip(grids, earth, strict=True))
    for code in grounds:
        if len(code) == 12:
            outlines[code] = write.union([outlines[grid] for grid in grids if grid.startswith(code)])
    outlines[root] = write.union([shape for code, shape in outlines.items() if len(code) == 12])
    return outlines


def _map_shapes(
    plan: StreetPlan,
    town: Town,
    ground: Polygon,
    plane: Plane,
    arterials: list[LineString],
    crowd: Points,
    rng: np.random.Generator,
) -> list[Shape]:
    sites = [(name, name_en, *plane.point_to_flat(lon, lat), r, lake) for name, name_en, lon, lat, r, lake in plan.parks]
    parks, lakes, taken = streets.parks(town.blocks, sites, rng)
    lake, park = (shapely.union_all([s.shape for s in shapes]) for shapes in (lakes, parks))
    closed = {"lane": park.buffer(-2), "b": lake.buffer(15), "c": lake.buffer(15)}
    waters = [_river(river, ground, plane, rng) for river in plan.rivers]
    for name, name_en, start, end, width_m in plan.creeks:
        bed = streets.creek(plane.point_to_flat(*start), plane.point_to_flat(*end), width_m, rng)
        waters.append(Shape(bed, "water", name, name_en))
    pockets = streets.pocket_parks(town.blocks, taken, 0.035, rng)
    names = {
        "a": [(name, name_en) for name, name_en, *_ in (*plan.north_south, *plan.east_west)],
        "b": [(name, "") for name in plan.streets],
        "c": [(name, "") for name in plan.lanes],
    }
    return [
        Shape(ground, "land"),
        *streets.outside_roads(arterials, ground, 9000, rng),
        *parks,
        *pockets,
        *waters,
        *lakes,
        *streets.buildings(town.blocks, taken, crowd, shapely.union_all([s.shape for s in waters]), rng),
        *streets.roads(town.cutter.cuts, ground, closed, names),
    ]


def _river(told: River, ground: Polygon, plane: Plane, rng: np.random.Generator) -> Shape:
    before, after = ([plane.point_to_flat(*p) for p in points] for points in (told.before, told.after))
    way = list(_along(ground.exterior, *(plane.point_to_flat(*p) for p in told.border)).coords)
    if math.dist(before[-1], way[0]) > math.dist(before[-1], way[-1]):
        way.reverse()
    bed = streets.river(LineString([*before, *way, *after]), told.width_m, rng)
    return Shape(bed, "water", told.name, told.name_en)


def _along(ring: LineString, start: tuple[float, float], end: tuple[float, float]) -> LineString:
    """The shorter way along a ring between the places nearest to two points."""
    low, high = sorted(ring.project(shapely.Point(p)) for p in (start, end))
    inner = substring(ring, low, high)
    outer = LineString([*substring(ring, high, ring.length).coords, *substring(ring, 0, low).coords[1:]])
    return min(inner, outer, key=lambda line: line.length)


def _write(
    plan: StreetPlan,
    folder: Path,
    seed: int,
    regions: list[Region],
    outlines: dict[str, BaseGeometry],
    basemap: list[streets.Feature],
    rng: np.random.Generator,
) -> None:
    grids = [r.code for r in regions if r.level == "grid"]
    roster = people.roster(grids, plan.roles, "GC", "guicheng", rng)
    tree = {r.code: r for r in regions}
    city = City(
        code=plan.code, name="", title="", levels=tuple(plan.levels), regions=tree, root=plan.code, geometries=dict(outlines)
    )
    cameras = place_cameras(city, basemap, plan.n_cameras, plan.code[:6] + "11", rng)
    folder.mkdir(parents=True, exist_ok=True)
    write.write_yaml(folder, plan.head("guicheng", seed))
    write.write_regions(folder, regions)
    write.write_outlines(folder, outlines)
    write.write_basemap(folder, basemap)
    write.write_catalogue(folder, catalogue.DEPARTMENTS, catalogue.MATTERS)
    write.write_routes(folder, plan.routes)
    write.write_limits(folder, LIMITS)
    write.write_notices(folder)
    write.write_scenes(folder)
    write.write_calendar(folder)
    write.write_people(folder, roster)
    write.write_cameras(folder, cameras)
