"""What the text of a cell says: numbers and instants as people and spreadsheets write them. Pure.

Only what cannot mean anything else is understood: 23,045 as a latitude is a decimal comma; 01/05/2026 is no date unless
somebody says which of both is the month.
"""

import functools
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import msgspec

from domain.bounds import DAY_MS

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SERIAL_DAY_0: Final = datetime(1899, 12, 30)  # noqa: DTZ001  spreadsheets count days of a wall clock from here
SERIALS: Final = (20_000.0, 80_000.0)  # 1954 to 2119; as an epoch it would be the first day of 1970
LONGEST: Final = 64
YEARS: Final = (1, 9999)
# 2026-11-20, 2026/1/5 9:05, 2026.11.20 09:05:30.5, 2026年11月20日 下午4时05分, each with or without a zone
YEAR_FIRST: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]{0,2}(上午|下午|中午|AM|PM)? ?(\d{1,2})[:：时点](\d{1,2})(?:[:：分](\d{1,2})(?:[.,](\d{1,9}))?)?[秒分]?"
    r" ?(AM|PM)? ?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
COMPACT: Final = re.compile(r"((?:19[89]|20\d)\d)(0[1-9]|1[0-2])([0-3]\d)(?:([01]\d|2[0-3])([0-5]\d)([0-5]\d)?)?", re.ASCII)
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{1,2}", re.ASCII)


class Unreadable(ValueError):
    """A value cannot be what it should be. `value` is what stood there."""

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.value = value


class Moment(msgspec.Struct, frozen=True, gc=False):
    """An instant, ms UTC. `other_ms`: the second reading of a wall clock's time that comes twice, or not at all, on the day
    on which clocks change.

    `oddity`: "twice", "skipped", "serial" (a spreadsheet's day number) or "" .
    """

    at_ms: int
    other_ms: int | None = None
    oddity: str = ""


def number(text: str | None, comma: bool = False) -> float | None:
    """A finite number, None for anything else. `comma`: the table's decimal mark is known to be one.

    Without that 12,5 is a number and 1,250 is none, as it may be twelve hundred and fifty.
    """
    text = (text or "").strip()
    if not text or len(text) > LONGEST:
        return None
    if "," in text and text.count(",") == 1 and "." not in text:
        whole, _, part = text.partition(",")
        if not comma and len(part) == 3 and whole.lstrip("+-") not in ("", "0"):
            return None
        text = f"{whole}.{part}"
    if not NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def coordinate(text: str | None, bound: float, name: str) -> float:
    """Degrees within ±`bound`; a comma in it can only be decimal. A letter N, S, E or W gives the sign. Raises Unreadable."""
    told = (text or "").strip()
    if not told:
        raise Unreadable(f"{name} is missing")
    plain = told.replace("°", "").strip()
    sign = 1
    for letter in (plain[:1], plain[-1:]):
        if letter.upper() in ("NS" if bound == 90 else "EW") and letter:
            plain, sign = plain.strip(letter).strip(), -1 if letter.upper() in "SW" else 1
            break
    found = number(plain, comma=True)
    if found is None:
        raise Unreadable(f"{name} is not a number", told)
    if abs(found) > bound:
        raise Unreadable(f"{name} is out of range", told)
    return found * sign


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has made a short number of a long one (4.40605E+17): different ones then look the same."""
    return SHORTENED.fullmatch(text.strip()) is not None


def epoch_ms(value: float) -> int:
    """An epoch number as milliseconds: below 1e11 seconds, below 1e14 ms, below 1e17 µs, else ns."""
    size = abs(value)
    if size < 1e11:
        return round(value * 1000)
    return round(value if size < 1e14 else value / 1e3 if size < 1e17 else value / 1e6)


def moment(text: str, zone: tzinfo | None, forms: Sequence[str] = ()) -> Moment:
    """The instant of a cell: by the told forms (of strptime), ISO 8601, year first in any way, an epoch, a day number.

    A time without a zone is one of the wall clocks of `zone`. Raises Unreadable.
    """
    text = text.strip()
    if not text:
        raise Unreadable("time is missing")
    if len(text) > LONGEST:
        raise Unreadable("time is not readable", text)
    naive = _told(text, forms)
    if naive is not None:
        return _placed(naive, zone, text)
    value = number(text) if NUMBER.fullmatch(text) else None
    if value is not None:
        return _of_number(text, value, zone)
    found = _iso(text) or _year_first(text)
    if found is None:
        raise Unreadable("time is not readable", text)
    return _placed(found, zone, text)


def _told(text: str, forms: Sequence[str]) -> datetime | None:
    for form in forms:
        if form != "iso":
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007  the zone comes next
            except ValueError:
                continue
    return None


def _of_number(text: str, value: float, zone: tzinfo | None) -> Moment:
    if (compact := COMPACT.fullmatch(text)) is not None and (found := _datetime(*compact.groups())) is not None:
        return _placed(found, zone, text)
    if SERIALS[0] <= value < SERIALS[1]:
        wall = SERIAL_DAY_0 + timedelta(milliseconds=round(value * DAY_MS))
        return msgspec.structs.replace(_placed(wall, zone, text), oddity="serial")
    if abs(value) > 4e18:
        raise Unreadable("time is out of range", text)
    return Moment(_within(epoch_ms(value), text))


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _year_first(text: str) -> datetime | None:
    found = YEAR_FIRST.fullmatch(text)
    if found is None:
        return None
    year, month, day, before, hour, minute, second, part, after, zone = found.groups()
    half = (before or after or "").upper()
    if hour is not None and half:
        clock = int(hour) % 12 + (12 if half in ("下午", "中午", "PM") else 0)
        hour = str(clock)
    made = _datetime(year, month, day, hour, minute, second, part)
    if made is None or not zone:
        return made
    return _iso(made.isoformat() + (zone.upper() if zone in "Zz" else zone))


def _datetime(year: str, month: str, day: str, hour: str | None = None, minute: str | None = None, second: str | None = None,
              part: str | None = None) -> datetime | None:  # fmt: skip
    try:
        micro = int((part or "0").ljust(6, "0")[:6])
        return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)  # noqa: DTZ001
    except ValueError:
        return None


def _placed(found: datetime, zone: tzinfo | None, text: str) -> Moment:
    """The instant of a time of the wall clocks of `zone`, or of one that says its own."""
    if found.tzinfo is not None:
        return Moment(_within(_ms(found), text))
    if zone is None:
        raise Unreadable("time without a zone: --zone names it", text)
    try:
        first, second = _ms(found.replace(tzinfo=zone)), _ms(found.replace(tzinfo=zone, fold=1))
    except (OverflowError, ValueError) as wrong:
        raise Unreadable("time is out of range", text) from wrong
    if first == second:
        return Moment(_within(first, text))
    return Moment(_within(first, text), _within(second, text), "twice" if second > first else "skipped")


def _ms(aware: datetime) -> int:
    delta = aware - EPOCH
    return delta.days * DAY_MS + delta.seconds * 1000 + delta.microseconds // 1000


def _within(at_ms: int, text: str) -> int:
    if not _first_ms(YEARS[0]) <= at_ms <= _first_ms(YEARS[1]):
        raise Unreadable("time is out of range", text)
    return at_ms


@functools.cache
def _first_ms(year: int) -> int:
    return _ms(datetime(year, 1, 1, tzinfo=UTC))
