"""POST /api/v1/positions: every good item is taken, every bad one named by its index, nothing else lost."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources import positions
from ingest.sources.base import Context, Decoded, Refused, reason_key

AT_MS = 1_783_901_730_000
GOOD: dict[str, Any] = {"worker": "w1", "fixed_at": "2026-07-13T08:15:30+08:00", "lon": 113.121416, "lat": 23.021548}


def context(**fields: Any) -> Context:
    return Context(**{"source": "app", "received_at_ms": AT_MS + 5000, **fields})


def read(*items: Any, **fields: Any) -> Decoded:
    return positions.decode(json.dumps(items).encode(), context(**fields))


def reasons(decoded: Decoded) -> list[tuple[int, str]]:
    return [(reject.index, reject.reason) for reject in decoded.rejects]


def test_all_fields_of_a_fix_arrive() -> None:
    full = {"accuracy_m": 8, "speed_mps": 1.2, "heading_deg": 275, "altitude_m": 12, "battery_pct": 64, "mock": True}
    assert read(GOOD | full).facts == (
        Position(
            source="app",
            received_at_ms=AT_MS + 5000,
            worker="w1",
            fixed_at_ms=AT_MS,
            lon=113.121416,
            lat=23.021548,
            accuracy_m=8.0,
            speed_mps=1.2,
            heading_deg=275.0,
            altitude_m=12.0,
            battery_pct=64.0,
            flags=FixFlag.MOCK,
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(GOOD),
        json.dumps(GOOD, indent=2),
        json.dumps([GOOD]),
        "\n" + json.dumps(GOOD) + "\n",
        "\ufeff" + json.dumps(GOOD),
    ],
)
def test_one_object_may_be_written_in_many_ways(body: str) -> None:
    decoded = positions.decode(body.encode(), context())
    assert [fact.fixed_at_ms for fact in decoded.facts if isinstance(fact, Position)] == [AT_MS]
    assert decoded.rejects == ()


def test_lines_of_json_are_items_and_a_broken_line_loses_only_itself() -> None:
    lines = [json.dumps(GOOD), '{"worker": "w2", "fixed', "", json.dumps(GOOD | {"worker": "w3"}), "[]"]
    decoded = positions.decode("\r\n".join(lines).encode(), context())
    assert [fact.worker for fact in decoded.facts if isinstance(fact, Position)] == ["w1", "w3"]
    assert [(reject.index, reason_key(reject.reason)) for reject in decoded.rejects] == [
        (1, "bad JSON"),
        (3, "not an object"),
    ]
    assert decoded.rejects[0].raw == b'{"worker": "w2", "fixed'


@pytest.mark.parametrize(
    "fixed_at",
    [
        "2026-07-13T00:15:30Z",
        "2026-07-13T08:15:30.000+08:00",
        "2026-07-13 08:15:30+0800",
        1_783_901_730,
        1_783_901_730.0,
        1_783_901_730_000,
        "1783901730",
        "1783901730000",
    ],
)
def test_an_instant_may_be_written_in_many_ways(fixed_at: Any) -> None:
    decoded = read(GOOD | {"fixed_at": fixed_at})
    assert [fact.fixed_at_ms for fact in decoded.facts if isinstance(fact, Position)] == [AT_MS]


def test_milliseconds_survive() -> None:
    decoded = read(GOOD | {"fixed_at": "2026-07-13T08:15:30.123+08:00"}, GOOD | {"fixed_at": 1_783_901_730.123})
    assert [fact.fixed_at_ms for fact in decoded.facts if isinstance(fact, Position)] == [AT_MS + 123] * 2


BAD = [
    ({"fixed_at": "2026-07-13T08:15:30"}, "fixed_at without zone: 2026-07-13T08:15:30"),
    ({"fixed_at": "yesterday"}, "fixed_at not a time: yesterday"),
    ({"fixed_at": "2026-02-30T08:15:30Z"}, "fixed_at not a time: 2026-02-30T08:15:30Z"),
    ({"fixed_at": 0}, "fixed_at out of range: 0"),
    ({"fixed_at": 1e300}, "fixed_at out of range: 1e+300"),
    ({"fixed_at": True}, "wrong type of fixed_at: True"),
    ({"fixed_at": None}, "missing field: fixed_at"),
    ({"lat": 116.3}, "lat out of range: 116.3"),
    ({"lon": -180.5}, "lon out of range: -180.5"),
    ({"lat": math.nan}, "lat not finite: nan"),
    ({"lon": math.inf}, "lon not finite: inf"),
    ({"lon": "113.1°"}, "lon not a number: 113.1°"),
    ({"lon": [113.1]}, "wrong type of lon: [113.1]"),
    ({"lon": None}, "missing field: lon"),
    ({"lon": 0, "lat": 0.0}, "position 0/0"),
    ({"worker": ""}, "worker empty"),
    ({"worker": "  "}, "worker empty"),
    ({"worker": 7}, "wrong type of worker: 7"),
    ({"worker": "x" * 129}, "worker too long: 129 characters"),
    ({"worker": "a\u0000b"}, "worker not printable: a·b"),
    ({"datum": "tokyo"}, "unknown datum: tokyo"),
    ({"datum": ["wgs84"]}, "unknown datum: ['wgs84']"),
]


@pytest.mark.parametrize(("wrong", "reason"), BAD)
def test_a_bad_item_is_named_and_loses_only_itself(wrong: dict[str, Any], reason: str) -> None:
    decoded = read(GOOD, GOOD | wrong, GOOD | {"worker": "w3"})
    assert [fact.worker for fact in decoded.facts if isinstance(fact, Position)] == ["w1", "w3"]
    assert reasons(decoded) == [(1, reason)]
    assert json.loads(decoded.rejects[0].raw)


SPARED = [
    ({"accuracy_m": -1}, "accuracy_m out of range: -1"),
    ({"speed_mps": "fast"}, "speed_mps not a number: fast"),
    ({"heading_deg": 400}, "heading_deg out of range: 400"),
    ({"battery_pct": 101}, "battery_pct out of range: 101"),
    ({"altitude_m": "1,234"}, "altitude_m with a comma of which nobody can tell what it means: 1,234"),
    ({"mock": "perhaps"}, "wrong type of mock: perhaps"),
]


@pytest.mark.parametrize(("odd", "reason"), SPARED)
def test_a_value_that_cannot_be_used_costs_itself_and_is_told(odd: dict[str, Any], reason: str) -> None:
    decoded = read(GOOD, GOOD | odd)
    assert decoded.facts == read(GOOD, GOOD).facts and decoded.rejects == ()
    assert [(one.index, one.reason) for one in decoded.dropped] == [(1, reason)]
    assert json.loads(decoded.dropped[0].raw)


def test_a_number_may_be_a_text_with_a_decimal_comma() -> None:
    (fact,) = read(GOOD | {"lon": "113,121416", "lat": "23.021548", "speed_mps": "1,5", "mock": "yes"}).facts
    assert isinstance(fact, Position)
    assert (fact.lon, fact.lat, fact.speed_mps, fact.flags) == (113.121416, 23.021548, 1.5, FixFlag.MOCK)


def test_an_alarm_is_taken_whatever_its_fix_is_worth() -> None:
    """What calls for help is never answered as refused: its sender would try again, or give up."""
    broken = ({"lat": None}, {"lat": 91}, {"fixed_at": "soon"}, {"lon": 0, "lat": 0}, {"fixed_at": None, "speed_mps": "x"})
    decoded = read(GOOD | {"sos": True}, *(GOOD | {"sos": True} | of for of in broken), {"worker": "w1", "sos": True})
    assert decoded.rejects == () and [one.index for one in decoded.dropped] == [1, 2, 3, 4, 5, 6]
    assert decoded.dropped[0].reason == "missing field: lat"
    fix, *calls = decoded.facts
    assert isinstance(fix, Position) and fix.flags == FixFlag.SOS
    assert [call.at_ms is None for call in calls if isinstance(call, Heartbeat)] == [False, False, True, False, True, True]
    assert all(isinstance(call, Heartbeat) and (call.worker, call.sos) == ("w1", True) for call in calls) and len(calls) == 6


@pytest.mark.parametrize(
    "odd", [{"lat": 91}, {"lat": 91, "sos": False}, {"lat": 91, "sos": "perhaps"}, {"worker": "", "sos": True}]
)
def test_who_does_not_call_or_is_nobody_is_rejected(odd: dict[str, Any]) -> None:
    decoded = read(GOOD | odd)
    assert decoded.facts == () and len(decoded.rejects) == 1


@pytest.mark.parametrize("wrong", [7, None, "text", [], {"worker": "w"}])
def test_what_is_no_fix_at_all_is_rejected(wrong: Any) -> None:
    assert len(read(wrong, GOOD).facts) == 1


@pytest.mark.parametrize("body", [b"", b"  \n", b"hello", b"[{]", b"[1,", b"7", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        positions.decode(body, context())
    assert refused.value.status == 400


def test_the_datum_of_an_item_wins_over_that_of_the_source() -> None:
    shifted = GOOD | {"lon": 113.126898909, "lat": 23.018994970}
    baidu = GOOD | {"lon": 113.133392608, "lat": 23.024936552, "datum": "bd09"}
    decoded = read(shifted, GOOD | {"datum": "wgs84"}, baidu, datum="gcj02")
    for fact in decoded.facts:
        assert isinstance(fact, Position)
        assert (fact.lon, fact.lat) == (pytest.approx(113.121416, abs=1e-8), pytest.approx(23.021548, abs=1e-8))


def test_a_device_of_the_roster_becomes_its_worker() -> None:
    decoded = read(GOOD, GOOD | {"worker": "phone7"}, worker_of=lambda device: {"phone7": "W7"}.get(device, device))
    assert [fact.worker for fact in decoded.facts if isinstance(fact, Position)] == ["w1", "W7"]


EARLIEST, LATEST = datetime(1981, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001 (hypothesis wants them so)
ITEM = st.fixed_dictionaries(
    {
        "worker": st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF, categories=["L", "N"]), min_size=1, max_size=9),
        "fixed_at": st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)).map(
            lambda at: at.astimezone(timezone(timedelta(hours=8))).isoformat()
        )
        | st.integers(400_000_000, 4_000_000_000),
        "lon": st.floats(-180, 180).filter(lambda lon: abs(lon) > 1e-3),
        "lat": st.floats(-90, 90),
    },
    optional={
        "accuracy_m": st.floats(0, 1000),
        "battery_pct": st.none() | st.integers(0, 100),
        "mock": st.booleans(),
        "sos": st.booleans(),
        "recorded": st.booleans(),
        "datum": st.sampled_from(("wgs84", "gcj02", "bd09")) | st.none(),
        "surplus": st.text(max_size=5),
    },
)


@given(st.lists(ITEM, min_size=1, max_size=5))
def test_the_fast_way_and_the_careful_way_give_the_same_facts(items: list[dict[str, Any]]) -> None:
    fast = positions.decode(json.dumps(items).encode(), context())
    careful = positions.decode(json.dumps([*items, {}]).encode(), context())
    lines = positions.decode("\n".join(map(json.dumps, items)).encode(), context())
    assert len(fast.facts) == len(items)
    assert lines.facts == fast.facts
    assert reasons(careful) == [(len(items), "missing field: worker")]
    for one, other in zip(fast.facts, careful.facts, strict=True):
        assert isinstance(one, Position) and isinstance(other, Position)
        assert (one.lon, one.lat) == (pytest.approx(other.lon, abs=1e-9), pytest.approx(other.lat, abs=1e-9))
        assert (one.worker, one.fixed_at_ms, one.accuracy_m, one.battery_pct, one.flags) == (
            other.worker,
            other.fixed_at_ms,
            other.accuracy_m,
            other.battery_pct,
            other.flags,
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from((*GOOD, "datum", "mock")), inner, max_size=6),
    max_leaves=12,
)


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_random_input_never_crashes(body: bytes) -> None:
    try:
        decoded = positions.decode(body, context())
    except Refused as refused:
        assert refused.message
    else:
        assert isinstance(decoded, Decoded)
