"""Patrols are believable: pace, own grid, stops, noise; and always the same for the same seed."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from ingest.simulator.chance import rng_of, uniform
from ingest.simulator.paths import M_PER_DEGREE, Paths, Plane, make_paths
from ingest.simulator.walk import PACE_MPS, Patrols

ZONE = ZoneInfo("Asia/Shanghai")
PLANE = Plane(113.1, 23.0)
GROUND = shapely.Polygon([(0, 0), (700, 40), (720, 520), (300, 560), (-20, 400)])
DAY = 1_795_420_000.0 + np.arange(0, 86_400, 10.0)


def patrols(paths: Paths, seed: int = 1, count: int = 6) -> Patrols:
    return Patrols(PLANE, lambda _: paths, count, ZONE, seed)


@pytest.fixture(scope="module")
def paths() -> Paths:
    return make_paths(GROUND, [])


def test_the_paths_of_a_grid_are_one_network_inside_it(paths: Paths) -> None:
    assert len(paths.x) > 30
    assert shapely.contains_xy(GROUND, np.array(paths.x), np.array(paths.y)).all()
    assert all(np.isfinite(metres).all() for metres in paths.home_m)


def test_streets_are_walked_where_there_are_any() -> None:
    street = shapely.LineString([(-100, 250), (900, 250)])
    found = make_paths(GROUND, [street, shapely.LineString([(350, -100), (350, 900)])])
    assert sum(abs(y - 250) < 1 for y in found.y) > 5


@pytest.mark.parametrize("ground", [shapely.box(0, 0, 6, 5), shapely.box(0, 0, 40, 3), shapely.box(0, 0, 9000, 7000)])
def test_tiny_thin_and_huge_grounds_have_paths_too(ground: shapely.Polygon) -> None:
    found = make_paths(ground, [])
    assert found.homes and shapely.contains_xy(ground.buffer(1), found.x, found.y).all()
    x, y, _, _ = patrols(found).trace(0, DAY[:500])
    assert np.isfinite(x).all() and np.isfinite(y).all()


def test_the_pace_is_a_walkers_and_there_are_stops(paths: Paths) -> None:
    for who in range(6):
        x, y, vx, vy = patrols(paths).trace(who, DAY)
        step = np.hypot(np.diff(x), np.diff(y)) / 10
        assert step.max() <= PACE_MPS[1] + 0.01
        assert 0.15 < (step == 0).mean() < 0.7
        assert np.hypot(vx, vy).max() <= PACE_MPS[1] + 0.01


def test_patrols_keep_to_their_grid_but_for_errands(paths: Paths) -> None:
    inside = [shapely.contains_xy(GROUND, *patrols(paths).trace(who, DAY)[:2]).mean() for who in range(6)]
    assert min(inside) > 0.93 and np.mean(inside) < 1


def test_what_the_receiver_sees_is_metres_off_and_drifts(paths: Paths) -> None:
    walk = patrols(paths)
    place = walk.trace(0, DAY[:2000])
    seen = walk.observe(np.zeros(2000, dtype=np.int64), DAY[:2000], place)
    east = (seen.lon - PLANE.lon) * PLANE.scale_x - place[0]
    north = (seen.lat - PLANE.lat) * M_PER_DEGREE - place[1]
    error = np.hypot(east, north)
    assert 1.5 < error.mean() < 12 and error.max() < 20
    assert np.corrcoef(east[:-1], east[1:])[0, 1] > 0.5
    assert ((seen.battery_pct >= 0) & (seen.battery_pct <= 100)).all()
    assert ((seen.accuracy_m > 2) & (seen.accuracy_m < 30)).all()


def test_the_same_seed_tells_the_same_walk_and_another_seed_another(paths: Paths) -> None:
    one, same, other = (patrols(paths, seed).trace(2, DAY[:500])[0] for seed in (1, 1, 2))
    assert (one == same).all() and not np.allclose(one, other)
    assert rng_of("a", 1).random() == rng_of("a", 1).random() != rng_of("a", 2).random()


def test_all_workers_are_advanced_in_one_step(paths: Paths) -> None:
    walk = patrols(paths, count=500)
    who = np.arange(500)
    at = np.full(500, DAY[0])
    x, y, _, _ = walk.locate(who, at)
    later_x, later_y, _, _ = walk.locate(who, at + 10)
    moved = np.hypot(later_x - x, later_y - y)
    assert (moved <= 10 * PACE_MPS[1] + 0.1).all() and (moved > 0).mean() > 0.4


def test_what_goes_wrong_goes_wrong_for_the_share_it_should(paths: Paths) -> None:
    walk = patrols(paths, count=20_000)
    who, at = np.arange(20_000), np.full(20_000, DAY[0])
    shares = [kind(who, at).mean() for kind in (walk.offline, walk.silent, walk.frozen, walk.cut_off)]
    assert shares == pytest.approx([0.064, 0.02, 0.004, 0.011], abs=0.006)
    frozen = np.flatnonzero(walk.frozen(who, at))[:3]
    places = [walk.observe(frozen, np.full(3, t), walk.locate(frozen, np.full(3, t))) for t in (DAY[0], DAY[0] + 30)]
    still = walk.frozen(frozen, np.full(3, DAY[0] + 30))
    assert (places[0].lon[still] == places[1].lon[still]).all()


def test_chance_is_even() -> None:
    draws = uniform(7, np.arange(100_000))
    assert abs(draws.mean() - 0.5) < 0.01 and draws.min() >= 0 and draws.max() < 1
