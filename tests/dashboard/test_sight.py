"""The law of sight: whoever asks, in whatever way, sees the same orders: by id, by list, by count, on a live screen."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from config.city_model import City, RosterEntry
from dashboard.hall import Hall
from dashboard.live import frame as frames
from dashboard.live.said import Refused
from dashboard.orderbook import orders_of
from dashboard.orderlist import order_ids, orders_page, trail_json
from dashboard.search import search
from dashboard.sight import Sight, says, sight_of
from domain import masking
from domain.lifecycle import is_open
from domain.people import PERSON_ROLES, Person, parties_of
from domain.states import CoHandler, Feed, Life, Order, Step, Worker
from tests.dashboard import halls
from tests.dashboard.screens import GRIDS, ORDERS, REGIONS, WORKERS, small_city
from tests.dashboard.test_live_law import LiveLaw, fresh

CITY = small_city()
CITY.roster.update({name: RosterEntry(name, name, "full", 1, grid) for name, grid in (("w1", "a2"), ("w2", "b1"))})
STAFF = ("", *CITY.roster)
DEPARTMENTS = ("d1", "d2")
NOW = 1_783_901_730_000

places = st.sampled_from(("", "elsewhere", "city", "a", *GRIDS))
names = st.sampled_from(("", *WORKERS, "梁嘉敏", "13812345678"))
units = st.sampled_from(("", *DEPARTMENTS))
lives = st.none() | st.builds(
    Life, holder=st.sampled_from(REGIONS), lead=units, route_department=units,
    co_handlers=st.lists(st.sampled_from(DEPARTMENTS), max_size=2, unique=True).map(lambda keys: tuple(map(CoHandler, keys))),
)  # fmt: skip
statuses = st.sampled_from(("reported", "handling", "reopened", "closed", "void"))
people = st.builds(
    Person, name=st.just("somebody"), roles=st.lists(st.sampled_from(PERSON_ROLES), max_size=3, unique=True).map(tuple),
    scope=st.sampled_from(("", *REGIONS)), department=units, worker=st.sampled_from(STAFF),
)  # fmt: skip
told = st.fixed_dictionaries({
    "region": places, "status": statuses, "reporter": names, "handler": st.sampled_from(("", *WORKERS)), "department": units,
    "life": lives,
    "title": st.sampled_from(("占道", "电话13812345678")), "address": st.sampled_from(("", "佛平路1号", "找13812345678")),
})  # fmt: skip
changes = st.lists(st.tuples(st.sampled_from(ORDERS), told), min_size=1, max_size=12)
walks = st.lists(st.tuples(st.sampled_from((*WORKERS, "stranger")), places), max_size=6)


def hall_of(orders: list[tuple[str, dict[str, Any]]], workers: list[tuple[str, str]]) -> Hall:
    """A hall that has been told of these changes one after the other."""
    hall = Hall(CITY, now_ms=lambda: NOW)
    rows: list[tuple[str, Any]] = [("worker", Worker(worker=name, region=region, fixed_at_ms=NOW)) for name, region in workers]
    rows += [("order", Order(order=key, source="t", reported_at_ms=NOW, **fields)) for key, fields in orders]
    rows += [("feed", Feed(feed=f"f-{region}", region=region)) for region in ("", "elsewhere", *REGIONS)]
    for version, (table, row) in enumerate(rows, 1):
        hall.apply(
            [(table, type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | {"version": version}))], NOW
        )
        if version % 3 == 0:
            orders_of(hall)  # somebody looks in between, so that what is kept has to follow
    hall.ready.set()
    return hall


def is_his(person: Person, row: Order) -> bool:
    """The law itself, as short as it can be said: his region's if his role sees orders, and what is in his own name."""
    own = person.scope or CITY.root
    inside = row.region in CITY.subtree(own) or (own == CITY.root and row.region not in CITY.regions)
    return (person.may("orders") and inside) or bool(person.parties() & parties_of(row))


def on_screen(hall: Hall, person: Person) -> dict[str, dict[str, dict[str, Any]]]:
    return fresh(hall, "", "zh", person)


