"""A version as a workbook whose every figure can be recounted from its own sheet of orders (see `dashboard.bulletins.book`)."""

import io
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from dashboard.briefs import Json
from dashboard.bulletins.book import Book, Column
from dashboard.bulletins.rows import COUNT, GROUP, STINT
from dashboard.bulletins.told import Told, hours, is_told
from dashboard.bulletins.xlsx_lists import cards, changes, of_stages, orders


def workbook(
    content: Json, rows: pa.Table, stints: pa.Table, lang: str, tell: Callable[[int], None] = lambda percent: None
) -> bytes:
    """The XLSX of a version; `tell` hears how far it is, 0 to 100."""
    told, out = Told(content, lang), io.BytesIO()
    book = Book(told, out)
    _about(book)
    _figures(book)
    for table in content["tables"]:
        _table(book, table)
    _durations(book)
    _stages(book)
    for ranking in filter(is_told, content["rankings"]):
        _ranking(book, ranking)
    cards(book)
    if content["changes"]:
        changes(book)
    of_stages(book, stints)
    orders(book, rows, tell)
    book.end()
    return out.getvalue()


def _about(book: Book) -> None:
    w = book.told.w
    recount = w["bulletins.recount"].format(sheet=w["bulletins.sheet.orders"])
    rows = [*book.told.facts(), ("", w["bulletins.note"]), ("", recount)]
    book.sheet(w["bulletins.sheet.about"], (("", "", "bold", 18), ("", "", "wrap", 90)), rows)


def _figures(book: Book) -> None:
    told, w = book.told, book.told.w
    head = lambda key: w[f"bulletins.col.{key}"]  # noqa: E731
    columns: list[Column] = [
        (head("figure"), "figure", "text", 18), (head("key"), "key", "text", 22), (head("shown"), "shown", "text", 12),
        (head("value"), "value", "rate", 14), (head("numerator"), "numerator", "count", 11),
        (head("denominator"), "denominator", "count", 11), (head("open"), "open", "count", 9),
        (head("numerator_in"), "numerator_in", "text", 22), (head("denominator_in"), "denominator_in", "text", 22),
        (head("list"), "list", "text", 10), (head("previous"), "previous", "text", 12),
        (head("previous_change"), "previous_change", "text", 16), (head("year"), "year", "text", 12),
        (head("year_change"), "year_change", "text", 16), (head("definition"), "definition", "wrap", 60),
        (head("definition_version"), "tag", "text", 24),
    ]  # fmt: skip
    book.sheet(w["bulletins.sheet.figures"], columns, [_figure_row(told, key) for key in told.ordered()])


def _figure_row(told: Told, key: str) -> list[Any]:
    figure, definition = told.content["figures"][key], told.content["definitions"][key]
    is_rate = figure["denominator"] is not None
    return [
        told.figure_name(key), key, figure["shown"], _value(figure), figure["numerator"], figure["denominator"],
        told.open_beside(key, figure), COUNT + definition["numerator"], COUNT + definition["denominator"] if is_rate else None,
        told.w["bulletins.sheet.orders"], *told.beside("previous", key), *told.beside("year", key), told.figure_what(key),
        definition["tag"],
    ]  # fmt: skip


def _value(figure: Json) -> float | None:
    return None if figure["value"] is None else float(figure["value"])


def _table(book: Book, table: Json) -> None:
    told, w, by = book.told, book.told.w, table["by"]
    keys = list(table["rows"][0]["figures"]) if table["rows"] else []
    columns: list[Column] = [
        (told.group_title(by), "", "text", 22), (w["bulletins.col.code"], GROUP + by, "text", 16), *_heads(told, keys),
    ]  # fmt: skip
    rows = [[told.group(by, row), row["key"], *_cells(row["figures"], keys)] for row in table["rows"]]
    book.sheet(w[f"bulletins.sheet.{by}"], columns, rows)


def _heads(told: Told, keys: Iterable[str]) -> list[Column]:
    """Of a count one column, of a rate numerator, denominator and value."""
    w, heads = told.w, []
    for key in keys:
        name, definition = told.figure_name(key), told.content["definitions"][key]
        if definition["denominator"] is None:
            heads.append((name, COUNT + definition["numerator"], "count", 10.0))
            continue
        for part in ("numerator", "denominator"):
            heads.append((f"{name} · {w[f'bulletins.col.{part}']}", COUNT + definition[part], "count", 11.0))
        heads.append((f"{name} %", key, "rate", 11.0))
    return heads


def _cells(figures: Json, keys: Iterable[str]) -> list[Any]:
    cells: list[Any] = []
    for figure in (figures[key] for key in keys):
        is_rate = figure["denominator"] is not None
        cells += [figure["numerator"], figure["denominator"], _value(figure)] if is_rate else [figure["numerator"]]
    return cells


