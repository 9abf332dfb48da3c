"""`make bench`: all benchmarks, as a table and, with --json FILE, as JSON."""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from bench import fanout, ingest, opening, orders
from bench.browser import run as browser
from bench.wall import run as wall

ALL = ("ingest", "wall", "fanout", "opening", "browser", "orders")


def main() -> None:
    """Run what is asked for (default: all) and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*ALL, []], help="some of them; default all")
    parser.add_argument("--orders", type=int, default=orders.ORDERS, help="how many orders the hall is measured with")
    parser.add_argument("--screens", type=int, default=fanout.SCREENS, help="how many screens the fan-out is measured with")
    parser.add_argument("--silent-s", type=int, default=fanout.SILENT_S, help="for how long ten of them stop reading")
    parser.add_argument("--keep", type=Path, help="folder of their city and store, made if need be; default: under var/bench")
    parser.add_argument("--json", type=Path, help="write the figures into this file too")
    options = parser.parse_args()
    wanted = options.only or ALL
    figures: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    if "ingest" in wanted:
        figures["ingest"] = ingest.run()
    if "wall" in wanted:
        figures["wall"] = wall.run()
    if "fanout" in wanted:
        figures["fanout"] = fanout.run(options.screens, silent_s=options.silent_s, keep=options.keep)
    if "opening" in wanted:
        figures["opening"] = opening.run(options.orders, keep=options.keep)
    if "browser" in wanted:
        figures["browser"] = browser.measure([1250, 20_000])
    if "orders" in wanted:
        figures["orders"] = orders.run(options.orders, keep=options.keep)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def table(figures: dict[str, Any]) -> str:
    """The figures as people read them: ratios of one run on one machine, never a bare time."""
    lines = []
    if found := figures.get("ingest"):
        lines += ingest.lines(found)
    if found := figures.get("wall"):
        lines += wall.lines(found)
    if found := figures.get("fanout"):
        lines += fanout.lines(found)
    if found := figures.get("opening"):
        lines += opening.lines(found)
    if found := figures.get("browser"):
        lines += browser.lines(found)
    if found := figures.get("orders"):
        lines += orders.lines(found)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
