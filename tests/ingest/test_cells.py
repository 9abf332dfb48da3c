"""What a cell says: only what cannot mean anything else, in the right zone, and no exception but the one that says why."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.tabular.cells import Unreadable, coordinate, is_shortened, moment, number

SHANGHAI, ANGELES = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Los_Angeles")


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 16:05:00", "2026/11/20 16:05", "2026.11.20 16:05:00", "2026年11月20日 16时05分", "2026年11月20日16:05:00",
     "20261120160500", "2026/11/20 下午 4:05:00", "2026-11-20 4:05 PM", "2026-11-20T08:05:00Z",
     "2026/11/20 09:05:00+01:00", "1795161900",
     "1795161900000", "46346.6701388889"],
)  # fmt: skip
def test_one_instant_in_all_the_ways_in_which_tables_write_it(text: str) -> None:
    assert abs(moment(text, SHANGHAI).at_ms - 1_795_161_900_000) < 5


@pytest.mark.parametrize(
    "text", ["01/05/2026", "20.11.2026 16:05", "soon", "2026-13-01", "2026-02-30 1:00", "1e300", "9" * 70, "0000-01-01"]
)
def test_what_could_mean_two_things_or_nothing_is_no_time(text: str) -> None:
    with pytest.raises(Unreadable):
        moment(text, SHANGHAI)


def test_a_form_that_is_told_goes_first_and_a_time_without_zone_needs_one() -> None:
    assert iso(moment("05/01/2026 09:00", UTC, ("%d/%m/%Y %H:%M",)).at_ms) == "2026-01-05T09:00:00+00:00"
    with pytest.raises(Unreadable, match="--zone"):
        moment("2026-11-20 16:05:00", None)


def test_both_readings_of_an_hour_that_comes_twice_or_not_at_all() -> None:
    twice, skipped = moment("2022-11-06 01:30", ANGELES), moment("2023-03-12 02:30", ANGELES)
    assert (iso(twice.at_ms), iso(twice.other_ms or 0), twice.oddity) == (
        "2022-11-06T08:30:00+00:00", "2022-11-06T09:30:00+00:00", "twice",
    )  # fmt: skip
    assert (iso(skipped.at_ms), iso(skipped.other_ms or 0), skipped.oddity) == (
        "2023-03-12T10:30:00+00:00", "2023-03-12T09:30:00+00:00", "skipped",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("12.5", 12.5), ("12,5", 12.5), ("0,125", 0.125), ("1,250", None), ("1.250.000", None), ("1,2,3", None), ("-1", -1),
     ("", None), ("nan", None), ("1_000", None), ("１２", None), ("9" * 400, None), ("1e2", 100)],
)  # fmt: skip
def test_a_number_is_what_can_only_be_one(text: str, value: float | None) -> None:
    assert number(text) == value


def test_with_semicolons_between_cells_a_comma_can_only_be_decimal() -> None:
    assert number("1,250", comma=True) == 1.25


@pytest.mark.parametrize(
    ("text", "value"), [("23,051", 23.051), ("23.051°", 23.051), ("23.051N", 23.051), ("S23,051", -23.051), ("-0.5", -0.5)]
)
def test_degrees_with_commas_and_letters(text: str, value: float) -> None:
    assert coordinate(text, 90, "latitude") == value


@pytest.mark.parametrize("text", ["3.946.166.166", "91", "E23", "", "23 051", "nan", "1e9"])
def test_what_is_no_latitude(text: str) -> None:
    with pytest.raises(Unreadable, match="latitude"):
        coordinate(text, 90, "latitude")


def test_a_number_that_a_spreadsheet_has_shortened_is_seen() -> None:
    assert is_shortened("4.40605E+17") and is_shortened("1E+05")
    assert not any(map(is_shortened, ("2E10", "440605001", "A1E+5", "4.4", "")))


@given(text=st.text(max_size=70) | st.from_regex(r"\d{1,20}([-/.:年月T ]\d{1,9}){0,7}", fullmatch=True))
def test_no_text_raises_anything_but_its_reason(text: str) -> None:
    for zone in (SHANGHAI, ANGELES, None):
        try:
            at = moment(text, zone, ("%d/%m/%Y", "%y%m%d"))
            assert isinstance(at.at_ms, int) and iso(at.at_ms)
        except Unreadable as wrong:
            assert str(wrong).startswith("time")
    number(text)
    with contextlib.suppress(Unreadable):
        assert abs(coordinate(text, 180, "lon")) <= 180


@given(at=st.datetimes(datetime(1980, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001  of a wall clock
def test_every_time_that_is_written_is_read_as_it_was(at: datetime) -> None:
    at = at.replace(microsecond=0)
    want = round((at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    chinese = f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"
    for text in (at.isoformat(), f"{at:%Y/%m/%d %H:%M:%S}", chinese, f"{at:%Y%m%d%H%M%S}"):
        assert moment(text, UTC).at_ms == want
