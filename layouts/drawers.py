"""What opens over the wall when something is picked: a worker, an order, a video feed in short."""

from typing import Any

from dash import html

from config.city_model import City
from layouts import ids
from layouts.dossier import found_on_day, orders_note, problems_note, sos_bar, without_phone
from layouts.page_config import json_text
from layouts.parts import Words, fmt, left, order_mark, percent, sign, with_lang

Json = dict[str, Any]
ROWS = 6


def worker_drawer(city: City, words: Words, lang: str, data: Json) -> list[Any]:
    """The short dossier that opens over the wall."""
    worker = data["worker"]
    heading = worker["heading_deg"] if worker["heading_deg"] is not None else 45
    problems, orders = _problems(city, data, words, lang), _orders(city, data, words, lang)
    where = worker["grid_name"] or worker["region_name"]
    facts = [
        ("state", html.Span(words[f"state.{worker['presence']}"], className=f"state-{worker['presence']}")),
        ("last_fix", fmt("agoAt", worker["fixed_at_ms"])),
        ("battery", percent(worker["battery_pct"])),
        ("distance", fmt("metres", data["length_m"])),
        ("in_grid", fmt("duration", data["in_grid_s"])),
        ("accuracy", fmt("metres", worker["accuracy_m"])),
    ]
    return [
        html.Button("×", className="close", type="button", **{"data-close": "", "aria-label": words["close"]}),
        html.Div(
            [
                sign(f"worker-{worker['role']}-{worker['presence']}-{heading:.0f}"),
                html.Div(
                    [
                        html.H2(worker["name"]),
                        html.Div(" · ".join(filter(None, (words[f"role.{worker['role']}"], where)))),
                        html.Div(worker["worker"], className="t3"),
                    ]
                ),
            ],
            className="who",
        ),
        sos_bar(worker, words),
        html.P(worker["clock_wrong"], className="warn") if worker["clock_wrong"] else None,
        html.Dl([html.Div([html.Dt(words[f"fact.{key}"]), html.Dd(value)]) for key, value in facts], className="facts"),
        *problems,
        *orders,
        html.Div(
            [html.A(words["full_dossier"], href=with_lang(f"/worker/{worker['worker']}", lang), className="button primary")],
            className="foot",
        ),
        html.Script(json_text(_for_map(data)), id=ids.DRAWER_TRACK, type="application/json"),
    ]


def _for_map(data: Json) -> Json:
    """What the wall's map draws of the day: track, gaps, stops, what was set aside, the problems found."""
    wanted = ("worker", "track", "gaps", "set_aside", "stops", "out_of_grid")
    return {**{key: without_phone(data)[key] for key in wanted}, "problems": found_on_day(data)}


def _problems(city: City, data: Json, words: Words, lang: str) -> list[Any]:
    """What he found on the day; before that, the latest with their dates. The heading counts both."""
    today = found_on_day(data)
    rows = [_short(row, order_mark(row), fmt("hm", row["reported_at_ms"]), lang) for row in today]
    earlier = [row for row in data["problems"] if row not in today]
    rows += [_short(row, order_mark(row), fmt("moment", row["reported_at_ms"]), lang) for row in earlier]
    return _listing(words["problems"], problems_note(city, data, words, lang), rows, words["empty.problems"])


def _orders(city: City, data: Json, words: Words, lang: str) -> list[Any]:
    """What he has in hand; behind it the latest that ended, with their dates."""
    rows = []
    for row in sorted(data["orders"], key=lambda row: not row["open"]):
        last: Any = words[f"status.{row['status']}"]
        if row["open"] and row["deadline_at_ms"]:
            last = left(row)
        elif not row["open"]:
            last = [last, " ", fmt("moment", row["closed_at_ms"] or row["status_at_ms"])]
        rows.append(_short(row, f"light-{row['light']}" if row["open"] else order_mark(row), last, lang))
    return _listing(words["orders"], orders_note(city, data, words, lang), rows, words["empty.worker_orders"])


def _listing(title: str, note: list[Any], rows: list[html.A], empty: str) -> list[Any]:
    head = html.H3([title, html.Small(note)])
    return [head, html.Ul([html.Li(row) for row in rows[:ROWS]]) if rows else html.P(empty, className="empty")]


def _short(row: Json, mark: str, last: Any, lang: str) -> html.A:
    return html.A(
        [sign(mark), html.B(row["title"]), html.Span(last, className="t3")],
        href=with_lang(f"/order/{row['order']}", lang),
    )


def order_drawer(words: Words, lang: str, data: Json) -> list[Any]:
    """The short form over the wall."""
    order = data["order"]
    clock = (
        left(order)
        if order["open"] and order["deadline_at_ms"]
        else words[f"status.{order['status']}"]
    )
    facts = [
        ("status", words[f"status.{order['status']}"]),
        ("clock", html.Span(clock, className={"red": "bad", "yellow": "warn"}.get(order["light"], ""))),
        ("reported", fmt("moment", order["reported_at_ms"])),
    ]
    return [
        html.Button("×", className="close", type="button", **{"data-close": "", "aria-label": words["close"]}),
        html.Div(
            [
                sign(order_mark(order)),
                html.Div(
                    [
                        html.H2(order["title"]),
                        html.Div(order["place"]),
                        html.Div(order["order"], className="t3"),
                    ]
                ),
            ],
            className="who",
        ),
        html.Dl([html.Div([html.Dt(words[f"order_fact.{key}"]), html.Dd(value)]) for key, value in facts], className="facts"),
        html.P(order["text"], className="order-text") if order["text"] else None,
        html.H3(words["trail"]),
        html.Ul(
            [
                html.Li(
                    html.Div(
                        [
                            html.B(words[f"status.{s['status']}"]),
                            html.Span(s["handler"] or s["department_name"]),
                            fmt("moment", s["at_ms"], className="t3"),
                        ],
                        className="drawer-step",
                    )
                )
                for s in list(reversed(data["trail"]))[:8]
            ]
        ),
        html.Div(
            [html.A(words["full_order"], href=with_lang(f"/order/{order['order']}", lang), className="button primary")],
            className="foot",
        ),
    ]


def feed_drawer(words: Words, feed: Json) -> list[Any]:
    """What is known of one video feed; its address is not shown."""
    unheard = [" ", html.Span(f"▲ {feed['unheard']}", className="warn")] if feed["unheard"] else []
    facts: list[tuple[str, Any]] = [
        ("status", [words[f"feed.{feed['status']}"], *unheard]),
        ("region", feed["region_name"] or "—"),
        ("reported", fmt("moment", feed["status_at_ms"])),
    ]
    return [
        html.Button("×", className="close", type="button", **{"data-close": "", "aria-label": words["close"]}),
        html.Div(
            [
                sign(f"feed-{feed['status']}"),
                html.Div([html.H2(feed["name"]), html.Div(feed["owner"]), html.Div(feed["feed"], className="t3")]),
            ],
            className="who",
        ),
        html.Dl([html.Div([html.Dt(words[f"order_fact.{key}"]), html.Dd(value)]) for key, value in facts], className="facts"),
    ]
