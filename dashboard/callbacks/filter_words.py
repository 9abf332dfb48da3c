"""The filters of a list of orders in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.words import words
from dashboard.indicators import spoken_level
from domain.calendar import local_at
from domain.orderframe import SEATS

if TYPE_CHECKING:
    from config.city_model import City

NOBODY = "-"
_NAMED = ("department", "category", "kind", "channel", "source", "reporter", "handler", "holder_level", *SEATS, "flag", "text")


def pills(city: "City", params: Mapping[str, str], lang: str) -> list[tuple[str, str]]:
    """(parameter, what it says) of each filter in an address, most telling first."""
    said = words(lang)
    made: list[tuple[str, str]] = []
    if "figure" in params:
        part = said["part.den"] if params.get("part") == "den" else ""
        made.append(("figure", " · ".join(filter(None, (said.get(f"figure.{params['figure']}", params["figure"]), part)))))
    if params.get("region"):
        direct = said["filter.direct"] if params.get("direct") == "1" else ""
        made.append(("region", " · ".join(filter(None, (_region(city, params["region"], said["outside"], lang), direct)))))
    if params.get("from") or params.get("to") or params.get("period"):
        made.append(("period", _period(city, params, said)))
    for key in ("stage", "status"):
        if key in params:
            made.append((key, " / ".join(said.get(f"{key}.{value}", value) for value in params[key].split(","))))
    if "open" in params:
        made.append(("open", said["open" if params["open"] in ("1", "true") else "filter.ended"]))
    for key in _NAMED:
        if key in params:
            made.append((key, f"{said[f'filter.{key}']} {_named(city, key, params[key], said, lang)}"))
    return made


def _region(city: "City", text: str, outside: str, lang: str) -> str:
    if text == NOBODY:
        return outside
    code = text if text in city.regions else city.find_region(text)
    region = city.regions.get(code or "")
    return text if region is None else (region.name_en or region.name) if lang == "en" else region.name


def _period(city: "City", params: Mapping[str, str], said: Mapping[str, str]) -> str:
    basis = said[f"basis.{params['basis']}"] if f"basis.{params.get('basis', '')}" in said else ""
    if not params.get("from") and not params.get("to"):
        return said.get(f"period.{params['period']}", params["period"])
    first, last = (_day(city, params.get(key, ""), end) for key, end in (("from", 0), ("to", 1)))
    return " · ".join(filter(None, (first if first == last else f"{first} – {last}", basis)))


def _day(city: "City", text: str, end: int) -> str:
    """The local day of an instant in ms (of the last ms before it, if it is an end); anything else as it stands."""
    if not text.lstrip("-").isdigit():
        return text
    at = local_at(int(text) - end, city.zone)
    return at.date().isoformat()


def _named(city: "City", key: str, value: str, said: Mapping[str, str], lang: str) -> str:
    if value == NOBODY:
        return said["unknown"]
    if key in ("department", "category"):
        entry = (city.departments if key == "department" else city.matters).get(value)
        return value if entry is None else (entry.name_en or entry.name) if lang == "en" else entry.name  # type: ignore[attr-defined]
    if key == "holder_level":
        return spoken_level(city, value, lang)
    if key == "kind":
        return said.get(f"kind.{value}", value)
    if key in (*SEATS, "reporter", "handler") and value in city.roster:
        return city.roster[value].name
    if key == "channel":
        return said.get(f"channel.{value}", value)
    return said.get(f"order_flag.{value}", value) if key == "flag" else value
