"""`/review`: a region and period as leaders look at them. The page stands; a callback fills its parts by the address.

The parts go to the browser as HTML text (`layouts.markup`), which assets/js/73_review_parts.js puts into the page that stands.
"""

from typing import Any, Final

import plotly.graph_objects as go
from dash import dcc, html

from config.city_model import City
from layouts import ids
from layouts.parts import Words, status_bar, top_bar, with_lang
from layouts.review import best, charts, head, side, table
from layouts.review.pen import Json, Pen

__all__ = ["PARTS", "Json", "Pen", "build", "fault", "filled"]

PARTS: Final = (
    ids.REVIEW_PATH, ids.REVIEW_CONTROLS, ids.REVIEW_FIGURES, ids.REVIEW_SIDE, ids.REVIEW_TABLE, ids.REVIEW_MAP,
    ids.REVIEW_TREND_TITLE, ids.REVIEW_TREND_COLUMNS, ids.REVIEW_HEAT, ids.REVIEW_WORKERS, ids.REVIEW_GRIDS, ids.REVIEW_FOOT,
)  # fmt: skip
"""What `filled` fills."""


def build(city: City, lang: str, words: Words) -> html.Div:
    """The frame with all its places, empty. The graph stays the same one for as long as the page is open."""
    graph = dcc.Graph(
        id=ids.REVIEW_TREND,
        figure=charts.bare_figure(),
        config={"staticPlot": True, "responsive": True},
        style={"height": "100%"},
    )
    return html.Div(
        [
            top_bar(city, words, lang, "review"),
            html.Header([html.Nav(id=ids.REVIEW_PATH, className="review-path", **{"aria-label": words["crumbs"]}),
                         html.Div(id=ids.REVIEW_CONTROLS, className="review-controls")], className="review-head"),
            html.Main(
                [
                    html.Section(id=ids.REVIEW_FIGURES, className="review-figures"),
                    html.Section(id=ids.REVIEW_SIDE, className="review-side"),
                    html.Section(id=ids.REVIEW_TABLE, className="review-middle"),
                    html.Section(
                        [
                            html.Div(id=ids.REVIEW_MAP, className="review-where"),
                            html.Div(id=ids.REVIEW_TREND_TITLE, className="review-title"),
                            html.Div([html.Div(graph, className="review-graph"),
                                      html.Div(id=ids.REVIEW_TREND_COLUMNS, className="review-columns")],
                                     className="review-trend"),
                        ],
                        className="review-right",
                    ),
                    html.Div(
                        [
                            html.Section(id=ids.REVIEW_HEAT, className="review-hot"),
                            html.Section(id=ids.REVIEW_WORKERS, className="review-ten review-workers"),
                            html.Section(id=ids.REVIEW_GRIDS, className="review-ten review-grids"),
                        ],
                        className="review-second",
                    ),
                    html.Footer(id=ids.REVIEW_FOOT, className="review-foot t3"),
                ],
                className="review-main",
            ),
            dcc.Store(id=ids.REVIEW_DATA),
            dcc.Interval(id=ids.REVIEW_TICK, interval=60_000),
            status_bar(words, lang, "/review"),
        ],
        id=ids.REVIEW,
        className="review desk-page",
        **{"data-tables": "none", "data-page": "review", "data-own-theme": "light"},
    )  # fmt: skip


def filled(pen: Pen) -> tuple[dict[str, Any], go.Figure]:
    """The children of each of PARTS, and the figure of the trend."""
    left = [part for part in (side.beside(pen), side.departments(pen), side.stages(pen)) if part]
    children = [
        head.path(pen), head.controls(pen), head.figures(pen), [html.Div(part, className="review-block") for part in left],
        table.table(pen), charts.city_map(pen), charts.trend_title(pen), charts.trend_columns(pen), charts.heat(pen),
        best.best(pen, "worker"), best.best(pen, "grid"), head.sentence(pen),
    ]  # fmt: skip
    return dict(zip(PARTS, children, strict=True)), charts.trend_figure(pen)


def fault(text: str, again: str = "", lang: str = "zh") -> tuple[dict[str, Any], go.Figure]:
    """The same, where there is nothing to show but the reason; `again`: what leads to the page as it is without an address."""
    way_out = [" ", html.A(again, href=with_lang("/review", lang), className="link")] if again else []
    said = html.P(["▲ ", text, *way_out], className="fault review-fault", role="alert")
    return {part: [said] if part == ids.REVIEW_PATH else [] for part in PARTS}, charts.bare_figure()
