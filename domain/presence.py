"""The fold of a worker: fixes and heartbeats to live state, and what time alone does to it (domain.md B10)."""

from typing import Final

import msgspec

from domain import device_clock, sos
from domain.facts import LATE, SET_ASIDE, FixFlag, Heartbeat, Position
from domain.geodesy import distance_m
from domain.limits import Limits
from domain.states import Presence, Worker, WorkerFlag

SAME_PLACE_DEG: Final = 1e-6
DEGREE_M: Final = 111_196.0  # at most so many metres has a degree, of longitude or latitude
_MOCK, _SOS, _JUMP, _OUT = (int(f) for f in (FixFlag.MOCK, FixFlag.SOS, FixFlag.JUMP, FixFlag.OUT_OF_GRID))
_RECORDED, _BACKFILL = int(FixFlag.RECORDED), int(FixFlag.BACKFILL)
_WORKER_OUT: Final = int(WorkerFlag.OUT_OF_GRID)
_STANDING: Final = int(WorkerFlag.SOS)
WRONG_CLOCK: Final = int(FixFlag.FUTURE | FixFlag.PAST)
"""Of a fix that says nothing of when it was: neither of the newest place nor of the day."""
_UNSEEN, _OFFLINE, _SILENT, _FROZEN = Presence.UNSEEN, Presence.OFFLINE, Presence.SILENT, Presence.FROZEN
_OUTSIDE, _STILL, _MOVING = Presence.OUT_OF_GRID, Presence.STILL, Presence.MOVING  # looking a member up costs, per fix
NEVER: Final = 1 << 62


class Where(msgspec.Struct, frozen=True, gc=False):
    """What the city says of a fix: the deepest region that holds it, its local day, and the doubts about its place."""

    region: str
    day: str
    out_of_grid: bool = False
    outside: bool = False  # of the country box
    rostered: bool = True


def doubts(fix: Position, where: Where, limits: Limits) -> int:
    """The flags that a fix earns by itself, whatever came before it."""
    flags = fix.flags
    ahead_ms = device_clock.of_fix(
        fix.fixed_at_ms, fix.received_at_ms, limits, recorded=bool(flags & _RECORDED)
    )
    if ahead_ms:
        flags |= int(FixFlag.FUTURE if ahead_ms > 0 else FixFlag.PAST)
    if where.outside:
        flags |= int(FixFlag.OUTSIDE)
    if fix.accuracy_m is not None and fix.accuracy_m > limits.max_accuracy_m:
        flags |= int(FixFlag.INACCURATE)
    if where.out_of_grid:
        flags |= _OUT
    return flags


def judge(worker: Worker, fix: Position, flags: int, limits: Limits) -> int:
    """The flags of a fix newer than every one folded so far, given what it earns by itself (`doubts`)."""
    if flags & SET_ASIDE:
        return flags
    if worker.fixed_at_ms and too_fast(worker.lon, worker.lat, worker.fixed_at_ms, fix, limits):
        agreed = worker.jump_count + 1 if _agrees(worker, fix, limits) else 1
        if agreed < limits.jump_confirmations:
            return flags | int(FixFlag.JUMP)
    if _same_place(worker, fix) and fix.fixed_at_ms - worker.same_since_ms >= limits.frozen_after_s * 1000:
        flags |= int(FixFlag.FROZEN)
    return flags


def too_fast(lon: float, lat: float, at_ms: int, fix: Position, limits: Limits) -> bool:
    """Would nobody be fast enough to come from a place to a fix, or from the fix to it? A second is the grain of clocks."""
    elapsed_s = max(abs(fix.fixed_at_ms - at_ms) / 1000, 1.0)
    reach_m = limits.max_speed_mps * elapsed_s
    if (abs(fix.lon - lon) + abs(fix.lat - lat)) * DEGREE_M < reach_m:
        return False  # not even along both legs: the usual case, without any trigonometry
    return distance_m(lon, lat, fix.lon, fix.lat) > reach_m


def _agrees(worker: Worker, fix: Position, limits: Limits) -> bool:
    return worker.jump_count > 0 and not too_fast(worker.jump_lon, worker.jump_lat, worker.jump_at_ms, fix, limits)


