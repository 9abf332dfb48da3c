"""A live table: rows with a version, as a struct of arrays. A screen asks `changes(since)`; a snapshot is `changes(0)`.

Nothing is kept per client but its cursor (version, scope). What a client holds follows from three numbers per row:

    changed   version at which anything of the row changed last
    placed    version at which its region, or whether the table shows it at all, changed last
    worded    version at which one of its texts changed last (placed implies worded)

A client whose cursor is (v, scope A) holds exactly the rows that A saw at version v. For a row with placed ≤ v that is
what A sees now, so it can be computed now. Asked for scope B, the frame therefore brings

    rows   seen by B now, and changed > v or not seen by A now
    gone   not seen by B now, and placed > v or seen by A now
    texts  of those rows with worded > v or not seen by A now

and afterwards the client holds exactly what B sees: a row with placed > v is either brought whole or named gone (which
a client that never had it ignores); one with placed ≤ v was held if and only if A sees it now. Of rows with placed > v only
those are named gone that A may have seen once: a row keeps the regions and names that it has had, so that nobody is told
even the slots of rows that were never his.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from dashboard.live.frame import DTYPES, Frame
from dashboard.live.scope import Scope

FIRST_VERSION: Final = 1
"""Of an empty table, so that 0 is left for the cursor of a client that holds nothing."""

_FIRST_CAPACITY: Final = 1024
PACK_FROM: Final = 65_536  # slots; fewer are not worth a snapshot for every screen
PACK_SHARE: Final = 0.25  # of slots that still show something, below which a table is packed


class Shape(msgspec.Struct, frozen=True):
    """What a table carries: numbers (name, dtype) and texts, in the order of the frame's header.

    The texts in `both` are kept in English too, as `name.en`, and sent so to a screen in English; those in `masked` also as
    `name.masked`, and sent so to who may not see personal data.
    """

    name: str
    numbers: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    both: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()

    @property
    def every_text(self) -> tuple[str, ...]:
        return (*self.texts, *(f"{name}.en" for name in self.both), *(f"{name}.masked" for name in self.masked))

    def spoken(self, name: str, scope: Scope) -> str:
        """Under which name a text is kept for a scope."""
        if name in self.masked and not scope.clear:
            return f"{name}.masked"
        return f"{name}.en" if scope.lang == "en" and name in self.both else name


class Values(msgspec.Struct, frozen=True):
    """New values of some rows, all of one length: region numbers, whether shown, numbers and texts by name.

    `parties`: in whose name each row is; None: its id says it (a worker's row is his own).
    """

    regions: NDArray[np.int32]
    shown: NDArray[np.bool_]
    numbers: Mapping[str, NDArray[Any]]
    texts: Mapping[str, Sequence[str]]
    parties: Sequence[frozenset[str]] | None = None


class LiveTable:
    """Rows of one kind. A row keeps its slot as long as its epoch lasts: until most rows that the table has shown have ended
    (`pack`). Not locked: the hall's lock covers it.
    """

    def __init__(self, shape: Shape, epoch: str, pack_from: int = PACK_FROM) -> None:
        self.shape = shape
        self.epoch = epoch
        self.version = FIRST_VERSION
        self.slots: dict[str, int] = {}
        self._pack_at = self._pack_from = pack_from
        self._packed = 0
        self._numbers = {name: np.zeros(_FIRST_CAPACITY, DTYPES[code]) for name, code in shape.numbers}
        self._texts = {name: np.zeros(_FIRST_CAPACITY, object) for name in shape.every_text}
        self._state = {name: np.zeros(_FIRST_CAPACITY, np.int64) for name in ("changed", "placed", "worded")}
        self._state |= {"region": np.zeros(_FIRST_CAPACITY, np.int32), "shown": np.zeros(_FIRST_CAPACITY, bool)}
        self._parties: dict[int, frozenset[str]] = {}
        self._slots_of: dict[str, set[int]] = {}  # party → slots
        self._was_of: dict[str, set[int]] = {}  # party → slots that were in its name once
        self._was_in: dict[int, set[int]] = {}  # slot → regions that it has left

    def __len__(self) -> int:
        return len(self.slots)

    def write(self, version: int, ids: Sequence[str], values: Values) -> None:
        """Set the rows of `ids` (no id twice). `version` must be above the table's."""
        self._rise(version)
        known = len(self.slots)
        slots = np.fromiter((self.slots.setdefault(row_id, len(self.slots)) for row_id in ids), np.int64, len(ids))
        self._reserve(len(self.slots))
        state = self._state
        moved = (slots < known) & (state["region"][slots] != values.regions)
        placed = (slots >= known) | moved | (state["shown"][slots] != values.shown)
        for slot in slots[moved].tolist():
            self._was_in.setdefault(slot, set()).add(int(state["region"][slot]))
        if values.parties is not None:
            placed |= self._rename(slots.tolist(), values.parties)
        worded = placed.copy()
        for name, kept in self._texts.items():
            new = np.array(values.texts[name], object)
            worded |= kept[slots] != new
            kept[slots] = new
        for name, kept in self._numbers.items():
            kept[slots] = values.numbers[name]
        state["region"][slots] = values.regions
        state["shown"][slots] = values.shown
        state["changed"][slots] = version
        state["placed"][slots[placed]] = version
        state["worded"][slots[worded]] = version
        if len(self.slots) >= self._pack_at:
            self._pack_if_worth()

    def _pack_if_worth(self) -> None:
        if np.count_nonzero(self._state["shown"][: len(self.slots)]) < PACK_SHARE * len(self.slots):
            self.pack()
        self._pack_at = max(self._pack_from, 2 * len(self.slots))

    def pack(self) -> None:
        """Begin another epoch in which only the rows that are shown have slots: what has ended takes no memory for ever, here
        or in a browser. Every screen gets a snapshot.
        """
        kept = np.flatnonzero(self._state["shown"][: len(self.slots)])
        new = {old: slot for slot, old in enumerate(kept.tolist())}
        self.slots = {row_id: new[old] for row_id, old in self.slots.items() if old in new}
        for group in (self._numbers, self._texts, self._state):
            for name, array in group.items():
                rest = np.zeros(max(_FIRST_CAPACITY, len(kept)), array.dtype)
                rest[: len(kept)] = array[kept]
                group[name] = rest
        self._parties = {new[old]: names for old, names in self._parties.items() if old in new}
        held = {party: {new[old] for old in slots if old in new} for party, slots in self._slots_of.items()}
        self._slots_of = {party: slots for party, slots in held.items() if slots}
        self._was_of, self._was_in = {}, {}  # of an epoch that no cursor names any more
        self._packed += 1
        self.epoch = f"{self.epoch.partition('.')[0]}.{self._packed}"

    def _rename(self, slots: list[int], parties: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
        """Keep in whose name the rows are; which of them have changed hands."""
        changed = np.zeros(len(slots), bool)
        for at, (slot, now) in enumerate(zip(slots, parties, strict=True)):
            before = self._parties.get(slot, frozenset())
            if before == now:
                continue
            changed[at] = True
            self._parties[slot] = now
            for party in before - now:
                self._slots_of.get(party, set()).discard(slot)
                self._was_of.setdefault(party, set()).add(slot)
            for party in now - before:
                self._slots_of.setdefault(party, set()).add(slot)
        return changed

    def drop(self, version: int, ids: Iterable[str]) -> None:
        """Show these rows no more (the store no longer has them); their slots stay theirs."""
        self._rise(version)
        slots = np.array([self.slots[row_id] for row_id in ids if row_id in self.slots], np.int64)
        self._state["shown"][slots] = False
        for name in ("changed", "placed", "worded"):
            self._state[name][slots] = version

    def changes(self, since: int, scope: Scope, held: Scope | None = None) -> Frame:
        """What a client must be told whose cursor is `since` under the scope `held` (default: the same one).

        A snapshot, with `reset` set, when `since` is 0 or the client held another language.
        """
        end = len(self.slots)
        state = {name: array[:end] for name, array in self._state.items()}
        held = held or scope
        seen = state["shown"] & self._theirs(scope)
        if since <= 0 or held.lang != scope.lang:
            rows = np.flatnonzero(seen)
            return self._frame(0, scope, rows, np.ones(len(rows), bool), np.empty(0, np.uint32))
        had = seen if held is scope else state["shown"] & self._theirs(held)
        rows = np.flatnonzero(seen & ((state["changed"] > since) | ~had))
        left = ~seen & had
        moved = np.flatnonzero(~seen & ~had & (state["placed"] > since))
        left[moved] = self._were_once(held, moved)
        gone = np.flatnonzero(left)
        return self._frame(since, scope, rows, (state["worded"][rows] > since) | ~had[rows], gone.astype(np.uint32))

    def _theirs(self, scope: Scope) -> NDArray[np.bool_]:
        """Which rows are this scope's, shown or not."""
        theirs: NDArray[np.bool_] = scope.masks[self.shape.name][self._state["region"][: len(self.slots)]]
        for party in scope.parties:
            theirs[list(self._named(party))] = True
        return theirs

    def _were_once(self, scope: Scope, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows are this scope's, shown or not, or have been once."""
        mask = scope.masks[self.shape.name]
        named = [slots for party in scope.parties for slots in (self._named(party), self._was_of.get(party, set()))]
        once: NDArray[np.bool_] = mask[self._state["region"][slots]]
        for at in np.flatnonzero(~once).tolist():
            slot = int(slots[at])
            once[at] = any(slot in held for held in named) or any(mask[number] for number in self._was_in.get(slot, ()))
        return once

    def _named(self, party: str) -> set[int]:
        """The slots that are in this name now; a worker's own row is in his."""
        own = self.slots.get(party.removeprefix("w:")) if self.shape.name == "worker" and party.startswith("w:") else None
        return self._slots_of.get(party, set()) | ({own} if own is not None else set())

    def _frame(
        self, since: int, scope: Scope, rows: NDArray[np.int64], worded: NDArray[Any], gone: NDArray[np.uint32]
    ) -> Frame:
        texts = {name: self._texts[self.shape.spoken(name, scope)] for name in self.shape.texts}
        return Frame(
            table=self.shape.name,
            epoch=self.epoch,
            scope=scope.token,
            since=since,
            to=self.version,
            reset=since == 0,
            columns={"slot": rows.astype(np.uint32), **{name: kept[rows] for name, kept in self._numbers.items()}},
            gone=gone,
            text_for=np.flatnonzero(worded),
            texts={name: kept[rows[worded]].tolist() for name, kept in texts.items()},
        )

    def _rise(self, version: int) -> None:
        if version <= self.version:
            raise ValueError(f"version {version} is not above {self.version}")
        self.version = version

    def _reserve(self, rows: int) -> None:
        capacity = len(self._state["changed"])
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        for group in (self._numbers, self._texts, self._state):
            for name, array in group.items():
                longer = np.zeros(capacity, array.dtype)
                longer[: len(array)] = array
                group[name] = longer
