"""Small pieces that several screens are made of."""

from typing import Any

import dash_leaflet as dl
from dash import dcc, html

from config.city_model import City
from config.settings import Settings
from layouts.page_config import bounds

Words = dict[str, str]


def sign(name: str, **more: Any) -> html.Span:
    """A slot that the scripts fill with a sign: light-red, order-yellow, worker-full-moving, stage-done-2 …"""
    return html.Span(**{"data-sign": name}, **more)


def fmt(kind: str, value: Any, **more: Any) -> html.Span:
    """A value that the scripts write in the city's zone and the page's language: hms, moment, duration, metres, ago, left …"""
    if value is None:
        return html.Span("—", **more)
    return html.Span(**{"data-fmt": kind, "data-value": str(value)}, **more)


def left(order: dict[str, Any], **more: Any) -> html.Span:
    """What is left of an order's limit, with its mark where the limit is provisional."""
    marked = {"data-provisional": "1"} if order["provisional"] else {}
    return fmt("left", order["deadline_at_ms"], **marked, **more)


def channel(words: Words, name: str) -> str:
    """The way by which an order came, in the page's language where the catalogue knows it."""
    return words.get(f"channel.{name}", name)


def order_mark(row: dict[str, Any]) -> str:
    """The sign of an order in a list: its light while it is open, a tick when the work is done, else an empty ring."""
    return f"order-{row['light']}" if row["light"] else "stage-done" if row["closed"] else "light-none"


def percent(value: float | None) -> str:
    """63 → 63%."""
    return "—" if value is None else f"{value:.0f}%"


def panel(name: str, title: str, age: str | None, *, size: str = "grow", base: str = "") -> html.Section:
    """A panel's frame (title, base, age, body); its body is drawn by assets/js/panels/<name>.js from the figures."""
    head = [html.H2(title, className="panel-title"), html.Span(base, className="panel-base")]
    if age:
        head.append(html.Span(className="age", **{"data-age": age}))
    return html.Section(
        [html.Div(head, className="panel-head"), html.Div("—", className="panel-body")],
        className=f"panel {name} {size}" + (" bars" if name in ("source", "cat") else ""),
        **{"data-panel": name, "aria-label": title},
    )


def city_map(map_id: str, city: City, settings: Settings, words: Words, **more: Any) -> html.Div:
    """The Leaflet map in its frame with the tile servers of the settings in WGS-84; the scripts draw everything else on it.

    Tile servers in GCJ-02 are not here: the scripts add them, shifted onto WGS-84.
    """
    box = bounds(city, city.root)
    view: dict[str, Any] = {"bounds": box} if box else {"center": [35, 105], "zoom": 4}
    layers = [
        dl.TileLayer(
            url=tiles.url,
            attribution=tiles.attribution,
            maxZoom=22,
            maxNativeZoom=tiles.max_zoom,
            minZoom=tiles.min_zoom,
            **({"subdomains": tiles.subdomains} if tiles.subdomains else {}),
        )
        for tiles in settings.tiles
        if tiles.datum == "wgs84"
    ]
    attribution = any(tiles.attribution for tiles in settings.tiles)
    return html.Div(
        [
            dl.Map(
                [
                    *layers,
                    dl.ZoomControl(position="topright"),
                ],
                id=map_id,
                zoomControl=False,
                attributionControl=attribution,
                preferCanvas=True,
                zoomSnap=0.25,
                wheelPxPerZoomLevel=90,
                maxZoom=20,
                trackViewport=False,
                style={"width": "100%", "height": "100%"},
                **view,
                **more,
            )
        ],
        className="map-frame",
        role="application",
        **{"aria-label": words["map"]},
    )


def search_box(words: Words, search_id: str, asked_id: str, results_id: str) -> html.Div:
    """The search dialog: a field and a list that a callback fills; opened with "/".

    The field is made by assets/js/71_controls.js, which tells the store `asked_id` what has been typed: a field of Dash puts
    back what it last knew while somebody types on, and so loses and turns letters that a scanner or an input method types fast.
    """
    return html.Div(
        [
            dcc.Store(id=asked_id),
            html.Div(**{"data-search-field": asked_id, "data-hint": words["search.hint"]}),
            html.Div(id=results_id, className="search-results", role="listbox", **{"aria-live": "polite"}),
        ],
        id=search_id,
        className="search",
        hidden=True,
        role="dialog",
        **{"aria-label": words["search"]},
    )


# screen, address, the right that it needs
TABS = (
    ("wall", "/wall", "wall"),
    ("desk", "/desk", "desk"),
    ("review", "/review", "statistics"),
    ("statistics", "/statistics", "statistics"),
    ("orders", "/orders", ""),
    ("cards", "/cards", ""),
    ("bulletins", "/bulletins", "statistics"),
)


def top_bar(city: City, words: Words, lang: str, active: str, search: str = "") -> html.Header:
    """The bar over every page but the wall: title, screens, search, who is logged in, clock."""
    title = city.title_en if lang == "en" else city.title
    return html.Header(
        [
            html.A(title, href=_with_lang("/wall", lang), className="top-title"),
            html.Nav(
                [
                    html.A(
                        words[f"tab.{key}"],
                        href=_with_lang(href, lang),
                        **({"aria-current": "page"} if key == active else {}),
                        **({"data-right": right} if right else {}),
                    )
                    for key, href, right in TABS
                ]
                + ([html.Span(words[f"tab.{active}"], **{"aria-current": "page"})] if active == "people" else []),
                className="top-tabs",
            ),
            html.Button(
                [html.Span(words["search.hint"]), html.Span("/", className="key")],
                className="top-search-button",
                type="button",
                **{"data-open": "search"},
            ),
            html.Div(className="top-situation", **{"data-panel": "situation", "aria-live": "polite"}),
            html.Div(className="top-bell", **{"data-panel": "bell"}),
            html.Div(className="top-who", **{"data-panel": "who"}),
            html.Span("--:--:--", className="top-clock", **{"data-clock": "hms"}),
        ],
        className="top",
    )


def status_bar(words: Words, lang: str, here: str) -> html.Footer:
    """The foot of every page but the wall: lamps of the sources, what came of one's actions, scope, language switch."""
    other = "zh" if lang == "en" else "en"
    return html.Footer(
        [
            html.Div(className="lamps", **{"data-panel": "lamps", "data-mode": "desk"}),
            html.Div(className="told", role="status", **{"data-panel": "told"}),
            html.Div(
                [
                    html.Span(className="t3", **{"data-panel": "scope"}),
                    html.A("中文 / EN", href=_with_lang(here, other), **{"data-lang": other}),
                ],
                className="status-right",
            ),
        ],
        className="status",
    )


def _with_lang(path: str, lang: str) -> str:
    return path + ("&" if "?" in path else "?") + f"lang={lang}"


def with_lang(path: str, lang: str) -> str:
    """The address with the language kept in it."""
    return _with_lang(path, lang)
