"""Laws of the fold: whatever the order, the portions, the repetitions and the restarts in which the same fixes arrive."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from config.city import City
from domain.facts import SET_ASIDE, AnyFact, DayTally, FeedStatus, FixFlag, Heartbeat, Position, SosAnswer
from domain.geodesy import distance_m
from domain.presence import NEVER
from domain.states import Presence, Row, Worker, WorkerFlag
from ingest.changes import Changes
from ingest.dayindex import DayIndexes
from ingest.folding import Partition
from ingest.places import Places
from store import track
from store.commit import Commit

MIDNIGHT = 1_783_872_000_000  # 2026-07-13 00:00 in Shanghai
SPOTS = ((113.105, 23.005), (113.1051, 23.005), (113.105, 23.0052), (113.3, 23.005), (113.3001, 23.005), (2.0, 48.0))


class Shelf:
    """As much of a store as a Partition asks, in memory; `put` is the commit."""

    def __init__(self) -> None:
        self.tracks: dict[tuple[str, str], bytes] = {}
        self.workers: dict[str, Worker] = {}
        self.days: dict[str, str] = {}

    def put(self, change: Commit) -> None:
        for key, records in change.tracks.items():
            self.tracks[key] = self.tracks.get(key, b"") + records
        self.workers.update({name: row for _, name, row in change.rows if isinstance(row, Worker)})
        self.days.update(change.days)

    def rows(self, _partition: int, _tables: object = (), _unreadable: object = None) -> Iterator[tuple[str, Row]]:
        return iter([("worker", row) for row in self.workers.values()])

    def track_day(self, worker: str, day: str) -> NDArray[np.void]:
        return track.unpack(self.tracks.get((worker, day), b""))

    def all_track_days(self, _partition: int) -> dict[str, str]:
        return dict(self.days)

    def trails(self, _partition: int, _orders: list[str]) -> dict[str, object]:
        return {}

    def unsure_orders(self, _partition: int) -> dict[str, str]:
        return {}

    def due_orders(self, _partition: int, _now_ms: int, _most: int) -> list[str]:
        return []

    def outcomes(self, _partition: int) -> list[object]:
        return []


def fix(at_s: float, spot: int = 0, late_s: float = 0, **more: object) -> Position:
    at_ms = MIDNIGHT + int(at_s * 1000)
    told = {"source": "t", "worker": "W1", "received_at_ms": at_ms + int(late_s * 1000), "fixed_at_ms": at_ms}
    return Position(**{**told, "lon": SPOTS[spot][0], "lat": SPOTS[spot][1], **more})  # type: ignore[arg-type]


class Folder:
    """Folds portions one commit after the other, beginning anew from the shelf when told to."""

    def __init__(self, city: City) -> None:
        self.shelf, self.places, self.version = Shelf(), Places(city), 0
        self.restart()

    def restart(self) -> None:
        self.partition = Partition(self.shelf, 0, self.version, self.places)  # type: ignore[arg-type]

    def fold(self, *facts: AnyFact) -> Commit:
        change = self.partition.fold(facts, "1-1")
        self.shelf.put(change)
        self.version = change.version
        return change

    def records(self) -> NDArray[np.void]:
        return track.by_time(track.unpack(b"".join(self.shelf.tracks.values())))


fixes = st.lists(
    st.builds(
        fix,
        st.sampled_from([-90, -60, -30, -10, -1, 0, 1, 10, 20, 30, 60, 90, 600, 90_000]),
        st.sampled_from([0, 0, 0, 1, 1, 2, 3, 3, 4, 5]),
        st.sampled_from([0, 0, 5, 700, -700]),
        flags=st.sampled_from([0, 0, 0, int(FixFlag.MOCK)]),
        accuracy_m=st.sampled_from([None, 8.0, 8.0, 900.0]),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda one: (one.fixed_at_ms, one.lon, one.lat),
)


def check(folder: Folder, told: Sequence[Position]) -> None:
    records = folder.records()
    assert sorted(records["t"].tolist()) == sorted(one.fixed_at_ms for one in told)
    good = records[(records["flags"] & SET_ASIDE) == 0]
    worker = folder.shelf.workers["W1"]
    assert worker.fixed_at_ms == max(good["t"].tolist(), default=0)
    if good.size:
        assert (worker.lon, worker.lat) == pytest.approx((good[-1]["lon"] / 1e7, good[-1]["lat"] / 1e7))
        day = track.by_time(folder.shelf.track_day("W1", worker.day))
        walked = day[(day["flags"] & SET_ASIDE) == 0]
        assert (worker.fixes, worker.set_aside) == (walked.size, day.size - walked.size)
        lons, lats = walked["lon"] / 1e7, walked["lat"] / 1e7
        steps = (distance_m(lons[i], lats[i], lons[i + 1], lats[i + 1]) for i in range(walked.size - 1))
        assert worker.distance_m == pytest.approx(sum(steps), abs=0.5)


@settings(max_examples=300, deadline=None)
@given(fixes, st.data())
def test_every_fix_is_in_the_track_once_and_the_row_tells_what_the_track_tells(
    city: City, told: list[Position], data: st.DataObject
) -> None:
    folder = Folder(city)
    again = data.draw(st.lists(st.sampled_from(told), max_size=8))
    arriving = data.draw(st.permutations(told + again))
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        folder.fold(*arriving[:size])
        arriving = arriving[size:]
        if data.draw(st.booleans()):
            folder.restart()
    check(folder, told)
    resent = folder.fold(*data.draw(st.permutations(told)))
    assert not resent.tracks and not resent.rows and resent.counts == {"t|position|duplicate": len(told)}


def test_a_resent_jump_confirms_nothing(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0), fix(10, 3), fix(20, 4))
    assert folder.fold(fix(10, 3), fix(20, 4), fix(10, 3)).counts == {"t|position|duplicate": 3}
    assert folder.shelf.workers["W1"].lon == SPOTS[0][0]


def test_a_fix_of_the_future_resent_when_its_time_has_come_is_one(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0), fix(600, 1, late_s=-590))
    folder.fold(fix(600, 1, late_s=0))
    assert folder.records()["t"].size == 2


def test_a_good_fix_of_the_instant_of_an_invented_one_is_good_in_either_order(city: City) -> None:
    invented, good = fix(10, 1, flags=int(FixFlag.MOCK)), fix(10, 0)
    for arriving in ((invented, good, fix(20)), (good, fix(20), invented), (fix(20), invented, good)):
        folder = Folder(city)
        folder.fold(*arriving)
        assert folder.shelf.workers["W1"].fixes == 2


def test_a_late_fix_before_the_first_of_the_day_that_nobody_could_have_left_in_time_is_a_jump(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(20), fix(30, 1), fix(10, 3))
    worker = folder.shelf.workers["W1"]
    assert (worker.fixes, worker.set_aside) == (2, 1) and worker.distance_m < 20


def test_fixes_set_aside_before_the_first_good_one_of_a_day_count_for_that_day(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(-60), fix(5, accuracy_m=900.0))
    folder.restart()
    folder.fold(fix(10))
    worker = folder.shelf.workers["W1"]
    assert (worker.day, worker.fixes, worker.set_aside, worker.distance_m) == ("2026-07-13", 1, 1, 0.0)


def test_a_stranger_with_nothing_but_doubtful_fixes_is_unrostered_all_the_same(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0, worker="stranger", accuracy_m=900.0))
    assert folder.shelf.workers["stranger"].flags & WorkerFlag.UNROSTERED


def test_a_mocked_fix_that_comes_late_does_not_mark_a_worker_whose_last_fix_is_true(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(20), fix(10, 1, flags=int(FixFlag.MOCK)))
    assert not folder.shelf.workers["W1"].flags & WorkerFlag.MOCK


def test_a_worker_who_came_back_from_silence_turns_silent_in_time_again(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0))
    silent = folder.partition.wake(MIDNIGHT + 301_000)
    assert silent and silent.rows[0][2].presence is Presence.SILENT  # type: ignore[union-attr]
    folder.fold(fix(310, 1))
    change = folder.partition.wake(MIDNIGHT + 611_000)
    assert change and change.rows[0][2].presence is Presence.SILENT  # type: ignore[union-attr]
    assert NEVER not in {due for due, _ in folder.partition._due}


def test_days_in_memory_are_bounded_by_their_records() -> None:
    day = track.unpack(b"".join(track.pack(fix(n), 0) for n in range(100)))
    days = DayIndexes(lambda _worker, _day: day, most=1000)
    for n in range(50):
        days.get(f"w{n}", "2026-07-13", None)
        for second in range(20):
            days.note(f"w{n}", "2026-07-13", fix(second, 1), 0)
    assert 1 <= len(days._days) <= 7 and days._held <= 1100
    assert len(days.get("w49", "2026-07-13", None)) == 120


# Clocks that are wrong, phones that lie still, alarms

_ANY_CLOCK = st.one_of(
    st.integers(0, 4_102_444_799_999),
    st.sampled_from([MIDNIGHT - weeks * 604_800_000 for weeks in (1024, 2048)] + [0, MIDNIGHT + 10**10]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_ANY_CLOCK, min_size=1, max_size=6))
def test_whatever_clocks_say_the_next_fix_with_the_right_time_is_where_he_is(city: City, clocks: list[int]) -> None:
    folder = Folder(city)
    for n, at_ms in enumerate(clocks):
        folder.fold(fix(n, 1, fixed_at_ms=at_ms))
    folder.fold(fix(600, 0))
    worker = folder.shelf.workers["W1"]
    recent = [at_ms for at_ms in clocks if at_ms > MIDNIGHT]
    if not recent or min(recent) > MIDNIGHT + 720_000:
        assert (worker.fixed_at_ms, worker.lon) == (MIDNIGHT + 600_000, SPOTS[0][0])
    assert sum(change.size for change in map(track.unpack, folder.shelf.tracks.values())) >= len(set(clocks))


@pytest.mark.parametrize(("weeks", "flag"), [(-1024, FixFlag.PAST), (-2048, FixFlag.PAST), (1024, FixFlag.FUTURE)])
def test_a_receiver_of_another_epoch_is_set_aside_and_said_of_the_worker(city: City, weeks: int, flag: FixFlag) -> None:
    folder = Folder(city)
    folder.fold(fix(-60))
    change = folder.fold(*(fix(n, fixed_at_ms=MIDNIGHT + n * 1000 + weeks * 604_800_000) for n in range(3)))
    worker = folder.shelf.workers["W1"]
    assert worker.flags & WorkerFlag.CLOCK_WRONG and worker.clock_wrong_ms == weeks * 604_800_000
    assert worker.fixed_at_ms == MIDNIGHT - 60_000 and worker.heard_at_ms == MIDNIGHT + 2000
    assert change.counts == {f"t|position|{flag.name.lower()}": 3}  # type: ignore[union-attr]
    assert change.seen["t|clock_wrong_ms"] == weeks * 604_800_000
    folder.fold(fix(10))
    worker = folder.shelf.workers["W1"]
    assert not worker.flags & WorkerFlag.CLOCK_WRONG and worker.clock_wrong_ms == 0


def test_of_clocks_that_are_wrong_the_one_found_last_is_told() -> None:
    told, later = Changes(), Changes()
    told.wrong_clock(fix(0), 86_400_000_000)
    later.wrong_clock(fix(60), -619_315_200_000)
    told.absorb(later)
    assert told.wrong_clocks == {"t|clock_wrong_ms": -619_315_200_000, "t|clock_wrong_at": fix(60).received_at_ms}


def test_a_recorded_track_may_be_of_any_age(city: City) -> None:
    folder = Folder(city)
    folder.fold(*(fix(n, fixed_at_ms=1_225_000_000_000 + n * 1000, flags=int(FixFlag.RECORDED)) for n in range(3)))
    assert folder.shelf.workers["W1"].fixes == 3


def test_a_phone_that_sends_its_last_fix_again_is_silent_and_not_gone(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0))
    for minute in range(1, 40):
        folder.fold(fix(0, late_s=60 * minute))
    worker = folder.shelf.workers["W1"]
    assert (worker.fixes, worker.presence, worker.heard_at_ms) == (1, Presence.SILENT, MIDNIGHT + 39 * 60_000)


@pytest.mark.parametrize(
    "alarm",
    [
        fix(10, flags=int(FixFlag.SOS)),
        fix(10, 5, flags=int(FixFlag.SOS)),  # outside the country
        fix(10, 3, flags=int(FixFlag.SOS)),  # a jump
        fix(10, accuracy_m=900.0, flags=int(FixFlag.SOS)),
        fix(10, flags=int(FixFlag.SOS | FixFlag.MOCK)),
        fix(-30, late_s=40, flags=int(FixFlag.SOS)),  # late
        fix(0, late_s=10, flags=int(FixFlag.SOS)),  # the fix of before, with the button pressed
        fix(10, fixed_at_ms=MIDNIGHT + 10**11, flags=int(FixFlag.SOS)),
        fix(10, fixed_at_ms=946_684_805_000, flags=int(FixFlag.SOS)),
        Heartbeat(source="t", received_at_ms=MIDNIGHT + 10_000, worker="W1", sos=True),
    ],
)
def test_an_alarm_stands_whatever_its_fix_is_worth_until_somebody_answers(city: City, alarm: Position | Heartbeat) -> None:
    folder = Folder(city)
    folder.fold(fix(0), alarm)
    raised = folder.shelf.workers["W1"]
    assert raised.flags & WorkerFlag.SOS and 0 < raised.sos_since_ms <= MIDNIGHT + 10_000
    folder.fold(*(fix(20 + n, 1) for n in range(5)), Heartbeat(source="t", received_at_ms=MIDNIGHT + 30_000, worker="W1"))
    stands = folder.shelf.workers["W1"]
    assert stands.flags & WorkerFlag.SOS and stands.sos_since_ms == raised.sos_since_ms
    change = folder.fold(answer(60))
    worker = folder.shelf.workers["W1"]
    assert not worker.flags & WorkerFlag.SOS and worker.sos_since_ms == 0
    assert [(line.what, line.who, line.subject) for line in change.audit] == [("sos_answered", "anna", "W1")]
    folder.fold(alarm)  # the same message again: it has been answered
    assert not folder.shelf.workers["W1"].flags & WorkerFlag.SOS
    folder.fold(fix(90, 1, flags=int(FixFlag.SOS)))  # and this is another one
    assert folder.shelf.workers["W1"].flags & WorkerFlag.SOS


def answer(at_s: float) -> SosAnswer:
    at_ms = MIDNIGHT + int(at_s * 1000)
    return SosAnswer(source="desk", received_at_ms=at_ms, worker="W1", id="a", actor="anna", role="supervisor", at_ms=at_ms)


def test_a_button_that_stays_pressed_is_one_alarm(city: City) -> None:
    folder = Folder(city)
    pressed = int(FixFlag.SOS)
    folder.fold(fix(0, flags=pressed), answer(5), *(fix(10 * n, flags=pressed) for n in range(1, 90)))
    assert not folder.shelf.workers["W1"].flags & WorkerFlag.SOS
    folder.fold(fix(901), fix(910, flags=pressed))
    assert folder.shelf.workers["W1"].flags & WorkerFlag.SOS


def test_what_a_device_kept_for_days_calls_nobody(city: City) -> None:
    folder = Folder(city)
    folder.fold(fix(0), fix(-90_000, late_s=90_010, flags=int(FixFlag.SOS | FixFlag.BACKFILL)))
    assert not folder.shelf.workers["W1"].flags & WorkerFlag.SOS


def test_the_word_of_a_camera_from_the_future_holds_nothing_back(city: City) -> None:
    def word(at_s: float, status: str, **more: object) -> FeedStatus:
        at_ms = MIDNIGHT + int(at_s * 1000)
        told = {"source": "v", "received_at_ms": at_ms, "feed": "F1", "at_ms": at_ms, "status": status}
        return FeedStatus(**{**told, **more})  # type: ignore[arg-type]

    folder = Folder(city)
    for minute, wrong_ms in enumerate((2_085_978_496_000, 946_684_800_000)):
        folder.fold(word(60 * minute, "online"))
        change = folder.fold(word(60 * minute + 10, "offline", at_ms=wrong_ms))
        assert change.rows[0][2].status == "offline" and change.counts == {"v|feed|clock_wrong": 1}  # type: ignore[union-attr]
        assert folder.fold(word(60 * minute + 20, "online")).rows[0][2].status == "online"  # type: ignore[union-attr]


def test_a_number_found_out_in_the_future_is_corrected_by_the_next(city: City) -> None:
    def told(at_ms: int, value: str, received_s: float) -> DayTally:
        number = {"day": "2026-07-12", "region": "", "key": "calls", "value": Decimal(value), "at_ms": at_ms}
        return DayTally(source="h", received_at_ms=MIDNIGHT + int(received_s * 1000), **number)  # type: ignore[arg-type]

    folder = Folder(city)
    change = folder.fold(told(MIDNIGHT + 10**11, "10", 0), told(MIDNIGHT + 5000, "11", 5))
    assert change.rows[0][2].told.value == 11 and change.counts["h|tally|clock_wrong"] == 1  # type: ignore[union-attr]
