"""`/statistics`: totals, on time and late by region, department, channel, category, month; every number opens its orders."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dash import html

from config.city_model import City
from domain.calendar import PERIODS
from domain.rates import signed
from layouts import hotline, ids, proof
from layouts.parts import Words, status_bar, top_bar

Json = dict[str, Any]

GROUPINGS = ("region", "department", "source", "category", "kind", "holder_level", "reporter", "handler", "month")
VIEWS = {
    "closing": (
        "reported", "closed", "closed_on_time", "closed_late", "open", "overdue", "closure_rate", "on_time_closure_rate",
    ),
    "stages": (
        "dispatched", "handled", "handled_on_time", "handled_late", "handle_overdue", "returned_ever", "reworked",
        "on_time_dispatch_rate", "on_time_handling_rate", "on_time_check_rate", "rework_rate",
    ),
    "care": (
        "called_back", "satisfied", "unsatisfied", "yellow_carded", "red_carded", "passed_on", "deferred", "rerouted",
        "satisfaction_rate", "rerouted_rate", "patrol_share",
    ),
    "hotline": (
        "hotline_orders", "hotline_valid", "hotline_praise", "hotline_completion_rate", "hotline_on_time_rate",
        "hotline_dispatch_rate", "hotline_sign_rate", "hotline_called_back", "hotline_response_rate", "hotline_solution_rate",
        "hotline_satisfaction_rate", "hotline_pleased_rate",
    ),
}  # fmt: skip
"""What the table shows: closing, the stages on the way, and supervision with what people say of it, the hotline."""

COMPARED = {"previous": "term.period_on_period", "year": "term.year_on_year"}


def view_of(params: Mapping[str, str]) -> str:
    """The view that an address asks for; the first one where it asks for none that there is."""
    return params["view"] if params.get("view") in VIEWS else next(iter(VIEWS))


def build(city: City, lang: str, words: Words, params: Mapping[str, str], data: Json) -> html.Div:
    """`data`: `dashboard.query.indicators_of` of the view, by one of GROUPINGS, with `compare`, and the hotline's card with its
    own view; `params`: the address's.
    """
    return html.Div(
        [
            top_bar(city, words, lang, "statistics"),
            html.Div(
                [
                    html.Nav(_path(city, lang, params, data), className="path", **{"aria-label": words["crumbs"]}),
                    _choices("by", GROUPINGS, data["by"], params, lang, {key: words[f"by.{key}"] for key in GROUPINGS}),
                    _choices("view", tuple(VIEWS), view_of(params), params, lang, {v: words[f"view.{v}"] for v in VIEWS}),
                    _choices("period", PERIODS, _period(params), params, lang, {p: words[f"period.{p}"] for p in PERIODS}),
                    html.Span(proof.as_of(city, words, data["as_of_ms"]), className="t3"),
                ],
                className="statistics-head",
            ),
            html.Div(
                [
                    hotline.card(city, words, lang, data["hotline"]) if "hotline" in data else None,
                    _table(city, lang, words, params, data),
                ],
                className="statistics-body",
            ),
            status_bar(words, lang, _address(params)),
        ],
        id=ids.STATISTICS,
        className="statistics desk-page",
        **{"data-tables": "none", "data-page": "statistics"},
    )


def _address(params: Mapping[str, str], **changes: str) -> str:
    kept = {key: value for key, value in {**params, **changes}.items() if value and key != "as_of"}
    return "/statistics?" + urlencode(kept)


def _period(params: Mapping[str, str]) -> str:
    return "custom" if "from" in params or "to" in params else params.get("period", "all")


def _path(city: City, lang: str, params: Mapping[str, str], data: Json) -> list[Any]:
    if data["region"] not in city.regions:
        return [html.Span(data["region_name"])]
    steps: list[Any] = []
    for code in city.path(data["region"]):
        region = city.regions[code]
        name = (region.name_en or region.name) if lang == "en" else region.name
        steps += [html.A(name, href=_address(params, region=code, by="region")), html.Span("›", className="t3")]
    return steps[:-1]


def _choices(
    name: str, keys: tuple[str, ...], chosen: str, params: Mapping[str, str], lang: str, labels: Mapping[str, str]
) -> html.Div:
    """Pills of which one is on. A named period takes the place of a window of one's own."""
    rest = {key: value for key, value in params.items() if not (name == "period" and key in ("from", "to"))}
    return html.Div(
        [
            html.A(
                labels[key],
                href=_address({**rest, "lang": lang}, **{name: key}),
                className="pill on" if key == chosen else "pill",
                **({"aria-current": "true"} if key == chosen else {}),
            )
            for key in keys
        ],
        className="pills",
    )


