"""What has failed, told: by error pages to who asked, by screens to us, by us to the operators."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from config.faults import Fault
from config.settings import Settings
from config.words import words
from dashboard.access import need, person, wants_page
from dashboard.api import CANNOT_BE_ANSWERED, json_response, refusals_spoken
from dashboard.briefs import Json
from dashboard.callbacks.routing import why_not
from dashboard.doors import language
from dashboard.filters import BadQuery
from dashboard.sight import Sight, sight

if TYPE_CHECKING:
    from dashboard.hall import Hall

PER_MINUTE: Final = 120
"""Faults that all screens together may tell in a minute; more are counted and not looked at."""

SHOWN: Final = 40


class TellTale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a screen tells: where in its page, what was said, and more that helps to find it (path, place in the script)."""

    where: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    cause: Annotated[str, msgspec.Meta(max_length=1000)]
    detail: Annotated[str, msgspec.Meta(max_length=4000)] = ""


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """The error page and the error answer of every route; POST /api/v1/faults, and GET for who sees the screens."""
    gate = _Gate(hall)

    def failed(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            return error
        is_page = wants_page()
        where = request.url_rule.rule if request.url_rule else "/" + request.path.split("/")[1]
        fault = hall.faults.tell("page" if is_page else "api", where, error, f"{request.method} {request.full_path}")
        if not is_page:
            told = {"error": f"a fault of ours, which stands in the log as {fault.reference}", "reference": fault.reference}
            return json_response(told, 500)
        lang = language(settings)
        return said(words(lang)["page.fault"].format(ref=fault.reference), lang, 500)

    def refused(why: Exception) -> Any:
        lang = language(settings)
        text, status = why_not(hall, why, lang), 400 if isinstance(why, BadQuery) else 404
        return said(text, lang, status) if wants_page() else json_response({"error": str(why)}, status)

    def said(text: str, lang: str, status: int) -> Any:
        more = {"city": hall.city.title_en if lang == "en" else hall.city.title, "title": str(status), "text": text}
        return render_template("fault.html", lang=lang, w=words(lang), page="fault", **more), status

    def take() -> Response:
        try:
            told = msgspec.json.decode(request.get_data(), type=TellTale)
        except msgspec.DecodeError as wrong:
            raise BadQuery(str(wrong)) from wrong
        if not gate.lets():
            return json_response({"reference": ""}, 202)
        fault = hall.faults.tell_browser(told.where, told.cause, f"{person().name} {told.detail}")
        return json_response({"reference": fault.reference}, 202)

    def tell() -> Response:
        need("screens")
        items = listed(hall, sight(hall))
        return json_response({"as_of_ms": hall.now_ms(), "counts": dict(hall.faults.counts), "items": items}, 200, hall.city)

    app.register_error_handler(Exception, failed)
    for kind in CANNOT_BE_ANSWERED:
        app.register_error_handler(kind, refused)
    app.add_url_rule("/api/v1/faults", "api_faults", refusals_spoken(hall, take), methods=["POST"])
    app.add_url_rule("/api/v1/faults", "api_faults_told", refusals_spoken(hall, tell), methods=["GET"])


class _Gate:
    """Lets so many through in each minute."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._minute, self._passed = 0, 0

    def lets(self) -> bool:
        minute = self._hall.now_ms() // 60_000
        if minute != self._minute:
            self._minute, self._passed = minute, 0
        self._passed += 1
        if self._passed > PER_MINUTE:
            self._hall.faults.counts["browser"] += 1
            return False
        return True


def listed(hall: "Hall", seen: Sight) -> list[Json]:
    """The newest faults of this process in plain values. Their `cause` may hold anything of the city, so that only an
    administrator of all of it is told it.
    """
    cause = seen.whole and seen.person.may("admin")
    return [_told(fault, hall.now_ms(), cause=cause) for fault in hall.faults.listed()[:SHOWN]]


def _told(fault: Fault, now_ms: int, *, cause: bool) -> Json:
    shown = {key: getattr(fault, key) for key in ("reference", "kind", "where", "first_at_ms", "last_at_ms", "times")}
    return {**shown, "open": fault.is_open(now_ms), "cause": fault.cause if cause else ""}
