"""JT/T 808: framing, headers and locations; the golden frames of the domain reference."""

import functools
import operator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources.base import BadInput
from ingest.sources.instants import in_range
from ingest.sources.jt808 import body, encode, facts, frames
from ingest.sources.jt808.message import EDITION_2013, EDITION_2019, Id, device_id, parse, parse_plain
from tests.wire.frames808 import FIXED_AT_MS, A, C, D, V, context


def the_fix(frame: bytes, accept_bad_checksum: bool = False) -> Position:
    (fact,) = facts.decode(parse(frame, accept_bad_checksum), context()).facts
    assert isinstance(fact, Position)
    return fact


def test_the_framing_vector_of_the_standard() -> None:
    assert frames.unescape(bytes.fromhex("307d02087d0155")) == bytes.fromhex("307e087d55")
    assert frames.escape(bytes.fromhex("307e087d55")) == bytes.fromhex("307d02087d0155")


@given(st.binary(max_size=1100))
def test_the_checksum_is_the_xor_of_all_bytes(content: bytes) -> None:
    assert frames.checksum(content) == functools.reduce(operator.xor, content, 0)


@given(st.binary(min_size=6, max_size=6))
def test_a_clock_is_a_date_and_a_time_of_day_or_none(bcd: bytes) -> None:
    try:
        local = datetime.strptime(f"20{bcd.hex()}", "%Y%m%d%H%M%S").replace(tzinfo=timezone(timedelta(hours=8)))
    except ValueError:
        assert body.china_clock_ms(bcd) is None
    else:
        assert body.china_clock_ms(bcd) == (local.timestamp() * 1000 if in_range(int(local.timestamp()) * 1000) else None)


def test_golden_frame_v_has_both_escapes() -> None:
    message = parse(V)
    assert (message.id, message.phone, message.serial) == (Id.LOCATION, "123456789012", 126)
    assert (message.layout, message.checksum_ok, message.length_ok) == (EDITION_2013, True, True)
    fix = the_fix(V)
    assert (fix.lat, fix.lon, fix.altitude_m) == (12.222222, 132.444444, 40)
    assert fix.speed_mps == pytest.approx(6 / 3.6)
    assert fix.fixed_at_ms == 1_539_569_410_000  # 2018-10-15 10:10:10+08:00
    assert fix.flags == FixFlag.SOS
    assert body.extras(body.location(message.body).tlvs) == {"mileage_m": 10_000, "fuel_l": 12.5}


def test_golden_frame_a_of_2019() -> None:
    message = parse(A)
    assert (message.layout, message.version, message.serial) == (EDITION_2019, 1, 7)
    assert (message.phone, message.device) == ("00000000013800138000", "13800138000")
    fix = the_fix(A)
    assert (fix.lat, fix.lon, fix.altitude_m, fix.heading_deg) == (23.021548, 113.121416, 12, 275)
    assert fix.speed_mps == pytest.approx(4.3 / 3.6)
    assert (fix.fixed_at_ms, fix.flags, fix.worker) == (FIXED_AT_MS, 0, "13800138000")
    assert body.extras(body.location(message.body).tlvs) == {"mileage_m": 12_300, "satellites": 18}


def test_golden_frame_c_sets_the_version_bit_over_an_old_header() -> None:
    message = parse(C)
    assert (message.layout, message.device, message.serial) == (EDITION_2013, "13800138000", 8)
    assert message.length_ok
    assert the_fix(C).fixed_at_ms == FIXED_AT_MS
    assert (0x5F, b"\xab\xcd") in body.location(message.body).tlvs


def test_golden_frame_d_has_a_wrong_checksum() -> None:
    with pytest.raises(BadInput, match="wrong checksum: 41, is 40"):
        parse(D)
    message = parse(D, accept_bad_checksum=True)
    assert (message.checksum_ok, message.serial) == (False, 9)
    assert the_fix(D, accept_bad_checksum=True).lat == 23.021548


def test_without_a_fix_there_is_a_sign_of_life_and_no_position() -> None:
    frame = encode.frame(Id.LOCATION, "13800138000", 1, encode.location(113.1, 23.0, FIXED_AT_MS, status=1))
    (fact,) = facts.decode(parse(frame), context()).facts
    assert isinstance(fact, Heartbeat)
    assert fact.up


