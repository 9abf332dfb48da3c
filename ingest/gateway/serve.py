"""The gateway process: one event loop for HTTP and JT/T 808, a thread for MQTT."""

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

import uvicorn

from config.city import City
from config.settings import Settings
from ingest.gateway.access import Access
from ingest.gateway.gate import Gate
from ingest.gateway.http import PatientProtocol, make_app
from ingest.gateway.jt808 import Jt808Server
from ingest.gateway.mqtt import MqttSource
from store.appender import Appender
from store.store import Store

log = logging.getLogger(__name__)
GRACE_S = 3
MOST_SOCKETS = 65_536


class QuietServer(uvicorn.Server):
    """Leaves the process's signals alone: the role ends when its `stop` is set."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, city: City, store: Store, url: str, stop: Event, keys: Mapping[str, str]) -> None:
    """Serve until `stop` is set. `keys`: source → key, set where the source has none yet."""
    first = {**keys, **({"default": settings.ingest_key} if settings.ingest_key else {})}
    _allow_many_sockets()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_main(settings, city, store, url, stop, first))


class PortTaken(Exception):
    """Another program listens where the gateway should."""


def _allow_many_sockets() -> None:
    """Every device is an open file: take as many as the system gives this process without asking."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MOST_SOCKETS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=4096)
    except OSError as failed:
        raise PortTaken(f"cannot listen on {host} port {port} ({failed.strerror}): set GRIDHALL_{setting}") from failed


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _main(
    settings: Settings, city: City, store: Store, url: str, stop: Event, keys: Mapping[str, str]
) -> None:
    appender = Appender(
        url,
        store.partitions,
        waits_for_disk=store.waits_for_disk,
        queue=settings.append_queue,
        timeout_s=settings.append_timeout_s,
    )
    access = Access(store)
    access.start(keys)
    host, port = settings.gateway_host, settings.jt808_port
    http_socket = _listen(host, settings.gateway_port, "GATEWAY_PORT")
    jt808_socket = None if port < 0 else _listen(host, port, "JT808_PORT")
    gate = Gate(settings, city, store, appender, access)
    background = [asyncio.create_task(work) for work in (appender.run(), access.run(), gate.run())]
    http = QuietServer(http_config(make_app(gate), host, settings.gateway_port))
    jt808 = Jt808Server(gate)
    mqtt = MqttSource(gate, asyncio.get_running_loop()) if settings.mqtt_url else None
    serving = asyncio.create_task(http.serve([http_socket]))
    work = [serving, *background]
    try:
        await jt808.start(jt808_socket)
        if mqtt:
            mqtt.start()
        while not stop.is_set() and not any(task.done() for task in work):
            await asyncio.sleep(0.1)
    finally:
        failed = [task for task in work if task.done()]
        http.should_exit = True
        if mqtt:
            await asyncio.to_thread(mqtt.stop)
        await jt808.stop()
        await serving
        for task in background:
            task.cancel()
        await gate.flush()
        await appender.close()
    for task in failed:  # what broke one of them ends the process: its supervisor starts it anew
        task.result()


def http_config(app: Any, host: str, port: int) -> uvicorn.Config:
    """The HTTP server of a gateway around an ASGI application."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nobody here asks where a device is
        timeout_graceful_shutdown=GRACE_S,
        backlog=4096,
    )
