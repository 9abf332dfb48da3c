"""All numbers and lists of the wall, for one region and period: what assets/js/panels draw."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashboard.briefs import Json, light, order_title, place_of, region_name, spoken
from dashboard.filters import NOBODY, region_words
from dashboard.force import force_figures, people_counters
from dashboard.indicators import region_roll
from dashboard.orderbook import orders_of
from dashboard.people import ONLINE
from dashboard.period import Period, resolve
from dashboard.sourcewatch import sources_of
from domain.cases import marks_of
from domain.counts import Filters, Slice, Source, tallied
from domain.indicators import Figure
from domain.lifecycle import STAGES
from domain.standing import Look
from domain.states import Order

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

URGENT_ROWS: Final = 40
TICKER_ROWS: Final = 30
TREND_DAYS: Final = 30
NEWEST_DAYS: Final = (1, 7, 60)
DAY_MS: Final = 86_400_000
RATES: Final = ("closure_rate", "on_time_closure_rate", "open")


def figures(hall: "Hall", region: str, period: Any = None, now_ms: int | None = None, lang: str = "zh") -> Json:
    """Everything that the wall shows of a region ("" is the city) in a period (`dashboard.period.resolve`).

    - counters: reported, registered, closed count what happened today, each by its own instant; open, overdue and the
      stages are what is open now, whenever reported. `delta` compares with the same time yesterday.
    - closure, department, channel, category: of what was reported in the period.
    - trend: per day of report, the last 30.
    - `filters` beside a number: the parameters of /orders that list exactly what it counts.

    Raises KeyError for a region that does not exist, ValueError for a period that is none.
    """
    city = hall.city
    region = region or city.root
    with hall.lock:
        now_ms = hall.moment() if now_ms is None else now_ms
        window = resolve(period, city, now_ms)
        orders = orders_of(hall)
        view = _View(orders, region_words(city, orders, region), now_ms)
        stock, reported = view.stock(), _reported(hall, view, region, window)
        return {
            "as_of_ms": now_ms,
            "region": _region(city, region, lang),
            "period": {"key": window.key, "from_ms": window.from_ms, "to_ms": window.to_ms},
            "counters": [*_order_counters(city, view, stock, region), *people_counters(hall, region, now_ms)],
            "stages": _stages(stock, region),
            "closure": _closure(city, reported, region, window, lang),
            "department": _departments(city, reported, region, window, lang),
            "channel": _shares(city, reported, region, window, "channel", lang),
            "category": _shares(city, reported, region, window, "category", lang),
            "trend": _trend(city, view),
            "urgent": _urgent(hall, stock, lang),
            "urgent_total": stock.count("urgent"),
            "urgent_filters": {"region": region, "figure": "urgent", "sort": "deadline"},
            "force": force_figures(hall, region),
            "ticker": _ticker(hall, view, lang),
            "sources": sources_of(hall, now_ms),
            "age": _ages(hall, now_ms),
        }


def _reported(hall: "Hall", view: "_View", region: str, window: Period) -> Look:
    """The totals of what was reported in the window."""
    filters = Filters(words=view.words, from_ms=window.from_ms, to_ms=window.to_ms)
    whole: Hall = getattr(hall, "hall", hall)
    return whole.book.look(hall, region, filters, region_roll(hall.city, region), view.now_ms)


class _View:
    """The orders of a region, cut in the ways that the wall needs; `back_ms` earlier, as they stood then."""

    def __init__(self, orders: Source, words: dict[str, frozenset[str]], now_ms: int) -> None:
        self.orders, self.words, self.now_ms = orders, words, now_ms

    def of(self, window: Period, basis: str, back_ms: int = 0) -> Slice:
        """What fell into the window by `basis`."""
        filters = Filters(words=self.words, from_ms=window.from_ms, to_ms=window.to_ms, basis=basis)
        return Slice(self.orders, filters, self.now_ms - back_ms, rewound=back_ms > 0)

    def stock(self, back_ms: int = 0) -> Slice:
        """What is open."""
        return Slice(self.orders, Filters(words=self.words, open=True), self.now_ms - back_ms, rewound=back_ms > 0)

    def newest(self, most: int) -> Slice:
        """Some of those whose state changed last: at least `most`, if there are so many."""
        for days in NEWEST_DAYS:
            since = Filters(words=self.words, from_ms=self.now_ms - days * DAY_MS, basis="status")
            if len(found := Slice(self.orders, since, self.now_ms)) >= most:
                return found
        return Slice(self.orders, Filters(words=self.words), self.now_ms)


_HAPPENED: Final = (("reported", "report"), ("registered", "register"), ("closed", "close"))


def _order_counters(city: "City", view: _View, stock: Slice, region: str) -> list[Json]:
    today = resolve("today", city, view.now_ms)
    yesterday = resolve("yesterday", city, view.now_ms)
    by_now = Period("", yesterday.from_ms, view.now_ms - DAY_MS + 1)
    made = []
    for key, basis in _HAPPENED:
        value, before = view.of(today, basis).count(key), view.of(by_now, basis, DAY_MS).count(key)
        made.append(_counter(key, value, before, _link(region, today, figure=key, basis=basis)))
    then = view.stock(DAY_MS)
    lights = {"green": stock.count("in_limit"), "yellow": stock.count("due_soon"), "red": stock.count("overdue")}
    longest = {"longest_s": _longest_s(stock, "overdue", "red_at_ms")}
    for key, sub in (("open", lights), ("overdue", longest)):
        made.append(_counter(key, stock.count(key), then.count(key), {"region": region, "figure": key}, sub))
    return made


def _counter(key: str, value: int, before: int | None, link: Json | None, sub: Json | None = None) -> Json:
    delta = None if before is None else value - before
    return {"key": key, "value": value, "delta": delta, "sub": sub or {}, "filters": link}


def _link(region: str, window: Period, **more: Any) -> Json:
    given = {"region": region, "from": window.from_ms, "to": window.to_ms, **more}
    return {key: str(value) for key, value in given.items() if value is not None}


def _longest_s(s: Slice, count: str, since: str) -> int | None:
    """The longest time since an instant, in whole minutes, so that it does not change at every look."""
    at_ms = s[since][s.mask(count)]
    return max(s.as_of_ms - int(at_ms.min()), 0) // 60_000 * 60 if len(at_ms) else None


def _stages(stock: Slice, region: str) -> list[Json]:
    rows = []
    for key in STAGES:
        inside = stock.mask(f"stage_{key}")
        lights = {
            colour: int(np.count_nonzero(inside & stock.mask(count)))
            for colour, count in (("green", "in_limit"), ("yellow", "due_soon"), ("red", "overdue"))
        }
        rows.append(
            {
                "stage": key,
                "open": stock.count(f"stage_{key}"),
                **lights,
                "longest_s": _longest_s(stock, f"stage_{key}", "status_at_ms"),
                "filters": {"region": region, "figure": f"stage_{key}"},
            }
        )
    return rows


def _closure(city: "City", reported: Look, region: str, window: Period, lang: str) -> Json:
    total = reported.figures(RATES, "region")
    groups = {group.key: group.figures for group in reported.groups(RATES, "region")}
    nothing = reported.nothing(RATES)
    missing = {code: nothing for code in city.children(region) if code not in groups}
    rows = [_closure_row(city, region, window, key, of, lang) for key, of in (groups | missing).items()]
    return {
        "rate": _rate(total["closure_rate"]),
        "on_time": _rate(total["on_time_closure_rate"]),
        "open": total["open"].num,
        "definition": "closure_rate",
        "on_time_definition": "on_time_closure_rate",
        "filters": _link(region, window),
        "rows": sorted(rows, key=_worst_first),
    }


def _closure_row(city: "City", region: str, window: Period, key: str, of: dict[str, Figure], lang: str) -> Json:
    """`code` is "" for what lies outside every region, and the region's own for what is attached to no child."""
    on_time = of["on_time_closure_rate"]
    return {
        "code": key,
        "name": region_name(city, key, lang),
        **_rate(of["closure_rate"]),
        "open": of["open"].num,
        "on_time_num": on_time.num,
        "on_time_den": on_time.den,
        "filters": _link(key or NOBODY, window, **({"direct": 1} if key == region else {})),
    }


