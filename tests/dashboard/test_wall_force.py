"""The parts of the wall about people: every number is what a plain recount of the hall's rows gives."""

import random
from typing import Any

import pytest

from config.city import City
from config.city_model import ROLES
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.sight import sight_of
from dashboard.wall.best import settle
from domain.people import WALL, Person
from domain.states import Presence, Worker
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, WEST, hall_of, order, worker

ONLINE = {Presence.MOVING, Presence.STILL, Presence.OUT_OF_GRID}
LINKED = ONLINE | {Presence.SILENT, Presence.FROZEN}


def told(hall: Any, part: str, region: str = "", now_ms: int = NOW, lang: str = "zh") -> Any:
    return figures(hall, region, "today", now_ms, lang, [part])[part]


def crowd(city: City, seed: int) -> Hall:
    """The roster's four, each seen or not, and thirty whom it does not know, in every state, some outside every region."""
    chance = random.Random(seed)
    places = ["", "gone", *city.regions]
    names = [name for name in city.roster if chance.random() < 0.8] + [f"s{n}" for n in range(30)]
    return hall_of(city, *(_somebody(chance, name, places) for name in names))


def _somebody(chance: random.Random, name: str, places: list[str]) -> Worker:
    return worker(
        name, chance.choice([state for state in Presence if state is not Presence.UNSEEN]), region=chance.choice(places),
        heard_at_ms=NOW - chance.randrange(2 * DAY), day=chance.choice(["2025-10-10", "2025-10-09"]),
        battery_pct=chance.choice([None, float(chance.randrange(101))]), out_since_ms=NOW - chance.randrange(HOUR),
        same_since_ms=NOW - chance.randrange(HOUR), fixed_at_ms=NOW - chance.randrange(HOUR),
    )  # fmt: skip


def home_of(hall: Hall, row: Worker) -> str:
    return hall.city.roster[row.worker].region if row.worker in hall.city.roster else row.region


def people_of(hall: Hall, region: str) -> list[Worker]:
    inside = hall.city.subtree(region or hall.city.root)
    return [row for row in hall.workers.values() if not region or home_of(hall, row) in inside]


def enrolled(hall: Hall, region: str) -> list[str]:
    inside = hall.city.subtree(region or hall.city.root)
    return [name for name, entry in hall.city.roster.items() if entry.region in inside]


SEEDS_AND_REGIONS = pytest.mark.parametrize(("seed", "region"), [(1, ""), (2, EAST), (3, WEST), (4, WEST + "01")])


@SEEDS_AND_REGIONS
def test_roles_hold_every_worker_once_and_everybody_on_the_roster(city: City, seed: int, region: str) -> None:
    hall = crowd(city, seed)
    rows, people = told(hall, "roles", region), people_of(hall, region)
    assert [row["role"] for row in rows] == sorted((row["role"] for row in rows), key=ROLES.index)
    role_of = {name: entry.role for name, entry in hall.city.roster.items()}
    for row in rows:
        of_role = [w for w in people if role_of.get(w.worker, "other") == row["role"]]
        for state in Presence:
            seen = sum(w.presence is state for w in of_role)
            heard = sum(w.worker in hall.city.roster for w in of_role)
            wanted = row["roster"] - heard if state is Presence.UNSEEN else seen
            assert row["states"][state.name.lower()] == wanted
        assert row["online"] == sum(w.presence in ONLINE and w.worker in hall.city.roster for w in of_role)
    assert sum(row["roster"] for row in rows) == len(enrolled(hall, region))
    strangers = sum(w.worker not in hall.city.roster for w in people)
    assert sum(sum(row["states"].values()) for row in rows) == len(enrolled(hall, region)) + strangers


