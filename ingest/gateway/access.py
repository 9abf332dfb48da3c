"""Who may speak: the keys of the sources, kept hashed, read anew every few seconds."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from config import clock
from config.city import City
from ingest.sources.base import Context
from store.errors import StoreError
from store.sources import add_source, hashed, sources
from store.store import Store

log = logging.getLogger(__name__)
REFRESH_S = 2.0


class Source(msgspec.Struct, frozen=True):
    """A source that may speak. `datum`: of its positions that name none; `speed_unit`: of its speeds that name none."""

    name: str
    datum: str = "wgs84"
    speed_unit: str = ""


def context_of(source: Source, city: City) -> Context:
    """What decoders are to know of what the source sends now."""
    return Context(
        source=source.name,
        received_at_ms=clock.now_ms(),
        datum=source.datum,
        speed_unit=source.speed_unit,
        worker_of=city.worker_of,
        zone=city.zone,
        region_of=lambda text: city.find_region(text) if text else city.root,
    )


class Access:
    """The sources by the hash of their key. While the store is away, those known last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_hash: dict[str, Source] = {}

    def start(self, keys: Mapping[str, str]) -> None:
        """Read the keys; first set those given for a first start, where the source has none yet."""
        known = sources(self._store)
        for name, key in keys.items():
            if name not in known or (name == "demo" and known[name]["key"] != hashed(key)):
                add_source(self._store, name, key, clock.now_ms())
        self.refresh()

    def refresh(self) -> None:
        found = sources(self._store)
        self._by_hash = {
            entry["key"]: Source(name, entry.get("datum", "wgs84"), entry.get("speed_unit", ""))
            for name, entry in found.items()
        }

    async def run(self) -> None:
        """Refresh for ever; cancel to end."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await asyncio.to_thread(self.refresh)
            except StoreError:
                continue  # the appender logs the outage; the keys known last stay valid

    def source_of(self, key: str) -> Source | None:
        """The source that has this key. Looked up by its digest, so that timing tells nothing of the keys themselves."""
        return self._by_hash.get(hashed(key))
