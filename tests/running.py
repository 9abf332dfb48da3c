"""Roles of gridhall inside a test's own process: a gateway in a thread, a projector that is stepped, a hall that follows."""

import json
import socket
import threading
import time

import httpx
import msgspec

from config.city import City
from config.settings import Settings
from ingest.gateway.serve import serve
from ingest.projector import Projector
from store import sources
from store.store import Store

KEY = "a-key-of-sixteen-or-more"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A gateway in a thread of the test's own process."""

    def __init__(self, settings: Settings, city: City, store: Store, url: str) -> None:
        self.settings = msgspec.structs.replace(
            settings, gateway_port=free_port(), jt808_port=free_port(), ingest_key=KEY, append_timeout_s=1.0
        )
        self.store = store
        self.stop = threading.Event()
        arguments = (self.settings, city, store, url, self.stop, {})
        self.thread = threading.Thread(target=serve, args=arguments, daemon=True)
        self.thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.settings.gateway_port}", trust_env=False)
        for _ in range(200):
            try:
                self.http.get("/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.02)

    def post(self, path: str, content: object, key: str = KEY) -> httpx.Response:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.http.post(path, content=raw, headers={"Authorization": f"Bearer {key}"})

    def facts(self) -> list[object]:
        """Everything on disk, in the order of arrival within a partition."""
        read = self.store.read_facts(dict.fromkeys(range(self.store.partitions), "0-0"), 10_000, 10)
        return [fact for entries in read.values() for _, batch in entries for fact in batch]

    def refused(self) -> dict[tuple[str, str], int]:
        time.sleep(0.7)  # refusals are written every 0.3 s
        return sources.count_rejects(self.store)

    def end(self) -> None:
        self.http.close()
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def fold_all(store: Store, city: City, settings: Settings) -> None:
    """Fold everything that has been appended, and give the leases back."""
    projector = Projector(store, city, settings)
    while projector.step(block_ms=1) or store.backlog():
        pass
    projector._release()
