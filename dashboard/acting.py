"""What a person may do with an order, and how what he does gets to the projector and its answer back.

The projector judges every action by the table under its own look at the order. Here it is only found out in which of his
roles a person acts, and told in advance what would be refused and why.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from config.city_rules import rules_of
from config.words import words
from dashboard.briefs import Json, department_name, region_name
from dashboard.names import title_of
from dashboard.sight import Sight
from domain.actions import ACTIONS, AFTER_CLOSING, FIELD_TYPES, RESULTS, SATISFACTION, TABLE, tells
from domain.bounds import EXACT
from domain.facts import OrderAction, beyond
from domain.judging import Refused, Rules, permitted
from domain.people import Person
from domain.states import Order, Outcome, Step

if TYPE_CHECKING:
    from config.city_model import City
    from dashboard.hall import Hall

SOURCE: Final = "desk"
ANSWER_WITHIN_S: Final = 8.0
LATE_MS: Final = 14 * 86_400_000
MOST_TEXT: Final = 4000
MOST_WORD: Final = 500
_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LONG: Final = frozenset(("text", "note", "reason", "photos", "co_handlers"))
_SPOKEN: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class BadAction(ValueError):
    """What was asked cannot even be judged; the message tells what would be right."""


_rules: dict[int, tuple["City", Rules]] = {}


def city_rules(city: "City") -> Rules:
    """The rules of a city, made once."""
    kept = _rules.get(id(city))
    if kept is None or kept[0] is not city:
        kept = _rules[id(city)] = (city, rules_of(city))
    return kept[1]


def read_action(city: "City", told: Any, action: str = "") -> tuple[str, str, dict[str, Any], int | None]:
    """(id, action, fields, at_ms or None) of a body. Raises BadAction."""
    if not isinstance(told, dict):
        raise BadAction("a JSON object {id, action, fields} is wanted")
    name, wanted, fields, at_ms = told.get("id"), action or told.get("action"), told.get("fields", {}), told.get("at_ms")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise BadAction("id: 8 to 64 letters, digits, - or _, made by the asker, the same when it is sent again")
    if wanted not in ACTIONS:
        raise BadAction(f"action: {wanted!r} is none of {', '.join(ACTIONS)}")
    if at_ms is not None and (not isinstance(at_ms, int) or isinstance(at_ms, bool)):
        raise BadAction("at_ms: milliseconds since 1970 UTC")
    return name, str(wanted), _read_fields(city, str(wanted), fields), at_ms


def _read_fields(city: "City", action: str, fields: Any) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise BadAction("fields: an object is wanted")
    allowed = _fields_of(action) | set(city.workflow.needs.get(action, ()))
    read: dict[str, Any] = {}
    for key, value in fields.items():
        if key not in allowed:
            raise BadAction(f"fields: {action} has no field {key!r}, but {', '.join(sorted(allowed))}")
        if value is None or value == "":
            continue
        read[key] = _read_value(key, value)
    return read


def _read_value(key: str, value: Any) -> str | int | float | bool:
    """What a fact can carry: the projector reads no other, and would stand still before it. Raises BadAction."""
    wanted = FIELD_TYPES.get(key, str)
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, (int, float) if wanted is float else wanted):
        raise BadAction(f"{key}: {_SPOKEN[wanted]} is wanted")
    if isinstance(value, str):
        most = MOST_TEXT if key in _LONG else MOST_WORD
        if len(value) > most:
            raise BadAction(f"{key}: at most {most} characters")
        return value.strip().encode(errors="replace").decode()  # half a pair of UTF-16 cannot be kept
    if not abs(value) < EXACT:
        raise BadAction(f"{key}: out of range")
    return float(value) if wanted is float else value


def _fields_of(action: str) -> frozenset[str]:
    needs = {name for row in (*TABLE, *AFTER_CLOSING) if row.action == action for need in row.needs for name in need.split("|")}
    return frozenset(needs | set(tells(action)) | ({"result"} if action in RESULTS else set()))


def asked_by(person: Person, city: "City", role: str) -> dict[str, Any]:
    """What an `OrderAction` says of its actor, in one of his roles."""
    return {
        "actor": person.actor,
        "role": role,
        "also": tuple(other for other in person.roles if other != role),
        "scope": person.scope or city.root,
        "department": person.department if role == "department" else "",
    }


def permits(city: "City", person: Person, order: Order, trail: Sequence[Step]) -> dict[str, tuple[str, Refused | None]]:
    """action → (role in which the person would act, None if he may, else why not); in the order of the table."""
    rules = city_rules(city)
    found: dict[str, tuple[str, Refused | None]] = {}
    for role in person.roles:
        who = OrderAction(
            source=SOURCE, received_at_ms=0, id="permits", order=order.order, action="note", at_ms=0,
            **asked_by(person, city, role),
        )  # fmt: skip
        for action, refused in permitted(order, who, rules, trail).items():
            before = found.get(action)
            if before is None or (before[1] is not None and _tells_more(refused, before[1])):
                found[action] = (role, refused)
    return found


def _tells_more(now: Refused | None, before: Refused) -> bool:
    """Whether an answer in one role says more than that in another."""
    return now is None or (before.reason == "not_your_role" and now.reason != "not_your_role")


def role_for(city: "City", person: Person, action: str, order: Order | None, trail: Sequence[Step]) -> str:
    """The role in which a person does something: one that may, else the one whose refusal tells most."""
    if order is None:
        may = city_rules(city).flow.who(action)
        return next((role for role in person.roles if role in may), person.roles[0] if person.roles else "")
    return permits(city, person, order, trail).get(action, (person.roles[0] if person.roles else "", None))[0]


def fact_of(
    hall: "Hall", person: Person, order: str, told: tuple[str, str, dict[str, Any], int | None], row: Order | None
) -> OrderAction:
    """The fact of an action as the projector wants it. Raises StoreUnavailable; BadAction for what no fact can carry.

    Only who walks, and may have had no link, says when he did it (`at_ms`, at most LATE_MS ago): at a desk it is now, so that
    nobody closes in time what is late. Whom a demo's simulator plays says so too: its orders have a past, or every stage of
    them would have taken seconds.
    """
    action_id, action, fields, at_ms = told
    now_ms = hall.now_ms()
    trail = hall.store.trail(order) if row is not None and hall.store is not None else ()
    role = role_for(hall.city, person, action, row, trail)
    may_say_when = bool(person.worker) or person.played
    made_ms = now_ms if at_ms is None or not may_say_when else max(min(at_ms, now_ms), now_ms - LATE_MS)
    fact = OrderAction(
        source=SOURCE, received_at_ms=now_ms, id=action_id, order=order, action=action, at_ms=made_ms, fields=fields,
        **asked_by(person, hall.city, role),
    )  # fmt: skip
    if wrong := beyond(fact):
        raise BadAction(f"out of bounds: {wrong}")
    return fact


def answer_of(hall: "Hall", order: str, action_id: str, lang: str, wait_s: float = 0.0) -> Json | None:
    """The answer to an action; None: not there yet. Raises StoreUnavailable."""
    found = hall.answers.wait(order, action_id, wait_s) if wait_s else hall.answers.get(order, action_id)
    if found is None and hall.store is not None:
        found = hall.store.outcome(order, action_id)
    return None if found is None else outcome_json(hall, found, lang)


def outcome_json(hall: "Hall", found: Outcome, lang: str) -> Json:
    told: Json = {"order": found.order, "id": found.id, "action": found.action, "status": found.status, "at_ms": found.at_ms}
    if found.done:
        return told | {"state": "done"}
    return told | {"state": "refused", **refusal_json(hall, Refused(found.reason, found.detail), lang)}


def refusal_json(hall: "Hall", refused: Refused, lang: str) -> Json:
    """{reason, said, detail, did, by, by_name}: why not, as a sentence that names who came first where somebody did."""
    said, detail = words(lang), refused.detail
    text = said[f"refusal.{refused.reason}"]
    told: Json = {"reason": refused.reason, "detail": dict(detail)}
    if refused.reason == "missing_field":
        names = [field_word(said, name) for name in str(detail.get("field", "")).split("|")]
        text = said["refused.missing"].format(field=" / ".join(names))
    elif refused.reason == "bad_field":
        kind = "refused.too_far" if "most_days" in detail else "refused.bad"
        field = field_word(said, str(detail.get("field")))
        text = said[kind].format(field=field, days=f"{int(detail.get('most_days', 0)):,}")
    elif refused.reason == "not_your_role" and detail.get("may"):
        text = said["refused.role"].format(roles=" / ".join(said[f"seat.{role}"] for role in str(detail["may"]).split()))
    elif detail.get("by") and refused.reason in ("not_in_state", "not_your_order", "held_above", "not_asked"):
        told |= {"did": detail["did"], "by": detail["by"], "by_name": title_of(hall, str(detail["by"]))}
        did = said.get(f"action.{detail['did']}", said.get(f"status.{detail['did']}", str(detail["did"])))
        state = said.get(f"status.{detail['state']}", str(detail["state"]))
        text = said["refused.after"].format(why=text, who=told["by_name"], did=did, state=state)
    return told | {"said": text}


def field_word(said: Mapping[str, str], name: str) -> str:
    """What people call a field of an action, as forms do."""
    return said.get(f"field.{name}") or said.get(f"handset.field.{name}", name)


def actions_json(hall: "Hall", person: Person, order: Order, trail: Sequence[Step], lang: str) -> list[Json]:
    """What the person may do now, what each needs, and why not the rest; in the order of the table.

    Actions that are no role's of his and not possible now are left out: nobody needs forty reasons.
    """
    said, flow = words(lang), city_rules(hall.city).flow
    listed = []
    for action, (role, refused) in permits(hall.city, person, order, trail).items():
        rows = [row for row in flow.rows(order.status, action) if role in row.who]
        if action == "report" or (refused is not None and refused.reason == "not_your_role" and not rows):
            continue
        told: Json = {"action": action, "label": said[f"action.{action}"], "may": refused is None, "role": role}
        told["rows"] = [
            {"choice": row.choice, "to": row.to, "needs": list(row.needs), "optional": list(tells(action))}
            for row in {row.choice: row for row in rows}.values()
        ]
        if refused is not None:
            told |= refusal_json(hall, refused, lang)
        listed.append(told)
    return listed


def life_json(city: "City", order: Order, lang: str) -> Json | None:
    """What is kept besides of an order that lives here, with names; None for one that an outside system owns."""
    life = order.life
    if life is None:
        return None
    told: Json = msgspec.to_builtins({key: getattr(life, key) for key in life.__struct_fields__ if key not in _OWN_FORM})
    clocks = [
        {"key": clock.key, "started_at_ms": clock.started_at_ms, "since_at_ms": clock.since_ms, "spent_ms": clock.spent_ms}
        for clock in life.clocks
    ]
    return told | {
        "clocks": clocks,
        "holder_name": region_name(city, life.holder, lang),
        "route_department_name": department_name(city, life.route_department, lang),
        "lead_name": department_name(city, life.lead, lang),
        "co_handlers": [
            {"department": co.department, "name": department_name(city, co.department, lang), "status": co.status}
            for co in life.co_handlers
        ],
        "cards": [
            {"colour": card.colour, "at_ms": card.at_ms, "by": card.by, "reason": card.reason, "department": card.department,
             "department_name": department_name(city, card.department, lang), "state": card.state, "answer": card.answer,
             "answered_at_ms": card.answered_at_ms, "appeal": card.appeal, "decided": card.decided}
            for card in life.cards
        ],
        "choices": {"satisfaction": list(SATISFACTION), **{key: list(values) for key, values in RESULTS.items()}},
    }


_OWN_FORM: Final = frozenset(("co_handlers", "clocks", "running", "cards", "stints"))


def timed_json(city: "City", order: Order, now_ms: int, lang: str) -> list[Json]:
    """The clocks of an order that have a limit, running ones first: what runs, how much is left, and when it ends.

    {clock, name, limit, rule, working, begun_at_ms, due_at_ms, yellow_at_ms (None while it stands), left_ms, length_ms, light,
    provisional (`domain.clocks.Running.provisional`)};
    `left_ms` and `length_ms` in the time that the limit counts (`working`), negative when it is over.
    """
    if order.life is None:
        return []
    said, rules = words(lang), city_rules(city).clocks
    assert rules is not None
    found = []
    for clock in order.life.running:
        work, limit = rules.calendar(clock.department), clock.limit
        left_ms, light = clock.left_ms, "stands"
        if clock.due_at_ms is not None and clock.yellow_at_ms is not None:
            left_ms = work.spent_ms(now_ms, clock.due_at_ms) if limit.counts_working_time else clock.due_at_ms - now_ms
            light = "red" if clock.due_at_ms < now_ms else "yellow" if clock.yellow_at_ms <= now_ms else "green"
        amount = f"{clock.amount:g}" if clock.rule != "told" else f"{clock.amount:.1f}"
        told_past = clock.rule == "told" and not clock.amount  # an end that lay before the moment in which it was told
        found.append(
            {
                "clock": clock.clock,
                "name": said[f"timed.{clock.clock}"],
                "limit": said["limit.told" if told_past else f"limit.{clock.kind}"].format(n=amount),
                "rule": clock.rule,
                "working": limit.counts_working_time,
                "begun_at_ms": clock.begun_at_ms,
                "due_at_ms": clock.due_at_ms,
                "yellow_at_ms": clock.yellow_at_ms,
                "left_ms": left_ms,
                "length_ms": work.length_ms(limit),
                "light": light,
                "provisional": clock.provisional,
            }
        )
    return sorted(found, key=lambda one: (one["due_at_ms"] is None, one["clock"] == "total", one["due_at_ms"] or 0))


def seen_order(sight: Sight, order: str) -> Order:
    """The order itself, unmasked, if the person sees it. KeyError if not."""
    _ = sight.orders[order]
    return sight.hall.orders[order]


def personal_json(order: Order, trail: Sequence[Step]) -> Mapping[str, str]:
    """What a citizen told of himself, and the order's texts as they were written."""
    told = next((step.fields for step in trail if step.status == "reported"), {})
    own = {key: str(told.get(key, "")) for key in ("person", "phone", "home")}
    return own | {"title": order.title, "text": order.text, "address": order.address, "reporter": order.reporter}
