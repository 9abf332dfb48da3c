"""Tables of cases: the mapping language, and three cities whose figures must come out of the events exactly."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.mapping import Mapping, MappingErrors, load_mapping, make_mapping
from ingest.rowevents import Aside, row_events
from ingest.sources.base import Context
from ingest.sources.events import decode
from ingest.tables import EVENTS, OrderTable, import_orders
from ingest.tabular import Reject
from tests.shared_data import FOLDER

MAPPINGS = Path(__file__).parents[1] / "mappings"
DATA = FOLDER
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
Orders = dict[str, dict[str, dict[str, Any]]]  # order → status → event


def mapping(name: str) -> Mapping:
    return load_mapping(MAPPINGS / f"{name}.yaml")


def read_table(path: Path, by: Mapping) -> tuple[list[dict[str, Any]], list[Reject]]:
    """(events, rejects) of a whole table."""
    told = list(OrderTable(path, by).events())
    return [one[1] for one in told if not isinstance(one, Reject)], [one for one in told if isinstance(one, Reject)]


def events_of(name: str, file: str) -> list[dict[str, Any]]:
    events, rejects = read_table(DATA / file, mapping(name))
    assert not rejects
    return events


def by_order(events: list[dict[str, Any]]) -> Orders:
    orders: Orders = defaultdict(dict)
    for event in events:
        assert event["status"] not in orders[event["order"]]
        orders[event["order"]][event["status"]] = event
    return orders


def local(event: dict[str, Any], zone: str, form: str = "%Y-%m") -> str:
    return datetime.fromisoformat(event["at"]).astimezone(ZoneInfo(zone)).strftime(form)


def reference(folder: str) -> Any:
    return json.loads((DATA / folder / "reference.json").read_text())


# Pingshan


@needs_data
@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("by_STREET_NAME", lambda e: e["street"]),
        ("by_COMMUNITY_NAME", lambda e: e["region"]),
        ("by_EVENT_TYPE_NAME", lambda e: e["category"]),
        ("by_EVENT_SRC_NAME", lambda e: e["channel"]),
        ("by_EVENT_PROPERTY_NAME", lambda e: e.get("property", "-")),
        ("by_DISPOSE_UNIT_NAME", lambda e: e.get("department", "-")),
        ("by_month", lambda e: local(e, "Asia/Shanghai")),
        ("by_STREET_NAME_and_month", lambda e: e["street"] + "|" + local(e, "Asia/Shanghai")),
        ("by_DISPOSE_UNIT_NAME_and_month", lambda e: e.get("department", "-") + "|" + local(e, "Asia/Shanghai")),
        ("total", lambda e: "total"),
    ],
)
def test_pingshan_comes_out_as_its_reference_says(by: str, key: Callable[[dict[str, Any]], str]) -> None:
    told = reference("events-pingshan")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for steps in by_order(events_of("pingshan", "events-pingshan/pingshan_events.csv")).values():
        closed = steps.get("closed")
        state = "unknown" if closed is None else "intime" if closed["on_time"] else "overtime"
        counts[key(steps["reported"])].update([state, "n"])
    groups = {"total": told["total"]} if by == "total" else told[by]
    names = ("n", "intime", "overtime", "unknown")
    assert {group: [n[x] for x in names] for group, n in counts.items()} == {
        group: [stats[x] for x in names] for group, stats in groups.items()
    }


@needs_data
def test_pingshan_closings_have_no_time_of_their_own_and_dashes_say_nothing() -> None:
    events = events_of("pingshan", "events-pingshan/pingshan_events.csv")
    orders = by_order(events)
    assert len(events) == 3976 + 3974 and len(orders) == 3976
    for steps in orders.values():
        if "closed" in steps:
            assert steps["closed"]["at_unknown"] is True and steps["closed"]["at"] == steps["reported"]["at"]
    assert not any("-" in (value for value in event.values() if isinstance(value, str)) for event in events)
    assert not any("address" in event for event in events)
    days = Counter(local(s["reported"], "Asia/Shanghai", "%Y-%m-%d") for s in orders.values())
    assert days == reference("events-pingshan")["per_day"]


# Los Angeles and New York


def figures(orders: Orders, zone: str) -> pd.DataFrame:
    """One row per order: hours to its end by wall clocks (as the references count), closed, void."""
    rows = []
    for steps in orders.values():
        reported = steps["reported"]
        end = next((steps[status] for status in ("closed", "void", "not_accepted") if status in steps), None)
        kept = next((e["closed_date"] for e in steps.values() if "closed_date" in e), None)
        begin = pd.Timestamp(local(reported, zone, "%Y-%m-%d %H:%M:%S"))
        finish = pd.Timestamp(local(end, zone, "%Y-%m-%d %H:%M:%S")) if end else pd.to_datetime(kept)
        rows.append({
            "hours": (finish - begin).total_seconds() / 3600 if finish is not None else float("nan"),
            "closed": "closed" in steps,
            "void": "void" in steps or "not_accepted" in steps,
            "month": begin.strftime("%Y-%m"),
            **{name: reported.get(name) for name in ("department", "category", "channel", "region")},
        })  # fmt: skip
    return pd.DataFrame(rows)


def stats(d: pd.DataFrame) -> dict[str, Any]:
    ok = d.hours.notna() & (d.hours >= 0)
    net = int((~d.void).sum())
    return {
        "n": len(d),
        "closed": int(d.closed.sum()),
        "closure_rate": round(float(d.closed.mean()), 6),
        "closure_rate_net": round(float(d.closed[~d.void].sum() / net), 6) if net else None,
        "median_hours_to_close": round(float(d.hours[ok].median()), 4) if ok.any() else None,
        "p90_hours_to_close": round(float(d.hours[ok].quantile(0.9)), 4) if ok.any() else None,
        **{f"within_{n}h": round(float((d.closed & ok & (d.hours <= n)).mean()), 6) for n in (24, 72, 168)},
    }


def assert_groups(d: pd.DataFrame, column: str, told: dict[str, Any], missing: str) -> None:
    groups = {str(name): stats(group) for name, group in d.fillna({column: missing}).groupby(column)}
    assert groups == told


@needs_data
def test_los_angeles_comes_out_as_its_reference_says() -> None:
    events = events_of("losangeles", "events-la2017/MyLA311_Service_Request_Data_2017_Subset.csv")
    told, orders = reference("events-la2017"), by_order(events)
    d = figures(orders, "America/Los_Angeles")
    assert stats(d) == told["total"]
    assert int((d.hours < 0).sum()) == told["quality"]["closed_before_created"] == 12
    assert sum("lon" not in steps["reported"] for steps in orders.values()) == told["quality"]["lat_lon_null"]
    assert Counter(status for steps in orders.values() for status in steps) == {
        "reported": 9999, "closed": 9739, "void": 246, "not_accepted": 9,
    }  # fmt: skip
    for column, group in (("department", "owner"), ("category", "request_type"), ("channel", "source"),
                          ("region", "area_APC"), ("month", "month")):  # fmt: skip
        assert_groups(d, column, told[f"by_{group}"], "nan")


@needs_data
@pytest.mark.parametrize(
    "file", ["311_subset.micro.csv", "311_nyc_sample.csv", "311-service-requests.sample.csv"]
)
def test_new_york_comes_out_as_its_reference_says_in_both_versions_of_the_table(file: str) -> None:
    told = reference("events-nyc311")[file]
    orders = by_order(events_of("newyork", f"events-nyc311/{file}"))
    d = figures(orders, "America/New_York")
    assert stats(d) == told["total"]
    for column, group in (("department", "agency"), ("category", "complaint_type"), ("month", "month")):
        assert_groups(d, column, told[f"by_{group}"], "nan")
    assert_groups(d, "region", told["by_borough"], "Unspecified")
    due = [(s["closed"]["at"], s["reported"]["deadline_at"]) for s in orders.values()
           if "closed" in s and "deadline_at" in s["reported"]]  # fmt: skip
    late = sum(at > deadline for at, deadline in due)
    assert late == told["due_date"]["closed_after_due"]
    odd = 1 if file == "311_subset.micro.csv" else 0  # Assigned, with a Closed Date of 1900: the reference counts it
    assert len(due) - late == told["due_date"]["closed_by_due"] - odd
    assert sum("deadline_at" in s["reported"] for s in orders.values()) == told["due_date"]["present"]


@needs_data
def test_new_yorks_second_table_tells_nothing_that_the_first_did_not() -> None:
    first = {json.dumps(e, sort_keys=True) for e in events_of("newyork", "events-nyc311/311_subset.micro.csv")}
    second = {json.dumps(e, sort_keys=True) for e in events_of("newyork", "events-nyc311/311_nyc_sample.csv")}
    assert second < first


# the language

CASES: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "times": ["%Y-%m-%d %H:%M", "iso"],
    "missing": ["-"],
    "fields": {
        "order": {"column": "id", "prefix": "P-"},
        "channel": {"column": "src", "map": {"13": "12345"}, "default": "other"},
        "category": {"join": ["main", "sub"], "with": "/"},
        "department": {"first": ["unit", "owner"]},
        "note": {"const": "imported"},
        "lon": "lon",
        "lat": "lat",
        "extra": {"ward": "ward"},
    },
    "events": [
        {"status": "reported", "at": "created"},
        {"status": "closed", "when": {"state": ["done", "ok"], "closed": {"present": True}}, "at": "closed",
         "on_time": {"column": "flag", "map": {"J": "true", "N": "false"}}},
        {"status": "void", "when": {"state": {"not": ["done", "ok", "open"]}}, "at": "created", "at_unknown": True},
    ],
}  # fmt: skip


def row(**cells: str) -> dict[str, str]:
    return {"id": "7", "created": "2026-01-02 03:04", "state": "open", **cells}


def test_a_row_becomes_the_events_whose_conditions_hold() -> None:
    told = make_mapping(CASES)
    reported, closed = row_events(
        told,
        row(state="done", closed="2026-01-02T05:00:00+00:00", src="13", main="A", sub="-", owner="O", unit="-",
            lon="113.5", lat="23,5", ward="W", flag="N"),
    )  # fmt: skip
    assert reported == {
        "status": "reported", "order": "P-7", "at": "2026-01-01T19:04:00.000Z", "channel": "12345", "category": "A",
        "department": "O", "note": "imported", "lon": 113.5, "lat": 23.5, "ward": "W",
    }  # fmt: skip
    assert closed["at"] == "2026-01-02T05:00:00.000Z" and closed["on_time"] is False
    assert row_events(told, row(src="99"))[0]["channel"] == "other"
    assert [e["status"] for e in row_events(told, row(state="lost"))] == ["reported", "void"]
    assert [e["status"] for e in row_events(told, row(state="done"))] == ["reported"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [({"created": "yesterday"}, "at is not readable"), ({"created": "2999-01-01 00:00"}, "reported lies in the future"),
     ({"id": "-"}, "order is missing"), ({"id": "4.40605E+17"}, "order is a number that a spreadsheet has shortened"),
     ({"created": "-"}, "no event")],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_refused_with_its_reason(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    columns = ["id", "created", "closed", "state", "src", "main", "sub", "unit", "owner", "lon", "lat", "ward", "flag"]
    file = tmp_path / "t.csv"
    lines = [",".join(one.get(name, "") for name in columns) for one in (row(), row(**cells), row(id="8"))]
    file.write_text("\ufeff" + ",".join(columns) + "\n" + "\n".join(lines))
    events, rejects = read_table(file, make_mapping(CASES))
    assert [(one.line, one.reason.startswith(reason)) for one in rejects] == [(3, True)]
    assert [event["order"] for event in events] == ["P-7", "P-8"]


SIMPLE: dict[str, Any] = {
    "zone": "America/Los_Angeles",
    "times": ["%m/%d/%Y %I:%M:%S %p"],
    "fields": {"order": "id", "lon": "lon", "lat": "lat", "deadline_at": "due", "on_time": "ok"},
    "events": [
        {"status": "reported", "at": "created"},
        {"status": "closed", "when": {"status": "Closed"}, "at": "closed"},
        {"status": {"column": "status", "map": {"Void": "void"}}, "at": "closed"},
    ],
}
OPTIONAL = {"optional": ["created", "closed", "due", "status", "lat", "lon", "ok"]}


def told(**cells: str) -> tuple[dict[str, dict[str, Any]], list[Aside]]:
    """(events by status, what was left aside) of one row of the simple mapping."""
    asides: list[Aside] = []
    rows = row_events(make_mapping(SIMPLE), {"id": "7", "created": "01/05/2026 09:00:00 AM", **cells}, asides)
    return {one["status"]: one for one in rows}, asides


def test_a_closing_of_the_hour_that_comes_twice_is_after_its_report() -> None:
    events, asides = told(created="11/06/2022 01:30:00 AM", closed="11/06/2022 01:10:00 AM", status="Closed")
    assert (events["reported"]["at"], events["closed"]["at"]) == ("2022-11-06T08:30:00.000Z", "2022-11-06T09:10:00.000Z")
    assert {one.reason[:23] for one in asides} == {"a time that comes twice"} and not any(one.refused for one in asides)


def test_a_report_of_the_hour_that_clocks_skip_is_before_its_closing() -> None:
    events, _ = told(created="03/12/2023 02:30:00 AM", closed="03/12/2023 03:05:00 AM", status="Closed")
    assert (events["reported"]["at"], events["closed"]["at"]) == ("2023-03-12T09:30:00.000Z", "2023-03-12T10:05:00.000Z")
    events, _ = told(created="03/12/2023 02:30:00 AM")
    assert events["reported"]["at"] == "2023-03-12T10:30:00.000Z"


@pytest.mark.parametrize(
    ("due", "at"),
    [
        ("2026-03-08", "2026-03-09T06:59:59.000Z"),  # of 23 hours
        ("2026-03-08 00:00:00", "2026-03-09T06:59:59.000Z"),  # as a workbook keeps a date
        ("46090", "2026-03-10T06:59:59.000Z"),
        ("2026-03-08 17:30", "2026-03-09T00:30:00.000Z"),
    ],
)
def test_a_limit_that_is_a_day_ends_with_it(due: str, at: str) -> None:
    assert told(due=due)[0]["reported"]["deadline_at"] == at


def test_a_closing_before_its_report_is_told_as_it_is() -> None:
    events, asides = told(created="01/05/2026 01:00:00 PM", closed="01/05/2026 12:00:00 PM", status="Closed")
    assert events["closed"]["at"] < events["reported"]["at"] and not asides


def test_a_spreadsheets_day_number_is_a_time_of_the_tables_zone() -> None:
    events, asides = told(created="46027.375", closed="46028.5", status="Closed")
    assert (events["reported"]["at"], events["closed"]["at"]) == ("2026-01-05T17:00:00.000Z", "2026-01-06T20:00:00.000Z")
    assert all("day number" in one.reason for one in asides)


@pytest.mark.parametrize(
    ("cells", "reason", "value"),
    [
        ({"due": "01/01/1900 12:00:00 AM"}, "deadline_at is out of range", "01/01/1900 12:00:00 AM"),
        ({"due": "tomorrow"}, "deadline_at is not readable", "tomorrow"),
        ({"lat": "x", "lon": "113.1"}, "lat is not a number", "x"),
        ({"lat": "498234.5", "lon": "113.1"}, "lat is out of range", "498234.5"),
        ({"ok": "perhaps"}, "on_time is neither true nor false", "perhaps"),
    ],
)
def test_a_side_value_that_cannot_be_used_costs_the_value_and_is_told(cells: dict[str, str], reason: str, value: str) -> None:
    events, asides = told(**cells)
    assert set(events) == {"reported"} and not {"lon", "lat", "deadline_at", "on_time"} & set(events["reported"])
    assert asides == [Aside(reason, value)]


def test_decimal_commas_in_coordinates_can_only_be_decimal() -> None:
    events, asides = told(lat="23,0410", lon="113,1610")
    assert (events["reported"]["lat"], events["reported"]["lon"], asides) == (23.041, 113.161, [])


def test_an_end_that_the_row_tells_without_a_time_is_an_end_of_an_unknown_time() -> None:
    """And never one that no word of the row tells: a table without closing dates has closed nothing."""
    for status, want in {"Closed": "closed", "Void": "void"}.items():
        events, asides = told(status=status)
        assert events[want]["at_unknown"] is True and events[want]["at"] == events["reported"]["at"]
        assert "told as at_unknown" in asides[0].reason and not asides[0].refused
    mapping = make_mapping({**SIMPLE, "events": [*SIMPLE["events"][:1], {"status": "closed", "at": "closed"}]})
    assert [one["status"] for one in row_events(mapping, {"id": "7", "created": "01/05/2026 09:00:00 AM"})] == ["reported"]


def test_an_event_whose_time_is_wrong_takes_no_other_with_it(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    lines = ["1,01/05/2026 09:00:00 AM,01/06/3020 09:00:00 AM,Closed", "2,01/05/2026 09:00:00 AM,01/06/2099 09:00:00 AM,Closed",
             "3,soon,01/06/2026 09:00:00 AM,Closed", "4,,,Closed"]  # fmt: skip
    file.write_text("\n".join(["id,created,closed,status", *lines]))
    events, rejects = read_table(file, make_mapping({**SIMPLE, **OPTIONAL}))
    assert [(one["order"], one["status"]) for one in events] == [("1", "reported"), ("2", "reported"), ("3", "closed")]
    assert [(one.line, one.reason) for one in rejects] == [
        (2, "closed lies in the future"), (3, "closed lies in the future"), (4, "at is not readable"),
        (5, "closed without any time in its row"),
    ]  # fmt: skip


def test_a_word_for_a_state_that_the_mapping_does_not_know_is_told() -> None:
    events, asides = told(status="Escalated")
    assert set(events) == {"reported"}
    assert asides == [Aside("status says what the mapping does not know", "Escalated")]


cell = st.sampled_from(
    ["", "7", "soon", "01/05/2026 09:00:00 AM", "46027.5", "01/06/3020 09:00:00 AM", "Closed", "Void", "23,5", "1e999", "yes",
     "11/06/2022 01:30:00 AM", "03/12/2023 02:30:00 AM", "9999-12-31T23:59:59", "0001-01-01", "4.4E+17"]
)  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.lists(cell, min_size=8, max_size=8).filter(any), min_size=1, max_size=8))
def test_each_row_is_told_as_an_event_or_refused_with_its_line(tmp_path: Path, rows: list[list[str]]) -> None:
    """And the gateway's own reader takes every event that the importer makes, but for times that it judges itself."""
    file = tmp_path / "t.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([["id", "created", "closed", "due", "status", "lat", "lon", "ok"], *rows])
    lines: Counter[int] = Counter()
    for one in OrderTable(file, make_mapping(SIMPLE)).events():
        if isinstance(one, Reject):
            lines[one.line] += 1
            assert one.reason
            continue
        lines[one[0]] += 1
        decoded = decode(json.dumps(one[1]).encode(), Context(source="t", received_at_ms=0))
        assert decoded.facts or "at out of range" in decoded.rejects[0].reason
    assert set(lines) == set(range(2, len(rows) + 2))


