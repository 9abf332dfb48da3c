"""All settings of a process: typed, documented, read from `GRIDHALL_*` variables, every fault told at once.

The table in README.md is made from `SETTINGS` and tested against it.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from config.bucket import read_bucket
from config.clock import parse_now


class SettingsError(Exception):
    """One or more settings are wrong; `faults` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Tiles(msgspec.Struct, frozen=True):
    """A tile server under the map. `url` has {z} {x} {y} (and {s}); `datum` gcj02 shifts its tiles onto WGS-84."""

    name: str
    url: str
    datum: str = "wgs84"
    attribution: str = ""
    max_zoom: int = 18
    min_zoom: int = 1
    subdomains: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    city: Path
    data_dir: Path
    redis_url: str
    partitions: int
    web_host: str
    web_port: int
    web_origins: tuple[str, ...]
    web_proxy: bool
    session_hours: int
    session_idle_minutes: int
    admin_token: str
    gateway_host: str
    gateway_port: int
    jt808_port: int
    jt808_admit: str
    jt808_bad_checksum: str
    mqtt_url: str
    mqtt_topic: str
    mqtt_datum: str
    mqtt_client_id: str
    ingest_key: str
    webhook_secrets: dict[str, tuple[str, ...]]
    lang: str
    tiles: tuple[Tiles, ...]
    live_frames_per_s: float
    reading_distance_m: float
    image_height_m: float
    max_body_bytes: int
    files_url: str
    file_max_bytes: int
    append_queue: int
    append_timeout_s: float
    reject_keep: int
    changes_keep: int
    commit_batch: int
    log_level: str
    now: str


class Setting(msgspec.Struct, frozen=True):
    """`name` without the prefix; `default` as it would be typed; `parse` raises ValueError with what would be right."""

    name: str
    default: str
    parse: Callable[[str], Any]
    doc: str
    secret: bool = False


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text) if text.lstrip("-").isdigit() else low - 1
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"a number from {low} to {high}")
        return value

    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError("one of " + ", ".join(words))
        return text

    return parse


def _host(text: str) -> str:
    if text != "localhost":
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ValueError("an address of this machine (127.0.0.1, ::1, 0.0.0.0 for all networks) or localhost") from None
    return text


