"""/status: all open screens of the asker's scope and how they fare, as the server knows and as its watchdog tells; and what has
failed in this process.

What a screen tells of itself is shown, never believed: nothing hangs on it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, render_template

from config.city_calendar import CalendarNews, calendar_news
from config.settings import Settings
from config.words import text, words
from dashboard import sourcestates
from dashboard.access import need, person
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json, region_name
from dashboard.doors import home_of, language
from dashboard.faultapi import listed
from dashboard.screenlinks import scene_name
from dashboard.sight import Sight, sight
from domain.calendar import day_at, local_at
from store import unfoldable
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.hall import Hall

LATE_MS: Final = 15_000  # a screen that is served hears of us every five seconds
STUCK_MS: Final = 10_000
SKEW_MS: Final = 2_000
LEAST_FPS: Final = 15
TROUBLE_SHOWN: Final = 100
UNTOLD_MS: Final = 60_000  # its watchdog speaks every ten seconds
AGENTS: Final = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def register(app: Flask, hall: "Hall", settings: Settings) -> None:
    """/status and /api/v1/screens."""

    def asked() -> list[Json]:
        need("screens")
        return seen_screens(sight(hall), app.extensions["gridhall"].screens())

    def api() -> Any:
        items, news = asked(), news_of(hall)
        told = {
            "as_of_ms": hall.now_ms(), "items": items, "calendar": news and msgspec.to_builtins(news),
            "trouble": trouble(sight(hall), language(settings)),
        }  # fmt: skip
        return json_response(told, 200, hall.city)

    def page() -> Any:
        items, lang = asked(), language(settings)
        rows = [spoken(hall, item, lang) for item in items]
        told = sourcestates.spoken(hall, lang)
        return render_template(
            "status.html", lang=lang, w=words(lang), city=hall.city.title_en if lang == "en" else hall.city.title,
            title=words(lang)["screens.title"], page="status", home=home_of(person()), rows=rows, admin=person().may("admin"),
            walls=sum(row["is_wall"] for row in rows), faulty=sum(bool(row["faults"]) for row in rows),
            now=_civil(hall, hall.now_ms())[-8:], sources=told, moment=lambda at_ms: _civil(hall, at_ms)[5:] if at_ms else "–",
            trouble=trouble(sight(hall), lang),
            failed=[_fault_row(hall, one) for one in listed(hall, sight(hall))],
            calendar=calendar_said(hall, lang),
        )  # fmt: skip

    app.add_url_rule("/api/v1/screens", "api_screens", refusals_spoken(hall, api))
    app.add_url_rule("/status", "status", refusals_spoken(hall, page))


def news_of(hall: "Hall") -> CalendarNews | None:
    """What is to be said of the city's holidays today."""
    return calendar_news(hall.city, day_at(hall.now_ms(), hall.city.zone))


def calendar_said(hall: "Hall", lang: str) -> str:
    """What is to be said of the city's holidays: until when they are known, where that is soon over, or was; "" nothing."""
    news = news_of(hall)
    return text(lang, f"calendar.{news.standing}", day=news.known_until) if news else ""


def seen_screens(seen: Sight, screens: list[Json]) -> list[Json]:
    """The screens of people whose scope lies in the asker's, walls first, each with its `faults` (keys of screens.fault.*).

    The id of a connection is told to nobody.
    """
    mine = [one for one in screens if seen.inside(one["scope"] or seen.hall.city.root)]
    told = [{key: value for key, value in one.items() if key != "sid"} for one in mine]
    for one in told:
        one["faults"] = faults(one, seen.now_ms())
    return sorted(told, key=lambda one: (not is_wall(one), one["name"], one["connected_ms"]))


def is_wall(screen: Mapping[str, Any]) -> bool:
    """Whether a screen shows a wall: it says so by its scene."""
    return bool((screen["health"] or {}).get("scene")) or "wall" in screen["roles"]


FAULTS: Final = ("stuck", "untold", "silent", "late", "slow", "skew", "renewed")