@settings(max_examples=150, deadline=None)
@given(people, changes, walks)
def test_by_every_way_the_same_orders_are_seen(person: Person, orders: list[Any], workers: list[Any]) -> None:
    hall = hall_of(orders, workers)
    sight = sight_of(hall, person)
    his = {key for key, row in hall.orders.items() if is_his(person, row)}
    assert {key for key, row in hall.orders.items() if sight.sees_order(row)} == his
    assert set(sight.orders) == {key for key, _ in sight.orders.items()} == {row.order for row in sight.orders.values()} == his
    assert len(sight.orders) == len(his) and {key for key in ORDERS if key in sight.orders} == his
    assert {key for key in ORDERS if sight.orders.get(key) is not None} == his
    with hall.lock:
        assert set(orders_of(sight)["order"]) == his and set(orders_of(hall)["order"]) == hall.orders.keys()
        named = {key for key in his if person.parties() & parties_of(hall.orders[key])}
        assert set(hall.book.recent(person.parties(), 99)) == named
        still_open = {key for key in named if is_open(hall.orders[key].status)}
        assert set(hall.book.recent(person.parties(), 0)) == still_open
    assert set(order_ids(sight, {})) == his == {item["order"] for item in orders_page(sight, {})["items"]}
    shown = {key for key in his if is_open(hall.orders[key].status)}
    assert on_screen(hall, person)["order"].keys() == shown
    assert {hit["id"] for hit in search(sight, "o", 50) if hit["kind"] == "order"} == his


@settings(max_examples=150, deadline=None)
@given(people, changes, walks)
def test_workers_and_feeds_are_seen_by_who_may_see_them_and_on_screens_the_same(
    person: Person, orders: list[Any], workers: list[Any]
) -> None:
    hall = hall_of(orders, workers)
    sight = sight_of(hall, person)
    screen = on_screen(hall, person)
    assert set(sight.workers) == screen["worker"].keys() and set(sight.feeds) == screen["feed"].keys()
    assert all(sight.knows_worker(name) for name in sight.workers)
    if not person.may("people"):
        assert set(sight.workers) <= {person.worker} and not set(sight.feeds)
    for name in (*WORKERS, "stranger", "nobody", ""):
        assert sight.may_track(name) <= (name == person.worker or (person.may("track") and sight.knows_worker(name)))


@settings(max_examples=150, deadline=None)
@given(people, changes)
def test_a_region_on_a_screen_shows_of_his_orders_those_in_it_and_in_his_name(person: Person, orders: list[Any]) -> None:
    hall = hall_of(orders, [])
    for region in (*REGIONS, "", "elsewhere", "nowhere"):
        scope = hall.scopes.find(region, "zh", person)
        own = person.scope or CITY.root
        assert (scope is not None) is ((region or own) in CITY.subtree(own))
        if scope is None:
            continue
        of_region = Person(name="x", roles=("leader",), scope=region or own)
        wanted = {
            key
            for key, row in hall.orders.items()
            if is_open(row.status) and is_his(person, row) and (is_his(of_region, row) or person.parties() & parties_of(row))
        }
        assert fresh(hall, region, "zh", person)["order"].keys() == wanted


@settings(max_examples=100, deadline=None)
@given(people, changes)
def test_what_is_a_citizens_is_in_no_row_of_any_way(person: Person, orders: list[Any]) -> None:
    hall = hall_of(orders, [])
    sight = sight_of(hall, person)
    ways = [
        [f"{row.title} {row.text} {row.address} {row.reporter}" for row in sight.orders.values()],
        [str(row) for row in on_screen(hall, person)["order"].values()],
        [str(orders_page(sight, {})), str(orders_page(sight, {"text": "1"})), str(search(sight, "1"))],
    ]
    with hall.lock:
        ways.append(list(orders_of(sight)["reporter"].astype(str)))
    for way in ways:
        assert not any(secret in text for text in way for secret in ("嘉敏", "13812345678", "2345678")), way
    for key, row in sight.orders.items():
        doors = person.may("personal") or bool(person.parties() & parties_of(hall.orders[key]))
        assert row.address == (masking.numbers if doors else masking.address)(hall.orders[key].address)
    for text in ("13812345678", "5678", "****", "佛平路1", "占道", "o1", "电话138", "*"):
        found = {item["order"] for item in orders_page(sight, {"text": text})["items"]}
        shown = {k: f"{row.order}\n{row.title}\n{row.text}\n{row.address}" for k, row in sight.orders.items()}
        assert found == {key for key, told in shown.items() if text in told}, text
    assert (
        orders_page(sight, {"text": "13812345678"})["total"] == 0 and orders_page(sight, {"reporter": "梁嘉敏"})["total"] == 0
    )


def test_what_a_hall_has_and_a_sight_is_not_made_for_is_not_there() -> None:
    sight = sight_of(hall_of([], []), Person(name="x", roles=("leader",), scope="a"))
    for name in ("parties", "tables", "answers", "scopes", "worker_table", "_rows"):
        assert not hasattr(sight, name), name


