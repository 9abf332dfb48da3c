"""A day's cases: lawful steps in order, found where the worker was, the same after a restart."""

import json
from collections import Counter

import msgspec
import numpy as np
import pytest
from test_simulator import make_city

from config.city import Matter
from domain.facts import CaseStep
from domain.lifecycle import STATUSES, is_open
from ingest.simulator import feeds
from ingest.simulator.cases import Case, Cases
from ingest.simulator.ground import Ground
from ingest.simulator.walk import Patrols
from ingest.sources import events
from ingest.sources.base import Context

DAY = "2026-06-03"


def make(per_day: float = 400, seed: int = 1) -> tuple[Cases, Ground, Patrols]:
    ground = Ground(make_city(), None, seed)
    patrols = Patrols(ground.plane, ground.paths_of, len(ground.roster), ground.city.zone, seed)
    return Cases(ground, patrols, per_day, seed), ground, patrols


@pytest.fixture(scope="module")
def told() -> list[Case]:
    return list(make()[0].of_day(DAY))


def test_a_days_cases_are_the_number_wanted_and_lie_in_the_local_day(told: list[Case]) -> None:
    start, end = make_city().day_bounds(DAY)
    assert 350 <= len(told) <= 450 and len({case.order for case in told}) == len(told)
    begins = [case.events[0][0] for case in told]
    assert begins == sorted(begins) and start <= begins[0] and begins[-1] < end


def test_steps_follow_each_other_and_the_gateway_takes_every_one(told: list[Case]) -> None:
    for case in told:
        times = [at for at, _ in case.events]
        assert times == sorted(set(times)) and case.events[0][1]["status"] == "reported"
        assert not is_open(case.events[-1][1]["status"])
    body = json.dumps([event for case in told for _, event in case.events]).encode()
    decoded = events.decode(body, Context("test", 0))
    assert not decoded.rejects and len(decoded.facts) == sum(len(case.events) for case in told)
    assert all(isinstance(fact, CaseStep) and fact.status in STATUSES for fact in decoded.facts)
    assert [fact.at_ms for fact in decoded.facts] == [at for case in told for at, _ in case.events]


def test_all_the_ways_of_a_case_are_met(told: list[Case]) -> None:
    seen = Counter(event["status"] for case in told for _, event in case.events)
    assert {"self_handled", "returned", "rework", "closed", "archived", "not_accepted", "callback", "verifying"} <= set(seen)
    late = on_time = 0
    for case in told:
        said = {event["status"]: event for _, event in case.events}
        if "closed" in said:
            late += said["closed"]["at"] > said["registered"]["deadline_at"]
            on_time += 1
    assert 0.03 < late / on_time < 0.25


def test_a_worker_reports_from_where_he_is() -> None:
    cases, ground, patrols = make()
    names = [entry.worker for entry in ground.roster]
    reports = [e for case in cases.of_day(DAY) for _, e in case.events if "reporter" in e and "lon" in e]
    assert len(reports) > 100
    for event, (at_ms, _) in [(c.events[0][1], c.events[0]) for c in cases.of_day(DAY) if "reporter" in c.events[0][1]][:40]:
        if "lon" in event:
            x, y, _, _ = patrols.trace(names.index(event["reporter"]), np.array([at_ms / 1000]))
            lon, lat = ground.plane.degrees(x, y)
            assert (event["lon"], event["lat"]) == (lon[0], lat[0])


def test_the_same_day_is_told_the_same_again(told: list[Case]) -> None:
    again = list(make()[0].of_day(DAY))
    assert [case.events for case in again] == [case.events for case in told]


def test_cameras_mostly_work_and_only_changes_are_told() -> None:
    city = make_city()
    now = feeds.states(city, 1, 1_795_420_000)
    assert len(now) == 40 and Counter(now)["online"] > 30
    assert len(feeds.told(city, now, [], 0)) == 40
    assert feeds.told(city, now, now, 0) == []
    other = [*now[:-1], "fault"]
    assert [one["status"] for one in feeds.told(city, other, now, 0)] == (["fault"] if now[-1] != "fault" else [])
    later = [feeds.states(city, 1, 1_795_420_000 + 600 * n) for n in range(200)]
    assert any(one != now for one in later)


def test_an_emergency_is_rare_and_none_is_invented() -> None:
    plain = make_city()
    matters = plain.matters | {"12": Matter("12", "内涝险情", parent="1", department="d", limit_hours=8)}
    emergency = msgspec.structs.replace(plain.scenes.emergency, matters=("12",))
    city = make_city(matters=matters, scenes=msgspec.structs.replace(plain.scenes, emergency=emergency))
    ground = Ground(city, None, 1)
    cases = Cases(ground, Patrols(ground.plane, ground.paths_of, len(ground.roster), city.zone, 1), 3000, 1)
    met = Counter(case.events[0][1]["category"] for case in cases.of_day(DAY))
    assert 0 < met["12"] < met["11"] / 20
    invented = [cases.invented(f"case{n}", "12345", (0, 100), 1_780_000_000_000) for n in range(50)]
    assert {case.events[0][1]["category"] for case in invented} == {"11"}
