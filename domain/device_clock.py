"""What the clock of somebody else is worth: a device, a case system, a video gateway.

No clock is believed. What is dated further ahead of its receipt than clocks are apart, or further back than anybody keeps
something to send, was dated by a clock that is wrong: it is kept as it was told, said to be so, and holds nothing else back.
"""

from typing import Final

from domain.bounds import DAY_MS
from domain.limits import Limits

WEEK_MS: Final = 7 * DAY_MS
ROLLOVERS: Final = (1024, 2048)
"""Weeks after which a receiver of satellites counts anew from 0: once a receiver was not told, it is so many weeks behind."""

ROLLOVER_WITHIN_MS: Final = DAY_MS
"""A fix that is such a number of weeks old, give or take the time that a device may have kept it, is one of these receivers."""


def of_fix(told_at_ms: int, received_at_ms: int, limits: Limits, *, recorded: bool = False) -> int:
    """By how many ms the clock that dated a fix, or a word on a camera, is wrong: > 0 ahead, < 0 behind, 0 it may be right.

    `recorded`: told as a record of the past, which may be of any age.
    """
    return _wrong_by_ms(told_at_ms, received_at_ms, limits, None if recorded else limits.oldest_fix_days)


def of_step(told_at_ms: int, received_at_ms: int, limits: Limits) -> int:
    """The same of a step of an order or a day's number: of these whole years are told at once, when a city begins."""
    return _wrong_by_ms(told_at_ms, received_at_ms, limits, limits.oldest_step_days)


def _wrong_by_ms(told_at_ms: int, received_at_ms: int, limits: Limits, oldest_days: float | None) -> int:
    ahead_ms = told_at_ms - received_at_ms
    if -DAY_MS <= ahead_ms <= limits.future_tolerance_s * 1000:  # as a rule
        return 0
    if ahead_ms > 0 or (oldest_days is not None and (-ahead_ms > oldest_days * DAY_MS or rollover_weeks(ahead_ms))):
        return ahead_ms
    return 0


def rollover_weeks(wrong_by_ms: int) -> int:
    """1024 or 2048 when a clock is wrong by so many weeks, behind or ahead; else 0."""
    return next((weeks for weeks in ROLLOVERS if abs(abs(wrong_by_ms) - weeks * WEEK_MS) <= ROLLOVER_WITHIN_MS), 0)


def dates_its_receipt(wrong_by_ms: int) -> bool:
    """Whether what a wrong clock dated happened about when it was received, as far as anybody can tell.

    Nothing happened after it was told; a receiver of another epoch is right but for its weeks. Of anything else that is long
    past nobody knows when it was.
    """
    return wrong_by_ms > 0 or rollover_weeks(wrong_by_ms) > 0
