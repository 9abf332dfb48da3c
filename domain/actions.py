"""What people do to a work order, as one table: in these states, this action, by these roles, leads to that state.

The table is the fullest life (domain.md B6); a city's template leaves out steps of it (`domain.workflow`). Read a row as:
in one of `states` a person of one of `who` may do `action` if `given` holds and `needs` are told (a|b: one of them); the
order is then in `to`.
"""

from typing import Final

import msgspec

from domain.lifecycle import STATUSES

ROLES: Final = (
    "worker",  # 网格员, 城管监督员 in the field
    "supervisor",  # of workers: the head of a small sub-center, who does most things where there are no two axes
    "intake",  # 受理员
    "duty_chief",  # 值班长
    "dispatcher",  # 派遣员
    "checker",  # 核查
    "department",  # 处置部门
    "leader",
    "auditor",  # sees, never acts
    "administrator",
    "rule",  # no person: the city's own rules (社管通 accepts automatically)
)
SEATS: Final = frozenset({"supervisor", "intake", "duty_chief", "dispatcher", "leader", "administrator"})
"""Seats of a centre: they act on what their own centre, or one below it, holds. The others act on what lies with them."""

SUPERVISION: Final = frozenset({"supervisor", "intake", "duty_chief", "checker"})
COMMAND: Final = frozenset({"dispatcher", "department"})
COMMAND_ACTIONS: Final = frozenset({"dispatch", "rework", "refuse_return", "release"})
SUPERVISION_ACTIONS: Final = frozenset({
    "verify", "check", "evaluate", "close", "force_close", "urge", "yellow_card", "red_card", "withdraw_card", "decide_appeal",
})  # fmt: skip
"""With two axes (Chaoyang) nobody of the one side does what is the other's."""

RESULTS: Final = {
    "verify": ("true", "false", "unable"),  # 属实, 不属实, 无法核实
    "check": ("passed", "failed", "unable"),
    "end_deliberation": ("resumed", "settled"),
    "decide_appeal": ("upheld", "withdrawn"),
}
SATISFACTION: Final = ("very_satisfied", "satisfied", "fair", "unsatisfied", "very_unsatisfied")

ANSWERS: Final[dict[str, tuple[str, ...]]] = {"contacted": ("yes", "no"), "solved": ("yes", "no")}
"""What a citizen is asked at a call-back besides how satisfied he is: did who handled it get in touch, is it solved? Not told:
not asked, or no answer.
"""

FIELD_TYPES: Final[dict[str, type]] = {
    "lon": float, "lat": float, "deadline_at_ms": int, "urgent": bool, "mass": bool, "self_handled": bool,
}  # fmt: skip
"""Every other field is a text; lists (co_handlers, photos) are joined by ";"."""

BORN: Final = "-"  # the state of an order that is not there yet
SAME: Final = "="  # the order stays in its state


class Row(msgspec.Struct, frozen=True):
    """`party` "lead" or "co": a department (or the named worker) that acts must be that of this order. `choice`: the row
    is for this value of the field `result`.
    """

    states: tuple[str, ...]
    action: str
    who: tuple[str, ...]
    to: str
    needs: tuple[str, ...] = ()
    party: str = ""
    given: str = ""
    choice: str = ""


OPEN: Final = tuple(key for key, status in STATUSES.items() if not status.final)
_OPEN: Final = " ".join(OPEN)
_ANY: Final = " ".join(STATUSES)
_FIELD: Final = "worker supervisor"
_HANDS: Final = "department worker"
_EVERYBODY: Final = "worker supervisor intake duty_chief dispatcher checker department leader administrator"


def _row(states: str, action: str, who: str, to: str, needs: str = "", **more: str) -> Row:
    return Row(tuple(states.split()), action, tuple(who.split()), to, tuple(needs.split()), **more)


