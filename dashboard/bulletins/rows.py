"""The orders of a frozen period as one table (Parquet): a row per order, and a column for each thing that was counted of it.

Whether a count counted an order, and into which group it fell, stands in the row; so what a frozen figure opens needs no rule
of today. Columns: FACTS; `in:COUNT` (bool) for every count; `by:GROUPING` (text, the group's key) for every grouping. No
personal data: numbers in titles are masked, there is neither text nor address, and citizens are masked as everywhere.
"""

import functools
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashboard.briefs import department_name, matter_name, order_title, region_name, staff_name
from domain import masking
from domain.counts import Filters, Slice
from domain.indicators import durations_ms
from domain.orderframe import INSTANTS, NONE, STATUS_KEYS
from domain.scores import LEVEL, OWN_GRID
from domain.stagetimes import BASIS, judged_of
from domain.states import Order
from domain.stints import UNKNOWN

if TYPE_CHECKING:
    from config.city_model import City

FACTS: Final = (
    "order", "title", "title_en", "status", "region", "region_name", "region_name_en", "department", "department_name",
    "department_name_en", "category", "category_name", "category_name_en", "source", "handler", "handler_name", *INSTANTS,
    "on_time", "took_ms",
)  # fmt: skip
"""took_ms: what the order puts into the durations, null if nothing. on_time: 1, 0, null where nobody can tell."""

COUNT: Final = "in:"
GROUP: Final = "by:"
STINT: Final = "stint:"

Groupings = Mapping[str, tuple[Sequence[str], NDArray[Any]]]
"""By grouping: the keys of its groups, and the number of the group of each order."""


def frozen(city: "City", s: Slice, counts: Iterable[str], groupings: Groupings) -> pa.Table:
    """The table of a slice, but for its titles; a copy, which the hall's next change does not touch."""
    columns: dict[str, Any] = {"order": pa.array(s["order"].tolist(), pa.string())}
    columns["status"] = _picked(STATUS_KEYS, s["status"])
    for name, spoken in (("region", region_name), ("department", department_name), ("category", matter_name)):
        keys = s.words(name)
        columns[name] = _picked(keys, s[name])
        columns[f"{name}_name"] = _picked([spoken(city, key) for key in keys], s[name])
        columns[f"{name}_name_en"] = _picked([spoken(city, key, "en") for key in keys], s[name])
    columns["source"] = _picked(s.words("source"), s["source"])
    columns["handler"] = _picked(s.words("handler"), s["handler"])
    columns["handler_name"] = _picked([staff_name(city, key) or key for key in s.words("handler")], s["handler"])
    for name in INSTANTS:
        columns[name] = pa.array(s[name].copy(), pa.int64(), mask=s[name] == NONE)
    columns["on_time"] = pa.array(s["on_time"].copy(), pa.int8(), mask=s["on_time"] < 0)
    took_ms, _, usable, _ = durations_ms(s, "closed")
    columns["took_ms"] = pa.array(took_ms, pa.int64(), mask=~usable)
    columns |= {f"{COUNT}{count}": pa.array(s.mask(count), pa.bool_()) for count in counts}
    columns |= {f"{GROUP}{by}": _picked(names, codes) for by, (names, codes) in groupings.items()}
    return pa.table(columns)


def left(city: "City", source: Any, filters: Filters, as_of_ms: int) -> pa.Table:
    """The orders that left a stage in the window, a row for each of an order's stages, but for their titles: FACTS, `stage`,
    `worked_s` (null if not known), and STINT columns (bool). What `domain.stagetimes` counts, row by row.
    """
    tables = []
    for stage, basis in BASIS.items():
        s = Slice(source, msgspec.structs.replace(filters, basis=basis), as_of_ms)
        worked_s = s[f"{stage}_s"]
        judged, in_time = judged_of(stage, s)
        more = {
            "stage": pa.array([stage] * len(s), pa.string()).dictionary_encode(),
            "worked_s": pa.array(worked_s.copy(), pa.int32(), mask=worked_s == UNKNOWN),
            f"{STINT}left": pa.array(np.ones(len(s), bool)),
            f"{STINT}timed": pa.array(worked_s != UNKNOWN),
            f"{STINT}judged": pa.array(judged),
            f"{STINT}in_time": pa.array(judged & in_time),
        }
        table = frozen(city, s, (), {})
        for name, values in more.items():
            table = table.append_column(name, values)
        tables.append(table)
    return pa.concat_tables(tables).unify_dictionaries()


def titled(table: pa.Table, city: "City", rows: Sequence[Order]) -> pa.Table:
    """The table with the titles of its orders, which are `rows` in the same order."""
    masked = functools.lru_cache(maxsize=100_000)(masking.prose)  # most titles are those of many orders
    for name, lang in (("title", "zh"), ("title_en", "en")):
        told = [order_title(city, row, lang) for row in rows]
        texts = [masked(text, *_said_in(text, city, row)) for text, row in zip(told, rows, strict=True)]
        table = table.append_column(name, pa.array(texts, pa.string()).dictionary_encode())
    return table.select([*FACTS, *(name for name in table.column_names if name not in FACTS)])


def _said_in(text: str, city: "City", row: Order) -> tuple[str, str]:
    """(place, who) of an order, each only where its title says it: most titles say neither, and are masked once for all."""
    who = masking.citizen(row.reporter, city.roster)
    return row.address if row.address in text else "", who if who in text else ""


def packed(table: pa.Table) -> bytes:
    """The table as Parquet."""
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def unpacked(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """The table, or some of its columns."""
    return pq.read_table(io.BytesIO(data), columns=None if columns is None else list(columns))


def picked(table: pa.Table, count: str = "", by: str = "", group: str = "") -> pa.Table:
    """The orders that a count counted, of one group where `by` names a grouping; the newest report first.

    Raises KeyError for a count or grouping that the version does not have.
    """
    keep = pa.chunked_array([pa.array(np.ones(len(table), bool))])
    if count:
        keep = pc.and_(keep, _column(table, COUNT + count))
    if by:
        keep = pc.and_(keep, _in_group(table, by, group))
    return table.filter(keep).sort_by([("reported_at_ms", "descending"), ("order", "ascending")])


def picked_stints(table: pa.Table, stage: str, part: str) -> pa.Table:
    """The orders that left a stage: all, or those timed, judged or in_time. Raises KeyError for another part."""
    if STINT + part not in table.column_names:
        raise KeyError(part)
    keep = pc.and_(_is(table["stage"], stage), table[STINT + part])
    return table.filter(keep).sort_by([("reported_at_ms", "descending"), ("order", "ascending")])


def _in_group(table: pa.Table, by: str, group: str) -> Any:
    """Of a region, whatever its level: a worker's own grid is one."""
    if by == OWN_GRID:
        levels = [table[name] for name in table.column_names if name.startswith(GROUP + LEVEL)]
        return functools.reduce(pc.or_, (_is(level, group) for level in levels))
    return _is(_column(table, GROUP + by), group)


def _is(column: pa.ChunkedArray, group: str) -> Any:
    return pc.equal(pc.dictionary_decode(column), group)


def _column(table: pa.Table, name: str) -> Any:
    if name not in table.column_names:
        raise KeyError(name.partition(":")[2])
    return table[name]


def _picked(names: Sequence[str], codes: NDArray[Any]) -> Any:
    texts = pa.array([str(name) for name in names], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), texts)
