"""Indicators as screens and programs get them: stages with their spread, readings of the city, new groupings; all openable."""

from typing import Any

import pytest

from config.city import City
from config.city_model import Matter
from config.words import LANGS, words
from dashboard.acting import timed_json
from dashboard.filters import BadQuery, read_query
from dashboard.indicators import SHOWN, indicators_of
from dashboard.query import order_ids
from domain import stints
from domain.clocks import given
from domain.indicators import DEFINITIONS, GROUPINGS
from domain.scores import Evaluation
from domain.states import Clock, Life, Order
from domain.variants import CHOICES, LISTS, Variants
from layouts.readings import words_of
from tests.dashboard.halls import DAY, EAST, HOUR, NOW, WEST, hall_of, order


def city_with(city: City, variants: Variants) -> City:
    matters = {"11": Matter("11", "井盖", kind="component"), "21": Matter("21", "占道经营")}
    return City(
        code=city.code, name=city.name, title=city.title, levels=city.levels, regions=city.regions, root=city.root,
        roster=city.roster, matters=matters, evaluation=Evaluation(variants=variants),
    )  # fmt: skip


def handled(name: str, left_ms: int, worked_s: int, **more: Any) -> Order:
    """An order that left the stage of handling then, after so much working time."""
    packed = stints.pack({"handle": (left_ms, worked_s)})
    clocks = (Clock("handle", NOW - 9 * DAY, None, 1), Clock("check", left_ms, left_ms))
    life = Life(stints=packed, clocks=clocks, holder=EAST, level=more.pop("level", "community"))
    return order(name, "checking", life=life, reported_at_ms=NOW - 9 * DAY, **more)


ROWS = (
    *(handled(f"h{n}", NOW - n * HOUR, 3600 * n, region=EAST + "01", category="11") for n in range(1, 5)),
    handled("long ago", NOW - 5 * DAY, 99 * 3600, region=EAST + "01", category="21", level="grid"),
    handled("west", NOW - HOUR, 50 * 3600, region=WEST + "01", category="21"),
    order("none", region=EAST + "02", category=""),
    order("shut", "closed", closed_at_ms=NOW - HOUR, on_time=True, region=EAST + "02", category="嘈杂"),
)


def test_a_stage_says_its_median_its_ninth_tenth_its_mean_and_how_many_kept_the_limit(city: City) -> None:
    hall = hall_of(city, *ROWS)
    params = {"region": EAST, "from": str(NOW - DAY), "to": str(NOW + 1)}
    told = indicators_of(hall, read_query(city, params, NOW), None, SHOWN)
    stages = {one["stage"]: one for one in told["stages"]}
    assert list(stages) == ["accept", "register", "dispatch", "handle", "check", "total"]
    handle = stages["handle"]
    assert (handle["time"], handle["left"], handle["n"]) == ("working", 4, 4)
    assert (handle["median_s"], handle["p90_s"], handle["mean_s"]) == (9000.0, 3.7 * 3600, 9000.0)
    assert handle["compliance"] == {"numerator": 0, "denominator": 0, "value": None, "shown": "—"}
    assert stages["total"]["compliance"]["shown"] == "100.00 %" and stages["total"]["n"] == 0
    for stage in stages.values():
        assert len(order_ids(hall, read_query(city, stage["filters"], NOW))) == stage["left"], stage["stage"]


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_number_of_every_grouping_opens_exactly_what_it_counted(city: City, by: str) -> None:
    hall = hall_of(city_with(city, Variants()), *ROWS)
    keys = ("reported", "open", "closed", "closure_rate", "handled", "completion_rate")
    told = indicators_of(hall, read_query(hall.city, {}, NOW), by, keys)
    assert sum(group["figures"]["reported"]["numerator"] for group in told["groups"]) == len(ROWS)
    for group in told["groups"]:
        for key in keys:
            figure = group["figures"][key]
            for part, count in (("num", figure["numerator"]), ("den", figure["denominator"])):
                if count is not None:
                    asked = {**group["filters"], "figure": key, "part": part}
                    assert len(order_ids(hall, read_query(hall.city, asked, NOW))) == count, asked


def test_events_and_components_are_a_grouping_and_a_filter(city: City) -> None:
    hall = hall_of(city_with(city, Variants()), *ROWS)
    told = indicators_of(hall, read_query(hall.city, {}, NOW), "kind", ("reported",))
    assert {g["key"]: (g["name"], g["figures"]["reported"]["numerator"]) for g in told["groups"]} == {
        "": ("", 1), "component": ("部件", 4), "event": ("事件", 3),
    }  # fmt: skip
    assert len(order_ids(hall, read_query(hall.city, {"kind": "component"}, NOW))) == 4
    with pytest.raises(BadQuery, match="kind"):
        read_query(hall.city, {"kind": "thing"}, NOW)


def test_a_citys_reading_is_counted_listed_and_said(city: City) -> None:
    rows = [order("x", registered_at_ms=NOW - HOUR, deadline_at_ms=NOW + DAY), order("y", "closed", closed_at_ms=NOW)]
    hall = hall_of(city_with(city, Variants(close_due="registered", patrol=frozenset(("12345",)))), *rows)
    told = indicators_of(hall, read_query(hall.city, {}, NOW), None, ("closure_rate", "patrol_share", "handling_rate"))
    closure = told["figures"]["closure_rate"]
    assert (closure["shown"], closure["definition"]) == ("50.00 %", "closure_rate@1+close_due=registered")
    assert told["figures"]["patrol_share"]["definition"] == "patrol_share@1+patrol=own"
    assert told["figures"]["handling_rate"]["definition"] == "handling_rate@1"
    assert told["definitions"][closure["definition"]]["readings"] == ["reading.close_due.registered"]
    assert len(order_ids(hall, read_query(hall.city, {"figure": "closure_rate", "part": "den"}, NOW))) == 2
    for lang in LANGS:
        said, plain = words_of(hall.city, lang), words(lang)
        assert plain["reading.close_due.registered"] in said["figure.closure_rate.what"]
        assert said["figure.closure_rate.what"].startswith(plain["figure.closure_rate.what"])
        assert plain["origin.bulletin"] in said["figure.closure_rate.what"]
        assert plain["reading.close_due.registered"] not in words_of(city, lang)["figure.closure_rate.what"]


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_its_origin_and_every_reading_and_grouping_has_its_words(lang: str) -> None:
    said = words(lang)
    wanted = {word for d in DEFINITIONS.values() for word in (d.word, f"{d.word}.what", f"origin.{d.origin}")}
    wanted |= {f"reading.{field}.{choice}" for field, choices in CHOICES.items() for choice in choices[1:]}
    wanted |= {f"reading.{field}.own" for field in LISTS} | {f"stint.{stage}" for stage in stints.STAGES}
    wanted |= {f"by.{by}" for by in GROUPINGS if by not in ("channel", "day")}
    assert sorted(word for word in wanted if word not in said) == []


@pytest.mark.parametrize(("told_ms", "zh", "en"), [(NOW - DAY, "指定期限", "as told"), (NOW + 2 * DAY, "2.0 天", "2.0 days")])
def test_an_end_that_was_told_for_a_time_already_past_is_no_limit_of_0_days(city: City, told_ms: int, zh: str, en: str) -> None:
    (clock,) = given((), NOW, told_ms, 0.8)
    row = order("late", "registered", deadline_at_ms=told_ms, life=Life(running=(clock,)))
    for lang, said in (("zh", zh), ("en", en)):
        (timed,) = timed_json(city, row, NOW, lang)
        assert timed["limit"] == said and timed["due_at_ms"] == told_ms
