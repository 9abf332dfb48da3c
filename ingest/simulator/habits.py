"""What plausible people do next with an order, and when: a function of seed, order and what they see. Nobody acts here.

The centre's seats take their time (20 to 60 minutes of real time, and after a start of the simulation all anew), so that
whoever tries the desk finds work and is faster; departments and workers answer as they do in life.
"""

import math
import random
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from domain.actions import SEATS
from ingest.simulator.cases import CALL, FIELD, GRID, WECHAT
from ingest.simulator.chance import rng_of
from ingest.simulator.seen import Seen
from ingest.simulator.staff import DONE_BY

MINUTE_MS: Final = 60_000
LINE: Final = ("accept", "register", "dispatch", "take_up", "feedback", "request_close", "evaluate", "close")
"""The main line: where a city's template leaves out a step, the one after it is what comes next."""

UNHURRIED: Final = (20.0, 60.0)
DECIDES: Final = (30.0, 90.0)
CITIZENS: Final = frozenset((WECHAT, CALL, "群众来访"))


class Move(msgspec.Struct, frozen=True):
    """Due at an instant: the first of `actions` that may be done. `unit`: by that co-handling department."""

    at_ms: int
    actions: tuple[str, ...]
    unit: str = ""

    @property
    def seats(self) -> bool:
        """Whether it is one of the centre's, which a visitor may do before."""
        return DONE_BY.get(self.actions[0], "") in SEATS | {"looks"}


