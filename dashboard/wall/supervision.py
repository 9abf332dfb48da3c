"""The parts of the scene of supervision: cards and the ladder that leads to them, rankings of regions and departments, what the
month amounts to, at which level things are settled, what people say, and the hotline.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from dashboard.briefs import Json, department_name, order_title, region_name
from dashboard.compare import compared
from dashboard.filters import OrderQuery
from dashboard.hotline import hotline as hotline_card
from dashboard.indicators import link
from dashboard.wall.ground import Ground, Part
from dashboard.wall.kept import kept
from dashboard.wall.months import shown
from dashboard.wall.overview import rate_of
from domain.calendar import BASES, Period, base_of, named
from domain.counts import Filters, Slice
from domain.indicators import Figure, figures_of
from domain.scores import LEVEL, MIN_BASE
from domain.states import Card, Order, OrderFlag

if TYPE_CHECKING:
    from domain.standing import Look

NEWEST_CARDS: Final = 12
YOUNG_MS: Final = 7 * 86_400_000
HOTLINE_MS: Final = 30_000
CARDED: Final = int(OrderFlag.YELLOW_CARD | OrderFlag.RED_CARD)
KINDS: Final = ("red", "yellow", "unanswered")

MONTH: Final = ("reported", "closed", "closure_rate", "on_time_closure_rate", "rework_rate", "satisfaction_rate")
LEVELS: Final = ("resolved_at_grid_rate", "resolved_at_village_rate", "resolved_at_town_rate", "escalation_rate")
ANSWERS: Final = ("very_satisfied", "plainly_satisfied", "roughly_satisfied", "unsatisfied")


def cards(on: Ground, _argument: str) -> Json:
    """Cards of this month that stand, by department, most red first, and those of them that nobody has answered.

    While a month is young and nobody has a card yet: those of the month before, said as such (`closed`).
    """
    return {"cards": _cards(on)}


@kept()
def _cards(on: Ground) -> Json:
    month = shown(on.city, on.now_ms, lambda month: list(_given(on, month)), lambda given: bool(given) or not _is_young(on))
    given = month.made
    table: dict[str, Json] = {}
    for _, card in given:
        of = table.setdefault(card.department, dict.fromkeys(KINDS, 0))
        of[card.colour] += 1
        of["unanswered"] += card.answered_at_ms is None
    rows = [{"key": key, "name": department_name(on.city, key, on.lang), **of} for key, of in table.items()]
    newest = sorted(given, key=lambda one: (-one[1].at_ms, one[0].order))[:NEWEST_CARDS]
    return {
        **month.told(on.city),
        "region": on.region,
        "total": {kind: sum(row[kind] for row in rows) for kind in KINDS},
        "departments": sorted(rows, key=lambda row: (-row["red"], -row["yellow"], row["key"])),
        "newest": [_card_json(on, row, card) for row, card in newest],
    }


def _is_young(on: Ground) -> bool:
    """Whether this month has begun only some days ago."""
    month = named("month", on.city.zone, on.now_ms)
    return month.from_ms is not None and on.now_ms - month.from_ms < YOUNG_MS


def _given(on: Ground, month: Period) -> Iterator[tuple[Order, Card]]:
    """The cards given in a month that stand. Their orders were open then: reported in it, or before and still open as it began.

    So not all orders that ever had a card are looked at.
    """
    assert month.from_ms is not None and month.to_ms is not None
    orders, filters = on.view.orders, Filters(words=on.view.words, flag=CARDED)
    since = Slice(orders, msgspec.structs.replace(filters, from_ms=month.from_ms), on.now_ms)
    before = Slice(orders, msgspec.structs.replace(filters, open=True), month.from_ms - 1, rewound=True)
    for key in [*since["order"], *before["order"]]:
        row = on.hall.orders[key]
        for card in row.life.cards if row.life else ():
            if card.stands and month.from_ms <= card.at_ms < month.to_ms:
                yield row, card


def _card_json(on: Ground, row: Order, card: Card) -> Json:
    return {
        "order": row.order,
        "title": order_title(on.city, row, on.lang),
        "region_name": region_name(on.city, row.region, on.lang),
        "department_name": department_name(on.city, card.department, on.lang),
        "colour": card.colour,
        "at_ms": card.at_ms,
        "answered": card.answered_at_ms is not None,
    }


def ladder(on: Ground, _argument: str) -> Json:
    """What is open and overdue, urged, with a yellow, with a red card; and the newest cards of the month."""
    s = on.stock
    urged = (s["flags"] & int(OrderFlag.SUPERVISED)) != 0
    steps: list[Json] = [
        {"key": "overdue", "n": s.count("overdue"), "filters": {"figure": "overdue"}},
        {"key": "urged", "n": int(np.count_nonzero(urged)), "filters": {"figure": "open", "flag": "supervised"}},
        {"key": "yellow", "n": s.count("yellow_carded"), "filters": {"figure": "yellow_carded", "open": "1"}},
        {"key": "red", "n": s.count("red_carded"), "filters": {"figure": "red_carded", "open": "1"}},
    ]
    told = [{**step, "filters": {"region": on.region, **step["filters"]}} for step in steps]
    of_month = _cards(on)
    return {"ladder": {"steps": told, **{key: of_month[key] for key in ("month", "closed", "newest")}}}


def rank(on: Ground, _argument: str) -> Json:
    """The regions below by on-time closure of what was reported in the period, best first.

    Equal rates share a place; who has less than the city's least base is listed and has none (domain.md C6.9).
    """
    keys, below = ("on_time_closure_rate", "open", "overdue"), on.city.children(on.region)
    groups = {group.key: group.figures for group in on.reported.groups(keys, "region")}
    least, nothing = _least_base(on, below), on.reported.nothing(keys)
    rows = [
        {
            "code": code,
            "name": region_name(on.city, code, on.lang),
            **_placed(groups.get(code, nothing)),
            "filters": on.link(region=code),
        }
        for code in below
    ]
    return {"rank": {"rows": with_places(rows, least), "min_base": least}}


def _placed(figures: dict[str, Figure]) -> Json:
    return {**rate_of(figures["on_time_closure_rate"]), "open": figures["open"].num, "overdue": figures["overdue"].num}


def _least_base(on: Ground, below: Iterable[str]) -> int:
    """By the score that ranks the regions below; 1 where there is none."""
    levels = {LEVEL + on.city.regions[code].level for code in below}
    return max((score.min_base for score in on.city.evaluation.scores.values() if score.by in levels), default=1)


def with_places(rows: list[Json], least: int) -> list[Json]:
    """Rows with num and den, best rate first, each with its `place` or None; of equal ones those with more open come later."""
    rates = [Fraction(row["num"], row["den"]) if row["den"] >= max(least, 1) else None for row in rows]
    able = sorted((rate for rate in rates if rate is not None), reverse=True)
    places = {rate: able.index(rate) + 1 for rate in dict.fromkeys(able)}
    told = [{**row, "place": None if rate is None else places[rate]} for row, rate in zip(rows, rates, strict=True)]
    return sorted(told, key=lambda row: (row["place"] or len(rows) + 1, row["den"] == 0, row["open"], row["code"]))


def depts(on: Ground, _argument: str) -> Json:
    """Departments by on-time closure of what was reported in the period, worst first, with their cards of this month."""
    of_month = _cards(on)
    given = {row["key"]: row for row in of_month["departments"] if row["key"]}
    rows = [
        {
            "key": key,
            "name": department_name(on.city, key, on.lang),
            **rates,
            "cards": {kind: given.get(key, {}).get(kind, 0) for kind in KINDS},
            "filters": on.link(department=key),
        }
        for key, rates in _by_department(on.reported, given).items()
    ]
    when = {"month": of_month["month"], "closed": of_month["closed"], "cards_as_of_ms": of_month["as_of_ms"]}
    return {"depts": {"rows": sorted(rows, key=_worst_first), **when}}


def _by_department(reported: "Look", given: Iterable[str]) -> dict[str, Json]:
    """Also of those that have nothing but cards, on orders from before the period."""
    keys = ("on_time_closure_rate", "open", "overdue")
    rows = dict.fromkeys(given, _placed(reported.nothing(keys)))
    return rows | {group.key: _placed(group.figures) for group in reported.groups(keys, "department") if group.key}


def _worst_first(row: Json) -> tuple[bool, Fraction, int, str]:
    """No base sorts last; of the same rate the one with more overdue first."""
    return not row["den"], Fraction(row["num"], row["den"] or 1), -row["overdue"], row["key"]


def hotline(on: Ground, _argument: str) -> Json:
    """The hotline's card of the period: calls and their rates as they were told, its orders, what people say, its load."""
    return {"hotline": _hotline(on)}


