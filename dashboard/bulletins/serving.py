"""Puts the bulletins into the web process: pages, API, and the maker."""

from typing import TYPE_CHECKING

from flask import Flask

from config.settings import Settings
from dashboard.bulletins import api, pages
from dashboard.bulletins.maker import Maker
from dashboard.bulletins.shelf import Shelf
from store.blobs import open_blobs

if TYPE_CHECKING:
    from dashboard.hall import Hall

EXTENSION = "bulletins"


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """Add the routes. `app.extensions[EXTENSION]` is the maker, which `start` lets work."""
    shelf = Shelf(open_blobs(settings.files_url, settings.data_dir))
    maker = app.extensions[EXTENSION] = Maker(hall, shelf)
    api.register(app, hall, settings, shelf, maker)
    pages.register(app, hall, settings, shelf, maker)


def start(app: Flask) -> None:
    """Let this process make what is due or asked for, when it is its turn."""
    app.extensions[EXTENSION].start()
