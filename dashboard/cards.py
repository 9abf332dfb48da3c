"""The wall of cards: yellow and red ones of a month (or any period) by department, with the orders that they lie on."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, render_template, request

from config.settings import Settings
from config.words import words
from dashboard.access import person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, department_name, order_title, region_name
from dashboard.doors import home_of, language
from dashboard.filters import region_code, region_words
from dashboard.names import title_of
from dashboard.orderbook import orders_of
from dashboard.period import iso
from dashboard.query import read_period
from dashboard.sight import Sight, sight
from domain.counts import Filters, Slice
from domain.states import Card, OrderFlag

if TYPE_CHECKING:
    from dashboard.hall import Hall

KINDS: Final = ("yellow", "red", "unanswered", "appealed", "withdrawn")


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """/cards and /api/v1/cards?region=&from=&to=|period=&department=."""

    def api() -> Any:
        return json_response(asked(sight(hall), language(settings)), 200, hall.city)

    def page() -> Any:
        lang, seen = language(settings), sight(hall)
        told, params = asked(seen, lang), request.args.to_dict()
        link = lambda **more: "/cards?" + urlencode({**params, **more})  # noqa: E731
        return render_template(
            "cards.html", lang=lang, w=words(lang), city=seen.city.title_en if lang == "en" else seen.city.title,
            title=words(lang)["cards.title"], page="cards", told=told, q=params, home=home_of(person()), link=link, kinds=KINDS,
            spoken=lambda at_ms: (iso(at_ms, seen.city) or "")[:16].replace("T", " "),
        )  # fmt: skip

    app.add_url_rule("/api/v1/cards", "api_cards", refusals_spoken(hall, api))
    app.add_url_rule("/cards", "cards", refusals_spoken(hall, page))


def asked(seen: Sight, lang: str) -> Json:
    """The cards that this request's address asks for. Raises BadQuery, UnknownRegion."""
    period = read_period(seen.city, request.args, seen.now_ms(), default="month")
    region, department = region_code(seen.city, request.args.get("region")), request.args.get("department", "")
    return cards(seen, region, period.from_ms or 0, period.to_ms, department, lang)


def cards(seen: Sight, region: str, from_ms: int, to_ms: int | None, department: str = "", lang: str = "zh") -> Json:
    """Cards given in [from_ms, to_ms) on orders of a region that the asker sees.

    {as_of_ms, region, from_ms, to_ms, departments: [{department, name, yellow, red, unanswered, appealed, withdrawn}] most red
    first, items newest first}. yellow and red count those that stand; a withdrawn card counts as withdrawn only.
    """
    with seen.lock:
        frame = orders_of(seen)
        s = Slice(frame, Filters(words=region_words(seen.city, frame, region), flag=int(OrderFlag.SUPERVISED)), seen.now_ms())
        rows = [seen.orders[key] for key in s["order"]]
    items = [
        _item(seen, row.order, order_title(seen.city, row, lang), row.region, card, lang)
        for row in rows
        for card in (row.life.cards if row.life else ())
        if from_ms <= card.at_ms and (to_ms is None or card.at_ms < to_ms) and department in ("", card.department)
    ]
    table: dict[str, Json] = {}
    for item in items:
        of = table.setdefault(
            item["department"], {"department": item["department"], "name": item["department_name"], **dict.fromkeys(KINDS, 0)}
        )
        withdrawn = item["state"] == "withdrawn"
        of["withdrawn" if withdrawn else item["colour"]] += 1
        of["unanswered"] += not withdrawn and item["answered_at_ms"] is None
        of["appealed"] += item["state"] == "appealed"
    return {
        "as_of_ms": seen.now_ms(),
        "region": region,
        "region_name": region_name(seen.city, region, lang),
        "from_ms": from_ms,
        "to_ms": to_ms,
        "departments": sorted(table.values(), key=lambda of: (-of["red"], -of["yellow"], of["department"])),
        "items": sorted(items, key=lambda item: (-item["at_ms"], item["order"])),
    }


def _item(seen: Sight, order: str, title: str, region: str, card: Card, lang: str) -> Json:
    said = words(lang)
    by = said[f"timed.{card.by}"] if f"timed.{card.by}" in said else title_of(seen.hall, card.by)
    return {
        "order": order,
        "title": title,
        "region_name": region_name(seen.city, region, lang),
        "colour": card.colour,
        "at_ms": card.at_ms,
        "by": by,
        "reason": card.reason,
        "department": card.department,
        "department_name": department_name(seen.city, card.department, lang) or said["unknown"],
        "state": card.state,
        "state_name": said[f"card_state.{card.state}"],
        "answer": card.answer,
        "answered_at_ms": card.answered_at_ms,
        "appeal": card.appeal,
        "decided": card.decided,
    }