def test_all_faults_of_a_mapping_are_told_at_once() -> None:
    with pytest.raises(MappingErrors) as caught:
        make_mapping({
            "zone": "Moon/Base", "colour": "red",
            "fields": {"colour": "x", "extra": {"lon": "x"}, "title": {"column": "a", "first": ["b"]}},
            "events": [{"status": "finished", "wen": {}}, {"status": "closed", "at": "x", "when": {"a": {"like": "b"}}}],
        })  # fmt: skip
    told = "\n".join(caught.value.faults)
    for part in ("colour: no such key", "fields.colour", "fields.title: exactly one", "fields.order", "Moon/Base",
                 "finished is no status", "fields.extra.lon", "events[0].wen", "events[0].at",
                 "events[1].when.a.like"):  # fmt: skip
        assert part in told


def test_a_column_that_the_table_lacks_is_a_fault_unless_it_is_optional(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,created,state\n7,2026-01-02 03:04,open\n")
    with pytest.raises(MappingErrors, match="no column ward"):
        read_table(file, make_mapping(CASES))
    absent = ["closed", "src", "main", "sub", "unit", "owner", "lon", "lat", "ward", "flag"]
    assert len(read_table(file, make_mapping({**CASES, "optional": absent}))[0]) == 1


def test_a_file_that_is_no_mapping_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("fields: [unclosed")
    with pytest.raises(MappingErrors):
        load_mapping(file)


# through the gateway


def test_events_go_in_batches_and_an_overloaded_gateway_gets_them_again(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,created,state\n" + "\n".join(f"{i},2026-01-02 03:04,open" for i in range(25)))
    optional = ["closed", "src", "main", "sub", "unit", "owner", "lon", "lat", "ward", "flag"]
    got: list[dict[str, Any]] = []
    answers = [503]

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == EVENTS and request.headers["Authorization"] == "Bearer k"
        if answers:
            return httpx.Response(answers.pop(), headers={"Retry-After": "0"})
        told = json.loads(request.content)
        got.extend(told)
        return httpx.Response(200, json={"accepted": len(told) - 1, "rejected": [{"index": 0, "reason": "no"}]})

    tally = import_orders(
        file, make_mapping({**CASES, "optional": optional}), "http://g/", "k", batch=10, progress=False,
        transport=httpx.MockTransport(answer),
    )  # fmt: skip
    assert (tally.accepted, tally.rejected, tally.resent) == (22, Counter(no=3), 1)
    assert [event["order"] for event in got] == [f"P-{i}" for i in range(25)]
