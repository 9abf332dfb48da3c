"""The order of an emergency on the wall: its facts masked, its trail by stages, who is near, which cameras look there."""

from typing import Any

import pytest

from config.city import City
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.sight import sight_of
from dashboard.wall.alarm import ASK_AGAIN_MS, looking
from domain.geodesy import bearing_deg, distance_m
from domain.people import WALL, Person
from domain.states import Presence, Step
from store.errors import StoreUnavailable
from tests.dashboard.halls import EAST, HOUR, NOW, WEST, FakeStore, apply, feed, hall_of, order, worker

LON, LAT = 113.105, 23.005
M = 1 / 111_195  # degrees of latitude in a metre, about


def told(hall: Any, key: str = "fire", now_ms: int = NOW) -> Any:
    return figures(hall, "", "today", now_ms, "zh", [f"alarm:{key}"])["alarm"]


def steps() -> tuple[Step, ...]:
    lines = (("reported", -20, {}), ("registered", -15, {"note": "联系 13812345678"}), ("dispatched", -12, {"handler": "W1"}),
             ("handling", -3, {"handler": "W1", "note": "已到场"}))  # fmt: skip
    return tuple(
        Step(key=f"k{n}", at_ms=NOW + minutes * 60_000, status=status, source="s", received_at_ms=NOW, fields=fields)
        for n, (status, minutes, fields) in enumerate(lines)
    )


def scene(city: City, *more: Any, **facts: Any) -> Hall:
    store = FakeStore()
    store.trails["fire"] = steps()
    given = {"lon": LON, "lat": LAT, "address": "佛平路216号2层", "handler": "W1", "steps": 4, "text": "找张三 13812345678"}
    return hall_of(city, order("fire", **{**given, **facts}), *more, store=store)


def test_stages_carry_their_times_and_the_last_line_said_in_each(city: City) -> None:
    stages = told(scene(city))["stages"]
    assert [(stage["stage"], stage["state"]) for stage in stages[:4]] == [
        ("report", "done"), ("dispatch", "done"), ("handle", "current"), ("check", "to_come"),
    ]  # fmt: skip
    assert [stage["entered_at_ms"] for stage in stages[:3]] == [NOW - 20 * 60_000, NOW - 12 * 60_000, NOW - 3 * 60_000]
    assert stages[0]["last"]["status"] == "registered" and stages[3]["last"] is None
    assert (stages[2]["last"]["note"], stages[2]["last"]["actor_name"]) == ("已到场", "网格员1")


def test_nothing_of_it_changes_with_time_alone(city: City) -> None:
    hall = scene(city, worker("W1"), feed("c1"))
    assert told(hall) == told(hall, now_ms=NOW + 7_000)


def test_personal_data_is_masked_and_doors_too_on_a_wall(city: City) -> None:
    hall = scene(city, reporter="张三")
    wall, chief = (repr(told(sight_of(hall, Person(name="p", roles=(role,))))) for role in (WALL, "supervisor"))
    assert all("13812345678" not in found and "张三" not in found and "138****5678" in found for found in (wall, chief))
    assert "216" in chief and "216" not in wall


def test_an_order_that_is_not_the_askers_is_none(city: City) -> None:
    hall = scene(city)
    assert told(hall, "nothing") is None
    assert told(sight_of(hall, Person(name="west", roles=(WALL,), scope=WEST))) is None
    assert told(sight_of(hall, Person(name="east", roles=(WALL,), scope=EAST)))["facts"]["order"] == "fire"


def test_the_nearest_come_first_with_letters_and_whom_it_is_given_to_stands_there_however_far(city: City) -> None:
    around = [worker(f"s{n}", lat=LAT + (40 * n + 10) * M) for n in range(15)]
    hall = scene(city, *around, worker("off", Presence.OFFLINE, lat=LAT), worker("W1", lat=LAT + 0.009))
    found = told(hall)
    rows = found["workers"]
    assert [row["worker"] for row in rows] == [f"s{n}" for n in range(12)] + ["W1"]
    assert [row["letter"] for row in rows[:6]] == list("ABCDEF")
    assert [row["distance_m"] for row in rows[:3]] == pytest.approx([10, 50, 90], abs=0.2)
    assert rows[-1]["given"] and rows[-1]["distance_m"] == pytest.approx(1000.8, abs=1)
    assert found["workers_near"] == sum(distance_m(LON, LAT, row.lon, row.lat) <= 300 for row in around)


