"""The alarm of a worker until a person answers it: who may, what is seen, what the audit log says; and the sources' clocks."""

import re
from collections.abc import Iterator

import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard.figures import figures
from domain.facts import CaseStep, FeedStatus, FixFlag, Heartbeat, Position
from domain.people import PERSON_ROLES, RIGHTS
from domain.states import WorkerFlag
from layouts.device_words import clock_wrong, span
from store.sources import add_source, keep_refusals, new_key
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, at_work, wait_for

WEEK_MS = 604_800_000


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def fix(work: AtWork, ago_s: float = 0, **more: object) -> Position:
    at_ms = work.hall.now_ms() - int(ago_s * 1000)
    told = {"source": "phones", "received_at_ms": at_ms, "worker": "W1", "fixed_at_ms": at_ms, "lon": 113.105, "lat": 23.005}
    return Position(**{**told, **more})  # type: ignore[arg-type]


def alarm(work: AtWork) -> None:
    """A good fix, then the alarm of a device that has no fix."""
    work.tell(fix(work, 60))
    work.store.append([Heartbeat(source="phones", received_at_ms=work.hall.now_ms(), worker="W1", sos=True)])
    wait_for(lambda: bool(work.hall.workers["W1"].flags & WorkerFlag.SOS))


def ask(
    work: AtWork, *roles: str, name: str = "anna", key: str = "answer-0001", **more: str
) -> tuple[int, dict[str, object]]:
    asked = {"id": key, "note": "已联系本人"}
    answer = work.of(name, *roles, **more).post("/api/v1/workers/W1/sos", json=asked)
    return answer.status_code, answer.json or {}


def test_an_alarm_without_a_place_stands_with_the_last_good_one_until_it_is_answered(work: AtWork) -> None:
    alarm(work)
    found = work.of("eye", "supervisor").get("/api/v1/workers/W1").json
    assert "sos" in found["flags"] and found["sos_at"] and (found["lon"], found["lat"]) == (113.105, 23.005)
    work.store.append([fix(work)])
    wait_for(lambda: work.hall.workers["W1"].fixes == 2)
    assert work.hall.workers["W1"].flags & WorkerFlag.SOS
    status, told = ask(work, "supervisor")
    assert (status, told["state"]) == (200, "done")
    assert not work.hall.workers["W1"].flags & WorkerFlag.SOS
    again = work.of("carl", "supervisor").post("/api/v1/workers/W1/sos", json={"id": "answer-0001"})  # as after a broken line
    assert (again.status_code, again.json["state"], again.json["at"]) == (200, "done", told["at"])
    assert ask(work, "supervisor", name="bert", key="answer-0002")[0] == 409
    (line,) = [line for line in work.log() if line.what == "sos_answered"]
    assert (line.who, line.subject) == ("token:anna", "W1")
    assert (line.detail["role"], line.detail["note"]) == ("supervisor", "已联系本人")


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_seats_and_supervisors_answer_and_nobody_else(work: AtWork, role: str) -> None:
    alarm(work)
    more = {"department": {"department": "chengguan"}, "worker": {"worker": "W2"}}.get(role, {})
    expected = 200 if "alarms" in RIGHTS[role] else 403
    assert ask(work, role, **more)[0] == expected
    assert bool(work.hall.workers["W1"].flags & WorkerFlag.SOS) == (expected == 403)


def test_who_is_not_mine_is_not_there(work: AtWork) -> None:
    alarm(work)
    assert ask(work, "supervisor", scope=WEST)[0] == 404
    assert ask(work, "supervisor", scope=EAST, name="east")[0] == 200


WRONG = (None, {}, {"id": "short"}, {"id": "answer-01", "note": 5}, {"id": "answer-01", "note": "x" * 1001})


@pytest.mark.parametrize("body", WRONG)
def test_a_wrong_question_is_told(work: AtWork, body: object) -> None:
    alarm(work)
    assert work.of("anna", "supervisor").post("/api/v1/workers/W1/sos", json=body).status_code == 400


# clocks, and what was left out


