"""Sources: their keys (hashed), the terminals' codes (hashed), and what was refused, counted and kept."""

import hashlib
import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import clock
from store import keys
from store.store import Store, _answers

RAW_KEPT: Final = 4096
_NAME: Final = re.compile(r"[\w.-]{1,64}")  # letters of any script; never | or :, which part the fields of a counter
OWN_NAMES: Final = frozenset(("unknown", "jt808", "mqtt"))  # what the gateway itself counts under


class Refusal(msgspec.Struct, frozen=True):
    """One input that was refused. `size` is its true length; `raw` at most RAW_KEPT bytes of it."""

    source: str
    reason: str
    raw: bytes
    size: int
    at_ms: int = 0


SEEN: Final = ("data", "beat", "clock_wrong_at", "clock_wrong_ms")
"""What a partition keeps of each source by name."""


def hashed(key: str) -> str:
    """SHA-256: keys are long and random, so that no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    return secrets.token_urlsafe(24)


def add_source(store: Store, name: str, key: str, made_at_ms: int, datum: str = "wgs84", speed_unit: str = "") -> None:
    """Set or replace the key of a source. `datum` is that of positions which name none, `speed_unit` (mps, kmh, knots; "" the
    protocol's own) that of speeds which name none. Raises ValueError for a bad name.
    """
    if not _NAME.fullmatch(name) or name in OWN_NAMES:
        taken = f" and not one of {', '.join(sorted(OWN_NAMES))}"
        raise ValueError(f"a source's name is 1 to 64 letters, digits, `.`, `-` or `_`{taken}")
    entry = json.dumps({"key": hashed(key), "made_at_ms": made_at_ms, "datum": datum, "speed_unit": speed_unit})
    with _answers():
        store.client.hset(keys.sources(), name, entry)


def remove_source(store: Store, name: str) -> bool:
    """Take its key away, and with it the clocks by which it would be late for ever; False: there is no such source."""
    with _answers():
        found = bool(store.client.hdel(keys.sources(), name))
        for partition in range(store.partitions if found else 0):
            store.client.hdel(keys.seen(partition), *(f"{name}|{kind}" for kind in SEEN))
    return found


def sources(store: Store) -> dict[str, dict[str, Any]]:
    """Name → {key: SHA-256, made_at_ms, datum, speed_unit}."""
    with _answers():
        found = store.client.hgetall(keys.sources())
    return {name.decode(): json.loads(entry) for name, entry in found.items()}


def terminal_secret(store: Store) -> bytes:
    """The secret from which the authentication codes of JT/T 808 terminals are derived; made at the first start."""
    with _answers():
        store.client.set(keys.terminal_secret(), secrets.token_bytes(32), nx=True)
        return bytes(store.client.get(keys.terminal_secret()))


def keep_refusals(
    store: Store,
    refusals: list[Refusal],
    keep: int,
    counts: Mapping[tuple[str, str], int] | None = None,
    dropped: Mapping[tuple[str, str], int] | None = None,
) -> None:
    """Add `counts` by source and reason (those of `refusals` where none are given), and keep the newest `keep` refusals of
    a source with their bytes: all of it or nothing. `dropped`: likewise, of values that were left out of facts taken.
    """
    if counts is None:
        counts = Counter((refusal.source, refusal.reason.split(":", 1)[0]) for refusal in refusals)
    with _answers():
        pipe = store.client.pipeline(transaction=True)
        for (source, name), number in counts.items():
            pipe.hincrby(keys.rejected(), f"{source}|{name}".encode(errors="replace"), number)
        for (source, name), number in (dropped or {}).items():
            pipe.hincrby(keys.dropped(), f"{source}|{name}".encode(errors="replace"), number)
        for refusal in refusals:
            reason = refusal.reason[:500].encode(errors="replace")
            fields = {"reason": reason, "raw": refusal.raw[:RAW_KEPT], "size": refusal.size}
            pipe.xadd(keys.rejects(refusal.source), fields, maxlen=keep, approximate=False)
        pipe.execute()


def count_rejects(store: Store) -> dict[tuple[str, str], int]:
    """(source, reason) → how many inputs were refused."""
    return _counted(store, keys.rejected())


def count_dropped(store: Store) -> dict[tuple[str, str], int]:
    """(source, reason) → from how many facts that were taken a value was left out."""
    return _counted(store, keys.dropped())


def _counted(store: Store, key: str) -> dict[tuple[str, str], int]:
    with _answers():
        found = store.client.hgetall(key)
    pairs = ((name.decode().split("|", 1), int(value)) for name, value in found.items())
    return {(source, reason): number for (source, reason), number in pairs}


def rejects(store: Store, source: str, newest: int) -> list[Refusal]:
    """The newest refusals of a source, newest first."""
    with _answers():
        found = store.client.xrevrange(keys.rejects(source), count=newest)
    return [
        Refusal(source, f[b"reason"].decode(), f[b"raw"], int(f[b"size"]), int(entry_id.split(b"-")[0]) + clock.ahead_ms())
        for entry_id, f in found
    ]
