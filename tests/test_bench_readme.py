"""The README's tables of what was measured are made from the figures of a run, and from nothing else."""

import re
from typing import Any

import pytest

from bench.readme import README, filled

LEG = {"p50": 1.0, "p95": 1234.5, "p99": 2.0}
SPENT = {"script": 1.25, "all": 2.5}
RUN: dict[str, Any] = {
    "ingest": {"batch_to_pipeline": 0.93, "batch_to_made": 0.74, "osmand_to_empty": 0.36, "json_to_empty": 0.31,
               "jt808_to_batch": 0.82, "cost_ratio": 0.91},
    "wall": {"workers": 18_794, "interval_s": 10.0, "screens": 60,
             "legs": dict.fromkeys(("acked_ms", "committed_ms", "web_ms", "made_ms", "applied_ms", "drawn_ms"), LEG)},
    "fanout": {"screens": 200, "silent": 10, "silent_s": 600, "ratio": 2.7, "memory_kb": {"before": 1024, "most": 2048},
               "age_ms": {"steady": {"95": 500}, "silence": {"95": 510}}},
    "opening": {"workers": 20_000, "ratio": 1.76, "first_bytes": 545_089},
    "browser": {"rows": [{"workers": 20_000, "gl": {"hall": {"busy": SPENT}}, "ratio": {"hall": {"all": 200.4}}}],
                "crowd": {"workers": 100_000, "longest_task_ms": 67.0}},
    "orders": {"screens": [{"screen": "desk", "p95": 0.57}, {"screen": "desk *", "p95": 0.58}],
               "web": {"change_s": [0.5, 1.0], "bytes_per_order": 1071, "start_ratio": 9.5}},
}  # fmt: skip


def test_the_tables_hold_the_figures_of_the_run_and_replace_those_before() -> None:
    text = README.read_text(encoding="utf-8")
    made = filled(text, RUN)
    assert filled(made, RUN) == made
    assert "drawn 1,234 / 2" in made and "1.2 (2.5); 200 times less" in made and "| desk | 0.57 | 0.58 |" in made
    without_tables = re.compile(r"^\|.*\n", re.MULTILINE)
    assert without_tables.sub("", made) == without_tables.sub("", text)


def test_a_run_that_has_left_something_out_makes_no_table() -> None:
    with pytest.raises(KeyError):
        filled(README.read_text(encoding="utf-8"), {name: found for name, found in RUN.items() if name != "wall"})
