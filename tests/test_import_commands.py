"""The importers and the advice of the command line, as a person meets them: what is said, how it ends, and what then helps."""

import csv
import re
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from config.city import City
from config.settings import Settings
from domain.facts import CaseStep, FeedStatus, Position
from store.store import Store
from tests.running import KEY, Running, free_port
from tests.test_app import app

TRACKS = "lat,lng,datetime,uid\n23.001,113.101,2026-11-23 05:53:05,001\n23.002,113.102,2026-11-23 05:53:06,005\n"
BAD = TRACKS + "3.946.166,113.1,2026-11-23 05:53:07,001\n23.0,113.1,soon,001\n"
ORDERS = "编号,上报时间,办结时间,状态\nA1,2026/11/20 9:05,2026/11/20 16:40,已结案\nA2,2026/11/21 9:05,2099/1/1 0:00,已结案\n"
MAPPING = """fields: {order: 编号}
events:
  - {status: reported, at: 上报时间}
  - {status: closed, when: {状态: 已结案}, at: 办结时间}
"""


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: object) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)  # type: ignore[attr-defined]
    yield running
    running.end()


def to(gateway: Running, city_folder: Path) -> list[str]:
    return ["--gateway", str(gateway.http.base_url), "--key", KEY, "--city", str(city_folder)]


def commands(text: str) -> list[list[str]]:
    """The words of each command that a message advises."""
    return [shlex.split(found)[1:] for found in re.findall(r"app\.py [^\n;)]+", text)]


def test_tracks_of_several_people_come_in_as_they_are_and_it_ends_as_it_went(
    gateway: Running, city_folder: Path, tmp_path: Path
) -> None:
    good, bad, none = tmp_path / "good.log", tmp_path / "bad.csv", tmp_path / "none.csv"
    good.write_bytes(TRACKS.encode("utf-16"))
    bad.write_text(BAD), none.write_text("lat,lng,datetime,uid\nx,y,z,1\n")
    done = app("replay", str(good), *to(gateway, city_folder))
    assert done.returncode == 0, done.stderr
    for words in ("worker ← uid", "utf-16", "2 workers (001, 005)", "Asia/Shanghai", "accepted 2", "refused 0"):
        assert words in done.stdout
    facts = [fact for fact in gateway.facts() if isinstance(fact, Position)]
    assert {(fact.worker, fact.fixed_at_ms) for fact in facts} == {("001", 1_795_384_385_000), ("005", 1_795_384_386_000)}
    done = app("replay", str(bad), "--refused", str(tmp_path / "r.csv"), *to(gateway, city_folder))
    assert done.returncode == 1 and f"{bad}:4  latitude is not a number: '3.946.166'" in done.stdout
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [list(row) for row in csv.reader(file)] == [
            ["file", "line", "value", "reason"],
            [str(bad), "4", "3.946.166", "latitude is not a number"],
            [str(bad), "5", "soon", "time is not readable"],
        ]
    assert app("replay", str(none), *to(gateway, city_folder)).returncode == 2
    assert app("replay", str(good), *to(gateway, city_folder)[:3], "a-key-that-nobody-has").returncode == 2