def _table(city: City, lang: str, words: Words, params: Mapping[str, str], data: Json) -> html.Table:
    keys = VIEWS[view_of(params)]
    head = [html.Th(words[f"by.{data['by']}"], scope="col")]
    head += [html.Th(words[f"figure.{key}"], scope="col", title=words[f"figure.{key}.what"]) for key in keys]
    total = html.Tr([html.Th(words["statistics.all"], scope="row"), *_cells(city, words, data, lang, keys)], className="sum")
    rows = [
        html.Tr(
            [html.Th(_name(group, words, params, data["by"]), scope="row"), *_cells(city, words, group, lang, keys)],
            **{"data-group": group["key"]},
        )
        for group in data["groups"]
    ]
    body = [total, *_compared(city, lang, words, data, keys), *rows]
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="figures")


def _compared(city: City, lang: str, words: Words, data: Json, keys: tuple[str, ...]) -> list[html.Tr]:
    """How the totals differ from the period before and from a year before: counts in per cent, rates in points.

    Each opens what it is compared with, as that stood then.
    """
    rows = []
    for kind, word in COMPARED.items():
        base = (data.get("compare") or {}).get(kind)
        if base is None:
            continue
        window = {"from": base["from_ms"], "to": base["to_ms"], "known": data["as_of_ms"]}
        then = {**data, "filters": data["filters"] | window}
        told, at_ms = base["figures"], base["as_of_ms"]
        cells = [_cell(city, words, lang, key, then, _change(words, told[key]), told[key], at_ms) for key in keys]
        rows.append(html.Tr([html.Th(words[word], scope="row"), *cells], className="compared", **{"data-compare": kind}))
    return rows


def _change(words: Words, told: Json) -> str:
    """+446.20 %, −1.25 points; a dash where there is no base."""
    number = told["points"] if told["denominator"] is not None else told["change"]
    if number is None:
        return "—"
    text = signed(number)
    return words["points"].format(n=text) if told["denominator"] is not None else f"{text} %"


def _name(group: Json, words: Words, params: Mapping[str, str], by: str) -> Any:
    name = group["name"] or words["statistics.none"]
    if by == "region" and group["key"] and "direct" not in group["filters"]:
        return html.A(name, href=_address(params, region=group["key"]))
    return name


def _cells(city: City, words: Words, group: Json, lang: str, keys: tuple[str, ...]) -> list[Json]:
    figures = group["figures"]
    return [_cell(city, words, lang, key, group, figures[key]["shown"], figures[key], figures[key]["as_of_ms"]) for key in keys]


def _cell(city: City, words: Words, lang: str, key: str, group: Json, text: str, figure: Json, as_of_ms: int) -> Json:
    """A figure of a group, which opens exactly its orders; of a rate, those that it is a part of.

    As the plain values that a component is sent as: making thousands of components would take longer than counting.
    """
    num, den = figure["numerator"], figure["denominator"]
    link = _plain("A", text, href=proof.orders(group["filters"], key, den, as_of_ms, lang))
    return _plain("Td", link, **proof.told(city, words, key, num, den, as_of_ms, figure.get("weights", ())))


def _plain(kind: str, children: Any, **props: str) -> Json:
    return {"namespace": "dash_html_components", "type": kind, "props": {"children": children, **props}}
