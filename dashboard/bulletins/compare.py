"""What differs between two versions of one period: figures from → to, orders, places in rankings, definitions."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.briefs import Json
from dashboard.bulletins.rows import COUNT, FACTS, GROUP

MOST_NAMED: Final = 1000
"""Orders of one kind that are named; beyond them only their number is told."""

_SPOKEN: Final = frozenset(("title_en", "region_name", "region_name_en", "department_name", "department_name_en",
                            "category_name", "category_name_en", "handler_name"))  # fmt: skip
"""Columns that say again what another one says."""


def compared(before: Json, before_rows: pa.Table, after: Json, after_rows: pa.Table) -> Json:
    """{from, to, is_same, figures, tables, rankings, definitions, orders} of two contents with their rows.

    from, to: {number, as_of_ms}. figures: [{key, from, to}] of those that are not the same. tables: [{by, key, name, figure,
    from, to}], from or to None where the group was not there. rankings: [{score, title, key, name, from, to}], both
    {rank, shown}. definitions: the keys whose formula is another. orders: {came, went, changed}, each {total, items}; a changed
    one is {order, title, columns: {name: [from, to]}, left: [count], joined: [count]}.
    """
    found = {
        "figures": list(_figures(before["figures"], after["figures"])),
        "tables": list(_tables(before, after)),
        "rankings": list(_rankings(before, after)),
        "definitions": _definitions(before, after),
    }
    orders = _orders(before_rows, after_rows)
    return {
        "from": {key: before[key] for key in ("number", "as_of_ms")},
        "to": {key: after[key] for key in ("number", "as_of_ms")},
        "is_same": not any(found.values()) and not any(listed["total"] for listed in orders.values()),
        **found,
        "orders": orders,
    }


def _figures(before: Json, after: Json) -> Iterator[Json]:
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if old != new:
            yield {"key": key, "from": old, "to": new}


def _tables(before: Json, after: Json) -> Iterator[Json]:
    held = {table["by"]: {row["key"]: row for row in table["rows"]} for table in before["tables"]}
    for table in after["tables"]:
        old = held.get(table["by"], {})
        new = {row["key"]: row for row in table["rows"]}
        for key in [*new, *(key for key in old if key not in new)]:
            row = new.get(key) or old[key]
            for change in _figures(old.get(key, {}).get("figures", {}), new.get(key, {}).get("figures", {})):
                yield {"by": table["by"], "key": key, "name": row["name"], "figure": change.pop("key"), **change}


def _rankings(before: Json, after: Json) -> Iterator[Json]:
    held = {ranking["score"]: {row["key"]: row for row in ranking["rows"]} for ranking in before["rankings"]}
    for ranking in after["rankings"]:
        old = held.get(ranking["score"], {})
        new = {row["key"]: row for row in ranking["rows"]}
        for key in [*new, *(key for key in old if key not in new)]:
            was, now = (_place(rows.get(key)) for rows in (old, new))
            if was != now:
                name = (new.get(key) or old[key])["name"]
                yield {"score": ranking["score"], "title": ranking["title"], "key": key, "name": name, "from": was, "to": now}


def _place(row: Json | None) -> Json | None:
    return None if row is None else {key: row[key] for key in ("rank", "shown")}


def _definitions(before: Json, after: Json) -> list[str]:
    formula = ("numerator", "denominator", "tag")
    old, new = before["definitions"], after["definitions"]
    return [key for key in new if key not in old or any(old[key].get(part) != new[key].get(part) for part in formula)]


def _orders(before: pa.Table, after: pa.Table) -> Json:
    """Vectorised: a year of a city has some hundred thousand of them."""
    place = pc.index_in(after["order"], value_set=before["order"].combine_chunks())
    stayed = after.filter(pc.is_valid(place))
    was = before.take(pc.drop_null(place))
    gone = pc.invert(pc.is_in(before["order"], value_set=after["order"].combine_chunks()))
    differ = {name: _differs(was[name], stayed[name]) for name in after.column_names if name in before.column_names}
    facts = [name for name in differ if name in FACTS and name not in _SPOKEN]
    counts = [name for name in differ if name.startswith((COUNT, GROUP))]
    changed = np.flatnonzero(np.any([differ[name] for name in (*facts, *counts)], axis=0))
    items = [_change(int(at), was, stayed, facts, counts, differ) for at in changed[:MOST_NAMED]]
    return {
        "came": _named(after.filter(pc.is_null(place))),
        "went": _named(before.filter(gone)),
        "changed": {"total": len(changed), "items": items},
    }


def _named(table: pa.Table) -> Json:
    return {"total": len(table), "items": table.select(["order", "title"]).slice(0, MOST_NAMED).to_pylist()}


def _differs(old: pa.ChunkedArray, new: pa.ChunkedArray) -> NDArray[np.bool_]:
    one, other = (pc.dictionary_decode(side) if pa.types.is_dictionary(side.type) else side for side in (old, new))
    unlike = pc.or_(pc.fill_null(pc.not_equal(one, other), False), pc.xor(pc.is_null(one), pc.is_null(other)))
    found: NDArray[np.bool_] = unlike.to_numpy()
    return found


def _change(
    at: int, was: pa.Table, now: pa.Table, facts: list[str], counts: list[str], differ: dict[str, NDArray[np.bool_]]
) -> Json:
    columns = {name: [was[name][at].as_py(), now[name][at].as_py()] for name in facts if differ[name][at]}
    moved = [name for name in counts if differ[name][at]]
    return {
        "order": now["order"][at].as_py(),
        "title": now["title"][at].as_py(),
        "columns": columns,
        "left": [name.removeprefix(COUNT) for name in moved if name.startswith(COUNT) and was[name][at].as_py()],
        "joined": [name.removeprefix(COUNT) for name in moved if name.startswith(COUNT) and now[name][at].as_py()],
    }
