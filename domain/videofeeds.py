"""The fold of a video feed: the newest word on it wins; what that word leaves out stays as it was."""

import msgspec

from domain.cases import Place
from domain.facts import FeedStatus
from domain.limits import Limits
from domain.states import Feed

_KEPT = ("name", "lon", "lat", "region", "owner", "direction_deg", "fov_deg")


def fold_feed(feed: Feed, fact: FeedStatus, place: Place) -> Feed:
    """The feed after a word on it; the very same object when it is older than what is known, or says nothing new.

    A camera is placed by its position first, then by the region it names (domain.md D7).
    """
    if fact.at_ms < feed.at_ms:
        return feed
    changes = {name: value for name in _KEPT if (value := getattr(fact, name)) is not None}
    if fact.streams:
        changes["streams"] = dict(fact.streams)
    lon, lat = changes.get("lon", feed.lon), changes.get("lat", feed.lat)
    changes["region"] = place(fact.region or feed.region or None, lon, lat)[0]
    same = feed.at_ms > 0 and fact.status == feed.status
    since_ms = feed.since_ms if same else fact.at_ms
    new = msgspec.structs.replace(feed, at_ms=fact.at_ms, status=fact.status, since_ms=since_ms, **changes)
    return feed if new == feed else new


def unheard_ms(feed: Feed, now_ms: int, limits: Limits) -> int:
    """For how long nobody has said anything of a feed, where that is longer than the city lets pass; else 0.

    Its status is what it was then: a gateway that is gone leaves all its cameras online for ever.
    """
    silent_ms = now_ms - feed.at_ms if feed.at_ms else 0
    return silent_ms if silent_ms > limits.feed_silent_after_s * 1000 else 0
