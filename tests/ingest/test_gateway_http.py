"""The gateway's HTTP on a transport that keeps what is written: one answer, in one piece, however a request is cut."""

import asyncio
import gc
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.config import Config
from uvicorn.server import ServerState

from config.city import City
from config.settings import load_settings
from domain.facts import AnyFact, Position
from ingest.gateway.access import Source
from ingest.gateway.gate import Gate
from ingest.gateway.http import PatientProtocol, make_app
from ingest.gateway.serve import http_config
from store.errors import StoreBusy

FIX = b'{"worker":"W1","fixed_at":"2026-07-13T08:15:30+08:00","lon":113.105,"lat":23.005}'
QUERY = b"GET /osmand/the-key?id=W1&lat=23.005&lon=113.105&timestamp=1783901730 HTTP/1.1\r\nHost: x\r\n\r\n"
KEY = b"Host: x\r\nAuthorization: Bearer the-key\r\n"
POST = b"POST /api/v1/positions HTTP/1.1\r\n" + KEY + b"Content-Length: %d\r\n\r\n%b" % (len(FIX), FIX)
CHUNKED = (
    b"POST /api/v1/positions HTTP/1.1\r\n" + KEY + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FIX), FIX)
)
LAST = b"POST /api/v1/positions HTTP/1.1\r\n" + KEY + b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(FIX), FIX)
NO_KEY = b"POST /api/v1/positions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
HEAD = b"HEAD /osmand/the-key HTTP/1.1\r\nHost: x\r\n\r\n"
NOWHERE = b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n"

ANSWERS = [  # request, status, how its answer ends, how many fixes it brings
    (QUERY, b"200", b"\r\n\r\n", 1),
    (POST, b"200", b'\r\n\r\n{"accepted":1,"rejected":[]}', 1),
    (CHUNKED, b"200", b'\r\n\r\n{"accepted":1,"rejected":[]}', 1),
    (NO_KEY, b"401", b'\r\n\r\n{"error":"a source\'s key is needed"}', 0),
    (HEAD, b"400", b"\r\n\r\n", 0),
    (NOWHERE, b"404", b"\r\n\r\nNot Found", 0),
]


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        if data:  # nothing to write is no packet
            self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Disk:
    def __init__(self, *, full: bool = False) -> None:
        self.facts: list[AnyFact] = []
        self._full = full

    async def append(self, facts: Sequence[AnyFact]) -> None:
        await asyncio.sleep(0)
        if self._full:
            raise StoreBusy("full")
        self.facts += facts


class Keys:
    def source_of(self, key: str) -> Source | None:
        return Source("default") if key == "the-key" else None


def answered(city: City, pieces: Sequence[bytes]) -> tuple[Wire, list[AnyFact]]:
    """What is written, whether the line was let go, and what is on disk, when the bytes come in these pieces."""

    disk, wire = Disk(), Wire()
    asyncio.run(talk(server(city, disk), wire, pieces))
    return wire, disk.facts


def server(city: City, disk: Disk) -> Config:
    gate = Gate(load_settings({}), city, None, disk, Keys())  # type: ignore[arg-type]
    return http_config(make_app(gate), "127.0.0.1", 0)


async def talk(config: Config, wire: Wire, pieces: Sequence[bytes]) -> None:
    protocol = PatientProtocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(wire)
    for piece in pieces:
        if piece and not wire.closed:
            protocol.data_received(piece)
            for _ in range(10):
                await asyncio.sleep(0)
    closed = wire.closed
    protocol.connection_lost(None)
    wire.closed = closed


@pytest.mark.parametrize(("request_", "status", "end", "fixes"), ANSWERS)
def test_an_answer_is_one_packet_and_the_same_wherever_the_request_is_cut(
    city: City, request_: bytes, status: bytes, end: bytes, fixes: int
) -> None:
    for cut in range(len(request_)):
        wire, facts = answered(city, (request_[:cut], request_[cut:]))
        assert len(wire.written) == 1, (cut, wire.written)
        assert wire.written[0].startswith(b"HTTP/1.1 " + status), cut
        assert wire.written[0].endswith(end), cut
        assert [type(fact) for fact in facts] == [Position] * fixes
        assert not wire.closed


@settings(deadline=None)
@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=5), st.lists(st.integers(0, 2000), max_size=6))
def test_many_requests_on_one_line_are_each_answered_in_their_order(city: City, asked: list[Any], cuts: list[int]) -> None:
    whole = b"".join(one[0] for one in asked)
    ends = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    wire, facts = answered(city, [whole[a:b] for a, b in pairwise(ends)])
    assert [answer[9:12] for answer in wire.written] == [status for _, status, _, _ in asked]
    assert all(answer.endswith(end) for answer, (_, _, end, _) in zip(wire.written, asked, strict=True))
    assert len(facts) == sum(fixes for *_, fixes in asked)


def test_who_waits_to_be_told_to_go_on_is_told_at_once_and_who_wants_to_end_is_ended(city: City) -> None:
    head, _, body = POST.replace(b"Host: x\r\n", b"Host: x\r\nExpect: 100-continue\r\n").partition(b"\r\n\r\n")
    wire, facts = answered(city, (head + b"\r\n\r\n",))
    assert (wire.written, facts) == ([b"HTTP/1.1 100 Continue\r\n\r\n"], [])
    wire, facts = answered(city, (head + b"\r\n\r\n", body))
    assert [answer[9:12] for answer in wire.written] == [b"100", b"200"]
    assert len(facts) == 1
    wire, facts = answered(city, (LAST,))
    assert (len(wire.written), len(facts), wire.closed) == (1, 1, True)
    assert wire.written[0].endswith(b'{"accepted":1,"rejected":[]}')


def test_what_is_no_http_is_told_so_and_let_go(city: City) -> None:
    wire, _ = answered(city, (b"\x7e\x01\x02 no request\r\n\r\n",))
    assert wire.written[0].startswith(b"HTTP/1.1 400")
    assert wire.closed


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("request_", [*(one[0] for one in ANSWERS), LAST, POST[:-9], POST.replace(b'"W1"', b"  W1")])
def test_a_line_that_has_ended_leaves_no_cycle_behind(city: City, request_: bytes, full: bool) -> None:
    """The gateway looks for cycles seldom: what made one for each line would fill the memory with thousands of them."""
    config, lines = server(city, Disk(full=full)), 50

    async def all_lines() -> int:
        for _ in range(5):
            await talk(config, Wire(), (request_,))
        gc.collect()
        gc.disable()
        for _ in range(lines):
            await talk(config, Wire(), (request_,))
        await asyncio.sleep(0.01)
        return gc.collect()

    try:
        assert asyncio.run(all_lines()) < lines
    finally:
        gc.enable()
