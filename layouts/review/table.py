"""The table of units by which the review is read, and under a short one the open orders themselves."""

import math
from typing import Any, Final
from urllib.parse import quote

from dash import html

from layouts.parts import with_lang
from layouts.review.pen import Json, Pen, value_of

SECOND: Final = "on_time_closure_rate"
BYS: Final = ("region", "department", "category", "source", "month")
NEAR: Final = 40
FEW_ROWS: Final = 12
LIGHTS: Final = {"red": "■", "yellow": "▲", "green": "●"}


def ends(values: list[float]) -> tuple[float, float]:
    """Both ends of an axis that these rates lie on, in per cent: cut below, and above where none comes near the whole."""
    if not values:
        return 0.0, 100.0
    low, high = min(values), max(values)
    step = next(step for step in (0.5, 1, 2, 5, 10, 20) if (high - low) / step <= 8 or step == 20)
    top = 100.0 if high > 90 or high + 2 * step >= 100 else math.ceil(high / step + 0.5) * step
    return max(math.floor(low / step - 0.5) * step, 0.0), top


def table(pen: Pen) -> list[Any]:
    """Head with the ways to group, and the rows; every number opens its orders, every name leads down."""
    data, by = pen.data, pen.data["chosen"]["by"]
    keys = [by_ for by_ in BYS if by_ != "region" or data["child_level"]]
    links = [
        html.A(
            _by_name(pen, key),
            href=pen.here(by=key, sort=None),
            **({"aria-current": "true", "className": "on"} if key == by else {}),
        )
        for key in keys
    ]
    rates = [pen.rate, *([SECOND] if pen.rate != SECOND else [])]
    note = (
        pen.words["review.sorted"].format(t=pen.words[f"figure.{pen.rate}"])
        if data["chosen"]["sort"] == "rate" and by != "month"
        else ""
    )
    rows = [_row(pen, row, rates) for row in data["groups"]]
    return [
        html.Div(
            [
                html.Div(links, className="segments", role="group", **{"aria-label": pen.words["review.by"]}),
                html.Span(" · ".join(filter(None, (note, pen.words["review.click"]))), className="t3 review-note"),
            ],
            className="review-title",
        ),
        html.Div(
            html.Table(
                [html.Thead(_heads(pen, rates)), html.Tbody(rows or _nothing(pen, 7 + 2 * len(rates)))],
                className="review-table",
            ),
            className="review-scroll",
            tabIndex="0",
            role="region",
            **{"aria-label": _by_name(pen, by)},
        ),
        *(_pressing(pen) if len(rows) <= FEW_ROWS else []),
    ]


def _pressing(pen: Pen) -> list[Any]:
    """Under a short table: the open orders themselves, the most overdue first, each the way to its page."""
    told, still = pen.data["pressing"], pen.data["figures"]["open"]
    link = pen.order_link(still, "open", pen.data["filters"], pen.words["all_n"].format(n=still["shown"]), className="link")
    title = html.Div(
        [html.H2(pen.words["review.pressing"]), html.Span(link, **pen.marks("open", still))],
        className="review-title review-pressing-title",
    )
    if not told["items"]:
        return [title, html.P(pen.words["review.pressing.none"], className="empty")]
    rows = [_order_row(pen, item) for item in told["items"]]
    return [title, html.Div(html.Table(html.Tbody(rows), className="review-orders"), className="review-scroll")]


def _order_row(pen: Pen, item: Json) -> html.Tr:
    light = item["light"] or "green"
    tone = {"red": "bad", "yellow": "warn", "green": "ok"}[light]
    page = with_lang(f"/order/{quote(item['order'], safe='')}", pen.lang)
    return html.Tr(
        [
            html.Td([html.Span(LIGHTS[light], className=tone), html.Span(f" {pen.words[f'light.{light}']}")], className="name"),
            html.Th(html.A(item["title"], href=page), scope="row", className="name"),
            html.Td(item["place"], className="name t3"),
            html.Td(item["department_name"], className="name t3"),
            html.Td(pen.words[f"status.{item['status']}"], className="name t3"),
            html.Td(_limit(pen, item), className="bad" if light == "red" else "t3"),
        ]
    )


