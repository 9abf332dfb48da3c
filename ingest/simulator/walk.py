"""How the workers walk. Each hour of each worker is planned from a seed: along the paths of the own grid from one post
to the next, with stops, a lunch break and now and then an errand outside. Where a worker is at an instant is a function
of seed, worker and instant alone; all workers are advanced in one numpy step.
"""

import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from ingest.simulator.chance import Bools, Floats, Ints, rng_of, uniform
from ingest.simulator.paths import EDGE_M, Paths, Plane

BLOCK_S: Final = 3600
MAX_NODES: Final = 400
PACE_MPS: Final = (0.8, 1.6)
STOP_CHANCE: Final = 0.055  # at each node
STOP_S: Final = (60, 420)
ERRAND_CHANCE: Final = 0.03  # per hour
LUNCH_FROM_H: Final = (11.6, 12.9)
LUNCH_S: Final = (1500, 2700)
SPREAD_M: Final = (3.0, 8.0)  # of the GNSS noise, by worker

# what a worker's device does in an hour, by shares; the rest of the hours all is well
OFFLINE, SILENT, FROZEN, MOCK, OUTAGE = 0.045, 0.02, 0.004, 0.002, 0.07
UNSEEN: Final = 0.02  # share of workers whose device is never switched on


class Leg(msgspec.Struct):
    """One hour of one worker: where he is at which second since the epoch; straight and even in between."""

    t: list[float]
    x: list[float]
    y: list[float]

    def go(self, x: float, y: float, mps: float) -> None:
        length = math.dist((self.x[-1], self.y[-1]), (x, y))
        self.t.append(self.t[-1] + length / mps)
        self.x.append(x)
        self.y.append(y)

    def stay(self, until_s: float) -> None:
        self.t.append(until_s)
        self.x.append(self.x[-1])
        self.y.append(self.y[-1])


def plan_leg(paths: Paths, start_s: float, homes: tuple[int, int], lunch: tuple[float, float], pace: float,
             draw: random.Random) -> Leg:  # fmt: skip
    """An hour from post `homes[0]` to post `homes[1]` (indices into `paths.homes`); `pace` multiplies all speeds."""
    end_s = start_s + BLOCK_S
    node, last = paths.homes[homes[0]], -1
    hop, home_m = paths.next_hop[homes[1]], paths.home_m[homes[1]]
    mps = draw.uniform(*PACE_MPS) * pace
    slow = PACE_MPS[0] * pace
    errand_at = draw.uniform(600, 1800) + start_s if draw.random() < ERRAND_CHANCE else math.inf
    leg = Leg([start_s], [paths.x[node]], [paths.y[node]])
    while paths.near[node] and len(leg.t) < MAX_NODES - 8:
        now_s = leg.t[-1]
        left_s = end_s - now_s - home_m[node] / slow - 2.2 * EDGE_M / slow  # a step away, and back
        if left_s < 0:
            break
        if lunch[0] <= now_s < lunch[1]:
            leg.stay(min(lunch[1], now_s + left_s) + 1)
            continue
        if now_s >= errand_at:
            errand_at = math.inf
            _errand(leg, paths, mps, left_s, draw)
            continue
        if draw.random() < STOP_CHANCE:
            leg.stay(now_s + min(draw.uniform(*STOP_S), left_s))
            mps = draw.uniform(*PACE_MPS) * pace
            continue
        ways = [one for one in paths.near[node] if one[0] != last] or paths.near[node]
        last, (node, _) = node, draw.choice(ways)
        leg.go(paths.x[node], paths.y[node], mps)
    while node != paths.homes[homes[1]] and len(leg.t) < MAX_NODES - 2:
        node = hop[node]
        leg.go(paths.x[node], paths.y[node], max(mps, slow))
    leg.stay(max(end_s, leg.t[-1]))
    return leg


def _errand(leg: Leg, paths: Paths, mps: float, left_s: float, draw: random.Random) -> None:
    """Straight out of the grid and back to the same spot."""
    x, y = leg.x[-1], leg.y[-1]
    away_m = paths.reach_m + draw.uniform(120, 350)
    angle = draw.uniform(0, 2 * math.pi)
    to = (paths.middle[0] + away_m * math.cos(angle), paths.middle[1] + away_m * math.sin(angle))
    stay_s = draw.uniform(120, 420)
    if 2 * math.dist((x, y), to) / mps + stay_s > left_s:
        return
    leg.go(*to, mps)
    leg.stay(leg.t[-1] + stay_s)
    leg.go(x, y, mps)


class Seen(msgspec.Struct):
    """What the devices of some workers measure at some instants; all arrays of one length."""

    lon: Floats
    lat: Floats
    speed_mps: Floats
    heading_deg: Floats
    accuracy_m: Floats
    battery_pct: Floats


