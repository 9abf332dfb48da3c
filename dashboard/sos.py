"""POST /api/v1/workers/<id>/sos: somebody answers the alarm of a worker. It stands until then, whatever the device says.

Like every action it is a fact: on disk before anybody waits for it, folded by the projector, and in the audit log with the
commit that folds it.
"""

import time
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from dashboard.access import need, person
from dashboard.acting import ANSWER_WITHIN_S, BadAction
from dashboard.api import NotThere, json_response, refusals_spoken
from dashboard.sight import sight
from domain.facts import SosAnswer
from domain.people import RIGHTS, Person
from domain.states import Worker, WorkerFlag
from store.errors import StoreUnavailable

if TYPE_CHECKING:
    from config.settings import Settings
    from dashboard.hall import Hall

SOURCE: Final = "desk"
MOST_NOTE: Final = 1000
LOOK_EVERY_S: Final = 0.05


def register(app: Flask, hall: "Hall", _settings: "Settings") -> None:
    """Add the route."""
    view = refusals_spoken(hall, lambda worker: answer(hall, worker))
    app.add_url_rule("/api/v1/workers/<path:worker>/sos", "api_sos", view, methods=["POST"])


def answer(hall: "Hall", worker: str) -> Response:
    """{id, note?} → {state: done}, pending (202: on disk, not folded yet), or none (409: no alarm stands). The same id again is
    the same answer. Who may not: 403.
    """
    need("alarms")
    told = request.get_json(silent=True)
    name, note = _read(told)
    row = _seen(hall, worker)
    if row.sos_answer == name:
        return json_response({"state": "done", "worker": worker, "at_ms": row.sos_answered_ms}, 200, hall.city)
    if not row.flags & WorkerFlag.SOS:
        return json_response({"state": "none", "worker": worker}, 409)
    if hall.store is None:
        raise StoreUnavailable("there is no store")
    fact = _fact(hall, person(), row, name, note)
    hall.store.append([fact])
    end_s = time.monotonic() + ANSWER_WITHIN_S
    while _stands(hall, worker, row.sos_since_ms):
        if time.monotonic() > end_s:
            return json_response({"state": "pending", "worker": worker}, 202)
        time.sleep(LOOK_EVERY_S)
    return json_response({"state": "done", "worker": worker, "at_ms": fact.at_ms}, 200, hall.city)


def _read(told: Any) -> tuple[str, str]:
    """(id, note) of a body. Raises BadAction."""
    name, note = (told.get("id"), told.get("note", "")) if isinstance(told, dict) else (None, "")
    if not isinstance(name, str) or not 8 <= len(name) <= 64 or not name.isascii() or not name.isprintable():
        raise BadAction("id: 8 to 64 letters, digits, - or _, made by the asker, is wanted")
    if not isinstance(note, str) or len(note) > MOST_NOTE:
        raise BadAction(f"note: a text of at most {MOST_NOTE} characters is wanted")
    return name, note.strip()


def _seen(hall: "Hall", worker: str) -> Worker:
    """The row of a worker whom the asker sees. Raises NotThere."""
    found = sight(hall).workers.get(worker)
    if found is None:
        raise NotThere("worker", worker)
    return found


def _fact(hall: "Hall", who: Person, row: Worker, name: str, note: str) -> SosAnswer:
    """`at_ms` is no earlier than the alarm that was seen, whatever the clocks of two machines say."""
    at_ms = max(hall.now_ms(), row.sos_since_ms)
    role = next(role for role in who.roles if "alarms" in RIGHTS.get(role, ()))
    return SosAnswer(
        source=SOURCE, received_at_ms=at_ms, worker=row.worker, id=name, actor=who.actor, role=role, at_ms=at_ms,
        region=row.region, note=note,
    )  # fmt: skip


def _stands(hall: "Hall", worker: str, since_ms: int) -> bool:
    with hall.lock:
        row = hall.workers.get(worker)
    return row is not None and bool(row.flags & WorkerFlag.SOS) and row.sos_since_ms == since_ms
