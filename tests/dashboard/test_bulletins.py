"""A published period is frozen: what its orders do later changes nothing, and a new version says why and what changed."""

import html
import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from config.city import City
from config.settings import Settings
from dashboard.bulletins import content, maker
from dashboard.bulletins.rows import COUNT
from dashboard.hall import Hall
from domain.facts import CaseStep
from domain.indicators import DEFINITIONS
from domain.states import Order
from store import bulletins
from store.blobs import InFolder
from store.errors import FilesUnavailable, StoreUnavailable
from store.store import Store
from tests.dashboard.at_work import EAST, WEST, AtWork, at_work, wait_for
from tests.dashboard.bulletin_city import NOVEMBER, OCTOBER, Press, orders
from tests.dashboard.halls import DAY, HOUR, order

HTML = {"Accept": "text/html"}


@pytest.fixture
def press(store: Store, city: City, settings: Settings) -> Press:
    press = Press(city, store, settings)
    press.tell(*orders())
    return press


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbooks and papers of a few bytes, made in this process: for tests of other things."""

    def pack(self: maker.Maker, job: bulletins.Job, folder: Any) -> None:
        from dashboard.bulletins import pack as packing

        monkeypatch.setattr(packing, "workbook", lambda *_: b"sheets")
        monkeypatch.setattr(packing, "paper", lambda *_: b"pages")
        packing.make(folder)

    monkeypatch.setattr(maker.Maker, "_pack", pack)


def parts(press: Press, made: bulletins.Bulletin) -> dict[str, bytes]:
    return {name: press.shelf.bytes_of(part) for name, part in made.parts.items()}


def late() -> Order:
    """One more of October, of which somebody tells later."""
    return order("LATE", "closed", reported_at_ms=OCTOBER + DAY, status_at_ms=NOVEMBER, closed_at_ms=NOVEMBER, on_time=True)


def wanted(**more: Any) -> bulletins.Job:
    """A job for the west's October."""
    name = bulletins.version_id("month", WEST, "2025-10", 1)
    told = {"id": name, "kind": "month", "region": WEST, "period": "2025-10", "number": 1, "reason": "", "by": "chief"}
    return bulletins.Job(**{**told, "at_ms": 1, "told_at_ms": 1, **more})


def test_a_frozen_month_does_not_change_when_its_orders_do(press: Press) -> None:
    first = press.publish()
    before = parts(press, first)
    figures = press.shelf.content(first)["figures"]
    assert (figures["reported"]["numerator"], figures["closed"]["numerator"], first.orders) == (30, 20, 30)
    press.now_ms += 40 * DAY
    press.change("O03", status="void", closed_at_ms=None)
    press.change("O04", status="closed", closed_at_ms=press.now_ms, on_time=False)
    press.tell(late())
    fresh = Press(press.hall.city, press.store, press.settings, press.now_ms)  # another process, another day
    held = bulletins.bulletin(press.store, first.id)
    assert held == first and parts(fresh, first) == before
    assert fresh.shelf.content(first)["figures"] == figures
    assert fresh.shelf.rows(first).num_rows == 30


def test_a_new_version_needs_its_reason_and_names_what_changed(press: Press, quick: None) -> None:
    first = press.publish()
    press.now_ms += 3 * HOUR
    press.change("O03", status="void", closed_at_ms=None)
    press.change("O05", region=f"{EAST}01", department="水利")
    press.tell(late())
    second = press.publish(reason="O03 误报，补录一件")
    assert (second.number, second.reason, second.previous, second.as_of_ms) == (2, "O03 误报，补录一件", first.id, press.now_ms)
    changes = press.shelf.content(second)["changes"]
    assert changes["from"] == {"number": 1, "as_of_ms": first.as_of_ms} and not changes["is_same"]
    told = {one["key"]: (one["from"]["numerator"], one["to"]["numerator"]) for one in changes["figures"]}
    assert told["reported"] == (30, 31) and told["voided"] == (4, 5) and "overdue" not in told
    assert "closed" not in told  # one left, one came
    listed = changes["orders"]
    assert [item["order"] for item in listed["came"]["items"]] == ["LATE"] and listed["went"] == {"total": 0, "items": []}
    changed = {item["order"]: item for item in listed["changed"]["items"]}
    assert set(changed) == {"O03", "O05"} and listed["changed"]["total"] == 2
    assert changed["O03"]["columns"]["status"] == ["closed", "void"]
    assert "closed" in changed["O03"]["left"] and "voided" in changed["O03"]["joined"]
    assert changed["O05"]["columns"]["region"] == [f"{WEST}01", f"{EAST}01"]
    by_region = {(one["key"], one["figure"]): one for one in changes["tables"] if one["by"] == "region"}
    assert by_region[EAST, "reported"]["to"]["numerator"] == by_region[EAST, "reported"]["from"]["numerator"] + 2
    assert press.shelf.content(first)["changes"] is None


