"""Messages of an authenticated terminal → facts.

A location without a fix (status bit 1 is 0) is a sign of life and never a Position: its coordinates are old or invented. The
alarm button is heard of every location, whatever its fix is worth.
"""

from typing import Final

from domain.facts import AnyFact, FixFlag, Heartbeat, Position
from domain.sos import OLD_ALARM_MS
from ingest.sources.base import BadInput, Context, Decoded, Reject, number, place, reject, spared
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

BATCH_HEAD: Final = 3  # bytes before the first location of a batch


def decode(message: Message, context: Context, told: int = 0) -> Decoded:
    """The facts of one whole message. A message of any kind is at least a sign of life.

    `told`: how many locations of a batch have been decoded already, as its parts came. Raises BadInput when its body cannot
    be read at all.
    """
    worker = context.worker_of(message.device)
    if message.encryption:
        raise BadInput("encrypted body")
    if message.id == Id.LOGOUT:
        return Decoded((alive(worker, context, up=False),))
    return _decoded(_reports(message)[told:], worker, message, context)


def decode_begun(message: Message, context: Context, told: int = 0) -> tuple[Decoded, int]:
    """(what a batch says of which some parts are here, beyond the locations already told, how many of them are told then)."""
    worker = context.worker_of(message.device)
    if message.id != Id.LOCATION_BATCH or message.encryption or len(message.body) < BATCH_HEAD:
        return Decoded((alive(worker, context),)), told
    found = _of_batch(message, whole=False)
    return _decoded(found[told:], worker, message, context), len(found)


def _decoded(
    reports: list[tuple[Location | BadInput, int]], worker: str, message: Message, context: Context
) -> Decoded:
    facts: list[AnyFact] = []
    rejects: list[Reject] = []
    dropped: list[Reject] = []
    for index, (report, flags) in enumerate(reports):
        reasons: list[str] = []
        try:
            fact = _position(report, flags, worker, context, reasons)
        except BadInput as wrong:
            rejects.append(reject(index, wrong, message.raw))
            fact = None
        dropped += [reject(index, reason, message.raw) for reason in reasons]
        if fact is not None:
            facts.append(fact)
        elif _calls(report, flags, context):
            facts.append(alive(worker, context, sos=True, at_ms=report.fixed_at_ms))  # type: ignore[union-attr]
    return Decoded(tuple(facts) or (alive(worker, context),), tuple(rejects), tuple(dropped))


def _calls(report: Location | BadInput, flags: int, context: Context) -> bool:
    """Whether somebody calls for help in a location without a fix; one out of a terminal's memory of days is history."""
    if isinstance(report, BadInput) or not report.sos:
        return False
    backfill, at_ms = flags & FixFlag.BACKFILL, report.fixed_at_ms
    return not backfill or at_ms is None or context.received_at_ms - at_ms <= OLD_ALARM_MS


def alive(
    worker: str, context: Context, up: bool = True, sos: bool = False, at_ms: int | None = None
) -> Heartbeat:
    return Heartbeat(
        source=context.source, received_at_ms=context.received_at_ms, worker=worker, up=up, sos=sos, at_ms=at_ms
    )


def _reports(message: Message) -> list[tuple[Location | BadInput, int]]:
    """Each location of a message with the flags that the message gives it; a broken one of a batch as its fault."""
    if message.id == Id.LOCATION:
        return [(body.location(message.body), 0)]
    if message.id == Id.LOCATION_ANSWER:
        return [(body.location(message.body[2:]), 0)]
    if message.id == Id.LOCATION_BATCH:
        return _of_batch(message)
    return makers.reports(message)


def _of_batch(message: Message, whole: bool = True) -> list[tuple[Location | BadInput, int]]:
    backfill, bodies = body.batch(message.body, whole)
    flags = int(FixFlag.BACKFILL) if backfill else 0
    return [(_location_or_fault(one), flags) for one in bodies]


def _location_or_fault(one: bytes) -> Location | BadInput:
    try:
        return body.location(one)
    except BadInput as wrong:
        return wrong


def _position(
    report: Location | BadInput, flags: int, worker: str, context: Context, dropped: list[str]
) -> Position | None:
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
        heading_deg=spared(dropped, number, report.heading_deg, "heading_deg", 0, 360),
        altitude_m=float(report.altitude_m),
        flags=flags | (FixFlag.SOS if report.sos else 0),
    )