def _worst_first(row: Json) -> tuple[bool, float, int, str]:
    """No base sorts last; of the same rate the one with more open."""
    none = row["den"] == 0
    return none, 0.0 if none else row["num"] / row["den"], -row["open"], row["code"]


def _rate(figure: Figure) -> Json:
    return {"num": figure.num, "den": figure.den, "value": figure.value4, "shown": figure.shown}


def _departments(city: "City", reported: Look, region: str, window: Period, lang: str) -> list[Json]:
    """On-time closure per department."""
    return [
        {
            "key": group.key,
            "name": spoken(city.departments.get(group.key), group.key, lang),
            **_rate(group.figures["on_time_closure_rate"]),
            "overdue": group.figures["overdue"].num,
            "filters": _link(region, window, department=group.key or NOBODY),
        }
        for group in reported.groups(("on_time_closure_rate", "overdue"), "department")
    ]


def _shares(city: "City", reported: Look, region: str, window: Period, by: str, lang: str) -> list[Json]:
    """How many were reported by each channel, of each category; most first."""
    rows = [
        {
            "key": key,
            "name": spoken(city.matters.get(key), key, lang) if by == "category" else key,
            "n": number,
            "filters": _link(region, window, **{by: key or NOBODY}),
        }
        for key, number in reported.sizes(by).items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["key"]))


