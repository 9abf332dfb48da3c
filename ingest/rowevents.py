"""A row of a case table told as events, by a mapping. Pure.

A row without an order is refused; an event whose time cannot be read, or lies in the future, is refused and the row's other
events go on; a side value that cannot be read (place, limit, flag) is left out and told. An event with an end status that the
row's own words tell (`when`, or a status by a map) and without a time is told as `at_unknown`. A limit that is a day ends
with it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import msgspec

from domain.calendar import day_at, day_bounds
from domain.lifecycle import STATUSES
from ingest.mapping import FLAGS, NUMBERS, TIMES, Condition, Event, Mapping, Row, Value
from ingest.sources.instants import in_range
from ingest.tabular.cells import Moment, Unreadable, coordinate, is_shortened, moment


class Aside(msgspec.Struct, frozen=True):
    """What of a row was not told as it stands. `refused`: an event, or the whole row; else a value, and the event goes on."""

    reason: str
    value: str = ""
    refused: bool = False


def row_events(
    mapping: Mapping, row: Row, asides: list[Aside] | None = None, latest_ms: int | None = None
) -> list[dict[str, Any]]:
    """The events of one row, as `/api/v1/events` takes them; instants are ISO 8601 in UTC.

    `asides` gets what was refused or left out. An event after `latest_ms` has not happened yet and is refused.
    """
    asides = [] if asides is None else asides
    said = {name: text for name, cell in row.items() if (text := (cell or "").strip()) not in mapping.missing}
    shortened = [said[name] for name in mapping.fields["order"].columns if is_shortened(said.get(name, ""))]
    if shortened:
        asides.append(Aside(SHORTENED, shortened[0], True))
        return []
    drafts = [_draft(event, said, mapping, asides) for event in mapping.events if _all_hold(event, said)]
    known = [draft for draft in drafts if draft is not None]
    if not known:
        if not any(aside.refused for aside in asides):
            asides.append(Aside("no event: no condition holds, or no time is told", _beginning(said), True))
        return []
    order = known[0].told.get("order")
    if not order:
        asides.append(Aside("order is missing", _beginning(said), True))
        return []
    if len(known) == 1:  # a report, and nothing of what has become of it: its state may be a word that nobody knows
        strange = ((name, said[name]) for name, words in mapping.words.items() if name in said and said[name] not in words)
        asides += [Aside(f"{name} says what the mapping does not know", text) for name, text in strange]
    return [draft.told for draft in _placed_in_time(known, asides, latest_ms)]


class _Draft(msgspec.Struct):
    """An event that is being made. Without `at` it is one of an unknown time."""

    told: dict[str, Any]
    at: Moment | None


def _draft(event: Event, said: Row, mapping: Mapping, asides: list[Aside]) -> _Draft | None:
    """The event of a row; None if it is none, or is refused."""
    status = _text(event.status, said)
    if status is None:
        return None
    told: dict[str, Any] = {"status": status}
    at: Moment | None = None
    for name, value in event.fields.items():
        if (found := _text(value, said)) is None:
            continue
        try:
            if name == "at":
                at = _moment(str(found), mapping, asides)
            else:
                told[name] = _typed(name, found, mapping, asides)
        except Unreadable as wrong:
            asides.append(Aside(_of(name, wrong), wrong.value or str(found), name == "at"))
            if name == "at":
                return None
    if ("lon" in told) != ("lat" in told):
        told.pop("lon", told.pop("lat", None))
    told |= {name: str(found) for name, value in event.extra.items() if (found := _text(value, said)) is not None}
    if at is None and not (STATUSES[str(status)].final and _is_said(event)):
        return None
    return _Draft(told, at)


def _of(name: str, wrong: Unreadable) -> str:
    """The reason with the field's own name: "time" is what the reader of cells says of any."""
    return f"{name}{str(wrong).removeprefix('time')}" if name in TIMES and str(wrong).startswith("time") else str(wrong)


def _is_said(event: Event) -> bool:
    """Whether the row's own words say that it happened, and not only that there is a time for it."""
    return bool(event.status.columns) or any(one.words is not None or one.present for one in event.when)