def test_a_wrong_clock_is_shown_of_the_worker_the_order_and_the_source(work: AtWork) -> None:
    now_ms = work.hall.now_ms()
    work.tell(fix(work, 60), fix(work, fixed_at_ms=now_ms - 1024 * WEEK_MS))
    work.tell(
        CaseStep(source="12345", received_at_ms=now_ms, order="A1", at_ms=now_ms - 60_000, status="reported", region=EAST),
        CaseStep(source="12345", received_at_ms=now_ms, order="A1", at_ms=now_ms + 3 * 3_600_000, status="handling"),
        FeedStatus(source="video", received_at_ms=now_ms, feed="F1", at_ms=now_ms + 40 * 86_400_000, status="offline"),
    )
    wait_for(lambda: bool(work.hall.workers["W1"].clock_wrong_ms) and work.hall.orders["A1"].steps == 2)
    boss = work.of("boss", "supervisor")
    worker = boss.get("/api/v1/workers/W1?day=" + work.city.day_of(now_ms)).json["worker"]
    assert worker["clock_wrong"] == "该设备时钟有误，慢 19.6 年（1,024 周：卫星接收机周数翻转，需升级）"
    order = boss.get("/api/v1/orders/A1?lang=en").json
    assert "clock_wrong" in order["order"]["flags"] and order["order"]["status"] == "handling"
    assert [step["clock_wrong"] for step in order["trail"]] == ["", "Clock of this system is wrong by 3 h, ahead"]
    reported, handling = order["trail"]
    assert reported["counts_at"] == reported["at"] and handling["counts_at"] == handling["received_at"]
    first = next(stage for stage in order["stages"] if stage["visits"])
    assert first["seconds"] == pytest.approx(60, abs=2)  # and not 3 h
    sources = {item["name"]: item for item in boss.get("/api/v1/sources?lang=en").json["items"]}
    assert {name: sources[name]["misdated"] for name in ("phones", "12345", "video")} == {"phones": 1, "12345": 1, "video": 1}
    assert sources["video"]["clock"] == "40 days, ahead" and sources["phones"]["clock_wrong_at"]


def test_the_page_of_operators_tells_what_was_refused_and_left_out(work: AtWork) -> None:
    work.tell(fix(work))
    keep_refusals(work.store, [], 5, {("phones", "lat out of range"): 3}, {("phones", "speed_mps out of range"): 7})
    page = work.of("boss", "supervisor").get("/status?lang=en").text
    (row,) = re.findall(r'<tr data-source="phones">.*?</tr>', page, re.DOTALL)
    assert "lat out of range 3" in row and "speed_mps out of range 7" in row
    assert work.of("eye", "leader").get("/api/v1/sources").status_code == 403


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_flag_of_workers_fixes_and_orders_of_this_kind_has_words(lang: str) -> None:
    said = words(lang)
    assert said["flag.clock_wrong"] and said["order_flag.clock_wrong"] and said["audit.what.sos_answered"]
    assert all(said[f"fix.{(flag.name or '').lower()}"] for flag in FixFlag)


def test_lengths_are_said_in_their_largest_unit() -> None:
    said = words("en")
    lengths = (5_000, 130_000, 3 * 3_600_000, 40 * 86_400_000, 5 * 366 * 86_400_000)
    assert [span(said, length) for length in lengths] == ["5 s", "2 min", "3 h", "40 days", "5.0 years"]
    assert clock_wrong(said, 0) == ""
    assert "2,048 weeks" in clock_wrong(said, -2048 * WEEK_MS)


def test_the_hall_is_told_who_calls_the_newest_first_by_home_and_by_place(work: AtWork) -> None:
    alarm(work)
    work.store.append([Heartbeat(source="phones", received_at_ms=work.hall.now_ms() + 1, worker="nobody", sos=True)])
    wait_for(lambda: "nobody" in work.hall.workers)
    found = figures(work.hall, "", parts=("calling",))["calling"]
    assert [row["worker"] for row in found["rows"]] == ["nobody", "W1"] and found["total"] == 2
    stranger, known = found["rows"]
    assert (stranger["name"], stranger["grid"], stranger["place_at_ms"], stranger["here_name"]) == ("nobody", "", None, "")
    later_ms = work.hall.now_ms() + 2
    work.store.append(
        [Heartbeat(source="phones", received_at_ms=later_ms + n, worker=f"n{n}", sos=True) for n in range(60)]
    )
    wait_for(lambda: "n59" in work.hall.workers)
    many = figures(work.hall, "", parts=("calling",))["calling"]
    told = [row["worker"] for row in many["rows"]]
    assert many["total"] == 62 and len(told) == 50 and (told[0], told[-2:]) == ("n59", ["nobody", "W1"])
    row = work.hall.workers["W1"]
    assert (known["since_ms"], known["place_at_ms"]) == (row.sos_since_ms, row.fixed_at_ms) and known["here"] == row.region
    work.tell(fix(work, lon=113.111))  # he walks over into the other half, and both are told
    wait_for(lambda: work.hall.workers["W1"].region.startswith(WEST))
    for region in (EAST, WEST):
        assert [row["worker"] for row in figures(work.hall, region, parts=("calling",))["calling"]["rows"]] == ["W1"]


def test_a_source_that_has_never_been_heard_of_is_not_late_and_says_so(work: AtWork) -> None:
    add_source(work.store, "newborn", new_key(), work.hall.now_ms())
    work.tell(fix(work))
    boss = work.of("chief", "supervisor")
    wait_for(lambda: {row["name"] for row in boss.get("/api/v1/sources").json["items"]} >= {"newborn", "phones"})
    found = {row["name"]: row for row in boss.get("/api/v1/sources").json["items"]}
    assert (found["newborn"]["late"], found["newborn"]["last_at"], found["phones"]["late"]) == (False, None, False)
    (row,) = re.findall(r'<tr data-source="newborn">.*?</tr>', boss.get("/status").text, re.DOTALL)
    assert words("zh")["sources.never"] in row and words("zh")["sources.late"] not in row
