"""Real recordings through the real gateway, projector and read API: the references must come out exactly."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from config.city import City
from config.settings import Settings
from dashboard.hall import Hall
from dashboard.server import create_app
from ingest.mapping import load_mapping
from ingest.replay import Replay, replay
from ingest.tables import import_orders
from store.store import Store
from tests.dashboard.persons import bearer
from tests.running import KEY, Running, fold_all
from tests.shared_data import data, pingshan_city

MAPPINGS = Path(__file__).resolve().parent / "mappings"
EVER = {"from": "2000-01-01", "to": "2030-01-01"}


@pytest.fixture
def gateway(settings: Settings, city: City, store: Store, valkey: Any) -> Iterator[Running]:
    running = Running(settings, city, store, valkey.url)
    yield running
    running.end()


def api(settings: Settings, city: City, store: Store) -> FlaskClient:
    """The read API over what is in the store now."""
    hall = Hall(city, store)
    for partition in range(store.partitions):
        hall.apply(store.snapshot(partition).rows, hall.now_ms())
    client = create_app(settings, hall)[0].test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(store, "reader", "supervisor", "leader")["Authorization"]
    return client


def get(client: FlaskClient, path: str, **params: str) -> Any:
    answer = client.get(path, query_string=params, headers={"Host": "127.0.0.1"})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_every_fix_of_geolife_is_in_a_track_or_set_aside(
    gateway: Running, settings: Settings, city: City, store: Store
) -> None:
    folder = data("gps-geolife-a")
    users = json.loads((folder / "reference.json").read_text())["users"]
    folders = [folder / user for user in users]
    tally = replay(folders, str(gateway.http.base_url), KEY, Replay(speed="max"), progress=False)
    assert tally.accepted == tally.sent == sum(user["n_points"] for user in users.values()) == 80_989
    fold_all(store, city, settings)
    client = api(settings, city, store)
    for name, reference in users.items():
        track = get(client, f"/api/v1/workers/{name}/track", **EVER, include="all")["properties"]
        good = get(client, f"/api/v1/workers/{name}/track", **EVER)["properties"]
        assert track["count"] == reference["n_points"]
        assert track["length_m"] == pytest.approx(reference["length_m_per_user_joined"], rel=1e-4)
        assert good["count"] + good["set_aside"] == track["count"]
    counted = {outcome: number for (_, kind, outcome), number in store.counts().items() if kind == "position"}
    assert sum(counted.values()) == 80_989 and "duplicate" not in counted and counted["jump"] > 0
    again = replay(folders[:1], str(gateway.http.base_url), KEY, Replay(speed="max"), progress=False)
    fold_all(store, city, settings)
    assert store.counts()["default", "position", "duplicate"] == again.accepted == users["000"]["n_points"]


def number(group: Any, figure: str) -> int:
    return int(group["figures"][figure]["numerator"])


def flags_of(group: Any) -> tuple[int, int, int]:
    """(all, on time, late) of one group of an indicators answer."""
    return number(group, "reported"), number(group, "closed_on_time"), number(group, "closed_late")


def expected(reference: dict[str, Any]) -> tuple[int, int, int]:
    return reference["n"], reference["intime"], reference["overtime"]


def take_table(gateway: Running, table: Path, mapping: str) -> int:
    url = str(gateway.http.base_url)
    tally = import_orders(table, load_mapping(MAPPINGS / mapping), url, KEY, progress=False)
    assert tally.accepted == tally.sent and not tally.unreadable
    return tally.accepted


def test_the_figures_of_pingshan_are_the_reference_and_a_second_import_changes_nothing(
    gateway: Running, settings: Settings, store: Store, tmp_path: Path
) -> None:
    folder = data("events-pingshan")
    table = folder / "pingshan_events.csv"
    reference = json.loads((folder / "reference.json").read_text())
    city = pingshan_city(tmp_path, table)
    take_table(gateway, table, "pingshan.yaml")
    fold_all(store, city, settings)
    client = api(settings, city, store)
    whole = get(client, "/api/v1/indicators", **EVER)
    assert flags_of(whole) == expected(reference["total"])
    columns = {"region": "STREET_NAME", "department": "DISPOSE_UNIT_NAME", "month": "month", "source": "EVENT_SRC_NAME"}
    for by, key in columns.items():
        groups = {g["name"] or "-": flags_of(g) for g in get(client, "/api/v1/indicators", **EVER, by=by)["groups"]}
        wanted = {name: expected(figures) for name, figures in reference[f"by_{key}"].items()}
        assert {name: told for name, told in groups.items() if any(told)} == wanted, by
    street = next(code for code, region in city.regions.items() if region.name == "龙田街道")
    late = get(client, "/api/v1/orders", **EVER, region=street, figure="closed_late", limit="500")
    assert late["total"] == len(late["items"]) == reference["by_STREET_NAME"]["龙田街道"]["overtime"]
    before = {name: (row.version, row.steps) for name, row in rows(store).items()}
    take_table(gateway, table, "pingshan.yaml")
    fold_all(store, city, settings)
    assert {name: (row.version, row.steps) for name, row in rows(store).items()} == before


def rows(store: Store) -> dict[str, Any]:
    return {row.order: row for p in range(store.partitions) for name, row in store.rows(p) if name == "order"}


def test_new_yorks_second_table_after_its_first_changes_nothing(
    gateway: Running, settings: Settings, city: City, store: Store
) -> None:
    folder = data("events-nyc311")
    take_table(gateway, folder / "311_subset.micro.csv", "newyork.yaml")
    fold_all(store, city, settings)
    before = rows(store)
    assert len(before) == 2000
    take_table(gateway, folder / "311_nyc_sample.csv", "newyork.yaml")
    fold_all(store, city, settings)
    assert rows(store) == before


def test_los_angeles_orders_closed_before_they_were_created_are_kept_flagged_and_out_of_durations(
    gateway: Running, settings: Settings, city: City, store: Store
) -> None:
    folder = data("events-la2017")
    total = json.loads((folder / "reference.json").read_text())["total"]
    take_table(gateway, folder / "MyLA311_Service_Request_Data_2017_Subset.csv", "losangeles.yaml")
    fold_all(store, city, settings)
    client = api(settings, city, store)
    flagged = get(client, "/api/v1/orders", **EVER, flag="closed_before_reported")
    whole = get(client, "/api/v1/indicators", **EVER)
    assert flagged["total"] == 12
    assert (number(whole, "reported"), number(whole, "closed")) == (total["n"], total["closed"])
    assert whole["durations"]["left_out"]["closed_before_reported"] == 12
