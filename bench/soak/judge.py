"""What a soak measures of a page, and what may not have grown when it ends."""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import msgspec

HEAP_SHARE: Final = 0.05
HEAP_MB: Final = 5.0
NODES: Final = (0.05, 300)  # what the figures say changes how many rows there are
DETACHED: Final = (0.02, 60)  # a busy machine is slow to end the fades of rows that have gone
LISTENERS: Final = (0.02, 10)
FPS_SHARE: Final = 0.7


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """A page after a forced collection: heap in MB, DOM nodes of all its documents, nodes that scripts hold outside of any
    document, event listeners.
    """

    at_s: float
    heap_mb: float
    nodes: int
    detached: int
    listeners: int


def faults(warm: Weight, end: Weight, fps: Sequence[float], fps_share: float = FPS_SHARE) -> list[str]:
    """What grew between the end of the warm-up and the end, in words; [] when the page may stay open. `fps` in order of time.

    Raises ValueError for fewer than three of them.
    """
    found = []
    if end.heap_mb > max(warm.heap_mb * (1 + HEAP_SHARE), warm.heap_mb + HEAP_MB):
        found.append(f"heap grew from {warm.heap_mb:.1f} to {end.heap_mb:.1f} MB")
    for name, (share, more) in (("nodes", NODES), ("detached", DETACHED), ("listeners", LISTENERS)):
        before, after = getattr(warm, name), getattr(end, name)
        if after > before + max(before * share, more):
            found.append(f"{name} grew from {before} to {after}")
    first, last = thirds(fps)
    if last < first * fps_share:
        found.append(f"frames per second fell from {first:.1f} to {last:.1f}")
    return found


def thirds(values: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and of the last third; ValueError for fewer than three values."""
    size = len(values) // 3
    if not size:
        raise ValueError("fewer than three measurements of the frame rate")
    return median(values[:size]), median(values[-size:])


def lines(told: dict[str, Any]) -> list[str]:
    """The result as people read it."""
    warm, end = told["warm"], told["end"]
    said = [
        f"soak of {told['minutes']:g} minutes: {told['workers']:,} workers, {told['turns']} turns of {len(told['scenes'])} "
        f"scenes, {told['losses']} network losses, {told['restarts']} restarts of the web process, "
        f"{told['alarms']} emergencies, {told['opened']} dossiers"
    ]
    said += [
        f"  {name:<34} {warm[key]:>10,} after warm-up {end[key]:>10,} at the end"
        for key, name in (
            ("heap_mb", "heap after forced collection, MB"), ("nodes", "DOM nodes"), ("detached", "detached nodes held"),
            ("listeners", "event listeners"),
        )
    ]  # fmt: skip
    said.append(f"  {'frames per second':<34} {told['fps'][0]:>10.1f} first third   {told['fps'][1]:>10.1f} last third")
    return said + [f"  FAULT: {fault}" for fault in told["faults"]]
