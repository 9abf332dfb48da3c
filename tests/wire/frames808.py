"""The golden frames of the domain reference (D2), and the shorthands of the tests of JT/T 808."""

from ingest.sources.base import Context
from ingest.sources.jt808 import body
from ingest.sources.jt808.session import Event, Refusal, Session

NOW_MS = 1_783_901_735_000
FIXED_AT_MS = 1_783_901_730_000  # 2026-07-13 08:15:30+08:00
PHONE = "13800138000"
CODE = "the-code"

V = bytes.fromhex(
    "7E02000026123456789012007D02000000010000000200BA7F0E07E4F11C0028003C00001810151010100104000000640202007D01137E"
)
A = bytes.fromhex(
    "7E02004025010000000001380013800000070000000000080002015F47EC06BE1888000C002B011326071308153001040000007B3101126A7E"
)
C = bytes.fromhex("7E0200402601380013800000080000000000080002015F47EC06BE1888000C002B01132607130815303001153101125F02ABCD067E")
D = bytes.fromhex("7E0200001C01380013800000090000000000080002015F47EC06BE1888000C002B0113260713081530417E")


def context(received_at_ms: int = NOW_MS, **fields: object) -> Context:
    return Context(source="jt808", received_at_ms=received_at_ms, **fields)  # type: ignore[arg-type]


def admit(device: str, said: body.Registration) -> str | Refusal:
    return Refusal.NO_SUCH_TERMINAL if device == "13800000000" else CODE


def session(accept_bad_checksum: bool = False, *devices: str) -> Session:
    """A session in which everybody may register, and `devices` have authenticated."""
    opened = Session(admit, lambda device, code: code == CODE, accept_bad_checksum)
    opened._known.update(dict.fromkeys(devices))
    return opened


def facts_of(events: list[Event]) -> list[object]:
    return [fact for event in events for fact in event.facts]


def reasons_of(events: list[Event]) -> list[str]:
    return [reject.reason for event in events for reject in event.rejects]
