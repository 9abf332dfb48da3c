"""The top of the review: where one is, which period, and the figures of the whole region beside their bases."""

import datetime as dt
from typing import Any, Final

from dash import html

from layouts.parts import with_lang
from layouts.proof import filled
from layouts.review.pen import COMPARED, Json, Pen, percent

UNITS: Final = ("week", "month", "quarter", "year", "all")
BASES: Final = ("report", "register", "limit", "close")
CARDS: Final = ("accepted", "closed", "completion_rate", "on_time_closure_rate", "took", "satisfaction_rate", "open", "overdue",
                "closure_rate", "rework_rate")  # fmt: skip
"""The figures of the head, most telling first; narrow screens leave out the last ones."""

NEAR_WHOLE: Final = 90
"""From so many per cent on a rate says how many are still open."""


def path(pen: Pen) -> list[Any]:
    """区 › 街道 › 社区, each a link, the last one bold; and what lies below."""
    data = pen.data
    steps: list[Any] = []
    for step in data["path"][:-1]:
        steps += [html.A(step["name"], href=pen.here(region=step["key"]), className="link"), html.Span("›", className="t3")]
    below = " · ".join(f"{of['n']:,} {of['name']}" for of in data["below"])
    name = data["path"][-1]["name"] if data["path"] else pen.words["outside"]
    return [*steps, html.H1(name), html.Span(below, className="t3 review-below"), *_narrowed(pen)]


def _narrowed(pen: Pen) -> list[Any]:
    """Filters that are on, each a link that takes it out."""
    return [
        html.A([of["text"], " ✕"], href=pen.here(**{of["param"]: None}), className="pill on", title=pen.words["filter.remove"])
        for of in pen.data["narrowed"]
    ]


def controls(pen: Pen) -> list[Any]:
    """Period with the ones before and after, basis, comparison, the pinned moment, print."""
    words, period = pen.words, pen.data["period"]
    units = {unit: words[f"review.unit.{unit}"] for unit in UNITS}
    whole = {unit: pen.here(period=unit, **{"from": None, "to": None, "as_of": None, "known": None}) for unit in UNITS}
    bases = {basis: words[f"review.basis.{basis}"] for basis in BASES}
    return [
        _choice(words["review.period"], units, period["unit"], whole),
        html.Div(
            [
                _step(pen, "before", "‹", words["review.before"]),
                html.Button([spoken(pen), " ▾"], className="review-when", type="button",
                            **{"data-open": "periods", "aria-haspopup": "menu", "aria-expanded": "false"}),
                _step(pen, "after", "›", words["review.after"]),
            ],
            className="segments",
        ),
        _choice(words["review.basis"], bases, pen.data["basis"], {basis: pen.here(basis=basis) for basis in BASES}),
        _choice(
            words["review.compare"], {kind: words[word] for kind, word in COMPARED.items()}, pen.data["chosen"]["compare"],
            {kind: pen.here(compare=kind) for kind in COMPARED},
        ),
        _pin(pen),
        *_frozen(pen),
        html.Button(words["review.print"], className="button", type="button", **{"data-print": ""}),
    ]  # fmt: skip


def _choice(name: str, labels: dict[str, str], chosen: str, ways: dict[str, str]) -> html.Div:
    links = [
        html.A(label, href=ways[key], **({"aria-current": "true", "className": "on"} if key == chosen else {}))
        for key, label in labels.items()
    ]
    return html.Div(links, className="segments", role="group", **{"aria-label": name})


def _step(pen: Pen, which: str, arrow: str, name: str) -> Any:
    days = pen.data["period"][which]
    if days is None:
        return html.Span(arrow, className="off", **{"aria-hidden": "true"})
    return html.A(
        arrow, href=pen.here(**days, period=None), title=f"{name} {days['from']} – {days['to']}", **{"aria-label": name}
    )


def _frozen(pen: Pen) -> list[html.A]:
    """The published version of this region and period."""
    name = pen.words["review.frozen"]
    of = pen.data["frozen"]
    return [
        html.A(name.format(n=one["number"]), href=with_lang(f"/bulletins/{one['id']}", pen.lang), className="button")
        for one in of
    ]


def _pin(pen: Pen) -> html.A:
    """The whole page at one moment, so that it can be mailed as it is."""
    pinned, at = "as_of" in pen.params, pen.clock(pen.data["as_of_ms"])
    if pinned:
        text, href = pen.words["review.pinned"].format(t=at), pen.here(as_of=None, known=None)
    else:
        text, href = pen.words["review.pin"].format(t=at), pen.here(as_of=str(pen.data["as_of_ms"]))
    return html.A(text, href=href, className="button primary" if pinned else "button", title=pen.words["review.pin.what"])


