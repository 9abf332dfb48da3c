"""The wall: header, counters, the map and columns of panels around it, ticker.

Which panels stand in which column is a matter of scene and canvas: assets/js/74_scenes.js takes them out of the pool.
"""

from typing import Any

from dash import html

from config.city_model import City
from config.panels import ALWAYS, PANELS
from config.scenes import Scene, Scenes
from config.settings import Settings
from layouts import ids
from layouts.page_config import json_text
from layouts.parts import Words, city_map, panel, sign


def build(city: City, settings: Settings, lang: str, words: Words, scenes: Scenes) -> html.Div:
    """The whole wall of some scenes. What it shows comes over the live link."""
    return html.Div(
        [
            html.Script(json_text(scenes_config(scenes, lang)), id=ids.SCENES, type="application/json"),
            _head(city, lang, words),
            _alarm_head(words),
            html.Div(id=ids.COUNTERS, className="kpi", **{"data-panel": "counters"}),
            html.Div(className="kpi alarm-kpi", hidden=True, **{"data-panel": "alarmkpi"}),
            html.Main(
                html.Div(_map(city, settings, lang, words), className="col col-map", **{"data-map": ""}),
                id=ids.COLUMNS,
                className="main",
            ),
            html.Footer(
                [
                    html.Div(id=ids.TICKER, className="ticks", **{"data-panel": "ticker"}),
                    html.Div(className="alarm-time", hidden=True, **{"data-panel": "alarmtime"}),
                    html.Div(className="lamps", **{"data-panel": "lamps"}),
                    html.Div(className="turns", role="group", **{"data-turns": "", "aria-label": words["scenes.turns"]}),
                ],
                className="ticker",
            ),
            html.Div([_panel(name, words) for name in _panels(scenes)], id=ids.POOL, hidden=True, **{"data-pool": ""}),
        ],
        id=ids.WALL,
        className="wall",
    )


def _panels(scenes: Scenes) -> list[str]:
    return list(dict.fromkeys(name for scene in scenes.scenes.values() for name in scene.panels))


def _panel(name: str, words: Words) -> html.Section:
    return panel(name, words[f"panel.{name}"], PANELS[name].age, size=PANELS[name].size)


def scenes_config(scenes: Scenes, lang: str) -> dict[str, Any]:
    """What 74_scenes.js reads: the scenes in their order, what takes turns, and what each panel needs of the figures."""
    return {
        "scenes": {key: _scene(scene, lang) for key, scene in scenes.scenes.items()},
        "turn": list(scenes.turn),
        "turn_s": scenes.turn_s,
        "pause_s": scenes.pause_s,
        "emergency": {"scene": scenes.emergency.scene, "longest_s": scenes.emergency.longest_min * 60},
        "always": list(ALWAYS),
        "parts": {name: list(PANELS[name].parts) for name in _panels(scenes)},
    }


def _scene(scene: Scene, lang: str) -> dict[str, Any]:
    return {
        "name": scene.name_en if lang == "en" else scene.name,
        "second": "" if lang == "en" else scene.name_en,
        "window": scene.window,
        "counters": scene.counters,
        "map": {name: getattr(scene.map, name) for name in ("workers", "grids", "orders", "feeds", "colour")},
        "columns": {step: [[list(column.panels), column.width] for column in of] for step, of in scene.columns.items()},
    }


def _head(city: City, lang: str, words: Words) -> html.Header:
    title = city.title_en if lang == "en" else city.title
    return html.Header(
        [
            html.Div(
                [
                    html.H1(title, className="title"),
                    html.Span(className="scene", **{"data-scene-name": ""}),
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


def _alarm_head(words: Words) -> html.Header:
    """The band of an emergency, in the place of the header while there is one."""
    clocks = html.Div(
        [html.Span("--:--:--", **{"data-clock": "hms"}), html.Span("", className="date", **{"data-clock": "date"})],
        className="alarm-now",
    )
    more = {"data-panel": "alarmhead", "aria-label": words["scenes.emergency"]}
    told = html.Div(className="alarm-told", role="alert", **more)
    return html.Header([told, clocks], className="alarm-head", hidden=True, **{"data-alarm-head": ""})


def _map(city: City, settings: Settings, lang: str, words: Words) -> html.Div:
    note = (city.generated_en or city.generated) if lang == "en" else city.generated
    frame = city_map(ids.MAP, city, settings, words)
    if note:
        frame.children.append(_note(note, words))
    calling = html.Div(className="calling", hidden=True, role="alert", **{"data-panel": "calling"})
    lag = html.Span("", className="lag", **{"data-panel": "lag"})
    return html.Div([frame, calling, _legend(words), lag], className="map-panel")


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
            html.Div(className="legend-colour", hidden=True, **{"data-panel": "colour"}),
        ],
        className="legend",
    )
