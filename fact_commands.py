"""The commands about facts that cannot be folded: `app.py facts unfoldable`, `app.py facts retry`."""

import time
from typing import Annotated

import typer

from command_line import DataOption, fail, out
from people_commands import opened, tell
from store import unfoldable
from store.unfoldable import Unfoldable

facts_app = typer.Typer(help="Facts that were taken and cannot be folded: what they are, and why.", no_args_is_help=True)


@facts_app.command("unfoldable")
def facts_unfoldable(
    most: Annotated[int, typer.Option("--most", help="At most so many.", min=1)] = 1000, data_dir: DataOption = None
) -> None:
    """List what is set aside, the newest last: id, when, kind, source, what it is of, and its error."""
    store, _ = opened(data_dir, None)
    for partition, one in sorted(unfoldable.held(store, most), key=lambda found: found[1].at_ms):
        out.print(_line(partition, one), highlight=False, markup=False, soft_wrap=True)
    out.print(f"{unfoldable.number(store):,} set aside", style="bold", highlight=False, markup=False)


def _named(partition: int, one: Unfoldable) -> str:
    """An id that no other partition has, too."""
    return f"{partition}/{one.id}"


def _line(partition: int, one: Unfoldable) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(one.at_ms / 1000))
    return f"{_named(partition, one):<22} {at}  {one.kind:<9} {one.source:<12} {one.about:<24} {one.error}"


@facts_app.command("retry")
def facts_retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids, as `facts unfoldable` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is set aside.")] = False,
    data_dir: DataOption = None,
) -> None:
    """Have it folded again, once its cause is mended: each fact is appended anew and counted as what then becomes of it."""
    store, _ = opened(data_dir, None)
    wanted = frozenset(ids or ())
    if not wanted and not everything:
        raise fail("name at least one id, or --all")
    chosen = [found for found in unfoldable.held(store) if everything or _named(*found) in wanted]
    if missing := wanted - {_named(*found) for found in chosen}:
        raise fail(f"not among what is set aside: {', '.join(sorted(missing))}")
    again = []
    for partition, one in chosen:
        if unfoldable.retry(store, partition, one):
            again.append(one)
        else:
            why = "its row still cannot be read" if one.kind == unfoldable.ROW else "somebody else has had it tried again"
            out.print(f"{_named(partition, one)} stays: {why}", highlight=False, markup=False, soft_wrap=True)
    for one in again:
        tell(store, "facts_retried", one.about, "", kind=one.kind, source=one.source, id=one.id)
    out.print(f"{len(again)} of {len(chosen)} will be folded again", highlight=False)
    if len(again) < len(chosen):
        raise typer.Exit(1)
