"""Working time: how much of it lies between two instants, and when so much of it will have passed (domain.md B7).

A calendar is the list of its working periods as instants. The working time that has passed by an instant is then a line that
rises inside the periods and is level between them; both questions are look-ups on that line, for one instant as for a million.
Nights, noon, holidays and make-up days are all the same to it: parts of time that are in the list, or are not.
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.bounds import DAY_MS, LONGEST_LIMIT_DAYS, saturated
from domain.calendar import clock_ms, days_later, local_at

HOUR_MS: Final = 3_600_000
KNOWN_FOR_EVER_MS: Final = 2**62

LimitKind = Literal["urgent_hours", "working_hours", "working_days", "natural_days"]
Instants = NDArray[np.int64]


class Limit(msgspec.Struct, frozen=True):
    """How long something may take. urgent_hours run round the clock, natural_days do; the others count working time only.

    A working day is as long as the calendar's normal day: from 15:00 one working day leads to 15:00 of the next one.
    """

    kind: LimitKind
    amount: float

    @property
    def counts_working_time(self) -> bool:
        return self.kind in ("working_hours", "working_days")


def longest(kind: str) -> int:
    """The largest amount of a limit of a kind: that many natural days, or their hours (`domain.bounds`)."""
    return LONGEST_LIMIT_DAYS * (24 if kind in ("urgent_hours", "working_hours") else 1)


class WorkTime:
    """A calendar of working periods. `starts`, `ends`: ms UTC, rising, not overlapping. `day_ms`: length of a normal day.

    `known_until_ms`: from here on nobody knows yet which days are worked, and the periods are assumptions.
    """

    def __init__(
        self, starts: Iterable[int], ends: Iterable[int], day_ms: int, known_until_ms: int = KNOWN_FOR_EVER_MS
    ) -> None:
        self.starts: Instants = np.fromiter(starts, np.int64)
        self.ends: Instants = np.fromiter(ends, np.int64)
        if len(self.starts) != len(self.ends) or not len(self.starts):
            raise ValueError("a calendar needs working periods, each with its end")
        if (self.starts >= self.ends).any() or (self.starts[1:] < self.ends[:-1]).any():
            raise ValueError("working periods must rise and not overlap")
        self.day_ms, self.known_until_ms = day_ms, known_until_ms
        self._before: Instants = np.concatenate(([0], np.cumsum(self.ends - self.starts)))

    def passed(self, at_ms: Instants) -> Instants:
        """Working milliseconds from the calendar's first period to each instant."""
        at = np.searchsorted(self.starts, at_ms, "right") - 1
        inside = np.minimum(at_ms, self.ends[np.maximum(at, 0)]) - self.starts[np.maximum(at, 0)]
        found: Instants = np.where(at < 0, 0, self._before[np.maximum(at, 0)] + inside)
        return found

    def between(self, from_ms: Instants, to_ms: Instants) -> Instants:
        """Working milliseconds between two instants each; negative where `to_ms` lies before."""
        found: Instants = self.passed(to_ms) - self.passed(from_ms)
        return found

    def spent_ms(self, from_ms: int, to_ms: int) -> int:
        """`between` for one pair; of instants beyond the calendar as of its ends."""
        pair = np.array([saturated(from_ms), saturated(to_ms)], np.int64)
        return int(self.between(pair[:1], pair[1:])[0])

    def after(self, at_ms: int, working_ms: int) -> int:
        """The first instant by which `working_ms` of working time have passed since `at_ms`; before it for negative ones.

        What ends with a period ends then, not at the start of the next one. What would lie beyond the calendar lies at its
        first or last instant, but never on the other side of `at_ms`.
        """
        at_ms = saturated(at_ms)
        wanted = int(self.passed(np.array([at_ms], np.int64))[0]) + working_ms
        if wanted > int(self._before[-1]):
            return max(at_ms, int(self.ends[-1]))
        if wanted < 0:
            return min(at_ms, int(self.starts[0]))
        if working_ms <= 0:
            at = int(np.searchsorted(self._before, wanted, "right")) - 1
            at = min(at, len(self.starts) - 1)
        else:
            at = int(np.searchsorted(self._before, wanted, "left")) - 1
        return int(self.starts[at]) + wanted - int(self._before[at])

    def due_ms(self, at_ms: int, limit: Limit) -> int:
        """When a limit that begins at `at_ms` is over; one of nothing at once, also at night."""
        if not limit.amount:
            return at_ms
        length_ms = self.length_ms(limit)
        return self.after(at_ms, length_ms) if limit.counts_working_time else saturated(at_ms + length_ms)

    def length_ms(self, limit: Limit) -> int:
        """A limit in milliseconds of the time that it counts."""
        unit = {"urgent_hours": HOUR_MS, "working_hours": HOUR_MS, "working_days": self.day_ms, "natural_days": DAY_MS}
        return saturated(round(limit.amount * unit[limit.kind]))


def calendar_of(
    zone: ZoneInfo,
    is_working_day: Callable[[dt.date], bool],
    periods: tuple[tuple[str, str], ...],
    first: dt.date,
    last: dt.date,
    known_until: dt.date | None = dt.date.max,
) -> WorkTime:
    """The calendar of the local days `first` to `last`, each working one with the same `periods` ("08:30", "12:00").

    An end of "24:00" is midnight. Periods are by the wall clock: where clocks change, a day is longer or shorter.
    `known_until`: the last day of which it is known whether it is worked; None: of no day.
    """
    hours = [(_minutes(start), _minutes(end)) for start, end in periods]
    if any(start >= end for start, end in hours):
        raise ValueError("a working period ends after it begins")
    starts: list[int] = []
    ends: list[int] = []
    for number in range((last - first).days + 1):
        day = days_later(first, number)
        if is_working_day(day):
            for start, end in hours:
                begin_ms, end_ms = clock_ms(day, start, zone), clock_ms(day, end, zone)
                if begin_ms < end_ms:  # not the hour that a change of the clock leaves out
                    starts.append(begin_ms)
                    ends.append(end_ms)
    return WorkTime(starts, ends, sum(end - start for start, end in hours) * 60_000, _known_until_ms(known_until, last, zone))


def _known_until_ms(known_until: dt.date | None, last: dt.date, zone: ZoneInfo) -> int:
    if known_until is None:
        return 0
    return KNOWN_FOR_EVER_MS if known_until >= last else clock_ms(known_until, 24 * 60, zone)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    found = int(hour) * 60 + int(minute)
    if not 0 <= found <= 24 * 60 or not 0 <= int(minute) < 60:
        raise ValueError(f"{clock!r} is no time of a day")
    return found


@functools.lru_cache(maxsize=256)
def zone_text(zone: ZoneInfo, at_ms: int) -> str:
    """UTC+08:00 Asia/Shanghai: its offset at an instant and its name."""
    offset = f"{local_at(at_ms, zone):%z}"
    return f"UTC{offset[:3]}:{offset[3:]} {zone.key}"
