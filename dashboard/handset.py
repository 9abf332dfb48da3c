"""The handset's way in: `/m` and its files, which are public and hold nothing of anybody, and the two doors of its API.

The page, its service worker and its files carry one version, a digest of all of them: files are asked for under it and may be
kept for ever, and a phone that has another version fetches all of them anew.
"""

import functools
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, request

from config.words import LANGS, words
from dashboard import handset_mine, handset_positions
from dashboard.doors import language
from domain.actions import ACTIONS, ANSWERS, RESULTS, SATISFACTION
from domain.lifecycle import STATUSES
from domain.workflow import Workflow
from layouts import handset

if TYPE_CHECKING:
    from config.city_model import City
    from config.settings import Settings
    from dashboard.hall import Hall

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
BORROWED: Final = {"tokens.css": "css/tokens.css", "words.js": "js/60_words.js", "geo.js": "js/12_geo.js"}
"""What the page shares with the screens: colours, formats, geometry."""

TYPES: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".css": "text/css"}
POLICY: Final = "; ".join(
    ("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "connect-src 'self'",
     "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'")
)  # fmt: skip
PERMISSIONS: Final = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
FOR_EVER: Final = "public, max-age=31536000, immutable"
CHOICES: Final = {**RESULTS, **ANSWERS, "satisfaction": SATISFACTION}
ICON: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><rect width="512" height="512" fill="{bg0}"/>
<path d="M128 128h256v256H128z M213 128v256 M299 128v256 M128 213h256 M128 299h256" fill="none" stroke="{series}"
 stroke-width="12"/>
<circle cx="256" cy="256" r="62" fill="{ok}" stroke="{bg0}" stroke-width="18"/></svg>"""


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """/m, /m/sw.js, /m/VERSION/FILE; GET /api/v1/mine; POST /api/v1/positions."""
    shell = Shell(hall.city, settings.lang)
    app.add_url_rule("/m", "handset", lambda: shell.page(language(settings)))
    app.add_url_rule("/m/sw.js", "handset_worker", shell.worker)
    app.add_url_rule("/m/<version>/<name>", "handset_file", shell.file)
    handset_mine.register(app, hall, settings)
    handset_positions.register(app, hall, settings)


class Shell:
    """The page in each language and its files, read once: they do not change while the process runs."""

    def __init__(self, city: "City", lang: str) -> None:
        folder = ASSETS / "m"
        names = {file.name: file for file in sorted(folder.iterdir()) if file.suffix in TYPES and file.name != "sw.js"}
        names |= {name: ASSETS / path for name, path in BORROWED.items()}
        self._files = {name: (file.read_bytes(), TYPES[file.suffix]) for name, file in names.items()}
        colours = colours_of(self._files["tokens.css"][0].decode())
        self._files["icon.svg"] = (ICON.format_map(colours).encode(), "image/svg+xml")
        self._files["manifest.webmanifest"] = (manifest(city, colours), "application/manifest+json")
        worker = (folder / "sw.js").read_text(encoding="utf-8")
        self._lang = lang
        self.version = self._digest(city, worker)
        self._pages = self._pages_of(city, self.version)
        self._worker = f"const SHELL = {json.dumps(self._shell())};\n{worker}".encode()

    def _digest(self, city: "City", worker: str) -> str:
        parts = [worker.encode(), *(data for data, _ in self._files.values()), *self._pages_of(city, "").values()]
        return hashlib.blake2b(b"\0".join(parts), digest_size=8).hexdigest()

    def _pages_of(self, city: "City", version: str) -> dict[str, bytes]:
        pages = {}
        for lang in LANGS:
            title = city.title_en if lang == "en" else city.title
            config = {"title": title, "timezone": city.timezone, "version": version, "life": life_of(city), "choices": CHOICES}
            modules = [name for name in self._files if name.endswith(".mjs")]
            pages[lang] = handset.page(lang, words(lang), config, f"/m/{version}", modules).encode()
        return pages

    def _shell(self) -> dict[str, Any]:
        """What the service worker must know."""
        pages = {lang: f"/m?lang={lang}" for lang in LANGS}
        files = [f"/m/{self.version}/{name}" for name in self._files]
        return {"version": self.version, "lang": self._lang, "pages": pages, "files": files}

    def page(self, lang: str) -> Response:
        return answer(self._pages[lang], "text/html", "no-cache")

    def worker(self) -> Response:
        response = answer(self._worker, "text/javascript", "no-cache")
        response.headers["Service-Worker-Allowed"] = "/m"
        return response

    def file(self, version: str, name: str) -> Response:
        """404 for another version: its page is asked for anew."""
        if version != self.version or name not in self._files:
            abort(404)
        return answer(*self._files[name], FOR_EVER)


_packed = functools.lru_cache(maxsize=128)(gzip.compress)


def answer(data: bytes, mimetype: str, cache: str) -> Response:
    """A file of the page under the page's own policy: nothing inline, nothing from elsewhere; the position for ourselves."""
    packs = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(_packed(data) if packs else data, mimetype=mimetype)
    response.headers["Vary"] = "Accept-Encoding"
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = PERMISSIONS
    response.headers["Cache-Control"] = cache
    response.add_etag()
    response.make_conditional(request)
    return response


def colours_of(tokens: str) -> dict[str, str]:
    """The colours of the dark theme by name, from tokens.css."""
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", tokens.split(":root[data-theme")[0]))


def manifest(city: "City", colours: dict[str, str]) -> bytes:
    """The page as an app that a phone can put on its first screen."""
    told = {
        "id": "/m", "start_url": "/m", "scope": "/m", "display": "standalone", "name": city.title, "short_name": city.name,
        "background_color": colours["bg0"], "theme_color": colours["bg1"],
        "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode()


def life_of(city: "City") -> dict[str, dict[str, list[dict[str, Any]]]]:
    """state → action → [{to, choice, needs}] of what a worker may do in this city: what a page without a link can offer."""
    flow = Workflow(city.workflow)
    life: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for state in STATUSES:
        for action in ACTIONS:
            rows = [row for row in flow.rows(state, action) if "worker" in row.who and row.party != "co"]
            if rows:
                told = [{"to": row.to, "choice": row.choice, "needs": list(row.needs)} for row in rows]
                life.setdefault(state, {})[action] = told
    return life
