"""The generated cities. What they are made from comes with `make setup`; without it these tests skip, in CI they fail."""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from config.city import City, check_city, load_city
from config.city_check import area_m2
from config.city_notices import DEFAULT
from config.make import make_city
from config.make.sources import SourceMissing, district_outlines, divisions
from domain.routing import RouteRule, route
from domain.states import Order
from domain.workflow import Template
from domain.worktime import Limit
from tests.shared_data import data

Maker = Callable[[str], Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    folders: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = make_or_skip(kind, tmp_path_factory.mktemp(kind))
        return folders[kind]

    return make


def make_or_skip(kind: str, folder: Path, seed: int = 1) -> Path:
    try:
        return make_city(kind, folder, seed)
    except SourceMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def guicheng(made: Maker) -> City:
    return load_city(made("guicheng"))


def count(city: City, level: str) -> int:
    return len(city.regions_of(level))


def test_guicheng_has_the_numbers_that_the_street_gives_of_itself(guicheng: City) -> None:
    assert (count(guicheng, "community"), count(guicheng, "grid"), len(guicheng.roster)) == (45, 174, 1250)
    assert len(guicheng.cameras) == 1892
    assert {role for role, n in Counter(e.role for e in guicheng.roster.values()).items() if n == 174} == {"lead"}


def test_names_and_codes_of_guicheng_are_the_real_ones(guicheng: City) -> None:
    for code, official in divisions("villages", "440605011").items():
        assert guicheng.regions[code].name == official.removesuffix("居委会")
        assert guicheng.find_region(official) == code
    assert guicheng.find_region("灯湖") == "440605011020"
    assert guicheng.root == guicheng.find_region("440605011000")


def test_guicheng_lies_in_the_real_outline_of_nanhai(guicheng: City) -> None:
    nanhai = district_outlines("440605")["440605"]
    street = guicheng.geometry(guicheng.root)
    assert street is not None
    assert area_m2(street) == pytest.approx(84.16e6, rel=0.005)
    assert area_m2(street.difference(nanhai)) < 2000


def test_a_seeded_map_has_no_faults_overlaps_or_holes(made: Maker) -> None:
    assert check_city(made("guicheng")) == ([], [])


def test_grids_fill_their_community_and_nothing_else(guicheng: City) -> None:
    for community in guicheng.regions_of("community"):
        ground = guicheng.geometry(community)
        parts = [guicheng.geometry(grid) for grid in guicheng.children(community)]
        assert ground is not None and len(parts) >= 2
        assert sum(area_m2(part) for part in parts if part) == pytest.approx(area_m2(ground), rel=1e-4)
        assert area_m2(shapely.union_all(parts).symmetric_difference(ground)) < 10


def test_no_grid_is_a_sliver(guicheng: City) -> None:
    grids = shapely.transform([guicheng.geometry(g) for g in guicheng.regions_of("grid")], lambda p: p * (102_450, 111_320))
    roundness = 4 * np.pi * shapely.area(grids) / shapely.length(grids) ** 2
    assert roundness.min() > 0.3
    assert shapely.area(grids).min() > 40_000


def test_grids_are_numbered_from_north_west_and_some_are_dedicated(guicheng: City) -> None:
    for community in guicheng.regions_of("community"):
        grids = guicheng.children(community)
        assert [grid.removeprefix(community) for grid in grids] == [f"{n:02d}" for n in range(1, len(grids) + 1)]
    kinds = Counter(guicheng.regions[grid].kind for grid in guicheng.regions_of("grid"))
    assert 10 <= kinds["dedicated"] <= 25


def test_workers_have_their_grid_and_devices_of_all_kinds(guicheng: City) -> None:
    assert {guicheng.regions[entry.region].level for entry in guicheng.roster.values()} == {"grid"}
    devices = [device for entry in guicheng.roster.values() for device in entry.devices]
    assert len(devices) == len(set(devices)) >= 1250
    assert sum(device.isdigit() and len(device) == 11 for device in devices) > 500
    assert sum("/" in device for device in devices) > 200
    assert all(entry.phone.startswith("100") for entry in guicheng.roster.values())  # nobody's number


def test_cameras_have_gb28181_ids_and_lie_where_they_say(guicheng: City) -> None:
    cameras = list(guicheng.cameras.values())
    assert all(len(c.feed) == 20 and c.feed.isdigit() and c.feed[10:13] == "132" for c in cameras)
    found = guicheng.locate(np.array([c.lon for c in cameras]), np.array([c.lat for c in cameras]))
    assert found == [c.region for c in cameras]


def test_the_map_has_land_water_green_roads_and_houses(guicheng: City) -> None:
    classes = Counter(f["properties"]["class"] for f in guicheng.basemap["features"])
    assert set(classes) == {"land", "water", "green", "road_a", "road_b", "road_c", "lane", "building"}
    names = {f["properties"]["name"] for f in guicheng.basemap["features"]}
    assert {"桂澜路", "佛平路", "东平水道", "千灯湖公园"} <= names


def test_matters_have_three_levels_and_every_last_one_a_department_and_a_limit(guicheng: City) -> None:
    parents = {matter.parent for matter in guicheng.matters.values()}
    leaves = [matter for matter in guicheng.matters.values() if matter.key not in parents]
    assert {len(matter.key) for matter in guicheng.matters.values()} == {2, 4, 6}
    assert all(matter.department and matter.limit_hours for matter in leaves)
    assert len(guicheng.departments) >= 20


def test_reports_of_gridworkers_are_accepted_by_rule_and_every_rule_names_a_department_by_the_matter(guicheng: City) -> None:
    def rule_of(category: str, channel: str, region: str = "") -> RouteRule:
        found = route(Order(order="O", category=category, channel=channel, region=region), guicheng.routes)
        assert found is not None
        return found

    by_worker = rule_of("010402", "网格员上报")
    assert (by_worker.auto, by_worker.department, by_worker.level) == ("accept", "szfw", "street")
    by_phone = rule_of("010402", "12345")
    assert (by_phone.auto, by_phone.department, by_phone.level) == ("", "szfw", "street")
    camera = rule_of("040201", "视频巡查")
    assert (camera.auto, camera.department) == ("dispatch", "jjzd")
    lake = guicheng.find_region("灯湖")
    assert lake is not None and rule_of("010301", "12345", guicheng.children(lake)[0]).department == "yllh"
    assert rule_of("050101", "网格员上报").level == "community"


@pytest.mark.parametrize(("kind", "prefix"), [("guicheng", "GC"), ("foshan", "FS"), ("haidian", "HD")])
def test_every_made_city_has_rules_a_template_and_a_prefix_of_its_numbers(made: Maker, kind: str, prefix: str) -> None:
    city = load_city(made(kind))
    assert city.order_prefix == prefix and city.workflow == Template()
    autos = {rule.rule: rule.auto for rule in city.routes if rule.auto}
    assert set(autos.values()) == {"accept", "dispatch"}
    head = (made(kind) / "routing.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == "rule,matter,region,source,department,level,auto"


def test_what_is_real_and_what_is_invented_is_said_in_both_languages(guicheng: City) -> None:
    assert "种子生成" in guicheng.generated
    assert "Invented" in guicheng.generated_en


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(made: Maker, tmp_path: Path) -> None:
    first = {file.name: file.read_bytes() for file in made("guicheng").iterdir()}
    again = {file.name: file.read_bytes() for file in make_or_skip("guicheng", tmp_path / "again").iterdir()}
    assert again == first
    other = {file.name: file.read_bytes() for file in make_or_skip("guicheng", tmp_path / "other", seed=2).iterdir()}
    assert other["regions.geojson"] != first["regions.geojson"]
    assert check_city(tmp_path / "other") == ([], [])


def test_foshan_has_five_levels_and_all_its_workers(made: Maker) -> None:
    city = load_city(made("foshan"))
    assert [count(city, level.key) for level in city.levels] == [1, 5, 32, 809, 4000]
    assert len(city.roster) == 18_794
    roles = Counter(entry.role for entry in city.roster.values())
    assert roles["lead"] + roles["full"] == 8_040
    assert roles["part"] == 10_754
    assert len(city.cameras) == 3000
    outlines = district_outlines("4406")
    for code, outline in outlines.items():
        ground = city.geometry(code)
        assert ground is not None
        assert area_m2(ground.symmetric_difference(outline)) < 0.002 * area_m2(outline)


def test_haidian_has_its_unit_cells_and_inspectors(made: Maker) -> None:
    city = load_city(made("haidian"))
    assert [count(city, level.key) for level in city.levels] == [1, 29, 678, 8562]
    assert Counter(entry.role for entry in city.roster.values()) == {"inspector": 365, "other": 107}
    assert check_city(made("haidian")) == ([], [])


def test_real_tracks_of_beijing_lie_in_haidian_as_often_as_another_program_says(made: Maker) -> None:
    counts = json.loads((data("boundaries-china") / "reference.json").read_text())["geolife_dev_points"]
    city = load_city(made("haidian"))
    points = np.concatenate([fixes(path) for path in sorted(data("gps-geolife-a").glob("**/*.plt"))])
    assert len(points) == counts["n"]
    inside = sum(map(bool, city.locate(points[:, 1], points[:, 0])))
    assert inside == counts["by_district"]["110108"]


def fixes(path: Path) -> np.ndarray:
    with path.open(encoding="ascii") as lines:
        return np.array([(float(row[0]), float(row[1])) for row in list(csv.reader(lines))[6:]])


def test_a_missing_package_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing, match="china-division is missing, run `make setup`"):
        divisions("villages", "440605011", tmp_path)


def test_an_unknown_kind_of_city_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="atlantis"):
        make_city("atlantis", tmp_path)


def test_the_hotlines_limits_and_a_matter_for_thanks_are_there(guicheng: City) -> None:
    def limit(clock: str, matter: str) -> Limit:
        return next(row.limit for row in guicheng.time_limits if row.fits(clock, matter, "", ""))

    assert limit("dispatch", "020302") == limit("dispatch", "070201") == Limit("urgent_hours", 1)
    assert {limit("dispatch", key) for key in ("010405", "020203", "020204")} == {Limit("urgent_hours", 2)}
    assert limit("sign", "010301") == Limit("working_hours", 2)
    assert "080103" in guicheng.evaluation.variants.praise


def test_a_made_city_tells_its_people_as_one_without_a_file_does(made: Maker) -> None:
    folder = made("guicheng")
    assert (folder / "notices.yaml").exists() and load_city(folder).notices == DEFAULT
