"""States: what the facts amount to by now. Frozen values; a fold returns a new one. These are the rows of the live tables.

Each row carries the `version` of the commit that wrote it, so that a reader who sees an older change later can tell.
"""

import enum
from decimal import Decimal

import msgspec

from domain.clocks import Running


class Presence(enum.IntEnum):
    """What the wall shows of a worker, worst first by `SEVERITY` (look: 越界 冻结 静默 离线 静止 移动)."""

    MOVING = 0
    STILL = 1
    OUT_OF_GRID = 2
    SILENT = 3  # linked, but no fix for longer than allowed
    FROZEN = 4  # fixes arrive, always the very same place
    OFFLINE = 5  # not heard of at all for longer than allowed
    UNSEEN = 6  # on the roster, never heard of


class WorkerFlag(enum.IntFlag):
    UNROSTERED = 1
    MOCK = 2  # the last fix was an invented one
    SOS = 4  # stands from the first alarm until a person answers it
    OUT_OF_GRID = 8  # of the own responsible grid
    CLOCK_WRONG = 16  # the clock of the device is: see Worker.clock_wrong_ms


class Row(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    version: int = 0


class Worker(Row, frozen=True, array_like=True, kw_only=True, gc=False):
    """Live state of one worker. The place is that of the newest fix that was not set aside; 0 in `fixed_at_ms`: none yet."""

    worker: str
    fixed_at_ms: int = 0
    received_at_ms: int = 0  # when that fix reached the gateway
    heard_at_ms: int = 0  # last sign of life of any kind
    lon: float = 0.0
    lat: float = 0.0
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    battery_pct: float | None = None
    region: str = ""  # deepest region of the city that holds the place; "" outside every region
    presence: Presence = Presence.UNSEEN
    flags: int = 0  # WorkerFlag
    link_down: bool = False
    moved_at_ms: int = 0  # since when the place has been the same (still_radius_m)
    anchor_lon: float = 0.0
    anchor_lat: float = 0.0
    same_since_ms: int = 0  # since when the coordinates have been the very same numbers
    jump_lon: float = 0.0  # last fix set aside as a jump, and how many have agreed with it
    jump_lat: float = 0.0
    jump_at_ms: int = 0
    jump_count: int = 0
    day: str = ""  # local day (YYYY-MM-DD) that the counts below belong to
    fixes: int = 0  # of that day, not set aside
    set_aside: int = 0
    distance_m: float = 0.0
    aside_at_ms: int = 0  # instant of the newest fix set aside: up to there a fix may be in the track already
    out_since_ms: int = 0  # of the first fix of those that lie outside the own grid without one inside between; 0: inside
    clock_wrong_ms: int = 0  # by how much the device's clock was ahead (> 0) or behind at its last fix; 0: it may be right
    sos_since_ms: int = 0  # since when the alarm has stood; 0: none does
    sos_heard_ms: int = 0  # when the device last said that its button is pressed; 0: it has said since that it is not
    sos_answered_ms: int = 0  # when somebody last answered an alarm
    sos_answer: str = ""  # and the id of that answer


class Step(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One line of an order's trail: who said what, when. `key` identifies it, so that the same step sent twice is one."""

    key: str
    at_ms: int
    status: str
    source: str
    received_at_ms: int
    at_unknown: bool = False
    fields: dict[str, str | int | float | bool] = {}  # what this step said of the order, by field name of CaseStep
    action: str = ""  # done here by a person or a rule (`domain.actions`); "" for what a case system told
    actor: str = ""
    role: str = ""
    unit: str = ""  # the actor's department
    clock_wrong: bool = False  # the clock that said `at_ms` is wrong (`domain.device_clock`): it goes by its receipt
    placed_at_ms: int = 0  # of such a one: the newest instant of the trail when it arrived, behind which it stands


class OrderFlag(enum.IntFlag):
    CLOSED_BEFORE_REPORTED = 1  # the source's clocks disagree: kept, and left out of durations
    UNKNOWN_REGION = 2  # the source named a region that the city does not have
    CLOSE_TIME_UNKNOWN = 4
    URGENT = 8  # 急要件
    SUPERVISED = 16  # 督办: urged at least once
    FORCED = 32  # 强制结案, counted apart
    REROUTED = 64  # dispatched by hand elsewhere than the rule said
    DEFERRED = 128  # 延期
    MASS = 256  # 群体性
    LEADER = 512  # 领导交办
    ROUTED = 1024  # a rule of the city proposed a department before it was dispatched
    YELLOW_CARD = 2048  # 黄牌, unless it was withdrawn
    RED_CARD = 4096  # 红牌, likewise
    AT_ONCE = 8192  # 当即办理: dealt with already when it was reported
    STOOD_DOWN = 16384  # 应急解除: the walls have left its emergency
    PROVISIONAL = 32768  # 暂定: its limit runs into days of which nobody knows yet whether they are worked
    CLOCK_WRONG = 65536  # of a step: the clock that dated it is wrong, and it goes by the time of its receipt


class Clock(msgspec.Struct, frozen=True, array_like=True):
    """One clock of an order. `since_ms`: since when it has been running; None: it stands."""

    key: str
    started_at_ms: int
    since_ms: int | None = None
    spent_ms: int = 0

    def spent(self, now_ms: int) -> int:
        """Milliseconds that it has run by now."""
        return self.spent_ms + (0 if self.since_ms is None else now_ms - self.since_ms)


class CoHandler(msgspec.Struct, frozen=True, array_like=True):
    """A co-handling department (协办) and how far it is: dispatched, handling, feedback (done), returned (asks out)."""

    department: str
    status: str = "dispatched"


class Card(msgspec.Struct, frozen=True, array_like=True):
    """A yellow or red card. `state`: given, answered, appealed, upheld (the appeal was refused), withdrawn."""

    colour: str
    at_ms: int
    by: str
    reason: str
    department: str  # which had the order then
    state: str = "given"
    answer: str = ""
    answered_at_ms: int | None = None
    appeal: str = ""
    decided: str = ""  # why it was upheld or withdrawn

    @property
    def stands(self) -> bool:
        return self.state != "withdrawn"


class Sent(enum.IntEnum):
    """Whether a task of verification or check was given, and in time."""

    NOT = 0
    IN_TIME = 1
    LATE = 2
    NO_LIMIT = 3


class Life(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is kept besides of an order that lives here, made by the actions of its trail."""

    holder: str = ""  # region whose centre holds it
    level: str = ""  # key of that region's level
    route: str = ""  # the rule that fired; "" none
    route_department: str = ""  # what it proposed
    lead: str = ""  # department that it was dispatched to (主办)
    co_handlers: tuple[CoHandler, ...] = ()
    dispatched_by: str = ""
    asked: str = ""  # defer or hang, while nobody has decided
    asked_deadline_at_ms: int | None = None
    verified: str = ""  # result of the last verification (domain.actions.RESULTS)
    checked: str = ""  # result of the last check since the last feedback
    quality: str = ""  # of the evaluation
    satisfaction: str = ""
    merged_into: str = ""
    returned: int = 0  # more than once is 推诿
    reworked: int = 0  # failed checks
    redispatched: int = 0  # to another lead than before: the first was wrong
    deferred: int = 0
    hung: int = 0
    urged: int = 0
    escalated: int = 0
    reopened: int = 0
    deadline_left_ms: int | None = None  # what was left of the limit when it was hung
    clocks: tuple[Clock, ...] = ()
    running: tuple[Running, ...] = ()  # the clocks that have a limit
    cards: tuple[Card, ...] = ()  # in the order in which they were given
    contacted: str = ""  # of the last call-back (domain.actions.ANSWERS); "" not told
    solved: str = ""
    accepted_by: str = ""  # the persons who did these steps last; "" nobody, or a rule
    registered_by: str = ""
    verified_by: str = ""
    checked_by: str = ""
    verify_sent: int = 0  # Sent
    check_sent: int = 0
    stints: bytes = b""  # domain.stints: time spent in each stage


class Order(Row, frozen=True, array_like=True, kw_only=True):
    """One work order as its trail amounts to. The trail itself is kept beside it (`store.keys.trail`)."""

    order: str
    source: str = ""
    status: str = ""
    reported_at_ms: int = 0
    accepted_at_ms: int | None = None
    registered_at_ms: int | None = None
    closed_at_ms: int | None = None  # None while open, or when the source does not know
    status_at_ms: int = 0  # since when the present status has held
    deadline_at_ms: int | None = None
    on_time: bool | None = None  # closed: in time or late; None: open, or nobody can tell
    channel: str = ""
    category: str = ""
    department: str = ""
    region: str = ""  # deepest region code known; "" outside every region
    lon: float | None = None
    lat: float | None = None
    title: str = ""
    text: str = ""
    address: str = ""
    reporter: str = ""
    handler: str = ""
    flags: int = 0  # OrderFlag
    steps: int = 0
    life: Life | None = None  # None: the order of an outside case system, which owns it
    yellow_at_ms: int | None = None  # the earliest marks of its running clocks; see domain.cases.marks_of
    red_at_ms: int | None = None


class Outcome(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The answer to one action: done, and the state that the order has since, or refused, and why."""

    serial: int  # rises by one with each answer of the partition
    id: str
    order: str
    action: str
    actor: str
    at_ms: int
    done: bool
    status: str  # of the order after it; "" where there is no such order
    reason: str = ""  # key of domain.judging.REASONS
    detail: dict[str, str | int] = {}


class Feed(Row, frozen=True, array_like=True, kw_only=True):
    feed: str
    at_ms: int = 0
    status: str = "offline"
    name: str = ""
    lon: float | None = None
    lat: float | None = None
    region: str = ""
    owner: str = ""
    streams: dict[str, str] = {}
    direction_deg: float | None = None
    fov_deg: float | None = None
    since_ms: int = 0  # since when the status has held; 0: nobody has told


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A number as it was told once: found out at `at_ms`, received at `received_at_ms`."""

    at_ms: int
    received_at_ms: int
    value: Decimal
    base: Decimal | None = None


class Tally(Row, frozen=True, array_like=True, kw_only=True):
    """A day's number of an outside service (`domain.tallies`). `before`: what it was before it was corrected, oldest first."""

    tally: str  # domain.facts.tally_id
    source: str
    day: str
    region: str
    key: str
    told: Told
    before: tuple[Told, ...] = ()


TABLES: dict[str, type[Worker] | type[Order] | type[Feed] | type[Tally]] = {
    "worker": Worker, "order": Order, "feed": Feed, "tally": Tally,
}  # fmt: skip
