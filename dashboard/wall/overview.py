"""The parts of the overview: counters, stages, rates, shares, trend, what is urgent, and what happened last."""

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from config.city_calendar import calendar_news
from dashboard.briefs import Json, is_provisional, light, order_title, place_of, region_name, spoken
from dashboard.filters import NOBODY
from dashboard.force import calling, force_figures, people_counters
from dashboard.sourcewatch import sources_of, trouble_of
from dashboard.wall.ground import Ground, Part
from domain.calendar import Period, day_at, day_bounds, days_up_to, earlier, named, start_ms
from domain.cases import marks_of
from domain.counts import Slice, tallied
from domain.indicators import Figure
from domain.lifecycle import STAGES
from domain.states import Order

if TYPE_CHECKING:
    pass

URGENT_ROWS: Final = 40
TICKER_ROWS: Final = 30
TREND_DAYS: Final = 30
RATES: Final = ("closure_rate", "on_time_closure_rate", "open")


_HAPPENED: Final = (("reported", "report"), ("registered", "register"), ("closed", "close"))


def counters(on: Ground, _argument: str) -> Json:
    """What happened today, each by its own instant; what is open now, whenever it was reported; who is there.

    `delta` compares with the same time yesterday.
    """
    return {"counters": [*_order_counters(on), *people_counters(on.hall, on.region, on.now_ms, on.roll)]}


def _order_counters(on: Ground) -> list[Json]:
    view, stock, region = on.view, on.stock, on.region
    today = named("today", on.city.zone, view.now_ms)
    yesterday = named("yesterday", on.city.zone, view.now_ms)
    same_time_ms = earlier(view.now_ms, on.city.zone, days=1)
    by_now = Period("", yesterday.from_ms, same_time_ms + 1)
    made = []
    for key, basis in _HAPPENED:
        value, before = view.of(today, basis).count(key), view.of(by_now, basis, same_time_ms).count(key)
        made.append(_counter(key, value, before, on.link(today, figure=key, basis=basis)))
    then = view.stock(same_time_ms)
    lights = {"green": stock.count("in_limit"), "yellow": stock.count("due_soon"), "red": stock.count("overdue")}
    longest = {"longest_s": longest_s(stock, "overdue", "red_at_ms")}
    for key, sub in (("open", lights), ("overdue", longest)):
        made.append(_counter(key, stock.count(key), then.count(key), {"region": region, "figure": key}, sub))
    return made


def _counter(key: str, value: int, before: int | None, link: Json | None, sub: Json | None = None) -> Json:
    delta = None if before is None else value - before
    return {"key": key, "value": value, "delta": delta, "sub": sub or {}, "filters": link}


def longest_s(s: Slice, count: str, since: str) -> int | None:
    """The longest time since an instant, in whole minutes, so that it does not change at every look."""
    at_ms = s[since][s.mask(count)]
    return max(s.as_of_ms - int(at_ms.min()), 0) // 60_000 * 60 if len(at_ms) else None


def stages(on: Ground, _argument: str) -> Json:
    """What is open in each stage, by light, and the longest stay."""
    stock, region, rows = on.stock, on.region, []
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
                "longest_s": longest_s(stock, f"stage_{key}", "status_at_ms"),
                "filters": {"region": region, "figure": f"stage_{key}"},
            }
        )
    return {"stages": rows}


def closure(on: Ground, _argument: str) -> Json:
    """Both rates of closure of what was reported in the period, as a whole and by region below."""
    city, reported, region = on.city, on.reported, on.region
    total = reported.figures(RATES, "region")
    groups = {group.key: group.figures for group in reported.groups(RATES, "region")}
    nothing = reported.nothing(RATES)
    missing = {code: nothing for code in city.children(region) if code not in groups}
    rows = [_closure_row(on, key, of) for key, of in (groups | missing).items()]
    told = {
        "rate": rate_of(total["closure_rate"]),
        "on_time": rate_of(total["on_time_closure_rate"]),
        "open": total["open"].num,
        "definition": "closure_rate",
        "on_time_definition": "on_time_closure_rate",
        "filters": on.link(),
        "rows": sorted(rows, key=_worst_first),
    }
    return {"closure": told}


def _closure_row(on: Ground, key: str, of: dict[str, Figure]) -> Json:
    """`code` is "" for what lies outside every region, and the region's own for what is attached to no child."""
    on_time = of["on_time_closure_rate"]
    return {
        "code": key,
        "name": region_name(on.city, key, on.lang),
        **rate_of(of["closure_rate"]),
        "open": of["open"].num,
        "on_time_num": on_time.num,
        "on_time_den": on_time.den,
        "filters": on.link(region=key or NOBODY, **({"direct": 1} if key == on.region else {})),
    }


