"""Intake, verification, checks, levels and stage times over lives that were really lived, against recounts from the trails."""

import datetime as dt
import random
import statistics
from itertools import pairwise

import chinese_calendar
import msgspec
import numpy as np
import pytest

from domain import stints
from domain.clocks import ClockRules, LimitRow
from domain.counts import Filters, Slice
from domain.indicators import figures_of, grouped
from domain.orderframe import SEATS, orders_frame
from domain.ownorders import replay
from domain.stagetimes import stage_times
from domain.states import Order, Step
from domain.worktime import Limit
from tests.domain.people import HOUR, NOW, Story, rules
from tests.domain.test_clocks import ALWAYS
from tests.domain.test_worktime import PERIODS, WORK, ZONE

LIMITS_H = {"accept": 3, "verify": 2, "register": 3, "check": 4}
STATES = {"accept": ("reported", "verifying"), "verify": ("verifying",), "register": ("accepted", "deliberating")}
TIMED = {
    **STATES, "dispatch": ("registered", "returned", "escalated", "rework", "reopened"), "handle": ("dispatched", "handling"),
    "check": ("feedback", "checking"),
}  # fmt: skip
MINE = {"unit": "D1"}
AFTER = {
    "reported": (("accept", "intake", {}), ("accept", "supervisor", {}), ("ask_verify", "intake", {}),
                 ("self_handle", "supervisor", {"note": "done"}), ("refuse", "intake", {"reason": "no"}),
                 ("escalate", "intake", {"reason": "too hard"})),
    "verifying": (("verify", "checker", {"result": "true"}), ("verify", "supervisor", {"result": "false"}),
                  ("refuse", "intake", {"reason": "no"})),
    "accepted": (("register", "duty_chief", {"category": "lamp"}), ("register", "supervisor", {"category": "lamp"}),
                 ("deliberate", "intake", {"reason": "hard"}), ("refuse_register", "duty_chief", {"reason": "no"})),
    "deliberating": (("end_deliberation", "intake", {"result": "resumed", "note": "n"}),),
    "registered": (("dispatch", "dispatcher", {"department": "D1"}), ("dispatch", "supervisor", {"department": "D1"}),
                   ("void", "duty_chief", {"reason": "wrong"})),
    "escalated": (("dispatch", "dispatcher", {"department": "D1", "scope": "R"}),),
    "dispatched": (("take_up", "department", MINE),),
    "handling": (("feedback", "department", {"note": "done", **MINE}),
                 ("escalate", "department", {"reason": "too hard", **MINE})),
    "feedback": (("request_close", "department", MINE),),
    "checking": (("check", "checker", {"result": "passed"}), ("check", "checker", {"result": "failed", "reason": "no"}),
                 ("force_close", "duty_chief", {"reason": "enough", "scope": "R"})),
    "rework": (("rework", "dispatcher", {"scope": "R"}),),
}  # fmt: skip


def lived(seed: int, calendar=lambda department: ALWAYS) -> tuple[Order, tuple[Step, ...], int]:  # type: ignore[no-untyped-def]
    """(order, its trail, the instant after its last step); between two steps one to five hours pass."""
    draw = random.Random(seed)
    limits = tuple(LimitRow(rule=key, clock=key, limit=Limit("urgent_hours", hours)) for key, hours in LIMITS_H.items())
    story = Story(msgspec.structs.replace(rules(), clocks=ClockRules(limits=limits, calendar=calendar)))
    told = {"self_handled": True} if draw.random() < 0.3 else {}
    story.do("report", "worker", text="t", region="G1", channel=draw.choice(("12345", "网格员上报")), **told)
    for _ in range(draw.randrange(16)):
        assert story.order is not None
        ways = AFTER.get(story.order.status, ())
        if not ways:
            break
        action, role, told = draw.choice(ways)  # type: ignore[assignment]
        story.count += draw.randrange(5)
        story.act(action, role, f"{role} {draw.randrange(2)}", **told)
    assert story.order is not None
    return msgspec.structs.replace(story.order, order=f"O{seed}"), story.trail, NOW + (story.count + draw.randrange(5)) * HOUR


