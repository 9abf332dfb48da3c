"""A fault of ours on a page, in a callback, in the API or on a screen: an answer with a reference that stands in the log."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard import faultapi
from store.store import Store
from tests.dashboard.at_work import EAST, AtWork, at_work
from tests.dashboard.forms import HTML


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def fail(*_args: Any, **_more: Any) -> Any:
    raise KeyError("flag.nobody_wrote_it")


def ask(who: FlaskClient, outputs: str, inputs: dict[str, Any], states: dict[str, Any]) -> Any:
    """A callback's answer, as the browser asks for it; ids and properties as `id.property`."""

    def given(values: dict[str, Any]) -> list[dict[str, Any]]:
        return [dict(zip(("id", "property"), key.split("."), strict=True)) | {"value": value} for key, value in values.items()]

    parts = [dict(zip(("id", "property"), one.split("."), strict=True)) for one in outputs.strip(".").split("...")]
    body = {"output": outputs, "outputs": parts if outputs.startswith("..") else parts[0], "inputs": given(inputs),
            "state": given(states), "changedPropIds": [next(iter(inputs))]}  # fmt: skip
    answer = who.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json["response"]


def open_page(who: FlaskClient, path: str, search: str = "") -> str:
    url = {"url.pathname": path, "url.search": search}
    return json.dumps(ask(who, "..page.children...page-key.data..", url, {"page-key.data": None}), ensure_ascii=False)


CALLBACKS = [
    ("dashboard.query.worker_dossier", "..page.children...page-key.data..",
     {"url.pathname": "/worker/W1", "url.search": ""}, {"page-key.data": None}),
    ("dashboard.query.worker_dossier", "..drawer.children...drawer.hidden..",
     {"selection.data": {"kind": "worker", "id": "W1"}}, {"url.search": ""}),
    ("dashboard.query.search", "search-results.children", {"search-asked.data": "张"}, {"url.search": ""}),
    ("dashboard.query.orders_page", "..orders-grid.getRowsResponse...orders-total.children..",
     {"orders-grid.getRowsRequest": {"startRow": 0, "endRow": 10}}, {"url.search": ""}),
    ("dashboard.callbacks.review.review", "..review-data.data...review-trend.figure..",
     {"url.search": "", "review-tick.n_intervals": None}, {"url.pathname": "/review"}),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "outputs", "inputs", "states"), CALLBACKS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_callback_that_fails_says_so_where_its_answer_would_stand(
    work: AtWork, lang: str, broken: str, outputs: str, inputs: dict[str, Any], states: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    who = work.of("east", "supervisor", "leader", scope=EAST)
    searched = {key: f"?lang={lang}" if key == "url.search" else value for key, value in inputs.items()}
    stated = {key: f"?lang={lang}" if key == "url.search" else value for key, value in states.items()}
    monkeypatch.setattr(broken, fail)
    with caplog.at_level(logging.ERROR):
        answer = json.dumps(ask(who, outputs, searched, stated), ensure_ascii=False)
    (fault,) = work.hall.faults.listed()
    assert words(lang)["page.fault"].format(ref=fault.reference) in answer
    assert fault.reference in caplog.text and "flag.nobody_wrote_it" in caplog.text and "Traceback" in caplog.text
    assert "flag.nobody_wrote_it" not in answer


def test_a_page_that_fails_is_told_once_and_opens_when_it_can_again(
    work: AtWork, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    who = work.of("east", "supervisor", "leader", scope=EAST)
    with monkeypatch.context() as failing, caplog.at_level(logging.ERROR):
        failing.setattr("layouts.dossier.build", fail)
        first, second = open_page(who, "/worker/W1"), open_page(who, "/worker/W2")
    assert words("zh")["page.no_worker"].format(id="W1") not in first
    (fault,) = work.hall.faults.listed()
    assert fault.times == 2 and fault.reference in first and fault.reference in second and fault.where == "/worker"
    assert caplog.text.count(fault.reference) == 1
    assert "dossier" in open_page(who, "/worker/W1")


def test_an_answer_of_the_api_and_a_page_of_a_template_have_their_reference(
    work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = work.of("boss", "supervisor", "leader", "administrator")
    monkeypatch.setattr("dashboard.query.workers", fail)
    monkeypatch.setattr("dashboard.screens.seen_screens", fail)
    answer = who.get("/api/v1/workers")
    assert answer.status_code == 500 and len(answer.json["reference"]) == 6 and answer.json["reference"] in answer.json["error"]
    shown = who.get("/status?lang=en", headers=HTML)
    known = {fault.where: fault for fault in work.hall.faults.listed()}
    assert shown.status_code == 500 and known["/status"].reference in shown.text and "nobody_wrote_it" not in shown.text
    assert known["/api/v1/workers"].kind == "api" and known["/status"].kind == "page"
    assert who.get("/nowhere/at/all").status_code < 500 and who.get("/api/v1/nothing").status_code == 404
    assert who.post("/status").status_code == 405, "what HTTP itself refuses is no fault of ours"


def test_faults_stand_on_status_and_in_the_metrics(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    boss, east = work.of("boss", "administrator"), work.of("east", "supervisor", scope=EAST)
    monkeypatch.setattr("dashboard.query.workers", fail)
    reference = boss.get("/api/v1/workers").json["reference"]
    shown, narrow = boss.get("/status", headers=HTML).text, east.get("/status", headers=HTML).text
    assert reference in shown and "nobody_wrote_it" in shown
    assert reference in narrow and "nobody_wrote_it" not in narrow, "a cause may hold anything of the city"
    metrics = boss.get("/metrics").text
    assert 'gridhall_faults_total{kind="api"} 1.0' in metrics and 'gridhall_faults_open{kind="api"} 1.0' in metrics
    told = boss.get("/api/v1/faults").json
    assert told["counts"]["api"] == 1 and told["items"][0]["reference"] == reference and told["items"][0]["open"]


def test_a_screen_tells_what_fails_on_it_and_cannot_flood(work: AtWork, caplog: pytest.LogCaptureFixture) -> None:
    wall = work.of("hall", "wall", scope=EAST)
    told = {"where": "panel top", "cause": "TypeError: x is not a function\nfault FORGED", "detail": "/wall"}
    with caplog.at_level(logging.ERROR):
        answers = [wall.post("/api/v1/faults", json=told) for _ in range(faultapi.PER_MINUTE + 5)]
    assert {answer.status_code for answer in answers} == {202}
    (fault,) = work.hall.faults.listed()
    assert fault.times == faultapi.PER_MINUTE and work.hall.faults.counts["browser"] == faultapi.PER_MINUTE + 5
    assert caplog.text.count("panel top") == 1 and "\nfault FORGED" not in caplog.text
    for wrong in ({}, {"where": "", "cause": "x"}, {"where": "x", "cause": "y", "more": 1}, {"where": "x" * 101, "cause": ""}):
        assert wall.post("/api/v1/faults", json=wrong).status_code == 400, wrong
    assert wall.get("/api/v1/faults").status_code == 403
    assert work.client().post("/api/v1/faults", json=told).status_code == 401
