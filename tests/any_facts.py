"""Any fact that the doors let in: every field of every kind of fact drawn from what its own type allows, ends included.

The strategies are made from the types, so a new field, or a wider bound, is tried without anybody thinking of it.
"""

import string
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec.inspect as types
from hypothesis import strategies as st

from domain.actions import ACTIONS, FIELD_TYPES, RESULTS, ROLES, SATISFACTION
from domain.bounds import NUMBER_DECIMALS, NUMBER_MOST
from domain.facts import (
    FEED_STATUSES,
    KINDS,
    AnyFact,
    OrderAction,
    beyond,
)
from domain.lifecycle import STATUSES

LETTERS: Final = st.characters(codec="utf-8", exclude_categories=("Cs",))
NAMES: Final = st.sampled_from(["A", "B", "W1", "网格员|甲", "a/b", " ", "\0", "x" * 128])
"""Few, so that facts meet at the same worker, order or feed."""

numbers = st.decimals(-NUMBER_MOST, NUMBER_MOST, places=NUMBER_DECIMALS, allow_nan=False, allow_infinity=False)
days = st.dates().map(lambda day: day.isoformat())
BY_NAME: Final[Mapping[tuple[str, str], st.SearchStrategy[Any]]] = {
    ("CaseStep", "status"): st.sampled_from(sorted(STATUSES)),
    ("FeedStatus", "status"): st.sampled_from(FEED_STATUSES),
    ("DayTally", "day"): days,
    ("DayTally", "value"): numbers,
    ("DayTally", "base"): st.none() | numbers,
    ("OrderAction", "action"): st.sampled_from(ACTIONS) | st.text(LETTERS, max_size=8),
    ("OrderAction", "role"): st.sampled_from(ROLES) | st.text(LETTERS, max_size=8),
    ("OrderAction", "scope"): st.sampled_from(["440605", "44060500101", "", "nowhere"]),
    ("OrderAction", "id"): st.text(string.ascii_letters, min_size=1, max_size=6),
}
TEXTS: Final = ("text", "reason", "note", "quality", "category", "department", "handler", "merged_into")
ENTITY: Final = ("worker", "order", "feed", "key")


def of_type(kind: types.Type) -> st.SearchStrategy[Any]:
    """Values of a type of msgspec, within its bounds."""
    match kind:
        case types.IntType():
            top = kind.le if kind.le is not None else kind.lt - 1 if kind.lt is not None else None
            return st.integers(kind.ge, top) | st.sampled_from([n for n in (kind.ge, top) if n is not None])
        case types.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False) | st.sampled_from([kind.ge, kind.le])
        case types.StrType():
            return st.text(LETTERS, min_size=kind.min_length or 0, max_size=min(kind.max_length or 40, 40))
        case types.BoolType():
            return st.booleans()
        case types.NoneType():
            return st.none()
        case types.UnionType():
            return st.one_of(*map(of_type, kind.types))
        case types.DictType():
            return st.dictionaries(of_type(kind.key_type), of_type(kind.value_type), max_size=4)
        case types.VarTupleType():
            return st.lists(of_type(kind.item_type), max_size=3).map(tuple)
        case types.Metadata():
            return of_type(kind.type)
    raise AssertionError(f"how are values of {kind} drawn?")


def _action_fields() -> st.SearchStrategy[dict[str, Any]]:
    """What actions tell, by the names and types that the table of actions has, and anything else that a fact can carry."""
    told: dict[str, st.SearchStrategy[Any]] = {
        "result": st.sampled_from([one for found in RESULTS.values() for one in found]),
        "satisfaction": st.sampled_from(SATISFACTION),
        "deadline_at_ms": st.integers(0, 4_102_444_799_999),
        "lon": st.floats(-180, 180), "lat": st.floats(-90, 90),
        **{name: st.booleans() for name, kind in FIELD_TYPES.items() if kind is bool},
        **dict.fromkeys(TEXTS, st.text(LETTERS)),
    }  # fmt: skip
    fields = next(field for field in types.type_info(OrderAction).fields if field.name == "fields")  # type: ignore[union-attr]
    return st.fixed_dictionaries({}, optional=told) | of_type(fields.type)


def facts_of(kind: type[AnyFact]) -> st.SearchStrategy[AnyFact]:
    """Facts of one kind."""
    told: dict[str, st.SearchStrategy[Any]] = {}
    for field in types.type_info(kind).fields:  # type: ignore[union-attr]
        if (named := BY_NAME.get((kind.__name__, field.name))) is not None:
            told[field.name] = named
        elif field.name in ENTITY:
            told[field.name] = NAMES
        elif (kind, field.name) == (OrderAction, "fields"):
            told[field.name] = _action_fields()
        else:
            told[field.name] = of_type(field.type)
    return st.builds(kind, **told).filter(lambda fact: not beyond(fact))


any_fact = st.one_of(*map(facts_of, KINDS))


def spoilt(field: types.Field) -> list[object]:
    """Values of a field just beyond what its type allows, as they would come from outside."""
    return _beyond(field.type)


def _beyond(kind: types.Type) -> list[object]:
    match kind:
        case types.IntType():
            return [*([] if kind.ge is None else [kind.ge - 1]), *([] if kind.lt is None else [kind.lt]), 2**70, "1"]
        case types.FloatType():
            return [kind.ge - 1, kind.le + 1, float("nan"), float("inf"), -float("inf"), "x"]
        case types.StrType():
            return ["x" * ((kind.max_length or 0) + 1), "\ud800", 7]
        case types.UnionType():
            return [one for each in kind.types if not isinstance(each, types.NoneType) for one in _beyond(each)]
        case types.DictType():
            return [{f"{n}": "" for n in range((kind.max_length or 0) + 1)}, {"k": "\ud800"}]
        case types.VarTupleType():
            return [("x",) * ((kind.max_length or 0) + 1)]
        case types.Metadata():
            return _beyond(kind.type)
        case types.BoolType():
            return ["yes"]
        case types.DecimalType():
            return [Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 13, Decimal("1e-9")]
    raise AssertionError(f"what is beyond {kind}?")