class SightLaw(LiveLaw):
    """The law of the live link for somebody who does not see everything: rows move, change hands and are let go; he watches
    what he may, asks for what he may not, and is told nothing of rows that were never his, not even that they are gone.
    """

    city = CITY

    @initialize(with_scope=st.booleans(), person=people)
    def begin(self, with_scope: bool, person: Person) -> None:  # type: ignore[override]
        self.person = person
        self.ever: dict[str, set[int]] = {name: set() for name in ("worker", "order", "feed")}
        LiveLaw.begin.hypothesis_stateful_initialize_rule.function(self, with_scope)  # type: ignore[attr-defined]

    def start_web(self) -> None:
        self.region = self.person.scope or CITY.root
        super().start_web()
        self.ever = {name: set() for name in self.ever}
        self.remember()

    def change(self, table: str, rows: list[Any], ids: list[str]) -> None:
        super().change(table, rows, ids)
        self.remember()

    def remember(self) -> None:
        """Which slots are his by now, shown or not."""
        sight = Sight(self.hall, self.person)
        for name, rows in (("order", sight.orders), ("worker", sight.workers)):
            slots = self.hall.tables[name].slots  # an order that was never open is on no screen
            self.ever[name] |= {slots[key] for key in rows if key in slots}

    @rule(worker=st.sampled_from(WORKERS))
    def an_old_row_comes_again(self, worker: str) -> None:  # type: ignore[override]
        LiveLaw.an_old_row_comes_again.hypothesis_stateful_rule.function(self, worker)  # type: ignore[attr-defined]
        self.remember()

    @rule(name=st.sampled_from(["worker", "order"]))
    def a_table_is_packed(self, name: str) -> None:  # type: ignore[override]
        """Packing gives rows other slots: his own are his there too."""
        LiveLaw.a_table_is_packed.hypothesis_stateful_rule.function(self, name)  # type: ignore[attr-defined]
        self.remember()

    @rule(order=st.sampled_from(ORDERS), told=told)
    def an_order_goes_on(self, order: str, told: dict[str, Any]) -> None:  # type: ignore[override]
        self.version += 1
        self.change("order", [Order(order=order, version=self.version, **told)], [order])

    @rule(region=st.sampled_from(REGIONS), lang=st.sampled_from(["zh", "en"]), rest=st.booleans())
    def the_screen_watches_another_region(self, region: str, lang: str, rest: bool) -> None:  # type: ignore[override]
        if not self.hall.scopes.allows(region, self.person):
            try:
                self.sessions.watch("s", self.screen.watch(region, lang))
            except Refused as refused:
                assert refused.code == "unknown_region"
                return
            raise AssertionError("he watches what is not his")
        LiveLaw.the_screen_watches_another_region.hypothesis_stateful_rule.function(self, region, lang, rest)  # type: ignore[attr-defined]

    @rule(lost=st.booleans())
    def the_screen_reconnects(self, lost: bool) -> None:  # type: ignore[override]
        LiveLaw.the_screen_reconnects.hypothesis_stateful_rule.function(self, lost, None)  # type: ignore[attr-defined]

    @rule()
    def the_screen_takes_what_was_sent(self) -> None:  # type: ignore[override]
        for data in self.sent[-1]["frames"] if self.sent else ():
            frame = frames.decode(data)
            if frame.table in ("order", "worker") and not frame.reset:
                assert set(frame.gone.tolist()) <= self.ever[frame.table], "a row that was never his is told to be gone"
        LiveLaw.the_screen_takes_what_was_sent.hypothesis_stateful_rule.function(self)  # type: ignore[attr-defined]


SightLaw.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestSightLaw = SightLaw.TestCase


def test_a_trail_says_no_place_and_no_name_that_its_order_masks() -> None:
    told = {"address": "怡翠花园A区 1203", "reporter": "欧阳娜", "text": "怡翠花园A区 1203 业主欧阳娜反映"}
    common = {"source": "12345", "at_ms": 1, "received_at_ms": 1}
    steps = [
        Step(key="1", status="reported", fields=told, **common),  # type: ignore[arg-type]
        Step(key="2", status="handling", fields={"note": "已联系欧阳娜"}, **common),  # type: ignore[arg-type]
    ]
    hall: Any = SimpleNamespace(city=CITY)
    hidden, seen = (trail_json(hall, steps, "zh", clear) for clear in (False, True))
    assert hidden[0]["fields"]["text"] == "怡翠花园A区 ** 业主欧**反映" and hidden[1]["note"] == "已联系欧**"
    assert seen[0]["fields"]["text"] == told["text"]


def test_a_search_confirms_no_name_that_is_masked(city: City) -> None:
    row = halls.order("o", reporter="司马光耀", title="司马光耀投诉噪声", address="怡翠花园A区 1203", status="handling")
    hall = halls.hall_of(city, row)
    leader = sight_of(hall, Person(name="l", roles=("leader",), scope=city.root))

    def found(text: str) -> bool:
        return says(leader, "o", text, ("title", "text", "address"), str.casefold)

    assert [found(text) for text in ("司马光耀", "马光", "1203", "投诉噪声", "怡翠花园")] == [False, False, False, True, True]
