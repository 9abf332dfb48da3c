"""What a figure is compared with: the period before (环比) and the same period a year before (同比), at the same age.

A month that is nine days old is compared with the first nine days of the month before as they stood then, not with a month that
has had all its time. So the base window is cut, and its orders are looked at as of the corresponding moment.
"""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dashboard.period import Period, month_after
from domain.hotline import WEIGHT_UNIT
from domain.indicators import Figure
from domain.rates import change4, half_up

if TYPE_CHECKING:
    from config.city_model import City

BASES: Final = ("previous", "year")


class Base(msgspec.Struct, frozen=True):
    """A window to compare with, and the moment as of which its orders are looked at."""

    from_ms: int
    to_ms: int
    as_of_ms: int


def base_of(kind: str, period: Period, city: "City", now_ms: int) -> Base | None:
    """The base of a period; None where there is none (an open end, or a day that a year ago did not exist)."""
    if period.from_ms is None or period.to_ms is None or kind not in BASES:
        return None
    first, after = _day(period.from_ms, city), _day(period.to_ms, city)
    moved = _year_before(first) if kind == "year" else _before(first, after)
    if moved is None:
        return None
    from_ms = _instant(moved, period.from_ms, first, city)
    ended = now_ms >= period.to_ms
    last = _year_before(after) if kind == "year" else first
    length_ms = now_ms - period.from_ms
    to_ms = _instant(last, period.to_ms, after, city) if ended and last is not None else from_ms + max(length_ms, 0)
    return Base(from_ms, max(to_ms, from_ms), from_ms + max(length_ms, 0))


def _before(first: dt.date, after: dt.date) -> dt.date:
    """The first day of the period before one: as many whole months earlier, if it is made of such, else as many days."""
    if first.day == after.day == 1:
        return month_after(first, (first.year - after.year) * 12 + first.month - after.month)
    return first - (after - first)


def _year_before(day: dt.date) -> dt.date | None:
    """The same day a year before; 29 February has none."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None


def _day(at_ms: int, city: "City") -> dt.date:
    return dt.date.fromisoformat(city.day_of(at_ms))


def _instant(day: dt.date, like_ms: int, like: dt.date, city: "City") -> int:
    """The instant of `day` at the time of day that `like_ms` has on its own day."""
    return city.day_bounds(day.isoformat())[0] + like_ms - city.day_bounds(like.isoformat())[0]


def weights_json(figure: Figure) -> dict[str, Any]:
    """{weights: [{weight, orders}]} of a figure whose numerator counts its orders in parts; nothing of any other."""
    told = [{"weight": f"{weight / WEIGHT_UNIT:g}", "orders": orders} for weight, orders in figure.weights]
    return {"weights": told} if told else {}


def compared(now: Figure, base: Figure) -> dict[str, Any]:
    """The base figure, and how the present one differs from it.

    `change`: (now − base) / base in per cent with four decimals, of a count or of the rate itself; None where the base is 0 or
    there is none. `points`: difference of two rates in percentage points with four decimals; None for counts.
    """
    told: dict[str, Any] = {"numerator": base.num, "denominator": base.den, "shown": base.shown, **weights_json(base)}
    if now.den is None or base.den is None:
        return told | {"change": change4(now.num, base.num), "points": None}
    (num, den), (base_num, base_den) = now.ratio, base.ratio
    rates = half_up(num, den, 4), half_up(base_num, base_den, 4)
    if rates[0] is None or rates[1] is None:
        return told | {"change": None, "points": None}
    points = rates[0] - rates[1]
    change = change4(num * base_den, base_num * den) if base_num else None
    return told | {"change": change, "points": f"{points.quantize(Decimal('0.0001')):f}"}
