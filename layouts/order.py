"""The page of one order: head with what may be done, six stages, facts, the whole trail, surroundings."""

from typing import Any

from dash import html

from config.city_model import City
from config.settings import Settings
from layouts import desk, ids, proof
from layouts.page_config import json_text, short_name
from layouts.parts import Words, channel, city_map, fmt, left, sign, status_bar, top_bar, with_lang

Json = dict[str, Any]
LIGHTS = {"red": "light-red", "yellow": "light-yellow", "green": "light-green"}
UNTOLD = ("routed", "provisional")  # the one is for counting, the other is said beside the limit
NEAR_WORKERS = 5
NEAR_FEEDS = 5


def build(city: City, settings: Settings, lang: str, words: Words, data: Json) -> html.Div:
    """`data`: `dashboard.query.order_page`."""
    order = data["order"]
    place = order["lon"] is not None
    return html.Div(
        [
            top_bar(city, words, lang, "orders"),
            _head(city, data, words, lang),
            html.Ol(
                [_stage(city, number, stage, order, words) for number, stage in enumerate(data["stages"], 1)],
                className="stages",
            ),
            _clock(data, words),
            html.Div(
                [
                    html.Section([_facts(city, data, words, lang)], className="order-facts"),
                    html.Section(
                        [
                            _trail_head(data, words),
                            html.Div(className="part-note", **{"data-order-note": ""}),
                            _trail(city, data, words, lang),
                        ],
                        className="order-trail",
                    ),
                ],
                className="order-told",
            ),
            html.Section(
                [_around_head(data, words), *_around(city, settings, data, words, lang, place)],
                className="order-around",
            ),
            status_bar(words, lang, f"/order/{order['order']}"),
            html.Script(json_text(_for_scripts(data)), id=ids.ORDER_DATA, type="application/json"),
            html.Script(json_text(desk.data_of(city, lang)), id=ids.DESK_DATA, type="application/json"),
        ],
        id=ids.ORDER,
        className="order desk-page",
        **{"data-tables": "worker,order,feed", "data-page": "order"},
    )


def _for_scripts(data: Json) -> Json:
    """What the clock and the map need, and nothing about persons beside."""
    steps = [{"at_ms": step["counts_at_ms"], "status": step["status"]} for step in data["trail"]]
    return {"order": data["order"], "trail": steps, "workers": [row["worker"] for row in data["workers"]]}


def _head(city: City, data: Json, words: Words, lang: str) -> html.Div:
    order = data["order"]
    late = order["light"] == "red"
    clock: Any = ""
    if order["open"] and order["deadline_at_ms"]:
        clock = left(order, className="bad" if late else "warn" if order["light"] == "yellow" else "")
    elif not order["open"]:
        clock = html.Span(words[f"status.{order['status']}"], className="ok" if order["closed"] else "t3")
    second = [order["order"], order["address"], " › ".join(_path(city, data, lang))]
    tags = [channel(words, order["source"])] if order["source"] else []
    tags += [words[f"order_flag.{flag}"] for flag in order["flags"] if flag not in UNTOLD]
    return html.Div(
        [
            sign(LIGHTS.get(order["light"], "stage-done" if order["closed"] else "light-none"), className="who-sign"),
            html.Div(
                [
                    html.Div([html.H1(order["title"], className="who-name"), clock], className="order-title"),
                    html.Div(
                        [*(html.Span(part) for part in second if part), *(html.Span(tag, className="tag") for tag in tags)],
                        className="who-second",
                    ),
                ],
                className="who-names",
            ),
            html.Div(className="order-work", **{"data-panel": "orderpage"}),
        ],
        className="who",
    )


def _path(city: City, data: Json, lang: str) -> list[str]:
    """The regions around the order, each without its parent's name before it."""
    if lang == "en":
        return [step["name_en"] for step in data["path"]]
    return [step["name"] if at < 2 else short_name(city, step["code"]) for at, step in enumerate(data["path"])]


def _stage(city: City, number: int, stage: Json, order: Json, words: Words) -> html.Li:
    late = stage["state"] == "current" and order["light"] == "red"
    mark = (
        "stage-overdue"
        if late
        else {"done": "stage-done", "current": "stage-current"}.get(stage["state"], f"stage-next-{number}")
    )
    spent = fmt("duration", stage["seconds"]) if stage["visits"] else html.Span("—")
    entered = fmt("moment", stage["entered_at_ms"]) if stage["entered_at_ms"] else html.Span("")
    kind = "late" if late else stage["state"]
    return html.Li(
        [
            sign(mark, className="stage-sign"),
            html.Div(
                [
                    html.B(words[f"stage.{stage['stage']}"]),
                    html.Span(_named(city.roster, stage["handler"], "zh") or words[f"stage_state.{stage['state']}"]),
                ]
            ),
            html.Div([html.B(spent), html.Span(entered)], className="num"),
        ],
        className=f"stage stage-{kind}",
    )


def _clock(data: Json, words: Words) -> html.Section:
    """The limit as one bar of natural time: used, left, limit; the scripts draw it."""
    return html.Section(className="order-clock", **{"data-panel": "orderclock", "aria-label": words["order_clock"]})


