"""A whole small city at work: real store, projector, hall and web application; people who ask it by HTTP and by socket."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask.testing import FlaskClient
from werkzeug.serving import make_server

from config.city import City
from config.settings import Settings
from dashboard.hall import Hall
from dashboard.server import create_app
from domain.facts import AnyFact, CaseStep, DayTally, FeedStatus, OrderAction, Position, entity
from ingest.projector import Projector
from store.audit import Entry, newest
from store.store import Store
from tests.dashboard.persons import bearer, log_in, make_account

ROOT_CODE, EAST, WEST = "440605", "440605001", "440605002"
HOST = {"Host": "127.0.0.1"}


class AtWork:
    """`tell` puts facts in and waits until the hall has them; `of` is a test client of somebody with a token."""

    def __init__(self, store: Store, city: City, settings: Settings) -> None:
        self.store, self.city, self.settings = store, city, settings
        self.hall = Hall(city, store)
        self._stop = threading.Event()
        self._projector = threading.Thread(target=Projector(store, city, settings).run, args=(self._stop,), daemon=True)
        self._projector.start()
        self.hall.follow()
        assert self.hall.ready.wait(20)
        self.app, self.live = create_app(settings, self.hall)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.port: int = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def tell(self, *facts: AnyFact) -> None:
        self.store.append(facts)
        wait_for(lambda: all(self._has(fact) for fact in facts))

    def _has(self, fact: AnyFact) -> bool:
        match fact:
            case Position(worker=name):
                return name in self.hall.workers
            case CaseStep(order=name):
                return name in self.hall.orders
            case OrderAction(order=name, id=action):
                return self.hall.answers.get(name, action) is not None
            case FeedStatus(feed=name):
                return name in self.hall.feeds
            case DayTally():
                return entity(fact) in self.hall.tallies
        return False

    def of(self, name: str, *roles: str, **more: Any) -> FlaskClient:
        """A program of these roles."""
        return self.client(bearer(self.store, name, *roles, **more)["Authorization"])

    def client(self, authorization: str = "") -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_HOST"] = f"127.0.0.1:{self.port}"
        if authorization:
            client.environ_base["HTTP_AUTHORIZATION"] = authorization
        return client

    def browser_of(self, name: str, *roles: str, **more: Any) -> tuple[FlaskClient, dict[str, str]]:
        """Somebody's browser, logged in by cookie, and the header that its writes need."""
        make_account(self.store, name, *roles, **more)
        client = self.client()
        return client, log_in(client, name)

    def log(self) -> list[Entry]:
        """The audit log, newest first."""
        return list(newest(self.store))

    def end(self) -> None:
        self.app.extensions["gridhall"].stop()
        self._stop.set()
        self.hall.stop()
        self.server.shutdown()
        self.server.server_close()
        self._projector.join(10)


@contextmanager
def at_work(store: Store, city: City, settings: Settings) -> Iterator[AtWork]:
    working = AtWork(store, city, settings)
    try:
        yield working
    finally:
        working.end()


def wait_for(what: Callable[[], Any], within_s: float = 15.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def new_id() -> str:
    return uuid.uuid4().hex


def report(client: FlaskClient, headers: dict[str, str] | None = None, **fields: Any) -> str:
    """A report; the number of its order."""
    answer = client.post("/api/v1/reports", json={"id": new_id(), "fields": {"text": "灯不亮", **fields}}, headers=headers)
    assert answer.status_code == 200, answer.text
    number: str = answer.json["order"]
    return number


def act(client: FlaskClient, order: str, action: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"id": new_id(), "action": action, "fields": fields}
    return client.post(f"/api/v1/orders/{order}/actions", json=body, headers=headers)
