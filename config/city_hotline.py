"""`hotline:` of a city's evaluation.yaml (domain.hotlinerules). Everything in it may be missing.

    hotline:
      channels: ["12345", 微信公众号]                              # sources whose orders are the hotline's
      praise: [表扬]                                              # matters, by key or name, with all below them
      satisfied: {very_satisfied: 100, satisfied: 100, fair: 90}  # what an answer counts, per cent
      standards: {connection_rate: 95}                            # domain.tallies.CALL_RATES, per cent
      day_start: "12:00"                                          # when the days of its tallies begin
      completion_base: accepted                                   # of what 办结率 is a share: valid or accepted orders
"""

import re
from typing import Any, Final

from domain.actions import SATISFACTION
from domain.hotlinerules import Hotline
from domain.tallies import CALL_RATES

BASES: Final = ("valid", "accepted")
_NAMES: Final = ("channels", "praise")
_SHARES: Final = {"satisfied": SATISFACTION, "standards": tuple(CALL_RATES)}
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def read_hotline(told: Any, wrong: list[str]) -> Hotline:
    """What a city says of its hotline; what is wrong goes to `wrong`, in words."""
    if told is None:
        return Hotline()
    if not isinstance(told, dict):
        wrong.append("must be a mapping")
        return Hotline()
    made: dict[str, Any] = {}
    for key, value in told.items():
        if key in _NAMES:
            made[key] = _names(key, value, wrong)
        elif key in _SHARES:
            made[key] = _shares(key, value, _SHARES[key], wrong)
        elif key == "day_start" and isinstance(value, str) and _CLOCK.fullmatch(value):
            made[key] = value
        elif key == "day_start":
            wrong.append(f'day_start: {value!r} is no time of day: write e.g. "12:00", in quotes')
        elif key == "completion_base" and value in BASES:
            made[key] = value
        elif key == "completion_base":
            wrong.append(f"completion_base: {value!r} is none of {', '.join(BASES)}")
        else:
            wrong.append(f"{key!r} is none of {', '.join(Hotline.__struct_fields__)}")
    return Hotline() if wrong else Hotline(**made)


def _names(key: str, value: Any, wrong: list[str]) -> frozenset[str]:
    if isinstance(value, list) and value and all(isinstance(name, str) and name for name in value):
        return frozenset(value)
    wrong.append(f"{key}: must be a list of names; numbers in quotes")
    return frozenset()


def _shares(key: str, value: Any, allowed: tuple[str, ...], wrong: list[str]) -> tuple[tuple[str, int], ...]:
    """Whole per cents by name, in the order of `allowed`."""
    if not isinstance(value, dict):
        wrong.append(f"{key}: must be a mapping")
        return ()
    wrong += [f"{key}: {name!r} is none of {', '.join(allowed)}" for name in value if name not in allowed]
    good = {name: share for name, share in value.items() if type(share) is int and 0 <= share <= 100}
    wrong += [f"{key}: {name}: {value[name]!r} is no whole number from 0 to 100" for name in value if name not in good]
    return tuple((name, good[name]) for name in allowed if name in good)
