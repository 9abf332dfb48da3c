"""`POST /api/v1/feeds`: what a video gateway says of its feeds. One object, an array, or NDJSON.

`feed` and `status` are required; `at` is the time of arrival if it is missing. What else cannot be used (a bad address, an odd
direction) is left out and told: it costs itself, and not the word on the camera. Credentials are cut out of stream
addresses here, before anything is stored, and out of the bytes that are kept of a rejected item.
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from domain.bounds import STREAMS, URL_LENGTH
from domain.facts import FeedStatus
from ingest.sources import instants, jsonbody
from ingest.sources.base import (
    BadInput,
    Context,
    Decoded,
    Refused,
    entity_id,
    number,
    number_as_text,
    optional_place,
    shown,
    spared,
    text_field,
)

SCHEMES: Final = frozenset(("http", "https", "ws", "wss", "rtsp", "rtmp", "srt"))
_STATUS_WORDS: Final = {
    "online": ("online", "on", "ok", "up", "ready", "available", "1", "true", "在线"),
    "offline": ("offline", "off", "down", "disconnected", "0", "false", "离线"),
    "frozen": ("frozen", "freeze", "stalled", "冻结"),
    "fault": ("fault", "error", "defect", "vlost", "故障"),
}
STATUS_OF: Final = {word: status for status, words in _STATUS_WORDS.items() for word in words}
_SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|passw|passphrase|pwd|credential|signature|api.?key|access.?key|^auth|"
    r"^(pass|pw|user|username|usr|loginuse|loginpas|sign|sig|key|ak|sk|tk|jwt|ticket|session|sessionid|streamid|callid|u|p)$"
)
# Wider than needed, for bytes that are only kept to be looked at: a password may hold any character
_USERINFO: Final = re.compile(rb"(?s)(?<=//)(?:\\.|[^\"\\])*@")
_QUERY_VALUE: Final = re.compile(rb"([?&;/][^=&\"\s#/]*=)[^&\"\s]*")
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


def _status(value: dict[str, Any], context: Context, dropped: list[str]) -> FeedStatus:
    for name in ("feed", "status"):
        if value.get(name) is None:
            raise BadInput(f"missing field: {name}")
    lon, lat = spared(dropped, optional_place, value, context) or (None, None)
    at = value.get("at")
    at_ms = None if at in (None, "") else spared(dropped, instants.instant_ms, at, "at")
    return FeedStatus(
        source=context.source,
        received_at_ms=context.received_at_ms,
        feed=entity_id(number_as_text(value["feed"]), "feed"),
        at_ms=context.received_at_ms if at_ms is None else at_ms,
        status=status_of(value["status"]),
        name=text_field(dropped, value, "name", 300),
        lon=lon,
        lat=lat,
        region=text_field(dropped, value, "region", 300),
        owner=text_field(dropped, value, "owner", 300),
        streams=_streams(value.get("streams"), dropped),
        direction_deg=_angle(dropped, value, "direction_deg"),
        fov_deg=_angle(dropped, value, "fov_deg"),
    )


def status_of(word: object) -> str:
    """online, offline, frozen or fault, from the words of gateways (ON, Offline, VLOST, 1 …). Raises BadInput."""
    key = str(word).strip().lower() if isinstance(word, str | bool | int) else ""
    if key not in STATUS_OF:
        raise BadInput(f"unknown status: {shown(word)} (allowed: {', '.join(_STATUS_WORDS)})")
    return STATUS_OF[key]


def _angle(dropped: list[str], value: dict[str, Any], name: str) -> float | None:
    found = value.get(name)
    return None if found in (None, "") else spared(dropped, number, found, name, 0, 360)


def _streams(value: object, dropped: list[str]) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        dropped.append("wrong type of streams")
        return {}
    streams: dict[str, str] = {}
    for kind, url in value.items():
        if url in (None, ""):
            continue
        if len(streams) >= STREAMS:
            dropped.append(f"too many streams: {len(value)}, at most {STREAMS}")
            break
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", kind):
            dropped.append("bad kind of stream")
        elif (plain := spared(dropped, stream_url, url, kind)) is not None:
            streams[kind.lower()] = plain
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
    path = "/".join(_plain_segment(segment) for segment in parts.path.split("/"))
    return urlunsplit((parts.scheme, netloc, path, urlencode(pairs, quote_via=quote, safe="/:"), ""))


def _plain_segment(segment: str) -> str:
    """A segment of a path without credentials: `user=admin&password=x&channel=1` is a query that makers write there."""
    if "=" not in segment:
        return segment
    return "&".join(pair for pair in re.split("[&;]", segment) if not _SECRET_NAME.search(pair.partition("=")[0]))


def without_secrets(raw: bytes) -> bytes:
    """The bytes of a rejected item as they may be kept: no userinfo, no value of any query parameter."""
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw).replace(rb"\/", b"/")
    return _QUERY_VALUE.sub(rb"\1", _USERINFO.sub(b"", plain))
