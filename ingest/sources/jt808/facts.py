"""Messages of an authenticated terminal → facts.

A location without a fix (status bit 1 is 0) is a sign of life and never a Position: its coordinates are old or invented.
"""

from typing import Final

from domain.facts import AnyFact, FixFlag, Heartbeat, Position
from ingest.sources.base import BadInput, Context, Decoded, Reject, place, reject
from ingest.sources.jt808 import body, makers
from ingest.sources.jt808.body import Location
from ingest.sources.jt808.message import Id, Message

REPORTS: Final = frozenset(
    (
        Id.LOCATION,
        Id.LOCATION_ANSWER,
        Id.LOCATION_BATCH,
        Id.COMPACT_BATCH,
        Id.TRANSPARENT,
        Id.LOCK,
        Id.LOCK_BACKFILL,
    )
)
"""Ids of messages that may hold positions: answered when their facts are durable."""


def decode(message: Message, context: Context) -> Decoded:
    """The facts of one whole message. A message of any kind is at least a sign of life.

    Raises BadInput when its body cannot be read at all.
    """
    worker = context.worker_of(message.device)
    if message.encryption:
        raise BadInput("encrypted body")
    if message.id == Id.LOGOUT:
        return Decoded((alive(worker, context, up=False),))
    facts: list[AnyFact] = []
    rejects: list[Reject] = []
    for index, (report, flags) in enumerate(_reports(message)):
        try:
            fact = _position(report, flags, worker, context)
        except BadInput as wrong:
            rejects.append(reject(index, wrong, message.raw))
            continue
        if fact is not None:
            facts.append(fact)
    return Decoded(tuple(facts) or (alive(worker, context),), tuple(rejects))


def alive(worker: str, context: Context, up: bool = True) -> Heartbeat:
    return Heartbeat(source=context.source, received_at_ms=context.received_at_ms, worker=worker, up=up)


def _reports(message: Message) -> list[tuple[Location | BadInput, int]]:
    """Each location of a message with the flags that the message gives it; a broken one of a batch as its fault."""
    if message.id == Id.LOCATION:
        return [(body.location(message.body), 0)]
    if message.id == Id.LOCATION_ANSWER:
        return [(body.location(message.body[2:]), 0)]
    if message.id == Id.LOCATION_BATCH:
        backfill, bodies = body.batch(message.body)
        flags = int(FixFlag.BACKFILL) if backfill else 0
        return [(_location_or_fault(one), flags) for one in bodies]
    return makers.reports(message)


def _location_or_fault(one: bytes) -> Location | BadInput:
    try:
        return body.location(one)
    except BadInput as wrong:
        return wrong


def _position(report: Location | BadInput, flags: int, worker: str, context: Context) -> Position | None:
    """The fix of a location, None where the terminal has none. Raises BadInput for one that is wrong."""
    if isinstance(report, BadInput):
        raise report
    if not report.positioned:
        return None
    lon, lat = place(report.lon, report.lat, context.datum)
    if report.fixed_at_ms is None:
        raise BadInput(f"fixed_at not a time: {report.clock}")
    return Position(
        source=context.source,
        received_at_ms=context.received_at_ms,
        worker=worker,
        fixed_at_ms=report.fixed_at_ms,
        lon=lon,
        lat=lat,
        speed_mps=report.speed_mps,
        heading_deg=float(report.heading_deg) if report.heading_deg <= 360 else None,
        altitude_m=float(report.altitude_m),
        flags=flags | (FixFlag.SOS if report.sos else 0),
    )
