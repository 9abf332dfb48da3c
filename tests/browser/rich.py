"""A hall with orders of every kind, at rest: every state and light, own and outside ones, with cards, without region or limit.

And a recount of it in plain Python, which knows nothing of masks and frames.
"""

import random
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

import httpx

from config import clock
from dashboard.period import parse_instant
from domain.lifecycle import STAGES, STATUSES
from tests.browser.conftest import Hall, iso

OUTSIDE: Final = 240
DAY_S: Final = 86_400
CHANNELS: Final = ("12345", "网格员上报", "监督员巡查", "微信公众号", "")
TITLES: Final = ("占道经营", "道路积水", "井盖缺失", "路灯不亮", "乱堆物料", "")


def outside_orders(hall: Hall, seed: int = 7) -> list[dict[str, Any]]:
    """Steps of orders of another system: every status, reported over the last 40 days, some of them today and yesterday."""
    chance, now_s, steps = random.Random(seed), int(clock.now_s()), []
    grids = [code for code in hall.city.regions if not hall.city.children(code) and hall.city.geometry(code) is not None]
    departments = [department.name for department in list(hall.city.departments.values())[:5]]
    for number in range(OUTSIDE):
        status = list(STATUSES)[number % len(STATUSES)]
        began_s = now_s - 600 - chance.randrange(chance.choice((3 * 3600, 2 * DAY_S, 40 * DAY_S)))
        first = {"order": f"R{number:03d}", "at": iso(began_s), "status": "reported", "source": chance.choice(CHANNELS),
                 "title": chance.choice(TITLES) or "无题"}  # fmt: skip
        first |= {"category": title} if (title := chance.choice(TITLES)) else {}
        first |= {"department": name} if (name := chance.choice([*departments, ""])) else {}
        if chance.random() < 0.8:
            first["deadline_at"] = iso(began_s + chance.choice((900, 4 * 3600, 2 * DAY_S, 30 * DAY_S)))
        if number % 9:
            spot = hall.city.geometry(grids[number * 7 % len(grids)]).representative_point()  # type: ignore[union-attr]
            first |= {"lon": spot.x, "lat": spot.y}
        elif number % 2:
            first |= {"lon": 120.0, "lat": 30.0}  # far outside of the city
        steps.append(first)
        if status != "reported":
            steps.append({"order": first["order"], "at": iso(chance.randrange(began_s + 60, now_s - 60)), "status": status})
    return steps


