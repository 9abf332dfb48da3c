"""By how much a clock is wrong, in words; the server and every page say it the same way."""

from collections.abc import Mapping
from typing import Final

from domain.bounds import DAY_MS
from domain.device_clock import rollover_weeks

_YEAR_MS: Final = 365.2425 * DAY_MS
_UNITS: Final = (
    ("y", _YEAR_MS, 2 * _YEAR_MS, 1),
    ("d", DAY_MS, 2 * DAY_MS, 0),
    ("h", 3_600_000, 7_200_000, 0),
    ("m", 60_000, 120_000, 0),
)
"""(unit, its length in ms, from where on it is used, decimals); below the last, seconds."""


UNITS: Final = ("s", *(unit for unit, *_ in _UNITS))
WHOSE: Final = ("device", "system")


def span(words: Mapping[str, str], length_ms: float) -> str:
    """A length of time in its largest unit: 19.6 years, 3 h."""
    for unit, unit_ms, least_ms, digits in _UNITS:
        if length_ms >= least_ms:
            return words[f"clock_wrong.{unit}"].format(n=f"{length_ms / unit_ms:,.{digits}f}")
    return words["clock_wrong.s"].format(n=f"{length_ms / 1000:,.0f}")


def wrong_by(words: Mapping[str, str], wrong_by_ms: int) -> str:
    """How far a clock is ahead (> 0) or behind; that a satellite receiver has counted over is recognised and said."""
    side = words["clock_wrong.ahead" if wrong_by_ms > 0 else "clock_wrong.behind"].format(t=span(words, abs(wrong_by_ms)))
    weeks = rollover_weeks(wrong_by_ms)
    return words["clock_wrong.rollover"].format(t=side, n=f"{weeks:,}") if weeks else side


def clock_wrong(words: Mapping[str, str], wrong_by_ms: int, of: str = "device") -> str:
    """The sentence that says so of one of WHOSE; "" where the clock may be right."""
    return words[f"clock_wrong.{of}"].format(t=wrong_by(words, wrong_by_ms)) if wrong_by_ms else ""
