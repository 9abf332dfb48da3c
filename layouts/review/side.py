"""The column at the left of the review: the regions beside this one, the departments, how long the stages take."""

from typing import Any, Final
from urllib.parse import urlencode

from dash import html

from layouts.review.pen import Json, Pen
from layouts.review.table import name

MOST_BESIDE: Final = 12
MOST_BELOW: Final = 10
MOST_DEPARTMENTS: Final = 12


def beside(pen: Pen) -> list[Any]:
    """The regions beside this one, and the lowest of those below it; nothing at the top."""
    peers, here = pen.data["peers"], pen.data["region"]
    if not peers:
        return []
    at = next((number for number, row in enumerate(peers) if row["key"] == here), 0)
    first = max(min(at - MOST_BESIDE // 2, len(peers) - MOST_BESIDE), 0)
    rows: list[Any] = []
    for row in peers[first : first + MOST_BESIDE]:
        rows.append(_tree_row(pen, row, "on" if row["key"] == here else ""))
        if row["key"] == here:
            rows += [_tree_row(pen, below, "below") for below in pen.data["regions"][:MOST_BELOW]]
            if len(pen.data["regions"]) > MOST_BELOW:
                rows.append(html.P(pen.words["more_n"].format(n=len(pen.data["regions"]) - MOST_BELOW), className="t3 below"))
    if len(peers) > MOST_BESIDE:
        rows.append(html.P(pen.words["more_n"].format(n=len(peers) - MOST_BESIDE), className="t3"))
    return [_title(pen.data["level"], f"{pen.words[f'figure.{pen.rate}']} %"), *rows]


def _title(text: str, note: str = "") -> html.Div:
    return html.Div([html.H2(text), html.Span(note, className="t3")], className="review-title")


def _tree_row(pen: Pen, row: Json, kind: str) -> html.Div:
    told = row["figures"][pen.rate]
    still = (
        pen.words["open_short"].format(n=row["figures"]["open"]["shown"])
        if kind != "below"
        else row["figures"]["open"]["shown"]
    )
    return html.Div(
        [
            html.A(
                pen.short(row["key"], row["name"]),
                href=pen.here(region=row["key"]),
                className="name",
                **({"aria-current": "true"} if kind == "on" else {}),
            ),
            pen.figure(told, pen.rate, row["filters"], html.Span, className="rate"),
            html.Span(
                pen.order_link(row["figures"]["open"], "open", row["filters"], still),
                className="t3",
                **pen.marks("open", row["figures"]["open"]),
            ),
        ],
        className=f"review-tree {kind}",
    )


def departments(pen: Pen) -> list[Any]:
    """Departments by the rate, with what is still open and the cards given in the period."""
    heads = html.Div(
        [
            html.Span(),
            html.Span("%"),
            html.Span(pen.words["open"]),
            html.Span(pen.words["review.cards"]),
        ],
        className="review-unit review-heads",
    )
    units = pen.data["departments"]
    rows: list[Any] = [_department(pen, row) for row in units[:MOST_DEPARTMENTS]]
    if len(units) > MOST_DEPARTMENTS:
        more = pen.words["more_n"].format(n=len(units) - MOST_DEPARTMENTS)
        rows.append(html.P(html.A(more, href=pen.here(by="department")), className="t3"))
    link = html.A(pen.words["cards.title"], href=_cards(pen), className="link")
    empty = html.P(pen.words["empty.dept"], className="empty")
    title = [
        html.H2(pen.words["department"]),
        html.Span(f"{pen.words[f'figure.{pen.rate}']} %", className="t3"),
        link,
    ]
    return [html.Div(title, className="review-title"), heads, *(rows or [empty])]


def _cards(pen: Pen, department: str = "") -> str:
    cards = pen.data["cards"]
    given = {
        "region": pen.data["region"],
        "from": cards["from_ms"] or None,
        "to": cards["to_ms"],
        "department": department,
        "lang": pen.lang,
    }
    if not cards["from_ms"] and not cards["to_ms"]:
        given["period"] = "all"
    return "/cards?" + urlencode({key: value for key, value in given.items() if value})


def _department(pen: Pen, row: Json) -> html.Div:
    figures, cards = row["figures"], row["cards"] or {}
    given = [
        html.Span(f"{sign} {cards[colour]}", className=tone)
        for sign, colour, tone in (("■", "red", "bad"), ("▲", "yellow", "warn"))
        if cards.get(colour)
    ]
    return html.Div(
        [
            html.Span(name(pen, row, "department"), className="name"),
            pen.figure(figures[pen.rate], pen.rate, row["filters"], html.Span, className="rate"),
            pen.figure(figures["open"], "open", row["filters"], html.Span, className="t3"),
            html.A(given or "—", href=_cards(pen, row["key"]), className="review-cards", title=pen.words["cards.title"]),
        ],
        className="review-unit",
    )


def stages(pen: Pen) -> list[Any]:
    """How long the stages took in working time: half within, nine in ten within, and how many kept their limit."""
    words = pen.words
    rows = [row for row in pen.data["stages"] if row["n"] or (row["kept"] and row["kept"]["denominator"])]
    names = (words["review.left"], "P50", "P90", words["review.in_time"])
    heads = html.Div([html.Span(), *map(html.Span, names)], className="review-stage review-heads")
    empty = html.P(words["empty.orders"], className="empty")
    return [
        _title(words["review.stages"], words["review.stages.what"]),
        *([heads, *(_stage(pen, row) for row in rows)] if rows else [empty]),
    ]


def _stage(pen: Pen, row: Json) -> html.Div:
    """`left` opens those that left the stage; a time without its number would say nothing (C3)."""
    left = {"numerator": row["left"], "denominator": None, "shown": f"{row['left']:,}"}
    kept = row["kept"]
    timed = pen.words["review.timed"].format(n=f"{row['n']:,}", t=pen.hours(row["mean_s"]))
    return html.Div(
        [
            html.Span(pen.words[f"review.stage.{row['stage']}"], className="name"),
            pen.figure(left, "reported", row["filters"], html.Span),
            html.Span(pen.hours(row["median_s"]), className="t1", title=timed),
            html.Span(pen.hours(row["p90_s"]), title=timed),
            html.Span("—") if kept is None else pen.figure(kept, kept["key"], row["filters"], html.Span, className="rate"),
        ],
        className="review-stage",
    )
