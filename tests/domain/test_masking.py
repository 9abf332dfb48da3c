"""Masking: what must not be read cannot be, what may stays readable, and nothing makes it stumble."""

import re
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import masking
from domain.states import Card, Life, Order

TEXTS = st.text(st.characters(exclude_categories=()))  # halves of pairs of UTF-16 too
DIGITS = st.sampled_from(("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"))
GAPS = st.sampled_from(("", "-", " ", ".", "–", "－", "·"))


@st.composite
def phones(draw: st.DrawFn) -> str:
    """A mobile number as people write it."""
    digits, gap = draw(st.sampled_from(("0123456789", "０１２３４５６７８９"))), draw(GAPS)
    number = (
        "1" + draw(st.sampled_from("3456789")) + "".join(draw(st.lists(st.sampled_from("0123456789"), min_size=9, max_size=9)))
    )
    told = "".join(digits[int(digit)] for digit in number)
    return gap.join((told[:3], told[3:7], told[7:]))


def plain_digits(text: str) -> str:
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)


@given(TEXTS, phones(), TEXTS)
@example("1", "13812345678", "")
@example("电话", "138 1234 5678", "8")
def test_no_text_shows_a_phone(before: str, phone: str, after: str) -> None:
    before, after = before.rstrip("0123456789"), after.lstrip("0123456789")
    told = f"{before} {phone} {after}"
    for masked in (masking.numbers(told), masking.address(told), masking.field("note", told), masking.field("extra.x", told)):
        assert not re.search(r"\d{11}", masked)
        whole = re.sub(r"[^\d]", "", plain_digits(phone))
        assert whole not in plain_digits(masked) and whole[3:7] + whole[7:] not in plain_digits(masked)


@given(TEXTS, DIGITS, st.integers(11, 30), TEXTS)
def test_no_text_shows_a_number_as_long_as_a_phone(before: str, digits: str, length: int, after: str) -> None:
    masked = masking.numbers(f"{before}{(digits * 3)[:length]}{after}")
    assert not re.search(r"\d{11}", masked)


@given(TEXTS)
@example("999999991367-1234567")
@example("电话12号86234567路")
@example("0571-86234567 13812345678")
def test_masking_twice_is_masking_once(text: str) -> None:
    for mask in (masking.numbers, masking.address, masking.phone, masking.name, masking.prose):
        once = mask(text)
        assert mask(once) == once, mask
    for key in ("person", "phone", "home", "address", "note", "extra.来电电话", "extra.caller", "extra.住址", "photos"):
        once = masking.field(key, text)
        assert masking.field(key, once) == once, key


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_row_is_masked_in_every_text_that_may_hold_something_and_in_no_other(
    title: str, text: str, address: str, who: str
) -> None:
    row = Order(order="13812345678", title=title, text=text, address=address, reporter=who, handler="13812345678", version=7)
    for mask in (masking.order, masking.lightly):
        masked = mask(row, {"W1"})
        assert masked == mask(masked, {"W1"}) and (masked.order, masked.handler, masked.version) == (row.order, row.handler, 7)
        assert masked.reporter == (masking.name(who) if who not in ("", "W1") else who)
    assert masking.order(Order(order="x", title="灯不亮"), ()).title == "灯不亮"


@given(TEXTS, TEXTS, TEXTS)
@example("电话", "找", "13812345678")
def test_what_masking_cannot_touch_stays_where_it_is(before: str, wanted: str, after: str) -> None:
    if not masking.may_touch(wanted):
        for mask in (masking.numbers, masking.address, masking.prose):
            assert wanted in mask(before + wanted + after)


def test_a_row_without_anything_personal_is_the_same_object() -> None:
    row = Order(order="x", title="灯不亮", reporter="W1", address="佛平路")
    assert masking.order(row, {"W1"}) is row and masking.lightly(row, {"W1"}) is row


@pytest.mark.parametrize(("told", "masked"), [
    ("电话13812345678，速回", "电话138****5678，速回"), ("+86 138-1234-5678", "+86 138****5678"),
    ("１３８１２３４５６７８", "１３８****５６７８"), ("01381234567", "013****4567"), ("138 1234 5678", "138****5678"),
    ("身份证440605199001011234", "身份证440605********1234"), ("44060519900101123X。", "440605********123X。"),
    ("id44060519900101123X", "id440****1123X"), ("0757-86234567", "0757-****567"), ("(020)86234567", "(020)****567"),
    ("座机：86234567", "座机：****567"), ("2026-07-13 10:30 见 440605-20260713-0001",) * 2,
    ("113.105230, 23.0123", "113.105230, 23.0123"), ("共12处", "共12处"), ("", ""),
])  # fmt: skip
def test_numbers(told: str, masked: str) -> None:
    assert masking.numbers(told) == masked


