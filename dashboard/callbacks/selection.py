"""What opens over the wall when a worker, an order or a feed is picked."""

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, ctx, html

from config.settings import Settings
from config.words import words
from dashboard import query
from dashboard.api import NotThere, look_up, see_track
from dashboard.callbacks.routing import fault_text, params_of
from dashboard.sight import sight
from layouts import drawers, ids, pages
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """The drawer. A region that is picked is a matter of the address (assets/js/70_shell.js)."""

    def failed(error: Exception) -> Any:
        picked = ctx.inputs[f"{ids.SELECTION}.data"] or {}
        lang = pages.language(params_of(ctx.states[f"{ids.URL}.search"]), settings)
        text = fault_text(hall, "callback", f"drawer {picked.get('kind', '')}"[:40], error, lang, str(picked)[:200])
        return [html.P(text, className="fault", role="alert")], False

    @app.callback(
        Output(ids.DRAWER, "children"),
        Output(ids.DRAWER, "hidden"),
        Input(ids.SELECTION, "data"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
        on_error=failed,
    )
    def open_drawer(selection: dict[str, Any] | None, search: str | None) -> Any:
        kind = (selection or {}).get("kind")
        if selection is None or kind not in ("worker", "order", "feed"):
            return [], True
        lang = pages.language(params_of(search), settings)
        return content(hall, kind, str(selection["id"]), lang), False


def content(hall: "Hall", kind: str, name: str, lang: str) -> list[Any]:
    """The drawer's content for one object; why there is none, if there is none."""
    catalogue = dict(words(lang))
    seen = sight(hall)
    try:
        look_up(seen, kind, name)
        if kind == "worker":
            if not seen.may_track(name):
                return [html.P(catalogue["page.no_right"], className="empty")]
            see_track(seen, name, "today")
            return drawers.worker_drawer(seen.city, catalogue, lang, query.worker_dossier(seen, name, lang=lang))
        if kind == "order":
            return drawers.order_drawer(catalogue, lang, query.order_page(seen, name, lang=lang))
        with hall.lock:
            feed = seen.feeds[name]
        return drawers.feed_drawer(catalogue, query.feed_brief(seen.city, feed, seen.now_ms(), lang))
    except NotThere as missing:
        missing.tell(hall)
        return [html.P(catalogue["page.gone"].format(id=name), className="empty")]
    except StoreError:
        return [html.P(catalogue["page.store_gone"], className="fault")]
