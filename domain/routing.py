"""Where a new order belongs: rules of the city (matter × region × source → department, level), the first that fits."""

import msgspec

from domain.states import Order

AUTO = ("", "accept", "register", "dispatch")
"""How far a rule takes an order by itself: not at all, accepted, registered, dispatched to its department."""


class RouteRule(msgspec.Struct, frozen=True, kw_only=True):
    """`matters`: keys and names of the matter and all below it; `regions`: the region and all below it; empty: any.

    `level` is the key of the level whose centre holds the order; "": the one where it was reported.
    """

    rule: str
    matters: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    source: str = ""
    department: str = ""
    level: str = ""
    auto: str = ""

    def fits(self, category: str, region: str, source: str) -> bool:
        return (
            (not self.matters or category in self.matters)
            and (not self.regions or region in self.regions)
            and (not self.source or source == self.source)
        )

    def covers(self, other: "RouteRule") -> bool:
        """Whether it fits wherever the other does, so that the other, coming later, never fires."""
        return (
            (not self.matters or (bool(other.matters) and other.matters <= self.matters))
            and (not self.regions or (bool(other.regions) and other.regions <= self.regions))
            and (not self.source or other.source == self.source)
        )


def route(order: Order, rules: tuple[RouteRule, ...]) -> RouteRule | None:
    """The first rule that fits an order's category, region and source (its channel, or who brought it where none is told)."""
    source = order.channel or order.source
    return next((rule for rule in rules if rule.fits(order.category, order.region, source)), None)
