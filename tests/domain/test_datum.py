"""Datum conversions: the table of the domain reference, the vectors of a peer, and there and back again."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import datum
from tests.shared_data import data

METRE_DEG = 1 / 111_320
IN_CHINA = st.tuples(st.floats(74, 135), st.floats(18, 53.5))

FORWARD = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, one[1] - other[1]) / METRE_DEG


@pytest.mark.parametrize(("wgs84", "gcj02"), FORWARD)
def test_wgs84_to_gcj02_agrees_with_the_table(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert datum.wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-11)


def test_gcj02_to_wgs84_is_the_iterated_value_of_the_table() -> None:
    assert datum.gcj02_to_wgs84(116.404, 39.915) == pytest.approx((116.3977557546, 39.9135962356), abs=1e-10)


def test_bd09_is_the_usual_formula() -> None:
    assert datum.gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)
    # the closed form of the table loses up to 0.2 m, the iterated one nothing
    assert metres(datum.bd09_to_gcj02(116.404, 39.915), (116.39762729119315, 39.90865673957631)) < 0.3


def test_bd09_is_not_the_family_with_pi_alone() -> None:
    found = datum.to_wgs84(120.019809, 29.199786, "bd09")
    assert metres(found, (120.0087286, 29.1962080)) < 4  # the usual formula with one step back, up to 4 m off
    assert metres(found, (120.00877901149691, 29.196131605295484)) > 10  # the widely copied pair of the other family
    assert metres(datum.from_wgs84(*found, "bd09"), (120.019809, 29.199786)) < 0.001


def test_one_fix_in_every_dress() -> None:
    lon, lat = 113.121416, 23.021548
    assert datum.from_wgs84(lon, lat, "gcj02") == pytest.approx((113.126898909, 23.018994970), abs=1e-9)
    assert datum.from_wgs84(lon, lat, "bd09") == pytest.approx((113.133392608, 23.024936552), abs=1e-9)


def test_vectors_of_the_peer() -> None:
    vectors = json.loads((data("coord-gcj02") / "vectors.json").read_text(encoding="utf-8"))
    for pair in vectors["wgs84_to_gcj02"]:
        wgs84, gcj02 = pair["wgs"][::-1], pair["gcj"][::-1]
        assert datum.wgs84_to_gcj02(*wgs84) == pytest.approx(tuple(gcj02), abs=1e-11)
        assert metres(datum.gcj02_to_wgs84(*gcj02), tuple(wgs84)) < 0.001
    reference = json.loads((data("coord-gcj02") / "reference.json").read_text(encoding="utf-8"))
    lat, lon = 23.02, 113.15
    assert metres((lon, lat), datum.wgs84_to_gcj02(lon, lat)) == pytest.approx(
        reference["offset_m"]["Nanhai Guicheng 23.02,113.15"], rel=0.005
    )


@given(IN_CHINA, st.sampled_from(("gcj02", "bd09")))
def test_there_and_back_is_exact_below_a_millimetre(position: tuple[float, float], name: str) -> None:
    assert metres(datum.to_wgs84(*datum.from_wgs84(*position, name), name), position) < 0.001


@given(IN_CHINA, st.sampled_from(datum.DATUMS))
def test_arrays_say_the_same_as_numbers(position: tuple[float, float], name: str) -> None:
    lons, lats = np.array([position[0], 2.35, 113.1]), np.array([position[1], 48.85, 23.0])
    there = datum.from_wgs84(lons, lats, name)
    for index in range(3):
        alone = datum.from_wgs84(float(lons[index]), float(lats[index]), name)
        assert (there[0][index], there[1][index]) == pytest.approx(alone, abs=1e-12)
    back = datum.to_wgs84(*there, name)
    assert back[0] == pytest.approx(lons, abs=1e-9)
    assert back[1] == pytest.approx(lats, abs=1e-9)


@pytest.mark.parametrize("position", [(2.35, 48.85), (-46.6, -23.5), (139.7, 35.7), (71.9, 40.0)])
def test_outside_china_gcj02_changes_nothing(position: tuple[float, float]) -> None:
    assert datum.wgs84_to_gcj02(*position) == position
    assert datum.gcj02_to_wgs84(*position) == position


def test_an_unknown_datum_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown datum"):
        datum.to_wgs84(113.0, 23.0, "cgcs2000")
