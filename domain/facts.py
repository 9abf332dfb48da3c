"""Facts: what was reported, when, by whom. Frozen, never changed afterwards.

Every instant is an integer of milliseconds since 1970-01-01T00:00:00Z and is named `*_at_ms`; every position is WGS-84
degrees; every speed m/s; every length metres. A source converts at its door (`ingest/sources/`) and nobody converts again.
On the wire of the store a fact is a MessagePack array that begins with its tag.
"""

import enum
from decimal import Decimal
from typing import Final

import msgspec


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

    source: str
    received_at_ms: int


class Position(Fact, frozen=True, array_like=True, tag="p", kw_only=True, gc=False):
    """One fix of one worker. `worker` is the roster's id, or the device's own where the roster knows no such device."""

    worker: str
    fixed_at_ms: int
    lon: float
    lat: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    battery_pct: float | None = None
    flags: int = 0


class Heartbeat(Fact, frozen=True, array_like=True, tag="h", kw_only=True, gc=False):
    """The device is (`up`) or is not linked; says nothing of where it is. `sos`: its alarm button is pressed."""

    worker: str
    up: bool = True
    battery_pct: float | None = None
    sos: bool = False


class CaseStep(Fact, frozen=True, array_like=True, tag="c", kw_only=True):
    """A report, or a change of status of a work order, as its case system tells it.

    `status` is a key of `domain.lifecycle.STATUSES`. A field left `None` says nothing and changes nothing.
    `at_unknown`: the system does not know when this happened; `at_ms` then only puts the step in order.
    `on_time`: the system's own judgement, which wins over `deadline_at_ms`.
    `channel` is where the case came from (12345, 网格员上报 …; domain.md B8); `region` a region code or unique name.
    """

    order: str
    at_ms: int
    status: str
    at_unknown: bool = False
    channel: str | None = None
    category: str | None = None
    department: str | None = None
    region: str | None = None
    lon: float | None = None
    lat: float | None = None
    deadline_at_ms: int | None = None
    on_time: bool | None = None
    title: str | None = None
    text: str | None = None
    address: str | None = None
    reporter: str | None = None
    handler: str | None = None
    note: str | None = None
    extra: dict[str, str] = {}


class FeedStatus(Fact, frozen=True, array_like=True, tag="f", kw_only=True):
    """Metadata and state of one video feed. `status` is online, offline, frozen or fault.

    `streams` maps hls / webrtc / flv to an address without credentials (the gateway has cut them off).
    """

    feed: str
    at_ms: int
    status: str
    name: str | None = None
    lon: float | None = None
    lat: float | None = None
    region: str | None = None
    owner: str | None = None
    streams: dict[str, str] = {}
    direction_deg: float | None = None
    fov_deg: float | None = None


class OrderAction(Fact, frozen=True, array_like=True, tag="a", kw_only=True):
    """What a person, or a rule of the city, wants done with a work order (`domain.actions`).

    `id` is the asker's own, without a "/": the same action sent twice is one. Who the actor is comes from the log-in, never
    from a form: `role` acted in and `also`, the other roles held; `scope`, the region whose subtree is his; his `department`.
    `fields` are what the action needs and tells, by the names of `CaseStep` and of the table of actions.
    """

    id: str
    order: str
    action: str
    actor: str
    role: str
    at_ms: int
    also: tuple[str, ...] = ()
    scope: str = ""
    department: str = ""
    fields: dict[str, str | int | float | bool] = {}


class DayTally(Fact, frozen=True, array_like=True, tag="t", kw_only=True):
    """A number that an outside service counted, or judged, for one of its days (日报数; keys: `domain.tallies`).

    `value` and `base` (the denominator, of a rate) are exact. `at_ms` is when the service found it out: of several numbers of
    the same source, day, region and key the latest counts.
    """

    day: str
    region: str
    key: str
    value: Decimal
    at_ms: int
    base: Decimal | None = None


class SosAnswer(Fact, frozen=True, array_like=True, tag="s", kw_only=True):
    """Somebody has answered the alarm of a worker that stood at `at_ms`. `actor`, `role`, `region` (of the alarm) as told by
    the log-in and the hall; `note`: what was done about it.
    """

    worker: str
    id: str
    actor: str
    role: str
    at_ms: int
    region: str = ""
    note: str = ""


AnyFact = Position | Heartbeat | CaseStep | FeedStatus | OrderAction | DayTally | SosAnswer


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
