"""The commands about notices to webhooks: `app.py notices list`, `app.py notices again`."""

import time
from typing import Annotated

import typer

from command_line import DataOption, fail, out
from config import clock
from domain.notices import FAILED, WAITING, Delivery
from people_commands import opened, tell
from store import notices

notices_app = typer.Typer(help="Notices to the city's webhooks: what waits, what could not be delivered.", no_args_is_help=True)


@notices_app.command("list")
def notices_list(
    waiting: Annotated[bool, typer.Option("--waiting", help="Those that still wait, too.")] = False,
    data_dir: DataOption = None,
) -> None:
    """What could not be delivered, and how it stands with each webhook."""
    store, _ = opened(data_dir, None)
    for name, post in notices.posts(store).items():
        told = f"{post.waiting:,} wait, {post.delivered:,} delivered, {post.failed:,} given up, {post.retried:,} tries in vain"
        out.print(f"{name}: {told}", style="bold", highlight=False, markup=False)
    shown = (FAILED, WAITING) if waiting else (FAILED,)
    found = (one for one in notices.outstanding(store) if one.state in shown)
    for one in sorted(found, key=lambda one: (one.webhook, one.told_at_ms)):
        out.print(_line(one), highlight=False, markup=False, soft_wrap=True)


def _line(one: Delivery) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime((one.at_ms or one.told_at_ms) / 1000))
    why = f"{one.why} {one.status or ''}".strip()
    return f"{one.id}  {one.webhook:<12} {one.event:<14} {one.order:<24} {one.state:<8} {at}  {one.tries} tries  {why}".rstrip()


@notices_app.command("again")
def notices_again(
    names: Annotated[list[str] | None, typer.Argument(help="Ids, as `notices list` shows them.")] = None,
    webhook: Annotated[str, typer.Option("--webhook", help="Everything given up for this webhook.")] = "",
    data_dir: DataOption = None,
) -> None:
    """Send again what was given up; its tries begin anew."""
    store, _ = opened(data_dir, None)
    wanted = frozenset(names or ())
    if not wanted and not webhook:
        raise fail("name at least one id, or --webhook")
    failed = [one for one in notices.outstanding(store) if one.state == FAILED]
    chosen = [one for one in failed if one.id in wanted or (webhook and one.webhook == webhook)]
    if missing := wanted - {one.id for one in chosen}:
        raise fail(f"not among those that were given up: {', '.join(sorted(missing))}")
    sent = [one for one in chosen if notices.send_again(store, one, clock.now_ms())]
    for one in sent:
        tell(store, "notice_sent", one.order, "", did="again", webhook=one.webhook, id=one.id)
    out.print(f"{len(sent)} will be sent again", highlight=False)
