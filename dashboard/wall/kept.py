"""What costs many orders to count and changes slowly is counted at most once in some seconds, for all who see the same.

It carries the instant it was counted at, so that its numbers open what they counted however old they are.
"""

import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from dashboard.briefs import Json
from dashboard.wall.ground import Ground

if TYPE_CHECKING:
    from dashboard.hall import Hall

KEEP_MS: Final = 10_000
MOST: Final = 512

_held: "WeakKeyDictionary[Hall, dict[Hashable, tuple[int, Json]]]" = WeakKeyDictionary()


def kept(keep_ms: int = KEEP_MS) -> Callable[[Callable[[Ground], Json]], Callable[[Ground], Json]]:
    """Decorator of what counts something of a ground: its answer of at most `keep_ms` ago, with the `as_of_ms` it was made at.

    The answer is shared, so nobody may write into it. The hall's lock, which whoever has a ground holds, covers what is kept.
    """

    def decorate(count: Callable[[Ground], Json]) -> Callable[[Ground], Json]:
        @functools.wraps(count)
        def asked(on: Ground) -> Json:
            held = _held.setdefault(_whole(on.hall), {})
            key = (count.__qualname__, _who(on.hall), on.region, on.window.from_ms, on.window.to_ms, on.lang)
            made = held.get(key)
            if made is not None and 0 <= on.now_ms - made[0] < keep_ms:
                return made[1]
            if len(held) >= MOST:
                del held[min(held, key=lambda one: held[one][0])]
            held[key] = on.now_ms, {"as_of_ms": on.now_ms, **count(on)}
            return held[key][1]

        return asked

    return decorate


def _whole(seen: Any) -> "Hall":
    found: Hall = getattr(seen, "hall", seen)
    return found


def _who(seen: Any) -> Hashable:
    """Whoever has the same sees the same; None: the hall itself."""
    return getattr(seen, "person", None)