@SEEDS_AND_REGIONS
def test_duty_adds_up_to_the_counters_and_begins_with_the_lowest_rate(city: City, seed: int, region: str) -> None:
    hall = crowd(city, seed)
    all_of_it = figures(hall, region, "today", NOW, "zh", ["duty", "counters"])
    rows, counters = all_of_it["duty"], {counter["key"]: counter for counter in all_of_it["counters"]}
    assert sum(row["online"] for row in rows) == counters["online_workers"]["value"]
    assert sum(row["roster"] for row in rows) == counters["online_workers"]["sub"]["den"]
    force = figures(hall, region, "today", NOW, "zh", ["force"])["force"]
    assert (force["online"], force["roster"]) == tuple(counters["online_workers"]["sub"][key] for key in ("num", "den"))
    assert all(row["online"] <= row["roster"] for row in (*rows, *told(hall, "roles", region), force))
    if hall.city.children(region or hall.city.root):
        assert sum(row["visited"] for row in rows) == counters["visited_grids"]["value"]
        assert sum(row["grids"] for row in rows) == counters["visited_grids"]["sub"]["den"]
    rates = [row["online"] / row["roster"] for row in rows if row["roster"]]
    assert rates == sorted(rates) and all(row["roster"] == 0 for row in rows[len(rates):])
    assert {row["code"] for row in rows} >= set(hall.city.children(region or hall.city.root))


@SEEDS_AND_REGIONS
def test_who_is_astray_stands_there_by_state_and_then_the_longest_first(city: City, seed: int, region: str) -> None:
    hall = crowd(city, seed)
    found, astray = told(hall, "out", region), {Presence.OUT_OF_GRID: "out_since_ms", Presence.FROZEN: "same_since_ms",
                                               Presence.SILENT: "fixed_at_ms"}  # fmt: skip
    people = [row for row in people_of(hall, region) if row.presence in astray]
    wanted = sorted(people, key=lambda row: (list(astray).index(row.presence), getattr(row, astray[row.presence]), row.worker))
    assert [row["worker"] for row in found["rows"]] == [row.worker for row in wanted]
    assert [row["since_ms"] for row in found["rows"]] == [getattr(row, astray[row.presence]) for row in wanted]
    assert found["total"] == len(people) == sum(found["counts"].values())
    assert found["counts"] == {state.name.lower(): sum(row.presence is state for row in people) for state in astray}


def test_since_when_somebody_is_out_is_not_invented_for_a_row_that_does_not_tell(city: City) -> None:
    hall = hall_of(city, worker("W1", Presence.OUT_OF_GRID), worker("W2", Presence.OUT_OF_GRID, out_since_ms=NOW - HOUR))
    assert [(row["worker"], row["since_ms"]) for row in told(hall, "out")["rows"]] == [("W2", NOW - HOUR), ("W1", None)]


@SEEDS_AND_REGIONS
def test_batteries_are_those_of_who_is_linked_the_lowest_first(city: City, seed: int, region: str) -> None:
    hall = crowd(city, seed)
    found = told(hall, "battery", region)
    known = [row for row in people_of(hall, region) if row.presence in LINKED and row.battery_pct is not None]
    assert found["known"] == len(known)
    assert found["low"] == sum(row.battery_pct < found["below_pct"] for row in known)  # type: ignore[operator]
    levels = [row["battery_pct"] for row in found["rows"]]
    assert levels == sorted(row.battery_pct for row in known)[: len(levels)]  # type: ignore[type-var]
    assert len(levels) == min(len(known), 30)


@SEEDS_AND_REGIONS
def test_idle_are_those_of_the_roster_of_whom_nothing_was_heard_since_midnight(city: City, seed: int, region: str) -> None:
    hall = crowd(city, seed)
    found = told(hall, "idle", region)
    wanted = [name for name in enrolled(hall, region) if name not in hall.workers or hall.workers[name].heard_at_ms < MIDNIGHT]
    assert (found["idle"], found["roster"]) == (len(wanted), len(enrolled(hall, region)))
    children = hall.city.children(region or hall.city.root)
    for row in found["rows"]:
        inside = hall.city.subtree(row["code"]) if row["code"] in children else {row["code"]}
        assert row["idle"] == sum(hall.city.roster[name].region in inside for name in wanted)
    assert [row["idle"] for row in found["rows"]] == sorted((row["idle"] for row in found["rows"]), reverse=True)


