"""The fold of an order: the set of its steps makes it, not the order in which they came."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain import cases
from domain.facts import CaseStep
from domain.lifecycle import STATUSES
from domain.states import Order, OrderFlag, Step

HOUR = 3_600_000
NOW = 1_783_901_730_000


def nowhere(told: str | None, lon: float | None, lat: float | None) -> tuple[str, bool]:
    return told or "", told == "unknown"


def step(status: str, hours: float = 0, **said: object) -> CaseStep:
    told = {"source": "t", "received_at_ms": NOW, "order": "A1", "at_ms": NOW + int(hours * HOUR), "status": status}
    return CaseStep(**{**told, **said})  # type: ignore[arg-type]


def folded(*facts: CaseStep) -> Order:
    trail, _ = cases.add_steps((), map(cases.step_of, facts), 500)
    return cases.fold_trail("A1", trail, nowhere)


def test_a_whole_life_ends_closed_in_time() -> None:
    order = folded(
        step("reported", 0, category="占道经营", deadline_at_ms=NOW + 5 * HOUR, reporter="W1"),
        step("registered", 1),
        step("dispatched", 2, department="综合执法办"),
        step("closed", 4),
        step("archived", 9),
    )
    assert (order.status, order.closed_at_ms, order.on_time) == ("archived", NOW + 4 * HOUR, True)
    assert (order.category, order.department, order.reporter, order.steps) == ("占道经营", "综合执法办", "W1", 5)
    assert order.registered_at_ms == NOW + HOUR


def test_reopened_after_closed_is_open_again() -> None:
    order = folded(step("reported"), step("closed", 1), step("reopened", 2), step("dispatched", 3))
    assert order.closed_at_ms is None and order.on_time is None and order.status == "dispatched"


def test_closed_before_it_was_reported_is_kept_and_flagged() -> None:
    order = folded(step("reported", 5), step("closed", 1))
    assert order.status == "closed" and order.flags & OrderFlag.CLOSED_BEFORE_REPORTED


def test_a_close_time_that_nobody_knows_is_no_time_but_may_be_on_time() -> None:
    order = folded(step("reported"), step("closed", 0, at_unknown=True, on_time=True))
    assert (order.closed_at_ms, order.on_time) == (None, True) and order.flags & OrderFlag.CLOSE_TIME_UNKNOWN


def test_a_region_that_the_city_does_not_have_is_flagged() -> None:
    assert folded(step("reported", region="unknown")).flags & OrderFlag.UNKNOWN_REGION


def test_a_field_left_out_changes_nothing() -> None:
    assert folded(step("reported", 0, title="井盖缺失"), step("closed", 1)).title == "井盖缺失"


def test_a_trail_has_a_bound_and_says_what_found_no_room() -> None:
    steps = [cases.step_of(step("handling", n)) for n in range(12)]
    trail, outcomes = cases.add_steps((), [*steps[:3], *steps], 10)
    assert len(trail) == 10 and outcomes == ["kept"] * 3 + ["duplicate"] * 3 + ["kept"] * 7 + ["trail_full"] * 2


facts = st.lists(
    st.builds(
        step,
        st.sampled_from(sorted(STATUSES)),
        st.integers(-3, 3),
        at_unknown=st.booleans(),
        title=st.sampled_from([None, "a", "b"]),
        on_time=st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=12,
)


def same(order: Order) -> Order:
    return msgspec.structs.replace(order, source="")


@given(facts, st.randoms())
def test_any_order_of_arrival_and_any_repetition_gives_the_same_order(told: list[CaseStep], dice: random.Random) -> None:
    shuffled = told + dice.choices(told, k=3)
    dice.shuffle(shuffled)
    trail: tuple[Step, ...] = ()
    for fact in shuffled:
        trail, _ = cases.add_steps(trail, [cases.step_of(fact)], 500)
    assert same(cases.fold_trail("A1", trail, nowhere)) == same(folded(*told))


def test_rows_that_were_stored_before_orders_lived_here_are_still_read() -> None:
    old_order = msgspec.msgpack.decode(msgspec.msgpack.encode(Order(order="A1", source="t", status="closed", steps=2)))[:-1]
    assert msgspec.convert(old_order, Order) == Order(order="A1", source="t", status="closed", steps=2)
    old_step = ["k", NOW, "closed", "t", NOW, False, {}]
    assert msgspec.convert(old_step, Step).action == ""


def test_a_note_beside_an_outside_order_says_nothing_of_it() -> None:
    trail, _ = cases.add_steps((), map(cases.step_of, (step("reported"), step("closed", 2))), 500)
    note = Step(key="n", at_ms=NOW - HOUR, status="closed", source="desk", received_at_ms=NOW, action="note", actor="anna")
    with_note, outcomes = cases.add_steps((*trail, note), [cases.step_of(step("archived", 3))], 500)
    order = cases.fold_trail("A1", with_note, nowhere)
    assert outcomes == ["kept"] and [s.status for s in with_note] == ["reported", "closed", "closed", "archived"]
    assert (order.status, order.closed_at_ms, order.steps, order.life) == ("archived", NOW + 2 * HOUR, 4, None)


def test_no_other_system_says_what_becomes_of_an_order_that_lives_here() -> None:
    born = Step(key="a", at_ms=NOW, status="reported", source="desk", received_at_ms=NOW, action="report", actor="anna")
    assert cases.add_steps((born,), [cases.step_of(step("closed"))], 500) == ((born,), ["not_owner"])
