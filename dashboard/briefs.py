"""Rows of the hall as JSON types, with the names that people read. Instants are ms (`*_at_ms`)."""

from typing import TYPE_CHECKING, Any

from config.city_model import RosterEntry
from config.words import words
from domain import masking
from domain.cases import clock_start_ms, marks_of
from domain.clocks import TOTAL
from domain.lifecycle import STATUSES
from domain.states import Feed, Order, OrderFlag, Presence, Worker, WorkerFlag
from domain.videofeeds import unheard_ms
from layouts.device_words import clock_wrong, span

if TYPE_CHECKING:
    from config.city_model import City

Json = dict[str, Any]


def order_brief(city: "City", row: Order, now_ms: int, lang: str = "zh") -> Json:
    """One order in a list."""
    status = STATUSES.get(row.status, STATUSES["reported"])
    return {
        "order": row.order,
        "title": order_title(city, row, lang),
        "status": status.key,
        "stage": status.stage,
        "open": not status.final,
        "closed": status.closed,
        "light": light(row, now_ms),
        "reported_at_ms": row.reported_at_ms,
        "accepted_at_ms": row.accepted_at_ms,
        "registered_at_ms": row.registered_at_ms,
        "closed_at_ms": row.closed_at_ms,
        "status_at_ms": row.status_at_ms,
        "deadline_at_ms": row.deadline_at_ms,
        **dict(zip(("yellow_at_ms", "red_at_ms"), marks_of(row) if not status.final else (None, None), strict=True)),
        "provisional": is_provisional(row),
        "deadline_provisional": deadline_provisional(row),
        "on_time": row.on_time,
        "region": row.region,
        "region_name": region_name(city, row.region, lang),
        "department": row.department,
        "department_name": department_name(city, row.department, lang),
        "category": row.category,
        "category_name": matter_name(city, row.category, lang),
        "source": row.channel or row.source,
        "channel": row.channel,
        "ingest_source": row.source,
        "lon": row.lon,
        "lat": row.lat,
        "address": row.address,
        "place": place_of(city, row, lang),
        "reporter": row.reporter,
        "handler": row.handler,
        "reporter_name": staff_name(city, row.reporter),
        "handler_name": staff_name(city, row.handler),
        "flags": [flag.name.lower() for flag in OrderFlag if row.flags & flag and flag.name],
        "steps": row.steps,
    }


def is_provisional(row: Order) -> bool:
    """Whether what makes an order red hangs on days whose holidays are not known yet, so that a calendar may still move it."""
    if not row.flags & OrderFlag.PROVISIONAL or row.life is None:
        return False
    _, red_at_ms = marks_of(row)
    unsure = [clock for clock in row.life.running if clock.provisional]
    return any(clock.clock == TOTAL if red_at_ms is None else clock.due_at_ms == red_at_ms for clock in unsure)


def deadline_provisional(row: Order) -> bool:
    """Whether the deadline of the whole case does, while it runs and when it is kept at the end."""
    if not row.flags & OrderFlag.PROVISIONAL or row.life is None:
        return False
    return any(clock.provisional for clock in row.life.running if clock.clock == TOTAL)


def limit_used(row: Order, now_ms: int) -> float | None:
    """Share of the limit used by now, or by the close; None without a limit. Natural time."""
    if row.deadline_at_ms is None or row.deadline_at_ms <= clock_start_ms(row):
        return None
    until_ms = now_ms if row.closed_at_ms is None else row.closed_at_ms
    return (until_ms - clock_start_ms(row)) / (row.deadline_at_ms - clock_start_ms(row))


def light(row: Order, now_ms: int) -> str | None:
    """green, yellow or red of an open order, as `domain.counts` in_limit, due_soon and overdue; None when it has ended."""
    if row.status in STATUSES and STATUSES[row.status].final:
        return None
    yellow_at_ms, red_at_ms = marks_of(row)
    if red_at_ms is not None and red_at_ms < now_ms:
        return "red"
    return "yellow" if yellow_at_ms is not None and yellow_at_ms <= now_ms else "green"


