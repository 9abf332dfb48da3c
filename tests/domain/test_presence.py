"""The fold of a worker: what fixes, heartbeats and time make of him."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import presence
from domain.device_clock import WEEK_MS
from domain.facts import FixFlag, Heartbeat, Position
from domain.geodesy import distance_m
from domain.limits import Limits
from domain.presence import Where
from domain.states import Presence, Worker, WorkerFlag

LIMITS = Limits()
NOW = 1_783_901_730_000
HERE = Where("g1", "2026-07-13")
STEP = 0.0001  # about 10 m


def fix(at_s: float, lon: float = 113.1, lat: float = 23.0, **fields: object) -> Position:
    at_ms = NOW + int(at_s * 1000)
    told = {"source": "t", "worker": "w", "received_at_ms": at_ms, "fixed_at_ms": at_ms, "lon": lon, "lat": lat}
    return Position(**{**told, **fields})  # type: ignore[arg-type]


def after(*fixes: Position, where: Where = HERE) -> Worker:
    worker = Worker(worker="w")
    for f in fixes:
        flags = presence.judge(worker, f, presence.doubts(f, where, LIMITS), LIMITS)
        worker = presence.fold_fix(worker, f, where, flags, LIMITS)
    return worker


def judged(worker: Worker, f: Position, where: Where = HERE) -> FixFlag:
    return FixFlag(presence.judge(worker, f, presence.doubts(f, where, LIMITS), LIMITS))


def test_a_walking_worker_moves_and_his_metres_add_up() -> None:
    worker = after(*(fix(10 * n, 113.1 + STEP * n) for n in range(4)))
    assert worker.presence is Presence.MOVING
    assert worker.fixes == 4 and worker.distance_m == pytest.approx(30.7, abs=0.2)


def test_who_stays_within_the_radius_is_still_and_the_last_fix_with_speed_0_survives() -> None:
    worker = after(*(fix(10 * n, 113.1 + STEP * (n % 2), speed_mps=0.0) for n in range(14)))
    assert worker.presence is Presence.STILL and worker.fixed_at_ms == NOW + 130_000 and worker.speed_mps == 0.0


def test_the_very_same_coordinates_for_long_are_frozen_and_the_fix_says_so() -> None:
    worker = after(*(fix(60 * n) for n in range(31)))
    assert worker.presence is Presence.FROZEN
    assert judged(worker, fix(60 * 32)) & FixFlag.FROZEN
    assert after(*(fix(60 * n) for n in range(31)), fix(60 * 31, 113.1 + STEP)).presence is not Presence.FROZEN


def test_who_is_out_of_his_grid_is_so_since_the_first_fix_without_one_inside_between() -> None:
    outside, worker = msgspec.structs.replace(HERE, out_of_grid=True), Worker(worker="w")
    seen = []
    for at_s, where in ((0, HERE), (10, outside), (20, outside), (30, HERE), (40, outside), (50, outside)):
        f = fix(at_s, 113.1 + STEP * at_s / 10)
        worker = presence.fold_fix(worker, f, where, presence.doubts(f, where, LIMITS), LIMITS)
        seen.append(worker.out_since_ms and (worker.out_since_ms - NOW) // 1000)
    assert seen == [0, 10, 10, 0, 40, 40]
    late = presence.fold_fix(worker, fix(35), HERE, int(FixFlag.LATE), LIMITS)
    assert late.out_since_ms == worker.out_since_ms  # a late fix moves nothing


@pytest.mark.parametrize(
    ("told", "flag"),
    [
        ({"received_at_ms": NOW - 200_000}, FixFlag.FUTURE),
        ({"accuracy_m": 900.0}, FixFlag.INACCURATE),
        ({"flags": int(FixFlag.MOCK)}, FixFlag.MOCK),
        ({"lon": 113.2}, FixFlag.JUMP),
    ],
)
def test_a_doubtful_fix_is_set_aside_with_its_reason_and_moves_nothing(told: dict[str, object], flag: FixFlag) -> None:
    before = after(fix(-10))
    doubtful = fix(0, **told)  # type: ignore[arg-type]
    flags = judged(before, doubtful)
    worker = presence.fold_fix(before, doubtful, HERE, flags, LIMITS)
    assert flags & flag
    assert (worker.lon, worker.fixed_at_ms, worker.fixes, worker.set_aside) == (before.lon, before.fixed_at_ms, 1, 1)


def test_one_fix_in_the_future_does_not_block_the_device() -> None:
    worker = after(fix(0), fix(10, fixed_at_ms=NOW + 10**10), fix(20, 113.1 + STEP))
    assert worker.fixed_at_ms == NOW + 20_000


def test_a_jump_that_others_confirm_is_believed() -> None:
    there = [fix(10 * n, 113.3 + STEP * n) for n in range(1, 4)]
    worker = after(fix(0), *there)
    assert worker.lon == there[-1].lon and worker.set_aside == 2 and worker.jump_count == 0


def test_a_late_fix_counts_and_moves_no_marker() -> None:
    worker = after(fix(0), fix(20, 113.1 + STEP))
    late = presence.fold_fix(worker, fix(10, lat=23.0 + STEP), HERE, FixFlag.LATE, LIMITS, detour_m=5.0)
    assert (late.lon, late.lat, late.fixes) == (worker.lon, worker.lat, 3)
    assert late.distance_m == pytest.approx(worker.distance_m + 5)


def test_a_new_local_day_counts_from_nothing() -> None:
    worker = after(fix(0), fix(10))
    assert presence.fold_fix(worker, fix(20), Where("g1", "2026-07-14"), 0, LIMITS).fixes == 1


def test_silent_offline_and_unseen_are_three_things() -> None:
    worker = after(fix(0))
    beat = Heartbeat(source="t", received_at_ms=NOW + 400_000, worker="w")
    assert presence.presence(Worker(worker="x"), NOW, LIMITS) is Presence.UNSEEN
    assert presence.fold_heartbeat(worker, beat, True, LIMITS).presence is Presence.SILENT
    assert presence.presence(worker, NOW + 901_000, LIMITS) is Presence.OFFLINE


def test_the_clock_of_a_device_without_a_fix_is_judged_too_and_believed_again_when_it_is_right() -> None:
    worker = after(fix(0))
    beat = Heartbeat(source="t", received_at_ms=NOW + 1000, worker="w", sos=True, at_ms=NOW - 1024 * WEEK_MS)
    wrong = presence.fold_heartbeat(worker, beat, True, LIMITS)
    assert wrong.flags == WorkerFlag.SOS | WorkerFlag.CLOCK_WRONG and wrong.clock_wrong_ms == -1024 * WEEK_MS - 1000
    assert (wrong.sos_since_ms, wrong.fixed_at_ms) == (NOW + 1000, worker.fixed_at_ms)
    silent = presence.fold_heartbeat(wrong, msgspec.structs.replace(beat, at_ms=None), True, LIMITS)
    assert silent.flags & WorkerFlag.CLOCK_WRONG and silent.clock_wrong_ms == wrong.clock_wrong_ms
    right = presence.fold_heartbeat(wrong, msgspec.structs.replace(beat, at_ms=NOW), True, LIMITS)
    assert right.flags == WorkerFlag.SOS and right.clock_wrong_ms == 0


def test_a_lost_link_is_offline_at_once_and_an_old_farewell_is_not() -> None:
    worker = after(fix(0))
    gone = Heartbeat(source="t", received_at_ms=NOW + 1000, worker="w", up=False)
    assert presence.fold_heartbeat(worker, gone, True, LIMITS).presence is Presence.OFFLINE
    old = msgspec.structs.replace(gone, received_at_ms=NOW - 1000)
    assert presence.fold_heartbeat(worker, old, True, LIMITS).presence is Presence.MOVING


def test_out_of_grid_is_shown_and_kept() -> None:
    worker = after(fix(0), where=Where("g2", "2026-07-13", out_of_grid=True))
    assert worker.presence is Presence.OUT_OF_GRID and worker.flags & WorkerFlag.OUT_OF_GRID and worker.fixes == 1


def test_presence_changes_no_earlier_than_it_is_due_and_no_later() -> None:
    worker = after(fix(0))
    for _ in range(2):
        due = presence.due_ms(worker, LIMITS)
        assert presence.settle(worker, due - 1, LIMITS) is worker
        worker = presence.settle(worker, due, LIMITS)
    assert worker.presence is Presence.OFFLINE and presence.due_ms(worker, LIMITS) == presence.NEVER


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.integers(-200, 200))
def test_too_fast_is_what_the_way_and_the_time_say(lon: float, lat: float, east: float, north: float, at_s: int) -> None:
    one = fix(at_s, lon + east, lat + north)
    speed_mps = distance_m(lon, lat, lon + east, lat + north) / max(abs(at_s), 1)
    assert presence.too_fast(lon, lat, NOW, one, LIMITS) == (speed_mps > LIMITS.max_speed_mps)
