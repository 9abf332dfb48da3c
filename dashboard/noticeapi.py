"""The bell: GET /api/v1/notices of who asks, POST /api/v1/notices/read what he has read."""

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from config.settings import Settings
from config.words import words
from dashboard.access import person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, department_name, order_title, region_name
from dashboard.doors import language
from dashboard.filters import BadQuery
from dashboard.names import title_of
from dashboard.notices import EACH, START, Kept, book_of, place_of
from dashboard.sight import Sight, sight
from domain import masking
from domain.notices import Notice, word_of
from store import notices as keeping

if TYPE_CHECKING:
    from dashboard.hall import Hall

SHOWN: Final = 50


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """GET /api/v1/notices?since=&limit=, POST /api/v1/notices/read."""

    def listed() -> Response:
        return json_response(mine(sight(hall), language(settings)), 200, hall.city)

    def read() -> Response:
        return json_response(mark(sight(hall), request.get_json(silent=True)), 200)

    app.add_url_rule("/api/v1/notices", "api_notices", refusals_spoken(hall, listed))
    app.add_url_rule("/api/v1/notices/read", "api_notices_read", refusals_spoken(hall, read), methods=["POST"])


def mine(seen: Sight, lang: str) -> Json:
    """{as_of_ms, cursor, unread, items} of who asks, newest first; with `since` (a cursor told before) only what is newer."""
    since = read_cursor(request.args.get("since", ""))
    limit = request.args.get("limit", str(SHOWN))
    if not limit.isdecimal() or not 0 <= int(limit) <= EACH:
        raise BadQuery(f"limit: a whole number from 0 to {EACH}")
    seen_ones, positions = _seen(seen)
    upto, ids = keeping.read_marks(seen.hall.store, person().name)  # type: ignore[arg-type]
    shown = [kept for kept in seen_ones if _is_after(kept, since)]
    return {
        "as_of_ms": seen.now_ms(),
        "cursor": cursor_of(positions),
        "unread": sum(not _is_read(kept, upto, ids) for kept in seen_ones),
        "items": [_item(seen, kept.notice, _is_read(kept, upto, ids), lang) for kept in shown[: int(limit)]],
    }


def _seen(seen: Sight) -> tuple[list[Kept], dict[int, str]]:
    found, positions = book_of(seen.hall).of(person())
    with seen.lock:  # asked of the rows as they are: masking those that only say whether they are seen would cost
        rows = [(kept, seen.hall.orders.get(kept.notice.order)) for kept in found]
    return [kept for kept, row in rows if row is not None and seen.sees_order(row)], positions


def _is_after(kept: Kept, upto: dict[int, str]) -> bool:
    return kept.at > place_of(upto.get(kept.partition, START))


def _is_read(kept: Kept, upto: dict[int, str], ids: frozenset[str]) -> bool:
    return not _is_after(kept, upto) or kept.notice.id in ids


def mark(seen: Sight, told: Any) -> Json:
    """{ids: […]} or {upto: cursor}: keep that they are read. {unread}. Raises BadQuery."""
    ids = told.get("ids", []) if isinstance(told, dict) else None
    if not isinstance(ids, list) or len(ids) > EACH or not all(isinstance(name, str) for name in ids):
        raise BadQuery(f"ids: a list of at most {EACH} ids of notices, or upto: a cursor")
    seen_ones, positions = _seen(seen)
    known = {kept.notice.id for kept in seen_ones}
    upto = read_cursor(str(told.get("upto", "")))
    if any(place_of(at) > place_of(positions.get(partition, START)) for partition, at in upto.items()):
        raise BadQuery("upto: no cursor that was told")
    store = seen.hall.store
    assert store is not None
    keeping.mark_read(store, person().name, upto, [name for name in ids if name in known])
    marks = keeping.read_marks(store, person().name)
    return {"unread": sum(not _is_read(kept, *marks) for kept in seen_ones)}


def cursor_of(positions: dict[int, str]) -> str:
    """How far each partition has been read, as the asker gives it back."""
    return ",".join(f"{partition}:{at}" for partition, at in sorted(positions.items()))


def read_cursor(text: str) -> dict[int, str]:
    """The positions of a cursor; none for "". Raises BadQuery."""
    found = {}
    for part in filter(None, text.split(",")):
        partition, _, at = part.partition(":")
        numbers = [partition, *at.split("-")]
        if len(numbers) != 3 or not all(number.isdecimal() and len(number) < 20 for number in numbers):
            raise BadQuery(f"since: {text!r} is no cursor that was told")
        found[int(partition)] = at
    return found


def _item(seen: Sight, notice: Notice, read: bool, lang: str) -> Json:
    said, row = words(lang), seen.orders[notice.order]
    by = said["notices.by_rule"] if notice.role == "rule" else title_of(seen.hall, notice.actor)
    return {
        "id": notice.id,
        "event": notice.event,
        "event_name": said[word_of(notice.event)],
        "clock_name": said.get(f"timed.{notice.clock}", "") if notice.clock else "",
        "order": notice.order,
        "title": order_title(seen.city, row, lang),
        "region_name": region_name(seen.hall.city, row.region, lang),
        "department_name": department_name(seen.city, notice.department, lang),
        "reason": masking.numbers(notice.reason) if seen.sees_doors(row) else masking.prose(notice.reason),
        "by": by,
        "at_ms": notice.at_ms,
        "read": read,
    }
