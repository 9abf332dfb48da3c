"""The web process: Flask, Dash, the read API and the live link in one WSGI application."""

import gc
import logging
import os
from pathlib import Path
from threading import Event
from typing import Any, Final

from dash import Dash
from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from config.city import load_city
from config.settings import Settings, load_settings
from dashboard import (
    actionapi,
    api,
    auditlog,
    bundle,
    callbacks,
    cards,
    doors,
    faultapi,
    figures,
    files,
    handset,
    mapdata,
    noticeapi,
    parameters,
    ranking,
    screenlinks,
    screens,
    sos,
    sourcestates,
)
from dashboard.access import Access, LiveDoor
from dashboard.bulletins import serving as bulletins
from dashboard.bundle import BundledDash
from dashboard.callbacks.routing import SCREENS
from dashboard.guard import DATA_POLICY, SCRIPT_POLICY, STEADY_HEADERS, Guard, OurNames, host_name, page_policy
from dashboard.hall import Hall
from dashboard.live.screen import Key
from dashboard.live.shared import SharedFigures
from dashboard.live.socket import Live, attach
from dashboard.sight import sight_of
from domain.people import WALL, Person
from layouts import pages
from store import embedded
from store.store import Store, await_store

log = logging.getLogger(__name__)

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
TEMPLATES: Final = ASSETS.parent / "layouts" / "templates"
THREADS: Final = 64  # for requests; open screens keep none
MAX_BODY_BYTES: Final = 1 << 20
FOR_EVER: Final = "public, max-age=31536000, immutable"


def create_app(settings: Settings, hall: Hall | None = None) -> tuple[Flask, Live]:
    """The application and its live link. Without `hall`, one is made of the settings' city and store and follows it.

    `app.extensions["gridhall"]` are the live sessions: `stop()` cuts them. Raises CityErrors, StoreUnfit, StoreUnavailable.
    """
    if hall is None:
        hall = make_hall(settings, settings.redis_url or embedded.url(settings.data_dir))
    app = Flask("gridhall", static_folder=None, template_folder=str(TEMPLATES))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    access = Access(hall, settings)
    access.register(app, settings)
    parameters.register(app)
    doors.register(app, hall, settings, access)
    auditlog.register(app, hall, settings, access)
    screenlinks.register(app, hall, settings, access)
    for part in (api, actionapi, cards, faultapi, files, handset, noticeapi, bulletins, ranking, screens, sos, sourcestates):
        part.register(app, hall, settings)
    mapdata.register(app, hall.city)
    dash_app = make_dash(app, hall, settings)
    memories = figures.Memories()
    shared = SharedFigures(lambda key: compute_figures(hall, key, memories.of(key)), lambda: hall.version, faults=hall.faults)
    names = OurNames(settings.web_origins)
    live = attach(app, hall, shared, settings.live_frames_per_s, LiveDoor(access))
    app.extensions["gridhall"] = live.sessions
    app.after_request(lambda response: _with_headers(_found(response), dash_app, settings))
    if settings.web_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    app.wsgi_app = Guard(app.wsgi_app, names)  # type: ignore[method-assign]
    return app, live


def make_hall(settings: Settings, store_url: str) -> Hall:
    """A hall that follows the store, which may start after us. Raises CityErrors, StoreUnfit."""
    # what a hall holds stays as long as the process: nobody needs to look through it for cycles again and again
    hall = Hall(load_city(settings.city), patient_store(store_url, settings.partitions), when_ready=gc.freeze)
    hall.follow()
    return hall


def patient_store(url: str, partitions: int) -> Store:
    """The store, however long it takes. Raises StoreUnfit."""
    store = await_store(url, partitions, Event())
    assert store is not None  # nobody sets that event
    return store


def compute_figures(hall: Hall, key: Key, memory: figures.Memory | None = None) -> dict[str, Any]:
    """What the wall shows of a region and a period to who has that scope; `memory`: of what could be counted last."""
    role = "supervisor" if key.clear else WALL
    seen = sight_of(hall, Person(name="figures", roles=(role,), scope=key.scope))
    parts = key.parts or figures.OVERVIEW
    return figures.figures(seen, key.region, key.period, lang=key.lang, parts=parts, memory=memory)  # type: ignore[arg-type]


def make_dash(app: Flask, hall: Hall, settings: Settings) -> Dash:
    """The Dash application on the Flask one, with its pages and callbacks."""
    dash_app = BundledDash(
        "gridhall",
        server=app,  # type: ignore[arg-type]
        assets_folder=str(ASSETS),
        assets_path_ignore=["^vendor$", "^door$", "^m$", "^js", "^css$"],
        external_scripts=vendor_scripts(ASSETS),
        title=hall.city.title_en if settings.lang == "en" else hall.city.title,
        update_title=None,  # type: ignore[arg-type]
        serve_locally=True,
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    dash_app.index_string = dash_app.index_string.replace("{%css%}", "{%css%}" + early_script(ASSETS))
    dash_app.bundles = bundle.register(app, ASSETS)
    dash_app.layout = lambda: pages.build(hall.city, settings, settings.lang)
    callbacks.register(dash_app, hall, settings)
    return dash_app


def vendor_scripts(assets: Path) -> list[str]:
    """Addresses of the browser libraries: they load before our own scripts, which Dash takes in the order of their names."""
    scripts = sorted((assets / "vendor").glob("*.js"))
    if not scripts:
        log.error("assets/vendor has no scripts, so screens stay still: run `make setup`")
    return [f"/assets/vendor/{script.name}?m={int(script.stat().st_mtime)}" for script in scripts]


def early_script(assets: Path) -> str:
    """The one script in the head of a page: it runs before anything is shown."""
    return f'<script src="/assets/door/cover.js?m={int((assets / "door" / "cover.js").stat().st_mtime)}"></script>'


def _found(response: Response) -> Response:
    """Of an address that is no screen's, the page that says so is no 200."""
    if request.endpoint == "/<path:path>" and request.path.split("/")[1] not in SCREENS:
        response.status_code = 404
    return response


def _with_headers(response: Response, dash_app: Dash, settings: Settings) -> Response:
    for name, value in STEADY_HEADERS.items():
        response.headers.setdefault(name, value)
    if "Content-Security-Policy" in response.headers:
        pass  # a file, or a page with a stricter one of its own
    elif response.mimetype == "text/html":
        host = request.host if host_name(request.host) else ""
        response.headers["Content-Security-Policy"] = page_policy(host, dash_app.csp_hashes(), settings.tiles)
    elif response.mimetype == "text/javascript":
        response.headers["Content-Security-Policy"] = SCRIPT_POLICY
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
    """For `gunicorn -k gthread -w 1 --threads 64 'dashboard.server:wsgi()'`: the application of the environment's settings."""
    app = create_app(load_settings(os.environ))[0]
    bulletins.start(app)
    return app
