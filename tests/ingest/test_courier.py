"""The courier against real receivers: signed, tried again until taken, given up when refused, no queue waits for another."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config import clock
from config.city import City, load_city
from config.settings import Settings
from domain.facts import OrderAction
from domain.notices import Delivery, Notice
from ingest import courier as module
from ingest.courier import Courier
from ingest.projector import Projector
from store import audit, keys, notices
from store.store import Store
from tests.ingest.receiver import SECRET, Receiver
from tests.ingest.test_clock_alarms import by
from tests.ingest.test_projector import fold

GONE = 'url: "http://127.0.0.1:9/"'  # nobody listens there
RULES = """
rules:
  - {events: [urge], webhook: platform}
  - {events: [ended], tell: {reporter: true}, webhook: sms}
webhooks:
"""


@pytest.fixture
def made(city_folder: Path, tmp_path: Path) -> Callable[..., City]:
    """A city whose webhooks are at these addresses."""

    def make(rules: str = RULES, **hooks: str) -> City:
        folder = tmp_path / "told"
        shutil.copytree(city_folder, folder, dirs_exist_ok=True)
        lines = "".join(f"  {name}: {{{told}}}\n" for name, told in hooks.items())
        (folder / "notices.yaml").write_text(rules + lines, encoding="utf-8")
        return load_city(folder)

    return make


def at(receiver: Receiver, **more: Any) -> str:
    return ", ".join([f'url: "{receiver.url}"', *(f"{key}: {value}" for key, value in more.items())])


@contextmanager
def receiving(*answers: Any, **more: Any) -> Iterator[Receiver]:
    """A receiver that answers so one after the other, then 204 always."""
    receiver = Receiver(lambda n: answers[n - 1] if n <= len(answers) else 204, **more)
    try:
        yield receiver
    finally:
        receiver.end()


@contextmanager
def courier_of(
    store: Store, city: City, first_wait_s: float = 0.05, owner: str = "one", **secrets_of: tuple[str, ...]
) -> Iterator[Courier]:
    secrets = dict.fromkeys(city.notices.webhooks, (SECRET,)) | secrets_of
    courier, stop = Courier(store, city, secrets, owner, first_wait_s), threading.Event()
    thread = threading.Thread(target=courier.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield courier
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def told(store: Store, city: City, settings: Settings, *actions: OrderAction) -> None:
    """Put these in and fold them."""
    projector = Projector(store, city, settings)
    fold(projector)
    store.append(actions)
    fold(projector)
    projector._release()


def reported(order: str = "O1", **fields: str) -> OrderAction:
    told = {"text": "灯", "title": "路灯不亮 13912345678", "region": "440605001", "person": "李明", "phone": "13812345678"}
    return by("intake", "i", "report", f"report-{order}", order, clock.now_ms(), **(told | fields))


def urged(order: str = "O1", number: int = 1) -> OrderAction:
    return by("supervisor", "s", "urge", f"urge-{order}-{number}", order, clock.now_ms())


def wait_for(what: Callable[[], Any], within_s: float = 15.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def state(store: Store, order: str = "O1") -> list[Delivery]:
    return notices.deliveries(store, order)


def states(store: Store, order: str = "O1") -> list[str]:
    return [one.state for one in state(store, order)]


def test_a_receiver_that_fails_at_first_is_told_the_same_signed_words_until_it_takes_them(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    with receiving(503, 500, (429, {"Retry-After": "1"}), 408) as platform:
        city = made(platform=at(platform), sms=GONE)
        told(store, city, settings, reported(), urged())
        assert states(store) == ["waiting"]
        with courier_of(store, city):
            wait_for(lambda: states(store) == ["delivered"])
    assert len(platform.got) == 5 and len({one["id"] for one in platform.got}) == len({one["raw"] for one in platform.got}) == 1
    assert all(one["good"] for one in platform.got)
    assert platform.got[3]["at_s"] - platform.got[2]["at_s"] >= 1.0, "Retry-After is respected"
    (one,) = state(store)
    assert (one.tries, one.status, one.why, one.next_at_ms) == (5, 204, "", None)
    body = platform.bodies[0]
    assert (body["event"], body["event_name"], body["order"], body["link"]) == ("urge", "催办", "O1", "/order/O1")
    assert body["title"] == "路灯不亮 139****5678" and body["region_name"] == "东社区" and "reporter" not in body
    assert body["text"].startswith("催办：路灯不亮 139****5678（O1）")
    assert "李明" not in platform.got[0]["raw"].decode() and "13812345678" not in platform.got[0]["raw"].decode()
    assert notices.posts(store)["platform"] == notices.Post(waiting=0, delivered=1, failed=0, retried=4)
    assert store.client.hlen(keys.outbox(store.partition_of("O1"))) == 0


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_what_is_refused_for_good_is_given_up_at_once_and_can_be_sent_again(
    store: Store, settings: Settings, made: Callable[..., City], status: int
) -> None:
    with receiving(status) as platform:
        city = made(platform=at(platform), sms=GONE)
        told(store, city, settings, reported(), urged())
        with courier_of(store, city):
            wait_for(lambda: states(store) == ["failed"])
            time.sleep(0.3)
            assert len(platform.got) == 1
            (one,) = state(store)
            assert (one.why, one.status) == ("refused", status)
            assert [each.id for each in notices.outstanding(store)] == [one.id]
            assert notices.send_again(store, one, clock.now_ms()) and not notices.send_again(store, one, clock.now_ms())
            wait_for(lambda: states(store) == ["delivered"])
    assert {each["id"] for each in platform.got} == {one.id} and len(platform.got) == 2


def test_a_receiver_that_hangs_or_is_not_there_or_redirects_keeps_no_other_waiting(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    names = ("hangs", "gone", "moved", "well")
    rules = "".join(("rules:\n", *(f"  - {{events: [urge], webhook: {name}}}\n" for name in names), "webhooks:\n"))
    with receiving(hang_s=3.0) as hangs, receiving() as well, receiving(*[(302, {"Location": well.url})] * 50) as moved:
        city = made(rules, hangs=at(hangs, timeout_s=0.2), gone=GONE, moved=at(moved), well=at(well))
        told(store, city, settings, reported(), *(urged(number=n) for n in range(20)))
        with courier_of(store, city, first_wait_s=30.0):
            whys = {"timeout", "unreachable", "answered"}
            wait_for(lambda: len(well.got) == 20 and whys <= {one.why for one in state(store)})
    assert len(well.got) == 20, "a redirection is not followed"
    of = {name: [one for one in state(store) if one.webhook == name] for name in names}
    assert {one.state for one in of["well"]} == {"delivered"}
    for name, why, status in (("hangs", "timeout", None), ("gone", "unreachable", None), ("moved", "answered", 302)):
        assert {one.state for one in of[name]} == {"waiting"}
        tried = [one for one in of[name] if one.tries]
        assert {(one.why, one.status) for one in tried} == {(why, status)} and len(tried) == 1, "a dead one is given a rest"
    assert len(hangs.got) == len(moved.got) == 1


def test_what_nobody_takes_in_its_time_is_given_up(store: Store, settings: Settings, made: Callable[..., City]) -> None:
    with receiving(*[500] * 1000) as platform:
        city = made(platform=at(platform, give_up_after_h=0.0002), sms=GONE)
        told(store, city, settings, reported(), urged())
        with courier_of(store, city, first_wait_s=0.1):
            wait_for(lambda: states(store) == ["failed"])
    (one,) = state(store)
    assert one.why == "expired" and one.status == 500 and one.tries >= 3
    assert platform.got[-1]["at_s"] - platform.got[0]["at_s"] >= 0.7, "tried once more at the end of its time"


def test_the_reporters_number_goes_to_the_gateway_that_is_to_tell_him_and_a_line_says_so(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    with receiving() as sms:
        city = made(platform=GONE, sms=at(sms))
        refused = by("duty_chief", "c", "refuse", "refuse-it", "O1", clock.now_ms(), reason="不属网格事项，由业委会处理")
        silent = (reported("O2", phone=""), by("duty_chief", "c", "refuse", "refuse-2", "O2", clock.now_ms(), reason="x"))
        told(store, city, settings, reported(), refused, *silent)
        assert states(store, "O2") == [], "he left no number"
        with courier_of(store, city):
            wait_for(lambda: states(store) == ["delivered"])
    (body,) = sms.bodies
    assert body["reporter"] == {"person": "李明", "phone": "13812345678"} and body["event"] == "ended"
    assert body["text"] == "您反映的“路灯不亮 139****5678”（O1）不予受理。不属网格事项，由业委会处理"
    assert body["status"] == "not_accepted" and "actor" not in body["by"]
    lines = [line for line in audit.newest(store) if line.what == "notice_sent"]
    assert [(line.subject, line.detail["webhook"]) for line in lines] == [("O1", "sms")]
    assert "13812345678" not in repr(state(store)) + repr(lines)


def test_it_speaks_the_language_of_the_webhook_and_signs_with_both_secrets_of_a_change(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    new = "another-secret-of-sixteen"
    with receiving(secrets=(new,)) as platform:
        city = made(platform=at(platform, lang="en"), sms=GONE)
        told(store, city, settings, reported(), urged())
        with courier_of(store, city, platform=(SECRET, new)):
            wait_for(lambda: states(store) == ["delivered"])
    assert platform.got[0]["headers"]["X-Gridhall-Signature"].count("v1=") == 2
    assert platform.bodies[0]["event_name"] == "Urge" and platform.bodies[0]["status_name"] == "Reported"


def test_one_courier_at_a_time_sends_and_the_next_goes_on(store: Store, settings: Settings, made: Callable[..., City]) -> None:
    with receiving() as platform:
        city = made(platform=at(platform), sms=GONE)
        told(store, city, settings, reported(), *(urged(number=n) for n in range(5)))
        with courier_of(store, city, owner="one") as first, courier_of(store, city, owner="two") as second:
            wait_for(lambda: len(platform.got) == 5)
            assert len(first.held() | second.held()) == store.partitions and not first.held() & second.held()
            time.sleep(0.3)
        with courier_of(store, city, owner="three"):  # the others have given their leases back
            told(store, city, settings, urged(number=9))
            wait_for(lambda: len(platform.got) == 6)
    assert len({one["id"] for one in platform.got}) == 6


def test_what_waits_for_a_webhook_that_the_city_has_no_more_is_given_up(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    city = made(platform=GONE, sms=GONE)
    told(store, city, settings, reported(), urged())
    without = made("rules:\n  - {events: [ended], tell: {reporter: true}, webhook: sms}\nwebhooks:\n", sms=GONE)
    with courier_of(store, without):
        wait_for(lambda: states(store) == ["failed"])
    assert state(store)[0].why == "no_webhook"


def test_a_notice_that_cannot_be_written_stops_no_other(
    store: Store, settings: Settings, made: Callable[..., City], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = module.body_of

    def body_of(city: City, notice: Notice, *more: Any) -> bytes:
        assert notice.order != "BAD"
        return plain(city, notice, *more)

    monkeypatch.setattr(module, "body_of", body_of)
    with receiving() as platform:
        city = made(platform=at(platform), sms=GONE)
        told(store, city, settings, reported("BAD"), urged("BAD"), reported(), urged())
        with courier_of(store, city):
            wait_for(lambda: states(store) == ["delivered"] and state(store, "BAD")[0].tries > 1)
    assert state(store, "BAD")[0].why == "fault" and state(store, "BAD")[0].state == "waiting"


def test_nothing_is_told_twice_whatever_is_sent_again(store: Store, settings: Settings, made: Callable[..., City]) -> None:
    city = made(platform=GONE, sms=GONE)
    told(store, city, settings, reported(), urged())
    store.client.delete(keys.outcomes(store.partition_of("O1")))  # answers forgotten: the trail knows
    told(store, city, settings, reported(), urged(), urged())
    assert len(state(store)) == 1 and store.client.zcard(keys.outbox_queue(store.partition_of("O1"), "platform")) == 1


def test_the_documented_example_has_the_fields_of_a_real_post(
    store: Store, settings: Settings, made: Callable[..., City]
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    with receiving() as sms:
        city = made(platform=GONE, sms=at(sms))
        told(store, city, settings, reported(), by("duty_chief", "c", "refuse", "refuse-it", "O1", clock.now_ms(), reason="x"))
        with courier_of(store, city):
            wait_for(lambda: states(store) == ["delivered"])
    assert {key: type(value) for key, value in sms.bodies[0].items()} == {key: type(value) for key, value in example.items()}
    assert sms.bodies[0]["by"].keys() == example["by"].keys() and sms.bodies[0]["to"] == example["to"]
