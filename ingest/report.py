"""What the importers say on the terminal, alike for all of them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ingest.delivery import Delivery, GatewayError, summary
from ingest.mapping import MappingErrors
from ingest.refusals import Refusals
from ingest.tabular import TableError


def say(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def warn(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(f"warning: {line}", style="yellow", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def reported(
    console: Console, refused: Path | None, *, rehearsed: bool = False, hide: Callable[[str], str] = str
) -> Iterator[Delivery]:
    """A tally to count into; at the end what became of everything is said.

    So it is also where the block raises what people can mend: then the fault comes last, and what was taken before it is taken.
    `refused`: a file for the list of refusals; `hide`: its values as they may be shown.
    """
    wrong: Exception | None = None
    try:
        held = Refusals(refused, hide)
    except OSError as failed:
        console.print(f"{refused}: {failed.strerror}", style="red", highlight=False, markup=False, soft_wrap=True)
        raise SystemExit(2) from failed
    with held:
        tally = Delivery(refusals=held)
        try:
            yield tally
        except (GatewayError, MappingErrors, TableError, OSError) as failed:
            wrong = failed
            tally.broken = True
    if wrong is None or tally.sent or len(held):
        say(console, [summary(tally, rehearsed=rehearsed)])
    if wrong is not None:
        console.print(str(wrong), style="red", highlight=False, markup=False, soft_wrap=True)