def test_a_rehearsal_sends_nothing_and_ends_as_the_real_thing_would(
    gateway: Running, city_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_text(BAD), (tmp_path / "good.csv").write_text(TRACKS)
    far = tmp_path / "far.csv"
    far.write_text("uid,t,lng,lat\n1,2026-11-23 05:53:05,-118.2,34.0\n")
    for name, code in (("good.csv", 0), ("bad.csv", 1)):
        done = app("replay", str(tmp_path / name), "--dry-run", "--city", str(city_folder))
        assert (done.returncode, "would be accepted 2" in done.stdout) == (code, True), done.stderr
    done = app("replay", str(far), "--dry-run", "--city", str(city_folder))
    assert "outside the country box" in done.stdout and "country_box in city.yaml" in done.stdout
    far.write_text("uid,t,lng,lat\n1,2026-11-23 05:53:05,120.2,34.0\n")
    assert "in no region of 小城" in app("replay", str(far), "--dry-run", "--city", str(city_folder)).stdout
    assert gateway.facts() == []


def test_columns_that_nobody_knows_are_named_by_option_or_by_mapping(city_folder: Path, tmp_path: Path) -> None:
    file, mapping = tmp_path / "t.csv", tmp_path / "m.yaml"
    file.write_text("who|when|breadth|length|pace\n7|23/11/2026 05:53|23.0|113.1|36\n")
    columns = "columns: {worker: who, time: when, lon: length, lat: breadth, speed: pace}"
    mapping.write_text(f'{columns}\ntimes: ["%d/%m/%Y %H:%M"]\n')
    shown = app("replay", str(file), "--dry-run", "--city", str(city_folder))
    assert shown.returncode == 2 and "the columns are who, when, breadth, length, pace" in shown.stdout
    options = ["--worker", "who", "--time", "when", "--lon", "length", "--lat", "breadth", "--speed-column", "pace",
               "--speed-unit", "kmh", "--time-format", "%d/%m/%Y %H:%M"]  # fmt: skip
    for words in (options, ["--mapping", str(mapping)]):
        done = app("replay", str(file), "--dry-run", "--zone", "Asia/Urumqi", "--city", str(city_folder), *words)
        assert done.returncode == 0 and "1 workers (7)" in done.stdout and "(Asia/Urumqi)" in done.stdout, done.stdout
    wrong = app("replay", str(file), "--dry-run", "--speed", "pace")
    assert wrong.returncode == 2 and "--speed-column" in wrong.stderr
    for words in (["--zone", "Mars"], ["--encoding", "klingon"], ["--delimiter", "::"], ["--speed-unit", "mach"]):
        assert app("replay", str(file), "--dry-run", *words).returncode == 2


def test_orders_go_from_a_table_to_a_proposal_to_the_store_by_the_commands_that_are_advised(
    gateway: Running, city_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "工单 11月.csv"
    file.write_bytes(ORDERS.encode("gbk"))
    asked = app("orders", "import", str(file), *to(gateway, city_folder))
    assert asked.returncode == 2
    propose, rehearse = commands(asked.stderr)
    made = str(tmp_path / "mapping.yaml")
    propose, rehearse = ([made if word == "mapping.yaml" else word for word in words] for words in (propose, rehearse))
    assert app(*propose, "--city", str(city_folder)).returncode == 0
    assert app(*propose).returncode == 2  # what somebody has edited is not written over
    rehearsed = app(*rehearse, "--city", str(city_folder))
    assert rehearsed.returncode == 1 and "would be accepted 3" in rehearsed.stdout and gateway.facts() == []
    done = app("orders", "import", str(file), "--mapping", made, *to(gateway, city_folder))
    assert done.returncode == 1 and f"{file}:3  closed lies in the future" in done.stdout
    steps = {(fact.order, fact.status) for fact in gateway.facts() if isinstance(fact, CaseStep)}
    assert steps == {("A1", "reported"), ("A1", "closed"), ("A2", "reported")}


def test_a_workbook_gives_the_same_orders_as_a_table_of_text(gateway: Running, city_folder: Path, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["某街道工单"], *(line.split(",") for line in ORDERS.splitlines())):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    done = app("orders", "import", str(tmp_path / "t.xlsx"), "--mapping", str(tmp_path / "m.yaml"), *to(gateway, city_folder))
    assert done.returncode == 1 and "accepted 3" in done.stdout and "Asia/Shanghai" in done.stdout
    closed = next(fact for fact in gateway.facts() if isinstance(fact, CaseStep) and fact.status == "closed")
    assert closed.at_ms == 1_795_164_000_000


def test_feeds_and_day_numbers_come_in_by_the_same_reader(gateway: Running, city_folder: Path, tmp_path: Path) -> None:
    feeds, days = tmp_path / "feeds.csv", tmp_path / "days.csv"
    feeds.write_bytes("设备编号;名称;状态\n1001;南桂路口;在线\n1002;平西;天晓得\n".encode("gbk"))
    days.write_bytes("热线日报\nday,calls\n2024/7/12,1850\n2024-07-13,1700\n".encode("utf-16"))
    done = app("feeds", "import", str(feeds), *to(gateway, city_folder))
    assert done.returncode == 1 and f"{feeds}:3  unknown status" in done.stdout
    assert [fact.name for fact in gateway.facts() if isinstance(fact, FeedStatus)] == ["南桂路口"]
    done = app("tallies", "import", str(days), *to(gateway, city_folder))
    assert done.returncode == 0 and "accepted 2" in done.stdout, done.stdout


# advice


def test_without_a_city_the_advised_command_makes_one_just_there(tmp_path: Path) -> None:
    """By the very options of `run`: the message's command, word by word, and then the run goes further than it did."""
    data = tmp_path / "my data"
    options = ["--no-demo", "--data-dir", str(data), "--gateway-port", str(free_port()), "--jt808-port", "-1"]
    done = app("run", *options)
    (make,) = commands(done.stderr)
    assert done.returncode == 2 and make == ["city", "make", "guicheng", "--out", str(data / "city" / "guicheng")]
    assert app(*make).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = app("run", *options, "--web-port", str(taken.getsockname()[1]))
    assert done.returncode == 2 and "There is no city" not in done.stderr and "--web-port" in done.stderr


@pytest.mark.parametrize("role", [["projector"], ["gateway"], ["simulate"], ["load"]])
def test_a_role_without_a_city_names_the_command_and_no_traceback(
    role: list[str], tmp_path: Path, store: Store, valkey: object
) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    done = app(*role, "--city", str(tmp_path / "none"), INGEST_KEY=KEY, **where)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert commands(done.stderr) == [["city", "make", "guicheng", "--out", str(tmp_path / "none")]]


def test_check_of_a_folder_that_is_no_city_names_the_command(tmp_path: Path) -> None:
    done = app("check", "--city", str(tmp_path / "none"))
    assert done.returncode == 1 and f"city make guicheng --out {tmp_path / 'none'}" in done.stderr


def test_without_a_key_the_advised_command_makes_one_in_that_store(tmp_path: Path, store: Store, valkey: object) -> None:
    file = tmp_path / "t.csv"
    file.write_text(TRACKS)
    done = app("replay", str(file), DATA_DIR=str(tmp_path))
    ((*add, name, option, folder),) = commands(done.stderr)
    assert (add, name, option, folder) == (["source", "add"], "NAME", "--data-dir", str(tmp_path))
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    assert app(*add, "phones", option, folder, **where).returncode == 0
    away = app(*add, "phones", option, folder)
    assert away.returncode == 2 and "is gridhall running?" in away.stderr


def test_every_advised_command_is_a_command(tmp_path: Path) -> None:
    """Whatever the sources of the command line advise: each such command and option is one that there is."""
    root = Path(__file__).resolve().parent.parent
    houses = ("ingest", "config", "store", "dashboard")
    sources = [*root.glob("*.py"), *(file for house in houses for file in (root / house).rglob("*.py"))]
    found: set[tuple[str, ...]] = set()
    for source in sources:
        for words in re.findall(r"app\.py ([a-z]+(?: [a-z]+)?)((?: --[a-z-]+)*)", source.read_text(encoding="utf-8")):
            found.add((words[0], *words[1].split()))
    assert len(found) > 5
    for name, *options in sorted(found):
        words = name.split()
        helped = app(*words, "--help")
        if helped.returncode and len(words) == 2:  # a command of one word with an argument
            helped = app(words[0], "--help")
        assert helped.returncode == 0, name
        for option in options:
            assert option in helped.stdout, (name, option)
