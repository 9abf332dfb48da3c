"""`POST /api/v1/tallies`: what an outside service counted on its days (calls answered …; `domain.tallies`).

One object, an array, or NDJSON. `day` (YYYY-MM-DD), `key` and `value` are required, `base` where the number is a rate; `region`
is a code or unique name, the whole city if it is missing; `at`, when the number was found out, is the time of arrival if it is
missing or cannot be read, which is told. The source is the one whose key is used, so nobody corrects another's numbers.
"""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from domain.facts import DayTally
from domain.tallies import SUMS, fault
from ingest.sources import instants, jsonbody
from ingest.sources.base import BadInput, Context, Decoded, entity_id, number_as_text, shown, spared

KEY_LENGTH: Final = 64
EARLIEST: Final = dt.date(2000, 1, 1)


def decode(body: bytes, context: Context) -> Decoded:
    """The DayTallies of a request, and a Reject by index for every item that is none.

    Raises Refused(400) when the body as a whole cannot be read.
    """
    return jsonbody.decoded(jsonbody.items(jsonbody.utf8(body)), _tally, context)


def _tally(value: dict[str, Any], context: Context, dropped: list[str]) -> DayTally:
    for name in ("day", "key", "value"):
        if value.get(name) in (None, ""):
            raise BadInput(f"missing field: {name}")
    key, at = _key(value["key"]), value.get("at")
    number = _number(value["value"], "value")
    base = None if value.get("base") in (None, "") else _number(value["base"], "base")
    if base is not None and key in SUMS:
        dropped.append(fault(key, Decimal(0), base))
        base = None
    if wrong := fault(key, number, base):
        raise BadInput(wrong)
    at_ms = None if at in (None, "") else spared(dropped, instants.instant_ms, at, "at", context.zone)
    return DayTally(
        source=context.source,
        received_at_ms=context.received_at_ms,
        day=_day(value["day"], context),
        region=_region(value, context),
        key=key,
        value=number,
        base=base,
        at_ms=context.received_at_ms if at_ms is None else at_ms,
    )


def _key(value: object) -> str:
    key = entity_id(value, "key")
    if len(key) > KEY_LENGTH or "|" in key:
        raise BadInput(f"key not allowed: {shown(key)} (at most {KEY_LENGTH} characters, no |)")
    return key


def _number(value: object, name: str) -> Decimal:
    """Exactly the number that was written; texts as they stand in tables, too. Raises BadInput."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadInput(f"wrong type of {name}: {shown(value)}")
    try:
        found = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        raise BadInput(f"{name} not a number: {shown(value)}") from None
    if not found.is_finite():
        raise BadInput(f"{name} not finite: {shown(value)}")
    return found


def _day(value: object, context: Context) -> str:
    """A local day that has begun by the time of arrival. Raises BadInput."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise BadInput(f"day not a day: {shown(value)} (YYYY-MM-DD)")
    today = dt.datetime.fromtimestamp(context.received_at_ms / 1000, context.zone).date()
    if not EARLIEST <= day <= today:
        raise BadInput(f"day out of range: {shown(value)} (from {EARLIEST} to today)")
    return text


def _region(value: dict[str, Any], context: Context) -> str:
    told = number_as_text(value.get("region")) or ""
    if not isinstance(told, str):
        raise BadInput(f"wrong type of region: {shown(told)}")
    code = context.region_of(told.strip())
    if code is None and told:
        raise BadInput(f"unknown region: {shown(told)}")
    return code or ""
