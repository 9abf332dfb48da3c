"""The city's template and its routing.csv: what they mean, and what `check` says of a wrong one."""

from pathlib import Path

import pytest

from config.city import check_city, load_city
from domain.routing import route
from domain.states import Order
from tests.config.test_city_faults import REGIONS, YAML, faults_of, write

DEPARTMENTS = "key,name\nd1,市政\nd2,环卫\n"
MATTERS = (
    "key,name,parent,department,limit_hours\n01,市容,,d2,8\n0101,暴露垃圾,01,,\n0102,占道经营,01,d1,4\n02,其他,,,\n"
)
ROUTING = (
    "rule,matter,region,source,department,level,auto\n"
    "hotline rubbish,0101,101,12345,d1,street,dispatch\n"
    "street order,市容,101,,d2,,accept\n"
    "hotline,,,12345,,street,\n"
)


def folder_of(tmp_path: Path, **files: str) -> Path:
    return write(tmp_path, departments=DEPARTMENTS, matters=MATTERS, **files)


@pytest.mark.parametrize(("category", "region", "channel", "rule"), [
    ("0101", "101", "12345", "hotline rubbish"),
    ("暴露垃圾", "101", "12345", "hotline rubbish"),
    ("0101", "101", "app", "street order"),
    ("占道经营", "101", "", "street order"),
    ("0102", "102", "12345", "hotline"),
    ("0102", "102", "app", "matter 0102"),
    ("0101", "102", "app", "matter 01"),
    ("02", "101", "app", ""),
])  # fmt: skip
def test_the_first_row_that_fits_counts_then_the_matter_s_own_department(
    tmp_path: Path, category: str, region: str, channel: str, rule: str
) -> None:
    city = load_city(folder_of(tmp_path, routing=ROUTING))
    found = route(Order(order="O", category=category, region=region, channel=channel), city.routes)
    assert (found.rule if found else "") == rule


@pytest.mark.parametrize(("category", "department"), [("0101", "d2"), ("0102", "d1"), ("02", ""), ("", "")])
def test_a_row_without_a_department_means_that_of_the_matter(tmp_path: Path, category: str, department: str) -> None:
    city = load_city(folder_of(tmp_path, routing=ROUTING))
    found = route(Order(order="O", category=category, region="102", channel="12345"), city.routes)
    assert found is not None and (found.rule, found.department, found.level) == ("hotline", department, "street")


def test_a_limit_is_the_matter_s_own_or_its_parent_s(tmp_path: Path) -> None:
    city = load_city(folder_of(tmp_path))
    hours = [(city.limit_ms(name) or 0) // 3_600_000 for name in ("占道经营", "0101", "暴露垃圾", "02", "无")]
    assert hours == [4, 8, 8, 0, 0]


@pytest.mark.parametrize(("row", "fault"), [
    ("a,0909,,,d1,,", "'0909'"),
    ("a,,909,,d1,,", "'909'"),
    ("a,,,,d9,,", "'d9'"),
    ("a,,,,d1,planet,", "'planet'"),
    ("a,,,,d1,,always", "'always'"),
    ("a,,,,,,dispatch", "needs a department"),
    (",,,,d1,,", "empty"),
])  # fmt: skip
def test_a_wrong_rule_is_told_with_its_line(tmp_path: Path, row: str, fault: str) -> None:
    head = ROUTING.splitlines()[0]
    faults = faults_of(folder_of(tmp_path, routing=f"{head}\n{row}\n"))
    assert [told for told in faults if told.startswith("routing.csv:2:") and fault in told], faults


def test_a_rule_that_never_fires_and_one_for_a_step_that_is_left_out(tmp_path: Path) -> None:
    late = ROUTING + "late,0101,101,12345,d1,,\n"
    _, warnings = check_city(folder_of(tmp_path, routing=late))
    assert any(told.startswith("routing.csv:5: late never fires: hotline rubbish (line 2)") for told in warnings), warnings
    short = YAML + "workflow: {leave_out: [accepted]}\n"
    assert any("leaves that step out" in told for told in faults_of(folder_of(tmp_path, city=short, routing=ROUTING)))


@pytest.mark.parametrize(("workflow", "fault"), [
    ("{leave_out: [closed]}", "no order can ever be closed"),
    ("{leave_out: [approved]}", "'approved'"),
    ("{two_axis: true}", "two_axis"),
    ("{evaluate: never}", "never"),
    ("{who: {close: [boss]}}", "'boss'"),
])  # fmt: skip
def test_a_wrong_template_is_told_with_its_line(tmp_path: Path, workflow: str, fault: str) -> None:
    faults = faults_of(write(tmp_path, city=f"{YAML}workflow: {workflow}\n", regions=REGIONS))
    assert [told for told in faults if told.startswith("city.yaml:7:") and fault in told], faults


def test_a_template_of_the_city_s_own(tmp_path: Path) -> None:
    told = "workflow: {two_axes: true, evaluate: after, leave_out: [verifying], who: {close: [duty_chief]}}\n"
    city = load_city(write(tmp_path, city=YAML + told))
    assert city.workflow.two_axes and city.workflow.evaluate == "after" and city.workflow.who["close"] == ("duty_chief",)