def _same_place(worker: Worker, fix: Position) -> bool:
    return (
        worker.fixed_at_ms > 0
        and abs(worker.lon - fix.lon) < SAME_PLACE_DEG
        and abs(worker.lat - fix.lat) < SAME_PLACE_DEG
    )


def fold_fix(
    worker: Worker, fix: Position, where: Where, flags: int, limits: Limits, detour_m: float = 0.0, aside_before: int = 0
) -> Worker:
    """The worker after a fix whose `flags` are judged. A late or set-aside fix moves nothing but the counts.

    `detour_m`: by how much a late fix lengthens the day's track. `aside_before`: where the fix begins a new day, how many
    fixes of that day have been set aside already.
    """
    changes = _heard(worker, fix.received_at_ms)
    if flags & SET_ASIDE:
        changes.update(_aside(worker, fix, where, flags, limits))
    elif flags & LATE:
        if where.day == worker.day:
            changes.update(fixes=worker.fixes + 1, distance_m=worker.distance_m + detour_m)
    else:
        changes.update(_place(worker, fix, where, flags, limits, aside_before))
    new = msgspec.structs.replace(worker, **changes)
    if flags & _SOS:
        new = _alarm(new, fix, flags)
    elif not flags & (SET_ASIDE | LATE):
        new = sos.release(new)
    return settle(new, fix.received_at_ms, limits)


def fold_again(worker: Worker, fix: Position, flags: int, limits: Limits) -> Worker:
    """The worker after a fix that is known already: a sign of life, and an alarm if it is one; the very same object else."""
    new = _alarm(worker, fix, flags) if flags & _SOS else worker
    if fix.received_at_ms <= worker.heard_at_ms:
        return new
    return settle(msgspec.structs.replace(new, **_heard(new, fix.received_at_ms)), fix.received_at_ms, limits)


def _alarm(worker: Worker, fix: Position, flags: int) -> Worker:
    at_ms = fix.received_at_ms if flags & WRONG_CLOCK else fix.fixed_at_ms
    if flags & _RECORDED or (flags & _BACKFILL and fix.received_at_ms - at_ms > sos.OLD_ALARM_MS):
        return worker
    return sos.press(worker, at_ms, fix.received_at_ms)


def _aside(worker: Worker, fix: Position, where: Where, flags: int, limits: Limits) -> dict[str, object]:
    """What a fix that is set aside changes."""
    signs = worker.flags if where.rostered else worker.flags | int(WorkerFlag.UNROSTERED)
    if flags & _MOCK and not flags & LATE:
        signs |= int(WorkerFlag.MOCK)
    changes: dict[str, object] = {"aside_at_ms": max(worker.aside_at_ms, fix.fixed_at_ms)}
    if flags & WRONG_CLOCK:
        signs |= int(WorkerFlag.CLOCK_WRONG)
        changes["clock_wrong_ms"] = fix.fixed_at_ms - fix.received_at_ms
    changes["flags"] = signs
    if where.day == worker.day:
        changes["set_aside"] = worker.set_aside + 1
    if flags & _JUMP and not flags & LATE:
        agreed = worker.jump_count + 1 if _agrees(worker, fix, limits) else 1
        changes.update(jump_lon=fix.lon, jump_lat=fix.lat, jump_at_ms=fix.fixed_at_ms, jump_count=agreed)
    return changes


def _heard(worker: Worker, at_ms: int) -> dict[str, object]:
    return {"heard_at_ms": max(at_ms, worker.heard_at_ms), "link_down": False}


