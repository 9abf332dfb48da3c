"""OsmAnd, Traccar Client and OwnTracks: the vectors of a peer, and the traps of units and times."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import AnyFact, FixFlag, Heartbeat, Position
from ingest.sources import osmand, owntracks
from ingest.sources.base import Context, Decoded, Refused
from tests.shared_data import data

AT_MS = 1_783_901_730_000
NOW_MS = AT_MS + 5000
JSON_TYPE = "application/json"


def context(**fields: Any) -> Context:
    return Context(**{"source": "phones", "received_at_ms": NOW_MS, **fields})


def query(text: str, **fields: Any) -> Decoded:
    return osmand.decode(text, b"", "", context(**fields))


def one(decoded: Decoded) -> Any:
    assert decoded.rejects == ()
    (fact,) = decoded.facts
    return fact


def fix(**fields: Any) -> Position:
    return one(query(urlencode({"id": "gw1", "lat": 23.021548, "lon": 113.121416, **fields})))  # type: ignore[no-any-return]


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((data("proto-traccar") / name).read_text(encoding="utf-8"))
    return found


def check(expected: str, facts: tuple[AnyFact, ...]) -> None:
    if expected in ("verifyPosition", "verifyAttribute"):
        assert [type(fact) for fact in facts] == [Position]
    else:
        assert expected == "verifyNotNull"
        assert [type(fact) for fact in facts] == [Heartbeat]


# OsmAnd and Traccar Client


def test_every_osmand_vector_of_the_peer() -> None:
    found = vectors("osmand.json")
    assert len(found) == 15
    for vector in found:
        body = vector.get("body", "").encode()
        request = (urlsplit(vector["url"]).query, body, vector.get("headers", {}).get("Content-Type", ""))
        if vector["check"] == "verifyNull":
            with pytest.raises(Refused) as refused:
                osmand.decode(*request, context())
            assert (refused.value.status, refused.value.message) == (400, "missing id")
        else:
            decoded = osmand.decode(*request, context())
            assert decoded.rejects == ()
            check(vector["check"], decoded.facts)


def test_the_query_of_the_domain_reference() -> None:
    text = "id=gw1&lat=23.021548&lon=113.121416&timestamp=1783901730&speed=2.32&bearing=275&altitude=12&batt=64"
    found = one(query(text))
    assert (found.worker, found.fixed_at_ms, found.lon, found.lat) == ("gw1", AT_MS, 113.121416, 23.021548)
    assert found.speed_mps == pytest.approx(4.3 / 3.6, abs=0.001)  # knots
    assert (found.heading_deg, found.altitude_m, found.battery_pct, found.accuracy_m) == (275, 12, 64, None)


def test_the_json_of_the_domain_reference() -> None:
    text = (
        '{"location":{"timestamp":"2026-07-13T00:15:30.000Z","coords":{"latitude":23.021548,"longitude":113.121416,'
        '"accuracy":8,"speed":1.194,"heading":275,"altitude":12},"battery":{"level":0.64,"is_charging":false}},'
        '"device_id":"gw1"}'
    )
    found = one(osmand.decode("", text.encode(), "application/json; charset=utf-8", context()))
    assert (found.worker, found.fixed_at_ms, found.lon, found.lat) == ("gw1", AT_MS, 113.121416, 23.021548)
    assert (found.speed_mps, found.heading_deg, found.accuracy_m) == (1.194, 275, 8)  # m/s
    assert found.battery_pct == pytest.approx(64)  # from 0 … 1


@pytest.mark.parametrize(
    ("timestamp", "zone", "at_ms"),
    [
        ("1783901730", "UTC", AT_MS),
        ("1783901730000", "UTC", AT_MS),
        ("2026-07-13T00:15:30Z", "UTC", AT_MS),
        ("2026-07-13T08:15:30+08:00", "UTC", AT_MS),
        ("2026-07-13 00:15:30", "UTC", AT_MS),
        ("2026-07-13 08:15:30", "Asia/Shanghai", AT_MS),
        ("2026-07-13T00:15:30Z", "Asia/Shanghai", AT_MS),
    ],
)
def test_times_of_a_query(timestamp: str, zone: str, at_ms: int) -> None:
    found = one(query(urlencode({"id": 1, "lat": 1, "lon": 2, "timestamp": timestamp}), zone=ZoneInfo(zone)))
    assert found.fixed_at_ms == at_ms


def test_a_zone_whose_plus_became_a_blank_is_still_a_zone() -> None:
    assert one(query("id=1&lat=1&lon=2&timestamp=2026-07-13T08:15:30+08:00")).fixed_at_ms == AT_MS


def test_without_a_time_the_fix_is_of_the_moment_of_arrival() -> None:
    assert fix().fixed_at_ms == NOW_MS


def test_a_position_may_stand_in_one_field_latitude_first() -> None:
    found = one(query("id=1&location=60.0,30.0"))
    assert (found.lat, found.lon) == (60.0, 30.0)


def test_a_form_is_read_like_a_query() -> None:
    body = b"deviceid=7&lat=60.0&lon=30.0&heading=10&hacc=3"
    found = one(osmand.decode("", body, "application/x-www-form-urlencoded", context()))
    assert (found.worker, found.lat, found.heading_deg, found.accuracy_m) == ("7", 60.0, 10, 3)


def test_what_the_phone_does_not_know_stays_unknown() -> None:
    found = fix(speed="-1", bearing="-1", batt="-1", altitude="", accuracy="NaN")
    assert (found.speed_mps, found.heading_deg, found.battery_pct, found.altitude_m, found.accuracy_m) == (None,) * 5
    coords = {"latitude": 1, "longitude": 2, "speed": -1, "heading": -1, "accuracy": 5}
    body = json.dumps({"device_id": 9, "location": {"coords": coords, "battery": {"level": -1}}}).encode()
    found = one(osmand.decode("", body, JSON_TYPE, context()))
    assert (found.worker, found.speed_mps, found.heading_deg, found.battery_pct) == ("9", None, None, None)
    assert found.fixed_at_ms == NOW_MS


def test_an_invented_position_and_the_alarm_button_are_flagged() -> None:
    assert fix(mock="true", alarm="sos").flags == FixFlag.MOCK | FixFlag.SOS
    assert fix(mock="false", alarm="lowBattery").flags == 0
    coords = {"latitude": 1, "longitude": 2}
    body = json.dumps({"device_id": "d", "location": {"coords": coords, "mock": True, "alarm": "sos"}}).encode()
    assert one(osmand.decode("", body, JSON_TYPE, context())).flags == FixFlag.MOCK | FixFlag.SOS


def test_without_a_position_the_phone_is_alive() -> None:
    assert one(query("id=1&batt=50")) == Heartbeat(source="phones", received_at_ms=NOW_MS, worker="1", battery_pct=50)
    assert isinstance(one(query("id=1&lat=1&lon=2&valid=false")), Heartbeat)
    for body in ({"device_id": "1"}, {"device_id": "1", "location": {}}, {"device_id": "1", "location": {"coords": {}}}):
        assert isinstance(one(osmand.decode("", json.dumps(body).encode(), JSON_TYPE, context())), Heartbeat)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("lat=116.3&lon=40", "lat out of range: 116.3"),
        ("lat=0&lon=0", "position 0/0"),
        ("lat=north&lon=0", "lat not a number: north"),
        ("lat=nan&lon=1", "lat not finite: nan"),
        ("lat=1", "missing field: lon"),
        ("location=here", "location not lat,lon: here"),
        ("lat=1&lon=2&timestamp=soon", "timestamp not a time: soon"),
    ],
)
def test_a_bad_fix_is_rejected_and_the_phone_is_alive(fields: str, reason: str) -> None:
    decoded = query("id=1&" + fields)
    assert [type(fact) for fact in decoded.facts] == [Heartbeat]
    assert [reject.reason for reject in decoded.rejects] == [reason]


def test_a_phone_that_does_not_say_who_it_is_is_refused() -> None:
    for request in (("lat=1&lon=2", b"", ""), ("", b'{"location":{}}', JSON_TYPE), ("", b"[]", JSON_TYPE)):
        with pytest.raises(Refused) as refused:
            osmand.decode(*request, context())
        assert refused.value.status == 400


def test_the_datum_of_the_source_is_applied() -> None:
    found = one(query("id=1&lat=23.018994970&lon=113.126898909", datum="gcj02"))
    assert (found.lon, found.lat) == (pytest.approx(113.121416, abs=1e-8), pytest.approx(23.021548, abs=1e-8))


WORDS = st.sampled_from(("id", "lat", "lon", "timestamp", "location", "speed", "batt", "valid", "1", "-1", "nan", "1e999", ","))


@given(
    st.lists(st.tuples(WORDS, WORDS | st.text(max_size=8)), max_size=8).map(urlencode) | st.text(max_size=30),
    st.binary(max_size=60),
    st.sampled_from(("", JSON_TYPE, "application/x-www-form-urlencoded", "text/plain")),
)
def test_random_requests_never_crash_osmand(text: str, body: bytes, content_type: str) -> None:
    try:
        assert isinstance(osmand.decode(text, body, content_type, context()), Decoded)
    except Refused as refused:
        assert refused.status == 400


KEYS = st.sampled_from(
    (
        "device_id",
        "location",
        "coords",
        "latitude",
        "longitude",
        "timestamp",
        "battery",
        "level",
        "mock",
        "_type",
        "lat",
        "lon",
        "tst",
        "tid",
        "topic",
        "vel",
        "batt",
        "alarm",
    )
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(("location", "lwt", "transition", "x", "a/b/c")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=7),
    max_leaves=15,
)


@given(ANY_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_random_json_never_crashes_the_phones_decoders(body: bytes) -> None:
    assert isinstance(owntracks.decode(body, context()), Decoded)
    try:
        assert isinstance(osmand.decode("", body, JSON_TYPE, context()), Decoded)
    except Refused as refused:
        assert refused.status == 400


@pytest.mark.parametrize(
    ("told", "lat", "lon"),
    [
        ("lat=23,0380&lon=113,1580", 23.038, 113.158),
        ("lat=23%2C0380&lon=113%2C1580", 23.038, 113.158),
        ("lat=23,038&lon=113,158", 23.038, 113.158),  # 23038 is no latitude
        ("?lat=23.038&lon=113.158", 23.038, 113.158),
        ("latitude=23.038&longitude=113.158", 23.038, 113.158),
        ("%20lat=23.038&+lon=113.158", 23.038, 113.158),
    ],
)
def test_an_address_is_read_as_it_was_meant(told: str, lat: float, lon: float) -> None:
    found = one(query(f"{told}&id=1"))
    assert (found.lat, found.lon) == (lat, lon)


@pytest.mark.parametrize("location", ["23,0383,113,1583", "23,0,113", "23,11,3"])
def test_a_comma_that_may_part_or_be_decimal_is_refused(location: str) -> None:
    decoded = query(f"id=1&location={location}")
    assert [reject.reason for reject in decoded.rejects] == [f"location not lat,lon: {location}"]


def test_decimal_commas_of_measurements() -> None:
    found = fix(speed="3,6", bearing="274,1", batt="81,5", altitude="12,5")
    assert (found.heading_deg, found.battery_pct, found.altitude_m) == (274.1, 81.5, 12.5)
    assert found.speed_mps == pytest.approx(3.6 * 1852 / 3600)


@pytest.mark.parametrize(("unit", "speed_mps"), [("", 7.1508), ("knots", 7.1508), ("mps", 13.9), ("kmh", 3.8611)])
def test_a_source_says_in_what_its_speeds_are(unit: str, speed_mps: float) -> None:
    found = one(query("id=1&lat=1&lon=2&speed=13.9", speed_unit=unit))
    assert found.speed_mps == pytest.approx(speed_mps, abs=1e-3)


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ("speed=fast&bearing=400", ["speed not a number: fast", "bearing out of range: 400.0"]),
        ("batt=85%25", ["batt not a number: 85%"]),
        ("altitude=1,234", ["altitude with a comma of which nobody can tell what it means: 1,234"]),
        ("mock=perhaps", ["wrong type of mock: perhaps"]),
    ],
)
def test_a_value_that_cannot_be_used_costs_itself(fields: str, reasons: list[str]) -> None:
    decoded = query(f"id=1&lat=1&lon=2&{fields}")
    assert isinstance(one(decoded), Position)
    assert [dropped.reason for dropped in decoded.dropped] == reasons


def test_the_alarm_of_a_phone_without_a_place_is_heard() -> None:
    for text in ("id=1&alarm=sos", "id=1&alarm=sos&lat=0&lon=0", "id=1&alarm=sos&lat=1&lon=2&timestamp=soon"):
        (fact,) = query(text).facts
        assert isinstance(fact, Heartbeat) and fact.sos and fact.at_ms is None
    (fact,) = query("id=1&alarm=sos&timestamp=946684800").facts  # a clock that begins in 2000: the fold tells of it
    assert isinstance(fact, Heartbeat) and fact.sos and fact.at_ms == 946_684_800_000
    body = json.dumps({"device_id": "d", "location": {"alarm": "sos", "coords": {"latitude": 91, "longitude": 1}}}).encode()
    (fact,) = osmand.decode("", body, JSON_TYPE, context()).facts
    assert isinstance(fact, Heartbeat) and fact.sos


PLACE = {"timestamp": "2026-07-13T00:15:30Z", "coords": {"latitude": 23.0, "longitude": 113.1}}


@pytest.mark.parametrize(
    "content",
    [
        {"location": PLACE},
        {"location": [PLACE]},
        {"locations": [PLACE]},
        {"locations": [{"location": PLACE}]},
        {"data": PLACE},
        PLACE,
        {"location": {"timestamp": PLACE["timestamp"], "latitude": 23.0, "longitude": 113.1}},
    ],
)
def test_a_location_is_found_under_whatever_root_the_app_is_set_to(content: dict[str, Any]) -> None:
    found = one(osmand.decode("", json.dumps({**content, "device_id": "d"}).encode(), JSON_TYPE, context()))
    assert (found.fixed_at_ms, found.lat, found.lon) == (AT_MS, 23.0, 113.1)


@pytest.mark.parametrize("content", [{"points": [[1, 2]]}, {"position": {"x": 1, "y": 2}}])
def test_a_request_of_which_nothing_would_be_kept_is_not_answered_as_taken(content: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        osmand.decode("", json.dumps({**content, "device_id": "d"}).encode(), JSON_TYPE, context())
    assert refused.value.status == 400 and refused.value.message.startswith("no location in it")


# OwnTracks

LOCATION: dict[str, Any] = {
    "_type": "location",
    "lat": 23.021548,
    "lon": 113.121416,
    "tst": 1783901730,
    "vel": 4,
    "cog": 275,
    "alt": 12,
    "acc": 8,
    "batt": 64,
    "tid": "gw",
}


def own(message: Any, **names: Any) -> Decoded:
    return owntracks.decode(json.dumps(message).encode(), context(), **names)


def test_every_owntracks_vector_of_the_peer() -> None:
    found = vectors("owntracks.json")
    assert len(found) == 6
    for vector in found:
        decoded = owntracks.decode(vector["body"].encode(), context())
        assert decoded.rejects == ()
        check(vector["check"], decoded.facts)
        message = json.loads(vector["body"])
        (fact,) = decoded.facts
        assert isinstance(fact, Position)
        assert (fact.lat, fact.lon, fact.fixed_at_ms) == (message["lat"], message["lon"], message["tst"] * 1000)
        assert fact.speed_mps == (None if "vel" not in message else pytest.approx(message["vel"] / 3.6))


def test_the_message_of_the_domain_reference() -> None:
    found = one(own(LOCATION, user="street", device="phone7"))
    assert (found.worker, found.fixed_at_ms) == ("street/phone7", AT_MS)
    assert found.speed_mps == pytest.approx(4 / 3.6)  # km/h
    assert (found.heading_deg, found.altitude_m, found.accuracy_m, found.battery_pct) == (275, 12, 8, 64)


@pytest.mark.parametrize(
    ("names", "extra", "worker"),
    [
        ({"user": "u", "device": "d", "topic": "owntracks/x/y"}, {"topic": "owntracks/p/q"}, "u/d"),
        ({"topic": "owntracks/x/y"}, {}, "x/y"),
        ({"topic": "owntracks/x/y/event"}, {"topic": "owntracks/p/q"}, "x/y"),
        ({}, {"topic": "owntracks/p/q"}, "p/q"),
        ({}, {"topic": "/owntracks/p/q"}, "p/q"),
        ({}, {"topic": "city/owntracks/p/q"}, "p/q"),
        ({}, {"topic": "city/owntracks/p/q/event"}, "p/q"),
        ({}, {"topic": "fleet/p/q"}, "p/q"),
        ({}, {"topic": "city/fleet/p/q"}, "fleet/p/q"),  # rather a longer name than two phones under one
        ({"user": "u"}, {}, "u/gw"),
        ({}, {}, "gw"),
    ],
)
def test_who_a_phone_is(names: dict[str, str], extra: dict[str, str], worker: str) -> None:
    assert one(own(LOCATION | extra, **names)).worker == worker


def test_what_is_left_out_is_unknown() -> None:
    bare = {key: LOCATION[key] for key in ("_type", "lat", "lon", "tst", "tid")}
    found = one(own(bare))
    assert (found.speed_mps, found.heading_deg, found.altitude_m, found.accuracy_m, found.battery_pct) == (None,) * 5


def test_the_last_will_says_that_the_link_is_down() -> None:
    found = one(own({"_type": "lwt", "tst": 1783901730}, topic="owntracks/x/y"))
    assert found == Heartbeat(source="phones", received_at_ms=NOW_MS, worker="x/y", up=False)


def test_a_transition_is_an_event_and_no_fix() -> None:
    """Its coordinates are those of the fix before; the fix of the same second is a message of its own."""
    message = {"_type": "transition", "event": "enter", "tst": 1783901730, "wtst": 1, "lat": 23.0, "lon": 113.1, "tid": "gw"}
    assert one(own(message)) == Heartbeat(source="phones", received_at_ms=NOW_MS, worker="gw")
    nameless = own({"_type": "transition", "event": "leave", "tst": 1783901730})
    assert [reject.reason for reject in nameless.rejects] == ["no identity"]


@pytest.mark.parametrize("kind", ["waypoint", "waypoints", "card", "status", "steps", "cmd", "not yet invented"])
def test_other_types_are_skipped(kind: str) -> None:
    assert own({"_type": kind, "lat": 1}) == Decoded()


def test_an_empty_body_is_no_error() -> None:
    assert owntracks.decode(b" \n", context()) == Decoded()


def test_messages_of_an_array_are_taken_one_by_one() -> None:
    decoded = own([LOCATION, {"_type": "encrypted", "data": "…"}, LOCATION | {"lat": 91}, {"_type": "card"}, 5, LOCATION])
    assert len(decoded.facts) == 2
    assert [(reject.index, reject.reason) for reject in decoded.rejects] == [
        (1, "encrypted payload"),
        (2, "lat out of range: 91"),
        (4, "not an object: 5"),
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"_type": "location", "lat": 1, "lon": 2, "tid": "x"}, "missing field: tst"),
        ({"_type": "location", "lat": 1, "lon": 2, "tst": 1783901730}, "no identity"),
        ({"lat": 1}, "missing field: _type"),
        ({"_type": "location", "lat": 0, "lon": 0, "tst": 1783901730, "tid": "x"}, "position 0/0"),
    ],
)
def test_a_bad_message_is_named(message: dict[str, Any], reason: str) -> None:
    assert [reject.reason for reject in own(message).rejects] == [reason]


_PART = st.text(st.sampled_from("ab=&%+;1 é2"), max_size=12)


@given(_PART)
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert osmand._fields(text) == dict(parse_qsl(text))


def test_a_query_is_read_also_where_the_device_says_that_an_empty_body_is_json() -> None:
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", ""):
        assert osmand.decode("id=W1&lat=23.0&lon=113.1", b" ", kind, context()).facts, kind
