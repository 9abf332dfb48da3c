import datetime as dt

import numpy as np
import pytest
import shapely

from config.city import City, Level, Region, RosterEntry

LEVELS = (Level("street", "街道", "Street"), Level("community", "社区", "Community"), Level("grid", "网格", "Grid"))
REGIONS = [
    Region("01", "里水镇", "street", name_en="Lishui"),
    Region("01001", "里水社区", "community", "01"),
    Region("01002", "灯湖社区", "community", "01"),
    Region("01003", "河东村", "community", "01"),
    Region("01004", "河东社区", "community", "01"),
    Region("0100101", "里水社区01网格", "grid", "01001"),
    Region("0100102", "里水社区02网格", "grid", "01001", valid_to="2024-06-30"),
    Region("0100103", "里水社区03网格", "grid", "01001", valid_from="2024-07-01"),
]
HOLE = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
SHAPES = {
    "01": shapely.box(-1, -1, 6, 5),
    "0100101": HOLE,
    "0100102": shapely.box(4, 0, 5, 4),
    "0100103": shapely.box(4, 0, 5, 3),
}
ROSTER = {"W1": RosterEntry("W1", "陈丽", "full", 1, "0100101", devices=("10006050001", "chen/phone"))}


@pytest.fixture
def town() -> City:
    regions = {region.code: region for region in REGIONS}
    geometries = dict(SHAPES)
    return City(
        code="01", name="里水镇", title="", levels=LEVELS, regions=regions, root="01", geometries=geometries, roster=ROSTER
    )


def place(city: City, lon: float, lat: float, day: str = "") -> str:
    return city.locate(np.array([lon]), np.array([lat]), day)[0]


def test_a_path_goes_from_the_root_to_the_region(town: City) -> None:
    assert town.path("0100101") == ("01", "01001", "0100101")
    assert town.path("01") == ("01",)


def test_children_and_subtrees_follow_the_parents(town: City) -> None:
    assert town.children("01") == ("01001", "01002", "01003", "01004")
    assert town.subtree("01001") == {"01001", "0100101", "0100102", "0100103"}
    assert town.children("0100101") == ()
    assert town.ancestor("0100101", "community") == "01001"
    assert town.ancestor("01", "community") == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01002", "01002"),
        ("灯湖社区", "01002"),
        ("灯湖", "01002"),
        ("灯湖社区居委会", "01002"),
        ("灯湖居委会", "01002"),
        ("灯湖社区居民委员会", "01002"),
        (" 灯 湖社区 ", "01002"),
        ("里水社区０１网格", "0100101"),
        ("里水镇", "01"),
        ("里水社区", "01001"),
        ("里水社区居委会", "01001"),
        ("LISHUI", "01"),
        ("里水", None),  # a town and a community
        ("河东", None),  # a village and a community
        ("河东村", "01003"),
        ("灯湖街道", None),
        ("没有的社区", None),
        ("", None),
    ],
)
def test_a_region_is_found_by_code_or_by_a_name_that_is_unique(town: City, text: str, code: str | None) -> None:
    assert town.find_region(text) == code


def test_a_code_padded_with_zeros_is_the_same_code() -> None:
    region = Region("440605011", "桂城街道", "street")
    city = City(code="440605011", name="", title="", levels=LEVELS, regions={region.code: region}, root=region.code)
    assert city.find_region("440605011000") == "440605011"
    assert city.find_region("440605012000") is None


def test_a_device_belongs_to_its_owner_and_an_unknown_one_to_itself(town: City) -> None:
    assert town.worker_of("chen/phone") == "W1"
    assert town.worker_of("10006050001") == "W1"
    assert town.worker_of("nobody") == "nobody"


def test_a_point_lies_in_the_deepest_region(town: City) -> None:
    assert place(town, 0.5, 0.5) == "0100101"
    assert place(town, 5.5, 4.5) == "01"
    assert place(town, 9, 9) == ""
    assert place(town, float("nan"), 1) == ""


def test_a_point_in_a_hole_belongs_to_the_region_around(town: City) -> None:
    assert place(town, 1.5, 1.5) == "01001" or place(town, 1.5, 1.5) == "01"
    assert place(town, 1.5, 1.5) != "0100101"


def test_a_point_on_a_common_border_belongs_to_the_lower_code(town: City) -> None:
    assert place(town, 4, 1) == "0100101"
    assert place(town, 0, 0) == "0100101"


def test_a_point_belongs_to_the_grid_that_was_valid_on_its_day(town: City) -> None:
    assert place(town, 4.5, 1, "2024-06-30") == "0100102"
    assert place(town, 4.5, 1, "2024-07-01") == "0100103"
    assert place(town, 4.5, 1) == "0100103"


def test_locating_agrees_with_asking_every_polygon(town: City) -> None:
    rng = np.random.default_rng(5)
    lons, lats = rng.uniform(-2, 7, 20_000), rng.uniform(-2, 6, 20_000)
    found = town.locate(lons, lats)
    order = ("0100101", "0100103", "01001", "01")
    shapes = {code: town.geometry(code) for code in order}
    holds = {code: shapely.intersects_xy(shape, lons, lats) for code, shape in shapes.items()}
    expected = [next((code for code in order if holds[code][n]), "") for n in range(len(lons))]
    assert found == expected


def test_no_points_have_no_regions(town: City) -> None:
    assert town.locate(np.array([]), np.array([])) == []


def test_a_region_without_an_outline_is_the_union_of_those_below(town: City) -> None:
    union = town.geometry("01001")
    assert union is not None
    assert union.covers(shapely.Point(3, 3)) and union.covers(shapely.Point(4.5, 1))
    assert town.geometry("01002") is None


def test_outlines_for_the_browser_name_their_regions(town: City) -> None:
    grids = town.geojson("grid")["features"]
    assert [feature["properties"]["code"] for feature in grids] == ["0100101", "0100102", "0100103"]
    assert grids[0]["properties"]["name"] == "里水社区01网格"
    assert town.geojson(["01"])["features"][0]["geometry"]["type"] == "Polygon"
    assert town.basemap == {"type": "FeatureCollection", "features": []}


def test_a_day_is_the_local_one(town: City) -> None:
    midnight = int(dt.datetime(2026, 7, 13, tzinfo=town.zone).timestamp() * 1000)
    assert town.day_of(midnight) == "2026-07-13"
    assert town.day_of(midnight - 1) == "2026-07-12"
    assert town.day_bounds("2026-07-13") == (midnight, midnight + 86_400_000)


def test_a_day_with_a_change_of_clocks_has_its_own_length() -> None:
    region = Region("1", "Town", "street")
    city = City(
        code="1", name="", title="", levels=LEVELS, regions={"1": region}, root="1", timezone="Europe/Berlin"
    )
    start, end = city.day_bounds("2026-03-29")
    assert end - start == 23 * 3_600_000


def test_holidays_and_working_weekends_are_those_of_the_state_unless_the_calendar_says_otherwise(town: City) -> None:
    assert not town.is_working_day("2024-10-01")
    assert town.is_working_day("2024-10-12")  # a Saturday worked for the holiday
    assert not town.is_working_day("2024-10-19")
    assert town.is_working_day(dt.date(2024, 10, 21))
    assert town.is_working_day("2099-01-01")  # a Thursday that no calendar knows yet
    town.days.days["2024-10-21"] = False
    assert not town.is_working_day("2024-10-21")