def best(hall: Any, now_ms: int = NOW, lang: str = "zh") -> Any:
    """What stands of it once it is ranked."""
    told(hall, "top", now_ms=now_ms, lang=lang)
    settle()
    return told(hall, "top", now_ms=now_ms, lang=lang)


def monthly(city: City) -> Hall:
    """Reports of this month: all of W1's stand, half of W3's were not accepted; one of last month, which does not count."""
    rows = [order(f"a{n}", "closed", reporter="W1", on_time=True, closed_at_ms=NOW - HOUR) for n in range(8)]
    states = ("not_accepted", "closed") * 6
    rows += [order(f"b{n}", state, reporter="W3", region=WEST + "01", on_time=True) for n, state in enumerate(states)]
    rows += [order("old", "closed", reporter="W4", region=WEST + "02", reported_at_ms=NOW - 40 * DAY)]
    return hall_of(city, *rows, worker("W1"))


def test_the_best_of_the_month_are_those_of_the_ranking_with_their_parts(city: City) -> None:
    hall = monthly(city)
    assert told(hall, "top") is None  # nobody waits for it
    found = best(hall)
    by_worker, by_grid = found["scores"]
    assert [(row["rank"], row["key"], row["name"]) for row in by_worker["rows"]] == [(1, "W1", "网格员1"), (2, "W3", "网格员3")]
    assert [row["key"] for row in by_grid["rows"]] == [EAST + "01", WEST + "01"]
    assert [(of["of"], of["ranked"]) for of in found["scores"]] == [("worker", 2), ("grid", 2)]
    first = by_worker["rows"][0]["parts"][0]
    assert (first["figure"], first["numerator"], first["denominator"]) == ("valid_report_rate", 8, 8)
    assert first["filters"]["reporter"] == "W1" and first["filters"]["as_of"] == str(NOW)
    assert {part["figure"] for part in by_worker["parts"]} == {part["figure"] for part in by_worker["rows"][0]["parts"]}


def test_the_best_are_ranked_once_a_minute_and_say_of_when(city: City) -> None:
    hall = monthly(city)
    first = best(hall)
    assert best(hall, NOW + 59_999) is first
    assert told(hall, "top", now_ms=NOW + 60_000) is first
    later = best(hall, NOW + 60_000)
    assert (first["as_of_ms"], later["as_of_ms"]) == (NOW, NOW + 60_000)
    assert best(hall, lang="en") is not first


def test_a_wall_of_one_community_is_told_of_its_own_people_only(city: City) -> None:
    hall = monthly(city)
    hall.apply([("worker", worker(name, Presence.OUT_OF_GRID, battery_pct=9.0)) for name in ("W2", "W3", "W4")], NOW)
    seen = sight_of(hall, Person(name="east", roles=(WALL,), scope=EAST))
    assert best(seen) is not best(hall)
    all_of_it = figures(seen, "", "today", NOW, "zh", ["roles", "duty", "out", "top", "battery", "idle"])
    assert [row["worker"] for row in all_of_it["out"]["rows"]] == ["W2"]
    assert [row["worker"] for row in all_of_it["battery"]["rows"]] == ["W2"]
    assert [row["key"] for row in all_of_it["top"]["scores"][0]["rows"]] == ["W1"]
    assert [row["key"] for row in all_of_it["top"]["scores"][1]["rows"]] == [EAST + "01"]
    assert {row["code"] for row in all_of_it["duty"]} == {EAST + "01", EAST + "02"}
    assert sum(row["roster"] for row in all_of_it["roles"]) == all_of_it["idle"]["roster"] == 2
    assert "W3" not in repr(all_of_it) and "网格员3" not in repr(all_of_it)
