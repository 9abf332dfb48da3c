"""Work orders as a day brings them: who finds what, where and when, and how it goes on, until it is archived.

A day's cases are a function of seed and day: their whole future is planned when they begin, and told step by step when
its time has come. Told again after a restart they are the same, so nothing is there twice.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np

from config.city import City, Matter
from config.demo import played
from domain.calendar import day_at, days_up_to
from ingest.simulator.chance import rng_of
from ingest.simulator.ground import Ground
from ingest.simulator.walk import Patrols

HOUR_MS: Final = 3_600_000
BY_HOUR: Final = (3, 2, 2, 2, 2, 3, 5, 9, 16, 20, 20, 17, 11, 10, 16, 19, 19, 17, 13, 11, 10, 8, 6, 4)
GRID, INSPECTION, CAMERA, WECHAT, CALL = "网格员上报", "监督员巡查", "视频巡查", "微信公众号", "12345"
CHANNELS: Final = (
    (GRID, 46), (INSPECTION, 14), (CALL, 18), (CAMERA, 6), (WECHAT, 8), ("部门转办", 5), ("领导交办", 3),
)  # fmt: skip
FIELD: Final = (GRID, INSPECTION)
HERE: Final = {GRID: 1.0, INSPECTION: 1.0, CAMERA: 1.0, WECHAT: 0.5, CALL: 0.5}
"""The share of each channel's orders that live in gridhall, where the web process can be asked; the others live outside."""

FIRST_ROOT_WEIGHT: Final = 4  # the first branch of the catalogue (urban management) is met so much more often
ALARMING: Final = 0.02  # a matter for which walls jump to their emergency is met so much less often: days pass without one
FALLBACK: Final = (Matter("litter", "暴露垃圾", limit_hours=8), Matter("parking", "违规停车", limit_hours=4))
Event = dict[str, Any]

SEEN: Final = ("巡查发现{place}有{what}，已拍照上报。", "{place}{what}，影响通行，请尽快处理。", "巡逻至{place}，发现{what}。")
WATCHED: Final = ("视频巡查发现{place}{what}。", "视频画面显示{place}有{what}，请核实处理。")
THANKS: Final = ("市民来电表扬{place}一带的网格员服务周到。", "群众致电感谢{place}的问题得到及时解决。")
THANKFUL: Final = 0.02  # of those who call
CALLED: Final = ("市民来电反映{place}{what}，要求处理并回复。", "群众反映{place}长期存在{what}问题。")


class Case(msgspec.Struct):
    """`events` in order of time; `at_ms` of each stands beside it. `here`: it could be reported in gridhall itself."""

    order: str
    events: list[tuple[int, Event]]
    here: bool = False
    grid: str = ""

    @property
    def begin_ms(self) -> int:
        return self.events[0][0]

    @property
    def report(self) -> Event:
        return self.events[0][1]


