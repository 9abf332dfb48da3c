"""What is due by the city's plan: in its zone, once, also after an outage, and by one process of several."""

import datetime as dt
import threading
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.city import City, CityErrors, check_city, load_city
from config.city_bulletins import BulletinPlan
from config.settings import Settings
from config.words import words
from dashboard.bulletins import periods
from dashboard.bulletins.firsts import Firsts
from dashboard.bulletins.schedule import MOST_MISSED, due, due_at_ms, next_due
from store import bulletins
from store.bulletins import KINDS, Bulletin
from store.store import Store
from tests.conftest import CITY_YAML
from tests.dashboard.bulletin_city import NOVEMBER, OCTOBER, Press, orders
from tests.dashboard.halls import DAY, EAST, HOUR, WEST
from tests.dashboard.test_bulletins import quick  # noqa: F401 - a fixture

MINUTE = 60_000


def planned(city_folder: Path, tmp_path: Path, **plan: object) -> City:
    """The small city with another plan."""
    for file in city_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    told = msgspec.json.encode(plan).decode()
    zone = CITY_YAML.replace("Asia/Shanghai", str(plan.pop("zone", "Asia/Shanghai")))
    told = msgspec.json.encode(plan).decode()
    (tmp_path / "city.yaml").write_text(f"{zone}\nbulletins: {told}\n", encoding="utf-8")
    return load_city(tmp_path)


def names(city: City, published: Iterable[Bulletin], now_ms: int, first_ms: int | None = 0) -> list[str]:
    return [one.period for one in due(city, published, now_ms, lambda _: first_ms)]


def version(kind: str, region: str, period: str, number: int = 1) -> Bulletin:
    told = {"id": f"{kind}{region}{period}{number}", "kind": kind, "region": region, "period": period, "number": number}
    return Bulletin(**told, from_ms=0, to_ms=0, reason="", by="", as_of_ms=0, orders=0, previous="", parts={})  # type: ignore[arg-type]


def versions(city: City, month: str, week: str, year: str) -> list[Bulletin]:
    """What is published already: the newest of each kind."""
    return [version(kind, city.root, period) for kind, period in (("month", month), ("week", week), ("year", year))]


