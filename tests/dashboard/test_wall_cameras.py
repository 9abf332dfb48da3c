"""The wall's video feeds: counts, who is down since when, and a tour that leaves nobody out."""

import random

from config.city import City
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.sight import sight_of
from dashboard.wall.cameras import TOUR, TOUR_MS
from domain.people import WALL, Person
from domain.states import Feed
from tests.dashboard.halls import DAY, EAST, NOW, WEST, feed, hall_of

STATUSES = ("online", "offline", "frozen", "fault")


def told(hall: Hall, region: str = "", now_ms: int = NOW) -> dict:  # type: ignore[type-arg]
    found: dict = figures(hall, region, "today", now_ms, "zh", ["feeds"])["feeds"]  # type: ignore[type-arg]
    return found


def many(city: City, count: int = 70) -> Hall:
    chance = random.Random(3)
    regions = ["", "gone", *city.regions]
    owners = ["", "交警", "水利"]
    rows = [
        feed(f"c{n}", chance.choice([*STATUSES, "melting"]), region=chance.choice(regions), owner=chance.choice(owners),
             since_ms=chance.choice([0, NOW - chance.randrange(DAY)]))
        for n in range(count)
    ]  # fmt: skip
    return hall_of(city, *rows)


def recount(rows: list[Feed]) -> dict[str, int]:
    statuses = [row.status if row.status in STATUSES else "fault" for row in rows]
    return {"all": len(rows), **{status: statuses.count(status) for status in STATUSES}}


def test_counts_by_region_and_owner_are_those_of_the_rows(city: City) -> None:
    hall = many(city)
    for region in ("", EAST, WEST + "02"):
        found, inside = told(hall, region), city.subtree(region or city.root)
        rows = [row for row in hall.feeds.values() if not region or row.region in inside]
        assert found["counts"] == recount(rows)
        for one in found["owners"]:
            assert {key: one[key] for key in ("all", *STATUSES)} == recount([row for row in rows if row.owner == one["owner"]])
        for one in found["regions"]:
            below = city.subtree(one["code"]) if one["code"] in city.children(region or city.root) else {one["code"]}
            here = [row for row in rows if (row.region in below if one["code"] else row.region not in city.regions)]
            assert {key: one[key] for key in ("all", *STATUSES)} == recount(here)
        for groups in (found["regions"], found["owners"]):
            assert sum(one["all"] for one in groups) == len(rows)
        rates = [one["online"] / one["all"] for one in found["regions"]]
        assert rates == sorted(rates)


def test_those_that_are_down_stand_there_the_longest_first_and_since_when(city: City) -> None:
    hall = many(city)
    found = told(hall)
    down = [row for row in hall.feeds.values() if row.status != "online"]
    wanted = sorted(down, key=lambda row: (row.since_ms or NOW, row.feed))[:60]
    assert [(row["feed"], row["since_ms"]) for row in found["down"]] == [(row.feed, row.since_ms or None) for row in wanted]
    assert found["down_total"] == len(down)


def test_the_tour_shows_every_feed_once_before_it_begins_anew(city: City) -> None:
    hall = many(city)
    begin = NOW // TOUR_MS * TOUR_MS
    turns = [told(hall, now_ms=begin + n * TOUR_MS)["tour"] for n in range(6)]
    lots = [[one["feed"] for one in turn["feeds"]] for turn in turns]
    assert sorted(name for lot in lots[:3] for name in lot) == sorted(hall.feeds)
    assert lots[3:] == lots[:3] and max(map(len, lots)) == TOUR
    assert told(hall, now_ms=begin + TOUR_MS - 1)["tour"] == turns[0]
    assert sorted(turn["first"] for turn in turns[:3]) == [0, TOUR, 2 * TOUR]


def test_no_feed_at_all_is_no_tour_and_no_fault(city: City) -> None:
    found = told(hall_of(city))
    assert found["tour"]["feeds"] == found["down"] == found["regions"] == []
    assert found["counts"]["all"] == 0


def test_feeds_of_another_community_are_not_told(city: City) -> None:
    hall = many(city)
    seen = sight_of(hall, Person(name="east", roles=(WALL,), scope=EAST))
    found = told(seen)  # type: ignore[arg-type]
    assert found["counts"] == recount([row for row in hall.feeds.values() if row.region in city.subtree(EAST)])
