"""The parts of the scene of orders: stages with their times, days of seven series, what is open by urgency and age, what comes
from where, and what went wrong on the way.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.briefs import Json, department_name, is_provisional, light, matter_name, order_title, place_of, region_name
from dashboard.filters import NOBODY
from dashboard.indicators import region_roll
from dashboard.wall.ground import Ground, Part
from dashboard.wall.kept import kept
from domain.actions import CLOCKS, INTAKE
from domain.calendar import Period, day_at, day_bounds, days_up_to, start_ms
from domain.cases import marks_of
from domain.counts import moments, tallied
from domain.indicators import figures_of, group_codes
from domain.lifecycle import STATUSES
from domain.orderframe import NONE, STATUS_KEYS
from domain.stagetimes import BASIS, times_of
from domain.states import Order

LIGHTS: Final = {"red": "overdue", "yellow": "due_soon", "green": "in_limit"}

STATES: Final[dict[str, frozenset[str]]] = {
    "accept": INTAKE["accept"],
    "register": INTAKE["register"],
    "dispatch": CLOCKS["dispatch"],
    "handle": CLOCKS["handle"],
    "check": CLOCKS["check"],
    "evaluate": frozenset(("evaluated",)),
    "hanging": frozenset(("hanging",)),
}
"""Where an open order stands, by its state; each open state is in one of these."""

RATES: Final = {
    "accept": "on_time_acceptance_rate",
    "register": "on_time_registration_rate",
    "dispatch": "on_time_dispatch_rate",
    "handle": "on_time_handling_rate",
    "check": "on_time_check_rate",
    "total": "on_time_closure_rate",
}
"""Of what left a timed stage, the rate that says how much kept its limit."""

TIMES_MS: Final = 30_000  # medians of all orders of a year are not found in a moment

_PLACE: Final = {state: place for place, states in enumerate(STATES.values()) for state in states}
_PLACES: Final = np.array([_PLACE.get(key, 0) for key in STATUS_KEYS], np.int64)  # ended orders are not asked about

SERIES: Final = {
    "reported": "report",
    "accepted": "accept",
    "registered": "register",
    "dispatched": "dispatch",
    "handled": "handle",
    "check_ended": "check",
    "closed": "close",
}
"""上报, 受理, 立案, 派遣, 处置, 核查, 结案: what is counted, and the instant by which it falls on a day."""
SERIES_DAYS: Final = 30

AGES_H: Final = (0, 4, 24, 72, 168, 720)
"""From so many hours since the report on, up to the next."""

QUEUE_ROWS: Final = 40
HEAT_CATEGORIES: Final = 12
HEAT_REGIONS: Final = 40
TROUBLES: Final = ("returned_ever", "passed_on", "reworked", "transferred", "hung_ever", "deferred", "escalated_ever")


def stage(on: Ground, _argument: str) -> Json:
    """Each stage and, last, the whole case: what is open in it by light with the longest stay, and, of the orders that left it
    in the period, how long they took in working time and how many kept its limit.
    """
    s = on.stock
    place = _PLACES[s["status"]]
    lights = tallied(s, LIGHTS.values(), place, len(STATES))
    since_ms = np.full(len(STATES), on.now_ms)
    np.minimum.at(since_ms, place, s["status_at_ms"])
    took = _times(on)
    rows = [
        {
            "stage": key,
            "open": sum(lights[count][n] for count in LIGHTS.values()),
            **{colour: lights[count][n] for colour, count in LIGHTS.items()},
            "longest_s": (on.now_ms - int(since_ms[n])) // 60_000 * 60,
            "filters": {"region": on.region, "status": ",".join(sorted(states))},
            "took": took["stages"].get(key),
        }
        for n, (key, states) in enumerate(STATES.items())
    ]
    whole: Json = {"stage": "total", **{colour: s.count(count) for colour, count in LIGHTS.items()}, "open": len(s)}
    oldest_ms = int(s["reported_at_ms"].min()) if len(s) else on.now_ms
    whole |= {"longest_s": max(on.now_ms - oldest_ms, 0) // 60_000 * 60, "filters": {"region": on.region}}
    return {"stage": {"rows": [*rows, whole | {"took": took["stages"]["total"]}], "times_as_of_ms": took["as_of_ms"]}}


@kept(TIMES_MS)
def _times(on: Ground) -> Json:
    told = {}
    for key, rate in RATES.items():
        left = on.view.of(on.window, BASIS[key])
        of, figure = times_of(key, left), figures_of(left, (rate,))[rate]
        told[key] = {
            "n": of.n,
            "median_s": of.median_s,
            "p90_s": of.p90_s,
            "figure": rate,
            "num": figure.num,
            "den": figure.den,
            "filters": on.link(basis=BASIS[key]),
        }
    return {"stages": told}


def series7(on: Ground, _argument: str) -> Json:
    """Per local day, today last: how many came to each of the seven steps of an order's way on it."""
    return {"series7": _series(on)}


@kept()
def _series(on: Ground) -> Json:
    days = days_up_to(day_at(on.now_ms, on.city.zone), SERIES_DAYS)
    edges_ms = np.array([start_ms(day, on.city.zone) for day in days])
    window = Period("", int(edges_ms[0]), day_bounds(days[-1], on.city.zone)[1])
    rows = [{"key": key, "basis": basis, "values": _per_day(on, window, key, basis, edges_ms)} for key, basis in SERIES.items()]
    return {"days": [day.isoformat() for day in days], "series": rows, "region": on.region}