def test_load_is_the_number_of_open_orders_in_hand(city: City) -> None:
    hall = scene(city, worker("W2"), order("o1", handler="W2"), order("o2", handler="W2"), order("o3", "closed", handler="W2"))
    assert [row["open_orders"] for row in told(hall)["workers"]] == [2]


def test_cameras_that_look_there_come_first(city: City) -> None:
    south = {"lat": LAT - 100 * M, "lon": LON}
    hall = scene(
        city,
        feed("near but blind", lat=LAT + 50 * M, lon=LON, direction_deg=0.0, fov_deg=90.0),
        feed("looks", **south, direction_deg=20.0, fov_deg=60.0),
        feed("looks away", lat=LAT - 90 * M, lon=LON, direction_deg=180.0, fov_deg=60.0),
        feed("nobody knows", lat=LAT - 200 * M, lon=LON),
        feed("down", "offline", **south, direction_deg=0.0, fov_deg=60.0),
        feed("far", lat=LAT - 700 * M, lon=LON, direction_deg=0.0, fov_deg=60.0),
    )
    found = told(hall)
    assert [(row["feed"], row["looking"]) for row in found["feeds"]] == [
        ("looks", True), ("near but blind", False), ("looks away", False), ("nobody knows", None), ("down", True),
    ]  # fmt: skip
    assert found["feeds"][0]["bearing_deg"] == 0.0
    assert found["feeds_near"] == {"all": 5, "online": 4, "offline": 1, "frozen": 0, "fault": 0, "looking": 1}


def test_an_order_without_a_place_has_nobody_near(city: City) -> None:
    found = told(scene(city, worker("W1"), feed("c1"), lon=None, lat=None))
    assert [row["distance_m"] for row in found["workers"]] == [None]
    assert (found["workers_near"], found["feeds"], found["feeds_near"]["all"]) == (0, [], 0)


class Counted(FakeStore):
    asked = 0
    gone = False

    def trail(self, key: str) -> tuple[Step, ...]:
        self.asked += 1
        if self.gone:
            raise StoreUnavailable("gone")
        return super().trail(key)


def test_the_store_is_asked_once_for_each_change_and_what_was_read_stands_while_it_is_gone(city: City) -> None:
    store = Counted()
    store.trails["fire"] = steps()[:3]
    hall = hall_of(city, order("fire", "dispatched", version=1, steps=3), store=store)
    first = told(hall)
    assert told(hall) == first and store.asked == 1
    store.gone, store.trails["fire"] = True, steps()
    apply(hall, order("fire", version=2, steps=4))
    assert told(hall)["stages"][1]["last"] == first["stages"][1]["last"]
    told(hall, now_ms=NOW + ASK_AGAIN_MS - 1)
    assert store.asked == 2
    store.gone = False
    assert told(hall, now_ms=NOW + ASK_AGAIN_MS)["stages"][2]["last"]["note"] == "已到场"


@pytest.mark.parametrize(
    ("direction", "fov", "bearing", "wanted"),
    [(0, 60, 29, True), (0, 60, 331, True), (0, 60, 31, False), (350, 60, 15, True), (90, 360, 270, True), (None, 360, 5, True),
     (None, 60, 0, None), (0, None, 0, None), (180, 90, 225, True)],
)  # fmt: skip
def test_a_view_holds_a_bearing_within_half_its_angle(direction: Any, fov: Any, bearing: float, wanted: Any) -> None:
    assert looking(direction, fov, bearing) is wanted


@pytest.mark.parametrize(
    ("east", "north", "wanted"), [(0, 100, 0), (100, 0, 90), (0, -100, 180), (-100, 0, 270), (100, 100, 45), (-50, 50, 315)]
)
def test_a_bearing_is_told_clockwise_from_north(east: float, north: float, wanted: float) -> None:
    lon = LON + east * M / 0.92050  # cos of 23.005°
    assert bearing_deg(LON, LAT, lon, LAT + north * M) == pytest.approx(wanted, abs=0.1)


def test_an_order_that_has_ended_says_so(city: City) -> None:
    found = told(scene(city, status="closed", closed_at_ms=NOW - HOUR))["facts"]
    assert (found["open"], found["closed"], found["light"]) == (False, True, None)
