"""The audit log as its auditor searches, pages and exports it."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from config import clock
from config.city import City
from config.settings import Settings
from config.words import words
from dashboard import auditlog
from dashboard.auditlog import harmless
from store import audit
from store.audit import Entry
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, act, at_work, report
from tests.dashboard.forms import HTML, told


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


# the audit page


def lines_of(client: FlaskClient, query: str = "") -> list[tuple[str, str]]:
    answer = client.get(f"/api/v1/audit{query}")
    assert answer.status_code == 200, answer.text
    return [(item["what"], item["who"]) for item in answer.json["items"]]


def test_the_auditor_finds_lines_by_every_filter_and_each_look_is_a_line(work: AtWork) -> None:
    chief, auditor = work.of("c", "duty_chief", scope=EAST), work.of("a", "auditor")
    order = report(chief, region=EAST)
    act(chief, order, "accept")
    chief.get("/api/v1/audit")
    yesterday = clock.local_now(work.city.zone).date() - dt.timedelta(days=1)  # midnight may come in between
    assert lines_of(auditor, f"?subject={order}") == [("action", "token:c")] * 2
    assert lines_of(auditor, "?who=token:c&what=refused") == [("refused", "token:c")]
    assert lines_of(auditor, "?what=login") == [] and lines_of(auditor, "?text=ACCEPT") == [("action", "token:c")]
    assert lines_of(auditor, f"?from={yesterday}&limit=1&offset=1") and lines_of(auditor, "?to=2000-01-01") == []
    looks = [line for line in work.log() if line.what == "view_audit"]
    assert len(looks) == 6 and looks[0].detail["asked"] == "to=2000-01-01" and looks[5].detail["asked"] == f"subject={order}"
    assert auditor.get("/api/v1/audit?period=today").status_code == 200
    for query in (
        "?what=dance",
        "?from=soon",
        "?limit=-1",
        "?limit=x",
        "?offset=9999999",
        "?before=1",
        "?before=1-2-3-4",
        "?from=2026-02-02&to=2026-01-01",
    ):
        assert auditor.get(f"/api/v1/audit{query}").status_code == 400, query
    page = auditor.get(f"/audit?lang=en&what=action&who=token:c&subject={order}", headers=HTML)
    assert page.status_code == 200 and page.text.count(order) >= 3 and words("en")["action.accept"] in page.text
    assert words("en")["audit.none"] in auditor.get("/audit?lang=en&who=nobody", headers=HTML).text
    assert "is none of" in auditor.get("/audit?lang=en&what=dance", headers=HTML).text
    assert "what=dance 不可用" in auditor.get("/audit?what=dance", headers=HTML).text


def test_pages_of_the_log_miss_nothing(work: AtWork) -> None:
    audit.write(work.store, *(Entry(at_ms=5, who="w", what="logout", subject=f"s{n}") for n in range(450)))
    auditor = work.of("a", "auditor")
    found: list[str] = []
    query = "?what=logout&limit=200"
    for _ in range(4):
        answer = auditor.get(f"/api/v1/audit{query}").json
        found += [item["subject"] for item in answer["items"]]
        if answer["next"] is None:
            break
        query = f"?what=logout&limit=200&before={answer['next']}"
    assert found == [f"s{n}" for n in range(449, -1, -1)]
    page = auditor.get("/audit?what=logout", headers=HTML)
    older = re.search(r'href="(/audit\?[^"]*before=[^"]*)"', page.text)
    assert older is not None and ">s250<" in page.text and ">s249<" not in page.text
    assert ">s249<" in auditor.get(older[1].replace("&amp;", "&"), headers=HTML).text


def test_a_search_looks_at_so_many_lines_and_says_where_to_go_on(work: AtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditlog, "MOST_WALKED", 100)
    audit.write(
        work.store, Entry(at_ms=5, who="needle", what="logout"), *(Entry(at_ms=5, who="w", what="logout") for _ in range(250))
    )
    auditor = work.of("a", "auditor")
    query, rounds = "?who=needle", 0
    while True:
        answer = auditor.get(f"/api/v1/audit{query}").json
        rounds += 1
        if answer["items"] or answer["next"] is None:
            break
        query = f"?who=needle&before={answer['next']}"
    assert [item["who"] for item in answer["items"]] == ["needle"] and rounds == 3


def test_an_auditor_of_a_street_sees_what_is_about_it_and_what_its_people_tried_elsewhere(work: AtWork) -> None:
    east, west = work.of("east", "duty_chief", scope=EAST), work.of("west", "duty_chief", scope=WEST)
    order = report(west, region=WEST)
    assert east.get(f"/api/v1/orders/{order}").status_code == 404
    of_east, of_west = work.of("ae", "auditor", scope=EAST), work.of("aw", "auditor", scope=WEST)
    work.client().post("/api/v1/login", json={"user": "nobody", "password": "x"})
    for auditor in (of_east, of_west):
        assert ("refused", "token:east") in lines_of(auditor)
        assert not [line for line in lines_of(auditor) if line[0] == "login_refused"]  # about no region: the whole city's
    assert ("action", "token:west") in lines_of(of_west) and ("action", "token:west") not in lines_of(of_east)
    assert ("login_refused", "-") in lines_of(work.of("a", "auditor"))


def test_the_export_is_for_spreadsheets_and_gives_them_no_formulas(work: AtWork) -> None:
    for who in ("=1+1", "+1|cmd", "-2+3", "@SUM(1)", "\t=1", "＝1+1", "plain", "-"):
        audit.write(work.store, Entry(at_ms=5, who=who, what="logout", subject='=HYPERLINK("x","y")', detail={"a": 'b,\n"c'}))
    auditor = work.of("a", "auditor")
    answer = auditor.get("/api/v1/audit?what=logout&format=csv&lang=en")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"' and answer.text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline=""))
    assert head[:3] == [words("en")[key] for key in ("audit.at", "audit.who", "audit.what")] and len(rows) == 8
    assert [row[1] for row in reversed(rows)] == ["'=1+1", "'+1|cmd", "'-2+3", "'@SUM(1)", "'\t=1", "'＝1+1", "plain", "-"]
    assert all(row[3].startswith("'=") and row[6] == 'a b,\n"c' for row in rows)
    assert told(work, "view_audit") == [("view_audit", "token:a")]
    for cell in ("=1", " =1", "'=1", "%0A=1", "|x", "\r=1"):
        assert harmless(cell).startswith("'"), cell
    for cell in ("2026-07-13 10:00:00+08:00", "token:c", "佛平路", "", "-", "440605-1"):
        assert harmless(cell) == cell


def test_only_an_auditor_reads_the_log(work: AtWork) -> None:
    for role in ("supervisor", "administrator", "leader", "wall", "duty_chief"):
        who = work.of(role, role, scope="440605")
        assert who.get("/audit").status_code == who.get("/api/v1/audit?format=csv").status_code == 403
    for method in ("post", "put", "delete", "patch"):
        assert getattr(work.of(f"a-{method}", "auditor"), method)("/api/v1/audit").status_code in (404, 405)
