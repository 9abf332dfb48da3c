"""A wall that stays open: three minutes of what `make soak` does for as long as one likes, and what its judge lets pass."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.soak import judge
from bench.soak.judge import Weight

ROOT = Path(__file__).resolve().parent.parent
WARM = Weight(at_s=60, heap_mb=40.0, nodes=6000, detached=300, listeners=900)
STEADY = [24.0, 25.0, 23.0] * 4


@pytest.mark.parametrize(("grown", "fps", "word"), [
    ({}, STEADY, ""), ({"heap_mb": 44.9}, STEADY, ""), ({"heap_mb": 45.1}, STEADY, "heap"), ({"nodes": 6300}, STEADY, ""),
    ({"nodes": 6301}, STEADY, "nodes"), ({"detached": 360}, STEADY, ""), ({"detached": 361}, STEADY, "detached"),
    ({"listeners": 919}, STEADY, "listeners"), ({}, [24.0] * 4 + [20.0] * 4 + [16.0] * 4, "frames"),
])  # fmt: skip
def test_what_grew_is_named_and_what_only_breathes_is_not(grown: dict[str, Any], fps: list[float], word: str) -> None:
    told = judge.faults(WARM, msgspec.structs.replace(WARM, at_s=180, **grown), fps)
    assert [fault.split()[0] for fault in told] == ([word] if word else [])


def test_a_large_page_may_breathe_by_a_share_of_what_it_is() -> None:
    large = msgspec.structs.replace(WARM, heap_mb=300.0, detached=5000, listeners=9000)
    breathing = msgspec.structs.replace(large, heap_mb=314.0, detached=5095, listeners=9170)
    assert judge.faults(large, breathing, STEADY) == []
    with pytest.raises(ValueError, match="fewer than three"):
        judge.faults(WARM, WARM, [1.0, 2.0])


def test_three_minutes_with_every_scene_a_loss_and_a_restart_leave_the_page_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "soak.json"
    # beside other tests the frame rate tells what they do: it is judged by `make soak`, on a machine of its own
    asked = {"minutes": 3, "workers": 400, "fix-s": 10, "trouble-s": 40, "fps-share": 0, "json": file}
    words = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
    # the browser's own socket lies there: its path must be short
    with tempfile.TemporaryDirectory(prefix="soak-") as short:
        done = subprocess.run((sys.executable, "-m", "bench.soak", *words), cwd=ROOT, env={**os.environ, "TMPDIR": short},
                              capture_output=True, text=True, timeout=600, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(file.read_text())
    assert {"overview", "force", "cases", "supervise", "video"} <= set(told["scenes"]) and told["turns"] > 10
    assert told["losses"] >= 2 and told["restarts"] >= 1 and told["opened"] >= 2
    (screen,) = told["screens"]
    assert screen["name"] == "token:soak" and screen["health"]["renewals"] == 0 and screen["health"]["losses"] >= 2