def test_an_order_that_left_the_period_is_named(press: Press, quick: None) -> None:
    press.publish()
    press.change("O07", reported_at_ms=OCTOBER - 2 * DAY)
    changes = press.shelf.content(press.publish(reason="更正时间"))["changes"]
    assert changes["orders"]["went"] == {"total": 1, "items": [{"order": "O07", "title": "事项7 电话138****5678"}]}


def test_two_versions_without_a_difference_say_so(press: Press, quick: None) -> None:
    press.publish()
    press.now_ms += HOUR  # nothing falls due in it
    changes = press.shelf.content(press.publish(reason="再发"))["changes"]
    assert changes["is_same"] and changes["figures"] == [] and changes["orders"]["changed"]["total"] == 0


def test_every_frozen_figure_counts_exactly_its_frozen_rows(press: Press, quick: None) -> None:
    made = press.publish()
    held, rows = press.shelf.content(made), press.shelf.rows(made).to_pandas()
    checked = 0

    def check(figure: dict[str, Any], key: str, chosen: Any) -> None:
        nonlocal checked
        definition = held["definitions"][key]
        assert int(rows[COUNT + definition["numerator"]][chosen].sum()) == figure["numerator"], key
        if figure["denominator"] is not None:
            assert int(rows[COUNT + definition["denominator"]][chosen].sum()) == figure["denominator"], key
        checked += 1

    for key, figure in held["figures"].items():
        check(figure, key, rows["order"] != "")
    for table in held["tables"]:
        for row in table["rows"]:
            for key, figure in row["figures"].items():
                check(figure, key, rows[f"by:{table['by']}"] == row["key"])
            took = rows["took_ms"][rows[f"by:{table['by']}"] == row["key"]].dropna() / 1000
            assert (len(took), round(took.median(), 3) if len(took) else None) == (
                row["durations"]["n"], row["durations"]["median_s"],
            )  # fmt: skip
    levels = [name for name in rows.columns if name.startswith("by:level:")]
    for ranking in held["rankings"]:
        for row in ranking["rows"]:
            for part in row["parts"]:
                own = part["by"] == "own_grid"
                chosen = rows[levels].eq(part["group"]).any(axis=1) if own else rows[f"by:{part['by']}"] == part["group"]
                check(part, part["figure"], chosen)
    assert checked > 500 and held["figures"].keys() == DEFINITIONS.keys()


def test_nothing_personal_is_frozen(press: Press) -> None:
    told = order("P", "closed", reported_at_ms=OCTOBER + DAY, status_at_ms=NOVEMBER, closed_at_ms=NOVEMBER, on_time=True,
                 title="找13912345678", text="梁先生家里", address="佛平路188号3座502房", reporter="梁嘉敏")  # fmt: skip
    press.tell(told)
    for name, data in parts(press, press.publish()).items():
        if name in ("content", "rows"):
            for secret in ("13912345678", "13812345678", "梁先生", "佛平路", "梁嘉敏"):
                assert secret.encode() not in data, (name, secret)
    rows = press.shelf.rows(press.publish(reason="x"))
    assert "138****5678" in str(rows["title"][0])