def _per_day(on: Ground, window: Period, key: str, basis: str, edges_ms: NDArray[np.int64]) -> list[int]:
    s = on.view.of(window, basis)
    day = np.searchsorted(edges_ms, moments(s, basis), "right") - 1
    return tallied(s, (key,), day, len(edges_ms))[key]


def queue(on: Ground, _argument: str) -> Json:
    """What is open, worst first: overdue by how long, due soon by how near, then what has least time left."""
    s = on.stock
    rank = 2 - s.mask("due_soon").astype(np.int64) - 2 * s.mask("overdue")
    due_ms = np.where(s["red_at_ms"] == NONE, np.iinfo(np.int64).max, s["red_at_ms"])
    first = np.lexsort((s["reported_at_ms"], due_ms, rank))[:QUEUE_ROWS]
    rows = [_queued(on, on.hall.orders[key]) for key in s["order"][first]]
    return {"queue": {"rows": rows, "open": len(s), "filters": {"region": on.region, "sort": "deadline"}}}


def _queued(on: Ground, row: Order) -> Json:
    city, lang = on.city, on.lang
    return {
        "order": row.order,
        "title": order_title(city, row, lang),
        "place": place_of(city, row, lang),
        "status": row.status,
        "stage": STATUSES[row.status].stage,
        "department_name": department_name(city, row.department, lang),
        "deadline_at_ms": marks_of(row)[1],
        "provisional": is_provisional(row),
        "status_at_ms": row.status_at_ms,
        "light": light(row, on.now_ms),
    }


def aging(on: Ground, _argument: str) -> Json:
    """What is open by how long ago it was reported, and by light. `from_h` ≤ age < `to_h` hours, None: no end.

    The screen makes the window of a row from the moment of the figures: a window that moved with time would make other figures
    of the same numbers.
    """
    s = on.stock
    edges_ms = np.array(AGES_H[1:]) * 3_600_000
    band = np.searchsorted(edges_ms, on.now_ms - s["reported_at_ms"], "right")
    found = tallied(s, LIGHTS.values(), band, len(AGES_H))
    ends: list[int | None] = [*AGES_H[1:], None]
    rows: list[Json] = [
        {"from_h": from_h, "to_h": to_h, **{colour: found[count][n] for colour, count in LIGHTS.items()}}
        for n, (from_h, to_h) in enumerate(zip(AGES_H, ends, strict=True))
    ]
    return {"aging": {"rows": [row | {"open": sum(row[colour] for colour in LIGHTS)} for row in rows], "open": len(s)}}


def heat(on: Ground, _argument: str) -> Json:
    """How many were reported in the period per region below and category; both with the most first."""
    return {"heat": _heat(on)}


@kept()
def _heat(on: Ground) -> Json:
    s = on.view.of(on.window, "report")
    regions, region = group_codes(s, "region", on.city.zone, region_roll(on.city, on.region))
    matters, matter = group_codes(s, "category")
    table = np.bincount(region * len(matters) + matter, minlength=len(regions) * len(matters)).reshape(len(regions), -1)
    columns = [n for n in np.argsort(-table.sum(axis=0), kind="stable") if table[:, n].any()]
    lines = [n for n in np.argsort(-table.sum(axis=1), kind="stable") if table[n].any()]
    shown = columns[:HEAT_CATEGORIES]
    return {
        "total": len(s),
        "filters": on.link(),
        "categories": [{"key": matters[n], "name": matter_name(on.city, matters[n], on.lang)} for n in shown],
        "more_categories": len(columns) - len(shown),
        "rows": [_heat_row(on, regions[n], table[n], shown) for n in lines[:HEAT_REGIONS]],
        "more_rows": max(len(lines) - HEAT_REGIONS, 0),
    }


def _heat_row(on: Ground, code: str, counts: NDArray[np.int64], shown: list[Any]) -> Json:
    """`code` is "" for what lies outside every region, and the region's own for what is attached to no child."""
    return {
        "code": code,
        "name": region_name(on.city, code, on.lang),
        "n": int(counts.sum()),
        "cells": counts[shown].tolist(),
        "filters": on.link(region=code or NOBODY, **({"direct": 1} if code == on.region else {})),
    }


def returns(on: Ground, _argument: str) -> Json:
    """Of what was reported in the period: how many were sent back, done again, suspended …, and how many of these are open."""
    return {"returns": _returns(on)}


@kept()
def _returns(on: Ground) -> Json:
    s = on.view.of(on.window, "report")
    still_open = s.mask("open")
    rows = [{"key": key, "n": s.count(key), "open": int(np.count_nonzero(s.mask(key) & still_open))} for key in TROUBLES]
    rework = figures_of(s, ("rework_rate",))["rework_rate"]
    told = {"num": rework.num, "den": rework.den}
    return {"rows": rows, "reported": len(s), "rework_rate": told, "filters": on.link()}


PARTS: Final[dict[str, Part]] = {
    "stage": stage,
    "series7": series7,
    "queue": queue,
    "aging": aging,
    "heat": heat,
    "returns": returns,
}
