"""The proposed mapping: it always loads, tells what it could not place, and finds in real tables what people found."""

import csv
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from domain.lifecycle import STATUSES
from ingest.mapping import MappingErrors, load_mapping, make_mapping
from ingest.proposal import propose
from ingest.proposalwords import FIELDS, STATES, TIMES, WORDS
from ingest.tables import OrderTable
from ingest.tabular import Reject
from tests.shared_data import data

MAPPINGS = Path(__file__).parents[1] / "mappings"

CASES = """桂城街道工单导出
案件编号,诉求来源,上报时间,问题类别,所属社区,承办单位,事发地址,经度,纬度,办结时间,工单状态
A1,12345热线,2026/11/20 9:05,垃圾,平西社区,环卫所,南海大道,113.15,23.03,2026/11/20 16:40,已结案
A2,网格员上报,2026/11/21 10:00,井盖,叠北社区,市政所,-,,,,处置中
A3,微信,2026/11/21 11:30,噪声,桂园社区,城管,-,113.16,23.04,,转办第三方
A4,微信,2026/11/22 11:30,噪声,桂园社区,城管,-,113.16,23.04,,已结案
A5,微信,2026/11/22 11:30,噪声,桂园社区,城管,-,113.16,23.04,,作废
"""


def test_a_chinese_table_in_gbk_with_a_title_is_proposed_whole(tmp_path: Path) -> None:
    file = tmp_path / "工单.csv"
    file.write_bytes(CASES.encode("gbk"))
    found = propose(file, "Asia/Urumqi")
    told = yaml.safe_load(found.text)
    assert (found.rows, found.told, found.lacks, told["zone"], told["missing"]) == (5, 5, (), "Asia/Urumqi", ["-"])
    assert told["fields"] == {
        "order": "案件编号", "channel": "诉求来源", "category": "问题类别", "department": "承办单位", "region": "所属社区",
        "lon": "经度", "lat": "纬度", "address": "事发地址",
    }  # fmt: skip
    assert {"status": "closed", "when": {"工单状态": ["已结案"]}, "at": "办结时间"} in told["events"]
    assert '# 工单状态 "转办第三方" (1 rows): which status?' in found.text
    made = tmp_path / "m.yaml"
    made.write_text(found.text, encoding="utf-8")
    events = [one[1] for one in OrderTable(file, load_mapping(made)).events() if not isinstance(one, Reject)]
    closed = {event["order"]: event for event in events if event["status"] == "closed"}
    assert closed["A1"]["at"] == "2026-11-20T10:40:00.000Z" and closed["A4"]["at_unknown"] is True  # Urumqi is two hours behind
    assert [event["order"] for event in events if event["status"] == "void"] == ["A5"]


def test_of_a_workbook_with_many_sheets_it_says_which_it_looked_at(tmp_path: Path) -> None:
    book = Workbook()
    for name in ("工单", "说明"):
        sheet = book.create_sheet(name)
        for row in csv.reader(CASES.splitlines()[1:]):
            sheet.append(row)
    file = tmp_path / "工单.xlsx"
    book.save(file)
    (note,) = propose(file, "Asia/Shanghai").notes
    assert "sheet 工单 of" in note and "--sheet names another" in note


def test_day_and_month_that_could_be_exchanged_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("case id,created\n1,01/05/2026 09:00\n2,02/05/2026 10:00\n")
    assert "or is it day/month" in propose(file, "UTC").text
    file.write_text("case id,created\n1,01/05/2026 09:00\n2,02/25/2026 10:00\n")
    found = propose(file, "UTC")
    assert "day/month" not in found.text and yaml.safe_load(found.text)["times"] == ["%m/%d/%Y %H:%M"]
    file.write_text("case id,created\n1,25/02/2026 09:00\n2,01/05/2026 10:00\n")
    assert yaml.safe_load(propose(file, "UTC").text)["times"] == ["%d/%m/%Y %H:%M"]


def test_what_is_not_found_is_asked_for_in_the_proposal(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("colour,size\nred,3\nblue,4\n")
    found = propose(file, "UTC")
    assert found.lacks == ("order", "reported") and found.told == 0
    assert "which column has the number of the order" in found.text and "not used: colour, size" in found.text


@pytest.mark.parametrize(
    ("folder", "file", "by"),
    [
        ("events-la2017", "MyLA311_Service_Request_Data_2017_Subset.csv", "losangeles"),
        ("events-nyc311", "311_nyc_sample.csv", "newyork"),
    ],
)
def test_real_tables_are_understood_as_people_understood_them(folder: str, file: str, by: str, tmp_path: Path) -> None:
    path = data(folder) / file
    (tmp_path / "m.yaml").write_text(propose(path, "UTC").text, encoding="utf-8")
    ours, theirs = load_mapping(tmp_path / "m.yaml"), load_mapping(MAPPINGS / f"{by}.yaml", zone="UTC")
    told = []
    for mapping in (ours, theirs):
        events = [one[1] for one in OrderTable(path, mapping).events() if not isinstance(one, Reject)]
        told.append({(one["order"], one["status"], one["at"]) for one in events})
    assert told[0] == told[1]


def test_the_words_are_those_of_the_life_cycle_and_each_means_one_thing() -> None:
    assert set(WORDS) <= set(STATUSES) and set(TIMES) - {"updated"} <= set(STATUSES)
    words = [word for of in WORDS.values() for word in of]
    assert len(words) == len(set(words)) and all(word == word.lower() for word in words)
    for table in (FIELDS, TIMES):
        names = [name for of in table.values() for name in of]
        assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    assert len(STATES) == len(set(STATES))


heads = st.sampled_from(
    ["编号", "状态", "上报时间", "办结时间", "经度", "a: b", '"', "#", "{x}", "- y", "是", "null", "1", "'", "状态\n"]
)
contents = st.sampled_from(["", "-", "已结案", "2026/11/20 9:05", "113.5", '"', "处置中", "真的?: {", "yes", "1e5", "\\", "𝛼"])


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(head=st.lists(heads, min_size=1, max_size=8), rows=st.lists(st.lists(contents, min_size=1, max_size=8), max_size=6))
def test_a_proposal_is_always_yaml_and_a_mapping_unless_it_says_what_it_lacks(
    tmp_path: Path, head: list[str], rows: list[list[str]]
) -> None:
    file = tmp_path / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([head, *(row[: len(head)] for row in rows)])
    found = propose(file, "Asia/Shanghai")
    told = yaml.safe_load(found.text)
    try:
        make_mapping(told | {"events": told["events"] or []})
    except MappingErrors:
        assert found.lacks