TABLE: Final = (
    # 1 report
    _row(BORN, "report", f"{_FIELD} intake duty_chief dispatcher department leader rule", "reported", "text"),
    _row("reported", "ask_verify", "intake supervisor", "verifying"),
    _row("verifying", "verify", "worker supervisor checker", "reported", "result"),
    _row("reported accepted", "self_handle", _FIELD, "self_handled", "note"),  # accepted: by a rule, as soon as it was reported
    _row("reported", "accept", "intake supervisor duty_chief rule", "accepted"),
    _row("reported verifying", "refuse", "intake supervisor duty_chief", "not_accepted", "reason"),
    _row("reported", "merge", "intake supervisor duty_chief", "duplicate", "merged_into"),
    _row("accepted", "deliberate", "intake supervisor duty_chief", "deliberating", "reason"),
    _row("deliberating", "end_deliberation", "intake supervisor duty_chief", "accepted", "note", choice="resumed"),
    _row("deliberating", "end_deliberation", "intake supervisor duty_chief", "closed", "note", choice="settled"),
    _row("accepted", "register", "duty_chief supervisor rule", "registered", "category"),
    _row("accepted", "refuse_register", "duty_chief supervisor", "not_registered", "reason"),
    # 2 dispatch
    _row("registered returned escalated rework reopened", "dispatch", "dispatcher supervisor duty_chief rule", "dispatched",
         "department|handler"),
    _row("returned", "refuse_return", "dispatcher supervisor duty_chief", "dispatched", "reason"),
    _row("dispatched handling", "refuse_return", "dispatcher supervisor duty_chief", SAME, "reason co_handler",
         given="co_returned"),
    _row("dispatched handling", "release", "dispatcher supervisor duty_chief", SAME, "co_handler", given="co_named"),
    _row("rework", "rework", "dispatcher supervisor duty_chief rule", "dispatched", given="led"),
    # 3 handle
    _row("dispatched", "take_up", _HANDS, "handling", party="lead"),
    _row("dispatched handling", "take_up", "department", SAME, party="co"),
    _row("dispatched handling", "return", _HANDS, "returned", "reason", party="lead"),
    _row("dispatched handling", "return", "department", SAME, "reason", party="co"),
    _row("handling", "progress", _HANDS, SAME, "note", party="lead"),
    _row("dispatched handling", "progress", "department", SAME, "note", party="co"),
    _row("handling", "ask_defer", _HANDS, SAME, "reason deadline_at_ms", party="lead", given="nothing_asked"),
    _row("handling", "grant_defer", "duty_chief supervisor", SAME, given="defer_asked"),
    _row("handling", "refuse_defer", "duty_chief supervisor", SAME, "reason", given="defer_asked"),
    _row("handling", "ask_hang", _HANDS, SAME, "reason", party="lead", given="nothing_asked"),
    _row("handling", "grant_hang", "duty_chief supervisor", "hanging", given="hang_asked"),
    _row("handling", "refuse_hang", "duty_chief supervisor", SAME, "reason", given="hang_asked"),
    _row("hanging", "resume", f"{_HANDS} duty_chief supervisor", "handling", party="lead"),
    _row("handling", "feedback", _HANDS, "feedback", "note", party="lead"),
    _row("dispatched handling", "feedback", "department", SAME, "note", party="co"),
    _row("feedback", "request_close", f"{_HANDS} dispatcher supervisor rule", "checking", party="lead"),
    # 4 check
    _row("checking", "check", "checker supervisor worker", SAME, "result", choice="passed"),
    _row("checking", "check", "checker supervisor worker", "rework", "result reason", choice="failed"),
    _row("checking", "check", "checker supervisor worker", SAME, "result reason", choice="unable"),
    # 5 evaluate, 6 close and what comes after
    _row("checking", "evaluate", "duty_chief supervisor checker", "evaluated", "quality"),
    _row("evaluated", "close", "duty_chief supervisor", "closed"),
    _row("closed", "callback", "intake supervisor duty_chief", "callback", "satisfaction"),
    _row("callback", "reopen", "intake supervisor duty_chief", "reopened", "reason"),
    _row("closed callback", "archive", "intake supervisor duty_chief administrator rule", "archived"),
    # at any time
    _row(_OPEN, "force_close", "duty_chief", "closed", "reason"),
    _row(_OPEN, "void", "duty_chief supervisor", "void", "reason"),
    _row(_OPEN, "escalate", f"{_FIELD} intake duty_chief dispatcher department", "escalated", "reason", party="lead",
         given="level_above"),
    # 督办: urged, yellow card, red card; the ladder only climbs. A card is answered, appealed against, upheld or withdrawn
    _row(_OPEN, "urge", "supervisor duty_chief checker leader rule", SAME),
    _row(_OPEN, "yellow_card", "supervisor duty_chief checker leader rule", SAME, "reason", given="no_card"),
    _row(_OPEN, "red_card", "supervisor duty_chief leader rule", SAME, "reason", given="yellow_carded"),
    _row(_ANY, "answer_card", _HANDS, SAME, "note", party="lead", given="card_unanswered"),
    _row(_ANY, "appeal_card", _HANDS, SAME, "reason", party="lead", given="card_unappealed"),
    _row(_ANY, "decide_appeal", "duty_chief leader", SAME, "reason result", given="card_appealed", choice="upheld"),
    _row(_ANY, "decide_appeal", "duty_chief leader", SAME, "reason result", given="card_appealed", choice="withdrawn"),
    _row(_ANY, "withdraw_card", "duty_chief leader", SAME, "reason", given="card_stands"),
    _row(_OPEN, "stand_down", "duty_chief supervisor", SAME, given="alarmed"),  # 解除: walls leave its emergency
    _row(_OPEN, "remind", "rule", SAME, "clock"),
    _row(_OPEN, "overdue", "rule", SAME, "clock"),
    _row(_ANY, "recompute", "rule", SAME),  # its limits, when a calendar has come that it hangs on
    _row(_ANY, "note", _EVERYBODY, SAME, "note"),
)  # fmt: skip

