"""The tags of a document that is no XML: read one after the other, without asking whether they fit together.

Linear in the length of the document and of bounded memory, whatever stands in it.
"""

import html
from collections.abc import Iterator
from typing import Final

import msgspec

MOST: Final = 1 << 14  # characters of one tag with the text behind it; of more, the beginning and the end are looked at
NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-")
PASSED_OVER: Final = (("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>"), ("!", ">"))


class Tag(msgspec.Struct, frozen=True, gc=False):
    """A tag and the text behind it. `closes`: </name>, `empty`: <name/>; no `name`: what looked like a tag was text."""

    name: str
    text: str
    line: int
    attributes: dict[str, str] = {}
    closes: bool = False
    empty: bool = False


def tags(pieces: Iterator[str]) -> Iterator[Tag]:
    """The tags of a text that comes in pieces."""
    line, until = 1, ""
    for index, (part, breaks) in enumerate(_parts(pieces)):
        if until:
            until = "" if until in part else until
        elif index and (end := next((end for mark, end in PASSED_OVER if part.startswith(mark)), "")):
            until = "" if end in part else end
        elif index:
            yield _tag(part, line)
        line += breaks


def _parts(pieces: Iterator[str]) -> Iterator[tuple[str, int]]:
    """(text up to the next `<`, its line breaks); the first one is before the first `<`."""
    held: list[str] = []
    breaks = 0  # of what was not kept
    for piece in pieces:
        *whole, rest = piece.split("<")
        for part in whole:
            held.append(part)
            yield _joined(held), breaks + sum(one.count("\n") for one in held)
            held, breaks = [], 0
        held.append(rest)
        if sum(map(len, held)) > 4 * MOST:
            kept = _joined(held)
            breaks += sum(one.count("\n") for one in held) - kept.count("\n")
            held = [kept]
    yield _joined(held), breaks + sum(one.count("\n") for one in held)


def _joined(held: list[str]) -> str:
    text = "".join(held)
    return text if len(text) <= MOST else text[: MOST // 2] + text[-MOST // 2 :]


def _tag(part: str, line: int) -> Tag:
    body, mark, text = part.partition(">")
    closes, empty = body.startswith("/"), body.endswith("/")
    inner = body.strip("/")
    length = next((at for at, letter in enumerate(inner) if letter not in NAME), len(inner))
    name = inner[:length]
    if not mark or not name or not (len(inner) == length or inner[length].isspace()):
        return Tag("", html.unescape("<" + part), line)
    return Tag(name, html.unescape(text), line, _attributes(inner[length:]), closes, empty)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while (equals := text.find("=", at)) >= 0:
        name = text[at:equals].strip().rpartition(" ")[2]
        begin = equals + 1
        while begin < len(text) and text[begin].isspace():
            begin += 1
        quote = text[begin : begin + 1]
        end = text.find(quote, begin + 1) if quote in ('"', "'") else -1
        if end < 0:
            break
        found[name] = html.unescape(text[begin + 1 : end])
        at = end + 1
    return found
