"""`POST /api/v1/events`: reports and changes of status of work orders, as case systems tell them.

One object, an array, or NDJSON. `order`, `at` and `status` are required; what else cannot be used is left out and told.
`source` is where the case came from (12345,
网格员上报 …; domain reference B8) and becomes `channel`. Unknown fields are kept as text in `extra`.
"""

import json
from typing import Any, Final

from domain.bounds import EXTRA_FIELDS, EXTRA_NAME_LENGTH, is_deadline
from domain.facts import CaseStep
from domain.lifecycle import STATUSES
from ingest.sources import instants, jsonbody
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    entity_id,
    number_as_text,
    optional_place,
    shown,
    spared,
    text_field,
    truth,
)

TEXT_LENGTHS: Final = {
    "category": 300,
    "department": 300,
    "region": 300,
    "title": 1000,
    "text": 20_000,
    "address": 1000,
    "reporter": 300,
    "handler": 300,
    "note": 20_000,
}
EXTRA_LENGTH: Final = 2000
_OWN: Final = frozenset(
    (*TEXT_LENGTHS, "order", "at", "status", "at_unknown", "source", "channel", "lon", "lat", "datum", "deadline_at", "on_time")
)


def decode(body: bytes, context: Context) -> Decoded:
    """The CaseSteps of a request, and a Reject by index for every item that is none.

    Raises Refused(400) when the body as a whole cannot be read.
    """
    return jsonbody.decoded(jsonbody.items(jsonbody.utf8(body)), _step, context)


def _step(value: dict[str, Any], context: Context, dropped: list[str]) -> CaseStep:
    for name in ("order", "at", "status"):
        if value.get(name) is None:
            raise BadInput(f"missing field: {name}")
    lon, lat = spared(dropped, optional_place, value, context) or (None, None)
    texts = {name: text_field(dropped, value, name, length) for name, length in TEXT_LENGTHS.items()}
    deadline = value.get("deadline_at")
    return CaseStep(
        source=context.source,
        received_at_ms=context.received_at_ms,
        order=entity_id(number_as_text(value["order"]), "order"),
        at_ms=instants.instant_ms(value["at"], "at"),
        status=_status(value["status"]),
        at_unknown=_truth(dropped, value, "at_unknown") or False,
        channel=text_field(dropped, value, "source" if value.get("source") is not None else "channel", 300),
        lon=lon,
        lat=lat,
        deadline_at_ms=None if deadline in (None, "") else spared(dropped, _deadline, deadline, context.received_at_ms),
        on_time=_truth(dropped, value, "on_time"),
        extra=_extra(value, dropped),
        **texts,
    )


def _status(value: object) -> str:
    key = value.strip().lower() if isinstance(value, str) else ""
    if key not in STATUSES:
        raise BadInput(f"unknown status: {shown(value)} (allowed: {', '.join(STATUSES)})")
    return key


def _deadline(value: object, told_at_ms: int) -> int:
    at_ms = instants.instant_ms(value, "deadline_at")
    if not is_deadline(at_ms, told_at_ms):
        raise BadInput(f"deadline_at out of range: {shown(value)}")
    return at_ms


def _truth(dropped: list[str], value: dict[str, Any], name: str) -> bool | None:
    found = value.get(name)
    return None if found in (None, "") else spared(dropped, truth, found, name)


def _extra(value: dict[str, Any], dropped: list[str]) -> dict[str, str]:
    extra: dict[str, str] = {}
    for name, found in value.items():
        if name in _OWN or found is None:
            continue
        if len(extra) >= EXTRA_FIELDS:
            dropped.append(f"too many extra fields: more than {EXTRA_FIELDS}")
            break
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        if len(name) > EXTRA_NAME_LENGTH or len(text) > EXTRA_LENGTH:
            dropped.append(f"extra field too long: {shown(name)}")
        if len(name) <= EXTRA_NAME_LENGTH:
            extra[name] = text[:EXTRA_LENGTH]
    return extra
