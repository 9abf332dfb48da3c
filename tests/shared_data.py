"""Recordings of real devices and real case tables. They are not part of this project and may not be published with it."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("GRIDHALL_TEST_DATA") or Path(__file__).resolve().parents[1].parent / "shared" / "data")


def data(name: str) -> Path:
    """The folder `name` of the recordings; without it the test is skipped and says why."""
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"no recordings {name} in {FOLDER} (GRIDHALL_TEST_DATA names another folder)")
    return folder
