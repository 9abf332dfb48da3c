"""佛山市 and 海淀区: the sizes that gridhall is measured on. Names, codes, district outlines real; the rest from a seed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from config.city_model import City, Region
from config.make import catalogue, people, streets, write
from config.make.cameras import place_cameras
from config.make.partition import Cut, Cutter, Part, coverage, join, scatter, shares
from config.make.plan import LIMITS, DistrictPlan, read_district_plan
from config.make.plane import Plane
from config.make.sources import district_outlines, divisions
from config.make.streets import Shape
from config.make.town import reading_order


class Tree(msgspec.Struct):
    """Regions from the top down, and the grounds of towns, communities and leaves on the flat sheet."""

    regions: list[Region]
    towns: dict[str, Polygon]
    communities: dict[str, Polygon]
    leaves: dict[str, Polygon]


def make_districts(kind: str, folder: Path, seed: int = 1) -> None:
    """Writes the city of `plans/<kind>.yaml`. SourceMissing if a package with its real part is not installed."""
    plan, rng = read_district_plan(kind), np.random.default_rng(seed)
    plane = Plane(*plan.centre, rng, bend_m=700, wave_m=14000, turn_deg=4)
    outlines = dict(sorted(district_outlines(plan.code).items()))
    cutter = Cutter(rng, skew_deg=8.0)
    towns = {code: name for code, name in divisions("streets", plan.code).items() if int(code[6:9]) < 400}
    grounds = _town_grounds(plan, plane, outlines, towns)
    tree = _grow(plan, plane, towns, grounds, cutter, rng)
    shapes = _map_shapes(plan, plane, tree, cutter, rng)
    _write(kind, plan, folder, seed, tree, plane, outlines, shapes, rng)


def _town_grounds(
    plan: DistrictPlan, plane: Plane, outlines: dict[str, Any], towns: dict[str, str]
) -> dict[str, Polygon]:
    """Voronoi cells around the towns' middles inside each district; crumbs go to the neighbour that they touch."""
    cut: dict[str, Polygon] = {}
    for district, outline in outlines.items():
        ground = max(shapely.get_parts(plane.to_flat(outline, 50)), key=lambda p: p.area)
        codes = [code for code in towns if code.startswith(district)]
        sites = MultiPoint([plane.point_to_flat(*plan.towns[towns[code]]) for code in codes])
        cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=ground, ordered=True))
        cut |= _without_crumbs({code: cell.intersection(ground) for code, cell in zip(codes, cells, strict=True)})
    return dict(zip(cut, coverage(list(cut.values())), strict=True))


def _without_crumbs(cut: dict[str, Any]) -> dict[str, Polygon]:
    pieces = {code: sorted(shapely.get_parts(shape), key=lambda p: -p.area) for code, shape in cut.items()}
    kept: dict[str, Polygon] = {code: parts[0] for code, parts in pieces.items()}
    for crumb in (p for parts in pieces.values() for p in parts[1:] if p.geom_type == "Polygon"):
        host = max(kept, key=lambda code: kept[code].intersection(crumb).length)
        kept[host] = max(shapely.get_parts(shapely.union(kept[host], crumb)), key=lambda p: p.area)
    return kept


def _grow(
    plan: DistrictPlan,
    plane: Plane,
    towns: dict[str, str],
    grounds: dict[str, Polygon],
    cutter: Cutter,
    rng: np.random.Generator,
) -> Tree:
    whole = shapely.coverage_union_all(list(grounds.values()))
    homes = [(*plane.point_to_flat(lon, lat), reach, weight) for lon, lat, reach, weight in plan.homes]
    crowd = scatter(whole, 18 * plan.n_leaves, rng, homes)
    named = _communities(plan)
    parts: dict[str, Part] = {}
    for code, ground in grounds.items():
        mine = [village for village in named if village.startswith(code)]
        pieces = cutter.parts(Part(ground, crowd[shapely.contains_xy(ground, crowd)]), len(mine), "b")
        parts |= dict(zip(mine, (pieces[k] for k in reading_order([p.ground for p in pieces], 1500)), strict=True))
    counts = shares([len(part.points) + 1 for part in parts.values()], plan.n_leaves, most=10**plan.digits - 1)
    leaves: list[tuple[str, Polygon]] = []
    for (code, part), n in zip(parts.items(), counts, strict=True):
        leaves += [(code, piece.ground) for piece in cutter.parts(part, n, "c")]
    return _tree(plan, towns, named, leaves)


def _communities(plan: DistrictPlan) -> dict[str, str]:
    villages = divisions("villages", plan.code)
    return {code: name for code, name in villages.items() if int(code[6:9]) < 400}


