"""Three real tables of cases, read straight into orders: every rate by every grouping of their references comes out exactly.

Two voices confirm each number: the reference of the data set, and a recount with plain pandas from the raw file here.
"""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from domain.counts import Filters, Slice
from domain.indicators import Durations, Figure, durations, figures_of, grouped, grouped_durations, select
from domain.orderframe import orders_frame
from domain.states import Order, OrderFlag
from tests.shared_data import data

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = ZoneInfo("UTC")  # these references count with local times as they are written, also where summer time lies between
NOW = 1_800_000_000_000
HOUR_S = 3600


class Table(NamedTuple):
    """A data set. `groups`: grouping of the reference → (column of the frame, column of the file)."""

    folder: str
    file: str
    zone: ZoneInfo
    order_of: Callable[[dict[str, str]], Order]
    groups: dict[str, tuple[str, str]]
    part: str = ""  # of reference.json


def pingshan(row: dict[str, str]) -> Order:
    at_ms = int(datetime.fromisoformat(row["CREATE_TIME"]).replace(tzinfo=SHANGHAI).timestamp() * 1000)
    on_time = True if row["INTIME_ARCHIVE_NUM"] == "1" else False if row["OVERTIME_ARCHIVE_NUM"] == "1" else None
    return Order(
        order=row["REC_ID"],
        status="reported" if on_time is None else "closed",
        reported_at_ms=at_ms,
        status_at_ms=at_ms,
        on_time=on_time,
        flags=0 if on_time is None else int(OrderFlag.CLOSE_TIME_UNKNOWN),
        region=row["STREET_NAME"],
        reporter=row["COMMUNITY_NAME"],
        handler=row["EVENT_PROPERTY_NAME"],
        department=row["DISPOSE_UNIT_NAME"],
        category=row["EVENT_TYPE_NAME"],
        channel=row["EVENT_SRC_NAME"],
    )


STATUSES = {"Closed": "closed", "Cancelled": "void", "Referred Out": "not_accepted", "Open": "reported",
            "Assigned": "dispatched", "Pending": "handling"}  # fmt: skip


def american(row: dict[str, str], key: str, created: str, ended: str, due: str = "", **words: str) -> Order:
    def at_ms(column: str) -> int | None:
        text = row.get(column, "")
        return int(datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC).timestamp() * 1000) if text else None

    created_ms, ended_ms, due_ms, status = at_ms(created), at_ms(ended), at_ms(due), STATUSES[row["Status"]]
    assert created_ms is not None
    closed = status == "closed"
    return Order(
        order=row[key],
        status=status,
        reported_at_ms=created_ms,
        status_at_ms=created_ms if ended_ms is None else ended_ms,
        closed_at_ms=ended_ms if closed else None,
        deadline_at_ms=due_ms,
        on_time=None if not closed or due_ms is None or ended_ms is None else ended_ms <= due_ms,
        flags=int(OrderFlag.CLOSED_BEFORE_REPORTED) if ended_ms is not None and ended_ms < created_ms else 0,
        **{name: row[column] for name, column in words.items()},  # type: ignore[arg-type]
    )


def los_angeles(row: dict[str, str]) -> Order:
    words = {"department": "Owner", "category": "RequestType", "channel": "RequestSource", "region": "APC"}
    return american(row, "SRNumber", "CreatedDate", "ClosedDate", **words)


def new_york(row: dict[str, str]) -> Order:
    words = {"department": "Agency", "category": "Complaint Type", "region": "Borough"}
    return american(row, "Unique Key", "Created Date", "Closed Date", "Due Date", **words)


OF_PINGSHAN = {"STREET_NAME": ("region", "STREET_NAME"), "COMMUNITY_NAME": ("reporter", "COMMUNITY_NAME"),
               "EVENT_TYPE_NAME": ("category", "EVENT_TYPE_NAME"), "EVENT_SRC_NAME": ("channel", "EVENT_SRC_NAME"),
               "EVENT_PROPERTY_NAME": ("handler", "EVENT_PROPERTY_NAME"),
               "DISPOSE_UNIT_NAME": ("department", "DISPOSE_UNIT_NAME")}  # fmt: skip
