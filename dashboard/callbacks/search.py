"""The search box: workers, orders, regions, feeds."""

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, ctx, html

from config.settings import Settings
from config.words import words
from dashboard import query
from dashboard.callbacks.routing import fault_text, params_of
from dashboard.sight import sight
from layouts import ids, pages
from layouts.parts import with_lang

if TYPE_CHECKING:
    from dashboard.hall import Hall

LIMIT = 8


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """The list under the field."""

    def failed(error: Exception) -> Any:
        lang = pages.language(params_of(ctx.states[f"{ids.URL}.search"]), settings)
        return html.P(fault_text(hall, "callback", "search", error, lang), className="fault", role="alert")

    @app.callback(
        Output(ids.SEARCH_RESULTS, "children"),
        Input(ids.SEARCH_ASKED, "data"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
        on_error=failed,
    )
    def find(text: str | None, search: str | None) -> Any:
        lang = pages.language(params_of(search), settings)
        text = (text or "").strip()
        hits = query.search(sight(hall), text, LIMIT, lang) if text else []
        if text and not hits:
            return html.P(words(lang)["search.none"].format(t=text), className="empty")
        return [result(hit, lang) for hit in hits]


def result(hit: dict[str, Any], lang: str) -> html.A:
    """One line of the list; a region opens on the wall, a feed on the wall's map of its place."""
    href = {
        "worker": f"/worker/{hit['id']}",
        "order": f"/order/{hit['id']}",
        "region": f"/wall?region={hit['id']}",
        "feed": f"/wall?feed={hit['id']}",
    }[hit["kind"]]
    return html.A(
        [
            html.Span(words(lang)[f"search.{hit['kind']}"], className="kind"),
            html.B(hit["title"]),
            html.Span(hit["detail"]),
        ],
        href=with_lang(href, lang),
        role="option",
    )