@pytest.mark.parametrize(
    ("lon", "lat", "reason"), [(0, 0, "position 0/0"), (116.3, 116.307629, "lat out of range: 116.307629")]
)
def test_impossible_places_are_rejected_and_the_terminal_is_alive(lon: float, lat: float, reason: str) -> None:
    frame = encode.frame(Id.LOCATION, "13800138000", 1, encode.location(lon, lat, FIXED_AT_MS))
    decoded = facts.decode(parse(frame), context())
    assert [type(fact) for fact in decoded.facts] == [Heartbeat]
    assert [reject.reason for reject in decoded.rejects] == [reason]


def test_a_clock_that_never_was_set_is_no_time() -> None:
    plain = encode.location(113.1, 23.0, FIXED_AT_MS)
    unset = plain[:22] + bytes(6)
    frame = encode.frame(Id.LOCATION, "13800138000", 1, unset)
    decoded = facts.decode(parse(frame), context())
    assert decoded.rejects[0].reason == "fixed_at not a time: 000000000000"


def test_south_and_west_come_from_the_status_bits() -> None:
    frame = encode.frame(Id.LOCATION, "1", 1, encode.location(-46.6, -23.5, FIXED_AT_MS), 2013)
    assert (the_fix(frame).lon, the_fix(frame).lat) == (-46.6, -23.5)


def test_the_datum_of_the_source_is_applied_once() -> None:
    frame = encode.frame(Id.LOCATION, "1", 1, encode.location(113.126899, 23.018995, FIXED_AT_MS))
    (fact,) = facts.decode(parse(frame), context(datum="gcj02")).facts
    assert isinstance(fact, Position)
    assert (fact.lon, fact.lat) == (pytest.approx(113.121416, abs=1e-6), pytest.approx(23.021548, abs=1e-6))


def test_a_cut_last_item_keeps_what_is_there_and_repeated_items_are_all_kept() -> None:
    plain = encode.location(113.1, 23.0, FIXED_AT_MS, tlvs=[(5, b"x" * 40), (1, b"\0\0\0\1"), (1, b"\0\0\0\2")])
    found = body.location(plain + b"\x30\x05\x01")
    assert [tlv[0] for tlv in found.tlvs] == [5, 1, 1, 0x30]
    assert (found.tlvs[-1][1], found.cut_short) == (b"\x01", True)


def test_an_encrypted_body_is_not_guessed_at() -> None:
    plain = bytearray(frames.unescape(A[1:-1]))
    plain[2] |= 0x04  # bit 10: RSA
    plain[-1] = frames.checksum(plain[:-1])
    message = parse_plain(bytes(plain))
    assert message.encryption == 1
    with pytest.raises(BadInput, match="encrypted body"):
        facts.decode(message, context())


def test_a_batch_of_a_blind_area_is_marked_and_a_normal_one_is_not() -> None:
    bodies = [encode.location(113.1 + i / 1000, 23.0, FIXED_AT_MS + i * 1000) for i in range(3)]
    for backfill in (True, False):
        frame = encode.frame(Id.LOCATION_BATCH, "13800138000", 1, encode.batch(bodies, backfill))
        found = facts.decode(parse(frame), context()).facts
        assert [fact.flags for fact in found if isinstance(fact, Position)] == [FixFlag.BACKFILL if backfill else 0] * 3


def test_one_broken_location_of_a_batch_loses_only_itself() -> None:
    good = encode.location(113.1, 23.0, FIXED_AT_MS)
    frame = encode.frame(Id.LOCATION_BATCH, "1", 1, encode.batch([good, good[:20], good]))
    decoded = facts.decode(parse(frame), context())
    assert len(decoded.facts) == 2
    assert [(reject.index, reject.reason) for reject in decoded.rejects] == [(1, "location too short: 20 bytes")]


def test_an_imei_in_hex_digits_is_read_as_the_imei() -> None:
    found = device_id("4f07788ef87d")
    assert (len(found), found[:14]) == (15, str(0x4F07788EF87D))
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(found)]
    assert sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


STREAM = A + V + D + C + A[:-1] + C  # the last two share a delimiter
CLEAN = [A, V, D, C, A, C]