class Habits:
    """`began_ms`: since when the people have been at work. `pace` 1: in real time; 0.5: in half of it."""

    def __init__(self, seed: int, began_ms: int, pace: float, limit_h: Callable[[str], float]) -> None:
        self._seed, self._began_ms, self._pace, self._limit_h = seed, began_ms, pace, limit_h

    def moves(self, seen: Seen) -> list[Move]:
        """What may be done, in the order in which it is due; nothing: it has come to rest."""
        of_state = getattr(self, f"_{seen.status}", None)
        moves = [] if of_state is None else list(of_state(seen))
        if seen.deadline_at_ms is not None and "supervised" not in seen.flags and seen.status in _URGED:
            moves.append(self._seat(seen, "urge", (10, 90), "urge", since_ms=seen.deadline_at_ms))
        return sorted(moves, key=lambda move: move.at_ms)

    # how long they take

    def draw(self, seen: Seen, what: str) -> random.Random:
        """Chance that stays the same for as long as the order is in its state."""
        return rng_of(self._seed, "habit", seen.order, seen.status, seen.status_at_ms, what)

    def _fate(self, seen: Seen) -> float:
        return self.draw(seen, "fate").random()

    def _seat(
        self, seen: Seen, what: str, minutes: tuple[float, float], *actions: str, since_ms: int | None = None
    ) -> Move:
        wait_ms = self.draw(seen, what).uniform(*minutes) * self._pace * MINUTE_MS
        return Move(round(max(since_ms or seen.status_at_ms, self._began_ms) + wait_ms), actions)

    def _hand(
        self, seen: Seen, what: str, minutes: tuple[float, float], *actions: str, unit: str = "", late_min: float = 15
    ) -> Move:
        """A department's or a worker's; what was due before the start is done within `late_min` after it."""
        draw = self.draw(seen, what + unit)
        at_ms = seen.status_at_ms + draw.uniform(*minutes) * self._pace * MINUTE_MS
        if at_ms < self._began_ms:
            at_ms = self._began_ms + draw.uniform(0, late_min) * self._pace * MINUTE_MS
        return Move(round(at_ms), actions, unit)

    # what they do, by state

    def _reported(self, seen: Seen) -> Iterator[Move]:
        fate = self._fate(seen)
        if seen.verified == "false" or (fate > 0.97 and not seen.verified):
            yield self._seat(seen, "refuse", UNHURRIED, "refuse")
        elif seen.channel in FIELD and fate < 0.1:
            yield self._hand(seen, "handled", (4, 18), "self_handle")
        elif seen.channel not in FIELD and not seen.verified and fate < 0.35:
            yield self._seat(seen, "ask", UNHURRIED, "ask_verify", "accept")
        yield self._seat(seen, "accept", UNHURRIED, *LINE)

    def _verifying(self, seen: Seen) -> Iterator[Move]:
        yield self._hand(seen, "verify", (8, 35), "verify")

    def _accepted(self, seen: Seen) -> Iterator[Move]:
        fate = self._fate(seen)
        if fate < 0.02:
            yield self._seat(seen, "refuse", UNHURRIED, "refuse_register")
        elif fate < 0.05:
            yield self._seat(seen, "deliberate", UNHURRIED, "deliberate", "register")
        elif fate < 0.16 and seen.channel == GRID:
            yield self._hand(seen, "handled", (3, 15), "self_handle")
        yield self._seat(seen, "register", UNHURRIED, *LINE[1:])

    def _deliberating(self, seen: Seen) -> Iterator[Move]:
        yield self._seat(seen, "end", (60, 240), "end_deliberation")

    def _registered(self, seen: Seen) -> Iterator[Move]:
        yield self._seat(seen, "dispatch", UNHURRIED, *LINE[2:])

    _escalated = _reopened = _registered

    def _returned(self, seen: Seen) -> Iterator[Move]:
        first = "refuse_return" if self._fate(seen) < 0.4 else "dispatch"
        yield self._seat(seen, "returned", UNHURRIED, first, "dispatch")

    def _rework(self, seen: Seen) -> Iterator[Move]:
        yield self._seat(seen, "rework", UNHURRIED, "rework", "dispatch")

    def _dispatched(self, seen: Seen) -> Iterator[Move]:
        if self._fate(seen) < 0.07 and not seen.returned:
            yield self._hand(seen, "return", (5, 50), "return")
        else:
            yield self._hand(seen, "take_up", (0.5, 6), *LINE[3:])
        yield from self._together(seen)

    def _together(self, seen: Seen) -> Iterator[Move]:
        """What the co-handling departments do."""
        for unit, status in seen.co_handlers:
            if status == "dispatched":
                yield self._hand(seen, "co", (2, 40), "take_up", unit=unit)
            elif status == "handling":
                yield self._hand(seen, "co done", (45, 120), "feedback", unit=unit)

    def _handling(self, seen: Seen) -> Iterator[Move]:
        fate, limit_min = self._fate(seen), self._limit_h(seen.category) * 60
        work_min = self._work_min(seen, limit_min)
        if all(status == "feedback" for _, status in seen.co_handlers):
            yield self._hand(seen, "feedback", (work_min, work_min), *LINE[4:], late_min=120)
        if "progress" not in seen.told and fate > 0.55:
            yield self._hand(seen, "progress", (0.25 * work_min, 0.6 * work_min), "progress", late_min=40)
        if not seen.asked and not {"ask_defer", "ask_hang"} & seen.told.keys():
            if limit_min >= 72 * 60 and fate < 0.06:
                yield self._hand(seen, "hang", (0.2 * work_min, 0.4 * work_min), "ask_hang", late_min=60)
            elif work_min > 0.75 * limit_min or fate < 0.1:
                yield self._hand(seen, "defer", (0.5 * work_min, 0.8 * work_min), "ask_defer", late_min=60)
        yield from self._decided(seen)
        yield from self._together(seen)

    def _decided(self, seen: Seen) -> Iterator[Move]:
        if seen.asked:
            asked_ms = seen.told.get(f"ask_{seen.asked}", seen.status_at_ms)
            word = "refuse" if self.draw(seen, "granted").random() < 0.25 else "grant"
            yield self._seat(seen, "decide", DECIDES, f"{word}_{seen.asked}", since_ms=asked_ms)

    def _hanging(self, seen: Seen) -> Iterator[Move]:
        yield self._hand(seen, "resume", (120, 720), "resume", late_min=240)

    def _feedback(self, seen: Seen) -> Iterator[Move]:
        yield self._hand(seen, "request", (1, 10), *LINE[5:])

    def _checking(self, seen: Seen) -> Iterator[Move]:
        if seen.checked == "passed":
            yield self._seat(seen, "evaluate", UNHURRIED, *LINE[6:], since_ms=seen.told.get("check"))
        else:
            yield self._seat(seen, f"check {seen.checked}", UNHURRIED, "check", *LINE[6:], since_ms=seen.told.get("check"))

    def _evaluated(self, seen: Seen) -> Iterator[Move]:
        yield self._seat(seen, "close", UNHURRIED, "close")

    def _closed(self, seen: Seen) -> Iterator[Move]:
        if seen.channel in CITIZENS:
            yield self._seat(seen, "callback", (60, 1200), "callback", "archive")
        else:
            yield self._seat(seen, "archive", (600, 3000), "archive")

    def _callback(self, seen: Seen) -> Iterator[Move]:
        if "unsatisfied" in seen.satisfaction:
            yield self._seat(seen, "reopen", UNHURRIED, "reopen", "archive")
        else:
            yield self._seat(seen, "archive", (600, 3000), "archive")

    def _work_min(self, seen: Seen, limit_min: float) -> float:
        """Most are done well within the limit, a few after it."""
        share = min(self.draw(seen, "work").lognormvariate(math.log(0.38), 0.62), 3.0)
        return max(share * limit_min, 6.0)


_URGED: Final = frozenset(("registered", "returned", "dispatched", "handling", "rework", "escalated", "reopened"))
