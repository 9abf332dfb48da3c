"""The model of a city: levels, regions, roster, departments, matters, limits, calendar. Frozen values and one `City`.

A city is a tree of regions of any depth; each region carries a level tag, nobody counts levels. Codes are strings.
"""

import datetime as dt
import functools
import unicodedata
from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from config.city_bulletins import BulletinPlan
from config.city_calendar import OwnDays, calendar_for
from config.city_hours import WorkHours
from config.city_index import RegionIndex
from config.city_notices import DEFAULT, Notices
from config.scenes import Scenes, shipped
from domain import calendar
from domain.clocks import LimitRow
from domain.limits import Limits as Limits
from domain.routing import RouteRule
from domain.scores import Evaluation, examples
from domain.states import Order, OrderFlag
from domain.workflow import Template

ROLES: Final = ("lead", "full", "part", "inspector", "police", "fire", "volunteer", "other")
"""网格长, 专职, 兼职, 城管监督员, 协警, 消防员, 志愿者, others; the live tables carry the index."""

CHINA_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""min lon, min lat, max lon, max lat: the usual rough test (domain.md D9)."""

FOREVER: Final = "9999-12-31"

QUARTERS_FROM_MS: Final = 63_072_000_000  # 1972: from then on every zone's midnight lies on a quarter of an hour


class Level(msgspec.Struct, frozen=True):
    key: str
    zh: str
    en: str


class Region(msgspec.Struct, frozen=True):
    """`valid_from` and `valid_to` are the first and the last local day, both included; empty means without end."""

    code: str
    name: str
    level: str
    parent: str | None = None
    kind: str = "general"
    name_en: str = ""
    valid_from: str = ""
    valid_to: str = ""

    def valid_on(self, day: str) -> bool:
        """Whether the region exists on the local day; an empty `day` asks for the regions that have not ended."""
        if not day:
            return not self.valid_to or self.valid_to >= FOREVER
        return self.valid_from <= day <= (self.valid_to or FOREVER)


class RosterEntry(msgspec.Struct, frozen=True):
    """`region` is the worker's own grid; `devices` are device ids, JT/T 808 phones and OwnTracks `user/device`."""

    worker: str
    name: str
    role: str
    tier: int
    region: str
    phone: str = ""
    devices: tuple[str, ...] = ()


class Department(msgspec.Struct, frozen=True):
    key: str
    name: str
    name_en: str = ""


class Matter(msgspec.Struct, frozen=True):
    """One row of the catalogue of matters (事项清单). `limit_hours` are natural hours; None takes the parent's.

    `kind`: "component" (部件), "event" (事件), or "", which takes the parent's; without any it is an event.
    """

    key: str
    name: str
    name_en: str = ""
    parent: str = ""
    department: str = ""
    limit_hours: float | None = None
    kind: str = ""


class Camera(msgspec.Struct, frozen=True):
    """A video feed as the city's inventory lists it; its state comes from the gateway."""

    feed: str
    name: str
    lon: float
    lat: float
    region: str = ""
    owner: str = ""
    direction_deg: float | None = None
    fov_deg: float | None = None


