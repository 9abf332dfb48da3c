"""Which screen an address asks for."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from dash import Dash, Input, Output, State, ctx, html, no_update
from flask_wtf.csrf import generate_csrf

from config.faults import Kind
from config.settings import Settings
from config.words import words
from dashboard import query
from dashboard.access import audit, person
from dashboard.api import CANNOT_BE_ANSWERED, NotThere, look_up, order_json, read_day, see_track
from dashboard.callbacks.filter_words import pills
from dashboard.doors import me_of
from dashboard.filters import counted_at, none_of
from dashboard.hotline import hotline
from dashboard.proof import proof_of
from dashboard.sight import Sight, sight
from layouts import ids, pages, statistics
from layouts.page_config import json_text
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall

WALL_PATHS = ("", "/", "/wall")
DESK_PATH = "/desk"
REVIEW_PATH = "/review"


def params_of(search: str | None) -> dict[str, str]:
    """The parameters of an address's query, empty ones left out; of one given twice the last."""
    return dict(parse_qsl((search or "").lstrip("?")))


def page_key(path: str, search: str | None, lang: str) -> str:
    """What makes two addresses the same page: on the wall, the desk and the review all but the language happens in place."""
    if path in (DESK_PATH, REVIEW_PATH):
        return f"{path} {lang}"
    return f"wall {lang}" if path in WALL_PATHS else f"{path}{search or ''} {lang}"


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """The one callback of all pages."""

    def failed(error: Exception) -> Any:
        path, search = ctx.inputs[f"{ids.URL}.pathname"] or "/", ctx.inputs[f"{ids.URL}.search"]
        lang = pages.language(params_of(search), settings)
        text = fault_text(hall, "page", "/" + path.split("/")[1], error, lang, f"{path}{search or ''}")
        return pages.message_page(hall.city, settings, lang, text), no_update

    @app.callback(
        Output(ids.PAGE, "children"),
        Output(ids.PAGE_KEY, "data"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        State(ids.PAGE_KEY, "data"),
        on_error=failed,
    )
    def show(path: str | None, search: str | None, shown: str | None) -> Any:
        path = (path or "/").rstrip("/")
        params = params_of(search)
        lang = pages.language(params, settings)
        key = page_key(path, search, lang)
        if key == shown:
            return no_update, no_update
        return [me_script(hall, lang), *page(hall, settings, path, params, lang)], key


def me_script(hall: "Hall", lang: str) -> html.Script:
    """Who is looking, for the scripts of the page: names, rights, and the token that writes need."""
    mine = me_of(hall, person(), lang) | {"csrf": generate_csrf()}
    return html.Script(json_text(mine), id=ids.ME, type="application/json")


SCREENS: Final = ("", "wall", "desk", "worker", "order", "orders", "review", "statistics")
"""How the paths of the screens begin."""

RIGHT_OF: Final = {"": "wall", "wall": "wall", "desk": "desk", "statistics": "statistics", "review": "statistics"}
"""The right that a screen needs; the others show what the person sees of them."""


def statistics_of(hall: Sight, params: dict[str, str], lang: str) -> dict[str, Any]:
    """The figures of the table, by what the address asks for; a grouping that there is not is a BadQuery."""
    by = params.get("by", statistics.GROUPINGS[0])
    if by not in statistics.GROUPINGS:
        raise none_of("by", by, statistics.GROUPINGS)
    asked = {key: value for key, value in params.items() if key not in ("by", "lang", "view")}
    keys, now_ms = statistics.VIEWS[statistics.view_of(params)], hall.now_ms()
    wanted = query.read_query(hall.city, counted_at(asked, hall.moment()), now_ms)
    period = query.read_period(hall.city, asked, wanted.as_of_ms)
    data = query.indicators_of(hall, wanted, by, keys, period, lang, staged=False)
    return data | ({"hotline": hotline(hall, wanted, lang)} if statistics.view_of(params) == "hotline" else {})


def page(hall: "Hall", settings: Settings, path: str, params: dict[str, str], lang: str) -> list[Any]:
    """The screen as this request's person sees it, or a page that says why there is none."""
    seen = sight(hall)
    city, catalogue = seen.city, words(lang)
    screen = path.lstrip("/").partition("/")[0]
    if not person().may(RIGHT_OF.get(screen, "")) and screen in RIGHT_OF:
        audit("refused", path[:200], reason=f"right {RIGHT_OF[screen]}")
        return pages.message_page(city, settings, lang, catalogue["page.no_right"])
    try:
        made = screen_of(seen, settings, path, params, lang)
    except CANNOT_BE_SHOWN as why:
        return pages.message_page(city, settings, lang, why_not(hall, why, lang))
    return made or pages.message_page(city, settings, lang, catalogue["page.not_found"])


def screen_of(seen: Sight, settings: Settings, path: str, params: dict[str, str], lang: str) -> list[Any] | None:
    """The screen of an address; None where there is no such. Raises CANNOT_BE_SHOWN."""
    city = seen.city
    screen, _, name = path.lstrip("/").partition("/")
    name = unquote(name)
    if path in WALL_PATHS:
        return pages.wall_page(city, settings, lang, city.scenes.of(person().scenes))
    if screen == "worker" and name:
        look_up(seen, "worker", name)
        day = read_day(seen, params["day"]) if "day" in params else None
        see_track(seen, name, day or "today")
        return pages.worker_page(city, settings, lang, query.worker_dossier(seen, name, day, lang=lang))
    if screen == "order" and name:
        look_up(seen, "order", name)
        return pages.order_page(city, settings, lang, order_json(seen, name, lang))
    if screen == "orders" and not name:
        return pages.orders_page(city, settings, lang, params, pills(city, params, lang), proof_of(seen, params))
    if screen == "desk" and not name:
        return pages.desk_page(city, settings, lang)
    if screen == "review" and not name:
        return pages.review_page(city, settings, lang)
    if screen == "statistics" and not name:
        return pages.statistics_page(city, settings, lang, params, statistics_of(seen, params, lang))
    return None


CANNOT_BE_SHOWN: Final = (*CANNOT_BE_ANSWERED, StoreError)
"""What may be wrong with an address, or with the world; anything else is a fault of ours, and told as one."""


def why_not(hall: "Hall", why: Exception, lang: str) -> str:
    """One of CANNOT_BE_SHOWN in words. Whoever asks for what is there but not his is told that it is not there, and the audit
    log is told that he asked.
    """
    catalogue = words(lang)
    if isinstance(why, query.UnknownRegion):
        why = NotThere("region", str(why.args[0]))
    if isinstance(why, NotThere):
        why.tell(hall)
        return catalogue[f"page.no_{why.kind}"].format(id=why.name)
    if isinstance(why, query.BadQuery):
        return catalogue["page.bad_query"].format(t=why.said(lang))
    return catalogue["page.store_gone"]


def fault_text(hall: "Hall", kind: Kind, where: str, error: Exception, lang: str, detail: str = "") -> str:
    """A fault of ours in words, with the reference under which it stands in the log."""
    return words(lang)["page.fault"].format(ref=hall.faults.tell(kind, where, error, detail).reference)