class Cases:
    """The cases of a city; `per_day` on a working day."""

    def __init__(self, ground: Ground, patrols: Patrols, per_day: float, seed: int) -> None:
        self._ground, self._patrols, self._per_day, self._seed = ground, patrols, per_day, seed
        self._city: City = ground.city
        self._workers_of: dict[str, list[str]] = {}
        for entry in ground.roster:
            self._workers_of.setdefault(entry.region, []).append(entry.worker)
        parents = {matter.parent for matter in self._city.matters.values()}
        leaves = [m for m in self._city.matters.values() if m.key not in parents] or list(FALLBACK)
        thanks = self._city.evaluation.variants.hotline.praise
        self._praise = next((m for m in leaves if thanks & {m.key, m.name}), None)  # of which nobody finds one in the street
        leaves = [m for m in leaves if m is not self._praise]
        first = self._root_of(leaves[0])
        self._played = frozenset(one.worker for one in played(self._city))
        inspectors = [n for n, entry in enumerate(ground.roster) if entry.role == "inspector"]
        others = [n for n, entry in enumerate(ground.roster) if entry.role != "inspector"]
        self._finders = {GRID: others or inspectors, INSPECTION: inspectors or others}
        self._matters = leaves
        usual = [FIRST_ROOT_WEIGHT if self._root_of(m) == first else 1 for m in leaves]
        self._weights = [w * ALARMING if m.key in self._city.alarming else w for w, m in zip(usual, leaves, strict=True)]

    def of_day(self, day: str) -> Iterator[Case]:
        """All cases that begin on the local day, in order of time."""
        draw = rng_of(self._seed, "day", day)
        share = (1.0 if self._city.is_working_day(day) else 0.7) * draw.uniform(0.9, 1.1)
        start_ms, end_ms = self._city.day_bounds(day)
        hours = draw.choices(range(24), BY_HOUR, k=round(self._per_day * share))
        begins = sorted(min(start_ms + round((h + draw.random()) * HOUR_MS), end_ms - 1) for h in hours)
        for n, begin_ms in enumerate(begins, 1):
            yield self._case(f"{day.replace('-', '')}{n:05d}", begin_ms - begin_ms % 1000)

    def days(self, until_ms: int, count: int) -> list[str]:
        """The local day of `until_ms` and the `count` before it, newest first."""
        days = days_up_to(day_at(until_ms, self._city.zone), count + 1)
        return [day.isoformat() for day in reversed(days)]

    def invented(self, name: str, channel: str, hours: tuple[float, float], at_ms: int) -> Case:
        """A case beside those of the day: of that channel, and of a matter whose limit is within `hours` where there is one."""
        draw = rng_of(self._seed, "invented", name)
        fitting = [m for m in self._matters if hours[0] <= self.limit_h(m) <= hours[1]] or self._matters
        fitting = [m for m in fitting if m.key not in self._city.alarming] or fitting
        report, grid = self._report(draw, draw.choice(fitting), channel, at_ms)
        return Case(name, [(at_ms, report)], self._may_live_here(report, channel, 0.0), grid)

    def _case(self, number: str, begin_ms: int) -> Case:
        draw = rng_of(self._seed, "case", number)
        matter = draw.choices(self._matters, self._weights)[0]
        channel = draw.choices([name for name, _ in CHANNELS], [weight for _, weight in CHANNELS])[0]
        if channel == CALL and self._praise is not None and rng_of(self._seed, "thanks", number).random() < THANKFUL:
            matter = self._praise
        report, grid = self._report(draw, matter, channel, begin_ms)
        order = f"{self._city.code}-{number}"
        here = self._may_live_here(report, channel, rng_of(self._seed, "here", number).random())
        case = Case(order, [(begin_ms, report)], here, grid)
        checker = draw.choice(self._workers_of.get(grid) or [""])
        _live(case, draw, self.limit_h(matter), matter.department or self._department(draw), channel, checker)
        for at_ms, event in case.events:
            event["order"] = order
            event["at"] = iso(at_ms)
        return case

    def _may_live_here(self, report: Event, channel: str, chance: float) -> bool:
        known = "reporter" not in report or report["reporter"] in self._played
        return known and chance < HERE.get(channel, 0.0)

    def _report(self, draw: random.Random, matter: Matter, channel: str, at_ms: int) -> tuple[Event, str]:
        """What is reported, and the grid where it is."""
        told: Event = {"status": "reported", "channel": channel, "category": matter.key, "title": matter.name}
        if channel in FIELD:
            who, x, y = self._finder(draw, at_ms, self._finders[channel])
            region, text = self._ground.roster[who].region, draw.choice(SEEN)
            told["reporter"] = self._ground.roster[who].worker
        else:
            said = THANKS if matter is self._praise else WATCHED if channel == CAMERA else CALLED
            region, text = draw.choice(self._ground.grids), draw.choice(said)
            paths = self._ground.paths_in(region)
            node = draw.randrange(len(paths.x))
            x, y = paths.x[node] + draw.uniform(-12, 12), paths.y[node] + draw.uniform(-12, 12)
            if draw.random() < 0.8:
                told["region"] = region
        address = self._ground.address(region, x, y, draw.randrange(1, 300))
        told |= {"address": address, "text": text.format(place=address, what=matter.name)}
        if "region" not in told or draw.random() < 0.9:  # a few callers cannot be put on the map
            lon, lat = self._ground.plane.degrees(np.array([x]), np.array([y]))
            told |= {"lon": float(lon[0]), "lat": float(lat[0])}
        return told, region

    def _finder(self, draw: random.Random, at_ms: int, among: list[int]) -> tuple[int, float, float]:
        """A worker who is out on patrol at this instant, and where he is."""
        at_s = np.array([at_ms / 1000])
        for _ in range(8):
            who = draw.choice(among)
            if not self._patrols.offline(np.array([who]), at_s)[0]:
                break
        x, y, _, _ = self._patrols.trace(who, at_s)
        return who, float(x[0]), float(y[0])

    def limit_h(self, matter: Matter) -> float:
        seen: Matter | None = matter
        while seen is not None:
            if seen.limit_hours:
                return seen.limit_hours
            seen = self._city.matters.get(seen.parent or "")
        return 24.0

    def _root_of(self, matter: Matter) -> str:
        while matter.parent and matter.parent in self._city.matters:
            matter = self._city.matters[matter.parent]
        return matter.key

    def _department(self, draw: random.Random) -> str:
        keys = list(self._city.departments)
        return draw.choice(keys) if keys else "值班室"