def _limit(pen: Pen, item: Json) -> str:
    if item["red_at_ms"] is None:
        return "—"
    at = pen.clock(item["red_at_ms"])
    return pen.words["limit.marked"].format(t=at) if item["provisional"] else at


def _by_name(pen: Pen, by: str) -> str:
    name: str = pen.data["child_level"] if by == "region" and pen.data["child_level"] else pen.words[f"by.{by}"]
    return name


def _nothing(pen: Pen, columns: int) -> html.Tr:
    return html.Tr(html.Td(pen.words["empty.orders"], colSpan=columns, className="empty"))


def _heads(pen: Pen, rates: list[str]) -> html.Tr:
    words = pen.words
    scored = any(row["score"] for row in pen.data["groups"])
    cells: list[Any] = [
        html.Th(words["review.rank"], scope="col"),
        html.Th(_by_name(pen, pen.data["chosen"]["by"]), scope="col", className="name"),
    ]
    cells += [
        _sortable(pen, "accepted", "accepted"),
        html.Th(words["figure.closed"], scope="col", title=pen.what("closed")),
    ]
    for number, rate in enumerate(rates):
        choose = (
            _rate_head(pen)
            if number == 0
            else html.A(f"{words[f'figure.{rate}']} %", href=pen.here(rate=rate), title=pen.what(rate))
        )
        cells += [html.Th(choose, scope="col"), html.Th(_axis(pen, rate), scope="col", className=f"dots dots{number}")]
        if number == 0:
            cells.append(_sortable(pen, "open", "open"))
    cells.append(_sortable(pen, "overdue", "overdue"))
    if scored:
        cells.append(_sortable(pen, "score", "", words["review.score"]))
    return html.Tr(cells)


def _sortable(pen: Pen, sort: str, key: str, name: str = "") -> html.Th:
    on = pen.data["chosen"]["sort"] == sort
    what = pen.what(key) if key else pen.words["review.score.what"]
    link = html.A(
        [name or pen.words[f"figure.{key}"], " ▾" if on else ""], href=pen.here(sort=None if on else sort), title=what
    )
    return html.Th(link, scope="col", **({"aria-sort": "descending"} if on else {}))


def _rate_head(pen: Pen) -> html.A:
    """The rate by which all is compared; a click sorts by it again. Others are chosen in the list above the map."""
    on = pen.data["chosen"]["sort"] == "rate"
    return html.A(
        [f"{pen.words[f'figure.{pen.rate}']} %", " ▴" if on else ""],
        href=pen.here(sort=None),
        title=pen.what(pen.rate),
    )


def _axis(pen: Pen, rate: str) -> html.Div:
    """Both ends and the rate of all; an end that this would lie upon is left out."""
    low, high, mean = _scale(pen, rate)
    at = None if mean is None else _left(mean, low, high)
    marks: list[Any] = [] if at is not None and at < NEAR else [html.Span(f"{low:g}", className="lo")]
    marks += [] if at is not None and at > 100 - NEAR else [html.Span(f"{high:g}", className="hi")]
    if at is not None:
        marks.append(html.Span(f"{mean:.2f}", className="at", style={"left": f"{min(max(at, 12), 88):.2f}%"}))
    return html.Div(marks, className="review-axis")


def _scale(pen: Pen, rate: str) -> tuple[float, float, float | None]:
    """Ends of the axis of a rate, and the rate of the whole region."""
    values = [value for row in pen.data["groups"] if (value := value_of(row["figures"][rate])) is not None]
    return *ends(values), value_of(pen.data["figures"][rate])