def test_frames_may_touch_share_a_delimiter_and_stand_in_garbage() -> None:
    assert frames.split(STREAM) == (CLEAN, b"\x7e")
    assert frames.split(b"\x00\x01garbage" + STREAM)[0] == CLEAN
    assert frames.split(b"(740190311185,1,001,BASE,2,TIME)" + A)[0] == [b"(740190311185,1,001,BASE,2,TIME)", A]
    assert frames.split(A + b"(one)(two)" + V)[0] == [A, b"(one)", b"(two)", V]


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_stream_cut_anywhere_gives_the_same_frames(cut: int) -> None:
    first, rest = frames.split(STREAM[:cut])
    second, _ = frames.split(rest + STREAM[cut:])
    assert first + second == CLEAN


PIECES = st.sampled_from((A, V, C, D, b"(a,b)", b"(", b")", b"\x7e", b"\xe7", b"\x28\xff", b"\x7d\x02"))


@given(st.lists(PIECES | st.binary(max_size=20), max_size=12), st.data())
def test_how_a_stream_is_cut_never_matters(pieces: list[bytes], data_: st.DataObject) -> None:
    stream = b"".join(pieces)
    whole, _ = frames.split(stream)
    cuts = sorted(data_.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    found: list[bytes] = []
    rest = b""
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        some, rest = frames.split(rest + stream[start:stop])
        found += some
        assert len(rest) < frames.LONGEST
    assert found == whole


def test_a_frame_that_never_ends_does_not_fill_the_memory() -> None:
    found, rest = frames.split(b"\x7e" + b"\x01" * 100_000)
    assert (found, len(rest)) == ([], 1)
    assert frames.split(rest + A)[0] == [A]


def test_the_dialect_with_e7_delimiters() -> None:
    plain = bytes.fromhex("0200001c" + "00013800138000" + "0009") + encode.location(113.121416, 23.021548, FIXED_AT_MS)
    plain += bytes([frames.checksum(plain)])
    frame = b"\xe7" + frames.escape_other(plain) + b"\xe7"
    assert frames.split(frame + frame)[0] == [frame, frame]
    message = parse(frame)
    assert (message.device, message.serial) == ("13800138000", 9)
    assert the_fix(frame).lat == 23.021548
    answer = encode.general_answer(message, 1, 0)
    assert answer[0] == answer[-1] == 0xE7
    assert body.answer(parse(answer).body) == body.Answer(9, Id.LOCATION, 0)


@given(st.binary(max_size=200))
def test_escapes_go_there_and_back(content: bytes) -> None:
    assert frames.unescape(frames.escape(content)) == content
    assert frames.unescape_other(frames.escape_other(content)) == content
    assert 0x7E not in frames.escape(content)
    assert 0xE7 not in frames.escape_other(content)


@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.integers(946_684_800, 4_000_000_000),
    st.floats(0, 80),
    st.sampled_from((2011, 2013, 2019)),
    st.integers(0, 65535),
)
def test_what_a_terminal_encodes_is_what_is_decoded(
    lon: float, lat: float, at_s: int, speed_mps: float, edition: int, serial: int
) -> None:
    sent = encode.location(lon, lat, at_s * 1000, speed_mps=speed_mps, heading_deg=275, altitude_m=-3)
    message = parse(encode.frame(Id.LOCATION, "13800138000", serial, sent, edition))
    assert (message.device, message.serial, message.length_ok) == ("13800138000", serial, True)
    found = body.location(message.body)
    assert (found.lon, found.lat) == (pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6))
    assert (found.fixed_at_ms, found.heading_deg, found.altitude_m) == (at_s * 1000, 275, -3)
    assert found.speed_mps == pytest.approx(speed_mps, abs=0.02)


@given(st.binary(max_size=300))
def test_random_bytes_never_crash_the_decoder(content: bytes) -> None:
    framed = b"\x7e" + frames.escape(content + bytes([frames.checksum(content)])) + b"\x7e"
    for frame in (*frames.split(content)[0], framed):
        try:
            facts.decode(parse(frame, accept_bad_checksum=True), context())
        except BadInput as wrong:
            assert str(wrong)


@given(
    st.sampled_from(sorted(facts.REPORTS)) | st.sampled_from(list(Id)),
    st.sampled_from((b"", b"\xf0\x23\x02\x23\x15\x02\x15\x01\x02", b"\xff", b"\x53", b"\0\1\1")),
    st.binary(max_size=120),
)
def test_random_bodies_never_crash_the_decoder(message_id: int, head: bytes, tail: bytes) -> None:
    message = parse(encode.frame(message_id, "1", 1, head + tail))
    try:
        facts.decode(message, context())
        body.authentication(message.body, True)
        body.registration(message.body, True)
    except BadInput as wrong:
        assert str(wrong)
