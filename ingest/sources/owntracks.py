"""OwnTracks over HTTP and MQTT (domain reference D3): the same JSON, one message or an array of them.

Speed is in km/h, battery in percent. What the phone leaves out may be zero or unknown: it stays unknown. The app keeps
a message until it gets a 2xx and sends nothing else before it, so nothing here refuses a whole request: what cannot be
read is a Reject, and the queue of the phone moves on.
"""

from typing import Any, Final

import msgspec

from domain.facts import AnyFact, Heartbeat, Position
from ingest.sources import instants
from ingest.sources.base import BadInput, Context, Decoded, Reject, entity_id, known, place, reject, shown

KMH_MPS: Final = 1 / 3.6


def decode(
    body: bytes, context: Context, *, user: str | None = None, device: str | None = None, topic: str | None = None
) -> Decoded:
    """The facts of one request or one MQTT message. Never raises.

    `user`, `device`: headers X-Limit-U, X-Limit-D or ?u=&d=. `topic`: of the MQTT message. The worker's device id is
    `user/device`; lacking these, the message's own `topic` key, and lacking that its `tid`.
    """
    content = body.strip()
    if not content:
        return Decoded()
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        return Decoded((), (reject(0, f"bad JSON: {shown(str(wrong))}", content),))
    facts: list[AnyFact] = []
    rejects: list[Reject] = []
    for index, message in enumerate(found if isinstance(found, list) else [found]):
        try:
            if not isinstance(message, dict):
                raise BadInput(f"not an object: {shown(message)}")
            fact = _fact(message, (user, device, topic), context)
        except BadInput as wrong:
            rejects.append(reject(index, wrong, content))
            continue
        if fact is not None:
            facts.append(fact)
    return Decoded(tuple(facts), tuple(rejects))


def _fact(message: dict[str, Any], names: tuple[str | None, str | None, str | None], context: Context) -> AnyFact | None:
    kind = message.get("_type")
    if kind == "location" or (kind == "transition" and message.get("lat") is not None):
        return _position(message, context.worker_of(_identity(message, names)), context)
    if kind == "lwt":
        worker = context.worker_of(_identity(message, names))
        return Heartbeat(source=context.source, received_at_ms=context.received_at_ms, worker=worker, up=False)
    if kind == "encrypted":
        raise BadInput("encrypted payload")
    if not isinstance(kind, str):
        raise BadInput("missing field: _type")
    return None  # waypoints, cards, steps, status … and what is still to be invented


def _position(message: dict[str, Any], worker: str, context: Context) -> Position:
    for name in ("lat", "lon", "tst"):
        if message.get(name) is None:
            raise BadInput(f"missing field: {name}")
    lon, lat = place(message["lon"], message["lat"], context.datum)
    speed_kmh = known(message.get("vel"), 0, 1e5)
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=instants.instant_ms(message["tst"], "tst"),
        lon=lon,
        lat=lat,
        accuracy_m=known(message.get("acc"), 0, 1e7),
        speed_mps=None if speed_kmh is None else speed_kmh * KMH_MPS,
        heading_deg=known(message.get("cog"), 0, 360),
        altitude_m=known(message.get("alt"), -1e4, 1e6),
        battery_pct=known(message.get("batt"), 0, 100),
    )


def _identity(message: dict[str, Any], names: tuple[str | None, str | None, str | None]) -> str:
    user, device, topic = names
    if user and device:
        return entity_id(f"{user}/{device}", "identity")
    for path in (topic, message.get("topic")):
        parts = path.split("/") if isinstance(path, str) else []
        parts = parts[1:] if parts and parts[0] == "" else parts  # "/owntracks/…" is another topic, and is used
        if len(parts) >= 3 and parts[1] and parts[2]:
            return entity_id(f"{parts[1]}/{parts[2]}", "identity")
    alone = device or message.get("tid")
    if user and alone:
        return entity_id(f"{user}/{alone}", "identity")
    if user or alone:
        return entity_id(user or alone, "identity")
    raise BadInput("no identity")
