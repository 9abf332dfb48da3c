"""Parts of the review that are cut by time or by two things at once: the trend, and the heat of categories."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashboard.briefs import Json
from dashboard.filters import OrderQuery
from dashboard.indicators import figure_json, group_link, link
from domain.calendar import Base, Period, bins, day_at, days_later, days_named, first_after, first_of, span_of, trend_unit
from domain.counts import Slice, moments
from domain.indicators import DEFINITIONS, Figure, Group, group_codes, grouped, make_figure

if TYPE_CHECKING:
    from config.city_model import City

MOST_BINS: Final = 24
HEAT_ROWS: Final = 12
HEAT_COLUMNS: Final = 12
COARSER: Final = {"day": "week", "week": "month", "month": "month"}

Window = tuple[dt.date, dt.date]


def window_of(city: "City", s: Slice, period: Period, base: tuple[Base, Slice] | None = None) -> Window | None:
    """The local days that a trend shows: those begun of the period, without a time at its start when nothing was there yet.

    What was there in the base counts too. Of a period without end the newest MOST_BINS months.
    """
    until = day_at(s.as_of_ms, city.zone)
    span, first = span_of(period, city.zone), _first_day(city, s)
    if span is None:
        return None if first is None else (max(first, bins(first, until, "month")[-MOST_BINS:][0]), until)
    last = min(span.last, until)
    if span.first > last or first is None:
        return None
    begun = None if base is None else _first_day(city, base[1])
    if base is not None and begun is not None:
        first = min(first, days_later(span.first, (begun - day_at(base[0].from_ms, city.zone)).days))
    return max(span.first, min(first, last)), last


def _first_day(city: "City", s: Slice) -> dt.date | None:
    """The local day of the first order, by the slice's basis."""
    at_ms = moments(s, s.basis)
    return day_at(int(at_ms.min()), city.zone) if len(at_ms) else None


def trend_of(
    city: "City", s: Slice, query: OrderQuery, period: Period, keys: tuple[str, ...], base: tuple[Base, Slice] | None
) -> Json:
    """{unit, points: [{key (first day), to, whole, filters, figures, base}]} by day, week or month of the query's basis.

    `whole`: all its days lie in the period and are over. `base`: the same figures of the bin with the same number in the base
    period, as they stood then; None where there is none.
    """
    window = window_of(city, s, period, base)
    if window is None:
        return {"unit": "day", "points": []}
    span = span_of(period, city.zone)
    unit = trend_unit(*window)
    now = _binned(city, s, keys, unit)
    skipped = len(bins(span.first, window[0], unit)) - 1 if span else 0
    then = _base_bins(city, base, keys, unit)[skipped:]
    points = []
    for number, first in enumerate(bins(*window, unit)):
        last = days_later(first_after(first, unit), -1)
        figures = now.get(first) or _figures(keys, (), s)
        inside = span is None or (span.first <= first and last <= span.last)
        points.append(
            {
                "key": first.isoformat(),
                "to": last.isoformat(),
                "whole": inside and _over(city, last, s.as_of_ms),
                "filters": {**link(query), **_between(city, first, last, period)},
                "figures": {key: figure_json(figure) for key, figure in figures.items()},
                "base": then[number] if number < len(then) else None,
            }
        )
    return {"unit": unit, "points": points}


def _over(city: "City", day: dt.date, as_of_ms: int) -> bool:
    return city.day_bounds(day.isoformat())[1] <= as_of_ms


def _between(city: "City", first: dt.date, last: dt.date, period: Period) -> dict[str, str]:
    """The instants of a bin, as far as they lie in the period."""
    from_ms, to_ms = city.day_bounds(first.isoformat())[0], city.day_bounds(last.isoformat())[1]
    from_ms = from_ms if period.from_ms is None else max(from_ms, period.from_ms)
    return {"from": str(from_ms), "to": str(to_ms if period.to_ms is None else min(to_ms, period.to_ms))}


def _base_bins(city: "City", base: tuple[Base, Slice] | None, keys: tuple[str, ...], unit: str) -> list[Json]:
    if base is None or base[0].to_ms <= base[0].from_ms:
        return []
    window, s = base
    found = _binned(city, s, keys, unit)
    first, last = (day_at(at_ms, city.zone) for at_ms in (window.from_ms, window.to_ms - 1))
    empty = _figures(keys, (), s)
    return [{key: figure_json(figure) for key, figure in found.get(at, empty).items()} for at in bins(first, last, unit)]


