"""`tallies import`: a table of day numbers through the gateway, as `POST /api/v1/tallies` takes them.

Either a row for each number (day, key, value; may have region, base, at) or a row for each day with a column for each key
(day; may have region, at). Whatever column is not one of these is a key.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from rich.console import Console

from ingest.delivery import Delivery, Gateway, GatewayError, summary
from ingest.mapping import MappingErrors, Row
from ingest.tables import read_rows

TALLIES: Final = "/api/v1/tallies"
BATCH: Final = 500
ABOUT: Final = ("day", "region", "at")
LONG: Final = (*ABOUT, "key", "value", "base")


def read_tallies(path: Path) -> Iterator[dict[str, str]]:
    """The numbers of a table, in file order; empty cells are none. Raises MappingErrors for what is no such table."""
    names: set[str] = set()
    for _, row in read_rows(path):
        names = names or _checked(path, row)
        told = {name.strip(): cell.strip() for name, cell in row.items() if name and cell.strip()}
        if "key" in names:
            yield {name: told[name] for name in LONG if name in told}
        else:
            about = {name: told[name] for name in ABOUT if name in told}
            yield from ({**about, "key": key, "value": value} for key, value in told.items() if key not in ABOUT)


def _checked(path: Path, row: Row) -> set[str]:
    names = {name.strip() for name in row if name}
    wanted = {"day", "key", "value"} if {"key", "value"} & names else {"day"}
    if missing := sorted(wanted - names):
        raise MappingErrors([f"{path}: no column {name}" for name in missing])
    if strange := sorted(names - set(LONG) if "key" in names else ()):
        raise MappingErrors([f"{path}: column {name} is none of {', '.join(LONG)}" for name in strange])
    return names


def import_tallies(
    path: Path, gateway_url: str, key: str, *, give_up_after_s: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:  # fmt: skip
    """Send the table to the gateway and wait for every answer; sending it again changes nothing, a corrected one corrects.

    Raises GatewayError for a refusal that stays one, MappingErrors as `read_tallies`.
    """
    items: list[dict[str, Any]] = list(read_tallies(path))
    told = Delivery(unreadable=Counter())

    async def send() -> None:
        async with Gateway(gateway_url, key, in_flight=1, give_up_after_s=give_up_after_s, transport=transport) as gateway:
            for start in range(0, len(items), BATCH):
                told.add(await gateway.post(TALLIES, [msgspec.json.encode(item) for item in items[start : start + BATCH]]))
            told.resent = gateway.resent

    asyncio.run(send())
    return told


def command(file: Path, gateway_url: str, key: str) -> int:
    """`tallies import`: sends the table, says what became of it, and gives the exit code: 1 when anything was refused."""
    console = Console()
    try:
        told = import_tallies(file, gateway_url, key)
    except (MappingErrors, GatewayError) as wrong:
        console.print(str(wrong), style="red", highlight=False, markup=False)
        return 1
    console.print(summary(told), highlight=False, markup=False)
    return 1 if told.rejected else 0
