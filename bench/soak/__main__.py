"""`make soak`: does a wall that stays open grow? Thirty minutes, in which as much happens as in many hours.

    python -m bench.soak [--minutes 30] [--workers 5000] [--fix-s 5] [--turn-s 10] [--trouble-s 90] [--json FILE]

Scenes turn, positions come, orders come and go several times as fast as in a hall; every one and a half minutes the network is
lost or the web process is killed. Exit code 1 when something grew.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.soak import judge
from bench.soak.run import run


def main() -> int:
    """Soak, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=5000)
    parser.add_argument("--fix-s", type=float, default=5.0, help="seconds between two fixes of a worker")
    parser.add_argument("--turn-s", type=int, default=10, help="seconds of a scene, at least 10")
    parser.add_argument("--trouble-s", type=float, default=90.0, help="seconds between network losses and restarts")
    parser.add_argument("--weigh-s", type=float, default=300.0, help="seconds between two weighings of the page")
    parser.add_argument("--fps-share", type=float, default=judge.FPS_SHARE, help="what must be left of the frame rate")
    parser.add_argument("--harm", default="", help="a script for the page after its warm-up, to see that leaks are found")
    parser.add_argument("--json", type=Path, help="write the figures into this file too")
    asked = parser.parse_args()
    told = run(
        asked.minutes, asked.workers, fix_s=asked.fix_s, turn_s=asked.turn_s, trouble_s=asked.trouble_s,
        weigh_s=asked.weigh_s, fps_share=asked.fps_share, harm=asked.harm,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )  # fmt: skip
    print("\n".join(judge.lines(told)))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2), encoding="utf-8")
    return 1 if told["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
