"""The rows of the list of orders, page by page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dash import Dash, Input, Output, State, ctx, html, no_update

from config.settings import Settings
from config.words import words
from dashboard import query
from dashboard.callbacks.routing import CANNOT_BE_SHOWN, fault_text, params_of, why_not
from dashboard.sight import sight
from domain.calendar import local_at
from layouts import ids, pages

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

NO_ROWS: Final = {"rowData": [], "rowCount": 0}
LIGHT_SIGNS: Final = {"red": "■", "yellow": "▲", "green": "●"}


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """Answers the grid's requests for rows."""

    def failed(error: Exception) -> Any:
        search = ctx.states[f"{ids.URL}.search"]
        text = fault_text(hall, "callback", "orders", error, pages.language(params_of(search), settings), search or "")
        return NO_ROWS, _fault(text)

    @app.callback(
        Output(ids.ORDERS_GRID, "getRowsResponse"),
        Output(ids.ORDERS_TOTAL, "children"),
        Input(ids.ORDERS_GRID, "getRowsRequest"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
        on_error=failed,
    )
    def rows(request: dict[str, Any] | None, search: str | None) -> Any:
        if request is None:
            return no_update, no_update
        params = params_of(search)
        lang = pages.language(params, settings)
        first = int(request["startRow"])
        try:
            page = query.orders_page(sight(hall), params, first, int(request["endRow"]) - first, lang=lang)
        except CANNOT_BE_SHOWN as why:
            return NO_ROWS, _fault(why_not(hall, why, lang))
        response = {"rowData": [row(sight(hall).city, item, lang) for item in page["items"]], "rowCount": page["total"]}
        return response, f"{page['total']:,}"


def _fault(text: str) -> html.Span:
    """In the place of how many there are."""
    return html.Span(f"▲ {text}", className="fault", role="alert")


def limit_said(text: str, item: dict[str, Any], said: Mapping[str, str]) -> str:
    """The limit in words, with its mark where it is provisional."""
    return said["limit.marked"].format(t=text) if text and item["provisional"] else text


def row(city: "City", item: dict[str, Any], lang: str) -> dict[str, Any]:
    """One order as the table's columns want it: text only, instants in the city's zone."""
    said = words(lang)

    def moment(at_ms: int | None) -> str:
        return "" if at_ms is None else local_at(at_ms, city.zone).strftime("%Y-%m-%d %H:%M")

    light = item["light"]
    return {
        "order": item["order"],
        "light": light,
        "light_text": f"{LIGHT_SIGNS[light]} {said[f'light.{light}']}" if light else said["light.ended"],
        "title": item["title"],
        "category_name": item["category_name"],
        "region_name": item["region_name"],
        "department_name": item["department_name"],
        "source": said.get(f"channel.{item['source']}", item["source"]),
        "status_text": said[f"status.{item['status']}"],
        "reported_text": moment(item["reported_at_ms"]),
        "deadline_text": limit_said(moment(item["deadline_at_ms"]), item, said),
        "closed_text": moment(item["closed_at_ms"]),
        "on_time_text": "" if item["on_time"] is None else said["answer.yes" if item["on_time"] else "answer.no"],
    }
