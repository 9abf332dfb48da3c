"""Any day of the calendar: walls, lists, reviews, cards, tracks and bulletins at instants and in zones that are hard.

What is counted is counted again here by another way (the local date of each order, looked at one by one), and every number must
open exactly the orders that it counted.
"""

import datetime as dt
import functools
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from config.city import City, load_city
from config.settings import Settings
from dashboard import query
from dashboard.bulletins import periods
from dashboard.bulletins.schedule import due_at_ms, next_due
from dashboard.cards import cards
from dashboard.figures import figures
from dashboard.hall import Hall
from dashboard.review import review
from dashboard.sight import sight_of
from dashboard.wall.parts import PARTS
from domain.calendar import BASES, PERIODS
from domain.people import Person
from domain.states import Card, Life, OrderFlag, Worker
from store.bulletins import KINDS
from store.store import Store
from tests.conftest import CITY_YAML
from tests.dashboard.at_work import EAST
from tests.dashboard.bulletin_city import Press
from tests.dashboard.halls import DAY, HOUR, FakeStore, order, records, worker
from tests.dashboard.test_review import held
from tests.domain.test_calendar import ALIKE

ZONES = ("Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia")
MONTH_ENDS = tuple(
    f"{day} {time}"
    for month in range(1, 13)
    for day, time in (
        (f"2026-{month:02d}-01", "00:00:20"),
        ((dt.date(2026 + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).isoformat(), "23:59:40"),
    )
)
HARD = (
    "2026-12-01 08:00:00", "2027-01-31 12:00:00", "2028-02-29 00:00:30", "2028-02-29 23:59:30", "2028-03-01 00:00:30",
    "2029-02-28 12:00:00", "2026-12-31 23:58:00", "2027-01-01 00:00:01", "2027-01-03 23:59:59", "2027-01-04 00:00:00",
    "2024-12-30 09:00:00", "2032-12-31 12:00:00",
)  # fmt: skip
CHANGES = {
    "Europe/Berlin": ("2027-03-28 01:59:30", "2027-03-28 03:00:30", "2027-03-29 00:30:00", "2026-10-25 02:30:00"),
    "America/Los_Angeles": ("2027-03-14 01:59:30", "2027-03-14 23:59:30", "2026-11-01 01:30:00", "2026-11-01 23:59:30"),
}
"""Those on which clocks change; the hour that comes twice is the first one."""

AT = [
    *(("Asia/Shanghai", text) for text in (*MONTH_ENDS, *HARD)),
    *((zone, text) for zone in ZONES[1:] for text in (*HARD[:8:2], *CHANGES.get(zone, ()))),
]

@pytest.fixture(scope="module")
def city_in(city_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The small city, moved into another zone."""

    @functools.cache
    def moved(zone: str) -> City:
        folder = tmp_path_factory.mktemp("moved")
        for file in city_folder.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / "city.yaml").write_text(CITY_YAML.replace("Asia/Shanghai", zone), encoding="utf-8")
        return load_city(folder)

    return moved


def instant(zone: str, text: str) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def instants_before(now_ms: int) -> Iterator[int]:
    """Those of the orders: close to now, to the midnights before, and anywhere in the last fourteen months."""
    draw = random.Random(now_ms)
    yield from (now_ms - ms for ms in (0, 1, 20_000, 60_000, HOUR, 23 * HOUR, 25 * HOUR))
    yield from (now_ms - days * DAY for days in (1, 2, 7, 30, 31, 365, 366))
    for _ in range(120):
        yield now_ms - draw.randrange(430 * DAY)
    for _ in range(40):
        yield now_ms - draw.randrange(3 * DAY)


class Then:
    """A hall at a moment, with orders of the fourteen months before it and a worker who walked through the last midnight."""

    def __init__(self, city: City, zone: str, now_ms: int) -> None:
        self.zone, self.now_ms, self.city = ZoneInfo(zone), now_ms, city
        self.reported = {f"N{n}": at_ms for n, at_ms in enumerate(instants_before(now_ms))}
        store = FakeStore()
        store.tracks["W1"] = records((now_ms - s * 1000, 113.105, 23.005 + s * 1e-7, 0) for s in range(36 * 3600, -1, -300))
        self.hall = Hall(city, store, now_ms=lambda: now_ms)  # type: ignore[arg-type]
        rows = [("order", self._order(name, at_ms)) for name, at_ms in self.reported.items()]
        self.hall.apply([*rows, ("worker", self._worker())], now_ms)
        self.seen = sight_of(self.hall, Person(name="x", roles=("leader", "supervisor")))

    def _order(self, name: str, at_ms: int) -> Any:
        closed = int(name[1:]) % 3 != 0 and at_ms < self.now_ms - 2 * HOUR
        end_ms = min(at_ms + 30 * HOUR, self.now_ms) if closed else None
        card = Card(colour="yellow", at_ms=at_ms, by="chief", reason="迟", department="d1")
        return order(
            name, "closed" if closed else "handling", reported_at_ms=at_ms, status_at_ms=end_ms or at_ms, closed_at_ms=end_ms,
            deadline_at_ms=at_ms + 48 * HOUR, on_time=True if closed else None, reporter="W1", handler="W1", version=1,
            flags=int(OrderFlag.SUPERVISED), life=None if int(name[1:]) % 7 else Life(cards=(card,)),
        )  # fmt: skip

    def _worker(self) -> Worker:
        return worker("W1", fixed_at_ms=self.now_ms, heard_at_ms=self.now_ms, received_at_ms=self.now_ms,
                      day=self.day(self.now_ms).isoformat())  # fmt: skip

    def day(self, at_ms: int) -> dt.date:
        return dt.datetime.fromtimestamp(at_ms / 1000, self.zone).date()

    def alike(self, key: str) -> set[str]:
        """The orders that were reported in the period of that name, found one by one."""
        if key == "all":
            return set(self.reported)
        today = self.day(self.now_ms)
        if key == "yesterday":
            found = {self.day(at_ms) for at_ms in self.reported.values() if self.day(at_ms) < today}
            near = {day for day in found if (today - day).days == 1}
            return {name for name, at_ms in self.reported.items() if self.day(at_ms) in near}
        return {name for name, at_ms in self.reported.items() if ALIKE[key](self.day(at_ms)) == ALIKE[key](today)}

    def listed(self, filters: dict[str, Any], figure: str, part: str = "num") -> list[str]:
        return query.order_ids(self.seen, {**filters, "figure": figure, "part": part})


@pytest.fixture(params=AT, ids=lambda of: f"{of[0]} {of[1]}")
def then(request: pytest.FixtureRequest, city_in: Any) -> Then:
    zone, text = request.param
    return Then(city_in(zone), zone, instant(zone, text))


def test_every_screen_of_every_period_counts_the_orders_of_its_days(then: Then) -> None:
    for key in PERIODS:
        wanted = then.alike(key)
        assert set(query.order_ids(then.seen, {"period": key})) == wanted, key
        read = query.read_query(then.city, {"period": key}, then.now_ms)
        period = query.read_period(then.city, {"period": key}, then.now_ms)
        told = query.indicators_of(then.seen, read, "day", ("reported", "closed", "closure_rate"), period)  # type: ignore[arg-type]
        days = [(group["filters"], group["figures"]["reported"]["numerator"]) for group in told["groups"]]
        assert told["figures"]["reported"]["numerator"] == len(wanted) == sum(n for _, n in days)
        assert all(len(then.listed(filters, "reported")) == n for filters, n in days[-40:])
        for kind in BASES:
            base = told["compare"][kind]
            assert base is None or kind == "year" or base["to_ms"] <= period.from_ms


def test_the_wall_draws_all_its_parts_and_its_counters_open_what_they_count(then: Then) -> None:
    parts = [name for name in PARTS if name not in ("colour", "alarm")]
    for key in ("today", "month", "year"):
        told = figures(then.seen, "", key, then.now_ms, parts=parts)  # type: ignore[arg-type]
        assert told["period"]["first"] <= then.day(then.now_ms).isoformat() <= told["period"]["last"]
        for counter in told["counters"]:
            if counter["filters"]:
                assert len(then.listed(counter["filters"], counter["filters"]["figure"])) == counter["value"], counter
        assert sum(day["reported"] for day in told["trend"]) == sum(
            (then.day(then.now_ms) - then.day(at_ms)).days < 30 for at_ms in then.reported.values()
        )
        assert told["trend"][-1]["reported"] == len(then.alike("today")) and len({day["day"] for day in told["trend"]}) == 30


def test_the_review_opens_exactly_what_it_counts(then: Then) -> None:
    for address in (
        {"period": "month", "compare": "previous"}, {"period": "year", "by": "month"}, {"period": "week", "heat": "time"},
    ):  # fmt: skip
        told = review(then.seen, address)
        assert sum(point["figures"]["accepted"]["numerator"] for point in told["trend"]["points"]) == (
            told["figures"]["accepted"]["numerator"]
        )
        for filters, figure in held(told):
            assert len(then.listed(filters, figure["key"])) == figure["numerator"], (address, filters, figure)


def test_cards_tracks_and_dossiers_are_those_of_the_day(then: Then) -> None:
    month = query.read_period(then.city, {"period": "month"}, then.now_ms)
    assert month.from_ms is not None
    given = cards(then.seen, then.city.root, month.from_ms, month.to_ms)
    assert {item["order"] for item in given["items"]} == {name for name in then.alike("month") if int(name[1:]) % 7 == 0}
    assert given["month"] == f"{then.day(then.now_ms):%Y-%m}" and given["month_after"] == ""
    dossier = query.worker_dossier(then.seen, "W1", None, then.now_ms)  # type: ignore[arg-type]
    assert dossier["problems_on_day"] == len(then.alike("today"))
    today = query.read_period(then.city, {"period": "today"}, then.now_ms)
    assert (dossier["from_ms"], dossier["to_ms"]) == (today.from_ms, today.to_ms)
    yesterday = query.worker_dossier(then.seen, "W1", then.day(dossier["from_ms"] - 1).isoformat(), then.now_ms)  # type: ignore[arg-type]
    assert yesterday["to_ms"] == dossier["from_ms"]
    walked = sum(dossier["from_ms"] <= then.now_ms - s * 1000 for s in range(0, 36 * 3600 + 1, 300))
    track = query.track_geojson(then.seen, "W1", dossier["from_ms"], dossier["to_ms"])  # type: ignore[arg-type]
    assert track["properties"]["count"] == walked


def test_the_next_bulletins_come_after_the_end_of_their_periods(then: Then) -> None:
    for kind in KINDS:
        name, at_ms = next_due(then.city, kind, then.now_ms)
        end_ms = periods.bounds(name, then.city).to_ms
        assert end_ms is not None and end_ms <= at_ms == due_at_ms(then.city, name) and then.now_ms < at_ms
        assert due_at_ms(then.city, periods.before(name)) <= then.now_ms
        bounds = periods.bounds(periods.before(name), then.city)
        counted = figures(then.seen, EAST, (bounds.from_ms, bounds.to_ms), then.now_ms, parts=("closure",))  # type: ignore[arg-type]
        assert counted["period"]["last"] == (periods.days_of(periods.before(name))[1] - dt.timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("zone", "text", "period"),
    [
        ("Asia/Shanghai", "2027-01-04 02:30:00", "2026-W53"),
        ("Europe/Berlin", "2028-03-01 02:30:00", "2028-02"),
    ],
)
def test_the_packs_of_odd_periods_hold_the_orders_of_their_days(
    city_in: Any, store: Store, settings: Settings, zone: str, text: str, period: str
) -> None:
    then = Then(city_in(zone), zone, instant(zone, text))
    press = Press(then.city, store, settings, then.now_ms)
    press.tell(*then.hall.orders.values())
    made = press.publish(period, kind=periods.kind_of(period))
    first, after = periods.days_of(period)
    assert made.orders == sum(first <= then.day(at_ms) < after for at_ms in then.reported.values()) > 3
    book = openpyxl.load_workbook(io.BytesIO(press.shelf.bytes_of(made.parts["xlsx.zh"])))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(periods.spoken(period, "zh") in cell for cell in cells)
    assert press.shelf.bytes_of(made.parts["pdf.en"]).startswith(b"%PDF")
