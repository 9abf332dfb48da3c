"""The rules of a city that folds go by. Defaults suit walking gridworkers; a city sets its own under `limits:`."""

from typing import Annotated, Literal

import msgspec

from domain.bounds import LONGEST_LIMIT_DAYS

Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_LIMIT_DAYS * 86_400)]
Days = Annotated[float, msgspec.Meta(gt=0, le=40_000)]
Speed = Annotated[float, msgspec.Meta(gt=0, le=1e4)]
Times = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Metres = Annotated[float, msgspec.Meta(ge=0, le=1e7)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    silent_after_s: Seconds = 300  # linked, but no fix for so long
    offline_after_s: Seconds = 900  # not heard of at all for so long
    frozen_after_s: Seconds = 1800  # the very same coordinates for so long
    still_radius_m: Metres = 20  # a worker within this of where he stood is still there
    still_after_s: Seconds = 120
    future_tolerance_s: Seconds = 120  # what is dated further ahead of its receipt has a wrong clock
    oldest_fix_days: Days = 1096  # a fix older than this when it is received has a wrong clock, unless told as recorded
    oldest_step_days: Days = 8036  # likewise a step of an order; the field is no older than 2004
    max_speed_mps: Speed = 50  # a faster move is a jump
    jump_confirmations: Times = 3  # so many fixes that agree with each other overrule the place before
    max_accuracy_m: Metres = 200  # a wider radius says nothing
    grid_margin_m: Metres = 20  # out of the own grid only beyond this, or the fix's own accuracy if wider
    unrostered: Literal["keep", "refuse"] = "keep"  # what becomes of a worker whom the roster does not know
    feed_silent_after_s: Seconds = 604_800  # of a video feed nobody has said anything for so long: its status is an old word
    trail_steps: Times = 500  # most steps of one order