def test_a_published_file_that_somebody_changed_is_not_served(press: Press, quick: None) -> None:
    made = press.publish()
    part = made.parts["rows"]
    path = press.settings.data_dir / "files" / part.sha256[:2] / part.sha256
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(FilesUnavailable, match="changed"):
        Press(press.hall.city, press.store, press.settings).shelf.rows(made)


def test_a_version_is_added_once_and_only_after_the_one_before(press: Press, quick: None) -> None:
    made = press.publish()
    other = msgspec.structs.replace(made, reason="other", as_of_ms=1)
    assert not bulletins.add(press.store, other) and bulletins.bulletin(press.store, made.id) == made
    third = msgspec.structs.replace(made, id="third", number=3, previous="there is no second")
    assert not bulletins.add(press.store, third) and bulletins.bulletin(press.store, "third") is None


# the maker


def test_its_progress_is_told_to_every_process(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, str]] = []
    tell = bulletins.tell

    def watch(store: Store, job: bulletins.Job) -> None:
        tell(store, job)
        held = bulletins.job(store, job.id)
        assert held is not None
        if held.kind == "month":
            seen.append((held.percent, held.step))

    monkeypatch.setattr(bulletins, "tell", watch)
    monkeypatch.setattr(maker, "LOOK_S", 0.01)
    press.publish()
    percents = [percent for percent, _ in seen]
    assert percents == sorted(percents) and percents[-1] == 100 and seen[-1] == (100, "done")
    assert len({step for _, step in seen}) >= 5, seen


def test_a_job_that_its_maker_left_is_begun_anew_and_given_up_in_the_end(press: Press, quick: None) -> None:
    job = wanted(state="running", percent=40, tries=1)
    bulletins.tell(press.store, job)
    assert press.maker.turn()
    done = bulletins.job(press.store, job.id)
    assert done is not None and (done.state, done.tries) == ("done", 2) and bulletins.bulletin(press.store, job.id) is not None
    broken = msgspec.structs.replace(job, id="broken", tries=maker.MOST_TRIES)
    bulletins.tell(press.store, broken)
    press.maker.turn()
    told = bulletins.job(press.store, "broken")
    assert told is not None and (told.state, told.fault) == ("failed", "broken")


def test_what_cannot_be_made_says_why(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "freeze", lambda *_: (_ for _ in ()).throw(ValueError("no such thing")))
    job = wanted(id="x")
    bulletins.ask(press.store, job)
    press.maker.turn()
    told = bulletins.job(press.store, "x")
    assert told is not None and (told.state, told.fault) == ("failed", "no such thing")
    assert bulletins.ask(press.store, msgspec.structs.replace(job, reason="again")).reason == "again"


