"""POST /api/v1/events and /api/v1/feeds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bounds import EARLIEST_DEADLINE_MS, LONGEST_LIMIT_MS
from domain.facts import CaseStep, FeedStatus
from domain.lifecycle import STATUSES
from ingest.sources import events, feeds
from ingest.sources.base import Context, Decoded, Refused

AT_MS = 1_783_901_730_000
CONTEXT = Context(source="12345", received_at_ms=AT_MS + 5000)
STEP: dict[str, Any] = {"order": "A-1", "at": "2026-07-13T08:15:30+08:00", "status": "reported"}
FEED: dict[str, Any] = {"feed": "44060500001320000001", "status": "ON"}


def steps(*items: Any, context: Context = CONTEXT) -> Decoded:
    return events.decode(json.dumps(items, ensure_ascii=False).encode(), context)


def step(**fields: Any) -> CaseStep:
    decoded = steps(STEP | fields)
    assert decoded.rejects == ()
    (fact,) = decoded.facts
    assert isinstance(fact, CaseStep)
    return fact


def feed(**fields: Any) -> FeedStatus:
    decoded = feeds.decode(json.dumps(FEED | fields).encode(), CONTEXT)
    assert decoded.rejects == ()
    (fact,) = decoded.facts
    assert isinstance(fact, FeedStatus)
    return fact


def test_all_fields_of_a_step_arrive() -> None:
    texts = {name: f"的{name}" for name in events.TEXT_LENGTHS}
    found = step(
        source="微信公众号",
        lon=113.12,
        lat=23.02,
        deadline_at="2026-07-14T08:15:30+08:00",
        at_unknown=True,
        on_time=False,
        **texts,
    )
    assert found == CaseStep(
        source="12345",
        received_at_ms=AT_MS + 5000,
        order="A-1",
        at_ms=AT_MS,
        status="reported",
        at_unknown=True,
        channel="微信公众号",
        lon=113.12,
        lat=23.02,
        deadline_at_ms=AT_MS + 86_400_000,
        on_time=False,
        **texts,  # type: ignore[arg-type]
    )


def test_what_is_not_said_changes_nothing() -> None:
    found = step()
    assert (found.channel, found.category, found.region, found.lon, found.on_time, found.extra) == (None,) * 5 + ({},)


@pytest.mark.parametrize("status", list(STATUSES))
def test_every_status_of_the_life_cycle_is_understood(status: str) -> None:
    assert step(status=f" {status.upper()} ").status == status


def test_an_unknown_status_is_told_what_is_allowed() -> None:
    (reject,) = steps(STEP | {"status": "finished"}).rejects
    assert reject.reason.startswith("unknown status: finished (allowed: reported, ")
    assert reject.reason.endswith(f"{list(STATUSES)[-1]})")


def test_fields_that_are_not_known_are_kept_as_text() -> None:
    found = step(weather="雨", level=3, urgent=True, photos=["a.jpg"], nothing=None)
    assert found.extra == {"weather": "雨", "level": "3", "urgent": "true", "photos": '["a.jpg"]'}


def test_numbers_may_stand_where_codes_stand() -> None:
    found = step(order=20180001, region=440605, category=7)
    assert (found.order, found.region, found.category) == ("20180001", "440605", "7")


def test_no_place_is_no_fault() -> None:
    assert (step(lon=0, lat=0).lon, step(lon=None, lat=None).lat) == (None, None)


def test_places_are_converted_by_their_datum() -> None:
    found = step(lon=113.126898909, lat=23.018994970, datum="gcj02")
    assert (found.lon, found.lat) == (pytest.approx(113.121416, abs=1e-8), pytest.approx(23.021548, abs=1e-8))


BAD_STEPS: list[tuple[dict[str, Any], str]] = [
    ({"order": None}, "missing field: order"),
    ({"order": " "}, "order empty"),
    ({"order": ["x"]}, "wrong type of order: ['x']"),
    ({"at": "2026-07-13 08:15:30"}, "at without zone: 2026-07-13 08:15:30"),
    ({"status": ["reported"]}, "unknown status: ['reported']"),
]


@pytest.mark.parametrize(("wrong", "reason"), BAD_STEPS)
def test_a_bad_step_is_named_and_loses_only_itself(wrong: dict[str, Any], reason: str) -> None:
    decoded = steps(STEP, STEP | wrong, STEP | {"order": "A-3"})
    assert [fact.order for fact in decoded.facts if isinstance(fact, CaseStep)] == ["A-1", "A-3"]
    assert [(reject.index, reject.reason[: len(reason)]) for reject in decoded.rejects] == [(1, reason)]


SPARED_OF_STEPS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"lon": 113.1}, {}, "missing field: lat"),
    ({"lon": 113.1, "lat": 123}, {}, "lat out of range: 123"),
    ({"lon": 113.1, "lat": 23, "datum": "tokyo"}, {}, "unknown datum: tokyo"),
    ({"deadline_at": "tomorrow"}, {}, "deadline_at not a time: tomorrow"),
    ({"deadline_at": "2099-12-31T00:00:00Z"}, {}, "deadline_at out of range: 2099-12-31T00:00:00Z"),
    ({"deadline_at": 86_400}, {}, "deadline_at out of range: 86400"),
    ({"on_time": "perhaps"}, {}, "wrong type of on_time: perhaps"),
    ({"title": {"a": 1}}, {}, "wrong type of title: {'a': 1}"),
    ({"title": "x" * 1001}, {"title": "x" * 1000}, "title too long: 1001 characters, cut to 1000"),
    ({f"f{i}": "x" for i in range(33)}, {f"f{i}": "x" for i in range(32)}, "too many extra fields: more than 32"),
    ({"other": "x" * 2001}, {"other": "x" * 2000}, "extra field too long: other"),
    ({"y" * 65: "x"}, {}, "extra field too long: " + "y" * 65),
]


@pytest.mark.parametrize(("odd", "kept", "reason"), SPARED_OF_STEPS)
def test_what_stands_beside_a_step_costs_itself_and_is_told(odd: dict[str, Any], kept: dict[str, Any], reason: str) -> None:
    decoded = steps(STEP, STEP | odd)
    assert decoded.facts[1] == step(**kept) and decoded.rejects == ()
    assert [(one.index, one.reason) for one in decoded.dropped] == [(1, reason)]


def test_a_deadline_lies_as_far_ahead_as_any_limit_may_or_as_long_ago_as_cases_are_kept() -> None:
    for deadline_at_ms in (CONTEXT.received_at_ms + LONGEST_LIMIT_MS, EARLIEST_DEADLINE_MS):
        decoded = steps(STEP | {"deadline_at": deadline_at_ms})
        assert [(fact.deadline_at_ms, decoded.dropped) for fact in decoded.facts if isinstance(fact, CaseStep)] == [
            (deadline_at_ms, ())
        ]


def test_older_systems_write_gbk() -> None:
    body = json.dumps(STEP | {"title": "井盖破损"}, ensure_ascii=False).encode("gbk")
    (fact,) = events.decode(body, CONTEXT).facts
    assert isinstance(fact, CaseStep)
    assert fact.title == "井盖破损"


def test_half_a_character_is_not_stored_and_costs_nothing_else() -> None:
    found = events.decode(b'[{"order":"1","at":1783901730,"status":"closed","title":"\\ud800","x":NaN}]', CONTEXT)
    (fact,) = found.facts
    assert isinstance(fact, CaseStep) and fact.title == "?"


# Feeds


def test_all_fields_of_a_feed_arrive() -> None:
    found = feed(
        name="路口1",
        lon=113.12,
        lat=23.02,
        region="440605",
        owner="公安",
        at="2026-07-13T08:15:30+08:00",
        streams={"hls": "http://10.0.0.1:8888/cam/index.m3u8", "webrtc": "http://10.0.0.1:8889/cam/whep", "flv": None},
        direction_deg=90,
        fov_deg=60,
    )
    assert (found.name, found.lon, found.lat, found.region, found.owner) == ("路口1", 113.12, 23.02, "440605", "公安")
    assert (found.at_ms, found.status, found.direction_deg, found.fov_deg) == (AT_MS, "online", 90, 60)
    assert found.streams == {"hls": "http://10.0.0.1:8888/cam/index.m3u8", "webrtc": "http://10.0.0.1:8889/cam/whep"}


def test_without_a_time_the_state_is_of_the_moment_of_arrival() -> None:
    assert feed().at_ms == AT_MS + 5000


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ON", "online"),
        ("Online", "online"),
        (True, "online"),
        (1, "online"),
        ("OFF", "offline"),
        ("离线", "offline"),
        (0, "offline"),
        ("frozen", "frozen"),
        ("VLOST", "fault"),
        ("DEFECT", "fault"),
    ],
)
def test_the_words_of_gateways_are_understood(word: Any, status: str) -> None:
    assert feed(status=word).status == status


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("rtsp://admin:secret1@10.0.0.1:554/ch1", "rtsp://10.0.0.1:554/ch1"),
        ("rtsp://admin:p@ss@cam.local/ch1", "rtsp://cam.local/ch1"),
        ("http://h/live.flv?token=secret1&app=live&stream=x", "http://h/live.flv?app=live&stream=x"),
        ("https://h/a?Access_Token=secret1", "https://h/a"),
        ("ws://h/a?auth_key=1-secret1&txSecret=secret1&wsSecret=secret1&x=1", "ws://h/a?x=1"),
        ("http://h/index/api/webrtc?app=live&stream=a%20b&type=play&secret=secret1", None),
        ("rtmp://[fe80::1]:1935/live/x?password=secret1#secret1", "rtmp://[fe80::1]:1935/live/x"),
        ("srt://h:9000?passphrase=secret1&mode=caller", "srt://h:9000?mode=caller"),
        ("rtsp://h:554/user=admin&password=secret1&channel=1&stream=0.sdp?", "rtsp://h:554/channel=1&stream=0.sdp"),
        ("http://h/a.m3u8?u=admin&p=secret1&x=1", "http://h/a.m3u8?x=1"),
        ("http://h/cgi?loginuse=admin&loginpas=secret1", "http://h/cgi"),
    ],
)
def test_credentials_are_cut_out_of_stream_addresses(url: str, kept: str | None) -> None:
    found = feed(streams={"flv": url}).streams["flv"]
    assert found == (kept or "http://h/index/api/webrtc?app=live&stream=a%20b&type=play")
    assert "secret1" not in found


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "javascript:alert('secret1')",
        "//admin:secret1@h/x",
        "rtsp://admin:se/secret1@h/x",
        "rtsp://admin:12/secret1@h/x",
        "rtsp://admin:#secret1@h/x",
        "rtsp://admin:?secret1@h/x",
        "http://",
        "http://h:99999/secret1",
        7,
        "x" * 3000,
    ],
)
def test_a_bad_stream_address_is_left_out_without_showing_it(url: Any) -> None:
    streams = {"hls": url, "flv": "http://h/ok"}
    decoded = feeds.decode(json.dumps([FEED | {"streams": streams}, FEED]).encode(), CONTEXT)
    assert [fact.streams for fact in decoded.facts if isinstance(fact, FeedStatus)] == [{"flv": "http://h/ok"}, {}]
    (reject,) = decoded.dropped
    assert "secret1" not in reject.reason
    if "@" in str(url):
        assert b"secret1" not in reject.raw


def test_kept_bytes_of_a_rejected_feed_hold_no_credentials() -> None:
    streams = {"hls": "rtsp://admin:secret1@h/x?token=secret1", "flv": 'http://u:secret"1@h'}
    texts = [json.dumps({"feed": "", "status": "ON", "streams": streams})]
    texts.append(texts[0].replace("/", "\\/"))
    texts.append(texts[0].replace("@", "\\u0040").replace("?", "\\u003f"))
    texts.append(texts[0][:-1])  # cannot even be read
    texts += [json.dumps(streams["hls"]), texts[0].replace('\\"', "\\u0022")]
    for text in [*texts, "\n".join([json.dumps(FEED), *texts])]:
        try:
            decoded = feeds.decode(text.encode(), CONTEXT)
        except Refused as refused:
            assert "secret" not in refused.message
            continue
        for reject in decoded.rejects:
            assert b"secret" not in reject.raw
            assert "secret" not in reject.reason


BAD_FEEDS: list[tuple[dict[str, Any], str]] = [
    ({"feed": ""}, "feed empty"),
    ({"status": None}, "missing field: status"),
    ({"status": "sleeping"}, "unknown status: sleeping (allowed: online, offline, frozen, fault)"),
]

SPARED_OF_FEEDS: list[tuple[dict[str, Any], str]] = [
    ({"streams": []}, "wrong type of streams"),
    ({"streams": {"a b": "http://h/"}}, "bad kind of stream"),
    ({"fov_deg": 400}, "fov_deg out of range: 400"),
    ({"direction_deg": -1}, "direction_deg out of range: -1"),
    ({"lon": 113.1, "lat": "north"}, "lat not a number: north"),
    ({"name": 7.5, "owner": []}, "wrong type of owner: []"),
    ({"at": "2026-07-13T08:15:30"}, "at without zone: 2026-07-13T08:15:30"),
]


@pytest.mark.parametrize(("odd", "reason"), SPARED_OF_FEEDS)
def test_what_stands_beside_the_word_on_a_camera_costs_itself_and_is_told(odd: dict[str, Any], reason: str) -> None:
    decoded = feeds.decode(json.dumps(FEED | odd).encode(), CONTEXT)
    (fact,) = decoded.facts
    assert isinstance(fact, FeedStatus) and (fact.status, fact.at_ms, fact.lon) == ("online", AT_MS + 5000, None)
    assert [one.reason for one in decoded.dropped] == [reason] and decoded.rejects == ()


def test_too_many_streams_are_cut() -> None:
    decoded = feeds.decode(json.dumps(FEED | {"streams": {f"s{i}": "http://h/" for i in range(17)}}).encode(), CONTEXT)
    (fact,) = decoded.facts
    assert isinstance(fact, FeedStatus) and len(fact.streams) == 16
    assert [one.reason for one in decoded.dropped] == ["too many streams: 17, at most 16"]


def test_a_camera_s_number_and_place_may_be_written_as_the_catalogue_has_them() -> None:
    found = feed(feed=34020000001320000099, lon="113.1511", lat="23,0324")
    assert (found.feed, found.lon, found.lat) == ("34020000001320000099", 113.1511, 23.0324)



@pytest.mark.parametrize(("wrong", "reason"), BAD_FEEDS)
def test_a_bad_feed_is_named(wrong: dict[str, Any], reason: str) -> None:
    decoded = feeds.decode(json.dumps([FEED | wrong]).encode(), CONTEXT)
    assert [reject.reason for reject in decoded.rejects] == [reason]


NAMES = st.sampled_from((*STEP, *FEED, "lon", "lat", "datum", "streams", "on_time", "deadline_at", "title", "hls"))
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("closed", "ON", "http://h")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=7),
    max_leaves=15,
)


@given(ANY_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_random_input_never_crashes(body: bytes) -> None:
    for decode in (events.decode, feeds.decode):
        try:
            assert isinstance(decode(body, CONTEXT), Decoded)
        except Refused as refused:
            assert refused.status == 400
