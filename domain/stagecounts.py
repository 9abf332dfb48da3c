"""Counts of the stages on the way of an order: intake, dispatch, handling, field checks, call-backs (domain.md C2).

They are told by orders that live here; an outside system's order is in none of them but those of the intake. Where a stage
was to be done by a limit, on time and late are known only of what had a limit: those are the judged ones.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.actions import RESULTS, SATISFACTION
from domain.orderframe import Stage
from domain.states import OrderFlag, Sent

if TYPE_CHECKING:
    from domain.counts import Mask, Slice

_TRUE: Final = RESULTS["verify"].index("true")
_FAIR: Final = SATISFACTION.index("fair")


def word_in(s: "Slice", column: str, words: frozenset[str]) -> "Mask":
    """The orders whose word in a column is one of these."""
    found: Mask = s.source.allowed(column, words)[s[column]]
    return found


def _over(s: "Slice", stage: str) -> "Mask":
    """Whether the running clock of a stage is over at the as-of moment."""
    due_at_ms = s[f"{stage}_due_ms"]
    found: Mask = (due_at_ms >= 0) & (due_at_ms < s.as_of_ms)
    return found


def _judged(s: "Slice", stage: str) -> "Mask":
    found: Mask = (s[stage] == Stage.IN_TIME) | (s[stage] == Stage.LATE)
    return found


def _due(done: str, stage: str) -> Callable[["Slice"], "Mask"]:
    return lambda s: s.mask(done) | _over(s, stage)


def _due_judged(done: str, stage: str) -> Callable[["Slice"], "Mask"]:
    return lambda s: (s.mask(done) & _judged(s, stage)) | _over(s, stage)


def _done(count: str, stage: str, *stands: Stage) -> Callable[["Slice"], "Mask"]:
    return lambda s: s.mask(count) & np.isin(s[stage], stands)


def _sent(column: str, *stands: Sent) -> Callable[["Slice"], "Mask"]:
    return lambda s: np.isin(s[column], stands)


def _flagged(flag: OrderFlag) -> Callable[["Slice"], "Mask"]:
    return lambda s: (s["flags"] & flag) != 0


def _missed(s: "Slice") -> "Mask":
    return s.mask("reported_public") & s.mask("registered" if s.variants.missed == "registered" else "reported_valid")


def _chosen(field: str) -> Callable[["Slice"], "Mask"]:
    """The count that the city has chosen for a denominator."""
    return lambda s: s.mask(getattr(s.variants, field))


def _check_sent_due(s: "Slice") -> "Mask":
    """核查 given under a limit, or not given yet and the limit is over."""
    found: Mask = np.isin(s["check_sent"], (Sent.IN_TIME, Sent.LATE)) | ((s["check_sent"] == Sent.NOT) & _over(s, "check"))
    return found


_LEVELS: Final = ("grid", "village", "town")


def _resolved(level: str) -> Callable[["Slice"], "Mask"]:
    """Closed while a centre of that level held it, or as the city counts also of one below."""

    def mask(s: "Slice") -> "Mask":
        levels = _LEVELS[: _LEVELS.index(level) + 1] if s.variants.resolution == "within" else (level,)
        keys = frozenset().union(*(getattr(s.variants, key) for key in levels))
        return s.mask("closed") & word_in(s, "holder_level", keys)

    return mask


def _components(s: "Slice") -> "Mask":
    return word_in(s, "category", s.variants.components)


COUNTS: Final[dict[str, Callable[["Slice"], Any]]] = {
    # intake
    "reported_public": lambda s: word_in(s, "source", s.variants.public),
    "public_verified": lambda s: s.mask("reported_public") & (s.mask("registered") | (s["verified"] == _TRUE)),
    "missed": _missed,
    "components": _components,
    "events": lambda s: ~word_in(s, "category", frozenset(("",))) & ~s.mask("components"),
    "accepted_right": lambda s: s.mask("accepted") & ~s.mask("rejected"),
    "accepted_judged": lambda s: s.mask("accepted") & _judged(s, "accept"),
    "accepted_on_time": _done("accepted", "accept", Stage.IN_TIME),
    "registered_judged": lambda s: s.mask("registered") & _judged(s, "register"),
    "registered_on_time": _done("registered", "register", Stage.IN_TIME),
    "registered_by_patrol": lambda s: s.mask("registered") & word_in(s, "source", s.variants.patrol),
    "registered_base": _chosen("registered_rate"),
    # dispatch
    "routed": _flagged(OrderFlag.ROUTED),
    "rerouted": _flagged(OrderFlag.REROUTED),
    "dispatched": lambda s: s["handle"] >= 0,
    "dispatch_due": _due("dispatched", "dispatch"),
    "dispatch_due_judged": _due_judged("dispatched", "dispatch"),
    "dispatched_on_time": _done("dispatched", "dispatch", Stage.IN_TIME),
    "dispatched_right": lambda s: s.mask("dispatched") & (s["redispatched"] == 0) & (s["reworked"] == 0),
    "right_dispatch_base": _chosen("right_dispatch_rate"),
    "returned_ever": lambda s: s["returned"] > 0,
    "passed_on": lambda s: s["returned"] > 1,
    "transferred": lambda s: s["redispatched"] > 0,
    "escalated_ever": lambda s: s["escalated"] > 0,
    # handling
    "handled": lambda s: s["check"] >= 0,
    "handle_due": _due("handled", "handle"),
    "handle_due_judged": _due_judged("handled", "handle"),
    "handled_on_time": _done("handled", "handle", Stage.IN_TIME),
    "handled_late": _done("handled", "handle", Stage.LATE),
    "handle_pending": lambda s: s["handle"] == Stage.RUNS,
    "handle_overdue": lambda s: s.mask("handle_pending") & _over(s, "handle"),
    "reworked": lambda s: s["reworked"] > 0,
    "rework_base": _chosen("rework_rate"),
    "at_once": lambda s: s.mask("self_handled") & _flagged(OrderFlag.AT_ONCE)(s),
    "hung_ever": lambda s: s["hung"] > 0,
    "deferred": lambda s: s["deferred"] > 0,
    # verification and checks in the field
    "verified": lambda s: s["verified"] >= 0,
    "verify_due": _due("verified", "verify"),
    "verify_due_judged": _due_judged("verified", "verify"),
    "verified_on_time": _done("verified", "verify", Stage.IN_TIME),
    "verify_sent": _sent("verify_sent", Sent.IN_TIME, Sent.LATE, Sent.NO_LIMIT),
    "verify_sent_judged": _sent("verify_sent", Sent.IN_TIME, Sent.LATE),
    "verify_sent_on_time": _sent("verify_sent", Sent.IN_TIME),
    "check_ended": lambda s: (s["check"] >= 0) & (s["check"] != Stage.RUNS),
    "check_due": _due("check_ended", "check"),
    "check_due_judged": _due_judged("check_ended", "check"),
    "checked_on_time": lambda s: s["check"] == Stage.IN_TIME,
    "check_sent": _sent("check_sent", Sent.IN_TIME, Sent.LATE, Sent.NO_LIMIT),
    "check_sent_due": _check_sent_due,
    "check_sent_on_time": _sent("check_sent", Sent.IN_TIME),
    # levels of resolution
    "closed_with_level": lambda s: s.mask("closed") & ~word_in(s, "holder_level", frozenset(("",))),
    **{f"closed_at_{level}": _resolved(level) for level in _LEVELS},
    # what people say of it, and supervision
    "called_back": lambda s: s["satisfaction"] >= 0,
    "very_satisfied": lambda s: s["satisfaction"] == SATISFACTION.index("very_satisfied"),
    "plainly_satisfied": lambda s: s["satisfaction"] == SATISFACTION.index("satisfied"),
    "roughly_satisfied": lambda s: s["satisfaction"] == _FAIR,
    "satisfied": lambda s: (s["satisfaction"] >= 0) & (s["satisfaction"] <= _FAIR),
    "unsatisfied": lambda s: s["satisfaction"] > _FAIR,
    "yellow_carded": _flagged(OrderFlag.YELLOW_CARD),
    "red_carded": _flagged(OrderFlag.RED_CARD),
}  # fmt: skip
"""Count → mask over a slice. events + components: orders whose matter is known."""

RATES: Final[dict[str, tuple[str, str]]] = {
    "registered_rate": ("registered", "registered_base"),  # 立案率
    "on_time_acceptance_rate": ("accepted_on_time", "accepted_judged"),  # 按期受理率
    "right_acceptance_rate": ("accepted_right", "accepted"),  # 准确受理率
    "on_time_registration_rate": ("registered_on_time", "registered_judged"),  # 按时立案率
    "right_registration_rate": ("registered_not_void", "registered_ever"),  # 准确立案率
    "patrol_share": ("registered_by_patrol", "registered"),  # 监督员上报率
    "public_share": ("public_verified", "registered"),  # 监督举报率
    "missed_rate": ("missed", "registered"),  # 漏报率
    "on_time_dispatch_rate": ("dispatched_on_time", "dispatch_due_judged"),  # 按时派遣率
    "right_dispatch_rate": ("dispatched_right", "right_dispatch_base"),  # 准确派遣率
    "rerouted_rate": ("rerouted", "routed"),  # dispatched by hand elsewhere than the rule proposed
    "handling_rate": ("handled", "handle_due"),  # 处置率
    "on_time_handling_rate": ("handled_on_time", "handle_due_judged"),  # 按期处置率
    "rework_rate": ("reworked", "rework_base"),  # 返工率
    "on_time_verify_rate": ("verified_on_time", "verify_due_judged"),  # 按时核实率
    "on_time_verify_sent_rate": ("verify_sent_on_time", "verify_sent_judged"),  # 核实按时派发率
    "on_time_check_rate": ("checked_on_time", "check_due_judged"),  # 按时核查率
    "on_time_check_sent_rate": ("check_sent_on_time", "check_sent_due"),  # 核查按时派发率
    "escalation_rate": ("escalated_ever", "accepted"),  # 升级率
    **{f"resolved_at_{level}_rate": (f"closed_at_{level}", "closed_with_level") for level in _LEVELS},  # 处置层级率
    "satisfaction_rate": ("satisfied", "called_back"),  # 满意率
}

VARIES: Final[dict[str, tuple[str, ...]]] = {
    "registered_base": ("registered_rate",),
    "right_dispatch_base": ("right_dispatch_rate",),
    "rework_base": ("rework_rate",),
    "reported_public": ("public",),
    "public_verified": ("public",),
    "missed": ("missed", "public"),
    "registered_by_patrol": ("patrol",),
    "close_due": ("close_due",),
    "close_due_judged": ("close_due",),
    "on_time_closure_base": ("on_time_closure_rate", "close_due"),
    "closed_at_grid": ("resolution", "grid"),
    "closed_at_village": ("resolution", "village", "grid"),
    "closed_at_town": ("resolution", "town", "village", "grid"),
}
"""Count → the readings of a city (`domain.variants`) that it goes by."""

ORIGINS: Final[dict[str, str]] = {
    **dict.fromkeys(("closure_rate", "on_time_closure_rate", "patrol_share"), "bulletin"),
    "completion_rate": "cities",
    **dict.fromkeys(("registered_rate", "rework_rate"), "open"),
    **dict.fromkeys((
        "late_closure_rate", "settlement_rate", "open_rate", "valid_report_rate", "on_time_registration_rate",
        "right_registration_rate", "on_time_acceptance_rate", "right_acceptance_rate", "missed_rate", "public_share",
        "on_time_dispatch_rate", "right_dispatch_rate", "handling_rate", "on_time_handling_rate", "on_time_verify_rate",
        "on_time_verify_sent_rate", "on_time_check_rate", "on_time_check_sent_rate", "satisfaction_rate",
    ), "practice"),
}  # fmt: skip
"""Rate → where its formula comes from (domain.md C3): reproduces a published bulletin, or what cities state; the practice of
systems of the field; sources that disagree (open). Everything else is an own definition.
"""
