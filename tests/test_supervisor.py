"""The supervisor: a crashed role comes back with back-off and is logged once each time; all end together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supervisor import FIRST_WAIT_S, Role, Supervisor, _reason

SCRIPT = """
import logging, os, sys
sys.path.insert(0, {root!r})
from supervisor import Role, Supervisor
logging.basicConfig(format="%(message)s")
steady = [sys.executable, "-c", "import time; open({mark!r}, 'a').write('s'); time.sleep(60)"]
crashing = [sys.executable, "-c", "open({mark!r}, 'a').write('c'); raise SystemExit(3)"]
Supervisor([Role("steady", steady, os.environ), Role("crashing", crashing, os.environ)]).run()
"""
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "mark"


def start(mark: Path) -> subprocess.Popen[str]:
    script = SCRIPT.format(root=str(ROOT), mark=str(mark))
    return subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(mark: Path, letter: str, times: int) -> None:
    for _ in range(200):
        if mark.exists() and mark.read_text().count(letter) >= times:
            return
        time.sleep(0.05)
    raise AssertionError(mark.read_text() if mark.exists() else "nothing started")


def test_a_crashing_role_is_restarted_with_back_off_and_logged_once_each(mark: Path) -> None:
    supervisor = start(mark)
    wait_for(mark, "c", 3)
    supervisor.terminate()
    _, said = supervisor.communicate(timeout=20)
    lines = [line for line in said.splitlines() if line.startswith("crashing ended (exit code 3)")]
    assert mark.read_text().count("c") - len(lines) in (0, 1)  # the last one may not have been seen to end
    assert f"{FIRST_WAIT_S:.1f} s" in lines[0] and f"{FIRST_WAIT_S * 2:.1f} s" in lines[1]
    assert supervisor.returncode == 0 and mark.read_text().count("s") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_cleanly(mark: Path, number: signal.Signals) -> None:
    supervisor = start(mark)
    wait_for(mark, "s", 1)
    steady = children(supervisor.pid)
    supervisor.send_signal(number)
    supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in steady)


def test_roles_do_not_outlive_a_killed_supervisor(mark: Path) -> None:
    supervisor = start(mark)
    wait_for(mark, "s", 1)
    before = children(supervisor.pid)
    supervisor.kill()
    supervisor.communicate(timeout=20)
    for _ in range(100):
        if not any(os.path.exists(f"/proc/{pid}") for pid in before):
            return
        time.sleep(0.05)
    raise AssertionError("a role lives on")


def test_a_reason_names_the_signal_or_the_code() -> None:
    assert (_reason(-9), _reason(3)) == ("SIGKILL", "exit code 3")


def test_a_role_that_has_run_long_enough_starts_again_at_once_next_time() -> None:
    role = Role("r", [sys.executable, "-c", "pass"], os.environ, crashes=4, wait_s=8.0)
    supervisor = Supervisor([role])
    role.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    role.started_s = time.monotonic() - 100
    supervisor._watch(role)
    supervisor._end()
    assert (role.crashes, role.wait_s) == (0, FIRST_WAIT_S)


def test_a_role_that_cannot_be_started_is_tried_again_and_ends_nothing(tmp_path: Path) -> None:
    role = Role("r", [str(tmp_path / "missing")], os.environ)
    supervisor = Supervisor([role])
    supervisor._start(role)
    assert role.process is None and role.crashes == 1 and role.due_s > time.monotonic()
