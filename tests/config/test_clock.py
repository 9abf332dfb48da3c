"""The one clock: the machine's, or another moment that runs on, the same for all processes."""

import pytest

from config.clock import anchored, parse_now


def test_a_moment_is_so_many_milliseconds_ahead_of_the_machine() -> None:
    assert parse_now("") == 0
    assert parse_now("2026-12-31T23:58:00+08:00", machine_ms=1_798_732_680_000) == 0
    assert parse_now("2026-12-31T23:58:00+08:00@1798732679000") == 1000


def test_processes_that_start_later_have_the_same_clock() -> None:
    held = anchored("2028-02-29T00:00:30+08:00")
    assert parse_now(held) == parse_now(anchored(held)) and anchored("") == ""


WRONG = ("tomorrow", "2026-12-31", "2026-12-31T23:58:00", "9999-12-31T00:00:00Z", "2026-12-31T00:00Z@x")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_moment_without_a_zone_or_beyond_the_calendar_is_told(wrong: str) -> None:
    with pytest.raises(ValueError, match="a time with its zone"):
        parse_now(wrong)
