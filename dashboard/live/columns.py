"""What the three live tables carry, and how rows of the store become their columns. assets/js/frames.js reads them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from config.city_model import ROLES
from dashboard.briefs import is_provisional
from dashboard.live.scope import Scopes
from dashboard.live.table import Shape, Values
from domain import masking
from domain.cases import clock_start_ms, marks_of
from domain.lifecycle import STATUSES, is_open
from domain.people import parties_of
from domain.states import Feed, Life, Order, OrderFlag, Worker

if TYPE_CHECKING:
    from config.city_model import City

NO_PLACE: Final = 2147483647
NO_U1: Final = 255
NO_U2: Final = 65535
FEED_STATUSES: Final = ("online", "offline", "frozen", "fault")

_STATUS_NUMBERS: Final = {key: number for number, key in enumerate(STATUSES)}

WORKER: Final = Shape(
    "worker",
    (
        ("lon", "i4"),  # 1e-7 degrees, NO_PLACE: none
        ("lat", "i4"),
        ("fixed_s", "u4"),  # seconds since 1970; 0: never
        ("heard_s", "u4"),
        ("heading", "u2"),  # degrees, NO_U2: unknown
        ("speed", "u2"),  # cm/s
        ("accuracy", "u2"),  # dm
        ("battery", "u1"),  # percent, NO_U1: unknown
        ("presence", "u1"),  # domain.states.Presence
        ("role", "u1"),  # index in ROLES
        ("flags", "u1"),  # domain.states.WorkerFlag
    ),
    ("id", "name", "region"),
)

ORDER: Final = Shape(
    "order",
    (
        ("lon", "i4"),
        ("lat", "i4"),
        ("clock_s", "u4"),  # a line from here to the end of the most urgent clock has its yellow mark at four fifths
        ("deadline_s", "u4"),  # the end of that clock; 0: none runs
        ("status", "u1"),  # index in STATUSES
        ("stage", "u1"),  # index in STAGES, NO_U1: none
        ("flags", "u2"),  # domain.states.OrderFlag
        ("reported_s", "u4"),
        ("since_s", "u4"),  # since when it has been in its status
        ("own", "u1"),  # 1: it lives here, 0: an outside system owns it
        ("alarm", "u1"),  # 1: of the kind that walls jump to their emergency for, and nobody has stood it down
    ),
    ("id", "title", "category", "department", "region", "region_name", "address", "reporter", "channel", "handler", "holder",
     "proposal"),
    ("category", "department", "region_name", "holder", "proposal"),
    ("title", "address"),
)  # fmt: skip

FEED: Final = Shape(
    "feed",
    (("lon", "i4"), ("lat", "i4"), ("at_s", "u4"), ("heading", "u2"), ("fov", "u2"), ("status", "u1")),
    ("id", "name", "region"),
)


class Kind(msgspec.Struct, frozen=True):
    """A table of the hall: its shape, the id of a row, and the columns of a batch of rows."""

    shape: Shape
    row_id: Callable[[Any], str]
    values: Callable[["City", Scopes, Sequence[Any]], Values]


def _workers(city: "City", scopes: Scopes, rows: Sequence[Worker]) -> Values:
    roster = [city.roster.get(row.worker) for row in rows]
    return Values(
        # as in dashboard.people: whom the roster knows belongs to his own grid, wherever he walks; "region" is where he is
        _numbered(scopes, [entry.region if entry else row.region for entry, row in zip(roster, rows, strict=True)]),
        np.ones(len(rows), bool),
        {
            "lon": _degrees([row.lon if row.fixed_at_ms else None for row in rows]),
            "lat": _degrees([row.lat if row.fixed_at_ms else None for row in rows]),
            "fixed_s": _seconds([row.fixed_at_ms for row in rows]),
            "heard_s": _seconds([row.heard_at_ms for row in rows]),
            "heading": _heading([row.heading_deg for row in rows]),
            "speed": _whole([row.speed_mps for row in rows], 100, "u2"),
            "accuracy": _whole([row.accuracy_m for row in rows], 10, "u2"),
            "battery": _whole([row.battery_pct for row in rows], 1, "u1"),
            "presence": np.array([row.presence for row in rows], "u1"),
            "role": np.array([_role(entry.role) if entry else len(ROLES) - 1 for entry in roster], "u1"),
            "flags": np.array([row.flags & 0xFF for row in rows], "u1"),
        },
        {
            "id": [row.worker for row in rows],
            "name": [entry.name if entry else row.worker for entry, row in zip(roster, rows, strict=True)],
            "region": [row.region for row in rows],
        },
    )


_PROVISIONAL: Final = int(OrderFlag.PROVISIONAL)
_ENDED: Final = Order(order="")
_NO_LIFE: Final = Life()


def is_shown(row: Order) -> bool:
    """Whether an order is on any screen's live table."""
    return row.status in STATUSES and is_open(row.status)


