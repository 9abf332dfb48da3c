"""`tallies import`: a table of day numbers through the gateway, as `POST /api/v1/tallies` takes them.

Either a row for each number (day, key, value; may have region, base, at) or a row for each day with a column for each key
(day; may have region, at). Whatever column is not one of these is a key. Days may be written year first in any way.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec
from rich.console import Console

from config.city import City
from ingest.delivery import Delivery, Origin
from ingest.dryrun import NOWHERE, DryRun
from ingest.mapping import MappingErrors
from ingest.report import reported, say
from ingest.sending import Item, deliver
from ingest.tabular import Fault, Form, Reject, Table, open_table
from ingest.tabular.cells import Unreadable, moment

TALLIES: Final = "/api/v1/tallies"
ABOUT: Final = ("day", "region", "at")
LONG: Final = (*ABOUT, "key", "value", "base")
Number = dict[str, str]


def open_tallies(path: Path, form: Form = Form()) -> Table:
    """Raises MappingErrors for a table that has no such columns, TableError for what is none."""
    table = open_table(path, form, lambda cells: len(set(LONG) & set(cells)))
    names = {name for name in table.head if name}
    wanted = {"day", "key", "value"} if {"key", "value"} & names else {"day"}
    if missing := sorted(wanted - names):
        have = f"the columns are {', '.join(sorted(names))}"
        raise MappingErrors([*(f"{path}: no column {name}" for name in missing), have])
    if strange := sorted(names - set(LONG) if "key" in names else ()):
        raise MappingErrors([f"{path}: column {name} is none of {', '.join(LONG)}" for name in strange])
    return table


def numbers(table: Table) -> Iterator[tuple[int, Number] | Reject]:
    """(line, number as the gateway takes it) in file order, and a Reject for each row that says none; empty cells are none."""
    for row in table.rows:
        if isinstance(row, Fault):
            yield Reject(table.path, row.line, row.reason, row.value)
            continue
        told = {name: cell.strip() for name, cell in row.cells.items() if cell.strip()}
        if "day" in told:
            told["day"] = plain_day(told["day"])
        found = _of_row(told, table.head)
        if not found:
            yield Reject(table.path, row.line, "a day without a number", told.get("day", ""))
        yield from ((row.line, one) for one in found)


def _of_row(told: Number, head: Sequence[str]) -> list[Number]:
    if "key" in head:
        return [{name: told[name] for name in LONG if name in told}]
    about: Number = {name: told[name] for name in ABOUT if name in told}
    return [{**about, "key": key, "value": value} for key, value in told.items() if key not in ABOUT]


def plain_day(text: str) -> str:
    """YYYY-MM-DD of a day written year first in any way, or of a spreadsheet's day number; else the text as it is."""
    try:
        found = moment(text, UTC)
    except Unreadable:
        return text
    day = datetime.fromtimestamp(found.at_ms / 1000, UTC)
    return text if day.hour or day.minute or day.second else day.date().isoformat()


def _items(table: Table) -> Iterator[Item | Reject]:
    for one in numbers(table):
        if isinstance(one, Reject):
            yield one
            continue
        line, number = one
        yield Item(Origin(table.path, line, " ".join(number.get(name, "") for name in ("day", "key", "value"))),
                   msgspec.json.encode(number))  # fmt: skip


def import_tallies(
    path: Path, gateway_url: str, key: str, *, form: Form = Form(), give_up_after_s: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:  # fmt: skip
    """Send the table to the gateway and wait for every answer; sending it again changes nothing, a corrected one corrects.

    Raises GatewayError for a refusal that stays one, MappingErrors and TableError as `open_tallies`.
    """
    items = _items(open_tallies(path, form))
    return deliver(
        TALLIES, items, gateway_url, key, Delivery(), progress=False, give_up_after_s=give_up_after_s, transport=transport
    )


def command(
    file: Path,
    gateway_url: str,
    key: str,
    *,
    form: Form = Form(),
    city: City | None = None,
    refused: Path | None = None,
    dry_run: bool = False,
) -> int:
    """`tallies import`: says how the table is read, sends it, says what became of it, and gives the exit code."""
    console = Console(soft_wrap=True)
    url, transport = (NOWHERE, DryRun(city)) if dry_run else (gateway_url, None)
    with reported(console, refused, rehearsed=dry_run) as tally:
        table = open_tallies(file, form)
        keys = [name for name in table.head if name and name not in LONG]
        say(console, [f"{file}: {table.how}; keys: {', '.join(keys) if keys else 'in the column key'}", *table.notes])
        deliver(TALLIES, _items(table), url, key, tally, progress=False, transport=transport)
    return tally.exit_code