def _yes_or_no(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _tiles(text: str) -> tuple[Tiles, ...]:
    if not text.strip():
        return ()
    try:
        tiles = msgspec.convert(json.loads(text), tuple[Tiles, ...])
    except (json.JSONDecodeError, msgspec.ValidationError) as wrong:
        raise ValueError(f'a JSON list of {{"name", "url", …}} ({wrong})') from wrong
    if any(tile.datum not in ("wgs84", "gcj02") for tile in tiles):
        raise ValueError("tiles whose datum is wgs84 or gcj02")
    return tiles


def _key(text: str) -> str:
    if text and len(text) < 16:
        raise ValueError("at least 16 characters")
    return text


def _secrets(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for part in _words(text):
        name, _, secret = part.partition("=")
        if not name.strip() or len(secret.strip()) < 16:
            raise ValueError("WEBHOOK=SECRET pairs, comma-separated, each secret of at least 16 characters")
        found[name.strip()] = (*found.get(name.strip(), ()), secret.strip())
    return found


def _address(*schemes: str) -> Callable[[str], str]:
    """An address that may hold a password: what is wrong with it is told without showing any of it."""

    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            right = not text or (parts.scheme in schemes and bool(parts.hostname or parts.path) and parts.port != 0)
        except ValueError:
            right = False
        if not right:
            begins = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"an address that begins with {begins} (/ # ? @ of a password are to be encoded)")
        return text

    return parse


def _moment(text: str) -> str:
    parse_now(text)
    return text


def _bucket(text: str) -> str:
    if text:
        read_bucket(text)
    return text


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("CITY", "var/city/guicheng", Path, "Folder of the city's files (`app.py city make` writes one)."),
    Setting("DATA_DIR", "var", Path, "Where the embedded store, photos, keys and logs live."),
    Setting(
        "REDIS_URL",
        "",
        _address("redis", "rediss", "unix"),
        "A Redis or Valkey server (redis://, unix://). Empty: the embedded one.",
        True,
    ),
    Setting("PARTITIONS", "4", _whole(1, 1024), "Number of partitions; fixed when the store is first used."),
    Setting("WEB_HOST", "127.0.0.1", _host, "Address of the web process; 0.0.0.0 for all networks."),
    Setting("WEB_PORT", "8050", _whole(0, 65535), "Port of the screens and of the read API."),
    Setting("WEB_ORIGINS", "", _words, "Host names (comma-separated) by which the screens are asked for, besides addresses."),
    Setting(
        "WEB_PROXY",
        "0",
        _yes_or_no,
        "1: a proxy of yours stands before the screens and speaks HTTPS. Its X-Forwarded-For and -Proto are believed, and "
        "log-ins travel by HTTPS only.",
    ),
    Setting("SESSION_HOURS", "12", _whole(1, 720), "A log-in ends after so many hours."),
    Setting(
        "SESSION_IDLE_MINUTES", "120", _whole(5, 43_200), "A log-in ends after so many minutes without a screen or request."
    ),
    Setting(
        "ADMIN_TOKEN", "", _key, "Token of a program that administers, set at a first start. At least 16 characters.", True
    ),
    Setting("GATEWAY_HOST", "127.0.0.1", str, "Address on which devices are heard; 0.0.0.0 for all networks."),
    Setting("GATEWAY_PORT", "8060", _whole(0, 65535), "Port of the gateway's HTTP sources."),
    Setting("JT808_PORT", "8061", _whole(-1, 65535), "TCP port of JT/T 808; -1 switches it off."),
    Setting(
        "JT808_ADMIT", "roster", _choice("roster", "all"), "Which terminals may register: those of the roster, or all."
    ),
    Setting(
        "JT808_BAD_CHECKSUM", "reject", _choice("reject", "accept"), "What to do with a frame whose checksum is wrong."
    ),
    Setting(
        "MQTT_URL",
        "",
        _address("mqtt", "mqtts"),
        "Broker of OwnTracks phones, mqtt://user:password@host:1883 or mqtts://…; empty: none.",
        True,
    ),
    Setting("MQTT_TOPIC", "owntracks/+/+", str, "Topic filter subscribed to on the broker."),
    Setting("MQTT_DATUM", "wgs84", _choice("wgs84", "gcj02", "bd09"), "Datum of the positions that come over MQTT."),
    Setting(
        "MQTT_CLIENT_ID", "", str, "Name of this gateway at the broker; empty: made of the machine's and the gateway's address."
    ),
    Setting("INGEST_KEY", "", _key, "Key of the source `default`, set at a first start. At least 16 characters.", True),
    Setting(
        "WEBHOOK_SECRETS",
        "",
        _secrets,
        "What signs each webhook of notices.yaml, NAME=SECRET, comma-separated. A name given twice signs with both, so that "
        "a receiver can change over.",
        True,
    ),
    Setting("LANG", "zh", _choice("zh", "en"), "Language of the screens unless the address says otherwise (?lang=)."),
    Setting("TILES", "", _tiles, "JSON list of tile servers under the map; empty: the city's own vectors only."),
    Setting("LIVE_FRAMES_PER_S", "2", _number(0.1, 20), "Most frames a second that one screen is sent."),
    Setting("READING_DISTANCE_M", "8", _number(0.3, 100), "From how far the wall is read: sets the size of its type."),
    Setting("IMAGE_HEIGHT_M", "2.7", _number(0.1, 50), "Height of the wall's image."),
    Setting(
        "MAX_BODY_BYTES", "8388608", _whole(1024, 1 << 30), "Largest body that the gateway accepts in one request."
    ),
    Setting(
        "FILES_URL",
        "",
        _bucket,
        "S3-compatible bucket of photos and files, s3://KEY:SECRET@host:9000/bucket/prefix?scheme=http&region=…&style=virtual; "
        "empty: below the data folder.",
        True,
    ),
    Setting("FILE_MAX_BYTES", "10485760", _whole(65_536, 64 << 20), "Largest photo or file that is accepted."),
    Setting(
        "APPEND_QUEUE",
        "50000",
        _whole(100, 10_000_000),
        "Facts that may wait for the store before devices are told to keep theirs.",
    ),
    Setting(
        "APPEND_TIMEOUT_S",
        "5",
        _number(0.05, 120),
        "How long a device waits for the store before it is told to keep its fact.",
    ),
    Setting("REJECT_KEEP", "1000", _whole(1, 1_000_000), "Rejected inputs kept with their bytes, per source."),
    Setting("CHANGES_KEEP", "4000", _whole(16, 10_000_000), "Commits kept per partition for screens that catch up."),
    Setting("COMMIT_BATCH", "4000", _whole(1, 100_000), "Most facts folded in one commit."),
    Setting("LOG_LEVEL", "INFO", _choice("DEBUG", "INFO", "WARNING", "ERROR"), "How much is logged."),
    Setting(
        "NOW",
        "",
        _moment,
        "For tests only: the moment at which the clock of all roles begins, 2026-12-31T23:58:00+08:00; it runs on from there. "
        "Empty: the machine's clock.",
    ),
)

PREFIX: Final = "GRIDHALL_"


def load_settings(env: Mapping[str, str]) -> Settings:
    """Read all settings from `env`.

    Raises SettingsError with every fault: wrong values, and `GRIDHALL_*` names that do not exist (a misspelt setting is
    a fault, never silently a default).
    """
    known = {PREFIX + setting.name for setting in SETTINGS}
    faults = [f"{name}: there is no such setting" for name in env if name.startswith(PREFIX) and name not in known]
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = env.get(PREFIX + setting.name, setting.default)
        try:
            values[setting.name.lower()] = setting.parse(text)
        except ValueError as wrong:
            shown = "the value" if setting.secret else repr(text)
            faults.append(f"{PREFIX}{setting.name}: {shown} is not {wrong}")
    if faults:
        raise SettingsError(faults)
    return Settings(**values)


def settings_table() -> str:
    """Markdown table of all settings, as it stands in README.md."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    rows += [f"| `{PREFIX}{s.name}` | {f'`{s.default}`' if s.default else '–'} | {s.doc} |" for s in SETTINGS]
    return "\n".join(rows)
