"""/api/v1/bulletins…: the published versions, what they hold, their orders and files, and asking for a new one."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from flask import Flask, Response, request

from config.settings import Settings
from config.words import LANGS, words
from dashboard.access import audit, need, person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json
from dashboard.bulletins.asking import (
    ask,
    job_json,
    pair,
    seen_bulletin,
    seen_bulletins,
    seen_job,
    seen_jobs,
    version_json,
)
from dashboard.bulletins.compare import compared
from dashboard.bulletins.maker import Maker
from dashboard.bulletins.rows import FACTS, picked, picked_stints
from dashboard.bulletins.shelf import Shelf
from dashboard.bulletins.told import Told
from dashboard.doors import language
from dashboard.filenames import disposition
from dashboard.filters import BadQuery, none_of, region_code
from dashboard.sight import Sight, sight
from store.bulletins import KINDS, Bulletin

if TYPE_CHECKING:
    from dashboard.hall import Hall

FORMS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}  # fmt: skip
MOST_PER_PAGE: Final = 1000


def register(app: Flask, hall: "Hall", settings: Settings, shelf: Shelf, maker: Maker) -> None:
    """Add the routes."""

    def listed() -> Any:
        need("statistics")
        seen = sight(hall)
        kind = request.args.get("kind", "")
        if kind not in ("", *KINDS):
            raise none_of("kind", kind, KINDS)
        region = region_code(seen.city, request.args["region"]) if request.args.get("region") else ""
        return _json(seen, {"items": [version_json(one) for one in seen_bulletins(seen, region, kind)]})

    def one(bulletin_id: str) -> Any:
        seen = sight(hall)
        found = seen_bulletin(seen, bulletin_id)
        return _json(seen, {**version_json(found), "content": shelf.content(found)})

    def orders(bulletin_id: str) -> Any:
        seen = sight(hall)
        found = seen_bulletin(seen, bulletin_id)
        return _json(seen, orders_of(shelf, found, request.args))

    def compare(bulletin_id: str) -> Any:
        seen = sight(hall)
        before, after = pair(seen, bulletin_id, request.args.get("with", ""))
        return _json(seen, differences(shelf, before, after))

    def file(bulletin_id: str, form: str) -> Any:
        return _file(shelf, seen_bulletin(sight(hall), bulletin_id), form, request.args.get("lang") or language(settings))

    def publish() -> Any:
        seen, said = sight(hall), words(language(settings))
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            raise BadQuery("a JSON object {period, region, reason} is wanted")
        job = ask(seen, person().name, given, said)
        maker.wake()
        return json_response(job_json(job, said), 202, seen.city)

    def jobs() -> Any:
        need("statistics")
        seen, said = sight(hall), words(language(settings))
        return _json(seen, {"items": [job_json(job, said) for job in seen_jobs(seen)]})

    def job(job_id: str) -> Any:
        seen = sight(hall)
        return _json(seen, job_json(seen_job(seen, job_id), words(language(settings))))

    routes: dict[str, Any] = {
        "": listed, "/<bulletin_id>": one, "/<bulletin_id>/orders": orders, "/<bulletin_id>/compare": compare,
        "/<bulletin_id>/files/<form>": file, "/jobs": jobs, "/jobs/<job_id>": job,
    }  # fmt: skip
    for path, view in routes.items():
        app.add_url_rule(f"/api/v1/bulletins{path}", f"api/bulletins{path}", refusals_spoken(hall, view), methods=["GET"])
    app.add_url_rule("/api/v1/bulletins", "api_bulletins_publish", refusals_spoken(hall, publish), methods=["POST"])


def _json(seen: Sight, value: Json) -> Response:
    return json_response(value, 200, seen.city)


def orders_of(shelf: Shelf, found: Bulletin, asked: Mapping[str, str]) -> Json:
    """{total, offset, limit, items, as_of_ms} of the frozen orders behind a figure: figure=, part=num|den, by=, group=, or
    count= instead of figure and part; or of a stage: stage=, part=left|timed|judged|in_time. Raises BadQuery.
    """
    if asked.get("stage"):
        return _page(found, asked, lambda: picked_stints(shelf.stints(found), asked["stage"], asked.get("part", "left")))
    content = shelf.content(found)
    count = asked.get("count", "")
    if key := asked.get("figure", ""):
        definition = content["definitions"].get(key)
        part = {"num": "numerator", "den": "denominator"}.get(asked.get("part", "num"), "")
        count = definition and definition.get(part)
        if not count:
            raise BadQuery(f"figure: this version has no {key!r} with that part")
    return _page(found, asked, lambda: picked(shelf.rows(found), count, asked.get("by", ""), asked.get("group", "")))


def _page(found: Bulletin, asked: Mapping[str, str], pick: Callable[[], pa.Table]) -> Json:
    offset, limit = _whole(asked, "offset", 0), min(_whole(asked, "limit", 100), MOST_PER_PAGE)
    try:
        rows = pick()
    except KeyError as unknown:
        raise BadQuery(f"this version has no {unknown.args[0]!r}") from unknown
    items = rows.select([name for name in FACTS if name in rows.column_names]).slice(offset, limit).to_pylist()
    return {"total": len(rows), "offset": offset, "limit": limit, "items": items, "as_of_ms": found.as_of_ms}


def _whole(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name) or str(default)
    if not text.isdecimal() or len(text) > 9:
        raise BadQuery(f"{name}: {text!r} is no whole number from 0 on")
    return int(text)


def differences(shelf: Shelf, before: Bulletin, after: Bulletin) -> Json:
    """What differs between two versions (`dashboard.bulletins.compare`)."""
    return compared(shelf.content(before), shelf.rows(before), shelf.content(after), shelf.rows(after))


def _file(shelf: Shelf, found: Bulletin, form: str, lang: str) -> Response:
    """A file as it was published, to be saved; the download is a line of the audit log."""
    if form not in FORMS or lang not in LANGS:
        raise BadQuery(f"form: one of {', '.join(FORMS)}; lang: one of {', '.join(LANGS)}")
    part = found.parts[f"{form}.{lang}"]
    data = shelf.bytes_of(part)
    audit("export", found.id, found.region, period=found.period, version=found.number, file=f"{form}.{lang}")
    told = Told(shelf.content(found), lang)
    name = f"{told.name(told.content['region_name'])} {told.kind} {found.period} v{found.number}.{form}"
    response = Response(data, mimetype=FORMS[form])
    response.headers["Content-Disposition"] = disposition("".join("-" if c in '/\\:*?"<>|' else c for c in name), FORMS[form])
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(part.sha256[:32])
    return response
