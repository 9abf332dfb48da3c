"""The mapping language of `orders import`: how a row of a case table becomes events of work orders.

    zone: Asia/Shanghai                  # of the times in the table
    times: ["%Y-%m-%d %H:%M:%S"]         # formats tried in turn; "iso" for ISO 8601
    missing: ["", "-"]                   # cells that say nothing
    optional: [Landmark]                 # columns that some versions of the table lack; any other must be there
    fields:                              # what every event of the row says
      order: REC_ID                      # a text is the name of a column
      category: {join: [MAIN, SUB], with: " / "}        # the cells that say something, joined
      channel: {column: SRC, map: {"13": "12345"}, default: other}
      department: {first: [UNIT, OWNER]}                # the first cell that says something
      lon: {column: Longitude}
      extra: {ward: WARD, property: {column: P}}        # further columns, kept with the event under these names
    events:                              # one event each, where its conditions hold and its time is known
      - status: reported                 # a status is itself, not a column (or {column: STATUS, map: {...}})
        at: CREATED
      - status: closed
        when: {STATUS: [Closed, Done]}   # all must hold: a cell equals one of these words …
        at: CLOSED
        fields: {note: {const: imported}}
      - status: closed
        when: {FLAG: "1", CLOSED: {present: false}}     # … {not: [words]}, {present: true}
        at: CREATED
        at_unknown: true                 # true, false and numbers are constants
        on_time: true

A value may also have `prefix:`. Fields not told are left out. Times may also be ISO 8601, year first in any way (2026/1/5 9:05,
2026年1月5日) or a spreadsheet's day number, whatever `times` says, for none of these can mean anything else.
"""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from domain.lifecycle import STATUSES

TIMES: Final = ("at", "deadline_at")
NUMBERS: Final = ("lon", "lat")
FLAGS: Final = ("at_unknown", "on_time")
TEXTS: Final = (
    "order", "channel", "category", "department", "region", "title", "text", "address", "reporter", "handler", "note",
)  # fmt: skip
FIELDS: Final = (*TEXTS, *NUMBERS, *FLAGS, *TIMES, "extra")
Row = Dict[str, str]


class MappingErrors(Exception):
    """The mapping is wrong; `faults` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Value(msgspec.Struct, frozen=True):
    """Where a field's text comes from: one column, the first of several, several joined, or a constant."""

    columns: tuple[str, ...] = ()
    joined: str | None = None
    const: str | float | bool | None = None
    table: dict[str, str] | None = None
    default: str | None = None
    prefix: str = ""


class Condition(msgspec.Struct, frozen=True):
    """Holds if the cell is one of `words`, none of `unlike`, and present or not as told."""

    column: str
    words: frozenset[str] | None = None
    unlike: frozenset[str] = frozenset()
    present: bool | None = None


class Event(msgspec.Struct, frozen=True):
    status: Value
    fields: dict[str, Value]
    extra: dict[str, Value]
    when: tuple[Condition, ...]


class Mapping(msgspec.Struct, frozen=True):
    events: tuple[Event, ...]
    zone: ZoneInfo
    times: tuple[str, ...]
    missing: frozenset[str]
    columns: frozenset[str]  # that the table must have
    named: frozenset[str] = frozenset()  # all that it names
    fields: dict[str, Value] = {}  # that every event has
    words: dict[str, frozenset[str]] = {}  # that it knows of the columns by which events are told apart


