"""Laws of every door: junk in a value beside the fact costs that value and never the fact, and it is told; any clock is
answered. What is asked of everything: with the strangest value that its type allows?
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import AnyFact, CaseStep, DayTally, FeedStatus, Position
from ingest.sources import events, feeds, osmand, owntracks, positions, tallies
from ingest.sources.base import Context, Decoded, Refused

NOW_MS = 1_783_901_730_000
AT = "2026-07-13T08:15:30+08:00"
CONTEXT = Context(source="s", received_at_ms=NOW_MS)

Door = tuple[type[AnyFact], dict[str, Any], tuple[str, ...], str, Callable[[dict[str, Any]], Decoded]]


def _body(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _client9(value: dict[str, Any]) -> Decoded:
    coords = {"latitude": value.pop("latitude"), "longitude": value.pop("longitude")}
    coords |= {name: value.pop(name) for name in ("accuracy", "speed", "heading", "altitude") if name in value}
    location = {"coords": coords, **value}
    return osmand.decode("", _body({"device_id": "d", "location": location}), "application/json", CONTEXT)


DOORS: dict[str, Door] = {
    "positions": (
        Position,
        {"worker": "w", "fixed_at": AT, "lon": 113.1, "lat": 23.0},
        ("accuracy_m", "speed_mps", "heading_deg", "altitude_m", "battery_pct", "mock", "sos", "recorded", "surplus"),
        "fixed_at",
        lambda value: positions.decode(_body(value), CONTEXT),
    ),
    "events": (
        CaseStep,
        {"order": "A1", "at": AT, "status": "reported"},
        ("lon", "lat", "deadline_at", "on_time", "at_unknown", "channel", "surplus", "x" * 70, *events.TEXT_LENGTHS),
        "at",
        lambda value: events.decode(_body(value), CONTEXT),
    ),
    "feeds": (
        FeedStatus,
        {"feed": "F1", "status": "ON", "at": AT},
        ("lon", "lat", "name", "region", "owner", "streams", "direction_deg", "fov_deg", "at", "surplus"),
        "at",
        lambda value: feeds.decode(_body(value), CONTEXT),
    ),
    "tallies": (
        DayTally,
        {"day": "2026-07-12", "key": "calls", "value": 7},
        ("at", "surplus"),
        "at",
        lambda value: tallies.decode(_body(value), CONTEXT),
    ),
    "owntracks": (
        Position,
        {"_type": "location", "lat": 23.0, "lon": 113.1, "tst": NOW_MS // 1000, "topic": "owntracks/u/d"},
        ("acc", "vel", "cog", "alt", "batt", "vac", "conn", "p", "inregions", "tid"),
        "tst",
        lambda value: owntracks.decode(_body(value), CONTEXT),
    ),
    "client 9": (
        Position,
        {"timestamp": AT, "latitude": 23.0, "longitude": 113.1},
        ("accuracy", "speed", "heading", "altitude", "battery", "mock", "alarm", "extras", "activity"),
        "timestamp",
        _client9,
    ),
    "osmand": (
        Position,
        {"id": "d", "lat": "23.0", "lon": "113.1", "timestamp": str(NOW_MS // 1000)},
        ("accuracy", "hacc", "speed", "bearing", "heading", "altitude", "batt", "mock", "alarm", "trip"),
        "timestamp",
        lambda value: osmand.decode(urlencode(value), b"", "", CONTEXT),
    ),
}
KEYS_BESIDE = st.sampled_from(("hls", "level", "flv", "a b", "x"))
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["-1", "NaN", "1,5", "1,234", "85%", "http://u:p/1@h/", "\ud800", "x" * 30_000, "2026-13-01", -1, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS_BESIDE, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_junk_beside_the_fact_costs_itself_and_never_the_fact(name: str, data: st.DataObject) -> None:
    kind, item, beside, clock, decode = DOORS[name]
    junk = data.draw(st.dictionaries(st.sampled_from(beside), JUNK, min_size=1, max_size=4))
    if name == "osmand":
        junk = {key: str(value).encode(errors="replace").decode() for key, value in junk.items()}
    found = decode({**item, **junk})
    (fact,), (plain,) = found.facts, decode(dict(item)).facts
    assert isinstance(fact, kind) and found.rejects == ()
    assert [value for value in msgspec.structs.astuple(fact)[:4] if value != value] == []
    if clock not in junk:
        assert _core(fact) == _core(plain)
    assert all(dropped.index == 0 and dropped.reason for dropped in found.dropped)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([fact]), type=list[AnyFact]) == [fact]


def _core(fact: AnyFact) -> tuple[object, ...]:
    match fact:
        case Position():
            return fact.worker, fact.fixed_at_ms, fact.lon, fact.lat
        case CaseStep():
            return fact.order, fact.at_ms, fact.status
        case FeedStatus():
            return fact.feed, fact.at_ms, fact.status
        case DayTally():
            return fact.day, fact.key, fact.value
    raise AssertionError(fact)


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize(
    "odd",
    [{"speed": "fast"}, {"vel": "fast"}, {"deadline_at": "soon"}, {"fov_deg": -1}, {"speed_mps": -1}, {"surplus": "x" * 3000}],
)
def test_what_was_left_out_is_told(name: str, odd: dict[str, Any]) -> None:
    _kind, item, beside, _clock, decode = DOORS[name]
    if set(odd) <= set(beside) and (name == "events" or "surplus" not in odd):
        assert [dropped.reason for dropped in decode({**item, **odd}).dropped] != []


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=150, deadline=None)
@given(at=st.integers() | st.floats() | st.text(max_size=20) | st.datetimes().map(lambda at: at.isoformat() + "Z"))
def test_any_clock_is_answered(name: str, at: float | str) -> None:
    """The fact with its clock as told, or the reason why that is no time; never a crash, never silence."""
    _kind, item, _beside, clock, decode = DOORS[name]
    try:
        found = decode({**item, clock: at})
    except Refused as refused:
        assert refused.message
        return
    assert found.facts or found.rejects
    assert all(msgspec.msgpack.encode(fact) for fact in found.facts)
