"""环比 and 同比: which window a period is compared with, and what the difference is."""

import datetime as dt

import pytest

from config.city import City
from dashboard import query
from dashboard.compare import compared
from dashboard.filters import read_query
from dashboard.period import resolve
from domain.calendar import Period, base_of
from domain.indicators import make_figure
from tests.dashboard.halls import hall_of, order


def at(city: City, text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=city.zone).timestamp() * 1000)


def days(city: City, first: str, after: str, key: str = "custom") -> Period:
    return Period(key, at(city, first), at(city, after))


@pytest.mark.parametrize(
    ("key", "period", "now", "kind", "base", "as_of"),
    [
        ("month", ("2026-03-01", "2026-04-01"), "2026-05-10", "previous", ("2026-02-01", "2026-03-01"), None),
        ("month", ("2026-03-01", "2026-04-01"), "2026-05-10", "year", ("2025-03-01", "2025-04-01"), None),
        ("custom", ("2026-03-01", "2026-04-01"), "2026-05-10", "previous", ("2026-02-01", "2026-03-01"), None),
        ("year", ("2026-01-01", "2027-01-01"), "2027-03-01", "previous", ("2025-01-01", "2026-01-01"), None),
        ("custom", ("2025-01-01", "2026-01-01"), "2026-05-10", "previous", ("2024-01-01", "2025-01-01"), None),
        ("quarter", ("2026-01-01", "2026-04-01"), "2026-05-10", "previous", ("2025-10-01", "2026-01-01"), None),
        ("custom", ("2026-03-05", "2026-03-12"), "2026-05-10", "previous", ("2026-02-26", "2026-03-05"), None),
        ("week", ("2026-03-09", "2026-03-16"), "2026-04-01", "previous", ("2026-03-02", "2026-03-09"), None),
        ("today", ("2026-03-10", "2026-03-11"), "2026-03-12", "previous", ("2026-03-09", "2026-03-10"), None),
        # a month that is nine and a half days old: nine and a half days of the one before, as they stood then
        (
            "month",
            ("2026-03-01", "2026-04-01"),
            "2026-03-10 12:00",
            "previous",
            ("2026-02-01", "2026-02-10 12:00"),
            "2026-02-10 12:00",
        ),
        (
            "month",
            ("2026-03-01", "2026-04-01"),
            "2026-03-10 12:00",
            "year",
            ("2025-03-01", "2025-03-10 12:00"),
            "2025-03-10 12:00",
        ),
    ],
)
def test_a_period_is_compared_at_the_same_age(
    city: City, key: str, period: tuple[str, str], now: str, kind: str, base: tuple[str, str], as_of: str | None
) -> None:
    found = base_of(kind, days(city, *period, key), city.zone, at(city, now))
    assert found is not None and (found.from_ms, found.to_ms) == (at(city, base[0]), at(city, base[1]))
    assert as_of is None or found.as_of_ms == at(city, as_of)


def test_what_has_no_end_or_no_day_a_year_ago_has_no_base(city: City) -> None:
    now_ms = at(city, "2026-03-10")
    assert base_of("previous", resolve("all", city, now_ms), city.zone, now_ms) is None
    assert base_of("year", days(city, "2024-02-29", "2024-03-01"), city.zone, now_ms) is None


def test_differences_are_exact_and_bear_more_than_four_hundred_per_cent() -> None:
    count = lambda n: make_figure("closed", n, None, 0, "report")  # noqa: E731
    rate = lambda num, den: make_figure("closure_rate", num, den, 0, "report")  # noqa: E731
    assert compared(count(5462), count(1000))["change"] == "446.2000"
    assert compared(count(3), count(0))["change"] is None and compared(count(1), count(3))["change"] == "-66.6667"
    told = compared(rate(999, 1000), rate(9, 10))
    assert (told["points"], told["change"], told["shown"]) == ("9.9000", "11.0000", "90.00 %")
    assert compared(rate(1, 2), rate(0, 0))["points"] is None


def test_the_api_brings_figures_beside_their_bases(city: City) -> None:
    now_ms = at(city, "2026-03-10 12:00")
    rows = [
        order(
            f"F{n}",
            "closed",
            reported_at_ms=at(city, f"2026-02-0{n + 1} 09:00"),
            closed_at_ms=at(city, f"2026-02-{8 + n:02d} 10:00"),
        )
        for n in range(4)
    ]
    rows += [order("L1", reported_at_ms=at(city, "2026-02-20")), order("M1", reported_at_ms=at(city, "2026-03-02"))]
    hall = hall_of(city, *rows)
    params = {"from": "2026-03-01", "to": "2026-03-31"}
    asked = read_query(city, params, now_ms)
    period = query.read_period(city, params, now_ms)
    told = query.indicators_of(hall, asked, None, ("reported", "closed"), period)["compare"]
    before = told["previous"]["figures"]
    assert (before["reported"]["numerator"], before["reported"]["change"]) == (4, "-75.0000")
    assert before["closed"]["numerator"] == 3  # the fourth was closed on the eleventh: later than the tenth at noon
    assert told["year"]["figures"]["reported"]["numerator"] == 0
