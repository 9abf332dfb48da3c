"""`app.py notices`, what `check` and `run` make of webhooks without a secret, and when there is a courier."""

import os
import shutil
from pathlib import Path

import pytest

import app as command_line
from config.settings import load_settings
from domain.notices import FAILED, Delivery, Notice, Sending
from store import audit, notices
from store.store import Store
from tests.test_app import app

HOOKED = "rules:\n  - {events: [urge], webhook: sms}\nwebhooks:\n  sms: {url: 'https://gateway.example/'}\n"


def given_up(store: Store, order: str, webhook: str, name: str) -> Delivery:
    told = Notice(
        id=name * 32, event="urge", order=order, at_ms=1, told_at_ms=1, actor="x", role="leader", status="handling", region="",
        holder="", sendings=(Sending(name * 32, webhook),),
    )  # fmt: skip
    with store.client.pipeline(transaction=True) as pipe:
        notices.put(pipe, store.partition_of(order), [told])
        pipe.execute()
    failed = Delivery(
        id=name * 32, order=order, event="urge", webhook=webhook, reporter=False, told_at_ms=1, state=FAILED, tries=2, at_ms=2,
        why="refused", status=410,
    )  # fmt: skip
    notices.settle(store, failed)
    return failed


def test_what_was_given_up_is_listed_and_sent_again(store: Store, valkey: object) -> None:
    where = {"REDIS_URL": valkey.url, "PARTITIONS": str(store.partitions)}  # type: ignore[attr-defined]
    given_up(store, "O1", "sms", "a")
    given_up(store, "O2", "platform", "b")
    given_up(store, "O3", "platform", "c")
    listed = app("notices", "list", **where).stdout
    assert "sms: 0 wait, 0 delivered, 1 given up" in listed and "refused 410" in listed and "a" * 32 in listed
    assert app("notices", "again", **where).returncode == 2
    assert "not among" in app("notices", "again", "f" * 32, **where).stderr
    assert "1 will be sent again" in app("notices", "again", "a" * 32, **where).stdout
    assert "a" * 32 not in app("notices", "list", **where).stdout
    assert "a" * 32 in app("notices", "list", "--waiting", **where).stdout
    assert "2 will be sent again" in app("notices", "again", "--webhook", "platform", **where).stdout
    (one,) = notices.deliveries(store, "O1")
    assert (one.state, one.tries, one.why, one.begun_at_ms) == ("waiting", 0, "", None)
    assert notices.posts(store)["platform"].waiting == 2
    lines = [line for line in audit.newest(store) if line.what == "notice_sent"]
    assert {line.subject for line in lines} == {"O1", "O2", "O3"} and lines[0].who.startswith("console:")


@pytest.fixture
def hooked(city_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "hooked"
    shutil.copytree(city_folder, folder)
    (folder / "notices.yaml").write_text(HOOKED, encoding="utf-8")
    return folder


def test_a_webhook_without_its_secret_is_a_fault_before_anything_starts(hooked: Path, tmp_path: Path) -> None:
    done = app("check", "--city", str(hooked))
    assert done.returncode == 1 and "webhook sms has no secret" in done.stderr
    assert app("check", "--city", str(hooked), WEBHOOK_SECRETS="sms=0123456789abcdef").returncode == 0
    assert "no webhook 'smss'" in app("check", "--city", str(hooked), WEBHOOK_SECRETS="smss=0123456789abcdef").stderr
    for words in (("courier", "--city", str(hooked)), ("run", "--no-demo", "--city", str(hooked), "--data-dir", str(tmp_path))):
        done = app(*words)
        assert done.returncode == 2 and "webhook sms has no secret" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("courier", [True, False])
def test_a_city_without_webhooks_has_no_courier(tmp_path: Path, courier: bool) -> None:
    settings = load_settings({"GRIDHALL_DATA_DIR": str(tmp_path)})
    roles = command_line.roles_of(settings, dict(os.environ), demo=False, workers=0, courier=courier)
    assert [role.name for role in roles] == ["store", "gateway", "projector", "web", *(["courier"] if courier else [])]