def at(zone: str, *civil: int) -> int:
    return round(dt.datetime(*civil, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_a_month_is_due_on_the_first_at_the_local_hour(city: City) -> None:
    published = versions(city, "2025-09", "2025-W43", "2024")
    assert at("Asia/Shanghai", 2025, 11, 1) == NOVEMBER
    assert names(city, published, NOVEMBER + 2 * HOUR - 1) == []
    assert names(city, published, NOVEMBER + 2 * HOUR) == ["2025-10"]


def test_a_week_is_due_on_monday_and_a_year_on_the_first_of_january(city: City) -> None:
    published = versions(city, "2025-12", "2025-W52", "2024")
    new_year = at("Asia/Shanghai", 2026, 1, 1, 2)
    assert names(city, published, new_year - 1) == []
    assert names(city, published, new_year) == ["2025"]
    monday = at("Asia/Shanghai", 2026, 1, 5, 2)
    assert names(city, published, monday) == ["2025", "2026-W01"]


def test_what_an_outage_missed_is_made_later_the_oldest_first(city: City) -> None:
    published = versions(city, "2025-07", "2025-W43", "2024")
    missed = names(city, published, NOVEMBER + 20 * DAY)
    assert [name for name in missed if "W" not in name] == ["2025-08", "2025-09", "2025-10"]
    assert [name for name in missed if "W" in name] == ["2025-W44", "2025-W45", "2025-W46"]
    long_ago = versions(city, "1999-01", "1999-W01", "1999")
    assert len(names(city, long_ago, NOVEMBER + 2 * HOUR)) == 3 * MOST_MISSED


def test_a_city_that_begins_publishes_only_what_ended_last_and_nothing_of_before_its_orders(city: City) -> None:
    assert names(city, [], NOVEMBER + 3 * HOUR) == ["2024", "2025-W43", "2025-10"]
    assert names(city, [], NOVEMBER + 3 * HOUR, OCTOBER + 29 * DAY) == ["2025-10"]
    assert names(city, [], NOVEMBER + 3 * HOUR, None) == names(city, [], NOVEMBER + 3 * HOUR, NOVEMBER) == []


def test_a_correction_is_not_due_and_one_by_hand_counts_as_published(city: City) -> None:
    published = [*versions(city, "2025-10", "2025-W43", "2024"), version("month", city.root, "2025-10", 2)]
    assert names(city, published, NOVEMBER + 3 * HOUR) == []


def test_the_plan_says_which_kinds_regions_and_hour(city_folder: Path, tmp_path: Path) -> None:
    city = planned(city_folder, tmp_path, kinds=["month"], regions=[EAST, "440605"], at="06:30")
    assert due(city, [], NOVEMBER + 6 * HOUR, lambda _: 0) == due(city, [], OCTOBER + 7 * HOUR, lambda _: 0)
    found = due(city, [], NOVEMBER + 6 * HOUR + 30 * MINUTE, lambda _: 0)
    assert [(one.period, one.region) for one in found] == [("2025-10", "440605"), ("2025-10", EAST)]
    silent = planned(city_folder, tmp_path, kinds=[])
    assert due(silent, [], NOVEMBER + DAY, lambda _: 0) == []


def test_the_zone_of_the_city_decides_also_where_the_clock_is_put_forward(city_folder: Path, tmp_path: Path) -> None:
    city = planned(city_folder, tmp_path, zone="America/New_York", at="02:30")
    assert due_at_ms(city, "2026-02") == at("America/New_York", 2026, 3, 1, 2, 30)
    assert due_at_ms(city, "2025-10") == at("America/New_York", 2025, 11, 1, 2, 30)
    assert periods.bounds("2025-11", city).to_ms - periods.bounds("2025-11", city).from_ms == 30 * DAY + HOUR  # type: ignore[operator]


@pytest.mark.parametrize(("told", "fault"), [
    ('{at: "25:00"}', "at: '25:00'"), ('{at: "2"}', "at: '2'"), ("{regions: [nowhere]}", "'nowhere' is no region"),
    ("{kinds: [decade]}", "kinds"), ("{hour: 2}", "hour"), ("{basis: nothing}", "basis"), ("{at: 2}", "at"),
])  # fmt: skip
def test_a_plan_that_cannot_be_is_told_with_its_line(city_folder: Path, tmp_path: Path, told: str, fault: str) -> None:
    for file in city_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "city.yaml").write_text(f"{CITY_YAML}\nbulletins: {told}\n", encoding="utf-8")
    errors, _ = check_city(tmp_path)
    assert len(errors) == 1 and errors[0].startswith("city.yaml:14: bulletins: ") and fault in errors[0]
    with pytest.raises(CityErrors):
        load_city(tmp_path)


def test_a_city_without_a_plan_publishes_all_three_kinds_of_the_whole_city(city: City) -> None:
    assert city.bulletins == BulletinPlan() and city.bulletins.kinds == KINDS and city.part(EAST).bulletins is city.bulletins


@hypothesis.settings(deadline=None)
@given(st.dates(dt.date(1995, 1, 1), dt.date(2095, 12, 31)), st.sampled_from(KINDS))
def test_every_day_lies_in_one_week_one_month_one_year(day: dt.date, kind: str) -> None:
    name = periods.name_of(kind, day)  # type: ignore[arg-type]
    first, after = periods.days_of(name)
    assert first <= day < after and periods.kind_of(name) == kind
    assert periods.before(periods.after(name)) == periods.after(periods.before(name)) == name
    assert periods.days_of(periods.after(name))[0] == after
    assert (name < periods.after(name)) and all(periods.spoken(name, lang) for lang in ("zh", "en"))


@pytest.mark.parametrize("wrong", ["2025-W54", "2025-W00", "2025-13", "2025-00", "25-01", "2025-1", "", "2025-10-01", "1066"])
def test_what_is_no_period_is_no_period(wrong: str) -> None:
    with pytest.raises(ValueError):
        periods.days_of(wrong)


def test_the_next_one_is_told(city: City) -> None:
    assert next_due(city, "month", NOVEMBER + HOUR) == ("2025-10", NOVEMBER + 2 * HOUR)
    assert next_due(city, "month", NOVEMBER + 2 * HOUR) == ("2025-11", at("Asia/Shanghai", 2025, 12, 1, 2))
    assert next_due(city, "year", NOVEMBER) == ("2025", at("Asia/Shanghai", 2026, 1, 1, 2))
    assert "2025年10月" in periods.spoken("2025-10", "zh") and words("en")["bulletins.kind.week"] == "Weekly review"


def test_a_process_that_comes_back_after_the_date_makes_what_is_due(
    store: Store, city: City, settings: Settings, quick: None  # noqa: F811
) -> None:
    before = Press(city, store, settings, NOVEMBER - HOUR)
    before.tell(*orders())
    while before.maker.turn():
        pass
    assert [one.period for one in bulletins.bulletins(store)] == ["2025-W43", "2025-09"]  # the first time, what ended last
    bulletins.end_lease(store, before.maker.owner)
    after = Press(city, store, settings, NOVEMBER + 16 * DAY + 3 * HOUR)
    after.tell(*orders())
    while after.maker.turn():
        pass
    made = {one.period: one for one in bulletins.bulletins(store)}
    assert set(made) == {"2025-09", "2025-W43", "2025-W44", "2025-W45", "2025-W46", "2025-10"}
    assert made["2025-10"].as_of_ms == after.now_ms and made["2025-10"].by == ""
    from store.audit import newest

    assert sorted(line.detail["period"] for line in newest(store) if line.what == "publish") == sorted(made)
    assert {line.who for line in newest(store) if line.what == "publish"} == {"gridhall"}
    assert not after.maker.turn()


def test_two_web_processes_make_what_is_due_once(
    store: Store, city: City, settings: Settings, quick: None, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    from dashboard.bulletins import content, maker

    frozen: list[str] = []
    freeze = content.freeze

    def counted(hall: object, job: bulletins.Job) -> object:
        frozen.append(job.period)
        return freeze(hall, job)  # type: ignore[arg-type]

    monkeypatch.setattr(content, "freeze", counted)
    monkeypatch.setattr(maker, "TURN_S", 0.05)
    both = [Press(city, store, settings) for _ in range(2)]
    for press in both:
        press.tell(*orders())
        press.maker.start()
    threading.Event().wait(4)
    for press in both:
        press.maker.stop()
    assert sorted(frozen) == ["2025-10", "2025-W43"]
    assert sorted(one.period for one in bulletins.bulletins(store)) == ["2025-10", "2025-W43"]


def test_after_a_start_it_waits_until_what_was_held_back_has_come_in(store: Store, city: City, settings: Settings) -> None:
    from dashboard.bulletins.maker import Maker

    press = Press(city, store, settings)
    press.tell(*orders())
    assert not Maker(press.hall, press.shelf, settle_s=60).turn()
    assert bulletins.jobs(store) == []


def test_the_first_order_of_a_region_is_that_of_the_region(store: Store, city: City, settings: Settings) -> None:
    press = Press(city, store, settings)
    assert Firsts(press.hall).of(city.root) is None
    press.tell(*orders())
    firsts = Firsts(press.hall)
    assert (firsts.of(city.root), firsts.of(WEST)) == (OCTOBER - DAY, OCTOBER + DAY + 9 * HOUR)