def load_mapping(path: Path, zone: str = "", city_zone: str = "") -> Mapping:
    """The mapping of a file. `zone` goes before the file's own, `city_zone` is for a file that names none.

    Raises MappingErrors with all faults at once.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as wrong:
        raise MappingErrors([f"{path}: {wrong}"]) from wrong
    told = told if isinstance(told, dict) else {}
    named = {"zone": zone or told.get("zone") or city_zone}
    return make_mapping(told | {key: value for key, value in named.items() if value})


def make_mapping(told: dict[str, Any]) -> Mapping:
    """The mapping of a parsed YAML document. Raises MappingErrors."""
    faults = [f"{key}: no such key" for key in told if key not in _TOP]
    maker = _Maker(faults)
    common, extra = maker.fields(told.get("fields") or {}, "fields")
    listed = told.get("events")
    if not isinstance(listed, list) or not listed:
        faults.append("events: a list of at least one event")
        listed = []
    events = tuple(maker.event(one, common, extra, f"events[{i}]") for i, one in enumerate(listed))
    zone = _zone(told.get("zone", "UTC"), faults)
    if "order" not in common:
        faults.append("fields.order: which column has the number of the order?")
    if faults:
        raise MappingErrors(faults)
    return Mapping(
        events=events,
        zone=zone,
        times=tuple(map(str, told.get("times", ["iso"]))),
        missing=frozenset({"", *map(str, told.get("missing", []))}),
        columns=frozenset(maker.columns - {str(name) for name in told.get("optional", [])}),
        named=frozenset(maker.columns),
        fields=common,
        words=_words(events),
    )


_OWN: Final = frozenset({*FIELDS, "status", "source", "datum"})
_TOP: Final = ("zone", "times", "missing", "optional", "fields", "events")
_EVENT: Final = ("status", "when", "fields", *TIMES, *FLAGS)
_VALUE: Final = ("column", "first", "join", "with", "const", "map", "default", "prefix")
_WHEN: Final = ("is", "not", "present")


class _Maker:
    """Reads the parts of a mapping, noting faults and the columns it names."""

    def __init__(self, faults: list[str]) -> None:
        self.faults, self.columns = faults, set[str]()

    def fields(self, told: Any, place: str) -> tuple[dict[str, Value], dict[str, Value]]:
        if not isinstance(told, dict):
            self.faults.append(f"{place}: a table of fields")
            return {}, {}
        self.faults += [f"{place}.{name}: no such field of an event" for name in told if name not in FIELDS]
        extra = told.get("extra") or {}
        if not isinstance(extra, dict):
            self.faults.append(f"{place}.extra: a table of further columns")
            extra = {}
        self.faults += [f"{place}.extra.{name}: is a field of its own" for name in extra if str(name) in _OWN]
        plain = {name: self.value(one, f"{place}.{name}") for name, one in told.items() if name != "extra"}
        return plain, {str(name): self.value(one, f"{place}.extra.{name}") for name, one in extra.items()}

    def value(self, told: Any, place: str) -> Value:
        if isinstance(told, str):
            told = {"column": told}
        if isinstance(told, bool | int | float):
            return Value(const=told)
        if not isinstance(told, dict):
            self.faults.append(f"{place}: the name of a column, or a table")
            return Value()
        self.faults += [f"{place}.{key}: no such key" for key in told if key not in _VALUE]
        ways = [key for key in ("column", "first", "join", "const") if key in told]
        if len(ways) != 1:
            self.faults.append(f"{place}: exactly one of column, first, join, const")
            return Value()
        named = told[ways[0]] if ways[0] != "const" else []
        columns = tuple(map(str, named if isinstance(named, list) else [named]))
        self.columns.update(columns)
        table = told.get("map")
        return Value(
            columns=columns,
            joined=str(told.get("with", " ")) if ways[0] == "join" else None,
            const=told.get("const"),
            table={str(word): str(meaning) for word, meaning in table.items()} if isinstance(table, dict) else None,
            default=str(told["default"]) if "default" in told else None,
            prefix=str(told.get("prefix", "")),
        )

    def event(self, told: Any, common: dict[str, Value], common_extra: dict[str, Value], place: str) -> Event:
        if not isinstance(told, dict):
            self.faults.append(f"{place}: a table")
            told = {}
        self.faults += [f"{place}.{key}: no such key" for key in told if key not in _EVENT]
        fields, extra = self.fields(told.get("fields") or {}, f"{place}.fields")
        fields |= {name: self.value(told[name], f"{place}.{name}") for name in (*TIMES, *FLAGS) if name in told}
        if "at" not in fields and "at" not in common:
            self.faults.append(f"{place}.at: when did it happen?")
        when = told.get("when") or {}
        if not isinstance(when, dict):
            self.faults.append(f"{place}.when: a table of columns")
            when = {}
        conditions = tuple(self.condition(str(column), one, f"{place}.when.{column}") for column, one in when.items())
        status = self.status(told.get("status"), f"{place}.status")
        return Event(status, {**common, **fields}, {**common_extra, **extra}, conditions)

    def status(self, told: Any, place: str) -> Value:
        value = Value(const=told) if isinstance(told, str) else self.value(told, place)
        words = [value.const] if value.const is not None else list((value.table or {}).values())
        words += [value.default] if value.default is not None else []
        self.faults += [f"{place}: {word} is no status" for word in words if word not in STATUSES]
        if not words:
            self.faults.append(f"{place}: one of {', '.join(STATUSES)}, or a column with a map to them")
        return value

    def condition(self, column: str, told: Any, place: str) -> Condition:
        self.columns.add(column)
        told = told if isinstance(told, dict) else {"is": told}
        self.faults += [f"{place}.{key}: no such condition" for key in told if key not in _WHEN]
        words = _listed(told["is"]) if "is" in told else None
        return Condition(column, words, _listed(told.get("not", [])), told.get("present"))


def _words(events: Sequence[Event]) -> dict[str, frozenset[str]]:
    """The words of each column that conditions and maps of statuses know."""
    found: dict[str, frozenset[str]] = {}
    for event in events:
        for one in event.when:
            if one.words is not None or one.unlike:
                found[one.column] = found.get(one.column, frozenset()) | (one.words or frozenset()) | one.unlike
        if event.status.table is not None and event.status.default is None:
            for column in event.status.columns:
                found[column] = found.get(column, frozenset()) | frozenset(event.status.table)
    return found


def _listed(told: Any) -> frozenset[str]:
    return frozenset(map(str, told if isinstance(told, list) else [told]))


def _zone(name: Any, faults: list[str]) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        faults.append(f"zone: {name} is no time zone")
        return ZoneInfo("UTC")
