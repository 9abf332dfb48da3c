"""A number with its proof, as the server writes it: definition, parts and moment on hover, and the way to exactly its orders.

What the scripts draw gets the same from assets/js/61_proof.js.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from dash import html

from config.city_model import City
from domain.calendar import local_at
from domain.indicators import DEFINITIONS
from domain.rates import shown
from domain.worktime import zone_text

Words = Mapping[str, str]
Json = dict[str, Any]


@functools.lru_cache(maxsize=256)
def moment(city: City, at_ms: int) -> str:
    """2026-11-26 18:35:41, in the city's zone."""
    return local_at(at_ms, city.zone).strftime("%Y-%m-%d %H:%M:%S")


def as_of(city: City, words: Words, at_ms: int) -> str:
    """截至 …, with the zone."""
    return words["proof.as_of"].format(t=moment(city, at_ms), zone=zone_text(city.zone, at_ms))


def definition(words: Words, key: str) -> str:
    """The figure's name and what it is. KeyError for a figure that is not defined."""
    word = DEFINITIONS[key].word
    return words["proof.what"].format(name=words[word], what=words[f"{word}.what"])


def told(
    city: City, words: Words, key: str, num: int, den: int | None, as_of_ms: int, weights: Sequence[Json] = ()
) -> dict[str, str]:
    """The attributes of an element that shows a figure: key, numerator, denominator, and all of it in words as its title.

    `weights`: [{weight, orders}], where the orders of the numerator count in parts.
    """
    count = words["proof.count"].format(n=f"{num:,}")
    both = count if den is None else words["proof.rate"].format(num=f"{num:,}", den=f"{den:,}", shown=shown(num, den))
    both = weighed(words, den, weights) if weights and den is not None else both
    given = {"data-figure": key, "data-num": str(num), "data-as-of": str(as_of_ms)}
    given |= {} if den is None else {"data-den": str(den)}
    return given | {"title": "\n".join((definition(words, key), both, as_of(city, words, as_of_ms)))}


def weighed(words: Words, den: int, weights: Sequence[Json]) -> str:
    """12 × 1 + 3 × 0.9 = 14.7 of 16 = 91.88 %."""
    parts = [words["hotline.weights"].format(n=f"{one['orders']:,}", weight=one["weight"]) for one in weights]
    total = sum((Decimal(one["weight"]) * one["orders"] for one in weights), Decimal(0))
    ratio = Fraction(total) / den
    return words["hotline.weighed"].format(
        parts=" + ".join(parts), num=f"{total.normalize():f}", den=f"{den:,}", shown=shown(ratio.numerator, ratio.denominator)
    )


def orders(filters: Mapping[str, Any], key: str, den: int | None, as_of_ms: int, lang: str, part: str = "") -> str:
    """Address of the list of what a figure counted: of a rate its denominator, unless `part` says num."""
    wanted = {"part": "den"} if (part or ("num" if den is None else "den")) == "den" else {}
    return "/orders?" + urlencode({**filters, "figure": key, **wanted, "as_of": as_of_ms, "lang": lang})


def counted(
    city: City, words: Words, lang: str, key: str, num: int, filters: Mapping[str, Any], as_of_ms: int, text: str = ""
) -> html.A:
    """A count of orders as the link that opens them; `text` where it is not the number alone."""
    given = told(city, words, key, num, None, as_of_ms)
    return html.A(text or f"{num:,}", href=orders(filters, key, None, as_of_ms, lang), **given)


def nested(
    city: City, words: Words, lang: str, key: str, num: int, filters: Mapping[str, Any], as_of_ms: int, text: str = ""
) -> html.Span:
    """The same inside of another link, in which no link may stand: the scripts follow it."""
    given = told(city, words, key, num, None, as_of_ms)
    where = {"data-href": orders(filters, key, None, as_of_ms, lang), "aria-label": f"{words[DEFINITIONS[key].word]} {num:,}"}
    return html.Span(text or f"{num:,}", role="link", tabIndex=0, **given, **where)


def filled(template: str, parts: Mapping[str, Any]) -> list[Any]:
    """A text of the catalogue with components in its places: "当日 {day}" → ["当日 ", …]."""
    pieces = re.split(r"\{(\w+)\}", template)
    return [parts[piece] if at % 2 else piece for at, piece in enumerate(pieces) if piece]
