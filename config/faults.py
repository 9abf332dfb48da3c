"""Faults of the loops and threads of one process, by job: each job survives its exceptions, counts them, and tells of them.

A defect in one turn of a loop is no reason to stop the loop: all screens hang on a few of them. Told in the log is the first
of an outage, with its trace; an outage of a job is over when nothing of it has failed for CALM_MS.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from config import clock

log = logging.getLogger(__name__)

CALM_MS: Final = 60_000
ERROR_LENGTH: Final = 300


class Fault(msgspec.Struct, frozen=True):
    """What has gone wrong in a job: how often since the process began, when first in this outage, when last, and how."""

    job: str
    count: int
    since_ms: int
    at_ms: int
    error: str


class Faults:
    """The faults of one process; safe to share between threads."""

    def __init__(self, now_ms: Callable[[], int] = clock.now_ms) -> None:
        self._now_ms = now_ms
        self._by_job: dict[str, Fault] = {}
        self._lock = threading.Lock()

    @contextmanager
    def survive(self, job: str, *but: type[Exception]) -> Iterator[None]:
        """Whatever is raised within is noted as a fault of the job, and goes no further; `but` these, which are no faults."""
        try:
            yield
        except but:
            raise
        except Exception as failed:
            self.note(job, failed)

    def note(self, job: str, failed: BaseException) -> None:
        """Count a fault of a job that its own code has caught."""
        now_ms = self._now_ms()
        with self._lock:
            before = self._by_job.get(job)
            is_new = before is None or not self._stands(before, now_ms)
            since_ms = now_ms if before is None or is_new else before.since_ms
            error = f"{type(failed).__name__}: {failed}"[:ERROR_LENGTH]
            self._by_job[job] = Fault(job, (before.count if before else 0) + 1, since_ms, now_ms, error)
        if is_new:
            log.error("%s fails and goes on: %s", job, error, exc_info=failed)

    def _stands(self, fault: Fault, now_ms: int) -> bool:
        return abs(now_ms - fault.at_ms) < CALM_MS

    def counted(self) -> dict[str, int]:
        """job → how often it has failed since the process began."""
        with self._lock:
            return {job: fault.count for job, fault in self._by_job.items()}

    def standing(self) -> list[Fault]:
        """The jobs that have failed within the last CALM_MS, by name."""
        now_ms = self._now_ms()
        with self._lock:
            return sorted((one for one in self._by_job.values() if self._stands(one, now_ms)), key=lambda one: one.job)
