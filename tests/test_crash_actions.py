"""Web or projector are killed in the middle of what people do: each action has happened once or not at all, and its person is
told which.
"""

import random
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

from domain.states import Order, Step
from store import embedded
from store.store import Store, open_store
from tests.dashboard.persons import bearer
from tests.test_crash import Hall

PEOPLE = 6
KILLS = 6


class Somebody:
    """Reports orders and acts on them, one action after the other; asks with the same id until it is told what came of it."""

    def __init__(self, url: str, authorization: str, stop: threading.Event) -> None:
        self.url, self.stop = url, stop
        self.http = httpx.Client(base_url=url, headers={"Authorization": authorization}, trust_env=False, timeout=12)
        self.told: dict[str, dict[str, Any]] = {}
        self.doubts = 0
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while not self.stop.is_set():
            order = self._ask("/api/v1/reports", "report", text="灯不亮", region="44060500101")["order"]
            for action, fields in (("accept", {}), ("accept", {}), ("note", {"note": "看过"}), ("void", {"reason": "试"})):
                self._ask(f"/api/v1/orders/{order}/actions", action, **fields)

    def _ask(self, path: str, action: str, **fields: Any) -> dict[str, Any]:
        """The answer to one action, however often it takes."""
        name = uuid.uuid4().hex
        body = {"id": name, "action": action, "fields": fields}
        if action == "report":
            del body["action"]
        while True:
            try:
                answer = self.http.post(path, json=body)
                if answer.status_code in (200, 409):
                    self.told[name] = answer.json()
                    return self.told[name]
                assert answer.status_code in (202, 404, 503), answer.text  # 404: a web process that has not read it yet
            except httpx.HTTPError:
                pass
            self.doubts += 1
            time.sleep(0.1)


def trails(store: Store) -> dict[str, tuple[Step, ...]]:
    names = [row.order for p in range(store.partitions) for _, row in store.rows(p, ("order",)) if isinstance(row, Order)]
    return {name: store.trail(name) for name in names}


def test_each_action_happens_once_or_not_at_all_and_its_person_is_told_which(tmp_path: Path, city_folder: Path) -> None:
    hall = Hall(tmp_path, city_folder)
    draw = random.Random(7)
    try:
        url = f"http://127.0.0.1:{hall.web}"
        hall.await_answer(f"{url}/healthz")
        store = open_store(embedded.url(tmp_path), 2)
        stop = threading.Event()
        tokens = [bearer(store, f"p{n}", "supervisor")["Authorization"] for n in range(PEOPLE)]
        people = [Somebody(url, token, stop) for token in tokens]
        for n in range(KILLS):
            before = sum(len(one.told) for one in people)
            while sum(len(one.told) for one in people) < before + 10:
                time.sleep(0.02)
            time.sleep(draw.uniform(0, 0.2))
            hall.kill(("web", "projector")[n % 2])
        hall.await_answer(f"{url}/healthz")
        before = sum(len(one.told) for one in people)
        while sum(len(one.told) for one in people) < before + 10:
            time.sleep(0.02)
        stop.set()
        for one in people:
            one.thread.join(60)
            assert not one.thread.is_alive(), "somebody is still waiting to be told"
        assert sum(one.doubts for one in people) > 0, "nothing was killed in the middle of anything"
        told = {name: answer for one in people for name, answer in one.told.items()}
        done = [step.key for trail in trails(store).values() for step in trail if step.role != "rule"]
        assert len(done) == len(set(done)), "an action happened twice"
        assert set(done) == {name for name, answer in told.items() if answer["state"] == "done"}
        refused = [answer for answer in told.values() if answer["state"] == "refused"]
        assert refused and {answer["reason"] for answer in refused} == {"not_in_state"}
        assert all(answer["did"] == "accept" for answer in refused)
        orders = [answer["order"] for answer in told.values() if answer["action"] == "report"]
        assert len(orders) == len(set(orders)) == len(trails(store))
    finally:
        hall.end()
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log[-3000:]
