"""The people of the simulation at a real web process: they report and act over the API, and give way to who is faster."""

import asyncio
import logging
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

import people_setup
from config import clock
from config.city import City, load_city
from config.demo import played, secret_of, visitors_worker
from config.settings import Settings
from dashboard.acting import read_action
from dashboard.filecheck import check
from domain.actions import ACTIONS, TABLE
from domain.lifecycle import STATUSES, is_open
from domain.stints import STAGES, UNKNOWN, unpacked
from ingest.simulator import opening, pictures, society
from ingest.simulator.cases import GRID, WECHAT, Case, Cases
from ingest.simulator.chance import rng_of
from ingest.simulator.ground import Ground
from ingest.simulator.habits import Habits
from ingest.simulator.memory import PAUSE_MS, Memory
from ingest.simulator.papers import Papers
from ingest.simulator.seen import Seen
from ingest.simulator.society import Society
from ingest.simulator.staff import DONE_BY, Staff
from ingest.simulator.telling import Telling
from ingest.simulator.walk import Patrols
from ingest.simulator.web import Web
from store import logins, people
from store.store import Store
from tests.dashboard.at_work import AtWork, act, at_work

SHARED = "a secret of the demo's people"
QUICK = 2e-5
MINUTE_MS = 60_000
HOURS = (0.0, 1e9)
Got = TypeVar("Got")


