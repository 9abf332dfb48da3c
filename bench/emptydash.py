"""A Dash page with nothing on it, served as the hall's own pages are: what `bench.opening` compares with."""

from dash import Dash, html
from flask import Flask


def wsgi() -> Flask:
    """For gunicorn, as in dashboard.serve."""
    app = Flask("empty")
    dash_app = Dash("empty", server=app, update_title=None, serve_locally=True)  # type: ignore[arg-type]
    dash_app.layout = html.Div(id="empty")
    return app
