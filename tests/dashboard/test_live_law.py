"""The law: for any sequence of changes, snapshot + frames = fresh snapshot."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from config.city_model import City
from dashboard.hall import Hall
from dashboard.live import frame as frames
from dashboard.live.session import Sessions
from domain.people import Person
from domain.states import Order, Presence, Worker
from tests.dashboard.persons import EVERYBODY
from tests.dashboard.screens import GRIDS, ORDERS, REGIONS, WORKERS, Screen, small_city

CITY = small_city()
places = st.sampled_from(["", "elsewhere", "a", *GRIDS])


class LiveLaw(RuleBasedStateMachine):
    """One web process after another over one store; one screen that watches, reads slowly, reconnects."""

    person: Person = EVERYBODY
    city: City = CITY

    @initialize(with_scope=st.booleans())
    def begin(self, with_scope: bool) -> None:
        self.now_s = 0.0
        self.version = 0
        self.store: dict[tuple[str, str], Any] = {}
        self.screen = Screen(with_scope)
        self.region, self.lang = "city", "zh"
        self.start_web()

    def start_web(self) -> None:
        self.hall = Hall(self.city, now_ms=lambda: 1_700_000_000_000)
        rows = [(table, row) for (table, _), row in self.store.items()]
        self.hall.replace(lambda _: 0, 0, rows, 0)
        self.hall.ready.set()
        self.connect()

    def connect(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.sessions = Sessions(
            self.hall, lambda _, message: self.sent.append(message), self.dropped, clock_s=lambda: self.now_s
        )
        self.sessions._start = lambda: None  # type: ignore[method-assign]  # here the test ticks
        self.sessions.join("s", self.person, lambda: self.person)
        self.sessions.watch("s", self.screen.watch(self.region, self.lang))

    def dropped(self, sid: str) -> None:
        raise AssertionError(f"{sid} was dropped")

    def tick(self) -> None:
        self.now_s += 0.5
        self.sessions.tick()

    def change(self, table: str, rows: list[Any], ids: list[str]) -> None:
        for row_id, row in zip(ids, rows, strict=True):
            self.store[table, row_id] = row
        self.hall.apply([(table, row) for row in rows], 0)

    @rule(ids=st.lists(st.sampled_from(WORKERS), min_size=1, max_size=4, unique=True), region=places, data=st.data())
    def workers_move(self, ids: list[str], region: str, data: st.DataObject) -> None:
        self.version += 1
        presence = data.draw(st.sampled_from(Presence))
        lon = data.draw(st.floats(-180, 180))
        rows = [
            Worker(worker=i, version=self.version, region=region, presence=presence, lon=lon, lat=1.5, fixed_at_ms=self.version)
            for i in ids
        ]
        self.change("worker", rows, ids)

    @rule(
        order=st.sampled_from(ORDERS),
        region=places,
        status=st.sampled_from(["reported", "handling", "reopened", "closed", "void"]),
        title=st.sampled_from(["", "占道", "垃圾"]),
        category=st.sampled_from(["m1", "other"]),
    )
    def an_order_goes_on(self, order: str, region: str, status: str, title: str, category: str) -> None:
        self.version += 1
        row = Order(order=order, version=self.version, region=region, status=status, title=title, category=category)
        self.change("order", [row], [order])

    @rule(worker=st.sampled_from(WORKERS))
    def an_old_row_comes_again(self, worker: str) -> None:
        self.hall.apply([("worker", Worker(worker=worker, version=0, region="b1"))], 0)

    @rule(kept=st.sets(st.sampled_from(WORKERS)))
    def the_store_is_set_back(self, kept: set[str]) -> None:
        self.store = {key: row for key, row in self.store.items() if key[0] != "worker" or key[1] in kept}
        self.hall.replace(lambda _: 0, 0, [(table, row) for (table, _), row in self.store.items()], 0)

    @rule(name=st.sampled_from(["worker", "order"]))
    def a_table_is_packed(self, name: str) -> None:
        self.hall.tables[name].pack()

    @rule(region=st.sampled_from(REGIONS), lang=st.sampled_from(["zh", "en"]), rest=st.booleans())
    def the_screen_watches_another_region(self, region: str, lang: str, rest: bool) -> None:
        if rest:
            self.all_that_is_on_its_way_arrives()
        self.region, self.lang = region, lang
        self.sessions.watch("s", self.screen.watch(region, lang))
        if rest:
            self.all_that_is_on_its_way_arrives()

    @rule()
    def a_frame_is_sent(self) -> None:
        self.tick()

    @rule()
    def the_screen_takes_what_was_sent(self) -> None:
        if self.sent:
            self.sessions.ack("s", self.screen.take(self.sent.pop()))

    @rule(lost=st.booleans(), region=st.one_of(st.none(), st.sampled_from(REGIONS)))
    def the_screen_reconnects(self, lost: bool, region: str | None) -> None:
        """`lost`: with the connection went a message; else it was taken, and the acknowledgement went."""
        if self.sent and not lost:
            self.screen.take(self.sent.pop())
        self.region = region or self.region
        self.connect()

    @rule()
    def the_web_process_restarts(self) -> None:
        self.start_web()

    @rule()
    def all_that_is_on_its_way_arrives(self) -> None:
        for _ in range(4):
            self.the_screen_takes_what_was_sent()
            self.tick()
        self.the_screen_takes_what_was_sent()
        assert self.screen.picture() == fresh(self.hall, self.region, self.lang, self.person)

    @invariant()
    def at_most_one_message_is_in_flight(self) -> None:
        assert len(getattr(self, "sent", ())) <= 1

    def teardown(self) -> None:
        if hasattr(self, "hall"):
            self.all_that_is_on_its_way_arrives()


def fresh(hall: Hall, region: str, lang: str, person: Person = EVERYBODY) -> dict[str, dict[str, dict[str, Any]]]:
    """What a screen of that person shows that has just been opened."""
    scope = hall.scopes.find(region, lang, person)
    assert scope is not None
    screen = Screen()
    for table in hall.tables.values():
        screen.tables[table.shape.name].apply(frames.decode(frames.encode(table.changes(0, scope), 0)))
    return screen.picture()


LiveLaw.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestLaw = LiveLaw.TestCase