class Patrols:
    """All workers' walks. `paths_of(i)` gives the paths of worker `i`'s own grid (asked once an hour, may cache)."""

    def __init__(
        self, plane: Plane, paths_of: Sequence[Paths] | Callable[[int], Paths], workers: int, zone: ZoneInfo, seed: int,
        pace: float = 1.0,
    ) -> None:  # fmt: skip
        self.count, self.plane = workers, plane
        self._paths_of = paths_of if callable(paths_of) else paths_of.__getitem__
        self._zone, self._seed, self._pace = zone, seed, pace
        every = np.arange(workers)
        self._begin_s = np.floor(uniform(seed, 1, every) * BLOCK_S).astype(np.int64)
        self._spread_m = SPREAD_M[0] + uniform(seed, 2, every) * (SPREAD_M[1] - SPREAD_M[0])
        self._phase = np.stack([uniform(seed, 3 + k, every) * 2 * math.pi for k in range(6)])
        self.unseen = uniform(seed, 20, every) < UNSEEN
        self._block = np.full(workers, -1, dtype=np.int64)
        self._t = np.full((workers, 16), np.inf)
        self._x, self._y = np.zeros((workers, 16)), np.zeros((workers, 16))
        self._lunch: dict[int, float] = {}

    # plans

    def block_of(self, who: Ints, at_s: Floats) -> Ints:
        """The number of the worker's hour at an instant."""
        return np.floor((at_s - self._begin_s[who]) / BLOCK_S).astype(np.int64)

    def plan(self, who: int, block: int) -> Leg:
        """The worker's hour. Made anew on each call, always the same."""
        paths = self._paths_of(who)
        homes = [rng_of(self._seed, "home", who, n).randrange(len(paths.homes)) for n in (block, block + 1)]
        start_s = block * BLOCK_S + int(self._begin_s[who])
        draw = rng_of(self._seed, "leg", who, block)
        return plan_leg(paths, start_s, (homes[0], homes[1]), self._lunch_of(who, start_s), self._pace, draw)

    def _lunch_of(self, who: int, start_s: int) -> tuple[float, float]:
        day = (start_s + BLOCK_S // 2) // 86_400
        if day not in self._lunch:
            offset = datetime.fromtimestamp(start_s, self._zone).utcoffset()
            self._lunch[day] = offset.total_seconds() if offset is not None else 0.0
        offset_s = self._lunch[day]
        local_day = math.floor((start_s + offset_s) / 86_400)
        draw = rng_of(self._seed, "lunch", who, local_day)
        begin = local_day * 86_400 - offset_s + draw.uniform(*LUNCH_FROM_H) * 3600
        return begin, begin + draw.uniform(*LUNCH_S)

    # places

    def locate(self, who: Ints, at_s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """True x, y (m) and velocity (m/s) of workers at instants; `who` has no worker twice. One array step."""
        block = self.block_of(who, at_s)
        for i in np.flatnonzero(self._block[who] != block):
            self._keep(int(who[i]), int(block[i]))
        t = self._t[who]
        k = np.clip((t <= at_s[:, None]).sum(axis=1) - 1, 0, t.shape[1] - 2)
        row = np.arange(len(who))
        t0, t1 = t[row, k], t[row, k + 1]
        span = np.where(np.isfinite(t1) & (t1 > t0), t1 - t0, np.inf)
        share = np.clip((at_s - t0) / span, 0, 1)
        x0, y0, x1, y1 = self._x[who, k], self._y[who, k], self._x[who, k + 1], self._y[who, k + 1]
        dx, dy = x1 - x0, y1 - y0
        return x0 + share * dx, y0 + share * dy, dx / span, dy / span

    def _keep(self, who: int, block: int) -> None:
        leg = self.plan(who, block)
        if len(leg.t) + 1 > self._t.shape[1]:
            more = len(leg.t) + 32 - self._t.shape[1]
            self._t = np.pad(self._t, ((0, 0), (0, more)), constant_values=np.inf)
            self._x, self._y = np.pad(self._x, ((0, 0), (0, more))), np.pad(self._y, ((0, 0), (0, more)))
        n = len(leg.t)
        self._t[who], self._x[who], self._y[who] = np.inf, leg.x[-1], leg.y[-1]
        self._t[who, :n], self._x[who, :n], self._y[who, :n] = leg.t, leg.x, leg.y
        self._block[who] = block

    def trace(self, who: int, at_s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The same for one worker at many rising instants, without touching the present hour."""
        out = [np.empty(len(at_s)) for _ in range(4)]
        blocks = self.block_of(np.full(len(at_s), who), at_s)
        for block in np.unique(blocks):
            mask = blocks == block
            leg = self.plan(who, int(block))
            t, x, y, at = np.array(leg.t), np.array(leg.x), np.array(leg.y), at_s[mask]
            k = np.clip(np.searchsorted(t, at, side="right") - 1, 0, len(t) - 2)
            span = np.where(t[k + 1] > t[k], t[k + 1] - t[k], np.inf)
            out[0][mask], out[1][mask] = np.interp(at, t, x), np.interp(at, t, y)
            out[2][mask], out[3][mask] = (x[k + 1] - x[k]) / span, (y[k + 1] - y[k]) / span
        return out[0], out[1], out[2], out[3]

    # what devices see

    def observe(self, who: Ints, at_s: Floats, place: tuple[Floats, Floats, Floats, Floats]) -> Seen:
        """What the receivers make of it: noise that drifts as it does between houses, accuracy, battery."""
        x, y, vx, vy = place
        spread, phase = self._spread_m[who], self._phase[:, who]
        waves = [np.sin(2 * math.pi * at_s / period + phase[k]) for k, period in enumerate((67, 191, 23, 71, 179, 29))]
        tick = at_s.astype(np.int64)
        grain = [uniform(self._seed, 30 + k, who, tick) - 0.5 for k in range(3)]
        east = spread * (0.75 * waves[0] + 0.6 * waves[1] + 0.25 * waves[2]) + grain[0]
        north = spread * (0.75 * waves[3] + 0.6 * waves[4] + 0.25 * waves[5]) + grain[1]
        still = self.frozen(who, at_s)
        if still.any():
            x, y, vx, vy = (np.where(still, v, a) for v, a in zip(self._start(who, at_s, still), (x, y, vx, vy),
                                                                   strict=True))  # fmt: skip
            east, north = np.where(still, 0, east), np.where(still, 0, north)
        lon, lat = self.plane.degrees(x + east, y + north)
        pace = np.hypot(vx, vy)
        speed: Floats = np.maximum(pace + np.where(pace > 0, 0.3, 0.1) * grain[2], 0)
        return Seen(
            lon=lon,
            lat=lat,
            speed_mps=np.round(speed, 2),
            heading_deg=np.round(np.degrees(np.arctan2(vx, vy)) % 360, 0) % 360,
            accuracy_m=np.round(spread * (1.3 + 0.4 * waves[1]) + 1, 1),
            battery_pct=self._battery(who, at_s),
        )

    def _start(self, who: Ints, at_s: Floats, still: Bools) -> tuple[Floats, Floats, Floats, Floats]:
        """For the frozen: where their hour began."""
        x, y = np.zeros(len(who)), np.zeros(len(who))
        for i in np.flatnonzero(still):
            leg = self.plan(int(who[i]), int(self.block_of(who[i : i + 1], at_s[i : i + 1])[0]))
            x[i], y[i] = leg.x[0], leg.y[0]
        return x, y, np.zeros(len(who)), np.zeros(len(who))

    def _battery(self, who: Ints, at_s: Floats) -> Floats:
        """A saw: from full to nearly empty in 8 to 14 hours, then charged within one."""
        hours = 8 + 6 * uniform(self._seed, 40, who)
        at = at_s / 3600 / (hours + 1) + uniform(self._seed, 41, who)
        part = (at - np.floor(at)) * (hours + 1)
        level: Floats = np.where(part < hours, 100 - 92 * part / hours, 8 + 92 * (part - hours))
        return np.round(level, 0)

    # what goes wrong

    def _fate(self, who: Ints, at_s: Floats) -> Floats:
        return uniform(self._seed, 50, who, self.block_of(who, at_s))

    def offline(self, who: Ints, at_s: Floats) -> Bools:
        """The device is off, or the worker out of reach for the whole hour: nothing is measured."""
        return self.unseen[who] | (self._fate(who, at_s) < OFFLINE)

    def silent(self, who: Ints, at_s: Floats) -> Bools:
        """Linked, but the receiver finds no satellites: heartbeats only."""
        fate = self._fate(who, at_s)
        return (fate >= OFFLINE) & (fate < OFFLINE + SILENT)

    def frozen(self, who: Ints, at_s: Floats) -> Bools:
        """The receiver gives the very same place for ever."""
        fate = self._fate(who, at_s) - OFFLINE - SILENT
        return (fate >= 0) & (fate < FROZEN)

    def mocked(self, who: Ints, at_s: Floats) -> Bools:
        """An app invents the place, and the handset says so, for some minutes."""
        fate = self._fate(who, at_s) - OFFLINE - SILENT - FROZEN
        part = (at_s - self._begin_s[who]) % BLOCK_S
        return (fate >= 0) & (fate < MOCK) & (part > 600) & (part < 1200)

    def cut_off(self, who: Ints, at_s: Floats) -> Bools:
        """Out of network for 3 to 15 minutes: fixes are measured and sent later."""
        block = self.block_of(who, at_s)
        fate = self._fate(who, at_s) - OFFLINE - SILENT - FROZEN - MOCK
        part = (at_s - self._begin_s[who]) % BLOCK_S
        begin = 300 + 2000 * uniform(self._seed, 51, who, block)
        length = 180 + 720 * uniform(self._seed, 52, who, block)
        return (fate >= 0) & (fate < OUTAGE) & (part >= begin) & (part < begin + length)
