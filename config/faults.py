"""Faults of our own making in one process: what failed where, since when, how often, under a reference that stands in the log.

Nothing is swallowed, nothing floods the log, no loop ends by one: a fault is told once per outage, and counted from then on.
"""

import hashlib
import logging
import secrets
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Literal

import msgspec

from config import clock

log = logging.getLogger(__name__)

Kind = Literal["job", "figures", "page", "callback", "api", "browser", "live"]
KINDS: Final[tuple[Kind, ...]] = ("job", "figures", "page", "callback", "api", "browser", "live")
"""A loop or thread of the process, a part of the figures, a page, a callback of one, an answer of the API, a script on a
screen, a screen's live link."""

OVER_AFTER_MS: Final = 60_000
"""A fault that has not come again for so long is over; when it comes again, that is another outage."""

MOST: Final = 200
"""Faults that are remembered, the latest."""

LONGEST_CAUSE: Final = 300
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another when it is read out


class Fault(msgspec.Struct, frozen=True):
    """One outage: `where` is the job, part, page, route or panel that failed; `times`: how often by now."""

    reference: str
    kind: Kind
    where: str
    cause: str
    first_at_ms: int
    last_at_ms: int
    times: int = 1

    def is_open(self, now_ms: int) -> bool:
        """Whether it has come within OVER_AFTER_MS, by whatever clock."""
        return abs(now_ms - self.last_at_ms) < OVER_AFTER_MS


class Faults:
    """The faults of one process; safe to share between threads. `now_ms` is its clock."""

    def __init__(self, now_ms: Callable[[], int] = clock.now_ms) -> None:
        self._now_ms = now_ms
        self._known: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self.counts: Counter[Kind] = Counter(dict.fromkeys(KINDS, 0))
        self._jobs: Counter[str] = Counter()

    def tell(self, kind: Kind, where: str, error: BaseException, detail: str = "") -> Fault:
        """An exception of ours has come up: counted, and told in the log once per outage, with its traceback and the `detail`
        that the first one had (what was asked for).
        """
        fault, is_new = self._take(kind, where, _spoken(error), _place(error.__traceback__))
        if is_new:
            log.error("fault %s: %s %s %s", fault.reference, kind, fault.where, _one_line(detail), exc_info=error)
        return fault

    def tell_browser(self, where: str, cause: str, detail: str = "") -> Fault:
        """A script on a screen has failed, as the screen tells it: shown and counted, never believed."""
        fault, is_new = self._take("browser", _one_line(where), _one_line(cause), "")
        if is_new:
            log.error("fault %s: browser %s: %s (%s)", fault.reference, fault.where, fault.cause, _one_line(detail))
        return fault

    def note(self, job: str, failed: BaseException) -> Fault:
        """A turn of a loop or thread has failed, which its own code has caught. Whatever it says, a job has one outage."""
        self._jobs[job] += 1
        return self.tell("job", job, failed)

    @contextmanager
    def survive(self, job: str, *but: type[Exception]) -> Iterator[None]:
        """Whatever is raised within is noted as a fault of the job, and goes no further; `but` these, which are no faults.

        A defect in one turn of a loop is no reason to stop the loop: all screens hang on a few of them.
        """
        try:
            yield
        except but:
            raise
        except Exception as failed:
            self.note(job, failed)

    def listed(self) -> list[Fault]:
        """The newest first."""
        with self._lock:
            return sorted(self._known.values(), key=lambda fault: -fault.last_at_ms)

    def open(self) -> Counter[Kind]:
        """How many of each kind are not over."""
        return Counter(fault.kind for fault in self.listed() if fault.is_open(self._now_ms()))

    def standing(self) -> list[Fault]:
        """The jobs that fail now, by name."""
        now_ms = self._now_ms()
        jobs = (fault for fault in self.listed() if fault.kind == "job" and fault.is_open(now_ms))
        return sorted(jobs, key=lambda fault: fault.where)

    def counted(self) -> dict[str, int]:
        """job → how often it has failed since the process began."""
        return dict(self._jobs)

    def _take(self, kind: Kind, where: str, cause: str, place: str) -> tuple[Fault, bool]:
        now_ms = self._now_ms()
        parts = (kind, where) if kind == "job" else (kind, where, cause, place)
        same = hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=12).hexdigest()
        with self._lock:
            self.counts[kind] += 1
            known = self._known.get(same)
            is_new = known is None or not known.is_open(now_ms)
            if known is None or is_new:
                fault = Fault(_reference(), kind, where[:LONGEST_CAUSE], cause, now_ms, now_ms)
            else:
                fault = msgspec.structs.replace(known, cause=cause, last_at_ms=now_ms, times=known.times + 1)
            self._known[same] = fault
            if len(self._known) > MOST:
                del self._known[min(self._known, key=lambda key: self._known[key].last_at_ms)]
        return fault, is_new


def _reference() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(6))


def _spoken(error: BaseException) -> str:
    told = f"{type(error).__name__}: {error}"
    return _one_line(told if error.__cause__ is None else f"{told} ← {type(error.__cause__).__name__}: {error.__cause__}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_CAUSE]


def _place(trace: TracebackType | None) -> str:
    """Where it was raised, so that the same words from two places are two faults."""
    frames: Iterable[traceback.FrameSummary] = traceback.extract_tb(trace, -1) if trace else ()
    return " ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