def _durations(book: Book) -> None:
    told, w = book.told, book.told.w
    columns: list[Column] = [
        (w["bulletins.col.name"], "", "text", 24), ("", "by", "text", 14), (w["bulletins.col.code"], "key", "text", 16),
        (w["bulletins.col.n"], "n", "count", 10), (w["bulletins.col.median_h"], "median", "hours", 14),
        (w["bulletins.col.p90_h"], "p90", "hours", 14), (w["bulletins.col.mean_h"], "mean", "hours", 14),
        (w["bulletins.col.left_out"], "left_out", "count", 12),
    ]  # fmt: skip
    rows = [[told.name(told.content["region_name"]), None, None, *_took(told.content["durations"])]]
    rows += [
        [told.group(table["by"], row), GROUP + table["by"], row["key"], *_took(row["durations"])]
        for table in told.content["tables"] for row in table["rows"]
    ]  # fmt: skip
    book.sheet(w["bulletins.sheet.durations"], columns, rows)


def _stages(book: Book) -> None:
    told, w = book.told, book.told.w
    col = lambda key: w[f"bulletins.col.{key}"]  # noqa: E731
    columns: list[Column] = [
        (w["bulletins.col.stage"], "", "text", 14), (col("code"), "by:stage", "text", 12),
        (col("left"), f"{STINT}left", "count", 11), (col("timed"), f"{STINT}timed", "count", 11),
        (col("median_h"), "median", "hours", 14), (col("p90_h"), "p90", "hours", 14), (col("mean_h"), "mean", "hours", 14),
        (col("in_time"), f"{STINT}in_time", "count", 11), (col("judged"), f"{STINT}judged", "count", 11),
        (col("compliance"), "compliance", "rate", 12),
    ]  # fmt: skip
    rows = []
    for stage in told.content["stages"]:
        kept = stage["compliance"]
        spread = [hours(stage[f"{key}_s"]) for key in ("median", "p90", "mean")]
        judged = [kept["numerator"], kept["denominator"], _value(kept)]
        rows.append([w[f"stint.{stage['stage']}"], stage["stage"], stage["left"], stage["n"], *spread, *judged])
    book.sheet(w["bulletins.sheet.stages"], columns, rows)


def _took(took: Json) -> list[Any]:
    return [took["n"], *(hours(took[f"{key}_s"]) for key in ("median", "p90", "mean")), sum(took["left_out"].values())]


def _ranking(book: Book, ranking: Json) -> None:
    told, w = book.told, book.told.w
    col = lambda key: w[f"bulletins.col.{key}"]  # noqa: E731
    columns: list[Column] = [
        (col("rank"), "rank", "count", 7), (col("name"), "", "text", 20), (col("code"), GROUP + ranking["by"], "text", 16),
        (col("score"), "score", "rate", 11), (col("shown"), "shown", "text", 9), (col("grade"), "grade", "text", 7),
        (col("base"), "base", "count", 9),
    ]  # fmt: skip
    columns += [(f"{col('code')} {told.group_title(by)}", GROUP + by, "text", 16) for by in _other_groupings(ranking)]
    for part in ranking["parts"]:
        name, definition = told.figure_name(part["figure"]), told.content["definitions"][part["figure"]]
        of = "" if part["by"] == ranking["by"] else f"@{GROUP}{part['by']}"
        is_rate = definition["denominator"] is not None
        head = f"{name} · {col('numerator')}" if is_rate else name
        columns.append((head, f"{COUNT}{definition['numerator']}{of}", "count", 11))
        if is_rate:
            columns.append((f"{name} · {col('denominator')}", f"{COUNT}{definition['denominator']}{of}", "count", 11))
        columns += [(f"{name} · {col('points_of')}", "points", "rate", 11), (f"{name} · {col('weight')}", "weight", "count", 9)]
    rows = [_ranked(told, ranking, row) for row in ranking["rows"]]
    book.sheet(f"{w['bulletins.sheet.ranking']} {told.name(ranking['title'])}", columns, rows)


def _other_groupings(ranking: Json) -> list[str]:
    """By what its parts are counted besides its own units: their orders are found in other columns."""
    return list(dict.fromkeys(part["by"] for part in ranking["parts"] if part["by"] != ranking["by"]))


def _ranked(told: Told, ranking: Json, row: Json) -> list[Any]:
    cells = [row["rank"], told.group(ranking["by"], row), row["key"], _value(row), row["shown"], row["grade"], row["base"]]
    groups = {part["by"]: part["group"] for part in row["parts"]}
    cells += [groups[by] for by in _other_groupings(ranking)]
    for part in row["parts"]:
        cells.append(part["numerator"])
        if told.content["definitions"][part["figure"]]["denominator"] is not None:
            cells.append(part["denominator"])
        cells += [None if part["points"] is None else float(part["points"]), part["weight"]]
    return cells
