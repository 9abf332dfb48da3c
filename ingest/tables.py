"""`orders import`: a table of cases through the gateway, told as events by a mapping (`ingest.mapping`)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import numpy as np
from rich.console import Console

from config.city import City
from config.clock import now_ms
from ingest.delivery import Delivery, Origin
from ingest.dryrun import NOWHERE, DryRun
from ingest.mapping import Mapping, MappingErrors, Value, load_mapping
from ingest.report import reported, say, warn
from ingest.rowevents import Aside, row_events
from ingest.sending import BATCH, Item, deliver
from ingest.tabular import Fault, Form, Reject, open_table
from ingest.tabular.base import shown
from ingest.whereabouts import Whereabouts

EVENTS: Final = "/api/v1/events"
AHEAD_MS: Final = 86_400_000  # a table's clock or zone may be a little wrong; what is further ahead has not happened
MOST_ASIDES: Final = 2000  # different ones; of more only the reasons are counted
PLACES: Final = 10_000
TOLD: Final = 20


class OrderTable:
    """A table that is being told as events: what was seen of it so far, beside the events themselves."""

    def __init__(self, path: Path, mapping: Mapping, form: Form = Form(), city: City | None = None) -> None:
        """Raises MappingErrors if the table lacks a column that the mapping names, TableError if it is none."""
        self.mapping = mapping
        self.table = open_table(path, form, lambda cells: len(mapping.named & set(cells)))
        if absent := sorted(mapping.columns - set(self.table.head)):
            have = f"the columns are {', '.join(name for name in self.table.head if name)}"
            raise MappingErrors([*(f"{path}: no column {name}" for name in absent), have])
        self.rows = 0
        self.asides: Counter[tuple[str, str]] = Counter()
        self.places = Whereabouts(city) if city is not None else None
        self._lons: list[float] = []
        self._lats: list[float] = []

    def events(self) -> Iterator[tuple[int, dict[str, Any]] | Reject]:
        """(line, event) in file order, and a Reject for each row or event that is none."""
        latest_ms, path = now_ms() + AHEAD_MS, self.table.path
        for row in self.table.rows:
            self.rows += 1
            if isinstance(row, Fault):
                yield Reject(path, row.line, row.reason, row.value)
                continue
            asides: list[Aside] = []
            events = row_events(self.mapping, row.cells, asides, latest_ms)
            for aside in dict.fromkeys(asides):  # what all events of a row share is told once
                if aside.refused:
                    yield Reject(path, row.line, aside.reason, shown(aside.value))
                else:
                    self._note(aside)
            for event in events:
                yield row.line, event
            if events:
                self._place(events[0])
        self._look()

    def items(self) -> Iterator[Item | Reject]:
        """The events as they are sent."""
        for one in self.events():
            if isinstance(one, Reject):
                yield one
                continue
            line, event = one
            yield Item(Origin(self.table.path, line, f"{event['order']} {event['status']}"), msgspec.json.encode(event))

    def _note(self, aside: Aside) -> None:
        value = shown(aside.value) if len(self.asides) < MOST_ASIDES else "…"
        self.asides[aside.reason, value] += 1

    def _place(self, event: dict[str, Any]) -> None:
        if self.places is not None and "lon" in event:
            self._lons.append(event["lon"])
            self._lats.append(event["lat"])
            if len(self._lons) >= PLACES:
                self._look()

    def _look(self) -> None:
        if self.places is not None and self._lons:
            self.places.add(np.array(self._lons), np.array(self._lats))
            self._lons, self._lats = [], []

    def understood(self) -> list[str]:
        """How the table is read, for people."""
        table, mapping = self.table, self.mapping
        unused = [name for name in table.head if name and name not in mapping.named]
        lines = [f"{table.path}: {table.how}; times without a zone are of {mapping.zone}"]
        lines.append("  " + ", ".join(f"{what} ← {_source(value)}" for what, value in mapping.fields.items()))
        return [*lines, f"  not used: {', '.join(unused)}"] if unused else lines

    def noted(self) -> list[str]:
        """What is to be known once it was read: values that were left out, words that say nothing, odd times."""
        told = [f"{self.rows:,} rows", *self.table.notes]
        reasons: dict[str, Counter[str]] = {}
        for (reason, value), times in self.asides.items():
            reasons.setdefault(reason, Counter())[value] += times
        for reason, values in list(reasons.items())[:TOLD]:
            most = ", ".join(f"{value!r}" + (f" × {times:,}" if times > 1 else "") for value, times in values.most_common(5))
            told.append(f"  {values.total():,} × {reason}: {most}{' …' if len(values) > 5 else ''}")
        return told


def _source(value: Value) -> str:
    return " + ".join(value.columns) if value.joined is not None else " or ".join(value.columns) or repr(value.const)


def import_orders(
    path: Path,
    mapping: Mapping,
    gateway_url: str,
    key: str,
    *,
    form: Form = Form(),
    batch: int = BATCH,
    progress: bool = True,
    give_up_after_s: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Delivery:
    """Send the table to the gateway and wait for every answer; sending it again changes nothing.

    Raises GatewayError for a refusal that stays one, MappingErrors and TableError as `OrderTable`.
    """
    items = OrderTable(path, mapping, form).items()
    return deliver(
        EVENTS, items, gateway_url, key, Delivery(), batch=batch, progress=progress, give_up_after_s=give_up_after_s,
        transport=transport,
    )  # fmt: skip


def command(
    file: Path,
    mapping: Path,
    gateway_url: str,
    key: str,
    *,
    form: Form = Form(),
    zone: str = "",
    city_zone: str = "",
    city: City | None = None,
    refused: Path | None = None,
    dry_run: bool = False,
) -> int:
    """`orders import`: says how the table is read, sends it, says what became of it, and gives the exit code.

    `zone` goes before that of the mapping, `city_zone` is for a mapping that names none.
    """
    console = Console(soft_wrap=True)
    url, transport = (NOWHERE, DryRun(city)) if dry_run else (gateway_url, None)
    with reported(console, refused, rehearsed=dry_run) as tally:
        orders = OrderTable(file, load_mapping(mapping, zone, city_zone), form, city)
        say(console, orders.understood())
        deliver(EVENTS, orders.items(), url, key, tally, transport=transport)
        say(console, orders.noted())
        warn(console, orders.places.warnings() if orders.places is not None else [])
    return tally.exit_code


__all__ = ["EVENTS", "OrderTable", "command", "import_orders"]
