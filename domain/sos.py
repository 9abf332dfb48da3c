"""The alarm of a worker (SOS): raised by whatever says that the button is pressed, whatever the fix is worth that says so;
it stands until a person answers it. What the device says later takes nothing back: who is in danger may be unable to.
"""

from typing import Final

import msgspec

from domain.bounds import DAY_MS
from domain.states import Worker, WorkerFlag

_SOS: Final = int(WorkerFlag.SOS)
OLD_ALARM_MS: Final = DAY_MS
"""An alarm out of a device's memory that is older is history: it stands in the track, and nobody is called."""

HELD_MS: Final = 300_000
"""A button said to be pressed again so soon after an answer is the same press, unless it was released between."""


def press(worker: Worker, at_ms: int, received_at_ms: int) -> Worker:
    """The worker after his device has said that the button was pressed at `at_ms` (the receipt, where its clock is wrong).

    One of before the last answer is the one that was answered, sent again.
    """
    at_ms = min(at_ms, received_at_ms)
    if at_ms <= worker.sos_answered_ms:
        return worker
    heard_ms = max(received_at_ms, worker.sos_heard_ms)
    if worker.flags & _SOS or _still_held(worker, received_at_ms):
        return msgspec.structs.replace(worker, sos_heard_ms=heard_ms)
    return msgspec.structs.replace(worker, sos_heard_ms=heard_ms, sos_since_ms=at_ms, flags=worker.flags | _SOS)


def release(worker: Worker) -> Worker:
    """The worker after his device has said that the button is not pressed: the next press is a new alarm."""
    return msgspec.structs.replace(worker, sos_heard_ms=0) if worker.sos_heard_ms else worker


def _still_held(worker: Worker, received_at_ms: int) -> bool:
    return worker.sos_heard_ms > 0 and received_at_ms - worker.sos_heard_ms <= HELD_MS


def answer(worker: Worker, at_ms: int, answer_id: str) -> Worker:
    """The worker after somebody has answered; the very same object when no alarm stands that he can have seen."""
    if not worker.flags & _SOS or worker.sos_since_ms > at_ms:
        return worker
    return msgspec.structs.replace(
        worker, flags=worker.flags & ~_SOS, sos_since_ms=0, sos_answered_ms=at_ms, sos_answer=answer_id
    )