AFTER_CLOSING: Final = (
    _row("closed callback", "evaluate", "duty_chief supervisor checker", SAME, "quality", given="not_evaluated"),
)
"""Where a city evaluates after closing (Kunming) the order stays closed: rates and clocks go by the time of closing."""

MAIN: Final = (
    "reported", "accepted", "registered", "dispatched", "handling", "feedback", "checking", "evaluated", "closed", "callback",
    "archived",
)  # fmt: skip
ADVANCE: Final = frozenset({
    "accept", "register", "dispatch", "take_up", "feedback", "request_close", "evaluate", "close", "callback", "reopen",
    "archive",
})  # fmt: skip
"""The actions of the main line: where the state that they start from is left out, they start from the one before it."""

LEAVING: Final = {"handling": "co_handlers_done", "checking": "checked"}
"""What must hold before the main line goes on from a state, whatever the next step of the city's template is."""

CLOCKS: Final[dict[str, frozenset[str]]] = {
    "total": frozenset(OPEN) - {"hanging"},
    "dispatch": frozenset({"registered", "returned", "escalated", "rework", "reopened"}),
    "sign": frozenset({"dispatched"}),
    "handle": frozenset({"dispatched", "handling"}),
    "check": frozenset({"feedback", "checking"}),
}
"""The states in which each clock runs: entering one starts it (or lets it go on), leaving for another stops it; 挂账
pauses all of them. sign (签收): until who it was dispatched to takes it up, or hands it back.
"""

INTAKE: Final[dict[str, frozenset[str]]] = {
    "accept": frozenset({"reported", "verifying"}),
    "verify": frozenset({"verifying"}),
    "register": frozenset({"accepted", "deliberating"}),
}
"""The states in which the clocks of the intake run, where a city has limits for them: 受理, 核实, 立案."""

LIMITED: Final = {**CLOCKS, **INTAKE}
"""All that a city may set a limit for."""

_BESIDE: Final = "note photos"
TELLS: Final[dict[str, tuple[str, ...]]] = {
    action: tuple(fields.split())
    for action, fields in {
        "report": "channel category region lon lat title text address person phone home urgent mass self_handled note photos",
        "register": "category department deadline_at_ms title address urgent mass note photos",
        "dispatch": "department handler co_handlers deadline_at_ms urgent note photos",
        "grant_defer": "deadline_at_ms note",
        "reopen": "deadline_at_ms note photos",
        "refuse_return": "co_handler note",
        "check": "reason note photos",
        "callback": "contacted solved note photos",
    }.items()
}
"""What an action may tell besides what it needs; every other one a note and photos. person, phone and home are a citizen's."""


def tells(action: str) -> tuple[str, ...]:
    """The fields that an action may tell besides those that its row needs."""
    return TELLS.get(action, tuple(_BESIDE.split()))


RECOMPUTE: Final = "recompute"
"""What the rules do with limits that were given while nobody knew the holidays (domain.rejudging)."""

FOUND_OUT: Final = frozenset(("clocks", "worked", "verify_sent", "check_sent"))
"""Fields that the judge alone writes into a step, for who replays it: nobody tells them, and nobody is shown them."""

ALARMS: Final = {"remind": 1, "overdue": 2}
"""What time itself does (domain.clocks.YELLOW and RED): 临期提醒 and 超期, of the clock that the step names."""

CARDS: Final = ("urge", "yellow_card", "red_card")
"""The ladder of supervision, from the lowest step."""

TALK: Final = frozenset({
    "note", "progress", *CARDS, "answer_card", "appeal_card", "decide_appeal", "withdraw_card", "stand_down", *ALARMS,
    RECOMPUTE,
})  # fmt: skip
"""Actions that say something of an order and move nothing."""

ACTIONS: Final = tuple(dict.fromkeys(row.action for row in TABLE))
