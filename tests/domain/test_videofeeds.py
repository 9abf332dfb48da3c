"""The fold of a video feed: the newest word wins, and it is told since when the feed has been as it is."""

from hypothesis import given
from hypothesis import strategies as st

from domain.facts import FeedStatus
from domain.limits import Limits
from domain.states import Feed
from domain.videofeeds import fold_feed, unheard_ms


def word(at_ms: int, status: str, **more: object) -> FeedStatus:
    return FeedStatus(source="s", received_at_ms=at_ms, feed="f", at_ms=at_ms, status=status, **more)  # type: ignore[arg-type]


def place(region: str | None, _lon: float | None, _lat: float | None) -> tuple[str, bool]:
    return region or "", False


def after(*words: FeedStatus) -> Feed:
    feed = Feed(feed="f")
    for one in words:
        feed = fold_feed(feed, one, place)
    return feed


def test_a_status_that_is_told_again_holds_since_it_was_told_first() -> None:
    down = after(word(10, "online"), word(20, "offline"), word(30, "offline", name="路口"), word(40, "offline"))
    assert (down.status, down.at_ms, down.since_ms, down.name) == ("offline", 40, 20, "路口")
    assert after(word(10, "offline")).since_ms == 10  # the status of a feed that nobody has told of holds since never


def test_an_older_word_changes_nothing() -> None:
    feed = after(word(20, "online"))
    assert fold_feed(feed, word(10, "offline"), place) is feed


@given(st.lists(st.sampled_from(("online", "offline", "frozen", "fault")), min_size=1))
def test_since_is_the_beginning_of_the_last_run_of_the_same_status(statuses: list[str]) -> None:
    feed = after(*(word(n + 1, status) for n, status in enumerate(statuses)))
    run = next((n for n, status in enumerate(reversed(statuses)) if status != statuses[-1]), len(statuses))
    assert feed.since_ms == len(statuses) - run + 1


def test_a_feed_of_which_nobody_says_anything_is_not_plainly_online() -> None:
    limits, day_ms = Limits(), 86_400_000
    feed = after(word(10 * day_ms, "online"))
    assert unheard_ms(feed, 16 * day_ms, limits) == 0
    assert unheard_ms(feed, 20 * day_ms, limits) == 10 * day_ms
    assert unheard_ms(Feed(feed="f"), 20 * day_ms, limits) == 0  # the catalogue's, of which nobody has ever told
