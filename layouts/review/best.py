"""The ten best workers and grids (十佳), by the score that the city has set, with the parts of which it is made."""

from typing import Any

from dash import html

from layouts.parts import with_lang
from layouts.review.pen import Json, Pen, bare
from layouts.review.table import grade, parts_spoken


def best(pen: Pen, key: str) -> list[Any]:
    """The table of one ranking; nothing where the city scores no such units."""
    told = pen.data["best"][key]
    if told is None:
        return []
    words = pen.words
    title = html.Div(
        [
            html.H2(words[f"review.best.{key}"]),
            html.Span(words["review.best.what"].format(n=f"{told['of']:,}"), className="t3"),
            html.Span(words["score.example"], className="t3") if told["example"] else None,
        ],
        className="review-title",
    )
    if not told["rows"]:
        return [title, html.P(words["review.best.none"], className="empty")]
    heads = [
        html.Th(words["review.rank"], scope="col"),
        html.Th(words[f"review.{key}"], scope="col", className="name"),
        html.Th(words["review.score"], scope="col"),
    ]
    heads += [_head(pen, part) for part in told["parts"]]
    rows = [_row(pen, key, row) for row in told["rows"]]
    return [
        title,
        html.Div(
            html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="review-best"), className="review-scroll"
        ),
    ]


def _head(pen: Pen, part: Json) -> html.Th:
    name = pen.words[f"figure.{part['figure']}"]
    share = pen.words["review.weight"].format(n=part["weight"])
    turned = pen.words["review.inverted"] if part["inverted"] else ""
    return html.Th(
        [name, html.Span(" ".join(filter(None, (share, turned))), className="t3")],
        scope="col",
        title=pen.what(part["figure"]),
    )


def _row(pen: Pen, key: str, row: Json) -> html.Tr:
    where = with_lang(f"/worker/{row['key']}", pen.lang) if key == "worker" else pen.here(region=row["key"])
    return html.Tr(
        [
            html.Td(row["rank"], className="t3"),
            html.Th(html.A(row["name"] or row["key"], href=where, title=row["name"]), scope="row", className="name"),
            html.Td(
                [html.B(row["shown"]), grade(row["grade"])],
                className="score",
                title=parts_spoken(pen, row),
                **{"data-score": row["shown"]},
            ),
            *(_part(pen, row, part) for part in row["parts"]),
        ],
        **{"data-group": row["key"]},
    )


def _part(pen: Pen, row: Json, part: Json) -> html.Td:
    """What a part was made of; a part without a base is left out of the score, and the others weigh more."""
    told = {"numerator": part["numerator"], "denominator": part["denominator"], "shown": part["shown"]}
    kind = "t3" if bare(told) == "—" else ""
    if part["filters"] is None:
        return html.Td(bare(told), className=kind)
    return pen.figure(told, part["figure"], part["filters"], className=kind)
