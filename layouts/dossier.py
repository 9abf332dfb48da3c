"""The worker dossier: who, the day's track, what the day amounts to, problems and orders, one timeline."""

from typing import Any

from dash import dcc, html

from config.city_model import City
from config.settings import Settings
from layouts import ids, proof
from layouts.page_config import json_text
from layouts.parts import Words, city_map, fmt, left, order_mark, percent, sign, status_bar, top_bar, with_lang

Json = dict[str, Any]
SPEEDS = (1, 5, 20, 60)
SAID = ("clock_wrong", "sos")
"""Flags that are said in a sentence of their own."""


def build(city: City, settings: Settings, lang: str, words: Words, data: Json) -> html.Div:
    """The page of one worker on one day. `data`: `dashboard.query.worker_dossier`."""
    worker = data["worker"]
    here = f"/worker/{worker['worker']}?day={data['day']}"
    return html.Div(
        [
            top_bar(city, words, lang, "people"),
            _who(data, words, lang),
            html.Div(
                [
                    sos_bar(data["worker"], words),
                    city_map(ids.DOSSIER_MAP, city, settings, words),
                    _tools(data, words),
                    _legend(words),
                ],
                className="worker-map",
            ),
            html.Aside(
                [_duty(data, words), _problems(city, data, words, lang), _orders(city, data, words, lang)],
                className="worker-duty",
            ),
            html.Section(
                id=ids.DOSSIER_TIME,
                className="worker-time",
                **{"data-panel": "timeline", "aria-label": words["timeline"]},
            ),
            status_bar(words, lang, here),
            html.Script(json_text(without_phone(data)), id=ids.DOSSIER_DATA, type="application/json"),
        ],
        id=ids.DOSSIER,
        className="worker desk-page",
        **{"data-tables": "worker", "data-page": "dossier"},
    )


def _plain_flags(worker: Json) -> list[str]:
    return [flag for flag in worker["flags"] if flag not in SAID]


def sos_bar(worker: Json, words: Words) -> html.Div:
    """The alarm that stands: since when, the last good place, and the answer of whoever may give one; the script draws on."""
    since_ms = worker["sos_at_ms"]
    place = [words["sos.no_place"]]
    if worker["fixed_at_ms"]:
        before, _, after = words["sos.place"].partition("{at}")
        place = [before, fmt("agoAt", worker["fixed_at_ms"]), after]
    before, _, after = words["sos.stands"].partition("{at}")
    said = [html.B([before, fmt("moment", since_ms), after]), html.Span(place)] if since_ms else []
    standing = {"data-panel": "sos", "data-worker": worker["worker"], "data-since": str(since_ms or "")}
    return html.Div(said, className="sos-bar", role="alert", **standing)


def without_phone(data: Json) -> Json:
    """The dossier without the worker's phone number: the page has no use for it, so it does not leave the server."""
    return {**data, "worker": {key: value for key, value in data["worker"].items() if key != "phone"}}


def _who(data: Json, words: Words, lang: str) -> html.Div:
    worker = data["worker"]
    heading = worker["heading_deg"] if worker["heading_deg"] is not None else 45
    where = worker["grid_name"] or worker["region_name"]
    facts = [
        (
            "state",
            html.Span(words[f"state.{worker['presence']}"], className=f"state-{worker['presence']}", **{"data-live": "state"}),
        ),
        ("last_fix", fmt("agoAt", worker["fixed_at_ms"], **{"data-live": "fixed"})),
        ("accuracy", fmt("metres", worker["accuracy_m"], **{"data-live": "accuracy"})),
        ("distance", fmt("metres", data["length_m"])),
        ("battery", html.Span(percent(worker["battery_pct"]), **{"data-live": "battery"})),
    ]
    return html.Div(
        [
            sign(f"worker-{worker['role']}-{worker['presence']}-{heading:.0f}", className="who-sign"),
            html.Div(
                [
                    html.Div(
                        [
                            html.H1(worker["name"], className="who-name"),
                            html.Span(" · ".join(filter(None, (words[f"role.{worker['role']}"], where)))),
                        ],
                        className="who-line",
                    ),
                    html.Div(
                        [
                            html.Span(f"{words['worker_id']} {worker['worker']}"),
                            html.Span([words["now_in"], " ", worker["region_name"]]) if worker["region_name"] else None,
                            *(html.Span(words[f"flag.{flag}"], className="warn") for flag in _plain_flags(worker)),
                            html.Span(worker["clock_wrong"], className="warn") if worker["clock_wrong"] else None,
                        ],
                        className="who-second",
                    ),
                ],
                className="who-names",
            ),
            html.Dl(
                [html.Div([html.Dt(words[f"fact.{key}"]), html.Dd(value)]) for key, value in facts],
                className="who-facts",
            ),
        ],
        className="who",
    )


