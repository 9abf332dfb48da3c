"""The load generator against a real gateway: it says what devices say, keeps what is not taken, and tells how soon it was."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.city import City
from config.settings import Settings
from domain.facts import Heartbeat, Position
from ingest.delivery import GatewayError
from ingest.simulator.latencies import Latencies
from ingest.simulator.load import Load, Plan
from ingest.simulator.loadwho import Shares
from store.store import Store
from tests.running import KEY, Running


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: object) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    yield running
    running.end()


def run(gateway: Running, city: City, plan: Plan, key: str = KEY) -> dict[str, object]:
    url, terminals = str(gateway.http.base_url), ("127.0.0.1", gateway.settings.jt808_port)

    async def all_of_it() -> dict[str, object]:
        load = Load(city, url, terminals, key, plan)
        await load.run(asyncio.Event())
        return load.told()

    return asyncio.run(all_of_it())


def test_every_protocol_is_spoken_and_what_is_acknowledged_is_on_disk(gateway: Running, city: City) -> None:
    shares = Shares.of("json=4,osmand=4,owntracks=4,jt808=4,batch=4")
    told = run(gateway, city, Plan(workers=20, interval_s=1.0, shares=shares, seconds=1.9))
    positions = [fact for fact in gateway.facts() if isinstance(fact, Position)]
    assert told["sent"] == told["acknowledged"] == len(positions) >= 20
    assert set(told["latency"]) == {"json", "osmand", "owntracks", "jt808", "batch"}  # type: ignore[call-overload]
    by_worker = Counter(fact.worker for fact in positions)
    assert {"W1", "W2", "W3", "W4"} <= set(by_worker), "those of the roster take part first"
    assert len(by_worker) == 20 and max(by_worker.values()) <= 2
    east, north = {fact.lon for fact in positions}, {fact.lat for fact in positions}
    assert min(east) > 113.0999 and max(east) < 113.1201 and min(north) > 22.9999 and max(north) < 23.0201
    assert [fact for fact in gateway.facts() if isinstance(fact, Heartbeat)], "terminals have logged in"


def test_what_the_store_does_not_take_is_kept_and_sent_again(
    gateway: Running, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.gateway.http.RETRY_AFTER_S", 0)
    gateway.store.client.config_set("maxmemory", "1")

    async def with_an_outage() -> dict[str, object]:
        plan = Plan(workers=8, interval_s=1.0, shares=Shares.of("json"), seconds=1.0)
        load = Load(city, str(gateway.http.base_url), None, KEY, plan)
        running = asyncio.create_task(load.run(asyncio.Event()))
        while not load.counts["sent again"]:
            await asyncio.sleep(0.02)
        assert load.acknowledged == 0
        gateway.store.client.config_set("maxmemory", "0")
        await running
        return load.told()

    try:
        told = asyncio.run(with_an_outage())
    finally:
        gateway.store.client.config_set("maxmemory", "0")
    assert told["sent"] == told["acknowledged"] == len(gateway.facts()) == 8


def test_a_wrong_key_and_terminals_that_are_not_admitted_end_it(gateway: Running, city: City) -> None:
    with pytest.raises(GatewayError, match="401"):
        run(gateway, city, Plan(workers=2, interval_s=1.0, shares=Shares.of("json"), seconds=5), key="another-key-altogether")
    with pytest.raises(GatewayError, match="JT808_ADMIT"):
        run(gateway, city, Plan(workers=5, interval_s=1.0, shares=Shares.of("jt808"), seconds=5))


@pytest.mark.parametrize("text", ["", "smoke", "json=0", "json=much", "json,json=2", "json=-1", "json=inf"])
def test_shares_that_are_none_are_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"protocol|share|convert"):
        Shares.of(text)


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=5))
def test_shares_add_up(number: int, weights: list[float]) -> None:
    names = ("json", "osmand", "owntracks", "jt808", "batch")[: len(weights)]
    split = Shares(tuple(zip(names, weights, strict=True))).split(number)
    assert sum(split.values()) == number
    assert all(abs(split[name] - number * weight / sum(weights)) <= 1 for name, weight in zip(names, weights, strict=True))


@given(st.lists(st.floats(2e-4, 50), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_latencies_are_told_within_two_per_cent(seconds: list[float], share: float) -> None:
    held = Latencies()
    for one in seconds:
        held.add(one)
    exact = float(np.percentile(seconds, share * 100, method="inverted_cdf"))
    assert exact <= held.share_s(share) * (1 + 1e-9) <= max(exact * 1.0201, exact + 1e-9)
