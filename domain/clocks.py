"""The clocks of an order: the whole case and the stage it is in, each with limit, yellow mark and end (domain.md B7).

A clock begins when a state of its own is entered, stands while none is, and keeps what is left in the time that its limit
counts: working time or all time. 挂账 pauses every clock and gives each back what it had left; 延期 moves the end; coming
back to a stage that was left for another (返工, 改派) begins it anew, the whole case goes on. What a city's tables and calendar
say is asked once, when a clock begins or goes on, and written into the step: old orders keep the limits that they were given.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from domain.actions import LIMITED
from domain.bounds import DAY_MS, saturated
from domain.lifecycle import STATUSES
from domain.worktime import Limit, WorkTime

TOTAL: Final = "total"
PAUSED_IN: Final = "hanging"
SURE: Final = 0
UNSURE_END: Final = 1
UNSURE_MARK: Final = 2


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a city's table of limits; the first that fits counts. Empty: any. `clock` is a key of `LIMITED`.

    `matters`: keys and names of the matter and all below it. `department`: its calendar counts, where it has one.
    """

    rule: str
    clock: str
    limit: Limit
    matters: frozenset[str] = frozenset()
    level: str = ""
    department: str = ""

    def fits(self, clock: str, category: str, level: str, department: str) -> bool:
        return (
            clock == self.clock
            and (not self.matters or category in self.matters)
            and (not self.level or level == self.level)
            and (not self.department or department == self.department)
        )


class Rung(msgspec.Struct, frozen=True):
    """A step of the ladder of supervision that the rules take by themselves: so long after the end of `clock`, `do`."""

    clock: str
    over: Limit
    do: str  # urge, yellow_card, red_card


class ClockRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a city says of time. `calendar(department)`: its own, or the city's. `yellow_from`: share of a limit, 0 to 1."""

    limits: tuple[LimitRow, ...] = ()
    calendar: Callable[[str], WorkTime]
    yellow_from: float = 0.8
    ladder: tuple[Rung, ...] = ()
    total_from: str = "registered"  # from this state on the whole case has its limit: 立案 fixes it, or what a city has instead

    def row(self, clock: str, category: str, level: str, department: str) -> LimitRow | None:
        return next((row for row in self.limits if row.fits(clock, category, level, department)), None)


class Running(msgspec.Struct, frozen=True, array_like=True):
    """A clock with a limit. It runs until `due_at_ms`, is yellow from `yellow_at_ms`; both None: it stands, with so much left.

    `left_ms` and `yellow_left_ms` are in the time that the limit counts, and negative when it is over. `unsure`: what hangs on
    days of which nobody knows yet whether they are worked: UNSURE_END its end, or what is left of it while it stands;
    UNSURE_MARK only its yellow mark, or what is left, for a person or the order's own end fixed the end.
    """

    clock: str
    rule: str
    kind: str
    amount: float
    department: str
    begun_at_ms: int
    due_at_ms: int | None = None
    yellow_at_ms: int | None = None
    left_ms: int = 0
    yellow_left_ms: int = 0
    told: int = 0  # which marks have been told of: 1 yellow, 2 red
    unsure: int = SURE

    @property
    def provisional(self) -> bool:
        """Whether its end is one that a calendar still to come may move."""
        return self.unsure == UNSURE_END

    @property
    def limit(self) -> Limit:
        return Limit(self.kind, self.amount)  # type: ignore[arg-type]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to an order at `at_ms`: it goes from one state to another (None: it is born), or is deferred."""

    before: str | None
    after: str
    at_ms: int
    category: str = ""
    level: str = ""
    department: str = ""
    deferred_to_ms: int | None = None


def moved(clocks: tuple[Running, ...], move: Move, rules: ClockRules) -> tuple[Running, ...]:
    """The clocks with a limit after a move. Pure, but for what the rules say of limits and calendars."""
    held = {clock.clock: clock for clock in clocks}
    for key, states in LIMITED.items():
        ran, runs = move.before in states, move.after in states and _has_begun(key, move.after, rules)
        clock = held.get(key)
        if clock is None:
            if runs and (fresh := _begun(key, move, rules)) is not None:
                held[key] = fresh
        elif ran and not runs:
            held[key] = stopped(clock, move.at_ms, rules, keeps_end=key == TOTAL and move.after != PAUSED_IN)
        elif runs and not ran:
            anew = key != TOTAL and move.before != PAUSED_IN
            held[key] = (_begun(key, move, rules) if anew else None) or going(clock, move.at_ms, rules)
    if move.deferred_to_ms is not None:
        held = {key: deferred(clock, move.deferred_to_ms, rules) for key, clock in held.items()}
    return tuple(held.values())


