"""The sheets of lists in a workbook of a version: cards, what was corrected, and every order with what counted it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from dashboard.briefs import Json
from dashboard.bulletins.book import Book, Column
from dashboard.bulletins.rows import COUNT, GROUP, STINT
from dashboard.bulletins.told import CARD_KINDS, Told, card_heads, figure_text, moved

MOST_ROWS: Final = 1_000_000
"""Orders in one sheet; the format ends at 1,048,576 rows. Further ones stand in sheets with the same name and a number."""

STRETCH: Final = 20_000
"""Orders that are made ready at a time."""

def cards(book: Book) -> None:
    told, w = book.told, book.told.w
    given = told.content["cards"][told.lang]
    columns: list[Column] = [(w["department"], "", "text", 22), (w["bulletins.col.code"], "department", "text", 16)]
    columns += [(head, kind, "count", 10) for head, kind in zip(card_heads(told), CARD_KINDS, strict=True)]
    rows = [[of["name"], of["department"], *(of[kind] for kind in CARD_KINDS)] for of in given["departments"]]
    book.sheet(w["bulletins.sheet.card_departments"], columns, rows)
    of_items: list[Column] = [
        (w["audit.at"], "at", "text", 18), ("", "colour", "text", 8), (w["column.order"], "order", "text", 22),
        (w["column.title"], "", "text", 30), (w["column.region_name"], "", "text", 18), (w["department"], "", "text", 18),
        (w["bulletins.col.code"], "department", "text", 14), (w["cards.by"], "", "text", 12),
        (w["cards.reason"], "", "wrap", 40), (w["order_fact.status"], "state", "text", 10), (w["cards.answer"], "", "wrap", 40),
    ]  # fmt: skip
    book.sheet(w["bulletins.sheet.cards"], of_items, [_card(told, item) for item in given["items"]])


def _card(told: Told, item: Json) -> list[Any]:
    answers = (item["answer"], item["appeal"], item["decided"])
    return [
        told.at(item["at_ms"]), told.w[f"card.{item['colour']}"], item["order"], item["title"], item["region_name"],
        item["department_name"], item["department"], item["by"], item["reason"], item["state_name"],
        " · ".join(text for text in answers if text),
    ]  # fmt: skip


def changes(book: Book) -> None:
    told, w, found = book.told, book.told.w, book.told.content["changes"]
    rows: list[list[Any]] = [[w["bulletins.reason"], told.content["reason"], None, None]]
    rows += [[w["bulletins.changes.figures"], told.figure_name(one["key"]), *map(figure_text, (one["from"], one["to"]))]
             for one in found["figures"]]  # fmt: skip
    for one in found["tables"]:
        name = f"{told.group(one['by'], one)} · {told.figure_name(one['figure'])}"
        rows.append([told.group_title(one["by"]), name, *map(figure_text, (one["from"], one["to"]))])
    for kind in ("came", "went", "changed"):
        listed = found["orders"][kind]
        total = w["bulletins.total"].format(total=f"{listed['total']:,}")
        rows.append([w[f"bulletins.changes.{kind}"], total, None, None])
        rows += [[w[f"bulletins.changes.{kind}"], item["order"], item["title"], moved(told, item)] for item in listed["items"]]
    head = [("", "what", "text", 20), ("", "which", "text", 40)]
    columns = [*head, (w["bulletins.col.from"], "from", "text", 24), (w["bulletins.col.to"], "to", "wrap", 60)]
    book.sheet(w["bulletins.sheet.changes"], columns, rows)


def of_stages(book: Book, stints: pa.Table) -> None:
    """Every order that left a stage in the period: what `in` the sheet of the stages is counted."""
    w = book.told.w
    flags = [(w[f"bulletins.col.{part}"], f"{STINT}{part}", "flag", 8.0) for part in ("left", "timed", "in_time", "judged")]
    columns: list[Column] = [
        (w["column.order"], "order", "text", 22), (w["bulletins.col.code"], "stage", "text", 12),
        (w["column.title"], "title", "text", 30), (w["department"], "department_name", "text", 18),
        (w["bulletins.col.worked_h"], "worked_s", "hours", 14), *flags,
    ]  # fmt: skip
    for part in range(0, max(len(stints), 1), MOST_ROWS):
        named = [*columns[:1], (columns[1][0], "by:stage", "text", 12.0), *columns[2:]]
        rows = _order_rows(book.told, stints, part, columns, lambda percent: None)
        book.sheet(_numbered(w["bulletins.sheet.stints"], part), named, rows)


def _numbered(name: str, first: int) -> str:
    """The name of the sheet that begins with that row."""
    return name + (str(first // MOST_ROWS + 1) if first else "")


def orders(book: Book, rows: pa.Table, tell: Callable[[int], None]) -> None:
    w = book.told.w
    columns = _order_columns(book.told, rows)
    for part in range(0, max(len(rows), 1), MOST_ROWS):
        book.sheet(_numbered(w["bulletins.sheet.orders"], part), columns, _order_rows(book.told, rows, part, columns, tell))


def _order_columns(told: Told, rows: pa.Table) -> list[Column]:
    w = told.w
    facts: list[Column] = [
        (w["column.order"], "order", "text", 22), (w["column.title"], "title", "text", 30),
        (w["column.status_text"], "status", "text", 10), (w["column.region_name"], "region_name", "text", 18),
        (w["department"], "department_name", "text", 18), (w["column.category_name"], "category_name", "text", 18),
        (w["column.source"], "source", "text", 14), (w["bulletins.col.handler"], "handler_name", "text", 12),
        *((head, known, "time", 18.0) for head, known in _times(w)),
        (w["bulletins.col.on_time"], "on_time", "flag", 7), (w["bulletins.col.took_h"], "took_ms", "hours", 12),
    ]  # fmt: skip
    groups = [name for name in rows.column_names if name.startswith(GROUP)]
    counts = [name for name in rows.column_names if name.startswith(COUNT)]
    by: list[Column] = [(told.group_title(name.removeprefix(GROUP)), name, "text", 14) for name in groups]
    return [*facts, *by, *((told.figure_name(name.removeprefix(COUNT)), name, "flag", 8.0) for name in counts)]


def _times(w: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (w["column.reported_text"], "reported_at_ms"), (w["bulletins.col.accepted"], "accepted_at_ms"),
        (w["bulletins.col.registered"], "registered_at_ms"), (w["column.deadline_text"], "deadline_at_ms"),
        (w["column.closed_text"], "closed_at_ms"), (w["bulletins.col.status_at"], "status_at_ms"),
        (w["bulletins.col.yellow_at"], "yellow_at_ms"), (w["bulletins.col.red_at"], "red_at_ms"),
    ]  # fmt: skip


def _order_rows(
    told: Told, rows: pa.Table, start: int, columns: Sequence[Column], tell: Callable[[int], None]
) -> Iterable[Sequence[Any]]:
    """The rows of one sheet, from `start` on; `tell` hears after each stretch how far it is with all of them."""
    end = min(start + MOST_ROWS, len(rows))
    for first in range(start, end, STRETCH):
        stretch = rows.slice(first, min(STRETCH, end - first))
        yield from zip(*(_cells_of(told, stretch, known, form) for _, known, form, _ in columns), strict=True)
        tell(100 * (first + len(stretch)) // len(rows))


def _cells_of(told: Told, rows: pa.Table, known: str, form: str) -> list[Any]:
    name = f"{known}_en" if told.lang == "en" and f"{known}_en" in rows.column_names else known
    if form == "time":
        return _serials(rows[name], told)
    values = rows[name].to_pylist()
    if known == "status":
        return [told.w.get(f"status.{key}", key) for key in values]
    if known in ("took_ms", "worked_s"):
        return [None if value is None else value / (3_600_000 if known == "took_ms" else 3600) for value in values]
    if known.startswith((COUNT, STINT)):
        return [1 if value else None for value in values]
    return values


def _serials(column: pa.ChunkedArray, told: Told) -> list[Any]:
    """Instants as a sheet counts them: days of the city's civil time since 30 December 1899."""
    at = pd.to_datetime(pd.Series(column.to_pandas(integer_object_nulls=True), dtype="Int64"), unit="ms", utc=True)
    civil = at.dt.tz_convert(told.zone).dt.tz_localize(None)
    days = (civil - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
    return [None if pd.isna(day) else float(day) for day in days]
