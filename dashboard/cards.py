"""The wall of cards: yellow and red ones of a month (or any period) by department, with the orders that they lie on.

Each count of a department opens the cards that it counted: the same address with `department` and `kind`.
"""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, render_template, request

from config.settings import Settings
from config.words import words
from dashboard.access import person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, department_name, order_title, region_name
from dashboard.doors import home_of, language
from dashboard.filters import NOBODY, none_of, region_code, region_words
from dashboard.names import title_of
from dashboard.orderbook import orders_of
from dashboard.period import iso
from dashboard.query import read_period
from dashboard.sight import Sight, sight
from domain.calendar import day_at, days_named, first_after, name_of, start_ms
from domain.counts import Filters, Slice
from domain.states import Card, OrderFlag

if TYPE_CHECKING:
    from dashboard.hall import Hall

KINDS: Final = ("red", "yellow", "unanswered", "appealed", "withdrawn")
"""What a department's cards are counted as: those that stand by colour, of these the unanswered; appealed; withdrawn."""


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """/cards and /api/v1/cards?region=&month=|from=&to=|period=&department=&kind=."""

    def api() -> Any:
        return json_response(asked(sight(hall), language(settings)), 200, hall.city)

    def page() -> Any:
        lang, seen = language(settings), sight(hall)
        told, params = asked(seen, lang), request.args.to_dict()
        others = {key: text for key, text in params.items() if key not in ("month", "period", "from", "to")}

        def link(**more: str) -> str:
            """The page with other parameters: another period takes the place of the one before, a blank one is left out."""
            kept = others if {"month", "period"} & more.keys() else params
            return "/cards?" + urlencode({key: text for key, text in {**kept, **more}.items() if text})

        return render_template(
            "cards.html", lang=lang, w=words(lang), city=seen.city.title_en if lang == "en" else seen.city.title,
            title=words(lang)["cards.title"], page="cards", told=told, q=params, home=home_of(person()), link=link, kinds=KINDS,
            nobody=NOBODY, kept=others, shown={key: params.get(key, "") for key in ("department", "kind")},
            zone=f"UTC{(iso(told['as_of_ms'], seen.city) or '')[-6:]} {seen.city.timezone}",
            spoken=lambda at_ms: (iso(at_ms, seen.city) or "")[:16].replace("T", " "),
        )  # fmt: skip

    app.add_url_rule("/api/v1/cards", "api_cards", refusals_spoken(hall, api))
    app.add_url_rule("/cards", "cards", refusals_spoken(hall, page))


def asked(seen: Sight, lang: str) -> Json:
    """The cards that this request's address asks for: counted by every department, listed those of `department` (NOBODY: given
    while the order was nobody's) and `kind`. Raises BadQuery, UnknownRegion.
    """
    args = request.args
    when = {"from": args["month"], "to": args["month"]} if args.get("month") else args
    period = read_period(seen.city, when, seen.now_ms(), default="month")
    region, department, kind = region_code(seen.city, args.get("region")), args.get("department", ""), args.get("kind", "")
    if kind and kind not in KINDS:
        raise none_of("kind", kind, KINDS)
    told = cards(seen, region, period.from_ms or 0, period.to_ms, lang=lang)
    return told | {"items": [item for item in told["items"] if _is_chosen(item, department, kind)]}


def cards(seen: Sight, region: str, from_ms: int, to_ms: int | None, department: str = "", lang: str = "zh") -> Json:
    """Cards given in [from_ms, to_ms) on orders of a region that the asker sees.

    {as_of_ms, region, from_ms, to_ms, month and its neighbours if it is one, departments: [{department, name, and a count for
    each of KINDS}] most red first, total: the same of all, items newest first}. A withdrawn card counts as withdrawn only.
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
        for key in _kinds_of(item):
            of[key] += 1
    return {
        "as_of_ms": seen.now_ms(),
        "region": region,
        "region_name": region_name(seen.city, region, lang),
        "from_ms": from_ms,
        "to_ms": to_ms,
        **_month(seen, from_ms, to_ms),
        "departments": sorted(table.values(), key=lambda of: (-of["red"], -of["yellow"], of["department"])),
        "total": {key: sum(of[key] for of in table.values()) for key in KINDS},
        "items": sorted(items, key=lambda item: (-item["at_ms"], item["order"])),
    }


def _kinds_of(item: Json) -> set[str]:
    """As what a card counts."""
    if item["state"] == "withdrawn":
        return {"withdrawn"}
    found = {item["colour"]}
    found |= {"unanswered"} if item["answered_at_ms"] is None else set()
    return found | ({"appealed"} if item["state"] == "appealed" else set())


def _is_chosen(item: Json, department: str, kind: str) -> bool:
    return item["department"] == ("" if department == NOBODY else department or item["department"]) and (
        not kind or kind in _kinds_of(item)
    )


def _month(seen: Sight, from_ms: int, to_ms: int | None) -> Json:
    """{month, month_before, month_after} of a period that is one month; month_after is "" in the present one."""
    if to_ms is None:
        return {"month": ""}
    month = name_of("month", day_at(from_ms, seen.city.zone))
    first, after = days_named(month)
    if (start_ms(first, seen.city.zone), start_ms(after, seen.city.zone)) != (from_ms, to_ms):
        return {"month": ""}
    return {
        "month": month,
        "month_before": name_of("month", first_after(first, "month", -1)),
        "month_after": name_of("month", after) if to_ms <= seen.now_ms() else "",
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
