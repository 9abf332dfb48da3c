"""evaluation.yaml of a city: examples without it, what it may say, and every fault of it told at once."""

from pathlib import Path

import pytest

from config.city import City, check_city, load_city
from domain.scores import GradeBand, Part, examples
from domain.variants import CHOICES, USUAL, Variants, chosen
from tests.config.test_city_faults import faults_of, write


def city_of(folder: Path, told: str, **files: str) -> City:
    write(folder, **files)
    (folder / "evaluation.yaml").write_text(told, encoding="utf-8")
    return load_city(folder)


def told_faults(folder: Path, told: str) -> list[str]:
    write(folder)
    (folder / "evaluation.yaml").write_text(told, encoding="utf-8")
    return faults_of(folder)


def test_a_city_that_says_nothing_has_the_examples_for_its_own_levels(tmp_path: Path) -> None:
    evaluation = load_city(write(tmp_path)).evaluation
    assert evaluation.scores == examples(("street", "grid"))
    assert "grid" in evaluation.scores and "street" not in evaluation.scores and "community" not in evaluation.scores
    assert [band.key for band in evaluation.bands] == ["A", "B", "C", "D", "E"]
    assert evaluation.variants == USUAL


def test_what_a_city_says_takes_the_place_of_the_examples(tmp_path: Path) -> None:
    evaluation = city_of(
        tmp_path,
        """
variants: {rework_rate: handle_due, close_due: registered, patrol: [网格员上报, 志愿者]}
grades: {及格: 60, 优: 90, 差: 0}
scores:
  worker: {min_base: 20}
  dispatcher: null
  volunteer:
    by: reporter
    parts:
      - {figure: registered, weight: 30, points: [[10, 100], [1, 50]]}
      - {figure: missed_rate, weight: 70, inverted: true, by: own_grid}
""",
    ).evaluation
    variants = evaluation.variants
    assert (variants.rework_rate, variants.close_due) == ("handle_due", "registered")
    assert variants.patrol == frozenset(("网格员上报", "志愿者")) and variants.public == USUAL.public
    assert chosen(variants) == {"close_due": "registered", "rework_rate": "handle_due", "patrol": "own"}
    assert evaluation.bands == (GradeBand("优", 90), GradeBand("及格", 60), GradeBand("差", 0))
    example = examples(("street", "grid"))
    assert evaluation.scores["worker"].min_base == 20 and evaluation.scores["worker"].parts == example["worker"].parts
    assert "dispatcher" not in evaluation.scores
    assert evaluation.scores["volunteer"].parts == (
        Part("registered", 30, points=((10, 100), (1, 50))),
        Part("missed_rate", 70, inverted=True, by="own_grid"),
    )


