"""The read API as a program sees it: paths, JSON, times with their zone, errors with their reason."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.city import City
from config.settings import load_settings
from dashboard.api import health, iso_many, register
from dashboard.hall import Hall
from dashboard.period import iso
from store.errors import StoreUnavailable
from tests.dashboard.halls import DAY, EAST, HOUR, MIDNIGHT, NOW, FakeStore, feed, hall_of, order, records, worker
from tests.dashboard.persons import as_person
from tests.dashboard.test_figures import random_hall


@pytest.fixture
def store() -> FakeStore:
    fakes = FakeStore()
    walk = range(0, 100, 10)
    fakes.tracks["W1"] = records([(MIDNIGHT + s * 1000, 113.1 + s * 1e-6, 23.0, 32 if s == 50 else 0) for s in walk])
    fakes.tracks["ann/phone"] = records([(MIDNIGHT, 113.1, 23.0, 0)])
    return fakes


@pytest.fixture
def hall(city: City, store: FakeStore) -> Hall:
    return hall_of(
        city,
        worker("W1"),
        worker("ann/phone", region=""),
        order("a/1", "closed", closed_at_ms=NOW - HOUR, on_time=True, deadline_at_ms=NOW, department="城管"),
        order("b", deadline_at_ms=NOW - HOUR),
        feed("c1", streams={"hls": "https://video/1.m3u8"}),
        store=store,
    )


def client_of(hall: Hall) -> FlaskClient:
    app = Flask("test")
    as_person(app)
    register(app, hall, load_settings({}))
    return app.test_client()


def get(hall: Hall, path: str, status: int = 200) -> Any:
    response = client_of(hall).get(path)
    assert response.status_code == status, response.text
    return response.json


def test_workers_are_listed_by_region_with_times_in_the_citys_zone(hall: Hall) -> None:
    found = get(hall, f"/api/v1/workers?region={EAST}")
    assert (found["total"], [item["worker"] for item in found["items"]]) == (2, ["W1", "W2"])
    first = found["items"][0]
    assert (first["fixed_at"], first["presence"], first["grid"]) == ("2025-10-10T10:59:55.000+08:00", "moving", EAST + "01")
    assert found["items"][1]["fixed_at"] is None
    assert get(hall, "/api/v1/workers?presence=moving")["total"] == 2
    assert len(get(hall, "/api/v1/workers?limit=1&offset=1")["items"]) == 1


def test_a_worker_is_found_also_by_an_id_with_a_slash(hall: Hall) -> None:
    assert get(hall, "/api/v1/workers/ann/phone")["rostered"] is False
    assert get(hall, "/api/v1/workers/ann/phone/track?from=2025-10-10&to=2025-10-10")["properties"]["count"] == 1
    assert get(hall, "/api/v1/workers/W1?day=2025-10-10")["fixes"] == 9
    assert "nobody" in get(hall, "/api/v1/workers/nobody", 404)["error"]
    assert "day" in get(hall, "/api/v1/workers/W1?day=soon", 400)["error"]


def test_a_track_has_times_and_with_all_its_flags(hall: Hall) -> None:
    track = get(hall, "/api/v1/workers/W1/track?from=2025-10-10&to=2025-10-10")
    assert track["features"][0]["properties"]["times"][:2] == ["2025-10-10T00:00:00.000+08:00", "2025-10-10T00:00:10.000+08:00"]
    assert (track["properties"]["count"], track["properties"]["set_aside"]) == (9, 1)
    whole = get(hall, f"/api/v1/workers/W1/track?from={MIDNIGHT}&to={MIDNIGHT + 60_000}&include=all")
    assert (whole["properties"]["count"], whole["features"][0]["properties"]["flags"][5]) == (6, ["jump"])
    assert get(hall, "/api/v1/workers/W1/track?period=all&include=all")["properties"]["count"] == 10
    assert get(hall, "/api/v1/workers/W2/track")["features"] == []
    assert "include" in get(hall, "/api/v1/workers/W1/track?include=some", 400)["error"]
    assert "nobody" in get(hall, "/api/v1/workers/nobody/track", 404)["error"]


def test_orders_are_paged_with_their_total(hall: Hall) -> None:
    page = get(hall, "/api/v1/orders?limit=1")
    assert (page["total"], page["limit"], len(page["items"])) == (2, 1, 1)
    (late,) = get(hall, "/api/v1/orders?figure=overdue")["items"]
    assert (late["order"], late["light"], late["deadline_at"]) == ("b", "red", "2025-10-10T10:00:00.000+08:00")
    assert get(hall, "/api/v1/orders?department=城管&from=2025-10-10")["total"] == 1
    assert "offset" in get(hall, "/api/v1/orders?offset=-1", 400)["error"]
    assert "status" in get(hall, "/api/v1/orders?status=asleep", 400)["error"]
    assert "nowhere" in get(hall, "/api/v1/orders?region=nowhere", 404)["error"]


def test_an_order_is_found_also_by_an_id_with_a_slash(hall: Hall) -> None:
    assert get(hall, "/api/v1/orders/a/1")["order"]["closed_at"] == "2025-10-10T10:00:00.000+08:00"
    assert "nobody" in get(hall, "/api/v1/orders/x", 404)["error"]


def test_an_indicator_tells_numerator_denominator_definition_and_moment(hall: Hall) -> None:
    found = get(hall, "/api/v1/indicators?by=department&from=2025-10-10&to=2025-10-10")
    rate = found["figures"]["closure_rate"]
    assert rate == {
        "key": "closure_rate", "numerator": 1, "denominator": 2, "value": "50.0000", "shown": "50.00 %",
        "definition": "closure_rate@1", "as_of": "2025-10-10T11:00:00.000+08:00",
    }  # fmt: skip
    assert found["definitions"]["closure_rate@1"]["denominator"] == "close_due"
    assert [(group["key"], group["figures"]["closure_rate"]["shown"]) for group in found["groups"]] == [
        ("", "0.00 %"), ("城管", "100.00 %"),
    ]  # fmt: skip
    assert found["durations"]["n"] == 1
    assert get(hall, "/api/v1/indicators?figures=open&basis=close")["figures"].keys() == {"open"}
    assert "by" in get(hall, "/api/v1/indicators?by=moon", 400)["error"]
    assert "figures" in get(hall, "/api/v1/indicators?figures=moon", 400)["error"]


def test_the_filters_of_a_group_open_its_orders_over_the_wire(city: City) -> None:
    client = client_of(random_hall(city, 200))
    for by in ("region", "source", "month"):
        for group in client.get(f"/api/v1/indicators?by={by}&figures=closed").json["groups"]:  # type: ignore[index]
            page = client.get("/api/v1/orders", query_string={**group["filters"], "figure": "closed"}).json
            assert page is not None
            assert page["total"] == group["figures"]["closed"]["numerator"]


def test_feeds_are_listed_by_region(hall: Hall) -> None:
    found = get(hall, f"/api/v1/feeds?region={EAST}")
    assert [(item["feed"], item["status"], item["status_at"]) for item in found["items"]] == [
        ("c1", "online", "2025-10-10T11:00:00.000+08:00")
    ]
    assert get(hall, "/api/v1/feeds?region=440605002")["total"] == 0


def test_nothing_is_cached_and_the_same_answer_is_not_sent_twice(hall: Hall) -> None:
    client = client_of(hall)
    first = client.get("/api/v1/feeds")
    assert first.headers["Cache-Control"] == "no-store"
    again = client.get("/api/v1/feeds", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_path_that_does_not_exist_says_so_in_json(hall: Hall) -> None:
    assert get(hall, "/api/v1/moon", 404) == {"error": "there is no /api/v1/moon"}
    assert client_of(hall).post("/api/v1/orders").status_code == 405


def test_a_silent_store_is_told_as_such(hall: Hall, store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any) -> Any:
        raise StoreUnavailable("connection refused")

    for name in ("track", "trail", "backlog"):
        monkeypatch.setattr(store, name, silent)
    assert "does not answer" in get(hall, "/api/v1/workers/W1/track", 503)["error"]
    assert "does not answer" in get(hall, "/api/v1/orders/b", 503)["error"]
    metrics = client_of(hall).get("/metrics").text
    assert "gridhall_store_up 0.0" in metrics
    assert 'gridhall_hall_rows{table="order"} 2.0' in metrics


def test_metrics_count_facts_rejects_and_the_projectors_backlog(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.metrics.count_rejects", lambda _: {("phones", "bad key"): 7})
    metrics = client_of(hall).get("/metrics").text
    for line in (
        'gridhall_rejects_total{reason="bad key",source="phones"} 7.0',
        'gridhall_facts_total{kind="position",outcome="folded",source="phones"} 12.0',
        "gridhall_projector_backlog_entries 3.0",
        "gridhall_store_up 1.0",
        "gridhall_position_age_seconds 4.0",
        "gridhall_screens 0.0",
    ):
        assert line in metrics.splitlines()


def test_health_is_bad_until_the_hall_follows_and_when_the_store_falls_silent(hall: Hall) -> None:
    assert get(hall, "/healthz", 503)["ok"] is False
    hall.ready.set()
    hall.connected, hall.heard_at_ms = True, NOW - 1000
    assert health(hall) == (
        {"ok": True, "store": True, "ready": True, "followed_age_s": 1.0, "positions_age_s": 4.0, "orders_age_s": 0.0}, 200,
    )  # fmt: skip
    hall.heard_at_ms = NOW - 60_000
    assert health(hall)[1] == 503


def test_many_instants_are_written_like_one(city: City) -> None:
    times = [MIDNIGHT - 1, MIDNIGHT, NOW + 123, NOW - 200 * DAY + 7 * HOUR + 59_999]
    assert iso_many(times, city) == [iso(at, city) for at in times]
