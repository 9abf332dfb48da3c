"""What the three live tables carry, and how rows of the store become their columns. assets/js/frames.js reads them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from config.city_model import ROLES
from dashboard.live.scope import Scopes
from dashboard.live.table import Shape, Values
from domain.cases import clock_start_ms
from domain.lifecycle import STATUSES, is_open
from domain.states import Feed, Order, Worker

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
        ("clock_s", "u4"),  # since when the limit has run
        ("deadline_s", "u4"),  # 0: none
        ("status", "u1"),  # index in STATUSES
        ("stage", "u1"),  # index in STAGES, NO_U1: none
        ("flags", "u1"),  # domain.states.OrderFlag
    ),
    ("id", "title", "category", "department", "region", "region_name", "address", "reporter"),
    ("category", "department", "region_name"),
)

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


def _orders(city: "City", scopes: Scopes, rows: Sequence[Order]) -> Values:
    stages = [STATUSES[row.status].stage if row.status in STATUSES else -1 for row in rows]
    regions = [city.regions.get(row.region) for row in rows]
    matters = [city.matters.get(row.category) for row in rows]
    departments = [city.departments.get(row.department) for row in rows]
    return Values(
        _numbered(scopes, [row.region for row in rows]),
        np.array([row.status in STATUSES and is_open(row.status) for row in rows], bool),
        {
            "lon": _degrees([row.lon for row in rows]),
            "lat": _degrees([row.lat for row in rows]),
            "clock_s": _seconds([clock_start_ms(row) for row in rows]),
            "deadline_s": _seconds([row.deadline_at_ms or 0 for row in rows]),
            "status": np.array([_STATUS_NUMBERS.get(row.status, NO_U1) for row in rows], "u1"),
            "stage": np.array([NO_U1 if stage < 0 else stage for stage in stages], "u1"),
            "flags": np.array([row.flags & 0xFF for row in rows], "u1"),
        },
        {
            "id": [row.order for row in rows],
            "title": [row.title for row in rows],
            "region": [row.region for row in rows],
            "address": [row.address for row in rows],
            "reporter": [row.reporter for row in rows],
            **_both("category", matters, [row.category for row in rows]),
            **_both("department", departments, [row.department for row in rows]),
            **_both("region_name", regions, [row.region for row in rows]),
        },
    )


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
