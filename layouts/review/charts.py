"""The map of the chosen rate, the trend, the heat of categories."""

import math
from typing import Any, Final

import plotly.graph_objects as go
from dash import html

from layouts.page_config import json_text
from layouts.review.head import spoken
from layouts.review.pen import COMPARED, Json, Pen, bare, value_of

RATES: Final = (
    "completion_rate", "closure_rate", "on_time_closure_rate", "on_time_dispatch_rate", "on_time_handling_rate",
    "on_time_check_rate", "satisfaction_rate",
)  # fmt: skip
BANDS: Final = ((98, 99), (95, 98), (90, 95), (80, 90), (60, 80))
"""Ends of the lowest and of the middle class of the map, in per cent: the first with at most this share in the lowest."""
LOWEST_SHARE: Final = 0.35
STEPS: Final = 5
DIGIT_PX: Final = 8
SMALL_DIGIT_PX: Final = 7
GAP_PX: Final = 6
ROOMS_PX: Final = {"narrow": 320, "middling": 520, "wide": 760}
"""Widths of a trend, and the class of a column whose number has no room in it."""


def bands(values: list[float]) -> tuple[int, int]:
    """The two ends between the classes: so high that they tell the units apart, so low that not all are in the lowest."""
    for low, high in BANDS:
        if sum(value < low for value in values) <= LOWEST_SHARE * len(values):
            return low, high
    return BANDS[-1]


def band_of(told: Json, ends: tuple[int, int]) -> int | None:
    """1 below, 2 between, 3 above, 4 nothing missing; None without a base."""
    value = value_of(told)
    if value is None:
        return None
    return 4 if told["numerator"] == told["denominator"] else 1 if value < ends[0] else 2 if value < ends[1] else 3


def city_map(pen: Pen) -> list[Any]:
    """The regions below, or those beside a region that has none, by the class of their rate; a legend that counts them."""
    below = pen.data["regions"]
    rows = below or pen.data["peers"]
    ends = bands([value for row in rows if (value := value_of(row["figures"][pen.rate])) is not None])
    classes = {row["key"]: band_of(row["figures"][pen.rate], ends) for row in rows}
    told = {
        "level": pen.data["child_level_key"] if below else pen.data["own_level_key"],
        "here": pen.data["region"],
        "regions": [_shape(pen, row, classes[row["key"]]) for row in rows],
    }
    words = pen.words
    names = (words["review.below"].format(n=ends[0]), f"{ends[0]}–{ends[1]}", words["review.above"].format(n=ends[1]), "100.00")
    legend = [
        html.Span([html.I(className=f"band{n}"), f"{name} ", html.B(sum(of == n for of in classes.values()))])
        for n, name in enumerate(names, 1)
    ]
    without = sum(of is None for of in classes.values())
    if without:
        legend.append(html.Span([html.I(className="band0"), f"{words['review.no_base']} ", html.B(without)]))
    rates = [
        html.A(words[f"figure.{rate}"], href=pen.here(rate=rate, sort=None), title=pen.what(rate),
               **({"aria-current": "true", "className": "on"} if rate == pen.rate else {}))
        for rate in RATES
    ]  # fmt: skip
    return [
        html.Nav(rates, className="segments review-rates", **{"aria-label": words["review.rate"]}),
        html.Div(
            className="review-map", **{"data-panel": "reviewmap", "data-map": json_text(told), "aria-label": words["map"]}
        ),
        html.Div(legend, className="review-legend"),
    ]


def _shape(pen: Pen, row: Json, band: int | None) -> Json:
    told = row["figures"][pen.rate]
    return {
        "code": row["key"],
        "name": row["name"],
        "band": band or 0,
        "shown": bare(told),
        "value": value_of(told),
        "num": told["numerator"],
        "den": told["denominator"],
        "figure": pen.rate,
        "href": pen.here(region=row["key"]),
        "orders": pen.orders(row["filters"], pen.rate, "den"),
        "title": f"{row['name']}\n{pen.title(pen.rate, told['numerator'], told['denominator'])}",
    }


# the trend


