"""Clocks are not believed: what a wrong one dated is found, said by how much, and holds nothing back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import cases, device_clock
from domain.bounds import DAY_MS
from domain.device_clock import WEEK_MS
from domain.facts import CaseStep
from domain.lifecycle import STATUSES
from domain.limits import Limits
from domain.states import Order, OrderFlag

LIMITS = Limits()
NOW = 1_796_100_000_000  # 2026-12-01
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("ahead_ms", "wrong", "weeks"),
    [
        (0, False, 0),
        (120_000, False, 0),
        (120_001, True, 0),
        (HOUR, True, 0),
        (5 * 365 * DAY_MS, True, 0),
        (-90 * DAY_MS, False, 0),  # a phone's queue after a summer
        (-1096 * DAY_MS, False, 0),
        (-1097 * DAY_MS, True, 0),
        (-1024 * WEEK_MS - 40_000, True, 1024),
        (-2048 * WEEK_MS + HOUR, True, 2048),
        (1024 * WEEK_MS, True, 1024),
        (-1024 * WEEK_MS - 2 * DAY_MS, True, 0),
        (-NOW, True, 0),  # 1970
    ],
)
def test_what_clocks_can_be_apart_is_believed_and_nothing_else(ahead_ms: int, wrong: bool, weeks: int) -> None:
    found = device_clock.of_fix(NOW + ahead_ms, NOW, LIMITS)
    assert found == (ahead_ms if wrong else 0)
    assert device_clock.rollover_weeks(found) == weeks


def test_what_is_told_as_a_record_may_be_of_any_age_and_never_of_the_future() -> None:
    assert device_clock.of_fix(NOW - 6000 * DAY_MS, NOW, LIMITS, recorded=True) == 0
    assert device_clock.of_fix(NOW + HOUR, NOW, LIMITS, recorded=True) == HOUR


def test_whole_years_of_orders_are_believed_and_what_is_older_than_the_field_is_not() -> None:
    assert device_clock.of_step(NOW - 16 * 365 * DAY_MS, NOW, LIMITS) == 0
    assert device_clock.of_step(NOW - 27 * 365 * DAY_MS, NOW, LIMITS) != 0  # 1999


# orders


def nowhere(told: str | None, _lon: float | None, _lat: float | None) -> tuple[str, bool]:
    return told or "", False


def step(status: str, at_ms: int, received_at_ms: int | None = None, **said: object) -> CaseStep:
    received_at_ms = at_ms if received_at_ms is None else received_at_ms
    return CaseStep(source="t", received_at_ms=received_at_ms, order="A1", at_ms=at_ms, status=status, **said)  # type: ignore[arg-type]


def folded(*facts: CaseStep) -> Order:
    trail, _ = cases.add_steps((), [cases.step_of(fact, LIMITS) for fact in facts], 500)
    return cases.fold_trail("A1", trail, nowhere)


@pytest.mark.parametrize("at_ms", [NOW + HOUR, NOW + 5 * 365 * DAY_MS, NOW - 1024 * WEEK_MS, NOW - 30 * 365 * DAY_MS])
def test_a_step_of_a_wrong_clock_goes_by_its_receipt(at_ms: int) -> None:
    """It wins over what was before it, and loses against what comes after; it is kept as it was told, and flagged."""
    reported, odd = step("reported", NOW - 2 * HOUR), step("handling", at_ms, NOW, department="市政所")
    order = folded(reported, odd)
    assert (order.status, order.department, order.status_at_ms) == ("handling", "市政所", NOW)
    assert order.flags & OrderFlag.CLOCK_WRONG
    order = folded(reported, odd, step("closed", NOW + 10_000))
    assert (order.status, order.closed_at_ms) == ("closed", NOW + 10_000)
    assert cases.step_of(odd, LIMITS).at_ms == at_ms


def test_a_step_of_years_before_the_report_is_of_a_wrong_clock_too() -> None:
    order = folded(step("reported", NOW - DAY_MS), step("handling", NOW - HOUR), step("closed", NOW - 8 * 365 * DAY_MS, NOW))
    assert order.status == "closed" and order.flags & OrderFlag.CLOCK_WRONG
    assert order.closed_at_ms is None and order.flags & OrderFlag.CLOSE_TIME_UNKNOWN  # when it was, nobody knows


@pytest.mark.parametrize("at_ms", [NOW + HOUR, NOW + 5 * 365 * DAY_MS, NOW - 1024 * WEEK_MS])
def test_what_is_told_at_once_with_a_step_of_a_wrong_clock_or_soon_after_it_counts(at_ms: int) -> None:
    """The next step happened before the misdated one was received: it counts all the same."""
    told = step("reported", NOW - 2 * HOUR, NOW), step("handling", at_ms, NOW), step("closed", NOW - 60_000, NOW)
    assert folded(*told).status == "closed"
    assert folded(*told[:2], step("closed", NOW - 10_000, NOW + 3000)).closed_at_ms == NOW - 10_000


def test_the_steps_of_a_system_that_is_always_an_hour_ahead_are_in_their_order() -> None:
    received_ms = [NOW + n * 600_000 for n in range(3)]
    statuses = ("reported", "handling", "closed")
    order = folded(*(step(status, at_ms + HOUR, at_ms) for status, at_ms in zip(statuses, received_ms, strict=True)))
    assert (order.status, order.reported_at_ms, order.closed_at_ms) == ("closed", NOW, NOW + 1_200_000)


def test_the_order_of_the_steps_does_not_hide_a_clock_of_years_before_the_report() -> None:
    told = step("closed", NOW - 8 * 365 * DAY_MS, NOW), step("handling", NOW - HOUR), step("reported", NOW - DAY_MS)
    order = folded(*told)
    assert order.flags & OrderFlag.CLOCK_WRONG and order.status == "handling"


def test_a_report_of_the_future_is_of_its_receipt() -> None:
    assert folded(step("reported", NOW + 365 * DAY_MS, NOW)).reported_at_ms == NOW


def test_an_old_order_told_today_is_believed() -> None:
    old_ms = NOW - 10 * 365 * DAY_MS
    order = folded(step("reported", old_ms, NOW), step("closed", old_ms + HOUR, NOW))
    assert (order.reported_at_ms, order.closed_at_ms, order.flags) == (old_ms, old_ms + HOUR, 0)


@example(NOW + 400 * DAY_MS, "reported", (0, 1, 2))
@given(st.integers(0, 4_102_444_800_000), st.sampled_from(sorted(STATUSES)), st.sampled_from([(0, 1, 2), (1, 0, 2), (1, 2, 0)]))
def test_whatever_a_clock_says_the_next_word_with_the_right_time_counts(
    at_ms: int, status: str, arrival: tuple[int, ...]
) -> None:
    told = (step("reported", NOW - DAY_MS), step(status, at_ms, NOW), step("closed", NOW + HOUR))
    order = folded(*(told[place] for place in arrival))
    assert order.status == "closed"
    if not STATUSES[status].closed:
        assert order.closed_at_ms == NOW + HOUR