def stays(trail: tuple[Step, ...], stage: str) -> list[tuple[int, int | None]]:
    """(entered, left or None) of each stay in a stage, from the trail alone."""
    found: list[tuple[int, int | None]] = []
    for step in trail:
        inside = bool(found) and found[-1][1] is None
        if step.status in TIMED[stage] and not inside:
            found.append((step.at_ms, None))
        elif step.status not in TIMED[stage] and inside:
            found[-1] = (found[-1][0], step.at_ms)
    return found


def recount(trail: tuple[Step, ...], as_of_ms: int) -> set[str]:
    """Which counts an order is in, from its trail."""
    last = {stage: (stays(trail, stage) or [None])[-1] for stage in LIMITS_H}
    actions, states = [step.action for step in trail], [step.status for step in trail]
    found: set[str] = set()

    def put(name: str, holds: object) -> None:
        if holds:
            found.add(name)

    def in_time(stage: str) -> bool:
        stay = last[stage]
        return stay is not None and stay[1] is not None and stay[1] - stay[0] <= LIMITS_H[stage] * HOUR

    def over(stage: str) -> bool:
        stay = last[stage]
        return stay is not None and stay[1] is None and stay[0] + LIMITS_H[stage] * HOUR < as_of_ms

    def sent(asks: bool, stage: str, step: Step) -> bool | None:
        begun_at_ms = max(at_ms for at_ms, _ in stays(trail, stage) if at_ms <= step.at_ms)
        return step.at_ms <= begun_at_ms + LIMITS_H[stage] * HOUR if asks else None

    rejected = states[-1] in ("void", "not_accepted", "not_registered", "duplicate")
    beyond = not rejected and states[-1] not in ("reported", "verifying")
    accepted = "accepted" in states or beyond
    registered = "registered" in states or (beyond and states[-1] not in ("accepted", "deliberating"))
    public = trail[0].fields["channel"] == "12345"
    verified = [step.fields["result"] for step in trail if step.action == "verify"]
    put("accepted", accepted)
    put("accepted_judged", accepted and last["accept"][1] is not None)  # type: ignore[index]
    put("accepted_on_time", accepted and in_time("accept"))
    put("accepted_right", accepted and not rejected)
    put("registered_judged", registered and last["register"] and last["register"][1] is not None)
    put("registered_on_time", registered and in_time("register"))
    put("verified", verified)
    put("verify_due", verified or over("verify"))
    put("verify_due_judged", (verified and last["verify"][1] is not None) or over("verify"))  # type: ignore[index]
    put("verified_on_time", verified and in_time("verify"))
    asked = [step for step in trail if step.action == "ask_verify"]
    put("verify_sent", asked)
    put("verify_sent_judged", asked)
    put("verify_sent_on_time", asked and sent(True, "accept", asked[-1]))
    checks = [step for before, step in pairwise(trail) if step.status == "checking" != before.status]
    put("check_sent", checks)
    put("check_sent_on_time", checks and sent(True, "check", checks[-1]))
    put("check_sent_due", checks or over("check"))
    put("reported_public", public)
    put("public_verified", public and (registered or verified[-1:] == ["true"]))
    put("missed", public and states[-1] not in ("void", "not_accepted", "duplicate"))
    put("at_once", states[-1] == "self_handled" and trail[0].fields.get("self_handled"))
    put("escalated_ever", "escalate" in actions)
    closed = states[-1] in ("closed", "self_handled")
    put("closed_with_level", closed)
    put("closed_at_village", closed and False)
    put("closed_at_town", closed and "escalate" not in actions)  # S holds it from the first
    put("closed_forced", states[-1] == "closed")
    return found


