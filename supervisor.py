"""Keeps the roles of one machine running: a crashed one is restarted with back-off and logged once, and all end together."""

import ctypes
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

log = logging.getLogger("gridhall")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_AFTER_S = 60.0
GRACE_S = 10.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded before any fork: between fork and exec nothing may wait for a lock


@dataclass
class Role:
    """One child process. `ready` tells when those after it may start."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    open_files: Sequence[int] = ()  # which the process shall inherit
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due_s: float = 0.0
    crashes: int = field(default=0)


def _die_with_parent() -> None:
    """A supervisor that is killed must not leave its roles behind (Linux; elsewhere they stay)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Starts roles in order, watches them, and ends them in the opposite order."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.roles = list(roles)
        self.stop = Event()

    def run(self) -> None:
        """Until `stop` is set (Ctrl-C and SIGTERM set it)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stop.set())
        try:
            for role in self.roles:
                self._start(role)
                self._await(role)
            while not self.stop.wait(0.2):
                for role in self.roles:
                    self._watch(role)
        finally:
            self._end()

    def _start(self, role: Role) -> None:
        if self.stop.is_set():
            return
        role.started_s = time.monotonic()
        try:
            role.process = subprocess.Popen(
                role.command,
                env=dict(role.env),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=role.open_files,
                preexec_fn=_die_with_parent,
            )
        except OSError as failed:  # no memory, no process left: that may pass
            self._again(role, f"cannot start: {failed}")

    def _await(self, role: Role) -> None:
        while not self.stop.is_set() and not role.ready():
            self._watch(role)
            self.stop.wait(0.1)

    def _watch(self, role: Role) -> None:
        now_s = time.monotonic()
        if role.process is None:
            if now_s >= role.due_s:
                self._start(role)
            return
        code = role.process.poll()
        if code is None:
            if role.crashes and now_s - role.started_s > STEADY_AFTER_S:
                role.crashes, role.wait_s = 0, FIRST_WAIT_S
            return
        role.process = None
        self._again(role, _reason(code))

    def _again(self, role: Role, why: str) -> None:
        log.error("%s ended (%s), starts again in %.1f s", role.name, why, role.wait_s)
        role.due_s = time.monotonic() + role.wait_s
        role.crashes += 1
        role.wait_s = min(role.wait_s * 2, LONGEST_WAIT_S)

    def _end(self) -> None:
        for role in reversed(self.roles):
            if role.process is not None and role.process.poll() is None:
                role.process.terminate()
                try:
                    role.process.wait(GRACE_S)
                except subprocess.TimeoutExpired:
                    log.error("%s does not end, killed", role.name)
                    role.process.kill()
                    role.process.wait()


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