def _orders(city: "City", scopes: Scopes, rows: Sequence[Order]) -> Values:
    opened = [is_shown(row) for row in rows]
    told = [row if shown else _ENDED for row, shown in zip(rows, opened, strict=True)]  # only what is shown has its texts made
    stages = [STATUSES[row.status].stage if row.status in STATUSES else -1 for row in rows]
    regions = [city.regions.get(row.region) for row in told]
    matters = [city.matters.get(row.category) for row in told]
    departments = [city.departments.get(row.department) for row in told]
    lives = [row.life or _NO_LIFE for row in told]
    marks = [marks_of(row) for row in told]
    proposals = [_proposal(row) for row in told]
    return Values(
        _numbered(scopes, [row.region for row in rows]),
        np.array(opened, bool),
        {
            "lon": _degrees([row.lon for row in rows]),
            "lat": _degrees([row.lat for row in rows]),
            "clock_s": _seconds([_line_from(row, *found) for row, found in zip(told, marks, strict=True)]),
            "deadline_s": _seconds([red or 0 for _, red in marks]),
            "status": np.array([_STATUS_NUMBERS.get(row.status, NO_U1) for row in rows], "u1"),
            "stage": np.array([NO_U1 if stage < 0 else stage for stage in stages], "u1"),
            "flags": np.array(list(map(_order_flags, rows)), "u2"),
            "reported_s": _seconds([row.reported_at_ms for row in rows]),
            "since_s": _seconds([row.status_at_ms for row in rows]),
            "own": np.array([row.life is not None for row in rows], "u1"),
            "alarm": np.array([city.is_alarm(row) for row in told], "u1"),
        },
        {
            "id": [row.order for row in rows],
            "title": [masking.numbers(row.title) for row in told],
            "title.masked": [
                masking.prose(row.title, row.address, masking.citizen(row.reporter, city.roster)) for row in told
            ],
            "region": [row.region for row in told],
            "address": [masking.numbers(row.address) for row in told],
            "address.masked": [masking.address(row.address) for row in told],
            "reporter": [masking.reporter(row.reporter, city.roster) for row in told],
            "channel": [row.channel or row.source for row in told],
            "handler": [_handler(city, row) for row in told],
            **_both("holder", [city.regions.get(life.holder) for life in lives], [life.holder for life in lives]),
            **_both("proposal", [city.departments.get(key) for key in proposals], proposals),
            **_both("category", matters, [row.category for row in told]),
            **_both("department", departments, [row.department for row in told]),
            **_both("region_name", regions, [row.region for row in told]),
        },
        [parties_of(row, city.roster) for row in told],
    )


def _line_from(row: Order, yellow_at_ms: int | None, red_at_ms: int | None) -> int:
    """See `clock_s`: browsers draw the limit's bar as a straight line and turn yellow at four fifths of it."""
    if yellow_at_ms is None or red_at_ms is None:
        return clock_start_ms(row)
    return max(min(5 * yellow_at_ms - 4 * red_at_ms, red_at_ms - 1000), 0)


def _order_flags(row: Order) -> int:
    """Those that a screen draws: provisional only where what it counts down to is."""
    flags = row.flags & 0xFFFF
    return flags if not flags & _PROVISIONAL or is_provisional(row) else flags & ~_PROVISIONAL


def _handler(city: "City", row: Order) -> str:
    entry = city.roster.get(row.handler)
    return entry.name if entry else row.handler


def _proposal(row: Order) -> str:
    """The department that the rules propose, while no other has it."""
    return row.life.route_department if row.life and not row.life.lead and not row.handler else ""


def _feeds(_city: "City", scopes: Scopes, rows: Sequence[Feed]) -> Values:
    return Values(
        _numbered(scopes, [row.region for row in rows]),
        np.ones(len(rows), bool),
        {
            "lon": _degrees([row.lon for row in rows]),
            "lat": _degrees([row.lat for row in rows]),
            "at_s": _seconds([row.at_ms for row in rows]),
            "heading": _heading([row.direction_deg for row in rows]),
            "fov": _heading([row.fov_deg for row in rows], full=361),
            "status": np.array([_feed_status(row.status) for row in rows], "u1"),
        },
        {
            "id": [row.feed for row in rows],
            "name": [row.name or row.feed for row in rows],
            "region": [row.region for row in rows],
        },
    )


KINDS: Final = {
    "worker": Kind(WORKER, lambda row: cast(str, row.worker), _workers),
    "order": Kind(ORDER, lambda row: cast(str, row.order), _orders),
    "feed": Kind(FEED, lambda row: cast(str, row.feed), _feeds),
}


def _numbered(scopes: Scopes, codes: Sequence[str]) -> NDArray[np.int32]:
    return np.array([scopes.number(code) for code in codes], np.int32)


def _role(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES) - 1


def _feed_status(status: str) -> int:
    return FEED_STATUSES.index(status) if status in FEED_STATUSES else FEED_STATUSES.index("fault")


def _both(name: str, entries: Sequence[Any], fallback: Sequence[str]) -> dict[str, list[str]]:
    """A text in both languages: the entry's own names, or what the source wrote."""
    pairs = list(zip(entries, fallback, strict=True))
    return {
        name: [entry.name if entry else text for entry, text in pairs],
        f"{name}.en": [(entry.name_en or entry.name) if entry else text for entry, text in pairs],
    }


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _degrees(values: Sequence[float | None]) -> NDArray[np.int32]:
    scaled = np.rint(_numbers(values) * 1e7)
    return np.where(np.abs(scaled) <= 180e7, scaled, NO_PLACE).astype(np.int32)


def _seconds(values: Sequence[int]) -> NDArray[np.uint32]:
    return np.clip(np.array(values, np.int64) // 1000, 0, 0xFFFFFFFF).astype(np.uint32)


def _whole(values: Sequence[float | None], scale: float, code: str) -> NDArray[Any]:
    """Rounded; too large is the largest; unknown (None, negative) is the dtype's highest number."""
    unknown = np.iinfo(code).max
    scaled = np.rint(_numbers(values) * scale)
    return np.where(scaled >= 0, np.minimum(scaled, unknown - 1), unknown).astype(code)


def _heading(values: Sequence[float | None], full: int = 360) -> NDArray[np.uint16]:
    whole = np.rint(_numbers(values))
    known = np.isfinite(whole)
    return np.where(known, np.where(known, whole, 0) % full, NO_U2).astype(np.uint16)