def _live(case: Case, draw: random.Random, limit_h: float, department: str, channel: str, checker: str) -> None:
    """Plan the rest of a case's life (domain.lifecycle): the main line, with side exits, returns and rework.

    `checker`: the worker of the grid who verifies what others reported and checks what was done.
    """
    at_ms, _ = case.events[0]

    def then(minutes: float, status: str, **fields: object) -> None:
        nonlocal at_ms
        at_ms += max(1000, round(minutes * 60) * 1000)
        case.events.append((at_ms, {"status": status, **fields}))

    seen_by: dict[str, object] = {"handler": checker} if checker else {}
    fate = draw.random()
    if channel in FIELD and fate < 0.14:
        then(draw.uniform(4, 40), "self_handled", note="网格员现场处置")
        return
    if fate > 0.985:
        then(draw.uniform(2, 30), draw.choice(("duplicate", "void")), note="与在办案件重复")
        return
    if channel not in FIELD and draw.random() < 0.3:
        then(draw.uniform(1, 6), "verifying", **seen_by)
    if fate > 0.965:
        then(draw.uniform(5, 60), "not_accepted", note="不属于受理范围")
        return
    then(draw.uniform(1, 8), "accepted")
    then(draw.uniform(1, 10), "registered", department=department, deadline_at=iso(at_ms + round(limit_h * HOUR_MS)))
    then(draw.uniform(1, 12), "dispatched", department=department)
    if draw.random() < 0.06:
        then(draw.uniform(5, 60), "returned", note="非本部门职责")
        then(draw.uniform(5, 30), "dispatched", department=department)
    if draw.random() < 0.012:
        then(draw.uniform(10, 90), "escalated", note="需上级协调")
        then(draw.uniform(10, 90), "dispatched", department=department)
    then(draw.uniform(2, 25), "handling", handler=f"{department}-{draw.randrange(1, 6)}")
    work_min = limit_h * 60 * min(draw.lognormvariate(math.log(0.38), 0.62), 3.0)
    if limit_h >= 72 and draw.random() < 0.04:
        then(work_min * 0.3, "hanging", note="受天气影响，申请挂账")
        then(work_min * 0.5, "handling")
    then(max(work_min, 6), "feedback", note="已处理完毕，申请结案")
    then(draw.uniform(3, 45), "checking", **seen_by)
    if draw.random() < 0.06:
        then(draw.uniform(3, 30), "rework", note="核查不通过")
        then(draw.uniform(1, 10), "dispatched", department=department)
        then(draw.uniform(2, 20), "handling", handler=f"{department}-{draw.randrange(1, 6)}")
        then(max(work_min * 0.3, 6), "feedback")
        then(draw.uniform(3, 45), "checking", **seen_by)
    then(draw.uniform(1, 20), "evaluated")
    then(draw.uniform(1, 15), "closed", note="核查通过，予以结案")
    if channel == CALL:
        then(draw.uniform(60, 1200), "callback", note=draw.choice(("非常满意", "满意", "满意", "基本满意")))
    then(draw.uniform(600, 3000), "archived")


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
