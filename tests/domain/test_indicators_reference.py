"""Two real tables of cases, read straight into orders: every figure of their references comes out exactly."""

import csv
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from domain.counts import Filters, Slice
from domain.indicators import durations, figures_of, grouped, grouped_durations, select
from domain.orderframe import orders_frame
from domain.states import Order, OrderFlag
from tests.shared_data import data

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = 1_800_000_000_000
KEYS = ("reported", "closed_on_time", "closed_late", "open", "on_time_of_reported", "on_time_of_closed", "closed_of_reported",
        "settlement_rate", "closed")  # fmt: skip


def table(folder: str, file: str) -> list[dict[str, str]]:
    with (data(folder) / file).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def reference(folder: str) -> dict[str, Any]:
    return json.loads((data(folder) / "reference.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def pingshan() -> pd.DataFrame:
    rows = []
    for row in table("events-pingshan", "pingshan_events.csv"):
        at_ms = int(datetime.fromisoformat(row["CREATE_TIME"]).replace(tzinfo=SHANGHAI).timestamp() * 1000)
        on_time = True if row["INTIME_ARCHIVE_NUM"] == "1" else False if row["OVERTIME_ARCHIVE_NUM"] == "1" else None
        rows.append(
            Order(
                order=row["REC_ID"],
                status="reported" if on_time is None else "closed",
                reported_at_ms=at_ms,
                status_at_ms=at_ms,
                on_time=on_time,
                flags=0 if on_time is None else int(OrderFlag.CLOSE_TIME_UNKNOWN),
                region=row["STREET_NAME"] + "/" + row["COMMUNITY_NAME"],
                department=row["DISPOSE_UNIT_NAME"],
                category=row["EVENT_TYPE_NAME"],
                channel=row["EVENT_SRC_NAME"],
            )
        )
    return orders_frame(rows)


GROUPS = {
    "by_STREET_NAME": "region",
    "by_DISPOSE_UNIT_NAME": "department",
    "by_EVENT_TYPE_NAME": "category",
    "by_EVENT_SRC_NAME": "channel",
    "by_month": "month",
}


@pytest.mark.parametrize("group", GROUPS)
def test_pingshans_groups_equal_the_reference(pingshan: pd.DataFrame, group: str) -> None:
    s = Slice(pingshan, Filters(), NOW)
    streets = {name: name.split("/")[0] for name in s.words("region") if name}
    roll = streets if group == "by_STREET_NAME" else None
    found = {g.key: g.figures for g in grouped(s, KEYS, GROUPS[group], SHANGHAI, roll)}
    expected = reference("events-pingshan")[group]
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        of = found[key]
        counts = [of[name].num for name in ("reported", "closed_on_time", "closed_late", "open")]
        assert counts == [wanted["n"], wanted["intime"], wanted["overtime"], wanted["unknown"]]
        assert of["on_time_of_reported"].value4 == f"{wanted['on_time_rate'] * 100:.4f}"


def test_pingshans_totals_and_streets_by_month_open_as_many_orders_as_they_say(pingshan: pd.DataFrame) -> None:
    expected = reference("events-pingshan")
    total = figures_of(Slice(pingshan, Filters(), NOW), KEYS)
    assert (total["closed_on_time"].num, total["closed_late"].num, total["open"].num) == (3481, 493, 2)
    assert (total["on_time_of_reported"].shown, total["on_time_of_closed"].shown) == ("87.55 %", "87.59 %")
    for pair, wanted in expected["by_STREET_NAME_and_month"].items():
        street, month = pair.split("|")
        first, after = (
            int(datetime(int(month[:4]), int(month[5:]) + more, 1, tzinfo=SHANGHAI).timestamp() * 1000) for more in (0, 1)
        )
        words = frozenset(name for name in pingshan["region"].cat.categories if name.startswith(street + "/"))
        filters = Filters(words={"region": words}, from_ms=first, to_ms=after)
        assert len(select(pingshan, "reported", "num", filters, NOW)) == wanted["n"]
        assert len(select(pingshan, "closed_on_time", "num", filters, NOW)) == wanted["intime"]
        assert len(select(pingshan, "closed_late", "num", filters, NOW)) == wanted["overtime"]


@pytest.fixture(scope="module")
def losangeles() -> pd.DataFrame:
    statuses = {"Closed": "closed", "Cancelled": "void", "Referred Out": "not_accepted", "Open": "reported"}

    def at_ms(text: str) -> int | None:
        if not text:
            return None
        # the reference counts with local times as they are written, also where summer time lies between
        return int(datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC).timestamp() * 1000)

    rows = []
    for row in table("events-la2017", "MyLA311_Service_Request_Data_2017_Subset.csv"):
        created, ended, status = at_ms(row["CreatedDate"]), at_ms(row["ClosedDate"]), statuses[row["Status"]]
        assert created is not None
        before = ended is not None and ended < created
        rows.append(
            Order(
                order=row["SRNumber"],
                status=status,
                reported_at_ms=created,
                status_at_ms=ended or created,
                closed_at_ms=ended if status == "closed" else None,
                flags=int(OrderFlag.CLOSED_BEFORE_REPORTED) if before else 0,
                department=row["Owner"],
                category=row["RequestType"],
                channel=row["RequestSource"],
            )
        )
    return orders_frame(rows)


def test_los_angeles_twelve_impossible_orders_are_kept_and_enter_no_duration(losangeles: pd.DataFrame) -> None:
    s = Slice(losangeles, Filters(), NOW)
    expected = reference("events-la2017")["total"]
    total = figures_of(s, KEYS)
    assert (total["reported"].num, total["closed"].num) == (9999, 9739)
    assert (total["closed_of_reported"].value4, total["settlement_rate"].value4) == ("97.3997", "99.9487")
    assert s.count("closed_before_reported") == 12
    took = durations(s, "ended")
    assert took.left_out_before_reported == 12
    assert took.n == 9999 - 5 - 12
    assert took.median_s == pytest.approx(expected["median_hours_to_close"] * 3600, abs=0.2)
    assert took.p90_s == pytest.approx(expected["p90_hours_to_close"] * 3600, abs=0.2)


LA_GROUPS = [("by_owner", "department"), ("by_request_type", "category"), ("by_source", "channel")]


@pytest.mark.parametrize(("group", "by"), LA_GROUPS)
def test_los_angeles_groups_equal_the_reference(losangeles: pd.DataFrame, group: str, by: str) -> None:
    s = Slice(losangeles, Filters(), NOW)
    found = {g.key: g.figures for g in grouped(s, KEYS, by)}
    took = grouped_durations(s, by, of="ended")
    expected = reference("events-la2017")[group]
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        of = found[key]
        assert (of["reported"].num, of["closed"].num) == (wanted["n"], wanted["closed"])
        assert of["settlement_rate"].num == wanted["closed"]
        if wanted["median_hours_to_close"] is not None:
            assert took[key].median_s == pytest.approx(wanted["median_hours_to_close"] * 3600, abs=0.2)
            assert took[key].p90_s == pytest.approx(wanted["p90_hours_to_close"] * 3600, abs=0.2)
