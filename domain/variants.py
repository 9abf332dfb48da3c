"""How a city reads what the sources leave open (domain.md C3, "keep configurable"): one choice for each disputed figure.

The choices ride with the frame of orders (`domain.orderframe`), so that a figure, its list and its definition always say the
same. Everything here has the reading that most sources share as its default.
"""

import functools
from typing import Final, Literal

import msgspec

from domain.hotlinerules import Hotline

PATROL: Final = frozenset(("网格员上报", "监督员巡查", "视频监督员", "视频巡查"))
"""Sources (domain.md B8) that are the grid's own people: what they report was found by patrol."""

PUBLIC: Final = frozenset((
    "12345", "12345 电话", "12345热线", "96181", "12319", "96181 / 12319 热线", "微信公众号", "小程序", "APP", "网站", "邮件",
    "短信/彩信", "群众来访", "信访", "好差评", "媒体曝光/舆情", "企业",
))  # fmt: skip
"""Sources that are the public: residents, firms and the media."""


class Variants(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A city's choices. Each `Literal` names its default first; `CHOICES` lists them.

    close_due: what is due for closing: closed_or_over, what is closed and what is open beyond its limit; registered, also
    registered orders still inside their limit.
    on_time_closure_rate: without_hanging takes orders that are 挂账/缓办 out of the denominator.
    right_dispatch_rate, rework_rate, registered_rate: the denominator.
    resolution: closed at a level itself, or at it or below (小事不出格、大事不出村、难事不出镇).
    missed: public reports that are valid, or only those that were registered.
    patrol, public: which sources are whose. grid, village, town: keys of the levels that these words mean.
    """

    close_due: Literal["closed_or_over", "registered"] = "closed_or_over"
    on_time_closure_rate: Literal["all", "without_hanging"] = "all"
    right_dispatch_rate: Literal["dispatch_due", "dispatched"] = "dispatch_due"
    rework_rate: Literal["handled", "handle_due"] = "handled"
    registered_rate: Literal["reported", "reported_valid"] = "reported"
    resolution: Literal["own", "within"] = "own"
    missed: Literal["valid", "registered"] = "valid"
    patrol: frozenset[str] = PATROL
    public: frozenset[str] = PUBLIC
    grid: frozenset[str] = frozenset(("grid", "cell"))
    village: frozenset[str] = frozenset(("community", "village"))
    town: frozenset[str] = frozenset(("street", "town", "township"))
    components: frozenset[str] = frozenset()  # keys and names of the matters that are 部件: what matters.csv says
    hotline: Hotline = Hotline()  # domain.hotline
    praise: frozenset[str] = frozenset()  # keys and names of the matters that hotline.praise means, with all below them

    def __deepcopy__(self, memo: object) -> "Variants":
        return self  # pandas copies the attrs of a frame deeply whenever it makes another of it


CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "close_due": ("closed_or_over", "registered"),
    "on_time_closure_rate": ("all", "without_hanging"),
    "right_dispatch_rate": ("dispatch_due", "dispatched"),
    "rework_rate": ("handled", "handle_due"),
    "registered_rate": ("reported", "reported_valid"),
    "resolution": ("own", "within"),
    "missed": ("valid", "registered"),
}
"""What may be chosen, the default first."""

LISTS: Final = ("patrol", "public", "grid", "village", "town")
"""The choices that are lists of names."""

USUAL: Final = Variants()


@functools.lru_cache(maxsize=64)
def chosen(variants: Variants) -> dict[str, str]:
    """Where a city reads otherwise than usual, and how; a list of its own is "own"."""
    fields = (*CHOICES, *LISTS, "hotline")
    differ = [field for field in fields if getattr(variants, field) != getattr(USUAL, field)]
    return {field: getattr(variants, field) if field in CHOICES else "own" for field in differ}
