"""notices.yaml: what it means, and what `check` says of a wrong one, all of it at once."""

from pathlib import Path

import pytest

from config.city import check_city, load_city
from config.city_notices import DEFAULT, Notices, Webhook, secret_faults
from config.settings import SettingsError, load_settings
from domain.notices import Rule
from tests.config.test_city_faults import faults_of, write

GOOD = """
rules:
  - {events: [yellow_card, red_card], tell: {department: true, roles: [leader]}}
  - {events: [ended], tell: {reporter: true}, webhook: sms}
  - {events: [overdue], webhook: platform}
webhooks:
  sms: {url: "https://gateway.example:8443/notices", lang: en, give_up_after_h: 12}
  platform: {url: "http://127.0.0.1:9000/"}
"""


def folder_of(tmp_path: Path, text: str) -> Path:
    folder = write(tmp_path)
    (folder / "notices.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_good_file_is_what_it_says(tmp_path: Path) -> None:
    city = load_city(folder_of(tmp_path, GOOD))
    assert city.notices.rules == (
        Rule(events=frozenset({"yellow_card", "red_card"}), department=True, roles=("leader",)),
        Rule(events=frozenset({"ended"}), reporter=True, webhook="sms"),
        Rule(events=frozenset({"overdue"}), webhook="platform"),
    )
    assert city.notices.webhooks["sms"] == Webhook(
        url="https://gateway.example:8443/notices", lang="en", give_up_after_h=12
    )
    assert city.part("101").notices is city.notices
    assert check_city(tmp_path)[0] == [] and not [one for one in check_city(tmp_path)[1] if "notices" in one]


def test_without_the_file_people_are_told_in_the_product_and_nothing_leaves_it(tmp_path: Path) -> None:
    assert load_city(write(tmp_path)).notices is DEFAULT
    assert not DEFAULT.webhooks and not any(rule.webhook for rule in DEFAULT.rules)
    told = frozenset().union(*(rule.events for rule in DEFAULT.rules))
    assert {"yellow_card", "red_card", "urge", "overdue", "ended"} <= told


@pytest.mark.parametrize(("text", "fault"), [
    ("rules:\n  - {events: [yelow_card], tell: {department: true}}\n", "notices.yaml:2: rule 1: event 'yelow_card'"),
    ("rules:\n  - {events: [], tell: {department: true}}\n", "rule 1: events is empty"),
    ("rules:\n  - {events: [urge]}\n", "rule 1: tells nobody"),
    ("rules:\n  - {events: [urge], tell: {roles: [boss]}}\n", "role 'boss' is not one of supervisor"),
    ("rules:\n  - {events: [urge], tell: {roles: [department]}}\n", "role 'department'"),
    ("rules:\n  - {events: [urge], tell: {roles: [wall]}}\n", "role 'wall'"),
    ("rules:\n  - {events: [urge], webhook: sms}\n", "webhook 'sms' is not among webhooks"),
    ("rules:\n  - {events: [urge], tell: {chief: true}}\n", "notices.yaml:2: rule 1: Object contains unknown field `chief`"),
    ("rules:\n  - {tell: {department: true}}\n", "rule 1: Object missing required field `events`"),
    ("rules:\n  - urge\n", "rule 1: Expected `object`"),
    ("rules: {urge: leader}\n", "notices.yaml:1: rules: write a list"),
    ("webhooks: [sms]\n", "notices.yaml:1: webhooks: write NAME"),
    ("webhooks:\n  sms: {}\n", "notices.yaml:2: webhook sms: Object missing required field `url`"),
    ("webhooks:\n  sms: {url: 'ftp://x/'}\n", "webhook sms: url is no address"),
    ("webhooks:\n  sms: {url: 'https://'}\n", "webhook sms: url is no address"),
    ("webhooks:\n  sms: {url: 'https://x:99999/'}\n", "webhook sms: url is no address"),
    ("webhooks:\n  sms: {url: 'https://me:pass@x/'}\n", "webhook sms: url must hold no user and password"),
    ("webhooks:\n  sms: {url: 'https://x/', secret: abc}\n", "unknown field `secret`"),
    ("webhooks:\n  sms: {url: 'https://x/', lang: fr}\n", "webhook sms: Invalid enum value 'fr'"),
    ("webhooks:\n  sms: {url: 'https://x/', give_up_after_h: 0}\n", "give_up_after_h is a number"),
    ("webhooks:\n  sms: {url: 'https://x/', timeout_s: 100}\n", "timeout_s is a number"),
    ("webhooks:\n  SMS_1: {url: 'https://x/'}\n", "webhook 'SMS_1': a name is"),
    ("hooks: {}\n", "notices.yaml:1: 'hooks' is no part of it"),
    ("- urge\n", "notices.yaml:1: must be a mapping with rules, webhooks"),
    ("rules: [\n", "notices.yaml:2: is no YAML"),
])  # fmt: skip
def test_a_fault_names_its_line_and_what_would_be_right(tmp_path: Path, text: str, fault: str) -> None:
    found = faults_of(folder_of(tmp_path, text))
    assert any(fault in line for line in found), found
    assert "pass@" not in "".join(found)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("yellow_card", "card").replace("leader", "boss").replace("https:", "gopher:").replace("[overdue]", "[]")
    assert len(faults_of(folder_of(tmp_path, text))) == 4


def test_what_is_doubtful_is_a_warning(tmp_path: Path) -> None:
    text = "rules:\n  - {events: [urge], webhook: a}\nwebhooks:\n  a: {url: 'http://10.0.0.5/'}\n  b: {url: 'https://x/'}\n"
    errors, warnings = check_city(folder_of(tmp_path, text))
    assert errors == []
    assert any("notices.yaml:4: webhook a: http carries" in one for one in warnings)
    assert any("notices.yaml:5: webhook b: no rule" in one for one in warnings)


def test_a_webhook_needs_its_secret_and_a_secret_its_webhook() -> None:
    told = Notices(webhooks={"sms": Webhook(url="https://x/")})
    assert secret_faults(told, {"sms": ("x" * 16,)}) == [] == secret_faults(Notices(), {})
    (missing,) = secret_faults(told, {})
    assert "webhook sms has no secret" in missing
    assert len(secret_faults(told, {"smss": ("x" * 16,)})) == 2


def test_secrets_are_read_by_webhook_two_for_one_that_changes_over() -> None:
    read = load_settings({"GRIDHALL_WEBHOOK_SECRETS": "sms=aaaaaaaaaaaaaaaa, sms=bbbbbbbbbbbbbbb=, hook=cccccccccccccccc"})
    assert read.webhook_secrets == {"sms": ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbb="), "hook": ("cccccccccccccccc",)}
    assert load_settings({}).webhook_secrets == {}


@pytest.mark.parametrize("text", ["short", "sms=short", "=aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa"])
def test_a_secret_that_cannot_be_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings({"GRIDHALL_WEBHOOK_SECRETS": text})
    assert text not in str(wrong.value) and "16 characters" in str(wrong.value)
