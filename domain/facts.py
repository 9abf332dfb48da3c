"""Facts: what was reported, when, by whom. Frozen, never changed afterwards.

Every instant is an integer of milliseconds since 1970-01-01T00:00:00Z and is named `*_at_ms`; every position is WGS-84
degrees; every speed m/s; every length metres. A source converts at its door (`ingest/sources/`) and nobody converts again.
On the wire of the store a fact is a MessagePack array that begins with its tag. The types say how far each value may go
(`domain.bounds`): who reads a fact from bytes gets none beyond; `beyond` asks it of a fact that was made by hand.
"""

import datetime as dt
import enum
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from domain.bounds import (
    NUMBER_DECIMALS,
    NUMBER_MOST,
    Accuracy,
    ActionFields,
    Altitude,
    Angle,
    Extra,
    Flags,
    Instant,
    Latitude,
    Longitude,
    Name,
    Roles,
    Share,
    Speed,
    Streams,
    Text,
    Title,
    Word,
)
from domain.lifecycle import STATUSES


class FixFlag(enum.IntFlag):
    """Why a fix is special. The first three and the last come from the device, the others from the fold (see `SET_ASIDE`)."""

    MOCK = 1  # the handset says that an app invented the position
    BACKFILL = 2  # sent late on purpose: the blind area of JT/T 808, a queue of a phone
    SOS = 4  # the device's alarm button
    LATE = 8  # older than a fix already folded: repairs the track, moves no live marker
    FUTURE = 16  # fixed after it was received, beyond the tolerance
    JUMP = 32  # implies a speed that nobody can have
    SAME_TIME = 64  # another place at an instant that the track already has
    INACCURATE = 128  # accuracy radius too wide to say where the worker is
    OUTSIDE = 256  # outside the country box of the city
    OUT_OF_GRID = 512  # not in the worker's own grid (kept and counted; not set aside)
    FROZEN = 1024  # the very same coordinates for longer than any receiver gives
    PAST = 2048  # fixed so long before it was received that the clock must be wrong (`domain.device_clock`)
    RECORDED = 4096  # told as a record of the past, which may be of any age


SET_ASIDE: Final = int(
    FixFlag.MOCK | FixFlag.FUTURE | FixFlag.JUMP | FixFlag.SAME_TIME | FixFlag.INACCURATE | FixFlag.OUTSIDE | FixFlag.PAST
)
"""A fix with one of these is kept in the track with its reason and counts for nothing else."""


class Fact(msgspec.Struct, frozen=True, array_like=True, tag=True, kw_only=True):
    """Root of all facts. `source` is the name of the ingest key that brought it."""

    source: Name
    received_at_ms: Instant


class Position(Fact, frozen=True, array_like=True, tag="p", kw_only=True, gc=False):
    """One fix of one worker. `worker` is the roster's id, or the device's own where the roster knows no such device."""

    worker: Name
    fixed_at_ms: Instant
    lon: Longitude
    lat: Latitude
    accuracy_m: Accuracy | None = None
    speed_mps: Speed | None = None
    heading_deg: Angle | None = None
    altitude_m: Altitude | None = None
    battery_pct: Share | None = None
    flags: Flags = 0


class Heartbeat(Fact, frozen=True, array_like=True, tag="h", kw_only=True, gc=False):
    """The device is (`up`) or is not linked; says nothing of where it is. `sos`: its alarm button is pressed. `at_ms`: when, by
    its own clock; None: it did not say.
    """

    worker: Name
    up: bool = True
    battery_pct: Share | None = None
    sos: bool = False
    at_ms: Instant | None = None


class CaseStep(Fact, frozen=True, array_like=True, tag="c", kw_only=True):
    """A report, or a change of status of a work order, as its case system tells it.

    `status` is a key of `domain.lifecycle.STATUSES`. A field left `None` says nothing and changes nothing.
    `at_unknown`: the system does not know when this happened; `at_ms` then only puts the step in order.
    `on_time`: the system's own judgement, which wins over `deadline_at_ms`.
    `channel` is where the case came from (12345, 网格员上报 …; domain.md B8); `region` a region code or unique name.
    """

    order: Name
    at_ms: Instant
    status: Name
    at_unknown: bool = False
    channel: Word | None = None
    category: Word | None = None
    department: Word | None = None
    region: Word | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    deadline_at_ms: Instant | None = None
    on_time: bool | None = None
    title: Title | None = None
    text: Text | None = None
    address: Title | None = None
    reporter: Word | None = None
    handler: Word | None = None
    note: Text | None = None
    extra: Extra = {}

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is none of domain.lifecycle")


FEED_STATUSES: Final = ("online", "offline", "frozen", "fault")


class FeedStatus(Fact, frozen=True, array_like=True, tag="f", kw_only=True):
    """Metadata and state of one video feed. `status` is online, offline, frozen or fault.

    `streams` maps hls / webrtc / flv to an address without credentials (the gateway has cut them off).
    """

    feed: Name
    at_ms: Instant
    status: Name
    name: Word | None = None
    lon: Longitude | None = None
    lat: Latitude | None = None
    region: Word | None = None
    owner: Word | None = None
    streams: Streams = {}
    direction_deg: Angle | None = None
    fov_deg: Angle | None = None

    def __post_init__(self) -> None:
        if self.status not in FEED_STATUSES:
            raise ValueError(f"status {self.status!r} is none of {', '.join(FEED_STATUSES)}")


