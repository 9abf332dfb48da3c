"""What the rules of the city do with an order by themselves, after something was done to it."""

from typing import Final

from domain.facts import OrderAction
from domain.judging import Rules
from domain.routing import RouteRule
from domain.states import Order

_WAY: Final = ("accept", "register", "dispatch")


def next_by_rule(order: Order, after: OrderAction, rules: Rules) -> OrderAction | None:
    """The next action of the rules after one that was done; None: nothing more.

    After a report: acceptance, registration and dispatch as far as the rule that fired says, unless the report says that it
    was handled on the spot (`self_handled`). After anything: the actions
    that the city's template does by itself. Each has an id made of the one that it follows, so that it is done once.
    """
    if order.life is None:
        return None
    rule = next((rule for rule in rules.routes if rule.rule == order.life.route), None) if order.life.route else None
    for action in _of_rule(rule, after):
        if rule is not None and _may(action, order, rules):
            return _action(action, rule.rule, after, order.life.route_department if action == "dispatch" else "")
    for action in rules.flow.template.by_itself:
        if _may(action, order, rules):
            return _action(action, "template", after)
    return None


def _of_rule(rule: RouteRule | None, after: OrderAction) -> tuple[str, ...]:
    if rule is None or not rule.auto or not (after.action == "report" or (after.role == "rule" and after.action in _WAY)):
        return ()
    if after.fields.get("self_handled"):
        return ()  # who reports it has dealt with it already and files that next
    return _WAY[: _WAY.index(rule.auto) + 1]


def _may(action: str, order: Order, rules: Rules) -> bool:
    return any("rule" in row.who for row in rules.flow.rows(order.status, action))


def _action(action: str, actor: str, after: OrderAction, department: str = "") -> OrderAction:
    return OrderAction(
        source=after.source,
        received_at_ms=after.received_at_ms,
        id=f"{after.id}/{action}",
        order=after.order,
        action=action,
        actor=actor,
        role="rule",
        at_ms=after.at_ms,
        fields={"department": department} if department else {},
    )
