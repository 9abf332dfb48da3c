"""Photos and files of orders over HTTP: PUT and GET /api/v1/files/ID, and what the actions on orders ask of them.

A file is its uploader's alone until an action names it; from then on it is seen by who may see the order. The bytes of an
original are the evidence: served as they came, never rewritten, and compared with their digest each time.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from config.settings import Settings
from dashboard import access, filecheck
from dashboard.doors import language
from dashboard.filenames import disposition, tidy
from dashboard.sight import sight
from dashboard.uploads import CHUNK, FORMS, FileRefused, Slots, be_patient, body, drain, refusal
from domain.actions import ROLES
from domain.states import Step
from store import files
from store.blobs import Blobs, open_blobs
from store.errors import FilesFull, FilesUnavailable, StoreError
from store.files import THUMB, FileRecord

if TYPE_CHECKING:
    from dashboard.hall import Hall
    from domain.people import Person
    from store.store import Store

log = logging.getLogger(__name__)

POLICY: Final = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""Of a file that is opened by itself: it shows, and runs nothing."""

DECODED_AT_ONCE: Final = 2  # a core, and up to 350 MB, each
DECODE_WAIT_S: Final = 30
SWEEP_EVERY_S: Final = 600
_ID: Final = re.compile(r"[0-9a-f]{32}")
_ACTORS: Final = frozenset(ROLES) - {"auditor", "rule"}


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """Add the two routes. Raises ValueError for a bucket's address that is none (settings have checked it)."""
    shelf = Shelf(hall, settings, open_blobs(settings.files_url, settings.data_dir))

    def own_limit(endpoint: str | None, _: Any) -> None:
        """Before anything looks into the body: that of a file has a limit of its own, which `body` holds."""
        if endpoint == "put_file":
            if request.mimetype in FORMS:
                raise FileRefused("type_not_allowed")
            request.max_content_length = 1 << 40

    def heard_out(response: Response) -> Response:
        if request.endpoint == "put_file" and response.status_code >= 400:
            drain()
        return response

    def refused(wrong: FileRefused) -> Response:
        return refusal(wrong.reason, language(settings), settings.file_max_bytes)

    app.url_value_preprocessor(own_limit)
    app.after_request(heard_out)
    app.register_error_handler(FileRefused, refused)
    app.add_url_rule("/api/v1/files/<file_id>", "put_file", shelf.put, methods=["PUT"])
    app.add_url_rule("/api/v1/files/<file_id>", "get_file", shelf.get, methods=["GET"])


class Shelf:
    """The files of one web process."""

    def __init__(self, hall: "Hall", settings: Settings, blobs: Blobs) -> None:
        self._hall = hall
        self._settings = settings
        self._blobs = blobs
        self._slots = Slots()
        self._decoding = threading.BoundedSemaphore(DECODED_AT_ONCE)
        self._sweep_at_s = time.monotonic()
        self._sweeping = threading.Lock()

    # taking one in

    def put(self, file_id: str) -> Response:
        """PUT: 201 with the new file, 200 when it was there already. Raises FileRefused."""
        who = access.person()
        with _told_failures(), self._slots.one(who.name):
            if _ACTORS.isdisjoint(who.roles):
                access.audit("refused", request.path, reason="files are for those who act")
                raise FileRefused("right")
            if not _ID.fullmatch(file_id):
                raise FileRefused("missing")
            told = _checked(lambda: filecheck.told_type(request.mimetype))
            data = body(self._settings.file_max_bytes)
            with self._decoder():
                found = _checked(lambda: filecheck.check(data, told))
            record, status = self._take(file_id, who, data, found)
        self._sweep_if_due()
        response = jsonify(_described(record))
        response.status_code = status
        return response

    def _take(self, file_id: str, who: "Person", data: bytes, found: filecheck.Checked) -> tuple[FileRecord, int]:
        store = _store(self._hall)
        record = FileRecord(
            id=file_id, name=tidy(request.headers.get("X-File-Name", ""), found.type, file_id[:8]), type=found.type,
            size=len(data), sha256=hashlib.sha256(data).hexdigest(), by=who.name, at_ms=self._hall.now_ms(),
            width=found.width, height=found.height,
        )  # fmt: skip
        there = files.record(store, file_id)
        claim = files.put_record(store, record)
        if claim not in ("new", "same"):
            raise FileRefused("busy" if claim == "going" else claim)
        if there is None or not there.order:  # what belongs to an order is never written again
            if found.thumb:
                self._blobs.write(file_id + THUMB, found.thumb)
            self._blobs.write(file_id, data)
            if not files.keep(store, file_id, record.sha256):
                raise FileRefused("busy")
        return there or record, 201 if there is None else 200

    @contextmanager
    def _decoder(self) -> Iterator[None]:
        if not self._decoding.acquire(timeout=DECODE_WAIT_S):
            raise FileRefused("busy")
        try:
            yield
        finally:
            self._decoding.release()

    # giving one out

    def get(self, file_id: str) -> Response:
        """GET, whole or a range; `size=thumb` the thumbnail of a picture. Raises FileRefused."""
        with _told_failures():
            record = self._visible(file_id)
            thumb = request.args.get("size") == "thumb"
            if thumb and record.width is None:
                raise FileRefused("missing")
            return self._served(record, thumb)

    def _visible(self, file_id: str) -> FileRecord:
        """What is not there and what is not this person's is the same answer, but the audit log tells them apart."""
        record = files.record(_store(self._hall), file_id) if _ID.fullmatch(file_id) else None
        if record is None:
            raise FileRefused("missing")
        if record.order in sight(self._hall).orders if record.order else record.by == access.person().name:
            return record
        order = self._hall.orders.get(record.order)
        access.audit("refused", file_id, order.region if order else "", kind="file", order=record.order, path=request.path)
        raise FileRefused("missing")

    def _served(self, record: FileRecord, thumb: bool) -> Response:
        tag = record.sha256[:32] + ("-t" if thumb else "")
        response = Response(mimetype="image/jpeg" if thumb else record.type)
        response.set_etag(tag)
        name = tidy("", "image/jpeg", f"{record.name}-thumb") if thumb else record.name
        response.headers.update(
            {
                "Content-Disposition": disposition(name, response.mimetype or ""),
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "private, no-cache",  # kept by the browser, and asked for each time: rights change
            }
        )
        if request.if_none_match.contains_weak(tag):
            response.status_code = 304
            return response
        return _filled(response, self._bytes(record, thumb))

    def _bytes(self, record: FileRecord, thumb: bool) -> bytes:
        data = self._blobs.read(record.id + THUMB if thumb else record.id)
        if data is None:
            raise FilesUnavailable(f"file {record.id}: its bytes are not there")
        if not thumb and hashlib.sha256(data).hexdigest() != record.sha256:
            raise FilesUnavailable(f"file {record.id}: its bytes are not those that were sent")
        return data

    # taking away what was never named

    def _sweep_if_due(self) -> None:
        if time.monotonic() < self._sweep_at_s or not self._sweeping.acquire(blocking=False):
            return
        self._sweep_at_s = time.monotonic() + SWEEP_EVERY_S
        threading.Thread(target=self._sweep, name="files", daemon=True).start()

    def _sweep(self) -> None:
        try:
            files.sweep(_store(self._hall), self._blobs, self._hall.now_ms())
        except StoreError as failed:
            log.error("files that belong to no order were not swept: %s", failed)
        except Exception as failed:
            self._hall.faults.note("files", failed)
        finally:
            self._sweeping.release()


