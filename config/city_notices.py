"""Who is told of what in a city: `notices.yaml`, with `rules:` and `webhooks:`. Without the file `DEFAULT` holds.

    rules:
      - {events: [yellow_card, red_card], tell: {department: true, roles: [leader]}}
      - {events: [ended], tell: {reporter: true}, webhook: sms}
    webhooks:
      sms: {url: "https://gateway.example/notices", lang: zh, give_up_after_h: 24}

What signs a webhook is a secret and stands in the settings (GRIDHALL_WEBHOOK_SECRETS), never in the city's files.
"""

import re
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
import yaml

from config.city_files import Faults, read_text, read_yaml
from domain.notices import ENDED, EVENTS, Rule
from domain.people import PERSON_ROLES, WALL

FILE: Final = "notices.yaml"
TOLD_ROLES: Final = tuple(role for role in PERSON_ROLES if role not in ("worker", "department", WALL))
"""Roles that are told by their scope; a department and a worker are told of what is theirs (`department`, `handler`)."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LONGEST_H: Final = 168.0


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where notices are posted, in which language, how long one is tried and how long an answer is waited for."""

    url: str
    lang: Literal["zh", "en"] = "zh"
    give_up_after_h: float = 24.0
    timeout_s: float = 10.0


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    rules: tuple[Rule, ...] = ()
    webhooks: dict[str, Webhook] = {}


class _Tell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    roles: tuple[str, ...] = ()
    department: bool = False
    handler: bool = False
    reporter: bool = False


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    events: tuple[str, ...]
    tell: _Tell = _Tell()
    webhook: str = ""
    outside: bool = False


def _rule(events: str, **tell: Any) -> Rule:
    return Rule(events=frozenset(events.split()), **tell)


DEFAULT: Final = Notices(
    rules=(
        _rule("urge yellow_card red_card withdraw_card decide_appeal", department=True, handler=True),
        _rule("remind overdue rework recompute", department=True, handler=True),
        _rule("overdue", roles=("supervisor", "duty_chief", "dispatcher")),
        _rule("returned escalated", roles=("supervisor", "dispatcher")),
        _rule("answer_card appeal_card ask_defer ask_hang", roles=("supervisor", "duty_chief")),
        _rule("red_card appeal_card", roles=("leader",)),
        _rule(ENDED, reporter=True),
    )
)
"""In the product only: whose order it is, who supervises it, the leader of red cards, and the worker who reported it."""


def read_notices(folder: Path, faults: Faults) -> Notices:
    """What notices.yaml says, every fault of it told; `DEFAULT` where there is no such file."""
    if not (folder / FILE).exists():
        return DEFAULT
    told = read_yaml(folder / FILE, faults, "rules, webhooks")
    lines: dict[str, int] = told.pop("__lines__", {})
    for key in told:
        if key not in ("rules", "webhooks"):
            faults.error(FILE, lines[key], f"{key!r} is no part of it: rules and webhooks are")
    at = _lines_of(folder, faults) if told else {}
    hooks = told.get("webhooks") or {}
    webhooks = _webhooks(hooks, at, lines.get("webhooks", 1), faults)
    rules = _rules(told.get("rules") or [], set(map(str, hooks)), at, lines.get("rules", 1), faults)
    for name in webhooks:
        if not any(rule.webhook == name for rule in rules):
            faults.warn(FILE, at.get(name, 1), f"webhook {name}: no rule sends anything to it")
    return Notices(rules=rules, webhooks=webhooks)


def _lines_of(folder: Path, faults: Faults) -> dict[str | int, int]:
    """Line by name of a webhook and by number of a rule."""
    tree: Any = yaml.compose(read_text(folder / FILE, faults) or "", yaml.SafeLoader)
    at: dict[str | int, int] = {}
    for key, node in tree.value:
        if isinstance(node, yaml.MappingNode) and key.value == "webhooks":
            at |= {name.value: name.start_mark.line + 1 for name, _ in node.value}
        elif isinstance(node, yaml.SequenceNode) and key.value == "rules":
            at |= {number: item.start_mark.line + 1 for number, item in enumerate(node.value)}
    return at


