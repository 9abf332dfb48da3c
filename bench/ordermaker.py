"""Very many orders, as the simulator's generator invents them, in a store: for the benchmark of `bench.orders`.

The simulator tells its orders to the gateway as they happen; here a year's are told at once. So they are appended to the store
as the gateway appends what has come in, each step as if it had come at its own instant, and the projector folds and commits
them as always. What the generator says could have been reported in gridhall itself is told as what people did: these orders
live here, with clocks and cards.
"""

import multiprocessing
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from config import clock
from config.city import City, load_city
from domain.facts import AnyFact, CaseStep, OrderAction
from ingest.simulator.cases import Case, Cases
from ingest.simulator.ground import Ground
from ingest.simulator.walk import Patrols
from store.store import open_store

DAYS: Final = 425  # about fourteen months
SHARE_OF_DAYS: Final = 0.85  # of `per_day` that an average day brings at least (weekends bring fewer)
SOURCE: Final = "cases"
HERE: Final = "desk"
APPEND_CASES: Final = 400
BACKLOG: Final = 60  # entries that may wait for the projector before more are told
_DONE: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "reported": (("report", "supervisor"),),
    "verifying": (("ask_verify", "supervisor"), ("verify", "supervisor")),
    "self_handled": (("self_handle", "supervisor"),),
    "duplicate": (("void", "supervisor"),),  # which the other one was is nowhere told
    "void": (("void", "supervisor"),),
    "not_accepted": (("refuse", "supervisor"),),
    "accepted": (("accept", "supervisor"),),
    "registered": (("register", "supervisor"),),
    "dispatched": (("dispatch", "supervisor"),),
    "returned": (("return", "department"),),
    "escalated": (("escalate", "duty_chief"),),
    "handling": (("take_up", "department"),),
    "hanging": (("ask_hang", "department"), ("grant_hang", "duty_chief")),
    "feedback": (("feedback", "department"),),
    "checking": (("request_close", "supervisor"),),
    "rework": (("check", "supervisor"),),
    "evaluated": (("check", "supervisor"), ("evaluate", "supervisor")),
    "closed": (("close", "supervisor"),),
    "callback": (("callback", "supervisor"),),
    "archived": (("archive", "supervisor"),),
}
"""A status of the generator's → what people do, and who, so that an order that lives here comes to it."""

_LATE: Final = (("urge", "supervisor"), ("yellow_card", "duty_chief"))
"""What supervision does with an order that is closed after its limit."""


def make(folder: Path, url: str, partitions: int, orders: int, processes: int = 2) -> None:
    """Append that many orders of the city in `folder`, the newest days first, and wait until the projector has folded them."""
    spawn = multiprocessing.get_context("spawn")
    makers = [
        spawn.Process(target=_tell, args=(folder, url, partitions, orders, n, processes), daemon=True) for n in range(processes)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        if maker.exitcode:
            raise SystemExit(f"an order maker has ended with {maker.exitcode}")
    store = open_store(url, partitions)
    while store.backlog():
        time.sleep(0.2)


def _tell(folder: Path, url: str, partitions: int, orders: int, number: int, processes: int) -> None:
    """One maker's part: every so many-th day, until its share is there."""
    store, city = open_store(url, partitions, 60.0), load_city(folder)
    now_ms = clock.now_ms()
    share = orders // processes + (number < orders % processes)
    facts: list[AnyFact] = []
    for n, case in zip(range(share), cases_of(city, orders, now_ms, number, processes), strict=False):
        facts += told(case, city, now_ms)
        if n % APPEND_CASES == APPEND_CASES - 1 or n == share - 1:
            while store.backlog() > BACKLOG * processes:
                time.sleep(0.05)
            store.append(facts)
            facts = []


def cases_of(city: City, orders: int, now_ms: int, number: int = 0, step: int = 1, seed: int = 1) -> Iterator[Case]:
    """The generator's cases of every `step`-th day back from now, those that have begun; for DAYS days and some more."""
    ground = Ground(city, None, seed)
    patrols = Patrols(ground.plane, ground.paths_of, len(ground.roster), city.zone, seed)
    cases = Cases(ground, patrols, orders / DAYS / SHARE_OF_DAYS, seed)
    for day in cases.days(now_ms, DAYS * 2)[number::step]:
        yield from (case for case in cases.of_day(day) if case.begin_ms <= now_ms)


def told(case: Case, city: City, now_ms: int) -> list[AnyFact]:
    """What has been told of a case by now."""
    past = [(at_ms, event) for at_ms, event in case.events if at_ms <= now_ms]
    if not case.here:
        return [_step(at_ms, event) for at_ms, event in past]
    return list(_actions(case, past, city))


def _step(at_ms: int, event: dict[str, Any]) -> CaseStep:
    fields = {key: value for key, value in event.items() if key not in ("at", "deadline_at")}
    if "deadline_at" in event:
        fields["deadline_at_ms"] = _ms(event["deadline_at"])
    return CaseStep(source=SOURCE, received_at_ms=at_ms, at_ms=at_ms, **fields)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _actions(case: Case, past: list[tuple[int, dict[str, Any]]], city: City) -> Iterator[OrderAction]:
    lead, deadline_ms, hung, n = "", None, False, 0

    def action(name: str, role: str, at_ms: int, **fields: Any) -> OrderAction:
        return OrderAction(
            source=HERE, received_at_ms=at_ms, id=f"{case.order}.{n}", order=case.order, action=name, role=role, at_ms=at_ms,
            actor=case.report.get("reporter", HERE) if name == "report" else f"{role}1", scope=city.root,
            department=lead if role == "department" else "", fields=fields,
        )  # fmt: skip

    for at_ms, event in past:
        status = event["status"]
        lead = event.get("department", lead)
        deadline_ms = _ms(event["deadline_at"]) if "deadline_at" in event else deadline_ms
        steps = _DONE[status] if not (hung and status == "handling") else (("resume", "department"),)
        hung = status == "hanging"
        if status == "closed" and deadline_ms is not None and at_ms > deadline_ms:
            steps = (*_LATE, *steps)
        for name, role in steps:
            n += 1
            yield action(name, role, at_ms, **_fields(name, status, event, case, lead))


def _fields(action: str, status: str, event: dict[str, Any], case: Case, lead: str) -> dict[str, Any]:
    if action == "report":
        done = {"self_handled": True} if any(later["status"] == "self_handled" for _, later in case.events[:2]) else {}
        return {key: value for key, value in event.items() if key not in ("order", "at", "status", "reporter")} | done
    told: dict[str, Any] = {"reason": event.get("note", "超期"), "note": event.get("note", "已处理。")}
    match action:
        case "register":
            told |= {"category": case.report["category"], "deadline_at_ms": _ms(event["deadline_at"])}
        case "dispatch":
            told["department"] = lead
        case "verify":
            told["result"] = "true"
        case "check":
            told["result"] = "failed" if status == "rework" else "passed"
        case "evaluate":
            told["quality"] = "良好"
        case "callback":
            told["satisfaction"] = {"非常满意": "very_satisfied", "满意": "satisfied"}.get(event.get("note", ""), "fair")
    return told
