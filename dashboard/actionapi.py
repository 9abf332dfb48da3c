"""The API that changes orders: actions, batches of them, reports; and what is asked beside: nearest workers, personal data.

An action is a fact like any other: it is on disk before anybody waits for its answer, and the answer comes round with the
changes of the projector. Nothing is done here, so nothing can be half done when this process dies: the asker sends the same
id again and is told what became of it.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, Response, request

from config.settings import Settings
from config.words import words
from dashboard import acting, files, query
from dashboard.access import audit, need, person
from dashboard.acting import BadAction
from dashboard.api import NotThere, json_response, refusals_spoken
from dashboard.briefs import Json
from dashboard.doors import language
from dashboard.sight import sight
from domain.facts import OrderAction
from store.people import order_number

if TYPE_CHECKING:
    from dashboard.hall import Hall

MOST_AT_ONCE: Final = 200
NEARBY_M: Final = 1000.0
CHANNEL_OF: Final = {"worker": "网格员上报", "department": "部门转办", "leader": "领导交办"}
"""The source (domain.md B8) of a report that names none, by the role of who reports."""


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """POST orders/<id>/actions, actions, reports, orders/<id>/reveal; GET orders/<id>/actions/<action>, orders/<id>/nearby."""
    api = ActionApi(hall, settings)
    rules = (
        ("/orders/<path:order>/actions", "POST", api.act),
        ("/orders/<path:order>/actions/<action_id>", "GET", api.outcome),
        ("/orders/<path:order>/nearby", "GET", api.nearby),
        ("/orders/<path:order>/reveal", "POST", api.reveal),
        ("/actions", "POST", api.batch),
        ("/reports", "POST", api.report),
    )
    for path, method, view in rules:
        app.add_url_rule(f"/api/v1{path}", f"api{path} {method}", refusals_spoken(hall, view), methods=[method])


class ActionApi:
    """The views. Every order is looked up by what the asker sees."""

    def __init__(self, hall: "Hall", settings: Settings) -> None:
        self._hall, self._settings = hall, settings

    @property
    def _lang(self) -> str:
        return language(self._settings)

    def act(self, order: str) -> Response:
        """{id, action, fields} on one order."""
        told = acting.read_action(self._hall.city, request.get_json(silent=True))
        if told[1] == "report":
            raise BadAction("action: a report makes an order of its own: POST /api/v1/reports")
        fact = self._fact(order, told)
        return self._answered(fact)

    def _fact(self, order: str, told: tuple[str, str, dict[str, Any], int | None]) -> OrderAction:
        """The fact of an action on an order that the asker sees; its photos are the order's from now on."""
        try:
            row = acting.seen_order(sight(self._hall), order)
        except KeyError as unknown:
            raise NotThere("order", order) from unknown
        fact = acting.fact_of(self._hall, person(), order, told, row)
        into = str(fact.fields.get("merged_into", ""))
        if into and into not in sight(self._hall).orders:
            NotThere("order", into).tell(self._hall)
            raise BadAction(f"merged_into: nobody knows an order {into!r}")
        self._bind(fact)
        return fact

    def _bind(self, fact: OrderAction) -> None:
        photos = _photos(fact)
        if photos and (foreign := files.bind_photos(self._hall, fact.order, person(), photos)):
            raise BadAction(f"photos: {', '.join(foreign)}: there is no such file of yours")

    def _answered(self, fact: OrderAction) -> Response:
        """What became of it: known already, or sent now and waited for."""
        known = acting.answer_of(self._hall, fact.order, fact.id, self._lang)
        if known is None:
            self._hall.store.append([fact])  # type: ignore[union-attr]
            known = acting.answer_of(self._hall, fact.order, fact.id, self._lang, acting.ANSWER_WITHIN_S)
        if known is None:
            return json_response({"state": "pending", "order": fact.order, "id": fact.id, "action": fact.action}, 202)
        self._release(fact, known)
        return json_response(known, 200 if known["state"] == "done" else 409)

    def _release(self, fact: OrderAction, known: Json) -> None:
        """The photos of a refused action are free for another one."""
        if known["state"] == "refused" and (photos := _photos(fact)):
            files.release_photos(self._hall, fact.order, person(), photos)

    def outcome(self, order: str, action_id: str) -> Response:
        """What became of an action; `none`: it has not happened, and is not on its way."""
        try:
            acting.seen_order(sight(self._hall), order)
        except KeyError as unknown:
            raise NotThere("order", order) from unknown
        store = self._hall.store
        known = acting.answer_of(self._hall, order, action_id, self._lang)
        if known is None and store is not None:
            waits = store.unread(store.partition_of(order))
            step = next((step for step in store.trail(order) if step.action and step.key == action_id), None)
            state = "done" if step else "pending" if waits else "none"
            known = {"state": state, "order": order, "id": action_id}
            if step is not None:
                known |= {"action": step.action, "status": step.status, "at_ms": step.at_ms}
            elif state == "none":  # it may have been folded between the two looks
                known = acting.answer_of(self._hall, order, action_id, self._lang) or known
        return json_response(known, 200)

    def batch(self) -> Response:
        """{items: [{order, id, action, fields}]}: each judged by itself, all sent at once."""
        told = request.get_json(silent=True)
        items = told.get("items") if isinstance(told, dict) else None
        if not isinstance(items, list) or not 0 < len(items) <= MOST_AT_ONCE:
            raise BadAction(f"items: a list of 1 to {MOST_AT_ONCE} actions is wanted")
        asked = [self._of_batch(item) for item in items]
        facts = [item for item in asked if isinstance(item, OrderAction)]
        new = [fact for fact in facts if acting.answer_of(self._hall, fact.order, fact.id, self._lang) is None]
        if new:
            self._hall.store.append(new)  # type: ignore[union-attr]
        end_ms = self._hall.now_ms() + acting.ANSWER_WITHIN_S * 1000
        return json_response({"items": [self._of_item(item, end_ms) for item in asked]}, 200)

    def _of_batch(self, item: Any) -> OrderAction | Json:
        order, name = (_echo(item.get(key)) if isinstance(item, dict) else None for key in ("order", "id"))
        refused = {"order": order, "id": name, "state": "refused"}
        try:
            if order is None:
                raise BadAction("order: the number of an order is wanted")
            return self._fact(order, acting.read_action(self._hall.city, item))
        except NotThere as missing:
            missing.tell(self._hall)
            return {**refused, "reason": "no_such_order", "said": words(self._lang)["refusal.no_such_order"]}
        except BadAction as wrong:
            return {**refused, "reason": "bad_field", "said": str(wrong)}

    def _of_item(self, item: OrderAction | Json, end_ms: float) -> Json:
        if not isinstance(item, OrderAction):
            return item
        wait_s = max((end_ms - self._hall.now_ms()) / 1000, 0.01)
        pending = {"state": "pending", "order": item.order, "id": item.id, "action": item.action}
        known = acting.answer_of(self._hall, item.order, item.id, self._lang, wait_s) or pending
        self._release(item, known)
        return known

    def report(self) -> Response:
        """{id, fields}: a new order, whose number is in the answer."""
        need("report")
        who, city, store = person(), self._hall.city, self._hall.store
        told = acting.read_action(city, request.get_json(silent=True), "report")
        assert store is not None
        order = order_number(store, city.order_prefix, city.day_of(self._hall.now_ms()), f"{who.name}:{told[0]}")
        fact = acting.fact_of(self._hall, who, order, told, None)
        if not fact.fields.get("channel") and fact.role in CHANNEL_OF:
            fact = msgspec.structs.replace(fact, fields={**fact.fields, "channel": CHANNEL_OF[fact.role]})
        self._bind(fact)
        return self._answered(fact)

    def nearby(self, order: str) -> Response:
        """The workers online around an order of the asker's scope, nearest first, with load and age of position."""
        need("people")
        seen = sight(self._hall)
        try:
            row = seen.orders[order]
        except KeyError as unknown:
            raise NotThere("order", order) from unknown
        try:
            radius_m = min(float(request.args.get("radius_m", NEARBY_M)), 20_000.0)
        except ValueError as wrong:
            raise query.BadQuery("radius_m: metres are wanted") from wrong
        now_ms = self._hall.now_ms()
        found = query.nearest_workers(seen, row.lon, row.lat, radius_m, now_ms, lang=self._lang)
        aged = [one | {"age_s": round((now_ms - one["fixed_at_ms"]) / 1000)} for one in found]
        return json_response({"order": order, "as_of_ms": now_ms, "workers": aged}, 200)

    def reveal(self, order: str) -> Response:
        """Personal data of an order, unmasked; each time a line of the audit log."""
        need("personal")
        try:
            row = acting.seen_order(sight(self._hall), order)
        except KeyError as unknown:
            raise NotThere("order", order) from unknown
        trail = self._hall.store.trail(order) if self._hall.store is not None else ()
        audit("view_personal", order, row.region)
        return json_response(dict(acting.personal_json(row, trail)), 200)


def _photos(fact: OrderAction) -> list[str]:
    return [name for name in str(fact.fields.get("photos", "")).split(";") if name]


def _echo(told: object) -> str | None:
    """What an item called itself, as an answer can say it again."""
    return told.encode(errors="replace").decode() if isinstance(told, str) else None