def _placed_in_time(drafts: list[_Draft], asides: list[Aside], latest_ms: int | None) -> list[_Draft]:
    """The events with their instants. What happened at a time that nobody knows is put after all others."""
    begin = next((draft.at for draft in drafts if draft.at is not None and draft.told["status"] == "reported"), None)
    begin_ms = None if begin is None else _begin_ms(begin, [draft.at for draft in drafts if draft.at is not None])
    kept: list[_Draft] = []
    for draft in drafts:
        if draft.at is None:
            continue
        at_ms = begin_ms if draft.at is begin and begin_ms is not None else _after(draft.at, begin_ms)
        if latest_ms is not None and at_ms > latest_ms:
            asides.append(Aside(f"{draft.told['status']} lies in the future", _iso(at_ms), True))
            continue
        draft.told["at"] = _iso(at_ms)
        kept.append(draft)
    last = max((draft.told["at"] for draft in kept), default=None)
    for draft in drafts:
        if draft.at is None and last is not None:
            draft.told |= {"at": last, "at_unknown": True}
            kept.append(draft)
            asides.append(Aside(f"{draft.told['status']} has no time: told as at_unknown", str(draft.told.get("order", ""))))
        elif draft.at is None:
            asides.append(Aside(f"{draft.told['status']} without any time in its row", str(draft.told.get("order", "")), True))
    return kept


def _after(at: Moment, begin_ms: int | None) -> int:
    """Of a wall clock's time that has two readings the first, unless only the second is after the report."""
    if begin_ms is not None and at.at_ms < begin_ms and at.other_ms is not None and at.other_ms >= begin_ms:
        return at.other_ms
    return at.at_ms


def _begin_ms(begin: Moment, others: Sequence[Moment]) -> int:
    """The report's instant; of two readings the first, unless something happened between both."""
    if begin.other_ms is None or begin.other_ms > begin.at_ms:
        return begin.at_ms
    return begin.other_ms if any(begin.other_ms <= _after(at, begin.at_ms) < begin.at_ms for at in others) else begin.at_ms


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _beginning(said: Row) -> str:
    return "; ".join(f"{name}={text}" for name, text in list(said.items())[:4])


def _all_hold(event: Event, said: Row) -> bool:
    return all(_holds(condition, said) for condition in event.when)


def _holds(condition: Condition, said: Row) -> bool:
    text = said.get(condition.column)
    if condition.present is not None and condition.present != (text is not None):
        return False
    if condition.words is not None and text not in condition.words:
        return False
    return text not in condition.unlike


def _text(value: Value, said: Row) -> str | float | bool | None:
    if value.const is not None:
        return value.const
    cells = [said[name] for name in value.columns if name in said]
    text = None if not cells else cells[0] if value.joined is None else value.joined.join(cells)
    if value.table is not None and text is not None:
        text = value.table.get(text)
    if text is None:
        return value.default
    return value.prefix + text


def _typed(name: str, text: str | float | bool, mapping: Mapping, asides: list[Aside]) -> Any:
    if name in TIMES:
        at_ms = _moment(str(text), mapping, asides).at_ms
        if not in_range(at_ms):
            raise Unreadable("time is out of range")
        return _iso(_whole_day(at_ms, mapping.zone) if name == "deadline_at" else at_ms)
    if name in NUMBERS:
        return coordinate(str(text), 180 if name == "lon" else 90, name)
    if name in FLAGS and not isinstance(text, bool):
        word = str(text).lower()
        if word not in FLAG_WORDS:
            raise Unreadable(f"{name} is neither true nor false")
        return FLAG_WORDS[word]
    return text if isinstance(text, bool) else str(text)


def _whole_day(at_ms: int, zone: tzinfo) -> int:
    """A limit that is a day ends with it: a table says so by a date, or by its midnight, as spreadsheets keep dates."""
    begin_ms, end_ms = day_bounds(day_at(at_ms, zone), zone)
    return end_ms - 1000 if at_ms == begin_ms else at_ms


def _moment(text: str, mapping: Mapping, asides: list[Aside]) -> Moment:
    found = moment(text, mapping.zone, mapping.times)
    if found.oddity:
        asides.append(Aside(ODDITIES[found.oddity], text))
    return found


SHORTENED: Final = "order is a number that a spreadsheet has shortened: format the column as text"
FLAG_WORDS: Final = {
    "true": True, "1": True, "yes": True, "y": True, "是": True,
    "false": False, "0": False, "no": False, "n": False, "否": False,
}  # fmt: skip
ODDITIES: Final = {
    "twice": "a time that comes twice when clocks go back: read as the first, unless only the second is after the report",
    "skipped": "a time that clocks skip: read as an hour later, unless something happened before",
    "serial": "a time that was a spreadsheet's day number",
}
"""What is told of times that could be read in two ways, or were no dates."""
