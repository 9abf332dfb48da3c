"""Published periods (通报): records of versions that nobody changes, and the jobs that make them.

The bytes of a version lie among the blobs under their own SHA-256, so that what a record names can be neither replaced nor
mixed up. A record is added once and only after its predecessor; there is no way to change or remove one.
"""

import hashlib
from typing import Final, Literal

import msgspec

from store import keys
from store.errors import StoreUnavailable
from store.store import Store, _answers

Kind = Literal["week", "month", "year"]
KINDS: Final[tuple[Kind, ...]] = ("week", "month", "year")
State = Literal["waiting", "running", "done", "failed"]

LEASE_MS: Final = 30_000
JOBS_KEPT: Final = 50

_ADD: Final = """
if ARGV[3] ~= '' and redis.call('HEXISTS', KEYS[1], ARGV[3]) == 0 then return 0 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
"""
_RENEW: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Part(msgspec.Struct, frozen=True):
    """The bytes of one file of a version: the name of the blob is their SHA-256."""

    sha256: str
    size: int


class Bulletin(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a period of a region. `period` 2026-W43, 2026-10 or 2026; `number` 1, 2, …; `previous` the id before it.

    `parts`: content (JSON), rows and stints (Parquet), one file per form and language: xlsx.zh … `by` "" is the program.
    """

    id: str
    kind: Kind
    region: str
    period: str
    from_ms: int
    to_ms: int
    number: int
    reason: str
    by: str
    as_of_ms: int
    orders: int
    previous: str
    parts: dict[str, Part]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The making of one version, under the id that the version gets. `step` and `percent` tell how far it is.

    `tries`: how often some process has begun it; `at_ms` when it was asked for, `told_at_ms` when somebody last told of it.
    """

    id: str
    kind: Kind
    region: str
    period: str
    number: int
    reason: str
    by: str
    at_ms: int
    told_at_ms: int
    state: State = "waiting"
    step: str = "waiting"
    percent: int = 0
    tries: int = 0
    fault: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")


def version_id(kind: str, region: str, period: str, number: int) -> str:
    """The id of that version: the same for everybody who would make it."""
    return hashlib.sha256(f"{kind}|{region}|{period}|{number}".encode()).hexdigest()[:20]


_encode = msgspec.json.Encoder().encode
_bulletin = msgspec.json.Decoder(Bulletin).decode
_job = msgspec.json.Decoder(Job).decode


def add(store: Store, new: Bulletin) -> bool:
    """Publish: from now on the version is there, for ever. False when it was there already, or its predecessor is not.

    Raises StoreUnavailable.
    """
    with _answers():
        pipe = store.client.pipeline(transaction=False)
        pipe.eval(_ADD, 1, keys.bulletins(), new.id, _encode(new), new.previous)
        if store.waits_for_disk:
            pipe.execute_command("WAITAOF", 1, 0, 5000)
        answers = pipe.execute()
    if store.waits_for_disk and answers[-1][0] < 1:
        raise StoreUnavailable("the append-only file did not reach the disk in five seconds")
    return bool(answers[0])


def bulletin(store: Store, bulletin_id: str) -> Bulletin | None:
    """The version of that id; None: there is none."""
    with _answers():
        blob = store.client.hget(keys.bulletins(), bulletin_id)
    return None if blob is None else _bulletin(blob)


def bulletins(store: Store) -> list[Bulletin]:
    """All versions, the newest period first, of one period the newest version first."""
    with _answers():
        blobs = store.client.hvals(keys.bulletins())
    return sorted(map(_bulletin, blobs), key=lambda one: (-one.to_ms, one.kind, one.region, -one.number))


def versions(store: Store, kind: str, region: str, period: str) -> list[Bulletin]:
    """The versions of one period of a region, the newest first."""
    return [one for one in bulletins(store) if (one.kind, one.region, one.period) == (kind, region, period)]


def ask(store: Store, new: Job) -> Job:
    """Ask for a version: the job that will make it, which is another's where somebody has asked for it already.

    One that failed is begun anew. Raises StoreUnavailable.
    """
    with _answers():
        if store.client.hsetnx(keys.bulletin_jobs(), new.id, _encode(new)):
            _forget_old(store)
            return new
    held = job(store, new.id)
    if held is None or held.state == "failed":
        tell(store, new)
        return new
    return held


def tell(store: Store, told: Job) -> None:
    """Write down how a job stands."""
    with _answers():
        store.client.hset(keys.bulletin_jobs(), told.id, _encode(told))


def job(store: Store, job_id: str) -> Job | None:
    """How a job stands; None for one that nobody asked for, or long ago."""
    with _answers():
        blob = store.client.hget(keys.bulletin_jobs(), job_id)
    return None if blob is None else _job(blob)


def jobs(store: Store) -> list[Job]:
    """The jobs that are kept, in the order in which they were asked for."""
    with _answers():
        blobs = store.client.hvals(keys.bulletin_jobs())
    return sorted(map(_job, blobs), key=lambda one: (one.at_ms, one.id))


def _forget_old(store: Store) -> None:
    over = [one.id for one in jobs(store) if one.is_over]
    if len(over) > JOBS_KEPT:
        store.client.hdel(keys.bulletin_jobs(), *over[: len(over) - JOBS_KEPT])


def take_lease(store: Store, owner: str) -> bool:
    """Become, or stay, the one process that makes bulletins. LEASE_MS after its last word another may."""
    with _answers():
        if store.client.set(keys.bulletin_lease(), owner, nx=True, px=LEASE_MS):
            return True
        return bool(store.client.eval(_RENEW, 1, keys.bulletin_lease(), owner, LEASE_MS))


def end_lease(store: Store, owner: str) -> None:
    """Let another process make them from now on."""
    with _answers():
        store.client.eval(_RELEASE, 1, keys.bulletin_lease(), owner)
