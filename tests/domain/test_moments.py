from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.moments import FIRST_MS, LAST_MS, civil

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Los_Angeles", "UTC")]


@given(st.integers(), st.sampled_from(ZONES))
def test_every_number_is_some_civil_time(at_ms: int, zone: ZoneInfo) -> None:
    assert 1 <= civil(at_ms, zone).year <= 9999


@pytest.mark.parametrize("zone", ZONES)
def test_what_has_a_date_keeps_it_and_the_ends_are_the_first_and_the_last_year(zone: ZoneInfo) -> None:
    assert civil(1_760_065_200_000, ZONES[0]).isoformat() == "2025-10-10T11:00:00+08:00"
    assert (civil(FIRST_MS, zone).year, civil(LAST_MS, zone).year) == (1, 9999)
