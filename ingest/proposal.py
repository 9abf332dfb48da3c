"""`orders mapping`: looks at a table of cases and proposes a mapping to edit. Pure but for the table itself.

Columns are known by their names, else by what stands in them: dates, degrees, words for states. What cannot be placed is not
guessed: it stands in the proposal as a comment.
"""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from domain.lifecycle import STATUSES
from ingest.files.table import plain_name
from ingest.mapping import make_mapping
from ingest.proposalwords import FIELDS, SAYS_NOTHING, STATES, TIMES, WORDS
from ingest.rowevents import row_events
from ingest.sources.instants import in_range
from ingest.tabular import Form, Row, Table, open_table
from ingest.tabular.cells import Unreadable, coordinate, moment

ROWS: Final = 2000
MOST_STATES: Final = 40  # different words; a column with more is none of states
CELLS: Final = 200  # of a column, looked at for its kind
SHARE: Final = 0.8  # of the cells of a column that must be of a kind
SHARE_NAMED: Final = 0.5  # where its name says the kind
FORMS: Final = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
    "%d-%b-%Y %H:%M:%S", "%d-%b-%Y", "%b %d, %Y %I:%M:%S %p", "%b %d, %Y",
)  # fmt: skip
KNOWN: Final = frozenset(itertools.chain.from_iterable((*FIELDS.values(), *TIMES.values(), STATES)))
STATUS_OF: Final = {word: status for status, words in WORDS.items() for word in words}
Document = dict[str, Any]


class Proposal(msgspec.Struct, frozen=True):
    """A mapping in YAML. `rows` were looked at, `told` of them give at least one event by it; `notes`: what is to be known of
    the file besides, in words.
    """

    text: str
    rows: int
    told: int
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def propose(path: Path, zone: str, form: Form = Form()) -> Proposal:
    """Raises TableError for what is no table."""
    table = open_table(path, form, lambda cells: sum(plain_name(cell) in KNOWN for cell in cells))
    rows = [row for row in itertools.islice(table.rows, ROWS) if isinstance(row, Row)]
    return _Proposer(table, rows, zone).made()


