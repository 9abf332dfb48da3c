"""The websocket's bytes and the packets in them, without a network."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import packets
from dashboard.live.packets import Nonsense
from dashboard.live.websocket import BINARY, CLOSE, PING, TEXT, TOO_BIG, WRONG, Broken, Reader, frame, handshake

LARGEST = 1000
ASKED = {
    "REQUEST_METHOD": "GET",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "keep-alive, Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
}


def said(opcode: int, payload: bytes, *, final: bool = True, mask: bytes = b"\x11\x22\x33\x44") -> bytes:
    """A frame as a browser sends it."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes((0x80 * final | opcode,)) + length + mask + masked


def test_the_handshake_is_the_one_of_the_standard() -> None:
    answer = handshake(ASKED)
    assert answer is not None and b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" in answer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUEST_METHOD", "POST"),
        ("HTTP_UPGRADE", "h2c"),
        ("HTTP_CONNECTION", "keep-alive"),
        ("HTTP_SEC_WEBSOCKET_VERSION", "8"),
        ("HTTP_SEC_WEBSOCKET_KEY", "short"),
        ("HTTP_SEC_WEBSOCKET_KEY", "ä" * 24),
    ],
)
def test_who_asks_otherwise_gets_no_websocket(name: str, value: str) -> None:
    assert handshake(ASKED | {name: value}) is None


@given(
    st.lists(st.binary(max_size=300), max_size=6),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
    st.binary(min_size=4, max_size=4),
)
def test_messages_come_whole_however_the_network_cuts_them(messages: list[bytes], cuts: list[int], mask: bytes) -> None:
    data = b"".join(said(TEXT, message, mask=mask) for message in messages)
    reader, got, at = Reader(LARGEST), [], 0
    while at < len(data):
        size = cuts[at % len(cuts)]
        got += reader.feed(data[at : at + size])
        at += size
    assert got == [(TEXT, message) for message in messages]


def test_a_message_in_parts_is_joined_and_a_ping_may_come_between() -> None:
    data = said(TEXT, b"ab", final=False) + said(PING, b"?") + said(0, b"cd", final=False) + said(0, b"e")
    assert Reader(LARGEST).feed(data) == [(PING, b"?"), (TEXT, b"abcde")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02ab", WRONG),  # not masked
        (b"\xc1\x80abcd", WRONG),  # compressed
        (said(0, b"x"), WRONG),  # goes on with nothing
        (said(TEXT, b"x", final=False) + said(TEXT, b"x"), WRONG),
        (said(PING, b"x", final=False), WRONG),
        (said(11, b"x"), WRONG),
        (said(3, b"x"), WRONG),
        (said(TEXT, bytes(LARGEST + 1)), TOO_BIG),
        (b"\x81\xff" + (1 << 40).to_bytes(8, "big"), TOO_BIG),
        (said(CLOSE, bytes(126)), TOO_BIG),
        (said(TEXT, bytes(600), final=False) + said(0, bytes(600)), TOO_BIG),
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(data: bytes, code: int) -> None:
    with pytest.raises(Broken) as broken:
        Reader(LARGEST).feed(data)
    assert broken.value.code == code


def test_an_endless_message_of_small_parts_is_too_big() -> None:
    reader = Reader(LARGEST)
    reader.feed(said(TEXT, b"", final=False))
    with pytest.raises(Broken):
        for _ in range(LARGEST):
            reader.feed(said(0, b"", final=False))


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_the_length_of_a_frame_is_told_in_the_shortest_way(size: int) -> None:
    data = frame(BINARY, bytes(size))
    assert data[0] == 0x82 and len(data) == size + (2 if size < 126 else 4 if size < 65_536 else 10)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b"40/live,", ("connect", None, [])),
        (b'40/live,{"token":"x"}', ("connect", None, [])),
        (b"41/live,", ("leave", None, [])),
        (b"1", ("leave", None, [])),
        (b"3", ("pong", None, [])),
        (b'42/live,["watch",{"region":"a"}]', ("event", None, ["watch", {"region": "a"}])),
        (b'42/live,7["watch"]', ("event", 7, ["watch"])),
        (b'43/live,12[{"seq":3}]', ("ack", 12, [{"seq": 3}])),
    ],
)
def test_what_a_screen_says_is_read(text: bytes, read: object) -> None:
    assert packets.read(text) == read


@pytest.mark.parametrize(
    "text",
    [b"", b"2probe", b"40", b"40/other,", b'42["watch"]', b"42/live,", b"42/live,{}", b"42/live,[", b'42/live,"watch"',
     b'451-/live,["watch",{"_placeholder":true,"num":0}]', b"42/live," + b"[" * 15_000, b'42/live,["\xff"]'],
)  # fmt: skip
def test_nonsense_is_told_from_it(text: bytes) -> None:
    with pytest.raises(Nonsense):
        packets.read(text)


def test_an_event_with_bytes_names_its_attachments_in_order() -> None:
    data = packets.event_with_bytes("frame", {"seq": 5, "frames": [b"one", b"two"]}, "frames", 5)
    text = data[2 : 2 + data[1]] if data[1] < 126 else data[4 : 4 + int.from_bytes(data[2:4], "big")]
    assert text.startswith(b"452-/live,5[")
    assert json.loads(text[text.index(b"[") :])[1]["frames"] == [{"_placeholder": True, "num": n} for n in (0, 1)]
    assert data.endswith(frame(BINARY, b"one") + frame(BINARY, b"two"))
    assert packets.event_with_bytes("frame", {"seq": 6, "frames": []}, "frames", 6)[2:].startswith(b"42/live,6[")
