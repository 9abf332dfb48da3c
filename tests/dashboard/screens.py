"""A screen as assets/js/tables.js keeps it, and a small city, for the tests of the live link."""

from typing import Any

from config.city_model import City, Department, Level, Matter, Region, RosterEntry
from dashboard.live.frame import Frame, decode

GRIDS = ("a1", "a2", "b1")
REGIONS = ("city", "a", "b", *GRIDS)
WORKERS = tuple(f"w{n}" for n in range(6))
ORDERS = tuple(f"o{n}" for n in range(4))


def small_city(*staff: RosterEntry) -> City:
    parents = {"city": None, "a": "city", "b": "city", "a1": "a", "a2": "a", "b1": "b"}
    levels = {"city": "street", "a": "community", "b": "community"}
    return City(
        code="city",
        name="小城",
        title="小城指挥中心",
        levels=(Level("street", "街道", "street"), Level("community", "社区", "community"), Level("grid", "网格", "grid")),
        regions={
            code: Region(code, f"名{code}", levels.get(code, "grid"), parent, name_en=f"Name {code}")
            for code, parent in parents.items()
        },
        root="city",
        roster={entry.worker: entry for entry in (RosterEntry("w0", "张三", "lead", 1, "a1"), *staff)},
        departments={"d1": Department("d1", "城管", "City management")},
        matters={"m1": Matter("m1", "占道经营", "Street vending")},
    )


class Table:
    """One live table of a screen. Raises AssertionError on a frame that does not fit what is held."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.scope = ""
        self.version = 0
        self.rows: dict[int, dict[str, Any]] = {}

    def cursor(self, with_scope: bool) -> list[str | int | None]:
        return [self.epoch, self.version, self.scope] if with_scope else [self.epoch, self.version]

    def apply(self, frame: Frame) -> None:
        assert frame.reset or (frame.epoch, frame.since) == (self.epoch, self.version), "a gap"
        if frame.reset:
            self.rows = {}
        self.epoch, self.version, self.scope = frame.epoch, frame.to, frame.scope
        for slot in frame.gone.tolist():
            self.rows.pop(slot, None)
        slots = frame.columns["slot"].tolist()
        for at, slot in enumerate(slots):
            numbers = {name: values[at].item() for name, values in frame.columns.items() if name != "slot"}
            self.rows.setdefault(slot, {}).update(numbers)
        for name, texts in frame.texts.items():
            for at, text in zip(frame.text_for.tolist(), texts, strict=True):
                self.rows[slots[at]][name] = text

    def by_id(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rows.values()}


class Screen:
    """The tables of one screen; messages come in by `take`, which gives the acknowledgement."""

    def __init__(self, with_scope: bool = True) -> None:
        self.with_scope = with_scope
        self.tables = {name: Table() for name in ("worker", "order", "feed")}
        self.messages = 0
        self.resets = 0
        self.figures: dict[str, Any] | None = None

    def cursors(self) -> dict[str, list[str | int | None]]:
        return {name: table.cursor(self.with_scope) for name, table in self.tables.items()}

    def watch(self, region: str = "", lang: str = "zh") -> dict[str, Any]:
        return {"region": region, "from": None, "to": None, "lang": lang, "cursors": self.cursors()}

    def take(self, message: dict[str, Any]) -> dict[str, Any]:
        self.messages += 1
        for data in message["frames"]:
            frame = decode(data)
            self.resets += frame.reset
            self.tables[frame.table].apply(frame)
        self.figures = message.get("figures", self.figures)
        return {"seq": message["seq"], "cursors": self.cursors()}

    def picture(self) -> dict[str, dict[str, dict[str, Any]]]:
        return {name: table.by_id() for name, table in self.tables.items()}
