from pathlib import Path

import pytest

from config.city import CityErrors, check_city, load_city

YAML = """
code: "1"
name: 小城
levels:
  - {key: street, zh: 街道, en: Street}
  - {key: grid, zh: 网格, en: Grid}
"""
REGIONS = "code,name,level,parent,kind,valid_from,valid_to\n1,小城,street,,,,\n101,一号,grid,1,,,\n102,二号,grid,1,,,\n"


def square(code: str, west: float, east: float, south: float = 23.0, north: float = 23.1) -> str:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return feature(code, f'{{"type":"Polygon","coordinates":[{ring}]}}')


def feature(code: str, outline: str) -> str:
    return f'{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{outline}}}'


def collection(*features: str) -> str:
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def write(folder: Path, **files: str) -> Path:
    names = {"city": "city.yaml", "outlines": "regions.geojson"}
    files = {"city": YAML, "regions": REGIONS, **files}
    for key, text in files.items():
        (folder / names.get(key, f"{key}.csv")).write_text(text, encoding="utf-8")
    return folder


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(CityErrors) as caught:
        load_city(folder)
    return caught.value.faults


def test_two_files_are_enough_for_a_city(tmp_path: Path) -> None:
    city = load_city(write(tmp_path))
    assert (city.root, city.name, city.timezone) == ("1", "小城", "Asia/Shanghai")
    assert city.limits.silent_after_s == 300
    assert city.roster == {}


def test_a_folder_without_a_city_says_so(tmp_path: Path) -> None:
    assert any("city.yaml:1" in fault and "make" in fault for fault in faults_of(tmp_path))


def test_all_faults_of_all_files_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    regions = (
        "code,name,level,parent,kind,valid_from,valid_to\n"
        "1,小城,street,,,,\n"
        "101,一号,grid,1,odd,,\n"
        "101,一号,grid,1,,,\n"
        "102,二号,gird,1,,,\n"
        "103,三号,grid,9,,,\n"
        "104,四号,grid,101,,,\n"
        "105,五号,grid,1,,2024-02-30,\n"
        "106,六号,grid,1,,2024-03-02,2024-03-01\n"
        "107,七号,grid,1,,\n"
        "108,,grid,1,,,\n"
    )
    yaml = YAML + "timezone: Asia/Shanghia\nlimits: {silent_after_s: soon}\ncolour: red\n"
    roster = (
        "worker,name,role,tier,region,devices\n"
        "W1,陈丽,full,1,101,a;b\n"
        "W1,陈丽,full,1,101,\n"
        "W2,黄伟,boss,1,101,a\n"
        "W3,何敏,full,x,999,\n"
    )
    departments = "key,name\nd1,市政\nd1,环卫\n"
    matters = "key,name,parent,department,limit_hours\n1,占道,,d9,4\n2,井盖,7,d1,soon\n"
    calendar = "date,working\n2024-10-32,1\n2024-10-01,maybe\n"
    feeds = "feed,name,lon,lat,region\nf1,路口,213.1,23,101\nf2,桥头,113.1,23,777\n"
    bow_tie = '{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}'
    outlines = collection(
        feature("101", bow_tie), feature("102", '{"type":"Point","coordinates":[1,2]}'), square("555", 1, 2)
    )
    folder = write(
        tmp_path, city=yaml, regions=regions, roster=roster, departments=departments, matters=matters, calendar=calendar,
        feeds=feeds, outlines=outlines,
    )  # fmt: skip
    faults = faults_of(folder)
    for where, what in (
        ("city.yaml:7:", "Asia/Shanghia"),
        ("city.yaml:8:", "silent_after_s"),
        ("city.yaml:9:", "colour"),
        ("regions.csv:3:", "'odd'"),
        ("regions.csv:4:", "101"),
        ("regions.csv:5:", "'gird'"),
        ("regions.csv:6:", "parent 9"),
        ("regions.csv:7:", "higher level"),
        ("regions.csv:8:", "2024-02-30"),
        ("regions.csv:9:", "2024-03-01"),
        ("regions.csv:10:", "6 cells"),
        ("regions.csv:11:", "empty"),
        ("roster.csv:3:", "W1"),
        ("roster.csv:4:", "'boss'"),
        ("roster.csv:4:", "device a"),
        ("roster.csv:5:", "'999'"),
        ("roster.csv:5:", "'x'"),
        ("departments.csv:3:", "d1"),
        ("matters.csv:2:", "d9"),
        ("matters.csv:3:", "'7'"),
        ("matters.csv:3:", "soon"),
        ("calendar.csv:2:", "2024-10-32"),
        ("calendar.csv:3:", "maybe"),
        ("feeds.csv:2:", "213.1"),
        ("feeds.csv:3:", "'777'"),
        ("regions.geojson:2:", "Self-intersection"),
        ("regions.geojson:3:", "102"),
        ("regions.geojson:4:", "555"),
    ):
        assert any(fault.startswith(where) and what in fault for fault in faults), f"{where} {what}\n" + "\n".join(faults)
    errors, warnings = check_city(folder)
    assert errors == faults
    assert warnings == []


