"""The hotline's card: calls against the standard, what people say at call-backs, the score, and what there was to do."""

from collections.abc import Iterable
from typing import Any, Final

from dash import html

from config.city_model import City
from domain.tallies import SUMS
from layouts import proof
from layouts.parts import Words

Json = dict[str, Any]

CALLS: Final = ("calls", "calls_answered", "direct_answers")
RATES: Final = ("connection_rate", "answered_in_15s_rate", "media_in_3min_rate")
SAID: Final = ("hotline_valid", "hotline_praise", "hotline_response_rate", "hotline_solution_rate", "hotline_satisfaction_rate")


def card(city: City, words: Words, lang: str, data: Json) -> html.Section:
    """`data`: `dashboard.hotline.hotline`. Numbers of orders open them; those that were told say what of."""
    told, load = data["told"], data["load"]
    cells = [*_told(city, words, told), *_load(city, words, lang, data, load)]
    cells += [_figure(city, words, lang, key, data) for key in SAID]
    if data["composite"] is not None:
        cells.append(_composite(words, data["composite"]))
    cells += _others(city, words, told)
    notes = [] if told is None else [words["hotline.day"].format(at=told["day_start"])]
    notes += [words["hotline.no_calls"]] if told is not None and not told["totals"] else []
    told_so = html.P(" · ".join(notes), className="t3") if notes else None
    return html.Section([html.Dl(cells, className="hotline-card"), told_so], **{"aria-label": words["hotline.title"]})


def _cell(name: str, value: Any, note: str = "", **attributes: str) -> html.Div:
    said = [value, html.Small(note, className="t3")] if note else [value]
    return html.Div([html.Dt(name), html.Dd(said)], **attributes)


def _told(city: City, words: Words, told: Json | None) -> Iterable[html.Div]:
    """The calls and their rates; a rate below its standard says so in words."""
    if told is None:
        return
    yield from (_total(city, words, key, told["totals"][key]) for key in CALLS if key in told["totals"])
    for key in RATES:
        rate = told["rates"][key]
        both = words["proof.rate"].format(num=f"{rate['numerator']:,}", den=f"{rate['denominator']:,}", shown=rate["shown"])
        note = "" if rate["standard"] is None else words["hotline.standard"].format(n=rate["standard"])
        below = words["hotline.below"] if rate["meets"] is False else ""
        yield _cell(
            rate["word"], rate["shown"], " · ".join(filter(None, (note, below))),
            **{"data-tally": key, "data-meets": str(rate["meets"]).lower(), "title": f"{rate['what']}\n{both}"},
        )  # fmt: skip


def _others(city: City, words: Words, told: Json | None) -> Iterable[html.Div]:
    """Rates and indices that others judge, each of its newest day."""
    totals = {} if told is None else told["totals"]
    return (_total(city, words, key, total, total["day"]) for key, total in totals.items() if key not in SUMS)


def _total(city: City, words: Words, key: str, total: Json, note: str = "") -> html.Div:
    from_whom = words["hotline.source"].format(s=words["desk.comma"].join(total["sources"]))
    title = "\n".join((total["what"], from_whom, proof.as_of(city, words, total["found_at_ms"])))
    return _cell(total["word"], total["shown"], note, **{"data-tally": key, "title": title})


def _load(city: City, words: Words, lang: str, data: Json, load: Json | None) -> Iterable[html.Div]:
    """All requests: answered at once and orders, which is new and carried over. Nothing where nobody told of the first."""
    if load is None or load["total"] is None:
        return
    counts = {name: f"{load[name]:,}" for name in ("direct", "orders", "new", "carried")}
    yield _cell(
        words["hotline.load"], f"{load['total']:,}", words["hotline.sums"].format(**counts),
        **{"data-load": "total", "title": words["hotline.load.what"]},
    )  # fmt: skip
    if load["carried_filters"] is not None:
        filters, at_ms = dict(load["carried_filters"]), int(load["carried_filters"]["as_of"])
        link = proof.counted(city, words, lang, "hotline_open", load["carried"], filters, at_ms)
        yield _cell(words["hotline.carried"], link, **{"data-load": "carried"})


def _figure(city: City, words: Words, lang: str, key: str, data: Json) -> html.Div:
    figure, at_ms = data["figures"][key], data["as_of_ms"]
    num, den = figure["numerator"], figure["denominator"]
    given = proof.told(city, words, key, num, den, at_ms, figure.get("weights", ()))
    link = html.A(figure["shown"], href=proof.orders(data["filters"], key, den, at_ms, lang), **given)
    return _cell(words[f"figure.{key}"], link)


def _composite(words: Words, score: Json) -> html.Div:
    parts = [f"{words['figure.' + part['figure']]} {part['shown']} × {part['weight']} %" for part in score["parts"]]
    title = "\n".join((words["hotline.composite.what"], *parts))
    return _cell(score["name"], score["shown"], score["grade"], **{"data-score": "hotline", "title": title})