def _left(value: float, low: float, high: float) -> float:
    return 100 * (min(max(value, low), high) - low) / (high - low)


def _row(pen: Pen, row: Json, rates: list[str]) -> html.Tr:
    figures, filters = row["figures"], row["filters"]
    cells: list[Any] = [
        html.Td(
            str(row["rank"]) if row["rank"] else "—", className="t3", title="" if row["rank"] else pen.words["review.unranked"]
        ),
        html.Th(name(pen, row, pen.data["chosen"]["by"]), scope="row", className="name"),
        pen.figure(figures["accepted"], "accepted", filters),
        pen.figure(figures["closed"], "closed", filters),
    ]
    for number, rate in enumerate(rates):
        cells += [pen.figure(figures[rate], rate, filters, className="rate"), _dot(pen, figures[rate], rate, number)]
        if number == 0:
            cells.append(pen.figure(figures["open"], "open", filters))
    cells.append(overdue(pen, figures["overdue"], filters))
    if any(other["score"] for other in pen.data["groups"]):
        cells.append(_score(pen, row["score"]))
    return html.Tr(cells, **{"data-group": row["key"]})


def overdue(pen: Pen, told: Json, filters: Json) -> html.Td:
    """■ and the number, or a dash where nothing is overdue."""
    text = f"■ {told['shown']}" if told["numerator"] else "—"
    return html.Td(
        pen.order_link(told, "overdue", filters, text),
        className="bad" if told["numerator"] else "t3",
        **pen.marks("overdue", told),
    )


def name(pen: Pen, row: Json, by: str) -> Any:
    """The name of a unit, which leads to the same page of that unit."""
    shown = row["name"] or pen.words["outside" if by == "region" else "statistics.none"]
    if by == "region" and row["key"] and "direct" not in row["filters"]:
        return html.A(pen.short(row["key"], shown), href=pen.here(region=row["key"]), title=shown)
    if by == "region" and "direct" in row["filters"]:
        return html.Span(pen.words["review.direct"].format(t=shown), className="t3")
    if by == "month" or not row["key"]:
        ends_of = (
            {"from": row["filters"]["from"], "to": row["filters"]["to"], "period": None, "by": None} if by == "month" else None
        )
        return html.A(shown, href=pen.here(**ends_of)) if ends_of else html.Span(shown, className="t3")
    return html.A(shown, href=pen.here(**{by: row["key"], "by": None}))


def _dot(pen: Pen, told: Json, rate: str, number: int) -> html.Td:
    low, high, mean = _scale(pen, rate)
    value = value_of(told)
    marks: list[Any] = []
    if mean is not None:
        marks.append(html.I(className="mean", style={"left": f"{_left(mean, low, high):.2f}%"}))
    if value is not None:
        marks.append(html.I(className="dot", style={"left": f"{_left(value, low, high):.2f}%"}))
    return html.Td(html.Div(marks, className="review-dots"), className=f"dots dots{number}", **{"aria-hidden": "true"})


def _score(pen: Pen, score: Json | None) -> html.Td:
    if not score or not score["grade"]:
        return html.Td("—", className="t3")
    return html.Td(
        [html.Span(score["shown"]), grade(score["grade"])],
        className="score",
        title=parts_spoken(pen, score),
        **{"data-score": score["shown"]},
    )


def grade(letter: str) -> html.Span:
    """The letter of a grade; its colour repeats it."""
    return html.Span(letter, className=f"review-grade grade-{letter.lower()}")


def parts_spoken(pen: Pen, score: Json) -> str:
    """A score's parts in words: rate, weight, points."""
    lines = []
    for part in score["parts"]:
        points = "—" if part["points"] is None else pen.words["review.points"].format(n=part["points"])
        share = pen.words["review.weight"].format(n=part["weight"])
        lines.append(" · ".join((pen.words[f"figure.{part['figure']}"], part["shown"], share, points)))
    return "\n".join(lines)
