"""The command line, as a person or a script meets it."""

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import environment
from config.city_calendar import STATE_LAST
from store import embedded, sources
from store.errors import StoreUnfit
from store.store import Store
from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent


def app(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GRIDHALL_")}
    env |= {f"GRIDHALL_{name}": value for name, value in settings.items()} | {"COLUMNS": "200"}
    return subprocess.run([sys.executable, "app.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def test_check_tells_all_faults_of_settings_and_city_at_once(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text("code: '1'\nname: x\ntitle: x\nlevels: [{key: a, zh: a, en: a}]\n")
    (tmp_path / "regions.csv").write_text("code,name,level,parent\n1,x,a,\n2,y,b,1\n3,z,a,9\n")
    done = app("check", "--city", str(tmp_path), WEB_PORT="high")
    assert done.returncode == 1
    for fault in ("GRIDHALL_WEB_PORT", "regions.csv:3", "regions.csv:4"):
        assert fault in done.stderr


def test_check_finds_no_fault_in_a_sound_city(city_folder: Path) -> None:
    done = app("check", "--city", str(city_folder))
    assert done.returncode == 0, done.stderr
    assert "0 faults" in done.stdout


@pytest.mark.parametrize(
    ("days", "said"), [(61, ""), (60, "holidays are known until"), (0, "known until"), (-1, "were known until")]
)
def test_check_warns_of_holidays_that_end(city_folder: Path, days: int, said: str) -> None:
    today = STATE_LAST - dt.timedelta(days=days)
    done = app("check", "--city", str(city_folder), NOW=f"{today}T12:00:00+08:00")
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stdout.splitlines() if line.startswith("warning  calendar.csv:1: ")]
    assert [said in line and str(STATE_LAST) in line for line in warnings] == ([True] if said else [])


def test_a_wrong_setting_stops_every_role_before_it_starts() -> None:
    done = app("projector", WEB_HOST="hall.example")
    assert done.returncode == 2 and "GRIDHALL_WEB_HOST" in done.stderr and "Traceback" not in done.stderr


def test_a_source_is_added_listed_and_removed(store: Store, valkey: object) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    added = app("source", "add", "phones", **where)
    key = added.stdout.strip().split()[-1]
    assert sources.sources(store)["phones"]["key"] == sources.hashed(key)
    sources.keep_refusals(store, [sources.Refusal("phones", "lat out of range: 99", b"{...}", 5)], 10)
    assert "lat out of range" in app("source", "list", **where).stdout
    assert "{...}" in app("source", "rejects", "phones", **where).stdout
    again = app("source", "add", "phones", **where)
    assert again.returncode == 2 and "--replace" in again.stderr and "phones" in again.stderr
    assert sources.sources(store)["phones"]["key"] == sources.hashed(key), "who sends goes on sending"
    assert app("source", "add", "phoney", "--replace", **where).returncode == 2 and "phoney" not in sources.sources(store)
    other = app("source", "add", "phones", "--replace", **where).stdout.strip().split()[-1]
    assert other != key and sources.sources(store)["phones"]["key"] == sources.hashed(other)
    assert app("source", "remove", "phones", **where).returncode == 0
    assert app("source", "remove", "phones", **where).returncode == 2


def test_a_load_of_an_unknown_protocol_is_refused_with_those_there_are(city_folder: Path) -> None:
    done = app("load", "--city", str(city_folder), "--protocols", "json=2,smoke=1", INGEST_KEY="a-key-of-sixteen-or-more")
    assert done.returncode == 2 and "smoke" in done.stderr and "owntracks" in done.stderr


def test_without_a_key_replay_says_what_to_do(tmp_path: Path) -> None:
    done = app("replay", str(tmp_path), DATA_DIR=str(tmp_path))
    assert done.returncode == 2 and "source add" in done.stderr


def test_an_unknown_city_is_refused_with_the_known_ones() -> None:
    done = app("city", "make", "atlantis")
    assert done.returncode == 2 and "guicheng" in done.stderr


def test_a_city_that_is_there_is_not_written_over(city_folder: Path, tmp_path: Path) -> None:
    """Somebody has worked on those files for weeks."""
    folder = shutil.copytree(city_folder, tmp_path / "mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = app("city", "make", "guicheng", "--out", str(folder))
    assert done.returncode == 2 and "--replace" in done.stderr and str(folder) in done.stderr.replace("\n", "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_source_has_a_name_that_counters_can_bear(store: Store, valkey: object) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    for name in ("a|b", "a:b", "", "a b", "unknown", "x" * 65):
        done = app("source", "add", name, **where)
        assert done.returncode == 2 and "Traceback" not in done.stderr, name
    assert app("source", "add", "手机-1", **where).returncode == 0


def test_a_second_run_on_the_same_data_folder_is_refused(tmp_path: Path, city_folder: Path) -> None:
    held = embedded.lock(tmp_path)
    try:
        done = app("run", "--no-demo", "--city", str(city_folder), "--data-dir", str(tmp_path))
        assert done.returncode == 2 and f"another gridhall (process {os.getpid()})" in " ".join(done.stderr.split())
    finally:
        os.close(held)


def test_the_server_of_a_killed_run_holds_the_data_folder_until_it_has_ended(tmp_path: Path) -> None:
    script = "import os, subprocess; from pathlib import Path; from store import embedded; "
    script += f"held = embedded.lock(Path({str(tmp_path)!r})); "
    script += "child = subprocess.Popen(['sleep', '1'], pass_fds=[held]); os._exit(9)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    with pytest.raises(StoreUnfit):
        embedded.lock(tmp_path, patience_s=0)
    os.close(embedded.lock(tmp_path, patience_s=10))


def test_a_run_names_the_port_that_something_else_listens_on(tmp_path: Path, city_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = app("run", "--no-demo", "--city", str(city_folder), "--data-dir", str(tmp_path), "--gateway-port", port,
                   "--web-port", str(free_port()), "--jt808-port", "-1")  # fmt: skip
    assert done.returncode == 2 and f"Port {port}" in done.stderr and "--gateway-port" in done.stderr


def test_a_password_in_an_address_is_never_shown() -> None:
    for wrong in ("redis://:s3cret/with@host:1/0", "http://u:s3cret@host", "redis://:s3cret@host:s3cret"):
        done = app("gateway", REDIS_URL=wrong)
        assert done.returncode == 2 and "GRIDHALL_REDIS_URL" in done.stderr and "s3cret" not in done.stderr


def test_what_waits_for_the_disk_is_not_looked_through_again_and_again() -> None:
    """40,000 lists are what some hundred requests hold that are under way: by itself Python would look 57 times."""
    told = (
        "import gc, app; app.sweep_seldom(); looked = []; gc.callbacks.append(lambda phase, _: looked.append(phase)); "
        "held = [[n] for n in range(40_000)]; print(len(looked), gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0", "True"], done.stderr


def test_a_data_folder_brings_its_city_to_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDHALL_CITY", raising=False)
    assert "GRIDHALL_CITY" not in environment(data_dir=tmp_path)  # it has none: the settings say which
    beside = tmp_path / "city" / "guicheng"
    beside.mkdir(parents=True)
    (beside / "city.yaml").write_text("", encoding="utf-8")
    assert environment(data_dir=tmp_path)["GRIDHALL_CITY"] == str(beside)
    assert environment(data_dir=tmp_path, city=Path("told"))["GRIDHALL_CITY"] == "told"
    monkeypatch.setenv("GRIDHALL_CITY", "set")
    assert environment(data_dir=tmp_path)["GRIDHALL_CITY"] == "set"