def _tree(plan: DistrictPlan, towns: dict[str, str], named: dict[str, str], leaves: list[tuple[str, Polygon]]) -> Tree:
    grounds = coverage([ground for _, ground in leaves])
    levels = [level.key for level in plan.levels]
    regions = [Region(plan.code, plan.names["name"], levels[0], None, name_en=plan.names["name_en"])]
    if len(plan.code) == 4:
        areas = divisions("areas", plan.code)
        regions += [Region(code, name, "district", plan.code, name_en=_DISTRICTS.get(name, "")) for code, name in areas.items()]
    regions += [Region(code, name, "town", code[:6]) for code, name in towns.items()]
    tree = Tree(regions, {}, {}, {})
    below: dict[str, list[Polygon]] = {}
    for (code, _), ground in zip(leaves, grounds, strict=True):
        below.setdefault(code, []).append(ground)
    for code, official in named.items():
        name = _spoken(official)
        regions.append(Region(code, name, "community", code[:9]))
        order = reading_order(below[code], 500)
        for n, k in enumerate(order, 1):
            leaf = f"{code}{n:0{plan.digits}d}"
            regions.append(Region(leaf, f"{name}{n:0{plan.digits}d}{plan.leaf_word}", levels[-1], code))
            tree.leaves[leaf] = below[code][k]
        tree.communities[code] = join(below[code])
    tree.towns = {t: join([g for c, g in tree.communities.items() if c.startswith(t)]) for t in towns}
    return tree


_DISTRICTS: Final = {
    "禅城区": "Chancheng District", "南海区": "Nanhai District", "顺德区": "Shunde District", "三水区": "Sanshui District",
    "高明区": "Gaoming District",
}  # fmt: skip


_SHORT: Final = {"社区居委会": "社区", "社区居民委员会": "社区", "居委会": "社区", "村民委员会": "村", "村委会": "村"}


def _spoken(official: str) -> str:
    """灯湖社区居委会 → 灯湖社区, 某某村委会 → 某某村: the names that people and screens use."""
    for long, short in _SHORT.items():
        if official.endswith(long) and len(official) > len(long):
            stem = official.removesuffix(long)
            return stem if stem.endswith(("社区", "村")) else stem + short
    return official


def _map_shapes(plan: DistrictPlan, plane: Plane, tree: Tree, cutter: Cutter, rng: np.random.Generator) -> list[Shape]:
    whole = shapely.coverage_union_all(list(tree.towns.values()))
    ground = max(shapely.get_parts(whole), key=lambda p: p.area)
    for edge in shapely.get_parts(shapely.line_merge(shapely.union_all([t.exterior for t in tree.towns.values()]))):
        cutter.cuts.append(Cut(edge, "a"))

    shapes = [Shape(whole, "land")]
    for name, name_en, lon, lat, radius_m in plan.greens:
        wood = streets.blob(*plane.point_to_flat(lon, lat), radius_m, rng).intersection(whole)
        shapes.append(Shape(wood, "green", name, name_en))
    for told in plan.rivers:
        course = LineString([plane.point_to_flat(*p) for p in told.course])
        shapes.append(Shape(streets.river(course, told.width_m, rng), "water", told.name, told.name_en))
    for name, name_en, lon, lat, radius_m in plan.lakes:
        shapes.append(Shape(streets.blob(*plane.point_to_flat(lon, lat), radius_m, rng), "water", name, name_en))
    return shapes + streets.roads(cutter.cuts, ground, {}, {})


def _outlines(plan: DistrictPlan, tree: Tree, plane: Plane, districts: Iterable[str]) -> dict[str, BaseGeometry]:
    """From the leaves up, so that every region is exactly the union of those below it."""
    leaves = write.rounded(plane.to_earth(np.array(list(tree.leaves.values()), dtype=object), 200))
    earth: dict[str, BaseGeometry] = dict(zip(tree.leaves, leaves, strict=True))
    upper: list[tuple[Iterable[str], Iterable[str]]] = [(tree.communities, tree.leaves), (tree.towns, tree.communities)]
    upper += [(districts, tree.towns)] + ([([plan.code], districts)] if plan.code not in districts else [])
    for codes, below in upper:
        parts: dict[str, list[BaseGeometry]] = {code: [] for code in codes}
        width = len(next(iter(parts)))
        for code in below:
            parts[code[:width]].append(earth[code])
        earth |= {code: write.union(shapes) for code, shapes in parts.items()}
    return earth


def _write(
    kind: str,
    plan: DistrictPlan,
    folder: Path,
    seed: int,
    tree: Tree,
    plane: Plane,
    outlines: dict[str, Any],
    shapes: list[Shape],
    rng: np.random.Generator,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    basemap = streets.features(shapes, plane, 200)
    earth = _outlines(plan, tree, plane, outlines)
    write.write_yaml(folder, plan.head(kind, seed))
    write.write_regions(folder, tree.regions)
    write.write_outlines(folder, earth)
    write.write_basemap(folder, basemap)
    write.write_catalogue(folder, catalogue.DEPARTMENTS, catalogue.MATTERS)
    write.write_routes(folder, plan.routes)
    write.write_limits(folder, LIMITS)
    write.write_notices(folder)
    write.write_scenes(folder)
    write.write_calendar(folder)
    # an inspector answers for a set of cells: here those of a community
    places = [region.code for region in tree.regions if region.level == plan.place_level]
    write.write_people(folder, people.roster(places, plan.roles, plan.prefix, kind, rng))
    regions = {region.code: region for region in tree.regions}
    city = City(
        code=plan.code, name="", title="", levels=tuple(plan.levels), regions=regions, root=plan.code, geometries=earth
    )
    write.write_cameras(folder, place_cameras(city, basemap, plan.n_cameras, (plan.code + "0000")[:8], rng))
