"""Who may ask for which version, and asking for a new one: what pages and API have in common."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dashboard.access import audit, need
from dashboard.api import NotThere
from dashboard.briefs import Json
from dashboard.bulletins.periods import bounds, kind_of
from dashboard.filters import BadQuery, UnknownRegion, region_code
from dashboard.sight import Sight
from store import bulletins
from store.bulletins import Bulletin, Job

if TYPE_CHECKING:
    from dashboard.hall import Hall
    from store.store import Store

LONGEST_REASON: Final = 500


def store_of(hall: "Hall") -> "Store":
    assert hall.store is not None  # whoever asks has been found in it
    return hall.store


def seen_bulletins(seen: Sight, region: str = "", kind: str = "") -> list[Bulletin]:
    """The versions whose region lies in the asker's scope, the newest period first."""
    found = bulletins.bulletins(store_of(seen.hall))
    return [one for one in found if seen.inside(one.region) and region in ("", one.region) and kind in ("", one.kind)]


def seen_bulletin(seen: Sight, bulletin_id: str) -> Bulletin:
    """One of them. Raises Forbidden, NotThere."""
    need("statistics")
    found = bulletins.bulletin(store_of(seen.hall), bulletin_id)
    if found is None or not seen.inside(found.region):
        raise NotThere("bulletin", bulletin_id)
    return found


def pair(seen: Sight, bulletin_id: str, other_id: str) -> tuple[Bulletin, Bulletin]:
    """Two versions of one period, the older one first. Raises Forbidden, NotThere, BadQuery."""
    one, other = seen_bulletin(seen, bulletin_id), seen_bulletin(seen, other_id)
    if (one.kind, one.region, one.period) != (other.kind, other.region, other.period):
        raise BadQuery("with: a version of the same period and region is wanted")
    return (one, other) if one.number <= other.number else (other, one)


def seen_jobs(seen: Sight) -> list[Job]:
    """What is being made, or could not be made lately, in the asker's scope."""
    return [job for job in bulletins.jobs(store_of(seen.hall)) if seen.inside(job.region) and job.state != "done"]


def seen_job(seen: Sight, job_id: str) -> Job:
    """How one of them stands. Raises Forbidden, NotThere."""
    need("statistics")
    job = bulletins.job(store_of(seen.hall), job_id)
    if job is None or not seen.inside(job.region):
        raise NotThere("bulletin", job_id)
    return job


def ask(seen: Sight, who: str, given: Mapping[str, Any], w: Mapping[str, str]) -> Job:
    """Ask for the next version of a period: {period, region, reason}. Raises Forbidden, UnknownRegion, BadQuery (in words).

    The first version needs no reason, every other one does. What is being made already is told instead.
    """
    need("publish")
    region = region_code(seen.city, str(given.get("region") or ""))
    if region not in seen.city.regions:
        raise UnknownRegion(region)
    period, reason = str(given.get("period") or "").strip(), _plain(str(given.get("reason") or ""))
    try:
        kind, to_ms = kind_of(period), bounds(period, seen.hall.city).to_ms
    except ValueError:
        raise BadQuery(w["bulletins.fault.period"]) from None
    now_ms, store = seen.now_ms(), store_of(seen.hall)
    if to_ms is None or to_ms > now_ms:
        raise BadQuery(w["bulletins.fault.not_over"])
    if len(reason) > LONGEST_REASON:
        raise BadQuery(w["bulletins.fault.long"])
    number = len(bulletins.versions(store, kind, region, period)) + 1
    if number > 1 and not reason:
        raise BadQuery(w["bulletins.fault.reason"])
    new = Job(
        id=bulletins.version_id(kind, region, period, number), kind=kind, region=region, period=period, number=number,
        reason=reason if number > 1 else "", by=who, at_ms=now_ms, told_at_ms=now_ms,
    )  # fmt: skip
    audit("publish", new.id, region, period=period, version=number, reason=new.reason)
    return bulletins.ask(store, new)


def _plain(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def version_json(one: Bulletin) -> Json:
    """A version in a list."""
    return {
        "id": one.id, "kind": one.kind, "region": one.region, "period": one.period, "from_ms": one.from_ms, "to_ms": one.to_ms,
        "number": one.number, "reason": one.reason, "by": one.by, "as_of_ms": one.as_of_ms, "orders": one.orders,
        "previous": one.previous or None,
        "parts": {name: {"sha256": part.sha256, "size": part.size} for name, part in one.parts.items()},
    }  # fmt: skip


def job_json(job: Job, w: Mapping[str, str]) -> Json:
    """How far a job is; `fault` in words."""
    fault = w["bulletins.fault.broken"] if job.fault == "broken" else job.fault
    return {
        "id": job.id, "kind": job.kind, "region": job.region, "period": job.period, "number": job.number, "by": job.by,
        "at_ms": job.at_ms, "state": job.state, "step": job.step, "step_name": w[f"bulletins.step.{job.step}"],
        "percent": job.percent, "fault": fault,
    }  # fmt: skip
