"""A worker's day as fixed-width records that numpy reads without parsing."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.facts import Position

RECORD: Final = np.dtype(
    [
        ("t", "<i8"),  # ms since the epoch, UTC
        ("lon", "<i4"),  # 1e-7 degree
        ("lat", "<i4"),
        ("speed", "<u2"),  # cm/s; UNKNOWN
        ("accuracy", "<u2"),  # 0.1 m; UNKNOWN
        ("heading", "<u2"),  # 0.01 degree; UNKNOWN
        ("battery", "u1"),  # per cent; 255 unknown
        ("pad", "u1"),
        ("flags", "<u4"),  # domain.facts.FixFlag
    ]
)
UNKNOWN: Final = 65535
DEGREE: Final = 10_000_000
_PACK: Final = struct.Struct("<qiiHHHBBI").pack

assert RECORD.itemsize == struct.calcsize("<qiiHHHBBI")


def _short(value: float | None, unit: float) -> int:
    if value is None or value < 0:
        return UNKNOWN
    return min(round(value * unit), UNKNOWN - 1)


def pack(fix: Position, flags: int) -> bytes:
    """One record of `RECORD.itemsize` bytes. Values beyond a field's range are cut to its largest."""
    return _PACK(
        fix.fixed_at_ms,
        round(fix.lon * DEGREE),
        round(fix.lat * DEGREE),
        _short(fix.speed_mps, 100),
        _short(fix.accuracy_m, 10),
        _short(fix.heading_deg, 100),
        255 if fix.battery_pct is None else min(max(round(fix.battery_pct), 0), 100),
        0,
        flags,
    )


def unpack(data: bytes) -> NDArray[np.void]:
    """Records in the order of arrival; a record cut short at the end (there is none in a sound store) is left out."""
    whole = len(data) - len(data) % RECORD.itemsize
    return np.frombuffer(data[:whole], dtype=RECORD)


def by_time(records: NDArray[np.void]) -> NDArray[np.void]:
    """The records in the order of their fixes (stable)."""
    return records[np.argsort(records["t"], kind="stable")]
