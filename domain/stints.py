"""How long an order that lives here was in each stage, in working time, and when it left it last: packed, for there are many.

What a stage has run in the working time of the calendar in force is found out by who judges the action that ends it
(`domain.judging`) and written into the step, so that replaying a trail asks no calendar. Several stays in a stage add up. An
order keeps all of it in some eighty bytes; as numbers of Python it would take six hundred.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.actions import CLOCKS, INTAKE
from domain.bounds import saturated

STAGES: Final = ("accept", "register", "dispatch", "handle", "check", "total")
"""The stages that are timed, in the order in which they are packed: until accepted, until registered, … the whole case."""

STATES: Final = {stage: INTAKE[stage] if stage in INTAKE else CLOCKS[stage] for stage in STAGES}
UNKNOWN: Final = -1

_FORM: Final = struct.Struct("<6q6i")
_NONE: Final = (UNKNOWN,) * len(STAGES)
_PACKED_NONE: Final = _FORM.pack(*_NONE, *_NONE)
_decode: Final = msgspec.json.Decoder(dict[str, int]).decode


class Stints(msgspec.Struct, frozen=True):
    """By place in STAGES: when the stage was left last, ms, and the working seconds spent in it; UNKNOWN where it was not."""

    left_at_ms: tuple[int, ...] = _NONE
    worked_s: tuple[int, ...] = _NONE


def unpacked(packed: bytes) -> Stints:
    """What `after` has packed; of b"" nothing is known."""
    if not packed:
        return Stints()
    values = _FORM.unpack(packed)
    return Stints(values[: len(STAGES)], values[len(STAGES) :])


def table(packed: Iterable[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """`left_at_ms` and `worked_s` of many orders, a row for each."""
    rows = np.frombuffer(b"".join(one or _PACKED_NONE for one in packed), [("left", "<i8", 6), ("worked", "<i4", 6)])
    return rows["left"], rows["worked"]


def ended(before: str, after: str) -> list[str]:
    """The stages that a step from one state to another leaves."""
    return [stage for stage, states in STATES.items() if before in states and after not in states]


def pack(stints: Mapping[str, tuple[int, int]]) -> bytes:
    """Stage → (when it was left last, ms; working seconds spent in it), packed."""
    told = [stints.get(stage, (UNKNOWN, UNKNOWN)) for stage in STAGES]
    return _FORM.pack(*(left_at_ms for left_at_ms, _ in told), *(worked_s for _, worked_s in told))


def told(worked_ms: dict[str, int]) -> str:
    """Working milliseconds by stage as a text that a step of the trail carries."""
    return msgspec.json.encode(worked_ms).decode()


def after(packed: bytes, before: str, status: str, at_ms: int, worked: str) -> bytes:
    """The stints after a step from one state to another. `worked`: what `told` wrote into it, "" nothing.

    A stay of which nobody told how long it was makes the stage's time unknown, for good.
    """
    over = ended(before, status)
    if not over:
        return packed
    held, news = unpacked(packed), _decode(worked) if worked else {}
    left, spent = list(held.left_at_ms), list(held.worked_s)
    for n in map(STAGES.index, over):
        first = left[n] == UNKNOWN
        known_ms = news.get(STAGES[n])
        known = known_ms is not None and (first or spent[n] != UNKNOWN)
        worked_s = round(saturated(known_ms or 0) / 1000)
        spent[n] = min(max(max(spent[n], 0) + worked_s, UNKNOWN), 2**31 - 1) if known else UNKNOWN
        left[n] = saturated(at_ms)
    return _FORM.pack(*left, *spent)


def corrected(packed: bytes, worked: str) -> bytes:
    """The stints with other working times of whole stages, as `told` wrote them; what is unknown stays unknown."""
    held, news = unpacked(packed), _decode(worked)
    spent = [
        round(news[stage] / 1000) if stage in news and held.worked_s[n] != UNKNOWN else held.worked_s[n]
        for n, stage in enumerate(STAGES)
    ]
    return _FORM.pack(*held.left_at_ms, *spent)
