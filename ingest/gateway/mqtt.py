"""OwnTracks over MQTT: a client of the city's broker that acknowledges a message when its fix is on disk, and not before."""

import asyncio
import contextlib
import hashlib
import logging
import socket
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from config.settings import Settings
from ingest.gateway.access import Source
from ingest.gateway.gate import Gate
from ingest.sources import owntracks
from store.errors import StoreUnavailable

log = logging.getLogger(__name__)
PAUSE_S: Final = 2.0


def client_id(settings: Settings) -> str:
    """The name that the broker keeps this gateway's session under: the same at each start, another for another gateway.

    Of two clients with one name a broker ends the older connection, and so on for ever. 23 characters fit every broker.
    """
    if settings.mqtt_client_id:
        return settings.mqtt_client_id
    place = f"{socket.gethostname()}:{settings.gateway_host}:{settings.gateway_port}"
    return f"gridhall-{hashlib.blake2b(place.encode(), digest_size=7).hexdigest()}"


class MqttSource:
    """One broker. The session is kept by the broker, so that what was not acknowledged comes again."""

    def __init__(self, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        self._gate = gate
        self._loop = loop
        self._source = Source("mqtt", gate.settings.mqtt_datum)
        self._connections = 0
        self._ending = False  # a pause before the connection is ended is under way
        parts = urlsplit(gate.settings.mqtt_url)
        self._address = (parts.hostname or "localhost", parts.port or (8883 if parts.scheme == "mqtts" else 1883))
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id(gate.settings), clean_session=False, manual_ack=True
        )
        if parts.username:
            self.client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self.client.tls_set()
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 30)

    def start(self) -> None:
        self.client.connect_async(*self._address, keepalive=30)
        self.client.loop_start()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker at %s:%d refuses: %s", *self._address, reason)
            return
        self._connections += 1
        log.info("connected to the broker at %s:%d", *self._address)
        client.subscribe(self._gate.settings.mqtt_topic, qos=1)

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        log.warning("connection to the broker ended: %s", reason)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        """In paho's thread: hand over to the gateway's loop and go on reading."""
        asyncio.run_coroutine_threadsafe(self._take(message, self._connections), self._loop)

    async def _take(self, message: paho.MQTTMessage, connection: int) -> None:
        """A message of an earlier connection is not acknowledged: on the present one its number may be another's."""
        decoded = owntracks.decode(bytes(message.payload), self._gate.context(self._source), topic=message.topic)
        try:
            await self._gate.take(decoded, self._source)
        except StoreUnavailable:
            await self._again()
        except Exception:
            log.exception("a message of %s could not be taken", message.topic)
        else:
            if connection == self._connections:
                self.client.ack(message.mid, message.qos)

    async def _again(self) -> None:
        """Not acknowledged: a broker sends such a message again only to a client that connects anew."""
        if self._ending:
            return
        self._ending = True
        await asyncio.sleep(PAUSE_S)
        self._ending = False
        if isinstance(line := self.client.socket(), socket.socket):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)  # paho's own thread sees the end, and connects again with back-off