def _binned(city: "City", s: Slice, keys: tuple[str, ...], unit: str) -> dict[dt.date, dict[str, Figure]]:
    """First day of the bin → figures; weeks are added up from their days."""
    parts: dict[dt.date, list[Group]] = {}
    for group in grouped(s, keys, "month" if unit == "month" else "day", city.zone):
        parts.setdefault(first_of(days_named(group.key)[0], unit), []).append(group)
    return {first: _figures(keys, groups, s) for first, groups in parts.items()}


def _figures(keys: tuple[str, ...], groups: Iterable[Group], s: Slice) -> dict[str, Figure]:
    """Figures of several groups taken together: sums of counts, and rates of the sums (C6.7)."""
    held = [group.figures for group in groups]
    made = {}
    for key in keys:
        num = sum(of[key].num for of in held)
        den = None if DEFINITIONS[key].den is None else sum(of[key].den or 0 for of in held)
        made[key] = make_figure(key, num, den, s.as_of_ms, s.basis, s.variants)
    return made


def nothing(keys: tuple[str, ...], s: Slice) -> dict[str, Figure]:
    """The figures of no orders."""
    return _figures(keys, (), s)


def heat_of(city: "City", s: Slice, query: OrderQuery, by: str, period: Period, roll: dict[str, str]) -> Json:
    """How many orders of each category were reported in each region below, or in each span of time.

    → {by, unit, rows: [{key, n, filters}], columns: [{key, n, filters}], cells: [[{n, filters}]], more: {rows, columns}}: the
    largest categories and regions, spans in order of time. `n` of a row or column is its whole, also of what is not shown.
    """
    categories, row = group_codes(s, "category")
    names, column, unit = _columns(city, s, by, period, roll)
    table = np.bincount(row * max(len(names), 1) + column, minlength=len(categories) * max(len(names), 1))
    table = table.reshape(len(categories), -1)
    rows = np.argsort(-table.sum(axis=1), kind="stable")
    rows = rows[table.sum(axis=1)[rows] > 0]
    filled = np.flatnonzero(table.sum(axis=0) > 0)
    largest = filled[np.argsort(-table.sum(axis=0)[filled], kind="stable")]
    chosen = largest[:HEAT_COLUMNS] if by == "region" else filled[-HEAT_COLUMNS:]
    ways = [_column_link(city, query, by, names[at], unit, period) for at in chosen]
    base = link(query)
    kinds = [group_link(city, query, "category", categories[at]) for at in rows[:HEAT_ROWS]]
    return {
        "by": by,
        "unit": unit,
        "rows": [
            {"key": categories[at], "n": int(table[at].sum()), "filters": {**base, **kind}}
            for at, kind in zip(rows[:HEAT_ROWS], kinds, strict=True)
        ],
        "columns": [
            {"key": names[at], "n": int(table[:, at].sum()), "filters": {**base, **way}}
            for at, way in zip(chosen, ways, strict=True)
        ],
        "cells": [
            [{"n": int(table[at, to]), "filters": {**base, **kind, **way}} for to, way in zip(chosen, ways, strict=True)]
            for at, kind in zip(rows[:HEAT_ROWS], kinds, strict=True)
        ],
        "more": {"rows": max(len(rows) - HEAT_ROWS, 0), "columns": len(filled) - len(chosen)},
    }


def _columns(city: "City", s: Slice, by: str, period: Period, roll: dict[str, str]) -> tuple[list[str], Any, str]:
    """(names, number of the name of each order, unit of time or "") of the columns of the heat."""
    if by == "region":
        return (*group_codes(s, "region", roll=roll), "")
    window = window_of(city, s, period)
    unit = trend_unit(*window) if window else "day"
    while window and len(bins(*window, unit)) > HEAT_COLUMNS and unit != "month":
        unit = COARSER[unit]
    days, codes = group_codes(s, "month" if unit == "month" else "day", city.zone)
    firsts = [first_of(days_named(day)[0], unit) for day in days]
    names = sorted({first.isoformat() for first in firsts})
    table = np.array([names.index(first.isoformat()) for first in firsts], np.int64)
    return names, table[codes], unit


def _column_link(city: "City", query: OrderQuery, by: str, name: str, unit: str, period: Period) -> dict[str, str]:
    if by == "region":
        return group_link(city, query, "region", name)
    first = dt.date.fromisoformat(name)
    return _between(city, first, days_later(first_after(first, unit), -1), period)
