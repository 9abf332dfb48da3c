"""Fifty real work orders with their whole logs, as orders of an outside case system: the counts are those of the reference."""

import datetime as dt
import json
import random
from collections import Counter
from statistics import median
from typing import Any

from config.city import City
from config.settings import Settings
from domain.facts import CaseStep, OrderAction
from domain.states import Order, Step
from ingest.projector import Projector
from store.store import Store
from tests.ingest.test_projector import NOW, fold
from tests.shared_data import data

STATUS_OF = {  # the note types of the log; reported comes first whatever its clock says
    "submitted": "reported", "opened": "accepted", "activity": "handling", "follow_on_created": "dispatched",
    "follow_on_closed": "feedback", "closed": "closed",
}  # fmt: skip
HOUR = 3_600_000


def steps_of(request: dict[str, Any]) -> list[CaseStep]:
    """One step per note; the first says what the request is about."""
    steps = []
    for n, note in enumerate(request["notes"]):
        about = {
            "category": request["service_name"], "department": request["agency_responsible"], "address": request["address"],
            "channel": request["extended_attributes"].get("channel"), "lon": request["long"], "lat": request["lat"],
        } if n == 0 else {}  # fmt: skip
        follow_on = note.get("extended_attributes", {})
        extra = {key: str(follow_on[key]) for key in ("service_request_id", "agency_responsible") if key in follow_on}
        steps.append(
            CaseStep(
                source="chicago",
                received_at_ms=NOW,
                order=request["service_request_id"],
                at_ms=round(dt.datetime.fromisoformat(note["datetime"]).timestamp() * 1000),
                status=STATUS_OF[note["type"]],
                note=note.get("description") or note["summary"],
                extra={"type": note["type"], "n": str(n), **extra},
                **about,
            )
        )
    return steps


def hours(order: Order) -> float | None:
    assert order.accepted_at_ms is not None
    return None if order.closed_at_ms is None else (order.closed_at_ms - order.accepted_at_ms) / HOUR


def summed(orders: list[Order]) -> dict[str, Any]:
    known = [h for order in orders if (h := hours(order)) is not None]
    closed = sum(order.status == "closed" for order in orders)
    return {"n": len(orders), "closed": closed, "median_hours": round(median(known), 4) if known else None}


def types(trail: tuple[Step, ...]) -> list[str]:
    return [str(step.fields["extra.type"]) for step in sorted(trail, key=lambda step: int(str(step.fields["extra.n"])))]


def test_fifty_real_logs_run_through_as_outside_orders(store: Store, city: City, settings: Settings) -> None:
    folder = data("events-chicago-workflow")
    requests = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
    wanted = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    facts = [step for request in requests for step in steps_of(request)]
    random.Random(1).shuffle(facts)
    projector = Projector(store, city, settings, "me")
    for part in range(0, len(facts), 40):
        store.append(facts[part : part + 40])
        fold(projector)
    store.append(facts)  # the whole log again
    fold(projector)

    orders = [row for p in range(store.partitions) for _, row in store.rows(p) if isinstance(row, Order)]
    trails = {order.order: store.trail(order.order) for order in orders}
    assert store.counts() == {("chicago", "order", "kept"): len(facts), ("chicago", "order", "duplicate"): len(facts)}
    assert len(orders) == wanted["n"]
    assert Counter("closed" if order.status == "closed" else "open" for order in orders) == wanted["status"]
    assert Counter(name for trail in trails.values() for name in types(trail)) == wanted["notes"]
    assert Counter(">".join(types(trail)) for trail in trails.values()) == wanted["sequences_of_note_types"]
    for trail in trails.values():
        assert [s.status for s in trail if s.status != "reported"] == [
            s.status for s in sorted(trail, key=lambda s: s.at_ms) if s.status != "reported"
        ]
    after = sum(any(s.at_ms > o.closed_at_ms for s in trails[o.order]) for o in orders if o.closed_at_ms is not None)
    assert after == wanted["requests_with_notes_after_the_last_close"]
    twice = sum(sum(s.status == "closed" for s in trail) > 1 for trail in trails.values())
    assert twice == wanted["requests_with_more_than_one_closed_note"]
    asked = {r["service_request_id"]: dt.datetime.fromisoformat(r["requested_datetime"]).timestamp() * 1000 for r in requests}
    assert sum(order.accepted_at_ms == asked[order.order] for order in orders) == wanted["requested_equals_opened"]
    known = [h for order in orders if (h := hours(order)) is not None]
    assert (round(median(known), 4), round(max(known), 4)) == (wanted["median_hours"], wanted["max_hours"])
    assert sum(h < 0 for h in known) == wanted["negative_hours"]
    for field, name in (("category", "by_service"), ("department", "by_agency")):
        groups: dict[str, list[Order]] = {}
        for order in orders:
            groups.setdefault(getattr(order, field), []).append(order)
        assert {key: summed(group) for key, group in groups.items()} == wanted[name]

    before = {order.order: order for order in orders}
    store.append([
        OrderAction(source="desk", received_at_ms=NOW, id=f"{name} {order}", order=order, action=name, actor="anna",
                    role="duty_chief", at_ms=NOW, scope=city.root, fields={"note": "n", "reason": "r"})
        for order in before for name in ("force_close", "void", "note")
    ])  # fmt: skip
    fold(projector)
    for name, order in before.items():
        for refused in ("force_close", "void"):
            outcome = store.outcome(name, f"{refused} {name}")
            assert outcome is not None and (outcome.done, outcome.reason) == (False, "owned_by_source")
        now = store.row("order", name)
        assert isinstance(now, Order) and (now.status, now.closed_at_ms) == (order.status, order.closed_at_ms)
        assert now.steps == order.steps + 1
