"""Callbacks, one module per page or part; each has `register(app, hall, settings)`. They translate and hold no rules."""

from typing import Any

from dash import Dash

from config.settings import Settings
from dashboard.callbacks import orders, review, routing, search, selection

MODULES = (routing, search, selection, orders, review)


def register(app: Dash, hall: Any, settings: Settings) -> None:
    """Every callback of every screen. `hall` is `dashboard.hall.Hall`."""
    for module in MODULES:
        module.register(app, hall, settings)
