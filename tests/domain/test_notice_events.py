"""Who is told of what: events of steps, rules put together, what somebody hears of in his scope and what he does not."""

from typing import Any

import pytest

from config.city_notices import DEFAULT
from config.words import LANGS, words
from domain.actions import OPEN, RESULTS
from domain.lifecycle import STATUSES
from domain.notices import EVENTS, WHY, Notice, Rule, contact_of, event_of, is_told, notice_of, word_of
from domain.ownorders import replay
from domain.people import Person
from domain.states import Order
from tests.domain.people import NOW, Story, within

ALL = (Rule(events=frozenset(EVENTS), roles=("supervisor",), department=True, handler=True, reporter=True, webhook="w"),)


def notices(story: Story, *rules: Rule, back: int = 1) -> list[Notice | None]:
    """Those of the newest `back` steps of a story, made from its trail as the projector makes them."""
    trails = [story.trail[:number] for number in range(len(story.trail) + 1)]
    orders = [replay("O1", trail) if trail else None for trail in trails]
    told = list(zip(orders, trails[1:], orders[1:], strict=False))
    return [notice_of(before, trail, after, rules, NOW) for before, trail, after in told[-back:] if after]


def last(story: Story, *rules: Rule) -> Notice | None:
    (found,) = notices(story, *rules)
    return found


def test_a_life_is_told_state_by_state_and_its_end_once() -> None:
    story = Story().until("callback")
    told = [one.event if one else "" for one in notices(story, *ALL, back=len(story.trail))]
    assert told == [
        "reported", "accepted", "registered", "dispatched", "handling", "feedback", "checking", "", "evaluated", "ended", "",
    ]  # fmt: skip
    story.do("reopen", "duty_chief", reason="x")
    reopened = last(story, *ALL)
    assert reopened is not None and reopened.event == "reopened"


@pytest.mark.parametrize(("state", "action", "role", "fields", "said"), [
    ("reported", "refuse", "intake", {"reason": "不属网格"}, "不属网格"),
    ("reported", "merge", "intake", {"merged_into": "O9"}, ""),
    ("accepted", "refuse_register", "duty_chief", {"reason": "无法核实"}, "无法核实"),
    ("handling", "void", "duty_chief", {"reason": "重复"}, "重复"),
    ("evaluated", "close", "duty_chief", {}, "done"),
    ("evaluated", "close", "duty_chief", {"note": "已修好"}, "已修好"),
    ("handling", "force_close", "duty_chief", {"reason": "搬走"}, "搬走"),
])  # fmt: skip
def test_an_end_says_what_it_came_to(state: str, action: str, role: str, fields: dict[str, Any], said: str) -> None:
    story = Story().until(state)
    story.do(action, role, **fields)
    told = last(story, *ALL)
    assert told is not None and (told.event, told.reason) == ("ended", said)


def test_the_ladder_tells_the_department_of_the_card_with_its_reason_answer_and_decision() -> None:
    story = Story().until("handling", co_handlers="D2")
    rules = DEFAULT.rules
    story.do("urge", "leader")
    told = last(story, *rules)
    assert told is not None and (told.event, told.departments) == ("urge", ("D1", "D2"))
    for action, fields in (("yellow_card", {"reason": "拖延"}), ("red_card", {"reason": "再拖"})):
        story.do(action, "leader", **fields)
        told = last(story, *rules)
        assert told is not None and (told.event, told.departments, told.reason) == (action, ("D1",), fields["reason"])
    assert told.roles == ("leader",)
    story.do("answer_card", "department", note="已派人")
    told = last(story, *rules)
    assert told is not None and (told.event, told.reason, told.departments, told.roles) == (
        "answer_card", "已派人", (), ("supervisor", "duty_chief"),
    )  # fmt: skip
    story.do("appeal_card", "department", reason="不属本部门")
    story.do("decide_appeal", "duty_chief", result="withdrawn", reason="有理")
    told = last(story, *rules)
    assert told is not None and (told.event, told.departments, told.reason) == ("decide_appeal", ("D1",), "有理")
    assert RESULTS["decide_appeal"] == ("upheld", "withdrawn")


