"""What a screen says of itself: how it draws, how late it hears, what it renewed. Shown to operators, never believed."""

from typing import Annotated, Final

import msgspec

EVERY_MS: Final = 10_000
"""A screen that reports more often than that is not listened to (with a tenth of room for its clock)."""

Name = Annotated[str, msgspec.Meta(max_length=64)]
Pixels = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Age = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000_000)]
Skew = Annotated[int, msgspec.Meta(ge=-10_000_000_000_000, le=10_000_000_000_000)]


class Health(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None: the browser cannot tell. `since_ms`: when the page was opened; `renewals`: how often its watchdog has renewed the
    page, `reloads`: how often it was loaded anew by others; `why`: what its watchdog did last.
    """

    scene: Name = ""
    scenes: Annotated[tuple[Name, ...], msgspec.Meta(max_length=24)] = ()
    path: Name = ""
    width: Pixels = 0
    height: Pixels = 0
    dpr: Share = 1.0
    fps: Share | None = None
    heap_mb: Share | None = None
    last_message_age_ms: Age | None = None
    skew_ms: Skew | None = None
    renewals: Count = 0
    reloads: Count = 0
    losses: Count = 0
    since_ms: Age = 0
    why: Annotated[str, msgspec.Meta(max_length=200)] = ""
