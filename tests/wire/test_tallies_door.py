"""POST /api/v1/tallies."""

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import DayTally
from ingest.sources import tallies
from ingest.sources.base import Context, Decoded, Refused

AT_MS = 1_783_901_730_000  # 2026-07-13T08:15:30+08:00
REGIONS = {"": "440605", "440605": "440605", "东社区": "440605001"}
CONTEXT = Context(source="12345", received_at_ms=AT_MS, zone=ZoneInfo("Asia/Shanghai"), region_of=REGIONS.get)
CALLS: dict[str, Any] = {"day": "2026-07-12", "key": "calls", "value": 1850}


def decoded(*items: Any) -> Decoded:
    return tallies.decode(json.dumps(items, ensure_ascii=False).encode(), CONTEXT)


def test_all_fields_arrive() -> None:
    found = decoded(CALLS, {**CALLS, "region": "东社区", "key": "police_link_rate", "value": "951", "base": 952,
                            "at": "2026-07-13T08:00:00+08:00"})  # fmt: skip
    about = {"source": "12345", "received_at_ms": AT_MS, "day": "2026-07-12"}
    assert found.rejects == ()
    assert found.facts == (
        DayTally(**about, region="440605", key="calls", value=Decimal(1850), at_ms=AT_MS),
        DayTally(**about, region="440605001", key="police_link_rate", value=Decimal(951), base=Decimal(952),
                 at_ms=AT_MS - 930_000),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"day": None}, "missing field: day"),
        ({"key": ""}, "missing field: key"),
        ({"value": None}, "missing field: value"),
        ({"day": "2026-7-12"}, "day not a day: 2026-7-12 (YYYY-MM-DD)"),
        ({"day": 20260712}, "day not a day: 20260712 (YYYY-MM-DD)"),
        ({"day": "2026-07-14"}, "day out of range: 2026-07-14 (from 2000-01-01 to today)"),
        ({"value": "many"}, "value not a number: many"),
        ({"value": True}, "wrong type of value: True"),
        ({"value": "NaN"}, "value not finite: NaN"),
        ({"value": 12.5}, "value not a count: calls is a whole number from 0"),
        ({"value": -3}, "value not a count: calls is a whole number from 0"),
        ({"key": "police_link_rate"}, "missing field: base (police_link_rate is told as numerator and base)"),
        ({"key": "our|index"}, "key not allowed: our|index (at most 64 characters, no |)"),
        ({"key": 7}, "wrong type of key: 7"),
        ({"region": "月亮"}, "unknown region: 月亮"),
    ],
)
def test_what_is_wrong_is_told_and_the_others_are_taken(fields: dict[str, Any], reason: str) -> None:
    found = decoded(CALLS, {**CALLS, **fields}, CALLS)
    assert len(found.facts) == 2
    assert [(reject.index, reject.reason) for reject in found.rejects] == [(1, reason)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"at": "yesterday"}, "at not a time: yesterday"), ({"base": 3}, "base not wanted: calls is a count")],
)
def test_what_stands_beside_a_number_costs_itself_and_is_told(fields: dict[str, Any], reason: str) -> None:
    found = decoded(CALLS, {**CALLS, **fields})
    assert found.facts[1] == found.facts[0] and found.rejects == ()
    assert [(one.index, one.reason) for one in found.dropped] == [(1, reason)]


def test_numbers_of_tables_are_read_as_they_are_written() -> None:
    values = [fact.value for fact in decoded({**CALLS, "value": "41,489"}, {**CALLS, "key": "ours", "value": 0.1}).facts]
    assert values == [Decimal(41489), Decimal("0.1")]


def test_ndjson_and_gbk_are_read_and_what_is_no_json_is_refused() -> None:
    lines = "\n".join(json.dumps({**CALLS, "key": key}, ensure_ascii=False) for key in ("社情指数", "calls"))
    assert {fact.key for fact in tallies.decode(lines.encode("gbk"), CONTEXT).facts} == {"社情指数", "calls"}
    with pytest.raises(Refused) as refused:
        tallies.decode(b"<xml/>", CONTEXT)
    assert refused.value.status == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(("day", "key", "value", "base", "region", "at")), json_values))
def test_nothing_breaks_the_door(item: dict[str, Any]) -> None:
    found = decoded(item)
    assert len(found.facts) + len(found.rejects) == 1
