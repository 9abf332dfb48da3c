"""Who takes part in a load, and what each says: the bytes of a request, by protocol."""

import math
from typing import Final
from urllib.parse import quote

import msgspec

from config.city import City
from ingest.simulator.chance import rng_of
from ingest.simulator.device import Sighting
from ingest.units import KNOT_MPS

PROTOCOLS: Final = ("json", "osmand", "owntracks", "jt808", "batch")


class Shares(msgspec.Struct, frozen=True):
    """How many of the workers speak each protocol: `shares` are weights."""

    shares: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, text: str) -> "Shares":
        """From `json=50,jt808=30`; a name alone weighs 1. Raises ValueError."""
        found = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, weight = part.partition("=")
            if name not in PROTOCOLS:
                raise ValueError(f"no such protocol: {name} (known: {', '.join(PROTOCOLS)})")
            number = float(weight) if equals else 1.0
            if not 0 < number < math.inf:
                raise ValueError(f"the share of {name} is no number above 0: {weight}")
            found.append((name, number))
        if not found or len(dict(found)) < len(found):
            raise ValueError("protocols, each once: json=50,jt808=30,osmand=20")
        return cls(tuple(found))

    def split(self, number: int) -> dict[str, int]:
        """Protocol → how many of `number`; they add up to it."""
        whole, ends, past = sum(weight for _, weight in self.shares), [0], 0.0
        for _, weight in self.shares:
            past += weight
            ends.append(round(number * past / whole))
        return {name: ends[n + 1] - ends[n] for n, (name, _) in enumerate(self.shares)}


class Words:
    """HTTP requests to one gateway with one key; `json`, `osmand` and `owntracks` of one fix, `batch` of many."""

    def __init__(self, host: str, key: str) -> None:
        self._host, self._key = host.encode(), key

    def batch(self, told: list[tuple[str, Sighting]]) -> bytes:
        return self._positions([_item(name, fix) for name, fix in told])

    def json(self, name: str, fix: Sighting) -> bytes:
        return self._positions([_item(name, fix)])

    def _positions(self, items: list[bytes]) -> bytes:
        body = items[0] if len(items) == 1 else b"[" + b",".join(items) + b"]"
        more = b"Authorization: Bearer %b\r\nContent-Type: application/json\r\n" % self._key.encode()
        return self._request(b"POST", "/api/v1/positions", more, body)

    def osmand(self, name: str, fix: Sighting) -> bytes:
        query = (f"id={quote(name)}&lat={fix.lat:.6f}&lon={fix.lon:.6f}&timestamp={fix.at_s}"
                 f"&speed={fix.speed_mps / KNOT_MPS:.3f}&bearing={fix.heading_deg:.0f}&accuracy=8&batt=80")  # fmt: skip
        return self._request(b"GET", f"/osmand/{quote(self._key, safe='')}?{query}")

    def owntracks(self, name: str, fix: Sighting) -> bytes:
        body = b'{"_type":"location","lat":%.6f,"lon":%.6f,"tst":%d,"acc":8,"vel":%d,"cog":%d,"batt":80}' % (
            fix.lat, fix.lon, fix.at_s, round(fix.speed_mps * 3.6), round(fix.heading_deg),
        )  # fmt: skip
        more = b"X-Limit-U: %b\r\nContent-Type: application/json\r\n" % name.encode()
        return self._request(b"POST", f"/owntracks/{quote(self._key, safe='')}", more, body)

    def _request(self, method: bytes, path: str, more: bytes = b"", body: bytes = b"") -> bytes:
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        return b"%b %b HTTP/1.1\r\nHost: %b\r\n%b%b\r\n%b" % (method, path.encode(), self._host, more, length, body)


def _item(name: str, fix: Sighting) -> bytes:
    return msgspec.json.encode({
        "worker": name, "fixed_at": fix.at_s, "lon": round(fix.lon, 6), "lat": round(fix.lat, 6), "accuracy_m": 8.0,
        "speed_mps": fix.speed_mps, "heading_deg": round(fix.heading_deg, 1), "battery_pct": 80.0,
    })  # fmt: skip


def who(city: City, number: int) -> tuple[list[str], list[tuple[float, float]]]:
    """Names and homes: those of the roster, each in his own region; beyond it invented ones, in the same regions."""
    entries = list(city.roster.values())
    middle = city.geometry(city.root)
    inside = middle.representative_point() if middle is not None else None
    default = (inside.x, inside.y) if inside is not None else (113.1, 23.0)
    homes: dict[str, tuple[float, float]] = {}
    names, places = [], []
    for n in range(number):
        entry = entries[n % len(entries)] if entries else None
        region = entry.region if entry else ""
        if region not in homes:
            shape = city.geometry(region) if region in city.regions else None
            point = shape.representative_point() if shape is not None else None
            homes[region] = (point.x, point.y) if point is not None else default
        names.append(entry.worker if entry and n < len(entries) else f"load{n:06d}")
        places.append(homes[region])
    return names, places


def protocols(city: City, names: list[str], shares: Shares) -> list[str]:
    """A protocol for each; terminals first of all to those whose roster entry has one."""
    split = shares.split(len(names))
    order = sorted(range(len(names)), key=lambda n: (not _has_terminal(city, names[n]), rng_of("load", names[n]).random()))
    found = [""] * len(names)
    terminals = split.pop("jt808", 0)
    for n in order[:terminals]:
        found[n] = "jt808"
    rest = [name for name, number in split.items() for _ in range(number)]
    rng_of("load").shuffle(rest)
    for n, protocol in zip(sorted(order[terminals:]), rest, strict=True):
        found[n] = protocol
    return found


def _terminal_of(city: City, name: str) -> str:
    entry = city.roster.get(name)
    return next((device for device in entry.devices if device.isdecimal()), "") if entry else ""


def _has_terminal(city: City, name: str) -> bool:
    return bool(_terminal_of(city, name))


def phone(city: City, name: str, who: int) -> str:
    return _terminal_of(city, name) or f"199{who:08d}"
