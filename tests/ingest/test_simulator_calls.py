"""The simulator's hotline: its days through the real door, and what its people answer at call-backs."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from config.city import City
from config.settings import Settings
from domain.actions import ANSWERS, SATISFACTION
from domain.facts import DayTally
from domain.tallies import CALL_RATES, SUMS
from ingest.delivery import Gateway
from ingest.simulator import calls
from ingest.simulator.chance import rng_of
from ingest.simulator.papers import Papers
from ingest.simulator.seen import Seen
from store.store import Store
from tests.running import KEY, Running

DAY_MS = 86_400_000
NOON = 1_783_915_200_000  # 2026-07-13T12:00 in Shanghai


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: object) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    yield running
    running.end()


def test_only_days_that_are_over_are_told_the_oldest_first(city: City) -> None:
    days = calls.days_over(city, NOON)
    assert (len(days), days[0], days[-1]) == (14, "2026-06-29", "2026-07-12") and days == sorted(days)
    just_after_midnight = NOON - DAY_MS // 2 + 60_000
    assert calls.days_over(city, just_after_midnight)[-1] == "2026-07-11"


def test_a_days_numbers_are_the_same_again_and_make_sense(city: City) -> None:
    for seed in range(20):
        told = calls.of_day(city, "2026-07-12", 240, seed)
        assert told == calls.of_day(city, "2026-07-12", 240, seed)
        value = {item["key"]: item["value"] for item in told}
        assert value.keys() >= set(SUMS) and all(value[num] <= value[den] for num, den in CALL_RATES.values())
        assert 60 < value["calls"] < 160 and value["direct_answers"] <= value["calls_answered"] + value["media"]
        assert {item["base"] for item in told if "base" in item} == {4}  # the grids of the city


def test_they_come_through_the_door_and_a_restart_tells_nothing_new(gateway: Running, city: City) -> None:
    async def tell(history: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        async with Gateway(str(gateway.http.base_url), KEY) as door:
            telling = asyncio.ensure_future(calls.tell_calls(city, door, 240, 1, counts, history))
            await asyncio.sleep(0)
            for _ in range(500):
                if telling.done() or counts["tallies"] or not history:
                    break
                await asyncio.sleep(0.02)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return counts

    first, again, without = asyncio.run(tell(True)), asyncio.run(tell(True)), asyncio.run(tell(False))
    assert first["tallies"] >= 13 * 9 and first["rejected"] == 0 and without["tallies"] == 0
    assert again == first
    facts = [fact for fact in gateway.facts() if isinstance(fact, DayTally)]
    assert len(facts) == 2 * first["tallies"]
    assert len({(fact.day, fact.key, fact.value, fact.at_ms) for fact in facts}) == first["tallies"]


def test_who_is_called_back_answers_and_some_not_to_everything(city: City) -> None:
    papers = Papers(city, lambda _: 8.0, lambda _: "W1")
    seen = Seen(order="O1", status="closed", status_at_ms=0, steps=9, channel="12345")
    told = [papers.fields("callback", seen, rng_of("p", n), 0) for n in range(400)]
    assert {one["satisfaction"] for one in told} <= set(SATISFACTION)
    for name, allowed in ANSWERS.items():
        assert {one.get(name) for one in told} == {*allowed, None}
    unhappy = [one for one in told if "unsatisfied" in one["satisfaction"] and "solved" in one]
    happy = [one for one in told if "unsatisfied" not in one["satisfaction"] and "solved" in one]
    helped = [sum(one["solved"] == "yes" for one in some) / len(some) for some in (unhappy, happy)]
    assert helped[0] < 0.6 < helped[1]
