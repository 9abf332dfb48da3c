"""`orders import`: a table of cases through the gateway, told as events by a mapping (`ingest.mapping`)."""

import asyncio
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ingest.delivery import Delivery, Gateway, GatewayError, summary
from ingest.mapping import Mapping, MappingErrors, Row, RowFault, load_mapping, row_events

EVENTS: Final = "/api/v1/events"


class Table(msgspec.Struct, frozen=True):
    """A table told as events. `faults` holds (line, reason) of the rows that could not be."""

    rows: int
    events: list[dict[str, Any]]
    faults: list[tuple[int, str]]


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """(line, row) of a CSV (comma, semicolon or tab; UTF-8 with or without mark) or XLSX (where openpyxl is installed).

    Every cell is text. Raises MappingErrors for a file that cannot be read as a table.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        yield from _sheet(path)
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            table = csv.DictReader(file, delimiter=max(",;\t", key=head.count), restkey="", restval="")
            for row in table:
                yield table.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise MappingErrors([f"{path}: {wrong}"]) from wrong


def _sheet(path: Path) -> Iterator[tuple[int, Row]]:
    import pandas

    try:
        frame = pandas.read_excel(path, dtype=str, keep_default_na=False)
    except (ImportError, OSError, ValueError) as wrong:
        raise MappingErrors([f"{path}: {wrong}"]) from wrong
    for index, row in enumerate(frame.to_dict("records"), 2):
        yield index, {str(name): str(cell) for name, cell in row.items()}


def read_table(path: Path, mapping: Mapping) -> Table:
    """All events of the table, in file order. Raises MappingErrors if the table lacks a column the mapping names."""
    events: list[dict[str, Any]] = []
    faults: list[tuple[int, str]] = []
    rows = 0
    for line, row in read_rows(path):
        if not rows and (absent := sorted(mapping.columns - set(row))):
            raise MappingErrors([f"{path}: no column {name}" for name in absent])
        rows += 1
        try:
            events += row_events(mapping, row)
        except RowFault as wrong:
            faults.append((line, str(wrong)))
    return Table(rows, events, faults)


def import_orders(
    path: Path,
    mapping: Mapping,
    gateway_url: str,
    key: str,
    *,
    batch: int = 500,
    progress: bool = True,
    give_up_after_s: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:
    """Send the table to the gateway and wait for every answer; sending it again changes nothing.

    Raises GatewayError for a refusal that stays one, MappingErrors as `read_table`.
    """
    table = read_table(path, mapping)
    tally = Delivery(unreadable=Counter(reason for _, reason in table.faults))
    items = [msgspec.json.encode(event) for event in table.events]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()) if progress else None
    with bar if bar is not None else nullcontext():
        try:
            asyncio.run(_send(items, Gateway(
                gateway_url, key, in_flight=1, give_up_after_s=give_up_after_s, transport=transport
            ), batch, tally, bar))  # fmt: skip
        except KeyboardInterrupt:
            tally.interrupted = True
    return tally


async def _send(items: Sequence[bytes], gateway: Gateway, batch: int, tally: Delivery, bar: Progress | None) -> None:
    task = bar.add_task("events", total=len(items)) if bar is not None else None
    async with gateway:
        for start in range(0, len(items), batch):
            tally.add(await gateway.post(EVENTS, items[start : start + batch]))
            tally.resent = gateway.resent
            if bar is not None and task is not None:
                bar.update(task, completed=min(start + batch, len(items)))


def command(file: Path, mapping: Path, gateway_url: str, key: str) -> int:
    """`orders import`: sends the table, says what became of it, and gives the exit code."""
    console = Console()
    try:
        tally = import_orders(file, load_mapping(mapping), gateway_url, key)
    except (MappingErrors, GatewayError) as wrong:
        console.print(str(wrong), style="red", highlight=False, markup=False)
        return 1
    console.print(summary(tally), highlight=False, markup=False)
    return 130 if tally.interrupted else 0