def spoken(pen: Pen) -> str:
    """2026 年 11 月, 2026-11-23 – 11-29, all."""
    period = pen.data["period"]
    if period["first"] is None:
        return pen.words["period.all"]
    first, last = (dt.date.fromisoformat(period[end]) for end in ("first", "last"))
    if period["unit"] in ("month", "quarter", "year"):
        month = pen.words[f"month.{first.month}"] if pen.lang == "en" else str(first.month)
        return pen.words[f"review.{period['unit']}"].format(y=first.year, m=month, q=(first.month + 2) // 3)
    if first == last:
        return first.isoformat()
    return f"{first.isoformat()} – {last.isoformat()[5:] if first.year == last.year else last.isoformat()}"


def figures(pen: Pen) -> list[Any]:
    """The row of figures."""
    return [_took(pen) if key == "took" else _card(pen, key) for key in CARDS]


def _card(pen: Pen, key: str) -> html.Div:
    told, filters = pen.data["figures"][key], pen.data["filters"]
    rate = told["denominator"] is not None
    value, unit = (told["shown"].removesuffix(" %"), "%") if rate and told["denominator"] else (told["shown"], "")
    hero = pen.order_link(told, key, filters, value, className="review-value")
    bad = key == "overdue" and told["numerator"]
    return html.Div(
        [
            html.H2(pen.words[f"figure.{key}"]),
            html.Div([html.Span("■ ", className="bad review-sign") if bad else None, hero, html.Span(unit, className="unit")]),
            html.P(_made(pen, key, told), className="t3"),
            html.P(_bases(pen, key), className="review-bases"),
        ],
        className="review-card",
        **pen.marks(key, told),
    )


def _made(pen: Pen, key: str, told: Json) -> list[Any]:
    """Numerator and denominator, each open to a click; and what is still open beside a rate that is nearly whole."""
    if told["denominator"] is None:
        return [pen.what(key)]
    filters = pen.data["filters"]
    num = pen.order_link(told, key, filters, f"{told['numerator']:,}", part="num")
    den = pen.order_link(told, key, filters, f"{told['denominator']:,}", part="den")
    made: list[Any] = [num, " / ", den]
    still = pen.data["figures"]["open"]
    if told["denominator"] and 100 * told["numerator"] >= NEAR_WHOLE * told["denominator"] and still["numerator"]:
        made += [" · ", pen.order_link(still, "open", filters, pen.words["open_short"].format(n=f"{still['numerator']:,}"))]
    return made


def _bases(pen: Pen, key: str) -> list[Any]:
    """How it differs from the same period a year before and from the period before, the chosen one first."""
    made: list[Any] = []
    for kind in _kinds(pen):
        base = pen.data["compare"].get(kind)
        if base is None:
            made.append(html.Span([pen.words[COMPARED[kind]], " —"]))
            continue
        told = base["figures"][key]
        if not (told["numerator"] if told["denominator"] is None else told["denominator"]):
            made.append(html.Span([pen.words[COMPARED[kind]], " —"], title=_when(pen, base, told)))
            continue
        part = "den" if told["denominator"] is not None else ""
        then = html.A(told["shown"], href=pen.orders(base["filters"], key, part), title=_when(pen, base, told))
        made.append(
            html.Span(
                [pen.words[COMPARED[kind]], " ", html.B(pen.changed(told)), html.Span(["（", then, "）"], className="t3")]
            )
        )
    return made


def _kinds(pen: Pen) -> list[str]:
    return sorted(COMPARED, key=lambda kind: kind != pen.data["chosen"]["compare"])


def _when(pen: Pen, base: Json, told: Json) -> str:
    """The window of a base and the moment as of which it was looked at."""
    made = f"{told['numerator']:,}" if told["denominator"] is None else f"{told['numerator']:,} / {told['denominator']:,}"
    span = f"{pen.moment(base['from_ms'])[:16]} – {pen.moment(base['to_ms'])[:16]}"
    return f"{made}\n{span}\n{pen.words['as_of']} {pen.moment(base['as_of_ms'])}"


def _took(pen: Pen) -> html.Div:
    """Half of what was closed took at most so long; nine in ten so long. A mean would hide both."""
    took = pen.data["took"]
    timed = {"numerator": took["n"], "denominator": None, "shown": f"{took['n']:,}"}
    counted = pen.figure(timed, "closed_timed", pen.data["filters"], html.Span)
    note = filled(pen.words["review.took.note"], {"t": pen.hours(took["p90_s"]), "n": counted})
    return html.Div(
        [
            html.H2(pen.words["review.took"], title=pen.words["review.took.what"]),
            html.Div(html.Span(pen.hours(took["median_s"]), className="review-value", title=pen.words["review.took.what"])),
            html.P(note, className="t3 review-took"),
            html.P([_took_base(pen, kind) for kind in _kinds(pen)], className="review-bases"),
        ],
        className="review-card",
    )


def _took_base(pen: Pen, kind: str) -> html.Span:
    told = (pen.data["compare"].get(kind) or {}).get("took")
    if not told or told["median_s"] is None:
        return html.Span([pen.words[COMPARED[kind]], " —"])
    then = html.Span(f"（{pen.hours(told['median_s'])}）", className="t3")
    return html.Span([pen.words[COMPARED[kind]], " ", html.B(percent(told["change"])), then])


def sentence(pen: Pen) -> list[Any]:
    """What the chosen rate is, over which days and by which instant: the foot of the page and of its print."""
    rate, words = pen.rate, pen.words
    version = pen.data["definitions"][rate]["version"]
    when = pen.moment(pen.data["as_of_ms"])
    parts = [f"{words[f'figure.{rate}']} = {pen.what(rate)}", spoken(pen), words[f"basis.{pen.data['basis']}"],
             words["review.version"].format(n=version), f"{words['as_of']} {when}"]  # fmt: skip
    return [html.Span(part) for part in parts]
