"""Makes bulletins, one at a time in one web process of all: those that are due by the city's plan and those asked for.

The process that holds the lease looks what is due, and takes the oldest job. A job that its maker left unfinished (it died, or
lost the lease) is begun anew by the next, MOST_TRIES times; as a version is added once and only once, two may make it.
"""

import logging
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from dashboard.auditwriter import AuditWriter
from dashboard.bulletins import content, progress
from dashboard.bulletins.firsts import Firsts
from dashboard.bulletins.periods import bounds
from dashboard.bulletins.rows import packed
from dashboard.bulletins.schedule import due
from dashboard.bulletins.shelf import Shelf
from store import bulletins
from store.bulletins import Bulletin, Job
from store.errors import StoreError

if TYPE_CHECKING:
    from dashboard.briefs import Json
    from dashboard.hall import Hall
    from store.store import Store

log = logging.getLogger(__name__)

TURN_S: Final = 2.0
LOOK_S: Final = 0.3
SETTLE_S: Final = 300.0
"""After its start the program publishes nothing by itself for so long: what had to wait meanwhile is still coming in."""

MOST_WAITING: Final = 1000
PAUSE_S: Final = 30.0
MOST_TRIES: Final = 3
RETRY_MS: Final = 600_000
ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = "gridhall"
"""Who stands in the audit log for what was published by plan."""


class Failed(Exception):
    """A version cannot be made; the message says why."""


class LetGo(Exception):
    """This process is to make it no longer: it ends, or another has the lease. The job stands as begun."""