def _webhooks(told: Any, at: dict[str | int, int], line: int, faults: Faults) -> dict[str, Webhook]:
    if not isinstance(told, dict):
        faults.error(FILE, line, "webhooks: write NAME: {url: …} for each")
        return {}
    found = {}
    for name, content in told.items():
        here = at.get(name, line)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            faults.error(FILE, here, f"webhook {name!r}: a name is 1 to 32 small letters, digits and -")
        try:
            webhook = msgspec.convert(content, Webhook, strict=True)
        except msgspec.ValidationError as wrong:
            faults.error(FILE, here, f"webhook {name}: {wrong}")
            continue
        for fault in _webhook_faults(webhook):
            faults.error(FILE, here, f"webhook {name}: {fault}")
        if webhook.url.startswith("http:") and not _is_here(webhook.url):
            faults.warn(FILE, here, f"webhook {name}: http carries names and numbers in the clear: use https")
        found[str(name)] = webhook
    return found


def _webhook_faults(webhook: Webhook) -> list[str]:
    faults = []
    try:
        parts = urlsplit(webhook.url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right, parts = False, urlsplit("")
    if not right:
        faults.append("url is no address that begins with https:// or http://")
    if parts.username or parts.password:
        faults.append("url must hold no user and password: what is sent is signed instead (GRIDHALL_WEBHOOK_SECRETS)")
    if not 0 < webhook.give_up_after_h <= _LONGEST_H:
        faults.append(f"give_up_after_h is a number of hours above 0, at most {_LONGEST_H:g}")
    if not 0.1 <= webhook.timeout_s <= 60:
        faults.append("timeout_s is a number of seconds from 0.1 to 60")
    return faults


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _rules(told: Any, webhooks: set[str], at: dict[str | int, int], line: int, faults: Faults) -> tuple[Rule, ...]:
    if not isinstance(told, list):
        faults.error(FILE, line, "rules: write a list of {events: […], tell: {…}}")
        return ()
    found = []
    for number, content in enumerate(told):
        here = at.get(number, line)
        try:
            rule = msgspec.convert(content, _Told, strict=True)
        except msgspec.ValidationError as wrong:
            faults.error(FILE, here, f"rule {number + 1}: {wrong}")
            continue
        for fault in _rule_faults(rule, webhooks):
            faults.error(FILE, here, f"rule {number + 1}: {fault}")
        tell = {key: getattr(rule.tell, key) for key in _Tell.__struct_fields__}
        found.append(Rule(events=frozenset(rule.events), webhook=rule.webhook, outside=rule.outside, **tell))
    return tuple(found)


def _rule_faults(rule: _Told, webhooks: set[str]) -> list[str]:
    faults = [f"event {event!r} is not one of {', '.join(EVENTS)}" for event in rule.events if event not in EVENTS]
    faults += [f"role {role!r} is not one of {', '.join(TOLD_ROLES)}" for role in rule.tell.roles if role not in TOLD_ROLES]
    if not rule.events:
        faults.append("events is empty: name at least one")
    if rule.webhook and rule.webhook not in webhooks:
        faults.append(f"webhook {rule.webhook!r} is not among webhooks: add it there or correct it")
    if rule.tell == _Tell() and not rule.webhook:
        faults.append("tells nobody: name roles, department, handler, reporter or a webhook")
    return faults


def secret_faults(notices: Notices, secrets: dict[str, tuple[str, ...]]) -> list[str]:
    """Webhooks that nothing can be sent to, because what is not signed is not sent; secrets that are nobody's."""
    faults = [
        f"{FILE}: webhook {name} has no secret: set GRIDHALL_WEBHOOK_SECRETS={name}=SECRET (at least 16 characters)"
        for name in notices.webhooks
        if name not in secrets
    ]
    faults += [
        f"GRIDHALL_WEBHOOK_SECRETS: {FILE} has no webhook {name!r}" for name in secrets if name not in notices.webhooks
    ]
    return faults
