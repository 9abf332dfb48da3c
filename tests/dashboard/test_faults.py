"""What fails says so, and fails alone: parts of the figures, and what the process remembers of its faults."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from config.city import City
from config.faults import KINDS, MOST, OVER_AFTER_MS, Faults
from config.panels import PANELS
from dashboard import figures as telling
from dashboard.figures import Memories, Memory, figures
from dashboard.live import said
from dashboard.live.shared import SharedFigures
from dashboard.wall import best
from dashboard.wall.parts import PARTS
from tests.dashboard.halls import NOW, FakeStore, feed, hall_of, order, worker

EVERY = tuple(name for name in PARTS if name not in ("colour", "alarm"))


def broken(_on: Any, _argument: str) -> Any:
    raise ZeroDivisionError("nobody thought of it")


@pytest.mark.parametrize("name", EVERY)
def test_a_part_that_fails_takes_no_other_with_it(city: City, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hall = hall_of(city, order("a"), worker("W1"), feed("F1"))
    whole = figures(hall, "", "today", NOW, parts=EVERY)
    monkeypatch.setitem(telling.PARTS, name, broken)
    found = figures(hall, "", "today", NOW, parts=EVERY)
    assert set(found["faults"]) == {name}
    assert found["faults"][name]["good_ms"] is None and len(found["faults"][name]["reference"]) == 6
    others = {key for part in EVERY if part != name for key in figures(hall, "", "today", NOW, parts=[part])}
    assert others <= set(found)
    assert {key: found[key] for key in ("region", "period", "age")} == {key: whole[key] for key in ("region", "period", "age")}


def test_what_could_be_counted_last_stands_with_its_time_until_it_can_be_again(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall, memory = hall_of(city, order("a")), Memory()
    first = figures(hall, "", "today", NOW, memory=memory)
    with monkeypatch.context() as while_it_fails:
        while_it_fails.setitem(telling.PARTS, "urgent", broken)
        hall.apply([("order", order("b", version=2))], NOW)
        found = figures(hall, "", "today", NOW + 5000, memory=memory)
        assert found["faults"]["urgent"]["good_ms"] == NOW
        assert found["urgent"] == first["urgent"] and found["urgent_total"] == first["urgent_total"]
        assert found["counters"] != first["counters"], "the others go on"
    assert "faults" not in figures(hall, "", "today", NOW + 9000, memory=memory)


def test_without_a_ground_every_part_says_so_and_keeps_what_it_had(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, memory = hall_of(city, order("a")), Memory()
    figures(hall, "", "month", NOW, memory=memory)

    def no_calendar(*_of: Any) -> None:
        raise ValueError("day is out of range for month")

    monkeypatch.setattr(telling, "Ground", no_calendar)
    found = figures(hall, "", "month", NOW + 1000, memory=memory)
    assert set(found["faults"]) == set(telling.OVERVIEW)
    assert len({fault["reference"] for fault in found["faults"].values()}) == 1
    assert found["counters"] and found["age"], "what was counted last, and what needs no calendar"


def test_a_fault_is_no_reason_to_compute_nothing_or_to_forget_the_look(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, memories = hall_of(city, order("a")), Memories()
    shared = SharedFigures(lambda key: figures(hall, key, "today", memory=memories.of(key)), lambda: hall.version)
    shared.get("")
    shared.work()
    well = shared.get("")
    monkeypatch.setitem(telling.PARTS, "trend", broken)
    hall.apply([("order", order("b", version=2))], NOW)
    monkeypatch.setattr("dashboard.live.shared.SPACING_S", 0.0)
    shared.work()
    ill = shared.get("")
    assert well is not None and ill is not None and well.digest != ill.digest, "a screen is told of it at once"
    assert ill.value["faults"]["trend"]["good_ms"] == NOW


def test_the_memories_of_looks_are_bounded() -> None:
    memories = Memories()
    first = memories.of("a")
    first["counters"] = (1, {})
    for number in range(telling.MOST_LOOKS - 1):
        memories.of(number)
    assert memories.of("a") is first, "asked for again, it is young again"
    for number in range(telling.MOST_LOOKS):
        memories.of(number)
    assert memories.of("a") == {}


def test_a_ranking_that_fails_is_a_fault_until_one_succeeds(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, memory = hall_of(city, order("a")), Memory()

    def ask(now_ms: int) -> dict[str, Any]:
        figures(hall, "", "today", now_ms, parts=["top"], memory=memory)
        best.settle()
        return figures(hall, "", "today", now_ms, parts=["top"], memory=memory)

    good = ask(NOW)
    assert good["top"]["scores"] == [] or good["top"]["scores"]
    with monkeypatch.context() as failing:
        failing.setattr(best, "ranking", broken)
        failing.setattr(best, "chosen", lambda city: {"x": "worker"})
        found = ask(NOW + 2 * best.FRESH_MS)
        assert found["faults"]["top"]["good_ms"] is not None and found["top"] == good["top"]
    assert "faults" not in ask(NOW + 4 * best.FRESH_MS)


def test_every_part_that_a_panel_needs_can_fail_alone() -> None:
    assert {part for panel in PANELS.values() for part in panel.parts} <= set(PARTS), "a panel names parts by their names"


def test_every_refusal_of_the_live_link_is_known_to_the_screen() -> None:
    root = Path(__file__).resolve().parents[2]
    live = "".join(file.read_text(encoding="utf-8") for file in (root / "dashboard" / "live").glob("*.py"))
    codes = set(re.findall(r'(?:Refused|_refusal)\("(\w+)"', live)) | set(re.findall(r'"(bad_\w+)"', live))
    assert len(codes) >= 5
    assert codes <= set(said.REFUSALS)
    script = (root / "assets" / "js" / "20_live.js").read_text(encoding="utf-8")
    (known,) = re.findall(r"OF_WATCH = new Set\(\[([^\]]*)\]\)", script)
    assert re.findall(r'"(\w+)"', known) == list(said.REFUSED_WATCH)


def test_a_hall_that_reads_a_partition_anew_is_catching_up_and_one_that_starts_is_not(city: City) -> None:
    hall = hall_of(city, store=FakeStore())
    hall.store.partitions = 2  # type: ignore[union-attr]
    assert not hall.catching_up, "it is starting"
    hall.ready.set()
    hall._positions.update({0: ("1-0", 1), 1: ("1-0", 1)})
    assert not hall.catching_up
    hall._positions.pop(1)
    assert hall.catching_up


class Clock:
    now_ms = NOW

    def __call__(self) -> int:
        return self.now_ms


def test_a_fault_is_told_once_per_outage_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    faults = Faults(clock)

    def fail() -> str:
        try:
            broken(None, "")
        except ZeroDivisionError as error:
            return faults.tell("page", "/worker", error).reference
        return ""

    with caplog.at_level(logging.ERROR):
        first = [fail() for _ in range(5)]
        clock.now_ms += OVER_AFTER_MS
        again = fail()
    assert len(set(first)) == 1 and again != first[0]
    assert [first[0] in record.getMessage() for record in caplog.records] == [True, False]
    assert "nobody thought of it" in caplog.text, "with its traceback"
    assert faults.counts["page"] == 6 and faults.open() == {"page": 1}
    assert [(fault.times, fault.where) for fault in faults.listed()] == [(1, "/worker")]


def test_the_same_words_from_two_places_are_two_faults_and_their_number_is_bounded() -> None:
    faults = Faults(Clock())
    for number in range(2 * MOST):
        faults.tell("figures", f"part {number}", ValueError("x"))
    assert len(faults.listed()) == MOST and faults.counts["figures"] == 2 * MOST
    assert set(faults.counts) == set(KINDS), "each kind is counted from the start"


def test_what_a_browser_tells_is_one_short_line() -> None:
    fault = Faults(Clock()).tell_browser("panel top", "x\nfault AAAAAA: page /" + "y" * 5000)
    assert "\n" not in fault.cause and len(fault.cause) <= 300
