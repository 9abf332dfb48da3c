"""OwnTracks over MQTT against a small broker on a real socket: no acknowledgement before the disk has it."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest

from config.city import City
from config.settings import Settings
from domain.facts import Position
from ingest.gateway.mqtt import MqttSource, client_id
from ingest.sources.base import Context
from store.store import Store
from tests.running import Running

CONNECT, PUBLISH, PUBACK, SUBSCRIBE = 1, 3, 4, 8


class Broker:
    """Speaks as much MQTT 3.1.1 as it takes: every client that subscribes gets what is not acknowledged yet, QoS 1."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.waiting: dict[int, bytes] = {}
        self.acknowledged: list[int] = []
        self.subscribed = threading.Event()
        self.login: bytes = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def offer(self, number: int, topic: str, payload: object) -> None:
        name = topic.encode()
        body = struct.pack(">H", len(name)) + name + struct.pack(">H", number) + json.dumps(payload).encode()
        self.waiting[number] = bytes([PUBLISH << 4 | 2]) + self._length(len(body)) + body

    @staticmethod
    def _length(size: int) -> bytes:
        return bytes([size]) if size < 128 else bytes([size % 128 | 128, size // 128])

    def _accept(self) -> None:
        while True:
            client, _ = self.server.accept()
            self.client = client
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def cut(self) -> None:
        """Break the line to the present client."""
        self.client.shutdown(socket.SHUT_RDWR)

    def _serve(self, client: socket.socket) -> None:
        file = client.makefile("rb")
        while head := file.read(1):
            size, shift = 0, 0
            while True:
                byte = file.read(1)[0]
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            body = file.read(size)
            if head[0] >> 4 == CONNECT:
                self.login = body
                client.sendall(bytes([0x20, 2, 0, 0]))
            elif head[0] >> 4 == SUBSCRIBE:
                client.sendall(bytes([0x90, 3]) + body[:2] + b"\x01")
                for message in tuple(self.waiting.values()):
                    client.sendall(message)
                self.subscribed.set()
            elif head[0] >> 4 == PUBACK:
                (number,) = struct.unpack(">H", body)
                self.acknowledged.append(number)
                self.waiting.pop(number, None)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: Any, broker: Broker) -> Iterator[Running]:
    broker.offer(1, "owntracks/anna/phone", {"_type": "location", "lat": 23.005, "lon": 113.105, "tst": 1783901730})
    broker.offer(2, "owntracks/anna/phone", {"_type": "lwt", "tst": 1783901730})
    url = f"mqtt://hall:secret@127.0.0.1:{broker.port}"
    running = Running(msgspec.structs.replace(settings, mqtt_url=url), city, store, valkey.url)
    yield running
    running.end()


def within(seconds: float, true: Any) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def test_a_message_is_acknowledged_when_its_fix_is_on_disk(gateway: Running, broker: Broker) -> None:
    assert within(5, lambda: sorted(broker.acknowledged) == [1, 2])
    assert [fact.worker for fact in gateway.facts() if isinstance(fact, Position)] == ["anna/phone"]
    assert client_id(gateway.settings).encode() in broker.login and b"secret" in broker.login


def test_while_the_store_refuses_nothing_is_acknowledged_and_later_it_comes_again(
    gateway: Running, broker: Broker
) -> None:
    assert within(5, lambda: sorted(broker.acknowledged) == [1, 2])
    gateway.store.client.config_set("maxmemory", "1")
    try:
        broker.offer(3, "owntracks/anna/phone", {"_type": "location", "lat": 23.006, "lon": 113.105, "tst": 1783901740})
        broker.subscribed.clear()
        broker.cut()
        assert within(10, broker.subscribed.is_set)
        time.sleep(1.5)
        assert 3 not in broker.acknowledged
    finally:
        gateway.store.client.config_set("maxmemory", "0")
    assert within(20, lambda: 3 in broker.acknowledged)
    assert len({fact.fixed_at_ms for fact in gateway.facts() if isinstance(fact, Position)}) == 2


def test_a_message_of_an_earlier_connection_is_not_acknowledged_on_the_present_one(settings: Settings) -> None:
    async def nothing(*_: object) -> None:
        return None

    told = msgspec.structs.replace(settings, mqtt_url="mqtt://127.0.0.1:1")
    gate = SimpleNamespace(settings=told, context=lambda source: Context(source.name, 0), take=nothing)
    message, acknowledged = paho.MQTTMessage(7, b"owntracks/anna/phone"), []
    message.qos, message.payload = 1, b"{}"

    async def both() -> None:
        source = MqttSource(gate, asyncio.get_running_loop())  # type: ignore[arg-type]
        source.client.ack = lambda mid, _qos: acknowledged.append(mid)  # type: ignore[method-assign,assignment,func-returns-value]
        source._connections = 2
        await source._take(message, 1)
        assert acknowledged == []
        await source._take(message, 2)

    asyncio.run(both())
    assert acknowledged == [7]


def test_gateways_have_names_of_their_own_at_the_broker(settings: Settings) -> None:
    one, same = (msgspec.structs.replace(settings, gateway_port=8060) for _ in range(2))
    other = msgspec.structs.replace(settings, gateway_port=8070)
    assert client_id(one) == client_id(same) != client_id(other)
    assert len(client_id(one)) <= 23
    assert client_id(msgspec.structs.replace(one, mqtt_client_id="hall-1")) == "hall-1"
