"""The bounds of every instant, number and text that a fact can carry. Nobody else says how far a value may go.

They are types (`Instant`, `Longitude`, `Name` …) of which `domain.facts` is made, so the reader of the store itself lets
nothing else through (`facts.beyond` asks the same of a fact that was made here), and the doors refuse by the same numbers.
Within them every fold is defined; `saturated` keeps what is reckoned from them within what stores, browsers and arrays count.
"""

from typing import Annotated, Final

import msgspec

DAY_MS: Final = 86_400_000
EARLIEST_MS: Final = 1
"""Clocks that were never set begin at 1970: what they say is judged later (`domain.device_clock`), and 0 says nothing."""

EARLIEST_DEADLINE_MS: Final = 315_532_800_000
"""1980-01-01: nobody means an older deadline."""

LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01: no instant lies there or beyond."""

LONGEST_LIMIT_DAYS: Final = 3_660
"""Ten years: nothing is given longer, neither by a table of limits nor by a deadline that somebody tells."""

LONGEST_LIMIT_MS: Final = LONGEST_LIMIT_DAYS * DAY_MS
EXACT: Final = 2**53
"""Whole numbers up to here are the same in Python, a double, a browser and a sorted set of the store."""

ID_LENGTH: Final = 128
WORD_LENGTH: Final = 300
TITLE_LENGTH: Final = 1_000
TEXT_LENGTH: Final = 20_000
URL_LENGTH: Final = 2_000
EXTRA_FIELDS: Final = 32
EXTRA_NAME_LENGTH: Final = 64
STREAMS: Final = 16
ACTION_FIELDS: Final = 64
NUMBER_MOST: Final = 10**12
NUMBER_DECIMALS: Final = 6

_Meta = msgspec.Meta
Instant = Annotated[int, _Meta(ge=0, lt=LATEST_MS)]
Longitude = Annotated[float, _Meta(ge=-180, le=180)]
Latitude = Annotated[float, _Meta(ge=-90, le=90)]
Accuracy = Annotated[float, _Meta(ge=0, le=1e7)]
Speed = Annotated[float, _Meta(ge=0, le=1e4)]
Angle = Annotated[float, _Meta(ge=0, le=360)]
Altitude = Annotated[float, _Meta(ge=-1e4, le=1e6)]
Share = Annotated[float, _Meta(ge=0, le=100)]
Flags = Annotated[int, _Meta(ge=0, lt=2**31)]
Name = Annotated[str, _Meta(max_length=ID_LENGTH)]
Word = Annotated[str, _Meta(max_length=WORD_LENGTH)]
Title = Annotated[str, _Meta(max_length=TITLE_LENGTH)]
Text = Annotated[str, _Meta(max_length=TEXT_LENGTH)]
Url = Annotated[str, _Meta(max_length=URL_LENGTH)]
Key = Annotated[str, _Meta(max_length=EXTRA_NAME_LENGTH)]
Count = Annotated[int, _Meta(ge=-EXACT, le=EXACT)]
Number = Annotated[float, _Meta(ge=-EXACT, le=EXACT)]
Extra = Annotated[dict[Name, Text], _Meta(max_length=EXTRA_FIELDS)]
Streams = Annotated[dict[Name, Url], _Meta(max_length=STREAMS)]
Roles = Annotated[tuple[Name, ...], _Meta(max_length=EXTRA_FIELDS)]
ActionFields = Annotated[dict[Key, Text | Count | Number | bool], _Meta(max_length=ACTION_FIELDS)]


def is_deadline(deadline_at_ms: int, told_at_ms: int) -> bool:
    """Whether a deadline can be meant that is told at `told_at_ms`: no older than 1980, and at most LONGEST_LIMIT_MS ahead."""
    return EARLIEST_DEADLINE_MS <= deadline_at_ms < LATEST_MS and deadline_at_ms - told_at_ms <= LONGEST_LIMIT_MS


def saturated(value: int) -> int:
    """The nearest whole number that is exact everywhere: what is reckoned beyond stands at the end of what can be told."""
    return min(max(value, -EXACT), EXACT)