def test_every_fault_of_the_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    faults = told_faults(
        tmp_path,
        """variants:
  rework_rate: half
  reword_rate: handled
  patrol: 12345
grades: {A: 90, B: 90, C: "60", D: 140}
scores:
  worker: {by: nobody, min_base: -1, colour: red}
  grid:
    parts:
      - {figure: closure_rate, weight: 50}
      - {figure: open_rate, weight: 49}
  chief:
    by: registered_by
    parts:
      - {figure: closure_rat, weight: 10}
      - {figure: closed, weight: 10}
      - {figure: closure_rate, weight: 10, points: [[1, 5]]}
      - {figure: closed, weight: 10, inverted: true, points: [[1, 500]]}
      - {figure: open_rate, weight: 0, by: moon}
      - {figure: open_rate, share: 10}
  empty: {by: level:grid}
more: 1
""",
    )
    wanted = (
        (1, "variants: rework_rate: 'half' is none of handled, handle_due"),
        (1, "variants: 'reword_rate' is none of close_due, on_time_closure_rate"),
        (1, "variants: patrol: must be a list of names"),
        (5, "grades: C: '60' is no whole number from 0 to 100"),
        (5, "grades: D: 140 is no whole number"),
        (5, "grades: two grades begin at the same score"),
        (6, "scores: worker: by: 'nobody' is none of source"),
        (6, "scores: worker: min_base: -1 is no whole number from 0"),
        (6, "scores: worker: 'colour' is none of by, min_base, parts"),
        (6, "scores: grid: the weights add up to 99, not to 100"),
        (6, "scores: chief: part 1: 'closure_rat' is no figure"),
        (6, "scores: chief: part 2: closed is a count: say how many points it gives"),
        (6, "scores: chief: part 3: closure_rate is a rate: points are for counts"),
        (6, "scores: chief: part 4: points are not inverted"),
        (6, "scores: chief: part 4: points are pairs [from this count on, 0 to 100]"),
        (6, "scores: chief: part 5: weight 0 is no whole number from 1 to 100"),
        (6, "scores: chief: part 5: by: 'moon' is none of source"),
        (6, "scores: chief: part 6: Object "),
        (6, "scores: empty: parts are missing: list {figure, weight}"),
        (22, "'more' is none of variants, grades, scores"),
    )
    for line, text in wanted:
        assert any(fault.startswith(f"evaluation.yaml:{line}: {text}") for fault in faults), (line, text, faults)
    assert len(faults) == len(wanted)
    assert check_city(tmp_path)[0] == faults, "app.py check tells the same"


@pytest.mark.parametrize(
    "told", ["[]", "variants: [1]", "scores: 5", "grades: x", "scores: {worker: [1]}", "a: [", "scores: {worker: {parts: 5}}"]
)
def test_a_file_of_another_form_is_a_fault_and_no_accident(tmp_path: Path, told: str) -> None:
    assert all(fault.startswith("evaluation.yaml:1: ") for fault in told_faults(tmp_path, told))


def test_the_lowest_grade_begins_at_0_so_that_every_score_has_one(tmp_path: Path) -> None:
    assert told_faults(tmp_path, "grades: {A: 90, B: 10}") == ["evaluation.yaml:1: grades: the lowest grade must begin at 0"]


def test_levels_that_resolve_are_levels_of_the_city(tmp_path: Path) -> None:
    assert told_faults(tmp_path, "variants: {grid: [grid], town: [street, borough]}") == [
        "evaluation.yaml:1: variants: town: 'borough' is no level of city.yaml"
    ]


def test_a_figure_stands_in_a_score_once(tmp_path: Path) -> None:
    parts = "[{figure: closure_rate, weight: 50}, {figure: closure_rate, weight: 50, by: department}]"
    faults = told_faults(tmp_path, f"scores: {{grid: {{parts: {parts}}}}}")
    assert any("closure_rate stands there twice" in fault for fault in faults)


def test_every_choice_that_may_be_made_is_one_of_the_variants_and_its_default_comes_first() -> None:
    for field, choices in CHOICES.items():
        assert getattr(USUAL, field) == choices[0] and len(set(choices)) > 1
        assert all(chosen(Variants(**{field: choice})) == {field: choice} for choice in choices[1:])  # type: ignore[arg-type]


def test_which_matters_are_components_comes_down_the_tree_of_matters(tmp_path: Path) -> None:
    matters = (
        "key,name,name_en,parent,kind\n1,部件,Components,,component\n11,井盖,Manhole,1,\n"
        "12,井盖异响,Noise,1,event\n2,市容,Looks,,\n"
    )
    city = load_city(write(tmp_path, matters=matters))
    assert city.evaluation.variants.components == frozenset(("1", "部件", "Components", "11", "井盖", "Manhole"))
    assert [city.kind_of(name) for name in ("井盖", "12", "2", "Looks", "别的")] == ["component", "event", "event", "event", ""]
    assert city.part("101").evaluation == city.evaluation
    bad = matters.replace("component\n", "thing\n")
    (tmp_path / "matters.csv").write_text(bad, encoding="utf-8")
    assert faults_of(tmp_path) == ["matters.csv:2: 1: kind 'thing' is not one of event, component"]
