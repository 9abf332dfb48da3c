"""What an address asks and nobody reads is said: a program that misspells a filter must not take everything for a part."""

import re
from collections.abc import Iterator

import pytest

from config.city import City
from config.settings import Settings
from dashboard.parameters import EVERYWHERE, OF
from store.store import Store
from tests.dashboard.at_work import AtWork, at_work
from tests.dashboard.forms import HTML

ROOT = "/api/v1"


@pytest.fixture
def work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    with at_work(store, city, settings) as working:
        yield working


def test_every_address_of_the_api_says_what_it_reads(work: AtWork) -> None:
    rules = {
        rule.rule.removeprefix(ROOT)
        for rule in work.app.url_map.iter_rules()
        if rule.rule.startswith(f"{ROOT}/") and "GET" in (rule.methods or ())
    }
    assert rules == OF.keys()


def test_a_parameter_that_an_address_does_not_read_is_refused_and_those_that_it_reads_are_named(work: AtWork) -> None:
    boss = work.of("boss", "supervisor", "auditor")
    for rule, known in OF.items():
        path = ROOT + re.sub(r"<[^>]*>", "x", rule)
        answer = boss.get(f"{path}?no_such=1")
        assert answer.status_code == 400 and "'no_such'" in answer.json["error"], path
        assert all(name in answer.json["error"] for name in (*known, *EVERYWHERE)), path
        for name in (*known, *EVERYWHERE):
            assert "is no parameter" not in boss.get(f"{path}?{name}=").text, (path, name)


def test_who_is_not_logged_in_is_told_nothing_of_parameters(work: AtWork) -> None:
    assert work.client().get(f"{ROOT}/orders?no_such=1").status_code == 401


def test_a_state_that_there_is_not_is_refused(work: AtWork) -> None:
    boss = work.of("chief", "supervisor")
    assert boss.get(f"{ROOT}/workers?presence=silent,frozen").status_code == 200
    assert "presence: 'flying'" in boss.get(f"{ROOT}/workers?presence=silent,flying").json["error"]


@pytest.mark.parametrize(("path", "status", "zh", "en"), [
    ("/cards?kind=blue", 400, "地址有误：kind=blue 不可用，可选：", "The address is wrong: kind=blue is none of:"),
    ("/cards?from=soon", 400, "地址有误：from=soon 不是日期或时间", "The address is wrong: from=soon is no day and no time"),
    ("/cards?region=x", 404, "没有这个区域：x", "There is no such region: x"),
    ("/bulletins/none", 404, "没有这份通报：none", "There is no such bulletin: none"),
    ("/status", 403, "无权查看", "No right to see this"),
])  # fmt: skip
def test_a_page_says_in_words_what_is_wrong_with_its_address_and_leads_on(
    work: AtWork, path: str, status: int, zh: str, en: str
) -> None:
    name = re.sub(r"\W", "", path)
    leader = work.of(f"leader{name}", "leader")
    for lang, text in (("zh", zh), ("en", en)):
        answer = leader.get(f"{path}{'&' if '?' in path else '?'}lang={lang}", headers=HTML)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
        assert text in answer.text and f'href="/?lang={lang}"' in answer.text


def test_an_address_that_is_no_screens_is_not_found(work: AtWork) -> None:
    boss = work.of("head", "supervisor")
    for path in ("/orders.csv", "/nothing", "/wall.html"):
        assert boss.get(path, headers=HTML).status_code == 404, path
    for path in ("/wall", "/desk", "/orders", "/order/x", "/worker/x", "/review", "/statistics"):
        assert boss.get(path, headers=HTML).status_code == 200, path


def test_nothing_of_an_address_comes_back_as_markup(work: AtWork) -> None:
    text = work.of("eye", "leader").get("/cards?kind=<b>x</b>", headers=HTML).text
    assert "<b>x</b>" not in text and "&lt;b&gt;" in text
