"""scenes.yaml: what it means, and what `check` says of a wrong one, all of it at once."""

from pathlib import Path

import pytest

from config.city_files import Faults
from config.panels import MAP, PANELS, STEPS
from config.scenes import Scenes, read_scenes, shipped

ONE = "scenes:\n  mine:\n    name: 我的\n    columns: {s1: [loop rate, map, over]}\n"


def read(folder: Path, text: str) -> tuple[Scenes, list[str]]:
    (folder / "scenes.yaml").write_text(text, encoding="utf-8")
    faults = Faults()
    return read_scenes(folder, {"02", "0203"}, faults), faults.errors


def test_the_shipped_scenes_fill_every_step_and_show_every_panel() -> None:
    scenes = shipped()
    assert {"overview", "force", "cases", "supervise", "video", "emergency"} == set(scenes.scenes)
    assert set(scenes.turn) <= set(scenes.scenes) and scenes.emergency.scene not in scenes.turn
    shown = {name for scene in scenes.scenes.values() for name in scene.panels}
    assert shown == set(PANELS)
    for scene in scenes.scenes.values():
        assert tuple(scene.columns) == STEPS
        for columns in scene.columns.values():
            assert sum(column.panels == (MAP,) for column in columns) == 1
    counts = {step: [len(scene.columns[step]) for scene in scenes.scenes.values()] for step in STEPS}
    assert max(counts["s2"]) == 3 and max(counts["s3"]) >= 5 and max(counts["s4"]) >= 7


def test_a_city_without_a_file_has_the_shipped_scenes(tmp_path: Path) -> None:
    assert read_scenes(tmp_path, (), Faults()) is shipped()


def test_a_citys_file_stands_over_the_shipped_one(tmp_path: Path) -> None:
    scenes, errors = read(tmp_path, ONE + "  video: null\nturn: [mine, overview]\nturn_s: 30\nemergency: {matters: ['0203']}\n")
    assert errors == []
    assert "video" not in scenes.scenes and scenes.turn == ("mine", "overview") and scenes.turn_s == 30
    assert scenes.pause_s == shipped().pause_s and scenes.emergency.matters == ("0203",) and scenes.emergency.urgent
    mine = scenes.scenes["mine"]
    assert mine.name_en == "我的" and mine.columns["s5"] == mine.columns["s1"] and mine.columns["s1"][1].panels == (MAP,)
    assert {"stages", "closure", "urgent"} <= set(mine.parts)


def test_a_width_stands_behind_a_panel(tmp_path: Path) -> None:
    scenes, errors = read(tmp_path, ONE.replace("over]", "over*1.5 force]"))
    assert errors == []
    assert [column.width for column in scenes.scenes["mine"].columns["s1"]] == [1.0, 1.0, 1.5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE.replace("loop", "lop"), "scenes.yaml:1: scenes: mine: s1: there is no panel 'lop'"),
        (ONE.replace("over", "loop"), "s1: 'loop' stands there twice"),
        (ONE.replace("map, ", ""), "s1: one column must be 'map' alone"),
        (ONE.replace("over", "over*9"), "s1: 'over*9' is empty, or its width is not between 0.5 and 6"),
        (ONE.replace("over", "over*x"), "s1: 'over*x' is empty, or its width is not between"),
        (ONE.replace("s1:", "s7:"), "columns: 's7' is none of s1, s2, s3, s4, s5"),
        (ONE.replace("name: 我的", "title: 我的"), "mine: Object contains unknown field `title`"),
        (ONE + "turn: [yours]\n", "scenes.yaml:5: turn: 'yours' is none of the scenes"),
        ("turn_s: 1\n", "scenes.yaml:1: Expected `int` >= 10 - at `$.turn_s`"),
        ("emergency: {scene: none}\n", "emergency: 'none' is none of the scenes"),
        ("emergency: {matters: ['99']}\n", "emergency: '99' is no matter of matters.csv"),
        ("emergency: {matter: ['0203']}\n", "Object contains unknown field `matter`"),
        ("scene: {}\n", "Object contains unknown field `scene`"),
        ("- a\n", "must be a mapping with turn"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    scenes, errors = read(tmp_path, text)
    assert any(says in error for error in errors), errors
    assert scenes == shipped()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    _, errors = read(tmp_path, ONE.replace("loop", "lop").replace("over", "ober") + "turn: [yours]\n")
    assert len(errors) == 3


def test_a_link_may_be_bound_to_some_scenes() -> None:
    bound = shipped().of(("force", "emergency"))
    assert set(bound.scenes) == {"force", "emergency"} and bound.turn == ("force",)
    assert shipped().of(()) is shipped()
    assert shipped().of(("video",)).turn == ("video",)
