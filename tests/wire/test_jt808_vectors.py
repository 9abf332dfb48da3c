"""JT/T 808: every captured frame of two peers' tests gives what the references say.

The frames of the second peer are taken from behind its framing, most of them with their escapes already undone: so
they are read as they stand, and once more after they were escaped and framed properly.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.facts import FixFlag, Heartbeat, Position
from ingest.sources.base import BadInput, Decoded
from ingest.sources.instants import moment_ms
from ingest.sources.jt808 import body, facts, frames
from ingest.sources.jt808.message import EDITION_2019, Id, Message, parse, parse_plain
from ingest.sources.jt808.parts import ASK_AFTER_MS, Parts
from tests.shared_data import data
from tests.wire.frames808 import NOW_MS, context, facts_of, reasons_of, session

YEZHIHAO, TRACCAR = "proto-jt808-yezhihao", "proto-traccar"


def load(folder: str, name: str) -> Any:
    return json.loads((data(folder) / name).read_text(encoding="utf-8"))


def header_of(message: Message) -> dict[str, Any]:
    header: dict[str, Any] = {
        "msg_id": f"0x{message.id:04x}",
        "phone": message.phone,
        "serial": message.serial,
        "v2019": message.layout == EDITION_2019,
        "checksum_ok": message.checksum_ok,
        "body_len_ok": message.length_ok,
        "body_len_real": len(message.body),
        "encrypted": message.encryption,
        "sub_packet": message.parts > 0,
    }
    if message.parts:
        header |= {"packet_total": message.parts, "packet_index": message.part}
    if message.layout == EDITION_2019:
        header["version_byte"] = message.version
    return header


def check_location(found: body.Location, reference: dict[str, Any]) -> None:
    same = {"alarm": found.alarm, "status": found.status, "positioned": found.positioned, "time_bcd": found.clock}
    assert same == {key: reference[key] for key in same}
    assert (found.lat, found.lon) == (reference["lat"], reference["lon"])
    assert found.altitude_m % 0x10000 == reference["altitude_m"]
    assert found.speed_mps * 3.6 == pytest.approx(reference["speed_kmh"])
    assert found.heading_deg == reference["direction"]
    assert (found.fixed_at_ms is not None) == reference["time_valid"]
    if found.fixed_at_ms is not None:
        local = datetime.strptime(reference["time_cst"] + "+0800", "%Y-%m-%d %H:%M:%S%z")
        assert found.fixed_at_ms == moment_ms(local)
    assert [[key, value.hex()] for key, value in found.tlvs] == [extra[:2] for extra in reference["extras"]]
    assert found.cut_short == any("truncated" in extra[2:] for extra in reference["extras"])
    for name, unit in (("mileage_km", ("mileage_m", 0.001)), ("signal", ("signal", 1)), ("satellites", ("satellites", 1))):
        if name in reference:
            assert body.extras(found.tlvs)[unit[0]] * unit[1] == pytest.approx(reference[name])


def check_facts(decoded: Decoded, locations: list[dict[str, Any]]) -> None:
    """A Position for each location that is one, never one for a location that is none, and nothing lost in silence."""
    drawn = [at for at in locations if at.get("positioned") and at["lat_lon_in_range"] and at["time_valid"]]
    drawn = [at for at in drawn if (at["lat_raw"], at["lon_raw"]) != (0, 0)]
    positions = [fact for fact in decoded.facts if isinstance(fact, Position)]
    assert [(p.lat, p.lon) for p in positions] == [(at["lat"], at["lon"]) for at in drawn]
    assert all(bool(p.flags & FixFlag.SOS) == bool(at["alarm"] & 1) for p, at in zip(positions, drawn, strict=True))
    assert len(decoded.rejects) == len([at for at in locations if at.get("positioned") is not False]) - len(drawn)
    assert decoded.facts


def check_message(message: Message, reference: dict[str, Any]) -> None:
    header = header_of(message)
    assert header == {key: reference[key] for key in header}
    if message.parts:
        return
    if "location" in reference:
        check_location(body.location(message.body), reference["location"])
        check_facts(facts.decode(message, context()), [reference["location"]])
    elif "locations" in reference:
        backfill, bodies = body.batch(message.body)
        assert (backfill, len(bodies)) == (reference["batch_type"] == 1, len(reference["locations"]))
        for one, expected in zip(bodies, reference["locations"], strict=True):
            check_location(body.location(one), expected)
        check_facts(facts.decode(message, context()), reference["locations"])
    elif "auth_text" in reference:
        said = body.authentication(message.body, message.layout == EDITION_2019)
        assert said.code.encode("gbk")[:8] == reference["auth_text"].encode("ascii", "replace")[: len(said.code)][:8]


# The JT808 library


@pytest.mark.parametrize("name", ["JT808.txt", "JT1078.txt", "TJSATL.txt"])
def test_frames_of_the_library_agree_with_the_reference(name: str) -> None:
    lines = [line.strip() for line in (data(YEZHIHAO) / name).read_text().splitlines() if line.strip()]
    reference = load(YEZHIHAO, "reference.json")[name]["decoded"]
    assert len(lines) == len(reference)
    stream = b"".join(bytes.fromhex(line) for line in lines)
    split, _ = frames.split(stream)
    assert [frame.hex() for frame in split] == lines
    for frame, expected in zip(split, reference, strict=True):
        check_message(parse(frame), expected)


def test_records_of_the_library_agree_with_its_json() -> None:
    text = (data(YEZHIHAO) / "unit_test_records.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^hex(\d) ([0-9a-f]+)\njson\1 (\{.*?^\})", text, re.S | re.M)
    assert len(blocks) == load(YEZHIHAO, "reference.json")["records"]["blocks"]
    for _, frame, told in blocks:
        expected = json.loads(told)
        message = parse(bytes.fromhex(frame))
        assert message.id == expected["messageId"]
        assert message.phone.lstrip("0") == expected["clientId"].lstrip("0")
        assert (message.serial, message.checksum_ok) == (expected["serialNo"], expected["verified"])
        assert message.version == expected["protocolVersion"]
        if message.id == Id.REGISTER:
            check_registration(message, expected)
        elif message.id == Id.AUTHENTICATE:
            said = body.authentication(message.body, message.layout == EDITION_2019)
            assert said.code == expected["token"]
            assert (said.imei, said.software) == (expected.get("imei", ""), expected.get("softwareVersion", ""))
        elif message.id == Id.LOCATION:
            check_json_location(body.location(message.body), expected)
        elif message.id in (Id.TERMINAL_ANSWER, Id.PLATFORM_ANSWER):
            told_answer = (expected["responseSerialNo"], expected["responseMessageId"], expected["resultCode"])
            assert body.answer(message.body) == body.Answer(*told_answer)


def check_registration(message: Message, expected: dict[str, Any]) -> None:
    said = body.registration(message.body, message.layout == EDITION_2019)
    names = ("provinceId", "cityId", "makerId", "deviceModel", "deviceId", "plateColor", "plateNo")
    found = (said.province, said.city, said.maker, said.model, said.terminal, said.plate_color, said.plate)
    assert found == tuple(expected[name] for name in names)


def check_json_location(found: body.Location, expected: dict[str, Any]) -> None:
    assert (found.alarm, found.status) == (expected["warnBit"], expected["statusBit"])
    assert (round(abs(found.lat) * 1e6), round(abs(found.lon) * 1e6)) == (expected["latitude"], expected["longitude"])
    assert (found.altitude_m, round(found.speed_mps * 36)) == (expected["altitude"], expected["speed"])
    assert found.fixed_at_ms == moment_ms(datetime.fromisoformat(expected["deviceTime"] + "+08:00"))


def test_a_real_upload_in_eighteen_sub_packages_becomes_one_message() -> None:
    told = [bytes.fromhex(text) for text in (data(YEZHIHAO) / "JT1078.txt").read_text().split()]
    parts = Parts()
    taken = [parts.add(message, NOW_MS) for message in map(parse, told) if message.parts]
    assert sum(one.whole for one in taken) == len({(one.message.phone, one.message.id) for one in taken})
    assert all(one.serials for one in taken) and parts.given_up() == []
    line = session(False, "17299841738", "13224005528")
    events = [event for frame in told for event in line.feed(frame, context())]
    assert [type(fact) for fact in facts_of(events)] == [Heartbeat] * 2  # two messages of no interest: two signs of life
    assert reasons_of(events) == [] and line.tick(context(NOW_MS + 10 * ASK_AFTER_MS)) == []


# Traccar


def traccar() -> list[dict[str, Any]]:
    decoded: list[dict[str, Any]] = load(TRACCAR, "reference.json")["jt808"]["decoded"]
    return decoded


def proper(plain: bytes) -> bytes:
    return b"\x7e" + frames.escape(plain) + b"\x7e"


LOCKS = ("0x5501", "0x5502")  # their serial has one byte, which the reference does not know


def test_frames_of_traccar_agree_with_the_reference() -> None:
    checked = 0
    for vector in traccar():
        expected = vector["ref"]
        if expected.get("frame") == "not a 7e frame" or expected["msg_id"] in LOCKS or not expected["checksum_ok"]:
            continue
        raw = bytes.fromhex(vector["hex"])
        check_message(parse(raw), expected)
        again, _ = frames.split(proper(frames.unescape(raw[1:-1])))
        check_message(parse(again[0]), expected)
        checked += 1
    assert checked == 97


def test_frames_of_traccar_with_a_wrong_checksum_are_counted_or_taken_by_setting() -> None:
    wrong = [v for v in traccar() if v["ref"].get("checksum_ok") is False]
    assert len(wrong) == 8
    for vector in wrong:
        raw = bytes.fromhex(vector["hex"])
        with pytest.raises(BadInput, match="wrong checksum"):
            parse(raw)
        device = parse(raw, accept_bad_checksum=True).device
        framed = proper(frames.unescape(raw[1:-1]))
        assert reasons_of(session(False, device).feed(framed, context()))[0].startswith("wrong checksum")
        events = session(True, device).feed(framed, context())
        assert not any(reason.startswith("wrong checksum") for reason in reasons_of(events))
        expected = vector["ref"]
        if expected["msg_id"] not in LOCKS:
            message = parse(raw, accept_bad_checksum=True)
            assert header_of(message)["checksum_ok"] is False
            if "location" in expected:
                check_location(body.location(message.body), expected["location"])


def test_frames_of_traccar_whose_escapes_were_undone_are_whole() -> None:
    """Four of the wrong checksums come from reading 7D 01 in plain data as an escape; escaped properly they are right."""
    found = []
    for vector in traccar():
        plain = bytes.fromhex(vector["hex"])[1:-1]
        if vector["ref"].get("checksum_ok") is False and frames.checksum(plain[:-1]) == plain[-1]:
            message = parse(proper(plain))
            assert message.length_ok
            found += [fact for fact in facts.decode(message, context()).facts if isinstance(fact, Position)]
    assert len(found) == 4
    assert sum(bool(fix.flags & FixFlag.SOS) for fix in found) <= 1


def accepted(vector: dict[str, Any]) -> tuple[Message, Decoded]:
    """The vector read with every allowance: wrong checksums taken, and as the plain frame that it mostly is."""
    raw = bytes.fromhex(vector["hex"])
    plain = raw[1:-1]
    if frames.checksum(plain[:-1]) != plain[-1]:
        plain = frames.unescape(plain)
    message = parse_plain(plain, accept_bad_checksum=True)
    return message, facts.decode(message, context())


def says_that_it_has_a_fix(message: Message) -> bool:
    if message.id in (Id.LOCK, Id.LOCK_BACKFILL):
        return message.body[14] & 1 > 0
    if message.id == Id.COMPACT_BATCH:
        return message.body[8] & 2 > 0
    return body.location(message.body).positioned


def test_what_traccar_draws_is_drawn_unless_the_terminal_says_that_it_has_no_fix() -> None:
    drawn = 0
    for vector in traccar():
        if vector["check"] not in ("verifyPosition", "verifyPositions"):
            continue
        message, decoded = accepted(vector)
        positions = [fact for fact in decoded.facts if isinstance(fact, Position)]
        if positions:
            drawn += 1
            continue
        assert not says_that_it_has_a_fix(message)
        assert all(isinstance(fact, Heartbeat) for fact in decoded.facts)
    assert drawn == 20


def test_what_traccar_does_not_draw_is_not_drawn() -> None:
    for vector in traccar():
        if vector["check"] == "verifyNull":
            assert not any(isinstance(fact, Position) for fact in accepted(vector)[1].facts)


def test_satellites_and_signal_that_traccar_expects_are_found() -> None:
    names = {"Position.KEY_SATELLITES": "satellites", "Position.KEY_RSSI": "signal"}
    for vector in traccar():
        if vector["key"] in names:
            message, _ = accepted(vector)
            one = body.batch(message.body)[1][0] if message.id == Id.LOCATION_BATCH else message.body
            assert body.extras(body.location(one).tlvs)[names[vector["key"]]] == vector["expected"]


def test_electronic_locks_report_degrees_and_minutes_in_utc() -> None:
    (vector,) = (v for v in traccar() if v["ref"].get("msg_id") == "0x5502" and v["ref"]["phone"] == "850011000200")
    (fix,) = accepted(vector)[1].facts
    assert isinstance(fix, Position)
    assert (fix.lat, fix.lon) == (pytest.approx(22 + 34.8621 / 60), pytest.approx(113 + 55.0170 / 60))
    assert fix.fixed_at_ms == moment_ms(datetime(2021, 5, 8, 6, 30, 51, tzinfo=UTC))
    assert fix.flags == FixFlag.BACKFILL


def test_lines_of_text_between_the_frames_are_counted_and_harmless() -> None:
    vectors = load(TRACCAR, "jt808.json")
    texts = [v["data"].encode("latin-1") for v in vectors if v["encoding"] != "hex"]
    texts += [bytes.fromhex(v["hex"]) for v in traccar() if v["ref"].get("frame") == "not a 7e frame"]
    assert len(texts) == 2
    for text in texts:
        events = session().feed(text + text, context())
        assert (facts_of(events), reasons_of(events)) == ([], ["text line", "text line"])