OF_LOS_ANGELES = {"owner": ("department", "Owner"), "request_type": ("category", "RequestType"),
                  "source": ("channel", "RequestSource"), "area_APC": ("region", "APC")}  # fmt: skip
OF_NEW_YORK = {"agency": ("department", "Agency"), "complaint_type": ("category", "Complaint Type"),
               "borough": ("region", "Borough")}  # fmt: skip
FILES_OF_NEW_YORK = ("311_subset.micro.csv", "311_nyc_sample.csv", "311-service-requests.sample.csv")
TABLES = {
    "pingshan": Table("events-pingshan", "pingshan_events.csv", SHANGHAI, pingshan, OF_PINGSHAN),
    "losangeles": Table("events-la2017", "MyLA311_Service_Request_Data_2017_Subset.csv", PLAIN, los_angeles, OF_LOS_ANGELES),
    **{name: Table("events-nyc311", name, PLAIN, new_york, OF_NEW_YORK, name) for name in FILES_OF_NEW_YORK},
}
KEYS = ("reported", "closed", "closed_on_time", "closed_late", "open", "on_time_of_reported", "on_time_of_closed",
        "closed_of_reported", "settlement_rate", "within_24h_rate", "within_72h_rate", "within_168h_rate")  # fmt: skip


@cache
def reference(name: str) -> dict[str, Any]:
    table = TABLES[name]
    told = json.loads((data(table.folder) / "reference.json").read_text(encoding="utf-8"))
    return told[table.part] if table.part else told  # type: ignore[no-any-return]


@cache
def rows(name: str) -> list[dict[str, str]]:
    table = TABLES[name]
    with (data(table.folder) / table.file).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def frame(name: str) -> pd.DataFrame:
    return orders_frame(TABLES[name].order_of(row) for row in rows(name))


RATES = {
    "on_time_rate": "on_time_of_reported", "on_time_rate_of_closed": "on_time_of_closed",
    "closure_rate": "closed_of_reported", "closure_rate_net": "settlement_rate",
    "within_24h": "within_24h_rate", "within_72h": "within_72h_rate", "within_168h": "within_168h_rate",
}  # fmt: skip
COUNTS = {"n": "reported", "closed": "closed", "intime": "closed_on_time", "overtime": "closed_late", "unknown": "open"}
HOURS = {"median_hours_to_close": "median_s", "p90_hours_to_close": "p90_s"}


def confirm(told: dict[str, Any], figures: dict[str, Figure], took: Durations, odd: int) -> None:
    """Everything that the reference says of a group; a key that is not known here is a failure.

    The references count the times of all rows with an end, here only what has ended has one: where `odd` rows of the group are
    open and carry an end nevertheless, its times are confirmed by the recount below and not by the reference.
    """
    for key, wanted in told.items():
        if key in HOURS and odd:
            continue
        if key in COUNTS:
            assert figures[COUNTS[key]].num == wanted, key
        elif key in RATES:
            found = figures[RATES[key]]
            assert (None if not found.den else round(found.num / found.den, 6)) == wanted, key
            half = found.den and found.num * 2_000_000 % found.den == 0  # there the reference rounds to even, we round up
            assert half or found.value4 == (None if wanted is None else f"{wanted * 100:.4f}"), key
        else:
            found_s = getattr(took, HOURS[key])
            assert found_s == (None if wanted is None else pytest.approx(wanted * HOUR_S, abs=0.2)), key


def groups_of(name: str, by: str, filters: Filters = Filters()) -> dict[str, tuple[dict[str, Figure], Durations]]:
    s, zone = Slice(frame(name), filters, NOW), TABLES[name].zone
    took = grouped_durations(s, by, zone, of="ended")
    return {group.key or "nan": (group.figures, took[group.key]) for group in grouped(s, KEYS, by, zone)}


