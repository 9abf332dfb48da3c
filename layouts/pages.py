"""The page around every screen, and which screen an address asks for."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from config.city_model import City
from config.scenes import Scenes
from config.settings import Settings
from layouts import desk, dossier, ids, order, orders, review, statistics, wall
from layouts.page_config import page_config_json
from layouts.parts import search_box, with_lang
from layouts.readings import words_of

LANGS = ("zh", "en")


def build(city: City, settings: Settings, lang: str) -> html.Div:
    """The skeleton: address, selection, the place where the screens come, and what opens over any of them."""
    catalogue = words_of(city, lang)
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh=False),
            dcc.Store(id=ids.PAGE_KEY),
            dcc.Store(id=ids.SELECTION),
            html.Div(id=ids.PAGE),
            html.Aside(id=ids.DRAWER, className="drawer", hidden=True, **{"aria-label": catalogue["drawer"]}),
            search_box(catalogue, ids.SEARCH, ids.SEARCH_ASKED, ids.SEARCH_RESULTS),
        ]
    )


def language(params: Mapping[str, str], settings: Settings) -> str:
    """The language that the address asks for, else that of the settings."""
    wanted = params.get("lang", settings.lang)
    return wanted if wanted in LANGS else settings.lang


def framed(screen: Any, city: City, settings: Settings, lang: str) -> list[Any]:
    """A screen with the configuration that its scripts read."""
    config = html.Script(page_config_json(city, settings, lang), id=ids.CONFIG, type="application/json")
    return [config, screen]


def wall_page(city: City, settings: Settings, lang: str, scenes: Scenes) -> list[Any]:
    """`/wall`, with the scenes that its person may see."""
    return framed(wall.build(city, settings, lang, words_of(city, lang), scenes), city, settings, lang)


def message_page(city: City, settings: Settings, lang: str, text: str) -> list[Any]:
    """A page that says why there is nothing else on it."""
    catalogue = words_of(city, lang)
    body = html.Main(
        [
            html.P(text, className="message-text"),
            html.A(catalogue["page.back"], href=with_lang("/", lang), className="link"),
        ],
        className="message",
        role="alert",
    )
    return framed(body, city, settings, lang)


def worker_page(city: City, settings: Settings, lang: str, data: dict[str, Any]) -> list[Any]:
    """`/worker/<id>`; `data` is `dashboard.query.worker_dossier`."""
    return framed(dossier.build(city, settings, lang, words_of(city, lang), data), city, settings, lang)


def order_page(city: City, settings: Settings, lang: str, data: dict[str, Any]) -> list[Any]:
    """`/order/<id>`; `data` is `dashboard.query.order_page`."""
    return framed(order.build(city, settings, lang, words_of(city, lang), data), city, settings, lang)


def desk_page(city: City, settings: Settings, lang: str) -> list[Any]:
    """`/desk`."""
    return framed(desk.build(city, settings, lang, words_of(city, lang)), city, settings, lang)


def orders_page(
    city: City, settings: Settings, lang: str, params: Mapping[str, str], pills: list[tuple[str, str]], shown: dict[str, Any]
) -> list[Any]:
    """`/orders?…`; see `layouts.orders.build`."""
    return framed(orders.build(city, settings, lang, words_of(city, lang), params, pills, shown), city, settings, lang)


def statistics_page(
    city: City, settings: Settings, lang: str, params: Mapping[str, str], data: dict[str, Any]
) -> list[Any]:
    """`/statistics?…`; see `layouts.statistics.build`."""
    return framed(statistics.build(city, lang, words_of(city, lang), params, data), city, settings, lang)


def review_page(city: City, settings: Settings, lang: str) -> list[Any]:
    """`/review`, whose parts `dashboard.callbacks.review` fills; see `layouts.review.build`."""
    return framed(review.build(city, lang, words_of(city, lang)), city, settings, lang)
