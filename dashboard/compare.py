"""How a figure differs from that of its base (`domain.calendar.base_of`): 环比 and 同比."""

from decimal import Decimal
from typing import Any

from domain.hotline import WEIGHT_UNIT
from domain.indicators import Figure
from domain.rates import change4, half_up


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
