"""What screens say: read and checked here, so that nothing behind it meets nonsense."""

from typing import Annotated, Final, Literal, TypeVar

import msgspec

from dashboard.live.health import Health
from dashboard.wall.parts import is_part
from domain.calendar import EARLIEST_MS, LATEST_MS, PERIODS

WireCursor = Annotated[list[str | int | None], msgspec.Meta(max_length=3)]
Moment = Annotated[int, msgspec.Meta(ge=EARLIEST_MS, le=LATEST_MS)] | Annotated[str, msgspec.Meta(max_length=40)]
TableName = Literal["worker", "order", "feed"]
PartName = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Said = TypeVar("Said")


REFUSED_WATCH: Final = ("bad_watch", "unknown_region", "not_your_scene")
"""Why a screen is not told what it wants to see: it says so, by the words `refused.CODE`."""

REFUSALS: Final = (*REFUSED_WATCH, "bad_ack", "bad_health")


class Refused(Exception):
    """A message of a screen that nobody can follow; `code`, one of REFUSALS, goes to the screen."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail[:200] or code)
        self.code = code


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen wants to see, as it says so. `region` "" is the whole city.

    The period is from…to as an address says it (ms, local days, ISO 8601), None is open; or `period`, one of
    domain.calendar.PERIODS, which moves on by itself.
    """

    region: Annotated[str, msgspec.Meta(max_length=64)] = ""
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    period: Annotated[str, msgspec.Meta(max_length=16)] = ""
    lang: Literal["zh", "en"] = "zh"
    tables: Annotated[tuple[TableName, ...], msgspec.Meta(max_length=3)] = ("worker", "order", "feed")
    cursors: dict[TableName, WireCursor | None] = {}
    parts: Annotated[tuple[PartName, ...], msgspec.Meta(max_length=40)] = ()  # of the figures; none named: the overview's
    figures: bool = True  # False: the rows only, of a page that does not yet know which figures it will show


class Ack(msgspec.Struct, frozen=True):
    seq: int
    cursors: dict[TableName, WireCursor | None] = {}


def watch_of(message: object) -> Watch:
    """Raises Refused."""
    watch = _read(message, Watch, "bad_watch")
    if watch.period and watch.period not in PERIODS:
        raise Refused("bad_watch", "no such period")
    if unknown := [part for part in watch.parts if not is_part(part)]:
        raise Refused("bad_watch", f"no such part: {unknown[0]}")
    return watch


def ack_of(message: object) -> Ack:
    """Raises Refused."""
    return _read(message, Ack, "bad_ack")


def health_of(message: object) -> Health:
    """Raises Refused."""
    return _read(message, Health, "bad_health")


def _read(message: object, kind: type[Said], code: str) -> Said:
    try:
        return msgspec.convert(message, kind)
    except msgspec.ValidationError as error:
        raise Refused(code, str(error)) from error
