"""The hall with very many orders: how long its screens take, as ratios to one plain pandas groupby over the same table.

Everything is measured in one run. The times of screens are those of the web application in this process (log-in, page, live
frames, figures, as bytes); the groupby is what anybody would write who has the orders in a plain DataFrame. Memory and start-up
are those of a real web process over that store.
"""

import contextlib
import gc
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd

from bench import ordermaker, orderweb, ports, stock
from bench.ingest import await_store, process
from config import clock
from config.city import City, load_city
from config.make import make_city
from config.settings import Settings, load_settings
from dashboard.hall import Hall
from dashboard.live.screen import Key
from dashboard.live.session import Sessions
from dashboard.server import compute_figures, create_app
from domain.lifecycle import is_open
from domain.people import Person
from domain.states import Order
from store import embedded, people
from store.people import Token
from store.store import Store

ORDERS: Final = 630_000
PARTITIONS: Final = 4
ROUNDS: Final = 40
BASELINE_EVERY: Final = 4  # rounds between two runs of the groupby, so that both meet the same machine
WEB_PORT: Final = 18_061
GROUPBY: Final = ["region", "status"]
PLAIN, PACKED = "groupby", "groupby, categories"


class Times:
    """Seconds by name, in the order taken: by the clock, and those that this thread has had a processor."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}
        self.worked: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        started, began = time.perf_counter(), time.thread_time()
        yield
        self.worked.setdefault(name, []).append(time.thread_time() - began)
        self.taken.setdefault(name, []).append(time.perf_counter() - started)


def plain_table(hall: Hall) -> pd.DataFrame:
    """The orders as anybody would have them in pandas: text as text, instants as datetimes."""
    rows = list(hall.orders.values())
    words = ("order", "region", "status", "department", "category", "channel", "reporter", "handler")
    instants = ("reported_at_ms", "closed_at_ms", "deadline_at_ms")
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in words}
    columns |= {name.removesuffix("_ms"): pd.to_datetime([getattr(row, name) for row in rows], unit="ms") for name in instants}
    return pd.DataFrame(columns)


class Asker:
    """What one person's browser asks of the application, in this process: pages by HTTP, then what the live link brings."""

    def __init__(self, app: Any, hall: Hall, store: Store, person: Person) -> None:
        named = f"{person.name}-{clock.now_ms()}"
        secret = people.add_token(store, Token(name=named, roles=person.roles, scope=person.scope))
        self.client, self.hall, self.person = app.test_client(), hall, person
        self.client.environ_base |= {"HTTP_AUTHORIZATION": f"Bearer {secret}", "HTTP_HOST": "127.0.0.1"}

    def page(self, path: str, **params: Any) -> bytes:
        """A screen, as Dash's page callback brings it."""
        search = "?" + "&".join(f"{key}={value}" for key, value in params.items()) if params else ""
        url = [("pathname", path), ("search", search)]
        body = {
            "output": "..page.children...page-key.data..",
            "outputs": [{"id": "page", "property": "children"}, {"id": "page-key", "property": "data"}],
            "inputs": [{"id": "url", "property": name, "value": value} for name, value in url],
            "state": [{"id": "page-key", "property": "data", "value": None}],
            "changedPropIds": ["url.pathname"],
        }
        answer = self.client.post("/_dash-update-component", json=body)
        assert answer.status_code == 200 and len(answer.data) > 2000, answer.data[:300]
        return bytes(answer.data)

    def get(self, path: str, **params: Any) -> bytes:
        answer = self.client.get(path, query_string=params)
        assert answer.status_code == 200, answer.data[:300]
        return bytes(answer.data)

    def first_frames(self, region: str, tables: tuple[str, ...] = ("worker", "order", "feed")) -> int:
        """The bytes of the first message that the live link sends a screen of that region."""
        sent: list[dict[str, Any]] = []
        sessions = Sessions(self.hall, lambda _, message: sent.append(message), lambda _: None)
        sessions._start = lambda: None  # type: ignore[method-assign]  # the benchmark ticks itself
        sessions.join("bench", self.person, lambda: self.person)
        sessions.watch("bench", {"region": region, "period": "year", "tables": list(tables)})
        sessions.tick()
        return sum(map(len, sent[0]["frames"]))

    def figures(self, region: str) -> bytes:
        """The wall's and the desk's figures, as the live link sends them: of the year, as the screens open."""
        root = self.hall.city.root
        key = Key(region or root, "year", "zh", self.person.scope or root, self.person.may("personal"))
        return msgspec.json.encode(compute_figures(self.hall, key))


