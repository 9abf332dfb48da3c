"""Tallies in the hall, and what they amount to for a region and a period (`domain.tallies`)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Union

from config.words import words
from dashboard.briefs import Json, region_name
from domain.states import Row, Tally, Told
from domain.tallies import CALL_RATES, INDICES, RATED, SUMS, Total, call_rate, rate_shown, totals

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall
    from dashboard.sight import Sight
    from domain.calendar import Period

TABLE: Final = "tally"
KNOWN: Final = (*SUMS, *RATED, *INDICES)


class Tallies:
    """The newest tallies by id. They are few and nobody watches one, so they are no live table.

    Their owner holds the lock of what it mirrors.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Tally] = {}

    def taken(self, rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, Row]]:
        """Take the tallies out of changed rows and pass on the others; one older than that held changes nothing."""
        for name, row in rows:
            if not isinstance(row, Tally):
                yield name, row
            elif row.tally not in self.rows or self.rows[row.tally].version < row.version:
                self.rows[row.tally] = row

    def replaced(
        self, partition_of: Callable[[str], int], partition: int, rows: Iterable[tuple[str, Row]]
    ) -> Iterator[tuple[str, Row]]:
        """Pass on all other rows of a partition as it stands; when that is done, its tallies are those that came along."""
        fresh: dict[str, Tally] = {}
        for name, row in rows:
            if isinstance(row, Tally):
                fresh[row.tally] = row
            else:
                yield name, row
        kept = {key: row for key, row in self.rows.items() if partition_of(key) != partition}
        self.rows = kept | fresh  # in one stroke: nobody holds the lock here


def tallies_of(seen: Union["Hall", "Sight"], region: str, period: "Period", key: str | None = None) -> list[Tally]:
    """The tallies of a region, with all that lies in it, of the days that begin in a period; by day, region, key and source.

    KeyError for a region that is not seen.
    """
    if region not in seen.city.regions:
        raise KeyError(region)
    inside = seen.city.subtree(region)
    with seen.lock:
        rows = [row for row in seen.tallies.values() if row.region in inside and key in (None, row.key)]
    days = {day: _begins_in(seen.city, day, period) for day in {row.day for row in rows}}
    return sorted((row for row in rows if days[row.day]), key=lambda row: (row.day, row.region, row.key, row.source))


def _begins_in(city: "City", day: str, period: "Period") -> bool:
    at_ms = city.day_bounds(day)[0]
    return (period.from_ms is None or period.from_ms <= at_ms) and (period.to_ms is None or at_ms < period.to_ms)


def above_in(city: "City", region: str) -> Callable[[str], tuple[str, ...]]:
    """The regions that a region lies in, as far as they lie in `region` or are it."""
    if region not in city.regions:
        return lambda code: ()
    depth = len(city.path(region)) - 1
    return lambda code: city.path(code)[depth:-1]


def tallies_json(
    seen: Union["Hall", "Sight"], region: str, period: "Period", lang: str, *, key: str | None = None, offset: int = 0,
    limit: int = 0,
) -> Json:  # fmt: skip
    """What was told of a region and the days of a period, and what it amounts to.

    → {region, region_name, from_ms, to_ms, as_of_ms, day_start, totals, rates, total, items}. totals: {KEY: {word, what, value,
    base, shown, days, day, found_at_ms, sources}}; rates: those made of two sums, {KEY: {word, what, numerator, denominator,
    value, shown}}; items: {day, region, region_name, key, value, base, source, found_at_ms, before: [{value, base,
    found_at_ms}]}. Numbers are exact, as texts. KeyError for a region that is not seen.
    """
    rows = tallies_of(seen, region, period, key)
    above = above_in(seen.city, region)
    found = totals(rows, above)
    rates = {} if key else {rate: call_rate(rate, rows, above) for rate in CALL_RATES}
    return {
        "region": region,
        "region_name": region_name(seen.city, region, lang),
        "from_ms": period.from_ms,
        "to_ms": period.to_ms,
        "as_of_ms": seen.now_ms(),
        "day_start": seen.city.evaluation.variants.hotline.day_start,
        "totals": {name: total_json(total, lang) for name, total in found.items()},
        "rates": {name: rate_json(name, ratio, lang) for name, ratio in rates.items()},
        "total": len(rows),
        "items": [_item(seen.city, row, lang) for row in rows[offset : offset + limit]],
    }


def total_json(total: Total, lang: str) -> Json:
    """A number with its name; a rate is shown in per cent, two decimals."""
    told: dict[str, Any] = {"value": _text(total.value), "base": _text(total.base), "days": total.days, "day": total.day}
    said = rate_shown(total.ratio)[1] if total.base is not None else "—" if total.value is None else f"{total.value:,f}"
    return told | {"shown": said, "found_at_ms": total.at_ms, "sources": list(total.sources), **_named(total.key, words(lang))}


def rate_json(key: str, ratio: tuple[int, int] | None, lang: str) -> Json:
    """A rate made of two sums; value None and a dash where there is no base."""
    num, den = ratio or (0, 0)
    value, said = rate_shown(ratio)
    return {"numerator": num, "denominator": den, "value": value, "shown": said, **_named(key, words(lang))}


def _named(key: str, said: Mapping[str, str]) -> Json:
    """Name and explanation of a key; a key of somebody's own is its own name."""
    return {"word": said.get(f"tally.{key}", key), "what": said.get(f"tally.{key}.what", said["tally.other.what"])}


def _item(city: "City", row: Tally, lang: str) -> Json:
    return {
        "day": row.day,
        "region": row.region,
        "region_name": region_name(city, row.region, lang),
        "key": row.key,
        "source": row.source,
        **_told(row.told),
        "before": [_told(one) for one in row.before],
    }


def _told(told: Told) -> Json:
    return {"value": _text(told.value), "base": _text(told.base), "found_at_ms": told.at_ms}


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:f}"