class _Proposer:
    """What was found out of one table."""

    def __init__(self, table: Table, rows: Sequence[Row], zone: str) -> None:
        self.table, self.rows, self.zone = table, rows, zone
        self.head = [name for name in table.head if name]
        self.cells = {name: Counter(self._said(row, name) for row in rows) for name in self.head}
        for counted in self.cells.values():
            counted.pop("", None)
        self.forms = {name: form for name in self.head if (form := self._form(name)) is not None}
        self.times = self._named(TIMES, [name for name in self.head if name in self.forms])
        self.state = self._state()
        taken = {*self.times.values(), self.state}
        fields = self._named(FIELDS, [name for name in self.head if name not in taken])
        self.fields = {what: name for what, name in fields.items() if what != "deadline_at" or name in self.forms}
        self._by_content()

    def _said(self, row: Row, name: str) -> str:
        text = row.cells.get(name, "").strip()
        return "" if text.lower() in SAYS_NOTHING else text

    def _named(self, words: dict[str, tuple[str, ...]], names: Sequence[str]) -> dict[str, str]:
        """{what: column}: the first of its usual names that there is, then the first column whose name holds one of them."""
        plain = {plain_name(name): name for name in reversed(names)}
        found = {what: plain[word] for what, of in words.items() if (word := next((w for w in of if w in plain), ""))}
        for what, of in words.items():
            free = [name for name in names if name not in found.values()]
            long = [word for word in of if len(word.encode()) > 5]  # 社区 is a word, id is none
            inside = next((name for word in long for name in free if word in plain_name(name)), "")
            if what not in found and inside:
                found[what] = inside
        return found

    def _sample(self, name: str) -> list[str]:
        return list(itertools.islice(self.cells[name], CELLS))

    def _form(self, name: str) -> str | None:
        """The format of a column of times, "" for the usual ones, None for another column."""
        sample = self._sample(name)
        is_named = any(plain_name(name) in words for words in (*TIMES.values(), FIELDS["deadline_at"]))
        if not sample:
            return "" if is_named else None
        scores = {form: sum(_is_time(text, form) for text in sample) for form in ("", *FORMS)}
        best = max(scores, key=lambda form: scores[form])
        return best if scores[best] >= (SHARE_NAMED if is_named else SHARE) * len(sample) else None

    def _state(self) -> str:
        for name in self.head:
            if plain_name(name) in STATES and 0 < len(self.cells[name]) <= MOST_STATES:
                return name
        for name in self.head:
            words = self.cells[name]
            known = sum(word.lower() in STATUS_OF for word in words)
            if 1 < len(words) <= MOST_STATES and known * 2 > len(words):
                return name
        return ""

    def _by_content(self) -> None:
        """A report's time and degrees by what stands in the columns, where no name says it."""
        if "reported" not in self.times:
            taken = (*self.times.values(), *self.fields.values())
            free = [name for name in self.forms if name not in taken and self.cells[name]]
            if free:
                self.times["reported"] = free[0]
        for what, bound, wanted in (("lon", 180, 90), ("lat", 90, 0)):
            if what not in self.fields:
                taken = (*self.times.values(), *self.fields.values(), self.state)
                free = [name for name in self.head if name not in taken and self._are_degrees(name, bound, wanted)]
                if len(free) == 1:
                    self.fields[what] = free[0]

    def _are_degrees(self, name: str, bound: float, above: float) -> bool:
        sample = self._sample(name)
        found = [value for text in sample if "." in text and (value := _degrees(text, bound)) is not None and value > above]
        return bool(sample) and len(found) >= SHARE * len(sample)

    # the document

    def made(self) -> Proposal:
        text = self._text()
        lacks = tuple(what for what in ("order", "reported") if what not in (self.fields | self.times))
        told = 0
        if not lacks:
            mapping = make_mapping(yaml.safe_load(text))
            told = sum(bool(row_events(mapping, row.cells)) for row in self.rows)
        return Proposal(text, len(self.rows), told, lacks, tuple(self.table.notes))

    def events(self) -> list[Document]:
        """The events of the proposal."""
        created, updated = self.times.get("reported"), self.times.get("updated")
        events: list[Document] = [{"status": "reported", "at": created}] if created else []
        events += [
            {"status": status, "at": name}
            for status, name in self.times.items()
            if status not in ("reported", "updated", "closed") and not STATUSES[status].final
        ]
        by_status: dict[str, list[str]] = {}
        for word in self.cells.get(self.state, ()):
            if (status := STATUS_OF.get(word.lower())) is not None and status != "reported":
                by_status.setdefault(status, []).append(word)
        for status, words in by_status.items():
            if status not in self.times or STATUSES[status].final:
                events.append(self._of_words(status, words, created, updated))
        if "closed" in self.times and not self.state:
            events.append({"status": "closed", "at": self.times["closed"]})
        return [event for event in events if event.get("at")]

    def _of_words(self, status: str, words: list[str], created: str | None, updated: str | None) -> Document:
        own = self.times.get(status) or (self.times.get("closed") if STATUSES[status].final else None)
        event: Document = {"status": status, "when": {self.state: words}}
        if own:
            return event | {"at": own}
        if updated:
            return event | {"at": {"first": [name for name in (updated, created) if name]}}
        return event | {"at": created, "at_unknown": True}

    def _text(self) -> str:
        forms = list(dict.fromkeys(form for form in self.forms.values() if form))
        nothing = sorted({word for name in self.head for word in self._nothing(name)})
        lines = [f"# Proposed for {self.table.path.name} ({self.table.how}). Look it over, then:"]
        lines.append(f"#   app.py orders import {self.table.path.name} --mapping THIS.yaml --dry-run")
        lines.append(f"zone: {_quoted(self.zone)}  # of times that name none")
        if forms:
            lines.append(f"times: [{', '.join(map(_quoted, forms))}]{self._either(forms)}")
        if nothing:
            lines.append(f"missing: [{', '.join(map(_quoted, nothing))}]")
        lines.append("fields:")
        lines += [f"  {what}: {_quoted(name)}" for what, name in self.fields.items()]
        if "order" not in self.fields:
            lines.append("  # order: which column has the number of the order?")
        lines.append("events:")
        for event in self.events():
            lines.append("  - {" + ", ".join(f"{key}: {_flow(value)}" for key, value in event.items()) + "}")
        if "reported" not in self.times:
            lines.append("  # - {status: reported, at: …}  which column says when it was reported?")
        lines += self._left()
        return "\n".join(lines) + "\n"

    def _nothing(self, name: str) -> set[str]:
        return {text for row in self.rows if (text := row.cells.get(name, "").strip()).lower() in SAYS_NOTHING and text}

    def _either(self, forms: list[str]) -> str:
        """A remark where day and month could be the other way round."""
        for form in forms:
            other = form.replace("%m/%d", "%d/%m")
            names = [name for name, of in self.forms.items() if of == form]
            if other != form and all(_is_time(text, other) for name in names for text in self._sample(name)):
                return f"  # or is it day/month: {_quoted(other)}?"
        return ""

    def _left(self) -> list[str]:
        lines = [
            f"  # {self.state} {_quoted(word)} ({times:,} rows): which status? One of {', '.join(STATUSES)}"
            for word, times in self.cells.get(self.state, Counter()).most_common()
            if word.lower() not in STATUS_OF
        ]
        used = {*self.fields.values(), self.state, *_columns(self.events())}
        unused = [name for name in self.head if name not in used]
        if unused:
            lines.append(f"# not used: {', '.join(map(_one_line, unused))}")
        return lines


def _columns(events: Sequence[Document]) -> set[str]:
    """The columns in which events find their times."""
    told = [event["at"] for event in events]
    return {name for at in told for name in (at["first"] if isinstance(at, dict) else [at])}


def _is_time(text: str, form: str) -> bool:
    if form:
        try:
            return 1980 <= datetime.strptime(text, form).year < 2100  # noqa: DTZ007  only whether it can be read
        except ValueError:
            return False
    if text.lstrip("+-").replace(".", "", 1).isdigit() and not (len(text) == 14 and text.startswith(("19", "20"))):
        return False  # a number by itself is a number
    try:
        return in_range(moment(text, UTC).at_ms)
    except Unreadable:
        return False


def _degrees(text: str, bound: float) -> float | None:
    try:
        return coordinate(text, bound, "")
    except Unreadable:
        return None


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar, which JSON and YAML write alike."""
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in text)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
