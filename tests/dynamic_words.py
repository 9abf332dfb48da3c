"""Every beginning of a word's key to which code adds the rest, and what may be added: what feeds it, not what a catalogue has.

("flag.", "") is `words[f"flag.{name}"]` and `w('flag.' + name)`; ("figure.", ".what") has an end too. A value is everything
that can be added: of the enum or table that feeds it, or, where a list in a script does, that list. FREE: it comes from
outside, and whoever looks it up says something else where there is no word. RENDERED: a list in the layout itself feeds it, all
of which any rendering looks up (`words[…]` raises), and a test renders it.
"""

from collections.abc import Iterable
from enum import IntEnum, IntFlag
from typing import Final, get_args

from config import city_model, faults
from config.panels import PANELS
from dashboard import api, filters, screens, sourcewatch
from dashboard.bulletins import content
from dashboard.live import said
from dashboard.review import view
from dashboard.uploads import STATUS as UPLOADS
from dashboard.wall import cases, supervision
from domain import (
    actions,
    calendar,
    clocks,
    counts,
    facts,
    indicators,
    judging,
    lifecycle,
    notices,
    people,
    states,
    stints,
    tallies,
    workcalendar,
)
from domain.worktime import LimitKind
from ingest.sources import feeds
from layouts import device_words, statistics
from store import audit
from store import bulletins as published

FREE: Final = "free"
RENDERED: Final = "rendered"
Rest = Iterable[str] | str


def named(flags: type[IntFlag] | type[IntEnum]) -> list[str]:
    return [flag.name.lower() for flag in flags if flag.name]


def of(text: str) -> list[str]:
    return text.split()


FEEDS: Final = set(feeds.STATUS_OF.values())
CLOCKS: Final = (*actions.LIMITED, clocks.TOTAL)
ASKED: Final = {
    name
    for row in (*actions.TABLE, *actions.AFTER_CLOSING)
    for name in (*(part for need in row.needs for part in need.split("|")), *actions.TELLS.get(row.action, ()))
    if set(row.who) - {"rule"}
} - actions.FOUND_OUT
MONTHS: Final = [str(month) for month in range(1, 13)]
YES_NO: Final = actions.ANSWERS["solved"]
TALLIES: Final = {*tallies.SUMS, *tallies.CALL_RATES, *tallies.RATED, *tallies.INDICES}

