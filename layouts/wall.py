"""The wall: header, counters, columns of panels around the map, ticker. Which columns show is a matter of the canvas (css)."""

from dash import html

from config.city_model import City
from config.settings import Settings
from layouts import ids
from layouts.parts import Words, city_map, panel, sign

# Panels by column, top to bottom; a column is there or not by the layout step (look §7).
COLUMNS = {
    "a": (("loop", "orders", "fit"), ("rate", "rates", "grow")),
    "b": (("trend", "rates", "grow2"), ("source", "rates", "grow")),
    "c": (("cat", "rates", "grow"), ("dept", "rates", "grow")),
    "d": (("over", "orders", "grow"), ("force", "positions", "fit")),
    "e": (("feed", "orders", "grow2"), ("health", "sources", "fit")),
}


def build(city: City, settings: Settings, lang: str, words: Words) -> html.Div:
    """The whole wall. What it shows comes over the live link."""
    return html.Div(
        [
            _head(city, lang, words),
            html.Div(id=ids.COUNTERS, className="kpi", **{"data-panel": "counters"}),
            html.Main(
                [
                    *(_column(name, words) for name in ("a", "b", "c")),
                    html.Div([_map(city, settings, lang, words)], className="col col-map"),
                    html.Div([panel("cover", words["panel.cover"], "positions")], className="col col-cover"),
                    *(_column(name, words) for name in ("d", "e")),
                ],
                className="main",
            ),
            html.Footer(
                [
                    html.Div(id=ids.TICKER, className="ticks", **{"data-panel": "ticker"}),
                    html.Div(className="lamps", **{"data-panel": "lamps"}),
                ],
                className="ticker",
            ),
        ],
        id=ids.WALL,
        className="wall",
    )


def _head(city: City, lang: str, words: Words) -> html.Header:
    title = city.title_en if lang == "en" else city.title
    scene = [words["scene.overview"]]
    if lang != "en":
        scene.append(html.Small("Overview"))
    return html.Header(
        [
            html.Div(
                [
                    html.H1(title, className="title"),
                    html.Span(scene, className="scene"),
                    html.Nav(className="crumbs", hidden=True, **{"data-crumbs": "", "aria-label": words["crumbs"]}),
                ],
                className="head-left",
            ),
            html.Div(
                id=ids.SITUATION,
                className="situation",
                **{"data-panel": "situation", "aria-live": "polite"},
                role="status",
            ),
            html.Div(
                [
                    html.Button(
                        [html.Span(words["period.year"], **{"data-period-label": ""}), html.Span("▾")],
                        className="wall-control",
                        type="button",
                        **{"data-open": "periods", "aria-haspopup": "menu", "aria-expanded": "false"},
                    ),
                    html.Button(
                        [html.Span(words["search"]), html.Span("/", className="key")],
                        className="wall-control",
                        type="button",
                        **{"data-open": "search"},
                    ),
                    html.Span("", className="date", **{"data-clock": "date"}),
                    html.Span("--:--:--", className="clock", **{"data-clock": "hms"}),
                ],
                className="head-right",
            ),
        ],
        className="head",
    )


def _column(name: str, words: Words) -> html.Div:
    return html.Div(
        [panel(key, words[f"panel.{key}"], age, size=size) for key, age, size in COLUMNS[name]],
        className=f"col col-{name}",
    )


def _map(city: City, settings: Settings, lang: str, words: Words) -> html.Div:
    note = (city.generated_en or city.generated) if lang == "en" else city.generated
    frame = city_map(ids.MAP, city, settings, words)
    if note:
        frame.children.append(_note(note, words))
    return html.Div([frame, _legend(words), html.Span("", className="lag", **{"data-panel": "lag"})], className="map-panel")


def _note(note: str, words: Words) -> html.Div:
    """That a part of the city is invented; what, in full, on hover and focus."""
    return html.Div(
        [
            html.Button(words["map_note"], type="button", **{"aria-describedby": ids.MAP_NOTE}),
            html.Div(note, id=ids.MAP_NOTE, className="map-note-text", role="tooltip"),
        ],
        className="map-note",
    )


def _legend(words: Words) -> html.Div:
    def layer(name: str, items: list[html.Span]) -> html.Button:
        return html.Button(
            items,
            type="button",
            title=words["layer.toggle"],
            **{"data-layer": name, "aria-pressed": "true"},
        )

    def entry(name: str, key: str) -> html.Span:
        return html.Span([sign(name), html.Span(words[key])], className="legend-item")

    states = ("moving", "still", "out_of_grid", "silent", "offline")
    lights = (("order-green", "light.green"), ("order-yellow", "light.yellow"), ("order-red", "light.red"))
    return html.Div(
        [
            layer("workers", [entry(f"worker-full-{state}", f"state.{state}") for state in states]),
            layer("orders", [entry(name, key) for name, key in lights]),
            layer("feeds", [entry("feed-online", "layer.feeds")]),
            layer("grids", [html.Span(words["layer.grids"])]),
        ],
        className="legend",
    )
