"""The golden numbers of domain.md C7 out of orders built to match them, to the last shown digit.

The bulletin's orders are told as a case system tells them, step by step, and folded; the year totals of whole cities are built
as columns of equal rows.
"""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from domain.cases import fold_trail, step_of
from domain.counts import Filters, Slice
from domain.facts import CaseStep
from domain.indicators import figures_of, grouped, select
from domain.orderframe import orders_frame
from domain.states import Order
from domain.variants import Variants

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


DECEMBER = {"from_ms": at("2016-12-01"), "to_ms": at("2017-01-01"), "basis": "register"}
AS_OF = at("2017-01-03 10:00")
"""When the bulletin is made."""

EVENTS = {"非法小广告": 474, "其他市容": 147, "乱堆物料": 128, "暴露垃圾": 99, "占道经营": 70, "道路不洁": 53}
COMPONENTS = {"井盖": 14, "路灯": 11}


def facts() -> Iterator[CaseStep]:
    """Tianmen, December 2016: 1,054 accepted, of which 58 were declined at registration. Of the 996: 971 events, 25 components;
    902 and 9 closed, 737 of them in time; 54 and 7 open beyond their limit; 15 and 9 open inside it. 43 came by WeChat.
    """
    matters = [name for name, count in {**EVENTS, **COMPONENTS}.items() for _ in range(count)]
    for n in range(1054):
        registered, event = n < 996, n < 971
        place = n if event else n - 971  # among the events, or the components
        closes = place < (902 if event else 9)
        late_open = not closes and place < (956 if event else 16)
        day = at("2016-12-01 08:00") + (n % 26) * 24 * HOUR
        told = {"order": f"TM{n:04d}", "source": "tianmen", "received_at_ms": AS_OF}
        channel = "微信公众号" if registered and n % 23 == 5 and n // 23 < 43 else "监督员巡查"
        yield CaseStep(at_ms=day, status="reported", channel=channel, category=matters[n] if registered else "噪声", **told)
        yield CaseStep(at_ms=day + HOUR, status="accepted", **told)
        if not registered:
            yield CaseStep(at_ms=day + 2 * HOUR, status="not_registered", **told)
            continue
        limit = at("2017-01-20 12:00") if not closes and not late_open else day + 50 * HOUR
        yield CaseStep(at_ms=day + 2 * HOUR, status="registered", deadline_at_ms=limit, **told)
        yield CaseStep(at_ms=day + 3 * HOUR, status="dispatched", **told)
        if closes:
            in_time = n < 737
            yield CaseStep(at_ms=day + (50 if in_time else 51) * HOUR, status="closed", **told)


@pytest.fixture(scope="module")
def tianmen() -> pd.DataFrame:
    trails: dict[str, list[CaseStep]] = {}
    for fact in facts():
        trails.setdefault(fact.order, []).append(fact)
    frame = orders_frame(fold_trail(name, tuple(map(step_of, told)), lambda *_: ("", False)) for name, told in trails.items())
    frame.attrs["variants"] = Variants(components=frozenset(COMPONENTS))
    return frame


CLOSING = ("registered", "close_due", "closed", "closed_on_time", "open", "closure_rate", "on_time_closure_rate")


def test_the_bulletin_of_tianmen(tianmen: pd.DataFrame) -> None:
    s = Slice(tianmen, Filters(**DECEMBER), AS_OF)  # type: ignore[arg-type]
    told = figures_of(
        s, (*CLOSING, "registered_by_patrol", "patrol_share", "events", "components", "public_verified", "public_share")
    )
    counts = {key: told[key].num for key in ("registered", "close_due", "closed", "closed_on_time", "open")}
    assert counts == {"registered": 996, "close_due": 972, "closed": 911, "closed_on_time": 737, "open": 85}
    closure, on_time = told["closure_rate"], told["on_time_closure_rate"]
    assert (closure.num, closure.den, closure.value4, closure.shown) == (911, 972, "93.7243", "93.72 %")
    assert (on_time.num, on_time.den, on_time.value4, on_time.shown) == (737, 972, "75.8230", "75.82 %")
    assert (told["registered_by_patrol"].num, told["patrol_share"].shown) == (953, "95.68 %")
    assert (told["public_verified"].num, told["public_share"].shown) == (43, "4.32 %")
    assert (told["events"].num, told["components"].num) == (971, 25)


def test_its_events_and_components_and_their_sums(tianmen: pd.DataFrame) -> None:
    s = Slice(tianmen, Filters(**DECEMBER), AS_OF)  # type: ignore[arg-type]
    kinds = {group.key: group.figures for group in grouped(s, CLOSING, "kind")}
    assert kinds.keys() == {"event", "component"}
    found = {kind: [of[key].num for key in ("registered", "close_due", "closed")] for kind, of in kinds.items()}
    assert found == {"event": [971, 956, 902], "component": [25, 16, 9]}
    event, component = kinds["event"]["closure_rate"], kinds["component"]["closure_rate"]
    assert (event.value4, event.shown, component.value4, component.shown) == ("94.3515", "94.35 %", "56.2500", "56.25 %")
    for kind, of in kinds.items():
        only = Filters(kind=kind, **DECEMBER)  # type: ignore[arg-type]
        assert figures_of(Slice(tianmen, only, AS_OF), CLOSING) == of
        for part, count in (("num", of["closure_rate"].num), ("den", of["closure_rate"].den)):
            assert len(select(tianmen, "closure_rate", part, only, AS_OF)) == count  # type: ignore[arg-type]


