"""The table of figures on real case data: what stands on the screen is the reference, and each number opens its orders."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import KEY, ROOT, Hall, Watched
from tests.shared_data import data, pingshan_city

MAPPING = Path(__file__).resolve().parents[1] / "mappings" / "pingshan.yaml"
ROWS = """() => Object.fromEntries([...document.querySelectorAll('.figures tbody tr:not(.compared)')].map(row => [
  row.querySelector('th').textContent,
  ['reported', 'closed_on_time', 'closed_late'].map(key =>
    Number(row.querySelector(`[data-figure=${key}]`).textContent.replaceAll(',', '')))]))"""
COLUMNS = {"region": "STREET_NAME", "department": "DISPOSE_UNIT_NAME", "month": "month", "source": "EVENT_SRC_NAME"}


@pytest.fixture(scope="module")
def pingshan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    table = data("events-pingshan") / "pingshan_events.csv"
    folder = tmp_path_factory.mktemp("pingshan")
    pingshan_city(folder, table)
    hall = Hall(tmp_path_factory.mktemp("pingshan-hall"), folder)
    where = ["--mapping", str(MAPPING), "--gateway", f"http://127.0.0.1:{hall.gateway}", "--key", KEY]
    subprocess.run([sys.executable, "app.py", "orders", "import", str(table), *where], cwd=ROOT, check=True)
    for _ in range(100):
        if hall.ask("orders", figure="closed", limit="1")["total"] == 3974:
            break
        time.sleep(0.1)
    yield hall
    hall.end()


def expected(figures: dict[str, Any]) -> list[int]:
    return [figures["n"], figures["intime"], figures["overtime"]]


@pytest.mark.parametrize("by", COLUMNS)
def test_totals_on_time_and_late_on_the_screen_are_the_reference(pingshan: Hall, watched: Watched, by: str) -> None:
    reference = json.loads((data("events-pingshan") / "reference.json").read_text())
    page = watched.page
    page.goto(f"{pingshan.url}/statistics?by={by}")
    page.wait_for_selector(".figures tbody tr")
    shown = page.evaluate(ROWS)
    assert shown.pop("合计") == expected(reference["total"])
    shown = {("-" if name == "未填" else name): told for name, told in shown.items()}
    wanted = {name: expected(told) for name, told in reference[f"by_{COLUMNS[by]}"].items()}
    assert {name: told for name, told in shown.items() if any(told)} == wanted
    assert watched.faults == []


@pytest.mark.parametrize("figure", ["reported", "closed_on_time", "closed_late"])
def test_a_number_of_the_table_opens_exactly_that_many_orders(pingshan: Hall, watched: Watched, figure: str) -> None:
    page = watched.page
    page.goto(f"{pingshan.url}/statistics?by=region")
    cell = page.locator(".figures tr", has_text="龙田街道").locator(f"[data-figure={figure}] a")
    told = cell.inner_text()
    cell.click()
    page.wait_for_url(re.compile("/orders"))
    expect(page.locator("#orders-total")).to_have_text(told)
    page.wait_for_selector(".ag-center-cols-container [role=row]")
    rows = int(told.replace(",", ""))
    grid = page.locator("#orders-grid [role=grid], #orders-grid .ag-root").first
    expect(grid).to_have_attribute("aria-rowcount", re.compile(f"^({rows}|{rows + 1})$"))  # some count the head
    assert watched.faults == []


def test_the_wall_of_the_same_city_shows_the_same_totals(pingshan: Hall, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{pingshan.url}/wall?period=all&motion=0")
    page.wait_for_function("() => gridhall.live.figures?.closure?.rate?.den === 3974")
    row = page.locator("[data-panel=rate] a.row", has_text="龙田")
    code = row.get_attribute("data-region")
    row.click()
    page.wait_for_function("code => gridhall.live.figures?.region?.code === code", arg=code)
    assert page.evaluate("() => gridhall.live.figures.closure.rate.den") == 994
    assert watched.faults == []
