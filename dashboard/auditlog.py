"""The audit log as its auditor searches and exports it. There is no way to change a line."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Flask, Response, render_template, request

from config.settings import Settings
from config.words import words
from dashboard.access import Access, answer, audit, need, person
from dashboard.briefs import region_name
from dashboard.doors import home_of, language
from dashboard.filters import BadQuery, none_of, read_period
from domain.calendar import local_at
from store import audit as auditing
from store.audit import WHAT, Entry, Place
from store.errors import StoreError

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

PAGE: Final = 200
MOST_LIMIT: Final = 1000
MOST_OFFSET: Final = 100_000
MOST_EXPORTED: Final = 200_000
MOST_WALKED: Final = 100_000
"""Lines that one search looks at, a second's work; from where it stopped the next one goes on."""

ASKED: Final = ("from", "to", "period", "who", "what", "subject", "text", "offset", "limit", "format", "before")
COLUMNS: Final = ("at", "who", "what", "subject", "region", "address", "detail")
_PLACE: Final = re.compile(r"\d{1,15}-\d{1,15}-\d{1,6}")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an auditor asks for. `inside`: the regions of his scope; None: the whole city."""

    from_ms: int
    to_ms: int | None
    who: str = ""
    what: str = ""
    subject: str = ""
    text: str = ""
    before: Place | None = None
    inside: frozenset[str] | None = None

    def fits(self, line: Entry) -> bool:
        """A line is of a scope by its region, or by the scope of who asked for another's (detail `scope`)."""
        if self.inside is not None and line.region not in self.inside and line.detail.get("scope") not in self.inside:
            return False
        if any(wanted and wanted != told for wanted, told in self._words(line)):
            return False
        return not self.text or self.text in f"{line.who}\n{line.subject}\n{line.address}\n{_detail(line)}".casefold()

    def _words(self, line: Entry) -> tuple[tuple[str, str], ...]:
        return (self.who, line.who), (self.what, line.what), (self.subject, line.subject)


def register(app: Flask, hall: "Hall", settings: Settings, access: Access) -> None:
    """/audit and /api/v1/audit[?format=csv]."""

    def page() -> Any:
        need("audit")
        lang, asked = language(settings), request.args.to_dict()
        shown, next_place, fault = [], "", ""
        try:
            shown, next_place = search(access.store, read(hall, asked), PAGE)
        except BadQuery as wrong:
            fault = wrong.said(lang)
        _tell_viewed(asked)
        more = "/audit?" + urlencode(asked | {"before": next_place}) if next_place else ""
        return render_template(
            "audit.html", lang=lang, w=words(lang), city=hall.city.title_en if lang == "en" else hall.city.title,
            title=words(lang)["door.audit"], page="audit", q=asked, kinds=WHAT, fault=fault, home=home_of(person()),
            lines=[row(hall.city, line, lang) for line in shown], more=more,
            export="/api/v1/audit?" + urlencode({**asked, "before": "", "format": "csv"}),
        )  # fmt: skip

    def api() -> Any:
        need("audit")
        asked, lang = request.args.to_dict(), language(settings)
        try:
            wanted = read(hall, asked)
            if asked.get("format") == "csv":
                _tell_viewed(asked)
                return _csv(access.store, hall.city, wanted, lang)
            limit, offset = _whole(asked, "limit", PAGE, MOST_LIMIT), _whole(asked, "offset", 0, MOST_OFFSET)
            found, next_place = search(access.store, wanted, offset + limit)
        except BadQuery as wrong:
            return answer({"error": str(wrong)}, 400)
        _tell_viewed(asked)
        return answer({"items": [row(hall.city, line, lang) for line in found[offset:]], "next": next_place or None})

    app.add_url_rule("/audit", "audit", page)
    app.add_url_rule("/api/v1/audit", "api_audit", api)


def _tell_viewed(asked: Mapping[str, str]) -> None:
    told = {key: asked[key] for key in ASKED if key != "before" and asked.get(key)}
    audit("view_audit", asked=urlencode(told, encoding="utf-8", safe="*:") if told else "")


