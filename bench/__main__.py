"""`make bench`: all benchmarks, as a table and, with --json FILE, as JSON."""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from bench import ingest
from bench.browser.run import measure


def main() -> None:
    """Run what is asked for (default: all) and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=["ingest", "browser", []], help="one of them; default both")
    parser.add_argument("--json", type=Path, help="write the figures into this file too")
    options = parser.parse_args()
    wanted = options.only or ["ingest", "browser"]
    figures: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine()}
    if "ingest" in wanted:
        figures["ingest"] = ingest.run()
    if "browser" in wanted:
        figures["browser"] = measure([1250, 20_000], seconds=8, hz=1.0)
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
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