def trend_title(pen: Pen) -> list[Any]:
    """What the bars and the line are."""
    unit, kind = pen.data["trend"]["unit"], pen.data["chosen"]["compare"]
    words = pen.words
    then = any(point["base"] and point["base"]["accepted"]["numerator"] for point in pen.data["trend"]["points"])
    base = html.Span([html.I(className="line"), words[COMPARED[kind]]], className="t3") if then else None
    return [
        html.H2(words[f"review.per.{unit}"]),
        html.Span([words["figure.accepted"], " · ", spoken(pen)], className="t3"),
        base,
    ]


def bare_figure() -> go.Figure:
    """Axes without anything: the columns beside the graph say what is on them."""
    axis = {"visible": False, "fixedrange": True}
    return go.Figure(
        layout={
            "template": go.layout.Template(), "barmode": "overlay", "showlegend": False, "uirevision": "trend",
            "margin": {"l": 0, "r": 0, "t": 4, "b": 0}, "xaxis": axis, "yaxis": axis,
        }
    )  # fmt: skip


def trend_figure(pen: Pen) -> go.Figure:
    """Bars of what was accepted, the unfinished one by itself, and a line of the base. Colours are the style sheet's."""
    points = pen.data["trend"]["points"]
    at = list(range(len(points)))
    values = [point["figures"]["accepted"]["numerator"] for point in points]
    base = [point["base"]["accepted"]["numerator"] if point["base"] else None for point in points]
    whole = [value if point["whole"] else None for value, point in zip(values, points, strict=True)]
    part = [None if point["whole"] else value for value, point in zip(values, points, strict=True)]
    top = max([*values, *(value for value in base if value is not None), 1])
    figure = bare_figure()
    figure.add_traces(
        [
            go.Bar(x=at, y=whole, width=0.78, hoverinfo="skip"),
            go.Bar(x=at, y=part, width=0.78, hoverinfo="skip"),
            go.Scatter(x=at, y=base if any(base) else [], mode="lines+markers", hoverinfo="skip", connectgaps=False),
        ]
    )
    figure.update_xaxes(range=[-0.5, max(len(points), 1) - 0.5])
    figure.update_yaxes(range=[0, top * 1.04])
    return figure


def trend_columns(pen: Pen) -> list[Any]:
    """Over each bar its number, under it its name and its rate; the whole column is a link."""
    points = pen.data["trend"]["points"]
    if not points:
        return [html.P(pen.words["empty.trend"], className="empty")]
    counts = (len(point["figures"]["accepted"]["shown"]) for point in points)
    rates = (len(bare(point["figures"][pen.rate])) for point in points)
    widest_px = max(DIGIT_PX * max(counts), SMALL_DIGIT_PX * max(rates)) + GAP_PX
    every = {kind: math.ceil(len(points) * widest_px / width_px) for kind, width_px in ROOMS_PX.items()}
    top = max(1, *(point["figures"]["accepted"]["numerator"] for point in points))
    return [
        _column(pen, point, " ".join(kind for kind, step in every.items() if number % step), number, top)
        for number, point in enumerate(points)
    ]


def _column(pen: Pen, point: Json, unnamed: str, number: int, top: int) -> html.Div:
    told, rate = point["figures"]["accepted"], point["figures"][pen.rate]
    window = point["key"] if point["key"] == point["to"] else f"{point['key']} – {point['to']}"
    bar = pen.order_link(told, "accepted", point["filters"], className="review-bar")
    bar.title = f"{window}\n{bar.title}"
    return html.Div(
        [
            html.Span(bar, **pen.marks("accepted", told)),
            html.Span(_tick(pen, point["key"], number), className="review-day"),
            pen.figure(rate, pen.rate, point["filters"], html.Span, className="review-day-rate"),
        ],
        className=unnamed,
        style={"--share": f"{told['numerator'] / top:.4f}"},  # what a print draws its bars by: the graph keeps its width there
    )


