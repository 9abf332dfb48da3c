"""The parts of the review, filled anew when its address changes and every minute while it is not pinned to a moment."""

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, no_update

from config.settings import Settings
from dashboard.access import audit, person
from dashboard.briefs import Json
from dashboard.bulletins.asking import seen_bulletins
from dashboard.callbacks.filter_words import pills
from dashboard.callbacks.routing import CANNOT_BE_SHOWN, REVIEW_PATH, RIGHT_OF, fault_text, params_of, why_not
from dashboard.filters import WORD_PARAMS
from dashboard.review import review
from dashboard.sight import Sight, sight
from layouts import ids, pages
from layouts.markup import markup
from layouts.readings import words_of
from layouts.review import Pen, fault, filled
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall


def register(app: Dash, hall: "Hall", settings: Settings) -> None:
    """One callback for all parts, so that they are of one moment; the browser puts them into their places."""

    def failed(error: Exception) -> Any:
        search = ctx.inputs[f"{ids.URL}.search"]
        lang = pages.language(params_of(search), settings)
        text = fault_text(hall, "page", REVIEW_PATH, error, lang, search or "")
        made, figure = fault(text, words_of(hall.city, lang)["page.again"], lang)
        return {part: markup(children) for part, children in made.items()}, figure

    @app.callback(
        Output(ids.REVIEW_DATA, "data"),
        Output(ids.REVIEW_TREND, "figure"),
        Input(ids.URL, "search"),
        Input(ids.REVIEW_TICK, "n_intervals"),
        State(ids.URL, "pathname"),
        on_error=failed,
    )
    def fill(search: str | None, _ticks: int | None, path: str | None) -> Any:
        params = params_of(search)
        ticked = ctx.triggered_id == ids.REVIEW_TICK
        if (path or "").rstrip("/") != REVIEW_PATH or (ticked and "as_of" in params):
            return no_update, no_update
        made, figure = parts(hall, params, pages.language(params, settings))
        return {part: markup(children) for part, children in made.items()}, figure

    app.clientside_callback(ClientsideFunction("gridhall", "review"), Input(ids.REVIEW_DATA, "data"))


def parts(hall: "Hall", params: dict[str, str], lang: str) -> tuple[dict[str, Any], Any]:
    """What this request's person sees of what an address asks for, or why he sees nothing."""
    seen = sight(hall)
    said = words_of(seen.city, lang)
    if not person().may(RIGHT_OF["review"]):
        audit("refused", REVIEW_PATH, reason=f"right {RIGHT_OF['review']}")
        return fault(said["page.no_right"])
    try:
        data = review(seen, params, lang)
    except CANNOT_BE_SHOWN as why:
        return fault(why_not(hall, why, lang), said["page.again"], lang)
    held = {name: params[name] for name in WORD_PARAMS if name in params}
    narrowed = [{"param": name, "text": text} for name, text in pills(seen.city, held, lang)]
    more = {"narrowed": narrowed, "frozen": [] if held else frozen(seen, data)}
    return filled(Pen(city=seen.city, words=said, lang=lang, params=params, data={**data, **more}))


def frozen(seen: Sight, data: Json) -> list[Json]:
    """The newest published version of exactly this region and period, if there is one; a silent store takes no page away."""
    period = data["period"]
    try:
        found = seen_bulletins(seen, data["region"])
    except StoreError:
        return []
    same = [of for of in found if (of.from_ms, of.to_ms) == (period["from_ms"], period["to_ms"])]
    newest = max(same, key=lambda of: of.number, default=None)
    return [] if newest is None else [{"id": newest.id, "number": newest.number}]
