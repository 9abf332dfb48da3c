"""The list that a clicked number opens: its orders and no others, their total, the filters that chose them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
from dash import html

from config.city_model import City
from config.settings import Settings
from domain.rates import shown as rate
from layouts import ids, proof
from layouts.parts import Words, status_bar, top_bar

PAGE_ROWS = 100
LIGHT_RULES = {
    name: f"params.data && params.data.light == '{light}'"
    for name, light in (("bad", "red"), ("warn", "yellow"), ("ok", "green"))
}


def build(
    city: City,
    settings: Settings,
    lang: str,
    words: Words,
    params: Mapping[str, str],
    pills: list[tuple[str, str]],
    shown: dict[str, Any],
) -> html.Div:
    """`params`: the address's; `pills`: (parameter, what it says) of each filter; `shown`: `dashboard.proof.proof_of` of it."""
    total = shown["total"]
    here = "/orders?" + urlencode({key: value for key, value in params.items() if key != "lang"})
    return html.Div(
        [
            top_bar(city, words, lang, "orders"),
            html.Div(
                [
                    html.H1(
                        [
                            html.Span(f"{total:,}", id=ids.ORDERS_TOTAL),
                            html.Span(words["orders_unit"], className="unit"),
                        ],
                        className="orders-total",
                        **{"aria-live": "polite"},
                    ),
                    html.Div(
                        [_pill(key, text, params, lang, words) for key, text in pills],
                        id=ids.ORDERS_FILTERS,
                        className="pills",
                    ),
                    *_proof(city, shown, params, lang, words),
                ],
                className="orders-head",
            ),
            dag.AgGrid(
                id=ids.ORDERS_GRID,
                rowModelType="infinite",
                columnDefs=_columns(words),
                defaultColDef={"sortable": False, "resizable": True, "suppressMovable": True},
                dashGridOptions={
                    "cacheBlockSize": PAGE_ROWS,
                    "maxBlocksInCache": 20,
                    "rowHeight": 36,
                    "headerHeight": 34,
                    "rowBuffer": 10,
                    "animateRows": False,
                    "suppressCellFocus": False,
                    "infiniteInitialRowCount": max(total, 1),
                    "localeText": {"noRowsToShow": words["empty.orders"], "loadingOoo": "…"},
                    "tooltipShowDelay": 400,
                },
                className="ag-theme-gridhall",
                style={"height": "100%", "width": "100%"},
                getRowId="params.data.order",
            ),
            status_bar(words, lang, here),
        ],
        id=ids.ORDERS,
        className="orders desk-page",
        **{"data-tables": "none", "data-page": "orders"},
    )


def _pill(key: str, text: str, params: Mapping[str, str], lang: str, words: Words) -> html.A:
    """A filter; its cross takes it (and what belongs to it) out of the address."""
    gone = {"figure": ("figure", "part"), "period": ("period", "from", "to")}.get(key, (key,))
    rest = {name: value for name, value in params.items() if name not in gone} | {"lang": lang}
    return html.A(
        [text, html.Span("×", **{"aria-hidden": "true"})],
        href="/orders?" + urlencode(rest),
        className="pill on",
        title=words["filter.remove"],
    )


def _proof(city: City, shown: dict[str, Any], params: Mapping[str, str], lang: str, words: Words) -> list[Any]:
    """What the figure is, its two parts of which either can be listed, and as of when."""
    now = {key: value for key, value in params.items() if key not in ("as_of", "known")} | {"lang": lang}
    return [
        *_parts(city, shown, params, lang, words),
        html.Span(proof.definition(words, shown["figure"]), className="t2"),
        html.Span(proof.as_of(city, words, shown["as_of_ms"]), className="t3"),
        html.A(words["proof.now"], href="/orders?" + urlencode(now), className="link") if shown["past"] else None,
        html.Span(words["proof.estimated"], className="warn") if not shown["exact"] else None,
    ]


def _parts(city: City, shown: dict[str, Any], params: Mapping[str, str], lang: str, words: Words) -> list[Any]:
    """The numerator and the denominator of a rate, the one that is listed marked."""
    key, num, den, at_ms = shown["figure"], shown["numerator"], shown["denominator"], shown["as_of_ms"]
    if den is None:
        return []
    rest = {name: value for name, value in params.items() if name not in ("figure", "part", "as_of", "lang")}

    def pill(part: str, n: int) -> html.A:
        on = {"aria-current": "true", "className": "pill on"} if part == shown["part"] else {"className": "pill"}
        href = proof.orders(rest, key, den, at_ms, lang, part)
        return html.A(f"{words[f'proof.{part}']} {n:,}", href=href, **on, **proof.told(city, words, key, num, den, at_ms))

    both = [pill("num", num), pill("den", den)]
    parts = html.Div(both, className="pills", role="group", **{"aria-label": words["proof.parts"]})
    return [parts, html.B(rate(num, den))]


def _columns(words: Words) -> list[dict[str, Any]]:
    def column(field: str, width: int, **more: Any) -> dict[str, Any]:
        return {"field": field, "headerName": words[f"column.{field}"], "width": width, **more}

    return [
        column("light_text", 122, cellClassRules=LIGHT_RULES),
        column("order", 222, cellRenderer="OrderLink"),
        column("title", 190, flex=1, minWidth=190, tooltipField="title"),
        column("category_name", 170, tooltipField="category_name"),
        column("region_name", 220, tooltipField="region_name"),
        column("department_name", 180, tooltipField="department_name"),
        column("source", 130),
        column("status_text", 110),
        column("reported_text", 150),
        column("deadline_text", 150),
        column("closed_text", 150),
        column("on_time_text", 90),
    ]