def _tick(pen: Pen, day: str, number: int) -> str:
    unit = pen.data["trend"]["unit"]
    if unit == "month":
        month = int(day[5:7])
        return f"{day[2:4]}-{day[5:7]}" if pen.data["period"]["unit"] in ("all", "days") else pen.words[f"review.tick.{month}"]
    return day[5:] if number == 0 or day.endswith("-01") or unit == "week" else day[8:]


# the heat


def heat(pen: Pen) -> list[Any]:
    """Categories by region or time: the darker, the more; every cell opens its orders."""
    data, words = pen.data["heat"], pen.words
    ways = [
        html.A(words[f"review.heat.{way}"] if way == "time" else pen.data["child_level"], href=pen.here(heat=way),
               **({"aria-current": "true", "className": "on"} if way == data["by"] else {}))
        for way in ("region", "time") if way == "time" or pen.data["child_level"]
    ]  # fmt: skip
    more = [words["review.more_rows"].format(n=data["more"]["rows"])] if data["more"]["rows"] else []
    more += [words["review.more_columns"].format(n=data["more"]["columns"])] if data["more"]["columns"] else []
    title = html.Div(
        [
            html.Div(
                [html.H2(words["review.heat"]), html.Span([words["figure.reported"], " · ".join(["", *more])], className="t3")],
                className="both",
            ),
            html.Div(ways, className="segments", role="group", **{"aria-label": words["review.heat"]}),
        ],
        className="review-title",
    )
    if not data["rows"]:
        return [title, html.P(words["empty.orders"], className="empty")]
    return [
        title,
        html.Div(
            _heat_table(pen, data),
            className="review-scroll",
            tabIndex="0",
            role="region",
            **{"aria-label": words["review.heat"]},
        ),
    ]


def _heat_table(pen: Pen, data: Json) -> html.Table:
    largest = max((cell["n"] for row in data["cells"] for cell in row), default=1) or 1
    heads = [html.Th(_column_name(pen, data, column), scope="col", title=column["name"]) for column in data["columns"]]
    body = [
        html.Tr(
            [
                html.Th(_category(pen, row), scope="row", className="name"),
                _count(pen, row["n"], row["filters"], "sum"),
                *(_count(pen, cell["n"], cell["filters"], f"heat{_step(cell['n'], largest)}") for cell in cells),
            ]
        )
        for row, cells in zip(data["rows"], data["cells"], strict=True)
    ]
    whole = [_count(pen, column["n"], column["filters"], "sum") for column in data["columns"]]
    total = pen.data["figures"]["reported"]
    foot = html.Tr(
        [
            html.Th(pen.words["statistics.all"], scope="row", className="name"),
            _count(pen, total["numerator"], pen.data["filters"], "sum"),
            *whole,
        ]
    )
    first = [
        html.Th(pen.words["by.category"], scope="col", className="name"),
        html.Th(pen.words["statistics.all"], scope="col"),
    ]
    return html.Table([html.Thead(html.Tr(first + heads)), html.Tbody(body), html.Tfoot(foot)], className="review-heat")


def _category(pen: Pen, row: Json) -> Any:
    shown = row["name"] or pen.words["statistics.none"]
    return (
        html.A(shown, href=pen.here(category=row["key"], by=None), title=shown)
        if row["key"]
        else html.Span(shown, className="t3")
    )


def _column_name(pen: Pen, data: Json, column: Json) -> Any:
    if data["by"] == "region":
        shown = pen.short(column["key"], column["name"]) or pen.words["outside"]
        return (
            html.A(shown, href=pen.here(region=column["key"])) if column["key"] and "direct" not in column["filters"] else shown
        )
    return column["name"][2:7] if data["unit"] == "month" else column["name"][5:]


def _step(n: int, largest: int) -> int:
    """0 for nothing, then STEPS steps of equal width in the root, so that the many small cells differ too."""
    return math.ceil(STEPS * math.sqrt(n / largest)) if n else 0


def _count(pen: Pen, n: int, filters: Json, kind: str) -> html.Td:
    told = {"numerator": n, "denominator": None, "shown": f"{n:,}"}
    if not n:
        return html.Td("·", className=f"{kind} t3")
    return html.Td(pen.order_link(told, "reported", filters), className=kind, **pen.marks("reported", told))