def test_a_circle_of_parents_is_told_once(tmp_path: Path) -> None:
    regions = "code,name,level,parent\n1,小城,street,\n2,甲,grid,3\n3,乙,grid,2\n"
    circles = [fault for fault in faults_of(write(tmp_path, regions=regions)) if "circle" in fault]
    assert circles == ["regions.csv:3: 2 → 3 → 2 is a circle: one of them needs another parent"]


def test_only_one_region_may_be_without_a_parent(tmp_path: Path) -> None:
    faults = faults_of(write(tmp_path, regions="code,name,level,parent\n1,小城,street,\n2,大城,street,\n"))
    assert faults == ["regions.csv:3: 2 has no parent, like 1: only the root has none"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    assert faults_of(write(tmp_path, regions="code,level\n1,street\n"))[0].startswith("regions.csv:1: has no column name")


def test_a_file_in_another_encoding_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "roster.csv").write_bytes("worker,name,role,region\nW1,陈丽,full,101\n".encode("gb18030"))
    assert faults_of(folder)[0].startswith("roster.csv:1: is not UTF-8")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "code: [", "just words"])
def test_a_broken_city_file_is_a_fault_and_no_crash(tmp_path: Path, text: str) -> None:
    assert faults_of(write(tmp_path, city=text))


@pytest.mark.parametrize("text", ["{", "[]", '{"features": 3}', "null"])
def test_a_broken_outline_file_is_a_fault_and_no_crash(tmp_path: Path, text: str) -> None:
    assert faults_of(write(tmp_path, outlines=text))[0].startswith("regions.geojson:1:")


def test_files_saved_by_a_spreadsheet_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "regions.csv").write_bytes(b"\xef\xbb\xbf" + REGIONS.replace("\n", "\r\n").encode())
    assert len(load_city(tmp_path).regions) == 3


def test_a_leaf_without_an_outline_is_a_warning(tmp_path: Path) -> None:
    errors, warnings = check_city(write(tmp_path, outlines=collection(square("101", 113.0, 113.1))))
    assert errors == []
    assert [w for w in warnings if "102" in w and "no outline" in w]


def test_grids_that_overlap_are_a_warning(tmp_path: Path) -> None:
    shapes = collection(square("101", 113.0, 113.1), square("102", 113.09, 113.2))
    _, warnings = check_city(write(tmp_path, outlines=shapes))
    assert len(warnings) == 1
    assert "101 and 102 overlap" in warnings[0]


def test_a_hole_between_grids_and_a_grid_outside_its_parent_are_warnings(tmp_path: Path) -> None:
    shapes = collection(square("1", 113.0, 113.2), square("101", 113.0, 113.1), square("102", 113.11, 113.21))
    _, warnings = check_city(write(tmp_path, outlines=shapes))
    assert any("lie in none of its parts" in w for w in warnings)
    assert any("lie outside it" in w for w in warnings)


def test_grids_that_touch_are_no_warning(tmp_path: Path) -> None:
    shapes = collection(square("1", 113.0, 113.2), square("101", 113.0, 113.1), square("102", 113.1, 113.2))
    assert check_city(write(tmp_path, outlines=shapes)) == ([], [])
