"""Each source for operators: its two clocks, what of it was taken, refused and left out, and whether its clocks are wrong.

GET /api/v1/sources, and a table on /status.
"""

from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response

from config.words import words
from dashboard.access import need
from dashboard.api import json_response, refusals_spoken
from dashboard.briefs import Json
from dashboard.doors import language
from dashboard.sourcewatch import PEOPLE, is_late
from layouts.device_words import wrong_by
from store.errors import StoreError, StoreUnavailable
from store.sources import count_dropped, count_rejects, sources

if TYPE_CHECKING:
    from config.settings import Settings
    from dashboard.hall import Hall
    from store.store import Store

MISDATED: Final = ("future", "past", "clock_wrong")
"""What is counted of facts whose clock was not believed; of a fix it may stand beside other reasons."""

MOST_REASONS: Final = 5


def register(app: Flask, hall: "Hall", settings: "Settings") -> None:
    """Add the route."""

    def asked() -> Response:
        need("screens")
        if hall.store is None:
            raise StoreUnavailable("there is no store")
        items = source_states(hall.store, hall.now_ms(), hall.city.limits.silent_after_s, language(settings))
        return json_response({"as_of_ms": hall.now_ms(), "items": items}, 200, hall.city)

    app.add_url_rule("/api/v1/sources", "api_sources", refusals_spoken(hall, asked))


def source_states(store: "Store", now_ms: int, silent_after_s: float, lang: str) -> list[Json]:
    """[{name, last_at_ms, beat_at_ms, late, taken, misdated, refused, refused_for, left_out, left_out_for, clock_wrong_ms,
    clock_wrong_at_ms, clock}] by name. `…_for`: {reason: number}, the most frequent. `clock`: by how much that of its newest
    misdated fact is wrong, in words. Raises StoreUnavailable.
    """
    seen, counts, wrong = store.seen(), store.counts(), store.wrong_clocks()
    refused, dropped = count_rejects(store), count_dropped(store)
    known = {*sources(store), *(name for name, _ in (*seen, *refused, *dropped)), *wrong} - PEOPLE
    return [
        {
            "name": name,
            "last_at_ms": seen.get((name, "data")),
            "beat_at_ms": seen.get((name, "beat")),
            "late": is_late(seen, name, now_ms, silent_after_s * 1000),
            "taken": sum(number for (source, _, _), number in counts.items() if source == name),
            "misdated": sum(n for (source, _, outcome), n in counts.items() if source == name and _is_misdated(outcome)),
            **_reasons("refused", name, refused),
            **_reasons("left_out", name, dropped),
            "clock_wrong_ms": wrong[name][0] if name in wrong else None,
            "clock_wrong_at_ms": wrong[name][1] if name in wrong else None,
            "clock": wrong_by(words(lang), wrong[name][0]) if name in wrong else "",
        }
        for name in sorted(known)
    ]


def _is_misdated(outcome: str) -> bool:
    return any(reason in MISDATED for reason in outcome.split("+"))


def _reasons(key: str, name: str, counts: dict[tuple[str, str], int]) -> Json:
    mine = {reason: number for (source, reason), number in counts.items() if source == name}
    most = sorted(mine, key=lambda reason: -mine[reason])[:MOST_REASONS]
    return {key: sum(mine.values()), f"{key}_for": {reason: mine[reason] for reason in most}}


def spoken(hall: "Hall", lang: str) -> list[Json] | None:
    """The rows of the table on /status; None while the store does not answer."""
    if hall.store is None:
        return None
    try:
        found = source_states(hall.store, hall.now_ms(), hall.city.limits.silent_after_s, lang)
    except StoreError:
        return None
    return [{**row, **{f"{key}_for": _listed(row[f"{key}_for"]) for key in ("refused", "left_out")}} for row in found]


def _listed(reasons: dict[str, Any]) -> str:
    return " · ".join(f"{reason} {number:,}" for reason, number in reasons.items())