def _has_begun(key: str, state: str, rules: ClockRules) -> bool:
    return key != TOTAL or STATUSES[state].rank >= STATUSES[rules.total_from].rank


def _begun(key: str, move: Move, rules: ClockRules) -> Running | None:
    """A clock that begins now; None where the city has no limit for it."""
    row = rules.row(key, move.category, move.level, move.department)
    if row is None:
        return None
    work = rules.calendar(move.department)
    length_ms = work.length_ms(row.limit)
    blank = Running(key, row.rule, row.limit.kind, row.limit.amount, move.department, move.at_ms)
    yellow_ms = round(length_ms * rules.yellow_from)
    return going(msgspec.structs.replace(blank, left_ms=length_ms, yellow_left_ms=yellow_ms), move.at_ms, rules)


def going(clock: Running, at_ms: int, rules: ClockRules) -> Running:
    """A clock that goes on from `at_ms` with what it has left."""
    work, limit = rules.calendar(clock.department), clock.limit

    def after(left_ms: int) -> int:
        return work.after(at_ms, left_ms) if limit.counts_working_time else saturated(at_ms + left_ms)

    due_at_ms = after(clock.left_ms)
    unsure = UNSURE_END if limit.counts_working_time and max(at_ms, due_at_ms) > work.known_until_ms else SURE
    yellow_at_ms = after(clock.yellow_left_ms)
    return msgspec.structs.replace(clock, due_at_ms=due_at_ms, yellow_at_ms=yellow_at_ms, unsure=unsure)


def stopped(clock: Running, at_ms: int, rules: ClockRules, keeps_end: bool) -> Running:
    """A clock that stands from `at_ms` on, and keeps what is left of it. `keeps_end`: its order has ended and keeps its end."""
    if clock.due_at_ms is None or clock.yellow_at_ms is None:
        return clock
    work, limit = rules.calendar(clock.department), clock.limit

    def left(until_ms: int) -> int:
        return work.spent_ms(at_ms, until_ms) if limit.counts_working_time else saturated(until_ms - at_ms)

    left_is_unsure = limit.counts_working_time and (at_ms > work.known_until_ms or clock.unsure == UNSURE_MARK)
    if keeps_end and not clock.provisional:
        unsure = UNSURE_MARK if left_is_unsure else SURE
    else:
        unsure = UNSURE_END if keeps_end or left_is_unsure else SURE
    return msgspec.structs.replace(
        clock, due_at_ms=None, yellow_at_ms=None, left_ms=left(clock.due_at_ms), yellow_left_ms=left(clock.yellow_at_ms),
        unsure=unsure,
    )  # fmt: skip


def deferred(clock: Running, to_ms: int, rules: ClockRules) -> Running:
    """A running clock with a later end; its yellow mark keeps its distance from the end in the limit's time."""
    if clock.due_at_ms is None or clock.yellow_at_ms is None or to_ms <= clock.due_at_ms:
        return clock
    to_ms = saturated(to_ms)
    if not clock.limit.counts_working_time:
        yellow_at_ms = saturated(clock.yellow_at_ms + to_ms - clock.due_at_ms)
        return msgspec.structs.replace(clock, due_at_ms=to_ms, yellow_at_ms=yellow_at_ms, told=0)
    work = rules.calendar(clock.department)
    yellow_at_ms = work.after(to_ms, -work.spent_ms(clock.yellow_at_ms, clock.due_at_ms))
    unsure = UNSURE_MARK if to_ms > work.known_until_ms else SURE
    return msgspec.structs.replace(clock, due_at_ms=to_ms, yellow_at_ms=yellow_at_ms, told=0, unsure=unsure)


