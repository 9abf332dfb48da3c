"""`make bench`: all benchmarks, as a table and, with --json FILE, as JSON."""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from bench import ingest, orders
from bench.browser.run import measure

ALL = ("ingest", "browser", "orders")


def main() -> None:
    """Run what is asked for (default: all) and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*ALL, []], help="some of them; default all")
    parser.add_argument("--orders", type=int, default=orders.ORDERS, help="how many orders the hall is measured with")
    parser.add_argument("--keep", type=Path, help="folder of their city and store, made if need be, kept and used again")
    parser.add_argument("--json", type=Path, help="write the figures into this file too")
    options = parser.parse_args()
    wanted = options.only or ALL
    figures: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    if "ingest" in wanted:
        figures["ingest"] = ingest.run()
    if "browser" in wanted:
        figures["browser"] = measure([1250, 20_000], seconds=8, hz=1.0)
    if "orders" in wanted:
        figures["orders"] = orders.run(options.orders, keep=options.keep)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def table(figures: dict[str, Any]) -> str:
    """The figures as people read them: ratios of one run on one machine, never a bare time."""
    lines = []
    if found := figures.get("ingest"):
        lines += [
            f"fixes from gateway bytes to committed state, {found['fixes']:,} fixes of {found['workers']:,} workers",
            f"  ratio to a redis-py pipeline of the same writes, ready-made   {found['ratio']:.3f}",
        ]
    for row in figures.get("browser", {}).get("rows", []):
        lines += [
            f"main-thread ms per second in the browser, {row['workers']:,} moving workers",
            f"  gridhall's layer {row['gl']['ms_per_s']:.1f}, dash-leaflet GeoJSON {row['circles']['ms_per_s']:.1f},"
            f" ratio {row['ratio']:.1f}",
        ]
    if found := figures.get("orders"):
        lines += orders.lines(found)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
