"""The files of published versions: kept among the blobs under their SHA-256, and compared with it whenever they are read."""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pyarrow as pa

from dashboard.briefs import Json
from dashboard.bulletins.rows import unpacked
from store.blobs import Blobs
from store.bulletins import Bulletin, Part
from store.errors import FilesUnavailable

log = logging.getLogger(__name__)

TABLES_KEPT: Final = 2
CONTENTS_KEPT: Final = 16


class Kept:
    """What was read last, so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """What is kept under a name, or else is made."""
        with self._lock:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
        made = make()
        with self._lock:
            self._held[name] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return made


class Shelf:
    """Reads and writes the parts of versions; safe to share between threads. Every method raises FilesUnavailable."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._contents, self._tables = Kept(CONTENTS_KEPT), Kept(TABLES_KEPT)

    def put(self, data: bytes) -> Part:
        """Keep bytes for ever."""
        part = Part(hashlib.sha256(data).hexdigest(), len(data))
        if self._blobs.read(part.sha256) != data:
            self._blobs.write(part.sha256, data)
        return part

    def bytes_of(self, part: Part) -> bytes:
        """The bytes of a part, as they were put. FilesUnavailable too when they are not those any more."""
        data = self._blobs.read(part.sha256)
        if data is None or hashlib.sha256(data).hexdigest() != part.sha256:
            log.error("the published file %s is gone or has been changed", part.sha256)
            raise FilesUnavailable(f"the published file {part.sha256} is gone or has been changed")
        return data

    def content(self, bulletin: Bulletin) -> Json:
        """What a version holds (`dashboard.bulletins.content`). Not to be changed."""
        part = bulletin.parts["content"]
        return self._contents.get(part.sha256, lambda: msgspec.json.decode(self.bytes_of(part)))

    def rows(self, bulletin: Bulletin) -> pa.Table:
        """The orders of a version (`dashboard.bulletins.rows`)."""
        return self._table(bulletin.parts["rows"])

    def stints(self, bulletin: Bulletin) -> pa.Table:
        """What left a stage in the period of a version (`dashboard.bulletins.rows.left`)."""
        return self._table(bulletin.parts["stints"])

    def _table(self, part: Part) -> pa.Table:
        return self._tables.get(part.sha256, lambda: unpacked(self.bytes_of(part)))
