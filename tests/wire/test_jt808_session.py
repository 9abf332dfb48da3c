"""JT/T 808: one connection; who is answered what, and when."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Heartbeat, Position
from ingest.sources.jt808 import body, encode
from ingest.sources.jt808.frames import split
from ingest.sources.jt808.message import Id, Message, parse
from ingest.sources.jt808.parts import ASK_AFTER_MS, ASK_TIMES, MOST_BYTES, MOST_OPEN, Parts
from ingest.sources.jt808.session import DONE, FAILED, UNSUPPORTED, WRONG, Event, Session
from tests.wire.frames808 import (
    CODE,
    FIXED_AT_MS,
    NOW_MS,
    PHONE,
    A,
    C,
    D,
    V,
    context,
    facts_of,
    reasons_of,
    session,
)

EDITIONS = (2011, 2013, 2019)
A_LOCATION = encode.location(113.121416, 23.021548, FIXED_AT_MS)


def say(message_id: int, plain: bytes = b"", serial: int = 1, edition: int = 2019, phone: str = PHONE) -> bytes:
    return encode.frame(message_id, phone, serial, plain, edition)


def answers(reply: bytes) -> list[Message]:
    frames, _ = split(reply)
    return [parse(frame) for frame in frames]


def result_of(reply: bytes) -> body.Answer:
    (message,) = answers(reply)
    assert message.id == Id.PLATFORM_ANSWER
    return body.answer(message.body)


def only(events: list[Event]) -> Event:
    (event,) = events
    return event


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_terminal_registers_authenticates_reports_and_logs_out(edition: int) -> None:
    line = session()
    said = encode.registration(edition, terminal="T1", maker="GH", model="M1", plate="粤E12345", plate_color=2)
    (registered,) = answers(only(line.feed(say(Id.REGISTER, said, 1, edition), context())).reply)
    assert registered.id == Id.REGISTERED
    assert body.registered(registered.body) == (1, 0, CODE)

    event = only(line.feed(say(Id.AUTHENTICATE, encode.authentication(edition, CODE), 2, edition), context()))
    assert result_of(event.reply) == body.Answer(2, Id.AUTHENTICATE, DONE)
    assert line.devices == (PHONE,)

    event = only(line.feed(say(Id.LOCATION, A_LOCATION, 3, edition), context()))
    assert event.reply == b""
    assert result_of(event.reply_when_durable) == body.Answer(3, Id.LOCATION, DONE)
    assert isinstance(event.facts[0], Position)
    assert (event.facts[0].worker, event.device) == (PHONE, PHONE)

    event = only(line.feed(say(Id.HEARTBEAT, b"", 4, edition), context()))
    assert result_of(event.reply) == body.Answer(4, Id.HEARTBEAT, DONE)
    assert [type(fact) for fact in event.facts] == [Heartbeat]

    event = only(line.feed(say(Id.LOGOUT, b"", 5, edition), context()))
    assert result_of(event.reply) == body.Answer(5, Id.LOGOUT, DONE)
    assert [fact.up for fact in event.facts if isinstance(fact, Heartbeat)] == [False]
    assert line.devices == ()


@pytest.mark.parametrize("edition", EDITIONS)
def test_what_a_terminal_says_of_itself_reaches_the_gateway(edition: int) -> None:
    heard: list[tuple[str, body.Registration]] = []

    def admit(device: str, said: body.Registration) -> str:
        heard.append((device, said))
        return "c"

    said = encode.registration(edition, terminal="T1", maker="GH", model="M1", plate="粤E12345", plate_color=2)
    Session(admit, lambda device, code: True).feed(say(Id.REGISTER, said, 1, edition), context())
    assert heard == [(PHONE, body.Registration(44, 605, "GH", "M1", "T1", 2, "粤E12345"))]


def test_a_terminal_that_is_not_admitted_is_told_why() -> None:
    said = encode.registration(2019, terminal="T1")
    event = only(session().feed(say(Id.REGISTER, said, phone="13800000000"), context()))
    (answer,) = answers(event.reply)
    assert body.registered(answer.body) == (1, 4, "")
    assert reasons_of([event]) == ["terminal not admitted: no_such_terminal"]


def test_before_authentication_nothing_is_taken() -> None:
    line = session()
    event = only(line.feed(A, context()))
    assert event.facts == ()
    assert result_of(event.reply) == body.Answer(7, Id.LOCATION, FAILED)
    assert reasons_of([event]) == ["not authenticated: 0x0200"]


def test_a_wrong_code_is_refused_is_not_kept_and_ends_a_former_login() -> None:
    line = session(False, PHONE)
    event = only(line.feed(say(Id.AUTHENTICATE, encode.authentication(2019, "guess")), context()))
    assert result_of(event.reply).result == FAILED
    assert event.rejects[0].raw == b""
    assert line.devices == ()


def test_a_login_is_for_one_terminal_only() -> None:
    line = session(False, PHONE)
    event = only(line.feed(say(Id.LOCATION, A_LOCATION, phone="13800138001"), context()))
    assert event.facts == ()
    assert result_of(event.reply).result == FAILED


def test_a_frame_with_a_wrong_checksum_is_counted_and_gets_no_answer() -> None:
    event = only(session(False, PHONE).feed(D, context()))
    assert reasons_of([event]) == ["wrong checksum: 41, is 40"]
    assert event.rejects[0].raw == D
    assert (event.facts, event.reply, event.reply_when_durable) == ((), b"", b"")


def test_a_frame_with_a_wrong_checksum_is_taken_where_the_setting_says_so() -> None:
    event = only(session(True, PHONE).feed(D, context()))
    assert isinstance(event.facts[0], Position)
    assert result_of(event.reply_when_durable) == body.Answer(9, Id.LOCATION, DONE)


@pytest.mark.parametrize("message_id", [0x0701, 0x0702, 0x0800, 0x0F12])
def test_what_is_not_spoken_here_is_answered_so_and_is_a_sign_of_life(message_id: int) -> None:
    event = only(session(False, PHONE).feed(say(message_id, b"abc"), context()))
    assert result_of(event.reply) == body.Answer(1, message_id, UNSUPPORTED)
    assert [type(fact) for fact in event.facts] == [Heartbeat]


@pytest.mark.parametrize("message_id", [0x0001, 0x0104, 0x0201])
def test_an_answer_is_not_answered(message_id: int) -> None:
    plain = encode.location_answer(5, A_LOCATION) if message_id == 0x0201 else encode.terminal_answer(5, 0x8100)
    event = only(session(False, PHONE).feed(say(message_id, plain), context()))
    assert (event.reply, event.reply_when_durable) == (b"", b"")
    assert isinstance(event.facts[0], Position if message_id == 0x0201 else Heartbeat)


def test_a_platform_on_the_other_side_is_not_talked_to() -> None:
    event = only(session(False, PHONE).feed(say(Id.PLATFORM_ANSWER, encode.terminal_answer(5, 2)), context()))
    assert (event.reply, reasons_of([event])) == (b"", ["not from a terminal: 0x8001"])


def test_a_message_that_cannot_be_read_is_answered_as_wrong() -> None:
    event = only(session(False, PHONE).feed(say(Id.LOCATION, b"short"), context()))
    assert result_of(event.reply).result == WRONG
    assert reasons_of([event]) == ["location too short: 5 bytes"]


def test_a_terminal_may_ask_for_the_time() -> None:
    event = only(session().feed(say(Id.ASK_TIME), context(received_at_ms=1_783_901_735_000)))
    (answer,) = answers(event.reply)
    assert (answer.id, answer.body.hex()) == (Id.TIME, "260713001535")


def test_the_end_of_a_connection_is_the_end_of_its_links() -> None:
    line = session(False, PHONE, "2")
    assert [(fact.worker, fact.up) for fact in facts_of(line.end(context())) if isinstance(fact, Heartbeat)] == [
        (PHONE, False),
        ("2", False),
    ]
    assert line.end(context()) == []


STREAM = say(Id.AUTHENTICATE, encode.authentication(2019, CODE)) + A + D + C + say(Id.HEARTBEAT) + V + A


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_stream_cut_anywhere_gives_the_same_facts_and_answers(cut: int) -> None:
    whole = session().feed(STREAM, context())
    line = session()
    assert line.feed(STREAM[:cut], context()) + line.feed(STREAM[cut:], context()) == whole


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from((A, C, D, V, STREAM[:60])), max_size=10), st.booleans())
def test_random_bytes_never_crash_a_session(reads: list[bytes], accept: bool) -> None:
    line = session(accept, PHONE)
    for read in reads:
        for event in line.feed(read, context()):
            assert isinstance(event, Event)
        line.tick(context())
    line.end(context())


# Sub-packages


def long_batch(edition: int = 2019, size: int = 300) -> tuple[list[bytes], int]:
    bodies = [encode.location(113 + i / 1000, 23, FIXED_AT_MS + 1000 * i) for i in range(60)]
    return encode.frames_of(Id.LOCATION_BATCH, PHONE, 65_533, encode.batch(bodies, True), edition, size), len(bodies)


def fixes_of(events: list[Event]) -> list[Position]:
    """Each fix once, in the order in which they were handed on."""
    return list(dict.fromkeys(fact for fact in facts_of(events) if isinstance(fact, Position)))


def answered(event: Event) -> list[int]:
    return [body.answer(message.body).serial for message in answers(event.reply_when_durable)]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("order", [list, lambda frames: frames[::-1], lambda frames: [frames[0], *frames]])
def test_sub_packages_in_any_order_give_the_whole_message(edition: int, order: Callable[[list[bytes]], list[bytes]]) -> None:
    frames, count = long_batch(edition)
    assert len(frames) == 7
    line = session(False, PHONE)
    events = [event for frame in order(frames) for event in line.feed(frame, context())]
    assert len(fixes_of(events)) == count
    said = [body.answer(message.body) for event in events for message in answers(event.reply_when_durable)]
    assert {answer.serial for answer in said} == {(65_533 + index) % 65_536 for index in range(7)}
    assert {(answer.id, answer.result) for answer in said} == {(Id.LOCATION_BATCH, DONE)}
    assert all(event.reply == b"" for event in events)  # nothing before it is durable


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_sub_package_is_answered_and_what_was_answered_is_on_disk(edition: int) -> None:
    """Many a terminal sends the next part only when it has the answer to the last one."""
    frames, count = long_batch(edition)
    line, handed_on, sent = session(False, PHONE), 0, b""
    for index, frame in enumerate(frames):
        event = only(line.feed(frame, context()))
        assert answered(event) == [(65_533 + index) % 65_536]
        sent += parse(frame).body
        handed_on += len(event.facts) if isinstance(event.facts[0], Position) else 0
        assert handed_on == len(body.batch(sent, whole=index == len(frames) - 1)[1])
    assert handed_on == count


def test_a_part_that_comes_too_early_is_answered_when_none_before_it_is_missing() -> None:
    frames, _ = long_batch()
    line = session(False, PHONE)
    early = [only(line.feed(frames[index], context())) for index in (0, 2, 3)]
    assert [len(answered(event)) for event in early] == [1, 0, 0]
    assert len(answered(only(line.feed(frames[1], context())))) == 3


@pytest.mark.parametrize("lost", range(7))
def test_a_part_that_was_not_answered_brings_its_facts_again(lost: int) -> None:
    """The store did not take what the part brought: nothing was answered, and the terminal sends the part again."""
    frames, count = long_batch()
    line = session(False, PHONE)
    kept = [event for index, frame in enumerate(frames[: lost + 1]) for event in line.feed(frame, context()) if index != lost]
    kept += [event for frame in frames[lost:] for event in line.feed(frame, context())]
    assert len(fixes_of(kept)) == count
    assert reasons_of(line.tick(context(NOW_MS + 100 * ASK_AFTER_MS))) == []


@pytest.mark.parametrize("message_id", [0x0801, 0x0702, 0x0F12])
def test_a_kind_that_nobody_wants_is_declined_at_its_first_part(message_id: int) -> None:
    line = session(False, PHONE)
    for number, frame in enumerate(encode.frames_of(message_id, PHONE, 1, bytes(2000), 2019, 800)[:2]):
        event = only(line.feed(frame, context()))
        assert result_of(event.reply).result == UNSUPPORTED
        assert [type(fact) for fact in event.facts] == ([] if number else [Heartbeat])  # one message, one sign of life
    assert line.tick(context(NOW_MS + 2 * ASK_AFTER_MS)) == []  # its missing parts are not asked for


@pytest.mark.parametrize("edition", [2013, 2019])
def test_missing_sub_packages_are_asked_for_and_given_up_in_the_end(edition: int) -> None:
    frames, count = long_batch(edition)
    line = session(False, PHONE)
    events = [event for index in (0, 2, 3, 5) for event in line.feed(frames[index], context())]
    assert line.tick(context(NOW_MS + ASK_AFTER_MS - 1)) == []
    (asked,) = answers(only(line.tick(context(NOW_MS + ASK_AFTER_MS))).reply)
    assert asked.id == Id.RESEND_PARTS
    assert body.resend_parts(asked.body, edition == 2019) == (65_533, [2, 5, 7])
    events += [event for index in (1, 4, 6) for event in line.feed(frames[index], context())]
    assert len(fixes_of(events)) == count

    another = encode.frames_of(Id.LOCATION_BATCH, PHONE, 1, encode.batch([A_LOCATION] * 20), edition, 300)
    line.feed(another[0], context())
    for turn in range(1, ASK_TIMES + 1):
        assert len(line.tick(context(NOW_MS + turn * ASK_AFTER_MS))) == 1
    (event,) = line.tick(context(NOW_MS + (ASK_TIMES + 1) * ASK_AFTER_MS))
    assert reasons_of([event]) == [f"sub-packages incomplete: 1 of {len(another)}"]
    assert line.tick(context(NOW_MS + 100 * ASK_AFTER_MS)) == []


def test_a_new_message_of_parts_replaces_one_that_never_became_whole() -> None:
    first = encode.frames_of(Id.LOCATION_BATCH, PHONE, 1, encode.batch([A_LOCATION] * 20), 2019, 100)
    second, count = long_batch()
    line = session(False, PHONE)
    events = [event for frame in [*first[:3], *second] for event in line.feed(frame, context())]
    assert len(fixes_of(events)) == count + 1  # those of the first that were whole; they are all of one instant
    assert reasons_of(events) == [f"sub-packages incomplete: 3 of {len(first)}"]


# The alarm button


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ({"status": 1}, True),  # no fix
        ({"lon": 0.0, "lat": 0.0}, True),
        ({"fixed_at_ms": NOW_MS + 3_600_000, "status": 1}, True),
        ({"alarm": 2, "status": 1}, False),
    ],
)
def test_the_alarm_button_is_heard_whatever_the_fix_is_worth(told: dict[str, Any], heard: bool) -> None:
    place = {"lon": 113.1, "lat": 23.0, "fixed_at_ms": FIXED_AT_MS, "alarm": 1, **told}
    event = only(session(False, PHONE).feed(say(Id.LOCATION, encode.location(**place)), context()))
    (fact,) = event.facts
    assert isinstance(fact, Heartbeat) and fact.sos is heard and (fact.at_ms == place["fixed_at_ms"] or not heard)
    assert result_of(event.reply_when_durable).result == DONE


def test_the_alarm_of_the_clock_that_shows_no_date_is_heard() -> None:
    broken = encode.location(113.1, 23.0, FIXED_AT_MS, alarm=1)[:22] + bytes(6)
    (fact,) = only(session(False, PHONE).feed(say(Id.LOCATION, broken), context())).facts
    assert isinstance(fact, Heartbeat) and fact.sos and fact.at_ms is None


def test_the_alarm_out_of_a_terminal_s_memory_of_days_calls_nobody() -> None:
    for age_ms, heard in ((3_600_000, True), (3 * 86_400_000, False)):
        old = encode.batch([encode.location(113.1, 23.0, NOW_MS - age_ms, alarm=1, status=1)], backfill=True)
        (fact,) = only(session(False, PHONE).feed(say(Id.LOCATION_BATCH, old), context())).facts
        assert isinstance(fact, Heartbeat) and fact.sos is heard


@pytest.mark.parametrize(("part", "parts"), [(0, 3), (4, 3), (1, 60_000)])
def test_impossible_sub_packages_are_refused(part: int, parts: int) -> None:
    frame = encode._frame(Id.LOCATION_BATCH, PHONE.zfill(20), 1, b"abc", parse(A).layout, (parts, part))
    event = only(session(False, PHONE).feed(frame, context()))
    assert reasons_of([event])[0].startswith("bad sub-package")
    assert result_of(event.reply).result == WRONG


def test_unfinished_messages_do_not_fill_the_memory() -> None:
    parts = Parts()
    for phone in range(2 * MOST_OPEN):
        parts.add(Message(id=1, phone=str(phone), serial=1, body=b"", parts=2, part=1), NOW_MS)
    assert len(parts.given_up()) == MOST_OPEN
    big = bytes(1000)
    for number in range(1, 500):
        for message_id in (7, 8, 9, 10):
            parts.add(Message(id=message_id, phone="1", serial=1, body=big, parts=500, part=number), NOW_MS + number)
    assert sum(one.size for one in parts._open.values()) <= MOST_BYTES
    assert {reject.reason.split(":")[0] for reject in parts.given_up()} == {"sub-packages too large"}


def test_a_body_that_needs_parts_cannot_be_one_frame() -> None:
    with pytest.raises(ValueError, match="needs sub-packages"):
        encode.frame(Id.LOCATION_BATCH, PHONE, 1, bytes(1024))
    with pytest.raises(ValueError, match="phone"):
        encode.frame(Id.HEARTBEAT, "1234567890123", 1, b"", 2013)