def marks(clocks: tuple[Running, ...]) -> tuple[int | None, int | None]:
    """(when the order turns yellow, when red): the earliest of its running clocks; None: no clock runs."""
    yellow = [clock.yellow_at_ms for clock in clocks if clock.yellow_at_ms is not None]
    red = [clock.due_at_ms for clock in clocks if clock.due_at_ms is not None]
    return min(yellow, default=None), min(red, default=None)


YELLOW: Final = 1
RED: Final = 2


class Alarm(msgspec.Struct, frozen=True):
    """A mark that a clock has passed, or will pass at `at_ms`, and what is then done: remind, overdue, or a rung's `do`.

    `unsure`: the instant hangs on days of which nobody knows yet whether they are worked.
    """

    at_ms: int
    clock: str
    mark: int
    do: str
    unsure: bool = False


def alarms(clocks: tuple[Running, ...], rules: ClockRules, may: Callable[[str], bool]) -> list[Alarm]:
    """The marks of running clocks that nobody has been told of yet, the earliest first.

    `may(do)`: whether a rung of the ladder can be climbed now; one that cannot is no mark until it can.
    """
    found = []
    for clock in clocks:
        if clock.due_at_ms is None or clock.yellow_at_ms is None:
            continue
        unsure = clock.unsure != SURE
        marks = [(YELLOW, clock.yellow_at_ms, "remind", unsure), (RED, clock.due_at_ms, "overdue", clock.provisional)]
        for number, rung in enumerate(rules.ladder):
            if rung.clock == clock.clock and may(rung.do):
                work = rules.calendar(clock.department)
                at_ms = work.due_ms(clock.due_at_ms, rung.over)
                hangs = clock.provisional or (rung.over.counts_working_time and at_ms > work.known_until_ms)
                marks.append((rung_mark(number), at_ms, rung.do, hangs))
        found += [Alarm(at_ms, clock.clock, mark, do, hangs) for mark, at_ms, do, hangs in marks if not clock.told & mark]
    return sorted(found, key=lambda alarm: (alarm.at_ms, alarm.clock, alarm.mark))


def rung_mark(number: int) -> int:
    """The mark of a rung of the ladder by its place."""
    return 4 << number


def climbed(clocks: tuple[Running, ...], do: str, rules: ClockRules) -> tuple[Running, ...]:
    """The clocks after a step of the ladder was taken, by hand or by rule: no rule takes the same one again."""
    marks = {rung_mark(number): rung.clock for number, rung in enumerate(rules.ladder) if rung.do == do}

    def all_of(clock: Running) -> int:
        return sum(mark for mark, key in marks.items() if key == clock.clock)

    return tuple(msgspec.structs.replace(clock, told=clock.told | all_of(clock)) for clock in clocks)


def told(clocks: tuple[Running, ...], key: str, mark: int) -> tuple[Running, ...]:
    """The clocks after somebody was told of a mark; who is told of red need not be told of yellow any more."""
    known = YELLOW | RED if mark == RED else mark
    return tuple(msgspec.structs.replace(c, told=c.told | known) if c.clock == key else c for c in clocks)


def given(clocks: tuple[Running, ...], at_ms: int, due_at_ms: int, yellow_from: float) -> tuple[Running, ...]:
    """The clocks with an end of the whole case that a person told; round the clock, yellow at the city's share of it."""
    at_ms, due_at_ms = saturated(at_ms), saturated(due_at_ms)
    length_ms = saturated(max(due_at_ms - at_ms, 0))
    yellow_ms = min(at_ms + round(length_ms * yellow_from), due_at_ms)
    left = (length_ms, yellow_ms - at_ms)
    own = Running(TOTAL, "told", "natural_days", length_ms / DAY_MS, "", at_ms, due_at_ms, yellow_ms, *left)
    return (*(clock for clock in clocks if clock.clock != TOTAL), own)


def pack(clocks: tuple[Running, ...]) -> str:
    """Clocks as a text that a step of the trail carries."""
    return msgspec.json.encode(clocks).decode()


_unpack: Final = msgspec.json.Decoder(tuple[Running, ...]).decode


def unpacked(held: tuple[Running, ...], text: str) -> tuple[Running, ...]:
    """The clocks held, with those that a step tells put over them."""
    news = {clock.clock: clock for clock in _unpack(text)}
    kept = tuple(news.pop(clock.clock, clock) for clock in held)
    return (*kept, *news.values())
