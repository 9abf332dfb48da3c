"""`hotline:` of evaluation.yaml: what a city says of its hotline."""

import shutil
from pathlib import Path

import pytest

from config.city import City, CityErrors, load_city
from config.words import words
from domain.counts import Filters, Slice
from domain.hotlinerules import Hotline
from domain.orderframe import orders_frame
from domain.states import Order
from domain.variants import chosen
from layouts.hotline import card

OWN = """
hotline:
  channels: ["12345", 微信公众号]
  praise: [表扬]
  satisfied: {satisfied: 100, very_satisfied: 100, fair: 50}
  standards: {connection_rate: 98, answered_in_15s_rate: 90}
  day_start: "12:00"
  completion_base: accepted
"""
MATTERS = "key,name,parent\n08,社情民意,\n0801,表扬,08\n080101,表扬网格员,0801\n080102,诉求,08\n"


def city_of(folder: Path, tmp_path: Path, evaluation: str) -> City:
    shutil.copytree(folder, tmp_path / "city")
    (tmp_path / "city" / "evaluation.yaml").write_text(evaluation, encoding="utf-8")
    (tmp_path / "city" / "matters.csv").write_text(MATTERS, encoding="utf-8")
    return load_city(tmp_path / "city")


def test_a_city_says_what_its_hotline_is(city_folder: Path, tmp_path: Path) -> None:
    variants = city_of(city_folder, tmp_path, OWN).evaluation.variants
    assert variants.hotline == Hotline(
        channels=frozenset(("12345", "微信公众号")), praise=frozenset(("表扬",)), day_start="12:00", completion_base="accepted",
        satisfied=(("very_satisfied", 100), ("satisfied", 100), ("fair", 50)),
        standards=(("connection_rate", 98), ("answered_in_15s_rate", 90)),
    )  # fmt: skip
    assert variants.praise == {"0801", "表扬", "080101", "表扬网格员"} and chosen(variants) == {"hotline": "own"}


def test_praise_is_a_matter_with_all_below_it_by_key_or_name(city_folder: Path, tmp_path: Path) -> None:
    made = city_of(city_folder, tmp_path, "grades: {A: 0}\n")
    told = ("080101", "表扬", "表扬工单", "080102", "诉求")
    frame = orders_frame([Order(order=f"O{n}", channel="12345", status="closed", category=word) for n, word in enumerate(told)])
    frame.attrs["variants"] = made.evaluation.variants
    s = Slice(frame, Filters(), 0)
    assert s.orders(s.mask("hotline_praise")) == ["O0", "O1", "O2"] and chosen(made.evaluation.variants) == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("channels: [12345]", "channels: must be a list of names"),
        ("praise: 表扬", "praise: must be a list of names"),
        ("satisfied: {glad: 100}", "satisfied: 'glad' is none of very_satisfied"),
        ("satisfied: {fair: 0.9}", "satisfied: fair: 0.9 is no whole number from 0 to 100"),
        ("standards: {connection_rate: 195}", "standards: connection_rate: 195 is no whole number"),
        ("standards: {calls: 95}", "standards: 'calls' is none of connection_rate"),
        ("day_start: 12:00", "day_start: 720 is no time of day"),
        ("completion_base: due", "completion_base: 'due' is none of valid, accepted"),
        ("colour: red", "'colour' is none of channels"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(city_folder: Path, tmp_path: Path, line: str, wrong: str) -> None:
    with pytest.raises(CityErrors) as told:
        city_of(city_folder, tmp_path, f"grades: {{A: 0}}\nhotline:\n  {line}\n")
    assert [fault for fault in told.value.faults if fault.startswith(f"evaluation.yaml:2: hotline: {wrong}")], told.value.faults


def test_the_card_says_when_a_day_of_calls_begins(city: City) -> None:
    told = {"totals": {}, "rates": {key: _rate() for key in ("connection_rate", "answered_in_15s_rate", "media_in_3min_rate")}}
    keys = ("hotline_valid", "hotline_praise", "hotline_response_rate", "hotline_solution_rate", "hotline_satisfaction_rate")
    figures = {key: {"numerator": 0, "denominator": 0, "shown": "—"} for key in keys}
    told |= {"day_start": "12:00"}
    data = {"told": told, "load": None, "figures": figures, "composite": None, "filters": {}, "as_of_ms": 0}
    assert "12:00" in str(card(city, words("zh"), "zh", data))


def _rate() -> dict[str, object]:
    return {"numerator": 0, "denominator": 0, "shown": "—", "word": "w", "what": "w", "standard": 95, "meets": None}
