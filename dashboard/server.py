"""The web process: Flask, Dash, the read API and the live link in one WSGI application."""

import logging
import os
from pathlib import Path
from threading import Event
from typing import Any, Final

from dash import Dash
from flask import Flask, Response, request
from flask_socketio import SocketIO

from config.city import load_city
from config.settings import Settings, SettingsError, load_settings
from dashboard import api, callbacks, figures, mapdata
from dashboard.guard import DATA_POLICY, STEADY_HEADERS, Guard, OurNames, host_name, is_loopback, page_policy
from dashboard.hall import Hall
from dashboard.live.session import Key
from dashboard.live.shared import SharedFigures
from dashboard.live.socket import Turnstile, attach
from layouts import pages
from store import embedded
from store.store import Store, await_store

log = logging.getLogger(__name__)

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
THREADS: Final = 100
MOST_SOCKETS: Final = 64  # each keeps one of THREADS; the rest answer requests
MAX_BODY_BYTES: Final = 1 << 20
FOR_EVER: Final = "public, max-age=31536000, immutable"


def create_app(settings: Settings, hall: Hall | None = None) -> tuple[Flask, SocketIO]:
    """The application and its socket. Without `hall`, one is made of the settings' city and store and follows it.

    `app.extensions["gridhall"]` are the live sessions: `stop()` cuts them. Raises SettingsError when `web_host` is no loopback
    address, CityErrors, StoreUnfit.
    """
    check_host(settings)
    if hall is None:
        hall = make_hall(settings, settings.redis_url or embedded.url(settings.data_dir))
    app = Flask("gridhall", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    api.register(app, hall, settings)
    mapdata.register(app, hall.city)
    dash_app = make_dash(app, hall, settings)
    shared = SharedFigures(lambda key: compute_figures(hall, key), lambda: hall.version)
    names = OurNames(settings.web_origins)
    socketio, sessions = attach(app, hall, shared, settings.live_frames_per_s, names.allow)
    app.extensions["gridhall"] = sessions
    app.after_request(lambda response: _with_headers(response, dash_app, settings))
    app.wsgi_app = Guard(Turnstile(app.wsgi_app, MOST_SOCKETS), names)  # type: ignore[method-assign]
    return app, socketio


def check_host(settings: Settings) -> None:
    """Raises SettingsError unless the web process is to listen on loopback: there are no logins yet."""
    if not is_loopback(settings.web_host):
        raise SettingsError([f"GRIDHALL_WEB_HOST: {settings.web_host!r} is no loopback address; there are no logins yet"])


def make_hall(settings: Settings, store_url: str) -> Hall:
    """A hall that follows the store, which may start after us. Raises CityErrors, StoreUnfit."""
    hall = Hall(load_city(settings.city), patient_store(store_url, settings.partitions))
    hall.follow()
    return hall


def patient_store(url: str, partitions: int) -> Store:
    """The store, however long it takes. Raises StoreUnfit."""
    store = await_store(url, partitions, Event())
    assert store is not None  # nobody sets that event
    return store


def compute_figures(hall: Hall, key: Key) -> dict[str, Any]:
    """What the wall shows of a region and a period."""
    return figures.figures(hall, key.region, key.period, lang=key.lang)


def make_dash(app: Flask, hall: Hall, settings: Settings) -> Dash:
    """The Dash application on the Flask one, with its pages and callbacks."""
    dash_app = Dash(
        "gridhall",
        server=app,  # type: ignore[arg-type]
        assets_folder=str(ASSETS),
        assets_path_ignore=["^vendor$"],
        external_scripts=vendor_scripts(ASSETS),
        title=hall.city.title_en if settings.lang == "en" else hall.city.title,
        update_title=None,  # type: ignore[arg-type]
        serve_locally=True,
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    dash_app.layout = lambda: pages.build(hall.city, settings, settings.lang)
    callbacks.register(dash_app, hall, settings)
    return dash_app


def vendor_scripts(assets: Path) -> list[str]:
    """Addresses of the browser libraries: they load before our own scripts, which Dash takes in the order of their names."""
    scripts = sorted((assets / "vendor").glob("*.js"))
    if not scripts:
        log.error("assets/vendor has no scripts, so screens stay still: run `make setup`")
    return [f"/assets/vendor/{script.name}?m={int(script.stat().st_mtime)}" for script in scripts]


def _with_headers(response: Response, dash_app: Dash, settings: Settings) -> Response:
    for name, value in STEADY_HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        host = request.host if host_name(request.host) else ""
        response.headers["Content-Security-Policy"] = page_policy(host, dash_app.csp_hashes(), settings.tiles)
    else:
        response.headers["Content-Security-Policy"] = DATA_POLICY
    if request.path.startswith("/assets/"):
        # the address of an asset on a page changes with the file (?m=), so that one may be kept for ever
        lasting = "m" in request.args and response.status_code in (200, 304)
        response.headers["Cache-Control"] = FOR_EVER if lasting else "no-cache"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def wsgi() -> Flask:
    """For `gunicorn -k gthread -w 1 --threads 100 'dashboard.server:wsgi()'`: the application of the environment's settings."""
    return create_app(load_settings(os.environ))[0]
