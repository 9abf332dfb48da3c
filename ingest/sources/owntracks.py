"""OwnTracks over HTTP and MQTT (domain reference D3): the same JSON, one message or an array of them.

Speed is in km/h, battery in percent. What the phone leaves out may be zero or unknown: it stays unknown. The app keeps
a message until it gets a 2xx and sends nothing else before it, so nothing here refuses a whole request: what cannot be
read is a Reject, and the queue of the phone moves on. A transition is an event: its coordinates are those of the fix before,
and the fix of the same moment is a message of its own.
"""

from typing import Any, Final

from domain.facts import AnyFact, Heartbeat, Position
from ingest.sources import instants
from ingest.sources.base import BadInput, Context, Decoded, Reject, entity_id, measured, place, reject, shown
from ingest.sources.jsonbody import value_of
from ingest.units import KMH_MPS

_OF_A_DEVICE: Final = frozenset(
    ("event", "waypoint", "waypoints", "cmd", "info", "dump", "step", "status", "request", "response", "msg", "beacon")
)
"""What the app puts behind its own topic."""


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
        found = value_of(content)
    except BadInput as wrong:
        return Decoded((), (reject(0, wrong, content),))
    facts: list[AnyFact] = []
    rejects: list[Reject] = []
    dropped: list[Reject] = []
    for index, message in enumerate(found if isinstance(found, list) else [found]):
        reasons: list[str] = []
        try:
            if not isinstance(message, dict):
                raise BadInput(f"not an object: {shown(message)}")
            fact = _fact(message, (user, device, topic), context, reasons)
        except BadInput as wrong:
            rejects.append(reject(index, wrong, content))
            continue
        dropped += [reject(index, reason, content) for reason in reasons]
        if fact is not None:
            facts.append(fact)
    return Decoded(tuple(facts), tuple(rejects), tuple(dropped))


def _fact(
    message: dict[str, Any], names: tuple[str | None, str | None, str | None], context: Context, dropped: list[str]
) -> AnyFact | None:
    kind = message.get("_type")
    if kind == "location":
        return _position(message, context.worker_of(_identity(message, names)), context, dropped)
    if kind in ("lwt", "transition"):
        worker = context.worker_of(_identity(message, names))
        return Heartbeat(source=context.source, received_at_ms=context.received_at_ms, worker=worker, up=kind != "lwt")
    if kind == "encrypted":
        raise BadInput("encrypted payload")
    if not isinstance(kind, str):
        raise BadInput("missing field: _type")
    return None  # waypoints, cards, steps, status … and what is still to be invented


def _position(message: dict[str, Any], worker: str, context: Context, dropped: list[str]) -> Position:
    for name in ("lat", "lon", "tst"):
        if message.get(name) is None:
            raise BadInput(f"missing field: {name}")
    lon, lat = place(message["lon"], message["lat"], context.datum)
    speed_kmh = measured(dropped, message.get("vel"), "vel", 0, 1e5)
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=instants.instant_ms(message["tst"], "tst"),
        lon=lon,
        lat=lat,
        accuracy_m=measured(dropped, message.get("acc"), "acc", 0, 1e7),
        speed_mps=None if speed_kmh is None else speed_kmh * KMH_MPS,
        heading_deg=measured(dropped, message.get("cog"), "cog", 0, 360),
        altitude_m=measured(dropped, message.get("alt"), "alt", -1e4, 1e6),
        battery_pct=measured(dropped, message.get("batt"), "batt", 0, 100),
    )


def _identity(message: dict[str, Any], names: tuple[str | None, str | None, str | None]) -> str:
    user, device, topic = names
    if user and device:
        return entity_id(f"{user}/{device}", "identity")
    for path in (topic, message.get("topic")):
        name = _of_topic(path) if isinstance(path, str) else ""
        if name:
            return entity_id(name, "identity")
    alone = device or message.get("tid")
    if user and alone:
        return entity_id(f"{user}/{alone}", "identity")
    if user or alone:
        return entity_id(user or alone, "identity")
    raise BadInput("no identity")


def _of_topic(topic: str) -> str:
    """USER/DEVICE of `owntracks/USER/DEVICE`; "" where a topic has none.

    A base that was lengthened (`city/owntracks/…`), or is another one, is left out as far as it can be told: rather a longer
    name than two phones under one.
    """
    parts = [part for part in topic.split("/") if part]
    if len(parts) > 3 and parts[-1] in _OF_A_DEVICE:
        parts.pop()
    behind = parts[parts.index("owntracks") + 1 :] if "owntracks" in parts else parts[1:]
    return "/".join(behind) if len(behind) >= 2 else ""
