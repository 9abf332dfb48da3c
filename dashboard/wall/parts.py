"""All parts of the figures by name: what a panel (config.panels) may need."""

from collections.abc import Callable
from typing import Final

from dashboard.wall import alarm, cameras, cases, colour, force, overview, supervision
from dashboard.wall.ground import Part

_MODULES: Final = (overview, colour, force, cameras, alarm, cases, supervision)
PARTS: Final[dict[str, Part]] = {name: part for module in _MODULES for name, part in module.PARTS.items()}

_ARGUMENTS: Final[dict[str, Callable[[str], bool]]] = {
    "colour": lambda key: key in colour.RATES,
    "alarm": lambda order: 0 < len(order) <= 64,
}


def is_part(part: str) -> bool:
    """Whether a screen may ask for such a part: `name`, or `name:argument` of those that take one."""
    name, colon, argument = part.partition(":")
    allows = _ARGUMENTS.get(name)
    return name in PARTS and (allows(argument) if allows else not colon)