def faults(screen: Mapping[str, Any], now_ms: int) -> list[str]:
    """What is not as it should be, of FAULTS, worst first."""
    health = screen["health"]
    found = ["stuck"] if screen["in_flight_ms"] > STUCK_MS else []
    if health is None:
        return found + (["untold"] if now_ms - screen["connected_ms"] > UNTOLD_MS else [])
    late = (health["last_message_age_ms"] or 0) > LATE_MS
    found += ["silent"] if now_ms - screen["health_ms"] > UNTOLD_MS else []
    found += ["late"] if late else []
    found += ["slow"] if health["fps"] is not None and health["fps"] < LEAST_FPS else []
    found += ["skew"] if abs(health["skew_ms"] or 0) > SKEW_MS else []
    return found + (["renewed"] if health["renewals"] else [])


def trouble(seen: Sight, lang: str) -> list[Json]:
    """What this program itself could not take, the newest first: {what, about, error, since}, at most TROUBLE_SHOWN.

    Facts set aside in the store, and rows that no screen of this process shows. It knows no regions, so only who sees
    everything is told; the line of the sources tells everybody how many there are.
    """
    if not seen.everything:
        return []
    said, hall = words(lang), seen.hall
    with hall.lock:
        rows = list(hall.skipped.rows.values())
    found = [(one.at_ms, said["trouble.row"], f"{one.table} {one.name}", one.error) for one in rows]
    try:
        held = [] if hall.store is None else [one for _, one in unfoldable.held(hall.store, TROUBLE_SHOWN)]
    except StoreError:
        held = []
    found += [(one.at_ms, said["trouble.fact"], f"{one.source} {one.kind} {one.about}", one.error) for one in held]
    newest = sorted(found, reverse=True)[:TROUBLE_SHOWN]
    return [
        {"what": what, "about": about, "error": error, "since": _civil(hall, at_ms)}
        for at_ms, what, about, error in newest
    ]


# as people read it


def spoken(hall: "Hall", screen: Json, lang: str) -> Json:
    """A screen as texts of one language."""
    said, health = words(lang), screen["health"] or {}
    scene = hall.city.scenes.scenes.get(health.get("scene", ""))
    return {
        "name": screen["title"] or screen["name"],
        "login": screen["name"],
        "is_wall": is_wall(screen),
        "scope": region_name(hall.city, screen["region"] or screen["scope"] or hall.city.root, lang),
        "showing": scene_name(scene, lang) if scene else health.get("path") or "–",
        "place": screen["address"],
        "agent": agent_name(screen["agent"]),
        "since": _civil(hall, screen["connected_ms"])[5:-3],
        "canvas": f"{health['width']} × {health['height']} @{health['dpr']:g}" if health.get("width") else "–",
        "fps": _number(health.get("fps")),
        "heap": _number(health.get("heap_mb")),
        "age": _number(health.get("last_message_age_ms"), 1000, 1),
        "skew": _number(health.get("skew_ms"), 1000, 1, "+"),
        "acked": _number(max(hall.now_ms() - screen["acked_ms"], 0) if screen["acked_ms"] else None, 1000),
        "sent": f"{screen['frames']:,} · {screen['bytes'] / 1e6:,.1f} MB",
        "renewals": health.get("renewals", 0),
        "why": health.get("why", ""),
        "faults": [said[f"screens.fault.{key}"] for key in screen["faults"]],
    }


def _fault_row(hall: "Hall", fault: Json) -> Json:
    """A fault of this process with its instants as people read them."""
    return {**fault, **{key: _civil(hall, fault[f"{key}_at_ms"])[5:] for key in ("first", "last")}}


def _number(value: float | None, per: float = 1, digits: int = 0, sign: str = "") -> str:
    if value is None:
        return "–"
    shown = round(value / per, digits)
    return f"{shown or 0:{sign if shown else ''}.{digits}f}"  # no minus before a zero


def _civil(hall: "Hall", at_ms: int) -> str:
    return local_at(at_ms, hall.city.zone).strftime("%Y-%m-%d %H:%M:%S")


def agent_name(agent: str) -> str:
    """Browser and version of a User-Agent: Chrome 140; its first word where that is none that we know."""
    for mark, name in AGENTS:
        _, found, rest = agent.partition(mark)
        if found:
            return f"{name} {rest.split('.')[0].split(' ')[0]}"
    return agent.split(" ")[0][:40]