BY_MONTH = {"pingshan": ("STREET_NAME", "DISPOSE_UNIT_NAME"), "losangeles": ("owner",)}
GROUPINGS = [
    (name, f"by_{key}")
    for name, table in TABLES.items()
    for key in (*table.groups, "month", *(f"{by}_and_month" for by in BY_MONTH.get(name, ("agency",))))
]


@pytest.mark.parametrize("name", TABLES)
def test_the_totals_equal_the_reference(name: str) -> None:
    s = Slice(frame(name), Filters(), NOW)
    confirm(reference(name)["total"], figures_of(s, KEYS), durations(s, "ended"), int(odd_rows(name).sum()))


@pytest.mark.parametrize(("name", "key"), GROUPINGS)
def test_every_rate_by_every_grouping_equals_the_reference(name: str, key: str) -> None:
    table = TABLES[name]
    expected, by = reference(name)[key], key.removeprefix("by_").removesuffix("_and_month")
    if key.endswith("_and_month"):
        column = table.groups[by][0]
        found = {}
        for word in groups_of(name, column):
            filters = Filters(words={column: frozenset(("" if word == "nan" else word,))})
            found |= {f"{word}|{month}": of for month, of in groups_of(name, "month", filters).items()}
    else:
        found = groups_of(name, "month" if by == "month" else table.groups[by][0])
    assert found.keys() == expected.keys()
    raw, headers = recounted(name), ["month" if by == "month" else table.groups[by][1]]
    headers += ["month"] if key.endswith("_and_month") else []
    odd = raw.assign(odd=odd_rows(name)).groupby(headers)["odd"].sum()
    for word, told in expected.items():
        parts = tuple("" if part == "nan" else part for part in word.split("|"))
        confirm(told, *found[word], int(odd[parts if len(parts) > 1 else parts[0]]))


@pytest.mark.parametrize("name", TABLES)
def test_no_grouping_of_the_references_is_left_out(name: str) -> None:
    assert {key for key in reference(name) if key.startswith("by_")} == {key for of, key in GROUPINGS if of == name}


@cache
def recounted(name: str) -> pd.DataFrame:
    """The raw file once more, by nobody's code but pandas': created, ended, closed, rejected, in time and late."""
    table = TABLES[name]
    raw = pd.read_csv(data(table.folder) / table.file, dtype=str, keep_default_na=False, encoding="utf-8-sig", low_memory=False)
    if "CREATE_TIME" in raw:
        raw["month"] = raw["CREATE_TIME"].str[:7]
        raw["intime"], raw["late"] = raw["INTIME_ARCHIVE_NUM"] == "1", raw["OVERTIME_ARCHIVE_NUM"] == "1"
        return raw.assign(closed=raw["intime"] | raw["late"], rejected=False, hours=float("nan"))
    created, ended = ("CreatedDate", "ClosedDate") if "CreatedDate" in raw else ("Created Date", "Closed Date")
    times = {name: pd.to_datetime(raw[name], format="%m/%d/%Y %I:%M:%S %p", errors="coerce") for name in (created, ended)}
    dues = raw["Due Date"] if "Due Date" in raw else pd.Series("", index=raw.index)
    due = pd.to_datetime(dues, format="%m/%d/%Y %I:%M:%S %p", errors="coerce")
    closed = raw["Status"] == "Closed"
    return raw.assign(
        month=times[created].dt.strftime("%Y-%m"),
        closed=closed,
        rejected=raw["Status"].isin(["Cancelled", "Referred Out"]),
        hours=(times[ended] - times[created]).dt.total_seconds() / 3600,
        intime=closed & (times[ended] <= due),
        late=closed & (times[ended] > due),
        early=times[ended] <= due,
    )


def odd_rows(name: str) -> "pd.Series[bool]":
    """Rows that are open and carry an end nevertheless."""
    raw = recounted(name)
    return ~raw["closed"] & ~raw["rejected"] & raw["hours"].notna()