def _tools(data: Json, words: Words) -> html.Div:
    speeds = [
        html.Button(f"{speed}×", type="button", className="button", **{"data-speed": str(speed), "aria-pressed": "false"})
        for speed in SPEEDS
    ]
    return html.Div(
        [
            html.Button(words["day.today"], type="button", className="button", **{"data-day": "today"}),
            html.Button(words["day.before"], type="button", className="button", **{"data-day": "before"}),
            dcc.Input(
                id=ids.DOSSIER_DAY,
                type="text",
                className="field",
                value=data["day"],
                debounce=True,
                maxLength=10,
                pattern=r"\d{4}-\d{2}-\d{2}",
            ),
            html.Button(words["playback"], type="button", className="button", **{"data-play": "", "aria-pressed": "false"}),
            *speeds,
            html.Button(words["raw_points"], type="button", className="button", **{"data-raw": "", "aria-pressed": "false"}),
        ],
        className="map-tools",
    )


def _legend(words: Words) -> html.Div:
    lines = ("patrol1", "patrol2", "out", "gap", "own")
    return html.Div(
        [html.Span([html.I(className=f"key-line key-{key}"), words[f"legend.{key}"]]) for key in lines]
        + [html.Span([sign("order-green"), words["legend.problem"]])],
        className="map-legend",
    )


def _row(name: str, figure: Any, note: Any, share: float | None = None, light: str = "none") -> html.Div:
    bar = [] if share is None else [html.I(className=f"fill-{light}", style={"width": f"{share * 100:.1f}%"})]
    return html.Div(
        [
            html.Span(name, className="name"),
            html.B(figure),
            html.Span(note, className="t3"),
            sign({"ok": "light-green", "warn": "light-yellow", "bad": "light-red"}.get(light, "light-none")),
            html.Span(bar, className="bar track" if share is not None else "bar"),
        ],
        className="duty-row",
    )


def _duty(data: Json, words: Words) -> html.Section:
    tracked, inside = data["tracked_s"], data["in_grid_s"]
    outside = sum(part["seconds"] for part in data["out_of_grid"])
    hidden = sum(part["seconds"] for part in data["gaps"])
    reasons = sorted({reason for fix in data["set_aside"] for reason in fix["reasons"] if f"fix.{reason}" in words})
    share = inside / tracked if tracked else None
    rows = [
        _row(words["duty.tracked"], fmt("duration", tracked), words["duty.fixes"].format(n=f"{data['fixes']:,}")),
        _row(
            words["duty.in_grid"],
            fmt("duration", inside),
            f"{share * 100:.1f}%" if share is not None else "—",
            share,
            "none" if share is None else "ok" if not data["out_of_grid"] else "warn",
        ),
        _row(words["duty.out"], str(len(data["out_of_grid"])), fmt("duration", outside), None, "bad" if outside else "ok"),
        _row(words["duty.gaps"], str(len(data["gaps"])), fmt("duration", hidden), None, "warn" if hidden else "ok"),
        _row(words["duty.length"], fmt("metres", data["length_m"]), words["duty.stops"].format(n=len(data["stops"]))),
        _row(
            words["duty.set_aside"],
            str(len(data["set_aside"])),
            " · ".join(words[f"fix.{reason}"] for reason in reasons),
            None,
            "warn" if data["set_aside"] else "ok",
        ),
    ]
    head = html.Div(
        [html.H2(words["duty"]), html.Span([words["as_of"], " ", fmt("hms", data["last_at_ms"])], className="t3")],
        className="section-head",
    )
    return html.Section([head, *rows], className="duty")


