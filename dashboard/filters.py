"""Which orders a list or a figure is about, as the address of a page or of the API says it.

One reading for both: a number opens `/orders?…` with the same parameters with which it was counted.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from config.words import words
from dashboard.period import parse_instant, resolve
from domain.calendar import PERIODS, Period
from domain.counts import BASES, KINDS, Filters, Source
from domain.indicators import DEFINITIONS, counted
from domain.lifecycle import STAGES, STATUSES
from domain.orderframe import SEATS
from domain.states import OrderFlag

if TYPE_CHECKING:
    from config.city_model import City

NOBODY: Final = "-"
"""Stands for the empty value in an address: department=- are the orders without one."""

WORD_PARAMS: Final = ("department", "category", "source", "channel", "reporter", "handler", "holder_level", *SEATS)
PARAMS: Final = (
    "region", "direct", *WORD_PARAMS, "kind", "status", "stage", "open", "flag", "from", "to", "period", "basis", "figure",
    "part", "as_of", "known", "text", "sort",
)  # fmt: skip
SORTS: Final = ("-reported", "reported", "deadline", "-status")


class BadQuery(ValueError):
    """A parameter says something that cannot be; the message tells which and what would be right.

    `word`: how a page says so, `query.WORD` of the catalogue with its `places`; "" says it as the API does.
    """

    def __init__(self, text: str, word: str = "", **places: str) -> None:
        super().__init__(text)
        self.word, self.places = word, places

    def said(self, lang: str) -> str:
        """The same as a page says it."""
        return words(lang)[f"query.{self.word}"].format(**self.places) if self.word else str(self)


def none_of(name: str, value: str, allowed: Iterable[str]) -> BadQuery:
    """That a parameter has none of the values that it may have."""
    there = ", ".join(allowed)
    return BadQuery(f"{name}: {value!r} is none of {there}", "none_of", name=name, value=value[:100], allowed=there)


class UnknownRegion(KeyError):
    """The city has no such region."""

    def __str__(self) -> str:
        return f"the city has no region {self.args[0]!r}"


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query in the hall's terms. `region` is a code; NOBODY: outside every region. `count`: one of `domain.counts`.

    `known_ms`: the moment at which it was counted, None: now, with what is known now. `as_of_ms` before it asks how things
    stood then, as far as they were known at `known_ms` (`dashboard.past`).
    """

    region: str
    direct: bool = False
    filters: Filters = Filters()
    count: str = "reported"
    as_of_ms: int
    known_ms: int | None = None
    text: str = ""
    sort: str = "-reported"

    def within(self, city: "City", orders: Source) -> Filters:
        """The filters, with the region as the codes that it stands for."""
        words = region_words(city, orders, self.region, self.direct)
        return msgspec.structs.replace(self.filters, words=self.filters.words | words)


def region_code(city: "City", text: str | None) -> str:
    """The code of a code or unique name; the root for None or "". Raises UnknownRegion."""
    if not text:
        return city.root
    if text == NOBODY or text in city.regions:
        return text
    code = city.find_region(text)
    if code is None:
        raise UnknownRegion(text)
    return code


def region_words(city: "City", orders: Source, region: str, direct: bool = False) -> dict[str, frozenset[str]]:
    """What the region column may hold. The root is everything, also what lies outside every region.

    `direct`: only what is attached to the region itself. Codes that the city does not have count as outside.
    """
    if region == NOBODY:
        return {"region": frozenset(orders.words("region")).difference(city.regions)}
    if direct:
        return {"region": frozenset((region,))}
    return {} if region == city.root else {"region": city.subtree(region)}


def read_query(city: "City", params: Mapping[str, Any], now_ms: int) -> OrderQuery:
    """Read parameters (see PARAMS; empty ones are not there). Raises BadQuery, UnknownRegion."""
    given = {key: str(value) for key, value in params.items() if value not in (None, "")}
    as_of_ms = _instant(city, "as_of", given["as_of"]) if "as_of" in given else None
    period = read_period(city, given, now_ms if as_of_ms is None else as_of_ms)
    status = given.get("status")
    statuses = None if status is None else frozenset(status.split(","))
    for key in statuses or ():
        _one_of("status", key, STATUSES)
    filters = Filters(
        words={name: _word(given[name]) for name in WORD_PARAMS if name in given},
        from_ms=period.from_ms,
        to_ms=period.to_ms,
        basis=_one_of("basis", given.get("basis", "report"), BASES),
        statuses=statuses,
        stage=_one_of("stage", given["stage"], STAGES) if "stage" in given else None,
        open=_yes_or_no("open", given["open"]) if "open" in given else None,
        flag=_flag(given["flag"]) if "flag" in given else 0,
        kind=_one_of("kind", given["kind"], KINDS) if "kind" in given else "",
    )
    return OrderQuery(
        region=region_code(city, given.get("region")),
        direct=_yes_or_no("direct", given.get("direct", "0")),
        filters=filters,
        count=_count(given),
        as_of_ms=now_ms if as_of_ms is None else as_of_ms,
        known_ms=_instant(city, "known", given["known"]) if "known" in given else as_of_ms,
        text=given.get("text", ""),
        sort=_one_of("sort", given.get("sort", "-reported"), SORTS),
    )


def counted_at(params: Mapping[str, Any], moment_ms: int) -> dict[str, Any]:
    """The parameters with the moment at which they are counted, so that the numbers and their lists are of the same one."""
    return {**params, "as_of": params.get("as_of") or str(moment_ms)}


def read_period(city: "City", params: Mapping[str, Any], now_ms: int, default: str = "all") -> Period:
    """from and to (each may be missing), else period, else `default`. Raises BadQuery."""
    if params.get("from") or params.get("to"):
        from_ms = _instant(city, "from", params["from"]) if params.get("from") else None
        to_ms = _instant(city, "to", params["to"], end=True) if params.get("to") else None
        if from_ms is not None and to_ms is not None and to_ms < from_ms:
            raise BadQuery("to: lies before from", "order")
        return resolve((from_ms, to_ms), city, now_ms)
    try:
        return resolve(params.get("period") or default, city, now_ms)
    except ValueError as wrong:
        raise none_of("period", str(params.get("period")), PERIODS) from wrong


def _instant(city: "City", name: str, text: str, *, end: bool = False) -> int:
    try:
        return parse_instant(str(text), city, end=end)
    except (ValueError, OverflowError) as wrong:
        raise BadQuery(f"{name}: {wrong}", "no_time", name=name, value=str(text)[:100]) from wrong


def _count(given: Mapping[str, str]) -> str:
    key = given.get("figure", "reported")
    part = given.get("part", "num")
    _one_of("figure", key, DEFINITIONS)
    _one_of("part", part, ("num", "den"))
    try:
        return counted(key, "num" if part == "num" else "den")
    except KeyError as wrong:
        raise BadQuery(f"part: {wrong.args[0]}", "no_part") from wrong


def _word(text: str) -> frozenset[str]:
    return frozenset(("" if text == NOBODY else text,))


def _one_of(name: str, value: str, allowed: Any) -> str:
    if value not in allowed:
        raise none_of(name, value, allowed)
    return value


def _yes_or_no(name: str, text: str) -> bool:
    return _one_of(name, text.lower(), ("1", "true", "0", "false")) in ("1", "true")


def _flag(text: str) -> int:
    names = {flag.name.lower(): int(flag) for flag in OrderFlag if flag.name}
    return names[_one_of("flag", text, names)]