def _trend(city: "City", view: _View) -> list[Json]:
    """Per local day of report, today last: how many were reported, and how many of these are closed, are overdue."""
    today = resolve("today", city, view.now_ms)
    assert today.from_ms is not None
    days = [city.day_of(today.from_ms - back * DAY_MS + DAY_MS // 2) for back in range(TREND_DAYS - 1, -1, -1)]
    begins_ms = [city.day_bounds(day)[0] for day in days]
    s = view.of(Period("", begins_ms[0], today.to_ms), "report")
    day_of = np.searchsorted(begins_ms, s["reported_at_ms"], "right") - 1
    found = tallied(s, ("reported", "closed", "overdue"), day_of, TREND_DAYS)
    return [{"day": day, **{key: numbers[n] for key, numbers in found.items()}} for n, day in enumerate(days)]


def _urgent(hall: "Hall", stock: Slice, lang: str) -> list[Json]:
    """Overdue ones by how long, then those due soon by how near."""
    rows: list[Order] = []
    for count in ("overdue", "due_soon"):
        mask = stock.mask(count)
        ids, deadlines = stock["order"][mask], stock["red_at_ms"][mask]
        first = np.argsort(deadlines, kind="stable")[: URGENT_ROWS - len(rows)]
        rows += [hall.orders[ids[at]] for at in first]
    city = hall.city
    return [
        {
            "order": row.order,
            "title": order_title(city, row, lang),
            "category": spoken(city.matters.get(row.category), row.category, lang),
            "place": place_of(city, row, lang),
            "address": row.address,
            "region_name": region_name(city, row.region, lang),
            "department": row.department,
            "department_name": spoken(city.departments.get(row.department), row.department, lang),
            "deadline_at_ms": marks_of(row)[1],
            "light": light(row, stock.as_of_ms),
            "status": row.status,
        }
        for row in rows
    ]


def _ticker(hall: "Hall", view: _View, lang: str) -> list[Json]:
    """The newest changes of status, newest first."""
    s = view.newest(TICKER_ROWS)
    newest = np.argsort(-s["status_at_ms"], kind="stable")[:TICKER_ROWS]
    rows = [hall.orders[key] for key in s["order"][newest]]
    return [
        {
            "at_ms": row.status_at_ms,
            "order": row.order,
            "region_name": region_name(hall.city, row.region, lang),
            "title": order_title(hall.city, row, lang),
            "status": row.status,
            "light": light(row, view.now_ms),
        }
        for row in rows
    ]


def _ages(hall: "Hall", now_ms: int) -> Json:
    """When the newest position reached the gateway and when an order changed last (instants; None: never yet).

    positions_p95_s: 95 of 100 workers online were where the map shows them at most so long ago.
    """
    ages_s = [(now_ms - row.fixed_at_ms) / 1000 for row in hall.workers.values() if row.presence in ONLINE]
    return {
        "positions_ms": hall.newest_received_at_ms or None,
        "orders_ms": hall.last_change_at_ms.get("order") or None,
        "positions_p95_s": round(max(float(np.percentile(ages_s, 95)), 0.0)) if ages_s else None,
    }


def _region(city: "City", code: str, lang: str) -> Json:
    def place(code: str) -> Json:
        return {"code": code, "name": region_name(city, code, lang), "level": city.regions[code].level}

    return {
        **place(code),
        "path": [place(step) for step in city.path(code)],
        "children": [place(child) for child in city.children(code)],
    }