def _place(
    worker: Worker, fix: Position, where: Where, flags: int, limits: Limits, aside_before: int
) -> dict[str, object]:
    """What a good, newest fix changes. A new local day begins its counts from nothing."""
    first = worker.fixed_at_ms == 0
    moved = first or distance_m(worker.anchor_lon, worker.anchor_lat, fix.lon, fix.lat) > limits.still_radius_m
    new_day = where.day > worker.day
    step_m = 0.0 if first or new_day else distance_m(worker.lon, worker.lat, fix.lon, fix.lat)
    place: dict[str, object] = {
        "fixed_at_ms": fix.fixed_at_ms,
        "received_at_ms": fix.received_at_ms,
        "lon": fix.lon,
        "lat": fix.lat,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
        "heading_deg": fix.heading_deg,
        "region": where.region,
        "flags": _worker_flags(flags, where) | (worker.flags & _STANDING),
        "jump_count": 0,
        "out_since_ms": (worker.out_since_ms or fix.fixed_at_ms) if flags & _OUT else 0,
        "day": max(where.day, worker.day),
        "set_aside": aside_before if new_day else worker.set_aside,
        "fixes": 1 if new_day else worker.fixes + 1,
        "distance_m": step_m if new_day else worker.distance_m + step_m,
    }
    if worker.clock_wrong_ms:
        place["clock_wrong_ms"] = 0
    if fix.battery_pct is not None:
        place["battery_pct"] = fix.battery_pct
    if moved:
        place.update(anchor_lon=fix.lon, anchor_lat=fix.lat, moved_at_ms=fix.fixed_at_ms)
    if not _same_place(worker, fix):
        place["same_since_ms"] = fix.fixed_at_ms
    return place


def _worker_flags(flags: int, where: Where) -> int:
    result = 0 if where.rostered else int(WorkerFlag.UNROSTERED)
    return result | _WORKER_OUT if flags & _OUT else result


def wrong_by(beat: Heartbeat, limits: Limits) -> int:
    """By how many ms the clock of the device is wrong that told a sign of life (`domain.device_clock`)."""
    return 0 if beat.at_ms is None else device_clock.of_fix(beat.at_ms, beat.received_at_ms, limits)


def fold_heartbeat(worker: Worker, beat: Heartbeat, rostered: bool, limits: Limits) -> Worker:
    """The worker after a sign of life, or after his broker said that the link is gone."""
    flags = worker.flags if rostered else worker.flags | int(WorkerFlag.UNROSTERED)
    changes: dict[str, object] = {"flags": flags}
    if wrong_by_ms := wrong_by(beat, limits):
        changes.update(flags=flags | int(WorkerFlag.CLOCK_WRONG), clock_wrong_ms=wrong_by_ms)
    elif beat.at_ms is not None and worker.clock_wrong_ms:
        changes.update(flags=flags & ~int(WorkerFlag.CLOCK_WRONG), clock_wrong_ms=0)
    if beat.up:
        changes.update(_heard(worker, beat.received_at_ms))
    elif beat.received_at_ms >= worker.heard_at_ms:
        changes["link_down"] = True
    if beat.battery_pct is not None:
        changes["battery_pct"] = beat.battery_pct
    new = msgspec.structs.replace(worker, **changes)
    if beat.sos:
        new = sos.press(new, beat.received_at_ms, beat.received_at_ms)
    return settle(new, beat.received_at_ms, limits)


def presence(worker: Worker, now_ms: int, limits: Limits) -> Presence:
    """Offline (no link), silent (link, no fix) and frozen (fixes, same place) are three things."""
    if not worker.heard_at_ms:
        return _UNSEEN
    if worker.link_down or now_ms - worker.heard_at_ms > limits.offline_after_s * 1000:
        return _OFFLINE
    if now_ms - worker.fixed_at_ms > limits.silent_after_s * 1000:
        return _SILENT
    if worker.fixed_at_ms - worker.same_since_ms >= limits.frozen_after_s * 1000:
        return _FROZEN
    if worker.flags & _WORKER_OUT:
        return _OUTSIDE
    still = worker.fixed_at_ms - worker.moved_at_ms >= limits.still_after_s * 1000
    return _STILL if still else _MOVING


def settle(worker: Worker, now_ms: int, limits: Limits) -> Worker:
    """The worker with the presence that is true at `now_ms`; the very same object when nothing changes."""
    now = presence(worker, now_ms, limits)
    return worker if now == worker.presence else msgspec.structs.replace(worker, presence=now)


def due_ms(worker: Worker, limits: Limits) -> int:
    """When time alone will next change the presence; NEVER when only a fact can."""
    if worker.presence in (_UNSEEN, _OFFLINE):
        return NEVER
    offline = worker.heard_at_ms + int(limits.offline_after_s * 1000) + 1
    if worker.presence is _SILENT:
        return offline
    return min(offline, worker.fixed_at_ms + int(limits.silent_after_s * 1000) + 1)
