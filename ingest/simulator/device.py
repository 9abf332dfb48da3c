"""A worker's device: which protocol it speaks, how a fix looks in it, and the outbox that keeps what is not acknowledged."""

import base64
from collections import deque
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from config.city import RosterEntry
from ingest.simulator.chance import rng_of
from ingest.units import KNOT_MPS

KEPT: Final = 5000  # fixes that a device can keep; then it forgets the oldest
PROTOCOLS: Final = ("jt808", "osmand", "owntracks", "json")
FLAVOURS: Final = ("query", "form", "client9")


class Sighting(NamedTuple):
    """One fix of a device; `at_s` whole seconds since the epoch, as most devices count."""

    at_s: int
    lon: float
    lat: float
    speed_mps: float
    heading_deg: float
    accuracy_m: float
    battery_pct: float
    mock: bool = False


class Device(msgspec.Struct, gc=True):
    """`id` is what the protocol calls it; `flavour` is how an OsmAnd client sends."""

    worker: str
    id: str
    protocol: str
    flavour: str = ""
    outbox: deque[Sighting] = msgspec.field(default_factory=lambda: deque(maxlen=KEPT))
    queued: bool = False  # waits in its lane for its turn
    alive: bool = False  # owes a sign of life that says nothing of the place


def device_of(entry: RosterEntry, protocols: tuple[str, ...]) -> Device:
    """The first of the worker's devices whose protocol is among `protocols`: digits are the phone of a JT/T 808
    terminal, `user/device` is OwnTracks, any other id is a phone with an OsmAnd client or an app of our own JSON.
    Without any, plain JSON under the worker's own id.
    """
    for name in entry.devices:
        protocol = "owntracks" if "/" in name else "jt808" if name.isdecimal() else "osmand"
        draw = rng_of("flavour", name)
        if protocol == "osmand" and "json" in protocols and ("osmand" not in protocols or draw.random() < 0.25):
            return Device(entry.worker, name, "json")
        if protocol in protocols:
            return Device(entry.worker, name, protocol, draw.choice(FLAVOURS))
    if "json" in protocols or "osmand" not in protocols:
        return Device(entry.worker, entry.worker, "json")
    return Device(entry.worker, entry.worker, "osmand", FLAVOURS[0])


def json_item(device: Device, fix: Sighting) -> bytes:
    """An object of `/api/v1/positions`."""
    told = {
        "worker": device.id,
        "fixed_at": fix.at_s,
        "lon": fix.lon,
        "lat": fix.lat,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "heading_deg": fix.heading_deg,
        "battery_pct": fix.battery_pct,
    }
    return msgspec.json.encode(told | {"mock": True} if fix.mock else told)


class Requests:
    """Bytes of HTTP requests to one gateway with one key."""

    def __init__(self, host: str, key: str) -> None:
        self._host, self._key = host.encode(), key
        self._path = f"/osmand/{quote(key, safe='')}"

    def of(self, device: Device, fix: Sighting | None) -> bytes:
        """The request that tells one fix, or with None that the device lives."""
        if device.protocol == "owntracks":
            return self._owntracks(device, fix)
        if device.flavour == "client9":
            return self._post(self._path, b"application/json", _client9(device, fix))
        query = _query(device, fix)
        if device.flavour == "form":
            return self._post(self._path, b"application/x-www-form-urlencoded", query.encode())
        return b"GET %b?%b HTTP/1.1\r\nHost: %b\r\n\r\n" % (self._path.encode(), query.encode(), self._host)

    def _post(self, path: str, kind: bytes, body: bytes, more: bytes = b"") -> bytes:
        head = b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n"
        return head % (path.encode(), self._host, kind, len(body), more) + body

    def _owntracks(self, device: Device, fix: Sighting | None) -> bytes:
        user, _, name = device.id.partition("/")
        secret = base64.b64encode(f"{user}:{self._key}".encode())
        more = b"Authorization: Basic %b\r\nX-Limit-U: %b\r\nX-Limit-D: %b\r\n" % (secret, user.encode(), name.encode())
        told: dict[str, str | float] = {"_type": "status", "tid": name[-2:]}
        if fix is not None:
            told = {
                "_type": "location", "tid": name[-2:], "lat": fix.lat, "lon": fix.lon, "tst": fix.at_s, "t": "u",
                "acc": round(fix.accuracy_m), "vel": round(fix.speed_mps * 3.6), "cog": round(fix.heading_deg),
                "batt": round(fix.battery_pct), "conn": "m", "m": 2,
            }  # fmt: skip
        return self._post("/owntracks", b"application/json", msgspec.json.encode(told), more)


def _query(device: Device, fix: Sighting | None) -> str:
    name = quote(device.id, safe="")
    if fix is None:
        return f"id={name}"
    return (
        f"id={name}&lat={fix.lat}&lon={fix.lon}&timestamp={fix.at_s}&speed={fix.speed_mps / KNOT_MPS:.3f}"
        f"&bearing={fix.heading_deg:.0f}&accuracy={fix.accuracy_m}&batt={fix.battery_pct:.0f}"
        + ("&mock=true" if fix.mock else "")
    )


def _client9(device: Device, fix: Sighting | None) -> bytes:
    if fix is None:
        return msgspec.json.encode({"device_id": device.id, "location": {"event": "heartbeat"}})
    location = {
        "timestamp": fix.at_s * 1000,
        "coords": {
            "latitude": fix.lat, "longitude": fix.lon, "accuracy": fix.accuracy_m, "speed": fix.speed_mps,
            "heading": fix.heading_deg,
        },
        "is_moving": fix.speed_mps > 0.5,
        "battery": {"level": round(fix.battery_pct / 100, 2), "is_charging": False},
        "activity": {"type": "walking" if fix.speed_mps > 0.5 else "still"},
    }  # fmt: skip
    return msgspec.json.encode(
        {"device_id": device.id, "location": location | {"mock": True} if fix.mock else location}
    )
