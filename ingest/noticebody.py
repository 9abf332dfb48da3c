"""What a webhook is told: the JSON of a notice, signed. The format is documented in docs/webhooks.md; fields are only
ever added.

Nothing personal is in it but the contact of the reporter, and that only in what a rule sends for him.
"""

import datetime as dt
import hashlib
import hmac
from typing import Any, Final

import msgspec

from config.city import City
from config.words import words
from domain import masking
from domain.notices import ENDED, Notice, Sending, word_of

SCHEMA: Final = 1
_encode = msgspec.json.Encoder().encode


def body_of(city: City, notice: Notice, sending: Sending, contact: tuple[str, str], lang: str) -> bytes:
    """The JSON that is posted, the same at every try. `contact`: (name, phone) of the reporter, told where it is for him."""
    person, phone = contact
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "id": sending.id,
        "event": notice.event,
        "event_name": words(lang)[word_of(notice.event)],
        "at": dt.datetime.fromtimestamp(notice.at_ms / 1000, city.zone).isoformat(timespec="milliseconds"),
        "order": notice.order,
        "link": f"/order/{notice.order}",
        "title": _title(city, notice, lang),
        "status": notice.status,
        "status_name": words(lang)[f"status.{notice.status}"],
        "category": notice.category,
        "category_name": _name(city.matters.get(notice.category), notice.category, lang),
        "region": notice.region,
        "region_name": _name(city.regions.get(notice.region), notice.region, lang),
        "department": notice.department,
        "department_name": _name(city.departments.get(notice.department), notice.department, lang),
        "result": masking.numbers(notice.reason),
        "by": {"role": notice.role, "actor": notice.actor},
        "to": {"roles": notice.roles, "departments": notice.departments, "workers": notice.workers},
        "lang": lang,
    }
    told["text"] = text_of(told, for_reporter=sending.reporter)
    if sending.reporter:
        told["reporter"] = {"person": person, "phone": phone}
        told["by"] = {"role": notice.role}  # who of the staff it was is no matter of an SMS gateway
        told["to"] = {"reporter": True}
    return _encode(told)


def text_of(told: dict[str, Any], *, for_reporter: bool) -> str:
    """The notice as one sentence: what an SMS says."""
    said = words(told["lang"])
    places = {"title": told["title"], "order": told["order"], "event": told["event_name"], "result": told["result"]}
    if for_reporter:
        key = f"notice.reporter.{told['status']}" if told["event"] == ENDED else ""
        return said.get(key, said["notice.reporter.other"]).format(**places).strip()
    return said["notice.staff"].format(**places, department=told["department_name"], reason=told["result"]).strip()


def _title(city: City, notice: Notice, lang: str) -> str:
    return masking.numbers(notice.title) or _name(city.matters.get(notice.category), notice.category, lang) or notice.order


def _name(entry: Any, fallback: str, lang: str) -> str:
    if entry is None:
        return fallback
    return str(entry.name_en or entry.name if lang == "en" else entry.name)


def headers_of(sending_id: str, body: bytes, secrets: tuple[str, ...], now_s: int) -> dict[str, str]:
    """The headers of one try. The signature is HMAC-SHA256 over `TIMESTAMP.BODY`, one for each secret."""
    signed = str(now_s).encode() + b"." + body
    marks = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return {
        "Content-Type": "application/json",
        "User-Agent": "gridhall",
        "X-Gridhall-Id": sending_id,
        "X-Gridhall-Timestamp": str(now_s),
        "X-Gridhall-Signature": ",".join(f"v1={mark}" for mark in marks),
    }