class Maker:
    """The maker of one web process. `start` lets it work in a thread; `turn` is one look at what there is to do."""

    def __init__(self, hall: "Hall", shelf: Shelf, settle_s: float = SETTLE_S) -> None:
        self._hall, self._shelf = hall, shelf
        self._settled_at_s = time.monotonic() + settle_s
        self.owner = secrets.token_hex(8)
        self._audit = AuditWriter(lambda: self._store, hall.now_ms, hall.faults)
        self._firsts = Firsts(hall)
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _store(self) -> "Store":
        assert self._hall.store is not None  # a hall without one publishes nothing
        return self._hall.store

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="bulletins", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """There is something to do, now."""
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)

    def _work(self) -> None:
        while not self._stop.is_set():
            pause_s = TURN_S
            try:
                while self.turn():
                    pass
            except StoreError as silent:
                log.warning("no bulletins for a moment: %s", silent)
                pause_s = PAUSE_S
            except Exception as failed:  # nothing may end the thread, or nothing would be published any more
                self._hall.faults.note("bulletins", failed)
                pause_s = PAUSE_S
            self._wake.wait(pause_s)
            self._wake.clear()
        self._end()

    def _end(self) -> None:
        with self._hall.faults.survive("bulletins"):
            try:
                bulletins.end_lease(self._store, self.owner)
            except StoreError as silent:
                log.debug("the lease runs out by itself: %s", silent)

    def turn(self) -> bool:
        """Make the next version, if there is one and it is this process's to make. Raises StoreError."""
        hall = self._hall
        if self._stop.is_set() or not (hall.ready.is_set() and hall.connected):
            return False
        if not bulletins.take_lease(self._store, self.owner):
            return False
        self._ask_for_what_is_due()
        job = next(self._open_jobs(), None)
        if job is not None:
            self._make(msgspec.structs.replace(job, state="running", tries=job.tries + 1))
        return job is not None

    def _ask_for_what_is_due(self) -> None:
        hall, now_ms = self._hall, self._hall.now_ms()
        if time.monotonic() < self._settled_at_s or self._store.backlog() > MOST_WAITING:
            return
        for one in due(hall.city, bulletins.bulletins(self._store), now_ms, self._firsts.of):
            name = bulletins.version_id(one.kind, one.region, one.period, 1)
            held = bulletins.job(self._store, name)
            if held is None or (held.state == "failed" and held.told_at_ms < now_ms - RETRY_MS):
                new = Job(
                    id=name, kind=one.kind, region=one.region, period=one.period, number=1, reason="", by="", at_ms=now_ms,
                    told_at_ms=now_ms,
                )  # fmt: skip
                bulletins.ask(self._store, new)

    def _open_jobs(self) -> Iterator[Job]:
        for job in bulletins.jobs(self._store):
            if job.is_over:
                continue
            if job.tries < MOST_TRIES:
                yield job
            else:
                self._over(job, "failed", "broken")

    def _make(self, job: Job) -> None:
        try:
            self._publish(job)
        except LetGo as why:
            log.info("the bulletin %s of %s is let go: %s", job.period, job.region, why)
        except StoreError:  # of the store or the files: that is no fault of the job, which is begun anew later
            bulletins.tell(self._store, msgspec.structs.replace(job, state="waiting", step="waiting", tries=job.tries - 1))
            raise
        except (Failed, ValueError, KeyError, OSError) as wrong:
            ours = None if isinstance(wrong, Failed) else wrong
            log.error("the bulletin %s of %s could not be made: %s", job.period, job.region, wrong, exc_info=ours)
            self._over(job, "failed", str(wrong))

    def _publish(self, job: Job) -> None:
        if bulletins.bulletin(self._store, job.id) is None:
            self._tell(job, 1, "counting")
            told, rows, stints = content.freeze(self._hall, job)
            before = self._before(job)
            with tempfile.TemporaryDirectory(prefix="gridhall-bulletin-") as name:
                folder = Path(name)
                (folder / "content.json").write_bytes(msgspec.json.encode({**told, "changes": None}))
                (folder / "rows.parquet").write_bytes(packed(rows))
                (folder / "stints.parquet").write_bytes(packed(stints))
                self._lay_beside(folder, before)
                self._pack(job, folder)
                new = self._record(job, told, before, folder)
            if not job.by:
                self._audit.write("publish", PROGRAM, job.id, job.region, "", {"period": job.period, "version": job.number})
            bulletins.add(self._store, new)
        self._over(job, "done", "")

    def _before(self, job: Job) -> Bulletin | None:
        if job.number == 1:
            return None
        found = bulletins.bulletin(self._store, bulletins.version_id(job.kind, job.region, job.period, job.number - 1))
        if found is None:
            raise Failed(f"there is no version {job.number - 1} to follow")
        return found

    def _lay_beside(self, folder: Path, before: Bulletin | None) -> None:
        """The version before, for the comparison with it."""
        if before is not None:
            (folder / "before.json").write_bytes(self._shelf.bytes_of(before.parts["content"]))
            (folder / "before.parquet").write_bytes(self._shelf.bytes_of(before.parts["rows"]))

    def _pack(self, job: Job, folder: Path) -> None:
        """Let another process make the files, and tell how far it is. Raises Failed, LetGo, StoreError."""
        command = [sys.executable, "-m", "dashboard.bulletins.pack", str(folder)]
        with (folder / "faults").open("wb") as faults:
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=faults, stderr=faults)
            try:
                while process.poll() is None:
                    self._tell(job, *progress.told(folder))
                    time.sleep(LOOK_S)
            finally:
                process.kill()  # does nothing to one that has ended
                process.wait()
        if process.returncode:
            said = (folder / "faults").read_text(errors="replace").strip()
            raise Failed(said.splitlines()[-1][-300:] if said else f"the files: {process.returncode}")

    def _record(self, job: Job, told: "Json", before: Bulletin | None, folder: Path) -> Bulletin:
        held = {"content": "content.json", "rows": "rows.parquet", "stints": "stints.parquet"}
        files = {**held, **{name: name for name in progress.FILES}}
        period = bounds(job.period, self._hall.city)
        return Bulletin(
            id=job.id, kind=job.kind, region=job.region, period=job.period, number=job.number, reason=job.reason, by=job.by,
            from_ms=period.from_ms or 0, to_ms=period.to_ms or 0, as_of_ms=told["as_of_ms"], orders=told["orders"],
            previous=before.id if before else "",
            parts={name: self._shelf.put((folder / file).read_bytes()) for name, file in files.items()},
        )  # fmt: skip

    def _tell(self, job: Job, percent: int, step: str) -> None:
        """Write down how far it is, and stay the maker. Raises LetGo, StoreError."""
        if self._stop.is_set():
            raise LetGo("this process ends")
        if not bulletins.take_lease(self._store, self.owner):
            raise LetGo("another process has the lease")
        told = msgspec.structs.replace(job, percent=percent, step=step, told_at_ms=self._hall.now_ms())
        bulletins.tell(self._store, told)

    def _over(self, job: Job, state: bulletins.State, fault: str) -> None:
        percent = 100 if state == "done" else job.percent
        told = {"state": state, "step": state, "percent": percent, "fault": fault, "told_at_ms": self._hall.now_ms()}
        bulletins.tell(self._store, msgspec.structs.replace(job, **told))