def level_codes(city: City, depth: int) -> list[str]:
    """Region codes that lie so many steps below the root: 1 districts, 2 streets and towns, 3 communities."""
    return [code for code in city.regions if len(city.path(code)) == depth + 1]


def touch(hall: Hall, rows: Iterator[Order]) -> None:
    """One order changes, as it does all the time in a hall: everything that was kept of the orders is out of date."""
    row = next(rows)
    row = hall.orders[row.order]
    changed = msgspec.structs.replace(row, version=row.version + 1, status_at_ms=row.status_at_ms + 1000)
    hall.apply([("order", changed)], hall.now_ms())


def measure(hall: Hall, app: Any, store: Store, rounds: int) -> tuple[Times, dict[str, Any]]:
    """All times of screens and of the groupby, taken in turn."""
    city, times = hall.city, Times()
    plain = plain_table(hall)
    packed = plain.astype(dict.fromkeys(GROUPBY, "category"))
    districts, towns = level_codes(city, 1), level_codes(city, 2)
    chief = Asker(app, hall, store, Person(name="bench-chief", roles=("duty_chief",)))
    heads = [Asker(app, hall, store, Person(name=f"bench-{code}", roles=("supervisor",), scope=code)) for code in towns]
    still_open = itertools.cycle([row for row in hall.orders.values() if row.status == "handling"])
    months = [f"{at:%Y-%m}" for at in pd.period_range(end=pd.Timestamp.now(), periods=13, freq="M").to_timestamp()]
    draw = np.random.default_rng(1)

    def pick(among: list[Any]) -> Any:
        return among[int(draw.integers(len(among)))]

    def desk(asker: Asker) -> None:
        asker.page("/desk")
        asker.first_frames("")
        asker.figures(asker.person.scope)

    def month_of() -> dict[str, str]:
        return {"region": pick(districts), "period": "custom", "from": (month := pick(months)), "to": month}

    steps: dict[str, Callable[[], Any]] = {
        "desk, a town's supervisor": lambda: desk(pick(heads)),
        "desk, the whole city's duty chief": lambda: desk(chief),
        "statistics, next region": lambda: chief.page("/statistics", region=pick(towns), **{"from": pick(months)}),
        "list of orders, next region": lambda: chief.page("/orders", region=pick(towns)),
        "wall, next region": lambda: (chief.first_frames(region := pick(districts + towns)), chief.figures(region)),
        "wall, the whole city": lambda: chief.figures(""),
        "a district's month by department": lambda: chief.get("/api/v1/indicators", by="department", compare=1, **month_of()),
    }
    for step in steps.values():  # templates, zones and the like are made once in a process
        step()
    for number in range(rounds):
        if number % BASELINE_EVERY == 0:
            with times.of(PLAIN):
                plain.groupby(GROUPBY).size()
            with times.of(PACKED):
                packed.groupby(GROUPBY, observed=True).size()
        for name, step in steps.items():
            with times.of(name):
                step()
            with times.of(f"{name} *"):
                touch(hall, still_open)
                step()
    return times, {"towns": len(towns), "districts": len(districts)}