COUNTED = (
    "accepted", "accepted_judged", "accepted_on_time", "accepted_right", "registered_judged", "registered_on_time", "verified",
    "verify_due", "verify_due_judged", "verified_on_time", "verify_sent", "verify_sent_judged", "verify_sent_on_time",
    "check_sent", "check_sent_on_time", "check_sent_due", "reported_public", "public_verified", "missed", "at_once",
    "escalated_ever", "closed_with_level", "closed_at_village", "closed_at_town", "closed_forced",
)  # fmt: skip


def test_every_count_of_intake_checks_and_levels_is_the_recount_of_the_trails() -> None:
    met: set[str] = set()
    for seed in range(500):
        order, trail, as_of_ms = lived(seed)
        s = Slice(orders_frame([order]), Filters(), as_of_ms)
        counted = {name for name in COUNTED if s.count(name)}
        assert counted == recount(trail, as_of_ms), (seed, [(step.action, step.status) for step in trail])
        met |= counted
    assert met == set(COUNTED) - {"closed_at_village"}, "some count was never met"


def test_who_did_a_step_is_known_of_persons_and_not_of_rules() -> None:
    did = {"accepted_by": "accept", "registered_by": "register", "dispatched_by": "dispatch rework", "verified_by": "verify",
           "checked_by": "check"}  # fmt: skip
    lives = [lived(seed) for seed in range(300)]
    s = Slice(orders_frame(order for order, _, _ in lives), Filters(), NOW)
    for seat in SEATS:
        wanted: dict[str, int] = {}
        for _, trail, _ in lives:
            who = [step.actor for step in trail if step.action in did[seat].split()]
            wanted[who[-1] if who else ""] = wanted.get(who[-1] if who else "", 0) + 1
        assert {group.key: group.figures["reported"].num for group in grouped(s, ("reported",), seat)} == wanted, seat
        assert len(wanted) > 2
    story = Story()
    story.do("report", "worker", text="t", region="G1")
    story.do("accept", "rule", "街道统一受理")
    assert story.order is not None and story.order.life is not None and story.order.life.accepted_by == ""


def minutes_worked(from_ms: int, to_ms: int) -> int:
    """Working minutes between two whole minutes, counted one by one: the slow and obvious way."""
    found = 0
    for at_ms in range(from_ms, to_ms, 60_000):
        local = dt.datetime.fromtimestamp(at_ms / 1000, ZONE)
        clock = f"{local:%H:%M}"
        found += chinese_calendar.is_workday(local.date()) and any(start <= clock < end for start, end in PERIODS)
    return found


def test_times_of_stages_are_the_working_minutes_of_their_stays() -> None:
    """Over nights, a weekend and noon; several stays add up; what is still inside has not left."""
    lives = [lived(seed, lambda department: WORK) for seed in range(140)]
    as_of_ms = NOW + 900 * HOUR
    times = {one.stage: one for one in stage_times(orders_frame(order for order, _, _ in lives), Filters(), as_of_ms)}
    for stage in ("dispatch", "handle", "check"):
        took_s = []
        for _, trail, _ in lives:
            ended = [(entered, left) for entered, left in stays(trail, stage) if left is not None]
            if ended:
                took_s.append(60 * sum(minutes_worked(entered - NOW % 60_000, left - NOW % 60_000) for entered, left in ended))
        found = times[stage]
        assert found.time == "working" and found.left == found.n == len(took_s) > 10
        # the instants lie 30 seconds into a minute: where a stay begins or ends at a period's edge that much is another's
        assert found.mean_s == pytest.approx(statistics.mean(took_s), abs=60)
        assert found.median_s == pytest.approx(float(np.quantile(took_s, 0.5)), abs=60)
        assert found.p90_s == pytest.approx(float(np.quantile(took_s, 0.9)), abs=60)