def worker_brief(city: "City", worker: str, row: Worker | None, now_ms: int, lang: str = "zh") -> Json:
    """One worker in a list: who he is, where he is, how he is. `row` None: on the roster, never heard of."""
    entry = city.roster.get(worker)
    row = row or Worker(worker=worker)
    seen = row.fixed_at_ms > 0
    today = row.day == city.day_of(now_ms)
    return {
        "worker": worker,
        **person(city, worker, entry, lang),
        "presence": Presence(row.presence).name.lower(),
        "lon": row.lon if seen else None,
        "lat": row.lat if seen else None,
        "region": row.region,
        "region_name": region_name(city, row.region, lang),
        "fixed_at_ms": row.fixed_at_ms or None,
        "heard_at_ms": row.heard_at_ms or None,
        "accuracy_m": row.accuracy_m,
        "speed_mps": row.speed_mps,
        "heading_deg": row.heading_deg,
        "battery_pct": row.battery_pct,
        "flags": [flag.name.lower() for flag in WorkerFlag if row.flags & flag and flag.name],
        "clock_wrong_ms": row.clock_wrong_ms or None,
        "clock_wrong": clock_wrong(words(lang), row.clock_wrong_ms),
        "sos_at_ms": row.sos_since_ms or None,
        "day": row.day,
        "fixes": row.fixes if today else 0,
        "set_aside": row.set_aside if today else 0,
        "distance_m": round(row.distance_m, 1) if today else 0.0,
    }


def person(city: "City", worker: str, entry: RosterEntry | None, lang: str = "zh") -> Json:
    """What the roster says. The phone number is masked: it is personal data."""
    if entry is None:
        return {"name": worker, "role": "other", "tier": None, "grid": "", "grid_name": "", "phone": "", "rostered": False}
    return {
        "name": entry.name,
        "role": entry.role,
        "tier": entry.tier,
        "grid": entry.region,
        "grid_name": region_name(city, entry.region, lang),
        "phone": masking.phone(entry.phone),
        "rostered": True,
    }


def staff_name(city: "City", worker: str) -> str:
    """The roster's name of a worker; "" for one whom it does not know."""
    entry = city.roster.get(worker)
    return entry.name if entry else ""


def feed_brief(city: "City", row: Feed, now_ms: int, lang: str = "zh") -> Json:
    """One video feed in a list. `unheard`: for how long nobody has said anything of it, in words; "" where that is short."""
    return {
        "feed": row.feed,
        "name": row.name or row.feed,
        "status": row.status,
        "status_at_ms": row.at_ms or None,
        "unheard": unheard(city, row, now_ms, lang),
        "lon": row.lon,
        "lat": row.lat,
        "region": row.region,
        "region_name": region_name(city, row.region, lang),
        "owner": row.owner,
        "streams": row.streams,
        "direction_deg": row.direction_deg,
        "fov_deg": row.fov_deg,
    }


def unheard(city: "City", row: Feed, now_ms: int, lang: str) -> str:
    silent_ms = unheard_ms(row, now_ms, city.limits)
    return words(lang)["feed.unheard"].format(t=span(words(lang), silent_ms)) if silent_ms else ""


def region_brief(city: "City", code: str) -> Json:
    region = city.regions[code]
    return {"code": code, "name": region.name, "name_en": region.name_en or region.name, "level": region.level}


def region_name(city: "City", code: str, lang: str = "zh") -> str:
    return spoken(city.regions.get(code), code, lang)


def department_name(city: "City", key: str, lang: str = "zh") -> str:
    return spoken(city.departments.get(key), key, lang)


def matter_name(city: "City", key: str, lang: str = "zh") -> str:
    return spoken(city.matters.get(key), key, lang)


def order_title(city: "City", row: Order, lang: str = "zh") -> str:
    """What the source called it. Where that is no more than the name of its matter, the name is said in the language."""
    matter = city.matters.get(row.category)
    if row.title and (matter is None or row.title != matter.name):
        return row.title
    return spoken(matter, row.category, lang) or row.order


def place_of(city: "City", row: Order, lang: str = "zh") -> str:
    """Where it is, each name once: the address, and the region before or behind it if the address does not name it."""
    region = region_name(city, row.region, lang)
    path = city.path(row.region)[1:] if row.region in city.regions else ()
    names = [city.regions[code].name for code in path]
    told = any(name in row.address for name in names)
    if told and lang != "en":
        return row.address
    address = row.address
    if told:  # the region is said in English instead
        for name in names:
            address = address.removeprefix(name)
        return " · ".join(filter(None, (region, address)))
    return " · ".join(filter(None, (address, region)))


def spoken(entry: Any, fallback: str, lang: str) -> str:
    """The name of a region, matter or department in a language; what the source wrote where the city knows none."""
    if entry is None:
        return fallback
    name: str = entry.name_en or entry.name if lang == "en" else entry.name
    return name
