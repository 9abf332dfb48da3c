"""The holidays of a city: for cities of China the state's, and in every country what `calendar.csv` says.

calendar.csv: date, working, name. `working` is 1 (worked) or 0 (a day off), or `complete`: this file names every holiday and
make-up day up to that date. The last such row, or the last year of which the state's holidays are known here, is the end of
what is known (`WorkCalendar.known_until`); beyond it weekdays are assumed, and said to be.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from chinese_calendar import holidays, is_workday

from config.city_files import Faults, read_records, valid_day
from domain.workcalendar import Standing, WorkCalendar

if TYPE_CHECKING:
    from config.city_model import City

FILE: Final = "calendar.csv"
COMPLETE: Final = "complete"
STATE_ZONES: Final = frozenset(
    {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Kashgar", "PRC"}
)
"""Cities in these zones have the holidays of China's state; Hong Kong, Macau, Taipei and all others name their own."""

STATE_FIRST: Final = dt.date(min(holidays).year, 1, 1)
STATE_LAST: Final = dt.date(max(holidays).year, 12, 31)
"""Of these years the package chinesecalendar knows the state's holidays; a newer release of it knows more."""


class OwnDays(msgspec.Struct, frozen=True):
    """What a city's own file says: day (ISO) → whether it is worked, and up to which day it names all of them, or None."""

    days: dict[str, bool] = {}
    complete_until: dt.date | None = None


def read_own_days(folder: Path, faults: Faults) -> OwnDays:
    """What calendar.csv says; nothing where there is no such file."""
    days: dict[str, bool] = {}
    complete: list[dt.date] = []
    for row in read_records(folder / FILE, faults, ("date", "working"), ("name",)):
        if not valid_day(row["date"]):
            faults.error(row.file, row.line, f"date {row['date']!r} is no date: write YYYY-MM-DD")
        elif row["working"] == COMPLETE:
            complete.append(dt.date.fromisoformat(row["date"]))
            continue
        if row["working"] not in ("0", "1", COMPLETE):
            right = f"1 (working day), 0 (day off) nor {COMPLETE} (all days up to this one are named)"
            faults.error(row.file, row.line, f"working {row['working']!r} is neither {right}")
        if row["date"] in days:
            faults.error(row.file, row.line, f"{row['date']} is listed twice: keep one")
        days[row["date"]] = row["working"] == "1"
    return OwnDays(days, max(complete, default=None))


def calendar_for(timezone: str, own: OwnDays) -> WorkCalendar:
    """The calendar of a city in that zone."""
    of_state = timezone in STATE_ZONES
    ends = [day for day in (STATE_LAST if of_state else None, own.complete_until) if day is not None]
    return WorkCalendar(own.days, _state_day if of_state else _no_state, max(ends, default=None))


def _state_day(day: dt.date) -> bool | None:
    return bool(is_workday(day)) if STATE_FIRST <= day <= STATE_LAST else None


def _no_state(_day: dt.date) -> None:
    return None


class CalendarNews(msgspec.Struct, frozen=True):
    """What people are told of a calendar: ends_soon, ended or unknown; `known_until` in ISO, "" where unknown."""

    standing: Standing
    known_until: str


def calendar_news(city: "City", today: dt.date) -> CalendarNews | None:
    """What is to be said of a city's calendar on a day; None: nothing, it reaches far enough, or nobody there has days off."""
    if city.worktime.works_every_day:
        return None
    standing = city.calendar.standing(today)
    return None if standing == "known" else CalendarNews(standing, str(city.calendar.known_until or ""))


_SAID: Final[dict[Standing, str]] = {
    "ends_soon": "holidays are known until {day}: limits that run beyond it are provisional",
    "ended": "holidays were known until {day}: since then every Monday to Friday is taken for a working day",
    "unknown": "no holidays are known: every Monday to Friday is taken for a working day",
}
_WHAT_HELPS: Final = "list the holidays, then a line YYYY-12-31,complete"


def calendar_warnings(city: "City", today: dt.date) -> list[str]:
    """The same as lines of `app.py check`."""
    news = calendar_news(city, today)
    return [] if news is None else [f"{FILE}:1: {_SAID[news.standing].format(day=news.known_until)}; {_WHAT_HELPS}"]
