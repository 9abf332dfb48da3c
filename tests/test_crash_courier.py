"""Courier and projector are killed while people act and notices are on their way: the receiver hears of each, none is lost."""

import os
import random
import shutil
import threading
import time
import uuid
from pathlib import Path

import pytest

from config import clock
from domain.facts import OrderAction
from domain.states import Order
from store import embedded, notices
from store.store import Store, await_store
from tests.ingest.receiver import SECRET, Receiver
from tests.test_crash import Hall

ORDERS = 30
KILLS = 3
RULES = """
rules:
  - {{events: [urge, ended], webhook: platform}}
webhooks:
  platform: {{url: "{url}"}}
"""


def actions(order: str) -> list[OrderAction]:
    """A report, two urges, and its end: three events that are told."""
    now_ms = clock.now_ms()
    life = (("report", {"text": "灯", "region": "440605001"}), ("urge", {}), ("urge", {}), ("void", {"reason": "试"}))
    return [
        OrderAction(
            source="desk", received_at_ms=now_ms, id=uuid.uuid4().hex, order=order, action=action, actor="s", role="supervisor",
            at_ms=now_ms, scope="440605", fields=fields,
        )
        for action, fields in life
    ]  # fmt: skip


def keep_acting(store: Store, stop: threading.Event) -> None:
    for number in range(ORDERS):
        store.append(actions(f"O{number}"))
        stop.wait(0.1)


def told(store: Store) -> list[notices.Delivery]:
    orders = [row.order for p in range(store.partitions) for _, row in store.rows(p, ("order",)) if isinstance(row, Order)]
    return [one for order in orders for one in notices.deliveries(store, order)]


def test_every_notice_reaches_its_receiver_whatever_is_killed(
    tmp_path: Path, city_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(5)
    receiver = Receiver(lambda n: 503 if draw.random() < 0.03 else 204, hang_s=0.02)
    folder = tmp_path / "told"
    shutil.copytree(city_folder, folder)
    (folder / "notices.yaml").write_text(RULES.format(url=receiver.url), encoding="utf-8")
    monkeypatch.setitem(os.environ, "GRIDHALL_WEBHOOK_SECRETS", f"platform={SECRET}")
    hall = Hall(tmp_path, folder)
    try:
        stop = threading.Event()
        store = await_store(embedded.url(tmp_path), 2, stop)
        assert store is not None
        acting = threading.Thread(target=keep_acting, args=(store, stop))
        acting.start()
        for n in range(KILLS):
            before = len(receiver.got)
            while len(receiver.got) < before + 5:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.05))
            hall.kill(("courier", "projector")[n % 2])
        acting.join()
        end = time.monotonic() + 90
        while len(found := told(store)) < 3 * ORDERS or {one.state for one in found} != {"delivered"}:
            assert time.monotonic() < end, [one for one in found if one.state != "delivered"][:3]
            time.sleep(0.1)
    finally:
        hall.end()
        receiver.end()
    assert all(one["good"] for one in receiver.got)
    heard = [one["id"] for one in receiver.got if one["status"] == 204]
    assert len(found) == 3 * ORDERS and set(heard) == {one.id for one in found}
    assert len(heard) <= 3 * ORDERS + KILLS, "sent again only where a courier died between the answer and its note of it"
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log[-3000:]