# what the actions on orders ask


def bind_photos(hall: "Hall", order: str, person: "Person", photo_ids: Iterable[str]) -> list[str]:
    """Let photos that `person` has sent belong to an order, before the action that names them is sent.

    Returns those that cannot (not there, another's, another order's): then nothing is bound and the action is not to be sent.
    The order need not be there yet. Binding the same again is no fault. Raises StoreUnavailable.
    """
    store, wanted = _store(hall), list(photo_ids)
    found = files.records(store, [one for one in wanted if _ID.fullmatch(one)])
    foreign = [one for one in wanted if one not in found or not _may_bind(found[one], order, person)]
    return foreign or [one for one in wanted if not files.bind(store, one, order, person.name)]


def _may_bind(record: FileRecord, order: str, person: "Person") -> bool:
    return record.order == order or (not record.order and record.by == person.name)


def release_photos(hall: "Hall", order: str, person: "Person", photo_ids: Iterable[str]) -> None:
    """After an action was refused: its photos are the uploader's again, but for those that another step of the order names.

    Raises StoreUnavailable.
    """
    store = _store(hall)
    named = set(_named(store.trail(order)))
    for one in photo_ids:
        if _ID.fullmatch(one) and one not in named:
            files.release(store, one, order, person.name, hall.now_ms())


def photos_of(hall: "Hall", order: str, trail: Sequence[Step]) -> list[dict[str, Any]]:
    """The photos that the steps of an order name, in that order: {file, type, name, size, width?, height?, at_ms, by}.

    Raises StoreUnavailable.
    """
    found = files.records(_store(hall), _named(trail))
    return [
        {**_described(record), "at_ms": record.at_ms, "by": record.by} for record in found.values() if record.order == order
    ]


def _named(trail: Sequence[Step]) -> list[str]:
    ids = (one.strip() for step in trail for one in str(step.fields.get("photos", "")).split(";"))
    return [one for one in dict.fromkeys(ids) if _ID.fullmatch(one)]


# small parts


def _store(hall: Any) -> "Store":
    """The store itself, also for a Sight: whose a file is is asked here."""
    store: Store = getattr(hall, "hall", hall).store
    return store


def _described(record: FileRecord) -> dict[str, Any]:
    size = {"width": record.width, "height": record.height} if record.width is not None else {}
    return {"file": record.id, "type": record.type, "name": record.name, "size": record.size, **size}


@contextmanager
def _told_failures() -> Iterator[None]:
    """A failing store, folder or bucket as a refusal; logged, because somebody has to mend it."""
    try:
        yield
    except FilesFull as full:
        log.error("no room for files: %s", full)
        raise FileRefused("full") from full
    except StoreError as failed:
        log.error("files: %s", failed)
        raise FileRefused("unavailable") from failed


def _checked(check: Any) -> Any:
    try:
        return check()
    except filecheck.Refused as refused:
        raise FileRefused(refused.reason) from refused


def _filled(response: Response, data: bytes) -> Response:
    """The response with its bytes, or the range of them that was asked for."""
    be_patient()
    response.response = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
    response.content_length = len(data)
    response.headers["Accept-Ranges"] = "bytes"
    if request.range is None or request.range.units != "bytes" or len(request.range.ranges) != 1:
        return response  # what is not understood of a range is answered with the whole
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=len(data))
    except RequestedRangeNotSatisfiable:
        return Response(status=416, headers={"Content-Range": f"bytes */{len(data)}", "Accept-Ranges": "bytes"})
    return response
