"""Who may what, whose an order is, and which roles nobody is given together."""

import pytest

from domain.actions import ROLES, TABLE
from domain.people import ALL_RIGHTS, PERSON_ROLES, RIGHTS, WALL, Person, parties_of, role_faults
from domain.states import CoHandler, Life, Order


def test_every_role_has_its_rights_and_no_right_is_nobodys() -> None:
    assert RIGHTS.keys() == set(PERSON_ROLES) == (set(ROLES) - {"rule"}) | {WALL}
    told = "wall desk people track orders personal statistics publish report screens audit admin alarms"
    assert set(told.split()) == ALL_RIGHTS


def test_the_rights_of_several_roles_are_added_and_those_of_none_are_none() -> None:
    person = Person(name="p", roles=("worker", "leader"))
    assert person.may("report") and person.may("track") and not person.may("personal") and not person.may("audit")
    assert person.rights() == RIGHTS["worker"] | RIGHTS["leader"]
    for roles in ((), ("no such role",), ("rule",)):
        nobody = Person(name="n", roles=roles)
        assert not nobody.rights() and not any(map(nobody.may, ALL_RIGHTS))


@pytest.mark.parametrize("role", [WALL, "auditor"])
def test_who_only_looks_stands_in_no_row_of_the_table(role: str) -> None:
    assert not [row.action for row in TABLE if role in row.who]
    assert not RIGHTS[role] & {"personal", "report", "desk"}


def test_only_the_auditor_reads_the_log_and_only_the_administrator_administers() -> None:
    assert [role for role in PERSON_ROLES if "audit" in RIGHTS[role]] == ["auditor"]
    assert [role for role in PERSON_ROLES if "admin" in RIGHTS[role]] == ["administrator"]


@pytest.mark.parametrize(("roles", "more", "word"), [
    ((), {}, "at least one"), (("boss",), {}, "'boss' is no role"), (("rule",), {}, "'rule' is no role"),
    (("auditor", "leader"), {}, "no other role"), (("wall", "supervisor"), {}, "only shows"),
    (("department",), {}, "needs a department"), (("worker",), {}, "needs an id"),
    (("supervisor", "dispatcher"), {"two_axes": True}, "two axes"),
    (("checker", "department"), {"two_axes": True, "department": "D1"}, "two axes"),
])  # fmt: skip
def test_roles_that_do_not_go_together(roles: tuple[str, ...], more: dict[str, object], word: str) -> None:
    (fault,) = role_faults(roles, **{"two_axes": False, **more})  # type: ignore[arg-type]
    assert word in fault


def test_roles_that_do() -> None:
    assert role_faults(("supervisor", "dispatcher"), two_axes=False) == []
    assert role_faults(("supervisor", "intake", "checker"), two_axes=True) == []
    assert role_faults(("worker", "department"), two_axes=False, department="D1", worker="W1") == []


def test_an_order_is_its_departments_and_its_workers_by_name() -> None:
    life = Life(lead="D1", co_handlers=(CoHandler("D2"), CoHandler("D3")), route_department="D9")
    own = Order(order="O", department="D8", reporter="W1", handler="W2", life=life)
    assert parties_of(own) == {"d:D1", "d:D2", "d:D3", "w:W1", "w:W2"}  # what is only proposed is nobody's yet
    outside = Order(order="H", department="D8", reporter="梁嘉敏")
    assert parties_of(outside) == {"d:D8", "w:梁嘉敏"} and parties_of(Order(order="x")) == frozenset()


def test_a_department_without_its_role_and_a_citizen_of_the_same_name_get_nothing() -> None:
    assert Person(name="p", roles=("supervisor",), department="D1").parties() == frozenset()
    assert Person(name="p", roles=("department",)).parties() == frozenset()
    assert Person(name="梁嘉敏", roles=("supervisor",)).parties() == frozenset()
    assert Person(name="p", roles=("department", "worker"), department="D1", worker="W1").parties() == {"d:D1", "w:W1"}


def test_a_worker_acts_by_the_id_of_the_roster_and_everybody_else_by_his_name() -> None:
    assert Person(name="li", roles=("worker",), worker="W1").actor == "W1"
    assert Person(name="token:p", roles=("supervisor",)).actor == "token:p"
