"""The page that the browser bench measures: one dash-leaflet map, workers drawn by gridhall's layer or by `dl.GeoJSON`.

python -m bench.browser.app PORT
"""

import json
import sys
from pathlib import Path
from typing import Any

import dash_leaflet as dl
from dash import Dash, Input, Output, dcc, html
from flask import Response

HERE = Path(__file__).parent
ASSETS = HERE.parent.parent / "assets"
BOUNDS = [[22.98, 113.10], [23.10, 113.26]]
CONFIG = {"lang": "zh", "timezone": "Asia/Shanghai", "levels": [], "root": "", "regions": {}, "tiles": [], "bounds": BOUNDS}
EMPTY: dict[str, Any] = {"type": "FeatureCollection", "features": []}


def make_app() -> Dash:
    """Dash app with /?layer=gl, /?layer=circles (GeoJSON of canvas circles) and /?layer=markers (GeoJSON of markers)."""
    # of the scripts only the drawing core (05 … 50), so that nothing but the layer is measured
    app = Dash(__name__, assets_folder=str(ASSETS), assets_ignore=r"^(?![0-5]\d_).*\.js$", assets_path_ignore=["panels"])
    head = f"<script>window.gridhall = {{ config: {json.dumps(CONFIG)} }};</script>"
    app.index_string = app.index_string.replace("{%metas%}", "{%metas%}" + head)
    app.config.external_scripts.append("/feeder.js")
    app.server.add_url_rule("/feeder.js", view_func=_feeder)
    app.server.add_url_rule("/city/<name>", view_func=_nothing)
    app.layout = html.Div([dcc.Location(id="url"), html.Div(id="page")])
    app.callback(Output("page", "children"), Input("url", "search"))(_page)
    return app


def _feeder() -> Response:
    return Response((HERE / "feeder.js").read_text(encoding="utf-8"), mimetype="text/javascript")


def _nothing(name: str) -> dict[str, Any]:
    """The city's vectors, of which this page has none."""
    return EMPTY


def _page(search: str | None) -> html.Div:
    layers = []
    if "layer=gl" not in (search or ""):
        more = {"pointToLayer": {"variable": "bench.circle"}} if "layer=circles" in (search or "") else {}
        layers = [dl.GeoJSON(id="points", data=EMPTY, **more)]
    size = {"width": "100%", "height": "100vh"}
    leaflet = dl.Map(layers, id="map", bounds=BOUNDS, preferCanvas=True, zoomSnap=0.25, trackViewport=False, style=size)
    return html.Div(leaflet, className="map-frame", style={"height": "100vh"})


if __name__ == "__main__":
    make_app().run(port=int(sys.argv[1]))
