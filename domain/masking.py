"""Personal data made unreadable: names, phones, numbers of identity cards, doors. Masked is the rule; unmasking is a right.

Of names in the middle of a text only the reporter's own is found; others stay: a report has a field of its own for them.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from domain.states import Card, Order

_GAP: Final = r"[-\s.·–—－_()（）]?"  # people write 138-1234 5678
_DIGIT: Final = re.compile(rf"\d(?:{_GAP}\d){{6}}")
_IDENTITY: Final = re.compile(r"(?<![0-9A-Za-z])(\d{6})\d{8}(\d{3}[0-9Xx])(?![0-9A-Za-z])")
_MOBILE: Final = re.compile(rf"(?<!\d)((?:[+＋]?[8８][6６]|[0０]){_GAP})?([1１]{_GAP}[3-9３-９](?:{_GAP}\d){{9}})(?!\d)")
_LONG: Final = re.compile(r"(?<!\d)(\d{3})\d{4,}(\d{4})(?!\d)")
_LAND_LINE: Final = re.compile(rf"(?<!\d)([0０]\d{{2,3}}{_GAP})\d{{4}}{_GAP}\d{{0,1}}(\d{{3}})(?!\d)")
_CALLED: Final = re.compile(
    r"((?:电话|手机|座机|号码|联系|致电|拨打|tel|phone|call)[^\d]{0,6})\d{4,7}(\d{3})(?!\d)", re.IGNORECASE
)

_DOOR_WORD: Final = r"(?=\s*(?:号楼|号院|号|弄|栋|幢|座|单元|楼|层|室|房|户|铺)(?!线))"
_RUN: Final = re.compile(r"(?<![0-9A-Za-z０-９])[0-9A-Za-z０-９]+")
_NUMERAL: Final = re.compile(rf"[一二三四五六七八九十百千零〇]{{1,8}}{_DOOR_WORD}")
_ROOM: Final = re.compile(r"(?<=\bRoom )[A-Za-z]{1,2}\b", re.IGNORECASE)
_DOOR: Final = re.compile(_DOOR_WORD)
_ROAD: Final = re.compile(r"\s*(?:国道|省道|县道|乡道|高速|号线|大?[路街道巷环])")
_ORDINAL: Final = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)

_SAID_DOOR: Final = re.compile(  # a door as a sentence says it: households and storeys are counts there, and a day is no door
    r"(?<![0-9A-Za-z０-９月])(?:[0-9０-９]{1,6}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百]{1,5})(?:[-－#][0-9A-Za-z０-９]{1,6}){0,4}"
    r"(?=\s?(?:号楼|号院|号|弄|栋|幢|座|单元|楼|室|房|铺)(?!线|文|令|机|台|称))"
    r"|(?:(?<=[0-9０-９*][号栋幢座弄院楼])|(?<=单元))[0-9０-９]{3,6}(?![0-9０-９年月日时点分天])"
    r"|(?<=[路街道巷里村坊苑园])[0-9０-９]{1,6}(?:[-－][0-9０-９]{1,6}){1,4}"
    r"|(?<![0-9A-Za-z])[0-9]{1,6}[A-Za-z]?(?=(?: [A-Z][\w'.]{0,30}){1,4} "
    r"(?:Road|Rd|Street|St|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd)\b)"
    r"|(?<=\bRoom )[0-9A-Za-z-]{1,6}\b|(?<=\b(?:Flat|Unit) )[0-9][0-9A-Za-z-]{0,5}\b"
)

PERSONAL_FIELDS: Final = ("person", "phone", "home")
"""What a report tells of a citizen: name, phone, address. They stand in the trail only, never in a row."""

_IDS: Final = frozenset(("photos", "merged_into", "handler", "co_handlers", "co_handler", "department", "region", "holder"))
_NAMES: Final = re.compile(
    "caller|contact|citizen|person|reporter|complainant|姓名|联系人|来电人|反映人|诉求人|当事人", re.IGNORECASE
)
_PHONES: Final = re.compile(r"phone|mobile|tel|电话|手机|号码", re.IGNORECASE)
_HOMES: Final = re.compile(r"home|address|住址|地址", re.IGNORECASE)


_TOUCHED: Final = re.compile(r"[\dA-Za-z０-９Ａ-Ｚａ-ｚ一二三四五六七八九十百千零〇*\-\s.·–—－_()（）]")


def may_touch(text: str) -> bool:
    """Whether masking could put a star in place of a part of this text, wherever it stands."""
    return bool(_TOUCHED.search(text))


def phone(text: str) -> str:
    """13812345678 → 138****5678; of a number without its area the last three; what is too short for one is hidden whole."""
    if len(text) >= 11:
        return f"{text[:3]}****{text[-4:]}"
    return f"****{text[-3:]}" if len(text) >= 7 else "*" * len(text)


def name(text: str) -> str:
    """梁嘉敏 → 梁**, Ann Smith → A**."""
    return f"{text[:1]}**" if text else ""


def numbers(text: str) -> str:
    """A text with its phone and identity card numbers masked, and every number as long as one; the rest stays readable."""
    while _DIGIT.search(text) and (masked := _numbers(text)) != text:
        text = masked
    return text


def _numbers(text: str) -> str:
    text = _IDENTITY.sub(r"\1********\2", text)
    text = _MOBILE.sub(_mobile, text)
    text = _LONG.sub(r"\1****\2", text)
    text = _LAND_LINE.sub(r"\1****\2", text)
    return _CALLED.sub(r"\1****\2", text)


def _mobile(found: re.Match[str]) -> str:
    digits = "".join(sign for sign in found[2] if sign.isdecimal())
    return f"{found[1] or ''}{digits[:3]}****{digits[-4:]}"


def address(text: str) -> str:
    """The road stays, doors and rooms go: 佛平路188号3座502房 → 佛平路**号**座**房, 325国道旁 → 325国道旁."""
    while (masked := _doors(numbers(text))) != text:
        text = masked
    return text


def prose(text: str, place: str = "", who: str = "") -> str:
    """A title or a text as those see it to whom doors are masked: its numbers, its own `place` wherever it says it, doors
    that it names besides, and `who` reported: 佛平路188号门前3处 → 佛平路**号门前3处. Counts and dates stay.
    """
    if place and place in text:
        text = text.replace(place, address(place))
    if len(who) > 1 and who in text:
        text = text.replace(who, name(who))
    while (masked := _SAID_DOOR.sub("**", numbers(text))) != text:
        text = masked
    return text


def _doors(text: str) -> str:
    return _ROOM.sub("**", _NUMERAL.sub("**", _RUN.sub(_run, text)))


def _run(found: re.Match[str]) -> str:
    """A run of letters and digits: doors have a digit in them, or are letters before a word for a door."""
    run = found[0]
    if not any(sign.isdecimal() for sign in run):
        return "**" if len(run) <= 6 and _DOOR.match(found.string, found.end()) else run
    of_a_road = len(run) <= 3 and _ROAD.match(found.string, found.end())
    return run if of_a_road or _ORDINAL.fullmatch(run) else "**"


def field(key: str, value: str, *, doors: bool = False, place: str = "", who: str = "") -> str:
    """A field of a step as those see it who may not see personal data; `doors`: of the place they may see all; `place`, `who`:
    see `prose`. What a case system tells besides is named `extra.KEY`: there the key has to say what it is.
    """
    kind, _, more = key.partition(".")
    if kind in _IDS:
        return value
    if kind == "person" or _NAMES.search(more):
        return name(value)
    if kind == "phone" or _PHONES.search(more):
        return phone(value)
    if kind == "home" or _HOMES.search(more) or (kind == "address" and not doors):
        return address(value)
    return numbers(value) if doors else prose(value, place, who)


def reporter(value: str, workers: object) -> str:
    """Who reported: staff by their id in `workers` (a container), citizens masked."""
    return name(value) if citizen(value, workers) else value


def citizen(value: str, workers: object) -> str:
    """Who reported, if it is not staff by its id in `workers`; else nothing."""
    return "" if value in workers else value  # type: ignore[operator]


def order(row: Order, workers: object) -> Order:
    """The row with its personal data masked; itself where there is none."""
    return _with(row, workers, address(row.address), lambda text: prose(text, row.address, citizen(row.reporter, workers)))


def lightly(row: Order, workers: object) -> Order:
    """The row as those see it who work on it: the place stays whole, citizens' names and numbers are masked until asked for."""
    return _with(row, workers, numbers(row.address), numbers)


def _with(row: Order, workers: object, place: str, mask: Callable[[str], str]) -> Order:
    changed: dict[str, object] = {
        "title": mask(row.title),
        "text": mask(row.text),
        "address": place,
        "reporter": reporter(row.reporter, workers),
    }
    if row.life is not None and row.life.cards:
        cards = tuple(_card(card, mask) for card in row.life.cards)
        changed["life"] = row.life if cards == row.life.cards else msgspec.structs.replace(row.life, cards=cards)
    same = all(getattr(row, key) == value for key, value in changed.items())
    return row if same else msgspec.structs.replace(row, **changed)


def _card(card: Card, mask: Callable[[str], str]) -> Card:
    texts = {key: mask(getattr(card, key)) for key in ("reason", "answer", "appeal", "decided")}
    return msgspec.structs.replace(card, **texts)
