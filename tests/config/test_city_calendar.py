"""Until which day a city's holidays are known, by the state's calendar and by its own calendar.csv."""

import datetime as dt
from pathlib import Path

import chinese_calendar
import pytest

from config import city_calendar
from config.city import CityErrors, load_city
from config.city_calendar import calendar_news, calendar_warnings
from config.city_model import City
from config.city_time import calendar_version, clock_rules

KNOWN = dt.date(2026, 12, 31)
YAML = "code: '1'\nname: 小城\nlevels: [{key: city, zh: 市, en: City}]\n"


def town(folder: Path, calendar: str = "", zone: str = "Asia/Shanghai", more: str = "") -> City:
    (folder / "city.yaml").write_text(f"{YAML}timezone: {zone}\n{more}", encoding="utf-8")
    (folder / "regions.csv").write_text("code,name,level,parent\n1,小城,city,\n", encoding="utf-8")
    if calendar:
        (folder / "calendar.csv").write_text("date,working,name\n" + calendar, encoding="utf-8")
    return load_city(folder)


@pytest.fixture
def only_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_calendar, "STATE_LAST", KNOWN)


def test_the_states_calendar_is_known_to_the_end_of_its_last_year(tmp_path: Path) -> None:
    last = max(chinese_calendar.holidays).year
    city = town(tmp_path)
    assert city.calendar.known_until == dt.date(last, 12, 31)
    assert city.is_working_day(dt.date(last + 1, 10, 1)) is (dt.date(last + 1, 10, 1).weekday() < 5)
    with pytest.raises(NotImplementedError):  # what is assumed is nobody's word
        chinese_calendar.is_workday(dt.date(last + 1, 1, 1))


@pytest.mark.parametrize(
    ("zone", "calendar", "known_until"),
    [
        ("Asia/Shanghai", "", KNOWN),
        ("Asia/Urumqi", "", KNOWN),
        ("Asia/Shanghai", "2027-01-01,0,\n2027-10-01,0,\n", KNOWN),  # days, but nobody says that they are all
        ("Asia/Shanghai", "2027-01-01,0,\n2027-12-31,complete,公布\n", dt.date(2027, 12, 31)),
        ("Asia/Shanghai", "2027-12-31,complete,\n2028-06-30,complete,\n", dt.date(2028, 6, 30)),
        ("Asia/Shanghai", "2025-12-31,complete,\n", KNOWN),
        ("Europe/Berlin", "", None),
        ("Europe/Berlin", "2026-12-25,0,\n2026-12-31,complete,\n", KNOWN),
        ("Asia/Hong_Kong", "", None),
    ],
)
@pytest.mark.usefixtures("only_2026")
def test_what_is_known_is_the_states_calendar_and_what_the_city_says(
    tmp_path: Path, zone: str, calendar: str, known_until: dt.date | None
) -> None:
    assert town(tmp_path, calendar, zone).calendar.known_until == known_until


@pytest.mark.usefixtures("only_2026")
def test_a_city_elsewhere_has_no_chinese_holidays_and_a_row_of_completeness_is_no_day_off(tmp_path: Path) -> None:
    berlin = town(tmp_path, "2026-12-25,0,Weihnachten\n2026-12-31,complete,\n", "Europe/Berlin")
    assert berlin.is_working_day("2026-10-01") and not berlin.is_working_day("2026-12-25")
    assert berlin.is_working_day("2026-12-31") and not berlin.is_working_day("2026-10-10")  # a make-up Saturday in China


def test_faults_of_calendar_csv_are_told_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(CityErrors) as told:
        town(tmp_path, "2027-02-30,complete,\n2027-01-01,maybe,\n2027-01-02,0,\n2027-01-02,1,\n2027-12-31,complete,\n")
    assert [fault.split(": ")[0] for fault in told.value.faults] == ["calendar.csv:2", "calendar.csv:3", "calendar.csv:5"]


@pytest.mark.parametrize(
    ("zone", "today", "said"),
    [
        ("Asia/Shanghai", "2026-10-31", ""),
        ("Asia/Shanghai", "2026-11-01", "ends_soon"),
        ("Asia/Shanghai", "2027-01-01", "ended"),
        ("Europe/Berlin", "2026-03-01", "unknown"),
    ],
)
@pytest.mark.usefixtures("only_2026")
def test_what_is_said_of_a_calendar(tmp_path: Path, zone: str, today: str, said: str) -> None:
    city, day = town(tmp_path, zone=zone), dt.date.fromisoformat(today)
    news = calendar_news(city, day)
    assert (news.standing if news else "") == said
    warnings = calendar_warnings(city, day)
    assert bool(warnings) == bool(said) and all(line.startswith("calendar.csv:1: ") for line in warnings)
    always = town(tmp_path, zone=zone, more="worktime: {every_day: true}\n")
    assert calendar_news(always, day) is None, "where nobody has days off nothing hangs on them"


@pytest.mark.usefixtures("only_2026")
def test_each_departments_working_time_knows_how_far_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "departments.csv").write_text("key,name\nD1,一\nD2,二\n", encoding="utf-8")
    own = 'worktime: {departments: {D2: {every_day: true}, D1: {periods: [["06:00", "14:00"]]}}}\n'
    city = town(tmp_path, more=own)
    new_year_ms = city.day_bounds("2027-01-01")[0]
    rules = clock_rules(city)
    assert [rules.calendar(name).known_until_ms == new_year_ms for name in ("", "D1", "D2")] == [True, True, False]
    assert rules.calendar("D2").known_until_ms > city.day_bounds("2045-12-31")[0]


@pytest.mark.usefixtures("only_2026")
def test_the_version_of_a_calendar_hangs_on_its_days_alone(tmp_path: Path) -> None:
    plain = calendar_version(town(tmp_path))
    assert calendar_version(town(tmp_path, "2026-10-01,0,国庆节\n")) == plain, "what the state says too"
    versions = [
        calendar_version(town(tmp_path, text))
        for text in ("2027-01-01,0,\n", "2027-12-31,complete,\n", "2027-01-01,0,\n2027-12-31,complete,\n")
    ]
    assert len({plain, *versions}) == 4


def test_a_part_of_a_city_has_its_calendar(tmp_path: Path) -> None:
    city = town(tmp_path, "2031-12-31,complete,\n2031-05-05,0,\n")
    part = city._make_part("1")
    assert part.calendar.known_until == dt.date(2031, 12, 31) and not part.is_working_day("2031-05-05")
