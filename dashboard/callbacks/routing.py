"""Which screen an address asks for."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from dash import Dash, Input, Output, State, no_update

from config.settings import Settings
from config.words import words
from dashboard import query
from dashboard.callbacks.filter_words import pills
from layouts import ids, pages, statistics
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall

WALL_PATHS = ("", "/", "/wall")


def params_of(search: str | None) -> dict[str, str]:
    """The parameters of an address's query, empty ones left out; of one given twice the last."""
    return dict(parse_qsl((search or "").lstrip("?")))


def page_key(path: str, search: str | None, lang: str) -> str:
    """What makes two addresses the same page: on the wall everything but the language happens in place."""
    return f"wall {lang}" if path in WALL_PATHS else f"{path}{search or ''} {lang}"


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """The one callback of all pages."""

    @app.callback(
        Output(ids.PAGE, "children"),
        Output(ids.PAGE_KEY, "data"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        State(ids.PAGE_KEY, "data"),
    )
    def show(path: str | None, search: str | None, shown: str | None) -> Any:
        path = (path or "/").rstrip("/")
        params = params_of(search)
        lang = pages.language(params, settings)
        key = page_key(path, search, lang)
        return (no_update, no_update) if key == shown else (page(hall, settings, path, params, lang), key)


def statistics_of(hall: "Hall", params: dict[str, str]) -> dict[str, Any]:
    """The figures of the table, by what the address asks for; a grouping that there is not is a BadQuery."""
    by = params.get("by", statistics.GROUPINGS[0])
    if by not in statistics.GROUPINGS:
        raise query.BadQuery(f"by: {by!r}")
    asked = {key: value for key, value in params.items() if key not in ("by", "lang")}
    return query.indicators_of(hall, query.read_query(hall.city, asked, hall.now_ms()), by, statistics.FIGURES)


def page(hall: "Hall", settings: Settings, path: str, params: dict[str, str], lang: str) -> list[Any]:
    """The screen, or a page that says why there is none."""
    city, catalogue = hall.city, words(lang)
    screen, _, name = path.lstrip("/").partition("/")
    name = unquote(name)
    missing = catalogue["page.not_found"]
    try:
        if path in WALL_PATHS:
            return pages.wall_page(city, settings, lang)
        if screen == "worker" and name:
            missing = catalogue["page.no_worker"].format(id=name)
            return pages.worker_page(city, settings, lang, query.worker_dossier(hall, name, params.get("day"), lang=lang))
        if screen == "order" and name:
            missing = catalogue["page.no_order"].format(id=name)
            return pages.order_page(city, settings, lang, query.order_page(hall, name, lang=lang))
        if screen == "orders" and not name:
            missing = catalogue["page.no_region"].format(id=params.get("region", ""))
            total = query.orders_page(hall, params, 0, 0)["total"]
            return pages.orders_page(city, settings, lang, params, pills(city, params, lang), total)
        if screen == "statistics" and not name:
            missing = catalogue["page.no_region"].format(id=params.get("region", ""))
            return pages.statistics_page(city, settings, lang, params, statistics_of(hall, params))
    except KeyError:
        return pages.message_page(city, settings, lang, missing)
    except ValueError as wrong:
        return pages.message_page(city, settings, lang, catalogue["page.bad_query"].format(t=wrong))
    except StoreError:
        return pages.message_page(city, settings, lang, catalogue["page.store_gone"])
    return pages.message_page(city, settings, lang, missing)
