"""JSON as a table: a list of objects, a list somewhere inside an object, or an object a line (NDJSON).

Inner objects are columns with a dot: `position.lat`.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ingest.tabular.base import Fault, Form, Row, Table, TableError, shown
from ingest.tabular.content import Lines, encoding_of, lines_of, texts
from ingest.tabular.encoding import Encoding

MOST_WHOLE: Final = 1 << 28  # characters of a list, which is held in memory; lines are not
DEEP: Final = 4
PEEKED: Final = 100

Found = tuple[int, object]


def open_objects(path: Path, form: Form) -> Table:
    """Raises TableError for what is no JSON, or has no list of objects in it."""
    encoding = encoding_of(path, form.encoding)
    notes: list[str] = []
    told = _by_lines(lines_of(path, encoding)) if _is_by_lines(path, encoding) else iter(_whole(path, encoding, notes))
    rows = (_row(line, value) for line, value in told)
    peeked = list(itertools.islice(rows, PEEKED))
    head = dict.fromkeys(name for row in peeked if isinstance(row, Row) for name in row.cells)
    if not peeked:
        raise TableError(f"{path}: the file is empty")
    return Table(path, "JSON", tuple(head), itertools.chain(peeked, rows), encoding=encoding.name, head_line=0, notes=notes)


def _is_by_lines(path: Path, encoding: Encoding) -> bool:
    """Whether the first line that says something is an object of its own."""
    first = next((line for line in lines_of(path, encoding) if line.text.strip()), None)
    if first is None or first.too_long or not first.text.lstrip().startswith("{"):
        return False
    value = _read(first.text)
    return isinstance(value, dict) and (next(_lists(value), None) is None)


def _by_lines(lines: Lines) -> Iterator[Found]:
    for line in lines:
        if line.text.strip():
            yield line.number, _Broken(line.text) if line.too_long else _read(line.text)


def _whole(path: Path, encoding: Encoding, notes: list[str]) -> list[Found]:
    parts, size = [], 0
    for part in texts(path, encoding):
        parts.append(part)
        size += len(part)
        if size > MOST_WHOLE:
            raise TableError(f"{path}: a JSON list of more than {MOST_WHOLE >> 20} MB: write one object a line (NDJSON)")
    text = "".join(parts)
    value = _read(text)
    if isinstance(value, _Broken):
        lines = list(_by_lines(Lines(iter((text,)))))
        if any(isinstance(one, dict) for _, one in lines):
            return lines
        raise TableError(f"{path}: the JSON is broken: {value.why}")
    if isinstance(value, dict):
        return list(enumerate(_joined(list(_lists(value)), notes) or [value], 1))
    if not isinstance(value, list):
        raise TableError(f"{path}: JSON without a list of objects")
    return list(enumerate(value, 1))


def _lists(value: object, name: str = "", deep: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """(name, list) of each list of objects in an object."""
    if not isinstance(value, dict) or deep > DEEP:
        return
    for key, one in value.items():
        if isinstance(one, list) and one and isinstance(one[0], dict):
            yield f"{name}{key}", one
        else:
            yield from _lists(one, f"{name}{key}.", deep + 1)


def _joined(lists: list[tuple[str, list[Any]]], notes: list[str]) -> list[Any]:
    """The objects of the longest list and of all that are like it: cameras by town are cameras. The others are told."""
    if not lists:
        return []
    like = set(max(lists, key=lambda one: len(one[1]))[1][0])
    same = [(name, found) for name, found in lists if len(like & set(found[0])) * 2 >= len(like)]
    names = {name for name, _ in same}
    if others := [name for name, _ in lists if name not in names]:
        notes.append(f"lists not read: {', '.join(others[:5])}")
    return [one for _, found in same for one in found]


class _Broken:
    def __init__(self, text: str, why: str = "not readable") -> None:
        self.text, self.why = text, why


def _read(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as wrong:
        return _Broken(text, str(wrong))


def _row(line: int, value: object) -> Row | Fault:
    if isinstance(value, _Broken):
        return Fault(line, "JSON: not readable", shown(value.text.strip()))
    if not isinstance(value, dict):
        return Fault(line, "not an object", shown(str(value)))
    return Row(line, dict(_cells("", value, 0)))


def _cells(prefix: str, value: dict[str, Any], deep: int) -> Iterator[tuple[str, str]]:
    for name, one in value.items():
        if isinstance(one, dict) and deep < DEEP:
            yield from _cells(f"{prefix}{name}.", one, deep + 1)
        else:
            yield f"{prefix}{name}", _text(one)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return repr(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()