def test_files_that_fail_cost_a_job_nothing(press: Press, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = wanted()
    bulletins.ask(press.store, job)

    def full(*_: Any) -> None:
        raise FilesUnavailable("the folder is gone")

    with monkeypatch.context() as broken:
        broken.setattr(InFolder, "write", full)
        with pytest.raises(FilesUnavailable):
            press.maker.turn()
    held = bulletins.job(press.store, job.id)
    assert held is not None and (held.state, held.tries) == ("waiting", 0)
    assert press.maker.turn() and bulletins.bulletin(press.store, job.id) is not None


def test_a_maker_that_lost_its_lease_lets_go(press: Press, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    freeze = content.freeze

    def stolen(hall: Hall, job: bulletins.Job) -> Any:
        bulletins.end_lease(press.store, press.maker.owner)
        assert bulletins.take_lease(press.store, "another")
        return freeze(hall, job)

    monkeypatch.setattr(content, "freeze", stolen)
    monkeypatch.setattr(maker.Maker, "_pack", lambda self, job, folder: self._tell(job, 50, "xlsx_zh"))
    job = wanted()
    bulletins.ask(press.store, job)
    press.maker.turn()
    held = bulletins.job(press.store, job.id)
    assert held is not None and held.state == "running" and bulletins.bulletin(press.store, job.id) is None
    assert not press.maker.turn()  # the other one has it


def test_a_store_that_is_gone_publishes_nothing(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    press.hall.connected = False
    assert not press.maker.turn() and bulletins.jobs(press.store) == []
    press.hall.connected = True

    def silent(*_: Any) -> bool:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(bulletins, "take_lease", silent)
    with pytest.raises(StoreUnavailable):
        press.maker.turn()


# by hand, in a city at work


@pytest.fixture
def work(store: Store, city: City, settings: Settings, quick: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AtWork]:
    """Three orders of October in the east and three in the west; nothing is published by plan."""
    monkeypatch.setattr(maker, "due", lambda *_: [])
    with at_work(store, city, settings) as working:
        at_ms = working.city.day_bounds("2025-10-05")[0]
        steps = [
            CaseStep(source="h", received_at_ms=at_ms, order=f"H{n}", at_ms=at_ms + n * HOUR, status="reported", title="灯不亮",
                     lon=113.105 + n % 2 / 100, lat=23.005)
            for n in range(6)
        ]  # fmt: skip
        working.tell(*steps)
        yield working


def make_all(work: AtWork) -> None:
    while work.app.extensions["bulletins"].turn():
        pass


def test_a_supervisor_publishes_and_reads_and_others_do_not(work: AtWork) -> None:
    sue = work.of("sue", "supervisor", scope=EAST)
    asked = sue.post("/api/v1/bulletins", json={"period": "2025-10", "region": EAST, "reason": "not needed"})
    assert asked.status_code == 202, asked.text
    name = asked.json["id"]
    assert sue.get(f"/api/v1/bulletins/jobs/{name}").json["state"] == "waiting"
    assert [job["id"] for job in sue.get("/api/v1/bulletins/jobs").json["items"]] == [name]
    make_all(work)
    assert sue.get(f"/api/v1/bulletins/jobs/{name}").json["state"] == "done"
    told = sue.get(f"/api/v1/bulletins/{name}").json
    assert told["content"]["figures"]["reported"]["numerator"] == 3 and told["number"] == 1 and told["reason"] == ""
    boss, west = work.of("boss", "leader"), work.of("wes", "leader", scope=WEST)
    assert boss.get(f"/api/v1/bulletins/{name}").status_code == 200
    assert west.get(f"/api/v1/bulletins/{name}").status_code == 404 and west.get("/api/v1/bulletins").json["items"] == []
    for role, more in (("dispatcher", {}), ("intake", {}), ("checker", {}), ("administrator", {}), ("auditor", {})):
        who = work.of(f"a-{role}", role, scope=EAST, **more)
        assert who.post("/api/v1/bulletins", json={"period": "2025-09"}).status_code == 403, role
        assert who.get(f"/api/v1/bulletins/{name}").status_code == 200, role
    for role, more in (("department", {"department": "x"}), ("worker", {"worker": "W1", "scope": f"{EAST}01"}), ("wall", {})):
        who = work.of(f"b-{role}", role, **{"scope": EAST, **more})
        assert who.get(f"/api/v1/bulletins/{name}").status_code == 403, role
        assert who.get("/bulletins", headers=HTML).status_code == 403, role
    lines = [(line.who, line.subject, line.region) for line in work.log() if line.what == "publish"]
    assert ("token:sue", name, EAST) in lines


def test_a_second_version_is_refused_without_a_reason(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    assert chief.post("/api/v1/bulletins", json={"period": "2025-10"}).status_code == 202
    make_all(work)
    refused = chief.post("/api/v1/bulletins?lang=zh", json={"period": "2025-10", "reason": " \n "})
    assert refused.status_code == 400 and "事由" in refused.json["error"]
    asked = chief.post("/api/v1/bulletins", json={"period": "2025-10", "reason": "补录\n一件"})
    assert asked.status_code == 202 and asked.json["number"] == 2
    again = chief.post("/api/v1/bulletins", json={"period": "2025-10", "reason": "another"})  # it is being made already
    assert again.json["id"] == asked.json["id"]
    make_all(work)
    second = chief.get(f"/api/v1/bulletins/{asked.json['id']}").json
    assert (second["reason"], second["number"]) == ("补录 一件", 2) and second["previous"]
    compared = chief.get(f"/api/v1/bulletins/{second['id']}/compare?with={second['previous']}").json
    assert compared["from"]["number"] == 1 and compared["to"]["number"] == 2
    assert chief.get(f"/api/v1/bulletins/{second['id']}/compare?with=nothing").status_code == 404


@pytest.mark.parametrize(("told", "status"), [
    ({"period": "2025-13"}, 400), ({"period": "October"}, 400), ({}, 400), ({"period": "2025-W54"}, 400),
    ({"period": "9999"}, 400), ({"period": "2099-01"}, 400), ({"period": "2025-10", "region": "nowhere"}, 404),
    ({"period": ["2025"]}, 400), ({"period": "0001"}, 400), ({"period": "2025-10", "reason": "x" * 600}, 400),
    ({"period": "２０２５-10"}, 400),
])  # fmt: skip
def test_a_period_that_cannot_be_is_refused(work: AtWork, told: dict[str, Any], status: int) -> None:
    chief = work.of("chief", "duty_chief")
    assert chief.post("/api/v1/bulletins", json=told).status_code == status
    assert bulletins.jobs(work.store) == []


def test_what_is_no_json_object_is_refused(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    for body in ("[]", "x", "null", '"2025-10"'):
        assert chief.post("/api/v1/bulletins", data=body, content_type="application/json").status_code == 400


def test_every_frozen_figure_opens_its_frozen_orders(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    name = chief.post("/api/v1/bulletins", json={"period": "2025-10"}).json["id"]
    make_all(work)
    held = chief.get(f"/api/v1/bulletins/{name}").json["content"]
    at_ms = work.hall.now_ms()
    work.tell(CaseStep(source="h", received_at_ms=at_ms, order="H0", at_ms=at_ms, status="void"))  # later, and of no account
    wait_for(lambda: work.hall.orders["H0"].status == "void")
    below = f"/api/v1/bulletins/{name}/orders"
    for key, figure in held["figures"].items():
        for part, number in (("num", figure["numerator"]), ("den", figure["denominator"])):
            if number is not None:
                assert chief.get(f"{below}?figure={key}&part={part}").json["total"] == number, (key, part)
    listed = chief.get(f"{below}?figure=reported&by=region&group={EAST}&limit=2").json
    assert (listed["total"], len(listed["items"])) == (3, 2)
    rest = chief.get(f"{below}?figure=reported&by=region&group={EAST}&limit=2&offset=2").json["items"]
    assert {item["order"] for item in (*listed["items"], *rest)} == {"H0", "H2", "H4"}
    assert "address" not in listed["items"][0] and "text" not in listed["items"][0]
    for wrong in ("figure=nothing", "figure=closed&part=den", "by=nothing&group=x", "offset=-1", "limit=x", "count=nothing"):
        assert chief.get(f"{below}?{wrong}").status_code == 400, wrong


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_show_a_version_and_where_its_figures_lead(work: AtWork, lang: str) -> None:
    browser, csrf = work.browser_of("chief", "duty_chief")
    empty = browser.get(f"/bulletins?lang={lang}", headers=HTML)
    assert empty.status_code == 200 and 'name="period"' in empty.text
    told = {"csrf_token": csrf["X-CSRFToken"], "period": "2025-10", "region": "440605", "reason": ""}
    wrong = browser.post(f"/bulletins?lang={lang}", data={**told, "period": "x"})
    assert wrong.status_code == 400 and 'role="alert"' in wrong.text
    assert browser.post(f"/bulletins?lang={lang}", data={"period": "2025-10"}).status_code == 400  # without the token
    asked = browser.post(f"/bulletins?lang={lang}", data=told)
    assert asked.status_code == 303, asked.text
    assert "<progress" in browser.get(f"/bulletins?lang={lang}", headers=HTML).text
    make_all(work)
    again = browser.post(f"/bulletins?lang={lang}", data=told)
    assert again.status_code == 400 and "<progress" not in again.text
    browser.post(f"/bulletins?lang={lang}", data={**told, "reason": "<b>更正</b>"})
    make_all(work)
    first, second = sorted(bulletins.versions(work.store, "month", "440605", "2025-10"), key=lambda one: one.number)
    page = browser.get(f"/bulletins/{second.id}?lang={lang}", headers=HTML)
    assert page.status_code == 200 and "UTC+08:00 Asia/Shanghai" in page.text
    assert "&lt;b&gt;更正" in page.text and "<b>更正" not in page.text
    assert 'data-figure="closure_rate"' in page.text and 'data-num="6"' in page.text
    for path in (f"compare?with={second.id}&lang={lang}", f"orders?figure=reported&by=region&group={EAST}"):
        shown = browser.get(f"/bulletins/{first.id}/{path}", headers=HTML)
        assert shown.status_code == 200 and "UTC+08:00 Asia/Shanghai" in shown.text
    assert 'data-total="3"' in shown.text
    listed = browser.get(f"/bulletins?lang={lang}", headers=HTML).text
    assert listed.count("/files/pdf?lang=" + lang) == 2


def test_every_figure_of_the_page_opens_as_many_orders_as_it_says(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    name = chief.post("/api/v1/bulletins", json={"period": "2025-10"}).json["id"]
    make_all(work)
    page = html.unescape(chief.get(f"/bulletins/{name}", headers=HTML).text)
    links: dict[str, int] = {}
    for cell in page.split('<span data-figure="')[1:]:
        told = re.match(r'(\w+)" data-num="(\d+)"(?: data-den="(\d+)")?', cell)
        assert told is not None
        for href in re.findall(r'href="([^"]+)"', cell.split("</td>")[0]):
            asked = dict(parse_qsl(urlsplit(href).query, keep_blank_values=True))
            assert asked["figure"] == told[1]
            links[href] = int(told[3] if asked["part"] == "den" else told[2])
    for stage in re.findall(r'href="([^"]+stage=[^"]+)"[^>]*>([\d,]+)</a>', page):
        links[stage[0]] = int(stage[1].replace(",", ""))
    assert len(links) > 200
    for href, number in links.items():
        listed = chief.get(href, headers=HTML)
        assert f'data-total="{number}"' in listed.text, (href, number)


def test_a_download_is_written_down(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    name = chief.post("/api/v1/bulletins", json={"period": "2025-10"}).json["id"]
    make_all(work)
    for form in ("xlsx", "pdf"):
        answer = chief.get(f"/api/v1/bulletins/{name}/files/{form}?lang=en")
        assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert "v1." + form in answer.headers["Content-Disposition"]
    assert chief.get(f"/api/v1/bulletins/{name}/files/docx").status_code == 400
    assert chief.get(f"/api/v1/bulletins/{name}/files/pdf?lang=fr").status_code == 400
    lines = [line for line in work.log() if line.what == "export"]
    assert [line.detail["file"] for line in lines] == ["pdf.en", "xlsx.en"] and {line.who for line in lines} == {"token:chief"}


def test_json_of_the_list_names_each_version(work: AtWork) -> None:
    chief = work.of("chief", "duty_chief")
    for period in ("2025-10", "2025-W41", "2025-09"):
        assert chief.post("/api/v1/bulletins", json={"period": period}).status_code == 202
    make_all(work)
    told = chief.get("/api/v1/bulletins").json["items"]
    assert {one["period"] for one in told} == {"2025-10", "2025-W41", "2025-09"}
    assert [one["period"] for one in chief.get("/api/v1/bulletins?kind=week").json["items"]] == ["2025-W41"]
    assert chief.get("/api/v1/bulletins?kind=decade").status_code == 400
    assert json.dumps(told).count("sha256") == 3 * 7


def test_two_processes_that_make_at_once_publish_one_version(press: Press, city: City, settings: Settings, quick: None) -> None:
    other = Press(city, press.store, settings)
    other.tell(*orders())
    job = wanted()
    bulletins.ask(press.store, job)
    made: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: made.append(one.maker.turn())) for one in (press, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [False, True] and len(bulletins.versions(press.store, "month", WEST, "2025-10")) == 1
    assert isinstance(press.hall.orders["O00"], Order)