class Desk:
    """Somebody who does everything to the orders of the hall itself."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.http = {name: self._client(name, *roles) for name, roles in {
            "desk": ("supervisor", "intake", "duty_chief", "dispatcher"), "check": ("checker",),
        }.items()}  # fmt: skip
        self.department = next(iter(hall.city.departments))
        self.http["unit"] = self._client("rich-unit", "department", department=self.department)

    def _client(self, name: str, *roles: str, **more: Any) -> httpx.Client:
        headers = self.hall.program(f"rich-{name}", *roles, **more)
        return httpx.Client(base_url=f"{self.hall.url}/api/v1", headers=headers, trust_env=False, timeout=30)

    def report(self, number: int) -> str:
        grids = [code for code in self.hall.city.regions if not self.hall.city.children(code)]
        spot = self.hall.city.geometry(grids[number * 11]).representative_point()  # type: ignore[union-attr]
        told = {"text": f"灯不亮 {number}", "title": f"灯 {number}", "category": "010101", "channel": "12345"}
        told |= {"lon": spot.x, "lat": spot.y}
        answer = self.http["desk"].post("/reports", json={"id": uuid.uuid4().hex, "fields": told})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["order"])

    def act(self, order: str, who: str, action: str, **fields: Any) -> None:
        body = {"id": uuid.uuid4().hex, "action": action, "fields": fields}
        answer = self.http[who].post(f"/orders/{order}/actions", json=body)
        assert answer.status_code == 200, (order, action, answer.text)

    def live(self, number: int, *steps: tuple[str, str, dict[str, Any]]) -> str:
        """An order that somebody reports here and to which this is done, one after the other."""
        order = self.report(number)
        for who, action, fields in steps:
            self.act(order, who, action, **fields)
        return order


def own_orders(desk: Desk) -> list[str]:
    """Orders that live here, some way along their life, with cards, returns, a rework, a call-back."""
    registered = [("desk", "accept", {}), ("desk", "register", {"category": "010101"})]
    dispatched = [*registered, ("desk", "dispatch", {"department": desk.department})]
    handling = [*dispatched, ("unit", "take_up", {})]
    checking = [*handling, ("unit", "feedback", {"note": "已修"}), ("unit", "request_close", {})]
    passed = [*checking, ("check", "check", {"result": "passed"}), ("desk", "evaluate", {"quality": "good"})]
    closed = [*passed, ("desk", "close", {})]
    lives: list[list[tuple[str, str, dict[str, Any]]]] = [
        [], registered, dispatched, handling, checking, passed, closed,
        [*dispatched, ("unit", "return", {"reason": "不属本部门"})],
        [*checking, ("check", "check", {"result": "failed", "reason": "没修好"})],
        [*handling, ("desk", "urge", {})],
        [*handling, ("desk", "yellow_card", {"reason": "拖延"})],
        [*handling, ("desk", "yellow_card", {"reason": "拖延"}), ("desk", "red_card", {"reason": "再拖"})],
        [*closed, ("desk", "callback", {"satisfaction": "satisfied"})],
        [("desk", "void", {"reason": "误报"})],
    ]  # fmt: skip
    return [desk.live(number, *life) for number, life in enumerate(lives)]


def await_orders(hall: Hall, count: int) -> None:
    for _ in range(200):
        if hall.ask("orders", limit="0")["total"] == count:
            return
        time.sleep(0.1)
    raise AssertionError("the orders do not come")


def make_rich(hall: Hall) -> None:
    """Fill a hall; afterwards nothing moves in it but the clock."""
    hall.tell("events", outside_orders(hall))
    feeds = [("F1", "online"), ("F2", "frozen")]
    hall.tell("feeds", [{"feed": name, "status": status, "lon": 113.14, "lat": 23.04} for name, status in feeds])
    positions = [entry for entry in list(hall.city.roster.values())[:6] if hall.city.geometry(entry.region) is not None]
    spots = [(entry, hall.city.geometry(entry.region).representative_point()) for entry in positions]  # type: ignore[union-attr]
    now = iso(clock.now_s())
    hall.tell("positions", [{"worker": entry.worker, "fixed_at": now, "lon": at.x, "lat": at.y} for entry, at in spots])
    own = own_orders(Desk(hall))
    await_orders(hall, OUTSIDE + len(own))


def everything(hall: Hall, as_of: str) -> list[dict[str, Any]]:
    """Every order as it stood at a moment, in pages, as the API tells it."""
    rows: list[dict[str, Any]] = []
    while True:
        page = hall.ask("orders", as_of=as_of, limit="500", offset=str(len(rows)), ms="1")
        rows += page["items"]
        if len(rows) >= page["total"]:
            return rows


REJECTED: Final = frozenset(key for key, status in STATUSES.items() if status.final and not status.closed)


def holds(row: Mapping[str, Any], count: str, as_of_ms: int) -> bool | None:
    """Whether a count counts an order, told by its fields; None for a count that this recount does not know."""
    red = row["red_at_ms"] is not None and row["red_at_ms"] < as_of_ms
    yellow = row["yellow_at_ms"] is not None and row["yellow_at_ms"] <= as_of_ms
    due = row["closed"] or (row["open"] and row["deadline_at_ms"] is not None and row["deadline_at_ms"] < as_of_ms)
    judged = not row["closed"] or row["on_time"] is not None
    told = {
        "reported": True,
        "open": row["open"],
        "closed": row["closed"],
        "rejected": row["status"] in REJECTED,
        "overdue": row["open"] and red,
        "due_soon": row["open"] and yellow and not red,
        "in_limit": row["open"] and not yellow and not red,
        "urgent": row["open"] and (yellow or red),
        "closed_on_time": row["closed"] and row["on_time"] is True,
        "closed_late": row["closed"] and row["on_time"] is False,
        "closed_unjudged": row["closed"] and row["on_time"] is None,
        "close_due": due,
        "close_due_judged": due and judged,
        **{f"stage_{key}": row["open"] and row["stage"] == number for number, key in enumerate(STAGES)},
    }
    return told.get(count)


WORDS: Final = ("channel", "source", "category", "department", "handler")
PLAIN: Final = frozenset(("region", "direct", "from", "to", "figure", "part", "as_of", "stage", "sort", *WORDS))
"""Parameters that the recount understands; `basis` other than by report it leaves to the reference tests."""


def recounted(hall: Hall, rows: list[dict[str, Any]], count: str, params: Mapping[str, str]) -> set[str] | None:
    """The ids that a list must hold, told by the orders' own fields; None for what this recount does not know."""
    as_of_ms = int(params["as_of"])
    if not params.keys() <= PLAIN or (rows and holds(rows[0], count, as_of_ms) is None):
        return None
    return {row["order"] for row in rows if holds(row, count, as_of_ms) and _within(hall, row, params)}


def _within(hall: Hall, row: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    region, at_ms = params.get("region", hall.city.root), row["reported_at_ms"]
    if region == "-":
        inside = row["region"] not in hall.city.regions
    elif params.get("direct") == "1":
        inside = row["region"] == region
    else:
        inside = region == hall.city.root or (row["region"] in hall.city.regions and region in hall.city.path(row["region"]))
    same = all(row[name] == ("" if params[name] == "-" else params[name]) for name in WORDS if name in params)
    staged = "stage" not in params or (row["open"] and row["stage"] == STAGES.index(params["stage"]))
    from_ms = parse_instant(params.get("from", "1970-01-01"), hall.city)
    return inside and same and staged and from_ms <= at_ms < parse_instant(params.get("to", "2200-01-01"), hall.city, end=True)