@pytest.fixture(scope="module")
def town(city_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The small city with departments, matters and a rule that accepts what gridworkers report."""
    folder = tmp_path_factory.mktemp("town")
    shutil.copytree(city_folder, folder, dirs_exist_ok=True)
    (folder / "departments.csv").write_text("key,name\nd1,市政\nd2,环卫\nd3,园林\n", encoding="utf-8")
    matters = "key,name,parent,department,limit_hours\n01,市容,,,\n0101,暴露垃圾,01,d2,8\n0102,路灯不亮,01,d1,4\n"
    (folder / "matters.csv").write_text(matters, encoding="utf-8")
    rules = "rule,matter,region,source,department,level,auto\n网格员上报自动受理,,,网格员上报,,district,accept\n"
    (folder / "routing.csv").write_text(rules, encoding="utf-8")
    return load_city(folder)


@pytest.fixture
def work(store: Store, town: City, settings: Settings) -> Iterator[AtWork]:
    people.set_demo_tokens(store, people_setup.played_tokens(town, SHARED))
    with at_work(store, town, settings) as working:
        yield working


@pytest.fixture(autouse=True)
def nobody_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OFFLINE", "UNSEEN"):
        monkeypatch.setattr(f"ingest.simulator.walk.{name}", 0.0)
    monkeypatch.setattr(society, "LEFT", {})


def cases_of(city: City, seed: int = 1) -> Cases:
    ground = Ground(city, None, seed)
    return Cases(ground, Patrols(ground.plane, ground.paths_of, len(ground.roster), city.zone, seed), 100, seed)


def case_of(city: City, name: str, channel: str = WECHAT, ago_min: int = 5) -> Case:
    return cases_of(city).invented(name, channel, HOURS, clock.now_ms() - ago_min * MINUTE_MS)


class Simulated:
    """A society at the web process of `work`, and what it has counted."""

    def __init__(self, work: AtWork, pace: float = 1.0, web: Web | None = None, memory: Memory | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.memory = memory or Memory(None, 1, work.city.code)
        self.web = web or Web(f"http://127.0.0.1:{work.port}")
        self.society = Society(work.city, self.web, SHARED, cases_of(work.city), self.memory, self.counts, 1, pace)

    def do(self, what: Coroutine[Any, Any, Got]) -> Got:
        async def go() -> Got:
            async with self.web:
                return await what

        return asyncio.run(go())


def orders_of(work: AtWork) -> dict[str, str]:
    with work.hall.lock:
        return {key: row.status for key, row in work.hall.orders.items() if row.life is not None}


async def until(what: Any, within_s: float = 60.0) -> None:
    end_s = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end_s, "it did not happen in time"
        await asyncio.sleep(0.02)


async def ran(of: Society, what: Any) -> None:
    """Let them work until something holds."""
    working = asyncio.ensure_future(of.run())
    try:
        await until(lambda: working.done() or what())
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def test_people_report_and_take_orders_to_their_end(work: AtWork) -> None:
    sim = Simulated(work, QUICK)
    told = [case_of(work.city, f"c{n}", GRID if n % 2 else WECHAT) for n in range(8)]
    for case in told:
        sim.society.expect(case)

    def all_over() -> bool:
        rows = orders_of(work)
        return sim.counts["reports here"] == len([case for case in told if case.here]) and not any(map(is_open, rows.values()))

    sim.do(ran(sim.society, all_over))
    rows = orders_of(work)
    assert {"closed", "callback", "archived"} & set(rows.values()) and sim.counts["reports here"] == len(rows)
    assert not [name for name in sim.counts if "refused" in name], sim.counts
    trails = [work.store.trail(order) for order in rows]
    assert {step.role for trail in trails for step in trail} >= {"intake", "duty_chief", "dispatcher", "department", "rule"}
    assert any(step.fields.get("photos") for trail in trails for step in trail)
    assert all(first.at_ms <= then.at_ms for trail in trails for first, then in pairwise(trail))


def test_who_is_faster_wins_and_the_simulation_goes_on_from_there(work: AtWork) -> None:
    chief = work.of("visitor", "supervisor")
    sim = Simulated(work)
    case = case_of(work.city, "faster")

    async def race() -> str:
        order = (await sim.society.report(case)).order
        seen = await sim.society.look(order)
        assert seen is not None and seen.status == "reported"
        assert (await asyncio.to_thread(act, chief, order, "accept")).status_code == 200
        assert await sim.society.act(seen, "accept") is None
        accepted = await sim.society.look(order)
        assert accepted is not None and accepted.status == "accepted"
        done = await sim.society.act(accepted, "register")
        assert done is not None and done.state == "done"
        return order

    order = sim.do(race())
    assert [step.action for step in work.store.trail(order)] == ["report", "accept", "register"]
    assert sim.counts["actions here"] == 1 and not [name for name in sim.counts if "refused" in name]


def test_a_case_that_is_expected_late_is_reported_all_the_same(work: AtWork) -> None:
    sim = Simulated(work, QUICK)

    async def late() -> None:
        working = asyncio.ensure_future(ran(sim.society, lambda: orders_of(work)))
        await asyncio.sleep(0.3)
        sim.society.expect(case_of(work.city, "late"))
        await working
        sim.society.expected_until_ms = clock.now_ms()
        await ran(sim.society, lambda: sim.memory.here_ms == sim.society.expected_until_ms)

    sim.do(late())


class Beaten(Web):
    """Somebody else acts in the instant before the first action of the simulation is sent."""

    def __init__(self, url: str, before: Any) -> None:
        super().__init__(url)
        self._before = before

    async def post(self, secret: str, path: str, body: dict[str, Any]) -> Any:
        if path.endswith("/actions") and self._before is not None:
            before, self._before = self._before, None
            await asyncio.to_thread(before, path.split("/")[-2])
        return await super().post(secret, path, body)


def test_a_refusal_is_looked_at_again_and_nobody_fights(work: AtWork) -> None:
    chief = work.of("visitor", "supervisor")
    web = Beaten(f"http://127.0.0.1:{work.port}", lambda order: act(chief, order, "void", reason="试"))
    sim = Simulated(work, QUICK, web)
    sim.society.expect(case_of(work.city, "beaten"))
    sim.do(ran(sim.society, lambda: sim.counts["actions here: refused not_in_state"] and not sim.society._book))
    assert list(orders_of(work).values()) == ["void"] and sim.counts["actions here"] == 0


def test_a_web_process_that_is_away_is_waited_for_and_told_of_once(work: AtWork, caplog: pytest.LogCaptureFixture) -> None:
    tries: list[str] = []
    slept: list[float] = []
    real = httpx.AsyncHTTPTransport()

    async def flaky(request: httpx.Request) -> httpx.Response:
        tries.append(request.url.path)
        if len(tries) <= 3:
            raise httpx.ConnectError("nobody there")
        if len(tries) == 4:
            return httpx.Response(503, headers={"Retry-After": "0.5"})
        return await real.handle_async_request(request)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    web = Web(f"http://127.0.0.1:{work.port}", transport=httpx.MockTransport(flaky), sleep=sleep)
    sim = Simulated(work, web=web)
    case = case_of(work.city, "patient", GRID)
    with caplog.at_level(logging.INFO):
        done = sim.do(sim.society.report(case))
    assert done.state == "done" and orders_of(work) == {done.order: "accepted"}
    assert len(slept) == 4 and slept[3] == 0.5 and slept[0] < slept[2]
    said = [record.message for record in caplog.records if record.name.startswith("ingest.simulator")]
    assert len([text for text in said if "away" in text]) == 1 and len([text for text in said if "there again" in text]) == 1


def test_people_whom_the_web_process_does_not_know_wait(store: Store, town: City, settings: Settings) -> None:
    with at_work(store, town, settings) as work:
        sim = Simulated(work, QUICK)
        sim.society.expect(case_of(town, "stranger"))

        def known() -> bool:
            if sim.counts["reports here: refused 401"]:
                people.set_demo_tokens(store, people_setup.played_tokens(town, SHARED))
            return sim.counts["reports here"] == 1

        sim.do(ran(sim.society, known))
        assert len(orders_of(work)) == 1


def test_after_a_restart_no_order_is_there_twice(work: AtWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stories = [story for story in opening.STORIES if story[3]][:4]
    monkeypatch.setattr(opening, "STORIES", tuple(stories))
    case = case_of(work.city, "again")
    seen = []
    for _ in range(2):  # the second knows nothing of the first: it was killed before it could remember
        sim = Simulated(work, memory=Memory(None, 1, work.city.code))
        sim.do(opening.open_demo(sim.society))
        again = Simulated(work)
        assert again.do(again.society.report(case)).state == "done"
        seen.append({order: [step.key for step in work.store.trail(order)] for order in orders_of(work)})
    assert seen[0] == seen[1] and len(seen[0]) > 3


def test_the_first_orders_are_in_many_states_and_some_hours_old(work: AtWork) -> None:
    sim = Simulated(work)
    sim.do(opening.open_demo(sim.society))
    rows = orders_of(work)
    assert sim.memory.opened and len(rows) >= 12
    states = Counter(rows.values())
    assert len(states) >= 8 and states["reported"] >= 2 and states["handling"] >= 2, states
    lives = [(row, row.life) for row in work.hall.orders.values() if row.life is not None]
    assert {life.asked for _, life in lives} >= {"defer"}
    assert any(row.deadline_at_ms is not None and row.deadline_at_ms < clock.now_ms() for row, _ in lives)
    assert min(row.reported_at_ms for row, _ in lives) < clock.now_ms() - 4 * 60 * MINUTE_MS
    assert not [name for name in sim.counts if "refused" in name], sim.counts


@pytest.fixture
def before_dawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Sunday in the holidays of New Year, when nobody has worked for long."""
    monkeypatch.setattr(clock, "_ahead_ms", clock.parse_now("2027-01-03T05:00:00+08:00"))


def test_the_stages_of_the_first_orders_took_the_time_that_their_stories_say(before_dawn: None, work: AtWork) -> None:
    """Whenever a demo is started the stages have times to show: minutes and hours of working time, not the start's seconds."""
    sim = Simulated(work)
    sim.do(opening.open_demo(sim.society))
    lives = [unpacked(row.life.stints) for row in work.hall.orders.values() if row.life is not None]
    wanted = {"register": (60, 3600), "dispatch": (60, 3600), "handle": (1800, 3 * 3600), "check": (600, 3600)}
    for stage, (least_s, most_s) in wanted.items():
        at = STAGES.index(stage)
        took_s = [life.worked_s[at] for life in lives if life.worked_s[at] != UNKNOWN]
        assert len(took_s) >= 3 and least_s <= statistics.median(took_s) <= most_s, (stage, took_s)


def test_nobody_but_the_played_says_at_a_desk_when_he_did_it(work: AtWork) -> None:
    chief = work.of("c", "duty_chief", scope=work.city.root)
    body = {"id": "a" * 16, "fields": {"text": "灯", "region": work.city.root}, "at_ms": clock.now_ms() - 60 * MINUTE_MS}
    order = chief.post("/api/v1/reports", json=body).json["order"]
    assert work.store.row("order", order).reported_at_ms > clock.now_ms() - MINUTE_MS  # type: ignore[union-attr]


# without a web process


def seen_in(status: str, **more: Any) -> Seen:
    told = {"order": "O1", "status": status, "status_at_ms": 0, "steps": 3, "channel": WECHAT}
    return Seen(**{**told, **more})


def test_every_open_state_goes_on_by_actions_that_the_table_has() -> None:
    for seed in range(40):
        habits = Habits(seed, 1_000_000, 1.0, lambda _: 8.0)
        for status in STATUSES:
            for asked in ("", "defer", "hang"):
                co = (("d3", "dispatched"), ("d2", "handling")) if seed % 2 else ()
                seen = seen_in(status, asked=asked, co_handlers=co, deadline_at_ms=9 * 10**9)
                moves = habits.moves(seen)
                assert moves or not is_open(status), status
                assert all(set(move.actions) <= set(ACTIONS) for move in moves)
                assert [move.at_ms for move in moves] == sorted(move.at_ms for move in moves)
                assert all(move.at_ms > 1_000_000 for move in moves)
                assert moves == habits.moves(seen)


def test_seats_take_their_time_and_begin_anew_with_the_simulation() -> None:
    began_ms = 100 * MINUTE_MS
    for seed in range(60):
        move = Habits(seed, began_ms, 1.0, lambda _: 8.0).moves(seen_in("registered", status_at_ms=0))[0]
        assert move.seats and 20 <= (move.at_ms - began_ms) / MINUTE_MS <= 60


def test_seats_leave_a_few_orders_for_a_visitor_but_not_for_ever(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(society, "LEFT", {"reported": 2})
    monkeypatch.setattr(society, "LEFT_MS", 1e12)
    sim = Simulated(work, QUICK)
    for n in range(3):
        sim.society.expect(case_of(work.city, f"left {n}"))

    async def until_two_are_left() -> None:
        await ran(sim.society, lambda: sum(status != "reported" for status in orders_of(work).values()) == 1)
        await ran(sim.society, lambda: sim.society._waiting["reported"] == 2)
        monkeypatch.setattr(society, "LEFT_MS", 0)
        await ran(sim.society, lambda: "reported" not in orders_of(work).values())

    sim.do(until_two_are_left())


def test_what_people_write_is_what_the_actions_need(town: City) -> None:
    papers = Papers(town, lambda _: 8.0, lambda _: "W2")
    done = {*DONE_BY, "take_up", "return", "progress", "ask_defer", "ask_hang", "resume", "feedback", "request_close"}
    for row in (row for row in TABLE if row.action in done and row.party != "co"):
        for n in range(40):
            told = papers.fields(row.action, seen_in(row.states[0], category="0101", lead="d1"), rng_of("p", n), clock.now_ms())
            if row.choice in ("", told.get("result")) and "co_handler" not in row.needs:
                assert all(any(told.get(name) for name in need.split("|")) for need in row.needs), (row, told)
                assert read_action(town, {"id": "12345678", "action": row.action, "fields": told})[2] == told


def test_a_city_without_departments_dispatches_to_a_worker(city: City) -> None:
    staff = Staff(city, SHARED)
    papers = Papers(city, lambda _: 8.0, lambda region: staff.of_region((region,))[0].worker)
    told = papers.fields("dispatch", seen_in("registered", region="44060500102"), rng_of("p"), clock.now_ms())
    assert told == {"handler": "W2"}
    assert staff.who_does("take_up", seen_in("dispatched", handler="W2"), "", rng_of("p")) is not None
    assert staff.who_does("take_up", seen_in("dispatched", handler="W1"), "", rng_of("p")) is None  # the visitor's own


def test_a_visitor_s_worker_is_nobody_of_the_played_and_secrets_are_made_from_one(town: City) -> None:
    everybody = played(town)
    visitor = visitors_worker(town)
    assert visitor is not None and visitor.worker not in {one.worker for one in everybody}
    made = {secret_of(SHARED, one.name) for one in everybody}
    assert len(made) == len(everybody) == len({one.name for one in everybody})
    assert secret_of("another", "demo-intake") not in made


def test_the_demo_s_people_come_with_its_file_and_go_with_it(store: Store, town: City, tmp_path: Path) -> None:
    (tmp_path / people_setup.FILE).write_text('{"supervisor": "of an older demo"}')
    told = people_setup.demo_secrets(tmp_path)
    assert told["supervisor"] == "of an older demo" and people_setup.demo_secrets(tmp_path) == told
    assert people_setup.played_secret(tmp_path / people_setup.FILE) == told[people_setup.PLAYED]
    people_setup.demo_people(store, town, tmp_path)
    known = logins.known_by_token(store, secret_of(told[people_setup.PLAYED], "demo-W2"), clock.now_ms())
    assert known is not None and (known.person.worker, known.person.roles) == ("W2", ("worker",))
    (tmp_path / people_setup.FILE).unlink()
    people_setup.demo_people(store, town, tmp_path)
    assert people.tokens(store) == [] and people_setup.played_secret(tmp_path / people_setup.FILE) == ""


def test_a_picture_says_that_it_is_simulated_and_is_always_the_same() -> None:
    at = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)
    found, mended = pictures.draw("one", at), pictures.draw("one", at, mended=True)
    assert found == pictures.draw("one", at) != mended != pictures.draw("two", at)
    assert check(found, "image/jpeg").width == pictures.WIDTH and len(found) < 60_000


def test_memory_knows_which_orders_live_here_over_restarts_and_pauses(tmp_path: Path) -> None:
    file, hour = tmp_path / "simulator.json", 3_600_000
    first = Memory(file, 1, "C")
    first.report_here(10 * hour)
    assert not first.is_here(10 * hour - 1) and first.is_here(10 * hour) and first.is_here(99 * hour)
    first.here_ms = 12 * hour
    first.save()
    soon = Memory(file, 1, "C")
    soon.report_here(12 * hour + PAUSE_MS)
    assert soon.here_ms == 12 * hour and soon.is_here(12 * hour + 5)  # came meanwhile, and is told late
    late = Memory(file, 1, "C")
    late.report_here(20 * hour)
    assert late.is_here(11 * hour) and not late.is_here(15 * hour) and late.is_here(20 * hour) and late.here_ms == 20 * hour


def test_what_lives_here_is_not_told_as_an_outside_order(town: City) -> None:
    cases, memory, told = cases_of(town), Memory(None, 1, town.code), []

    class Waiting:
        def expect(self, case: Case) -> None:
            told.append(case)

    day = "2026-06-03"
    begin_ms = town.day_bounds(day)[0] + 12 * 3_600_000
    memory.report_here(begin_ms)
    telling = Telling(cases, town, None, memory, Counter(), Waiting())  # type: ignore[arg-type]
    past = [event for case in cases.of_day(day) for event in telling._expect(case, begin_ms)]
    every = list(cases.of_day(day))
    assert {case.order for case in told} == {case.order for case in every if case.here and case.begin_ms >= begin_ms}
    assert 0.4 < len(told) / len([case for case in every if case.begin_ms >= begin_ms]) < 0.8
    outside = {event["order"] for event in past} | {event["order"] for _, _, event in telling._coming}
    assert outside == {case.order for case in every} - {case.order for case in told}
