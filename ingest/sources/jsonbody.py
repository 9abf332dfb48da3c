"""The bodies of our own JSON doors: one object, an array, or one object per line (NDJSON)."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from domain.facts import AnyFact
from ingest.sources.base import BadInput, Context, Decoded, Refused, Reject, reject, shown

_BOM: Final = b"\xef\xbb\xbf"


class Item(msgspec.Struct, frozen=True):
    """One item as it came. `fault` is the reason why `value` is nothing to read; "" when it is an object."""

    index: int
    raw: bytes
    value: dict[str, Any]
    fault: str = ""


def _as_it_is(reason: str, raw: bytes) -> tuple[str, bytes]:
    return reason, raw


def decoded(
    found: Iterable[Item],
    read: Callable[[dict[str, Any], Context, list[str]], AnyFact],
    context: Context,
    kept: Callable[[str, bytes], tuple[str, bytes]] = _as_it_is,
) -> Decoded:
    """The fact that `read` makes of each item, and a Reject by index for every one of which it raises BadInput.

    `read` puts the reasons for which it left out values into the list that it is given. `kept`: (reason, bytes) as they may
    be kept.
    """
    facts: list[AnyFact] = []
    rejects: list[Reject] = []
    dropped: list[Reject] = []
    for item in found:
        reasons: list[str] = []
        try:
            if item.fault:
                raise BadInput(item.fault)
            facts.append(read(item.value, context, reasons))
            dropped += [reject(item.index, *kept(reason, item.raw)) for reason in reasons]
        except BadInput as wrong:
            rejects.append(reject(item.index, *kept(str(wrong), item.raw)))
    return Decoded(tuple(facts), tuple(rejects), tuple(dropped))


def trimmed(body: bytes) -> bytes:
    """The body without byte order mark and surrounding blanks. Raises Refused when nothing is left."""
    found = body.removeprefix(_BOM).strip()
    if not found:
        raise Refused(400, "empty body")
    return found


def utf8(body: bytes) -> bytes:
    """The body in UTF-8: as it is, or transcoded from GB18030 (GBK, GB2312), in which older case systems still write."""
    try:
        body.decode()
    except UnicodeDecodeError:
        try:
            return body.decode("gb18030").encode()
        except UnicodeError:
            raise Refused(400, "text neither UTF-8 nor GB18030") from None
    return body


def items(body: bytes) -> Iterator[Item]:
    """The items of a body, broken ones with their fault. Raises Refused when the body as a whole cannot be read."""
    content = trimmed(body)
    if content.startswith(b"["):
        yield from _array(content)
        return
    single = _read(0, content)
    if not single.fault:
        yield single
        return
    lines = [line.strip() for line in content.split(b"\n")]
    found = [_read(index, line) for index, line in enumerate(line for line in lines if line)]
    if all(item.fault for item in found):
        raise Refused(400, single.fault)
    yield from found


def _array(content: bytes) -> Iterator[Item]:
    try:
        raws = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as wrong:
        yield from _lenient_array(content, str(wrong))
        return
    for index, raw in enumerate(raws):
        yield _read(index, bytes(raw))


def _lenient_array(content: bytes, fault: str) -> Iterator[Item]:
    values = _lenient(content)
    if not isinstance(values, list):
        raise Refused(400, f"bad JSON: {shown(fault)}")
    for index, value in enumerate(values):
        yield _item(index, json.dumps(value, ensure_ascii=False).encode(errors="replace"), value)


def value_of(raw: bytes) -> object:
    """The value that a JSON text is, read leniently where it is not quite JSON. Raises BadInput."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        found = _lenient(raw)
        if found is None:
            raise BadInput(f"bad JSON: {shown(str(wrong))}") from None
        return found


def _read(index: int, raw: bytes) -> Item:
    try:
        return _item(index, raw, value_of(raw))
    except BadInput as wrong:
        return Item(index, raw, {}, str(wrong))


def _item(index: int, raw: bytes, value: object) -> Item:
    if not isinstance(value, dict):
        return Item(index, raw, {}, f"not an object: {shown(value)}")
    return Item(index, raw, value)


def _lenient(raw: bytes) -> object:
    """The value by Python's own reader, which knows the NaN and Infinity that Python clients write; None if it cannot.

    Half a surrogate pair, where a system has cut a text within a character, could not be stored: it becomes a `?`.
    """
    try:
        found: object = json.loads(raw)
        return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None
