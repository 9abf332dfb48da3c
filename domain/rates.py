"""How a ratio becomes a figure: kept with four decimals, shown with two, both half up from the exact ratio."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NO_RATE: Final = "—"
"""What stands for a rate without a base: it is neither 0 % nor 100 %, sorts last and enters no mean."""


def half_up(num: int, den: int, places: int) -> Decimal | None:
    """`num / den` in per cent, rounded half up (away from zero) to `places` decimals. None when `den` is 0."""
    if den == 0:
        return None
    scaled = abs(num) * 100 * 10**places
    units = (2 * scaled + abs(den)) // (2 * abs(den))
    return Decimal(units if (num < 0) == (den < 0) or units == 0 else -units).scaleb(-places)


def value4(num: int, den: int) -> str | None:
    """The percentage as it is stored, compared and exported: 911 of 972 is "93.7243"."""
    rounded = half_up(num, den, 4)
    return None if rounded is None else f"{rounded:.4f}"


def shown(num: int, den: int) -> str:
    """The percentage as people read it: "93.72 %". "100.00 %" only when nothing is missing; "—" without a base."""
    rounded = half_up(num, den, 2)
    if rounded is None:
        return NO_RATE
    if rounded == 100 and num < den:
        rounded = Decimal("99.99")
    return f"{rounded:.2f} %"


def change4(now: int, base: int) -> str | None:
    """(now − base) / base in per cent with four decimals (同比, 环比); None when the base is 0."""
    return value4(now - base, base)


def signed(number4: str) -> str:
    """A change of four decimals as it is shown, with its sign and two: +1,446.20, −3.05, ±0.00."""
    value = Decimal(number4).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value):,}"