def _problems(city: City, data: Json, words: Words, lang: str) -> html.Section:
    today = found_on_day(data)
    others = [p for p in data["problems"] if p not in today]
    rows = [_problem(number, row, words, lang) for number, row in enumerate(today, 1)]
    rows += [_problem(None, row, words, lang) for row in others[:20]]
    count, note = problems_on_day(city, data, words, lang), problems_note(city, data, words, lang)
    return _listing(words["problems"], count, note, rows, words["empty.problems"], "problems")


def problems_on_day(city: City, data: Json, words: Words, lang: str) -> html.A:
    """How many problems the worker reported on the day."""
    day = {"reporter": data["worker"]["worker"], "from": data["from_ms"], "to": data["to_ms"]}
    return proof.counted(city, words, lang, "reported", data["problems_on_day"], day, data["counted_at_ms"])


def problems_note(city: City, data: Json, words: Words, lang: str) -> list[Any]:
    """当日 {day} · 共 {all}, each number opening its orders."""
    ever = {"reporter": data["worker"]["worker"]}
    total = proof.counted(city, words, lang, "reported", data["problems_total"], ever, data["counted_at_ms"])
    return proof.filled(words["list.note"], {"day": problems_on_day(city, data, words, lang), "all": total})


def orders_note(city: City, data: Json, words: Words, lang: str) -> list[Any]:
    """在办 {open} · 已结束 {closed}, each number opening its orders."""
    own, at_ms, doing = {"handler": data["worker"]["worker"]}, data["counted_at_ms"], data["orders_open"]
    doing_link = proof.counted(city, words, lang, "open", doing, own, at_ms)
    ended = proof.counted(city, words, lang, "reported", data["orders_total"] - doing, own | {"open": "0"}, at_ms)
    return proof.filled(words["list.orders_note"], {"open": doing_link, "closed": ended})


def found_on_day(data: Json) -> list[Json]:
    """What the worker reported on the day itself, in order; these carry numbers, here and on the map."""
    found = (p for p in data["problems"] if data["from_ms"] <= p["reported_at_ms"] < data["to_ms"])
    return sorted(found, key=lambda p: p["reported_at_ms"])


def _problem(number: int | None, row: Json, words: Words, lang: str) -> html.A:
    return html.A(
        [
            sign(order_mark(row)),
            html.Span("" if number is None else str(number), className="t3"),
            html.B(row["title"]),
            html.Span(" · ".join(filter(None, (words[f"status.{row['status']}"], row["department_name"])))),
            fmt("hm" if number is not None else "moment", row["reported_at_ms"], className="num"),
        ],
        href=with_lang(f"/order/{row['order']}", lang),
        className="list-row problem-row",
    )


def _orders(city: City, data: Json, words: Words, lang: str) -> html.Section:
    rows = [_order(row, words, lang) for row in sorted(data["orders"], key=lambda row: not row["open"])[:40]]
    own = {"handler": data["worker"]["worker"]}
    total = proof.counted(city, words, lang, "reported", data["orders_total"], own, data["counted_at_ms"])
    return _listing(words["orders"], total, orders_note(city, data, words, lang), rows, words["empty.worker_orders"], "orders")


def _order(row: Json, words: Words, lang: str) -> html.A:
    last: Any = ""
    if row["open"]:
        last = left(row) if row["deadline_at_ms"] else words[f"status.{row['status']}"]
    elif row["closed_at_ms"]:
        last = [words[f"status.{row['status']}"], " ", fmt("moment", row["closed_at_ms"])]
    return html.A(
        [
            sign(f"light-{row['light']}" if row["open"] else order_mark(row)),
            html.B([words[f"status.{row['status']}"] if row["open"] else "", " ", row["title"]]),
            html.Span(last, className="num" + (" bad" if row["light"] == "red" else "")),
        ],
        href=with_lang(f"/order/{row['order']}", lang),
        className="list-row order-row",
    )


def _listing(title: str, count: html.A, note: list[Any], rows: list[Any], empty: str, name: str) -> html.Section:
    head = html.Div([html.H2([f"{title} ", count]), html.Span(note, className="t3")], className="section-head")
    body = rows or [html.P(empty, className="empty")]
    return html.Section([head, html.Div(body, className="listing")], className=f"dossier-list list-{name}")