class OrderAction(Fact, frozen=True, array_like=True, tag="a", kw_only=True):
    """What a person, or a rule of the city, wants done with a work order (`domain.actions`).

    `id` is the asker's own, without a "/": the same action sent twice is one. Who the actor is comes from the log-in, never
    from a form: `role` acted in and `also`, the other roles held; `scope`, the region whose subtree is his; his `department`.
    `fields` are what the action needs and tells, by the names of `CaseStep` and of the table of actions.
    """

    id: Name
    order: Name
    action: Name
    actor: Name
    role: Name
    at_ms: Instant
    also: Roles = ()
    scope: Word = ""
    department: Word = ""
    fields: ActionFields = {}


class DayTally(Fact, frozen=True, array_like=True, tag="t", kw_only=True):
    """A number that an outside service counted, or judged, for one of its days (日报数; keys: `domain.tallies`).

    `value` and `base` (the denominator, of a rate) are exact. `at_ms` is when the service found it out: of several numbers of
    the same source, day, region and key the latest counts.
    """

    day: Name
    region: Word
    key: Name
    value: Decimal
    at_ms: Instant
    base: Decimal | None = None

    def __post_init__(self) -> None:
        if not _DAY.fullmatch(self.day) or not dt.date.fromisoformat(self.day):
            raise ValueError(f"day {self.day!r} is not YYYY-MM-DD")
        for number in (self.value, self.base):
            if number is not None and not is_number(number):
                raise ValueError(f"{number} is beyond {NUMBER_MOST:,} or has more than {NUMBER_DECIMALS} decimals")


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_number(number: Decimal) -> bool:
    """Whether a tally can carry it: finite, at most NUMBER_MOST either way, at most NUMBER_DECIMALS decimals."""
    return number.is_finite() and abs(number) <= NUMBER_MOST and number == round(number, NUMBER_DECIMALS)


class SosAnswer(Fact, frozen=True, array_like=True, tag="s", kw_only=True):
    """Somebody has answered the alarm of a worker that stood at `at_ms`. `actor`, `role`, `region` (of the alarm) as told by
    the log-in and the hall; `note`: what was done about it.
    """

    worker: Name
    id: Name
    actor: Name
    role: Name
    at_ms: Instant
    region: Word = ""
    note: Text = ""


AnyFact = Position | Heartbeat | CaseStep | FeedStatus | OrderAction | DayTally | SosAnswer
KINDS: Final[dict[type[AnyFact], str]] = {
    Position: "position", Heartbeat: "heartbeat", CaseStep: "order", OrderAction: "action", FeedStatus: "feed",
    DayTally: "tally", SosAnswer: "sos_answer",
}  # fmt: skip
"""How counts, and what is set aside, call each kind of fact."""

KIND_OF_TAG: Final = {str(kind.__struct_config__.tag): name for kind, name in KINDS.items()}


def entity(fact: AnyFact) -> str:
    """The id by which a fact finds its partition: worker, order or feed, or what a tally is of."""
    match fact:
        case Position(worker=name) | Heartbeat(worker=name) | CaseStep(order=name) | FeedStatus(feed=name):
            return name
        case OrderAction(order=name) | SosAnswer(worker=name):
            return name
        case DayTally():
            return tally_id(fact.source, fact.day, fact.region, fact.key)


def tally_id(source: str, day: str, region: str, key: str) -> str:
    """What a tally is of: numbers told of the same are the same number, corrected."""
    return f"{day}|{region}|{key}|{source}"


LATE: Final = int(FixFlag.LATE)
"""Plain integers: the operators of enum.IntFlag cost a microsecond each, and the folds ask several times per fix."""


_encode: Final = msgspec.msgpack.Encoder().encode
_one: Final = msgspec.msgpack.Decoder(AnyFact)
_many: Final = msgspec.msgpack.Decoder(list[AnyFact])
_PLACE: Final = re.compile(r" - at `\$\[(\d+)\]")


def all_within(facts: Sequence[AnyFact]) -> bool:
    """Whether every one of the facts is what its types say, so that a store can give it back; asked of all at one stroke."""
    try:
        _many.decode(_encode(facts))
    except (ValueError, OverflowError, TypeError):  # what is no value of its type, too large to be written, no text at all
        return False
    return True


def beyond(fact: AnyFact) -> str:
    """Which field of a fact is beyond its bounds, and how; "" when all are within."""
    try:
        _one.decode(_encode(fact))
    except (ValueError, OverflowError, TypeError) as wrong:
        return _named(fact, str(wrong))
    return ""


def _named(fact: AnyFact, wrong: str) -> str:
    """What the reader says, with the field's name in place of its number (0 is the tag)."""
    place = _PLACE.search(wrong)
    if place is None:
        return wrong
    return f"{type(fact).__struct_fields__[int(place[1]) - 1]}: {wrong[: place.start()]}"