def _worst_first(row: Json) -> tuple[bool, float, int, str]:
    """No base sorts last; of the same rate the one with more open."""
    none = row["den"] == 0
    return none, 0.0 if none else row["num"] / row["den"], -row["open"], row["code"]


def rate_of(figure: Figure) -> Json:
    return {"num": figure.num, "den": figure.den, "value": figure.value4, "shown": figure.shown}


def department(on: Ground, _argument: str) -> Json:
    """On-time closure per department."""
    rows = [
        {
            "key": group.key,
            "name": spoken(on.city.departments.get(group.key), group.key, on.lang),
            **rate_of(group.figures["on_time_closure_rate"]),
            "overdue": group.figures["overdue"].num,
            "filters": on.link(department=group.key or NOBODY),
        }
        for group in on.reported.groups(("on_time_closure_rate", "overdue"), "department")
    ]
    return {"department": rows}


def channel(on: Ground, _argument: str) -> Json:
    return {"channel": _shares(on, "channel")}


def category(on: Ground, _argument: str) -> Json:
    return {"category": _shares(on, "category")}


def _shares(on: Ground, by: str) -> list[Json]:
    """How many were reported by each channel, of each category; most first."""
    rows = [
        {
            "key": key,
            "name": spoken(on.city.matters.get(key), key, on.lang) if by == "category" else key,
            "n": number,
            "filters": on.link(**{by: key or NOBODY}),
        }
        for key, number in on.reported.sizes(by).items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["key"]))


def trend(on: Ground, _argument: str) -> Json:
    """Per local day of report, today last: how many were reported, and how many of these are closed, are overdue."""
    city, view = on.city, on.view
    days = days_up_to(day_at(view.now_ms, city.zone), TREND_DAYS)
    begins_ms = [start_ms(day, city.zone) for day in days]
    s = view.of(Period("", begins_ms[0], day_bounds(days[-1], city.zone)[1]), "report")
    day_of = np.searchsorted(begins_ms, s["reported_at_ms"], "right") - 1
    found = tallied(s, ("reported", "closed", "overdue"), day_of, TREND_DAYS)
    told = [{key: numbers[n] for key, numbers in found.items()} for n in range(TREND_DAYS)]
    return {"trend": [{"day": day.isoformat(), **of} for day, of in zip(days, told, strict=True)]}


def urgent(on: Ground, _argument: str) -> Json:
    """Overdue ones by how long, then those due soon by how near; how many there are, and what lists them."""
    filters = {"region": on.region, "figure": "urgent", "sort": "deadline"}
    return {"urgent": _urgent(on), "urgent_total": on.stock.count("urgent"), "urgent_filters": filters}


def _urgent(on: Ground) -> list[Json]:
    hall, stock, lang = on.hall, on.stock, on.lang
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
            "provisional": is_provisional(row),
            "light": light(row, stock.as_of_ms),
            "status": row.status,
        }
        for row in rows
    ]


def ticker(on: Ground, _argument: str) -> Json:
    """The newest changes of status, newest first."""
    hall, view, lang = on.hall, on.view, on.lang
    s = view.newest(TICKER_ROWS)
    newest = np.argsort(-s["status_at_ms"], kind="stable")[:TICKER_ROWS]
    rows = [hall.orders[key] for key in s["order"][newest]]
    told = [
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
    return {"ticker": told}


def sources(on: Ground, _argument: str) -> Json:
    """When each source was last heard of; what this program itself could not take; and what is to be said of the holidays:
    {standing, known_until} or None.
    """
    news = calendar_news(on.city, day_at(on.now_ms, on.city.zone))
    return {
        "sources": sources_of(on.hall, on.now_ms),
        "trouble": trouble_of(on.hall, on.now_ms),
        "calendar": news and msgspec.to_builtins(news),
    }


PARTS: Final[dict[str, Part]] = {
    "counters": counters,
    "stages": stages,
    "closure": closure,
    "department": department,
    "channel": channel,
    "category": category,
    "trend": trend,
    "urgent": urgent,
    "force": lambda on, _argument: {"force": force_figures(on.roll)},
    "calling": lambda on, _argument: {"calling": calling(on.hall, on.region, on.lang)},
    "ticker": ticker,
    "sources": sources,
}
