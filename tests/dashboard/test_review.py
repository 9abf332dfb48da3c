"""/review: every number is a recount of the orders and opens exactly them; scopes; what cannot be asked."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from dash import dcc, html
from dash.development.base_component import Component

from config.city import City
from config.words import words
from dashboard import query
from dashboard.filters import BadQuery, UnknownRegion
from dashboard.hall import Hall
from dashboard.period import resolve
from dashboard.review import review
from dashboard.review.view import CHOICES, RATES
from dashboard.sight import Sight, sight_of
from domain import calendar
from domain.lifecycle import STATUSES
from domain.people import Person
from domain.scores import MIN_BASE
from domain.states import Order
from layouts.markup import markup
from layouts.review import PARTS, Pen, fault, filled
from layouts.review.charts import band_of, bands
from layouts.review.table import ends
from tests.dashboard.halls import DAY, EAST, HOUR, NOW, WEST, hall_of, order

STATES = ("reported", "accepted", "handling", "checking", "closed", "closed", "closed", "void", "self_handled")
REGIONS = (*(f"{top}0{n}" for top in (EAST, WEST) for n in (1, 2)), EAST, "440605", "nowhere", "")
ADDRESSES: tuple[dict[str, str], ...] = (
    {},
    {"period": "week"},
    {"period": "month", "by": "department", "rate": "on_time_closure_rate", "heat": "time", "sort": "open"},
    {"period": "quarter", "by": "category", "compare": "previous", "sort": "accepted"},
    {"period": "all", "by": "month", "basis": "close"},
    {"region": EAST, "by": "source", "basis": "limit", "sort": "score"},
    {"region": EAST + "01", "period": "today"},
    {"from": "2025-08-20", "to": "2025-10-05", "department": "d1", "basis": "register"},
    {"period": "year", "category": "-", "rate": "satisfaction_rate"},
    {"as_of": str(NOW - 30 * DAY)},
    {"from": "2030-01-01", "to": "2030-12-31"},
)


def orders(n: int = 400) -> Iterator[Order]:
    """Orders of more than a year, in every state, region, department; some with a limit, some closed late."""
    draw = random.Random(7)
    for number in range(n):
        status = draw.choice(STATES)
        reported_ms = NOW - draw.randrange(420 * 24) * HOUR
        ended_ms = reported_ms + draw.randrange(1, 90) * HOUR
        closed = STATUSES[status].closed
        deadline_ms = draw.choice((None, reported_ms + 48 * HOUR))
        yield order(
            f"R{number}", status, reported_at_ms=reported_ms, status_at_ms=min(ended_ms, NOW), deadline_at_ms=deadline_ms,
            closed_at_ms=min(ended_ms, NOW) if closed else None,
            on_time=ended_ms <= deadline_ms if closed and deadline_ms else None,
            region=draw.choice(REGIONS), department=draw.choice(("d1", "d2", "")), category=draw.choice(("灯", "路", "树", "")),
            channel=draw.choice(("12345", "网格员上报")), reporter=draw.choice(("W1", "W2", "W3", "")),
        )  # fmt: skip


@pytest.fixture(scope="module")
def hall(city: City) -> Hall:
    return hall_of(city, *orders())


def seen_by(hall: Hall, scope: str = "", role: str = "leader") -> Sight:
    return sight_of(hall, Person(name="x", roles=(role,), scope=scope))


@pytest.fixture(scope="module")
def leader(hall: Hall) -> Sight:
    return seen_by(hall)


def listed(seen: Sight, filters: Mapping[str, Any], figure: str, part: str = "num") -> int:
    """How many orders the list holds that a number opens."""
    return len(query.order_ids(seen, {**filters, "figure": figure, "part": part}))


def held(told: Any) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """(filters, figure) of everything that is counted somewhere in an answer."""
    if isinstance(told, dict):
        if "filters" in told and "figures" in told:
            yield from ((told["filters"], {"key": key, **figure}) for key, figure in told["figures"].items())
        elif "filters" in told and "n" in told:
            yield (
                told["filters"],
                {"key": "reported", "numerator": told["left"] if "left" in told else told["n"], "denominator": None},
            )
            if told.get("kept"):
                yield told["filters"], told["kept"]
        elif told.get("filters") and "figure" in told:
            yield told["filters"], {"key": told["figure"], **told}
        for value in told.values():
            yield from held(value)
    elif isinstance(told, list):
        for value in told:
            yield from held(value)


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("scope", ["", EAST])
def test_every_number_opens_exactly_the_orders_that_it_counted(hall: Hall, address: dict[str, str], scope: str) -> None:
    seen = seen_by(hall, scope)
    found = list(held(review(seen, address)))
    assert len(found) > 10
    for filters, figure in found:
        assert listed(seen, filters, figure["key"]) == figure["numerator"], (filters, figure)
        if figure["denominator"] is not None:
            assert listed(seen, filters, figure["key"], "den") == figure["denominator"], (filters, figure)


def day_of(city: City, at_ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(at_ms / 1000, city.zone).date()


def test_the_numbers_are_a_recount_of_the_orders(hall: Hall, leader: Sight, city: City) -> None:
    data = review(leader, {"period": "year", "heat": "time"})
    rows = [row for row in orders() if day_of(city, row.reported_at_ms).year == 2025]
    closed = [row for row in rows if STATUSES[row.status].closed]
    still = [row for row in rows if not STATUSES[row.status].final]
    assert data["figures"]["reported"]["numerator"] == len(rows)
    assert data["figures"]["closed"]["numerator"] == len(closed)
    assert data["figures"]["open"]["numerator"] == len(still)
    judged = [row for row in closed if row.on_time is not None]
    due = [row for row in still if row.deadline_at_ms is not None and row.deadline_at_ms < NOW]
    on_time = data["figures"]["on_time_closure_rate"]
    assert (on_time["numerator"], on_time["denominator"]) == (sum(bool(row.on_time) for row in judged), len(judged) + len(due))
    east = next(row for row in data["groups"] if row["key"] == EAST)
    assert east["figures"]["closed"]["numerator"] == sum(row.region.startswith(EAST) for row in closed)
    months = Counter(f"{day_of(city, row.reported_at_ms):%Y-%m-01}" for row in rows)
    assert {column["key"]: column["n"] for column in data["heat"]["columns"]} == dict(months)
    lamps = next(row for row in data["heat"]["rows"] if row["key"] == "灯")
    assert lamps["n"] == sum(row.category == "灯" for row in rows)
    accepted = {point["key"]: point["figures"]["accepted"]["numerator"] for point in data["trend"]["points"]}
    assert data["trend"]["unit"] == "month" and sum(accepted.values()) == data["figures"]["accepted"]["numerator"]
    took = sorted((row.closed_at_ms - row.reported_at_ms) / 1000 for row in closed if row.closed_at_ms)
    assert data["took"]["n"] == len(took) and took[0] <= data["took"]["median_s"] <= data["took"]["p90_s"] <= took[-1]


def test_groups_add_up_to_the_whole(leader: Sight) -> None:
    for by in CHOICES["by"]:
        data = review(leader, {"period": "all", "by": by})
        for key in ("accepted", "closed", "open"):
            whole = data["figures"][key]["numerator"]
            assert sum(row["figures"][key]["numerator"] for row in data["groups"]) == whole, (by, key)
    assert sum(column["n"] for column in data["heat"]["columns"]) == data["figures"]["reported"]["numerator"]


def test_weeks_are_the_sum_of_their_days(leader: Sight) -> None:
    by_week = review(leader, {"from": "2025-07-01", "to": "2025-09-30"})["trend"]
    assert by_week["unit"] == "week" and [point["key"][-2:] for point in by_week["points"][:2]] == ["30", "07"]
    for point in by_week["points"]:
        first, last = max(point["key"], "2025-07-01"), min(point["to"], "2025-09-30")
        days = review(leader, {"from": first, "to": last})["figures"]
        for key in ("accepted", "completion_rate"):
            assert days[key]["shown"] == point["figures"][key]["shown"]
    assert not by_week["points"][0]["whole"] and by_week["points"][1]["whole"]


def test_a_base_is_the_page_of_the_base_as_it_stood_then(leader: Sight) -> None:
    """环比 of a month that has ended; the page itself says the same, asked as of the same moment."""
    base = review(leader, {"from": "2025-09-01", "to": "2025-09-30"})["compare"]["previous"]
    assert dt.datetime.fromtimestamp(base["from_ms"] / 1000, leader.city.zone).date() == dt.date(2025, 8, 1)
    then = review(leader, {"from": "2025-08-01", "to": "2025-08-31", "as_of": str(base["as_of_ms"]), "known": str(NOW)})
    for key, told in base["figures"].items():
        assert (told["numerator"], told["denominator"]) == (
            then["figures"][key]["numerator"], then["figures"][key]["denominator"],
        ), key  # fmt: skip
        assert listed(leader, base["filters"], key) == told["numerator"]
    assert review(leader, {"period": "all"})["compare"] == {}


def test_equal_rates_share_a_place_and_few_orders_have_none(city: City) -> None:
    places = {EAST + "01": (4, 8), EAST + "02": (3, 6), WEST + "01": (5, 5), WEST + "02": (0, MIN_BASE - 1)}
    rows = [
        order(f"{region}-{n}", "closed" if n < closed else "handling", region=region, accepted_at_ms=NOW - HOUR,
              closed_at_ms=NOW if n < closed else None)
        for region, (closed, of) in places.items() for n in range(of)
    ]  # fmt: skip
    seen = seen_by(hall_of(city, *rows))
    grids = {key: row for top in (EAST, WEST) for row in review(seen, {"region": top})["groups"] if (key := row["key"])}
    assert [grids[key]["rank"] for key in (EAST + "01", EAST + "02", WEST + "01", WEST + "02")] == [1, 1, 1, None]
    towns = review(seen, {})["groups"]
    assert [(row["key"], row["rank"]) for row in towns] == [(EAST, 1), (WEST, 1)] or towns[0]["rank"] == 2  # the worst first


def test_what_has_no_orders_is_there_with_a_dash(city: City) -> None:
    data = review(seen_by(hall_of(city, order("A", region=EAST + "01"))), {})
    assert {row["key"]: row["figures"]["completion_rate"]["shown"] for row in data["regions"]}[WEST] == "—"
    assert data["groups"][-1]["key"] == WEST and data["groups"][-1]["rank"] is None


def test_who_sees_a_street_sees_nothing_else(hall: Hall) -> None:
    seen = seen_by(hall, EAST)
    data = review(seen, {"period": "all"})
    assert data["figures"]["reported"]["numerator"] == sum(row.region.startswith(EAST) for row in orders())
    assert data["path"][0]["key"] == EAST and data["peers"] == []
    for region in (WEST, WEST + "01", "440605"):
        with pytest.raises(UnknownRegion):
            review(seen, {"region": region})


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({"by": "worker"}, "by: 'worker' is none of region"),
        ({"rate": "open"}, "rate: 'open' is none of completion_rate"),
        ({"compare": "decade"}, "compare: "),
        ({"heat": "moon"}, "heat: "),
        ({"sort": "-reported"}, "sort: "),
        ({"period": "soon"}, "period: 'soon' is none of"),
        ({"from": "2025-02-30"}, "from: "),
        ({"from": "2025-03-01", "to": "2025-02-01"}, "to: lies before from"),
        ({"basis": "moon"}, "basis: 'moon' is none of"),
        ({"as_of": "later"}, "as_of: "),
        ({"status": "closed"}, "status: no parameter of this page"),
        ({"figure": "open"}, "figure: no parameter of this page"),
        ({"text": "x"}, "text: no parameter of this page"),
    ],
)
def test_what_cannot_be_asked_is_said(leader: Sight, address: dict[str, str], says: str) -> None:
    with pytest.raises(BadQuery, match=says):
        review(leader, address)


def test_a_region_without_children_is_shown_by_department(leader: Sight) -> None:
    data = review(leader, {"region": EAST + "01", "heat": "region"})
    assert (data["chosen"]["by"], data["chosen"]["heat"], data["regions"]) == ("department", "time", [])
    assert {row["key"] for row in data["peers"]} == {EAST + "01", EAST + "02"}


def test_the_best_are_those_of_the_city_s_score(leader: Sight) -> None:
    data = review(leader, {"period": "all"})
    workers = data["best"]["worker"]
    assert [row["key"] for row in workers["rows"]] and all(row["rank"] <= 10 for row in workers["rows"])
    ranks = [row["rank"] for row in workers["rows"]]
    assert ranks == sorted(ranks) and {part["figure"] for part in workers["parts"]} >= {"valid_report_rate"}


# calendar units


@pytest.mark.parametrize(
    ("first", "last", "unit", "before", "after"),
    [
        ("2025-10-06", "2025-10-12", "week", "2025-09-29 2025-10-05", "2025-10-13 2025-10-19"),
        ("2024-02-01", "2024-02-29", "month", "2024-01-01 2024-01-31", "2024-03-01 2024-03-31"),
        ("2025-01-01", "2025-03-31", "quarter", "2024-10-01 2024-12-31", "2025-04-01 2025-06-30"),
        ("2024-01-01", "2024-12-31", "year", "2023-01-01 2023-12-31", "2025-01-01 2025-12-31"),
        ("2025-02-01", "2025-04-30", "days", "2024-11-04 2025-01-31", "2025-05-01 2025-07-28"),
        ("2025-03-05", "2025-03-05", "days", "2025-03-04 2025-03-04", "2025-03-06 2025-03-06"),
    ],
)
def test_windows_are_known_as_calendar_units(city: City, first: str, last: str, unit: str, before: str, after: str) -> None:
    span = calendar.span_of(resolve((city.day_bounds(first)[0], city.day_bounds(last)[1]), city, NOW), city.zone)
    assert span is not None and span.unit == unit
    for steps, wanted in ((-1, before), (1, after)):
        there = calendar.moved(span, steps)
        assert f"{there.first} {there.last}" == wanted and there.unit == unit
        assert calendar.moved(there, -steps).first == span.first or unit == "days"


def test_bins_cover_every_day_once() -> None:
    first, last = dt.date(2024, 12, 30), dt.date(2025, 3, 2)
    for unit in ("day", "week", "month"):
        edges = calendar.bins(first, last, unit)
        days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        assert sorted({calendar.first_of(day, unit) for day in days}) == edges
        assert all(calendar.first_after(a, unit) == b for a, b in pairwise(edges))


# the page


def components(tree: Any) -> Iterator[Component]:
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from components(item)
    elif isinstance(tree, Component):
        yield tree
        yield from components(getattr(tree, "children", None))


def page_of(seen: Sight, address: dict[str, str], lang: str) -> dict[str, Any]:
    """The parts of the page by their ids."""
    data = {**review(seen, address, lang), "narrowed": [], "frozen": []}
    return filled(Pen(city=seen.city, words=dict(words(lang)), lang=lang, params=address, data=data))[0]


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_figure_on_the_page_holds_links_to_exactly_its_orders(leader: Sight, address: dict[str, str], lang: str) -> None:
    made = page_of(leader, address, lang)
    figures = [part for part in components(list(made.values())) if hasattr(part, "data-figure")]
    assert figures
    for element in figures:
        links = [link for link in components(element) if isinstance(link, html.A) and link.href.startswith("/orders?")]
        assert links or getattr(element, "data-num") == "0", element
        for link in links:
            asked = dict(parse_qsl(urlsplit(link.href).query))
            assert "as_of" in asked and asked.pop("lang") == lang and link.title
            if asked["figure"] == getattr(element, "data-figure"):
                part = asked.get("part", "num")
                if "known" not in asked:
                    assert len(query.order_ids(leader, asked)) == int(getattr(element, f"data-{part}")), link.href


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_builds_with_nothing_to_show(city: City, lang: str) -> None:
    seen = seen_by(hall_of(city))
    texts = [part.children for part in components(list(page_of(seen, {}, lang).values())) if isinstance(part.children, str)]
    assert "—" in texts and words(lang)["empty.orders"] in texts
    assert "…" in markup(fault("…")[0][PARTS[0]])


def test_links_keep_what_the_page_is_about(leader: Sight) -> None:
    address = {"region": EAST, "from": "2025-09-01", "to": "2025-09-30", "rate": "closure_rate", "theme": "dark"}
    links = [part.href for part in components(list(page_of(leader, address, "en").values())) if isinstance(part, html.A)]
    here = [dict(parse_qsl(urlsplit(href).query)) for href in links if href.startswith("/review?")]
    assert all(asked["lang"] == "en" and asked["theme"] == "dark" for asked in here)
    assert any(asked["region"] == EAST + "01" and asked["from"] == "2025-09-01" for asked in here)
    assert any((asked.get("from"), asked.get("to")) == ("2025-08-01", "2025-08-31") for asked in here)
    assert any("as_of" in asked for asked in here)  # the pinned moment
    assert {asked["rate"] for asked in here} == set(RATES)


def test_axes_and_classes_fit_what_they_show() -> None:
    assert ends([]) == (0.0, 100.0) and ends([99.9, 100.0])[1] == 100.0
    for values in ([96.9, 99.4], [12.0, 48.0, 33.3], [0.0], [61.2, 100.0]):
        low, high = ends(values)
        assert 0 <= low <= min(values) and max(values) <= high <= 100 and low < high
    assert bands([99.9, 98.5, 97.0, 99.2]) == (98, 99) and bands([10.0, 20.0]) == (60, 80)
    assert band_of({"numerator": 9, "denominator": 9}, (98, 99)) == 4
    assert band_of({"numerator": 9_999, "denominator": 10_000}, (98, 99)) == 3
    assert band_of({"numerator": 0, "denominator": 0}, (98, 99)) is None


@pytest.mark.parametrize("address", ADDRESSES[:4], ids=str)
def test_the_page_s_text_has_all_its_elements(leader: Sight, address: dict[str, str]) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[str, str]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append((tag, dict(attrs).get("href") or ""))

    made = page_of(leader, address, "zh")
    reader = Reader()
    reader.feed("".join(map(markup, made.values())))
    wanted = [(part._type.lower(), getattr(part, "href", "")) for part in components(list(made.values()))]
    assert reader.found == wanted


def test_text_cannot_become_markup() -> None:
    evil = "<img src=x onerror=alert(1)>\"' &amp;"
    told = markup(
        html.A([evil, None, 7], href=evil, title=evil, className="c", style={"left": "1%"}, hidden=False, **{"data-x": evil})
    )
    assert "<img" not in told and told.count("<") == 2 and "&lt;img" in told and "&amp;amp;" in told
    assert told.endswith("7</a>") and 'style="left: 1%"' in told and "hidden" not in told
    for wrong in (html.A(contentEditable="true"), dcc.Store(id="x")):
        with pytest.raises(ValueError, match="is no"):
            markup(wrong)
