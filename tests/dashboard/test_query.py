"""What a click opens: dossiers, order pages, lists, search, tracks."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from config.city import City
from dashboard.briefs import light
from dashboard.filters import BadQuery, UnknownRegion, read_query
from dashboard.period import iso, parse_instant, resolve
from dashboard.query import (
    indicators,
    nearest_feeds,
    nearest_workers,
    order_page,
    orders_page,
    search,
    track_geojson,
    worker_dossier,
    workers,
)
from domain.counts import COUNTS, Slice
from domain.facts import FixFlag
from domain.indicators import GROUPINGS
from domain.masking import phone as masked
from domain.orderframe import orders_frame
from domain.states import Presence, Step
from domain.tracks import length_m, runs, segments, stops
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, WEST, FakeStore, feed, hall_of, order, records, worker
from tests.dashboard.test_figures import random_hall
from tests.shared_data import data

MINUTE = 60_000


def step(at_ms: int, status: str, **more: object) -> Step:
    given = {"key": f"{at_ms}{status}", "source": "s", "received_at_ms": at_ms, **more}
    return Step(at_ms=at_ms, status=status, **given)  # type: ignore[arg-type]


# -- tracks


def day_of_walking() -> np.ndarray:
    """North at 1 m/s for ten minutes, a stop of five, a gap of twenty, ten minutes more of which the last are out of grid."""
    fixes = [(MIDNIGHT + HOUR + s * 1000, 113.105, 23.0 + s * 9e-6, 0) for s in range(0, 600, 10)]
    fixes += [(fixes[-1][0] + s * 1000, 113.105, fixes[-1][2], 0) for s in range(10, 310, 10)]
    later = fixes[-1][0] + 20 * MINUTE
    fixes += [(later + s * 1000, 113.105, 23.006 + s * 9e-6, FixFlag.OUT_OF_GRID if s >= 300 else 0) for s in range(0, 600, 10)]
    fixes.insert(30, (fixes[29][0] + 5000, 114.0, 24.0, FixFlag.JUMP))
    return records(fixes)


def test_a_track_is_cut_at_gaps_and_leaves_out_what_was_set_aside(city: City) -> None:
    store = FakeStore()
    store.tracks["W1"] = day_of_walking()
    track = track_geojson(hall_of(city, store=store), "W1", MIDNIGHT, NOW)
    first, second = track["features"]
    assert first["geometry"]["type"] == "LineString"
    assert len(first["properties"]["times"]) == len(first["geometry"]["coordinates"]) == 90
    assert track["properties"] == {
        "worker": "W1", "count": 150, "set_aside": 1, "gaps": 1,
        "length_m": pytest.approx(1180.9 + 76.7, abs=1), "length_within_m": pytest.approx(1180.9, abs=1),
    }  # fmt: skip
    assert second["properties"]["length_m"] == pytest.approx(590.4, abs=0.5)


def test_all_of_a_track_has_every_fix_with_its_flags(city: City) -> None:
    store = FakeStore()
    store.tracks["W1"] = day_of_walking()
    track = track_geojson(hall_of(city, store=store), "W1", MIDNIGHT, NOW, include_all=True)
    flags = [words for feature in track["features"] for words in feature["properties"]["flags"]]
    assert track["properties"]["count"] == len(flags) == 151
    assert flags[30] == ["jump"]
    assert sum(words == ["out_of_grid"] for words in flags) == 30


def test_a_single_fix_is_a_point_and_no_fix_is_nothing(city: City) -> None:
    store = FakeStore()
    store.tracks["W1"] = records([(NOW, 113.1, 23.0, 0)])
    hall = hall_of(city, store=store)
    assert track_geojson(hall, "W1", 0, NOW + 1)["features"][0]["geometry"] == {"type": "Point", "coordinates": [113.1, 23.0]}
    assert track_geojson(hall, "W2", 0, NOW)["properties"]["length_m"] == 0


def test_a_recorded_user_has_the_length_that_the_reference_says(city: City) -> None:
    folder: Path = data("gps-geolife-a")

    expected = json.loads((folder / "reference.json").read_text())["users"]
    for user in ("000", "002"):
        fixes = []
        for file in sorted((folder / user).glob("*.plt")):
            for line in file.read_text().splitlines()[6:]:
                part = line.split(",")
                at = datetime.fromisoformat(f"{part[5]}T{part[6]}+00:00")
                fixes.append((int(at.timestamp() * 1000), float(part[1]), float(part[0]), 0))
        store = FakeStore()
        store.tracks[user] = np.sort(records(fixes), order="t", kind="stable")
        track = track_geojson(hall_of(city, store=store), user, 0, NOW, include_all=True)
        assert track["properties"]["count"] == expected[user]["n_points"]
        assert track["properties"]["length_m"] == pytest.approx(expected[user]["length_m_per_user_joined"], rel=1e-4)


def test_stops_end_where_the_worker_leaves_and_do_not_reach_over_gaps() -> None:
    times = np.array([0, 60, 120, 180, 240, 300, 1000, 1060, 1120, 1180]) * 1000
    lons = np.array([113.1, 113.1, 113.1, 113.1, 113.101, 113.102] + [113.102] * 4)
    lats = np.full(10, 23.0)
    assert [(s.from_ms, s.to_ms) for s in stops(times, lons, lats, 20)] == [(0, 180_000), (1_000_000, 1_180_000)]
    assert segments(times) == [(0, 6), (6, 10)]
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert segments(times[:0]) == [] and stops(times[:0], lons[:0], lats[:0], 20) == []
    assert length_m(lons[:1], lats[:1]) == 0


# -- the dossier of a worker


def test_one_click_on_a_worker_tells_track_problems_and_orders_on_one_timeline(city: City) -> None:
    store = FakeStore()
    store.tracks["W1"] = day_of_walking()
    hall = hall_of(
        city,
        worker("W1"),
        order("p1", reporter="W1", reported_at_ms=MIDNIGHT + HOUR + 5 * MINUTE),
        order("p0", reporter="W1", reported_at_ms=MIDNIGHT - DAY, status_at_ms=MIDNIGHT - DAY),
        order("o1", "closed", handler="W1", reported_at_ms=MIDNIGHT - DAY, registered_at_ms=MIDNIGHT + HOUR,
              closed_at_ms=MIDNIGHT + 2 * HOUR),
        order("other", reporter="W2", handler="W2"),
        store=store,
    )  # fmt: skip
    found = worker_dossier(hall, "W1")
    assert (found["day"], found["fixes"], found["worker"]["name"]) == ("2025-10-10", 150, "网格员1")
    assert [p["order"] for p in found["problems"]] == ["p1", "p0"]
    assert [p["on_day"] for p in found["problems"]] == [True, False]
    assert (found["problems_total"], found["problems_on_day"], found["orders_total"]) == (2, 1, 1)
    assert [(gap["seconds"], len(found["stops"]), len(found["out_of_grid"])) for gap in found["gaps"]] == [(1200.0, 1, 1)]
    assert found["set_aside"][0]["reasons"] == ["jump"]
    assert found["in_grid_s"] < found["tracked_s"]
    kinds = [item["kind"] for item in found["timeline"]]
    assert {"first_fix", "gap", "stop", "out_of_grid", "set_aside", "problem", "order_given", "order_closed"} <= set(kinds)
    assert [item["at_ms"] for item in found["timeline"]] == sorted(item["at_ms"] for item in found["timeline"])


def test_a_worker_of_the_roster_who_was_never_heard_of_has_a_dossier_too(city: City) -> None:
    found = worker_dossier(hall_of(city, store=FakeStore()), "W2")
    assert (found["worker"]["presence"], found["fixes"], found["timeline"]) == ("unseen", 0, [])
    with pytest.raises(KeyError):
        worker_dossier(hall_of(city), "nobody")
    with pytest.raises(ValueError, match="isoformat"):
        worker_dossier(hall_of(city), "W2", "yesterday")


def test_a_phone_number_is_never_shown_whole() -> None:
    assert (masked("13812345678"), masked("12345"), masked("")) == ("138****5678", "*****", "")


def test_the_workers_of_a_region_are_its_roster_and_the_strangers_in_it(city: City) -> None:
    hall = hall_of(city, worker("W1", region=WEST + "01"), worker("x", region=EAST + "02"))
    assert [item["worker"] for item in workers(hall, EAST)] == ["W1", "W2", "x"]
    assert [item["worker"] for item in workers(hall, WEST, here_now=True)] == ["W1"]
    assert len(workers(hall)) == 5


# -- an order's page


def test_an_orders_page_tells_its_trail_and_how_long_each_stage_took(city: City) -> None:
    store = FakeStore()
    t = NOW - 10 * HOUR
    store.trails["o"] = (
        step(t, "reported"),
        step(t + HOUR, "dispatched"),
        step(t + 2 * HOUR, "handling", fields={"handler": "W1", "note": "去现场"}),
        step(t + 4 * HOUR, "rework"),
        step(t + 5 * HOUR, "handling"),
    )
    hall = hall_of(city, worker("W1"), feed("c1"), order("o", lon=113.105, lat=23.005, handler="W1"), store=store)
    page = order_page(hall, "o")
    assert [entry["note"] for entry in page["trail"]] == ["", "", "去现场", "", ""]
    stages = {stage["stage"]: stage for stage in page["stages"]}
    assert stages["report"]["seconds"] == 3600
    assert (stages["dispatch"]["seconds"], stages["dispatch"]["visits"]) == (2 * 3600, 2)
    assert (stages["handle"]["seconds"], stages["handle"]["state"], stages["handle"]["handler"]) == (7 * 3600, "current", "W1")
    assert stages["check"]["state"] == "to_come"
    assert [near["worker"] for near in page["workers"]] == ["W1"]
    assert page["workers"][0]["open_orders"] == 1
    assert [near["feed"] for near in page["feeds"]] == ["c1"]
    assert [region["code"] for region in page["path"]] == ["440605", EAST, EAST + "01"]
    with pytest.raises(KeyError):
        order_page(hall, "none")


def test_a_stage_whose_time_nobody_knows_counts_none(city: City) -> None:
    store = FakeStore()
    store.trails["o"] = (step(NOW - HOUR, "reported"), step(NOW - HOUR, "closed", at_unknown=True))
    page = order_page(hall_of(city, order("o", "closed"), store=store), "o")
    assert [stage["seconds"] for stage in page["stages"]] == [0.0] * 6
    assert [stage["state"] for stage in page["stages"]] == ["done", *["skipped"] * 4, "done"]
    assert page["trail"][1]["at_ms"] is None


def test_the_nearest_are_online_within_the_radius_and_in_order(city: City) -> None:
    hall = hall_of(
        city,
        worker("near", lon=113.1051),
        worker("nearer", lon=113.10505),
        worker("offline", Presence.OFFLINE),
        worker("far", lon=113.2),
        feed("c1"),
        feed("nowhere", lon=None),
    )
    found = nearest_workers(hall, 113.105, 23.005)
    assert [(item["worker"], item["letter"]) for item in found] == [("nearer", "A"), ("near", "B")]
    assert found[1]["distance_m"] == pytest.approx(10.2, abs=0.1)
    assert [item["feed"] for item in nearest_feeds(hall, 113.105, 23.005)] == ["c1"]
    assert nearest_workers(hall, None, None) == []


# -- lists


def test_pages_neither_overlap_nor_miss(city: City) -> None:
    hall = hall_of(city, *(order(f"o{n:03d}", reported_at_ms=NOW - n // 7 * HOUR) for n in range(100)))
    for sort in ("-reported", "reported", "deadline", "-status"):
        pages = [orders_page(hall, {"sort": sort}, offset, 9)["items"] for offset in range(0, 100, 9)]
        seen = [item["order"] for page in pages for item in page]
        assert len(seen) == 100 == len(set(seen))
    first = orders_page(hall, {}, 0, 8)
    assert first["total"] == 100
    assert [item["order"] for item in first["items"]] == [*(f"o{n:03d}" for n in range(7)), "o007"]
    assert orders_page(hall, {}, 100, 8)["items"] == []


def test_filters_narrow_each_by_its_own(city: City) -> None:
    hall = hall_of(
        city,
        order("a", department="城管", category="m1", reporter="W1", text="路灯不亮"),
        order("b", "closed", region=WEST, channel=""),
        order("c", region="gone", flags=2),
    )

    def found(**params: str) -> set[str]:
        return {item["order"] for item in orders_page(hall, params)["items"]}

    assert found() == {"a", "b", "c"}
    assert found(region=EAST) == found(region="东社区") == found(region=EAST + "01") == {"a"}
    assert found(region=WEST) == found(region=WEST, direct="1") == {"b"}
    assert found(region="-") == {"c"}
    assert found(department="城管") == found(reporter="W1") == found(category="m1") == found(text="路灯") == {"a"}
    assert found(department="-") == {"b", "c"}
    assert found(source="hotline") == found(channel="-") == {"b"}
    assert found(open="1") == found(status="handling,reported") == found(stage="handle") == {"a", "c"}
    assert found(figure="closure_rate", part="den") == {"b"}
    assert found(flag="unknown_region") == {"c"}
    assert found(period="today") == {"a", "b", "c"}
    assert found(to="2025-10-09") == set()


@pytest.mark.parametrize(
    "params",
    [
        {"basis": "moon"}, {"figure": "x"}, {"figure": "open", "part": "den"}, {"status": "asleep"}, {"open": "maybe"},
        {"from": "yesterday"}, {"from": "2025-10-10T08:00:00"}, {"from": "2025-10-10", "to": "2025-10-01"}, {"sort": "x"},
        {"flag": "x"}, {"stage": "x"}, {"period": "x"}, {"as_of": "x"},
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_is_named(city: City, params: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match="|".join(params)):
        read_query(city, params, NOW)


def test_a_region_that_does_not_exist_is_an_error(city: City) -> None:
    with pytest.raises(UnknownRegion, match="nowhere"):
        orders_page(hall_of(city), {"region": "nowhere"})


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_number_of_every_group_opens_as_many_orders(city: City, by: str) -> None:
    hall = random_hall(city, 300)
    for region in ("", EAST):
        found = indicators(hall, region, NOW - 20 * DAY, NOW - DAY, by, keys=("reported", "closure_rate", "overdue"))
        for part in [found, *found["groups"]]:
            for key, figure in part["figures"].items():
                opened = orders_page(hall, {**part["filters"], "figure": key}, 0, 0)["total"]
                assert opened == figure["numerator"]
                if figure["denominator"] is not None:
                    due = {**part["filters"], "figure": key, "part": "den"}
                    assert orders_page(hall, due, 0, 0)["total"] == figure["denominator"]
        assert sum(g["figures"]["reported"]["numerator"] for g in found["groups"]) == found["figures"]["reported"]["numerator"]


def test_the_light_of_a_row_is_that_of_the_counts(city: City) -> None:
    hall = random_hall(city, 400, seed=9)
    s = Slice(orders_frame(hall.orders.values()), read_query(city, {}, NOW).filters, NOW)
    for colour, count in (("green", "in_limit"), ("yellow", "due_soon"), ("red", "overdue")):
        assert {key for key, row in hall.orders.items() if light(row, NOW) == colour} == set(s.orders(s.mask(count)))
    assert set(COUNTS) >= {"in_limit", "due_soon", "overdue"}


# -- search


def test_search_finds_workers_orders_regions_and_feeds_exact_first(city: City) -> None:
    hall = hall_of(city, worker("phone1x"), order("GC-1", title="网格员反映"), order("GC-11", "closed", title="GC"), feed("c1"))
    assert [(hit["kind"], hit["id"]) for hit in search(hall, "ＧＣ-1")] == [("order", "GC-1"), ("order", "GC-11")]
    assert [hit["id"] for hit in search(hall, "phone1")] == ["W1", "phone1x"]
    assert {hit["kind"] for hit in search(hall, "网格")} == {"worker", "order", "region"}
    assert next(hit["title"] for hit in search(hall, "东社区") if hit["kind"] == "region") == "东社区"
    assert search(hall, "  ") == []
    assert len(search(hall, "网格", limit=1)) == 3


# -- instants and periods


def test_instants_are_read_in_the_citys_zone(city: City) -> None:
    assert parse_instant("2025-10-10", city) == MIDNIGHT
    assert parse_instant("2025-10-10", city, end=True) == MIDNIGHT + DAY
    assert parse_instant("2025-12", city, end=True) == parse_instant("2026-01-01", city)
    assert parse_instant("2025-10-10T11:00:00+08:00", city) == parse_instant("2025-10-10T03:00:00Z", city) == NOW
    assert parse_instant("2025-10-10T11:00:00 08:00", city) == parse_instant(str(NOW), city) == NOW
    assert iso(NOW, city) == "2025-10-10T11:00:00.000+08:00"


def test_every_period_can_be_named_on_every_day(city: City) -> None:
    day_ms = 86_400_000
    for number in range(366 * 3):
        now_ms = NOW + number * day_ms
        month = resolve({"key": "month"}, city, now_ms)
        assert month.from_ms is not None and month.to_ms is not None
        assert resolve((month.from_ms, month.to_ms), city, now_ms) == month


def test_a_period_is_known_by_its_ends(city: City) -> None:
    for key in ("today", "yesterday", "week", "month", "year", "all"):
        named = resolve(key, city, NOW)
        assert resolve((named.from_ms, named.to_ms), city, NOW) == resolve({"key": key}, city, NOW) == named
    assert resolve(None, city, NOW).key == "today"
    assert resolve({"from": 5, "to": None}, city, NOW).key == "custom"
    year = resolve("year", city, NOW)
    assert year.to_ms is not None
    assert datetime.fromtimestamp(year.to_ms / 1000, ZoneInfo("Asia/Shanghai")).isoformat() == "2026-01-01T00:00:00+08:00"
