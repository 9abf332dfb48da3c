"""The table of actions: every state, every action, every role; and the life of an order, step by step."""

import msgspec
import pytest

from domain.actions import ACTIONS, BORN, COMMAND, RESULTS, ROLES, SAME, SATISFACTION, SUPERVISION, TABLE, Row
from domain.byrule import next_by_rule
from domain.facts import OrderAction
from domain.judging import REASONS, Folded, Refused, fold_action, permitted
from domain.lifecycle import STATUSES
from domain.ownorders import replay
from domain.routing import RouteRule
from domain.states import Card, CoHandler, Life, Order, OrderFlag
from domain.workflow import Template, Workflow, template_faults
from tests.domain.people import HOUR, NOW, Story, rules

STATES = (BORN, *STATUSES)
EVERYTHING = {
    "text": "t", "reason": "r", "note": "n", "category": "lamp", "department": "D1", "quality": "good", "satisfaction": "fair",
    "merged_into": "O2", "clock": "total", "deadline_at_ms": NOW + 99 * HOUR, "region": "G1", "co_handler": "D2",
}  # fmt: skip
B6 = (  # the transitions as the field describes them, written down a second time
    "- report reported", "reported self_handle self_handled", "reported ask_verify verifying", "verifying verify reported",
    "reported accept accepted", "reported refuse not_accepted", "verifying refuse not_accepted", "reported merge duplicate",
    "accepted register registered", "accepted refuse_register not_registered", "accepted deliberate deliberating",
    "deliberating end_deliberation accepted", "deliberating end_deliberation closed", "registered dispatch dispatched",
    "dispatched take_up handling", "dispatched return returned", "handling return returned", "returned dispatch dispatched",
    "handling grant_hang hanging", "hanging resume handling", "handling escalate escalated", "escalated dispatch dispatched",
    "handling feedback feedback", "feedback request_close checking", "checking check rework", "rework rework dispatched",
    "checking evaluate evaluated", "evaluated close closed", "handling force_close closed", "closed callback callback",
    "callback reopen reopened", "reopened dispatch dispatched", "callback archive archived", "handling void void",
)  # fmt: skip


def standing(state: str, action: str, role: str) -> Order | None:
    """An order in that state for which everything holds that any row of the action may ask; None: there is none yet."""
    if state == BORN:
        return None
    asked = action.split("_")[1] if action in ("grant_defer", "refuse_defer", "grant_hang", "refuse_hang") else ""
    co = CoHandler("D2", "returned" if action == "refuse_return" else "feedback")
    card = Card("yellow", NOW, "p", "late", "D1", "appealed" if action == "decide_appeal" else "given")
    cards = (card,) if action in ("red_card", "answer_card", "appeal_card", "decide_appeal", "withdraw_card") else ()
    life = Life(holder="C1", lead="D1", co_handlers=(co,), asked=asked, checked="passed", cards=cards)
    handler = "p" if role == "worker" and action != "check" else ""
    return Order(order="O1", status=state, region="G1", life=life, handler=handler, reported_at_ms=NOW)


def asking(action: str, role: str, **told: object) -> OrderAction:
    return OrderAction(
        source="desk", received_at_ms=NOW, id="a1", order="O1", action=action, actor="p", role=role, at_ms=NOW, scope="S",
        department="D1" if role == "department" else "", fields=told,  # type: ignore[arg-type]
    )  # fmt: skip


def rows_for(state: str, action: str, role: str, result: str) -> list[Row]:
    rows = [r for r in TABLE if state in r.states and r.action == action and role in r.who and r.party != "co"]
    return [row for row in rows if row.choice in ("", result)]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_state_action_and_role_does_what_the_table_says(action: str, role: str) -> None:
    law = rules()
    for state in STATES:
        for result in RESULTS.get(action, ("",)):
            told = {**EVERYTHING, "result": result} if result else EVERYTHING
            order = standing(state, action, role)
            answer = fold_action(order, asking(action, role, **told), law, NOW)
            rows = rows_for(state, action, role, result)
            case = (state, action, role, result, answer)
            if rows:
                wanted = state if rows[0].to == SAME else rows[0].to
                assert isinstance(answer, Folded) and answer.order.status == answer.step.status == wanted, case
            else:
                assert isinstance(answer, Refused) and answer.reason in REASONS, case
                why = {"not_in_state", "not_your_role", "exists", "no_such_order"}
                assert answer.reason in why, case


