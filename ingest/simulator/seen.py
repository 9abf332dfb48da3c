"""An order as somebody sees it who opens its page over the API."""

from typing import Any

import msgspec


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the people go by. `told`: action → when it was last done since the present status began (ms)."""

    order: str
    status: str
    status_at_ms: int
    steps: int
    deadline_at_ms: int | None = None
    channel: str = ""
    category: str = ""
    department: str = ""
    handler: str = ""
    reporter: str = ""
    region: str = ""
    flags: frozenset[str] = frozenset()
    lead: str = ""
    route_department: str = ""
    asked: str = ""
    verified: str = ""
    checked: str = ""
    satisfaction: str = ""
    returned: int = 0
    co_handlers: tuple[tuple[str, str], ...] = ()  # (department, status)
    told: dict[str, int] = {}
    may: frozenset[str] = frozenset()  # what the one who looks may do


def read_page(page: dict[str, Any]) -> Seen | None:
    """The page of `GET /api/v1/orders/ID?ms=1`; None for an order that an outside system owns. Raises KeyError."""
    row, life = page["order"], page["life"]
    if life is None:
        return None
    since_ms = row["status_at_ms"]
    told = {step["action"]: step["at_ms"] for step in page["trail"] if step["action"] and (step["at_ms"] or 0) >= since_ms}
    names = ("channel", "category", "department", "handler", "reporter", "region")
    texts = ("lead", "route_department", "asked", "verified", "checked", "satisfaction")
    return Seen(
        order=row["order"],
        status=row["status"],
        status_at_ms=since_ms,
        steps=row["steps"],
        deadline_at_ms=row["deadline_at_ms"],
        **{name: str(row.get(name) or "") for name in names},
        flags=frozenset(row["flags"]),
        **{name: str(life.get(name) or "") for name in texts},
        returned=int(life["returned"]),
        co_handlers=tuple((co["department"], co["status"]) for co in life["co_handlers"]),
        told=told,
        may=frozenset(one["action"] for one in page["actions"] if one["may"]),
    )
