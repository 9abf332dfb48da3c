"""`POST /api/v1/feeds`: what a video gateway says of its feeds. One object, an array, or NDJSON.

`feed` and `status` are required; `at` is the time of arrival if it is missing. Credentials are cut out of stream
addresses here, before anything is stored, and out of the bytes that are kept of a rejected item.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from domain.facts import FeedStatus
from ingest.sources import instants, jsonbody
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    Refused,
    entity_id,
    number,
    optional_place,
    shown,
    text_field,
)

SCHEMES: Final = frozenset(("http", "https", "ws", "wss", "rtsp", "rtmp", "srt"))
STREAMS, URL_LENGTH = 16, 2000
_STATUS_WORDS: Final = {
    "online": ("online", "on", "ok", "up", "ready", "available", "1", "true", "在线"),
    "offline": ("offline", "off", "down", "disconnected", "0", "false", "离线"),
    "frozen": ("frozen", "freeze", "stalled", "冻结"),
    "fault": ("fault", "error", "defect", "vlost", "故障"),
}
STATUS_OF: Final = {word: status for status, words in _STATUS_WORDS.items() for word in words}
_SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|passw|passphrase|pwd|credential|signature|api.?key|access.?key|^auth|"
    r"^(pass|user|username|usr|sign|sig|key|ak|sk|tk|jwt|ticket|session|sessionid|streamid|callid)$"
)
# Wider than needed, for bytes that are only kept to be looked at: a password may hold any character
_USERINFO: Final = re.compile(rb"(?s)(?<=//)(?:\\.|[^\"\\])*@")
_QUERY_VALUE: Final = re.compile(rb"([?&;][^=&\"\s#]*=)[^&\"\s]*")
_ESCAPED: Final = re.compile(rb"\\u00(2[013-9a-fA-F]|[3467][0-9a-fA-F]|5[0-9abdefABDEF])")  # all but quote, backslash


def decode(body: bytes, context: Context) -> Decoded:
    """The FeedStatus facts of a request, and a Reject by index for every item that is none.

    Raises Refused(400) when the body as a whole cannot be read.
    """
    try:
        items = list(jsonbody.items(jsonbody.utf8(body)))
    except Refused as refused:
        raise Refused(refused.status, _scrubbed(refused.message)) from None
    return jsonbody.decoded(items, _status, context, lambda reason, raw: (_scrubbed(reason), without_secrets(raw)))


def _scrubbed(text: str) -> str:
    return without_secrets(text.encode()).decode()


def _status(value: dict[str, Any], context: Context) -> FeedStatus:
    for name in ("feed", "status"):
        if value.get(name) is None:
            raise BadInput(f"missing field: {name}")
    lon, lat = optional_place(value, context)
    at = value.get("at")
    return FeedStatus(
        source=context.source,
        received_at_ms=context.received_at_ms,
        feed=entity_id(value["feed"], "feed"),
        at_ms=context.received_at_ms if at in (None, "") else instants.instant_ms(at, "at"),
        status=status_of(value["status"]),
        name=text_field(value, "name", 300),
        lon=lon,
        lat=lat,
        region=text_field(value, "region", 300),
        owner=text_field(value, "owner", 300),
        streams=_streams(value.get("streams")),
        direction_deg=_angle(value, "direction_deg"),
        fov_deg=_angle(value, "fov_deg"),
    )


def status_of(word: object) -> str:
    """online, offline, frozen or fault, from the words of gateways (ON, Offline, VLOST, 1 …). Raises BadInput."""
    key = str(word).strip().lower() if isinstance(word, str | bool | int) else ""
    if key not in STATUS_OF:
        raise BadInput(f"unknown status: {shown(word)} (allowed: {', '.join(_STATUS_WORDS)})")
    return STATUS_OF[key]


def _angle(value: dict[str, Any], name: str) -> float | None:
    found = value.get(name)
    return None if found is None else number(found, name, 0, 360)


def _streams(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadInput("wrong type of streams")
    if len(value) > STREAMS:
        raise BadInput(f"too many streams: {len(value)}, at most {STREAMS}")
    streams: dict[str, str] = {}
    for kind, url in value.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", kind):
            raise BadInput("bad kind of stream")
        if url not in (None, ""):
            streams[kind.lower()] = stream_url(url, kind)
    return streams


def stream_url(url: object, kind: str) -> str:
    """An address without user, password and credential-like parameters. Raises BadInput, which never shows the address."""
    if not isinstance(url, str) or len(url) > URL_LENGTH:
        raise BadInput(f"bad stream address: {kind}")
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadInput(f"bad stream address: {kind}") from None
    if parts.scheme not in SCHEMES:
        raise BadInput(f"stream scheme not allowed: {kind} (allowed: {', '.join(sorted(SCHEMES))})")
    misplaced = "@" in url and "@" not in parts.netloc  # a password with / ? or # in it, taken for path or query
    if not host or misplaced or not url.isprintable():
        raise BadInput(f"bad stream address: {kind}")
    netloc = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _SECRET_NAME.search(pair[0])]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(pairs, quote_via=quote, safe="/:"), ""))


def without_secrets(raw: bytes) -> bytes:
    """The bytes of a rejected item as they may be kept: no userinfo, no value of any query parameter."""
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw).replace(rb"\/", b"/")
    return _QUERY_VALUE.sub(rb"\1", _USERINFO.sub(b"", plain))