def test_the_table_holds_every_transition_that_the_field_knows() -> None:
    known = {f"{state} {row.action} {row.to}" for row in TABLE for state in row.states}
    assert [line for line in B6 if line not in known] == []


def test_the_table_names_only_states_and_roles_that_there_are_and_an_auditor_never_acts() -> None:
    for row in TABLE:
        assert {*row.states, row.to} <= {*STATES, SAME} and set(row.who) <= set(ROLES) - {"auditor"}, row
    assert Workflow().states() == set(STATUSES) and Workflow().dead_ends() == []


@pytest.mark.parametrize("action", ACTIONS)
def test_what_an_action_needs_must_be_told(action: str) -> None:
    for row in (row for row in TABLE if row.action == action and row.party != "co"):
        for need in row.needs:
            state, role = row.states[0], row.who[0]
            bare = {name: value for name, value in EVERYTHING.items() if name not in need.split("|")}
            bare |= {"result": row.choice or RESULTS.get(action, ("",))[0]} if need != "result" and action in RESULTS else {}
            answer = fold_action(standing(state, action, role), asking(action, role, **bare), rules(), NOW)
            assert isinstance(answer, Refused) and answer.reason == "missing_field", (row, need, answer)


@pytest.mark.parametrize("told", [
    {"lon": "113"}, {"lon": 113.1}, {"lon": True, "lat": 23.0}, {"urgent": "yes"}, {"text": 5}, {"deadline_at_ms": 1.5},
    {"region": "nowhere"}, {"lon": float("nan"), "lat": 23.0}, {"lon": 113.0, "lat": 1e9}, {"deadline_at_ms": 2**60},
])  # fmt: skip
def test_a_field_of_the_wrong_kind_is_refused_and_never_gets_into_a_row(told: dict[str, object]) -> None:
    assert Story().why("report", "worker", **{"text": "t", **told}) == "bad_field"