def read(hall: "Hall", asked: Mapping[str, str]) -> Wanted:
    """What this request's auditor may ask for. Raises BadQuery."""
    period = read_period(hall.city, asked, hall.now_ms())
    what, place = asked.get("what", ""), asked.get("before", "")
    if what and what not in WHAT:
        raise none_of("what", what, WHAT)
    if place and not _PLACE.fullmatch(place):
        raise BadQuery("before: the `next` of an answer is wanted")
    scope = person().scope or hall.city.root
    at_ms, serial, stream = map(int, place.split("-")) if place else (0, 0, 0)
    return Wanted(
        from_ms=period.from_ms or 0, to_ms=period.to_ms, who=asked.get("who", ""), what=what, subject=asked.get("subject", ""),
        text=asked.get("text", "").casefold(), before=(at_ms, serial, stream) if place else None,
        inside=None if scope == hall.city.root else hall.city.subtree(scope),
    )  # fmt: skip


def _whole(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = asked.get(name) or str(default)
    if not text.isdecimal() or int(text) > most:
        raise BadQuery(f"{name}: a whole number from 0 to {most} is wanted")
    return int(text)


def search(store: Any, wanted: Wanted, most: int) -> tuple[list[Entry], str]:
    """(lines that fit, newest first; where to go on, "" at the end): `most` of them, of MOST_WALKED lines looked at."""
    found: list[Entry] = []
    walk = auditing.walk(store, wanted.from_ms, wanted.to_ms, wanted.before)
    for walked, (place, line) in enumerate(walk, 1):
        if wanted.fits(line):
            found.append(line)
        if len(found) >= most or walked >= MOST_WALKED:
            return found, "-".join(map(str, place))
    return found, ""


def _detail(line: Entry) -> str:
    return " · ".join(f"{key} {value}" for key, value in line.detail.items() if value != "")


_WORDED: Final = {"action": "action", "role": "seat", "status": "status", "reason": "refusal"}


def _said(line: Entry, lang: str) -> str:
    """The detail as a person reads it: 结案 · 值班长. What has no word stays as it is; ids are left to the export."""
    said = words(lang)
    told = [
        said.get(f"{_WORDED.get(key, '')}.{value}", str(value) if key in _WORDED else f"{key} {value}")
        for key, value in line.detail.items()
        if value != "" and key != "id"
    ]
    return " · ".join(told)


def row(city: "City", line: Entry, lang: str) -> dict[str, Any]:
    """A line as texts."""
    at = local_at(line.at_ms, city.zone)
    return {
        "at": at.isoformat(sep=" ", timespec="seconds"),
        "who": line.who,
        "what": line.what,
        "subject": line.subject,
        "region": line.region,
        "region_name": region_name(city, line.region, lang),
        "address": line.address,
        "detail": _detail(line),
        "said": _said(line, lang),
    }


def _csv(store: Any, city: "City", wanted: Wanted, lang: str) -> Response:
    """With a byte order mark, so that spreadsheets read the Chinese; the zone stands in each time. Where it ends too early its
    last line says so.
    """
    lines = (line for _, line in auditing.walk(store, wanted.from_ms, wanted.to_ms, wanted.before) if wanted.fits(line))
    first = next(lines, None)  # a store that is silent now is told as that, and not in the middle of a file
    said = words(lang)

    def texts() -> Iterator[str]:
        sheet = io.StringIO()
        out = csv.writer(sheet)
        sheet.write("\ufeff")
        out.writerow(said[key] for key in ("audit.at", "audit.who", "audit.what", "audit.subject", "door.scope",
                                           "door.address", "audit.detail"))  # fmt: skip
        try:
            for number, line in enumerate(chain([] if first is None else [first], lines)):
                if number == MOST_EXPORTED:
                    out.writerow([said["audit.cut"]])
                    break
                told = row(city, line, lang)
                out.writerow(harmless(str(told[key])) for key in COLUMNS)
                if sheet.tell() > 65_536:
                    yield sheet.getvalue()
                    sheet.seek(0)
                    sheet.truncate()
        except StoreError:
            out.writerow([said["audit.broken_off"]])
        yield sheet.getvalue()

    named = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(texts(), mimetype="text/csv; charset=utf-8", headers=named)


_FORMULA: Final = re.compile(r"[\s\"']*[=+\-@＝＋－＠|%]")


def harmless(cell: str) -> str:
    """A cell that a spreadsheet might take for a formula, as a text."""
    return f"'{cell}" if _FORMULA.match(cell) and cell != "-" else cell
