"""The mapping of `replay` and `feeds import`: which column is what, where the usual names do not say it.

    zone: Asia/Shanghai                  # of times that name none
    times: ["%d/%m/%Y %H:%M"]            # formats of strptime, tried before the usual ones
    columns: {worker: 工号, time: 时间, lon: X, lat: Y}
    speed_unit: kmh                      # of a column called just "speed" (tracks): mps, kmh or kn
    words: {正常: online, 断线: offline}   # what the table says for the state of a feed
"""

from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from ingest.mapping import MappingErrors

SPEED_UNITS: Final = ("mps", "kmh", "kn")
_KEYS: Final = ("zone", "times", "columns", "speed_unit", "words")


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """{what: the table's own name of the column}, and how its cells are to be read."""

    columns: dict[str, str] = {}
    zone: str = ""
    times: tuple[str, ...] = ()
    speed_unit: str = ""
    words: dict[str, str] = {}


def load_columns(path: Path, known: tuple[str, ...]) -> Columns:
    """The mapping of a file whose columns are some of `known`. Raises MappingErrors with all faults at once."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as wrong:
        raise MappingErrors([f"{path}: {wrong}"]) from wrong
    return make_columns(told if isinstance(told, dict) else {}, known)


def make_columns(told: dict[str, Any], known: tuple[str, ...]) -> Columns:
    """The mapping of a parsed YAML document. Raises MappingErrors."""
    faults = [f"{key}: no such key (known are {', '.join(_KEYS)})" for key in told if key not in _KEYS]
    columns = told.get("columns") or {}
    words = told.get("words") or {}
    times = told.get("times") or []
    if not isinstance(columns, dict) or not isinstance(words, dict):
        faults.append("columns and words: a table each")
        columns, words = {}, {}
    faults += [f"columns.{name}: none of {', '.join(known)}" for name in columns if name not in known]
    unit = str(told.get("speed_unit") or "")
    if unit and unit not in SPEED_UNITS:
        faults.append(f"speed_unit: {unit} is none of {', '.join(SPEED_UNITS)}")
    if faults:
        raise MappingErrors(faults)
    return Columns(
        columns={str(what): str(name) for what, name in columns.items()},
        zone=str(told.get("zone") or ""),
        times=tuple(map(str, times if isinstance(times, list) else [times])),
        speed_unit=unit,
        words={str(word): str(meaning) for word, meaning in words.items()},
    )
