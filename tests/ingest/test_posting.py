"""What a try to post comes to, and when the next one is."""

import datetime as dt
import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import clock
from config.city_notices import Webhook
from domain.notices import DELIVERED, FAILED, WAITING, Delivery
from ingest.posting import FIRST_WAIT_S, LONGEST_WAIT_S, Answer, seconds_of, settled, wait_of

HOOK = Webhook(url="https://x/", give_up_after_h=24)
NEW = Delivery(id="a", order="O", event="urge", webhook="w", reporter=False, told_at_ms=0)
HOUR = 3_600_000


@given(st.lists(st.sampled_from([None, 302, 408, 425, 429, 500, 503]), min_size=1, max_size=60), st.integers(0, 10**12))
def test_tries_get_rarer_up_to_an_hour_and_end_within_the_time_of_the_webhook(answers: list[int | None], begun_ms: int) -> None:
    delivery, now_ms, waits = NEW, begun_ms, []
    for status in answers:
        delivery = settled(delivery, Answer(status, "" if status else "timeout"), HOOK, now_ms)
        if delivery.state != WAITING:
            break
        assert delivery.next_at_ms is not None and delivery.next_at_ms > now_ms
        waits.append((delivery.next_at_ms - now_ms) / 1000)
        now_ms = delivery.next_at_ms
    assert now_ms <= begun_ms + 24 * HOUR and all(wait <= LONGEST_WAIT_S * 1.25 for wait in waits)
    assert waits[0] <= FIRST_WAIT_S * 1.25
    if delivery.state == FAILED:
        assert delivery.why == "expired" and now_ms == begun_ms + 24 * HOUR, "the last try is at the end of the time"
    else:
        assert delivery.why == ("answered" if answers[-1] else "timeout") and delivery.tries == len(answers)


@pytest.mark.parametrize(("status", "state", "why"), [
    (200, DELIVERED, ""), (202, DELIVERED, ""), (299, DELIVERED, ""), (400, FAILED, "refused"), (404, FAILED, "refused"),
    (410, FAILED, "refused"), (408, WAITING, "answered"), (425, WAITING, "answered"), (429, WAITING, "answered"),
    (301, WAITING, "answered"), (100, WAITING, "answered"), (500, WAITING, "answered"), (600, WAITING, "answered"),
])  # fmt: skip
def test_what_an_answer_means(status: int, state: str, why: str) -> None:
    after = settled(NEW, Answer(status), HOOK, 1000)
    assert (after.state, after.why, after.status, after.tries, after.begun_at_ms) == (state, why, status, 1, 1000)
    assert (after.next_at_ms is None) == (state != WAITING)


def test_a_courier_that_was_off_still_gives_a_notice_its_whole_time() -> None:
    after = settled(NEW, Answer(500), HOOK, 72 * HOUR)
    assert after.state == WAITING and after.begun_at_ms == 72 * HOUR


def test_retry_after_is_respected_but_not_beyond_the_time() -> None:
    assert settled(NEW, Answer(503, retry_after_s=600.0), HOOK, 0).next_at_ms == 600_000
    assert settled(NEW, Answer(429, retry_after_s=1e9), HOOK, 0).next_at_ms == 24 * HOUR
    in_five = email.utils.format_datetime(clock.local_now(dt.UTC) + dt.timedelta(minutes=5), usegmt=True)
    assert 295 < seconds_of(in_five) <= 300
    assert [seconds_of(text) for text in ("120", " 7 ", "", "soon", "-3", "9" * 12, "Wed, 21 Oct 2015 07:28:00 GMT")] == [
        120.0, 7.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ]  # fmt: skip


def test_waits_double_and_differ_a_quarter() -> None:
    assert all(2 ** (n - 1) * 5 * 0.75 <= wait_of(n) <= 2 ** (n - 1) * 5 * 1.25 for n in range(1, 9) for _ in range(20))
    assert len({wait_of(3) for _ in range(20)}) > 10 and wait_of(10**6) <= LONGEST_WAIT_S * 1.25