@pytest.mark.parametrize(("told", "masked"), [
    ("佛平路188号3座502房", "佛平路**号**座**房"), ("佛平路188号3座502", "佛平路**号**座**"),
    ("佛平路12-3-402", "佛平路**-**-**"), ("三号楼二单元六楼", "**号楼**单元**楼"), ("A座1201室", "**座**室"),
    ("325国道旁", "325国道旁"), ("地铁3号线B出口", "地铁3号线B出口"),
    ("3巷5号", "3巷**号"), ("188 Foping Road, Room B", "** Foping Road, Room **"), ("1200 W 5TH ST", "** W 5TH ST"),
    ("千灯湖公园", "千灯湖公园"), ("找梁生13812345678", "找梁生********"), ("１８８号", "**号"),
])  # fmt: skip
def test_addresses(told: str, masked: str) -> None:
    assert masking.address(told) == masked


@pytest.mark.parametrize(("told", "masked"), [
    ("南桂路1号门前有3处积水", "南桂路**号门前有3处积水"), ("佛平路188号3座502漏水", "佛平路**号**座**漏水"),
    ("住三栋二单元，12月5号15点来过", "住**栋**单元，12月5号15点来过"), ("影响6户居民，共3层",) * 2,
    ("乘3号线到桂城站B出口",) * 2, ("佛平路12-3-402没水", "佛平路**没水"), ("停了3天，2026-07-13起",) * 2,
    ("Leak at 188 Foping Road, Room 502, for 3 days", "Leak at ** Foping Road, Room **, for 3 days"),
    ("编号440605-20260713-0001",) * 2, ("城市之光A座前3部电梯", "城市之光**座前3部电梯"), ("灯不亮",) * 2,
])  # fmt: skip
def test_a_sentence_says_no_door_and_every_count(told: str, masked: str) -> None:
    assert masking.prose(told) == masked


def test_a_sentence_does_not_say_what_is_masked_in_its_field() -> None:
    place, who = "塘头大街甲1", "李大四"
    row = Order(order="x", title=f"{place}漏水", text=f"反映人{who}：{place}门口漏水", address=place, reporter=who)
    masked = masking.order(row, ())
    assert (masked.title, masked.text) == ("塘头大街甲**漏水", "反映人李**：塘头大街甲**门口漏水")
    assert masking.lightly(row, ()).text == row.text


def test_what_a_card_says_is_masked_as_the_text_is() -> None:
    card = Card("red", 1, "W1", "塘头大街1号的13812345678等了三天", "d", answer="已致电13812345678")
    row = Order(order="x", life=Life(cards=(card,)))
    for mask, door in ((masking.order, "**"), (masking.lightly, "1")):
        life, reason = mask(row, ()).life, f"塘头大街{door}号的138****5678等了三天"
        assert life is not None and (life.cards[0].reason, life.cards[0].answer) == (reason, "已致电138****5678")
        assert mask(mask(row, ()), ()) == mask(row, ())


@given(TEXTS, TEXTS, TEXTS)
def test_no_title_and_no_text_says_the_place_that_is_masked(before: str, place: str, after: str) -> None:
    row = masking.order(Order(order="x", title=before + place + after, text=place, address=place), ())
    if masking.address(place) != place:
        assert place not in row.text and place not in row.title
        assert masking.order(row, ()) == row


def test_a_phone_shows_no_more_than_helps_to_recognize_it() -> None:
    assert masking.phone("13812345678") == "138****5678"
    assert masking.phone("86234567") == "****567" and masking.phone("1234567") == "****567"
    assert masking.phone("110110") == "******" and masking.phone("") == ""


@pytest.mark.parametrize(("key", "value", "masked"), [
    ("person", "梁嘉敏", "梁**"), ("phone", "13812345678", "138****5678"), ("home", "5座502", "**座**"),
    ("address", "佛平路1号", "佛平路**号"), ("note", "回13812345678", "回138****5678"), ("extra.caller", "梁嘉敏", "梁**"),
    ("extra.来电电话", "86234567", "****567"), ("extra.street_name", "MAIN ST", "MAIN ST"), ("extra.住址", "5号", "**号"),
    ("photos", *("1381234567813812345678138123456a",) * 2), ("handler", "13812345678", "13812345678"),
    ("merged_into", "20260713000001", "20260713000001"),
])  # fmt: skip
def test_fields_of_a_report_by_what_they_are(key: str, value: str, masked: str) -> None:
    assert masking.field(key, value) == masked


@pytest.mark.parametrize(
    "text", ["1" * 4000, "1-" * 2000, "13 " * 1300, "一" * 4000, "电话" * 2000, "A" * 4000, "1 3" * 1300, "0571-" * 800]
)
def test_no_text_makes_it_slow(text: str) -> None:
    begun_s = time.perf_counter()
    masking.address(text), masking.prose(text)
    assert time.perf_counter() - begun_s < 0.3


def test_staff_are_named_and_citizens_are_not() -> None:
    roster: Any = {"W1": object()}
    assert (
        masking.reporter("W1", roster) == "W1"
        and masking.reporter("梁嘉敏", roster) == "梁**"
        and masking.reporter("", roster) == ""
    )
