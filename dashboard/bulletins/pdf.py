"""A version as a paper: summary, indicators with definitions, tables, rankings with their parts, cards, lists."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
from reportlab.platypus import Flowable, Spacer

from dashboard.briefs import Json
from dashboard.bulletins.paper import Rule, heading, load_fonts, mm, printed, table, text
from dashboard.bulletins.rows import picked
from dashboard.bulletins.told import CARD_KINDS, Told, card_heads, figure_text, is_told, moved

MOST_GROUPS: Final = 40
MOST_RANKED: Final = 20
MOST_LISTED: Final = 100
_CHINESE: Final = "一二三四五六七八九十"

COUNTS: Final = ("reported", "registered", "closed", "open", "overdue")
RATES: Final = ("closure_rate", "on_time_closure_rate", "completion_rate")
"""The figures of the tables by group, those by day and month without rates; the workbook has more."""


class Paper:
    """The parts of the paper, numbered as they come."""

    def __init__(self, told: Told) -> None:
        self.told, self.w = told, told.w
        self.parts: list[Flowable] = []
        self.number = 0

    def begin(self, key: str) -> None:
        """A part with its heading: 一、总体情况."""
        self.number += 1
        number = f"{_CHINESE[self.number - 1]}、" if self.told.lang == "zh" else f"{self.number}. "
        self.parts.extend(heading(number + self.w[f"bulletins.part.{key}"], "part"))

    def head(self, title: str) -> None:
        """A heading within a part."""
        self.parts.extend(heading(title, "heading"))

    def add(self, *parts: Flowable) -> None:
        self.parts.extend(parts)

    def cut(self, total: int, most: int) -> None:
        """That a list has more than is shown."""
        if total > most:
            self.add(text(self.w["bulletins.capped"].format(total=f"{total:,}", shown=most), "note"))


def paper(content: Json, rows: pa.Table, lang: str) -> bytes:
    """The PDF of a version. Raises FontsMissing."""
    load_fonts()
    made = Paper(Told(content, lang))
    _title(made)
    _figures(made)
    _tables(made)
    if any(map(is_told, content["rankings"])):
        _rankings(made)
    _cards(made)
    if content["changes"]:
        _changes(made)
    _lists(made, rows)
    _definitions(made)
    return printed(made.told, made.parts)


def _title(made: Paper) -> None:
    told, content = made.told, made.told.content
    made.add(
        text(told.name(content["city"]["title"]), "city"),
        text(told.headline, "title"),
        text(f"{told.period} · {told.version}", "under"),
        Rule(),
        table(("", ""), told.facts(), (1, 4), left=2),
        Spacer(1, 2 * mm),
        text(made.w["bulletins.note"], "note"),
    )
    made.begin("summary")
    made.add(text(told.summary()), text(told.durations_line()))
    _stages(made)


def _stages(made: Paper) -> None:
    told, w = made.told, made.w
    heads = [w[f"bulletins.col.{key}"] for key in ("stage", "left", "median", "p90", "mean", "compliance")]
    rows = []
    for stage in told.content["stages"]:
        spread = (told.span(stage[f"{key}_s"]) for key in ("median", "p90", "mean"))
        if stage["left"]:
            rows.append([w[f"stint.{stage['stage']}"], f"{stage['left']:,}", *spread, _cell(stage["compliance"])])
    if rows:
        made.head(w["bulletins.sheet.stages"])
        made.add(table(heads, rows, (2, 1, 1.5, 1.5, 1.5, 2)), text(w["stint.what"], "note"))


def _figures(made: Paper) -> None:
    told, w = made.told, made.w
    made.begin("figures")
    heads = [w[f"bulletins.col.{key}"] for key in ("figure", "shown", "fraction", "open", "previous", "previous_change", "year",
                                                   "year_change")]  # fmt: skip
    rows = []
    for key in told.telling():
        figure = told.content["figures"][key]
        left = told.open_beside(key, figure)
        rows.append([told.figure_name(key), figure["shown"], _fraction(figure), "" if left is None else f"{left:,}",
                     *told.beside("previous", key), *told.beside("year", key)])  # fmt: skip
    made.add(table(heads, rows, (3, 1.7, 2.2, 1, 1.7, 2.2, 1.7, 2.2)))
    left_out = len(told.content["figures"]) - len(rows)
    if left_out:
        made.add(text(w["bulletins.left_out"].format(n=left_out), "note"))


def _fraction(figure: Json) -> str:
    return "" if figure["denominator"] is None else f"{figure['numerator']:,} / {figure['denominator']:,}"


def _tables(made: Paper) -> None:
    told, w = made.told, made.w
    made.begin("tables")
    for of in told.content["tables"]:
        in_time = of["by"] in ("day", "month")
        rows = of["rows"] if in_time else sorted(of["rows"], key=_by_size)
        keys = COUNTS if in_time else COUNTS + RATES
        heads = [told.group_title(of["by"]), *map(told.figure_name, keys), w["bulletins.col.median"], w["bulletins.col.p90"]]
        cells = [
            [told.group(of["by"], row), *(_cell(row["figures"][key]) for key in keys),
             *(told.span(row["durations"][f"{key}_s"]) for key in ("median", "p90"))]
            for row in rows[:MOST_GROUPS]
        ]  # fmt: skip
        made.head(w[f"bulletins.sheet.{of['by']}"])
        room = 1.55 if told.lang == "en" else 1.15  # English heads are longer, and break nowhere
        made.add(table(heads, cells, (2.6, *[room] * len(COUNTS), *[1.8] * (len(keys) - len(COUNTS)), 1.4, 1.4)))
        made.cut(len(rows), MOST_GROUPS)


def _by_size(row: Json) -> tuple[int, str]:
    return -row["figures"]["reported"]["numerator"], row["key"]


def _cell(figure: Json) -> str:
    """A rate with its numbers below it."""
    return figure["shown"] if figure["denominator"] is None else f"{figure['shown']}\n{_fraction(figure)}"


def _rankings(made: Paper) -> None:
    told, w = made.told, made.w
    made.begin("rankings")
    for ranking in filter(is_told, told.content["rankings"]):
        heads = [w[f"bulletins.col.{key}"] for key in ("rank", "name", "score", "grade")]
        heads += [f"{told.figure_name(part['figure'])} {part['weight']} %" for part in ranking["parts"]]
        rows = [
            ["—" if row["rank"] is None else row["rank"], told.group(ranking["by"], row), row["shown"], row["grade"],
             *map(_scored, row["parts"])]
            for row in ranking["rows"][:MOST_RANKED]
        ]  # fmt: skip
        made.head(told.name(ranking["title"]))
        made.add(table(heads, rows, (0.8, 2.6, 1.2, 0.8, *[2.2] * len(ranking["parts"])), left=2))
        made.cut(len(ranking["rows"]), MOST_RANKED)


def _scored(part: Json) -> str:
    points = "—" if part["points"] is None else f"{float(part['points']):.2f}"
    base = f"{part['numerator']:,}" if part["denominator"] is None else f"{part['numerator']:,} / {part['denominator']:,}"
    return f"{points}\n{base}"


def _cards(made: Paper) -> None:
    told, w = made.told, made.w
    given = told.content["cards"][told.lang]
    made.begin("cards")
    if not given["items"]:
        made.add(text(w["cards.none"]))
        return
    rows = [[of["name"], *(of[kind] for kind in CARD_KINDS)] for of in given["departments"]]
    made.add(table([w["department"], *card_heads(told)], rows, (3, 1, 1, 1, 1, 1)))
    keys = ("audit.at", "order_flag.supervised", "column.order", "column.title", "department", "cards.reason")
    heads = [w[key] for key in (*keys, "order_fact.status")]
    rows = [
        [told.at(item["at_ms"]), w[f"card.{item['colour']}"],
         *(item[key] for key in ("order", "title", "department_name", "reason", "state_name"))]
        for item in given["items"][:MOST_LISTED]
    ]  # fmt: skip
    made.add(Spacer(1, 3 * mm), table(heads, rows, (1.6, 0.8, 2.2, 2.6, 1.8, 3, 1.1), left=7))
    made.cut(len(given["items"]), MOST_LISTED)


def _changes(made: Paper) -> None:
    told, w, found = made.told, made.w, made.told.content["changes"]
    made.begin("changes")
    intro = w["bulletins.changes.intro"].format(
        to=found["to"]["number"], **{"from": found["from"]["number"], "as_of": told.at(found["from"]["as_of_ms"])}
    )
    made.add(text(f"{w['bulletins.reason']}: {told.content['reason']}"), text(intro))
    made.head(w["bulletins.changes.figures"])
    rows = [[told.figure_name(one["key"]), figure_text(one["from"]), figure_text(one["to"])] for one in found["figures"]]
    _table_or_none(made, [w["bulletins.col.figure"], w["bulletins.col.from"], w["bulletins.col.to"]], rows, (2, 2, 2))
    for kind in ("came", "went", "changed"):
        listed = found["orders"][kind]
        made.head(f"{w[f'bulletins.changes.{kind}']} · {w['bulletins.total'].format(total=listed['total'])}")
        rows = [[item["order"], item["title"], moved(told, item) or ""] for item in listed["items"][:MOST_LISTED]]
        _table_or_none(made, [w["column.order"], w["column.title"], w["order_fact.status"]], rows, (2, 3, 4), 3)
        made.cut(listed["total"], MOST_LISTED)


def _table_or_none(made: Paper, heads: Sequence[str], rows: list[list[Any]], widths: Sequence[float], left: int = 1) -> None:
    made.add(table(heads, rows, widths, left) if rows else text(made.w["bulletins.changes.none"]))


def _lists(made: Paper, rows: pa.Table) -> None:
    open_ones, overdue = picked(rows, "open"), picked(rows, "overdue")
    others = open_ones.filter(pa.compute.invert(open_ones["in:overdue"]))
    for key, listed in (("overdue", overdue), ("open", others)):
        made.begin(key)
        made.add(text(made.w["bulletins.total"].format(total=f"{len(listed):,}"), "note"))
        if len(listed):
            made.add(_list(made.told, listed.slice(0, MOST_LISTED)))
        made.cut(len(listed), MOST_LISTED)


def _list(told: Told, rows: pa.Table) -> Flowable:
    w, end = told.w, "_en" if told.lang == "en" else ""
    heads = [w[f"column.{key}"] for key in ("order", "title", "region_name", "department_name", "status_text", "reported_text",
                                            "deadline_text")]  # fmt: skip
    cells = [
        [row["order"], row[f"title{end}"], row[f"region_name{end}"], row[f"department_name{end}"],
         w.get(f"status.{row['status']}", row["status"]), told.at(row["reported_at_ms"]), told.at(row["deadline_at_ms"])]
        for row in rows.to_pylist()
    ]  # fmt: skip
    return table(heads, cells, (2.2, 3, 2, 2, 1, 1.7, 1.7), left=7)


def _definitions(made: Paper) -> None:
    told, w = made.told, made.w
    made.begin("definitions")
    rows = []
    for key in told.telling():
        definition = told.content["definitions"][key]
        parts = [told.figure_name(definition[part]) for part in ("numerator", "denominator") if definition[part] is not None]
        formula = " / ".join(parts) if len(parts) > 1 else ""
        rows.append([told.figure_name(key), told.figure_what(key), formula, definition["tag"]])
    heads = [w["bulletins.col.figure"], w["bulletins.col.definition"], w["bulletins.col.fraction"],
             w["bulletins.col.definition_version"]]  # fmt: skip
    made.add(table(heads, rows, (2, 5, 2.6, 2.4), left=4))
