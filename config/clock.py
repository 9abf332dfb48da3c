"""The one clock of every role: the machine's, or for tests another moment that runs on from there (`GRIDHALL_NOW`).

Nothing else in the product asks the machine for the date (a test holds that). Waiting and measuring go by `time.monotonic`.
"""

import contextlib
import datetime as dt
import os
import time
from typing import Final

NAME: Final = "GRIDHALL_NOW"


def now_ms() -> int:
    """Now, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000 + _ahead_ms


def now_s() -> float:
    """Now, in seconds since 1970 UTC."""
    return time.time() + _ahead_ms / 1000


def local_now(zone: dt.tzinfo) -> dt.datetime:
    """Now, in a zone."""
    return dt.datetime.fromtimestamp(now_s(), zone)


def ahead_ms() -> int:
    """By how much this clock is ahead of the machine's; 0 in real use."""
    return _ahead_ms


def parse_now(text: str, machine_ms: int | None = None) -> int:
    """By how many milliseconds a clock is ahead that shows `text`; 0 for an empty text. Raises ValueError.

    `text` is an ISO-8601 time with its zone, and after an "@" the machine's clock in epoch milliseconds at which it was that
    time; without one it is that time now. So processes that start one after the other have the same clock.
    """
    if not text.strip():
        return 0
    shown, _, at = text.strip().partition("@")
    try:
        moment = dt.datetime.fromisoformat(shown)
        machine = int(at) if at else (machine_ms or time.time_ns() // 1_000_000)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1990 <= moment.year < 2100:
        raise ValueError("a time with its zone between 1990 and 2099, 2026-12-31T23:58:00+08:00")
    return round(moment.timestamp() * 1000) - machine


def anchored(text: str) -> str:
    """The same time, held to the machine's clock: what is handed to processes that start later. Raises ValueError."""
    if not text.strip() or "@" in text:
        parse_now(text)
        return text
    return f"{text.strip()}@{time.time_ns() // 1_000_000}"


def start(text: str) -> None:
    """Set this process's clock, and hold its children's to it. Raises ValueError."""
    global _ahead_ms
    held = anchored(text)
    _ahead_ms = parse_now(held)
    if held:
        os.environ[NAME] = held


_ahead_ms = 0
if os.environ.get(NAME):
    with contextlib.suppress(ValueError):  # told with all other faults of the settings
        start(os.environ[NAME])
