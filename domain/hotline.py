"""Figures of the hotline (domain.md C5), made of its orders; what its calls amount to stands in `domain.tallies`.

Which orders are its, which give thanks and what an answer is worth says the city (`domain.hotlinerules`). A valid call-back is
one with an answer to the question that is counted: who was not asked whether it is solved is in no rate of solutions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.actions import SATISFACTION
from domain.orderframe import NONE, Stage
from domain.stagecounts import word_in

if TYPE_CHECKING:
    from domain.counts import Mask, Slice

WEIGHT_UNIT: Final = 100
"""In how many parts an order is counted in a weighted numerator: 90 of 100 is nine tenths of one."""


def _and(count: str) -> Callable[["Slice"], "Mask"]:
    return lambda s: s.mask("hotline_orders") & s.mask(count)


def _timed(stage: str, *stands: Stage) -> Callable[["Slice"], "Mask"]:
    """The hotline's orders of which a stage with a limit stands like that."""
    return lambda s: s.mask("hotline_orders") & np.isin(s[stage], stands)


def _over(s: "Slice", stage: str) -> "Mask":
    """Its orders of which that stage runs beyond its limit at the as-of moment."""
    due_ms = s[f"{stage}_due_ms"]
    found: Mask = s.mask("hotline_orders") & (due_ms != NONE) & (due_ms < s.as_of_ms)
    return found


def _due(stage: str) -> Callable[["Slice"], "Mask"]:
    """Those of which anybody can tell whether the stage was over in time: ended under a limit, or beyond it already."""
    return lambda s: _timed(stage, Stage.IN_TIME, Stage.LATE)(s) | _over(s, stage)


def _thanks(s: "Slice") -> "Mask":
    return word_in(s, "category", s.variants.hotline.praise | s.variants.praise)


def _completable(s: "Slice") -> "Mask":
    return s.mask("hotline_accepted" if s.variants.hotline.completion_base == "accepted" else "hotline_valid")


def weights(s: "Slice") -> NDArray[np.int64]:
    """What the answer at each order's call-back counts, in parts of WEIGHT_UNIT; 0 where there is none."""
    told = dict(s.variants.hotline.satisfied)
    table = np.array([told.get(key, 0) for key in SATISFACTION] + [0], np.int64)  # -1, no answer, is the last
    found: NDArray[np.int64] = table[s["satisfaction"]]
    return found


COUNTS: Final[dict[str, Callable[["Slice"], Any]]] = {
    "hotline_orders": lambda s: word_in(s, "source", s.variants.hotline.channels),
    "hotline_valid": _and("reported_valid"),  # 有效工单
    "hotline_accepted": _and("accepted"),
    "hotline_open": _and("open"),
    "hotline_praise": lambda s: s.mask("hotline_valid") & _thanks(s),  # 表扬工单
    "hotline_completable": _completable,
    "hotline_closed": lambda s: _completable(s) & s.mask("closed"),
    "hotline_close_due": _and("close_due_judged"),
    "hotline_closed_on_time": lambda s: s.mask("hotline_close_due") & s.mask("closed_on_time"),
    "hotline_dispatch_due": _due("dispatch"),
    "hotline_dispatched_on_time": _timed("dispatch", Stage.IN_TIME),
    "hotline_sign_due": _due("sign"),
    "hotline_signed_on_time": _timed("sign", Stage.IN_TIME),
    "hotline_called_back": _and("called_back"),  # 有效回访
    "hotline_satisfied": _and("satisfied"),
    "hotline_credited": lambda s: s.mask("hotline_called_back") & (weights(s) > 0),
    "hotline_asked_contact": lambda s: s.mask("hotline_called_back") & (s["contacted"] >= 0),
    "hotline_contacted": lambda s: s.mask("hotline_called_back") & (s["contacted"] == 1),
    "hotline_asked_solved": lambda s: s.mask("hotline_called_back") & (s["solved"] >= 0),
    "hotline_solved": lambda s: s.mask("hotline_called_back") & (s["solved"] == 1),
}

RATES: Final = {
    "hotline_completion_rate": ("hotline_closed", "hotline_completable"),  # 办结率
    "hotline_on_time_rate": ("hotline_closed_on_time", "hotline_close_due"),  # 按时办结率
    "hotline_dispatch_rate": ("hotline_dispatched_on_time", "hotline_dispatch_due"),  # 及时派遣率
    "hotline_sign_rate": ("hotline_signed_on_time", "hotline_sign_due"),  # 及时签收率
    "hotline_response_rate": ("hotline_contacted", "hotline_asked_contact"),  # 响应率
    "hotline_solution_rate": ("hotline_solved", "hotline_asked_solved"),  # 解决率
    "hotline_satisfaction_rate": ("hotline_credited", "hotline_called_back"),  # 满意率, by `weights`
    "hotline_pleased_rate": ("hotline_satisfied", "hotline_called_back"),  # 回访满意率
}

WEIGHTED: Final = {"hotline_satisfaction_rate": weights}
"""Rates whose numerator counts its orders in parts: the list behind it has them all, each with its weight."""

VARIES: Final = dict.fromkeys(COUNTS, ("hotline",))
"""What the city reads in its own way (`domain.variants.chosen`)."""