def test_a_whole_life_keeps_its_times_and_counts() -> None:
    story = Story().until("closed")
    order = story.order
    assert order is not None and order.life is not None
    assert (order.status, order.closed_at_ms, order.on_time) == ("closed", NOW + 10 * HOUR, True)
    assert (order.reported_at_ms, order.registered_at_ms) == (NOW + HOUR, NOW + 3 * HOUR)
    assert order.deadline_at_ms == NOW + 27 * HOUR and order.department == "D1" and order.reporter == "worker"
    spent = {clock.key: clock.spent(NOW + 99 * HOUR) // HOUR for clock in order.life.clocks}
    assert spent == {"total": 9, "dispatch": 1, "sign": 1, "handle": 2, "check": 3}


def test_of_two_who_do_the_same_the_second_is_told_who_did_what_before() -> None:
    story = Story().until("registered")
    story.do("dispatch", "dispatcher", "anna", department="D1")
    answer = story.act("dispatch", "dispatcher", "ben", department="D2")
    assert answer == Refused(
        "not_in_state", {"state": "dispatched", "did": "dispatch", "by": "anna", "at_ms": NOW + 4 * HOUR}
    )


def test_the_lead_feeds_back_only_after_all_co_handlers() -> None:
    story = Story().until("handling", co_handlers="D2;D3")
    assert story.why("feedback", "department", note="done") == "co_handlers_open"
    story.do("take_up", "department", unit="D2")
    story.do("feedback", "department", unit="D2", note="our part")
    assert story.act("feedback", "department", note="done") == Refused("co_handlers_open", {"departments": "D3"})
    story.do("return", "department", unit="D3", reason="not ours")
    assert story.why("refuse_return", "dispatcher", co_handler="D2", reason="it is") == "no_such_co_handler"
    story.do("refuse_return", "dispatcher", co_handler="D3", reason="it is")
    assert story.why("feedback", "department", note="done") == "co_handlers_open"
    story.do("release", "dispatcher", co_handler="D3")
    assert story.do("feedback", "department", note="done").status == "feedback"
    assert story.why("request_close", "department", unit="D2") == "not_your_order"


def test_a_return_goes_to_the_dispatcher_and_is_counted() -> None:
    story = Story().until("handling")
    assert story.why("return", "department", unit="D3", reason="x") == "not_your_order"
    story.do("return", "department", reason="not ours")
    story.do("refuse_return", "dispatcher", reason="it is yours")
    story.do("return", "department", reason="no")
    order = story.do("dispatch", "dispatcher", department="D3")
    assert order.life is not None and (order.life.returned, order.life.redispatched, order.life.lead) == (2, 1, "D3")


def test_a_deferred_limit_grows_and_a_hung_one_stands_still() -> None:
    story = Story().until("handling")
    late = NOW + 50 * HOUR
    assert story.why("ask_defer", "department", reason="parts", deadline_at_ms=NOW + 2 * HOUR) == "bad_field"
    assert story.why("grant_defer", "duty_chief") == "not_asked"
    story.do("ask_defer", "department", reason="parts", deadline_at_ms=late)
    assert story.why("ask_hang", "department", reason="x") == "already_asked"
    order = story.do("grant_defer", "duty_chief")
    assert order.deadline_at_ms == late and order.flags & OrderFlag.DEFERRED
    story.do("ask_hang", "department", reason="winter")
    hung = story.do("grant_hang", "duty_chief")
    assert (hung.status, hung.deadline_at_ms) == ("hanging", None)
    story.do("note", "duty_chief", note="still winter")
    order = story.do("resume", "department")
    assert order.deadline_at_ms == late + order.status_at_ms - hung.status_at_ms
    assert order.life is not None and {c.key for c in order.life.clocks if c.since_ms is not None} == {"total", "handle"}


def test_a_failed_check_is_rework_and_nothing_goes_on_unchecked() -> None:
    story = Story().until("feedback")
    story.do("request_close", "department")
    assert story.why("evaluate", "duty_chief", quality="good") == "not_checked"
    story.do("check", "checker", result="unable", reason="locked gate")
    assert story.why("evaluate", "duty_chief", quality="good") == "not_checked"
    assert story.do("check", "checker", result="failed", reason="still dark").status == "rework"
    order = story.do("rework", "dispatcher")
    assert order.life is not None and (order.status, order.life.lead, order.life.reworked) == ("dispatched", "D1", 1)
    for action, told in (("take_up", {}), ("feedback", {"note": "again"}), ("request_close", {})):
        story.do(action, "department", **told)
    assert story.why("evaluate", "duty_chief", quality="good") == "not_checked"


def test_nobody_checks_his_own_work() -> None:
    story = Story().until("registered")
    story.do("dispatch", "dispatcher", handler="W1")
    for action, told in (("take_up", {}), ("feedback", {"note": "done"}), ("request_close", {})):
        assert story.why(action, "worker", "W2", scope="G1", **told) == "not_your_order"
        story.do(action, "worker", "W1", scope="G1", **told)
    assert story.why("check", "worker", "W1", scope="G1", result="passed") == "own_work"
    story.do("check", "worker", "W2", scope="G1", result="passed")


def test_reopened_is_open_again_and_keeps_its_former_times() -> None:
    story = Story().until("callback")
    order = story.do("reopen", "intake", reason="dark again")
    assert (order.status, order.closed_at_ms, order.on_time, order.registered_at_ms) == ("reopened", None, None, NOW + 3 * HOUR)
    assert story.do("dispatch", "dispatcher", department="D1").status == "dispatched"


def test_a_forced_close_is_marked_and_needs_a_reason() -> None:
    story = Story().until("dispatched")
    assert story.why("force_close", "duty_chief") == "missing_field"
    order = story.do("force_close", "duty_chief", reason="building gone")
    assert order.flags & OrderFlag.FORCED and order.closed_at_ms is not None


def test_escalation_goes_one_level_up_and_out_of_the_hands_below() -> None:
    story = Story()
    story.do("report", "worker", text="t", scope="G1")
    assert story.order is not None and story.order.life is not None and story.order.life.holder == "G1"
    assert story.do("escalate", "worker", scope="G1", reason="too big").life.holder == "C1"  # type: ignore[union-attr]
    assert story.why("escalate", "worker", scope="G1", reason="again") == "held_above"
    story.do("escalate", "supervisor", "anna", scope="C1", reason="too big")
    answer = story.act("escalate", "supervisor", "ben", scope="C1", reason="too big")
    assert isinstance(answer, Refused) and (answer.reason, answer.detail["by"]) == ("held_above", "anna")
    assert story.why("escalate", "supervisor", scope="C2", reason="mine?") == "out_of_scope"
    order = story.do("escalate", "supervisor", scope="S", reason="too big")
    assert order.life is not None and (order.life.holder, order.life.level, order.life.escalated) == ("R", "district", 3)
    assert story.why("escalate", "supervisor", scope="R", reason="higher") == "no_level_above"


def test_a_stranger_is_told_nothing_of_an_order_that_is_not_his() -> None:
    story = Story().until("handling")
    for action in ACTIONS:
        for role in ROLES:
            if role != "rule" and action != "report":
                told = {"scope": "C2", "unit": "D3" if role == "department" else ""}
                assert story.act(action, role, **told, **EVERYTHING) == Refused("out_of_scope"), (action, role)


def test_a_report_beyond_the_own_scope_is_refused_and_one_without_a_place_lies_in_it() -> None:
    for role in sorted({role for row in TABLE if row.action == "report" for role in row.who} - {"rule"}):
        assert Story().why("report", role, text="t", region="G2", scope="C1") == "out_of_scope"
        assert Story().do("report", role, text="t", scope="C1").region == "C1"
        assert Story().why("report", role, text="t", scope="") == "out_of_scope"


def test_with_two_axes_nobody_of_the_one_does_what_is_the_others() -> None:
    everywhere = {action: tuple(SUPERVISION | COMMAND) for action in ("dispatch", "check", "close")}
    law = rules(Template(two_axes=True, who=everywhere))
    for action, side in (("dispatch", SUPERVISION), ("check", COMMAND), ("close", COMMAND)):
        state = {"dispatch": "registered", "check": "checking", "close": "evaluated"}[action]
        for role in sorted(SUPERVISION | COMMAND):
            order = standing(state, action, role)
            answer = fold_action(order, asking(action, role, **EVERYTHING, result="passed"), law, NOW)
            assert (isinstance(answer, Refused) and answer.reason == "other_axis") == (role in side), (action, role, answer)


def test_with_two_axes_nobody_holds_both_sides_nor_judges_what_he_dispatched() -> None:
    story = Story(rules(Template(two_axes=True))).until("registered")
    assert story.why("dispatch", "dispatcher", also=("checker",), department="D1") == "other_axis"
    story.do("dispatch", "dispatcher", "anna", department="D1")
    story.until("feedback")
    story.do("request_close", "department")
    assert story.why("check", "checker", "anna", result="passed") == "other_axis"
    assert story.why("check", "checker", "ben", also=("dispatcher",), result="passed") == "other_axis"
    story.do("check", "checker", "ben", result="passed")


def test_what_i_may_do_now_is_what_is_not_refused() -> None:
    story = Story().until("handling")
    assert story.order is not None
    for role in ROLES:
        nothing_yet = msgspec.structs.replace(asking("note", role), id="")
        answers = permitted(story.order, nothing_yet, story.rules)
        for action, refused in answers.items():
            done = fold_action(story.order, asking(action, role, **EVERYTHING, result="passed"), story.rules, NOW)
            assert (refused is None) == isinstance(done, Folded), (action, role, refused, done)


def test_nobody_dispatches_to_a_department_that_the_city_does_not_have() -> None:
    story = Story().until("registered")
    for told in ({"department": "D9"}, {"department": "D1", "co_handlers": "D1"}, {"department": "D1", "co_handlers": "D2;D9"}):
        assert story.why("dispatch", "dispatcher", **told) == "bad_field"


@pytest.mark.parametrize("template", [
    Template(two_axes=True), Template(evaluate="after"), Template(two_axes=True, leave_out=("registered", "verifying")),
    Template(leave_out=("evaluated", "callback"), by_itself=("rework", "request_close")), Template(leave_out=("hanging",)),
])  # fmt: skip
def test_templates_that_a_city_may_well_have_are_no_fault(template: Template) -> None:
    assert template_faults(template) == []


def test_what_a_city_does_by_itself_follows_at_once() -> None:
    story = Story(rules(Template(by_itself=("request_close", "rework")))).until("feedback")
    assert story.order is not None
    asked = asking("feedback", "department")
    more = next_by_rule(story.order, asked, story.rules)
    assert more is not None and (more.action, more.id) == ("request_close", "a1/request_close")
    assert isinstance(story.put(more), Folded) and story.order.status == "checking"
    assert next_by_rule(story.order, more, story.rules) is None


def test_a_community_that_only_reports_and_closes() -> None:
    out = tuple(set(STATUSES) - {"reported", "closed", "void"})
    flow = Template(leave_out=out)
    assert template_faults(flow) == []
    story = Story(rules(flow))
    story.do("report", "worker", text="t", scope="G1")
    assert story.do("close", "supervisor").status == "closed"
    assert story.rules.flow.states() == {"reported", "closed", "void"}


def test_what_is_left_out_of_the_main_line_is_bridged_with_what_must_hold() -> None:
    law = rules(Template(leave_out=("registered", "feedback"), evaluate="after"))
    story = Story(law)
    story.do("report", "worker", text="t", scope="G1", category="lamp")
    story.do("accept", "intake")
    assert story.why("register", "duty_chief") == "not_your_role"
    order = story.do("dispatch", "dispatcher", department="D1", co_handlers="D2")
    assert order.deadline_at_ms == order.status_at_ms + 24 * HOUR
    story.do("take_up", "department")
    assert story.why("request_close", "department") == "co_handlers_open"
    story.do("feedback", "department", unit="D2", note="ours")
    story.do("request_close", "department")
    assert story.why("close", "duty_chief") == "not_checked"
    story.do("check", "checker", result="passed")
    closed = story.do("close", "duty_chief")
    order = story.do("evaluate", "duty_chief", quality="good")
    assert (order.status, order.closed_at_ms) == ("closed", closed.closed_at_ms)
    assert story.why("evaluate", "duty_chief", quality="bad") == "already_evaluated"


@pytest.mark.parametrize(("template", "fault"), [
    (Template(leave_out=("closed",)), "no order can ever be closed"),
    (Template(leave_out=("close",), evaluate="after"), "no order can ever be closed"),
    (Template(leave_out=("register",)), "no order can ever be closed"),
    (Template(leave_out=("dispatched",)), "escalated: nothing leads on"),
    (Template(who={"close": ("dispatcher",)}, two_axes=True), "no order can ever be closed"),
    (Template(leave_out=("reported",)), "where every order begins"),
    (Template(leave_out=("approved",)), "'approved' is neither"),
    (Template(who={"approve": ("leader",)}), "'approve' is no action"),
    (Template(who={"close": ("boss",)}), "'boss'"),
    (Template(who={"note": ("auditor",)}), "never acts"),
    (Template(by_itself=("evaluate",)), "for people"),
])  # fmt: skip
def test_a_template_that_cannot_reach_closed_or_invents_something_is_a_fault(template: Template, fault: str) -> None:
    assert any(fault in told for told in template_faults(template)), template_faults(template)


def test_the_first_rule_that_fits_routes_and_takes_the_order_as_far_as_it_says() -> None:
    routes = (
        RouteRule(rule="wx", source="wechat", matters=frozenset({"lamp"}), department="D3"),
        RouteRule(rule="lamps", matters=frozenset({"lamp"}), regions=frozenset({"G1", "C1"}), department="D1",
                  level="street", auto="dispatch"),
        RouteRule(rule="rest", auto="accept"),
    )  # fmt: skip

    def told(**fields: object) -> Story:
        story = Story(rules(routes=routes))
        story.do("report", "worker", text="t", scope="R", **fields)
        assert story.order is not None
        asked = asking("report", "worker")
        while (more := next_by_rule(story.order, asked, story.rules)) is not None:
            assert isinstance(story.put(more), Folded)
            asked = more
        return story

    lamp = told(category="lamp", region="G1")
    assert lamp.order is not None and lamp.order.life is not None
    assert [(step.action, step.role, step.actor) for step in lamp.trail[1:]] == [
        (action, "rule", "lamps") for action in ("accept", "register", "dispatch")
    ]
    life = lamp.order.life
    assert (life.route, life.lead, life.level, life.holder) == ("lamps", "D1", "street", "S")
    assert not lamp.order.flags & OrderFlag.REROUTED and lamp.order.deadline_at_ms is not None
    assert told(category="dog", region="G1").order.status == "accepted"  # type: ignore[union-attr]
    by_hand = told(category="lamp", channel="wechat", region="G2")
    assert by_hand.order is not None and by_hand.order.status == "reported"
    by_hand.do("accept", "intake", scope="R")
    by_hand.do("register", "duty_chief", scope="R")
    assert by_hand.do("dispatch", "dispatcher", scope="R", department="D2").flags & OrderFlag.REROUTED


def test_urging_and_notes_change_no_state_and_are_counted() -> None:
    story = Story().until("handling")
    before = story.order
    story.do("urge", "leader")
    order = story.do("note", "checker", note="seen")
    assert before is not None and (order.status, order.status_at_ms) == (before.status, before.status_at_ms)
    assert order.flags & OrderFlag.SUPERVISED and order.life is not None and order.life.urged == 1


def test_the_clock_of_an_actor_moves_nothing_back_and_nothing_into_the_future() -> None:
    story = Story().until("registered")
    at_ms = story.trail[-1].at_ms
    early = asking("dispatch", "dispatcher", department="D1")
    done = fold_action(story.order, early, story.rules, at_ms + HOUR, story.trail)
    assert isinstance(done, Folded) and done.step.at_ms == at_ms
    ahead = OrderAction(**{**{n: getattr(early, n) for n in early.__struct_fields__}, "at_ms": at_ms + 99 * HOUR})
    done = fold_action(story.order, ahead, story.rules, at_ms + HOUR, story.trail)
    assert isinstance(done, Folded) and done.step.at_ms == at_ms + HOUR


@pytest.mark.parametrize("satisfaction", [*SATISFACTION, "great"])
def test_a_callback_asks_for_one_of_five_answers(satisfaction: str) -> None:
    story = Story().until("closed")
    answer = story.act("callback", "intake", satisfaction=satisfaction)
    assert isinstance(answer, Folded if satisfaction in SATISFACTION else Refused)


def test_a_trail_begins_with_a_report_or_is_none() -> None:
    with pytest.raises(ValueError, match="no trail"):
        replay("O1", ())


def test_a_report_of_what_was_handled_on_the_spot_is_not_taken_on_by_a_rule() -> None:
    law = rules(routes=(RouteRule(rule="all", auto="accept"),))
    for handled, follows in ((False, True), (True, False)):
        story = Story(law)
        done = story.act("report", "worker", text="lamp out", region="G1", self_handled=handled)
        assert isinstance(done, Folded) and story.order is not None
        asked = OrderAction(
            source="m", received_at_ms=NOW, id="a1", order="O1", action="report", actor="w", role="worker", at_ms=NOW,
            fields={"self_handled": handled},
        )  # fmt: skip
        assert (next_by_rule(story.order, asked, law) is not None) is follows


def test_an_emergency_is_stood_down_once_and_only_where_there_is_one() -> None:
    story = Story()
    story.act("report", "worker", text="smoke", region="G1", urgent=True)
    assert story.why("stand_down", "dispatcher") == "not_your_role"
    done = story.act("stand_down", "duty_chief")
    assert isinstance(done, Folded) and done.order.flags & OrderFlag.STOOD_DOWN and done.order.status == "reported"
    assert story.why("stand_down", "duty_chief") == "no_alarm"
    calm = Story()
    calm.act("report", "worker", text="leaves", region="G1", category="quiet")
    assert calm.why("stand_down", "duty_chief") == "no_alarm"


def test_the_ladder_of_cards_only_climbs_and_a_card_that_was_withdrawn_counts_no_more() -> None:
    story = Story().until("handling")
    assert story.why("red_card", "leader", reason="late") == "not_carded"
    story.do("urge", "supervisor")
    order = story.do("yellow_card", "supervisor", reason="late")
    assert order.life is not None and order.life.cards[0].department == "D1" and order.flags & OrderFlag.YELLOW_CARD
    assert story.why("yellow_card", "leader", reason="again") == "carded"
    story.do("answer_card", "department", note="on it")
    assert story.why("answer_card", "department", note="twice") == "no_such_card"
    assert story.why("decide_appeal", "leader", reason="x", result="upheld") == "no_such_card"
    story.do("appeal_card", "department", reason="not ours")
    order = story.do("decide_appeal", "leader", reason="it is", result="upheld")
    assert order.life is not None and order.life.cards[0].state == "upheld" and order.life.cards[0].answer == "on it"
    assert story.why("appeal_card", "department", reason="again") == "no_such_card"
    order = story.do("red_card", "leader", reason="still late")
    assert order.flags & OrderFlag.RED_CARD and order.flags & OrderFlag.YELLOW_CARD
    assert story.why("red_card", "leader", reason="more") == "carded"
    order = story.do("withdraw_card", "leader", reason="mistake")
    assert order.life is not None and [card.state for card in order.life.cards] == ["upheld", "withdrawn"]
    assert not order.flags & OrderFlag.RED_CARD and order.flags & OrderFlag.YELLOW_CARD
    assert story.do("red_card", "leader", reason="after all").flags & OrderFlag.RED_CARD
    assert story.why("yellow_card", "dispatcher", reason="x") == "not_your_role"


def test_with_two_axes_who_commands_gives_no_card() -> None:
    story = Story(rules(Template(two_axes=True, who={"yellow_card": ("supervisor", "dispatcher")}))).until("handling")
    assert story.why("yellow_card", "dispatcher", reason="x") == "other_axis"
    assert story.do("yellow_card", "supervisor", reason="x").flags & OrderFlag.YELLOW_CARD
