"""How a figure, a link and a period are written on the review: every number opens its orders, every choice is an address."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from dash import html

from config.city_model import City
from domain.calendar import local_at
from domain.rates import signed
from domain.worktime import zone_text
from layouts import proof
from layouts.page_config import short_name
from layouts.parts import Words

Json = dict[str, Any]

STYLE: Final = ("theme", "motion", "icons")
"""Parameters that say how a page looks, kept in every link."""

COMPARED: Final = {"year": "term.year_on_year", "previous": "term.period_on_period"}


class Pen(msgspec.Struct, frozen=True):
    """What every part of the page is written with. `params`: the address's; `data`: `dashboard.review.review`."""

    city: City
    words: Words
    lang: str
    params: Mapping[str, str]
    data: Json

    @property
    def rate(self) -> str:
        """The figure by which units are compared."""
        rate: str = self.data["chosen"]["rate"]
        return rate

    def short(self, code: str, name: str) -> str:
        """A region's name under a head that says its level: 平东, not 平东社区."""
        region = self.city.regions.get(code)
        if region is None:
            return name
        return name.removesuffix(f" {self.city.level(region.level).en}") if self.lang == "en" else short_name(self.city, code)

    def here(self, **changes: str | None) -> str:
        """The address of this page with other choices; None takes one out."""
        kept = {key: value for key, value in {**self.params, **changes}.items() if value}
        return "/review?" + urlencode({**kept, "lang": self.lang})

    def orders(self, filters: Mapping[str, str], key: str, part: str = "") -> str:
        """Exactly the orders that a figure counted."""
        styled = {name: self.params[name] for name in STYLE if name in self.params}
        return "/orders?" + urlencode(
            {**filters, "figure": key, **({"part": part} if part else {}), "lang": self.lang, **styled}
        )

    def order_link(
        self, told: Json, key: str, filters: Mapping[str, str], text: str = "", part: str = "", **more: Any
    ) -> html.A:
        """A number that opens its orders; of a rate those of its denominator, unless `part` says otherwise."""
        rate = told["denominator"] is not None
        part = part or ("den" if rate else "")
        name = self.words[f"figure.{key}"]
        shown = text or told["shown"]
        return html.A(
            shown,
            href=self.orders(filters, key, part),
            title=self.title(key, told["numerator"], told["denominator"]),
            **{"aria-label": f"{name} {told['shown']}", **more},
        )

    def title(self, key: str, num: int, den: int | None) -> str:
        """What a number means: its definition, what it was made of, and as of when."""
        made = f"{num:,}" if den is None else f"{num:,} / {den:,}"
        name, what = self.words[f"figure.{key}"], self.what(key)
        return f"{name}: {what}\n{made}\n{self.words['as_of']} {self.moment(self.data['as_of_ms'])}"

    def what(self, key: str) -> str:
        """The explanation of a figure as the city reads it."""
        return self.words[f"figure.{key}.what"]

    def marks(self, key: str, told: Json) -> dict[str, str]:
        """The attributes by which a program finds a figure and what it was made of."""
        held = {"data-figure": key, "data-num": str(told["numerator"])}
        return held if told["denominator"] is None else held | {"data-den": str(told["denominator"])}

    def figure(self, told: Json, key: str, filters: Mapping[str, str], tag: Any = html.Td, **more: Any) -> Any:
        """An element that holds a figure and its link."""
        return tag(self.order_link(told, key, filters, bare(told)), **self.marks(key, told), **more)

    def moment(self, at_ms: int) -> str:
        """2026-11-26 15:42:06 UTC+08:00 Asia/Shanghai."""
        return f"{proof.moment(self.city, at_ms)} {zone_text(self.city.zone, at_ms)}"

    def clock(self, at_ms: int) -> str:
        return f"{local_at(at_ms, self.city.zone):%m-%d %H:%M}"

    def changed(self, told: Json) -> str:
        """+446.20 %, −1.25 points; a dash where there is no base."""
        if told["denominator"] is None or told["points"] is None:
            return percent(told["change"] if told["denominator"] is None else None)
        return self.words["points"].format(n=signed(told["points"]))

    def hours(self, seconds: float | None) -> str:
        """20 秒, 38 分, 6.2 时: a time in a narrow column."""
        if seconds is None:
            return "—"
        if seconds < 60:
            return self.words["dur.s"].format(s=int(seconds))
        if seconds < 3600:
            return self.words["dur.m"].format(m=int(seconds // 60))
        hours = Decimal(str(seconds)) / 3600
        return self.words["dur.h"].format(h=f"{hours.quantize(Decimal('0.1') if hours < 100 else Decimal(1), ROUND_HALF_UP):,}")


def bare(told: Json) -> str:
    """A figure as a column shows it, whose head says that it is per cent."""
    shown: str = told["shown"]
    return shown.removesuffix(" %")


def value_of(told: Json) -> float | None:
    """A rate in per cent; None without a base."""
    return 100 * told["numerator"] / told["denominator"] if told["denominator"] else None


def percent(change: str | None) -> str:
    """+446.20 %; a dash where there is no base."""
    return "—" if change is None else f"{signed(change)} %"
