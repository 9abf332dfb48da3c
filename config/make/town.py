"""From an outline and its arterials to communities, grids, blocks and streets, on the flat sheet."""

import msgspec
import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from config.make.partition import Cutter, Part, Points, coverage, join, shares


class Block(msgspec.Struct):
    """The smallest piece: houses between streets. `community` and `grid` count from 0; `grid` inside its community."""

    ground: Polygon
    community: int
    grid: int


class Town(msgspec.Struct):
    """Everything on the flat sheet; grounds of grids and communities are exact unions of blocks."""

    blocks: list[Block]
    grids: dict[tuple[int, int], Polygon]
    communities: list[Polygon]
    cutter: Cutter


def superblocks(ground: Polygon, arterials: list[LineString], points: Points, least: int) -> list[Part]:
    """The pieces between arterials; one with fewer than `least` points joins the neighbour with most common border."""
    cut = shapely.union_all([ground.exterior, *(line.intersection(ground) for line in arterials)], grid_size=0.01)
    pieces = [p for p in shapely.get_parts(shapely.polygonize([cut])) if p.area > 1]
    parts = [Part(p, points[shapely.contains_xy(p, points)]) for p in sorted(pieces, key=lambda p: p.bounds)]
    while len(parts) > 1:
        weak = parts.pop(min(range(len(parts)), key=lambda n: len(parts[n].points)))
        if len(weak.points) >= least:
            return sorted([*parts, weak], key=lambda p: p.ground.bounds)
        host = max(parts, key=lambda p: p.ground.intersection(weak.ground).length)
        host.ground = join([host.ground, weak.ground])
        host.points = np.concatenate([host.points, weak.points])
    return parts


def build_town(
    ground: Polygon, arterials: list[LineString], points: Points, counts: tuple[int, int, int], cutter: Cutter
) -> Town:
    """`counts`: communities, grids, blocks. Arterials part the ground first, then come communities, grids, blocks."""
    n_communities, n_grids, n_blocks = counts
    big = superblocks(ground, arterials, points, int(0.6 * len(points) / n_communities))
    for line in arterials:
        cutter.add(line, "a")
    communities: list[Part] = []
    for part, n in zip(big, shares([len(p.points) for p in big], n_communities), strict=True):
        communities += cutter.parts(part, n, "b")
    grids: list[tuple[int, int, Part]] = []
    sizes = shares([len(p.points) for p in communities], n_grids, least=2, most=9)
    for c, (part, n) in enumerate(zip(communities, sizes, strict=True)):
        grids += [(c, g, piece) for g, piece in enumerate(cutter.parts(part, n, "c"))]
    found: list[tuple[Polygon, int, int]] = []
    sizes = shares([p.ground.area**0.8 for _, _, p in grids], n_blocks)
    for (c, g, part), n in zip(grids, sizes, strict=True):
        found += [(piece.ground, c, g) for piece in cutter.parts(part, n, "lane")]
    grounds = coverage([f[0] for f in found])
    blocks = [Block(new, c, g) for new, (_, c, g) in zip(grounds, found, strict=True)]
    return _joined(blocks, cutter)


def _joined(blocks: list[Block], cutter: Cutter) -> Town:
    members: dict[tuple[int, int], list[Polygon]] = {}
    for block in blocks:
        members.setdefault((block.community, block.grid), []).append(block.ground)
    grids = {key: join(list(grounds)) for key, grounds in members.items()}
    n = 1 + max(community for community, _ in grids)
    communities = [join([g for (c, _), g in grids.items() if c == n_c]) for n_c in range(n)]
    return Town(blocks, grids, communities, cutter)


def reading_order(grounds: list[Polygon], row_m: float) -> list[int]:
    """Indexes west → east in rows, the rows north → south, as grids are numbered (DB6101/T 3185)."""
    middles = [(g.centroid.x, g.centroid.y) for g in grounds]
    top = max(y for _, y in middles)
    return sorted(range(len(grounds)), key=lambda n: (int((top - middles[n][1]) / row_m + 0.5), middles[n][0]))
