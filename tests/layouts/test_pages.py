"""Every page builds, in both languages, with ids that are spoken once."""

from collections.abc import Iterator
from typing import Any

import pytest
from dash.development.base_component import Component
from flask import Flask

from config.settings import Settings, load_settings
from config.words import words
from dashboard import query
from dashboard.callbacks.filter_words import pills
from dashboard.callbacks.routing import page_key, params_of
from dashboard.callbacks.selection import content
from dashboard.hall import Hall
from dashboard.proof import proof_of
from domain.states import Feed, Order, Presence, Worker
from layouts import ids, pages
from layouts.page_config import page_config
from tests.dashboard.persons import as_person
from tests.dashboard.screens import small_city

NOW_MS = 1_766_562_128_000
LANGS = ("zh", "en")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings({})


@pytest.fixture(scope="module")
def hall() -> Hall:
    """A hall without a store: one worker, one order that he reported and handles, one feed."""
    hall = Hall(small_city(), None, now_ms=lambda: NOW_MS)
    moved = NOW_MS - 60_000
    worker = Worker(worker="w0", version=1, fixed_at_ms=moved, heard_at_ms=moved, lon=113.1, lat=23.0, region="a1",
                    presence=Presence.MOVING, battery_pct=63.0)  # fmt: skip
    order = Order(order="o0", version=1, status="handling", reported_at_ms=moved, status_at_ms=moved, deadline_at_ms=NOW_MS - 1,
                  reporter="w0", handler="w0", region="a1", department="d1", category="m1", lon=113.1, lat=23.0)  # fmt: skip
    feed = Feed(feed="f0", version=1, at_ms=moved, status="online", name="路口", lon=113.1, lat=23.0, region="a1")
    hall.apply([("worker", worker), ("order", order), ("feed", feed)], NOW_MS)
    return hall


def components(tree: Any) -> Iterator[Component]:
    """Every component of a tree, from the top."""
    for item in tree if isinstance(tree, list | tuple) else [tree]:
        if isinstance(item, Component):
            yield item
            yield from components(getattr(item, "children", None))


def every_page(hall: Hall, settings: Settings, lang: str) -> dict[str, Any]:
    params = {"figure": "open", "region": "a", "from": str(NOW_MS), "to": str(NOW_MS + 1), "department": "-", "reporter": "w0"}
    return {
        "wall": pages.wall_page(hall.city, settings, lang, hall.city.scenes),
        "worker": pages.worker_page(hall.city, settings, lang, query.worker_dossier(hall, "w0")),
        "order": pages.order_page(hall.city, settings, lang, query.order_page(hall, "o0")),
        "orders": pages.orders_page(hall.city, settings, lang, params, pills(hall.city, params, lang), proof_of(hall, params)),
        "desk": pages.desk_page(hall.city, settings, lang),
        "message": pages.message_page(hall.city, settings, lang, "…"),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_every_page_builds_and_its_ids_are_known_and_unique(hall: Hall, settings: Settings, lang: str) -> None:
    known = {value for name, value in vars(ids).items() if name.isupper()}
    skeleton = [part.id for part in components(pages.build(hall.city, settings, lang)) if getattr(part, "id", None)]
    for name, page in every_page(hall, settings, lang).items():
        used = [part.id for part in components(page) if getattr(part, "id", None)] + skeleton
        assert sorted(used) == sorted(set(used)), name
        assert set(used) <= known, name


def test_no_two_ids_are_the_same_word() -> None:
    values = [value for name, value in vars(ids).items() if name.isupper()]
    assert sorted(values) == sorted(set(values))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("kind", "name"), [("worker", "w0"), ("order", "o0"), ("feed", "f0")])
def test_what_is_picked_opens_its_drawer_and_what_is_gone_says_so(hall: Hall, lang: str, kind: str, name: str) -> None:
    app = Flask("test")
    as_person(app)
    with app.test_request_context():
        app.preprocess_request()
        assert len(list(components(content(hall, kind, name, lang)))) > 3
        gone = content(hall, kind, "nobody", lang)
    assert words(lang)["page.gone"].format(id="nobody") in [part.children for part in components(gone)]


def test_a_phone_number_is_on_no_page(hall: Hall, settings: Settings) -> None:
    for name, page in every_page(hall, settings, "zh").items():
        texts = [part.children for part in components(page) if isinstance(getattr(part, "children", None), str)]
        assert not [text for text in texts if '"phone"' in text], name


def test_the_configuration_of_a_page_names_each_region_and_its_level(hall: Hall, settings: Settings) -> None:
    config = page_config(hall.city, settings, "zh")
    assert config["root"] == "city"
    assert config["regions"]["a1"] == {"name": "名a1", "level": 2, "parent": "a"}
    assert config["children_level"] == {"city": 1, "a": 2, "b": 2}
    assert config["near"] == 1.0


def test_on_the_wall_only_the_language_makes_another_page() -> None:
    assert page_key("/wall", "?region=a", "zh") == page_key("", "?period=today", "zh") != page_key("/wall", "", "en")
    assert page_key("/orders", "?figure=open", "zh") != page_key("/orders", "?figure=overdue", "zh")


def test_filters_are_said_in_words(hall: Hall) -> None:
    params = params_of("?figure=closure_rate&part=den&region=a&department=-&from=1766505600000&to=1766592000000&basis=close")
    said = dict(pills(hall.city, params, "zh"))
    assert said["figure"] == "结案率 · 分母"
    assert said["region"] == "名a"
    assert said["period"] == "2025-12-24 · 按结案时间"
    assert said["department"] == "部门 未注明"
