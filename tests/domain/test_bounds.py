"""Bounds of facts: what is within can be read back and reckoned with, what is beyond is named; every field has them."""

from decimal import Decimal
from typing import get_args

import msgspec
import msgspec.inspect as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bounds import EXACT, LATEST_MS, LONGEST_LIMIT_DAYS, LONGEST_LIMIT_MS, is_deadline, saturated
from domain.clocks import Move, Running, alarms, climbed, marks, moved, pack, unpacked
from domain.clocks import given as given_end
from domain.facts import KIND_OF_TAG, KINDS, AnyFact, CaseStep, Position, all_within, beyond
from domain.lifecycle import STATUSES
from domain.ownorders import follow
from domain.states import Life, Order, Step
from domain.stints import unpacked as stints_of
from domain.worktime import longest
from tests.any_facts import any_fact, spoilt
from tests.domain.people import NOW, Story
from tests.domain.test_clocks import RULES

FIELDS = [(kind, field) for kind in KINDS for field in types.type_info(kind).fields]  # type: ignore[union-attr]
BARE = {types.IntType: NOW, types.FloatType: 1.0, types.StrType: "x", types.DecimalType: Decimal(1)}
INSTANTS = st.integers() | st.integers(NOW - 10**9, NOW + 10**9) | st.sampled_from([0, LATEST_MS, EXACT, -EXACT, 2**63])


@given(any_fact)
def test_a_fact_within_its_bounds_comes_back_from_its_bytes_as_it_was(fact: AnyFact) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fact), type=type(fact)) == fact
    assert all_within([fact])


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=lambda one: getattr(one, "name", getattr(one, "__name__", "")))
def test_each_field_of_each_kind_of_fact_has_bounds(kind: type[AnyFact], field: types.Field) -> None:
    wrong = spoilt(field)
    assert wrong
    sound = _sound(kind)
    for value in wrong:
        try:
            fact = msgspec.structs.replace(sound, **{field.name: value})
        except (ValueError, TypeError):  # refused when it is made
            continue
        assert beyond(fact), (field.name, value)
        assert not all_within([sound, fact])


def test_every_kind_of_fact_has_one_name_and_one_tag() -> None:
    assert set(KINDS) == set(get_args(AnyFact))
    assert len(set(KINDS.values())) == len(KIND_OF_TAG) == len(KINDS)
    for kind, name in KINDS.items():
        assert KIND_OF_TAG[msgspec.msgpack.decode(msgspec.msgpack.encode(_sound(kind)))[0]] == name


def test_what_is_beyond_is_told_by_the_name_of_the_field() -> None:
    fix = msgspec.structs.replace(_sound(Position), fixed_at_ms=LATEST_MS)
    assert beyond(fix).startswith("fixed_at_ms: ")


def _sound(kind: type[AnyFact]) -> AnyFact:
    told = {"status": "reported" if kind is CaseStep else "online", "day": "2026-07-13"}
    values: dict[str, object] = {}
    for field in types.type_info(kind).fields:  # type: ignore[union-attr]
        if field.required:
            values[field.name] = told.get(field.name, BARE[type(_plain(field.type))])
    return kind(**values)


def _plain(kind: types.Type) -> types.Type:
    return _plain(kind.type) if isinstance(kind, types.Metadata) else kind


@given(st.integers())
def test_what_is_saturated_is_exact_in_a_double_and_keeps_its_side(value: int) -> None:
    found = saturated(value)
    assert int(float(found)) == found and (found < 0) == (value < 0) and abs(found) <= abs(value)


def test_a_deadline_is_at_most_ten_years_ahead() -> None:
    assert is_deadline(NOW + LONGEST_LIMIT_MS, NOW) and not is_deadline(NOW + LONGEST_LIMIT_MS + 1, NOW)
    assert is_deadline(NOW - 10**10, NOW), "one that has passed is one"
    assert not is_deadline(0, NOW) and not is_deadline(LATEST_MS, LATEST_MS)
    assert longest("working_days") * 24 == longest("urgent_hours") == LONGEST_LIMIT_DAYS * 24


# clocks and lives, whatever the numbers


@given(st.lists(st.tuples(st.sampled_from(sorted(STATUSES)), INSTANTS, st.none() | INSTANTS, INSTANTS), max_size=12))
def test_clocks_are_defined_whatever_the_instants(moves: list[tuple[str, int, int | None, int]]) -> None:
    clocks: tuple[Running, ...] = ()
    before = None
    for state, at_ms, deferred_to_ms, end_ms in moves:
        move = Move(before=before, after=state, at_ms=at_ms, deferred_to_ms=deferred_to_ms)
        clocks = climbed(moved(clocks, move, RULES), "urge", RULES)
        if end_ms % 3 == 0:
            clocks = given_end(clocks, at_ms, end_ms, RULES.yellow_from)
        before = state
        told = [clock.due_at_ms for clock in clocks] + [clock.yellow_at_ms for clock in clocks]
        told += [clock.left_ms for clock in clocks] + [alarm.at_ms for alarm in alarms(clocks, RULES, lambda do: True)]
        assert all(value is None or abs(value) <= EXACT for value in (*told, *marks(clocks)))
    bounded = tuple(msgspec.structs.replace(clock, begun_at_ms=0) for clock in clocks)
    assert unpacked((), pack(bounded)) == bounded


@given(st.lists(st.tuples(st.sampled_from(sorted(STATUSES)), INSTANTS, INSTANTS, st.integers()), min_size=1, max_size=12))
def test_a_life_can_be_followed_and_packed_whatever_its_instants(steps: list[tuple[str, int, int, int]]) -> None:
    order: Order | None = None
    for status, at_ms, end_ms, worked_ms in steps:
        worked = msgspec.json.encode({"handle": worked_ms, "total": worked_ms}).decode() if abs(worked_ms) < 2**63 else ""
        fields: dict[str, str | int | float | bool] = {"deadline_at_ms": end_ms, "worked": worked}
        step = Step(key="", at_ms=at_ms, status=status, source="", received_at_ms=0, fields=fields, action="reopen")
        order = follow(order, step, "O1")
        assert isinstance(order.life, Life)
        assert all(-1 <= spent <= 2**31 - 1 for spent in stints_of(order.life.stints).worked_s)


def test_a_deadline_beyond_the_bounds_is_refused_and_one_within_is_taken() -> None:
    for far in (LATEST_MS, NOW + 2 * LONGEST_LIMIT_MS, 2**60, -5):
        one = Story().until("accepted")
        assert one.why("register", "supervisor", category="lamp", deadline_at_ms=far) == "bad_field"
    one = Story().until("accepted")
    assert one.do("register", "supervisor", category="lamp", deadline_at_ms=NOW + 10**10).deadline_at_ms == NOW + 10**10
