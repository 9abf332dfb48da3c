"""What the scripts of a page must know: language, words, region tree, limits, tiles, sizes. Plain JSON, read once."""

import functools
from typing import Any

import msgspec

from config.city_model import ROLES, City
from config.settings import Settings, Tiles
from domain.calendar import PERIODS
from domain.lifecycle import STAGES, STATUSES
from domain.states import Presence
from layouts.readings import words_of

DEFAULT_PERIOD = "year"
NEAR_STEPS = (0.8, 1.0, 1.15, 1.35)
TEXT_SHARE = 0.0058  # an em of text must be this share of the distance it is read from (20 minutes of arc)
SMALLEST_U = 18


def json_text(data: Any) -> str:
    """JSON that may stand in a script element."""
    return msgspec.json.encode(data).decode().replace("</", "<\\/")


def near(settings: Settings) -> float:
    """The factor of the wall's type for the hall's reading distance and image height (look §3); 8 m and 2.7 m give 1."""
    wanted = settings.reading_distance_m * TEXT_SHARE / settings.image_height_m * 1080 / SMALLEST_U
    return next((step for step in NEAR_STEPS if step >= wanted - 0.04), NEAR_STEPS[-1])


def page_config(city: City, settings: Settings, lang: str) -> dict[str, Any]:
    """Everything that stands in `gridhall.config`; the same object for the life of the process per language."""
    return _config(city, settings.tiles, near(settings), lang)


def _config(city: City, tiles: tuple[Tiles, ...], size: float, lang: str) -> dict[str, Any]:
    return {
        "lang": lang,
        "title": city.title_en if lang == "en" else city.title,
        "generated": (city.generated_en or city.generated) if lang == "en" else city.generated,
        "timezone": city.timezone,
        "words": words_of(city, lang),
        "levels": [{"key": level.key, "name": level.en if lang == "en" else level.zh} for level in city.levels],
        "root": city.root,
        **_regions(city, lang),
        "bounds": bounds(city, city.root),
        "departments": {d.key: (d.name_en or d.name) if lang == "en" else d.name for d in city.departments.values()},
        "matters": {m.key: (m.name_en or m.name) if lang == "en" else m.name for m in city.matters.values()},
        "roles": list(ROLES),
        "presences": [presence.name.lower() for presence in Presence],
        "statuses": list(STATUSES),
        "stages": list(STAGES),
        "limits": msgspec.to_builtins(city.limits),
        "tiles": [msgspec.to_builtins(server) for server in tiles],
        "near": size,
        "period": DEFAULT_PERIOD,
        "periods": list(PERIODS),
    }


def bounds(city: City, code: str) -> list[list[float]] | None:
    """[[south, west], [north, east]] of a region, as Leaflet wants it; None where the city has no outline."""
    shape = city.geometry(code)
    if shape is None or shape.is_empty:
        return None
    west, south, east, north = (round(value, 5) for value in shape.bounds)
    return [[south, west], [north, east]]


def _regions(city: City, lang: str) -> dict[str, Any]:
    rank = {level.key: index for index, level in enumerate(city.levels)}
    regions = {}
    for region in city.regions.values():
        name = (region.name_en or region.name) if lang == "en" else region.name
        entry: dict[str, Any] = {"name": name, "level": rank[region.level]}
        if region.parent:
            entry["parent"] = region.parent
        short = short_name(city, region.code) if lang != "en" else name.removesuffix(f" {city.level(region.level).en}")
        if short != name:
            entry["short"] = short
        if (box := bounds(city, region.code)) is not None:
            entry["bounds"] = box
        regions[region.code] = entry
    children_level = {code: rank[city.regions[below[0]].level] for code in city.regions if (below := city.children(code))}
    return {"regions": regions, "children_level": children_level}


_TAILS = ("社区居民委员会", "社区居委会", "村民委员会", "居民委员会", "居委会", "村委会", "社区", "街道办事处", "街道")


def short_name(city: City, code: str) -> str:
    """A region's name without its parent's name before it and its kind behind it: 桂城街道平东社区 → 平东."""
    region = city.regions[code]
    name = region.name
    if region.parent and name.startswith(parent := city.regions[region.parent].name) and len(name) > len(parent) + 1:
        name = name[len(parent) :].strip() or name
    tail = next((tail for tail in _TAILS if name.endswith(tail) and len(name) > len(tail) + 1), "")
    return name.removesuffix(tail)


def page_config_json(city: City, settings: Settings, lang: str) -> str:
    """`page_config` as text, made once per city, settings and language."""
    return _config_text(city, settings.tiles, near(settings), lang)


@functools.lru_cache(maxsize=48)
def _config_text(city: City, tiles: tuple[Tiles, ...], size: float, lang: str) -> str:
    return json_text(_config(city, tiles, size, lang))