@kept(HOTLINE_MS)
def _hotline(on: Ground) -> Json:
    window = Filters(from_ms=on.window.from_ms, to_ms=on.window.to_ms)
    return hotline_card(on.hall, OrderQuery(region=on.region, filters=window, as_of_ms=on.now_ms), on.lang)


def month(on: Ground, _argument: str) -> Json:
    """Figures of what was reported this month, with the same days of the month before and of the year before.

    While this month has fewer orders than are ranked at all (MIN_BASE): of the month before, said as such (`closed`).
    """
    return {"month": _month(on)}


@kept()
def _month(on: Ground) -> Json:
    month = shown(
        on.city,
        on.now_ms,
        lambda window: figures_of(on.view.of(window, "report"), MONTH),
        lambda figures: figures["reported"].num >= MIN_BASE,
    )
    window, figures = month.window, month.made
    rows = [{"key": key, **rate_of(figure), "compare": {}} for key, figure in figures.items()]
    for kind in BASES:
        for row, told in zip(rows, _beside(on, window, kind, figures), strict=True):
            row["compare"][kind] = told
    return {**month.told(on.city), "rows": rows, "filters": on.link(window)}


def _beside(on: Ground, window: Period, kind: str, now: dict[str, Figure]) -> list[Json | None]:
    """What each figure is compared with, and the parameters that list it as it stood then; None where there is no base."""
    base = base_of(kind, window, on.city.zone, on.now_ms)
    if base is None:
        return [None] * len(now)
    filters = Filters(words=on.view.words, from_ms=base.from_ms, to_ms=base.to_ms)
    then = figures_of(Slice(on.view.orders, filters, base.as_of_ms, rewound=True), tuple(now))
    asked = Filters(from_ms=base.from_ms, to_ms=base.to_ms)
    query = OrderQuery(region=on.region, filters=asked, as_of_ms=base.as_of_ms, known_ms=on.now_ms)
    return [{**compared(now[key], then[key]), "filters": link(query)} for key in now]


def level(on: Ground, _argument: str) -> Json:
    """At which level what was reported in the period was settled, and how much of it was passed upwards."""
    told = _said(on)
    return {"level": {key: told[key] for key in ("as_of_ms", "levels", "filters")}}


def sat(on: Ground, _argument: str) -> Json:
    """What people said at the call-backs of what was reported in the period."""
    told = _said(on)
    return {"sat": {key: told[key] for key in ("as_of_ms", "rate", "answers", "filters")}}


@kept()
def _said(on: Ground) -> Json:
    s = on.view.of(on.window, "report")
    figures = figures_of(s, (*LEVELS, "satisfaction_rate"))
    return {
        "levels": [{"key": key, **rate_of(figures[key])} for key in LEVELS],
        "rate": rate_of(figures["satisfaction_rate"]),
        "answers": [{"key": key, "n": s.count(key)} for key in ANSWERS],
        "filters": on.link(),
    }


PARTS: Final[dict[str, Part]] = {
    "cards": cards,
    "ladder": ladder,
    "rank": rank,
    "depts": depts,
    "hotline": hotline,
    "month": month,
    "level": level,
    "sat": sat,
}