@pytest.mark.parametrize("name", TABLES)
def test_an_independent_recount_with_plain_pandas_gives_the_same_numbers_everywhere(name: str) -> None:
    table, raw = TABLES[name], recounted(name)
    for column, header in {**dict(table.groups.values()), "month": "month"}.items():
        found = groups_of(name, column)
        seen = 0
        for word, part in raw.groupby(header, sort=False):
            figures, took = found[str(word) or "nan"]
            n, closed, kept = len(part), int(part["closed"].sum()), int((~part["rejected"]).sum())
            within = {
                hours: int((part["closed"] & (part["hours"] >= 0) & (part["hours"] <= hours)).sum()) for hours in (24, 72, 168)
            }
            wanted = {
                "reported": (n, None), "closed": (closed, None), "closed_on_time": (int(part["intime"].sum()), None),
                "closed_late": (int(part["late"].sum()), None), "open": (kept - closed, None),
                "on_time_of_reported": (int(part["intime"].sum()), n), "on_time_of_closed": (int(part["intime"].sum()), closed),
                "closed_of_reported": (closed, n), "settlement_rate": (closed, kept),
                **{f"within_{hours}h_rate": (count, n) for hours, count in within.items()},
            }  # fmt: skip
            assert {key: (figures[key].num, figures[key].den) for key in KEYS} == wanted, (column, word)
            hours = part["hours"][(part["closed"] | part["rejected"]) & (part["hours"] >= 0)]
            assert took.n == len(hours)
            if len(hours):
                assert took.median_s == pytest.approx(hours.median() * HOUR_S, abs=0.001)
                assert took.p90_s == pytest.approx(hours.quantile(0.9) * HOUR_S, abs=0.001)
                assert took.mean_s == pytest.approx(hours.mean() * HOUR_S, abs=0.001)
            seen += 1
        assert seen == len(found)


@pytest.mark.parametrize("name", TABLES)
def test_every_number_opens_as_many_orders_as_it_says(name: str) -> None:
    table = TABLES[name]
    column, header = next(iter(table.groups.values()))
    wanted: dict[str, set[str]] = {}
    key = {"pingshan": "REC_ID", "losangeles": "SRNumber"}.get(name, "Unique Key")
    for row in rows(name):
        wanted.setdefault(row[header], set()).add(row[key])
    for word, ids in wanted.items():
        filters = Filters(words={column: frozenset((word,))})
        assert set(select(frame(name), "on_time_of_reported", "den", filters, NOW)) == ids
        opened = {part: select(frame(name), "settlement_rate", part, filters, NOW) for part in ("num", "den")}  # type: ignore[arg-type]
        figure = figures_of(Slice(frame(name), filters, NOW), KEYS)["settlement_rate"]
        assert (len(opened["num"]), len(opened["den"])) == (figure.num, figure.den) and set(opened["num"]) <= set(
            opened["den"]
        ) <= ids


def test_what_is_due_in_new_york_was_closed_by_its_due_date_or_after_it() -> None:
    for name in FILES_OF_NEW_YORK:
        told, raw = reference(name)["due_date"], recounted(name)
        s = Slice(frame(name), Filters(), NOW)
        odd_early = int((odd_rows(name) & raw["early"]).sum())  # the reference asks for no status
        assert s.count("closed_on_time") == told["closed_by_due"] - odd_early and odd_early <= 1
        assert s.count("closed_late") == told["closed_after_due"]
        assert int((s["deadline_at_ms"] > 0).sum()) == told["present"]


def test_los_angeles_twelve_impossible_orders_are_kept_and_enter_no_duration() -> None:
    s = Slice(frame("losangeles"), Filters(), NOW)
    assert (s.count("reported"), s.count("closed"), s.count("closed_before_reported")) == (9999, 9739, 12)
    took = durations(s, "ended")
    assert (took.left_out_before_reported, took.n) == (12, 9999 - 5 - 12)
    shown = figures_of(Slice(frame("pingshan"), Filters(), NOW), KEYS)
    assert (shown["on_time_of_reported"].shown, shown["on_time_of_closed"].shown) == ("87.55 %", "87.59 %")