def test_a_stage_is_in_the_window_in_which_it_was_left_and_says_how_many_kept_their_limit() -> None:
    lives = [lived(seed) for seed in range(200)]
    frame, as_of_ms = orders_frame(order for order, _, _ in lives), NOW + 900 * HOUR
    from_ms, to_ms = NOW + 8 * HOUR, NOW + 20 * HOUR
    filters = Filters(from_ms=from_ms, to_ms=to_ms, basis="report")
    times = {one.stage: one for one in stage_times(frame, filters, as_of_ms)}
    left = [stays(trail, "check")[-1] for _, trail, _ in lives if stays(trail, "check")]
    left = [stay for stay in left if stay[1] is not None and from_ms <= stay[1] < to_ms]
    check = times["check"]
    assert check.left == check.judged == len(left) > 3
    assert check.in_time == sum(out - entered <= LIMITS_H["check"] * HOUR for entered, out in left if out is not None)
    accepted = [step.at_ms for _, trail, _ in lives for step in trail if step.action == "accept"]
    assert times["accept"].left == sum(from_ms <= at_ms < to_ms for at_ms in accepted) > 3
    assert times["dispatch"].judged == 0, "the city has no limit for it"


def test_stints_are_packed_and_of_what_nobody_told_nothing_is_known() -> None:
    packed = stints.after(b"", "registered", "dispatched", NOW, stints.told({"dispatch": 61_499}))
    assert stints.unpacked(packed).worked_s == (-1, -1, 61, -1, -1, -1)
    packed = stints.after(packed, "dispatched", "returned", NOW + 5, stints.told({"handle": 500}))
    packed = stints.after(packed, "returned", "dispatched", NOW + 9, stints.told({"dispatch": 2_000}))
    held = stints.unpacked(packed)
    assert (held.worked_s[2], held.left_at_ms[2], held.worked_s[3], held.left_at_ms[3]) == (63, NOW + 9, 0, NOW + 5)
    packed = stints.after(packed, "dispatched", "returned", NOW + 20, "")
    packed = stints.after(packed, "returned", "dispatched", NOW + 30, stints.told({"dispatch": 2_000}))
    held = stints.unpacked(packed)
    assert (held.worked_s[3], held.left_at_ms[3], held.worked_s[2]) == (-1, NOW + 20, 65)
    packed = stints.after(packed, "handling", "returned", NOW + 40, stints.told({"handle": 500}))
    assert stints.unpacked(packed).worked_s[3] == -1, "a stay that nobody measured leaves the sum unknown"


def test_replaying_a_trail_gives_the_times_that_were_found_out_and_asks_no_calendar() -> None:
    for seed in range(40):
        order, trail, _ = lived(seed, lambda department: WORK)
        assert replay(order.order, trail) == order
        left = [stage for before, step in pairwise(trail) for stage in stints.ended(before.status, step.status)]
        assert order.life is not None and (order.life.stints == b"") == (not left)


def test_an_outside_order_tells_nothing_of_the_intake_but_what_its_steps_say() -> None:
    outside = Order(order="H", status="closed", reported_at_ms=NOW, accepted_at_ms=NOW + HOUR, channel="12345", category="lamp")
    s = Slice(orders_frame([outside]), Filters(), NOW + 9 * HOUR)
    assert (s.count("accepted"), s.count("reported_public"), s.count("missed")) == (1, 1, 1)
    for name in ("accepted_judged", "verified", "verify_due", "check_sent", "closed_with_level", "at_once", "escalated_ever"):
        assert s.count(name) == 0, name
    figure = figures_of(s, ("on_time_acceptance_rate",))["on_time_acceptance_rate"]
    assert (figure.den, figure.shown) == (0, "—")


@pytest.mark.parametrize("field", ["clocks", "worked"])
def test_nobody_tells_what_the_judge_finds_out(field: str) -> None:
    story = Story()
    story.do("report", "worker", text="t", region="G1", **{field: "no JSON at all"})
    story.do("accept", "intake", **{field: '{"accept": 5}'})
    assert story.order is not None and story.order.life is not None
    assert all(field not in step.fields for step in story.trail) and story.order.life.running == ()
    assert stints.unpacked(story.order.life.stints).worked_s[0] == stints.UNKNOWN