def run(orders: int = ORDERS, rounds: int = ROUNDS, keep: Path | None = None) -> dict[str, Any]:
    """Take a copy of the orders that are kept (`bench.stock`), and measure."""
    ports.need(WEB_PORT)
    with contextlib.ExitStack() as end:
        folder = end.enter_context(stock.stock_of(orders, make_orders, keep))
        env, settings = environment(folder)
        end.enter_context(process(embedded.command(folder), env))
        store = await_store(embedded.url(folder))
        city = load_city(folder / "city")
        web = orderweb.measure(folder, env, store, city, WEB_PORT)
        hall = Hall(city, store, when_ready=gc.freeze)  # as dashboard.server makes one
        hall.follow()
        hall.ready.wait()
        app, _ = create_app(settings, hall)
        told = {"orders": len(hall.orders), "open": sum(is_open(row.status) for row in hall.orders.values()),
                "here": sum(row.life is not None for row in hall.orders.values())}  # fmt: skip
        times, more = measure(hall, app, store, rounds)
        hall.stop()
        app.extensions["gridhall"].stop()
    return {**told, **more, "web": web, "rounds": rounds, "groupby": groupby_told(times), "screens": screens_told(times)}


def environment(folder: Path) -> tuple[dict[str, str], Settings]:
    told = {"DATA_DIR": folder, "CITY": folder / "city", "PARTITIONS": PARTITIONS, "WEB_PORT": WEB_PORT, "LOG_LEVEL": "WARNING"}
    ours = {f"GRIDHALL_{name}": str(value) for name, value in told.items()}
    return {**os.environ, **ours}, load_settings(ours)


def make_orders(folder: Path, orders: int) -> None:
    """The city of Foshan and a store of so many orders in an empty folder."""
    make_city("foshan", folder / "city", seed=1)
    env, _ = environment(folder)
    with process(embedded.command(folder), env):
        store = await_store(embedded.url(folder))
        with process([sys.executable, "app.py", "projector"], env):
            ordermaker.make(folder / "city", embedded.url(folder), store.partitions, orders)


def groupby_told(times: Times) -> dict[str, float]:
    """Milliseconds of this machine, for who wants to know what 1 was."""
    return {name: round(float(np.median(times.taken[name])) * 1000, 2) for name in (PLAIN, PACKED)}


def screens_told(times: Times) -> list[dict[str, Any]]:
    """Of each screen the median and the 95th percentile, as ratios to the median of the groupby.

    `worked`: the same of the times on a processor, in which other programs of the machine have no part.
    """

    def ratio(taken: dict[str, list[float]], name: str, share: int, base: str = PLAIN) -> float:
        return round(float(np.percentile(taken[name], share) / np.median(taken[base])), 3)

    return [
        {"screen": name, "median": ratio(times.taken, name, 50), "p95": ratio(times.taken, name, 95),
         "worked_median": ratio(times.worked, name, 50), "worked_p95": ratio(times.worked, name, 95),
         "worked_p95_of_categories": ratio(times.worked, name, 95, PACKED)}
        for name in times.taken
        if name not in (PLAIN, PACKED)
    ]  # fmt: skip


def lines(found: dict[str, Any]) -> list[str]:
    """The figures as people read them."""
    web = found["web"]
    told = [
        f"{found['orders']:,} orders of Foshan by the simulator's generator: "
        f"{found['open']:,} open, {found['here']:,} live here",
        f"  1 is one plain pandas groupby({GROUPBY}).size() over them, in the same run; p95 of {found['rounds']} rounds",
        "  (*: one order has just changed; cpu: time on a processor; categories: cpu p95 to the groupby over categories)",
        f"  {'':36}{'median':>8}{'p95':>8}{'cpu median':>12}{'cpu p95':>10}{'categories':>12}",
    ]
    for row in found["screens"]:
        cpu = f"{row['worked_median']:12.3f}{row['worked_p95']:10.3f}{row['worked_p95_of_categories']:12.3f}"
        told.append(f"  {row['screen']:36}{row['median']:8.3f}{row['p95']:8.3f}{cpu}")
    return [*told, *orderweb.lines(web)]
