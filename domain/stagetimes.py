"""How long each stage took, over the orders that left it in a window: never a mean alone (domain.md C3).

Times are working time by the city's calendar, as it was in force when the stage ended (`domain.stints`), of orders that live
here; of others nobody knows it. The whole case round the clock, of all orders, is `domain.indicators.durations`.
"""

from typing import TYPE_CHECKING, Final, Literal

import msgspec
import numpy as np

from domain import stints
from domain.counts import Filters, Mask, Slice
from domain.orderframe import Stage
from domain.spread import quantiles

if TYPE_CHECKING:
    import pandas as pd

    from domain.counts import Source

BASIS: Final = {stage: "close" if stage == "total" else stage for stage in stints.STAGES}
"""The basis (`domain.counts.moments`) by which an order is put into the window in which it left a stage."""


class StageTimes(msgspec.Struct, frozen=True):
    """Working seconds in a stage. Percentiles interpolate linearly; None when `n` is 0.

    `left`: orders that left it; `n` of them have a known time. `judged` had a limit, `in_time` of these kept it.
    """

    stage: str
    left: int
    n: int
    median_s: float | None
    p90_s: float | None
    mean_s: float | None
    judged: int
    in_time: int
    time: Literal["working"] = "working"


def stage_times(source: "pd.DataFrame | Source", filters: Filters, as_of_ms: int, rewound: bool = False) -> list[StageTimes]:
    """Of each stage in order. The window of `filters` is taken by when the stage was left, whatever its basis."""
    return [times_of(stage, _left(source, stage, filters, as_of_ms, rewound)) for stage in stints.STAGES]


def _left(source: "pd.DataFrame | Source", stage: str, filters: Filters, as_of_ms: int, rewound: bool) -> Slice:
    return Slice(source, msgspec.structs.replace(filters, basis=BASIS[stage]), as_of_ms, rewound)


def times_of(stage: str, s: Slice) -> StageTimes:
    """Of a stage, over a slice of the orders that left it: by its basis (BASIS)."""
    worked_s = s[f"{stage}_s"]
    took_s = worked_s[worked_s != stints.UNKNOWN]
    judged, in_time = judged_of(stage, s)
    median_s = p90_s = mean_s = None
    if len(took_s):
        spread = (*quantiles(took_s, 0.5, 0.9), took_s.mean())
        median_s, p90_s, mean_s = (round(float(value), 3) for value in spread)
    return StageTimes(
        stage=stage,
        left=len(s),
        n=len(took_s),
        median_s=median_s,
        p90_s=p90_s,
        mean_s=mean_s,
        judged=int(np.count_nonzero(judged)),
        in_time=int(np.count_nonzero(judged & in_time)),
    )


def judged_of(stage: str, s: Slice) -> tuple[Mask, Mask]:
    """(orders of which somebody can tell whether they kept the limit of a stage, those that did)."""
    if stage == "total":
        return s["on_time"] >= 0, s["on_time"] == 1
    stands = s[stage]
    return (stands == Stage.IN_TIME) | (stands == Stage.LATE), stands == Stage.IN_TIME
