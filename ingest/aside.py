"""What comes of a thing that cannot be folded: it is set aside with its error, and who waits for an answer is told so."""

from typing import Final

import msgspec

from domain.facts import KINDS, AnyFact, OrderAction, entity
from domain.states import Outcome
from ingest.changes import Changes
from store.store import Unreadable
from store.unfoldable import CLOCK, ERROR_LENGTH, ROW, Unfoldable

DIED: Final = "who folds it dies of it"
"""The error of a fact that has ended whole processes: nobody was left to say more."""

_encode: Final = msgspec.msgpack.Encoder().encode


def of_fact(fact: AnyFact, place: str, error: str, now_ms: int) -> Changes:
    """A fact that raises, or of which nothing can be written down. `place`: its ENTRY-INDEX."""
    one = Unfoldable(
        id=place, kind=KINDS[type(fact)], source=fact.source, about=entity(fact), at_ms=now_ms, error=error, raw=_encode(fact)
    )
    changes = _gone_without(one)
    if isinstance(fact, OrderAction):
        changes.passing.append(_answer(fact, now_ms))
    return changes


def _answer(action: OrderAction, now_ms: int) -> Outcome:
    return Outcome(
        serial=0, id=action.id, order=action.order, action=action.action, actor=action.actor, at_ms=now_ms, done=False,
        status="", reason="unfoldable",
    )  # fmt: skip


def of_unreadable(told: Unreadable, now_ms: int) -> Changes:
    """A fact, or an entry of facts, that cannot even be read."""
    error = told.error[:ERROR_LENGTH]
    return _gone_without(
        Unfoldable(id=told.name, kind=told.what, source=told.source, about="", at_ms=now_ms, error=error, raw=told.raw)
    )


def of_clock(order: str, error: str, now_ms: int) -> Changes:
    """A mark that a clock of an order has passed and that cannot be told of: it is not asked for again, until told."""
    changes = _gone_without(
        Unfoldable(id=f"{CLOCK}|{order}", kind=CLOCK, source=CLOCK, about=order, at_ms=now_ms, error=error)
    )
    changes.due[order] = None
    return changes


def of_row(row: Unreadable, now_ms: int) -> Changes:
    """A row that cannot be read: what it stands for begins anew, its bytes are kept."""
    about, error = f"{row.what}|{row.name}", row.error[:ERROR_LENGTH]
    return _gone_without(
        Unfoldable(id=f"{ROW}|{about}", kind=ROW, source="store", about=about, at_ms=now_ms, error=error, raw=row.raw)
    )


def _gone_without(one: Unfoldable) -> Changes:
    changes = Changes()
    changes.unfoldable.append(one)
    changes.counts[f"{one.source}|{one.kind}|unfoldable"] += 1
    return changes