class City:
    """Everything that a city's folder says, with its look-ups. Made by `config.city.load_city`; never changed."""

    def __init__(
        self,
        *,
        code: str,
        name: str,
        title: str,
        levels: tuple[Level, ...],
        regions: dict[str, Region],
        root: str,
        geometries: dict[str, BaseGeometry] | None = None,
        roster: dict[str, RosterEntry] | None = None,
        departments: dict[str, Department] | None = None,
        matters: dict[str, Matter] | None = None,
        cameras: dict[str, Camera] | None = None,
        limits: Limits | None = None,
        days: OwnDays | None = None,
        name_en: str = "",
        title_en: str = "",
        timezone: str = "Asia/Shanghai",
        generated: str = "",
        generated_en: str = "",
        country_box: tuple[float, float, float, float] = CHINA_BOX,
        basemap: bytes = b"",
        workflow: Template | None = None,
        routes: tuple[RouteRule, ...] = (),
        order_prefix: str = "",
        worktime: WorkHours | None = None,
        time_limits: tuple[LimitRow, ...] = (),
        notices: Notices = DEFAULT,
        evaluation: Evaluation | None = None,
        bulletins: BulletinPlan | None = None,
        scenes: Scenes | None = None,
    ) -> None:
        self.code, self.name, self.name_en = code, name, name_en or name
        self.title, self.title_en = title, title_en or title
        self.timezone, self.zone = timezone, ZoneInfo(timezone)
        self.levels, self.regions, self.root = levels, regions, root
        self.roster, self.departments, self.matters = roster or {}, departments or {}, matters or {}
        self.cameras, self.limits, self.days = cameras or {}, limits or Limits(), days or OwnDays()
        self.calendar = calendar_for(timezone, self.days)
        self.generated, self.generated_en = generated, generated_en
        self.country_box, self.basemap_bytes = country_box, basemap
        self.workflow, self.routes = workflow or Template(), routes
        self.order_prefix = order_prefix or code
        self.worktime, self.time_limits = worktime or WorkHours(), time_limits
        self.notices = notices
        self.evaluation = self._with_components(evaluation or Evaluation(examples(level.key for level in levels)))
        self.bulletins = bulletins or BulletinPlan()
        self.scenes = scenes or shipped()
        self._geometries = geometries or {}
        self._children: dict[str, list[str]] = {}
        for region in sorted(regions.values(), key=lambda r: r.code):
            self._children.setdefault(region.parent or "", []).append(region.code)
        self._device_owner = {device: entry.worker for entry in self.roster.values() for device in entry.devices}
        self._day_of = functools.lru_cache(maxsize=65536)(self._day_of_quarter)
        self._index_of = functools.lru_cache(maxsize=64)(self._make_index)
        self._geojson_of = functools.lru_cache(maxsize=64)(self._make_geojson)
        self._subtree_of = functools.lru_cache(maxsize=None)(self._make_subtree)
        self._part_of = functools.lru_cache(maxsize=256)(self._make_part)

    # the tree

    def path(self, code: str) -> tuple[str, ...]:
        """Codes from the root down to `code`, both included. KeyError if there is no such region."""
        steps = [code]
        while (parent := self.regions[steps[-1]].parent) is not None:
            steps.append(parent)
        return tuple(reversed(steps))

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the regions directly below, in order of their codes."""
        return tuple(self._children.get(code, ()))

    def subtree(self, code: str) -> frozenset[str]:
        """`code` and everything below it."""
        return self._subtree_of(code)

    def _make_subtree(self, code: str) -> frozenset[str]:
        found, todo = {code}, [code]
        while todo:
            below = self._children.get(todo.pop(), ())
            found.update(below)
            todo.extend(below)
        return frozenset(found)

    def level(self, key: str) -> Level:
        """The level of that key. KeyError if the city has none."""
        return {level.key: level for level in self.levels}[key]

    def regions_of(self, level: str) -> tuple[str, ...]:
        """Codes of all regions of a level, in order."""
        return tuple(sorted(code for code, region in self.regions.items() if region.level == level))

    def ancestor(self, code: str, level: str) -> str:
        """The region of `level` on the path of `code`, or '' if the path has none."""
        if code not in self.regions:
            return ""
        return next((step for step in self.path(code) if self.regions[step].level == level), "")

    def part(self, code: str) -> "City":
        """The city as those see it whose scope is `code`: the regions, roster and cameras of its subtree, with it as the root.

        The same object each time. KeyError if there is no such region.
        """
        if code not in self.regions:
            raise KeyError(code)
        return self if code == self.root else self._part_of(code)

    def _make_part(self, code: str) -> "City":
        inside = self.subtree(code)
        top = self.regions[code]
        ranks = {level.key: rank for rank, level in enumerate(self.levels)}
        return City(
            code=code,
            name=top.name,
            name_en=top.name_en,
            title=f"{self.title} · {top.name}",
            title_en=f"{self.title_en} · {top.name_en or top.name}",
            levels=self.levels[ranks[top.level] :],
            regions={key: self.regions[key] for key in inside} | {code: msgspec.structs.replace(top, parent=None)},
            root=code,
            geometries={key: shape for key, shape in self._geometries.items() if key in inside},
            roster={key: entry for key, entry in self.roster.items() if entry.region in inside},
            departments=self.departments,
            matters=self.matters,
            cameras={key: camera for key, camera in self.cameras.items() if camera.region in inside},
            limits=self.limits,
            days=self.days,
            timezone=self.timezone,
            generated=self.generated,
            generated_en=self.generated_en,
            country_box=self.country_box,
            basemap=self.basemap_bytes,
            workflow=self.workflow,
            routes=self.routes,
            order_prefix=self.order_prefix,
            worktime=self.worktime,
            time_limits=self.time_limits,
            notices=self.notices,
            evaluation=self.evaluation,
            bulletins=self.bulletins,
            scenes=self.scenes,
        )

    # names

    def find_region(self, text: str) -> str | None:
        """The code of a code or of a name that is unique, whatever its suffix (社区, 居委会, 街道 …) and width.

        None if nobody, or more than one region, answers to the name.
        """
        text = normal_name(text)
        for code in _code_variants(text):
            if code in self.regions:
                return code
        full, typed, bare = self._names
        stem, kind = split_name(text)
        for table, key in ((full, text), (typed, f"{stem}/{kind}"), (bare, stem)):
            codes = table.get(key, ())
            if codes:
                return codes[0] if len(codes) == 1 else None
            if table is typed and kind:
                return None  # 里水社区 is not 里水镇
        return None

    @functools.cached_property
    def _names(self) -> tuple[dict[str, list[str]], ...]:
        tables: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        for code in sorted(self.regions):
            name = normal_name(self.regions[code].name)
            stem, kind = split_name(name)
            for table, key in zip(tables, (name, f"{stem}/{kind}", stem), strict=True):
                table.setdefault(key, []).append(code)
            if self.regions[code].name_en:
                tables[0].setdefault(normal_name(self.regions[code].name_en), []).append(code)
        return tables

    def worker_of(self, device: str) -> str:
        """The roster's id of a device id; the device id itself if the roster does not know it."""
        return self._device_owner.get(device, device)

    # matters

    def limit_ms(self, category: str) -> int | None:
        """The limit of a matter, by key or name, its own or its parent's, in natural time; None: there is none."""
        matter = self.matters.get(category) or self._matter_of_name.get(category)
        seen: set[str] = set()
        while matter is not None and matter.key not in seen:
            if matter.limit_hours is not None:
                return round(matter.limit_hours * 3_600_000)
            seen.add(matter.key)
            matter = self.matters.get(matter.parent)
        return None

    def kind_of(self, category: str) -> str:
        """Whether a matter, by key or name, is an event or a component; "" for one that the city does not know."""
        matter = self.matters.get(category) or self._matter_of_name.get(category)
        known, seen = matter is not None, set[str]()
        while matter is not None and matter.key not in seen:
            if matter.kind:
                return matter.kind
            seen.add(matter.key)
            matter = self.matters.get(matter.parent)
        return "event" if known else ""

    def _with_components(self, told: Evaluation) -> Evaluation:
        names = {name for m in self.matters.values() for name in (m.key, m.name, m.name_en)}
        components = frozenset(name for name in names if name and self.kind_of(name) == "component")
        praise = self._matters_in(told.variants.hotline.praise)
        return msgspec.structs.replace(
            told, variants=msgspec.structs.replace(told.variants, components=components, praise=praise)
        )

    def _matters_in(self, tops: frozenset[str]) -> frozenset[str]:
        """Keys and names of the matters that are called so, and of all below them."""
        found: set[str] = set()
        for matter in self.matters.values():
            line = [matter]
            while (parent := self.matters.get(line[-1].parent)) is not None and parent not in line:
                line.append(parent)
            if any(tops & {above.key, above.name} for above in line):
                found |= {matter.key, matter.name, matter.name_en} - {""}
        return frozenset(found)

    def is_alarm(self, order: Order) -> bool:
        """Whether an order is of the kind for which walls jump to their emergency (scenes.yaml), and not stood down."""
        rule = self.scenes.emergency
        if order.flags & OrderFlag.STOOD_DOWN:
            return False
        flagged = (rule.urgent and order.flags & OrderFlag.URGENT) or (rule.mass and order.flags & OrderFlag.MASS)
        return bool(flagged) or order.category in self.alarming

    @functools.cached_property
    def alarming(self) -> frozenset[str]:
        """The matters for which walls jump to their emergency, with all below them."""
        return self._matters_in(frozenset(self.scenes.emergency.matters))

    @functools.cached_property
    def _matter_of_name(self) -> dict[str, Matter]:
        return {name: m for m in reversed(self.matters.values()) for name in (m.name_en, m.name) if name}

    # places

    def geometry(self, code: str) -> BaseGeometry | None:
        """The region's own polygon, else the union of those below it; None if there is none at all. WGS-84."""
        own = self._geometries.get(code)
        if own is None:
            parts = [part for part in map(self.geometry, self.children(code)) if part is not None]
            if not parts:
                return None
            own = self._geometries[code] = shapely.union_all(parts)
        return own

    def locate(self, lons: NDArray[np.float64], lats: NDArray[np.float64], day: str = "") -> list[str]:
        """The deepest region that holds each point, '' outside all of them; arrays of one length, degrees.

        `day` chooses the regions valid on that local day; without it, those that have not ended. A point on a common
        border belongs to the region with the lower code.
        """
        return self._index_of(self._era(day)).locate(np.asarray(lons, float), np.asarray(lats, float))

    def _era(self, day: str) -> str:
        """The first day since which the same regions have been valid as on `day`, so that one index serves them all."""
        return max((edge for edge in self._edges if edge <= day), default="0000-00-00") if day else ""

    @functools.cached_property
    def _edges(self) -> tuple[str, ...]:
        after = (dt.date.fromisoformat(r.valid_to) for r in self.regions.values() if "" < r.valid_to < FOREVER)
        ends = {calendar.days_later(day, 1).isoformat() for day in after}
        return tuple(sorted(ends | {r.valid_from for r in self.regions.values() if r.valid_from}))

    def _make_index(self, day: str) -> RegionIndex:
        valid = [code for code in self.regions if self.regions[code].valid_on(day) and self.geometry(code) is not None]
        return RegionIndex({code: (self._geometries[code], len(self.path(code))) for code in valid})

    def geojson(self, what: str | Iterable[str]) -> dict[str, Any]:
        """Outlines for the browser: all regions of a level (its key), or the regions with these codes."""
        codes = self.regions_of(what) if isinstance(what, str) else tuple(what)
        return self._geojson_of(codes)

    def _make_geojson(self, codes: tuple[str, ...]) -> dict[str, Any]:
        features = []
        for code in codes:
            region, shape = self.regions[code], self.geometry(code)
            if shape is not None:
                names = {k: getattr(region, k) for k in ("code", "name", "name_en", "level", "parent", "kind")}
                outline = msgspec.json.decode(shapely.to_geojson(shape))
                features.append({"type": "Feature", "properties": names, "geometry": outline})
        return {"type": "FeatureCollection", "features": features}

    @functools.cached_property
    def basemap(self) -> dict[str, Any]:
        """GeoJSON of land, water, green and roads (`class`, `name`); no features if the city has no base map."""
        empty: dict[str, Any] = {"type": "FeatureCollection", "features": []}
        return msgspec.json.decode(self.basemap_bytes) if self.basemap_bytes else empty

    # days

    def day_of(self, at_ms: int) -> str:
        """The local day 'YYYY-MM-DD' of an instant."""
        if at_ms >= QUARTERS_FROM_MS:
            return self._day_of(at_ms // 900_000)
        return calendar.day_at(at_ms, self.zone).isoformat()

    def _day_of_quarter(self, quarter: int) -> str:
        return calendar.day_at(quarter * 900_000, self.zone).isoformat()

    def day_bounds(self, day: str) -> tuple[int, int]:
        """First millisecond of the local day, and of the next one. ValueError if `day` is no date."""
        return calendar.day_bounds(dt.date.fromisoformat(day), self.zone)

    def is_working_day(self, day: str | dt.date) -> bool:
        """By calendar.csv, else by the state's holidays and 调休; weekdays where neither says anything."""
        return self.calendar.is_working_day(dt.date.fromisoformat(day) if isinstance(day, str) else day)


_SUFFIXES: Final = (
    ("社区居民委员会", "community"),
    ("社区居委会", "community"),
    ("居民委员会", "community"),
    ("村民委员会", "community"),
    ("社区村委会", "community"),
    ("居委会", "community"),
    ("村委会", "community"),
    ("社区", "community"),
    ("街道办事处", "street"),
    ("地区办事处", "street"),
    ("街道", "street"),
    ("镇", "street"),
    ("村", "community"),
    ("区", "district"),
    ("市", "city"),
)


def normal_name(text: str) -> str:
    """Half width, lower case, no blanks: how names are compared."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def split_name(name: str) -> tuple[str, str]:
    """A normal name without its suffix, and what the suffix says that it is: ('灯湖', 'community')."""
    for suffix, kind in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix), kind
    return name, ""


def _code_variants(text: str) -> Iterable[str]:
    """A code, and the code that it pads with zeros to 6, 9 or 12 digits (440605000000 is 440605)."""
    yield text
    if text.isdigit():
        yield from (text[:n] for n in (12, 9, 6, 4, 2) if len(text) > n and not text[n:].strip("0"))