def test_what_was_accepted_and_the_top_events(tianmen: pd.DataFrame) -> None:
    everything = Slice(tianmen, Filters(from_ms=DECEMBER["from_ms"], to_ms=DECEMBER["to_ms"]), AS_OF)  # type: ignore[arg-type]
    assert figures_of(everything, ("accepted",))["accepted"].shown == "1,054"
    s = Slice(tianmen, Filters(kind="event", **DECEMBER), AS_OF)  # type: ignore[arg-type]
    top = sorted(grouped(s, ("registered",), "category"), key=lambda group: -group.figures["registered"].num)[:3]
    assert [(group.key, group.figures["registered"].num) for group in top] == [
        ("非法小广告", 474),
        ("其他市容", 147),
        ("乱堆物料", 128),
    ]


def test_a_city_that_counts_all_that_is_registered_as_due_gets_another_number_and_says_so(tianmen: pd.DataFrame) -> None:
    other = tianmen.copy()
    other.attrs["variants"] = Variants(close_due="registered", components=frozenset(COMPONENTS))
    figure = figures_of(Slice(other, Filters(**DECEMBER), AS_OF), ("closure_rate",))["closure_rate"]  # type: ignore[arg-type]
    assert (figure.num, figure.den, figure.shown) == (911, 996, "91.47 %")
    assert figure.definition == "closure_rate@1+close_due=registered"
    usual = figures_of(Slice(tianmen, Filters(**DECEMBER), AS_OF), ("closure_rate",))["closure_rate"]  # type: ignore[arg-type]
    assert usual.definition == "closure_rate@1"


def many(closed: int, accepted: int) -> pd.DataFrame:
    """A frame of so many accepted orders, the first of which are closed: two rows, each as often as there are such orders."""
    common = {"reported_at_ms": at("2020-03-01"), "accepted_at_ms": at("2020-03-01 01:00"), "status_at_ms": at("2020-04-01")}
    rows = (Order(order="closed", status="closed", closed_at_ms=at("2020-04-01"), **common),
            Order(order="open", status="handling", **common))  # type: ignore[arg-type]  # fmt: skip
    return orders_frame(rows).iloc[np.repeat([0, 1], [closed, accepted - closed])].reset_index(drop=True)


@pytest.mark.parametrize(
    ("closed", "accepted", "kept", "read", "left"),
    [
        (368_002, 368_267, "99.9280", "99.93 %", 265),  # Liyang 2020
        (16_754, 16_769, "99.9105", "99.91 %", 15),  # Gaoming
        (620_000, 630_000, "98.4127", "98.41 %", 10_000),  # Foshan, from rounded inputs; stated as 超98 %
        (589_800, 597_800, "98.6618", "98.66 %", 8_000),  # Pidu, derived from rounded inputs
        (7_326, 7_369, "99.4165", "99.42 %", 43),  # Guicheng 2019, if the problems found are the base
        (25_000 - 1, 25_000, "99.9960", "99.99 %", 1),  # would round to 100.00: it does not, and the open one stands beside it
        (9_993, 10_000, "99.9300", "99.93 %", 7),
        (1_000, 1_000, "100.0000", "100.00 %", 0),
    ],
    ids=["liyang", "gaoming", "foshan", "pidu", "guicheng", "99.996", "99.93", "all"],
)  # fmt: skip
def test_rates_of_whole_cities(closed: int, accepted: int, kept: str, read: str, left: int) -> None:
    frame = many(closed, accepted)
    told = figures_of(
        Slice(frame, Filters(), at("2021-01-01")), ("accepted", "closed", "open", "completion_rate", "settlement_rate")
    )
    rate = told["completion_rate"]
    assert (rate.num, rate.den, rate.value4, rate.shown) == (closed, accepted, kept, read)
    assert told["open"].num == left == accepted - closed
    assert told["settlement_rate"].shown == read
    assert told["accepted"].shown == f"{accepted:,}"


def test_nothing_of_nothing_is_a_dash() -> None:
    told = figures_of(
        Slice(orders_frame([]), Filters(), AS_OF), ("closure_rate", "on_time_closure_rate", "completion_rate", "closed")
    )
    assert [figure.shown for figure in told.values()] == ["—", "—", "—", "0"]
    assert [figure.value4 for figure in told.values()] == [None] * 4


@pytest.mark.parametrize(("parts", "total"), [((8040, 10754), 18_794), ((745, 207), 952), ((555, 34), 589)])
def test_sums_of_groups_are_the_sums_that_the_texts_state(parts: tuple[int, ...], total: int) -> None:
    """专职 and 兼职 of Foshan, both kinds of grids of Liyang and of Pidu: totals are sums of their groups."""
    kinds = (Order(order=f"o{n}", status="closed", department=f"D{n}") for n in range(len(parts)))
    frame = orders_frame(kinds).iloc[np.repeat(range(len(parts)), parts)].reset_index(drop=True)
    s = Slice(frame, Filters(), AS_OF)
    assert [group.figures["closed"].num for group in grouped(s, ("closed",), "department")] == list(parts)
    assert figures_of(s, ("closed",))["closed"].num == total
