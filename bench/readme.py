"""The README's tables of what was measured, made from the figures of `make bench` (--json FILE): no figure is typed.

    make bench ARGS="--json var/bench.json"
    python -m bench.readme var/bench.json [MORE.json…]
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

README: Final = Path(__file__).resolve().parent.parent / "README.md"
Figures = dict[str, Any]
Rows = list[tuple[str, ...]]


def _ingest(found: Figures) -> Rows:
    return [
        ("committed fixes by batches, beside a redis-py pipeline of the same final writes, every write fsynced",
         f"{found['batch_to_pipeline']:.2f} of it"),
        ("the same beside bytes made in advance", f"{found['batch_to_made']:.2f}"),
        ("single fixes by HTTP, beside an empty handler of the same server",
         f"OsmAnd {found['osmand_to_empty']:.2f}, our JSON {found['json_to_empty']:.2f}"),
        ("JT/T 808 frames of one fix, beside the batches", f"{found['jt808_to_batch']:.2f}"),
        ("processor time per fix, 100,000 workers beside 5,000", f"{found['cost_ratio']:.2f}"),
    ]  # fmt: skip


def _wall(found: Figures) -> Rows:
    legs = {"acknowledged": "acked_ms", "committed": "committed_ms", "in the web process": "web_ms", "frame sent": "made_ms",
            "applied": "applied_ms", "drawn": "drawn_ms"}  # fmt: skip
    told = (f"{name} {found['legs'][key]['p95']:,.0f} / {found['legs'][key]['p99']:,.0f}" for name, key in legs.items())
    what = (
        f"from a device's send to the changed pixel: {found['workers']:,} workers, a fix per {found['interval_s']:g} s each,"
        f" {found['screens']} screens, one browser; ms, p95 / p99"
    )
    return [(what, ", ".join(told))]


def _fanout(found: Figures) -> Rows:
    grown_mb = (found["memory_kb"]["most"] - found["memory_kb"]["before"]) / 1024
    age = found["age_ms"]
    return [
        (f"{found['screens']} screens on one web process: its processor time beside a node socket.io server's, same frames",
         f"{found['ratio']:.1f} times"),
        (f"{found['silent']} of them stop reading for {found['silent_s']} s",
         f"memory {grown_mb:+.1f} MB; the others' age p95 {age['steady']['95']:,} → {age['silence']['95']:,} ms"),
    ]  # fmt: skip


def _opening(found: Figures) -> Rows:
    what = (
        f"a wall opened on {found['workers']:,} workers and 630,000 orders until its picture is complete, beside an empty"
        " Dash page"
    )
    return [(what, f"{found['ratio']:.1f} times; first data frame {found['first_bytes'] / 1000:,.0f} KB")]


def _browser(found: Figures) -> Rows:
    rows: Rows = []
    for row in found["rows"]:
        busy, ratio = row["gl"]["hall"]["busy"], row["ratio"]["hall"]
        rows.append((
            f"main thread of the browser, {row['workers']:,} moving workers, no graphics card: ms a second of our scripts"
            " (with the browser's own work for them), beside a dash-leaflet `GeoJSON` layer",
            f"{busy['script']:.1f} ({busy['all']:.1f}); {ratio['all']:.0f} times less",
        ))  # fmt: skip
    if crowd := found.get("crowd"):
        rows.append((f"longest task with {crowd['workers']:,} workers", f"{crowd['longest_task_ms']:.0f} ms"))
    return rows


def _orders(found: Figures) -> Rows:
    return [(row["screen"], f"{row['p95']:.2f}", f"{row['changed']['p95']:.2f}") for row in _paired(found["screens"])]


def _paired(screens: list[Figures]) -> list[Figures]:
    """Each with what it took when one order had just changed (named the same with a star)."""
    changed = {row["screen"].removesuffix(" *"): row for row in screens if row["screen"].endswith("*")}
    return [row | {"changed": changed[row["screen"]]} for row in screens if row["screen"] in changed]


def _web(found: Figures) -> Rows:
    return [
        ("a report, until the wall's figures count it; at worst", f"{found['change_s'][-1]:.1f} s"),
        ("memory of the web process for an order", f"{found['bytes_per_order']:,} bytes"),
        ("its start, beside a plain fetch and decode of all rows", f"{found['start_ratio']:.1f} times"),
    ]


TABLES: Final[dict[str, tuple[tuple[str, ...], dict[str, Callable[[Figures], Rows]]]]] = {
    "bench": (("what", "figure"), {"ingest": _ingest, "wall": _wall, "fanout": _fanout, "opening": _opening,
                                   "browser": _browser, "web": _web}),
    "bench orders": (("what", "nothing changed", "one order has just changed"), {"orders": _orders}),
}  # fmt: skip
"""What stands after which mark: the heads, and whose rows."""


def filled(text: str, figures: Figures) -> str:
    """The README with its tables made anew after their marks, `<!-- bench -->` and `<!-- bench orders -->`. KeyError: a part
    was not measured.
    """
    figures = figures | {"web": figures["orders"]["web"]}
    for mark, (heads, parts) in TABLES.items():
        rows = [heads, ("---",) * len(heads), *(row for name, rows_of in parts.items() for row in rows_of(figures[name]))]
        table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
        text, done = re.subn(rf"(<!-- {mark} -->\n)(?:\|.*\n)*", lambda found, table=table: found[1] + table, text)
        if done != 1:
            raise SystemExit(f"README.md has no place for <!-- {mark} -->")
    return text


if __name__ == "__main__":
    measured: Figures = {}
    for file in sys.argv[1:]:
        measured |= json.loads(Path(file).read_text(encoding="utf-8"))
    README.write_text(filled(README.read_text(encoding="utf-8"), measured), encoding="utf-8")