def _facts(city: City, data: Json, words: Words, lang: str) -> html.Div:
    order = data["order"]
    reporter, handler = (_person(city, order[key], lang) for key in ("reporter", "handler"))
    place = "—" if order["lon"] is None else f"{order['lon']:.5f}, {order['lat']:.5f}"
    pairs = [
        ("category", order["category_name"]),
        ("department", order["department_name"]),
        ("source", channel(words, order["source"])),
        ("region", order["region_name"]),
        ("reporter", reporter),
        ("handler", handler),
        ("reported", fmt("full", order["reported_at_ms"])),
        ("registered", fmt("full", order["registered_at_ms"])),
        ("deadline", [fmt("full", order["deadline_at_ms"]), *_provisional(order, words)]),
        ("closed", fmt("full", order["closed_at_ms"])),
        ("on_time", "—" if order["on_time"] is None else words["answer.yes" if order["on_time"] else "answer.no"]),
        ("place", place),
    ]
    rows = [
        html.Div([html.Dt(words[f"order_fact.{key}"]), html.Dd(value if value not in ("", None) else "—")])
        for key, value in pairs
    ]
    text = [html.P(order["text"], className="order-text")] if order["text"] else []
    return html.Div([html.Div(html.H2(words["facts"]), className="section-head"), *text, html.Dl(rows, className="pairs")])


def _provisional(order: Json, words: Words) -> list[Any]:
    if not order["deadline_provisional"]:
        return []
    return [" ", html.Span(words["limit.provisional"], className="tag", title=words["limit.provisional.what"])]


def _person(city: City, name: str, lang: str) -> Any:
    """A worker of the roster by name, with a link; anybody else as the source wrote it."""
    if name not in city.roster:
        return name
    return html.A(city.roster[name].name, href=with_lang(f"/worker/{name}", lang), className="link")


def _named(entries: Any, key: Any, lang: str) -> str:
    entry = entries.get(key)
    return str(key or "") if entry is None else str((entry.name_en or entry.name) if lang == "en" else entry.name)


def _trail_head(data: Json, words: Words) -> html.Div:
    note = words["trail.note"].format(n=len(data["trail"]))
    return html.Div([html.H2(words["trail"]), html.Span(note, className="t3")], className="section-head")


def _trail(city: City, data: Json, words: Words, lang: str) -> html.Ol:
    return html.Ol([_step(city, step, words, lang) for step in reversed(data["trail"])], className="trail")


def _step(city: City, step: Json, words: Words, lang: str) -> html.Li:
    fields = step["fields"]
    said = [step["note"] or fields.get("text", "")]
    if fields.get("category"):
        said.append(f"{words['field.category']} {_named(city.matters, fields['category'], lang)}")
    person = _named(city.roster, step["handler"] or fields.get("reporter", ""), "zh")
    who = " · ".join(part for part in (_named(city.departments, step["department"], lang), person, step["source"]) if part)
    at = (
        [html.B("—"), html.Span(words["time_unknown"])]
        if step["at_unknown"]
        else [fmt("hm", step["at_ms"], className="at"), fmt("monthDay", step["at_ms"], className="t3")]
    )
    said.append(step["clock_wrong"])
    kind = "first" if step["status"] == "reported" else "done" if step["stage"] == 5 else "out" if step["stage"] < 0 else "step"
    return html.Li(
        [
            html.Span(at, className="when"),
            html.I(className=f"knot knot-{kind}"),
            html.Div(
                [
                    html.Div([html.B(words[f"status.{step['status']}"]), html.Span(who)], className="what"),
                    html.P(" · ".join(part for part in said if part)) if any(said) else None,
                ]
            ),
        ]
    )


def _around_head(data: Json, words: Words) -> html.Div:
    note = words["around.note"].format(workers=len(data["workers"]), feeds=len(data["feeds"]))
    return html.Div([html.H2(words["around"]), html.Span(note, className="t3")], className="section-head")


def _load(city: City, row: Json, words: Words, lang: str) -> html.Span:
    """How many orders somebody near has in hand, which they open."""
    text, of = words["orders_n"].format(n=row["open_orders"]), {"handler": row["worker"]}
    number = proof.nested(city, words, lang, "open", row["open_orders"], of, row["counted_at_ms"], text)
    return html.Span(number, className="num")


def _around(city: City, settings: Settings, data: Json, words: Words, lang: str, place: bool) -> list[Any]:
    if not place:
        return [html.P(words["empty.place"], className="empty around-empty")]
    near = [
        html.A(
            [
                html.B(row["letter"]),
                html.B(row["name"]),
                html.Span(words[f"role.{row['role']}"]),
                fmt("metres", row["distance_m"], className="num"),
                html.Span(words[f"state.{row['presence']}"]),
                _load(city, row, words, lang),
            ],
            href=with_lang(f"/worker/{row['worker']}", lang),
            className="list-row near-row",
        )
        for row in data["workers"][:NEAR_WORKERS]
    ]
    feeds = [
        html.Div(
            [
                sign(f"feed-{row['status']}"),
                html.B(row["name"]),
                html.Span(row["unheard"] or words[f"feed.{row['status']}"], className="warn" if row["unheard"] else ""),
                fmt("metres", row["distance_m"], className="num"),
            ],
            className="list-row feed-row",
        )
        for row in data["feeds"][:NEAR_FEEDS]
    ]
    return [
        city_map(ids.ORDER_MAP, city, settings, words),
        html.Div(
            [
                html.Div(near or [html.P(words["empty.near"], className="empty")], className="listing"),
                html.Div(feeds, className="listing") if feeds else None,
            ],
            className="around-lists",
        ),
    ]
