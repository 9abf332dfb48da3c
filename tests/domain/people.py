"""A made-up city of rules and the people who act in it: district R, street S in it, communities C1 and C2, grids G1 and G2."""

import msgspec

from domain.facts import OrderAction
from domain.judging import Folded, Refused, Rules, fold_action
from domain.ownorders import replay
from domain.routing import RouteRule
from domain.states import Order, OrderFlag, Step
from domain.workflow import Template, Workflow

NOW = 1_783_901_730_000
HOUR = 3_600_000
PARENT = {"R": "", "S": "R", "C1": "S", "C2": "S", "G1": "C1", "G2": "C2"}
LEVEL = {"R": "district", "S": "street", "C1": "community", "C2": "community", "G1": "grid", "G2": "grid"}


def path(region: str) -> list[str]:
    return [region, *path(PARENT[region])] if region else []


def within(scope: str, region: str) -> bool:
    return bool(scope) and scope in (path(region) or ["R"])


def place(told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
    return (told or "", False) if not told or told in PARENT else ("", True)


def ancestor(region: str, level: str) -> str:
    return next((code for code in path(region) if LEVEL[code] == level), "")


def rules(template: Template | None = None, routes: tuple[RouteRule, ...] = ()) -> Rules:
    return Rules(
        flow=Workflow(template),
        place=place,
        within=within,
        parent=lambda region: PARENT.get(region, ""),
        ancestor=ancestor,
        level_of=lambda region: LEVEL.get(region, ""),
        limit_ms=lambda category: 24 * HOUR if category == "lamp" else None,
        departments=frozenset({"D1", "D2", "D3"}),
        routes=routes,
        alarming=lambda order: order.category != "quiet" and not order.flags & OrderFlag.STOOD_DOWN,
    )


class Story:
    """One order and who does what to it, one after the other; an hour passes between two actions."""

    def __init__(self, law: Rules | None = None) -> None:
        self.rules = law or rules()
        self.order: Order | None = None
        self.trail: tuple[Step, ...] = ()
        self.count = 0

    def act(self, action: str, role: str, actor: str = "", **told: object) -> Folded | Refused:
        """`scope`, `unit` (department) and `also` are the actor's; everything else is a field of the action."""
        self.count += 1
        at_ms = NOW + self.count * HOUR
        mine = {"scope": "S", "unit": "D1" if role == "department" else "", "also": ()}
        scope, unit, also = (told.pop(name, value) for name, value in mine.items())
        asked = OrderAction(
            source="desk", received_at_ms=at_ms, id=f"a{self.count}", order="O1", action=action, actor=actor or role,
            role=role, at_ms=at_ms, also=also, scope=scope, department=unit, fields=told,
        )  # type: ignore[arg-type]  # fmt: skip
        return self.put(asked)

    def put(self, asked: OrderAction) -> Folded | Refused:
        done = fold_action(self.order, asked, self.rules, asked.received_at_ms, self.trail)
        if isinstance(done, Folded):
            self.order, self.trail = done.order, (*self.trail, done.step)
            assert replay("O1", self.trail) == self.order
        return done

    def do(self, action: str, role: str, actor: str = "", **told: object) -> Order:
        """As `act`, and it must be done."""
        done = self.act(action, role, actor, **told)
        assert isinstance(done, Folded), (action, done)
        return done.order

    def why(self, action: str, role: str, actor: str = "", **told: object) -> str:
        """As `act`, and it must be refused: for what reason."""
        before = msgspec.msgpack.encode(self.order)
        done = self.act(action, role, actor, **told)
        assert isinstance(done, Refused), (action, done)
        assert msgspec.msgpack.encode(self.order) == before
        return done.reason

    def until(self, state: str, **dispatch: object) -> "Story":
        """The main line up to a state."""
        way: tuple[tuple[str, str, str, dict[str, object]], ...] = (
            ("reported", "report", "worker", {"text": "lamp out", "region": "G1"}),
            ("accepted", "accept", "intake", {}),
            ("registered", "register", "duty_chief", {"category": "lamp"}),
            ("dispatched", "dispatch", "dispatcher", {"department": "D1", **dispatch}),
            ("handling", "take_up", "department", {}),
            ("feedback", "feedback", "department", {"note": "done"}),
            ("checking", "request_close", "department", {}),
            ("checking", "check", "checker", {"result": "passed"}),
            ("evaluated", "evaluate", "duty_chief", {"quality": "good"}),
            ("closed", "close", "duty_chief", {}),
            ("callback", "callback", "intake", {"satisfaction": "unsatisfied"}),
        )
        done = [reached for reached, *_ in way]
        start = 0 if self.order is None else done.index(self.order.status) + 1
        for reached, action, role, told in way[start:]:
            if self.order is not None and self.order.status == state:
                break
            self.do(action, role, **told)
            assert self.order is not None and self.order.status == reached
        return self