DYNAMIC: Final[dict[tuple[str, str], Rest]] = {
    ("action.", ""): actions.ACTIONS,
    ("alarm.fact.", ""): of("order category status grid department handler source limit"),
    ("ask.", ""): ASKED - {"lon", "lat", "region", "self_handled"},  # a desk asks for a place by its map
    ("ask.", ".${each}"): FREE,  # the four below
    ("ask.", ".${life[key]}"): FREE,
    ("ask.contacted.", ""): YES_NO,
    ("ask.quality.", ""): of("1 2 3 4"),
    ("ask.result.", ""): {result for results in actions.RESULTS.values() for result in results},
    ("ask.satisfaction.", ""): actions.SATISFACTION,
    ("ask.solved.", ""): YES_NO,
    ("audit.what.", ""): audit.WHAT,
    ("basis.", ""): counts.BASES,
    ("bulletins.changes.", ""): RENDERED,
    ("bulletins.col.", ""): RENDERED,
    ("bulletins.group.", ""): FREE,
    ("bulletins.kind.", ""): published.KINDS,
    ("bulletins.part.", ""): RENDERED,
    ("bulletins.period.", ""): published.KINDS,
    ("bulletins.sheet.", ""): content.BYS,
    ("bulletins.step.", ""): of("waiting counting comparing storing xlsx_zh pdf_zh xlsx_en pdf_en done failed"),
    ("by.", ""): {*view.CHOICES["by"], *statistics.GROUPINGS},
    ("cameras.head.", ""): of("all online frozen offline"),
    ("cameras.way.", ""): of("n ne e se s sw w nw"),
    ("card.", ""): of("yellow red"),
    ("card_state.", ""): of("given answered appealed upheld withdrawn"),
    ("cases.age.", ""): of("h d"),
    ("cases.age_over.", ""): of("h d"),
    ("cases.age_under.", ""): of("h d"),
    ("cases.level.", ""): supervision.LEVELS,
    ("cases.said.", ""): supervision.ANSWERS,
    ("cases.series.", ""): cases.SERIES,
    ("cases.stage.", ""): {*stints.STAGES, "hanging", "evaluate"},
    ("calendar.", ""): set(get_args(workcalendar.Standing)) - {"known"},
    ("cases.trouble.", ""): cases.TROUBLES,
    ("clock_wrong.", ""): (*device_words.UNITS, *device_words.WHOSE),
    ("channel.", ""): FREE,
    ("closed_of.", ""): of("closure_rate completion_rate closed_of_reported settlement_rate"),
    ("column.", ""): RENDERED,
    ("counter.", ""): of("reported registered closed open overdue closure on_time online_workers visited_grids feeds_online"),
    ("desk.asked.", ""): of("defer hang"),
    ("desk.at.", ""): actions.OPEN,
    ("desk.co.", ""): of("dispatched handling feedback returned"),
    ("desk.column.", ""): of("rank title place source unit holder at age_ms due_ms used id"),
    ("desk.fact.", ""): of(
        "category source region address lead co holder rule satisfaction contacted solved quality merged_into citizen"
    ),
    ("desk.news.", ""): of("new changed"),
    ("desk.show.", ""): of("all mine intake dispatch handle check red yellow supervised"),
    ("desk.side.", ""): of("duty around"),
    ("desk.times.", ""): of("returned reworked reopened urged deferred hung redispatched"),
    ("fact.", ""): RENDERED,
    ("feed.", ""): FEEDS,
    ("field.", ""): FREE,
    ("figure.", ""): indicators.DEFINITIONS,
    ("figure.", ".what"): indicators.DEFINITIONS,
    ("file.", ""): UPLOADS,
    ("filter.", ""): {*filters.WORD_PARAMS, "kind", "flag", "text"},
    ("fix.", ""): named(facts.FixFlag),
    ("flag.", ""): named(states.WorkerFlag),
    ("handset.asked.", ""): of("defer hang"),
    ("handset.field.", ""): ASKED,
    ("handset.orders.", ""): of("handle check report"),
    ("handset.position.", ""): of("off asking on denied insecure lost none"),
    ("handset.result.", ""): {
        *(f"{action}.{result}" for action, results in actions.RESULTS.items() for result in results),
        *(f"{field}.{said}" for field, answers in actions.ANSWERS.items() for said in answers),
    },
    ("handset.theme.", ""): of("auto light dark"),
    ("kind.", ""): counts.KINDS,
    ("lane.", ""): of("patrol grid order report speed battery"),
    ("legend.", ""): RENDERED,
    ("light.", ""): of("green yellow red"),
    ("limit.", ""): get_args(LimitKind),
    ("month.", ""): MONTHS,
    ("notices.state.", ""): (notices.WAITING, notices.DELIVERED, notices.FAILED),
    ("notices.why.", ""): notices.WHY,
    ("order_fact.", ""): RENDERED,
    ("order_flag.", ""): named(states.OrderFlag),
    ("origin.", ""): {definition.origin for definition in indicators.DEFINITIONS.values()},
    ("panel.", ""): PANELS,
    ("period.", ""): (*calendar.PERIODS, "custom"),
    ("page.no_", ""): get_args(api.Thing),
    ("proof.", ""): RENDERED,
    ("refusal.", ""): judging.REASONS,
    ("refused.", ""): said.REFUSED_WATCH,
    ("review.", ""): of("worker grid month quarter year"),
    ("review.basis.", ""): RENDERED,
    ("review.best.", ""): RENDERED,
    ("review.heat.", ""): of("time"),
    ("review.per.", ""): of("day week month"),
    ("review.stage.", ""): stints.STAGES,
    ("review.tick.", ""): MONTHS,
    ("review.unit.", ""): RENDERED,
    ("role.", ""): city_model.ROLES,
    ("score.", ""): FREE,
    ("screens.failed.kind.", ""): faults.KINDS,
    ("screens.fault.", ""): screens.FAULTS,
    ("force.best_", ""): of("worker grid"),
    ("timed.working_", ""): of("stands over left"),
    ("trouble.", ""): sourcewatch.TROUBLES,
    ("search.", ""): of("worker order region feed"),
    ("query.", ""): of("none_of no_time no_part no_parameter order"),
    ("seat.", ""): {*actions.ROLES, *people.PERSON_ROLES},
    ("series.", ""): of("reported closed overdue"),
    ("situation.", ""): of(
        "overdue due_soon out_of_grid frozen_workers frozen_feeds late_sources silent calm lost parts_failed calling_many "
        "starting catching_up store_away refused"
    ),
    ("stage.", ""): (*lifecycle.STAGES, "hanging"),
    ("stage_state.", ""): of("current done skipped to_come"),
    ("state.", ""): named(states.Presence),
    ("status.", ""): lifecycle.STATUSES,
    ("stint.", ""): stints.STAGES,
    ("supervise.kind.", ""): supervision.KINDS,
    ("supervise.step.", ""): of("overdue urged yellow red"),
    ("tab.", ""): RENDERED,
    ("tally.", ""): TALLIES,
    ("tally.", ".what"): TALLIES,
    ("timed.", ""): CLOCKS,
    ("view.", ""): statistics.VIEWS,
    ("watchdog.why.", ""): of("fps heap nodes"),
    ("week.", ""): of("mon tue wed thu fri sat sun"),
}
