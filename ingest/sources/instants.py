"""Instants as devices and case systems write them, to milliseconds UTC."""

import re
from datetime import datetime, tzinfo
from typing import Final

from domain.bounds import EARLIEST_MS, LATEST_MS
from ingest.sources.base import BadInput, shown

SECONDS_BELOW: Final = 100_000_000_000  # an epoch below this is in seconds (until the year 5138), from it on in ms
_EPOCH: Final = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_BASIC_DATE: Final = re.compile(r"\d{8}")  # ISO 8601 without dashes
# "…T08:15:30 08:00": the `+` of a zone that an address turned into a blank
_PLUS_LOST: Final = re.compile(r"^(.+[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$")


def instant_ms(value: object, name: str, zone: tzinfo | None = None) -> int:
    """The instant in ms UTC of an epoch (s or ms, number or text) or of an ISO 8601 text.

    A text without a zone is read in `zone`; without that it is refused. Raises BadInput.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadInput(f"wrong type of {name}: {shown(value)}")
    if isinstance(value, str):
        return _of_text(value.strip(), name, zone)
    return _of_epoch(value, name)


def moment_ms(moment: datetime) -> int:
    """Milliseconds UTC of an aware datetime."""
    return round(moment.timestamp() * 1000)


def epoch_ms(value: float) -> int:
    """Milliseconds of an epoch in seconds or milliseconds."""
    return round(value * 1000) if -SECONDS_BELOW < value < SECONDS_BELOW else round(value)


def in_range(at_ms: int) -> bool:
    return EARLIEST_MS <= at_ms < LATEST_MS


def _of_epoch(value: float, name: str) -> int:
    try:
        at_ms = epoch_ms(value)
    except (OverflowError, ValueError):  # infinite, not a number
        at_ms = -1
    if not in_range(at_ms):
        raise BadInput(f"{name} out of range: {shown(value)}")
    return at_ms


def _of_text(text: str, name: str, zone: tzinfo | None) -> int:
    if _EPOCH.fullmatch(text) and not _BASIC_DATE.fullmatch(text):
        return _of_epoch(float(text) if "." in text else int(text), name)
    try:
        moment = datetime.fromisoformat(_PLUS_LOST.sub(r"\1+\2", text))
    except ValueError:
        raise BadInput(f"{name} not a time: {shown(text)}") from None
    if moment.tzinfo is None:
        if zone is None:
            raise BadInput(f"{name} without zone: {shown(text)}")
        moment = moment.replace(tzinfo=zone)
    try:
        at_ms = moment_ms(moment)
    except OverflowError:
        at_ms = -1
    if not in_range(at_ms):
        raise BadInput(f"{name} out of range: {shown(text)}")
    return at_ms
