"""What one try to post a notice came to, and when the next one is. Pure, but for the jitter."""

import datetime as dt
import email.utils
import random
from typing import Final

import msgspec

from config import clock
from config.city_notices import Webhook
from domain.notices import DELIVERED, FAILED, Delivery

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 3600.0
AGAIN: Final = frozenset((408, 425, 429))
"""Answers of the 4xx that are no refusal: too slow, too early, too many."""


class Answer(msgspec.Struct, frozen=True):
    """What came of one try: the status, or why there is none; `retry_after_s` as the receiver asked."""

    status: int | None = None
    why: str = ""
    retry_after_s: float = 0.0

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def for_good(self) -> bool:
        """Whether the receiver will never take it. A redirection is nobody's refusal, only a mistake that can be mended."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in AGAIN


def settled(delivery: Delivery, answer: Answer, hook: Webhook, at_ms: int, first_wait_s: float = FIRST_WAIT_S) -> Delivery:
    """The delivery after a try that ended at `at_ms`: delivered, given up, or to be tried again, at the latest at the end of
    its time.
    """
    tries, begun_ms = delivery.tries + 1, at_ms if delivery.begun_at_ms is None else delivery.begun_at_ms
    tried = msgspec.structs.replace(
        delivery, tries=tries, begun_at_ms=begun_ms, at_ms=at_ms, status=answer.status, next_at_ms=None, why=""
    )
    if answer.taken:
        return msgspec.structs.replace(tried, state=DELIVERED)
    if answer.for_good:
        return msgspec.structs.replace(tried, state=FAILED, why="refused")
    end_ms = begun_ms + round(hook.give_up_after_h * 3_600_000)
    if at_ms >= end_ms:
        return msgspec.structs.replace(tried, state=FAILED, why="expired")
    wait_s = max(wait_of(tries, first_wait_s), answer.retry_after_s)
    return msgspec.structs.replace(tried, why=answer.why or "answered", next_at_ms=min(at_ms + round(wait_s * 1000), end_ms))


def wait_of(tries: int, first_wait_s: float = FIRST_WAIT_S) -> float:
    """Seconds until the next try: doubling up to LONGEST_WAIT_S, and a quarter more or less, so that not all come at once."""
    return min(first_wait_s * 2.0 ** min(tries - 1, 30), LONGEST_WAIT_S) * random.uniform(0.75, 1.25)


def seconds_of(retry_after: str) -> float:
    """What Retry-After asks for, as seconds or as a date; 0 where it says nothing that can be read."""
    text = retry_after.strip()
    if text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max((at - clock.local_now(at.tzinfo or dt.UTC)).total_seconds(), 0.0) if at.tzinfo else 0.0