def test_several_rules_of_one_event_make_one_notice() -> None:
    story = Story().until("dispatched", handler="W1")
    rules = (
        Rule(events=frozenset({"dispatched", "urge"}), roles=("leader",)),
        Rule(events=frozenset({"dispatched"}), roles=("leader", "dispatcher"), handler=True, webhook="a"),
        Rule(events=frozenset({"dispatched"}), webhook="a"),
        Rule(events=frozenset({"dispatched"}), department=True, webhook="b"),
        Rule(events=frozenset({"urge"}), roles=("supervisor",)),
    )
    told = last(story, *rules)
    assert told is not None
    assert (told.roles, told.departments, told.workers) == (("leader", "dispatcher"), ("D1",), ("W1",))
    assert [one.webhook for one in told.sendings] == ["a", "b"] and len({told.id, *(one.id for one in told.sendings)}) == 3
    assert last(story, *rules) == told, "the same step is the same notice"
    assert last(story, Rule(events=frozenset({"urge"}), roles=("leader",))) is None


@pytest.mark.parametrize(("phone", "hooks"), [("13812345678", ["sms", "all"]), ("", ["all"])])
def test_a_citizen_is_told_where_he_left_a_number_and_it_stands_in_no_notice(phone: str, hooks: list[str]) -> None:
    story = Story()
    story.do("report", "intake", text="t", region="C1", person="李明", **({"phone": phone} if phone else {}))
    story.do("refuse", "intake", reason="x")
    ended = frozenset({"ended"})
    told = last(story, Rule(events=ended, reporter=True, webhook="sms"), Rule(events=ended, webhook="all"))
    assert told is not None and [one.webhook for one in told.sendings] == hooks
    assert contact_of(story.trail) == ("李明", phone) and "李明" not in repr(told) and (not phone or phone not in repr(told))
    assert told.workers == ()


def test_a_worker_is_told_of_what_he_reported() -> None:
    story = Story()
    story.do("report", "worker", "W7", text="t", region="G1")
    story.do("refuse", "intake", reason="x")
    told = last(story, Rule(events=frozenset({"ended"}), reporter=True))
    assert told is not None and told.workers == ("W7",)
    assert is_told(told, Person(name="w", roles=("worker",), worker="W7", scope="G2"), within)


def told_to(notice: Notice, *roles: str, **more: str) -> bool:
    return is_told(notice, Person(name="p", roles=roles, **more), within)


def test_a_role_is_told_within_its_scope_a_department_wherever_it_is_and_who_acts_is_not_told() -> None:
    blank = {"id": "x", "event": "urge", "order": "O1", "at_ms": 0, "told_at_ms": 0, "status": "handling", "region": "G1"}
    notice = Notice(**blank, actor="anna", role="leader", holder="S", roles=("leader",), departments=("D1",))  # type: ignore[arg-type]
    assert told_to(notice, "leader", scope="S") and told_to(notice, "leader", scope="C1")
    assert not told_to(notice, "leader", scope="C2") and not told_to(notice, "checker", scope="S")
    assert told_to(notice, "department", department="D1", scope="C2") and not told_to(notice, "department", department="D2")
    assert not told_to(notice, "checker", department="D1", scope="C2"), "a department only in that role"
    assert not is_told(notice, Person(name="anna", roles=("leader",), scope="S"), within)
    by_rule = Notice(**blank, actor="handle", role="rule", holder="S", roles=("leader",))  # type: ignore[arg-type]
    assert is_told(by_rule, Person(name="handle", roles=("leader",), scope="S"), within), "a clock's name is nobody's"


@pytest.mark.parametrize("lang", LANGS)
def test_every_event_and_every_failure_has_a_word(lang: str) -> None:
    assert all(words(lang)[word_of(event)] for event in EVENTS) and all(words(lang)[f"notices.why.{why}"] for why in WHY)


@pytest.mark.parametrize("before", [None, *STATUSES])
def test_what_enters_no_state_and_what_goes_from_one_end_to_another_is_no_event(before: str | None) -> None:
    step = Story().until("reported").trail[-1]
    was = None if before is None else Order(order="O", status=before)
    for after, status in STATUSES.items():
        found = event_of(was, step, Order(order="O", status=after))
        nothing = before == after or (status.final and before not in (None, *OPEN))
        assert found in ("", *EVENTS) and (found == "") == nothing
